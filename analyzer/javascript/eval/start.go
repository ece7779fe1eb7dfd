package eval

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
	"github.com/lockwarden/lockwarden/analyzer/javascript/resolve"
	"github.com/lockwarden/lockwarden/analyzer/shell"
)

// starter is how a function starts a file of the package.
type starter uint8

const (
	startNothing starter = iota
	// startCommand runs a program with a list of arguments, or a shell's text: the
	// vocabulary knows which functions do.
	startCommand
	// startFile runs the script that the first argument names.
	startFile
	// startImport imports the first argument for the second's module.
	startImport
	// startExtension loads the file that the second argument names.
	startExtension
	// startSettings has options that say what later calls start.
	startSettings
	// readFile reads the file that the first argument names, evalText runs the text
	// that is the first one.
	readFile
	evalText
	// evalFunction makes a function of the text that is its last argument,
	// evalExpression runs the expression that its second argument has.
	evalFunction
	evalExpression
	// writesInput gives a text to a program that was started, writesFile to a file.
	writesInput
	writesFile
)

// starters are the functions that start or load what their arguments name.
var starters = map[string]starter{
	"child_process.fork": startFile, "worker_threads.Worker": startFile, "globalThis.Worker": startFile,
	"globalThis.SharedWorker":  startFile,
	"globalThis.importScripts": startFile, "execa.node": startFile, "execa.execaNode": startFile,
	"module#load": startFile, "cluster.Worker": startFile,
	"module.register": startImport, "cluster.setupPrimary": startSettings, "cluster.setupMaster": startSettings,
	"fs.readFile": readFile, "fs.readFileSync": readFile, "fs.createReadStream": readFile, "fs.openSync": readFile, "fs.open": readFile,
	"fs.writeFile": writesFile, "fs.writeFileSync": writesFile, "fs.appendFile": writesFile, "fs.appendFileSync": writesFile,
	"inspector.Session#post":        evalExpression,
	"child_process.spawn#stdin.end": writesInput, "child_process.spawn#stdin.write": writesInput,
	"child_process.exec#stdin.end": writesInput, "child_process.exec#stdin.write": writesInput,
	"child_process.execFile#stdin.end": writesInput, "child_process.execFile#stdin.write": writesInput,
	"globalThis.eval": evalText, "globalThis.Function": evalFunction, "vm.runInThisContext": evalText,
	"vm.runInNewContext": evalText, "vm.runInContext": evalText,
	"vm.Script": evalText, "vm.compileFunction": evalText, "vm.SourceTextModule": evalText, "module#_compile": evalText,
}

// starterOf is that of an API.
func (p *program) starterOf(api string) starter {
	if s, ok := starters[api]; ok {
		return s
	}
	if strings.HasPrefix(api, "require.extensions.") || strings.HasPrefix(api, "module._extensions.") {
		return startExtension
	}
	if starts, ok := p.vocabulary.(Starter); ok {
		if program, text := starts.Starts(api); program || text {
			return startCommand
		}
	}
	return startNothing
}

// started follows a call of a starter into the package.
func (e *evaluation) started(c *callSite, target *Path) {
	if e.p.alone != nil || e.inline > 0 {
		return
	}
	how := target.starts
	s := &start{e: e, id: c.id, dirs: []string{"", path.Dir(e.m.File.Path)}}
	if how != startCommand {
		for i, arg := range c.args {
			if i > 0 || how == startSettings {
				s.options(arg)
			}
		}
	}
	switch how {
	case startCommand:
		s.command(c, target.API)
	case startFile:
		if c.arg(1).Property("eval").Is("true") {
			for _, text := range c.arg(0).Texts() {
				s.program(text)
			}
			break
		}
		s.file(c.arg(0))
		s.preloads(c.arg(1).Elements())
	case startImport:
		for _, text := range c.arg(0).Texts() {
			if file, ok := e.p.resolver.Resolve(e.m.File.Path, text, resolve.ByImport); ok {
				s.runs(file, true)
			} else if rest, ok := resolve.CutFold(text, "data:"); ok {
				s.program(dataText(rest))
			}
		}
	case startExtension:
		s.file(c.arg(1))
	case readFile:
		s.reads(c.arg(0))
	case evalText:
		s.text(c.arg(0))
	case evalFunction:
		s.text(c.arg(len(c.args) - 1))
	case evalExpression:
		s.text(c.arg(1).Property("expression"))
	case writesFile:
		s.written(c.arg(0), c.arg(1))
	case writesInput:
		if e.p.loading.runtimes[e.m] {
			s.text(c.arg(0))
		}
	}
}

// start is one call of a starter.
type start struct {
	e  *evaluation
	id ir.NodeID
	// dirs are the folders of the package that a relative path may begin in.
	dirs []string
}

