// Package page holds the HTTP handlers of the pages: set-up and the decisions
// of a repository. Everything a stranger wrote is escaped by html/template.
package page

import (
	"context"
	"crypto/subtle"
	"embed"
	"encoding/json"
	"html/template"
	"net/http"
	"strconv"
	"time"

	"github.com/lockwarden/lockwarden/app/comment"
	"github.com/lockwarden/lockwarden/app/store"
)

//go:embed *.html
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"day": func(t time.Time) string {
		if t.IsZero() {
			return "–"
		}
		return t.UTC().Format("2006-01-02 15:04") + " UTC"
	},
}).ParseFS(files, "*.html"))

// DecisionStore is what the page of decisions reads.
type DecisionStore interface {
	AllDecisions(ctx context.Context, repository int64) ([]store.Decision, error)
	Audited(ctx context.Context, repository int64, limit int) ([]store.Entry, error)
}

// Decisions shows what was accepted for a whole repository, and the audit. Its
// address has a key: a private repository's decisions are not public.
type Decisions struct {
	Store DecisionStore
	// Key is the key of a repository's page.
	Key func(repository int64) string
	Now func() time.Time
}

// row is one decision as the page shows it.
type row struct {
	comment.Acceptance
	Thread, State string
}

// ServeHTTP implements http.Handler.
func (d *Decisions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	repository, err := strconv.ParseInt(r.PathValue("repository"), 10, 64)
	if err != nil || subtle.ConstantTimeCompare([]byte(r.URL.Query().Get("key")), []byte(d.Key(repository))) != 1 {
		http.NotFound(w, r)
		return
	}
	list, err := d.Store.AllDecisions(r.Context(), repository)
	if err != nil {
		http.Error(w, "the decisions cannot be read", http.StatusInternalServerError)
		return
	}
	entries, err := d.Store.Audited(r.Context(), repository, 500)
	if err != nil {
		http.Error(w, "the audit cannot be read", http.StatusInternalServerError)
		return
	}
	data := struct {
		Rows    []row
		Entries []store.Entry
	}{Entries: entries}
	for _, one := range list {
		shown := row{Thread: one.Thread, State: State(one, d.Now())}
		if json.Unmarshal(one.Value, &shown.Acceptance) == nil {
			data.Rows = append(data.Rows, shown)
		}
	}
	secure(w)
	_ = pages.ExecuteTemplate(w, "decisions.html", data)
}

// State says in a word whether a decision holds.
func State(d store.Decision, now time.Time) string {
	var a comment.Acceptance
	switch {
	case json.Unmarshal(d.Value, &a) != nil:
		return "unreadable"
	case !d.RevokedAt.IsZero():
		return "revoked by " + d.RevokedBy
	case !a.Until.IsZero() && !now.Before(a.Until):
		return "ended"
	}
	return "holds"
}

// secure forbids scripts, frames and referrers, which would carry the key.
func secure(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' https:; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
}
