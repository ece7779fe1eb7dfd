package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"
	"golang.org/x/sync/semaphore"

	"github.com/lockwarden/lockwarden/analyzer/flight"
	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/lockfile/sri"
	"github.com/lockwarden/lockwarden/reach"
)

// ErrNotFound means that the registry does not have the package or version.
var ErrNotFound = errors.New("the registry does not have it")

// Options make a Client.
type Options struct {
	Settings Settings
	// Cache may be nil.
	Cache *Cache
	// Connections is how many requests run at once; 0 means 16.
	Connections int64
	// Attempts is how often a request is tried; 0 means 4.
	Attempts int
	// Backoff is the first pause between attempts; 0 means 300 ms.
	Backoff time.Duration
	// MaxPackument bounds a packument in bytes; 0 means 128 MiB.
	MaxPackument int64
	// MaxTarball bounds a tarball in bytes; 0 means 256 MiB.
	MaxTarball int64
	// Fresh is how long a packument counts as current; 0 means 5 minutes.
	Fresh time.Duration
	// Received is called with the bytes that came over the network.
	Received func(n int)
	// Failed is told of every request that failed, with what the network said; may
	// be nil.
	Failed func(err error)
	// Downloads is where download counts are asked for, for tests; empty: the
	// public registry's place, for its packages only.
	Downloads string
}

// Client fetches from registries. It is safe for concurrent use.
type Client struct {
	o       Options
	http    *http.Client
	slots   *semaphore.Weighted
	flights flight.Group[string, *npm.Packument]
	// downloads rests after a failure.
	downloads resting
}

// New makes a client. It fails where a certificate authority cannot be read.
func New(o Options) (*Client, error) {
	set := func(v *int64, d int64) {
		if *v == 0 {
			*v = d
		}
	}
	set(&o.Connections, 16)
	set(&o.MaxPackument, 128<<20)
	set(&o.MaxTarball, 256<<20)
	if o.Attempts == 0 {
		o.Attempts = 4
	}
	if o.Backoff == 0 {
		o.Backoff = 300 * time.Millisecond
	}
	if o.Fresh == 0 {
		o.Fresh = 5 * time.Minute
	}
	if o.Received == nil {
		o.Received = func(int) {}
	}
	if o.Settings.Registry == "" {
		o.Settings.Registry = DefaultURL
	}
	c := &Client{o: o, slots: semaphore.NewWeighted(o.Connections)}
	transport, err := c.transport()
	if err != nil {
		return nil, err
	}
	c.http = &http.Client{Transport: transport, CheckRedirect: c.checkRedirect}
	return c, nil
}

func (c *Client) transport() (*http.Transport, error) {
	s := &c.o.Settings
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.CA != "" || s.CAFile != "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		pem := []byte(s.CA)
		if s.CAFile != "" {
			file, err := os.ReadFile(s.CAFile)
			if err != nil {
				return nil, fmt.Errorf("registry: cafile: %w", err)
			}
			pem = append(pem, file...)
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("registry: ca or cafile holds no certificate in PEM form")
		}
		config.RootCAs = pool
	}
	proxy := httpproxy.FromEnvironment()
	if s.Proxy != "" {
		proxy.HTTPSProxy, proxy.HTTPProxy = s.Proxy, s.Proxy
	}
	if s.NoProxy != "" {
		proxy.NoProxy = s.NoProxy
	}
	choose := proxy.ProxyFunc()
	// Which names an address was dialed for is known here only: the operator's
	// hosts and proxies may have private addresses.
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		trusted := c.trustedDial(address, proxy)
		d := net.Dialer{Timeout: 15 * time.Second, Control: s.control(func(string) bool { return trusted })}
		return d.DialContext(ctx, network, address)
	}
	return &http.Transport{
		DialContext:           dial,
		TLSClientConfig:       config,
		Proxy:                 func(r *http.Request) (*url.URL, error) { return choose(r.URL) },
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   int(c.o.Connections),
		IdleConnTimeout:       30 * time.Second,
		TLSHandshakeTimeout:   15 * time.Second,
		ResponseHeaderTimeout: 60 * time.Second,
	}, nil
}

