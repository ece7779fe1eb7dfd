package lockfile

import (
	"cmp"
	"maps"
	"path"
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

// usage is one name that a user asks for, who has a number.
type usage struct {
	by   int
	name string
}

// usages is what the users of a lockfile get, versions by their number.
type usages struct {
	gets map[usage][]int
	is   map[int]bool
}

// numbers give each version, and each user, a number: comparing and looking up
// four texts each time is most of the work otherwise.
type numbers struct {
	of       map[user]int
	users    []user
	versions map[*Entry]int
}

func (n *numbers) user(u user) int {
	number, ok := n.of[u]
	if !ok {
		number = len(n.users)
		n.of[u], n.users = number, append(n.users, u)
	}
	return number
}

// version is the number of an entry's version, as if it were a user.
func (n *numbers) version(e *Entry) int {
	number, ok := n.versions[e]
	if !ok {
		number = n.user(user{version: keyOf(e)})
		n.versions[e] = number
	}
	return number
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
		for i, d := range e.Dependencies {
			to := e.to[i]
			if to == nil || d.Kind == Dev && !top || strings.HasPrefix(d.Name, "node_modules/") {
				continue
			}
			yield(e, d, to)
		}
	}
	visit(lock.Root)
	for _, e := range lock.Entries {
		visit(e)
	}
}

func (n *numbers) usesOf(lock *Lockfile) usages {
	u := usages{make(map[usage][]int, 2*len(lock.Entries)), make(map[int]bool, len(lock.Entries))}
	many := map[usage]map[int]bool{}
	var last *Entry
	var by int
	u.is[n.user(user{part: "."})] = true
	for _, e := range lock.Entries {
		if !e.Link {
			u.is[n.user(userOf(lock, e))] = true
		}
	}
	lock.visitUses(func(e *Entry, d Dependency, to *Entry) {
		if e != last {
			last, by = e, n.user(userOf(lock, e))
		}
		key, v := usage{by, d.Name}, n.version(to)
		had := u.gets[key]
		switch {
		case len(had) < fewVersions:
			if slices.Contains(had, v) {
				return
			}
		case many[key] == nil:
			many[key] = make(map[int]bool, 2*fewVersions)
			for _, one := range had {
				many[key][one] = true
			}
			fallthrough
		default:
			if many[key][v] {
				return
			}
			many[key][v] = true
		}
		u.gets[key] = append(had, v)
	})
	return u
}

// fewVersions is how many versions one user gets under one name before they are
// looked up and no longer gone through: in a tree of folders each of a user's
// places can get another one.
const fewVersions = 16

// maxDifferences is how many differences of one change are listed; how many
// there are beyond is said in the last one.
const maxDifferences = 20

