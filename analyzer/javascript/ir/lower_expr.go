package ir

import (
	"strings"

	esbuild "github.com/evanw/esbuild/lockwarden"
)

// MaxElements is up to how many elements an array is one of constants; in longer
// ones numbers are left out, and nobody puts the whole together.
const MaxElements = 4096

func (l *lowering) exprs(list []esbuild.Expr) (ids []int32, spread bool) {
	ids = make([]int32, 0, len(list))
	for _, e := range list {
		if _, ok := e.Data.(*esbuild.ESpread); ok {
			spread = true
		}
		ids = append(ids, int32(l.expr(e)))
	}
	return ids, spread
}

func (l *lowering) expr(e esbuild.Expr) NodeID {
	pos := e.Loc.Start
	switch x := e.Data.(type) {
	case *esbuild.EString:
		id := l.add(NString, pos, l.strings.Literal(esbuild.String(x.Value)), 0)
		if l.decoded[x] {
			l.m.Nodes[id].Flags |= FlagDecoded
		}
		return id
	case *esbuild.ENumber:
		l.m.Numbers = append(l.m.Numbers, x.Value)
		return l.add(NNumber, pos, int32(len(l.m.Numbers)-1), 0)
	case *esbuild.EBoolean:
		if x.Value {
			return l.add(NBool, pos, 1, 0)
		}
		return l.add(NBool, pos, 0, 0)
	case *esbuild.EIdentifier:
		return l.read(x.Ref, pos)
	case *esbuild.EImportIdentifier:
		return l.read(x.Ref, pos)
	case *esbuild.EDot:
		return l.dot(x, pos)
	case *esbuild.EIndex:
		target := l.target(x.Target)
		id := l.member(target, x.Index, pos)
		if name, ok := x.Index.Data.(*esbuild.EString); ok && !SpelledAt(l.tree.Text, int(x.Index.Loc.Start), esbuild.String(name.Value)) {
			l.m.Nodes[id].Flags |= FlagHidden
		}
		l.places[id] = x.Index.Loc.Start
		return id
	case *esbuild.ECall:
		callee := l.target(x.Target)
		args, spread := l.exprs(x.Args)
		id := l.add(NCall, pos, int32(callee), l.m.addList(args...))
		if spread {
			l.m.Nodes[id].Flags |= FlagSpread
		}
		if url, ok := parametersOf(x.Target); ok && len(args) > 1 {
			// A URL is its text: what is added to its parameters is in it.
			l.assignTo(url, l.add(NUnknown, pos, args[0], args[1]), pos)
		}
		if len(args) > 0 && l.isAwait(x.Target) {
			// Whoever loads it as a module waits.
			value := l.add(NAwait, pos, args[len(args)-1], 0)
			return l.add(NJoin, pos, 0, l.m.addList(int32(id), int32(value)))
		}
		return id
	case *esbuild.ENew:
		callee := l.target(x.Target)
		args, spread := l.exprs(x.Args)
		id := l.add(NNew, pos, int32(callee), l.m.addList(args...))
		if spread {
			l.m.Nodes[id].Flags |= FlagSpread
		}
		return id
	case *esbuild.EArrow:
		f := l.newFunction("", pos, l.current)
		f.Arrow, f.Async, f.Rest = true, x.IsAsync, x.HasRestArg
		l.pending = append(l.pending, pendingFunction{f: f, args: x.Args, body: x.Body.Block.Stmts})
		return l.add(NFunction, pos, f.Index, 0)
	case *esbuild.EFunction:
		name := ""
		if x.Fn.Name != nil {
			name = l.tree.Symbols[x.Fn.Name.Ref.InnerIndex].OriginalName
		}
		f := l.addFunction(name, pos, &x.Fn)
		id := l.add(NFunction, pos, f.Index, 0)
		if x.Fn.Name != nil {
			l.assign(x.Fn.Name.Ref, id, pos)
		}
		return id
	case *esbuild.EClass:
		return l.class(&x.Class, pos)
	case *esbuild.EObject:
		return l.object(x.Properties, pos)
	case *esbuild.EArray:
		return l.array(x, pos)
	case *esbuild.ETemplate:
		return l.template(x, pos)
	case *esbuild.EBinary:
		return l.binary(x, pos)
	case *esbuild.EUnary:
		return l.unary(x, pos)
	case *esbuild.EIf:
		l.expr(x.Test)
		yes, no := l.expr(x.Yes), l.expr(x.No)
		return l.add(NJoin, pos, 0, l.m.addList(int32(yes), int32(no)))
	case *esbuild.ESpread:
		return l.add(NSpread, pos, int32(l.expr(x.Value)), 0)
	case *esbuild.EAwait:
		if l.current == l.field {
			// The field's value is computed by a function of its own, in which
			// await is a name: what follows may be a division, not a pattern.
			l.misread = max(pos, 1)
		}
		return l.add(NAwait, pos, int32(l.expr(x.Value)), 0)
	case *esbuild.EYield:
		value := NoNode
		if x.ValueOrNil.Data != nil {
			value = l.expr(x.ValueOrNil)
		}
		return l.add(NYield, pos, int32(value), 0)
	case *esbuild.EThis:
		return l.add(NThis, pos, 0, 0)
	case *esbuild.ESuper:
		return l.add(NSuper, pos, 0, 0)
	case *esbuild.ERegExp:
		return l.add(NRegExp, pos, l.strings.Literal(x.Value), 0)
	case *esbuild.ENull, *esbuild.EUndefined:
		return l.add(NNull, pos, 0, 0)
	case *esbuild.EImportMeta:
		return l.add(NMeta, pos, 0, 0)
	case *esbuild.EAnnotation:
		return l.expr(x.Value)
	case *esbuild.EInlinedEnum:
		return l.expr(x.Value)
	case *esbuild.ERequireString:
		return l.requireString(x.ImportRecordIndex, pos)
	case *esbuild.ERequireResolveString:
		r := &l.tree.ImportRecords[x.ImportRecordIndex]
		return l.add(NString, pos, l.strings.Literal(r.Path.Text), 0)
	case *esbuild.EImportString:
		r := &l.tree.ImportRecords[x.ImportRecordIndex]
		text := l.add(NString, r.Range.Loc.Start, l.strings.Literal(r.Path.Text), 0)
		return l.add(NImport, pos, int32(text), 0)
	case *esbuild.EImportCall:
		value := l.expr(x.Expr)
		l.maybe(x.OptionsOrNil)
		return l.add(NImport, pos, int32(value), 0)
	case *esbuild.EJSXElement:
		return l.jsx(x, pos)
	}
	return l.add(NUnknown, pos, -1, -1)
}

