package shell

import (
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"mvdan.cc/sh/v3/expand"

	"github.com/lockwarden/lockwarden/analyzer/npm"
)

// Package is where commands are followed: a package's files, as they lie in the
// folder that the commands run in.
type Package struct {
	Manifest *npm.Manifest
	// Read gives a file by its path in the package.
	Read func(name string) ([]byte, bool)
	// Resolve is the file that Node runs for a name: with its extension.
	Resolve func(name string) (string, bool)
	// IsScript reports whether a file is JavaScript by its name.
	IsScript func(name string) bool
	// Names are the paths of all files.
	Names []string
	// Elsewhere is set where commands run in a folder that is not known: then
	// package.json's scripts and makefiles are not theirs.
	Elsewhere bool
	// Root is what stands before the paths where code names them by the folder
	// that the package is unpacked into.
	Root string

	folders   map[string][]fs.DirEntry
	manifests map[string]*npm.Manifest
	variables map[string]string
	read      map[string]bool
	// made are the files that commands make, by their path in the package.
	made map[string]madeFile
	work int
}

// Run is what commands run, as far as it was followed.
type Run struct {
	// Commands are all of them, each followed by those that it starts.
	Commands []Command
	// Scripts are the package's scripts that they run, as JavaScript.
	Scripts []Script
	// Files are the package's files in other languages that they run.
	Files []File
	// Cuts are the places where nothing more was followed.
	Cuts []Cut
}

// Script is a program in JavaScript that a command runs.
type Script struct {
	// File is its path in the package, whatever its extension; Code its text
	// where it has none, as that of node -e.
	File, Code string
	// Label is the way to it, for readers.
	Label string
	// By is the command.
	By *Command
}

// File is a file that a command runs, in another language.
type File struct {
	Path string
	By   *Command
}

// Cut is a place where commands were not followed further.
type Cut struct {
	File string
	Line int
	// What is in short what was not followed; it begins with the name of the
	// limit where one was reached.
	What string
	Kind CutKind
}

// CutKind is why commands were not followed.
type CutKind uint8

// The kinds of cuts.
const (
	// CutLimit is a limit that was reached.
	CutLimit CutKind = iota
	// CutOpen is a file whose name stays open.
	CutOpen
	// CutUnread is a text that is none of the language it is run in.
	CutUnread
)

// Limits of what is followed.
const (
	// maxWork is how much text is read in all of a package, in bytes: files that
	// run each other are read once in each folder.
	maxWork = 64 << 20
	// maxDepth is how many commands, scripts and files may start each other.
	maxDepth = 200
	// maxFollowed is how many commands are followed in all.
	maxFollowed = 200_000
)

// follower follows commands into the package.
type follower struct {
	*Package
	run Run
	// memo tells runs apart in what was read.
	memo string
	// texts are those that are read, or were, in their folder.
	texts map[string]bool
}

// at is where a command stands that is followed.
type at struct {
	by    Command
	label string
	depth int
}

// Install follows what npm runs when the package is installed.
func (p *Package) Install(git bool) Run {
	f := p.follower("install")
	for _, name := range npm.Lifecycle(git) {
		if script, ok := p.Manifest.Scripts[name]; ok {
			by := Command{Script: name, File: "package.json", Line: script.Line, Text: script.Command}
			f.text(script.Command, RoleShell, at{by: by, label: "package.json scripts." + name})
		}
	}
	if _, ok := p.Read(GypFile); ok && (p.Manifest.Gypfile || len(f.run.Commands) > 0) {
		f.gypFile(GypFile, at{by: Command{Script: "install", File: GypFile, Line: 1}, label: GypFile})
	}
	return f.run
}

// Follow follows a shell text that code of the package runs in a folder of it;
// dir is empty where the folder is not known. What was read for the same memo is
// not read again.
func (p *Package) Follow(text, dir, memo string) Run {
	f := p.follower(memo)
	f.text(text, RoleShell, at{by: Command{Dir: dir}})
	return f.run
}

// Start follows a program that code of the package starts with its arguments.
func (p *Package) Start(words []string, dir, memo string) Run {
	f := p.follower(memo)
	if len(words) > 0 {
		f.command(Command{Words: words, Dir: dir, Line: 1}, at{by: Command{Dir: dir}})
	}
	return f.run
}

