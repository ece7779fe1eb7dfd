package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/app/comment"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/templates"
)

func parse(t *testing.T, text string) Policy {
	t.Helper()
	p, err := Parse(Path, []byte(text), Default())
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

func TestParse(t *testing.T) {
	p := parse(t, `
version: 1
block: [critical]
warn: [high, medium]
silent: [info]
development:
  block: []
rules:
  - finding: install/*
    packages: [esbuild, "@swc/*"]
    action: silent
    reason: they fetch their own binary
registries: [registry.example.com]
licenses: {allow: [MIT, Apache-2.0]}
packages: {deny: [left-pad, "a@1.0.0"]}
install-scripts: [sharp]
existing: block
not-scanned: pass
accept:
  who: write
  author: true
  for-at-most: 90d
  reason: required
  all: false
  next-version: true
paths: {ignore: ["test/**"]}
`)
	want := Policy{
		Production:  Levels{Block, Warn, Warn, Note, Silent},
		Development: Levels{Note, Warn, Warn, Note, Silent},
		Rules:       []Rule{{Finding: "install/*", Packages: []string{"esbuild", "@swc/*"}, Action: Silent}},
		Registries:  []string{"registry.example.com"}, AllowLicenses: []string{"MIT", "Apache-2.0"},
		DenyPackages: []string{"left-pad", "a@1.0.0"}, InstallScripts: []string{"sharp"}, Existing: Block,
		Accept: Accepting{comment.Rules{Least: comment.Write, Author: true, Longest: 90 * comment.Day, ReasonRequired: true}, true},
		Ignore: []string{"test/**"},
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Default(), parse(t, "# nothing\n")); diff != "" {
		t.Error(diff)
	}
	for _, text := range []string{"", "---\n", "{}"} {
		parse(t, text)
	}
}

// TestInvalidFiles: an error names the line a person has to look at.
func TestInvalidFiles(t *testing.T) {
	for _, test := range []struct {
		text string
		line int
		want string
	}{
		{"block: [critical\nwarn: []", 2, ""},
		{"version: 1\nblok: [critical]", 2, `no setting "blok"`},
		{"version: 2", 1, "version"},
		{"accept:\n  who: anybody", 2, "accept.who"},
		{"accept:\n  who: read", 2, "accept.who"},
		{"accept:\n  whom: admin", 2, `no setting "whom" in accept`},
		{"rules:\n  - finding: install/script\n    action: silent\n  - finding: instal/script\n    action: silent", 4, "is no finding"},
		{"rules:\n  - finding: a/b\n    acton: silent", 2, ""},
		{"block: [high]\nwarn: [high]", 2, "stands under block and under warn"},
		{"licenses:\n  allow:\n    - MIT\n    - MTI", 4, "no SPDX license"},
		{"a: &x [1]\nb: *x", 1, "anchors"},
		{"block: !!binary aGk=", 1, "tags"},
		{"block: [high]\n---\nblock: []", 0, "more than one document"},
		{strings.Repeat("[", 1000), 1, "nested"},
		{strings.Repeat(" ", 70<<10), 1, "larger"},
		{"a:\n  - ok\n  - " + strings.Repeat("- ", 30000) + "x", 3, "nested"},
		{"a:\n  b: " + strings.Repeat("{a: ", 1000), 2, "nested"},
		{strings.Repeat("? ", 30000), 1, "nested"},
		{"version: 1\n---\n", 2, "more than one document"},
		{"version: 1\n<<: {block: [high]}", 2, "merge keys"},
		{"version: 1\naccept: &a {who: admin}", 2, "anchors"},
		{"version: 1\nblock: *b", 2, "anchor"},
		{"version: 1\naccept: !!map {who: admin}", 2, "tags"},
		{"version: 1\naccept: ! {who: admin}", 2, "tags"},
		{"version: 1\n? [a]\n: b", 2, "not a text"},
		{"accept:\n  who: admin\n  'who': write", 3, `"who" stands here twice`},
		{"version: 1\nblock: [high]\nwarn: \x00", 3, "control characters"},
		{"packages:\n  deny:\n    - a\n    - 1.10", 4, "want string"},
		{"version: .inf", 1, "version"},
		{"- 1", 1, ""},
		{"hello", 1, ""},
		{"block: [high]\nblock: [low]", 2, ""},
		{"accept:\n  for-at-most: forever", 2, "for-at-most"},
	} {
		_, err := Parse(Path, []byte(test.text), Default())
		var e *FileError
		if !errors.As(err, &e) {
			t.Errorf("%.60q: %v", test.text, err)
			continue
		}
		if test.line > 0 && e.Line != test.line || !strings.Contains(e.Message, test.want) {
			t.Errorf("%.60q: line %d %q, want line %d %q", test.text, e.Line, e.Message, test.line, test.want)
		}
	}
}

// TestHostileFilesAreFast: whoever may write a policy may not stop the server
// with it. The parser before this one took four seconds for the first.
func TestHostileFilesAreFast(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'm'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.Repeat(fmt.Sprintf("*%c, ", c-1), 8))
	}
	for name, text := range map[string]string{
		"lists in lists":  strings.Repeat("- ", 32000),
		"keys of keys":    strings.Repeat("? ", 32000),
		"brackets":        strings.Repeat("[", 65000),
		"aliases":         bomb,
		"anchors":         strings.Repeat("&a ", 21000),
		"tags":            strings.Repeat("!a ", 21000),
		"one long list":   "block: [" + strings.Repeat("a,", 32000) + "]",
		"the same key":    strings.Repeat("? a\n", 16000),
		"quotes":          strings.Repeat(`"`, 65000),
		"different keys":  strings.Repeat("a", 30000) + ": " + strings.Repeat("b", 30000),
		"texts in blocks": strings.Repeat("|\n", 32000),
	} {
		start := time.Now()
		if _, err := Parse(Path, []byte(text), Default()); err == nil {
			t.Errorf("%s: no error", name)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%s: %v", name, took)
		}
	}
}

