package github

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
)

// memory keeps what GitHub said, within a number of bytes: what cannot change
// (a file at a commit, two commits' merge base) is not asked for again, and what
// can is asked for with its ETag. An answer of 304 costs nothing of the rate
// limit. Keys begin with the installation, so that no tenant gets what another
// one was told.
// Source: https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate
type memory struct {
	mu    sync.Mutex
	kept  *lru.Cache[string, remembered]
	bytes int
	size  int
}

type remembered struct {
	body   []byte
	etag   string
	header http.Header
}

const (
	// answerMemory is for what GitHub answered, fileMemory for lockfiles, which
	// must not push the others out, memoryItem for one of either, in bytes.
	answerMemory, fileMemory, memoryItem = 16 << 20, 24 << 20, 2 << 20
	memoryItems                          = 20_000
)

func newMemory(size int) *memory {
	m := &memory{size: size}
	m.kept, _ = lru.NewWithEvict(memoryItems, func(_ string, r remembered) { m.bytes -= len(r.body) })
	return m
}

func (m *memory) get(key string) (remembered, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.kept.Get(key)
}

func (m *memory) put(key string, r remembered) {
	if len(r.body) > memoryItem {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept.Remove(key)
	m.kept.Add(key, r)
	m.bytes += len(r.body)
	for m.bytes > m.size {
		m.kept.RemoveOldest()
	}
}

// conditional asks with the ETag of the last answer.
type conditional struct {
	next         http.RoundTripper
	memory       *memory
	installation int64
}

// RoundTrip implements http.RoundTripper.
func (c *conditional) RoundTrip(r *http.Request) (*http.Response, error) {
	if o, ok := r.Context().Value(onceKey{}).(*once); ok && c.installation != 0 {
		return o.roundTrip(r, c.ask)
	}
	return c.ask(r)
}

func (c *conditional) ask(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet || c.installation == 0 || immutable.MatchString(r.URL.Path) {
		return c.next.RoundTrip(r)
	}
	key := fmt.Sprintf("%d etag %s %s", c.installation, r.Header.Get("Accept"), r.URL)
	before, known := c.memory.get(key)
	if known {
		r = r.Clone(r.Context())
		r.Header.Set("If-None-Match", before.etag)
	}
	answer, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if known && answer.StatusCode == http.StatusNotModified {
		_ = answer.Body.Close()
		answer.StatusCode, answer.Status = http.StatusOK, "200 OK"
		for _, name := range []string{"Content-Type", "Link"} {
			answer.Header[name] = before.header[name]
		}
		answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(before.body)), int64(len(before.body))
		return answer, nil
	}
	etag := answer.Header.Get("ETag")
	if answer.StatusCode != http.StatusOK || etag == "" || answer.ContentLength > memoryItem {
		return answer, nil
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, memoryItem+1))
	if err != nil {
		_ = answer.Body.Close()
		return nil, err
	}
	rest := answer.Body
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), rest), rest}
	c.memory.put(key, remembered{body, etag, answer.Header.Clone()})
	return answer, nil
}

// immutable is the path of an object by its SHA: Tree and Blob keep those that
// are worth it.
var immutable = regexp.MustCompile(`/git/(?:blobs|trees)/[0-9a-f]{40}$`)

// commitID reports whether a ref is a commit's, which never changes.
func commitID(ref string) bool {
	return len(ref) == 40 && strings.Trim(ref, "0123456789abcdef") == ""
}

func (r *Repository) key(what string, parts ...string) string {
	return fmt.Sprintf("%d %s %s/%s %s", r.installation, what, r.Owner, r.Name, strings.Join(parts, " "))
}
