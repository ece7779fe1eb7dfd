package facts

import (
	"fmt"

	"github.com/lockwarden/lockwarden/analyzer/javascript/eval"
	"github.com/lockwarden/lockwarden/analyzer/javascript/resolve"
)

// gathering makes the facts of what evaluations recorded.
type gathering struct {
	p     *eval.Solved
	facts *Facts
	flows *flows
	// flowMarks are what the vocabulary says of the flows to an API.
	flowMarks map[string]eval.Marks
	// blinds are the blind spots found so far.
	blinds []blindSpot
	// alone is the module that is analyzed by itself.
	alone *eval.Module
}

// Gather makes the facts of a package: what its lifecycle scripts run, programs being
// the modules of those that stand in them, and what its scripts do.
func Gather(p *eval.Solved, life *Lifecycle, programs []*eval.Module, entries []resolve.EntryPoint) *Facts {
	g := &gathering{p: p, flowMarks: map[string]eval.Marks{}, facts: &Facts{
		Commands: life.commands, BundledScripts: life.bundled, Files: life.files, Blind: life.blind}}
	g.take()
	g.follow(0)
	g.flows = &flows{g: g, p: p, work: g.flows.work} // what it remembers is large
	p.Collect()
	g.linkStarted()
	g.linkHidden()
	g.linkUnread()
	g.reach(g.beginnings(life, programs, entries))
	g.linkInstalled()
	g.rest()
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

// take adds what was recorded since it was called last.
func (g *gathering) take() {
	r, f := g.p.Take(), g.facts
	for i := range r.Uses {
		u := &r.Uses[i]
		f.Uses = append(f.Uses, Use{Kind: u.Kind, API: u.API, Args: u.Args, Certainty: u.Certainty, OneOf: u.OneOf, Loose: u.Loose,
			id: u.ID, Site: Site{u.Place}})
	}
	for _, t := range r.Texts {
		f.Texts = append(f.Texts, Text{t.Value, t.Folded, Site{t.Place}})
	}
	f.Files = appendFiles(f.Files, r.Files)
	f.Disguised = appendFiles(f.Disguised, r.Disguised)
	f.Tokens = append(f.Tokens, r.Tokens...)
	for _, s := range r.Stops {
		g.blindAt(s.Kind, Site{s.Place}, s.What)
	}
}

func appendFiles(list []FileUse, raw []eval.FileUse) []FileUse {
	for _, r := range raw {
		list = append(list, FileUse{r.Path, r.Started, Site{r.Place}})
	}
	return list
}

// rest adds the files that nothing loads.
func (g *gathering) rest() {
	uses := 0
	g.p.EachAlone(func(m *eval.Module) {
		g.take()
		g.alone, uses = m, len(g.facts.Uses)
	}, func(m *eval.Module) {
		g.take()
		g.placeAlone(m, uses)
		g.follow(uses)
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

func (g *gathering) incomplete(file, reason string) {
	g.facts.Incomplete = append(g.facts.Incomplete, Problem{File: file, Line: 1, Reason: reason})
}
