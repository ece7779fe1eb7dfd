package webhook

import "strings"

// mergeGroup must be answered on its own head, or the queue waits until it
// gives up.
func mergeGroup(_ *Handler, p *payload) []Job {
	job := p.about(Group, p.Repository)
	job.SHA = p.MergeGroup.HeadSHA
	job.BaseSHA = p.MergeGroup.BaseSHA
	job.Branch = strings.TrimPrefix(p.MergeGroup.BaseRef, "refs/heads/")
	switch p.Action {
	case "checks_requested":
	case "destroyed":
		job.Kind = Closed
	default:
		return nil
	}
	return []Job{job}
}
