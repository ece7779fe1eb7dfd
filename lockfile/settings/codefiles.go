package settings

import (
	"path"
	"slices"
	"strings"
)

// keepUnread lets files that cannot be read in head say what they said before:
// that they cannot be read is a change of its own.
func (c *comparison) keepUnread() {
	gone := map[string]bool{}
	for _, e := range c.head.Unread {
		gone[e.File] = true
	}
	if len(gone) == 0 {
		return
	}
	kept := *c.head
	kept.Statements = slices.Clone(kept.Statements)
	for _, s := range c.base.Statements {
		if gone[s.File] {
			kept.Statements = append(kept.Statements, s)
		}
	}
	c.head = &kept
}

// unread reports what cannot be read in head and could, or was another file,
// in base.
func (c *comparison) unread() {
	for _, e := range c.head.Unread {
		before, after := c.base.digests[e.File], c.head.digests[e.File]
		if before.sum == after.sum && before.sum != "" {
			continue
		}
		c.changes = append(c.changes, Change{
			ID: Unread, Topic: "unread", File: e.File, Line: e.Line, Direction: Opened, Key: e.File, To: clip(e.Msg), Added: before.sum == "",
		})
	}
}

// files compares what is only code or patch to this package.
func (c *comparison) files() {
	seen := map[string]bool{}
	for _, side := range []*Settings{c.head, c.base} {
		for name, d := range side.digests {
			if seen[name] || !d.kind.opaque() {
				continue
			}
			seen[name] = true
			c.file(name, d.kind)
		}
	}
}

func (c *comparison) file(name string, kind fileKind) {
	before, after := c.base.digests[name].sum, c.head.digests[name].sum
	if before == after || c.explained[name] && (before == "" || after == "") {
		return
	}
	if kind == buildsFile {
		// What it lists is compared by itself.
		return
	}
	change := Change{
		ID: CodeOnInstall, Topic: "file", File: name, Line: 1, Key: name, Direction: Changed,
		From: short(before), To: short(after), Added: before == "",
	}
	if kind == lockFile {
		change.ID, change.Direction, change.To = Unread, Opened, "it is a lockfile under a name of its own"
		change.InBase = after == ""
		c.changes = append(c.changes, change)
		return
	}
	if kind == patchFile {
		change.ID = Patch
		change.Packages = []string{patchedName(name)}
	}
	switch {
	case before == "":
		change.Direction = Opened
	case after == "":
		if kind == patchFile {
			return // the package is as it was published again
		}
		change.ID, change.Direction, change.InBase = GuardClosed, Closed, true
	}
	c.changes = append(c.changes, change)
}

// patchedName is the package that a patch file is about, as package managers
// call the files: a.patch, a@1.0.0.patch, a-npm-1.0.0-0123456789.patch.
func patchedName(file string) string {
	name := strings.TrimSuffix(path.Base(file), path.Ext(file))
	if i := strings.LastIndex(name, "-npm-"); i > 0 {
		name = name[:i]
	}
	return name
}
