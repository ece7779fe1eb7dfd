package eval

import (
	"fmt"
	"math"
	"regexp"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/builtin"
	"github.com/lockwarden/lockwarden/analyzer/javascript/decode"
	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
	"github.com/lockwarden/lockwarden/analyzer/javascript/resolve"
)

// stringAt is the value of a short string of the scripts.
func (p *program) stringAt(i int32) *Value {
	if int(i) >= len(p.stringValues) {
		p.stringValues = append(p.stringValues, make([]*Value, len(p.strings.All)-len(p.stringValues))...)
	}
	v := p.stringValues[i]
	if v == nil {
		v = p.str(p.strings.All[i])
		p.stringValues[i] = v
	}
	return v
}

// program is the state of the analysis of one package.
type program struct {
	vocabulary Vocabulary
	resolver   *resolve.Resolver
	loading    *loading
	modules    map[string]*Module
	order      []*Module

	texts map[string]*Value
	// sorted are the keys of large objects, in order.
	sorted     map[*Object][]string
	properties map[string]bool
	// proxies are those that a read or a call under way goes through.
	proxies map[*Object]bool
	// accessors are the names that some object has a getter or setter of.
	accessors map[string]bool
	// quoted remembers which names stand as a text somewhere.
	quoted    map[string]bool
	textBytes int
	opaques   map[Marks]*Value
	// markedTexts are the texts that carry marks.
	markedTexts map[markedText]*Value
	joins       joinTable
	// arguments is a stack of the arguments of the calls under way, values one
	// of the values of the evaluations under way.
	arguments, values []*Value
	strings           ir.Strings
	// stringValues are those of the short strings that were evaluated.
	stringValues []*Value
	room         ir.Room
	// jsonFiles are the values of the package's JSON files.
	jsonFiles map[string]*Value
	// numbers are the constants.
	numbers      map[float64]*Value
	roots        map[string]*Path
	globalObject *Path
	requirePath  *Path
	mainModule   *Path

	queues [len(sizes)]queue
	// running is the evaluation under way.
	running evaluation
	steps   int64
	limit   int64
	// lookup numbers the current look-up, visited counts its objects.
	lookup  int64
	visited int
	// exhausted is set when the budget ran out before nothing changed.
	exhausted bool

	// pass is what evaluations are for.
	pass pass
	// alone is the module that is evaluated by itself.
	alone *Module
	// labels are what ways to code begin with.
	labels []string
	// found are the values of functions that were asked for after the end.
	found   *foundValues
	records Records
	// hidden are programs that scripts make and run.
	hidden []Hidden
	// unread are the modules of scripts that no parser read.
	unread  []*Module
	decoded Marks
	// large is set where the package's memory needs care.
	large bool
	// alive tells a parent that the evaluation goes on.
	alive func()
	// decoding is what is left for decoding scripts.
	decoding *decode.Budget
	// known is what the vocabulary can list.
	known Known
	// cutRuns are functions that were not evaluated again.
	cutRuns map[*Function]bool
	// decodingCuts are the limits that decoding ran into.
	decodingCuts []DecodingCut
	// cuts are the limits that functions ran into.
	cuts map[reachedLimit]bool
	// counts are what was read.
	counts Counts
}

// Hidden is a program that a script makes and runs.
type Hidden struct {
	// From is the script, At the place that runs the program To.
	From *Module
	At   int32
	To   *Module
}

// decodedMarks are those of what a decoder gives.
func (p *program) decodedMarks() Marks {
	if p.decoded == 0 {
		p.decoded = p.vocabulary.Interest("globalThis.atob").Marks
	}
	return p.decoded
}

