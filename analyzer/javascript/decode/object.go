package decode

import (
	esbuild "github.com/evanw/esbuild/lockwarden"

	"github.com/lockwarden/lockwarden/analyzer/javascript/builtin"
)

// Objects and classes of the script.

// literal is { a: 1, ...b }.
func (m *machine) literal(x *esbuild.EObject, s *scope) any {
	o := newObject()
	for _, p := range x.Properties {
		switch {
		case p.Kind == esbuild.PropertySpread:
			m.spread(o, m.eval(p.ValueOrNil, s))
		case p.Kind == esbuild.PropertyField || p.Kind == esbuild.PropertyMethod:
			if p.ValueOrNil.Data == nil {
				impure()
			}
			m.set(o, toText(m, m.eval(p.Key, s)), m.eval(p.ValueOrNil, s))
		default:
			impure()
		}
	}
	return o
}

// spread puts the properties of a value into an object.
func (m *machine) spread(o *object, from any) {
	switch x := from.(type) {
	case nil, null, bool, float64:
	case *object:
		if x.kind != "" {
			impure()
		}
		for _, key := range x.Keys() {
			m.step(1)
			v, _ := x.Get(key)
			m.set(o, key, v)
		}
	default:
		for i, item := range m.elements(from) {
			m.set(o, builtin.FormatNumber(float64(i)), item)
		}
	}
}

// without is what ...rest is of an object.
func (m *machine) without(v any, taken map[string]bool) *object {
	o := newObject()
	m.spread(o, v)
	for key := range taken {
		o.Delete(key)
	}
	return o
}

// deleted is delete o.a.
func (m *machine) deleted(e esbuild.Expr, s *scope) any {
	var of, key any
	switch x := e.Data.(type) {
	case *esbuild.EDot:
		of, key = m.eval(x.Target, s), x.Name
	case *esbuild.EIndex:
		of, key = m.eval(x.Target, s), m.eval(x.Index, s)
	default:
		impure()
	}
	switch o := of.(type) {
	case *object:
		if o.kind == "" {
			o.Delete(toText(m, key))
			return true
		}
	case *array:
		if i, ok := index(key); ok && i < len(o.items) {
			o.items[i] = builtin.Hole{}
			return true
		}
	}
	impure()
	return nil
}

// isRaw reports whether the tag of a template is String.raw.
func (m *machine) isRaw(tag esbuild.Expr) bool {
	dot, ok := tag.Data.(*esbuild.EDot)
	if !ok || dot.Name != "raw" {
		return false
	}
	id, ok := dot.Target.Data.(*esbuild.EIdentifier)
	if !ok {
		return false
	}
	symbol := &m.tree.Symbols[id.Ref.InnerIndex]
	return symbol.Kind == esbuild.SymbolUnbound && symbol.OriginalName == "String"
}

// newClass is a class without a superclass.
func (m *machine) newClass(c *esbuild.Class, s *scope) *class {
	if c.ExtendsOrNil.Data != nil {
		impure()
	}
	out := &class{methods: map[string]*closure{}, statics: newObject(), scope: s}
	if c.Name != nil {
		inner := &scope{values: map[esbuild.Ref]any{c.Name.Ref: out}, parent: s, function: nil}
		if s != nil {
			inner.function, inner.this = s.whole(), s.this
		}
		s, out.scope = inner, inner
	}
	var fields []esbuild.Property
	for _, p := range c.Properties {
		static := p.Flags&esbuild.PropertyIsStatic != 0
		switch p.Kind {
		case esbuild.PropertyMethod:
			name := toText(m, m.eval(p.Key, s))
			f := m.closure(p.ValueOrNil, s)
			switch {
			case f == nil:
				impure()
			case static:
				out.statics.Set(name, f)
			case name == "constructor":
				out.constructor = f
			default:
				out.methods[name] = f
			}
		case esbuild.PropertyField:
			if static {
				fields = append(fields, p)
			} else {
				out.fields = append(out.fields, p)
			}
		default:
			impure()
		}
	}
	m.initialize(out.statics, fields, &scope{values: map[esbuild.Ref]any{}, parent: s, this: out})
	return out
}

// initialize gives fields their first values.
func (m *machine) initialize(o *object, fields []esbuild.Property, s *scope) {
	for _, p := range fields {
		var v any
		if p.InitializerOrNil.Data != nil {
			v = m.eval(p.InitializerOrNil, s)
		}
		m.set(o, toText(m, m.eval(p.Key, s)), v)
	}
}

// instance is new of a class of the script.
func (m *machine) instance(c *class, args []any) any {
	o := newObject()
	o.class = c
	m.initialize(o, c.fields, &scope{values: map[esbuild.Ref]any{}, parent: c.scope, this: o})
	if c.constructor != nil {
		if v := m.invoke(c.constructor, o, args); isObject(v) {
			return v
		}
	}
	return o
}
