//go:build unix

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/app/store/storetest"
)

// patience is how long every review may take to end after a fault.
var patience = time.Duration(often(60, 180)) * time.Second

// onEach runs a fault test on each database, PostgreSQL on a server of its own.
func onEach(t *testing.T, test func(t *testing.T, database string)) {
	t.Helper()
	if testing.Short() {
		t.Skip("the processes under test have no race detector, and the GitHub beside them would be slow")
	}
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) { t.Parallel(); test(t, "") })
	t.Run("PostgreSQL", func(t *testing.T) { t.Parallel(); test(t, storetest.OwnServer(t).URL) })
}

// ordinary are changes that pass, and one that does not.
func (f *fleet) ordinary(i int) {
	repo := fmt.Sprintf("owner%d/app", i%7)
	switch i % 4 {
	case 0:
		f.open(repo, "success", "1 new package", "quiet@1.0.0")
	case 1:
		f.open(repo, "success", "2 new packages", "quiet@1.1.0", "client@1.0.0")
	case 2:
		f.open(repo, "failure", "install-time-exfiltration", "colors@1.0.2")
	default:
		f.open(repo, "success", "2 new packages", "colors@1.0.1", "quiet@1.0.0")
	}
}

// TestFaultKilledService: kill -9 again and again in the middle of reviews.
func TestFaultKilledService(t *testing.T) {
	onEach(t, func(t *testing.T, database string) {
		f := newFleet(t, database)
		r := f.start()
		kills, count := often(4, 20), often(100, 500)
		killed := 0
		f.during(count, time.Duration(often(60, 120))*time.Millisecond, f.ordinary, func(context.Context) {
			for range kills {
				time.Sleep(time.Duration(200+rand.IntN(1200)) * time.Millisecond)
				f.kill(r)
				killed++
				r = f.start()
			}
		})
		f.settle(patience)
		t.Logf("killed %d times", killed)
	})
}

// TestFaultKilledWorkers: the child processes that read packages are killed
// from outside. A scan that was interrupted is tried again; nothing passes that
// was not scanned.
func TestFaultKilledWorkers(t *testing.T) {
	onEach(t, func(t *testing.T, database string) {
		f := newFleet(t, database, "--no-cache")
		r := f.start()
		killed := 0
		open := func(i int) {
			// Where the same step is hit twice, the package counts as not scanned,
			// and the check is not green.
			repo := fmt.Sprintf("owner%d/app", i%7)
			f.open(repo, "", "", []string{"large@1.0.0", "large@1.1.0"}[i%2])
		}
		f.during(often(30, 200), 100*time.Millisecond, open, func(ctx context.Context) {
			for ctx.Err() == nil {
				for _, child := range r.children() {
					if syscall.Kill(child, syscall.SIGKILL) == nil {
						killed++
					}
				}
				time.Sleep(2 * time.Second)
			}
		})
		f.settle(patience)
		green, said := 0, 0
		for _, e := range f.pulls {
			run, _ := e.pull.Repository().Latest(e.pull.SHA())
			incomplete := strings.Contains(run.Title+run.Summary, "ot scanned") || strings.Contains(run.Summary, "scan/incomplete")
			switch {
			case run.Conclusion == "success" && incomplete:
				t.Errorf("green although something was not scanned: %s\n%s", run.Title, run.Summary)
			case run.Conclusion == "success":
				green++
			case incomplete:
				said++
			default:
				t.Errorf("%s: %s\n%s", run.Conclusion, run.Title, run.Summary)
			}
		}
		t.Logf("killed %d children; %d of %d reviews scanned everything, %d say what was not scanned", killed, green, len(f.pulls), said)
		if killed == 0 || green == 0 {
			t.Error("nothing was tried")
		}
	})
}

// TestFaultKilledReplica: one of three is killed for good while they work; the
// other two do its work.
func TestFaultKilledReplica(t *testing.T) {
	if testing.Short() {
		t.Skip("processes")
	}
	t.Parallel()
	f := newFleet(t, storetest.OwnServer(t).URL)
	first := f.start()
	f.start()
	f.start()
	f.registry.when("tardy", func(n int, w http.ResponseWriter, _ []byte) bool { time.Sleep(2 * time.Second); return false })
	f.during(often(60, 300), 50*time.Millisecond, func(i int) {
		if i%10 == 0 {
			f.open(fmt.Sprintf("owner%d/app", i%7), "success", "", "tardy@1.0.0")
			return
		}
		f.ordinary(i)
	}, func(context.Context) {
		time.Sleep(700 * time.Millisecond) // in the middle of a slow review
		f.kill(first)
	})
	f.settle(patience)
}

