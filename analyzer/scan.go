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
	"strings"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"github.com/lockwarden/lockwarden/analyzer/flight"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/analyzer/registry"
	"github.com/lockwarden/lockwarden/analyzer/vulnerability"
	"github.com/lockwarden/lockwarden/analyzer/worker"
	"github.com/lockwarden/lockwarden/known"
	"github.com/lockwarden/lockwarden/lockfile/sri"
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

	allowUnsandboxed bool

	shared  Shared
	flights flight.Group[Subject, Scanned]
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
	// Cached is set where nothing was analyzed again.
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
	if subject.Integrity == "" {
		s.stated(ctx, &subject)
	}
	sum := sri.SHA512(subject.Integrity)
	if out, ok := s.known(sum); ok {
		return out, nil
	}
	out, shared, err := s.flights.Do(ctx, subject, func() (Scanned, error) {
		found, release, err := s.take(ctx, sum)
		if err != nil {
			return Scanned{}, err
		}
		if found != nil {
			return Scanned{Contents: found, Integrity: sum, Cached: true}, nil
		}
		defer release()
		if out, ok := s.remembered(ctx, sum); ok {
			return out, nil // another replica's failure
		}
		return s.scan(ctx, subject)
	})
	if shared && err == nil {
		out.Cached, out.Bytes = true, 0
	}
	return out, err
}

// known is what an earlier scan here left of the bytes with this sha512.
func (s *Scanner) known(sum string) (Scanned, bool) {
	if c, ok := s.cached(sum); ok {
		return Scanned{Contents: c, Integrity: sum, Cached: true}, true
	}
	return s.recall(sum)
}

// scan does what Scan says, where nothing is known yet.
func (s *Scanner) scan(ctx context.Context, subject Subject) (Scanned, error) {
	out, lost, err := s.survive(ctx, func(skip map[string]string) (Scanned, error) { return s.attempt(ctx, subject, skip) })
	if err != nil {
		return Scanned{}, err
	}
	switch {
	case lost.slow:
		s.remember(ctx, out, lost)
	case out.Fetch == nil && len(lost.files) == 0:
		s.keep(ctx, out)
	}
	return out, nil
}

// lost is what a scan had to leave out.
type lost struct {
	// files are those that were skipped, with the reason.
	files map[string]string
	// slow is set where all that was left out took too much processor time, with
	// no other scan beside it.
	slow bool
}