func newProgram(vocabulary Vocabulary) *program {
	p := &program{
		vocabulary: vocabulary, alive: func() {}, decoding: decode.NewBudget(),
		modules: map[string]*Module{}, strings: ir.NewStrings(), quoted: map[string]bool{},
		texts: map[string]*Value{}, markedTexts: map[markedText]*Value{}, numbers: map[float64]*Value{}, opaques: map[Marks]*Value{},
		sorted: map[*Object][]string{}, properties: map[string]bool{}, accessors: map[string]bool{},
		jsonFiles: map[string]*Value{}, roots: map[string]*Path{},
	}
	if namer, ok := vocabulary.(Namer); ok {
		p.known = namer.Known()
	}
	p.globalObject = &Path{API: "globalThis", name: "globalThis"}
	p.requirePath = p.newPath("require", nil, "require")
	return p
}

// maxRuns is how often one function is evaluated, by how much what changes
// matters. Over 1,800 real packages, 12 runs found nothing in any context that 5
// did not.
var maxRuns = [...]uint16{others: 5, structure: 8, vocabulary: 40}

// solve evaluates functions until nothing changes any more.
func (p *program) solve() {
	for _, m := range p.order {
		for _, f := range m.Functions {
			p.enqueue(f)
		}
	}
	p.drain()
}

// solveModule evaluates one module that nothing else needs.
func (p *program) solveModule(m *Module) {
	for _, f := range m.Functions {
		p.enqueue(f)
	}
	p.drain()
}

// collectFunctions is after how many evaluations of functions of a large package
// garbage is collected.
const collectFunctions = 1 << 15

func (p *program) drain() {
	for done := 0; ; done++ {
		f := p.next()
		if f == nil {
			break
		}
		if done%4096 == 0 {
			p.alive()
		}
		if done%collectFunctions == collectFunctions-1 {
			p.collect()
		}
		f.queued = false
		f.runs++
		p.run(f)
		if p.steps > p.limit {
			p.exhausted = true
			break
		}
	}
	p.queues, p.joins = [len(sizes)]queue{}, joinTable{}
}

// sizes are those of the functions that wait for each other, in nodes: what a large
// function depends on has settled, as far as it can, when it is evaluated again.
// First come, first served takes three times as long.
var sizes = [...]ir.NodeID{16, 24, 32, 48, 64, 96, 128, 192, 256, 512, 1024, 4096, math.MaxInt32}

// queue are functions to evaluate, first come, first served.
type queue struct {
	list []*Function
	at   int
}

// next takes the next function out of the queues.
func (p *program) next() *Function {
	for i := range p.queues {
		q := &p.queues[i]
		if q.at == len(q.list) {
			continue
		}
		f := q.list[q.at]
		if q.at++; q.at > 4096 && q.at > len(q.list)/2 {
			q.list, q.at = append(q.list[:0], q.list[q.at:]...), 0
		}
		return f
	}
	return nil
}

func (p *program) enqueue(f *Function) { p.enqueueFor(f, others) }

// enqueueFor lets a function run again because a value became another.
func (p *program) enqueueFor(f *Function, news change) {
	if p.pass != solving || p.alone != nil && f.Module != p.alone {
		return // what nothing loads changes nothing
	}
	f.answers, f.changes = nil, f.changes+1
	if f.queued {
		return
	}
	if f.runs >= maxRuns[news] {
		if news == vocabulary && !p.cutRuns[f] {
			if p.cutRuns == nil {
				p.cutRuns = map[*Function]bool{}
			}
			p.cutRuns[f] = true
			at := Place{Source: f.Module.File, Pos: f.Pos, F: f}
			p.stopAt(BlindBudget, at, fmt.Sprintf("evaluations of a function: more than %d", maxRuns[news]))
		}
		return
	}
	f.queued = true
	for i, size := range sizes {
		if f.End-f.Start <= size {
			p.queues[i].list = append(p.queues[i].list, f)
			break
		}
	}
}

