// Package flight lets those who want the same thing at the same time wait for
// one of them to get it. It knows nothing of what is wanted.
package flight

import (
	"context"
	"errors"
	"sync"
)

// Group is work under way, by key. Its zero value is ready.
type Group[K comparable, V any] struct {
	mu    sync.Mutex
	under map[K]*work[V]
}

// work is done by the first who wants it.
type work[V any] struct {
	done chan struct{}
	out  V
	err  error
	// own is set where it failed for reasons of its first caller alone.
	own bool
}

// errInterrupted is what work that did not even return leaves to those who wait:
// they begin again.
var errInterrupted = errors.New("flight: the work was interrupted")

// Do runs do, or waits for another caller that does so already; shared reports
// whether it waited. A caller whose context ends takes only its own wait with
// it: of those who still wait, one begins again. Any other error is everybody's,
// or a thousand callers would each find out in turn that nobody answers.
func (g *Group[K, V]) Do(ctx context.Context, key K, do func() (V, error)) (out V, shared bool, err error) {
	for {
		g.mu.Lock()
		if g.under == nil {
			g.under = map[K]*work[V]{}
		}
		other := g.under[key]
		if other == nil {
			w := &work[V]{done: make(chan struct{}), err: errInterrupted, own: true}
			g.under[key] = w
			g.mu.Unlock()
			defer func() {
				g.mu.Lock()
				delete(g.under, key)
				g.mu.Unlock()
				close(w.done)
			}()
			w.out, w.err = do()
			w.own = w.err != nil && ctx.Err() != nil
			return w.out, false, w.err
		}
		g.mu.Unlock()
		select {
		case <-ctx.Done():
			return out, true, ctx.Err()
		case <-other.done:
		}
		if !other.own {
			return other.out, true, other.err
		}
	}
}
