package app

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
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
	"github.com/lockwarden/lockwarden/app/store"
	"github.com/lockwarden/lockwarden/app/webhook"
)

// leaseTime is how long one judgment keeps others away, settle how long a
// comment waits for the review under way to end.
const (
	leaseTime = 2 * time.Minute
	settle    = 2 * time.Second
	// longestReview is after what time a review counts as lost.
	longestReview = time.Hour
)

// judge applies the base branch's policy and the acceptances to the stored
// review of a head, posts the result and answers the comments. It scans
// nothing, and can be called at any time: the same judgment changes nothing.
func (s *Server) judge(ctx context.Context, job webhook.Job) error { return s.judgeBy(ctx, job, nil) }

// judgeBy is judge with a policy that was just read; nil: it is read.
func (s *Server) judgeBy(ctx context.Context, job webhook.Job, rule *ruling) (err error) {
	ctx, judged := s.step(ctx, "judge")
	defer func() { judged(err) }()
	by := rand.Text()
	leased, err := s.c.Store.Lease(ctx, job.Repository, job.Thread(), by, leaseTime)
	if err != nil {
		return err
	}
	if !leased {
		return &store.Later{After: settle, Reason: "another judgment of the same thread"}
	}
	defer func() { _ = s.c.Store.Release(context.WithoutCancel(ctx), job.Repository, job.Thread(), by) }()

	head, ok, err := s.c.Store.Head(ctx, job.Repository, job.Thread())
	if err != nil || !ok || head.Generation != job.Generation || head.State == "closed" {
		return err
	}
	r, err := s.c.Store.Review(ctx, job.Repository, job.Thread(), job.Generation)
	if err != nil || r == nil {
		return err
	}
	ctx = s.judgedAhead(ctx, job, head, rule == nil)
	if rule == nil {
		if job, err = s.onBase(ctx, job); err != nil {
			return err
		}
		if rule, err = s.policy(ctx, job); err != nil {
			return err
		}
	}
	p, place := rule.policy, rule.place
	d, err := s.decided(ctx, job, p)
	if err != nil {
		return err
	}
	verdict := policy.Judge(p, r, d.accepted)
	d.unreasoned(verdict)
	place.Blob = s.c.GitHub.Web() + "/" + job.Owner + "/" + job.Name + "/blob/" + job.SHA + "/"
	place.Notes = append(place.Notes, r.Notes...)
	place.Decisions = s.decisionsURL(job.Repository)
	place.AcceptAll = p.Accept.All && !p.Accept.ReasonRequired && job.Pull > 0 &&
		!(p.Accept.WorstNeedReason && slices.ContainsFunc(verdict.Blocking(), (*policy.Finding).Worst))
	result := render.Nothing(place)
	if len(r.Packages)+len(r.Removed)+len(r.Whole)+len(r.Lockfiles) > 0 {
		result = render.Check(r, verdict, place)
	}
	if err := s.c.Store.SetConclusion(ctx, job, string(verdict.Conclusion)); err != nil {
		return err
	}
	if err := s.c.Store.SetVerdict(ctx, job, figures(r, &verdict)); err != nil {
		return err
	}
	if err := s.notGreenFor(ctx, job, &result); err != nil {
		return err
	}
	if err := s.post(ctx, job, head.Posted, result, verdict); err != nil {
		return err
	}
	if head.Conclusion != string(verdict.Conclusion) {
		again := job
		again.Kind = webhook.Shared
		if err := s.c.Store.Add(ctx, again); err != nil {
			return err
		}
	}
	if err := s.c.Store.SetState(ctx, job, "done"); err != nil {
		return err
	}
	if job.Pull == 0 {
		return nil
	}
	return s.answered(ctx, job, s.answer(ctx, job, d, r, p))
}

// answered takes what came of answering: a courtesy, which never makes a review
// run again. What may pass is tried again by a job of its own.
func (s *Server) answered(ctx context.Context, job webhook.Job, err error) error {
	if err == nil || job.Kind == webhook.Comment {
		return err
	}
	s.c.Log.Warn("comments were not answered yet", "repository", job.Owner+"/"+job.Name, "pull", job.Pull, "error", err.Error())
	again := job
	again.Kind, again.Comment = webhook.Comment, 0
	return s.c.Store.Add(ctx, again)
}

