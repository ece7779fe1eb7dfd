package builtin

import (
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// Texts with percent signs, and queries.

const (
	unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()"
	reserved   = ";/?:@&=+$,#"
)

func encodeURI(s, keep string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if strings.IndexByte(keep, s[i]) >= 0 {
			b.WriteByte(s[i])
		} else {
			b.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{s[i]})))
		}
	}
	return b.String()
}

func decodeURI(s, keep string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		raw, err := hex.DecodeString(s[i+1 : i+3])
		if err != nil {
			return "", false
		}
		if strings.IndexByte(keep, raw[0]) >= 0 {
			b.WriteString(s[i : i+3])
		} else {
			b.WriteByte(raw[0])
		}
		i += 2
	}
	return b.String(), valid(b.String()) && wellFormed(b.String()) == wellFormed(s)
}

func escape(s string) string {
	var b strings.Builder
	for _, u := range Units(s) {
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

func unescape(s string) (string, bool) {
	u := Units(s)
	out := make([]uint16, 0, len(u))
	for i := 0; i < len(u); i++ {
		if u[i] == '%' {
			from, digits := i+1, 2
			if from < len(u) && u[from] == 'u' {
				from, digits = from+1, 4
			}
			if n, ok := hexUnits(u, from, digits); ok {
				out = append(out, n)
				i = from + digits - 1
				continue
			}
		}
		out = append(out, u[i])
	}
	return FromUnits(out), true
}

func hexUnits(u []uint16, from, digits int) (n uint16, ok bool) {
	if from+digits > len(u) {
		return 0, false
	}
	for _, c := range u[from : from+digits] {
		d := strings.IndexByte("0123456789abcdef", byte(c)|0x20)
		if c >= utf8.RuneSelf || d < 0 || d < 10 && c > '9' || c < '0' {
			return 0, false
		}
		n = n<<4 | uint16(d)
	}
	return n, true
}

// Source: https://nodejs.org/api/querystring.html

func init() {
	add(map[string]function{
		"querystring.escape": func(args []any) (any, bool) {
			s, ok := Text(Arg(args, 0))
			return encodeURI(s, unreserved), ok && wellFormed(s)
		},
		"querystring.unescape":  func(args []any) (any, bool) { return queryUnescape(Arg(args, 0)) },
		"querystring.stringify": queryStringify,
		"querystring.parse":     queryParse,
		"URLSearchParams.parse": func(args []any) (any, bool) {
			s, ok := Arg(args, 0).(string)
			if !ok || !wellFormed(s) || !ASCII(s) && strings.ContainsAny(s, "%+") {
				return nil, false // versions of Node differ
			}
			return formParse(strings.TrimPrefix(s, "?")), true
		},
		"URLSearchParams.stringify": func(args []any) (any, bool) {
			list, ok := Arg(args, 0).([]any)
			if !ok {
				return nil, false
			}
			return formStringify(list)
		},
	})
	functions["querystring.encode"], functions["querystring.decode"] = functions["querystring.stringify"], functions["querystring.parse"]
}

// queryUnescape is querystring.unescape: what decodeURIComponent gives, else bytes.
func queryUnescape(v any) (any, bool) {
	s, ok := Text(v)
	if !ok || !wellFormed(s) {
		return nil, false
	}
	if out, whole := decodeURI(s, ""); whole {
		return out, true
	}
	if !ASCII(s) {
		return nil, false
	}
	return utf8Text(percentDecode(s)), true
}

// percentDecode turns %41 into a byte, and leaves what is none.
func percentDecode(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			raw, _ := hex.DecodeString(s[i+1 : i+3])
			b.WriteByte(raw[0])
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// queryValue is a value as querystring writes it.
func queryValue(v any) (string, bool) {
	switch x := v.(type) {
	case string:
		return encodeURI(x, unreserved), wellFormed(x)
	case float64:
		s := FormatNumber(x)
		if s == "NaN" || strings.HasSuffix(s, "Infinity") {
			return "", true
		}
		return encodeURI(s, unreserved), true
	case bool:
		return Text(x)
	}
	return "", true
}

func queryStringify(args []any) (any, bool) {
	o, ok := Arg(args, 0).(*Object)
	if !ok || Arg(args, 3) != nil {
		return nil, false
	}
	and, equals := "&", "="
	for i, to := range []*string{&and, &equals} {
		switch x := Arg(args, i+1).(type) {
		case nil, Null:
		case string:
			if x != "" {
				*to = x
			}
		default:
			return nil, false
		}
	}
	var out []string
	for _, key := range o.Keys() {
		name, ok := queryValue(key)
		v, _ := o.Get(key)
		list, isList := v.([]any)
		if !isList {
			list = []any{v}
		}
		for _, item := range list {
			s, known := queryValue(item)
			switch item.(type) {
			case nil, Null, Hole, bool, float64, string:
			default:
				known = false
			}
			if !ok || !known {
				return nil, false
			}
			out = append(out, name+equals+s)
		}
	}
	return strings.Join(out, and), true
}

// maxKeys is how many fields querystring.parse reads.
const maxKeys = 1000

func queryParse(args []any) (any, bool) {
	s, ok := Arg(args, 0).(string)
	if !ok || len(args) > 1 || !wellFormed(s) {
		return nil, false
	}
	o := NewObject()
	fields := strings.Split(s, "&")
	if len(fields) > maxKeys {
		return nil, false
	}
	for _, field := range fields {
		if field == "" {
			continue
		}
		key, value, _ := strings.Cut(field, "=")
		k, ok1 := queryUnescape(strings.ReplaceAll(key, "+", " "))
		v, ok2 := queryUnescape(strings.ReplaceAll(value, "+", " "))
		if !ok1 || !ok2 {
			return nil, false
		}
		name := k.(string)
		switch before, had := o.Get(name); x := before.(type) {
		case []any:
			o.Set(name, append(x, v))
		default:
			if had {
				v = []any{before, v}
			}
			o.Set(name, v)
		}
	}
	return o, true
}

// formParse are the names and values of application/x-www-form-urlencoded.
// Source: https://url.spec.whatwg.org/#concept-urlencoded-parser
func formParse(s string) []any {
	out := []any{}
	for _, field := range strings.Split(s, "&") {
		if field == "" {
			continue
		}
		key, value, _ := strings.Cut(field, "=")
		plain := func(s string) any { return utf8Text(percentDecode(strings.ReplaceAll(s, "+", " "))) }
		out = append(out, []any{plain(key), plain(value)})
	}
	return out
}

// formStringify writes pairs of texts.
func formStringify(list []any) (any, bool) {
	var out []string
	for _, item := range list {
		pair, ok := item.([]any)
		if !ok || len(pair) != 2 {
			return nil, false
		}
		key, ok1 := Text(pair[0])
		value, ok2 := Text(pair[1])
		if !ok1 || !ok2 {
			return nil, false
		}
		encode := func(s string) string { return strings.ReplaceAll(encodeURI(mended(s), formKept), "%20", "+") }
		out = append(out, encode(key)+"="+encode(value))
	}
	return strings.Join(out, "&"), true
}

// formKept are the characters that a form leaves as they are.
const formKept = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.*"
