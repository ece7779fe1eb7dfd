package analyzer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/worker"
)

// TestMain lets the test binary be its own worker.
func TestMain(m *testing.M) {
	if os.Getenv("LOCKWARDEN_TEST_WORKER") == "1" {
		if err := analyzer.ServeWorker(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if how := os.Getenv("LOCKWARDEN_TEST_SLOW"); how != "" {
		if err := serveSlow(how); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func workerCommand() *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{"LOCKWARDEN_TEST_WORKER=1"}
	return cmd
}

// testCache keeps real packages between test runs; everything in it is
// verified by its hash.
func testCache(t testing.TB) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "lockwarden-test", "packages")
}

func open(t testing.TB, limits worker.Limits) *analyzer.Scanner {
	t.Helper()
	s, err := analyzer.Open(analyzer.Options{CacheDir: testCache(t), WorkerCommand: workerCommand, Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	s.Cache = nil // results are made again, tarballs are kept
	t.Cleanup(s.Close)
	return s
}

// packageFacts is a row of testdata/packages.json: what a person found by
// reading the package.
type packageFacts struct {
	Package, Version, Integrity string
	Must                        []string            `json:"must"`
	MustNot                     []string            `json:"must_not"`
	IssuesMust                  []string            `json:"issues_must"`
	IssuesMustNot               []string            `json:"issues_must_not"`
	Contexts                    map[string][]string `json:"contexts"`
	Evidence                    map[string]string   `json:"evidence"`
}

func readFacts(t testing.TB) []packageFacts {
	t.Helper()
	data, err := os.ReadFile("testdata/packages.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []packageFacts
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestRealPackages fetches 22 packages and holds their reports against what
// was found by reading them. Ids that the catalogue does not declare yet are
// left out.
func TestRealPackages(t *testing.T) {
	if testing.Short() {
		t.Skip("fetches packages from the registry")
	}
	s := open(t, worker.Limits{})
	declared := map[string]bool{}
	for _, id := range s.Engine.Catalogue().IDs() {
		declared[id] = true
	}
	issues := map[string]bool{}
	for _, id := range issue.IDs() {
		issues[id] = true
	}
	checked := 0
	for _, row := range readFacts(t) {
		t.Run(row.Package, func(t *testing.T) {
			scanned, err := s.Scan(context.Background(), analyzer.Subject{Name: row.Package, Version: row.Version, Integrity: row.Integrity})
			if err != nil {
				t.Fatal(err)
			}
			if scanned.Contents == nil {
				t.Fatal(scanned.Fetch)
			}
			report := analyzer.NewReport(issue.Input{Name: row.Package, Version: row.Version}, scanned)
			for _, id := range row.Must {
				if !declared[id] {
					continue
				}
				checked++
				b := report.Find(id)
				if b == nil {
					t.Errorf("%s is missing; it is at %s", id, row.Evidence[id])
					continue
				}
				checkPlace(t, b, row)
			}
			for _, pattern := range row.MustNot {
				for i := range report.Behaviors {
					if b := &report.Behaviors[i]; forbidden(pattern, b) {
						e := b.Evidence[0]
						t.Errorf("%s is reported, in %v: %s:%d %s", b.ID, b.Contexts.Names(), e.File, e.Line, e.Snippet)
					}
				}
			}
			have := map[string]bool{}
			for _, found := range report.Issues {
				have[found.ID] = true
			}
			for _, id := range row.IssuesMust {
				if issues[id] && !have[id] {
					t.Errorf("issue %s is missing", id)
				}
			}
			for _, id := range row.IssuesMustNot {
				if have[id] {
					t.Errorf("issue %s is reported", id)
				}
			}
		})
	}
	if checked < 80 {
		t.Errorf("only %d behaviors were compared", checked)
	}
}

func checkPlace(t *testing.T, b *behavior.Behavior, row packageFacts) {
	t.Helper()
	if want := row.Evidence[b.ID]; want != "" {
		var places []string
		for _, e := range b.Evidence {
			places = append(places, fmt.Sprintf("%s:%d", e.File, e.Line))
		}
		at, _, _ := strings.Cut(want, " ")
		if !slices.Contains(places, at) {
			t.Errorf("%s: %s is not among the places %v", b.ID, at, places)
		}
	}
	if want := row.Contexts[b.ID]; len(want) > 0 {
		ok := false
		for _, name := range b.Contexts.Names() {
			ok = ok || slices.Contains(want, name)
		}
		if !ok {
			t.Errorf("%s: contexts %v, want one of %v", b.ID, b.Contexts.Names(), want)
		}
	}
}

// forbidden matches "file/*@launch+call".
func forbidden(pattern string, b *behavior.Behavior) bool {
	id, contexts, limited := strings.Cut(pattern, "@")
	if id != b.ID && !(strings.HasSuffix(id, "*") && strings.HasPrefix(b.ID, strings.TrimSuffix(id, "*"))) {
		return false
	}
	if !limited {
		return true
	}
	var set javascript.Context
	for _, name := range strings.Split(contexts, "+") {
		set |= map[string]javascript.Context{"install": javascript.Install, "launch": javascript.Launch, "call": javascript.Call, "unreachable": javascript.Unreachable}[name]
	}
	return b.Contexts&set != 0
}
