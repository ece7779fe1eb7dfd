package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lockwarden/lockwarden/app/comment"
	"github.com/lockwarden/lockwarden/app/decide"
	"github.com/lockwarden/lockwarden/app/github"
	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/app/record"
	"github.com/lockwarden/lockwarden/app/render"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/app/webhook"
	"github.com/lockwarden/lockwarden/reach"
)

// comment handles a comment: a rescan begins at once, everything else is a
// judgment of what is known.
func (s *Server) comment(ctx context.Context, job webhook.Job) error {
	head, ok, err := s.reviews.Head(ctx, job.Repository, job.Thread())
	if err != nil {
		return err
	}
	if !ok {
		// The App is new here: the review of the head answers its comments.
		pull, err := s.pull(ctx, job, job.Pull)
		if err != nil || !pull.Open {
			return err
		}
		return s.add(ctx, job, []github.Pull{pull})
	}
	rescans := true
	if job.Body != "" {
		var said bool
		if said, rescans, err = s.said(ctx, job); said || err != nil {
			return err
		}
	}
	if job.Comment != 0 && !job.Edited && rescans {
		if begun, err := s.rescan(ctx, job, head); begun || err != nil {
			return err
		}
	}
	switch head.State {
	case "queued", "reviewing":
		// The review folds the comments when it ends, but it may have read them
		// before this one was written. One that does not end is not waited for.
		generations, err := s.reviews.Generations(ctx, job.Repository, job.Thread())
		if err != nil || len(generations) == 0 || s.c.Now().Sub(generations[len(generations)-1].Received) > longestReview {
			return err
		}
		return &webhook.Later{After: settle, Reason: "the review is under way"}
	}
	again := head.Job(webhook.Comment)
	again.Comment, again.In, again.Edited, again.Deleted = job.Comment, job.In, job.Edited, job.Deleted
	again.Queued, again.Delivery, again.Again = job.Queued, job.Delivery, job.Again
	return s.judge(ctx, again)
}

// said tells, of a new comment whose text is known, whether what it asks for
// stands there already: it was among those that an earlier judgment read, or asks
// for nothing but help that was given. Strangers may write many.
func (s *Server) said(ctx context.Context, job webhook.Job) (said, rescans bool, err error) {
	commands := comment.Parse(job.Body, s.c.Slug)
	is := func(verb comment.Verb) func(comment.Command) bool {
		return func(c comment.Command) bool { return c.Verb == verb && c.Problem == "" }
	}
	if rescans = slices.ContainsFunc(commands, is(comment.Rescan)); rescans || len(commands) == 0 {
		return false, rescans, nil
	}
	reply, err := s.decisions.Reply(ctx, job.Repository, job.Pull)
	if err != nil {
		return false, false, err
	}
	_, answered := reply.Answers[job.Said()]
	helps := !slices.ContainsFunc(commands, func(c comment.Command) bool { return !is(comment.Help)(c) })
	return answered || helps && helped(reply), false, nil
}

// helped reports whether the reply lists the commands.
func helped(r record.Reply) bool {
	for _, answer := range r.Answers {
		if render.Helps(answer.Words) {
			return true
		}
	}
	return false
}

// mayRescan: it costs the server something and changes no decision.
const mayRescan = comment.Triage

func (s *Server) rescan(ctx context.Context, job webhook.Job, head record.Head) (begun bool, err error) {
	repo := s.repository(job)
	said, err := s.conversation(ctx, job, job.Pull)
	if err != nil {
		return false, err
	}
	comments := said.Comments
	if stale(job, comments) {
		return false, s.patient(job, "GitHub does not show the comment yet")
	}
	i := slices.IndexFunc(comments, func(c comment.Comment) bool { return c.Ref().String() == job.Said() })
	if i < 0 || comments[i].Bot || !slices.ContainsFunc(comment.Parse(comments[i].Body, s.c.Slug),
		func(c comment.Command) bool { return c.Verb == comment.Rescan && c.Problem == "" }) {
		return false, nil
	}
	permission, err := repo.Permission(ctx, comments[i].Author)
	if err != nil || permission < mayRescan && comments[i].Author != said.Pull.Author {
		return false, err
	}
	if err := s.courtesy(job, "reaction", repo.React(ctx, &comments[i], "eyes")); err != nil {
		return false, err
	}
	if err := s.audit(ctx, job, comments[i].Author, "rescanned", head.SHA, fmt.Sprintf("comment/%d/%s/rescan", job.Repository,
		job.Said())); err != nil {
		return false, err
	}
	again := head.Job(webhook.Head)
	again.Again, again.Generation, again.Delivery = true, 0, job.Delivery
	return true, s.queue.Add(ctx, again)
}

