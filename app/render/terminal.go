package render

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/known"
	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/templates"
)

// Screen is where a person reads.
type Screen struct {
	Color bool
	// Width is in columns.
	Width int
}

// page writes indented, wrapped text and keeps the first error.
type page struct {
	w *bufio.Writer
	s Screen
}

func newPage(w io.Writer, s Screen) *page {
	if s.Width < 40 {
		s.Width = 80
	}
	s.Width = min(s.Width, 120)
	return &page{bufio.NewWriter(w), s}
}

const (
	bold, dim, red, yellow, green, cyan = "1", "2", "31;1", "33", "32", "36"
)

func (p *page) paint(style, s string) string {
	if !p.s.Color || s == "" {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}

func (p *page) line(s string) { fmt.Fprintln(p.w, strings.TrimRight(s, " ")) }

// wrap writes text in lines of the screen's width behind an indent.
func (p *page) wrap(indent, text, style string) {
	room := p.s.Width - utf8.RuneCountInString(indent)
	current := ""
	flush := func() {
		if current != "" {
			p.line(indent + p.paint(style, current))
		}
		current = ""
	}
	for _, word := range strings.Fields(text) {
		if current != "" && utf8.RuneCountInString(current)+1+utf8.RuneCountInString(word) > room {
			flush()
		}
		if current != "" {
			current += " "
		}
		current += word
	}
	flush()
}

func (p *page) cut(s string, room int) string {
	r := []rune(s)
	if len(r) > room {
		return string(r[:max(room-1, 0)]) + "…"
	}
	return s
}

func severityStyle(s issue.Severity) string {
	switch s {
	case issue.Critical, issue.High:
		return red
	case issue.Medium:
		return yellow
	}
	return dim
}

// Review writes a review for a person.
func Review(w io.Writer, s Screen, r *review.Review, v policy.Verdict) error {
	p := newPage(w, s)
	p.line(p.paint(bold, strings.Join(r.Lockfiles, ", ")))
	p.verdict(r, v)
	p.byPolicy(v)
	var quiet, own []string
	for i := range r.Packages {
		pkg := &r.Packages[i]
		switch {
		case pkg.Own && len(pkg.Report.Issues) == 0:
			own = append(own, clean(pkg.Change.Name, 100))
		case notable(pkg):
			p.pkg(pkg)
		default:
			quiet = append(quiet, p.quiet(pkg))
		}
	}
	for _, w := range r.Whole {
		p.line("")
		p.line(p.paint(bold, clean(w.File, 200)) + p.paint(dim, fmt.Sprintf("  line %d", w.Line)))
		p.issue(w.Issue)
	}
	p.unknown(v)
	if len(quiet) > 0 {
		p.line("")
		words := " without issues"
		if len(unknownGroups(v)) > 0 {
			words += ", as far as is known"
		}
		p.line(p.paint(bold, plural(len(quiet), "package")+words))
		for _, q := range quiet {
			p.line(q)
		}
	}
	for _, note := range r.Notes {
		p.line("")
		p.wrap("", clean(note, 500), dim)
	}
	if len(own) > 0 {
		p.line("")
		p.wrap("", "Part of this repository, not scanned: "+strings.Join(own, ", "), dim)
	}
	if len(r.Moved) > 0 {
		p.line("")
		p.wrap("", clean("Nothing new to scan: "+strings.Join(moved(r.Moved), ", "), 4000), dim)
	}
	if len(r.Removed) > 0 {
		p.line("")
		var names []string
		for _, c := range r.Removed {
			names = append(names, clean(nameAt(c.Name, c.From), 100))
		}
		p.wrap("", "Removed: "+strings.Join(names, ", "), dim)
	}
	return p.w.Flush()
}

// byPolicy writes what only the policy makes an issue, and why something severe
// does not block: neither stands with the packages.
func (p *page) byPolicy(v policy.Verdict) {
	for i := range v.Findings {
		f := &v.Findings[i]
		switch {
		case strings.HasPrefix(f.Issue.ID, "policy/"):
			p.line("")
			p.line(p.paint(bold, clean(f.Subject, 100)) + p.paint(dim, fmt.Sprintf("  %s:%d", clean(f.File, 100), f.Line)))
			p.issue(f.Issue)
		case f.Issue.Severity <= issue.High && f.Action != policy.Block:
			p.wrap("  ", fmt.Sprintf("%s of %s does not block (%s)", f.Issue.ID, clean(f.Subject, 100), f.Why), dim)
		}
	}
}

func (p *page) verdict(r *review.Review, v policy.Verdict) {
	title := Title(r, v)
	switch v.Conclusion {
	case policy.Success:
		p.line(p.paint(green, "✓ "+title))
	case policy.ActionRequired:
		p.line(p.paint(yellow, "! "+title))
	default:
		p.line(p.paint(red, "✗ "+title))
	}
}

// quiet is the one line of a package without issues.
func (p *page) quiet(pkg *review.Package) string {
	head := "  " + clean(pkg.Change.Name, 60) + " " + clean(transition(&pkg.Change.Change), 60)
	ids, isDelta := gains(pkg)
	note := "does nothing notable"
	if isDelta {
		note = "nothing new"
	}
	if len(ids) > 0 {
		note = strings.Join(categories(ids), ", ")
		if isDelta {
			note = "new: " + strings.Join(ids, ", ")
		}
	}
	if isDelta {
		if more := differences(pkg.Report.Delta, false); len(more) > 0 {
			if len(ids) == 0 {
				note = ""
			}
			note = strings.TrimPrefix(note+"; "+clean(strings.Join(more, "; "), 400), "; ")
		}
	}
	room := p.s.Width - utf8.RuneCountInString(head) - 2
	return head + "  " + p.paint(dim, p.cut(note, room))
}

// pkg writes a package with its issues, the update's delta first.
func (p *page) pkg(pkg *review.Package) {
	c := &pkg.Change
	p.line("")
	p.line(p.paint(bold, clean(c.Name, 100)+" "+clean(transition(&c.Change), 100)) + "  " +
		p.paint(dim, fmt.Sprintf("%s  %s:%d", c.Kind, clean(c.File, 100), c.Line)))
	if len(c.Why) > 1 {
		p.wrap("  ", "via "+clean(strings.Join(c.Why, " › "), 300), dim)
	}
	p.gains(pkg)
	for _, found := range pkg.Report.Issues {
		p.issue(found)
	}
}

func (p *page) gains(pkg *review.Package) {
	ids, isDelta := gains(pkg)
	switch {
	case pkg.Report.NotScanned != "":
		return
	case isDelta && len(ids) == 0:
		p.line("  " + p.paint(dim, "does nothing that the version before did not"))
		p.differences(pkg.Report.Delta, false)
		return
	case len(ids) == 0:
		return
	}
	word := "does"
	if isDelta {
		word = "now also"
	}
	p.line("  " + p.paint(cyan, word))
	for i, id := range ids {
		b := pkg.Report.Find(id)
		if b == nil {
			continue
		}
		if i == 8 && len(ids) > 9 {
			p.wrap("    ", fmt.Sprintf("and %d more: %s", len(ids)-i, strings.Join(ids[i:], ", ")), dim)
			break
		}
		p.behavior(b)
	}
	if isDelta {
		p.differences(pkg.Report.Delta, false)
	}
}

// differences writes what else an update changes.
func (p *page) differences(d *analyzer.Delta, all bool) {
	for _, line := range differences(d, all) {
		p.wrap("    ", clean(line, 500), cyan)
	}
}

// Compare writes what changed between two versions for a person.
func Compare(w io.Writer, s Screen, from, to *analyzer.Report) error {
	p := newPage(w, s)
	p.line(p.paint(bold, clean(subject(from), 200)+" → "+clean(subject(to), 200)))
	for _, r := range []*analyzer.Report{from, to} {
		if r.NotScanned != "" {
			p.line(p.paint(yellow, "! "+clean(subject(r), 200)+" was not scanned: "+clean(r.NotScanned, 500)))
		} else if !r.Complete {
			p.line(p.paint(yellow, "! "+clean(subject(r), 200)+" was not scanned completely; what is missing is in no list below"))
		}
	}
	d := to.Delta
	if d == nil {
		return p.w.Flush()
	}
	unknown := gapTitles(toldGaps(to))
	switch {
	case !d.Notable() && unknown != "":
		p.line(p.paint(green, "✓ nothing notable changes, as far as is known") + p.paint(yellow, ": "+unknown))
	case !d.Notable():
		p.line(p.paint(green, "✓ nothing notable changes"))
	case unknown != "":
		p.line(p.paint(yellow, "! "+unknown))
	}
	if len(d.Gained) > 0 {
		p.line("  " + p.paint(cyan, "now also"))
		for _, g := range d.Gained {
			if b := to.Find(g.ID); b != nil {
				p.behavior(b)
			}
		}
	}
	if len(d.Lost) > 0 {
		p.line("  " + p.paint(cyan, "no longer"))
		for _, id := range d.Lost {
			if b := from.Find(id); b != nil {
				p.behavior(b)
			}
		}
	}
	if len(differences(d, true)) > 0 {
		p.line("  " + p.paint(cyan, "besides"))
		p.differences(d, true)
	}
	for _, found := range to.Issues {
		p.line("")
		p.issue(found)
	}
	for _, gap := range toldGaps(to) {
		p.wrap("", clean(unknownTitle(gap.What, "")+": "+gap.Reason, 500), dim)
	}
	return p.w.Flush()
}

func (p *page) behavior(b *behavior.Behavior) {
	where := ""
	if len(b.Evidence) > 0 {
		where = clean(b.Evidence[0].Place(), 70)
	}
	text := templates.Behavior(b.ID).Title
	if common := howCommon(b.ID); common != "" {
		where += "  " + common
	}
	p.line(fmt.Sprintf("    %s %s", text, p.paint(dim, fmt.Sprintf("(%s) %s", contextWords(b.Contexts.Names()), where))))
}

func (p *page) issue(found issue.Issue) {
	t := templates.Issue(found.ID, found.Detail)
	label := strings.ToUpper(found.Severity.String())
	p.line("  " + p.paint(severityStyle(found.Severity), label) + " " + clean(t.Title, 300) + "  " + p.paint(dim, found.ID))
	if found.Severity >= issue.Low {
		p.places(found.Evidence, 1)
		return
	}
	p.wrap("    ", clean(t.Problem, 1000), "")
	p.places(found.Evidence, 3)
	p.wrap("    ", "Next: "+clean(t.NextSteps, 1000), green)
}

func (p *page) places(list []behavior.Evidence, limit int) {
	for i, e := range list {
		if i == limit {
			p.line("    " + p.paint(dim, fmt.Sprintf("… and %s", plural(len(list)-limit, "more place"))))
			break
		}
		where := clean(e.Place(), 90)
		p.line("    " + p.paint(cyan, where) + "  " + p.paint(dim, p.cut(clean(e.Snippet, 200), p.s.Width-8-utf8.RuneCountInString(where))))
		if len(e.Chain) > 2 && limit > 1 {
			p.line("      " + p.paint(dim, p.cut(clean(strings.Join(e.Chain, " → "), 400), p.s.Width-8)))
		}
		if len(e.Flow) > 1 && limit > 1 {
			p.line("      " + p.paint(dim, p.cut(clean(flowLine(e.Flow), 400), p.s.Width-8)))
		}
	}
}

// shownBlind is how many blind spots a terminal shows.
const shownBlind = 3

// Scan writes a report on one package for a person.
func Scan(w io.Writer, s Screen, r *analyzer.Report) error {
	p := newPage(w, s)
	p.line(p.paint(bold, clean(subject(r), 200)) +
		p.paint(dim, fmt.Sprintf("  %s, %s, %d kB", plural(r.Files, "file"), plural(r.Scripts, "script"), r.Size/1000)))
	if r.NotScanned != "" {
		p.line(p.paint(yellow, "! not scanned: "+clean(r.NotScanned, 500)))
	}
	unknown := gapTitles(toldGaps(r))
	if len(r.Issues) == 0 && r.NotScanned == "" {
		if unknown != "" {
			p.line(p.paint(green, "✓ no issues, as far as is known") + p.paint(yellow, ": "+unknown))
		} else {
			p.line(p.paint(green, "✓ no issues"))
		}
	} else if unknown != "" {
		p.line(p.paint(yellow, "! "+unknown))
	}
	for _, found := range r.Issues {
		p.line("")
		p.issue(found)
		if surveyedIssue(found.ID) {
			for _, line := range bandLines(found.ID) {
				p.line("    " + p.paint(dim, line))
			}
		}
	}
	if len(r.Behaviors) > 0 {
		p.line("")
		p.line(p.paint(bold, "Behaviors"))
		for i := range r.Behaviors {
			p.behavior(&r.Behaviors[i])
		}
	}
	if n := len(r.Blind); n > 0 {
		p.line("")
		p.line(p.paint(bold, "Not followed") + p.paint(dim, "  what comes after these places may do more than is said here"))
		for _, b := range r.Blind[:min(n, shownBlind)] {
			p.line("    " + p.paint(cyan, clean(fmt.Sprintf("%s:%d", b.File, b.Line), 90)) + "  " + p.paint(dim, clean(b.What, 200)))
		}
		if n > shownBlind {
			p.line("    " + p.paint(dim, fmt.Sprintf("… and %s", plural(n-shownBlind, "more place"))))
		}
	}
	if r.NotScanned == "" {
		p.line("")
		words := "Vulnerabilities are not known."
		if !r.Lacks(known.Advisories) {
			words = "No vulnerabilities found."
			if n := len(r.Vulnerabilities); n > 0 {
				words = plural(n, "advisory") + "."
				if n > 1 {
					words = fmt.Sprintf("%d advisories.", n)
				}
			}
		}
		p.line(p.paint(dim, words))
	}
	for _, gap := range r.Unknown {
		p.wrap("", clean(unknownTitle(gap.What, "")+": "+gap.Reason, 500), dim)
	}
	return p.w.Flush()
}

// List writes a lockfile's packages for a person.
func List(w io.Writer, s Screen, lock *lockfile.Lockfile) error {
	p := newPage(w, s)
	for _, e := range lock.Entries {
		var flags []string
		for _, f := range []struct {
			set  bool
			name string
		}{{e.Dev, "dev"}, {e.Optional, "optional"}, {e.DevOptional && !e.Dev && !e.Optional, "devOptional"}, {e.Peer, "peer"}, {e.Link, "link"},
			{e.Bundled, "bundled"}} {
			if f.set {
				flags = append(flags, f.name)
			}
		}
		p.line(fmt.Sprintf("%s  %s %s", clean(e.ID(), 200), p.paint(dim, fmt.Sprintf("%s:%d", clean(e.Location, 200), e.Line)),
			p.paint(dim, strings.Join(flags, " "))))
	}
	return p.w.Flush()
}

// Diff writes the changes between two lockfiles for a person.
func Diff(w io.Writer, s Screen, changes []lockfile.Change) error {
	p := newPage(w, s)
	if len(changes) == 0 {
		p.line("No dependency changes.")
	}
	for i := range changes {
		c := &changes[i]
		style := dim
		switch c.Kind {
		case lockfile.Added:
			style = green
		case lockfile.Replaced, lockfile.Downgraded:
			style = yellow
		case lockfile.Removed:
			style = red
		}
		why := ""
		if len(c.Why) > 1 {
			why = "via " + strings.Join(c.Why[:len(c.Why)-1], " › ")
		}
		p.line(fmt.Sprintf("%s %s %s  %s", p.paint(style, fmt.Sprintf("%-10s", c.Kind)), clean(c.Name, 100), clean(transition(c), 100),
			p.paint(dim, fmt.Sprintf("line %d  %s", c.Line, clean(why, 200)))))
	}
	return p.w.Flush()
}