// command reads what a command line comes to, so that it is there when
// linkCommands makes the edges to it: only then it is known whether it runs in the
// package's folder. Whatever the program is, a script among its arguments is
// likely run.
func (s *start) command(c *callSite, api string) {
	e, l := s.e, s.e.p.loading
	u := &Use{API: api, Args: c.args, Place: e.siteOfUse(s.id)}
	_, text := e.p.vocabulary.(Starter).Starts(api)
	for _, line := range u.commandLines(text) {
		key := line.key()
		if l.followed[key] {
			continue
		}
		l.followed[key] = true
		run := line.follow(e.p.resolver.ShellPackage(), false, "evaluation")
		for i := range run.Scripts {
			if script := &run.Scripts[i]; script.File != "" {
				l.ask(e.p, script.File)
			} else if l.started[script.Code] == nil {
				if m := s.programModule(script.Code, ir.CommonJS, strings.Contains(script.Code, ir.Hole)); m != nil {
					l.started[script.Code] = m
				}
			}
		}
	}
	for _, options := range []*Value{c.arg(1), c.arg(2)} {
		if input := options.Property("input"); input != nil && u.readsProgram(text) {
			s.text(input)
		}
	}
	if !l.runtimes[e.m] && u.readsProgram(text) {
		if l.runtimes == nil {
			l.runtimes = map[*Module]bool{}
		}
		l.runtimes[e.m] = true
		for _, f := range e.m.Functions {
			e.p.enqueue(f) // what is written to it runs
		}
	}
	if l.runtimes[e.m] && u.readsProgram(text) {
		s.anyRead()
	}
	if text || u.Shell() {
		return
	}
	programs := c.arg(0).Texts()
	known := len(programs) > 0
	for _, text := range programs {
		if strings.Contains(text, "/") {
			s.path(text, false)
		}
	}
	for i, v := range c.arg(1).Elements() {
		for _, text := range v.Texts() {
			if strings.Contains(text, "/") || ir.IsScript(text) || !known && i == 0 && strings.Contains(text, ".") {
				s.path(text, !known && i == 0)
			}
		}
	}
}

// options looks for the folder, and for what else is loaded, in an argument.
func (s *start) options(v *Value) {
	v.Each(func(o *Value) {
		if o.kind != vObject || o.Object().array {
			return
		}
		for _, text := range o.Property("cwd").Texts() {
			if inside, ok := s.e.p.resolver.Inside("x", text); ok {
				s.dirs = append([]string{strings.TrimSuffix(inside, "/")}, s.dirs...)
			}
		}
		s.file(o.Property("exec"))
		s.preloads(o.Property("execArgv").Elements())
		for _, text := range o.Property("env").Property("NODE_OPTIONS").Texts() {
			s.node([]string{"NODE_OPTIONS=" + text, "node"})
		}
	})
}

// preloads are options of Node.
func (s *start) preloads(list []*Value) {
	if len(list) == 0 {
		return
	}
	words := []string{"node"}
	for _, v := range list {
		words = append(words, oneText(v))
	}
	s.node(words)
}

// node starts what the words of a command name that runs Node.
func (s *start) node(words []string) {
	run := s.e.p.resolver.ShellPackage().Start(words, "", "node")
	for i := range run.Scripts {
		if script := &run.Scripts[i]; script.File != "" {
			s.runs(script.File, true)
		} else {
			s.program(script.Code)
		}
	}
	for _, cut := range run.Cuts {
		s.e.openSite(s.id, BlindProgram, cut.What)
	}
}

// oneText is the text of a value, a hole where it is none or several.
func oneText(v *Value) string {
	if texts := v.Texts(); len(texts) == 1 {
		return texts[0]
	}
	return ir.Hole
}

// file starts the script that a value names.
func (s *start) file(v *Value) {
	for _, text := range v.Texts() {
		s.path(text, true)
	}
}

// path starts the file of a path, as it may be meant; script says that Node runs
// it whatever it is.
func (s *start) path(text string, script bool) {
	r := s.e.p.resolver
	if rest, ok := resolve.CutFold(text, "data:"); ok && script {
		s.program(dataText(rest))
		return
	}
	if strings.Contains(text, ir.Hole) {
		files, _ := r.Matching(s.e.m.File.Path, text)
		for _, file := range files {
			s.runs(file, script)
		}
		return
	}
	if _, ok := resolve.CutFold(text, "file:"); ok || strings.HasPrefix(text, ir.PackageRoot) {
		if file, ok := r.Resolve(s.e.m.File.Path, text, resolve.ByRequire); ok {
			s.runs(file, script)
		}
		return
	}
	if text == "" || text[0] == '/' {
		return
	}
	for i, dir := range s.dirs {
		if inside, ok := r.Inside(path.Join(dir, "x"), "./"+text); ok {
			if file, ok := r.File(inside); ok {
				s.runs(file, script)
				if i == 0 && len(s.dirs) > 2 {
					break // the folder is said
				}
			}
		}
	}
}

// runs makes an edge to a file that is started.
func (s *start) runs(file string, script bool) {
	e := s.e
	if e.recording() {
		e.p.records.Files = append(e.p.records.Files, FileUse{Path: file, Started: true, Place: e.siteOfUse(s.id)})
	}
	f := e.p.resolver.Pkg.File(file)
	if script || ir.IsScript(file) || f != nil && shell.Shebang(f.Data()) == "node" {
		e.loaded(s.id, file, resolve.ByRequire)
	}
}

