// Package javascript understands the scripts of a package: from its files to
// Facts, the uses of APIs with the context they run in and the way that leads
// there.
//
// It is the front door of rooms that import each other one way. ir has what stands in
// scripts: nodes, functions and their places. resolve finds what a specifier means, as
// Node does. eval evaluates the nodes over abstract values until nothing changes, with the
// language's functions of builtin and what scripts hide in themselves of decode. facts
// takes what evaluations recorded, walks the call graph from the lifecycle scripts and the
// entry points, and follows data back to its sources. docs/engine.md explains all of it.
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
func Analyze(pkg *archive.Package, manifest *npm.Manifest, vocabulary Vocabulary, options Options) *Facts {
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
