package javascript

import (
	"slices"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

// A value that was joined again and again may be every API that ever was among its
// parts, since joins keep those: what is called through it is said where the
// package gets hold of the API, not at each of its callers, which may never have it.

// placeLoose puts uses through such values where the API is named: in the same file
// if it is, else in the first that names it.
func (p *program) placeLoose(from int) {
	for i := from; i < len(p.facts.Uses); i++ {
		u := &p.facts.Uses[i]
		if !u.Loose || u.f == nil || u.f.module.answers == nil {
			continue // one that was analyzed by itself was placed then
		}
		if at := p.namedAt(u.f.module, u.API); at != nil {
			u.file, u.pos, u.line = at.f.module.File, at.pos, 0
		}
	}
}

// placeAlone does so for a module that is analyzed by itself, of which nothing stays
// that could tell later.
func (p *program) placeAlone(m *module, a *answers, from int) {
	if !slices.ContainsFunc(p.facts.Uses[from:], func(u Use) bool { return u.Loose }) {
		return
	}
	for _, f := range m.functions {
		e := &evaluation{p: p, m: m, f: f}
		e.pass()
		e.note(a)
		e.release()
	}
	m.answers = a
	p.placeLoose(from)
	m.answers = nil
}

// namedAt is the first place that names an API, nil where none does.
func (p *program) namedAt(near *module, api string) *place {
	if at := near.answers.namedAt(api); at != nil {
		return at
	}
	for _, m := range p.order {
		if p.alone != nil {
			break // others have nothing to do with it
		}
		if at := m.answers.namedAt(api); at != nil {
			return at
		}
	}
	return nil
}

func (a *answers) namedAt(api string) *place {
	if a == nil {
		return nil
	}
	if at, ok := a.globals[api]; ok {
		return &at
	}
	if list := a.named[api]; len(list) > 0 {
		return &list[0]
	}
	return nil
}

// readsFor reports the APIs that a call gives for its arguments alone: the function's
// own reads are those of all its calls.
func (e *evaluation) readsFor(id ir.NodeID, f *function, given *Value) {
	if !e.record {
		return
	}
	given.each(func(alt *Value) {
		if alt.kind == vPath && !contains(alternatives(f.returned), alt) {
			e.use(UseRead, alt, id, nil)
		}
	})
}
