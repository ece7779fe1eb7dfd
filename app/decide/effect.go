package decide

import (
	"maps"
	"slices"

	"github.com/lockwarden/lockwarden/app/comment"
	"github.com/lockwarden/lockwarden/app/policy"
)

// Effect is what became of one command that decides something. The audit, the
// reaction and the reply are all written from it.
type Effect struct {
	Comment comment.Ref
	Line    int
	By      string
	Verb    comment.Verb
	// What is NAME@VERSION, or all; empty where the command could not be read.
	What     string
	Findings []string
	Reason   string

	// At most one of these is set; then the command does not count. Refused is a
	// reason in words.
	Refused string
	Missing *Missing
	// Idle is a revocation that takes nothing back; Lasting tells that it names what
	// is accepted for the whole repository.
	Idle, Lasting bool

	// Name is the package of a command that could not be read, There are versions
	// of it.
	Name  string
	There []string
	// Unknown are ids among Findings that are none of the package's; the others
	// count.
	Unknown []string
}

// Missing is why an acceptance covers nothing that its author saw.
type Missing struct {
	Why Why
	// There is what there is instead, as far as it was shown: packages with their
	// versions, or the ids of findings. More counts those that are not named.
	There []string
	More  int
}

// Why is a reason for which an acceptance covers nothing.
type Why string

// The reasons.
const (
	// Early: no result was shown yet.
	Early Why = "early"
	// Later: it is there, but came after what was shown.
	Later Why = "later"
	// NoFinding: the package has other findings.
	NoFinding Why = "finding"
	// NoPackage: no package of that name and version has a finding.
	NoPackage Why = "package"
	// Nothing: nothing was found at all.
	Nothing Why = "nothing"
)

// Counts reports whether the command took effect.
func (e *Effect) Counts() bool { return e.Refused == "" && e.Missing == nil && !e.Idle }

// whatOf names what an acceptance is of: a package version, or all.
func whatOf(a *comment.Acceptance) string {
	if a.All {
		return "all"
	}
	return a.Name + "@" + a.Version
}

func refused(one *comment.Refusal) Effect {
	c := &one.Command
	e := Effect{Comment: one.Comment, Line: c.Line, By: one.Author, Verb: c.Verb, Findings: c.Findings, Reason: c.Reason, Refused: one.Reason}
	switch {
	case c.Problem != "":
		e.Name = c.Name
	case c.All:
		e.What = "all"
	default:
		e.What = c.Name + "@" + c.Version
	}
	return e
}

func effectOf(a *comment.Acceptance, verb comment.Verb) Effect {
	return Effect{Comment: a.Ref(), Line: a.Line, By: a.By, Verb: verb, What: whatOf(a), Findings: a.Findings, Reason: a.Reason}
}

// acceptance is the effect of one, bound to what its author saw.
func (t *Thread) acceptance(a *policy.Accepted, shown bool) Effect {
	e := effectOf(&a.Acceptance, comment.Accept)
	if covers(a, a.Seen) {
		e.Unknown = strangers(a)
		return e
	}
	m := &Missing{Why: NoPackage}
	e.Missing = m
	found := packages(a.Seen)
	switch {
	case !shown:
		m.Why = Early
	case covers(a, t.Current):
		m.Why = Later
	case a.All:
		m.Why = Nothing
	case slices.Contains(found, whatOf(&a.Acceptance)):
		m.Why = NoFinding
		m.name(firstOr(a.Findings), findings(a.Seen, a.Name, a.Version))
	case len(found) == 0:
		m.Why = Nothing
	default:
		m.name(whatOf(&a.Acceptance), found)
	}
	return e
}

// revocation is the effect of one. One that found something to take back when it
// was written is not idle because that is gone now.
func (t *Thread) revocation(a *comment.Acceptance, idle bool) Effect {
	e := effectOf(a, comment.Revoke)
	e.Idle = idle && !a.Repository && !t.Done[a.Ref()]
	e.Lasting = e.Idle && slices.ContainsFunc(t.Lasting, func(k Kept) bool {
		return k.Thread != t.Name && !k.ended(t.Now) && (a.All || k.Name == a.Name && k.Version == a.Version)
	})
	return e
}

// maxNamed is how many names an answer lists.
const maxNamed = 5

func (m *Missing) name(word string, there []string) {
	m.There, m.More = comment.Nearest(word, there, maxNamed)
}

func firstOr(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// covers reports whether an acceptance covers anything of what was seen.
func covers(a *policy.Accepted, seen []policy.Seen) bool {
	return slices.ContainsFunc(seen, func(s policy.Seen) bool {
		for id := range s.Findings {
			if a.Covers(s.Name, s.Version, id) {
				return true
			}
		}
		return false
	})
}

// strangers are the ids that an acceptance names and its package has not.
func strangers(a *policy.Accepted) []string {
	if a.All {
		return nil
	}
	have := findings(a.Seen, a.Name, a.Version)
	return slices.DeleteFunc(slices.Clone(a.Findings), func(id string) bool { return slices.Contains(have, id) })
}

// packages are the packages that something was found of.
func packages(seen []policy.Seen) (out []string) {
	for _, s := range seen {
		if s.Version != "" && len(s.Findings) > 0 {
			out = append(out, s.Name+"@"+s.Version)
		}
	}
	return out
}

// findings are the ids of what was found of a package.
func findings(seen []policy.Seen, name, version string) (out []string) {
	for _, s := range seen {
		if s.Name == name && s.Version == version {
			out = slices.AppendSeq(out, maps.Keys(s.Findings))
		}
	}
	return out
}

// versions are those of a package that something was found of.
func versions(seen []policy.Seen, name string) (out []string) {
	for _, s := range seen {
		if s.Name == name && s.Version != "" && !slices.Contains(out, s.Name+"@"+s.Version) {
			out = append(out, s.Name+"@"+s.Version)
		}
	}
	return out
}
