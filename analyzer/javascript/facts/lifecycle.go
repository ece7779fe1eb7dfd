package facts

import (
	"path"
	"regexp"

	"github.com/lockwarden/lockwarden/analyzer/javascript/eval"
	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
	"github.com/lockwarden/lockwarden/analyzer/javascript/resolve"
	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/analyzer/shell"
)

// Lifecycle is what installing the package runs: the room of the shell follows
// the commands, here are the scripts that they run.
type Lifecycle struct {
	r        *resolve.Resolver
	manifest *npm.Manifest
	// scripts are the package's scripts that it reaches, inline the programs of
	// node -e.
	scripts []resolve.EntryPoint
	inline  []eval.Inline
	// What of it is a fact by itself.
	commands []shell.Command
	bundled  []BundledScript
	files    []FileUse
	blind    []Blind
}

// Installs follows the lifecycle scripts of a package; git says that it comes from a
// git repository, whose prepare scripts run too.
func Installs(r *resolve.Resolver, manifest *npm.Manifest, git bool) *Lifecycle {
	l := &Lifecycle{r: r, manifest: manifest}
	l.follow(r.ShellPackage().Install(git), "")
	l.followBundled()
	return l
}

// Scripts are the package's scripts that it reaches.
func (l *Lifecycle) Scripts() []string {
	var out []string
	for _, script := range l.scripts {
		out = append(out, script.File)
	}
	return out
}

// Inline are the programs that stand in the scripts.
func (l *Lifecycle) Inline() []eval.Inline { return l.inline }

// follow takes what the commands run that stand in a folder of the package.
func (l *Lifecycle) follow(run shell.Run, dir string) {
	begins := ""
	if dir != "" {
		begins = dir + "/"
	}
	for _, c := range run.Commands {
		c.Bundled, c.File, c.Dir = dir, path.Join(dir, c.File), path.Join(dir, c.Dir)
		l.commands = append(l.commands, c)
	}
	for i := range run.Scripts {
		s := &run.Scripts[i]
		if s.File != "" {
			l.scripts = append(l.scripts, resolve.EntryPoint{File: path.Join(dir, s.File), Label: begins + s.Label})
			continue
		}
		l.inline = append(l.inline, eval.Inline{Text: s.Code, Label: begins + s.Label, Script: s.By.Script,
			File: path.Join(dir, s.By.File), Line: s.By.Line})
	}
	for _, f := range run.Files {
		site := Site{eval.Place{Source: &ir.Source{Path: path.Join(dir, "package.json"), ShownLine: f.By.Line}, Pos: -1}}
		l.files = append(l.files, FileUse{Path: path.Join(dir, f.Path), Site: site})
	}
	for _, c := range run.Cuts {
		kind := eval.BlindBudget
		if c.Kind != shell.CutLimit {
			kind = eval.BlindFile
		}
		l.blind = append(l.blind, Blind{kind, path.Join(dir, c.File), c.Line, eval.Install, c.What})
	}
}

// bundledManifest is the package.json of a package that lies in the tarball where
// npm and Node look for packages; a node_modules folder elsewhere is a fixture.
var bundledManifest = regexp.MustCompile(`^((?:node_modules/(?:@[^/]+/)?[^/@][^/]*/)+)package\.json$`)

// followBundled follows what installing the packages of the tarball's own node_modules
// runs. Each is followed as the package itself is, from its own folder.
// Source: https://docs.npmjs.com/cli/configuring-npm/package-json#bundledependencies
func (l *Lifecycle) followBundled() {
	for _, f := range l.r.Pkg.Files {
		m := bundledManifest.FindStringSubmatch(f.Path)
		if m == nil {
			continue
		}
		dir := path.Clean(m[1])
		manifest := l.r.ManifestOf(dir)
		if manifest == nil {
			continue
		}
		own := false
		for _, name := range npm.Lifecycle(false) {
			if script, ok := manifest.Scripts[name]; ok {
				l.bundled = append(l.bundled, BundledScript{dir + "/package.json", name, script})
				own = own || name != "postinstall"
			}
		}
		gyp := !own && manifest.Gypfile && l.r.Pkg.File(dir+"/"+shell.GypFile) != nil
		if gyp {
			l.bundled = append(l.bundled, BundledScript{dir + "/" + shell.GypFile, "install", npm.Script{Command: "node-gyp rebuild", Line: 1}})
		}
		if len(manifest.Scripts) > 0 || gyp {
			inside := resolve.New(l.r.Pkg.Sub(dir), manifest)
			l.follow(inside.ShellPackage().Install(false), dir)
		}
	}
}
