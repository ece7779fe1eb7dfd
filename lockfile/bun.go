package lockfile

import (
	"path"
	"regexp"
	"sort"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/document"
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
	patches map[string]string
}

func parseBun(file, text string, d *declared, opts Options) (*Lockfile, error) {
	r := &reader{&document.Reader{File: file, Text: text, Lenient: true, Rewrite: rewrite[Bun]}}
	lock := &Lockfile{File: file, Format: Bun, byLocation: map[string]*Entry{}, Trusted: map[string]int{}}
	l := &bunLock{r, lock, map[string]string{}, map[string]string{}}
	if r.Peek() != '{' {
		r.Fail("a lockfile is a JSON object, this begins with %s", document.Describe(r.Text[r.Pos:]))
	}
	packagesAt := -1
	r.Object(func(key string, keyPos int) {
		switch key {
		case "lockfileVersion":
			switch word := r.Literal(); word {
			case "0", "1", "2":
				l.lock.Version = int(word[0] - '0')
			default:
				r.FailAt(keyPos, "lockfileVersion %s of Bun's lockfile is not one this program knows (0, 1 and 2 are)", word)
			}
		case "workspaces":
			l.workspaces()
		case "packages":
			packagesAt = r.Pos
			r.Skip()
		case "trustedDependencies":
			if r.Peek() != '[' {
				r.Skip()
				return
			}
			r.Array(func() {
				at := r.Pos
				lock.Trusted[r.StringOr()] = r.Line(at)
			})
		case "patchedDependencies":
			if r.Peek() != '{' {
				r.Skip()
				return
			}
			r.Object(func(key string, _ int) { l.patches[key] = r.StringOr() })
		default:
			r.Skip()
		}
	})
	r.Space()
	if r.Pos < len(r.Text) {
		r.Fail("unexpected %s after the end of the lockfile", document.Describe(r.Text[r.Pos:]))
	}
	if l.lock.Root == nil {
		r.FailAt(0, "this is no Bun lockfile: it has no \"workspaces\"")
	}
	if packagesAt >= 0 {
		r.Pos = packagesAt
		if r.Peek() != '{' {
			r.Fail("\"packages\" is not an object")
		}
		r.Object(l.pkg)
	}
	if d.root != nil {
		lock.adopt(lock.Root, d.root)
	}
	if err := lock.adoptParts(d, opts); err != nil {
		return nil, err
	}
	lock.checkSizes()
	lock.index()
	if err := lock.aliasParts(d, opts); err != nil {
		return nil, err
	}
	lock.recomputeFlags()
	for _, e := range lock.Entries {
		if e.Extraneous && !e.Link {
			e.Dev, e.Optional, e.DevOptional, e.Peer = false, false, false, false
		}
		e.DevOptional = e.DevOptional || e.Dev || e.Optional
	}
	lock.suspect = true // links have flags of their own
	lock.finish()
	return lock, nil
}

