package page

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/app/render"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/known"
)

// Examiner examines package versions: an analyzer.Scanner.
type Examiner interface {
	Find(ctx context.Context, spec string) (analyzer.Subject, error)
	Examine(ctx context.Context, subject analyzer.Subject) (*analyzer.Examination, error)
	Update(ctx context.Context, old, now *analyzer.Examination) error
	Releases(ctx context.Context, name, version string) (list []analyzer.Release, all []string, err error)
}

// Packages shows the report on a package version, and what it changed against
// another one: GET /npm/NAME/VERSION?review=REPOSITORY/THREAD&from=VERSION. Only
// packages of a review are shown, to who may read its repository: a registry
// may have private ones, and nobody makes this server fetch whatever they like.
type Packages struct {
	*Site
	Store    ReviewStore
	Examiner Examiner
	// running are pages being made, ended those that were asked for lately, failures
	// those that could not be made just now.
	mu              sync.Mutex
	running         map[string]chan struct{}
	ended, failures *expirable.LRU[string, made]
}

// made is what examining came to.
type made struct {
	page render.PackagePage
	err  error
}

const (
	// patience is how long a reader waits before a page says that it is on its
	// way, longest how long making it may take.
	patience = 2 * time.Second
	longest  = 2 * time.Minute
	// keptPages is how many pages are kept, for keptTime; failures are told for
	// failedTime, and tried again after that.
	keptPages  = 12
	keptTime   = 5 * time.Minute
	failedTime = 15 * time.Second
	// maxVersion is the longest version that is looked for.
	maxVersion = 256
)

// examining is how many pages are made at the same time: readers leave half of
// the machine to reviews.
func examining() int { return max(1, runtime.GOMAXPROCS(0)/2) }

// NewPackages makes the handler.
func NewPackages(site *Site, store ReviewStore, examiner Examiner) *Packages {
	return &Packages{Site: site, Store: store, Examiner: examiner, running: map[string]chan struct{}{},
		ended: expirable.NewLRU[string, made](keptPages, nil, keptTime), failures: expirable.NewLRU[string, made](keptPages, nil, failedTime)}
}

// report is the address of a package's page.
func (s *Site) report(repository int64, thread, name, version, from string) string {
	q := url.Values{"review": {strconv.FormatInt(repository, 10) + "/" + thread}}
	if from != "" {
		q.Set("from", from)
	}
	return s.address("/npm/"+name+"/"+url.PathEscape(version), repository, q)
}

// Scoped puts the repository and thread of the review that a page belongs to
// where the pages of a repository have them in their path.
func Scoped(show http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		repository, thread, _ := strings.Cut(r.URL.Query().Get("review"), "/")
		r.SetPathValue("repository", repository)
		r.SetPathValue("thread", thread)
		show.ServeHTTP(w, r)
	})
}

// ServeHTTP implements http.Handler, inside of Scoped.
func (p *Packages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	repository, err := strconv.ParseInt(r.PathValue("repository"), 10, 64)
	thread := r.PathValue("thread")
	path := r.PathValue("package")
	i := strings.LastIndexByte(path, '/')
	if err != nil || i < 0 || !p.opens(r, repository) || npm.CheckName(path[:i]) != nil {
		p.notFound(w, r)
		return
	}
	name, version, from := path[:i], path[i+1:], r.URL.Query().Get("from")
	if len(version) > maxVersion || len(from) > maxVersion {
		p.notFound(w, r)
		return
	}
	head, ok, err := p.Store.Head(r.Context(), repository, thread)
	if err != nil {
		p.failed(w, r, "the review")
		return
	}
	var of *review.Review
	if ok {
		if of, err = completed(r.Context(), p.Store, head); err != nil {
			p.failed(w, r, "the review")
			return
		}
	}
	subjects, ok := subjectsOf(of, name, version, from)
	if !ok {
		p.notFound(w, r)
		return
	}
	trail := render.Link{Text: head.Owner + "/" + head.Name + " " + thread, Address: p.review(repository, thread)}
	result, state := p.examine(r.Context(), subjects)
	switch {
	case state == busy, state == underWay:
		secure(w)
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusAccepted)
		_ = render.MessageHTML(w, render.Message{Frame: p.frame(r, trail), Title: name + " " + version + " is being scanned",
			Text: "This page looks again by itself. A large package takes some seconds.", Refresh: 2})
		return
	case errors.Is(result.err, context.DeadlineExceeded):
		p.say(w, r, http.StatusGatewayTimeout, "The scan took too long",
			name+" "+version+" was not examined within two minutes. Nothing is known of it from here; load the page again later.")
		return
	case result.err != nil:
		p.say(w, r, http.StatusBadGateway, "It could not be examined", result.err.Error())
		return
	}
	page := result.page
	page.Frame = p.frame(r, trail)
	page.Link = func(version, from string) string { return p.report(repository, thread, name, version, from) }
	page.Self = r.URL.EscapedPath()
	for _, field := range []string{"review", "key"} {
		if value := r.URL.Query().Get(field); value != "" {
			page.Hidden = append(page.Hidden, render.Field{Name: field, Value: value})
		}
	}
	secure(w)
	_ = render.HTML(w, page)
}

