package lockfile

import (
	"path"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// legacyLock reads the "dependencies" tree of version 1.
type legacyLock struct {
	lock *Lockfile
	r    *reader
	// bytes counts those of all locations.
	bytes int
}

// maxLocations bounds what all locations take together: nested objects and
// links in links make more of them than the file has bytes.
const maxLocations = 64 << 20

func (l *legacyLock) measure(e *Entry) {
	if len(e.Location) > maxLocation {
		document.Fail(l.r.File, e.Line, tooLong(e.Location))
	}
	if l.bytes += len(e.Location); l.bytes > maxLocations {
		document.Fail(l.r.File, e.Line, "the locations of all packages together have more than 64 MiB, which is the limit")
	}
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
			version = r.source(key)
		case "resolved":
			resolved = r.source(key)
		case "integrity":
			e.Integrity = r.source(key)
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
	l.measure(e)
	if target != nil {
		l.measure(target)
		// What is nested under a link is really installed under its target.
		for _, nested := range l.lock.Entries[first:] {
			// A link inside has its target's own place.
			if below, ok := strings.CutPrefix(nested.Location, location+"/"); ok {
				nested.Location = target.Location + "/" + below
				l.measure(nested)
			}
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

// typeDependencies guesses as npm does which of a version 1 entry's requires
// were optional or for development: those whose target is, while the entry
// itself is not.
func (l *legacyLock) typeDependencies() {
	l.lock.index()
	for _, e := range l.lock.Entries {
		for i := range e.Dependencies {
			d := &e.Dependencies[i]
			to := e.to[i]
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