// target lowers the object of a property read or the callee of a call, which
// is then no read of its own.
func (l *lowering) target(e esbuild.Expr) NodeID {
	if comma, ok := e.Data.(*esbuild.EBinary); ok && comma.Op == esbuild.BinOpComma {
		l.expr(comma.Left) // (0, x.y)(…)
		return l.target(comma.Right)
	}
	id := l.expr(e)
	if k := l.m.Nodes[id].Kind; k == NMember || k == NIndex || k == NGlobal {
		l.m.Nodes[id].Flags |= FlagOptional
	}
	return id
}

// parametersOf is the URL to whose parameters a call of the callee adds: url of
// url.searchParams.set.
func parametersOf(callee esbuild.Expr) (esbuild.Expr, bool) {
	method, ok := callee.Data.(*esbuild.EDot)
	if !ok || method.Name != "set" && method.Name != "append" {
		return esbuild.Expr{}, false
	}
	parameters, ok := method.Target.Data.(*esbuild.EDot)
	if !ok || parameters.Name != "searchParams" {
		return esbuild.Expr{}, false
	}
	switch parameters.Target.Data.(type) {
	case *esbuild.EIdentifier, *esbuild.EDot:
		return parameters.Target, true
	}
	return esbuild.Expr{}, false
}

// isAwait reports whether a callee is a variable of the name await that nobody
// declares: a keyword where the text is a module, and only a name in CommonJS.
func (l *lowering) isAwait(callee esbuild.Expr) bool {
	id, ok := callee.Data.(*esbuild.EIdentifier)
	if !ok {
		return false
	}
	symbol := &l.tree.Symbols[id.Ref.InnerIndex]
	return symbol.Kind == esbuild.SymbolUnbound && symbol.OriginalName == "await"
}

