package javascript

import "github.com/lockwarden/lockwarden/analyzer/javascript/ir"

// PackageRoot is the folder that a package is thought to be in while its
// paths are folded; a path in it names the package's own file. To shells and in
// URLs it means itself.
const PackageRoot = ir.PackageRoot

// IsScript tells by its name whether a file is code that a runtime or bundler
// loads. Declarations of types are not.
func IsScript(name string) bool { return ir.IsScript(name) }

// BeginsScript reports whether a text may be a script, whatever it is called.
func BeginsScript(data []byte) bool { return ir.BeginsScript(data) }

// WideGap finds the first gap at or after an offset that is so wide that code may hide
// behind it; false where there is none.
func WideGap[T string | []byte](text T, from int) (start, end int, found bool) {
	return ir.WideGap(text, from)
}
