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
// maintainer, and green. With LOCKWARDEN_SCREENSHOT it writes the README's
// picture there.
func TestDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs a browser and real packages")
	}
	browser := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			browser = path
			break
		}
	}
	if browser == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("no Chromium; .ci/run installs Debian's")
		}
		t.Skip("no Chromium")
	}
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

	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.WindowSize(1200, 900))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop()
	tab, stop := chromedp.NewContext(allocator)
	defer stop()
	tab, stop = context.WithTimeout(tab, 3*time.Minute)
	defer stop()

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
		must(t, tab, chromedp.Click(form+"button"))
		time.Sleep(200 * time.Millisecond)
		must(t, tab, chromedp.WaitVisible("#comments .box"))
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
	if file := os.Getenv("LOCKWARDEN_SCREENSHOT"); file != "" {
		if err := os.WriteFile(file, must(t, tab, chromedp.CaptureScreenshot()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(time.Second) // a person takes longer to read it
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
