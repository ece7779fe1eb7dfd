package github

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	gh "github.com/google/go-github/v60/github"

	"github.com/lockwarden/lockwarden/app/comment"
)

// Repository is one repository, seen through an installation.
type Repository struct {
	Owner, Name  string
	app          *App
	installation int64
	client       *gh.Client
}

// Repository returns a repository of an installation.
func (a *App) Repository(installation int64, owner, name string) *Repository {
	return &Repository{owner, name, a, installation, a.installation(installation)}
}

// Pull is what a review needs of a pull request.
type Pull struct {
	Number           int
	Author           string
	Open             bool
	HeadSHA          string
	BaseRef, BaseSHA string
	ChangedFiles     int
	// OnLines is how many comments stand on lines of the diff.
	OnLines int
	// Repository is the number of the repository that it is in.
	Repository int64
}

func pullOf(p *gh.PullRequest) Pull {
	return Pull{p.GetNumber(), p.GetUser().GetLogin(), p.GetState() == "open", p.GetHead().GetSHA(), p.GetBase().GetRef(),
		p.GetBase().GetSHA(), p.GetChangedFiles(), p.GetReviewComments(), p.GetBase().GetRepo().GetID()}
}

// Pull reads a pull request.
func (r *Repository) Pull(ctx context.Context, number int) (Pull, error) {
	p, _, err := r.client.PullRequests.Get(ctx, r.Owner, r.Name, number)
	if err != nil {
		return Pull{}, r.explain(fmt.Sprintf("pull request %d", number), err)
	}
	return pullOf(p), nil
}

// Named is a repository by its number and its name.
type Named struct {
	ID          int64
	Owner, Name string
}

// Repositories lists all repositories of an installation.
func (a *App) Repositories(ctx context.Context, installation int64) ([]Named, error) {
	r := a.Repository(installation, "", "")
	opts := &gh.ListOptions{PerPage: 100}
	var out []Named
	for {
		list, answer, err := r.client.Apps.ListRepos(ctx, opts)
		if err != nil {
			return nil, r.explain("repositories", err)
		}
		for _, repo := range list.Repositories {
			out = append(out, Named{repo.GetID(), repo.GetOwner().GetLogin(), repo.GetName()})
		}
		if answer.NextPage == 0 {
			return out, nil
		}
		opts.Page = answer.NextPage
	}
}

// ID is the repository's number, which stays when its name changes hands.
func (r *Repository) ID(ctx context.Context) (int64, error) {
	repo, _, err := r.client.Repositories.Get(ctx, r.Owner, r.Name)
	if err != nil {
		return 0, r.explain("repository", err)
	}
	return repo.GetID(), nil
}

// OpenPulls lists the open pull requests, the newest first.
func (r *Repository) OpenPulls(ctx context.Context) ([]Pull, error) {
	opts := &gh.PullRequestListOptions{State: "open", ListOptions: gh.ListOptions{PerPage: 100}}
	var out []Pull
	for {
		list, answer, err := r.client.PullRequests.List(ctx, r.Owner, r.Name, opts)
		if err != nil {
			return nil, r.explain("pull requests", err)
		}
		out = append(out, pullsOf(list)...)
		if answer.NextPage == 0 {
			return out, nil
		}
		opts.Page = answer.NextPage
	}
}

// PullsAt lists the open pull requests whose head is that commit. GitHub does
// not know those of forks.
func (r *Repository) PullsAt(ctx context.Context, sha string) ([]Pull, error) {
	list, _, err := r.client.PullRequests.ListPullRequestsWithCommit(ctx, r.Owner, r.Name, sha, &gh.ListOptions{PerPage: 100})
	if err != nil {
		return nil, r.explain("pull requests of a commit", err)
	}
	var out []Pull
	for _, p := range pullsOf(list) {
		if p.Open && p.HeadSHA == sha {
			out = append(out, p)
		}
	}
	return out, nil
}

func pullsOf(list []*gh.PullRequest) []Pull {
	out := make([]Pull, 0, len(list))
	for _, p := range list {
		out = append(out, pullOf(p))
	}
	return out
}

// MergeBase is the commit where head left base. It is not the tip of the base
// branch, which pull requests name as their base.
func (r *Repository) MergeBase(ctx context.Context, base, head string) (string, error) {
	key := r.key("merge base", base, head)
	if known, ok := r.app.memory.get(key); ok && commitID(base) && commitID(head) {
		return string(known.body), nil
	}
	c, _, err := r.client.Repositories.CompareCommits(ctx, r.Owner, r.Name, base, head, &gh.ListOptions{PerPage: 1})
	if err != nil {
		return "", r.explain("merge base", err)
	}
	if sha := c.GetMergeBaseCommit().GetSHA(); sha != "" {
		r.app.memory.put(key, remembered{body: []byte(sha)})
		return sha, nil
	}
	return "", fmt.Errorf("github: %s/%s: %s and %s have no merge base", r.Owner, r.Name, base, head)
}

// TooLarge is a file that GitHub does not hand out.
type TooLarge struct{ Path string }

// Error implements error.
func (e *TooLarge) Error() string {
	return fmt.Sprintf("%s is larger than the 100 MB that GitHub hands out", e.Path)
}

