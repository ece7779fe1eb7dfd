package app_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/known"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/app/github/githubtest"
	"github.com/lockwarden/lockwarden/app/store/storetest"
)

// Find, Examine, Update and Releases make the scanner one that pages can ask:
// its registry has the versions 1.0.0 and 1.1.0 of every package it knows.
func (s *scanner) Find(_ context.Context, spec string) (analyzer.Subject, error) {
	i := strings.LastIndexByte(spec, '@')
	return analyzer.Subject{Name: spec[:i], Version: spec[i+1:]}, nil
}

func (s *scanner) Examine(ctx context.Context, subject analyzer.Subject) (*analyzer.Examination, error) {
	scanned, err := s.Scan(ctx, subject)
	if err != nil {
		return nil, err
	}
	return &analyzer.Examination{Input: issue.Input{Name: subject.Name, Version: subject.Version, Metadata: known.Is(issue.Metadata{Exists: true})}, Scanned: scanned}, nil
}

func (s *scanner) Update(_ context.Context, old, now *analyzer.Examination) error {
	now.Input.Old = old.Scanned.Contents
	return nil
}

func (s *scanner) Releases(_ context.Context, _, _ string) ([]analyzer.Release, []string, error) {
	return []analyzer.Release{{Version: "1.1.0", Before: "1.0.0", InstallScript: true}, {Version: "1.0.0"}}, []string{"1.1.0", "1.0.0"}, nil
}

// TestReviewPage: the check run leads to a page of what came in, where a reader
// filters, opens a package, and copies the words that accept it.
func TestReviewPage(t *testing.T) {
	story(t, func(w *world) {
		files := with("shell@1.0.0", "quiet@1.0.0")
		pull := w.open(files)
		run := w.concludes(pull.SHA(), "failure")
		address, ok := strings.CutPrefix(run.DetailsURL, "https://lockwarden.example")
		if !ok {
			w.t.Fatalf("the check run leads to %q", run.DetailsURL)
		}
		get := func(query string) string {
			w.t.Helper()
			status, body := w.get(address + query)
			if status != 200 || strings.Count(body, "<script") != 1 || !strings.Contains(body, `<script src="/page.js" defer></script>`) {
				w.t.Errorf("%s: %d", query, status)
			}
			return body
		}
		w.eventually("the page has the audit", func() bool { return strings.Contains(get(""), "posted") })
		body := get("")
		w.wants("the page", body, "acme/web", "pull/1", "Something blocks.", "2 new packages", "<strong>shell</strong>", "<strong>quiet</strong>", "2 of 2 packages", "/acme/web/pull/1")
		if strings.Contains(body, "get.shell.invalid") {
			w.t.Error("a package is open that nobody opened")
		}
		body = get("&package=shell%401.0.0")
		w.wants("the open package", body, "/lockwarden accept shell@1.0.0 because …", "get.shell.invalid/i.sh", "package-lock.json:", "Next:")
		body = get("&severity=high&scope=production")
		w.wants("the filtered page", body, "1 of 2 packages", "<strong>shell</strong>", `<option value="high" selected>`)
		if strings.Contains(body, "<strong>quiet</strong>") {
			w.t.Error("the filter lets everything through")
		}
		w.wants("an empty page", get("&q=nothing"), "No package is like that.", "0 of 2 packages")
		w.comment(pull, "mia", "/lockwarden accept shell@1.0.0 because <b>ok</b>")
		w.concludes(pull.SHA(), "success")
		// The decision is noted after the check run is green.
		w.eventually("the page shows the decision", func() bool { return strings.Contains(get(""), "because &lt;b&gt;ok&lt;/b&gt;") })
		w.wants("the page afterwards", get(""), "Passes.", "mia")
		for _, wrong := range []string{strings.Split(address, "?")[0], strings.Replace(address, "pull/1", "pull/9", 1), strings.Replace(address, "key=", "key=0", 1)} {
			if status, _ := w.get(wrong); status != 404 {
				w.t.Errorf("%s: %d", wrong, status)
			}
		}
	})
}

