package render

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/app/comment"
	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/templates"
)

// CheckRun is what a check run says, within GitHub's limits.
// Source: https://docs.github.com/rest/checks/runs
type CheckRun struct {
	Conclusion  policy.Conclusion
	Title       string
	Summary     string
	Text        string
	Annotations []Annotation
	Actions     []Action
}

// Action is a button of a completed check run.
type Action struct {
	// Identifier (20 characters at most) comes back in the webhook, Label (20)
	// and Description (40) are shown.
	Identifier, Label, Description string
}

// The buttons.
var (
	RescanAction    = Action{"rescan", "Rescan", "Scan this head again"}
	AcceptAllAction = Action{"accept-all", "Accept all", "Accept all findings of this head"}
)

// Place says where the review is shown, for its links. The zero Place has none.
type Place struct {
	// Blob is the address of the reviewed files: a finding links to Blob,
	// the path and the line.
	Blob string
	// Decisions is the address of the page that lists the acceptances.
	Decisions string
	// Notes are sentences about the review as a whole, such as a policy file
	// that could not be read.
	Notes []string
	// Policy are findings about the policy file itself.
	Policy []Annotation
	// AcceptAll offers the button.
	AcceptAll bool
}

// MaxAnnotations is how many annotations one check run gets: GitHub takes 50 a
// request, and a run with more than this is no longer read by anybody.
const MaxAnnotations = 1000

// Check makes the check run of a review.
func Check(r *review.Review, v policy.Verdict, at Place) CheckRun {
	c := CheckRun{Conclusion: v.Conclusion, Title: fit(Title(r, v), 200), Annotations: append(append([]Annotation(nil), at.Policy...),
		Annotations(v)...)}
	if n := len(c.Annotations); n > MaxAnnotations {
		c.Annotations = c.Annotations[:MaxAnnotations]
		at.Notes = append(at.Notes, fmt.Sprintf("%d of %d findings have an annotation; the others stand only in the text below.", MaxAnnotations,
			n))
	}
	d := newDocument(MaxMarkdown)
	summary(d, r, v, at)
	c.Summary = d.String()
	d = newDocument(MaxMarkdown)
	details(d, r, v)
	c.Text = d.String()
	c.Actions = []Action{RescanAction}
	if at.AcceptAll && len(v.Blocking())+len(v.NotScanned)+len(v.NotKnown) > 0 {
		c.Actions = append(c.Actions, AcceptAllAction)
	}
	return c
}

// Nothing is the check run of a pull request that changes nothing of its
// dependencies: green at once, so that the check can be required.
func Nothing(at Place) CheckRun {
	d := newDocument(MaxMarkdown)
	d.item("## ✅ No dependency changes\n\nThis head changes no lockfile, no package.json and no setting of a package manager.\n\n")
	notes(d, at)
	return CheckRun{Conclusion: policy.Success, Title: "No dependency changes", Summary: d.String(), Annotations: at.Policy,
		Actions: []Action{RescanAction}}
}

// Failed is the check run of a review that could not be made: never green.
func Failed(reason string, at Place) CheckRun {
	d := newDocument(MaxMarkdown)
	d.item("## ⚠️ The review could not be made\n\n" + escape(reason) +
		"\n\nNothing was evaluated, so nothing is known to be clean. Press **Rescan** to try again; the server's log says more.\n\n")
	notes(d, at)
	return CheckRun{Conclusion: policy.ActionRequired, Title: "The review could not be made", Summary: d.String(), Annotations: at.Policy,
		Actions: []Action{RescanAction}}
}

// Elsewhere is the check run of a review that passes on a commit that is the
// head of another pull request too, which does not pass, or not yet.
func Elsewhere(c CheckRun, pull int, conclusion policy.Conclusion) CheckRun {
	c.Conclusion = policy.ActionRequired
	words := fmt.Sprintf("Pull request %d has the same head and is not reviewed yet.", pull)
	if conclusion != "" {
		c.Conclusion = conclusion
		words = fmt.Sprintf("Pull request %d has the same head and does not pass.", pull)
	}
	c.Title = fit(c.Title, 120) + fmt.Sprintf("; pull request %d keeps it from passing", pull)
	note := "> [!WARNING]\n> " + words +
		" A check belongs to a commit, so it passes when every open pull request of this commit does. See that pull request's findings, or " +
		"close it.\n\n"
	if len(note)+len(c.Summary) <= MaxMarkdown {
		c.Summary = note + c.Summary
	}
	return c
}

