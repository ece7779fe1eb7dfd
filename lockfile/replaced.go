package lockfile

import "slices"

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
	c.order.sort(gone)
	c.order.sort(came)
	taken := map[version]bool{}
	pairs := c.order.pair(gone, came, c.before, c.after)
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
	if len(old) == 1 && len(entries) == 1 && old[0].Resolution() == entries[0].Resolution() {
		return
	}
	entries = installed(entries)
	known, used := map[Resolution]bool{}, map[Resolution]bool{}
	at := map[string]resolved{}
	var distinct []resolved
	for _, o := range old {
		one := resolved{o, o.Resolution()}
		at[o.Location] = one
		if !known[one.is] {
			known[one.is] = true
			distinct = append(distinct, one)
		}
	}
	all := distinct
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
		o, ok := at[e.Location]
		if !ok {
			if known[r] {
				continue
			}
			o = c.nearest(distinct, resolved{e, r})
		}
		if o.is == r {
			continue
		}
		key := [2]Resolution{o.is, r}
		used[o.is] = true
		if index[key] == nil {
			index[key] = &replaced{old: o.e, resolution: r, differences: c.keys.differences(o.e, e, o.is, r)}
			list = append(list, index[key])
		}
		index[key].entries = append(index[key].entries, e)
	}
	if c.base.resolved != nil && c.head.resolved != nil {
		// Of several contents of one version one went: whoever got it gets
		// another one now. In a tree, the places say so.
		is := map[Resolution]bool{}
		for _, e := range entries {
			is[e.Resolution()] = true
			delete(at, e.Location)
		}
		to := entries[0].Resolution()
		for _, o := range all {
			if _, gone := at[o.e.Location]; gone && !is[o.is] && !used[o.is] {
				list = append(list, &replaced{o.e, to, entries[:1], c.keys.differences(o.e, entries[0], o.is, to)})
			}
		}
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

// nearest is the old entry from which a new one differs least.
func (c *comparison) nearest(distinct []resolved, now resolved) resolved {
	best, least := distinct[0], -1
	for _, o := range distinct {
		if n := len(c.keys.differences(o.e, now.e, o.is, now.is)); least < 0 || n < least {
			best, least = o, n
		}
	}
	return best
}

func direction(from, to string) Kind {
	if from == "" || to == "" {
		return Replaced // a folder or a commit, whose version is not known
	}
	switch c := CompareVersions(from, to); {
	case c < 0:
		return Upgraded
	case c > 0:
		return Downgraded
	}
	return Replaced
}

// resolved is an entry with its resolution.
type resolved struct {
	e  *Entry
	is Resolution
}
