package builtin

import (
	"math"
	"slices"
	"strconv"
)

// Object is an object with properties of its own, in their order.
type Object struct {
	keys   []string
	values map[string]any
	// indexes counts the keys that are indexes, which come first.
	indexes int
}

// NewObject is an object without properties.
func NewObject() *Object { return &Object{values: map[string]any{}} }

// Get reads a property.
func (o *Object) Get(key string) (any, bool) {
	v, ok := o.values[key]
	return v, ok
}

// Len is how many properties there are.
func (o *Object) Len() int { return len(o.keys) }

// Set puts in a property.
func (o *Object) Set(key string, v any) {
	if _, had := o.values[key]; !had {
		o.keys = append(o.keys, key)
		if isIndex(key) {
			o.indexes++
		}
	}
	o.values[key] = v
}

// Delete takes a property away.
func (o *Object) Delete(key string) {
	if _, had := o.values[key]; !had {
		return
	}
	delete(o.values, key)
	o.keys = slices.DeleteFunc(slices.Clone(o.keys), func(k string) bool { return k == key })
	if isIndex(key) {
		o.indexes--
	}
}

// Keys are the names of the properties: indexes in their order, then the others in
// that in which they were made.
func (o *Object) Keys() []string {
	if o.indexes == 0 {
		return o.keys
	}
	out := make([]string, 0, len(o.keys))
	for _, key := range o.keys {
		if isIndex(key) {
			out = append(out, key)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		if a < b {
			return -1
		}
		return 1
	})
	for _, key := range o.keys {
		if !isIndex(key) {
			out = append(out, key)
		}
	}
	return out
}

// isIndex reports whether a name is the index of an element.
func isIndex(key string) bool {
	if key == "" || len(key) > 10 || key[0] < '0' || key[0] > '9' {
		return false
	}
	n, err := strconv.ParseUint(key, 10, 64)
	return err == nil && n < math.MaxUint32 && strconv.FormatUint(n, 10) == key
}

// properties are the names and values of what Object.entries and its like see.
func properties(v any) (keys []string, values []any, ok bool) {
	switch x := v.(type) {
	case *Object:
		for _, key := range x.Keys() {
			keys = append(keys, key)
			values = append(values, x.values[key])
		}
		return keys, values, true
	case []any:
		for i, item := range x {
			if _, hole := item.(Hole); !hole {
				keys, values = append(keys, strconv.Itoa(i)), append(values, item)
			}
		}
		return keys, values, true
	case string:
		for i, u := range Units(x) {
			keys, values = append(keys, strconv.Itoa(i)), append(values, FromUnits([]uint16{u}))
		}
		return keys, values, len(x) <= MaxText/16
	case Bytes:
		for i := range len(x) {
			keys, values = append(keys, strconv.Itoa(i)), append(values, float64(x[i]))
		}
		return keys, values, len(x) <= MaxText/16
	case float64, bool:
		return nil, nil, true
	}
	return nil, nil, false
}

