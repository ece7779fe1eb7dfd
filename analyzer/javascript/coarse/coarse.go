// Package coarse follows what matters through a package's scripts in a way that is
// not exact and forgets nothing: which APIs, and which data, may come to a place.
//
// It is a field-based analysis (Feldthaus et al., "Efficient construction of
// approximate call graphs for JavaScript IDE services", ICSE 2013): a property is one
// variable for all objects of the package, whatever object it is a property of. What
// stands under names that are not known, in arrays, maps and whatever else keeps
// values, is the contents of a class of variables: those that were ever assigned to
// each other (Steensgaard's unification). Calls of what is not known mix: what such a
// call gives, and what the functions get that it is given, is anything that came into
// it.
//
// The exact evaluation says what it found of a node (Seed, Callee, Key, Exports);
// Solve goes on from there to a fixpoint. What only this finds is a may.
package coarse

import (
	"slices"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

// Label is something that is followed: an API, or a kind of data. 0 is nothing.
type Label uint16

// World knows the labels.
type World interface {
	// Member is what a property of an API is, 0 where nobody asks for it.
	Member(of Label, name string) Label
	// Result is what a call of an API gives, Argument what it hands to callbacks.
	Result(of Label) Label
	Argument(of Label) Label
	// Data is what texts and numbers that are made of it keep.
	Data(of Label) []Label
}

// Call is a place where an API may be called.
type Call struct {
	Module *ir.Module
	At     ir.NodeID
	API    Label
}

// Elements of sets: labels as they are, then a function that may be any, then
// functions.
const (
	anyFunction   = 1 << 16
	firstFunction = anyFunction + 1
)

// maxFunctions is how many functions a variable may be that are told apart.
const maxFunctions = 48

// vertex is a variable: a node's value, a symbol, a property, a parameter.
type vertex int32

const none vertex = -1

// Program is the scripts of a package.
type Program struct {
	world   World
	strings *ir.Strings
	sets    *sets
	modules map[*ir.Module]*module
	order   []*module
	fields  map[string]vertex

	// Of each vertex: its set, its edges (a list in edges), which vertex it has become
	// one with, its class, what is to be done when its set grows.
	values   []set
	heads    []int32
	same     []vertex
	class    []vertex
	contents map[vertex]*contents
	triggers map[vertex][]*trigger
	degree   map[vertex]int
	edges    []edge
	had      pairs

	functions []function
	waiting   []vertex
	queued    []bool
	// pool is what functions get of which too many were in one place to tell them apart,
	// and what they give.
	pool, given vertex
	// sent is what next is called with: what yield gives in a generator.
	sent vertex
	// bound is set where what is bound may be any function.
	pooled, bound bool
	steps         int
	calls         map[Call]bool
}

// module is a script with its vertices: nodes, then symbols.
type module struct {
	*ir.Module
	nodes, symbols vertex
	first          uint32 // its first function's element
	exports        vertex
	thrown         vertex
	keys           map[ir.NodeID][]string
	sure           map[ir.NodeID]bool
}

// function is one with its vertices.
type function struct {
	m                   *module
	f                   *ir.Function
	returned, this, all vertex
	params              vertex // the first
}

// contents are what a class of variables keeps: under names that are not known, and
// under whatever names.
type contents struct{ dynamic, whole vertex }

type edge struct {
	to   vertex
	next int32
	data bool // only data goes along
}

// trigger is done when a vertex's set grows.
type trigger struct {
	kind triggerKind
	m    *module
	node ir.NodeID
	name string
	to   vertex
	// seen is what was done already.
	seen set
}

type triggerKind uint8

const (
	readMember triggerKind = iota
	isCalled
	isMixed
	isBound
)

// New is an empty program, of scripts whose texts are strings.
func New(strings *ir.Strings, world World) *Program {
	p := &Program{world: world, strings: strings, sets: newSets(maxFunctions), modules: map[*ir.Module]*module{}, fields: map[string]vertex{},
		contents: map[vertex]*contents{}, triggers: map[vertex][]*trigger{}, degree: map[vertex]int{}, calls: map[Call]bool{},
		edges: make([]edge, 1)}
	p.pool, p.given, p.sent = p.fresh(1), p.fresh(1), p.fresh(1)
	return p
}

// fresh makes n vertices.
func (p *Program) fresh(n int) vertex {
	v := vertex(len(p.values))
	p.values = append(p.values, make([]set, n)...)
	p.heads = append(p.heads, make([]int32, n)...)
	p.queued = append(p.queued, make([]bool, n)...)
	for i := range n {
		p.class = append(p.class, v+vertex(i))
		p.same = append(p.same, v+vertex(i))
	}
	return v
}

// Add takes a script in.
func (p *Program) Add(m *ir.Module) {
	x := &module{Module: m, nodes: p.fresh(len(m.Nodes)), symbols: p.fresh(len(m.Symbols)), exports: p.fresh(1), thrown: p.fresh(1),
		first: firstFunction + uint32(len(p.functions)), keys: map[ir.NodeID][]string{}, sure: map[ir.NodeID]bool{}}
	p.modules[m] = x
	p.order = append(p.order, x)
	for i := range m.Code {
		f := &m.Code[i]
		p.functions = append(p.functions, function{m: x, f: f,
			returned: p.fresh(1), this: p.fresh(1), all: p.fresh(1), params: p.fresh(int(f.Params))})
	}
}

// Seed says that a node may be an API, or carry data.
func (p *Program) Seed(m *ir.Module, at ir.NodeID, l Label) {
	p.put(p.modules[m].nodes+vertex(at), p.sets.of([]uint32{uint32(l)}))
}

// Callee says that a node may be a function.
func (p *Program) Callee(m *ir.Module, at ir.NodeID, of *ir.Module, f int32) {
	if x := p.modules[of]; x != nil {
		p.put(p.modules[m].nodes+vertex(at), p.sets.of([]uint32{x.first + uint32(f)}))
	}
}

// Sure says that a call calls functions of the package and nothing else.
func (p *Program) Sure(m *ir.Module, at ir.NodeID) { p.modules[m].sure[at] = true }

// Key says that a node may be a text, by which a property is read.
func (p *Program) Key(m *ir.Module, at ir.NodeID, name string) {
	x := p.modules[m]
	x.keys[at] = append(x.keys[at], name)
}

// Exports says that a node may be what a module exports.
func (p *Program) Exports(m *ir.Module, at ir.NodeID, of *ir.Module) {
	if x := p.modules[of]; x != nil {
		p.flow(x.exports, p.modules[m].nodes+vertex(at))
	}
}

// Labels is what may come to a node, once solved.
func (p *Program) Labels(m *ir.Module, at ir.NodeID) []Label {
	var out []Label
	p.labelsIn(p.values[p.rep(p.modules[m].nodes+vertex(at))], func(l Label) { out = append(out, l) })
	return out
}

// Within says that a module is a text that calls in another one run as code: it sees
// the variables there, and the calls give what it ends with.
func (p *Program) Within(text, around *ir.Module, calls []ir.NodeID) {
	inner, outer := p.modules[text], p.modules[around]
	if inner == nil || outer == nil {
		return
	}
	for i := range text.Nodes {
		n := &text.Nodes[i]
		if n.Kind != ir.NGlobal {
			continue
		}
		for j := range around.Symbols {
			if around.Symbols[j].Name == n.A {
				p.flow(outer.symbols+vertex(j), inner.nodes+vertex(i))
			}
		}
	}
	for _, at := range calls {
		p.flow(p.functions[inner.first-firstFunction].returned, outer.nodes+vertex(at))
	}
}

// Solve goes on until nothing changes, and lists where APIs may be called. It stops
// after a number of steps; false then.
func (p *Program) Solve(limit int) ([]Call, bool) {
	for _, m := range p.order {
		for i := range m.Code {
			p.function(m, &m.Code[i], &p.functions[m.first-firstFunction+uint32(i)])
		}
	}
	for len(p.waiting) > 0 {
		if p.steps++; p.steps > limit {
			return p.list(), false
		}
		v := p.waiting[0]
		p.waiting = p.waiting[1:]
		p.queued[v] = false
		if p.same[v] != v {
			continue // merged
		}
		value := p.values[v]
		for i := p.heads[v]; i != 0; i = p.edges[i].next {
			e := &p.edges[i]
			p.steps++
			if e.data {
				p.put(e.to, p.data(value))
			} else {
				p.put(e.to, value)
			}
		}
		for _, t := range p.triggers[v] {
			p.steps++
			p.trigger(t, value)
		}
	}
	return p.list(), true
}

func (p *Program) list() []Call {
	var out []Call
	for c := range p.calls {
		out = append(out, c)
	}
	return out
}

// data is what texts and numbers keep of a set.
func (p *Program) data(s set) set {
	var out []uint32
	p.labelsIn(s, func(l Label) {
		for _, d := range p.world.Data(l) {
			out = append(out, uint32(d))
		}
	})
	slices.Sort(out)
	return p.sets.of(slices.Compact(out))
}

// rep is the vertex that one has become one with.
func (p *Program) rep(v vertex) vertex { return top(p.same, v) }

// top follows a forest, in which each vertex has the one above it, to the top, and
// halves the way for the next time.
func top(above []vertex, v vertex) vertex {
	for above[v] != v {
		above[v] = above[above[v]]
		v = above[v]
	}
	return v
}

// merge makes one vertex of two that always have the same set.
func (p *Program) merge(a, b vertex) {
	a, b = p.rep(a), p.rep(b)
	if a == b {
		return
	}
	if p.degree[a] < p.degree[b] {
		a, b = b, a
	}
	p.same[b] = a
	p.degree[a] += p.degree[b]
	p.unify(a, b)
	p.put(a, p.values[b])
	for i := p.heads[b]; i != 0; {
		e := p.edges[i]
		p.connect(a, e.to, e.data)
		i = e.next
	}
	p.heads[b] = 0
	list := p.triggers[b]
	delete(p.triggers, b)
	for _, t := range list {
		p.watch(a, t)
	}
}

func (p *Program) put(v vertex, s set) {
	v = p.rep(v)
	joined := p.sets.union(p.values[v], s)
	if joined == p.values[v] {
		return
	}
	p.values[v] = joined
	if !p.queued[v] {
		p.queued[v] = true
		p.waiting = append(p.waiting, v)
	}
}

// flow lets what is in one vertex come into another.
func (p *Program) flow(from, to vertex) {
	if p.connect(from, to, false) {
		p.unify(from, to)
	}
}

func (p *Program) connect(from, to vertex, data bool) bool {
	if from < 0 || to < 0 {
		return false
	}
	from, to = p.rep(from), p.rep(to)
	if from == to || !p.had.add(from, to, data) {
		return false
	}
	p.edges = append(p.edges, edge{to: to, next: p.heads[from], data: data})
	p.heads[from] = int32(len(p.edges) - 1)
	p.degree[from]++
	if s := p.values[from]; s != 0 {
		if data {
			s = p.data(s)
		}
		p.put(to, s)
	}
	return true
}

// find is the representative of a vertex's class.
func (p *Program) find(v vertex) vertex { return top(p.class, v) }

// unify makes one class of two: their variables may be the same objects.
func (p *Program) unify(a, b vertex) {
	a, b = p.find(a), p.find(b)
	if a == b {
		return
	}
	p.class[b] = a
	ca, cb := p.contents[a], p.contents[b]
	if cb == nil {
		return
	}
	delete(p.contents, b)
	if ca == nil {
		p.contents[a] = cb
		return
	}
	p.merge(ca.dynamic, cb.dynamic)
	p.merge(ca.whole, cb.whole)
}

// inside are the contents of what a vertex may be.
func (p *Program) inside(v vertex) *contents {
	root := p.find(v)
	c := p.contents[root]
	if c == nil {
		c = &contents{p.fresh(1), p.fresh(1)}
		p.contents[root] = c
		p.connect(c.dynamic, c.whole, false)
	}
	return c
}

func (p *Program) field(name string) vertex {
	v, ok := p.fields[name]
	if !ok {
		v = p.fresh(1)
		p.fields[name] = v
	}
	return v
}

func (p *Program) when(v vertex, t trigger) { p.watch(p.rep(v), &t) }

func (p *Program) watch(v vertex, t *trigger) {
	if t.kind == isMixed && slices.ContainsFunc(p.triggers[v], func(o *trigger) bool { return o.kind == isMixed }) {
		return // it is one and the same
	}
	p.triggers[v] = append(p.triggers[v], t)
	p.degree[v]++
	p.trigger(t, p.values[v])
}

// functionsIn calls yield for each function of a set.
func (p *Program) functionsIn(s set, yield func(*function)) {
	elements := p.sets.elements(s)
	n, _ := slices.BinarySearch(elements, firstFunction)
	for _, e := range elements[n:] {
		yield(&p.functions[e-firstFunction])
	}
	if n > 0 && elements[n-1] == anyFunction && !p.pooled {
		p.pooled = true
		for i := range p.functions {
			f := &p.functions[i]
			p.mix(f, p.pool)
			p.flow(f.returned, p.given)
			for i := range int(f.f.Params) { // what it puts into what it is given
				p.connect(p.inside(f.params+vertex(i)).whole, p.given, false)
			}
		}
	}
}

func (p *Program) isAny(s set) bool {
	_, ok := slices.BinarySearch(p.sets.elements(s), anyFunction)
	return ok
}

// labelsIn calls yield for each label of a set.
func (p *Program) labelsIn(s set, yield func(Label)) {
	for _, e := range p.sets.elements(s) {
		if e >= anyFunction {
			return
		}
		yield(Label(e))
	}
}

// mix lets a function get anything of a vertex.
func (p *Program) mix(f *function, from vertex) {
	for i := range int(f.f.Params) {
		p.connect(from, f.params+vertex(i), false)
	}
	p.connect(from, f.all, false)
	p.connect(from, f.this, false)
}
