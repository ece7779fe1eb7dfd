package lockfile

import (
	"cmp"
	"slices"
	"strings"
)

// Compare lists what changed from base to head, sorted by name and version.
// Either side may be nil: a lockfile that was added or deleted.
func Compare(base, head *Lockfile) []Change {
	c := &comparison{base: base, head: head, before: group(base), after: group(head), of: map[version][]int{}, order: ordering{}}
	if base != nil && head != nil {
		c.keys = packing{base.cacheKey, head.cacheKey, base.Format == Yarn && base.Version < 6 && head.Version >= 6}
	}
	c.versions()
	if base != nil && head != nil {
		c.moves()
	}
	if head != nil {
		c.undeclared()
	}
	sorted := make([]*Change, len(c.changes))
	for i := range c.changes {
		sorted[i] = &c.changes[i]
	}
	// No two changes of one kind begin at the same place, so that the order is
	// that of the lockfiles and not of the maps above.
	slices.SortFunc(sorted, func(a, b *Change) int {
		if n := strings.Compare(a.Name, b.Name); n != 0 {
			return n
		}
		if n := c.order.compare(a.To, b.To); n != 0 {
			return n
		}
		if n := c.order.compare(a.From, b.From); n != 0 {
			return n
		}
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Locations[0], b.Locations[0]))
	})
	var out []Change
	for _, change := range sorted {
		out = append(out, *change)
	}
	return out
}