func (p *Package) follower(memo string) *follower {
	if p.read == nil {
		p.read = map[string]bool{}
	}
	if p.Read == nil {
		p.Read = func(string) ([]byte, bool) { return nil, false }
	}
	return &follower{Package: p, memo: memo, texts: map[string]bool{}}
}

func (f *follower) cut(by *Command, kind CutKind, what string) {
	c := Cut{by.File, by.Line, what, kind}
	if !slices.Contains(f.run.Cuts, c) {
		f.run.Cuts = append(f.run.Cuts, c)
	}
}

// text reads a text in the language of a role, and follows its commands.
func (f *follower) text(text string, role Role, in at) {
	if strings.TrimSpace(text) == "" {
		return
	}
	key := strings.Join(append([]string{string(rune(role)), in.by.Dir, in.by.File, in.by.Script, text}, in.by.Words...), "\x00")
	if f.texts[key] {
		return
	}
	f.texts[key] = true
	if f.work += len(text); f.work > maxWork {
		f.cut(&in.by, CutLimit, "shell texts: more than 64 MiB")
		return
	}
	r := &reader{pkg: f.Package, dir: in.by.Dir, dirs: in.by.dirs, arg0: in.by.arg0, paths: in.by.paths}
	if len(in.by.Words) > 0 {
		r.start = positional(in.by.Words)
		if in.by.arg0 == "" {
			r.start["0"] = expand.Variable{Set: true, Kind: expand.String, Str: in.by.Words[0]}
		}
	}
	var commands []Command
	switch role {
	case RoleCmd:
		commands = r.readCmd(text)
	case RolePowerShell:
		commands = r.readPowerShell(text)
	default:
		commands = r.read(text)
		if looksWindows(text) && len(text) < maxValue && path.Ext(in.by.File) != ".sh" {
			other := &reader{pkg: f.Package, dir: in.by.Dir, arg0: in.by.arg0}
			for _, c := range other.readCmd(text) {
				if !slices.ContainsFunc(commands, func(have Command) bool {
					return slices.EqualFunc(have.Words, c.Words, sameButSlashes) && slices.Equal(have.assigns, c.assigns)
				}) && meansWindows(&c) {
					commands = append(commands, c)
				}
			}
		}
	}
	for _, what := range r.cuts {
		kind := CutLimit
		if strings.Contains(what, notShell) {
			kind = CutUnread
		}
		f.cut(&in.by, kind, what)
	}
	for _, c := range commands {
		c.Script, c.Text, c.gyp = in.by.Script, in.by.Text, in.by.gyp
		if in.by.File != "" {
			if c.File = in.by.File; !in.inFile() {
				c.Line = in.by.Line
			}
		}
		if c.Given == nil {
			c.Given = in.by.Given // of "sh -c …", where it stands as a hole
		}
		if c.Input == nil && c.reads == nil {
			c.Input, c.reads = in.by.Input, in.by.reads
		}
		if c.Piped == "" {
			c.Piped = in.by.Piped
		}
		if c.Output == "" {
			c.Output = in.by.Output
		}
		c.Background = c.Background || in.by.Background
		f.command(c, in)
	}
}

