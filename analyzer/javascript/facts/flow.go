package facts

import (
	"fmt"
	"slices"

	"github.com/lockwarden/lockwarden/analyzer/javascript/eval"
	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

// following follows the data of all uses of a package.
type following struct {
	g *gathering
	// marks are what the vocabulary says of the flows to an API.
	marks map[string]eval.Marks
	// work is how many nodes were looked at.
	work int
}

// follow fills in the flows of the uses from the given index on.
func (w *following) follow(from int) {
	g := w.g
	t := &flows{g: g, p: g.p, indexes: map[*eval.Module]*moduleIndex{}, carried: map[carriedKey]eval.Marks{}, work: w.work}
	defer func() { w.work = t.work }()
	for i := from; i < len(g.facts.Uses); i++ {
		u := &g.facts.Uses[i]
		if u.id < 0 || u.F == nil || u.Kind&(eval.UseCall|eval.UseNew|eval.UseDynamicImport|eval.UseSet) == 0 {
			continue
		}
		wanted := w.interest(u.API)
		if wanted == 0 {
			continue
		}
		for arg, v := range u.Args {
			marks := t.carries(v) & wanted
			if marks != 0 {
				t.use(u, arg, marks)
			}
		}
	}
}

// interest asks the vocabulary once for each API.
func (w *following) interest(api string) eval.Marks {
	marks, ok := w.marks[api]
	if !ok {
		marks = w.g.p.Vocabulary().Interest(api).Flows
		w.marks[api] = marks
	}
	return marks
}

// trail is a way under exploration.
type trail struct {
	t     *flows
	marks eval.Marks
	steps []Site
	seen  map[*ir.Node]bool
	left  int
	out   []Flow
	arg   int
}

func (t *flows) use(u *Use, arg int, marks eval.Marks) {
	m := u.F.Module
	for bit := eval.Marks(1); bit != 0 && bit <= marks; bit <<= 1 {
		if marks&bit == 0 {
			continue
		}
		w := &trail{t: t, marks: bit, seen: map[*ir.Node]bool{}, left: maxFlowSteps, arg: arg}
		n := &m.Nodes[u.id]
		switch n.Kind {
		case ir.NCall, ir.NNew, ir.NTagged:
			// fn.call(this, x) has its arguments elsewhere: any that carries.
			for _, item := range m.List(n.B) {
				w.visit(m, u.F, item, 0)
			}
		case ir.NImport:
			w.visit(m, u.F, n.A, 0)
		case ir.NSet:
			w.visit(m, u.F, m.List(n.A)[3], 0)
		}
		if len(w.out) == 0 && (w.left <= 0 || t.work > maxFlowWork) {
			// The data is there; only its way is too long to be found.
			w.out = []Flow{{Arg: arg, Marks: bit, Cut: true}}
			t.g.blindAt(eval.BlindBudget, u.Site, fmt.Sprintf("steps of a flow: more than %d", maxFlowSteps))
		}
		for i := range w.out {
			w.out[i].Steps = append(w.out[i].Steps, u.Site)
		}
		u.Flows = append(u.Flows, w.out...)
	}
}

func (w *trail) carries(f *eval.Function, id int32) bool {
	return id >= 0 && w.t.carries(w.t.value(f, id))&w.marks != 0
}

// found notes an origin: the trail walked backwards is the way.
func (w *trail) found(api string, texts []string) {
	if len(w.out) >= maxFlows {
		return
	}
	for i := range w.out {
		if w.out[i].Source == api && slices.Equal(w.out[i].SourceTexts, texts) {
			return
		}
	}
	f := Flow{Arg: w.arg, Marks: w.marks, Source: api, SourceTexts: texts}
	for _, s := range slices.Backward(w.steps) {
		if n := len(f.Steps); n == 0 || !sameLine(&f.Steps[n-1], &s) {
			f.Steps = append(f.Steps, s)
		}
	}
	w.out = append(w.out, f)
}

func sameLine(a, b *Site) bool {
	if a.Source != b.Source {
		return false
	}
	la, _ := a.Position()
	lb, _ := b.Position()
	return la == lb
}

// visit follows the value of one node back.
func (w *trail) visit(m *eval.Module, f *eval.Function, id int32, depth int) {
	if m.Nodes == nil || depth > maxFlowDepth || w.left <= 0 || w.t.work > maxFlowWork || !w.carries(f, id) {
		return
	}
	n := &m.Nodes[id]
	if w.seen[n] {
		return
	}
	w.seen[n] = true
	w.left--
	steps := len(w.steps)
	if pos := m.Position(ir.NodeID(id)); pos > 0 || n.Kind == ir.NGlobal {
		w.steps = append(w.steps, siteAt(f, pos))
	}
	w.sources(m, f, n, id, depth+1)
	w.steps = w.steps[:steps]
}

// sources are the nodes that a node's value comes from.
func (w *trail) sources(m *eval.Module, f *eval.Function, n *ir.Node, id int32, depth int) {
	switch n.Kind {
	case ir.NSymbol:
		index := w.t.index(m)
		for _, a := range index.assignments(n.A) {
			w.visit(m, index.owner(a.at), m.Nodes[a.at].B, depth)
		}
	case ir.NParam, ir.NArguments:
		w.parameter(m, f, n, id, depth)
	case ir.NGlobal:
		w.origin(f, id)
	case ir.NMember:
		if !w.carries(f, n.A) {
			if !w.origin(f, id) {
				w.property(m, m.Text(n.B), id, depth)
			}
			return
		}
		before := len(w.out)
		w.property(m, m.Text(n.B), id, depth)
		if len(w.out) == before {
			w.visit(m, f, n.A, depth)
		}
		if len(w.out) == before {
			w.origin(f, id)
		}
	case ir.NIndex:
		before := len(w.out)
		w.visit(m, f, n.A, depth)
		w.visit(m, f, n.B, depth)
		if len(w.out) == before {
			w.origin(f, id)
		}
	case ir.NCall, ir.NNew, ir.NTagged:
		w.call(m, f, n, id, depth)
	case ir.NObject:
		before := len(w.out)
		items := m.List(n.B)
		for i := 0; i+1 < len(items); i += 2 {
			w.visit(m, f, items[i+1], depth)
		}
		if len(w.out) == before {
			w.stores(m, f, id, depth)
		}
	case ir.NArray, ir.NConcat, ir.NJoin, ir.NJSX:
		before := len(w.out)
		for _, item := range m.List(n.B) {
			w.visit(m, f, item, depth)
		}
		if n.Kind == ir.NArray && len(w.out) == before {
			w.stores(m, f, id, depth)
		}
	case ir.NAwait, ir.NSpread, ir.NRest, ir.NElement, ir.NKeys, ir.NReturn, ir.NYield, ir.NNegate, ir.NImport:
		w.visit(m, f, n.A, depth)
	case ir.NUnknown, ir.NEqual, ir.NArithmetic:
		w.visit(m, f, n.A, depth)
		w.visit(m, f, n.B, depth)
	}
}

// origin reports whether the node itself is an API that gives the data.
func (w *trail) origin(f *eval.Function, id int32) bool {
	api := ""
	w.t.value(f, id).Each(func(alt *eval.Value) {
		if p := alt.Path(); p != nil && p.Marks&w.marks != 0 && api == "" {
			api = p.API
		}
	})
	if api == "" {
		return false
	}
	w.found(api, nil)
	return true
}

// parameter goes on at the calls of the function.
func (w *trail) parameter(m *eval.Module, f *eval.Function, n *ir.Node, id int32, depth int) {
	before := len(w.out)
	for _, caller := range w.t.callersOf(f) {
		cm := caller.Module
		if cm.Nodes == nil {
			continue
		}
		w.t.work += int(caller.End - caller.Start)
		for at := caller.Start; at < caller.End && w.left > 0 && w.t.work < maxFlowWork; at++ {
			c := &cm.Nodes[at]
			if c.Kind != ir.NCall && c.Kind != ir.NNew && c.Kind != ir.NTagged {
				continue
			}
			args := cm.List(c.B)
			switch {
			case holds(w.t.value(caller, c.A), f):
				if i := int(n.A); n.Kind == ir.NParam && i < len(args) && w.carries(caller, args[i]) {
					w.visit(cm, caller, args[i], depth)
					continue
				}
				for _, arg := range args {
					w.visit(cm, caller, arg, depth)
				}
			default:
				// A callback: what it gets comes from whoever calls it.
				given := false
				for _, arg := range args {
					given = given || holds(w.t.value(caller, arg), f)
				}
				if !given {
					continue
				}
				callee := &cm.Nodes[c.A]
				if callee.Kind == ir.NMember || callee.Kind == ir.NIndex {
					w.visit(cm, caller, callee.A, depth)
				}
				for _, arg := range args {
					if !holds(w.t.value(caller, arg), f) {
						w.visit(cm, caller, arg, depth)
					}
				}
				if len(w.out) == before {
					w.givenBy(cm, caller, at, c, args)
				}
			}
		}
	}
	if len(w.out) == before {
		w.origin(f, id)
	}
}

// givenBy is an API that hands data to its callback: fs.readFile(path, (err,
// data) => …).
func (w *trail) givenBy(m *eval.Module, f *eval.Function, at ir.NodeID, c *ir.Node, args []int32) {
	w.t.value(f, c.A).Each(func(alt *eval.Value) {
		if p := alt.Path(); p != nil && (p.Interest.Marks|p.Marks|w.t.printed(f, p, args))&w.marks != 0 {
			w.steps = append(w.steps, siteAt(f, m.Position(at)))
			w.found(p.API, w.t.firstTexts(f, args))
			w.steps = w.steps[:len(w.steps)-1]
		}
	})
}

func (t *flows) firstTexts(f *eval.Function, args []int32) []string {
	if len(args) == 0 || args[0] < 0 {
		return nil
	}
	return t.value(f, args[0]).Texts()
}

// call goes on in the callee, its receiver and its arguments.
func (w *trail) call(m *eval.Module, f *eval.Function, n *ir.Node, id int32, depth int) {
	before := len(w.out)
	args := m.List(n.B)
	w.t.value(f, n.A).Each(func(alt *eval.Value) {
		if p := alt.Path(); p != nil && (p.Interest.Marks|w.t.printed(f, p, args))&w.marks != 0 {
			w.found(p.API, w.t.firstTexts(f, args))
		}
	})
	if len(w.out) > before {
		return
	}
	callee := &m.Nodes[n.A]
	if callee.Kind == ir.NMember || callee.Kind == ir.NIndex {
		w.visit(m, f, callee.A, depth)
	}
	w.t.value(f, n.A).Each(func(alt *eval.Value) {
		if fn := alt.Function(); fn != nil && fn.Module.Nodes != nil && w.t.carries(fn.Returned)&w.marks != 0 {
			for at := fn.Start; at < fn.End; at++ {
				if r := &fn.Module.Nodes[at]; r.Kind == ir.NReturn || r.Kind == ir.NYield {
					w.visit(fn.Module, fn, r.A, depth)
				}
			}
		}
	})
	for _, arg := range args {
		w.visit(m, f, arg, depth)
	}
	if len(w.out) == before {
		// Functions among the arguments whose results it gives on: then, map.
		for _, arg := range args {
			w.t.value(f, arg).Each(func(alt *eval.Value) {
				if fn := alt.Function(); fn != nil && fn.Module.Nodes != nil && w.t.carries(fn.Returned)&w.marks != 0 {
					for at := fn.Start; at < fn.End; at++ {
						if r := &fn.Module.Nodes[at]; r.Kind == ir.NReturn {
							w.visit(fn.Module, fn, r.A, depth)
						}
					}
				}
			})
		}
	}
	if len(w.out) == before {
		w.stores(m, f, id, depth)
	}
	if len(w.out) == before {
		w.origin(f, id)
	}
}

// property goes on where a property of that name is written with such a
// value: in this module first, then in the package's others.
func (w *trail) property(m *eval.Module, name string, id int32, depth int) {
	before := len(w.out)
	look := func(m *eval.Module) {
		if m.Nodes == nil || len(w.out) > before {
			return
		}
		index := w.t.index(m)
		for _, at := range index.under(name) {
			w.visit(m, index.owner(at.at), at.value, depth)
		}
	}
	look(m)
	for _, other := range w.t.writers(name) {
		if other != m && w.left > 0 && w.t.work <= maxFlowWork {
			look(other)
		}
	}
}

// holds reports whether a value may be the function.
func holds(v *eval.Value, f *eval.Function) bool {
	found := false
	v.Each(func(alt *eval.Value) { found = found || alt.Function() == f })
	return found
}

// stores follows what a module's code puts into an object after it was made:
// out.key = value, out[key] = value, out.push(value), Object.assign(out, value).
func (w *trail) stores(m *eval.Module, f *eval.Function, id int32, depth int) {
	before := len(w.out)
	w.t.value(f, id).Each(func(alt *eval.Value) {
		o := alt.Object()
		if o == nil || len(w.out) > before {
			return
		}
		for _, s := range w.t.storesIn(m)[o] {
			w.visit(m, s.in, s.value, depth)
		}
	})
}
