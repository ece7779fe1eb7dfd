package review_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/vulnerability"
	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/lockfile"
)

// scanner answers from a table.
type scanner struct {
	scans map[string]analyzer.Scanned
	// states are the hashes that the registry states, by NAME@VERSION.
	states map[string]string
	err    error
	seen   chan string
	// advisories are by NAME@VERSION.
	advisories map[string][]vulnerability.Advisory
}

func (s *scanner) Scan(_ context.Context, subject analyzer.Subject) (analyzer.Scanned, error) {
	id := subject.Name + "@" + subject.Version
	if s.seen != nil {
		s.seen <- id
	}
	if subject.Unsupported != "" {
		return analyzer.Scanned{Fetch: &issue.FetchProblem{Kind: "unsupported", Reason: subject.Unsupported}}, s.err
	}
	if scanned, ok := s.scans[id]; ok {
		return scanned, s.err
	}
	return analyzer.Scanned{Contents: &issue.Contents{LicenseFile: true}}, s.err
}

func (s *scanner) Metadata(_ context.Context, name, version, _ string, _ bool) (issue.Metadata, error) {
	if hash, ok := s.states[name+"@"+version]; ok {
		return issue.Metadata{Known: true, Exists: true, Integrity: hash}, nil
	}
	return issue.Metadata{}, errors.New("the registry is down")
}

func (s *scanner) Advisories(_ context.Context, packages []vulnerability.Package) ([][]vulnerability.Advisory, bool, error) {
	out := make([][]vulnerability.Advisory, len(packages))
	for i, p := range packages {
		out[i] = s.advisories[p.Name+"@"+p.Version]
	}
	return out, true, nil
}

func (s *scanner) ConfiguredHost(host string) bool { return host == "r.example" }

