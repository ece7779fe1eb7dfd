package webhook

import "strings"

// issueComment lets through what may hold a command; the comments themselves
// are read again from GitHub.
func issueComment(h *Handler, p *payload) []Job {
	if p.Issue.PullRequest == nil {
		return nil
	}
	return h.said(p, p.Issue.Number, &p.Comment, "")
}

// said is the job for what somebody wrote, edited or deleted.
func (h *Handler) said(p *payload, pull int, w *words, in string) []Job {
	if w.User.Type == "Bot" || !h.mayCommand(w.Body) && !h.mayCommand(p.Changes.Body.From) {
		return nil
	}
	switch p.Action {
	case "created", "submitted", "edited", "deleted":
	default:
		return nil
	}
	job := p.about(Comment, p.Repository)
	job.Pull = pull
	job.Comment, job.In = w.ID, in
	job.Edited, job.Deleted = p.Action == "edited" || p.Action == "deleted", p.Action == "deleted"
	if !job.Edited && len(w.Body) <= shortBody {
		job.Body = w.Body
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
