package facts

import "github.com/lockwarden/lockwarden/analyzer/javascript/eval"

// root is where the execution of package code begins.
type root struct {
	module  *eval.Module
	context eval.Context
	label   string
}

// reach marks every function with the contexts it can run in.
func (g *gathering) reach(roots []root) {
	for i, context := range []eval.Context{eval.Install, eval.Launch} {
		var queue []*eval.Function
		for _, r := range roots {
			if r.context == context && len(r.module.Functions) > 0 {
				queue = visit(queue, r.module.Functions[0], i, eval.Edge{Label: g.p.Label(r.label)})
			}
		}
		g.walk(queue, i)
	}
	g.uncalledInstall(roots)
	g.reachCalls()
}

func visit(queue []*eval.Function, f *eval.Function, context int, via eval.Edge) []*eval.Function {
	if f.Contexts&(1<<context) != 0 {
		return queue
	}
	f.Contexts |= 1 << context
	if f.Via == nil {
		f.Via = new([3]eval.Edge)
	}
	f.Via[context] = via
	return append(queue, f)
}

func (g *gathering) walk(queue []*eval.Function, context int) []*eval.Function {
	for i := 0; i < len(queue); i++ {
		f := queue[i]
		for _, call := range f.Calls {
			queue = visit(queue, call.To, context, eval.Edge{From: f, Pos: call.Pos})
		}
	}
	return queue
}

// uncalledInstall takes functions of an install script's own file that no
// resolved call reaches as called: a script hides its calls more easily than
// its functions.
func (g *gathering) uncalledInstall(roots []root) {
	var queue []*eval.Function
	for _, r := range roots {
		if r.context != eval.Install {
			continue
		}
		for _, f := range r.module.Functions {
			queue = visit(queue, f, 0, eval.Edge{Label: g.p.Label(r.label)})
		}
	}
	g.walk(queue, 0)
}

// reachCalls marks what runs only when a user of the package calls it: every
// function of a loaded module that loading does not reach.
func (g *gathering) reachCalls() {
	const context = 2
	loaded := map[*eval.Module]bool{}
	var queue []*eval.Function
	load := func(m *eval.Module, everything bool) {
		if loaded[m] {
			return
		}
		loaded[m] = true
		label := g.p.Label(m.File.Path)
		for _, f := range m.Functions {
			if f.Contexts&eval.Launch == 0 && (everything || f.Contexts&eval.Install == 0) {
				queue = visit(queue, f, context, eval.Edge{Label: label})
			}
		}
	}
	for _, m := range g.p.Modules() {
		if len(m.Functions) > 0 && m.Functions[0].Contexts&eval.Launch != 0 {
			load(m, true)
		}
	}
	for i := 0; i < len(queue); i++ {
		f := queue[i]
		if f.Index == 0 || f.Parent() == nil {
			load(f.Module, true)
		}
		for _, call := range f.Calls {
			queue = visit(queue, call.To, context, eval.Edge{From: f, Pos: call.Pos})
		}
	}
}
