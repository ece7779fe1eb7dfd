// Package page holds the HTTP handlers of the pages: the overview, reviews,
// reports on packages, decisions, sign-in and set-up. What they show is written
// by package render; everything a stranger wrote is escaped there.
package page

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/lockwarden/lockwarden/app/render"
	"github.com/lockwarden/lockwarden/templates"
)

// Store is what the pages read, all of them together.
type Store interface {
	ReviewStore
	DecisionStore
	OverviewStore
}

// Site is what all pages of a server share: who reads them, and how they find
// each other.
type Site struct {
	// SignIn lets people sign in; nil: every address has a key.
	SignIn *SignIn
	// Key is the key of a page: of a repository's, or of the overview with 0.
	Key func(repository int64) string
	// Web is GitHub's address for people.
	Web string
}

// person is who reads, empty where nobody can sign in.
func (s *Site) person(r *http.Request) string {
	if s.SignIn == nil {
		return ""
	}
	p, _ := s.SignIn.Person(r)
	return p.Login
}

// opens reports whether a request has the key of a repository's pages, or needs
// none. No repository has a number below 1.
func (s *Site) opens(r *http.Request, repository int64) bool {
	return repository > 0 && (s.SignIn != nil || same(r.URL.Query().Get("key"), s.Key(repository)))
}

// address is that of a page of a repository.
func (s *Site) address(path string, repository int64, query url.Values) string {
	if s.SignIn == nil {
		if query == nil {
			query = url.Values{}
		}
		query.Set("key", s.Key(repository))
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

func (s *Site) review(repository int64, thread string) string {
	return s.address("/reviews/"+strconv.FormatInt(repository, 10)+"/"+thread, repository, nil)
}

func (s *Site) decisions(repository int64) string {
	return s.address("/decisions/"+strconv.FormatInt(repository, 10), repository, nil)
}

// frame is what stands around a page. Who came by a key of one repository is
// not led to the overview, which has another one.
func (s *Site) frame(r *http.Request, trail ...render.Link) render.Frame {
	f := render.Frame{Served: true, Person: s.person(r), Trail: trail}
	if s.SignIn != nil {
		f.Overview = "/"
	}
	return f
}

// say answers with a page that says one thing.
func (s *Site) say(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	secure(w)
	w.WriteHeader(status)
	_ = render.MessageHTML(w, render.Message{Frame: s.frame(r), Title: title, Text: text})
}

// notFound is the answer to whatever is not there, and to what the reader may
// not see: what is not shown is not told of either.
func (s *Site) notFound(w http.ResponseWriter, r *http.Request) {
	s.say(w, r, http.StatusNotFound, "There is no such page",
		"Or it is about a repository that you may not read. Addresses of pages stand in the check runs on GitHub.")
}

// failed is the answer where something does not work here.
func (s *Site) failed(w http.ResponseWriter, r *http.Request, what string) {
	s.say(w, r, http.StatusInternalServerError, "This does not work now",
		"The database did not answer: "+what+" cannot be shown. Load the page again in a moment; the server's log says more.")
}

// NotFound answers whatever no other page answers.
func (s *Site) NotFound() http.Handler { return http.HandlerFunc(s.notFound) }

// Script answers GET /page.js.
func Script(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "public, max-age=3600")
	_, _ = w.Write(templates.Script())
}

// policy lets a page have the stylesheet, the server's own script and forms
// that lead to this server; nothing of other hosts, and nothing inline.
var policy = "default-src 'none'; script-src 'self'; style-src 'sha256-" + templates.StyleHash() +
	"'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// secure forbids other scripts, frames, and referrers, which would carry a key.
func secure(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
}
