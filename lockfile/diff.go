package lockfile

import (
	"slices"
	"sort"
	"strings"
)

// Kind says what happened to a package between two lockfiles.
type Kind string

// The kinds of change. Replaced is the one to look at twice: the version
// stayed, but the hash or the source of the package did not. Moved is the same
// package from the same source at another place, under another name, for
// another package, or now in production.
const (
	Added      Kind = "added"
	Removed    Kind = "removed"
	Upgraded   Kind = "upgraded"
	Downgraded Kind = "downgraded"
	Replaced   Kind = "replaced"
	Moved      Kind = "moved"
)

// Change is one package version that came, went, moved, or took another's
// place. Places that changed alike are one Change.
type Change struct {
	Kind Kind
	// Name is the package's own name, not its alias.
	Name string
	// From and To are versions; From is empty for added, To for removed.
	From, To string
	// Direct: the project or a workspace declares it. Dev: only development
	// needs it. Both in HEAD, in BASE for removed.
	Direct, Dev bool
	// Optional and Bundled as in Entry.
	Optional, Bundled bool
	// Purpose as in Entry.
	Purpose Purpose
	// Locations are all the places it has in HEAD (BASE for removed); for
	// Moved and Replaced those that changed.
	Locations []string
	// Line and EndLine are the entry of Locations[0].
	Line, EndLine int
	// Lines are the first lines of all Locations, in the same order.
	Lines []int
	// Integrity and Resolved are those of Locations[0].
	Integrity, Resolved string
	// Why is the shortest path from the project, as "name@version".
	Why []string
	// Differences say in what the resolution or the place differs, where
	// there is an old one.
	Differences []Difference
	// Undeclared are names under which the package is installed although
	// nobody declared that they stand for it.
	Undeclared []Undeclared

	// Entries are the entries of all Locations.
	Entries []*Entry `json:"-"`
	// Old and New are the entries themselves: New is nil for removed, Old for
	// added.
	Old, New *Entry `json:"-"`
}

// Quiet reports whether the change brings nothing that could run and was not
// there: the same bytes at another place, from another host of the same
// registry, or by another transport. A package that comes to production, or
// has a new name, is not quiet.
func (c *Change) Quiet() bool {
	return c.Kind == Moved && len(c.Undeclared) == 0 && !slices.ContainsFunc(c.Differences, func(d Difference) bool {
		return d.What == "scope" || d.What == "dependencies" || d.What == "bin"
	})
}

// version is what a package is known by inside one lockfile.
type version struct {
	name, version string
	// source tells packages apart that have no version or another source:
	// empty for a registry package.
	source string
}

// comparison compares two lockfiles.
type comparison struct {
	base, head    *Lockfile
	before, after map[version][]*Entry
	keys          packing
	changes       []Change
	// of are the changes of a package version of HEAD, by their index.
	of map[version][]int
	// paths of both sides, made when the first change needs them.
	basePaths, headPaths *Paths
}

// Compare lists what changed from base to head, sorted by name and version.
// Either side may be nil: a lockfile that was added or deleted.
func Compare(base, head *Lockfile) []Change {
	c := &comparison{base: base, head: head, before: group(base), after: group(head), of: map[version][]int{}}
	if base != nil && head != nil {
		c.keys = packing{base.cacheKey, head.cacheKey}
	}
	c.versions()
	if base != nil && head != nil {
		c.moves()
	}
	if head != nil {
		c.undeclared()
	}
	sort.SliceStable(c.changes, func(i, j int) bool {
		a, b := &c.changes[i], &c.changes[j]
		if a.Name != b.Name {
			return a.Name < b.Name
		}
		if c := CompareVersions(a.To, b.To); c != 0 {
			return c < 0
		}
		if c := CompareVersions(a.From, b.From); c != 0 {
			return c < 0
		}
		return a.Kind < b.Kind
	})
	return c.changes
}

// versions finds the package versions that came and went, and those whose
// bytes or source changed.
func (c *comparison) versions() {
	var gone, came []version
	for v := range c.before {
		if _, ok := c.after[v]; !ok {
			gone = append(gone, v)
		}
	}
	for v, entries := range c.after {
		if old, ok := c.before[v]; !ok {
			came = append(came, v)
		} else {
			c.replacements(old, entries)
		}
	}
	sortVersions(gone)
	sortVersions(came)
	taken := map[version]bool{}
	pairs := pair(gone, came, c.before, c.after)
	for _, v := range came {
		entries := c.after[v]
		from, ok := pairs[v]
		if !ok {
			c.add(Added, nil, entries)
			continue
		}
		taken[from] = true
		old := c.before[from][0]
		change := c.add(direction(from.version, v.version), old, entries)
		change.Differences = sourceChanges(old, entries[0])
	}
	for _, v := range gone {
		if !taken[v] {
			c.add(Removed, nil, c.before[v])
		}
	}
}

// sourceChanges are the respects in which an update changes where the package
// comes from; that its URL and hash differ is in the nature of one.
func sourceChanges(o, n *Entry) []Difference {
	var out []Difference
	if o.Source() != n.Source() {
		out = append(out, Difference{"source", o.Source().String(), n.Source().String()})
	}
	if o.Registry != n.Registry {
		out = append(out, Difference{"registry", o.Registry, n.Registry})
	}
	if a, b := o.Host(), n.Host(); a != b && !(o.Resolution().usual() && n.Resolution().usual()) {
		out = append(out, Difference{"host", a, b})
	}
	if o.Patch != n.Patch {
		out = append(out, Difference{"patch", o.Patch, n.Patch})
	}
	return out
}