// TestBracketsInTexts: only what is nested counts as nested.
func TestBracketsInTexts(t *testing.T) {
	parse(t, "# "+strings.Repeat("[", 100)+"\nrules: [{action: warn, reason: '"+strings.Repeat("{", 100)+"'}]")
}

// TestScalars: what is written without quotes is what JSON would have.
func TestScalars(t *testing.T) {
	p := parse(t, "packages: {deny: [2001-12-14, yes, '1.10', 'null']}\naccept: {all: False}\nversion: 0x1")
	if diff := cmp.Diff([]string{"2001-12-14", "yes", "1.10", "null"}, p.DenyPackages); diff != "" || p.Accept.All {
		t.Errorf("%v %s", p.Accept.All, diff)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("block: [critical]\nrules:\n  - action: warn")
	f.Add("a: [[[[{b: c}]]]]")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := Parse("f", []byte(text), Default()); err != nil {
			var e *FileError
			if !errors.As(err, &e) || e.Line < 1 {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}

func TestSchemaIsJSON(t *testing.T) {
	if _, err := compiled(); err != nil {
		t.Error(err)
	}
	var doc any
	if err := json.Unmarshal(Schema, &doc); err != nil {
		t.Error(err)
	}
}

func evidence(snippet string) []behavior.Evidence {
	return []behavior.Evidence{{File: "a.js", Line: 3, Snippet: snippet, Contexts: javascript.Install, API: "child_process.exec"}}
}

// pkg is a package with one issue.
func pkg(name, version, integrity, id string, severity issue.Severity, snippet string) review.Package {
	return review.Package{Change: review.Change{File: "package-lock.json", Change: lockfile.Change{Kind: lockfile.Added, Name: name, To: version, Line: 10, Resolved: "https://registry.example.com/a.tgz"}},
		Report: analyzer.Report{Name: name, Version: version, Integrity: integrity, License: "MIT", Complete: true,
			Issues: []issue.Issue{{ID: id, Severity: severity, Evidence: evidence(snippet)}}}}
}

func of(list ...review.Package) *review.Review { return &review.Review{Packages: list} }

func TestLevels(t *testing.T) {
	dev := pkg("a", "1.0.0", "x", "install/network", issue.High, "s")
	dev.Change.Dev = true
	had := pkg("a", "1.0.0", "x", "install/network", issue.High, "s")
	had.Before = []string{had.Report.Issues[0].Fingerprint()}
	mit := pkg("a", "1.0.0", "x", "install/script", issue.Info, "s")
	gpl, or, unknown := mit, mit, mit
	gpl.Report.License, or.Report.License, unknown.Report.License = "GPL-3.0-only", "(MIT OR GPL-3.0-only)", "SEE LICENSE IN x"
	elsewhere := mit
	elsewhere.Change.Resolved = "https://other.example/a.tgz"
	for _, test := range []struct {
		name, policy string
		pkg          review.Package
		want         string
	}{
		{"critical", "", pkg("a", "1.0.0", "x", "install/shell-download", issue.Critical, "s"), "failure block production: block critical"},
		{"high", "", pkg("a", "1.0.0", "x", "install/network", issue.High, "s"), "failure block production: block high"},
		{"medium", "", pkg("a", "1.0.0", "x", "install/script", issue.Medium, "s"), "success warn production: warn medium"},
		{"low", "", pkg("a", "1.0.0", "x", "install/script", issue.Low, "s"), "success note production: note low"},
		{"development apart", "development: {block: [critical]}", dev, "success note development: note high"},
		{"what the version before had", "", had, "success warn existing"},
		{"by id", "rules: [{finding: install/network, action: silent}]", pkg("a", "1.0.0", "x", "install/network", issue.High, "s"), "success silent rules[0]"},
		{"by pattern and package", "rules: [{finding: install/*, packages: ['a@1.0.0'], action: warn}]", pkg("a", "1.0.0", "x", "install/network", issue.High, "s"), "success warn rules[0]"},
		{"another version", "rules: [{finding: install/*, packages: ['a@1.0.1'], action: warn}]", pkg("a", "1.0.0", "x", "install/network", issue.High, "s"), "failure block production"},
		{"by context", "rules: [{contexts: [install], action: warn}]", pkg("a", "1.0.0", "x", "install/network", issue.High, "s"), "success warn rules[0]"},
		{"another context", "rules: [{contexts: [call], action: warn}]", pkg("a", "1.0.0", "x", "install/network", issue.High, "s"), "failure block production"},
		{"malware, whatever the threshold", "block: []\nrules: [{finding: '*', action: silent}]", pkg("a", "1.0.0", "x", "malware/behavior-similarity", issue.Critical, "s"), "failure block malware always blocks"},
		{"malware by its name", "rules: [{finding: malware/behavior-similarity, packages: [a], action: warn}]", pkg("a", "1.0.0", "x", "malware/behavior-similarity", issue.Critical, "s"), "success warn rules[0]"},
		{"an allowed script", "block: [medium]\nwarn: []\ninstall-scripts: [a]", pkg("a", "1.0.0", "x", "install/script", issue.Medium, "s"), "success silent install-scripts"},
		{"denied", "packages: {deny: [a]}", mit, "failure block packages.deny"},
		{"not allowed", "packages: {allow: [b]}", mit, "failure block packages.allow"},
		{"allowed", "packages: {allow: [a]}", mit, "success note production: note info"},
		{"license", "licenses: {allow: [MIT]}", mit, "success note production: note info"},
		{"license not allowed", "licenses: {allow: [MIT]}", gpl, "failure block licenses"},
		{"license denied", "licenses: {deny: [GPL-3.0-only]}", gpl, "failure block licenses"},
		{"one of two licenses", "licenses: {deny: [GPL-3.0-only]}", or, "success note production: note info"},
		{"license unknown", "licenses: {allow: [MIT]}", unknown, "failure block licenses"},
		{"registry", "registries: [registry.example.com]", elsewhere, "failure block registries"},
		{"not scanned", "", pkg("a", "1.0.0", "x", Incomplete, issue.Medium, "s"), "action_required warn production: warn medium"},
		{"not scanned, fail-open", "not-scanned: pass", pkg("a", "1.0.0", "x", Incomplete, issue.Medium, "s"), "success warn production: warn medium"},
	} {
		v := Judge(parse(t, test.policy), of(test.pkg), nil)
		f := v.Findings[0]
		if got := fmt.Sprintf("%s %s %s", v.Conclusion, f.Action, f.Why); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// TestRemovalOfADeniedPackagePasses: removing is what the policy wants.
func TestRemovalOfADeniedPackagePasses(t *testing.T) {
	r := &review.Review{Removed: []review.Change{{Change: lockfile.Change{Kind: lockfile.Removed, Name: "a", From: "1.0.0"}}}}
	if v := Judge(parse(t, "packages: {deny: [a]}"), r, nil); v.Conclusion != Success {
		t.Error(v.Conclusion)
	}
}

func TestAcceptances(t *testing.T) {
	blocked := pkg("a", "1.0.0", "sha512-x", "install/network", issue.High, "exec(x)")
	seen := See(Default(), of(blocked))
	accept := func(a comment.Acceptance) []Accepted { return []Accepted{{a, seen}} }
	one := comment.Acceptance{By: "mia", Name: "a", Version: "1.0.0"}
	all := comment.Acceptance{By: "mia", All: true}
	next := pkg("a", "1.0.1", "sha512-z", "install/network", issue.High, "exec( x )")
	worse := pkg("a", "1.0.1", "sha512-z", "install/network", issue.High, "exec(y)")
	carry := "accept: {next-version: true}"
	lost := pkg("a", "1.0.0", "sha512-x", Incomplete, issue.Medium, "")
	for _, test := range []struct {
		name, policy string
		now          review.Package
		accepted     []Accepted
		want         Conclusion
	}{
		{"the same", "", blocked, accept(one), Success},
		{"all", "", blocked, accept(all), Success},
		{"nobody", "", blocked, nil, Failure},
		{"another finding", "", blocked, accept(comment.Acceptance{Name: "a", Version: "1.0.0", Findings: []string{"install/script"}}), Failure},
		{"another package", "", blocked, accept(comment.Acceptance{Name: "b", Version: "1.0.0"}), Failure},
		{"other bytes under the same version", "", pkg("a", "1.0.0", "sha512-y", "install/network", issue.High, "exec(x)"), accept(one), Failure},
		{"a finding nobody saw", "", pkg("a", "1.0.0", "sha512-x", "install/shell-download", issue.Critical, "curl"), accept(all), Failure},
		{"a package nobody saw", "", pkg("b", "1.0.0", "sha512-x", "install/network", issue.High, "exec(x)"), accept(all), Failure},
		{"the next version", "", next, accept(one), Failure},
		{"the next version, by policy", carry, next, accept(one), Success},
		{"the next version with other code", carry, worse, accept(one), Failure},
		{"not scanned", "", lost, []Accepted{{one, See(Default(), of(lost))}}, Success},
	} {
		v := Judge(parse(t, test.policy), of(test.now), test.accepted)
		if v.Conclusion != test.want {
			t.Errorf("%s: %s, want %s", test.name, v.Conclusion, test.want)
		}
		if test.want == Success && len(v.Accepted()) != 1 {
			t.Errorf("%s: nobody is named", test.name)
		}
	}
}

func TestSeenSurvivesJSON(t *testing.T) {
	in := Accepted{comment.Acceptance{By: "mia", At: time.Unix(1, 0).UTC(), All: true}, See(Default(), of(pkg("a", "1.0.0", "x", "install/network", issue.High, "s")))}
	data, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out Accepted
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, out); diff != "" {
		t.Error(diff)
	}
}

// TestREADME: the policy that the README shows is one.
func TestREADME(t *testing.T) {
	data, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(data), "```yaml\n")
	text, _, ok := strings.Cut(text, "```")
	if !ok {
		t.Fatal("the README shows no policy")
	}
	if p := parse(t, text); p.Accept.Longest != 90*comment.Day || len(p.Rules) != 1 {
		t.Errorf("%+v", p)
	}
}

func TestPaths(t *testing.T) {
	for _, test := range []struct {
		pattern, path string
		want          bool
	}{
		{"test/**", "test/a/package-lock.json", true}, {"test/**", "package-lock.json", false},
		{"**/fixtures/**", "fixtures/x/package-lock.json", true}, {"**/fixtures/**", "a/b/fixtures/package-lock.json", true},
		{"*/package-lock.json", "a/package-lock.json", true}, {"*/package-lock.json", "a/b/package-lock.json", false},
		{"package-lock.json", "package-lock.json", true}, {"**", "a/b", true},
	} {
		p := Policy{Ignore: []string{test.pattern}}
		if got := p.Ignored(test.path); got != test.want {
			t.Errorf("%s %s: %v", test.pattern, test.path, got)
		}
	}
	p := Policy{Ignore: []string{strings.Repeat("**/a/", 30) + "b"}}
	start := time.Now()
	p.Ignored(strings.Repeat("a/", 150) + "c")
	if time.Since(start) > 5*time.Second {
		t.Error("a pattern takes exponential time")
	}
}

func TestTexts(t *testing.T) {
	for _, id := range []string{"policy/package", "policy/registry", "license/denied"} {
		if templates.Issue(id, nil).Title == id {
			t.Errorf("templates/issue/%s.md is missing", id)
		}
	}
}
