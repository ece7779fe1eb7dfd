package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"github.com/lockwarden/lockwarden/app/telemetry"
	"github.com/lockwarden/lockwarden/app/webhook"
)

// args are a job as River keeps it.
type args struct {
	Job webhook.Job `json:"job"`
}

// Kind implements river.JobArgs.
func (args) Kind() string { return "lockwarden" }

// shards is how many queues installations are spread over, so that a large one
// cannot starve the others. Light jobs (a few requests to GitHub), reviews and
// merge groups, for which GitHub holds up a branch, have queues of their own.
const shards = 8

func queueOf(j *webhook.Job) string {
	kind := "light"
	switch {
	case j.Pull == 0 && (j.Kind == webhook.Group || j.Kind == webhook.Review):
		kind = "group"
	case j.Kind == webhook.Review:
		kind = "review"
	}
	return fmt.Sprintf("%s_%d", kind, uint64(j.Installation)*0x9E3779B97F4A7C15>>61)
}

// workers are those of each queue of a kind. They wait for GitHub most of their
// time; how many reviews are scanned at once is the App's to say.
var workers = map[string]int{"light": 4, "review": 4, "group": 2}

// worker runs jobs for River.
type worker struct {
	river.WorkerDefaults[args]
	s  *Store
	do func(context.Context, webhook.Attempt) error
}

