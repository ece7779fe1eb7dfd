package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/lockwarden/lockwarden/app/record"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/app/webhook"
)

const headColumns = "repository, installation, owner, name, pull, thread, generation, sha, branch, base, follows, state, posted, conclusion"

func scanHead(scan func(...any) error) (record.Head, error) {
	var h record.Head
	err := scan(&h.Repository, &h.Installation, &h.Owner, &h.Name, &h.Pull, &h.Thread, &h.Generation, &h.SHA, &h.Branch, &h.Base, &h.Follows,
		&h.State, &h.Posted, &h.Conclusion)
	return h, err
}

// Head returns the newest head of a thread; ok is false where none is known.
func (s *Store) Head(ctx context.Context, repository int64, thread string) (h record.Head, ok bool, err error) {
	h, err = scanHead(s.row(ctx, "SELECT "+headColumns+" FROM heads WHERE repository = ? AND thread = ?", repository, thread).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return h, false, nil
	}
	if err != nil {
		return h, false, fmt.Errorf("store: %w", err)
	}
	return h, true, nil
}

// NewestHead is the head of a repository's newest pull request, which knows the
// repository's newest name; ok is false where none is known.
func (s *Store) NewestHead(ctx context.Context, repository int64) (h record.Head, ok bool, err error) {
	var thread string
	switch err := s.row(ctx, "SELECT thread FROM heads WHERE repository = ? ORDER BY pull DESC LIMIT 1", repository).Scan(&thread); {
	case errors.Is(err, sql.ErrNoRows):
		return h, false, nil
	case err != nil:
		return h, false, fmt.Errorf("store: %w", err)
	}
	return s.Head(ctx, repository, thread)
}

// HeadsAt lists the open pull requests and merge groups whose newest head is
// that commit: check events of forks name no pull request.
func (s *Store) HeadsAt(ctx context.Context, repository int64, sha string) ([]record.Head, error) {
	return s.heads(ctx, "repository = ? AND sha = ? AND state <> 'closed'", repository, sha)
}

// HeadsOn lists the open pull requests into a branch.
func (s *Store) HeadsOn(ctx context.Context, repository int64, branch string) ([]record.Head, error) {
	return s.heads(ctx, "repository = ? AND branch = ? AND pull > 0 AND state <> 'closed'", repository, branch)
}

// HeadsOpen lists the open pull requests of a repository that have a result.
func (s *Store) HeadsOpen(ctx context.Context, repository int64) ([]record.Head, error) {
	return s.heads(ctx, "repository = ? AND pull > 0 AND state = 'done'", repository)
}

func (s *Store) heads(ctx context.Context, where string, args ...any) ([]record.Head, error) {
	var out []record.Head
	err := s.rows(ctx, func(r *sql.Rows) error {
		h, err := scanHead(r.Scan)
		out = append(out, h)
		return err
	}, "SELECT "+headColumns+" FROM heads WHERE "+where+" ORDER BY thread", args...)
	return out, err
}

// Current reports whether a generation is still the newest of its thread, and
// open.
func (s *Store) Current(ctx context.Context, job webhook.Job) (bool, error) {
	h, ok, err := s.Head(ctx, job.Repository, job.Thread())
	return ok && h.Generation == job.Generation && h.State != "closed", err
}

// SetSHA corrects a generation's head: deliveries come in any order, and the
// pull request itself says what its head is.
func (s *Store) SetSHA(ctx context.Context, job webhook.Job, sha, branch string) error {
	return s.transact(ctx, func(tx *tx) error {
		if err := tx.exec(ctx, "UPDATE heads SET sha = ?, branch = ? WHERE repository = ? AND thread = ? AND generation = ?", sha, branch,
			job.Repository, job.Thread(), job.Generation); err != nil {
			return fmt.Errorf("store: %w", err)
		}
		return tx.exec(ctx, "UPDATE reviews SET sha = ? WHERE repository = ? AND thread = ? AND generation = ?", sha, job.Repository,
			job.Thread(), job.Generation)
	})
}

// SetState moves a generation on; a newer one is left alone.
func (s *Store) SetState(ctx context.Context, job webhook.Job, state string) error {
	_, err := s.exec(ctx, "UPDATE heads SET state = ? WHERE repository = ? AND thread = ? AND generation = ? AND state <> 'closed'", state,
		job.Repository, job.Thread(), job.Generation)
	return err
}

// SetConclusion notes what a judgment came to.
func (s *Store) SetConclusion(ctx context.Context, job webhook.Job, conclusion string) error {
	_, err := s.exec(ctx, "UPDATE heads SET conclusion = ? WHERE repository = ? AND thread = ? AND generation = ?", conclusion,
		job.Repository, job.Thread(), job.Generation)
	return err
}