// TestPackagePage: from a review to a package's report, to another version, and
// to what lies between them; of packages of the review only.
func TestPackagePage(t *testing.T) {
	story(t, func(w *world) {
		pull := w.open(with("shell@1.0.0", "quiet@1.0.0"))
		run := w.concludes(pull.SHA(), "failure")
		address := strings.TrimPrefix(run.DetailsURL, "https://lockwarden.example")
		_, body := w.get(address + "&package=shell%401.0.0")
		report := unescaped(between(body, `href="/npm/`, `"`))
		status, page := w.get("/npm/" + report)
		if status != 200 {
			w.t.Fatalf("/npm/%s: %d", report, status)
		}
		w.wants("the report", page, "get.shell.invalid", "during installation", "get.shell.invalid", "Top issues", "Versions", "now runs something on installation", "not scanned here", "acme/web pull/1", `<script src="/page.js" defer></script>`)
		other := unescaped(between(page, `href="/npm/shell/1.1.0`, `"`))
		if status, page = w.get("/npm/shell/1.1.0" + other); status != 200 || !strings.Contains(page, "get.shell.invalid") {
			w.t.Errorf("another version: %d", status)
		}
		if status, page = w.get("/npm/" + report + "&from=0.9.0"); status != 200 {
			w.t.Errorf("the comparison: %d", status)
		}
		w.wants("the comparison", page, "What the update changes", "Nothing notable changes", "0.9.0 →")
		for _, wrong := range []string{
			strings.Replace(report, "shell/", "other/", 1), strings.Replace(report, "pull%2F1", "pull%2F2", 1), strings.Replace(report, "key=", "key=0", 1),
			"shell/1.0.0", "shell", "..%2Fshell/1.0.0?" + strings.SplitN(report, "?", 2)[1],
		} {
			if status, body := w.get("/npm/" + wrong); status != 404 || strings.Contains(body, "get.shell") {
				w.t.Errorf("%s: %d", wrong, status)
			}
		}
		// One that takes long is on its way, and there when it is looked for again.
		release := w.scanner.hold()
		status, page = w.get("/npm/shell/1.1.0" + other + "&from=0.8.0")
		if status != 202 || !strings.Contains(page, `http-equiv="refresh"`) {
			w.t.Errorf("while it is scanned: %d", status)
		}
		release()
		w.eventually("the scan ends", func() bool { status, _ := w.get("/npm/shell/1.1.0" + other + "&from=0.8.0"); return status == 200 })
	})
}

// between is the first text between two others, empty where there is none.
func between(text, before, after string) string {
	_, text, ok := strings.Cut(text, before)
	text, _, end := strings.Cut(text, after)
	if !ok || !end {
		return ""
	}
	return text
}

func unescaped(attribute string) string { return strings.ReplaceAll(attribute, "&amp;", "&") }

// TestOverview: what waits, what was decided and until when, and what happened,
// of all repositories; to the operator, by the overview's own key.
func TestOverview(t *testing.T) {
	story(t, func(w *world) {
		key := strings.TrimPrefix(w.server.OverviewURL(), "https://lockwarden.example")
		_, body := w.get(key)
		w.wants("the empty overview", body, "No repository is known yet", "Nothing waits for anybody.", "No review ended yet.", "Nothing is accepted.", "Nothing happened yet.", "Nothing in these weeks.")
		pull := w.open(with("shell@1.0.0", "quiet@1.0.0"))
		w.concludes(pull.SHA(), "failure")
		w.eventually("the overview has the review", func() bool { _, body = w.get(key); return strings.Contains(body, "posted") })
		w.wants("the overview", body, "One open pull request waits", "acme/web pull/1", "blocked", "shell@1.0.0", "1 critical", `class="failure"`, "decisions")
		link := unescaped(between(body, `<h3><a href="`, `"`))
		if status, _ := w.get(link); status != 200 {
			w.t.Errorf("the review that it leads to: %s: %d", link, status)
		}
		w.comment(pull, "mia", "/lockwarden accept shell@1.0.0 for 30d because it is <i>ours</i>")
		w.concludes(pull.SHA(), "success")
		w.eventually("the overview has the decision", func() bool { _, body = w.get(key); return strings.Contains(body, "accepted") })
		w.wants("the overview afterwards", body, "No open pull request waits", "shell@1.0.0", "it is &lt;i&gt;ours&lt;/i&gt;", "mia", "holds", `class="success"`)
		decisions := "/decisions" + unescaped(between(body, `<td><a href="/decisions`, `"`))
		if status, page := w.get(decisions); status != 200 || !strings.Contains(page, "acme/web") {
			w.t.Errorf("%s: %d", decisions, status)
		}
		for _, wrong := range []string{"/", "/?key=", "/?key=" + strings.Split(link, "key=")[1]} {
			if status, body := w.get(wrong); status != 404 || strings.Contains(body, "acme") {
				w.t.Errorf("%s: %d", wrong, status)
			}
		}
	})
}

