package facts

import (
	"fmt"

	"github.com/lockwarden/lockwarden/analyzer/javascript/eval"
	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

// linkUnread makes call edges from scripts that are not read to all scripts that
// they name.
func (g *gathering) linkUnread() {
	for _, m := range g.p.Unread() {
		for _, name := range m.Unread.Names {
			if to := g.p.Module(name); to != nil {
				m.Functions[0].Calls = append(m.Functions[0].Calls, eval.CallEdge{To: to.Functions[0]})
			}
		}
	}
}

// closeUnread says what was not read: a blind spot where something loads it.
func (g *gathering) closeUnread() {
	for _, m := range g.p.Unread() {
		why, file := m.Unread, m.File.Path
		contexts := m.Functions[0].Contexts
		switch {
		case contexts != 0 && why.Cut:
			g.blindFile(why.Kind, file, why.Line, contexts, why.Reason)
		case contexts != 0:
			g.blindFile(why.Kind, file, why.Line, contexts, "it does not parse: "+why.Reason)
		case why.Cut:
			g.incomplete(file, why.Reason)
		case why.Kind == eval.BlindFile:
			g.facts.Unparsable = append(g.facts.Unparsable, Problem{File: file, Line: why.Line, Reason: why.Reason})
		}
	}
}

// closeDecoding notes the limits of decoding, in the contexts of the code there.
func (g *gathering) closeDecoding() {
	for _, c := range g.p.DecodingCuts() {
		contexts := eval.Context(0)
		for _, m := range g.p.Modules() {
			if m.File.Path == c.File.Path {
				for _, f := range m.Functions {
					contexts |= f.Contexts
				}
			}
		}
		if contexts == 0 {
			contexts = eval.Unreachable
		}
		line, _ := c.File.Position(c.Loc)
		g.blindFile(eval.BlindBudget, c.File.Path, line, contexts, fmt.Sprintf("%s: more than %d", c.What, c.Max))
	}
}

// linkHidden makes call edges to hidden programs: they run when the place that
// makes them does.
func (g *gathering) linkHidden() {
	for _, h := range g.p.Hidden() {
		for _, f := range h.From.Functions {
			for id := f.Start; id < f.End; id++ {
				if k := h.From.Nodes[id].Kind; (k == ir.NCall || k == ir.NNew || k == ir.NImport || k == ir.NModule) && h.From.Position(id) == h.At {
					f.Calls = append(f.Calls, eval.CallEdge{To: h.To.Functions[0], Pos: h.At})
				}
			}
		}
	}
}

// closeBlind gives the blind spots their contexts, and lists each once, those
// that matter most first.
func (g *gathering) closeBlind() {
	for i := range g.blinds {
		b := &g.blinds[i]
		line, _ := b.Position()
		g.facts.Blind = append(g.facts.Blind, Blind{b.kind, b.File(), line, b.Contexts(), b.what})
	}
	g.blinds = nil
	g.facts.Blind = SortBlind(g.facts.Blind)
}
