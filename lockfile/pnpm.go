package lockfile

import (
	"path"
	"regexp"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// pnpm's lockfile, versions 5 to 9: the project's parts ("importers") and the
// packages with what each of their dependencies resolved to.
// Source: https://github.com/pnpm/spec/tree/master/lockfile

var pnpmVersion = regexp.MustCompile(`^([5-9])(\.\d+)*$`)

// pnpmLock reads one.
type pnpmLock struct {
	*graph
	version  int
	doc      *document.Mapping
	packages map[string]*Entry
	members  map[string]*Entry
}

func parsePnpm(file, text string) *Lockfile {
	doc := document.YAML(file, text)
	m := pnpmVersion.FindStringSubmatch(doc.Text("lockfileVersion"))
	if m == nil {
		document.Fail(file, max(doc.Line["lockfileVersion"], 1), "lockfileVersion "+document.Clip(doc.Text("lockfileVersion"))+" is not one this program knows (5 to 9 are)")
	}
	l := &pnpmLock{graph: newGraph(file, Pnpm, int(m[1][0]-'0')), doc: doc, packages: map[string]*Entry{}, members: map[string]*Entry{}}
	l.version = l.lock.Version
	edges := l.entries()
	l.importers()
	for _, one := range edges {
		l.dependencies(one.e, one.of, "")
	}
	return l.finish()
}

// pnpmEdges are an entry's dependencies, read when all entries are known.
type pnpmEdges struct {
	e  *Entry
	of *document.Mapping
}

// entries reads the packages. Since version 9 what a package is, and what it
// resolved to beside which peers, stand apart.
func (l *pnpmLock) entries() []pnpmEdges {
	packages := l.doc.Mapping("packages")
	if packages == nil {
		return nil
	}
	var out []pnpmEdges
	if l.version < 9 {
		for _, key := range packages.Keys {
			p := packages.Mapping(key)
			out = append(out, pnpmEdges{l.entry(key, p, p, packages.Line[key], packages.EndOf(key)), p})
		}
		return out
	}
	snapshots := l.doc.Mapping("snapshots")
	named := map[string]bool{}
	if snapshots != nil {
		for _, key := range snapshots.Keys {
			base, _, _ := strings.Cut(key, "(")
			of := packages.Mapping(base)
			if _, known := packages.At[base]; !known {
				l.fail(snapshots.Line[key], "\""+document.Clip(key)+"\" is among the snapshots and not among the packages")
			}
			named[base] = true
			s := document.ReadMapping(l.file, snapshots.At[key], "\""+document.Clip(key)+"\"")
			out = append(out, pnpmEdges{l.entry(key, of, s, packages.Line[base], packages.EndOf(base)), s})
		}
	}
	for _, key := range packages.Keys {
		if !named[key] {
			p := packages.Mapping(key)
			out = append(out, pnpmEdges{l.entry(key, p, p, packages.Line[key], packages.EndOf(key)), p})
		}
	}
	return out
}

func (l *pnpmLock) entry(key string, of, snapshot *document.Mapping, line, end int) *Entry {
	e := &Entry{Line: line, EndLine: end}
	if of == nil {
		l.fail(line, "\""+document.Clip(key)+"\" is not a mapping")
	}
	e.Package, e.Version = l.split(key)
	if name := of.Text("name"); name != "" {
		e.Package = name
	}
	if version := of.Text("version"); version != "" {
		e.Version = version
	}
	e.Name = e.Package
	l.resolution(e, key, of.Mapping("resolution"))
	e.InstallScript = of.Text("requiresBuild") == "true"
	if e.Deprecated = of.Text("deprecated"); e.Deprecated == "" && of.At["deprecated"] != nil {
		e.Deprecated = "deprecated"
	}
	e.Location = "node_modules/.pnpm/" + strings.ReplaceAll(strings.TrimPrefix(key, "/"), "/", "+") + "/node_modules/" + e.Name
	l.checkEntry(e)
	if l.packages[key] != nil {
		l.fail(line, "\""+document.Clip(key)+"\" appears twice")
	}
	l.packages[key] = e
	l.add(e)
	return e
}

// split cuts a key into name and version: /name/1.0.0_peer@2 up to version 5,
// /name@1.0.0(peer@2) in 6, name@1.0.0(peer@2) in 9. What comes from elsewhere
// than the registry has its address in the version's place.
func (l *pnpmLock) split(key string) (name, version string) {
	key, _, _ = strings.Cut(key, "(")
	if l.version < 6 {
		// A registry of its own stands in front: host/name/version.
		s := strings.TrimPrefix(key, "/")
		at := strings.LastIndexByte(s, '/')
		if at < 0 {
			return s, ""
		}
		name, version = s[:at], s[at+1:]
		if !strings.HasPrefix(key, "/") {
			if i := strings.IndexByte(name, '/'); i > 0 && strings.Contains(name[:i], ".") {
				name = name[i+1:]
			}
		}
		version, _, _ = strings.Cut(version, "_")
		return name, version
	}
	name, version, _ = splitName(strings.TrimPrefix(key, "/"))
	if i := strings.Index(version, "://"); i >= 0 || strings.HasPrefix(version, "file:") || strings.HasPrefix(version, "git") {
		return name, ""
	}
	return name, version
}

func (l *pnpmLock) resolution(e *Entry, key string, r *document.Mapping) {
	if r == nil {
		return
	}
	e.Integrity = r.Text("integrity")
	tarball, repo, directory := r.Text("tarball"), r.Text("repo"), r.Text("directory")
	switch {
	case r.Text("type") == "git" || repo != "":
		e.Resolved = repo
		if !isGitURL(repo) {
			e.Resolved = "git+" + repo
		}
		if commit := r.Text("commit"); commit != "" {
			e.Resolved += "#" + commit
		}
		if e.Version != "" && strings.ContainsAny(e.Version, "/:") {
			e.Version = ""
		}
	case directory != "":
		e.Resolved = "file:" + directory
	case strings.HasPrefix(tarball, "file:"):
		e.Resolved = tarball
	case tarball != "":
		e.Resolved = tarball
		if strings.HasPrefix(tarball, "https://codeload.github.com/") {
			// A repository's archive: its name is a commit, no version.
			e.Resolved = tarball
		}
	case !strings.HasPrefix(key, "/") && strings.Contains(key, "://"):
		_, e.Resolved, _ = splitName(key)
	}
}

// importers reads the project and its other parts.
func (l *pnpmLock) importers() {
	root := l.lock.Root
	importers := l.doc.Mapping("importers")
	if importers == nil {
		// One project: its dependencies stand at the top.
		l.project(root, l.doc, ".")
		return
	}
	for _, folder := range importers.Keys {
		if folder == "." {
			root.Line, root.EndLine = importers.Line[folder], importers.EndOf(folder)
			l.members["."] = root
			continue
		}
		at := path.Clean(folder)
		if strings.HasPrefix(at, "/") || strings.HasPrefix(at, "../") {
			continue // a part outside of the repository: its packages are read, its place is not
		}
		e := &Entry{Location: at, Name: path.Base(at), Package: path.Base(at), Line: importers.Line[folder], EndLine: importers.EndOf(folder)}
		l.checkEntry(e)
		l.members[at] = e
		l.member(e)
	}
	for _, folder := range importers.Keys {
		to := l.members[path.Clean(folder)]
		if to == nil {
			continue
		}
		if of := importers.Mapping(folder); of != nil {
			l.project(to, of, path.Clean(folder))
		}
	}
}

func (l *pnpmLock) project(e *Entry, of *document.Mapping, folder string) {
	l.dependencies(e, of, folder)
}

// dependencies reads the lists of an importer (folder is its own) or of a
// package.
func (l *pnpmLock) dependencies(e *Entry, of *document.Mapping, folder string) {
	specifiers := of.Mapping("specifiers")
	for _, list := range []struct {
		key  string
		kind DependencyKind
	}{{"dependencies", Prod}, {"optionalDependencies", Optional}, {"devDependencies", Dev}} {
		m := of.Mapping(list.key)
		if m == nil {
			continue
		}
		for _, name := range m.Keys {
			spec, reference := "", m.Text(name)
			if reference == "" && m.At[name] != nil {
				if both := m.Mapping(name); both != nil {
					spec, reference = both.Text("specifier"), both.Text("version")
				}
			}
			if specifiers != nil {
				spec = specifiers.Text(name)
			}
			if spec == "" {
				spec = reference
			}
			to := l.find(name, reference, folder)
			if to != nil && to.Name != name && folder != "" && packageName.MatchString(name) && to.Name == to.Package {
				to.Name = name // an alias, as the project calls it
				if l.members[to.Location] == to {
					to.Package = name // the lockfile has only its folder
				}
			}
			l.depend(e, Dependency{Name: name, Spec: spec, Kind: list.kind}, to)
		}
	}
}

// find is the entry that a reference means, nil where it is not locked.
func (l *pnpmLock) find(name, reference, folder string) *Entry {
	if target, ok := strings.CutPrefix(reference, "link:"); ok {
		return l.members[path.Join(folder, target)]
	}
	for _, key := range []string{"/" + name + "@" + reference, name + "@" + reference, "/" + name + "/" + reference, reference} {
		if e := l.packages[key]; e != nil {
			return e
		}
	}
	return nil
}
