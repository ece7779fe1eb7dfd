package builtin

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// HasText reports whether texts have a method that TextMethod may know without a
// pattern or function.
func HasText(name string) bool { return textMethods[name] != nil }

// IsTextMethod reports whether texts have a method.
func IsTextMethod(name string) bool { return textMethods[name] != nil || patternMethods[name] != nil }

// TextMethod is what a method of a text gives.
func TextMethod(name, s string, args []any) (any, bool) {
	if len(s) > MaxText {
		return nil, false
	}
	if !valid(s) {
		if s = FromUnits(Units(s)); !valid(s) {
			return nil, false
		}
	}
	if method := patternMethods[name]; method != nil && searches(name, args) {
		return method(s, args)
	}
	if method := textMethods[name]; method != nil {
		return method(s, args)
	}
	return nil, false
}

type textMethod func(s string, args []any) (any, bool)

var textMethods map[string]textMethod

func init() {
	itself := func(s string, _ []any) (any, bool) { return s, true }
	unit := func(name string) textMethod {
		return func(s string, args []any) (any, bool) { return IndexedText(s).Method(name, args) }
	}
	textMethods = map[string]textMethod{
		"toString": itself, "valueOf": itself,
		"toWellFormed": func(s string, _ []any) (any, bool) { return mended(s), true },
		"isWellFormed": func(s string, _ []any) (any, bool) { return wellFormed(s), true },
		"normalize": func(s string, args []any) (any, bool) {
			form, ok := Text(Arg(args, 0))
			switch form {
			case "undefined", "NFC", "NFD", "NFKC", "NFKD":
			default:
				ok = false // it throws
			}
			return s, ok && ASCII(s)
		},
		"localeCompare": func(s string, args []any) (any, bool) {
			other, ok := Text(Arg(args, 0))
			return 0.0, ok && s == other && ASCII(s) && len(args) < 2
		},
		"trim":        func(s string, _ []any) (any, bool) { return strings.TrimFunc(s, Space), true },
		"trimStart":   func(s string, _ []any) (any, bool) { return strings.TrimLeftFunc(s, Space), true },
		"trimEnd":     func(s string, _ []any) (any, bool) { return strings.TrimRightFunc(s, Space), true },
		"toLowerCase": func(s string, _ []any) (any, bool) { return changeCase(s, unicode.ToLower) },
		"toUpperCase": func(s string, _ []any) (any, bool) { return changeCase(s, unicode.ToUpper) },
		"toLocaleLowerCase": func(s string, args []any) (any, bool) {
			out, _ := changeCase(s, unicode.ToLower)
			return out, ASCII(s) && len(args) == 0
		},
		"toLocaleUpperCase": func(s string, args []any) (any, bool) {
			out, _ := changeCase(s, unicode.ToUpper)
			return out, ASCII(s) && len(args) == 0
		},
		"concat":    concatText,
		"slice":     func(s string, args []any) (any, bool) { return between(s, args, true, false) },
		"substring": func(s string, args []any) (any, bool) { return between(s, args, false, true) },
		"substr":    substr,
		"charAt":    unit("charAt"), "at": unit("at"), "charCodeAt": unit("charCodeAt"), "codePointAt": unit("codePointAt"),
		"split": split, "repeat": repeat,
		"padStart": func(s string, args []any) (any, bool) { return pad(s, args, true) },
		"padEnd":   func(s string, args []any) (any, bool) { return pad(s, args, false) },
		"indexOf":  indexOf, "lastIndexOf": lastIndexOf,
		"includes": func(s string, args []any) (any, bool) {
			v, ok := indexOf(s, args)
			return ok && v.(float64) >= 0, ok && noPattern(args)
		},
		"startsWith": startsWith, "endsWith": endsWith,
		"replace":    func(s string, args []any) (any, bool) { return replaceText(s, args, false) },
		"replaceAll": func(s string, args []any) (any, bool) { return replaceText(s, args, true) },
		"anchor":     tag("a", "name"), "big": tag("big", ""), "blink": tag("blink", ""), "bold": tag("b", ""), "fixed": tag("tt", ""),
		"fontcolor": tag("font", "color"), "fontsize": tag("font", "size"), "italics": tag("i", ""), "link": tag("a", "href"),
		"small": tag("small", ""), "strike": tag("strike", ""), "sub": tag("sub", ""), "sup": tag("sup", ""),
	}
	textMethods["trimLeft"], textMethods["trimRight"] = textMethods["trimStart"], textMethods["trimEnd"]
}

// tag is a method that HTML had; code in brackets takes letters from them.
func tag(name, attribute string) textMethod {
	return func(s string, args []any) (any, bool) {
		begin := "<" + name
		if attribute != "" {
			v, ok := Text(Arg(args, 0))
			if !ok {
				return nil, false
			}
			begin += " " + attribute + `="` + strings.ReplaceAll(v, `"`, "&quot;") + `"`
		}
		return begin + ">" + s + "</" + name + ">", true
	}
}

