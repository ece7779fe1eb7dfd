package decode

import (
	"math"
	"strings"

	esbuild "github.com/evanw/esbuild/lockwarden"

	"github.com/lockwarden/lockwarden/analyzer/javascript/builtin"
)

// eval evaluates an expression.
func (m *machine) eval(e esbuild.Expr, s *scope) any {
	m.step(1)
	if m.nested++; m.nested > maxNested {
		impure()
	}
	defer func() { m.nested-- }()
	switch x := e.Data.(type) {
	case *esbuild.EString:
		return m.text(builtin.FromUnits(x.Value))
	case *esbuild.ENumber:
		return x.Value
	case *esbuild.EBoolean:
		return x.Value
	case *esbuild.ENull:
		return null{}
	case *esbuild.EUndefined, *esbuild.EMissing:
		return nil
	case *esbuild.EInlinedEnum:
		return m.eval(x.Value, s)
	case *esbuild.EAnnotation:
		return m.eval(x.Value, s)
	case *esbuild.EIdentifier:
		return m.lookup(x.Ref, s)
	case *esbuild.EThis:
		if s != nil {
			return s.this
		}
		impure()
	case *esbuild.ERegExp:
		return builtin.PatternOf(x.Value)
	case *esbuild.EArray:
		a := &array{}
		for _, item := range x.Items {
			switch part := item.Data.(type) {
			case *esbuild.ESpread:
				a.items = append(a.items, m.elements(m.eval(part.Value, s))...)
			case *esbuild.EMissing:
				a.items = append(a.items, builtin.Hole{})
			default:
				a.items = append(a.items, m.eval(item, s))
			}
		}
		return a
	case *esbuild.EObject:
		return m.literal(x, s)
	case *esbuild.EClass:
		return m.newClass(&x.Class, s)
	case *esbuild.EYield:
		return m.yields(x, s)
	case *esbuild.EAwait:
		v := m.eval(x.Value, s)
		if o, is := v.(*object); is {
			if _, has := o.Get("then"); has {
				impure()
			}
		}
		return v
	case *esbuild.EFunction, *esbuild.EArrow:
		return m.closure(e, s)
	case *esbuild.EIf:
		if truthy(m.eval(x.Test, s)) {
			return m.eval(x.Yes, s)
		}
		return m.eval(x.No, s)
	case *esbuild.ETemplate:
		raw := x.TagOrNil.Data != nil
		if raw && !m.isRaw(x.TagOrNil) {
			impure()
		}
		text := func(cooked []uint16, raw string) string {
			if x.TagOrNil.Data != nil {
				return raw
			}
			return builtin.FromUnits(cooked)
		}
		out := text(x.HeadCooked, x.HeadRaw)
		for _, part := range x.Parts {
			out = m.concat(m.concat(out, toText(m, m.eval(part.Value, s))), text(part.TailCooked, part.TailRaw))
		}
		return m.text(out)
	case *esbuild.EUnary:
		return m.unary(x, s)
	case *esbuild.EBinary:
		return m.binary(x, s)
	case *esbuild.EDot:
		return m.member(m.eval(x.Target, s), x.Name)
	case *esbuild.EIndex:
		return m.member(m.eval(x.Target, s), m.eval(x.Index, s))
	case *esbuild.ERequireString:
		return m.required(m.tree.ImportRecords[x.ImportRecordIndex].Path.Text)
	case *esbuild.ECall:
		return m.call(x, s, e.Loc.Start)
	case *esbuild.ENew:
		return m.construct(x, s, e.Loc.Start)
	}
	impure()
	return nil
}

func (m *machine) unary(x *esbuild.EUnary, s *scope) any {
	switch x.Op {
	case esbuild.UnOpNot:
		return !truthy(m.eval(x.Value, s))
	case esbuild.UnOpPos:
		return toNumber(m, m.eval(x.Value, s))
	case esbuild.UnOpNeg:
		return -toNumber(m, m.eval(x.Value, s))
	case esbuild.UnOpCpl:
		return float64(^toInt32(m, m.eval(x.Value, s)))
	case esbuild.UnOpVoid:
		m.eval(x.Value, s)
		return nil
	case esbuild.UnOpDelete:
		return m.deleted(x.Value, s)
	case esbuild.UnOpTypeof:
		switch m.eval(x.Value, s).(type) {
		case nil:
			return "undefined"
		case string:
			return "string"
		case float64:
			return "number"
		case bool:
			return "boolean"
		case *closure, native, *class:
			return "function"
		}
		return "object"
	case esbuild.UnOpPreInc, esbuild.UnOpPreDec, esbuild.UnOpPostInc, esbuild.UnOpPostDec:
		before := toNumber(m, m.eval(x.Value, s))
		after := before + 1
		if x.Op == esbuild.UnOpPreDec || x.Op == esbuild.UnOpPostDec {
			after = before - 1
		}
		m.assign(x.Value, after, s)
		if x.Op == esbuild.UnOpPreInc || x.Op == esbuild.UnOpPreDec {
			return after
		}
		return before
	}
	impure()
	return nil
}

