package shell

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// Limits of one text. What is beyond one is said (Cut).
const (
	// maxText is the longest text that is read, in bytes.
	maxText = 8 << 20
	// maxNests is how many words and signs that may nest stand in a text: so
	// often the parser calls itself at most.
	maxNests = 90_000
	// maxCommands is how many commands are read of a text.
	maxCommands = 100_000
	// maxInput is how many words, or names, of the commands before one in a pipe
	// are kept for those who look for facts that it sends.
	maxInput = 8
	// maxDir bounds the name of a folder that one cd after another makes, in bytes.
	maxDir = 1 << 10
	// maxCalls is how deep functions of a text are followed into each other.
	maxCalls = 64
	// maxFolders is how many folders that cd goes to are remembered.
	maxFolders = 256
	// maxPaths is how many folders of PATH are looked into.
	maxPaths = 256
)

// reader takes one shell text apart: it walks through its statements as a shell
// does, but goes every way.
type reader struct {
	// pkg is the package it stands in, nil where that is not known.
	pkg *Package
	out []Command
	// variables are what a variable may hold here.
	variables map[string][]expand.Variable
	functions map[string]*syntax.FuncDecl
	called    map[string]int
	// seen are the calls that were followed, in which state; version tells states of
	// the variables apart.
	seen           map[string]bool
	version, calls int
	// given are the words of what variables were set to.
	given map[string][]string
	dir   string
	dirs  []string
	stack []string
	paths []string
	arg0  string
	// start are the parameters that the text begins with.
	start map[string]expand.Variable
	// branch is how many statements that may not run are around this one.
	branch int
	cuts   []string
	// work counts statements, depth how many commands that print stand around.
	work, depth int
}

// cut notes what was not read.
func (r *reader) cut(what string) {
	if !slices.Contains(r.cuts, what) {
		r.cuts = append(r.cuts, what)
	}
}

