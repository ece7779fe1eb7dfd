package analyzer

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/analyzer/registry"
	"github.com/lockwarden/lockwarden/analyzer/vulnerability"
	"github.com/lockwarden/lockwarden/analyzer/worker"
)

// Scanner scans package versions. It is safe for concurrent use.
type Scanner struct {
	Engine *Engine
	// Registry fetches; nil scans only what is at hand.
	Registry *registry.Client
	Pool     *worker.Pool
	// Cache keeps Contents by the tarball's hash; may be nil.
	Cache *registry.Cache
	// Settings tell which hosts are configured registries.
	Settings registry.Settings
	// Vulnerabilities knows advisories; nil: nobody is asked.
	Vulnerabilities vulnerability.Database
	// Git is set where packages are scanned as they are installed from git
	// repositories: their prepare scripts run as well.
	Git bool

	shared  Shared
	flights flights
	// told is what the registry said lately: its documents have megabytes, and
	// many reviews ask for the same.
	told *expirable.LRU[question, issue.Metadata]
}

// question is what Metadata is asked.
type question struct {
	name, version, before string
	full                  bool
}

// toldTime is how old an answer of the registry may be, toldItems how many are
// kept.
const (
	toldTime  = 5 * time.Minute
	toldItems = 2000
)

// Subject is one package version to scan.
type Subject struct {
	Name, Version string
	// Resolved and Integrity are those of the lockfile; both may be empty.
	Resolved, Integrity string
	// Unsupported says why the tarball is not in a registry: "git", "file",
	// "link", "bundled". Empty: it is.
	Unsupported string
}

// Scanned is what scanning gave.
type Scanned struct {
	// Contents is nil where Fetch says why.
	Contents *issue.Contents
	Fetch    *issue.FetchProblem
	// Integrity is the sha512 of the tarball that was read.
	Integrity string
	// Cached is set where nothing was analyzed anew.
	Cached bool
	Bytes  int64
}

// maxSkipped is how many files of one package may kill a worker before the
// package is given up.
const maxSkipped = 4

// maxEnded is how often a scan is tried again whose child somebody else ended: the
// kernel, which is short of memory, or an operator.
const maxEnded = 2

// Scan fetches and analyzes one package version. It fails only when the
// context ends; what concerns the package is in Scanned.Fetch.
func (s *Scanner) Scan(ctx context.Context, subject Subject) (Scanned, error) {
	if subject.Unsupported != "" {
		return Scanned{Fetch: &issue.FetchProblem{Kind: "unsupported", Reason: subject.Unsupported}}, nil
	}
	if c, ok := s.cached(subject.Integrity); ok {
		return Scanned{Contents: c, Integrity: subject.Integrity, Cached: true}, nil
	}
	if subject.Integrity == "" {
		s.stated(ctx, &subject)
		if c, ok := s.cached(subject.Integrity); ok {
			return Scanned{Contents: c, Integrity: subject.Integrity, Cached: true}, nil
		}
	}
	return s.flights.once(ctx, subject, func() (Scanned, error) {
		found, release, err := s.take(ctx, subject.Integrity)
		if err != nil {
			return Scanned{}, err
		}
		if found != nil {
			return Scanned{Contents: found, Integrity: strongest(subject.Integrity), Cached: true}, nil
		}
		defer release()
		return s.scan(ctx, subject)
	})
}

// scan does what Scan says, where nothing is known yet.
func (s *Scanner) scan(ctx context.Context, subject Subject) (Scanned, error) {
	skip := map[string]string{}
	ended := 0 // how often somebody else ended the child
	for {
		out, err := s.attempt(ctx, subject, skip)
		var death *worker.DeathError
		switch {
		case ctx.Err() != nil:
			return Scanned{}, ctx.Err()
		case errors.As(err, &death):
			if ended++; death.Outside && ended <= maxEnded {
				continue
			}
			// One hostile file costs that file: again without it.
			if len(skip) < maxSkipped && !strings.HasPrefix(death.Step, "(") && skip[death.Step] == "" {
				skip[death.Step] = "the analysis of this file was stopped: " + death.Reason
				continue
			}
			out.Fetch = &issue.FetchProblem{Kind: "limit", Reason: fmt.Sprintf("the analysis was stopped at %s: %s", death.Step, death.Reason)}
		case err != nil:
			out.Fetch = problem(err)
		}
		if out.Fetch == nil {
			s.keep(ctx, out, skip)
		}
		return out, nil
	}
}

// stated takes the integrity from the registry where the lockfile records none
// of the tarball, as Yarn's do since version 2.
func (s *Scanner) stated(ctx context.Context, subject *Subject) {
	if s.Registry == nil || subject.Version == "" {
		return
	}
	p, err := s.Registry.Packument(ctx, subject.Name, false)
	if err != nil {
		return
	}
	if v, ok := p.Versions[subject.Version]; ok && (subject.Resolved == "" || subject.Resolved == v.Dist.Tarball) {
		subject.Integrity = v.Dist.Integrity
	}
}

