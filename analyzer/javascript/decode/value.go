package decode

import (
	"math"
	"strconv"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/builtin"
)

// How values are told apart, compared and turned into texts and numbers, as
// ECMAScript has it.
// Source: https://tc39.es/ecma262/#sec-type-conversion

// fromUnits is the text of UTF-16 units; half of a pair is not known.
func fromUnits(u []uint16) string {
	s, ok := builtin.FromUnits(u)
	if !ok {
		impure()
	}
	return s
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
	case native:
		y, ok := b.(native)
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
		n, _ := builtin.Number(x)
		return n
	case *array:
		return toNumber(m, toText(m, x))
	}
	return math.NaN()
}

func toInt32(m *machine, v any) int32 { return int32(toUint32(m, v)) }

func toUint32(m *machine, v any) uint32 { return builtin.Uint32(toNumber(m, v)) }

func toText(m *machine, v any) string {
	switch x := v.(type) {
	case nil:
		return "undefined"
	case null:
		return "null"
	case bool:
		return strconv.FormatBool(x)
	case float64:
		return builtin.FormatNumber(x)
	case string:
		return x
	case bytes:
		return m.bytesText(x, nil).(string)
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
	case native:
		return "function " + x.name[strings.LastIndexByte(x.name, '.')+1:] + "() { [native code] }"
	case *pattern:
		return "/" + x.source + "/" + x.flags
	case *closure:
		return m.source(x)
	}
	impure()
	return ""
}
