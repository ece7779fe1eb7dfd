package builtin

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bytes, their encodings, and typed arrays.

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
		if !valid(x) {
			return "", false
		}
		switch encodingName(encoding) {
		case "utf8":
			return Bytes(mended(x)), true
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
		return utf8Text(string(b)), true
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
		return FromUnits(littleUnits(string(b))), true
	}
	return "", false
}

// littleUnits are the units that bytes are.
func littleUnits(b string) []uint16 {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = uint16(b[2*i]) | uint16(b[2*i+1])<<8
	}
	return u
}

// utf8Text reads bytes as UTF-8: a replacement character stands for each longest
// beginning of a character that is not finished, and for each other byte.
// Source: https://encoding.spec.whatwg.org/#utf-8-decoder
func utf8Text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if r, n := utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || n > 1 {
			b.WriteString(s[i : i+n])
			i += n
			continue
		}
		b.WriteRune(utf8.RuneError)
		i += begun(s[i:])
	}
	return b.String()
}

// begun is how many bytes belong to the unfinished character that a text begins
// with.
func begun(s string) int {
	need, low, high := 0, byte(0x80), byte(0xbf)
	switch c := s[0]; {
	case c >= 0xc2 && c <= 0xdf:
		need = 1
	case c >= 0xe0 && c <= 0xef:
		need = 2
		if c == 0xe0 {
			low = 0xa0
		} else if c == 0xed {
			high = 0x9f
		}
	case c >= 0xf0 && c <= 0xf4:
		need = 3
		if c == 0xf0 {
			low = 0x90
		} else if c == 0xf4 {
			high = 0x8f
		}
	}
	n := 1
	for n < len(s) && n <= need && s[n] >= low && s[n] <= high {
		n, low, high = n+1, 0x80, 0xbf
	}
	return n
}

// DecodeText is what a TextDecoder of an encoding gives of bytes.
func DecodeText(label any, raw Bytes, fatal, keepMark bool) (string, bool) {
	name := "utf-8"
	if label != nil {
		s, isText := label.(string)
		if !isText {
			return "", false
		}
		name = strings.ToLower(strings.Trim(s, "\t\n\f\r "))
	}
	mark := "\ufeff"
	var out string
	switch name {
	case "utf-8", "utf8", "unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "x-unicode20utf8":
		if fatal && !utf8.ValidString(string(raw)) {
			return "", false // it throws
		}
		out = utf8Text(string(raw))
	case "utf-16le", "utf-16", "ucs-2", "unicode", "iso-10646-ucs-2", "csunicode", "unicodefeff":
		out = FromUnits(littleUnits(string(raw)))
		if len(raw)%2 != 0 || !wellFormed(out) {
			return "", false
		}
	case "latin1", "iso-8859-1", "windows-1252", "ascii", "us-ascii", "l1", "cp1252", "iso8859-1":
		for i := range len(raw) {
			if raw[i] >= 0x80 && raw[i] < 0xa0 {
				return "", false // versions of Node differ
			}
		}
		out, mark = latin1([]byte(raw)), ""
	default:
		return "", false
	}
	if !keepMark {
		out = strings.TrimPrefix(out, mark)
	}
	return out, true
}

// Size is how many bytes an element of a typed array has, 0 where there is no such
// kind.
func Size(kind string) int { return sizes[kind] }

var sizes = map[string]int{"Uint8Array": 1, "Int8Array": 1, "Uint8ClampedArray": 1, "Buffer": 1,
	"Uint16Array": 2, "Int16Array": 2, "Uint32Array": 4,
	"Int32Array": 4, "Float32Array": 4, "Float64Array": 8}

// Element reads the first element of a typed array's bytes.
func Element(kind string, raw []byte) float64 {
	switch kind {
	case "Int8Array":
		return float64(int8(raw[0]))
	case "Uint16Array":
		return float64(binary.LittleEndian.Uint16(raw))
	case "Int16Array":
		return float64(int16(binary.LittleEndian.Uint16(raw)))
	case "Uint32Array":
		return float64(binary.LittleEndian.Uint32(raw))
	case "Int32Array":
		return float64(int32(binary.LittleEndian.Uint32(raw)))
	case "Float32Array":
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(raw)))
	case "Float64Array":
		return math.Float64frombits(binary.LittleEndian.Uint64(raw))
	}
	return float64(raw[0])
}

