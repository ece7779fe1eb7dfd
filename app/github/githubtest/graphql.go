package githubtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// graphql answers the one question that is asked of it: when comments were last
// edited, by their node ids.
func (g *GitHub) graphql(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Query     string
		Variables struct{ IDs []string }
	}
	if r.Method != http.MethodPost || r.Header.Get("Authorization") == "" || json.NewDecoder(r.Body).Decode(&in) != nil {
		http.Error(w, `{"message":"Bad credentials"}`, http.StatusUnauthorized)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	nodes := []any{}
	for _, id := range in.Variables.IDs {
		var node any
		for _, repo := range g.repositories {
			for _, c := range repo.comments {
				if fmt.Sprintf("IC_%d", c.ID) == id {
					var edited any
					if !c.Edited.IsZero() {
						edited = c.Edited.Format(time.RFC3339)
					}
					node = object{"id": id, "lastEditedAt": edited}
				}
			}
		}
		nodes = append(nodes, node)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(object{"data": object{"nodes": nodes}})
}
