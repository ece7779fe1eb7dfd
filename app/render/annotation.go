package render

import (
	"fmt"
	"sort"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/templates"
)

// Annotation is one issue on the lockfile's lines of the package it is about.
// Source: https://docs.github.com/rest/checks/runs (annotations)
type Annotation struct {
	Path      string
	StartLine int
	EndLine   int
	// Level is failure, warning or notice.
	Level   string
	Title   string
	Message string
	// Finding is the issue's id.
	Finding string
}

// maxMessage keeps an annotation below GitHub's 64 kB.
const maxMessage = 8 << 10

// Annotations are one for each issue, the worst first.
func Annotations(r *review.Review) []Annotation {
	type ranked struct {
		Annotation
		severity issue.Severity
	}
	var list []ranked
	for i := range r.Packages {
		p := &r.Packages[i]
		for _, found := range p.Report.Issues {
			a := annotation(p.Change.File, p.Change.Line, p.Change.EndLine, subject(&p.Report), found)
			list = append(list, ranked{a, found.Severity})
		}
	}
	for _, w := range r.Whole {
		list = append(list, ranked{annotation(w.File, w.Line, w.Line, w.File, w.Issue), w.Issue.Severity})
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].severity < list[j].severity })
	out := make([]Annotation, 0, len(list))
	for _, l := range list {
		out = append(out, l.Annotation)
	}
	return out
}

func annotation(file string, line, end int, subject string, found issue.Issue) Annotation {
	t := templates.Issue(found.ID, found.Detail)
	var b strings.Builder
	b.WriteString(clean(t.Problem, maxMessage/2))
	for i, e := range found.Evidence {
		if i == 3 {
			fmt.Fprintf(&b, "\n… and %s", plural(len(found.Evidence)-3, "more place"))
			break
		}
		b.WriteString("\n\n" + place(e))
	}
	b.WriteString("\n\nNext: " + clean(t.NextSteps, maxMessage/4))
	level := "notice"
	switch found.Severity {
	case issue.Critical, issue.High:
		level = "failure"
	case issue.Medium:
		level = "warning"
	}
	title := fmt.Sprintf("%s: %s", clean(subject, 120), clean(t.Title, 120))
	return Annotation{file, max(line, 1), max(end, line, 1), level, title, b.String(), found.ID}
}

// place is one piece of evidence in plain text.
func place(e behavior.Evidence) string {
	s := fmt.Sprintf("%s:%d", clean(e.File, 200), e.Line)
	if e.Snippet != "" {
		s += "  " + clean(e.Snippet, 160)
	}
	if len(e.Chain) > 1 {
		s += "\n" + clean(strings.Join(e.Chain, " → "), 400)
	}
	return s
}