func (c *Client) trustedDial(address string, proxy *httpproxy.Config) bool {
	host, _, _ := net.SplitHostPort(address)
	for _, allowed := range c.o.Settings.AllowHosts {
		if allowed == address || allowed == host {
			return true
		}
	}
	for _, p := range []string{proxy.HTTPSProxy, proxy.HTTPProxy} {
		if u, err := url.Parse(p); err == nil && u.Host != "" && (u.Host == address || u.Hostname() == host) {
			return true
		}
	}
	return false
}

func (c *Client) checkRedirect(r *http.Request, via []*http.Request) error {
	if len(via) >= 5 {
		return &HostError{r.URL.Scheme + "://" + r.URL.Host + r.URL.Path, "more than 5 redirects"}
	}
	if err := c.o.Settings.check(r.URL); err != nil {
		return err
	}
	r.Header.Del("Authorization")
	if header := c.o.Settings.authorization(r.URL); header != "" {
		r.Header.Set("Authorization", header)
	}
	return nil
}

// statusError is an answer that is no success.
type statusError struct {
	url    string
	status int
	after  time.Duration
}

func (e *statusError) Error() string {
	switch e.status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Sprintf("registry: %s: the registry answers %d; set its _authToken in .npmrc", e.url, e.status)
	}
	return fmt.Sprintf("registry: %s: the registry answers %d", e.url, e.status)
}

