package webhook

import (
	"fmt"
	"time"
)

// Attempt is one try of a job.
type Attempt struct {
	Job Job
	// Number counts from 1; Last is set where no further one follows.
	Number int
	Last   bool
	// Deadly is set where the process died in so many tries that this job may
	// be the cause: it is better given up than tried again.
	Deadly bool
}

// Later is an error that asks for another try at a later time, which does not
// count as a failure: a rate limit, a job that has to wait for another.
type Later struct {
	After  time.Duration
	Reason string
}

// Error implements error.
func (l *Later) Error() string { return fmt.Sprintf("later, in %v: %s", l.After, l.Reason) }
