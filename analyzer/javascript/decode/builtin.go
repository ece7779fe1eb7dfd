package decode

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// bytes are a Buffer.
type bytes string

func arg(args []any, i int) any {
	if i < len(args) {
		return args[i]
	}
	return nil
}

// builtin calls a function of the language.
func (m *machine) builtin(f builtin, args []any) any {
	m.step(2 + len(args))
	kind, name, isMember := strings.Cut(f.name, ".")
	if !isMember {
		return m.global(kind, args)
	}
	switch kind {
	case "String":
		if text, ok := f.this.(string); ok {
			return m.stringMethod(text, name, args)
		}
		return m.stringStatic(name, args)
	case "Array":
		if a, ok := f.this.(*array); ok {
			return m.arrayMethod(a, name, args)
		}
		if name == "isArray" {
			_, ok := arg(args, 0).(*array)
			return ok
		}
		if name == "from" {
			list := &array{items: m.elements(arg(args, 0))}
			if g := arg(args, 1); g != nil {
				return m.arrayMethod(list, "map", []any{g})
			}
			return list
		}
	case "Function":
		return m.functionMethod(f.this, name, args)
	case "Number":
		if n, ok := f.this.(float64); ok {
			switch name {
			case "toString":
				return radix(m, n, arg(args, 0))
			case "toFixed":
				return strconv.FormatFloat(n, 'f', int(toInt32(m, arg(args, 0)))&31, 64)
			case "valueOf":
				return n
			}
		}
	case "Boolean":
		if name == "toString" {
			return toText(m, f.this)
		}
	case "Math":
		return m.math(name, args)
	case "Object":
		return m.objectMethod(f.this, name, args)
	case "Buffer":
		if name == "from" {
			return m.buffer(arg(args, 0), arg(args, 1))
		}
	case "Bytes":
		switch b := f.this.(type) {
		case bytes:
			switch name {
			case "toString":
				return m.bytesText(b, arg(args, 0))
			case "reverse":
				r := []byte(b)
				slices.Reverse(r)
				return bytes(r)
			case "map":
				out := m.arrayMethod(&array{items: m.elements(b)}, "map", args).(*array)
				return m.buffer(out, nil)
			case "forEach", "reduce", "join", "slice":
				return m.arrayMethod(&array{items: m.elements(b)}, name, args)
			}
		case *pattern:
			switch name {
			case "test":
				return m.regexp(b, toText(m, arg(args, 0))).MatchString(toText(m, arg(args, 0)))
			case "toString":
				return toText(m, b)
			}
		}
	case "JSON":
		if name == "stringify" {
			if text, ok := arg(args, 0).(string); ok {
				return strconv.Quote(text)
			}
		}
	}
	impure()
	return nil
}

func (m *machine) global(name string, args []any) any {
	first := arg(args, 0)
	switch name {
	case "String":
		if len(args) == 0 {
			return ""
		}
		return toText(m, first)
	case "Number":
		return toNumber(m, first)
	case "Boolean":
		return truthy(first)
	case "Array":
		return &array{items: args}
	case "Object":
		return first
	case "parseInt":
		return parseInt(m, toText(m, first), arg(args, 1))
	case "parseFloat":
		text := strings.TrimSpace(toText(m, first))
		end := 0
		for end < len(text) && strings.ContainsRune("0123456789.+-eE", rune(text[end])) {
			end++
		}
		n, err := strconv.ParseFloat(text[:end], 64)
		if err != nil {
			return math.NaN()
		}
		return n
	case "isNaN":
		return math.IsNaN(toNumber(m, first))
	case "decodeURIComponent", "decodeURI":
		text, err := url.PathUnescape(toText(m, first))
		if err != nil {
			panic(thrown{"URI malformed"})
		}
		return m.text(text)
	case "encodeURIComponent":
		return m.text(strings.ReplaceAll(url.QueryEscape(toText(m, first)), "+", "%20"))
	case "unescape":
		return m.text(unescape(toText(m, first)))
	case "escape":
		return m.text(escape(toText(m, first)))
	case "atob":
		raw, ok := fromBase64(toText(m, first))
		if !ok {
			panic(thrown{"not base64"})
		}
		return m.text(latin1(raw))
	case "btoa":
		return m.text(base64.StdEncoding.EncodeToString([]byte(fromLatin1(toText(m, first)))))
	case "RegExp":
		if p, ok := first.(*pattern); ok {
			return p
		}
		flags := ""
		if len(args) > 1 {
			flags = toText(m, args[1])
		}
		return &pattern{toText(m, first), flags}
	case "Function":
		return m.makeFunction(args)
	case "eval":
		m.hidden = append(m.hidden, toText(m, first))
		return nil
	}
	impure()
	return nil
}

