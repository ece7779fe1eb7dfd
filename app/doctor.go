package app

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/app/github"
	"github.com/lockwarden/lockwarden/app/page"
	"github.com/lockwarden/lockwarden/app/store"
	"github.com/lockwarden/lockwarden/reach"
)

// Doctor checks what a server with these settings needs, and says what to do
// where something is missing. It changes nothing, and may run beside the server.
func Doctor(ctx context.Context, o Settings, scanning func(context.Context) []analyzer.Check) []analyzer.Check {
	if err := o.complete(); err != nil {
		return []analyzer.Check{{What: "settings", Found: err.Error(), Wrong: true, Do: "fix this setting"}}
	}
	d := &doctor{o: o}
	credentials := d.database(ctx)
	d.app(ctx, credentials)
	d.public(ctx)
	return append(d.checks, scanning(ctx)...)
}

type doctor struct {
	o      Settings
	checks []analyzer.Check
}

func (d *doctor) fine(what, found string) {
	d.checks = append(d.checks, analyzer.Check{What: what, Found: found})
}

func (d *doctor) weak(what, found, do string) {
	d.checks = append(d.checks, analyzer.Check{What: what, Found: found, Weak: true, Do: do})
}

func (d *doctor) wrong(what, found, do string) {
	d.checks = append(d.checks, analyzer.Check{What: what, Found: found, Wrong: true, Do: do})
}

// longWait is from where on a waiting job says that there are too few workers.
const longWait = 10 * time.Minute

// database looks at it and returns the credentials that count.
func (d *doctor) database(ctx context.Context) *github.Credentials {
	s, err := store.Open(ctx, store.Options{URL: d.o.Database, ReadOnly: true, Key: d.o.SecretKey, Log: d.o.Log})
	if err != nil {
		if store.Missing(err) {
			d.weak("database", "there is none yet at "+d.o.Database, "lockwarden serve makes it at its first start")
		} else {
			d.wrong("database", err.Error(), "check DATABASE_URL, and that PostgreSQL runs and lets this machine in")
		}
		return d.credentials(ctx, nil)
	}
	defer s.Close()
	version, known, err := s.Schema(ctx)
	switch {
	case err != nil:
		d.weak("database", "it answers, and has no tables yet", "lockwarden serve makes them at its first start")
		return d.credentials(ctx, nil)
	case version > known:
		d.wrong("database", fmt.Sprintf("it was written by a newer lockwarden (schema %d, this one knows %d)", version, known),
			"update this lockwarden")
	case version < known:
		d.weak("database", fmt.Sprintf("schema %d of %d", version, known),
			"the next start of lockwarden serve brings it up to date; make a backup first")
	default:
		d.fine("database", fmt.Sprintf("schema %d", version))
	}
	d.queue(ctx, s)
	return d.credentials(ctx, s)
}

func (d *doctor) queue(ctx context.Context, s *store.Store) {
	list, err := s.Queues(ctx)
	if err != nil {
		d.wrong("queue", err.Error(), "check the database")
		return
	}
	waiting, dead, oldest := 0, 0, time.Duration(0)
	for _, q := range list {
		switch q.State {
		case "available":
			waiting += q.Jobs
			oldest = max(oldest, q.Oldest)
		case "discarded":
			dead += q.Jobs
		}
	}
	found := fmt.Sprintf("%d jobs wait", waiting)
	if s.Replicated() {
		if replicas, err := s.Replicas(ctx); err == nil {
			found += fmt.Sprintf(", %d workers are at work", len(replicas))
		}
	}
	switch {
	case oldest > longWait:
		d.weak("queue", fmt.Sprintf("%s, the oldest for %s", found, oldest.Round(time.Second)), "start more workers, or look at their logs")
	case dead > 0:
		d.weak("queue", fmt.Sprintf("%s, %d were given up", found, dead), "lockwarden jobs shows them with their errors")
	default:
		d.fine("queue", found)
	}
}

func (d *doctor) credentials(ctx context.Context, s *store.Store) *github.Credentials {
	c, err := d.o.credentials(ctx, s)
	switch {
	case err != nil:
		d.wrong("credentials", err.Error(), "set the App's credentials as the README's table says")
	case c == nil:
		d.weak("credentials", "there are none yet", "lockwarden serve writes the address of its set-up page")
	default:
		return c
	}
	return nil
}

// aheadLimit is how far a clock may be off: GitHub refuses tokens of the future.
const aheadLimit = 30 * time.Second

// app asks GitHub about it.
func (d *doctor) app(ctx context.Context, c *github.Credentials) {
	if c == nil {
		return
	}
	a, err := github.New(github.Options{AppID: c.AppID, PrivateKey: []byte(c.PrivateKey), APIURL: d.o.APIURL})
	if err != nil {
		d.wrong("GitHub", err.Error(), "fix this setting")
		return
	}
	about, err := a.Examine(ctx)
	if err != nil {
		d.wrong("GitHub", err.Error(), "check the App's credentials, GITHUB_API_URL, the clock, and the way to GitHub")
		return
	}
	d.fine("GitHub", fmt.Sprintf("App %d (%s)", c.AppID, about.Slug))
	if about.Ahead.Abs() > aheadLimit {
		d.wrong("clock", fmt.Sprintf("it differs from GitHub's by %s", about.Ahead.Round(time.Second)), "set this machine's clock (NTP)")
	} else {
		d.fine("clock", "as GitHub's")
	}
	d.permissions(about)
	d.hook(about)
	switch {
	case about.Installations == 0:
		d.weak("installations", "none", "install the App on a repository: "+a.AppPage(about.Slug)+"/installations/new")
	case about.Suspended > 0:
		d.weak("installations", fmt.Sprintf("%d, of which %d are suspended", about.Installations, about.Suspended),
			"their owners can let the App in again in their settings")
	default:
		d.fine("installations", fmt.Sprint(about.Installations))
	}
	if c.ClientID == "" || d.o.PublicURL == "" {
		d.weak("sign-in", "people cannot sign in: pages have addresses that open by themselves",
			"set CLIENT_ID, CLIENT_SECRET and PUBLIC_URL, and the App's callback URL to PUBLIC_URL/signin/callback")
	} else {
		d.fine("sign-in", "with GitHub")
	}
}

