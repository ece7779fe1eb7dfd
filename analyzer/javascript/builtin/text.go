package builtin

import (
	"math"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// HasText reports whether texts have a method that TextMethod may know.
func HasText(name string) bool { return textMethods[name] != nil }

// TextMethod is what a method of a text gives.
func TextMethod(name, s string, args []any) (any, bool) {
	method := textMethods[name]
	if method == nil || len(s) > MaxText || !utf8.ValidString(s) {
		return nil, false
	}
	return method(s, args)
}

type textMethod func(s string, args []any) (any, bool)

var textMethods map[string]textMethod

func init() {
	itself := func(s string, _ []any) (any, bool) { return s, true }
	textMethods = map[string]textMethod{
		"toString": itself, "valueOf": itself, "toWellFormed": itself,
		"isWellFormed": func(string, []any) (any, bool) { return true, true },
		"normalize":    func(s string, args []any) (any, bool) { return s, ASCII(s) && len(args) == 0 },
		"trim":         func(s string, _ []any) (any, bool) { return strings.TrimFunc(s, Space), true },
		"trimStart":    func(s string, _ []any) (any, bool) { return strings.TrimLeftFunc(s, Space), true },
		"trimEnd":      func(s string, _ []any) (any, bool) { return strings.TrimRightFunc(s, Space), true },
		"toLowerCase":  func(s string, _ []any) (any, bool) { return changeCase(s, unicode.ToLower) },
		"toUpperCase":  func(s string, _ []any) (any, bool) { return changeCase(s, unicode.ToUpper) },
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
		"charAt": func(s string, args []any) (any, bool) {
			if v, ok := unitAt(s, args, false); !ok || v != nil {
				return v, ok
			}
			return "", true
		},
		"at":         func(s string, args []any) (any, bool) { return unitAt(s, args, true) },
		"charCodeAt": charCodeAt, "codePointAt": codePointAt,
		"split": split, "repeat": repeat,
		"padStart": func(s string, args []any) (any, bool) { return pad(s, args, true) },
		"padEnd":   func(s string, args []any) (any, bool) { return pad(s, args, false) },
		"indexOf":  indexOf, "lastIndexOf": lastIndexOf,
		"includes": func(s string, args []any) (any, bool) {
			v, ok := indexOf(s, args)
			return ok && v.(float64) >= 0, ok
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
	return strings.Map(to, s), true
}

func concatText(s string, args []any) (any, bool) {
	for _, a := range args {
		t, ok := Text(a)
		if !ok || len(s)+len(t) > MaxText {
			return nil, false
		}
		s += t
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
	return sub(s, from, to)
}

// sub is cut as a value.
func sub(s string, from, to int) (any, bool) {
	out, ok := cut(s, from, to)
	if !ok {
		return nil, false
	}
	return out, true
}

func substr(s string, args []any) (any, bool) {
	n := Length(s)
	a, ok1 := integer(Arg(args, 0), 0)
	count, ok2 := integer(Arg(args, 1), math.Inf(1))
	if !ok1 || !ok2 {
		return nil, false
	}
	from := clamp(a, n, true)
	return sub(s, from, from+int(min(max(count, 0), float64(n-from))))
}

// position is the index that the first argument says; false where the text has
// none such.
func position(s string, args []any, fromEnd bool) (i int, within, ok bool) {
	f, ok := integer(Arg(args, 0), 0)
	n := Length(s)
	if fromEnd && f < 0 {
		f += float64(n)
	}
	if f < 0 || f >= float64(n) {
		return 0, false, ok
	}
	return int(f), true, ok
}

func unitAt(s string, args []any, fromEnd bool) (any, bool) {
	i, within, ok := position(s, args, fromEnd)
	if !ok || !within {
		return nil, ok
	}
	return sub(s, i, i+1)
}

func charCodeAt(s string, args []any) (any, bool) {
	i, within, ok := position(s, args, false)
	switch {
	case !ok:
		return nil, false
	case !within:
		return math.NaN(), true
	case ASCII(s):
		return float64(s[i]), true
	}
	return float64(Units(s)[i]), true
}

func codePointAt(s string, args []any) (any, bool) {
	i, within, ok := position(s, args, false)
	if !ok || !within {
		return nil, ok
	}
	if ASCII(s) {
		return float64(s[i]), true
	}
	u := Units(s)
	if r, whole := FromUnits(u[i:min(i+2, len(u))]); whole {
		first, _ := utf8.DecodeRuneInString(r)
		return float64(first), true
	}
	return float64(u[i]), true
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
		if separator != "" {
			parts = strings.Split(s, separator)
			break
		}
		for _, r := range s {
			if r > 0xffff {
				return nil, false
			}
			parts = append(parts, string(r))
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
	return strings.Repeat(s, int(n)), true
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
	case !ok || missing > MaxText:
		return nil, false
	case missing <= 0 || filler == "":
		return s, true
	}
	size := Length(filler)
	fill, whole := cut(strings.Repeat(filler, int(missing)/size+1), 0, int(missing))
	if !whole {
		return nil, false
	}
	if start {
		return fill + s, true
	}
	return s + fill, true
}

func indexOf(s string, args []any) (any, bool) {
	word, ok1 := Text(Arg(args, 0))
	from, ok2 := integer(Arg(args, 1), 0)
	if !ok1 || !ok2 {
		return nil, false
	}
	at := clamp(from, Length(s), false)
	rest, whole := cut(s, at, Length(s))
	if !whole {
		return nil, false
	}
	i := strings.Index(rest, word)
	if i < 0 {
		return float64(-1), true
	}
	return float64(at + unitIndex(rest, i)), true
}

func lastIndexOf(s string, args []any) (any, bool) {
	word, ok := Text(Arg(args, 0))
	if !ok || len(args) > 1 {
		return nil, false
	}
	return float64(unitIndex(s, strings.LastIndex(s, word))), true
}

func startsWith(s string, args []any) (any, bool) {
	word, ok1 := Text(Arg(args, 0))
	from, ok2 := integer(Arg(args, 1), 0)
	rest, ok3 := cut(s, clamp(from, Length(s), false), Length(s))
	return strings.HasPrefix(rest, word), ok1 && ok2 && ok3
}

func endsWith(s string, args []any) (any, bool) {
	word, ok1 := Text(Arg(args, 0))
	to, ok2 := integer(Arg(args, 1), float64(Length(s)))
	head, ok3 := cut(s, 0, clamp(to, Length(s), false))
	return strings.HasSuffix(head, word), ok1 && ok2 && ok3
}

func replaceText(s string, args []any, all bool) (any, bool) {
	old, isText := Arg(args, 0).(string)
	with, isKnown := Text(Arg(args, 1))
	if !isText || !isKnown || all && old == "" {
		return nil, false
	}
	return Replace(s, old, with, all)
}

// Replace puts a text in the place of another, of each where all is set; the
// signs $$, $&, $` and $' in it are what the language makes of them.
func Replace(s, old, with string, all bool) (any, bool) {
	var b strings.Builder
	last := 0
	for {
		i := strings.Index(s[last:], old)
		if i < 0 {
			break
		}
		at := last + i
		b.WriteString(s[last:at])
		for j := 0; j < len(with); j++ {
			if with[j] != '$' || j+1 == len(with) {
				b.WriteByte(with[j])
				continue
			}
			j++
			switch with[j] {
			case '$':
				b.WriteByte('$')
			case '&':
				b.WriteString(old)
			case '`':
				b.WriteString(s[:at])
			case '\'':
				b.WriteString(s[at+len(old):])
			default:
				b.WriteString(with[j-1 : j+1])
			}
		}
		if b.Len() > MaxText {
			return nil, false
		}
		last = at + len(old)
		if !all || old == "" {
			break
		}
	}
	b.WriteString(s[last:])
	return b.String(), true
}

// sortTexts sorts as the language does, by units.
func sortTexts(list []string) {
	sort.SliceStable(list, func(i, j int) bool {
		if ASCII(list[i]) && ASCII(list[j]) {
			return list[i] < list[j]
		}
		a, b := Units(list[i]), Units(list[j])
		for k := range min(len(a), len(b)) {
			if a[k] != b[k] {
				return a[k] < b[k]
			}
		}
		return len(a) < len(b)
	})
}
