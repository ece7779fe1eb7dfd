package github

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	gh "github.com/google/go-github/v60/github"

	"github.com/lockwarden/lockwarden/app/render"
)

// CheckName is the name of every check run, which branch protection requires.
const CheckName = "lockwarden"

// Check is the check run of one head. ExternalID is what GitHub keeps of it for
// us: whoever finds a run knows which review it belongs to.
type Check struct {
	r   *Repository
	SHA string
	// Key names the review: repository, thread and generation.
	Key string
	// Details is a page of ours, or empty.
	Details string
	// id is the run that is open, 0 where none is.
	id     int64
	posted int
}

// Check returns the check run of a head.
func (r *Repository) Check(sha, key, details string) *Check {
	return &Check{r: r, SHA: sha, Key: key, Details: details}
}

// open is the part of an external id that says that the run has no result yet.
const open = "open"

// newest finds the newest run of ours on the head, nil where there is none.
func (c *Check) newest(ctx context.Context) (*gh.CheckRun, error) {
	runs, _, err := c.runs(ctx)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	return slices.MaxFunc(runs, func(a, b *gh.CheckRun) int { return cmp.Compare(a.GetID(), b.GetID()) }), nil
}

// runs lists the runs of ours on the head, with the time of the answer.
func (c *Check) runs(ctx context.Context) (list []*gh.CheckRun, dated time.Time, err error) {
	name, all := CheckName, "all"
	opts := &gh.ListCheckRunsOptions{CheckName: &name, Filter: &all, AppID: &c.r.app.o.AppID, ListOptions: gh.ListOptions{PerPage: 100}}
	var runs []*gh.CheckRun
	for {
		list, answer, err := c.r.client.Checks.ListCheckRunsForRef(ctx, c.r.Owner, c.r.Name, c.SHA, opts)
		if err != nil {
			return nil, dated, c.r.explain("check runs", err)
		}
		for _, run := range list.CheckRuns {
			if run.GetApp().GetID() == c.r.app.o.AppID && run.GetName() == CheckName {
				runs = append(runs, run)
			}
		}
		if answer.NextPage == 0 {
			return runs, date(answer), nil
		}
		opts.Page = answer.NextPage
	}
}

// Ahead asks which runs there are, for Begin or Finish in the same Once.
func (c *Check) Ahead(ctx context.Context) { _, _, _ = c.runs(ctx) }

// alone keeps the other reviews of the commit from writing. What was asked ahead
// counts only where none of them wrote meanwhile.
func (c *Check) alone(ctx context.Context) (context.Context, func(), error) {
	others, release, err := c.r.app.commits.take(ctx, c.r.key("head", c.SHA), c.Key)
	if others {
		ctx = Once(ctx)
	}
	return ctx, release, err
}

// Begin shows that the head is seen: a run is queued, unless this review has an
// open one.
func (c *Check) Begin(ctx context.Context, title, summary string) error {
	ctx, release, err := c.alone(ctx)
	if err != nil {
		return err
	}
	defer release()
	run, err := c.newest(ctx)
	if err != nil {
		return err
	}
	if run != nil && run.GetStatus() != "completed" {
		if run.GetExternalID() == c.Key+" "+open {
			c.id = run.GetID()
			return nil
		}
		// An older review of the same head did not end: this one takes its run.
		_, err := c.update(ctx, run.GetID(), gh.UpdateCheckRunOptions{ExternalID: ptr(c.Key + " " + open), Status: ptr("queued"),
			Output: output(title, summary)})
		c.id = run.GetID()
		return err
	}
	if run != nil && strings.HasPrefix(run.GetExternalID(), c.Key+" ") {
		// This review has its result: whoever begins it again died before it
		// could note so.
		return nil
	}
	return c.create(ctx, open, "queued", title, summary)
}

func (c *Check) create(ctx context.Context, digest, status, title, summary string) error {
	o := gh.CreateCheckRunOptions{Name: CheckName, HeadSHA: c.SHA, ExternalID: ptr(c.Key + " " + digest), Status: &status,
		Output: output(title, summary)}
	if c.Details != "" {
		o.DetailsURL = &c.Details
	}
	run, _, err := c.r.client.Checks.CreateCheckRun(ctx, c.r.Owner, c.r.Name, o)
	if err != nil {
		return c.r.explain("check run", err)
	}
	c.id, c.posted = run.GetID(), 0
	return nil
}

// update changes a run, and returns the time of the answer.
func (c *Check) update(ctx context.Context, id int64, o gh.UpdateCheckRunOptions) (dated time.Time, err error) {
	o.Name = CheckName
	_, answer, err := c.r.client.Checks.UpdateCheckRun(ctx, c.r.Owner, c.r.Name, id, o)
	if err != nil {
		return dated, c.r.explain("check run", err)
	}
	return date(answer), nil
}

// date is when GitHub gave an answer, by its own clock. What people write has times
// of the same clock; this machine's is another one. An answer without a date,
// which no GitHub gives, is from now.
// Source: https://www.rfc-editor.org/rfc/rfc9110#field.date
func date(answer *gh.Response) time.Time {
	if at, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		return at
	}
	return time.Now()
}

func output(title, summary string) *gh.CheckRunOutput {
	return &gh.CheckRunOutput{Title: &title, Summary: &summary}
}

