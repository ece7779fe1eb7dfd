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
	"github.com/lockwarden/lockwarden/known"
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
	// down is why the registry's documents are not to be had, mute why the
	// database of advisories does not answer.
	down, mute string
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

// Metadata answers as a registry does that has every version, with the hash of
// the lockfile; TestRegistry asks a real one.
func (s *scanner) Metadata(_ context.Context, name, version, before string, _ bool) (known.Of[issue.Metadata], error) {
	if s.down != "" {
		return known.Not[issue.Metadata](s.down), s.err
	}
	m := issue.Metadata{Exists: true, Integrity: hash}
	if stated, ok := s.states[name+"@"+version]; ok {
		m.Integrity = stated
	}
	if before != "" {
		m.Before = &issue.Release{Version: before}
	}
	return known.Is(m), s.err
}

func (s *scanner) Advisories(_ context.Context, packages []vulnerability.Package) (known.Of[[][]vulnerability.Advisory], error) {
	if s.mute != "" {
		return known.Not[[][]vulnerability.Advisory](s.mute), s.err
	}
	out := make([][]vulnerability.Advisory, len(packages))
	for i, p := range packages {
		out[i] = s.advisories[p.Name+"@"+p.Version]
	}
	return known.Is(out), s.err
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

// TestUnknownVersionBefore: an update whose old version is gone was scanned and
// is judged in full. What it changes is not known, which is said, and blocks
// where the policy wants it known.
func TestUnknownVersionBefore(t *testing.T) {
	s := &scanner{scans: map[string]analyzer.Scanned{"a@1.0.0": {Fetch: &issue.FetchProblem{Kind: "not-found", Reason: "the registry does not have it"}}}}
	base := parse(t, entries("node_modules/a", version("a", "1.0.0")), "")
	head := parse(t, entries("node_modules/a", version("a", "1.1.0")), "")
	run := func() *review.Review {
		r, err := review.Run(context.Background(), &review.Input{Pairs: []review.Pair{{File: "f", Base: base, Head: head}}}, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := run()
	want := []review.Unknown{{Package: "a@1.1.0", Gap: known.Gap{What: known.Before, Reason: "1.0.0: the registry does not have it", Asked: true}}}
	if got := r.NotKnown(); !slices.Equal(got, want) {
		t.Errorf("not known: %+v", got)
	}
	if p := &r.Packages[0].Report; !p.Complete || p.NotScanned != "" || len(p.Skipped) > 0 || p.Delta != nil {
		t.Errorf("the version that was scanned: %+v", p)
	}
	if v := policy.Judge(policy.Default(), r, nil); v.Conclusion != policy.Success || len(v.NotScanned)+len(v.NotKnown) > 0 {
		t.Errorf("%+v", v)
	}
	strict := policy.Default()
	strict.Unknown = map[string]policy.Action{known.Before: policy.Block}
	if v := policy.Judge(strict, r, nil); v.Conclusion != policy.ActionRequired || len(v.NotKnown) != 1 {
		t.Errorf("a policy that wants to know: %+v", v)
	}
	// One that was read in part is compared, and the comparison is not the whole.
	s.scans["a@1.0.0"] = analyzer.Scanned{Contents: &issue.Contents{LicenseFile: true, Incomplete: []issue.Problem{{File: "x.js", Reason: "too deep"}}}}
	if got := run().NotKnown(); len(got) != 1 || got[0].Reason != "1.0.0 was not scanned completely: x.js: too deep" {
		t.Errorf("read in part: %+v", got)
	}
	s.scans["a@1.1.0"] = s.scans["a@1.0.0"]
	if got := run().NotKnown(); len(got) != 0 {
		t.Errorf("both read in part is said by scan/incomplete: %+v", got)
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
		s := &scanner{states: states}
		if states == nil {
			s.down = "the registry answers 503"
		}
		r, err := review.Run(context.Background(), &review.Input{Pairs: []review.Pair{{File: "f", Base: base, Head: head}}}, s, nil)
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
	if r := run(lock(`,"integrity":"`+wrong+`"`), nil); len(r.Whole) != 1 || r.Whole[0].Issue.ID != "scan/incomplete" || !strings.Contains(r.Whole[0].Issue.Detail["reason"], "1 hashes") ||
		!strings.Contains(r.Whole[0].Issue.Detail["reason"], "503") {
		t.Errorf("nobody answers: %+v", r.Whole)
	}
}

// many is a lockfile that brings n packages.
func many(t *testing.T, n int) *lockfile.Lockfile {
	var list []string
	for i := range n {
		name := fmt.Sprintf("p%d", i)
		list = append(list, "node_modules/"+name, version(name, "1.0.0"))
	}
	return parse(t, entries(list...), "")
}

// TestTooManyForFullDocuments: beyond a number of packages nobody is asked who
// published them, and when; a pull request that brings so many is warned of it.
func TestTooManyForFullDocuments(t *testing.T) {
	for n, want := range map[int]int{150: 0, 151: 1} {
		r, err := review.Run(context.Background(), &review.Input{Pairs: []review.Pair{{File: "f", Head: many(t, n)}}}, &scanner{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.NotKnown(); len(got) != want || want > 0 && (got[0].What != known.Publishing || got[0].Package != "") {
			t.Errorf("%d packages: %+v", n, got)
		}
		warned := 0
		for _, f := range policy.Judge(policy.Default(), r, nil).Findings {
			if f.NotKnown() && f.Action == policy.Warn && f.File == "f" {
				warned++
			}
		}
		if warned != want {
			t.Errorf("%d packages: warned %d times", n, warned)
		}
	}
}

// TestSaidOnce: what is not known of a version stands once in the list, however
// many lockfiles have it; of all packages, once for all.
func TestSaidOnce(t *testing.T) {
	head := many(t, 3)
	r, err := review.Run(context.Background(), &review.Input{Pairs: []review.Pair{{File: "f", Head: head}, {File: "g", Head: head}}},
		&scanner{down: "the registry answers 503", mute: "OSV does not answer"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, u := range r.NotKnown() {
		got = append(got, u.Package+" "+u.What+": "+u.Reason)
	}
	want := []string{" advisories: OSV does not answer", "p0@1.0.0 metadata: the registry answers 503", "p1@1.0.0 metadata: the registry answers 503", "p2@1.0.0 metadata: the registry answers 503"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	v := policy.Judge(policy.Default(), r, nil)
	if v.Conclusion != policy.ActionRequired || len(v.NotKnown) != 3 || len(v.NotScanned) > 0 {
		t.Errorf("%+v", v)
	}
}

// TestNamedRegistry: of a package from a registry that the project names, the
// default one has no word: that is said, and is no alarm in each pull request.
func TestNamedRegistry(t *testing.T) {
	lock, err := lockfile.Parse("pnpm-lock.yaml", []byte("lockfileVersion: 5.4\ndependencies:\n  a: r.example/a/1.0.0\npackages:\n  r.example/a/1.0.0:\n    resolution: {integrity: "+
		hash+", registry: https://r.example/, tarball: https://r.example/a/-/a-1.0.0.tgz}\n    name: a\n    version: 1.0.0\n    dev: false\n"), lockfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := review.Run(context.Background(), &review.Input{Pairs: []review.Pair{{File: "f", Head: lock}}}, &scanner{down: "it must not be asked"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := r.NotKnown()
	if len(got) != 2 || got[0].Asked || got[0].What != known.Metadata || got[1].What != known.Advisories || !strings.Contains(got[0].Reason, "r.example") {
		t.Errorf("%+v", got)
	}
	if v := policy.Judge(policy.Default(), r, nil); v.Conclusion != policy.Success {
		t.Errorf("%+v", v)
	}
}
