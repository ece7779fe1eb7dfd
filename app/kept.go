package app

import (
	"context"
	"time"

	"github.com/lockwarden/lockwarden/app/page"
	"github.com/lockwarden/lockwarden/app/record"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/app/webhook"
)

// Store is what a Server keeps things in. Each of its steps knows one side of it.
type Store interface {
	Queue
	Reviews
	Decisions
	page.Store
}

// Queue keeps deliveries and jobs, and shares chores among processes.
type Queue interface {
	webhook.Queue
	// Add keeps jobs that no delivery asked for, AddAt one that is not to run
	// before a time, Handover the review of a head in place of the head's own job.
	Add(ctx context.Context, jobs ...webhook.Job) error
	AddAt(ctx context.Context, job webhook.Job, at time.Time) error
	Handover(ctx context.Context, job webhook.Job) error
	// Start works jobs off until ctx ends.
	Start(ctx context.Context, do func(context.Context, webhook.Attempt) error) error
	Ready(ctx context.Context) error
	// Claim takes a chore for this process; Mark notes when one was done last.
	Claim(ctx context.Context, what string, length time.Duration) (bool, error)
	Mark(ctx context.Context, name string, at time.Time) error
	Marked(ctx context.Context, name string) (time.Time, error)
	Prune(ctx context.Context) error
}

// Reviews keeps the heads of pull requests and merge groups, and what came of
// them. What is set is set of the job's own generation.
type Reviews interface {
	Head(ctx context.Context, repository int64, thread string) (h record.Head, ok bool, err error)
	NewestHead(ctx context.Context, repository int64) (h record.Head, ok bool, err error)
	HeadsAt(ctx context.Context, repository int64, sha string) ([]record.Head, error)
	HeadsOn(ctx context.Context, repository int64, branch string) ([]record.Head, error)
	HeadsOpen(ctx context.Context, repository int64) ([]record.Head, error)
	// Current reports whether a job's generation is the newest, and open.
	Current(ctx context.Context, job webhook.Job) (bool, error)
	// Moved notes where a job's repository is now: its name, owner and installation.
	Moved(ctx context.Context, job webhook.Job) error
	SetSHA(ctx context.Context, job webhook.Job, sha, branch string) error
	SetState(ctx context.Context, job webhook.Job, state string) error
	SetConclusion(ctx context.Context, job webhook.Job, conclusion string) error
	SetVerdict(ctx context.Context, job webhook.Job, v record.Verdict) error
	SetPosted(ctx context.Context, job webhook.Job, digest string, shown time.Time, own []string) error
	// Lease keeps others from judging a thread at the same time, until Release.
	Lease(ctx context.Context, repository int64, thread, by string, length time.Duration) (bool, error)
	Release(ctx context.Context, repository int64, thread, by string) error
	Complete(ctx context.Context, job webhook.Job, r *review.Review) error
	Generations(ctx context.Context, repository int64, thread string) ([]record.Reviewed, error)
	Review(ctx context.Context, repository int64, thread string, generation int64) (*review.Review, error)
}

// Decisions keeps what people decided and were answered, and the audit.
type Decisions interface {
	Decide(ctx context.Context, d record.Decision) error
	Decisions(ctx context.Context, repository int64, scopes ...string) ([]record.Decision, error)
	Revoke(ctx context.Context, id int64, by string) error
	// ArrivedBefore lists the comments that were delivered before a job was.
	ArrivedBefore(ctx context.Context, job webhook.Job) ([]string, error)
	Audit(ctx context.Context, e record.Entry) error
	Reply(ctx context.Context, repository int64, pull int) (record.Reply, error)
	SetReply(ctx context.Context, repository int64, pull int, r record.Reply) error
}
