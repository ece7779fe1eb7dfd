package javascript

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/decode"
	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
)

// BlindKind says what the engine stopped following.
type BlindKind string

// The kinds of blind spots.
const (
	// BlindArchive is an entry of the tarball that was not unpacked.
	BlindArchive BlindKind = "archive"
	// BlindFile is a file that is loaded or run and was not read or not parsed.
	BlindFile BlindKind = "file"
	// BlindModule is a specifier that stays open.
	BlindModule BlindKind = "module"
	// BlindCode is text that is run as code and stays open.
	BlindCode BlindKind = "code"
	// BlindProgram is a program or script that is started and stays open.
	BlindProgram BlindKind = "program"
	// BlindNative is compiled code that is loaded.
	BlindNative BlindKind = "native"
	// BlindBudget is a limit that was reached: What begins with its name.
	BlindBudget BlindKind = "budget"
)

// Blind is a place where the engine stopped following a package: what comes
// after it is not in the other facts.
type Blind struct {
	Kind BlindKind
	// File is the path in the package, empty where the package as a whole is
	// meant; Line is 1-based.
	File string
	Line int
	// Contexts are those in which the place can run; Unreachable where nothing
	// found leads there.
	Contexts Context
	// What is in short what was not followed, and why.
	What string
}

// maxBlind is how many blind spots of a package are listed; one more says how
// many are not.
const maxBlind = 200

// blindSpot is a Blind whose contexts are known only at the end.
type blindSpot struct {
	kind BlindKind
	what string
	Site
}

// blindAt notes a blind spot at a place in code.
func (p *program) blindAt(kind BlindKind, site Site, what string) {
	p.blinds = append(p.blinds, blindSpot{kind, what, site})
}

// blindFile notes a blind spot of which the contexts are known, or the whole
// file's: those of the code that loads it are the caller's to find.
func (p *program) blindFile(kind BlindKind, file string, line int, contexts Context, what string) {
	p.facts.Blind = append(p.facts.Blind, Blind{kind, file, line, contexts, what})
}

// Names of limits that ordinary code reaches.
const (
	limitObjects   = "objects that a value may be"
	limitFunctions = "functions that a call may be of"
)

// Decoding reports whether it is a limit of decoding what a script hides in itself.
func (b Blind) Decoding() bool {
	return b.Kind == BlindBudget && (strings.HasPrefix(b.What, decode.LimitSteps) || strings.HasPrefix(b.What, decode.LimitPrograms))
}

// Certainly reports whether a limit cut off more than which of many objects a value
// is: ordinary code hands its objects through the same variables everywhere.
func (b Blind) Certainly() bool { return !strings.HasPrefix(b.What, limitObjects) }

// reached notes a budget that was reached while a function was evaluated; once
// for each limit in a function.
func (e *evaluation) reached(id ir.NodeID, name string, max int) {
	key := reachedLimit{e.f, name}
	if name == limitObjects || name == limitFunctions {
		key.f = e.m.functions[0] // one for each file is enough
	}
	if e.p.reached[key] {
		return
	}
	if e.p.reached == nil {
		e.p.reached = map[reachedLimit]bool{}
	}
	e.p.reached[key] = true
	e.p.blindAt(BlindBudget, e.site(id), fmt.Sprintf("%s: more than %d", name, max))
}

// reachedLimit is a limit in a function.
type reachedLimit struct {
	f    *function
	name string
}

// closeBlind gives the blind spots their contexts, and lists each once, those
// that matter most first.
func (p *program) closeBlind() {
	for i := range p.blinds {
		b := &p.blinds[i]
		line, _ := b.Position()
		p.facts.Blind = append(p.facts.Blind, Blind{b.kind, b.File(), line, b.Contexts(), b.what})
	}
	p.blinds = nil
	p.facts.Blind = SortBlind(p.facts.Blind)
}

// SortBlind orders blind spots by file and line, takes repetitions out, and
// cuts what nobody reads: the reached ones stay.
func SortBlind(list []Blind) []Blind {
	order := func(a, b Blind) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.What, b.What))
	}
	slices.SortStableFunc(list, order)
	merged := list[:0]
	for _, b := range list {
		if n := len(merged); n > 0 && order(merged[n-1], b) == 0 {
			if merged[n-1].Contexts |= b.Contexts; merged[n-1].Contexts != Unreachable {
				merged[n-1].Contexts &^= Unreachable
			}
			continue
		}
		merged = append(merged, b)
	}
	if len(merged) <= maxBlind {
		return merged
	}
	weight := func(b Blind) int {
		switch {
		case b.Contexts&Install != 0:
			return 0
		case b.Contexts&Launch != 0:
			return 1
		case b.Contexts&Call != 0:
			return 2
		}
		return 3
	}
	slices.SortStableFunc(merged, func(a, b Blind) int { return cmp.Compare(weight(a), weight(b)) })
	rest := Blind{Kind: BlindBudget, What: fmt.Sprintf("blind spots: %d more", len(merged)-maxBlind)}
	for _, b := range merged[maxBlind:] {
		rest.Contexts |= b.Contexts
	}
	merged = append(merged[:maxBlind:maxBlind], rest)
	slices.SortStableFunc(merged, order)
	return merged
}
