package decode

import (
	"errors"
	"iter"
	"math"
	"strconv"
	"strings"

	esbuild "github.com/evanw/esbuild/lockwarden"

	"github.com/lockwarden/lockwarden/analyzer/javascript/builtin"
)

// scope holds the variables of one call.
type scope struct {
	values map[esbuild.Ref]any
	parent *scope
	// function is that of the whole call, nil where this is it.
	function *scope
	this     any
	// gives is set in a generator: what yield calls.
	gives func(v any) (sent any)
}

// whole is the scope of the call that a scope is in.
func (s *scope) whole() *scope {
	if s.function != nil {
		return s.function
	}
	return s
}

// machine evaluates.
type machine struct {
	tree *esbuild.AST
	// functions and initial are declared somewhere in the script; assigned
	// counts assignments to a name.
	functions map[esbuild.Ref]*closure
	initial   map[esbuild.Ref]esbuild.Expr
	assigned  map[esbuild.Ref]int
	// mutated are names of lists and objects that something is put into.
	mutated map[esbuild.Ref]bool
	// globals are values of names outside of the function that is called.
	globals map[esbuild.Ref]any
	pending map[esbuild.Ref]bool
	// left are the steps of this expression, total those of the package.
	left  int
	total *Budget
	// share is what is left for this script.
	share int
	depth int
	// nested is how deep expressions are in each other.
	nested int
	// hidden are texts that would be run.
	hidden []string
	// lenient is set while statements are followed in their order: ran is told of
	// texts that are run, madeFor are the names that the function made at madeAt is called with.
	lenient bool
	ran     func(parameters []string, text string, arguments []string, loc int32)
	madeAt  int32
	madeFor []string
	// load reads a file of the package; folder is the script's.
	load         func(name string) (string, bool)
	list         func(folder string) ([]string, bool)
	folder, file string
	// script is its text, in which places stand so far further on.
	script string
	shift  int32
	// grown is the text that was made last, with room behind it; texts are those whose
	// units were read last.
	grown    []byte
	texts    [4]*builtin.Indexed
	nextText int
	// label is where a break or continue goes.
	label esbuild.Ref
	// making are generators that stand still; they end with the evaluation.
	making []func()
	// makes says of a loop whether functions are made in it, which keep the values of
	// their round.
	makes map[any]bool
	// classes are declared somewhere in the script.
	classes map[esbuild.Ref]*esbuild.Class
	// classNames are the classes by their names, where they are no others' names.
	classNames map[string]esbuild.Ref
	// callAt is where the call is that is made.
	callAt int32
	// jobs wait until the statements have run: what then is given.
	jobs []func()
	// unsure are lists that something changes that is not followed.
	unsure map[esbuild.Ref]bool
	// spent is set once an evaluation was cut short.
	spent bool
}

func newMachine(tree *esbuild.AST, budget *Budget) *machine {
	return &machine{tree: tree, total: budget, label: noRef,
		functions: map[esbuild.Ref]*closure{}, initial: map[esbuild.Ref]esbuild.Expr{}, assigned: map[esbuild.Ref]int{},
		mutated: map[esbuild.Ref]bool{}, globals: map[esbuild.Ref]any{}, pending: map[esbuild.Ref]bool{}, makes: map[any]bool{},
		classes: map[esbuild.Ref]*esbuild.Class{}, classNames: map[string]esbuild.Ref{}, unsure: map[esbuild.Ref]bool{}}
}

// errSpent ends an evaluation that takes too many steps.
var errSpent = errors.New("too many steps")

// errImpure ends an evaluation that needs more than pure values.
var errImpure = errors.New("not pure")

// thrown is an exception of the script.
type thrown struct{ value any }

func impure() {
	panic(errImpure)
}

// try runs an evaluation; ok is false where it was not pure or took too long.
func (m *machine) try(f func() any) (v any, ok bool) {
	before := m.left
	defer func() {
		m.total.Steps -= before - max(m.left, 0)
		m.share -= before - max(m.left, 0)
		m.depth, m.nested = 0, 0
		for _, stop := range m.making {
			stop()
		}
		m.making = nil
		m.pending = map[esbuild.Ref]bool{}
		if r := recover(); r != nil {
			if _, isThrown := r.(thrown); r != errImpure && r != errSpent && !isThrown {
				panic(r)
			}
			m.spent = m.spent || r == errSpent
			v, ok = nil, false
		}
	}()
	return f(), true
}

func (m *machine) step(n int) {
	if m.left -= n; m.left < 0 {
		panic(errSpent)
	}
}

