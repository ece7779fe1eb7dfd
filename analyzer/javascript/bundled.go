package javascript

import (
	"path"
	"regexp"

	"github.com/lockwarden/lockwarden/analyzer/npm"
)

// bundledManifest is the package.json of a package that lies in the tarball where
// npm and Node look for packages; a node_modules folder elsewhere is a fixture.
var bundledManifest = regexp.MustCompile(`^((?:node_modules/(?:@[^/]+/)?[^/@][^/]*/)+)package\.json$`)

// BundledScript is a lifecycle script of a package that the tarball brings in its
// node_modules: npm runs it as it runs the package's own.
type BundledScript struct {
	// File is the package.json, or the binding.gyp that npm builds of itself.
	File, Name string
	Script     npm.Script
}

// bundled follows what installing the packages of the tarball's own node_modules
// runs. Each is followed as the package itself is, from its own folder.
// Source: https://docs.npmjs.com/cli/configuring-npm/package-json#bundledependencies
func (l *lifecycle) bundled() {
	for _, f := range l.r.pkg.Files {
		m := bundledManifest.FindStringSubmatch(f.Path)
		if m == nil {
			continue
		}
		dir := path.Clean(m[1])
		manifest := l.r.manifestOf(dir)
		if manifest == nil {
			continue
		}
		own := false
		for _, name := range npm.Lifecycle(false) {
			if script, ok := manifest.Scripts[name]; ok {
				l.p.facts.BundledScripts = append(l.p.facts.BundledScripts, BundledScript{dir + "/package.json", name, script})
				own = own || name != "postinstall"
			}
		}
		gyp := !own && manifest.Gypfile && l.r.pkg.File(dir+"/"+GypFile) != nil
		if gyp {
			l.p.facts.BundledScripts = append(l.p.facts.BundledScripts, BundledScript{dir + "/" + GypFile, "install", npm.Script{Command: "node-gyp rebuild", Line: 1}})
		}
		if len(manifest.Scripts) > 0 || gyp {
			l.inFolder(dir, manifest)
		}
	}
}

// inFolder follows a package in a folder of this one.
func (l *lifecycle) inFolder(dir string, manifest *npm.Manifest) {
	facts, inside := l.p.facts, l.r.pkg.Sub(dir)
	commands, files := len(facts.Commands), len(facts.Files)
	sub := &lifecycle{r: &resolver{pkg: inside, manifest: manifest, program: l.p, data: map[string]*Value{}}, p: l.p, manifest: manifest}
	sub.run(false)
	for i := commands; i < len(facts.Commands); i++ {
		c := &facts.Commands[i]
		c.Bundled, c.File, c.Dir = dir, path.Join(dir, c.File), path.Join(dir, c.Dir)
	}
	for i := files; i < len(facts.Files); i++ {
		use := &facts.Files[i]
		use.Path = path.Join(dir, use.Path)
		if use.file != nil {
			moved := *use.file
			moved.path = path.Join(dir, moved.path)
			use.file = &moved
		}
	}
	for _, script := range sub.scripts {
		l.scripts = append(l.scripts, entryPoint{path.Join(dir, script.file), dir + "/" + script.label})
	}
	for _, code := range sub.inline {
		code.file, code.label = path.Join(dir, code.file), dir+"/"+code.label
		l.inline = append(l.inline, code)
	}
}
