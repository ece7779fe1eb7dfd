package lockfile

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// pnpm's lockfile, versions 5 to 9: the project's parts ("importers") and the
// packages with what each of their dependencies resolved to. pnpm 11 and later
// put a document in front of the project's own that locks the package
// manager's environment: config dependencies and pnpm itself.
// Sources: https://github.com/pnpm/spec/tree/master/lockfile and
// https://pnpm.io/config-dependencies

// pnpmVersion accepts the versions, and pnpm 7's experiment with specifiers
// beside versions.
var pnpmVersion = regexp.MustCompile(`^([5-9])(\.\d+)*(-inlineSpecifiers)?$`)

// pnpmLock reads one.
type pnpmLock struct {
	*graph
	members map[string]*Entry
}

// pnpmDocument is one document of a lockfile; keys mean something inside their
// document only.
type pnpmDocument struct {
	*pnpmLock
	version  int
	doc      *document.Mapping
	packages map[string]*Entry
	// patches are the hashes of patches by package.
	patches map[string]string
	// environment is set for the package manager's own document.
	environment bool
	// bases are the packages by their key without peers, of which any number of
	// snapshots may be one.
	bases map[string]*Entry
	// overrides are the packages that say what belongs into their snapshots.
	overrides map[string]*document.Mapping
}

func parsePnpm(file, text string, d *declared, opts Options) (*Lockfile, error) {
	documents := document.YAML(file, text)
	l := &pnpmLock{newGraph(file, Pnpm, 0), map[string]*Entry{}}
	for i, doc := range documents {
		m := pnpmVersion.FindStringSubmatch(doc.Text("lockfileVersion"))
		if m == nil {
			document.Fail(file, max(doc.Line["lockfileVersion"], doc.First, 1),
				"lockfileVersion "+document.Clip(doc.Text("lockfileVersion"))+" of pnpm's lockfile is not one this program knows (5 to 9 are)")
		}
		one := &pnpmDocument{pnpmLock: l, version: int(m[1][0] - '0'), doc: doc, packages: map[string]*Entry{}, patches: map[string]string{},
			bases: map[string]*Entry{}, overrides: map[string]*document.Mapping{}}
		one.environment = i < len(documents)-1 && one.isEnvironment()
		l.lock.Version = one.version
		one.read()
	}
	if err := l.parts(d, opts); err != nil {
		return nil, err
	}
	return l.finish(), nil
}

// parts reads the manifests of those folders that ask for a package under
// another name: only package.json can say that they do.
func (l *pnpmLock) parts(d *declared, opts Options) error {
	for _, folder := range slices.Sorted(maps.Keys(l.members)) {
		e := l.members[folder]
		manifest := d.root
		if e != l.lock.Root {
			if !l.hasAlias(e) {
				continue
			}
			var err error
			if manifest, err = opts.aliasPart(l.file, folder, d); err != nil {
				return err
			}
		}
		if manifest != nil && manifest.Package != "" && packageName.MatchString(manifest.Package) {
			e.Package, e.Name = manifest.Package, manifest.Package
		}
	}
	return nil
}

// isEnvironment reports whether a document locks what pnpm itself needs. Where
// it locks more, it counts as another document of the project.
func (l *pnpmDocument) isEnvironment() bool {
	importers := l.doc.Mapping("importers")
	if importers == nil {
		return false
	}
	for _, folder := range importers.Keys {
		of := importers.Mapping(folder)
		for _, list := range pnpmLists {
			if list.purpose == "" && of != nil && of.Mapping(list.key) != nil {
				return false
			}
		}
	}
	return true
}

func (l *pnpmDocument) read() {
	if patched := l.doc.Mapping("patchedDependencies"); patched != nil {
		for _, key := range patched.Keys {
			hash := patched.Text(key)
			if hash == "" {
				if of := patched.Mapping(key); of != nil {
					hash = of.Text("hash")
				}
			}
			l.patches[key] = hash
		}
	}
	edges := l.entries()
	l.importers()
	for _, one := range edges {
		l.dependencies(one.e, one.of, "")
	}
}

