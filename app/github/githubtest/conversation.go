package githubtest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

func listComments(c *call) answer {
	var list []any
	for _, id := range slices.Sorted(maps.Keys(c.repo.comments)) {
		if comment := c.repo.comments[id]; int64(comment.Pull) == c.number("issue_number") && time.Since(comment.written) >= c.g.lag {
			list = append(list, c.g.commentJSON(c.repo, comment))
		}
	}
	some, header := page(c, list)
	return answer{status: http.StatusOK, value: append([]any{}, some...), header: header}
}

// maxComment is the longest comment, in characters.
const maxComment = 65536

func (c *call) commentBody() (string, *answer) {
	var in struct {
		Body string `json:"body"`
	}
	if err := c.decode(&in); err != nil || in.Body == "" {
		a := refuse(http.StatusUnprocessableEntity, "Validation Failed")
		return "", &a
	}
	if len([]rune(in.Body)) > maxComment {
		a := refuse(http.StatusUnprocessableEntity, "body is too long (maximum is 65536 characters)")
		return "", &a
	}
	return in.Body, nil
}

func createComment(c *call) answer {
	text, failed := c.commentBody()
	if failed != nil {
		return *failed
	}
	p := c.repo.pulls[int(c.number("issue_number"))]
	if p == nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	if p.locked {
		return refuse(http.StatusForbidden, "Unable to create comment because issue is locked")
	}
	comment := c.repo.comment(p.Number, c.g.user(c.g.Slug+"[bot]", "Bot"), text)
	c.g.commentEvent(p, comment, "created", comment.User, nil)
	return answer{status: http.StatusCreated, value: c.g.commentJSON(c.repo, comment)}
}

func getComment(c *call) answer {
	comment := c.repo.comments[c.number("comment_id")]
	if comment == nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	return ok(c.g.commentJSON(c.repo, comment))
}

func updateComment(c *call) answer {
	text, failed := c.commentBody()
	if failed != nil {
		return *failed
	}
	comment := c.repo.comments[c.number("comment_id")]
	if comment == nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	comment.Body, comment.Updated = text, c.g.now()
	return ok(c.g.commentJSON(c.repo, comment))
}

func createReaction(c *call) answer { return c.react(c.repo.comments[c.number("comment_id")]) }

func (c *call) react(comment *Comment) answer {
	var in struct {
		Content string `json:"content"`
	}
	if comment == nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	if err := c.decode(&in); err != nil || !slices.Contains([]string{"+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"},
		in.Content) {
		return refuse(http.StatusUnprocessableEntity, "Validation Failed")
	}
	if p := c.repo.pulls[comment.Pull]; p != nil && p.locked {
		return refuse(http.StatusForbidden, "Unable to create reaction because issue is locked")
	}
	status := http.StatusOK
	if comment.Reactions[in.Content] == 0 {
		comment.Reactions[in.Content] = c.g.id()
		status = http.StatusCreated
	}
	bot := c.g.user(c.g.Slug+"[bot]", "Bot")
	return answer{status: status, value: object{"id": comment.Reactions[in.Content], "node_id": "x", "user": userJSON(bot),
		"content": in.Content, "created_at": c.g.now().Format(time.RFC3339)}}
}

// getPermission answers as GitHub does: permission knows four words only,
// role_name tells maintain and custom roles apart.
func getPermission(c *call) answer {
	login := strings.ToLower(c.r.PathValue("username"))
	u := c.g.users[login]
	if u == nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	role, base, _ := strings.Cut(c.repo.roles[login], "+")
	if u == c.repo.Owner {
		role = "admin"
	}
	if base == "" {
		base = role
	}
	if role == "" && !c.repo.Private {
		role, base = "read", "read"
	}
	permission := map[string]string{"": "none", "read": "read", "triage": "read", "write": "write", "maintain": "write",
		"admin": "admin"}[base]
	ranks := []string{"read", "triage", "write", "maintain", "admin"}
	has := object{}
	for i, name := range []string{"pull", "triage", "push", "maintain", "admin"} {
		has[name] = slices.Index(ranks, base) >= i
	}
	user := userJSON(u)
	user["permissions"] = has
	if role == "" {
		role = "none"
	}
	return ok(object{"permission": permission, "role_name": role, "user": user})
}
