package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lockwarden/lockwarden/app/comment"
	"github.com/lockwarden/lockwarden/app/decide"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/templates"
)

// MaxComment is how long a comment may be, in characters.
const MaxComment = 65_536

// NothingLeft is what becomes of a reply whose questions are gone.
func NothingLeft() string { return templates.Answer("nothing left", nil) + "\n" }

// Answered is what a comment was answered; one without a number is who pressed a
// button.
type Answered struct {
	Comment comment.Ref
	At      time.Time
	Words   string
}

// anchors are where comments stand on the page of a pull request.
var anchors = map[comment.Kind]string{comment.InConversation: "issuecomment-", comment.OnLine: "discussion_r",
	comment.InReview: "pullrequestreview-"}

// Reply is the one comment in a pull request, with an answer for each comment
// that needs words; empty where none does. The newest stand first, and are kept
// where they do not all fit.
func Reply(answers []Answered) string {
	answers = slices.DeleteFunc(slices.Clone(answers), func(a Answered) bool { return a.Words == "" })
	if len(answers) == 0 {
		return ""
	}
	slices.SortFunc(answers, func(a, b Answered) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Comment.ID, a.Comment.ID), cmp.Compare(a.Comment.Kind, b.Comment.Kind))
	})
	d := newDocument(MaxComment)
	for _, a := range answers {
		words := a.Words
		if a.Comment.ID > 0 {
			words = fmt.Sprintf("[To this comment](#%s%d): ", anchors[a.Comment.Kind], a.Comment.ID) + words
		}
		d.item(words + "\n\n")
	}
	return d.String()
}

// Helps reports whether an answer lists the commands.
func Helps(words string) bool { return strings.Contains(words, templates.Answer("help begins", nil)) }

// Help lists the commands, and what the policy says of accepting.
func Help(r comment.Rules) string {
	return templates.Answer("help", struct {
		comment.Rules
		Days int
	}{r, int(r.Longest / comment.Day)})
}

// answer is what a sentence of templates/answer.md can speak of; names are
// Markdown.
type answer struct {
	Verb, What, Who, Write, Refused string
	Line, More                      int
	There, Unknown                  []string
}

func codes(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = code(s)
	}
	return out
}

// sentence ends a text as one.
func sentence(s string) string {
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}

// Effect says what became of a command that does not do what it says.
func Effect(e *decide.Effect) string {
	a := answer{Verb: code(string(e.Verb)), What: code(e.What), Line: e.Line, Refused: sentence(e.Refused), There: codes(e.There),
		Unknown: codes(e.Unknown)}
	if e.Verb == comment.Help {
		a.Verb = "" // nobody knows which was meant
	}
	switch {
	case e.Refused != "":
		return templates.Answer("refused", a)
	case e.Missing != nil:
		a.There, a.More = codes(e.Missing.There), e.Missing.More
		return templates.Answer(string(e.Missing.Why), a)
	case e.Lasting:
		a.Write = code("/lockwarden revoke " + e.What + " in repository")
		return templates.Answer("lasting", a)
	case e.Idle:
		return templates.Answer("idle", a)
	}
	return templates.Answer("unknown", a)
}

// maxThere is how many packages an answer names.
const maxThere = 5

// NeedsReason answers an acceptance without a reason of packages that are not
// accepted without one.
func NeedsReason(subjects []string) string {
	n := min(len(subjects), maxThere)
	return templates.Answer("reason", answer{There: codes(subjects[:n]), More: len(subjects) - n})
}

// ButtonRefused answers who pressed a button that does not count.
func ButtonRefused(who, why string) string {
	return templates.Answer("button", answer{Who: code(who), Refused: why})
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
		var names []string
		for i := range r.Packages {
			names = append(names, r.Packages[i].Change.Name)
		}
		near, more := comment.Nearest(name, names, maxThere)
		return templates.Answer("unnamed", answer{What: code(name), There: codes(near), More: more})
	}
	return strings.TrimSpace(d.String())
}
