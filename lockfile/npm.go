package lockfile

import (
	"net/url"
	"path"
	"regexp"
	"sort"
	"strings"

	"github.com/Masterminds/semver/v3"
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
	// Manifest is the package.json beside the lockfile. Version 1 lockfiles do
	// not repeat the root's dependencies, so that direct dependencies are
	// known only from it; for others Arborist trusts it over the lockfile's
	// copy, and computes flags anew where the two disagree.
	Manifest []byte
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

// Parse reads a lockfile of npm, pnpm, Yarn or Bun. The file's name tells
// package-lock.json from bun.lock and stands in errors. Every error is a
// *Error.
func Parse(file string, data []byte, opts Options) (lock *Lockfile, err error) {
	if len(data) > MaxSize {
		line := 1 + strings.Count(string(data[:MaxSize]), "\n")
		return nil, &Error{file, line, "the file has more than 64 MiB, which is the limit; it was not read"}
	}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *Error:
			lock, err = nil, e
			if line := conflictLine(data); line > 0 {
				err = &Error{file, line, "the file has merge conflict markers; resolve them by running the package manager's install in the merged branch"}
			}
		default:
			panic(e)
		}
	}()
	text := strings.TrimPrefix(string(data), "\ufeff")
	switch formatOf(file, text) {
	case Pnpm:
		return parsePnpm(file, text), nil
	case Yarn:
		return parseYarn(file, text, opts.Manifest)
	case Bun:
		return parseBun(file, text), nil
	}
	r := &reader{file: file, text: text}
	lock = r.document()
	if len(opts.Manifest) > 0 {
		if lock.Root != nil {
			lock.copied, lock.hasCopied = lock.Root.Dependencies, true
		}
		if err := lock.adoptManifest(opts.Manifest); err != nil {
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

// document reads the whole file.
func (r *reader) document() *Lockfile {
	lock := &Lockfile{File: r.file, Format: NPM, Version: 1, byLocation: map[string]*Entry{}}
	if r.peek() != '{' {
		r.fail("a lockfile is a JSON object, this begins with %s", describe(r.text[r.pos:]))
	}
	legacyAt := -1
	hasPackages, hasVersion := false, false
	root := &Entry{Line: 1}
	r.object(func(key string, keyPos int) {
		switch key {
		case "lockfileVersion":
			word := r.literal()
			hasVersion = true
			switch word {
			case "1", "2", "3":
				lock.Version = int(word[0] - '0')
			default:
				r.failAt(keyPos, "lockfileVersion %s is not one this program knows (1, 2 and 3 are)", word)
			}
		case "name":
			root.Package = r.stringOr()
		case "version":
			root.Version = r.stringOr()
		case "packages":
			hasPackages = true
			r.packages(lock)
		case "dependencies":
			// Version 2 repeats the tree here for npm 6; only version 1 is
			// read from it, after the whole file is known.
			legacyAt = r.pos
			r.skip()
		default:
			r.skip()
		}
	})
	r.space()
	if r.pos < len(r.text) {
		r.fail("unexpected %s after the end of the lockfile", describe(r.text[r.pos:]))
	}
	if !hasPackages && legacyAt >= 0 {
		r.pos = legacyAt
		lock.Root = root
		legacy := legacyLock{lock: lock, r: r}
		legacy.dependencies("")
		legacy.place()
		legacy.typeDependencies()
	} else if !hasPackages && !hasVersion {
		r.failAt(0, "this is no npm lockfile: it has neither \"lockfileVersion\" nor \"packages\" nor \"dependencies\"")
	}
	return lock
}

// packages reads the "packages" object of versions 2 and 3.
func (r *reader) packages(lock *Lockfile) {
	// Entries come from slabs: a lockfile of 10,000 would otherwise cost
	// 10,000 allocations here.
	var slab []Entry
	if r.peek() != '{' {
		r.fail("\"packages\" is not an object")
	}
	r.object(func(location string, keyPos int) {
		if len(slab) == 0 {
			slab = make([]Entry, 256)
		}
		e := &slab[0]
		slab = slab[1:]
		if r.peek() != '{' {
			r.fail("the entry %q is not an object", clip(location))
		}
		e.Location = location
		e.Line = r.line(keyPos)
		r.entry(e)
		e.EndLine = r.line(r.pos)
		if location == "" {
			e.Name = e.Package
			lock.Root = e
			return
		}
		r.checkLocation(location, keyPos)
		e.Name = nameFromLocation(location)
		if e.Package == "" && !e.Link {
			e.Package = e.Name
		}
		lock.add(e)
	})
}

func (lock *Lockfile) add(e *Entry) {
	lock.Entries = append(lock.Entries, e)
	lock.byLocation[e.Location] = e
}

// checkLocation refuses locations that no npm writes and that would mean
// different folders to different readers.
func (r *reader) checkLocation(location string, pos int) {
	if strings.HasPrefix(location, "/") || strings.ContainsAny(location, "\\\x00\n") || path.Clean(location) != location {
		r.failAt(pos, "%q is not a clean relative location", clip(location))
	}
}

// entry reads one object of "packages".
func (r *reader) entry(e *Entry) {
	var optionalPeers map[string]bool
	depStart := 0
	r.object(func(key string, keyPos int) {
		switch key {
		case "name":
			e.Package = r.stringOr()
		case "version":
			e.Version = r.stringOr()
		case "resolved":
			e.Resolved = r.stringOr()
		case "integrity":
			e.Integrity = r.stringOr()
			if e.Integrity != "" && !validSRI(e.Integrity) {
				r.failAt(keyPos, "%q: \"integrity\" is not an SRI hash: %q", clip(e.Location), clip(e.Integrity))
			}
		case "dev":
			e.Dev = r.truthy()
		case "optional":
			e.Optional = r.truthy()
		case "devOptional":
			e.DevOptional = r.truthy()
		case "peer":
			e.Peer = r.truthy()
		case "link":
			e.Link = r.truthy()
		case "inBundle":
			e.Bundled = r.truthy()
		case "extraneous":
			e.Extraneous = r.truthy()
		case "hasInstallScript":
			e.InstallScript = r.truthy()
		case "deprecated":
			if e.Deprecated = r.stringOr(); e.Deprecated == "" {
				e.Deprecated = "deprecated"
			}
		case "dependencies":
			r.dependencies(e, Prod)
		case "devDependencies":
			r.dependencies(e, Dev)
		case "optionalDependencies":
			r.dependencies(e, Optional)
		case "peerDependencies":
			r.dependencies(e, Peer)
		case "peerDependenciesMeta":
			if r.peek() != '{' {
				r.skip()
				return
			}
			r.object(func(name string, _ int) {
				if r.peek() != '{' {
					r.skip()
					return
				}
				r.object(func(key string, _ int) {
					if key == "optional" && r.truthy() {
						if optionalPeers == nil {
							optionalPeers = map[string]bool{}
						}
						optionalPeers[name] = true
					} else if key != "optional" {
						r.skip()
					}
				})
			})
		case "bundleDependencies", "bundledDependencies":
			if r.peek() != '[' {
				r.skip()
				return
			}
			r.array(func() { e.Bundles = append(e.Bundles, r.stringOr()) })
		case "workspaces":
			r.workspaces(e)
		default:
			r.skip()
		}
	})
	for i := depStart; i < len(e.Dependencies); i++ {
		if d := &e.Dependencies[i]; d.Kind == Peer && optionalPeers[d.Name] {
			d.Kind = PeerOptional
		}
	}
	if e.Location != "" && !e.Link {
		// Arborist: devOptional is also set where dev or optional is.
		e.DevOptional = e.DevOptional || e.Dev || e.Optional
	}
}

func (r *reader) dependencies(e *Entry, kind DependencyKind) {
	if r.peek() != '{' {
		r.skip()
		return
	}
	r.object(func(name string, _ int) {
		e.Dependencies = append(e.Dependencies, Dependency{Name: name, Spec: r.stringOr(), Kind: kind})
	})
}

// workspaces reads the array or {"packages": [...]} form.
func (r *reader) workspaces(e *Entry) {
	list := func() { r.array(func() { e.workspaces = append(e.workspaces, r.stringOr()) }) }
	switch r.peek() {
	case '[':
		list()
	case '{':
		r.object(func(key string, _ int) {
			if key == "packages" && r.peek() == '[' {
				list()
				return
			}
			r.skip()
		})
	default:
		r.skip()
	}
}

// validSRI accepts what npm's ssri does: one or more "algorithm-base64" parts.
func validSRI(s string) bool {
	for _, part := range strings.Fields(s) {
		algorithm, digest, ok := strings.Cut(part, "-")
		if !ok {
			return false
		}
		switch algorithm {
		case "sha1", "sha256", "sha384", "sha512", "md5":
		default:
			return false
		}
		digest, _, _ = strings.Cut(digest, "?")
		if digest == "" {
			return false
		}
		for i := 0; i < len(digest); i++ {
			c := digest[i]
			if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '+' && c != '/' && c != '=' {
				return false
			}
		}
	}
	return strings.TrimSpace(s) != ""
}

// nameFromLocation is Arborist's nameFromFolder: the last element, with the
// scope where the one before it is one.
func nameFromLocation(location string) string {
	i := strings.LastIndexByte(location, '/')
	if i < 0 {
		return location
	}
	j := strings.LastIndexByte(location[:i], '/')
	if location[j+1] == '@' {
		return location[j+1:]
	}
	return location[i+1:]
}

// legacyLock reads the "dependencies" tree of version 1.
type legacyLock struct {
	lock *Lockfile
	r    *reader
}

// dependencies reads the object of packages installed below location.
func (l *legacyLock) dependencies(location string) {
	r := l.r
	if r.peek() != '{' {
		r.fail("\"dependencies\" of %q is not an object", clip(location))
	}
	r.object(func(name string, keyPos int) {
		if r.peek() != '{' {
			r.fail("the entry %q is not an object", clip(name))
		}
		at := "node_modules/" + name
		if location != "" {
			at = location + "/" + at
		}
		r.checkLocation(at, keyPos)
		l.entry(at, name, keyPos)
	})
}

func (l *legacyLock) entry(location, name string, keyPos int) {
	r := l.r
	e := &Entry{Location: location, Name: name, Package: name, Line: r.line(keyPos)}
	var version, resolved string
	first := len(l.lock.Entries)
	r.object(func(key string, keyPos int) {
		switch key {
		case "version":
			version = r.stringOr()
		case "resolved":
			resolved = r.stringOr()
		case "integrity":
			e.Integrity = r.stringOr()
			if e.Integrity != "" && !validSRI(e.Integrity) {
				r.failAt(keyPos, "%q: \"integrity\" is not an SRI hash: %q", clip(location), clip(e.Integrity))
			}
		case "dev":
			e.Dev = r.truthy()
		case "optional":
			e.Optional = r.truthy()
		case "bundled":
			e.Bundled = r.truthy()
		case "requires":
			r.dependencies(e, Prod)
		case "dependencies":
			l.dependencies(location)
		default:
			r.skip()
		}
	})
	e.EndLine = r.line(r.pos)
	e.DevOptional = e.Dev || e.Optional
	target := l.source(e, version, resolved)
	if target != nil {
		// What is nested under a link is really installed under its target.
		for _, nested := range l.lock.Entries[first:] {
			nested.Location = target.Location + strings.TrimPrefix(nested.Location, location)
		}
		l.lock.Entries = append(l.lock.Entries, target)
	}
	l.lock.Entries = append(l.lock.Entries, e)
}

// place keeps the first entry for each location: two links may share a target.
func (l *legacyLock) place() {
	all := l.lock.Entries
	l.lock.Entries = nil
	for _, e := range all {
		if l.lock.byLocation[e.Location] == nil {
			l.lock.add(e)
		}
	}
}

var tarballName = regexp.MustCompile(`/([^/]+?)-(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)\.tgz$`)

// source tells what version 1 means by "version", which holds a version, a
// URL, a git URL, a file: path or an alias. For a directory it turns e into a
// link and returns the target's entry.
func (l *legacyLock) source(e *Entry, version, resolved string) (target *Entry) {
	switch {
	case strings.HasPrefix(version, "npm:"):
		if at := strings.LastIndexByte(version, '@'); at > len("npm:") {
			e.Package, e.Version = version[len("npm:"):at], version[at+1:]
		}
		e.Resolved = resolved
	case strings.HasPrefix(version, "file:"):
		file := strings.TrimPrefix(version, "file:")
		if strings.HasSuffix(file, ".tgz") || strings.HasSuffix(file, ".tar.gz") || strings.HasSuffix(file, ".tar") {
			e.Resolved = version
			e.inferVersion(file)
			return nil
		}
		at := path.Clean(strings.TrimPrefix(file, "./"))
		dependencies := e.Dependencies
		*e = Entry{Location: e.Location, Name: e.Name, Line: e.Line, EndLine: e.EndLine, Link: true, Resolved: at,
			Dev: e.Dev, Optional: e.Optional, DevOptional: e.DevOptional}
		return &Entry{Location: at, Name: nameFromLocation(at), Package: nameFromLocation(at), Line: e.Line, EndLine: e.EndLine,
			Dev: e.Dev, Optional: e.Optional, DevOptional: e.DevOptional, Dependencies: dependencies}
	case isGitURL(version):
		e.Resolved = version
	case strings.HasPrefix(version, "http://"), strings.HasPrefix(version, "https://"):
		e.Resolved = version
		e.inferVersion(version)
	default:
		e.Version, e.Resolved = version, resolved
	}
	return nil
}

func (e *Entry) inferVersion(tarball string) {
	if m := tarballName.FindStringSubmatch("/" + tarball); m != nil {
		e.Version = m[2]
		if m[1] != path.Base(e.Name) {
			e.Package = m[1]
		}
	}
}

func isGitURL(s string) bool {
	for _, prefix := range []string{"git+", "git:", "git@", "ssh://", "github:", "gitlab:", "bitbucket:", "gist:"} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}

// typeDependencies guesses as npm does which of a version 1 entry's requires
// were optional or for development: those whose target is, while the entry
// itself is not.
func (l *legacyLock) typeDependencies() {
	l.lock.index()
	for _, e := range l.lock.Entries {
		for i := range e.Dependencies {
			d := &e.Dependencies[i]
			to := l.lock.Resolve(e, d.Name)
			switch {
			case to == nil:
			case to.Optional && !e.Optional:
				d.Kind = Optional
			case to.Dev && !e.Dev:
				d.Kind = Dev
			}
		}
	}
}

// adoptManifest takes the root's dependencies from package.json, as Arborist
// does, and notes where they differ from the lockfile's copy.
func (lock *Lockfile) adoptManifest(manifest []byte) error {
	declared, err := readManifest(lock.File, manifest)
	if err != nil {
		return err
	}
	if lock.Root == nil {
		// The hidden lockfile has no root: npm computes its flags anew.
		lock.Root, lock.suspect = declared, true
		return nil
	}
	if lock.Version == 1 {
		// npm fills the root of a version 1 file from package.json, all but
		// its development dependencies, which then look like a disagreement.
		for _, d := range effective(declared.Dependencies) {
			lock.suspect = lock.suspect || d.Kind == Dev
		}
	} else {
		lock.suspect = !sameDependencies(declared.Dependencies, lock.Root.Dependencies)
	}
	declared.Name = declared.Package
	declared.EndLine = lock.Root.EndLine
	declared.Line = lock.Root.Line
	lock.Root = declared
	return nil
}

// readManifest reads the package.json beside a lockfile.
func readManifest(lockfile string, manifest []byte) (declared *Entry, err error) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *Error:
			declared, err = nil, e
		default:
			panic(e)
		}
	}()
	r := &reader{file: path.Join(path.Dir(lockfile), "package.json"), text: strings.TrimPrefix(string(manifest), "\ufeff")}
	if r.peek() != '{' {
		r.fail("package.json is not a JSON object")
	}
	declared = &Entry{Line: 1}
	r.entry(declared)
	return declared, nil
}

