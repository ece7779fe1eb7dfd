package analyzer

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/lockwarden/lockwarden/analyzer/issue"
)

// Shared keeps results where all replicas of a server see them. A result that
// it loses costs a second scan.
type Shared interface {
	Get(ctx context.Context, key string) ([]byte, bool)
	Put(ctx context.Context, key string, data []byte)
	// Claim takes a scan until release is called; ok is false where another
	// replica is at it.
	Claim(ctx context.Context, key string) (release func(), ok bool)
}

// Share makes the scanner keep its results in a place that other replicas read.
// Call it before the first scan.
func (s *Scanner) Share(with Shared) { s.shared = with }

// Restarts is how many child processes died so far.
func (s *Scanner) Restarts() int {
	if s.Pool == nil {
		return 0
	}
	return s.Pool.Restarts()
}

// look is how often a replica looks whether another one's scan has ended.
const look = 100 * time.Millisecond

// flight is a scan under way in this process.
type flight struct {
	done chan struct{}
	out  Scanned
	err  error
}

// errInterrupted is what a scan that did not even return leaves to those who wait:
// they begin anew.
var errInterrupted = errors.New("analyzer: the scan was interrupted")

// flights lets those who want the same tarball at the same time wait for one
// scan.
type flights struct {
	mu    sync.Mutex
	under map[Subject]*flight
}

// once runs do, or waits for another caller that does so already. A caller
// whose context ends takes only its own wait with it: the others begin anew.
func (f *flights) once(ctx context.Context, subject Subject, do func() (Scanned, error)) (Scanned, error) {
	for {
		f.mu.Lock()
		if f.under == nil {
			f.under = map[Subject]*flight{}
		}
		other := f.under[subject]
		if other == nil {
			own := &flight{done: make(chan struct{}), err: errInterrupted}
			f.under[subject] = own
			f.mu.Unlock()
			defer func() {
				f.mu.Lock()
				delete(f.under, subject)
				f.mu.Unlock()
				close(own.done)
			}()
			own.out, own.err = do()
			return own.out, own.err
		}
		f.mu.Unlock()
		select {
		case <-ctx.Done():
			return Scanned{}, ctx.Err()
		case <-other.done:
		}
		if other.err == nil {
			out := other.out
			out.Cached, out.Bytes = true, 0
			return out, nil
		}
	}
}

// take makes the scan of the bytes with this sha512 (empty: unknown ones) this
// process's own among the replicas. It returns the result instead where another replica had it first.
func (s *Scanner) take(ctx context.Context, sum string) (*issue.Contents, func(), error) {
	if s.shared == nil || sum == "" {
		return nil, func() {}, nil
	}
	for {
		if c, ok := s.kept(ctx, sum); ok {
			return c, nil, nil
		}
		if release, ok := s.shared.Claim(ctx, s.cacheKey(sum)); ok {
			// Between the look and the claim the other one may have ended.
			if c, there := s.kept(ctx, sum); there {
				release()
				return c, nil, nil
			}
			return nil, release, nil
		}
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-time.After(look):
		}
	}
}

// kept reads what another replica found, and keeps it here as well.
func (s *Scanner) kept(ctx context.Context, sum string) (*issue.Contents, bool) {
	data, ok := s.shared.Get(ctx, s.cacheKey(sum))
	if !ok {
		return nil, false
	}
	c := &issue.Contents{}
	if json.Unmarshal(data, c) != nil {
		return nil, false
	}
	if s.Cache != nil {
		s.Cache.Put("contents", s.cacheKey(sum), data)
	}
	return c, true
}
