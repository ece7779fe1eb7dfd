package eval

import (
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

// callsOf is what is known of what a callee does with an argument.
type callsOf uint8

const (
	// callsNone: it looks at it, keeps it, copies it.
	callsNone callsOf = iota
	// callsFunction: it calls a function that it is given. What is in an object it
	// may call some time: it is the code of another package.
	callsFunction
	// callsMembers: it calls a function that it is given, and those in an object.
	callsMembers
)

// inert are what the language and Node have that looks at values and calls nothing,
// but for what callers lists: objects whose members these are.
var inert = set(`globalThis.Object globalThis.Reflect globalThis.Array globalThis.String globalThis.Number globalThis.Boolean
	globalThis.Symbol globalThis.BigInt globalThis.Math globalThis.JSON globalThis.Date globalThis.RegExp globalThis.Error
	globalThis.TypeError globalThis.RangeError globalThis.SyntaxError globalThis.ReferenceError globalThis.EvalError
	globalThis.URIError globalThis.AggregateError globalThis.Map globalThis.Set globalThis.WeakMap globalThis.WeakSet
	globalThis.WeakRef globalThis.Promise globalThis.Proxy globalThis.Intl globalThis.Atomics globalThis.ArrayBuffer
	globalThis.structuredClone globalThis.isNaN globalThis.isFinite globalThis.parseInt globalThis.parseFloat
	console assert util buffer.Buffer`)

// callers are the functions of these that call an argument: its index.
var callers = map[string]string{
	"globalThis.JSON.parse": "1", "globalThis.JSON.stringify": "1", "globalThis.Array.from": "1", "globalThis.Array.fromAsync": "1",
	"globalThis.Object.groupBy": "1", "globalThis.Map.groupBy": "1", "globalThis.Promise": "0", "globalThis.Promise.try": "0",
	"globalThis.Reflect.apply": "0", "globalThis.Reflect.construct": "0",
	"assert.throws": "0", "assert.doesNotThrow": "0", "assert.rejects": "0", "assert.doesNotReject": "0",
}

// callingMethods are the methods of arrays, texts, maps and promises that call what
// they are given.
var callingMethods = set(`forEach map filter some every find findIndex findLast findLastIndex flatMap reduce reduceRight sort
	toSorted replace replaceAll then catch finally call apply`)

// callsArgument is what an API does with one of its arguments.
func callsArgument(api string, i int) callsOf {
	if api == "globalThis.Proxy" && i == 1 {
		return callsMembers // whoever uses the proxy calls its traps
	}
	of, method, isMethod := strings.Cut(api, "#")
	root := of
	for range 2 {
		if inert[root] {
			switch {
			case isMethod && callingMethods[method], !isMethod && callers[api] == ir.FormatNumber(float64(i)):
				return callsFunction
			}
			return callsNone
		}
		parent := strings.LastIndexByte(root, '.')
		if parent < 0 {
			break
		}
		root = root[:parent]
	}
	return callsMembers
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
	if calls == callsNone {
		return
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
