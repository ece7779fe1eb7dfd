package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/templates"
)

// MaxMarkdown is how long GitHub lets a check run's summary be, in characters
// (bytes are counted here, which are never fewer).
// Source: https://docs.github.com/rest/checks/runs
const MaxMarkdown = 65_535

// escape makes a stranger's text plain in Markdown: no markup, no link, no
// mention, no HTML. It never stands at the beginning of a line, so that what
// means something only there (lists, headings) needs no escape.
func escape(s string) string { return escapeLong(s, 500) }

func escapeLong(s string, limit int) string {
	var b strings.Builder
	for _, r := range clean(s, limit) {
		switch r {
		case '\\', '`', '*', '_', '[', ']', '|', '~':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '#':
			b.WriteString("&#35;") // #1 would link to an issue
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '&':
			b.WriteString("&amp;")
		case '@':
			b.WriteString("&#64;")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// code shows a stranger's text as code: longer fences than any in it. In a table, a
// pipe would end the cell.
func code(s string) string {
	s = strings.TrimSpace(clean(s, 300))
	if s == "" {
		return ""
	}
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// prose is our own text with a stranger's details in it.
func prose(s string) string { return escape(s) }

// document is cut by whole items.
type document struct {
	b     strings.Builder
	limit int
	left  int
}

// newDocument keeps room for the sentence that says what was left out.
func newDocument(limit int) *document { return &document{limit: limit - 300} }

// String is the document, with a last line that counts what did not fit.
func (d *document) String() string {
	if d.left > 0 {
		fmt.Fprintf(&d.b, "\n_%s left out here: GitHub's limit of length. The annotations and `lockwarden review` have them._\n",
			plural(d.left, "item"))
	}
	return d.b.String()
}

// item adds a piece if it fits; what does not fit is counted.
func (d *document) item(s string) {
	if d.left > 0 || d.b.Len()+len(s) > d.limit {
		d.left++
		return
	}
	d.b.WriteString(s)
}

// Markdown writes a review as one document.
func Markdown(w io.Writer, r *review.Review, v policy.Verdict) error {
	_, err := io.WriteString(w, markdown(r, v, MaxMarkdown))
	return err
}

func markdown(r *review.Review, v policy.Verdict, limit int) string {
	d := newDocument(limit)
	summary(d, r, v, Place{Notes: r.Notes})
	details(d, r, v)
	return d.String()
}

func verdictWord(v policy.Verdict) string {
	switch v.Conclusion {
	case policy.Success:
		return "✅"
	case policy.ActionRequired:
		return "⚠️"
	}
	return "❌"
}

func escapeList(names []string) string {
	const most = 50
	out := make([]string, 0, len(names))
	for i, n := range names {
		if i == most {
			out = append(out, fmt.Sprintf("and %d more", len(names)-most))
			break
		}
		out = append(out, escape(n))
	}
	return strings.Join(out, ", ")
}

// folded is one package, folded.
func folded(p *review.Package) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<details><summary><b>%s</b> %s</summary>\n\n", escape(p.Change.Name), escape(transition(&p.Change.Change)))
	if p.Report.NotScanned != "" {
		fmt.Fprintf(&b, "Not scanned: %s\n\n", escape(p.Report.NotScanned))
	}
	ids, isDelta := gains(p)
	if len(ids) > 0 {
		if isDelta {
			b.WriteString("This version does what the last one did not:\n\n")
		} else {
			b.WriteString("What it does:\n\n")
		}
		for _, id := range firstFew(ids, 20) {
			found := p.Report.Find(id)
			if found == nil {
				fmt.Fprintf(&b, "- %s\n", escape(id))
				continue
			}
			fmt.Fprintf(&b, "- %s (%s)%s, %s\n", escape(templates.Behavior(id).Title), contextWords(found.Contexts.Names()),
				firstPlace(found.Evidence), howCommon(id))
		}
		b.WriteString("\n")
	}
	if isDelta {
		if more := differences(p.Report.Delta, false); len(more) > 0 {
			b.WriteString("What else it changes:\n\n")
			for _, line := range more {
				fmt.Fprintf(&b, "- %s\n", escape(line))
			}
			b.WriteString("\n")
		}
	}
	for _, found := range p.Report.Issues {
		b.WriteString(issueMarkdown(found, ""))
	}
	b.WriteString("</details>\n\n")
	return b.String()
}

func firstFew(ids []string, n int) []string {
	if len(ids) > n {
		return append(append([]string(nil), ids[:n]...), fmt.Sprintf("and %d more", len(ids)-n))
	}
	return ids
}

func firstPlace(list []behavior.Evidence) string {
	if len(list) == 0 {
		return ""
	}
	return " " + code(list[0].Place())
}

func issueMarkdown(found issue.Issue, file string) string {
	t := templates.Issue(found.ID, found.Detail)
	var b strings.Builder
	in := ""
	if file != "" {
		in = " in " + escape(file)
	}
	fmt.Fprintf(&b, "**%s: %s**%s (%s)\n\n%s\n\n", strings.ToUpper(found.Severity.String()), prose(t.Title), in, code(found.ID),
		prose(t.Problem))
	for i, e := range found.Evidence {
		if i == 5 {
			fmt.Fprintf(&b, "- … and %s\n", plural(len(found.Evidence)-5, "more place"))
			break
		}
		fmt.Fprintf(&b, "- %s %s\n", code(e.Place()), code(e.Snippet))
		if len(e.Chain) > 1 {
			fmt.Fprintf(&b, "  %s\n", escape(strings.Join(e.Chain, " → ")))
		}
		if len(e.Flow) > 1 {
			fmt.Fprintf(&b, "  %s\n", escape(flowLine(e.Flow)))
		}
	}
	if len(found.Evidence) > 0 {
		b.WriteString("\n")
	}
	if surveyedIssue(found.ID) {
		if common := howCommon(found.ID); common != "" {
			fmt.Fprintf(&b, "Found %s.\n\n", strings.Replace(common, "rare: ", "", 1))
		}
	}
	fmt.Fprintf(&b, "Next: %s\n\n", prose(t.NextSteps))
	return b.String()
}