// plain is the operator of an assignment: + of +=.
var plain = map[esbuild.OpCode]esbuild.OpCode{
	esbuild.BinOpAddAssign: esbuild.BinOpAdd, esbuild.BinOpSubAssign: esbuild.BinOpSub,
	esbuild.BinOpMulAssign: esbuild.BinOpMul, esbuild.BinOpDivAssign: esbuild.BinOpDiv,
	esbuild.BinOpRemAssign: esbuild.BinOpRem, esbuild.BinOpPowAssign: esbuild.BinOpPow,
	esbuild.BinOpShlAssign: esbuild.BinOpShl, esbuild.BinOpShrAssign: esbuild.BinOpShr,
	esbuild.BinOpUShrAssign: esbuild.BinOpUShr, esbuild.BinOpBitwiseOrAssign: esbuild.BinOpBitwiseOr,
	esbuild.BinOpBitwiseAndAssign: esbuild.BinOpBitwiseAnd, esbuild.BinOpBitwiseXorAssign: esbuild.BinOpBitwiseXor,
}

func (m *machine) binary(x *esbuild.EBinary, s *scope) any {
	switch x.Op {
	case esbuild.BinOpComma:
		m.eval(x.Left, s)
		return m.eval(x.Right, s)
	case esbuild.BinOpLogicalAnd:
		if v := m.eval(x.Left, s); !truthy(v) {
			return v
		}
		return m.eval(x.Right, s)
	case esbuild.BinOpLogicalOr:
		if v := m.eval(x.Left, s); truthy(v) {
			return v
		}
		return m.eval(x.Right, s)
	case esbuild.BinOpNullishCoalescing:
		v := m.eval(x.Left, s)
		if _, isNull := v.(null); v != nil && !isNull {
			return v
		}
		return m.eval(x.Right, s)
	case esbuild.BinOpAssign:
		v := m.eval(x.Right, s)
		m.assign(x.Left, v, s)
		return v
	case esbuild.BinOpLogicalOrAssign, esbuild.BinOpLogicalAndAssign, esbuild.BinOpNullishCoalescingAssign:
		v := m.eval(x.Left, s)
		_, isNull := v.(null)
		keep := v != nil && !isNull
		if x.Op != esbuild.BinOpNullishCoalescingAssign {
			keep = truthy(v) == (x.Op == esbuild.BinOpLogicalOrAssign)
		}
		if keep {
			return v
		}
		v = m.eval(x.Right, s)
		m.assign(x.Left, v, s)
		return v
	}
	if op, ok := plain[x.Op]; ok {
		v := m.operate(op, m.eval(x.Left, s), m.eval(x.Right, s))
		m.assign(x.Left, v, s)
		return v
	}
	return m.operate(x.Op, m.eval(x.Left, s), m.eval(x.Right, s))
}

func (m *machine) operate(op esbuild.OpCode, a, b any) any {
	switch op {
	case esbuild.BinOpAdd:
		if isNumeric(a) && isNumeric(b) {
			return toNumber(m, a) + toNumber(m, b)
		}
		return m.concat(toText(m, a), toText(m, b))
	case esbuild.BinOpSub:
		return toNumber(m, a) - toNumber(m, b)
	case esbuild.BinOpMul:
		return toNumber(m, a) * toNumber(m, b)
	case esbuild.BinOpDiv:
		return toNumber(m, a) / toNumber(m, b)
	case esbuild.BinOpRem:
		return math.Mod(toNumber(m, a), toNumber(m, b))
	case esbuild.BinOpPow:
		v, ok := builtin.Power(toNumber(m, a), toNumber(m, b))
		if !ok {
			impure()
		}
		return v
	case esbuild.BinOpLt, esbuild.BinOpLe, esbuild.BinOpGt, esbuild.BinOpGe:
		return m.order(op, a, b)
	case esbuild.BinOpShl:
		return float64(toInt32(m, a) << (toUint32(m, b) & 31))
	case esbuild.BinOpShr:
		return float64(toInt32(m, a) >> (toUint32(m, b) & 31))
	case esbuild.BinOpUShr:
		return float64(toUint32(m, a) >> (toUint32(m, b) & 31))
	case esbuild.BinOpBitwiseOr:
		return float64(toInt32(m, a) | toInt32(m, b))
	case esbuild.BinOpBitwiseAnd:
		return float64(toInt32(m, a) & toInt32(m, b))
	case esbuild.BinOpBitwiseXor:
		return float64(toInt32(m, a) ^ toInt32(m, b))
	case esbuild.BinOpLooseEq:
		return looseEqual(m, a, b)
	case esbuild.BinOpLooseNe:
		return !looseEqual(m, a, b)
	case esbuild.BinOpStrictEq:
		return strictEqual(a, b)
	case esbuild.BinOpStrictNe:
		return !strictEqual(a, b)
	case esbuild.BinOpIn:
		switch o := b.(type) {
		case *object:
			if _, has := o.Get(toText(m, a)); has || o.kind == "" && o.class == nil && !inherited[toText(m, a)] {
				return has
			}
		case *array:
			if i, ok := index(a); ok {
				return i < len(o.items) && o.items[i] != (builtin.Hole{})
			}
		}
	}
	impure()
	return nil
}

