package analyzer

import (
	"context"
	"encoding/json"
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

// take makes the scan of the bytes with this sha512 (empty: unknown ones) this
// process's own among the replicas. It returns the result instead where another
// replica had it first.
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
