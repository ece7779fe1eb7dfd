package javascript

import (
	"slices"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

// unread is why a script is an empty module: no parser reads it, or a limit
// keeps it from being parsed. Its module is there to be loaded, so that it is
// known when what it does would run.
type unread struct {
	kind   BlindKind
	line   int
	reason string
	// cut is set where a limit is the reason.
	cut bool
	// names are the package's scripts that its texts may name.
	names []string
}

// unreadModule makes the module of a script that is not read, and searches the
// text for words.
func (p *program) unreadModule(file *ir.Source, why unread) *module {
	m := &module{pkg: p, unread: &why}
	m.Module = ir.EmptyModule(file)
	m.begin()
	p.furnish(m)
	m.moduleObject.properties = properties{} // what it exports is not known
	p.unread = append(p.unread, m)
	p.strings.Begin()
	if why.kind == BlindFile {
		p.scanTokens(m)
	}
	m.Mentions = slices.Clone(p.strings.Mentions)
	return m
}
