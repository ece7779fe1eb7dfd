package store_test

import (
	"context"
	"database/sql"
	"os"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/app/store"
	"github.com/lockwarden/lockwarden/app/store/storetest"
)

// TestSecrets: who has the database alone has no credentials.
func TestSecrets(t *testing.T) {
	ctx := context.Background()
	const secret = `{"private_key":"very secret"}`
	driver := map[string]string{"SQLite": "sqlite", "PostgreSQL": "pgx"}
	storetest.Each(t, func(t *testing.T, db storetest.Database) {
		key := store.NewKey()
		with := func(key string) *store.Store {
			t.Helper()
			s, err := store.Open(ctx, store.Options{URL: db.URL, Key: key})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		s := with(key)
		if got, err := s.Credentials(ctx); got != nil || err != nil {
			t.Errorf("of an empty database: %s %v", got, err)
		}
		if err := s.SetCredentials(ctx, []byte(secret)); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Credentials(ctx); string(got) != secret || err != nil {
			t.Errorf("%s %v", got, err)
		}
		_ = s.Close()
		raw, err := sql.Open(driver[db.Name], db.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		kept := func() (value string) {
			t.Helper()
			if err := raw.QueryRow("SELECT value FROM credentials").Scan(&value); err != nil {
				t.Fatal(err)
			}
			return value
		}
		if strings.Contains(kept(), "secret") || strings.Contains(kept(), "private") {
			t.Errorf("it is not encrypted: %s", kept())
		}
		s = with(store.NewKey())
		if got, err := s.Credentials(ctx); got != nil || err == nil || !strings.Contains(err.Error(), "SECRET_KEY is not the one") {
			t.Errorf("with another key: %s %v", got, err)
		}
		_ = s.Close()
		// A version that did not encrypt left them in plain text.
		if _, err := raw.Exec("UPDATE credentials SET value = '" + secret + "'"); err != nil {
			t.Fatal(err)
		}
		s = with(key)
		if got, err := s.Credentials(ctx); string(got) != secret || err != nil || strings.Contains(kept(), "secret") {
			t.Errorf("what was plain: %s %v, kept as %s", got, err, kept())
		}
		_ = s.Close()
		s = with("nonsense")
		if err := s.SetCredentials(ctx, []byte(secret)); err == nil || !strings.Contains(err.Error(), "lockwarden key") {
			t.Errorf("with nonsense for a key: %v", err)
		}
		_ = s.Close()
		s = with("")
		defer s.Close()
		err = s.SetCredentials(ctx, []byte(secret))
		if db.Name == "PostgreSQL" {
			if err == nil || !strings.Contains(err.Error(), "SECRET_KEY is missing") {
				t.Errorf("without a key: %v", err)
			}
			return
		}
		info, serr := os.Stat(db.URL + ".key")
		if err != nil || serr != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("without a key: %v %v", err, serr)
		}
		if got, err := s.Credentials(ctx); string(got) != secret || err != nil {
			t.Errorf("%s %v", got, err)
		}
		if err := os.Remove(db.URL + ".key"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Credentials(ctx); err == nil || !strings.Contains(err.Error(), ".key is missing") {
			t.Errorf("without the key's file: %v", err)
		}
	})
}