// onBase is the job with its pull request's base branch as it is called now: a
// renamed branch takes its policy along.
func (s *Server) onBase(ctx context.Context, job webhook.Job) (webhook.Job, error) {
	if job.Pull == 0 {
		return job, nil
	}
	pull, err := s.pull(ctx, job, job.Pull)
	if err != nil || pull.BaseRef == job.Branch {
		return job, err
	}
	job.Branch = pull.BaseRef
	return job, s.c.Store.SetSHA(ctx, job, job.SHA, job.Branch)
}

// notGreenFor keeps a commit's check from passing while another open pull
// request with the same head does not pass. A check run belongs to the commit:
// without this, a second pull request into a branch that has the package
// already, or a milder policy, would turn the first one green.
func (s *Server) notGreenFor(ctx context.Context, job webhook.Job, result *render.CheckRun) error {
	if result.Conclusion != policy.Success {
		return nil
	}
	heads, err := s.c.Store.HeadsAt(ctx, job.Repository, job.SHA)
	if err != nil {
		return err
	}
	for _, h := range heads {
		if h.Thread == job.Thread() || h.Pull == 0 || h.Conclusion == string(policy.Success) {
			continue
		}
		*result = render.Elsewhere(*result, h.Pull, policy.Conclusion(h.Conclusion))
		return nil
	}
	return nil
}

// shared judges the finished pull requests of a commit again, but for the one
// that asks.
func (s *Server) shared(ctx context.Context, job webhook.Job) error {
	heads, err := s.c.Store.HeadsAt(ctx, job.Repository, job.SHA)
	if err != nil {
		return err
	}
	var jobs []webhook.Job
	for _, h := range heads {
		if h.Thread != job.Thread() && h.Pull > 0 && h.State == "done" {
			again := h.Job(webhook.Comment)
			again.Delivery = job.Delivery
			jobs = append(jobs, again)
		}
	}
	return s.c.Store.Add(ctx, jobs...)
}

// post completes the check run, unless it says all this already.
func (s *Server) post(ctx context.Context, job webhook.Job, posted string, result render.CheckRun, v policy.Verdict) error {
	encoded, err := json.Marshal(result)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(encoded)
	digest := hex.EncodeToString(sum[:8])
	if posted == digest {
		return nil
	}
	// Between the last look and now, a newer head may have come.
	if current, err := s.c.Store.Current(ctx, job); err != nil || !current {
		return err
	}
	posting, done := s.step(ctx, "post")
	err = s.check(job).Finish(posting, result, digest)
	done(err)
	if err != nil {
		return err
	}
	s.c.Metrics.Posted(string(result.Conclusion))
	if posted == "" {
		s.latency(ctx, job)
	}
	if err := s.c.Store.SetPosted(ctx, job, digest); err != nil {
		return err
	}
	until := time.Time{}
	for _, f := range v.Accepted() {
		if end := f.Accepted.Until; !end.IsZero() && (until.IsZero() || end.Before(until)) {
			until = end
		}
	}
	if !until.IsZero() {
		again := job
		again.Kind, again.Comment = webhook.Comment, 0
		if err := s.c.Store.AddAt(ctx, again, until.Add(time.Second)); err != nil {
			return err
		}
	}
	return s.audit(ctx, job, "", "posted", string(result.Conclusion)+": "+result.Title, fmt.Sprintf("posted/%d/%s/%d/%s/%d", job.Repository, job.Thread(), job.Generation, digest, s.c.Now().UnixMilli()))
}

// latency notes how long after its delivery a head got its result.
func (s *Server) latency(ctx context.Context, job webhook.Job) {
	if s.c.Metrics == nil {
		return
	}
	generations, err := s.c.Store.Generations(ctx, job.Repository, job.Thread())
	if err != nil || len(generations) == 0 {
		return
	}
	s.c.Metrics.Review(s.c.Now().Sub(generations[len(generations)-1].Received))
}

func (s *Server) audit(ctx context.Context, job webhook.Job, actor, action, detail, origin string) error {
	if len(detail) > 4000 {
		detail = strings.ToValidUTF8(detail[:4000], "") // PostgreSQL refuses half a character
	}
	return s.c.Store.Audit(ctx, store.Entry{Repository: job.Repository, Owner: job.Owner, Name: job.Name, Thread: job.Thread(), Actor: actor, Action: action, Detail: detail, Origin: origin})
}

