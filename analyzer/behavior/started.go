package behavior

import (
	"fmt"
	"path"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/shell"
	"github.com/lockwarden/lockwarden/glob"
)

// Started is a program that the package starts, from its code or from a
// lifecycle script.
type Started struct {
	shell.Command
	// Lifecycle is set where it stands in a lifecycle script or a shell file
	// that one runs.
	Lifecycle bool
	use       *javascript.Use
	text      string
}

// Started lists the programs that the package starts, as far as the words are
// known. Shell files of the package that its code has a shell run are read too.
func (c *Catalogue) Started(facts *javascript.Facts, pkg *archive.Package) []Started {
	var out []Started
	files := shellFilesRead{}
	for _, command := range facts.Commands {
		out = append(out, Started{Command: command, Lifecycle: true})
		out = append(out, nested(command, true, nil)...)
	}
	for i := range facts.Uses {
		u := &facts.Uses[i]
		if u.Kind&(javascript.UseCall|javascript.UseNew) == 0 || !c.programs[u.API] && !c.shells[u.API] {
			continue
		}
		for _, s := range c.startedBy(u) {
			out = append(out, s)
			out = append(out, files.read(s, pkg)...)
		}
	}
	return out
}

// maxShellFile is the largest shell file that is read, in bytes.
const maxShellFile = 64 << 10

// shellFilesRead are the shell files that were read, by name and the contexts of what
// runs them: however often it is run, a file does the same.
type shellFilesRead map[string]bool

