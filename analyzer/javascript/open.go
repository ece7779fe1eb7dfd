package javascript

import (
	"slices"

	"github.com/lockwarden/lockwarden/analyzer/javascript/resolve"
)

// reachOpen takes scripts that nothing else reaches as run where code that runs
// on installation loads what is not known: any of them may be meant. In a package
// of many scripts hardly one is; there malware/unreached judges them.
func (g *gathering) reachOpen() {
	if len(g.p.Resolver().Scripts) > resolve.ManyScripts {
		return
	}
	for _, site := range g.p.Open() {
		if site.F == nil || site.F.contexts&Install == 0 {
			continue
		}
		var queue []*function
		for _, m := range g.p.Modules() {
			if len(m.functions) == 0 || m.File.Of == nil || slices.ContainsFunc(m.functions, func(f *function) bool { return f.contexts != 0 }) {
				continue
			}
			for _, f := range m.functions {
				queue = visit(queue, f, 0, edge{from: site.F, pos: site.Pos})
			}
		}
		g.walk(queue, 0)
		return // the first one is enough for all
	}
}