// pnpmEdges are an entry's dependencies, read when all entries are known.
type pnpmEdges struct {
	e  *Entry
	of *document.Mapping
}

// snapshotKeys belong into a snapshot, and count where pnpm finds them with the
// package itself: it lays what a package is over what it resolved to.
// Source: @pnpm/lockfile.fs, convertToLockfileObject
var snapshotKeys = []string{"dependencies", "optionalDependencies", "optional"}

// packageKeys say what a package is, and count as well where pnpm finds them in
// a snapshot alone.
var packageKeys = []string{"resolution", "name", "version", "os", "cpu", "libc", "hasBin", "prepare", "requiresBuild",
	"bundledDependencies", "peerDependencies", "peerDependenciesMeta"}

// entries reads the packages. Since version 9 what a package is, and what it
// resolved to beside which peers, stand apart.
func (l *pnpmDocument) entries() []pnpmEdges {
	packages := l.doc.Mapping("packages")
	var out []pnpmEdges
	read := func(key, base string, edges *document.Mapping) {
		e := l.entry(key, base, packages)
		e.mayFail = l.truth(edges, "optional")
		if n := edges.At["engines"]; n != nil && l.version >= 9 {
			e.platform("engines", []string{document.Flat(n)}) // early releases of pnpm 9 had them here
		}
		out = append(out, pnpmEdges{e, edges})
	}
	if l.version < 9 {
		if packages != nil {
			for _, key := range packages.Keys {
				read(key, key, packages.Mapping(key))
			}
		}
		return out
	}
	named := map[string]bool{}
	if snapshots := l.doc.Mapping("snapshots"); snapshots != nil {
		for _, key := range snapshots.Keys {
			base, _, _ := strings.Cut(key, "(")
			if packages == nil || packages.At[base] == nil {
				l.fail(snapshots.Line[key], "\""+document.Clip(key)+"\" is among the snapshots and not among the packages")
			}
			named[base] = true
			snapshot := document.ReadMapping(l.file, snapshots.At[key], "\""+document.Clip(key)+"\"")
			for _, of := range packageKeys {
				if snapshot.At[of] != nil {
					l.fail(snapshot.Line[of], "\""+of+"\" of \""+document.Clip(key)+"\" stands in the snapshot; pnpm writes it with the package")
				}
			}
			if l.bases[base] == nil {
				if of := packages.Mapping(base); of != nil && slices.ContainsFunc(snapshotKeys, func(key string) bool { return of.At[key] != nil }) {
					l.overrides[base] = of
				}
			}
			if of := l.overrides[base]; of != nil {
				snapshot = snapshot.Over(of, snapshotKeys)
			}
			read(key, base, snapshot)
		}
	}
	if packages != nil {
		for _, key := range packages.Keys {
			if !named[key] {
				read(key, key, packages.Mapping(key))
			}
		}
	}
	return out
}

// entry adds a package under its key, which may name peers behind that of the
// package itself.
func (l *pnpmDocument) entry(key, base string, packages *document.Mapping) *Entry {
	if l.bases[base] == nil {
		l.bases[base] = l.base(base, packages.Mapping(base), packages.Line[base], packages.EndOf(base))
	}
	e := new(Entry)
	*e = *l.bases[base]
	e.Patch = l.patch(e, key)
	folder := "node_modules/.pnpm/"
	if l.environment {
		folder = "node_modules/.pnpm-config/"
	}
	e.Location = folder + strings.ReplaceAll(strings.TrimPrefix(key, "/"), "/", "+") + "/node_modules/" + e.Name
	l.checkEntry(e)
	if l.packages[key] != nil {
		l.fail(e.Line, "\""+document.Clip(key)+"\" appears twice")
	}
	l.packages[key] = e
	l.add(e)
	return e
}

