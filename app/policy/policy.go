// Package policy decides: from a Review, a Policy and the acceptances that hold
// it makes a Verdict, with the reason for each finding. It is pure; where a
// policy comes from is not its matter.
package policy

import (
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/app/comment"
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
	Accept     Accepting
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
		Accept:      Accepting{Rules: comment.Rules{Least: comment.Maintain, All: true}},
	}
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

// Ignored tells whether a lockfile is left out by "paths".
func (p *Policy) Ignored(file string) bool {
	for _, pattern := range p.Ignore {
		if matchPath(pattern, file) {
			return true
		}
	}
	return false
}

// matchPath matches a path against a pattern in which * stands for a part of
// a name and ** for any number of folders.
func matchPath(pattern, file string) bool {
	parts := strings.Split(file, "/")
	// can[i] tells whether the pattern so far matches the first i parts; no
	// pattern takes more than its length times the path's.
	can := make([]bool, len(parts)+1)
	can[0] = true
	list := strings.Split(strings.Trim(pattern, "/"), "/")
	for n, step := range list {
		next := make([]bool, len(can))
		for i := range can {
			switch {
			case step == "**":
				// At the end it is what is in a folder, not the folder.
				next[i] = i > 0 && (next[i-1] || can[i-1]) || can[i] && n < len(list)-1
			case i > 0:
				next[i] = can[i-1] && wild(step, parts[i-1])
			}
		}
		can = next
	}
	return can[len(parts)]
}

// wild matches a text against a pattern in which * stands for anything, in
// linear time.
func wild(pattern, s string) bool {
	star, mark := -1, 0
	p, i := 0, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && pattern[p] == s[i]:
			p, i = p+1, i+1
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// anyPackage tells whether a package is among names, patterns and
// NAME@VERSION.
func anyPackage(list []string, name, version string) bool {
	for _, pattern := range list {
		if i := strings.LastIndexByte(pattern, '@'); i > 0 {
			if wild(pattern[:i], name) && pattern[i+1:] == version {
				return true
			}
		} else if wild(pattern, name) {
			return true
		}
	}
	return false
}