// problem sorts an error of fetching or unpacking.
func problem(err error) *issue.FetchProblem {
	var host *registry.HostError
	var integrity *registry.IntegrityError
	var size *registry.SizeError
	kind := "failed"
	switch {
	case errors.As(err, &host):
		kind = "unexpected-host"
	case errors.As(err, &integrity):
		kind = "integrity-mismatch"
	case errors.As(err, &size), strings.HasPrefix(err.Error(), "archive: ") && strings.Contains(err.Error(), "(limit "):
		kind = "limit"
	case errors.Is(err, registry.ErrNotFound):
		kind = "not-found"
	}
	return &issue.FetchProblem{Kind: kind, Reason: err.Error()}
}

func (s *Scanner) attempt(ctx context.Context, subject Subject, skip map[string]string) (Scanned, error) {
	header, err := json.Marshal(request{Git: s.Git, Skip: skip})
	if err != nil {
		return Scanned{}, err
	}
	var result []byte
	var failure error
	t, err := s.Registry.Tarball(ctx, registry.Source{Name: subject.Name, Version: subject.Version, Resolved: subject.Resolved, Integrity: subject.Integrity},
		func(body io.Reader) error {
			result, failure = s.Pool.Do(ctx, header, body)
			return failure
		})
	out := Scanned{Integrity: t.Integrity, Bytes: t.Size}
	if err != nil {
		return out, err
	}
	out.Contents = &issue.Contents{}
	if err := json.Unmarshal(result, out.Contents); err != nil {
		return out, fmt.Errorf("analyzer: the worker's answer: %w", err)
	}
	return out, nil
}

func (s *Scanner) cacheKey(integrity string) string {
	if s.Git {
		return s.Engine.Version() + " git " + integrity
	}
	return s.Engine.Version() + " " + integrity
}

func (s *Scanner) cached(integrity string) (*issue.Contents, bool) {
	if s.Cache == nil {
		return nil, false
	}
	for _, part := range strings.Fields(integrity) {
		if !strings.HasPrefix(part, "sha512-") {
			continue
		}
		if data, ok := s.Cache.Get("contents", s.cacheKey(part)); ok {
			c := &issue.Contents{}
			if json.Unmarshal(data, c) == nil {
				return c, true
			}
		}
	}
	return nil, false
}

// keep stores what was found, but not what a dying worker left out: another
// machine may have more memory.
func (s *Scanner) keep(ctx context.Context, out Scanned, skip map[string]string) {
	if s.Cache == nil && s.shared == nil || len(skip) > 0 || out.Contents == nil {
		return
	}
	data, err := json.Marshal(out.Contents)
	if err != nil {
		return
	}
	if s.Cache != nil {
		s.Cache.Put("contents", s.cacheKey(out.Integrity), data)
	}
	if s.shared != nil {
		s.shared.Put(ctx, s.cacheKey(out.Integrity), data)
	}
}

// ScanTarball analyzes a tarball that is at hand.
func (s *Scanner) ScanTarball(ctx context.Context, open func() (io.ReadCloser, error)) (Scanned, error) {
	skip := map[string]string{}
	for {
		body, err := open()
		if err != nil {
			return Scanned{}, err
		}
		header, err := json.Marshal(request{Git: s.Git, Skip: maps.Clone(skip)})
		if err != nil {
			body.Close()
			return Scanned{}, err
		}
		h := registry.NewHash()
		result, err := s.Pool.Do(ctx, header, io.TeeReader(body, h))
		body.Close()
		var death *worker.DeathError
		switch {
		case ctx.Err() != nil:
			return Scanned{}, ctx.Err()
		case errors.As(err, &death) && len(skip) < maxSkipped && !strings.HasPrefix(death.Step, "("):
			skip[death.Step] = "the analysis of this file was stopped: " + death.Reason
			continue
		case err != nil:
			return Scanned{Integrity: h.SHA512(), Fetch: problem(err)}, nil
		}
		c := &issue.Contents{}
		if err := json.Unmarshal(result, c); err != nil {
			return Scanned{}, fmt.Errorf("analyzer: the worker's answer: %w", err)
		}
		return Scanned{Contents: c, Integrity: h.SHA512()}, nil
	}
}

