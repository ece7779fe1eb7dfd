package decode

import (
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/builtin"
)

// The methods of values that have an identity; what they do is builtin's.

func (m *machine) arrayMethod(a *array, name string, args []any) any {
	switch {
	case builtin.Calls(name):
		m.step(len(a.items)/8 + 1)
		return m.eachOf(name, func() []any { return a.items }, a, args)
	case builtin.Changes(name):
		return m.change(a, name, args)
	}
	m.step(len(a.items)/8 + 1)
	switch name {
	case "keys", "values", "entries":
		list := m.must(builtin.ListMethod(name, a.items, nil)).(*array)
		return iterate("Array Iterator", list.items)
	case "toString":
		return toText(m, a)
	case "join":
		list := make([]any, len(a.items))
		for i, item := range a.items {
			if list[i] = item; isObject(item) && item != (builtin.Hole{}) {
				list[i] = toText(m, item)
			}
		}
		return m.must(builtin.ListMethod(name, list, m.plainAll(args)))
	case "flat", "toLocaleString":
		return m.plainly(func(list []any) (any, bool) { return builtin.ListMethod(name, list[0].([]any), list[1:]) }, append([]any{a}, args...))
	case "concat":
		list := make([]any, len(args))
		for i, v := range args {
			if list[i] = v; isArray(v) {
				list[i] = v.(*array).items
			}
		}
		return m.must(builtin.ListMethod(name, a.items, list))
	}
	if name == "toSorted" {
		out := &array{items: append([]any(nil), a.items...)}
		return m.change(out, "sort", args)
	}
	return m.must(builtin.ListMethod(name, a.items, args))
}

func isArray(v any) bool {
	_, is := v.(*array)
	return is
}

func (m *machine) callables(args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		out[i] = m.callable(a)
	}
	return out
}

// eachOf is a method that calls a function for the elements of a list.
func (m *machine) eachOf(name string, live builtin.Live, self any, args []any) any {
	list := m.callables(args)
	f, ok := builtin.Arg(list, 0).(builtin.Func)
	if !ok {
		panic(thrown{"it is not a function"})
	}
	list[0] = builtin.Func(func(this any, args ...any) (any, bool) {
		m.step(2)
		v, ok := f(this, args...)
		if a, is := v.(*array); is && name == "flatMap" {
			v = a.items
		}
		return v, ok
	})
	return m.must(builtin.ListCall(name, live, self, list))
}

// change is a method that changes the array it is called on.
func (m *machine) change(a *array, name string, args []any) any {
	m.step(len(args) + 1)
	list := args
	switch name {
	case "push", "pop", "shift":
	case "sort":
		m.step(2 * len(a.items))
		list = m.callables(args)
		if f, ok := builtin.Arg(list, 0).(builtin.Func); ok {
			list[0] = builtin.Func(func(this any, args ...any) (any, bool) {
				v, ok := f(this, args...)
				return m.plain(v, 0), ok
			})
		} else {
			list = nil
			items := make([]any, len(a.items))
			for i, item := range a.items {
				if items[i] = item; isObject(item) && item != (builtin.Hole{}) {
					impure()
				}
			}
		}
	default:
		m.step(len(a.items)/4 + 1)
	}
	gives, after, ok := builtin.ListChange(name, a.items, list)
	if !ok || len(after) > builtin.MaxItems {
		impure()
	}
	a.items = after
	switch name {
	case "reverse", "sort", "fill", "copyWithin":
		return a
	}
	return m.own(gives)
}

// stringMethod is a method of a text.
func (m *machine) stringMethod(text, name string, args []any) any {
	if builtin.IsIndexed(name) {
		return m.must(m.indexed(text).Method(name, m.plainAll(args)))
	}
	m.step(len(text)/16 + 1)
	list := m.plainAll(args)
	p, isPattern := builtin.Arg(list, 0).(*pattern)
	if isPattern || name == "match" || name == "matchAll" || name == "search" {
		m.step(20 + len(text)/4) // the search costs more than other work on a text
	}
	if f, ok := builtin.Arg(list, 1).(builtin.Func); ok {
		list[1] = builtin.Func(func(this any, args ...any) (any, bool) {
			m.step(2)
			return f(this, args...)
		})
	}
	v := m.must(builtin.TextMethod(name, text, list))
	switch list, isList := v.(*array); {
	case name == "match" && isList && !(isPattern && strings.Contains(p.Flags, "g")):
		list.match = true
	case name == "matchAll":
		for _, item := range list.items {
			item.(*array).match = true
		}
		return iterate("RegExp String Iterator", list.items)
	}
	return v
}

// patternMethod is a method of a regular expression.
func (m *machine) patternMethod(p *pattern, name string, args []any) any {
	s := toText(m, builtin.Arg(args, 0))
	m.step(20 + len(s)/4)
	v := m.must(builtin.PatternMethod(name, p, []any{s}))
	if list, is := v.(*array); is {
		list.match = true
	}
	return v
}

