package store

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"time"

	"riverqueue.com/riverui"

	"github.com/lockwarden/lockwarden/app/telemetry"
)

// Queues is the state of the queue for operators, by kind of queue: those of
// the shards are one. Where nothing waits or runs, it says 0: an empty queue is
// an answer, and a missing one is a fault.
func (s *Store) Queues(ctx context.Context) ([]telemetry.Queue, error) {
	age := "CAST(extract(epoch FROM now() - min(scheduled_at)) * 1000 AS bigint)"
	if s.sqlite {
		age = "CAST((julianday('now') - julianday(min(scheduled_at))) * 86400000 AS integer)"
	}
	type key struct{ name, state string }
	sum := map[key]*telemetry.Queue{}
	var order []key
	for _, name := range []string{"light", "review", "group"} {
		for _, state := range []string{"available", "running"} {
			k := key{name, state}
			sum[k] = &telemetry.Queue{Name: name, State: state}
			order = append(order, k)
		}
	}
	err := s.rows(ctx, func(r *sql.Rows) error {
		var queue, state string
		var n int
		var oldest sql.NullInt64
		if err := r.Scan(&queue, &state, &n, &oldest); err != nil {
			return err
		}
		name, _, _ := strings.Cut(queue, "_")
		k := key{name, state}
		q := sum[k]
		if q == nil {
			q = &telemetry.Queue{Name: name, State: state}
			sum[k] = q
			order = append(order, k)
		}
		q.Jobs += n
		if state == "available" {
			q.Oldest = max(q.Oldest, time.Duration(oldest.Int64)*time.Millisecond)
		}
		return nil
	}, "SELECT queue, state, count(*), "+age+" FROM river_job WHERE state IN ('available', 'running', 'retryable', 'scheduled', "+
		"'discarded') GROUP BY queue, state ORDER BY queue, state")
	var out []telemetry.Queue
	for _, k := range order {
		out = append(out, *sum[k])
	}
	return out, err
}

// JobsPage is River's own interface to the queue, for operators: it shows whose
// jobs there are, and lets them be cancelled and tried again. ctx ends it.
func (s *Store) JobsPage(ctx context.Context, prefix string) (http.Handler, error) {
	s.mu.Lock()
	client := s.client
	s.mu.Unlock()
	h, err := riverui.NewHandler(&riverui.HandlerOpts{Endpoints: riverui.NewEndpoints(client, nil), Logger: s.quiet(), Prefix: prefix})
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if err := h.Start(ctx); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return h, nil
}
