package analyzer

import (
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/vulnerability"
	"github.com/lockwarden/lockwarden/known"
)

// Report is everything known of one package version.
type Report struct {
	Name, Version string
	// Integrity is the SRI string of the tarball that was read, or the one the
	// lockfile records where none was.
	Integrity string
	Behaviors []behavior.Behavior
	Issues    []issue.Issue
	// Complete is set where everything in the package was analyzed.
	Complete bool
	// Skipped says what was not, and why; an entry without a file is about
	// the whole package.
	Skipped []issue.Problem
	// Blind are the places where the engine stopped following, by file and line.
	Blind []javascript.Blind
	// NotScanned is why nothing was analyzed, empty where it was.
	NotScanned string
	// Vulnerabilities are the advisories that cover it.
	Vulnerabilities []vulnerability.Advisory
	// Unknown is what is not known of it besides its files, and why. What is not
	// known of all packages of a review stands in the review.
	Unknown []known.Gap
	// License is what package.json says, an SPDX expression where it is one.
	License string
	// Delta is what an update changes, nil where there is no older version.
	Delta *Delta
	// Files, Size, Scripts are counts; Size in bytes.
	Files, Scripts int
	Size           int64
	// Deprecated is the registry's message.
	Deprecated string
	Cached     bool
}

// NewReport judges what scanning gave. in lacks only Contents and Fetch.
func NewReport(in issue.Input, scanned Scanned) Report {
	in.Contents, in.Fetch = scanned.Contents, scanned.Fetch
	m := in.Metadata.OrZero()
	r := Report{Name: in.Name, Version: in.Version, Integrity: scanned.Integrity, Deprecated: m.Deprecated, Cached: scanned.Cached,
		Vulnerabilities: in.Advisories}
	r.unknown(in.Metadata.Gap(known.Metadata, ""))
	r.unknown(m.Downloads.Gap(known.Downloads, ""))
	if r.Integrity == "" && len(in.Entries) > 0 {
		r.Integrity = in.Entries[0].Integrity
	}
	r.Issues = issue.Judge(&in)
	if scanned.Contents == nil {
		if scanned.Fetch != nil {
			r.NotScanned = scanned.Fetch.Reason
			r.Skipped = []issue.Problem{{Reason: scanned.Fetch.Reason}}
		}
		return r
	}
	c := scanned.Contents
	r.Behaviors, r.Skipped, r.Blind = c.Behaviors, c.Incomplete, c.Blind
	r.Complete = len(c.Incomplete) == 0
	r.License = c.Manifest.License
	r.Files, r.Size, r.Scripts = c.Files, c.Size, c.Scripted
	if in.Old != nil {
		r.Delta = Compare(in.Old, c)
		if before := m.Before; before != nil && before.Publisher != "" && m.Publisher != "" && before.Publisher != m.Publisher {
			r.Delta.Publisher = &Turn{before.Publisher, m.Publisher}
		}
	}
	return r
}

// unknown takes down a gap, if it is one.
func (r *Report) unknown(gap known.Gap, ok bool) {
	if ok {
		r.Unknown = append(r.Unknown, gap)
	}
}

// Lacks reports whether something is not known of the package.
func (r *Report) Lacks(what string) bool {
	return slices.ContainsFunc(r.Unknown, func(g known.Gap) bool { return g.What == what })
}

// Known is what scanning found, or why it found nothing.
func (s *Scanned) Known() known.Of[*issue.Contents] {
	switch {
	case s.Contents != nil:
		return known.Is(s.Contents)
	case s.Fetch != nil:
		return known.Not[*issue.Contents](s.Fetch.Reason)
	}
	return known.Of[*issue.Contents]{}
}

// Predecessor is what is not known of the version before an update, whose scan
// old is, so that what the update changed is not known, or not all of it. m is
// what the registry says of the update.
func Predecessor(from string, old Scanned, m known.Of[issue.Metadata]) (gap known.Gap, ok bool) {
	if gap, ok := old.Known().Gap(known.Before, ""); ok {
		gap.Reason = from + ": " + gap.Reason
		return gap, true
	}
	if old.Contents != nil && len(old.Contents.Incomplete) > 0 {
		first := old.Contents.Incomplete[0]
		reason := from + " was not scanned completely: " + strings.TrimPrefix(first.File+": "+first.Reason, ": ")
		return known.Gap{What: known.Before, Reason: reason, Asked: true}, true
	}
	if now, is := m.Get(); is && now.Exists && now.Before == nil {
		return known.Gap{What: known.Before, Reason: "the registry's document has no " + from + " any more", Asked: true}, true
	}
	return known.Gap{}, false
}
