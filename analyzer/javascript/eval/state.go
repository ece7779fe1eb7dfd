package eval

import (
	"path"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"

	esbuild "github.com/evanw/esbuild/lockwarden"
	"github.com/lockwarden/lockwarden/analyzer/javascript/decode"
)

// Function is what an evaluation knows of a function.
type Function struct {
	*ir.Function
	// Module is the one that it stands in.
	Module *Module

	runs    uint16
	changes uint16 // of what it reads
	queued  bool
	// loads is set where the function loads what its callers name: too many for
	// one value.
	loads bool
	// empty is set, in the end, where the function does nothing.
	empty bool
	// Contexts are those that it can run in, which the room facts finds.
	Contexts Context

	value Value
	// Returned is its summary: what any call of it may give.
	Returned    *Value
	this        *Value
	prototype   *Object
	paramValues []*Value
	// answers are what it returns for arguments, since the last change of what it
	// reads.
	answers map[[maxAnswered]*Value]*Value
	callers readers
	// Calls are its edges of the call graph.
	Calls []CallEdge
	*functionExtra

	// Via is how the walk over the call graph came here, by context: facts' as well.
	Via *[3]Edge
}

// Parent is the function around it, nil for a top level.
func (f *Function) Parent() *Function {
	if f.Outer < 0 {
		return nil
	}
	return f.Module.Functions[f.Outer]
}

// Label is what Solved.Label keeps under a number.
func (f *Function) Label(i int32) string { return f.Module.pkg.labels[i-1] }

// class is the constructor of the class that it is a member of, nil where it is of
// none.
func (f *Function) class() *Function {
	if f.Constructor < 0 {
		return nil
	}
	return f.Module.Functions[f.Constructor]
}

// functionExtra is what few functions have; the others share noExtra.
type functionExtra struct {
	// superclass is what the class extends, for constructors.
	superclass *Value
	statics    *Object
	pseudo     *pseudoModule
	lazy       *Value
}

var noExtra functionExtra

// extra is the function's own functionExtra, to change it.
func (f *Function) extra() *functionExtra {
	if f.functionExtra == &noExtra {
		f.functionExtra = new(functionExtra)
	}
	return f.functionExtra
}

// Module is a script and what an evaluation knows of it.
type Module struct {
	ir.Module
	pkg *program
	// Functions are its functions; the first is the top level.
	Functions []*Function
	// variables are the values of its symbols.
	variables []*Value
	// namespaces are the objects that "x || (x = {})" makes, by symbol:
	// TypeScript writes each part of a namespace so.
	namespaces map[int32]*Object
	// Unread is set where the script was not read, nil else.
	Unread *Unread
	// programs are those that the script makes from texts and runs.
	programs []decode.Program
	// Answers are what readers of the facts may ask of its code; nil where it was
	// analyzed by itself.
	Answers *Answers
	// made are the values that places in the code make, one for each.
	made map[ir.NodeID]*Value
	// exports and moduleObject are the CommonJS objects of the same names; a
	// module's value is moduleObject's property exports.
	exports, moduleObject *Object
}

// Text is a name or text of the scripts, by its index.
func (m *Module) Text(i int32) string { return m.pkg.strings.All[i] }

// begin makes what evaluations know of the module's functions and variables:
// nothing so far.
func (m *Module) begin() {
	all := make([]Function, len(m.Code))
	m.Functions = make([]*Function, len(all))
	for i := range all {
		all[i] = Function{Function: &m.Code[i], Module: m, functionExtra: &noExtra}
		m.Functions[i] = &all[i]
	}
	m.variables = make([]*Value, len(m.Symbols))
}

// parseModule parses one script and lowers it. The message says why a parser
// refuses it.
func (p *program) parseModule(file *ir.Source, as ir.Format) (*Module, esbuild.Message, bool) {
	text := file.Text()
	tree, message, ok := ir.Read(text, file.Path, as)
	if !ok {
		return nil, message, false
	}
	m := &Module{pkg: p}
	m.File, m.Size, m.Gap = file, len(text), ir.HasWideGap(text)
	decoded := p.decode(file, &tree.AST, tree.Shift)
	m.programs = decoded.Programs
	if at := ir.Lower(&m.Module, &tree, decoded.Texts, &p.strings, &p.room); at > 0 {
		return nil, esbuild.Message{Text: "await in the field of a class", Offset: int(at)}, false
	}
	m.begin()
	p.furnish(m)
	return m, message, true
}

// furnish gives a module the objects that Node gives it.
func (p *program) furnish(m *Module) {
	m.exports, m.moduleObject = &Object{extra: &objectExtra{module: m}}, &Object{}
	m.moduleObject.properties.set("exports", m.exports.val())
	m.moduleObject.properties.set("filename", textValue(vString, m.File.Filename()))
	m.moduleObject.properties.set("require", p.requirePath.val())
	// It is one of a class with which code loads other modules and compiles
	// texts: module.constructor._load, module._compile.
	m.moduleObject.own().proto = p.externalModule("module").val()
}

// format is what Node loads a file of the package as.
// Source: https://nodejs.org/api/packages.html (determining module system).
func (p *program) format(file string) ir.Format {
	switch path.Ext(file) {
	case ".mjs", ".mts":
		return ir.ModuleOnly
	case ".cjs", ".cts":
		return ir.CommonJS
	}
	if p.resolver != nil && p.resolver.PackageType(path.Dir(file)) == "module" {
		return ir.ModuleOnly
	}
	return ir.CommonJS
}
