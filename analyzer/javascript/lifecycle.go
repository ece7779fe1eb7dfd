package javascript

import (
	"path"
	"regexp"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/npm"
)

// lifecycle follows what installing the package runs: it finds the package's
// scripts that are run and collects every command.
type lifecycle struct {
	r        *resolver
	p        *program
	manifest *npm.Manifest
	// scripts are the package's scripts that it reaches.
	scripts []entryPoint
	files   map[string]bool
	inline  []inlineProgram
	// programs are the parsed inline ones.
	programs []inlineModule
}

// inlineModule is a program of node -e, parsed.
type inlineModule struct {
	module *module
	label  string
}

// inlineProgram is the code of node -e "…".
type inlineProgram struct {
	text, label, script, file string
	line                      int
}

func (l *lifecycle) run(git bool) {
	l.files = map[string]bool{}
	for _, name := range npm.Lifecycle(git) {
		if script, ok := l.manifest.Scripts[name]; ok {
			l.script(name, script, "package.json scripts."+name, 0)
		}
	}
	l.gyp()
	if len(l.r.pkg.Files) > 0 && l.r.pkg == l.p.resolver.pkg {
		l.bundled()
	}
}

// GypFile is the file in a package's root that node-gyp builds from, which npm
// runs by itself where there is no install script.
const GypFile = "binding.gyp"

// gypAction is the command of an action, as a list of words.
// Source: https://gyp.gsrc.io/docs/InputFormatReference.md (actions, command
// expansions).
var gypAction = regexp.MustCompile(`['"]action['"]\s*:\s*\[([^\]]*)\]`)
var gypEscapes = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\'`, `'`)
var gypWord = regexp.MustCompile(`'([^']*)'|"([^"]*)"`)

// gyp follows the commands that building a native addon runs: those whose output
// its settings take, <!(…) and <!@(…), and its actions.
func (l *lifecycle) gyp() {
	f := l.r.pkg.File(GypFile)
	if f == nil || f.Kind != archive.Text || len(f.Data()) > maxShell {
		return
	}
	text := string(f.Data())
	run := func(c Command, at int) {
		c.Script, c.File, c.Line = "install", GypFile, 1+strings.Count(text[:at], "\n")
		l.command(c, GypFile, 0)
	}
	for from, n := 0, 0; n < maxGypCommands; n++ {
		i := strings.Index(text[from:], "<!")
		if i < 0 {
			break
		}
		at := from + i
		from = at + 2
		body, ok := strings.CutPrefix(strings.TrimPrefix(text[from:], "@"), "(")
		if !ok {
			continue
		}
		if end := closing(body[:min(len(body), maxGypCommand)]); end >= 0 {
			for _, c := range Commands(gypEscapes.Replace(body[:end])) {
				run(c, at)
			}
		}
	}
	for _, m := range gypAction.FindAllStringSubmatchIndex(text, maxGypCommands) {
		var words []string
		for _, w := range gypWord.FindAllStringSubmatch(text[m[2]:min(m[3], m[2]+maxGypCommand)], 100) {
			words = append(words, w[1]+w[2])
		}
		if len(words) > 0 {
			run(Command{Words: words}, m[0])
		}
	}
}

// Bounds of what is read of one file: how many commands, and of each how many
// bytes.
const (
	maxGypCommands = 200
	maxGypCommand  = 4 << 10
)