// makeFunction is what Function("…") gives: code that is not run but noted;
// what returns a name of the language gives that.
func (m *machine) makeFunction(args []any) any {
	body := ""
	if len(args) > 0 {
		body = strings.TrimSpace(toText(m, args[len(args)-1]))
	}
	if name, ok := strings.CutPrefix(strings.TrimSuffix(body, ";"), "return "); ok {
		switch name = strings.TrimSpace(name); name {
		case "escape", "unescape", "eval", "String", "Number", "Array", "RegExp", "Function", "atob":
			return builtin{name: "Function.returns", this: builtin{name: name}}
		}
	}
	m.hidden = append(m.hidden, body)
	return builtin{name: "Function.returns"}
}

func (m *machine) functionMethod(of any, name string, args []any) any {
	switch name {
	case "returns":
		if of == nil {
			impure()
		}
		return of
	case "call":
		return m.rebound(of, arg(args, 0), args[min(1, len(args)):])
	case "apply":
		var list []any
		if a, ok := arg(args, 1).(*array); ok {
			list = a.items
		}
		return m.rebound(of, arg(args, 0), list)
	case "bind":
		return of
	case "toString":
		return toText(m, of)
	}
	impure()
	return nil
}

// rebound calls a function with another this: String.fromCharCode.apply,
// [].map.call.
func (m *machine) rebound(f, this any, args []any) any {
	if b, ok := f.(builtin); ok {
		switch this.(type) {
		case string, *array:
			b.this = this
		}
		return m.builtin(b, args)
	}
	return m.apply(f, this, args)
}

func (m *machine) stringStatic(name string, args []any) any {
	switch name {
	case "fromCharCode":
		u := make([]uint16, 0, len(args))
		for _, a := range args {
			u = append(u, uint16(toUint32(m, a)))
		}
		return m.text(fromUnits(u))
	case "fromCodePoint":
		var b strings.Builder
		for _, a := range args {
			b.WriteRune(rune(toUint32(m, a)))
		}
		return m.text(b.String())
	}
	impure()
	return nil
}

func (m *machine) objectMethod(of any, name string, args []any) any {
	o, ok := of.(*object)
	if !ok {
		o, ok = arg(args, 0).(*object)
		if !ok {
			impure()
		}
	}
	switch name {
	case "keys":
		list := &array{}
		for _, key := range o.keys {
			list.items = append(list.items, key)
		}
		return list
	case "hasOwnProperty":
		_, has := o.values[toText(m, arg(args, 0))]
		return has
	case "toString":
		return toText(m, o)
	}
	impure()
	return nil
}

func (m *machine) math(name string, args []any) any {
	x := toNumber(m, arg(args, 0))
	switch name {
	case "floor":
		return math.Floor(x)
	case "ceil":
		return math.Ceil(x)
	case "round":
		return math.Floor(x + 0.5)
	case "trunc":
		return math.Trunc(x)
	case "abs":
		return math.Abs(x)
	case "pow":
		return math.Pow(x, toNumber(m, arg(args, 1)))
	case "sqrt":
		return math.Sqrt(x)
	case "min", "max":
		out := x
		for _, a := range args {
			if n := toNumber(m, a); name == "min" && n < out || name == "max" && n > out {
				out = n
			}
		}
		return out
	}
	impure() // random is not pure
	return nil
}

