package app_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/app"
	"github.com/lockwarden/lockwarden/app/github/githubtest"
	"github.com/lockwarden/lockwarden/app/github/octokit"
	"github.com/lockwarden/lockwarden/app/store/storetest"
)

// examine runs the doctor and writes each check in a line: its state, what it
// is, what was found, and what to do.
func examine(o app.Settings) map[string]string {
	out := map[string]string{}
	for _, c := range app.Doctor(context.Background(), o, func(context.Context) []analyzer.Check { return []analyzer.Check{{What: "scanner", Found: "asked"}} }) {
		state := "fine"
		switch {
		case c.Wrong:
			state = "wrong"
		case c.Weak:
			state = "weak"
		}
		out[c.What] = state + ": " + c.Found + " → " + c.Do
	}
	return out
}

// TestDoctor: what a healthy server looks like, and each thing that can be
// wrong, with what to do about it.
func TestDoctor(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db storetest.Database) {
		g := githubtest.New()
		defer g.Close()
		checker, err := octokit.NewChecker()
		if err != nil {
			t.Fatal(err)
		}
		g.Check(checker)
		repo := g.Repository("acme/web")
		o := settings(t, g, db.URL)
		expect := func(when string, o app.Settings, want map[string]string) {
			t.Helper()
			got := examine(o)
			for what, text := range want {
				if state, rest, _ := strings.Cut(text, ": "); !strings.HasPrefix(got[what], state+":") || !strings.Contains(got[what], rest) {
					t.Errorf("%s: %s is %q, want %q", when, what, got[what], text)
				}
			}
			for what, text := range got {
				if _, do, _ := strings.Cut(text, " → "); !strings.HasPrefix(text, "fine") && do == "" {
					t.Errorf("%s: %s says not what to do: %s", when, what, text)
				}
				for _, secret := range []string{g.Secret, g.ClientSecret, "PRIVATE KEY"} {
					if strings.Contains(text, secret) {
						t.Errorf("%s: %s tells a secret", when, what)
					}
				}
			}
		}
		before := map[string]string{"webhook": "wrong: no address", "public address": "weak: does not answer", "GitHub": "fine: App 4242", "scanner": "fine: asked"}
		if db.Name == "SQLite" {
			before["database"] = "weak: there is none yet"
		} else {
			before["database"] = "weak: has no tables yet"
		}
		expect("before the first start", o, before)
		_, base, stop := serve(t, o)
		if base == "" {
			t.Fatal(stop())
		}
		defer func() { _ = stop() }()
		g.SendTo(base + "/webhook")
		expect("before the first delivery", o, map[string]string{"webhook": "weak: nothing was delivered yet"})
		repo.Commit("change", with("quiet@1.0.0"))
		completed(t, repo.Open("ann", repo, "change", "main"))
		healthy := map[string]string{"database": "fine: schema", "queue": "fine: jobs wait", "GitHub": "fine: lockwarden", "clock": "fine: as GitHub's", "permissions": "fine: exactly", "webhook": "fine: arrived",
			"installations": "fine: 1", "sign-in": "fine: with GitHub", "public address": "weak: not encrypted"}
		expect("healthy", o, healthy)
		if db.Name == "PostgreSQL" && !strings.Contains(examine(o)["queue"], "1 workers") {
			t.Errorf("%s", examine(o)["queue"])
		}
		elsewhere := o
		elsewhere.PublicURL = "https://other.example"
		expect("another address", elsewhere, map[string]string{"webhook": "wrong: not to https://other.example/webhook"})
		bare := o
		bare.ClientID, bare.ClientSecret, bare.PublicURL = "", "", ""
		expect("without sign-in", bare, map[string]string{"sign-in": "weak: cannot sign in", "public address": "weak: not known"})
		wrong := o
		wrong.AppID = 77
		expect("another App's key", wrong, map[string]string{"GitHub": "wrong: does not accept PRIVATE_KEY"})
		wrong = o
		wrong.WebhookSecret = ""
		expect("no secret", wrong, map[string]string{"credentials": "wrong: WEBHOOK_SECRET is missing"})
		wrong = o
		wrong.Database = "postgres://127.0.0.1:1/none?sslmode=disable&password=" + g.Secret
		expect("no database", wrong, map[string]string{"database": "wrong: does not answer"})
		g.Permissions = map[string]string{"checks": "read", "contents": "write", "issues": "write", "metadata": "read", "pull_requests": "write"}
		g.Events = g.Events[1:]
		expect("too few rights", o, map[string]string{"permissions": "wrong: missing: checks: write (no check runs: nothing is shown), event check_run (the check's buttons do nothing), merge_queues: read (no event"})
		g.Permissions = map[string]string{"checks": "write", "contents": "write", "issues": "write", "merge_queues": "read", "metadata": "read", "pull_requests": "write", "members": "read"}
		g.Events = append([]string{"check_run"}, g.Events...)
		expect("too many rights", o, map[string]string{"permissions": "weak: more than needed: contents: write, members: read"})
		g.Permissions = map[string]string{"checks": "write", "contents": "read", "issues": "write", "merge_queues": "read", "metadata": "read", "pull_requests": "write"}
		g.Events = []string{"check_run", "check_suite", "issue_comment", "merge_group", "pull_request", "pull_request_review", "push"}
		expect("an App of before", o, map[string]string{"permissions": "weak: event pull_request_review_comment (commands on lines"})
		repo.Installation.Suspended = true
		expect("suspended", o, map[string]string{"installations": "weak: 1 are suspended"})
		repo.Installation.Suspended = false
		g.SendTo("http://127.0.0.1:1/webhook")
		repo.Commit("more", with("quiet@1.0.0"))
		repo.Open("ann", repo, "more", "main")
		for last := g.Deliveries(); !last[len(last)-1].Done; last = g.Deliveries() {
			time.Sleep(10 * time.Millisecond)
		}
		expect("nobody there", o, map[string]string{"webhook": "wrong: GitHub sends events to http://127.0.0.1:1/webhook"})
		bare = o
		bare.PublicURL = ""
		expect("lost deliveries", bare, map[string]string{"webhook": "weak: deliveries failed"})
		g.Now = func() time.Time { return time.Now() }
		for _, p := range g.Problems() {
			t.Errorf("GitHub would not have this: %s", p)
		}
	})
}
