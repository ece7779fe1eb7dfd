package javascript

import (
	"fmt"
	"path"
	"strings"
)

// starter is how a function starts a file of the package.
type starter uint8

const (
	startNothing starter = iota
	// startFile runs the script that the first argument names.
	startFile
	// startProgram runs a program with a list of arguments, startShell a command.
	startProgram
	startShell
	// startImport imports the first argument for the second's module.
	startImport
	// startExtension loads the file that the second argument names.
	startExtension
	// startSettings has options that say what later calls start.
	startSettings
	// readFile reads the file that the first argument names, runText runs the text
	// that is the first one.
	readFile
	runText
	// runFunction makes a function of the text that is its last argument.
	runFunction
)

// starters are the functions that start or load what their arguments name.
var starters = map[string]starter{
	"child_process.fork": startFile, "worker_threads.Worker": startFile, "globalThis.Worker": startFile,
	"globalThis.SharedWorker":  startFile,
	"globalThis.importScripts": startFile, "execa.node": startFile, "execa.execaNode": startFile,
	"module#load": startFile, "cluster.Worker": startFile,
	"child_process.spawn": startProgram, "child_process.spawnSync": startProgram, "child_process.execFile": startProgram,
	"child_process.execFileSync": startProgram,
	"execa":                      startProgram, "execa.execa": startProgram, "execa.sync": startProgram, "execa.execaSync": startProgram,
	"cross-spawn": startProgram, "cross-spawn.spawn": startProgram, "cross-spawn.sync": startProgram,
	"tinyexec.x": startProgram, "tinyexec.exec": startProgram,
	"nano-spawn": startProgram, "child-process-promise.spawn": startProgram, "foreground-child": startProgram,
	"foreground-child.foregroundChild": startProgram,
	"child_process.exec":               startShell, "child_process.execSync": startShell, "shelljs.exec": startShell, "execa.command": startShell,
	"execa.commandSync": startShell, "execa.execaCommand": startShell, "execa.execaCommandSync": startShell,
	"child-process-promise.exec": startShell,
	"module.register":            startImport, "cluster.setupPrimary": startSettings, "cluster.setupMaster": startSettings,
	"fs.readFile": readFile, "fs.readFileSync": readFile, "fs.createReadStream": readFile,
	"globalThis.eval": runText, "globalThis.Function": runFunction, "vm.runInThisContext": runText,
	"vm.runInNewContext": runText, "vm.runInContext": runText,
	"vm.Script": runText, "vm.compileFunction": runText, "vm.SourceTextModule": runText, "module#_compile": runText,
}

// starterOf is that of an API.
func starterOf(api string) starter {
	if s, ok := starters[api]; ok {
		return s
	}
	if strings.HasPrefix(api, "require.extensions.") || strings.HasPrefix(api, "module._extensions.") {
		return startExtension
	}
	return startNothing
}

// started follows a call of a starter into the package.
func (e *evaluation) started(c *callSite, how starter) {
	if e.p.alone != nil || e.inline > 0 {
		return
	}
	s := &start{e: e, id: c.id, dirs: []string{"", path.Dir(e.m.file.path)}}
	for i, arg := range c.args {
		if i > 0 || how == startSettings {
			s.options(arg)
		}
	}
	switch how {
	case startFile:
		if c.arg(1).Property("eval").Is("true") {
			for _, text := range c.arg(0).Texts() {
				s.code(text)
			}
			break
		}
		s.file(c.arg(0), true)
		if list := allElements(c.arg(1)); len(list) > 0 {
			s.preloads(list)
		}
	case startProgram:
		s.spawned(c.arg(0), c.arg(1))
	case startShell:
		for _, text := range c.arg(0).Texts() {
			s.shell(text)
		}
	case startImport:
		for _, text := range c.arg(0).Texts() {
			if file, ok := e.p.resolver.resolve(e.m.file.path, text, byImport); ok {
				s.run(file, true)
			}
		}
	case startExtension:
		s.file(c.arg(1), true)
	case readFile:
		s.reads(c.arg(0))
	case runText:
		s.text(c.arg(0))
	case runFunction:
		s.text(c.arg(len(c.args) - 1))
	}
}

