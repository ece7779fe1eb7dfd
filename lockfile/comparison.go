package lockfile

import "slices"

// comparison compares two lockfiles.
type comparison struct {
	base, head    *Lockfile
	before, after map[version][]*Entry
	keys          packing
	order         ordering
	changes       []Change
	// of are the changes of a package version of HEAD, by their index.
	of map[version][]int
	// paths of both sides, made when the first change needs them.
	basePaths, headPaths *Paths
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

// Repacked is the oddity that all checksums of a lockfile changed together,
// because Yarn packs its archives in another way; false where it does not.
func Repacked(base, head *Lockfile) (Oddity, bool) {
	if base == nil || head == nil || base.Format != Yarn || base.cacheKey == head.cacheKey || base.cacheKey == "" {
		return Oddity{}, false
	}
	return Oddity{Kind: OddRepacked, Line: 1, What: base.cacheKey + " → " + orNone(head.cacheKey)}, true
}

// Filled lists the entries of a registry whose hash was filled in, and that did
// not change otherwise, as Replaced changes: package managers do that, and so
// could anybody, with the hash of another file. Only the registry can tell.
func Filled(base, head *Lockfile) []Change {
	if base == nil || head == nil {
		return nil
	}
	c := &comparison{base: base, head: head, before: group(base), after: group(head), of: map[version][]int{}}
	for _, e := range head.Entries {
		if e.Source() != Registry || e.Integrity == "" {
			continue
		}
		o := base.byLocation[e.Location]
		if o == nil || o.Integrity != "" || o.Package != e.Package || o.Version != e.Version ||
			o.Source() != Registry || len(differences(o, e, packing{})) > 0 {
			continue
		}
		change := c.add(Replaced, o, []*Entry{e})
		change.Differences = []Difference{{"integrity", "", e.Integrity}}
	}
	return c.changes
}

func orNone(key string) string {
	if key == "" {
		return "none"
	}
	return key
}

// installed leaves out the folders that links among the entries lead to: the
// link is what is installed.
func installed(entries []*Entry) []*Entry {
	if !slices.ContainsFunc(entries, func(e *Entry) bool { return e.Link }) {
		return entries
	}
	var out []*Entry
	for _, e := range entries {
		if e.Link || e.Source() != Local {
			out = append(out, e)
		}
	}
	return out
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
