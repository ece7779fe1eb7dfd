package facts

import (
	"slices"

	"github.com/lockwarden/lockwarden/analyzer/javascript/eval"
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
		if site.F == nil || site.F.Contexts&eval.Install == 0 {
			continue
		}
		var queue []*eval.Function
		for _, m := range g.p.Modules() {
			if len(m.Functions) == 0 || m.File.Of == nil ||
				slices.ContainsFunc(m.Functions, func(f *eval.Function) bool { return f.Contexts != 0 }) {
				continue
			}
			for _, f := range m.Functions {
				queue = visit(queue, f, 0, eval.Edge{From: site.F, Pos: site.Pos})
			}
		}
		g.walk(queue, 0)
		return // the first one is enough for all
	}
}
