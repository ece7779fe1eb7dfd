package decode

import (
	"unsafe"

	esbuild "github.com/evanw/esbuild/lockwarden"

	"github.com/lockwarden/lockwarden/analyzer/javascript/builtin"
)

// Values: nil is undefined; null, bool, float64, string, *array, *object, *view,
// *mapping, *iterator, *class, *closure, native and *builtin.Pattern are what they
// say. What builtin's functions see of them is in plain.go's place below: texts,
// numbers and null are the same; the others have an identity here.
type (
	null  = builtin.Null
	array struct {
		items []any
		// match is set of what exec and match give, which has more properties.
		match bool
	}
	object struct {
		*builtin.Object
		kind  string // empty: Object
		class *class
	}
	// view is a typed array or Buffer: so many of the bytes that it may share with
	// others.
	view struct {
		kind string
		raw  []byte
	}
	// mapping is a Map or a Set.
	mapping struct {
		kind string
		*builtin.Map
	}
	// iterator gives one value after the other: of a list, or of a generator.
	iterator struct {
		kind string
		next func(sent any) (v any, more bool)
	}
	// class is one of the script, without a superclass.
	class struct {
		constructor *closure
		methods     map[string]*closure
		fields      []esbuild.Property
		statics     *object
		scope       *scope
	}
	// native is a function of the language, by its name.
	native struct {
		name string
		this any
	}
	pattern = builtin.Pattern
)

func newObject() *object { return &object{Object: builtin.NewObject()} }

// closure is a function of the script.
type closure struct {
	args      []esbuild.Arg
	body      []esbuild.Stmt
	arguments esbuild.Ref
	rest      bool
	arrow     bool
	generator bool
	scope     *scope
	impure    bool
	// this is what bind gave, with arguments before those of a call.
	bound *bound
	// start and end are where it stands in the text; end is 0 where it is not known.
	start, end int32
	// failed counts calls that were not pure.
	failed int
	// properties are notes that decoders keep on themselves.
	properties map[string]any
}

type bound struct {
	this any
	args []any
}

// must is what a function of builtin gives; what it does not know is not pure.
func (m *machine) must(v any, ok bool) any {
	if !ok {
		impure()
	}
	return m.own(v)
}

// plainly calls a function of the language over values without identity.
func (m *machine) plainly(f func([]any) (any, bool), args []any) any {
	return m.must(f(m.plainAll(args)))
}

func (m *machine) plainAll(args []any) []any {
	list := make([]any, len(args))
	for i, a := range args {
		list[i] = m.plain(a, 0)
	}
	return list
}

// plain is a value without identity.
func (m *machine) plain(v any, depth int) any {
	if depth > 32 {
		impure()
	}
	switch x := v.(type) {
	case *view:
		m.step(len(x.raw) / 16)
		if x.kind == "Buffer" || x.kind == "Uint8Array" {
			return builtin.Bytes(x.raw)
		}
		return builtin.ElementsOf(x.kind, x.raw)
	case *array:
		m.step(len(x.items)/4 + 1)
		list := make([]any, len(x.items))
		for i, item := range x.items {
			list[i] = m.plain(item, depth+1)
		}
		return list
	case *object:
		if x.kind != "" || x.class != nil {
			impure()
		}
		out := builtin.NewObject()
		for _, key := range x.Keys() {
			m.step(1)
			item, _ := x.Get(key)
			out.Set(key, m.plain(item, depth+1))
		}
		return out
	case *closure, native:
		return m.function1(v)
	case *class, *mapping, *iterator, unknown:
		impure()
	}
	return v
}

// function1 is a function as builtin calls it; what it gives is plain.
func (m *machine) function1(f any) builtin.Func {
	return func(this any, args ...any) (any, bool) {
		list := make([]any, len(args))
		for i, a := range args {
			list[i] = m.own(a)
		}
		return m.plain(m.apply(f, this, list), 0), true
	}
}

// callable is a function as builtin calls it, whose values keep their identity.
func (m *machine) callable(f any) any {
	switch f.(type) {
	case *closure, native:
		return builtin.Func(func(this any, args ...any) (any, bool) { return m.apply(f, this, args), true })
	}
	return f
}

// own is a plain value as one of the machine's.
func (m *machine) own(v any) any {
	switch x := v.(type) {
	case string:
		return m.text(x)
	case builtin.Bytes:
		m.step(len(x) / 16)
		return &view{"Buffer", []byte(x)}
	case builtin.Hole:
		return x
	case []any:
		m.step(len(x)/4 + 1)
		a := &array{items: make([]any, len(x))}
		for i, item := range x {
			a.items[i] = m.own(item)
		}
		return a
	case *builtin.Object:
		o := newObject()
		for _, key := range x.Keys() {
			m.step(1)
			item, _ := x.Get(key)
			o.Set(key, m.own(item))
		}
		return o
	}
	return v
}

// elements are what iterating a value gives.
func (m *machine) elements(v any) []any {
	switch x := v.(type) {
	case *array:
		m.step(len(x.items)/4 + 1)
		list, _ := builtin.Elements(x.items)
		return list.([]any)
	case *view:
		m.step(len(x.raw)/4 + 1)
		return builtin.ElementsOf(x.kind, x.raw)
	case string:
		m.step(len(x)/4 + 1)
		list, ok := builtin.Elements(x)
		if !ok {
			impure()
		}
		return list.([]any)
	case *mapping:
		m.step(x.Len() + 1)
		what := "values"
		if x.kind == "Map" {
			what = "entries"
		}
		list, _ := builtin.MapMethod(what, x.Map, x, nil)
		return m.own(list).(*array).items
	case *iterator:
		var out []any
		for {
			m.step(1)
			item, more := x.next(nil)
			if !more {
				return out
			}
			if out = append(out, item); len(out) > builtin.MaxItems {
				impure()
			}
		}
	}
	impure()
	return nil
}