// evaluation is one pass over one function.
type evaluation struct {
	p *program
	m *Module
	f *Function
	// inline is how deep calls are evaluated for their own arguments; such an
	// evaluation leaves no trace.
	inline int
	locals []localValue
	// values are those of the function's nodes, from its first one on. They
	// last as long as the evaluation; what must not be made again by the next
	// one is in module.made.
	values []*Value
	// first is the function's first node.
	first ir.NodeID
}

// run evaluates a function once.
func (p *program) run(f *Function) {
	e := &p.running // one at a time: what it calls inline has its own
	*e = evaluation{p: p, m: f.Module, f: f, locals: e.locals[:0]}
	e.pass()
	e.release()
}

// pass evaluates the function's nodes in order; the values are the
// evaluation's until it is released.
func (e *evaluation) pass() {
	f, nodes := e.f, e.m.Nodes
	stack := e.p.values
	size := int(f.End - f.Start)
	if len(stack)+size > cap(stack) {
		// Evaluations further down keep the slice that they have.
		stack = append(make([]*Value, 0, max(2*cap(stack), len(stack)+size)), stack...)
	}
	e.p.values = stack[:len(stack)+size]
	e.values = e.p.values[len(stack):]
	clear(e.values)
	e.first = f.Start
	for i := range e.values {
		id := f.Start + ir.NodeID(i)
		e.values[i] = e.eval(id, &nodes[id])
	}
	e.p.steps += int64(size)
}

// release gives the values of the last evaluation that has any back.
func (e *evaluation) release() {
	e.p.values = e.p.values[:len(e.p.values)-len(e.values)]
}

func (e *evaluation) at(id int32) *Value {
	if id < 0 {
		return nil
	}
	return e.values[ir.NodeID(id)-e.first]
}

// kept is what an earlier evaluation of the node left for this one.
func (e *evaluation) kept(id ir.NodeID) *Value { return e.m.made[id] }

// keep leaves a value of the node for the next evaluations: what a place in the
// code makes is one value, or values never settle.
func (e *evaluation) keep(id ir.NodeID, v *Value) *Value {
	if e.inline > 0 {
		return v // it leaves no trace
	}
	if e.m.made == nil {
		e.m.made = map[ir.NodeID]*Value{}
	}
	e.m.made[id] = v
	return v
}