func (l *lowering) dot(x *esbuild.EDot, pos int32) NodeID {
	if _, ok := x.Target.Data.(*esbuild.EImportMeta); ok {
		meta := l.add(NMeta, pos, 0, 0)
		return l.add(NMember, pos, int32(meta), l.strings.name(x.Name))
	}
	target := l.target(x.Target)
	// The name's own position: a chain of calls spans many lines.
	return l.add(NMember, x.NameLoc.Start, int32(target), l.strings.name(x.Name))
}

func (l *lowering) requireString(record uint32, pos int32) NodeID {
	r := &l.tree.ImportRecords[record]
	callee := l.add(NGlobal, pos, l.strings.name("require"), 0)
	text := l.add(NString, r.Range.Loc.Start, l.strings.Literal(r.Path.Text), 0)
	return l.add(NCall, pos, int32(callee), l.m.addList(int32(text)))
}

func (l *lowering) array(x *esbuild.EArray, pos int32) NodeID {
	ids := make([]int32, 0, min(len(x.Items), 2*MaxElements))
	for i, item := range x.Items {
		if i >= MaxElements {
			switch item.Data.(type) {
			case *esbuild.ENumber, *esbuild.EBoolean, *esbuild.ENull:
				ids = append(ids, int32(NoNode)) // a table of numbers is as good without them
				continue
			}
		}
		ids = append(ids, int32(l.expr(item)))
	}
	return l.add(NArray, pos, 0, l.m.addList(ids...))
}

func (l *lowering) object(properties []esbuild.Property, pos int32) NodeID {
	items := make([]int32, 0, 2*len(properties))
	for i := range properties {
		p := &properties[i]
		if p.Kind == esbuild.PropertySpread {
			items = append(items, KeySpread, int32(l.expr(p.ValueOrNil)))
			continue
		}
		if p.ValueOrNil.Data == nil {
			continue
		}
		key, constant := l.constantKey(p.Key)
		name := ""
		if constant {
			name = l.strings.All[key]
		} else {
			key = -2 - int32(l.expr(p.Key))
		}
		value := l.named(p.ValueOrNil, name)
		if n := &l.m.Nodes[value]; n.Kind == NFunction {
			f := l.functions[n.A]
			f.Method = p.Kind == esbuild.PropertyMethod
			f.Getter, f.Setter = p.Kind == esbuild.PropertyGetter, p.Kind == esbuild.PropertySetter
		}
		items = append(items, key, int32(value))
	}
	return l.add(NObject, pos, 0, l.m.addList(items...))
}

func (l *lowering) template(x *esbuild.ETemplate, pos int32) NodeID {
	if x.TagOrNil.Data != nil {
		tag := l.target(x.TagOrNil)
		args := []int32{int32(l.add(NString, pos, l.strings.Literal(rawTemplate(x)), 0))}
		for _, part := range x.Parts {
			args = append(args, int32(l.expr(part.Value)))
		}
		return l.add(NTagged, pos, int32(tag), l.m.addList(args...))
	}
	items := make([]int32, 0, 2*len(x.Parts)+1)
	text := func(s []uint16) {
		if len(s) > 0 {
			items = append(items, int32(l.add(NString, pos, l.strings.Literal(esbuild.String(s)), 0)))
		}
	}
	text(x.HeadCooked)
	if len(items) == 0 {
		items = append(items, int32(l.add(NString, pos, l.strings.Literal(""), 0))) // its parts are texts, not numbers to add
	}
	for _, part := range x.Parts {
		items = append(items, int32(l.expr(part.Value)))
		text(part.TailCooked)
	}
	return l.add(NConcat, pos, 0, l.m.addList(items...))
}