// changeCase turns letters into their small or capital form, where that is one
// letter for one.
func changeCase(s string, to func(rune) rune) (any, bool) {
	for _, r := range s {
		switch {
		case r == 'ß' || r == 'ŉ' || r == 'ǰ' || r == 'İ':
			return nil, false
		case r >= 0x250 && (unicode.ToLower(r) != r || unicode.ToUpper(r) != r || unicode.IsLetter(r) && r < 0x3000):
			return nil, false
		case r >= 0xfb00 && r < 0xfb20:
			return nil, false // ligatures
		}
	}
	return strings.Map(to, s), wellFormed(s)
}

// mended is a text in which what was half of a pair is a replacement character.
func mended(s string) string {
	if wellFormed(s) {
		return s
	}
	u := Units(s)
	for i := 0; i < len(u); i++ {
		switch {
		case u[i] >= 0xd800 && u[i] < 0xdc00 && i+1 < len(u) && u[i+1] >= 0xdc00 && u[i+1] < 0xe000:
			i++
		case u[i] >= 0xd800 && u[i] < 0xe000:
			u[i] = utf8.RuneError
		}
	}
	return FromUnits(u)
}

// noPattern reports whether the first argument is no pattern: some methods throw
// where it is one.
func noPattern(args []any) bool {
	_, is := Arg(args, 0).(*Pattern)
	return !is
}

func concatText(s string, args []any) (any, bool) {
	for _, a := range args {
		t, ok := Text(a)
		if !ok || len(s)+len(t) > MaxText {
			return nil, false
		}
		s = Join(s, t)
	}
	return s, true
}

func between(s string, args []any, fromEnd, swap bool) (any, bool) {
	n := Length(s)
	a, ok1 := integer(Arg(args, 0), 0)
	b, ok2 := integer(Arg(args, 1), float64(n))
	if !ok1 || !ok2 {
		return nil, false
	}
	from, to := clamp(a, n, fromEnd), clamp(b, n, fromEnd)
	if swap && from > to {
		from, to = to, from
	}
	return cut(s, from, to), true
}

func substr(s string, args []any) (any, bool) {
	n := Length(s)
	a, ok1 := integer(Arg(args, 0), 0)
	count, ok2 := integer(Arg(args, 1), math.Inf(1))
	if !ok1 || !ok2 {
		return nil, false
	}
	from := clamp(a, n, true)
	return cut(s, from, from+int(min(max(count, 0), float64(n-from)))), true
}

func split(s string, args []any) (any, bool) {
	limit := uint32(math.MaxUint32)
	if v := Arg(args, 1); v != nil {
		f, ok := Number(v)
		if !ok {
			return nil, false
		}
		limit = Uint32(f)
	}
	var parts []string
	switch by := Arg(args, 0).(type) {
	case nil:
		parts = []string{s}
	case string, float64, bool, Null:
		separator, _ := Text(by)
		switch {
		case separator == "":
			if ASCII(s) {
				parts = strings.Split(s, "")
				break
			}
			for _, u := range Units(s) {
				parts = append(parts, FromUnits([]uint16{u}))
			}
		case wellFormed(separator):
			parts = strings.Split(s, separator)
		default:
			return nil, false // half of a pair may stand in a whole one
		}
	default:
		return nil, false
	}
	list := make([]any, 0, len(parts))
	for i, part := range parts {
		if uint32(i) >= limit {
			break
		}
		list = append(list, part)
	}
	return list, true
}

func repeat(s string, args []any) (any, bool) {
	n, ok := integer(Arg(args, 0), 0)
	if !ok || n < 0 || math.IsInf(n, 0) || n*float64(len(s)) > MaxText {
		return nil, false // it throws, or is too long
	}
	if s == "" {
		return "", true
	}
	return Join(strings.Repeat(s, int(n))), true
}

func pad(s string, args []any, start bool) (any, bool) {
	n, ok := integer(Arg(args, 0), 0)
	filler := " "
	if v := Arg(args, 1); v != nil {
		var isText bool
		filler, isText = Text(v)
		ok = ok && isText
	}
	missing := n - float64(Length(s))
	switch {
	case !ok || missing > MaxText || missing*float64(len(filler)) > MaxText:
		return nil, false
	case missing <= 0 || filler == "":
		return s, true
	}
	size := Length(filler)
	fill := cut(Join(strings.Repeat(filler, int(missing)/size+1)), 0, int(missing))
	if start {
		return Join(fill, s), true
	}
	return Join(s, fill), true
}

