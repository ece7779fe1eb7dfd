package builtin

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Call is what a function of the language gives, by its name: "parseInt",
// "Math.floor", "String.fromCharCode".
func Call(name string, args []any) (any, bool) {
	if f := functions[name]; f != nil {
		return f(args)
	}
	if name, ok := strings.CutPrefix(name, "Math."); ok {
		return calculate(name, args)
	}
	return nil, false
}

var functions map[string]func(args []any) (any, bool)

func init() {
	ofText := func(f func(s string) (string, bool)) func([]any) (any, bool) {
		return func(args []any) (any, bool) {
			s, ok := Text(Arg(args, 0))
			if !ok || len(args) == 0 || !utf8.ValidString(s) || len(s) > MaxText {
				return nil, false
			}
			return known(f(s))
		}
	}
	functions = map[string]func([]any) (any, bool){
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
		"isNaN": func(args []any) (any, bool) {
			f, ok := Number(Arg(args, 0))
			return math.IsNaN(f), ok
		},
		"isFinite": func(args []any) (any, bool) {
			f, ok := Number(Arg(args, 0))
			return !math.IsNaN(f) && !math.IsInf(f, 0), ok
		},
		"parseInt": parseInt, "Number.parseInt": parseInt, "parseFloat": parseFloat, "Number.parseFloat": parseFloat,
		"String.fromCharCode": fromCharCode, "String.fromCodePoint": fromCodePoint,
		"Array.of": func(args []any) (any, bool) { return append([]any{}, args...), true },
		"Array.from": func(args []any) (any, bool) {
			if len(args) != 1 {
				return nil, false
			}
			return Elements(args[0])
		},
		"Array.isArray": func(args []any) (any, bool) {
			_, ok := Arg(args, 0).([]any)
			return ok, true
		},
		"encodeURIComponent": ofText(func(s string) (string, bool) { return encodeURI(s, unreserved), true }),
		"encodeURI":          ofText(func(s string) (string, bool) { return encodeURI(s, unreserved+reserved), true }),
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
		"JSON.stringify": stringify,
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
		return append([]any{}, x...), true
	case string:
		out := make([]any, 0, len(x))
		for _, r := range x {
			out = append(out, string(r))
		}
		return out, utf8.ValidString(x)
	case Bytes:
		out := make([]any, len(x))
		for i := range len(x) {
			out[i] = float64(x[i])
		}
		return out, true
	}
	return nil, false
}

func parseInt(args []any) (any, bool) {
	s, ok1 := Text(Arg(args, 0))
	r, ok2 := Number(Arg(args, 1))
	if !ok1 || !ok2 {
		return nil, false
	}
	s = strings.TrimLeftFunc(s, Space)
	sign := 1.0
	if s != "" && (s[0] == '-' || s[0] == '+') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	radix := int(int32(Uint32(r)))
	if (radix == 0 || radix == 16) && len(s) > 1 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') {
		s, radix = s[2:], 16
	}
	if radix == 0 {
		radix = 10
	}
	if radix < 2 || radix > 36 {
		return math.NaN(), true
	}
	n, digits, exact := digitsOf(s, radix)
	switch {
	case digits == 0:
		return math.NaN(), true
	case !exact && radix != 10:
		return nil, false
	case !exact:
		n, _ = strconv.ParseFloat(s[:digits], 64)
	}
	return sign * n, true
}

func parseFloat(args []any) (any, bool) {
	s, ok := Text(Arg(args, 0))
	n, _ := decimal(strings.TrimLeftFunc(s, Space))
	return numeric(n, ok)
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
	return known(FromUnits(u))
}

func fromCodePoint(args []any) (any, bool) {
	var b strings.Builder
	for _, a := range args {
		f, ok := Number(a)
		if !ok || f != math.Trunc(f) || f < 0 || f > utf8.MaxRune || f >= 0xd800 && f < 0xe000 {
			return nil, false
		}
		b.WriteRune(rune(f))
	}
	return b.String(), true
}

