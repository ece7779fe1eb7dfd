package registry

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// server is a registry on loopback, by https, with its authority.
func server(t *testing.T, handler http.HandlerFunc) (*httptest.Server, Settings) {
	t.Helper()
	s := httptest.NewTLSServer(handler)
	t.Cleanup(s.Close)
	u, _ := url.Parse(s.URL)
	settings := read(t, nil, File{Name: "user", Trusted: true, Data: []byte("registry=" + s.URL + "/\n")})
	settings.CA = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	settings.AllowHosts = []string{u.Host}
	return s, settings
}

func client(t *testing.T, settings Settings, cache *Cache) *Client {
	t.Helper()
	c, err := New(Options{Settings: settings, Cache: cache, Backoff: time.Millisecond, MaxTarball: 1 << 20, MaxPackument: 1 << 16})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func read(t *testing.T, env map[string]string, files ...File) Settings {
	t.Helper()
	s, err := ReadSettings(func(name string) string { return env[name] }, files...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sri512(data []byte) string {
	sum := sha512.Sum512(data)
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

func sri1(data []byte) string {
	sum := sha1.Sum(data)
	return "sha1-" + base64.StdEncoding.EncodeToString(sum[:])
}

func TestSettings(t *testing.T) {
	env := map[string]string{"TOKEN": "secret", "EVIL": "stolen"}
	project := File{Name: ".npmrc", Data: []byte("; comment\nregistry = https://project.example/npm\n@acme:registry=https://acme.example/\n//acme.example/:_authToken=${TOKEN}\nhttps-proxy=http://attacker.example:1\ncafile=/attacker\n@x:registry=https://x.example/${EVIL}/\n")}
	user := File{Name: "~/.npmrc", Trusted: true, Data: []byte("registry=https://user.example/\n//user.example/npm/:username=u\n//user.example/npm/:_password=cA==\nhttps-proxy=http://proxy.example:8080\n")}
	s := read(t, env, project, user)
	for got, want := range map[string]string{
		s.Registry:           "https://project.example/npm/",
		s.For("@acme/thing"): "https://acme.example/",
		s.For("plain"):       "https://project.example/npm/",
		s.Proxy:              "http://proxy.example:8080",
		s.CAFile:             "",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if strings.Contains(s.For("@x/y"), "stolen") {
		t.Error("a project's .npmrc put an environment variable into a URL")
	}
	auth := func(raw string) string {
		u, _ := url.Parse(raw)
		return s.authorization(u)
	}
	for raw, want := range map[string]string{
		"https://acme.example/@acme%2fthing":       "Bearer secret",
		"https://acme.example.evil.example/x":      "",
		"https://acme.example:8443/x":              "",
		"http://acme.example/x":                    "",
		"https://user.example/npm/a/-/a-1.0.0.tgz": "Basic dTpw",
		"https://user.example/other":               "",
	} {
		if got := auth(raw); got != want {
			t.Errorf("authorization for %s: %q, want %q", raw, got, want)
		}
	}
	if _, err := ReadSettings(os.Getenv, File{Name: "x", Data: []byte("a=b\nregistry=ftp://x\n")}); err == nil || !strings.Contains(err.Error(), "x:2:") {
		t.Errorf("a bad registry: %v", err)
	}
}

func TestNotPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1": true, "127.8.8.8": true, "::1": true, "::ffff:127.0.0.1": true, "10.1.2.3": true, "172.16.0.1": true, "192.168.1.1": true,
		"169.254.169.254": true, "fe80::1": true, "fe80::1%eth0": true, "fd00:ec2::254": true, "100.64.0.1": true, "0.0.0.0": true, "::": true,
		"224.0.0.1": true, "64:ff9b::7f00:1": true, "64:ff9b::a9fe:a9fe": true, "2002:7f00:1::": true, "198.18.0.1": true, "255.255.255.255": true,
		"93.184.216.34": false, "2606:2800:220:1::1": false, "172.32.0.1": false, "11.0.0.1": false,
	} {
		if got := notPublic(netip.MustParseAddr(address)) != ""; got != want {
			t.Errorf("%s: refused %v, want %v", address, got, want)
		}
	}
}

// TestLockfileReachesNothingElse: whatever URL a lockfile holds, no request is
// made to a host that is not configured, and none to a private address.
func TestLockfileReachesNothingElse(t *testing.T) {
	var hits atomic.Int64
	s, settings := server(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/redirect") {
			http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
			return
		}
		hits.Add(1)
	})
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer other.Close()
	c := client(t, settings, nil)
	try := func(resolved string) error {
		_, err := c.Tarball(context.Background(), Source{Name: "a", Version: "1.0.0", Resolved: resolved}, func(r io.Reader) error {
			_, err := io.ReadAll(r)
			return err
		})
		return err
	}
	for _, resolved := range []string{
		other.URL + "/a.tgz",
		strings.Replace(other.URL, "http:", "https:", 1) + "/a.tgz",
		"https://localhost/a.tgz", "https://127.0.0.1:1/a.tgz", "https://169.254.169.254/latest/meta-data", "https://[::1]/x", "https://2130706433/x",
		"http://" + strings.TrimPrefix(DefaultURL, "https://") + "a", "file:///etc/passwd", "ftp://x/y", "gopher://x", "//evil.example/x", "javascript:1",
		"https://user:pw@" + strings.TrimPrefix(s.URL, "https://") + "/a.tgz",
		s.URL + "/redirect?to=" + url.QueryEscape(other.URL+"/x"),
		s.URL + "/redirect?to=" + url.QueryEscape("https://169.254.169.254/latest"),
		s.URL + "/redirect?to=" + url.QueryEscape("https://evil.example/x"),
	} {
		err := try(resolved)
		var host *HostError
		if !errors.As(err, &host) {
			t.Errorf("%s: %v, want a refusal", resolved, err)
		}
	}
	if hits.Load() != 0 {
		t.Errorf("%d requests went out", hits.Load())
	}
}

// TestConfiguredHostWithPrivateAddress: a registry's name that leads to a
// private address is refused at dial time, unless the operator lists it.
func TestConfiguredHostWithPrivateAddress(t *testing.T) {
	s, settings := server(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"name":"a"}`) })
	settings.AllowHosts = nil
	_, err := client(t, settings, nil).Packument(context.Background(), "a", false)
	var host *HostError
	if !errors.As(err, &host) || !strings.Contains(err.Error(), "loopback") || !strings.Contains(err.Error(), "--allow-host") {
		t.Errorf("without --allow-host: %v", err)
	}
	u, _ := url.Parse(s.URL)
	settings.AllowHosts = []string{u.Host}
	if _, err := client(t, settings, nil).Packument(context.Background(), "a", false); err != nil {
		t.Errorf("with it: %v", err)
	}
}

// TestTokensStayHome: no other host, port or path gets a registry's token.
func TestTokensStayHome(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]string{}
	note := func(name string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			seen[name+r.URL.Path] = r.Header.Get("Authorization")
			mu.Unlock()
			if to := r.URL.Query().Get("to"); to != "" {
				http.Redirect(w, r, to, http.StatusFound)
				return
			}
			io.WriteString(w, `{"name":"a"}`)
		}
	}
	one, settings := server(t, note("one"))
	two := httptest.NewTLSServer(note("two"))
	defer two.Close()
	settings.CA += string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: two.Certificate().Raw}))
	hostOne, hostTwo := strings.TrimPrefix(one.URL, "https://"), strings.TrimPrefix(two.URL, "https://")
	settings.AllowHosts = []string{hostOne, hostTwo}
	settings.Scopes["@two"] = two.URL + "/"
	settings.credentials = map[string]credential{"//" + hostOne + "/": {"Bearer one"}}
	c := client(t, settings, nil)
	for _, resolved := range []string{one.URL + "/direct.tgz", two.URL + "/direct.tgz", one.URL + "/hop.tgz?to=" + url.QueryEscape(two.URL+"/landed.tgz")} {
		_, err := c.Tarball(context.Background(), Source{Name: "a", Version: "1.0.0", Resolved: resolved}, func(io.Reader) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{"one/direct.tgz": "Bearer one", "one/hop.tgz": "Bearer one", "two/direct.tgz": "", "two/landed.tgz": ""}
	for path, header := range want {
		if got, ok := seen[path]; !ok || got != header {
			t.Errorf("%s was asked with %q (%v), want %q", path, got, ok, header)
		}
	}
}

func TestIntegrity(t *testing.T) {
	data := []byte("the tarball")
	_, settings := server(t, func(w http.ResponseWriter, _ *http.Request) { w.Write(data) })
	for _, test := range []struct {
		name, integrity string
		ok              bool
	}{
		{"sha512", sri512(data), true},
		{"sha1", sri1(data), true},
		{"the same twice", sri512(data) + " " + sri512(data) + "?x", true},
		{"a weaker one beside it", sri512(data) + " " + sri1([]byte("x")), true},
		{"options and space", "  " + sri512(data) + "?a?b\u00a0", true},
		{"what ssri passes over", "SHA512-x sha3-y sha512 - " + sri512(data), true},
		{"another spelling of the same bytes", strings.TrimRight(sri512(data), "="), false},
		{"several algorithms: the strongest counts", sri1(data) + " " + sri512([]byte("x")), false},
		{"with an option", sri512(data) + "?foo", true},
		{"none recorded", "", true},
		{"another file's", sri512([]byte("x")), false},
		{"another file's sha1", sri1([]byte("x")), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			cache, err := OpenCache(t.TempDir(), 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []*Cache{nil, cache, cache} { // twice: the second time from the cache
				got, err := client(t, settings, c).Tarball(context.Background(), Source{Name: "a", Version: "1.0.0", Integrity: test.integrity}, func(r io.Reader) error {
					_, err := io.Copy(io.Discard, r)
					return err
				})
				var wrong *IntegrityError
				if ok := err == nil; ok != test.ok || !ok && !errors.As(err, &wrong) {
					t.Errorf("%v", err)
				}
				if err == nil && got.Integrity != sri512(data) {
					t.Errorf("integrity %s", got.Integrity)
				}
			}
		})
	}
}

// TestHashesThatNameNoFile: nothing is fetched, nothing is taken from the cache, and
// nothing is kept for hashes that more than one file fits, or any.
func TestHashesThatNameNoFile(t *testing.T) {
	data, other := []byte("the tarball"), []byte("another one")
	var asked atomic.Int64
	_, settings := server(t, func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); w.Write(data) })
	cache, err := OpenCache(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	get := func(integrity string) (Tarball, error) {
		return client(t, settings, cache).Tarball(context.Background(), Source{Name: "a", Version: "1.0.0", Integrity: integrity},
			func(r io.Reader) error { _, err := io.Copy(io.Discard, r); return err })
	}
	for _, known := range []string{sri512(data), sri1(data)} {
		if _, err := get(known); err != nil {
			t.Fatal(err)
		}
	}
	before := asked.Load()
	for _, integrity := range []string{
		sri512(data) + " " + sri512(other), sri512(other) + " " + sri512(data), sri512(data) + "?x\t" + sri512(other),
		sri512(data) + "\ufeff" + sri512(other), sri1(data) + " " + sri1(other), sri512(data) + " " + sri1(data) + " " + sri512(other),
		sri512(data) + " sha512-" + strings.TrimRight(sri512(data)[7:], "="),
	} {
		var ambiguous *AmbiguousError
		if _, err := get(integrity); !errors.As(err, &ambiguous) {
			t.Errorf("%q: %v, want an error that names two hashes", integrity, err)
		}
	}
	for _, integrity := range []string{"md5-XrY7u+Ae7tCTyyK7j1rNww==", "sha224-x " + sri1(data), "garbage", "SHA512-x", "blake2b512-x md5-y", "sha512"} {
		var unknown *UnknownHashError
		if _, err := get(integrity); !errors.As(err, &unknown) {
			t.Errorf("%q: %v, want an error that names no hash", integrity, err)
		}
	}
	if n := asked.Load() - before; n != 0 {
		t.Errorf("%d requests for them", n)
	}
}

func TestRetries(t *testing.T) {
	var n atomic.Int64
	answers := []func(http.ResponseWriter){
		func(w http.ResponseWriter) { w.WriteHeader(503) },
		func(w http.ResponseWriter) { w.Header().Set("Retry-After", "0"); w.WriteHeader(429) },
		func(w http.ResponseWriter) { // cut in the middle
			w.Header().Set("Content-Length", "1000")
			w.Write(bytes.Repeat([]byte("x"), 500))
		},
		func(w http.ResponseWriter) { io.WriteString(w, "whole") },
	}
	_, settings := server(t, func(w http.ResponseWriter, _ *http.Request) { answers[n.Add(1)-1](w) })
	var last string
	_, err := client(t, settings, nil).Tarball(context.Background(), Source{Name: "a", Version: "1.0.0", Integrity: sri512([]byte("whole"))}, func(r io.Reader) error {
		data, err := io.ReadAll(r)
		last = string(data)
		return err
	})
	if err != nil || last != "whole" || n.Load() != 4 {
		t.Errorf("after %d requests: %q, %v", n.Load(), last, err)
	}
}

func TestErrorsThatStay(t *testing.T) {
	var n atomic.Int64
	_, settings := server(t, func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		switch r.URL.Path {
		case "/gone":
			w.WriteHeader(404)
		case "/private":
			w.WriteHeader(401)
		case "/big", "/big/-/big-1.0.0.tgz":
			w.Write(bytes.Repeat([]byte("x"), 2<<20))
		case "/other":
			io.WriteString(w, `{"name":"evil"}`)
		}
	})
	c := client(t, settings, nil)
	for name, want := range map[string]string{"gone": "does not have it", "private": "set its _authToken in .npmrc", "big": "more than 65536 bytes", "other": `answered with the package "evil"`, "../x": "is not a package name"} {
		n.Store(0)
		if _, err := c.Packument(context.Background(), name, false); err == nil || !strings.Contains(err.Error(), want) || n.Load() > 1 {
			t.Errorf("%s: %v after %d requests", name, err, n.Load())
		}
	}
	_, err := c.Tarball(context.Background(), Source{Name: "big", Version: "1.0.0"}, func(r io.Reader) error { _, err := io.ReadAll(r); return err })
	var size *SizeError
	if !errors.As(err, &size) {
		t.Errorf("a large tarball: %v", err)
	}
}

// TestCacheIsVerified: what is damaged on disk is fetched again, never used.
func TestCacheIsVerified(t *testing.T) {
	data := []byte("the tarball")
	var n atomic.Int64
	_, settings := server(t, func(w http.ResponseWriter, _ *http.Request) { n.Add(1); w.Write(data) })
	dir := t.TempDir()
	cache, _ := OpenCache(dir, 0)
	get := func() Tarball {
		got, err := client(t, settings, cache).Tarball(context.Background(), Source{Name: "a", Version: "1.0.0", Integrity: sri512(data)}, func(r io.Reader) error { _, err := io.ReadAll(r); return err })
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if get().Cached || !get().Cached || n.Load() != 1 {
		t.Errorf("%d requests", n.Load())
	}
	files, _ := filepath.Glob(dir + "/tarball/*/*")
	if len(files) != 1 {
		t.Fatal(files)
	}
	if err := os.WriteFile(files[0], []byte("evil bytes"), 0o600); err != nil {
		t.Fatal(err)
	}
	if get().Cached || n.Load() != 2 {
		t.Error("damaged bytes were used")
	}
	cache.Put("contents", "k", []byte("value"))
	documents, _ := filepath.Glob(dir + "/document/*/*")
	for _, d := range documents {
		body, _ := os.ReadFile(d)
		os.WriteFile(d, append(body, 'x'), 0o600)
	}
	if _, ok := cache.Get("contents", "k"); ok {
		t.Error("a damaged document was used")
	}
	if partial, _ := filepath.Glob(dir + "/partial/*"); len(partial) > 0 {
		t.Errorf("left behind: %v", partial)
	}
}

// TestInterruptedDownloadLeavesNothing: a context that ends in the middle.
func TestInterruptedDownloadLeavesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var asked atomic.Int32
	_, settings := server(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Write([]byte("half"))
		w.(http.Flusher).Flush()
		cancel()
		<-r.Context().Done()
	})
	dir := t.TempDir()
	cache, _ := OpenCache(dir, 0)
	if _, err := client(t, settings, cache).Tarball(ctx, Source{Name: "a", Version: "1.0.0"}, func(r io.Reader) error { _, err := io.ReadAll(r); return err }); err == nil {
		t.Error("no error")
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	filepath.WalkDir(dir, func(path string, d os.DirEntry, _ error) error {
		if !d.IsDir() {
			t.Errorf("left behind: %s", path)
		}
		return nil
	})
}

func TestCacheStaysBelowItsSize(t *testing.T) {
	dir := t.TempDir()
	cache, _ := OpenCache(dir, 100_000)
	var wg sync.WaitGroup
	for g := range 4 { // several writers, as several processes would be
		wg.Go(func() {
			own, _ := OpenCache(dir, 100_000)
			for i := range 60 {
				own.Put("x", fmt.Sprint(g, i), bytes.Repeat([]byte("y"), 1000))
			}
		})
	}
	wg.Wait()
	if err := cache.Prune(); err != nil {
		t.Fatal(err)
	}
	var total int64
	filepath.WalkDir(dir, func(_ string, d os.DirEntry, _ error) error {
		if info, err := d.Info(); err == nil && !d.IsDir() {
			total += info.Size()
		}
		return nil
	})
	if total > 100_000 {
		t.Errorf("%d bytes", total)
	}
}

func TestPackumentIsAskedAgainByETag(t *testing.T) {
	var full, cheap atomic.Int64
	_, settings := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		if r.Header.Get("If-None-Match") == `"1"` {
			cheap.Add(1)
			w.WriteHeader(304)
			return
		}
		full.Add(1)
		io.WriteString(w, `{"name":"a","versions":{"1.0.0":{"deprecated":"old"}}}`)
	})
	cache, _ := OpenCache(t.TempDir(), 0)
	c, _ := New(Options{Settings: settings, Cache: cache, Fresh: time.Nanosecond})
	for range 3 {
		p, err := c.Packument(context.Background(), "a", false)
		if err != nil || p.Versions["1.0.0"].Deprecated != "old" {
			t.Fatalf("%+v %v", p, err)
		}
	}
	if full.Load() != 1 || cheap.Load() != 2 {
		t.Errorf("%d full answers, %d short ones", full.Load(), cheap.Load())
	}
}

func FuzzReadSettings(f *testing.F) {
	f.Add([]byte("registry=https://a.example/\n//a.example/:_authToken=${X}\n"))
	f.Add([]byte("@s:registry = \"https://b.example\"\nca[]=x\n[section]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ReadSettings(func(string) string { return "SECRET" }, File{Name: "p", Data: data})
		if err != nil {
			return
		}
		for _, u := range s.URLs() {
			if strings.Contains(u, "SECRET") && !strings.Contains(string(data), "SECRET") {
				t.Fatalf("an environment variable in the URL %q", u)
			}
		}
	})
}

func TestDownloads(t *testing.T) {
	var asked atomic.Int32
	broken := atomic.Bool{}
	s, settings := server(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		switch {
		case broken.Load():
			http.Error(w, "busy", http.StatusServiceUnavailable)
		case r.URL.Path == "/downloads/point/last-week/@acme/thing" && strings.Contains(r.URL.EscapedPath(), "@acme%2Fthing"):
			fmt.Fprint(w, `{"downloads":42,"package":"@acme/thing"}`)
		case r.URL.Path == "/downloads/point/last-week/odd":
			fmt.Fprint(w, `{"error":"what?"}`)
		default:
			http.NotFound(w, r)
		}
	})
	cache, err := OpenCache(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, settings, cache)
	// A private registry's packages are nobody else's business.
	if n := c.Downloads(context.Background(), "@acme/thing"); n.Known() || n.Why() != "" || asked.Load() > 0 {
		t.Error("a package of another registry was asked for")
	}
	c.o.Downloads = s.URL + "/"
	for range 2 { // the second time from the cache
		if n := c.Downloads(context.Background(), "@acme/thing"); !n.Known() || n.OrZero() != 42 || asked.Load() != 1 {
			t.Errorf("%+v after %d requests", n, asked.Load())
		}
	}
	for _, name := range []string{"unknown", "odd", "../etc"} {
		if n := c.Downloads(context.Background(), name); n.Known() {
			t.Errorf("%s: %+v", name, n)
		}
	}
	// After a failure nobody is asked for a while.
	broken.Store(true)
	before := asked.Load()
	for _, name := range []string{"a", "b", "c"} {
		if n := c.Downloads(context.Background(), name); n.Known() || n.Why() == "" {
			t.Errorf("a busy server: %+v", n)
		}
	}
	if asked.Load() != before+1 {
		t.Errorf("%d requests to a busy server", asked.Load()-before)
	}
}

// TestRetryAfter: seconds or a date, as RFC 9110 has it; anything else is no
// wait of the server's own.
func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "0": 0, "-7": 0, "soon": 0, "99999999999999999999": 0,
		"Sat, 28 Nov 2026 12:00:09 GMT":    9 * time.Second,
		"Saturday, 28-Nov-26 12:00:09 GMT": 9 * time.Second,
		"Sat Nov 28 12:00:09 2026":         9 * time.Second,
		"Sat, 28 Nov 2026 11:00:00 GMT":    0,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}
