package eval

import (
	"fmt"

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

// Stop is a place where an evaluation stopped following.
type Stop struct {
	// Kind says what was not followed, What in short which, and why.
	Kind BlindKind
	What string
	Place
}

// stopAt notes one.
func (p *program) stopAt(kind BlindKind, at Place, what string) {
	p.records.Stops = append(p.records.Stops, Stop{kind, what, at})
}

// Names of limits that ordinary code reaches.
const (
	LimitObjects   = "objects that a value may be"
	limitFunctions = "functions that a call may be of"
)

// reached notes a budget that was reached while a function was evaluated; once
// for each limit in a function.
func (e *evaluation) reached(id ir.NodeID, name string, max int) {
	key := reachedLimit{e.f, name}
	if name == LimitObjects || name == limitFunctions {
		key.f = e.m.Functions[0] // one for each file is enough
	}
	if e.p.cuts[key] {
		return
	}
	if e.p.cuts == nil {
		e.p.cuts = map[reachedLimit]bool{}
	}
	e.p.cuts[key] = true
	e.p.stopAt(BlindBudget, e.site(id), fmt.Sprintf("%s: more than %d", name, max))
}

// reachedLimit is a limit in a function.
type reachedLimit struct {
	f    *Function
	name string
}
