package render

import (
	"cmp"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/analyzer/prevalence"
	"github.com/lockwarden/lockwarden/analyzer/vulnerability"
	"github.com/lockwarden/lockwarden/known"
	"github.com/lockwarden/lockwarden/templates"
)

// PackagePage is what a package's page shows: the report, with what the tarball
// (nil where it was not read) and the registry say of the package as a whole.
type PackagePage struct {
	Report   *analyzer.Report
	Contents *issue.Contents
	Metadata known.Of[issue.Metadata]
	Scanned  time.Time
	// Before is the report on the version that this one is compared with, nil
	// where it stands alone.
	Before *analyzer.Report
	// Releases are versions near this one, Versions the names of all of them,
	// both the newest first.
	Releases []analyzer.Release
	Versions []string

	Frame Frame
	// Link is the address of another version's page, compared with version from
	// where that is not empty; Self and Hidden are this page's own, as a form
	// has it. Without a server they are empty.
	Link   func(version, from string) string
	Self   string
	Hidden []Field
}

// Field is a part of an address.
type Field struct{ Name, Value string }

// limits of a page that may be read on a phone.
const (
	maxPageFiles    = 600
	maxPageEvidence = 12 // of an issue
	maxPagePlaces   = 5  // of a behavior
	// maxPageCode is how many bytes of marked-up code, and of the ways that lead
	// there, a page has; beyond that places are named only.
	maxPageCode     = 80_000
	maxPageVersions = 300
)

type packagePage struct {
	frame
	Description, Top                    string
	Tags                                []string
	Assessment                          []assessmentView
	Name, Version, Colour, Worst        string
	Read, Complete, Malware             bool
	Scanned, Published                  time.Time
	Publisher, License, Size, Downloads string
	Files, Scripts                      int
	Lifecycle                           []lifecycleView
	Maintainers                         []string
	Provenance                          bool
	Repository                          string
	RepositoryLink, Homepage            string
	Integrity, Deprecated               string
	Issues                              []issueView
	Behaviors                           []behaviorView
	AdvisoriesKnown, DocumentKnown      bool
	Unknown                             []gapView
	Vulnerabilities                     []vulnerability.Advisory
	Dependencies                        []npm.Dependency
	Skipped                             []issue.Problem
	Blind                               []javascript.Blind
	Tree                                *fileView
	MoreFiles                           int
	From, FromProblem                   string
	Update                              *updateView
	Releases                            []releaseView
	Versions                            []string
	MoreVersions                        int
	Compare                             string
	Hidden                              []Field
}

// secureAddress is an https address that a page may link to, or empty.
func secureAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(address) > 500 {
		return ""
	}
	return u.String()
}

// assessmentView sums up the issues of one kind.
type assessmentView struct {
	Name, Word, Colour string
}

// assessed are the kinds, by the categories of issues that are in them.
var assessed = []struct {
	name       string
	categories []string
}{
	{"Compliance", []string{"license", "policy", "secret"}},
	{"Security", []string{"vulnerability", "dependency", "identity", "lockfile"}},
	{"Threats", []string{"malware", "code", "install", "network", "behavior"}},
}

// assess counts the issues of each kind. What was not read, or not asked for, is
// not known to be free of them.
func (v *packagePage) assess(r *analyzer.Report) {
	for _, kind := range assessed {
		a := assessmentView{Name: kind.name, Word: "nothing found", Colour: "success"}
		count := 0
		for _, i := range r.Issues { // the worst first
			if !slices.Contains(kind.categories, category(i.ID)) {
				continue
			}
			if count++; count == 1 {
				a.Colour = i.Severity.String()
			}
		}
		switch {
		case count > 0:
			a.Word = plural(count, "issue") + ", " + a.Colour
			if count > 1 {
				a.Word = plural(count, "issue") + ", the worst " + a.Colour
			}
		case r.NotScanned != "":
			a.Word, a.Colour = "not known", "waiting"
		case kind.name == "Security" && len(toldGaps(r)) > 0:
			a.Word, a.Colour = "nothing found; "+gapTitles(toldGaps(r)), "waiting"
		case !r.Complete:
			a.Word, a.Colour = "nothing found in what was read", "waiting"
		}
		v.Assessment = append(v.Assessment, a)
	}
}

// top is the band of a package among the most used ones, or empty.
func top(name string) string {
	rank := prevalence.Rank(name)
	for b := prevalence.Top100; b < prevalence.Community; b++ {
		if rank > 0 && rank <= b.Size() {
			return b.String()
		}
	}
	return ""
}