// iterate is the iterator of a list.
func iterate(kind string, list []any) *iterator {
	i := 0
	return &iterator{kind: kind, next: func(any) (any, bool) {
		if i >= len(list) {
			return nil, false
		}
		i++
		return list[i-1], true
	}}
}

func truthy(v any) bool {
	if _, is := v.(unknown); is {
		impure()
	}
	yes, _ := builtin.Truthy(v)
	return yes
}

func strictEqual(a, b any) bool {
	x, is := a.(native)
	y, is2 := b.(native)
	if is && is2 {
		return x.name == y.name
	}
	equal, ok := builtin.StrictEqual(a, b)
	if !ok {
		impure()
	}
	return equal
}

func looseEqual(m *machine, a, b any) bool {
	empty := func(v any) bool {
		_, isNull := v.(null)
		return v == nil || isNull
	}
	switch {
	case empty(a) || empty(b):
		return empty(a) && empty(b)
	case isObject(a) && isObject(b):
		return strictEqual(a, b)
	case strictEqual(a, b):
		return true
	}
	a, b = m.primitive(a), m.primitive(b)
	_, aText := a.(string)
	_, bText := b.(string)
	if aText && bText {
		return a == b
	}
	return toNumber(m, a) == toNumber(m, b)
}

// isObject reports whether a value has an identity.
func isObject(v any) bool {
	switch v.(type) {
	case nil, null, bool, float64, string:
		return false
	}
	return true
}

// primitive is an object as a text.
func (m *machine) primitive(v any) any {
	if isObject(v) {
		return toText(m, v)
	}
	return v
}

func toNumber(m *machine, v any) float64 {
	n, ok := builtin.Number(m.primitive(v))
	if !ok {
		impure()
	}
	return n
}

func toInt32(m *machine, v any) int32 { return int32(toUint32(m, v)) }

func toUint32(m *machine, v any) uint32 { return builtin.Uint32(toNumber(m, v)) }

func toText(m *machine, v any) string {
	switch x := v.(type) {
	case string:
		return x
	case *view:
		if x.kind != "Buffer" {
			return toText(m, &array{items: builtin.ElementsOf(x.kind, x.raw)})
		}
	case *array:
		if m.depth++; m.depth > maxDepth {
			impure()
		}
		list := make([]any, len(x.items))
		for i, item := range x.items {
			list[i] = item
			if isObject(item) && item != (builtin.Hole{}) {
				list[i] = toText(m, item)
			}
		}
		m.step(len(list) + 1)
		m.depth--
		s, ok := builtin.ListMethod("join", list, nil)
		if !ok {
			impure()
		}
		return m.text(s.(string))
	case *object:
		if f, has := x.Get("toString"); has {
			if _, isText := m.apply(f, x, nil).(string); !isText {
				impure()
			}
			return m.apply(f, x, nil).(string)
		}
		if _, has := x.Get("valueOf"); has || x.class != nil && (x.class.methods["toString"] != nil || x.class.methods["valueOf"] != nil) {
			impure()
		}
		if x.kind != "" {
			return "[object " + x.kind + "]"
		}
		return "[object Object]"
	case *iterator:
		return "[object " + x.kind + "]"
	case *mapping:
		return "[object " + x.kind + "]"
	case native:
		return "function " + lastName(x.name) + "() { [native code] }"
	case *pattern:
		return x.String()
	case *closure:
		return m.source(x)
	}
	s, ok := builtin.Text(m.plain(v, 0))
	if !ok {
		impure()
	}
	return m.text(s)
}

// concat puts two texts behind each other. A text that grows in a loop keeps room
// for what comes next, so that each step costs what is new.
func (m *machine) concat(a, b string) string {
	if len(a)+len(b) > maxText {
		impure()
	}
	if halves(a, b) {
		return m.text(builtin.Join(a, b))
	}
	if len(a) < 256 || b == "" {
		return m.text(a + b)
	}
	if len(a) == len(m.grown) && unsafe.StringData(a) == unsafe.SliceData(m.grown) {
		m.step(len(b)/16 + 1)
	} else {
		m.step((len(a)+len(b))/16 + 1)
		m.grown = append(make([]byte, 0, 2*(len(a)+len(b))), a...)
	}
	// Nobody reads behind the text that was given out, and only the last one that was
	// given out is continued.
	m.grown = append(m.grown, b...)
	return unsafe.String(unsafe.SliceData(m.grown), len(m.grown))
}

// halves reports whether two texts may meet in the middle of a character.
func halves(a, b string) bool {
	return len(b) > 1 && b[0] == 0xed && b[1] >= 0xb0 && len(a) > 2 && a[len(a)-3] == 0xed
}

// indexed is a text whose units are read one by one; the last ones are kept.
func (m *machine) indexed(s string) *builtin.Indexed {
	if len(s) < 16 {
		return builtin.IndexedText(s)
	}
	for _, x := range m.texts {
		if x != nil && len(x.Text()) == len(s) && x.Text() == s {
			return x
		}
	}
	m.step(len(s)/16 + 1)
	x := builtin.IndexedText(s)
	m.texts[m.nextText%len(m.texts)] = x
	m.nextText++
	return x
}
