package decode

import (
	"errors"
	"math"
	"strconv"
	"strings"

	esbuild "github.com/evanw/esbuild/lockwarden"
)

// Values: nil is undefined; null, bool, float64, string, *array, *object,
// *closure, native and *pattern are what they say.
type (
	null   struct{}
	array  struct{ items []any }
	object struct {
		keys   []string
		values map[string]any
		class  string // empty: Object
	}
	// native is a function of the language, by its name.
	native struct {
		name string
		this any
	}
	pattern struct{ source, flags string }
)

// closure is a function of the script.
type closure struct {
	args      []esbuild.Arg
	body      []esbuild.Stmt
	arguments esbuild.Ref
	rest      bool
	arrow     bool
	scope     *scope
	impure    bool
	// start and end are where it stands in the text; end is 0 where it is not known.
	start, end int32
	// failed counts calls that were not pure.
	failed int
	// properties are notes that decoders keep on themselves.
	properties map[string]any
}

// scope holds the variables of one call.
type scope struct {
	values map[esbuild.Ref]any
	parent *scope
	this   any
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
	// spent is set once an evaluation was cut short.
	spent bool
}

func newMachine(tree *esbuild.AST, budget *Budget) *machine {
	return &machine{tree: tree, functions: map[esbuild.Ref]*closure{}, initial: map[esbuild.Ref]esbuild.Expr{}, assigned: map[esbuild.Ref]int{}, mutated: map[esbuild.Ref]bool{},
		globals: map[esbuild.Ref]any{}, pending: map[esbuild.Ref]bool{}, total: budget}
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
		impure: f.IsAsync || f.IsGenerator}
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

