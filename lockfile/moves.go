package lockfile

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// What changed although no package version came, went or was replaced: who
// gets which one, and where it is put. A lockfile can make an old version, or a
// package of another name, the one that some package loads.

// user is who asks for a package: the package of a version, or a part of the
// project.
type user struct {
	version
	// part is the folder of a part of the project, "." for the project.
	part string
}

// usage is one name that a user asks for.
type usage struct {
	by   user
	name string
}

// usages is what the users of a lockfile get.
type usages struct {
	gets map[usage][]version
	is   map[user]bool
}

func userOf(lock *Lockfile, e *Entry) user {
	switch {
	case e == lock.Root:
		return user{part: "."}
	case e.Source() == Local && lock.isTop(e):
		return user{part: e.Location}
	}
	return user{version: keyOf(e)}
}

// visitUses calls yield for each dependency of each entry that is installed.
func (lock *Lockfile) visitUses(yield func(by *Entry, d Dependency, to *Entry)) {
	visit := func(e *Entry) {
		if e.Link {
			return
		}
		top := e == lock.Root || lock.isTop(e)
		for _, d := range e.Dependencies {
			if d.Kind == Dev && !top || strings.HasPrefix(d.Name, "node_modules/") {
				continue
			}
			if to := lock.Resolve(e, d.Name); to != nil {
				yield(e, d, to)
			}
		}
	}
	visit(lock.Root)
	for _, e := range lock.Entries {
		visit(e)
	}
}

func usesOf(lock *Lockfile) usages {
	u := usages{make(map[usage][]version, 2*len(lock.Entries)), make(map[user]bool, len(lock.Entries))}
	var last *Entry
	var by user
	u.is[user{part: "."}] = true
	for _, e := range lock.Entries {
		if !e.Link {
			u.is[userOf(lock, e)] = true
		}
	}
	lock.visitUses(func(e *Entry, d Dependency, to *Entry) {
		if e != last {
			last, by = e, userOf(lock, e)
		}
		key, v := usage{by, d.Name}, keyOf(to)
		if had := u.gets[key]; len(had) == 0 || !slices.Contains(had, v) {
			u.gets[key] = append(had, v)
		}
	})
	return u
}

// maxDifferences is how many differences of one change are listed; how many
// there are beyond is said in the last one.
const maxDifferences = 20

// moves adds the changes of place.
func (c *comparison) moves() {
	old, now := usesOf(c.base), usesOf(c.head)
	found := map[version][]Difference{}
	note := func(v version, d Difference) { found[v] = append(found[v], d) }
	for key, gets := range now.gets {
		had := old.gets[key]
		if !old.is[key.by] || slices.Equal(had, gets) {
			continue
		}
		for _, v := range gets {
			if slices.Contains(had, v) || c.before[v] == nil {
				continue // what came is a change of its own
			}
			note(v, Difference{"user", ids(had), key.by.as(key.name, v)})
		}
	}
	for key, had := range old.gets {
		if !now.is[key.by] || len(now.gets[key]) > 0 {
			continue
		}
		for _, v := range had {
			if c.after[v] != nil {
				note(v, Difference{"user", key.by.as(key.name, v), ""})
			}
		}
	}
	for v, entries := range c.after {
		before := c.before[v]
		if before == nil {
			continue
		}
		if allDev(before) && !allDev(entries) {
			note(v, Difference{"scope", "development", "production"})
		}
		if c.head.resolved == nil && c.base.resolved == nil {
			c.places(before, entries, func(d Difference) { note(v, d) })
		}
		if c.base.Format == c.head.Format && c.base.Version == c.head.Version {
			c.claims(before, entries, func(d Difference) { note(v, d) })
		}
	}
	for v, list := range found {
		slices.SortFunc(list, func(a, b Difference) int {
			if n := importance(a) - importance(b); n != 0 {
				return n
			}
			return strings.Compare(a.What+"\x00"+a.To+"\x00"+a.From, b.What+"\x00"+b.To+"\x00"+b.From)
		})
		c.moved(v, list)
	}
}