// moves adds the changes of place.
func (c *comparison) moves() {
	n := &numbers{of: make(map[user]int, len(c.head.Entries)), versions: make(map[*Entry]int, 2*len(c.head.Entries))}
	old, now := n.usesOf(c.base), n.usesOf(c.head)
	found := map[version][]Difference{}
	note := func(v version, d Difference) { found[v] = append(found[v], d) }
	for key, gets := range now.gets {
		had := old.gets[key]
		if !old.is[key.by] || slices.Equal(had, gets) {
			continue
		}
		contains, from := setOf(had), n.ids(had)
		for _, number := range gets {
			v := n.users[number].version
			if contains(number) || c.before[v] == nil {
				continue // what came is a change of its own
			}
			note(v, Difference{"user", from, n.users[key.by].as(key.name, v)})
		}
	}
	for key, had := range old.gets {
		if !now.is[key.by] || slices.ContainsFunc(now.gets[key], func(v int) bool { return c.after[n.users[v].version] != nil }) {
			continue // it gets nothing any more, or the project itself, which is no entry
		}
		for _, number := range had {
			if v := n.users[number].version; c.after[v] != nil {
				note(v, Difference{"user", n.users[key.by].as(key.name, v), ""})
			}
		}
	}
	for v, entries := range c.after {
		before := c.before[v]
		if before == nil {
			continue
		}
		if c.base.resolved != nil && c.head.resolved != nil && len(before) > 1 {
			c.variants(n, before, entries, old, now, note)
		}
		if allDev(before) && !allDev(entries) {
			note(v, Difference{"scope", "development", "production"})
		}
		if c.head.resolved == nil && c.base.resolved == nil {
			c.places(before, entries, func(d Difference) { note(v, d) })
		}
		if c.base.Format == c.head.Format {
			c.claims(before, entries, func(d Difference) { note(v, d) })
		}
	}
	c.variantEdges(note)
	for v, list := range found {
		slices.SortFunc(list, func(a, b Difference) int {
			if n := importance(a) - importance(b); n != 0 {
				return n
			}
			return cmp.Or(strings.Compare(a.What, b.What), strings.Compare(a.To, b.To), strings.Compare(a.From, b.From))
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

// variants finds what one of several entries of a version, beside another
// peer or from another registry, gets otherwise than before while all of them
// together get the same.
func (c *comparison) variants(n *numbers, before, entries []*Entry, old, now usages, note func(version, Difference)) {
	was := map[string]*Entry{}
	for _, o := range before {
		was[o.Location] = o
	}
	for _, e := range entries {
		o := was[e.Location]
		if o == nil || o.Link || e.Link {
			continue
		}
		by := n.version(e)
		for _, name := range eitherAsks(o, e) {
			from, to := c.base.resolved[childKey{o, name}], c.head.resolved[childKey{e, name}]
			if from == to || from != nil && to != nil && keyOf(from) == keyOf(to) || !sameSet(old.gets[usage{by, name}], now.gets[usage{by, name}]) {
				continue
			}
			user, had, gets := e.variant(), "", ""
			if from != nil {
				had = keyOf(from).id()
			}
			if to != nil {
				gets = user
				from = to
			} else {
				had = user
			}
			if v := keyOf(from); c.before[v] != nil && c.after[v] != nil {
				note(v, Difference{"user", had, gets})
			}
		}
	}
}

// variantEdges finds who gets another one of a version's entries beside other
// peers, where both were there and still are.
func (c *comparison) variantEdges(note func(version, Difference)) {
	if c.base.Format != Pnpm || c.head.Format != Pnpm {
		return
	}
	several := map[*Entry]version{}
	for v, entries := range c.after {
		if len(entries) > 1 && len(c.before[v]) > 1 {
			for _, e := range entries {
				several[e] = v
			}
		}
	}
	if len(several) == 0 {
		return
	}
	for _, e := range append([]*Entry{c.head.Root}, c.head.Entries...) {
		o := c.base.Root
		if e != c.head.Root {
			o = c.base.byLocation[e.Location]
		}
		if o == nil {
			continue
		}
		for i, d := range e.Dependencies {
			to := e.to[i]
			v, ok := several[to]
			if !ok {
				continue
			}
			from := c.base.resolved[childKey{o, d.Name}]
			if from == nil || from.Location == to.Location || keyOf(from) != v ||
				c.base.byLocation[to.Location] == nil || c.head.byLocation[from.Location] == nil {
				continue
			}
			who := e.ID()
			if e == c.head.Root {
				who = "."
			} else if c.head.isPart(e) {
				who = e.Location
			}
			note(v, Difference{"user", from.variant(), who + " (" + to.variant() + ")"})
		}
	}
}

// variant is the key of an entry of pnpm's, as its folder has it.
func (e *Entry) variant() string {
	return path.Base(strings.TrimSuffix(e.Location, "/node_modules/"+e.Name))
}

// eitherAsks lists the names that two entries ask for, each once.
func eitherAsks(o, e *Entry) []string {
	var names []string
	for _, list := range [][]Dependency{o.Dependencies, e.Dependencies} {
		for _, d := range list {
			names = append(names, d.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func sameSet(a, b []int) bool {
	inA, inB := setOf(a), setOf(b)
	return !slices.ContainsFunc(a, func(n int) bool { return !inB(n) }) && !slices.ContainsFunc(b, func(n int) bool { return !inA(n) })
}

// places finds folders that gained or lost a package.
func (c *comparison) places(before, entries []*Entry, note func(Difference)) {
	before, entries = installed(before), installed(entries)
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
	all, commandsOnly := c.comparable()
	if !all && !commandsOnly {
		return
	}
	// One old entry can be what many new ones are compared with.
	said := map[*Entry][2]string{}
	was := func(o *Entry) [2]string {
		if _, done := said[o]; !done {
			said[o] = [2]string{asks(o), commands(o)}
		}
		return said[o]
	}
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
		if e.Platforms == o.Platforms && o.Optional == e.Optional && o.mayFail == e.mayFail && o.hasBin == e.hasBin &&
			slices.Equal(o.Dependencies, e.Dependencies) && slices.Equal(c.base.copies[o], c.head.copies[e]) && maps.Equal(o.Bin, e.Bin) {
			continue
		}
		if o.Source() != e.Source() || o.Source() != Local && o.Resolution() != e.Resolution() {
			continue
		}
		if !maps.Equal(o.Bin, e.Bin) || o.hasBin != e.hasBin {
			note(Difference{"bin", was(o)[1], commands(e)})
		}
		if all && o.Source() == Local && c.head.Format == NPM && c.head.Version == 1 {
			// Of a folder of the project npm 6 believes its lockfile.
			if was, is := asks(c.base.copyOf(o)), asks(c.head.copyOf(e)); was != is {
				note(Difference{"dependencies", was, is})
			}
		}
		if !all || o.Source() == Local {
			continue // what a folder of the project is, its package.json says
		}
		if c.head.Format != Pnpm && !slices.Equal(o.Dependencies, e.Dependencies) {
			if was, is := was(o)[0], asks(e); was != is {
				note(Difference{"dependencies", was, is})
			}
		}
		if o.Optional != e.Optional || o.mayFail != e.mayFail {
			note(Difference{"optional", necessity(o), necessity(e)})
		}
		if o.Platforms != e.Platforms {
			note(Difference{"platforms", o.Platforms, e.Platforms})
		}
	}
}

// comparable reports what two lockfiles say of packages in the same way: all, or
// the commands that they bring. Another version of a format says more.
func (c *comparison) comparable() (all, commandsOnly bool) {
	a, b := c.base.Version, c.head.Version
	switch c.head.Format {
	case NPM:
		return a == b || min(a, b) > 1, false
	case Yarn:
		return a == b, min(a, b) > 1
	case Bun:
		return true, true
	}
	return a == b, true
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

// ids lists versions, of which there can be any number.
func (n *numbers) ids(list []int) string {
	var out []string
	for i, number := range list {
		if i == maxDifferences {
			out = append(out, strconv.Itoa(len(list)-i)+" more")
			break
		}
		out = append(out, n.users[number].id())
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
