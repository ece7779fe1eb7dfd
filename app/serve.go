package app

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/app/github"
	"github.com/lockwarden/lockwarden/app/page"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/app/store"
	"github.com/lockwarden/lockwarden/app/telemetry"
	"github.com/lockwarden/lockwarden/app/webhook"
	"github.com/lockwarden/lockwarden/reach"
)

// Settings are what an operator says, by flags or environment.
type Settings struct {
	// AppID, PrivateKey (PEM) or PrivateKeyPath, and WebhookSecret are the App's
	// credentials: all of them, or none for the set-up page.
	AppID          int64
	PrivateKey     string
	PrivateKeyPath string
	WebhookSecret  string
	// ClientID and ClientSecret are the App's for people who sign in; without
	// them pages have addresses that nobody can guess instead.
	ClientID, ClientSecret string
	// Operators are the GitHub logins of those who may see the queue.
	Operators []string
	// Unsandboxed names what the sandbox of the processes that read packages lacks
	// here. The server does not start with a gap unless AllowUnsandboxed is set.
	Unsandboxed      []string
	AllowUnsandboxed bool
	// SecretKey encrypts credentials in the database; see store.Options.
	SecretKey string
	// Role is what this process does; empty: All.
	Role Role
	// KeepReviews is how long reviews of closed pull requests are kept; 0: 90
	// days.
	KeepReviews time.Duration
	// Chores is how often lost deliveries are asked for; 0: every 10 minutes.
	Chores time.Duration
	// Metrics is where Prometheus' metrics are served, such as ":9464"; empty:
	// nowhere. They name no repository, but are nobody's business outside.
	Metrics string
	// Version is the program's, for traces.
	Version string
	// APIURL is GitHub's API; empty: github.com's.
	APIURL string
	// Database is "postgres://…" or the path of an SQLite file.
	Database string
	// Address is where the server listens, such as ":8080".
	Address string
	// PublicURL is where people and GitHub reach it.
	PublicURL string
	Log       *slog.Logger
	// Listening is called with the address when the server listens.
	Listening func(address string)
	// Setup is called with the address of the set-up page where there are no
	// credentials, Overview with that of the page above all others once the App
	// is at work.
	Setup, Overview func(address string)
}

// credentials returns those of the settings, or those that the set-up page
// kept; nil where there are none.
func (o *Settings) credentials(ctx context.Context, s *store.Store) (*github.Credentials, error) {
	key := o.PrivateKey
	if o.PrivateKeyPath != "" {
		if key != "" {
			return nil, errors.New("set PRIVATE_KEY or PRIVATE_KEY_PATH, not both")
		}
		data, err := os.ReadFile(o.PrivateKeyPath)
		if err != nil {
			return nil, fmt.Errorf("PRIVATE_KEY_PATH: %w", err)
		}
		key = string(data)
	}
	key = pemOf(key)
	if o.AppID != 0 || key != "" || o.WebhookSecret != "" {
		for _, missing := range []struct {
			name string
			is   bool
		}{{"APP_ID", o.AppID == 0}, {"PRIVATE_KEY or PRIVATE_KEY_PATH", key == ""}, {"WEBHOOK_SECRET", o.WebhookSecret == ""}} {
			if missing.is {
				return nil, fmt.Errorf("%s is missing; set all of the App's credentials, or none to register one on the set-up page", missing.name)
			}
		}
		if (o.ClientID == "") != (o.ClientSecret == "") {
			return nil, errors.New("CLIENT_ID or CLIENT_SECRET is missing; set both for people to sign in, or none")
		}
		return &github.Credentials{AppID: o.AppID, PrivateKey: key, WebhookSecret: o.WebhookSecret, ClientID: o.ClientID,
			ClientSecret: o.ClientSecret}, nil
	}
	if s == nil {
		return nil, nil
	}
	kept, err := s.Credentials(ctx)
	if err != nil || kept == nil {
		return nil, err
	}
	c := new(github.Credentials)
	if err := json.Unmarshal(kept, c); err != nil {
		return nil, errors.New("the kept credentials cannot be read")
	}
	return c, nil
}

