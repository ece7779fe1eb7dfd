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
	"github.com/lockwarden/lockwarden/app/github"
	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/app/render"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/app/store"
	"github.com/lockwarden/lockwarden/app/webhook"
)

// comment handles a comment: a rescan begins at once, everything else is a
// judgment of what is known.
func (s *Server) comment(ctx context.Context, job webhook.Job) error {
	head, ok, err := s.c.Store.Head(ctx, job.Repository, job.Thread())
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
		generations, err := s.c.Store.Generations(ctx, job.Repository, job.Thread())
		if err != nil || len(generations) == 0 || s.c.Now().Sub(generations[len(generations)-1].Received) > longestReview {
			return err
		}
		return &store.Later{After: settle, Reason: "the review is under way"}
	}
	again := head.Job(webhook.Comment)
	again.Comment, again.Edited, again.Deleted = job.Comment, job.Edited, job.Deleted
	again.Queued, again.Delivery = job.Queued, job.Delivery
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
	reply, err := s.c.Store.Reply(ctx, job.Repository, job.Pull)
	if err != nil {
		return false, false, err
	}
	_, answered := reply.Answers[job.Comment]
	helps := !slices.ContainsFunc(commands, func(c comment.Command) bool { return !is(comment.Help)(c) })
	return answered || helps && render.Helped(reply.Answers), false, nil
}

// mayRescan: it costs the server something and changes no decision.
const mayRescan = comment.Triage

func (s *Server) rescan(ctx context.Context, job webhook.Job, head store.Head) (begun bool, err error) {
	repo := s.repository(job)
	comments, err := repo.Comments(ctx, job.Pull)
	if err != nil {
		return false, err
	}
	if stale(job, comments) {
		return false, s.patient(job, "GitHub does not show the comment yet")
	}
	i := slices.IndexFunc(comments, func(c comment.Comment) bool { return c.ID == job.Comment })
	if i < 0 || comments[i].Bot || !slices.ContainsFunc(comment.Parse(comments[i].Body, s.c.Slug), func(c comment.Command) bool { return c.Verb == comment.Rescan && c.Problem == "" }) {
		return false, nil
	}
	pull, err := s.pull(ctx, job, job.Pull)
	if err != nil {
		return false, err
	}
	permission, err := repo.Permission(ctx, comments[i].Author)
	if err != nil || permission < mayRescan && comments[i].Author != pull.Author {
		return false, err
	}
	if err := s.courtesy(job, "reaction", repo.React(ctx, job.Comment, "eyes")); err != nil {
		return false, err
	}
	if err := s.audit(ctx, job, comments[i].Author, "rescanned", head.SHA, fmt.Sprintf("comment/%d/%d/rescan", job.Repository, job.Comment)); err != nil {
		return false, err
	}
	again := head.Job(webhook.Head)
	again.Again, again.Generation, again.Delivery = true, 0, job.Delivery
	return true, s.c.Store.Add(ctx, again)
}

// button handles a click on a check run's button, which is authorised like a
// comment of the person who clicked.
func (s *Server) button(ctx context.Context, job webhook.Job) error {
	heads, err := s.c.Store.HeadsAt(ctx, job.Repository, job.SHA)
	if err != nil {
		return err
	}
	repo := s.repository(job)
	permission, err := repo.Permission(ctx, job.Sender)
	if err != nil {
		return err
	}
	for _, h := range heads {
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
				if err := s.say(ctx, again, map[int64]string{-1: fmt.Sprintf("The button **Accept all**, pressed by %s, does not count: %s.", comment.Quote(job.Sender), refused)}, false); err != nil {
					return err
				}
				continue
			}
		} else {
			continue
		}
		if err := s.c.Store.Add(ctx, again); err != nil {
			return err
		}
	}
	return nil
}

// acceptAll keeps a decision that no comment records.
func (s *Server) acceptAll(ctx context.Context, job webhook.Job, h store.Head, permission comment.Permission, origin string) (refused string, err error) {
	pull, err := s.pull(ctx, job, h.Pull)
	if err != nil {
		return "", err
	}
	rule, err := s.policy(ctx, h.Job(webhook.Button))
	if err != nil {
		return "", err
	}
	p := rule.policy
	now := s.c.Now().UTC().Truncate(time.Second) // as comments have it: a revocation in the same second counts
	// The same rules as for a comment, from the same place.
	folded := comment.Fold(comment.Thread{Author: pull.Author, Rules: p.Accept.Rules, Now: now, Permissions: map[string]comment.Permission{job.Sender: permission},
		Comments: []comment.Comment{{Author: job.Sender, Body: "/lockwarden accept all", Created: now, Updated: now}}})
	if len(folded.Refusals) > 0 {
		return folded.Refusals[0].Reason, nil
	}
	r, err := s.c.Store.Review(ctx, h.Repository, h.Thread, h.Generation)
	if err != nil {
		return "", err
	}
	if r == nil {
		return "the review of this head has not ended", nil
	}
	value, err := json.Marshal(policy.Accepted{Acceptance: folded.Acceptances[0], Seen: policy.See(p, r)})
	if err != nil {
		return "", err
	}
	if err := s.c.Store.Decide(ctx, store.Decision{Repository: h.Repository, Thread: h.Thread, Scope: h.Thread, Origin: origin, Value: value}); err != nil {
		return "", err
	}
	return "", s.audit(ctx, h.Job(webhook.Button), job.Sender, "accepted", "all, with the button, at "+h.SHA, origin)
}

