package facts

import (
	"slices"

	"github.com/lockwarden/lockwarden/analyzer/javascript/eval"
)

// A value that was joined again and again may be every API that ever was among its
// parts, since joins keep those: what is called through it is said where the
// package gets hold of the API, not at each of its callers, which may never have it.

// placeLoose puts uses through such values where the API is named: in the same file
// if it is, else in the first that names it.
func (g *gathering) placeLoose(from int) {
	for i := from; i < len(g.facts.Uses); i++ {
		u := &g.facts.Uses[i]
		if !u.Loose || u.F == nil || u.F.Module.Answers == nil {
			continue // one that was analyzed by itself was placed then
		}
		if at := g.namedAt(u.F.Module, u.API); at != nil {
			u.Source, u.Pos, u.Line = at.F.Module.File, at.Pos, 0
		}
	}
}

// placeAlone does so for a module that is analyzed by itself, of which nothing stays
// that could tell later.
func (g *gathering) placeAlone(m *eval.Module, from int) {
	if !slices.ContainsFunc(g.facts.Uses[from:], func(u Use) bool { return u.Loose }) {
		return
	}
	g.p.Note(m)
	g.placeLoose(from)
	m.Answers = nil
}

// namedAt is the first place that names an API, nil where none does.
func (g *gathering) namedAt(near *eval.Module, api string) *eval.Spot {
	if at := near.Answers.NamedAt(api); at != nil {
		return at
	}
	for _, m := range g.p.Modules() {
		if g.alone != nil {
			break // others have nothing to do with it
		}
		if at := m.Answers.NamedAt(api); at != nil {
			return at
		}
	}
	return nil
}
