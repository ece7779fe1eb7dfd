package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/spf13/cobra"

	"github.com/lockwarden/lockwarden/analyzer"
)

// TestDemo goes through the demo in a real browser: the block, a stranger, a
// maintainer, and green; then the reports, and what the operator sees. The pages
// look as their pictures in examples.
func TestDemo(t *testing.T) {
	t.Parallel()
	tab := newBrowser(t, 1200, 900)
	page, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := &cobra.Command{}
	c.SetContext(ctx)
	c.SetErr(io.Discard)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	worker := func() *exec.Cmd {
		cmd := exec.Command(self, "worker")
		cmd.Args[0] = "lockwarden" // what TestMain runs under that name
		cmd.Env = []string{}
		return cmd
	}
	ended := make(chan error, 1)
	go func() {
		ended <- demo(c, page, analyzer.Options{CacheDir: t.TempDir(), WorkerCommand: worker}, slog.New(slog.DiscardHandler))
	}()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	address := "http://" + page.Addr().String()

	// state waits until the check run's line says something.
	state := func(path, want string) {
		t.Helper()
		text := ""
		for range 200 {
			visit(t, tab, address+path)
			text = must(t, tab, chromedp.Text("#state"))
			if strings.Contains(text, want) {
				return
			}
			time.Sleep(300 * time.Millisecond)
		}
		t.Fatalf("%s says %q, never %q", path, text, want)
	}
	comment := func(path, as, body string) {
		t.Helper()
		form := `form:has(textarea) `
		visit(t, tab, address+path)
		must(t, tab, chromedp.SetValue(form+"select", as))
		must(t, tab, chromedp.SetValue("textarea", body))
		const count = `document.querySelectorAll('#comments .box').length`
		before := must(t, tab, chromedp.Evaluate[int](count))
		must(t, tab, chromedp.Click(form+"button"))
		for range 600 {
			if n, err := chromedp.Run(tab, chromedp.Evaluate[int](count)); err == nil && n > before {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Fatalf("the comment of %s does not appear", as)
	}
	read := func(selector string) string {
		t.Helper()
		return must(t, tab, chromedp.Text(selector))
	}

	state("/pull/1", "success: 26 new packages, 3 updates")
	state("/pull/2", "failure: 1 update, 4 blocking issues")
	if text := read("#annotations"); !strings.Contains(text, "node_modules/@lockwarden-demo/colors") || !strings.Contains(text, "Behaves like known malware") {
		t.Errorf("annotations: %s", text)
	}
	looks(t, tab, "demo")
	// The check run leads to the review's page.
	details := must(t, tab, chromedp.Evaluate[string](`document.querySelector('#details').href`))
	visit(t, tab, details)
	if text := read("main"); !strings.Contains(text, "@lockwarden-demo/colors") || !strings.Contains(text, "1 of 1 packages") && !strings.Contains(read("form"), "1 of 1 packages") {
		t.Errorf("the review's page: %s", text)
	}
	code := axe(t)
	accessible(t, tab, code, "the review's page")
	visit(t, tab, must(t, tab, chromedp.Evaluate[string](`document.querySelector('ul.tree a').href`)))
	if text := read("#package"); !strings.Contains(text, "Behaves like known malware") || !strings.Contains(text, "/lockwarden accept @lockwarden-demo/colors@1.0.2 because …") || !strings.Contains(text, "What the update changes") {
		t.Errorf("the open package: %s", text)
	}
	accessible(t, tab, code, "the review's page with an open package")
	looks(t, tab, "review")
	if said := must(t, tab, chromedp.Evaluate[string](`new Promise(done=>{document.querySelector('pre.copy+button').click();setTimeout(()=>done(document.querySelector('[role=status]').textContent),300)})`, awaited)); !strings.Contains(said, "Copied") && !strings.Contains(said, "select the words") {
		t.Errorf("the button that copies says %q", said)
	}
	if when := read("header time"); strings.Contains(when, "UTC") {
		t.Errorf("the time is not the reader's: %s", when)
	}
	// From there to the package's report, and to what the update changes.
	review := must(t, tab, chromedp.Evaluate[string](`location.href`))
	for _, one := range []struct{ link, says, picture string }{{"whole report", "Top issues", ""}, {"changed since", "What the update changes", "compare"}} {
		visit(t, tab, review)
		visit(t, tab, must(t, tab, chromedp.Evaluate[string](`[...document.querySelectorAll('#package a')].find(a=>a.textContent.includes('`+one.link+`')).href`)))
		for range 40 { // until it is scanned
			if strings.Contains(read("main"), one.says) {
				break
			}
			time.Sleep(500 * time.Millisecond)
		}
		if text := read("main"); !strings.Contains(text, one.says) || !strings.Contains(text, "collect.invalid") || !strings.Contains(text, "1.0.1") {
			t.Errorf("%s: %.500s", one.link, text)
		}
		accessible(t, tab, code, one.link)
		fits(t, tab, one.link)
		if one.picture != "" {
			looks(t, tab, one.picture)
		}
	}
	visit(t, tab, address+"/pull/2")
	// A person takes longer to read it: GitHub's times are whole seconds.
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
	comment("/pull/2", "eve", "/lockwarden accept @lockwarden-demo/colors@1.0.2 because it is fine")
	said := ""
	for range 100 {
		visit(t, tab, address+"/pull/2")
		if said = read("#comments"); strings.Contains(said, "needs the permission") {
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	if !strings.Contains(said, "needs the permission") {
		t.Errorf("the stranger is told: %s", said)
	}
	state("/pull/2", "failure")
	comment("/pull/2", "mia", "/lockwarden accept @lockwarden-demo/colors@1.0.2 because it is the demo's own")
	state("/pull/2", "success: 1 update, nothing that blocks")
	if text := read("#check"); !strings.Contains(text, "by mia") || !strings.Contains(text, "because it is the demo's own") {
		t.Errorf("the check run: %s", text)
	}
	// What the operator sees of it all.
	visit(t, tab, address+"/")
	visit(t, tab, must(t, tab, chromedp.Evaluate[string](`document.querySelector('#overview').href`)))
	if text := read("main"); !strings.Contains(text, "acme/shop pull/2") || !strings.Contains(text, "because it is the demo's own") && !strings.Contains(text, "it is the demo's own") {
		t.Errorf("the overview: %s", text)
	}
	accessible(t, tab, code, "the overview")
	fits(t, tab, "the overview")
	looks(t, tab, "overview")
	visit(t, tab, must(t, tab, chromedp.Evaluate[string](`document.querySelector('a[href*="/decisions/"]').href`)))
	accessible(t, tab, code, "the decisions")
	fits(t, tab, "the decisions")
	visit(t, tab, must(t, tab, chromedp.Evaluate[string](`location.origin`)))
	if text := read("h1"); text != "lockwarden is at work" {
		t.Errorf("without the key: %s", text)
	}
	accessible(t, tab, code, "a message")
}

// visit goes to a page. The page that is left may be going somewhere itself
// (a form's redirect, a refresh), which ends the first attempt.
func visit(t *testing.T, ctx context.Context, address string) {
	t.Helper()
	var err error
	for range 5 {
		if _, err = chromedp.Run(ctx, chromedp.Navigate(address)); err == nil {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Fatal(err)
}

// must runs one action in the browser; a page that reloads itself under it gets
// a second look.
func must[T any](t *testing.T, ctx context.Context, action chromedp.Action[T]) T {
	t.Helper()
	value, err := chromedp.Run(ctx, action)
	for range 3 {
		if err == nil {
			return value
		}
		time.Sleep(300 * time.Millisecond)
		value, err = chromedp.Run(ctx, action)
	}
	if err != nil {
		t.Fatal(err)
	}
	return value
}
