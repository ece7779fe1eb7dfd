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

// Audit is what the audit says of the comments, given the verdict: what took effect,
// and what was refused.
func (d *Decisions) Audit(v *policy.Verdict) []Entry {
	var out []Entry
	for i := range d.effects {
		e := &d.effects[i]
		add := func(action, detail, origin string) {
			out = append(out, Entry{e.By, action, detail, fmt.Sprintf("comment/%d/%s/%s", d.thread.Repository, e.Comment, origin)})
		}
		because := ""
		if e.Reason != "" {
			because = " because " + e.Reason
		}
		what := strings.TrimSpace(e.What + " " + strings.Join(e.Findings, " "))
		did := map[comment.Verb]string{comment.Accept: "accepted", comment.Revoke: "revoked"}[e.Verb]
		switch {
		case e.Refused != "":
			add("refused", strings.TrimSpace(string(e.Verb)+" "+e.What)+": "+e.Refused, fmt.Sprintf("%d/refused", e.Line))
		case e.Missing != nil:
			detail := "accept " + what + ": no finding of it was known" + because
			add("refused", detail, "refused/"+detail)
		case e.Idle:
			// Of the same origin as what took effect: what it did first is what it did.
			add("refused", "revoke "+what+": nothing of it was accepted", "revoked/"+what+because)
		default:
			without, accepted := d.judged(e, v)
			if len(without) > 0 {
				detail := "accept " + what + ": not without a reason: " + strings.Join(without, ", ") + because
				add("refused", detail, "refused/"+detail)
			}
			if len(without) == 0 || accepted {
				add(did, what+because, did+"/"+what+because)
			}
		}
	}
	return out
}

// judged says what the verdict made of an acceptance: which packages it does not
// accept for want of a reason, and whether it accepts others.
func (d *Decisions) judged(e *Effect, v *policy.Verdict) (without []string, accepted bool) {
	if e.Verb != comment.Accept || v == nil {
		return nil, false
	}
	for _, one := range v.Unreasoned {
		if one.Comment == e.Comment && (e.What == "all" || e.What == one.Subject) && !slices.Contains(without, one.Subject) {
			without = append(without, one.Subject)
		}
	}
	for i := range v.Findings {
		a := v.Findings[i].Accepted
		accepted = accepted || a != nil && a.Ref() == e.Comment && whatOf(a) == e.What
	}
	return without, accepted
}

// Answer is what a comment with commands in it is answered.
type Answer struct {
	Comment comment.Comment
	// Reaction is GitHub's name of one; empty: none.
	Reaction string
	// Effects are those of its commands that are to be said, Reasonless what it does
	// not accept for want of a reason.
	Effects    []Effect
	Reasonless []string
	// Help is set where it asks for the commands; Explain are the packages that it
	// asks about.
	Help    bool
	Explain []string
}

// maxExplained is how many packages one comment gets explained: a reply holds
// about seven.
const maxExplained = 5

// Answers are what the comments are answered, given the verdict.
func (d *Decisions) Answers(v *policy.Verdict) []Answer {
	if d.thread == nil {
		return nil
	}
	var out []Answer
	for _, c := range d.thread.Comments {
		commands := comment.Parse(c.Body, d.thread.Slug)
		if c.Bot || len(commands) == 0 {
			continue
		}
		a := Answer{Comment: c}
		for _, command := range commands {
			switch command.Verb {
			case comment.Accept, comment.Revoke:
				a.Reaction = "+1"
			case comment.Help:
				a.Help = a.Help || command.Problem == ""
			case comment.Explain:
				if command.Problem == "" && !slices.Contains(a.Explain, command.Name) && len(a.Explain) < maxExplained {
					a.Explain = append(a.Explain, command.Name)
				}
			}
		}
		failed := false
		for _, e := range d.effects {
			if e.Comment != c.Ref() {
				continue
			}
			if e.Name != "" {
				e.There, _ = comment.Nearest("", versions(d.thread.Current, e.Name), maxNamed)
			}
			without, _ := d.judged(&e, v)
			for _, subject := range without {
				if !slices.Contains(a.Reasonless, subject) {
					a.Reasonless = append(a.Reasonless, subject)
				}
			}
			failed = failed || !e.Counts() || len(without) > 0
			if !e.Counts() || len(e.Unknown) > 0 {
				a.Effects = append(a.Effects, e)
			}
		}
		if failed {
			a.Reaction = "confused"
		}
		out = append(out, a)
	}
	return out
}
