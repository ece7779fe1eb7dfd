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
	"github.com/lockwarden/lockwarden/app/decide"
	"github.com/lockwarden/lockwarden/app/github"
	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/app/record"
	"github.com/lockwarden/lockwarden/app/render"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/app/webhook"
	"github.com/lockwarden/lockwarden/reach"
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
	leased, err := s.reviews.Lease(ctx, job.Repository, job.Thread(), by, leaseTime)
	if err != nil {
		return err
	}
	if !leased {
		return &webhook.Later{After: settle, Reason: "another judgment of the same thread"}
	}
	defer func() { _ = s.reviews.Release(context.WithoutCancel(ctx), job.Repository, job.Thread(), by) }()

	head, ok, err := s.reviews.Head(ctx, job.Repository, job.Thread())
	if err != nil || !ok || head.Generation != job.Generation {
		return err
	}
	// The job may have waited since before the repository was renamed, or changed hands.
	job.Installation, job.Owner, job.Name = head.Installation, head.Owner, head.Name
	// What people say where a pull request was closed decides nothing about it, but
	// may end what holds for the whole repository.
	closed := head.State == "closed"
	if closed && job.Comment == 0 {
		return nil
	}
	r, err := s.reviews.Review(ctx, job.Repository, job.Thread(), job.Generation)
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
	d, err := s.decided(ctx, job, p, r)
	if err != nil {
		return err
	}
	verdict := policy.Judge(p, r, d.Accepted)
	if closed {
		return s.answered(ctx, job, s.answer(ctx, job, d, &verdict, r, p.Accept.Rules))
	}
	place.Blob = s.c.GitHub.Web() + "/" + job.Owner + "/" + job.Name + "/blob/" + job.SHA + "/"
	place.Notes = append(place.Notes, r.Notes...)
	place.Decisions = s.decisionsURL(job.Repository)
	place.AcceptAll = p.Accept.All && !p.Accept.ReasonRequired && job.Pull > 0 &&
		!(p.Accept.WorstNeedReason && slices.ContainsFunc(verdict.Blocking(), (*policy.Finding).Worst))
	result := render.Nothing(place)
	if len(r.Packages)+len(r.Removed)+len(r.Whole)+len(r.Lockfiles) > 0 {
		result = render.Check(r, verdict, place)
	}
	if err := s.reviews.SetConclusion(ctx, job, string(verdict.Conclusion)); err != nil {
		return err
	}
	if err := s.reviews.SetVerdict(ctx, job, figures(r, &verdict)); err != nil {
		return err
	}
	if err := s.notGreenFor(ctx, job, &result); err != nil {
		return err
	}
	if err := s.post(ctx, job, head.Posted, result, verdict, policy.Own(p, r)); err != nil {
		return err
	}
	if head.Conclusion != string(verdict.Conclusion) {
		again := job
		again.Kind = webhook.Shared
		if err := s.queue.Add(ctx, again); err != nil {
			return err
		}
	}
	if err := s.reviews.SetState(ctx, job, "done"); err != nil {
		return err
	}
	if job.Pull == 0 {
		return nil
	}
	return s.answered(ctx, job, s.answer(ctx, job, d, &verdict, r, p.Accept.Rules))
}

// answered takes what came of answering: a courtesy, which never makes a review
// run again. What may pass is tried again by a job of its own.
func (s *Server) answered(ctx context.Context, job webhook.Job, err error) error {
	if err == nil || job.Kind == webhook.Comment {
		return err
	}
	s.c.Log.Warn("comments were not answered yet", "repository", job.Owner+"/"+job.Name, "pull", job.Pull, "error", reach.Detail(err))
	again := job
	again.Kind, again.Comment = webhook.Comment, 0
	return s.queue.Add(ctx, again)
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
	return job, s.reviews.SetSHA(ctx, job, job.SHA, job.Branch)
}

// notGreenFor keeps a commit's check from passing while another open pull
// request with the same head does not pass. A check run belongs to the commit:
// without this, a second pull request into a branch that has the package
// already, or a milder policy, would turn the first one green.
func (s *Server) notGreenFor(ctx context.Context, job webhook.Job, result *render.CheckRun) error {
	if result.Conclusion != policy.Success {
		return nil
	}
	heads, err := s.reviews.HeadsAt(ctx, job.Repository, job.SHA)
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
	return s.judgeShared(ctx, job, false)
}

