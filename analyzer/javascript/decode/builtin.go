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

// between gives bounds of a slice, as JavaScript does: negative ones count from
// the end.
func between(m *machine, args []any, n int) (from, to int) {
	at := func(v any, fallback int) int {
		if v == nil {
			return fallback
		}
		f := toNumber(m, v)
		switch {
		case math.IsNaN(f):
			return 0
		case f < 0:
			return max(n+int(max(f, -1e9)), 0)
		}
		return int(min(f, float64(n)))
	}
	from, to = at(arg(args, 0), 0), at(arg(args, 1), n)
	return from, max(from, to)
}

func (m *machine) stringMethod(text, name string, args []any) any {
	m.step(len(text) / 16)
	switch name {
	case "charCodeAt", "charAt", "codePointAt", "at":
		i := toNumber(m, arg(args, 0))
		if math.IsNaN(i) {
			i = 0
		}
		u := units(text)
		if isASCII(text) {
			u = nil
			if i >= 0 && int(i) < len(text) {
				if name == "charCodeAt" || name == "codePointAt" {
					return float64(text[int(i)])
				}
				return text[int(i) : int(i)+1]
			}
		}
		if i < 0 || int(i) >= len(u) {
			switch name {
			case "charCodeAt":
				return math.NaN()
			case "charAt":
				return ""
			}
			return nil
		}
		if name == "charCodeAt" || name == "codePointAt" {
			return float64(u[int(i)])
		}
		return fromUnits(u[int(i) : int(i)+1])
	case "slice":
		u := units(text)
		from, to := between(m, args, len(u))
		return fromUnits(u[from:to])
	case "substring", "substr":
		u := units(text)
		clamp := func(f float64) int {
			if math.IsNaN(f) || f < 0 {
				return 0
			}
			return int(min(f, float64(len(u))))
		}
		from := toNumber(m, arg(args, 0))
		if name == "substr" {
			if from < 0 {
				from = max(float64(len(u))+from, 0)
			}
			end := float64(len(u))
			if a := arg(args, 1); a != nil {
				end = from + toNumber(m, a)
			}
			return fromUnits(u[clamp(from):max(clamp(from), clamp(end))])
		}
		to := float64(len(u))
		if a := arg(args, 1); a != nil {
			to = toNumber(m, a)
		}
		x, y := clamp(from), clamp(to)
		return fromUnits(u[min(x, y):max(x, y)])
	case "split":
		return m.split(text, args)
	case "indexOf":
		return float64(strings.Index(text, toText(m, arg(args, 0))))
	case "lastIndexOf":
		return float64(strings.LastIndex(text, toText(m, arg(args, 0))))
	case "includes":
		return strings.Contains(text, toText(m, arg(args, 0)))
	case "startsWith":
		return strings.HasPrefix(text, toText(m, arg(args, 0)))
	case "endsWith":
		return strings.HasSuffix(text, toText(m, arg(args, 0)))
	case "concat":
		for _, a := range args {
			text = m.text(text + toText(m, a))
		}
		return text
	case "repeat":
		n := toNumber(m, arg(args, 0))
		if math.IsNaN(n) || n < 0 || n*float64(len(text)) > maxText {
			impure()
		}
		return m.text(strings.Repeat(text, int(n)))
	case "replace", "replaceAll":
		return m.replaceText(text, name == "replaceAll", args)
	case "toString", "valueOf":
		return text
	case "trim":
		return strings.TrimSpace(text)
	case "toLowerCase":
		return strings.ToLower(text)
	case "toUpperCase":
		return strings.ToUpper(text)
	case "padStart":
		n, pad := int(toInt32(m, arg(args, 0))), " "
		if len(args) > 1 {
			pad = toText(m, args[1])
		}
		for len(text) < n && n < 4096 && pad != "" {
			text = pad[:min(len(pad), n-len(text))] + text
		}
		return text
	case "match":
		p, ok := arg(args, 0).(*pattern)
		if !ok || !strings.Contains(p.flags, "g") {
			impure()
		}
		list := &array{}
		for _, found := range m.regexp(p, text).FindAllString(text, -1) {
			m.step(1)
			list.items = append(list.items, found)
		}
		if len(list.items) == 0 {
			return null{}
		}
		return list
	// What HTML had methods for; code in brackets takes letters from them.
	case "fontcolor":
		return `<font color="` + toText(m, arg(args, 0)) + `">` + text + `</font>`
	case "italics":
		return "<i>" + text + "</i>"
	case "link":
		return `<a href="` + toText(m, arg(args, 0)) + `">` + text + `</a>`
	case "bold":
		return "<b>" + text + "</b>"
	}
	impure()
	return nil
}

func (m *machine) split(text string, args []any) any {
	list := &array{}
	var parts []string
	switch by := arg(args, 0).(type) {
	case nil:
		parts = []string{text}
	case string:
		if by == "" {
			for _, u := range units(text) {
				parts = append(parts, fromUnits([]uint16{u}))
			}
		} else {
			parts = strings.Split(text, by)
		}
	case *pattern:
		parts = m.regexp(by, text).Split(text, -1)
	default:
		impure()
	}
	m.step(len(parts))
	for _, p := range parts {
		list.items = append(list.items, p)
	}
	return list
}

func regexpOf(literal string) *pattern {
	if i := strings.LastIndexByte(literal, '/'); i > 0 {
		return &pattern{literal[1:i], literal[i+1:]}
	}
	return &pattern{literal, ""}
}