func parseInt(m *machine, text string, base any) any {
	text = strings.TrimSpace(text)
	negative := strings.HasPrefix(text, "-")
	text = strings.TrimPrefix(strings.TrimPrefix(text, "-"), "+")
	radix := int(toInt32(m, base))
	if (radix == 0 || radix == 16) && len(text) > 1 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') {
		text, radix = text[2:], 16
	}
	if radix == 0 {
		radix = 10
	}
	if radix < 2 || radix > 36 {
		return math.NaN()
	}
	n, digits := 0.0, 0
	for ; digits < len(text); digits++ {
		d, err := strconv.ParseInt(text[digits:digits+1], 36, 32)
		if err != nil || int(d) >= radix {
			break
		}
		n = n*float64(radix) + float64(d)
	}
	if digits == 0 {
		return math.NaN()
	}
	if negative {
		n = -n
	}
	return n
}

func radix(m *machine, n float64, base any) any {
	if base == nil || toNumber(m, base) == 10 {
		return formatNumber(n)
	}
	b := int(toInt32(m, base))
	if b < 2 || b > 36 || n != math.Trunc(n) || math.Abs(n) > 1<<53 {
		impure()
	}
	return strconv.FormatInt(int64(n), b)
}

func fromBase64(text string) ([]byte, bool) {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '-':
			return '+'
		case r == '_':
			return '/'
		case r <= ' ' || r == '=':
			return -1
		}
		return r
	}, text)
	raw, err := base64.RawStdEncoding.DecodeString(text)
	return raw, err == nil
}

// latin1 is a text with a character for each byte.
func latin1(raw []byte) string {
	u := make([]uint16, len(raw))
	for i, b := range raw {
		u[i] = uint16(b)
	}
	return fromUnits(u)
}

func fromLatin1(text string) string {
	var b []byte
	for _, u := range units(text) {
		b = append(b, byte(u))
	}
	return string(b)
}

func (m *machine) buffer(v, encoding any) any {
	switch x := v.(type) {
	case string:
		m.step(len(x) / 8)
		switch e, _ := encoding.(string); strings.ToLower(e) {
		case "base64", "base64url":
			raw, ok := fromBase64(x)
			if !ok {
				impure()
			}
			return bytes(raw)
		case "hex":
			raw, err := hex.DecodeString(x)
			if err != nil {
				impure()
			}
			return bytes(raw)
		case "latin1", "binary", "ascii":
			return bytes(fromLatin1(x))
		case "", "utf8", "utf-8":
			return bytes(x)
		}
	case *array:
		raw := make([]byte, len(x.items))
		for i, item := range x.items {
			m.step(1)
			raw[i] = byte(toUint32(m, item))
		}
		return bytes(raw)
	}
	impure()
	return nil
}

func (m *machine) bytesText(b bytes, encoding any) any {
	switch e, _ := encoding.(string); strings.ToLower(e) {
	case "", "utf8", "utf-8":
		return m.text(strings.ToValidUTF8(string(b), "\ufffd"))
	case "latin1", "binary", "ascii":
		return m.text(latin1([]byte(b)))
	case "hex":
		return m.text(hex.EncodeToString([]byte(b)))
	case "base64":
		return m.text(base64.StdEncoding.EncodeToString([]byte(b)))
	}
	impure()
	return nil
}

var unescaped = regexp.MustCompile(`%u[0-9a-fA-F]{4}|%[0-9a-fA-F]{2}`)

func unescape(text string) string {
	return unescaped.ReplaceAllStringFunc(text, func(s string) string {
		n, err := strconv.ParseUint(strings.TrimPrefix(s[1:], "u"), 16, 16)
		if err != nil {
			return s
		}
		return fromUnits([]uint16{uint16(n)})
	})
}

func escape(text string) string {
	var b strings.Builder
	for _, u := range units(text) {
		switch {
		case u < 128 && (u >= '0' && u <= '9' || u >= 'a' && u <= 'z' || u >= 'A' && u <= 'Z' || strings.ContainsRune("@*_+-./", rune(u))):
			b.WriteByte(byte(u))
		case u < 256:
			b.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{byte(u)})))
		default:
			b.WriteString("%u" + strings.ToUpper(hex.EncodeToString([]byte{byte(u >> 8), byte(u)})))
		}
	}
	return b.String()
}
