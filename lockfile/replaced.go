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