// pemOf is a private key as PEM. Many places that keep settings keep them in one
// line: with \n for line ends, or in base64 as a whole.
func pemOf(key string) string {
	key = strings.ReplaceAll(key, `\n`, "\n")
	if strings.Contains(key, "-----BEGIN") {
		return key
	}
	if plain, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(key), "")); err == nil &&
		bytes.Contains(plain, []byte("-----BEGIN")) {
		return string(plain)
	}
	return key
}

// scannerParts are what an analyzer.Scanner has beyond a review.Scanner.
type scannerParts interface {
	Share(with analyzer.Shared)
	Restarts() int
}

// Serve runs the App until ctx ends.
func Serve(ctx context.Context, o Settings, scanner review.Scanner) error {
	if err := o.complete(); err != nil {
		return err
	}
	if len(o.Unsandboxed) > 0 {
		lacks := strings.Join(o.Unsandboxed, " and ")
		if !o.AllowUnsandboxed {
			return fmt.Errorf("the sandbox around what reads packages lacks %s on this system; "+
				"lockwarden doctor says what to do, --allow-unsandboxed (ALLOW_UNSANDBOXED=true) starts all the same", lacks)
		}
		o.Log.Warn("the sandbox around what reads packages is not whole", "lacks", lacks)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	flush, err := telemetry.StartTraces(ctx, o.Version, o.Log)
	if err != nil {
		return err
	}
	defer flush()
	s, err := store.Open(ctx, store.Options{URL: o.Database, Log: o.Log, Survey: surveyor(scanner), Key: o.SecretKey,
		KeepReviews: o.KeepReviews})
	if err != nil {
		return err
	}
	defer s.Close()
	if o.Role != All && !s.Replicated() {
		return fmt.Errorf("ROLE is %s, but an SQLite file has one process only: set DATABASE_URL to a PostgreSQL database", o.Role)
	}
	parts, _ := scanner.(scannerParts)
	if parts != nil && s.Replicated() {
		parts.Share(s.Contents())
	}
	server := &serving{o: o, store: s, scanner: scanner, metrics: metricsOf(s, parts)}
	credentials, err := o.credentials(ctx, s)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.Address)
	if err != nil {
		return fmt.Errorf("PORT: %w", err)
	}
	if o.Metrics != "" {
		if err := server.watch(ctx); err != nil {
			_ = listener.Close()
			return err
		}
	}
	if credentials != nil {
		if err = server.begin(ctx, *credentials); errors.Is(err, github.ErrSilent) && o.Role != Worker {
			server.wait(ctx, *credentials, err)
			err = nil
		}
	} else {
		err = server.setup(ctx, listener)
	}
	if err != nil {
		_ = listener.Close()
		return err
	}
	if o.Listening != nil {
		o.Listening(listener.Addr().String())
	}
	return server.listen(ctx, listener)
}

// complete fills in what was left out.
func (o *Settings) complete() error {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.APIURL == "" {
		o.APIURL = github.DefaultAPI
	}
	switch o.Role {
	case "":
		o.Role = All
	case All, Web, Worker:
	default:
		return fmt.Errorf("ROLE: %q is none of all, web, worker", o.Role)
	}
	o.PublicURL = strings.TrimSuffix(o.PublicURL, "/")
	return nil
}

func metricsOf(s *store.Store, parts scannerParts) *telemetry.Metrics {
	sources := telemetry.Sources{Queues: s.Queues}
	if parts != nil {
		sources.Restarts = parts.Restarts
	}
	if s.Replicated() {
		sources.Replicas = func(ctx context.Context) (int, error) {
			list, err := s.Replicas(ctx)
			return len(list), err
		}
	}
	return telemetry.New(sources)
}

