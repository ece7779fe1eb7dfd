package javascript

import (
	"math"
	"slices"
	"strconv"

	esbuild "github.com/evanw/esbuild/lockwarden"

	"github.com/lockwarden/lockwarden/analyzer/javascript/builtin"
)

// lowering turns one syntax tree into a module.
type lowering struct {
	m       *module
	tree    *esbuild.Tree
	strings *stringTable
	// places are those of the nodes in the text.
	places  []int32
	current *function
	pending []pendingFunction
	// free is where the next functions are made: side by side, apart from what
	// parsing leaves to the garbage collector.
	free []function
	// symbols maps the parser's symbols to the module's, plus one; 0: none yet.
	symbols []int32
	// decoded are texts that stand where the script calls a decoder.
	decoded map[*esbuild.EString]bool
	// field is the function of the initializer of a class's field that is lowered.
	field *function
	// misread is where the tree is not what Node reads, 0 where it is.
	misread int32
}

// loweringRoom is where modules are lowered before what they came to is copied.
type loweringRoom struct {
	nodes         []node
	lists, places []int32
}

// mostRoom is of how many nodes room is kept for the next module.
const mostRoom = 1 << 16

// pendingFunction is a function whose body is lowered after the one around
// it, so that the nodes of a function stay together.
type pendingFunction struct {
	f     *function
	args  []esbuild.Arg
	body  []esbuild.Stmt
	field esbuild.Expr
}

// lower is called on a tree that the parser accepted. It gives the place where
// the tree is not what Node reads, 0 where all is.
func lower(m *module, tree *esbuild.Tree, decoded map[*esbuild.EString]bool) (misread int32) {
	room := &m.pkg.room
	l := &lowering{m: m, strings: &m.pkg.strings, tree: tree, decoded: decoded, places: room.places[:0]}
	m.nodes, m.lists = room.nodes[:0], room.lists[:0]
	l.strings.begin()
	l.symbols = make([]int32, len(tree.Symbols))
	m.readers = make([]reader, 1)
	top := l.newFunction("", 0, nil)
	l.current = top
	top.start = 0
	for _, part := range tree.Parts {
		l.stmts(part.Stmts)
	}
	top.end = nodeID(len(m.nodes))
	for len(l.pending) > 0 {
		p := l.pending[len(l.pending)-1]
		l.pending = l.pending[:len(l.pending)-1]
		l.function(p)
	}
	l.shift()
	m.place(l.places)
	m.mentions = slices.Clone(l.strings.mentions)
	if len(m.nodes) <= mostRoom {
		*room = loweringRoom{m.nodes, m.lists, l.places}
	}
	// What stays in memory is as large as it must be.
	m.nodes, m.lists, m.symbols, m.readers = slices.Clone(m.nodes), slices.Clone(m.lists), slices.Clone(m.symbols), slices.Clone(m.readers)
	return l.misread
}

// shift moves the places from the text that was parsed to the file's.
func (l *lowering) shift() {
	by := l.tree.Shift
	if by == 0 {
		return
	}
	for i, at := range l.places {
		if at > 0 {
			l.places[i] = max(at-by, 0)
		}
	}
	for _, f := range l.m.functions {
		f.pos = max(f.pos-by, 0)
	}
	if l.misread > 0 {
		l.misread = max(l.misread-by, 1)
	}
}

func (l *lowering) newFunction(name string, pos int32, parent *function) *function {
	if len(l.free) == 0 {
		l.free = make([]function, min(max(len(l.m.functions), 4), 64))
	}
	f := &l.free[0]
	l.free = l.free[1:]
	*f = function{index: int32(len(l.m.functions)), module: l.m, name: l.strings.share(name), pos: pos, parent: parent, functionExtra: &noExtra}
	l.m.functions = append(l.m.functions, f)
	return f
}

func (l *lowering) add(kind nodeKind, pos int32, a, b int32) nodeID {
	l.m.nodes = append(l.m.nodes, node{kind: kind, a: a, b: b})
	l.places = append(l.places, pos)
	return nodeID(len(l.m.nodes) - 1)
}

func (l *lowering) sym(ref esbuild.Ref) int32 {
	i := l.symbols[ref.InnerIndex]
	if i == 0 {
		l.m.symbols = append(l.m.symbols, symbol{name: l.strings.name(l.tree.Symbols[ref.InnerIndex].OriginalName)})
		i = int32(len(l.m.symbols))
		l.symbols[ref.InnerIndex] = i
	}
	return i - 1
}

