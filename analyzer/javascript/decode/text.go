package decode

import (
	"regexp"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/builtin"
)

// The methods of texts, and patterns.

func (m *machine) stringMethod(text, name string, args []any) any {
	m.step(len(text) / 16)
	switch p, isPattern := arg(args, 0).(*pattern); {
	case name == "replace" || name == "replaceAll":
		byCall := false
		switch arg(args, 1).(type) {
		case *closure, native:
			byCall = true
		}
		if isPattern || byCall {
			return m.replaceText(text, name == "replaceAll", args)
		}
	case name == "split" && isPattern:
		if len(args) > 1 || strings.Contains(p.source, "(") {
			impure()
		}
		if m.regexp(p, text).MatchString("") {
			impure()
		}
		list := &array{}
		for _, part := range m.regexp(p, text).Split(text, -1) {
			m.step(1)
			list.items = append(list.items, part)
		}
		return list
	case name == "match":
		if !isPattern || !strings.Contains(p.flags, "g") {
			impure()
		}
		list := &array{}
		for _, found := range m.regexp(p, text).FindAllString(text, -1) {
			m.step(1)
			list.items = append(list.items, found)
		}
		if len(list.items) == 0 {
			return null{}
		}
		return list
	}
	return m.plainly(func(list []any) (any, bool) { return builtin.TextMethod(name, text, list) }, args)
}

func regexpOf(literal string) *pattern {
	if i := strings.LastIndexByte(literal, '/'); i > 0 {
		return &pattern{literal[1:i], literal[i+1:]}
	}
	return &pattern{literal, ""}
}

// plainPattern are patterns with nothing but escapes that mean the same to both
// languages: \\x41, \\u0041, punctuation, digits, words, and lines that are not
// looked for.
var plainPattern = regexp.MustCompile(`^(?:[^\\]|\\x[0-9a-fA-F]{2}|\\[tnrfvdDwWsSbB]|\\[^\w\s])*$`)

// regexp translates a pattern; what Go's cannot say is not evaluated.
// The search costs more steps than other work on a text.
func (m *machine) regexp(p *pattern, text string) *regexp.Regexp {
	if len(p.source) > 4096 || strings.Trim(p.flags, "gi") != "" || strings.ContainsAny(p.source, "\\^$") && !plainPattern.MatchString(p.source) {
		impure() // the two languages differ in what is left
	}
	source := p.source
	if strings.Contains(p.flags, "i") {
		source = "(?i)" + source
	}
	r, err := regexp.Compile(source)
	if err != nil || strings.Contains(p.flags, "g") && r.MatchString("") || strings.Contains(source, ".") && strings.ContainsAny(text, "\r\u2028\u2029") ||
		!builtin.ASCII(text) && (!builtin.ASCII(source) || strings.Contains(source, `\s`) || strings.Contains(source, `\S`)) {
		impure()
	}
	m.step(20 + len(text)/4)
	return r
}

func (m *machine) replaceText(text string, all bool, args []any) any {
	with := func(found string, groups []any, at int) string {
		switch f := arg(args, 1).(type) {
		case *closure, native:
			return toText(m, m.apply(f, nil, append(append([]any{found}, groups...), float64(builtin.Length(text[:at])), text)))
		}
		f := toText(m, arg(args, 1))
		if strings.Contains(strings.ReplaceAll(f, "$&", ""), "$") {
			impure() // $1 and its like
		}
		return strings.ReplaceAll(f, "$&", found)
	}
	switch by := arg(args, 0).(type) {
	case string:
		var b strings.Builder
		last := 0
		for {
			i := strings.Index(text[last:], by)
			if i < 0 {
				break
			}
			m.step(4)
			b.WriteString(text[last : last+i])
			b.WriteString(with(by, nil, last+i))
			if last += i + len(by); !all || by == "" || b.Len() > maxText {
				break
			}
		}
		return m.text(b.String() + text[last:])
	case *pattern:
		r := m.regexp(by, text)
		done := false
		var b strings.Builder
		last := 0
		for _, at := range r.FindAllStringSubmatchIndex(text, -1) {
			if done {
				break
			}
			m.step(4)
			var groups []any
			for i := 2; i+1 < len(at); i += 2 {
				var group any
				if at[i] >= 0 {
					group = text[at[i]:at[i+1]]
				}
				groups = append(groups, group)
			}
			b.WriteString(text[last:at[0]])
			b.WriteString(with(text[at[0]:at[1]], groups, at[0]))
			last = at[1]
			done = !strings.Contains(by.flags, "g")
			if b.Len() > maxText {
				impure()
			}
		}
		b.WriteString(text[last:])
		return m.text(b.String())
	}
	impure()
	return nil
}