// serving is a process that serves; its handler changes once, when the App is
// registered.
type serving struct {
	o       Settings
	store   *store.Store
	scanner review.Scanner
	metrics *telemetry.Metrics

	mu      sync.Mutex
	at      bool // at work
	handler atomic.Pointer[http.Handler]
}

// limited is a server with bounds on everything that a stranger may take long
// for.
func (s *serving) limited(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.o.Log.Handler(), slog.LevelWarn),
	}
}

// lastCalls is how long a process that ends still takes deliveries.
const lastCalls = 250 * time.Millisecond

// listen answers until ctx ends.
func (s *serving) listen(ctx context.Context, listener net.Listener) error {
	server := s.limited(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*s.handler.Load()).ServeHTTP(w, r) }))
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	// A load balancer may just have chosen this process, and what waits to be
	// accepted is refused once nothing listens. Deliveries under way get their
	// answer; jobs under way run again after the next start, or on another
	// replica.
	server.SetKeepAlivesEnabled(false)
	select {
	case err := <-failed:
		return err
	case <-time.After(lastCalls):
	}
	end, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	return server.Shutdown(end)
}

// watch serves the metrics on an address of their own.
func (s *serving) watch(ctx context.Context) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.o.Metrics)
	if err != nil {
		return fmt.Errorf("METRICS_ADDRESS: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.metrics.Handler())
	server := s.limited(mux)
	go func() { _ = server.Serve(listener) }()
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return nil
}

// askAgain is how long a server waits before it asks GitHub again.
const askAgain = 5 * time.Second

// wait keeps deliveries while GitHub does not say who the App is, and begins once
// it does: what GitHub sends meanwhile must not be refused.
func (s *serving) wait(ctx context.Context, c github.Credentials, cause error) {
	s.o.Log.Warn("GitHub does not answer: deliveries are kept until it does", "error", reach.Detail(cause))
	mux := http.NewServeMux()
	mux.Handle("/webhook", &webhook.Handler{Secret: []byte(c.WebhookSecret), AppID: c.AppID, Queue: s.store, Log: s.o.Log,
		Observe: s.metrics.Delivery})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "GitHub does not answer; deliveries are kept until it does", http.StatusServiceUnavailable)
	})
	var h http.Handler = mux
	s.handler.Store(&h)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(askAgain):
			}
			err := s.begin(ctx, c)
			if err == nil {
				return
			}
			s.o.Log.Warn("GitHub is asked again", "error", reach.Detail(err))
		}
	}()
}

// begin asks GitHub whether the credentials are right, and starts to work.
func (s *serving) begin(ctx context.Context, c github.Credentials) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at {
		return nil
	}
	a, err := github.New(github.Options{AppID: c.AppID, PrivateKey: []byte(c.PrivateKey), APIURL: s.o.APIURL, Observe: s.metrics.Request})
	if err != nil {
		return err
	}
	asking, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	slug, err := a.Identity(asking)
	if err != nil {
		return err
	}
	config := Config{GitHub: a, AppID: c.AppID, Slug: slug, Secret: c.WebhookSecret, Store: s.store, Scanner: s.scanner, Log: s.o.Log,
		PublicURL: s.o.PublicURL,
		Metrics:   s.metrics, Role: s.o.Role, Operators: s.o.Operators, Chores: s.o.Chores, Unsandboxed: s.o.Unsandboxed}
	if c.ClientID != "" && s.o.PublicURL != "" {
		if config.SignIn, err = s.signIn(c); err != nil {
			return err
		}
	}
	app := New(config)
	if err := app.Start(ctx); err != nil {
		return err
	}
	if config.SignIn != nil && len(s.o.Operators) > 0 && s.o.Role != Worker {
		if app.c.Jobs, err = s.store.JobsPage(ctx, "/jobs"); err != nil {
			return err
		}
	}
	h := app.Handler()
	s.handler.Store(&h)
	if address := app.OverviewURL(); address != "" && s.o.Overview != nil && s.o.Role != Worker {
		s.o.Overview(address)
	}
	s.at = true
	s.o.Log.Info("at work", "app", c.AppID, "slug", slug, "role", string(s.o.Role))
	return nil
}

