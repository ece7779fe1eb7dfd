package store

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/app/webhook"
)

func openFile(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{URL: filepath.Join(t.TempDir(), "lockwarden.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func pushed(pull int, owner string) webhook.Delivery {
	return webhook.Delivery{ID: fmt.Sprintf("%s-%d", owner, pull), Event: "pull_request", Received: time.Now(), Jobs: []webhook.Job{{
		Kind: webhook.Head, Installation: 7, Repository: 1, Owner: owner, Name: "r", Pull: pull, SHA: fmt.Sprint(pull), Branch: "main"}}}
}

// held has a transaction open until the function is called.
func (s *Store) held(t *testing.T) (release func()) {
	t.Helper()
	begun, end, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- s.transact(context.Background(), func(*tx) error { close(begun); <-end; return nil })
	}()
	<-begun
	return sync.OnceFunc(func() {
		close(end)
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// inside is how many goroutines are in a function of this package, all of them
// waiting.
func inside(function string) (n int) {
	stacks := make([]byte, 4<<20)
	for stack := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		head, _, _ := strings.Cut(stack, "\n")
		if strings.Contains(stack, "app/store."+function) && strings.Contains(head, "[select") {
			n++
		}
	}
	return n
}

// until waits for what other goroutines come to.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for range 6000 {
		if condition() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("it never came to this:", what)
}

// TestDeliveriesWaitForOneWriter: a burst of deliveries is written after the one
// that writes to the SQLite file, before the many that wait to; and who only reads
// waits for nobody.
func TestDeliveriesWaitForOneWriter(t *testing.T) {
	s, ctx := openFile(t), t.Context()
	const writers, burst = 40, 60
	release := s.held(t)
	defer release()
	var before atomic.Int64 // the writers that came before the last delivery
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			err := s.transact(ctx, func(tx *tx) error {
				var n int
				err := tx.row(ctx, "SELECT count(*) FROM deliveries").Scan(&n)
				if n < burst {
					before.Add(1)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	until(t, "the writers wait", func() bool { return s.db.Stats().WaitCount >= writers })
	for i := range burst {
		all.Go(func() {
			fresh, err := s.Enqueue(ctx, pushed(i, "o"))
			if err != nil || !fresh {
				t.Error(fresh, err)
			}
		})
	}
	until(t, "the deliveries wait", func() bool { return inside("(*Store).together(") == burst && inside("turn.take(") == 1 })
	if _, ok, err := s.Head(ctx, 1, "pull/3"); ok || err != nil {
		t.Error(ok, err)
	}
	release()
	all.Wait()
	if n := before.Load(); n > 0 {
		t.Errorf("%d writers came before the last of the deliveries", n)
	}
	if _, ok, err := s.Head(ctx, 1, "pull/59"); !ok || err != nil {
		t.Error(ok, err)
	}
}

// TestOneDeliveryFails: what is wrong with a delivery keeps none of those from
// being kept that are written together with it.
func TestOneDeliveryFails(t *testing.T) {
	s, ctx := openFile(t), t.Context()
	if _, err := s.exec(ctx, "CREATE TRIGGER refuse BEFORE INSERT ON heads WHEN NEW.owner = 'bad' BEGIN SELECT RAISE(ABORT, 'refused'); END"); err != nil {
		t.Fatal(err)
	}
	release := s.held(t)
	defer release()
	var all sync.WaitGroup
	for i := range 10 {
		for _, owner := range []string{"good", "bad"} {
			all.Go(func() {
				d := pushed(i+1, owner)
				d.Jobs[0].Repository = map[string]int64{"good": 1, "bad": 2}[owner]
				if fresh, err := s.Enqueue(ctx, d); (err == nil) != (owner == "good") || fresh != (owner == "good") {
					t.Errorf("%s: fresh %v, %v", owner, fresh, err)
				}
			})
		}
	}
	until(t, "all wait", func() bool { return inside("(*Store).together(") == 20 && inside("turn.take(") == 1 })
	release()
	all.Wait()
	for i := range 10 {
		if _, ok, err := s.Head(ctx, 1, fmt.Sprintf("pull/%d", i+1)); !ok || err != nil {
			t.Error(i, ok, err)
		}
	}
}

// TestWritersGiveUp: who no longer waits for the writer's place does not get it.
func TestWritersGiveUp(t *testing.T) {
	s := openFile(t)
	release := s.held(t)
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 2)
	go func() { failed <- s.transactOn(ctx, s.arrivals, func(*tx) error { return nil }) }()
	go func() { _, err := s.arrivals.ExecContext(ctx, "DELETE FROM claims"); failed <- err }()
	until(t, "both wait", func() bool { return inside("turn.take(") == 1 && s.arrivals.Stats().WaitCount == 1 })
	cancel()
	for range 2 {
		if err := <-failed; err == nil {
			t.Error("it wrote")
		}
	}
	release()
	if _, err := s.Enqueue(t.Context(), pushed(1, "o")); err != nil {
		t.Error(err)
	}
	var n int
	if err := s.arrivals.QueryRowContext(t.Context(), "-- name: X\nINSERT INTO marks (name, at) VALUES ('a', 1) RETURNING at").Scan(&n); err != nil || n != 1 {
		t.Error(n, err)
	}
	if _, err := s.exec(t.Context(), "DELETE FROM marks"); err != nil {
		t.Error(err)
	}
}