// judgeShared is shared, where hidden tells that something stands above their
// results: they are posted again, whatever they are.
func (s *Server) judgeShared(ctx context.Context, job webhook.Job, hidden bool) error {
	heads, err := s.reviews.HeadsAt(ctx, job.Repository, job.SHA)
	if err != nil {
		return err
	}
	var jobs []webhook.Job
	for _, h := range heads {
		if h.Thread != job.Thread() && h.Pull > 0 && h.State == "done" {
			again := h.Job(webhook.Comment)
			again.Delivery, again.Again = job.Delivery, hidden
			jobs = append(jobs, again)
		}
	}
	return s.queue.Add(ctx, jobs...)
}

// post completes the check run, unless it says all this already.
func (s *Server) post(ctx context.Context, job webhook.Job, posted string, result render.CheckRun, v policy.Verdict, own []string) error {
	encoded, err := json.Marshal(result)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(encoded)
	digest := hex.EncodeToString(sum[:8])
	if posted == digest && !job.Again {
		return nil
	}
	// Between the last look and now, a newer head may have come.
	if current, err := s.reviews.Current(ctx, job); err != nil || !current {
		return err
	}
	posting, done := s.step(ctx, "post")
	shown, err := s.check(job).Finish(posting, result, digest)
	done(err)
	if err != nil {
		return err
	}
	s.c.Metrics.Posted(string(result.Conclusion))
	if posted == "" {
		s.latency(ctx, job)
	}
	if err := s.reviews.SetPosted(ctx, job, digest, shown, own); err != nil {
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
		if err := s.queue.AddAt(ctx, again, until.Add(time.Second)); err != nil {
			return err
		}
	}
	return s.audit(ctx, job, "", "posted", string(result.Conclusion)+": "+result.Title, fmt.Sprintf("posted/%d/%s/%d/%s/%d", job.Repository,
		job.Thread(), job.Generation, digest, s.c.Now().UnixMilli()))
}

// latency notes how long after its delivery a head got its result.
func (s *Server) latency(ctx context.Context, job webhook.Job) {
	if s.c.Metrics == nil {
		return
	}
	generations, err := s.reviews.Generations(ctx, job.Repository, job.Thread())
	if err != nil || len(generations) == 0 {
		return
	}
	s.c.Metrics.Review(s.c.Now().Sub(generations[len(generations)-1].Received))
}

func (s *Server) audit(ctx context.Context, job webhook.Job, actor, action, detail, origin string) error {
	if len(detail) > 4000 {
		detail = strings.ToValidUTF8(detail[:4000], "") // PostgreSQL refuses half a character
	}
	return s.decisions.Audit(ctx, record.Entry{Repository: job.Repository, Owner: job.Owner, Name: job.Name, Thread: job.Thread(),
		Actor: actor, Action: action, Detail: detail, Origin: origin})
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
			Title: "The policy is not valid, the defaults apply", Message: wrong.Message + "\n\nNext: fix this line on " + job.Branch +
				"; `lockwarden policy check FILE` tells whether a file is valid.", Finding: "policy/invalid"})
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

// decided asks for what decisions are made of, and keeps and ends what people
// decided for the whole repository.
func (s *Server) decided(ctx context.Context, job webhook.Job, p policy.Policy, r *review.Review) (decide.Decisions, error) {
	t, err := s.thread(ctx, job, p)
	if t == nil || err != nil {
		return decide.Decisions{}, err
	}
	t.Current = policy.See(p, r)
	for _, login := range t.People() {
		if t.Permissions[login], err = s.repository(job).Permission(ctx, login); err != nil {
			return decide.Decisions{}, err
		}
	}
	for _, generation := range t.Reviews() {
		r, err := s.reviews.Review(ctx, job.Repository, t.Name, generation)
		if err != nil {
			return decide.Decisions{}, err
		}
		if r != nil {
			t.Seen[generation] = policy.See(p, r)
		}
	}
	d := t.Decide()
	for scope, list := range map[string][]decide.Kept{record.ForRepository: d.Keep, decide.RevokedIn(t.Name): d.Revoked} {
		for _, k := range list {
			value, err := json.Marshal(k)
			if err != nil {
				return d, err
			}
			one := record.Decision{Repository: job.Repository, Thread: k.Thread, Scope: scope, Comment: k.Comment, Origin: k.Origin, Value: value}
			if err := s.decisions.Decide(ctx, one); err != nil {
				return d, err
			}
		}
	}
	for _, e := range d.End {
		if err := s.endDecision(ctx, job, e); err != nil {
			return d, err
		}
	}
	return d, nil
}

