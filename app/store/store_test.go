package store_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/app/record"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/app/store"
	"github.com/lockwarden/lockwarden/app/store/storetest"
	"github.com/lockwarden/lockwarden/app/webhook"
	"github.com/lockwarden/lockwarden/lockfile"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// testKey encrypts the credentials of tests.
var testKey = store.NewKey()

func open(t *testing.T, db storetest.Database) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{URL: db.URL, Backoff: time.Millisecond, MaxAttempts: 3, Key: testKey})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func head(pull int, sha string) webhook.Job {
	return webhook.Job{Kind: webhook.Head, Installation: 7, Repository: 1, Owner: "o", Name: "r", Pull: pull, SHA: sha, Branch: "main"}
}

func delivery(id string, jobs ...webhook.Job) webhook.Delivery {
	return webhook.Delivery{ID: id, Event: "pull_request", Action: "synchronize", Received: time.Now(), Jobs: jobs}
}

func enqueue(t *testing.T, s *store.Store, d webhook.Delivery) bool {
	t.Helper()
	fresh, err := s.Enqueue(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	return fresh
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for range 1500 {
		if condition() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("it never came to this: %s", what)
}

func TestDeliveriesCountOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.Database) {
		s := open(t, db)
		if !enqueue(t, s, delivery("1", head(3, "a"))) || enqueue(t, s, delivery("1", head(3, "a"))) {
			t.Error("a repeated delivery is new")
		}
		var mu sync.Mutex
		var got []webhook.Job
		if err := s.Start(context.Background(), func(_ context.Context, a webhook.Attempt) error {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, a.Job)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		enqueue(t, s, delivery("2", webhook.Job{Kind: webhook.Comment, Installation: 7, Repository: 1, Owner: "o", Name: "r", Pull: 3}))
		eventually(t, "two jobs are done", func() bool { mu.Lock(); defer mu.Unlock(); return len(got) == 2 })
		h, ok, err := s.Head(context.Background(), 1, "pull/3")
		if err != nil || !ok || h.Generation != 1 || h.SHA != "a" || h.State != "queued" {
			t.Errorf("%+v %v %v", h, ok, err)
		}
	})
}

// TestFailedHeadComesAgain: a head whose review was given up is reviewed when its
// event comes again; one that is done is not.
func TestFailedHeadComesAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.Database) {
		s := open(t, db)
		ctx := context.Background()
		generations := func() int {
			list, err := s.Generations(ctx, 1, "pull/3")
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		job := head(3, "a")
		enqueue(t, s, delivery("1", job))
		job.Generation = 1
		for i, state := range []string{"done", "failed"} {
			if err := s.SetState(ctx, job, state); err != nil {
				t.Fatal(err)
			}
			enqueue(t, s, delivery(state, head(3, "a")))
			if n := generations(); n != 1+i {
				t.Errorf("%s: %d generations", state, n)
			}
		}
	})
}

// TestNewerHeadSupersedes: the running job of the older head is cancelled, one
// that waits never runs.
func TestNewerHeadSupersedes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.Database) {
		s := open(t, db)
		started, ended := make(chan string, 10), make(chan error, 10)
		if err := s.Start(context.Background(), func(ctx context.Context, a webhook.Attempt) error {
			started <- a.Job.SHA
			if a.Job.SHA == "c" {
				ended <- nil
				return nil
			}
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		}); err != nil {
			t.Fatal(err)
		}
		enqueue(t, s, delivery("1", head(3, "a")))
		if sha := <-started; sha != "a" {
			t.Fatal(sha)
		}
		enqueue(t, s, delivery("2", head(3, "b")))
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		<-started
		enqueue(t, s, delivery("3", head(3, "c")))
		<-ended
		if sha := <-started; sha != "c" {
			t.Error(sha)
		}
		old := head(3, "a")
		old.Generation = 1
		if current, err := s.Current(context.Background(), old); err != nil || current {
			t.Errorf("the first head is current: %v", err)
		}
		eventually(t, "the cancelled jobs do not come back", func() bool {
			counts, err := s.Counts(context.Background())
			return err == nil && counts["completed"] == 1 && counts["cancelled"] == 2
		})
	})
}

