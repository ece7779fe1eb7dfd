package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// clock is the database's own clock in milliseconds, as an expression: claims
// and heartbeats compare the times of several machines.
func (s *Store) clock() string {
	if s.sqlite {
		return "CAST(unixepoch('subsec') * 1000 AS integer)"
	}
	return "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"
}

// Claim takes a piece of work for this process for a time, so that no replica
// does it as well. It is false where another process has it. Whoever has it may
// claim it again to keep it longer.
func (s *Store) Claim(ctx context.Context, what string, length time.Duration) (bool, error) {
	now := s.clock()
	n, err := s.exec(ctx, "INSERT INTO claims (what, holder, ends) VALUES (?, ?, "+now+" + ?) ON CONFLICT (what) DO UPDATE SET holder = "+
		"excluded.holder, ends = excluded.ends WHERE claims.ends < "+now+" OR claims.holder = excluded.holder",
		what, s.id, length.Milliseconds())
	return n > 0, err
}

// Claimed reports whether any process has a claim now.
func (s *Store) Claimed(ctx context.Context, what string) (bool, error) {
	var n int
	if err := s.row(ctx, "SELECT count(*) FROM claims WHERE what = ? AND ends >= "+s.clock(), what).Scan(&n); err != nil {
		return false, fmt.Errorf("store: claims: %w", err)
	}
	return n > 0, nil
}

// Unclaim gives a piece of work back.
func (s *Store) Unclaim(ctx context.Context, what string) error {
	_, err := s.exec(ctx, "DELETE FROM claims WHERE what = ? AND holder = ?", what, s.id)
	return err
}

// Mark notes when something was done last, for all replicas.
func (s *Store) Mark(ctx context.Context, name string, at time.Time) error {
	_, err := s.exec(ctx, "INSERT INTO marks (name, at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at = excluded.at", name, millis(at))
	return err
}

// Marked is when something was done last; zero where it never was.
func (s *Store) Marked(ctx context.Context, name string) (time.Time, error) {
	var at int64
	err := s.row(ctx, "SELECT at FROM marks WHERE name = ?", name).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("store: %w", err)
	}
	return timeOf(at), nil
}
