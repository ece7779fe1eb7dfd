// Package record has the values that are kept of what the App did: heads, their
// reviews and verdicts, decisions and the audit. The store keeps them, the App
// writes them, the pages show them.
package record

import (
	"time"

	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/app/webhook"
)

// Head is the newest head of a pull request or merge group.
type Head struct {
	Repository, Installation int64
	Owner, Name              string
	Pull                     int
	Thread                   string
	Generation               int64
	SHA, Branch              string
	// Base is a merge group's base commit.
	Base string
	// Follows is the pull request that a merge group merges.
	Follows int
	// State is queued, reviewing, done, failed or closed.
	State string
	// Posted is the digest of the check run that was posted last.
	Posted string
	// Conclusion is what the newest judgment of this thread alone came to, empty
	// where there is none yet.
	Conclusion string
}

// Job is a job of that kind on the head.
func (h *Head) Job(kind webhook.Kind) webhook.Job {
	return webhook.Job{Kind: kind, Installation: h.Installation, Repository: h.Repository, Owner: h.Owner, Name: h.Name, Pull: h.Pull,
		SHA: h.SHA, Branch: h.Branch, BaseSHA: h.Base, Follows: h.Follows, Generation: h.Generation}
}

// Reviewed is one generation of a thread with its review.
type Reviewed struct {
	Generation          int64
	SHA                 string
	Received, Completed time.Time
	// Shown is since when the check shows its result, by GitHub's clock, and Own what
	// the policy alone found, each time that another result of it was shown.
	Shown time.Time
	Own   []Own
	// Review is nil where the generation has none.
	Review *review.Review
}

// Own is what a policy's own lists found, and was shown since then.
type Own struct {
	Since    time.Time `json:"since"`
	Findings []string  `json:"findings"`
}