// reads notes the files of the package that a module reads by a path that is
// known: what runs a text of the module may run theirs.
func (s *start) reads(v *Value) {
	e := s.e
	for _, text := range v.Texts() {
		text = strings.TrimPrefix(text, ir.Hole+"/") // in the folder of the process
		if strings.Contains(text, ir.Hole) {
			continue
		}
		file, ok := e.p.resolver.Resolve(e.m.File.Path, text, resolve.ByRequire)
		if !ok && !strings.HasPrefix(text, "/") && !strings.Contains(text, ":") {
			if f := e.p.resolver.Pkg.File(path.Clean(text)); f != nil {
				file, ok = f.Path, true
			}
		}
		if !ok || path.Ext(file) == ".json" || e.p.resolver.Pkg.File(file) == nil {
			continue
		}
		l := e.p.loading
		for _, known := range l.read[e.m] {
			ok = ok && known != file
		}
		if ok {
			if l.read == nil {
				l.read = map[*Module][]string{}
			}
			l.read[e.m] = append(l.read[e.m], file)
			l.rerun(e)
		}
	}
}

// rerun evaluates the functions of the module once more that run texts.
func (l *loading) rerun(e *evaluation) {
	for _, f := range l.runners[e.m] {
		f.runs = 0
		e.p.enqueue(f)
	}
}

// text starts the files whose text may be what is run.
func (s *start) text(v *Value) {
	if text, ok := v.Text(); ok || v == nil {
		s.program(text)
		return
	}
	s.anyRead()
}

// anyRead starts the files that the module reads: any of them may be what is run.
func (s *start) anyRead() {
	e, l := s.e, s.e.p.loading
	if l.runners == nil {
		l.runners = map[*Module][]*Function{}
	}
	known := false
	for _, f := range l.runners[e.m] {
		known = known || f == e.f
	}
	if !known {
		l.runners[e.m] = append(l.runners[e.m], e.f)
	}
	for _, file := range l.read[e.m] {
		e.loaded(s.id, file, resolve.ByRequire)
	}
}

// maxPrograms is how many texts that an evaluation comes to are read as programs.
const maxPrograms = 400

// program reads a text that is run as a program, which the place that runs it calls.
func (s *start) program(text string) { s.programOf(text, strings.Contains(text, ir.Hole)) }

// written takes a script that is written into a file as one that runs: it is
// written there for somebody who runs it.
func (s *start) written(name, content *Value) {
	if !slices.ContainsFunc(name.Texts(), ir.IsScript) {
		return
	}
	for _, text := range content.Texts() {
		if !strings.Contains(text, ir.Hole) && ir.BeginsScript([]byte(text)) {
			s.programOf(text, true)
		}
	}
}

// programOf is program; partly says that the text may be none.
func (s *start) programOf(text string, partly bool) {
	e, p := s.e, s.e.p
	l := p.loading
	at := e.m.Position(s.id)
	key := codeAt{e.m, at, text}
	if text == ir.Hole || strings.TrimSpace(text) == "" || l.programs[key] {
		return
	}
	for i := range p.hidden {
		if p.hidden[i].From == e.m && p.hidden[i].At == at {
			return // the text stands there as it is
		}
	}
	l.programs[key] = true
	if m := s.programModule(text, ir.RunText, partly); m != nil {
		p.hidden = append(p.hidden, Hidden{e.m, at, m})
	}
}

// programModule is the module of a text that runs, nil where it is none or there
// are too many.
func (s *start) programModule(text string, as ir.Format, partly bool) *Module {
	e, p := s.e, s.e.p
	l := p.loading
	if l.texts >= maxPrograms {
		if l.texts == maxPrograms {
			p.stopAt(BlindFile, e.siteOfUse(s.id), fmt.Sprintf("texts that are run: more than %d", maxPrograms))
		}
		l.texts++
		return nil
	}
	l.texts++
	line, _ := e.m.File.Position(e.m.Position(s.id))
	file := &ir.Source{Path: e.m.File.Path, Code: strings.ReplaceAll(text, ir.Hole, "undefined"), ShownLine: line}
	m := p.textModule(file, line, as, partly)
	if m == nil {
		return nil
	}
	p.order = append(p.order, m)
	l.asked = append(l.asked, p.mentioned(m)...)
	for _, f := range m.Functions {
		p.enqueue(f)
	}
	return m
}

// textModule is the module of a text that code runs; partly says that not all of it
// is known. It is nil where that does not parse.
func (p *program) textModule(file *ir.Source, line int, as ir.Format, partly bool) *Module {
	text := file.Code
	if err := ir.Nesting(text); err != nil || len(text) > ir.MaxScript {
		return p.unreadModule(file, Unread{Kind: BlindFile, Line: line, Reason: "the program that is run here is too large or too deep", Cut: true})
	}
	m, message, ok := p.parseModule(file, as)
	if ok {
		return m
	}
	if partly {
		return nil
	}
	// Whoever runs it gets an error, as far as this parser can tell.
	return p.unreadModule(file, Unread{Kind: BlindCode, Line: line, Reason: message.Text})
}

// codeAt is a text that a place runs.
type codeAt struct {
	m    *Module
	at   int32
	text string
}
