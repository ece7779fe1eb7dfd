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

// linkUnread makes call edges from scripts that are not read to all scripts that
// they name.
func (p *program) linkUnread() {
	for _, m := range p.unread {
		for _, name := range m.unread.names {
			if to := p.modules[name]; to != nil {
				m.functions[0].calls = append(m.functions[0].calls, callEdge{to: to.functions[0]})
			}
		}
	}
}

// closeUnread says what was not read: a blind spot where something loads it.
func (p *program) closeUnread() {
	for _, m := range p.unread {
		why, file := m.unread, m.File.Path
		contexts := m.functions[0].contexts
		switch {
		case contexts != 0 && why.cut:
			p.blindFile(why.kind, file, why.line, contexts, why.reason)
		case contexts != 0:
			p.blindFile(why.kind, file, why.line, contexts, "it does not parse: "+why.reason)
		case why.cut:
			p.incomplete(file, why.reason)
		case why.kind == BlindFile:
			p.facts.Unparsable = append(p.facts.Unparsable, Problem{File: file, Line: why.line, Reason: why.reason})
		}
	}
}