// ruling is the policy that counts for a head, with what is to be said of it.
type ruling struct {
	policy policy.Policy
	place  render.Place
}

// policy reads the policy that counts for a head: the defaults, the
// organization's, and the one on the base branch. Nothing of the pull request
// itself is read.
func (s *Server) policy(ctx context.Context, job webhook.Job) (*ruling, error) {
	r := &ruling{policy: policy.Default()}
	if !strings.EqualFold(job.Name, ".github") {
		data, found, err := s.organizationPolicy(ctx, job)
		if err != nil {
			return nil, err
		}
		if found {
			if r.policy, err = policy.Parse(job.Owner+"/.github/"+policy.Path, data, r.policy); err != nil {
				r.place.Notes = append(r.place.Notes, fmt.Sprintf("The organization's policy is not valid, so that the defaults apply: %s", err))
			}
		}
	}
	data, found, err := s.repository(job).Content(ctx, policy.Path, job.Branch)
	if err != nil || !found {
		return r, err
	}
	r.policy, err = policy.Parse(policy.Path, data, r.policy)
	var wrong *policy.FileError
	if errors.As(err, &wrong) {
		r.place.Notes = append(r.place.Notes, fmt.Sprintf("The policy of %s is not valid, so that the defaults apply: %s", job.Branch, err))
		r.place.Policy = append(r.place.Policy, render.Annotation{Path: policy.Path, StartLine: wrong.Line, EndLine: wrong.Line, Level: "failure",
			Title: "The policy is not valid, the defaults apply", Message: wrong.Message + "\n\nNext: mend this line on " + job.Branch + "; `lockwarden policy check FILE` tells whether a file is valid.", Finding: "policy/invalid"})
		err = nil
	}
	return r, err
}

// organizationTime is how old what is known of an organization's policy may be:
// no event tells its other repositories of a change.
const organizationTime = time.Minute

// organizationFile is an organization's policy as it was read.
type organizationFile struct {
	data  []byte
	found bool
}

func (s *Server) organizationPolicy(ctx context.Context, job webhook.Job) (data []byte, found bool, err error) {
	key := fmt.Sprintf("%d %s", job.Installation, job.Owner)
	if known, ok := s.organizations.Get(key); ok {
		return known.data, known.found, nil
	}
	data, found, err = s.c.GitHub.Repository(job.Installation, job.Owner, ".github").Content(ctx, policy.Path, "HEAD")
	if errors.Is(err, github.ErrGone) || github.Forbidden(err) {
		data, found, err = nil, false, nil // the App is not there
	}
	if err == nil {
		s.organizations.Add(key, organizationFile{data, found})
	}
	return data, found, err
}

// decisions are what people decided about a thread.
type decisions struct {
	thread   comment.Thread
	folded   comment.Folded
	accepted []policy.Accepted
	// useless are acceptances that cover nothing that was seen.
	useless map[int64][]string
	// reasonless are what an acceptance did not accept for want of a reason.
	reasonless map[int64][]string
}

// unreasoned takes over what a verdict says of acceptances without a reason.
func (d *decisions) unreasoned(v policy.Verdict) {
	for _, one := range v.Unreasoned {
		if d.reasonless == nil {
			d.reasonless = map[int64][]string{}
		}
		if !slices.Contains(d.reasonless[one.Comment], one.Subject) {
			d.reasonless[one.Comment] = append(d.reasonless[one.Comment], one.Subject)
		}
	}
}

// decided folds the comments of a pull request, with the permissions that their
// authors have now, and binds each acceptance to what its author saw.
func (s *Server) decided(ctx context.Context, job webhook.Job, p policy.Policy) (decisions, error) {
	number := max(job.Pull, job.Follows)
	d := decisions{useless: map[int64][]string{}}
	repository, err := s.c.Store.Decisions(ctx, job.Repository, store.ForRepository)
	if err != nil {
		return d, err
	}
	if number == 0 && len(repository) == 0 {
		return d, nil
	}
	repo := s.repository(job)
	permissions := map[string]comment.Permission{}
	ask := func(login string) error {
		if _, ok := permissions[login]; ok || login == "" {
			return nil
		}
		permission, err := repo.Permission(ctx, login)
		permissions[login] = permission
		return err
	}
	if number > 0 {
		if err := s.fold(ctx, job, number, p, &d, permissions, ask); err != nil {
			return d, err
		}
	}
	return d, s.lasting(ctx, job, number, p, &d, repository, permissions, ask)
}

