package javascript

import (
	"fmt"
	"path"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/analyzer/shell"
)

// ShellPackage is a package as the commands see it that run in its folder.
func ShellPackage(pkg *archive.Package, manifest *npm.Manifest) *shell.Package {
	p := &shell.Package{Manifest: manifest, IsScript: IsScript, Root: PackageRoot}
	if pkg == nil {
		return p
	}
	p.Read = func(name string) ([]byte, bool) {
		f := pkg.File(name)
		if f == nil {
			return nil, false
		}
		return f.Data(), true
	}
	for _, f := range pkg.Files {
		p.Names = append(p.Names, f.Path)
	}
	return p
}

// Starter is a Vocabulary that knows which functions start programs: one with its
// arguments, or what a shell text says.
type Starter interface {
	Starts(api string) (program, text bool)
}

// Home are the folders of the package that a program is started in, as far as
// they are known; elsewhere it runs where the user is.
func (u *Use) Home() (dir string, known bool) {
	for _, options := range []*Value{u.Arg(1), u.Arg(2)} {
		for _, text := range options.Property("cwd").Texts() {
			if rest, ok := strings.CutPrefix(text, PackageRoot); ok {
				return path.Clean("./" + rest), true
			}
		}
	}
	return "", false
}

// Shell reports whether a function that starts programs is told to let a shell
// do it.
func (u *Use) Shell() bool {
	return u.Arg(2).Property("shell").Is("true") || u.Arg(1).Property("shell").Is("true")
}

// Runs follows what a use starts, for each program or text that it may start. What
// was read for the same memo is not read again.
func (u *Use) Runs(p *shell.Package, text bool, memo string) []StartedRun {
	dir, home := u.Home()
	away := p.Elsewhere
	p.Elsewhere = away && !home
	defer func() { p.Elsewhere = away }()
	var out []StartedRun
	for _, program := range u.Arg(0).Texts() {
		if text || u.Shell() {
			out = append(out, StartedRun{program, p.Follow(program, dir, memo)})
			continue
		}
		words := []string{program}
		for _, arg := range u.Arg(1).Elements() {
			word, _ := arg.Text()
			words = append(words, word)
		}
		out = append(out, StartedRun{program, p.Start(words, dir, memo)})
	}
	return out
}

// StartedRun is what starting a program or a shell text runs.
type StartedRun struct {
	Text string
	shell.Run
}

// mentionedBy are the scripts that a text runs, where it is a command line; what
// it has a runtime evaluate is parsed.
func (r *resolver) mentionedBy(m *module, text string) []string {
	word, _, ok := strings.Cut(strings.TrimLeft(text, " \t\n("), " ")
	if !ok || len(text) > maxCommandText || !shell.Is(word, mayRun) {
		return nil
	}
	var out []string
	run := r.shellPackage().Follow(text, "", "mentioned")
	for i := range run.Scripts {
		s := &run.Scripts[i]
		if s.File != "" {
			out = append(out, s.File)
			continue
		}
		if r.program.started[s.Code] != nil {
			continue
		}
		file := &sourceFile{path: m.file.path, code: s.Code, shownLine: 1}
		var inner *module
		if err := nesting(s.Code); err != nil {
			inner = r.program.unreadModule(file, unread{kind: BlindFile, line: 1, reason: "a program that is started " + err.Error(), cut: true})
		} else if read, message, ok := r.program.parseModule(file, commonJS); ok {
			inner = read
		} else {
			// Whoever starts it gets an error, as far as this parser can tell.
			inner = r.program.unreadModule(file, unread{kind: BlindCode, line: 1, reason: message.Text})
		}
		r.program.order = append(r.program.order, inner)
		if r.program.started == nil {
			r.program.started = map[string]*module{}
		}
		r.program.started[s.Code] = inner
		out = append(out, r.mentioned(inner)...)
	}
	return out
}

// mayRun are the programs with which a command line begins that may run a script.
const mayRun = shell.Interprets | shell.RoleWrapper | shell.RoleManager | shell.RoleTasks | shell.RoleTexts | shell.RoleMake |
	shell.RolePlain

// maxCommandText is the longest text of a script that is looked at as a command
// line, in bytes.
const maxCommandText = 8 << 10

// linkCommands makes call edges to the scripts that a use runs by way of a command
// line. What depends on the folder that it runs in is followed only where that is
// the package's, as it is on installation.
func (p *program) linkCommands(u *Use, away bool) (linked []callEdge) {
	starter, ok := p.vocabulary.(Starter)
	if !ok || u.f == nil {
		return nil
	}
	program, text := starter.Starts(u.API)
	if !program && !text {
		return nil
	}
	pkg := p.resolver.shellPackage()
	pkg.Elsewhere = away
	defer func() { pkg.Elsewhere = false }()
	link := func(m *module) {
		for _, have := range u.f.calls {
			if have.to == m.functions[0] {
				return
			}
		}
		u.f.calls = append(u.f.calls, callEdge{m.functions[0], u.pos})
		linked = append(linked, callEdge{m.functions[0], u.pos})
	}
	for _, run := range u.Runs(pkg, text, fmt.Sprintf("%t %s %d", away, u.File(), u.f.index)) {
		for i := range run.Scripts {
			s := &run.Scripts[i]
			if s.File == "" {
				if m := p.started[s.Code]; m != nil {
					link(m)
				}
				continue
			}
			p.facts.Files = append(p.facts.Files, FileUse{Path: s.File, Started: true, Site: u.Site})
			if m := p.modules[s.File]; m != nil {
				link(m)
			}
		}
		for _, c := range run.Cuts {
			kind := BlindBudget
			if c.Kind != shell.CutLimit {
				kind = BlindProgram
			}
			p.blindAt(kind, u.Site, c.What)
		}
	}
	return linked
}

// linkInstalled follows what code of install scripts starts, in the package's
// folder, and what that starts.
func (p *program) linkInstalled() {
	for range maxInstallRounds {
		var queue []*function
		for i := range p.facts.Uses {
			u := &p.facts.Uses[i]
			if u.Kind&(UseCall|UseNew) == 0 || u.Contexts()&Install == 0 {
				continue
			}
			for _, call := range p.linkCommands(u, false) {
				queue = visit(queue, call.to, 0, edge{from: u.f, pos: call.pos})
			}
		}
		if len(queue) == 0 {
			return
		}
		p.walk(queue, 0)
	}
	p.blindFile(BlindBudget, "package.json", 1, Install,
		fmt.Sprintf("scripts that start each other on installation: more than %d", maxInstallRounds))
}

// maxInstallRounds is how many scripts may start each other by command lines on
// installation.
const maxInstallRounds = 20
