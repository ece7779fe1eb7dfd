package github

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func request(t *testing.T, method, path string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "https://api.github.com"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestBudget: whatever is asked for, GitHub gets no more in any minute or hour
// than it takes, and a minute is enough for 60 reviews.
func TestBudget(t *testing.T) {
	for _, c := range []struct {
		method, path  string
		window        time.Duration
		most, atLeast int
	}{
		{"POST", "/repos/o/r/check-runs", time.Minute, 180, 60},
		{"PATCH", "/repos/o/r/check-runs/5", time.Minute, 180, 60},
		{"GET", "/repos/o/r/pulls/3", time.Minute, 900, 300},
		{"GET", "/repos/o/r/commits/deadbeef/check-runs", time.Minute, 900, 300},
		{"POST", "/repos/o/r/issues/3/comments", time.Minute, 80, 60},
		{"POST", "/repos/o/r/issues/comments/3/reactions", time.Minute, 80, 60},
		{"POST", "/repos/o/r/issues/3/comments", time.Hour, 500, 400},
	} {
		b := newBudget(true)
		start := time.Unix(1_000_000, 0)
		var granted []time.Time
		for at := time.Duration(0); at < c.window+c.window/2; at += 100 * time.Millisecond {
			for range 50 {
				now := start.Add(at)
				wait := b.reserve(request(t, c.method, c.path), now)
				if wait > longestWait {
					break
				}
				granted = append(granted, now.Add(wait))
			}
		}
		most := 0
		for i, from := range granted {
			n := 0
			for _, at := range granted[i:] {
				if at.Before(from.Add(c.window)) {
					n++
				}
			}
			most = max(most, n)
		}
		if c.path == "/repos/o/r/check-runs" && (b.busy(granted[0]) == 0 || b.busy(start.Add(time.Hour)) != 0) {
			t.Errorf("busy for %v, an hour later for %v", b.busy(granted[0]), b.busy(start.Add(time.Hour)))
		}
		if most > c.most || most < c.atLeast {
			t.Errorf("%s %s: %d in %v, at most %d, at least %d are wanted", c.method, c.path, most, c.window, c.most, c.atLeast)
		}
	}
}

// TestBudgetOfEnterpriseServer: it has no limits of its own, but may refuse.
func TestBudgetOfEnterpriseServer(t *testing.T) {
	b, now := newBudget(false), time.Unix(1_000_000, 0)
	for range 10_000 {
		if wait := b.reserve(request(t, "POST", "/api/v3/repos/o/r/check-runs"), now); wait > 0 {
			t.Fatal(wait)
		}
	}
	b.learn(&http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {"30"}}}, now)
	if wait := b.reserve(request(t, "GET", "/api/v3/repos/o/r/pulls/1"), now.Add(10*time.Second)); wait != 20*time.Second {
		t.Error(wait)
	}
	// A refusal that is no limit's holds up nothing.
	other := newBudget(false)
	other.learn(&http.Response{StatusCode: 403, Header: http.Header{}}, now)
	if wait := other.reserve(request(t, "GET", "/api/v3/repos/o/r/pulls/1"), now); wait != 0 {
		t.Error(wait)
	}
}

// TestBudgetWaits: a short wait is waited for, a long one puts the job back, and
// no more requests are under way than places.
func TestBudgetWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(true)
		b.learn(&http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {"2"}}}, time.Now())
		start := time.Now()
		leave, err := b.enter(request(t, "GET", "/repos/o/r/pulls/1"))
		if err != nil || time.Since(start) != 2*time.Second {
			t.Fatalf("%v after %v", err, time.Since(start))
		}
		leave()
		b.learn(&http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {"90"}}}, time.Now())
		var limited *Limited
		if _, err := b.enter(request(t, "GET", "/repos/o/r/pulls/1")); !errors.As(err, &limited) || limited.After != 90*time.Second {
			t.Fatal(err)
		}
		time.Sleep(91 * time.Second)
		var under, most atomic.Int64
		var all sync.WaitGroup
		for range 3 * atOnce {
			all.Go(func() {
				leave, err := b.enter(request(t, "GET", "/repos/o/r/pulls/1"))
				if err != nil {
					t.Error(err)
					return
				}
				defer leave()
				most.Store(max(most.Load(), under.Add(1)))
				time.Sleep(250 * time.Millisecond)
				under.Add(-1)
			})
		}
		all.Wait()
		if most.Load() != atOnce {
			t.Errorf("%d at once", most.Load())
		}
	})
}

// TestOnce: what is asked ahead is asked once, whoever asks meanwhile waits for
// it, a write makes it be asked again, and errors are nobody's answer.
func TestOnce(t *testing.T) {
	var asked atomic.Int64
	answer := make(chan struct{})
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := asked.Add(1)
		<-answer
		w.Header().Set("Link", "<x>; rel=next")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, r.URL.Path+strings.Repeat("!", int(n)))
	}))
	defer server.Close()
	c := &conditional{next: http.DefaultTransport, memory: newMemory(1 << 20), installation: 1}
	do := func(ctx context.Context, method, path, body string) string {
		r, err := http.NewRequestWithContext(ctx, method, server.URL+path, strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return ""
		}
		a, err := c.RoundTrip(r)
		if err != nil {
			t.Error(err)
			return ""
		}
		defer a.Body.Close()
		text, _ := io.ReadAll(a.Body)
		return a.Header.Get("Link") + string(text)
	}
	ctx := Once(t.Context())
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if got := do(ctx, "GET", "/repos/o/r/pulls/1", ""); got != "<x>; rel=next/repos/o/r/pulls/1!" {
				t.Error(got)
			}
		})
	}
	close(answer)
	both.Wait()
	do(ctx, "GET", "/repos/o/r/commits/1/check-runs", "")
	do(ctx, "POST", "/graphql", "a")
	do(ctx, "POST", "/graphql", "a")
	if n := asked.Load(); n != 3 {
		t.Errorf("%d requests", n)
	}
	do(ctx, "POST", "/graphql", "b")
	do(ctx, "PATCH", "/repos/o/r/check-runs/1", "")
	do(ctx, "GET", "/repos/o/r/commits/1/check-runs", "")
	do(ctx, "GET", "/repos/o/r/pulls/1", "")
	if n := asked.Load(); n != 6 {
		t.Errorf("%d requests after a write", n)
	}
	do(t.Context(), "GET", "/repos/o/r/pulls/1", "")
	do(Once(t.Context()), "GET", "/repos/o/r/pulls/1", "")
	if n := asked.Load(); n != 8 {
		t.Errorf("%d requests in another step", n)
	}
	status = http.StatusBadGateway
	do(ctx, "GET", "/repos/o/r/pulls/2", "")
	do(ctx, "GET", "/repos/o/r/pulls/2", "")
	if n := asked.Load(); n != 10 {
		t.Errorf("%d requests after errors", n)
	}
}
