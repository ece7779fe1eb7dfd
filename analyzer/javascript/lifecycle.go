package javascript

import (
	"path"

	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/analyzer/shell"
)

// lifecycle is what installing the package runs: the room of the shell follows
// the commands, here are the scripts that they run.
type lifecycle struct {
	r        *resolver
	p        *program
	manifest *npm.Manifest
	// scripts are the package's scripts that it reaches.
	scripts []entryPoint
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
	run := l.r.shellPackage().Install(git)
	l.p.facts.Commands = run.Commands
	for i := range run.Scripts {
		s := &run.Scripts[i]
		if s.File != "" {
			l.scripts = append(l.scripts, entryPoint{s.File, s.Label})
			continue
		}
		l.inline = append(l.inline, inlineProgram{s.Code, s.Label, s.By.Script, s.By.File, s.By.Line})
	}
	for _, f := range run.Files {
		site := Site{file: &sourceFile{path: "package.json", shownLine: f.By.Line}, pos: -1}
		l.p.facts.Files = append(l.p.facts.Files, FileUse{Path: f.Path, Site: site})
	}
	for _, c := range run.Cuts {
		kind := BlindBudget
		if c.Kind != shell.CutLimit {
			kind = BlindFile
		}
		l.p.blindFile(kind, c.File, c.Line, Install, c.What)
	}
}

// shellPackage is the package as commands see it.
func (r *resolver) shellPackage() *shell.Package {
	if r.commands == nil {
		r.commands = ShellPackage(r.pkg, r.manifest)
		r.commands.Resolve = func(name string) (string, bool) { return r.file(path.Clean(name)) }
	}
	return r.commands
}
