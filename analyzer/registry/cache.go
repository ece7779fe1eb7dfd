package registry

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"

	"github.com/lockwarden/lockwarden/lockfile/sri"
)

// Cache keeps tarballs by their hash, and small documents by a key, in one
// folder that several processes may share. Files appear whole, by rename, and
// are verified when they are read. The oldest go when it grows over its size.
type Cache struct {
	dir     string
	max     int64
	written atomic.Int64
}

// OpenCache makes the folder where it is missing. max is in bytes; 0 means
// 4 GiB.
func OpenCache(dir string, max int64) (*Cache, error) {
	if max <= 0 {
		max = 4 << 30
	}
	for _, sub := range []string{"tarball", "document", "partial"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, fmt.Errorf("registry: cache: %w", err)
		}
	}
	return &Cache{dir: dir, max: max}, nil
}

// Dir is the cache's folder.
func (c *Cache) Dir() string { return c.dir }

// tarballPath is where the tarball of an SRI hash is kept: only sha512 names a
// file; weaker hashes have a document that leads there.
func (c *Cache) tarballPath(sri string) string {
	algorithm, digest, _ := strings.Cut(sri, "-")
	raw, err := base64.StdEncoding.DecodeString(digest)
	if algorithm != "sha512" || err != nil || len(raw) != 64 {
		return ""
	}
	name := hex.EncodeToString(raw)
	return filepath.Join(c.dir, "tarball", name[:2], name[2:])
}

// openTarball finds a tarball by the one hash that names it.
func (c *Cache) openTarball(wanted *sri.Hash) *os.File {
	name := wanted.String()
	if wanted.Algorithm != "sha512" {
		alias, ok := c.Get("alias", name)
		if !ok {
			return nil
		}
		name = string(alias)
	}
	path := c.tarballPath(name)
	if path == "" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	now := time.Now()
	_ = os.Chtimes(path, now, now) // what is used stays
	return f
}

// partial is a file for a tarball on its way.
func (c *Cache) partial() (*os.File, error) {
	return os.CreateTemp(filepath.Join(c.dir, "partial"), "tarball-*")
}

// keep moves a complete, verified file to its place.
func (c *Cache) keep(f *os.File, h *hashes, size int64) error {
	defer os.Remove(f.Name())
	if err := f.Close(); err != nil {
		return err
	}
	sri := h.SHA512()
	path := c.tarballPath(sri)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	for algorithm := range h.all {
		if algorithm != "sha512" {
			c.Put("alias", h.sum(algorithm), []byte(sri))
		}
	}
	c.grown(size)
	return nil
}

// Drop removes a tarball that is not what its name says.
func (c *Cache) drop(f *os.File) { _ = os.Remove(f.Name()) }

func (c *Cache) documentPath(kind, key string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + key))
	name := hex.EncodeToString(sum[:])
	return filepath.Join(c.dir, "document", name[:2], name[2:])
}

// Get reads a document; a damaged one counts as missing.
func (c *Cache) Get(kind, key string) ([]byte, bool) {
	path := c.documentPath(kind, key)
	data, err := os.ReadFile(path)
	if err != nil || len(data) < sha256.Size {
		return nil, false
	}
	body := data[sha256.Size:]
	if sum := sha256.Sum256(body); string(sum[:]) != string(data[:sha256.Size]) {
		_ = os.Remove(path)
		return nil, false
	}
	now := time.Now()
	_ = os.Chtimes(path, now, now)
	return body, true
}

// Put stores a document. A cache that cannot be written is no error: the next
// reader fetches again.
func (c *Cache) Put(kind, key string, body []byte) {
	path := c.documentPath(kind, key)
	if os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return
	}
	f, err := os.CreateTemp(filepath.Join(c.dir, "partial"), "document-*")
	if err != nil {
		return
	}
	defer os.Remove(f.Name())
	sum := sha256.Sum256(body)
	_, err1 := f.Write(sum[:])
	_, err2 := f.Write(body)
	if err := f.Close(); err != nil || err1 != nil || err2 != nil {
		return
	}
	if os.Rename(f.Name(), path) == nil {
		c.grown(int64(len(body)))
	}
}

func (c *Cache) grown(n int64) {
	if total := c.written.Add(n); total > c.max/16 {
		c.written.Add(-total)
		_ = c.Prune()
	}
}

// Prune removes what was used longest ago until the cache is below nine tenths
// of its size, and partial files that a killed process left. One process does
// it at a time.
func (c *Cache) Prune() error {
	lock := flock.New(filepath.Join(c.dir, "lock"))
	if ok, err := lock.TryLock(); err != nil || !ok {
		return err
	}
	defer lock.Unlock()
	type entry struct {
		path string
		size int64
		used time.Time
	}
	var all []entry
	var total int64
	err := filepath.WalkDir(c.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return nil
		}
		if filepath.Base(filepath.Dir(path)) == "partial" {
			if time.Since(info.ModTime()) > time.Hour {
				_ = os.Remove(path)
			}
			return nil
		}
		if d.Name() != "lock" {
			all = append(all, entry{path, info.Size(), info.ModTime()})
			total += info.Size()
		}
		return nil
	})
	if err != nil || total <= c.max {
		return err
	}
	sort.Slice(all, func(i, j int) bool { return all[i].used.Before(all[j].used) })
	for _, e := range all {
		if total <= c.max*9/10 {
			break
		}
		if os.Remove(e.path) == nil {
			total -= e.size
		}
	}
	return nil
}
