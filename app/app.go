// Package app is the GitHub App: webhooks in, check runs out. It wires its
// rooms together; the main paths stand in review.go (a head is reviewed),
// accept.go (it is judged) and answer.go (comments and buttons).
package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/lockwarden/lockwarden/app/github"
	"github.com/lockwarden/lockwarden/app/page"
	"github.com/lockwarden/lockwarden/app/render"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/app/store"
	"github.com/lockwarden/lockwarden/app/webhook"
)

// Config is what a Server is made of.
type Config struct {
	GitHub *github.App
	AppID  int64
	// Slug is the App's name in mentions, Secret the webhook's.
	Slug   string
	Secret string
	Store  *store.Store
	// Scanner scans packages.
	Scanner review.Scanner
	Log     *slog.Logger
	// PublicURL is where people reach this server, for links to its pages; empty
	// leaves the links out.
	PublicURL string
	// Progress is how often a check run says how far the review is; 0: every 5 s.
	Progress time.Duration
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Server is the App. Start makes it work, Handler makes it listen.
type Server struct {
	c    Config
	hook *webhook.Handler
}

// New makes a Server.
func New(c Config) *Server {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Progress == 0 {
		c.Progress = 5 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	return &Server{c: c, hook: &webhook.Handler{Secret: []byte(c.Secret), AppID: c.AppID, Slug: c.Slug, Queue: c.Store, Log: c.Log, Now: c.Now}}
}

// Handler answers /webhook, /healthz, /readyz and the pages.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/webhook", s.hook)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.Handle("GET /decisions/{repository}", &page.Decisions{Store: s.c.Store, Key: s.pageKey, Now: s.c.Now})
	return mux
}

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	if err := s.c.Store.Ready(ctx); err != nil {
		s.c.Log.Error("not ready", "error", err.Error())
		http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

// pageKey makes the address of a repository's page unguessable: whoever can
// read its check runs has it, nobody else.
func (s *Server) pageKey(repository int64) string {
	mac := hmac.New(sha256.New, []byte(s.c.Secret))
	fmt.Fprintf(mac, "decisions of repository %d", repository)
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

func (s *Server) decisionsURL(repository int64) string {
	if s.c.PublicURL == "" {
		return ""
	}
	return fmt.Sprintf("%s/decisions/%d?key=%s", s.c.PublicURL, repository, s.pageKey(repository))
}

// redeliverEvery is how often GitHub is asked for deliveries that did not
// arrive, redeliverWindow how far back: GitHub keeps them for three days.
const (
	redeliverEvery  = 10 * time.Minute
	redeliverWindow = 72 * time.Hour
)

// Start works jobs off and asks for lost deliveries until ctx ends.
func (s *Server) Start(ctx context.Context) error {
	if err := s.c.Store.Start(ctx, s.work); err != nil {
		return err
	}
	go func() {
		for i := 0; ; i++ {
			s.Redeliver(ctx)
			if i%144 == 0 { // once a day
				if err := s.c.Store.Prune(ctx); err != nil && ctx.Err() == nil {
					s.c.Log.Warn("old data was not deleted", "error", err.Error())
				}
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(redeliverEvery):
			}
		}
	}()
	return nil
}

// Redeliver asks for the deliveries that did not arrive.
func (s *Server) Redeliver(ctx context.Context) {
	n, err := s.c.GitHub.Redeliver(ctx, s.c.Now().Add(-redeliverWindow))
	switch {
	case err != nil && ctx.Err() == nil:
		s.c.Log.Warn("lost deliveries were not asked for", "error", err.Error())
	case n > 0:
		s.c.Log.Info("lost deliveries are asked for", "count", n)
	}
}

// work does one job.
func (s *Server) work(ctx context.Context, a store.Attempt) error {
	job := a.Job
	log := s.c.Log.With("job", string(job.Kind), "repository", job.Owner+"/"+job.Name, "thread", job.Thread(), "generation", job.Generation, "delivery", job.Delivery)
	start := time.Now()
	err := s.do(ctx, job)
	var limited *github.Limited
	var later *store.Later
	switch {
	case err == nil:
		log.Info("done", "took", time.Since(start).Round(time.Millisecond).String())
		return nil
	case errors.As(err, &later):
		return err
	case errors.As(err, &limited):
		log.Warn("waiting for a rate limit", "after", limited.After.String())
		return &store.Later{After: limited.After, Reason: err.Error()}
	case errors.Is(err, github.ErrGone):
		log.Info("it is gone", "reason", err.Error())
		// Where only a part is gone, such as a base branch, the check run says so.
		s.giveUp(context.WithoutCancel(ctx), job, err)
		return nil
	case ctx.Err() != nil:
		if current, cerr := s.c.Store.Current(context.WithoutCancel(ctx), job); cerr == nil && !current && job.Generation > 0 {
			log.Info("superseded")
			return nil
		}
		return err
	}
	log.Error("failed", "attempt", a.Number, "last", a.Last, "error", err.Error())
	if a.Last {
		s.giveUp(context.WithoutCancel(ctx), job, err)
	}
	return err
}

func (s *Server) do(ctx context.Context, job webhook.Job) error {
	switch job.Kind {
	case webhook.Head:
		return s.head(ctx, job)
	case webhook.Group:
		return s.group(ctx, job)
	case webhook.Review:
		return s.review(ctx, job)
	case webhook.Suite:
		return s.suite(ctx, job)
	case webhook.Comment:
		return s.comment(ctx, job)
	case webhook.Button:
		return s.button(ctx, job)
	case webhook.Shared:
		return s.shared(ctx, job)
	case webhook.Policy:
		return s.policyChanged(ctx, job)
	case webhook.Installed:
		return s.installed(ctx, job)
	}
	return fmt.Errorf("app: there is no job of kind %q", job.Kind)
}

// giveUp says in the check run that there will be no result; it is never green.
func (s *Server) giveUp(ctx context.Context, job webhook.Job, cause error) {
	switch job.Kind {
	case webhook.Head, webhook.Group, webhook.Review:
	default:
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	result := render.Failed(cause.Error(), render.Place{})
	if err := s.check(job).Finish(ctx, result, "failed"); err != nil && !errors.Is(err, github.ErrGone) {
		s.c.Log.Error("the failure could not be shown", "repository", job.Owner+"/"+job.Name, "error", err.Error())
	}
	if err := s.c.Store.SetState(ctx, job, "failed"); err != nil {
		s.c.Log.Error("the failure could not be kept", "error", err.Error())
	}
}

func (s *Server) repository(job webhook.Job) *github.Repository {
	return s.c.GitHub.Repository(job.Installation, job.Owner, job.Name)
}

func (s *Server) check(job webhook.Job) *github.Check {
	return s.repository(job).Check(job.SHA, github.Key(job.Repository, job.Thread(), job.Generation), "")
}
