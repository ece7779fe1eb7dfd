package builtin

import (
	"math"
	"strings"
)

// Node's util, as far as it makes texts of texts and numbers.
// Source: https://nodejs.org/api/util.html#utilformatformat-args

func init() {
	add(map[string]function{
		"util.format": format,
		"util.toUSVString": func(args []any) (any, bool) {
			s, ok := Text(Arg(args, 0))
			return mended(s), ok && valid(s)
		},
		"util.isDeepStrictEqual": func(args []any) (any, bool) {
			switch Arg(args, 0).(type) {
			case nil, Null, bool, float64, string:
			default:
				return nil, false
			}
			return functions["Object.is"](args[:min(2, len(args))])
		},
	})
}

// shown is a value as console.log shows it: of objects it is not known.
func shown(v any) (string, bool) {
	switch x := v.(type) {
	case nil, Null, bool:
		return Text(v)
	case float64:
		if x == 0 && math.Signbit(x) {
			return "-0", true
		}
		return FormatNumber(x), true
	case string:
		return x, valid(x)
	}
	return "", false
}

func format(args []any) (any, bool) {
	first, isText := Arg(args, 0).(string)
	var out []string
	if isText {
		s, rest, ok := formatted(first, args[1:])
		if !ok {
			return nil, false
		}
		out, args = append(out, s), rest
	}
	for _, a := range args {
		s, ok := shown(a)
		if !ok {
			return nil, false
		}
		out = append(out, s)
	}
	return Join(strings.Join(out, " ")), true
}

// formatted puts arguments in the place of the signs of a text; rest are those that
// are left.
func formatted(s string, args []any) (out string, rest []any, ok bool) {
	if len(args) == 0 || !valid(s) {
		return s, nil, valid(s)
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		sign := s[i+1]
		if sign == '%' {
			b.WriteByte('%')
			i++
			continue
		}
		if strings.IndexByte("sdifjoOc", sign) < 0 || len(args) == 0 {
			b.WriteByte('%')
			continue
		}
		part, ok := formatOne(sign, args[0])
		if !ok {
			return "", nil, false
		}
		b.WriteString(part)
		i, args = i+1, args[1:]
	}
	return b.String(), args, true
}

func formatOne(sign byte, v any) (string, bool) {
	switch sign {
	case 'c':
		return "", true
	case 's':
		return shown(v)
	case 'j':
		s, ok := stringify([]any{v})
		if s == nil {
			return "undefined", ok
		}
		return s.(string), ok
	case 'd', 'i', 'f':
		switch v.(type) {
		case nil, Null, bool, float64, string:
		default:
			return "", false
		}
		var n any
		ok := true
		switch sign {
		case 'd':
			var f float64
			f, ok = Number(v)
			n = f
		case 'i':
			n, ok = parseInt([]any{v})
		default:
			n, ok = parseFloat([]any{v})
		}
		if !ok {
			return "", false
		}
		return shown(n)
	}
	return "", false
}