func (e *evaluation) eval(id ir.NodeID, n *ir.Node) *Value {
	p, m := e.p, e.m
	switch n.Kind {
	case ir.NUnknown, ir.NEqual:
		a, b := e.at(n.A), e.at(n.B)
		if n.Flags&ir.FlagStrict == 0 {
			e.converted(id, a)
			e.converted(id, b)
		}
		if n.Kind == ir.NEqual && e.recording() {
			e.use(UseCompare, a, id, []*Value{b})
			e.use(UseCompare, b, id, []*Value{a})
		}
		return p.opaque(a.allMarks() | b.allMarks())
	case ir.NString:
		if len(p.strings.All[n.A]) > maxShared {
			if v := e.kept(id); v != nil {
				return v
			}
			if n.Flags&ir.FlagDecoded == 0 {
				return e.keep(id, p.str(p.strings.All[n.A]))
			}
			return e.keep(id, p.marked(p.str(p.strings.All[n.A]), p.decodedMarks()))
		}
		if n.Flags&ir.FlagDecoded != 0 {
			return p.marked(p.str(p.strings.All[n.A]), p.decodedMarks())
		}
		return p.stringAt(n.A)
	case ir.NNumber:
		return p.number(m.Numbers[n.A])
	case ir.NBool:
		if n.A == 1 {
			return yes
		}
		return no
	case ir.NNull:
		return nil // says nothing that matters here
	case ir.NRegExp:
		if v := e.kept(id); v != nil {
			return v
		}
		return e.keep(id, textValue(vRegExp, p.strings.All[n.A]))
	case ir.NSymbol:
		return m.variables[n.A]
	case ir.NGlobal:
		return e.global(id, n)
	case ir.NMember:
		return e.member(id, n, e.at(n.A), p.strings.All[n.B])
	case ir.NIndex:
		return e.index(id, n)
	case ir.NCall, ir.NNew, ir.NTagged:
		return e.call(id, n)
	case ir.NFunction:
		return m.Functions[n.A].val()
	case ir.NClass:
		return e.class(n)
	case ir.NObject:
		return e.object(id, n)
	case ir.NArray:
		return e.array(id, n)
	case ir.NConcat:
		return e.concat(id, m.List(n.B))
	case ir.NJoin:
		var v *Value
		for _, item := range m.List(n.B) {
			v = p.join(v, e.at(item))
		}
		return v
	case ir.NAwait:
		return e.settled(id, e.at(n.A))
	case ir.NSpread:
		v := e.at(n.A)
		given := e.iterated(id, v)
		if given == nil {
			return v
		}
		list := e.made(id)
		list.array = true
		e.setElements(list, given)
		if v.kind != vUnion {
			return list.val()
		}
		return p.join(v, list.val())
	case ir.NThis:
		return e.this()
	case ir.NSuper:
		return e.super()
	case ir.NImport:
		return e.require(id, e.at(n.A), true)
	case ir.NModule:
		v := p.str(p.strings.All[n.A])
		return e.require(id, v, false)
	case ir.NMeta:
		return e.metaObject()
	case ir.NParam:
		if int(n.A) < len(e.f.paramValues) {
			return e.f.paramValues[n.A]
		}
		return nil
	case ir.NArguments:
		return e.arguments(id)
	case ir.NRest:
		return e.rest(id, e.at(n.A), int(n.B))
	case ir.NElement:
		v := e.at(n.A)
		given := e.iterated(id, v)
		if given != nil && v.kind != vUnion {
			return given
		}
		return p.join(given, e.elementsOf(v))
	case ir.NKeys:
		v := e.at(n.A)
		if e.recording() {
			e.enumerate(id, v, "list")
		}
		return p.opaque(v.allMarks())
	case ir.NAssign:
		e.assign(id, n.A, e.at(n.B))
	case ir.NSet:
		e.set(id, n)
	case ir.NDelete:
		if e.recording() {
			e.use(UseDelete, e.at(n.A), id, nil)
		}
	case ir.NReturn:
		e.returns(e.at(n.A))
	case ir.NYield:
		v := e.at(n.A)
		e.returns(v)
		return e.awaited(v)
	case ir.NExport:
		e.setProperty(m.exports, p.strings.All[n.A], e.at(n.B))
	case ir.NExportAll:
		e.spreadInto(m.exports, e.at(n.A))
	case ir.NArithmetic:
		e.converted(id, e.at(n.A))
		e.converted(id, e.at(n.B))
		return e.arithmetic(n)
	case ir.NCaught:
		return e.f.thrown
	case ir.NThrow:
		e.throws(e.at(n.A))
	case ir.NNegate:
		if v := e.at(n.A); v != nil && v.kind == vNumber {
			return number(-v.number())
		}
	case ir.NJSX:
		e.jsx(id, n)
	}
	return nil
}

func (e *evaluation) returns(v *Value) {
	f := e.f
	if f.Arrow || f.Name != "" || f.Parent() != nil || e.m.text {
		joined := e.p.join(f.Returned, v)
		if e.inline > 0 {
			f.Returned = joined
			return
		}
		if joined != f.Returned {
			news := e.p.news(f.Returned, joined)
			f.Returned = joined
			f.callers.runAgain(e.p, everything, news)
		}
	}
}

func (e *evaluation) assign(id ir.NodeID, sym int32, v *Value) {
	if e.inline > 0 {
		e.assignLocal(sym, v)
		return
	}
	value := &e.m.variables[sym]
	joined := e.p.join(*value, v)
	if joined == *value {
		return
	}
	news := e.p.news(*value, joined)
	*value = joined
	for r := e.m.Symbols[sym].Readers; r != 0; r = e.m.Readers[r].Next {
		reader := &e.m.Readers[r]
		if reader.Function == e.f.Index && reader.First > id {
			continue // this very evaluation comes to where it is read
		}
		e.p.enqueueFor(e.m.Functions[reader.Function], news)
	}
	for _, f := range e.m.inner[sym] {
		e.p.enqueueFor(f, news)
	}
}

