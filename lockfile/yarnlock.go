package lockfile

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/glob"
	"github.com/lockwarden/lockwarden/lockfile/document"
)

// What Yarn's lockfiles have in common, from version 1 on: they name each
// package by the ranges that led to it.
// Sources: https://classic.yarnpkg.com/docs/yarn-lock and
// https://yarnpkg.com/configuration/manifest

type yarnLock struct {
	*graph
	declared *declared
	// byDescriptor are the entries by "name@range".
	byDescriptor map[string]*Entry
	wants        []yarnWant
	// replaced are the project's resolutions that lead somewhere, begun the
	// descriptors that have more behind them than what is asked for: see index.
	replaced map[asked]yarnReplacement
	begun    map[string]*Entry
	// patched are the packages that a patch changes, in file order.
	patched []yarnPatch
	// builtin are the entries with a patch of Yarn's own, by what they patch.
	builtin map[*Entry]*Entry
}

// yarnPatch is a patched package with its descriptor and that of what is
// patched.
type yarnPatch struct {
	e              *Entry
	descriptor, of string
}

// yarnWant is a dependency to be resolved when all entries are known.
type yarnWant struct {
	e    *Entry
	d    Dependency
	line int
}

func (l *yarnLock) describe(e *Entry, descriptor string, line int) {
	if l.byDescriptor[descriptor] != nil {
		l.fail(line, "\""+document.Clip(descriptor)+"\" is locked twice; readers would disagree on which counts")
	}
	l.byDescriptor[descriptor] = e
}

// find is the entry for what e asks for: as the project's resolutions say, or
// as it stands.
func (l *yarnLock) find(e *Entry, name, spec string) *Entry {
	var best *yarnReplacement
	if len(l.replaced) > 0 {
		for _, by := range []string{"", e.Package, e.Name} {
			for _, of := range []string{"", spec, "npm:" + spec, strings.TrimPrefix(spec, "npm:")} {
				if r, ok := l.replaced[asked{name, by, of}]; ok && (best == nil || r.order < best.order) {
					best = &r
				}
			}
		}
	}
	if best != nil {
		return best.to
	}
	return l.described(name, l.declared.catalog(name, spec))
}

// patchedBy is the entry with Yarn's own patch of another one, which takes its
// place wherever that is asked for; the other one where there is none.
func (l *yarnLock) patchedBy(to, by *Entry) *Entry {
	if p := l.builtin[to]; p != nil && p != by {
		return p
	}
	return to
}

// described is the entry for a range; Yarn 2 and later write "npm:" before it.
func (l *yarnLock) described(name, spec string) *Entry {
	for _, descriptor := range []string{name + "@" + spec, name + "@npm:" + spec, name + "@" + strings.TrimPrefix(spec, "npm:")} {
		if e := l.byDescriptor[descriptor]; e != nil {
			return e
		}
	}
	// The descriptor of a patch, a folder or a link has more behind it.
	switch protocol, _, _ := strings.Cut(spec, ":"); protocol {
	case "patch", "file", "link", "portal", "exec":
		return l.begun[name+"@"+spec]
	}
	return nil
}

// kinds reads which dependencies of workspaces are for development: lockfiles
// of Yarn 2 to 4 do not say it. What a folder beyond the limit asks for counts
// as needed for production.
func (l *yarnLock) kinds(opts Options) error {
	for i, e := range l.lock.members {
		if i >= maxParts && !slices.Contains(opts.Parts, e.Location) {
			continue
		}
		manifest, err := opts.part(l.file, e.Location, l.declared)
		if err != nil {
			return err
		}
		if manifest == nil {
			continue
		}
		kinds := Yarn.effective(manifest.Dependencies)
		for j := range l.wants {
			if w := &l.wants[j]; w.e == e && kinds[w.d.Name].Kind == Dev {
				w.d.Kind = Dev
			}
		}
	}
	return nil
}

// maxFiles is how many files and folders are looked at to find workspaces.
const maxFiles = 200_000

// workspaces adds the project's other folders: lockfiles of Yarn 1 and 6 do not
// name them.
func (l *yarnLock) workspaces(opts Options) error {
	if l.declared.root == nil || len(l.declared.root.workspaces) == 0 || opts.Project == nil {
		return nil
	}
	workspaces := glob.NewWorkspaces(l.declared.root.workspaces)
	part := func(folder string) error {
		if folder == "." || !workspaces.Match(folder) || l.lock.byLocation[folder] != nil {
			return nil
		}
		manifest, err := opts.part(l.file, folder, l.declared)
		if err != nil || manifest == nil {
			return err
		}
		e := &Entry{Location: folder, Name: manifest.Package, Package: manifest.Package, Line: 1, EndLine: 1, source: Local}
		if e.Package == "" {
			e.Name, e.Package = path.Base(folder), path.Base(folder)
		}
		l.member(e)
		for _, d := range manifest.Dependencies {
			if d.Kind != Peer && d.Kind != PeerOptional {
				l.wants = append(l.wants, yarnWant{e, d, e.Line})
			}
		}
		return nil
	}
	for _, folder := range opts.Parts {
		if err := part(folder); err != nil {
			return err
		}
	}
	most := len(l.lock.members) + maxParts
	seen := 0
	return fs.WalkDir(opts.Project, ".", func(name string, f fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if seen++; seen > maxFiles || len(l.lock.members) == most {
			return fs.SkipAll
		}
		if f.IsDir() && (f.Name() == "node_modules" || f.Name() == ".git" || f.Name() == ".yarn") {
			return fs.SkipDir
		}
		if f.IsDir() || f.Name() != "package.json" {
			return nil
		}
		return part(path.Dir(name))
	})
}

