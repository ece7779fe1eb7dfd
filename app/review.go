package app

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lockwarden/lockwarden/app/github"
	"github.com/lockwarden/lockwarden/app/record"
	"github.com/lockwarden/lockwarden/app/render"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/app/webhook"
	"github.com/lockwarden/lockwarden/reach"
)

// head answers a pull request's head: the check run is queued at once, and
// green at once where there is nothing to review. What there is to review is
// handed over to a Review job, so that a long one keeps no other head waiting.
func (s *Server) head(ctx context.Context, job webhook.Job) error {
	if begun, err := s.begun(ctx, job); err != nil || begun {
		return err
	}
	repo := s.repository(job)
	// What the delivery said is asked about at once. GitHub may say otherwise.
	ctx = ahead(ctx, s.check(job).Ahead)
	told := compare(ctx, repo, job.BaseSHA, job.SHA)
	pull, err := s.pull(ctx, job, job.Pull)
	if errors.Is(err, github.ErrGone) || err == nil && pull.Open && s.older(ctx, job, pull) {
		if later := s.patient(job, "GitHub does not show the head yet"); later != nil {
			return later
		}
		if later, shown := s.waiting(ctx, job); later != nil || shown != nil {
			return cmp.Or(later, shown)
		}
	}
	if err != nil {
		return err
	}
	if !pull.Open {
		// The delivery may have told that it was opened again.
		if later := s.patient(job, "GitHub shows it closed"); later != nil {
			return later
		}
		return s.reviews.SetState(ctx, job, "closed")
	}
	if pull.HeadSHA != job.SHA || pull.BaseRef != job.Branch {
		if pull.HeadSHA != job.SHA && s.waited(job) {
			if err := s.withdraw(ctx, job, "Superseded by a newer head", "GitHub shows a newer commit; see its check run."); err != nil {
				return err
			}
		}
		// Deliveries come in any order: the pull request says what its head is.
		job.SHA, job.Branch = pull.HeadSHA, pull.BaseRef
		if err := s.reviews.SetSHA(ctx, job, job.SHA, job.Branch); err != nil {
			return err
		}
	}
	early := told
	if told.base != pull.BaseSHA || told.head != pull.HeadSHA {
		early = compare(ctx, repo, pull.BaseSHA, pull.HeadSHA)
	}
	if err := s.endOlder(ctx, job); err != nil {
		return err
	}
	if err := s.check(job).Begin(ctx, "Queued", "The dependency changes of this head will be reviewed."); err != nil {
		return err
	}
	d, err := early.wait()
	if err != nil && early == told {
		// It was asked before GitHub was known to show the head.
		d, err = compare(ctx, repo, pull.BaseSHA, pull.HeadSHA).wait()
	}
	if err != nil {
		return err
	}
	return s.dispatch(ctx, job, d)
}

// group is head for a merge group, which GitHub waits for.
func (s *Server) group(ctx context.Context, job webhook.Job) error {
	if begun, err := s.begun(ctx, job); err != nil || begun {
		return err
	}
	early := compare(ctx, s.repository(job), job.BaseSHA, job.SHA)
	if err := s.check(job).Begin(ctx, "Queued", "The dependency changes of this merge group will be reviewed."); err != nil {
		return err
	}
	d, err := early.wait()
	if err != nil {
		return err
	}
	return s.dispatch(ctx, job, d)
}

// begun reports whether the review of a head was handed over already: by a try of
// the same job whose process died before the queue knew of its end.
func (s *Server) begun(ctx context.Context, job webhook.Job) (bool, error) {
	h, ok, err := s.reviews.Head(ctx, job.Repository, job.Thread())
	return ok && (h.Generation != job.Generation || h.State != "queued"), err
}

// dispatch hands a head over to be reviewed, or ends it where it changes nothing
// that a review is about.
func (s *Server) dispatch(ctx context.Context, job webhook.Job, d *difference) error {
	job.MergeBase = d.mergeBase
	if any, err := d.relevant(ctx); err != nil {
		return err
	} else if any {
		return s.queue.Handover(ctx, job)
	}
	if err := s.reviews.Complete(ctx, job, &review.Review{}); err != nil {
		return err
	}
	return s.judge(ctx, job)
}

// endOlder closes the check run of the head before, which nobody will complete.
func (s *Server) endOlder(ctx context.Context, job webhook.Job) error {
	generations, err := s.reviews.Generations(ctx, job.Repository, job.Thread())
	if err != nil {
		return err
	}
	for _, g := range slices.Backward(generations) {
		if g.Generation >= job.Generation {
			continue
		}
		if !g.Completed.IsZero() || g.SHA == job.SHA {
			return nil
		}
		older := job
		older.SHA, older.Generation = g.SHA, g.Generation
		err := s.withdraw(ctx, older, "Superseded by a newer head", "A newer commit was pushed before the review ended; see its check run.")
		if errors.Is(err, github.ErrGone) {
			return nil // a force push took the commit away
		}
		return err
	}
	return nil
}