// localValue is what a variable held before an inline evaluation.
type localValue struct {
	symbol int32
	value  *Value
}

// assignLocal gives a variable of the function itself this call's value for as
// long as the inline evaluation lasts; others keep what they have.
func (e *evaluation) assignLocal(sym int32, v *Value) {
	first, value := e.m.Symbols[sym].Readers, &e.m.variables[sym]
	if r := e.m.Readers[first]; first == 0 || r.Next != 0 || r.Function != e.f.Index {
		return
	}
	for _, saved := range e.locals {
		if saved.symbol == sym {
			*value = e.p.join(*value, v)
			return
		}
	}
	e.locals = append(e.locals, localValue{sym, *value})
	*value = v
}

func (e *evaluation) global(id ir.NodeID, n *ir.Node) *Value {
	m := e.m
	if m.around != nil {
		if v, ok := e.outer(n.A); ok {
			return v
		}
	}
	switch name := e.p.strings.All[n.A]; name {
	case "module":
		return m.moduleObject.val()
	case "exports":
		return m.exports.val()
	case "__dirname":
		return e.p.str(m.File.Dirname())
	case "__filename":
		return e.p.str(m.File.Filename())
	case "undefined":
		return nil
	default:
		path := e.p.global(name)
		if m.File.Of == nil && resolve.IsBuiltin(name) && globalModules[name] == "" {
			path = e.p.externalModule(name) // node -e has them all; eval sees what is called so around it
		}
		if e.recording() && n.Flags&ir.FlagOptional == 0 {
			e.use(UseRead, path.val(), id, nil)
		}
		return path.val()
	}
}

// metaObject is import.meta.
func (e *evaluation) metaObject() *Value {
	meta := e.p.externalModule("import.meta")
	return meta.val()
}

func (e *evaluation) this() *Value {
	f := e.f
	for f.Arrow && f.Parent() != nil {
		f = f.Parent()
	}
	if f.this != nil {
		if o := f.prototype; o != nil && (o.properties.size() > 0 || len(o.rare().spreads) > 0) {
			return e.p.join(f.this, o.val()) // a constructor, whatever it was called on first
		}
		return f.this
	}
	if f.class() != nil {
		return f.class().proto().val()
	}
	if f.Parent() == nil {
		if e.m.ESM {
			return nil
		}
		return e.m.exports.val()
	}
	return f.proto().val()
}

func (e *evaluation) super() *Value {
	f := e.f
	for f.Arrow && f.Parent() != nil {
		f = f.Parent()
	}
	if f.class() != nil {
		return f.class().superclass
	}
	return nil
}

func (e *evaluation) arguments(id ir.NodeID) *Value {
	f := e.f
	for f.Arrow && f.Parent() != nil {
		f = f.Parent()
	}
	o := &Object{} // of this call alone
	if e.inline == 0 {
		o = e.made(id)
	}
	o.array, o.properties = true, properties{}
	var all *Value
	values := f.paramValues
	if f.Parent() == nil && f.Index == 0 && !e.m.ESM {
		values = e.wrapperArguments()
	}
	for i, v := range values {
		o.properties.set(ir.FormatNumber(float64(i)), v)
		all = e.p.join(all, v)
	}
	o.elements = all
	return o.val()
}

// wrapperArguments are what Node calls the function with that a CommonJS module
// is the body of.
func (e *evaluation) wrapperArguments() []*Value {
	m := e.m
	return []*Value{m.exports.val(), e.p.requirePath.val(), m.moduleObject.val(), e.p.str(m.File.Filename()), e.p.str(m.File.Dirname())}
}

