package lockfile

import (
	"errors"
	"io/fs"
	"net/url"
	"path"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// Lockfile is a parsed lockfile.
type Lockfile struct {
	// File is the name that errors and annotations use.
	File string
	// Format is whose lockfile it is.
	Format Format
	// Version is the version of the format: npm's lockfileVersion 1, 2 or 3 (a
	// file without the field counts as 1), pnpm's 5 to 9, 1 for Yarn 1 and 4
	// and later for the ones after it, Bun's 0 to 2.
	Version int
	// Root is the project itself, with its declared dependencies. The hidden
	// lockfile and version 1 files have none of their own.
	Root *Entry
	// Entries are the installed packages in location order, the root left out.
	Entries []*Entry

	byLocation map[string]*Entry
	// resolved are the dependencies of lockfiles that record a graph, by who
	// asks and for which name; nil where they are looked up by location.
	resolved map[childKey]*Entry
	// members are the project's own packages in such lockfiles.
	members  []*Entry
	children map[childKey]*Entry
	parents  map[*Entry]*Entry
	suspect  bool
	// copied are the dependencies as the lockfile itself repeats them, where
	// package.json's took their place.
	copied    []Dependency
	hasCopied bool
	// manifest is the package.json that Parse found beside the file.
	manifest []byte
}

// Entry is one installed package.
type Entry struct {
	// Location is where npm puts the package, relative to the project with
	// forward slashes: "node_modules/a/node_modules/b", or "packages/web" for
	// a workspace.
	Location string
	// Name is the folder's name, which is what require() asks for. It differs
	// from Package for an alias ("npm:other@1").
	Name string
	// Package is the name in the package's own package.json.
	Package string
	// Version is empty where the lockfile does not know it (links to nothing,
	// git dependencies of version 1).
	Version string
	// Resolved is the recorded source: a tarball URL, a git URL, a file: path;
	// empty where npm was told to leave it out. For a link it is the target.
	Resolved string
	// Integrity is the recorded Subresource Integrity string, which may name
	// several hashes, or empty. Source: https://www.w3.org/TR/SRI/
	Integrity string
	// Checksum is a hash of something else than the tarball: Yarn 2 and later
	// record one of the archive that they pack themselves.
	Checksum string

	// Dev, Optional, DevOptional, Peer, Link and Bundled are as Arborist's
	// loadVirtual computes them: reachable only through development (optional,
	// peer) edges; a symbolic link; shipped inside its parent's tarball.
	Dev, Optional, DevOptional, Peer, Link, Bundled bool
	// Extraneous is set for a package that nothing depends on.
	Extraneous bool
	// InstallScript is npm's own note that the package has a lifecycle script.
	InstallScript bool
	// Deprecated is the registry's message at the time of locking.
	Deprecated string

	// Dependencies are the declared dependencies, in file order.
	Dependencies []Dependency
	// Bundles are the names in bundleDependencies.
	Bundles []string

	// Line and EndLine are the first and last line of the entry, 1-based.
	Line, EndLine int

	workspaces []string
}

// DependencyKind tells what sort of declaration a Dependency is.
type DependencyKind uint8

// The kinds of package.json, in the order in which Arborist lets a later one
// replace an earlier one of the same name.
const (
	Peer DependencyKind = iota
	PeerOptional
	Prod
	Optional
	Dev
	Workspace
)

// Dependency is one declaration: a name and what it asks for.
type Dependency struct {
	Name, Spec string
	Kind       DependencyKind
}

// Options are what Parse may know beside the file.
type Options struct {
	// Project is the folder that the lockfile is in, at the same revision; nil
	// where nothing else is known. Parse opens in it what decides how the
	// lockfile is understood: package.json, those of workspaces, and the
	// package manager's own settings. What is not there (fs.ErrNotExist) is
	// taken as absent; any other error ends Parse.
	//
	// Version 1 lockfiles do not repeat the root's dependencies, so that direct
	// dependencies are known only from package.json; for others Arborist trusts
	// it over the lockfile's copy, and computes flags again where the two
	// disagree.
	Project fs.FS
}

// read opens a file of the project.
func (o Options) read(name string) ([]byte, error) {
	if o.Project == nil {
		return nil, nil
	}
	data, err := fs.ReadFile(o.Project, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// Format is whose lockfile a file is.
type Format string

// The formats that Parse reads.
const (
	NPM  Format = "npm"
	Pnpm Format = "pnpm"
	Yarn Format = "yarn"
	Bun  Format = "bun"
)

// MaxSize is the largest lockfile that Parse reads, in bytes. The largest
// lockfiles of public monorepos are near 10 MB.
const MaxSize = 64 << 20

// Error is what Parse returns for a file that it cannot read.
type Error = document.Error

// IsLockfile tells whether a file of this name is a lockfile that Parse reads.
func IsLockfile(name string) bool {
	switch path.Base(name) {
	case "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock":
		return true
	}
	return false
}

// formatOf tells formats apart by what they begin with, and JSON by the name.
func formatOf(file, text string) Format {
	switch base := path.Base(file); {
	case strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{"):
		if strings.HasSuffix(base, "bun.lock") {
			return Bun
		}
		return NPM
	case strings.HasSuffix(base, "yarn.lock"), strings.Contains(text, "# yarn lockfile v1"), strings.Contains(text, "\n__metadata:"):
		return Yarn
	case strings.HasSuffix(base, ".yaml"), strings.HasSuffix(base, ".yml"), strings.HasPrefix(text, "lockfileVersion:"), strings.Contains(text, "\nlockfileVersion:"):
		return Pnpm
	case strings.HasSuffix(base, "bun.lock"):
		return Bun
	}
	return NPM
}

// resolve says what ends a merge conflict in a lockfile: package managers do it
// themselves, once package.json has none.
// Sources: https://docs.npmjs.com/cli/configuring-npm/package-locks#resolving-lockfile-conflicts,
// https://pnpm.io/git#merge-conflicts, https://yarnpkg.com/cli/install,
// https://bun.sh/docs/install/lockfile
var resolve = map[Format]string{
	NPM:  "resolve those in package.json by hand, then run npm install --package-lock-only: npm resolves the lockfile's itself",
	Pnpm: "resolve those in package.json by hand, then run pnpm install: it resolves the lockfile's itself",
	Yarn: "resolve those in package.json by hand, then run yarn install: it resolves the lockfile's itself",
	Bun:  "resolve those in package.json by hand, take one side's bun.lock (git checkout --ours bun.lock), and run bun install",
}

// Parse reads a lockfile of npm, pnpm, Yarn or Bun. The file's name tells
// package-lock.json from bun.lock and stands in errors. Every error is a
// *Error.
func Parse(file string, data []byte, opts Options) (lock *Lockfile, err error) {
	if len(data) > MaxSize {
		line := 1 + strings.Count(string(data[:MaxSize]), "\n")
		return nil, &document.Error{File: file, Line: line, Msg: "the file has more than 64 MiB, which is the limit; it was not read"}
	}
	var manifest []byte
	defer func() {
		switch e := recover().(type) {
		case nil:
			if lock != nil {
				lock.manifest = manifest
			}
		case *document.Error:
			lock, err = nil, e
			if line := document.ConflictLine(data); line > 0 {
				err = &document.Error{File: file, Line: line, Msg: "the file has merge conflict markers; " + resolve[formatOf(file, string(data))]}
			}
		default:
			panic(e)
		}
	}()
	if manifest, err = opts.read("package.json"); err != nil {
		return nil, err
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	switch formatOf(file, text) {
	case Pnpm:
		return parsePnpm(file, text), nil
	case Yarn:
		return parseYarn(file, text, manifest)
	case Bun:
		return parseBun(file, text), nil
	}
	r := &reader{&document.Reader{File: file, Text: text, Rewrite: "run npm install to write it again"}}
	lock = r.document()
	if len(manifest) > 0 {
		if lock.Root != nil {
			lock.copied, lock.hasCopied = lock.Root.Dependencies, true
		}
		if err := lock.adoptManifest(manifest); err != nil {
			return nil, err
		}
	}
	lock.index()
	if lock.suspect {
		lock.recomputeFlags()
	}
	lock.markBundled()
	lock.finish()
	return lock, nil
}

// Host is the host (and port) of Resolved, empty where it is no URL.
func (e *Entry) Host() string {
	u, err := url.Parse(e.Resolved)
	if err != nil {
		return ""
	}
	return u.Host
}

// Source tells where the package comes from.
type Source uint8

// The sources of an entry.
const (
	// Registry: a version of a registry, from its recorded or default URL.
	Registry Source = iota
	// Remote: an http or https URL that need not be a registry.
	Remote
	// Git: a git repository.
	Git
	// File: a tarball or folder on disk.
	File
	// Local: a link, a workspace or another folder of the project.
	Local
	// InParent: inside the tarball of the package that bundles it.
	InParent
)

// Source classifies the entry. A tarball URL counts as Registry when its path
// has npm's shape NAME/-/FILE.tgz; whether its host is a configured registry
// is for the caller to know.
func (e *Entry) Source() Source {
	switch {
	case e.Link, !strings.Contains("/"+e.Location, "/node_modules/"):
		return Local
	case e.Bundled && e.Resolved == "":
		return InParent
	case e.Resolved == "":
		return Registry
	case strings.HasPrefix(e.Resolved, "file:"):
		return File
	case isGitURL(e.Resolved):
		return Git
	case strings.Contains(e.Resolved, "/-/"):
		return Registry
	case strings.HasPrefix(e.Resolved, "http:"), strings.HasPrefix(e.Resolved, "https:"):
		return Remote
	}
	return File
}
