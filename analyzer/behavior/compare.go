package behavior

import "github.com/lockwarden/lockwarden/analyzer/javascript"

// Gain is a behavior that a new version brings.
type Gain struct {
	ID string
	// Contexts are those in which it is new.
	Contexts javascript.Context
}

// Compare tells which behaviors a new version brings and which are gone, by
// what they are, not by line. Code that moves between call and launch is no
// news; a behavior that nobody reaches is none either.
func Compare(old, now []Behavior) (gained []Gain, lost []string) {
	before := map[string]javascript.Context{}
	for _, b := range old {
		before[b.ID] = b.Contexts
	}
	after := map[string]bool{}
	for _, b := range now {
		after[b.ID] = true
		had, existed := before[b.ID]
		fresh := b.Contexts &^ had
		switch {
		case !existed && b.Contexts != javascript.Unreachable,
			fresh&javascript.Install != 0,
			existed && had == javascript.Unreachable && b.Contexts != javascript.Unreachable:
			gained = append(gained, Gain{b.ID, fresh})
		}
	}
	for _, b := range old {
		if !after[b.ID] && b.Contexts != javascript.Unreachable {
			lost = append(lost, b.ID)
		}
	}
	return gained, lost
}
