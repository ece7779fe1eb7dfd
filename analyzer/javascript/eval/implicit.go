package eval

import (
	"maps"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

// What the language calls by itself: getters and setters, conversions, iterators,
// thenables.

// accessors are the functions that run when a property is read or set.
type accessors struct {
	get, set []*Function
}

// accessor makes f run when the property is read, or set.
func (e *evaluation) accessor(o *Object, name string, f *Function, set bool) {
	own := o.own()
	a := own.accessors[name]
	if a == nil {
		if own.accessors == nil {
			own.accessors = map[string]*accessors{}
		}
		a = &accessors{}
		own.accessors[name] = a
		e.p.accessors[name] = true
	}
	list := &a.get
	if set {
		list = &a.set
	}
	for _, have := range *list {
		if have == f {
			return
		}
	}
	*list = append(*list, f)
}

// found calls yield for an object, what it was spread from and its prototypes, each
// once, until it says that this was enough.
func (o *Object) found(seen map[*Object]bool, yield func(*Object) bool) bool {
	if rare := o.rare(); len(seen) == 0 && len(rare.spreads) == 0 && rare.proto == nil {
		return yield(o) // most objects have neither
	}
	if seen[o] || len(seen) > maxLookup {
		return false
	}
	seen[o] = true
	if yield(o) {
		return true
	}
	enough := false
	for _, s := range o.rare().spreads {
		if s.kind == vObject {
			enough = s.Object().found(seen, yield) || enough
		}
	}
	o.rare().proto.Each(func(alt *Value) {
		if alt.kind == vFunction && alt.Function().prototype != nil {
			enough = alt.Function().prototype.found(seen, yield) || enough
		}
	})
	return enough
}

// gets calls the getters of a property that is read.
func (e *evaluation) gets(id ir.NodeID, o *Object, name string) {
	if !e.recording() || !e.p.accessors[name] {
		return
	}
	o.found(map[*Object]bool{}, func(o *Object) bool {
		a := o.rare().accessors[name]
		if a == nil {
			return o.properties.get(name) != nil
		}
		for _, f := range a.get {
			e.edge(id, f)
		}
		return true
	})
}

// getsAll calls all getters of an object, which is copied or listed.
func (e *evaluation) getsAll(id ir.NodeID, v *Value) {
	if !e.recording() {
		return
	}
	v.Each(func(alt *Value) {
		if alt.kind != vObject {
			return
		}
		for _, name := range slices.Sorted(maps.Keys(alt.Object().rare().accessors)) {
			for _, f := range alt.Object().rare().accessors[name].get {
				e.edge(id, f)
			}
		}
	})
}

// sets calls the setters of a property that is set.
func (e *evaluation) sets(id ir.NodeID, of *Value, o *Object, name string, v *Value) {
	if !e.p.accessors[name] {
		return
	}
	o.found(map[*Object]bool{}, func(o *Object) bool {
		a := o.rare().accessors[name]
		if a == nil {
			return false
		}
		for _, f := range a.set {
			e.enter(id, f, of, []*Value{v})
		}
		return true
	})
}

// methodNamed are the functions that an object has under a name, by itself or by its
// prototypes.
func (e *evaluation) methodNamed(o *Object, name string) (out *Value) {
	if o.rare().module != nil || o.rare().table != nil || o.promise || o.array && name != symbolIterator {
		return nil
	}
	o.found(map[*Object]bool{}, func(o *Object) bool {
		e.readsName(o, name)
		v := o.properties.get(name)
		v.Each(func(alt *Value) {
			if alt.kind == vFunction {
				out = e.p.join(out, alt)
			}
		})
		return v != nil
	})
	return out
}

// callMethods calls what an object has under a name, and gives what that gives.
func (e *evaluation) callMethods(id ir.NodeID, v *Value, name string, args []*Value) (out *Value) {
	v.Each(func(alt *Value) {
		if alt.kind != vObject {
			return
		}
		e.methodNamed(alt.Object(), name).Each(func(f *Value) {
			e.enter(id, f.Function(), alt, args)
			e.callerOf(f.Function())
			out = e.p.join(out, f.Function().Returned)
		})
	})
	return out
}

// Names of the properties that the language's own symbols are the keys of.
const (
	symbolPrefix        = "@@"
	symbolIterator      = symbolPrefix + "iterator"
	symbolAsyncIterator = symbolPrefix + "asyncIterator"
	symbolToPrimitive   = symbolPrefix + "toPrimitive"
)

// symbolName is the name of a property whose key is one of the language's symbols.
func symbolName(key *Value) (string, bool) {
	if key == nil || key.kind != vPath {
		return "", false
	}
	name, ok := strings.CutPrefix(key.Path().API, "globalThis.Symbol.")
	return symbolPrefix + name, ok
}

// converted calls what makes a text or a number of a value, and gives what that
// gives, or the value itself.
func (e *evaluation) converted(id ir.NodeID, v *Value) *Value {
	if !v.IsObject() {
		return v
	}
	var out *Value
	for _, name := range []string{symbolToPrimitive, "toString", "valueOf"} {
		out = e.p.join(out, e.callMethods(id, v, name, nil))
	}
	if out == nil {
		return v
	}
	return out
}

// iterated calls what hands out a value's elements, and gives them; nil where it has
// nothing of its own that does.
func (e *evaluation) iterated(id ir.NodeID, v *Value) *Value {
	iterator := e.p.join(e.callMethods(id, v, symbolIterator, nil), e.callMethods(id, v, symbolAsyncIterator, nil))
	result := e.callMethods(id, iterator, "next", nil)
	if result == nil {
		return iterator // a generator gives what it yields
	}
	return result.Property("value")
}

// settled is what awaiting a value gives, whose own then is called.
func (e *evaluation) settled(id ir.NodeID, v *Value) *Value {
	out := e.awaited(v)
	v.Each(func(alt *Value) {
		if alt.kind != vObject || alt.Object().promise {
			return
		}
		e.methodNamed(alt.Object(), "then").Each(func(f *Value) {
			o := e.made(id)
			o.promise = true
			resolve := o.properties.get(resolveProperty)
			if resolve == nil {
				resolve = objectValue(vResolver, o)
				o.properties.set(resolveProperty, resolve)
			}
			e.enter(id, f.Function(), alt, []*Value{resolve, nil})
			out = e.p.join(out, e.awaited(o.val()))
		})
	})
	return out
}

// resolveProperty is where a promise keeps the function that settles it.
const resolveProperty = "\x00resolve"

// throws notes what the function throws: a function, an object with functions, an
// API that matters. An error is none of them.
func (e *evaluation) throws(v *Value) {
	var out *Value
	v.Each(func(alt *Value) {
		switch alt.kind {
		case vFunction:
			out = e.p.join(out, alt)
		case vObject:
			for _, property := range alt.Object().properties.all() {
				if property != nil && (property.kind == vFunction || property.kind == vPath && e.p.pathMatters(property.Path())) {
					out = e.p.join(out, alt)
					return
				}
			}
		case vPath:
			if e.p.pathMatters(alt.Path()) {
				out = e.p.join(out, alt)
			}
		}
	})
	joined := e.p.join(e.f.thrown, out)
	if joined == e.f.thrown || e.inline > 0 {
		return
	}
	news := e.p.news(e.f.thrown, joined)
	e.f.extra().thrown = joined
	e.p.enqueueFor(e.f, news) // what catches it may stand above
	e.f.callers.runAgain(e.p, everything, news)
}

// through goes through a Proxy, each once: they may form a circle.
func (p *program) through(proxy *Object, yield func()) {
	first := p.proxies == nil
	if p.proxies[proxy] {
		return
	}
	if first {
		p.proxies = map[*Object]bool{}
	}
	p.proxies[proxy] = true
	yield()
	if first {
		p.proxies = nil
	}
}

// trapped calls a trap of a Proxy, and gives what that gives.
func (e *evaluation) trapped(id ir.NodeID, proxy *Value, trap string, args []*Value) (out *Value) {
	proxy.Object().rare().traps.Each(func(alt *Value) {
		if alt.kind != vObject {
			return
		}
		e.methodNamed(alt.Object(), trap).Each(func(f *Value) {
			out = e.p.join(out, e.callFunction(&callSite{id: id, receiver: alt, args: args}, f.Function()))
		})
	})
	return out
}