// SetPosted notes what was posted for a generation, and since when it is to be
// seen, by GitHub's clock: its first result shows what there is to accept, a later
// one also what the policy alone has found since.
func (s *Store) SetPosted(ctx context.Context, job webhook.Job, digest string, shown time.Time, own []string) error {
	return s.transact(ctx, func(tx *tx) error {
		if err := tx.exec(ctx, "UPDATE heads SET posted = ? WHERE repository = ? AND thread = ? AND generation = ?", digest, job.Repository,
			job.Thread(), job.Generation); err != nil {
			return fmt.Errorf("store: heads: %w", err)
		}
		var before string
		var at int64
		switch err := tx.row(ctx, "SELECT own, shown_at FROM reviews WHERE repository = ? AND thread = ? AND generation = ?", job.Repository,
			job.Thread(), job.Generation).Scan(&before, &at); {
		case errors.Is(err, sql.ErrNoRows):
			return nil
		case err != nil:
			return fmt.Errorf("store: reviews: %w", err)
		}
		list, err := ownOf(before)
		if err != nil {
			return err
		}
		if n := len(list); n > 0 && slices.Equal(list[n-1].Findings, own) {
			return nil
		}
		if at == 0 {
			at = millis(shown)
		}
		after, err := json.Marshal(append(list, record.Own{Since: shown, Findings: own}))
		if err != nil {
			return fmt.Errorf("store: reviews: %w", err)
		}
		if err := tx.exec(ctx, "UPDATE reviews SET shown_at = ?, own = ? WHERE repository = ? AND thread = ? AND generation = ?", at,
			string(after), job.Repository, job.Thread(), job.Generation); err != nil {
			return fmt.Errorf("store: reviews: %w", err)
		}
		return nil
	})
}

func ownOf(text string) (list []record.Own, err error) {
	if text == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("store: reviews: %w", err)
	}
	return list, nil
}

// Lease keeps others from judging a thread at the same time, in this process
// or another. It is false where somebody else has it; a process that died has
// none.
func (s *Store) Lease(ctx context.Context, repository int64, thread, by string, length time.Duration) (bool, error) {
	now := s.o.Now()
	by = s.id + " " + by
	n, err := s.exec(ctx, "UPDATE heads SET lease = ?, lease_until = ? WHERE repository = ? AND thread = ? AND (lease = ? OR lease_until < ?)",
		by, millis(now.Add(length)), repository, thread, by, millis(now))
	return n > 0, err
}

// releaseTries is how often, a second apart, a lease is given back to a database
// that is away: until then nobody could judge the thread.
const releaseTries = 120

// Release ends a lease, as soon as the database takes it.
func (s *Store) Release(ctx context.Context, repository int64, thread, by string) error {
	err := s.release(ctx, repository, thread, by)
	if err == nil {
		return nil
	}
	go func() {
		ctx := context.WithoutCancel(ctx)
		for range releaseTries {
			time.Sleep(time.Second)
			if s.stopping() || s.release(ctx, repository, thread, by) == nil {
				return
			}
		}
	}()
	return err
}

func (s *Store) release(ctx context.Context, repository int64, thread, by string) error {
	_, err := s.exec(ctx, "UPDATE heads SET lease_until = 0, lease = '' WHERE repository = ? AND thread = ? AND lease = ?", repository,
		thread, s.id+" "+by)
	return err
}

// maxStored bounds an unpacked review.
const maxStored = 512 << 20

// Complete keeps the review of a generation.
func (s *Store) Complete(ctx context.Context, job webhook.Job, r *review.Review) error {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err := json.NewEncoder(z).Encode(r); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	_, err := s.exec(ctx, "UPDATE reviews SET review = ?, completed_at = ? WHERE repository = ? AND thread = ? AND generation = ?",
		b.Bytes(), millis(s.o.Now()), job.Repository, job.Thread(), job.Generation)
	return err
}

// Generations lists those of a thread, the oldest first, without reviews.
func (s *Store) Generations(ctx context.Context, repository int64, thread string) ([]record.Reviewed, error) {
	var out []record.Reviewed
	err := s.rows(ctx, func(r *sql.Rows) error {
		var g record.Reviewed
		var received, completed, shown int64
		var own string
		if err := r.Scan(&g.Generation, &g.SHA, &received, &completed, &shown, &own); err != nil {
			return err
		}
		var err error
		if g.Own, err = ownOf(own); err != nil {
			return err
		}
		g.Received, g.Completed, g.Shown = timeOf(received), timeOf(completed), timeOf(shown)
		out = append(out, g)
		return nil
	}, "SELECT generation, sha, received_at, completed_at, shown_at, own FROM reviews WHERE repository = ? AND thread = ? ORDER BY generation",
		repository, thread)
	return out, err
}

// Review returns a generation's review, nil where it has none.
func (s *Store) Review(ctx context.Context, repository int64, thread string, generation int64) (*review.Review, error) {
	var data []byte
	switch err := s.row(ctx, "SELECT review FROM reviews WHERE repository = ? AND thread = ? AND generation = ?", repository, thread,
		generation).Scan(&data); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("store: %w", err)
	case len(data) == 0:
		return nil, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	r := new(review.Review)
	if err := json.NewDecoder(io.LimitReader(z, maxStored)).Decode(r); err != nil {
		return nil, fmt.Errorf("store: a stored review cannot be read: %w", err)
	}
	return r, nil
}
