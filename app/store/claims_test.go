package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/app/store"
	"github.com/lockwarden/lockwarden/app/store/storetest"
	"github.com/lockwarden/lockwarden/app/webhook"
)

// TestClaims: what one replica has claimed, no other does until the claim ends.
func TestClaims(t *testing.T) {
	ctx := context.Background()
	db := storetest.PostgreSQL(t)
	a, b := open(t, db), open(t, db)
	claim := func(s *store.Store, length time.Duration) bool {
		t.Helper()
		ok, err := s.Claim(ctx, "chore", length)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if !claim(a, time.Minute) || claim(b, time.Minute) || !claim(a, 50*time.Millisecond) {
		t.Fatal("the claim is not the first one's")
	}
	eventually(t, "a claim ends by itself", func() bool { return claim(b, time.Minute) })
	if claim(a, time.Minute) {
		t.Error("two have it")
	}
	if err := a.Unclaim(ctx, "chore"); err != nil || claim(a, time.Minute) {
		t.Errorf("a claim was given back by somebody else: %v", err)
	}
	if err := b.Unclaim(ctx, "chore"); err != nil || !claim(a, time.Minute) {
		t.Errorf("a claim that was given back is not free: %v", err)
	}
}

// TestContents: what one replica found, the others read; what it is at, they
// leave alone, however long it takes.
func TestContents(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.Database) {
		ctx := context.Background()
		s := open(t, db)
		c := s.Contents()
		if _, ok := c.Get(ctx, "k"); ok {
			t.Fatal("something is there")
		}
		data := bytes.Repeat([]byte("found "), 1000)
		c.Put(ctx, "k", []byte("older"))
		c.Put(ctx, "k", data)
		if got, ok := c.Get(ctx, "k"); !ok || !bytes.Equal(got, data) {
			t.Errorf("%d bytes, %v", len(got), ok)
		}
		release, ok := c.Claim(ctx, "k2")
		if !ok {
			t.Fatal("a free scan cannot be claimed")
		}
		if s.Replicated() {
			other := open(t, db).Contents()
			if _, ok := other.Claim(ctx, "k2"); ok {
				t.Error("two replicas scan the same")
			}
			release()
			release, ok = other.Claim(ctx, "k2")
			if !ok {
				t.Fatal("it is not free again")
			}
		}
		release()
		_ = s.Close()
		// A database that is away costs a second scan, nothing else.
		if _, ok := c.Get(ctx, "k"); ok {
			t.Error("read from a closed database")
		}
		release, ok = c.Claim(ctx, "k3")
		if !ok {
			t.Error("a scan waits for a database that is away")
		} else {
			release()
		}
	})
}

// TestDeadReplica: the jobs of a process that died without a word are done by
// another one; those of a living one are not, however long they take.
func TestDeadReplica(t *testing.T) {
	t.Parallel()
	const silent = 3 * time.Second
	db := storetest.PostgreSQL(t)
	replica := func() *store.Store {
		t.Helper()
		s, err := store.Open(context.Background(), store.Options{URL: db.URL, Silent: silent, Poll: 50 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	first := replica()
	held, end := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(end) })
	var once sync.Once
	var tries atomic.Int32
	living, die := context.WithCancel(context.Background())
	if err := first.Start(living, func(ctx context.Context, a webhook.Attempt) error {
		tries.Add(1)
		once.Do(func() { close(held) })
		<-end // deaf to its context
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	enqueue(t, first, delivery("1", head(3, "a")))
	<-held
	second := replica()
	var done atomic.Int32
	if err := second.Start(context.Background(), func(context.Context, webhook.Attempt) error { done.Add(1); return nil }); err != nil {
		t.Fatal(err)
	}
	// Both have lived for longer than a dead one is waited for, and said so.
	var list []store.Replica
	var err error
	eventually(t, "both live for a time", func() bool {
		list, err = second.Replicas(context.Background())
		return err == nil && len(list) == 2 && list[0].Seen.Sub(list[0].Started) > silent && list[1].Seen.Sub(list[1].Started) > silent
	})
	if done.Load() != 0 {
		t.Fatal("a job of a living replica was taken from it")
	}
	die() // the heartbeat ends with it
	eventually(t, "the other replica does the job", func() bool { return done.Load() == 1 })
	if tries.Load() != 1 {
		t.Errorf("%d tries", tries.Load())
	}
	if list, err = second.Replicas(context.Background()); err != nil || len(list) != 1 {
		t.Errorf("%d replicas, %v", len(list), err)
	}
}

// TestOrphanedJob: the database takes a job for running whose end it was not
// told of, in a process that lives. It is done again.
func TestOrphanedJob(t *testing.T) {
	t.Parallel()
	driver := map[string]string{"SQLite": "sqlite", "PostgreSQL": "pgx"}
	storetest.Each(t, func(t *testing.T, db storetest.Database) {
		t.Parallel()
		s, err := store.Open(context.Background(), store.Options{URL: db.URL, Silent: 3 * time.Second, Poll: 50 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		var tries atomic.Int32
		slow, end := make(chan struct{}), make(chan struct{})
		if err := s.Start(context.Background(), func(_ context.Context, a webhook.Attempt) error {
			tries.Add(1)
			if a.Job.SHA == "slow" && a.Number == 1 {
				close(slow)
				<-end
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		enqueue(t, s, delivery("1", head(3, "a")))
		enqueue(t, s, delivery("2", head(4, "slow")))
		<-slow
		eventually(t, "both begin", func() bool { return tries.Load() == 2 })
		// As if the database had been away when the first one ended.
		raw, err := sql.Open(driver[db.Name], db.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		eventually(t, "the first one is completed", func() bool {
			r, err := raw.Exec("UPDATE river_job SET state = 'running', finalized_at = NULL WHERE state = 'completed'")
			if err != nil {
				return false
			}
			n, _ := r.RowsAffected()
			return n == 1
		})
		// By then the one that runs has been looked at as often.
		eventually(t, "it is done again", func() bool { return tries.Load() == 3 })
		close(end)
		eventually(t, "both are done", func() bool {
			counts, err := s.Counts(context.Background())
			return err == nil && counts["available"]+counts["running"]+counts["retryable"]+counts["scheduled"] == 0
		})
		if n := tries.Load(); n != 3 {
			t.Errorf("%d tries: a job that runs was begun again", n)
		}
	})
}

// TestClaimed: another process sees what this one has claimed, until it ends.
func TestClaimed(t *testing.T) {
	db := storetest.PostgreSQL(t)
	one, other := open(t, db), open(t, db)
	ctx := context.Background()
	if mine, err := one.Claim(ctx, "x", time.Hour); err != nil || !mine {
		t.Fatal(mine, err)
	}
	if mine, err := one.Claim(ctx, "y", -time.Second); err != nil || !mine {
		t.Fatal(mine, err)
	}
	for what, want := range map[string]bool{"x": true, "y": false, "z": false} {
		if got, err := other.Claimed(ctx, what); err != nil || got != want {
			t.Errorf("%s: %v %v", what, got, err)
		}
	}
}