// maxArguments is how many arguments of a program are looked at.
const maxArguments = 1 << 14

// allElements are those of an array, however many.
func allElements(v *Value) []*Value {
	var out []*Value
	v.each(func(alt *Value) {
		if alt.kind == vObject && alt.object().array && out == nil {
			for i := 0; i < int(alt.object().length) && i < maxArguments; i++ {
				out = append(out, alt.object().properties.get(formatNumber(float64(i))))
			}
		}
	})
	return out
}

// start is one call of a starter.
type start struct {
	e  *evaluation
	id nodeID
	// dirs are the folders of the package that a relative path may begin in.
	dirs []string
	// seen are the shell texts that are being followed, circle is set where one
	// leads back to another; found is what was found so far.
	seen   map[string]bool
	circle bool
	found  []outcome
}

// outcome is something that a shell's text starts: a file, a program in words, or
// what is not known.
type outcome struct {
	file, code string
	script     bool
	open       bool
}

// do does what was found.
func (s *start) do(o outcome) {
	s.found = append(s.found, o)
	switch {
	case o.open:
		s.e.openSite(s.id, BlindProgram, "the script that Node runs is not known")
	case o.file != "":
		s.runs(o.file, o.script)
	default:
		s.program(o.code)
	}
}

// options looks for the folder, and for what else is loaded, in an argument.
func (s *start) options(v *Value) {
	v.each(func(o *Value) {
		if o.kind != vObject || o.object().array {
			return
		}
		for _, text := range o.Property("cwd").Texts() {
			if inside, ok := s.e.p.resolver.inside("x", text); ok {
				s.dirs = append([]string{strings.TrimSuffix(inside, "/")}, s.dirs...)
			}
		}
		s.file(o.Property("exec"), true)
		s.file(o.Property("execPath"), false)
		s.preloads(allElements(o.Property("execArgv")))
		for _, text := range o.Property("env").Property("NODE_OPTIONS").Texts() {
			s.nodeArguments(strings.Fields(text))
		}
	})
}

// preloads are options of Node.
func (s *start) preloads(list []*Value) {
	var words []string
	for _, v := range list {
		words = append(words, oneText(v))
	}
	s.nodeOptions(words)
}

// oneText is the text of a value, a hole where it is none or several.
func oneText(v *Value) string {
	if texts := v.Texts(); len(texts) == 1 {
		return texts[0]
	}
	return hole
}

// file starts the file that a value names; script says that Node runs it
// whatever it is.
func (s *start) file(v *Value, script bool) {
	for _, text := range v.Texts() {
		s.path(text, script)
	}
}

// path starts the file of a path, as it may be meant, and reports whether there
// is one.
func (s *start) path(text string, script bool) bool {
	r := s.e.p.resolver
	if strings.Contains(text, hole) {
		files, open := r.matching(s.e.m.file.path, text)
		for _, file := range files {
			s.run(file, script)
		}
		return !open
	}
	if _, ok := cutFold(text, "file:"); ok || strings.HasPrefix(text, PackageRoot) {
		if file, ok := r.resolve(s.e.m.file.path, text, byRequire); ok {
			s.run(file, script)
			return true
		}
		return false
	}
	if text == "" || text[0] == '/' {
		return false
	}
	found := false
	for i, dir := range s.dirs {
		if inside, ok := r.inside(path.Join(dir, "x"), "./"+text); ok {
			if file, ok := r.file(inside); ok {
				s.run(file, script)
				found = true
				if i == 0 && len(s.dirs) > 2 {
					break // the folder is said
				}
			}
		}
	}
	return found
}

func (s *start) run(file string, script bool) { s.do(outcome{file: file, script: script}) }

func (s *start) code(text string) { s.do(outcome{code: text}) }

// runs makes an edge to a file that is started.
func (s *start) runs(file string, script bool) {
	e := s.e
	if e.record {
		e.p.facts.Files = append(e.p.facts.Files, FileUse{Path: file, Started: true, Site: e.siteOfUse(s.id)})
	}
	f := e.p.resolver.pkg.File(file)
	if script || IsScript(file) || f != nil && interpreter(f.Data()) == "node" {
		e.loaded(s.id, file, byRequire)
	}
}

