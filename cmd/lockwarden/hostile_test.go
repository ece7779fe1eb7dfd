package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/app/render"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/templates"
)

// attack would set the page's title if anything of it ran. {js} is an address.
const attack = `</title></code></pre></td></svg><script>document.title='run'</script><img src=x onerror="document.title='run'"><a href="javascript:document.title='run'">x</a><style>*{display:none}</style>`

// TestHostilePages: what people and packages write into the pages of a server
// is text, in a real browser; and the keyboard leads to the content first.
func TestHostilePages(t *testing.T) {
	t.Parallel()
	tab := newBrowser(t, 1200, 900)
	now := time.Now()
	script := "javascript:document.title='run'"
	change := review.Change{Change: lockfile.Change{Kind: lockfile.Upgraded, Name: attack, From: attack, To: attack, Why: []string{"project", attack, attack}, Lines: []int{1}}, File: attack}
	reviewed := &review.Review{Lockfiles: []string{attack}, Notes: []string{attack}, Packages: []review.Package{{Change: change, Report: analyzer.Report{Name: attack, Version: attack,
		Issues: []issue.Issue{{ID: "install/script", Detail: map[string]string{"script": attack}}, {ID: attack}}, Delta: &analyzer.Delta{Hosts: analyzer.Turnover{Added: []string{attack}}, License: &analyzer.Turn{From: attack, To: attack}}}}}}
	frame := render.Frame{Served: true, Person: attack, Overview: "/", Trail: []render.Link{{Text: attack, Address: script}}}
	accepted := []render.AcceptedRow{{Package: attack, Findings: []string{attack}, By: attack, Reason: attack, At: now, Until: now, Where: attack, URL: script, State: attack}}
	audit := []render.AuditRow{{At: now, Where: attack, Link: script, Actor: attack, Action: attack, Detail: attack}}
	verdicts := []render.VerdictRow{{Repository: attack, Thread: attack, Link: script, Conclusion: attack, At: now, Findings: []render.FindingRow{{Severity: attack, Title: attack, Subject: attack}}}}
	pages := map[string]func(io.Writer) error{
		"/review": func(w io.Writer) error {
			return render.ReviewHTML(w, render.ReviewPage{Repository: attack, Thread: attack, Pull: script, SHA: attack, Conclusion: attack, Review: reviewed, Completed: now, Frame: frame, DecisionsPage: script,
				Decisions: []render.Decided{{At: now, Actor: attack, Action: attack, Detail: attack}}, Query: url.Values{"q": {attack}, "key": {attack}, "package": {attack + "@" + attack}},
				PackageLink: func(string, string, string) string { return script }})
		},
		"/overview": func(w io.Writer) error {
			return render.OverviewHTML(w, render.OverviewPage{Frame: frame, Repositories: []render.RepositoryRow{{Name: attack, Owner: attack, Decisions: script}}, Note: attack, Waiting: verdicts, Latest: verdicts, Accepted: accepted, Audit: audit, Older: script,
				Weeks: []render.WeekRow{{Begins: now, Passed: 1, Critical: 3}}})
		},
		"/decisions": func(w io.Writer) error {
			return render.DecisionsHTML(w, render.DecisionsPage{Frame: frame, Repository: attack, Accepted: accepted, Audit: audit, Older: script})
		},
		"/message": func(w io.Writer) error {
			return render.MessageHTML(w, render.Message{Frame: frame, Title: attack, Text: attack, Link: &render.Link{Text: attack, Address: script}})
		},
		"/setup": func(w io.Writer) error {
			return render.SetupHTML(w, script, attack, attack, attack, attack, true)
		},
		"/done": func(w io.Writer) error { return render.DoneHTML(w, script) },
		"/report": func(w io.Writer) error {
			return render.HTML(w, render.PackagePage{Report: &reviewed.Packages[0].Report, Before: &analyzer.Report{Version: attack, NotScanned: attack}, Scanned: now, Frame: frame, Self: script, Hidden: []render.Field{{Name: attack, Value: attack}},
				Versions: []string{attack}, Releases: []analyzer.Release{{Version: attack, Before: attack, Tags: []string{attack}, Deprecated: attack, Publisher: &analyzer.Turn{From: attack, To: attack}}},
				Link: func(string, string) string { return script }})
		},
	}
	// Without the policy that the server sends: escaping alone has to do.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/page.js" {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write(templates.Script())
			return
		}
		write, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(b.Bytes())
	}))
	defer server.Close()
	code := axe(t)
	for path := range pages {
		visit(t, tab, server.URL+path)
		time.Sleep(200 * time.Millisecond)
		must(t, tab, chromedp.Evaluate[int](`document.querySelectorAll('a').forEach(a=>{if(a.protocol==='javascript:')a.click()});0`))
		title := must(t, tab, chromedp.Title())
		elements := must(t, tab, chromedp.Evaluate[[]string](`[...document.querySelectorAll('script:not([src="/page.js"]),img,iframe,object,embed,style+style,body style,[onerror],[onload],a[href^="javascript"]')].map(e=>e.outerHTML.slice(0,100))`))
		text := must(t, tab, chromedp.Evaluate[string](`document.body.textContent`))
		if title == "run" || len(elements) > 0 || path != "/done" && !strings.Contains(text, "<script>") {
			t.Errorf("%s: title %q, elements %q, shown as text: %v", path, title, elements, strings.Contains(text, "<script>"))
		}
		accessible(t, tab, code, path)
		fits(t, tab, path)
		visit(t, tab, server.URL+path)
		must(t, tab, chromedp.KeyEvent(kb.Tab))
		if first := must(t, tab, chromedp.Evaluate[string](`document.activeElement.textContent+' '+(document.activeElement.getBoundingClientRect().left>=0)`)); first != "To the content true" {
			t.Errorf("%s: the first key leads to %q", path, first)
		}
		must(t, tab, chromedp.KeyEvent(kb.Enter))
		time.Sleep(50 * time.Millisecond)
		if hash := must(t, tab, chromedp.Evaluate[string](`location.hash`)); hash != "#main" || must(t, tab, chromedp.Evaluate[bool](`!!document.querySelector('#main')`)) == false {
			t.Errorf("%s: the first link leads to %q", path, hash)
		}
	}
}
