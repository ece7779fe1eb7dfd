package behavior

import (
	"fmt"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/npm"
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
// known: what each starts follows it. Shell files of the package are read too.
func (c *Catalogue) Started(facts *javascript.Facts, pkg *archive.Package, manifest *npm.Manifest) []Started {
	var out []Started
	for _, command := range facts.Commands {
		out = append(out, Started{Command: command, Lifecycle: true})
	}
	commands := javascript.ShellPackage(pkg, manifest)
	for i := range facts.Uses {
		u := &facts.Uses[i]
		if u.Kind&(javascript.UseCall|javascript.UseNew) == 0 || !c.programs[u.API] && !c.shells[u.API] {
			continue
		}
		out = append(out, c.startedBy(u, commands)...)
	}
	return out
}

// Starts implements javascript.Starter.
func (c *Catalogue) Starts(api string) (program, text bool) { return c.programs[api], c.shells[api] }

// startedBy are the programs that one call starts.
func (c *Catalogue) startedBy(u *javascript.Use, pkg *shell.Package) []Started {
	var out []Started
	// However often it is run, a file does the same in the same contexts.
	for _, run := range u.Runs(pkg, c.shells[u.API], u.Contexts()&javascript.Install == 0, fmt.Sprint(u.Contexts())) {
		for _, command := range run.Commands {
			s := Started{Command: command, use: u}
			if command.File == "" {
				s.text = run.Text
			}
			out = append(out, s)
		}
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
	for _, started := range c.startedBy(&javascript.Use{API: api, Args: args}, &shell.Package{}) {
		for _, st := range c.stanzas {
			if st.source&^marks == 0 {
				continue
			}
			for _, pattern := range st.commands {
				if matchCommand(pattern, started.Words) && (len(started.Words) == len(pattern) || !started.Is(shell.RoleWrapper)) {
					marks |= st.source
				}
			}
		}
	}
	return marks
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
