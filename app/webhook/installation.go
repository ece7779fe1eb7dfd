package webhook

// installation reviews what is open already where the App is installed.
func installation(_ *Handler, p *payload) []Job {
	if p.Action != "created" && p.Action != "unsuspend" {
		return nil
	}
	// Which repositories there are is asked: "unsuspend" lists none.
	return []Job{{Kind: Installation, Installation: p.Installation.ID, Owner: p.Installation.Account.Login}}
}
