package lockfile

import (
	"path"
	"slices"
)

// undeclared finds the aliases of HEAD that BASE did not have, and that neither
// package.json nor the package manager's settings explain.
func (c *comparison) undeclared() {
	old := map[alias]bool{}
	if c.base != nil {
		c.base.visitAliases(func(by *Entry, d Dependency, to *Entry) {
			old[aliasKey(c.base, by, d, to)] = true
		})
	}
	found := map[*Entry][]Undeclared{}
	var order []*Entry
	add := func(to *Entry, u Undeclared) {
		if len(found[to]) == 0 {
			order = append(order, to)
		}
		if len(found[to]) < maxDifferences && !slices.Contains(found[to], u) {
			found[to] = append(found[to], u)
		}
	}
	c.head.visitAliases(func(by *Entry, d Dependency, to *Entry) {
		if old[aliasKey(c.head, by, d, to)] {
			return
		}
		switch {
		case by == nil:
			add(to, Undeclared{Name: d.Name})
		case d.Name == to.Package && (by == c.head.Root || c.head.isPart(by)) && !isRange(c.head.asked(by, d)):
		case c.head.declares(by, d, to):
		case by == c.head.Root || c.head.isPart(by):
			part := by.Location
			if by == c.head.Root {
				part = "."
			}
			add(to, Undeclared{Name: d.Name, By: part, Spec: c.head.asked(by, d), Source: otherSource(d, to)})
		default:
			claimed := (LeadsTo(d.Spec, to) || c.head.Format == Pnpm) && c.before[keyOf(by)] == nil
			u := Undeclared{Name: d.Name, By: by.ID(), Spec: d.Spec, Source: otherSource(d, to), Claimed: claimed, Entry: by}
			if c.head.Format == Pnpm {
				u.Spec = "" // what stands there is what it got
			}
			add(to, u)
		}
	})
	// Several changes of one version are told apart by their places.
	at := map[*Entry]int{}
	for _, list := range c.of {
		if len(list) > 1 {
			for _, i := range list {
				for _, e := range c.changes[i].Entries {
					at[e] = max(at[e], i)
				}
			}
		}
	}
	for _, to := range order {
		v := keyOf(to)
		i, ok := at[to]
		if !ok && len(c.of[v]) == 0 {
			if before := c.before[v]; len(before) > 0 {
				c.add(Moved, before[0], []*Entry{to})
			} else {
				c.add(Added, nil, []*Entry{to}) // the project itself, which is no entry
			}
		}
		if !ok {
			i = c.of[v][0]
		}
		c.changes[i].Undeclared = append(c.changes[i].Undeclared, found[to]...)
	}
}

// alias is a name under which a package is installed, and for whom.
type alias struct {
	by, name, pkg string
	source        Source
}

func aliasKey(lock *Lockfile, by *Entry, d Dependency, to *Entry) alias {
	from := ""
	switch {
	case by == nil:
	case by == lock.Root:
		from = "."
	case lock.isPart(by):
		from = by.Location
	default:
		from = by.ID()
	}
	return alias{from, d.Name, to.Package, to.Source()}
}

// otherSource is the source of a package that is loaded by its own name.
func otherSource(d Dependency, to *Entry) Source {
	if d.Name == to.Package {
		return to.Source()
	}
	return 0
}

// visitAliases calls yield for each package that is installed under another
// name than its own; by is nil where nobody asks for it.
func (lock *Lockfile) visitAliases(yield func(by *Entry, d Dependency, to *Entry)) {
	var other map[*Entry]bool
	for _, e := range lock.Entries {
		if lock.resolved != nil || !e.Link && e.Source() == Local { // folders are reached by links
			continue
		}
		if e.Link && !lock.isWorkspace(e) || !e.Link && lock.named(e.Name, e) {
			if other == nil {
				other = map[*Entry]bool{}
			}
			other[e] = true
		}
	}
	if other == nil && lock.resolved == nil {
		return // a folder's name is what a tree is asked for
	}
	lock.visitUses(func(by *Entry, d Dependency, to *Entry) {
		if lock.named(d.Name, to) {
			delete(other, to)
			yield(by, d, to)
		}
	})
	for _, e := range lock.Entries {
		if other[e] && e.Name != e.Package && e.Source() != InParent {
			yield(nil, Dependency{Name: e.Name}, e)
		}
	}
}

// named reports whether a package's name does not say what is installed: it is
// another package's, or the package is no registry's.
func (lock *Lockfile) named(name string, to *Entry) bool {
	if to.Link || to.Source() == Local {
		return !lock.isWorkspace(to)
	}
	if to.Source() == Runtime {
		return false
	}
	return name != to.Package || to.Source() == Git || to.Source() == File
}

// isWorkspace reports whether an entry is one of the folders that the project
// calls its workspaces: by package.json or pnpm-workspace.yaml where they are
// known, since a lockfile can call any folder one.
func (lock *Lockfile) isWorkspace(e *Entry) bool {
	folder := e.Location
	if e.Link {
		folder = path.Clean(e.Resolved)
	}
	if lock.Format == Yarn && !e.Link {
		return true // which Yarn checks itself, workspaces in workspaces among them
	}
	if lock.declared.root == nil {
		return !e.Link || lock.Target(e) != nil
	}
	return lock.declared.isWorkspace(folder)
}

// declares reports whether the project says that a name stands for a package:
// where it asks for it, or in what replaces dependencies.
func (lock *Lockfile) declares(by *Entry, d Dependency, to *Entry) bool {
	if by == lock.Root || lock.isPart(by) {
		if LeadsTo(lock.declared.catalog(d.Name, lock.asked(by, d)), to) {
			return true
		}
	}
	for _, o := range lock.declared.byName[d.Name] {
		if LeadsTo(lock.declared.catalog(d.Name, o.Spec), to) {
			return true
		}
	}
	return false
}

// asked is what a part of the project asks for: package.json's word where it
// is known, and the lockfile's copy of it otherwise.
func (lock *Lockfile) asked(by *Entry, d Dependency) string {
	manifest := lock.declared.parts[by.Location]
	if by == lock.Root {
		manifest = lock.declared.root
	}
	if manifest == nil {
		return d.Spec
	}
	return lock.declared.asks[manifest][d.Name].Spec
}
