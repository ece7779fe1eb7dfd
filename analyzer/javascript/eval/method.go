package eval

import (
	"strconv"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/builtin"
	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

func (e *evaluation) method(c *callSite, receiver *Value, name string) (out *Value, done bool) {
	if receiver == nil {
		if len(c.args) > 0 && (name == "then" || name == "finally") {
			return e.then(c, nil, name), true // of a promise of nothing that matters
		}
		return nil, false
	}
	p := e.p
	handled, others := false, false
	receiver.Each(func(alt *Value) {
		v, ok := e.methodOf(c, alt, name)
		if ok {
			handled = true
			out = p.join(out, v)
		} else {
			others = true
		}
	})
	if handled && others {
		// What is left is applied as usual; what was handled stays.
		return out, false
	}
	return out, handled
}

func (e *evaluation) methodOf(c *callSite, v *Value, name string) (*Value, bool) {
	switch name {
	case "call", "apply", "bind":
		if v.kind == vFunction || v.kind == vPath && !v.Path().root && v.Path().API != "globalThis.Reflect" || v.kind == vLazy {
			return e.transparent(c, v, name)
		}
	case "then", "catch", "finally":
		own := v.kind == vFunction && v.Function().statics != nil && v.Function().statics.properties.get(name) != nil ||
			v.kind == vObject && !v.Object().promise && v.Object().properties.get(name) != nil
		if !own {
			return e.then(c, v, name), true
		}
	}
	switch v.kind {
	case vTable:
		return e.tableMethod(c, name)
	case vString:
		out, ok := e.stringMethod(c, v.text(), name)
		if ok && v.marks != 0 {
			out = e.p.marked(out, v.marks)
		}
		return out, ok
	case vObject:
		if v.Object().array {
			return e.arrayMethod(c, v, name)
		}
	}
	return nil, false
}

func (e *evaluation) transparent(c *callSite, f *Value, name string) (*Value, bool) {
	inner := &callSite{id: c.id, receiver: c.arg(0), new: false, loose: c.loose}
	switch name {
	case "call":
		if len(c.args) > 1 {
			inner.args = c.args[1:]
		}
	case "apply":
		elements, exact := elementList(c.arg(1))
		inner.open = c.arg(1) != nil && !exact
		if elements != nil {
			inner.args = elements
		} else if c.arg(1) != nil {
			rest := e.elementsOf(c.arg(1))
			inner.args = []*Value{rest, rest, rest}
		}
	case "bind":
		if f.kind == vFunction && f.Function().this == nil && c.arg(0) != nil && c.arg(0).kind == vObject && f.Function().class() == nil {
			f.Function().this = c.arg(0)
			e.p.enqueue(f.Function())
		}
		if len(c.args) > 1 {
			// What it is bound to is what it will be called with, whoever does.
			if f.kind == vFunction {
				e.enter(c.id, f.Function(), nil, c.args[1:])
			} else {
				inner.args = c.args[1:]
				e.apply(inner, f)
			}
		}
		return f, true
	}
	if f.kind == vFunction && f.Function().class() != nil {
		inner.receiver = nil
	}
	return e.apply(inner, f), true
}

func (e *evaluation) then(c *callSite, v *Value, name string) *Value {
	settled := e.awaited(v)
	var out *Value
	for i, callback := range c.args {
		var args []*Value
		if name == "then" && i == 0 {
			args = []*Value{settled}
		}
		callback.Each(func(alt *Value) {
			switch alt.kind {
			case vFunction:
				e.enter(c.id, alt.Function(), nil, args)
				e.callerOf(alt.Function())
				out = e.p.join(out, e.awaited(alt.Function().Returned))
			case vPath, vResolver, vLazy:
				out = e.p.join(out, e.apply(&callSite{id: c.id, args: args, loose: callback.Wide()}, alt))
			}
		})
	}
	if name != "then" {
		out = e.p.join(settled, out)
	}
	return out
}

// stringMethod folds a method of a constant text; of a text with holes it gives
// what keeps them in their places, or nothing.
func (e *evaluation) stringMethod(c *callSite, s, name string) (*Value, bool) {
	p := e.p
	if name == "replace" || name == "replaceAll" {
		return e.replaced(c, s, name == "replaceAll"), true
	}
	if !builtin.HasText(name) {
		return nil, false
	}
	if name == "concat" && !c.open && !c.spread { // what a template becomes in older JavaScript
		return e.joined(append([]*Value{p.str(s)}, c.args...)), true
	}
	unknown := p.opaque(c.receiver.allMarks())
	if len(s) > maxText || p.textBytes > maxTexts {
		e.reached(c.id, "text", maxText)
		return unknown, true
	}
	if strings.Contains(s, ir.Hole) {
		switch name {
		case "concat":
			for i := range c.args {
				s += e.textsOf(c.args[i])[0]
			}
			return p.str(s), true
		case "toString", "valueOf", "toLowerCase", "toUpperCase", "toLocaleLowerCase", "toLocaleUpperCase",
			"trim", "trimStart", "trimEnd", "normalize", "toWellFormed":
		default:
			return unknown, true
		}
	}
	args, ok := c.plain(0)
	if !ok {
		if name == "concat" {
			for i := range c.args {
				s += e.textsOf(c.args[i])[0]
			}
			return p.str(s), true
		}
		return unknown, true
	}
	if name == "toString" && len(args) > 0 && args[0] != nil {
		// It may be what a Buffer holds: as text, or written in an encoding.
		out := p.str(s)
		if encoded, ok := builtin.BufferText(builtin.Bytes(s), args[0]); ok {
			out = p.join(out, p.str(encoded))
		}
		return out, true
	}
	v, ok := builtin.TextMethod(name, s, args)
	if !ok {
		return unknown, true
	}
	out := e.fromPlain(c.id, v)
	if out == nil {
		return unknown, v != nil
	}
	return out, true
}

// replaced is what replace gives: of a text, or of a pattern that is one.
func (e *evaluation) replaced(c *callSite, s string, all bool) *Value {
	p := e.p
	unknown := p.opaque(c.receiver.allMarks())
	with, ok := c.text(1)
	if !ok {
		e.callbacks(&callSite{id: c.id, args: c.args[min(1, len(c.args)):]}, []*Value{p.str(s)}) // with what matches
		return unknown
	}
	old, ok := c.text(0)
	if !ok {
		re := c.arg(0)
		if re == nil || re.kind != vRegExp {
			return unknown
		}
		if old, all, ok = literalRegExp(re.text()); !ok {
			return unknown
		}
	}
	if len(s) > maxText || p.textBytes > maxTexts || strings.Contains(old, ir.Hole) || all && old == "" {
		return unknown
	}
	if v, ok := builtin.Replace(s, old, with, all); ok {
		return e.fromPlain(c.id, v)
	}
	return unknown
}

func literalRegExp(re string) (literal string, global, ok bool) {
	end := strings.LastIndexByte(re, '/')
	if len(re) < 3 || end < 1 {
		return "", false, false
	}
	body, flags := re[1:end], re[end+1:]
	if strings.Trim(flags, "gu") != "" {
		return "", false, false
	}
	var b strings.Builder
	for i := 0; i < len(body); i++ {
		c := body[i]
		if c == '\\' && i+1 < len(body) && !ir.IsWordByte(body[i+1]) {
			i++
			b.WriteByte(body[i])
			continue
		}
		if strings.IndexByte(`\^$.|?*+()[]{}`, c) >= 0 {
			return "", false, false
		}
		b.WriteByte(c)
	}
	return b.String(), strings.Contains(flags, "g"), true
}

// arrayMethod models what arrays do with their elements and callbacks.
func (e *evaluation) arrayMethod(c *callSite, v *Value, name string) (*Value, bool) {
	o := v.Object()
	switch name {
	case "push", "unshift", "append":
		for _, arg := range c.args {
			e.setElements(o, arg)
		}
		return nil, true
	case "add", "set": // of a Set or Map
		for _, arg := range c.args {
			e.setElements(o, arg)
		}
		return v, true
	case "get", "getAll":
		return e.elementsOf(v), true
	case "pop", "shift":
		e.mix(c, o)
		return e.elementsOf(v), true
	case "at", "join", "toString", "concat", "slice", "flat", "toReversed", "toSorted", "with", "toSpliced",
		"includes", "indexOf", "lastIndexOf":
		if out, ok := e.foldList(c, o, name); ok {
			return out, true
		}
	case "splice", "reverse", "sort", "fill", "copyWithin":
		out, ok := e.foldList(c, o, name)
		for i, arg := range c.args {
			if i > 1 && name == "splice" || i == 0 && name == "fill" {
				e.setElements(o, arg)
			}
		}
		e.mix(c, o)
		if ok {
			return out, true
		}
	}
	return e.arrayUnfolded(c, v, name)
}

// arrayUnfolded is arrayMethod where the elements are not all constants.
func (e *evaluation) arrayUnfolded(c *callSite, v *Value, name string) (*Value, bool) {
	o := v.Object()
	switch name {
	case "at":
		return e.elementsOf(v), true
	case "join", "toString":
		return e.joinArray(c, o, name), true
	case "splice", "reverse", "sort", "fill", "copyWithin", "toReversed", "toSorted",
		"with", "toSpliced", "concat", "slice", "filter", "flat", "values":
		// The same things, in an order that is not known.
		if name == "filter" || name == "sort" || name == "toSorted" {
			e.callbacks(c, []*Value{e.elementsOf(v)})
		}
		out := e.made(c.id)
		out.array = true
		e.setElements(out, e.elementsOf(v))
		for i, arg := range c.args {
			switch {
			case name == "concat":
				e.setElements(out, e.elementsOf(arg))
				arg.Each(func(alt *Value) {
					if alt.kind == vFunction || alt.kind == vPath && alt.Path().Interest.Uses&UseCall != 0 {
						e.setElements(out, alt) // what is no list is put in itself
					}
				})
			case i > 1 && (name == "splice" || name == "toSpliced"), i == 1 && name == "with":
				e.setElements(out, arg)
			}
		}
		if name == "flat" {
			e.setElements(out, e.elementsOf(e.elementsOf(v)))
		}
		if o.promise || o.rare().module != nil {
			return v, true
		}
		return out.val(), true
	case "forEach", "some", "every", "findIndex", "map", "flatMap", "find", "findLast":
		returned := e.callbacks(c, []*Value{e.elementsOf(v)})
		switch name {
		case "find", "findLast":
			return e.elementsOf(v), true
		case "map", "flatMap":
			if parts, ok := e.mapConstant(c, o); ok {
				return parts, true
			}
			out := e.made(c.id)
			out.array = true
			e.setElements(out, returned)
			return out.val(), true
		}
		return nil, true
	case "reduce", "reduceRight":
		return e.p.join(c.arg(1), e.callbacks(c, []*Value{c.arg(1), e.elementsOf(v)})), true
	case "includes", "indexOf", "keys", "entries", "lastIndexOf":
		if name == "entries" {
			return v, true
		}
		return nil, true
	}
	return nil, false
}

// foldList folds a method of an array of constants.
func (e *evaluation) foldList(c *callSite, o *Object, name string) (*Value, bool) {
	list, ok := plainList(o, 0)
	if !ok {
		return nil, false
	}
	args, ok := c.plain(0)
	if !ok {
		return nil, false
	}
	v, ok := builtin.ListMethod(name, list, args)
	if !ok {
		return nil, false
	}
	e.reads(o)
	out := e.fromPlain(c.id, v)
	return out, out != nil
}

// mix notes that the order of an array's elements is not known any more, where
// somebody may see that: an array that stands there is this call's alone.
func (e *evaluation) mix(c *callSite, o *Object) {
	if e.inline > 0 || e.p.pass != solving {
		return
	}
	if call := &e.m.Nodes[c.id]; call.Kind == ir.NCall {
		if callee := &e.m.Nodes[call.A]; callee.Kind == ir.NMember || callee.Kind == ir.NIndex {
			switch e.m.Nodes[callee.A].Kind {
			case ir.NArray, ir.NCall:
				return
			}
		}
	}
	if !o.rare().mixed {
		o.own().mixed = true
		e.changed(o, everything)
	}
}

// mapConstant folds […].map((c) => String.fromCharCode(c)).
func (e *evaluation) mapConstant(c *callSite, o *Object) (*Value, bool) {
	f := c.arg(0)
	if f == nil || f.kind != vFunction || f.Function().Module.Nodes == nil || !e.isCharacterOf(f.Function()) {
		return nil, false
	}
	list, ok := plainList(o, 0)
	if !ok {
		return nil, false
	}
	parts := make([]any, 0, len(list))
	for _, item := range list {
		if part, ok := builtin.Call("String.fromCharCode", []any{item}); ok {
			parts = append(parts, part)
			continue
		}
		return nil, false
	}
	out := e.fromPlain(c.id, parts)
	return out, out != nil
}

// isCharacterOf reports whether a function gives String.fromCharCode of its
// parameter and does nothing else.
func (e *evaluation) isCharacterOf(f *Function) bool {
	nodes, param, call := f.Module.Nodes, int32(-1), false
	for id := f.Start; id < f.End; id++ {
		switch n := &nodes[id]; n.Kind {
		case ir.NParam:
			if n.A != 0 {
				return false
			}
		case ir.NAssign:
			if param >= 0 || nodes[n.B].Kind != ir.NParam {
				return false
			}
			param = n.A
		case ir.NGlobal:
			if e.p.strings.All[n.A] != "String" {
				return false
			}
		case ir.NMember:
			if e.p.strings.All[n.B] != "fromCharCode" {
				return false
			}
		case ir.NCall:
			args := f.Module.List(n.B)
			if call || len(args) != 1 || nodes[args[0]].Kind != ir.NSymbol || nodes[args[0]].A != param || nodes[n.A].Kind != ir.NMember {
				return false
			}
			call = true
		case ir.NSymbol, ir.NReturn:
		default:
			return false
		}
	}
	return call
}

func (e *evaluation) callbacks(c *callSite, args []*Value) *Value {
	var out *Value
	for _, callback := range c.args {
		callback.Each(func(alt *Value) {
			switch alt.kind {
			case vFunction:
				e.enter(c.id, alt.Function(), nil, args)
				e.callerOf(alt.Function())
				out = e.p.join(out, alt.Function().Returned)
			case vPath, vLazy, vTable:
				out = e.p.join(out, e.apply(&callSite{id: c.id, args: args}, alt))
			}
		})
	}
	return out
}

// joinArray is an array's elements as one text, with holes for what is not known.
func (e *evaluation) joinArray(c *callSite, o *Object, name string) *Value {
	separator, ok := ",", true
	if name == "join" && len(c.args) > 0 {
		separator, ok = c.text(0)
	}
	if !ok || o.elements != nil && o.length == 0 || o.length > ir.MaxElements || o.rare().mixed {
		return e.p.opaque(o.marks)
	}
	var b strings.Builder
	for i := range o.length {
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(e.textsOf(o.properties.get(strconv.Itoa(int(i))))[0])
		if b.Len() > maxText {
			e.reached(c.id, "text", maxText)
			return e.p.opaque(o.marks)
		}
	}
	if o.elements != nil {
		b.WriteString(ir.Hole)
	}
	return e.p.str(b.String())
}
