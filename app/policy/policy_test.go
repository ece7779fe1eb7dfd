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
	"github.com/lockwarden/lockwarden/analyzer/worker"
	"github.com/lockwarden/lockwarden/app/comment"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/known"
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
		start := worker.ProcessorTime()
		if _, err := Parse(Path, []byte(text), Default()); err == nil {
			t.Errorf("%s: no error", name)
		}
		if took := worker.ProcessorTime() - start; took > 2*time.Second {
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
		{"the next version, of which another finding was accepted", carry, next, accept(comment.Acceptance{Name: "a", Version: "1.0.0", Findings: []string{"install/script"}}), Failure},
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
	start := worker.ProcessorTime()
	p.Ignored(strings.Repeat("a/", 150) + "c")
	if worker.ProcessorTime()-start > 5*time.Second {
		t.Error("a pattern takes exponential time")
	}
}

func TestTexts(t *testing.T) {
	ids := []string{"policy/package", "policy/registry", "license/denied"}
	for _, kind := range known.Kinds {
		ids = append(ids, Unknown+kind)
	}
	for _, id := range ids {
		if templates.Issue(id, nil).Title == id {
			t.Errorf("templates/issue/%s.md is missing", id)
		}
	}
}

// lacking is a review of one package of which something is not known.
func lacking(gaps ...known.Gap) *review.Review {
	c := lockfile.Change{Kind: lockfile.Added, Name: "a", To: "1.0.0", Line: 7, EndLine: 9}
	return &review.Review{Lockfiles: []string{"package-lock.json"}, Packages: []review.Package{{Change: review.Change{Change: c, File: "package-lock.json"},
		Report: analyzer.Report{Name: "a", Version: "1.0.0", Integrity: "sha512-A", Complete: true, Unknown: gaps}}}}
}

// TestUnknownByKind: what is not known passes, warns or blocks by its kind, in
// the words of a file; where nobody was asked, only a policy that names the kind
// wants it known.
func TestUnknownByKind(t *testing.T) {
	const mild, all = "unknown: pass", "unknown: block"
	for _, row := range []struct {
		file, kind string
		asked      bool
		want       Action
	}{
		{"", known.Metadata, true, Block},
		{"", known.Advisories, true, Warn},
		{"", known.Before, true, Warn},
		{"", known.Publishing, false, Warn},
		{"", known.Downloads, true, Silent},
		{"", "of-a-newer-version", true, Block},
		{"", known.Metadata, false, Silent},
		{"", known.Advisories, false, Silent},
		{mild, known.Metadata, true, Silent},
		{mild, known.Before, true, Silent},
		{all, known.Advisories, true, Block},
		{all, known.Advisories, false, Block},
		{all, known.Downloads, true, Silent},
		{"unknown: {downloads: block}", known.Downloads, true, Block},
		{"unknown: {downloads: block}", known.Metadata, true, Block},
		{"unknown: {metadata: warn}", known.Metadata, true, Warn},
		{"unknown: {metadata: warn}", known.Advisories, true, Warn},
		{"rules: [{finding: unknown/metadata, packages: [a], action: note}]", known.Metadata, true, Note},
		{"rules: [{finding: unknown/metadata, packages: [b], action: note}]", known.Metadata, true, Block},
		{"rules: [{finding: '*', action: silent}]", known.Metadata, true, Block}, // a pattern is no decision
		{"rules: [{finding: '*', action: block}]", known.Advisories, true, Block},
	} {
		v := Judge(parse(t, row.file), lacking(known.Gap{What: row.kind, Reason: "it answers 503", Asked: row.asked}), nil)
		if len(v.Findings) != 1 {
			t.Fatalf("%+v: %+v", row, v.Findings)
		}
		f := &v.Findings[0]
		want := Success
		if row.want == Block {
			want = ActionRequired
		}
		if f.Action != row.want || v.Conclusion != want || f.Blocks() || f.Issue.ID != Unknown+row.kind || f.Line != 7 || len(v.NotScanned) > 0 {
			t.Errorf("%+v: %s, %s: %+v", row, v.Conclusion, f.Action, f)
		}
	}
	// An organization's words stay where the repository does not speak.
	p, err := Parse(Path, []byte("unknown: {before: block}"), parse(t, "unknown: {metadata: warn}"))
	if err != nil || p.Unknown[known.Metadata] != Warn || p.Unknown[known.Before] != Block {
		t.Errorf("%v %+v", err, p.Unknown)
	}
	p.Lenient()
	for _, kind := range known.Kinds {
		if action, _ := p.OnUnknown(known.Gap{What: kind, Asked: true}); action > Warn {
			t.Errorf("a lenient policy blocks on %s", kind)
		}
	}
	for _, wrong := range []string{"unknown: note", "unknown: {metadata: silent}", "unknown: {weather: block}", "unknown: [metadata]"} {
		if _, err := Parse(Path, []byte(wrong), Default()); err == nil {
			t.Errorf("%s: no error", wrong)
		}
	}
	if _, err := Parse(Path, []byte("unknown: {weather: block}"), Default()); err == nil || !strings.Contains(err.Error(), `there is no setting "weather" in unknown`) {
		t.Errorf("%v", err)
	}
	var root struct {
		Properties map[string]struct {
			Then struct{ Properties map[string]any }
		}
	}
	if err := json.Unmarshal(Schema, &root); err != nil {
		t.Fatal(err)
	}
	if in := root.Properties["unknown"].Then.Properties; len(in) != len(known.Kinds) || len(unanswered) != len(known.Kinds) {
		t.Errorf("the schema has %d kinds, the defaults %d, known %d", len(in), len(unanswered), len(known.Kinds))
	}
}

