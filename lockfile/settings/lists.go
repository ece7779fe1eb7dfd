package settings

import "strings"

// scripts compares whose scripts run, for each client by itself.
func (c *comparison) scripts() {
	_, by := c.pairs(func(s *Statement) bool {
		return s.Topic == "scripts" || s.Topic == "scripts-list" || s.Topic == "enableScripts"
	})
	folders := map[string]*sides{}
	var order []string
	for _, side := range []*Settings{c.head, c.base} {
		for i := range side.Statements {
			s := &side.Statements[i]
			if by[s.subject()] == nil || (s.Topic != "scripts" && s.Topic != "scripts-list" && s.Topic != "enableScripts") {
				continue
			}
			if folders[s.dir] == nil {
				folders[s.dir] = &sides{}
				order = append(order, s.dir)
			}
			if side == c.head {
				folders[s.dir].head = append(folders[s.dir].head, s)
			} else {
				folders[s.dir].base = append(folders[s.dir].base, s)
			}
		}
	}
	for _, dir := range order {
		c.folder(folders[dir])
	}
}

// verdictOn collects what several clients make of one line.
type verdictOn struct {
	opened, closed, same client
}

// folder compares the lists of one folder.
func (c *comparison) folder(both *sides) {
	verdicts := map[*Statement]*verdictOn{}
	var order []*Statement
	note := func(s *Statement, one client, was, is ScriptState) {
		if verdicts[s] == nil {
			verdicts[s] = &verdictOn{}
			order = append(order, s)
		}
		switch {
		case was != Runs && is == Runs:
			verdicts[s].opened |= one
		case was == Runs && is != Runs:
			verdicts[s].closed |= one
		default:
			verdicts[s].same |= one
		}
	}
	inBase := map[*Statement]bool{}
	whole := map[*Statement]bool{}
	c.candidates(both.all()).each(func(one client) {
		before, after := policyOf(both.base, one, false), policyOf(both.head, one, false)
		ran := func(name, version string) ScriptState {
			state := before.decide(name, version).state
			c.earlier(one).each(func(other client) {
				if p := policyOf(both.base, other, false); p.decide(name, version).state == Runs {
					state = Runs
				}
			})
			return state
		}
		for _, s := range append(after.allow[:len(after.allow):len(after.allow)], after.deny...) {
			name, version := packageOf(s.Name), strings.TrimPrefix(s.Name[len(packageOf(s.Name)):], "@")
			note(s, one, ran(name, version), after.decide(name, version).state)
		}
		for _, s := range append(before.allow[:len(before.allow):len(before.allow)], before.deny...) {
			if pattern(both.head, s.Name, one) != nil {
				continue
			}
			inBase[s] = true
			name, version := packageOf(s.Name), strings.TrimPrefix(s.Name[len(packageOf(s.Name)):], "@")
			note(s, one, ran(name, version), after.decide(name, version).state)
		}
		// What happens to a package that no list names, and, where Bun has
		// its own list, to one of those.
		for _, stranger := range []string{"", "esbuild"} {
			was, is := before.unlisted(stranger), after.unlisted(stranger)
			if was.state == is.state || stranger != "" && one != bun {
				continue
			}
			at := is.by
			if at == nil || sameIn(both.base, at) {
				at = was.by
				if at == nil {
					continue
				}
				inBase[at] = true
			}
			if at.Topic != "enableScripts" && is.state == Runs && !c.blocksNow(both, one, stranger) {
				whole[at] = true
				note(at, one, was.state, is.state)
			}
		}
	})
	for _, s := range order {
		v := verdicts[s]
		change := Change{ID: ScriptsAllowed, Direction: Opened, Packages: []string{s.Name}, Added: true}
		if inBase[s] {
			change.From = s.Shown
		} else {
			change.To = s.Shown
			if b := pattern(both.base, s.Name, v.opened|v.closed); b != nil && b.Topic == s.Topic {
				change.From, change.Added = b.Shown, false
			}
		}
		if whole[s] {
			change.ID, change.Packages = AllScripts, nil
		}
		switch {
		case v.opened != 0:
		case v.closed != 0 && v.same == 0:
			change.Direction = Closed
		default:
			continue
		}
		c.add(change, s, inBase[s], v.opened|v.closed)
	}
}

// blocksNow reports whether head is known to use other releases of a client, and
// all of those block what no list names.
func (c *comparison) blocksNow(both *sides, one client, stranger string) bool {
	used := c.head.clients()
	now := used & one.widen()
	if used&one != 0 || now == 0 {
		return false
	}
	blocks := true
	now.each(func(other client) {
		p := policyOf(both.head, other, false)
		blocks = blocks && p.unlisted(stranger).state == Blocked
	})
	return blocks
}

// pattern is the statement on one name or pattern that a client reads.
func pattern(list []*Statement, name string, by client) *Statement {
	for _, s := range list {
		if s.Topic == "scripts" && s.Name == name && s.by&by != 0 {
			return s
		}
	}
	return nil
}

// sameIn reports whether a list has the same entry, wherever it stands.
func sameIn(list []*Statement, s *Statement) bool {
	for _, other := range list {
		if other.Topic == s.Topic && other.Name == s.Name && other.Value == s.Value && other.by&s.by != 0 {
			return true
		}
	}
	return false
}
