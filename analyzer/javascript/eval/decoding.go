package eval

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"

	esbuild "github.com/evanw/esbuild/lockwarden"
	"github.com/lockwarden/lockwarden/analyzer/javascript/decode"
)

// decode reads what a script hides in itself; the limits that it runs into are
// blind spots of the file.
func (p *program) decode(file *ir.Source, tree *esbuild.AST, shift int32) decode.Result {
	source := decode.Source{Text: file.Text(), Has: file.Has, Folder: file.Dirname(), File: file.Filename(), Shift: shift}
	source.Load = func(name string) (string, bool) { return p.ownText(file, name) }
	source.List = func(folder string) ([]string, bool) { return p.ownFolder(file, folder) }
	r := decode.Script(tree, source, p.decoding)
	for i := range r.Programs {
		r.Programs[i].Loc = max(r.Programs[i].Loc-shift, 0)
	}
	for _, c := range r.Cuts {
		c.Loc = max(c.Loc-shift, 0)
		p.decodingCuts = append(p.decodingCuts, DecodingCut{file, c})
	}
	return r
}

// DecodingCut is a limit that decoding a script ran into.
type DecodingCut struct {
	// File is the script.
	File *ir.Source
	decode.Cut
}

// own is the path of what a script names, in the package.
func (p *program) own(from *ir.Source, name string) (string, bool) {
	if p.resolver == nil || p.resolver.Pkg == nil {
		return "", false
	}
	if rest, ok := strings.CutPrefix(name, ir.PackageRoot); ok {
		return path.Clean("/" + rest)[1:], true
	}
	return path.Join(path.Dir(from.Path), name), !strings.HasPrefix(name, "/")
}

// ownFolder are the names in a folder of the package that a script names.
func (p *program) ownFolder(from *ir.Source, name string) ([]string, bool) {
	folder, ok := p.own(from, name)
	if !ok {
		return nil, false
	}
	if folder = folder + "/"; folder == "/" || folder == "./" {
		folder = ""
	}
	seen := map[string]bool{}
	for _, f := range p.resolver.Pkg.Files {
		if rest, ok := strings.CutPrefix(f.Path, folder); ok {
			name, _, _ := strings.Cut(rest, "/")
			seen[name] = true
		}
	}
	return slices.Sorted(maps.Keys(seen)), len(seen) > 0
}

// ownText is a file of the package that a script names, as text.
func (p *program) ownText(from *ir.Source, name string) (string, bool) {
	name, ok := p.own(from, name)
	if !ok {
		return "", false
	}
	f := p.resolver.Pkg.File(name)
	if f == nil || f.Skipped != "" || f.Size > maxText {
		return "", false
	}
	return strings.Clone(ir.TextOf(f.Data())), true
}
