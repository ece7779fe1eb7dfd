package render

import (
	"fmt"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/app/comment"
	"github.com/lockwarden/lockwarden/app/policy"
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

// Annotations are one for each finding that the policy does not silence, those
// that block first, then by severity.
func Annotations(v policy.Verdict) []Annotation {
	out := make([]Annotation, 0, len(v.Findings))
	for i := range v.Findings {
		if f := &v.Findings[i]; f.Action != policy.Silent {
			out = append(out, annotation(f))
		}
	}
	return out
}

func annotation(f *policy.Finding) Annotation {
	found := f.Issue
	t := templates.Issue(found.ID, found.Detail)
	var b strings.Builder
	if f.Accepted != nil {
		b.WriteString("Accepted by " + clean(acceptedBy(f.Accepted), 1200) + "\n\n")
	}
	b.WriteString(clean(t.Problem, maxMessage/2))
	for i, e := range found.Evidence {
		if i == 3 {
			fmt.Fprintf(&b, "\n… and %s", plural(len(found.Evidence)-3, "more place"))
			break
		}
		b.WriteString("\n\n" + place(e))
	}
	if surveyedIssue(found.ID) {
		if common := howCommon(found.ID); common != "" {
			b.WriteString("\n\nFound " + strings.TrimPrefix(common, "rare: ") + ".")
		}
	}
	b.WriteString("\n\nNext: " + clean(t.NextSteps, maxMessage/4))
	level := "notice"
	switch {
	case f.Accepted != nil || f.Action == policy.Note:
	case f.Action == policy.Block && !f.Absent():
		level = "failure"
	case f.Action >= policy.Warn:
		level = "warning"
	}
	title := fmt.Sprintf("%s: %s", clean(f.Subject, 120), clean(t.Title, 120))
	return Annotation{f.File, max(f.Line, 1), max(f.EndLine, f.Line, 1), level, title, b.String(), found.ID}
}

// acceptedBy says who accepted, when, until when and why.
func acceptedBy(a *comment.Acceptance) string {
	s := a.By + " on " + a.At.UTC().Format("2006-01-02")
	if a.Repository {
		s += " for this repository"
	}
	if !a.Until.IsZero() {
		s += ", until " + a.Until.UTC().Format("2006-01-02 15:04") + " UTC"
	}
	if a.Reason != "" {
		s += ", because " + a.Reason
	}
	return s
}

// flowLine is the way of data for readers.
func flowLine(steps []string) string { return "data: " + strings.Join(steps, " → ") }

// place is one piece of evidence in plain text.
func place(e behavior.Evidence) string {
	s := clean(e.Place(), 200)
	if e.Snippet != "" {
		s += "  " + clean(e.Snippet, 160)
	}
	if len(e.Chain) > 1 {
		s += "\n" + clean(strings.Join(e.Chain, " → "), 400)
	}
	if len(e.Flow) > 1 {
		s += "\n" + clean(flowLine(e.Flow), 400)
	}
	return s
}