// updateView is what a version changes.
type updateView struct {
	Quiet         bool
	Gained        []behaviorView
	Lost, Besides []string
}

type releaseView struct {
	analyzer.Release
	This          bool
	Link, Compare string
	Changes       []string
}

type lifecycleView struct{ Name, Command string }

type issueView struct {
	ID, Severity, Title, Problem, NextSteps string
	// First are the places that show at once, Rest those behind a click, More
	// those that are not shown.
	First, Rest []evidenceView
	More        int
	Bands       []bandView
}

type behaviorView struct {
	ID, Title, Category, HowCommon string
	Contexts                       []string
	Rare, Common                   bool
	Evidence                       []evidenceView
	// Places counts the evidence, More what of it is not shown.
	Places, More int
	Bands        []bandView
}

type bandView struct {
	Name                  string
	Found, Scanned, Width int
}

// HTML writes a package's page. It is one file that needs nothing else: without
// a server it has no script, and no other host is asked.
func HTML(w io.Writer, p PackagePage) error {
	r, m := p.Report, p.Metadata.OrZero()
	view := packagePage{frame: framed(p.Frame, strings.TrimSpace(r.Name+" "+r.Version)), Name: r.Name, Version: r.Version,
		Read: r.NotScanned == "", Complete: r.Complete, Scanned: p.Scanned.UTC(),
		Published: m.Published, Publisher: m.Publisher, License: r.License, Files: r.Files, Scripts: r.Scripts, Size: size(r.Size),
		Integrity: r.Integrity, Deprecated: r.Deprecated,
		Provenance: m.Provenance, AdvisoriesKnown: !r.Lacks(known.Advisories), DocumentKnown: p.Metadata.Known(), Unknown: gapViews(r.Unknown),
		Vulnerabilities: r.Vulnerabilities, Skipped: r.Skipped, Blind: r.Blind, Tree: &fileView{}}
	view.Survey = survey()
	for _, m := range m.Maintainers {
		view.Maintainers = append(view.Maintainers, m.Name)
	}
	if n, ok := m.Downloads.Get(); ok {
		view.Downloads = templates.Thousands(int(n))
	}
	e := newExhibits()
	for _, i := range r.Issues {
		t := templates.Issue(i.ID, i.Detail)
		v := issueView{ID: i.ID, Severity: i.Severity.String(), Title: t.Title, Problem: t.Problem, NextSteps: t.NextSteps}
		places, more := e.show(i.Evidence, maxPageEvidence)
		v.First, v.Rest, v.More = places[:min(3, len(places))], places[min(3, len(places)):], more
		if surveyedIssue(i.ID) {
			v.Bands = bandViews(i.ID)
		}
		if view.Worst == "" { // they are sorted
			view.Worst = v.Severity
		}
		view.Malware = view.Malware || strings.HasPrefix(i.ID, "malware/") && i.Severity <= issue.High
		view.Issues = append(view.Issues, v)
	}
	view.Behaviors = behaviorViews(r.Behaviors, e)
	view.Colour = view.Worst
	lacks := !view.Complete || slices.ContainsFunc(r.Unknown, func(g known.Gap) bool { return g.What == known.Metadata && g.Asked })
	if !view.Read || lacks && view.Worst != "critical" && view.Worst != "high" {
		view.Colour = "unknown"
	}
	if c := p.Contents; c != nil {
		view.Description = clean(c.Manifest.Description, 300)
		view.Dependencies, view.Repository = c.Manifest.Dependencies, c.Manifest.Repository
		// npm writes addresses as git has them.
		address := strings.TrimSuffix(strings.TrimPrefix(c.Manifest.Repository, "git+"), ".git")
		if view.RepositoryLink = secureAddress(address); view.RepositoryLink != "" {
			view.Repository = address
		}
		view.Homepage = secureAddress(c.Manifest.Homepage)
		for _, name := range c.LifecycleScripts() {
			view.Lifecycle = append(view.Lifecycle, lifecycleView{name, c.Manifest.Scripts[name].Command})
		}
		view.Tree, view.MoreFiles = tree(c.Inventory, e.found)
	}
	for _, release := range p.Releases {
		if release.Version == r.Version {
			view.Tags = release.Tags
		}
	}
	view.Top = top(r.Name)
	view.assess(r)
	view.update(p)
	view.versions(p)
	return write(w, "report.html", view)
}

