package facts

import (
	"fmt"

	"github.com/lockwarden/lockwarden/analyzer/javascript/eval"
	"github.com/lockwarden/lockwarden/analyzer/shell"
)

// linkCommands makes call edges to the scripts that a use runs by way of a command
// line. What depends on the folder that it runs in is followed only where that is
// the package's, as it is on installation.
func (g *gathering) linkCommands(u *Use, away bool) (linked []eval.CallEdge) {
	starter, ok := g.p.Vocabulary().(eval.Starter)
	if !ok || u.F == nil {
		return nil
	}
	program, text := starter.Starts(u.API)
	if !program && !text {
		return nil
	}
	link := func(m *eval.Module) {
		for _, have := range u.F.Calls {
			if have.To == m.Functions[0] {
				return
			}
		}
		u.F.Calls = append(u.F.Calls, eval.CallEdge{To: m.Functions[0], Pos: u.Pos})
		linked = append(linked, eval.CallEdge{To: m.Functions[0], Pos: u.Pos})
	}
	for _, run := range u.Runs(g.p.Resolver().ShellPackage(), text, away, fmt.Sprintf("%t %s %d", away, u.File(), u.F.Index)) {
		for i := range run.Scripts {
			s := &run.Scripts[i]
			if s.File == "" {
				if m := g.p.Started(s.Code); m != nil {
					link(m)
				}
				continue
			}
			g.facts.Files = append(g.facts.Files, FileUse{Path: s.File, Started: true, Site: u.Site})
			if m := g.p.Module(s.File); m != nil {
				link(m)
			}
		}
		for _, c := range run.Cuts {
			kind := eval.BlindBudget
			if c.Kind != shell.CutLimit {
				kind = eval.BlindProgram
			}
			g.blindAt(kind, u.Site, c.What)
		}
	}
	return linked
}

// linkInstalled follows what code of install scripts starts, in the package's
// folder, and what that starts.
func (g *gathering) linkInstalled() {
	for range maxInstallRounds {
		var queue []*eval.Function
		for i := range g.facts.Uses {
			u := &g.facts.Uses[i]
			if u.Kind&(eval.UseCall|eval.UseNew) == 0 || u.Contexts()&eval.Install == 0 {
				continue
			}
			for _, call := range g.linkCommands(u, false) {
				queue = visit(queue, call.To, 0, eval.Edge{From: u.F, Pos: call.Pos})
			}
		}
		if len(queue) == 0 {
			return
		}
		g.walk(queue, 0)
	}
	g.blindFile(eval.BlindBudget, "package.json", 1, eval.Install,
		fmt.Sprintf("scripts that start each other on installation: more than %d", maxInstallRounds))
}

// maxInstallRounds is how many scripts may start each other by command lines on
// installation.
const maxInstallRounds = 20
