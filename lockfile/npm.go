package lockfile

import (
	"path"
	"regexp"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// reader walks a document in JSON; its methods are the grammar of npm's.
type reader struct{ *document.Reader }

// document reads the whole file.
func (r *reader) document() *Lockfile {
	lock := &Lockfile{File: r.File, Format: NPM, Version: 1, byLocation: map[string]*Entry{}}
	if r.Peek() != '{' {
		r.Fail("a lockfile is a JSON object, this begins with %s", document.Describe(r.Text[r.Pos:]))
	}
	legacyAt := -1
	hasPackages, hasVersion := false, false
	root := &Entry{Line: 1}
	r.Object(func(key string, keyPos int) {
		switch key {
		case "lockfileVersion":
			word := r.Literal()
			hasVersion = true
			switch word {
			case "1", "2", "3":
				lock.Version = int(word[0] - '0')
			default:
				r.FailAt(keyPos, "lockfileVersion %s is not one this program knows (1, 2 and 3 are)", word)
			}
		case "name":
			root.Package = r.StringOr()
		case "version":
			root.Version = r.StringOr()
		case "packages":
			hasPackages = true
			r.packages(lock)
		case "dependencies":
			// Version 2 repeats the tree here for npm 6; only version 1 is
			// read from it, after the whole file is known.
			legacyAt = r.Pos
			r.Skip()
		default:
			r.Skip()
		}
	})
	r.Space()
	if r.Pos < len(r.Text) {
		r.Fail("unexpected %s after the end of the lockfile", document.Describe(r.Text[r.Pos:]))
	}
	if !hasPackages && legacyAt >= 0 {
		r.Pos = legacyAt
		lock.Root = root
		legacy := legacyLock{lock: lock, r: r}
		legacy.dependencies("")
		legacy.place()
		legacy.typeDependencies()
	} else if !hasPackages && !hasVersion {
		r.FailAt(0, "this is no npm lockfile: it has neither \"lockfileVersion\" nor \"packages\" nor \"dependencies\"")
	}
	return lock
}

// packages reads the "packages" object of versions 2 and 3.
func (r *reader) packages(lock *Lockfile) {
	// Entries come from slabs: a lockfile of 10,000 would otherwise cost
	// 10,000 allocations here.
	var slab []Entry
	if r.Peek() != '{' {
		r.Fail("\"packages\" is not an object")
	}
	r.Object(func(location string, keyPos int) {
		if len(slab) == 0 {
			slab = make([]Entry, 256)
		}
		e := &slab[0]
		slab = slab[1:]
		if r.Peek() != '{' {
			r.Fail("the entry %q is not an object", document.Clip(location))
		}
		e.Location = location
		e.Line = r.Line(keyPos)
		r.entry(e)
		e.EndLine = r.Line(r.Pos)
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
		r.FailAt(pos, "%q is not a clean relative location", document.Clip(location))
	}
}

// entry reads one object of "packages".
func (r *reader) entry(e *Entry) {
	var optionalPeers map[string]bool
	r.Object(func(key string, keyPos int) {
		switch key {
		case "name":
			e.Package = r.StringOr()
		case "version":
			e.Version = r.StringOr()
		case "resolved":
			e.Resolved = r.StringOr()
		case "integrity":
			e.Integrity = r.StringOr()
			if e.Integrity != "" && !validSRI(e.Integrity) {
				r.FailAt(keyPos, "%q: \"integrity\" is not an SRI hash: %q", document.Clip(e.Location), document.Clip(e.Integrity))
			}
		case "dev":
			e.Dev = r.Truthy()
		case "optional":
			e.Optional = r.Truthy()
		case "devOptional":
			e.DevOptional = r.Truthy()
		case "peer":
			e.Peer = r.Truthy()
		case "link":
			e.Link = r.Truthy()
		case "inBundle":
			e.Bundled = r.Truthy()
		case "extraneous":
			e.Extraneous = r.Truthy()
		case "hasInstallScript":
			e.InstallScript = r.Truthy()
		case "deprecated":
			if e.Deprecated = r.StringOr(); e.Deprecated == "" {
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
			if r.Peek() != '{' {
				r.Skip()
				return
			}
			r.Object(func(name string, _ int) {
				if r.Peek() != '{' {
					r.Skip()
					return
				}
				r.Object(func(key string, _ int) {
					if key == "optional" && r.Truthy() {
						if optionalPeers == nil {
							optionalPeers = map[string]bool{}
						}
						optionalPeers[name] = true
					} else if key != "optional" {
						r.Skip()
					}
				})
			})
		case "bundleDependencies", "bundledDependencies":
			if r.Peek() != '[' {
				r.Skip()
				return
			}
			r.Array(func() { e.Bundles = append(e.Bundles, r.StringOr()) })
		case "workspaces":
			r.workspaces(e)
		default:
			r.Skip()
		}
	})
	e.optionalPeers(optionalPeers)
	if e.Location != "" && !e.Link {
		// Arborist: devOptional is also set where dev or optional is.
		e.DevOptional = e.DevOptional || e.Dev || e.Optional
	}
}

// optionalPeers marks the peers that need not be there.
func (e *Entry) optionalPeers(names map[string]bool) {
	for i := range e.Dependencies {
		if d := &e.Dependencies[i]; d.Kind == Peer && names[d.Name] {
			d.Kind = PeerOptional
		}
	}
}

func (r *reader) dependencies(e *Entry, kind DependencyKind) {
	if r.Peek() != '{' {
		r.Skip()
		return
	}
	r.Object(func(name string, _ int) {
		e.Dependencies = append(e.Dependencies, Dependency{Name: name, Spec: r.StringOr(), Kind: kind})
	})
}

// workspaces reads the array or {"packages": [...]} form.
func (r *reader) workspaces(e *Entry) {
	list := func() { r.Array(func() { e.workspaces = append(e.workspaces, r.StringOr()) }) }
	switch r.Peek() {
	case '[':
		list()
	case '{':
		r.Object(func(key string, _ int) {
			if key == "packages" && r.Peek() == '[' {
				list()
				return
			}
			r.Skip()
		})
	default:
		r.Skip()
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
	if r.Peek() != '{' {
		r.Fail("\"dependencies\" of %q is not an object", document.Clip(location))
	}
	r.Object(func(name string, keyPos int) {
		if r.Peek() != '{' {
			r.Fail("the entry %q is not an object", document.Clip(name))
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
	e := &Entry{Location: location, Name: name, Package: name, Line: r.Line(keyPos)}
	var version, resolved string
	first := len(l.lock.Entries)
	r.Object(func(key string, keyPos int) {
		switch key {
		case "version":
			version = r.StringOr()
		case "resolved":
			resolved = r.StringOr()
		case "integrity":
			e.Integrity = r.StringOr()
			if e.Integrity != "" && !validSRI(e.Integrity) {
				r.FailAt(keyPos, "%q: \"integrity\" is not an SRI hash: %q", document.Clip(location), document.Clip(e.Integrity))
			}
		case "dev":
			e.Dev = r.Truthy()
		case "optional":
			e.Optional = r.Truthy()
		case "bundled":
			e.Bundled = r.Truthy()
		case "requires":
			r.dependencies(e, Prod)
		case "dependencies":
			l.dependencies(location)
		default:
			r.Skip()
		}
	})
	e.EndLine = r.Line(r.Pos)
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
