package decode

import (
	"math"
	"regexp"
	"strings"
)

// The methods of texts, and patterns.

// between gives bounds of a slice, as JavaScript does: negative ones count from
// the end.
func between(m *machine, args []any, n int) (from, to int) {
	at := func(v any, fallback int) int {
		if v == nil {
			return fallback
		}
		f := toNumber(m, v)
		switch {
		case math.IsNaN(f):
			return 0
		case f < 0:
			return max(n+int(max(f, -1e9)), 0)
		}
		return int(min(f, float64(n)))
	}
	from, to = at(arg(args, 0), 0), at(arg(args, 1), n)
	return from, max(from, to)
}

func (m *machine) stringMethod(text, name string, args []any) any {
	m.step(len(text) / 16)
	switch name {
	case "charCodeAt", "charAt", "codePointAt", "at":
		i := toNumber(m, arg(args, 0))
		if math.IsNaN(i) {
			i = 0
		}
		u := units(text)
		if isASCII(text) {
			u = nil
			if i >= 0 && int(i) < len(text) {
				if name == "charCodeAt" || name == "codePointAt" {
					return float64(text[int(i)])
				}
				return text[int(i) : int(i)+1]
			}
		}
		if i < 0 || int(i) >= len(u) {
			switch name {
			case "charCodeAt":
				return math.NaN()
			case "charAt":
				return ""
			}
			return nil
		}
		if name == "charCodeAt" || name == "codePointAt" {
			return float64(u[int(i)])
		}
		return fromUnits(u[int(i) : int(i)+1])
	case "slice":
		u := units(text)
		from, to := between(m, args, len(u))
		return fromUnits(u[from:to])
	case "substring", "substr":
		u := units(text)
		clamp := func(f float64) int {
			if math.IsNaN(f) || f < 0 {
				return 0
			}
			return int(min(f, float64(len(u))))
		}
		from := toNumber(m, arg(args, 0))
		if name == "substr" {
			if from < 0 {
				from = max(float64(len(u))+from, 0)
			}
			end := float64(len(u))
			if a := arg(args, 1); a != nil {
				end = from + toNumber(m, a)
			}
			return fromUnits(u[clamp(from):max(clamp(from), clamp(end))])
		}
		to := float64(len(u))
		if a := arg(args, 1); a != nil {
			to = toNumber(m, a)
		}
		x, y := clamp(from), clamp(to)
		return fromUnits(u[min(x, y):max(x, y)])
	case "split":
		return m.split(text, args)
	case "indexOf":
		return float64(strings.Index(text, toText(m, arg(args, 0))))
	case "lastIndexOf":
		return float64(strings.LastIndex(text, toText(m, arg(args, 0))))
	case "includes":
		return strings.Contains(text, toText(m, arg(args, 0)))
	case "startsWith":
		return strings.HasPrefix(text, toText(m, arg(args, 0)))
	case "endsWith":
		return strings.HasSuffix(text, toText(m, arg(args, 0)))
	case "concat":
		for _, a := range args {
			text = m.text(text + toText(m, a))
		}
		return text
	case "repeat":
		n := toNumber(m, arg(args, 0))
		if math.IsNaN(n) || n < 0 || n*float64(len(text)) > maxText {
			impure()
		}
		return m.text(strings.Repeat(text, int(n)))
	case "replace", "replaceAll":
		return m.replaceText(text, name == "replaceAll", args)
	case "toString", "valueOf":
		return text
	case "trim":
		return strings.TrimSpace(text)
	case "toLowerCase":
		return strings.ToLower(text)
	case "toUpperCase":
		return strings.ToUpper(text)
	case "padStart":
		n, pad := int(toInt32(m, arg(args, 0))), " "
		if len(args) > 1 {
			pad = toText(m, args[1])
		}
		for len(text) < n && n < 4096 && pad != "" {
			text = pad[:min(len(pad), n-len(text))] + text
		}
		return text
	case "match":
		p, ok := arg(args, 0).(*pattern)
		if !ok || !strings.Contains(p.flags, "g") {
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
	// What HTML had methods for; code in brackets takes letters from them.
	case "fontcolor":
		return `<font color="` + toText(m, arg(args, 0)) + `">` + text + `</font>`
	case "italics":
		return "<i>" + text + "</i>"
	case "link":
		return `<a href="` + toText(m, arg(args, 0)) + `">` + text + `</a>`
	case "bold":
		return "<b>" + text + "</b>"
	}
	impure()
	return nil
}

func (m *machine) split(text string, args []any) any {
	list := &array{}
	var parts []string
	switch by := arg(args, 0).(type) {
	case nil:
		parts = []string{text}
	case string:
		if by == "" {
			for _, u := range units(text) {
				parts = append(parts, fromUnits([]uint16{u}))
			}
		} else {
			parts = strings.Split(text, by)
		}
	case *pattern:
		parts = m.regexp(by, text).Split(text, -1)
	default:
		impure()
	}
	m.step(len(parts))
	for _, p := range parts {
		list.items = append(list.items, p)
	}
	return list
}

func regexpOf(literal string) *pattern {
	if i := strings.LastIndexByte(literal, '/'); i > 0 {
		return &pattern{literal[1:i], literal[i+1:]}
	}
	return &pattern{literal, ""}
}

// regexp translates a pattern; what Go's cannot say is not evaluated.
// The search costs more steps than other work on a text.
func (m *machine) regexp(p *pattern, text string) *regexp.Regexp {
	if len(p.source) > 4096 {
		impure()
	}
	source := p.source
	if strings.Contains(p.flags, "i") {
		source = "(?i)" + source
	}
	r, err := regexp.Compile(source)
	if err != nil {
		impure()
	}
	m.step(20 + len(text)/4)
	return r
}

func (m *machine) replaceText(text string, all bool, args []any) any {
	with := func(found string, groups []string) string {
		switch f := arg(args, 1).(type) {
		case *closure:
			list := []any{found}
			for _, g := range groups {
				list = append(list, g)
			}
			return toText(m, m.invoke(f, nil, list))
		case string:
			return strings.ReplaceAll(f, "$&", found)
		default:
			return toText(m, f)
		}
	}
	switch by := arg(args, 0).(type) {
	case string:
		n := 1
		if all {
			n = -1
		}
		return m.text(strings.Replace(text, by, with(by, nil), n))
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
			var groups []string
			for i := 2; i+1 < len(at); i += 2 {
				group := ""
				if at[i] >= 0 {
					group = text[at[i]:at[i+1]]
				}
				groups = append(groups, group)
			}
			b.WriteString(text[last:at[0]])
			b.WriteString(with(text[at[0]:at[1]], groups))
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
