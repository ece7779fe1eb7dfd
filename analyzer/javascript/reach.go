package javascript

import "github.com/lockwarden/lockwarden/analyzer/javascript/ir"

// callEdge is an edge of the call graph.
type callEdge struct {
	to  *function
	pos int32
	// held is set where the function is handed over in an object, to code that is
	// not the package's: it may be called some time.
	held bool
}

// edge notes that the current function calls f, in the recording pass.
func (e *evaluation) edge(id ir.NodeID, f *function) { e.edgeTo(id, f, false) }

func (e *evaluation) edgeTo(id ir.NodeID, f *function, held bool) {
	if !e.record || f == nil {
		return
	}
	from := e.f
	for i := len(from.calls) - 1; i >= 0 && i >= len(from.calls)-4; i-- {
		if from.calls[i].to == f && from.calls[i].held == held {
			return
		}
	}
	from.calls = append(from.calls, callEdge{f, e.siteOfUse(id).pos, held})
}

// root is where the execution of package code begins.
type root struct {
	module  *module
	context Context
	label   string
}

// reach marks every function with the contexts it can run in.
func (p *program) reach(roots []root) {
	for i, context := range []Context{Install, Launch} {
		var queue []*function
		for _, r := range roots {
			if r.context == context && len(r.module.functions) > 0 {
				queue = visit(queue, r.module.functions[0], i, edge{label: p.label(r.label)})
			}
		}
		p.walk(queue, i)
	}
	p.uncalledInstall(roots)
	p.reachCalls()
}

// label notes what a chain begins with.
func (p *program) label(text string) int32 {
	p.labels = append(p.labels, text)
	return int32(len(p.labels))
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

func (p *program) walk(queue []*function, context int) []*function {
	for i := 0; i < len(queue); i++ {
		f := queue[i]
		for _, call := range f.calls {
			if call.held && context != 0 {
				continue // an install script does not wait for anybody to call it later
			}
			queue = visit(queue, call.to, context, edge{from: f, pos: call.pos})
		}
	}
	return queue
}

// uncalledInstall takes functions of an install script's own file that no
// resolved call reaches as called: a script hides its calls more easily than
// its functions.
func (p *program) uncalledInstall(roots []root) {
	var queue []*function
	for _, r := range roots {
		if r.context != Install {
			continue
		}
		for _, f := range r.module.functions {
			queue = visit(queue, f, 0, edge{label: p.label(r.label)})
		}
	}
	p.walk(queue, 0)
}

// reachCalls marks what runs only when a user of the package calls it: every
// function of a loaded module that loading does not reach.
func (p *program) reachCalls() {
	const context = 2
	loaded := map[*module]bool{}
	var queue []*function
	load := func(m *module, everything bool) {
		if loaded[m] {
			return
		}
		loaded[m] = true
		label := p.label(m.File.Path)
		for _, f := range m.functions {
			if f.contexts&Launch == 0 && (everything || f.contexts&Install == 0) {
				queue = visit(queue, f, context, edge{label: label})
			}
		}
	}
	for _, m := range p.order {
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