// closing is where the bracket ends in which a text begins, -1 where it does not.
func closing(text string) int {
	depth := 1
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

func (l *lifecycle) script(name string, script npm.Script, label string, depth int) {
	for _, c := range Commands(script.Command) {
		c.Script, c.File, c.Line, c.Text = name, "package.json", script.Line, script.Command
		l.command(c, label, depth)
	}
}

// command notes a command and follows it into the package.
func (l *lifecycle) command(c Command, label string, depth int) {
	l.p.facts.Commands = append(l.p.facts.Commands, c)
	if depth > 5 || len(c.Words) == 0 {
		return
	}
	words := c.Words
	for len(words) > 1 && (programName(words[0]) == "env" || programName(words[0]) == "cross-env" || programName(words[0]) == "sudo" || programName(words[0]) == "exec" || programName(words[0]) == "nohup" || programName(words[0]) == "call" || strings.Contains(words[0], "=")) {
		words = words[1:]
	}
	if programName(words[0]) == "start" { // of cmd, with /b and the like
		for words = words[1:]; len(words) > 1 && strings.HasPrefix(words[0], "/"); {
			words = words[1:]
		}
		if len(words) == 0 {
			return
		}
	}
	switch program := programName(words[0]); program {
	case "node", "nodejs", "bun", "tsx", "ts-node", "deno", hole:
		l.node(c, words[1:], label)
	case "npm", "yarn", "pnpm":
		l.npm(c, words[1:], label, depth)
	case "sh", "bash", "zsh", "dash", ".", "source":
		l.shell(c, words[1:], label, depth)
	case "powershell", "pwsh", "cmd":
		for _, arg := range words[1:] {
			if strings.HasSuffix(arg, ".ps1") || strings.HasSuffix(arg, ".bat") || strings.HasSuffix(arg, ".cmd") {
				l.shellFile(strings.ReplaceAll(arg, `\`, "/"), label, c, depth)
			}
		}
	case "npx":
		if len(words) > 1 {
			l.bin(words[1], label)
		}
	default:
		l.executable(words[0], label, c, depth)
	}
}

func (l *lifecycle) node(c Command, args []string, label string) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "-e" || arg == "--eval" || arg == "-p" || arg == "--print" || arg == "-pe":
			if i+1 < len(args) {
				l.inline = append(l.inline, inlineProgram{args[i+1], label, c.Script, c.File, c.Line})
			}
			return
		case arg == "-r" || arg == "--require" || arg == "--import" || arg == "--loader":
			if i+1 < len(args) {
				l.file(&c, args[i+1], label)
			}
			i++
		case arg == "run" || strings.HasPrefix(arg, "-"):
		default:
			l.file(&c, arg, label)
			return
		}
	}
	// node < file, cat file | node
	for _, what := range c.Input {
		name, ok := strings.CutPrefix(what, "<")
		if !ok {
			name, ok = strings.CutPrefix(what, "cat ")
		}
		if f := l.r.pkg.File(path.Clean(c.at(name))); ok && f != nil && f.Kind == archive.Text && len(f.Data()) <= maxShell {
			l.inline = append(l.inline, inlineProgram{string(f.Data()), label, c.Script, c.File, c.Line})
		}
	}
}

func (l *lifecycle) npm(c Command, args []string, label string, depth int) {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		args = args[1:]
	}
	if len(args) == 0 {
		return
	}
	name := args[0]
	if (name == "run" || name == "run-script" || name == "rum") && len(args) > 1 {
		name = args[1]
		for i := 1; i < len(args) && strings.HasPrefix(name, "-"); i++ {
			name = args[i]
		}
	}
	for _, step := range []string{"pre" + name, name, "post" + name} {
		if script, ok := l.manifest.Scripts[step]; ok {
			for _, inner := range Commands(script.Command) {
				inner.Script, inner.File, inner.Line, inner.Text = c.Script, "package.json", script.Line, script.Command
				l.command(inner, label+" → scripts."+step, depth+1)
			}
		}
	}
}

func (l *lifecycle) shell(c Command, args []string, label string, depth int) {
	for i, arg := range args {
		if arg == "-c" && i+1 < len(args) {
			for _, inner := range Commands(args[i+1]) {
				inner.Script, inner.File, inner.Line, inner.Text = c.Script, c.File, c.Line, c.Text
				inner.Dir = path.Join(c.Dir, inner.Dir)
				l.command(inner, label, depth+1)
			}
			return
		}
		if !strings.HasPrefix(arg, "-") {
			l.shellFile(arg, label, c, depth)
			return
		}
	}
}

func (l *lifecycle) shellFile(name, label string, c Command, depth int) {
	name = path.Clean(c.at(strings.TrimPrefix(name, "./")))
	f := l.r.pkg.File(name)
	if f == nil || f.Kind != archive.Text || l.files[name] {
		return
	}
	l.files[name] = true
	l.p.facts.Files = append(l.p.facts.Files, FileUse{Path: name, Site: Site{file: &sourceFile{path: "package.json", shownLine: c.Line}, pos: -1}})
	text := string(f.Data())
	switch path.Ext(name) {
	case ".ps1", ".bat", ".cmd":
		text = strings.ReplaceAll(text, `\`, "/") // no escapes, but folders
	}
	for _, inner := range Commands(text) {
		inner.Script, inner.File, inner.Text = c.Script, name, ""
		inner.Dir = path.Join(c.Dir, inner.Dir)
		l.command(inner, label+" → "+name, depth+1)
	}
}

// executable is a program named by a path or a bin of the package.
func (l *lifecycle) executable(word, label string, c Command, depth int) {
	if !strings.ContainsAny(word, "/.") {
		l.bin(word, label)
		return
	}
	name := path.Clean(c.at(strings.TrimPrefix(word, "./")))
	f := l.r.pkg.File(name)
	if f == nil {
		return
	}
	switch shebang := interpreter(f.Data()); {
	case shebang == "node", IsScript(name):
		l.file(&c, word, label)
	case shebang != "", path.Ext(name) == ".bat", path.Ext(name) == ".ps1":
		l.shellFile(word, label, c, depth)
	}
}

func (l *lifecycle) bin(name, label string) {
	if target, ok := l.manifest.Bin[name]; ok {
		l.file(&Command{}, target, label)
	}
}

// file makes a script of the package a root of the context install.
func (l *lifecycle) file(c *Command, word, label string) {
	name, ok := l.r.file(path.Clean(c.at(word)))
	if !ok {
		name, ok = l.r.otherCase("x", "./"+c.at(word))
	}
	if !ok {
		return
	}
	l.scripts = append(l.scripts, entryPoint{name, label})
}

// interpreter is the program that a file's first line names.
func interpreter(data []byte) string {
	if len(data) < 3 || data[0] != '#' || data[1] != '!' {
		return ""
	}
	line := string(data[2:min(len(data), 256)])
	line, _, _ = strings.Cut(line, "\n")
	words := strings.Fields(line)
	if len(words) == 0 {
		return ""
	}
	name := path.Base(words[0])
	if name == "env" {
		for _, w := range words[1:] {
			if !strings.HasPrefix(w, "-") && !strings.Contains(w, "=") {
				name = path.Base(w)
				break
			}
		}
	}
	if name == "nodejs" || name == "bun" {
		name = "node"
	}
	return name
}
