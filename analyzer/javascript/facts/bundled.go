package facts

import (
	"path"
	"regexp"

	"github.com/lockwarden/lockwarden/analyzer/javascript/resolve"
	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/analyzer/shell"
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
