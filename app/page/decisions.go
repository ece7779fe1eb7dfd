package page

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lockwarden/lockwarden/app/comment"
	"github.com/lockwarden/lockwarden/app/record"
	"github.com/lockwarden/lockwarden/app/render"
)

// DecisionStore is what the page of decisions reads.
type DecisionStore interface {
	NewestHead(ctx context.Context, repository int64) (h record.Head, ok bool, err error)
	AllDecisions(ctx context.Context, repository int64) ([]record.Decision, error)
	AuditedIn(ctx context.Context, some record.Some, before int64, limit int) ([]record.Entry, error)
}

// Decisions shows what was accepted for a whole repository, and the audit, to
// whom SignIn.Require lets through. Where people cannot sign in, its address has
// a key: a private repository's decisions are not public.
type Decisions struct {
	*Site
	Store DecisionStore
	Now   func() time.Time
}

// maxAudit is how many entries of the audit a page shows.
const maxAudit = 200

// ServeHTTP implements http.Handler.
func (d *Decisions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	repository, err := strconv.ParseInt(r.PathValue("repository"), 10, 64)
	if err != nil || !d.opens(r, repository) {
		d.notFound(w, r)
		return
	}
	list, err := d.Store.AllDecisions(r.Context(), repository)
	if err != nil {
		d.failed(w, r, "the decisions")
		return
	}
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	entries, err := d.Store.AuditedIn(r.Context(), record.Some{repository}, before, maxAudit)
	if err != nil {
		d.failed(w, r, "the audit")
		return
	}
	head, ok, err := d.Store.NewestHead(r.Context(), repository)
	if err != nil {
		d.failed(w, r, "the repository")
		return
	}
	page := render.DecisionsPage{Frame: d.frame(r), Repository: "repository " + strconv.FormatInt(repository, 10)}
	if ok {
		page.Repository = head.Owner + "/" + head.Name
	}
	for _, one := range list {
		page.Accepted = append(page.Accepted, accepted(one, "", d.Now()))
	}
	page.Audit = d.audit(entries, false)
	if len(entries) == maxAudit {
		page.Older = d.address(r.URL.Path, repository, older(entries))
	}
	secure(w)
	_ = render.DecisionsHTML(w, page)
}

// older is the query for the entries before these.
func older(entries []record.Entry) url.Values {
	return url.Values{"before": {strconv.FormatInt(entries[len(entries)-1].ID, 10)}}
}

// accepted is a decision as pages show it; repository is named before the
// thread where it is not empty.
func accepted(d record.Decision, repository string, now time.Time) render.AcceptedRow {
	row := render.AcceptedRow{Where: strings.TrimSpace(repository + " " + d.Thread), State: State(d, now), Package: "unreadable"}
	var a comment.Acceptance
	if json.Unmarshal(d.Value, &a) != nil {
		return row
	}
	row.Package, row.Findings, row.By, row.Reason, row.At, row.Until, row.URL = a.Name+"@"+a.Version, a.Findings, a.By, a.Reason, a.At.UTC(),
		a.Until.UTC(), a.URL
	if a.All {
		row.Package = "all"
	}
	return row
}

// audit are entries as pages show them; named adds the repository.
func (s *Site) audit(entries []record.Entry, named bool) (out []render.AuditRow) {
	for _, e := range entries {
		row := render.AuditRow{At: e.At.UTC(), Where: e.Thread, Actor: e.Actor, Action: e.Action, Detail: e.Detail}
		if e.Thread != "" {
			row.Link = s.review(e.Repository, e.Thread)
		}
		if named {
			row.Where = e.Owner + "/" + e.Name + " " + e.Thread
		}
		out = append(out, row)
	}
	return out
}

// State says in a word whether a decision holds.
func State(d record.Decision, now time.Time) string {
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
