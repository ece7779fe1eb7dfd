package settings

import "strconv"

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

// earlier are the releases of a client that base is known to have used in place
// of this one.
func (c *comparison) earlier(one client) client {
	used := c.base.clients()
	if used&one != 0 {
		return 0
	}
	return used & one.widen()
}

func (c *comparison) candidates(statements []*Statement) client {
	var out client
	for _, s := range statements {
		out |= c.readers(s.by)
	}
	return out
}

func (c *comparison) add(change Change, at *Statement, inBase bool, by client) {
	change.Topic, change.File, change.Line, change.Setting, change.InBase = at.Topic, at.File, at.Line, at.Setting, inBase
	if change.Key == "" {
		change.Key = at.Key
	}
	if change.Direction == Closed {
		if change.ID == Patch {
			return // the package is as it was published again
		}
		change.ID = GuardClosed
	}
	change.Clients = by.names()
	c.changes = append(c.changes, change)
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