// get sends one request and hands its answer to read, again after failures
// that may pass: 5xx, 429, broken connections.
func (c *Client) get(ctx context.Context, rawURL string, header http.Header, read func(*http.Response) error) error {
	u, err := url.Parse(rawURL)
	if err != nil {
		return fmt.Errorf("registry: %w", err)
	}
	if err := c.o.Settings.check(u); err != nil {
		return err
	}
	pause := c.o.Backoff
	for attempt := 1; ; attempt++ {
		err := c.once(ctx, u, header, read)
		if err != nil && c.o.Failed != nil && ctx.Err() == nil && !errors.Is(err, ErrNotFound) {
			c.o.Failed(err)
		}
		if err == nil || attempt >= c.o.Attempts || !passing(err) || ctx.Err() != nil {
			return err
		}
		wait := pause + time.Duration(rand.Int64N(int64(pause)/2+1))
		var status *statusError
		if errors.As(err, &status) && status.after > wait {
			wait = min(status.after, 30*time.Second)
		}
		pause *= 2
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// passing reports whether the same request may succeed later.
func passing(err error) bool {
	var host *HostError
	var integrity *IntegrityError
	var size *SizeError
	var status *statusError
	var consumer *consumerError
	switch {
	case errors.As(err, &host), errors.As(err, &integrity), errors.As(err, &size), errors.As(err, &consumer), errors.Is(err, ErrNotFound):
		return false
	case errors.As(err, &status):
		return status.status >= 500 || status.status == http.StatusTooManyRequests || status.status == http.StatusRequestTimeout
	}
	var invalid x509.UnknownAuthorityError
	return !errors.As(err, &invalid)
}

func (c *Client) once(ctx context.Context, u *url.URL, header http.Header, read func(*http.Response) error) error {
	if err := c.slots.Acquire(ctx, 1); err != nil {
		return err
	}
	defer c.slots.Release(1)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return fmt.Errorf("registry: %w", err)
	}
	for key, values := range header {
		r.Header[key] = values
	}
	r.Header.Set("User-Agent", "lockwarden (+https://github.com/lockwarden/lockwarden)")
	if auth := c.o.Settings.authorization(u); auth != "" {
		r.Header.Set("Authorization", auth)
	}
	response, err := c.http.Do(r)
	if err != nil {
		var host *HostError
		if errors.As(err, &host) {
			return host
		}
		return fmt.Errorf("registry: %s: %w", u.Redacted(), reach.Plain(err))
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusOK, response.StatusCode == http.StatusNotModified:
		return read(response)
	case response.StatusCode == http.StatusNotFound, response.StatusCode == http.StatusGone:
		return fmt.Errorf("registry: %s: %w", u.Redacted(), ErrNotFound)
	}
	return &statusError{u.Redacted(), response.StatusCode, retryAfter(response.Header.Get("Retry-After"), time.Now())}
}

// retryAfter reads seconds, or a date; what is neither is no wait.
// Source: https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

// SizeError says that an answer is larger than its budget.
type SizeError struct {
	What string
	Max  int64
}

// Error formats as: registry: WHAT has more than N bytes.
func (e *SizeError) Error() string {
	return fmt.Sprintf("registry: %s has more than %d bytes, which is the limit", e.What, e.Max)
}

// storedPackument is a packument in the cache.
type storedPackument struct {
	ETag    string
	Fetched time.Time
	Body    json.RawMessage
}

// Packument fetches the registry's document on a package; full also has the
// times and the maintainers. A cached one is asked for again after five
// minutes, by its ETag.
func (c *Client) Packument(ctx context.Context, name string, full bool) (*npm.Packument, error) {
	if err := npm.CheckName(name); err != nil {
		return nil, err
	}
	target := c.o.Settings.For(name) + strings.Replace(url.PathEscape(name), "%40", "@", 1)
	accept := "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8"
	if full {
		accept = "application/json"
	}
	key := accept + " " + target
	p, _, err := c.flights.Do(ctx, key, func() (*npm.Packument, error) { return c.packument(ctx, name, target, accept, key) })
	return p, err
}

func (c *Client) packument(ctx context.Context, name, target, accept, key string) (*npm.Packument, error) {
	var stored storedPackument
	if c.o.Cache != nil {
		if data, ok := c.o.Cache.Get("packument", key); ok && json.Unmarshal(data, &stored) == nil && time.Since(stored.Fetched) < c.o.Fresh && time.Since(stored.Fetched) >= 0 {
			return npm.ParsePackument(name, stored.Body)
		}
	}
	header := http.Header{"Accept": {accept}}
	if stored.ETag != "" {
		header.Set("If-None-Match", stored.ETag)
	}
	err := c.get(ctx, target, header, func(r *http.Response) error {
		stored.Fetched = time.Now()
		if r.StatusCode == http.StatusNotModified {
			return nil
		}
		body, err := io.ReadAll(io.LimitReader(c.received(r.Body), c.o.MaxPackument+1))
		if err != nil {
			return fmt.Errorf("registry: packument of %s: %w", name, reach.Plain(err))
		}
		if int64(len(body)) > c.o.MaxPackument {
			return &SizeError{"the packument of " + name, c.o.MaxPackument}
		}
		stored.ETag, stored.Body = r.Header.Get("ETag"), body
		return nil
	})
	if err != nil {
		return nil, err
	}
	p, err := npm.ParsePackument(name, stored.Body)
	if err == nil && c.o.Cache != nil {
		if data, err := json.Marshal(stored); err == nil {
			c.o.Cache.Put("packument", key, data)
		}
	}
	return p, err
}

func (c *Client) received(r io.Reader) io.Reader { return &meter{r, c.o.Received} }

type meter struct {
	r        io.Reader
	received func(int)
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.received(n)
	return n, err
}

// Source says which tarball is wanted.
type Source struct {
	Name, Version string
	// Resolved is the lockfile's URL; empty: where the registry keeps it.
	Resolved string
	// Integrity is the SRI string that the bytes must have; empty: any. Where it
	// accepts more than one file, nothing is fetched.
	Integrity string
}

// Tarball is what is known of a tarball that was read.
type Tarball struct {
	// Integrity is the sha512 of the bytes, as an SRI string.
	Integrity string
	Size      int64
	Cached    bool
}

// consumerError is an error of the reader's own, which fetching again does not
// fix.
type consumerError struct{ error }

func (e *consumerError) Unwrap() error { return e.error }

// TarballURL is where the tarball is fetched from. A URL of the public
// registry stands for the configured one, as in npm (replace-registry-host).
func (c *Client) TarballURL(s Source) (string, error) {
	if err := npm.CheckName(s.Name); err != nil {
		return "", err
	}
	registry := c.o.Settings.For(s.Name)
	if s.Resolved == "" {
		return registry + strings.Replace(url.PathEscape(s.Name), "%2F", "/", 1) + "/-/" + url.PathEscape(npm.TarballFile(s.Name, s.Version)), nil
	}
	for _, public := range []string{DefaultURL, YarnURL} {
		if rest, ok := strings.CutPrefix(s.Resolved, public); ok {
			return registry + rest, nil
		}
	}
	return s.Resolved, nil
}

// Tarball streams a tarball through consume once: from the cache, or from the
// registry into it. Nothing that consume made of the bytes counts before
// Tarball returns without an error: only then is the hash known to be the one
// asked for. consume may be called again after a broken connection.
func (c *Client) Tarball(ctx context.Context, s Source, consume func(io.Reader) error) (Tarball, error) {
	want, err := wanted(s.Integrity)
	if err != nil {
		return Tarball{}, err
	}
	if c.o.Cache != nil && want != nil {
		if f := c.o.Cache.openTarball(want); f != nil {
			t, err := c.cached(f, want, consume)
			var wrong *IntegrityError
			if !errors.As(err, &wrong) {
				return t, err
			}
			c.o.Cache.drop(f) // damaged on disk: fetch it again
		}
	}
	target, err := c.TarballURL(s)
	if err != nil {
		return Tarball{}, err
	}
	var t Tarball
	err = c.get(ctx, target, nil, func(r *http.Response) error {
		var err error
		t, err = c.download(r, s, want, consume)
		return err
	})
	var own *consumerError
	if errors.As(err, &own) {
		return t, own.error
	}
	return t, err
}

func (c *Client) cached(f *os.File, want *sri.Hash, consume func(io.Reader) error) (Tarball, error) {
	defer f.Close()
	h := newHashes(want)
	counted := &counter{r: io.TeeReader(f, h)}
	consumed := consume(counted)
	if _, err := io.Copy(io.Discard, counted); err != nil {
		return Tarball{}, err
	}
	if err := h.verify(); err != nil {
		return Tarball{}, err
	}
	return Tarball{h.SHA512(), counted.n, true}, consumed
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func (c *Client) download(r *http.Response, s Source, want *sri.Hash, consume func(io.Reader) error) (Tarball, error) {
	h := newHashes(want)
	var out io.Writer = h
	var file *os.File
	copied := &lossyWriter{}
	if c.o.Cache != nil {
		if f, err := c.o.Cache.partial(); err == nil {
			file = f
			copied.w = f
			out = io.MultiWriter(h, copied)
			defer func() {
				if file != nil {
					file.Close()
					os.Remove(file.Name())
				}
			}()
		}
	}
	body := &limited{r: c.received(r.Body), left: c.o.MaxTarball, what: "the tarball of " + s.Name + "@" + s.Version, max: c.o.MaxTarball}
	counted := &counter{r: io.TeeReader(body, out)}
	consumed := consume(counted)
	// The rest is read in any case: only the whole has a hash.
	if _, err := io.Copy(io.Discard, counted); err != nil {
		return Tarball{}, fmt.Errorf("registry: tarball of %s@%s: %w", s.Name, s.Version, reach.Plain(err))
	}
	// A request that ends in the middle can look like the end of its body, which
	// nobody would notice without a hash: over HTTP/2 the answer to the reset may
	// come before the reset is noted.
	if err := r.Request.Context().Err(); err != nil {
		return Tarball{}, fmt.Errorf("registry: tarball of %s@%s: %w", s.Name, s.Version, err)
	}
	if err := h.verify(); err != nil {
		return Tarball{Integrity: h.SHA512(), Size: counted.n}, err
	}
	t := Tarball{Integrity: h.SHA512(), Size: counted.n}
	if file != nil && !copied.failed {
		_ = c.o.Cache.keep(file, h, counted.n)
		file = nil
	}
	if consumed != nil {
		return t, &consumerError{consumed}
	}
	return t, nil
}

// lossyWriter goes on where the disk does not: a full cache is no reason to
// leave a package unscanned.
type lossyWriter struct {
	w      io.Writer
	failed bool
}

func (l *lossyWriter) Write(p []byte) (int, error) {
	if !l.failed {
		_, err := l.w.Write(p)
		l.failed = err != nil
	}
	return len(p), nil
}

// limited fails with a SizeError where io.LimitReader would end quietly.
type limited struct {
	r    io.Reader
	left int64
	what string
	max  int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, &SizeError{l.what, l.max}
	}
	return n, err
}