// TestFaultRollingRestart: three replicas are replaced one by one, as an update
// does; no review is lost and no delivery fails.
func TestFaultRollingRestart(t *testing.T) {
	if testing.Short() {
		t.Skip("processes")
	}
	t.Parallel()
	f := newFleet(t, storetest.OwnServer(t).URL)
	fleet := []*replica{f.start(), f.start(), f.start()}
	f.during(often(80, 300), 60*time.Millisecond, f.ordinary, func(context.Context) {
		for _, old := range fleet {
			f.start()
			f.stop(old)
		}
	})
	f.settle(patience)
	again := 0
	for _, d := range f.github.Deliveries() {
		if d.Attempts != 1 {
			again++ // on a busy machine one may be asked for again before it is noted
		}
		if d.Status/100 != 2 || again > 2 {
			t.Errorf("delivery %s: %d after %d attempts", d.GUID, d.Status, d.Attempts)
		}
	}
}

// TestReplicasScanOnce: three replicas, each with a cache of its own, review
// what brings the same package; it is fetched and scanned once.
func TestReplicasScanOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("processes")
	}
	t.Parallel()
	f := newFleet(t, storetest.OwnServer(t).URL)
	program := f.program
	for i := range 3 {
		// Each on a machine of its own: the same build, with another time.
		f.program = filepath.Join(t.TempDir(), "lockwarden")
		copyProgram(t, program, f.program)
		if err := os.Chtimes(f.program, time.Time{}, time.Now().Add(-time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
		f.start("--cache", filepath.Join(f.dir, fmt.Sprintf("cache-%d", i)))
	}
	for i := range 30 {
		f.open(fmt.Sprintf("owner%d/app", i), "success", "1 new package", "large@1.0.0")
	}
	f.settle(patience)
	if n := f.registry.count("large"); n != 1 {
		t.Errorf("the registry was asked %d times for the tarball", n)
	}
	// A replica that comes later has the result as well.
	f.start("--cache", filepath.Join(f.dir, "cache-late"))
	for i := range 12 {
		f.open(fmt.Sprintf("owner%d/app", i), "success", "1 new package", "large@1.0.0")
	}
	f.settle(patience)
	if n := f.registry.count("large"); n != 1 {
		t.Errorf("the registry was asked %d times for the tarball", n)
	}
}

// TestFaultDatabaseStops: PostgreSQL is stopped for a while, and started again.
func TestFaultDatabaseStops(t *testing.T) {
	if testing.Short() {
		t.Skip("processes")
	}
	t.Parallel()
	db := storetest.OwnServer(t)
	f := newFleet(t, db.URL)
	r := f.start()
	f.start()
	away := time.Duration(often(5, 30)) * time.Second
	f.during(often(80, 400), 100*time.Millisecond, f.ordinary, func(context.Context) {
		time.Sleep(time.Second)
		db.Stop()
		time.Sleep(away / 2)
		if answer, err := http.Get("http://127.0.0.1:" + r.port() + "/readyz"); err != nil || answer.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("/readyz without a database: %v %v", answer, err)
		} else {
			_ = answer.Body.Close()
		}
		if answer, err := http.Get("http://127.0.0.1:" + r.port() + "/healthz"); err != nil || answer.StatusCode != http.StatusOK {
			t.Errorf("/healthz without a database: %v %v", answer, err)
		} else {
			_ = answer.Body.Close()
		}
		time.Sleep(away / 2)
		if err := db.Start(); err != nil {
			t.Error(err)
		}
	})
	f.settle(patience)
}