// rights orders what an App may do.
var rights = map[string]int{"": 0, "read": 1, "write": 2, "admin": 3}

// costs says what does not work without a permission or an event.
var costs = map[string]string{
	"checks":                      " (no check runs: nothing is shown)",
	"contents":                    " (lockfiles and the policy cannot be read: nothing is reviewed)",
	"issues":                      " (comments may not arrive, or stay without an answer)",
	"merge_queues":                " (no event merge_group: a required check stops the merge queue)",
	"metadata":                    " (nobody's permission is known: nobody can accept)",
	"pull_requests":               " (pull requests cannot be read, or comments stay without an answer)",
	"check_run":                   " (the check's buttons do nothing)",
	"check_suite":                 " (re-running all checks does not review again)",
	"issue_comment":               " (commands in comments do nothing)",
	"merge_group":                 " (a required check stops the merge queue)",
	"pull_request":                " (pull requests are not reviewed)",
	"pull_request_review":         " (commands in reviews are not read until something else is written)",
	"pull_request_review_comment": " (commands on lines are not read until something else is written)",
	"push":                        " (a changed policy counts only from the next push to a pull request on)",
}

func (d *doctor) permissions(about github.About) {
	wanted := page.NewManifest()
	var missing, less, much []string
	for name, right := range wanted.Permissions {
		if rights[about.Permissions[name]] < rights[right] {
			missing = append(missing, name+": "+right+costs[name])
		}
	}
	for name, right := range about.Permissions {
		if rights[right] > rights[wanted.Permissions[name]] {
			much = append(much, name+": "+right)
		}
	}
	for _, event := range wanted.Events {
		switch {
		case slices.Contains(about.Events, event):
		case strings.HasPrefix(event, "pull_request_review"):
			less = append(less, "event "+event+costs[event])
		default:
			missing = append(missing, "event "+event+costs[event])
		}
	}
	slices.Sort(missing)
	slices.Sort(much)
	switch {
	case len(missing) > 0:
		d.wrong("permissions", "missing: "+strings.Join(missing, ", "),
			"add them in the App's settings; owners of installations must accept new permissions")
	case len(less) > 0:
		d.weak("permissions", "missing: "+strings.Join(less, ", "), "add them in the App's settings")
	case len(much) > 0:
		d.weak("permissions", "more than needed: "+strings.Join(much, ", "),
			"take them away in the App's settings: what is not granted cannot be stolen")
	default:
		d.fine("permissions", "exactly what is needed")
	}
}

func (d *doctor) hook(about github.About) {
	const do = "set it in the App's settings under Webhook"
	wanted := d.o.PublicURL + "/webhook"
	switch {
	case about.HookURL == "":
		d.wrong("webhook", "GitHub has no address to send events to", do)
	case d.o.PublicURL != "" && about.HookURL != wanted:
		d.wrong("webhook", fmt.Sprintf("GitHub sends events to %s, not to %s", about.HookURL, wanted), do)
	case about.HookType != "json":
		d.wrong("webhook", "its content type is "+about.HookType+", not application/json", do)
	case about.Failed > 0:
		d.weak("webhook", fmt.Sprintf("%d of the newest %d deliveries failed; the newest: %s", about.Failed, about.Failed+about.Delivered,
			about.Failure),
			"see the App's settings, Advanced; failed deliveries are asked for again every ten minutes")
	case about.Delivered == 0:
		d.weak("webhook", "nothing was delivered yet to "+about.HookURL, "open a pull request to try it")
	default:
		d.fine("webhook", fmt.Sprintf("the newest %d deliveries arrived", about.Delivered))
	}
}

// public tries the server's own address, as far as it can be tried from here.
func (d *doctor) public(ctx context.Context) {
	const what = "public address"
	if d.o.PublicURL == "" {
		d.weak(what, "not known (PUBLIC_URL)", "set it, so that check runs can link to this server's pages")
		return
	}
	asking, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(asking, http.MethodGet, d.o.PublicURL+"/healthz", nil)
	if err != nil {
		d.wrong(what, "PUBLIC_URL is not an address", "write it as https://lockwarden.example.com")
		return
	}
	const do = "is the server running? From inside a network an address may not be reachable that GitHub reaches"
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		d.weak(what, fmt.Sprintf("%s does not answer here: %v", d.o.PublicURL, reach.Plain(err)), do)
		return
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 100))
	if answer.StatusCode != http.StatusOK || strings.TrimSpace(string(text)) != "ok" {
		d.weak(what, fmt.Sprintf("%s answers %d, and not as lockwarden does", d.o.PublicURL, answer.StatusCode), do)
		return
	}
	if !strings.HasPrefix(d.o.PublicURL, "https://") {
		d.weak(what, d.o.PublicURL+" answers, but is not encrypted",
			"put a proxy with TLS in front: webhooks are signed, pages and sessions are not")
		return
	}
	d.fine(what, d.o.PublicURL+" answers")
}
