package webhook

import "strings"

// issueComment lets through what may hold a command; the comments themselves
// are read anew from GitHub.
func issueComment(h *Handler, p *payload) []Job {
	if p.Issue.PullRequest == nil || p.Comment.User.Type == "Bot" {
		return nil
	}
	if !h.mayCommand(p.Comment.Body) && !h.mayCommand(p.Changes.Body.From) {
		return nil
	}
	switch p.Action {
	case "created", "edited", "deleted":
	default:
		return nil
	}
	job := p.about(Comment, p.Repository)
	job.Pull = p.Issue.Number
	job.Comment = p.Comment.ID
	job.Edited, job.Deleted = p.Action != "created", p.Action == "deleted"
	if !job.Edited && len(p.Comment.Body) <= shortBody {
		job.Body = p.Comment.Body
	}
	job.Sender = p.Sender.Login
	return []Job{job}
}

// shortBody is the longest comment that a job carries, in bytes.
const shortBody = 1000

func (h *Handler) mayCommand(body string) bool {
	body = strings.ToLower(body)
	// Without a slug, which GitHub did not tell yet, any mention may be the App's.
	return strings.Contains(body, "/lockwarden") || strings.Contains(body, "@"+strings.ToLower(h.Slug))
}