// parse parses a text in the first language that reads it.
func parse(text string) (*syntax.File, error) {
	var first error
	for _, lang := range []syntax.LangVariant{syntax.LangBash, syntax.LangMirBSDKorn, syntax.LangZsh, syntax.LangPOSIX} {
		file, err := syntax.NewParser(syntax.Variant(lang)).Parse(strings.NewReader(text), "")
		if err == nil {
			return file, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// nests counts what may nest in a text.
func nests(text string) int {
	n := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '(', '{', '[', '`', '!', '~', '?':
			n++
		case '-', '+', '=', '*':
			if i > 0 && text[i-1] == text[i] {
				n++
			}
		}
	}
	for _, word := range []string{"if", "while", "until", "for", "case", "select", "time", "coproc", "function", "do", "then"} {
		n += strings.Count(text, word)
	}
	return n
}

// read takes a text apart. What is no valid shell is split into words.
func (r *reader) read(text string) []Command {
	if len(text) > maxText {
		text = text[:maxText]
		r.cut("a shell text: more than 8 MiB")
	}
	var file *syntax.File
	var err error
	if len(text) < 256<<10 || nests(text) < maxNests {
		file, err = parse(text)
	}
	if file == nil {
		if err != nil {
			r.cut("a shell text: " + parseReason(err))
		} else {
			r.cut("a shell text: more than 90,000 nested parts")
		}
		for i, line := range strings.Split(text, "\n") {
			for _, part := range strings.FieldsFunc(line, func(r rune) bool { return r == ';' || r == '&' || r == '|' }) {
				if words := strings.Fields(part); len(words) > 0 && len(r.out) < maxCommands {
					r.out = append(r.out, Command{Words: words, Line: i + 1})
				}
			}
		}
		return r.out
	}
	r.variables, r.given = map[string][]expand.Variable{}, map[string][]string{}
	r.functions, r.called = map[string]*syntax.FuncDecl{}, map[string]int{}
	r.seen = map[string]bool{}
	for name, v := range r.start {
		r.variables[name] = []expand.Variable{v}
	}
	r.stmts(file.Stmts)
	for _, name := range sorted(r.functions) {
		if r.called[name] == 0 { // by a trap, or by nobody
			r.stmt(r.functions[name].Body, pipe{})
		}
	}
	if len(r.given) > 0 {
		for i := range r.out {
			r.out[i].Given, r.out[i].Input = valued(r.out[i].Given, r.given), valued(r.out[i].Input, r.given)
		}
	}
	return r.out
}

func parseReason(err error) string {
	text := err.Error()
	if len(text) > 100 {
		text = strings.ToValidUTF8(text[:100], "")
	}
	return notShell + text
}

const notShell = "it is no valid shell: "

// pipe is where a statement stands in a pipe.
type pipe struct {
	// reader is the program that reads its output.
	reader string
	// input are the words before it, reads the text that comes from there.
	input []string
	reads func() (string, bool)
	// background is set for "( … ) &".
	background bool
}

func (r *reader) stmts(list []*syntax.Stmt) {
	for _, s := range list {
		r.stmt(s, pipe{})
	}
}

// maybe reads statements that may not run: what they set is one of several
// values.
func (r *reader) maybe(list []*syntax.Stmt, at pipe) {
	r.branch++
	for _, s := range list {
		r.stmt(s, at)
	}
	r.branch--
}

// apart reads statements of which the shell forgets the folder and variables.
func (r *reader) apart(list []*syntax.Stmt, at pipe) {
	dir, stack := r.dir, r.stack
	r.maybe(list, at)
	r.dir, r.stack = dir, stack
}

func (r *reader) stmt(s *syntax.Stmt, at pipe) {
	if s == nil {
		return
	}
	if r.work++; r.work > 10*maxCommands {
		r.cut("a shell text: more than 1,000,000 statements")
		return
	}
	output := ""
	for _, redirect := range s.Redirs {
		r.inner(redirect.Word)
		switch redirect.Op {
		case syntax.RdrOut, syntax.AppOut, syntax.RdrClob, syntax.RdrAll, syntax.AppAll:
			if redirect.N == nil || redirect.N.Value == "1" {
				output = r.word(redirect.Word)
			}
		case syntax.RdrIn, syntax.RdrInOut:
			name := r.word(redirect.Word)
			at.input = append(slices.Clip(at.input), "<"+name)
			at.reads = func() (string, bool) { return r.file(name) }
			if sub := processIn(redirect.Word); sub != nil { // < <(…)
				at.input = append(at.input, texts(sub)...)
				at.reads = func() (string, bool) { return r.printedAll(sub.Stmts, nil) }
			}
		case syntax.Hdoc, syntax.DashHdoc:
			r.inner(redirect.Hdoc)
			doc := redirect.Hdoc
			at.reads = func() (string, bool) { return r.document(doc) }
		case syntax.WordHdoc:
			word := redirect.Word
			at.reads = func() (string, bool) { return r.document(word) }
		}
	}
	at.background = at.background || s.Background
	if output != "" {
		r.makes(output, s, at.reads)
	}
	switch c := s.Cmd.(type) {
	case *syntax.CallExpr:
		r.simple(c, at, output)
	case *syntax.BinaryCmd:
		if c.Op == syntax.Pipe || c.Op == syntax.PipeAll {
			r.pipe(s, at)
			return
		}
		r.stmt(c.X, at)
		r.maybe([]*syntax.Stmt{c.Y}, at)
	case *syntax.Block:
		for _, inner := range c.Stmts {
			r.stmt(inner, at)
		}
	case *syntax.Subshell:
		r.apart(c.Stmts, at)
	case *syntax.IfClause:
		for ; c != nil; c = c.Else {
			r.maybe(c.Cond, at)
			r.maybe(c.Then, at)
		}
	case *syntax.WhileClause:
		r.maybe(c.Cond, at)
		r.maybe(c.Do, at)
	case *syntax.ForClause:
		if loop, ok := c.Loop.(*syntax.WordIter); ok && loop.Name != nil {
			r.inners(loop.Items)
			for _, words := range r.fields(loop.Items) {
				for _, w := range words {
					r.add(loop.Name.Value, expand.Variable{Set: true, Kind: expand.String, Str: w})
				}
			}
			r.given[loop.Name.Value] = append(r.given[loop.Name.Value], given(loop.Items)...)
		} else {
			r.inner(c.Loop)
		}
		r.maybe(c.Do, at)
	case *syntax.CaseClause:
		r.inner(c.Word)
		for _, item := range c.Items {
			r.inners(item.Patterns)
			r.maybe(item.Stmts, at)
		}
	case *syntax.FuncDecl:
		names := c.Names
		if c.Name != nil {
			names = append(slices.Clip(names), c.Name)
		}
		if len(names) == 0 {
			r.apart([]*syntax.Stmt{c.Body}, at)
		}
		for _, name := range names {
			if r.functions[name.Value] != nil {
				r.apart([]*syntax.Stmt{r.functions[name.Value].Body}, pipe{}) // it may have run before
			}
			r.functions[name.Value] = c
		}
	case *syntax.TimeClause:
		r.stmt(c.Stmt, at)
	case *syntax.CoprocClause:
		at.background = true
		r.stmt(c.Stmt, at)
	case *syntax.DeclClause:
		for _, a := range c.Args {
			r.assign(a)
		}
	case *syntax.TestDecl:
		r.maybe([]*syntax.Stmt{c.Body}, at)
	case nil:
	default:
		r.inner(c)
	}
}

// pipe reads a | b | c.
func (r *reader) pipe(s *syntax.Stmt, at pipe) {
	var stages []*syntax.Stmt
	for s != nil {
		c, ok := s.Cmd.(*syntax.BinaryCmd)
		if !ok || c.Op != syntax.Pipe && c.Op != syntax.PipeAll {
			break
		}
		stages = append(stages, c.Y)
		s = c.X
	}
	stages = append(stages, s)
	slices.Reverse(stages)
	readers := make([]string, len(stages))
	readers[len(stages)-1] = at.reader
	runs := ""
	if Is(at.reader, Interprets) {
		runs = at.reader
	}
	for i := len(stages) - 2; i >= 0; i-- {
		name := r.readerIn(stages[i+1])
		if runs == "" && Is(name, Interprets) {
			runs = name
		}
		if readers[i] = name; runs != "" {
			readers[i] = runs
		}
	}
	var prior []string
	for i, stage := range stages {
		here := at
		here.reader = readers[i]
		if i > 0 {
			// The last one's come first.
			prior = append(texts(stages[i-1]), prior...)
			prior = slices.Clip(prior[:min(len(prior), maxInput)])
			here.input = append(slices.Clip(at.input), prior...)
			earlier := stages[:i]
			here.reads = func() (string, bool) { return r.printedPipe(earlier, at.reads) }
		}
		r.apart([]*syntax.Stmt{stage}, here)
	}
}

// readerIn is the program in a statement that reads its input: one that runs what
// it reads, before others.
func (r *reader) readerIn(s *syntax.Stmt) string {
	first := ""
	syntax.Walk(s, func(n syntax.Node) bool {
		c, ok := n.(*syntax.CallExpr)
		if !ok || len(c.Args) == 0 {
			return true
		}
		for _, words := range r.fields(c.Args) {
			name := piped(words)
			if first == "" || Is(name, Interprets) && !Is(first, Interprets) {
				first = name
			}
		}
		return true
	})
	return first
}

// simple reads a command of words.
func (r *reader) simple(c *syntax.CallExpr, at pipe, output string) {
	var assigns []string
	for _, a := range c.Assigns {
		if len(c.Args) == 0 {
			r.assign(a)
			continue
		}
		r.inner(a)
		if a.Name != nil && a.Value != nil {
			assigns = append(assigns, a.Name.Value+"="+r.word(a.Value))
			r.search(a.Name.Value, r.word(a.Value))
			r.add(a.Name.Value, expand.Variable{Set: true, Kind: expand.String, Str: r.word(a.Value)})
		}
	}
	if len(c.Args) == 0 {
		return
	}
	from := given(c.Args)
	for i, words := range r.fields(c.Args) {
		if len(words) == 0 {
			continue
		}
		if len(r.out) >= maxCommands {
			r.cut("a shell text: more than 100,000 commands")
			break
		}
		r.builtin(words)
		command := Command{Words: words, Dir: r.dir, Given: slices.Clone(from), Input: at.input, Piped: at.reader, Output: output,
			Background: at.background, Line: int(c.Pos().Line()), assigns: assigns, dirs: r.dirs, paths: r.paths, arg0: r.arg0}
		if at.reads != nil && r.wantsInput(words) {
			if text, ok := at.reads(); ok {
				command.reads = &text
			}
		}
		r.out = append(r.out, command)
		r.copies(words, at.reads)
		if i == 0 {
			r.call(words)
		}
	}
	r.inners(c.Args)
}

// wantsInput reports whether a command runs what it reads.
func (r *reader) wantsInput(words []string) bool {
	return Is(piped(words), Interprets) || Is(words[0], RoleWrapper)
}

// call reads the function of the text that a command calls.
func (r *reader) call(words []string) {
	f := r.functions[words[0]]
	if f == nil {
		return
	}
	r.called[words[0]]++
	key := strconv.Itoa(r.version) + "\x00" + r.dir + "\x00" + strings.Join(words, "\x00")
	if r.seen[key] {
		return // it does the same again
	}
	r.seen[key] = true
	if r.calls >= maxCalls {
		r.cut("functions of a shell text that call each other: more than 64")
		return
	}
	r.calls++
	defer func() { r.calls-- }()
	old := map[string][]expand.Variable{}
	for name, value := range positional(words) {
		old[name] = r.variables[name]
		r.variables[name] = []expand.Variable{value}
	}
	r.stmt(f.Body, pipe{})
	for name, value := range old {
		r.variables[name] = value
	}
}

// positional are the parameters of a function or file that is called so.
func positional(words []string) map[string]expand.Variable {
	all := expand.Variable{Set: true, Kind: expand.Indexed, List: words[1:]}
	out := map[string]expand.Variable{"@": all, "*": all}
	for i, w := range words[1:min(len(words), 10)] {
		out[string(rune('1'+i))] = expand.Variable{Set: true, Kind: expand.String, Str: w}
	}
	return out
}

// builtin does what the shell itself does for cd, set and their like.
func (r *reader) builtin(words []string) {
	switch {
	case len(words) > 1 && (words[0] == "cd" || words[0] == "pushd" || words[0] == "chdir"):
		to := words[len(words)-1]
		if words[0] == "pushd" {
			r.stack = append(slices.Clip(r.stack), r.dir)
		}
		r.goTo(to)
	case words[0] == "popd" && len(r.stack) > 0:
		r.dir, r.stack = r.stack[len(r.stack)-1], r.stack[:len(r.stack)-1]
	case words[0] == "set" && len(words) > 1:
		if i := slices.Index(words, "--"); i > 0 {
			for name, value := range positional(words[i:]) {
				r.variables[name] = []expand.Variable{value}
			}
		}
	case words[0] == "export" || words[0] == "readonly" || words[0] == "local" || words[0] == "setenv":
		for _, w := range words[1:] {
			if name, value, ok := strings.Cut(w, "="); ok {
				r.search(name, value)
				r.add(name, expand.Variable{Set: true, Kind: expand.String, Str: value})
			}
		}
	}
}

// goTo changes the folder, where it is known.
func (r *reader) goTo(to string) {
	if strings.Contains(to, Hole) || strings.HasPrefix(to, "-") {
		return
	}
	if len(r.dir) >= maxDir {
		r.cut("the name of a folder that cd goes to: more than 1024 bytes")
		return
	}
	if r.dir = path.Join(r.dir, to); strings.HasPrefix(to, "/") {
		r.dir = to
	}
	switch {
	case slices.Contains(r.dirs, r.dir):
	case len(r.dirs) >= maxFolders:
		r.cut("folders that cd goes to: more than 256")
	default:
		r.dirs = append(slices.Clip(r.dirs), r.dir)
	}
}

// search notes the folders of the package that programs are looked for in.
func (r *reader) search(name, value string) {
	if !strings.EqualFold(name, "PATH") {
		return
	}
	for _, folder := range strings.FieldsFunc(value, func(c rune) bool { return c == ':' || c == ';' }) {
		folder = strings.TrimPrefix(path.Join(r.dir, strings.TrimLeft(strings.ReplaceAll(folder, Hole, ""), "/")), "/")
		if slices.Contains(r.paths, folder) {
			continue
		}
		if len(r.paths) >= maxPaths {
			r.cut("folders in PATH: more than 256")
		} else {
			r.paths = append(slices.Clip(r.paths), folder)
		}
	}
}

// assign notes what a variable is set to.
func (r *reader) assign(a *syntax.Assign) {
	r.inner(a)
	if a.Name == nil {
		if a.Value != nil {
			r.builtin([]string{"export", r.word(a.Value)})
		}
		return
	}
	name := a.Name.Value
	switch {
	case a.Array != nil:
		var words []*syntax.Word
		for _, e := range a.Array.Elems {
			if e.Value != nil {
				words = append(words, e.Value)
			}
		}
		r.given[name] = append(r.given[name], given(words)...)
		for _, list := range r.fields(words) {
			r.set(name, expand.Variable{Set: true, Kind: expand.Indexed, List: list}, a.Append)
		}
	case a.Value == nil && !a.Naked && a.Index == nil:
		r.set(name, expand.Variable{Set: true, Kind: expand.String}, a.Append)
	case a.Value != nil:
		from := given([]*syntax.Word{a.Value})
		r.given[name] = from[:min(len(from), maxInput)]
		for i, value := range r.alternativeWords(a.Value) {
			r.search(name, value)
			v := expand.Variable{Set: true, Kind: expand.String, Str: value}
			if i == 0 || a.Append {
				r.set(name, v, a.Append)
			} else {
				r.add(name, v)
			}
			if !optionVariable(name) && (a.Index != nil || !isFileVariable(name)) {
				continue
			}
			setting := name + "=" + value
			r.out = append(r.out, Command{Words: []string{"export", setting}, Dir: r.dir, Line: int(a.Pos().Line()),
				assigns: []string{setting}, dirs: r.dirs, arg0: r.arg0})
		}
	}
}

// set is an assignment; in a branch, and of +=, one value beside others.
func (r *reader) set(name string, v expand.Variable, more bool) {
	if more {
		for _, old := range r.variables[name] {
			switch {
			case v.Kind == expand.Indexed:
				r.add(name, expand.Variable{Set: true, Kind: v.Kind, List: slices.Concat(old.List, v.List)})
			case old.Kind == expand.String && len(old.Str)+len(v.Str) <= maxValue:
				r.add(name, expand.Variable{Set: true, Kind: v.Kind, Str: old.Str + v.Str})
			}
		}
	}
	if have := r.variables[name]; r.branch == 0 && !more && (len(have) != 1 || !same(have[0], v)) {
		r.variables[name] = nil
	}
	r.add(name, v)
}

func same(a, b expand.Variable) bool {
	return a.Kind == b.Kind && a.Str == b.Str && slices.Equal(a.List, b.List)
}

func (r *reader) add(name string, v expand.Variable) {
	if size := len(v.Str); size > maxValue || len(v.List) > maxFields {
		v = expand.Variable{Set: true, Kind: expand.String, Str: Hole}
	}
	for _, have := range r.variables[name] {
		if same(have, v) {
			return
		}
	}
	r.version++
	if len(r.variables[name]) >= maxAlternatives {
		v = expand.Variable{Set: true, Kind: expand.String, Str: Hole}
		if last := r.variables[name][maxAlternatives-1]; last.Str == Hole {
			return
		}
		r.variables[name][maxAlternatives-1] = v
		return
	}
	r.variables[name] = append(slices.Clip(r.variables[name]), v)
}

func (r *reader) inners(words []*syntax.Word) {
	for _, w := range words {
		r.inner(w)
	}
}

// inner reads the commands whose output a part of a text takes.
func (r *reader) inner(n syntax.Node) {
	if n == nil || isNilWord(n) {
		return
	}
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst:
			r.apart(n.Stmts, pipe{})
			return false
		case *syntax.ProcSubst:
			r.apart(n.Stmts, pipe{})
			return false
		}
		return true
	})
}

func isNilWord(n syntax.Node) bool {
	w, ok := n.(*syntax.Word)
	return ok && w == nil
}

func processIn(w *syntax.Word) *syntax.ProcSubst {
	if w == nil || len(w.Parts) != 1 {
		return nil
	}
	sub, _ := w.Parts[0].(*syntax.ProcSubst)
	return sub
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
				words = append(words, plainWord(w))
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
			what = append(slices.Clip(what), values[name]...)
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
			case *syntax.ProcSubst:
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