// TestLaterComesInTime: a job that asks to be done a moment later is, however
// seldom the database is looked at.
func TestLaterComesInTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.Database) {
		poll := time.Hour
		if strings.HasPrefix(db.URL, "postgres") {
			poll = 0 // other processes add jobs there: it is looked at often
		}
		s, err := store.Open(context.Background(), store.Options{URL: db.URL, Poll: poll, Key: testKey})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		tries := make(chan int, 10)
		if err := s.Start(context.Background(), func(_ context.Context, a webhook.Attempt) error {
			tries <- a.Number
			if len(tries) < 3 {
				return &webhook.Later{After: 200 * time.Millisecond, Reason: "GitHub is behind"}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		enqueue(t, s, delivery("1", head(3, "a")))
		eventually(t, "it is tried three times", func() bool { return len(tries) == 3 })
	})
}

func TestFailuresAreTriedAgainAndThenVisible(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.Database) {
		s := open(t, db)
		var mu sync.Mutex
		var attempts []string
		if err := s.Start(context.Background(), func(_ context.Context, a webhook.Attempt) error {
			mu.Lock()
			defer mu.Unlock()
			attempts = append(attempts, fmt.Sprintf("%d %v", a.Number, a.Last))
			if len(attempts) == 1 {
				return &webhook.Later{After: time.Millisecond, Reason: "a rate limit"}
			}
			if len(attempts) == 2 {
				panic("a bug")
			}
			return errors.New("github answers 500")
		}); err != nil {
			t.Fatal(err)
		}
		enqueue(t, s, delivery("1", head(3, "a")))
		var dead []store.Dead
		eventually(t, "the job is given up", func() bool {
			var err error
			dead, err = s.DeadJobs(context.Background(), 10)
			if err != nil {
				t.Fatal(err)
			}
			return len(dead) == 1
		})
		if dead[0].Job.SHA != "a" || !strings.Contains(dead[0].Error, "github answers 500") {
			t.Errorf("%+v", dead[0])
		}
		mu.Lock()
		defer mu.Unlock()
		if diff := cmp.Diff("1 false, 1 false, 2 false, 3 true", strings.Join(attempts, ", ")); diff != "" {
			t.Log("a snooze is not counted as an attempt:", diff)
		}
	})
}

// TestKilledProcess: what ran when the process died runs again, at once on
// SQLite, after the job timeout on PostgreSQL, where another replica may have
// it.
func TestKilledProcess(t *testing.T) {
	db := storetest.SQLite(t)
	s, err := store.Open(context.Background(), store.Options{URL: db.URL})
	if err != nil {
		t.Fatal(err)
	}
	enqueue(t, s, delivery("1", head(3, "a")))
	raw, err := sql.Open("sqlite", db.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := raw.Exec("UPDATE river_job SET state = 'running', attempt = 1"); err != nil {
		t.Fatal(err)
	}
	_ = raw.Close()
	_ = s.Close()
	s = open(t, db)
	done := make(chan string, 1)
	if err := s.Start(context.Background(), func(_ context.Context, a webhook.Attempt) error { done <- a.Job.SHA; return nil }); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("the job is lost")
	}
}

func TestOneProcessOnSQLite(t *testing.T) {
	db := storetest.SQLite(t)
	open(t, db)
	if _, err := store.Open(context.Background(), store.Options{URL: db.URL}); err == nil || !strings.Contains(err.Error(), "open in another process") {
		t.Error(err)
	}
}

func TestOpenAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.Database) {
		s := open(t, db)
		enqueue(t, s, delivery("1", head(3, "a")))
		_ = s.Close()
		s = open(t, db)
		if enqueue(t, s, delivery("1", head(3, "a"))) {
			t.Error("the delivery is forgotten")
		}
	})
}

