package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/lockwarden/lockwarden/app/webhook"
)

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
