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
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
	"go.opentelemetry.io/otel/attribute"
	"golang.org/x/sync/errgroup"

	"github.com/lockwarden/lockwarden/app/comment"
	"github.com/lockwarden/lockwarden/app/github"
	"github.com/lockwarden/lockwarden/app/page"
	"github.com/lockwarden/lockwarden/app/render"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/app/telemetry"
	"github.com/lockwarden/lockwarden/app/webhook"
	"github.com/lockwarden/lockwarden/reach"
)

// Config is what a Server is made of.
type Config struct {
	GitHub *github.App
	AppID  int64
	// Slug is the App's name in mentions, Secret the webhook's.
	Slug   string
	Secret string
	Store  Store
	// Scanner scans packages.
	Scanner review.Scanner
	Log     *slog.Logger
	// Unsandboxed names what the sandbox of the processes that read packages lacks;
	// /readyz says so.
	Unsandboxed []string
	// PublicURL is where people reach this server, for links to its pages; empty
	// leaves the links out.
	PublicURL string
	// Metrics count; nil: nothing is counted.
	Metrics *telemetry.Metrics
	// Role is what this process does; empty: everything.
	Role Role
	// SignIn lets people sign in; nil: pages have addresses that nobody can guess.
	SignIn *page.SignIn
	// Operators are the logins of those who may see the queue, Jobs its page.
	Operators []string
	Jobs      http.Handler
	// Chores is how often lost deliveries are asked for; 0: every 10 min.
	Chores time.Duration
	// Progress is how often a check run says how far the review is; 0: every 5 s.
	Progress time.Duration
	// Patience is how long GitHub may be behind its webhooks before a check run says
	// so; 0: a minute.
	Patience time.Duration
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Role is what a process does of the App's work.
type Role string

// The roles. Any number of processes of each may share a PostgreSQL database.
const (
	// All takes webhooks and works on them.
	All Role = "all"
	// Web takes webhooks and shows pages.
	Web Role = "web"
	// Worker reviews.
	Worker Role = "worker"
)

// Server is the App. Start makes it work, Handler makes it listen.
type Server struct {
	c         Config
	queue     Queue
	reviews   Reviews
	decisions Decisions
	hook      *webhook.Handler
	// organizations are the policies of organizations that were read lately.
	organizations *expirable.LRU[string, organizationFile]
	// readers and strangers are answers that the overview had lately.
	readers, strangers *expirable.LRU[asked, struct{}]
	turns              *turns
	// blobs are the files that are read ahead.
	blobs chan struct{}
}

// New makes a Server.
func New(c Config) *Server {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Progress == 0 {
		c.Progress = 5 * time.Second
	}
	if c.Patience == 0 {
		c.Patience = patience
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Chores == 0 {
		c.Chores = 10 * time.Minute
	}
	if c.Role == "" {
		c.Role = All
	}
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	return &Server{
		c: c, queue: c.Store, reviews: c.Store, decisions: c.Store, turns: newTurns(), blobs: make(chan struct{}, blobsAtOnce),
		organizations: expirable.NewLRU[string, organizationFile](1000, nil, organizationTime),
		readers:       expirable.NewLRU[asked, struct{}](readableItems, nil, readableTime),
		strangers:     expirable.NewLRU[asked, struct{}](readableItems, nil, unreadableTime),
		hook: &webhook.Handler{Secret: []byte(c.Secret), AppID: c.AppID, Slug: c.Slug, Queue: c.Store, Log: c.Log, Now: c.Now,
			Observe: c.Metrics.Delivery},
	}
}

// Handler answers /webhook, /healthz, /readyz and the pages.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	if s.c.Role != Worker {
		mux.Handle("/webhook", http.HandlerFunc(s.webhook))
		s.pages(mux)
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	return mux
}

// webhook takes a delivery, which begins a trace.
func (s *Server) webhook(w http.ResponseWriter, r *http.Request) {
	ctx, end := telemetry.Span(r.Context(), "delivery", attribute.String("github.event", r.Header.Get("X-GitHub-Event")),
		attribute.String("github.delivery", r.Header.Get("X-GitHub-Delivery")))
	defer end(nil)
	s.hook.ServeHTTP(w, r.WithContext(ctx))
}

// pages are what people read. Where they can sign in, everything of a
// repository is shown to those only who may read it now.
func (s *Server) pages(mux *http.ServeMux) {
	site := &page.Site{SignIn: s.c.SignIn, Key: s.pageKey, Web: s.c.GitHub.Web()}
	reviews := &page.Review{Site: site, Store: s.c.Store}
	of := func(show http.Handler) http.Handler { return show }
	signedIn := of
	if in := s.c.SignIn; in != nil {
		in.Site = site
		mux.HandleFunc("GET /signin", in.Begin)
		mux.HandleFunc("GET /signin/callback", in.Back)
		mux.HandleFunc("POST /signout", in.Out)
		mux.HandleFunc("GET /signedout", in.IsOut)
		of = func(show http.Handler) http.Handler { return in.Require(s.mayRead, show) }
		signedIn = func(show http.Handler) http.Handler {
			return in.Require(func(*http.Request, page.Person) (bool, error) { return true, nil }, show)
		}
		if s.c.Jobs != nil && len(s.c.Operators) > 0 {
			mux.Handle("/jobs/", in.Require(s.operates, s.c.Jobs))
		}
	}
	if examiner, ok := s.c.Scanner.(page.Examiner); ok {
		reviews.Packages = true
		mux.Handle("GET /npm/{package...}", page.Scoped(of(page.NewPackages(site, s.c.Store, examiner))))
	}
	mux.Handle("GET /reviews/{repository}/{thread...}", of(reviews))
	mux.Handle("GET /decisions/{repository}", of(&page.Decisions{Site: site, Store: s.c.Store, Now: s.c.Now}))
	mux.Handle("GET /{$}", signedIn(&page.Overview{Site: site, Store: s.c.Store, Now: s.c.Now, Operates: s.isOperator, Readable: s.readable}))
	mux.HandleFunc("GET /page.js", page.Script)
	mux.Handle("/", site.NotFound())
}

// mayRead asks GitHub whether a person may read the repository of a page, now.
func (s *Server) mayRead(r *http.Request, p page.Person) (bool, error) {
	id, err := strconv.ParseInt(r.PathValue("repository"), 10, 64)
	if err != nil {
		return false, nil
	}
	return s.mayReadOne(r.Context(), id, p)
}

// askedAtOnce is how many repositories GitHub is asked about at the same time
// for one page.
const askedAtOnce = 8

// The overview asks about many repositories, for whoever signs in: a yes counts
// for a minute, a no for longer, so that strangers do not use up the rate limit.
const (
	readableTime   = time.Minute
	unreadableTime = 15 * time.Minute
	readableItems  = 10_000
)

// asked is what the overview asks of GitHub.
type asked struct{ person, repository int64 }

// readable are those of the repositories that a person may read.
func (s *Server) readable(ctx context.Context, p page.Person, ids []int64) ([]int64, error) {
	may := make([]bool, len(ids))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(askedAtOnce)
	for i, id := range ids {
		key := asked{p.ID, id}
		if s.readers.Contains(key) {
			may[i] = true
			continue
		}
		if s.strangers.Contains(key) {
			continue
		}
		g.Go(func() (err error) {
			if may[i], err = s.mayReadOne(ctx, id, p); err != nil {
				return err
			}
			if may[i] {
				s.readers.Add(key, struct{}{})
			} else {
				s.strangers.Add(key, struct{}{})
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var out []int64
	for i, id := range ids {
		if may[i] {
			out = append(out, id)
		}
	}
	return out, nil
}

func (s *Server) mayReadOne(ctx context.Context, id int64, p page.Person) (bool, error) {
	h, ok, err := s.reviews.NewestHead(ctx, id)
	if err != nil || !ok {
		return false, err
	}
	repo := s.c.GitHub.Repository(h.Installation, h.Owner, h.Name)
	// A name may have been given to another repository.
	now, err := repo.ID(ctx)
	if errors.Is(err, github.ErrGone) || err == nil && now != id {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	may, err := repo.MayRead(ctx, github.Person(p))
	if errors.Is(err, github.ErrGone) {
		return false, nil
	}
	return may, err
}

func (s *Server) operates(_ *http.Request, p page.Person) (bool, error) {
	return s.isOperator(p), nil
}

func (s *Server) isOperator(p page.Person) bool { return slices.ContainsFunc(s.c.Operators, p.Is) }

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	if err := s.queue.Ready(ctx); err != nil {
		s.c.Log.Error("not ready", "error", reach.Detail(err))
		http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
		return
	}
	if len(s.c.Unsandboxed) > 0 {
		fmt.Fprintf(w, "ready, with a sandbox that lacks %s\n", strings.Join(s.c.Unsandboxed, " and "))
		return
	}
	fmt.Fprintln(w, "ready")
}

// OverviewURL is the address of the page above all others, with its key where
// nobody can sign in; empty where no address is known.
func (s *Server) OverviewURL() string { return s.pageURL(0, "/") }

// pageKey makes the address of a repository's page unguessable: whoever can
// read its check runs has it, nobody else. 0 is the overview, whose key only the
// operator has.
func (s *Server) pageKey(repository int64) string {
	mac := hmac.New(sha256.New, []byte(s.c.Secret))
	fmt.Fprintf(mac, "decisions of repository %d", repository)
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// pageURL is the address of a page of a repository, empty where nobody could
// reach it.
func (s *Server) pageURL(repository int64, page string) string {
	if s.c.PublicURL == "" {
		return ""
	}
	if s.c.SignIn != nil {
		return s.c.PublicURL + page
	}
	return s.c.PublicURL + page + "?key=" + s.pageKey(repository)
}

func (s *Server) decisionsURL(repository int64) string {
	return s.pageURL(repository, fmt.Sprintf("/decisions/%d", repository))
}

func (s *Server) reviewURL(job webhook.Job) string {
	return s.pageURL(job.Repository, fmt.Sprintf("/reviews/%d/%s", job.Repository, job.Thread()))
}

// redeliverWindow is how far back GitHub is asked for deliveries that did not
// arrive: it keeps them for three days.
const redeliverWindow = 72 * time.Hour

// redeliverOverlap is for deliveries that fail again when they are sent again.
const redeliverOverlap = time.Hour

// Start works jobs off and asks for lost deliveries until ctx ends.
func (s *Server) Start(ctx context.Context) error {
	if s.c.Role != Web {
		if err := s.queue.Start(ctx, s.work); err != nil {
			return err
		}
	}
	go s.chores(ctx)
	return nil
}

// pruneEvery is how often old data is deleted.
const pruneEvery = 24 * time.Hour

// chores is what one replica does for all, now and then: whoever claims it.
func (s *Server) chores(ctx context.Context) {
	var pruned time.Time
	for {
		if mine, err := s.queue.Claim(ctx, "lost deliveries", s.c.Chores*9/10); err == nil && mine {
			s.Redeliver(ctx)
		}
		if time.Since(pruned) > pruneEvery {
			pruned = time.Now()
			if mine, err := s.queue.Claim(ctx, "old data", pruneEvery*9/10); err == nil && mine {
				if err := s.queue.Prune(ctx); err != nil && ctx.Err() == nil {
					s.c.Log.Warn("old data was not deleted", "error", reach.Detail(err))
				}
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(s.c.Chores):
		}
	}
}

// Redeliver asks for the deliveries that did not arrive: since an hour before
// it did so last, as far back as GitHub keeps them.
func (s *Server) Redeliver(ctx context.Context) {
	const mark = "lost deliveries"
	now := s.c.Now()
	since := now.Add(-redeliverWindow)
	if last, err := s.queue.Marked(ctx, mark); err == nil && last.Add(-redeliverOverlap).After(since) {
		since = last.Add(-redeliverOverlap)
	}
	n, err := s.c.GitHub.Redeliver(ctx, since)
	if err != nil {
		if ctx.Err() == nil {
			s.c.Log.Warn("lost deliveries were not asked for", "error", reach.Detail(err))
		}
		return
	}
	if n > 0 {
		s.c.Log.Info("lost deliveries are asked for", "count", n)
	}
	if err := s.queue.Mark(ctx, mark, now); err != nil {
		s.c.Log.Warn("it is not noted that lost deliveries were asked for", "error", reach.Detail(err))
	}
}

// work does one job.
func (s *Server) work(ctx context.Context, a webhook.Attempt) (err error) {
	job := a.Job
	ctx, end := telemetry.Span(telemetry.Continue(ctx, job.Trace), string(job.Kind),
		attribute.String("github.repository", job.Owner+"/"+job.Name), attribute.String("github.delivery", job.Delivery),
		attribute.Int("attempt", a.Number))
	outcome, start := "done", time.Now()
	defer func() {
		end(err)
		s.c.Metrics.Job(string(job.Kind), outcome, time.Since(start))
	}()
	log := s.c.Log.With("job", string(job.Kind), "repository", job.Owner+"/"+job.Name, "thread", job.Thread(), "generation", job.Generation,
		"delivery", job.Delivery)
	if id := telemetry.TraceID(ctx); id != "" {
		log = log.With("trace", id)
	}
	if a.Deadly {
		outcome, err = "given_up", fmt.Errorf("the server died in each of %d tries to do this", a.Number-1)
		log.Error("given up", "error", reach.Detail(err))
		s.giveUp(context.WithoutCancel(ctx), job, err)
		return nil
	}
	if err = s.crowded(job); err == nil {
		err = s.do(ctx, job)
	}
	var limited *github.Limited
	var later *webhook.Later
	switch {
	case err == nil:
		log.Info("done", "took", time.Since(start).Round(time.Millisecond).String())
		return nil
	case errors.As(err, &later):
		outcome = "later"
		log.Debug("later", "after", later.After.String(), "reason", later.Reason)
		return err
	case errors.As(err, &limited):
		outcome = "later"
		log.Warn("waiting for a rate limit", "after", limited.After.String())
		return &webhook.Later{After: limited.After, Reason: err.Error()}
	case errors.Is(err, github.ErrGone):
		outcome = "gone"
		log.Info("it is gone", "reason", err.Error())
		// Where only a part is gone, such as a base branch, the check run says so.
		s.giveUp(context.WithoutCancel(ctx), job, err)
		return nil
	case ctx.Err() != nil:
		if current, cerr := s.reviews.Current(context.WithoutCancel(ctx), job); cerr == nil && !current && job.Generation > 0 {
			outcome = "superseded"
			log.Info("superseded")
			return nil
		}
		outcome = "failed"
		return err
	}
	outcome = "failed"
	log.Error("failed", "attempt", a.Number, "last", a.Last, "error", reach.Detail(err))
	if a.Last {
		s.giveUp(context.WithoutCancel(ctx), job, err)
	}
	return err
}

// crowded puts a pull request's work back, before it asks for anything, while
// its installation has used up what GitHub takes in a minute. Merge groups use
// what comes free first, and the workers are for others.
func (s *Server) crowded(job webhook.Job) error {
	if job.Kind != webhook.Head && (job.Kind != webhook.Review || job.Pull == 0) {
		return nil
	}
	wait := s.c.GitHub.Busy(job.Installation)
	if wait == 0 {
		return nil
	}
	// The longer it has waited, the more wait with it: they come by in turn.
	if !job.Queued.IsZero() {
		wait = max(wait, min(time.Since(job.Queued)/4, time.Minute))
	}
	return &webhook.Later{After: wait, Reason: "the installation has used up what GitHub takes in a minute"}
}

// step is a part of a job whose time is watched; the function ends it.
func (s *Server) step(ctx context.Context, name string) (context.Context, func(error)) {
	start := time.Now()
	ctx, end := telemetry.Span(ctx, name)
	return ctx, func(err error) {
		end(err)
		s.c.Metrics.Step(name, time.Since(start))
	}
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
	case webhook.Ended:
		return s.ended(ctx, job)
	case webhook.Shared:
		return s.shared(ctx, job)
	case webhook.Policy:
		return s.policyChanged(ctx, job)
	case webhook.Installation:
		return s.installation(ctx, job)
	case webhook.Installed:
		return s.installed(ctx, job)
	}
	return fmt.Errorf("app: there is no job of kind %q", job.Kind)
}

// errDatabase is what a check run says of a database that was not reached.
var errDatabase = errors.New("the server's database could not be reached")

// giveUp says in the check run that there will be no result; it is never green.
func (s *Server) giveUp(ctx context.Context, job webhook.Job, cause error) {
	switch job.Kind {
	case webhook.Head, webhook.Group, webhook.Review:
	default:
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if reach.Raw(cause) { // GitHub's and registries' failures are in words; this is the database's
		cause = errDatabase
	}
	result := render.Failed(cause.Error(), render.Place{})
	if _, err := s.check(job).Finish(ctx, result, "failed"); err != nil && !errors.Is(err, github.ErrGone) {
		s.c.Log.Error("the failure could not be shown", "repository", job.Owner+"/"+job.Name, "error", reach.Detail(err))
	}
	if err := s.reviews.SetState(ctx, job, "failed"); err != nil {
		s.c.Log.Error("the failure could not be kept", "error", reach.Detail(err))
	}
}

func (s *Server) repository(job webhook.Job) *github.Repository {
	return s.c.GitHub.Repository(job.Installation, job.Owner, job.Name)
}

// pull reads a pull request of the job's repository: under a name that was given
// to another repository meanwhile, it is gone.
func (s *Server) pull(ctx context.Context, job webhook.Job, number int) (github.Pull, error) {
	p, err := s.repository(job).Pull(ctx, number)
	if err == nil && p.Repository != 0 && p.Repository != job.Repository {
		return p, fmt.Errorf("%s/%s is another repository now: %w", job.Owner, job.Name, github.ErrGone)
	}
	return p, err
}

// conversation is pull with everything that people wrote.
func (s *Server) conversation(ctx context.Context, job webhook.Job, number int) (github.Conversation, error) {
	c, err := s.repository(job).Conversation(ctx, number, job.In == webhook.OnLine,
		func(body string) bool { return comment.Decides(body, s.c.Slug) })
	if err == nil && c.Pull.Repository != 0 && c.Pull.Repository != job.Repository {
		return c, fmt.Errorf("%s/%s is another repository now: %w", job.Owner, job.Name, github.ErrGone)
	}
	return c, err
}

func (s *Server) check(job webhook.Job) *github.Check {
	return s.repository(job).Check(job.SHA, github.Key(job.Repository, job.Thread(), job.Generation), s.reviewURL(job))
}
