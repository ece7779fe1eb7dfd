package page

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/lockwarden/lockwarden/app/render"
)

// Manifest is what GitHub registers an App from; app.yml says the same.
// Source: https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
type Manifest struct {
	Name        string            `json:"name" yaml:"name"`
	Description string            `json:"description" yaml:"description"`
	URL         string            `json:"url" yaml:"url"`
	Public      bool              `json:"public" yaml:"public"`
	Permissions map[string]string `json:"default_permissions" yaml:"default_permissions"`
	Events      []string          `json:"default_events" yaml:"default_events"`
	Redirect    string            `json:"redirect_url,omitempty" yaml:"-"`
	Hook        *Hook             `json:"hook_attributes,omitempty" yaml:"-"`
	// Callbacks are where people come back to who sign in to this server.
	Callbacks []string `json:"callback_urls,omitempty" yaml:"-"`
}

// Hook is where GitHub sends events.
type Hook struct {
	URL    string `json:"url"`
	Active bool   `json:"active"`
}

// NewManifest has the least permissions and the events that are used. Events
// about installations reach every App; GitHub refuses them in a manifest, and a
// manifest with an event whose permission is missing: merge_group takes
// merge_queues. Reactions and comments on a pull request take pull_requests or
// issues, says GitHub's documentation; where one alone is refused, people report,
// is not the same everywhere, so both are asked for. Reviews and comments on lines
// come with pull_requests, and take its reactions.
// Sources: https://docs.github.com/webhooks/webhook-events-and-payloads#merge_group,
// https://docs.github.com/webhooks/webhook-events-and-payloads#pull_request_review,
// https://docs.github.com/rest/issues/comments#create-an-issue-comment,
// https://docs.github.com/rest/reactions/reactions#create-reaction-for-a-pull-request-review-comment,
// https://github.com/github/rest-api-description/issues/6994
func NewManifest() Manifest {
	return Manifest{
		Name: "lockwarden", Description: "Reviews npm dependency changes in pull requests", URL: "https://github.com/lockwarden/lockwarden",
		Permissions: map[string]string{"checks": "write", "contents": "read", "issues": "write", "merge_queues": "read", "metadata": "read",
			"pull_requests": "write"},
		Events: []string{"check_run", "check_suite", "issue_comment", "merge_group", "pull_request", "pull_request_review",
			"pull_request_review_comment", "push"},
	}
}

// Setup registers the App with one click: its page sends the manifest to
// GitHub, which sends the person back with a code for the credentials. Whoever
// sets up has the token that the server wrote to its terminal.
type Setup struct {
	// Token opens the page; State comes back from GitHub.
	Token, State string
	// Web is GitHub's address for people.
	Web string
	// Public is where GitHub reaches this server, as far as it is known.
	Public string
	// Register gets the credentials for a code and returns where the App is
	// installed from. It succeeds once.
	Register func(r *http.Request, code string) (install string, err error)
}

// ServeHTTP answers GET /setup and GET /setup/done.
func (s *Setup) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w)
	switch r.URL.Path {
	case "/setup":
		s.form(w, r)
	case "/setup/done":
		s.done(w, r)
	default:
		s.say(w, http.StatusNotFound, "There is no such page", "The set-up page has the address that lockwarden wrote to its terminal.")
	}
}

// say answers with a page that says one thing.
func (s *Setup) say(w http.ResponseWriter, status int, title, text string) {
	w.WriteHeader(status)
	_ = render.MessageHTML(w, render.Message{Frame: render.Frame{Served: true}, Title: title, Text: text})
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func (s *Setup) form(w http.ResponseWriter, r *http.Request) {
	if !same(r.URL.Query().Get("token"), s.Token) {
		s.say(w, http.StatusForbidden, "This page needs its token", "It is in the address that lockwarden wrote to its terminal.")
		return
	}
	public := r.URL.Query().Get("public")
	if public == "" {
		public = s.Public
	}
	if public == "" {
		scheme := "http"
		if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
			scheme = "https"
		}
		public = scheme + "://" + r.Host
	}
	public = strings.TrimSuffix(public, "/")
	u, err := url.Parse(public)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		s.say(w, http.StatusBadRequest, "This is no public address",
			"It has to be one such as https://lockwarden.example.com. Go back and correct it.")
		return
	}
	action := s.Web + "/settings/apps/new"
	if organization := r.URL.Query().Get("organization"); organization != "" {
		action = s.Web + "/organizations/" + url.PathEscape(organization) + "/settings/apps/new"
	}
	m := NewManifest()
	m.Redirect = public + "/setup/done"
	m.Hook = &Hook{public + "/webhook", true}
	m.Callbacks = []string{public + "/signin/callback"}
	encoded, err := json.Marshal(m)
	if err != nil {
		s.say(w, http.StatusInternalServerError, "The App cannot be described", err.Error())
		return
	}
	// Its form leads to GitHub.
	w.Header().Set("Content-Security-Policy", strings.Replace(policy, "form-action 'self'", "form-action 'self' "+s.Web, 1))
	_ = render.SetupHTML(w, action+"?state="+url.QueryEscape(s.State), string(encoded), public, r.URL.Query().Get("organization"), s.Token,
		u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1")
}

func (s *Setup) done(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if !same(q.Get("state"), s.State) || q.Get("code") == "" {
		s.say(w, http.StatusForbidden, "The App is not registered",
			"This is not the answer to a registration that began here; open the set-up page again.")
		return
	}
	install, err := s.Register(r, q.Get("code"))
	if err != nil {
		s.say(w, http.StatusBadGateway, "The App is not registered", err.Error())
		return
	}
	_ = render.DoneHTML(w, install)
}