// Progress shows how far the review is, in the run that Begin made. It makes
// none itself.
func (c *Check) Progress(ctx context.Context, title, summary string) error {
	if c.id == 0 {
		run, err := c.newest(ctx)
		if err != nil || run == nil || run.GetExternalID() != c.Key+" "+open {
			return err
		}
		c.id = run.GetID()
	}
	_, err := c.update(ctx, c.id, gh.UpdateCheckRunOptions{Status: ptr("in_progress"), Output: output(title, summary)})
	return err
}

// batch is how many annotations GitHub takes in a request.
const batch = 50

// Finish completes the check run. It can be called again after any failure:
// what is posted stays, what is missing is added, and a result that is posted
// is not posted twice. Another result of the same head is a new run. shown is from
// when on people can see it, by GitHub's clock.
func (c *Check) Finish(ctx context.Context, result render.CheckRun, digest string) (shown time.Time, err error) {
	ctx, release, err := c.alone(ctx)
	if err != nil {
		return shown, err
	}
	defer release()
	runs, dated, err := c.runs(ctx)
	if err != nil {
		return shown, err
	}
	var run *gh.CheckRun
	if len(runs) > 0 {
		run = slices.MaxFunc(runs, func(a, b *gh.CheckRun) int { return cmp.Compare(a.GetID(), b.GetID()) })
	}
	id := c.Key + " " + digest
	switch {
	case run != nil && run.GetExternalID() == id && run.GetStatus() == "completed":
		return dated, nil // since before that, but not known since when
	case run != nil && run.GetStatus() != "completed" && (run.GetExternalID() == id || strings.HasSuffix(run.GetExternalID(), " "+open)):
		c.id, c.posted = run.GetID(), run.GetOutput().GetAnnotationsCount()
	default:
		if err := c.create(ctx, digest, "in_progress", result.Title, result.Summary); err != nil {
			return shown, err
		}
	}
	for {
		rest := result.Annotations[min(c.posted, len(result.Annotations)):]
		part := rest[:min(len(rest), batch)]
		o := gh.UpdateCheckRunOptions{ExternalID: &id, Output: output(result.Title, result.Summary)}
		o.Output.Text = nonEmpty(result.Text)
		for _, a := range part {
			o.Output.Annotations = append(o.Output.Annotations, &gh.CheckRunAnnotation{Path: &a.Path, StartLine: &a.StartLine, EndLine: &a.EndLine,
				AnnotationLevel: &a.Level, Title: ptr(cut(a.Title, 255)), Message: &a.Message})
		}
		last := len(part) == len(rest)
		if last {
			o.Status, o.Conclusion = ptr("completed"), ptr(string(result.Conclusion))
			o.CompletedAt = &gh.Timestamp{Time: time.Now().UTC().Truncate(time.Second)}
			for _, a := range result.Actions {
				o.Actions = append(o.Actions, &gh.CheckRunAction{Label: a.Label, Description: a.Description, Identifier: a.Identifier})
			}
		}
		if shown, err = c.update(ctx, c.id, o); err != nil {
			return shown, err
		}
		c.posted += len(part)
		if last {
			break
		}
	}
	// Two pull requests of one head begin at once, and each finds no run of the
	// other: what is still open beside the result has nobody else to end it.
	for _, other := range runs {
		if other.GetID() != c.id && other.GetStatus() != "completed" {
			if err := c.cancel(ctx, other.GetID(), result.Title, "The result stands in another run of this commit."); err != nil {
				return shown, err
			}
		}
	}
	return shown, nil
}

// Cancel ends the open runs of the review's pull request or merge group on a head
// that nobody waits for any more; cancelled tells that there was one.
func (c *Check) Cancel(ctx context.Context, title, summary string) (cancelled bool, err error) {
	runs, _, err := c.runs(ctx)
	if err != nil {
		return false, err
	}
	thread := c.Key[:strings.LastIndexByte(c.Key, ' ')+1]
	for _, run := range runs {
		if run.GetStatus() != "completed" && strings.HasPrefix(run.GetExternalID(), thread) {
			if err := c.cancel(ctx, run.GetID(), title, summary); err != nil {
				return cancelled, err
			}
			cancelled = true
		}
	}
	return cancelled, nil
}

func (c *Check) cancel(ctx context.Context, id int64, title, summary string) error {
	_, err := c.update(ctx, id, gh.UpdateCheckRunOptions{Status: ptr("completed"), Conclusion: ptr("cancelled"),
		CompletedAt: &gh.Timestamp{Time: time.Now().UTC().Truncate(time.Second)}, Output: output(title, summary)})
	return err
}

// Key names a review in a check run's external id.
func Key(repository int64, thread string, generation int64) string {
	return fmt.Sprintf("lockwarden %d %s %d", repository, thread, generation)
}

// Run is what a check run's external id says: which review it belongs to.
type Run struct {
	Thread     string
	Generation int64
}

// RunOf reads an external id; ok is false where it is none of ours.
func RunOf(external string) (r Run, ok bool) {
	words := strings.Fields(external)
	if len(words) < 4 || words[0] != "lockwarden" {
		return r, false
	}
	generation, err := strconv.ParseInt(words[3], 10, 64)
	return Run{words[2], generation}, err == nil
}

func ptr[T any](v T) *T { return &v }

func nonEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
