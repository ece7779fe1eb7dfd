package webhook

func installationRepositories(_ *Handler, p *payload) []Job {
	if p.Action != "added" {
		return nil
	}
	return p.installed(p.RepositoriesAdded)
}
