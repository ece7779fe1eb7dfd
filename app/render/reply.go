package render

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lockwarden/lockwarden/app/comment"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/templates"
)

// MaxComment is how long a comment may be, in characters.
const MaxComment = 65_536

// NothingLeft is what becomes of a reply whose questions are gone.
const NothingLeft = "_Nothing is left to answer here: the check run has the result._\n"

// Reply is the one comment in a pull request, with an answer for each comment
// that needs words; empty where none does. Answers begin with the reaction's
// name in a line of its own. The newest are kept where they do not all fit.
func Reply(answers map[int64]string) string {
	var ids []int64
	for id, a := range answers {
		if _, words, _ := strings.Cut(a, "\n"); words != "" {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	slices.Sort(ids)
	d := newDocument(MaxComment)
	for _, id := range slices.Backward(ids) {
		_, words, _ := strings.Cut(answers[id], "\n")
		if id > 0 {
			words = fmt.Sprintf("[To this comment](#issuecomment-%d): ", id) + words
		}
		d.item(words + "\n\n")
	}
	return d.String()
}

// helpBegins is how the list of commands begins.
const helpBegins = "Commands stand first in a line of a comment:"

// Helped reports whether one of the answers lists the commands.
func Helped(answers map[int64]string) bool {
	for _, a := range answers {
		if strings.Contains(a, helpBegins) {
			return true
		}
	}
	return false
}

// Help lists the commands, and what the policy says of accepting.
func Help(r comment.Rules) string {
	var b strings.Builder
	b.WriteString(helpBegins + "\n\n" +
		"| Command | What it does |\n|---|---|\n" +
		"| `/lockwarden accept NAME@VERSION because …` | accept all findings of that version |\n" +
		"| `/lockwarden accept NAME@VERSION install/script for 30d because …` | accept some findings, for a time (`12h`, `30d`, `8w`, `1y`) |\n" +
		"| `/lockwarden accept NAME@VERSION in repository because …` | accept it in later pull requests too |\n")
	if r.All {
		b.WriteString("| `/lockwarden accept all because …` | accept every finding of this head |\n")
	}
	b.WriteString("| `/lockwarden revoke NAME@VERSION` | take an acceptance back |\n" +
		"| `/lockwarden rescan` | review this head again |\n" +
		"| `/lockwarden explain NAME` | say what a package does and what is wrong with it |\n\n")
	fmt.Fprintf(&b, "Accepting needs the permission `%s` here", r.Least)
	if !r.Author {
		b.WriteString(", and is not for the author of the pull request")
	}
	switch {
	case r.ReasonRequired:
		b.WriteString("; a reason is required")
	case r.WorstNeedReason:
		b.WriteString("; a reason is required for what is critical or behaves like malware")
	}
	if r.Longest > 0 {
		fmt.Fprintf(&b, "; an acceptance holds %d days at most", int(r.Longest/(24*time.Hour)))
	}
	b.WriteString(". An edited comment is void.")
	return b.String()
}

// NeedsReason answers an acceptance without a reason of packages that are not
// accepted without one.
func NeedsReason(subjects []string) string {
	names := make([]string, 0, len(subjects))
	for i, s := range subjects {
		if i == 5 {
			names = append(names, fmt.Sprintf("%d more", len(subjects)-i))
			break
		}
		names = append(names, code(s))
	}
	return "What is critical or behaves like malware is not accepted without a reason: " + strings.Join(names, ", ") +
		". Write the command again with `because` and why it is safe here."
}

// maxExplained bounds one answer to explain.
const maxExplained = 8 << 10

// Explain says what a changed package does and what is wrong with it.
func Explain(r *review.Review, name string) string {
	d := newDocument(maxExplained)
	for i := range r.Packages {
		p := &r.Packages[i]
		if p.Change.Name != name {
			continue
		}
		d.item("**" + escape(p.Change.Name) + "** " + escape(transition(&p.Change.Change)) + "\n\n")
		if p.Report.NotScanned != "" {
			d.item("Not scanned: " + escape(p.Report.NotScanned) + "\n\n")
		}
		for _, g := range gapViews(p.Report.Unknown) {
			d.item(prose(g.Title) + ". " + prose(g.Problem) + "\n\n")
		}
		if len(p.Change.Why) > 1 {
			d.item("It comes in through " + escape(strings.Join(p.Change.Why, " › ")) + ".\n\n")
		}
		for _, found := range p.Report.Issues {
			d.item(issueMarkdown(found, ""))
		}
		if len(p.Report.Behaviors) > 0 {
			d.item("What it does:\n\n")
			for _, b := range p.Report.Behaviors {
				d.item(fmt.Sprintf("- %s (%s)%s\n", escape(templates.Behavior(b.ID).Title), contextWords(b.Contexts.Names()), firstPlace(b.Evidence)))
			}
		}
	}
	if d.b.Len() == 0 {
		return "No changed package of this head is called " + code(name) + "."
	}
	return strings.TrimSpace(d.String())
}
