package githubtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// What people do on GitHub's pages; each sends the events that GitHub sends.

// Open opens a pull request from a branch of head into a branch of r.
func (r *Repository) Open(author string, head *Repository, headRef, baseRef string) *Pull {
	g := r.github
	g.mu.Lock()
	defer g.mu.Unlock()
	r.numbers++
	p := &Pull{repo: r, ID: g.id(), Number: r.numbers, Title: "Change dependencies", Author: g.user(author, "User"), Head: head,
		HeadRef: headRef, BaseRef: baseRef, State: "open", Created: g.now()}
	p.pushed = time.Now()
	r.pulls[p.Number] = p
	g.pullEvent(p, "opened", p.Author, nil)
	g.suiteEvent(p, "requested")
	return p
}

// Retitle gives the pull request another title.
func (p *Pull) Retitle(title string) {
	p.repo.github.mu.Lock()
	defer p.repo.github.mu.Unlock()
	p.Title = title
}

// Repository is where the pull request is.
func (p *Pull) Repository() *Repository { return p.repo }

// SHA is the pull request's head.
func (p *Pull) SHA() string {
	p.repo.github.mu.Lock()
	defer p.repo.github.mu.Unlock()
	return p.sha()
}

func (p *Pull) sha() string { return p.Head.branches[p.HeadRef] }

// Push adds a commit to the pull request.
func (p *Pull) Push(files map[string]string) string {
	g := p.repo.github
	g.mu.Lock()
	defer g.mu.Unlock()
	before := p.sha()
	p.before, p.pushed = before, time.Now()
	sha := p.Head.push(p.HeadRef, files)
	g.pullEvent(p, "synchronize", p.Author, object{"before": before, "after": sha})
	g.suiteEvent(p, "requested")
	return sha
}

// ForcePush replaces the pull request's commits by one on the base branch.
func (p *Pull) ForcePush(files map[string]string) string {
	g := p.repo.github
	g.mu.Lock()
	defer g.mu.Unlock()
	before := p.sha()
	sha := p.Head.commit([]string{p.repo.branches[p.BaseRef]}, files, "forced")
	p.Head.branches[p.HeadRef] = sha
	g.pullEvent(p, "synchronize", p.Author, object{"before": before, "after": sha})
	return sha
}

// ChangeBase lets the pull request go into another branch.
func (p *Pull) ChangeBase(branch string) {
	g := p.repo.github
	g.mu.Lock()
	defer g.mu.Unlock()
	from := p.BaseRef
	p.BaseRef = branch
	g.pullEvent(p, "edited", p.Author,
		object{"changes": object{"base": object{"ref": object{"from": from}, "sha": object{"from": p.repo.branches[from]}}}})
}

// Close closes it, Reopen opens it again.
func (p *Pull) Close() { p.to("closed", "closed") }

// Reopen opens a closed pull request.
func (p *Pull) Reopen() { p.to("open", "reopened") }

func (p *Pull) to(state, action string) {
	g := p.repo.github
	g.mu.Lock()
	defer g.mu.Unlock()
	p.State = state
	g.pullEvent(p, action, p.Author, nil)
}

// Queue puts the pull request in the merge queue: a merge commit on the base
// branch, whose checks GitHub asks for. It returns the merge group's head.
func (p *Pull) Queue() string {
	g := p.repo.github
	g.mu.Lock()
	defer g.mu.Unlock()
	base := p.repo.branches[p.BaseRef]
	tree := maps.Clone(p.repo.files(base))
	for _, c := range p.repo.changes(p.repo.mergeBase(base, p.sha()), p.sha()) {
		switch c.status {
		case "removed":
			delete(tree, c.path)
		case "renamed":
			delete(tree, c.previous)
			tree[c.path] = c.blob
		default:
			tree[c.path] = c.blob
		}
	}
	sha := p.repo.commitTree([]string{base, p.sha()}, tree, "merge")
	branch := fmt.Sprintf("gh-readonly-queue/%s/pr-%d-%s", p.BaseRef, p.Number, base)
	p.repo.branches[branch] = sha
	g.deliver(p.repo, "merge_group", "checks_requested", object{"merge_group": object{"head_sha": sha, "head_ref": "refs/heads/" + branch,
		"base_sha": base, "base_ref": "refs/heads/" + p.BaseRef}}, p.Author)
	return sha
}

