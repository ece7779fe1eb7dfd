package ir

import (
	"slices"
	"strconv"

	esbuild "github.com/evanw/esbuild/lockwarden"
)

// Lower makes a module of a tree that the parser accepted; decoded are the texts in it
// that stand where the script calls a decoder. It gives the place where the tree is not
// what Node reads, 0 where all is.
func Lower(m *Module, tree *esbuild.Tree, decoded map[*esbuild.EString]bool, strings *Strings, room *Room) (misread int32) {
	l := &lowering{m: m, strings: strings, tree: tree, decoded: decoded, places: room.places[:0]}
	m.Nodes, m.lists = room.nodes[:0], room.lists[:0]
	l.strings.Begin()
	l.symbols = make([]int32, len(tree.Symbols))
	m.Readers = make([]Reader, 1)
	top := l.newFunction("", 0, nil)
	l.current = top
	top.Start = 0
	for _, part := range tree.Parts {
		l.stmts(part.Stmts)
		l.completion(part.Stmts)
	}
	top.End = NodeID(len(m.Nodes))
	for len(l.pending) > 0 {
		p := l.pending[len(l.pending)-1]
		l.pending = l.pending[:len(l.pending)-1]
		l.function(p)
	}
	l.shift()
	m.place(l.places)
	m.Mentions = slices.Clone(l.strings.Mentions)
	if len(m.Nodes) <= mostRoom {
		*room = Room{m.Nodes, m.lists, l.places}
	}
	// What stays in memory is as large as it must be.
	m.Code = make([]Function, len(l.functions))
	for i, f := range l.functions {
		m.Code[i] = *f
	}
	m.Nodes, m.lists, m.Symbols, m.Readers = slices.Clone(m.Nodes), slices.Clone(m.lists), slices.Clone(m.Symbols), slices.Clone(m.Readers)
	return l.misread
}

// completion lets the top level return the value of its last statement: what eval
// gives for a text.
func (l *lowering) completion(list []esbuild.Stmt) {
	if len(list) == 0 {
		return
	}
	if _, ok := list[len(list)-1].Data.(*esbuild.SExpr); ok {
		l.add(NReturn, list[len(list)-1].Loc.Start, int32(l.value), 0)
	}
}

// function lowers a function's parameters and body.
func (l *lowering) function(p pendingFunction) {
	f := p.f
	l.current = f
	f.Start = NodeID(len(l.m.Nodes))
	f.Params = uint16(min(len(p.args), 1<<16-1))
	for i, arg := range p.args {
		value := l.add(NParam, f.Pos, int32(i), 0)
		if arg.DefaultOrNil.Data != nil {
			fallback := l.expr(arg.DefaultOrNil)
			value = l.add(NJoin, f.Pos, 0, l.m.addList(int32(value), int32(fallback)))
		}
		l.bind(arg.Binding, value)
	}
	if p.field.Data != nil {
		l.field = f
		value := l.expr(p.field)
		l.add(NReturn, p.field.Loc.Start, int32(value), 0)
	}
	if p.derived {
		super := l.add(NSuper, f.Pos, 0, 0)
		arguments := l.add(NSpread, f.Pos, int32(l.arguments(f.Pos)), 0)
		call := l.add(NCall, f.Pos, int32(super), l.m.addList(int32(arguments)))
		l.m.Nodes[call].Flags |= FlagSpread
	}
	l.stmts(p.body)
	f.End = NodeID(len(l.m.Nodes))
}

