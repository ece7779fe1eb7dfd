package lockfile

import "slices"

// pair finds for each version that came the one whose place it took: at the
// same location first, else the nearest of the same name that went. Both lists
// are sorted; the work grows with their length only.
func (order ordering) pair(gone, came []version, before, after map[version][]*Entry) map[version]version {
	at := map[string]version{}
	left := map[string][]version{}
	for _, v := range gone {
		left[v.name] = append(left[v.name], v)
		for _, e := range before[v] {
			at[e.Location] = v
		}
	}
	pairs := map[version]version{}
	taken := map[version]bool{}
	for _, v := range came {
		for _, e := range after[v] {
			if old, ok := at[e.Location]; ok && old.name == v.name && !taken[old] {
				pairs[v], taken[old] = old, true
				break
			}
		}
	}
	// What is left of a name: the nearest lower version, else the lowest.
	type rest struct {
		lower, higher []version
	}
	rests := map[string]*rest{}
	for name, list := range left {
		rests[name] = &rest{higher: slices.DeleteFunc(list, func(v version) bool { return taken[v] })}
	}
	for _, v := range came {
		r := rests[v.name]
		if _, done := pairs[v]; done || r == nil {
			continue
		}
		for len(r.higher) > 0 && order.compare(r.higher[0].version, v.version) <= 0 {
			r.lower, r.higher = append(r.lower, r.higher[0]), r.higher[1:]
		}
		switch n := len(r.lower); {
		case n > 0:
			pairs[v], r.lower = r.lower[n-1], r.lower[:n-1]
		case len(r.higher) > 0:
			pairs[v], r.higher = r.higher[0], r.higher[1:]
		}
	}
	return pairs
}