// awaited is what awaiting v gives.
func (e *evaluation) awaited(v *Value) *Value {
	var out *Value
	v.Each(func(alt *Value) {
		if alt.kind == vObject && alt.Object().promise {
			e.reads(alt.Object())
			out = e.p.join(out, alt.Object().elements)
			return
		}
		out = e.p.join(out, alt)
	})
	return out
}

func (e *evaluation) elementsOf(v *Value) *Value {
	out := e.p.opaque(v.allMarks())
	v.Each(func(alt *Value) {
		switch alt.kind {
		case vObject:
			o := alt.Object()
			e.reads(o)
			if o.rare().table != nil {
				return
			}
			out = e.p.join(out, o.elements)
			if o.array {
				for i := range min(int(o.length), ir.MaxElements) {
					out = e.p.joinElement(out, o.properties.get(ir.FormatNumber(float64(i))), i)
				}
				if int(o.length) > ir.MaxElements {
					for _, key := range e.p.keysOf(o) {
						out = e.p.joinElement(out, o.properties.get(key), ir.MaxElements)
					}
				}
				e.p.steps += int64(o.properties.size()) / 8
			} else if !o.promise {
				for i, key := range e.p.keysOf(o) {
					out = e.p.joinElement(out, o.properties.get(key), i)
				}
				e.p.steps += int64(o.properties.size()) / 8
			}
		case vPath:
			// for (const x of response): what an iterator hands out.
			out = e.p.join(out, e.p.pathValue(e.p.argumentOf(alt.Path()), alt.Path().Marks))
		}
	})
	return out
}

// manyElements is from how many elements on only those count that say more than
// another text or number.
const manyElements = 16

// joinElement adds the i-th of many elements to what they may be.
func (p *program) joinElement(out, v *Value, i int) *Value {
	if v == nil {
		return out
	}
	if i >= manyElements {
		switch v.kind {
		case vNumber, vBool, vNull, vRegExp:
			if v.marks&^out.allMarks() == 0 && out != nil {
				return out
			}
		}
	}
	return p.join(out, v)
}

func (e *evaluation) jsx(id ir.NodeID, n *ir.Node) {
	for i, item := range e.m.List(n.B) {
		v := e.at(item)
		if i == 0 {
			v.Each(func(alt *Value) {
				if alt.kind == vFunction {
					e.enter(id, alt.Function(), nil, nil)
				}
			})
		} else {
			e.escape(id, v, nil)
		}
	}
}

// isFunctionOnly reports whether a value is surely a function, or a method of
// something known. Where an object may have other makers as well, its
// constructor makes one more of its kind: new event.constructor(event.type).
func (e *evaluation) isFunctionOnly(member *ir.Node, v *Value) bool {
	switch v.kind {
	case vString:
		return true
	case vFunction:
		return e.writesFunction(member.A, v)
	case vPath:
		api := v.Path().API
		if i := strings.LastIndexAny(api, "#@"); i >= 0 {
			// ''.sub and [].map are methods of what the language has.
			return api[i] == '#' && i+1 < len(api) && strings.HasPrefix(api, "globalThis.") && !strings.ContainsAny(api[:i], "#@")
		}
		return true
	}
	return false
}

// writesFunction reports whether a node is a function that stands there, by
// itself or under its name: a parameter that is this function now may be an
// object the next time.
func (e *evaluation) writesFunction(id int32, v *Value) bool {
	switch n := &e.m.Nodes[id]; n.Kind {
	case ir.NFunction:
		return true
	case ir.NSymbol:
		return v.Function().Name != "" && v.Function().Name == e.p.strings.All[e.m.Symbols[n.A].Name]
	case ir.NCall:
		// Object.getPrototypeOf(async function () {})
		if list := e.m.List(n.B); len(list) == 1 {
			return e.writesFunction(list[0], v)
		}
	}
	return false
}

