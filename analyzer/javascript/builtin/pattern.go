package builtin

import (
	"regexp"
	"strings"
)

// Pattern is a regular expression.
type Pattern struct {
	Source, Flags string
	// LastIndex is where exec and test go on, in units; they change it.
	LastIndex int
}

// PatternOf is the pattern that a literal is: /a/g.
func PatternOf(literal string) *Pattern {
	if i := strings.LastIndexByte(literal, '/'); i > 0 {
		return &Pattern{Source: literal[1:i], Flags: literal[i+1:]}
	}
	return &Pattern{Source: literal}
}

// String is a pattern as a literal.
func (p *Pattern) String() string { return "/" + p.Source + "/" + p.Flags }

func (p *Pattern) has(flag string) bool { return strings.Contains(p.Flags, flag) }

// maxPattern is the longest pattern that is read.
const maxPattern = 4096

// plainPattern are patterns with nothing but escapes that mean the same to both
// languages: \x41, punctuation, digits, words, and lines that are not looked for.
var plainPattern = regexp.MustCompile(`^(?:[^\\]|\\x[0-9a-fA-F]{2}|\\[tnrfvdDwWsSbB]|\\[^\w\s])*$`)

// unicodeEscape is \u0041, which Go's spells otherwise.
var unicodeEscape = regexp.MustCompile(`(\\\\)|\\u([0-9a-fA-F]{4})`)

// oddSet are sets that Go's reads otherwise: [^], [], [[:alpha:]].
var oddSet = regexp.MustCompile(`\[\^?\]|\[\^?\[:|&&`)

// compile translates a pattern for a text; what Go's cannot say, or says with
// another meaning, is not known.
func (p *Pattern) compile(text string) (*regexp.Regexp, bool) {
	if len(p.Source) > maxPattern || strings.Trim(p.Flags, "giu") != "" {
		return nil, false
	}
	source := unicodeEscape.ReplaceAllStringFunc(p.Source, func(s string) string {
		if s == `\\` || s[2] == 'd' || s[2] == 'D' {
			return s // of pairs of units it is not known
		}
		return `\x{` + s[2:] + `}`
	})
	plain := strings.NewReplacer(`\x{`, `\x41`).Replace(source)
	if strings.Contains(plain, `\x41`) {
		plain = regexp.MustCompile(`\\x41[0-9a-fA-F]{4}\}`).ReplaceAllString(plain, `\x41`)
	}
	if strings.ContainsAny(plain, `\^$`) && !plainPattern.MatchString(plain) || oddSet.MatchString(source) ||
		strings.Contains(source, "(?") && !onlyPlainGroups(source) {
		return nil, false
	}
	if p.has("i") {
		source = "(?i)" + source
	}
	r, err := regexp.Compile(source)
	if err != nil || !sameQuantifiers(p.Source) {
		return nil, false
	}
	if !ASCII(text) && (!ASCII(source) || !wellFormed(text) || p.has("i") || strings.Contains(source, `\s`) || strings.Contains(source, `\S`) ||
		hasPairs(text) && strings.ContainsAny(source, `.^\[`)) {
		return nil, false
	}
	if strings.Contains(source, ".") && strings.ContainsAny(text, "\r\u2028\u2029") ||
		strings.Contains(text, "\v") && strings.ContainsAny(source, "sS") {
		return nil, false
	}
	return r, true
}

// onlyPlainGroups reports whether each (? begins a group that is not numbered.
func onlyPlainGroups(source string) bool {
	return strings.Count(source, "(?") == strings.Count(source, "(?:")
}

// sameQuantifiers reports whether a pattern has no nested repetitions of what may
// be empty, in which the two languages keep other groups.
func sameQuantifiers(source string) bool {
	for _, odd := range []string{"*)*", "*)+", "?)*", "?)+", "|)*", "|)+", "(|", "*)?", "?)?", "|)?", "*){", "?){", "|){", "{,"} {
		if strings.Contains(source, odd) {
			return false
		}
	}
	// A group that is repeated keeps what it matched in the last round.
	repeated := strings.Contains(source, ")*") || strings.Contains(source, ")+") || strings.Contains(source, "){")
	return !repeated || strings.Count(source, "(") == strings.Count(source, "(?:")
}

// hasPairs reports whether a text has characters of two units.
func hasPairs(s string) bool {
	for _, r := range s {
		if r > 0xffff {
			return true
		}
	}
	return false
}

// match is one place where a pattern is.
type match struct {
	from, to int // in bytes
	groups   []any
}

// matches are the places of a pattern in a text, the first alone where it is not
// global.
func (p *Pattern) matches(s string, all bool) ([]match, bool) {
	r, ok := p.compile(s)
	if !ok {
		return nil, false
	}
	most := 1
	if all {
		most = -1
		if r.MatchString("") {
			return nil, false
		}
	}
	var out []match
	for _, at := range r.FindAllStringSubmatchIndex(s, most) {
		m := match{from: at[0], to: at[1]}
		for i := 2; i+1 < len(at); i += 2 {
			var group any
			if at[i] >= 0 {
				group = s[at[i]:at[i+1]]
			}
			m.groups = append(m.groups, group)
		}
		if out = append(out, m); len(out) > MaxItems {
			return nil, false
		}
	}
	return out, true
}

