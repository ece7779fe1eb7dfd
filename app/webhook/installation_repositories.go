package webhook

func installationRepositories(_ *Handler, p *payload) []Job {
	if p.Action != "added" {
		return nil
	}
	jobs := make([]Job, 0, len(p.RepositoriesAdded))
	for _, repo := range p.RepositoriesAdded {
		jobs = append(jobs, p.about(Installed, repo))
	}
	return jobs
}
