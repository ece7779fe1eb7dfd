package glob

import "slices"

// name matches one name of a path against one step of a pattern: * ? [a-z]
// [!a-z] and npm's groups @(a|b) ?(a|b) *(a|b) +(a|b) !(a|b). It is a machine
// whose states are computed from the end of the name to its beginning, which
// takes the length of the pattern times that of the name, whatever they are.
type name struct {
	// states are in an order in which each comes after the one that follows it
	// in the pattern; the first accepts the end of the name.
	states []state
	// loops says that a group repeats, so that a state needs later ones.
	loops bool
}

// state says whether the rest of the pattern from here on matches a rest of the
// name.
type state struct {
	kind kind
	char rune
	set  set
	next int
	// inner are the beginnings of a group's alternatives.
	inner []int
}

type kind uint8

const (
	accept kind = iota
	char        // one character
	any1        // ?
	oneOf       // [a-z]
	star        // *
	group       // one of the alternatives
	repeat      // any number of alternatives
	not         // what is no alternative, as far as the end of the name
)

// set is what stands in brackets.
type set struct {
	negated bool
	ranges  [][2]rune
}

func (s *set) has(r rune) bool {
	return s.negated != slices.ContainsFunc(s.ranges, func(to [2]rune) bool { return to[0] <= r && r <= to[1] })
}

// match reports whether the machine takes the whole text. Without dot, only a
// written dot takes a leading one.
func (m *name) match(text []rune, dot bool) bool {
	now, after := make([]bool, len(m.states)), make([]bool, len(m.states))
	for i := len(text); i >= 0; i-- {
		hidden := i == 0 && !dot && len(text) > 0 && text[0] == '.'
		for {
			changed := false
			for n := range m.states {
				value := m.holds(n, text, i, hidden, now, after)
				changed = changed || value != now[n]
				now[n] = value
			}
			if !m.loops || !changed {
				break
			}
		}
		now, after = after, now
		if m.loops {
			clear(now)
		}
	}
	return after[len(m.states)-1]
}

// holds is the value of a state at text[i:], from those at the same place and
// those after the next character.
func (m *name) holds(n int, text []rune, i int, hidden bool, now, after []bool) bool {
	s := &m.states[n]
	more := i < len(text)
	switch s.kind {
	case accept:
		return !more
	case char:
		return more && text[i] == s.char && after[s.next]
	case any1:
		return more && !hidden && after[s.next]
	case oneOf:
		return more && !hidden && after[s.next] && s.set.has(text[i])
	case star:
		return !hidden && (now[s.next] || more && after[n])
	case group:
		return slices.ContainsFunc(s.inner, func(n int) bool { return now[n] })
	case repeat:
		return now[s.next] || slices.ContainsFunc(s.inner, func(n int) bool { return now[n] })
	}
	return !hidden && now[s.next] && !slices.ContainsFunc(s.inner, func(n int) bool { return now[n] })
}

// maxNesting is how many groups stand inside each other. npm reads fewer.
const maxNesting = 4

// compile builds the machine of one step; ok is false where it is not read.
func compile(step string) (m *name, ok bool) {
	c := compiler{text: []rune(step), name: name{states: []state{{kind: accept}}}}
	c.pair()
	c.sequence(c.parts(0, len(c.text)), 0, 0, false)
	if c.states[len(c.states)-1].kind == accept {
		return nil, false // nothing is written there
	}
	return &c.name, !c.refused
}

type compiler struct {
	name
	text []rune
	// closes maps the letter before a group's bracket to where it closes, and
	// where a bracket begins a set to where that ends.
	closes, sets map[int]int
	refused      bool
}

// pair finds which brackets belong together, so that those that are open to the
// end are read as letters without trying.
func (c *compiler) pair() {
	c.closes, c.sets = map[int]int{}, map[int]int{}
	var open []int
	unclosed := false
	for i := 0; i < len(c.text); i++ {
		switch r := c.text[i]; {
		case r == '[' && !unclosed:
			if end := setEnd(c.text, i); end > 0 {
				c.sets[i] = end
				i = end
			} else {
				unclosed = true
			}
		case isGroup(c.text, i):
			open = append(open, i)
			i++
		case r == ')' && len(open) > 0:
			c.closes[open[len(open)-1]] = i
			open = open[:len(open)-1]
		}
	}
}