// text bounds the texts that are made.
func (m *machine) text(s string) string {
	m.step(len(s)/16 + 1)
	if len(s) > maxText {
		impure()
	}
	return s
}

// function is the function that a name is bound to, nil where it is none.
func (m *machine) function(ref esbuild.Ref) *closure {
	if m.unsure[ref] {
		return nil
	}
	if f := m.functions[ref]; f != nil {
		return f
	}
	e, ok := m.initial[ref]
	if !ok || m.assigned[ref] > 0 || m.pending[ref] {
		return nil
	}
	var f *closure
	switch x := e.Data.(type) {
	case *esbuild.EIdentifier: // another name of a function
		m.pending[ref] = true
		f = m.function(x.Ref)
		delete(m.pending, ref)
	default:
		f = m.closure(e, nil)
	}
	if f != nil {
		m.functions[ref] = f
	}
	return f
}

func closureOf(f *esbuild.Fn, s *scope) *closure {
	c := &closure{args: f.Args, body: f.Body.Block.Stmts, arguments: f.ArgumentsRef, rest: f.HasRestArg, scope: s,
		impure: f.IsAsync, generator: f.IsGenerator}
	if f.Name != nil {
		c.start, c.end = -f.Name.Loc.Start, f.Body.Block.CloseBraceLoc.Start+1
	}
	return c
}

// source is the text of a function of the script, comments and all.
func (m *machine) source(c *closure) string {
	start, end := int(c.start-m.shift), int(c.end-m.shift)
	if c.start < 0 { // of the name
		name := int(-c.start - m.shift)
		before := strings.TrimRight(m.script[:max(min(name, len(m.script)), 0)], " \t\r\n")
		if start = len(before) - len("function"); !strings.HasSuffix(before, "function") {
			impure()
		}
	}
	if c.end <= 0 || start < 0 || end > len(m.script) || start >= end {
		impure()
	}
	return m.text(m.script[start:end])
}

func (m *machine) closure(e esbuild.Expr, s *scope) *closure {
	switch x := e.Data.(type) {
	case *esbuild.EFunction:
		c := closureOf(&x.Fn, s)
		c.start, c.end = e.Loc.Start, x.Fn.Body.Block.CloseBraceLoc.Start+1
		return c
	case *esbuild.EArrow:
		c := &closure{args: x.Args, body: x.Body.Block.Stmts, rest: x.HasRestArg, arrow: true, scope: s, impure: x.IsAsync}
		if !x.PreferExpr {
			c.start, c.end = e.Loc.Start, x.Body.Block.CloseBraceLoc.Start+1
		}
		return c
	}
	return nil
}

func (m *machine) isArray(ref esbuild.Ref) bool {
	e, ok := m.initial[ref]
	if !ok {
		return false
	}
	_, isArray := e.Data.(*esbuild.EArray)
	return isArray
}

// known is a value that is one.
func known(v any) any {
	if _, is := v.(unknown); is {
		impure()
	}
	return v
}

// globals are the functions of the language that are known.
var globals = wordSet(`String Array Object Number Boolean Math JSON parseInt parseFloat isNaN isFinite decodeURIComponent decodeURI
	encodeURIComponent encodeURI unescape escape atob btoa Buffer RegExp Function eval TextDecoder TextEncoder Map Set WeakMap WeakSet
	Reflect URL Promise setTimeout setInterval setImmediate queueMicrotask Uint8Array Int8Array Uint8ClampedArray Uint16Array Int16Array
	Uint32Array Int32Array Float32Array Float64Array`)

// lookup reads a name.
func (m *machine) lookup(ref esbuild.Ref, s *scope) any {
	for ; s != nil; s = s.parent {
		if v, ok := s.values[ref]; ok {
			return known(v)
		}
	}
	if m.unsure[ref] {
		impure()
	}
	if v, ok := m.globals[ref]; ok {
		return known(v)
	}
	if f := m.functions[ref]; f != nil {
		return f
	}
	if c := m.classes[ref]; c != nil && !m.pending[ref] {
		m.pending[ref] = true
		v := m.newClass(c, nil)
		delete(m.pending, ref)
		m.globals[ref] = v
		return v
	}
	if e, ok := m.initial[ref]; ok && !m.pending[ref] {
		m.pending[ref] = true
		v := m.eval(e, nil)
		delete(m.pending, ref)
		switch v.(type) {
		case *array, *object, *view, *mapping:
		default:
			if m.assigned[ref] > 0 {
				impure() // nobody knows what it is when the function is called
			}
		}
		m.globals[ref] = v
		return v
	}
	symbol := &m.tree.Symbols[ref.InnerIndex]
	// The parser puts "_" before the name that a class has inside of itself.
	outer, is := m.classNames[strings.TrimPrefix(symbol.OriginalName, "_")]
	if is && symbol.Kind != esbuild.SymbolUnbound && outer != ref && outer != noRef {
		return m.lookup(outer, nil)
	}
	if symbol.Kind == esbuild.SymbolUnbound {
		if globals[symbol.OriginalName] {
			return native{name: symbol.OriginalName}
		}
		switch symbol.OriginalName {
		case "require":
			return native{name: "require"}
		case "__dirname":
			return m.folder
		case "__filename":
			return m.file
		case "undefined":
			return nil
		case "NaN":
			return math.NaN()
		case "Infinity":
			return math.Inf(1)
		}
	}
	impure()
	return nil
}

