package decode

import (
	"encoding/json"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/builtin"
)

// bytes are a Buffer.
type bytes string

func arg(args []any, i int) any {
	if i < len(args) {
		return args[i]
	}
	return nil
}

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
	switch kind {
	case "String":
		if text, ok := f.this.(string); ok {
			return m.stringMethod(text, name, args)
		}
		return m.global(f.name, args)
	case "Array":
		if a, ok := f.this.(*array); ok {
			return m.arrayMethod(a, name, args)
		}
		if name == "isArray" {
			_, ok := arg(args, 0).(*array)
			return ok
		}
		switch name {
		case "from":
			if o, ok := arg(args, 0).(*object); ok {
				return m.fromLength(o, arg(args, 1))
			}
			list := &array{items: m.elements(arg(args, 0))}
			if g := arg(args, 1); g != nil {
				return m.arrayMethod(list, "map", []any{g})
			}
			return list
		case "of":
			return &array{items: slices.Clone(args)}
		}
	case "Function":
		return m.functionMethod(f.this, name, args)
	case "Number":
		if n, ok := f.this.(float64); ok {
			return m.plainly(func(list []any) (any, bool) { return builtin.NumberMethod(name, n, list) }, args)
		}
		return m.global(f.name, args)
	case "Boolean":
		if name == "toString" {
			return toText(m, f.this)
		}
	case "Math":
		return m.global(f.name, args)
	case "Object":
		return m.objectMethod(f.this, name, args)
	case "Buffer":
		switch name {
		case "from":
			return m.buffer(arg(args, 0), arg(args, 1))
		case "concat":
			if list, ok := arg(args, 0).(*array); ok && len(args) == 1 {
				all := ""
				for _, item := range list.items {
					b, isBytes := item.(bytes)
					if !isBytes {
						impure()
					}
					all = m.text(all + string(b))
				}
				return bytes(all)
			}
		}
	case "Uint8Array":
		if name == "from" || name == "of" {
			list := args
			if name == "from" {
				list = m.elements(arg(args, 0))
			}
			return m.buffer(&array{items: list}, nil)
		}
	case "Bytes":
		switch b := f.this.(type) {
		case native: // a TextDecoder
			if of, ok := arg(args, 0).(bytes); ok && name == "decode" {
				return m.bytesText(of, nil)
			}
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
			case "slice", "subarray":
				return m.buffer(m.arrayMethod(&array{items: m.elements(b)}, "slice", args), nil)
			case "forEach", "reduce", "join", "indexOf", "includes", "at", "every", "some", "find", "findIndex":
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
		switch name {
		case "stringify":
			return m.global(f.name, args)
		case "parse":
			return m.parseJSON(toText(m, arg(args, 0)))
		}
	}
	impure()
	return nil
}

func (m *machine) global(name string, args []any) any {
	first := arg(args, 0)
	switch name {
	case "Boolean":
		return truthy(first)
	case "Array":
		if n, ok := first.(float64); ok && len(args) == 1 {
			if n < 0 || n > 1<<16 || n != math.Trunc(n) {
				impure()
			}
			return &array{items: make([]any, int(n))}
		}
		return &array{items: args}
	case "Object":
		return first
	case "String":
		if len(args) > 0 {
			return toText(m, first)
		}
	case "require":
		return m.required(toText(m, first))
	case "Uint8Array":
		switch first.(type) {
		case *array, bytes:
			return m.buffer(first, nil)
		}
		impure()
	case "TextDecoder":
		if len(args) == 0 || args[0] == "utf-8" || args[0] == "utf8" {
			return native{name: "TextDecoder"}
		}
		impure()
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
	return m.plainly(func(list []any) (any, bool) { return builtin.Call(name, list) }, args)
}

// fromLength is Array.from({length: n}, f).
func (m *machine) fromLength(o *object, f any) any {
	n, ok := o.values["length"].(float64)
	if !ok || len(o.keys) != 1 || n < 0 || n > 1<<16 {
		impure()
	}
	list := &array{items: make([]any, int(n))}
	if f == nil {
		return list
	}
	return m.arrayMethod(list, "map", []any{f})
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
	if b, ok := f.(native); ok {
		switch this.(type) {
		case string, *array:
			b.this = this
		}
		return m.native(b, args)
	}
	return m.apply(f, this, args)
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
	case "values", "entries":
		list := &array{}
		for _, key := range o.keys {
			v := o.values[key]
			if name == "entries" {
				v = &array{items: []any{key, v}}
			}
			list.items = append(list.items, v)
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

func (m *machine) buffer(v, encoding any) any {
	return m.plainly(func(list []any) (any, bool) { return builtin.BufferFrom(list[0], list[1]) }, []any{v, encoding})
}

func (m *machine) bytesText(b bytes, encoding any) any {
	return m.plainly(func(list []any) (any, bool) { return builtin.BufferText(builtin.Bytes(b), list[0]) }, []any{encoding})
}

// parseJSON reads a text as JSON; object keys keep their order.
func (m *machine) parseJSON(text string) any {
	if strings.Contains(text, `\ud`) || strings.Contains(text, `\uD`) {
		impure() // half of a pair, perhaps
	}
	m.step(len(text) / 8)
	d := json.NewDecoder(strings.NewReader(text))
	v, ok := m.jsonValue(d, 0)
	if _, err := d.Token(); !ok || err != io.EOF {
		panic(thrown{"not JSON"})
	}
	return v
}

func (m *machine) jsonValue(d *json.Decoder, depth int) (any, bool) {
	m.step(1)
	token, err := d.Token()
	if err != nil || depth > maxDepth {
		return nil, false
	}
	switch x := token.(type) {
	case nil:
		return null{}, true
	case json.Delim:
		list, o := &array{}, &object{values: map[string]any{}}
		for d.More() {
			key := ""
			if x == '{' {
				name, err := d.Token()
				if err != nil {
					return nil, false
				}
				key = name.(string)
			}
			v, ok := m.jsonValue(d, depth+1)
			if !ok {
				return nil, false
			}
			if x == '{' {
				o.set(key, v)
			} else {
				list.items = append(list.items, v)
			}
		}
		if _, err := d.Token(); err != nil {
			return nil, false
		}
		if x == '{' {
			return o, true
		}
		return list, true
	}
	return token, true
}
