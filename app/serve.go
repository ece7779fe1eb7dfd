package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lockwarden/lockwarden/app/github"
	"github.com/lockwarden/lockwarden/app/page"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/app/store"
)

// Settings are what an operator says, by flags or environment.
type Settings struct {
	// AppID, PrivateKey (PEM) or PrivateKeyPath, and WebhookSecret are the App's
	// credentials: all of them, or none for the set-up page.
	AppID          int64
	PrivateKey     string
	PrivateKeyPath string
	WebhookSecret  string
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
	// credentials.
	Setup func(address string)
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
	// Many places that keep settings keep them in one line.
	key = strings.ReplaceAll(key, `\n`, "\n")
	if o.AppID != 0 || key != "" || o.WebhookSecret != "" {
		for _, missing := range []struct {
			name string
			is   bool
		}{{"APP_ID", o.AppID == 0}, {"PRIVATE_KEY or PRIVATE_KEY_PATH", key == ""}, {"WEBHOOK_SECRET", o.WebhookSecret == ""}} {
			if missing.is {
				return nil, fmt.Errorf("%s is missing; set all of the App's credentials, or none to register one on the set-up page", missing.name)
			}
		}
		return &github.Credentials{AppID: o.AppID, PrivateKey: key, WebhookSecret: o.WebhookSecret}, nil
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

// Serve runs the App until ctx ends.
func Serve(ctx context.Context, o Settings, scanner review.Scanner) error {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.APIURL == "" {
		o.APIURL = github.DefaultAPI
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := store.Open(ctx, store.Options{URL: o.Database, Log: o.Log, Survey: surveyor(scanner)})
	if err != nil {
		return err
	}
	defer s.Close()
	credentials, err := o.credentials(ctx, s)
	if err != nil {
		return err
	}
	var handler atomic.Pointer[http.Handler]
	begin := func(c github.Credentials) error {
		h, err := o.begin(ctx, c, s, scanner)
		if err == nil {
			handler.Store(&h)
		}
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.Address)
	if err != nil {
		return fmt.Errorf("PORT: %w", err)
	}
	if credentials != nil {
		if err := begin(*credentials); err != nil {
			_ = listener.Close()
			return err
		}
	} else if err := o.setup(listener, s, begin, &handler); err != nil {
		return err
	}
	if o.Listening != nil {
		o.Listening(listener.Addr().String())
	}
	server := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*handler.Load()).ServeHTTP(w, r) }),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	// Deliveries under way get their answer; jobs under way run again after the
	// next start.
	end, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	return server.Shutdown(end)
}

// begin asks GitHub whether the credentials are right, and starts to work.
func (o *Settings) begin(ctx context.Context, c github.Credentials, s *store.Store, scanner review.Scanner) (http.Handler, error) {
	a, err := github.New(github.Options{AppID: c.AppID, PrivateKey: []byte(c.PrivateKey), APIURL: o.APIURL})
	if err != nil {
		return nil, err
	}
	asking, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	slug, err := a.Identity(asking)
	if err != nil {
		return nil, err
	}
	server := New(Config{GitHub: a, AppID: c.AppID, Slug: slug, Secret: c.WebhookSecret, Store: s, Scanner: scanner, Log: o.Log, PublicURL: o.PublicURL})
	if err := server.Start(ctx); err != nil {
		return nil, err
	}
	o.Log.Info("at work", "app", c.AppID, "slug", slug)
	return server.Handler(), nil
}

// setup serves the set-up page until the App is registered.
func (o *Settings) setup(listener net.Listener, s *store.Store, begin func(github.Credentials) error, handler *atomic.Pointer[http.Handler]) error {
	probe, err := github.Web(o.APIURL)
	if err != nil {
		return err
	}
	setup := &page.Setup{Token: rand.Text(), State: rand.Text(), Web: probe, Public: o.PublicURL, Register: func(r *http.Request, code string) (string, error) {
		c, err := github.Complete(r.Context(), o.APIURL, code, nil)
		if err != nil {
			return "", err
		}
		kept, err := json.Marshal(c)
		if err != nil {
			return "", err
		}
		// Kept first: GitHub hands out the key once.
		if err := s.SetCredentials(r.Context(), kept); err != nil {
			return "", err
		}
		if err := begin(c); err != nil {
			return "", err
		}
		return c.Page + "/installations/new", nil
	}}
	mux := http.NewServeMux()
	mux.Handle("/setup", setup)
	mux.Handle("/setup/", setup)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "lockwarden is not set up yet: open the address that it wrote to its terminal", http.StatusServiceUnavailable)
	})
	var h http.Handler = mux
	handler.Store(&h)
	if o.Setup != nil {
		base := o.PublicURL
		if base == "" {
			_, port, _ := net.SplitHostPort(listener.Addr().String())
			base = "http://localhost:" + port
		}
		o.Setup(strings.TrimSuffix(base, "/") + "/setup?token=" + setup.Token)
	}
	return nil
}
