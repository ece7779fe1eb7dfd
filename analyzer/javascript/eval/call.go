package eval

import (
	"encoding/base64"
	"path"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
	"github.com/lockwarden/lockwarden/analyzer/javascript/resolve"
)

// call evaluates a call, a new, or a tagged template.
func (e *evaluation) call(id ir.NodeID, n *ir.Node) *Value {
	items := e.m.List(n.B)
	stack := len(e.p.arguments)
	for _, item := range items {
		e.p.arguments = append(e.p.arguments, e.at(item))
	}
	args := e.p.arguments[stack:len(e.p.arguments):len(e.p.arguments)]
	defer func() { e.p.arguments = e.p.arguments[:stack] }()
	callee := e.at(n.A)
	calleeNode := &e.m.Nodes[n.A]
	if v, ok := e.interop(id, calleeNode, args); ok {
		// Whatever the name promises, the function runs.
		callee.Each(func(alt *Value) {
			if alt.kind == vFunction {
				e.enter(id, alt.Function(), nil, args)
			}
		})
		return v
	}
	var receiver *Value
	name := ""
	switch calleeNode.Kind {
	case ir.NMember:
		receiver, name = e.at(calleeNode.A), e.p.strings.All[calleeNode.B]
	case ir.NIndex:
		receiver = e.at(calleeNode.A)
		if key := e.at(calleeNode.B); key != nil && key.kind == vString {
			name = key.text()
		}
	case ir.NSuper:
		// super(…) runs the superclass's constructor on this instance.
		receiver = e.this()
	}
	if calleeNode.Kind == ir.NMember && e.m.Nodes[calleeNode.A].Kind == ir.NSuper {
		receiver = e.this()
	}
	if e.recording() && len(args) > 0 {
		e.listed(id, receiver, name, args[0])
	}
	c := &callSite{id: id, new: n.Kind == ir.NNew, oneOf: callee != nil && callee.kind == vUnion,
		receiver: receiver, args: args, spread: n.Flags&ir.FlagSpread != 0}
	c.loose = callee.Wide() || arrayOwn[name] && receiver.IsObject() ||
		receiver.Wide() && (name == "call" || name == "apply" || name == "bind")
	if c.spread {
		c.spreadArguments(e, items)
	}
	var out *Value
	if name != "" {
		v, done := e.method(c, receiver, name)
		if done {
			return v
		}
		out = v
	}
	return e.p.join(out, e.apply(c, callee))
}

// listed reports comparisons that are written as a search: of a list, or by a
// pattern.
func (e *evaluation) listed(id ir.NodeID, receiver *Value, name string, v *Value) {
	if receiver == nil || v == nil {
		return
	}
	switch name {
	case "includes", "indexOf", "has":
		if receiver.kind == vObject && receiver.Object().array {
			for _, element := range receiver.Elements() {
				if element != nil && element.kind == vString {
					e.use(UseCompare, v, id, []*Value{element})
					return
				}
			}
		}
	case "test":
		if receiver.kind == vRegExp {
			e.use(UseCompare, v, id, []*Value{e.p.str(receiver.text())})
		}
	}
}

// callSite is one call with its arguments.
type callSite struct {
	id       ir.NodeID
	new      bool
	spread   bool
	oneOf    bool // the callee may be several things
	loose    bool // it may be so many that some were left out
	open     bool // a spread array may hold more, or other things, than args has
	receiver *Value
	args     []*Value
}

func (c *callSite) arg(i int) *Value {
	if i >= 0 && i < len(c.args) {
		return c.args[i]
	}
	return nil
}

// spreadArguments puts the elements of spread arrays in their places.
func (c *callSite) spreadArguments(e *evaluation, items []int32) {
	var out []*Value
	for i, item := range items {
		if e.m.Nodes[item].Kind != ir.NSpread {
			out = append(out, c.args[i])
			continue
		}
		elements, exact := elementList(c.args[i])
		c.open = c.open || !exact
		if elements != nil {
			out = append(out, elements...)
			continue
		}
		rest := e.elementsOf(c.args[i])
		out = append(out, rest, rest)
	}
	c.args = out
}