func isNumeric(v any) bool {
	switch v.(type) {
	case nil, null, bool, float64:
		return true
	}
	return false
}

func (m *machine) order(op esbuild.OpCode, a, b any) bool {
	x, xText := a.(string)
	y, yText := b.(string)
	if xText && yText {
		switch op {
		case esbuild.BinOpLt:
			return builtin.Before(x, y)
		case esbuild.BinOpLe:
			return !builtin.Before(y, x)
		case esbuild.BinOpGt:
			return builtin.Before(y, x)
		}
		return !builtin.Before(x, y)
	}
	p, q := toNumber(m, a), toNumber(m, b)
	switch op {
	case esbuild.BinOpLt:
		return p < q
	case esbuild.BinOpLe:
		return p <= q
	case esbuild.BinOpGt:
		return p > q
	}
	return p >= q
}

// inherited are the names that every object has.
var inherited = wordSet(`constructor __proto__ __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__
	hasOwnProperty isPrototypeOf
	propertyIsEnumerable toLocaleString toString valueOf`)

// member reads a property.
func (m *machine) member(of, key any) any {
	switch o := of.(type) {
	case nil, null:
		panic(thrown{"it has no properties"})
	case string:
		if i, ok := index(key); ok {
			v, _ := m.indexed(o).Method("at", []any{float64(i)})
			return v
		}
		switch key {
		case "length":
			return float64(m.indexed(o).Length())
		case "constructor":
			return native{name: "String"}
		}
		return methodOf("String", builtin.IsTextMethod, toText(m, key), o)
	case *array:
		if i, ok := index(key); ok {
			if i < len(o.items) {
				return filled(o.items[i])
			}
			return nil
		}
		switch key {
		case "length":
			return float64(len(o.items))
		case "constructor":
			return native{name: "Array"}
		case "index", "input", "groups":
			if o.match {
				impure()
			}
		}
		return methodOf("Array", builtin.IsListMethod, toText(m, key), o)
	case *object:
		return m.property(o, toText(m, key))
	case float64:
		if key == "constructor" {
			return native{name: "Number"}
		}
		return native{name: "Number." + toText(m, key), this: o}
	case bool:
		if key == "constructor" {
			return native{name: "Boolean"}
		}
		return native{name: "Boolean." + toText(m, key), this: o}
	case *closure, native:
		return m.memberOfFunction(of, key)
	case *class:
		if v, has := o.statics.Get(toText(m, key)); has {
			return v
		}
	case *view:
		size := builtin.Size(o.kind)
		if i, ok := index(key); ok {
			if (i+1)*size <= len(o.raw) {
				return builtin.Element(o.kind, o.raw[i*size:])
			}
			return nil
		}
		switch key {
		case "length":
			return float64(len(o.raw) / max(size, 1))
		case "byteLength":
			return float64(len(o.raw))
		case "buffer":
			return &view{arrayBuffer, o.raw}
		case "byteOffset", "constructor", "parent", "offset":
			impure()
		}
		return native{name: "Bytes." + toText(m, key), this: o}
	case *mapping:
		if key == "size" {
			return float64(o.Len())
		}
		return native{name: "Map." + toText(m, key), this: o}
	case *iterator:
		return native{name: "Iterator." + toText(m, key), this: o}
	case *pattern:
		switch key {
		case "source":
			return o.Source
		case "flags":
			return o.Flags
		case "lastIndex":
			return float64(o.LastIndex)
		}
		return native{name: "RegExp." + toText(m, key), this: o}
	}
	impure()
	return nil
}

// property reads one of an object.
func (m *machine) property(o *object, name string) any {
	if o.kind != "" {
		return native{name: "Object." + name, this: o}
	}
	if v, ok := o.Get(name); ok {
		return known(v)
	}
	if o.class != nil {
		if f := o.class.methods[name]; f != nil {
			return f
		}
	}
	switch name {
	case "hasOwnProperty", "toString", "valueOf", "propertyIsEnumerable":
		return native{name: "Object." + name, this: o}
	}
	if inherited[name] {
		impure()
	}
	return nil
}