// update says what the version changes against the one that it is compared
// with.
func (v *packagePage) update(p PackagePage) {
	if p.Before == nil {
		return
	}
	v.From = p.Before.Version
	switch {
	case p.Before.NotScanned != "":
		v.FromProblem = "version " + v.From + " was not scanned: " + p.Before.NotScanned
	case !p.Before.Complete || !p.Report.Complete:
		v.FromProblem = "one of the two was not scanned completely; what is missing is in no list below."
	}
	d := p.Report.Delta
	if d == nil {
		return
	}
	u := &updateView{Quiet: !d.Notable(), Besides: differences(d, true)}
	gained := map[string]bool{}
	for _, g := range d.Gained {
		gained[g.ID] = true
	}
	for _, b := range v.Behaviors {
		if gained[b.ID] {
			u.Gained = append(u.Gained, b)
		}
	}
	for _, id := range d.Lost {
		u.Lost = append(u.Lost, templates.Behavior(id).Title)
	}
	v.Update = u
}

// versions lists the other versions, with what each changed.
func (v *packagePage) versions(p PackagePage) {
	link := func(version, from string) string {
		if p.Link == nil {
			return ""
		}
		return p.Link(version, from)
	}
	for i := range p.Releases {
		r := &p.Releases[i]
		shown := releaseView{Release: *r, This: r.Version == v.Version, Link: link(r.Version, ""), Changes: changes(r)}
		if r.Before != "" {
			shown.Compare = link(r.Version, r.Before)
		}
		v.Releases = append(v.Releases, shown)
	}
	v.MoreVersions = len(p.Versions) - len(p.Releases)
	v.Versions = p.Versions[:min(len(p.Versions), maxPageVersions)]
	if p.Link != nil {
		v.Compare, v.Hidden = p.Self, p.Hidden
	}
}

// changes says in short what a version changed.
func changes(r *analyzer.Release) (out []string) {
	if r.Before == "" {
		return nil
	}
	if r.Delta != nil {
		for _, g := range r.Delta.Gained {
			out = append(out, "now also: "+strings.TrimSuffix(templates.Behavior(g.ID).Title, "."))
		}
		out = append(out, differences(r.Delta, false)...)
		if len(out) == 0 {
			out = append(out, "nothing notable")
		}
	} else {
		d := analyzer.Delta{Dependencies: r.Dependencies}
		if r.InstallScript {
			out = append(out, "now runs something on installation")
		}
		out = append(out, differences(&d, false)...)
	}
	if r.Publisher != nil {
		out = append(out, "published by "+r.Publisher.To+", before by "+r.Publisher.From)
	}
	if r.Delta == nil {
		out = append(out, "not scanned here")
	}
	return out
}

// survey says what the figures of prevalence stand on.
func survey() string {
	t := prevalence.Shipped()
	return templates.Thousands(t.Scanned[prevalence.Community]) + " packages, " + t.Made
}

// behaviorViews puts what is rare first: it says most of the package.
func behaviorViews(list []behavior.Behavior, e *exhibits) (out []behaviorView) {
	share := func(id string) float64 {
		s, ok := prevalence.Shipped().Share(id)
		if !ok || s.Scanned[prevalence.Community] == 0 {
			return 1
		}
		return float64(s.Found[prevalence.Community]) / float64(s.Scanned[prevalence.Community])
	}
	list = slices.Clone(list)
	reached := func(b behavior.Behavior) int {
		if b.Contexts&^javascript.Unreachable == 0 {
			return 1 // what nobody can run comes last
		}
		return 0
	}
	slices.SortStableFunc(list, func(a, b behavior.Behavior) int {
		return cmp.Or(cmp.Compare(reached(a), reached(b)), cmp.Compare(share(a.ID), share(b.ID)))
	})
	for _, b := range list {
		part := share(b.ID)
		places, more := e.show(b.Evidence, maxPagePlaces)
		out = append(out, behaviorView{ID: b.ID, Title: templates.Behavior(b.ID).Title, Category: category(b.ID), HowCommon: howCommon(b.ID),
			Contexts: b.Contexts.Names(),
			Rare:     part < 0.01, Common: part >= 0.05 && part < 1, Evidence: places, Places: len(b.Evidence), More: more, Bands: bandViews(b.ID)})
	}
	return out
}

func bandViews(id string) (out []bandView) {
	s, ok := prevalence.Shipped().Share(id)
	if !ok {
		return nil
	}
	for b := prevalence.Top100; b <= prevalence.Community; b++ {
		v := bandView{Name: b.String(), Found: s.Found[b], Scanned: s.Scanned[b]}
		if s.Scanned[b] > 0 {
			v.Width = (s.Found[b]*100 + s.Scanned[b] - 1) / s.Scanned[b] // what is found at all shows
		}
		out = append(out, v)
	}
	return out
}
