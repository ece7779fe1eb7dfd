package decode

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
)

// How values are told apart, compared and turned into texts and numbers, as
// ECMAScript has it.
// Source: https://tc39.es/ecma262/#sec-type-conversion

// units are the UTF-16 units of a text.
func units(s string) []uint16 { return utf16.Encode([]rune(s)) }

func fromUnits(u []uint16) string { return string(utf16.Decode(u)) }

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func (m *machine) elements(v any) []any {
	switch x := v.(type) {
	case *array:
		m.step(len(x.items))
		return append([]any(nil), x.items...)
	case bytes:
		m.step(len(x))
		var out []any
		for i := range len(x) {
			out = append(out, float64(x[i]))
		}
		return out
	case string:
		m.step(len(x))
		var out []any
		for _, r := range x {
			out = append(out, string(r))
		}
		return out
	}
	impure()
	return nil
}

func truthy(v any) bool {
	switch x := v.(type) {
	case nil, null:
		return false
	case bool:
		return x
	case float64:
		return x != 0 && !math.IsNaN(x)
	case string:
		return x != ""
	}
	return true
}

func strictEqual(a, b any) bool {
	switch x := a.(type) {
	case nil:
		return b == nil
	case null:
		_, ok := b.(null)
		return ok
	case bool, float64, string:
		return a == b
	case *array, *object, *closure, *pattern:
		return a == b
	case builtin:
		y, ok := b.(builtin)
		return ok && x.name == y.name
	}
	return false
}

func looseEqual(m *machine, a, b any) bool {
	empty := func(v any) bool {
		_, isNull := v.(null)
		return v == nil || isNull
	}
	switch {
	case empty(a) || empty(b):
		return empty(a) && empty(b)
	case strictEqual(a, b):
		return true
	}
	_, aText := a.(string)
	_, bText := b.(string)
	if aText && bText {
		return false
	}
	return toNumber(m, a) == toNumber(m, b)
}

func toNumber(m *machine, v any) float64 {
	switch x := v.(type) {
	case nil:
		return math.NaN()
	case null:
		return 0
	case bool:
		if x {
			return 1
		}
		return 0
	case float64:
		return x
	case string:
		t := strings.TrimSpace(x)
		if t == "" {
			return 0
		}
		if len(t) > 2 && t[0] == '0' {
			base := map[byte]int{'x': 16, 'X': 16, 'o': 8, 'O': 8, 'b': 2, 'B': 2}[t[1]]
			if base > 0 {
				n, err := strconv.ParseUint(t[2:], base, 64)
				if err != nil {
					return math.NaN()
				}
				return float64(n)
			}
		}
		if strings.ContainsAny(t, "_pPxXiInN") && t != "Infinity" && t != "-Infinity" {
			return math.NaN()
		}
		n, err := strconv.ParseFloat(t, 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			return math.NaN()
		}
		return n
	case *array:
		return toNumber(m, toText(m, x))
	}
	return math.NaN()
}

func toInt32(m *machine, v any) int32 { return int32(toUint32(m, v)) }

func toUint32(m *machine, v any) uint32 {
	f := toNumber(m, v)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	f = math.Mod(math.Trunc(f), 1<<32)
	if f < 0 {
		f += 1 << 32
	}
	return uint32(f)
}

func formatNumber(f float64) string {
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
	s := strconv.FormatFloat(f, 'e', -1, 64)
	mantissa, exponent, _ := strings.Cut(s, "e")
	sign := exponent[:1]
	return mantissa + "e" + sign + strings.TrimLeft(exponent[1:], "0")
}

func toText(m *machine, v any) string {
	switch x := v.(type) {
	case nil:
		return "undefined"
	case null:
		return "null"
	case bool:
		return strconv.FormatBool(x)
	case float64:
		return formatNumber(x)
	case string:
		return x
	case *array:
		if m.depth++; m.depth > maxDepth {
			impure()
		}
		parts := make([]string, len(x.items))
		for i, item := range x.items {
			if _, isNull := item.(null); item != nil && !isNull {
				parts[i] = toText(m, item)
			}
			m.step(1)
		}
		m.depth--
		return m.text(strings.Join(parts, ","))
	case *object:
		if x.class != "" {
			return "[object " + x.class + "]"
		}
		return "[object Object]"
	case builtin:
		return "function " + x.name[strings.LastIndexByte(x.name, '.')+1:] + "() { [native code] }"
	case *pattern:
		return "/" + x.source + "/" + x.flags
	}
	impure()
	return ""
}
