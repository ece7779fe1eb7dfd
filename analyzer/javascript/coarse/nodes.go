package coarse

import (
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

// isIndex reports whether a name is that of an array's element.
func isIndex(name string) bool { return name != "" && strings.Trim(name, "0123456789") == "" }

// function connects what the nodes of a function do.
func (p *Program) function(m *module, f *ir.Function, own *function) {
	for id := f.Start; id < f.End; id++ {
		p.node(m, f, own, id, &m.Nodes[id])
	}
}

// scope is the function whose this and arguments a function has.
func (p *Program) scope(own *function) *function {
	for own.f.Arrow && own.f.Outer >= 0 {
		own = &p.functions[own.m.first-firstFunction+uint32(own.f.Outer)]
	}
	return own
}

func (p *Program) node(m *module, f *ir.Function, own *function, id ir.NodeID, n *ir.Node) {
	at := func(i int32) vertex {
		if i < 0 {
			return none
		}
		return m.nodes + vertex(i)
	}
	v := at(int32(id))
	switch n.Kind {
	case ir.NUnknown, ir.NArithmetic, ir.NEqual:
		p.connect(at(n.A), v, true)
		p.connect(at(n.B), v, true)
	case ir.NConcat:
		for _, item := range m.List(n.B) {
			p.connect(at(item), v, true)
		}
	case ir.NSymbol:
		p.flow(m.symbols+vertex(n.A), v)
	case ir.NAssign:
		if n.B >= 0 {
			p.flow(at(n.B), m.symbols+vertex(n.A))
		}
	case ir.NGlobal:
		p.global(m, v, id, p.strings.All[n.A])
	case ir.NMember:
		p.member(m, at(n.A), v, id, p.strings.All[n.B], m.Nodes[n.A].Kind)
	case ir.NIndex:
		for _, name := range m.keys[ir.NodeID(n.B)] {
			p.member(m, at(n.A), v, id, name, m.Nodes[n.A].Kind)
		}
		p.flow(p.inside(at(n.A)).whole, v)
		p.anyMember(m, at(n.A), v, id)
	case ir.NCall, ir.NNew, ir.NTagged:
		p.call(m, v, id, n)
	case ir.NFunction:
		p.put(v, p.sets.of([]uint32{m.first + uint32(n.A)}))
	case ir.NClass:
		p.put(v, p.sets.of([]uint32{m.first + uint32(n.A)}))
		list := m.List(n.B)
		if list[0] >= 0 {
			p.flow(at(list[0]), v) // what it inherits may be used through it
		}
		for i := 1; i+2 < len(list); i += 3 {
			p.store(m, v, list[i+1], at(list[i+2]), list[i+2])
		}
	case ir.NObject:
		list := m.List(n.B)
		for i := 0; i+1 < len(list); i += 2 {
			if list[i] == ir.KeySpread {
				p.flow(at(list[i+1]), v)
				continue
			}
			p.store(m, v, list[i], at(list[i+1]), list[i+1])
		}
	case ir.NArray:
		for _, item := range m.List(n.B) {
			if item >= 0 {
				p.flow(at(item), p.inside(v).dynamic)
			}
		}
	case ir.NJoin:
		for _, item := range m.List(n.B) {
			if item >= 0 {
				p.flow(at(item), v)
			}
		}
	case ir.NRest, ir.NImport:
		p.flow(at(n.A), v)
	case ir.NAwait, ir.NSpread, ir.NElement:
		// The language calls what the value has for it: then, next.
		p.flow(at(n.A), v)
		p.flow(p.inside(at(n.A)).whole, v)
		p.mixed(m, v, id, none, []vertex{at(n.A)})
	case ir.NYield:
		if n.A >= 0 {
			p.flow(at(n.A), own.returned)
		}
		p.flow(p.sent, v)
	case ir.NReturn:
		p.flow(at(n.A), own.returned)
	case ir.NThis:
		s := p.scope(own)
		p.flow(s.this, v)
		if s.f.Outer < 0 {
			p.flow(m.exports, v)
		}
	case ir.NParam:
		if int(n.A) < int(f.Params) {
			p.flow(own.params+vertex(n.A), v)
		}
	case ir.NArguments:
		p.flow(p.scope(own).all, v)
		p.flow(p.scope(own).all, p.inside(v).dynamic)
	case ir.NSet:
		list := m.List(n.A)
		p.set(m, at(list[0]), &m.Nodes[list[0]], list[1], list[2], at(list[3]))
	case ir.NExport:
		p.flow(at(n.B), p.field(p.strings.All[n.A]))
		p.flow(at(n.B), p.inside(m.exports).whole)
	case ir.NExportAll:
		p.flow(at(n.A), m.exports)
	case ir.NJSX:
		var parts []vertex
		for _, item := range m.List(n.B) {
			parts = append(parts, at(item))
		}
		p.mixed(m, v, id, none, parts)
	case ir.NThrow:
		p.flow(at(n.A), m.thrown)
	case ir.NCaught:
		for _, other := range p.order {
			p.flow(other.thrown, v)
		}
	}
}

// store is a property of a literal: a name of the strings, or a node that is a key.
func (p *Program) store(m *module, object vertex, key int32, value vertex, id int32) {
	if id < 0 {
		return
	}
	inside := p.inside(object)
	if n := &m.Nodes[id]; n.Kind == ir.NFunction {
		f := &p.functions[m.first-firstFunction+uint32(n.A)]
		if f.f.Getter || f.f.Field {
			value = f.returned
		}
		if f.f.Setter && f.f.Params > 0 && key >= 0 {
			p.flow(p.field(p.strings.All[key]), f.params)
		}
	}
	if key < 0 || isIndex(p.strings.All[key]) {
		p.flow(value, inside.dynamic)
		return
	}
	p.flow(value, p.field(p.strings.All[key]))
	p.connect(value, inside.whole, false)
}

func (p *Program) set(m *module, object vertex, of *ir.Node, key, name int32, value vertex) {
	if key >= 0 {
		for _, name := range m.keys[ir.NodeID(key)] {
			p.flow(value, p.field(name))
		}
		p.flow(value, p.inside(object).dynamic)
		return
	}
	text := p.strings.All[name]
	if text == "exports" && of.Kind == ir.NGlobal && p.strings.All[of.A] == "module" {
		p.flow(value, m.exports)
		return
	}
	if isIndex(text) {
		p.flow(value, p.inside(object).dynamic)
		return
	}
	p.flow(value, p.field(text))
	p.connect(value, p.inside(object).whole, false)
}

func (p *Program) global(m *module, v vertex, id ir.NodeID, name string) {
	switch name {
	case "exports":
		p.flow(m.exports, v)
	default:
		p.flow(p.field(name), v)
	}
}

// member reads a property.
func (p *Program) member(m *module, object, v vertex, id ir.NodeID, name string, of ir.Kind) {
	if object < 0 {
		return
	}
	p.when(object, trigger{kind: readMember, m: m, node: id, name: name, to: v})
	if isIndex(name) {
		p.flow(p.inside(object).whole, v)
		p.anyMember(m, object, v, id)
		p.mixed(m, v, id, none, []vertex{object}) // in a pattern, the iterator is called
		return
	}
	if name == "exports" {
		p.flow(m.exports, v)
	}
	p.flow(p.field(name), v)
	p.flow(p.inside(object).dynamic, v)
}

// anyMember reads one of an object's properties, which is not known; what is kept
// together with its own properties stands for them too.
func (p *Program) anyMember(m *module, object, v vertex, id ir.NodeID) {
	p.when(object, trigger{kind: readMember, m: m, node: id, name: anyName, to: v})
	p.flow(object, v)
}

// anyName is the name of a property that is not known.
const anyName = "*"

// call connects a call's arguments with what may be called, and its result.
func (p *Program) call(m *module, v vertex, id ir.NodeID, n *ir.Node) {
	callee := m.nodes + vertex(n.A)
	p.when(callee, trigger{kind: isCalled, m: m, node: id, to: v})
	if m.sure[id] {
		return
	}
	// What it calls may be one of the language's own, or another package's. It is
	// not what such a function gives, unless the language has that as a method.
	var parts []vertex
	kept := none
	switch k := m.Nodes[n.A]; k.Kind {
	case ir.NMember, ir.NIndex:
		kept = m.nodes + vertex(k.A)
		if k.Kind == ir.NIndex || passes[p.strings.All[k.B]] {
			parts = append(parts, kept)
		}
	default:
		kept = callee
	}
	for _, item := range m.List(n.B) {
		parts = append(parts, m.nodes+vertex(item))
	}
	u := p.mixed(m, v, id, kept, parts)
	if k := m.Nodes[n.A]; k.Kind == ir.NMember {
		switch p.strings.All[k.B] {
		case "bind":
			p.when(u, trigger{kind: isBound})
		case "next":
			p.connect(u, p.sent, false)
		}
	}
}

// passes are the methods that give, or call, what they are methods of.
var passes = map[string]bool{"call": true, "apply": true, "bind": true, "then": true, "catch": true, "finally": true,
	"next": true, "return": true, "throw": true, "valueOf": true}

// mixed is what something does that is not known: it may give, keep, or hand to
// functions, whatever comes in, and what is kept in something.
func (p *Program) mixed(m *module, v vertex, id ir.NodeID, kept vertex, parts []vertex) vertex {
	inside := p.inside(v)
	u := inside.whole
	p.merge(u, inside.dynamic)
	if kept >= 0 {
		inside := p.inside(kept)
		p.merge(u, inside.whole)
		p.merge(u, inside.dynamic)
	}
	for _, part := range parts {
		if part < 0 {
			continue
		}
		p.flow(part, u)
		inside := p.inside(part)
		p.merge(u, inside.whole)
		p.merge(u, inside.dynamic)
	}
	p.flow(u, v)
	p.connect(u, m.thrown, false)
	p.when(u, trigger{kind: isMixed, m: m, node: id, to: u})
	return u
}

// trigger does what a set that has grown brings.
func (p *Program) trigger(t *trigger, whole set) {
	s := p.sets.without(whole, t.seen)
	if s == 0 {
		return
	}
	t.seen = whole
	switch t.kind {
	case readMember:
		p.labelsIn(s, func(l Label) {
			if found := p.world.Member(l, t.name); found != 0 {
				p.put(t.to, p.sets.of([]uint32{uint32(found)}))
			}
		})
	case isMixed:
		p.functionsIn(s, func(f *function) {
			p.mix(f, t.to)
			p.flow(f.returned, t.to) // and what is kept in it
		})
		if p.isAny(s) {
			p.connect(t.to, p.pool, false)
			p.connect(p.given, t.to, false)
		}
	case isCalled:
		p.called(t, s)
	case isBound:
		// Which of its arguments are whose is not told apart.
		p.functionsIn(s, func(f *function) { p.mix(f, f.all) })
		if p.isAny(s) && !p.bound {
			p.bound = true
			for i := range p.functions {
				p.mix(&p.functions[i], p.functions[i].all)
			}
		}
	}
}

func (p *Program) called(t *trigger, s set) {
	n := &t.m.Nodes[t.node]
	args := t.m.List(n.B)
	p.functionsIn(s, func(f *function) {
		for i, item := range args {
			arg := t.m.nodes + vertex(item)
			p.connect(arg, f.all, false)
			switch {
			case n.Flags&ir.FlagSpread != 0:
				p.mix(f, arg)
				p.mix(f, p.inside(arg).whole)
			case f.f.Rest && i >= int(f.f.Params)-1:
				p.flow(arg, p.inside(f.params+vertex(int(f.f.Params)-1)).dynamic)
			case i < int(f.f.Params):
				p.flow(arg, f.params+vertex(i))
			}
		}
		if k := t.m.Nodes[n.A].Kind; k == ir.NMember || k == ir.NIndex {
			p.flow(t.m.nodes+vertex(t.m.Nodes[n.A].A), f.this)
		}
		p.flow(f.returned, t.to)
	})
	if p.isAny(s) {
		for _, item := range args {
			arg := t.m.nodes + vertex(item)
			p.connect(arg, p.pool, false)
			p.connect(p.inside(arg).whole, p.pool, false)
			p.connect(p.given, p.inside(arg).dynamic, false)
		}
		p.connect(p.given, t.to, false)
	}
	p.labelsIn(s, func(l Label) {
		p.calls[Call{Module: t.m.Module, At: t.node, API: l}] = true
		// What stands for one of its own properties is called, unless that has a name.
		if callee := &t.m.Nodes[n.A]; callee.Kind != ir.NMember || isIndex(p.strings.All[callee.B]) {
			if one := p.world.Member(l, anyName); one != 0 {
				p.calls[Call{Module: t.m.Module, At: t.node, API: one}] = true
			}
		}
		if result := p.world.Result(l); result != 0 {
			p.put(t.to, p.sets.of([]uint32{uint32(result)}))
		}
		if given := p.world.Argument(l); given != 0 {
			for _, item := range args {
				p.functionsIn(p.values[p.rep(t.m.nodes+vertex(item))], func(f *function) {
					for i := range int(f.f.Params) {
						p.put(f.params+vertex(i), p.sets.of([]uint32{uint32(given)}))
					}
				})
			}
		}
	})
}