func (m *machine) assign(target esbuild.Expr, v any, s *scope) {
	switch t := target.Data.(type) {
	case *esbuild.EIdentifier:
		for at := s; at != nil; at = at.parent {
			if _, ok := at.values[t.Ref]; ok {
				at.values[t.Ref] = v
				return
			}
		}
		m.globals[t.Ref] = v
	case *esbuild.EDot:
		m.setMember(m.eval(t.Target, s), t.Name, v)
	case *esbuild.EIndex:
		m.setMember(m.eval(t.Target, s), m.eval(t.Index, s), v)
	case *esbuild.EArray:
		list := m.elements(v)
		for i, item := range t.Items {
			m.assignPart(item, arg(list, i), list[min(i, len(list)):], s)
		}
	case *esbuild.EObject:
		for _, p := range t.Properties {
			if p.Kind != esbuild.PropertyField {
				impure()
			}
			m.assignPart(p.ValueOrNil, m.member(v, m.eval(p.Key, s)), nil, s)
		}
	default:
		impure()
	}
}

// assignPart assigns one part of [a, b = 1, ...c].
func (m *machine) assignPart(item esbuild.Expr, v any, rest []any, s *scope) {
	switch x := item.Data.(type) {
	case *esbuild.EMissing:
		return
	case *esbuild.ESpread:
		m.assign(x.Value, &array{items: append([]any(nil), rest...)}, s)
		return
	case *esbuild.EBinary:
		if x.Op == esbuild.BinOpAssign {
			if v == nil {
				v = m.eval(x.Right, s)
			}
			m.assign(x.Left, v, s)
			return
		}
	}
	m.assign(item, v, s)
}

func (m *machine) setMember(of, key, v any) {
	switch o := of.(type) {
	case *view:
		if i, ok := index(key); ok {
			m.step(1)
			if size := builtin.Size(o.kind); size > 0 && (i+1)*size <= len(o.raw) {
				builtin.PutElement(o.kind, o.raw[i*size:], toNumber(m, v))
			}
			return
		}
	case *array:
		if i, ok := index(key); ok && i <= len(o.items)+1024 && i < 1<<20 {
			for len(o.items) <= i {
				o.items = append(o.items, builtin.Hole{})
			}
			m.step(1)
			o.items[i] = v
			return
		}
		if key == "length" {
			if n, ok := v.(float64); ok && n >= 0 && int(n) <= len(o.items) {
				o.items = o.items[:int(n)]
				return
			}
		}
	case *object:
		if o.kind != "" {
			impure()
		}
		m.set(o, toText(m, key), v)
		return
	case *closure:
		if o.properties == nil {
			o.properties = map[string]any{}
		}
		if len(o.properties) < 1<<12 {
			o.properties[toText(m, key)] = v
			return
		}
	}
	impure()
}

// set puts a property into an object.
func (m *machine) set(o *object, key string, v any) {
	if o.Len() > 1<<16 || key == "__proto__" {
		impure()
	}
	o.Set(key, v)
}

func index(key any) (int, bool) {
	switch k := key.(type) {
	case float64:
		if k >= 0 && k < 1<<24 && k == math.Trunc(k) {
			return int(k), true
		}
	case string:
		n, err := strconv.Atoi(k)
		return n, err == nil && n >= 0 && strconv.Itoa(n) == k
	}
	return 0, false
}

// jump is how a statement ends other than by its end.
type jump uint8

const (
	goesOn jump = iota
	breaks
	continues
	returns
)

// maxDepth bounds calls in calls, maxNested expressions in expressions.
const (
	maxDepth  = 200
	maxNested = 20_000
)

