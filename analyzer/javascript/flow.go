package javascript

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

// Flow is a way that data takes: from the API that gives it to an argument of
// a use. It is found backwards, from the use, only for uses that a vocabulary
// asks for, so that it costs nothing elsewhere.
type Flow struct {
	// Arg is the argument that the data arrives in; -1 is the receiver.
	Arg int
	// Marks are those of the source that were followed.
	Marks Marks
	// Cut is set where the way took more steps than are followed: Steps are its end.
	Cut bool
	// Source is the API that gives the data, and SourceTexts what its first
	// argument may be, as far as that is constant: paths, the name of a variable.
	Source      string
	SourceTexts []string
	// Steps are the places from the source to the use, in this order, one for
	// each line that the way goes through.
	Steps []Site
}

// Traced reports whether the way of data with one of the marks was found.
func (u *Use) Traced(marks Marks) bool {
	return slices.ContainsFunc(u.Flows, func(f Flow) bool { return f.Marks&marks != 0 && !f.Cut })
}

// Limits of following data back from one use.
const (
	maxFlowSteps = 4000
	maxFlows     = 12
	maxFlowDepth = 2000
	// maxFlowWork is how many nodes are looked at for all uses of a package.
	maxFlowWork = 2_000_000
)

// flows follows the data of uses back to where it comes from.
type flows struct {
	p       *program
	indexes map[*module]*moduleIndex
	callers *callerLists
	// written are the modules that store something under a name.
	written map[string][]*module
	// carried remembers the marks of what objects hold.
	carried map[carriedKey]Marks
	work    int
}

// carries are the marks of a value and of what it holds.
func (t *flows) carries(v *Value) Marks {
	if v == nil {
		return 0
	}
	if v.kind != vObject && v.kind != vUnion {
		return v.allMarks()
	}
	return t.deep(v, 0)
}

// deep is Value.carries with a memory: objects hold the same objects.
func (t *flows) deep(v *Value, depth int) Marks {
	if v == nil {
		return 0
	}
	marks := v.allMarks()
	v.each(func(alt *Value) {
		if alt.kind != vObject || depth > 2 {
			return
		}
		key := carriedKey{alt.object(), depth}
		held, ok := t.carried[key]
		if !ok {
			t.work += 4
			t.carried[key] = 0 // it may hold itself
			for _, s := range alt.object().rare().spreads {
				held |= t.deep(s, depth+1)
			}
			for _, p := range alt.object().properties.all() {
				held |= t.deep(p, depth+1)
			}
			held |= t.deep(alt.object().elements, depth+1)
			t.carried[key] = held
		}
		marks |= held
	})
	return marks
}

// carriedKey is an object at a depth.
type carriedKey struct {
	o     *object
	depth int
}

// moduleIndex finds a module's nodes by what they write.
type moduleIndex struct {
	assigns    []assigned // by symbol
	properties []written  // by name
	stores     map[*object][]stored
	functions  []*function // those that have nodes, by start
}

// assigned is an assignment to a symbol.
type assigned struct {
	symbol int32
	at     ir.NodeID
}

// written is a value stored under a name.
type written struct {
	name  string
	at    ir.NodeID
	value int32
}

// assignments are those to a symbol.
func (x *moduleIndex) assignments(symbol int32) []assigned {
	return equalRun(x.assigns, func(a assigned) int { return cmp.Compare(a.symbol, symbol) })
}

// under are the values stored under a name.
func (x *moduleIndex) under(name string) []written {
	return equalRun(x.properties, func(w written) int { return cmp.Compare(w.name, name) })
}

// equalRun are the elements of a sorted list that compare as equal.
func equalRun[T any](sorted []T, compare func(T) int) []T {
	from := sort.Search(len(sorted), func(i int) bool { return compare(sorted[i]) >= 0 })
	to := from
	for to < len(sorted) && compare(sorted[to]) == 0 {
		to++
	}
	return sorted[from:to]
}