// subjectsOf says how the versions to show can be had: as the review had them,
// or, of the same package, as the registry has them. ok is false where the
// review has no such package.
func subjectsOf(r *review.Review, name, version, from string) (out []analyzer.Subject, ok bool) {
	if r == nil {
		return nil, false
	}
	versions := []string{version}
	if from != "" {
		versions = []string{from, version}
	}
	for _, v := range versions {
		out = append(out, analyzer.Subject{Name: name, Version: v})
	}
	for i := range r.Packages {
		p := &r.Packages[i]
		if p.Change.Name != name || p.Own || p.Report.NotScanned != "" {
			continue
		}
		ok = true
		if p.Change.To == version {
			last := &out[len(out)-1]
			last.Resolved, last.Integrity = p.Change.Resolved, p.Change.Integrity
		}
	}
	return out, ok
}

// state of an examination.
type state int

const (
	ready state = iota
	underWay
	busy
)

// examine makes a page, or takes the one that was made lately. A reader who goes
// away ends nothing: the next look finds the result.
func (p *Packages) examine(ctx context.Context, subjects []analyzer.Subject) (made, state) {
	key := ""
	for _, s := range subjects {
		key += s.Name + "@" + s.Version + " " + s.Resolved + " " + s.Integrity + "\n"
	}
	p.mu.Lock()
	if result, ok := p.made(key); ok {
		p.mu.Unlock()
		return result, ready
	}
	done := p.running[key]
	if done == nil {
		if len(p.running) >= examining() {
			p.mu.Unlock()
			return made{}, busy
		}
		done = make(chan struct{})
		p.running[key] = done
		go p.make(context.WithoutCancel(ctx), key, subjects, done)
	}
	p.mu.Unlock()
	select {
	case <-done:
	case <-ctx.Done():
		return made{}, underWay
	case <-time.After(patience):
		return made{}, underWay
	}
	if result, ok := p.made(key); ok {
		return result, ready
	}
	return made{}, underWay
}

// lasts reports whether trying again would come to the same: what could not be
// fetched may be there in a moment.
func (m *made) lasts() bool {
	if m.err != nil || m.page.Report.NotScanned != "" || m.page.Before != nil && m.page.Before.NotScanned != "" {
		return false
	}
	return !slices.ContainsFunc(m.page.Report.Unknown, func(g known.Gap) bool { return g.Asked && g.What != known.Before })
}

// made is a page that was made, or could not be made, lately.
func (p *Packages) made(key string) (made, bool) {
	if result, ok := p.ended.Get(key); ok {
		return result, true
	}
	return p.failures.Get(key)
}

func (p *Packages) make(ctx context.Context, key string, subjects []analyzer.Subject, done chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	var result made
	defer func() {
		// What a package holds must not end the server, whatever it makes of it.
		if problem := recover(); problem != nil {
			result = made{err: fmt.Errorf("%s@%s: the examination broke off: %v", subjects[0].Name, subjects[0].Version, problem)}
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if result.lasts() {
			p.ended.Add(key, result)
		} else {
			p.failures.Add(key, result)
		}
		delete(p.running, key)
		close(done)
	}()
	result.page, result.err = p.page(ctx, subjects)
}

// page examines one version, or the second against the first.
func (p *Packages) page(ctx context.Context, subjects []analyzer.Subject) (page render.PackagePage, err error) {
	var list []*analyzer.Examination
	for _, s := range subjects {
		if s.Integrity == "" && s.Resolved == "" {
			if s, err = p.Examiner.Find(ctx, s.Name+"@"+s.Version); err != nil {
				return page, err
			}
		}
		e, err := p.Examiner.Examine(ctx, s)
		if err != nil {
			return page, err
		}
		list = append(list, e)
	}
	now := list[len(list)-1]
	if len(list) == 2 {
		page.Before = list[0].Report()
		if err := p.Examiner.Update(ctx, list[0], now); err != nil {
			return page, err
		}
	}
	page.Report, page.Contents, page.Metadata, page.Scanned = now.Report(), now.Scanned.Contents, now.Input.Metadata, time.Now()
	if now.Input.Metadata.OrZero().Exists {
		// Without them the page says that they are not known.
		page.Releases, page.Versions, _ = p.Examiner.Releases(ctx, page.Report.Name, page.Report.Version)
	}
	return page, nil
}