func isGroup(text []rune, i int) bool {
	return i+1 < len(text) && text[i+1] == '(' && slices.Contains([]rune("?*+@!"), text[i])
}

// setEnd is where the bracket closes that opens at i; a closing one that comes
// first is a letter of the set.
func setEnd(text []rune, i int) int {
	i++
	if i < len(text) && (text[i] == '!' || text[i] == '^') {
		i++
	}
	if end := slices.Index(text[min(i+1, len(text)):], ']'); end >= 0 {
		return i + 1 + end
	}
	return 0
}

// part is a piece of a step: one letter, one wildcard or one group.
type part struct{ from, to int }

// parts cuts a piece of the step.
func (c *compiler) parts(from, to int) []part {
	var out []part
	for i := from; i < to; {
		end := i + 1
		if closes, ok := c.closes[i]; ok {
			end = closes + 1
		} else if closes, ok := c.sets[i]; ok {
			end = closes + 1
		}
		out = append(out, part{i, end})
		i = end
	}
	return out
}

// sequence adds the states of parts that go on with next, and returns the
// first.
func (c *compiler) sequence(parts []part, next, depth int, looped bool) int {
	for _, p := range slices.Backward(parts) {
		next = c.part(p, next, depth, looped)
	}
	return next
}

func (c *compiler) part(p part, next, depth int, looped bool) int {
	r := c.text[p.from]
	if _, ok := c.sets[p.from]; ok && p.to > p.from+1 {
		return c.add(state{kind: oneOf, set: c.set(c.text[p.from+1 : p.to-1]), next: next})
	}
	switch {
	case p.to == p.from+1 && r == '*':
		if c.states[next].kind == star {
			return next
		}
		return c.add(state{kind: star, next: next})
	case p.to == p.from+1 && r == '?':
		return c.add(state{kind: any1, next: next})
	case p.to == p.from+1:
		return c.add(state{kind: char, char: r, next: next})
	case depth == maxNesting || r == '!' && looped:
		c.refused = true
		return next
	}
	alternatives := c.alternatives(p.from+2, p.to-1)
	branch := func(end int, looped bool) (starts []int) {
		for _, a := range alternatives {
			starts = append(starts, c.sequence(a, end, depth+1, looped))
		}
		return starts
	}
	switch r {
	case '*', '+':
		c.loops = true
		again := c.add(state{kind: repeat, next: next})
		starts := branch(again, true)
		c.states[again].inner = starts
		if r == '*' {
			// What stands before it needs a state that is computed after the
			// alternatives.
			return c.add(state{kind: group, inner: []int{again}})
		}
		return c.add(state{kind: group, inner: starts})
	case '?':
		return c.add(state{kind: group, inner: append(branch(next, looped), next)})
	case '!':
		end := next
		if c.states[next].kind == star && c.states[next].next == 0 {
			// To npm, the star of !(a)* is not empty after an alternative: a
			// matches, ab does not.
			end = c.add(state{kind: any1, next: next})
		}
		inner := branch(end, looped)
		rest := c.add(state{kind: star, next: next})
		return c.add(state{kind: not, inner: inner, next: rest})
	}
	return c.add(state{kind: group, inner: branch(next, looped)})
}

// alternatives cuts a group's inside at the bars that are not in a group or set
// of their own.
func (c *compiler) alternatives(from, to int) [][]part {
	out := [][]part{nil}
	for _, p := range c.parts(from, to) {
		if p.to == p.from+1 && c.text[p.from] == '|' {
			out = append(out, nil)
			continue
		}
		out[len(out)-1] = append(out[len(out)-1], p)
	}
	return out
}

func (c *compiler) add(s state) int {
	c.states = append(c.states, s)
	return len(c.states) - 1
}

// set reads what stands between brackets; a range the wrong way round is empty.
func (c *compiler) set(text []rune) set {
	var s set
	if len(text) > 0 && (text[0] == '!' || text[0] == '^') {
		s.negated, text = true, text[1:]
	}
	for i := 0; i < len(text); i++ {
		if i+2 < len(text) && text[i+1] == '-' {
			s.ranges = append(s.ranges, [2]rune{text[i], text[i+2]})
			i += 2
			continue
		}
		s.ranges = append(s.ranges, [2]rune{text[i], text[i]})
	}
	return s
}
