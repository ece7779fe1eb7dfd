package lockfile

import (
	"path"
	"sort"
	"strings"
)

// Bun's lockfile (text): JSON with commas at ends. The packages' keys are the
// places where Bun hoists them to ("debug/ms" is node_modules/debug/node_modules/ms),
// so it becomes a tree like npm's.
// Source: https://bun.sh/docs/install/lockfile

type bunLock struct {
	*reader
	lock *Lockfile
	// folders are those of the project's parts, by name.
	folders map[string]string
}

func parseBun(file, text string) *Lockfile {
	r := &reader{file: file, text: text, lenient: true}
	l := &bunLock{r, &Lockfile{File: file, Format: Bun, byLocation: map[string]*Entry{}}, map[string]string{}}
	if r.peek() != '{' {
		r.fail("a lockfile is a JSON object, this begins with %s", describe(r.text[r.pos:]))
	}
	packagesAt := -1
	r.object(func(key string, keyPos int) {
		switch key {
		case "lockfileVersion":
			switch word := r.literal(); word {
			case "0", "1", "2":
				l.lock.Version = int(word[0] - '0')
			default:
				r.failAt(keyPos, "lockfileVersion %s is not one this program knows (0, 1 and 2 are)", word)
			}
		case "workspaces":
			l.workspaces()
		case "packages":
			packagesAt = r.pos
			r.skip()
		default:
			r.skip()
		}
	})
	r.space()
	if r.pos < len(r.text) {
		r.fail("unexpected %s after the end of the lockfile", describe(r.text[r.pos:]))
	}
	if l.lock.Root == nil {
		r.failAt(0, "this is no Bun lockfile: it has no \"workspaces\"")
	}
	if packagesAt >= 0 {
		r.pos = packagesAt
		r.mark, r.lines = 0, 0
		if r.peek() != '{' {
			r.fail("\"packages\" is not an object")
		}
		r.object(l.pkg)
	}
	lock := l.lock
	lock.index()
	lock.recomputeFlags()
	for _, e := range lock.Entries {
		if e.Extraneous && !e.Link {
			e.Dev, e.Optional, e.DevOptional, e.Peer = false, false, false, false
		}
		e.DevOptional = e.DevOptional || e.Dev || e.Optional
	}
	lock.suspect = true // links have flags of their own
	lock.finish()
	return lock
}

func (l *bunLock) workspaces() {
	if l.peek() != '{' {
		l.fail("\"workspaces\" is not an object")
	}
	l.object(func(folder string, keyPos int) {
		e := &Entry{Location: folder, Line: l.line(keyPos)}
		if folder != "" {
			l.checkLocation(folder, keyPos)
		}
		if l.peek() != '{' {
			l.fail("the workspace %q is not an object", clip(folder))
		}
		l.reader.entry(e)
		e.EndLine = l.line(l.pos)
		if e.Package == "" {
			e.Package = path.Base(folder)
		}
		e.Name = e.Package
		if folder == "" {
			l.lock.Root = e
			return
		}
		l.folders[e.Package] = folder
		l.lock.add(e)
	})
	if l.lock.Root != nil {
		for _, folder := range l.folders {
			l.lock.Root.workspaces = append(l.lock.Root.workspaces, folder)
		}
		sort.Strings(l.lock.Root.workspaces)
	}
}

// pkg reads one tuple: ["name@1.0.0", "registry", {…}, "sha512-…"].
func (l *bunLock) pkg(key string, keyPos int) {
	names := nameList(key)
	for _, name := range names {
		if !packageName.MatchString(name) {
			l.failAt(keyPos, "%q is not the place of a package", clip(key))
		}
	}
	location := "node_modules/" + strings.Join(names, "/node_modules/")
	if folder, ok := l.folders[names[0]]; ok && len(names) > 1 {
		location = folder + "/node_modules/" + strings.Join(names[1:], "/node_modules/")
	}
	l.checkLocation(location, keyPos)
	e := &Entry{Location: location, Name: names[len(names)-1], Line: l.line(keyPos)}
	if l.peek() != '[' {
		l.fail("the package %q is not an array", clip(key))
	}
	source, base, n := "", "", 0
	l.array(func() {
		switch c := l.peek(); {
		case c == '{':
			l.info(e)
		case c == '"':
			text := l.str()
			switch {
			case n == 0:
				source = text
			case validSRI(text):
				e.Integrity = text
			case n == 1:
				base = text
			}
		default:
			l.skip()
		}
		n++
	})
	e.EndLine = l.line(l.pos)
	name, reference, ok := splitName(source)
	if !ok {
		l.failAt(keyPos, "%q has no source", clip(key))
	}
	e.Package = name
	if !packageName.MatchString(name) {
		l.failAt(keyPos, "%q is not a package name", clip(name))
	}
	switch {
	case strings.HasPrefix(reference, "workspace:"):
		e.Link, e.Resolved = true, path.Clean(strings.TrimPrefix(reference, "workspace:"))
	case strings.HasPrefix(reference, "link:"), strings.HasPrefix(reference, "root:"):
		e.Link, e.Resolved = true, path.Clean(strings.TrimPrefix(strings.TrimPrefix(reference, "link:"), "root:"))
	case strings.HasPrefix(reference, "file:"), strings.HasPrefix(reference, "./"), strings.HasPrefix(reference, "../"):
		e.Resolved = "file:" + strings.TrimPrefix(reference, "file:")
	case isGitURL(reference), strings.HasPrefix(reference, "http://"), strings.HasPrefix(reference, "https://"):
		e.Resolved = reference
		e.inferVersion(reference)
		e.Package = name
	default:
		if strings.ContainsAny(reference, " \t\n\\/\x00") {
			l.failAt(keyPos, "%q is not a version", clip(reference))
		}
		e.Version = reference
		switch {
		case strings.HasSuffix(base, ".tgz"):
			e.Resolved = base
		case base != "":
			e.Resolved = strings.TrimSuffix(base, "/") + "/" + name + "/-/" + path.Base(name) + "-" + reference + ".tgz"
		}
	}
	if l.lock.byLocation[e.Location] != nil {
		l.failAt(keyPos, "%q is locked twice", clip(key))
	}
	l.lock.add(e)
}

// info reads a package's own lists.
func (l *bunLock) info(e *Entry) {
	optional := map[string]bool{}
	l.object(func(key string, _ int) {
		switch key {
		case "dependencies":
			l.dependencies(e, Prod)
		case "optionalDependencies":
			l.dependencies(e, Optional)
		case "peerDependencies":
			l.dependencies(e, Peer)
		case "optionalPeers":
			if l.peek() != '[' {
				l.skip()
				return
			}
			l.array(func() { optional[l.stringOr()] = true })
		case "bundled":
			e.Bundled = l.truthy()
		default:
			l.skip()
		}
	})
	e.optionalPeers(optional)
}

// nameList cuts a place into names: "a/@b/c" is a, then @b/c.
func nameList(key string) []string {
	var out []string
	parts := strings.Split(key, "/")
	for i := 0; i < len(parts); i++ {
		if strings.HasPrefix(parts[i], "@") && i+1 < len(parts) {
			out = append(out, parts[i]+"/"+parts[i+1])
			i++
			continue
		}
		out = append(out, parts[i])
	}
	return out
}
