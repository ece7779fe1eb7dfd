package analyzer_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/registry"
	"github.com/lockwarden/lockwarden/analyzer/worker"
)

// serveSlow is a child that uses more processor time than it may: at a file, at
// the whole package, or at neither.
func serveSlow(how string) error {
	return worker.Serve(os.Stdin, os.Stdout, worker.Limits{}, func(header []byte, body io.Reader, step func(string)) ([]byte, error) {
		var asked struct{ Skip map[string]string }
		if err := json.Unmarshal(header, &asked); err != nil {
			return nil, err
		}
		if _, err := io.Copy(io.Discard, body); err != nil {
			return nil, err
		}
		c := issue.Contents{Files: 7}
		for file, reason := range asked.Skip {
			c.Incomplete = append(c.Incomplete, issue.Problem{File: file, Line: 1, Reason: reason})
		}
		switch {
		case how == "file" && asked.Skip["slow.js"] == "":
			step("slow.js")
			for {
				worker.ProcessorTime()
			}
		case how == "package":
			step("(evaluation)")
			for {
				worker.ProcessorTime()
			}
		}
		return json.Marshal(&c)
	})
}

// slowScan is a scanner whose children are slow; children counts those that were
// started, and what the n-th does (from 1) is how(n).
type slowScan struct {
	*analyzer.Scanner
	subject  analyzer.Subject
	children *atomic.Int32
}

