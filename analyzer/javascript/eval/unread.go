package eval

import (
	"slices"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

// Unread is why a script is an empty module: no parser reads it, or a limit
// keeps it from being parsed. Its module is there to be loaded, so that it is
// known when what it does would run.
type Unread struct {
	// Kind is that of the blind spot, Line where the text is wrong, Reason why.
	Kind   BlindKind
	Line   int
	Reason string
	// Cut is set where a limit is the reason.
	Cut bool
	// Names are the package's scripts that its texts may name.
	Names []string
}

// unreadModule makes the module of a script that is not read, and searches the
// text for words.
func (p *program) unreadModule(file *ir.Source, why Unread) *Module {
	m := &Module{pkg: p, Unread: &why}
	m.Module = ir.EmptyModule(file)
	m.begin()
	p.furnish(m)
	m.moduleObject.properties = properties{} // what it exports is not known
	p.unread = append(p.unread, m)
	p.strings.Begin()
	if why.Kind == BlindFile {
		p.scanTokens(m)
	}
	m.Mentions = slices.Clone(p.strings.Mentions)
	return m
}
