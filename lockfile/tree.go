package lockfile

import (
	"slices"
	"sort"
	"strings"

	"github.com/lockwarden/lockwarden/glob"
)

// index builds what Resolve walks: for each entry its parent (the entry whose
// node_modules it is in, or the folder around a workspace) and for each
// parent its children by name.
func (lock *Lockfile) index() {
	lock.children = make(map[childKey]*Entry, len(lock.Entries))
	lock.parents = make(map[*Entry]*Entry, len(lock.Entries))
	if lock.Root == nil {
		lock.Root = &Entry{Line: 1}
	}
	lock.byLocation[""] = lock.Root
	for _, e := range lock.Entries {
		parent, inModules := lock.parentOf(e.Location)
		lock.parents[e] = parent
		if inModules {
			lock.children[childKey{parent, e.Name}] = e
		}
	}
	lock.link()
}

// link resolves all dependencies in one walk over the tree, which keeps for
// each name the entry that is nearest. Asking Resolve for each would cost the
// depth of the tree every time.
func (lock *Lockfile) link() {
	below := make(map[*Entry][]*Entry, len(lock.Entries)/4)
	for _, e := range lock.Entries {
		below[lock.parents[e]] = append(below[lock.parents[e]], e)
	}
	nearest := make(map[string]*Entry, len(lock.Entries))
	lock.room()
	var visit func(e *Entry)
	visit = func(e *Entry) {
		var hidden []*Entry
		for _, child := range below[e] {
			if lock.children[childKey{e, child.Name}] == child {
				hidden = append(hidden, nearest[child.Name])
				nearest[child.Name] = child
			}
		}
		for i, d := range e.Dependencies {
			e.to[i] = nearest[d.Name]
		}
		for _, child := range below[e] {
			visit(child)
		}
		for _, child := range below[e] {
			if lock.children[childKey{e, child.Name}] == child {
				nearest[child.Name], hidden = hidden[0], hidden[1:]
			}
		}
	}
	visit(lock.Root)
	lock.connect()
}

// room gives each entry place for what its dependencies resolve to: one piece
// for all.
func (lock *Lockfile) room() {
	n := len(lock.Root.Dependencies)
	for _, e := range lock.Entries {
		n += len(e.Dependencies)
	}
	to := make([]*Entry, n)
	take := func(e *Entry) {
		n := len(e.Dependencies)
		e.to, to = to[:n:n], to[n:]
	}
	take(lock.Root)
	for _, e := range lock.Entries {
		take(e)
	}
}

// connect makes the edges of all entries, in one piece as well.
func (lock *Lockfile) connect() {
	lock.Root.out = lock.edgesOf(lock.Root, nil)
	n := 0
	for _, e := range lock.Entries {
		n += len(e.Dependencies)
	}
	out := make([]edge, 0, n)
	for _, e := range lock.Entries {
		e.out = lock.edgesOf(e, out[len(out):])
		out = out[:len(out)+len(e.out)]
		e.out = slices.Clip(e.out)
	}
}

// parentOf finds the entry that contains location, and whether location is in
// that entry's own node_modules.
func (lock *Lockfile) parentOf(location string) (*Entry, bool) {
	const dir = "node_modules/"
	if i := strings.LastIndex(location, dir); i >= 0 && (i == 0 || location[i-1] == '/') {
		folder := strings.TrimSuffix(location[:i], "/")
		rest := location[i+len(dir):]
		single := !strings.Contains(rest, "/") || (rest[0] == '@' && strings.Count(rest, "/") == 1)
		if e := lock.byLocation[folder]; e != nil && single {
			return e, true
		}
	}
	for location != "" {
		i := strings.LastIndexByte(location, '/')
		if i < 0 {
			return lock.Root, false
		}
		location = location[:i]
		if e := lock.byLocation[location]; e != nil && !e.Link {
			return e, false
		}
	}
	return lock.Root, false
}

// Resolve finds what require(name) means inside from: the nearest node_modules
// folder that has it, walking up. It returns nil where nothing is installed.
func (lock *Lockfile) Resolve(from *Entry, name string) *Entry {
	if lock.resolved != nil {
		return lock.resolved[childKey{from, name}]
	}
	for e := from; e != nil; e = lock.parents[e] {
		if to := lock.children[childKey{e, name}]; to != nil {
			return to
		}
	}
	return nil
}

// Target is the entry that a link points to, nil where the lockfile lacks it.
func (lock *Lockfile) Target(link *Entry) *Entry {
	if !link.Link {
		return nil
	}
	return lock.byLocation[strings.TrimPrefix(link.Resolved, "./")]
}