// sessionKey is the cookies' own. It is derived from the App's private key, which
// all replicas have and nobody else: the webhook's secret is known to who
// configures the App. Another private key signs everybody out.
// Source: https://www.rfc-editor.org/rfc/rfc5869
func sessionKey(c github.Credentials) (key [64]byte, err error) {
	derived, err := hkdf.Key(sha256.New, []byte(strings.Join(strings.Fields(c.PrivateKey), "\n")), nil, "lockwarden sessions", len(key))
	copy(key[:], derived)
	return key, err
}

// signIn lets people sign in; which sessions have ended is known to all replicas.
func (s *serving) signIn(c github.Credentials) (*page.SignIn, error) {
	key, err := sessionKey(c)
	if err != nil {
		return nil, err
	}
	web := &github.SignIn{ClientID: c.ClientID, ClientSecret: c.ClientSecret, APIURL: s.o.APIURL, Callback: s.o.PublicURL + "/signin/callback"}
	in := page.NewSignIn(key)
	in.Address, in.Secure = web.Address, strings.HasPrefix(s.o.PublicURL, "https://")
	in.Complete = func(ctx context.Context, code, verifier string) (page.Person, error) {
		p, err := web.Complete(ctx, code, verifier)
		return page.Person(p), err
	}
	in.End = func(ctx context.Context, session string, length time.Duration) error {
		_, err := s.store.Claim(ctx, "ended session "+session, length)
		return err
	}
	in.Ended = func(ctx context.Context, session string) (bool, error) {
		return s.store.Claimed(ctx, "ended session "+session)
	}
	return in, nil
}

// setup serves the set-up page until the App is registered, here or at another
// replica.
func (s *serving) setup(ctx context.Context, listener net.Listener) error {
	web, err := github.Web(s.o.APIURL)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	if s.o.Role != Worker {
		if err := s.store.CanKeepCredentials(); err != nil {
			return err
		}
		setup := &page.Setup{Token: rand.Text(), State: rand.Text(), Web: web, Public: s.o.PublicURL,
			Register: func(r *http.Request, code string) (string, error) {
				return s.register(ctx, r, code)
			}}
		mux.Handle("/setup", setup)
		mux.Handle("/setup/", setup)
		if s.o.Setup != nil {
			base := s.o.PublicURL
			if base == "" {
				_, port, _ := net.SplitHostPort(listener.Addr().String())
				base = "http://localhost:" + port
			}
			s.o.Setup(base + "/setup?token=" + setup.Token)
		}
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /page.js", page.Script)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "lockwarden is not set up yet: open the address that it wrote to its terminal", http.StatusServiceUnavailable)
	})
	var h http.Handler = mux
	s.handler.Store(&h)
	if s.store.Replicated() {
		go s.awaitSetup(ctx)
	}
	return nil
}

// register gets the credentials for a code and begins to work.
func (s *serving) register(ctx context.Context, r *http.Request, code string) (install string, err error) {
	c, err := github.Complete(r.Context(), s.o.APIURL, code, nil)
	if err != nil {
		return "", err
	}
	kept, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	// Kept first: GitHub hands out the key once.
	if err := s.store.SetCredentials(r.Context(), kept); err != nil {
		return "", err
	}
	if err := s.begin(ctx, c); err != nil {
		return "", err
	}
	return c.Page + "/installations/new", nil
}

// setupPoll is how often a replica looks whether another one was set up.
const setupPoll = 3 * time.Second

func (s *serving) awaitSetup(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(setupPoll):
		}
		c, err := s.o.credentials(ctx, s.store)
		if err == nil && c != nil {
			err = s.begin(ctx, *c)
		}
		switch {
		case err != nil && ctx.Err() == nil:
			s.o.Log.Error("the App that another server registered cannot be used", "error", reach.Detail(err))
		case c != nil:
			return
		}
	}
}