// sameButSlashes reports whether two words differ in the direction of slashes at
// most: a backslash in a program that node -p runs is none of a path.
func sameButSlashes(a, b string) bool {
	return a == b || strings.ReplaceAll(a, `\`, "/") == strings.ReplaceAll(b, `\`, "/")
}

// inFile reports whether the lines of a text are lines of its file.
func (in at) inFile() bool { return in.by.arg0 != "" }

// meansWindows reports whether a command that only cmd.exe reads so is one of
// Windows: it names a program or a file that there is.
func meansWindows(c *Command) bool {
	return Lookup(c.Words[0]) != nil || strings.ContainsAny(c.Words[0], "/.%")
}

// command notes a command and follows what it starts.
func (f *follower) command(c Command, in at) {
	if len(f.run.Commands) >= maxFollowed {
		f.cut(&c, CutLimit, "commands: more than 200,000")
		return
	}
	f.run.Commands = append(f.run.Commands, c)
	if in.depth > maxDepth {
		f.cut(&c, CutLimit, "commands that start each other: more than 200")
		return
	}
	if len(c.Words) == 0 {
		return
	}
	in.by, in.depth = c, in.depth+1
	in.by.arg0 = ""
	for _, a := range c.assigns {
		f.assigned(a, in)
	}
	words := c.Words
	for len(words) > 1 && isAssignment(words[0]) {
		f.assigned(words[0], in)
		words = words[1:]
	}
	if f.searched(words, c.paths, in) {
		return
	}
	p := Lookup(words[0])
	switch {
	case p == nil && (words[0] == Hole || Name(words[0]) == Hole) && len(words) > 1:
		if !f.runtime(words, in) {
			f.runner(words, in)
		}
	case p == nil:
		f.executable(words, in)
	default:
		if strings.ContainsAny(words[0], `/\`) && f.executable(words, in) {
			break // a file of the package with a program's name
		}
		f.program(p, words, in)
	}
}

// program follows a program of the table.
func (f *follower) program(p *Program, words []string, in at) {
	c := p.call(words[1:])
	for _, a := range c.assigns {
		f.assigned(a, in)
	}
	for _, text := range c.texts {
		if p.Name == "alias" {
			_, text, _ = strings.Cut(text, "=")
		}
		f.text(text, RoleShell, in.inline())
	}
	switch {
	case p.Roles&RoleManager != 0:
		if p.Roles&RoleJavaScript != 0 && f.javascript(p, c, in) {
			return
		}
		f.manager(p, words[1:], c, in)
	case p.Roles&RoleTasks != 0:
		f.tasks(p, c, in)
	case p.Roles&RoleJavaScript != 0:
		f.environmentFiles(words, in)
		f.javascript(p, c, in)
	case p.Roles&(RoleShell|RolePowerShell) != 0:
		f.shell(p, c, words, in)
	case p.Roles&RoleCmd != 0:
		f.cmd(words, in)
	case p.Roles&RoleForeign != 0:
		f.foreign(p, c, in)
	case p.Roles&RoleMake != 0:
		f.make(p, c, words[1:], in)
	case p.Name == "find" || p.Name == "gfind" || p.Name == "fd" || p.Name == "fdfind" || p.Name == "forfiles":
		for i, w := range words {
			switch w {
			case "-exec", "-execdir", "-ok", "-okdir", "-x", "-X", "--exec", "--exec-batch":
				if i+1 < len(words) {
					f.inner(words[i+1:], in)
				}
			}
		}
	case p.Roles&RoleWrapper != 0:
		for _, name := range slices.Concat(c.loads, c.files) {
			f.script(name, in)
		}
		if p.first == valueOther {
			f.reads(p, in)
			break
		}
		for len(c.rest) > 1 && c.rest[0] == "" { // start "" x
			c.rest = c.rest[1:]
		}
		if len(c.rest) > 0 {
			f.inner(c.rest, in)
		}
	}
	if p.Roles&RoleTexts != 0 {
		for _, w := range c.rest {
			if script, ok := strings.CutPrefix(w, "npm:"); ok {
				f.named(strings.Fields(script)[:min(1, len(strings.Fields(script)))], in)
			} else if strings.Contains(w, " ") || f.scripts(in)[w].Command == "" {
				f.text(w, RoleShell, in.inline())
			}
		}
	}
	if p.Roles&RoleGyp != 0 {
		dir := in.by.Dir
		for i, w := range words {
			if (w == "-C" || w == "--directory") && i+1 < len(words) {
				dir = path.Join(dir, words[i+1])
			} else if v, ok := strings.CutPrefix(w, "--directory="); ok {
				dir = path.Join(dir, v)
			}
		}
		if name := path.Join(dir, GypFile); dir != "" {
			f.gypFile(name, in)
		}
	}
	if p.Roles&RoleOpen != 0 && p.Roles&RoleWrapper == 0 {
		for _, w := range c.rest {
			f.executable([]string{w}, in)
		}
	}
}

// inline is the place of a text that stands in a command.
func (in at) inline() at {
	in.by.arg0, in.by.Words = "", nil
	return in
}

// inner follows the command that another one starts. Where its options are not
// known, a word further on may be the command.
func (f *follower) inner(words []string, in at) {
	c := in.by
	c.Words, c.assigns = words, nil
	f.command(c, in)
	if Lookup(words[0]) == nil {
		f.runner(words, in)
	}
}

// runtime follows a program that is not known where its words are those of Node
// and name what there is; it reports whether they do.
func (f *follower) runtime(words []string, in at) bool {
	node := programs["node"]
	c := node.call(words[1:])
	if len(c.code) > 0 || slices.ContainsFunc(c.loads, func(name string) bool { return f.exists(name, in) }) ||
		len(c.rest) > 0 && strings.ContainsAny(c.rest[0], "./") && f.exists(c.rest[0], in) {
		return f.javascript(node, c, in)
	}
	return false
}

// runner follows the program that runs code among the words of a program that is
// not known.
func (f *follower) runner(words []string, in at) {
	for i, w := range words[1:] {
		p := Lookup(w)
		if p == nil || p.Roles&Interprets == 0 || i+2 >= len(words) || strings.HasPrefix(w, "-") {
			continue
		}
		c := p.call(words[i+2:])
		if len(c.code)+len(c.texts) > 0 || len(c.rest) > 0 && f.exists(c.rest[0], in) {
			next := in.by
			next.Words, next.assigns = words[i+1:], nil
			f.command(next, in)
			return
		}
	}
}

// assigned follows what a variable makes programs run.
func (f *follower) assigned(assign string, in at) {
	name, value, _ := strings.Cut(assign, "=")
	value = strings.Trim(value, `"'`)
	switch {
	case optionVariable(name):
		c := programs["node"].call(optionWords(value))
		for _, file := range c.loads {
			f.load(file, in)
		}
	case isFileVariable(name):
		f.executable([]string{"./" + strings.TrimPrefix(value, "./")}, in)
		f.shellFile(value, RoleShell, in)
	}
}

// environmentFiles follows the options of Node in files of variables.
func (f *follower) environmentFiles(words []string, in at) {
	for i, w := range words {
		name, value, ok := strings.Cut(w, "=")
		if name != "--env-file" && name != "--env-file-if-exists" {
			continue
		}
		if !ok && i+1 < len(words) {
			value = words[i+1]
		}
		data, _ := f.find(value, in)
		for _, line := range strings.Split(string(data[:min(len(data), maxValue)]), "\n") {
			line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
			if key, set, ok := strings.Cut(line, "="); ok && optionVariable(strings.TrimSpace(key)) {
				f.assigned("NODE_OPTIONS="+strings.TrimSpace(set), in)
			}
		}
	}
}

// optionVariable reports whether a variable holds options of Node.
func optionVariable(name string) bool {
	return name == "NODE_OPTIONS" || strings.EqualFold(name, "npm_config_node_options")
}

// isFileVariable reports whether a variable names a file that shells run.
func isFileVariable(name string) bool {
	return name == "BASH_ENV" || name == "ENV" || strings.EqualFold(name, "npm_config_script_shell")
}

// optionWords splits NODE_OPTIONS as Node does: at spaces, but for those in
// double quotes.
func optionWords(text string) []string {
	var out []string
	var b strings.Builder
	quoted, some := false, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && quoted && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case c == '"':
			quoted, some = !quoted, true
		case c == ' ' && !quoted:
			if some {
				out = append(out, b.String())
			}
			b.Reset()
			some = false
		default:
			b.WriteByte(c)
			some = true
		}
	}
	if some {
		out = append(out, b.String())
	}
	return out
}