func rawTemplate(x *esbuild.ETemplate) string {
	var b strings.Builder
	b.WriteString(x.HeadRaw)
	for _, part := range x.Parts {
		b.WriteString(Hole)
		b.WriteString(part.TailRaw)
	}
	return b.String()
}

func (l *lowering) unary(x *esbuild.EUnary, pos int32) NodeID {
	switch x.Op {
	case esbuild.UnOpTypeof, esbuild.UnOpDelete:
		operand := l.target(x.Value)
		kind := NTypeof
		if x.Op == esbuild.UnOpDelete {
			kind = NDelete
		}
		return l.add(kind, pos, int32(operand), 0)
	case esbuild.UnOpNeg:
		return l.add(NNegate, pos, int32(l.expr(x.Value)), 0)
	case esbuild.UnOpVoid:
		l.expr(x.Value)
		return l.add(NNull, pos, 0, 0)
	}
	operand := l.expr(x.Value)
	if x.Op == esbuild.UnOpNot {
		return l.add(NUnknown, pos, -1, -1)
	}
	return l.add(NUnknown, pos, int32(operand), -1)
}

func (l *lowering) binary(x *esbuild.EBinary, pos int32) NodeID {
	switch x.Op {
	case esbuild.BinOpAdd:
		return l.concat(x, pos)
	case esbuild.BinOpComma:
		// A chain of commas is as long as a minified file: no recursion.
		var chain []esbuild.Expr
		var e esbuild.Expr = esbuild.Expr{Data: x, Loc: esbuild.Loc{Start: pos}}
		for {
			c, ok := e.Data.(*esbuild.EBinary)
			if !ok || c.Op != esbuild.BinOpComma {
				break
			}
			chain = append(chain, c.Right)
			e = c.Left
		}
		l.expr(e)
		var last NodeID
		for i := len(chain) - 1; i >= 0; i-- {
			last = l.expr(chain[i])
		}
		return last
	case esbuild.BinOpAssign:
		value := l.assigned(x)
		l.assignTo(x.Left, value, pos)
		return value
	case esbuild.BinOpAddAssign:
		left := l.expr(x.Left)
		right := l.expr(x.Right)
		value := l.add(NConcat, pos, 0, l.m.addList(int32(left), int32(right)))
		l.assignTo(x.Left, value, pos)
		return value
	case esbuild.BinOpLogicalOrAssign, esbuild.BinOpLogicalAndAssign, esbuild.BinOpNullishCoalescingAssign:
		left := l.expr(x.Left)
		right := l.assigned(x)
		value := l.add(NJoin, pos, 0, l.m.addList(int32(left), int32(right)))
		l.assignTo(x.Left, value, pos)
		return value
	case esbuild.BinOpLogicalOr, esbuild.BinOpNullishCoalescing:
		left, right := l.expr(x.Left), l.expr(x.Right)
		l.namespace(x, right)
		return l.add(NJoin, pos, 0, l.m.addList(int32(left), int32(right)))
	case esbuild.BinOpLogicalAnd:
		left, right := l.expr(x.Left), l.expr(x.Right)
		// a && b is b where it matters; a falsy a is no module or function.
		_ = left
		return l.add(NJoin, pos, 0, l.m.addList(int32(right)))
	case esbuild.BinOpSub, esbuild.BinOpMul, esbuild.BinOpBitwiseXor:
		left, right := l.expr(x.Left), l.expr(x.Right)
		id := l.add(NArithmetic, pos, int32(left), int32(right))
		l.m.Nodes[id].Flags = map[esbuild.OpCode]uint8{esbuild.BinOpSub: '-', esbuild.BinOpMul: '*', esbuild.BinOpBitwiseXor: '^'}[x.Op]
		return id
	}
	if x.Op > esbuild.BinOpAssign {
		left := l.expr(x.Left)
		right := l.expr(x.Right)
		value := l.add(NUnknown, pos, int32(left), int32(right))
		l.assignTo(x.Left, value, pos)
		return value
	}
	left, right := l.expr(x.Left), l.expr(x.Right)
	id := l.add(NEqual, pos, int32(left), int32(right))
	switch x.Op {
	case esbuild.BinOpStrictEq, esbuild.BinOpStrictNe, esbuild.BinOpInstanceof, esbuild.BinOpIn, esbuild.BinOpLooseEq, esbuild.BinOpLooseNe:
		l.m.Nodes[id].Flags |= FlagStrict // == converts where the other side is a text: seldom enough
	}
	return id
}