// ScanFiles analyzes a folder's files as if they were packed: in a child
// process and inside the budgets, since a folder may be an unpacked package.
func (s *Scanner) ScanFiles(ctx context.Context, files map[string][]byte) (Scanned, error) {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	pack := func(w io.Writer) error {
		z, err := gzip.NewWriterLevel(w, gzip.NoCompression)
		if err != nil {
			return err
		}
		t := tar.NewWriter(z)
		for _, name := range names {
			if err := t.WriteHeader(&tar.Header{Name: "package/" + name, Mode: 0o644, Size: int64(len(files[name]))}); err != nil {
				return err
			}
			if _, err := t.Write(files[name]); err != nil {
				return err
			}
		}
		if err := t.Close(); err != nil {
			return err
		}
		return z.Close()
	}
	scanned, err := s.ScanTarball(ctx, func() (io.ReadCloser, error) {
		r, w := io.Pipe()
		go func() { w.CloseWithError(pack(w)) }()
		return r, nil
	})
	scanned.Integrity = "" // a folder has none
	return scanned, err
}

// Metadata asks the registry about a version; before is the version before an
// update, empty where there is none. Without full, what only the registry's
// full documents hold is not known: they are large.
func (s *Scanner) Metadata(ctx context.Context, name, version, before string, full bool) (issue.Metadata, error) {
	if s.Registry == nil {
		return issue.Metadata{}, nil
	}
	asked := question{name, version, before, full}
	if s.told != nil {
		if known, ok := s.told.Get(asked); ok {
			return known, nil
		}
	}
	p, err := s.Registry.Packument(ctx, name, full)
	if errors.Is(err, registry.ErrNotFound) {
		return issue.Metadata{Known: true}, nil
	}
	if err != nil {
		return issue.Metadata{}, err
	}
	m := metadataOf(p, version, before)
	if full && before == "" && m.Exists {
		// Of a package that comes in: an update's is in use here already.
		if n, ok := s.Registry.Downloads(ctx, name); ok {
			m.Downloads = &n
		}
	}
	if s.told != nil && m.Exists {
		s.told.Add(asked, m)
	}
	return m, nil
}

func metadataOf(p *npm.Packument, version, before string) issue.Metadata {
	v, exists := p.Versions[version]
	m := issue.Metadata{Known: true, Exists: exists, Versions: slices.Sorted(maps.Keys(p.Versions))}
	m.Created, _ = time.Parse(time.RFC3339, p.Time["created"])
	for text := range p.Time {
		if _, there := p.Versions[text]; !there && text != "created" && text != "modified" && text != "unpublished" {
			m.Removed = append(m.Removed, text)
		}
	}
	slices.Sort(m.Removed)
	if !exists {
		return m
	}
	m.Integrity, m.Shasum, m.Deprecated = v.Dist.Integrity, v.Dist.Shasum, string(v.Deprecated)
	m.Release = release(p, version)
	if _, ok := p.Versions[before]; ok {
		r := release(p, before)
		m.Before = &r
	}
	m.Stated, m.StatesScripts = statedManifest(&v), v.Scripts != nil
	return m
}

func release(p *npm.Packument, version string) issue.Release {
	v := p.Versions[version]
	r := issue.Release{Version: version, Publisher: v.Publisher.Name, Trusted: v.Publisher.Trusted, Maintainers: v.Maintainers, Provenance: len(v.Dist.Attestations) > 0 && string(v.Dist.Attestations) != "null"}
	r.Published, _ = time.Parse(time.RFC3339, p.Time[version])
	return r
}

// statedManifest is what the registry's document shows of a version's package.json.
func statedManifest(v *npm.Version) *npm.Manifest {
	m := &npm.Manifest{Name: v.Name, Version: v.Version, Scripts: map[string]npm.Script{}}
	for name, command := range v.Scripts {
		m.Scripts[name] = npm.Script{Command: command}
	}
	for kind, list := range map[string]npm.Ranges{"dependencies": v.Dependencies, "optionalDependencies": v.Optional} {
		for name, spec := range list {
			m.Dependencies = append(m.Dependencies, npm.Dependency{Name: name, Spec: spec, Kind: kind})
		}
	}
	return m
}

// ConfiguredHost tells whether a host is that of a configured registry. The
// public registry's stands for the configured one, as in npm.
func (s *Scanner) ConfiguredHost(host string) bool {
	for _, configured := range append(s.Settings.URLs(), registry.DefaultURL, registry.YarnURL) {
		if u, err := url.Parse(configured); err == nil && strings.EqualFold(u.Host, host) {
			return true
		}
	}
	for _, allowed := range s.Settings.AllowHosts {
		if allowed == host {
			return true
		}
	}
	return false
}

// Tarball fetches and verifies a tarball without looking into it.
func (s *Scanner) Tarball(ctx context.Context, subject Subject) ([]byte, error) {
	var data []byte
	_, err := s.Registry.Tarball(ctx, registry.Source{Name: subject.Name, Version: subject.Version, Resolved: subject.Resolved, Integrity: subject.Integrity},
		func(body io.Reader) error {
			var err error
			data, err = io.ReadAll(body)
			return err
		})
	return data, err
}