// javascript follows a call of Node or of a program like it; it reports whether
// that runs anything.
func (f *follower) javascript(p *Program, c call, in at) bool {
	before := len(f.run.Scripts)
	for _, name := range c.loads {
		f.load(name, in)
	}
	for _, name := range c.files {
		f.script(name, in)
	}
	for _, code := range c.code {
		f.run.Scripts = append(f.run.Scripts, Script{Code: code, Label: in.label, By: &in.by})
	}
	if f.home(in) {
		for _, name := range c.named {
			f.named([]string{name}, in)
		}
	}
	if len(c.code)+len(c.named) > 0 {
		return true
	}
	for i, w := range c.rest {
		switch {
		case w == "-":
		case strings.Contains(w, Hole) && p.Roles&RoleManager == 0 && i == 0:
			f.open(w, in)
			return true
		case Lookup(w) != nil && Lookup(w).Roles&RoleManager != 0 && path.Ext(w) != "": // node npm-cli.js run x
			f.program(Lookup(w), c.rest[i:], in)
			return true
		case strings.HasPrefix(w, "-"):
			continue
		case f.script(w, in) && (i > 0 || c.known):
			return true
		}
	}
	if len(f.run.Scripts) > before {
		return true
	}
	if len(c.rest) == 0 || c.rest[0] == "-" {
		return p.stdin && f.input(p, in)
	}
	f.reads(p, in)
	return false
}