// bind lowers a declaration's pattern.
func (l *lowering) bind(b esbuild.Binding, value NodeID) {
	switch b := b.Data.(type) {
	case *esbuild.BIdentifier:
		l.assign(b.Ref, value, -1)
	case *esbuild.BArray:
		for i, item := range b.Items {
			var element NodeID
			if b.HasSpread && i == len(b.Items)-1 {
				element = l.add(NRest, item.Loc.Start, int32(value), int32(i))
			} else {
				element = l.add(NMember, item.Loc.Start, int32(value), l.strings.name(strconv.Itoa(i)))
			}
			l.bind(item.Binding, l.withDefault(element, item.DefaultValueOrNil))
		}
	case *esbuild.BObject:
		for _, property := range b.Properties {
			var member NodeID
			switch {
			case property.IsSpread:
				member = l.add(NRest, property.Loc.Start, int32(value), 0)
			default:
				member = l.member(value, property.Key, property.Loc.Start)
			}
			l.bind(property.Value, l.withDefault(member, property.DefaultValueOrNil))
		}
	}
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
		l.value = l.expr(s.Value)
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
		value := l.add(NFunction, pos, f.Index, 0)
		l.assign(s.Fn.Name.Ref, value, pos)
		if s.IsExport {
			l.exportSymbol(s.Fn.Name.Ref, f.Name, pos)
		}
	case *esbuild.SClass:
		value := l.class(&s.Class, pos)
		if s.IsExport && s.Class.Name != nil {
			l.m.ESM = true
			l.add(NExport, pos, l.strings.name(l.tree.Symbols[s.Class.Name.Ref.InnerIndex].OriginalName), int32(value))
		}
	case *esbuild.SReturn:
		if s.ValueOrNil.Data != nil {
			value := l.expr(s.ValueOrNil)
			l.add(NReturn, pos, int32(value), 0)
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
		l.loopTarget(&s.Init, l.add(NKeys, s.Value.Loc.Start, int32(value), 0))
		l.stmt(&s.Body)
	case *esbuild.SForOf:
		value := l.expr(s.Value)
		l.loopTarget(&s.Init, l.add(NElement, s.Value.Loc.Start, int32(value), 0))
		l.stmt(&s.Body)
	case *esbuild.SDoWhile:
		l.stmt(&s.Body)
		l.expr(s.Test)
	case *esbuild.SWhile:
		l.expr(s.Test)
		l.stmt(&s.Body)
	case *esbuild.SWith:
		l.scopes = append(l.scopes, withScope{l.current, l.expr(s.Value)})
		l.stmt(&s.Body)
		l.scopes = l.scopes[:len(l.scopes)-1]
	case *esbuild.STry:
		l.stmts(s.Block.Stmts)
		if s.Catch != nil {
			if s.Catch.BindingOrNil.Data != nil {
				l.bind(s.Catch.BindingOrNil, l.add(NCaught, s.Catch.Loc.Start, 0, 0))
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
		l.add(NThrow, pos, int32(value), 0)
	case *esbuild.SLabel:
		l.stmt(&s.Stmt)
	case *esbuild.SImport:
		l.importStmt(s, pos)
	case *esbuild.SExportClause:
		l.m.ESM = true
		for _, item := range s.Items {
			value := l.read(item.Name.Ref, pos)
			l.add(NExport, pos, l.strings.name(item.Alias), int32(value))
		}
	case *esbuild.SExportFrom:
		l.m.ESM = true
		module := l.specifier(s.ImportRecordIndex)
		for _, item := range s.Items {
			value := l.add(NMember, pos, int32(module), l.strings.name(item.OriginalName))
			l.add(NExport, pos, l.strings.name(item.Alias), int32(value))
		}
	case *esbuild.SExportStar:
		l.m.ESM = true
		module := l.specifier(s.ImportRecordIndex)
		if s.Alias != nil {
			l.add(NExport, pos, l.strings.name(s.Alias.OriginalName), int32(module))
		} else {
			l.add(NExportAll, pos, int32(module), 0)
		}
	case *esbuild.SExportDefault:
		l.exportDefault(s, pos)
	case *esbuild.SExportEquals:
		value := l.expr(s.Value)
		module := l.add(NGlobal, pos, l.strings.name("module"), 0)
		l.add(NSet, pos, l.m.addList(int32(module), int32(NoNode), l.strings.name("exports"), int32(value)), 0)
	case *esbuild.SEnum:
		for _, v := range s.Values {
			l.maybe(v.ValueOrNil)
		}
	case *esbuild.SNamespace:
		l.stmts(s.Stmts)
	}
}

// loopTarget assigns to what a for-in or for-of declares or names.
func (l *lowering) loopTarget(init *esbuild.Stmt, value NodeID) {
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
	l.m.ESM = true
	value := l.read(ref, pos)
	l.add(NExport, pos, l.strings.name(name), int32(value))
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
	l.m.ESM = true
	var value NodeID
	switch d := s.Value.Data.(type) {
	case *esbuild.SExpr:
		value = l.expr(d.Value)
	case *esbuild.SFunction:
		name := "default"
		if d.Fn.Name != nil {
			name = l.tree.Symbols[d.Fn.Name.Ref.InnerIndex].OriginalName
		}
		f := l.addFunction(name, pos, &d.Fn)
		value = l.add(NFunction, pos, f.Index, 0)
		if d.Fn.Name != nil {
			l.assign(d.Fn.Name.Ref, value, pos)
		}
	case *esbuild.SClass:
		value = l.class(&d.Class, pos)
	default:
		l.stmt(&s.Value)
		return
	}
	l.add(NExport, pos, l.strings.name("default"), int32(value))
}

func (l *lowering) specifier(record uint32) NodeID {
	r := &l.tree.ImportRecords[record]
	return l.add(NModule, r.Range.Loc.Start, l.strings.name(r.Path.Text), 0)
}

func (l *lowering) importStmt(s *esbuild.SImport, pos int32) {
	l.m.ESM = true
	module := l.specifier(s.ImportRecordIndex)
	if s.DefaultName != nil {
		value := l.add(NMember, pos, int32(module), l.strings.name("default"))
		l.assign(s.DefaultName.Ref, value, pos)
	}
	if s.Items != nil {
		for _, item := range *s.Items {
			value := l.add(NMember, item.AliasLoc.Start, int32(module), l.strings.name(item.Alias))
			l.m.Nodes[value].Flags |= FlagOptional
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
