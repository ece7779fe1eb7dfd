package webhook

// checkSuite names no pull request for forks: the job looks them up.
func checkSuite(h *Handler, p *payload) []Job {
	if p.CheckSuite.App.ID != h.AppID {
		return nil
	}
	job := p.about(Suite, p.Repository)
	job.SHA = p.CheckSuite.HeadSHA
	switch p.Action {
	case "requested":
	case "rerequested":
		job.Again = true
	default:
		return nil
	}
	return []Job{job}
}