// spawned starts a program with arguments.
func (s *start) spawned(program, arguments *Value) {
	var words []string
	arguments.each(func(list *Value) {
		if elements := allElements(list); len(elements) > 0 && words == nil {
			for _, v := range elements {
				words = append(words, oneText(v))
			}
		}
	})
	names := program.Texts()
	if len(names) == 0 {
		names = []string{hole}
	}
	for _, name := range names {
		if strings.ContainsAny(name, " ") && len(words) == 0 {
			s.shell(name)
			continue
		}
		s.words(append([]string{name}, words...))
	}
	// Whatever the program is, a script among its arguments is likely run.
	arguments.each(func(list *Value) {
		for _, v := range allElements(list) {
			for _, text := range v.Texts() {
				if strings.Contains(text, "/") || IsScript(text) {
					s.path(text, false)
				}
			}
		}
	})
}

func unique(list []outcome) []outcome {
	var out []outcome
	have := map[outcome]bool{}
	for _, o := range list {
		if !have[o] {
			have[o] = true
			out = append(out, o)
		}
	}
	return out
}

// rootInShell stands for PackageRoot in the text of a shell.
const rootInShell = "/.package.root."

// shell starts what a shell's text does. Each text is followed once from the same
// folders: hostile packages run large ones from many places.
func (s *start) shell(text string) {
	if text == hole {
		return
	}
	l := s.e.p.loading
	key := strings.Join(s.dirs, "\n") + "\x00" + text
	if known, ok := l.shells[key]; ok {
		for _, o := range known {
			s.do(o)
		}
		return
	}
	if s.seen[key] {
		s.circle = true
		return
	}
	outermost := len(s.seen) == 0
	if outermost {
		s.seen, s.circle = map[string]bool{}, false
	}
	s.seen[key] = true
	first := len(s.found)
	defer func() {
		if l.shells == nil {
			l.shells = map[string][]outcome{}
		}
		if !s.circle {
			l.shells[key] = unique(s.found[first:])
		}
		if outermost && s.circle {
			// Scripts that start each other in a circle start all that any of them does.
			found := unique(s.found[first:])
			for key := range s.seen {
				l.shells[key] = found
			}
		}
		if outermost {
			s.seen = nil
		}
	}()
	dirs := s.dirs
	// To a shell, the name of the package's folder is a variable.
	for _, c := range Commands(strings.ReplaceAll(text, PackageRoot, rootInShell)) {
		s.dirs = dirs
		c.Dir = strings.ReplaceAll(c.Dir, rootInShell, PackageRoot)
		for _, words := range [][]string{c.Words, c.Input} {
			for i := range words {
				words[i] = strings.ReplaceAll(words[i], rootInShell, PackageRoot)
			}
		}
		if c.Dir != "" {
			s.dirs = nil
			for _, dir := range dirs {
				if inside, ok := s.e.p.resolver.inside(path.Join(dir, "x"), c.Dir); ok {
					s.dirs = append(s.dirs, strings.TrimSuffix(inside, "/"))
				} else {
					s.dirs = append(s.dirs, path.Join(dir, c.Dir))
				}
			}
		}
		s.words(c.Words)
		for _, what := range c.Input {
			if name, ok := strings.CutPrefix(what, "<"); ok && isNodeProgram(c.Program()) {
				s.path(name, true)
			} else if name, ok := strings.CutPrefix(what, "cat "); ok && isNodeProgram(c.Program()) {
				s.path(name, true)
			}
		}
	}
	s.dirs = dirs
}

// isNodeProgram reports whether a program runs scripts as Node does.
func isNodeProgram(name string) bool {
	switch name {
	case "node", "nodejs", "bun", "deno", "tsx", "ts-node", "electron", "iojs":
		return true
	}
	return false
}

// startWrappers are programs that start the one that their words name.
var startWrappers = set("env cross-env sudo exec nohup call nice setsid npx bunx time")

