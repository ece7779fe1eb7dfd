package analyzer

import (
	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/issue"
)

// Delta is what a new version does that the old one did not, and the other way
// round.
type Delta struct {
	// Gained are behaviors that are new, or newly run on install or launch.
	Gained []behavior.Gain
	// Lost are ids of behaviors that are gone.
	Lost []string
}

// Compare tells what changed between two versions of a package, by what they
// do, not by line.
func Compare(old, now *issue.Contents) *Delta {
	d := &Delta{}
	d.Gained, d.Lost = behavior.Compare(old.Behaviors, now.Behaviors)
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
