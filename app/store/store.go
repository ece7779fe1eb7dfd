// Package store keeps what outlives a process: deliveries, jobs, heads,
// reviews, decisions and the audit, in SQLite (a file) or PostgreSQL.
//
// The queue is River's, on the same database, so that a delivery, the head it
// announces and the job it asks for are one transaction.
package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
	lru "github.com/hashicorp/golang-lru/v2"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Options make a Store.
type Options struct {
	// URL is "postgres://…", or the path of an SQLite file.
	URL string
	// ReadOnly opens a database that a server may have open; nothing can be
	// changed and no job is worked off.
	ReadOnly bool
	// Log may be nil.
	Log *slog.Logger
	// JobTimeout is how long one job may take; 0 means 20 minutes.
	JobTimeout time.Duration
	// MaxAttempts is how often a job is tried; 0 means 8.
	MaxAttempts int
	// Backoff is the pause after the first failed attempt, doubled for each
	// further one; 0 means 5 s.
	Backoff time.Duration
	// Poll is how often each queue is looked at; 0 means 500 ms on PostgreSQL,
	// where other processes add jobs, and 2 s on SQLite, where new jobs make
	// themselves known.
	Poll time.Duration
	// Silent is after what time a replica that is not heard of counts as dead,
	// so that others do its jobs; 0 means 30 s.
	Silent time.Duration
	// KeepReviews is how long reviews of closed pull requests are kept; 0 means
	// 90 days.
	KeepReviews time.Duration
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// Key encrypts the App's credentials: 32 bytes in base64, as NewKey makes.
	// Empty: for an SQLite file, one in a file beside it.
	Key string
	// Survey scans a package for the prevalence table; nil: not in this process.
	Survey func(context.Context, Package) ([]byte, error)
}

// Store is safe for concurrent use.
type Store struct {
	// db writes. Of an SQLite file reads has connections that only read, and wait for
	// no writer, and arrivals one for deliveries; PostgreSQL has one pool.
	db, reads, arrivals *sql.DB
	// batch are the deliveries that wait to be written together.
	batch batch
	// homes is where each repository was when a delivery told of it last.
	homes  *lru.Cache[int64, string]
	driver riverdriver.Driver[*sql.Tx]
	sqlite bool
	lock   *flock.Flock
	log    *slog.Logger
	o      Options
	// id names this process among the replicas.
	id string

	mu      sync.Mutex
	client  *river.Client[*sql.Tx]
	running map[int64]context.CancelFunc
	// working ends when no further job is begun; closing is set by Close.
	working context.Context
	closing bool
}

// Open opens the database and brings its tables up to date. An SQLite file can
// be open in one process only.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.JobTimeout == 0 {
		o.JobTimeout = 20 * time.Minute
	}
	if o.MaxAttempts == 0 {
		o.MaxAttempts = 8
	}
	if o.Backoff == 0 {
		o.Backoff = 5 * time.Second
	}
	if o.Silent == 0 {
		o.Silent = 30 * time.Second
	}
	if o.KeepReviews == 0 {
		o.KeepReviews = 90 * 24 * time.Hour
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Store{log: o.Log, o: o, id: rand.Text(), running: map[int64]context.CancelFunc{}, batch: batch{writing: make(turn, 1)}}
	s.homes, _ = lru.New[int64, string](homesKept)
	var err error
	if strings.HasPrefix(o.URL, "postgres://") || strings.HasPrefix(o.URL, "postgresql://") {
		err = s.openPostgres(ctx)
	} else {
		err = s.openSQLite(ctx)
	}
	if err == nil && !o.ReadOnly {
		if err = s.migrate(ctx); err == nil {
			err = s.queue()
		}
	}
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) openPostgres(ctx context.Context) error {
	u, err := url.Parse(s.o.URL)
	if err != nil {
		return errors.New("store: DATABASE_URL is not a URL") // the error would hold the password
	}
	if s.db, err = sql.Open("pgx", s.o.URL); err != nil {
		return fmt.Errorf("store: %s: DATABASE_URL cannot be read", u.Host)
	}
	s.reads, s.arrivals = s.db, s.db
	s.db.SetMaxOpenConns(32)
	s.db.SetMaxIdleConns(32) // a new connection is a new process there
	s.db.SetConnMaxIdleTime(5 * time.Minute)
	s.driver = riverdatabasesql.New(s.db)
	if s.o.Poll == 0 {
		s.o.Poll = 500 * time.Millisecond
	}
	if err := s.db.PingContext(ctx); err != nil {
		u.User, u.RawQuery = nil, "" // either may hold the password
		return fmt.Errorf("store: PostgreSQL at %s does not answer: %s", u, strings.Join(strings.Fields(err.Error()), " "))
	}
	return nil
}