// button handles a click on a check run's button, which is authorised like a
// comment of the person who clicked.
func (s *Server) button(ctx context.Context, job webhook.Job) error {
	heads, err := s.reviews.HeadsAt(ctx, job.Repository, job.SHA)
	if err != nil {
		return err
	}
	permission, err := s.repository(job).Permission(ctx, job.Sender)
	if err != nil {
		return err
	}
	under, known := github.RunOf(job.Run)
	for _, h := range heads {
		// More than one pull request can have a commit as its head, and the check shows
		// the result of one: who pressed accepts what it showed.
		if known && job.Button == render.AcceptAllAction.Identifier && h.Thread != under.Thread {
			continue
		}
		again := h.Job(webhook.Comment)
		again.Delivery = job.Delivery
		origin := fmt.Sprintf("button/%s/%s", job.Delivery, h.Thread)
		if job.Button == render.RescanAction.Identifier {
			if permission < mayRescan {
				if err := s.audit(ctx, again, job.Sender, "refused", "the button Rescan: permission "+permission.String(), origin); err != nil {
					return err
				}
				continue
			}
			again.Kind, again.Again, again.Generation = webhook.Head, true, 0
			if h.Pull == 0 {
				again.Kind = webhook.Group
			}
			if err := s.audit(ctx, again, job.Sender, "rescanned", h.SHA, origin); err != nil {
				return err
			}
		} else if job.Button == render.AcceptAllAction.Identifier && h.Pull > 0 {
			refused, err := s.acceptAll(ctx, job, h, permission, origin)
			if err != nil {
				return err
			}
			if refused != "" {
				if err := s.audit(ctx, again, job.Sender, "refused", "the button Accept all: "+refused, origin); err != nil {
					return err
				}
				if err := s.say(ctx, again, []said{{name: ofButton, Answer: record.Answer{Words: render.ButtonRefused(job.Sender, refused)}}},
					false); err != nil {
					return err
				}
				continue
			}
		} else {
			continue
		}
		if err := s.queue.Add(ctx, again); err != nil {
			return err
		}
	}
	return nil
}

// acceptAll keeps a decision that no comment records.
func (s *Server) acceptAll(ctx context.Context, job webhook.Job, h record.Head, permission comment.Permission,
	origin string) (refused string, err error) {
	pull, err := s.pull(ctx, job, h.Pull)
	if err != nil {
		return "", err
	}
	rule, err := s.policy(ctx, h.Job(webhook.Button))
	if err != nil {
		return "", err
	}
	p := rule.policy
	now := s.c.Now().UTC().Truncate(time.Second)
	// The same rules as for a comment, from the same place.
	folded := comment.Fold(comment.Thread{Author: pull.Author, Rules: p.Accept.Rules, Now: now,
		Permissions: map[string]comment.Permission{job.Sender: permission},
		Comments:    []comment.Comment{{Author: job.Sender, Body: "/lockwarden accept all", Created: now, Updated: now}}})
	if len(folded.Refusals) > 0 {
		return folded.Refusals[0].Reason, nil
	}
	r, err := s.reviews.Review(ctx, h.Repository, h.Thread, h.Generation)
	if err != nil {
		return "", err
	}
	if r == nil {
		return "the review of this head has not ended", nil
	}
	if under, known := github.RunOf(job.Run); known && under.Generation != h.Generation {
		return "a newer result has taken the place of the one that it stands under", nil
	}
	after, err := s.decisions.ArrivedBefore(ctx, job)
	if err != nil {
		return "", err
	}
	value, err := json.Marshal(decide.Kept{Accepted: policy.Accepted{Acceptance: folded.Acceptances[0], Seen: policy.See(p, r)},
		Ordered: true, After: after})
	if err != nil {
		return "", err
	}
	if err := s.decisions.Decide(ctx, record.Decision{Repository: h.Repository, Thread: h.Thread, Scope: h.Thread, Origin: origin,
		Value: value}); err != nil {
		return "", err
	}
	return "", s.audit(ctx, h.Job(webhook.Button), job.Sender, "accepted", "all, with the button, at "+h.SHA, origin)
}