func TestWrongAddresses(t *testing.T) {
	_, err := store.Open(context.Background(), store.Options{URL: "postgres://me:secret@127.0.0.1:1/x?connect_timeout=2"})
	if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "does not answer") {
		t.Error(err)
	}
}

func TestReviewsAndLeases(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.Database) {
		s := open(t, db)
		ctx := context.Background()
		enqueue(t, s, delivery("1", head(3, "a")))
		job := head(3, "a")
		job.Generation = 1
		want := &review.Review{Lockfiles: []string{"package-lock.json"}, Packages: []review.Package{{
			Change: review.Change{File: "package-lock.json", Change: lockfile.Change{Kind: lockfile.Added, Name: "a", To: "1.0.0", Line: 3, Locations: []string{"node_modules/a"}}},
			Report: analyzer.Report{Name: "a", Version: "1.0.0", Integrity: "sha512-x", Issues: []issue.Issue{{ID: "install/script", Severity: issue.Medium, Detail: map[string]string{"scripts": "x"}, Evidence: []behavior.Evidence{{File: "package.json", Line: 1}}}}}}}}
		if err := s.Complete(ctx, job, want); err != nil {
			t.Fatal(err)
		}
		got, err := s.Review(ctx, 1, "pull/3", 1)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		generations, err := s.Generations(ctx, 1, "pull/3")
		if err != nil || len(generations) != 1 || generations[0].Completed.IsZero() || generations[0].Received.IsZero() {
			t.Errorf("%+v %v", generations, err)
		}
		one, err := s.Lease(ctx, 1, "pull/3", "one", time.Minute)
		two, err2 := s.Lease(ctx, 1, "pull/3", "two", time.Minute)
		if err != nil || err2 != nil || !one || two {
			t.Errorf("%v %v %v %v", one, two, err, err2)
		}
		if err := s.Release(ctx, 1, "pull/3", "one"); err != nil {
			t.Fatal(err)
		}
		if two, _ := s.Lease(ctx, 1, "pull/3", "two", time.Minute); !two {
			t.Error("the lease did not end")
		}
		if err := s.SetSHA(ctx, job, "b", "dev"); err != nil {
			t.Fatal(err)
		}
		at, err := s.HeadsAt(ctx, 1, "b")
		on, err2 := s.HeadsOn(ctx, 1, "dev")
		if err != nil || err2 != nil || len(at) != 1 || len(on) != 1 {
			t.Errorf("%v %v %v %v", at, on, err, err2)
		}
		if err := s.Handover(ctx, job); err != nil {
			t.Fatal(err)
		}
		if err := s.Handover(ctx, job); err != nil { // a second one changes nothing
			t.Fatal(err)
		}
		counts, _ := s.Counts(ctx)
		if counts["available"] != 2 {
			t.Errorf("%v", counts)
		}
		enqueue(t, s, delivery("2", webhook.Job{Kind: webhook.Closed, Installation: 7, Repository: 1, Owner: "o", Name: "r", Pull: 3}))
		if current, _ := s.Current(ctx, job); current {
			t.Error("a closed pull request is current")
		}
	})
}

