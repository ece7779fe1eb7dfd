package analyzer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/analyzer/registry"
	"github.com/lockwarden/lockwarden/analyzer/vulnerability"
	"github.com/lockwarden/lockwarden/analyzer/worker"
	"github.com/lockwarden/lockwarden/known"
	"github.com/lockwarden/lockwarden/reach"
)

// Options say how to open a Scanner.
type Options struct {
	// ProjectSettings is the project's .npmrc in the base revision, empty where
	// it has none.
	ProjectSettings []byte
	// Npmrc is a file that the user trusts, in place of ProjectSettings.
	Npmrc string
	// Registry, where set, is the default registry's URL: npm's flag of that
	// name.
	Registry string
	// AllowHosts may have private addresses and be redirected to.
	AllowHosts []string
	// CacheDir is where tarballs and results are kept; empty: the user's
	// cache folder. NoCache keeps nothing.
	CacheDir  string
	NoCache   bool
	CacheSize int64
	// OSV is OSV's API, or a local copy of its npm/all.zip; empty: the public
	// API; "none": nobody is asked.
	OSV string
	// Log is told why registries and databases were not reached; reports have it in
	// words for readers. It may be nil.
	Log *slog.Logger
	// Git scans packages as they are installed from git repositories.
	Git bool
	// Workers is the number of child processes; 0 means one a processor.
	Workers int
	// WorkerCommand starts one; nil means this program with "worker".
	WorkerCommand func() *exec.Cmd
	Limits        worker.Limits
	// AllowUnsandboxed is set where the operator knows that the kernel lacks a
	// part of the children's sandbox: Checks then calls it weak, not wrong.
	AllowUnsandboxed bool
}

// failed logs what the network said of a request.
func (o *Options) failed() func(error) {
	if o.Log == nil {
		return nil
	}
	return func(err error) { o.Log.Warn("a request failed", "error", reach.Detail(err)) }
}

// Open makes a Scanner from the user's and the project's npm settings. Close
// it to end its child processes.
func Open(o Options) (*Scanner, error) {
	engine, err := NewEngine()
	if err != nil {
		return nil, err
	}
	s := &Scanner{Engine: engine, Git: o.Git, allowUnsandboxed: o.AllowUnsandboxed,
		told: expirable.NewLRU[question, issue.Metadata](toldItems, nil, toldTime)}
	if s.Settings, err = settings(o); err != nil {
		return nil, err
	}
	if !o.NoCache {
		dir := o.CacheDir
		if dir == "" {
			if dir, err = os.UserCacheDir(); err != nil {
				return nil, fmt.Errorf("analyzer: no folder for the cache: %w; name one with --cache", err)
			}
			dir = filepath.Join(dir, "lockwarden")
		}
		if s.Cache, err = registry.OpenCache(dir, o.CacheSize); err != nil {
			return nil, err
		}
	}
	if s.Registry, err = registry.New(registry.Options{Settings: s.Settings, Cache: s.Cache, Failed: o.failed()}); err != nil {
		return nil, err
	}
	if err := s.advisories(o.OSV, o.failed()); err != nil {
		return nil, err
	}
	command := o.WorkerCommand
	if command == nil {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("analyzer: %w", err)
		}
		command = func() *exec.Cmd {
			cmd := exec.Command(self, "worker")
			cmd.Env = []string{} // nothing of ours is a package's business
			return cmd
		}
	}
	size := o.Workers
	if size <= 0 {
		size = runtime.GOMAXPROCS(0)
	}
	s.Pool = worker.NewPool(size, o.Limits, command)
	return s, nil
}

