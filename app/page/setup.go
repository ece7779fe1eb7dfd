package page

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
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
}

// Hook is where GitHub sends events.
type Hook struct {
	URL    string `json:"url"`
	Active bool   `json:"active"`
}

// NewManifest has the least permissions and the events that are used. Events
// about installations reach every App; GitHub refuses them in a manifest.
func NewManifest() Manifest {
	return Manifest{
		Name: "lockwarden", Description: "Reviews npm dependency changes in pull requests", URL: "https://github.com/lockwarden/lockwarden",
		Permissions: map[string]string{"checks": "write", "contents": "read", "issues": "write", "metadata": "read", "pull_requests": "read"},
		Events:      []string{"check_run", "check_suite", "issue_comment", "merge_group", "pull_request", "push"},
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
		http.NotFound(w, r)
	}
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func (s *Setup) form(w http.ResponseWriter, r *http.Request) {
	if !same(r.URL.Query().Get("token"), s.Token) {
		http.Error(w, "This page needs the token that lockwarden wrote to its terminal.", http.StatusForbidden)
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
		http.Error(w, "The public address is not one such as https://lockwarden.example.com.", http.StatusBadRequest)
		return
	}
	action := s.Web + "/settings/apps/new"
	if organization := r.URL.Query().Get("organization"); organization != "" {
		action = s.Web + "/organizations/" + url.PathEscape(organization) + "/settings/apps/new"
	}
	m := NewManifest()
	m.Redirect = public + "/setup/done"
	m.Hook = &Hook{public + "/webhook", true}
	encoded, err := json.Marshal(m)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = pages.ExecuteTemplate(w, "setup.html", map[string]any{
		"Action": action + "?state=" + url.QueryEscape(s.State), "Manifest": string(encoded), "Public": public, "Organization": r.URL.Query().Get("organization"),
		"Token": s.Token, "Local": u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1",
	})
}

func (s *Setup) done(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if !same(q.Get("state"), s.State) || q.Get("code") == "" {
		http.Error(w, "This is not the answer to a registration that began here; open the set-up page again.", http.StatusForbidden)
		return
	}
	install, err := s.Register(r, q.Get("code"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	_ = pages.ExecuteTemplate(w, "done.html", map[string]any{"Install": install})
}
