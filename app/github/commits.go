package github

import (
	"context"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
)

// commits lets one review of this process at a time write the check runs of a
// commit: several pull requests may have the same head, and share its run.
type commits struct {
	mu    sync.Mutex
	taken map[string]*taken
	// writers are the reviews that wrote last.
	writers *lru.Cache[string, string]
}

type taken struct {
	place chan struct{}
	users int
}

// writersKept is for how many commits it is known who wrote last.
const writersKept = 10_000

func newCommits() *commits {
	c := &commits{taken: map[string]*taken{}}
	c.writers, _ = lru.New[string, string](writersKept)
	return c
}

// take waits until nobody else writes; release ends it. others tells that the
// last one who wrote was another review.
func (c *commits) take(ctx context.Context, commit, review string) (others bool, release func(), err error) {
	c.mu.Lock()
	t := c.taken[commit]
	if t == nil {
		t = &taken{place: make(chan struct{}, 1)}
		c.taken[commit] = t
	}
	t.users++
	c.mu.Unlock()
	leave := func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if t.users--; t.users == 0 {
			delete(c.taken, commit)
		}
	}
	select {
	case t.place <- struct{}{}:
	case <-ctx.Done():
		leave()
		return false, nil, ctx.Err()
	}
	last, known := c.writers.Get(commit)
	c.writers.Add(commit, review)
	return known && last != review, func() {
		<-t.place
		leave()
	}, nil
}
