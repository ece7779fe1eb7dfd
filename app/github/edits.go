package github

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/lockwarden/lockwarden/app/comment"
)

// touched is how long after a comment was written GitHub may change its
// updated_at although nobody edited it.
// Source: https://github.com/palantir/policy-bot/issues/459
const touched = 5 * time.Second

// maxEdits is how many comments are asked about in one request.
const maxEdits = 100

// edits asks GraphQL when those comments were last edited of which REST cannot
// tell. Where it does not answer, REST's word stands: the comment counts as
// edited. An instance that has no GraphQL at all is believed for two seconds.
// Source: https://docs.github.com/graphql/reference/objects#issuecomment
func (r *Repository) edits(ctx context.Context, list []comment.Comment, nodes map[int64]string) {
	var ids []string
	at := map[string]int{}
	for i := range list {
		c := &list[i]
		if d := c.Updated.Sub(c.Created); d <= 0 || d > touched || nodes[c.ID] == "" || len(ids) == maxEdits {
			continue
		}
		ids, at[nodes[c.ID]] = append(ids, nodes[c.ID]), i
	}
	if len(ids) == 0 {
		return
	}
	address := "graphql"
	if strings.HasPrefix(r.client.BaseURL.Path, "/api/v3") {
		address = "/api/graphql"
	}
	const query = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on IssueComment { lastEditedAt } } }"
	request, err := r.client.NewRequest(http.MethodPost, address, map[string]any{"query": query, "variables": map[string]any{"ids": ids}})
	if err != nil {
		return
	}
	var answer struct {
		Data struct {
			Nodes []struct {
				ID         string     `json:"id"`
				LastEdited *time.Time `json:"lastEditedAt"`
			} `json:"nodes"`
		} `json:"data"`
	}
	if said, err := r.client.Do(ctx, request, &answer); err != nil {
		if said != nil && said.StatusCode == http.StatusNotFound {
			// A GitHub without GraphQL: a second or two is GitHub's own doing.
			for _, i := range at {
				list[i].EditKnown = list[i].Updated.Sub(list[i].Created) <= 2*time.Second
			}
		}
		return
	}
	for _, n := range answer.Data.Nodes {
		i, ok := at[n.ID]
		if !ok {
			continue
		}
		list[i].EditKnown = true
		if n.LastEdited != nil {
			list[i].LastEdited = *n.LastEdited
		}
	}
}
