package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
)

// Package is a package version to be scanned for the prevalence table.
type Package struct {
	Name      string `json:"name"`
	Version   string `json:"version"`
	Resolved  string `json:"resolved"`
	Integrity string `json:"integrity"`
}

// surveyArgs are a survey's job as River keeps it.
type surveyArgs struct {
	Package Package `json:"package"`
}

// Kind implements river.JobArgs.
func (surveyArgs) Kind() string { return "survey" }

// surveyQueue has few workers on each server, so that a survey does not hold
// reviews up.
const (
	surveyQueue   = "survey"
	surveyWorkers = 2
)

// surveyor scans packages for River.
type surveyor struct {
	river.WorkerDefaults[surveyArgs]
	s *Store
}

// Work implements river.Worker.
func (w *surveyor) Work(ctx context.Context, job *river.Job[surveyArgs]) error {
	scan := w.s.o.Survey
	if scan == nil {
		return errors.New("no package is scanned here")
	}
	p := job.Args.Package
	result, err := scan(ctx, p)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	state := "done"
	if err != nil {
		if job.Attempt < job.MaxAttempts && !errors.Is(err, ErrHopeless) {
			return err
		}
		state, result = "failed", []byte(err.Error())
	}
	_, err = w.s.exec(ctx, "UPDATE survey SET state = ?, result = ? WHERE name = ? AND version = ?", state, result, p.Name, p.Version)
	return err
}

// ErrHopeless is wrapped by errors of a scan that another try cannot fix.
var ErrHopeless = errors.New("it will not be better another time")

// NextRetry implements river.Worker.
func (w *surveyor) NextRetry(job *river.Job[surveyArgs]) time.Time {
	return time.Now().Add(w.s.o.Backoff << min(job.Attempt-1, 10))
}

// surveyAttempts is how often a package is tried.
const surveyAttempts = 3

// Survey asks for packages to be scanned, by any process that works on this
// database. What was scanned before, by whatever version of the program, is not
// scanned again; what failed is tried again. After a change of the program, begin
// again with reset.
func (s *Store) Survey(ctx context.Context, packages []Package, reset bool) error {
	s.mu.Lock()
	client := s.client
	s.mu.Unlock()
	return s.transact(ctx, func(tx *tx) error {
		if reset {
			for _, table := range []string{"DELETE FROM survey",
				"DELETE FROM river_job WHERE kind = 'survey' AND state IN ('available', 'scheduled', 'retryable')"} {
				if err := tx.exec(ctx, table); err != nil {
					return err
				}
			}
		}
		for _, p := range packages {
			r, err := tx.ExecContext(ctx, s.rebind("INSERT INTO survey (name, version, state, result) VALUES (?, ?, 'queued', NULL) ON "+
				"CONFLICT (name, version) DO UPDATE SET state = 'queued', result = NULL WHERE survey.state = 'failed'"), p.Name, p.Version)
			if err != nil {
				return fmt.Errorf("store: %w", err)
			}
			if n, _ := r.RowsAffected(); n == 0 {
				continue
			}
			if _, err := client.InsertTx(ctx, tx.Tx, surveyArgs{p}, &river.InsertOpts{Queue: surveyQueue, MaxAttempts: surveyAttempts,
				Priority: 4}); err != nil {
				return fmt.Errorf("store: %w", err)
			}
		}
		return nil
	})
}

// Surveyed is the state of one package of a survey.
type Surveyed struct {
	Name, Version string
	// Done is set when it was scanned, Failed where that failed for good.
	Done, Failed bool
	// Result is what the scan gave, or the reason of the failure.
	Result []byte
}

// Surveyed lists all packages of the survey.
func (s *Store) Surveyed(ctx context.Context) ([]Surveyed, error) {
	rows, err := s.reads.QueryContext(ctx, "SELECT name, version, state, result FROM survey ORDER BY name, version")
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	defer rows.Close()
	var out []Surveyed
	for rows.Next() {
		var one Surveyed
		var state string
		if err := rows.Scan(&one.Name, &one.Version, &state, &one.Result); err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		one.Done, one.Failed = state == "done", state == "failed"
		out = append(out, one)
	}
	return out, rows.Err()
}

// StartSurvey works on the survey alone, with the given number of packages at
// once; other processes of this database help.
func (s *Store) StartSurvey(ctx context.Context, workers int) error {
	if err := s.recover(ctx); err != nil {
		return err
	}
	return s.start(ctx, nil, map[string]river.QueueConfig{surveyQueue: {MaxWorkers: workers}})
}
