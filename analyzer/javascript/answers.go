package javascript

import (
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

// answers are what readers of the facts ask of a module's code. They are noted
// while its values are at hand, so that its nodes need not stay.
type answers struct {
	// named are the places that spell an API out, the first few of each.
	named map[string][]place
	// globals are the first places that name a global.
	globals map[string]place
	// stored are the APIs that variables hold.
	stored map[string]bool
	// written are the texts, literal or put together.
	written []writtenText
	// code has a bit for each byte of a text with a wide gap, set where code
	// begins that is more than a text.
	code []uint64
}

// place is one in a module.
type place struct {
	f   *function
	pos int32
}

// writtenText is a text, by its index in the program's strings, and the place of
// what writes it; function is the index in the module's functions.
type writtenText struct{ text, function, pos int32 }

// maxPlaces is how many places answer a question.
const maxPlaces = 8

// newAnswers has room for a module's.
func newAnswers(m *module) *answers {
	a := &answers{}
	if m.Gap {
		a.code = make([]uint64, (m.Size+63)/64)
	}
	return a
}

// note notes the answers that the function's code gives.
func (e *evaluation) note(a *answers) {
	m := e.m
	for id := e.f.Start; id < e.f.End; id++ {
		n := &m.Nodes[id]
		v := e.at(int32(id))
		pos := m.Position(id)
		if n.Kind != ir.NString {
			a.markCode(pos)
		}
		switch n.Kind {
		case ir.NGlobal:
			if v == nil {
				continue // undefined in a with statement, where it is a name like others
			}
			if alt := v.path(); alt != nil && alt.asked() {
				if a.globals == nil {
					a.globals = map[string]place{}
				}
				if _, ok := a.globals[alt.api]; !ok {
					a.globals[alt.api] = place{e.f, pos}
				}
			}
		case ir.NMember, ir.NModule, ir.NCall:
			if n.Flags&ir.FlagOptional == 0 || n.Kind != ir.NMember { // a callee names its own call
				e.noteNamed(a, n, v, place{e.f, pos})
			}
		case ir.NAssign:
			e.at(n.B).each(func(alt *Value) {
				if alt.kind == vPath && alt.path().asked() {
					if a.stored == nil {
						a.stored = map[string]bool{}
					}
					a.stored[alt.path().api] = true
				}
			})
		case ir.NString, ir.NConcat:
			if n.Kind == ir.NConcat {
				pos = m.Position(ir.NodeID(m.List(n.B)[0]))
			}
			if n.Kind == ir.NString {
				a.written = append(a.written, writtenText{n.A, e.f.Index, pos})
				continue
			}
			v.each(func(alt *Value) {
				if alt.kind == vString {
					a.written = append(a.written, writtenText{e.p.strings.Find(alt.text()), e.f.Index, pos})
				}
			})
		}
	}
}

// noteNamed notes the APIs that a node may be.
func (e *evaluation) noteNamed(a *answers, n *ir.Node, v *Value, at place) {
	v.each(func(alt *Value) {
		if p := alt.path(); n.Kind == ir.NCall && v != alt && p != nil && !p.root && !strings.HasSuffix(p.api, "#") {
			return // one of several things that a function of the package gives
		}
		if alt.kind != vPath || !alt.path().asked() || len(a.named[alt.path().api]) >= maxPlaces {
			return
		}
		if n.Kind == ir.NMember {
			// obj.method where obj is this package's own object only hands on.
			named := false
			e.at(n.A).each(func(of *Value) { named = named || of.kind == vPath && strings.HasPrefix(alt.path().api, of.path().api) })
			if !named {
				return
			}
		}
		if a.named == nil {
			a.named = map[string][]place{}
		}
		a.named[alt.path().api] = append(a.named[alt.path().api], at)
	})
}

func (a *answers) markCode(pos int32) {
	if pos >= 0 && int(pos/64) < len(a.code) {
		a.code[pos/64] |= 1 << (pos % 64)
	}
}

// codeBetween reports whether code begins between two offsets.
func (a *answers) codeBetween(start, end int) bool {
	for at := max(start, 0); at < end && at/64 < len(a.code); at++ {
		if a.code[at/64]&(1<<(at%64)) != 0 {
			return true
		}
	}
	return false
}

func (p *place) site() Site { return Site{file: p.f.module.File, pos: p.pos, f: p.f} }

// asked reports whether somebody may ask for the API by name: it is one that the
// vocabulary knows, or a module.
func (p *apiPath) asked() bool { return p.interest.Uses != 0 || p.depth <= 1 }
