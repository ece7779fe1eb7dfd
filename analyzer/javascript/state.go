package javascript

import (
	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"

	esbuild "github.com/evanw/esbuild/lockwarden"
	"github.com/lockwarden/lockwarden/analyzer/javascript/decode"
)

// function is what an evaluation knows of a function.
type function struct {
	*ir.Function
	module *module

	runs    uint16
	changes uint16 // of what it reads
	queued  bool
	// loads is set where the function loads what its callers name: too many for
	// one value.
	loads bool
	// empty is set, in the end, where the function does nothing.
	empty    bool
	contexts Context // found by the reachability walk

	value       Value
	returned    *Value
	this        *Value
	prototype   *object
	paramValues []*Value
	// answers are what it returns for arguments, since the last change of what it
	// reads.
	answers map[[maxAnswered]*Value]*Value
	callers readers
	calls   []callEdge
	*functionExtra

	// via is how the walk came here, by context.
	via *[3]edge
}

// parent is the function around it, nil for a top level.
func (f *function) parent() *function {
	if f.Outer < 0 {
		return nil
	}
	return f.module.functions[f.Outer]
}

// class is the constructor of the class that it is a member of, nil where it is of
// none.
func (f *function) class() *function {
	if f.Constructor < 0 {
		return nil
	}
	return f.module.functions[f.Constructor]
}

// functionExtra is what few functions have; the others share noExtra.
type functionExtra struct {
	// superclass is what the class extends, for constructors.
	superclass *Value
	statics    *object
	pseudo     *pseudoModule
	lazy       *Value
	// thrown is what it throws, as far as that matters, or those that it calls.
	thrown *Value
}

var noExtra functionExtra

// extra is the function's own functionExtra, to change it.
func (f *function) extra() *functionExtra {
	if f.functionExtra == &noExtra {
		f.functionExtra = new(functionExtra)
	}
	return f.functionExtra
}

// module is a script and what an evaluation knows of it.
type module struct {
	ir.Module
	pkg       *program
	functions []*function
	// variables are the values of its symbols.
	variables []*Value
	// namespaces are the objects that "x || (x = {})" makes, by symbol:
	// TypeScript writes each part of a namespace so.
	namespaces map[int32]*object
	// unread is set where the script was not read, nil else.
	unread *unread
	// programs are those that the script makes from texts and runs.
	programs []decode.Program
	answers  *answers
	// text is set for a text that another script runs; around is the function whose
	// variables it sees, nil where it sees none.
	text   bool
	around *function
	// inner are the functions of such texts that read a variable of this module.
	inner map[int32][]*function
	// made are the values that places in the code make, one for each.
	made map[ir.NodeID]*Value
	// exports and moduleObject are the CommonJS objects of the same names; a
	// module's value is moduleObject's property exports.
	exports, moduleObject *object
}

// begin makes what evaluations know of the module's functions and variables:
// nothing so far.
func (m *module) begin() {
	all := make([]function, len(m.Functions))
	m.functions = make([]*function, len(all))
	for i := range all {
		all[i] = function{Function: &m.Functions[i], module: m, functionExtra: &noExtra}
		m.functions[i] = &all[i]
	}
	m.variables = make([]*Value, len(m.Symbols))
}

// parseModule parses one script and lowers it. The message says why a parser
// refuses it.
func (p *program) parseModule(file *ir.Source, as ir.Format) (*module, esbuild.Message, bool) {
	text := file.Text()
	tree, message, ok := ir.Read(text, file.Path, as)
	if !ok {
		return nil, message, false
	}
	m := &module{pkg: p}
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
func (p *program) furnish(m *module) {
	m.exports, m.moduleObject = &object{extra: &objectExtra{module: m}}, &object{}
	m.moduleObject.properties.set("exports", m.exports.val())
	m.moduleObject.properties.set("filename", textValue(vString, m.File.Filename()))
	m.moduleObject.properties.set("require", p.requirePath.val())
	// It is one of a class with which code loads other modules and compiles
	// texts: module.constructor._load, module._compile.
	m.moduleObject.own().proto = p.externalModule("module").val()
}
