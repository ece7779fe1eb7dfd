package issue

// networkIPQueryService: the code holds the address of a service that returns
// the caller's public IP address.
func networkIPQueryService(in *Input) []Issue {
	b := in.Behavior("network/ip-echo-service")
	if b == nil {
		return nil
	}
	evidence := b.Evidence
	if len(evidence) > 20 {
		evidence = evidence[:20]
	}
	return one(Medium, evidence...)
}
