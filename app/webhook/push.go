package webhook

import (
	"slices"
	"strings"
)

// policyFile is where a repository keeps its policy.
const policyFile = ".github/lockwarden.yml"

// push matters where it may have changed a branch's policy. A forced push, or
// one with more commits than GitHub lists, may.
func push(_ *Handler, p *payload) []Job {
	branch, ok := strings.CutPrefix(p.Ref, "refs/heads/")
	if !ok || p.Deleted {
		return nil
	}
	const listed = 20
	touched := p.Forced || len(p.Commits) >= listed
	for _, c := range p.Commits {
		for _, files := range [][]string{c.Added, c.Modified, c.Removed} {
			touched = touched || slices.Contains(files, policyFile)
		}
	}
	if !touched {
		return nil
	}
	job := p.about(Policy, p.Repository)
	job.Branch = branch
	return []Job{job}
}
