package githubtest

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

// runInput is what may be written of a check run.
type runInput struct {
	Name        string  `json:"name"`
	HeadSHA     string  `json:"head_sha"`
	DetailsURL  *string `json:"details_url"`
	ExternalID  *string `json:"external_id"`
	Status      *string `json:"status"`
	Conclusion  *string `json:"conclusion"`
	StartedAt   *string `json:"started_at"`
	CompletedAt *string `json:"completed_at"`
	Output      *struct {
		Title       *string      `json:"title"`
		Summary     *string      `json:"summary"`
		Text        *string      `json:"text"`
		Annotations []Annotation `json:"annotations"`
	} `json:"output"`
	Actions []Action `json:"actions"`
}

// Limits of check runs.
// Source: https://docs.github.com/rest/checks/runs
const (
	maxOutput      = 65535
	maxAnnotations = 50
	maxActions     = 3
)

// problem is what GitHub would answer 422 for.
func (in *runInput) problem() string {
	if o := in.Output; o != nil {
		switch {
		case o.Title == nil || *o.Title == "" || o.Summary == nil:
			return "title and summary are wanted with every output"
		case len([]rune(*o.Summary)) > maxOutput || o.Text != nil && len([]rune(*o.Text)) > maxOutput:
			return "Only 65535 characters are allowed"
		case len(o.Annotations) > maxAnnotations:
			return "No more than 50 annotations"
		}
		for _, a := range o.Annotations {
			switch {
			case a.Path == "" || a.StartLine < 1 || a.EndLine < a.StartLine:
				return "an annotation is nowhere"
			case len([]rune(a.Title)) > 255:
				return "an annotation's title is too long"
			case a.Message == "" || len(a.Message) > 64<<10:
				return "an annotation's message is empty or too long"
			case !slices.Contains([]string{"notice", "warning", "failure"}, a.Level):
				return "an annotation's level is " + a.Level
			}
		}
	}
	if len(in.Actions) > maxActions {
		return "No more than 3 actions"
	}
	for _, a := range in.Actions {
		if len([]rune(a.Label)) > 20 || len([]rune(a.Description)) > 40 || len([]rune(a.Identifier)) > 20 {
			return "an action's words are too long"
		}
	}
	if in.Status != nil && *in.Status == "completed" && in.Conclusion == nil {
		return "completed needs a conclusion"
	}
	if in.Conclusion != nil && !slices.Contains([]string{"action_required", "cancelled", "failure", "neutral", "success", "skipped",
		"timed_out"}, *in.Conclusion) {
		return "the conclusion is " + *in.Conclusion
	}
	return ""
}

func (c *call) run(run *CheckRun, in *runInput) {
	set := func(to *string, from *string) {
		if from != nil {
			*to = *from
		}
	}
	set(&run.ExternalID, in.ExternalID)
	set(&run.DetailsURL, in.DetailsURL)
	set(&run.Status, in.Status)
	set(&run.Conclusion, in.Conclusion)
	if in.Conclusion != nil {
		run.Status, run.Completed = "completed", c.g.now()
		run.Settled = time.Now()
	}
	if o := in.Output; o != nil {
		set(&run.Title, o.Title)
		set(&run.Summary, o.Summary)
		set(&run.Text, o.Text)
		run.Annotations = append(run.Annotations, o.Annotations...) // nothing can be removed
	}
	if in.Actions != nil {
		run.Actions = in.Actions
	}
}

func createRun(c *call) answer {
	var in runInput
	if err := c.decode(&in); err != nil {
		return refuse(http.StatusUnprocessableEntity, "Invalid request: "+err.Error())
	}
	if problem := in.problem(); problem != "" || in.Name == "" {
		c.g.problems = append(c.g.problems, "check run: "+problem)
		return refuse(http.StatusUnprocessableEntity, "Validation Failed: "+problem)
	}
	if c.repo.network.commits[in.HeadSHA] == nil {
		return refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+in.HeadSHA)
	}
	run := &CheckRun{ID: c.g.id(), Name: in.Name, SHA: in.HeadSHA, Status: "queued", Started: c.g.now()}
	c.run(run, &in)
	c.repo.runs[run.ID] = run
	return answer{status: http.StatusCreated, value: c.g.runJSON(c.repo, run)}
}

func updateRun(c *call) answer {
	run := c.repo.runs[c.number("check_run_id")]
	if run == nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	var in runInput
	if err := c.decode(&in); err != nil {
		return refuse(http.StatusUnprocessableEntity, "Invalid request: "+err.Error())
	}
	if problem := in.problem(); problem != "" {
		c.g.problems = append(c.g.problems, "check run: "+problem)
		return refuse(http.StatusUnprocessableEntity, "Validation Failed: "+problem)
	}
	c.run(run, &in)
	return ok(c.g.runJSON(c.repo, run))
}

func getRun(c *call) answer {
	run := c.repo.runs[c.number("check_run_id")]
	if run == nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	return ok(c.g.runJSON(c.repo, run))
}

func listRuns(c *call) answer {
	sha := c.repo.resolve(c.r.PathValue("ref"))
	name := c.r.URL.Query().Get("check_name")
	var list []any
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(c.repo.runs))) {
		if run := c.repo.runs[id]; run.SHA == sha && (name == "" || run.Name == name) {
			list = append(list, c.g.runJSON(c.repo, run))
			if c.r.URL.Query().Get("filter") != "all" {
				break // the latest of each name
			}
		}
	}
	some, header := page(c, list)
	return answer{status: http.StatusOK, value: object{"total_count": len(list), "check_runs": append([]any{}, some...)}, header: header}
}
