package eval

import (
	"path"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
	"github.com/lockwarden/lockwarden/analyzer/shell"
)

// Starter is a Vocabulary that knows which functions start programs: one with its
// arguments, or what a shell text says.
type Starter interface {
	Starts(api string) (program, text bool)
}

// Shell reports whether a function that starts programs is told to let a shell
// do it.
func (u *Use) Shell() bool {
	return u.Arg(2).Property("shell").Is("true") || u.Arg(1).Property("shell").Is("true")
}

// commandLine is what a use may start: a shell's text, or a program's words.
type commandLine struct {
	program string
	words   []string // nil for a text
	// dirs are the folders of the package that it may run in, the likeliest first;
	// home is set where it is known.
	dirs []string
	home bool
	// options is set where it stands for options that another program is given.
	options bool
}

// commandLines are those of a use, for each program or text that it may start.
func (u *Use) commandLines(text bool) []commandLine {
	line := commandLine{dirs: []string{""}}
	if dir := path.Dir(u.File()); dir != "." {
		line.dirs = append(line.dirs, dir)
	}
	text = text || u.Shell()
	var out []commandLine
	for _, options := range []*Value{u.Arg(1), u.Arg(2)} {
		for _, cwd := range options.Property("cwd").Texts() {
			if rest, ok := strings.CutPrefix(cwd, ir.PackageRoot); ok {
				line.dirs, line.home = []string{strings.Trim(path.Clean("/"+rest), "/")}, true
			}
		}
		for _, value := range options.Property("env").Property("NODE_OPTIONS").Texts() {
			out = append(out, commandLine{words: []string{"NODE_OPTIONS=" + value, "node"}, dirs: []string{""}, options: true})
		}
	}
	programs := u.Arg(0).Texts()
	if u.Arg(0).MayBeAPI("process.execPath") || u.Arg(0).MayBeAPI("process.argv0") || u.Arg(0).MayBeAPI("process.argv.0") {
		programs = append(programs, "node")
	}
	if len(programs) == 0 && !text {
		programs = []string{ir.Hole}
	}
	for _, program := range programs {
		one := line
		if one.program = program; !text {
			one.words = []string{program}
			for _, arg := range u.Arg(1).Elements() {
				one.words = append(one.words, oneText(arg))
			}
			if len(one.words) == 1 && strings.Contains(program, " ") {
				one.words = nil // execa's and others' commands
			}
		}
		out = append(out, one)
	}
	return out
}

// readsProgram reports whether a use starts a runtime of JavaScript that runs what
// is written to it.
func (u *Use) readsProgram(text bool) bool {
	if args := u.Arg(1); !text && args != nil && (args.kind != vObject || args.Object().array) {
		if _, exact := elementList(args); !exact {
			return false // one of them may name the program
		}
	}
	for _, line := range u.commandLines(text) {
		words := line.words
		if words == nil {
			words = strings.Fields(line.program)
		}
		if !line.options && shell.RunsInput(words) {
			return true
		}
	}
	return false
}

// key is what one command line is told from others by.
func (c *commandLine) key() string {
	return strings.Join(append(slices.Concat(c.dirs, []string{"", c.program, ""}), c.words...), "\x00")
}

// follow follows a command line; away says that it may run anywhere, where its
// folder is not known.
func (c *commandLine) follow(p *shell.Package, away bool, memo string) shell.Run {
	p.Elsewhere = away && !c.home
	defer func() { p.Elsewhere = false }()
	in := func(dir string) shell.Run {
		if c.words == nil {
			return p.Follow(c.program, dir, memo)
		}
		return p.Start(c.words, dir, memo)
	}
	run := in(c.dirs[0])
	for _, dir := range c.dirs[1:] {
		if away || len(run.Scripts)+len(run.Files) > 0 {
			break
		}
		if other := in(dir); len(other.Scripts)+len(other.Files) > 0 {
			run = other
		}
	}
	if c.options {
		run.Commands = nil // there is no such command
	}
	return run
}

// Runs follows what a use starts, for each program or text that it may start. What
// was read for the same memo is not read again.
func (u *Use) Runs(p *shell.Package, text, away bool, memo string) []StartedRun {
	var out []StartedRun
	for _, line := range u.commandLines(text) {
		out = append(out, StartedRun{line.program, line.follow(p, away, memo)})
	}
	return out
}

// StartedRun is what starting a program or a shell text runs.
type StartedRun struct {
	// Text is the program's name, or the shell's text.
	Text string
	shell.Run
}
