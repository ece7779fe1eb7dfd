package eval

import (
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/builtin"
	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

// callsOf is what is known of what a callee does with an argument.
type callsOf uint8

const (
	// callsFunction: it calls a function that it is given. What is in an object it
	// may call some time: it is the code of another package.
	callsFunction callsOf = iota
	// callsMembers: it calls a function that it is given, and those in an object.
	callsMembers
)

// handArguments does with the functions among the arguments of a call what
// builtins.map says of the API; what does not stand there may call them all.
func (e *evaluation) handArguments(c *callSite, target *Path) {
	m, known := builtin.Of(target.API)
	for i, arg := range c.args {
		switch {
		case !known:
			e.handOver(c.id, arg, target, callsMembers)
		case (m.Calls | m.Later | m.Keeps).Has(builtin.Parameter(i)):
			e.handOver(c.id, arg, target, callsFunction)
		}
	}
	if m.Later.Has(builtin.Parameter(0)) {
		if from := m.Hands.First(); from > 0 {
			e.handOn(c, from)
		}
	}
}

// looksAt runs what objects among the arguments of a call have for who reads, converts
// or iterates them, as builtins.map says.
func (e *evaluation) looksAt(c *callSite, target *Path) {
	m, _ := builtin.Of(target.API)
	if m.Reads|m.Converts|m.Iterates|m.JSON|m.Then == 0 {
		return
	}
	for i, arg := range c.args {
		if arg == nil || arg.kind != vObject && arg.kind != vUnion {
			continue
		}
		part := builtin.Parameter(i)
		if m.Reads.Has(part) && target.API != "globalThis.Reflect.get" { // which reads one property
			e.getsAll(c.id, arg)
		}
		if m.Converts.Has(part) {
			e.converted(c.id, arg)
		}
		if m.Iterates.Has(part) {
			e.iterated(c.id, arg)
		}
		if m.JSON.Has(part) {
			e.callMethods(c.id, arg, "toJSON", nil)
		}
		if m.Then.Has(part) {
			e.settled(c.id, arg)
		}
	}
}

// wrapped are the functions that the function calls which a call gives: it is taken
// for them. ok is false where it gives another thing.
func (e *evaluation) wrapped(c *callSite, target *Path) (out *Value, ok bool) {
	m, _ := builtin.Of(target.API)
	if m.Wraps == 0 {
		return nil, false
	}
	for i, arg := range c.args {
		if m.Wraps.Has(builtin.Parameter(i)) {
			out = e.p.join(out, arg)
		}
	}
	return out, true
}

// escape hands a value to code that is not known: a function is called, and
// functions in an object may be, by others.
func (e *evaluation) escape(id ir.NodeID, v *Value, to *Path) {
	e.handOver(id, v, to, callsFunction)
}

// handOver hands a value to code that is not the package's. Where the code is an
// API, the arguments of the functions in it are what the API hands to callbacks.
func (e *evaluation) handOver(id ir.NodeID, v *Value, to *Path, calls callsOf) {
	if to != nil && to.external && calls == callsMembers {
		calls = callsFunction
	}
	v.Each(func(alt *Value) {
		switch alt.kind {
		case vFunction:
			e.handFunction(id, alt.Function(), to, true)
		case vObject:
			o := alt.Object()
			if o.rare().module != nil || o.rare().table != nil || o.properties.size() > 64 {
				return
			}
			for _, key := range e.p.keysOf(o) {
				if v := o.properties.get(key); v != nil && v.kind == vFunction {
					e.handFunction(id, v.Function(), to, calls == callsMembers)
				}
			}
		case vPath:
			// A function of an API passed on: whoever gets it may call it.
			if e.recording() && to == nil && alt.Path().Interest.Uses&UseCall != 0 && !strings.HasPrefix(alt.Path().API, "globalThis.") {
				e.useCertainty(UseCall, alt, id, nil, Likely)
			}
		}
	})
}

// handFunction lets others call a function, surely or at some time.
func (e *evaluation) handFunction(id ir.NodeID, f *Function, to *Path, called bool) {
	var args []*Value
	if to != nil {
		given := e.p.pathValue(e.p.argumentOf(to), to.Marks)
		args = []*Value{given, given, given}
	}
	if f.Returned != nil || f.Async {
		e.callerOf(f)
	}
	e.edgeTo(id, f, !called)
	e.give(id, f, nil, args)
}
