package githubtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// graphql answers what is asked of it: when comments were last edited, by their
// node ids, and a reaction on one of them.
func (g *GitHub) graphql(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Query     string
		Variables struct {
			IDs      []string
			On, What string
		}
	}
	if r.Method != http.MethodPost || r.Header.Get("Authorization") == "" || json.NewDecoder(r.Body).Decode(&in) != nil {
		http.Error(w, `{"message":"Bad credentials"}`, http.StatusUnauthorized)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if strings.HasPrefix(in.Query, "mutation") {
		_ = json.NewEncoder(w).Encode(g.addReaction(in.Variables.On, in.Variables.What))
		return
	}
	nodes := []any{}
	for _, id := range in.Variables.IDs {
		var node any
		if _, c := g.node(id); c != nil {
			var edited any
			if !c.Edited.IsZero() {
				edited = c.Edited.Format(time.RFC3339)
			}
			node = object{"id": id, "lastEditedAt": edited}
		}
		nodes = append(nodes, node)
	}
	_ = json.NewEncoder(w).Encode(object{"data": object{"nodes": nodes}})
}

// node is a comment's id for GraphQL.
func node(prefix string, r *Repository, c *Comment) string {
	return fmt.Sprintf("%s_%d_%d", prefix, r.ID, c.ID)
}

// node finds a comment by its node id.
func (g *GitHub) node(id string) (*Repository, *Comment) {
	for _, repo := range g.repositories {
		for prefix, list := range map[string]map[int64]*Comment{"IC": repo.comments, "PRRC": repo.onLines, "PRR": repo.reviews} {
			for _, c := range list {
				if node(prefix, repo, c) == id {
					return repo, c
				}
			}
		}
	}
	return nil, nil
}

// addReaction answers as GraphQL does: what is refused comes with status 200.
func (g *GitHub) addReaction(on, what string) object {
	refused := func(kind, message string) object {
		return object{"data": object{"addReaction": nil}, "errors": []any{object{"type": kind, "path": []any{"addReaction"}, "message": message}}}
	}
	content := map[string]string{"THUMBS_UP": "+1", "CONFUSED": "confused", "EYES": "eyes"}[what]
	repo, c := g.node(on)
	switch {
	case content == "":
		return object{"errors": []any{object{"message": "Variable $what of type ReactionContent! was provided invalid value"}}}
	case c == nil:
		return refused("NOT_FOUND", "Could not resolve to a node with the global id of '"+on+"'.")
	case repo.pulls[c.Pull].locked || repo.Installation == nil || repo.Installation.Permissions["pull_requests"] != "write":
		return refused("FORBIDDEN", "Resource not accessible by integration")
	}
	c.Reactions[content] = g.id()
	return object{"data": object{"addReaction": object{"clientMutationId": nil}}}
}