// TestUnknownIsAcceptedByKind: who accepts that one thing is not known has not
// accepted that another is not.
func TestUnknownIsAcceptedByKind(t *testing.T) {
	document := known.Gap{What: known.Metadata, Reason: "it answers 503", Asked: true}
	before := known.Gap{What: known.Before, Reason: "it is gone", Asked: true}
	accept := Accepted{Acceptance: comment.Acceptance{Name: "a", Version: "1.0.0"}, Seen: See(Default(), lacking(before))}
	if v := Judge(Default(), lacking(before, document), []Accepted{accept}); v.Conclusion != ActionRequired || len(v.NotKnown) != 1 {
		t.Errorf("%+v", v)
	}
	accept.Seen = See(Default(), lacking(document))
	if v := Judge(Default(), lacking(document), []Accepted{accept}); v.Conclusion != Success || len(v.Accepted()) != 1 {
		t.Errorf("%+v", v)
	}
	other := lacking(document)
	other.Packages[0].Report.Integrity = "sha512-B"
	if v := Judge(Default(), other, []Accepted{accept}); v.Conclusion != ActionRequired {
		t.Errorf("other bytes: %+v", v)
	}
}

// TestAcceptedAsItWas: what is accepted of a file that nobody reads, and of what is not
// known of all packages, is what they were.
func TestAcceptedAsItWas(t *testing.T) {
	of := func(content, integrity string) *review.Review {
		r := lacking(known.Gap{What: known.Downloads, Reason: "nobody is asked"})
		w := review.Unreadable("bun.lockb", 1, "it is binary")
		w.Content = content
		r.Whole, r.Lockfiles = []review.WholeIssue{w}, []string{"bun.lockb"}
		r.Unknown = []known.Gap{{What: known.Advisories, Reason: "it answers 503", Asked: true}}
		r.Packages[0].Report.Integrity = integrity
		return r
	}
	p := Default()
	p.Unknown = map[string]Action{known.Advisories: Block}
	all := []Accepted{{Acceptance: comment.Acceptance{All: true, Reason: "it is known"}, Seen: See(p, of("one", "sha512-A"))}}
	if v := Judge(p, of("one", "sha512-A"), all); v.Conclusion != Success {
		t.Errorf("%+v", v)
	}
	if v := Judge(p, of("two", "sha512-A"), all); v.Conclusion != ActionRequired || len(v.NotScanned) != 1 || len(v.NotKnown) != 0 {
		t.Errorf("another content: %+v", v)
	}
	if v := Judge(p, of("one", "sha512-B"), all); v.Conclusion != ActionRequired || len(v.NotKnown) != 1 {
		t.Errorf("other packages: %+v", v)
	}
}

// TestUnpublishedIsNotScanned: where dependency/unpublished alone says why there
// is no tarball, the package counts as not scanned all the same.
func TestUnpublishedIsNotScanned(t *testing.T) {
	r := lacking()
	p := &r.Packages[0].Report
	p.Complete, p.NotScanned, p.Issues = false, "the registry does not have it", []issue.Issue{{ID: unpublished, Severity: issue.High}}
	if v := Judge(Default(), r, nil); v.Conclusion != Failure || len(v.NotScanned) != 1 || len(v.Findings) != 1 {
		t.Errorf("%+v", v)
	}
	p.Unknown = []known.Gap{{What: known.Metadata, Reason: "x", Asked: true}}
	if v := Judge(parse(t, "rules: [{finding: dependency/unpublished, action: silent}]"), r, nil); v.Conclusion != ActionRequired || len(v.NotScanned) != 1 || len(v.NotKnown) > 0 {
		t.Errorf("a rule makes it green: %+v", v)
	}
	accept := Accepted{Acceptance: comment.Acceptance{Name: "a", Version: "1.0.0"}, Seen: See(Default(), r)}
	if v := Judge(Default(), r, []Accepted{accept}); v.Conclusion != Success {
		t.Errorf("accepted: %+v", v)
	}
}
