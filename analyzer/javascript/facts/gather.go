package facts

import (
	"fmt"

	"github.com/lockwarden/lockwarden/analyzer/javascript/eval"
	"github.com/lockwarden/lockwarden/analyzer/javascript/resolve"
)

// Gather makes the facts of a package: what its lifecycle scripts run, programs being
// the modules of those that stand in them, and what its scripts do.
func Gather(p *eval.Solved, life *Lifecycle, programs []*eval.Module, entries []resolve.EntryPoint) *Facts {
	g := &gathering{p: p, facts: &Facts{
		Commands: life.commands, BundledScripts: life.bundled, Files: life.files, Blind: life.blind}}
	g.take()
	w := &following{g: g, marks: map[string]eval.Marks{}}
	w.follow(0)
	p.Collect()
	g.linkStarted()
	g.linkHidden()
	g.linkUnread()
	g.reach(g.beginnings(life, programs, entries))
	g.linkInstalled()
	g.rest(w)
	g.reachOpen()
	g.placeLoose(0)
	g.closeUnread()
	g.closeDecoding()
	g.closeBlind()
	p.LetGo()
	if steps, exhausted := p.Exhausted(); exhausted {
		g.incomplete("package.json", fmt.Sprintf("the evaluation of its scripts took more than %d steps", steps))
	}
	g.facts.modules = p.Modules()
	counts := p.Counts()
	g.facts.Scripts, g.facts.Parsed, g.facts.Bytes = counts.Scripts, counts.Parsed, counts.Bytes
	sortFacts(g.facts)
	return g.facts
}

// rest adds the files that nothing loads.
func (g *gathering) rest(w *following) {
	uses := 0
	g.p.EachAlone(func(m *eval.Module) {
		g.take()
		g.alone, uses = m, len(g.facts.Uses)
	}, func(m *eval.Module) {
		g.take()
		g.placeAlone(m, uses)
		w.follow(uses)
		g.alone = nil
	})
	g.take()
}

// beginnings are where execution begins.
func (g *gathering) beginnings(life *Lifecycle, programs []*eval.Module, entries []resolve.EntryPoint) []root {
	var roots []root
	for _, script := range life.scripts {
		if m := g.p.Module(script.File); m != nil {
			roots = append(roots, root{m, eval.Install, script.Label})
		}
	}
	for i, m := range programs {
		roots = append(roots, root{m, eval.Install, life.inline[i].Label})
	}
	for _, entry := range entries {
		if m := g.p.Module(entry.File); m != nil {
			roots = append(roots, root{m, eval.Launch, entry.Label})
		}
	}
	return roots
}

// linkStarted makes call edges to what command lines start that code runs.
func (g *gathering) linkStarted() {
	for i := range g.facts.Uses {
		if u := &g.facts.Uses[i]; u.Kind&(eval.UseCall|eval.UseNew) != 0 {
			g.linkCommands(u, true)
		}
	}
}