// TestLargeInstallation: hundreds of jobs of one installation do not keep
// another one's waiting.
func TestLargeInstallation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.Database) {
		s := open(t, db)
		ctx := context.Background()
		job := func(kind webhook.Kind, installation int64, pull int) webhook.Job {
			return webhook.Job{Kind: kind, Installation: installation, Repository: installation, Owner: "o", Name: "r", Pull: pull}
		}
		var many []webhook.Job
		for i := range 200 {
			many = append(many, job(webhook.Comment, 1, i+1), job(webhook.Review, 1, i+1))
		}
		if err := s.Add(ctx, many...); err != nil {
			t.Fatal(err)
		}
		release := make(chan struct{})
		small := make(chan webhook.Kind, 10)
		if err := s.Start(ctx, func(ctx context.Context, a webhook.Attempt) error {
			if a.Job.Installation != 1 {
				small <- a.Job.Kind
				return nil
			}
			select {
			case <-release:
			case <-ctx.Done():
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		defer close(release)
		// 1 and 2 are in different shards; two of eight in the same one would wait.
		if err := s.Add(ctx, job(webhook.Comment, 2, 1), job(webhook.Review, 2, 1)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			select {
			case <-small:
			case <-time.After(10 * time.Second):
				t.Fatal("the small installation waits for the large one")
			}
		}
	})
}

func TestPrune(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.Database) {
		s := open(t, db)
		ctx := context.Background()
		old := time.Now().Add(-100 * 24 * time.Hour)
		for i, pull := range []int{3, 4} {
			d := delivery(fmt.Sprint(i), head(pull, "a"))
			d.Received = old
			enqueue(t, s, d)
		}
		enqueue(t, s, delivery("closed", webhook.Job{Kind: webhook.Closed, Installation: 7, Repository: 1, Owner: "o", Name: "r", Pull: 3}))
		if err := s.Prune(ctx); err != nil {
			t.Fatal(err)
		}
		closed, _ := s.Generations(ctx, 1, "pull/3")
		still, _ := s.Generations(ctx, 1, "pull/4")
		if len(closed) != 0 || len(still) != 1 {
			t.Errorf("closed: %v, open: %v", closed, still)
		}
		if !enqueue(t, s, delivery("0", head(3, "b"))) || enqueue(t, s, delivery("closed")) {
			t.Error("old deliveries stay, or new ones go")
		}
	})
}

func TestDecisionsAndAudit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.Database) {
		s := open(t, db)
		ctx := context.Background()
		d := record.Decision{Repository: 1, Thread: "pull/3", Scope: record.ForRepository, Comment: 9, Origin: "comment/9/1", Value: json.RawMessage(`{"by":"mia"}`)}
		for range 2 {
			if err := s.Decide(ctx, d); err != nil {
				t.Fatal(err)
			}
		}
		list, err := s.Decisions(ctx, 1, record.ForRepository)
		if err != nil || len(list) != 1 || string(list[0].Value) != `{"by":"mia"}` {
			t.Fatalf("%+v %v", list, err)
		}
		if err := s.Revoke(ctx, list[0].ID, "ada"); err != nil {
			t.Fatal(err)
		}
		if list, _ := s.Decisions(ctx, 1, record.ForRepository); len(list) != 0 {
			t.Error("it still holds")
		}
		if list, _ := s.AllDecisions(ctx, 0); len(list) != 1 || list[0].RevokedBy != "ada" {
			t.Errorf("%+v", list)
		}
		for range 2 {
			if err := s.Audit(ctx, record.Entry{Repository: 1, Owner: "o", Name: "r", Thread: "pull/3", Actor: "mia", Action: "accepted", Detail: "a@1.0.0", Origin: "comment/9/1"}); err != nil {
				t.Fatal(err)
			}
		}
		entries, err := s.Audited(ctx, 1, 10)
		if err != nil || len(entries) != 1 || entries[0].Actor != "mia" {
			t.Errorf("%+v %v", entries, err)
		}
		driver := "sqlite"
		if db.Name == "PostgreSQL" {
			driver = "pgx"
		}
		raw, err := sql.Open(driver, db.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		for _, statement := range []string{"UPDATE audit SET actor = 'eve'", "DELETE FROM audit"} {
			if _, err := raw.Exec(statement); err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", statement, err)
			}
		}
		reply := record.Reply{Comment: 5, Answers: map[string]record.Answer{"9": {Reaction: "+1", Words: "no"}, "review/9": {Reaction: "confused"}}}
		if err := s.SetReply(ctx, 1, 3, reply); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Reply(ctx, 1, 3); err != nil || cmp.Diff(reply, got) != "" {
			t.Errorf("%+v %v", got, err)
		}
		if err := s.SetCredentials(ctx, json.RawMessage(`{"id":1}`)); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Credentials(ctx); err != nil || string(got) != `{"id":1}` {
			t.Errorf("%s %v", got, err)
		}
	})
}