func (l *lowering) read(ref esbuild.Ref, pos int32) nodeID {
	symbol := &l.tree.Symbols[ref.InnerIndex]
	switch symbol.Kind {
	case esbuild.SymbolUnbound:
		if symbol.OriginalName == "arguments" {
			return l.arguments(pos) // of the function that a CommonJS module is the body of
		}
		return l.add(nGlobal, pos, l.strings.name(symbol.OriginalName), 0)
	case esbuild.SymbolArguments:
		return l.arguments(pos)
	}
	if alias := symbol.NamespaceAlias; alias != nil {
		namespace := l.read(alias.NamespaceRef, pos)
		return l.add(nMember, pos, int32(namespace), l.strings.name(alias.Alias))
	}
	i := l.sym(ref)
	s := &l.m.symbols[i]
	if s.readers == 0 || l.m.readers[s.readers].function != l.current.index {
		l.m.readers = append(l.m.readers, reader{l.current.index, s.readers, nodeID(len(l.m.nodes))})
		s.readers = int32(len(l.m.readers) - 1)
	}
	return l.add(nSymbol, pos, i, 0)
}

func (l *lowering) arguments(pos int32) nodeID {
	f := l.current
	for f.arrow && f.parent != nil {
		f = f.parent
	}
	f.usesArgs = true
	return l.add(nArguments, pos, 0, 0)
}

// function lowers a function's parameters and body.
func (l *lowering) function(p pendingFunction) {
	f := p.f
	l.current = f
	f.start = nodeID(len(l.m.nodes))
	f.params = uint16(min(len(p.args), 1<<16-1))
	for i, arg := range p.args {
		value := l.add(nParam, f.pos, int32(i), 0)
		if arg.DefaultOrNil.Data != nil {
			fallback := l.expr(arg.DefaultOrNil)
			value = l.add(nJoin, f.pos, 0, l.m.addList(int32(value), int32(fallback)))
		}
		l.bind(arg.Binding, value)
	}
	if p.field.Data != nil {
		l.field = f
		value := l.expr(p.field)
		l.add(nReturn, p.field.Loc.Start, int32(value), 0)
	}
	l.stmts(p.body)
	f.end = nodeID(len(l.m.nodes))
}

func (l *lowering) addFunction(name string, pos int32, fn *esbuild.Fn) *function {
	f := l.newFunction(name, pos, l.current)
	f.async, f.rest = fn.IsAsync || fn.IsGenerator, fn.HasRestArg
	l.pending = append(l.pending, pendingFunction{f: f, args: fn.Args, body: fn.Body.Block.Stmts})
	return f
}

func (l *lowering) assign(ref esbuild.Ref, value nodeID, pos int32) {
	l.add(nAssign, pos, l.sym(ref), int32(value))
}

// bind lowers a declaration's pattern.
func (l *lowering) bind(b esbuild.Binding, value nodeID) {
	switch b := b.Data.(type) {
	case *esbuild.BIdentifier:
		l.assign(b.Ref, value, -1)
	case *esbuild.BArray:
		for i, item := range b.Items {
			var element nodeID
			if b.HasSpread && i == len(b.Items)-1 {
				element = l.add(nRest, item.Loc.Start, int32(value), 0)
			} else {
				element = l.add(nMember, item.Loc.Start, int32(value), l.strings.name(strconv.Itoa(i)))
			}
			l.bind(item.Binding, l.withDefault(element, item.DefaultValueOrNil))
		}
	case *esbuild.BObject:
		for _, property := range b.Properties {
			var member nodeID
			switch {
			case property.IsSpread:
				member = l.add(nRest, property.Loc.Start, int32(value), 0)
			default:
				member = l.member(value, property.Key, property.Loc.Start)
			}
			l.bind(property.Value, l.withDefault(member, property.DefaultValueOrNil))
		}
	}
}

func (l *lowering) withDefault(value nodeID, fallback esbuild.Expr) nodeID {
	if fallback.Data == nil {
		return value
	}
	other := l.expr(fallback)
	return l.add(nJoin, fallback.Loc.Start, 0, l.m.addList(int32(value), int32(other)))
}

// member reads the property that key names.
func (l *lowering) member(object nodeID, key esbuild.Expr, pos int32) nodeID {
	if name, ok := l.constantKey(key); ok {
		return l.add(nMember, pos, int32(object), name)
	}
	k := l.expr(key)
	return l.add(nIndex, pos, int32(object), int32(k))
}

func (l *lowering) constantKey(key esbuild.Expr) (int32, bool) {
	switch k := key.Data.(type) {
	case *esbuild.EString:
		return l.strings.name(esbuild.String(k.Value)), true
	case *esbuild.ENumber:
		return l.strings.name(formatNumber(k.Value)), true
	case *esbuild.EPrivateIdentifier:
		return l.strings.name(l.tree.Symbols[k.Ref.InnerIndex].OriginalName), true
	case *esbuild.EInlinedEnum:
		return l.constantKey(k.Value)
	}
	return 0, false
}