// PutElement writes the first element.
func PutElement(kind string, raw []byte, n float64) {
	switch kind {
	case "Uint8ClampedArray":
		if math.IsNaN(n) {
			n = 0
		}
		raw[0] = byte(math.RoundToEven(clampFloat(n, 0, 255)))
	case "Uint16Array", "Int16Array":
		binary.LittleEndian.PutUint16(raw, uint16(Uint32(n)))
	case "Uint32Array", "Int32Array":
		binary.LittleEndian.PutUint32(raw, Uint32(n))
	case "Float32Array":
		binary.LittleEndian.PutUint32(raw, math.Float32bits(float32(n)))
	case "Float64Array":
		binary.LittleEndian.PutUint64(raw, math.Float64bits(n))
	default:
		raw[0] = byte(Uint32(n))
	}
}

// PackElements are the bytes of a typed array of numbers.
func PackElements(kind string, list []any) ([]byte, bool) {
	size := Size(kind)
	if size == 0 || len(list)*size > MaxText {
		return nil, false
	}
	raw := make([]byte, len(list)*size)
	for i, item := range list {
		n, ok := Number(filled(item))
		if !ok {
			return nil, false
		}
		PutElement(kind, raw[i*size:], n)
	}
	return raw, true
}

// ElementsOf are the numbers of a typed array.
func ElementsOf(kind string, raw []byte) []any {
	size := max(Size(kind), 1)
	out := make([]any, len(raw)/size)
	for i := range out {
		out[i] = Element(kind, raw[i*size:])
	}
	return out
}

// SortNumbers sorts as a typed array does without a function.
func SortNumbers(list []any) {
	slices.SortStableFunc(list, func(a, b any) int {
		x, _ := a.(float64)
		y, _ := b.(float64)
		switch {
		case math.IsNaN(x) || math.IsNaN(y):
			if math.IsNaN(x) == math.IsNaN(y) {
				return 0
			} else if math.IsNaN(y) {
				return -1
			}
			return 1
		case x < y || x == 0 && y == 0 && math.Signbit(x) && !math.Signbit(y):
			return -1
		case x > y || x == 0 && y == 0 && math.Signbit(y) && !math.Signbit(x):
			return 1
		}
		return 0
	})
}

// bufferMethod is a method of a Buffer that changes nothing.
type bufferMethod func(b Bytes, args []any) (any, bool)

var bufferMethods = map[string]bufferMethod{
	"toString": func(b Bytes, args []any) (any, bool) {
		from, ok1 := integer(Arg(args, 1), 0)
		to, ok2 := integer(Arg(args, 2), float64(len(b)))
		if !ok1 || !ok2 {
			return nil, false
		}
		f, t := clamp(from, len(b), false), clamp(to, len(b), false)
		return known(BufferText(b[f:max(f, t)], Arg(args, 0)))
	},
	"equals": func(b Bytes, args []any) (any, bool) {
		other, ok := Arg(args, 0).(Bytes)
		return b == other, ok
	},
	"compare": func(b Bytes, args []any) (any, bool) {
		other, ok := Arg(args, 0).(Bytes)
		return float64(strings.Compare(string(b), string(other))), ok && len(args) == 1
	},
	"slice":    func(b Bytes, args []any) (any, bool) { return subBytes(b, args) },
	"subarray": func(b Bytes, args []any) (any, bool) { return subBytes(b, args) },
	"toJSON": func(b Bytes, _ []any) (any, bool) {
		o := NewObject()
		o.Set("type", "Buffer")
		o.Set("data", ElementsOf("Buffer", []byte(b)))
		return o, true
	},
	"indexOf": func(b Bytes, args []any) (any, bool) { return bufferIndex(b, args) },
	"includes": func(b Bytes, args []any) (any, bool) {
		i, ok := bufferIndex(b, args)
		return ok && i.(float64) >= 0, ok
	},
	"readUInt8":    reading(1, func(b Bytes) float64 { return float64(b[0]) }),
	"readInt8":     reading(1, func(b Bytes) float64 { return float64(int8(b[0])) }),
	"readUInt16LE": reading(2, func(b Bytes) float64 { return Element("Uint16Array", []byte(b)) }),
	"readUInt16BE": reading(2, func(b Bytes) float64 { return float64(binary.BigEndian.Uint16([]byte(b))) }),
	"readInt16LE":  reading(2, func(b Bytes) float64 { return Element("Int16Array", []byte(b)) }),
	"readInt16BE":  reading(2, func(b Bytes) float64 { return float64(int16(binary.BigEndian.Uint16([]byte(b)))) }),
	"readUInt32LE": reading(4, func(b Bytes) float64 { return Element("Uint32Array", []byte(b)) }),
	"readUInt32BE": reading(4, func(b Bytes) float64 { return float64(binary.BigEndian.Uint32([]byte(b))) }),
	"readInt32LE":  reading(4, func(b Bytes) float64 { return Element("Int32Array", []byte(b)) }),
	"readInt32BE":  reading(4, func(b Bytes) float64 { return float64(int32(binary.BigEndian.Uint32([]byte(b)))) }),
}

