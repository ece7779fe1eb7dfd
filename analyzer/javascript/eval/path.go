package eval

import (
	"strings"
	"unsafe"

	"github.com/lockwarden/lockwarden/analyzer/javascript/resolve"
)

// Path is a member of a module or of the global object: child_process.exec,
// process.env.HOME, or what a call of one returns: net.connect#.
type Path struct {
	// API is the name that the vocabulary knows it by. A call's or
	// constructor's result ends in "#", a callback's argument in "@"; their
	// members follow without a dot: "net.Socket#connect".
	API, name string
	// base is the file that a require of createRequire resolves for, empty for the
	// module's own.
	base                     string
	parent, result, argument *Path
	members                  map[string]*Path
	value                    Value
	// Interest is what the vocabulary wants to know of it; Marks are its taint labels.
	Interest Interest
	Marks    Marks
	depth    int16
	// starts says how a call starts a file of the package.
	starts   starter
	root     bool
	external bool // a package that is not Node's own
	// text is set for what is a text: a variable of the environment.
	text bool
	// matters is set, once judged, where the vocabulary knows it or what it leads to.
	judged, matters bool
}

// Interest is what the vocabulary wants to know of an API.
type Interest struct {
	// Uses are the kinds of use to report.
	Uses UseKind
	// Marks are put on what the API returns or hands to callbacks; on the
	// value itself where it is read.
	Marks Marks
	// Hooked are the marks of the arguments of a function that is put in the
	// API's place.
	Hooked Marks
	// Flows are the marks whose way to the API's arguments is wanted.
	Flows Marks
}

// Vocabulary tells which APIs matter. It is asked once for each name.
type Vocabulary interface {
	Interest(api string) Interest
}

// Printer is a Vocabulary that knows programs: what a call that starts one gives
// is marked as what the program prints.
type Printer interface {
	Printed(api string, args []*Value) Marks
}

// printed are the marks of what a program prints that a call starts.
func (p *program) printed(api string, args []*Value) Marks {
	printer, ok := p.vocabulary.(Printer)
	if !ok || !strings.HasPrefix(api, "child_process.") || strings.ContainsAny(api, "#@") || len(args) == 0 {
		return 0
	}
	return printer.Printed(api, args)
}

// maxPathDepth bounds chains such as a.b().c().d().
const maxPathDepth = 10

func (p *Path) val() *Value {
	if p.value.data == nil {
		p.value = Value{kind: vPath, data: unsafe.Pointer(p)}
	}
	return &p.value
}

func (p *program) newPath(api string, parent *Path, name string) *Path {
	n := &Path{API: api, parent: parent, name: name}
	if parent != nil {
		n.depth = parent.depth + 1
		n.Marks = parent.Marks
		n.external = parent.external
		n.text = parent.API == "process.env" || parent.text && (name == "*" || isIndex(name))
	}
	n.Interest = p.vocabulary.Interest(api)
	n.starts = p.starterOf(api)
	if parent != nil && parent.Interest.Uses&UseEnumerate != 0 {
		// What marks the whole environment does not mark each variable.
		n.Marks &^= parent.Interest.Marks
	}
	if n.Interest.Uses&(UseRead|UseEnumerate) != 0 {
		n.Marks |= n.Interest.Marks
	}
	return n
}

// textOwn are the members that texts have, textGives those that give a text.
var (
	textOwn = set(`length constructor prototype __proto__ at charAt charCodeAt codePointAt concat endsWith includes indexOf
		isWellFormed lastIndexOf localeCompare match matchAll normalize padEnd padStart repeat replace replaceAll search slice
		split startsWith substr substring toLocaleLowerCase toLocaleUpperCase toLowerCase toString toUpperCase toWellFormed
		trim trimEnd trimLeft trimRight trimStart valueOf hasOwnProperty *`)
	textGives = set(`at charAt concat normalize padEnd padStart repeat replace replaceAll slice substr substring
		toLocaleLowerCase toLocaleUpperCase toLowerCase toString toUpperCase trim trimEnd trimLeft trimRight trimStart valueOf`)
)

// isIndex reports whether a name is a number.
func isIndex(name string) bool { return name != "" && strings.Trim(name, "0123456789") == "" }

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, word := range strings.Fields(words) {
		m[word] = true
	}
	return m
}

// moduleAliases are packages that hand out a built-in module's functions
// under the same names.
var moduleAliases = map[string]string{
	"graceful-fs": "fs", "fs-extra": "fs", "mz/fs": "fs", "fs.realpath": "fs", "pn/fs": "fs", "fs-extra/esm": "fs",
	"mz/child_process": "child_process", "sys": "util", "buffer/": "buffer", "process/": "process", "safe-buffer": "buffer",
	"isomorphic-ws": "ws", "cross-fetch": "node-fetch", "node-fetch-native": "node-fetch", "isomorphic-fetch": "node-fetch",
	"process/browser": "process",
}

// moduleName is the name of a module that a specifier asks for.
func moduleName(specifier string) string {
	name := strings.TrimPrefix(specifier, "node:")
	name = strings.TrimSuffix(name, "/promises")
	name = strings.TrimSuffix(name, "/posix")
	name = strings.TrimSuffix(name, "/win32")
	if alias, ok := moduleAliases[name]; ok {
		return alias
	}
	return name
}

