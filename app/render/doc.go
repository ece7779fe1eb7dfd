// Package render turns a Review and its Verdict into what people and programs
// read: a terminal (terminal.go), the machine interface (json.go), the body of
// a check run (markdown.go), SARIF (sarif.go). It is pure: it writes to what it
// is given and decides nothing.
//
// Names, versions, snippets and paths come from strangers. Each renderer
// escapes them for its own format: no control character reaches a terminal, no
// markup and no mention a comment.
package render

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/lockfile"
)

// clean drops what would move a terminal's cursor or turn the direction of
// text, and bounds the length in bytes.
func clean(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case unicode.IsControl(r), r == '\u2028', r == '\u2029', r == unicode.ReplacementChar:
			return -1
		case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\u200e', r == '\u200f', r == '\ufeff', r >= '\u200b' &&
			r <= '\u200d':
			return -1
		}
		return r
	}, s)
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}

// plural is "1 package", "2 packages".
func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// Title is the outcome in one line: "3 new packages, 1 blocking issue".
func Title(r *review.Review, v policy.Verdict) string {
	counts := map[lockfile.Kind]int{}
	for i := range r.Packages {
		counts[r.Packages[i].Change.Kind]++
	}
	counts[lockfile.Removed] = len(r.Removed)
	counts[lockfile.Moved] += len(r.Moved)
	var parts []string
	for _, k := range []struct {
		kind lockfile.Kind
		word string
	}{{lockfile.Added, "new package"}, {lockfile.Upgraded, "update"}, {lockfile.Downgraded, "downgrade"},
		{lockfile.Replaced, "replaced package"}, {lockfile.Moved, "moved package"}, {lockfile.Removed, "removal"}} {
		if n := counts[k.kind]; n > 0 {
			parts = append(parts, plural(n, k.word))
		}
	}
	switch n := notLocked(r); {
	case n == 1:
		parts = append(parts, "1 dependency not locked")
	case n > 1:
		parts = append(parts, fmt.Sprintf("%d dependencies not locked", n))
	case len(parts) == 0 && slices.ContainsFunc(r.Whole, func(w review.WholeIssue) bool { return w.Issue.ID == policy.Incomplete }):
		parts = []string{"Dependencies not read"}
	case len(parts) == 0 && slices.ContainsFunc(r.Whole, func(w review.WholeIssue) bool { return strings.HasPrefix(w.Issue.ID, "project/") }):
		parts = []string{"Package manager settings changed"}
	case len(parts) == 0:
		parts = []string{"No dependency changes"}
	}
	blocking, warnings := 0, 0
	for i := range v.Findings {
		f := &v.Findings[i]
		switch {
		case f.Blocks():
			blocking++
		case f.Action == policy.Warn && f.Accepted == nil && !f.Absent():
			warnings++
		}
	}
	switch {
	case blocking > 0:
		parts = append(parts, plural(blocking, "blocking issue"))
	case warnings > 0:
		parts = append(parts, plural(warnings, "issue")+" to look at")
	default:
		parts = append(parts, "nothing that blocks")
	}
	packages, files := notScanned(r, v)
	if packages > 0 {
		parts = append(parts, plural(packages, "package")+" not fully scanned")
	}
	if files > 0 {
		parts = append(parts, plural(files, "file")+" not fully read")
	}
	parts = append(parts, unknownWords(v)...)
	if n := len(v.Accepted()); n > 0 {
		said := fmt.Sprintf("%d accepted", n)
		// What was let through is said where people look first.
		if worst := letThrough(v); worst != "" {
			said += " (" + worst + ")"
		}
		parts = append(parts, said)
	}
	return strings.Join(parts, ", ")
}

// letThrough says what of the accepted is critical or behaves like malware: "1
// critical: colors@1.0.1".
func letThrough(v policy.Verdict) string {
	n, subject := 0, ""
	for _, f := range v.Accepted() {
		if f.Worst() {
			if n++; subject == "" {
				subject = f.Subject
			}
		}
	}
	switch {
	case n == 0:
		return ""
	case n == 1:
		return "1 critical: " + subject
	}
	return fmt.Sprintf("%d critical, %s among them", n, subject)
}

// notScanned counts the packages and the files of which something was not read.
func notScanned(r *review.Review, v policy.Verdict) (packages, files int) {
	for _, subject := range v.NotScanned {
		if slices.ContainsFunc(r.Whole, func(w review.WholeIssue) bool { return w.File == subject && w.Issue.ID == policy.Incomplete }) {
			files++
		} else {
			packages++
		}
	}
	return packages, files
}

// notLocked counts what a package.json asks for and no lockfile holds.
func notLocked(r *review.Review) int {
	n := 0
	for _, w := range r.Whole {
		if w.Issue.ID == "lockfile/not-locked" {
			n++
		}
	}
	return n
}

// transition is "1.0.0 → 1.1.0", or the one version there is.
func transition(c *lockfile.Change) string {
	switch c.Kind {
	case lockfile.Upgraded, lockfile.Downgraded:
		return c.From + " → " + c.To
	case lockfile.Removed:
		return c.From
	case lockfile.Replaced:
		return c.To + " (replaced)"
	case lockfile.Moved:
		return c.To + where(c)
	}
	return c.To
}

// gains lists what an update brings, or all of what a new package can do.
func gains(p *review.Package) (ids []string, isDelta bool) {
	if d := p.Report.Delta; d != nil {
		for _, g := range d.Gained {
			ids = append(ids, g.ID)
		}
		return ids, true
	}
	for _, b := range p.Report.Behaviors {
		if names := b.Contexts.Names(); len(names) > 1 || len(names) == 1 && names[0] != "unreachable" {
			ids = append(ids, b.ID)
		}
	}
	return ids, false
}

// notable reports whether a package deserves more than a line in a list.
func notable(p *review.Package) bool {
	for _, i := range p.Report.Issues {
		if i.Severity <= issue.Low && !p.OldNews(i) {
			return true
		}
	}
	return p.Report.NotScanned != "" && !p.Own
}

// categories groups ids by the part before the slash.
func categories(ids []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, id := range ids {
		c, _, _ := strings.Cut(id, "/")
		if !seen[c] {
			seen[c] = true
			out = append(out, c)
		}
	}
	sort.Strings(out)
	return out
}

// contextWords are the contexts a reader should know, most dangerous first.
func contextWords(names []string) string {
	return strings.Join(names, ", ")
}

// pieces of a report that several renderers show.
func subject(r *analyzer.Report) string { return r.Name + "@" + r.Version }
