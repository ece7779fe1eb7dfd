// Package builtin has the pure functions of the language and of Node that turn
// texts, numbers and lists into others, over plain Go values. Each gives what
// Node gives, or says that it does not know: a wrong constant is worse than
// none.
//
// Values: nil is undefined; Null, bool, float64, string, []any and Bytes are what
// they say. A text is one of UTF-16 units to the language, but valid UTF-8 here:
// what would hold half of a surrogate pair is not known.
// Source: https://tc39.es/ecma262/
package builtin

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Null is the language's null.
type Null struct{}

// Bytes are those of a Buffer.
type Bytes string

// MaxText is the longest text that is made, in bytes.
const MaxText = 4 << 20

// Arg is an argument, undefined where there is none.
func Arg(args []any, i int) any {
	if i < len(args) {
		return args[i]
	}
	return nil
}

// ASCII reports whether a text is of one byte a unit.
func ASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Units are the UTF-16 units of a text.
func Units(s string) []uint16 { return utf16.Encode([]rune(s)) }

// FromUnits is the text of units; false where half of a pair stands alone.
func FromUnits(u []uint16) (string, bool) {
	for i := 0; i < len(u); i++ {
		switch {
		case u[i] >= 0xdc00 && u[i] < 0xe000:
			return "", false
		case u[i] >= 0xd800 && u[i] < 0xdc00:
			if i++; i >= len(u) || u[i] < 0xdc00 || u[i] >= 0xe000 {
				return "", false
			}
		}
	}
	return string(utf16.Decode(u)), true
}

// Length is a text's length, in units.
func Length(s string) int {
	n := 0
	for _, r := range s {
		if n++; r > 0xffff {
			n++
		}
	}
	return n
}

// cut is the part of a text between two units.
func cut(s string, from, to int) (string, bool) {
	if from >= to {
		return "", true
	}
	if ASCII(s) {
		return s[from:to], true
	}
	return FromUnits(Units(s)[from:to])
}

// unitIndex turns an index in bytes into one in units.
func unitIndex(s string, at int) int {
	if at < 0 {
		return at
	}
	return Length(s[:at])
}

// Space reports whether a character is one that trim takes away.
func Space(r rune) bool {
	switch r {
	case '\t', '\n', '\v', '\f', '\r', ' ', 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff:
		return true
	}
	return r >= 0x2000 && r <= 0x200a
}

// Number is what Number gives; false where it cannot be known.
func Number(v any) (float64, bool) {
	switch x := v.(type) {
	case nil:
		return math.NaN(), true
	case Null:
		return 0, true
	case bool:
		if x {
			return 1, true
		}
		return 0, true
	case float64:
		return x, true
	case string:
		return numberOf(x), true
	case []any:
		s, ok := Text(x)
		return numberOf(s), ok
	}
	return 0, false
}

func numberOf(s string) float64 {
	s = strings.TrimFunc(s, Space)
	if s == "" {
		return 0
	}
	if len(s) > 2 && s[0] == '0' {
		base := map[byte]int{'x': 16, 'X': 16, 'o': 8, 'O': 8, 'b': 2, 'B': 2}[s[1]]
		if base > 0 {
			n, digits, exact := digitsOf(s[2:], base)
			if digits != len(s)-2 || !exact {
				return math.NaN()
			}
			return n
		}
	}
	n, length := decimal(s)
	if length != len(s) {
		return math.NaN()
	}
	return n
}

// digitsOf reads the digits that a text begins with; exact is false where the
// number is too large to be sure of.
func digitsOf(s string, base int) (n float64, digits int, exact bool) {
	for ; digits < len(s); digits++ {
		d, err := strconv.ParseUint(s[digits:digits+1], 36, 8)
		if err != nil || int(d) >= base {
			break
		}
		n = n*float64(base) + float64(d)
	}
	return n, digits, n < 1<<53
}

// decimal reads the decimal number that a text begins with.
func decimal(s string) (n float64, length int) {
	i := 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	if strings.HasPrefix(s[i:], "Infinity") {
		n = math.Inf(1)
		if s[0] == '-' {
			n = math.Inf(-1)
		}
		return n, i + len("Infinity")
	}
	digit := func() (n int) {
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i, n = i+1, n+1
		}
		return n
	}
	digits := digit()
	if i < len(s) && s[i] == '.' {
		dot := i
		i++
		if after := digit(); after == 0 && digits == 0 {
			i = dot
		} else {
			digits += after
		}
	}
	if digits == 0 {
		return math.NaN(), 0
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		before := i
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if digit() == 0 {
			i = before
		}
	}
	n, _ = strconv.ParseFloat(s[:i], 64) // out of range it is infinite, as in the language
	return n, i
}

// Text is what String gives; false where it cannot be known.
func Text(v any) (string, bool) {
	switch x := v.(type) {
	case nil:
		return "undefined", true
	case Null:
		return "null", true
	case bool:
		return strconv.FormatBool(x), true
	case float64:
		return FormatNumber(x), true
	case string:
		return x, true
	case Bytes:
		return string(x), utf8.ValidString(string(x))
	case []any:
		return joined(x, ",")
	}
	return "", false
}

func joined(list []any, by string) (string, bool) {
	var b strings.Builder
	for i, item := range list {
		if i > 0 {
			b.WriteString(by)
		}
		switch item.(type) {
		case nil, Null:
			continue
		}
		s, ok := Text(item)
		if !ok || b.Len()+len(s) > MaxText {
			return "", false
		}
		b.WriteString(s)
	}
	return b.String(), true
}

// FormatNumber is a number as the language writes it.
func FormatNumber(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case f == 0:
		return "0"
	}
	if abs := math.Abs(f); abs >= 1e-6 && abs < 1e21 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	return mantissa + "e" + exponent[:1] + strings.TrimLeft(exponent[1:], "0")
}

// integer is an argument as a whole number, which may be infinite.
func integer(v any, fallback float64) (float64, bool) {
	if v == nil {
		return fallback, true
	}
	f, ok := Number(v)
	if math.IsNaN(f) {
		f = 0
	}
	return math.Trunc(f), ok
}

// clamp keeps an index between 0 and n; a negative one counts from the end.
func clamp(f float64, n int, fromEnd bool) int {
	if f < 0 {
		if !fromEnd {
			return 0
		}
		f += float64(n)
	}
	return int(min(max(f, 0), float64(n)))
}

// Uint32 is a number as one of 32 bits.
func Uint32(f float64) uint32 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	f = math.Mod(math.Trunc(f), 1<<32)
	if f < 0 {
		f += 1 << 32
	}
	return uint32(f)
}

// same reports whether two values are equal as includes sees it (zero), or ===;
// false in the second result where that is not known.
func same(a, b any, nan bool) (equal, ok bool) {
	switch x := a.(type) {
	case []any, Bytes:
		return false, false // an object is equal to itself alone
	case float64:
		y, isNumber := b.(float64)
		return isNumber && (x == y || nan && math.IsNaN(x) && math.IsNaN(y)), true
	}
	switch b.(type) {
	case []any, Bytes:
		return false, false
	}
	return a == b, true
}
