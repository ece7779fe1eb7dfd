package render

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/known"
	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/templates"
)

// ReviewPage is what a review's page shows.
type ReviewPage struct {
	// Repository is OWNER/NAME, Thread a pull request or merge group, Pull the
	// pull request's address on GitHub, empty for a merge group.
	Repository, Thread, Pull string
	SHA, Conclusion          string
	// Review is nil where the head is not reviewed yet.
	Review    *review.Review
	Completed time.Time
	Decisions []Decided
	// Query is the page's own, with the reader's filters.
	Query url.Values

	Frame Frame
	// DecisionsPage is the address of the repository's decisions; PackageLink
	// that of a package's report, compared with version from where that is not
	// empty; nil where there are none.
	DecisionsPage string
	PackageLink   func(name, version, from string) string
}

// Decided is one line of the audit.
type Decided struct {
	At                    time.Time
	Actor, Action, Detail string
}

type reviewPage struct {
	frame
	Repository, Thread, Pull, SHA, Conclusion, Counted, Colour, Plain string
	DecisionsPage                                                     string
	Reviewed                                                          bool
	Completed                                                         time.Time
	Lockfiles, Notes, Removed, Moved                                  []string
	Whole                                                             []wholeView
	Unknown                                                           []gapView
	MoreUnknown                                                       int
	Choices                                                           []choiceView
	Hidden                                                            []Field
	Query                                                             string
	Shown, Total                                                      int
	Tree                                                              []*nodeView
	Decisions                                                         []Decided
}

type wholeView struct{ Severity, Title, Where, Problem, NextSteps string }

type choiceView struct {
	Name, Label string
	Options     []optionView
}

type optionView struct {
	Value, Label string
	Selected     bool
}

// nodeView is a package on the way to others, or one that came in.
type nodeView struct {
	Name    string
	Package *packageView
	Below   []*nodeView
	Open    bool
	Count   int
}

type packageView struct {
	Name, From, Version, Kind, Worst, NotScanned, Link string
	// Report and Compare are addresses of pages, empty where there is none.
	Report, Compare    string
	Dev, Chosen        bool
	Why, Places, Delta []string
	Issues             []issueView
	Behaviors          []behaviorView
	Unknown            []gapView
}

// filters of the page, in the order in which they stand there.
var filters = []struct{ name, label, options string }{
	{"severity", "Issues", "any,critical,high,medium,low"},
	{"scope", "Used in", "both,production,development"},
	{"context", "Runs", "whenever,install,launch"},
	{"change", "Change", "every,added,updated,notable update,not scanned"},
}

// ReviewHTML writes a review's page. Filters and details are parts of its
// address: it needs no script.
func ReviewHTML(w io.Writer, p ReviewPage) error {
	view := reviewPage{frame: framed(p.Frame, p.Repository+" "+p.Thread), Repository: p.Repository, Thread: p.Thread, Pull: p.Pull,
		SHA: p.SHA, Conclusion: p.Conclusion, DecisionsPage: p.DecisionsPage, Reviewed: p.Review != nil, Completed: p.Completed.UTC(),
		Query: p.Query.Get("q"), Decisions: p.Decisions, Colour: map[string]string{"failure": "critical", "success": "fine"}[p.Conclusion]}
	if view.Colour == "" {
		view.Colour = "unknown"
	}
	plain := url.Values{}
	if key := p.Query.Get("key"); key != "" {
		plain.Set("key", key)
		view.Hidden = append(view.Hidden, Field{"key", key})
	}
	view.Plain = "?" + plain.Encode()
	for _, f := range filters {
		c := choiceView{Name: f.name, Label: f.label}
		for _, o := range strings.Split(f.options, ",") {
			c.Options = append(c.Options, optionView{o, o, p.Query.Get(f.name) == o})
		}
		view.Choices = append(view.Choices, c)
	}
	if r := p.Review; r != nil {
		view.Lockfiles, view.Notes, view.Total = r.Lockfiles, r.Notes, len(r.Packages)
		view.Counted = counted(r)
		for _, i := range r.Whole {
			t := templates.Issue(i.Issue.ID, i.Issue.Detail)
			view.Whole = append(view.Whole, wholeView{i.Issue.Severity.String(), t.Title, fmt.Sprintf("%s:%d", i.File, i.Line), t.Problem,
				t.NextSteps})
		}
		for _, u := range r.NotKnown() {
			if len(view.Unknown) == maxUnknown {
				view.MoreUnknown++
				continue
			}
			view.Unknown = append(view.Unknown, gapViewOf(u.Package, u.Gap))
		}
		view.Moved = moved(r.Moved)
		for _, c := range r.Removed {
			view.Removed = append(view.Removed, nameAt(c.Name, c.From))
		}
		root := &nodeView{}
		for i := range r.Packages {
			pkg := &r.Packages[i]
			if !wanted(pkg, p.Query) {
				continue
			}
			view.Shown++
			root.add(pkg, &p)
		}
		view.Tree = root.Below
	}
	if view.Reviewed {
		view.Title = view.Counted + " – " + view.Title
	}
	return write(w, "review.html", view)
}