// apply calls each thing that the callee may be.
func (e *evaluation) apply(c *callSite, callee *Value) *Value {
	var out *Value
	resolved := false
	if e.recording() && callee.cut() {
		e.reached(c.id, limitFunctions, maxUnion)
	}
	callee.Each(func(alt *Value) {
		switch alt.kind {
		case vPath:
			resolved = true
			out = e.p.join(out, e.callPath(c, alt.Path()))
		case vFunction:
			resolved = true
			out = e.p.join(out, e.callFunction(c, alt.Function()))
		case vObject:
			if rare := alt.Object().rare(); rare.traps != nil {
				resolved = true
				e.p.through(alt.Object(), func() {
					list := &Object{array: true}
					for _, arg := range c.args {
						e.setElements(list, arg)
					}
					out = e.p.join(out, e.trapped(c.id, alt, "apply", []*Value{rare.target, c.receiver, list.val()}))
					if rare.target != nil {
						out = e.p.join(out, e.apply(c, rare.target))
					}
				})
			}
		case vResolver:
			resolved = true
			e.setElements(alt.Object(), c.arg(0))
		case vTable:
			resolved = true
			out = e.p.join(out, e.requireFromTable(c, alt.Object().rare().table))
		case vLazy:
			resolved = true
			e.edge(c.id, alt.Function())
			if alt.Function().pseudo != nil {
				out = e.p.join(out, e.pseudoValue(alt.Function().pseudo))
			}
		}
	})
	if !resolved {
		marks := c.receiver.allMarks() | callee.allMarks()
		for _, arg := range c.args {
			marks |= arg.allMarks()
			e.escape(c.id, arg, nil)
		}
		out = e.p.join(out, e.p.opaque(marks))
	}
	return out
}

func (e *evaluation) callFunction(c *callSite, f *Function) *Value {
	if c.new {
		e.enter(c.id, f, nil, c.args)
		instance := f.proto().val()
		// A constructor may return something else.
		return e.p.join(instance, f.Returned)
	}
	e.enter(c.id, f, c.receiver, c.args)
	e.callerOf(f)
	if f.thrown != nil {
		e.throws(f.thrown)
	}
	if f.Returned != nil && f.Returned.kind == vUnion && e.inline < maxInline &&
		(e.p.hasPath(f.Returned) || constants(c.args) && f.End-f.Start <= tinyFunction) && f.small() {
		out := e.returnFor(f, c.args)
		e.readsFor(c.id, f, out)
		return out
	}
	if f.loads && e.inline < maxInline && len(c.args) > 0 && len(c.args[0].Texts()) > 0 && f.small() {
		return e.returnFor(f, c.args)
	}
	return f.Returned
}

// loadsAny notes that the function loads what is not one of a few.
func (e *evaluation) loadsAny() {
	if e.f.loads || e.inline > 0 || e.p.pass != solving || e.p.alone != nil {
		return
	}
	e.f.loads = true
	e.f.callers.runAgain(e.p, everything, others)
}

// Functions of at most smallFunction nodes are evaluated once more for a call
// whose result would otherwise be that of all calls: getGlobal("fetch") is not
// what getGlobal("Promise") gives. maxInline bounds how deep.
const (
	smallFunction = 96
	// tinyFunction is the size of wrappers that are worth it for their texts.
	tinyFunction = 24
	maxInline    = 2
)

// constants reports whether all arguments are known: a wrapper then gives what
// this call asks for, not what all calls do.
func constants(args []*Value) bool {
	for _, arg := range args {
		if arg == nil || arg.kind != vString && arg.kind != vNumber {
			return false
		}
	}
	return len(args) > 0
}

// hasPath reports whether an API that matters is among the alternatives: whose it is
// matters then.
func (p *program) hasPath(v *Value) bool {
	for _, alt := range v.alts() {
		if alt.kind == vPath && p.pathMatters(alt.Path()) {
			return true
		}
	}
	return false
}

// small reports whether a function can be evaluated for one call: it is short
// and makes no functions of its own, which would outlive the call.
func (f *Function) small() bool {
	if f.Module.Nodes == nil || f.End-f.Start > smallFunction || f.pseudo != nil || f.Rest {
		return false
	}
	for id := f.Start; id < f.End; id++ {
		switch f.Module.Nodes[id].Kind {
		case ir.NFunction, ir.NClass, ir.NObject, ir.NArray, ir.NYield:
			return false
		}
	}
	return true
}