// resolve links what entries ask for, and the project by its package.json.
func (l *yarnLock) resolve() {
	l.index()
	byName := map[string]*Entry{}
	for _, m := range l.lock.members {
		byName[m.Package] = m
	}
	found := func(e *Entry, d Dependency) *Entry {
		if to := l.find(e, d.Name, d.Spec); to != nil {
			return to
		}
		if e == l.lock.Root || l.lock.isPart(e) {
			return byName[d.Name]
		}
		return nil
	}
	root := l.lock.Root
	if declared := l.declared.root; declared != nil {
		root.Name, root.Package, root.Version = declared.Package, declared.Package, declared.Version
		root.workspaces = nil
	}
	for _, w := range l.wants {
		if w.e == root && l.declared.root != nil {
			continue
		}
		to := l.patchedBy(found(w.e, w.d), w.e)
		l.depend(w.e, w.d, to)
		if to == nil && l.lock.Version == 1 && w.e != root && !l.lock.isPart(w.e) {
			// A frozen installation of Yarn 1 looks at the project's own ranges
			// only.
			l.lock.Oddities = append(l.lock.Oddities, Oddity{Kind: OddUnlocked, Line: w.line, What: w.e.ID() + ": " + w.d.Name + "@" + w.d.Spec})
		}
	}
	for _, p := range l.patched {
		if base := l.byDescriptor[p.of]; base != nil && p.of != "" {
			if l.builtin[base] == p.e {
				l.depend(p.e, Dependency{Name: base.Location, Kind: Prod}, base)
			} else {
				l.depend(base, Dependency{Name: p.e.Location, Kind: Prod}, p.e)
			}
		}
	}
	if l.declared.root == nil {
		return
	}
	for _, d := range l.declared.root.Dependencies {
		if d.Kind != Peer && d.Kind != PeerOptional {
			l.depend(root, d, l.patchedBy(found(root, d), root))
		}
	}
}

// asked is what a resolution counts for: a name, who asks for it and which
// range, both empty where any counts.
type asked struct{ name, by, spec string }

// yarnReplacement is where a resolution leads; the one that is declared first
// counts.
type yarnReplacement struct {
	order int
	to    *Entry
}

// maxBegun is how many beginnings of one descriptor are known; one that Yarn
// writes has two.
const maxBegun = 8

// index prepares find, which is asked for each dependency of each entry. A
// resolution's key may name who asks, and the range that is asked for.
// Source: https://yarnpkg.com/configuration/manifest#resolutions
func (l *yarnLock) index() {
	l.begun, l.replaced, l.builtin = map[string]*Entry{}, map[asked]yarnReplacement{}, map[*Entry]*Entry{}
	for _, p := range l.patched {
		if base := l.byDescriptor[p.of]; p.of != "" && base != nil && base != p.e && strings.Contains(p.e.Patch, "builtin<") {
			l.builtin[base] = p.e
		}
	}
	begin := func(of string, e *Entry) {
		if l.begun[of] == nil {
			l.begun[of] = e
		}
	}
	for _, p := range l.patched {
		for i, n := 0, 0; i < len(p.descriptor) && n < maxBegun; i++ {
			if p.descriptor[i] == '#' || strings.HasPrefix(p.descriptor[i:], "::") {
				begin(p.descriptor[:i], p.e)
				n++
			}
		}
	}
	for order, o := range l.declared.replacements {
		key := strings.TrimPrefix(o.Key, "**/")
		i := strings.LastIndex(key, o.Name)
		if o.Key == "" || i < 0 {
			continue
		}
		to := l.described(o.Name, l.declared.catalog(o.Name, o.Spec))
		if to == nil {
			continue
		}
		count := func(by string) {
			one := asked{o.Name, by, strings.TrimPrefix(key[i+len(o.Name):], "@")}
			if _, first := l.replaced[one]; !first {
				l.replaced[one] = yarnReplacement{order, to}
			}
		}
		parent := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(key[:i], "/"), "**"), "/")
		name, _, _ := splitName(parent)
		if parent == "" {
			count("")
			continue
		}
		// The last of several parents is the one that asks; it may have a scope.
		cut := strings.LastIndexByte(name, '/')
		if name[cut+1:] != "" {
			count(name[cut+1:])
		}
		if cut >= 0 {
			count(name[strings.LastIndexByte(name[:cut], '/')+1:])
		}
	}
}
