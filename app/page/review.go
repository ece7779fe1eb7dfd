package page

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/lockwarden/lockwarden/app/record"
	"github.com/lockwarden/lockwarden/app/render"
	"github.com/lockwarden/lockwarden/app/review"
)

// ReviewStore is what the page of a review reads.
type ReviewStore interface {
	Head(ctx context.Context, repository int64, thread string) (h record.Head, ok bool, err error)
	Generations(ctx context.Context, repository int64, thread string) ([]record.Reviewed, error)
	Review(ctx context.Context, repository int64, thread string, generation int64) (*review.Review, error)
	Audited(ctx context.Context, repository int64, limit int) ([]record.Entry, error)
}

// Review shows the newest review of a pull request or merge group, to whom
// SignIn.Require lets through, or who has the repository's key.
type Review struct {
	*Site
	Store ReviewStore
	// Packages is set where this server shows reports on packages.
	Packages bool
}

// maxDecided bounds the audit that a review's page shows.
const maxDecided = 1000

// ServeHTTP implements http.Handler.
func (p *Review) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	repository, err := strconv.ParseInt(r.PathValue("repository"), 10, 64)
	if err != nil || !p.opens(r, repository) {
		p.notFound(w, r)
		return
	}
	thread := r.PathValue("thread")
	head, ok, err := p.Store.Head(r.Context(), repository, thread)
	if err != nil {
		p.failed(w, r, "the review")
		return
	}
	if !ok {
		p.notFound(w, r)
		return
	}
	view := render.ReviewPage{Repository: head.Owner + "/" + head.Name, Thread: thread, SHA: head.SHA, Conclusion: head.Conclusion,
		Query: r.URL.Query(), Frame: p.frame(r), DecisionsPage: p.decisions(repository)}
	if p.Packages {
		view.PackageLink = func(name, version, from string) string { return p.report(repository, thread, name, version, from) }
	}
	if head.Pull > 0 {
		view.Pull = p.Web + "/" + view.Repository + "/pull/" + strconv.Itoa(head.Pull)
	}
	if view.Review, view.Completed, err = newest(r.Context(), p.Store, head); err != nil {
		p.failed(w, r, "the review")
		return
	}
	entries, err := p.Store.Audited(r.Context(), repository, maxDecided)
	if err != nil {
		p.failed(w, r, "the audit")
		return
	}
	for _, e := range entries {
		if e.Thread == thread {
			view.Decisions = append(view.Decisions, render.Decided{At: e.At.UTC(), Actor: e.Actor, Action: e.Action, Detail: e.Detail})
		}
	}
	secure(w)
	_ = render.ReviewHTML(w, view)
}

// newest is the review of the head's newest generation, nil where there is none
// yet.
func newest(ctx context.Context, from ReviewStore, head record.Head) (*review.Review, time.Time, error) {
	generations, err := from.Generations(ctx, head.Repository, head.Thread)
	if err != nil || len(generations) == 0 {
		return nil, time.Time{}, err
	}
	last := generations[len(generations)-1]
	if last.Completed.IsZero() {
		return nil, time.Time{}, nil
	}
	r, err := from.Review(ctx, head.Repository, head.Thread, last.Generation)
	return r, last.Completed, err
}

// completed is the newest review of a thread that is complete, whatever head it
// was of; nil where there is none.
func completed(ctx context.Context, from ReviewStore, head record.Head) (*review.Review, error) {
	generations, err := from.Generations(ctx, head.Repository, head.Thread)
	if err != nil {
		return nil, err
	}
	for _, g := range slices.Backward(generations) {
		if !g.Completed.IsZero() {
			return from.Review(ctx, head.Repository, head.Thread, g.Generation)
		}
	}
	return nil, nil
}