// externalModule is the path of a module outside the package.
func (p *program) externalModule(specifier string) *Path {
	name := moduleName(specifier)
	key := name
	root := p.roots[key]
	if root == nil {
		root = p.newPath(name, nil, name)
		root.root = true
		root.external = !resolve.IsBuiltin(name)
		p.roots[key] = root
	}
	return root
}

// globalModules are globals that are also modules.
var globalModules = map[string]string{"process": "process", "console": "console", "crypto": "crypto"}

// globalMembers are globals that are members of modules.
var globalMembers = map[string][2]string{
	"Buffer": {"buffer", "Buffer"}, "URL": {"url", "URL"}, "performance": {"perf_hooks", "performance"},
}

func isGlobalObject(name string) bool {
	switch name {
	case "globalThis", "window", "self", "global", "frames":
		return true
	}
	return false
}

// global is the path of a global variable.
func (p *program) global(name string) *Path {
	if isGlobalObject(name) {
		return p.globalObject
	}
	if module, ok := globalModules[name]; ok {
		return p.externalModule(module)
	}
	if member, ok := globalMembers[name]; ok {
		return p.member(p.externalModule(member[0]), member[1])
	}
	if name == "require" {
		return p.requirePath
	}
	g := p.globalObject
	if m := g.members[name]; m != nil {
		return m
	}
	m := p.newPath("globalThis."+name, g, name)
	m.depth = 1
	if g.members == nil {
		g.members = map[string]*Path{}
	}
	g.members[name] = m
	return m
}

// member is the path of a property.
func (p *program) member(of *Path, name string) *Path {
	if of == p.globalObject {
		return p.global(name)
	}
	if m := of.members[name]; m != nil {
		return m
	}
	if (of.depth >= maxPathDepth || len(of.members) > maxMembers) && !p.hasMember(of, name) {
		return nil
	}
	if of.text && !textOwn[name] && !isIndex(name) {
		return nil
	}
	if of.root {
		switch name {
		case "default", "promises":
			return of
		case "require", "_load":
			if of.API == "module" {
				return p.requirePath
			}
		case "Module":
			if of.API == "module" {
				return of
			}
		}
	}
	var m *Path
	switch {
	case name == "constructor" && (of == p.mainModule || of.API == "module#"):
		m = p.externalModule("module")
	case name == "_compile" && of == p.mainModule:
		m = p.member(p.resultOf(p.externalModule("module")), name)
	case name == "constructor" && !strings.HasSuffix(of.API, "#"):
		m = p.global("Function")
	case name == "prototype":
		m = p.resultOf(of)
	case name == "mainModule" && of.API == "process", name == "main" && of == p.requirePath:
		m = p.moduleInstance()
	case name == "require" && (of == p.mainModule || strings.HasPrefix(of.API, "module#")), name == "getBuiltinModule" && of.API == "process":
		m = p.requirePath
	case name == "promisify" && of.API == "util":
		m = p.newPath("util.promisify", of, name)
	case strings.HasSuffix(of.API, "#"), strings.HasSuffix(of.API, "@"):
		m = p.newPath(of.API+name, of, name)
	default:
		m = p.newPath(of.API+"."+name, of, name)
	}
	if of.members == nil {
		of.members = make(map[string]*Path, 4)
	}
	of.members[name] = m
	return m
}

// requireFrom is a require that resolves for another file than the one that it
// stands in.
func (p *program) requireFrom(base string) *Path {
	key := "require\x00" + base
	root := p.roots[key]
	if root == nil {
		root = p.newPath("require", nil, "require")
		root.base = base
		p.roots[key] = root
	}
	return root
}

// maxMembers is how many members of an API are told apart that nobody asks for.
const maxMembers = 512

// hasMember reports whether the vocabulary, or the language, knows the member.
func (p *program) hasMember(of *Path, name string) bool {
	switch name {
	case "default", "promises", "require", "_load", "Module", "constructor", "_compile", "prototype", "mainModule", "main", "getBuiltinModule":
		return true
	}
	api := of.API + "." + name
	if strings.HasSuffix(of.API, "#") || strings.HasSuffix(of.API, "@") {
		api = of.API + name
	}
	return p.vocabulary.Interest(api) != Interest{}
}

func (p *program) moduleInstance() *Path {
	if p.mainModule == nil {
		p.mainModule = p.newPath("process.mainModule", p.externalModule("process"), "mainModule")
	}
	return p.mainModule
}

// resultOf is what calling or constructing the path gives.
func (p *program) resultOf(of *Path) *Path {
	if of.result == nil {
		if of.depth >= maxPathDepth || of.text {
			return nil
		}
		of.result = p.newPath(of.API+"#", of, "#")
		of.result.Marks |= of.Interest.Marks
		of.result.text = of.parent != nil && of.parent.text && textGives[of.name]
	}
	return of.result
}

// argumentOf is what the path hands to a callback.
func (p *program) argumentOf(of *Path) *Path {
	if of.argument == nil {
		if of.depth >= maxPathDepth || of.text {
			return nil
		}
		of.argument = p.newPath(of.API+"@", of, "@")
		of.argument.Marks |= of.Interest.Marks
	}
	return of.argument
}

// pathValue is the value of a path that may be missing.
func (p *program) pathValue(of *Path, marks Marks) *Value {
	if of == nil {
		return p.opaque(marks)
	}
	return of.val()
}