// maxExplained is how many packages one comment gets explained: a reply holds
// about seven.
const maxExplained = 5

// answer reacts to each command and, where words are needed, keeps them in one
// reply.
func (s *Server) answer(ctx context.Context, job webhook.Job, d decisions, r *review.Review, p policy.Policy) error {
	refused := map[int64][]comment.Refusal{}
	for _, one := range d.folded.Refusals {
		refused[one.Comment] = append(refused[one.Comment], one)
		detail := string(one.Command.Verb) + " " + one.Command.Name + "@" + one.Command.Version + ": " + one.Reason
		if err := s.audit(ctx, job, one.Author, "refused", detail, fmt.Sprintf("comment/%d/%d/%d/refused", job.Repository, one.Comment, one.Command.Line)); err != nil {
			return err
		}
	}
	for _, list := range []struct {
		action string
		of     []comment.Acceptance
	}{{"accepted", d.folded.Acceptances}, {"revoked", d.folded.Revocations}} {
		for _, a := range list.of {
			if a.Comment == 0 {
				continue
			}
			action := list.action
			if action == "accepted" && d.ineffective(a) {
				action = "refused" // it accepts nothing
			}
			what := a.Name + "@" + a.Version
			if a.All {
				what = "all"
			}
			detail := strings.TrimSpace(what + " " + strings.Join(a.Findings, " "))
			if action == "refused" {
				detail = "accept " + detail + ": no finding of it was known"
			}
			if a.Reason != "" {
				detail += " because " + a.Reason
			}
			origin := fmt.Sprintf("comment/%d/%d/%s/%s", job.Repository, a.Comment, action, detail)
			if err := s.audit(ctx, job, a.By, action, detail, origin); err != nil {
				return err
			}
		}
	}
	outcomes, said := map[int64]string{}, map[string]bool{}
	once := func(text string) []string {
		if said[text] {
			return nil // it stands in the reply already
		}
		said[text] = true
		return []string{text}
	}
	for _, c := range d.thread.Comments {
		commands := comment.Parse(c.Body, s.c.Slug)
		if c.Bot || len(commands) == 0 {
			continue
		}
		var words []string
		for _, one := range refused[c.ID] {
			words = append(words, fmt.Sprintf("%s in line %d does not count: %s.", comment.Quote(string(one.Command.Verb)), one.Command.Line, strings.TrimSuffix(one.Reason, ".")))
		}
		for _, name := range d.useless[c.ID] {
			words = append(words, fmt.Sprintf("%s accepts nothing: no finding of it was known at this head when the comment was written.", comment.Quote(name)))
		}
		if list := d.reasonless[c.ID]; len(list) > 0 {
			words = append(words, render.NeedsReason(list))
		}
		decided, explained := false, map[string]bool{}
		for _, command := range commands {
			switch command.Verb {
			case comment.Accept, comment.Revoke:
				decided = true
			case comment.Help:
				words = append(words, once(render.Help(p.Accept.Rules))...)
			case comment.Explain:
				if command.Problem == "" && !explained[command.Name] && len(explained) < maxExplained {
					explained[command.Name] = true
					words = append(words, once(render.Explain(r, command.Name))...)
				}
			}
		}
		reaction := ""
		switch {
		case len(refused[c.ID])+len(d.useless[c.ID])+len(d.reasonless[c.ID]) > 0:
			reaction = "confused"
		case decided:
			reaction = "+1"
		}
		outcomes[c.ID] = reaction + "\n" + strings.Join(words, "\n\n")
	}
	return s.say(ctx, job, outcomes, true)
}

// courtesy lets a refused reaction or reply be: a conversation may be locked, an
// App may lack the permission, and trying again changes neither.
func (s *Server) courtesy(job webhook.Job, what string, err error) error {
	if !github.Forbidden(err) && !errors.Is(err, github.ErrGone) {
		return err
	}
	s.c.Log.Warn("GitHub refuses a "+what, "repository", job.Owner+"/"+job.Name, "pull", job.Pull, "error", err.Error())
	return nil
}

// say reacts where an outcome is new and edits the one reply where its words
// changed. complete tells that outcomes are those of all comments.
func (s *Server) say(ctx context.Context, job webhook.Job, outcomes map[int64]string, complete bool) error {
	repo := s.repository(job)
	reply, err := s.c.Store.Reply(ctx, job.Repository, job.Pull)
	if err != nil {
		return err
	}
	before := render.Reply(reply.Answers)
	changed := false
	for id, outcome := range outcomes {
		if id < 0 {
			outcome = "\n" + outcome
		}
		if reply.Answers[id] == outcome {
			continue
		}
		if reaction, _, _ := strings.Cut(outcome, "\n"); reaction != "" && id > 0 {
			if err := s.courtesy(job, "reaction", repo.React(ctx, id, reaction)); err != nil {
				return err
			}
		}
		reply.Answers[id] = outcome
		changed = true
	}
	for id := range reply.Answers {
		if _, ok := outcomes[id]; !ok && complete && id > 0 {
			delete(reply.Answers, id) // the comment is gone, or asks for nothing any more
			changed = true
		}
	}
	if body := render.Reply(reply.Answers); body != before && (body != "" || reply.Comment != 0) {
		if body == "" {
			body = render.NothingLeft
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
	return s.c.Store.SetReply(ctx, job.Repository, job.Pull, reply)
}
