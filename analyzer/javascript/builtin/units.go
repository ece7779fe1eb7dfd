package builtin

import (
	"strings"
	"unicode/utf8"
)

// Texts are of UTF-16 units to the language, and WTF-8 here: UTF-8 in which half of
// a surrogate pair that stands alone has three bytes of its own. So does the parser
// write them.
// Source: https://simonsapin.github.io/wtf-8/

// ASCII reports whether a text is of one byte a unit.
func ASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// half is the half of a pair that a text begins with.
func half(s string) (u uint16, ok bool) {
	if len(s) < 3 || s[0] != 0xed || s[1] < 0xa0 || s[1] > 0xbf || s[2] < 0x80 || s[2] > 0xbf {
		return 0, false
	}
	return 0xd000 | uint16(s[1]&0x3f)<<6 | uint16(s[2]&0x3f), true
}

// next is the first character of a text, which may be half of a pair, and its size;
// size is 0 where the bytes are no text.
func next(s string) (r rune, size int) {
	r, size = utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && size <= 1 {
		if u, ok := half(s); ok {
			return rune(u), 3
		}
		return r, 0
	}
	return r, size
}

// wellFormed reports whether no half of a pair stands alone in a text.
func wellFormed(s string) bool { return utf8.ValidString(s) }

// valid reports whether bytes are a text, in which two halves of a pair do not
// follow each other.
func valid(s string) bool {
	if utf8.ValidString(s) {
		return true
	}
	high := false
	for len(s) > 0 {
		r, n := next(s)
		if n == 0 || high && r >= 0xdc00 && r < 0xe000 {
			return false
		}
		high = r >= 0xd800 && r < 0xdc00
		s = s[n:]
	}
	return true
}

// Units are the UTF-16 units of a text. What is no text has that many replacement
// characters.
func Units(s string) []uint16 {
	out := make([]uint16, 0, len(s))
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			out = append(out, uint16(s[i]))
			i++
			continue
		}
		r, n := next(s[i:])
		switch {
		case r > 0xffff:
			r -= 0x10000
			out = append(out, uint16(0xd800+r>>10), uint16(0xdc00+r&0x3ff))
		default:
			out = append(out, uint16(r))
		}
		i += max(n, 1)
	}
	return out
}

// FromUnits is the text of units.
func FromUnits(u []uint16) string {
	b := make([]byte, 0, len(u)+len(u)/8)
	for i := 0; i < len(u); i++ {
		switch c := rune(u[i]); {
		case c < utf8.RuneSelf:
			b = append(b, byte(c))
		case c >= 0xd800 && c < 0xdc00 && i+1 < len(u) && u[i+1] >= 0xdc00 && u[i+1] < 0xe000:
			b = utf8.AppendRune(b, 0x10000+(c-0xd800)<<10+rune(u[i+1]-0xdc00))
			i++
		case c >= 0xd800 && c < 0xe000:
			b = append(b, 0xed, 0x80|byte(c>>6&0x3f), 0x80|byte(c&0x3f))
		default:
			b = utf8.AppendRune(b, c)
		}
	}
	return string(b)
}

// Join puts texts behind each other: two halves become a pair.
func Join(parts ...string) string {
	s := strings.Join(parts, "")
	if wellFormed(s) || valid(s) {
		return s
	}
	return FromUnits(Units(s))
}

// Length is a text's length, in units.
func Length(s string) int {
	n := 0
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i, n = i+1, n+1
			continue
		}
		r, size := next(s[i:])
		if n++; r > 0xffff {
			n++
		}
		i += max(size, 1)
	}
	return n
}

// cut is the part of a text between two units.
func cut(s string, from, to int) string {
	if from >= to {
		return ""
	}
	if ASCII(s) {
		return s[from:to]
	}
	return FromUnits(Units(s)[from:to])
}

