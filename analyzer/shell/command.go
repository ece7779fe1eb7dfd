// Package shell knows commands and programs: how a command line is taken apart
// (split.go, expand.go, windows.go), which programs run code and how they take it
// (programs.txt), and what a command runs in the package that it stands in
// (follow.go, scripts.go, made.go, gyp.go, make.go). Nothing is ever started.
package shell

import (
	"path"
	"strings"
)

// Hole stands in a word for a part that is not known.
const Hole = "\ufffc"

// GypFile is the file in a package's root that node-gyp builds from, which npm
// runs by itself where there is no install script.
const GypFile = "binding.gyp"

// Command is one command of a shell text.
type Command struct {
	// Words are the program and its arguments, with a hole where an expansion
	// stands that is not known.
	Words []string
	// Given is what the shell puts into the words: "$NAME" for a variable, and
	// the words of each command whose output it puts there, by way of a variable
	// of the same text as well.
	Given []string
	// Input is what the command reads: the words of the commands before it in a
	// pipe, and what they are given, at most maxInput; "<" before the name of a
	// file.
	Input []string
	// Piped is the program that reads this command's output, if any: the one that
	// runs code at the end, where others stand between.
	Piped string
	// Output is the file that its output goes to, if any.
	Output string
	// Dir is the folder that a cd before it in the same text leads to, "" where
	// none is known.
	Dir string
	// Background is set for "command &".
	Background bool
	// Script is the lifecycle script it belongs to, such as "postinstall".
	Script string
	// File and Line say where it is written.
	File string
	Line int
	// Text is the whole script.
	Text string
	// Bundled is the folder of the package in the tarball's node_modules that the
	// command is of, empty for the package itself.
	Bundled string

	// assigns are the variables set for this command alone, "NAME=VALUE".
	assigns []string
	// reads is the text that it reads, where that is known.
	reads *string
	// dirs are all folders that commands before it went to.
	dirs []string
	// paths are the folders of the package that programs are looked for in.
	paths []string
	// gyp is the file that node-gyp builds from, where that runs the command.
	gyp string
	// arg0 is the name of the file that it stands in, as it was called.
	arg0 string
}

// Begins is where the way to the command begins, for readers.
func (c *Command) Begins() string {
	if c.gyp != "" {
		return path.Join(c.Bundled, c.gyp)
	}
	if c.Script == "" {
		return c.File
	}
	return path.Join(c.Bundled, "package.json") + " scripts." + c.Script
}

// InGyp reports whether the command is of those that building an addon runs.
func (c *Command) InGyp() bool { return c.gyp != "" }

// Program is the name of the program without its folder and ".exe".
func (c *Command) Program() string {
	if len(c.Words) == 0 {
		return ""
	}
	return Name(c.Words[0])
}

// Name is a program's name without its folder and extension.
func Name(word string) string {
	word = strings.ReplaceAll(word, `\`, "/")
	return strings.TrimSuffix(strings.TrimSuffix(path.Base(word), ".exe"), ".cmd")
}

// Commands takes a shell text apart, and follows none of its commands.
func Commands(text string) []Command {
	return (&reader{}).read(text)
}

// Piped is the program that reads the output of a command, without what starts
// it: bash in "sudo -u root bash".
func piped(words []string) string {
	for range maxWrapped {
		inner := unwrap(words)
		if inner == nil {
			break
		}
		words = inner
	}
	if len(words) == 0 {
		return ""
	}
	return Name(words[0])
}

// maxWrapped is how many programs that start others piped passes over.
const maxWrapped = 64

// unwrap is the command that a command starts, nil where it starts none.
func unwrap(words []string) []string {
	if len(words) < 2 {
		return nil
	}
	p := Lookup(words[0])
	if p == nil || p.Roles&RoleWrapper == 0 {
		return nil
	}
	c := p.call(words[1:])
	if p.first == valueOther || len(c.rest) == 0 {
		return nil
	}
	return c.rest
}