// isMethod reports whether a node is a method of a text or an array that stands
// there: [].filter, ”['sub'].
func (e *evaluation) isMethod(id int32) bool {
	n := &e.m.Nodes[id]
	if n.Kind != ir.NMember && n.Kind != ir.NIndex {
		return false
	}
	of := e.m.Nodes[n.A].Kind
	return of == ir.NArray || of == ir.NString
}

// withoutFunction is a value without the constructor of functions.
func (p *program) withoutFunction(v *Value) *Value {
	constructor := p.global("Function")
	var out *Value
	v.Each(func(alt *Value) {
		if alt.kind != vPath || alt.Path() != constructor {
			out = p.join(out, alt)
		}
	})
	return out
}

// memberName is what a member of one of Node's modules, or of the global object, can be
// called.
var memberName = regexp.MustCompile(`^[A-Za-z_$][\w$]*$`)

// namesMember reports whether a name can be that of an API's member: what else is read
// under it is an object's that was taken for the API.
func namesMember(name string) bool { return memberName.MatchString(name) }

// member reads a property.
func (e *evaluation) member(id ir.NodeID, n *ir.Node, object *Value, name string) *Value {
	p := e.p
	if object == nil {
		if name == "constructor" && e.isMethod(n.A) {
			return p.global("Function").val()
		}
		return nil
	}
	var out *Value
	reads := e.recording() && n.Flags&ir.FlagOptional == 0 && (name != "constructor" || e.isFunctionOnly(n, object))
	object.Each(func(alt *Value) {
		switch alt.kind {
		case vPath:
			v := e.metaMember(alt.Path(), name)
			if v == nil {
				v = p.opaque(alt.Path().Marks)
				if m := p.member(alt.Path(), name); m != nil {
					v = m.val()
				}
			}
			if reads {
				e.use(UseRead, v, id, nil)
			}
			out = p.join(out, v)
		case vObject: // what it only hands on was read where it was put in
			e.gets(id, alt.Object(), name)
			if rare := alt.Object().rare(); rare.traps != nil {
				p.through(alt.Object(), func() {
					out = p.join(out, e.trapped(id, alt, "get", []*Value{rare.target, p.str(name), alt}))
					out = p.join(out, e.member(id, n, rare.target, name))
				})
			}
			out = p.join(out, e.property(alt.Object(), name, 0))
		case vFunction:
			if alt.Function().statics != nil {
				e.gets(id, alt.Function().statics, name)
			}
			v := e.functionMember(alt.Function(), name)
			if reads && name == "constructor" {
				e.use(UseRead, v, id, nil)
			}
			out = p.join(out, v)
		case vTable:
			out = p.join(out, alt)
		case vString:
			if name == "length" {
				if !strings.Contains(alt.text(), ir.Hole) {
					out = p.join(out, number(float64(builtin.Length(alt.text()))))
				}
			} else if rest, ok := strings.CutPrefix(alt.text(), "file://"); ok && (name == "href" || name == "pathname") {
				if name == "href" {
					rest = alt.text() // a URL is its text here
				}
				out = p.join(out, p.str(rest))
			} else if name == "constructor" {
				out = p.join(out, p.global("String").val())
			} else if i, ok := smallIndex(name); ok && !strings.Contains(alt.text(), ir.Hole) {
				if v, ok := builtin.TextMethod("at", alt.text(), []any{float64(i)}); ok {
					out = p.join(out, e.fromPlain(id, v))
				}
			}
		}
	})
	if name == "constructor" && !e.isFunctionOnly(n, object) {
		out = p.withoutFunction(out)
	}
	if marks := object.marks; marks != 0 {
		out = p.join(out, p.opaque(marks))
	}
	if e.recording() && object.cut() {
		e.reached(id, LimitObjects, maxUnion)
	}
	if e.recording() && n.Flags&ir.FlagHidden != 0 && namesMember(name) {
		e.use(UseHidden, out, id, []*Value{p.str(name)})
	}
	return out
}