// calculate is a function of Math whose result is the same everywhere.
func calculate(name string, args []any) (any, bool) {
	list := make([]float64, max(2, len(args)))
	for i := range list {
		var ok bool
		if list[i], ok = Number(Arg(args, i)); !ok {
			return nil, false
		}
	}
	x := list[0]
	switch name {
	case "floor":
		return math.Floor(x), true
	case "ceil":
		return math.Ceil(x), true
	case "trunc":
		return math.Trunc(x), true
	case "round":
		if f := math.Floor(x); x-f < 0.5 {
			return f, true
		} else if !math.IsInf(f, 0) {
			return f + 1, true
		}
		return x, true
	case "abs":
		return math.Abs(x), true
	case "sqrt":
		return math.Sqrt(x), true
	case "fround":
		return float64(float32(x)), true
	case "sign":
		switch {
		case x > 0:
			return 1.0, true
		case x < 0:
			return -1.0, true
		}
		return x, true
	case "imul":
		return float64(int32(Uint32(x) * Uint32(list[1]))), true
	case "clz32":
		return float64(bits.LeadingZeros32(Uint32(x))), true
	case "pow":
		return Power(x, list[1])
	case "min", "max":
		out := math.Inf(1)
		if name == "max" {
			out = math.Inf(-1)
		}
		for _, f := range list[:len(args)] {
			switch {
			case math.IsNaN(f) || math.IsNaN(out):
				out = math.NaN()
			case name == "min":
				out = min(out, f)
			default:
				out = max(out, f)
			}
		}
		return out, true
	}
	return nil, false
}

// Power is a number to the power of another, where that is a whole number that
// every machine agrees on.
func Power(x, y float64) (any, bool) {
	f := math.Pow(x, y)
	if x != math.Trunc(x) || y != math.Trunc(y) || y < 0 || math.Abs(f) >= 1<<53 {
		return nil, false
	}
	return f, true
}

// NumberMethod is what a method of a number gives.
func NumberMethod(name string, n float64, args []any) (any, bool) {
	f, ok := integer(Arg(args, 0), 0)
	switch name {
	case "valueOf":
		return n, true
	case "toString":
		if Arg(args, 0) == nil || ok && f == 10 {
			return FormatNumber(n), true
		}
		if !ok || f < 2 || f > 36 || n != math.Trunc(n) || math.Abs(n) >= 1<<53 {
			return nil, false
		}
		return strconv.FormatInt(int64(n), int(f)), true
	case "toFixed":
		if !ok || f < 0 || f > 100 || math.IsNaN(n) || math.Abs(n) >= 1e21 || n == 0 {
			return nil, false
		}
		scaled := new(big.Rat).SetFloat64(n)
		scaled.Mul(scaled, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(f)), nil)))
		if scaled.Denom().Cmp(big.NewInt(2)) == 0 {
			return nil, false // half way between two
		}
		return strconv.FormatFloat(n, 'f', int(f), 64), true
	}
	return nil, false
}

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
	return b.String(), utf8.ValidString(b.String())
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
	return FromUnits(out)
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

// strictBase64 reads base64 as atob does.
// Source: https://infra.spec.whatwg.org/#forgiving-base64-decode
func strictBase64(s string) ([]byte, bool) {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune("\t\n\f\r ", r) {
			return -1
		}
		return r
	}, s)
	if len(s)%4 == 0 {
		s = strings.TrimSuffix(strings.TrimSuffix(s, "="), "=")
	}
	raw, err := base64.RawStdEncoding.DecodeString(s)
	return raw, err == nil
}

// latin1 is a text with a character for each byte.
func latin1(raw []byte) string {
	var b strings.Builder
	for _, c := range raw {
		b.WriteRune(rune(c))
	}
	return b.String()
}

// fromLatin1 is a byte for each unit; exact is set where larger ones are a
// mistake.
func fromLatin1(s string, exact bool) ([]byte, bool) {
	u := Units(s)
	raw := make([]byte, len(u))
	for i, c := range u {
		if exact && c > 0xff {
			return nil, false
		}
		raw[i] = byte(c)
	}
	return raw, true
}

