package eval

import (
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/builtin"
	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

// Constants as plain values, for the functions of the language: what is not a
// constant for sure has none.

// maxPlainDepth bounds how deep constant arrays are in each other.
const maxPlainDepth = 8

// plainOf is the constant that a value surely is. A nil Value is not known: it may
// be undefined or anything else.
func plainOf(v *Value, depth int) (any, bool) {
	if v == nil {
		return nil, false
	}
	switch v.kind {
	case vString:
		return v.text(), !strings.Contains(v.text(), ir.Hole)
	case vNumber:
		return v.number(), true
	case vBool:
		return v.number() == 1, true
	case vObject:
		if v.Object().array {
			return plainListOf(v.Object(), depth)
		}
	}
	return nil, false
}

// plainList are the constants that an array surely holds.
func plainList(o *Object, depth int) ([]any, bool) {
	if o.elements != nil || o.marks != 0 || o.rare().mixed || o.promise || len(o.rare().spreads) > 0 ||
		o.length > ir.MaxElements || depth > maxPlainDepth {
		return nil, false
	}
	if o.properties.size() != int(o.length) {
		return nil, false // something is missing, or was put in later
	}
	out := make([]any, o.length)
	for i := range out {
		v, ok := plainOf(o.properties.get(ir.FormatNumber(float64(i))), depth+1)
		if !ok {
			return nil, false
		}
		out[i] = v
	}
	return out, true
}

func plainListOf(o *Object, depth int) (any, bool) {
	list, ok := plainList(o, depth)
	if !ok {
		return nil, false
	}
	return list, true
}

// plain are a call's arguments from an index on, where all are constants.
func (c *callSite) plain(from int) ([]any, bool) {
	if c.open {
		return nil, false
	}
	out := make([]any, 0, len(c.args))
	for _, arg := range c.args[min(from, len(c.args)):] {
		v, ok := plainOf(arg, 0)
		if !ok {
			return nil, false
		}
		out = append(out, v)
	}
	return out, true
}

// fromPlain is the value of a constant that the node gives; nil where it is
// undefined or too large.
func (e *evaluation) fromPlain(id ir.NodeID, v any) *Value {
	switch x := v.(type) {
	case string:
		if len(x) > maxText {
			e.reached(id, "text", maxText)
			return nil
		}
		return e.p.str(x)
	case float64:
		return number(x)
	case bool:
		if x {
			return yes
		}
		return no
	case []any:
		return e.arrayOfPlain(id, x)
	}
	return nil
}

// arrayOfPlain is the array of constants that a node makes: one for each place,
// and the one before where it holds the same.
func (e *evaluation) arrayOfPlain(id ir.NodeID, list []any) *Value {
	if len(list) > ir.MaxElements {
		e.reached(id, "elements", ir.MaxElements)
		return nil
	}
	if old := e.kept(id); old != nil && old.kind == vObject && old.Object().array && !old.Object().rare().mixed {
		if have, ok := plainList(old.Object(), 0); ok && samePlain(have, list) {
			return old
		}
	}
	return e.keep(id, e.elementsOfPlain(id, list).val())
}

// elementsOfPlain makes an array of constants; arrays in it have no place of their
// own.
func (e *evaluation) elementsOfPlain(id ir.NodeID, list []any) *Object {
	o := &Object{array: true, length: int32(len(list))}
	for i, item := range list {
		var v *Value
		if inner, isList := item.([]any); isList {
			v = e.elementsOfPlain(ir.NoNode, inner).val()
		} else {
			v = e.fromPlain(id, item)
		}
		if v != nil {
			o.properties.set(ir.FormatNumber(float64(i)), v)
		}
	}
	return o
}

func samePlain(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, isList := a[i].([]any)
		y, isList2 := b[i].([]any)
		if isList != isList2 {
			return false
		}
		if isList {
			if !samePlain(x, y) {
				return false
			}
		} else if a[i] != b[i] && (a[i] == a[i] || b[i] == b[i]) { // NaN is not equal to itself
			return false
		}
	}
	return true
}

// called is what a function of the language gives for constants.
func (e *evaluation) called(c *callSite, name string) (*Value, bool) {
	args, ok := c.plain(0)
	if !ok {
		return nil, false
	}
	v, ok := builtin.Call(name, args)
	if !ok {
		return nil, false
	}
	out := e.fromPlain(c.id, v)
	return out, out != nil
}

// elementList are the elements of an array by index; exact is false where it may
// have others, or others in their places.
func elementList(v *Value) (list []*Value, exact bool) {
	if v == nil || v.kind != vObject || !v.Object().array {
		return nil, false
	}
	o := v.Object()
	for i := range min(int(o.length), ir.MaxElements) {
		list = append(list, o.properties.get(ir.FormatNumber(float64(i))))
	}
	exact = o.elements == nil && !o.rare().mixed && int(o.length) <= ir.MaxElements && o.properties.size() == int(o.length)
	return list, exact
}
