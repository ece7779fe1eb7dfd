package builtin

import (
	"math"
	"strconv"
	"strings"
)

func init() {
	add(map[string]function{
		"JSON.stringify": stringify,
		"JSON.parse": func(args []any) (any, bool) {
			s, ok := Text(Arg(args, 0))
			if !ok || Arg(args, 1) != nil || !valid(s) {
				return nil, false
			}
			return ParseJSON(s)
		},
	})
}

// ParseJSON reads a text as the language does; false where it throws.
func ParseJSON(s string) (any, bool) {
	if len(s) > MaxText {
		return nil, false
	}
	r := &jsonReader{s: s}
	v, ok := r.value(0)
	r.space()
	if !ok || r.at != len(s) {
		return nil, false
	}
	return v, true
}

type jsonReader struct {
	s     string
	at    int
	count int
}

func (r *jsonReader) space() {
	for r.at < len(r.s) && strings.IndexByte(" \t\r\n", r.s[r.at]) >= 0 {
		r.at++
	}
}

// take passes over a sign.
func (r *jsonReader) take(c byte) bool {
	r.space()
	if r.at < len(r.s) && r.s[r.at] == c {
		r.at++
		return true
	}
	return false
}

func (r *jsonReader) word(word string, v any) (any, bool) {
	if !strings.HasPrefix(r.s[r.at:], word) {
		return nil, false
	}
	r.at += len(word)
	return v, true
}

func (r *jsonReader) value(depth int) (any, bool) {
	r.space()
	if r.count++; r.at >= len(r.s) || depth > maxDepth || r.count > MaxItems {
		return nil, false
	}
	switch c := r.s[r.at]; c {
	case '"':
		s, ok := r.text()
		return s, ok
	case '[':
		r.at++
		return r.list(depth)
	case '{':
		r.at++
		return r.object(depth)
	case 't':
		return r.word("true", true)
	case 'f':
		return r.word("false", false)
	case 'n':
		return r.word("null", Null{})
	}
	return r.number()
}

func (r *jsonReader) list(depth int) (any, bool) {
	list := []any{}
	if r.take(']') {
		return list, true
	}
	for {
		v, ok := r.value(depth + 1)
		if !ok {
			return nil, false
		}
		list = append(list, v)
		if r.take(']') {
			return list, true
		}
		if !r.take(',') {
			return nil, false
		}
	}
}

func (r *jsonReader) object(depth int) (any, bool) {
	o := NewObject()
	if r.take('}') {
		return o, true
	}
	for {
		r.space()
		if r.at >= len(r.s) || r.s[r.at] != '"' {
			return nil, false
		}
		key, ok := r.text()
		if !ok || !r.take(':') {
			return nil, false
		}
		v, ok := r.value(depth + 1)
		if !ok {
			return nil, false
		}
		o.Set(key, v)
		if r.take('}') {
			return o, true
		}
		if !r.take(',') {
			return nil, false
		}
	}
}

func (r *jsonReader) number() (any, bool) {
	from := r.at
	digits := func() (n int) {
		for r.at < len(r.s) && r.s[r.at] >= '0' && r.s[r.at] <= '9' {
			r.at, n = r.at+1, n+1
		}
		return n
	}
	if r.s[r.at] == '-' {
		r.at++
	}
	zero := r.at < len(r.s) && r.s[r.at] == '0'
	if n := digits(); n == 0 || zero && n > 1 {
		return nil, false
	}
	if r.at < len(r.s) && r.s[r.at] == '.' {
		if r.at++; digits() == 0 {
			return nil, false
		}
	}
	if r.at < len(r.s) && (r.s[r.at] == 'e' || r.s[r.at] == 'E') {
		r.at++
		if r.at < len(r.s) && (r.s[r.at] == '+' || r.s[r.at] == '-') {
			r.at++
		}
		if digits() == 0 {
			return nil, false
		}
	}
	f, _ := strconv.ParseFloat(r.s[from:r.at], 64) // out of range it is infinite
	return f, true
}