// follow fills in the flows of the uses from the given index on.
func (p *program) follow(from int) {
	t := p.flows
	if t == nil || p.alone != nil {
		t = &flows{p: p, indexes: map[*module]*moduleIndex{}, carried: map[carriedKey]Marks{}}
		if p.flows != nil {
			t.work = p.flows.work
		}
		p.flows = t
	}
	for i := from; i < len(p.facts.Uses); i++ {
		u := &p.facts.Uses[i]
		if u.id < 0 || u.f == nil || u.Kind&(UseCall|UseNew|UseDynamicImport|UseSet) == 0 {
			continue
		}
		wanted := p.flowInterest(u.API)
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

// flowInterest asks the vocabulary once for each API.
func (p *program) flowInterest(api string) Marks {
	marks, ok := p.flowMarks[api]
	if !ok {
		marks = p.vocabulary.Interest(api).Flows
		p.flowMarks[api] = marks
	}
	return marks
}

// value is that of a node; what has to be found a second time counts as work.
func (t *flows) value(f *function, id int32) *Value {
	if found := t.p.found; found != nil && found.again && found.of[f] == nil {
		t.work += int(f.End - f.Start)
	}
	return t.p.value(f, id)
}

// printed are the marks of what a program prints that a call starts.
func (t *flows) printed(f *function, of *apiPath, args []int32) Marks {
	if !strings.HasPrefix(of.api, "child_process.") {
		return 0
	}
	values := make([]*Value, len(args))
	for i, arg := range args {
		values[i] = t.value(f, arg)
	}
	return t.p.printed(of.api, values)
}

// modules are those that data can come through.
// writers are the modules that store something under a name.
func (t *flows) writers(name string) []*module {
	if t.written == nil {
		t.written = map[string][]*module{}
		for _, m := range t.modules() {
			if m.Nodes == nil {
				continue
			}
			properties := t.index(m).properties
			for i := range properties {
				if name := properties[i].name; i == 0 || name != properties[i-1].name {
					t.written[name] = append(t.written[name], m)
				}
			}
		}
	}
	return t.written[name]
}

func (t *flows) modules() []*module {
	if t.p.alone != nil {
		return []*module{t.p.alone}
	}
	return t.p.order
}

// trail is a way under exploration.
type trail struct {
	t     *flows
	marks Marks
	steps []Site
	seen  map[*ir.Node]bool
	left  int
	out   []Flow
	arg   int
}

func (t *flows) use(u *Use, arg int, marks Marks) {
	m := u.f.module
	for bit := Marks(1); bit != 0 && bit <= marks; bit <<= 1 {
		if marks&bit == 0 {
			continue
		}
		w := &trail{t: t, marks: bit, seen: map[*ir.Node]bool{}, left: maxFlowSteps, arg: arg}
		n := &m.Nodes[u.id]
		switch n.Kind {
		case ir.NCall, ir.NNew, ir.NTagged:
			// fn.call(this, x) has its arguments elsewhere: any that carries.
			for _, item := range m.List(n.B) {
				w.visit(m, u.f, item, 0)
			}
		case ir.NImport:
			w.visit(m, u.f, n.A, 0)
		case ir.NSet:
			w.visit(m, u.f, m.List(n.A)[3], 0)
		}
		if len(w.out) == 0 && (w.left <= 0 || t.work > maxFlowWork) {
			// The data is there; only its way is too long to be found.
			w.out = []Flow{{Arg: arg, Marks: bit, Cut: true}}
			p := t.p
			p.blindAt(BlindBudget, u.Site, fmt.Sprintf("steps of a flow: more than %d", maxFlowSteps))
		}
		for i := range w.out {
			w.out[i].Steps = append(w.out[i].Steps, u.Site)
		}
		u.Flows = append(u.Flows, w.out...)
	}
}

func (w *trail) carries(f *function, id int32) bool {
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
	if a.file != b.file {
		return false
	}
	la, _ := a.Position()
	lb, _ := b.Position()
	return la == lb
}

// visit follows the value of one node back.
func (w *trail) visit(m *module, f *function, id int32, depth int) {
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
		w.steps = append(w.steps, Site{file: m.File, pos: pos, f: f})
	}
	w.sources(m, f, n, id, depth+1)
	w.steps = w.steps[:steps]
}

// sources are the nodes that a node's value comes from.
func (w *trail) sources(m *module, f *function, n *ir.Node, id int32, depth int) {
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
				w.property(m, w.t.p.strings.All[n.B], id, depth)
			}
			return
		}
		before := len(w.out)
		w.property(m, w.t.p.strings.All[n.B], id, depth)
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
func (w *trail) origin(f *function, id int32) bool {
	api := ""
	w.t.value(f, id).each(func(alt *Value) {
		if p := alt.path(); p != nil && p.marks&w.marks != 0 && api == "" {
			api = p.api
		}
	})
	if api == "" {
		return false
	}
	w.found(api, nil)
	return true
}