// answer reacts to each command and, where words are needed, keeps them in one
// reply.
func (s *Server) answer(ctx context.Context, job webhook.Job, d decide.Decisions, v *policy.Verdict, r *review.Review,
	rules comment.Rules) error {
	for _, e := range d.Audit(v) {
		if err := s.audit(ctx, job, e.Actor, e.Action, e.Detail, e.Origin); err != nil {
			return err
		}
	}
	var outcomes []said
	before := map[string]bool{}
	for _, a := range d.Answers(v) {
		var words []string
		for i := range a.Effects {
			words = append(words, render.Effect(&a.Effects[i]))
		}
		if len(a.Reasonless) > 0 {
			words = append(words, render.NeedsReason(a.Reasonless))
		}
		var long []string
		if a.Help {
			long = append(long, render.Help(rules))
		}
		for _, name := range a.Explain {
			long = append(long, render.Explain(r, name))
		}
		for _, text := range long {
			if !before[text] { // or it stands in the reply already
				before[text] = true
				words = append(words, text)
			}
		}
		outcomes = append(outcomes, said{a.Comment.Ref().String(), &a.Comment,
			record.Answer{Reaction: a.Reaction, Words: strings.Join(words, "\n\n"), At: a.Comment.Created}})
	}
	return s.say(ctx, job, outcomes, true)
}

// courtesy lets a refused reaction or reply be: a conversation may be locked, an
// App may lack the permission, and trying again changes neither.
func (s *Server) courtesy(job webhook.Job, what string, err error) error {
	if !github.Forbidden(err) && !errors.Is(err, github.ErrGone) {
		return err
	}
	s.c.Log.Warn("GitHub refuses a "+what, "repository", job.Owner+"/"+job.Name, "pull", job.Pull, "error", reach.Detail(err))
	return nil
}

// said is an answer that is to be given: to a comment, or to who pressed a button.
type said struct {
	name    string
	comment *comment.Comment
	record.Answer
}

// ofButton names the answer to who pressed a button.
const ofButton = "-1"

// say reacts where an answer is new and edits the one reply where its words
// changed. complete tells that the answers are those to all comments.
func (s *Server) say(ctx context.Context, job webhook.Job, answers []said, complete bool) error {
	repo := s.repository(job)
	reply, err := s.decisions.Reply(ctx, job.Repository, job.Pull)
	if err != nil {
		return err
	}
	before := render.Reply(answered(reply))
	changed, asked := false, map[string]bool{ofButton: true}
	for _, a := range answers {
		asked[a.name] = true
		if old, ok := reply.Answers[a.name]; ok && old.Reaction == a.Reaction && old.Words == a.Words {
			continue
		}
		if a.Reaction != "" && a.comment != nil {
			if err := s.courtesy(job, "reaction", repo.React(ctx, a.comment, a.Reaction)); err != nil {
				return err
			}
		}
		reply.Answers[a.name] = a.Answer
		changed = true
	}
	for name := range reply.Answers {
		if complete && !asked[name] {
			delete(reply.Answers, name) // the comment is gone, or asks for nothing any more
			changed = true
		}
	}
	if body := render.Reply(answered(reply)); body != before && (body != "" || reply.Comment != 0) {
		if body == "" {
			body = render.NothingLeft()
		}
		posted, err := repo.Reply(ctx, job.Pull, reply.Comment, body)
		if err := s.courtesy(job, "reply", err); err != nil {
			return err
		}
		if err == nil {
			reply.Comment = posted
		}
	}
	if !changed {
		return nil
	}
	return s.decisions.SetReply(ctx, job.Repository, job.Pull, reply)
}

// answered are the answers of a reply as they are shown.
func answered(r record.Reply) []render.Answered {
	out := make([]render.Answered, 0, len(r.Answers))
	for name, a := range r.Answers {
		ref, _ := comment.ParseRef(name)
		out = append(out, render.Answered{Comment: ref, At: a.At, Words: a.Words})
	}
	return out
}
