package analyzer_test

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/registry"
	"github.com/lockwarden/lockwarden/known"
)

// TestMetadata: a registry's document, and the downloads of a new package, are
// known, or unknown with the reason; an answer that was none is asked for again.
func TestMetadata(t *testing.T) {
	var down, silent atomic.Bool
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/downloads/"):
			if silent.Load() {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			fmt.Fprint(w, `{"downloads":7}`)
		case down.Load():
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.URL.Path == "/gone":
			w.WriteHeader(http.StatusNotFound)
		default:
			name := strings.TrimPrefix(r.URL.Path, "/")
			fmt.Fprintf(w, `{"name":%q,"versions":{"1.0.0":{"name":%q,"version":"1.0.0"},"1.1.0":{"name":%q,"version":"1.1.0","dist":{"attestations":{"url":"x"}}}}}`, name, name, name)
		}
	}))
	defer server.Close()
	settings, err := registry.ReadSettings(func(string) string { return "" }, registry.File{Name: "user", Trusted: true, Data: []byte("registry=" + server.URL + "/\n")})
	if err != nil {
		t.Fatal(err)
	}
	settings.CA = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	settings.AllowHosts = []string{strings.TrimPrefix(server.URL, "https://")}
	client, err := registry.New(registry.Options{Settings: settings, Backoff: time.Millisecond, Fresh: time.Nanosecond, Downloads: server.URL + "/"})
	if err != nil {
		t.Fatal(err)
	}
	s := &analyzer.Scanner{Registry: client, Settings: settings}
	ask := func(name, version, before string) known.Of[issue.Metadata] {
		t.Helper()
		m, err := s.Metadata(context.Background(), name, version, before, true)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m, ok := ask("a", "1.1.0", "").Get()
	if n, counted := m.Downloads.Get(); !ok || !m.Exists || !m.Provenance || !counted || n != 7 {
		t.Errorf("%v %+v", ok, m)
	}
	if m := ask("a", "1.1.0", "1.0.0").OrZero(); m.Before == nil || m.Before.Provenance || m.Downloads.Known() || m.Downloads.Why() != "" {
		t.Errorf("an update: %+v", m)
	}
	if m, ok := ask("a", "2.0.0", "").Get(); !ok || m.Exists {
		t.Errorf("a version that is not there: %v %+v", ok, m)
	}
	if m, ok := ask("gone", "1.0.0", "").Get(); !ok || m.Exists {
		t.Errorf("a package that is not there: %v %+v", ok, m)
	}
	down.Store(true)
	if m := ask("b", "1.1.0", ""); m.Known() || !strings.Contains(m.Why(), "answers 503") {
		t.Errorf("down: %+v", m)
	}
	down.Store(false)
	silent.Store(true)
	if m := ask("b", "1.1.0", "").OrZero(); !m.Exists || m.Downloads.Known() || !strings.Contains(m.Downloads.Why(), "502") {
		t.Errorf("downloads down: %+v", m)
	}
	if r := analyzer.NewReport(issue.Input{Name: "b", Version: "1.1.0", Metadata: ask("c", "1.1.0", "")}, analyzer.Scanned{}); len(r.Unknown) != 1 || !r.Lacks(known.Downloads) {
		t.Errorf("the report: %+v", r.Unknown)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if m, err := s.Metadata(ended, "d", "1.0.0", "", true); !errors.Is(err, context.Canceled) || m.Why() != "" {
		t.Errorf("a cancelled review: %+v %v", m, err)
	}
	if m, err := (&analyzer.Scanner{}).Metadata(context.Background(), "a", "1.0.0", "", true); err != nil || m.Known() || m.Why() != "" {
		t.Errorf("nobody to ask: %+v %v", m, err)
	}
}