// open notes a file whose name stays open.
func (f *follower) open(name string, in at) {
	f.cut(&in.by, CutOpen, "the name of the file that "+in.by.Program()+" runs is not known: "+shown(name))
}

func shown(name string) string {
	name = strings.ReplaceAll(name, Hole, "…")
	if len(name) > 80 {
		name = strings.ToValidUTF8(name[:80], "")
	}
	return name
}

// reads follows the files that a program runs where none is named.
func (f *follower) reads(p *Program, in at) {
	for _, name := range p.lists["reads"] {
		own := strings.ToLower(strings.TrimPrefix(p.Name, "_"))
		if file := strings.ToLower(name); strings.HasPrefix(file, own) || strings.Contains(file, own+"rc") {
			f.script(name, in)
		}
	}
}

// RunsInput reports whether a command is a runtime of JavaScript that runs what it
// reads.
func RunsInput(words []string) bool {
	if len(words) == 0 {
		return false
	}
	p := Lookup(words[0])
	if p == nil || p.Roles&RoleJavaScript == 0 || !p.stdin {
		return false
	}
	c := p.call(words[1:])
	return len(c.code)+len(c.named)+len(c.files) == 0 && (len(c.rest) == 0 || c.rest[0] == "-") &&
		!slices.ContainsFunc(words[1:], func(w string) bool { return w == "-v" || w == "--version" || w == "-h" || w == "--help" })
}

// input follows what a program reads, where that is known; it reports whether it
// is.
func (f *follower) input(p *Program, in at) bool {
	text := ""
	switch {
	case in.by.reads != nil:
		text = *in.by.reads
	default:
		for _, what := range in.by.Input {
			name, ok := strings.CutPrefix(what, "<")
			if !ok {
				name, ok = strings.CutPrefix(what, "cat ")
			}
			if !ok {
				continue
			}
			if data, found := f.find(name, in); found {
				text = string(data)
				break
			}
		}
	}
	if text == "" {
		// What is downloaded and run has a finding of its own.
		fetched := slices.ContainsFunc(in.by.Input, func(what string) bool {
			word, _, _ := strings.Cut(what, " ")
			return Is(word, RoleDownload)
		})
		if in.by.reads == nil && len(in.by.Input) > 0 && !fetched {
			f.cut(&in.by, CutOpen, "what "+in.by.Program()+" reads and runs is not known")
		}
		return false
	}
	in.by.reads = nil
	switch {
	case p.Roles&RoleJavaScript != 0:
		f.run.Scripts = append(f.run.Scripts, Script{Code: text, Label: in.label, By: &in.by})
	case p.Roles&RoleForeign != 0:
		f.foreignText(text, in)
	default:
		f.text(text, p.Roles&(RoleShell|RolePowerShell|RoleCmd), in.inline())
	}
	return true
}

// shell follows a call of a shell.
func (f *follower) shell(p *Program, c call, words []string, in at) {
	role := p.Roles & (RoleShell | RolePowerShell)
	for _, encoded := range c.encoded {
		data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
		if err != nil {
			f.open(encoded, in)
			continue
		}
		f.text(utf16Text(data), role, in.inline())
	}
	for _, code := range c.code {
		next := in.inline()
		next.by.Words = c.rest // sh -c 'code' $0 $1
		if role == RoleShell && strings.Trim(code, Hole+" \t\n\"'") == "" && code != "" && p.Name != "eval" {
			f.open(code, in)
		}
		f.text(code, role, next)
		if role == RolePowerShell && len(c.code) == 1 && len(c.rest) == 0 && powerFile(code) != "" {
			f.shellFile(powerFile(code), role, in)
		}
	}
	for _, name := range slices.Concat(c.loads, c.files) {
		f.shellFile(name, role, in)
	}
	if len(c.code)+len(c.encoded)+len(c.files)+len(c.texts) > 0 {
		return
	}
	if len(c.rest) > 0 && c.rest[0] != "-" {
		if p.Roles&RoleHidden != 0 && p.first != valueNone {
			return
		}
		next := in
		next.by.Words = c.rest
		if !f.shellFile(c.rest[0], role, next) {
			if strings.Contains(c.rest[0], Hole) && strings.Trim(c.rest[0], Hole+"./") == "" {
				f.open(c.rest[0], in)
			}
			for _, w := range c.rest[1:] { // an option that is not known
				if !c.known && f.shellFile(w, role, in) {
					break
				}
			}
		}
		return
	}
	if p.stdin {
		f.input(p, in)
	}
}

