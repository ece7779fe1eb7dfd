package flight_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockwarden/lockwarden/analyzer/flight"
)

// TestOneWorks: a hundred callers, one piece of work, and its error is
// everybody's.
func TestOneWorks(t *testing.T) {
	for _, want := range []error{nil, errors.New("nobody answers")} {
		synctest.Test(t, func(t *testing.T) {
			var g flight.Group[string, int]
			var runs, shares atomic.Int32
			go1 := make(chan struct{})
			var wait sync.WaitGroup
			for range 100 {
				wait.Go(func() {
					out, shared, err := g.Do(context.Background(), "key", func() (int, error) {
						runs.Add(1)
						<-go1
						return 7, want
					})
					if out != 7 || err != want {
						t.Errorf("%d %v", out, err)
					}
					if shared {
						shares.Add(1)
					}
				})
			}
			synctest.Wait()
			close(go1)
			wait.Wait()
			if runs.Load() != 1 || shares.Load() != 99 {
				t.Errorf("%d runs, %d waited", runs.Load(), shares.Load())
			}
			if _, shared, _ := g.Do(context.Background(), "key", func() (int, error) { return 8, nil }); shared {
				t.Error("ended work was waited for")
			}
		})
	}
}

// TestWhoGivesUpGoesAlone: the first caller's context ends, and so does one who
// waits; the others get the result of a second run.
func TestWhoGivesUpGoesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g flight.Group[string, int]
		var runs atomic.Int32
		first, stopFirst := context.WithCancel(context.Background())
		waiting, stopWaiting := context.WithCancel(context.Background())
		var wait sync.WaitGroup
		call := func(ctx context.Context, want error) {
			wait.Go(func() {
				out, _, err := g.Do(ctx, "key", func() (int, error) {
					if runs.Add(1) == 1 {
						<-ctx.Done()
						return 0, ctx.Err()
					}
					time.Sleep(time.Second) // the other one arrives meanwhile
					return 7, nil
				})
				if err != want || err == nil && out != 7 {
					t.Errorf("%d %v, want %v", out, err, want)
				}
			})
			synctest.Wait()
		}
		call(first, context.Canceled)
		call(waiting, context.Canceled)
		call(context.Background(), nil)
		call(context.Background(), nil)
		stopWaiting()
		synctest.Wait()
		if runs.Load() != 1 {
			t.Error("one who waits ended the work")
		}
		stopFirst()
		wait.Wait()
		if runs.Load() != 2 {
			t.Errorf("%d runs", runs.Load())
		}
	})
}

// TestInterrupted: work that panics leaves those who wait to begin again.
func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g flight.Group[string, int]
		stop := make(chan struct{})
		var wait sync.WaitGroup
		wait.Go(func() {
			defer func() { _ = recover() }()
			_, _, _ = g.Do(context.Background(), "key", func() (int, error) { <-stop; panic("hostile") })
		})
		synctest.Wait()
		wait.Go(func() {
			if out, _, err := g.Do(context.Background(), "key", func() (int, error) { return 7, nil }); out != 7 || err != nil {
				t.Errorf("%d %v", out, err)
			}
		})
		synctest.Wait()
		close(stop)
		wait.Wait()
	})
}
