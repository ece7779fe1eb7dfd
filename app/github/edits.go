package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
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

// unclear reports whether REST does not tell that a comment is as it was written:
// GitHub touches comments itself, those of a review when it is submitted, and of a
// review's own words it says nothing. Its times are whole seconds: who edits somebody
// else's comment within the second in which it was written leaves no trace there.
func unclear(c *comment.Comment) bool {
	if c.Node == "" {
		return false
	}
	if c.Kind == comment.InConversation {
		d := c.Updated.Sub(c.Created)
		return d >= 0 && d <= touched
	}
	return true
}

// edits asks GraphQL when those comments were last edited of which REST cannot
// tell. Where it may not be asked, REST's word stands. An instance that has no GraphQL
// at all is believed for two seconds.
// Sources: https://docs.github.com/graphql/reference/objects#issuecomment,
// #pullrequestreviewcomment, #pullrequestreview
func (r *Repository) edits(ctx context.Context, list []comment.Comment, speaks func(body string) bool) error {
	var ids []string
	at := map[string]*comment.Comment{}
	for i := range list {
		if c := &list[i]; unclear(c) && speaks(c.Body) {
			ids, at[c.Node] = append(ids, c.Node), c
		}
	}
	for some := range slices.Chunk(ids, maxEdits) {
		const query = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on IssueComment { lastEditedAt } " +
			"... on PullRequestReviewComment { lastEditedAt } ... on PullRequestReview { lastEditedAt } } }"
		var answer struct {
			Nodes []struct {
				ID         string     `json:"id"`
				LastEdited *time.Time `json:"lastEditedAt"`
			} `json:"nodes"`
		}
		status, err := r.graphql(ctx, query, map[string]any{"ids": some}, &answer)
		if status == http.StatusNotFound {
			// A GitHub without GraphQL: a second or two is GitHub's own doing.
			for _, id := range some {
				c := at[id]
				c.EditKnown = c.Kind == comment.InConversation && c.Updated.Sub(c.Created) <= 2*time.Second
			}
		}
		if err != nil && answer.Nodes == nil {
			if err = r.explain("when comments were edited", err); status == http.StatusNotFound || Forbidden(err) {
				continue
			}
			return err
		}
		for _, n := range answer.Nodes {
			c, ok := at[n.ID]
			if !ok {
				continue
			}
			c.EditKnown = true
			if n.LastEdited != nil {
				c.LastEdited = *n.LastEdited
			}
		}
	}
	return nil
}

// graphql asks, and reads the answer's data into a value where there is one. What
// could be answered is read also where the rest could not.
// Source: https://docs.github.com/graphql/guides/forming-calls-with-graphql
func (r *Repository) graphql(ctx context.Context, query string, variables map[string]any, into any) (status int, err error) {
	address := "graphql"
	if strings.HasPrefix(r.client.BaseURL.Path, "/api/v3") {
		address = "/api/graphql"
	}
	request, err := r.client.NewRequest(http.MethodPost, address, map[string]any{"query": query, "variables": variables})
	if err != nil {
		return 0, err
	}
	answer := struct {
		Data   any `json:"data"`
		Errors []struct {
			Type    string `json:"type"`
			Message string `json:"message"`
		} `json:"errors"`
	}{Data: into}
	said, err := r.client.Do(ctx, request, &answer)
	if said != nil {
		status = said.StatusCode
	}
	if err != nil || len(answer.Errors) == 0 {
		return status, err
	}
	// GraphQL refuses with status 200.
	first := answer.Errors[0]
	err = fmt.Errorf("github: %s/%s: %w", r.Owner, r.Name, errors.New(first.Message))
	if first.Type == "FORBIDDEN" || first.Type == "NOT_FOUND" {
		return status, &forbidden{err}
	}
	return status, err
}
