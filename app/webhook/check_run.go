package webhook

// checkRun hears of other Apps' check runs too, which are not ours to answer.
func checkRun(h *Handler, p *payload) []Job {
	if p.CheckRun.App.ID != h.AppID {
		return nil
	}
	job := p.about(Suite, p.Repository)
	job.SHA = p.CheckRun.HeadSHA
	job.Again = true
	job.Sender = p.Sender.Login
	switch p.Action {
	case "rerequested":
	case "requested_action":
		job.Kind = Button
		job.Button, job.Run = p.RequestedAction.Identifier, p.CheckRun.ExternalID
	default:
		return nil
	}
	return []Job{job}
}