// characters are the characters of a text, as iterating it gives them.
func characters(s string) []any {
	out := make([]any, 0, len(s))
	for len(s) > 0 {
		_, n := next(s)
		n = max(n, 1)
		out = append(out, s[:n])
		s = s[n:]
	}
	return out
}

// Before reports whether a text stands before another in the language's order,
// that of their units.
func Before(a, b string) bool {
	if ASCII(a) && ASCII(b) {
		return a < b
	}
	x, y := Units(a), Units(b)
	for k := range min(len(x), len(y)) {
		if x[k] != y[k] {
			return x[k] < y[k]
		}
	}
	return len(x) < len(y)
}

// indexUnits is the first place from a unit on in which a word stands, -1 where
// there is none.
func indexUnits(s, word string, from int) (at int, ok bool) {
	if ASCII(s) {
		if i := strings.Index(s[from:], word); i >= 0 {
			return from + i, true
		}
		return -1, true
	}
	u := Units(s)
	if wellFormed(word) && from <= len(u) {
		rest := FromUnits(u[from:])
		i := strings.Index(rest, word)
		if i < 0 {
			return -1, true
		}
		return from + Length(rest[:i]), true
	}
	w := Units(word)
	if len(u)*len(w) > maxSearch {
		return 0, false
	}
	for i := from; i+len(w) <= len(u); i++ {
		if sameUnits(u[i:i+len(w)], w) {
			return i, true
		}
	}
	return -1, true
}

// lastUnits is the last place up to a unit in which a word stands.
func lastUnits(s, word string, to int) (at int, ok bool) {
	u, w := Units(s), Units(word)
	if len(u)*len(w) > maxSearch {
		return 0, false
	}
	for i := min(to, len(u)-len(w)); i >= 0; i-- {
		if sameUnits(u[i:i+len(w)], w) {
			return i, true
		}
	}
	return -1, true
}

// maxSearch bounds a search that compares unit by unit.
const maxSearch = 1 << 26

func sameUnits(a, b []uint16) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// Indexed is a text whose units are read one by one.
type Indexed struct {
	text  string
	ascii bool
	units []uint16
}

// IndexedText prepares a text.
func IndexedText(s string) *Indexed {
	x := &Indexed{text: s, ascii: ASCII(s)}
	if !x.ascii {
		x.units = Units(s)
	}
	return x
}

// Text is the text itself.
func (x *Indexed) Text() string { return x.text }

// Length is how many units there are.
func (x *Indexed) Length() int {
	if x.ascii {
		return len(x.text)
	}
	return len(x.units)
}

// unit is one of them.
func (x *Indexed) unit(i int) uint16 {
	if x.ascii {
		return uint16(x.text[i])
	}
	return x.units[i]
}

func (x *Indexed) at(i int) string {
	if x.ascii {
		return x.text[i : i+1]
	}
	return FromUnits(x.units[i : i+1])
}

// IsIndexed reports whether a method reads one unit or character of a text.
func IsIndexed(name string) bool {
	switch name {
	case "charAt", "at", "charCodeAt", "codePointAt":
		return true
	}
	return false
}

// Method is what such a method gives.
func (x *Indexed) Method(name string, args []any) (any, bool) {
	f, ok := integer(Arg(args, 0), 0)
	n := x.Length()
	if name == "at" && f < 0 {
		f += float64(n)
	}
	within := f >= 0 && f < float64(n)
	i := 0
	if within {
		i = int(f)
	}
	switch {
	case !ok || !IsIndexed(name):
		return nil, false
	case name == "charAt" && !within:
		return "", true
	case name == "charCodeAt" && !within:
		return nan, true
	case !within:
		return nil, true
	case name == "charCodeAt":
		return float64(x.unit(i)), true
	case name == "codePointAt":
		if x.ascii {
			return float64(x.text[i]), true
		}
		r, _ := next(FromUnits(x.units[i:min(i+2, n)]))
		return float64(r), true
	}
	return x.at(i), true
}
