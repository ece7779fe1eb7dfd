// Package policy decides: from a Review and a Policy it makes a Verdict with
// the reasons for it. It is pure; where a policy comes from is not its matter.
package policy

import (
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/app/review"
)

// Policy says what blocks.
type Policy struct {
	// BlockAt is the least severe issue that blocks.
	BlockAt issue.Severity
	// Never is set where no issue blocks.
	Never bool
	// FailClosed blocks what could not be scanned.
	FailClosed bool
}

// Default blocks high and critical issues, and what could not be scanned.
func Default() Policy { return Policy{BlockAt: issue.High, FailClosed: true} }

// Conclusion is the outcome of a review, in GitHub's words for check runs.
// Source: https://docs.github.com/rest/checks/runs
type Conclusion string

// The conclusions.
const (
	Success Conclusion = "success"
	Failure Conclusion = "failure"
	// ActionRequired: nothing blocks, but something was not scanned.
	ActionRequired Conclusion = "action_required"
)

// Verdict is a conclusion with its reasons.
type Verdict struct {
	Conclusion Conclusion
	// Blocking are the issues that block, the worst first.
	Blocking []Reason
	// NotScanned are the packages of which something was not analyzed.
	NotScanned []string
	// Counts is how many issues there are of each severity.
	Counts [issue.Info + 1]int
}

// Reason is one issue that blocks, and the package it is about.
type Reason struct {
	Package string
	Issue   issue.Issue
}

// Judge applies a policy to a review.
func Judge(p Policy, r *review.Review) Verdict {
	v := Verdict{Conclusion: Success}
	weigh := func(name string, i issue.Issue) {
		v.Counts[i.Severity]++
		if i.ID == "scan/incomplete" {
			v.NotScanned = append(v.NotScanned, name)
			return
		}
		if !p.Never && i.Severity <= p.BlockAt {
			v.Blocking = append(v.Blocking, Reason{name, i})
		}
	}
	for i := range r.Packages {
		pkg := &r.Packages[i]
		for _, found := range pkg.Report.Issues {
			weigh(pkg.Report.Name+"@"+pkg.Report.Version, found)
		}
	}
	for _, w := range r.Whole {
		weigh(w.File, w.Issue)
	}
	switch {
	case len(v.Blocking) > 0:
		v.Conclusion = Failure
	case len(v.NotScanned) > 0 && p.FailClosed:
		v.Conclusion = ActionRequired
	}
	return v
}