// base reads what a package is.
func (l *pnpmDocument) base(key string, of *document.Mapping, line, end int) *Entry {
	e := &Entry{Line: line, EndLine: end}
	if of == nil {
		l.fail(line, "\""+document.Clip(key)+"\" is not a mapping")
	}
	l.split(e, key)
	if name := of.Text("name"); name != "" {
		e.Package = name
	}
	if version := of.Text("version"); version != "" {
		e.Version = version
	}
	e.Name = e.Package
	l.resolution(e, key, of.Mapping("resolution"))
	for _, kind := range []string{"os", "cpu", "libc"} {
		if n := of.At[kind]; n != nil {
			var list []string
			if text := of.Text(kind); text != "" { // as some packages have it
				list = append(list, text)
			} else {
				for _, one := range document.Sequence(l.file, n, "\""+kind+"\"") {
					list = append(list, one.Value)
				}
			}
			e.platform(kind, list)
		}
	}
	// They never change by themselves, and pnpm acts on them.
	for _, key := range []string{"engines", "prepare", "bundledDependencies", "peerDependencies", "peerDependenciesMeta"} {
		if n := of.At[key]; n != nil {
			e.platform(key, []string{document.Flat(n)})
		}
	}
	for _, key := range of.Keys {
		if !slices.Contains(pnpmKeys, key) {
			e.platform(document.Clip(key), []string{document.Flat(of.At[key])})
		}
	}
	e.hasBin = l.truth(of, "hasBin")
	if e.InstallScript = l.truth(of, "requiresBuild"); e.InstallScript {
		e.platform("scripts", []string{"its own"})
	}
	if e.Deprecated = of.Text("deprecated"); e.Deprecated == "" && of.At["deprecated"] != nil {
		e.Deprecated = "deprecated"
	}
	return e
}

// pnpmKeys are what pnpm writes of a package, and what is read or makes no
// difference; any other key counts as it stands.
var pnpmKeys = append([]string{"engines", "deprecated", "dev", "transitivePeerDependencies"}, slices.Concat(snapshotKeys, packageKeys)...)

// resolutionKeys are the same of where it comes from.
var resolutionKeys = []string{"integrity", "tarball", "type", "repo", "commit", "path", "directory", "variants", "url", "bin", "targets"}

// truth reads what is true or absent. To JavaScript other words are true as well,
// which pnpm never writes.
func (l *pnpmDocument) truth(of *document.Mapping, key string) bool {
	text := of.Text(key)
	if of.At[key] != nil && text != "true" && text != "false" {
		l.fail(of.Line[key], "\""+key+"\" is neither true nor false; readers would disagree on what it means")
	}
	return text == "true"
}

var (
	// registryVersion is the version of a package of a registry that the
	// project names: work:1.0.0. Source: https://pnpm.io/registries
	registryVersion = regexp.MustCompile(`^([a-z][a-z0-9+.-]*):(\d+\.\d+\.\d+\S*)$`)
	// registryHost is a registry in front of a key of versions 5 and 6.
	registryHost = regexp.MustCompile(`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*([:+]\d+)?$`)
	patchHash    = regexp.MustCompile(`\(patch_hash=([^)]*)\)`)
)

// split cuts a key into name and version: /name/1.0.0_peer@2 up to version 5,
// /name@1.0.0(peer@2) in 6, name@1.0.0(peer@2) in 9. What comes from elsewhere
// than the registry has its address in the version's place.
func (l *pnpmDocument) split(e *Entry, key string) {
	key, _, _ = strings.Cut(key, "(")
	s := strings.TrimPrefix(key, "/")
	if !strings.HasPrefix(key, "/") && l.version < 9 && !strings.Contains(key, "://") {
		// A registry of its own stands in front: host/name/version.
		host, rest, ok := strings.Cut(s, "/")
		if ok && !strings.HasPrefix(s, "@") && registryHost.MatchString(host) && strings.ContainsAny(host, ".:+") {
			s = rest
			e.Registry = host
		}
	}
	if l.version < 6 {
		at := strings.LastIndexByte(s, '/')
		if at < 0 {
			e.Package = s
			return
		}
		e.Package, e.Version = s[:at], s[at+1:]
		e.Version, _, _ = strings.Cut(e.Version, "_")
		return
	}
	e.Package, e.Version, _ = splitName(s)
	switch m := registryVersion.FindStringSubmatch(e.Version); {
	case m != nil && m[1] == "runtime":
		e.Version, e.source = m[2], Runtime
	case m != nil && m[1] != "npm":
		e.Registry, e.Version = m[1], m[2]
	case m != nil:
		e.Version = m[2]
	case strings.Contains(e.Version, "://"), strings.HasPrefix(e.Version, "file:"), strings.HasPrefix(e.Version, "git"):
		e.Version = ""
	}
}

