package facts

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/decode"
	"github.com/lockwarden/lockwarden/analyzer/javascript/eval"
)

// Blind is a place where the engine stopped following a package: what comes
// after it is not in the other facts.
type Blind struct {
	// Kind says what was not followed.
	Kind eval.BlindKind
	// File is the path in the package, empty where the package as a whole is
	// meant; Line is 1-based.
	File string
	Line int
	// Contexts are those in which the place can run; Unreachable where nothing
	// found leads there.
	Contexts eval.Context
	// What is in short what was not followed, and why.
	What string
}

// maxBlind is how many blind spots of a package are listed; one more says how
// many are not.
const maxBlind = 200

// Decoding reports whether it is a limit of decoding what a script hides in itself.
func (b Blind) Decoding() bool {
	return b.Kind == eval.BlindBudget && (strings.HasPrefix(b.What, decode.LimitSteps) || strings.HasPrefix(b.What, decode.LimitPrograms))
}

// Certainly reports whether a limit cut off more than which of many objects a value
// is: ordinary code hands its objects through the same variables everywhere.
func (b Blind) Certainly() bool { return !strings.HasPrefix(b.What, eval.LimitObjects) }

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
			if merged[n-1].Contexts |= b.Contexts; merged[n-1].Contexts != eval.Unreachable {
				merged[n-1].Contexts &^= eval.Unreachable
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
		case b.Contexts&eval.Install != 0:
			return 0
		case b.Contexts&eval.Launch != 0:
			return 1
		case b.Contexts&eval.Call != 0:
			return 2
		}
		return 3
	}
	slices.SortStableFunc(merged, func(a, b Blind) int { return cmp.Compare(weight(a), weight(b)) })
	rest := Blind{Kind: eval.BlindBudget, What: fmt.Sprintf("blind spots: %d more", len(merged)-maxBlind)}
	for _, b := range merged[maxBlind:] {
		rest.Contexts |= b.Contexts
	}
	merged = append(merged[:maxBlind:maxBlind], rest)
	slices.SortStableFunc(merged, order)
	return merged
}
