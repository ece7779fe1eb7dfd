// Package storetest gives tests both databases: an SQLite file, and a
// PostgreSQL server of its own from Debian's package, started when the first
// test asks and stopped by Main.
package storetest

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
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
	s, err := start()
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

// Main runs a package's tests and stops the server.
func Main(m *testing.M) {
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

var (
	mu      sync.Mutex
	running *server
	failed  error
)

func (s *server) url(database string) string {
	return "postgres:///" + database + "?" + url.Values{"host": {s.dir}, "user": {"lockwarden"}}.Encode()
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGINT)
	_ = s.cmd.Wait()
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

func start() (*server, error) {
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
	postgres, err := program("postgres")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "lockwarden-pg")
	if err != nil {
		return nil, err
	}
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Getuid() == 0 {
		// PostgreSQL refuses to run as root.
		u, err := user.Lookup("postgres")
		if err != nil {
			u, err = user.Lookup("nobody")
		}
		if err != nil {
			return nil, err
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			return nil, err
		}
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	data := filepath.Join(dir, "data")
	cmd := exec.Command(initdb, "-D", data, "-U", "lockwarden", "-A", "trust", "-E", "UTF8", "--no-sync")
	cmd.SysProcAttr = attr
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("storetest: initdb: %w\n%s", err, out)
	}
	s := &server{dir: dir}
	started := make(chan error)
	go func() {
		// The signal at the parent's death is one at the death of the thread.
		runtime.LockOSThread()
		s.cmd = exec.Command(postgres, "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "max_connections=200")
		s.cmd.SysProcAttr = attr
		s.cmd.Dir = dir
		started <- s.cmd.Start()
		select {}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("storetest: postgres: %w", err)
	}
	db, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		return nil, err
	}
	defer db.Close()
	for range 200 {
		if err = db.Ping(); err == nil {
			return s, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.stop()
	return nil, fmt.Errorf("storetest: postgres does not answer: %s", strings.TrimSpace(err.Error()))
}