func slowScanner(t *testing.T, cache string, how func(n int32) string) slowScan {
	t.Helper()
	body, err := tarball(t, "package.json", `{"name":"wanted","version":"1.0.0"}`)()
	if err != nil {
		t.Fatal(err)
	}
	data, _ := io.ReadAll(body)
	h := registry.NewHash()
	_, _ = h.Write(data)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) }))
	t.Cleanup(server.Close)
	authority := filepath.Join(t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(authority, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(t.TempDir(), "npmrc")
	if err := os.WriteFile(settings, []byte("cafile="+authority+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("npm_config_userconfig", settings)
	children := &atomic.Int32{}
	s, err := analyzer.Open(analyzer.Options{Registry: server.URL, AllowHosts: []string{strings.TrimPrefix(server.URL, "https://")},
		CacheDir: cache, NoCache: cache == "", OSV: "none", Workers: 2, Limits: worker.Limits{Step: 300 * time.Millisecond},
		WorkerCommand: func() *exec.Cmd {
			cmd := exec.Command(os.Args[0])
			cmd.Env = []string{"LOCKWARDEN_TEST_SLOW=" + how(children.Add(1))}
			return cmd
		}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	wanted := analyzer.Subject{Name: "wanted", Version: "1.0.0", Resolved: server.URL + "/wanted/-/wanted-1.0.0.tgz", Integrity: h.SHA512()}
	return slowScan{s, wanted, children}
}

// scan says what a reader of the report is told, empty where all is well, and how
// many children it cost.
func (s slowScan) scan(t *testing.T) (reason string, children int32) {
	t.Helper()
	before := s.children.Load()
	got, err := s.Scan(context.Background(), s.subject)
	if err != nil {
		t.Fatal(err)
	}
	if got.Fetch != nil {
		return got.Fetch.Kind + ": " + got.Fetch.Reason, s.children.Load() - before
	}
	for _, p := range got.Contents.Incomplete {
		reason += p.File + ": " + p.Reason
	}
	return reason, s.children.Load() - before
}

func always(how string) func(int32) string { return func(int32) string { return how } }

// TestSlow: what takes too much processor time is tried once more by itself, said
// with its limit, and remembered for as long as the engine is the same.
func TestSlow(t *testing.T) {
	const (
		wholeSaid = "limit: the analysis was stopped at (evaluation): it took more than 300ms of processor time (limit Step), also alone"
		fileSaid  = "slow.js: the analysis of this file was stopped: it took more than 300ms of processor time (limit Step), also alone"
		recalled  = "; remembered, --no-cache tries again"
	)
	for _, test := range []struct {
		how, said string
		children  int32 // of the first scan: one for each try
	}{{"package", wholeSaid, 2}, {"file", fileSaid, 3}} {
		t.Run(test.how, func(t *testing.T) {
			cache := t.TempDir()
			s := slowScanner(t, cache, always(test.how))
			if said, n := s.scan(t); said != test.said || n != test.children {
				t.Errorf("first: %q with %d children", said, n)
			}
			for _, again := range []slowScan{s, slowScanner(t, cache, always(test.how))} {
				if said, n := again.scan(t); said != test.said+recalled || n != 0 {
					t.Errorf("again: %q with %d children", said, n)
				}
			}
			// Two hashes: npm takes bytes that fit either.
			two := s
			two.subject.Integrity += " sha512-AAAA"
			if said, n := two.scan(t); !strings.HasPrefix(said, "two-hashes: ") || n != 0 {
				t.Errorf("of two hashes: %q with %d children", said, n)
			}
			// Nothing is remembered without a cache, nor taken from one.
			none := slowScanner(t, "", always(test.how))
			for range 2 {
				if said, n := none.scan(t); said != test.said || n < test.children-1 {
					t.Errorf("no cache: %q with %d children", said, n)
				}
			}
		})
	}
}

// TestSlowOnce: what is fast enough alone is scanned, and nothing is remembered
// but the result.
func TestSlowOnce(t *testing.T) {
	cache := t.TempDir()
	s := slowScanner(t, cache, func(n int32) string {
		if n == 1 {
			return "package"
		}
		return "nothing"
	})
	if said, n := s.scan(t); said != "" || n != 2 {
		t.Errorf("%q with %d children", said, n)
	}
	if said, n := s.scan(t); said != "" || n != 0 {
		t.Errorf("again: %q with %d children", said, n)
	}
}

// TestSlowShared: a replica takes another one's failure.
func TestSlowShared(t *testing.T) {
	shared := &memory{kept: map[string][]byte{}, claims: map[string]bool{}}
	first, second := slowScanner(t, t.TempDir(), always("package")), slowScanner(t, t.TempDir(), always("package"))
	first.Share(shared)
	second.Share(shared)
	if said, n := first.scan(t); said == "" || n != 2 {
		t.Errorf("%q with %d children", said, n)
	}
	second.subject.Integrity = first.subject.Integrity
	if said, n := second.scan(t); !strings.HasSuffix(said, "remembered, --no-cache tries again") || n != 0 {
		t.Errorf("the other: %q with %d children", said, n)
	}
}

// TestSlowNewEngine: another engine tries what this one gave up.
func TestSlowNewEngine(t *testing.T) {
	cache := t.TempDir()
	s := slowScanner(t, cache, always("package"))
	if said, _ := s.scan(t); said == "" {
		t.Fatal("not slow")
	}
	analyzer.SetProgramVersion(t, "another")
	if said, n := s.scan(t); strings.Contains(said, "remembered") || n == 0 {
		t.Errorf("%q with %d children", said, n)
	}
}

// TestTarballEnded: a tarball at hand is scanned again, as one of a registry is,
// where somebody else ended the child.
func TestTarballEnded(t *testing.T) {
	children := 0
	s, err := analyzer.Open(analyzer.Options{NoCache: true, OSV: "none", Workers: 1, WorkerCommand: func() *exec.Cmd {
		if children++; children == 1 {
			return exec.Command("sh", "-c", "kill -9 $$")
		}
		return workerCommand()
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got, err := s.ScanTarball(context.Background(), tarball(t, "package.json", `{"name":"wanted","version":"1.0.0"}`))
	if err != nil || got.Fetch != nil || got.Contents == nil || children != 2 {
		t.Errorf("%+v %v with %d children", got, err, children)
	}
	// One that cannot be opened is nobody's package.
	if got, err := s.ScanTarball(context.Background(), func() (io.ReadCloser, error) { return nil, os.ErrNotExist }); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%+v %v", got, err)
	}
}