// Content reads a file at a commit or branch; found is false where it is not
// there. Files over 1 MB come only with the raw media type.
func (r *Repository) Content(ctx context.Context, file, ref string) (data []byte, found bool, err error) {
	parts := strings.Split(file, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	req, err := r.client.NewRequest(http.MethodGet, fmt.Sprintf("repos/%s/%s/contents/%s?ref=%s", r.Owner, r.Name, strings.Join(parts, "/"),
		url.QueryEscape(ref)), nil)
	if err != nil {
		return nil, false, r.explain(file, err)
	}
	req.Header.Set("Accept", "application/vnd.github.raw+json")
	var b bytes.Buffer
	_, err = r.client.Do(ctx, req, &b)
	var answer *gh.ErrorResponse
	if errors.As(err, &answer) && answer.Response != nil {
		switch {
		case answer.Response.StatusCode == http.StatusNotFound:
			return nil, false, nil
		case answer.Response.StatusCode == http.StatusForbidden && strings.Contains(answer.Message, "too large"):
			return nil, true, &TooLarge{file}
		}
	}
	if err != nil {
		return nil, false, r.explain(file, err)
	}
	return b.Bytes(), true, nil
}

// Permission asks what a person may do here, now. It fails closed: whoever
// GitHub does not know may nothing.
func (r *Repository) Permission(ctx context.Context, login string) (comment.Permission, error) {
	p, _, err := r.permission(ctx, login)
	return p, err
}

func (r *Repository) permission(ctx context.Context, login string) (p comment.Permission, id int64, err error) {
	req, err := r.client.NewRequest(http.MethodGet, fmt.Sprintf("repos/%s/%s/collaborators/%s/permission", r.Owner, r.Name,
		url.PathEscape(login)), nil)
	if err != nil {
		return comment.None, 0, r.explain("permission", err)
	}
	var answer struct {
		Permission string `json:"permission"`
		Role       string `json:"role_name"`
		User       struct {
			ID int64 `json:"id"`
			// Permissions is what the role comes to, whatever it is called; an older
			// Enterprise Server does not say.
			Permissions *struct {
				Admin    bool `json:"admin"`
				Maintain bool `json:"maintain"`
				Push     bool `json:"push"`
				Triage   bool `json:"triage"`
				Pull     bool `json:"pull"`
			} `json:"permissions"`
		} `json:"user"`
	}
	if _, err := r.client.Do(ctx, req, &answer); err != nil {
		if err = r.explain("permission of "+login, err); errors.Is(err, ErrGone) {
			return comment.None, 0, nil
		}
		return comment.None, 0, err
	}
	// role_name tells maintain and triage apart, which permission does not. A
	// custom role has a name of its own, perhaps that of another, and inherits from
	// one of GitHub's: that is in the user's permissions.
	named, err := comment.ParsePermission(answer.Role)
	if err != nil {
		named = comment.Admin
	}
	switch has := answer.User.Permissions; {
	case has == nil && err == nil:
		return named, answer.User.ID, nil
	case has == nil:
		p, _ = comment.ParsePermission(answer.Permission)
		return p, answer.User.ID, nil
	case has.Admin:
		p = comment.Admin
	case has.Maintain:
		p = comment.Maintain
	case has.Push:
		p = comment.Write
	case has.Triage:
		p = comment.Triage
	case has.Pull:
		p = comment.Read
	}
	return min(p, named), answer.User.ID, nil
}

// maxTries is how often a delivery is asked for that fails each time.
const maxTries = 10

// Redeliver asks GitHub for the deliveries since then that did not arrive, and
// returns how many: GitHub does not send them again by itself.
// Source: https://docs.github.com/rest/apps/webhooks
func (a *App) Redeliver(ctx context.Context, since time.Time) (int, error) {
	opts := &gh.ListCursorOptions{PerPage: 100}
	arrived, tries := map[string]bool{}, map[string]int{}
	var failed []*gh.HookDelivery
	var failures []error
	for {
		list, answer, err := a.app.Apps.ListHookDeliveries(ctx, opts)
		if err != nil {
			return 0, fmt.Errorf("github: deliveries: %w", cleaned(err))
		}
		old := false
		for _, d := range list {
			if d.GetDeliveredAt().Before(since) {
				old = true
				break
			}
			if code := d.GetStatusCode(); code >= 200 && code < 300 {
				arrived[d.GetGUID()] = true
			} else {
				failed = append(failed, d)
				tries[d.GetGUID()]++
			}
		}
		if old || answer.Cursor == "" {
			break
		}
		opts.Cursor = answer.Cursor
	}
	n := 0
	for _, d := range failed {
		if arrived[d.GetGUID()] {
			continue // it arrived when it was sent again
		}
		arrived[d.GetGUID()] = true
		var accepted *gh.AcceptedError
		if tries[d.GetGUID()] > maxTries {
			continue // it fails each time
		}
		if _, _, err := a.app.Apps.RedeliverHookDelivery(ctx, d.GetID()); err != nil && !errors.As(err, &accepted) {
			// The others may be had all the same.
			failures = append(failures, fmt.Errorf("github: delivery %d: %w", d.GetID(), cleaned(err)))
			continue
		}
		n++
	}
	return n, errors.Join(failures...)
}