// moved adds a change of place, or what is different to the change that the
// package has already.
func (c *comparison) moved(v version, list []Difference) {
	if len(list) > maxDifferences {
		rest := len(list) - maxDifferences
		list = append(list[:maxDifferences:maxDifferences], Difference{"more", "", strconv.Itoa(rest)})
	}
	for _, i := range c.of[v] {
		if c.changes[i].Kind == Moved {
			c.changes[i].Differences = append(c.changes[i].Differences, list...)
			return
		}
	}
	change := c.add(Moved, c.before[v][0], c.after[v])
	change.Differences = list
}

// importance puts first what decides whether a change is Quiet: only places and
// users may be cut off, of which there can be any number.
func importance(d Difference) int {
	switch d.What {
	case "user":
		return 1
	case "place":
		return 2
	}
	return 0
}

// places finds folders that gained or lost a package.
func (c *comparison) places(before, entries []*Entry, note func(Difference)) {
	if len(before) == 1 && len(entries) == 1 && before[0].Location == entries[0].Location {
		return
	}
	was := map[string]bool{}
	for _, o := range before {
		was[o.Location] = true
	}
	for _, e := range entries {
		if !was[e.Location] {
			note(Difference{"place", "", e.Location})
		}
		delete(was, e.Location)
	}
	for location := range was {
		note(Difference{"place", location, ""})
	}
}

// claims finds what the lockfile says otherwise of a package that is the same:
// what it asks for, which commands it brings, and for which systems it is.
// Package managers act on it, and it never changes by itself.
func (c *comparison) claims(before, entries []*Entry, note func(Difference)) {
	at := map[string]*Entry{}
	if len(before) > 1 {
		for _, o := range before {
			at[o.Location] = o
		}
	}
	for _, e := range entries {
		o := before[0]
		if len(before) > 1 && at[e.Location] != nil {
			o = at[e.Location]
		}
		if o.Source() == Local || o.Resolution() != e.Resolution() {
			continue
		}
		if c.head.Format != Pnpm && !slices.Equal(o.Dependencies, e.Dependencies) {
			if was, is := asks(o), asks(e); was != is {
				note(Difference{"dependencies", was, is})
			}
		}
		if !maps.Equal(o.Bin, e.Bin) || o.hasBin != e.hasBin {
			note(Difference{"bin", commands(o), commands(e)})
		}
		if o.Optional != e.Optional || o.mayFail != e.mayFail {
			note(Difference{"optional", necessity(o), necessity(e)})
		}
		if o.Platforms != e.Platforms {
			note(Difference{"platforms", o.Platforms, e.Platforms})
		}
	}
}

// necessity says whether an installation goes on without the package: by who
// asks for it, and by the entry's own word.
func necessity(e *Entry) string {
	switch {
	case e.Optional && e.mayFail:
		return "optional"
	case e.Optional:
		return "optional, required by its entry"
	case e.mayFail:
		return "required, optional by its entry"
	}
	return "required"
}

// asks lists what an entry asks for, in one order.
func asks(e *Entry) string {
	var out []string
	for _, d := range e.Dependencies {
		if packageName.MatchString(d.Name) {
			kind := map[DependencyKind]string{Optional: " (optional)", Peer: " (peer)", PeerOptional: " (optional peer)"}[d.Kind]
			out = append(out, d.Name+"@"+d.Spec+kind)
		}
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), ", ")
}

// commands lists an entry's commands, in one order.
func commands(e *Entry) string {
	var out []string
	for name, file := range e.Bin {
		out = append(out, name+"="+file)
	}
	if e.hasBin {
		out = append(out, "its own")
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func allDev(entries []*Entry) bool {
	return !slices.ContainsFunc(entries, func(e *Entry) bool { return !e.Dev })
}

func ids(list []version) string {
	var out []string
	for _, v := range list {
		out = append(out, v.id())
	}
	return strings.Join(out, ", ")
}

// as says for whom a package is there, and under which name where that is
// another one: "debug@4.3.4", "debug@4.3.4 (as ms)".
func (u user) as(name string, v version) string {
	who := u.id()
	if u.part != "" {
		who = u.part
	}
	if name != v.name {
		who += " (as " + name + ")"
	}
	return who
}