func (l *bunLock) workspaces() {
	if l.Peek() != '{' {
		l.Fail("\"workspaces\" is not an object")
	}
	l.Object(func(folder string, keyPos int) {
		e := &Entry{Location: folder, Line: l.Line(keyPos)}
		if folder != "" {
			l.checkLocation(folder, keyPos)
		}
		if l.Peek() != '{' {
			l.Fail("the workspace %q is not an object", document.Clip(folder))
		}
		l.reader.entry(e)
		e.EndLine = l.Line(l.Pos)
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
	if len(key) > maxLocation {
		l.FailAt(keyPos, "%s", tooLong(key))
	}
	names := nameList(key)
	for _, name := range names {
		if !packageName.MatchString(name) {
			l.FailAt(keyPos, "%q is not the place of a package", document.Clip(key))
		}
	}
	location := "node_modules/" + strings.Join(names, "/node_modules/")
	if folder, ok := l.folders[names[0]]; ok && len(names) > 1 {
		location = folder + "/node_modules/" + strings.Join(names[1:], "/node_modules/")
	}
	l.checkLocation(location, keyPos)
	e := &Entry{Location: location, Name: names[len(names)-1], Line: l.Line(keyPos)}
	if l.Peek() != '[' {
		l.Fail("the package %q is not an array", document.Clip(key))
	}
	source, base, commit, n, infos := "", "", "", 0, 0
	l.Array(func() {
		switch c := l.Peek(); {
		case c == '{':
			if infos++; infos > 1 {
				l.FailAt(keyPos, "%q says twice what it is; readers would disagree on which counts", document.Clip(key))
			}
			l.info(e)
		case c == '"':
			text := l.Str()
			switch {
			case n == 0:
				source = text
			case validSRI(text):
				if e.Integrity != "" || n == 1 && infos == 0 {
					l.FailAt(keyPos, "the hash of %q does not stand where Bun reads it", document.Clip(key))
				}
				e.Integrity = text
			case n == 1:
				base = text
			default:
				commit = text
			}
		default:
			l.Skip()
		}
		n++
	})
	e.EndLine = l.Line(l.Pos)
	name, reference, ok := splitName(source)
	if !ok {
		l.FailAt(keyPos, "%q has no source", document.Clip(key))
	}
	e.Package = name
	if !packageName.MatchString(name) {
		l.FailAt(keyPos, "%q is not a package name", document.Clip(name))
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
		// Bun writes the commit that it found, of which seven digits may stand
		// for all, and again in the name of the folder that it unpacks.
		_, at, _ := strings.Cut(reference, "#")
		e.pinned = isGitURL(reference) && shortCommit.MatchString(at) && strings.HasSuffix(commit, at)
		// What stands there is what is checked out, whatever the reference says.
		e.Checksum = commit
	case isTarball(reference):
		e.Resolved = "file:" + reference
	default:
		if strings.ContainsAny(reference, " \t\n\\/\x00") {
			l.FailAt(keyPos, "%q is not a version", document.Clip(reference))
		}
		e.Version = reference
		switch {
		case strings.HasSuffix(base, ".tgz"):
			e.Resolved = base
		case base != "":
			e.Resolved = strings.TrimSuffix(base, "/") + "/" + name + "/-/" + path.Base(name) + "-" + reference + ".tgz"
		}
	}
	if patch, ok := l.patches[e.Package+"@"+e.Version]; ok {
		e.Patch = patch
	} else {
		e.Patch = l.patches[e.Package]
	}
	if e.Bundled {
		// Below the package whose tarball it is in, it is not fetched, whatever
		// the address says. Anywhere else Bun takes no notice of the word.
		if folder, ok := l.folders[names[0]]; len(names) > 2 || len(names) == 2 && !(ok && folder != "") {
			e.source = InParent
		} else {
			e.Bundled = false
		}
	}
	if l.lock.byLocation[e.Location] != nil {
		l.FailAt(keyPos, "%q is locked twice", document.Clip(key))
	}
	l.lock.add(e)
}

var shortCommit = regexp.MustCompile(`^[0-9a-f]{7,64}$`)

// info reads a package's own lists.
func (l *bunLock) info(e *Entry) {
	optional := map[string]bool{}
	l.Object(func(key string, _ int) {
		switch key {
		case "dependencies":
			l.dependencies(e, Prod)
		case "optionalDependencies":
			l.dependencies(e, Optional)
		case "peerDependencies":
			l.dependencies(e, Peer)
		case "optionalPeers":
			if l.Peek() != '[' {
				l.Skip()
				return
			}
			l.Array(func() { optional[l.StringOr()] = true })
		case "bundled":
			e.Bundled = l.Truthy()
		case "bin", "binDir":
			l.bin(e)
		case "os", "cpu", "libc":
			e.platform(key, l.strings())
		default:
			l.Skip()
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