// powerFile is the file that a text of PowerShell is nothing but.
func powerFile(text string) string {
	text = strings.Trim(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "&")), `"' `)
	name, _, _ := strings.Cut(text, " ")
	if strings.HasSuffix(strings.ToLower(name), ".ps1") {
		return name
	}
	return ""
}

// cmd follows cmd /c TEXT.
func (f *follower) cmd(words []string, in at) {
	for i, w := range words {
		lower := strings.ToLower(w)
		for _, option := range []string{"/c", "/k", "/r"} {
			at := strings.Index(lower, option)
			if i == 0 || at < 0 || !strings.HasPrefix(w, "/") {
				continue
			}
			text := strings.TrimSpace(w[at+2:] + " " + strings.Join(words[i+1:], " "))
			f.text(text, RoleCmd, in.inline())
			if !strings.ContainsAny(text, "%^") {
				f.text(text, RoleShell, in.inline())
			}
			return
		}
	}
	for _, w := range words[1:] {
		if f.shellFile(w, RoleCmd, in) {
			return
		}
	}
	f.input(programs["cmd"], in)
}

// find is a file of the package by the name that a command calls it by, in the
// folder it runs in, or one that the text was in before.
func (f *follower) find(name string, in at) ([]byte, bool) {
	_, data, ok := f.locate(name, in)
	return data, ok
}

func (f *follower) locate(name string, in at) (string, []byte, bool) {
	if name == "" {
		return "", nil, false
	}
	for _, dir := range in.folders() {
		if data, ok := f.file(dir, name); ok {
			return f.inside(dir, name), data, true
		}
	}
	return "", nil, false
}

// folders are those that a command may run in.
func (in at) folders() []string {
	out := []string{in.by.Dir}
	for _, dir := range append([]string{""}, in.by.dirs...) {
		if !slices.Contains(out, dir) {
			out = append(out, dir)
		}
	}
	return out
}

func (f *follower) exists(name string, in at) bool {
	for _, dir := range in.folders() {
		if f.Resolve != nil {
			if _, ok := f.Resolve(f.inside(dir, name)); ok {
				return true
			}
		}
		if _, ok := f.file(dir, name); ok {
			return true
		}
	}
	return false
}

