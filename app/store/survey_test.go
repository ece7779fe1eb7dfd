package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/app/store"
	"github.com/lockwarden/lockwarden/app/store/storetest"
	"github.com/lockwarden/lockwarden/app/webhook"
)

// TestSurvey: each package is scanned once, by whoever works on the database;
// a server that reviews helps; what fails is tried again, or not where that is
// hopeless; a second survey scans what is new and what failed.
func TestSurvey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.Database) {
		var mu sync.Mutex
		scans, by := map[string]int{}, map[string]int{}
		opened := func(name string) *store.Store {
			s, err := store.Open(context.Background(), store.Options{URL: db.URL, Backoff: time.Millisecond, Poll: 20 * time.Millisecond, Survey: func(_ context.Context, p store.Package) ([]byte, error) {
				mu.Lock()
				defer mu.Unlock()
				scans[p.Name]++
				by[name]++
				switch {
				case p.Name == "hopeless":
					return nil, fmt.Errorf("other bytes: %w", store.ErrHopeless)
				case p.Name == "flaky" && scans[p.Name] == 1:
					return nil, errors.New("no answer")
				case p.Name == "gone":
					return nil, errors.New("no answer")
				}
				time.Sleep(10 * time.Millisecond)
				return []byte(`{"name":"` + p.Name + `"}`), nil
			}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			return s
		}
		builder := opened("builder")
		ctx := context.Background()
		if db.Name == "PostgreSQL" {
			server := opened("server")
			if err := server.Start(ctx, func(context.Context, webhook.Attempt) error { return nil }); err != nil {
				t.Fatal(err)
			}
		}
		packages := []store.Package{{Name: "hopeless", Version: "1.0.0"}, {Name: "flaky", Version: "1.0.0"}, {Name: "gone", Version: "1.0.0"}}
		for i := range 40 {
			packages = append(packages, store.Package{Name: fmt.Sprint("p", i), Version: "1.0.0"})
		}
		if err := builder.Survey(ctx, packages, false); err != nil {
			t.Fatal(err)
		}
		// A survey's builder does not touch the reviews of others.
		if err := builder.Add(ctx, webhook.Job{Kind: webhook.Comment, Installation: 7, Repository: 1, Pull: 3}); err != nil {
			t.Fatal(err)
		}
		if err := builder.StartSurvey(ctx, 2); err != nil {
			t.Fatal(err)
		}
		count := func() (done, failed int) {
			list, err := builder.Surveyed(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range list {
				switch {
				case one.Done:
					done++
				case one.Failed:
					failed++
					if one.Name == "hopeless" && !strings.Contains(string(one.Result), "other bytes") {
						t.Errorf("the reason is %q", one.Result)
					}
				}
			}
			return done, failed
		}
		eventually(t, "all are scanned", func() bool { done, failed := count(); return done == 41 && failed == 2 })
		if err := builder.Survey(ctx, append(packages, store.Package{Name: "new", Version: "1.0.0"}), false); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the new one is scanned", func() bool { done, failed := count(); return done == 42 && failed == 2 })
		mu.Lock()
		defer mu.Unlock()
		if scans["p0"] != 1 || scans["hopeless"] != 2 || scans["flaky"] != 2 || scans["gone"] != 6 || scans["new"] != 1 {
			t.Errorf("scans: %v", scans)
		}
		if db.Name == "PostgreSQL" && (by["server"] == 0 || by["builder"] == 0) {
			t.Errorf("the work is not shared: %v", by)
		}
	})
}
