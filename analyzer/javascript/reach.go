package javascript

// root is where the execution of package code begins.
type root struct {
	module  *module
	context Context
	label   string
}

// reach marks every function with the contexts it can run in.
func (g *gathering) reach(roots []root) {
	for i, context := range []Context{Install, Launch} {
		var queue []*function
		for _, r := range roots {
			if r.context == context && len(r.module.functions) > 0 {
				queue = visit(queue, r.module.functions[0], i, edge{label: g.p.Label(r.label)})
			}
		}
		g.walk(queue, i)
	}
	g.uncalledInstall(roots)
	g.reachCalls()
}

func visit(queue []*function, f *function, context int, via edge) []*function {
	if f.contexts&(1<<context) != 0 {
		return queue
	}
	f.contexts |= 1 << context
	if f.via == nil {
		f.via = new([3]edge)
	}
	f.via[context] = via
	return append(queue, f)
}

func (g *gathering) walk(queue []*function, context int) []*function {
	for i := 0; i < len(queue); i++ {
		f := queue[i]
		for _, call := range f.calls {
			queue = visit(queue, call.to, context, edge{from: f, pos: call.pos})
		}
	}
	return queue
}

// uncalledInstall takes functions of an install script's own file that no
// resolved call reaches as called: a script hides its calls more easily than
// its functions.
func (g *gathering) uncalledInstall(roots []root) {
	var queue []*function
	for _, r := range roots {
		if r.context != Install {
			continue
		}
		for _, f := range r.module.functions {
			queue = visit(queue, f, 0, edge{label: g.p.Label(r.label)})
		}
	}
	g.walk(queue, 0)
}

// reachCalls marks what runs only when a user of the package calls it: every
// function of a loaded module that loading does not reach.
func (g *gathering) reachCalls() {
	const context = 2
	loaded := map[*module]bool{}
	var queue []*function
	load := func(m *module, everything bool) {
		if loaded[m] {
			return
		}
		loaded[m] = true
		label := g.p.Label(m.File.Path)
		for _, f := range m.functions {
			if f.contexts&Launch == 0 && (everything || f.contexts&Install == 0) {
				queue = visit(queue, f, context, edge{label: label})
			}
		}
	}
	for _, m := range g.p.Modules() {
		if len(m.functions) > 0 && m.functions[0].contexts&Launch != 0 {
			load(m, true)
		}
	}
	for i := 0; i < len(queue); i++ {
		f := queue[i]
		if f.Index == 0 || f.parent() == nil {
			load(f.module, true)
		}
		for _, call := range f.calls {
			queue = visit(queue, call.to, context, edge{from: f, pos: call.pos})
		}
	}
}
