package webhook

func pullRequest(_ *Handler, p *payload) []Job {
	job := p.about(Head, p.Repository)
	job.Pull = p.PullRequest.Number
	job.SHA = p.PullRequest.Head.SHA
	job.BaseSHA = p.PullRequest.Base.SHA
	job.Branch = p.PullRequest.Base.Ref
	switch p.Action {
	case "opened", "synchronize":
	case "reopened", "ready_for_review":
		job.Again = true
	case "edited":
		// Only another base branch changes what a review says.
		if p.Changes.Base == nil {
			return nil
		}
		job.Again = true
	case "closed":
		job.Kind = Closed
	default:
		return nil
	}
	return []Job{job}
}
