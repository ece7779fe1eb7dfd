package javascript

import (
	"fmt"
	"path"
	"strings"

	esbuild "github.com/evanw/esbuild/lockwarden"

	"github.com/lockwarden/lockwarden/analyzer/javascript/decode"
)

// decode reads what a script hides in itself; the limits that it runs into are
// blind spots of the file.
func (p *program) decode(file *sourceFile, tree *esbuild.AST, shift int32) decode.Result {
	source := decode.Source{Text: file.text(), Has: file.has, Folder: file.dirname()}
	source.Load = func(name string) (string, bool) { return p.ownText(file, name) }
	r := decode.Script(tree, source, p.decoding)
	for i := range r.Programs {
		r.Programs[i].Loc = max(r.Programs[i].Loc-shift, 0)
	}
	for _, c := range r.Cuts {
		c.Loc = max(c.Loc-shift, 0)
		p.decodingCuts = append(p.decodingCuts, decodingCut{file, c})
	}
	return r
}

// decodingCut is a limit that decoding a script ran into.
type decodingCut struct {
	file *sourceFile
	decode.Cut
}

// closeDecoding notes the limits of decoding, in the contexts of the code there.
func (p *program) closeDecoding() {
	for _, c := range p.decodingCuts {
		contexts := Context(0)
		for _, m := range p.order {
			if m.file.path == c.file.path {
				for _, f := range m.functions {
					contexts |= f.contexts
				}
			}
		}
		if contexts == 0 {
			contexts = Unreachable
		}
		line, _ := c.file.position(c.Loc)
		p.blindFile(BlindBudget, c.file.path, line, contexts, fmt.Sprintf("%s: more than %d", c.What, c.Max))
	}
}

// ownText is a file of the package that a script names, as text.
func (p *program) ownText(from *sourceFile, name string) (string, bool) {
	if p.resolver == nil || p.resolver.pkg == nil {
		return "", false
	}
	switch {
	case strings.HasPrefix(name, PackageRoot+"/"):
		name = strings.TrimPrefix(name, PackageRoot+"/")
	case strings.HasPrefix(name, "/"):
		return "", false
	default:
		name = path.Join(path.Dir(from.path), name)
	}
	f := p.resolver.pkg.File(path.Clean(name))
	if f == nil || f.Skipped != "" || f.Size > maxText {
		return "", false
	}
	return strings.Clone(textOf(f.Data())), true
}