// TestArrivals: what was delivered before a click is known in the order in which it
// came, once for each comment, whatever its kind.
func TestArrivals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.Database) {
		s := open(t, db)
		said := func(id int64, in string) webhook.Job {
			return webhook.Job{Kind: webhook.Comment, Installation: 7, Repository: 1, Owner: "o", Name: "r", Pull: 3, Comment: id, In: in}
		}
		click := func(delivery string) webhook.Job {
			return webhook.Job{Kind: webhook.Button, Installation: 7, Repository: 1, Owner: "o", Name: "r", SHA: "a", Button: "accept-all", Delivery: delivery}
		}
		elsewhere, edited := said(8, ""), said(5, "")
		elsewhere.Repository, edited.Edited = 2, true
		for i, job := range []webhook.Job{said(6, ""), said(6, webhook.OnLine), elsewhere, click("one"), edited, said(7, webhook.InReview), said(6, ""), click("two"), said(9, "")} {
			enqueue(t, s, delivery(fmt.Sprint("d", i), job))
		}
		for at, want := range map[string][]string{"one": {"6", "review_comment/6"}, "two": {"6", "review_comment/6", "button/one", "review/7"}, "three": nil} {
			got, err := s.ArrivedBefore(context.Background(), click(at))
			if err != nil || cmp.Diff(want, got) != "" {
				t.Errorf("before %s: %v %v", at, got, err)
			}
		}
	})
}

// TestShown: a result is to be seen since it was first posted, by GitHub's clock.
func TestShown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.Database) {
		s := open(t, db)
		ctx := context.Background()
		job := head(3, "a")
		enqueue(t, s, delivery("1", job))
		job.Generation = 1
		shown := func() time.Time {
			list, err := s.Generations(ctx, 1, "pull/3")
			if err != nil || len(list) != 1 {
				t.Fatal(list, err)
			}
			return list[0].Shown
		}
		if err := s.Complete(ctx, job, &review.Review{}); err != nil {
			t.Fatal(err)
		}
		if at := shown(); !at.IsZero() {
			t.Errorf("before it was posted: %s", at)
		}
		first := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		for i := range 2 {
			if err := s.SetPosted(ctx, job, fmt.Sprint(i), first.Add(time.Duration(i)*time.Hour), nil); err != nil {
				t.Fatal(err)
			}
			if at := shown(); !at.Equal(first) {
				t.Errorf("%s", at)
			}
		}
		if h, _, err := s.Head(ctx, 1, "pull/3"); err != nil || h.Posted != "1" {
			t.Errorf("%+v %v", h, err)
		}
		// What the policy alone finds is kept each time that it is something else.
		for i, own := range [][]string{nil, {"a@1.0.0 policy/package"}, {"a@1.0.0 policy/package"}, {}} {
			if err := s.SetPosted(ctx, job, "2", first.Add(time.Duration(i)*time.Minute), own); err != nil {
				t.Fatal(err)
			}
		}
		list, err := s.Generations(ctx, 1, "pull/3")
		want := []record.Own{{Since: first}, {Since: first.Add(time.Minute), Findings: []string{"a@1.0.0 policy/package"}},
			{Since: first.Add(3 * time.Minute), Findings: []string{}}}
		if diff := cmp.Diff(want, list[0].Own); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
}

// TestOldAnswers: what older versions kept of answers is read.
func TestOldAnswers(t *testing.T) {
	var got map[string]record.Answer
	if err := json.Unmarshal([]byte(`{"9":"+1\nfine\n\nso far","-1":"\nno"}`), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]record.Answer{"9": {Reaction: "+1", Words: "fine\n\nso far"}, "-1": {Words: "no"}}, got); diff != "" {
		t.Error(diff)
	}
}
