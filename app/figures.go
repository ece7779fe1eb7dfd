package app

import (
	"encoding/json"

	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/app/comment"
	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/app/record"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/templates"
)

// maxRisks is how many findings of one head the overview names.
const maxRisks = 5

// figures are what the overview shows of a judgment.
func figures(r *review.Review, v *policy.Verdict) record.Verdict {
	out := record.Verdict{Conclusion: string(v.Conclusion), Packages: len(r.Packages), Unscanned: len(v.NotScanned),
		Critical: v.Counts[issue.Critical], High: v.Counts[issue.High], Medium: v.Counts[issue.Medium], Low: v.Counts[issue.Low]}
	for i := range v.Findings {
		f := &v.Findings[i]
		if !f.Blocks() && !f.Open() {
			continue
		}
		if len(out.Risks) == maxRisks {
			out.MoreRisks++
			continue
		}
		out.Risks = append(out.Risks, record.Risk{Severity: f.Issue.Severity.String(), Finding: f.Issue.ID,
			Title: templates.Issue(f.Issue.ID, f.Issue.Detail).Title, Subject: f.Subject})
	}
	out.Accepted = acceptedHere(v)
	return out
}

// acceptedHere are the acceptances that count in this thread, but for those of
// the whole repository, which are kept apart.
func acceptedHere(v *policy.Verdict) json.RawMessage {
	var list []comment.Acceptance
	seen := map[*comment.Acceptance]bool{}
	for _, f := range v.Accepted() {
		if !seen[f.Accepted] && !f.Accepted.Repository {
			seen[f.Accepted] = true
			list = append(list, *f.Accepted)
		}
	}
	if list == nil {
		return nil
	}
	data, err := json.Marshal(list)
	if err != nil {
		return nil // times and texts always can be
	}
	return data
}