// lookup reads a name.
func (m *machine) lookup(ref esbuild.Ref, s *scope) any {
	for ; s != nil; s = s.parent {
		if v, ok := s.values[ref]; ok {
			return known(v)
		}
	}
	if v, ok := m.globals[ref]; ok {
		return known(v)
	}
	if f := m.functions[ref]; f != nil {
		return f
	}
	if e, ok := m.initial[ref]; ok && !m.pending[ref] {
		m.pending[ref] = true
		v := m.eval(e, nil)
		delete(m.pending, ref)
		switch v.(type) {
		case *array, *object:
		default:
			if m.assigned[ref] > 0 {
				impure() // nobody knows what it is when the function is called
			}
		}
		m.globals[ref] = v
		return v
	}
	symbol := &m.tree.Symbols[ref.InnerIndex]
	if symbol.Kind == esbuild.SymbolUnbound {
		switch symbol.OriginalName {
		case "String", "Array", "Object", "Number", "Boolean", "Math", "JSON", "parseInt", "parseFloat", "isNaN", "decodeURIComponent", "decodeURI", "encodeURIComponent", "unescape", "escape", "atob", "btoa", "Buffer", "RegExp", "Function", "eval", "Uint8Array", "TextDecoder", "encodeURI", "isFinite":
			return native{name: symbol.OriginalName}
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
	default:
		impure()
	}
}

func (m *machine) setMember(of, key, v any) {
	switch o := of.(type) {
	case *array:
		if i, ok := index(key); ok && i <= len(o.items)+1024 && i < 1<<20 {
			for len(o.items) <= i {
				o.items = append(o.items, nil)
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
		o.set(toText(m, key), v)
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

func (o *object) set(key string, v any) {
	if _, had := o.values[key]; !had {
		if len(o.keys) > 1<<16 {
			impure()
		}
		o.keys = append(o.keys, key)
	}
	o.values[key] = v
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
	if m.depth++; m.depth > maxDepth {
		impure()
	}
	m.step(4 + len(args))
	s := &scope{values: map[esbuild.Ref]any{}, parent: f.scope, this: this}
	if f.arrow && f.scope != nil {
		s.this = f.scope.this
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
	how, v := m.block(f.body, s)
	m.depth--
	if how == returns {
		return v
	}
	return nil
}

func (m *machine) bind(b esbuild.Binding, v any, s *scope) {
	switch x := b.Data.(type) {
	case *esbuild.BIdentifier:
		s.values[x.Ref] = v
	case *esbuild.BArray:
		list, ok := v.(*array)
		if !ok || x.HasSpread {
			impure()
		}
		for i, item := range x.Items {
			var element any
			if i < len(list.items) {
				element = list.items[i]
			}
			if element == nil && item.DefaultValueOrNil.Data != nil {
				element = m.eval(item.DefaultValueOrNil, s)
			}
			m.bind(item.Binding, element, s)
		}
	case *esbuild.BObject:
		for _, p := range x.Properties {
			if p.IsSpread {
				impure()
			}
			element := m.member(v, m.eval(p.Key, s))
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
		for _, decl := range x.Decls {
			var v any
			if decl.ValueOrNil.Data != nil {
				v = m.eval(decl.ValueOrNil, s)
			} else if id, ok := decl.Binding.Data.(*esbuild.BIdentifier); ok {
				if _, has := s.values[id.Ref]; has {
					continue
				}
			}
			m.bind(decl.Binding, v, s)
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
	case *esbuild.SFor:
		if x.InitOrNil.Data != nil {
			m.stmt(x.InitOrNil, s)
		}
		for x.TestOrNil.Data == nil || truthy(m.eval(x.TestOrNil, s)) {
			if how, v := m.stmt(x.Body, s); how == returns {
				return how, v
			} else if how == breaks {
				break
			}
			if x.UpdateOrNil.Data != nil {
				m.eval(x.UpdateOrNil, s)
			}
			m.step(1)
		}
	case *esbuild.SWhile:
		for truthy(m.eval(x.Test, s)) {
			if how, v := m.stmt(x.Body, s); how == returns {
				return how, v
			} else if how == breaks {
				break
			}
			m.step(1)
		}
	case *esbuild.SDoWhile:
		for {
			how, v := m.stmt(x.Body, s)
			if how == returns {
				return how, v
			}
			m.step(1)
			if how == breaks || !truthy(m.eval(x.Test, s)) {
				break
			}
		}
	case *esbuild.SForOf:
		return m.each(x.Init, m.elements(m.eval(x.Value, s)), x.Body, s)
	case *esbuild.SForIn:
		var keys []any
		switch o := m.eval(x.Value, s).(type) {
		case *object:
			for _, key := range o.keys {
				keys = append(keys, key)
			}
		case *array:
			for i := range o.items {
				keys = append(keys, strconv.Itoa(i))
			}
		default:
			impure()
		}
		return m.each(x.Init, keys, x.Body, s)
	case *esbuild.STry:
		return m.tryStmt(x, s)
	case *esbuild.SThrow:
		panic(thrown{m.eval(x.Value, s)})
	case *esbuild.SSwitch:
		return m.switchStmt(x, s)
	case *esbuild.SBreak:
		if x.Label != nil {
			impure()
		}
		return breaks, nil
	case *esbuild.SContinue:
		if x.Label != nil {
			impure()
		}
		return continues, nil
	case *esbuild.SFunction, *esbuild.SEmpty, *esbuild.SDirective, *esbuild.SComment:
	default:
		impure()
	}
	return goesOn, nil
}

func (m *machine) each(init esbuild.Stmt, values []any, body esbuild.Stmt, s *scope) (jump, any) {
	for _, v := range values {
		m.step(1)
		switch x := init.Data.(type) {
		case *esbuild.SLocal:
			m.bind(x.Decls[0].Binding, v, s)
		case *esbuild.SExpr:
			m.assign(x.Value, v, s)
		}
		if how, result := m.stmt(body, s); how == returns {
			return how, result
		} else if how == breaks {
			break
		}
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
			return goesOn, nil
		case goesOn:
		default:
			return how, v
		}
	}
	return goesOn, nil
}
