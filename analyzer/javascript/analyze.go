// Package javascript understands the scripts of a package: from its files to
// Facts, the uses of APIs with the context they run in and the way that leads
// there.
//
// What stands in a script is the room ir's: nodes, functions and their places. They are
// evaluated over abstract values (value.go, eval.go; state.go is what is known of a
// function and a module) until nothing changes: what a variable, a property, a parameter
// or an export may hold (object.go). Calls are resolved through those values
// (call.go), and the functions and methods of the language that only pass
// values on are folded (models.go, method.go). Modules of one package are one program: resolve.go finds what
// a specifier means as Node does, exports.go what a package.json says of it, entries.go where
// it begins; what an evaluation comes to load (load.go) or start (start.go) is
// parsed then; bundle.go takes bundles apart. A last pass records uses
// and call edges (facts.go) and notes what will be asked of the code (answers.go);
// data is followed back from uses (flow.go, flow_stores.go), and reach.go walks them from the lifecycle
// scripts (lifecycle.go, by analyzer/shell) and the entry points.
//
// Which APIs matter is not known here: a Vocabulary says so.
package javascript

import (
	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript/eval"
	"github.com/lockwarden/lockwarden/analyzer/javascript/facts"
	"github.com/lockwarden/lockwarden/analyzer/npm"
)

// Analyze reads the scripts of a package. It never fails: what could not be
// read is in the Facts' lists.
func Analyze(pkg *archive.Package, manifest *npm.Manifest, vocabulary eval.Vocabulary, options eval.Options) *facts.Facts {
	loading := eval.Load(pkg, manifest, vocabulary, options)
	entries := loading.Resolver().EntryPoints()
	life := facts.Installs(loading.Resolver(), manifest, options.Git)
	var scripts []string
	for _, entry := range entries {
		scripts = append(scripts, entry.File)
	}
	solved, programs := loading.Solve(append(scripts, life.Scripts()...), life.Inline())
	return facts.Gather(solved, life, programs, entries)
}
