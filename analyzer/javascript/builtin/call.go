package builtin

import (
	"encoding/base64"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// function is one of the language or of Node.
type function func(args []any) (any, bool)

// functions are those that Call knows, by their names.
var functions = map[string]function{}

// add puts functions into the table, when the package is loaded.
func add(more map[string]function) { maps.Copy(functions, more) }

// Call is what a function of the language or of Node gives, by its name: "parseInt",
// "Math.floor", "String.fromCharCode", "path.join".
func Call(name string, args []any) (any, bool) {
	if f := functions[name]; f != nil {
		return f(args)
	}
	return nil, false
}

// Has reports whether Call knows a function.
func Has(name string) bool { return functions[name] != nil }

// Names are the entries of the tables: "text trim", "list map", "number toFixed",
// "map get", "bytes slice", "pattern exec", "call parseInt".
func Names() []string {
	var out []string
	for name := range textMethods {
		out = append(out, "text "+name)
	}
	for name := range patternMethods {
		out = append(out, "text "+name)
	}
	for _, table := range []map[string]bool{keysIn(listMethods), keysIn(callMethods), changing} {
		for name := range table {
			out = append(out, "list "+name)
		}
	}
	for name := range functions {
		out = append(out, "call "+name)
	}
	for name := range bufferMethods {
		out = append(out, "bytes "+name)
	}
	out = append(out, "number toString", "number valueOf", "number toFixed", "number toPrecision", "number toExponential",
		"pattern exec", "pattern test",
		"pattern toString")
	for _, name := range strings.Fields("get set has add delete clear keys values entries forEach") {
		out = append(out, "map "+name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func keysIn[V any](m map[string]V) map[string]bool {
	out := map[string]bool{}
	for k := range m {
		out[k] = true
	}
	return out
}

func init() {
	ofText := func(f func(s string) (string, bool)) function {
		return func(args []any) (any, bool) {
			s, ok := Text(Arg(args, 0))
			if !ok || len(args) == 0 || !valid(s) || len(s) > MaxText {
				return nil, false
			}
			return known(f(s))
		}
	}
	whole := func(f func(s string) (string, bool)) function {
		return ofText(func(s string) (string, bool) {
			if !wellFormed(s) {
				return "", false // it throws
			}
			return f(s)
		})
	}
	ofNumber := func(f func(n float64) bool) function {
		return func(args []any) (any, bool) {
			n, is := Arg(args, 0).(float64)
			return is && f(n), true
		}
	}
	isWhole := func(n float64) bool { return n == math.Trunc(n) && !math.IsInf(n, 0) }
	add(map[string]function{
		"String": func(args []any) (any, bool) {
			if len(args) == 0 {
				return "", true
			}
			return known(Text(args[0]))
		},
		"Number": func(args []any) (any, bool) {
			if len(args) == 0 {
				return 0.0, true
			}
			return numeric(Number(args[0]))
		},
		"Boolean": func(args []any) (any, bool) {
			return Truthy(Arg(args, 0))
		},
		"isNaN": func(args []any) (any, bool) {
			f, ok := Number(Arg(args, 0))
			return math.IsNaN(f), ok
		},
		"isFinite": func(args []any) (any, bool) {
			f, ok := Number(Arg(args, 0))
			return !math.IsNaN(f) && !math.IsInf(f, 0), ok
		},
		"Number.isNaN":         ofNumber(math.IsNaN),
		"Number.isFinite":      ofNumber(func(n float64) bool { return !math.IsNaN(n) && !math.IsInf(n, 0) }),
		"Number.isInteger":     ofNumber(isWhole),
		"Number.isSafeInteger": ofNumber(func(n float64) bool { return isWhole(n) && math.Abs(n) < 1<<53 }),
		"parseInt":             parseInt, "Number.parseInt": parseInt, "parseFloat": parseFloat, "Number.parseFloat": parseFloat,
		"String.fromCharCode": fromCharCode, "String.fromCodePoint": fromCodePoint,
		"Array.of": func(args []any) (any, bool) { return append([]any{}, args...), true },
		"Array.from": func(args []any) (any, bool) {
			if Arg(args, 1) != nil {
				return arrayFrom(args)
			}
			return arrayLike(Arg(args, 0))
		},
		"Array.isArray": func(args []any) (any, bool) {
			switch Arg(args, 0).(type) {
			case []any:
				return true, true
			case nil, Null, bool, float64, string, Bytes, Func, *Object, *Pattern, *Map:
				return false, true
			}
			return nil, false
		},
		"encodeURIComponent": whole(func(s string) (string, bool) { return encodeURI(s, unreserved), true }),
		"encodeURI":          whole(func(s string) (string, bool) { return encodeURI(s, unreserved+reserved), true }),
		"decodeURIComponent": ofText(func(s string) (string, bool) { return decodeURI(s, "") }),
		"decodeURI":          ofText(func(s string) (string, bool) { return decodeURI(s, reserved) }),
		"escape":             ofText(func(s string) (string, bool) { return escape(s), true }),
		"unescape":           ofText(unescape),
		"atob": ofText(func(s string) (string, bool) {
			raw, ok := strictBase64(s)
			return latin1(raw), ok
		}),
		"btoa": ofText(func(s string) (string, bool) {
			raw, ok := fromLatin1(s, true)
			return base64.StdEncoding.EncodeToString(raw), ok
		}),
	})
	for name := range mathFunctions {
		functions["Math."+name] = func(args []any) (any, bool) { return calculate(name, args) }
	}
}

// numeric is a number as a value.
func numeric(f float64, ok bool) (any, bool) {
	if !ok {
		return nil, false
	}
	return f, true
}

// Elements are what iterating a value gives.
func Elements(v any) (any, bool) {
	switch x := v.(type) {
	case []any:
		return unheld(append([]any{}, x...)), true
	case string:
		return characters(x), valid(x)
	case Bytes:
		out := make([]any, len(x))
		for i := range len(x) {
			out[i] = float64(x[i])
		}
		return out, true
	}
	return nil, false
}

// arrayLike is Array.from: of what can be iterated, or has a length.
func arrayLike(v any) (any, bool) {
	o, is := v.(*Object)
	if !is {
		return Elements(v)
	}
	length, _ := o.Get("length")
	n, ok := Number(length)
	if !ok || math.IsInf(n, 0) || n > MaxItems {
		return nil, false
	}
	if math.IsNaN(n) {
		n = 0
	}
	out := make([]any, int(max(n, 0)))
	for i := range out {
		out[i], _ = o.Get(FormatNumber(float64(i)))
	}
	return out, true
}

// arrayFrom is Array.from with a function, which sees a value and its index alone.
func arrayFrom(args []any) (any, bool) {
	f, isFunc := args[1].(Func)
	list, ok := arrayLike(args[0])
	if !isFunc || !ok {
		return nil, false
	}
	out := list.([]any)
	for i := range out {
		if out[i], ok = f(Arg(args, 2), out[i], float64(i)); !ok {
			return nil, false
		}
	}
	return out, true
}

func fromCharCode(args []any) (any, bool) {
	u := make([]uint16, 0, len(args))
	for _, a := range args {
		f, ok := Number(a)
		if !ok {
			return nil, false
		}
		u = append(u, uint16(Uint32(f)))
	}
	return FromUnits(u), true
}

func fromCodePoint(args []any) (any, bool) {
	var u []uint16
	for _, a := range args {
		f, ok := Number(a)
		if !ok || f != math.Trunc(f) || f < 0 || f > utf8.MaxRune {
			return nil, false // it throws
		}
		if f > 0xffff {
			u = append(u, Units(string(rune(f)))...)
		} else {
			u = append(u, uint16(f))
		}
	}
	return FromUnits(u), true
}