// withdraw ends the open run of a head that nobody waits for any more. It is the
// newest of its commit: other pull requests with the same head show their results
// again.
func (s *Server) withdraw(ctx context.Context, job webhook.Job, title, summary string) error {
	cancelled, err := s.check(job).Cancel(ctx, title, summary)
	if err != nil || !cancelled {
		return err
	}
	return s.judgeShared(ctx, job, true)
}

// ended completes the run of what was closed, merged or destroyed: nobody else
// will. What it kept from passing is judged again.
func (s *Server) ended(ctx context.Context, job webhook.Job) error {
	head, ok, err := s.reviews.Head(ctx, job.Repository, job.Thread())
	if err != nil {
		return err
	}
	if ok && head.State == "closed" {
		err := s.withdraw(ctx, job, "Closed before the review ended", "The pull request or merge group was closed, merged or taken away.")
		if err != nil && !errors.Is(err, github.ErrGone) && !github.Forbidden(err) {
			return err
		}
	}
	return s.shared(ctx, job)
}

// review scans what a head brings and judges it.
func (s *Server) review(ctx context.Context, job webhook.Job) error {
	if current, err := s.reviews.Current(ctx, job); err != nil || !current {
		return err
	}
	done, err := s.reviews.Review(ctx, job.Repository, job.Thread(), job.Generation)
	if err != nil {
		return err
	}
	var by *ruling
	if done == nil {
		if by, err = s.scan(ctx, job); err != nil {
			return err
		}
	}
	// A review is kept before it is posted: trying again scans nothing again. A
	// policy that changed meanwhile judges again, by an event of its own.
	return s.judgeBy(ctx, job, by)
}

func (s *Server) scan(ctx context.Context, job webhook.Job) (*ruling, error) {
	reading, read := s.step(ctx, "read lockfiles")
	c, err := s.changes(reading, job)
	if err != nil || c == nil {
		read(err)
		return nil, err
	}
	// What is read from far away is here: parsing and scanning take memory and
	// processors, and have their turn.
	done, err := s.turns.take(ctx, job)
	if err != nil {
		read(err)
		return nil, err
	}
	defer done()
	in, err := review.Gather(reading, c.d.base, c.d.head, c.d.changed, c.by.policy.Ignored)
	read(err)
	if err != nil {
		return nil, err
	}
	running, scanned := s.step(ctx, "scan packages")
	running, stop := context.WithCancel(running)
	defer stop()
	show, wait := s.progress(running, job, stop)
	result, err := review.Run(running, in, s.c.Scanner, show)
	wait()
	scanned(err)
	if err != nil {
		if current, cerr := s.reviews.Current(ctx, job); cerr == nil && !current {
			return nil, nil // a newer head came
		}
		return nil, err
	}
	s.count(result)
	return c.by, s.reviews.Complete(ctx, job, result)
}

// changes is what a head changes, and the policy that it is judged by.
type changes struct {
	d  *difference
	by *ruling
}

// changes reads what a head changes; nil where a newer head came.
func (s *Server) changes(ctx context.Context, job webhook.Job) (*changes, error) {
	repo := s.repository(job)
	if job.MergeBase == "" {
		// An older version put the job into the queue.
		base := job.BaseSHA
		if job.Pull > 0 {
			pull, err := s.pull(ctx, job, job.Pull)
			if err != nil {
				return nil, err
			}
			if pull.HeadSHA != job.SHA {
				// An older answer is asked for again; a newer head's event is on the way.
				return nil, s.patient(job, "GitHub shows another head")
			}
			base = pull.BaseSHA
		}
		var err error
		if job.MergeBase, err = repo.MergeBase(ctx, base, job.SHA); err != nil {
			return nil, err
		}
	}
	var c changes
	var g errgroup.Group
	g.Go(func() (err error) {
		if c.d, err = differing(ctx, repo, job.MergeBase, job.SHA); err == nil {
			c.d.ahead(ctx, s.blobs)
		}
		return err
	})
	g.Go(func() (err error) {
		c.by, err = s.policy(ctx, job)
		return err
	})
	return &c, g.Wait()
}

// count adds a review's packages and issues to the metrics.
func (s *Server) count(r *review.Review) {
	for i := range r.Packages {
		p := &r.Packages[i]
		switch {
		case p.Own:
		case p.Report.NotScanned != "":
			s.c.Metrics.Scan("not_scanned")
		case !p.Report.Complete:
			s.c.Metrics.Scan("incomplete")
		case p.Report.Cached:
			s.c.Metrics.Scan("cached")
		default:
			s.c.Metrics.Scan("scanned")
		}
		for _, found := range p.Report.Issues {
			s.c.Metrics.Finding(found.ID, found.Severity.String())
		}
	}
}

