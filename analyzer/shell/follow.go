package shell

import (
	"io/fs"
	"path"
	"slices"
	"strings"

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
