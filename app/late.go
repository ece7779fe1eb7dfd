package app

import (
	"context"
	"slices"
	"time"

	"github.com/lockwarden/lockwarden/app/comment"
	"github.com/lockwarden/lockwarden/app/github"
	"github.com/lockwarden/lockwarden/app/webhook"
)

// GitHub's API can be seconds behind its webhooks: what a delivery said is a
// lower bound of what is true, and an answer that is older is asked for again.

const (
	// patience is how long an older answer is asked for again before anything is said
	// about it, endurance how long a head is that GitHub does not show, and
	// askedAgain how often meanwhile.
	patience   = time.Minute
	endurance  = time.Hour
	askedAgain = 30 * time.Second
	// firstWait and longestWait bound the time between two tries, each of which
	// waits a third as long as all before it.
	firstWait, longestWait = 200 * time.Millisecond, 10 * time.Second
)

// patient asks for the job again while GitHub may still be behind; nil where
// that has lasted too long, and the answer is to be taken as it is.
func (s *Server) patient(job webhook.Job, reason string) error {
	if job.Queued.IsZero() {
		return nil
	}
	waited := time.Since(job.Queued)
	if waited > s.c.Patience {
		return nil
	}
	return &webhook.Later{After: min(max(waited/3, firstWait), longestWait), Reason: reason}
}

// waiting shows, on a head that GitHub has not shown for longer than usual, that the
// review waits for it, and asks for the job again; both are nil where that has lasted
// too long, too. A newer head's event, which may be on its way, ends the wait.
func (s *Server) waiting(ctx context.Context, job webhook.Job) (later, failed error) {
	if job.SHA == "" || !s.waited(job) || time.Since(job.Queued) > endurance {
		return nil, nil
	}
	err := s.check(job).Begin(ctx, "Waiting for GitHub", "GitHub told of this commit, and does not show it in the pull request yet. "+
		"It is asked again every half minute.")
	if err != nil {
		return nil, err
	}
	return &webhook.Later{After: min(askedAgain, s.c.Patience), Reason: "GitHub does not show the head for long"}, nil
}

// waited reports whether a job has been put back for so long that its check run may
// say so.
func (s *Server) waited(job webhook.Job) bool {
	return !job.Queued.IsZero() && time.Since(job.Queued) > s.c.Patience
}

// older reports whether a pull request as GitHub has it may be older than what
// the delivery said: its head is another, and does not come after that one.
func (s *Server) older(ctx context.Context, job webhook.Job, pull github.Pull) bool {
	if job.SHA == "" || pull.HeadSHA == job.SHA {
		return false
	}
	base, err := s.repository(job).MergeBase(ctx, job.SHA, pull.HeadSHA)
	return err != nil || base != job.SHA
}

// stale reports whether the comments are from before the delivery that a job is
// about: its comment is missing, or stands there as it was.
func stale(job webhook.Job, comments []comment.Comment) bool {
	said := job.Said()
	if said == "" {
		return false
	}
	i := slices.IndexFunc(comments, func(c comment.Comment) bool { return c.Ref().String() == said })
	switch {
	case job.Deleted:
		return i >= 0
	case job.Edited:
		return i >= 0 && !comments[i].Edited()
	}
	return i < 0
}
