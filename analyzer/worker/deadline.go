package worker

import (
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"time"
)

// begun is when this process began.
var begun = time.Now()

// deadline decides when a child has had enough. What a step may take is processor
// time: beside others on a busy machine a child gets less of it, not less far.
type deadline struct {
	limits Limits
	// processor is the processor time that the child has used; now is the clock on
	// the wall.
	processor func() (time.Duration, bool)
	now       func() time.Time

	stepUsed time.Duration // what the child had used when the step began
	stepAt   time.Time
	// The last time that the child was seen to go on.
	movedUsed time.Duration
	movedAt   time.Time
}

// leastLook is how long to wait between two looks at least.
const leastLook = 20 * time.Millisecond

// idleShare is which part of the time of Limits.Stuck a child uses at least that
// goes on: the watch over its memory takes some 0.2 % of an idle one.
const idleShare = 100

// begin notes that a step begins.
func (d *deadline) begin() {
	d.stepAt = d.now()
	d.stepUsed, _ = d.processor()
	d.movedUsed, d.movedAt = d.stepUsed, d.stepAt
}

// look says why the child is to be ended, or, where it is not, when to look
// again. waiting is set where the child waits for us.
func (d *deadline) look(waiting bool) (death *DeathError, again time.Duration) {
	now := d.now()
	used, known := d.processor()
	if !known {
		// The wall's clock stands for the processor's.
		if waiting {
			d.stepAt = now
		}
		left := d.limits.Step - now.Sub(d.stepAt)
		if left <= 0 {
			return d.slow("it took more than %v"), 0
		}
		return nil, max(left, leastLook)
	}
	if used-d.stepUsed >= d.limits.Step {
		return d.slow("it took more than %v of processor time"), 0
	}
	still := now.Sub(d.movedAt)
	switch {
	case waiting, used-d.movedUsed >= d.limits.Stuck/idleShare:
		d.movedUsed, d.movedAt, still = used, now, 0
	case still >= d.limits.Stuck:
		// Stopped, or waiting for what never comes: no fault of the request that
		// anybody knows of.
		return &DeathError{Reason: fmt.Sprintf("it did not go on for %v (limit Stuck)", d.limits.Stuck), Outside: true}, 0
	}
	// It may use every processor at once.
	again = (d.limits.Step - (used - d.stepUsed)) / time.Duration(runtime.NumCPU())
	return nil, max(min(again, d.limits.Stuck-still), leastLook)
}

func (d *deadline) slow(format string) *DeathError {
	return &DeathError{Reason: fmt.Sprintf(format+" (limit Step)", d.limits.Step), Slow: true}
}

// source is a body that says whether it is being waited for.
type source struct {
	io.Reader
	reading atomic.Bool
}

func (s *source) Read(p []byte) (int, error) {
	s.reading.Store(true)
	defer s.reading.Store(false)
	return s.Reader.Read(p)
}