// text reads what stands in quotes.
func (r *jsonReader) text() (string, bool) {
	from := r.at + 1
	escaped, halves := false, false
	var b strings.Builder
	for r.at++; r.at < len(r.s); r.at++ {
		switch c := r.s[r.at]; {
		case c == '"':
			b.WriteString(r.s[from:r.at])
			r.at++
			if s := b.String(); escaped && halves {
				return FromUnits(Units(s)), true
			} else {
				return s, true
			}
		case c < 0x20:
			return "", false
		case c == '\\':
			b.WriteString(r.s[from:r.at])
			r.at++
			if r.at >= len(r.s) {
				return "", false
			}
			escaped = true
			if r.s[r.at] == 'u' {
				u, ok := hexUnits(Units(r.s[r.at+1:min(r.at+5, len(r.s))]), 0, 4)
				if !ok {
					return "", false
				}
				b.WriteString(FromUnits([]uint16{u}))
				halves = halves || u >= 0xd800 && u < 0xe000
				r.at += 4
			} else {
				i := strings.IndexByte(`"\/bfnrt`, r.s[r.at])
				if i < 0 {
					return "", false
				}
				b.WriteByte("\"\\/\b\f\n\r\t"[i])
			}
			from = r.at + 1
		}
	}
	return "", false
}

// jsonWriter writes values as JSON.
type jsonWriter struct {
	b      strings.Builder
	indent string
}

func stringify(args []any) (any, bool) {
	w := &jsonWriter{}
	switch Arg(args, 1).(type) {
	case nil, Null, float64, bool, string, *Object:
	default:
		return nil, false // it says which keys, and in what order
	}
	switch x := Arg(args, 2).(type) {
	case float64:
		if x > 0 && x < 1 {
			return nil, false // lines without an indent
		}
		if !math.IsNaN(x) {
			w.indent = strings.Repeat(" ", int(clampFloat(math.Trunc(x), 0, 10)))
		}
	case string:
		w.indent = cut(x, 0, min(Length(x), 10))
	case nil, Null, bool, []any, *Object:
	default:
		return nil, false
	}
	switch x := Arg(args, 0).(type) {
	case nil:
		return nil, true
	case *Object:
		if _, has := x.Get("toJSON"); has {
			return nil, false
		}
	}
	if !w.write(Arg(args, 0), "\n", 0) {
		return nil, false
	}
	return w.b.String(), true
}

func (w *jsonWriter) write(v any, line string, depth int) bool {
	if depth > maxDepth || w.b.Len() > MaxText {
		return false
	}
	switch x := v.(type) {
	case Null, Hole, nil:
		w.b.WriteString("null")
	case bool:
		w.b.WriteString(strconv.FormatBool(x))
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			w.b.WriteString("null")
		} else {
			w.b.WriteString(FormatNumber(x))
		}
	case string:
		if !valid(x) {
			return false
		}
		w.quote(x)
	case []any:
		return w.all('[', ']', len(x), line, func(i int, inner string) bool { return w.write(x[i], inner, depth+1) })
	case *Object:
		keys := []string{}
		for _, key := range x.Keys() {
			if item, _ := x.Get(key); key == "toJSON" {
				return false
			} else if item != nil {
				keys = append(keys, key)
			}
		}
		return w.all('{', '}', len(keys), line, func(i int, inner string) bool {
			w.quote(keys[i])
			w.b.WriteByte(':')
			if w.indent != "" {
				w.b.WriteByte(' ')
			}
			item, _ := x.Get(keys[i])
			return w.write(item, inner, depth+1)
		})
	default:
		return false
	}
	return true
}

// all writes elements or properties, a line each where there is an indent.
func (w *jsonWriter) all(open, end byte, n int, line string, each func(i int, inner string) bool) bool {
	w.b.WriteByte(open)
	inner := line + w.indent
	for i := range n {
		if i > 0 {
			w.b.WriteByte(',')
		}
		if w.indent != "" {
			w.b.WriteString(inner)
		}
		if !each(i, inner) {
			return false
		}
	}
	if n > 0 && w.indent != "" {
		w.b.WriteString(line)
	}
	w.b.WriteByte(end)
	return true
}

const hexDigits = "0123456789abcdef"

func (w *jsonWriter) quote(s string) {
	w.b.WriteByte('"')
	for len(s) > 0 {
		r, n := next(s)
		if i := strings.IndexByte("\"\\\b\f\n\r\t", s[0]); i >= 0 {
			w.b.WriteString(`\` + `"\bfnrt`[i:i+1])
		} else if r < 0x20 {
			w.b.WriteString(`\u00` + string(hexDigits[r>>4]) + string(hexDigits[r&15]))
		} else if r >= 0xd800 && r < 0xe000 {
			w.b.WriteString(`\ud` + string(hexDigits[r>>8&15]) + string(hexDigits[r>>4&15]) + string(hexDigits[r&15]))
		} else {
			w.b.WriteString(s[:max(n, 1)])
		}
		s = s[max(n, 1):]
	}
	w.b.WriteByte('"')
}