// thread reads what people wrote, pressed and were shown; nil where nobody can
// have decided anything.
func (s *Server) thread(ctx context.Context, job webhook.Job, p policy.Policy) (*decide.Thread, error) {
	number := max(job.Pull, job.Follows)
	name := fmt.Sprintf("pull/%d", number)
	kept, err := s.kept(ctx, job, record.ForRepository, name, decide.RevokedIn(name))
	if err != nil || number == 0 && len(kept[record.ForRepository]) == 0 {
		return nil, err
	}
	t := &decide.Thread{Repository: job.Repository, Name: name, Lasting: kept[record.ForRepository], Seen: map[int64][]policy.Seen{},
		Done:   map[comment.Ref]bool{},
		Thread: comment.Thread{Slug: s.c.Slug, Rules: p.Accept.Rules, Now: s.c.Now(), Permissions: map[string]comment.Permission{}}}
	if number == 0 {
		return t, nil
	}
	c, err := s.conversation(ctx, job, number)
	if err != nil {
		return nil, err
	}
	t.Author, t.Comments = c.Pull.Author, c.Comments
	if stale(job, t.Comments) {
		if later := s.patient(job, "GitHub does not show the comment as it is yet"); later != nil {
			return nil, later
		}
	}
	t.Pressed = kept[name]
	for _, k := range kept[decide.RevokedIn(name)] {
		t.Revoked = append(t.Revoked, k.Acceptance)
	}
	reply, err := s.decisions.Reply(ctx, job.Repository, number)
	if err != nil {
		return nil, err
	}
	for name, a := range reply.Answers {
		if ref, ok := comment.ParseRef(name); ok && a.Reaction == "+1" {
			t.Done[ref] = true
		}
	}
	generations, err := s.reviews.Generations(ctx, job.Repository, t.Name)
	if err != nil {
		return nil, err
	}
	for _, g := range generations {
		if !g.Shown.IsZero() && (len(g.Own) == 0 || g.Own[0].Since.After(g.Shown)) { // shown by an older version
			t.Results = append(t.Results, decide.Result{Generation: g.Generation, Since: g.Shown})
		}
		for _, own := range g.Own {
			t.Results = append(t.Results, decide.Result{Generation: g.Generation, Since: own.Since, Own: own.Findings, OwnKnown: true})
		}
	}
	return t, nil
}

// kept are the decisions that the store has of each scope.
func (s *Server) kept(ctx context.Context, job webhook.Job, scopes ...string) (map[string][]decide.Kept, error) {
	list, err := s.decisions.Decisions(ctx, job.Repository, scopes...)
	if err != nil {
		return nil, err
	}
	out := map[string][]decide.Kept{}
	for _, one := range list {
		k := decide.Kept{ID: one.ID, Thread: one.Thread, Origin: one.Origin}
		if err := json.Unmarshal(one.Value, &k); err != nil {
			return nil, fmt.Errorf("app: a stored decision cannot be read: %w", err)
		}
		out[one.Scope] = append(out[one.Scope], k)
	}
	return out, nil
}

// judgeAgain judges the other open pull requests of a repository again: one of
// them may be green by what is revoked.
func (s *Server) judgeAgain(ctx context.Context, job webhook.Job) error {
	heads, err := s.reviews.HeadsOpen(ctx, job.Repository)
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
	return s.queue.Add(ctx, jobs...)
}

func (s *Server) endDecision(ctx context.Context, job webhook.Job, e decide.Ended) error {
	if err := s.decisions.Revoke(ctx, e.ID, e.By); err != nil {
		return err
	}
	if err := s.judgeAgain(ctx, job); err != nil {
		return err
	}
	return s.audit(ctx, job, e.By, "revoked in repository", e.Name+"@"+e.Version+" "+strings.Join(e.Findings, " "),
		fmt.Sprintf("decision/%d/revoked", e.ID))
}