// patch is the hash of the patch that is applied to a package: in its key, or
// in the project's list, which may name a version or none.
func (l *pnpmDocument) patch(e *Entry, key string) string {
	if m := patchHash.FindStringSubmatch(key); m != nil {
		return m[1]
	}
	if hash, ok := l.patches[e.Package+"@"+e.Version]; ok {
		return hash
	}
	return l.patches[e.Package]
}

func (l *pnpmDocument) resolution(e *Entry, key string, r *document.Mapping) {
	if r == nil {
		return
	}
	for _, key := range r.Keys {
		if !slices.Contains(resolutionKeys, key) {
			e.platform("resolution", []string{document.Clip(key), document.Flat(r.At[key])})
		}
	}
	e.Integrity = r.Scalar("integrity")
	tarball, repo, directory := r.Scalar("tarball"), r.Scalar("repo"), r.Scalar("directory")
	switch kind := r.Scalar("type"); {
	case kind == "variations" || kind == "binary" || e.source == Runtime:
		l.runtime(e, r)
	case kind == "git" || repo != "":
		e.Resolved = repo
		if !isGitURL(repo) {
			e.Resolved = "git+" + repo
		}
		if commit := r.Scalar("commit"); commit != "" {
			e.Resolved += "#" + commit
		}
		if folder := r.Scalar("path"); folder != "" {
			e.Resolved += "&path:" + folder
		}
		if e.Version != "" && strings.ContainsAny(e.Version, "/:") {
			e.Version = ""
		}
	case directory != "":
		e.Resolved = "file:" + directory
	case tarball != "":
		e.Resolved = tarball
		if folder := r.Scalar("path"); folder != "" {
			e.Resolved += "#path:" + folder
		}
	case !strings.HasPrefix(key, "/") && strings.Contains(key, "://"):
		_, e.Resolved, _ = splitName(key)
	}
}

// runtime reads the archives of a program, one a platform: all of their hashes
// and addresses together are its checksum.
func (l *pnpmDocument) runtime(e *Entry, r *document.Mapping) {
	e.source = Runtime
	var archives []string
	add := func(of *document.Mapping, targets string) {
		if of == nil {
			return
		}
		address := of.Scalar("url")
		if e.Resolved == "" {
			e.Resolved = address
		}
		archives = append(archives, targets+" "+address+" "+of.Scalar("integrity")+" "+of.Text("bin"))
	}
	if variants := r.At["variants"]; variants != nil {
		for _, v := range document.Sequence(l.file, variants, "\"variants\"") {
			of := document.ReadMapping(l.file, v, "a variant")
			var targets []string
			if list := of.At["targets"]; list != nil {
				for _, t := range document.Sequence(l.file, list, "\"targets\"") {
					m := document.ReadMapping(l.file, t, "a target")
					targets = append(targets, m.Text("os")+"-"+m.Text("cpu")+"-"+m.Text("libc"))
				}
			}
			add(of.Mapping("resolution"), strings.Join(targets, ","))
		}
	} else {
		add(r, "")
	}
	slices.Sort(archives)
	e.Integrity = ""
	e.Checksum = strings.Join(archives, "; ")
}

