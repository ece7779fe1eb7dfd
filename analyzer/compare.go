package analyzer

import (
	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
)

// Delta is what a new version does that the old one did not, and the other way
// round.
type Delta struct {
	// Gained are behaviors that are new, or newly run on install or launch.
	Gained []Gain
	// Lost are ids of behaviors that are gone.
	Lost []string
}

// Gain is a behavior that an update brings.
type Gain struct {
	ID string
	// Contexts are those in which it is new.
	Contexts javascript.Context
}

// Compare tells what changed between two versions of a package, by what they
// do, not by line.
func Compare(old, now *issue.Contents) *Delta {
	before := map[string]javascript.Context{}
	for _, b := range old.Behaviors {
		before[b.ID] = b.Contexts
	}
	d := &Delta{}
	after := map[string]bool{}
	for _, b := range now.Behaviors {
		after[b.ID] = true
		had, existed := before[b.ID]
		fresh := b.Contexts &^ had
		// Code that moves between call and launch is no news; a behavior
		// nobody reaches is none either.
		if !existed && b.Contexts != javascript.Unreachable || fresh&javascript.Install != 0 || existed && had == javascript.Unreachable && b.Contexts != javascript.Unreachable {
			d.Gained = append(d.Gained, Gain{b.ID, fresh})
		}
	}
	for _, b := range old.Behaviors {
		if !after[b.ID] && b.Contexts != javascript.Unreachable {
			d.Lost = append(d.Lost, b.ID)
		}
	}
	return d
}

// Find returns the behavior of a report, nil where it is absent.
func (r *Report) Find(id string) *behavior.Behavior {
	for i := range r.Behaviors {
		if r.Behaviors[i].ID == id {
			return &r.Behaviors[i]
		}
	}
	return nil
}
