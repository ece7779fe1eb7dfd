package webhook

// installation reviews what is open already where the App is installed.
func installation(_ *Handler, p *payload) []Job {
	if p.Action != "created" && p.Action != "unsuspend" {
		return nil
	}
	return p.installed(p.Repositories)
}

// maxInstalled bounds the repositories of one installation whose open pull
// requests are reviewed at once; the others begin with their next event.
const maxInstalled = 100

func (p *payload) installed(repos []repository) []Job {
	var jobs []Job
	for _, repo := range repos {
		if len(jobs) == maxInstalled {
			break
		}
		jobs = append(jobs, p.about(Installed, repo))
	}
	return jobs
}