func parse(t *testing.T, text string, manifest string) *lockfile.Lockfile {
	t.Helper()
	lock, err := lockfile.Parse("package-lock.json", []byte(text), lockfile.Options{Project: fstest.MapFS{"package.json": {Data: []byte(manifest)}}})
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

const hash = "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="

func entries(list ...string) string {
	var b strings.Builder
	b.WriteString(`{"lockfileVersion":3,"packages":{"":{"dependencies":{"a":"^1.0.0"}}`)
	for i := 0; i < len(list); i += 2 {
		fmt.Fprintf(&b, ",\n%q:{%s}", list[i], list[i+1])
	}
	return b.String() + "}}"
}

func version(name, v string) string {
	return fmt.Sprintf(`"version":%q,"resolved":"https://r.example/%s/-/%s-%s.tgz","integrity":%q`, v, name, name, v, hash)
}

// TestOneFailureLosesNothing: what could not be scanned is said, the other
// packages are reviewed.
func TestOneFailureLosesNothing(t *testing.T) {
	head := parse(t, entries("node_modules/a", version("a", "1.0.0"), "node_modules/b", version("b", "1.0.0"), "node_modules/git", `"version":"1.0.0","resolved":"git+ssh://git@h.example/x/git.git#main"`,
		"packages/web", `"name":"web","version":"1.0.0"`, "node_modules/web", `"link":true,"resolved":"packages/web"`), "")
	s := &scanner{scans: map[string]analyzer.Scanned{"b@1.0.0": {Fetch: &issue.FetchProblem{Kind: "failed", Reason: "the registry answers 503"}}}}
	var last review.Progress
	r, err := review.Run(context.Background(), &review.Input{Pairs: []review.Pair{{File: "package-lock.json", Head: head}}}, s, func(p review.Progress) { last = p })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range r.Packages {
		var ids []string
		for _, i := range p.Report.Issues {
			ids = append(ids, i.ID)
		}
		got = append(got, fmt.Sprintf("%s complete=%v own=%v %v", p.Change.Name, p.Report.Complete, p.Own, ids))
	}
	want := []string{
		"git complete=false own=false [dependency/mutable-git dependency/remote scan/incomplete]",
		"b complete=false own=false [scan/incomplete]",
		"a complete=true own=false []",
		"web complete=false own=true []",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if last.Done != last.Total || last.Total != 4 {
		t.Errorf("progress: %+v", last)
	}
	v := policy.Judge(policy.Default(), r, nil)
	if v.Conclusion != policy.Failure || len(v.NotScanned) != 2 {
		t.Errorf("verdict: %+v", v)
	}
	open := policy.Judge(policy.Policy{Production: policy.Quietly(), Development: policy.Quietly(), FailClosed: true}, r, nil)
	if open.Conclusion != policy.ActionRequired {
		t.Errorf("what was not scanned is green: %v", open.Conclusion)
	}
	if lenient := policy.Judge(policy.Policy{Production: policy.Quietly(), Development: policy.Quietly()}, r, nil); lenient.Conclusion != policy.Success {
		t.Errorf("a policy that blocks nothing: %v", lenient.Conclusion)
	}
}

func TestUpdatesScanBothVersions(t *testing.T) {
	s := &scanner{seen: make(chan string, 10)}
	base := parse(t, entries("node_modules/a", version("a", "1.0.0"), "node_modules/gone", version("gone", "1.0.0")), "")
	head := parse(t, entries("node_modules/a", version("a", "1.1.0")), "")
	r, err := review.Run(context.Background(), &review.Input{Pairs: []review.Pair{{File: "f", Base: base, Head: head}}}, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	close(s.seen)
	seen := map[string]bool{}
	for id := range s.seen {
		seen[id] = true
	}
	if len(seen) != 2 || !seen["a@1.0.0"] || !seen["a@1.1.0"] {
		t.Errorf("scanned %v", seen)
	}
	if len(r.Removed) != 1 || r.Packages[0].Report.Delta == nil {
		t.Errorf("%+v", r)
	}
}

// TestUnknownVersionBefore: an update whose old version is gone is not clean:
// what it brings is not known.
func TestUnknownVersionBefore(t *testing.T) {
	s := &scanner{scans: map[string]analyzer.Scanned{"a@1.0.0": {Fetch: &issue.FetchProblem{Kind: "not-found", Reason: "the registry does not have it"}}}}
	base := parse(t, entries("node_modules/a", version("a", "1.0.0")), "")
	head := parse(t, entries("node_modules/a", version("a", "1.1.0")), "")
	r, err := review.Run(context.Background(), &review.Input{Pairs: []review.Pair{{File: "f", Base: base, Head: head}}}, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	if v := policy.Judge(policy.Default(), r, nil); v.Conclusion != policy.ActionRequired {
		t.Errorf("%v: %+v", v.Conclusion, r.Packages[0].Report.Issues)
	}
}

// TestDrift: package.json says something else than the lockfile.
func TestDrift(t *testing.T) {
	for _, row := range []struct{ manifest, names string }{
		{`{"dependencies":{"a":"^2.0.0","x":"1"}}`, "a, x, a@1.0.0 is not in ^2.0.0"},
		{`{"dependencies":{"a":"^1.0.0"}}`, ""},
		{"", ""},
	} {
		head := parse(t, entries("node_modules/a", version("a", "1.0.0")), row.manifest)
		r, err := review.Run(context.Background(), &review.Input{Pairs: []review.Pair{{File: "f", Head: head}}}, &scanner{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		names := ""
		for _, w := range r.Whole {
			names += w.Issue.Detail["names"]
		}
		if names != row.names {
			t.Errorf("%s: %q, want %q", row.manifest, names, row.names)
		}
	}
}

func TestInterruptEndsTheReview(t *testing.T) {
	head := parse(t, entries("node_modules/a", version("a", "1.0.0")), "")
	if _, err := review.Run(context.Background(), &review.Input{Pairs: []review.Pair{{File: "f", Head: head}}}, &scanner{err: context.Canceled}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestFilledHashes: a hash that comes to an entry without one is compared with
// the registry's: the same is nothing to speak of, another one blocks, and what
// the registry does not say is not known.
func TestFilledHashes(t *testing.T) {
	right, wrong := "sha512-"+strings.Repeat("A", 86)+"==", "sha512-"+strings.Repeat("B", 85)+"A=="
	lock := func(hash string) *lockfile.Lockfile {
		return parse(t, `{"lockfileVersion":3,"packages":{"":{"dependencies":{"a":"1"}},"node_modules/a":{"version":"1.0.0"`+hash+`}}}`, `{"dependencies":{"a":"1"}}`)
	}
	base := lock("")
	run := func(head *lockfile.Lockfile, states map[string]string) *review.Review {
		r, err := review.Run(context.Background(), &review.Input{Pairs: []review.Pair{{File: "f", Base: base, Head: head}}}, &scanner{states: states}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := run(lock(`,"integrity":"`+right+`"`), map[string]string{"a@1.0.0": right}); len(r.Packages) != 0 || len(r.Whole) != 0 {
		t.Errorf("the registry's own hash: %+v %+v", r.Packages, r.Whole)
	}
	r := run(lock(`,"integrity":"`+wrong+`"`), map[string]string{"a@1.0.0": right})
	if len(r.Packages) != 1 || !slices.ContainsFunc(r.Packages[0].Report.Issues, func(i issue.Issue) bool {
		return i.ID == "lockfile/integrity-registry-mismatch" && i.Severity == issue.Critical
	}) {
		t.Errorf("another hash: %+v", r.Packages)
	}
	// One of two hashes is the registry's: npm takes a file that fits the other.
	r = run(lock(`,"integrity":"`+right+" "+wrong+`"`), map[string]string{"a@1.0.0": right})
	if len(r.Packages) != 1 || !slices.ContainsFunc(r.Packages[0].Report.Issues, func(i issue.Issue) bool {
		return i.ID == "lockfile/two-hashes" && i.Severity == issue.High
	}) {
		t.Errorf("two hashes: %+v %+v", r.Packages, r.Whole)
	}
	if r := run(lock(`,"integrity":"`+wrong+`"`), nil); len(r.Whole) != 1 || r.Whole[0].Issue.ID != "scan/incomplete" || !strings.Contains(r.Whole[0].Issue.Detail["reason"], "1 hashes") {
		t.Errorf("nobody answers: %+v", r.Whole)
	}
}