func indexOf(s string, args []any) (any, bool) {
	word, ok1 := Text(Arg(args, 0))
	from, ok2 := integer(Arg(args, 1), 0)
	if !ok1 || !ok2 {
		return nil, false
	}
	i, ok := indexUnits(s, word, clamp(from, Length(s), false))
	return float64(i), ok
}

func lastIndexOf(s string, args []any) (any, bool) {
	word, ok := Text(Arg(args, 0))
	to, ok2 := Number(Arg(args, 1))
	if math.IsNaN(to) {
		to = math.Inf(1)
	}
	if !ok || !ok2 {
		return nil, false
	}
	i, ok := lastUnits(s, word, clamp(math.Trunc(to), Length(s), false))
	return float64(i), ok
}

func startsWith(s string, args []any) (any, bool) {
	word, ok1 := Text(Arg(args, 0))
	from, ok2 := integer(Arg(args, 1), 0)
	if !ok1 || !ok2 || !noPattern(args) {
		return nil, false
	}
	at, n := clamp(from, Length(s), false), Length(s)
	end := at + Length(word)
	return end <= n && cut(s, at, end) == word, true
}

func endsWith(s string, args []any) (any, bool) {
	word, ok1 := Text(Arg(args, 0))
	to, ok2 := integer(Arg(args, 1), float64(Length(s)))
	if !ok1 || !ok2 || !noPattern(args) {
		return nil, false
	}
	end := clamp(to, Length(s), false)
	at := end - Length(word)
	return at >= 0 && cut(s, at, end) == word, true
}

func replaceText(s string, args []any, all bool) (any, bool) {
	old, isText := Text(Arg(args, 0))
	if !isText || !noPattern(args) {
		return nil, false
	}
	if f, isFunc := Arg(args, 1).(Func); isFunc {
		return substitute(s, old, all, func(at int) (string, bool) {
			v, ok := f(nil, old, float64(Length(s[:at])), s)
			if !ok {
				return "", false
			}
			return Text(v)
		})
	}
	with, isKnown := Text(Arg(args, 1))
	if !isKnown {
		return nil, false
	}
	return Replace(s, old, with, all)
}

// Replace puts a text in the place of another, of each where all is set; the
// signs $$, $&, $` and $' in it are what the language makes of them.
func Replace(s, old, with string, all bool) (any, bool) {
	return substitute(s, old, all, func(at int) (string, bool) {
		return expand(with, s, at, at+len(old), nil, nil)
	})
}

// substitute puts what with gives for a place in the place of a text.
func substitute(s, old string, all bool, with func(at int) (string, bool)) (any, bool) {
	if !wellFormed(old) {
		return nil, false // half of a pair may stand in a whole one
	}
	var b strings.Builder
	last, from := 0, 0
	for from <= len(s) {
		i := strings.Index(s[from:], old)
		if i < 0 {
			break
		}
		at := from + i
		if old == "" && at > 0 && at < len(s) && s[at-1] >= utf8.RuneSelf && !utf8.RuneStart(s[at]) {
			from = at + 1
			continue
		}
		if old == "" && all && !ASCII(s) {
			return nil, false // between the halves of a pair as well
		}
		by, ok := with(at)
		if !ok || b.Len()+len(by) > MaxText {
			return nil, false
		}
		b.WriteString(s[last:at])
		b.WriteString(by)
		last, from = at+len(old), at+max(len(old), 1)
		if !all {
			break
		}
	}
	b.WriteString(s[last:])
	return Join(b.String()), b.Len() <= MaxText
}

// expand is what a text that takes the place of a match is: with the signs of the
// language, and groups by number and name.
func expand(with, s string, from, to int, groups []any, names []string) (string, bool) {
	if !strings.Contains(with, "$") {
		return with, true
	}
	var b strings.Builder
	for j := 0; j < len(with); j++ {
		if with[j] != '$' || j+1 == len(with) {
			b.WriteByte(with[j])
			continue
		}
		j++
		switch c := with[j]; {
		case c == '$':
			b.WriteByte('$')
		case c == '&':
			b.WriteString(s[from:to])
		case c == '`':
			b.WriteString(s[:from])
		case c == '\'':
			b.WriteString(s[to:])
		case c >= '0' && c <= '9' && len(groups) > 0:
			n := int(c - '0')
			if j+1 < len(with) && with[j+1] >= '0' && with[j+1] <= '9' {
				if two := n*10 + int(with[j+1]-'0'); two >= 1 && two <= len(groups) {
					n = two
					j++
				}
			}
			if n < 1 || n > len(groups) {
				b.WriteString("$" + string(c))
				break
			}
			if group, is := groups[n-1].(string); is {
				b.WriteString(group)
			}
		case c == '<' && len(names) > 0:
			return "", false
		default:
			b.WriteString(with[j-1 : j+1])
		}
		if b.Len() > MaxText {
			return "", false
		}
	}
	return b.String(), true
}
