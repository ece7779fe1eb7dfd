package githubtest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// Comments on lines of the diff, and reviews. Their numbers are sequences of their
// own, so that a comment, one on a line and a review can have the same number.

// Review submits a review: its own words, which may be empty, and comments on lines,
// which were written before, when the review was begun.
// Source: https://docs.github.com/rest/pulls/reviews
func (p *Pull) Review(login string, begun time.Time, body string, lines ...string) (review int64, onLines []int64) {
	g := p.repo.github
	g.mu.Lock()
	defer g.mu.Unlock()
	by, now := g.user(login, "User"), g.now()
	p.repo.reviewed++
	r := &Comment{ID: 1000 + p.repo.reviewed, Pull: p.Number, User: by, Body: body, Created: now, written: time.Now(),
		Reactions: map[string]int64{}}
	p.repo.reviews[r.ID] = r
	for _, text := range lines {
		p.repo.lined++
		// Submitting touches what was written before.
		c := &Comment{ID: 1000 + p.repo.lined, Pull: p.Number, Review: r.ID, User: by, Body: text, Created: begun.UTC().Truncate(time.Second),
			Updated: now, written: time.Now(), Reactions: map[string]int64{}}
		p.repo.onLines[c.ID] = c
		onLines = append(onLines, c.ID)
		g.lineEvent(p, c, "created", by, nil)
	}
	g.reviewEvent(p, r, "submitted", by, nil)
	return r.ID, onLines
}

// CommentOnLine writes one comment on a line, for which GitHub makes a review
// without words.
func (p *Pull) CommentOnLine(login, body string) int64 {
	_, onLines := p.Review(login, p.repo.github.Now(), "", body)
	return onLines[0]
}

// EditReview and EditOnLine let somebody edit what stands there.
func (p *Pull) EditReview(login string, id int64, body string) {
	g := p.repo.github
	g.mu.Lock()
	defer g.mu.Unlock()
	c := p.repo.reviews[id]
	g.reviewEvent(p, c, "edited", g.user(login, "User"), c.edit(g, body))
}

// EditOnLine is EditReview for a comment on a line.
func (p *Pull) EditOnLine(login string, id int64, body string) {
	g := p.repo.github
	g.mu.Lock()
	defer g.mu.Unlock()
	c := p.repo.onLines[id]
	g.lineEvent(p, c, "edited", g.user(login, "User"), c.edit(g, body))
}

func (c *Comment) edit(g *GitHub, body string) object {
	from := c.Body
	c.Body, c.Updated, c.Edited = body, g.now(), g.now()
	return object{"changes": object{"body": object{"from": from}}}
}

// DeleteOnLine deletes a comment on a line. A submitted review stays.
func (p *Pull) DeleteOnLine(login string, id int64) {
	g := p.repo.github
	g.mu.Lock()
	defer g.mu.Unlock()
	c := p.repo.onLines[id]
	delete(p.repo.onLines, id)
	g.lineEvent(p, c, "deleted", g.user(login, "User"), nil)
}

// DismissReview takes a review's approval back; its words stay.
func (p *Pull) DismissReview(login string, id int64) {
	g := p.repo.github
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reviewEvent(p, p.repo.reviews[id], "dismissed", g.user(login, "User"), nil)
}

// OnLine and ReviewBy are a comment on a line and a review as they are now.
func (p *Pull) OnLine(id int64) Comment { return p.copied(p.repo.onLines, id) }

// ReviewBy is a review as it is now, by its number.
func (p *Pull) ReviewBy(id int64) Comment { return p.copied(p.repo.reviews, id) }

func (p *Pull) copied(from map[int64]*Comment, id int64) Comment {
	g := p.repo.github
	g.mu.Lock()
	defer g.mu.Unlock()
	c := *from[id]
	c.Reactions = maps.Clone(c.Reactions)
	return c
}

func (g *GitHub) lineEvent(p *Pull, c *Comment, action string, sender *User, extra object) {
	body := object{"pull_request": g.pullJSON(p), "comment": g.lineJSON(p.repo, c)}
	maps.Copy(body, extra)
	g.deliver(p.repo, "pull_request_review_comment", action, body, sender)
}

func (g *GitHub) reviewEvent(p *Pull, c *Comment, action string, sender *User, extra object) {
	body := object{"pull_request": g.pullJSON(p), "review": g.reviewJSON(p.repo, c)}
	maps.Copy(body, extra)
	g.deliver(p.repo, "pull_request_review", action, body, sender)
}

func (g *GitHub) lineJSON(r *Repository, c *Comment) object {
	at := fmt.Sprintf("%s/repos/%s/pulls/comments/%d", g.server.URL, r.Path(), c.ID)
	pull := fmt.Sprintf("%s/repos/%s/pulls/%d", g.server.URL, r.Path(), c.Pull)
	page := fmt.Sprintf("https://github.com/%s/pull/%d#discussion_r%d", r.Path(), c.Pull, c.ID)
	sha := r.pulls[c.Pull].sha()
	return object{"id": c.ID, "node_id": node("PRRC", r, c), "pull_request_review_id": c.Review, "body": c.Body, "user": userJSON(c.User),
		"path": "package-lock.json", "diff_hunk": "@@ -1 +1 @@",
		"commit_id": sha, "original_commit_id": sha, "created_at": c.Created.Format(time.RFC3339), "updated_at": c.Updated.Format(time.RFC3339),
		"author_association": r.association(c.User),
		"url":                at, "html_url": page, "pull_request_url": pull, "_links": object{"self": object{"href": at},
			"html":         object{"href": page},
			"pull_request": object{"href": pull}}}
}

// reviewJSON has no time but that of the submission.
func (g *GitHub) reviewJSON(r *Repository, c *Comment) object {
	pull := fmt.Sprintf("%s/repos/%s/pulls/%d", g.server.URL, r.Path(), c.Pull)
	page := fmt.Sprintf("https://github.com/%s/pull/%d#pullrequestreview-%d", r.Path(), c.Pull, c.ID)
	return object{"id": c.ID, "node_id": node("PRR", r, c), "user": userJSON(c.User), "body": c.Body, "state": "COMMENTED",
		"commit_id":    r.pulls[c.Pull].sha(),
		"submitted_at": c.Created.Format(time.RFC3339), "author_association": r.association(c.User), "html_url": page, "pull_request_url": pull,
		"_links": object{"html": object{"href": page}, "pull_request": object{"href": pull}}}
}

func listOnLines(c *call) answer { return c.listed(c.repo.onLines, c.g.lineJSON) }

func listReviews(c *call) answer { return c.listed(c.repo.reviews, c.g.reviewJSON) }

func (c *call) listed(from map[int64]*Comment, show func(*Repository, *Comment) object) answer {
	var list []any
	for _, id := range slices.Sorted(maps.Keys(from)) {
		if one := from[id]; int64(one.Pull) == c.number("pull_number") && time.Since(one.written) >= c.g.lag {
			list = append(list, show(c.repo, one))
		}
	}
	some, header := page(c, list)
	return answer{status: http.StatusOK, value: append([]any{}, some...), header: header}
}

func createLineReaction(c *call) answer { return c.react(c.repo.onLines[c.number("comment_id")]) }