// Scanning is what a check run says while the packages are scanned.
func Scanning(p review.Progress) (title, summary string) {
	if p.Total == 0 {
		return "Reading the lockfiles", "The lockfiles of the merge base and of this head are compared."
	}
	return fmt.Sprintf("Scanning, %d of %d package versions done", p.Done, p.Total),
		fmt.Sprintf("%d of %d package versions are scanned, %d of them were known. Nothing of a package is executed.", p.Done, p.Total, p.Cached)
}

// fit cuts a line at a number of characters.
func fit(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

func notes(d *document, at Place) {
	for _, note := range at.Notes {
		d.item("> [!NOTE]\n> " + escape(note) + "\n\n")
	}
}

// summary leads with the outcome and everything a decision needs; what is cut
// first stands last.
func summary(d *document, r *review.Review, v policy.Verdict, at Place) {
	d.item("## " + verdictWord(v) + " " + escape(Title(r, v)) + "\n\n")
	notes(d, at)
	findings(d, "What blocks", v.Findings, at, func(f *policy.Finding) bool { return f.Blocks() })
	findings(d, "Not fully scanned, so not known to be clean", v.Findings, at, func(f *policy.Finding) bool {
		return f.Issue.ID == policy.Incomplete && f.Accepted == nil
	})
	notKnown(d, v, at)
	howToAccept(d, v)
	accepted(d, v, at)
	findings(d, "Worth a look", v.Findings, at, func(f *policy.Finding) bool {
		return f.Action == policy.Warn && f.Accepted == nil && !f.Absent()
	})
	if len(r.Packages) > 0 {
		d.item("| Package | Change | Required by | New behaviors | Issues | Verdict |\n|---|---|---|---|---|---|\n")
		verdicts := verdictWords(v)
		for i := range r.Packages {
			d.item(row(&r.Packages[i], verdicts, at))
		}
		d.item("\n")
	}
	if len(r.Moved) > 0 {
		d.item("Nothing new to scan: " + escapeList(moved(r.Moved)) + "\n\n")
	}
	if len(r.Removed) > 0 {
		names := make([]string, 0, len(r.Removed))
		for _, c := range r.Removed {
			names = append(names, nameAt(c.Name, c.From))
		}
		d.item("Removed: " + escapeList(names) + "\n\n")
	}
	findings(d, "Also noted", v.Findings, at, func(f *policy.Finding) bool {
		return f.Action == policy.Note && f.Accepted == nil && !f.Absent()
	})
}

// findings lists those that the condition picks, each with a link to its line.
func findings(d *document, heading string, list []policy.Finding, at Place, pick func(*policy.Finding) bool) {
	n := 0
	for i := range list {
		f := &list[i]
		if !pick(f) {
			continue
		}
		if n == 0 {
			d.item("**" + heading + "**\n\n")
		}
		n++
		t := templates.Issue(f.Issue.ID, f.Issue.Detail)
		title := t.Title
		if f.Issue.ID == policy.Incomplete {
			title += ": " + f.Issue.Detail["reason"]
		}
		d.item("- **" + escape(f.Subject) + "**: " + prose(title) + " (" + f.Issue.Severity.String() + ", " + code(f.Issue.ID) + ") " +
			link(at, f.File, f.Line, f.EndLine) + "\n")
	}
	if n > 0 {
		d.item("\n")
	}
}

// link points to lines of a reviewed file, because GitHub folds a lockfile's
// diff away.
func link(at Place, file string, line, end int) string {
	label := fmt.Sprintf("%s:%d", file, line)
	if at.Blob == "" {
		return code(label)
	}
	parts := strings.Split(file, "/")
	for i, p := range parts {
		parts[i] = strings.NewReplacer("(", "%28", ")", "%29").Replace(url.PathEscape(p))
	}
	lines := fmt.Sprintf("#L%d", line)
	if end > line {
		lines += fmt.Sprintf("-L%d", end)
	}
	return "[" + escape(label) + "](" + at.Blob + strings.Join(parts, "/") + lines + ")"
}

// accepted names each acceptance and its author.
func accepted(d *document, v policy.Verdict, at Place) {
	list := v.Accepted()
	if len(list) == 0 {
		return
	}
	d.item("**Accepted**\n\n")
	for _, f := range list {
		a := f.Accepted
		where := ""
		if strings.HasPrefix(a.URL, "https://") && !strings.ContainsAny(a.URL, " ()<>") {
			where = " ([comment](" + a.URL + "))"
		}
		d.item("- **" + escape(f.Subject) + "** " + code(f.Issue.ID) + " by " + escapeLong(acceptedBy(a), 1200) + where + "\n")
	}
	if at.Decisions != "" {
		d.item("\n[All decisions in this repository](" + at.Decisions + ")\n")
	}
	d.item("\n")
}

// howToAccept stands directly below what blocks, so that no table takes its
// place, and ends with a command that can be copied.
func howToAccept(d *document, v policy.Verdict) {
	var first *policy.Finding
	for i := range v.Findings {
		f := &v.Findings[i]
		if f.Accepted == nil && f.Version != "" && (f.Blocks() || f.Open()) {
			first = f
			break
		}
	}
	if first == nil {
		return
	}
	command := "/lockwarden accept " + first.Subject + " " + first.Issue.ID + " because …"
	if len(comment.Parse(command, "")) == 0 || strings.ContainsAny(command, "`\n") {
		return
	}
	d.item("**To accept a risk**, a maintainer who is not the author comments, on a line of its own:\n\n```\n" + clean(command, 400) +
		"\n```\n\nWithout an id all findings of that version are accepted; `/lockwarden help` lists all commands.\n\n")
}

// verdictWords says of each package and version what the policy makes of it.
func verdictWords(v policy.Verdict) map[string]string {
	worst := map[string]int{}
	for i := range v.Findings {
		f := &v.Findings[i]
		rank := 0
		switch {
		case f.Blocks():
			rank = 5
		case f.Open():
			rank = 4
		case f.Action == policy.Warn && f.Accepted == nil:
			rank = 3
		case f.Accepted != nil:
			rank = 2
		}
		worst[f.Subject] = max(worst[f.Subject], rank)
	}
	words := map[string]string{}
	for subject, rank := range worst {
		words[subject] = []string{"✅ passes", "", "☑️ accepted", "⚠️ look", "⚠️ not known", "❌ blocks"}[rank]
	}
	return words
}

func row(p *review.Package, verdicts map[string]string, at Place) string {
	c := &p.Change
	why := "the project"
	if len(c.Why) > 1 {
		why = escape(strings.Join(c.Why[:len(c.Why)-1], " › "))
	} else if !c.Direct {
		why = "–"
	}
	ids, _ := gains(p)
	does := escape(strings.Join(firstFew(ids, 5), ", "))
	switch {
	case p.Own:
		does = "part of this repository"
	case p.Report.NotScanned != "":
		does = "**not scanned**"
	case does == "":
		does = "–"
	}
	var counts [issue.Info + 1]int
	for _, found := range p.Report.Issues {
		counts[found.Severity]++
	}
	var issues []string
	for s, n := range counts {
		if n > 0 {
			issues = append(issues, fmt.Sprintf("%d %s", n, issue.Severity(s)))
		}
	}
	if len(issues) == 0 {
		issues = []string{"–"}
	}
	dev := ""
	if c.Dev {
		dev = " (dev)"
	}
	verdict := verdicts[p.Report.Name+"@"+p.Report.Version]
	if verdict == "" {
		verdict = "✅ passes"
	}
	place := link(at, c.File, c.Line, c.EndLine)
	if at.Blob == "" {
		place = strings.ReplaceAll(place, "|", "\\|") // code, which ends at a pipe here
	}
	return fmt.Sprintf("| **%s** %s%s | %s, %s | %s | %s | %s | %s |\n", escape(c.Name), escape(transition(&c.Change)), dev,
		changeWord(c.Kind), place, why, does, strings.Join(issues, ", "), verdict)
}

func changeWord(k lockfile.Kind) string { return string(k) }

// details are the packages that have something to say, folded.
func details(d *document, r *review.Review, v policy.Verdict) {
	for i := range v.Findings {
		if f := &v.Findings[i]; strings.HasPrefix(f.Issue.ID, "policy/") {
			d.item(issueMarkdown(f.Issue, f.Subject))
		}
	}
	for _, whole := range r.Whole {
		d.item(issueMarkdown(whole.Issue, whole.File))
	}
	for i := range r.Packages {
		if p := &r.Packages[i]; notable(p) {
			d.item(folded(p))
		}
	}
}
