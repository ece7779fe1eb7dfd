package analyzer

import (
	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/vulnerability"
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
	// Vulnerabilities are the advisories that cover it; AdvisoriesKnown is
	// false where no database answered.
	Vulnerabilities []vulnerability.Advisory
	AdvisoriesKnown bool
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
	r := Report{Name: in.Name, Version: in.Version, Integrity: scanned.Integrity, Deprecated: in.Metadata.Deprecated, Cached: scanned.Cached, Vulnerabilities: in.Advisories}
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
		if before := in.Metadata.Before; before != nil && before.Publisher != "" && in.Metadata.Publisher != "" && before.Publisher != in.Metadata.Publisher {
			r.Delta.Publisher = &Turn{before.Publisher, in.Metadata.Publisher}
		}
	}
	return r
}