// TestOverviewOfTenants: people who sign in see the repositories that they may
// read, and operators see all.
func TestOverviewOfTenants(t *testing.T) {
	t.Parallel()
	g := githubtest.New()
	defer g.Close()
	ours, theirs := g.Repository("acme/secret"), g.Repository("rival/other")
	ours.Private, theirs.Private = true, true
	ours.Allow("rita", "read")
	theirs.Allow("ivan", "admin")
	o := settings(t, g, storetest.SQLite(t).URL)
	overview := ""
	o.Overview = func(address string) { overview = address }
	_, base, stop := serve(t, o)
	if base == "" {
		t.Fatal(stop())
	}
	defer func() { _ = stop() }()
	if overview != base+"/" {
		t.Errorf("the overview is said to be at %s", overview)
	}
	g.SendTo(base + "/webhook")
	for _, repo := range []*githubtest.Repository{ours, theirs} {
		repo.Commit("change", with("shell@1.0.0"))
		completed(t, repo.Open("ann", repo, "change", "main"))
	}
	as := signedIn(t, g, base)
	see := func(who string, c *http.Client, want ...string) {
		t.Helper()
		var status int
		var text string
		for range 2000 { // the audit is written after the check run is complete
			if status, text = visit(t, c, base+"/"); strings.Count(text, "posted") >= len(want) {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		for _, name := range []string{"acme/secret", "rival/other"} {
			if shown := strings.Contains(text, name); status != 200 || shown != strings.Contains(strings.Join(want, " "), name) {
				t.Errorf("%s: %d, %s is shown: %v", who, status, name, shown)
			}
		}
	}
	rita := as("rita")
	see("a reader", rita, "acme/secret")
	see("another tenant's admin", as("ivan"), "rival/other")
	see("a stranger", as("eve"))
	see("the operator", as("olga"), "acme/secret", "rival/other")
	report := fmt.Sprintf("%s/npm/shell/1.0.0?review=%s", base, url.QueryEscape(fmt.Sprintf("%d/pull/1", ours.ID)))
	if status, text := visit(t, rita, report); status != 200 || !strings.Contains(text, "get.shell") {
		t.Errorf("a reader at a report: %d", status)
	}
	if status, text := visit(t, as("ivan"), report); status != 404 || strings.Contains(text, "get.shell") {
		t.Errorf("another tenant at a report: %d", status)
	}
	// What is shown of a repository is asked again; the overview's answer may be
	// a minute old.
	ours.Allow("rita", "")
	if status, _ := visit(t, rita, report); status != 404 {
		t.Errorf("who left, at a report: %d", status)
	}
	paul := as("paul")
	g.Fail(githubtest.Fault{Match: "/collaborators/paul/", Times: 1, Status: 500})
	if status, text := visit(t, paul, base+"/"); status != 503 || strings.Contains(text, "acme") {
		t.Errorf("while GitHub is ill: %d", status)
	}
	see("a stranger, as soon as GitHub answers", paul)
	asked := func() (n int) { // the server has requests of its own now and then
		for _, r := range g.Requests() {
			if strings.Contains(r.Path, "/collaborators/") {
				n++
			}
		}
		return n
	}
	before := asked()
	see("the same one again", paul)
	if n := asked() - before; n > 0 {
		t.Errorf("a stranger's second look costs %d requests", n)
	}
	// Who has signed out stays out until they ask for more.
	answer, err := rita.Post(base+"/signout", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.Request.URL.Path != "/signedout" || answer.StatusCode != 200 {
		t.Errorf("after signing out: %s %d", answer.Request.URL, answer.StatusCode)
	}
}