// encodingName is the name of one of Node's encodings, "" where it is none.
func encodingName(v any) string {
	if v == nil {
		return "utf8"
	}
	s, isText := v.(string)
	if !isText {
		return ""
	}
	switch s = strings.ToLower(s); s {
	case "utf8", "utf-8":
		return "utf8"
	case "latin1", "binary":
		return "latin1"
	case "ucs2", "ucs-2", "utf16le", "utf-16le":
		return "utf16le"
	case "hex", "base64", "base64url", "ascii":
		return s
	}
	return ""
}

// BufferFrom is what Buffer.from gives.
func BufferFrom(v, encoding any) (Bytes, bool) {
	switch x := v.(type) {
	case Bytes:
		return x, true
	case []any:
		raw := make([]byte, len(x))
		for i, item := range x {
			f, ok := Number(item)
			if !ok {
				return "", false
			}
			raw[i] = byte(Uint32(f))
		}
		return Bytes(raw), true
	case string:
		if !utf8.ValidString(x) {
			return "", false
		}
		switch encodingName(encoding) {
		case "utf8":
			return Bytes(x), true
		case "latin1", "ascii":
			raw, _ := fromLatin1(x, false)
			return Bytes(raw), true
		case "utf16le":
			var raw []byte
			for _, u := range Units(x) {
				raw = append(raw, byte(u), byte(u>>8))
			}
			return Bytes(raw), true
		case "hex":
			n := 0
			for n+1 < len(x) && isHex(x[n]) && isHex(x[n+1]) {
				n += 2
			}
			raw, err := hex.DecodeString(x[:n])
			return Bytes(raw), err == nil
		case "base64", "base64url":
			return lenientBase64(x)
		}
	}
	return "", false
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// lenientBase64 reads base64 as a Buffer does: either alphabet, white space
// between. Where other characters stand in it, it is not known.
func lenientBase64(s string) (Bytes, bool) {
	s = strings.TrimRight(s, "= \t\r\n")
	clean := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '-':
			clean = append(clean, '+')
		case c == '_':
			clean = append(clean, '/')
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
		case c == '+' || c == '/' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			clean = append(clean, c)
		default:
			return "", false
		}
	}
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1]
	}
	raw, err := base64.RawStdEncoding.DecodeString(string(clean))
	return Bytes(raw), err == nil
}

// BufferText is what a Buffer's toString gives.
func BufferText(b Bytes, encoding any) (string, bool) {
	switch encodingName(encoding) {
	case "utf8":
		return string(b), utf8.ValidString(string(b))
	case "latin1":
		return latin1([]byte(b)), true
	case "ascii":
		raw := []byte(b)
		for i := range raw {
			raw[i] &= 0x7f
		}
		return string(raw), true
	case "hex":
		return hex.EncodeToString([]byte(b)), true
	case "base64":
		return base64.StdEncoding.EncodeToString([]byte(b)), true
	case "base64url":
		return base64.RawURLEncoding.EncodeToString([]byte(b)), true
	case "utf16le":
		u := make([]uint16, len(b)/2)
		for i := range u {
			u[i] = uint16(b[2*i]) | uint16(b[2*i+1])<<8
		}
		return FromUnits(u)
	}
	return "", false
}

// stringify is JSON of a text, number or list.
func stringify(args []any) (any, bool) {
	if len(args) != 1 {
		return nil, false
	}
	return jsonOf(args[0], 0)
}

func jsonOf(v any, depth int) (any, bool) {
	if depth > maxDepth {
		return nil, false
	}
	switch x := v.(type) {
	case Null:
		return "null", true
	case bool:
		return strconv.FormatBool(x), true
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return "null", true
		}
		return FormatNumber(x), true
	case string:
		return quoted(x), utf8.ValidString(x)
	case []any:
		parts := make([]string, len(x))
		for i, item := range x {
			if item == nil {
				item = Null{}
			}
			s, ok := jsonOf(item, depth+1)
			if !ok {
				return nil, false
			}
			parts[i] = s.(string)
		}
		return "[" + strings.Join(parts, ",") + "]", true
	}
	return nil, false
}

func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\f':
			b.WriteString(`\f`)
		case r < 0x20:
			b.WriteString(`\u00` + hex.EncodeToString([]byte{byte(r)}))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