// invoke calls a function of the script.
func (m *machine) invoke(f *closure, this any, args []any) any {
	if f.impure {
		impure()
	}
	if f.bound != nil {
		this, args = f.bound.this, append(append([]any(nil), f.bound.args...), args...)
	}
	if m.depth++; m.depth > maxDepth {
		impure()
	}
	m.step(4 + len(args))
	s := &scope{values: map[esbuild.Ref]any{}, parent: f.scope, this: this}
	if f.arrow && f.scope != nil {
		s.this, s.gives = f.scope.this, nil
	}
	for i, arg := range f.args {
		var v any
		switch {
		case f.rest && i == len(f.args)-1:
			v = &array{items: append([]any(nil), args[min(i, len(args)):]...)}
		case i < len(args):
			v = args[i]
		}
		if v == nil && arg.DefaultOrNil.Data != nil {
			v = m.eval(arg.DefaultOrNil, s)
		}
		m.bind(arg.Binding, v, s)
	}
	if !f.arrow {
		s.values[f.arguments] = &array{items: append([]any(nil), args...)}
	}
	m.hoist(f.body, s)
	if f.generator {
		m.depth--
		return m.generator(f, s)
	}
	how, v := m.block(f.body, s)
	m.depth--
	if how == returns {
		return v
	}
	return nil
}

// errStopped ends a generator that nobody asks any more.
var errStopped = errors.New("stopped")

// maxGenerators is how many generators stand still at a time.
const maxGenerators = 256

// generator is what calling a generator function gives: its body runs on when it is
// asked for the next value.
func (m *machine) generator(f *closure, s *scope) *iterator {
	if len(m.making) >= maxGenerators {
		impure()
	}
	var sent, returned any
	next, stop := iter.Pull(func(yield func(any) bool) {
		defer func() {
			if r := recover(); r != nil && r != errStopped {
				panic(r)
			}
		}()
		s.gives = func(v any) any {
			depth, nested := m.depth, m.nested
			if !yield(v) {
				panic(errStopped)
			}
			m.depth, m.nested = depth, nested
			return sent
		}
		if how, v := m.block(f.body, s); how == returns {
			returned = v
		}
	})
	m.making = append(m.making, stop)
	return &iterator{kind: "Generator", next: func(v any) (any, bool) {
		depth, nested := m.depth, m.nested
		defer func() { m.depth, m.nested = depth, nested }()
		if m.depth > maxDepth {
			impure()
		}
		sent = v
		given, more := next()
		if !more {
			given, returned = returned, nil
		}
		return given, more
	}}
}

// yields is a yield.
func (m *machine) yields(x *esbuild.EYield, s *scope) any {
	at := s
	for at != nil && at.gives == nil {
		at = at.function
	}
	if at == nil {
		impure()
	}
	var v any
	if x.ValueOrNil.Data != nil {
		v = m.eval(x.ValueOrNil, s)
	}
	if !x.IsStar {
		return at.gives(v)
	}
	if inner, is := v.(*iterator); is {
		for {
			m.step(1)
			item, more := inner.next(nil)
			if !more {
				return item
			}
			at.gives(item)
		}
	}
	for _, item := range m.elements(v) {
		at.gives(item)
	}
	return nil
}

func (m *machine) bind(b esbuild.Binding, v any, s *scope) {
	switch x := b.Data.(type) {
	case *esbuild.BIdentifier:
		s.values[x.Ref] = v
	case *esbuild.BArray:
		if it, is := v.(*iterator); is && it.kind == "Generator" && !x.HasSpread {
			impure() // it is asked for so many only
		}
		list := m.elements(v)
		for i, item := range x.Items {
			var element any
			if i < len(list) {
				element = list[i]
			}
			if x.HasSpread && i == len(x.Items)-1 {
				element = &array{items: append([]any(nil), list[min(i, len(list)):]...)}
			}
			if element == nil && item.DefaultValueOrNil.Data != nil {
				element = m.eval(item.DefaultValueOrNil, s)
			}
			m.bind(item.Binding, element, s)
		}
	case *esbuild.BObject:
		taken := map[string]bool{}
		for _, p := range x.Properties {
			if p.IsSpread {
				m.bind(p.Value, m.without(v, taken), s)
				continue
			}
			key := m.eval(p.Key, s)
			taken[toText(m, key)] = true
			element := m.member(v, key)
			if element == nil && p.DefaultValueOrNil.Data != nil {
				element = m.eval(p.DefaultValueOrNil, s)
			}
			m.bind(p.Value, element, s)
		}
	case *esbuild.BMissing:
	default:
		impure()
	}
}

// hoist declares the functions of a block before it runs.
func (m *machine) hoist(list []esbuild.Stmt, s *scope) {
	for _, stmt := range list {
		if f, ok := stmt.Data.(*esbuild.SFunction); ok && f.Fn.Name != nil {
			s.values[f.Fn.Name.Ref] = closureOf(&f.Fn, s)
		}
	}
}

