package decode

import (
	"math"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/builtin"
)

// The functions of the language, as the machine calls them. What they give is
// builtin's; here is what has an identity, or is noted and not run.

func arg(args []any, i int) any { return builtin.Arg(args, i) }

// lastName is the name behind the last dot.
func lastName(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// native calls a function of the language.
func (m *machine) native(f native, args []any) any {
	m.step(2 + len(args))
	if name, ok := strings.CutPrefix(f.name, "node:"); ok {
		return m.nodeCall(name, args)
	}
	kind, name, isMember := strings.Cut(f.name, ".")
	if !isMember {
		return m.global(kind, args)
	}
	switch this := f.this.(type) {
	case string:
		if kind == "String" {
			return m.stringMethod(this, name, args)
		}
	case *array:
		if kind == "Array" {
			return m.arrayMethod(this, name, args)
		}
	case float64:
		if kind == "Number" {
			return m.plainly(func(list []any) (any, bool) { return builtin.NumberMethod(name, this, list) }, args)
		}
	case bool:
		if kind == "Boolean" && name == "toString" {
			return toText(m, this)
		}
	case *view:
		if kind == "Bytes" {
			return m.viewMethod(this, name, args)
		}
	case *pattern:
		if name == "toString" {
			return this.String()
		}
		if kind == "RegExp" {
			return m.patternMethod(this, name, args)
		}
	case *mapping:
		if kind == "Map" {
			return m.mapMethod(this, name, args)
		}
	case *iterator:
		if kind == "Iterator" {
			return m.iteratorMethod(this, name, args)
		}
	case *object:
		switch {
		case this.kind == "TextDecoder" && name == "decode":
			return m.decodeText(this, args)
		case this.kind == "TextEncoder" && name == "encode":
			return &view{"Uint8Array", m.plainly(func(list []any) (any, bool) { return builtin.Call("TextEncoder.encode", list) }, args).(*view).raw}
		case this.kind == promise:
			return m.then(this, name, args)
		case kind == "Object":
			return m.ownMethod(this, name, args)
		}
	}
	if kind == "Function" {
		return m.functionMethod(f.this, name, args)
	}
	return m.member2(f, kind, name, args)
}

// member2 is a function that is a property of another: Array.from, Object.keys.
func (m *machine) member2(f native, kind, name string, args []any) any {
	if builtin.Size(kind) > 0 && kind != "Buffer" && (name == "from" || name == "of") {
		list := args
		if name == "from" {
			list = m.from(args).items
		}
		return &view{kind, m.packed(kind, list)}
	}
	switch f.name {
	case "Array.isArray":
		return isArray(arg(args, 0))
	case "Array.from":
		return m.from(args)
	case "Array.of":
		return &array{items: append([]any(nil), args...)}
	case "Buffer.from":
		return m.buffer(args)
	case "Buffer.isBuffer":
		b, is := arg(args, 0).(*view)
		return is && b.kind == "Buffer"
	case "Buffer.allocUnsafe", "Buffer.allocUnsafeSlow":
		return m.must(builtin.Call("Buffer.alloc", args[:min(1, len(args))]))
	case "Object.keys", "Object.values", "Object.entries", "Object.assign", "Object.fromEntries", "Object.hasOwn",
		"Object.getOwnPropertyNames":
		return m.objectFunction(f.name, args)
	case "Object.freeze", "Object.seal", "Object.preventExtensions":
		return arg(args, 0)
	case "Object.create":
		if _, isNull := arg(args, 0).(null); isNull && len(args) == 1 {
			return newObject()
		}
		impure()
	case "JSON.parse":
		if arg(args, 1) != nil {
			impure()
		}
		return m.parseJSON(toText(m, arg(args, 0)))
	case "Promise.resolve":
		if o, is := arg(args, 0).(*object); is && o.kind == promise {
			return o
		}
		return settled(arg(args, 0))
	case "Reflect.apply":
		list, ok := arg(args, 2).(*array)
		if !ok {
			impure()
		}
		return m.apply(arg(args, 0), arg(args, 1), list.items)
	case "String.raw":
		impure()
	}
	return m.global(f.name, args)
}

// from is Array.from.
func (m *machine) from(args []any) *array {
	var list []any
	switch x := arg(args, 0).(type) {
	case *object:
		length, _ := x.Get("length")
		n, isNumber := length.(float64)
		if !isNumber || n < 0 || n > maxLength || n != math.Trunc(n) {
			impure()
		}
		m.step(int(n) / 4)
		list = make([]any, int(n))
		for i := range list {
			list[i], _ = x.Get(builtin.FormatNumber(float64(i)))
		}
	default:
		list = m.elements(x)
	}
	out := &array{items: list}
	if f := arg(args, 1); f != nil {
		for i, v := range list {
			m.step(2)
			list[i] = m.apply(f, arg(args, 2), []any{v, float64(i)})
		}
	}
	return out
}

// maxLength is the length of a list that is made at once.
const maxLength = 1 << 20

func (m *machine) global(name string, args []any) any {
	first := arg(args, 0)
	switch name {
	case "Boolean":
		return truthy(first)
	case "Array":
		if n, ok := first.(float64); ok && len(args) == 1 {
			return m.holes(n)
		}
		return &array{items: append([]any(nil), args...)}
	case "Object":
		if first == nil {
			return newObject()
		}
		return first
	case "String":
		if len(args) > 0 {
			return toText(m, first)
		}
	case "Number":
		if len(args) > 0 {
			return toNumber(m, first)
		}
	case "require":
		return m.required(toText(m, first))
	case "Buffer":
		return m.buffer(args)
	case "RegExp":
		return m.newPattern(args)
	case "Function":
		return m.makeFunction(args)
	case "setTimeout", "setInterval", "setImmediate", "queueMicrotask":
		return m.timer(args)
	case "eval":
		m.hidden = append(m.hidden, toText(m, first))
		return nil
	case "parseInt", "parseFloat", "Number.parseInt", "Number.parseFloat", "isNaN", "isFinite":
		list := make([]any, len(args))
		for i, a := range args {
			list[i] = m.primitive(a)
		}
		return m.must(builtin.Call(name, list))
	}
	if !builtin.Has(name) {
		impure()
	}
	return m.plainly(func(list []any) (any, bool) { return builtin.Call(name, list) }, args)
}

// holes is an array of a length, with nothing in it.
func (m *machine) holes(n float64) *array {
	if n < 0 || n > maxLength || n != math.Trunc(n) {
		impure()
	}
	m.step(int(n) / 4)
	items := make([]any, int(n))
	for i := range items {
		items[i] = builtin.Hole{}
	}
	return &array{items: items}
}

func (m *machine) newPattern(args []any) *pattern {
	p, is := arg(args, 0).(*pattern)
	out := &pattern{}
	if is {
		*out = pattern{Source: p.Source, Flags: p.Flags}
	} else if arg(args, 0) != nil {
		out.Source = toText(m, args[0])
	}
	if v := arg(args, 1); v != nil {
		out.Flags = toText(m, v)
	}
	return out
}

// made is what new gives of one of the language's.
func (m *machine) made(name string, args []any) any {
	first := arg(args, 0)
	switch name {
	case "Array", "Object", "RegExp", "Function":
		return m.global(name, args)
	case "Map", "Set", "WeakMap", "WeakSet":
		return m.newMapping(strings.TrimPrefix(name, "Weak"), first)
	case "TextDecoder", "TextEncoder":
		o := newObject()
		o.kind = name
		o.Set("encoding", first)
		if options, is := arg(args, 1).(*object); is {
			fatal, _ := options.Get("fatal")
			keep, _ := options.Get("ignoreBOM")
			o.Set("fatal", truthy(fatal))
			o.Set("ignoreBOM", truthy(keep))
		}
		return o
	case "URL", "URLSearchParams":
		if name == "URL" {
			return m.plainly(func(list []any) (any, bool) { return builtin.Call("URL", list) }, args)
		}
	case "Buffer":
		return m.buffer(args)
	}
	if builtin.Size(name) > 0 {
		return m.newView(name, args)
	}
	impure()
	return nil
}

func (m *machine) newMapping(kind string, of any) *mapping {
	out := &mapping{kind, builtin.NewMap()}
	if _, isNull := of.(null); of == nil || isNull {
		return out
	}
	for _, item := range m.elements(of) {
		m.step(2)
		key, v := item, item
		if kind == "Map" {
			pair, ok := item.(*array)
			if !ok {
				impure()
			}
			key, v = arg(pair.items, 0), arg(pair.items, 1)
		}
		if !out.Set(key, v) {
			impure()
		}
	}
	return out
}

// newView is new Uint8Array(…) and its like.
func (m *machine) newView(kind string, args []any) *view {
	switch x := arg(args, 0).(type) {
	case nil:
		return &view{kind, nil}
	case float64:
		size := builtin.Size(kind)
		if x < 0 || x*float64(size) > maxText || x != math.Trunc(x) {
			impure()
		}
		m.step(int(x) / 16)
		return &view{kind, make([]byte, int(x)*size)}
	case *view:
		if x.kind == arrayBuffer {
			if len(args) > 1 || len(x.raw)%builtin.Size(kind) != 0 {
				impure()
			}
			return &view{kind, x.raw}
		}
		return &view{kind, m.packed(kind, builtin.ElementsOf(x.kind, x.raw))}
	case *object:
		return &view{kind, m.packed(kind, m.from(args[:1]).items)}
	}
	return &view{kind, m.packed(kind, m.elements(args[0]))}
}

// arrayBuffer is the kind of what a typed array looks into.
const arrayBuffer = "ArrayBuffer"

// buffer is Buffer.from.
func (m *machine) buffer(args []any) any {
	switch x := arg(args, 0).(type) {
	case float64:
		impure()
	case *view:
		if x.kind == arrayBuffer {
			return &view{"Buffer", x.raw}
		}
		if x.kind == "Buffer" || x.kind == "Uint8Array" {
			m.step(len(x.raw) / 16)
			return &view{"Buffer", append([]byte(nil), x.raw...)}
		}
		return m.must(builtin.BufferFrom(builtin.ElementsOf(x.kind, x.raw), nil))
	}
	list := m.plainAll(args[:min(2, len(args))])
	if len(list) > 1 {
		if _, isText := list[1].(string); !isText {
			list = list[:1] // map hands on an index
		}
	}
	return m.must(builtin.Call("Buffer.from", list))
}

// decodeText is what a TextDecoder gives.
func (m *machine) decodeText(o *object, args []any) any {
	raw := ""
	switch b := arg(args, 0).(type) {
	case nil:
	case *view:
		raw = string(b.raw)
	default:
		impure()
	}
	if len(args) > 1 {
		impure()
	}
	label, _ := o.Get("encoding")
	fatal, _ := o.Get("fatal")
	keep, _ := o.Get("ignoreBOM")
	m.step(len(raw) / 16)
	return m.must(builtin.Call("TextDecoder.decode", []any{builtin.Bytes(raw), label, fatal, keep}))
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
			return native{name: "Function.returns", this: native{name: name}}
		}
	}
	m.hidden = append(m.hidden, body)
	return native{name: "Function.returns"}
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
		switch x := arg(args, 1).(type) {
		case nil, null:
		case *array, *view:
			list = m.elements(x)
		default:
			impure()
		}
		return m.rebound(of, arg(args, 0), list)
	case "bind":
		if f, is := of.(*closure); is {
			out := *f
			out.bound = &bound{arg(args, 0), append([]any(nil), args[min(1, len(args)):]...)}
			if f.bound != nil {
				out.bound = &bound{f.bound.this, append(append([]any(nil), f.bound.args...), out.bound.args...)}
			}
			return &out
		}
		if len(args) > 1 {
			impure()
		}
		if b, is := of.(native); is && b.this == nil && arg(args, 0) != nil {
			switch args[0].(type) {
			case string, *array:
				b.this = args[0]
			}
			return b
		}
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
	b, ok := f.(native)
	if !ok {
		return m.apply(f, this, args)
	}
	switch this.(type) {
	case string:
		if kind, name, _ := strings.Cut(b.name, "."); kind == "Array" && b.this != nil {
			// [].map.call(text, f): a text is a list of units.
			list := m.must(builtin.TextMethod("split", this.(string), []any{""})).(*array)
			if builtin.Changes(name) {
				impure()
			}
			return m.arrayMethod(list, name, args)
		}
		if b.this != nil {
			b.this = this
		}
	case *array, *view, *mapping, *object, *pattern:
		if b.this != nil {
			if v, is := this.(*view); is && strings.HasPrefix(b.name, "Array.") {
				return m.arrayMethod(&array{items: builtin.ElementsOf(v.kind, v.raw)}, lastName(b.name), args)
			}
			b.this = this
		}
	}
	return m.native(b, args)
}

