package github

import (
	"net/http"
	"sync"
	"time"
)

// clock learns how far this machine's clock is ahead of GitHub's: what GitHub
// dates and what happened here can be put in one order then.
type clock struct {
	mu sync.Mutex
	// now and before are the least differences of this time window and of the one
	// before it; since is when this one began.
	now, before time.Duration
	since       time.Time
	windows     int
}

// clockTime is how long a window is: clocks are set.
const clockTime = 10 * time.Minute

// learn takes an answer's Date, which is cut to a second and has been under way:
// the least difference is nearest to the truth. A single slow answer at the
// beginning of a window must not look like a clock that is ahead, or what was
// completed after a comment would count as seen by its author.
func (c *clock) learn(answer *http.Response, now time.Time) {
	if c == nil {
		return // a request that is not the App's
	}
	date, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		return
	}
	ahead := now.Sub(date)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.windows == 0:
		c.now, c.before, c.since, c.windows = ahead, ahead, now, 1
	case now.Sub(c.since) > clockTime:
		c.before, c.now, c.since = c.now, ahead, now
		c.windows++
	default:
		c.now = min(c.now, ahead)
		if c.windows == 1 {
			c.before = c.now
		}
	}
}

// Ahead is how far this machine's clock is ahead of GitHub's, as far as its
// answers show; 0 before the first one.
func (a *App) Ahead() time.Duration {
	a.clock.mu.Lock()
	defer a.clock.mu.Unlock()
	return a.clock.ahead()
}

func (c *clock) ahead() time.Duration { return min(c.now, c.before) }
