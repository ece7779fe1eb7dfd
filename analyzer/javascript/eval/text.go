package eval

import (
	"slices"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

// A text that eval runs sees the variables around the call, and the call gives the
// value of the text's last statement.

// isEval reports whether a node is a call of eval by its name.
func (m *Module) isEval(id ir.NodeID) bool {
	n := &m.Nodes[id]
	if n.Kind != ir.NCall {
		return false
	}
	callee := &m.Nodes[n.A]
	return callee.Kind == ir.NGlobal && m.pkg.strings.All[callee.A] == "eval"
}

// evaluates is the function that calls eval at a place, nil where none does.
func (m *Module) evaluates(at int32) *Function {
	for _, f := range m.Functions {
		for id := f.Start; id < f.End; id++ {
			if m.isEval(id) && m.Position(id) == at {
				return f
			}
		}
	}
	return nil
}

// outer is the variable of a name in the functions around the text; false where
// there is none.
func (e *evaluation) outer(name int32) (out *Value, ok bool) {
	for f := e.m.around; f != nil; f = f.Parent() {
		m := f.Module
		for id := f.Start; id < f.End; id++ {
			n := &m.Nodes[id]
			if n.Kind != ir.NAssign || m.Symbols[n.A].Name != name {
				continue
			}
			ok = true
			out = e.p.join(out, m.variables[n.A])
			if e.p.pass == solving && !slices.Contains(m.inner[n.A], e.f) {
				if m.inner == nil {
					m.inner = map[int32][]*Function{}
				}
				m.inner[n.A] = append(m.inner[n.A], e.f)
			}
		}
		if ok {
			return out, true
		}
		if f.Parent() == nil && m.around != nil {
			inner := *e
			inner.m = m
			return inner.outer(name)
		}
	}
	return nil, false
}

// completed is what the texts give that a place runs, nil where nothing is known of
// it.
func (e *evaluation) completed(id ir.NodeID) (out *Value) {
	at := e.m.Position(id)
	for i := range e.p.hidden {
		if h := &e.p.hidden[i]; h.From == e.m && h.At == at && len(h.To.Functions) > 0 {
			f := h.To.Functions[0]
			e.callerOf(f)
			out = e.p.join(out, f.Returned)
		}
	}
	return out
}
