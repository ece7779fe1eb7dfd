package shell

import (
	"encoding/base64"
	"encoding/hex"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// Limits of words.
const (
	// maxAlternatives is how many values of a variable, and of the words of a
	// command, are told apart: beyond, a hole stands for them.
	maxAlternatives = 256
	// maxValue is the longest value of a variable that is known, in bytes.
	maxValue = 64 << 10
	// maxFields is how many words a command has.
	maxFields = 4096
	// maxExpansion is how long the words of a command can become, in bytes.
	maxExpansion = 4 << 20
)

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// plainWord is a word without its quotes, with a hole for each expansion.
func plainWord(w *syntax.Word) string {
	if w == nil {
		return ""
	}
	var b strings.Builder
	var part func(p syntax.WordPart)
	part = func(p syntax.WordPart) {
		switch p := p.(type) {
		case *syntax.Lit:
			text := p.Value
			for i := 0; i < len(text); i++ {
				if text[i] == '\\' && i+1 < len(text) {
					if i++; text[i] == '\n' {
						continue
					}
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
			b.WriteString(Hole)
		}
	}
	for _, p := range w.Parts {
		part(p)
	}
	return b.String()
}

// word is a word as one text, of several alternatives the first.
func (r *reader) word(w *syntax.Word) string {
	if w == nil {
		return ""
	}
	if lit := w.Lit(); lit != "" && !strings.ContainsAny(lit, `\~`) {
		return lit
	}
	names, defaults, size := r.variablesIn([]*syntax.Word{w})
	if size > maxExpansion {
		return plainWord(w)
	}
	bind := map[string]expand.Variable{}
	for _, name := range names {
		if list := r.alternatives(name, defaults); len(list) > 0 {
			bind[name] = list[len(list)-1]
		}
	}
	text, err := expand.Literal(r.config(bind), quotedTilde(w))
	if err != nil {
		return plainWord(w)
	}
	return text
}

// fields are the words that a shell makes of some, one list for each alternative.
func (r *reader) fields(words []*syntax.Word) [][]string {
	plain := true
	for _, w := range words {
		lit := w.Lit()
		plain = plain && lit != "" && !strings.ContainsAny(lit, `\*?[{~`)
	}
	if plain {
		out := make([]string, 0, len(words))
		for _, w := range words {
			out = append(out, w.Lit())
		}
		return [][]string{out}
	}
	names, defaults, size := r.variablesIn(words)
	if size > maxExpansion {
		return [][]string{r.plainFields(words)}
	}
	var out [][]string
	for _, bind := range r.binds(names, defaults) {
		list, ok := r.expanded(words, bind)
		if !ok {
			list = r.plainFields(words)
		}
		if !slices.ContainsFunc(out, func(have []string) bool { return slices.Equal(have, list) }) {
			out = append(out, list)
		}
	}
	return out
}

// alternativeWords are the texts that a word may be.
func (r *reader) alternativeWords(w *syntax.Word) []string {
	names, defaults, size := r.variablesIn([]*syntax.Word{w})
	if size > maxExpansion {
		return []string{plainWord(w)}
	}
	var out []string
	for _, bind := range r.binds(names, defaults) {
		text, err := expand.Literal(r.config(bind), quotedTilde(w))
		if err != nil {
			text = plainWord(w)
		}
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// binds are the values that some variables may have together.
func (r *reader) binds(names []string, defaults map[string]bool) []map[string]expand.Variable {
	binds := []map[string]expand.Variable{{}}
	for _, name := range names {
		list := r.alternatives(name, defaults)
		if len(list) == 0 {
			continue
		}
		if len(binds)*len(list) > maxAlternatives {
			list = []expand.Variable{{Set: true, Kind: expand.String, Str: Hole}}
		}
		var more []map[string]expand.Variable
		for _, bind := range binds {
			for _, v := range list {
				next := maps.Clone(bind)
				next[name] = v
				more = append(more, next)
			}
		}
		binds = more
	}
	return binds
}

func (r *reader) plainFields(words []*syntax.Word) []string {
	var out []string
	for _, w := range words {
		out = append(out, plainWord(w))
	}
	return out
}

func (r *reader) expanded(words []*syntax.Word, bind map[string]expand.Variable) (out []string, ok bool) {
	var braced []*syntax.Word
	for _, w := range words {
		w = quotedTilde(w)
		if syntax.SplitBraces(w) {
			for inner, err := range expand.BracesSeq(nil, w) {
				if err != nil || len(braced) >= maxFields {
					r.cut("a shell text: more than 4096 words of a command")
					return nil, false
				}
				braced = append(braced, inner)
			}
			continue
		}
		braced = append(braced, w)
	}
	out, err := expand.Fields(r.config(bind), braced...)
	if err != nil || len(out) > maxFields {
		return nil, false
	}
	for i, w := range out {
		// A tab or line in a hole's place is none.
		out[i] = strings.ToValidUTF8(w, "")
	}
	return out, true
}

// quotedTilde is a word in which ~ stays what it is: the home folder is nobody's
// that we know.
func quotedTilde(w *syntax.Word) *syntax.Word {
	c := *w
	if len(w.Parts) > 0 {
		if lit, ok := w.Parts[0].(*syntax.Lit); ok && strings.HasPrefix(lit.Value, "~") {
			rest := *lit
			rest.Value = lit.Value[1:]
			c.Parts = append([]syntax.WordPart{&syntax.SglQuoted{Value: "~"}, &rest}, w.Parts[1:]...)
			return &c
		}
	}
	c.Parts = slices.Clone(w.Parts)
	return &c
}

// variablesIn are the variables in words, those of ${x:-y} that are not set
// elsewhere, and how long the words can become.
func (r *reader) variablesIn(words []*syntax.Word) (names []string, defaults map[string]bool, size int) {
	defaults = map[string]bool{}
	for _, w := range words {
		syntax.Walk(w, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.CmdSubst, *syntax.ProcSubst:
				size += 4096
				return false
			case *syntax.Lit:
				size += len(n.Value)
			case *syntax.SglQuoted:
				size += len(n.Value)
			case *syntax.ParamExp:
				if n.Param == nil {
					break
				}
				name := n.Param.Value
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
				longest := 64
				for _, v := range r.variables[name] {
					longest = max(longest, len(v.Str))
					for _, s := range v.List {
						longest = max(longest, len(s)*len(v.List))
					}
				}
				size += longest
				if n.Repl != nil {
					size += 16 * longest
				}
				if n.Exp != nil {
					switch n.Exp.Op {
					case syntax.DefaultUnset, syntax.DefaultUnsetOrNull, syntax.AssignUnset, syntax.AssignUnsetOrNull:
						defaults[name] = true
						if n.Exp.Word != nil { // what it sets
							if n.Exp.Op == syntax.AssignUnset || n.Exp.Op == syntax.AssignUnsetOrNull {
								if _, known := r.variables[name]; !known {
									r.add(name, expand.Variable{Set: true, Kind: expand.String, Str: plainWord(n.Exp.Word)})
								}
							}
						}
					}
				}
			}
			return true
		})
	}
	return names, defaults, size
}

// alternatives are what a variable may hold; none where its one value is for
// config to say.
func (r *reader) alternatives(name string, defaults map[string]bool) []expand.Variable {
	list := r.variables[name]
	if len(list) == 0 {
		if v, ok := r.known(name); ok {
			list = v
		}
	}
	if len(list) == 0 && defaults[name] {
		return []expand.Variable{{}}
	}
	return list
}

// known are the variables that the shell and npm set.
// Source: https://docs.npmjs.com/cli/using-npm/scripts#environment
func (r *reader) known(name string) ([]expand.Variable, bool) {
	text := func(s string) ([]expand.Variable, bool) {
		return []expand.Variable{{Set: true, Kind: expand.String, Str: s}}, true
	}
	switch name {
	case "0", "BASH_SOURCE", "ZSH_SCRIPT":
		if r.arg0 != "" {
			return text(r.arg0)
		}
	case "@", "*":
		return []expand.Variable{{Set: true, Kind: expand.Indexed}}, true
	case "#", "?":
		return text("0")
	case "PWD":
		return text(".")
	case "1", "2", "3", "4", "5", "6", "7", "8", "9":
		return nil, false
	}
	if r.pkg != nil {
		if s, ok := r.pkg.Variable(name); ok {
			return text(s)
		}
	}
	return nil, false
}

// environment is what expansions see.
type environment struct{ bind map[string]expand.Variable }

func (e environment) Get(name string) expand.Variable {
	if v, ok := e.bind[name]; ok {
		return v
	}
	switch name {
	case "IFS":
		return expand.Variable{}
	case "PWD": // that of patterns
		return expand.Variable{Set: true, Kind: expand.String, Str: "."}
	case "@", "*":
		return expand.Variable{Set: true, Kind: expand.Indexed}
	case "#":
		return expand.Variable{Set: true, Kind: expand.String, Str: "0"}
	}
	return expand.Variable{Set: true, Kind: expand.String, Str: Hole}
}

func (e environment) Each(func(string, expand.Variable) bool) {}

func (r *reader) config(bind map[string]expand.Variable) *expand.Config {
	if list := r.variables["IFS"]; len(list) == 1 && list[0].Str != Hole {
		bind["IFS"] = list[0]
	} else if _, used := bind["IFS"]; !used {
		bind["IFS"] = expand.Variable{Set: true, Kind: expand.String, Str: " \t\n"}
	}
	c := &expand.Config{Env: environment{bind},
		CmdSubst: func(w io.Writer, sub *syntax.CmdSubst) error {
			dir, dirs := r.dir, r.dirs
			text, ok := r.printedAll(sub.Stmts, nil)
			r.dir, r.dirs = dir, dirs
			if !ok {
				text = Hole
			}
			_, err := io.WriteString(w, text)
			return err
		},
		ProcSubst: func(*syntax.ProcSubst) (string, error) { return Hole, nil },
	}
	if r.pkg != nil {
		c.ReadDir2 = func(name string) ([]fs.DirEntry, error) { return r.pkg.folder(path.Join(r.dir, name)) }
	}
	return c
}

// document is the text of a here-document.
func (r *reader) document(w *syntax.Word) (string, bool) {
	if w == nil {
		return "", false
	}
	text := strings.Join(r.alternativeWords(w), "\n")
	return text, !strings.Contains(text, Hole)
}

// file is the text of a file of the package.
func (r *reader) file(name string) (string, bool) {
	if r.pkg == nil || strings.Contains(name, Hole) {
		return "", false
	}
	for _, dir := range append([]string{r.dir, ""}, r.dirs...) {
		if data, ok := r.pkg.file(dir, name); ok && len(data) <= maxText {
			return string(data), true
		}
	}
	return "", false
}

// maxPrints is how many commands that print may stand around one whose words are
// known.
const maxPrints = 16

// printedPipe is what the last command of a pipe prints, where that is known.
func (r *reader) printedPipe(stages []*syntax.Stmt, reads func() (string, bool)) (string, bool) {
	last := len(stages) - 1
	if last == 0 {
		return r.printed(stages[0], reads)
	}
	return r.printed(stages[last], func() (string, bool) { return r.printedPipe(stages[:last], reads) })
}

// printedAll is what some statements print.
func (r *reader) printedAll(list []*syntax.Stmt, reads func() (string, bool)) (string, bool) {
	var b strings.Builder
	for _, s := range list {
		text, ok := r.printed(s, reads)
		if !ok || b.Len()+len(text) > maxText {
			return "", false
		}
		b.WriteString(text)
	}
	return b.String(), true
}

// printed is what a statement prints, where that is known.
func (r *reader) printed(s *syntax.Stmt, reads func() (string, bool)) (string, bool) {
	if s == nil || r.depth >= maxPrints {
		return "", false
	}
	r.depth++
	defer func() { r.depth-- }()
	for _, redirect := range s.Redirs {
		switch redirect.Op {
		case syntax.Hdoc, syntax.DashHdoc:
			reads = func() (string, bool) { return r.document(redirect.Hdoc) }
		case syntax.WordHdoc:
			reads = func() (string, bool) { return r.document(redirect.Word) }
		case syntax.RdrIn:
			reads = func() (string, bool) { return r.file(r.word(redirect.Word)) }
		case syntax.RdrOut, syntax.AppOut, syntax.RdrAll, syntax.AppAll:
			if redirect.N == nil || redirect.N.Value == "1" {
				return "", true
			}
		}
	}
	switch c := s.Cmd.(type) {
	case *syntax.CallExpr:
		if len(c.Args) == 0 {
			return "", len(c.Assigns) == 0
		}
		if lists := r.fields(c.Args); len(lists) == 1 { // or it prints one of several texts
			return r.output(lists[0], reads)
		}
	case *syntax.BinaryCmd:
		switch c.Op {
		case syntax.Pipe, syntax.PipeAll:
			return r.printed(c.Y, func() (string, bool) { return r.printed(c.X, reads) })
		case syntax.AndStmt:
			first, ok := r.printed(c.X, reads)
			second, also := r.printed(c.Y, reads)
			return first + second, ok && also
		case syntax.OrStmt:
			if text, ok := r.printed(c.X, reads); ok {
				return text, true
			}
			return r.printed(c.Y, reads)
		}
	case *syntax.Block:
		return r.printedAll(c.Stmts, reads)
	case *syntax.Subshell:
		dir, dirs := r.dir, r.dirs
		defer func() { r.dir, r.dirs = dir, dirs }()
		return r.printedAll(c.Stmts, reads)
	case *syntax.TimeClause:
		return r.printed(c.Stmt, reads)
	}
	return "", false
}

// output is what a program prints: those that print what they are given, or what
// stands in the package.
func (r *reader) output(words []string, reads func() (string, bool)) (string, bool) {
	if len(words) == 0 {
		return "", false
	}
	var args []string
	options := ""
	for _, w := range words[1:] {
		if strings.Contains(w, Hole) {
			return "", false
		}
		if strings.HasPrefix(w, "-") && len(w) > 1 && Name(words[0]) != "printf" {
			options += " " + w
			continue
		}
		args = append(args, w)
	}
	input := func() (string, bool) {
		if len(args) == 0 {
			if reads == nil {
				return "", false
			}
			return reads()
		}
		var b strings.Builder
		for _, name := range args {
			text, ok := r.file(name)
			if !ok {
				return "", false
			}
			b.WriteString(text)
		}
		return b.String(), true
	}
	switch Name(words[0]) {
	case "echo":
		text := strings.Join(args, " ")
		if strings.Contains(text, `\`) { // some shells do so without -e
			text = unescape(text)
		}
		return text + "\n", true
	case "printf":
		return printf(args)
	case "cd", "true", ":", "set":
		if words[0] == "cd" && len(args) > 0 {
			r.goTo(args[0])
		}
		return "", true
	case "pwd":
		dir := r.dir
		if dir == "" {
			dir = "."
		}
		return dir + "\n", true
	case "dirname":
		if len(args) == 1 {
			return path.Dir(args[0]) + "\n", true
		}
	case "basename":
		if len(args) > 0 {
			name := path.Base(args[0])
			if len(args) > 1 {
				name = strings.TrimSuffix(name, args[1])
			}
			return name + "\n", true
		}
	case "realpath", "readlink", "which", "type", "whence", "where":
		if len(args) == 1 {
			return args[0] + "\n", true
		}
	case "command":
		if len(args) > 0 && strings.Contains(strings.ToLower(options), " -v") {
			return args[len(args)-1] + "\n", true
		}
	case "cat", "tee", "sort", "uniq", "tac":
		return input()
	case "rev":
		text, ok := input()
		lines := strings.Split(text, "\n")
		for i, line := range lines {
			runes := []rune(line)
			slices.Reverse(runes)
			lines[i] = string(runes)
		}
		return strings.Join(lines, "\n"), ok
	case "base64":
		text, ok := input()
		if !ok {
			return "", false
		}
		if !strings.Contains(strings.ToLower(options), "-d") {
			return base64.StdEncoding.EncodeToString([]byte(text)) + "\n", true
		}
		return decoded(text)
	case "openssl":
		inBase64 := slices.Contains(words, "base64") || slices.Contains(words, "-base64") || slices.Contains(words, "-a")
		if text, ok := inputOf(reads); ok && inBase64 && slices.Contains(words, "-d") {
			return decoded(text)
		}
	case "xxd":
		if text, ok := input(); ok && strings.Contains(options, "r") {
			data, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
			return string(data), err == nil
		}
	case "tr":
		if text, ok := inputOf(reads); ok {
			return translate(text, args, options)
		}
	case "npm", "yarn", "pnpm":
		if len(args) == 1 && args[0] == "bin" {
			return "node_modules/.bin\n", true
		}
	}
	return "", false
}

func inputOf(reads func() (string, bool)) (string, bool) {
	if reads == nil {
		return "", false
	}
	return reads()
}

func decoded(text string) (string, bool) {
	text = strings.TrimRight(strings.Join(strings.Fields(text), ""), "=")
	data, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		data, err = base64.RawURLEncoding.DecodeString(text)
	}
	return string(data), err == nil
}

// translate is what tr makes of a text.
func translate(text string, sets []string, options string) (string, bool) {
	if len(sets) == 0 {
		return "", false
	}
	from := charset(sets[0])
	if strings.Contains(options, "d") {
		return strings.Map(func(c rune) rune {
			if slices.Contains(from, c) {
				return -1
			}
			return c
		}, text), true
	}
	if len(sets) != 2 || options != "" {
		return "", false
	}
	to := charset(sets[1])
	if len(to) == 0 {
		return "", false
	}
	return strings.Map(func(c rune) rune {
		if i := slices.Index(from, c); i >= 0 {
			return to[min(i, len(to)-1)]
		}
		return c
	}, text), true
}

func charset(set string) []rune {
	for class, chars := range map[string]string{"[:upper:]": "A-Z", "[:lower:]": "a-z", "[:digit:]": "0-9", "[:space:]": " \t\n"} {
		set = strings.ReplaceAll(set, class, chars)
	}
	in := []rune(unescape(set))
	var out []rune
	for i := 0; i < len(in); i++ {
		if i+2 < len(in) && in[i+1] == '-' && in[i] <= in[i+2] && in[i+2] < 256 {
			for c := in[i]; c <= in[i+2]; c++ {
				out = append(out, c)
			}
			i += 2
			continue
		}
		out = append(out, in[i])
	}
	return out
}

// printf is what printf prints.
func printf(args []string) (string, bool) {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return "", false
	}
	format, rest := unescape(args[0]), args[1:]
	var b strings.Builder
	for first := true; first || len(rest) > 0; first = false {
		used := false
		for i := 0; i < len(format); i++ {
			if format[i] != '%' || i+1 >= len(format) {
				b.WriteByte(format[i])
				continue
			}
			i++
			for i+1 < len(format) && strings.IndexByte("-+ #0123456789.", format[i]) >= 0 {
				i++
			}
			if format[i] == '%' {
				b.WriteByte('%')
				continue
			}
			word := ""
			if len(rest) > 0 {
				word, rest = rest[0], rest[1:]
			}
			used = true
			switch format[i] {
			case 'b':
				word = unescape(word)
			case 'c':
				word = word[:min(1, len(word))]
			case 's', 'q', 'd', 'i', 'u':
			default:
				return "", false
			}
			b.WriteString(word)
		}
		if !used || b.Len() > maxText {
			break
		}
	}
	return b.String(), true
}

// unescape are the escapes of printf and echo.
func unescape(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 >= len(text) {
			b.WriteByte(text[i])
			continue
		}
		i++
		number := func(base, from, most int) {
			end := from
			for end < len(text) && end < from+most && digit(text[end], base) {
				end++
			}
			n, err := strconv.ParseUint(text[from:end], base, 32)
			if err != nil {
				b.WriteByte('\\')
				b.WriteByte(text[i])
				return
			}
			if most > 3 {
				b.WriteRune(rune(n))
			} else {
				b.WriteByte(byte(n))
			}
			i = end - 1
		}
		switch c := text[i]; c {
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'r':
			b.WriteByte('\r')
		case 'e', 'E':
			b.WriteByte(27)
		case 'a', 'f', 'v':
		case 'c':
			return b.String()
		case '\\', '\'', '"':
			b.WriteByte(c)
		case 'x':
			number(16, i+1, 2)
		case 'u':
			number(16, i+1, 4)
		case 'U':
			number(16, i+1, 8)
		case '0':
			if i+1 < len(text) && digit(text[i+1], 8) {
				number(8, i+1, 3)
			} else {
				b.WriteByte(0)
			}
		case '1', '2', '3', '4', '5', '6', '7':
			number(8, i, 3)
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
	return b.String()
}

func digit(c byte, base int) bool {
	switch base {
	case 8:
		return c >= '0' && c <= '7'
	default:
		return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
	}
}
