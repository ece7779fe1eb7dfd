package settings

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// Direction says what a change does to what a package manager lets through.
type Direction uint8

// The directions.
const (
	// Opened: more is let through, or from elsewhere.
	Opened Direction = iota
	// Changed: something else is, neither more nor less as far as can be told.
	Changed
	// Closed: less is.
	Closed
)

// String is the lower-case word.
func (d Direction) String() string { return [...]string{"opened", "changed", "closed"}[d] }

// Change is one thing that a person decides by merging.
type Change struct {
	// ID is the issue, one of the constants of this package.
	ID string
	// Topic is what is decided, as Statement has it; "file" for code and
	// patches.
	Topic string
	// File and Line are where it stands: in head, or in base where InBase is
	// set, because the line is gone.
	File string
	Line int
	// Setting is the line of the setting where Line is one of its items; 0
	// otherwise.
	Setting int
	InBase  bool
	// Direction is what it does.
	Direction Direction
	// Key is the setting as people know it, or the path of a code file.
	Key string
	// From and To are the values as text; empty where there is none. No
	// secrets.
	From, To string
	// Packages are the names or patterns that are concerned: what may run
	// scripts, what is overridden, the scope of a registry.
	Packages []string
	// Host is where packages or secrets now go to or come from.
	Host string
	// Clients are the package managers that act on it: "npm", "pnpm", "Yarn",
	// "Bun".
	Clients []string
	// Redirect is set where an override leads to something else than a version
	// of the package itself.
	Redirect bool
	// Added is set where head has something that base did not have at all.
	Added bool
}

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

type comparison struct {
	base, head *Settings
	// used are the clients that both sides may use together; 0: not known.
	used    client
	changes []Change
	// explained are files whose change a statement tells already.
	explained map[string]bool
}

// subject is what statements of both sides are compared as.
type subject struct{ dir, topic, name string }

func (s *Statement) subject() subject { return subject{s.dir, s.Topic, s.Name} }

// sides are the statements of one subject.
type sides struct{ base, head []*Statement }

func (p sides) all() []*Statement { return append(p.base[:len(p.base):len(p.base)], p.head...) }

// pairs groups the statements that wanted picks, in a fixed order.
func (c *comparison) pairs(wanted func(*Statement) bool) (order []subject, by map[subject]*sides) {
	by = map[subject]*sides{}
	collect := func(s *Settings, add func(*sides, *Statement)) {
		for i := range s.Statements {
			statement := &s.Statements[i]
			if !wanted(statement) || c.readers(statement.by) == 0 {
				continue
			}
			key := statement.subject()
			if by[key] == nil {
				by[key] = &sides{}
				order = append(order, key)
			}
			add(by[key], statement)
		}
	}
	collect(c.head, func(p *sides, s *Statement) { p.head = append(p.head, s) })
	collect(c.base, func(p *sides, s *Statement) { p.base = append(p.base, s) })
	return order, by
}

// readers are those clients of a statement that this project may use. A file
// that only one family of clients reads says by itself that it is used; one
// that many read does not.
func (c *comparison) readers(by client) client {
	if c.used == 0 {
		return by
	}
	out := by & c.used
	if len(by.names()) == 1 {
		out |= by &^ c.used.widen()
	}
	return out
}

func (c *comparison) candidates(statements []*Statement) client {
	var out client
	for _, s := range statements {
		out |= c.readers(s.by)
	}
	return out
}

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

func (c *comparison) add(change Change, at *Statement, inBase bool, by client) {
	change.Topic, change.File, change.Line, change.Setting, change.InBase = at.Topic, at.File, at.Line, at.Setting, inBase
	if change.Key == "" {
		change.Key = at.Key
	}
	if change.Direction == Closed {
		change.ID = GuardClosed
	}
	change.Clients = by.names()
	c.changes = append(c.changes, change)
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
			if seen[name] || d.kind != codeFile && d.kind != patchFile {
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
	if kind == patchFile {
		change.ID = Patch
		change.Packages = []string{strings.TrimSuffix(path.Base(name), path.Ext(name))}
	}
	switch {
	case before == "":
		change.Direction = Opened
	case after == "":
		change.ID, change.Direction, change.InBase = GuardClosed, Closed, true
	}
	c.changes = append(c.changes, change)
}

// short is the beginning of a hash, for people to compare.
func short(sum string) string {
	if sum == "" {
		return ""
	}
	return "sha256 " + sum[:12] + "…"
}

// ageText says an age in the largest unit that fits.
func ageText(value, shown string) string {
	n, err := strconv.ParseFloat(value, 64)
	switch {
	case err != nil:
		return shown
	case n <= 0:
		return ""
	}
	for _, unit := range []struct {
		minutes float64
		one     string
	}{{minutesPerDay, "day"}, {60, "hour"}, {1, "minute"}, {1.0 / 60, "second"}} {
		if n >= unit.minutes {
			count := strconv.FormatFloat(float64(int64(n/unit.minutes*100+0.5))/100, 'f', -1, 64)
			if count == "1" {
				return "1 " + unit.one
			}
			return count + " " + unit.one + "s"
		}
	}
	return "less than a second"
}