// survive tries a scan until it ends, whatever children it costs: where somebody
// else ended the child, again; where it took too much processor time, again with
// nothing beside it; where one file is at fault, again without that one. It fails
// only where the context ends.
func (s *Scanner) survive(ctx context.Context, attempt func(skip map[string]string) (Scanned, error)) (out Scanned, l lost, err error) {
	l.files = map[string]string{}
	ended := 0 // how often somebody else ended the child
	alone, other := false, false
	for {
		if alone {
			err = s.Pool.Alone(ctx, func() (err error) { out, err = attempt(l.files); return err })
		} else {
			out, err = attempt(l.files)
		}
		var death *worker.DeathError
		switch {
		case ctx.Err() != nil:
			return Scanned{}, l, ctx.Err()
		case errors.As(err, &death):
			if death.Outside {
				if ended++; ended <= maxEnded {
					continue
				}
			}
			if death.Slow && !alone {
				alone = true
				continue
			}
			reason := death.Reason
			if death.Slow {
				reason += ", also alone"
			}
			l.slow, other = death.Slow && !other, other || !death.Slow
			// One hostile file costs that file: again without it.
			if len(l.files) < maxSkipped && !strings.HasPrefix(death.Step, "(") && l.files[death.Step] == "" {
				l.files[death.Step] = "the analysis of this file was stopped: " + reason
				continue
			}
			out.Fetch = &issue.FetchProblem{Kind: "limit", Reason: fmt.Sprintf("the analysis was stopped at %s: %s", death.Step, reason)}
		case err != nil:
			out.Fetch, l.slow = problem(err), false
		}
		return out, l, nil
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
	var ambiguous *registry.AmbiguousError
	var size *registry.SizeError
	kind := "failed"
	switch {
	case errors.As(err, &host):
		kind = "unexpected-host"
	case errors.As(err, &integrity):
		kind = "integrity-mismatch"
	case errors.As(err, &ambiguous):
		kind = "two-hashes"
	case errors.As(err, &size), strings.HasPrefix(err.Error(), "archive: ") && strings.Contains(err.Error(), "(limit "):
		kind = "limit"
	case strings.HasPrefix(err.Error(), "archive: readers disagree "):
		kind = "ambiguous"
	case errors.Is(err, registry.ErrNotFound):
		kind = "not-found"
	}
	return &issue.FetchProblem{Kind: kind, Reason: err.Error()}
}

func (s *Scanner) attempt(ctx context.Context, subject Subject, skip map[string]string) (Scanned, error) {
	var contents *issue.Contents
	var failure error
	t, err := s.Registry.Tarball(ctx, registry.Source{Name: subject.Name, Version: subject.Version, Resolved: subject.Resolved, Integrity: subject.Integrity},
		func(body io.Reader) error {
			contents, failure = s.read(ctx, body, request{Git: s.Git, Skip: skip})
			return failure
		})
	out := Scanned{Integrity: t.Integrity, Bytes: t.Size}
	if err == nil {
		out.Contents = contents
	}
	return out, err
}

// read gives a tarball to a child.
func (s *Scanner) read(ctx context.Context, tarball io.Reader, how request) (*issue.Contents, error) {
	header, err := json.Marshal(how)
	if err != nil {
		return nil, err
	}
	result, err := s.Pool.Do(ctx, header, tarball)
	if err != nil {
		return nil, err
	}
	c := &issue.Contents{}
	if err := json.Unmarshal(result, c); err != nil {
		return nil, fmt.Errorf("analyzer: the worker's answer: %w", err)
	}
	return c, nil
}

func (s *Scanner) cacheKey(integrity string) string {
	if s.Git {
		return s.Engine.Version() + " git " + integrity
	}
	return s.Engine.Version() + " " + integrity
}

// cached finds what was kept for the one hash that names the bytes; empty: nothing.
func (s *Scanner) cached(sum string) (*issue.Contents, bool) {
	if s.Cache == nil || sum == "" {
		return nil, false
	}
	data, ok := s.Cache.Get("contents", s.cacheKey(sum))
	if !ok {
		return nil, false
	}
	c := &issue.Contents{}
	return c, json.Unmarshal(data, c) == nil
}

// keep stores what was found in a whole tarball. What a dying worker left out is
// not for keeping: another machine may have more memory.
func (s *Scanner) keep(ctx context.Context, out Scanned) {
	if s.Cache == nil && s.shared == nil || out.Contents == nil {
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
	return s.scanOpened(ctx, open, false)
}

// scanOpened is ScanTarball, of a tarball or of a folder.
func (s *Scanner) scanOpened(ctx context.Context, open func() (io.ReadCloser, error), folder bool) (Scanned, error) {
	var unopened error // the file's, not the package's
	out, _, err := s.survive(ctx, func(skip map[string]string) (Scanned, error) {
		body, err := open()
		if err != nil {
			unopened = err
			return Scanned{}, err
		}
		defer body.Close()
		h := registry.NewHash()
		c, err := s.read(ctx, io.TeeReader(body, h), request{Git: s.Git, Folder: folder, Skip: skip})
		return Scanned{Contents: c, Integrity: h.SHA512()}, err
	})
	if err == nil {
		err = unopened
	}
	if err != nil {
		return Scanned{}, err
	}
	return out, nil
}

// ScanFolder analyzes a folder's files as if they were packed: in a child
// process and inside the budgets, since a folder may be an unpacked package.
func (s *Scanner) ScanFolder(ctx context.Context, folder *Folder) (Scanned, error) {
	files := folder.Files
	names := slices.Sorted(maps.Keys(files))
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
	scanned, err := s.scanOpened(ctx, func() (io.ReadCloser, error) {
		r, w := io.Pipe()
		go func() { w.CloseWithError(pack(w)) }()
		return r, nil
	}, true)
	scanned.Integrity = "" // a folder has none
	if scanned.Contents != nil {
		scanned.Contents.Incomplete = append(scanned.Contents.Incomplete, folder.Skipped...)
	}
	return scanned, err
}

// Metadata asks the registry about a version; before is the version before an
// update, empty where there is none. Without full, what only the registry's
// full documents hold is not known: they are large. It fails only when the
// context ends; a registry that does not answer leaves the metadata unknown.
func (s *Scanner) Metadata(ctx context.Context, name, version, before string, full bool) (known.Of[issue.Metadata], error) {
	if s.Registry == nil {
		return known.Of[issue.Metadata]{}, nil
	}
	asked := question{name, version, before, full}
	if s.told != nil {
		if m, ok := s.told.Get(asked); ok {
			return known.Is(m), nil
		}
	}
	p, err := s.Registry.Packument(ctx, name, full)
	switch {
	case ctx.Err() != nil:
		return known.Of[issue.Metadata]{}, ctx.Err()
	case errors.Is(err, registry.ErrNotFound):
		return known.Is(issue.Metadata{}), nil
	case err != nil:
		return known.Not[issue.Metadata](err.Error()), nil
	}
	m := metadataOf(p, version, before)
	if full && before == "" && m.Exists {
		// Of a package that comes in: an update's is in use here already.
		m.Downloads = s.Registry.Downloads(ctx, name)
	}
	if s.told != nil && m.Exists {
		s.told.Add(asked, m)
	}
	return known.Is(m), nil
}

func metadataOf(p *npm.Packument, version, before string) issue.Metadata {
	v, exists := p.Versions[version]
	m := issue.Metadata{Exists: exists, Versions: slices.Sorted(maps.Keys(p.Versions))}
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

// ConfiguredHost reports whether a host is that of a configured registry. The
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