// importers reads the project and its other parts.
func (l *pnpmDocument) importers() {
	root := l.lock.Root
	importers := l.doc.Mapping("importers")
	if importers == nil {
		// One project: its dependencies stand at the top.
		l.pnpmLock.members["."] = root
		l.dependencies(root, l.doc, ".")
		return
	}
	for _, folder := range importers.Keys {
		if len(folder) > maxLocation {
			l.fail(importers.Line[folder], tooLong(folder))
		}
		at := path.Clean(folder)
		if at == "." {
			if !l.environment {
				root.Line, root.EndLine = importers.Line[folder], importers.EndOf(folder)
			}
			l.pnpmLock.members["."] = root
			continue
		}
		if strings.HasPrefix(at, "/") || l.pnpmLock.members[at] != nil {
			continue // its packages are read, its place is not
		}
		e := &Entry{Location: at, Name: path.Base(at), Package: path.Base(at), source: Local,
			Line: importers.Line[folder], EndLine: importers.EndOf(folder)}
		l.checkEntry(e)
		l.pnpmLock.members[at] = e
		l.member(e)
	}
	for _, folder := range importers.Keys {
		at := path.Clean(folder)
		to := l.pnpmLock.members[at]
		if to == nil {
			to = root // of a part outside of the repository
		}
		if of := importers.Mapping(folder); of != nil {
			l.dependencies(to, of, at)
		}
	}
}

var pnpmLists = []struct {
	key     string
	kind    DependencyKind
	purpose Purpose
}{
	{"dependencies", Prod, ""}, {"optionalDependencies", Optional, ""}, {"devDependencies", Dev, ""},
	{"configDependencies", Prod, ConfigDependency}, {"packageManagerDependencies", Prod, PackageManager},
}

// dependencies reads the lists of an importer (folder is its own) or of a
// package.
func (l *pnpmDocument) dependencies(e *Entry, of *document.Mapping, folder string) {
	specifiers := of.Mapping("specifiers")
	for _, list := range pnpmLists {
		m := of.Mapping(list.key)
		if m == nil || folder == "" && (list.purpose != "" || list.kind == Dev) {
			continue // an importer has them; pnpm looks at none of a package
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
			to := l.find(e, name, reference, folder, m.Line[name])
			if to != nil && to.Name != name && folder != "" && packageName.MatchString(name) && to.Name == to.Package {
				to.Name = name // an alias, as the project calls it
				if l.pnpmLock.members[to.Location] == to {
					to.Package = name // the lockfile has only its folder
				}
			}
			if list.purpose != "" {
				// A name of its own: the project may depend on the same package.
				if to != nil {
					to.Purpose = list.purpose
				}
				l.depend(e, Dependency{Name: "node_modules/.pnpm-config/" + name, Spec: spec, Kind: list.kind}, to)
				continue
			}
			l.depend(e, Dependency{Name: name, Spec: spec, Kind: list.kind}, to)
		}
	}
}

// find is the entry that a reference means, nil where it is not locked.
func (l *pnpmDocument) find(e *Entry, name, reference, folder string, line int) *Entry {
	if target, ok := strings.CutPrefix(reference, "link:"); ok {
		at := path.Join(folder, target)
		if to := l.pnpmLock.members[at]; to != nil {
			return to
		}
		return l.link(e, name, at, line)
	}
	for _, key := range []string{"/" + name + "@" + reference, name + "@" + reference, "/" + name + "/" + reference, reference} {
		if e := l.packages[key]; e != nil {
			return e
		}
	}
	return nil
}

// link adds a link to a folder that is no part of the project.
func (l *pnpmDocument) link(by *Entry, name, at string, line int) *Entry {
	place := path.Join(by.Location, "node_modules", name)
	if !packageName.MatchString(name) {
		l.fail(line, "\""+document.Clip(name)+"\" is not a package name")
	}
	if e := l.lock.byLocation[place]; e != nil {
		return e
	}
	e := &Entry{Location: place, Name: name, Package: name, Resolved: at, Link: true, Line: line, EndLine: line}
	l.checkEntry(e)
	l.add(e)
	return e
}