// returnFor is what f returns for these arguments alone. An answer holds until
// something changes that f reads.
func (e *evaluation) returnFor(f *Function, args []*Value) *Value {
	if e.inline > 0 || len(args) > maxAnswered || e.p.alone != nil && f.Module != e.p.alone {
		return e.evaluateFor(f, args) // while others are evaluated for one call, all is for that call
	}
	var key [maxAnswered]*Value
	copy(key[:], args)
	if out, ok := f.answers[key]; ok {
		return out
	}
	changes := f.changes
	out := e.evaluateFor(f, args)
	if f.changes == changes {
		if f.answers == nil {
			f.answers = map[[maxAnswered]*Value]*Value{}
		}
		f.answers[key] = out
	}
	return out
}

// maxAnswered is the most arguments for which an answer is remembered.
const maxAnswered = 3

func (e *evaluation) evaluateFor(f *Function, args []*Value) *Value {
	params, returned := f.paramValues, f.Returned
	f.paramValues = make([]*Value, max(len(params), len(args)))
	copy(f.paramValues, args)
	f.Returned = nil
	inner := &evaluation{p: e.p, m: f.Module, f: f, inline: e.inline + 1}
	inner.pass()
	inner.release()
	out := f.Returned
	for _, local := range inner.locals {
		f.Module.variables[local.symbol] = local.value
	}
	f.paramValues, f.Returned = params, returned
	return out
}

// callerOf makes this function run again when f returns something new.
func (e *evaluation) callerOf(f *Function) {
	if e.p.pass != solving {
		return
	}
	f.callers.add(e.f, everything)
}

// enter passes arguments to a function of the package and notes the call. A
// function that unknown code calls gets values of which only the marks are
// known.
func (e *evaluation) enter(id ir.NodeID, f *Function, this *Value, args []*Value) {
	e.edge(id, f)
	e.give(id, f, this, args)
}

// give passes arguments to a function that is called somewhere, not here.
func (e *evaluation) give(id ir.NodeID, f *Function, this *Value, args []*Value) {
	if f.pseudo != nil || e.p.alone != nil && f.Module != e.p.alone {
		return
	}
	changed, news := false, others
	for i, arg := range args {
		if f.Rest && i >= int(f.Params)-1 {
			e.restParameter(f, arg)
			continue
		}
		if i >= int(f.Params) && !f.UsesArgs {
			break
		}
		if i >= maxArguments {
			e.reached(id, "arguments", maxArguments)
			break
		}
		for len(f.paramValues) <= i {
			f.paramValues = append(f.paramValues, nil)
		}
		joined := e.p.join(f.paramValues[i], arg)
		if joined != f.paramValues[i] {
			changed, news = true, max(news, e.p.news(f.paramValues[i], joined))
			f.paramValues[i] = joined
		}
	}
	if this != nil && this.kind == vFunction && f.this != nil && f.this.kind != vObject && f.Method && this != f.this {
		// A static method of the class that another one extends.
		if joined := e.p.join(f.this, this); joined != f.this {
			f.this = joined
			changed, news = true, max(news, structure)
		}
	}
	if this != nil && f.this == nil && !f.Arrow && f.class() == nil && f.prototype == nil && f.Parent() != nil && this.kind == vObject {
		f.this = this
		changed, news = true, max(news, structure)
	}
	if changed {
		e.p.enqueueFor(f, news)
	}
}

// maxArguments is how many arguments of a call have parameters of their own.
const maxArguments = 1024

func (e *evaluation) restParameter(f *Function, arg *Value) {
	i := int(f.Params) - 1
	for len(f.paramValues) <= i {
		f.paramValues = append(f.paramValues, nil)
	}
	if f.paramValues[i] == nil {
		f.paramValues[i] = (&Object{array: true}).val()
		e.p.enqueue(f)
	}
	if o := f.paramValues[i].Object(); o != nil {
		e.setElements(o, arg)
	}
}