// namespace marks the object in "x || (x = {})".
func (l *lowering) namespace(x *esbuild.EBinary, right NodeID) {
	name, ok := x.Left.Data.(*esbuild.EIdentifier)
	assign, isAssign := x.Right.Data.(*esbuild.EBinary)
	if !ok || !isAssign || assign.Op != esbuild.BinOpAssign || l.m.Nodes[right].Kind != NObject ||
		l.tree.Symbols[name.Ref.InnerIndex].Kind == esbuild.SymbolUnbound {
		return
	}
	if target, ok := assign.Left.Data.(*esbuild.EIdentifier); ok && target.Ref == name.Ref && len(l.m.List(l.m.Nodes[right].B)) == 0 {
		l.m.Nodes[right].Flags |= FlagNamespace
		l.m.Nodes[right].A = l.sym(name.Ref)
	}
}

func (l *lowering) assigned(x *esbuild.EBinary) NodeID {
	name := ""
	switch left := x.Left.Data.(type) {
	case *esbuild.EIdentifier:
		name = l.tree.Symbols[left.Ref.InnerIndex].OriginalName
	case *esbuild.EDot:
		name = left.Name
	}
	return l.named(x.Right, name)
}

// concat flattens a chain of additions, which is as deep as it is long.
func (l *lowering) concat(x *esbuild.EBinary, pos int32) NodeID {
	var chain []esbuild.Expr
	e := esbuild.Expr{Data: x}
	for {
		c, ok := e.Data.(*esbuild.EBinary)
		if !ok || c.Op != esbuild.BinOpAdd {
			break
		}
		chain = append(chain, c.Right)
		e = c.Left
	}
	items := make([]int32, 0, len(chain)+1)
	items = append(items, int32(l.expr(e)))
	for i := len(chain) - 1; i >= 0; i-- {
		items = append(items, int32(l.expr(chain[i])))
	}
	return l.add(NConcat, pos, 0, l.m.addList(items...))
}