func (m *machine) block(list []esbuild.Stmt, s *scope) (jump, any) {
	for i := range list {
		run := m.stmt
		if m.lenient {
			run = func(stmt esbuild.Stmt, s *scope) (jump, any) { return m.leniently(&list[i], s) }
		}
		if how, v := run(list[i], s); how != goesOn {
			return how, v
		}
	}
	return goesOn, nil
}

func (m *machine) stmt(stmt esbuild.Stmt, s *scope) (jump, any) {
	m.step(1)
	switch x := stmt.Data.(type) {
	case *esbuild.SExpr:
		m.eval(x.Value, s)
	case *esbuild.SLocal:
		to := s
		if x.Kind == esbuild.LocalVar {
			to = s.whole()
		}
		for _, decl := range x.Decls {
			var v any
			if decl.ValueOrNil.Data != nil {
				v = m.eval(decl.ValueOrNil, s)
			} else if id, ok := decl.Binding.Data.(*esbuild.BIdentifier); ok && x.Kind == esbuild.LocalVar {
				if _, has := to.values[id.Ref]; has {
					continue
				}
			}
			m.bind(decl.Binding, v, to)
		}
	case *esbuild.SReturn:
		if x.ValueOrNil.Data == nil {
			return returns, nil
		}
		return returns, m.eval(x.ValueOrNil, s)
	case *esbuild.SIf:
		if truthy(m.eval(x.Test, s)) {
			return m.stmt(x.Yes, s)
		}
		if x.NoOrNil.Data != nil {
			return m.stmt(x.NoOrNil, s)
		}
	case *esbuild.SBlock:
		m.hoist(x.Stmts, s)
		return m.block(x.Stmts, s)
	case *esbuild.SFor, *esbuild.SWhile, *esbuild.SDoWhile:
		return m.loop(stmt, s, noRef)
	case *esbuild.SForOf, *esbuild.SForIn:
		return m.loop(stmt, s, noRef)
	case *esbuild.SLabel:
		how, v := m.labeled(x, s)
		return how, v
	case *esbuild.SClass:
		if x.Class.Name == nil {
			impure()
		}
		s.values[x.Class.Name.Ref] = m.newClass(&x.Class, s)
	case *esbuild.STry:
		return m.tryStmt(x, s)
	case *esbuild.SThrow:
		panic(thrown{m.eval(x.Value, s)})
	case *esbuild.SSwitch:
		return m.switchStmt(x, s)
	case *esbuild.SBreak:
		m.label = labelOf(x.Label)
		return breaks, nil
	case *esbuild.SContinue:
		m.label = labelOf(x.Label)
		return continues, nil
	case *esbuild.SFunction, *esbuild.SEmpty, *esbuild.SDirective, *esbuild.SComment:
	default:
		impure()
	}
	return goesOn, nil
}

func (m *machine) tryStmt(x *esbuild.STry, s *scope) (how jump, v any) {
	depth, nested := m.depth, m.nested
	func() {
		defer func() {
			r := recover()
			if r == nil {
				return
			}
			exception, ok := r.(thrown)
			if !ok || x.Catch == nil {
				panic(r)
			}
			m.depth, m.nested = depth, nested
			if x.Catch.BindingOrNil.Data != nil {
				m.bind(x.Catch.BindingOrNil, exception.value, s)
			}
			how, v = m.block(x.Catch.Block.Stmts, s)
		}()
		how, v = m.block(x.Block.Stmts, s)
	}()
	if x.Finally != nil {
		if after, value := m.block(x.Finally.Block.Stmts, s); after != goesOn {
			return after, value
		}
	}
	return how, v
}

func (m *machine) switchStmt(x *esbuild.SSwitch, s *scope) (jump, any) {
	v := m.eval(x.Test, s)
	run := -1
	for i := range x.Cases {
		if c := x.Cases[i]; c.ValueOrNil.Data != nil && strictEqual(v, m.eval(c.ValueOrNil, s)) {
			run = i
			break
		}
	}
	for i := range x.Cases {
		if run < 0 && x.Cases[i].ValueOrNil.Data == nil {
			run = i
		}
	}
	if run < 0 {
		return goesOn, nil
	}
	for _, c := range x.Cases[run:] {
		switch how, v := m.block(c.Body, s); how {
		case breaks:
			if m.label != noRef {
				return breaks, nil
			}
			return goesOn, nil
		case goesOn:
		default:
			return how, v
		}
	}
	return goesOn, nil
}
