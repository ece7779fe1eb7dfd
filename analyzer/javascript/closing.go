package javascript

import (
	"fmt"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

// linkUnread makes call edges from scripts that are not read to all scripts that
// they name.
func (g *gathering) linkUnread() {
	for _, m := range g.p.Unread() {
		for _, name := range m.unread.names {
			if to := g.p.Module(name); to != nil {
				m.functions[0].calls = append(m.functions[0].calls, callEdge{to: to.functions[0]})
			}
		}
	}
}

// closeUnread says what was not read: a blind spot where something loads it.
func (g *gathering) closeUnread() {
	for _, m := range g.p.Unread() {
		why, file := m.unread, m.File.Path
		contexts := m.functions[0].contexts
		switch {
		case contexts != 0 && why.cut:
			g.blindFile(why.kind, file, why.line, contexts, why.reason)
		case contexts != 0:
			g.blindFile(why.kind, file, why.line, contexts, "it does not parse: "+why.reason)
		case why.cut:
			g.incomplete(file, why.reason)
		case why.kind == BlindFile:
			g.facts.Unparsable = append(g.facts.Unparsable, Problem{File: file, Line: why.line, Reason: why.reason})
		}
	}
}

// closeDecoding notes the limits of decoding, in the contexts of the code there.
func (g *gathering) closeDecoding() {
	for _, c := range g.p.DecodingCuts() {
		contexts := Context(0)
		for _, m := range g.p.Modules() {
			if m.File.Path == c.file.Path {
				for _, f := range m.functions {
					contexts |= f.contexts
				}
			}
		}
		if contexts == 0 {
			contexts = Unreachable
		}
		line, _ := c.file.Position(c.Loc)
		g.blindFile(BlindBudget, c.file.Path, line, contexts, fmt.Sprintf("%s: more than %d", c.What, c.Max))
	}
}

// linkHidden makes call edges to hidden programs: they run when the place that
// makes them does.
func (g *gathering) linkHidden() {
	for _, h := range g.p.Hidden() {
		for _, f := range h.from.functions {
			for id := f.Start; id < f.End; id++ {
				if k := h.from.Nodes[id].Kind; (k == ir.NCall || k == ir.NNew || k == ir.NImport || k == ir.NModule) && h.from.Position(id) == h.at {
					f.calls = append(f.calls, callEdge{h.to.functions[0], h.at})
				}
			}
		}
	}
}