func settings(o Options) (registry.Settings, error) {
	var files []registry.File
	if o.Registry != "" {
		files = append(files, registry.File{Name: "--registry", Data: []byte("registry=" + o.Registry + "\n"), Trusted: true})
	}
	user, err := registry.UserFiles("", os.Getenv)
	if err != nil {
		return registry.Settings{}, err
	}
	if len(user) > 0 {
		files = append(files, user[0]) // the environment goes before the project
		user = user[1:]
	}
	switch {
	case o.Npmrc != "":
		data, err := os.ReadFile(o.Npmrc)
		if err != nil {
			return registry.Settings{}, fmt.Errorf("--npmrc: %w", err)
		}
		files = append(files, registry.File{Name: o.Npmrc, Data: data, Trusted: true})
	case len(o.ProjectSettings) > 0:
		files = append(files, registry.File{Name: ".npmrc", Data: o.ProjectSettings})
	}
	s, err := registry.ReadSettings(os.Getenv, append(files, user...)...)
	s.AllowHosts = o.AllowHosts
	return s, err
}

// Close ends the child processes.
func (s *Scanner) Close() {
	if s.Pool != nil {
		s.Pool.Close()
	}
}

// ServeWorker is the main function of a child process.
func ServeWorker(in io.Reader, out io.Writer) error {
	engine, err := NewEngine()
	if err != nil {
		return err
	}
	return worker.Serve(in, out, worker.Limits{}, engine.Handle)
}

// Find resolves NAME, NAME@VERSION or NAME@TAG with the registry. Where it does
// not answer, a full version stands for itself.
func (s *Scanner) Find(ctx context.Context, spec string) (Subject, error) {
	name, version := spec, "latest"
	if i := strings.LastIndexByte(spec, '@'); i > 0 {
		name, version = spec[:i], spec[i+1:]
	}
	p, err := s.Registry.Packument(ctx, name, false)
	if err != nil {
		if npm.IsVersion(version) && ctx.Err() == nil && !errors.Is(err, registry.ErrNotFound) {
			// Its tarball may be there, and Examine says what is not known.
			return Subject{Name: name, Version: version}, nil
		}
		return Subject{}, err
	}
	if tagged, ok := p.DistTags[version]; ok {
		version = tagged
	}
	v, ok := p.Versions[version]
	if !ok {
		if best, found := npm.MaxSatisfying(p, version); found {
			version, v, ok = best, p.Versions[best], true
		}
	}
	if !ok {
		return Subject{}, fmt.Errorf("analyzer: %s has no version or tag %q", name, version)
	}
	integrity := v.Dist.Integrity
	return Subject{Name: name, Version: version, Integrity: integrity}, nil
}

// advisories opens the database of advisories.
func (s *Scanner) advisories(osv string, failed func(error)) error {
	var cache vulnerability.Cache
	if s.Cache != nil {
		cache = s.Cache
	}
	switch {
	case osv == "none":
	case osv == "" || strings.HasPrefix(osv, "https://") || strings.HasPrefix(osv, "http://"):
		s.Vulnerabilities = &vulnerability.API{URL: strings.TrimSuffix(osv, "/"), Cache: cache, Failed: failed}
	default:
		info, err := os.Stat(osv)
		if err != nil {
			return fmt.Errorf("analyzer: the advisories: %w", err)
		}
		db, err := vulnerability.OpenOffline(osv, fmt.Sprintf("%s %d %d", osv, info.Size(), info.ModTime().UnixNano()), cache)
		if err != nil {
			return err
		}
		s.Vulnerabilities = db
	}
	return nil
}

// Advisories asks which advisories cover packages: one list for each, in order.
// Where nobody is to be asked they are unknown without having been asked for. It
// fails only when the context ends.
func (s *Scanner) Advisories(ctx context.Context, packages []vulnerability.Package) (known.Of[[][]vulnerability.Advisory], error) {
	if s.Vulnerabilities == nil {
		return known.Of[[][]vulnerability.Advisory]{}, nil
	}
	if len(packages) == 0 {
		return known.Is[[][]vulnerability.Advisory](nil), nil
	}
	list, err := s.Vulnerabilities.Find(ctx, packages)
	switch {
	case ctx.Err() != nil:
		return known.Of[[][]vulnerability.Advisory]{}, ctx.Err()
	case err != nil:
		return known.Not[[][]vulnerability.Advisory](err.Error()), nil
	}
	return known.Is(list), nil
}
