package decode

import "github.com/lockwarden/lockwarden/analyzer/javascript/builtin"

// plainly calls a function of the language over plain values; what it does not
// know is not pure.
func (m *machine) plainly(f func([]any) (any, bool), args []any) any {
	list := make([]any, len(args))
	for i, a := range args {
		list[i] = m.plain(a, 0)
	}
	v, ok := f(list)
	if !ok {
		impure()
	}
	return m.own(v)
}

// plain is a value without identity.
func (m *machine) plain(v any, depth int) any {
	switch x := v.(type) {
	case nil, bool, float64, string:
		return v
	case null:
		return builtin.Null{}
	case bytes:
		return builtin.Bytes(x)
	case *array:
		if depth > 32 {
			impure()
		}
		m.step(len(x.items) / 4)
		list := make([]any, len(x.items))
		for i, item := range x.items {
			list[i] = m.plain(item, depth+1)
		}
		return list
	}
	impure()
	return nil
}

// own is a plain value as one of the machine's.
func (m *machine) own(v any) any {
	switch x := v.(type) {
	case string:
		return m.text(x)
	case builtin.Null:
		return null{}
	case builtin.Bytes:
		return bytes(x)
	case []any:
		m.step(len(x))
		a := &array{items: make([]any, len(x))}
		for i, item := range x {
			a.items[i] = m.own(item)
		}
		return a
	}
	return v
}