// Work implements river.Worker.
func (w *worker) Work(ctx context.Context, job *river.Job[args]) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w.s.mu.Lock()
	w.s.running[job.ID] = cancel
	w.s.mu.Unlock()
	defer func() {
		w.s.mu.Lock()
		delete(w.s.running, job.ID)
		w.s.mu.Unlock()
		if r := recover(); r != nil {
			w.s.log.Error("a job panicked", "job", job.Args.Job.Kind, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	if w.do == nil {
		return errors.New("no work is done here")
	}
	job.Args.Job.Queued = job.CreatedAt
	err = w.do(ctx, webhook.Attempt{Job: job.Args.Job, Number: job.Attempt, Last: job.Attempt >= job.MaxAttempts,
		Deadly: job.Attempt > 2*job.MaxAttempts})
	var later *webhook.Later
	switch {
	case errors.As(err, &later):
		w.s.wake(job.Queue, later.After)
		return river.JobSnooze(later.After)
	case err != nil && w.s.stopping():
		return river.JobSnooze(0) // no fault of the job: another process does it
	}
	return err
}

const (
	// noted is after what time River has noted a job's end in the database.
	noted = 100 * time.Millisecond
	// scheduled is how often River looks after jobs that are put back for longer.
	scheduled = 5 * time.Second
)

// wake lets a queue of an SQLite file be looked at when a job that was put back
// is due: nobody else makes it known, and the file is looked at seldom. Later
// than River's scheduler comes by, it is not needed.
func (s *Store) wake(queue string, after time.Duration) {
	if !s.sqlite || after > scheduled {
		return
	}
	time.AfterFunc(after+noted, func() {
		if !s.stopping() {
			_ = s.driver.GetExecutor().NotifyMany(context.Background(), &riverdriver.NotifyManyParams{Topic: "river_insert",
				Payload: []string{fmt.Sprintf(`{"queue": %q}`, queue)}})
		}
	})
}

// Timeout implements river.Worker.
func (w *worker) Timeout(*river.Job[args]) time.Duration { return w.s.o.JobTimeout }

// NextRetry implements river.Worker.
func (w *worker) NextRetry(job *river.Job[args]) time.Time {
	return time.Now().Add(w.s.o.Backoff << min(job.Attempt-1, 10))
}

// queue makes the client that inserts jobs; Start gives it work to do.
func (s *Store) queue() error {
	client, err := s.newClient(nil, nil)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.client = client
	s.mu.Unlock()
	return nil
}

func (s *Store) newClient(do func(context.Context, webhook.Attempt) error, queues map[string]river.QueueConfig) (*river.Client[*sql.Tx],
	error) {
	kinds := river.NewWorkers()
	river.AddWorker(kinds, &worker{s: s, do: do})
	river.AddWorker(kinds, &surveyor{s: s})
	config := &river.Config{
		ID:                   s.id,
		Workers:              kinds,
		Logger:               s.quiet(),
		MaxAttempts:          s.o.MaxAttempts,
		FetchCooldown:        10 * time.Millisecond,
		FetchPollInterval:    s.o.Poll,
		JobTimeout:           s.o.JobTimeout,
		RescueStuckJobsAfter: s.o.JobTimeout + time.Minute,
	}
	config.Queues = queues
	client, err := river.NewClient(s.driver, config)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return client, nil
}

// Start begins to work jobs off. ctx ends it; Close waits for it.
func (s *Store) Start(ctx context.Context, do func(context.Context, webhook.Attempt) error) error {
	if err := s.recover(ctx); err != nil {
		return err
	}
	queues := map[string]river.QueueConfig{}
	for i := range shards {
		for kind, n := range workers {
			queues[fmt.Sprintf("%s_%d", kind, i)] = river.QueueConfig{MaxWorkers: n}
		}
	}
	if s.o.Survey != nil {
		queues[surveyQueue] = river.QueueConfig{MaxWorkers: surveyWorkers}
	}
	return s.start(ctx, do, queues)
}

// recover makes jobs available again that a crash left.
func (s *Store) recover(ctx context.Context) error {
	if !s.sqlite {
		return nil // River rescues them: another process may be at work
	}
	// No other process has this file.
	if _, err := s.exec(ctx, "UPDATE heads SET lease = '', lease_until = 0 WHERE lease <> ''"); err != nil {
		return err
	}
	_, err := s.exec(ctx, "UPDATE river_job SET state = 'available' WHERE state = 'running'")
	return err
}

func (s *Store) start(ctx context.Context, do func(context.Context, webhook.Attempt) error, queues map[string]river.QueueConfig) error {
	client, err := s.newClient(do, queues)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.client, s.working = client, ctx
	s.mu.Unlock()
	if err := s.live(ctx); err != nil {
		return err
	}
	if err := client.Start(ctx); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// stopping reports whether this process is about to end.
func (s *Store) stopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing || s.working != nil && s.working.Err() != nil
}

// Add keeps jobs that no delivery asked for.
func (s *Store) Add(ctx context.Context, jobs ...webhook.Job) error {
	var cancelled []int64
	err := s.transact(ctx, func(tx *tx) error {
		for _, job := range jobs {
			if err := s.insert(ctx, tx, job, s.o.Now(), &cancelled); err != nil {
				return err
			}
		}
		return nil
	})
	s.stop(cancelled)
	return err
}

// AddAt keeps a job that is not to run before a time.
func (s *Store) AddAt(ctx context.Context, job webhook.Job, at time.Time) error {
	s.mu.Lock()
	client := s.client
	s.mu.Unlock()
	_, err := client.Insert(ctx, args{job}, &river.InsertOpts{Queue: queueOf(&job), MaxAttempts: s.o.MaxAttempts, ScheduledAt: at})
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// insert keeps one job, and for a head its new generation.
func (s *Store) insert(ctx context.Context, tx *tx, job webhook.Job, received time.Time, cancelled *[]int64) error {
	switch job.Kind {
	case webhook.Comment, webhook.Button:
		if err := s.arrive(ctx, tx, &job, received); err != nil {
			return err
		}
	case webhook.Head, webhook.Group:
		return s.insertHead(ctx, tx, job, received, cancelled)
	case webhook.Closed:
		var old int64
		err := tx.row(ctx, "UPDATE heads SET state = 'closed' WHERE repository = ? AND thread = ? RETURNING job, sha, generation",
			job.Repository, job.Thread()).Scan(&old, &job.SHA, &job.Generation)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return nil
		case err != nil:
			return fmt.Errorf("store: %w", err)
		}
		if err := s.cancel(ctx, tx, old, cancelled); err != nil {
			return err
		}
		// Its run is ended, and what it kept from passing may pass now.
		job.Kind = webhook.Ended
	}
	_, err := s.insertJob(ctx, tx, job)
	return err
}

func (s *Store) insertHead(ctx context.Context, tx *tx, job webhook.Job, received time.Time, cancelled *[]int64) error {
	if !s.sqlite {
		// Two events of a new head must not both find none.
		h := fnv.New64a()
		fmt.Fprintf(h, "%d %s", job.Repository, job.Thread())
		if err := tx.exec(ctx, "SELECT pg_advisory_xact_lock(?)", int64(h.Sum64())); err != nil {
			return fmt.Errorf("store: %w", err)
		}
	}
	var old int64
	var sha, branch, state string
	switch err := tx.row(ctx, "SELECT job, sha, branch, state FROM heads WHERE repository = ? AND thread = ?", job.Repository,
		job.Thread()).Scan(&old, &sha, &branch, &state); {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return fmt.Errorf("store: %w", err)
	case sha == job.SHA && branch == job.Branch && state != "closed" && state != "failed" && !job.Again:
		return nil // another event told of this head
	default:
		if err := s.cancel(ctx, tx, old, cancelled); err != nil {
			return err
		}
	}
	err := tx.row(ctx, `INSERT INTO heads (repository, thread, generation, installation, owner, name, pull, sha, branch, base, follows, state, job, posted, conclusion, lease, lease_until)
		VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', 0, '', '', '', 0)
		ON CONFLICT (repository, thread) DO UPDATE SET generation = heads.generation + 1, installation = excluded.installation, owner = excluded.owner,
			name = excluded.name, sha = excluded.sha, branch = excluded.branch, base = excluded.base, follows = excluded.follows, state = 'queued', posted = '', conclusion = ''
		RETURNING generation`,
		job.Repository, job.Thread(), job.Installation, job.Owner, job.Name, job.Pull, job.SHA, job.Branch, job.BaseSHA,
		job.Follows).Scan(&job.Generation)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	err = tx.exec(ctx, "INSERT INTO reviews (repository, thread, generation, sha, received_at, completed_at) VALUES (?, ?, ?, ?, ?, 0)",
		job.Repository, job.Thread(), job.Generation, job.SHA, millis(received))
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	id, err := s.insertJob(ctx, tx, job)
	if err != nil {
		return err
	}
	if err := tx.exec(ctx, "UPDATE heads SET job = ? WHERE repository = ? AND thread = ?", id, job.Repository, job.Thread()); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

func (s *Store) insertJob(ctx context.Context, tx *tx, job webhook.Job) (int64, error) {
	s.mu.Lock()
	client := s.client
	s.mu.Unlock()
	if job.Trace == "" {
		job.Trace = telemetry.Carry(ctx)
	}
	r, err := client.InsertTx(ctx, tx.Tx, args{job}, &river.InsertOpts{Queue: queueOf(&job), MaxAttempts: s.o.MaxAttempts})
	if err != nil {
		return 0, fmt.Errorf("store: %w", err)
	}
	return r.Job.ID, nil
}

// cancel ends a job that a newer head made useless.
func (s *Store) cancel(ctx context.Context, tx *tx, id int64, cancelled *[]int64) error {
	if id == 0 {
		return nil
	}
	s.mu.Lock()
	client := s.client
	s.mu.Unlock()
	if _, err := client.JobCancelTx(ctx, tx.Tx, id); err != nil && !errors.Is(err, rivertype.ErrNotFound) {
		return fmt.Errorf("store: %w", err)
	}
	*cancelled = append(*cancelled, id)
	return nil
}

// stop ends jobs that run in this process at once; in another one they notice
// by their generation.
func (s *Store) stop(ids []int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if cancel := s.running[id]; cancel != nil {
			cancel()
		}
	}
}

// Handover replaces the Head job of a generation by its Review job. It does
// nothing where a newer head came.
func (s *Store) Handover(ctx context.Context, job webhook.Job) error {
	job.Kind = webhook.Review
	return s.transact(ctx, func(tx *tx) error {
		var state string
		switch err := tx.row(ctx, "SELECT state FROM heads WHERE repository = ? AND thread = ? AND generation = ?", job.Repository, job.Thread(),
			job.Generation).Scan(&state); {
		case errors.Is(err, sql.ErrNoRows):
			return nil
		case err != nil:
			return fmt.Errorf("store: %w", err)
		case state != "queued":
			return nil // handed over before, or closed
		}
		id, err := s.insertJob(ctx, tx, job)
		if err != nil {
			return err
		}
		return tx.exec(ctx, "UPDATE heads SET job = ?, state = 'reviewing' WHERE repository = ? AND thread = ?", id, job.Repository, job.Thread())
	})
}

// Counts are the jobs by state, for the health page and tests.
func (s *Store) Counts(ctx context.Context) (map[string]int, error) {
	out := map[string]int{}
	err := s.rows(ctx, func(r *sql.Rows) error {
		var state string
		var n int
		if err := r.Scan(&state, &n); err != nil {
			return err
		}
		out[state] = n
		return nil
	}, "SELECT state, count(*) FROM river_job GROUP BY state")
	return out, err
}

// Dead is a job that was given up.
type Dead struct {
	ID       int64
	Job      webhook.Job
	Attempts int
	Error    string
}

// DeadJobs lists the jobs that were given up, the newest first.
func (s *Store) DeadJobs(ctx context.Context, limit int) ([]Dead, error) {
	var out []Dead
	err := s.rows(ctx, func(r *sql.Rows) error {
		var d Dead
		var encoded, failures []byte
		if err := r.Scan(&d.ID, &encoded, &d.Attempts, &failures); err != nil {
			return err
		}
		var a args
		if err := json.Unmarshal(encoded, &a); err != nil {
			return err
		}
		d.Job = a.Job
		var list []struct {
			Error string `json:"error"`
		}
		if json.Unmarshal(failures, &list) == nil && len(list) > 0 {
			d.Error = list[len(list)-1].Error
		}
		out = append(out, d)
		return nil
	}, "SELECT id, "+map[bool]string{true: "json(args), attempt, json(errors)",
		false: "CAST(args AS text), attempt, CAST(array_to_json(errors) AS text)"}[s.sqlite]+" FROM river_job WHERE state = 'discarded' "+
		"ORDER BY id DESC LIMIT ?", limit)
	return out, err
}