// read are the commands of the package's shell file that a command runs.
func (files shellFilesRead) read(s Started, pkg *archive.Package) []Started {
	if len(s.Words) == 0 || pkg == nil {
		return nil
	}
	candidates := s.Words[:1]
	switch s.Program() {
	case "sh", "bash", "zsh", "dash", "cmd", "powershell", "pwsh", "call", "start", ".", "source":
		candidates = s.Words[1:]
	}
	for _, word := range candidates {
		word = strings.TrimPrefix(path.Clean(strings.Trim(word, `'"`)), javascript.PackageRoot+"/")
		f := pkg.File(word)
		if f == nil || f.Kind != archive.Text || len(f.Data()) > maxShellFile || javascript.IsScript(word) {
			continue
		}
		switch path.Ext(word) {
		case ".sh", ".bash", ".zsh", ".bat", ".cmd", ".ps1", "":
		default:
			continue
		}
		key := fmt.Sprint(word, s.use.Contexts())
		if files[key] {
			return nil
		}
		files[key] = true
		var out []Started
		for _, command := range shell.Commands(strings.ReplaceAll(string(f.Data()), `\`, "/")) {
			command.File = word
			inner := Started{Command: command, use: s.use}
			out = append(out, inner)
			out = append(out, nested(command, false, s.use)...)
		}
		return out
	}
	return nil
}

// startedBy are the programs that one call starts.
func (c *Catalogue) startedBy(u *javascript.Use) []Started {
	var out []Started
	for _, text := range u.Arg(0).Texts() {
		// A Windows path's backslashes are no escapes.
		readable := strings.ReplaceAll(text, `\`, "/")
		if c.shells[u.API] || u.Arg(2).Property("shell").Is("true") || u.Arg(1).Property("shell").Is("true") {
			for _, command := range shell.Commands(readable) {
				out = append(out, Started{Command: command, use: u, text: text})
				out = append(out, nested(command, false, u)...)
			}
			continue
		}
		command := shell.Command{Words: []string{readable}}
		for _, arg := range u.Arg(1).Elements() {
			word, _ := arg.Text()
			command.Words = append(command.Words, word)
		}
		out = append(out, Started{Command: command, use: u, text: text})
		out = append(out, nested(command, false, u)...)
	}
	return out
}

// Printed implements javascript.Printer: what whoami prints is known of the
// user, by the stanzas that name a command and a source.
func (c *Catalogue) Printed(api string, args []*javascript.Value) javascript.Marks {
	if !c.programs[api] && !c.shells[api] {
		return 0
	}
	var marks javascript.Marks
	for _, started := range c.startedBy(&javascript.Use{API: api, Args: args}) {
		for _, st := range c.stanzas {
			if st.source&^marks == 0 {
				continue
			}
			for _, pattern := range st.commands {
				if matchCommand(pattern, started.Words) && (len(started.Words) == len(pattern) || started.Program() != "env") {
					marks |= st.source
				}
			}
		}
	}
	return marks
}

// maxNested is how many programs that start others may stand before one.
const maxNested = 6

// nested are the commands of sh -c "…" and of sudo, env and the like.
func nested(c shell.Command, lifecycle bool, u *javascript.Use) []Started {
	return nestedDeep(c, lifecycle, u, 0)
}

func nestedDeep(c shell.Command, lifecycle bool, u *javascript.Use, depth int) []Started {
	if depth > maxNested {
		return nil
	}
	var out []Started
	add := func(command shell.Command) {
		command.Script, command.File, command.Line = c.Script, c.File, c.Line
		if command.Given == nil {
			command.Given = c.Given // of "sh -c …", where it stands as a hole
		}
		out = append(out, Started{Command: command, Lifecycle: lifecycle, use: u})
	}
	switch c.Program() {
	case "sudo", "env", "nohup", "setsid", "exec", "time", "xargs", "cross-env", "start", "call":
		for i, w := range c.Words[1:] {
			if !strings.HasPrefix(w, "-") && !strings.Contains(w, "=") && (c.Program() != "start" || !strings.HasPrefix(w, "/")) {
				inner := shell.Command{Words: c.Words[1+i:], Given: c.Given, Input: c.Input, Piped: c.Piped, Output: c.Output, Text: c.Text}
				add(inner)
				out = append(out, nestedDeep(inner, lifecycle, u, depth+1)...)
				break
			}
		}
	case "osascript":
		// do shell script "…"
		_, script, found := strings.Cut(strings.Join(c.Words, " "), `do shell script`)
		if from, to := strings.IndexByte(script, '"'), strings.LastIndexByte(script, '"'); found && from >= 0 && to > from {
			for _, inner := range shell.Commands(script[from+1 : to]) {
				add(inner)
			}
		}
	case "sh", "bash", "zsh", "dash", "cmd", "powershell", "pwsh":
		for i, w := range c.Words {
			if (w == "-c" || w == "/c" || w == "/C" || w == "-Command") && i+1 < len(c.Words) {
				for _, inner := range shell.Commands(strings.Join(c.Words[i+1:], " ")) {
					add(inner)
				}
				break
			}
		}
	}
	return out
}

// started looks a started program up.
func (m *matcher) started(s *Started) {
	for _, st := range m.c.stanzas {
		hit := false
		for _, pattern := range st.commands {
			hit = hit || matchCommand(pattern, s.Words)
		}
		if s.Lifecycle {
			for _, program := range st.scripts {
				hit = hit || s.Program() == program
			}
		}
		if hit {
			m.addStarted(st, s)
		}
	}
}

func (m *matcher) addStarted(st *stanza, s *Started) {
	if s.Lifecycle {
		m.add(st, Evidence{File: s.File, Line: s.Line, Column: 1, Snippet: clip(s.Text, s.Words), Contexts: javascript.Install,
			Chain: []string{s.Begins(), s.Program()}})
		return
	}
	e := evidence(&s.use.Site, s.use.Certainty, s.use.API)
	if s.File != "" {
		m.add(st, Evidence{File: s.File, Line: s.Line, Column: 1, Snippet: clip("", s.Words), Contexts: e.Contexts, Certainty: e.Certainty, Chain: append(e.Chain, s.File)})
		return
	}
	m.add(st, e)
	// The program is often chosen elsewhere than it is started.
	if s.text != "" {
		sites := m.in.Facts.Written(&s.use.Site, s.text)
		for _, site := range sites {
			if line, _ := site.Position(); line == e.Line {
				return // it is chosen right here
			}
		}
		for _, site := range sites {
			at := evidence(&site, s.use.Certainty, "")
			at.Chain, at.Contexts = e.Chain, e.Contexts
			m.add(st, at)
		}
	}
}

func clip(text string, words []string) string {
	if text == "" {
		text = strings.Join(words, " ")
	}
	if len(text) > 200 {
		text = text[:200]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, ""), hole, "…")
}

// matchCommand finds a pattern's words in order: the program first.
func matchCommand(pattern, words []string) bool {
	if len(words) == 0 {
		return false
	}
	c := shell.Command{Words: words}
	if c.Program() != pattern[0] {
		return false
	}
	rest := words[1:]
	for _, want := range pattern[1:] {
		found := false
		for i, w := range rest {
			if glob.Text(want, w) {
				rest = rest[i+1:]
				found = true
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}
