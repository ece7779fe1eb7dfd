package javascript

import (
	"strconv"
	"strings"
)

func (e *evaluation) method(c *callSite, receiver *Value, name string) (out *Value, done bool) {
	if receiver == nil {
		return nil, false
	}
	p := e.p
	handled, others := false, false
	receiver.each(func(alt *Value) {
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
		if v.kind == vFunction || v.kind == vPath && !v.path().root && v.path().api != "globalThis.Reflect" || v.kind == vLazy {
			return e.transparent(c, v, name)
		}
	case "then", "catch", "finally":
		if own := v.kind == vFunction || v.kind == vObject && !v.object().promise && v.object().properties.get(name) != nil; !own {
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
		if v.object().array {
			return e.arrayMethod(c, v, name)
		}
	}
	return nil, false
}

func (e *evaluation) transparent(c *callSite, f *Value, name string) (*Value, bool) {
	inner := &callSite{id: c.id, receiver: c.arg(0), new: false}
	switch name {
	case "call":
		if len(c.args) > 1 {
			inner.args = c.args[1:]
		}
	case "apply":
		if elements := c.arg(1).Elements(); elements != nil {
			inner.args = elements
		} else if c.arg(1) != nil {
			rest := e.elementsOf(c.arg(1))
			inner.args = []*Value{rest, rest, rest}
		}
	case "bind":
		if f.kind == vFunction && f.fn().this == nil && c.arg(0) != nil && c.arg(0).kind == vObject && f.fn().class == nil {
			f.fn().this = c.arg(0)
			e.p.enqueue(f.fn())
		}
		if len(c.args) > 1 && f.kind == vFunction {
			e.enter(c.id, f.fn(), nil, c.args[1:])
		}
		return f, true
	}
	if f.kind == vFunction && f.fn().class != nil {
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
		callback.each(func(alt *Value) {
			switch alt.kind {
			case vFunction:
				e.enter(c.id, alt.fn(), nil, args)
				e.callerOf(alt.fn())
				out = e.p.join(out, e.awaited(alt.fn().returned))
			case vPath, vResolver, vLazy:
				out = e.p.join(out, e.apply(&callSite{id: c.id, args: args}, alt))
			}
		})
	}
	if name != "then" {
		out = e.p.join(settled, out)
	}
	return out
}

func (e *evaluation) stringMethod(c *callSite, s, name string) (*Value, bool) {
	p := e.p
	if len(s) > maxText || p.textBytes > maxTexts {
		return nil, true
	}
	partial := strings.Contains(s, hole)
	switch name {
	case "toString", "trim", "valueOf", "normalize", "trimStart", "trimEnd", "toWellFormed":
		if name == "trim" {
			s = strings.TrimSpace(s)
		}
		return p.str(s), true
	case "toLowerCase", "toLocaleLowerCase":
		return p.str(strings.ToLower(s)), true
	case "toUpperCase", "toLocaleUpperCase":
		return p.str(strings.ToUpper(s)), true
	case "concat":
		for i := range c.args {
			texts := e.textsOf(c.args[i])
			s += texts[0]
		}
		return p.str(s), true
	case "replace", "replaceAll":
		with, ok := c.text(1)
		if !ok {
			e.escape(c.id, c.arg(1), nil)
			return p.opaque(c.receiver.allMarks()), true
		}
		if old, ok := c.text(0); ok {
			n := 1
			if name == "replaceAll" {
				n = -1
			}
			return p.str(strings.Replace(s, old, with, n)), true
		}
		if re := c.arg(0); re != nil && re.kind == vRegExp {
			if literal, global, ok := literalRegExp(re.text()); ok {
				n := 1
				if global {
					n = -1
				}
				return p.str(strings.Replace(s, literal, with, n)), true
			}
		}
		return nil, true
	case "split":
		if partial {
			return p.opaque(c.receiver.allMarks()), true
		}
		sep, ok := c.text(0)
		if !ok {
			return nil, true
		}
		parts := strings.Split(s, sep)
		if sep == "" {
			parts = parts[:0]
			for _, r := range s {
				parts = append(parts, string(r))
			}
		}
		return e.arrayOf(c.id, parts), true
	case "slice", "substring", "substr":
		return e.substring(c, s, name, partial), true
	case "charAt", "at":
		if i, ok := c.integer(0, 0); ok && i >= 0 && i < len(s) && !partial {
			return p.str(s[i : i+1]), true
		}
		return nil, true
	case "charCodeAt", "codePointAt":
		if i, ok := c.integer(0, 0); ok && i >= 0 && i < len(s) && !partial {
			return number(float64(s[i])), true
		}
		return nil, true
	case "repeat":
		if n, ok := c.integer(0, 0); ok && n >= 0 && n*len(s) <= 4096 {
			return p.str(strings.Repeat(s, n)), true
		}
		return nil, true
	case "padStart", "padEnd":
		return p.str(s), true
	}
	return nil, false
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
		if c == '\\' && i+1 < len(body) && !isWordByte(body[i+1]) {
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

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func (e *evaluation) substring(c *callSite, s, name string, partial bool) *Value {
	from, ok1 := c.integer(0, 0)
	to, ok2 := c.integer(1, len(s))
	if !ok1 || !ok2 || partial {
		return e.p.opaque(c.receiver.allMarks())
	}
	switch name {
	case "slice":
		if from < 0 {
			from = max(0, len(s)+from)
		}
		if to < 0 {
			to = len(s) + to
		}
	case "substr":
		if from < 0 {
			from = max(0, len(s)+from)
		}
		if len(c.args) > 1 {
			to = from + to
		}
	default:
		from, to = max(from, 0), max(to, 0)
		if from > to {
			from, to = to, from
		}
	}
	to = min(to, len(s))
	if from >= to {
		return e.p.str("")
	}
	return e.p.str(s[from:to])
}

func (e *evaluation) arrayOf(id nodeID, parts []string) *Value {
	if len(parts) > maxElements {
		return nil
	}
	if old := e.kept(id); old != nil && old.kind == vObject && old.object().array && same(old.object(), parts) {
		return old
	}
	o := &object{array: true, length: int32(len(parts))}
	for i, part := range parts {
		o.properties.set(strconv.Itoa(i), e.p.str(part))
	}
	return e.keep(id, o.val())
}

func same(o *object, parts []string) bool {
	if o.length != int32(len(parts)) {
		return false
	}
	for i, part := range parts {
		if v := o.properties.get(strconv.Itoa(i)); v == nil || v.kind != vString || v.text() != part {
			return false
		}
	}
	return true
}

func (e *evaluation) arrayMethod(c *callSite, v *Value, name string) (*Value, bool) {
	o := v.object()
	switch name {
	case "push", "unshift", "fill", "append":
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
	case "splice":
		for i, arg := range c.args {
			if i > 1 {
				e.setElements(o, arg)
			}
		}
		return v, true
	case "pop", "shift", "at":
		return e.elementsOf(v), true
	case "join":
		return e.joinArray(c, o), true
	case "reverse", "toReversed":
		if parts, ok := constantParts(o); ok {
			reversed := make([]string, len(parts))
			for i, part := range parts {
				reversed[len(parts)-1-i] = part
			}
			return e.arrayOf(c.id, reversed), true
		}
		return v, true
	case "concat", "slice", "filter", "sort", "flat", "values", "toSorted":
		if name == "concat" {
			for _, arg := range c.args {
				e.setElements(o, e.elementsOf(arg))
			}
		}
		e.callbacks(c, []*Value{e.elementsOf(v)})
		return v, true
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
	case "includes", "indexOf", "keys", "entries", "toString", "lastIndexOf", "copyWithin":
		if name == "toString" {
			return e.joinArray(c, o), true
		}
		if name == "entries" {
			return v, true
		}
		return nil, true
	}
	return nil, false
}

func (e *evaluation) mapConstant(c *callSite, o *object) (*Value, bool) {
	f := c.arg(0)
	if f == nil || o.elements != nil || o.length == 0 {
		return nil, false
	}
	isFromCharCode := f.kind == vPath && strings.HasSuffix(f.path().api, "String.fromCharCode")
	if f.kind == vFunction && !isFromCharCode && f.fn().module.nodes != nil {
		for id := f.fn().start; id < f.fn().end; id++ {
			if n := &f.fn().module.nodes[id]; n.kind == nCall {
				callee := &f.fn().module.nodes[n.a]
				isFromCharCode = callee.kind == nMember && e.p.strings.all[callee.b] == "fromCharCode"
				break
			}
		}
	}
	if !isFromCharCode {
		return nil, false
	}
	parts := make([]string, 0, o.length)
	for i := range o.length {
		v := o.properties.get(strconv.Itoa(int(i)))
		if v == nil || v.kind != vNumber {
			return nil, false
		}
		parts = append(parts, string(rune(int(v.number())&0xffff)))
	}
	return e.arrayOf(c.id, parts), true
}

func (e *evaluation) callbacks(c *callSite, args []*Value) *Value {
	var out *Value
	for _, callback := range c.args {
		callback.each(func(alt *Value) {
			switch alt.kind {
			case vFunction:
				e.enter(c.id, alt.fn(), nil, args)
				e.callerOf(alt.fn())
				out = e.p.join(out, alt.fn().returned)
			case vPath, vLazy, vTable:
				out = e.p.join(out, e.apply(&callSite{id: c.id, args: args}, alt))
			}
		})
	}
	return out
}

func constantParts(o *object) ([]string, bool) {
	if o.elements != nil || o.length > maxElements {
		return nil, false
	}
	parts := make([]string, o.length)
	for i := range parts {
		v := o.properties.get(strconv.Itoa(i))
		if v == nil || v.kind != vString {
			return nil, false
		}
		parts[i] = v.text()
	}
	return parts, true
}

func (e *evaluation) joinArray(c *callSite, o *object) *Value {
	separator := ","
	if s, ok := c.text(0); ok {
		separator = s
	}
	if o.elements != nil && o.length == 0 || o.length > maxElements {
		return e.p.opaque(o.marks)
	}
	var b strings.Builder
	for i := range o.length {
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(e.textsOf(o.properties.get(strconv.Itoa(int(i))))[0])
		if b.Len() > maxText {
			return e.p.opaque(o.marks)
		}
	}
	if o.elements != nil {
		b.WriteString(hole)
	}
	return e.p.str(b.String())
}