// callPath calls a member of a module or a global.
func (e *evaluation) callPath(c *callSite, target *Path) *Value {
	p := e.p
	if target.starts != startNothing {
		e.started(c, target)
	}
	e.looksAt(c, target)
	if v, ok := e.model(c, target); ok {
		if e.recording() {
			e.recordCall(c, target)
		}
		return v
	}
	if e.recording() {
		e.recordCall(c, target)
	}
	marks := target.Marks
	for _, arg := range c.args {
		marks |= arg.allMarks()
	}
	result := p.resultOf(target)
	e.handArguments(c, target)
	if strings.HasPrefix(target.API, "child_process.") {
		marks |= c.receiver.allMarks() // of what the program printed, in whatever form
	}
	if printed := p.printed(target.API, c.args); printed != 0 {
		marks |= printed
		given := p.opaque(printed)
		e.callbacks(c, []*Value{nil, given, given})
	}
	v := p.pathValue(result, marks)
	if extra := marks &^ target.Marks; extra != 0 {
		v = p.join(v, p.opaque(extra))
	}
	return v
}

func (e *evaluation) recordCall(c *callSite, target *Path) {
	kind := UseCall
	if c.new {
		kind = UseNew
	}
	uses := len(e.p.records.Uses)
	e.use(kind, target.val(), c.id, c.args)
	for i := uses; i < len(e.p.records.Uses); i++ {
		u := &e.p.records.Uses[i]
		u.OneOf, u.Loose = c.oneOf, c.loose && !u.Direct()
	}
}

// require gives the value of the module that v names, which import asks for.
func (e *evaluation) require(id ir.NodeID, v *Value, dynamic bool) *Value {
	return e.requireFor(id, v, "", resolve.ByImport, dynamic)
}

// requireFor is require for a file of the package, this one where base is empty.
func (e *evaluation) requireFor(id ir.NodeID, v *Value, base string, how resolve.How, dynamic bool) *Value {
	p := e.p
	if base == "" {
		base = e.m.File.Path
	}
	var out *Value
	known, open := false, false
	v.Each(func(alt *Value) {
		if alt.kind != vString {
			open = open || alt.kind != vPath || alt.Path().Interest.Marks == 0
			return
		}
		known = true
		if rest, ok := resolve.CutFold(alt.text(), "data:"); ok {
			// import('data:text/javascript,…') runs the text.
			(&start{e: e, id: id}).program(dataText(rest))
			if e.recording() {
				e.use(UseCall, p.global("eval").val(), id, []*Value{v})
			}
			return
		}
		if strings.Contains(alt.text(), ir.Hole) {
			files, more := p.resolver.Matching(base, alt.text())
			for _, file := range files {
				if m := e.loaded(id, file, how); m != nil {
					out = p.join(out, e.moduleValue(m))
				}
			}
			open = open || more
			if e.recording() {
				e.requireUse(id, alt, UseDynamicImport)
			}
			return
		}
		out = p.join(out, e.requireText(id, alt.text(), base, how))
	})
	if !known && e.recording() && dynamic {
		e.requireUse(id, v, UseDynamicImport)
	}
	if dynamic && (open || !known) {
		e.loadsAny()
		e.openSite(id, BlindModule, "the name of the module that is loaded is not known")
	}
	if !known {
		return p.opaque(v.allMarks())
	}
	return out
}

func (e *evaluation) requireText(id ir.NodeID, text, base string, how resolve.How) *Value {
	p := e.p
	file, ok := p.resolver.Resolve(base, text, how)
	if !ok && isPath(text) {
		if file, ok = p.resolver.OtherCase(base, text); ok && e.recording() {
			p.stopAt(BlindModule, e.siteOfUse(id), text+" is "+file+" only where the case of names does not matter")
		}
	}
	if ok {
		if m := e.loaded(id, file, how); m != nil {
			return e.moduleValue(m)
		}
		if e.recording() {
			e.fileUse(id, file)
		}
		if data := p.json(file); data != nil {
			return data
		}
		return p.nativeModule(file)
	}
	if isPath(text) {
		addon := addonFile(text)
		if e.recording() && addon != "" {
			e.fileUse(id, addon)
		}
		return p.nativeModule(addon)
	}
	root := p.externalModule(text)
	if e.recording() {
		e.use(UseImport, root.val(), id, []*Value{p.str(text)})
		if key := e.importKey(id); key >= 0 && !root.external && !e.spelled(key, text) {
			e.use(UseHidden, root.val(), id, []*Value{p.str(text)})
		}
	}
	return root.val()
}