// file is where an SQLite database is.
func (s *Store) file() string {
	return strings.TrimPrefix(strings.TrimPrefix(s.o.URL, "sqlite://"), "file:")
}

// readers are the connections to an SQLite file that only read.
const readers = 4

func (s *Store) openSQLite(ctx context.Context) error {
	file := s.file()
	s.sqlite = true
	if s.o.ReadOnly {
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("store: %w", err)
		}
		var err error
		if s.db, err = sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?mode=ro&_pragma=busy_timeout(10000)"); err != nil {
			return fmt.Errorf("store: %w", err)
		}
		s.reads = s.db
		return s.db.PingContext(ctx)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	s.lock = flock.New(file + ".lock")
	switch ok, err := s.lock.TryLock(); {
	case err != nil:
		return fmt.Errorf("store: %w", err)
	case !ok:
		s.lock = nil
		return fmt.Errorf("store: %s is open in another process; use PostgreSQL (DATABASE_URL) to run several", file)
	}
	name, turn := "file:"+(&url.URL{Path: file}).EscapedPath(), make(turn, 1)
	// A transaction that begins with a read must not fail when it writes.
	const writing = "?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)" +
		"&_pragma=synchronous(FULL)"
	for _, db := range []**sql.DB{&s.db, &s.arrivals} {
		connector, err := newConnector(name+writing, turn)
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		*db = sql.OpenDB(connector)
		(*db).SetMaxOpenConns(1)
		if err := (*db).PingContext(ctx); err != nil {
			return fmt.Errorf("store: %s: %w", file, err)
		}
	}
	var err error
	if s.reads, err = sql.Open("sqlite", name+"?_pragma=busy_timeout(10000)&_pragma=query_only(1)"); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	s.reads.SetMaxOpenConns(readers)
	s.reads.SetMaxIdleConns(readers)
	s.driver = riversqlite.New(s.db)
	if s.o.Poll == 0 {
		s.o.Poll = 2 * time.Second
	}
	return os.Chmod(file, 0o600)
}

// migrate makes River's tables and ours.
func (s *Store) migrate(ctx context.Context) error {
	migrator, err := rivermigrate.New(s.driver, &rivermigrate.Config{Logger: s.quiet()})
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("store: migrating the queue: %w", err)
	}
	return s.transact(ctx, func(tx *tx) error {
		if !s.sqlite {
			// Replicas that start together wait for each other.
			if err := tx.exec(ctx, "SELECT pg_advisory_xact_lock(?)", int64(0x6c6f636b77617264)); err != nil {
				return err
			}
		}
		if err := tx.exec(ctx, "CREATE TABLE IF NOT EXISTS lockwarden_schema (version bigint NOT NULL)"); err != nil {
			return err
		}
		var done int
		if err := tx.row(ctx, "SELECT count(*) FROM lockwarden_schema").Scan(&done); err != nil {
			return err
		}
		if done > len(migrations) {
			return fmt.Errorf("store: the database was written by a newer lockwarden (schema %d, known %d): update this one", done, len(migrations))
		}
		for i := done; i < len(migrations); i++ {
			for _, statement := range s.dialect(migrations[i]) {
				if err := tx.exec(ctx, statement); err != nil {
					return fmt.Errorf("store: migration %d: %w", i+1, err)
				}
			}
			if err := tx.exec(ctx, "INSERT INTO lockwarden_schema (version) VALUES (?)", i+1); err != nil {
				return err
			}
		}
		return nil
	})
}

// Schema is the version of the database's tables, and the newest one that this
// program knows; an error where there are none.
func (s *Store) Schema(ctx context.Context) (version, known int, err error) {
	if err := s.row(ctx, "SELECT count(*) FROM lockwarden_schema").Scan(&version); err != nil {
		return 0, len(migrations), fmt.Errorf("store: %w", err)
	}
	return version, len(migrations), nil
}

// Missing reports whether opening failed because there is no such file.
func Missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// quiet is for libraries that log every step.
func (s *Store) quiet() *slog.Logger {
	return slog.New(levelHandler{s.log.Handler(), slog.LevelWarn})
}

// levelHandler lets only what is at least as important through.
type levelHandler struct {
	slog.Handler
	least slog.Level
}

// Enabled implements slog.Handler.
func (h levelHandler) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.least && h.Handler.Enabled(ctx, l)
}