// counted says in words how much came in.
func counted(r *review.Review) string {
	added, updated := 0, 0
	for i := range r.Packages {
		if r.Packages[i].Change.Kind == lockfile.Added {
			added++
		} else {
			updated++
		}
	}
	parts := []string{plural(added, "new package"), plural(updated, "update")}
	if n := len(r.Moved); n > 0 {
		parts = append(parts, plural(n, "package")+" moved")
	}
	if n := len(r.Removed); n > 0 {
		parts = append(parts, plural(n, "package")+" removed")
	}
	var lacking []known.Gap
	for _, u := range r.NotKnown() {
		if u.What != known.Downloads {
			lacking = append(lacking, u.Gap)
		}
	}
	if words := gapTitles(lacking); words != "" {
		parts = append(parts, words)
	}
	return strings.Join(parts, ", ")
}

// wanted reports whether a package passes the reader's filters.
func wanted(p *review.Package, q url.Values) bool {
	if least, err := issue.ParseSeverity(q.Get("severity")); err == nil &&
		!slices.ContainsFunc(p.Report.Issues, func(i issue.Issue) bool { return i.Severity <= least }) {
		return false
	}
	switch q.Get("scope") {
	case "production":
		if p.Change.Dev {
			return false
		}
	case "development":
		if !p.Change.Dev {
			return false
		}
	}
	context := map[string]javascript.Context{"install": javascript.Install, "launch": javascript.Launch}[q.Get("context")]
	if context != 0 {
		runs := false
		for _, b := range p.Report.Behaviors {
			runs = runs || b.Contexts&context != 0
		}
		if !runs {
			return false
		}
	}
	switch q.Get("change") {
	case "added":
		if p.Change.Kind != lockfile.Added {
			return false
		}
	case "updated":
		if p.Change.Kind == lockfile.Added {
			return false
		}
	case "notable update":
		if p.Report.Delta == nil || !p.Report.Delta.Notable() {
			return false
		}
	case "not scanned":
		if p.Report.Complete {
			return false
		}
	}
	// A name leads to the package, and to everything that came in through it.
	name := strings.ToLower(strings.TrimSpace(q.Get("q")))
	has := func(step string) bool { return strings.Contains(strings.ToLower(step), name) }
	return has(p.Change.Name) || slices.ContainsFunc(p.Change.Why, has)
}

// add puts a package where its why-path leads.
func (n *nodeView) add(p *review.Package, page *ReviewPage) {
	at := n
	why := p.Change.Why
	for i, step := range why {
		last := i == len(why)-1
		var next *nodeView
		for _, below := range at.Below {
			if below.Name == step {
				next = below
				break
			}
		}
		if next == nil {
			next = &nodeView{Name: step}
			at.Below = append(at.Below, next)
		}
		if !last {
			next.Count++
			next.Open = true
		}
		at = next
	}
	if at == n || at.Package != nil { // without a path, or in a second lockfile
		at = &nodeView{}
		n.Below = append(n.Below, at)
	}
	at.Package = packageOf(p, page)
}

func packageOf(p *review.Package, page *ReviewPage) *packageView {
	c, q := &p.Change, page.Query
	v := &packageView{Name: c.Name, From: c.From, Version: c.To, Kind: string(c.Kind), Dev: c.Dev, NotScanned: p.Report.NotScanned, Why: c.Why}
	if len(p.Report.Issues) > 0 {
		v.Worst = p.Report.Issues[0].Severity.String()
	}
	id := c.Name + "@" + c.To
	v.Chosen = q.Get("package") == id
	link := url.Values{}
	for name, values := range q {
		if name != "package" {
			link[name] = values
		}
	}
	if v.Chosen {
		v.Link = "?" + link.Encode()
	} else {
		link.Set("package", id)
		v.Link = "?" + link.Encode() + "#package"
	}
	if !v.Chosen {
		return v
	}
	if page.PackageLink != nil && !p.Own && p.Report.NotScanned == "" {
		v.Report = page.PackageLink(c.Name, c.To, "")
		if c.From != "" {
			v.Compare = page.PackageLink(c.Name, c.To, c.From)
		}
	}
	for i, line := range c.Lines {
		if i == 20 {
			break
		}
		v.Places = append(v.Places, fmt.Sprintf("%s:%d", c.File, line))
	}
	v.Unknown = gapViews(p.Report.Unknown)
	e := newExhibits()
	for _, i := range p.Report.Issues {
		t := templates.Issue(i.ID, i.Detail)
		places, more := e.show(i.Evidence, maxPageEvidence)
		v.Issues = append(v.Issues, issueView{ID: i.ID, Severity: i.Severity.String(), Title: t.Title, Problem: t.Problem,
			NextSteps: t.NextSteps, First: places[:min(3, len(places))], Rest: places[min(3, len(places)):], More: more})
	}
	v.Behaviors = behaviorViews(p.Report.Behaviors, e)
	if d := p.Report.Delta; d != nil {
		for _, g := range d.Gained {
			v.Delta = append(v.Delta, "now also: "+templates.Behavior(g.ID).Title)
		}
		v.Delta = append(v.Delta, differences(d, true)...)
	}
	return v
}