// fold reads the pull request's own comments and buttons.
func (s *Server) fold(ctx context.Context, job webhook.Job, number int, p policy.Policy, d *decisions, permissions map[string]comment.Permission, ask func(string) error) error {
	repo := s.repository(job)
	thread := fmt.Sprintf("pull/%d", number)
	pull, err := s.pull(ctx, job, number)
	if err != nil {
		return err
	}
	comments, err := repo.Comments(ctx, number)
	if err != nil {
		return err
	}
	if stale(job, comments) {
		if later := s.patient(job, "GitHub does not show the comment as it is yet"); later != nil {
			return later
		}
	}
	pressed, err := s.c.Store.Decisions(ctx, job.Repository, thread)
	if err != nil {
		return err
	}
	d.thread = comment.Thread{Slug: s.c.Slug, Author: pull.Author, Comments: comments, Rules: p.Accept.Rules, Now: s.c.Now(), Permissions: permissions}
	seen := map[string][]policy.Seen{} // of buttons
	for _, one := range pressed {
		var a policy.Accepted
		if err := json.Unmarshal(one.Value, &a); err != nil {
			return fmt.Errorf("app: a stored decision cannot be read: %w", err)
		}
		if err := ask(a.By); err != nil {
			return err
		}
		if permissions[a.By] >= p.Accept.Least {
			d.thread.Buttons = append(d.thread.Buttons, a.Acceptance)
			seen[a.By+a.At.String()] = a.Seen
		}
	}
	for _, login := range d.thread.Deciders() {
		if err := ask(login); err != nil {
			return err
		}
	}
	d.folded = comment.Fold(d.thread)
	b := binder{s: s, ctx: ctx, job: job, thread: thread, policy: p, seen: map[int64][]policy.Seen{}}
	for _, a := range d.folded.Acceptances {
		bound := policy.Accepted{Acceptance: a, Seen: seen[a.By+a.At.String()]}
		if a.Comment != 0 {
			if bound.Seen, err = b.bind(a); err != nil {
				return err
			}
			if !coversAny(bound) {
				d.useless[a.Comment] = append(d.useless[a.Comment], whatOf(a))
			}
		}
		d.accepted = append(d.accepted, bound)
	}
	return nil
}

// whatOf names what an acceptance is of: a package version, or all.
func whatOf(a comment.Acceptance) string {
	if a.All {
		return "all"
	}
	return a.Name + "@" + a.Version
}

// ineffective reports whether an acceptance covers nothing that was seen.
func (d *decisions) ineffective(a comment.Acceptance) bool {
	return slices.Contains(d.useless[a.Comment], whatOf(a))
}

func coversAny(a policy.Accepted) bool {
	for _, s := range a.Seen {
		for id := range s.Findings {
			if a.Covers(s.Name, s.Version, id) {
				return true
			}
		}
	}
	return false
}

// binder finds what a person saw when they decided.
type binder struct {
	s           *Server
	ctx         context.Context
	job         webhook.Job
	thread      string
	policy      policy.Policy
	generations []store.Reviewed
	seen        map[int64][]policy.Seen
}