// words starts a command that is split into words.
func (s *start) words(words []string) {
	for len(words) > 1 {
		name, value, variable := strings.Cut(words[0], "=")
		if name == "NODE_OPTIONS" && variable {
			s.nodeOptions(strings.Fields(value))
		}
		if !startWrappers[programName(words[0])] && (!variable || strings.HasPrefix(name, "-")) {
			break
		}
		words = words[1:]
		for len(words) > 1 && strings.HasPrefix(words[0], "-") {
			words = words[1:]
		}
	}
	if len(words) == 0 {
		return
	}
	switch name := programName(words[0]); {
	case isNodeProgram(name):
		s.nodeArguments(words[1:])
	case name == hole || words[0] == hole:
		if rest := s.nodeOptions(words[1:]); len(rest) > 0 && strings.ContainsAny(rest[0], "./"+hole) {
			s.nodeArguments(rest) // whatever it is, it is given a file
		}
	case name == "npm" || name == "yarn" || name == "pnpm":
		s.packageScript(words[1:])
	case shells[name] || name == "cmd":
		for i, arg := range words[1:] {
			if (arg == "-c" || arg == "-lc" || arg == "-ic" || strings.EqualFold(arg, "/c") || strings.EqualFold(arg, "-Command")) && i+2 < len(words) {
				s.shell(strings.Join(words[i+2:], " "))
				return
			}
		}
		for _, arg := range words[1:] {
			if !strings.HasPrefix(arg, "-") {
				s.shellFile(arg)
				return
			}
		}
	default:
		if strings.Contains(words[0], "/") {
			s.path(words[0], false)
			s.shellFile(words[0])
		}
	}
}

// shellFile follows a shell script of the package.
func (s *start) shellFile(name string) {
	r := s.e.p.resolver
	for _, dir := range s.dirs {
		inside, ok := r.inside(path.Join(dir, "x"), name)
		if !ok {
			inside = path.Join(dir, name)
		}
		f := r.pkg.File(inside)
		if f == nil || IsScript(inside) {
			continue
		}
		if by := interpreter(f.Data()); by != "" && by != "node" || path.Ext(inside) == ".sh" || path.Ext(inside) == ".bat" || path.Ext(inside) == ".cmd" || path.Ext(inside) == ".ps1" {
			if f.Size > maxShell && s.e.record && s.e.p.alone == nil {
				s.e.p.blindAt(BlindFile, s.e.siteOfUse(s.id), fmt.Sprintf("%s: the shell file has more than %d bytes", inside, maxShell))
			}
			s.shell(string(f.Data()))
			return
		}
	}
}

// packageScript follows npm run and its like.
func (s *start) packageScript(words []string) {
	for len(words) > 0 && (strings.HasPrefix(words[0], "-") || words[0] == "run" || words[0] == "run-script") {
		words = words[1:]
	}
	if len(words) == 0 {
		return
	}
	for _, step := range []string{"pre" + words[0], words[0], "post" + words[0]} {
		if script, ok := s.e.p.resolver.manifest.Scripts[step]; ok {
			s.shell(script.Command)
		}
	}
}

// nodeArguments starts what Node's arguments name: what is loaded before, and the
// script.
func (s *start) nodeArguments(words []string) {
	words = s.nodeOptions(words)
	for len(words) > 0 && (words[0] == "run" || words[0] == "watch" || words[0] == "inspect") {
		words = words[1:]
	}
	if len(words) == 0 {
		return
	}
	if !s.path(words[0], true) && strings.Contains(words[0], hole) {
		s.do(outcome{open: true})
	}
}

// nodeOptions reads options of Node up to the first word that is none, and gives
// the rest.
func (s *start) nodeOptions(words []string) []string {
	for len(words) > 0 {
		name, value, joined := strings.Cut(words[0], "=")
		switch {
		case name == "-r" || name == "--require" || name == "--import" || name == "--loader" || name == "--experimental-loader":
			if !joined && len(words) > 1 {
				value, words = words[1], words[1:]
			}
			if value != "" {
				s.path(plainPreload(value), true)
			}
		case name == "-e" || name == "--eval" || name == "-p" || name == "--print" || name == "-pe":
			if !joined && len(words) > 1 {
				value = words[1]
			}
			s.code(value)
			return nil
		case name == "--run":
			if !joined && len(words) > 1 {
				value = words[1]
			}
			s.packageScript([]string{value})
			return nil
		case nodeValues[name] && !joined && len(words) > 1:
			words = words[1:]
		case name == "--":
			return words[1:]
		case !strings.HasPrefix(name, "-"):
			return words
		}
		words = words[1:]
	}
	return nil
}

