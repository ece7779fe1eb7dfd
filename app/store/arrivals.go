package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"github.com/lockwarden/lockwarden/app/webhook"
)

// Enqueue keeps a delivery and its jobs in one transaction. A head that a
// delivery announces supersedes the one before it, whose job is cancelled.
func (s *Store) Enqueue(ctx context.Context, d webhook.Delivery) (fresh bool, err error) {
	a := &arrival{ctx: ctx, delivery: d, written: make(chan struct{})}
	if s.sqlite {
		// Whose client went away is written all the same, with the others.
		a.ctx = context.WithoutCancel(ctx)
		s.together(a)
	} else {
		a.err = s.transactOn(ctx, s.arrivals, func(tx *tx) error { return s.write(tx, a) })
	}
	if a.err != nil {
		return false, a.err
	}
	s.stop(a.cancelled)
	for i := range d.Jobs {
		s.homes.Add(d.Jobs[i].Repository, homeOf(&d.Jobs[i]))
	}
	return a.fresh, nil
}

// homeOf is where a repository is: it may be renamed, and change hands.
func homeOf(j *webhook.Job) string { return fmt.Sprintf("%d %s/%s", j.Installation, j.Owner, j.Name) }

// homesKept is for how many repositories it is known where they were last.
const homesKept = 10_000

const move = "UPDATE heads SET installation = ?, owner = ?, name = ? WHERE repository = ? AND " +
	"NOT (installation = ? AND owner = ? AND name = ?)"

func moving(j *webhook.Job) []any {
	return []any{j.Installation, j.Owner, j.Name, j.Repository, j.Installation, j.Owner, j.Name}
}

// Moved notes where a repository is now, for what is known of its pull requests.
func (s *Store) Moved(ctx context.Context, job webhook.Job) error {
	_, err := s.exec(ctx, move, moving(&job)...)
	return err
}

// arrival is a delivery that is to be written, and what came of it.
type arrival struct {
	ctx      context.Context
	delivery webhook.Delivery
	// written is closed when it is, or cannot be.
	written chan struct{}
	fresh   bool
	// cancelled are the jobs that its heads supersede.
	cancelled []int64
	err       error
}

// batch are the deliveries that wait for an SQLite file's writer: they come in
// bursts, and each transaction waits for the disk.
type batch struct {
	// writing is the place of whoever writes for all.
	writing turn

	mu      sync.Mutex
	waiting []*arrival
}

// maxTogether bounds a transaction.
const maxTogether = 64

// together writes a delivery with those that come until the writer's place is free.
func (s *Store) together(a *arrival) {
	b := &s.batch
	b.mu.Lock()
	b.waiting = append(b.waiting, a)
	b.mu.Unlock()
	for {
		select {
		case <-a.written: // somebody else did it
			return
		case b.writing <- struct{}{}:
		}
		s.writeWaiting(a.ctx)
		b.writing.give()
	}
}

func (b *batch) take() []*arrival {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(len(b.waiting), maxTogether)
	some := b.waiting[:n:n]
	b.waiting = b.waiting[n:]
	return some
}

// writeWaiting writes what waits in one transaction; where that fails, each in one
// of its own: what is wrong with one is no other's matter.
func (s *Store) writeWaiting(ctx context.Context) {
	var some []*arrival
	err := s.transactOn(ctx, s.arrivals, func(tx *tx) error {
		some = s.batch.take()
		for _, a := range some {
			if err := s.write(tx, a); err != nil {
				return err
			}
		}
		return nil
	})
	if some == nil {
		some = s.batch.take()
	}
	for _, a := range some {
		if err != nil {
			a.fresh, a.cancelled = false, nil
			a.err = s.transactOn(a.ctx, s.arrivals, func(tx *tx) error { return s.write(tx, a) })
		}
		close(a.written)
	}
}

// write keeps a delivery, unless it is known.
func (s *Store) write(tx *tx, a *arrival) error {
	ctx, d := a.ctx, a.delivery
	r, err := tx.ExecContext(ctx, s.rebind("INSERT INTO deliveries (id, event, action, received_at) VALUES (?, ?, ?, ?) ON CONFLICT "+
		"(id) DO NOTHING"),
		d.ID, d.Event, d.Action, millis(d.Received))
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if n, _ := r.RowsAffected(); n == 0 {
		return nil
	}
	a.fresh = true
	for _, job := range d.Jobs {
		if was, ok := s.homes.Get(job.Repository); job.Repository > 0 && (!ok || was != homeOf(&job)) {
			if err := tx.exec(ctx, move, moving(&job)...); err != nil {
				return fmt.Errorf("store: heads: %w", err)
			}
		}
		if err := s.insert(ctx, tx, job, d.Received, &a.cancelled); err != nil {
			return err
		}
	}
	return nil
}

// Clicks on buttons have no time of GitHub's that could be compared with those of
// comments, and this machine's clock is another one. What can be compared is the
// order in which their deliveries came.

// arrive notes that a comment or a click was delivered, in the delivery's own
// transaction. One that comes again keeps its place.
func (s *Store) arrive(ctx context.Context, tx *tx, job *webhook.Job, received time.Time) error {
	what := job.Arrival()
	if what == "" {
		return nil
	}
	err := tx.exec(ctx, "INSERT INTO arrivals (repository, what, received_at) VALUES (?, ?, ?) ON CONFLICT (repository, what) DO NOTHING",
		job.Repository, what, millis(received))
	if err != nil {
		return fmt.Errorf("store: arrivals: %w", err)
	}
	return nil
}

// ArrivedBefore lists which comments of a repository are known to have been
// delivered before a job, which itself was delivered lately.
func (s *Store) ArrivedBefore(ctx context.Context, job webhook.Job) ([]string, error) {
	var out []string
	err := s.rows(ctx, func(r *sql.Rows) error {
		var what string
		err := r.Scan(&what)
		out = append(out, what)
		return err
	}, "SELECT what FROM arrivals WHERE repository = ? AND seq < (SELECT seq FROM arrivals WHERE repository = ? AND what = ?) ORDER BY seq",
		job.Repository, job.Repository, job.Arrival())
	return out, err
}