// dataText is the text of a data URL, after its scheme; a hole where it cannot be
// read.
func dataText(url string) string {
	kind, data, _ := strings.Cut(url, ",")
	data = resolve.PlainURL(data)
	if strings.HasSuffix(strings.ToLower(kind), ";base64") {
		raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(data, "="))
		if err != nil {
			return ir.Hole
		}
		data = string(raw)
	}
	return data
}

// isPath reports whether a specifier is a path.
func isPath(text string) bool { return resolve.IsRelative(text) || strings.HasPrefix(text, "/") }

// createRequire is a require for the file that an argument names.
func (e *evaluation) createRequire(c *callSite) *Value {
	text, ok := c.text(0)
	if ok {
		if rest, isURL := resolve.CutFold(text, "file:"); isURL {
			text = resolve.PlainURL(strings.TrimPrefix(rest, "//"))
		}
		if inside, ok := e.p.resolver.Inside("x", text); ok {
			if strings.HasSuffix(inside, "/") {
				inside += "x" // whatever lies in the folder
			}
			if path.Dir(inside) != path.Dir(e.m.File.Path) {
				return e.p.requireFrom(strings.TrimPrefix(inside, "/")).val()
			}
		}
	}
	return e.p.requirePath.val()
}

// resolved is what require.resolve and import.meta.resolve give: the path or URL
// of a file of the package, else what they are asked.
func (e *evaluation) resolved(c *callSite, target *Path) *Value {
	var out *Value
	c.arg(0).Each(func(alt *Value) {
		if alt.kind == vString && !strings.Contains(alt.text(), ir.Hole) {
			how, scheme := resolve.ByRequire, ""
			if target.API == "import.meta.resolve" {
				how, scheme = resolve.ByImport, "file://"
			}
			if file, ok := e.p.resolver.Resolve(e.m.File.Path, alt.text(), how); ok {
				out = e.p.join(out, e.p.str(scheme+ir.PackageRoot+"/"+file))
				return
			}
		}
		out = e.p.join(out, alt)
	})
	return out
}

// importKey is the node of the name that a require or import loads.
func (e *evaluation) importKey(id ir.NodeID) ir.NodeID {
	switch n := &e.m.Nodes[id]; n.Kind {
	case ir.NCall:
		if list := e.m.List(n.B); len(list) == 1 {
			return ir.NodeID(list[0])
		}
	case ir.NImport:
		return ir.NodeID(n.A)
	}
	return ir.NoNode
}

// addonFile is the compiled addon that a path names, "" where it names none.
// node-gyp's folder holds nothing else, and Node tries the ending by itself.
func addonFile(text string) string {
	switch {
	case strings.HasSuffix(text, ".node"):
		return text
	case strings.Contains(text, "build/Release/") || strings.Contains(text, "build/Debug/"):
		return text + ".node"
	}
	return ""
}

// nativeModule is a compiled addon, known by its file's name: keytar.node.
func (p *program) nativeModule(file string) *Value {
	if !strings.HasSuffix(file, ".node") {
		return nil
	}
	return p.externalModule(file[strings.LastIndexByte(file, '/')+1:]).val()
}

// interopNames are helpers of compilers that hand on their first argument.
var interopNames = set(`__importStar __importDefault _interopRequireDefault _interopRequireWildcard _interopDefault
	_interopDefaultLegacy _interopNamespace _interopNamespaceDefault _interopDefaultCompat _interopNamespaceCompat
	_interop_require_default _interop_require_wildcard __toESM __toCommonJS interopDefault _interopRequire
	_getRequireWildcardCache __reExport getDefaultExportFromCjs getAugmentedNamespace _mergeNamespaces
	interopRequireDefault interopRequireWildcard`)

// shortestHelper is the length of the shortest name of a helper, __esm.
const shortestHelper = 5