func (e *evaluation) index(id ir.NodeID, n *ir.Node) *Value {
	object, key := e.at(n.A), e.at(n.B)
	if object == nil {
		return e.p.opaque(key.allMarks())
	}
	var out *Value
	known := false
	key.Each(func(k *Value) {
		switch {
		case k.kind == vString && !strings.Contains(k.text(), ir.Hole):
			known = true
			out = e.p.join(out, e.member(id, n, object, k.text()))
		case k.kind == vNumber:
			known = true
			out = e.p.join(out, e.member(id, n, object, ir.FormatNumber(k.number())))
		case k.kind == vObject:
			e.converted(id, k)
		case k.kind == vPath:
			if name, ok := symbolName(k); ok && object.IsObject() {
				known = true
				out = e.p.join(out, e.member(id, n, object, name))
			}
		}
	})
	names := openNames(key, known)
	if len(names) == 0 {
		if e.recording() {
			e.hidden(id, n, out)
		}
		return out
	}
	object.Each(func(alt *Value) {
		switch alt.kind {
		case vPath:
			if alt.Path().external && alt.Path().root {
				return
			}
			if alt.Path().depth > 0 && len(alt.Path().API) > 0 && alt.Path().Marks == 0 && !alt.Path().root &&
				alt.Path().Interest.Uses == 0 && alt.Path().API != "process.env" {
				return
			}
			names := names
			if alt.Path() == e.p.globalObject {
				names = anyName
			}
			for _, name := range names {
				m := e.p.member(alt.Path(), name)
				if m == nil {
					continue
				}
				out = e.p.join(out, m.val())
				if e.recording() && n.Flags&ir.FlagOptional == 0 {
					e.use(UseRead, m.val(), id, nil)
				}
			}
		case vObject:
			if known {
				out = e.p.join(out, e.likeNames(alt.Object(), names))
			} else {
				out = e.p.join(out, e.elementsOf(alt))
			}
		case vTable:
			out = e.p.join(out, alt)
		}
	})
	marks := object.allMarks()
	if names[0] != "*" {
		// A name that begins so is one of few: process.env["PG" + key].
		object.Each(func(alt *Value) {
			if alt.kind == vPath && alt.Path().Interest.Uses&UseEnumerate != 0 {
				marks &^= alt.Path().Interest.Marks
			}
		})
	}
	return e.p.join(out, e.p.opaque(marks))
}

// anyName stands for a name of which nothing is known.
var anyName = []string{"*"}

// openNames are the texts with holes that a key may be, each by itself: process.env[a]
// and process.env[a + "_mirror"] are not all of the environment. Where one says
// nothing, and known is false, the name is any.
func openNames(key *Value, known bool) (names []string) {
	unknown := key == nil
	key.Each(func(k *Value) {
		switch {
		case k.kind != vString || k.text() == ir.Hole:
			unknown = true
		case strings.Contains(k.text(), ir.Hole):
			names = append(names, k.text())
		}
	})
	if unknown && !known || len(names) == 0 && !known {
		return anyName
	}
	return names
}

// likeNames is what an object holds by names that may be texts with holes.
func (e *evaluation) likeNames(o *Object, names []string) *Value {
	e.reads(o)
	out := o.elements
	for _, key := range e.p.keysOf(o) {
		for _, name := range names {
			before, rest, _ := strings.Cut(name, ir.Hole)
			after := rest
			if i := strings.LastIndex(rest, ir.Hole); i >= 0 {
				after = rest[i+len(ir.Hole):]
			}
			if len(key) >= len(before)+len(after) && strings.HasPrefix(key, before) && strings.HasSuffix(key, after) {
				out = e.p.join(out, o.properties.get(key))
				break
			}
		}
	}
	e.p.steps += int64(o.properties.size()) / 8
	return out
}