// bind returns the findings of the newest head that was completely reviewed when
// the acceptance was written: nobody accepts what they could not see.
func (b *binder) bind(a comment.Acceptance) ([]policy.Seen, error) {
	if b.generations == nil {
		var err error
		if b.generations, err = b.s.c.Store.Generations(b.ctx, b.job.Repository, b.thread); err != nil {
			return nil, err
		}
	}
	// Comments have GitHub's times, results this machine's. GitHub's are whole
	// seconds: what came in the comment's own second was not seen by its author.
	ahead := b.s.c.GitHub.Ahead()
	by := func(t time.Time) bool { return !t.IsZero() && t.Add(-ahead).Before(a.At) }
	at := -1
	for i := range b.generations {
		if by(b.generations[i].Completed) {
			at = i
		}
	}
	if at < 0 {
		return nil, nil
	}
	g := b.generations[at]
	if g.Completed.IsZero() {
		// The review of that head was begun anew; the head is the same.
		for _, other := range b.generations {
			if other.SHA == g.SHA && !other.Completed.IsZero() {
				g = other
			}
		}
	}
	if have, ok := b.seen[g.Generation]; ok {
		return have, nil
	}
	r, err := b.s.c.Store.Review(b.ctx, b.job.Repository, b.thread, g.Generation)
	if err != nil || r == nil {
		return nil, err
	}
	b.seen[g.Generation] = policy.See(b.policy, r)
	return b.seen[g.Generation], nil
}

// lasting adds the acceptances that hold for the whole repository, and keeps
// those that this pull request makes or ends.
func (s *Server) lasting(ctx context.Context, job webhook.Job, number int, p policy.Policy, d *decisions, kept []store.Decision, permissions map[string]comment.Permission, ask func(string) error) error {
	thread := fmt.Sprintf("pull/%d", number)
	held := map[string]bool{}
	for _, a := range d.accepted {
		if !a.Repository || a.Comment == 0 {
			continue
		}
		origin := fmt.Sprintf("comment/%d/%d/%s@%s/%s", job.Repository, a.Comment, a.Name, a.Version, strings.Join(a.Findings, ","))
		held[origin] = true
		if len(a.Seen) == 0 {
			continue // nothing was known when it was written
		}
		value, err := json.Marshal(a)
		if err != nil {
			return err
		}
		if err := s.c.Store.Decide(ctx, store.Decision{Repository: job.Repository, Thread: thread, Scope: store.ForRepository, Comment: a.Comment, Origin: origin, Value: value}); err != nil {
			return err
		}
	}
	for _, one := range kept {
		var a policy.Accepted
		if err := json.Unmarshal(one.Value, &a); err != nil {
			return fmt.Errorf("app: a stored decision cannot be read: %w", err)
		}
		if one.Thread == thread {
			if !held[one.Origin] && (a.Until.IsZero() || s.c.Now().Before(a.Until)) {
				if err := s.endDecision(ctx, job, one, a, "its comment was revoked, edited or deleted"); err != nil {
					return err
				}
			}
			continue // its comment was folded
		}
		if i := slices.IndexFunc(d.folded.Revocations, func(r comment.Acceptance) bool {
			return r.Repository && (r.All || r.Name == a.Name && r.Version == a.Version) && permissions[r.By] >= comment.LeastForRepository
		}); i >= 0 {
			if err := s.endDecision(ctx, job, one, a, d.folded.Revocations[i].By); err != nil {
				return err
			}
			continue
		}
		if !a.Until.IsZero() && !s.c.Now().Before(a.Until) {
			continue
		}
		if err := ask(a.By); err != nil {
			return err
		}
		if permissions[a.By] >= max(p.Accept.Least, comment.LeastForRepository) {
			d.accepted = append(d.accepted, a)
		}
	}
	return nil
}

// judgeAgain judges the other open pull requests of a repository again: one of
// them may be green by what is revoked.
func (s *Server) judgeAgain(ctx context.Context, job webhook.Job) error {
	heads, err := s.c.Store.HeadsOpen(ctx, job.Repository)
	if err != nil {
		return err
	}
	var jobs []webhook.Job
	for _, h := range heads {
		if h.Thread == job.Thread() {
			continue
		}
		again := h.Job(webhook.Comment)
		again.Delivery = job.Delivery
		jobs = append(jobs, again)
	}
	return s.c.Store.Add(ctx, jobs...)
}

func (s *Server) endDecision(ctx context.Context, job webhook.Job, one store.Decision, a policy.Accepted, by string) error {
	if err := s.c.Store.Revoke(ctx, one.ID, by); err != nil {
		return err
	}
	if err := s.judgeAgain(ctx, job); err != nil {
		return err
	}
	return s.audit(ctx, job, by, "revoked in repository", a.Name+"@"+a.Version+" "+strings.Join(a.Findings, " "), fmt.Sprintf("decision/%d/revoked", one.ID))
}
