package app

import (
	"context"
	"sync"
	"time"

	"github.com/lockwarden/lockwarden/app/webhook"
)

// Reviews wait for GitHub many at a time; so many are parsed and scanned.
const (
	// scannedAtOnce are under way in this process, of one installation
	// scannedOfOne: a large one must not hold up the others, nor a long review
	// all others of its installation.
	scannedAtOnce, scannedOfOne = 8, 2
	// groupsAtOnce are those of merge groups, for which GitHub holds up a branch:
	// they wait for no others.
	groupsAtOnce = 2
	// longestTurn is how long a review waits for its turn before it is put back,
	// so that the time that a job may take is its own.
	longestTurn = time.Minute
	// blobsAtOnce are files read ahead, each of 2 MB at most.
	blobsAtOnce = 16
)

// turns are the places of reviews that are parsed and scanned.
type turns struct {
	all, groups chan struct{}

	mu sync.Mutex
	// of are the places of the installations that have reviews here.
	of map[int64]*places
}

type places struct {
	taken chan struct{}
	// users are those who wait or have a place.
	users int
}

func newTurns() *turns {
	return &turns{all: make(chan struct{}, scannedAtOnce), groups: make(chan struct{}, groupsAtOnce), of: map[int64]*places{}}
}

// take waits for a place; done gives it back.
func (t *turns) take(ctx context.Context, job webhook.Job) (done func(), err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, longestTurn, &webhook.Later{After: settle, Reason: "other reviews are being scanned"})
	defer cancel()
	if job.Pull == 0 {
		if err := enter(ctx, t.groups); err != nil {
			return nil, err
		}
		return func() { <-t.groups }, nil
	}
	t.mu.Lock()
	p := t.of[job.Installation]
	if p == nil {
		p = &places{taken: make(chan struct{}, scannedOfOne)}
		t.of[job.Installation] = p
	}
	p.users++
	t.mu.Unlock()
	leave := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if p.users--; p.users == 0 {
			delete(t.of, job.Installation)
		}
	}
	if err := enter(ctx, p.taken); err != nil {
		leave()
		return nil, err
	}
	if err := enter(ctx, t.all); err != nil {
		<-p.taken
		leave()
		return nil, err
	}
	return func() {
		<-t.all
		<-p.taken
		leave()
	}, nil
}

func enter(ctx context.Context, places chan struct{}) error {
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