// plainPreload is the path of what --import and -r load.
func plainPreload(value string) string {
	return strings.Trim(value, `"'`)
}

// nodeValues are the options of Node that take the next word as their value.
var nodeValues = set(`--stack-size --max-old-space-size --max-http-header-size --input-type --conditions -C --title --icu-data-dir
	--openssl-config --unhandled-rejections --disable-warning --inspect-port --experimental-default-type --watch-path --stack-trace-limit
	--max-semi-space-size --dns-result-order --env-file-if-exists --build-snapshot-config --experimental-config-file --env-file`)

// reads notes the files of the package that a module reads by a path that is
// known: what runs a text of the module may run theirs.
func (s *start) reads(v *Value) {
	e := s.e
	for _, text := range v.Texts() {
		if strings.Contains(text, hole) {
			continue
		}
		file, ok := e.p.resolver.resolve(e.m.file.path, text, byRequire)
		if !ok && !strings.HasPrefix(text, "/") && !strings.Contains(text, ":") {
			if f := e.p.resolver.pkg.File(path.Clean(text)); f != nil {
				file, ok = f.Path, true
			}
		}
		if !ok || path.Ext(file) == ".json" || e.p.resolver.pkg.File(file) == nil {
			continue
		}
		l := e.p.loading
		for _, known := range l.read[e.m] {
			ok = ok && known != file
		}
		if ok {
			if l.read == nil {
				l.read = map[*module][]string{}
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
		s.code(text)
		return
	}
	e, l := s.e, s.e.p.loading
	if l.runners == nil {
		l.runners = map[*module][]*function{}
	}
	known := false
	for _, f := range l.runners[e.m] {
		known = known || f == e.f
	}
	if !known {
		l.runners[e.m] = append(l.runners[e.m], e.f)
	}
	for _, file := range l.read[e.m] {
		e.loaded(s.id, file, byRequire)
	}
}

// maxPrograms is how many texts that an evaluation comes to are read as programs.
const maxPrograms = 400

// program reads a text that is run as a program, which the place that runs it calls.
func (s *start) program(text string) {
	e, p := s.e, s.e.p
	if p.alone != nil || e.inline > 0 {
		return
	}
	l := p.loading
	at := e.m.position(s.id)
	key := codeAt{e.m, at, text}
	if text == hole || strings.TrimSpace(text) == "" || l.programs[key] {
		return
	}
	for i := range p.hidden {
		if p.hidden[i].from == e.m && p.hidden[i].at == at {
			return // the text stands there as it is
		}
	}
	if len(l.programs) >= maxPrograms {
		if !l.reported[key.text] {
			l.reported[key.text] = true
			p.blindAt(BlindFile, e.siteOfUse(s.id), fmt.Sprintf("maxPrograms: more than %d texts are run", maxPrograms))
		}
		return
	}
	if l.programs == nil {
		l.programs = map[codeAt]bool{}
	}
	l.programs[key] = true
	line, _ := e.m.file.position(at)
	file := &sourceFile{path: e.m.file.path, code: strings.ReplaceAll(text, hole, "undefined"), shownLine: line}
	if len(text) > maxScript || nesting(text) != nil {
		p.blindAt(BlindFile, e.siteOfUse(s.id), "the program that is run here is too large or too deep")
		return
	}
	m, _, ok := p.parseModule(file)
	if !ok {
		return // a text that is no program: whoever runs it gets an error
	}
	m.pkg = p
	p.order = append(p.order, m)
	p.hidden = append(p.hidden, hiddenProgram{e.m, at, m})
	l.asked = append(l.asked, p.resolver.mentioned(m)...)
	for _, f := range m.functions {
		p.enqueue(f)
	}
}

// codeAt is a text that a place runs.
type codeAt struct {
	m    *module
	at   int32
	text string
}
