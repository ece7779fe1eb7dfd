// Package storetest gives tests both databases: an SQLite file, and a
// PostgreSQL server of its own from Debian's package, started when the first
// test asks and stopped by Main.
package storetest

import (
	"database/sql"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Database is an empty one for one test.
type Database struct {
	// Name is SQLite or PostgreSQL.
	Name string
	URL  string
}

// Required is the environment variable with which a missing PostgreSQL is a
// failure and not a skipped test; CI sets it.
const Required = "LOCKWARDEN_REQUIRE_POSTGRES"

// Each runs a test on each database.
func Each(t *testing.T, test func(t *testing.T, db Database)) {
	t.Run("SQLite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, PostgreSQL(t)) })
}

// SQLite is an empty SQLite database.
func SQLite(t testing.TB) Database {
	return Database{"SQLite", filepath.Join(t.TempDir(), "lockwarden.db")}
}

var count atomic.Int64

// PostgreSQL is an empty PostgreSQL database.
func PostgreSQL(t testing.TB) Database {
	t.Helper()
	s, err := common()
	if err != nil {
		if os.Getenv(Required) != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	admin, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	name := fmt.Sprintf("test_%d", count.Add(1))
	if _, err := admin.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	return Database{"PostgreSQL", s.url(name)}
}

// atOnce is how many parallel tests run at the same time. They wait for jobs,
// databases and processes, not for processors, of which Go would take the number.
const atOnce = 5

// Patient lets more parallel tests run at the same time than there are
// processors, unless the command line says how many.
func Patient() {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", strconv.Itoa(max(atOnce, runtime.GOMAXPROCS(0))))
	}
}

// Main runs a package's tests and stops the server.
func Main(m *testing.M) {
	Patient()
	code := m.Run()
	mu.Lock()
	if running != nil {
		running.stop()
	}
	mu.Unlock()
	os.Exit(code)
}

type server struct {
	dir string
	cmd *exec.Cmd
}

// Server is a PostgreSQL of a test's own, which can be stopped and started.
type Server struct {
	Database
	s *server
}

// OwnServer starts one.
func OwnServer(t testing.TB) *Server {
	t.Helper()
	s, err := launch()
	if err != nil {
		if os.Getenv(Required) != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	t.Cleanup(s.stop)
	return &Server{Database{"PostgreSQL", s.url("postgres")}, s}
}

// Stop ends the server as an operator in a hurry does: connections break.
func (s *Server) Stop() { s.s.halt() }

// Start starts it again.
func (s *Server) Start() error { return s.s.start() }

var (
	mu      sync.Mutex
	running *server
	failed  error
)

func (s *server) url(database string) string {
	return "postgres:///" + database + "?" + url.Values{"host": {s.dir}, "user": {"lockwarden"}}.Encode()
}

// halt is PostgreSQL's fast shutdown.
func (s *server) halt() {
	_ = s.cmd.Process.Signal(syscall.SIGINT)
	_ = s.cmd.Wait()
}

func (s *server) stop() {
	s.halt()
	_ = os.RemoveAll(s.dir)
}

// program finds a program of PostgreSQL, which Debian does not put on the path.
func program(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	list, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(list) == 0 {
		return "", fmt.Errorf("storetest: PostgreSQL (Debian's package postgresql) is not installed: no %s", name)
	}
	sort.Strings(list)
	return list[len(list)-1], nil
}

// common is the server that tests share.
func common() (*server, error) {
	mu.Lock()
	defer mu.Unlock()
	if running == nil && failed == nil {
		running, failed = launch()
	}
	return running, failed
}

func launch() (*server, error) {
	initdb, err := program("initdb")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "lockwarden-pg")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir}
	attr, err := unprivileged(dir)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(initdb, "-D", filepath.Join(dir, "data"), "-U", "lockwarden", "-A", "trust", "-E", "UTF8", "--no-sync")
	cmd.SysProcAttr = attr
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("storetest: initdb: %w\n%s", err, out)
	}
	return s, s.start()
}

func (s *server) start() error {
	postgres, err := program("postgres")
	if err != nil {
		return err
	}
	attr, err := unprivileged(s.dir)
	if err != nil {
		return err
	}
	started := make(chan error)
	go func() {
		// The signal at the parent's death is one at the death of the thread.
		runtime.LockOSThread()
		s.cmd = exec.Command(postgres, "-D", filepath.Join(s.dir, "data"), "-k", s.dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c",
			"synchronous_commit=off", "-c", "max_connections=200")
		s.cmd.SysProcAttr = attr
		s.cmd.Dir = s.dir
		started <- s.cmd.Start()
		select {}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("storetest: postgres: %w", err)
	}
	db, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	for range 200 {
		if err = db.Ping(); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.stop()
	return fmt.Errorf("storetest: postgres does not answer: %s", strings.TrimSpace(err.Error()))
}
