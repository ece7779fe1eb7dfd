package review

import (
	"context"
	"errors"

	"github.com/lockwarden/lockwarden/lockfile"
)

// Source is one lockfile that somebody named, whatever it is called.
type Source struct {
	Revision Revision
	// Path is where it lies in the revision.
	Path string
	// Shown is its name for errors and annotations.
	Shown string
}

// Lockfile reads and parses the file. What cannot be read is a *lockfile.Error
// with its line; ok is false where there is no such file.
func (s *Source) Lockfile(ctx context.Context) (lock *lockfile.Lockfile, ok bool, err error) {
	side, err := s.read(ctx)
	if err != nil || !side.there {
		return nil, false, err
	}
	return side.lock, true, side.failure(s.Shown)
}

func (s *Source) read(ctx context.Context) (*sideOf, error) {
	return (&gatherer{ctx: ctx}).read(s.Revision, s.Path, s.Shown)
}

// failure is the problem as an error.
func (s *sideOf) failure(shown string) error {
	switch {
	case s.broken != nil:
		return s.broken
	case s.problem != nil:
		return &lockfile.Error{File: shown, Line: 1, Msg: s.problem.Issue.Detail["reason"]}
	}
	return nil
}

// Single reads one lockfile before and after, by whatever names; either may be
// nil. A base that is broken makes everything new, with a note; a head that is
// broken is the error.
func Single(ctx context.Context, base, head *Source) (*Input, error) {
	g := &gatherer{ctx: ctx, in: &Input{}, settled: map[string]bool{}}
	before, after := &sideOf{}, &sideOf{}
	var err error
	if head != nil {
		if after, err = head.read(ctx); err != nil {
			return nil, err
		}
		if err := after.failure(head.Shown); err != nil {
			return nil, err
		}
		if !after.there {
			return nil, errors.New(head.Shown + ": no such file")
		}
	}
	if base != nil {
		if before, err = base.read(ctx); err != nil {
			return nil, err
		}
		if !before.there {
			return nil, errors.New(base.Shown + ": no such file")
		}
	}
	switch {
	case head == nil && base == nil:
	case head == nil:
		if err := before.failure(base.Shown); err != nil {
			return nil, err
		}
		g.pair(before, nil)
	case base == nil:
		g.pair(nil, after)
	default:
		g.pair(before, after)
	}
	return g.in, nil
}
