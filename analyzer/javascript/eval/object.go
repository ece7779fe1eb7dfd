package eval

import (
	"path"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

// metaMember gives import.meta.url and its like.
func (e *evaluation) metaMember(of *Path, name string) *Value {
	if of.API != "import.meta" {
		if of == e.p.requirePath && name == "main" {
			return e.p.moduleInstance().val()
		}
		if of.API == "process.env" && strings.HasPrefix(name, "npm_package_") && e.p.resolver != nil {
			if text, ok := e.p.resolver.ShellPackage().Variable(name); ok { // where npm runs it
				return e.p.join(e.p.pathValue(e.p.member(of, name), of.Marks), e.p.str(text))
			}
		}
		return nil
	}
	switch name {
	case "url":
		return e.p.str("file://" + e.m.File.Filename())
	case "filename":
		return e.p.str(e.m.File.Filename())
	case "dirname":
		return e.p.str(e.m.File.Dirname())
	case "env":
		return e.p.member(e.p.externalModule("process"), "env").val()
	}
	return nil
}

func (e *evaluation) functionMember(f *Function, name string) *Value {
	switch name {
	case "prototype":
		return f.proto().val()
	case "constructor":
		return e.p.global("Function").val()
	}
	if f.statics != nil {
		return e.property(f.statics, name, 0)
	}
	return nil
}

// maxLookup bounds how many spread objects one look-up goes through, which may form
// any graph; a chain of prototypes is as long as it is. maxSpreads is how many an
// object has itself.
const (
	maxLookup  = 64
	maxSpreads = 64
)

// property looks a name up in an object, what it was spread from, and its
// prototypes; each object once.
func (e *evaluation) property(o *Object, name string, depth int) *Value {
	p := e.p
	if depth == 0 {
		p.lookup++
		p.visited = 0
	}
	if o.visited == p.lookup {
		return nil
	}
	if p.visited >= maxLookup {
		if e.recording() {
			e.reached(e.f.Start, "spread objects", maxLookup)
		}
		return nil
	}
	o.visited = p.lookup
	p.steps++
	e.readsName(o, name)
	out := o.properties.get(name)
	if o.rare().table != nil {
		return out
	}
	if o.rare().mixed {
		if _, isIndex := smallIndex(name); isIndex {
			return e.elementsOf(o.val())
		}
	}
	if out == nil && name == "constructor" && o.rare().module == nil && o.rare().proto == nil {
		if o.array {
			return p.global("Array").val()
		}
		return p.global("Object").val()
	}
	for _, s := range o.rare().spreads {
		s.Each(func(alt *Value) {
			switch alt.kind {
			case vObject:
				p.visited++
				out = p.join(out, e.property(alt.Object(), name, depth+1))
			case vPath:
				if m := p.member(alt.Path(), name); m != nil {
					out = p.join(out, m.val())
				}
			}
		})
	}
	if out == nil && o.rare().proto != nil {
		o.rare().proto.Each(func(alt *Value) {
			switch alt.kind {
			case vFunction:
				out = p.join(out, e.property(alt.Function().proto(), name, depth+1))
			case vPath:
				if r := p.resultOf(alt.Path()); r != nil {
					if m := p.member(r, name); m != nil {
						out = p.join(out, m.val())
					}
				}
			}
		})
	}
	if out == nil && name == "default" && o.rare().module != nil {
		// The default import of a CommonJS module is its exports.
		out = e.moduleValue(o.rare().module)
	}
	if out == nil && !(o.array && !o.rare().keyed && arrayOwn[name]) {
		out = o.elements
	}
	if o.marks != 0 {
		out = p.join(out, p.opaque(o.marks))
	}
	return out
}

// arrayOwn are the names that arrays have by themselves, and the maps and sets that
// are taken for arrays: none of their elements.
var arrayOwn = set(`length size push unshift append add set get getAll pop shift at join toString concat slice flat
	toReversed toSorted with toSpliced includes indexOf lastIndexOf splice reverse sort fill copyWithin filter values
	forEach some every findIndex findLastIndex map flatMap find findLast reduce reduceRight keys entries has delete clear`)

// moduleValue is what requiring the module gives.
func (e *evaluation) moduleValue(m *Module) *Value {
	e.readsName(m.moduleObject, "exports")
	return m.moduleObject.properties.get("exports")
}

func (e *evaluation) object(id ir.NodeID, n *ir.Node) *Value {
	items := e.m.List(n.B)
	if n.Flags&ir.FlagNamespace != 0 {
		o := e.m.namespaces[n.A]
		if o == nil {
			if e.m.namespaces == nil {
				e.m.namespaces = map[int32]*Object{}
			}
			o = &Object{}
			e.m.namespaces[n.A] = o
		}
		return o.val()
	}
	o := e.made(id)
	for i := 0; i+1 < len(items); i += 2 {
		key, v := items[i], e.at(items[i+1])
		switch {
		case key == ir.KeySpread:
			e.spreadInto(o, v)
			e.getsAll(id, v)
			if e.recording() {
				e.enumerate(id, v, "copy")
			}
		case key < ir.KeySpread:
			e.setComputed(o, e.at(-2-key), v)
		default:
			if v != nil && v.kind == vFunction && (v.Function().Getter || v.Function().Setter) {
				f := v.Function()
				e.adopt(f, o)
				e.callerOf(f)
				e.accessor(o, e.p.strings.All[key], f, f.Setter)
				if v = f.Returned; f.Setter {
					continue
				}
			}
			e.setProperty(o, e.p.strings.All[key], v)
			if e.recording() {
				e.propertyUse(id, e.m.Position(ir.NodeID(items[i+1])), e.p.strings.All[key], o.val(), v)
			}
		}
	}
	e.detectTable(id, n, o)
	return o.val()
}

func (e *evaluation) array(id ir.NodeID, n *ir.Node) *Value {
	items := e.m.List(n.B)
	o := e.made(id)
	o.array = true
	o.length = max(o.length, int32(len(items)))
	for i, item := range items {
		v := e.at(item)
		if v == nil {
			continue
		}
		if e.m.Nodes[item].Kind == ir.NSpread {
			e.setElements(o, e.elementsOf(v))
			continue
		}
		e.setProperty(o, ir.FormatNumber(float64(i)), v)
	}
	e.detectTable(id, n, o)
	return o.val()
}

// made is the object that a node makes: one for each place in the code.
func (e *evaluation) made(id ir.NodeID) *Object {
	if v := e.kept(id); v != nil && v.kind == vObject {
		return v.Object()
	}
	o := &Object{}
	e.keep(id, o.val())
	return o
}

// rest is what a pattern takes that has taken so many elements of an array before, or
// some properties of an object.
func (e *evaluation) rest(id ir.NodeID, v *Value, taken int) *Value {
	if taken == 0 {
		return v
	}
	var out *Value
	v.Each(func(alt *Value) {
		if alt.kind != vObject || !alt.Object().array {
			out = e.p.join(out, alt)
			return
		}
		e.reads(alt.Object())
		rest := e.made(id)
		rest.array = true
		list, exact := elementList(alt)
		for i := taken; i < len(list); i++ {
			e.setProperty(rest, ir.FormatNumber(float64(i-taken)), list[i])
			rest.length = max(rest.length, int32(i-taken)+1)
		}
		if !exact {
			e.setElements(rest, alt.Object().elements)
		}
		out = e.p.join(out, rest.val())
	})
	return out
}

func (e *evaluation) class(n *ir.Node) *Value {
	f := e.m.Functions[n.A]
	items := e.m.List(n.B)
	if super := e.at(items[0]); super != nil {
		if joined := e.p.join(f.superclass, super); joined != f.superclass {
			f.extra().superclass = joined
			e.supers(f)
		}
		f.proto().own().proto = f.superclass
		f.static()
		super.Each(func(alt *Value) {
			if alt.kind == vFunction {
				e.spreadInto(f.statics, alt.Function().static().val())
			}
		})
		if e.recording() {
			e.use(UseExtends, super, ir.NodeID(items[0]), nil)
		}
	}
	for i := 1; i+2 < len(items); i += 3 {
		target := f.proto()
		if items[i] == 1 {
			target = f.static()
		}
		v := e.at(items[i+2])
		if v != nil && v.kind == vFunction {
			if items[i] == 1 && v.Function().this == nil {
				v.Function().this = f.val()
			}
			if field := v.Function(); field.Field {
				e.callerOf(field)
				v = field.Returned
				if items[i] == 1 {
					e.edge(ir.NodeID(items[i+2]), field)
				} else {
					e.constructs(f, field)
				}
				if key := items[i+1]; key >= 0 {
					e.setProperty(target, e.p.strings.All[key], v)
					continue
				}
			} else if f := v.Function(); f.Getter || f.Setter {
				e.callerOf(f)
				if key := items[i+1]; key >= 0 {
					e.accessor(target, e.p.strings.All[key], f, f.Setter)
				}
				if v = f.Returned; f.Setter {
					continue
				}
			}
		}
		if key := items[i+1]; key < ir.KeySpread {
			e.setComputed(target, e.at(-2-key), v)
		} else {
			e.setProperty(target, e.p.strings.All[key], v)
		}
	}
	return f.val()
}

// supers lets the functions of a class run again that may ask for what it extends.
func (e *evaluation) supers(constructor *Function) {
	for _, f := range e.m.Functions {
		member := f
		for member.Arrow && member.Outer >= 0 {
			member = member.Parent()
		}
		if member.Constructor == constructor.Index {
			e.p.enqueue(f)
		}
	}
}

// constructs notes that a constructor computes a field.
func (e *evaluation) constructs(constructor, field *Function) {
	if !e.recording() {
		return
	}
	for _, call := range constructor.Calls {
		if call.To == field {
			return
		}
	}
	constructor.Calls = append(constructor.Calls, CallEdge{To: field, Pos: field.Pos})
}

// adopt makes o the `this` of a function stored in it.
func (e *evaluation) adopt(f *Function, o *Object) {
	if f.this == nil && !f.Arrow && f.class() == nil {
		f.this = o.val()
		e.p.enqueue(f)
	}
}

// changed lets those run again who read one of the names.
func (e *evaluation) changed(o *Object, names uint64) { e.changedFor(o, names, others) }

// changedFor is changed, for what may be no news.
func (e *evaluation) changedFor(o *Object, names uint64, news change) {
	o.readers.runAgain(e.p, names, news)
}

func (e *evaluation) setProperty(o *Object, name string, v *Value) {
	if v == nil {
		return
	}
	if v.kind == vFunction && !v.Function().Getter && o != e.m.moduleObject {
		e.adopt(v.Function(), o)
	}
	old := o.properties.get(name)
	if old == nil && o.properties.size() >= maxProperties {
		e.setElements(o, v)
		return
	}
	joined := e.p.join(old, v)
	if joined == old {
		return
	}
	o.properties.set(name, joined)
	e.changedFor(o, nameBit(name), e.p.news(old, joined))
}

func (e *evaluation) setElements(o *Object, v *Value) {
	joined := e.p.join(o.elements, v)
	if joined == o.elements {
		return
	}
	news := e.p.news(o.elements, joined)
	o.elements = joined
	if marks := v.allMarks(); marks&^o.marks != 0 {
		o.marks |= marks
	}
	e.changedFor(o, everything, news)
}

func (e *evaluation) setComputed(o *Object, key, v *Value) {
	known := false
	key.Each(func(k *Value) {
		switch {
		case k.kind == vString && !strings.Contains(k.text(), ir.Hole):
			known = true
			e.setProperty(o, k.text(), v)
		case k.kind == vNumber:
			known = true
			e.setProperty(o, ir.FormatNumber(k.number()), v)
		case k.kind == vPath:
			if name, ok := symbolName(k); ok {
				known = true
				e.setProperty(o, name, v)
			}
		}
	})
	if !known {
		if o.array && (key == nil || key.kind != vNumber) && !o.rare().keyed {
			o.own().keyed = true
			e.changed(o, everything)
		}
		e.setElements(o, v)
	}
}

// spreadInto lets o have the properties of v too.
func (e *evaluation) spreadInto(o *Object, v *Value) {
	v.Each(func(alt *Value) {
		if alt.kind != vObject && alt.kind != vPath || alt.kind == vObject && alt.Object() == o {
			return
		}
		for _, have := range o.rare().spreads {
			if have == alt {
				return
			}
		}
		if len(o.rare().spreads) >= maxSpreads {
			e.reached(e.f.Start, "spreads", maxSpreads)
			return
		}
		o.own().spreads = append(o.rare().spreads, alt)
		e.changed(o, everything)
	})
}

// set lowers object.name = value and object[key] = value.
func (e *evaluation) set(id ir.NodeID, n *ir.Node) {
	list := e.m.List(n.A)
	object, key, v := e.at(list[0]), e.at(list[1]), e.at(list[3])
	name := ""
	if list[1] < 0 {
		name = e.p.strings.All[list[2]]
		if e.recording() {
			e.propertyUse(id, 0, name, object, v)
		}
	}
	if object == nil {
		if e.recording() && strings.HasPrefix(name, "on") {
			e.escape(id, v, nil)
		}
		return
	}
	object.Each(func(alt *Value) {
		switch alt.kind {
		case vObject:
			if list[1] >= 0 {
				e.setComputed(alt.Object(), key, v)
			} else {
				e.sets(id, alt, alt.Object(), name, v)
				e.setProperty(alt.Object(), name, v)
			}
		case vFunction:
			switch {
			case list[1] >= 0:
				e.setComputed(alt.Function().static(), key, v)
			case name == "prototype":
				e.spreadInto(alt.Function().proto(), v)
				v.Each(func(o *Value) {
					if o.kind == vObject {
						for _, method := range o.Object().properties.all() {
							if method.kind == vFunction && method.Function().this == o {
								method.Function().this = alt.Function().proto().val()
							}
						}
					}
				})
			default:
				e.setStatic(alt.Function(), name, v)
			}
		case vPath:
			e.setPath(id, alt.Path(), name, key, v)
		}
	})
}

// setStatic stores a property on a function, whose `this` is then not it.
func (e *evaluation) setStatic(f *Function, name string, v *Value) {
	if v != nil && v.kind == vFunction && v.Function().this == nil && !v.Function().Arrow && v.Function().class() == nil {
		v.Function().this = f.val()
	}
	e.setProperty(f.static(), name, v)
}

func (e *evaluation) setPath(id ir.NodeID, of *Path, name string, key, v *Value) {
	if name == "" {
		name = "*"
		if text, ok := key.Text(); ok {
			name = text
		}
	}
	if of.API == "require.extensions" || of.API == "module._extensions" {
		e.registers(name)
	}
	if of.API == "process.env" && name == "NODE_OPTIONS" && e.p.alone == nil && e.inline == 0 {
		s := &start{e: e, id: id, dirs: []string{"", path.Dir(e.m.File.Path)}}
		for _, text := range v.Texts() {
			s.node([]string{"NODE_OPTIONS=" + text, "node"}) // of whatever is started then
		}
	}
	if of.text {
		return // a text keeps nothing
	}
	m := e.p.member(of, name)
	if m != nil && m.Interest.Hooked != 0 {
		e.hook(id, v, m.Interest.Hooked)
	}
	if e.recording() {
		if m != nil {
			e.use(UseSet, m.val(), id, []*Value{v})
		}
		e.escape(id, v, of)
	}
}

// hook marks the arguments of functions that are put in an API's place: they
// are what others mean for the API.
func (e *evaluation) hook(id ir.NodeID, v *Value, marks Marks) {
	v.Each(func(alt *Value) {
		if f := alt.Function(); f != nil {
			given := e.p.opaque(marks)
			e.enter(id, f, nil, []*Value{given, given, given})
		}
	})
}
