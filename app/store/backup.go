package store

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Backup writes a copy of an SQLite database to a new file, whole and
// consistent, while a server uses it. PostgreSQL has its own tools for that.
// Source: https://www.sqlite.org/lang_vacuum.html#vacuuminto
func (s *Store) Backup(ctx context.Context, file string) error {
	if !s.sqlite {
		return errors.New("store: PostgreSQL is backed up with pg_dump, and restored with psql or pg_restore")
	}
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("store: %s is there already; name a new file", file)
	}
	// Nobody else may read it: it is made before SQLite fills it.
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	_ = f.Close()
	if _, err := s.exec(ctx, "VACUUM INTO ?", file); err != nil {
		_ = os.Remove(file)
		return err
	}
	return nil
}