// parameter goes on at the calls of the function.
func (w *trail) parameter(m *module, f *function, n *ir.Node, id int32, depth int) {
	before := len(w.out)
	for _, caller := range w.t.callersOf(f) {
		cm := caller.module
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
func (w *trail) givenBy(m *module, f *function, at ir.NodeID, c *ir.Node, args []int32) {
	w.t.value(f, c.A).each(func(alt *Value) {
		if p := alt.path(); p != nil && (p.interest.Marks|p.marks|w.t.printed(f, p, args))&w.marks != 0 {
			w.steps = append(w.steps, Site{file: m.File, pos: m.Position(at), f: f})
			w.found(p.api, w.t.firstTexts(f, args))
			w.steps = w.steps[:len(w.steps)-1]
		}
	})
}

func (t *flows) firstTexts(f *function, args []int32) []string {
	if len(args) == 0 || args[0] < 0 {
		return nil
	}
	return t.value(f, args[0]).Texts()
}

// call goes on in the callee, its receiver and its arguments.
func (w *trail) call(m *module, f *function, n *ir.Node, id int32, depth int) {
	before := len(w.out)
	args := m.List(n.B)
	w.t.value(f, n.A).each(func(alt *Value) {
		if p := alt.path(); p != nil && (p.interest.Marks|w.t.printed(f, p, args))&w.marks != 0 {
			w.found(p.api, w.t.firstTexts(f, args))
		}
	})
	if len(w.out) > before {
		return
	}
	callee := &m.Nodes[n.A]
	if callee.Kind == ir.NMember || callee.Kind == ir.NIndex {
		w.visit(m, f, callee.A, depth)
	}
	w.t.value(f, n.A).each(func(alt *Value) {
		if fn := alt.fn(); fn != nil && fn.module.Nodes != nil && w.t.carries(fn.returned)&w.marks != 0 {
			for at := fn.Start; at < fn.End; at++ {
				if r := &fn.module.Nodes[at]; r.Kind == ir.NReturn || r.Kind == ir.NYield {
					w.visit(fn.module, fn, r.A, depth)
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
			w.t.value(f, arg).each(func(alt *Value) {
				if fn := alt.fn(); fn != nil && fn.module.Nodes != nil && w.t.carries(fn.returned)&w.marks != 0 {
					for at := fn.Start; at < fn.End; at++ {
						if r := &fn.module.Nodes[at]; r.Kind == ir.NReturn {
							w.visit(fn.module, fn, r.A, depth)
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
func (w *trail) property(m *module, name string, id int32, depth int) {
	before := len(w.out)
	look := func(m *module) {
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
func holds(v *Value, f *function) bool {
	found := false
	v.each(func(alt *Value) { found = found || alt.fn() == f })
	return found
}

func (t *flows) index(m *module) *moduleIndex {
	index := t.indexes[m]
	if index != nil {
		return index
	}
	index = &moduleIndex{}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		switch n.Kind {
		case ir.NAssign:
			index.assigns = append(index.assigns, assigned{n.A, ir.NodeID(i)})
		case ir.NExport:
			index.properties = append(index.properties, written{t.p.strings.All[n.A], ir.NodeID(i), n.B})
		case ir.NSet:
			if list := m.List(n.A); list[1] < 0 {
				index.properties = append(index.properties, written{t.p.strings.All[list[2]], ir.NodeID(i), list[3]})
			}
		case ir.NObject:
			items := m.List(n.B)
			for j := 0; j+1 < len(items); j += 2 {
				if items[j] >= 0 {
					index.properties = append(index.properties, written{t.p.strings.All[items[j]], ir.NodeID(i), items[j+1]})
				}
			}
		}
	}
	slices.SortStableFunc(index.assigns, func(a, b assigned) int { return cmp.Compare(a.symbol, b.symbol) })
	slices.SortStableFunc(index.properties, func(a, b written) int { return cmp.Compare(a.name, b.name) })
	for _, f := range m.functions {
		if f.End > f.Start {
			index.functions = append(index.functions, f)
		}
	}
	sort.Slice(index.functions, func(i, j int) bool { return index.functions[i].Start < index.functions[j].Start })
	t.indexes[m] = index
	return index
}

// owner is the function that a node belongs to.
func (x *moduleIndex) owner(id ir.NodeID) *function {
	i := sort.Search(len(x.functions), func(i int) bool { return x.functions[i].Start > id }) - 1
	return x.functions[max(i, 0)]
}

// callerLists are the functions that call each function or hand it on, all in
// one slice: there are hundreds of thousands.
type callerLists struct {
	// numbers are those of the modules' first functions, ends where the lists of
	// the functions end.
	numbers map[*module]int32
	ends    []int32
	callers []*function
}

func newCallerLists(modules []*module) *callerLists {
	c := &callerLists{numbers: make(map[*module]int32, len(modules))}
	functions := 0
	for _, m := range modules {
		c.numbers[m] = int32(functions)
		functions += len(m.functions)
	}
	c.ends = make([]int32, functions+1)
	c.each(modules, func(to int32, _ *function) { c.ends[to+1]++ })
	for i := range functions {
		c.ends[i+1] += c.ends[i]
	}
	c.callers = make([]*function, c.ends[functions])
	// Filling a list moves its beginning to its end.
	c.each(modules, func(to int32, caller *function) { c.callers[c.ends[to]] = caller; c.ends[to]++ })
	return c
}

// each goes through the calls; several of one function count once.
func (c *callerLists) each(modules []*module, yield func(to int32, caller *function)) {
	last := make([]*function, len(c.ends))
	for _, m := range modules {
		for _, caller := range m.functions {
			for _, call := range caller.calls {
				if to, ok := c.number(call.to); ok && last[to] != caller {
					last[to] = caller
					yield(to, caller)
				}
			}
		}
	}
}

// number is that of a function in the lists; false where it is of another module,
// or one that the evaluation made up.
func (c *callerLists) number(f *function) (int32, bool) {
	first, ok := c.numbers[f.module]
	return first + f.Index, ok && f.module.functions[f.Index] == f
}

func (c *callerLists) of(f *function) []*function {
	n, ok := c.number(f)
	if !ok {
		return nil
	}
	from := int32(0)
	if n > 0 {
		from = c.ends[n-1]
	}
	return c.callers[from:c.ends[n]]
}

// callersOf are the functions that call f or hand it on.
func (t *flows) callersOf(f *function) []*function {
	if t.callers == nil {
		t.callers = newCallerLists(t.modules())
	}
	return t.callers.of(f)
}
