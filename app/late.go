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
	// patience is how long an older answer is asked for again.
	patience = time.Minute
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
	if waited > patience {
		return nil
	}
	return &webhook.Later{After: min(max(waited/3, firstWait), longestWait), Reason: reason}
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
