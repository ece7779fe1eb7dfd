package resolve

import (
	"path"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/analyzer/shell"
)

// ShellPackage is a package as the commands see it that run in its folder.
func ShellPackage(pkg *archive.Package, manifest *npm.Manifest) *shell.Package {
	p := &shell.Package{Manifest: manifest, IsScript: ir.IsScript, Root: ir.PackageRoot}
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

// ShellPackage is the package as commands see it.
func (r *Resolver) ShellPackage() *shell.Package {
	if r.commands == nil {
		r.commands = ShellPackage(r.Pkg, r.Manifest)
		r.commands.Resolve = func(name string) (string, bool) {
			if file, ok := r.File(path.Clean(name)); ok {
				return file, true
			}
			return r.OtherCase("x", "./"+name)
		}
	}
	return r.commands
}
