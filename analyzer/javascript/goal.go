package javascript

import (
	"path"
	"strings"

	esbuild "github.com/evanw/esbuild/lockwarden"

	"github.com/lockwarden/lockwarden/analyzer/npm"
)

// format is what a text is loaded as.
type format uint8

const (
	// commonJS is the body of a function, and a module where it is none and
	// its words say so: Node since 22, and bundlers.
	commonJS format = iota
	// moduleOnly is an ECMAScript module.
	moduleOnly
	// runText is what eval, Function and their like are given: a script, or the
	// body of a function of any kind.
	runText
)

// format is what Node loads a file of the package as.
// Source: https://nodejs.org/api/packages.html (determining module system).
func (p *program) format(file string) format {
	switch path.Ext(file) {
	case ".mjs", ".mts":
		return moduleOnly
	case ".cjs", ".cts":
		return commonJS
	}
	if p.resolver != nil && p.resolver.packageType(path.Dir(file)) == "module" {
		return moduleOnly
	}
	return commonJS
}

// packageType is the type that the nearest package.json states.
func (r *resolver) packageType(folder string) string {
	if folder == "." || folder == "/" {
		return r.manifest.Type
	}
	kind, known := r.types[folder]
	if known {
		return kind
	}
	if f := r.pkg.File(path.Join(folder, "package.json")); f != nil {
		if m, err := npm.ParseManifest(f.Data()); err == nil {
			kind = m.Type
		}
	} else {
		kind = r.packageType(path.Dir(folder))
	}
	if r.types == nil {
		r.types = map[string]string{}
	}
	r.types[folder] = kind
	return kind
}

// dialects are the variants of the language to try, the likeliest first.
func dialects(name string) []esbuild.Dialect {
	switch path.Ext(name) {
	case ".ts", ".mts", ".cts":
		return []esbuild.Dialect{esbuild.TypeScript, esbuild.TSX}
	case ".tsx":
		return []esbuild.Dialect{esbuild.TSX, esbuild.TypeScript}
	}
	return []esbuild.Dialect{esbuild.JavaScript, esbuild.JSX, esbuild.TSX, esbuild.TypeScript}
}

// read parses a text as what it is loaded as, else as whatever it can be. The
// message is the first complaint of all.
func read(text, name string, as format) (esbuild.Tree, esbuild.Message, bool) {
	var first esbuild.Message
	for _, dialect := range dialects(name) {
		tree, message, ok := readDialect(text, dialect, as)
		if ok {
			return tree, message, true
		}
		if first.Text == "" {
			first = message
		}
	}
	return esbuild.Tree{}, first, false
}

func readDialect(text string, dialect esbuild.Dialect, as format) (esbuild.Tree, esbuild.Message, bool) {
	if as == moduleOnly {
		tree, message, ok := esbuild.Parse(text, dialect, esbuild.Module)
		if !ok { // nothing runs what is no module; a bundler may
			if tree, _, ok = esbuild.Parse(text, dialect, esbuild.Either); !ok {
				tree, _, ok = esbuild.Parse(text, dialect, esbuild.Body)
			}
		}
		return tree, message, ok
	}
	// Most texts mean the same as a script, a module and the body of a function.
	tree, message, ok := esbuild.Parse(text, dialect, esbuild.Either)
	if ok && !tree.Awaits {
		return tree, message, true
	}
	goals := []esbuild.Goal{esbuild.Body}
	if as == runText {
		goals = []esbuild.Goal{esbuild.Body, esbuild.Method, esbuild.Generator, esbuild.Async, esbuild.AsyncGenerator}
	}
	for _, goal := range goals {
		if other, _, fits := esbuild.Parse(text, dialect, goal); fits {
			return other, esbuild.Message{}, true
		}
	}
	if !ok && strings.Contains(text, "<!--") {
		tree, _, ok = esbuild.Parse(text, dialect, esbuild.Module)
	}
	return tree, message, ok
}
