package eval

import (
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/builtin"
	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
	"github.com/lockwarden/lockwarden/analyzer/javascript/resolve"
)

// smallIndex is the index that a property's name is.
func smallIndex(s string) (int, bool) {
	if s == "" || len(s) > 7 {
		return 0, false
	}
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// manyKeys is from how many keys on their order is kept.
const manyKeys = 16

// keysOf are the keys of an object in order, so that every run comes to the same
// result. Properties are never taken away: as many keys are the same keys.
func (p *program) keysOf(o *Object) []string {
	if o.properties.size() <= manyKeys {
		return o.properties.names()
	}
	keys := p.sorted[o]
	if len(keys) != o.properties.size() {
		keys = o.properties.names()
		p.sorted[o] = keys
	}
	return keys
}

func (c *callSite) text(i int) (string, bool) {
	v := c.arg(i)
	if v == nil || v.kind != vString {
		return "", false
	}
	return v.text(), true
}

// decoders turn one text into another, each of several alternatives by itself.
var decoders = set(`globalThis.atob buffer.Buffer.from buffer.Buffer globalThis.decodeURIComponent globalThis.decodeURI
	globalThis.unescape globalThis.String`)

// model gives the results of the functions of the language and of Node that
// only pass values on. ok is false for everything else.
func (e *evaluation) model(c *callSite, target *Path) (*Value, bool) {
	p := e.p
	if v := c.arg(0); v != nil && v.kind == vUnion && decoders[target.API] {
		out := p.opaque(v.marks)
		for _, alt := range v.alts() {
			one := *c
			one.args = append([]*Value{alt}, c.args[1:]...)
			decoded, _ := e.model(&one, target)
			out = p.join(out, decoded)
		}
		return out, true
	}
	for _, model := range [...]func(*evaluation, *callSite, *Path) (*Value, bool){
		(*evaluation).modelCode, (*evaluation).modelText, (*evaluation).modelObject, (*evaluation).modelCollection, (*evaluation).modelPath,
		(*evaluation).wrapped,
	} {
		if v, ok := model(e, c, target); ok {
			return v, true
		}
	}
	return nil, false
}

// modelCode is model for what loads modules, makes functions or calls them.
func (e *evaluation) modelCode(c *callSite, target *Path) (*Value, bool) {
	p := e.p
	switch target.API {
	case "require":
		return e.requireFor(c.id, c.arg(0), target.base, resolve.ByRequire, true), true
	case "globalThis.eval", "vm.runInThisContext", "vm.runInNewContext", "vm.runInContext":
		if v := e.completed(c.id); v != nil {
			return v, true
		}
	case "require.resolve", "import.meta.resolve":
		return e.resolved(c, target), true
	case "module.createRequire", "module.createRequireFromPath":
		return e.createRequire(c), true
	case "globalThis.Reflect.apply":
		elements, exact := elementList(c.arg(2))
		return e.apply(&callSite{id: c.id, receiver: c.arg(1), args: elements, open: !exact}, c.arg(0)), true
	case "globalThis.Reflect.construct":
		elements, exact := elementList(c.arg(1))
		return e.apply(&callSite{id: c.id, new: true, args: elements, open: !exact}, c.arg(0)), true
	case "globalThis.Reflect.get":
		if key, ok := c.text(1); ok {
			n := &ir.Node{Flags: ir.FlagOptional}
			return e.member(c.id, n, c.arg(0), key), true
		}
		return nil, true
	case "globalThis.Function":
		// Function('return process')() is what stands there.
		if len(c.args) == 1 {
			if text, ok := c.text(0); ok {
				if name, ok := strings.CutPrefix(strings.TrimSpace(text), "return "); ok {
					return p.returning(strings.TrimRight(strings.TrimSpace(name), ";")), true
				}
			}
		}
	case "globalThis.Function#":
		if target.result != nil {
			return target.result.val(), true
		}
		return p.globalObject.val(), true
	}
	return nil, false
}

// modelText is model for what makes texts and numbers of others.
func (e *evaluation) modelText(c *callSite, target *Path) (*Value, bool) {
	p := e.p
	switch target.API {
	case "globalThis.String.fromCharCode", "globalThis.String.fromCodePoint":
		if v, ok := e.called(c, strings.TrimPrefix(target.API, "globalThis.")); ok {
			return p.marked(v, target.Interest.Marks), true
		}
		return p.marked(e.argumentMarks(c), target.Interest.Marks), true
	case "globalThis.String", "globalThis.String.raw":
		if v := c.arg(0); v != nil && v.kind == vString {
			return v, true
		}
		if target.name == "String" {
			if v := c.arg(0); v != nil && e.converted(c.id, v) != v {
				return e.converted(c.id, v), true
			}
			if v, ok := e.called(c, "String"); ok {
				return p.marked(v, c.arg(0).allMarks()), true
			}
		}
	case "globalThis.atob":
		if v, ok := e.called(c, "atob"); ok {
			return p.marked(v, target.Interest.Marks|c.arg(0).allMarks()), true
		}
		return p.marked(e.argumentMarks(c), target.Interest.Marks), true
	case "globalThis.decodeURIComponent", "globalThis.unescape", "globalThis.decodeURI", "globalThis.encodeURIComponent", "globalThis.encodeURI",
		"globalThis.escape", "globalThis.btoa", "globalThis.Number", "globalThis.parseInt", "globalThis.parseFloat",
		"globalThis.Math.floor", "globalThis.Math.ceil", "globalThis.Math.round", "globalThis.Math.trunc", "globalThis.Math.abs",
		"globalThis.Math.min", "globalThis.Math.max", "globalThis.Math.pow", "globalThis.Math.sqrt", "globalThis.Number.parseInt":
		if v, ok := e.called(c, strings.TrimPrefix(target.API, "globalThis.")); ok {
			if v.kind == vString {
				v = p.marked(v, c.arg(0).allMarks())
			}
			return v, true
		}
	case "buffer.Buffer.from", "buffer.Buffer":
		encoding, _ := c.text(1)
		decoded := e.decode(c, encoding)
		switch encoding {
		case "base64", "base64url", "hex":
			decoded = p.marked(decoded, target.Interest.Marks)
		}
		return decoded, true
	case "buffer.Buffer.concat":
		return e.elementsOf(c.arg(0)), true
	case "querystring.stringify", "qs.stringify", "util.inspect", "util.format", "v8.serialize":
		return e.serialized(c.args), true
	case "globalThis.JSON.parse":
		e.callbacks(&callSite{id: c.id, args: c.args[min(1, len(c.args)):]}, []*Value{nil, p.opaque(c.arg(0).allMarks())})
		if s, ok := c.text(0); ok && !strings.Contains(s, ir.Hole) {
			if old := e.kept(c.id); old != nil && old.kind == vObject {
				return old, true
			}
			if v := p.parseJSON(s); v != nil {
				return e.keep(c.id, v), true
			}
		}
		return p.opaque(c.arg(0).allMarks()), true
	}
	return nil, false
}

// modelObject is model for what looks at objects or changes them.
func (e *evaluation) modelObject(c *callSite, target *Path) (*Value, bool) {
	p := e.p
	switch target.API {
	case "globalThis.Object.assign":
		for i := 1; i < len(c.args); i++ {
			e.spreadIntoValue(c.arg(0), c.args[i])
			if e.recording() {
				e.enumerate(c.id, c.args[i], "copy")
			}
		}
		return c.arg(0), true
	case "globalThis.Object.freeze", "globalThis.Object.seal", "globalThis.Object.setPrototypeOf", "globalThis.Object.preventExtensions":
		if strings.HasSuffix(target.API, "setPrototypeOf") {
			e.inherit(c.arg(0), c.arg(1))
		}
		return c.arg(0), true
	case "globalThis.Object.getPrototypeOf", "globalThis.Reflect.getPrototypeOf":
		return c.arg(0), true
	case "globalThis.Object.create":
		o := e.made(c.id)
		e.spreadInto(o, c.arg(0))
		return o.val(), true
	case "util.inherits":
		e.inherit(c.arg(0), c.arg(1))
		return nil, true
	case "globalThis.Object.defineProperty", "globalThis.Reflect.defineProperty":
		e.defineProperty(c)
		return c.arg(0), true
	case "globalThis.Object.defineProperties":
		e.defineProperties(c.id, c.arg(0), c.arg(1))
		return c.arg(0), true
	case "globalThis.Proxy":
		o := e.made(c.id)
		o.own().target, o.own().traps = p.join(o.rare().target, c.arg(0)), p.join(o.rare().traps, c.arg(1))
		e.handOver(c.id, c.arg(1), target, callsMembers) // whoever uses it calls them
		return o.val(), true
	case "globalThis.Object.getOwnPropertyDescriptor", "globalThis.Reflect.getOwnPropertyDescriptor":
		return e.descriptor(c), true
	case "globalThis.Object.getOwnPropertyDescriptors":
		return e.descriptors(c.id, c.arg(0)), true
	case "globalThis.Object.keys", "globalThis.Object.entries", "globalThis.Object.values",
		"globalThis.Object.getOwnPropertyNames", "globalThis.JSON.stringify", "globalThis.Reflect.ownKeys":
		if e.recording() {
			e.enumerate(c.id, c.arg(0), "list")
		}
		if target.name == "stringify" {
			e.getsAll(c.id, c.arg(0))
		}
		if target.name == "entries" {
			if out := e.entries(c); out != nil {
				return out, true
			}
		}
		if strings.HasSuffix(target.API, "s.values") || strings.HasSuffix(target.API, "Object.values") {
			out := e.made(c.id)
			out.array = true
			e.setElements(out, e.elementsOf(c.arg(0)))
			return out.val(), true
		}
		if strings.HasSuffix(target.API, "Object.keys") {
			if keys, ok := e.keysOf(c.id, c.arg(0)); ok {
				return keys, true
			}
		}
		out := e.made(c.id)
		out.array = true
		e.setElements(out, p.opaque(c.arg(0).allMarks()))
		if strings.HasSuffix(target.API, "stringify") {
			e.callbacks(&callSite{id: c.id, args: c.args[min(1, len(c.args)):]}, []*Value{nil, e.elementsOf(c.arg(0))})
			return e.serialized(c.args), true
		}
		return out.val(), true
	}
	return nil, false
}

// modelCollection is model for arrays, maps, forms and promises.
func (e *evaluation) modelCollection(c *callSite, target *Path) (*Value, bool) {
	p := e.p
	switch target.API {
	case "globalThis.Map", "globalThis.Set", "globalThis.URLSearchParams", "globalThis.FormData", "globalThis.Headers":
		out := e.made(c.id)
		out.array = true
		e.setElements(out, e.elementsOf(c.arg(0)))
		if strings.HasSuffix(target.name, "Map") {
			e.setElements(out, e.elementsOf(e.elementsOf(c.arg(0)))) // of [key, value]
		}
		e.setElements(out, e.serialized(c.args))
		if len(c.args) > 0 {
			e.setElements(out, p.opaque(target.Interest.Marks)) // a form's fields
		}
		return out.val(), true
	case "globalThis.Array.of", "globalThis.Array":
		if target.name == "Array" && len(c.args) == 1 && c.arg(0) != nil && c.arg(0).kind == vNumber {
			out := e.made(c.id) // so many holes
			out.array = true
			return out.val(), true
		}
		return e.arrayOfArguments(c), true
	case "globalThis.Array.from":
		if len(c.args) == 1 {
			if v, ok := e.called(c, "Array.from"); ok {
				return v, true
			}
		}
		out := e.made(c.id)
		out.array = true
		e.setElements(out, e.elementsOf(c.arg(0)))
		if len(c.args) > 1 {
			returned := e.callbacks(&callSite{id: c.id, args: c.args[1:]}, []*Value{e.elementsOf(c.arg(0))})
			e.setElements(out, returned)
			return out.val(), true
		}
		e.callbacks(&callSite{id: c.id, args: c.args[min(1, len(c.args)):]}, []*Value{e.elementsOf(c.arg(0))})
		return out.val(), true
	case "globalThis.Promise":
		o := e.made(c.id)
		o.promise = true
		c.arg(0).Each(func(alt *Value) {
			if alt.kind == vFunction {
				if o.properties.size() == 0 {
					o.properties.set(resolveProperty, objectValue(vResolver, o))
				}
				e.enter(c.id, alt.Function(), nil, []*Value{o.properties.get(resolveProperty)})
			}
		})
		return o.val(), true
	case "globalThis.Promise.resolve", "globalThis.Promise.reject":
		return e.settled(c.id, c.arg(0)), true
	case "globalThis.Promise.all", "globalThis.Promise.allSettled", "globalThis.Promise.race", "globalThis.Promise.any":
		if target.name == "race" || target.name == "any" {
			return e.awaited(e.elementsOf(c.arg(0))), true
		}
		return c.arg(0), true
	}
	return nil, false
}

// modelPath is model for paths and addresses.
func (e *evaluation) modelPath(c *callSite, target *Path) (*Value, bool) {
	p := e.p
	switch target.API {
	case "url.URL":
		if s, ok := c.text(0); ok {
			if base, ok := c.text(1); ok {
				return p.marked(p.resolveURL(base, s), e.argumentMarks(c).allMarks()), true
			}
			return p.str(s), true
		}
	case "url.fileURLToPath", "url.pathToFileURL":
		if s, ok := c.text(0); ok {
			return p.str(strings.TrimPrefix(s, "file://")), true
		}
		return c.arg(0), true
	case "os.tmpdir":
		return p.join(p.str("/tmp"), p.resultOf(target).val()), true
	default:
		if strings.HasPrefix(target.API, "path.") {
			return e.modelPaths(c, target)
		}
	}
	return nil, false
}

// modelPaths is model for the functions of path, of each of the texts that its
// arguments may be.
func (e *evaluation) modelPaths(c *callSite, target *Path) (*Value, bool) {
	return e.modelPathsOf(c, target, 1)
}

// modelPathsOf is modelPaths for one of so many choices.
func (e *evaluation) modelPathsOf(c *callSite, target *Path, choices int) (out *Value, ok bool) {
	for i, arg := range c.args {
		if arg == nil || arg.kind != vUnion {
			continue
		}
		texts := e.textsOf(arg)
		if choices *= len(texts); choices > maxUnion*2 {
			choices, texts = choices/len(texts), []string{ir.Hole}
		}
		one := *c
		one.args = slices.Clone(c.args)
		for _, text := range texts {
			one.args[i] = e.p.marked(e.p.str(text), arg.allMarks())
			v, ok := e.modelPathsOf(&one, target, choices)
			if !ok {
				return nil, false
			}
			out = e.p.join(out, v)
		}
		return out, true
	}
	return e.modelPathOf(c, target)
}

// modelPathOf is modelPaths of one choice of texts: of constants what Node gives, of
// those with holes what keeps them in their places.
func (e *evaluation) modelPathOf(c *callSite, target *Path) (*Value, bool) {
	p := e.p
	marks := e.argumentMarks(c).allMarks()
	if v, ok := e.called(c, target.API); ok {
		return p.marked(v, marks), true
	}
	s, isText := c.text(0)
	open := isText && strings.Contains(s, ir.Hole)
	switch name := strings.TrimPrefix(strings.TrimPrefix(target.API, "path."), "posix."); name {
	case "join", "resolve":
		return e.joinPath(c.args, name), true
	case "normalize":
		return e.joinPath(c.args[:min(1, len(c.args))], name), true
	case "dirname":
		if open && !strings.Contains(s, "/") {
			return p.opaque(marks), true // the hole may have folders
		}
		if open {
			return p.marked(p.str(builtin.Directory(s)), marks), true
		}
	case "basename":
		if suffix, isText := c.text(1); open && (isText || len(c.args) < 2) {
			return p.marked(p.str(builtin.BaseName(s, suffix)), marks), true
		}
		if isText {
			return p.opaque(marks), true
		}
	}
	return nil, false
}

// handOn passes the arguments from an index on to the function that is the first
// one.
func (e *evaluation) handOn(c *callSite, from int) {
	if len(c.args) <= from {
		return
	}
	c.arg(0).Each(func(alt *Value) {
		switch alt.kind {
		case vFunction:
			e.enter(c.id, alt.Function(), nil, c.args[from:])
		case vPath, vLazy, vTable:
			e.apply(&callSite{id: c.id, args: c.args[from:]}, alt)
		}
	})
}

// serialized is a text made of everything in the values.
func (e *evaluation) serialized(values []*Value) *Value {
	marks := Marks(0)
	for _, v := range values {
		v.Each(func(alt *Value) {
			if alt.kind == vObject {
				e.reads(alt.Object())
			}
		})
		marks |= v.Carries()
	}
	return e.p.opaque(marks)
}

// keysOf are an object's keys: their order is not known.
func (e *evaluation) keysOf(id ir.NodeID, v *Value) (*Value, bool) {
	if v == nil || v.kind != vObject || v.Object().array || v.Object().elements != nil ||
		len(v.Object().rare().spreads) > 0 || v.Object().properties.size() == 0 {
		return nil, false
	}
	e.reads(v.Object())
	names := e.p.keysOf(v.Object())
	if len(names) == 1 {
		return e.arrayOfPlain(id, []any{names[0]}), true
	}
	out := e.made(id)
	out.array = true
	for _, name := range names {
		e.setElements(out, e.p.str(name))
	}
	return out.val(), true
}

// inherit is util.inherits and Object.setPrototypeOf.
func (e *evaluation) inherit(child, parent *Value) {
	child.Each(func(alt *Value) {
		switch alt.kind {
		case vFunction:
			alt.Function().extra().superclass = e.p.join(alt.Function().superclass, parent)
			alt.Function().proto().own().proto = alt.Function().superclass
		case vObject:
			e.spreadInto(alt.Object(), parent)
		}
	})
}

func (e *evaluation) defineProperty(c *callSite) {
	if name, ok := symbolName(c.arg(1)); ok {
		e.define(c.id, c.arg(0), name, c.arg(2))
		return
	}
	if name, ok := c.text(1); ok {
		e.define(c.id, c.arg(0), name, c.arg(2))
	}
}

// defineProperties defines all that an object of descriptors says.
func (e *evaluation) defineProperties(id ir.NodeID, of, descriptors *Value) {
	descriptors.Each(func(alt *Value) {
		if alt.kind != vObject {
			return
		}
		e.reads(alt.Object())
		for _, name := range e.p.keysOf(alt.Object()) {
			e.define(id, of, name, alt.Object().properties.get(name))
		}
		if all := alt.Object().elements; all != nil {
			of.Each(func(o *Value) {
				if o.kind == vObject {
					e.setElements(o.Object(), all.Property("value"))
				}
			})
		}
	})
}

// descriptor is what Object.getOwnPropertyDescriptor gives.
func (e *evaluation) descriptor(c *callSite) *Value {
	out := e.made(c.id)
	var value *Value
	known := false
	c.arg(1).Each(func(key *Value) {
		if key.kind == vString && !strings.Contains(key.text(), ir.Hole) {
			known = true
			c.arg(0).Each(func(alt *Value) {
				if alt.kind != vPath {
					value = e.p.join(value, e.valueUnder(alt, key.text()))
				}
			})
		}
	})
	if !known {
		value = e.elementsOf(c.arg(0))
	}
	e.setProperty(out, "value", value)
	return out.val()
}

// valueUnder is what an object or a function holds by a name.
func (e *evaluation) valueUnder(v *Value, name string) *Value {
	switch v.kind {
	case vObject:
		return e.property(v.Object(), name, 0)
	case vFunction:
		return e.functionMember(v.Function(), name)
	}
	return nil
}

// descriptors is what Object.getOwnPropertyDescriptors gives: a value for each name.
func (e *evaluation) descriptors(id ir.NodeID, v *Value) *Value {
	out := e.made(id)
	v.Each(func(alt *Value) {
		if alt.kind != vObject || alt.Object().properties.size() > ir.MaxElements {
			return
		}
		e.reads(alt.Object())
		for _, name := range e.p.keysOf(alt.Object()) {
			held := out.properties.get(name)
			if held == nil {
				held = (&Object{}).val()
				e.setProperty(out, name, held)
			}
			if held.kind == vObject {
				e.setProperty(held.Object(), "value", alt.Object().properties.get(name))
			}
		}
	})
	return out.val()
}

// maxEntries is up to how many properties Object.entries keeps each by itself.
const maxEntries = 64

// entries is what Object.entries gives: pairs of a name and a value; nil where the
// names are not known, or too many.
func (e *evaluation) entries(c *callSite) *Value {
	v := c.arg(0)
	if v == nil || v.kind != vObject || v.Object().elements != nil || len(v.Object().rare().spreads) > 0 ||
		v.Object().properties.size() > maxEntries || v.Object().rare().module != nil || v.Object().rare().table != nil {
		return nil
	}
	e.reads(v.Object())
	out := e.made(c.id)
	out.array = true
	for i, name := range e.p.keysOf(v.Object()) {
		key := ir.FormatNumber(float64(i))
		pair := out.properties.get(key)
		if pair == nil {
			pair = (&Object{array: true, length: 2}).val()
			e.setProperty(out, key, pair)
			out.length = max(out.length, int32(i)+1)
		}
		if pair.kind != vObject {
			continue
		}
		e.setProperty(pair.Object(), "0", e.p.str(name))
		e.setProperty(pair.Object(), "1", v.Object().properties.get(name))
	}
	return out.val()
}

// define sets a property as a descriptor says.
func (e *evaluation) define(id ir.NodeID, of *Value, name string, descriptor *Value) {
	value := descriptor.Property("value")
	descriptor.Each(func(d *Value) {
		if d.kind == vObject {
			e.reads(d.Object())
		}
	})
	getter, setter := descriptor.Property("get"), descriptor.Property("set")
	if getter != nil && getter.kind == vFunction {
		e.callerOf(getter.Function())
		value = e.p.join(value, getter.Function().Returned)
	}
	of.Each(func(alt *Value) {
		switch alt.kind {
		case vObject:
			if getter != nil && getter.kind == vFunction {
				e.accessor(alt.Object(), name, getter.Function(), false)
			}
			if setter != nil && setter.kind == vFunction {
				e.accessor(alt.Object(), name, setter.Function(), true)
			}
			e.setProperty(alt.Object(), name, value)
		case vFunction:
			e.setStatic(alt.Function(), name, value)
		case vPath:
			e.setPath(id, alt.Path(), name, nil, value)
		}
	})
}

// argumentMarks are the marks of what a call is given.
func (e *evaluation) argumentMarks(c *callSite) *Value {
	marks := Marks(0)
	for _, arg := range c.args {
		marks |= arg.allMarks()
	}
	return e.p.opaque(marks)
}

// arrayOfArguments is an array of what a call is given.
func (e *evaluation) arrayOfArguments(c *callSite) *Value {
	out := e.made(c.id)
	out.array = true
	out.length = max(out.length, int32(len(c.args)))
	for i, arg := range c.args {
		e.setProperty(out, ir.FormatNumber(float64(i)), arg)
	}
	if c.open {
		e.setElements(out, e.elementsOf(out.val()))
		out.own().mixed = true
	}
	return out.val()
}

// decode folds Buffer.from(text, encoding). A Buffer is the text that it holds,
// so that one of other bytes is not known.
func (e *evaluation) decode(c *callSite, encoding string) *Value {
	unknown := e.p.opaque(c.arg(0).allMarks())
	v, ok := plainOf(c.arg(0), 0)
	if !ok {
		if s, isText := c.text(0); isText && encoding == "" {
			return e.p.str(s)
		}
		return unknown
	}
	var how any
	if encoding != "" {
		how = encoding
	}
	b, ok := builtin.BufferFrom(v, how)
	if !ok {
		return unknown
	}
	text, ok := builtin.BufferText(b, nil)
	if !ok {
		return unknown
	}
	out := e.fromPlain(c.id, text)
	return e.p.marked(out, c.arg(0).allMarks())
}

// resolveURL is what a URL is in another's place; where that is not known for sure,
// it may be another one than what it looks like.
func (p *program) resolveURL(base, ref string) *Value {
	if !strings.Contains(base+ref, ir.Hole) {
		if u, ok := builtin.ParseURL(ref, base); ok {
			if href, _ := u.Get("href"); href != nil {
				return p.str(href.(string))
			}
		}
	}
	likely := ref
	b, err1 := url.Parse(strings.ReplaceAll(base, ir.Hole, "x"))
	r, err2 := url.Parse(ref)
	if err1 == nil && err2 == nil {
		likely = b.ResolveReference(r).String()
	}
	return p.join(p.str(likely), p.str(ir.Hole))
}

// joinPath joins what may be texts with holes.
func (e *evaluation) joinPath(args []*Value, name string) *Value {
	marks := Marks(0)
	var out string
	any := false
	for _, arg := range args {
		marks |= arg.allMarks()
		t := e.textsOf(arg)[0]
		any = any || t != ir.Hole
		if name == "resolve" && strings.HasPrefix(t, "/") {
			out = t
			continue
		}
		if out != "" {
			out += "/"
		}
		out += t
	}
	if !any || len(out) > 4096 {
		return e.p.opaque(marks)
	}
	clean := path.Clean(out)
	if name == "resolve" && !strings.HasPrefix(clean, "/") && !strings.HasPrefix(clean, ir.Hole) {
		clean = ir.Hole + "/" + clean // in the folder of the process: never the name of a module
	}
	if name != "resolve" && strings.HasSuffix(out, "/") && clean != "/" {
		clean += "/" // join and normalize keep it
	}
	return e.p.marked(e.p.str(clean), marks)
}

// parseJSON turns a JSON text into a value.
func (p *program) parseJSON(s string) *Value {
	if len(s) > maxText {
		return nil
	}
	data, ok := builtin.ParseJSON(s)
	if !ok {
		return nil
	}
	budget := maxProperties
	return p.jsonValue(data, 0, &budget)
}

func (p *program) jsonValue(data any, depth int, budget *int) *Value {
	if *budget--; *budget < 0 || depth > 16 {
		return nil
	}
	switch x := data.(type) {
	case string:
		return p.str(x)
	case float64:
		return number(x)
	case bool:
		if x {
			return yes
		}
		return no
	case []any:
		o := &Object{array: true, length: int32(len(x))}
		for i, item := range x {
			if v := p.jsonValue(item, depth+1, budget); v != nil {
				o.properties.set(strconv.Itoa(i), v)
			}
		}
		return o.val()
	case *builtin.Object:
		o := &Object{}
		for _, key := range x.Keys() {
			item, _ := x.Get(key)
			if v := p.jsonValue(item, depth+1, budget); v != nil {
				o.properties.set(key, v)
			}
		}
		return o.val()
	}
	return nil
}

// returning is a function made from text that returns a global variable, or
// everything.
func (p *program) returning(name string) *Value {
	if name == "" || strings.ContainsAny(name, " ()[]{}+.,'\"") {
		name = "this"
	}
	key := "globalThis.Function#" + name
	f := p.roots[key]
	if f == nil {
		f = p.newPath("globalThis.Function#", nil, name)
		f.result = p.globalObject
		if name != "this" {
			f.result = p.global(name)
		}
		p.roots[key] = f
	}
	return f.val()
}

// json is the value of a JSON file of the package.
func (p *program) json(name string) *Value {
	if !strings.HasSuffix(name, ".json") {
		return nil
	}
	if v, ok := p.jsonFiles[name]; ok {
		return v
	}
	var v *Value
	if f := p.resolver.Pkg.File(name); f != nil && len(f.Data()) <= MaxJSON {
		v = p.parseJSON(strings.ToValidUTF8(strings.TrimPrefix(string(f.Data()), "\ufeff"), "\ufffd"))
	}
	p.jsonFiles[name] = v
	return v
}

// MaxJSON is the largest JSON file whose values are known to the scripts that
// load it, in bytes: settings and lists, not data.
const MaxJSON = 32 << 10
