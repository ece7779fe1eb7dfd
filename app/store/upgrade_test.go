package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/app/store"
	"github.com/lockwarden/lockwarden/app/store/storetest"
	"github.com/lockwarden/lockwarden/app/webhook"
)

// intact checks that what the dumps of testdata hold is there.
func intact(t *testing.T, db storetest.Database, jobs bool) {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{URL: db.URL, Key: testKey})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if version, known, err := s.Schema(ctx); err != nil || version != known {
		t.Errorf("schema %d of %d, %v", version, known, err)
	}
	if r, err := s.Review(ctx, 1, "pull/3", 1); err != nil || r == nil || len(r.Notes) != 1 {
		t.Errorf("the review: %+v %v", r, err)
	}
	list, err := s.AllDecisions(ctx, 1)
	if err != nil || len(list) != 1 || !strings.Contains(string(list[0].Value), "mia") {
		t.Errorf("the decisions: %+v %v", list, err)
	}
	entries, err := s.Audited(ctx, 1, 10)
	if err != nil || len(entries) != 1 || entries[0].Actor != "mia" {
		t.Errorf("the audit: %+v %v", entries, err)
	}
	var kept struct {
		Key string `json:"private_key"`
	}
	c, err := s.Credentials(ctx)
	if err != nil || json.Unmarshal(c, &kept) != nil || kept.Key != "an old plain key" {
		t.Errorf("the credentials: %s %v", c, err)
	}
	if !jobs {
		return
	}
	done := make(chan webhook.Job, 10)
	if err := s.Start(ctx, func(_ context.Context, a webhook.Attempt) error { done <- a.Job; return nil }); err != nil {
		t.Fatal(err)
	}
	seen := ""
	for range 2 {
		seen += (<-done).SHA
	}
	if !strings.Contains(seen, "aaaa") || !strings.Contains(seen, "bbbb") {
		t.Errorf("the jobs that waited: %s", seen)
	}
	if fresh, err := s.Enqueue(ctx, delivery("delivery-aaaa", head(3, "aaaa"))); err != nil || fresh {
		t.Errorf("a delivery from before is new: %v", err)
	}
}

// restore fills an empty database with the dump of testdata that the first
// version wrote.
func restore(t *testing.T, db storetest.Database) {
	t.Helper()
	dump, err := os.ReadFile("testdata/schema1-" + db.Name + ".sql")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := sql.Open(map[string]string{"SQLite": "sqlite", "PostgreSQL": "pgx"}[db.Name], db.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.Exec(string(dump)); err != nil {
		t.Fatal(err)
	}
}

// TestUpgrade: a database that the first version wrote, with jobs waiting, is
// brought up to date and loses nothing.
func TestUpgrade(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.Database) {
		restore(t, db)
		intact(t, db, true)
		intact(t, db, false) // a second start changes nothing
	})
}

// TestBackup: a copy that is made while a server works is restored elsewhere.
func TestBackup(t *testing.T) {
	ctx := context.Background()
	t.Run("SQLite", func(t *testing.T) {
		db := storetest.SQLite(t)
		restore(t, db)
		open(t, db) // the server, which goes on
		copied := filepath.Join(t.TempDir(), "backup.db")
		beside, err := store.Open(ctx, store.Options{URL: db.URL, ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer beside.Close()
		if err := beside.Backup(ctx, copied); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the copy's rights: %v %v", info.Mode(), err)
		}
		if err := beside.Backup(ctx, copied); err == nil || !strings.Contains(err.Error(), "name a new file") {
			t.Errorf("a copy over another one: %v", err)
		}
		intact(t, storetest.Database{Name: "SQLite", URL: copied}, true)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		db := storetest.PostgreSQL(t)
		restore(t, db)
		server := open(t, db)
		if err := server.Backup(ctx, "x"); err == nil || !strings.Contains(err.Error(), "pg_dump") {
			t.Errorf("%v", err)
		}
		// As docs/operate.md says.
		dump, err := exec.Command("pg_dump", "--no-owner", db.URL).Output()
		if err != nil {
			t.Fatal(err)
		}
		other := storetest.PostgreSQL(t)
		restore := exec.Command("psql", "-v", "ON_ERROR_STOP=1", "-q", other.URL)
		restore.Stdin = bytes.NewReader(dump)
		if out, err := restore.CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
		intact(t, other, true)
	})
}