// progress updates the check run now and then, and ends the review where a
// newer head came: on another replica, since on this one its job is cancelled.
// wait returns when no update is under way any more: one that arrived after the
// result would take it back.
func (s *Server) progress(ctx context.Context, job webhook.Job, stop func()) (show func(review.Progress), wait func()) {
	check := s.check(job)
	updates := make(chan review.Progress, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		// Most reviews end before anybody looks.
		select {
		case <-ctx.Done():
			return
		case <-time.After(min(s.c.Progress, time.Second)):
		}
		for {
			select {
			case <-ctx.Done():
				return
			case p := <-updates:
				if current, err := s.reviews.Current(ctx, job); err == nil && !current {
					stop()
					return
				}
				title, summary := render.Scanning(p)
				whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), updateTime)
				if err := check.Progress(whole, title, summary); err != nil {
					s.c.Log.Warn("progress was not shown", "error", reach.Detail(err))
				}
				cancel()
				select {
				case <-ctx.Done():
					return
				case <-time.After(s.c.Progress):
				}
			}
		}
	}()
	show = func(p review.Progress) {
		if p.Done == p.Total {
			return // the result is about to be posted
		}
		select {
		case updates <- p:
		default:
		}
	}
	return show, func() { stop(); <-done }
}

// updateTime bounds one update of a check run.
const updateTime = 10 * time.Second

// suite finds the pull requests of a commit for events that name none.
func (s *Server) suite(ctx context.Context, job webhook.Job) error {
	known, err := s.reviews.HeadsAt(ctx, job.Repository, job.SHA)
	if err != nil {
		return err
	}
	if len(known) > 0 {
		if !job.Again {
			return nil // the pull request's own event was here
		}
		var jobs []webhook.Job
		for _, h := range known {
			kind := webhook.Head
			if h.Pull == 0 {
				kind = webhook.Group
			}
			again := h.Job(kind)
			again.Again, again.Delivery, again.Generation = true, job.Delivery, 0
			jobs = append(jobs, again)
		}
		return s.queue.Add(ctx, jobs...)
	}
	pulls, err := s.repository(job).PullsAt(ctx, job.SHA)
	if err != nil {
		return err
	}
	return s.add(ctx, job, pulls)
}

// installation asks for what is open in each repository of an installation.
func (s *Server) installation(ctx context.Context, job webhook.Job) error {
	list, err := s.c.GitHub.Repositories(ctx, job.Installation)
	if err != nil {
		return err
	}
	jobs := make([]webhook.Job, 0, len(list))
	for _, r := range list {
		one := job
		one.Kind, one.Repository, one.Owner, one.Name = webhook.Installed, r.ID, r.Owner, r.Name
		jobs = append(jobs, one)
	}
	return s.queue.Add(ctx, jobs...)
}

// installed reviews what is open in a repository that the App is new to.
func (s *Server) installed(ctx context.Context, job webhook.Job) error {
	if err := s.reviews.Moved(ctx, job); err != nil {
		return err
	}
	pulls, err := s.repository(job).OpenPulls(ctx)
	if err != nil {
		return err
	}
	return s.add(ctx, job, pulls)
}

func (s *Server) add(ctx context.Context, from webhook.Job, pulls []github.Pull) error {
	var jobs []webhook.Job
	for _, p := range pulls {
		job := from
		job.Kind, job.Pull, job.SHA, job.Branch, job.BaseSHA = webhook.Head, p.Number, p.HeadSHA, p.BaseRef, p.BaseSHA
		jobs = append(jobs, job)
	}
	return s.queue.Add(ctx, jobs...)
}

// policyChanged judges the open pull requests into a branch again: its policy
// is what counts for them. Those that were reviewed when the branch had another name
// are among them, by what GitHub says.
func (s *Server) policyChanged(ctx context.Context, job webhook.Job) error {
	heads, err := s.reviews.HeadsOn(ctx, job.Repository, job.Branch)
	if err != nil {
		return err
	}
	open, err := s.reviews.HeadsOpen(ctx, job.Repository)
	if err != nil {
		return err
	}
	open = slices.DeleteFunc(open, func(h record.Head) bool { return h.Branch == job.Branch })
	if len(open) > 0 {
		pulls, err := s.repository(job).OpenPulls(ctx)
		if err != nil {
			return err
		}
		for _, h := range open {
			if slices.ContainsFunc(pulls, func(p github.Pull) bool { return p.Number == h.Pull && p.BaseRef == job.Branch }) {
				heads = append(heads, h)
			}
		}
	}
	var jobs []webhook.Job
	for _, h := range heads {
		again := h.Job(webhook.Comment)
		again.Delivery = job.Delivery
		jobs = append(jobs, again)
	}
	return s.queue.Add(ctx, jobs...)
}
