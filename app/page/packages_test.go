package page

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/app/record"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/lockfile"
)

// reviewed is a store with one review, whose newest head is not reviewed yet.
type reviewed struct{}

func (reviewed) Head(_ context.Context, repository int64, thread string) (record.Head, bool, error) {
	return record.Head{Repository: 7, Owner: "acme", Name: "web", Thread: thread, Generation: 2}, repository == 7 && thread == "pull/1", nil
}

func (reviewed) Generations(context.Context, int64, string) ([]record.Reviewed, error) {
	return []record.Reviewed{{Generation: 1, Completed: time.Now()}, {Generation: 2}}, nil
}

func (reviewed) Review(context.Context, int64, string, int64) (*review.Review, error) {
	change := func(name, version string) review.Change {
		return review.Change{Change: lockfile.Change{Name: name, To: version, Integrity: "sha512-" + name}}
	}
	return &review.Review{Packages: []review.Package{{Change: change("a", "1.0.0")}, {Change: change("@own/b", "1.0.0"), Own: true}, {Change: change("c", "1.0.0"), Report: analyzer.Report{NotScanned: "it is a git dependency"}}}}, nil
}

func (reviewed) Audited(context.Context, int64, int) ([]record.Entry, error) { return nil, nil }

// slow is an examiner that fails at first, and waits where it is told to.
type slow struct {
	wait     chan struct{}
	failing  atomic.Bool
	examined atomic.Int32
	seen     atomic.Value
}

func (s *slow) Find(_ context.Context, spec string) (analyzer.Subject, error) {
	name, version, _ := strings.Cut(spec, "@")
	return analyzer.Subject{Name: name, Version: version}, nil
}

func (s *slow) Examine(_ context.Context, subject analyzer.Subject) (*analyzer.Examination, error) {
	s.examined.Add(1)
	s.seen.Store(subject)
	if s.wait != nil {
		<-s.wait
	}
	if subject.Version == "6.6.6" {
		panic("a hostile package")
	}
	if subject.Version == "4.0.4" && s.failing.Load() {
		return &analyzer.Examination{Input: issue.Input{Name: subject.Name, Version: subject.Version}, Scanned: analyzer.Scanned{Fetch: &issue.FetchProblem{Kind: "failed", Reason: "the connection was reset"}}}, nil
	}
	if s.failing.Load() {
		return nil, errors.New("the registry does not answer")
	}
	return &analyzer.Examination{Input: issue.Input{Name: subject.Name, Version: subject.Version}, Scanned: analyzer.Scanned{Contents: &issue.Contents{}}}, nil
}

func (s *slow) Update(context.Context, *analyzer.Examination, *analyzer.Examination) error {
	return nil
}

func (s *slow) Releases(context.Context, string, string) ([]analyzer.Release, []string, error) {
	return nil, nil, nil
}

// TestPackages: which packages are shown, as which bytes, and what a reader sees
// while they are made, and when they cannot be.
func TestPackages(t *testing.T) {
	examiner := &slow{}
	h := NewPackages(&Site{Key: func(int64) string { return "k" }}, reviewed{}, examiner)
	mux := http.NewServeMux()
	mux.Handle("GET /npm/{package...}", Scoped(h))
	get := func(path string) (int, string) {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Code, w.Body.String()
	}
	const of = "?review=7/pull/1&key=k"
	for _, wrong := range []string{"/npm/b/1.0.0" + of, "/npm/@own/b/1.0.0" + of, "/npm/c/1.0.0" + of, "/npm/a" + of, "/npm/a/1.0.0", "/npm/a/1.0.0?review=7/pull/1", "/npm/a/1.0.0?review=7/pull/2&key=k", "/npm/a/1.0.0?review=8/pull/1&key=k",
		"/npm/a/1.0.0?review=0/pull/1&key=k", "/npm/a/1.0.0?review=-7/pull/1&key=k", "/npm/A%20B/1.0.0" + of, "/npm/a/" + strings.Repeat("1", 300) + of, "/npm/a/1.0.0" + of + "&from=" + strings.Repeat("1", 300)} {
		if status, body := get(wrong); status != 404 || examiner.examined.Load() > 0 {
			t.Errorf("%.80s: %d %.100s", wrong, status, body)
		}
	}
	if status, _ := get("/npm/a/1.0.0" + of); status != 200 {
		t.Errorf("a package of the review: %d", status)
	}
	if s := examiner.seen.Load().(analyzer.Subject); s.Integrity != "sha512-a" {
		t.Errorf("other bytes than the review's are shown: %+v", s)
	}
	if status, _ := get("/npm/a/1.0.0" + of); status != 200 || examiner.examined.Load() != 1 {
		t.Errorf("the second look: %d after %d examinations", status, examiner.examined.Load())
	}
	if status, _ := get("/npm/a/2.0.0" + of); status != 200 {
		t.Errorf("another version: %d", status)
	}
	if s := examiner.seen.Load().(analyzer.Subject); s.Version != "2.0.0" || s.Integrity != "" {
		t.Errorf("another version is looked for as %+v", s)
	}
	examiner.failing.Store(true)
	if status, body := get("/npm/a/3.0.0" + of); status != 502 || !strings.Contains(body, "the registry does not answer") {
		t.Errorf("a failure: %d %s", status, body)
	}
	if status, body := get("/npm/a/4.0.4" + of); status != 200 || !strings.Contains(body, "the connection was reset") || !strings.Contains(body, "could not be scanned") {
		t.Errorf("what was not fetched: %d %s", status, body)
	}
	if status, body := get("/npm/a/6.6.6" + of); status != 502 || !strings.Contains(body, "a hostile package") {
		t.Errorf("what breaks the examination: %d %s", status, body)
	}
	examiner.failing.Store(false)
	if status, _ := get("/npm/a/3.0.0" + of); status != 502 || examiner.examined.Load() != 5 {
		t.Errorf("right after a failure: %d", status)
	}
	h.failures.Purge() // what time does
	if status, _ := get("/npm/a/3.0.0" + of); status != 200 {
		t.Errorf("after a failure: %d", status)
	}
	if status, body := get("/npm/a/4.0.4" + of); status != 200 || strings.Contains(body, "the connection was reset") {
		t.Errorf("once it can be fetched: %d", status)
	}
	// As many as the machine has room for; the others wait, and then come.
	examiner.wait = make(chan struct{})
	versions := []string{"/npm/a/4.0.0" + of, "/npm/a/5.0.0" + of, "/npm/a/6.0.0" + of, "/npm/a/7.0.0" + of}
	before := examiner.examined.Load()
	for _, v := range versions[:examining()+1] {
		if status, body := get(v); status != 202 || !strings.Contains(body, `http-equiv="refresh" content="2"`) {
			t.Errorf("while it is made: %d", status)
		}
	}
	if n := examiner.examined.Load() - before; int(n) != examining() {
		t.Errorf("%d are made at the same time", n)
	}
	close(examiner.wait)
	for _, v := range versions[:examining()+1] {
		status := 0
		for range 2000 {
			if status, _ = get(v); status == 200 {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if status != 200 {
			t.Errorf("%s: %d", v, status)
		}
	}
}
