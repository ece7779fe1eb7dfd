package settings

import (
	"slices"
	"strings"
)

// Compare lists what a change of settings opens, changes and closes, in the
// order of files and lines.
func Compare(base, head Settings) []Change {
	c := comparison{base: &base, head: &head}
	if b, h := base.clients(), head.clients(); b != 0 && h != 0 {
		// Where one side does not say, a change cannot narrow it down.
		c.used = b | h
	}
	c.keepUnread()
	c.values()
	c.named()
	c.scripts()
	c.files()
	c.unread()
	slices.SortStableFunc(c.changes, func(a, b Change) int {
		if n := strings.Compare(a.File, b.File); n != 0 {
			return n
		}
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		if n := strings.Compare(a.ID, b.ID); n != 0 {
			return n
		}
		return strings.Compare(a.Key, b.Key)
	})
	return c.changes
}
