package javascript

import (
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Command is one command of a shell text.
type Command struct {
	// Words are the program and its arguments, with a hole where an expansion
	// stands.
	Words []string
	// Given is what the shell puts into the words: "$NAME" for a variable, and
	// the words of each command whose output it puts there, by way of a variable
	// of the same text as well.
	Given []string
	// Input is what the command reads: the words of the commands before it in a
	// pipe, and what they are given, at most maxInput; "<" before the name of a
	// file.
	Input []string
	// Piped is the program that reads this command's output, if any: the shell at
	// the end, where others stand between.
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
}

// Begins is where the way to the command begins, for readers.
func (c *Command) Begins() string {
	if path.Base(c.File) == GypFile {
		return path.Join(c.Bundled, GypFile)
	}
	return path.Join(c.Bundled, "package.json") + " scripts." + c.Script
}

// at is where a file lies that the command names, in the package.
func (c *Command) at(name string) string {
	if c.Dir == "" || strings.HasPrefix(name, "/") {
		return name
	}
	return path.Join(c.Dir, name)
}

// Program is the name of the program without its folder and ".exe".
func (c *Command) Program() string {
	if len(c.Words) == 0 {
		return ""
	}
	return programName(c.Words[0])
}

func programName(word string) string {
	word = strings.ReplaceAll(word, `\`, "/")
	return strings.TrimSuffix(strings.TrimSuffix(path.Base(word), ".exe"), ".cmd")
}

// shells are programs that run what they read.
var shells = set("sh bash zsh dash ksh node python python2 python3 perl ruby php osascript powershell pwsh iex")

// maxDir bounds the name of a folder that one cd after another makes, in bytes.
const maxDir = 1 << 10

// maxShell is the longest shell text that is read, in bytes.
const maxShell = 256 << 10

// Commands reads a shell text. What is no valid shell is split into words.
func Commands(text string) []Command {
	if len(text) > maxShell {
		text = text[:maxShell]
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
	if err != nil {
		var out []Command
		for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == '&' || r == '|' || r == '\n' }) {
			if words := strings.Fields(part); len(words) > 0 {
				out = append(out, Command{Words: words, Line: 1})
			}
		}
		return out
	}
	var out []Command
	pipes := map[*syntax.Stmt]string{}
	inputs := map[*syntax.Stmt][]string{}
	values := map[string][]string{}
	dir := ""
	background := map[*syntax.CallExpr]bool{}
	stmtOf := map[*syntax.CallExpr]*syntax.Stmt{}
	output := map[*syntax.CallExpr]string{}
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.BinaryCmd:
			if n.Op != syntax.Pipe && n.Op != syntax.PipeAll {
				break
			}
			inputs[n.Y] = append(inputs[n.Y], before(n.X)...)
			// a | b | c is (a | b) | c, and what a prints may go through b.
			reader := firstProgram(n.Y)
			for x, steps := n.X, 0; x != nil && steps < maxPipe; steps++ {
				if have := pipes[x]; have == "" || shells[reader] {
					pipes[x] = reader
				}
				inner, ok := x.Cmd.(*syntax.BinaryCmd)
				if !ok || inner.Op != syntax.Pipe && inner.Op != syntax.PipeAll {
					break
				}
				if have := pipes[inner.Y]; have == "" || shells[reader] {
					pipes[inner.Y] = reader
				}
				x = inner.X
			}
		case *syntax.Stmt:
			if call, ok := n.Cmd.(*syntax.CallExpr); ok {
				background[call] = n.Background
				stmtOf[call] = n
				for _, r := range n.Redirs {
					if (r.Op == syntax.RdrOut || r.Op == syntax.AppOut || r.Op == syntax.RdrClob) && (r.N == nil || r.N.Value == "1") {
						output[call] = wordText(r.Word)
					}
					if r.Op == syntax.RdrIn {
						inputs[n] = append(inputs[n], "<"+wordText(r.Word))
					}
				}
			}
		case *syntax.Assign:
			if n.Name != nil && n.Value != nil {
				from := given([]*syntax.Word{n.Value})
				values[n.Name.Value] = from[:min(len(from), maxInput)]
			}
		case *syntax.CallExpr:
			words := make([]string, 0, len(n.Args))
			for _, w := range n.Args {
				words = append(words, wordText(w))
			}
			if len(words) > 1 && words[0] == "cd" && !strings.Contains(words[1], hole) && len(dir) < maxDir {
				dir = path.Join(dir, words[1])
			}
			if len(words) > 0 {
				out = append(out, Command{Words: words, Dir: dir, Given: given(n.Args), Input: inputs[stmtOf[n]], Piped: pipes[stmtOf[n]], Output: output[n], Background: background[n], Line: int(n.Pos().Line())})
			}
		}
		return true
	})
	if len(values) > 0 {
		for i := range out {
			out[i].Given, out[i].Input = valued(out[i].Given, values), valued(out[i].Input, values)
		}
	}
	return out
}

// maxPipe is how many commands of a pipe may stand before one that they are
// known to; maxInput how many words, or names, of them.
const maxPipe, maxInput = 64, 8

// before are the words of the commands of a pipe, from the last one on.
func before(s *syntax.Stmt) []string {
	var out []string
	for steps := 0; s != nil && steps < maxPipe && len(out) < maxInput; steps++ {
		last, rest := s, (*syntax.Stmt)(nil)
		if inner, ok := s.Cmd.(*syntax.BinaryCmd); ok && (inner.Op == syntax.Pipe || inner.Op == syntax.PipeAll) {
			last, rest = inner.Y, inner.X
		}
		out = append(out, texts(last)...)
		s = rest
	}
	return out[:min(len(out), maxInput)]
}

// texts are the words of the commands in a part of a shell text, and the
// variables in it, at most maxInput of them.
func texts(n syntax.Node) []string {
	var out []string
	syntax.Walk(n, func(n syntax.Node) bool {
		if len(out) >= maxInput {
			return false
		}
		switch n := n.(type) {
		case *syntax.CallExpr:
			words := make([]string, 0, len(n.Args))
			for _, w := range n.Args {
				words = append(words, wordText(w))
			}
			if len(words) > 0 {
				out = append(out, strings.Join(words, " "))
			}
		case *syntax.ParamExp:
			if n.Param != nil {
				out = append(out, "$"+n.Param.Value)
			}
		}
		return true
	})
	return out
}

// valued adds what variables were set to, in the same text, to what a command is
// given.
func valued(what []string, values map[string][]string) []string {
	for _, w := range what {
		if name, ok := strings.CutPrefix(w, "$"); ok {
			what = append(what, values[name]...)
		}
	}
	return what
}

// given is what the shell puts into words.
func given(words []*syntax.Word) []string {
	var out []string
	for _, w := range words {
		syntax.Walk(w, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.ParamExp:
				if n.Param != nil {
					out = append(out, "$"+n.Param.Value)
				}
			case *syntax.CmdSubst:
				for _, s := range n.Stmts {
					out = append(out, texts(s)...)
				}
				return false
			}
			return true
		})
	}
	return out
}

func firstProgram(s *syntax.Stmt) string {
	name := ""
	syntax.Walk(s, func(n syntax.Node) bool {
		if call, ok := n.(*syntax.CallExpr); ok && name == "" && len(call.Args) > 0 {
			words := make([]string, 0, 2)
			for _, w := range call.Args {
				words = append(words, wordText(w))
			}
			for _, w := range words {
				name = programName(w)
				if name != "sudo" && name != "env" && !strings.HasPrefix(name, "-") {
					break
				}
			}
		}
		return name == ""
	})
	return name
}

func wordText(w *syntax.Word) string {
	var b strings.Builder
	var part func(p syntax.WordPart)
	part = func(p syntax.WordPart) {
		switch p := p.(type) {
		case *syntax.Lit:
			text := p.Value
			for i := 0; i < len(text); i++ {
				if text[i] == '\\' && i+1 < len(text) {
					i++
				}
				b.WriteByte(text[i])
			}
		case *syntax.SglQuoted:
			b.WriteString(p.Value)
		case *syntax.DblQuoted:
			for _, inner := range p.Parts {
				part(inner)
			}
		default:
			b.WriteString(hole)
		}
	}
	for _, p := range w.Parts {
		part(p)
	}
	return b.String()
}