// effective keeps for each name the declaration that Arborist acts on.
func effective(list []Dependency) map[string]Dependency {
	m := make(map[string]Dependency, len(list))
	for _, d := range list {
		if have, ok := m[d.Name]; !ok || d.Kind >= have.Kind {
			m[d.Name] = d
		}
	}
	return m
}

func sameDependencies(a, b []Dependency) bool {
	ma, mb := effective(a), effective(b)
	if len(ma) != len(mb) {
		return false
	}
	for name, d := range ma {
		if mb[name] != d {
			return false
		}
	}
	return true
}

// Drift names the dependencies on which package.json and the lockfile's copy
// of it disagree, sorted: what a reviewer sees in package.json is then not
// what npm ci would refuse or install.
func Drift(lock *Lockfile, manifest []byte) ([]string, error) {
	if lock.Format != NPM && lock.Format != "" {
		return missing(lock, manifest)
	}
	copied := &Lockfile{File: lock.File, Root: &Entry{}}
	if err := copied.adoptManifest(manifest); err != nil {
		return nil, err
	}
	if lock.Root == nil || lock.Version == 1 {
		return nil, nil
	}
	own := lock.Root.Dependencies
	if lock.hasCopied {
		own = lock.copied
	}
	want, have := effective(copied.Root.Dependencies), effective(own)
	var names []string
	for name, d := range want {
		if have[name] != d {
			names = append(names, name)
		}
	}
	for name := range have {
		if _, ok := want[name]; !ok {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names, nil
}

// missing names the dependencies in package.json that another lockfile than
// npm's does not lock, or locks for another range.
func missing(lock *Lockfile, manifest []byte) ([]string, error) {
	declared, err := readManifest(lock.File, manifest)
	if err != nil || lock.Root == nil {
		return nil, err
	}
	own := effective(lock.Root.Dependencies)
	var names []string
	for name, d := range effective(declared.Dependencies) {
		if d.Kind == Peer || d.Kind == PeerOptional {
			continue
		}
		have, ok := own[name]
		if !ok || lock.Resolve(lock.Root, name) == nil || have.Spec != d.Spec && lock.Format != Yarn {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names, nil
}

// Unsatisfied names the project's own dependencies whose installed version is
// not in the range that is asked for, as "name@version is not in range". What
// is no range of versions (tags, URLs, aliases) is left out.
func Unsatisfied(lock *Lockfile) []string {
	if lock.Root == nil {
		return nil
	}
	var out []string
	for _, d := range effective(lock.Root.Dependencies) {
		if d.Kind == Peer || d.Kind == PeerOptional {
			continue
		}
		e := lock.Resolve(lock.Root, d.Name)
		if e == nil || e.Link || e.Version == "" || e.Source() != Registry {
			continue
		}
		want, err := semver.NewConstraint(d.Spec)
		if err != nil {
			continue
		}
		want.IncludePrerelease = true
		have, err := semver.StrictNewVersion(e.Version)
		if err != nil || want.Check(have) {
			continue
		}
		out = append(out, d.Name+"@"+e.Version+" is not in "+d.Spec)
	}
	sort.Strings(out)
	return out
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