func formatNumber(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1e15 {
		return strconv.FormatInt(int64(f), 10)
	}
	return builtin.FormatNumber(f)
}

func (l *lowering) stmts(list []esbuild.Stmt) {
	for i := range list {
		l.stmt(&list[i])
	}
}

func (l *lowering) stmt(s *esbuild.Stmt) {
	pos := s.Loc.Start
	switch s := s.Data.(type) {
	case *esbuild.SExpr:
		l.expr(s.Value)
	case *esbuild.SLocal:
		for _, d := range s.Decls {
			if d.ValueOrNil.Data != nil {
				value := l.named(d.ValueOrNil, bindingName(l.tree, d.Binding))
				l.bind(d.Binding, value)
				if s.IsExport {
					l.exportBinding(d.Binding)
				}
			} else if s.IsExport {
				l.exportBinding(d.Binding)
			}
		}
	case *esbuild.SFunction:
		if s.Fn.Name == nil {
			return
		}
		f := l.addFunction(l.tree.Symbols[s.Fn.Name.Ref.InnerIndex].OriginalName, pos, &s.Fn)
		value := l.add(nFunction, pos, f.index, 0)
		l.assign(s.Fn.Name.Ref, value, pos)
		if s.IsExport {
			l.exportSymbol(s.Fn.Name.Ref, f.name, pos)
		}
	case *esbuild.SClass:
		value := l.class(&s.Class, pos)
		if s.IsExport && s.Class.Name != nil {
			l.m.esm = true
			l.add(nExport, pos, l.strings.name(l.tree.Symbols[s.Class.Name.Ref.InnerIndex].OriginalName), int32(value))
		}
	case *esbuild.SReturn:
		if s.ValueOrNil.Data != nil {
			value := l.expr(s.ValueOrNil)
			l.add(nReturn, pos, int32(value), 0)
		}
	case *esbuild.SBlock:
		l.stmts(s.Stmts)
	case *esbuild.SIf:
		l.expr(s.Test)
		l.stmt(&s.Yes)
		if s.NoOrNil.Data != nil {
			l.stmt(&s.NoOrNil)
		}
	case *esbuild.SFor:
		if s.InitOrNil.Data != nil {
			l.stmt(&s.InitOrNil)
		}
		l.maybe(s.TestOrNil)
		l.maybe(s.UpdateOrNil)
		l.stmt(&s.Body)
	case *esbuild.SForIn:
		value := l.expr(s.Value)
		l.loopTarget(&s.Init, l.add(nKeys, s.Value.Loc.Start, int32(value), 0))
		l.stmt(&s.Body)
	case *esbuild.SForOf:
		value := l.expr(s.Value)
		l.loopTarget(&s.Init, l.add(nElement, s.Value.Loc.Start, int32(value), 0))
		l.stmt(&s.Body)
	case *esbuild.SDoWhile:
		l.stmt(&s.Body)
		l.expr(s.Test)
	case *esbuild.SWhile:
		l.expr(s.Test)
		l.stmt(&s.Body)
	case *esbuild.SWith:
		l.expr(s.Value)
		l.m.file.dynamicScope = true
		l.stmt(&s.Body)
	case *esbuild.STry:
		l.stmts(s.Block.Stmts)
		if s.Catch != nil {
			if s.Catch.BindingOrNil.Data != nil {
				l.bind(s.Catch.BindingOrNil, l.add(nCaught, s.Catch.Loc.Start, 0, 0))
			}
			l.stmts(s.Catch.Block.Stmts)
		}
		if s.Finally != nil {
			l.stmts(s.Finally.Block.Stmts)
		}
	case *esbuild.SSwitch:
		l.expr(s.Test)
		for _, c := range s.Cases {
			l.maybe(c.ValueOrNil)
			l.stmts(c.Body)
		}
	case *esbuild.SThrow:
		value := l.expr(s.Value)
		l.add(nThrow, pos, int32(value), 0)
	case *esbuild.SLabel:
		l.stmt(&s.Stmt)
	case *esbuild.SImport:
		l.importStmt(s, pos)
	case *esbuild.SExportClause:
		l.m.esm = true
		for _, item := range s.Items {
			value := l.read(item.Name.Ref, pos)
			l.add(nExport, pos, l.strings.name(item.Alias), int32(value))
		}
	case *esbuild.SExportFrom:
		l.m.esm = true
		module := l.specifier(s.ImportRecordIndex)
		for _, item := range s.Items {
			value := l.add(nMember, pos, int32(module), l.strings.name(item.OriginalName))
			l.add(nExport, pos, l.strings.name(item.Alias), int32(value))
		}
	case *esbuild.SExportStar:
		l.m.esm = true
		module := l.specifier(s.ImportRecordIndex)
		if s.Alias != nil {
			l.add(nExport, pos, l.strings.name(s.Alias.OriginalName), int32(module))
		} else {
			l.add(nExportAll, pos, int32(module), 0)
		}
	case *esbuild.SExportDefault:
		l.exportDefault(s, pos)
	case *esbuild.SExportEquals:
		value := l.expr(s.Value)
		module := l.add(nGlobal, pos, l.strings.name("module"), 0)
		l.add(nSet, pos, l.m.addList(int32(module), int32(noNode), l.strings.name("exports"), int32(value)), 0)
	case *esbuild.SEnum:
		for _, v := range s.Values {
			l.maybe(v.ValueOrNil)
		}
	case *esbuild.SNamespace:
		l.stmts(s.Stmts)
	}
}

