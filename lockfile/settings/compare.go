package settings

import "time"

// values compares settings that are one of a few words, or an age. Each client
// is asked by itself, because they read different files and differ in what
// they do without a setting.
func (c *comparison) values() {
	order, by := c.pairs(func(s *Statement) bool {
		rule := ruleOf[s.Topic]
		return s.Topic == "before" || rule != nil && (rule.form == level || rule.form == age)
	})
	for _, key := range order {
		c.value(key, by)
	}
}

// said is a value and who says it; nobody where the client has it of its own.
type said struct {
	value string
	by    *Statement
}

func (s said) shown(rule *rule) string {
	shown := ""
	if s.by != nil {
		shown = s.by.Shown
	}
	if rule.form == age {
		return ageText(s.value, shown)
	}
	return shown
}

// moved is what one line means to the clients that act on it.
type moved struct {
	before, after said
	inBase        bool
	clients       verdictOn
}

func (c *comparison) value(key subject, by map[subject]*sides) {
	rule := ruleOf[key.topic]
	if key.topic == "before" {
		rule = &beforeRule
	}
	both := by[key]
	general := &sides{}
	if g := by[subject{key.dir, key.topic, ""}]; g != nil && key.name != "" {
		general = g
	}
	outcomes := map[*Statement]*moved{}
	var order []*Statement
	var same client
	c.candidates(both.all()).each(func(one client) {
		m := moved{before: c.before(rule, both, general, one), after: effective(rule, both.head, general.head, one)}
		if looser := c.loosened(rule, both, one); looser != nil {
			earlier := loosestIn(rule, both.base, looser.File, one)
			m.before, m.after = said{earlier.Value, earlier}, said{looser.Value, looser}
		}
		was, is := looseness(rule, m.before.value), looseness(rule, m.after.value)
		at := m.after.by
		if at == nil || is > was && m.before.by != nil && unchanged(at, both.base) {
			at, m.inBase = m.before.by, true
		}
		if is == was || at == nil {
			same |= one
			return
		}
		if outcomes[at] == nil {
			outcomes[at] = &m
			order = append(order, at)
		}
		if is > was {
			outcomes[at].clients.opened |= one
		} else {
			outcomes[at].clients.closed |= one
		}
	})
	for _, at := range order {
		m := outcomes[at]
		change := Change{ID: rule.id, Direction: Opened, From: m.before.shown(rule), To: m.after.shown(rule)}
		if key.name != "" {
			change.Packages = []string{key.name}
		}
		switch {
		case m.clients.opened != 0:
		case same&at.by == 0:
			change.Direction = Closed
		default:
			continue
		}
		c.add(change, at, m.inBase, m.clients.opened|m.clients.closed)
	}
}

// before is what counted in base for a client. Where base is known to have
// used other releases of it, what those did counts if it is looser: an upgrade
// that keeps what was let through before opens nothing.
func (c *comparison) before(rule *rule, both, general *sides, one client) said {
	out := effective(rule, both.base, general.base, one)
	c.earlier(one).each(func(earlier client) {
		was := effective(rule, both.base, general.base, earlier)
		if was.by == nil && was.value == "" {
			return // it knows no such thing
		}
		if looseness(rule, was.value) > looseness(rule, out.value) {
			out = was
		}
	})
	return out
}

// unchanged reports whether base has the same statement in the same file, so
// that it is not what opened anything.
func unchanged(s *Statement, base []*Statement) bool {
	for _, b := range base {
		if b.File == s.File && b.Value == s.Value {
			return true
		}
	}
	return false
}

// effective is what counts for one client: the loosest of several files,
// because which one goes before differs, and the client's own value where
// nothing is said.
func effective(rule *rule, statements, general []*Statement, one client) said {
	out := said{}
	found := false
	for _, s := range statements {
		if s.by&one == 0 {
			continue
		}
		if !found || looseness(rule, s.Value) > looseness(rule, out.value) {
			out, found = said{s.Value, s}, true
		}
	}
	if found {
		return out
	}
	if general != nil {
		return effective(rule, general, nil, one)
	}
	return said{value: rule.without(one)}
}

// loosened finds a file that says a looser value than it did: it may be the
// one that counts, though another file said the same all along.
func (c *comparison) loosened(rule *rule, both *sides, one client) *Statement {
	for _, h := range both.head {
		if h.by&one == 0 {
			continue
		}
		b := loosestIn(rule, both.base, h.File, one)
		if b != nil && looseness(rule, h.Value) > looseness(rule, b.Value) {
			return h
		}
	}
	return nil
}

func loosestIn(rule *rule, statements []*Statement, file string, one client) (out *Statement) {
	for _, s := range statements {
		if s.File == file && s.by&one != 0 && (out == nil || looseness(rule, s.Value) > looseness(rule, out.Value)) {
			out = s
		}
	}
	return out
}

// beforeRule is npm's "before": only versions of that day and earlier are
// installed.
var beforeRule = rule{topic: "before", form: level, id: ReleaseAge, order: []string{"before"}}

func looseness(rule *rule, value string) float64 {
	if rule != &beforeRule {
		return rule.looseness(value)
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly, "2006-01-02T15:04:05", "2006-01", "2006"} {
		if t, err := time.Parse(layout, value); err == nil {
			return float64(t.Unix())
		}
	}
	return rule.looseness(value)
}
