package analyzer

import (
	"context"
	"encoding/json"

	"github.com/lockwarden/lockwarden/analyzer/issue"
)

// slow is what is remembered of a scan that took too much processor time, for the
// same bytes and the same version of the engine: the next review would pay the
// minutes again, for the same answer.
type slow struct {
	// Fetch is set where the package was given up, Contents where it lacks only
	// Files.
	Fetch    *issue.FetchProblem
	Contents *issue.Contents
	Files    []string
}

// slowKind is the kind of these documents in the cache, and the start of their
// keys where replicas share them.
const slowKind = "slow"

// fromMemory is what the reason of such a failure ends with.
const fromMemory = "; remembered, --no-cache tries again"

// remember keeps a failure. The bytes are those of the hash: the whole tarball was
// read and compared before its scan counts as one.
func (s *Scanner) remember(ctx context.Context, out Scanned, l lost) {
	if out.Integrity == "" || s.Cache == nil && s.shared == nil {
		return
	}
	kept := slow{Fetch: out.Fetch, Contents: out.Contents}
	for file := range l.files {
		kept.Files = append(kept.Files, file)
	}
	data, err := json.Marshal(kept)
	if err != nil {
		return
	}
	if s.Cache != nil {
		s.Cache.Put(slowKind, s.cacheKey(out.Integrity), data)
	}
	if s.shared != nil {
		s.shared.Put(ctx, slowKind+" "+s.cacheKey(out.Integrity), data)
	}
}

// recall is a failure that this machine remembers.
func (s *Scanner) recall(sum string) (Scanned, bool) {
	if s.Cache == nil || sum == "" {
		return Scanned{}, false
	}
	data, ok := s.Cache.Get(slowKind, s.cacheKey(sum))
	if !ok {
		return Scanned{}, false
	}
	return failureFrom(data, sum)
}

// remembered is a failure that this machine or another replica remembers.
func (s *Scanner) remembered(ctx context.Context, sum string) (Scanned, bool) {
	if out, ok := s.recall(sum); ok {
		return out, true
	}
	if s.shared == nil || sum == "" {
		return Scanned{}, false
	}
	data, ok := s.shared.Get(ctx, slowKind+" "+s.cacheKey(sum))
	if !ok {
		return Scanned{}, false
	}
	if s.Cache != nil {
		s.Cache.Put(slowKind, s.cacheKey(sum), data)
	}
	return failureFrom(data, sum)
}

func failureFrom(data []byte, sum string) (Scanned, bool) {
	var kept slow
	if json.Unmarshal(data, &kept) != nil || kept.Fetch == nil && kept.Contents == nil {
		return Scanned{}, false
	}
	if kept.Fetch != nil {
		kept.Fetch.Reason += fromMemory
		return Scanned{Fetch: kept.Fetch, Integrity: sum, Cached: true}, true
	}
	left := map[string]bool{}
	for _, file := range kept.Files {
		left[file] = true
	}
	for i := range kept.Contents.Incomplete {
		if p := &kept.Contents.Incomplete[i]; left[p.File] {
			p.Reason += fromMemory
		}
	}
	return Scanned{Contents: kept.Contents, Integrity: sum, Cached: true}, true
}