// maxContents is how many different old resolutions of one version a new one
// is compared with, to find the nearest; an honest lockfile has one. What is
// not compared counts as different.
const maxContents = 64

// replacements adds the places of one version whose resolution changed: each
// is compared with what was at the same place, or else with the nearest.
func (c *comparison) replacements(old, entries []*Entry) {
	known := map[Resolution]*Entry{}
	at := map[string]*Entry{}
	var distinct []*Entry
	for _, o := range old {
		at[o.Location] = o
		if r := o.Resolution(); known[r] == nil {
			known[r] = o
			distinct = append(distinct, o)
		}
	}
	distinct = distinct[:min(len(distinct), maxContents)]
	type replaced struct {
		old         *Entry
		resolution  Resolution
		entries     []*Entry
		differences []Difference
	}
	var list []*replaced
	index := map[[2]Resolution]*replaced{}
	for _, e := range entries {
		r := e.Resolution()
		o := at[e.Location]
		if o == nil {
			if known[r] != nil {
				continue
			}
			o = c.nearest(distinct, e)
		}
		was := o.Resolution()
		if was == r {
			continue
		}
		key := [2]Resolution{was, r}
		if index[key] == nil {
			index[key] = &replaced{old: o, resolution: r, differences: differences(o, e, c.keys)}
			list = append(list, index[key])
		}
		index[key].entries = append(index[key].entries, e)
	}
	for _, one := range list {
		if len(one.differences) == 0 {
			continue
		}
		kind := Replaced
		if SameBytes(one.old.Resolution(), one.resolution) && !slices.ContainsFunc(one.differences, func(d Difference) bool {
			return d.What != "host" && d.What != "transport" && !(d.What == "url" && one.resolution.usual())
		}) {
			kind = Moved
		}
		change := c.add(kind, one.old, one.entries)
		change.Differences = one.differences
	}
}

// nearest is the old entry from which e differs least.
func (c *comparison) nearest(distinct []*Entry, e *Entry) *Entry {
	best, least := distinct[0], -1
	for _, o := range distinct {
		if n := len(differences(o, e, c.keys)); least < 0 || n < least {
			best, least = o, n
		}
	}
	return best
}

// add appends a change and returns it, to be completed before the next one.
func (c *comparison) add(kind Kind, old *Entry, entries []*Entry) *Change {
	lock, paths := c.head, &c.headPaths
	if kind == Removed {
		lock, paths = c.base, &c.basePaths
	}
	if *paths == nil {
		*paths = lock.Paths()
	}
	if kind != Removed {
		v := keyOf(entries[0])
		c.of[v] = append(c.of[v], len(c.changes))
	}
	c.changes = append(c.changes, describeChange(kind, old, entries, *paths))
	return &c.changes[len(c.changes)-1]
}

// group collects the entries of each package version. A link and its target
// are one package.
func group(lock *Lockfile) map[version][]*Entry {
	if lock == nil {
		return nil
	}
	m := make(map[version][]*Entry, len(lock.Entries))
	for _, e := range lock.Entries {
		v := keyOf(e)
		m[v] = append(m[v], e)
	}
	return m
}

func keyOf(e *Entry) version {
	v := version{e.Package, e.Version, ""}
	if e.Version == "" && e.Source() != Local {
		// The reference is part of what a git dependency is, but a change of it
		// under one version is a replacement: only entries without a version
		// are told apart by it.
		v.source = e.Resolved
	}
	return v
}

func direction(from, to string) Kind {
	switch c := CompareVersions(from, to); {
	case c < 0:
		return Upgraded
	case c > 0:
		return Downgraded
	}
	return Replaced
}

func describeChange(kind Kind, old *Entry, entries []*Entry, paths *Paths) Change {
	e := entries[0]
	nearest := entries[0]
	dev, direct := true, false
	c := Change{Kind: kind, Name: e.Package, Purpose: e.Purpose}
	for _, x := range entries {
		if paths.nearer(x, nearest) {
			nearest = x
		}
		dev = dev && x.Dev
		direct = direct || paths.Direct(x)
		c.Optional = c.Optional || x.Optional
		c.Locations = append(c.Locations, x.Location)
		c.Lines = append(c.Lines, x.Line)
		c.Entries = append(c.Entries, x)
	}
	c.Dev, c.Direct, c.Why = dev, direct, paths.Why(nearest)
	c.Line, c.EndLine = e.Line, e.EndLine
	c.Integrity, c.Resolved, c.Bundled = e.Integrity, e.Resolved, e.Bundled
	if kind == Removed {
		c.From, c.Old = e.Version, e
		return c
	}
	c.To, c.New, c.Old = e.Version, e, old
	if old != nil {
		c.From = old.Version
	}
	return c
}

// describeUser is how a package is called that asks for another one.
func describeUser(e *Entry, root *Entry) string {
	switch {
	case e == root:
		return "the project"
	case e.Source() == Local && e.Location != "" && !strings.Contains("/"+e.Location, "/node_modules/"):
		return e.Location
	}
	return e.ID()
}