// WithAttrs implements slog.Handler.
func (h levelHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return levelHandler{h.Handler.WithAttrs(attrs), h.least}
}

// WithGroup implements slog.Handler.
func (h levelHandler) WithGroup(name string) slog.Handler {
	return levelHandler{h.Handler.WithGroup(name), h.least}
}

// Close stops the queue and closes the database.
func (s *Store) Close() error {
	s.mu.Lock()
	client := s.client
	s.closing = true
	s.mu.Unlock()
	if client != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = client.StopAndCancel(ctx)
	}
	var err error
	for _, db := range []*sql.DB{s.reads, s.arrivals, s.db} { // a closed one may be closed again
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	if s.lock != nil {
		_ = s.lock.Unlock()
	}
	return err
}

// Ready reports whether the database answers.
func (s *Store) Ready(ctx context.Context) error {
	var one int
	if err := s.row(ctx, "SELECT 1").Scan(&one); err != nil {
		return fmt.Errorf("store: the database does not answer: %w", err)
	}
	return nil
}

// tx is a transaction whose placeholders are question marks on both databases.
type tx struct {
	*sql.Tx
	s *Store
}

func (t *tx) exec(ctx context.Context, query string, args ...any) error {
	_, err := t.ExecContext(ctx, t.s.rebind(query), args...)
	return err
}

func (t *tx) row(ctx context.Context, query string, args ...any) *sql.Row {
	return t.QueryRowContext(ctx, t.s.rebind(query), args...)
}

func (s *Store) row(ctx context.Context, query string, args ...any) *sql.Row {
	return s.reads.QueryRowContext(ctx, s.rebind(query), args...)
}

func (s *Store) exec(ctx context.Context, query string, args ...any) (int64, error) {
	r, err := s.db.ExecContext(ctx, s.rebind(query), args...)
	if err != nil {
		return 0, fmt.Errorf("store: %w", err)
	}
	return r.RowsAffected()
}

// rows calls scan for each row.
func (s *Store) rows(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := s.reads.QueryContext(ctx, s.rebind(query), args...)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("store: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

func (s *Store) transact(ctx context.Context, do func(*tx) error) error {
	return s.transactOn(ctx, s.db, do)
}

func (s *Store) transactOn(ctx context.Context, db *sql.DB, do func(*tx) error) error {
	t, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer func() { _ = t.Rollback() }()
	if err := do(&tx{t, s}); err != nil {
		return err
	}
	if err := t.Commit(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// rebind writes PostgreSQL's numbered placeholders.
func (s *Store) rebind(query string) string {
	if s.sqlite {
		return query
	}
	var b strings.Builder
	n := 0
	for _, c := range query {
		if c == '?' {
			n++
			b.WriteString("$" + strconv.Itoa(n))
			continue
		}
		b.WriteRune(c)
	}
	return b.String()
}

// millis is how times are kept: both databases compare whole numbers alike.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// Retention of what nobody asks for any more. The audit and the decisions stay.
const (
	keepDeliveries = 30 * 24 * time.Hour  // GitHub delivers again for three days
	keepContents   = 30 * 24 * time.Hour  // since their last use
	keepVerdicts   = 400 * 24 * time.Hour // trends show a year
)

// Prune deletes old deliveries, and the reviews of pull requests and merge
// groups that have been closed, or not heard of, for long.
func (s *Store) Prune(ctx context.Context) error {
	now := s.o.Now()
	if _, err := s.exec(ctx, "DELETE FROM deliveries WHERE received_at < ?", millis(now.Add(-keepDeliveries))); err != nil {
		return err
	}
	if _, err := s.exec(ctx, "DELETE FROM arrivals WHERE received_at < ?", millis(now.Add(-keepDeliveries))); err != nil {
		return err
	}
	if _, err := s.exec(ctx, "DELETE FROM contents WHERE used_at < ?", millis(now.Add(-keepContents))); err != nil {
		return err
	}
	if _, err := s.exec(ctx, "DELETE FROM claims WHERE ends < "+s.clock()); err != nil {
		return err
	}
	if _, err := s.exec(ctx, "DELETE FROM verdicts WHERE at < ?", millis(now.Add(-keepVerdicts))); err != nil {
		return err
	}
	_, err := s.exec(ctx, `DELETE FROM reviews WHERE received_at < ? AND NOT EXISTS (SELECT 1 FROM heads h
		WHERE h.repository = reviews.repository AND h.thread = reviews.thread AND h.state <> 'closed' AND h.pull > 0)`, millis(now.Add(-s.o.KeepReviews)))
	return err
}