// assignTo lowers an assignment's left side.
func (l *lowering) assignTo(target esbuild.Expr, value NodeID, pos int32) {
	switch t := target.Data.(type) {
	case *esbuild.EIdentifier:
		if l.tree.Symbols[t.Ref.InnerIndex].Kind == esbuild.SymbolUnbound {
			name := l.strings.name(l.tree.Symbols[t.Ref.InnerIndex].OriginalName)
			if l.strings.All[name] == "exports" || l.strings.All[name] == "module" {
				return
			}
			global := l.add(NGlobal, pos, l.strings.name("globalThis"), 0)
			l.m.Nodes[global].Flags |= FlagOptional
			l.add(NSet, pos, l.m.addList(int32(global), int32(NoNode), name, int32(value)), 0)
			return
		}
		l.assign(t.Ref, value, pos)
	case *esbuild.EImportIdentifier:
		l.assign(t.Ref, value, pos)
	case *esbuild.EDot:
		object := l.target(t.Target)
		l.add(NSet, t.NameLoc.Start, l.m.addList(int32(object), int32(NoNode), l.strings.name(t.Name), int32(value)), 0)
	case *esbuild.EIndex:
		object := l.target(t.Target)
		if name, ok := l.constantKey(t.Index); ok {
			l.add(NSet, pos, l.m.addList(int32(object), int32(NoNode), name, int32(value)), 0)
			return
		}
		key := l.expr(t.Index)
		l.add(NSet, pos, l.m.addList(int32(object), int32(key), 0, int32(value)), 0)
	case *esbuild.EArray:
		for i, item := range t.Items {
			if spread, ok := item.Data.(*esbuild.ESpread); ok {
				l.assignTo(spread.Value, l.add(NRest, pos, int32(value), int32(i)), pos)
				continue
			}
			element := l.add(NMember, pos, int32(value), l.strings.name(FormatNumber(float64(i))))
			l.assignPattern(item, element, pos)
		}
	case *esbuild.EObject:
		for i := range t.Properties {
			p := &t.Properties[i]
			if p.ValueOrNil.Data == nil {
				continue
			}
			if p.Kind == esbuild.PropertySpread {
				l.assignTo(p.ValueOrNil, l.add(NRest, pos, int32(value), 0), pos)
				continue
			}
			member := l.withDefault(l.member(value, p.Key, p.Loc.Start), p.InitializerOrNil)
			l.assignPattern(p.ValueOrNil, member, pos)
		}
	default:
		l.expr(target)
	}
}

// assignPattern is assignTo for a pattern's element, which may have a default.
func (l *lowering) assignPattern(target esbuild.Expr, value NodeID, pos int32) {
	if x, ok := target.Data.(*esbuild.EBinary); ok && x.Op == esbuild.BinOpAssign {
		l.assignTo(x.Left, l.withDefault(value, x.Right), pos)
		return
	}
	l.assignTo(target, value, pos)
}

// class lowers a class to its constructor's function and its members.
func (l *lowering) class(c *esbuild.Class, pos int32) NodeID {
	name := ""
	if c.Name != nil {
		name = l.tree.Symbols[c.Name.Ref.InnerIndex].OriginalName
	}
	l.decorators(c.Decorators)
	extends := int32(NoNode)
	if c.ExtendsOrNil.Data != nil {
		extends = int32(l.expr(c.ExtendsOrNil))
	}
	constructor := l.newFunction(name, pos, l.current)
	constructor.Constructor = constructor.Index
	items := []int32{extends}
	hasConstructor := false
	for i := range c.Properties {
		p := &c.Properties[i]
		l.decorators(p.Decorators)
		if fn, ok := p.ValueOrNil.Data.(*esbuild.EFunction); ok {
			for i := range fn.Fn.Args {
				l.decorators(fn.Fn.Args[i].Decorators)
			}
		}
		if p.Kind == esbuild.PropertyClassStaticBlock {
			block := l.newFunction(name, p.Loc.Start, l.current)
			block.Constructor = constructor.Index
			l.pending = append(l.pending, pendingFunction{f: block, body: p.ClassStaticBlock.Block.Stmts})
			value := l.add(NFunction, p.Loc.Start, block.Index, 0)
			l.add(NCall, p.Loc.Start, int32(value), l.m.addList())
			continue
		}
		key, constant := l.constantKey(p.Key)
		keyName := ""
		if constant {
			keyName = l.strings.All[key]
		} else {
			key = -2 - int32(l.expr(p.Key))
		}
		static := int32(0)
		if p.Flags&esbuild.PropertyIsStatic != 0 {
			static = 1
		}
		if fn, ok := p.ValueOrNil.Data.(*esbuild.EFunction); ok && p.Kind == esbuild.PropertyMethod && static == 0 && keyName == "constructor" {
			hasConstructor = true
			constructor.Async, constructor.Rest = false, fn.Fn.HasRestArg
			l.pending = append(l.pending, pendingFunction{f: constructor, args: fn.Fn.Args, body: fn.Fn.Body.Block.Stmts})
			continue
		}
		value := NoNode
		switch {
		case p.ValueOrNil.Data != nil:
			value = l.named(p.ValueOrNil, keyName)
			if n := &l.m.Nodes[value]; n.Kind == NFunction {
				f := l.functions[n.A]
				f.Constructor, f.Method = constructor.Index, true
				f.Getter, f.Setter = p.Kind == esbuild.PropertyGetter, p.Kind == esbuild.PropertySetter
			}
		case p.InitializerOrNil.Data != nil:
			// A field's initializer is a function of its own; `this` is the instance,
			// or the class.
			field := l.newFunction(keyName, p.Loc.Start, l.current)
			field.Constructor, field.Field = constructor.Index, true
			l.pending = append(l.pending, pendingFunction{f: field, field: p.InitializerOrNil})
			value = l.add(NFunction, p.Loc.Start, field.Index, 0)
		default:
			continue
		}
		items = append(items, static, key, int32(value))
	}
	if !hasConstructor {
		l.pending = append(l.pending, pendingFunction{f: constructor, derived: c.ExtendsOrNil.Data != nil})
	}
	id := l.add(NClass, pos, constructor.Index, l.m.addList(items...))
	if c.Name != nil {
		l.assign(c.Name.Ref, id, pos)
	}
	return id
}

