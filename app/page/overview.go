package page

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/lockwarden/lockwarden/app/comment"
	"github.com/lockwarden/lockwarden/app/record"
	"github.com/lockwarden/lockwarden/app/render"
)

// OverviewStore is what the overview reads.
type OverviewStore interface {
	Known(ctx context.Context, some record.Some, limit int) (list []record.Known, all int, err error)
	Verdicts(ctx context.Context, some record.Some, which record.Which, limit int) ([]record.Verdict, error)
	Weeks(ctx context.Context, some record.Some, n int) ([]record.Week, error)
	LastingDecisions(ctx context.Context, some record.Some, limit int) ([]record.Decision, error)
	AuditedIn(ctx context.Context, some record.Some, before int64, limit int) ([]record.Entry, error)
}

// Overview shows what happened in all repositories: to operators, to who has
// its key where nobody can sign in, and to everybody else of the repositories
// that they may read.
type Overview struct {
	*Site
	Store OverviewStore
	Now   func() time.Time
	// Operates tells who may see everything.
	Operates func(p Person) bool
	// Readable are those of the repositories that a person may read now.
	Readable func(ctx context.Context, p Person, repositories []int64) ([]int64, error)

	// recent are the repositories that GitHub is asked about, for everybody who
	// comes within recentTime.
	mu     sync.Mutex
	recent []int64
	all    int
	read   time.Time
}

// recentTime is how old recent may be: finding them goes through all heads.
const recentTime = 10 * time.Second

// Limits of one page.
const (
	maxKnown    = 200
	maxAsked    = 40 // repositories that GitHub is asked about for one person
	maxVerdicts = 50
	trendWeeks  = 12
)

// ServeHTTP implements http.Handler.
func (o *Overview) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	some, note, ok := o.scope(w, r)
	if !ok {
		return
	}
	page := render.OverviewPage{Frame: o.frame(r), Note: note}
	known, all, err := o.Store.Known(ctx, some, maxKnown)
	if err != nil {
		o.failed(w, r, "the repositories")
		return
	}
	page.All = all
	if all > len(known) {
		page.Note = "The " + strconv.Itoa(len(known)) + " repositories that were reviewed last are shown."
	}
	names := map[int64]string{}
	for _, k := range known {
		names[k.Repository] = k.Owner + "/" + k.Name
		page.Repositories = append(page.Repositories, render.RepositoryRow{Name: names[k.Repository], Owner: k.Owner,
			Installation: k.Installation, Open: k.Open, Waiting: k.Waiting, At: k.At, Decisions: o.decisions(k.Repository)})
	}
	for which, to := range map[record.Which]*[]render.VerdictRow{record.Waiting: &page.Waiting, record.Newest: &page.Latest} {
		list, err := o.Store.Verdicts(ctx, some, which, maxVerdicts)
		if err != nil {
			o.failed(w, r, "the reviews")
			return
		}
		for i := range list {
			*to = append(*to, o.verdict(&list[i]))
		}
	}
	if page.Accepted, err = o.accepted(ctx, some, names); err != nil {
		o.failed(w, r, "the acceptances")
		return
	}
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	entries, err := o.Store.AuditedIn(ctx, some, before, maxAudit)
	if err != nil {
		o.failed(w, r, "the audit")
		return
	}
	page.Audit = o.audit(entries, true)
	if len(entries) == maxAudit {
		page.Older = o.address("/", 0, older(entries)) + "#audit"
	}
	weeks, err := o.Store.Weeks(ctx, some, trendWeeks)
	if err != nil {
		o.failed(w, r, "the trends")
		return
	}
	for _, k := range weeks {
		page.Weeks = append(page.Weeks, render.WeekRow(k))
	}
	secure(w)
	_ = render.OverviewHTML(w, page)
}

// scope is what the reader may see; where that is nothing at all, ok is false
// and the answer is written.
func (o *Overview) scope(w http.ResponseWriter, r *http.Request) (some record.Some, note string, ok bool) {
	if o.SignIn == nil {
		if !same(r.URL.Query().Get("key"), o.Key(0)) {
			o.say(w, r, http.StatusNotFound, "lockwarden is at work",
				"The overview has an address that lockwarden writes to its terminal when it starts. Reviews have theirs in the check runs on GitHub.")
			return nil, "", false
		}
		return nil, "", true
	}
	p, _ := o.SignIn.Person(r)
	if o.Operates(p) {
		return nil, "", true
	}
	ids, all, err := o.latest(r.Context())
	if err != nil {
		o.failed(w, r, "the repositories")
		return nil, "", false
	}
	readable, err := o.Readable(r.Context(), p, ids)
	if err != nil {
		o.say(w, r, http.StatusServiceUnavailable, "GitHub does not answer",
			"It does not say which repositories you may read. Load the page again in a moment.")
		return nil, "", false
	}
	if all > len(ids) {
		note = "GitHub was asked about the repositories that were reviewed last; of others you may read, the check runs lead to the reviews."
	}
	return append(record.Some{}, readable...), note, true
}

// latest are the repositories that were judged last, and how many there are.
func (o *Overview) latest(ctx context.Context) (ids []int64, all int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.read.IsZero() || time.Since(o.read) > recentTime {
		known, all, err := o.Store.Known(ctx, nil, maxAsked)
		if err != nil {
			return nil, 0, err
		}
		o.recent, o.all, o.read = make([]int64, len(known)), all, time.Now()
		for i, k := range known {
			o.recent[i] = k.Repository
		}
	}
	return o.recent, o.all, nil
}

func (o *Overview) verdict(v *record.Verdict) render.VerdictRow {
	row := render.VerdictRow{Repository: v.Owner + "/" + v.Name, Thread: v.Thread, Link: o.review(v.Repository, v.Thread),
		Conclusion: v.Conclusion, At: v.At, Packages: v.Packages, Unscanned: v.Unscanned,
		Critical: v.Critical, High: v.High, Medium: v.Medium, Low: v.Low, More: v.MoreRisks}
	for _, f := range v.Risks {
		row.Findings = append(row.Findings, render.FindingRow{Severity: f.Severity, Title: f.Title, Subject: f.Subject})
	}
	return row
}

// accepted are the acceptances for whole repositories, and those that count in
// open pull requests.
func (o *Overview) accepted(ctx context.Context, some record.Some, names map[int64]string) (out []render.AcceptedRow, err error) {
	decisions, err := o.Store.LastingDecisions(ctx, some, maxAudit)
	if err != nil {
		return nil, err
	}
	now := o.Now()
	for _, d := range decisions {
		name := names[d.Repository]
		if name == "" {
			name = d.Path
		}
		out = append(out, accepted(d, name+", all of it, from", now))
	}
	open, err := o.Store.Verdicts(ctx, some, record.Accepting, maxAudit)
	if err != nil {
		return nil, err
	}
	for _, v := range open {
		var list []comment.Acceptance
		if json.Unmarshal(v.Accepted, &list) != nil {
			continue
		}
		for _, a := range list {
			value, err := json.Marshal(a)
			if err != nil {
				return nil, err
			}
			out = append(out, accepted(record.Decision{Thread: v.Thread, Value: value}, v.Owner+"/"+v.Name, now))
		}
	}
	return out, nil
}
