package decode

import (
	"maps"
	"strconv"

	esbuild "github.com/evanw/esbuild/lockwarden"

	"github.com/lockwarden/lockwarden/analyzer/javascript/builtin"
)

// Loops, and the labels that break and continue name.

// noRef is the name of nothing.
var noRef = esbuild.Ref{SourceIndex: ^uint32(0), InnerIndex: ^uint32(0)}

func labelOf(l *esbuild.LocRef) esbuild.Ref {
	if l == nil {
		return noRef
	}
	return l.Ref
}

// labeled runs a statement with a label.
func (m *machine) labeled(x *esbuild.SLabel, s *scope) (jump, any) {
	how, v := m.loop(x.Stmt, s, x.Name.Ref)
	if how == breaks && m.label == x.Name.Ref {
		m.label = noRef
		return goesOn, nil
	}
	return how, v
}

// ends reports whether a loop ends with what its body did, and how it goes on behind
// it then.
func (m *machine) ends(how jump, label esbuild.Ref) (end bool, after jump) {
	none := noRef
	switch how {
	case returns:
		return true, returns
	case breaks:
		if m.label == none {
			return true, goesOn
		}
		return true, breaks
	case continues:
		if m.label != none && m.label != label {
			return true, continues
		}
		m.label = none
	}
	return false, goesOn
}

// makesFunctions reports whether a function is made in a loop: it keeps the variables
// of its round.
func (m *machine) makesFunctions(stmt esbuild.Stmt) bool {
	if makes, known := m.makes[stmt.Data]; known {
		return makes
	}
	makes := false
	w := &walker{expr: func(e *esbuild.Expr) bool {
		makes = makes || isFunction(*e)
		return !makes
	}, function: func(*esbuild.Fn) { makes = true }}
	w.stmt(&stmt)
	m.makes[stmt.Data] = makes
	return makes
}

// round is the scope of one round of a loop, with what the one before left.
func (m *machine) round(before, s *scope, fresh bool) *scope {
	if !fresh {
		return s
	}
	out := &scope{values: map[esbuild.Ref]any{}, parent: s, function: s.whole(), this: s.this}
	if before != nil {
		maps.Copy(out.values, before.values)
	}
	m.step(len(out.values))
	return out
}

// loop runs a loop; what is none is run as it is.
func (m *machine) loop(stmt esbuild.Stmt, s *scope, label esbuild.Ref) (jump, any) {
	var init, body esbuild.Stmt
	test := func(*scope) bool { return true }
	update := func(*scope) {}
	once := false
	switch x := stmt.Data.(type) {
	case *esbuild.SForOf:
		if x.Await.Len > 0 {
			impure()
		}
		return m.forOf(stmt, x.Init, m.eval(x.Value, s), x.Body, s, label)
	case *esbuild.SForIn:
		return m.forOf(stmt, x.Init, &array{items: m.keys(m.eval(x.Value, s))}, x.Body, s, label)
	case *esbuild.SFor:
		init, body = x.InitOrNil, x.Body
		if x.TestOrNil.Data != nil {
			test = func(s *scope) bool { return truthy(m.eval(x.TestOrNil, s)) }
		}
		if x.UpdateOrNil.Data != nil {
			update = func(s *scope) { m.eval(x.UpdateOrNil, s) }
		}
	case *esbuild.SWhile:
		body = x.Body
		test = func(s *scope) bool { return truthy(m.eval(x.Test, s)) }
	case *esbuild.SDoWhile:
		body, once = x.Body, true
		test = func(s *scope) bool { return truthy(m.eval(x.Test, s)) }
	default:
		return m.stmt(stmt, s)
	}
	fresh := m.makesFunctions(stmt)
	at := m.round(nil, s, fresh)
	if init.Data != nil {
		m.stmt(init, at)
	}
	for once || test(at) {
		once = false
		how, v := m.stmt(body, at)
		if end, after := m.ends(how, label); end {
			return after, v
		}
		at = m.round(at, s, fresh)
		update(at)
		m.step(1)
	}
	return goesOn, nil
}

// keys are the names that for…in gives.
func (m *machine) keys(v any) []any {
	var out []any
	switch o := v.(type) {
	case *object:
		if o.class != nil || o.kind != "" {
			impure()
		}
		for _, key := range o.Keys() {
			out = append(out, key)
		}
	case *array:
		for i, item := range o.items {
			if item != (builtin.Hole{}) {
				out = append(out, strconv.Itoa(i))
			}
		}
	case string:
		for i := range m.indexed(o).Length() {
			out = append(out, strconv.Itoa(i))
		}
	case *view:
		for i := range len(o.raw) / builtin.Size(o.kind) {
			out = append(out, strconv.Itoa(i))
		}
	default:
		impure()
	}
	m.step(len(out))
	return out
}

// forOf runs a body for each value.
func (m *machine) forOf(stmt, init esbuild.Stmt, of any, body esbuild.Stmt, s *scope, label esbuild.Ref) (jump, any) {
	next := m.values(of)
	fresh := m.makesFunctions(stmt)
	for {
		v, more := next()
		if !more {
			return goesOn, nil
		}
		m.step(1)
		at := m.round(nil, s, fresh)
		switch x := init.Data.(type) {
		case *esbuild.SLocal:
			to := at
			if x.Kind == esbuild.LocalVar {
				to = at.whole()
			}
			m.bind(x.Decls[0].Binding, v, to)
		case *esbuild.SExpr:
			m.assign(x.Value, v, at)
		}
		how, result := m.stmt(body, at)
		if end, after := m.ends(how, label); end {
			return after, result
		}
	}
}

// values gives what a loop goes through, as it is when it is asked for.
func (m *machine) values(of any) func() (any, bool) {
	i := 0
	switch x := of.(type) {
	case *array:
		return func() (any, bool) {
			if i >= len(x.items) {
				return nil, false
			}
			i++
			return filled(x.items[i-1]), true
		}
	case *iterator:
		return func() (any, bool) { return x.next(nil) }
	}
	list := m.elements(of)
	return func() (any, bool) {
		if i >= len(list) {
			return nil, false
		}
		i++
		return list[i-1], true
	}
}

// filled is an element as it is read.
func filled(v any) any {
	if v == (builtin.Hole{}) {
		return nil
	}
	return v
}