// patternMethods are the methods of texts that take a pattern.
var patternMethods map[string]textMethod

func init() {
	patternMethods = map[string]textMethod{
		"replace":    func(s string, args []any) (any, bool) { return replacePattern(s, args, false) },
		"replaceAll": func(s string, args []any) (any, bool) { return replacePattern(s, args, true) },
		"split":      splitPattern, "match": matchPattern, "matchAll": matchAll, "search": searchPattern,
	}
}

// searches reports whether a method is called with a pattern, or makes one of what
// it is called with.
func searches(name string, args []any) bool {
	switch name {
	case "match", "matchAll", "search":
		return true
	}
	return !noPattern(args)
}

// asPattern is the pattern that match and its like make of their argument.
func asPattern(v any, flags string) (*Pattern, bool) {
	switch x := v.(type) {
	case *Pattern:
		return x, true
	case string:
		return &Pattern{Source: x, Flags: flags}, x != "" && wellFormed(x)
	}
	return nil, false
}

// found is what match gives of one place; input and index are its properties, so
// that it is known where nobody looks at them.
func found(s string, m match) []any {
	return append([]any{s[m.from:m.to]}, m.groups...)
}

func matchPattern(s string, args []any) (any, bool) {
	p, ok := asPattern(Arg(args, 0), "")
	if !ok {
		return nil, false
	}
	list, ok := p.matches(s, p.has("g"))
	switch {
	case !ok:
		return nil, false
	case len(list) == 0:
		return Null{}, true
	case !p.has("g"):
		return found(s, list[0]), true
	}
	out := make([]any, len(list))
	for i, m := range list {
		out[i] = s[m.from:m.to]
	}
	p.LastIndex = 0
	return out, true
}

func matchAll(s string, args []any) (any, bool) {
	p, ok := asPattern(Arg(args, 0), "g")
	if !ok || !p.has("g") || p.LastIndex != 0 {
		return nil, false
	}
	list, ok := p.matches(s, true)
	if !ok {
		return nil, false
	}
	out := make([]any, len(list))
	for i, m := range list {
		out[i] = found(s, m)
	}
	return out, true
}

func searchPattern(s string, args []any) (any, bool) {
	p, ok := asPattern(Arg(args, 0), "")
	if !ok {
		return nil, false
	}
	list, ok := p.matches(s, false)
	if !ok || len(list) == 0 {
		return -1.0, ok
	}
	return float64(Length(s[:list[0].from])), true
}

func splitPattern(s string, args []any) (any, bool) {
	p, _ := Arg(args, 0).(*Pattern)
	if p == nil || len(args) > 1 && args[1] != nil {
		return nil, false
	}
	if r, ok := p.compile(s); !ok || r.MatchString("") {
		return nil, false
	}
	list, ok := p.matches(s, true)
	if !ok {
		return nil, false
	}
	out, last := []any{}, 0
	for _, m := range list {
		out = append(append(out, s[last:m.from]), m.groups...)
		last = m.to
	}
	return append(out, s[last:]), true
}

func replacePattern(s string, args []any, all bool) (any, bool) {
	p, _ := Arg(args, 0).(*Pattern)
	if p == nil || all && !p.has("g") {
		return nil, false // it throws
	}
	list, ok := p.matches(s, p.has("g"))
	if !ok {
		return nil, false
	}
	f, isFunc := Arg(args, 1).(Func)
	with, isText := "", true
	if !isFunc {
		with, isText = Text(Arg(args, 1))
	}
	if !isText {
		return nil, false
	}
	p.LastIndex = 0
	var b strings.Builder
	last, units := 0, 0
	for _, m := range list {
		by := ""
		units += Length(s[last:m.from])
		if isFunc {
			v, ok := f(nil, append(found(s, m), float64(units), s)...)
			if !ok {
				return nil, false
			}
			if by, ok = Text(v); !ok {
				return nil, false
			}
		} else if by, ok = expand(with, s, m.from, m.to, m.groups, nil); !ok {
			return nil, false
		}
		b.WriteString(s[last:m.from])
		b.WriteString(by)
		units += Length(s[m.from:m.to])
		if last = m.to; b.Len() > MaxText {
			return nil, false
		}
	}
	b.WriteString(s[last:])
	return Join(b.String()), true
}

// PatternMethod is what a method of a pattern gives. exec and test of a global one
// go on from where they were.
func PatternMethod(name string, p *Pattern, args []any) (any, bool) {
	if name == "toString" {
		return p.String(), true
	}
	s, ok := Text(Arg(args, 0))
	if !ok || name != "exec" && name != "test" || len(s) > MaxText {
		return nil, false
	}
	start := 0
	if p.has("g") {
		if start = p.LastIndex; start > 0 && (!ASCII(s) || strings.ContainsAny(p.Source, `^\`)) {
			return nil, false // what stands before counts
		}
	}
	var list []match
	if start <= len(s) {
		if list, ok = p.matches(s[start:], false); !ok {
			return nil, false
		}
	}
	if len(list) == 0 {
		p.LastIndex = 0
		if name == "test" {
			return false, true
		}
		return Null{}, true
	}
	m := list[0]
	if p.has("g") {
		p.LastIndex = start + Length(s[start:start+m.to])
	}
	if name == "test" {
		return true, true
	}
	return found(s[start:], m), true
}