// edges are the resolved dependencies of e as Arborist loads them: one for
// each name, the later kind winning; development dependencies only of the
// root and of workspaces; the root also depends on its workspaces.
func (lock *Lockfile) edges(e *Entry) []edge { return e.out }

// edgesOf appends to out, which is empty.
func (lock *Lockfile) edgesOf(e *Entry, out []edge) []edge {
	if e.Link || e != lock.Root && len(e.Dependencies) == 0 {
		return nil
	}
	top := e == lock.Root || lock.isTop(e)
	at := func(string) (int, bool) { return 0, false }
	seen := func(string) {}
	if len(e.Dependencies) > 8 || e == lock.Root {
		places := make(map[string]int, len(e.Dependencies))
		at = func(name string) (int, bool) { i, ok := places[name]; return i, ok }
		seen = func(name string) { places[name] = len(out) }
	} else {
		var few [8]string
		at = func(name string) (int, bool) {
			i := slices.Index(few[:len(out)], name)
			return i, i >= 0
		}
		seen = func(name string) { few[len(out)] = name }
	}
	add := func(name string, kind DependencyKind, to *Entry) {
		if to == nil {
			return
		}
		if i, dup := at(name); dup {
			if out[i].kind != Workspace && lock.Format.outranks(kind, out[i].kind) {
				out[i].kind = kind
			}
			return
		}
		seen(name)
		out = append(out, edge{to, kind})
	}
	if e == lock.Root {
		for _, w := range lock.Workspaces() {
			add(w.Name, Workspace, lock.Resolve(e, w.Name))
		}
	}
	if e == lock.Root {
		for _, m := range lock.members {
			out = append(out, edge{m, Workspace})
		}
	}
	for i, d := range e.Dependencies {
		if d.Kind != Dev || top {
			add(d.Name, d.Kind, e.to[i])
		}
	}
	return out
}

// isTop reports whether e is not inside any node_modules: a workspace or the
// target of a link.
func (lock *Lockfile) isTop(e *Entry) bool { return !inModules(e.Location) }

// Workspaces are the links to the project's own packages, in location order.
func (lock *Lockfile) Workspaces() []*Entry {
	if lock.Root == nil || len(lock.Root.workspaces) == 0 {
		return nil
	}
	match := glob.NewWorkspaces(lock.Root.workspaces).Match
	if lock.Format == Bun { // which names the folders themselves
		match = setOf(lock.Root.workspaces)
	}
	var out []*Entry
	for _, e := range lock.Entries {
		if e.Link && strings.HasPrefix(e.Location, "node_modules/") && lock.parents[e] == lock.Root {
			if t := lock.Target(e); t != nil && lock.isTop(t) && match(t.Location) {
				out = append(out, e)
			}
		}
	}
	return out
}

// recomputeFlags is Arborist's calcDepFlags: start with every flag set, walk
// out from the root, and unset what an edge proves wrong.
func (lock *Lockfile) recomputeFlags() {
	for _, e := range lock.Entries {
		e.Extraneous, e.Dev, e.Optional, e.DevOptional, e.Peer = true, true, true, true, true
	}
	root := lock.Root
	root.Extraneous, root.Dev, root.Optional, root.DevOptional, root.Peer = false, false, false, false, false
	seen := map[*Entry]bool{}
	queue := []*Entry{root}
	unset := func(flag *bool, when bool, changed *bool) {
		if *flag && when {
			*flag = false
			*changed = true
		}
	}
	for len(queue) > 0 {
		e := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		seen[e] = true
		if !e.Extraneous {
			for p := lock.parents[e]; p != nil && p.Extraneous; p = lock.parents[p] {
				p.Extraneous = false
			}
		}
		if e.Link {
			t := lock.Target(e)
			if t == nil {
				continue
			}
			changed := false
			unset(&t.Dev, !e.Dev, &changed)
			unset(&t.Optional, !e.Optional, &changed)
			unset(&t.DevOptional, !e.DevOptional, &changed)
			unset(&t.Peer, !e.Peer, &changed)
			unset(&t.Extraneous, !e.Extraneous, &changed)
			if changed || !seen[t] {
				queue = append(queue, t)
			}
			continue
		}
		for _, x := range lock.edges(e) {
			peer := x.kind == Peer || x.kind == PeerOptional
			optional := x.kind == Optional || x.kind == PeerOptional
			dev := x.kind == Dev
			changed := false
			unset(&x.to.Extraneous, !e.Extraneous && !(peer && optional), &changed)
			unset(&x.to.Dev, !e.Dev && !dev, &changed)
			unset(&x.to.Optional, !e.Optional && !optional, &changed)
			unset(&x.to.DevOptional, !e.DevOptional && !e.Dev && !e.Optional && !dev && !optional, &changed)
			unset(&x.to.Peer, !e.Peer && !peer, &changed)
			if changed {
				queue = append(queue, x.to)
			}
		}
	}
	for e := range seen {
		if e != root && e.DevOptional && (e.Dev || e.Optional) {
			e.DevOptional = false
		}
	}
}

