package analyzer_test

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/registry"
)

// TestTwoHashes: npm installs bytes that fit either of two hashes, so that the
// result of one file says nothing of an entry with both: it is not scanned, and
// neither read from the cache nor put into it, here and among replicas.
func TestTwoHashes(t *testing.T) {
	packed := func(code string) ([]byte, string) {
		body, err := tarball(t, "package.json", `{"name":"pad","version":"1.0.0"}`, "index.js", code)()
		if err != nil {
			t.Fatal(err)
		}
		data, _ := io.ReadAll(body)
		h := registry.NewHash()
		_, _ = h.Write(data)
		return data, h.SHA512()
	}
	good, goodHash := packed("module.exports = 1\n")
	other, otherHash := packed("require('net').connect(80, 'example.org')\n")
	sum := sha1.Sum(good)
	weak := "sha1-" + base64.StdEncoding.EncodeToString(sum[:])
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if strings.Contains(r.URL.Path, "1.0.0") {
			_, _ = w.Write(other)
		} else {
			_, _ = w.Write(good)
		}
	}))
	defer server.Close()
	t.Setenv("npm_config_userconfig", t.TempDir()+"/none")
	shared := &memory{kept: map[string][]byte{}, claims: map[string]bool{}}
	s, err := analyzer.Open(analyzer.Options{Registry: server.URL, AllowHosts: []string{strings.TrimPrefix(server.URL, "http://")},
		CacheDir: t.TempDir(), OSV: "none", Workers: 1, WorkerCommand: workerCommand})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.Share(shared)
	scan := func(version, integrity string) analyzer.Scanned {
		t.Helper()
		got, err := s.Scan(context.Background(), analyzer.Subject{Name: "pad", Version: version,
			Resolved: server.URL + "/pad/-/pad-" + version + ".tgz", Integrity: integrity})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := scan("0.9.0", goodHash); got.Contents == nil || got.Cached {
		t.Fatalf("%+v", got)
	}
	kept, before := len(shared.kept), asked.Load()
	for _, both := range []string{
		goodHash + " " + otherHash, otherHash + " " + goodHash, goodHash + "?x " + otherHash, weak + " " + goodHash + "\t" + otherHash,
		goodHash + "\ufeff" + otherHash, strings.TrimRight(goodHash, "=") + " " + goodHash,
	} {
		if got := scan("1.0.0", both); got.Contents != nil || got.Cached || got.Fetch == nil || got.Fetch.Kind != "two-hashes" {
			t.Errorf("%q: %+v", both, got)
		}
	}
	if asked.Load() != before || len(shared.kept) != kept || len(shared.claims) != 0 {
		t.Errorf("%d requests, %d results kept, claims %v", asked.Load()-before, len(shared.kept)-kept, shared.claims)
	}
	// One hash that counts beside others that do not names the file, and what is said
	// of it, which acceptances are bound to, is the same from the cache.
	for _, one := range []string{goodHash + " " + weak, weak + " " + goodHash, goodHash + "?x", goodHash + " " + goodHash} {
		if got := scan("0.9.0", one); got.Contents == nil || !got.Cached || got.Integrity != goodHash {
			t.Errorf("%q: %+v", one, got)
		}
	}
}