// decorators are expressions whose values are called.
func (l *lowering) decorators(list []esbuild.Decorator) {
	for _, d := range list {
		value := l.target(d.Value)
		l.add(NCall, d.AtLoc.Start, int32(value), l.m.addList())
	}
}

func (l *lowering) jsx(x *esbuild.EJSXElement, pos int32) NodeID {
	items := []int32{int32(NoNode)}
	if x.TagOrNil.Data != nil {
		items[0] = int32(l.expr(x.TagOrNil))
	}
	for i := range x.Properties {
		if x.Properties[i].ValueOrNil.Data != nil {
			items = append(items, int32(l.expr(x.Properties[i].ValueOrNil)))
		}
	}
	for _, child := range x.NullableChildren {
		if child.Data != nil {
			items = append(items, int32(l.expr(child)))
		}
	}
	return l.add(NJSX, pos, 0, l.m.addList(items...))
}

func (l *lowering) withDefault(value NodeID, fallback esbuild.Expr) NodeID {
	if fallback.Data == nil {
		return value
	}
	other := l.expr(fallback)
	return l.add(NJoin, fallback.Loc.Start, 0, l.m.addList(int32(value), int32(other)))
}

// member reads the property that key names.
func (l *lowering) member(object NodeID, key esbuild.Expr, pos int32) NodeID {
	if name, ok := l.constantKey(key); ok {
		return l.add(NMember, pos, int32(object), name)
	}
	k := l.expr(key)
	return l.add(NIndex, pos, int32(object), int32(k))
}

func (l *lowering) constantKey(key esbuild.Expr) (int32, bool) {
	switch k := key.Data.(type) {
	case *esbuild.EString:
		return l.strings.name(esbuild.String(k.Value)), true
	case *esbuild.ENumber:
		return l.strings.name(FormatNumber(k.Value)), true
	case *esbuild.EPrivateIdentifier:
		return l.strings.name(l.tree.Symbols[k.Ref.InnerIndex].OriginalName), true
	case *esbuild.EInlinedEnum:
		return l.constantKey(k.Value)
	}
	return 0, false
}

func (l *lowering) maybe(e esbuild.Expr) {
	if e.Data != nil {
		l.expr(e)
	}
}

// named lowers an expression that takes the name of what it is assigned to.
func (l *lowering) named(e esbuild.Expr, name string) NodeID {
	value := l.expr(e)
	if n := &l.m.Nodes[value]; n.Kind == NFunction {
		if f := l.functions[n.A]; f.Name == "" {
			f.Name = l.strings.share(name)
		}
	}
	return value
}
