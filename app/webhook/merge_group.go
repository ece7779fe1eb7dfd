package webhook

import (
	"strconv"
	"strings"
)

// mergeGroup must be answered on its own head, or the queue waits until it
// gives up.
func mergeGroup(_ *Handler, p *payload) []Job {
	job := p.about(Group, p.Repository)
	job.SHA = p.MergeGroup.HeadSHA
	job.Follows = follows(p.MergeGroup.HeadRef)
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

// follows reads the pull request's number from the name that GitHub gives a
// merge group's branch: gh-readonly-queue/main/pr-104-SHA.
func follows(ref string) int {
	_, last, ok := strings.Cut(ref[strings.LastIndexByte(ref, '/')+1:], "pr-")
	number, _, _ := strings.Cut(last, "-")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 0 {
		return 0
	}
	return n
}