// Comment writes a comment and returns its id.
func (p *Pull) Comment(login, body string) int64 {
	g := p.repo.github
	g.mu.Lock()
	defer g.mu.Unlock()
	c := p.repo.comment(p.Number, g.user(login, "User"), body)
	g.commentEvent(p, c, "created", c.User, nil)
	return c.ID
}

func (r *Repository) comment(pull int, by *User, body string) *Comment {
	now := r.github.now()
	c := &Comment{ID: r.github.id(), Pull: pull, User: by, Body: body, Created: now, Updated: now, written: time.Now(),
		Reactions: map[string]int64{}}
	r.comments[c.ID] = c
	return c
}

// EditComment lets somebody edit a comment, who need not be its author.
func (p *Pull) EditComment(login string, id int64, body string) {
	g := p.repo.github
	g.mu.Lock()
	defer g.mu.Unlock()
	c := p.repo.comments[id]
	from := c.Body
	c.Body = body
	c.Updated, c.Edited = g.now(), g.now()
	if !c.Updated.After(c.Created) {
		c.Updated = c.Created.Add(time.Second)
	}
	g.commentEvent(p, c, "edited", g.user(login, "User"), object{"changes": object{"body": object{"from": from}}})
}

// DeleteComment deletes one.
func (p *Pull) DeleteComment(login string, id int64) {
	g := p.repo.github
	g.mu.Lock()
	defer g.mu.Unlock()
	c := p.repo.comments[id]
	delete(p.repo.comments, id)
	g.commentEvent(p, c, "deleted", g.user(login, "User"), nil)
}

// Comments are those of the pull request, the oldest first.
func (p *Pull) Comments() []Comment {
	g := p.repo.github
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []Comment
	for _, id := range slices.Sorted(maps.Keys(p.repo.comments)) {
		if c := p.repo.comments[id]; c.Pull == p.Number {
			copied := *c
			copied.Reactions = maps.Clone(c.Reactions)
			out = append(out, copied)
		}
	}
	return out
}

// Press presses a button of a check run.
func (r *Repository) Press(login string, run int64, identifier string) {
	g := r.github
	g.mu.Lock()
	defer g.mu.Unlock()
	g.deliver(r, "check_run", "requested_action", object{"check_run": g.runJSON(r, r.runs[run]),
		"requested_action": object{"identifier": identifier}}, g.user(login, "User"))
}

// Rerun asks for a check run again.
func (r *Repository) Rerun(login string, run int64) {
	g := r.github
	g.mu.Lock()
	defer g.mu.Unlock()
	g.deliver(r, "check_run", "rerequested", object{"check_run": g.runJSON(r, r.runs[run])}, g.user(login, "User"))
}

// CheckRuns are those of a commit, the oldest first.
func (r *Repository) CheckRuns(sha string) []CheckRun {
	g := r.github
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []CheckRun
	for _, id := range slices.Sorted(maps.Keys(r.runs)) {
		if c := r.runs[id]; c.SHA == sha {
			copied := *c
			copied.Annotations = slices.Clone(c.Annotations)
			out = append(out, copied)
		}
	}
	return out
}

// Latest is the newest check run of a commit, which is the one that counts; ok
// is false where there is none.
func (r *Repository) Latest(sha string) (run CheckRun, ok bool) {
	runs := r.CheckRuns(sha)
	if len(runs) == 0 {
		return run, false
	}
	return runs[len(runs)-1], true
}

// Repositories are all repositories that are no forks, by path.
func (g *GitHub) Repositories() []*Repository {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []*Repository
	for _, path := range slices.Sorted(maps.Keys(g.repositories)) {
		if r := g.repositories[path]; r.Parent == nil {
			out = append(out, r)
		}
	}
	return out
}

// Role is what a person may do in the repository, in a word.
func (r *Repository) Role(login string) string {
	r.github.mu.Lock()
	defer r.github.mu.Unlock()
	if role := r.roles[strings.ToLower(login)]; role != "" {
		return role
	}
	return "nothing but read"
}

// Pulls are a repository's pull requests by number.
func (r *Repository) Pulls() []*Pull {
	r.github.mu.Lock()
	defer r.github.mu.Unlock()
	var out []*Pull
	for _, n := range slices.Sorted(maps.Keys(r.pulls)) {
		out = append(out, r.pulls[n])
	}
	return out
}

// Rename gives the repository another name. GitHub sends requests for the old
// one on, by number, until somebody else takes it.
func (r *Repository) Rename(name string) {
	g := r.github
	g.mu.Lock()
	defer g.mu.Unlock()
	old := strings.ToLower(r.Path())
	delete(g.repositories, old)
	r.Name = name
	g.repositories[strings.ToLower(r.Path())] = r
	g.moved[old] = r
}

