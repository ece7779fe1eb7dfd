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
		return m.text(fromUnits(x.Value))
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
		return regexpOf(x.Value)
	case *esbuild.EArray:
		a := &array{}
		for _, item := range x.Items {
			if spread, ok := item.Data.(*esbuild.ESpread); ok {
				a.items = append(a.items, m.elements(m.eval(spread.Value, s))...)
				continue
			}
			a.items = append(a.items, m.eval(item, s))
		}
		return a
	case *esbuild.EObject:
		o := &object{values: map[string]any{}}
		for _, p := range x.Properties {
			if p.Kind != esbuild.PropertyField && p.Kind != esbuild.PropertyMethod || p.ValueOrNil.Data == nil {
				impure()
			}
			o.set(toText(m, m.eval(p.Key, s)), m.eval(p.ValueOrNil, s))
		}
		return o
	case *esbuild.EFunction, *esbuild.EArrow:
		return m.closure(e, s)
	case *esbuild.EIf:
		if truthy(m.eval(x.Test, s)) {
			return m.eval(x.Yes, s)
		}
		return m.eval(x.No, s)
	case *esbuild.ETemplate:
		if x.TagOrNil.Data != nil {
			impure()
		}
		out := fromUnits(x.HeadCooked)
		for _, part := range x.Parts {
			out = m.text(out + toText(m, m.eval(part.Value, s)) + fromUnits(part.TailCooked))
		}
		return out
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
		case *closure, native:
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
	esbuild.BinOpAddAssign: esbuild.BinOpAdd, esbuild.BinOpSubAssign: esbuild.BinOpSub, esbuild.BinOpMulAssign: esbuild.BinOpMul, esbuild.BinOpDivAssign: esbuild.BinOpDiv,
	esbuild.BinOpRemAssign: esbuild.BinOpRem, esbuild.BinOpPowAssign: esbuild.BinOpPow, esbuild.BinOpShlAssign: esbuild.BinOpShl, esbuild.BinOpShrAssign: esbuild.BinOpShr,
	esbuild.BinOpUShrAssign: esbuild.BinOpUShr, esbuild.BinOpBitwiseOrAssign: esbuild.BinOpBitwiseOr, esbuild.BinOpBitwiseAndAssign: esbuild.BinOpBitwiseAnd, esbuild.BinOpBitwiseXorAssign: esbuild.BinOpBitwiseXor,
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
		return m.text(toText(m, a) + toText(m, b))
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
		if o, ok := b.(*object); ok {
			_, has := o.values[toText(m, a)]
			return has
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
		if !builtin.ASCII(x) || !builtin.ASCII(y) {
			impure() // units have another order than characters
		}
		switch op {
		case esbuild.BinOpLt:
			return x < y
		case esbuild.BinOpLe:
			return x <= y
		case esbuild.BinOpGt:
			return x > y
		}
		return x >= y
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

// member reads a property.
func (m *machine) member(of, key any) any {
	switch o := of.(type) {
	case string:
		if i, ok := index(key); ok {
			m.step(len(o) / 16)
			v, ok := builtin.TextMethod("at", o, []any{float64(i)})
			if !ok {
				impure()
			}
			return v
		}
		if key == "length" {
			m.step(len(o) / 16)
			return float64(builtin.Length(o))
		}
		if key == "constructor" {
			return native{name: "String"}
		}
		return methodOf("String", stringMethods, toText(m, key), o)
	case *array:
		if i, ok := index(key); ok {
			if i < len(o.items) {
				return o.items[i]
			}
			return nil
		}
		if key == "length" {
			return float64(len(o.items))
		}
		if key == "constructor" {
			return native{name: "Array"}
		}
		return methodOf("Array", arrayMethods, toText(m, key), o)
	case *object:
		name := toText(m, key)
		if v, ok := o.values[name]; ok {
			return v
		}
		switch name {
		case "hasOwnProperty":
			return native{name: "Object.hasOwnProperty", this: o}
		case "toString":
			return native{name: "Object.toString", this: o}
		}
		return nil
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
		if f, ok := of.(native); ok && f.name == "TextDecoder" {
			return native{name: "Bytes." + toText(m, key), this: f}
		}
		if f, ok := of.(native); ok && f.this == nil {
			return native{name: f.name + "." + toText(m, key), this: of}
		}
		return nil
	case bytes:
		if i, ok := index(key); ok {
			if i < len(o) {
				return float64(o[i])
			}
			return nil
		}
		if key == "length" {
			return float64(len(o))
		}
		return native{name: "Bytes." + toText(m, key), this: o}
	case *pattern:
		return native{name: "Bytes." + toText(m, key), this: o}
	}
	impure()
	return nil
}

// The methods that texts and arrays have; anything else is undefined.
var (
	stringMethods = wordSet(`at isWellFormed toLocaleLowerCase toLocaleUpperCase toWellFormed trimLeft trimRight anchor big blink bold charAt charCodeAt codePointAt concat endsWith fixed fontcolor fontsize includes indexOf italics lastIndexOf link match matchAll normalize
		padEnd padStart repeat replace replaceAll search slice small split startsWith strike sub substr substring sup toLowerCase toString toUpperCase trim trimEnd trimStart valueOf`)
	arrayMethods = wordSet(`at toReversed toSorted toSpliced with concat copyWithin entries every fill filter find findIndex findLast flat flatMap forEach includes indexOf join keys lastIndexOf map pop push reduce reduceRight
		reverse shift slice some sort splice toString unshift values`)
)

func wordSet(list string) map[string]bool {
	m := map[string]bool{}
	for _, word := range strings.Fields(list) {
		m[word] = true
	}
	return m
}

func methodOf(kind string, known map[string]bool, name string, this any) any {
	if !known[name] {
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
	case nil:
		panic(thrown{"it is not a function"})
	}
	impure()
	return nil
}

func (m *machine) construct(x *esbuild.ENew, s *scope, loc int32) any {
	f, ok := m.eval(x.Target, s).(native)
	args := m.arguments(x.Args, s)
	if !ok {
		impure()
	}
	if f.name == "Function" && m.ran != nil {
		m.runsArguments(f.name, args, loc)
	}
	switch f.name {
	case "Array":
		if len(args) == 1 {
			if n, isNumber := args[0].(float64); isNumber && n >= 0 && n < 1<<16 {
				return &array{items: make([]any, int(n))}
			}
		}
		return &array{items: args}
	case "RegExp", "Function", "String":
		return m.native(f, args)
	case "Object":
		return &object{values: map[string]any{}}
	case "Uint8Array", "TextDecoder":
		return m.native(f, args)
	}
	impure()
	return nil
}