func (l *lowering) maybe(e esbuild.Expr) {
	if e.Data != nil {
		l.expr(e)
	}
}

// loopTarget assigns to what a for-in or for-of declares or names.
func (l *lowering) loopTarget(init *esbuild.Stmt, value nodeID) {
	switch s := init.Data.(type) {
	case *esbuild.SLocal:
		for _, d := range s.Decls {
			l.bind(d.Binding, value)
		}
	case *esbuild.SExpr:
		l.assignTo(s.Value, value, init.Loc.Start)
	}
}

func (l *lowering) exportSymbol(ref esbuild.Ref, name string, pos int32) {
	l.m.esm = true
	value := l.read(ref, pos)
	l.add(nExport, pos, l.strings.name(name), int32(value))
}

func (l *lowering) exportBinding(b esbuild.Binding) {
	switch b := b.Data.(type) {
	case *esbuild.BIdentifier:
		l.exportSymbol(b.Ref, l.tree.Symbols[b.Ref.InnerIndex].OriginalName, 0)
	case *esbuild.BArray:
		for _, item := range b.Items {
			l.exportBinding(item.Binding)
		}
	case *esbuild.BObject:
		for _, p := range b.Properties {
			l.exportBinding(p.Value)
		}
	}
}

func (l *lowering) exportDefault(s *esbuild.SExportDefault, pos int32) {
	l.m.esm = true
	var value nodeID
	switch d := s.Value.Data.(type) {
	case *esbuild.SExpr:
		value = l.expr(d.Value)
	case *esbuild.SFunction:
		name := "default"
		if d.Fn.Name != nil {
			name = l.tree.Symbols[d.Fn.Name.Ref.InnerIndex].OriginalName
		}
		f := l.addFunction(name, pos, &d.Fn)
		value = l.add(nFunction, pos, f.index, 0)
		if d.Fn.Name != nil {
			l.assign(d.Fn.Name.Ref, value, pos)
		}
	case *esbuild.SClass:
		value = l.class(&d.Class, pos)
	default:
		l.stmt(&s.Value)
		return
	}
	l.add(nExport, pos, l.strings.name("default"), int32(value))
}

func (l *lowering) specifier(record uint32) nodeID {
	r := &l.tree.ImportRecords[record]
	return l.add(nModule, r.Range.Loc.Start, l.strings.name(r.Path.Text), 0)
}

func (l *lowering) importStmt(s *esbuild.SImport, pos int32) {
	l.m.esm = true
	module := l.specifier(s.ImportRecordIndex)
	if s.DefaultName != nil {
		value := l.add(nMember, pos, int32(module), l.strings.name("default"))
		l.assign(s.DefaultName.Ref, value, pos)
	}
	if s.Items != nil {
		for _, item := range *s.Items {
			value := l.add(nMember, item.AliasLoc.Start, int32(module), l.strings.name(item.Alias))
			l.m.nodes[value].flags |= flagOptional
			l.assign(item.Name.Ref, value, pos)
		}
	}
	if s.StarNameLoc != nil {
		l.assign(s.NamespaceRef, module, pos)
	}
}

func bindingName(tree *esbuild.Tree, b esbuild.Binding) string {
	if id, ok := b.Data.(*esbuild.BIdentifier); ok {
		return tree.Symbols[id.Ref.InnerIndex].OriginalName
	}
	return ""
}

// named lowers an expression that takes the name of what it is assigned to.
func (l *lowering) named(e esbuild.Expr, name string) nodeID {
	value := l.expr(e)
	if n := &l.m.nodes[value]; n.kind == nFunction {
		if f := l.m.functions[n.a]; f.name == "" {
			f.name = l.strings.share(name)
		}
	}
	return value
}
