package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/lockwarden/lockwarden/app/record"
)

// Decide keeps a decision; one of the same origin is kept once.
func (s *Store) Decide(ctx context.Context, d record.Decision) error {
	_, err := s.exec(ctx, `INSERT INTO acceptances (repository, thread, scope, comment, origin, decision, revoked_at, revoked_by) VALUES (?, ?, ?, ?, ?, ?, 0, '')
		ON CONFLICT (origin) DO NOTHING`, d.Repository, d.Thread, d.Scope, d.Comment, d.Origin, string(d.Value))
	return err
}

// Decisions lists what holds in a repository and any of the scopes. Whether it has
// ended is the reader's to see.
func (s *Store) Decisions(ctx context.Context, repository int64, scopes ...string) ([]record.Decision, error) {
	args := []any{repository}
	for _, scope := range scopes {
		args = append(args, scope)
	}
	return s.decisions(ctx, "repository = ? AND scope IN (?"+strings.Repeat(", ?", len(scopes)-1)+") AND revoked_at = 0", args, 0)
}

// AllDecisions lists those for whole repositories, revoked ones too; repository
// 0 is every one.
func (s *Store) AllDecisions(ctx context.Context, repository int64) ([]record.Decision, error) {
	if repository == 0 {
		return s.decisions(ctx, "scope = ?", []any{record.ForRepository}, 0)
	}
	return s.decisions(ctx, "repository = ? AND scope = ?", []any{repository, record.ForRepository}, 0)
}

// decisions lists all, the oldest first, or the newest up to a limit.
func (s *Store) decisions(ctx context.Context, where string, args []any, limit int) ([]record.Decision, error) {
	order := " ORDER BY id"
	if limit > 0 {
		order += " DESC LIMIT ?"
		args = append(args, limit)
	}
	var out []record.Decision
	err := s.rows(ctx, func(r *sql.Rows) error {
		var d record.Decision
		var value string
		var revoked int64
		if err := r.Scan(&d.ID, &d.Repository, &d.Path, &d.Thread, &d.Scope, &d.Comment, &d.Origin, &value, &revoked, &d.RevokedBy); err != nil {
			return err
		}
		d.Value, d.RevokedAt = json.RawMessage(value), timeOf(revoked)
		out = append(out, d)
		return nil
	}, `SELECT id, repository,
		COALESCE((SELECT max(h.owner || '/' || h.name) FROM heads h WHERE h.repository = acceptances.repository), ''), thread, scope, comment, origin, decision, revoked_at, revoked_by FROM acceptances WHERE `+where+order, args...)
	return out, err
}

// Revoke ends a decision.
func (s *Store) Revoke(ctx context.Context, id int64, by string) error {
	_, err := s.exec(ctx, "UPDATE acceptances SET revoked_at = ?, revoked_by = ? WHERE id = ? AND revoked_at = 0", millis(s.o.Now()), by, id)
	return err
}

// Audit adds an entry; one of the same origin is there already.
func (s *Store) Audit(ctx context.Context, e record.Entry) error {
	if e.At.IsZero() {
		e.At = s.o.Now()
	}
	_, err := s.exec(ctx, `INSERT INTO audit (at, repository, owner, name, thread, actor, action, detail, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (origin) DO NOTHING`, millis(e.At), e.Repository, e.Owner, e.Name, e.Thread, e.Actor, e.Action, e.Detail, e.Origin)
	return err
}

// Audited lists a repository's entries, the newest first.
func (s *Store) Audited(ctx context.Context, repository int64, limit int) ([]record.Entry, error) {
	return s.audited(ctx, "repository = ?", []any{repository}, limit)
}

func (s *Store) audited(ctx context.Context, where string, args []any, limit int) ([]record.Entry, error) {
	var out []record.Entry
	err := s.rows(ctx, func(r *sql.Rows) error {
		var e record.Entry
		var at int64
		if err := r.Scan(&e.ID, &at, &e.Repository, &e.Owner, &e.Name, &e.Thread, &e.Actor, &e.Action, &e.Detail, &e.Origin); err != nil {
			return err
		}
		e.At = timeOf(at)
		out = append(out, e)
		return nil
	}, "SELECT id, at, repository, owner, name, thread, actor, action, detail, origin FROM audit WHERE "+where+" ORDER BY id DESC LIMIT ?",
		append(args, limit)...)
	return out, err
}

// Reply returns that of a pull request.
func (s *Store) Reply(ctx context.Context, repository int64, pull int) (record.Reply, error) {
	r := record.Reply{Answers: map[string]record.Answer{}}
	var answers string
	switch err := s.row(ctx, "SELECT comment, answers FROM replies WHERE repository = ? AND pull = ?", repository, pull).Scan(&r.Comment,
		&answers); {
	case errors.Is(err, sql.ErrNoRows):
		return r, nil
	case err != nil:
		return r, fmt.Errorf("store: %w", err)
	}
	if err := json.Unmarshal([]byte(answers), &r.Answers); err != nil {
		return r, fmt.Errorf("store: %w", err)
	}
	return r, nil
}

// SetReply keeps it.
func (s *Store) SetReply(ctx context.Context, repository int64, pull int, r record.Reply) error {
	answers, err := json.Marshal(r.Answers)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	_, err = s.exec(ctx, `INSERT INTO replies (repository, pull, comment, answers) VALUES (?, ?, ?, ?)
		ON CONFLICT (repository, pull) DO UPDATE SET comment = excluded.comment, answers = excluded.answers`, repository, pull, r.Comment, string(answers))
	return err
}