// BufferMethod is what a method of a Buffer gives that changes nothing.
func BufferMethod(name string, b Bytes, args []any) (any, bool) {
	if method := bufferMethods[name]; method != nil {
		return method(b, args)
	}
	return nil, false
}

// HasBuffer reports whether BufferMethod may know a method.
func HasBuffer(name string) bool { return bufferMethods[name] != nil }

// reading is a method that reads a number of so many bytes.
func reading(size int, read func(b Bytes) float64) bufferMethod {
	return func(b Bytes, args []any) (any, bool) {
		at := 0.0
		if v := Arg(args, 0); v != nil {
			n, isNumber := v.(float64)
			if !isNumber {
				return nil, false
			}
			at = n
		}
		if at != math.Trunc(at) || at < 0 || at+float64(size) > float64(len(b)) {
			return nil, false // it throws
		}
		return read(b[int(at):]), true
	}
}

func subBytes(b Bytes, args []any) (any, bool) {
	from, to, ok := Span(len(b), Arg(args, 0), Arg(args, 1))
	return b[from:max(from, to)], ok
}

func bufferIndex(b Bytes, args []any) (any, bool) {
	if len(args) != 1 {
		return nil, false
	}
	var word string
	switch x := args[0].(type) {
	case string:
		raw, ok := BufferFrom(x, nil)
		if !ok {
			return nil, false
		}
		word = string(raw)
	case Bytes:
		word = string(x)
	case float64:
		word = string([]byte{byte(Uint32(x))})
	default:
		return nil, false
	}
	return float64(strings.Index(string(b), word)), true
}

func init() {
	add(map[string]function{
		"Buffer.from": func(args []any) (any, bool) {
			b, ok := BufferFrom(Arg(args, 0), Arg(args, 1))
			return b, ok
		},
		"Buffer.concat": concatBuffers,
		"Buffer.alloc":  allocBuffer,
		"Buffer.byteLength": func(args []any) (any, bool) {
			if b, is := Arg(args, 0).(Bytes); is {
				return float64(len(b)), true
			}
			s, isText := Arg(args, 0).(string)
			switch encodingName(Arg(args, 1)) {
			case "hex", "base64", "base64url":
				isText = false // it guesses
			}
			b, ok := BufferFrom(s, Arg(args, 1))
			return float64(len(b)), ok && isText
		},
		"Buffer.isBuffer": func(args []any) (any, bool) {
			switch Arg(args, 0).(type) {
			case Bytes:
				return true, true
			case nil, Null, bool, float64, string, []any, *Object, *Map:
				return false, true
			}
			return nil, false
		},
		"Buffer.isEncoding": func(args []any) (any, bool) {
			s, is := Arg(args, 0).(string)
			return is && s != "" && encodingName(s) != "", true
		},
		"TextEncoder.encode": func(args []any) (any, bool) {
			if Arg(args, 0) == nil {
				return Bytes(""), true
			}
			s, ok := Text(Arg(args, 0))
			return Bytes(mended(s)), ok && valid(s)
		},
		"TextDecoder.decode": func(args []any) (any, bool) {
			b, is := Arg(args, 0).(Bytes)
			if !is {
				return nil, false
			}
			return known(DecodeText(Arg(args, 1), b, Arg(args, 2) == true, Arg(args, 3) == true))
		},
	})
}

func concatBuffers(args []any) (any, bool) {
	list, ok := Arg(args, 0).([]any)
	if !ok {
		return nil, false
	}
	if len(list) == 0 {
		return Bytes(""), true
	}
	var b strings.Builder
	for _, item := range list {
		raw, isBytes := item.(Bytes)
		if b.Len()+len(raw) > MaxText || !isBytes {
			return nil, false
		}
		b.WriteString(string(raw))
	}
	if v := Arg(args, 1); v != nil {
		n, isNumber := v.(float64)
		if !isNumber || n != math.Trunc(n) || n < 0 || n > MaxText {
			return nil, false
		}
		out := make([]byte, int(n))
		copy(out, b.String())
		return Bytes(out), true
	}
	return Bytes(b.String()), true
}

func allocBuffer(args []any) (any, bool) {
	n, ok := Arg(args, 0).(float64)
	if !ok || n != math.Trunc(n) || n < 0 || n > MaxText {
		return nil, false
	}
	out := make([]byte, int(n))
	switch x := Arg(args, 1).(type) {
	case nil:
	case float64:
		for i := range out {
			out[i] = byte(Uint32(x))
		}
	case string, Bytes:
		by, ok := BufferFrom(x, Arg(args, 2))
		if !ok || len(by) == 0 {
			return nil, false
		}
		for i := range out {
			out[i] = by[i%len(by)]
		}
	default:
		return nil, false
	}
	return Bytes(out), true
}
