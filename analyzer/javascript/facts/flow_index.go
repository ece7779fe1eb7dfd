package facts

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/eval"
	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

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
	g       *gathering
	p       *eval.Solved
	indexes map[*eval.Module]*moduleIndex
	callers *callerLists
	// written are the modules that store something under a name.
	written map[string][]*eval.Module
	// carried remembers the marks of what objects hold.
	carried map[carriedKey]eval.Marks
	work    int
}

// carries are the marks of a value and of what it holds.
func (t *flows) carries(v *eval.Value) eval.Marks {
	if v == nil {
		return 0
	}
	if !v.MayHold() {
		return v.Marks()
	}
	return t.deep(v, 0)
}

// deep is Value.carries with a memory: objects hold the same objects.
func (t *flows) deep(v *eval.Value, depth int) eval.Marks {
	if v == nil {
		return 0
	}
	marks := v.Marks()
	v.Each(func(alt *eval.Value) {
		if !alt.IsObject() || depth > 2 {
			return
		}
		key := carriedKey{alt.Object(), depth}
		held, ok := t.carried[key]
		if !ok {
			t.work += 4
			t.carried[key] = 0 // it may hold itself
			for v := range alt.Object().Held() {
				held |= t.deep(v, depth+1)
			}
			t.carried[key] = held
		}
		marks |= held
	})
	return marks
}

// carriedKey is an object at a depth.
type carriedKey struct {
	o     *eval.Object
	depth int
}

// moduleIndex finds a module's nodes by what they write.
type moduleIndex struct {
	assigns    []assigned // by symbol
	properties []written  // by name
	stores     map[*eval.Object][]stored
	functions  []*eval.Function // those that have nodes, by start
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

// value is that of a node; what has to be found a second time counts as work.
func (t *flows) value(f *eval.Function, id int32) *eval.Value {
	if t.p.FoundAgain(f) {
		t.work += int(f.End - f.Start)
	}
	return t.p.Value(f, id)
}

// printed are the marks of what a program prints that a call starts.
func (t *flows) printed(f *eval.Function, of *eval.Path, args []int32) eval.Marks {
	if !strings.HasPrefix(of.API, "child_process.") {
		return 0
	}
	values := make([]*eval.Value, len(args))
	for i, arg := range args {
		values[i] = t.value(f, arg)
	}
	return t.p.Printed(of.API, values)
}

// modules are those that data can come through.
// writers are the modules that store something under a name.
func (t *flows) writers(name string) []*eval.Module {
	if t.written == nil {
		t.written = map[string][]*eval.Module{}
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

func (t *flows) modules() []*eval.Module {
	if t.g.alone != nil {
		return []*eval.Module{t.g.alone}
	}
	return t.p.Modules()
}

func (t *flows) index(m *eval.Module) *moduleIndex {
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
			index.properties = append(index.properties, written{m.Text(n.A), ir.NodeID(i), n.B})
		case ir.NSet:
			if list := m.List(n.A); list[1] < 0 {
				index.properties = append(index.properties, written{m.Text(list[2]), ir.NodeID(i), list[3]})
			}
		case ir.NObject:
			items := m.List(n.B)
			for j := 0; j+1 < len(items); j += 2 {
				if items[j] >= 0 {
					index.properties = append(index.properties, written{m.Text(items[j]), ir.NodeID(i), items[j+1]})
				}
			}
		}
	}
	slices.SortStableFunc(index.assigns, func(a, b assigned) int { return cmp.Compare(a.symbol, b.symbol) })
	slices.SortStableFunc(index.properties, func(a, b written) int { return cmp.Compare(a.name, b.name) })
	for _, f := range m.Functions {
		if f.End > f.Start {
			index.functions = append(index.functions, f)
		}
	}
	sort.Slice(index.functions, func(i, j int) bool { return index.functions[i].Start < index.functions[j].Start })
	t.indexes[m] = index
	return index
}

// owner is the function that a node belongs to.
func (x *moduleIndex) owner(id ir.NodeID) *eval.Function {
	i := sort.Search(len(x.functions), func(i int) bool { return x.functions[i].Start > id }) - 1
	return x.functions[max(i, 0)]
}

// callerLists are the functions that call each function or hand it on, all in
// one slice: there are hundreds of thousands.
type callerLists struct {
	// numbers are those of the modules' first functions, ends where the lists of
	// the functions end.
	numbers map[*eval.Module]int32
	ends    []int32
	callers []*eval.Function
}

func newCallerLists(modules []*eval.Module) *callerLists {
	c := &callerLists{numbers: make(map[*eval.Module]int32, len(modules))}
	functions := 0
	for _, m := range modules {
		c.numbers[m] = int32(functions)
		functions += len(m.Functions)
	}
	c.ends = make([]int32, functions+1)
	c.each(modules, func(to int32, _ *eval.Function) { c.ends[to+1]++ })
	for i := range functions {
		c.ends[i+1] += c.ends[i]
	}
	c.callers = make([]*eval.Function, c.ends[functions])
	// Filling a list moves its beginning to its end.
	c.each(modules, func(to int32, caller *eval.Function) { c.callers[c.ends[to]] = caller; c.ends[to]++ })
	return c
}

// each goes through the calls; several of one function count once.
func (c *callerLists) each(modules []*eval.Module, yield func(to int32, caller *eval.Function)) {
	last := make([]*eval.Function, len(c.ends))
	for _, m := range modules {
		for _, caller := range m.Functions {
			for _, call := range caller.Calls {
				if to, ok := c.number(call.To); ok && last[to] != caller {
					last[to] = caller
					yield(to, caller)
				}
			}
		}
	}
}

// number is that of a function in the lists; false where it is of another module,
// or one that the evaluation made up.
func (c *callerLists) number(f *eval.Function) (int32, bool) {
	first, ok := c.numbers[f.Module]
	return first + f.Index, ok && f.Module.Functions[f.Index] == f
}

func (c *callerLists) of(f *eval.Function) []*eval.Function {
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
func (t *flows) callersOf(f *eval.Function) []*eval.Function {
	if t.callers == nil {
		t.callers = newCallerLists(t.modules())
	}
	return t.callers.of(f)
}

// stored is a value that code puts into an object.
type stored struct {
	in    *eval.Function
	value int32
}
