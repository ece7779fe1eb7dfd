// Package builtin has the pure functions of the language and of Node that turn
// texts, numbers, lists and objects into others, over plain Go values. Each gives
// what Node gives, or says that it does not know: a wrong constant is worse than
// none. The evaluator and the decoder share it.
//
//	units.go     texts, which are of UTF-16 units to the language
//	text.go      methods of texts          pattern.go  regular expressions
//	list.go      methods of arrays         calls.go    those that call a function
//	number.go    numbers, Math             object.go   Object, Map, Set
//	json.go      JSON                      bytes.go    Buffer, typed arrays, encodings
//	uri.go       percent signs, queries    url.go      URL
//	path.go      path                      format.go   util
//
// Values: nil is undefined; Null, Hole, bool, float64, string, []any, Bytes, *Object,
// *Pattern and Func are what they say. Any other value is passed on as it is, so that
// who calls may hand in values of its own where nothing looks into them.
//
// Methods of texts, lists and numbers, and functions by their names, each have a
// table (Names lists them); a test asks Node of every entry.
//
// Source: https://tc39.es/ecma262/
package builtin

import (
	"math"
	"strings"
)

// Null is the language's null.
type Null struct{}

// Hole stands in a list where it has no element.
type Hole struct{}

// Bytes are those of a Buffer.
type Bytes string

// Func is a function of the script. It is false where what it gives is not known.
type Func func(this any, args ...any) (any, bool)

// MaxText is the longest text that is made, in bytes, MaxItems the longest list.
const (
	MaxText  = 4 << 20
	MaxItems = 1 << 20
)

// maxDepth bounds how deep lists and objects are in each other.
const maxDepth = 64

// Arg is an argument, undefined where there is none.
func Arg(args []any, i int) any {
	if i < len(args) {
		return args[i]
	}
	return nil
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
	case []any, *Object, Bytes:
		s, ok := Text(x)
		return numberOf(s), ok
	}
	return 0, false
}

// Text is what String gives; false where it cannot be known.
func Text(v any) (string, bool) {
	switch x := v.(type) {
	case nil:
		return "undefined", true
	case Null:
		return "null", true
	case bool:
		if x {
			return "true", true
		}
		return "false", true
	case float64:
		return FormatNumber(x), true
	case string:
		return x, true
	case Bytes:
		return utf8Text(string(x)), true
	case []any:
		return joined(x, ",")
	case *Object:
		for _, name := range []string{"toString", "valueOf", "__proto__"} {
			if _, has := x.Get(name); has {
				return "", false
			}
		}
		return "[object Object]", true
	case *Pattern:
		return x.String(), true
	}
	return "", false
}

func joined(list []any, by string) (string, bool) {
	return joinedAt(list, by, 0)
}

func joinedAt(list []any, by string, depth int) (string, bool) {
	if depth > maxDepth {
		return "", false
	}
	parts := make([]string, len(list))
	size := 0
	for i, item := range list {
		ok := true
		switch x := item.(type) {
		case nil, Null, Hole:
		case []any:
			parts[i], ok = joinedAt(x, ",", depth+1)
		default:
			parts[i], ok = Text(item)
		}
		if size += len(parts[i]) + len(by); !ok || size > MaxText {
			return "", false
		}
	}
	return Join(strings.Join(parts, by)), true
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

// Truthy is what Boolean gives; false in the second result where it is not known.
func Truthy(v any) (yes, ok bool) {
	switch x := v.(type) {
	case nil, Null, Hole:
		return false, true
	case bool:
		return x, true
	case float64:
		return x != 0 && !math.IsNaN(x), true
	case string:
		return x != "", true
	}
	return true, true
}

// StrictEqual is ===; false in the second result where that is not known: of
// values whose identity is not kept.
func StrictEqual(a, b any) (equal, ok bool) {
	switch x := a.(type) {
	case Hole:
		a = nil
	case []any, Bytes, Func:
		switch b.(type) {
		case nil, Null, Hole, bool, float64, string:
			return false, true
		}
		return false, false // an object is equal to itself alone
	case float64:
		y, isNumber := b.(float64)
		return isNumber && x == y, true
	}
	switch b.(type) {
	case Hole:
		b = nil
	case []any, Bytes, Func:
		return StrictEqual(b, a)
	}
	return a == b, true
}

// SameValueZero is how includes, Map and Set compare: NaN is itself.
func SameValueZero(a, b any) (equal, ok bool) {
	x, isNumber := a.(float64)
	y, isNumber2 := b.(float64)
	if isNumber && isNumber2 && math.IsNaN(x) && math.IsNaN(y) {
		return true, true
	}
	return StrictEqual(a, b)
}
