package githubtest

import (
	"fmt"
	"time"
)

// What the API says of things, without the links nobody follows; a Checker adds
// what GitHub's description wants besides.

func userJSON(u *User) object {
	return object{"id": u.ID, "login": u.Login, "type": u.Type, "node_id": fmt.Sprintf("U_%d", u.ID), "site_admin": false,
		"html_url": "https://github.com/" + u.Login}
}

func (g *GitHub) appJSON() object {
	return object{"id": g.AppID, "slug": g.Slug, "node_id": "A_1", "name": "lockwarden", "description": "",
		"external_url": "https://lockwarden.example", "html_url": "https://github.com/apps/" + g.Slug,
		"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "events": g.Events, "permissions": g.Permissions,
		"owner": userJSON(g.users[g.Slug+"[bot]"])}
}

func (g *GitHub) repositoryJSON(r *Repository) object {
	return object{"id": r.ID, "node_id": fmt.Sprintf("R_%d", r.ID), "name": r.Name, "full_name": r.Path(), "owner": userJSON(r.Owner),
		"private": r.Private, "fork": r.Parent != nil,
		"default_branch": r.DefaultBranch, "html_url": "https://github.com/" + r.Path(), "url": g.server.URL + "/repos/" + r.Path(),
		"archived": false, "disabled": false}
}

func (g *GitHub) refJSON(r *Repository, ref, sha string) object {
	return object{"label": r.Owner.Login + ":" + ref, "ref": ref, "sha": sha, "user": userJSON(r.Owner), "repo": g.repositoryJSON(r)}
}

func (g *GitHub) pullJSON(p *Pull) object {
	at := p.Created.Format(time.RFC3339)
	url := g.server.URL + "/repos/" + p.repo.Path() + "/pulls/" + fmt.Sprint(p.Number)
	return object{"id": p.ID, "node_id": fmt.Sprintf("PR_%d", p.ID), "number": p.Number, "state": p.State, "locked": false, "title": p.Title,
		"body": nil, "draft": p.Draft, "user": userJSON(p.Author),
		"created_at": at, "updated_at": at, "closed_at": nil, "merged_at": nil, "merge_commit_sha": nil, "assignee": nil, "milestone": nil,
		"auto_merge": nil,
		"url":        url, "html_url": fmt.Sprintf("https://github.com/%s/pull/%d", p.repo.Path(), p.Number),
		"head": g.refJSON(p.Head, p.HeadRef, p.sha()), "base": g.refJSON(p.repo, p.BaseRef, p.repo.branches[p.BaseRef])}
}

func (g *GitHub) commitJSON(r *Repository, sha string) object {
	parents := []any{}
	for _, p := range r.network.commits[sha].Parents {
		parents = append(parents, object{"sha": p, "url": g.server.URL + "/x", "html_url": "https://github.com/x"})
	}
	return object{"sha": sha, "node_id": "C_" + sha, "author": nil, "committer": nil, "parents": parents,
		"commit": object{"message": r.network.commits[sha].Message, "tree": object{"sha": r.network.commits[sha].Tree, "url": g.server.URL +
			"/x"}, "comment_count": 0, "author": nil, "committer": nil, "url": g.server.URL + "/x"}}
}

func (g *GitHub) commentJSON(r *Repository, c *Comment) object {
	return object{"id": c.ID, "node_id": node("IC", r, c), "body": c.Body, "user": userJSON(c.User),
		"created_at": c.Created.Format(time.RFC3339), "updated_at": c.Updated.Format(time.RFC3339),
		"author_association": r.association(c.User), "html_url": fmt.Sprintf("https://github.com/%s/pull/%d#issuecomment-%d", r.Path(), c.Pull,
			c.ID)}
}

func (g *GitHub) runJSON(r *Repository, run *CheckRun) object {
	at := func(t time.Time) any {
		if t.IsZero() {
			return nil
		}
		return t.Format(time.RFC3339)
	}
	url := fmt.Sprintf("%s/repos/%s/check-runs/%d", g.server.URL, r.Path(), run.ID)
	return object{"id": run.ID, "node_id": fmt.Sprintf("CR_%d", run.ID), "name": run.Name, "head_sha": run.SHA, "status": run.Status,
		"conclusion": nullable(run.Conclusion), "external_id": nullable(run.ExternalID),
		"details_url": nullable(run.DetailsURL), "html_url": fmt.Sprintf("https://github.com/%s/runs/%d", r.Path(), run.ID), "url": url,
		"started_at": at(run.Started), "completed_at": at(run.Completed),
		"check_suite": object{"id": 1}, "app": g.appJSON(), "pull_requests": []any{},
		"output": object{"title": nullable(run.Title), "summary": nullable(run.Summary), "text": nullable(run.Text),
			"annotations_count": len(run.Annotations), "annotations_url": url + "/annotations"}}
}