// regexp translates a pattern; what Go's cannot say is not evaluated.
// The search costs more steps than other work on a text.
func (m *machine) regexp(p *pattern, text string) *regexp.Regexp {
	if len(p.source) > 4096 {
		impure()
	}
	source := p.source
	if strings.Contains(p.flags, "i") {
		source = "(?i)" + source
	}
	r, err := regexp.Compile(source)
	if err != nil {
		impure()
	}
	m.step(20 + len(text)/4)
	return r
}

func (m *machine) replaceText(text string, all bool, args []any) any {
	with := func(found string, groups []string) string {
		switch f := arg(args, 1).(type) {
		case *closure:
			list := []any{found}
			for _, g := range groups {
				list = append(list, g)
			}
			return toText(m, m.invoke(f, nil, list))
		case string:
			return strings.ReplaceAll(f, "$&", found)
		default:
			return toText(m, f)
		}
	}
	switch by := arg(args, 0).(type) {
	case string:
		n := 1
		if all {
			n = -1
		}
		return m.text(strings.Replace(text, by, with(by, nil), n))
	case *pattern:
		r := m.regexp(by, text)
		done := false
		var b strings.Builder
		last := 0
		for _, at := range r.FindAllStringSubmatchIndex(text, -1) {
			if done {
				break
			}
			m.step(4)
			var groups []string
			for i := 2; i+1 < len(at); i += 2 {
				group := ""
				if at[i] >= 0 {
					group = text[at[i]:at[i+1]]
				}
				groups = append(groups, group)
			}
			b.WriteString(text[last:at[0]])
			b.WriteString(with(text[at[0]:at[1]], groups))
			last = at[1]
			done = !strings.Contains(by.flags, "g")
			if b.Len() > maxText {
				impure()
			}
		}
		b.WriteString(text[last:])
		return m.text(b.String())
	}
	impure()
	return nil
}

func (m *machine) arrayMethod(a *array, name string, args []any) any {
	m.step(len(a.items)/8 + 1)
	each := func(yield func(v any, i int) bool) {
		for i := 0; i < len(a.items); i++ {
			m.step(2)
			if !yield(a.items[i], i) {
				return
			}
		}
	}
	do := func(v any, i int) any { return m.apply(arg(args, 0), nil, []any{v, float64(i), a}) }
	switch name {
	case "push":
		m.step(len(args))
		if len(a.items) > 1<<20 {
			impure()
		}
		a.items = append(a.items, args...)
		return float64(len(a.items))
	case "pop":
		if len(a.items) == 0 {
			return nil
		}
		v := a.items[len(a.items)-1]
		a.items = a.items[:len(a.items)-1]
		return v
	case "shift":
		if len(a.items) == 0 {
			return nil
		}
		v := a.items[0]
		a.items = a.items[1:]
		return v
	case "unshift":
		a.items = append(slices.Clone(args), a.items...)
		return float64(len(a.items))
	case "slice":
		from, to := between(m, args, len(a.items))
		return &array{items: slices.Clone(a.items[from:to])}
	case "splice":
		from, _ := between(m, args[:min(1, len(args))], len(a.items))
		n := len(a.items) - from
		if len(args) > 1 {
			n = max(0, min(n, int(toInt32(m, args[1]))))
		}
		removed := slices.Clone(a.items[from : from+n])
		a.items = slices.Concat(a.items[:from], args[min(2, len(args)):], a.items[from+n:])
		return &array{items: removed}
	case "join":
		by := ","
		if v := arg(args, 0); v != nil {
			by = toText(m, v)
		}
		parts := make([]string, len(a.items))
		for i, item := range a.items {
			if _, isNull := item.(null); item != nil && !isNull {
				parts[i] = toText(m, item)
			}
			m.step(1)
		}
		return m.text(strings.Join(parts, by))
	case "reverse":
		slices.Reverse(a.items)
		return a
	case "concat":
		out := slices.Clone(a.items)
		for _, v := range args {
			if list, ok := v.(*array); ok {
				out = append(out, list.items...)
			} else {
				out = append(out, v)
			}
		}
		m.step(len(out))
		return &array{items: out}
	case "map":
		out := &array{}
		each(func(v any, i int) bool { out.items = append(out.items, do(v, i)); return true })
		return out
	case "filter":
		out := &array{}
		each(func(v any, i int) bool {
			if truthy(do(v, i)) {
				out.items = append(out.items, v)
			}
			return true
		})
		return out
	case "forEach":
		each(func(v any, i int) bool { do(v, i); return true })
		return nil
	case "reduce":
		var sum any
		started := len(args) > 1
		if started {
			sum = args[1]
		}
		each(func(v any, i int) bool {
			if !started {
				sum, started = v, true
				return true
			}
			sum = m.apply(arg(args, 0), nil, []any{sum, v, float64(i), a})
			return true
		})
		return sum
	case "indexOf", "includes":
		at := -1
		each(func(v any, i int) bool {
			if strictEqual(v, arg(args, 0)) {
				at = i
				return false
			}
			return true
		})
		if name == "includes" {
			return at >= 0
		}
		return float64(at)
	case "fill":
		for i := range a.items {
			a.items[i] = arg(args, 0)
		}
		return a
	case "toString":
		return toText(m, a)
	case "flat", "entries", "keys", "find", "some", "every", "sort":
		if name == "entries" {
			return &object{values: map[string]any{"toString": "x"}}
		}
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
		return "[object Object]"
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
