package analyzer_test

import (
	"context"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/flight/flighttest"
	"github.com/lockwarden/lockwarden/analyzer/registry"
)

// memory is what replicas share.
type memory struct {
	mu     sync.Mutex
	kept   map[string][]byte
	claims map[string]bool
}

func (m *memory) Get(_ context.Context, key string) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.kept[key]
	return data, ok
}

func (m *memory) Put(_ context.Context, key string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept[key] = data
}

func (m *memory) Claim(_ context.Context, key string) (func(), bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.claims[key] {
		return nil, false
	}
	m.claims[key] = true
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.claims, key)
	}, true
}

// TestOneScanForAll: however many reviews on however many replicas want a
// tarball at the same time, it is fetched and scanned once.
func TestOneScanForAll(t *testing.T) {
	body, err := tarball(t, "package.json", `{"name":"wanted","version":"1.0.0"}`, "index.js", "require('net').connect(80, 'example.org')\n")()
	if err != nil {
		t.Fatal(err)
	}
	data, _ := io.ReadAll(body)
	h := registry.NewHash()
	_, _ = h.Write(data)
	var fetched, failing atomic.Int32
	answer := make(chan struct{})
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "gone") {
			failing.Add(1)
			<-answer
			w.WriteHeader(http.StatusNotFound)
			return
		}
		fetched.Add(1)
		<-answer
		_, _ = w.Write(data)
	}))
	defer server.Close()
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(t.TempDir(), "npmrc")
	if err := os.WriteFile(settings, []byte("cafile="+authority+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("npm_config_userconfig", settings)
	shared := &memory{kept: map[string][]byte{}, claims: map[string]bool{}}
	replica := func() *analyzer.Scanner {
		s, err := analyzer.Open(analyzer.Options{Registry: server.URL, AllowHosts: []string{strings.TrimPrefix(server.URL, "https://")},
			CacheDir: t.TempDir(), OSV: "none", Workers: 2, WorkerCommand: workerCommand})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		return s
	}
	var replicas []*analyzer.Scanner
	for range 3 {
		s := replica()
		s.Share(shared)
		replicas = append(replicas, s)
	}
	wanted := analyzer.Subject{Name: "wanted", Version: "1.0.0", Resolved: server.URL + "/wanted/-/wanted-1.0.0.tgz", Integrity: h.SHA512()}
	all := func(subject analyzer.Subject, check func(analyzer.Scanned)) {
		var wait sync.WaitGroup
		for _, s := range replicas {
			for range 4 {
				wait.Add(1)
				go func() {
					defer wait.Done()
					got, err := s.Scan(context.Background(), subject)
					if err != nil {
						t.Error(err)
						return
					}
					check(got)
				}()
			}
		}
		flighttest.Await(t, 4*len(replicas)) // everybody arrives before it is done
		close(answer)
		wait.Wait()
	}
	all(wanted, func(got analyzer.Scanned) {
		if got.Contents == nil || len(got.Contents.Behaviors) == 0 || got.Integrity != h.SHA512() {
			t.Errorf("%+v", got)
		}
	})
	if n := fetched.Load(); n != 1 {
		t.Errorf("fetched %d times", n)
	}
	// What cannot be had is asked for once by each replica, and nobody waits
	// for ever.
	answer = make(chan struct{})
	gone := wanted
	gone.Name, gone.Resolved, gone.Integrity = "gone", server.URL+"/gone/-/gone-1.0.0.tgz", strings.Replace(wanted.Integrity, "sha512-", "sha512-AAAA", 1)
	all(gone, func(got analyzer.Scanned) {
		if got.Contents != nil || got.Fetch == nil {
			t.Errorf("%+v", got)
		}
	})
	if n := failing.Load(); n > 3 {
		t.Errorf("what is not there was asked for %d times", n)
	}
	// One who gives up takes only its own wait with it.
	alone := replica()
	answer = make(chan struct{})
	short, cancel := context.WithCancel(context.Background())
	defer cancel()
	gaveUp := make(chan error, 1)
	go func() {
		_, err := alone.Scan(short, wanted)
		gaveUp <- err
	}()
	flighttest.Await(t, 1) // the one who gives up is the one who scans
	other := make(chan struct{})
	go func() {
		defer close(other)
		if got, err := alone.Scan(context.Background(), wanted); err != nil || got.Contents == nil {
			t.Errorf("%+v %v", got, err)
		}
	}()
	flighttest.Await(t, 2)
	cancel()
	if err := <-gaveUp; err == nil {
		t.Error("a scan outlived its context")
	}
	close(answer)
	<-other
}
