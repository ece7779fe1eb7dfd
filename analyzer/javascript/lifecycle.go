package javascript

import (
	"path"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
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
	l.follow(l.r.shellPackage().Install(git), "")
	l.bundled()
}

// follow takes what the commands run that stand in a folder of the package.
func (l *lifecycle) follow(run shell.Run, dir string) {
	begins := ""
	if dir != "" {
		begins = dir + "/"
	}
	for _, c := range run.Commands {
		c.Bundled, c.File, c.Dir = dir, path.Join(dir, c.File), path.Join(dir, c.Dir)
		l.p.facts.Commands = append(l.p.facts.Commands, c)
	}
	for i := range run.Scripts {
		s := &run.Scripts[i]
		if s.File != "" {
			l.scripts = append(l.scripts, entryPoint{path.Join(dir, s.File), begins + s.Label})
			continue
		}
		l.inline = append(l.inline, inlineProgram{s.Code, begins + s.Label, s.By.Script, path.Join(dir, s.By.File), s.By.Line})
	}
	for _, f := range run.Files {
		site := Site{file: &ir.Source{Path: path.Join(dir, "package.json"), ShownLine: f.By.Line}, pos: -1}
		l.p.facts.Files = append(l.p.facts.Files, FileUse{Path: path.Join(dir, f.Path), Site: site})
	}
	for _, c := range run.Cuts {
		kind := BlindBudget
		if c.Kind != shell.CutLimit {
			kind = BlindFile
		}
		l.p.blindFile(kind, path.Join(dir, c.File), c.Line, Install, c.What)
	}
}

// shellPackage is the package as commands see it.
func (r *resolver) shellPackage() *shell.Package {
	if r.commands == nil {
		r.commands = ShellPackage(r.pkg, r.manifest)
		r.commands.Resolve = func(name string) (string, bool) {
			if file, ok := r.file(path.Clean(name)); ok {
				return file, true
			}
			return r.otherCase("x", "./"+name)
		}
	}
	return r.commands
}
