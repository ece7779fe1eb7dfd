package webhook

// pullRequestReviewComment is a comment on a line of the diff.
func pullRequestReviewComment(h *Handler, p *payload) []Job {
	return h.said(p, p.PullRequest.Number, &p.Comment, OnLine)
}