// viewMethod is a method of a Buffer or typed array.
func (m *machine) viewMethod(b *view, name string, args []any) any {
	size := builtin.Size(b.kind)
	m.step(len(b.raw)/16 + 1)
	live := func() []any { return builtin.ElementsOf(b.kind, b.raw) }
	switch name {
	case "toString", "toLocaleString":
		if b.kind != "Buffer" {
			return toText(m, b)
		}
	case "subarray", "slice":
		list, ok := builtin.ListMethod("slice", m.places(len(b.raw)/size), m.plainAll(args))
		if !ok {
			impure()
		}
		part := &view{b.kind, nil}
		if of := list.([]any); len(of) > 0 {
			from := int(of[0].(float64)) * size
			part.raw = b.raw[from : from+len(of)*size : from+len(of)*size]
		}
		if name == "slice" && b.kind != "Buffer" {
			part.raw = append([]byte(nil), part.raw...)
		}
		return part
	case "set":
		from := 0
		if v := builtin.Arg(args, 1); v != nil {
			from = int(toNumber(m, v)) * size
		}
		raw := m.packed(b.kind, m.elements(builtin.Arg(args, 0)))
		if from < 0 || from+len(raw) > len(b.raw) {
			panic(thrown{"out of range"})
		}
		copy(b.raw[from:], raw)
		return nil
	case "copy":
		to, ok := builtin.Arg(args, 0).(*view)
		if !ok || len(args) > 2 {
			impure()
		}
		at := int(toNumber(m, m.orZero(builtin.Arg(args, 1))))
		if at < 0 || at > len(to.raw) {
			impure()
		}
		return float64(copy(to.raw[at:], b.raw))
	case "map", "filter":
		list := m.eachOf(name, live, b, args).(*array)
		return &view{b.kind, m.packed(b.kind, list.items)}
	case "reverse", "fill", "copyWithin", "sort":
		m.changeView(b, name, args)
		return b
	case "keys", "values", "entries":
		return iterate("Array Iterator", m.must(builtin.ListMethod(name, live(), nil)).(*array).items)
	}
	if builtin.Calls(name) {
		m.step(len(b.raw) / size)
		list := live()
		return m.eachOf(name, func() []any { return list }, b, args)
	}
	if b.kind == "Buffer" && builtin.HasBuffer(name) {
		return m.plainly(func(list []any) (any, bool) { return builtin.BufferMethod(name, builtin.Bytes(b.raw), list) }, args)
	}
	m.step(len(b.raw) / size)
	v := m.must(builtin.ListMethod(name, live(), m.plainAll(args)))
	if list, is := v.(*array); is {
		return &view{b.kind, m.packed(b.kind, list.items)}
	}
	return v
}

func (m *machine) orZero(v any) any {
	if v == nil {
		return 0.0
	}
	return v
}

// places are the numbers from zero on.
func (m *machine) places(n int) []any {
	m.step(n / 4)
	out := make([]any, n)
	for i := range out {
		out[i] = float64(i)
	}
	return out
}

// changeView is a method that changes a typed array.
func (m *machine) changeView(b *view, name string, args []any) {
	size := builtin.Size(b.kind)
	if v, ok := builtin.Arg(args, 0).(float64); ok && name == "fill" {
		from, to, ok := builtin.Span(len(b.raw)/size, builtin.Arg(args, 1), builtin.Arg(args, 2))
		if !ok {
			impure()
		}
		m.step(max(to-from, 0)/4 + 1)
		for i := from; i < to; i++ {
			builtin.PutElement(b.kind, b.raw[i*size:], v)
		}
		return
	}
	list := builtin.ElementsOf(b.kind, b.raw)
	m.step(len(list))
	switch {
	case name == "sort" && builtin.Arg(args, 0) == nil:
		builtin.SortNumbers(list)
	case name == "fill" && b.kind == "Buffer" && !isNumber(builtin.Arg(args, 0)):
		impure()
	default:
		a := &array{items: list}
		m.change(a, name, args)
		list = a.items
	}
	copy(b.raw, m.packed(b.kind, list))
}

func isNumber(v any) bool {
	_, is := v.(float64)
	return is
}

// packed are the bytes of a typed array of values.
func (m *machine) packed(kind string, list []any) []byte {
	m.step(len(list)/4 + 1)
	raw, ok := builtin.PackElements(kind, m.plainAll(list))
	if !ok {
		impure()
	}
	return raw
}

// mapMethod is a method of a Map or Set.
func (m *machine) mapMethod(x *mapping, name string, args []any) any {
	m.step(2)
	if name == "forEach" {
		args = m.callables(args)
	}
	v, ok := builtin.MapMethod(name, x.Map, x, args)
	if !ok {
		impure()
	}
	switch name {
	case "keys", "values", "entries":
		return iterate(x.kind+" Iterator", m.own(v).(*array).items)
	}
	return v
}

// iteratorMethod is a method of an iterator.
func (m *machine) iteratorMethod(x *iterator, name string, args []any) any {
	switch name {
	case "next":
		m.step(2)
		v, more := x.next(builtin.Arg(args, 0))
		o := newObject()
		o.Set("value", v)
		o.Set("done", !more)
		return o
	case "return":
		x.next = func(any) (any, bool) { return nil, false }
		o := newObject()
		o.Set("value", builtin.Arg(args, 0))
		o.Set("done", true)
		return o
	case "toString":
		return toText(m, x)
	}
	impure()
	return nil
}