// memberOfFunction reads a property of a function.
func (m *machine) memberOfFunction(of, key any) any {
	if f, ok := of.(*closure); ok {
		if v, has := f.properties[toText(m, key)]; has {
			return v
		}
	}
	switch key {
	case "constructor":
		return native{name: "Function"}
	case "call", "apply", "bind", "toString":
		return native{name: "Function." + toText(m, key), this: of}
	}
	f, ok := of.(native)
	switch {
	case !ok:
		switch key {
		case "prototype", "name", "length", "arguments", "caller":
			impure()
		}
		return nil
	case f.this == nil || f.this == native{name: f.name[:max(len(f.name)-len(lastName(f.name))-1, 0)]}:
		if key == "prototype" {
			switch f.name {
			case "String":
				return ""
			case "Array":
				return &array{}
			case "Object":
				return newObject()
			}
			impure()
		}
		if n, is := builtin.Constant(f.name + "." + toText(m, key)); is {
			return n
		}
		return native{name: f.name + "." + toText(m, key)}
	}
	return nil
}

func wordSet(list string) map[string]bool {
	m := map[string]bool{}
	for _, word := range strings.Fields(list) {
		m[word] = true
	}
	return m
}

// methodOf is a method that texts or arrays have; anything else is undefined.
func methodOf(kind string, is func(name string) bool, name string, this any) any {
	if !is(name) {
		if inherited[name] {
			impure()
		}
		return nil
	}
	return native{name: kind + "." + name, this: this}
}

func (m *machine) arguments(list []esbuild.Expr, s *scope) []any {
	args := make([]any, 0, len(list))
	for _, arg := range list {
		if spread, ok := arg.Data.(*esbuild.ESpread); ok {
			args = append(args, m.elements(m.eval(spread.Value, s))...)
			continue
		}
		args = append(args, m.eval(arg, s))
	}
	return args
}

func (m *machine) call(x *esbuild.ECall, s *scope, loc int32) any {
	var this any
	var callee any
	m.noteArguments(x, loc)
	switch t := x.Target.Data.(type) {
	case *esbuild.EDot:
		this = m.eval(t.Target, s)
		callee = m.member(this, t.Name)
	case *esbuild.EIndex:
		this = m.eval(t.Target, s)
		callee = m.member(this, m.eval(t.Index, s))
	default:
		callee = m.eval(x.Target, s)
	}
	args := m.arguments(x.Args, s)
	m.callAt = loc
	if f, ok := callee.(native); ok && (f.name == "eval" || f.name == "Function") && m.ran != nil {
		m.runsArguments(f.name, args, loc)
	}
	return m.apply(callee, this, args)
}

// noteArguments notes the names that a made function is called with:
// Function('r', …)(require).
func (m *machine) noteArguments(x *esbuild.ECall, loc int32) {
	if m.ran == nil {
		return
	}
	switch x.Target.Data.(type) {
	case *esbuild.ECall, *esbuild.ENew:
	default:
		return
	}
	m.madeAt, m.madeFor = x.Target.Loc.Start, nil
	for _, arg := range x.Args {
		id, ok := arg.Data.(*esbuild.EIdentifier)
		if !ok {
			m.madeFor = nil
			return
		}
		m.madeFor = append(m.madeFor, m.tree.Symbols[id.Ref.InnerIndex].OriginalName)
	}
}

// runsArguments notes the text that eval or Function is given.
func (m *machine) runsArguments(name string, args []any, loc int32) {
	if len(args) == 0 {
		return
	}
	last := len(args) - 1
	if name == "eval" {
		last = 0
	}
	text, ok := args[last].(string)
	var parameters []string
	for _, a := range args[:last] {
		parameter, isText := a.(string)
		ok = ok && isText
		parameters = append(parameters, parameter)
	}
	if ok {
		m.runs(parameters, text, loc)
	}
}

// apply calls a value.
func (m *machine) apply(callee, this any, args []any) any {
	switch f := callee.(type) {
	case *closure:
		return m.invoke(f, this, args)
	case native:
		return m.native(f, args)
	case nil, null, bool, float64, string:
		panic(thrown{"it is not a function"})
	}
	impure()
	return nil
}

func (m *machine) construct(x *esbuild.ENew, s *scope, loc int32) any {
	callee := m.eval(x.Target, s)
	args := m.arguments(x.Args, s)
	switch f := callee.(type) {
	case native:
		if f.name == "Function" && m.ran != nil {
			m.runsArguments(f.name, args, loc)
		}
		return m.made(f.name, args)
	case *class:
		return m.instance(f, args)
	case *closure:
		if f.arrow || f.generator || f.bound != nil || len(f.properties) > 0 {
			impure()
		}
		this := newObject()
		if v := m.invoke(f, this, args); isObject(v) {
			return v
		}
		return this
	}
	impure()
	return nil
}
