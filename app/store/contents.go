package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"errors"
	"io"
	"time"
)

// Contents keeps what scans found for all replicas, and lets one replica scan a
// tarball while the others wait for its result. A database that does not answer
// costs a second scan, never a result.
type Contents struct {
	s *Store
	// claim is how long a replica that was killed holds a tarball.
	claim time.Duration
}

// Contents returns them.
func (s *Store) Contents() *Contents { return &Contents{s, scanClaim} }

const (
	// scanClaim is renewed while the scan lasts.
	scanClaim = 20 * time.Second
	// maxContents bounds one result, packed and unpacked.
	maxContents, maxUnpacked = 16 << 20, 256 << 20
	// contentsTouched is how exact the time of the last use is.
	contentsTouched = 24 * time.Hour
)

// Get reads the result kept under a key.
func (c *Contents) Get(ctx context.Context, key string) ([]byte, bool) {
	var packed []byte
	var used int64
	if err := c.s.row(ctx, "SELECT data, used_at FROM contents WHERE key = ?", key).Scan(&packed, &used); err != nil {
		if !errors.Is(err, sql.ErrNoRows) && ctx.Err() == nil {
			c.s.log.Warn("a kept scan could not be read", "error", err.Error())
		}
		return nil, false
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, false
	}
	data, err := io.ReadAll(io.LimitReader(z, maxUnpacked))
	if err != nil {
		return nil, false
	}
	if now := c.s.o.Now(); now.Sub(timeOf(used)) > contentsTouched {
		_, _ = c.s.exec(ctx, "UPDATE contents SET used_at = ? WHERE key = ?", millis(now), key)
	}
	return data, true
}

// Put keeps a result for all replicas.
func (c *Contents) Put(ctx context.Context, key string, data []byte) {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if _, err := z.Write(data); err != nil || z.Close() != nil || b.Len() > maxContents {
		return
	}
	if _, err := c.s.exec(ctx, "INSERT INTO contents (key, used_at, data) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET used_at = "+
		"excluded.used_at, data = excluded.data", key, millis(c.s.o.Now()), b.Bytes()); err != nil && ctx.Err() == nil {
		c.s.log.Warn("a scan could not be kept", "error", err.Error())
	}
}

// Claim takes the scan of a tarball for this process until release is called;
// ok is false where another replica is at it. It is taken as well where the
// database does not answer: a scan must not wait for that.
func (c *Contents) Claim(ctx context.Context, key string) (release func(), ok bool) {
	what := "scan " + key
	ok, err := c.s.Claim(ctx, what, c.claim)
	if err != nil {
		return func() {}, true
	}
	if !ok {
		return nil, false
	}
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-time.After(c.claim / 3):
				_, _ = c.s.Claim(context.WithoutCancel(ctx), what, c.claim)
			}
		}
	}()
	return func() {
		close(done)
		<-ended
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = c.s.Unclaim(end, what)
	}, true
}
