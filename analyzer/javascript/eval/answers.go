package eval

import (
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

// Answers are what readers of the facts ask of a module's code. They are noted
// while its values are at hand, so that its nodes need not stay.
type Answers struct {
	// Named are the places that spell an API out, the first few of each.
	Named map[string][]Spot
	// globals are the first places that name a global.
	globals map[string]Spot
	// Stored are the APIs that variables hold.
	Stored map[string]bool
	// Written are the texts, literal or put together.
	Written []WrittenText
	// code has a bit for each byte of a text with a wide gap, set where code
	// begins that is more than a text.
	code []uint64
}

// Spot is a place in a function: where that is in the text, in bytes.
type Spot struct {
	// F is the function, Pos the place.
	F   *Function
	Pos int32
}

// WrittenText is a text, by its index in the program's strings, and the place of
// what writes it; Function is the index in the module's functions.
type WrittenText struct{ Text, Function, Pos int32 }

// MaxPlaces is how many places answer a question.
const MaxPlaces = 8

// newAnswers has room for a module's.
func newAnswers(m *Module) *Answers {
	a := &Answers{}
	if m.Gap {
		a.code = make([]uint64, (m.Size+63)/64)
	}
	return a
}

// note notes the answers that the function's code gives.
func (e *evaluation) note(a *Answers) {
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
			if alt := v.Path(); alt != nil && alt.asked() {
				if a.globals == nil {
					a.globals = map[string]Spot{}
				}
				if _, ok := a.globals[alt.API]; !ok {
					a.globals[alt.API] = Spot{e.f, pos}
				}
			}
		case ir.NMember, ir.NModule, ir.NCall:
			if n.Flags&ir.FlagOptional == 0 || n.Kind != ir.NMember { // a callee names its own call
				e.noteNamed(a, n, v, Spot{e.f, pos})
			}
		case ir.NAssign:
			e.at(n.B).Each(func(alt *Value) {
				if alt.kind == vPath && alt.Path().asked() {
					if a.Stored == nil {
						a.Stored = map[string]bool{}
					}
					a.Stored[alt.Path().API] = true
				}
			})
		case ir.NString, ir.NConcat:
			if n.Kind == ir.NConcat {
				pos = m.Position(ir.NodeID(m.List(n.B)[0]))
			}
			if n.Kind == ir.NString {
				a.Written = append(a.Written, WrittenText{n.A, e.f.Index, pos})
				continue
			}
			v.Each(func(alt *Value) {
				if alt.kind == vString {
					a.Written = append(a.Written, WrittenText{e.p.strings.Find(alt.text()), e.f.Index, pos})
				}
			})
		}
	}
}

// noteNamed notes the APIs that a node may be.
func (e *evaluation) noteNamed(a *Answers, n *ir.Node, v *Value, at Spot) {
	v.Each(func(alt *Value) {
		if p := alt.Path(); n.Kind == ir.NCall && v != alt && p != nil && !p.root && !strings.HasSuffix(p.API, "#") {
			return // one of several things that a function of the package gives
		}
		if alt.kind != vPath || !alt.Path().asked() || len(a.Named[alt.Path().API]) >= MaxPlaces {
			return
		}
		if n.Kind == ir.NMember {
			// obj.method where obj is this package's own object only hands on.
			named := false
			e.at(n.A).Each(func(of *Value) { named = named || of.kind == vPath && strings.HasPrefix(alt.Path().API, of.Path().API) })
			if !named {
				return
			}
		}
		if a.Named == nil {
			a.Named = map[string][]Spot{}
		}
		a.Named[alt.Path().API] = append(a.Named[alt.Path().API], at)
	})
}

func (a *Answers) markCode(pos int32) {
	if pos >= 0 && int(pos/64) < len(a.code) {
		a.code[pos/64] |= 1 << (pos % 64)
	}
}

// CodeBetween reports whether code begins between two offsets.
func (a *Answers) CodeBetween(start, end int) bool {
	for at := max(start, 0); at < end && at/64 < len(a.code); at++ {
		if a.code[at/64]&(1<<(at%64)) != 0 {
			return true
		}
	}
	return false
}

// asked reports whether somebody may ask for the API by name: it is one that the
// vocabulary knows, or a module.
func (p *Path) asked() bool { return p.Interest.Uses != 0 || p.depth <= 1 }

// NamedAt is the first place that names an API, nil where none does.
func (a *Answers) NamedAt(api string) *Spot {
	if a == nil {
		return nil
	}
	if at, ok := a.globals[api]; ok {
		return &at
	}
	if list := a.Named[api]; len(list) > 0 {
		return &list[0]
	}
	return nil
}
