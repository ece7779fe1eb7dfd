package eval

import (
	"iter"
	"math"
	"slices"
	"strings"
	"unsafe"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

// Marks tell where a value may come from, a bit for each kind of source that
// the vocabulary names.
type Marks uint16

type valueKind uint8

const (
	vOpaque valueKind = iota // only its marks are known
	vString
	vNumber
	vBool
	vNull
	vRegExp
	vPath
	vFunction
	vObject
	vUnion
	vResolver // the resolve function of a promise
	vTable    // the require function of a bundle's module table
	vLazy     // a bundled module that runs when called
)

// Value is what is known of an expression: the values it may have. A nil
// Value says nothing.
//
// There are millions of them in a large package, so that one word and one
// pointer hold whatever its kind needs; only the functions below read them.
type Value struct {
	kind valueKind
	// rank is 1 more than what program.rank says of a text, 0 before it was asked.
	rank  uint8
	marks Marks
	// bits is a number's or boolean's value, or the length of what data is
	// the start of.
	bits uint64
	// data is the text, alternatives, path, function or object.
	data unsafe.Pointer
}

func textValue(kind valueKind, s string) *Value {
	return &Value{kind: kind, bits: uint64(len(s)), data: unsafe.Pointer(unsafe.StringData(s))}
}

func lazyValue(f *Function) *Value { return &Value{kind: vLazy, data: unsafe.Pointer(f)} }

func objectValue(kind valueKind, o *Object) *Value {
	return &Value{kind: kind, data: unsafe.Pointer(o)}
}

func unionValue(marks Marks, alts []*Value) *Value {
	return &Value{kind: vUnion, marks: marks, bits: uint64(len(alts)), data: unsafe.Pointer(unsafe.SliceData(alts))}
}

// text is the text of a string or regular expression, else "".
func (v *Value) text() string {
	if v.kind != vString && v.kind != vRegExp {
		return ""
	}
	return unsafe.String((*byte)(v.data), int(v.bits))
}

// number is the value of a number, 1 or 0 for a boolean, else 0.
func (v *Value) number() float64 {
	if v.kind != vNumber && v.kind != vBool {
		return 0
	}
	return math.Float64frombits(v.bits)
}

// Path is the API that a path is, else nil.
func (v *Value) Path() *Path {
	if v.kind != vPath {
		return nil
	}
	return (*Path)(v.data)
}

// Function is the function of a function or lazy module, else nil.
func (v *Value) Function() *Function {
	if v.kind != vFunction && v.kind != vLazy {
		return nil
	}
	return (*Function)(v.data)
}

// Object is that of an object, a promise's resolver or a bundle's table, else
// nil.
func (v *Value) Object() *Object {
	if v.kind != vObject && v.kind != vResolver && v.kind != vTable {
		return nil
	}
	return (*Object)(v.data)
}

// alts are the alternatives of a union, else nil. They are never changed.
func (v *Value) alts() []*Value {
	if v.kind != vUnion {
		return nil
	}
	return unsafe.Slice((**Value)(v.data), int(v.bits&^cutBit))
}

// cutBit is set in the length of a union that has lost functions or objects.
const cutBit = 1 << 63

// cut reports whether the value may also be functions or objects of which nothing
// is kept.
func (v *Value) cut() bool { return v != nil && v.kind == vUnion && v.bits&cutBit != 0 }

// Wide reports whether a value may be so much that it says little of what it is at
// one place: as much as a join keeps, or more was left out.
func (v *Value) Wide() bool {
	return v != nil && v.kind == vUnion && (v.cut() || len(v.alts()) >= maxUnion)
}

// Object is an object, array, class prototype or promise, one for each place
// in the code that makes one.
type Object struct {
	properties properties
	// elements joins what is stored under keys that are not known, and what
	// an array or promise holds.
	elements *Value
	extra    *objectExtra
	array    bool
	promise  bool
	marks    Marks
	length   int32
	value    Value
	readers  readers
	visited  int64
}

// everything is the bits of all properties.
const everything = ^uint64(0)

// nameBit is a property's bit among 64: a change of one property is not a change
// for those who read others. Two names may share one, which costs time only.
func nameBit(name string) uint64 {
	if name == "" {
		return 1
	}
	return 1 << ((uint(len(name)) + 31*uint(name[0]) + 7*uint(name[len(name)-1]) + 3*uint(name[len(name)/2])) & 63)
}

// objectExtra is what few objects have.
type objectExtra struct {
	// spreads are objects whose properties this one has too.
	spreads []*Value
	// proto is where a look-up goes on: the superclass.
	proto  *Value
	module *Module
	table  *table
	// mixed is set where the order of an array's elements is not known.
	mixed bool
	// target and traps are what a Proxy stands for, and the object of its handlers.
	target, traps *Value
	// accessors are the getters and setters, by name.
	accessors map[string]*accessors
	// keyed is set for an array where something is stored under a name that is not
	// known.
	keyed bool
}

var noObjectExtra objectExtra

// rare is what few objects have, to read it.
func (o *Object) rare() *objectExtra {
	if o.extra == nil {
		return &noObjectExtra
	}
	return o.extra
}

// own is what few objects have, to change it.
func (o *Object) own() *objectExtra {
	if o.extra == nil {
		o.extra = &objectExtra{}
	}
	return o.extra
}

// maxProperties bounds the properties that are kept apart in one object.
const maxProperties = 4096

// reads notes that whatever the object holds matters to the function.
func (e *evaluation) reads(o *Object) {
	if e.p.pass == solving {
		o.readers.add(e.f, everything)
	}
}

// readsName notes that one property of the object matters to the function.
func (e *evaluation) readsName(o *Object, name string) {
	if e.p.pass == solving {
		o.readers.add(e.f, nameBit(name))
	}
}

// Each calls yield for every alternative of v.
func (v *Value) Each(yield func(*Value)) {
	if v == nil {
		return
	}
	if v.kind == vUnion {
		for _, alt := range v.alts() {
			yield(alt)
		}
		return
	}
	yield(v)
}

// allMarks are the marks of v and of what it is made of.
func (v *Value) allMarks() Marks {
	if v == nil {
		return 0
	}
	marks := v.marks
	switch v.kind {
	case vPath:
		marks |= v.Path().Marks
	case vObject:
		marks |= v.Object().marks
	case vUnion:
		for _, alt := range v.alts() {
			marks |= alt.allMarks()
		}
	}
	return marks
}

// join is the value that may be a or b. It returns a itself where b adds
// nothing, which is how a change is noticed. The same question has the same
// answer, so that values settle.
func (p *program) join(a, b *Value) *Value {
	switch {
	case b == nil || a == b:
		return a
	case a == nil:
		return b
	case b.marks&^a.marks == 0 && !adds(a, b):
		return a
	}
	place := p.joins.place(a, b)
	if place.value != nil {
		return place.value
	}
	v := p.joinAnew(a, b)
	p.joins.add(a, b, v)
	return v
}

// adds is false where it is plain to see that b has no alternative that a lacks.
func adds(a, b *Value) bool {
	switch {
	case b.kind == vOpaque:
		return false
	case b.kind == vUnion || a.kind == vOpaque:
		return true
	case a.kind == vUnion:
		return !contains(a.alts(), b)
	}
	return !alike(a, b)
}

func (p *program) joinAnew(a, b *Value) *Value {
	if b.kind == vOpaque {
		if b.marks&^a.allMarks() == 0 {
			return a
		}
		if a.kind == vOpaque {
			return p.opaque(a.marks | b.marks)
		}
		return unionValue(a.marks|b.marks, alternatives(a)).cutAs(a, false)
	}
	if a.kind == vOpaque {
		if a.marks == 0 {
			return b
		}
		return unionValue(a.marks|b.marks, alternatives(b)).cutAs(b, false)
	}
	lost, replaced := b.cut(), false
	alts := alternatives(a)
	n := len(alts)
	marks := a.marks | b.marks
	if n >= maxUnion && b.kind == vString && !p.nameMatters(b.text()) && b.marks&^a.marks == 0 && contains(alts, p.str(ir.Hole)) {
		return a
	}
	for _, v := range alternatives(b) {
		if contains(alts, v) {
			continue
		}
		out, fits := p.leastOf(alts, v)
		if fits {
			alts = append(alts[:len(alts):len(alts)], v)
			continue
		}
		if out >= 0 {
			alts = slices.Clone(alts)
			v, alts[out] = alts[out], v
			replaced = true
		}
		// What no longer fits is some text that is not known: a list of names must
		// not shrink to its first eight.
		if v.kind == vString {
			if some := p.str(ir.Hole); !contains(alts, some) {
				alts = append(alts[:len(alts):len(alts)], some)
			}
			continue
		}
		if more := v.allMarks(); more&^a.allMarks() != 0 {
			marks |= more // what is left out still gives its data
		}
		lost = lost || p.rank(v) == structure
	}
	if len(alts) == n && !replaced && marks&^a.marks == 0 && (!lost || a.cut()) {
		return a
	}
	return unionValue(marks, alts).cutAs(a, lost)
}

// cutAs notes in a new union that it has lost something, as another has or by itself.
func (v *Value) cutAs(other *Value, lost bool) *Value {
	if lost || other.cut() {
		v.bits |= cutBit
	}
	return v
}

// contains reports whether v, or a constant like it, is among the alternatives.
func contains(alts []*Value, v *Value) bool {
	for _, have := range alts {
		if alike(have, v) {
			return true
		}
	}
	return false
}

// alike reports whether two alternatives are one, or the same constant.
func alike(a, b *Value) bool {
	if a == b {
		return true
	}
	if a.kind != b.kind || a.bits != b.bits {
		return false
	}
	switch a.kind {
	case vString:
		return a.text() == b.text()
	case vNumber, vBool, vNull:
		return true
	}
	return false
}

func alternatives(v *Value) []*Value {
	if v.kind == vUnion {
		return v.alts()
	}
	return []*Value{v}
}

func (p *program) opaque(marks Marks) *Value {
	if marks == 0 {
		return nil
	}
	v := p.opaques[marks]
	if v == nil {
		v = &Value{kind: vOpaque, marks: marks}
		p.opaques[marks] = v
	}
	return v
}

func (p *program) str(s string) *Value {
	if v, ok := p.texts[s]; ok {
		return v
	}
	if len(s) > maxText {
		s = s[:maxText]
	}
	p.textBytes += len(s)
	v := textValue(vString, s)
	if len(s) <= maxShared {
		p.texts[s] = v
	}
	return v
}

// marked is a text that carries marks of its own, apart from equal ones.
func (p *program) marked(v *Value, marks Marks) *Value {
	if v == nil || v.kind != vString || marks&^v.marks == 0 {
		return p.join(v, p.opaque(marks))
	}
	key := markedText{v.text(), v.marks | marks}
	if have := p.markedTexts[key]; have != nil {
		return have
	}
	m := textValue(vString, v.text())
	m.marks = v.marks | marks
	p.markedTexts[key] = m
	return m
}

type markedText struct {
	text  string
	marks Marks
}

// maxShared is the longest text of which there is one value for the package, in
// bytes.
const maxShared = 128

// maxText is the longest text that is folded, maxTexts how many bytes of text
// folding may make in one package.
const (
	maxText  = 256 << 10
	maxTexts = 64 << 20
)

// smallNumbers are shared: most numbers in code are small.
var smallNumbers = func() (list [256]*Value) {
	for i := range list {
		list[i] = &Value{kind: vNumber, bits: math.Float64bits(float64(i))}
	}
	return list
}()

func number(f float64) *Value {
	if f >= 0 && f < 256 && f == float64(int(f)) {
		return smallNumbers[int(f)]
	}
	return &Value{kind: vNumber, bits: math.Float64bits(f)}
}

// number is a constant of a script.
func (p *program) number(f float64) *Value {
	v := p.numbers[f]
	if v == nil {
		v = number(f)
		p.numbers[f] = v
	}
	return v
}

var yes, no = &Value{kind: vBool, bits: math.Float64bits(1)}, &Value{kind: vBool}

func (o *Object) val() *Value {
	if o.value.data == nil {
		o.value = Value{kind: vObject, data: unsafe.Pointer(o)}
	}
	return &o.value
}

func (f *Function) val() *Value {
	if f.value.data == nil {
		f.value = Value{kind: vFunction, data: unsafe.Pointer(f)}
	}
	return &f.value
}

// proto is the function's prototype object, which also stands for the
// instances that new makes.
func (f *Function) proto() *Object {
	if f.prototype == nil {
		f.prototype = &Object{}
	}
	return f.prototype
}

func (f *Function) static() *Object {
	if f.statics == nil {
		f.extra().statics = &Object{}
	}
	return f.statics
}

// Text is the value as a text, with a hole for every part that is not known.
// ok is false where nothing of it is a constant.
func (v *Value) Text() (text string, ok bool) {
	if v == nil {
		return ir.Hole, false
	}
	switch v.kind {
	case vString:
		return v.text(), strings.ReplaceAll(v.text(), ir.Hole, "") != ""
	case vNumber:
		return ir.FormatNumber(v.number()), true
	case vUnion:
		for _, alt := range v.alts() {
			if alt.kind == vString {
				return alt.Text()
			}
		}
	}
	return ir.Hole, false
}

// Texts are all constant texts that the value may be.
func (v *Value) Texts() []string {
	var out []string
	v.Each(func(alt *Value) {
		if alt.kind == vString {
			out = append(out, alt.text())
		}
	})
	return out
}

// Is reports whether the value may be the constant that the word says: true,
// false, a number, or a text.
func (v *Value) Is(word string) bool {
	found := false
	v.Each(func(alt *Value) {
		switch alt.kind {
		case vBool:
			found = found || word == "true" && alt.number() == 1 || word == "false" && alt.number() == 0
		case vNumber:
			found = found || ir.FormatNumber(alt.number()) == word
		case vString:
			found = found || alt.text() == word
		}
	})
	return found
}

// Constant reports whether the value is known to be only constants.
func (v *Value) Constant() bool {
	if v == nil {
		return false
	}
	constant := true
	v.Each(func(alt *Value) {
		switch alt.kind {
		case vString:
			constant = constant && !strings.Contains(alt.text(), ir.Hole)
		case vNumber, vBool, vNull, vRegExp:
		default:
			constant = false
		}
	})
	return constant
}

// IsFunction reports whether the value may be a function of the package.
func (v *Value) IsFunction() bool {
	found := false
	v.Each(func(alt *Value) { found = found || alt.kind == vFunction })
	return found
}

// IsEmptyFunction reports whether the value may be a function of the package
// that does nothing.
func (v *Value) IsEmptyFunction() bool {
	found := false
	v.Each(func(alt *Value) { found = found || alt.kind == vFunction && alt.Function().empty })
	return found
}

// IsObject reports whether the value may be an object literal.
func (v *Value) IsObject() bool {
	found := false
	v.Each(func(alt *Value) { found = found || alt.kind == vObject })
	return found
}

// Property is the value of an object's property, nil where nothing is known.
func (v *Value) Property(name string) *Value {
	var out *Value
	v.Each(func(alt *Value) {
		if alt.kind == vObject && out == nil {
			out = alt.Object().lookup(name)
		}
	})
	return out
}

// Elements are an array's values by index.
func (v *Value) Elements() []*Value {
	var out []*Value
	v.Each(func(alt *Value) {
		if alt.kind == vObject && alt.Object().array && out == nil {
			for i := 0; i < int(alt.Object().length) && i < ir.MaxElements; i++ {
				out = append(out, alt.Object().properties.get(ir.FormatNumber(float64(i))))
			}
		}
	})
	return out
}

// MayBeAPI reports whether the value may be a member path, such as "process.env".
func (v *Value) MayBeAPI(api string) bool {
	found := false
	v.Each(func(alt *Value) { found = found || alt.kind == vPath && alt.Path().API == api })
	return found
}

// Carries are the marks of the value and of what the objects in it hold, two
// levels deep.
func (v *Value) Carries() Marks {
	switch {
	case v == nil:
		return 0
	case v.kind != vObject && v.kind != vUnion:
		return v.allMarks()
	}
	marks := v.allMarks()
	seen := map[*Object]bool{}
	level, left := objectsIn(nil, v, seen), maxCarried
	for depth := 0; depth <= 2 && len(level) > 0; depth++ {
		for _, o := range level {
			left -= 1 + o.properties.size()
		}
		if left < 0 && depth > 0 {
			break // a whole level or nothing of it, so that the order does not matter
		}
		var next []*Object
		look := func(v *Value) {
			marks |= v.allMarks()
			next = objectsIn(next, v, seen)
		}
		for _, o := range level {
			for _, s := range o.rare().spreads {
				look(s)
			}
			for _, p := range o.properties.all() {
				look(p)
			}
			look(o.elements)
		}
		level = next
	}
	return marks
}

// MayHold reports whether the value may be an object, which holds others.
func (v *Value) MayHold() bool { return v.kind == vObject || v.kind == vUnion }

// Held are the values that an object holds; nil ones are among them.
func (o *Object) Held() iter.Seq[*Value] {
	return func(yield func(*Value) bool) {
		for _, s := range o.rare().spreads {
			if !yield(s) {
				return
			}
		}
		for _, p := range o.properties.all() {
			if !yield(p) {
				return
			}
		}
		yield(o.elements)
	}
}

// maxCarried is how many values are looked at for what one holds, beyond the first
// object's own: the marks of an object tell of what is stored under names that are
// not known.
const maxCarried = 2000

// objectsIn adds the objects that a value may be, each once.
func objectsIn(list []*Object, v *Value, seen map[*Object]bool) []*Object {
	v.Each(func(alt *Value) {
		if alt.kind == vObject && !seen[alt.Object()] {
			seen[alt.Object()] = true
			list = append(list, alt.Object())
		}
	})
	return list
}

// Same reports whether the two may be the very same object.
func (v *Value) Same(other *Value) bool {
	found := false
	v.Each(func(a *Value) {
		other.Each(func(b *Value) {
			found = found || a.kind == vObject && b.kind == vObject && a.Object() == b.Object()
		})
	})
	return found
}

// Marks are the kinds of sources the value may come from.
func (v *Value) Marks() Marks { return v.allMarks() }

// lookup finds a property without registering a reader: for facts. Objects may be
// spread into each other in any graph.
func (o *Object) lookup(name string) *Value {
	if v := o.properties.get(name); v != nil || len(o.rare().spreads) == 0 {
		return v
	}
	seen := map[*Object]bool{o: true}
	level := []*Object{o}
	for len(level) > 0 {
		var next []*Object
		for _, o := range level {
			for _, s := range o.rare().spreads {
				next = objectsIn(next, s, seen)
			}
		}
		for _, o := range next {
			if v := o.properties.get(name); v != nil {
				return v
			}
		}
		level = next
	}
	return nil
}