// ownMethod is a method that every object has.
func (m *machine) ownMethod(o *object, name string, args []any) any {
	switch name {
	case "hasOwnProperty", "propertyIsEnumerable":
		_, has := o.Get(toText(m, arg(args, 0)))
		return has
	case "toString":
		return toText(m, o)
	case "valueOf":
		return o
	}
	impure()
	return nil
}

// objectFunction is Object.keys and its like, over values as they are.
func (m *machine) objectFunction(name string, args []any) any {
	list := make([]any, len(args))
	for i, a := range args {
		switch x := a.(type) {
		case *object:
			if x.kind != "" {
				impure()
			}
			m.step(x.Len() + 1)
			list[i] = x.Object
		case *array:
			m.step(len(x.items) + 1)
			list[i] = x.items
			if name == "Object.fromEntries" {
				list[i] = m.pairs(x.items)
			}
		case *mapping, *iterator:
			if name != "Object.fromEntries" {
				impure()
			}
			list[i] = m.pairs(m.elements(x))
		case *view:
			list[i] = m.plain(x, 0)
		case nil, null, bool, float64, string:
			list[i] = a
		default:
			impure()
		}
	}
	v, ok := builtin.Call(name, list)
	if !ok {
		impure()
	}
	if name == "Object.assign" {
		return args[0]
	}
	if o, is := v.(*builtin.Object); is {
		return &object{Object: o}
	}
	return m.own(v)
}

// pairs are arrays of two as builtin sees them.
func (m *machine) pairs(items []any) []any {
	out := make([]any, len(items))
	for i, item := range items {
		pair, ok := item.(*array)
		if !ok {
			impure()
		}
		out[i] = pair.items
	}
	return out
}

// parseJSON reads a text as JSON.
func (m *machine) parseJSON(text string) any {
	m.step(len(text) / 8)
	v, ok := builtin.ParseJSON(text)
	if !ok {
		panic(thrown{"not JSON"})
	}
	return m.own(v)
}
