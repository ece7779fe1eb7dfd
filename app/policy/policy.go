// Package policy decides: from a Review, a Policy and the acceptances that hold
// it makes a Verdict, with the reason for each finding. It is pure; where a
// policy comes from is not its matter.
package policy

import (
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/app/comment"
	"github.com/lockwarden/lockwarden/glob"
	"github.com/lockwarden/lockwarden/known"
)

// Action is what a policy wants done about a finding.
type Action uint8

// The actions. A silent finding stands in the package's report and nowhere
// else; a note is an annotation that asks for nothing.
const (
	Silent Action = iota
	Note
	Warn
	Block
)

var actionNames = []string{"silent", "note", "warn", "block"}

// String is the action's word in a policy file.
func (a Action) String() string { return actionNames[a] }

// Levels say what is done about each severity.
type Levels [issue.Info + 1]Action

// Rule is an exception: the first rule that matches a finding decides.
type Rule struct {
	// Finding is an id, or a pattern such as "install/*"; empty matches all.
	Finding string
	// Packages are names, patterns ("@scope/*") or NAME@VERSION; none: all.
	Packages []string
	// Contexts are install, launch, call and unreachable; none: all.
	Contexts []string
	// Severities, none: all.
	Severities []issue.Severity
	// Scope is production, development or empty for both.
	Scope  string
	Action Action
}

// Policy says what blocks, and who may decide otherwise.
type Policy struct {
	Production, Development Levels
	Rules                   []Rule
	// Registries are the hosts that packages may come from; none: those that
	// the project's settings name.
	Registries []string
	// AllowLicenses and DenyLicenses are SPDX ids.
	AllowLicenses, DenyLicenses []string
	// DenyPackages may not come in; with AllowPackages nothing else may.
	AllowPackages, DenyPackages []string
	// InstallScripts are packages whose lifecycle scripts are no finding.
	InstallScripts []string
	// Existing is what is done about a blocking finding of an update that the
	// version before has in the same way.
	Existing Action
	// FailClosed blocks what could not be scanned.
	FailClosed bool
	// Unknown is what is done where something is not known, by its kind; for
	// kinds that it does not name, see OnUnknown.
	Unknown map[string]Action
	Accept  Accepting
	// Ignore are patterns of lockfile paths that are not reviewed.
	Ignore []string
}

// Accepting is what the policy says of acceptances.
type Accepting struct {
	comment.Rules
	// NextVersion carries an acceptance over to another version of the package
	// when the finding's evidence is unchanged.
	NextVersion bool
}

// Default blocks critical and high issues and warns of medium ones; what could
// not be scanned blocks.
func Default() Policy {
	return Policy{
		Production:  At(issue.High),
		Development: At(issue.High),
		Existing:    Warn,
		FailClosed:  true,
		Accept:      Accepting{Rules: comment.Rules{Least: comment.Maintain, All: true, WorstNeedReason: true}},
	}
}

// unanswered is what is done where somebody was asked and did not answer.
var unanswered = map[string]Action{
	// Without the registry's document nobody knows whether the version is
	// published, and as what: the answer that was not given may be the alarm.
	known.Metadata:   Block,
	known.Publishing: Warn,
	known.Advisories: Warn,
	// The version itself was scanned, and is judged like one that comes in.
	known.Before: Warn,
	// Downloads only make other issues milder.
	known.Downloads: Silent,
}

// OnUnknown is what is done about a gap, and which part of the policy says so.
// Where nobody was asked, because of how lockwarden is set up, that is no news
// for each pull request: it is said without an annotation, unless the policy
// wants it known. Too many packages at once are the pull request's own doing.
func (p *Policy) OnUnknown(gap known.Gap) (Action, string) {
	if action, ok := p.Unknown[gap.What]; ok {
		return action, "unknown." + gap.What
	}
	if !gap.Asked && gap.What != known.Publishing {
		return Silent, "unknown: nobody is asked"
	}
	action, ok := unanswered[gap.What]
	if !ok {
		action = Block // of a newer version's review
	}
	return action, "unknown." + gap.What + ": the default"
}

// Lenient lets pass what could not be scanned or is not known; it is said all
// the same.
func (p *Policy) Lenient() {
	p.FailClosed = false
	unknown := map[string]Action{}
	for _, kind := range known.Kinds {
		unknown[kind] = Warn
	}
	for kind, action := range p.Unknown {
		unknown[kind] = min(action, Warn)
	}
	unknown[known.Downloads] = min(p.Unknown[known.Downloads], Warn)
	p.Unknown = unknown
}

// At blocks everything at least as severe as that, and warns of medium issues.
func At(least issue.Severity) Levels {
	l := Levels{issue.High: Warn, issue.Medium: Warn, issue.Low: Note, issue.Info: Note}
	for s := issue.Critical; s <= least; s++ {
		l[s] = Block
	}
	return l
}

// Quietly blocks nothing: for a policy under which every issue passes.
func Quietly() Levels {
	return Levels{Warn, Warn, Warn, Note, Note}
}

// Ignored reports whether a lockfile is left out by "paths".
func (p *Policy) Ignored(file string) bool {
	for _, pattern := range p.Ignore {
		if glob.Path(pattern, file) {
			return true
		}
	}
	return false
}

// anyPackage reports whether a package is among names, patterns and
// NAME@VERSION.
func anyPackage(list []string, name, version string) bool {
	for _, pattern := range list {
		if i := strings.LastIndexByte(pattern, '@'); i > 0 {
			if glob.Text(pattern[:i], name) && pattern[i+1:] == version {
				return true
			}
		} else if glob.Text(pattern, name) {
			return true
		}
	}
	return false
}