// interop recognises the helpers that TypeScript, Babel, SWC, Rollup, webpack
// and esbuild put around modules, by name.
func (e *evaluation) interop(id ir.NodeID, callee *ir.Node, args []*Value) (*Value, bool) {
	name := ""
	switch callee.Kind {
	case ir.NSymbol:
		name = e.p.strings.All[e.m.Symbols[callee.A].Name]
	case ir.NMember, ir.NGlobal:
		if callee.Kind == ir.NMember {
			name = e.p.strings.All[callee.B]
		} else {
			name = e.p.strings.All[callee.A]
		}
	default:
		return nil, false
	}
	if len(args) == 0 {
		return nil, false
	}
	for name != "" && (name[len(name)-1] == '$' || name[len(name)-1] >= '0' && name[len(name)-1] <= '9') {
		name = name[:len(name)-1]
	}
	if len(name) < shortestHelper {
		return nil, false
	}
	switch {
	case interopNames[name]:
		return e.awaited(args[0]), true
	case name == "__exportStar" || name == "_exportStar":
		if len(args) > 1 {
			e.spreadIntoValue(args[1], args[0])
		}
		return nil, true
	case name == "__export" || name == "__defProp" && len(args) == 2:
		if len(args) > 1 {
			e.defineGetters(args[0], args[1])
		}
		return nil, true
	case name == "__awaiter" || name == "__async" || name == "_asyncToGenerator" || name == "_async_to_generator":
		return e.asyncHelper(id, args)
	case name == "__commonJS" || name == "__commonJSMin" || name == "__esm" || name == "__esmMin" || name == "createCommonjsModule":
		return e.lazyModule(name, args)
	}
	return nil, false
}

// asyncHelper runs the generator function in the helper's arguments.
func (e *evaluation) asyncHelper(id ir.NodeID, args []*Value) (*Value, bool) {
	for i, arg := range args {
		if arg != nil && arg.kind == vFunction {
			f := arg.Function()
			if i > 0 && f.this == nil && args[0] != nil && args[0].kind == vObject {
				f.this = args[0]
				e.p.enqueue(f)
			}
			if i == 0 {
				// _asyncToGenerator(function* …) gives a function.
				return arg, true
			}
			e.enter(id, f, nil, nil)
			e.callerOf(f)
			return f.Returned, true
		}
	}
	return nil, false
}

func (e *evaluation) spreadIntoValue(target, source *Value) {
	target.Each(func(alt *Value) {
		switch alt.kind {
		case vObject:
			e.spreadInto(alt.Object(), source)
		case vFunction:
			e.spreadInto(alt.Function().static(), source)
		}
	})
}

// defineGetters is what esbuild's and webpack's export helpers do: an object
// of functions that return the exports.
func (e *evaluation) defineGetters(target, getters *Value) {
	target.Each(func(t *Value) {
		if t.kind != vObject {
			return
		}
		getters.Each(func(g *Value) {
			if g.kind != vObject {
				return
			}
			e.reads(g.Object())
			for _, name := range e.p.keysOf(g.Object()) {
				getter := g.Object().properties.get(name)
				if getter.kind == vFunction {
					e.callerOf(getter.Function())
					e.setProperty(t.Object(), name, getter.Function().Returned)
				}
			}
		})
	})
}

// lazyModule is esbuild's __commonJS({path(exports, module) {…}}): a function
// that runs the module and returns its exports.
func (e *evaluation) lazyModule(helper string, args []*Value) (*Value, bool) {
	var body *Function
	args[0].Each(func(alt *Value) {
		switch alt.kind {
		case vFunction:
			body = alt.Function()
		case vObject:
			for _, name := range e.p.keysOf(alt.Object()) {
				if v := alt.Object().properties.get(name); v.kind == vFunction {
					body = v.Function()
				}
			}
		}
	})
	if body == nil {
		return nil, false
	}
	if !strings.HasPrefix(helper, "__esm") && body.pseudo == nil {
		order := paramExportsModule
		if helper == "createCommonjsModule" {
			order = paramModuleExports
		}
		e.makePseudo(body, order, nil)
	}
	if body.lazy == nil {
		body.extra().lazy = lazyValue(body)
	}
	if helper == "createCommonjsModule" {
		return e.pseudoValue(body.pseudo), true
	}
	return body.lazy, true
}

// readsFor reports the APIs that a call gives for its arguments alone: the function's
// own reads are those of all its calls.
func (e *evaluation) readsFor(id ir.NodeID, f *Function, given *Value) {
	if !e.recording() {
		return
	}
	given.Each(func(alt *Value) {
		if alt.kind == vPath && !contains(alternatives(f.Returned), alt) {
			e.use(UseRead, alt, id, nil)
		}
	})
}