// Delete takes the repository away.
func (r *Repository) Delete() {
	g := r.github
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.repositories, strings.ToLower(r.Path()))
}

// Suspend keeps the App out of an account, or lets it in again.
func (r *Repository) Suspend(suspended bool) {
	g := r.github
	g.mu.Lock()
	defer g.mu.Unlock()
	r.Installation.Suspended = suspended
	action := "unsuspend"
	if suspended {
		action = "suspend"
	}
	// GitHub lists the repositories with "created" and "deleted" alone.
	g.deliver(r, "installation", action, object{}, r.Owner)
}

// Lag lets answers about pull requests and comments be that much behind what
// deliveries say.
func (g *GitHub) Lag(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lag = d
}

// Lock keeps everybody but the repository's people from commenting and reacting.
func (p *Pull) Lock() {
	p.repo.github.mu.Lock()
	defer p.repo.github.mu.Unlock()
	p.locked = true
}

// RenameBranch gives a branch another name; pull requests into it follow.
func (r *Repository) RenameBranch(from, to string) {
	r.github.mu.Lock()
	defer r.github.mu.Unlock()
	r.branches[to] = r.branches[from]
	delete(r.branches, from)
	if r.DefaultBranch == from {
		r.DefaultBranch = to
	}
	for _, p := range r.pulls {
		if p.BaseRef == from {
			p.BaseRef = to
		}
	}
}

// Touch changes a comment's updated_at, as GitHub does without an edit.
func (p *Pull) Touch(id int64) {
	g := p.repo.github
	g.mu.Lock()
	defer g.mu.Unlock()
	c := p.repo.comments[id]
	c.Updated = c.Created.Add(time.Second)
}

// Uninstall takes the App away from the account; Reinstall brings it back, as
// another installation.
func (r *Repository) Uninstall() {
	g := r.github
	g.mu.Lock()
	defer g.mu.Unlock()
	g.deliver(r, "installation", "deleted", object{"repositories": r.listed()}, r.Owner)
	delete(g.installations, r.Installation.ID)
	r.Installation = nil
}

// Reinstall is a person's click on "Install" after Uninstall.
func (r *Repository) Reinstall() {
	g := r.github
	g.mu.Lock()
	defer g.mu.Unlock()
	r.Installation = g.install(r.Owner)
	g.deliver(r, "installation", "created", object{"repositories": r.listed()}, r.Owner)
}

func (r *Repository) listed() []any {
	return []any{object{"id": r.ID, "name": r.Name, "full_name": r.Path(), "node_id": "x", "private": r.Private}}
}

// Install sends the event of a new installation.
func (r *Repository) Install() {
	g := r.github
	g.mu.Lock()
	defer g.mu.Unlock()
	g.deliver(r, "installation", "created", object{"repositories": r.listed()}, r.Owner)
}

func (g *GitHub) pullEvent(p *Pull, action string, sender *User, extra object) {
	body := object{"number": p.Number, "pull_request": g.pullJSON(p)}
	maps.Copy(body, extra)
	g.deliver(p.repo, "pull_request", action, body, sender)
}

// suiteEvent names no pull request for forks.
func (g *GitHub) suiteEvent(p *Pull, action string) {
	pulls := []any{}
	if p.Head == p.repo {
		pulls = append(pulls, object{"number": p.Number})
	}
	g.deliver(p.repo, "check_suite", action, object{"check_suite": object{"id": g.id(), "head_sha": p.sha(), "head_branch": p.HeadRef,
		"pull_requests": pulls, "app": g.appJSON()}}, p.Author)
}

func (g *GitHub) commentEvent(p *Pull, c *Comment, action string, sender *User, extra object) {
	body := object{"issue": object{"id": p.ID, "number": p.Number, "pull_request": object{"url": g.server.URL + "/repos/" + p.repo.Path() +
		"/pulls/1"}, "user": userJSON(p.Author)}, "comment": g.commentJSON(p.repo, c)}
	maps.Copy(body, extra)
	g.deliver(p.repo, "issue_comment", action, body, sender)
}

// association is what GitHub writes into a comment, for whoever believes it: it
// is computed without a viewer, so that private members are contributors.
func (r *Repository) association(u *User) string {
	switch {
	case u == r.Owner:
		return "OWNER"
	case r.roles[strings.ToLower(u.Login)] != "":
		return "CONTRIBUTOR"
	}
	return "NONE"
}