// textList are texts as a list.
func textList(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

func init() {
	add(map[string]function{
		"Object.keys": func(args []any) (any, bool) {
			keys, _, ok := properties(Arg(args, 0))
			return textList(keys), ok
		},
		"Object.getOwnPropertyNames": func(args []any) (any, bool) {
			o, ok := Arg(args, 0).(*Object)
			if !ok {
				return nil, false
			}
			return textList(o.Keys()), true
		},
		"Object.values": func(args []any) (any, bool) {
			_, values, ok := properties(Arg(args, 0))
			return append([]any{}, values...), ok
		},
		"Object.entries": func(args []any) (any, bool) {
			keys, values, ok := properties(Arg(args, 0))
			out := make([]any, len(keys))
			for i, key := range keys {
				out[i] = []any{key, values[i]}
			}
			return out, ok
		},
		"Object.fromEntries": fromEntries,
		"Object.assign":      assign,
		"Object.is": func(args []any) (any, bool) {
			a, b := Arg(args, 0), Arg(args, 1)
			if x, is := a.(float64); is && x == 0 {
				y, is := b.(float64)
				return is && y == 0 && math.Signbit(x) == math.Signbit(y), true
			}
			return SameValueZero(a, b)
		},
		"Object.hasOwn": func(args []any) (any, bool) {
			o, ok := Arg(args, 0).(*Object)
			key, isText := propertyName(Arg(args, 1))
			if !ok || !isText {
				return nil, false
			}
			_, has := o.Get(key)
			return has, true
		},
	})
}

// propertyName is a value as the name of a property.
func propertyName(v any) (string, bool) { return Text(v) }

// protoKey is the name that sets what an object inherits.
const protoKey = "__proto__"

func fromEntries(args []any) (any, bool) {
	list, ok := Arg(args, 0).([]any)
	if !ok {
		return nil, false
	}
	o := NewObject()
	for _, item := range list {
		pair, ok := item.([]any)
		if !ok {
			return nil, false
		}
		key, ok := propertyName(filled(Arg(pair, 0)))
		if !ok {
			return nil, false
		}
		o.Set(key, filled(Arg(pair, 1)))
	}
	return o, true
}

// assign is Object.assign: the first argument itself, changed.
func assign(args []any) (any, bool) {
	target, ok := Arg(args, 0).(*Object)
	if !ok {
		return nil, false
	}
	var keys []string
	var values []any
	for _, source := range args[1:] {
		switch source.(type) {
		case nil, Null:
			continue
		}
		k, v, ok := properties(source)
		if !ok || slices.Contains(k, protoKey) {
			return nil, false
		}
		if source == any(target) {
			continue
		}
		keys, values = append(keys, k...), append(values, v...)
	}
	for i, key := range keys {
		target.Set(key, values[i])
	}
	return target, true
}

// Map is a Map, or a Set, whose values are its keys.
type Map struct {
	keys, values []any
	index        map[any]int
	size         int
}

// NewMap is an empty one.
func NewMap() *Map { return &Map{index: map[any]int{}} }

// gone stands for an entry that was deleted.
type gone struct{}

// keyOf is a key as Go compares it; false where its identity is not known.
func keyOf(v any) (any, bool) {
	switch x := v.(type) {
	case float64:
		if math.IsNaN(x) {
			return gone{}, true
		}
		if x == 0 {
			return 0.0, true
		}
	case []any, Bytes, Func:
		return nil, false
	}
	return v, true
}

// Len is how many entries there are.
func (m *Map) Len() int { return m.size }

// Get reads an entry.
func (m *Map) Get(key any) (v any, has, ok bool) {
	k, ok := keyOf(key)
	if !ok {
		return nil, false, false
	}
	i, has := m.index[k]
	if !has {
		return nil, false, true
	}
	return m.values[i], true, true
}

// Set puts in an entry.
func (m *Map) Set(key, v any) bool {
	k, ok := keyOf(key)
	if !ok || len(m.keys) >= MaxItems {
		return false
	}
	if i, has := m.index[k]; has {
		m.values[i] = v
		return true
	}
	if n, is := key.(float64); is && n == 0 {
		key = 0.0
	}
	m.index[k] = len(m.keys)
	m.keys, m.values = append(m.keys, key), append(m.values, v)
	m.size++
	return true
}

// At is the next entry at or after a place, which may have been deleted: more is
// false where there is none.
func (m *Map) At(i int) (key, v any, place int, more bool) {
	for ; i < len(m.keys); i++ {
		if _, deleted := m.keys[i].(gone); !deleted {
			return m.keys[i], m.values[i], i, true
		}
	}
	return nil, nil, i, false
}

// MapMethod is what a method of a Map gives, or of a Set; self is what it is called
// on, as the script sees it.
func MapMethod(name string, m *Map, self any, args []any) (any, bool) {
	key := Arg(args, 0)
	switch name {
	case "get":
		v, _, ok := m.Get(key)
		return v, ok
	case "has":
		_, has, ok := m.Get(key)
		return has, ok
	case "set":
		return self, m.Set(key, Arg(args, 1))
	case "add":
		if n, is := key.(float64); is && n == 0 {
			key = 0.0 // without its sign
		}
		return self, m.Set(key, key)
	case "delete":
		_, has, ok := m.Get(key)
		if has {
			k, _ := keyOf(key)
			m.keys[m.index[k]], m.values[m.index[k]] = gone{}, nil
			delete(m.index, k)
			m.size--
		}
		return has, ok
	case "clear":
		for i := range m.keys {
			m.keys[i], m.values[i] = gone{}, nil
		}
		clear(m.index)
		m.size = 0
		return nil, true
	case "keys", "values", "entries":
		out := []any{}
		for k, v, i, more := m.At(0); more; k, v, i, more = m.At(i + 1) {
			switch name {
			case "keys":
				out = append(out, k)
			case "values":
				out = append(out, v)
			default:
				out = append(out, []any{k, v})
			}
		}
		return out, true
	case "forEach":
		f, ok := key.(Func)
		for k, v, i, more := m.At(0); more && ok; k, v, i, more = m.At(i + 1) {
			_, ok = f(Arg(args, 1), v, k, self)
		}
		return nil, ok
	}
	return nil, false
}
