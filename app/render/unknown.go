package render

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/known"
	"github.com/lockwarden/lockwarden/templates"
)

// maxUnknown is how many packages of which the same is not known are listed; the
// annotations and the machine interface have all.
const maxUnknown = 20

// told reports whether readers of a summary are told that something is not
// known. How much used a package is they can do without, unless the policy
// cannot.
func told(f *policy.Finding) bool {
	return f.NotKnown() && f.Accepted == nil && (f.Action != policy.Silent || f.Issue.ID != policy.Unknown+known.Downloads)
}

// toldGaps are those of a report that its readers are told of at once.
func toldGaps(r *analyzer.Report) (out []known.Gap) {
	for _, g := range r.Unknown {
		if g.What != known.Downloads {
			out = append(out, g)
		}
	}
	return out
}

// unknownTitle is "The registry's document of 2 packages is not known".
func unknownTitle(kind, of string) string {
	return templates.Issue(policy.Unknown+kind, map[string]string{"of": of}).Title
}

// unknownGroup is what is not known of one kind, for readers.
type unknownGroup struct {
	Title string
	// Findings are the first ones, More how many are left out.
	Findings []*policy.Finding
	More     int
}

// unknownGroups puts findings of one kind together.
func unknownGroups(v policy.Verdict) (out []unknownGroup) {
	for _, kind := range known.Kinds {
		var g unknownGroup
		packages, all := map[string]bool{}, false
		for i := range v.Findings {
			f := &v.Findings[i]
			if f.Issue.ID != policy.Unknown+kind || !told(f) {
				continue
			}
			if f.Version == "" {
				all = true
			} else {
				packages[f.Subject] = true
			}
			if len(g.Findings) == maxUnknown {
				g.More++
				continue
			}
			g.Findings = append(g.Findings, f)
		}
		if len(g.Findings) == 0 {
			continue
		}
		of := ""
		switch {
		case all:
		case len(packages) == 1:
			of = " of " + clean(g.Findings[0].Subject, 120)
		default:
			of = " of " + plural(len(packages), "package")
		}
		g.Title = unknownTitle(kind, of)
		out = append(out, g)
	}
	return out
}

// inSentence makes a title a part of a sentence.
func inSentence(title string) string {
	first, size := utf8.DecodeRuneInString(title)
	return string(unicode.ToLower(first)) + title[size:]
}

// unknownWords are the parts of a title that say what is not known.
func unknownWords(v policy.Verdict) (out []string) {
	for _, g := range unknownGroups(v) {
		out = append(out, inSentence(g.Title))
	}
	return out
}

// notKnown lists in a summary what is not known, and whether that keeps the
// check from passing.
func notKnown(d *document, v policy.Verdict, at Place) {
	groups := unknownGroups(v)
	if len(groups) == 0 {
		return
	}
	d.item("**Not known**\n\n")
	for _, g := range groups {
		for _, f := range g.Findings {
			word := ""
			if f.Open() {
				word = ", has to be known"
			}
			title := prose(unknownTitle(kindOf(f), "")) + ": " + escape(f.Issue.Detail["reason"])
			d.item("- **" + escape(f.Subject) + "**: " + title + " (" + code(f.Issue.ID) + word + ") " + link(at, f.File, f.Line, f.EndLine) + "\n")
		}
		if g.More > 0 {
			d.item(fmt.Sprintf("- … and %s of which the same is not known\n", plural(g.More, "more package")))
		}
	}
	d.item("\n")
}

func kindOf(f *policy.Finding) string { return strings.TrimPrefix(f.Issue.ID, policy.Unknown) }

// unknown writes on a terminal what is not known, with what that means.
func (p *page) unknown(v policy.Verdict) {
	for _, g := range unknownGroups(v) {
		p.line("")
		style := yellow
		first := g.Findings[0]
		if first.Action == policy.Silent {
			style = dim
		}
		p.line("  " + p.paint(style, g.Title) + "  " + p.paint(dim, first.Issue.ID))
		reason := first.Issue.Detail["reason"]
		if len(g.Findings) > 1 {
			reason = first.Subject + ": " + reason
		}
		t := templates.Issue(first.Issue.ID, map[string]string{"of": "", "reason": reason})
		p.wrap("    ", clean(t.Problem, 1000), "")
		for _, f := range g.Findings[1:] {
			p.wrap("    ", clean(f.Subject+": "+f.Issue.Detail["reason"], 500), dim)
		}
		if g.More > 0 {
			p.line("    " + p.paint(dim, fmt.Sprintf("… and %s", plural(g.More, "more package"))))
		}
		p.wrap("    ", "Next: "+clean(t.NextSteps, 1000), green)
	}
}

// gapView is something that is not known on a page.
type gapView struct{ Package, Title, Problem, NextSteps string }

func gapViewOf(pkg string, g known.Gap) gapView {
	t := templates.Issue(policy.Unknown+g.What, map[string]string{"of": "", "reason": g.Reason})
	return gapView{pkg, t.Title, t.Problem, t.NextSteps}
}

// gapViews are the gaps of one report.
func gapViews(list []known.Gap) (out []gapView) {
	for _, g := range list {
		out = append(out, gapViewOf("", g))
	}
	return out
}

// gapTitles say in one line what is not known, or nothing.
func gapTitles(list []known.Gap) string {
	var out []string
	for _, kind := range known.Kinds {
		for _, g := range list {
			if g.What == kind {
				out = append(out, inSentence(unknownTitle(kind, "")))
				break
			}
		}
	}
	return strings.Join(out, ", ")
}