// inside is where a name lies in the package, as it is seen from a folder of it.
func (p *Package) inside(dir, name string) string {
	name = strings.ReplaceAll(strings.Trim(name, `"'`), `\`, "/")
	if p.Root != "" {
		if rest, ok := strings.CutPrefix(name, p.Root); ok {
			return strings.TrimPrefix(path.Clean("/"+rest), "/")
		}
	}
	if p.Manifest != nil && p.Manifest.Name != "" {
		folder := "node_modules/" + p.Manifest.Name + "/"
		if i := strings.LastIndex(name, folder); i >= 0 {
			return path.Clean(name[i+len(folder):])
		}
		if i := strings.LastIndex(dir+"/", folder); i >= 0 {
			dir = strings.TrimSuffix((dir + "/")[i+len(folder):], "/")
		}
		if i := strings.LastIndex(dir+"/"+name, folder); i >= 0 {
			return path.Clean((dir + "/" + name)[i+len(folder):])
		}
	}
	if strings.HasPrefix(name, "/") {
		return name
	}
	return path.Join(dir, name)
}

func (p *Package) file(dir, name string) ([]byte, bool) {
	if name == "" {
		return nil, false
	}
	return p.Read(p.inside(dir, name))
}

// folder lists a folder of the package, for patterns.
func (p *Package) folder(name string) ([]fs.DirEntry, error) {
	if p.folders == nil {
		p.folders = map[string][]fs.DirEntry{".": nil}
		seen := map[string]bool{}
		for _, full := range p.Names {
			for child, isDir := full, false; child != "."; child, isDir = path.Dir(child), true {
				if seen[child] {
					break
				}
				seen[child] = true
				p.folders[path.Dir(child)] = append(p.folders[path.Dir(child)], entry{path.Base(child), isDir})
				if isDir && p.folders[child] == nil {
					p.folders[child] = []fs.DirEntry{}
				}
			}
		}
		for _, list := range p.folders {
			slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
		}
	}
	list, ok := p.folders[path.Clean(name)]
	if _, file := p.Read(path.Clean(name)); !ok && file {
		return nil, syscall.ENOTDIR
	}
	if !ok {
		return nil, fs.ErrNotExist
	}
	return list, nil
}

// entry is a name in a folder of a package.
type entry struct {
	name  string
	isDir bool
}

func (e entry) Name() string               { return e.name }
func (e entry) IsDir() bool                { return e.isDir }
func (e entry) Info() (fs.FileInfo, error) { return e, nil }
func (e entry) Size() int64                { return 0 }
func (e entry) ModTime() time.Time         { return time.Time{} }
func (e entry) Sys() any                   { return nil }
func (e entry) Mode() fs.FileMode          { return e.Type() }
func (e entry) Type() fs.FileMode {
	if e.isDir {
		return fs.ModeDir
	}
	return 0
}

// Variable is what npm sets a variable to while it runs a script of the package.
func (p *Package) Variable(name string) (string, bool) {
	switch name {
	case "npm_execpath":
		return "npm-cli.js", true
	case "npm_node_execpath", "NODE", "npm_config_node_execpath":
		return "node", true
	case "npm_package_json":
		return "./package.json", true
	}
	if !strings.HasPrefix(name, "npm_package_") {
		return "", false
	}
	if p.variables == nil {
		p.variables = map[string]string{}
		var document any
		if data, ok := p.Read("package.json"); ok && json.Unmarshal([]byte(strings.TrimPrefix(string(data), "\ufeff")), &document) == nil {
			flatten(p.variables, "npm_package", document)
		}
	}
	v, ok := p.variables[name]
	return v, ok
}

// flatten names the values of a document as npm names them in variables.
func flatten(out map[string]string, name string, v any) {
	switch v := v.(type) {
	case string:
		out[name] = v
	case map[string]any:
		for _, key := range sorted(v) {
			flatten(out, name+"_"+strings.Map(func(c rune) rune {
				if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
					return c
				}
				return '_'
			}, key), v[key])
		}
	case []any:
		for i, item := range v {
			flatten(out, name+"_"+itoa(i), item)
		}
	}
}

// script notes a script that Node runs; it reports whether the package has it.
func (f *follower) script(name string, in at) bool {
	if name == "" || strings.Contains(name, Hole) {
		return false
	}
	made := f.madeScript(name, in)
	for _, dir := range in.folders() {
		full := f.inside(dir, name)
		if full == "." || full == "" {
			full = "index"
		}
		if f.Resolve != nil {
			if file, ok := f.Resolve(full); ok {
				f.run.Scripts = append(f.run.Scripts, Script{File: file, Label: in.label, By: &in.by})
				return true
			}
		}
		if _, ok := f.file(dir, name); ok {
			f.run.Scripts = append(f.run.Scripts, Script{File: full, Label: in.label, By: &in.by})
			return true
		}
	}
	return made
}

// load follows what Node loads first: -r FILE.
func (f *follower) load(name string, in at) {
	if strings.HasPrefix(name, "data:") {
		media, code, ok := strings.Cut(name, ",")
		if ok && strings.HasSuffix(media, ";base64") {
			data, err := base64.StdEncoding.DecodeString(code)
			if err == nil {
				code = string(data)
			}
		}
		f.run.Scripts = append(f.run.Scripts, Script{Code: unescapeURL(code), Label: in.label, By: &in.by})
		return
	}
	name = unescapeURL(strings.TrimPrefix(strings.TrimPrefix(name, "file://"), "file:"))
	if strings.Contains(name, Hole) {
		f.open(name, in)
		return
	}
	f.script(name, in)
}

// searched follows a program that lies in a folder of the package that the text
// looks for programs in.
func (f *follower) searched(words, paths []string, in at) bool {
	if strings.ContainsAny(words[0], "/") {
		return false
	}
	for _, folder := range paths {
		if name := path.Join(folder, words[0]); folder != "" {
			if _, ok := f.file("", name); ok {
				return f.executable(append([]string{"./" + name}, words[1:]...), in)
			}
		}
	}
	return false
}

// executable follows a program named by a path, or a bin of the package; it
// reports whether the package has it.
func (f *follower) executable(words []string, in at) bool {
	word := words[0]
	if f.Manifest != nil && !strings.ContainsAny(word, "/.\\") {
		if target, ok := f.Manifest.Bin[word]; ok {
			root := in
			root.by.Dir, root.by.dirs = "", nil
			if f.script(target, root) {
				return true
			}
		}
	}
	if f.Manifest != nil && strings.HasPrefix(word, "node_modules/.bin/") {
		return f.executable(append([]string{path.Base(word)}, words[1:]...), in)
	}
	name, data, ok := f.locate(word, in)
	if !ok {
		if f.madeExecutable(words, in) {
			return true
		}
		if Lookup(word) == nil && len(words) > 1 {
			f.runner(words, in)
		}
		return false
	}
	in.by.Words = words
	role, program := language(name, data)
	switch {
	case program != nil && role == 0:
		// #!/usr/bin/env make
		f.program(program, append(append(ShebangWords(data), name), words[1:]...), in)
	case role == RoleJavaScript || role == 0 && f.IsScript != nil && f.IsScript(name):
		return f.script(word, in)
	case role&(RoleShell|RolePowerShell|RoleCmd) != 0:
		return f.shellFile(word, role, in)
	case role == RoleForeign:
		f.foreignFile(name, data, in)
	case role == 0 && strings.IndexByte(string(data[:min(len(data), 512)]), 0) < 0 && !strings.HasSuffix(name, ".json"):
		return f.shellFile(word, RoleShell, in) // a shell reads what has no #!
	}
	return true
}

// language is what a file is written in, by its first line and its name.
func language(name string, data []byte) (Role, *Program) {
	if words := ShebangWords(data); len(words) > 0 {
		p := Lookup(words[0])
		if p == nil {
			return 0, nil
		}
		if role := p.Roles & Interprets; role != 0 {
			return role & -role, p
		}
		return 0, p
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".sh", ".bash", ".zsh", ".ksh", ".command", ".fish", ".csh", ".dash", ".ash":
		return RoleShell, nil
	case ".ps1", ".psm1":
		return RolePowerShell, nil
	case ".bat", ".cmd", ".btm":
		return RoleCmd, nil
	case ".py", ".pyw", ".pl", ".rb", ".php", ".lua", ".tcl", ".awk", ".vbs", ".jse", ".wsf", ".applescript", ".scpt", ".hta", ".exp":
		return RoleForeign, nil
	}
	return 0, nil
}

// shellFile follows a file of the package that a shell runs; it reports whether
// the package has it.
func (f *follower) shellFile(word string, role Role, in at) bool {
	name, data, ok := f.locate(word, in)
	if !ok {
		return f.madeShell(word, role, in)
	}
	switch own, _ := language(name, data); {
	case own&(RolePowerShell|RoleCmd) != 0:
		role = own
	case role == RoleCmd && own == RoleShell, role == RoleCmd && own == 0 && path.Ext(name) != "":
		return false
	}
	key := f.memo + "\x00" + name + "\x00" + in.by.Dir
	if f.read[key] && len(in.by.Words) < 2 {
		return true
	}
	if key += "\x00" + strings.Join(in.by.Words, "\x00"); f.read[key] {
		return true
	}
	f.read[key], f.read[f.memo+"\x00"+name+"\x00"+in.by.Dir] = true, true
	by := in.by
	f.run.Files = append(f.run.Files, File{name, &by})
	if i := strings.IndexByte(string(data[:min(len(data), 4096)]), 0); i >= 0 && role == RoleShell {
		return true // a program, no text
	}
	next := in
	next.by = Command{Words: in.by.Words, Script: in.by.Script, File: name, Dir: in.by.Dir, Line: 1,
		gyp: in.by.gyp, dirs: in.by.dirs, paths: in.by.paths, arg0: word}
	if in.label != "" {
		next.label += " → " + name
	}
	f.text(string(data), role, next)
	return true
}
