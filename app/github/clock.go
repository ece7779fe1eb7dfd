package github

import (
	"net/http"
	"sync"
	"time"
)

// clock learns how far this machine's clock is ahead of GitHub's: what GitHub
// dates and what happened here can be put in one order then.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
	at    time.Time
}

// clockTime is how long a measurement counts: clocks are set.
const clockTime = 10 * time.Minute

// learn takes an answer's Date, which is cut to a second and has been under way:
// the least difference is nearest to the truth.
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
	if c.at.IsZero() || ahead < c.ahead || now.Sub(c.at) > clockTime {
		c.ahead, c.at = ahead, now
	}
}

// Ahead is how far this machine's clock is ahead of GitHub's, as far as its
// answers show; 0 before the first one.
func (a *App) Ahead() time.Duration {
	a.clock.mu.Lock()
	defer a.clock.mu.Unlock()
	return a.clock.ahead
}
