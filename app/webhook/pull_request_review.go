package webhook

// pullRequestReview is what stands above the comments of a review. A dismissal
// takes back the approval, not the words: they can still be read.
func pullRequestReview(h *Handler, p *payload) []Job {
	return h.said(p, p.PullRequest.Number, &p.Review, InReview)
}
