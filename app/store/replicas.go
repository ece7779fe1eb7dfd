package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Replicated reports whether other processes may work on this database.
func (s *Store) Replicated() bool { return !s.sqlite }

// Replica is one process that works on the database.
type Replica struct {
	ID      string
	Started time.Time
	// Seen is when it was heard of last.
	Seen time.Time
}

// Replicas lists those that were heard of lately.
func (s *Store) Replicas(ctx context.Context) ([]Replica, error) {
	var out []Replica
	err := s.rows(ctx, func(r *sql.Rows) error {
		var one Replica
		var started, seen int64
		if err := r.Scan(&one.ID, &started, &seen); err != nil {
			return err
		}
		one.Started, one.Seen = timeOf(started), timeOf(seen)
		out = append(out, one)
		return nil
	}, "SELECT id, started_at, seen_at FROM replicas WHERE seen_at > "+s.clock()+" - ? ORDER BY id", s.o.Silent.Milliseconds())
	return out, err
}

func (s *Store) beat(ctx context.Context) error {
	now := s.clock()
	_, err := s.exec(ctx, "INSERT INTO replicas (id, started_at, seen_at) VALUES (?, "+now+", "+now+") ON CONFLICT (id) DO UPDATE SET "+
		"seen_at = excluded.seen_at", s.id)
	return err
}

// rescue makes the jobs of dead replicas available again. A job of a process
// that never said that it lives (an older version, while servers are replaced
// one by one) is left to River's own, slower rescue.
func (s *Store) rescue(ctx context.Context) error {
	n, err := s.exec(ctx, "UPDATE river_job SET state = 'available', scheduled_at = now() WHERE state = 'running' AND "+
		"attempted_by[array_length(attempted_by, 1)] IN (SELECT id FROM replicas WHERE seen_at < "+s.clock()+" - ?)", s.o.Silent.Milliseconds())
	if err != nil {
		return err
	}
	// What it was judging, another one may judge.
	if _, err := s.exec(ctx, "UPDATE heads SET lease = '', lease_until = 0 WHERE lease <> '' AND split_part(lease, ' ', 1) IN (SELECT id "+
		"FROM replicas WHERE seen_at < "+s.clock()+" - ?)", s.o.Silent.Milliseconds()); err != nil {
		return err
	}
	if n > 0 {
		s.log.Warn("jobs of a replica that died are done again", "count", n)
	}
	// Its jobs are known by its name for as long as a job may take.
	_, err = s.exec(ctx, "DELETE FROM replicas WHERE seen_at < "+s.clock()+" - ?", (2 * s.o.JobTimeout).Milliseconds())
	return err
}

// try is one attempt of a job.
type try struct {
	id     int64
	number int
}

// orphans makes jobs available again that the database takes for running here,
// and that are not: their end could not be noted while the database was away.
// since says when each was found first. River notes ends in batches and tries
// again for a while, so an attempt is given up only when it has been found so for
// as long as a replica may be silent; the next attempt counts from its own start.
func (s *Store) orphans(ctx context.Context, since map[try]time.Time) (map[try]time.Time, error) {
	mine := "attempted_by[array_length(attempted_by, 1)] = ?"
	args := []any{s.id}
	if s.sqlite {
		mine, args = "1 = 1", nil // nobody else is there
	}
	found := map[try]time.Time{}
	err := s.rows(ctx, func(r *sql.Rows) error {
		var t try
		if err := r.Scan(&t.id, &t.number); err != nil {
			return err
		}
		s.mu.Lock()
		_, running := s.running[t.id]
		s.mu.Unlock()
		if running {
			return nil
		}
		found[t] = time.Now()
		if first, ok := since[t]; ok {
			found[t] = first
		}
		return nil
	}, "SELECT id, attempt FROM river_job WHERE state = 'running' AND kind = 'lockwarden' AND "+mine, args...)
	if err != nil {
		return since, err
	}
	for t, first := range found {
		if time.Since(first) < s.o.Silent {
			continue
		}
		if _, err := s.exec(ctx, "UPDATE river_job SET state = 'available' WHERE id = ? AND attempt = ? AND state = 'running'", t.id,
			t.number); err != nil {
			return found, err
		}
		s.log.Warn("a job whose end could not be noted is done again", "id", t.id)
	}
	return found, nil
}

// live says that this process lives, and looks after those that do not, until
// ctx ends.
func (s *Store) live(ctx context.Context) error {
	steps := []func(context.Context) error{}
	if !s.sqlite {
		if err := s.beat(ctx); err != nil {
			return fmt.Errorf("store: %w", err)
		}
		steps = append(steps, s.beat, s.rescue)
	}
	found := map[try]time.Time{}
	steps = append(steps, func(ctx context.Context) (err error) {
		found, err = s.orphans(ctx, found)
		return err
	})
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(s.o.Silent / 6):
			}
			for _, step := range steps {
				if err := step(ctx); err != nil && ctx.Err() == nil {
					s.log.Warn("the database does not take this server's heartbeat", "error", err.Error())
				}
			}
		}
	}()
	return nil
}