// markBundled decides which entries are shipped inside their parent, as
// Arborist's getBundler does: named in the parent's bundleDependencies, below
// such a one, or needed by one and hoisted no further than the bundling
// package.
func (lock *Lockfile) markBundled() {
	bundles := lock.Root.Bundles != nil
	for _, e := range lock.Entries {
		bundles = bundles || e.Bundles != nil
	}
	if lock.Version < 2 {
		// Version 1 marks bundled entries itself; Arborist turns the marks of
		// those that the parent asks for into the parent's list.
		declares := map[*Entry]func(string) bool{}
		for _, e := range lock.Entries {
			parent := lock.parents[e]
			if !e.Bundled || parent == nil || parent.Bundled {
				continue
			}
			if declares[parent] == nil {
				declares[parent] = setOf(namesOf(parent.Dependencies))
			}
			if declares[parent](e.Name) || parent == lock.Root {
				parent.Bundles = append(parent.Bundles, e.Name)
				bundles = true
			}
		}
	}
	if !bundles {
		for _, e := range lock.Entries {
			e.Bundled = false
		}
		return
	}
	// From the entries that a parent names, outwards: what is installed below
	// a bundled entry, and what a bundled entry needs and finds beside itself,
	// belongs to the same bundle. Each entry is visited once, so that no
	// lockfile can make this slow.
	bundler := make(map[*Entry]*Entry)
	var queue []*Entry
	take := func(e, by *Entry) {
		if _, done := bundler[e]; !done {
			bundler[e] = by
			queue = append(queue, e)
		}
	}
	below := map[*Entry][]*Entry{}
	named := map[*Entry]func(string) bool{}
	var first []*Entry
	for _, e := range lock.Entries {
		parent := lock.parents[e]
		if parent == nil || lock.children[childKey{parent, e.Name}] != e {
			continue
		}
		below[parent] = append(below[parent], e)
		if len(parent.Bundles) == 0 {
			continue
		}
		if named[parent] == nil {
			named[parent] = setOf(parent.Bundles)
		}
		if named[parent](e.Name) {
			first = append(first, e)
		}
	}
	// Of bundles in bundles the outermost counts.
	depth := make(map[*Entry]int, len(first))
	for _, e := range first {
		depth[e] = strings.Count(e.Location, "node_modules/")
	}
	slices.SortStableFunc(first, func(a, b *Entry) int { return depth[a] - depth[b] })
	for _, e := range first {
		take(e, lock.parents[e])
		for len(queue) > 0 {
			e := queue[0]
			queue = queue[1:]
			by := bundler[e]
			for _, child := range below[e] {
				take(child, by)
			}
			for _, x := range lock.edges(e) {
				if lock.parents[x.to] == by && lock.children[childKey{by, x.to.Name}] == x.to {
					take(x.to, by)
				}
			}
		}
	}
	for _, e := range lock.Entries {
		e.Bundled = bundler[e] != nil
	}
}

func namesOf(list []Dependency) []string {
	out := make([]string, len(list))
	for i, d := range list {
		out[i] = d.Name
	}
	return out
}

// setOf reports of a value whether it is in a list that may be long, at a cost
// that does not grow with it.
func setOf[T comparable](list []T) func(T) bool {
	if len(list) <= 16 {
		return func(v T) bool { return slices.Contains(list, v) }
	}
	set := make(map[T]bool, len(list))
	for _, v := range list {
		set[v] = true
	}
	return func(v T) bool { return set[v] }
}

// finish gives links what Arborist gives them, their target's values, and
// sorts the entries by location.
func (lock *Lockfile) finish() {
	for _, e := range lock.Entries {
		if !e.Link {
			continue
		}
		if t := lock.Target(e); t != nil {
			e.Package, e.Version = t.Package, t.Version
			if !lock.suspect {
				e.Dev, e.Optional, e.DevOptional, e.Peer, e.Extraneous = t.Dev, t.Optional, t.DevOptional, t.Peer, t.Extraneous
			}
		}
		if e.Package == "" {
			e.Package = e.Name
		}
	}
	sort.Slice(lock.Entries, func(i, j int) bool { return lock.Entries[i].Location < lock.Entries[j].Location })
}

// isPart reports whether an entry is one of the project's own folders.
func (lock *Lockfile) isPart(e *Entry) bool { return e.Source() == Local && lock.isTop(e) }
