package lockfile

import (
	"sort"
	"strings"
)

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
