package github

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// What GitHub lets an installation ask for. Whoever goes beyond is refused, and
// whoever goes on is blocked: so requests wait here, before they are made.
// Source: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits

const (
	// atOnce is how many requests of one installation are under way. GitHub takes
	// 100, and several processes may share them.
	atOnce = 20
	// One endpoint takes 900 points in any minute: what may be used at once, and
	// what comes in a minute.
	pointsAtOnce  = 450
	pointsASecond = 450.0 / 60
	// readPoints and writePoints are what a request costs.
	readPoints, writePoints = 1, 5
	// Comments and reactions are content: 80 in any minute, 500 in any hour.
	contentAtOnce     = 20
	contentASecond    = 60.0 / 60
	contentHourAtOnce = 200
	contentHourSecond = 300.0 / 3600
	// longestWait is how long a request waits here: for longer, its job is put
	// back into the queue.
	longestWait = 2 * time.Second
)

// budget is one installation's.
type budget struct {
	slots chan struct{}
	// counted is unset on Enterprise Server, which has no limits unless its
	// administrator sets some.
	counted bool
	content [2]*rate.Limiter

	mu        sync.Mutex
	endpoints map[string]*rate.Limiter
	// until is when GitHub, which refused a request, answers again.
	until time.Time
}

func newBudget(counted bool) *budget {
	return &budget{slots: make(chan struct{}, atOnce), counted: counted, endpoints: map[string]*rate.Limiter{},
		content: [2]*rate.Limiter{rate.NewLimiter(contentASecond, contentAtOnce), rate.NewLimiter(contentHourSecond, contentHourAtOnce)}}
}

// enter waits until a request may be made; leave has to be called after it. The
// error is a *Limited where that would take long.
func (b *budget) enter(r *http.Request) (leave func(), err error) {
	if wait := b.reserve(r, time.Now()); wait > longestWait {
		return nil, &Limited{wait}
	} else if err := pause(r.Context(), wait); err != nil {
		return nil, err
	}
	select {
	case b.slots <- struct{}{}:
		return func() { <-b.slots }, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// Busy is how long an installation's check runs cannot be written for, as far as
// is known: whoever can wait asks for nothing until then. 0: they can.
func (a *App) Busy(installation int64) time.Duration {
	a.mu.Lock()
	b := a.budgets[installation]
	a.mu.Unlock()
	if b == nil {
		return 0
	}
	return b.busy(time.Now())
}

func (b *budget) busy(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	wait := max(b.until.Sub(now), 0)
	for _, name := range []string{"POST check-runs", "PATCH check-runs"} {
		if e := b.endpoints[name]; e != nil {
			if lacks := writePoints - e.TokensAt(now); lacks > 0 {
				wait = max(wait, time.Duration(lacks/pointsASecond*float64(time.Second)))
			}
		}
	}
	return wait
}

func pause(ctx context.Context, wait time.Duration) error {
	if wait <= 0 {
		return nil
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reserve takes a request's share, and returns after what time it is there.
// Where that is longer than a request waits, nothing is taken.
func (b *budget) reserve(r *http.Request, now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	wait := max(b.until.Sub(now), 0)
	if !b.counted || wait > longestWait {
		return wait
	}
	name, points, content := cost(r)
	endpoint := b.endpoints[name]
	if endpoint == nil {
		endpoint = rate.NewLimiter(pointsASecond, pointsAtOnce)
		b.endpoints[name] = endpoint
	}
	taken := []*rate.Reservation{endpoint.ReserveN(now, points)}
	if content {
		for _, l := range b.content {
			taken = append(taken, l.ReserveN(now, 1))
		}
	}
	for _, t := range taken {
		wait = max(wait, t.DelayFrom(now))
	}
	if wait > longestWait {
		for _, t := range taken {
			t.CancelAt(now)
		}
	}
	return wait
}

// cost is what a request counts for: its endpoint, without what is asked about,
// the points, and whether it makes content.
func cost(r *http.Request) (endpoint string, points int, content bool) {
	steps := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(steps) > 3 && steps[0] == "repos" {
		steps = steps[3:]
	}
	var words []string
	for _, step := range steps {
		if resources[step] {
			words = append(words, step)
		}
	}
	points = writePoints
	if r.Method == http.MethodGet || isQuery(r) {
		points = readPoints
	}
	return r.Method + " " + strings.Join(words, "/"), points, r.Method == http.MethodPost && len(steps) > 0 && steps[0] == "issues"
}

// resources are the words that tell endpoints apart; numbers, commits and names
// stand between them.
var resources = map[string]bool{"pulls": true, "commits": true, "check-runs": true, "compare": true, "contents": true, "git": true,
	"trees": true,
	"blobs": true, "issues": true, "comments": true, "reactions": true, "collaborators": true, "installation": true, "graphql": true}

// learn takes over what an answer says: whoever is refused asks nothing more
// until the time that GitHub names.
func (b *budget) learn(answer *http.Response, now time.Time) {
	if answer.StatusCode != http.StatusTooManyRequests && (answer.StatusCode != http.StatusForbidden || !limits(answer)) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if until := now.Add(retryAfter(answer)); until.After(b.until) {
		b.until = until
	}
}
