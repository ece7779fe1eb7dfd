package decide

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/app/comment"
	"github.com/lockwarden/lockwarden/app/policy"
)

// Entry is a line for the audit.
type Entry struct {
	Actor, Action, Detail string
	// Origin tells entries apart, so that each is written once.
	Origin string
}

// Audit is what the audit says of the comments: what took effect, and what was
// refused.
func (d *Decisions) Audit() []Entry {
	if d.thread == nil {
		return nil
	}
	var out []Entry
	for _, one := range d.folded.Refusals {
		out = append(out, Entry{one.Author, "refused", string(one.Command.Verb) + " " + one.Command.Name + "@" + one.Command.Version + ": " + one.Reason,
			fmt.Sprintf("comment/%d/%s/%d/refused", d.thread.Repository, one.Comment, one.Command.Line)})
	}
	for _, list := range []struct {
		action string
		of     []comment.Acceptance
	}{{"accepted", d.folded.Acceptances}, {"revoked", d.folded.Revocations}} {
		for _, a := range list.of {
			if a.Comment == 0 {
				continue
			}
			action, detail := list.action, strings.TrimSpace(whatOf(&a)+" "+strings.Join(a.Findings, " "))
			if action == "accepted" && slices.Contains(d.useless[a.Ref()], whatOf(&a)) {
				action, detail = "refused", "accept "+detail+": no finding of it was known"
			}
			if a.Reason != "" {
				detail += " because " + a.Reason
			}
			out = append(out, Entry{a.By, action, detail, fmt.Sprintf("comment/%d/%s/%s/%s", d.thread.Repository, a.Ref(), action, detail)})
		}
	}
	return out
}

// Answer is what a comment with commands in it is answered.
type Answer struct {
	Comment comment.Comment
	// Reaction is GitHub's name of one; empty: none.
	Reaction string
	// Refused are its commands that do not count, Useless its acceptances that
	// cover nothing that was seen, Reasonless what it does not accept for want of a
	// reason.
	Refused             []comment.Refusal
	Useless, Reasonless []string
	// Help is set where it asks for the commands; Explain are the packages that it
	// asks about.
	Help    bool
	Explain []string
}

// maxExplained is how many packages one comment gets explained: a reply holds
// about seven.
const maxExplained = 5

// Answers are what the comments are answered, given which of their acceptances
// the verdict wants a reason for.
func (d *Decisions) Answers(unreasoned []policy.Unreasoned) []Answer {
	if d.thread == nil {
		return nil
	}
	var out []Answer
	for _, c := range d.thread.Comments {
		commands := comment.Parse(c.Body, d.thread.Slug)
		if c.Bot || len(commands) == 0 {
			continue
		}
		a := Answer{Comment: c, Useless: d.useless[c.Ref()]}
		for _, one := range d.folded.Refusals {
			if one.Comment == c.Ref() {
				a.Refused = append(a.Refused, one)
			}
		}
		for _, one := range unreasoned {
			if one.Comment == c.Ref() && !slices.Contains(a.Reasonless, one.Subject) {
				a.Reasonless = append(a.Reasonless, one.Subject)
			}
		}
		for _, command := range commands {
			switch command.Verb {
			case comment.Accept, comment.Revoke:
				a.Reaction = "+1"
			case comment.Help:
				a.Help = true
			case comment.Explain:
				if command.Problem == "" && !slices.Contains(a.Explain, command.Name) && len(a.Explain) < maxExplained {
					a.Explain = append(a.Explain, command.Name)
				}
			}
		}
		if len(a.Refused)+len(a.Useless)+len(a.Reasonless) > 0 {
			a.Reaction = "confused"
		}
		out = append(out, a)
	}
	return out
}