// TestFaultDiskFull: the disk of the cache, or of the database, is full for a
// while. Reviews go on without a cache; without room in the database deliveries
// are refused, and asked for again later.
func TestFaultDiskFull(t *testing.T) {
	if testing.Short() {
		t.Skip("processes")
	}
	t.Parallel()
	for _, what := range []string{"cache", "database"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			disk := filepath.Join(t.TempDir(), "disk")
			if err := os.Mkdir(disk, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=8m"); err != nil {
				t.Skipf("a small disk needs root: %v", err)
			}
			t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
			database, args := "", []string{"--cache", disk}
			if what == "database" {
				database, args = filepath.Join(disk, "server.db"), nil
			}
			f := newFleet(t, database, args...)
			r := f.start()
			f.ordinary(0)
			f.settle(30 * time.Second)
			filler := filepath.Join(disk, "filler")
			fill := func() {
				file, err := os.Create(filler)
				if err != nil {
					t.Error(err)
					return
				}
				block := make([]byte, 4096)
				for err == nil {
					_, err = file.Write(block)
				}
				_ = file.Close()
			}
			f.during(often(40, 200), 100*time.Millisecond, f.ordinary, func(context.Context) {
				fill()
				time.Sleep(1500 * time.Millisecond)
				if what == "database" {
					if err := os.Remove(filler); err != nil {
						t.Error(err)
					}
				}
			})
			f.settle(patience)
			if err := r.cmd.Process.Signal(syscall.Signal(0)); err != nil {
				t.Errorf("the server did not survive: %v", err)
			}
		})
	}
}

// TestFaultCacheDamaged: files of the cache are cut, overwritten and deleted
// while reviews read them. Whatever is read is verified, and fetched again.
func TestFaultCacheDamaged(t *testing.T) {
	onEach(t, func(t *testing.T, database string) {
		f := newFleet(t, database)
		f.start()
		f.ordinary(2) // the cache has something to damage from the beginning
		f.settle(patience)
		damaged := 0
		f.during(often(60, 300), 60*time.Millisecond, f.ordinary, func(ctx context.Context) {
			for ctx.Err() == nil {
				_ = filepath.WalkDir(filepath.Join(f.dir, "cache"), func(path string, d os.DirEntry, err error) error {
					if err != nil || d.IsDir() || d.Name() == "lock" {
						return nil
					}
					switch rand.IntN(3) {
					case 0:
						err = os.Truncate(path, rand.Int64N(64))
					case 1:
						err = os.WriteFile(path, []byte(strings.Repeat("nonsense", 40)), 0o600)
					default:
						err = os.Remove(path)
					}
					if err == nil {
						damaged++
					}
					return nil
				})
				time.Sleep(20 * time.Millisecond)
			}
		})
		f.settle(patience)
		t.Logf("damaged %d files", damaged)
		if damaged == 0 {
			t.Error("nothing was damaged")
		}
	})
}

// TestFaultRegistry: what a registry can do to a review. Only what was scanned
// is green; everything else names the package.
func TestFaultRegistry(t *testing.T) {
	onEach(t, func(t *testing.T, database string) {
		f := newFleet(t, database)
		f.start()
		// cut breaks the connection in the middle of the tarball.
		cut := func(w http.ResponseWriter, whole []byte) {
			w.Header().Set("Content-Length", fmt.Sprint(len(whole)))
			_, _ = w.Write(whole[:len(whole)/2])
			w.(http.Flusher).Flush()
			if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_ = c.Close()
			}
		}
		f.registry.when("tardy", func(n int, _ http.ResponseWriter, _ []byte) bool { time.Sleep(time.Second); return false })
		f.registry.when("large", func(n int, w http.ResponseWriter, whole []byte) bool {
			if n <= 2 {
				cut(w, whole)
			}
			return n <= 2
		})
		f.registry.when("cutoff", func(_ int, w http.ResponseWriter, whole []byte) bool { cut(w, whole); return true })
		f.registry.when("gone", func(_ int, w http.ResponseWriter, _ []byte) bool { w.WriteHeader(http.StatusNotFound); return true })
		f.registry.when("ill", func(n int, w http.ResponseWriter, _ []byte) bool {
			if n <= 2 {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			return n <= 2
		})
		for i, test := range []struct{ id, conclusion, says string }{
			{"tardy@1.0.0", "success", "1 new package"},
			{"large@1.0.0", "success", "1 new package"},
			{"ill@1.0.0", "success", "1 new package"},
			{"cutoff@1.0.0", "action_required", "cutoff"},
			{"gone@1.0.0", "action_required", "gone"},
			{"swapped@1.0.0", "failure", "swapped"},
		} {
			// The rest of the review stands.
			f.open(fmt.Sprintf("owner%d/app", i), test.conclusion, test.says, test.id)
			f.open(fmt.Sprintf("owner%d/app", i), test.conclusion, "2 new packages", test.id, "quiet@1.0.0")
			f.open(fmt.Sprintf("owner%d/app", i), "failure", "install-time-exfiltration", test.id, "colors@1.0.2")
		}
		f.settle(patience)
	})
}
