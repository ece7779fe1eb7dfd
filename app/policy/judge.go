package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/github/go-spdx/v2/spdxexp"

	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/app/comment"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/glob"
	"github.com/lockwarden/lockwarden/known"
)

// Conclusion is the outcome of a review, in GitHub's words for check runs.
// Source: https://docs.github.com/rest/checks/runs
type Conclusion string

// The conclusions.
const (
	Success Conclusion = "success"
	Failure Conclusion = "failure"
	// ActionRequired: nothing blocks, but something was not scanned, or is not
	// known.
	ActionRequired Conclusion = "action_required"
)

// Verdict is a conclusion with its reasons.
type Verdict struct {
	Conclusion Conclusion
	// Findings are all issues with what the policy says of each, the worst
	// first.
	Findings []Finding
	// NotScanned are the packages of which something was not analyzed and that
	// nobody accepted; files that were not read are among them.
	NotScanned []string
	// NotKnown are those of which something is not known that the policy wants
	// known, and that nobody accepted.
	NotKnown []string
	// Counts is how many issues there are of each severity.
	Counts [issue.Info + 1]int
	// Unreasoned are acceptances that count for nothing, for want of a reason.
	Unreasoned []Unreasoned
}

// Finding is one issue of one package, or of a lockfile as a whole.
type Finding struct {
	// Subject is NAME@VERSION, or the lockfile's path.
	Subject       string
	Name, Version string
	// File, Line and EndLine are where it stands in the lockfile.
	File          string
	Line, EndLine int
	Dev           bool
	Issue         issue.Issue
	Action        Action
	// Why is the part of the policy that decided.
	Why string
	// Accepted is set where a person accepted it; then it blocks no more.
	Accepted *comment.Acceptance
	// unscanned is set where the finding is why nothing of the package was
	// scanned: then scan/incomplete does not say it again.
	unscanned bool
}

// Blocks reports whether the finding is something wrong that keeps the check
// from passing.
func (f *Finding) Blocks() bool { return f.Action == Block && f.Accepted == nil && !f.Absent() }

// Incomplete is the issue that says that something was not scanned; behind
// Unknown stands the kind of what is not known.
const (
	Incomplete = "scan/incomplete"
	Unknown    = "unknown/"
)

// Absent reports whether the finding is that something is missing: it was not
// scanned, or is not known. Such a finding is nothing wrong by itself.
func (f *Finding) Absent() bool { return f.incomplete() || f.NotKnown() }

// Open reports whether the finding keeps the check from passing because of what
// is missing.
func (f *Finding) Open() bool {
	return f.Accepted == nil && (f.incomplete() || f.NotKnown() && f.Action == Block)
}

func (f *Finding) incomplete() bool { return f.Issue.ID == Incomplete }

// NotKnown reports whether the finding is that something is not known.
func (f *Finding) NotKnown() bool { return strings.HasPrefix(f.Issue.ID, Unknown) }

// Blocking are the findings that block.
func (v *Verdict) Blocking() []*Finding {
	var out []*Finding
	for i := range v.Findings {
		if v.Findings[i].Blocks() {
			out = append(out, &v.Findings[i])
		}
	}
	return out
}

// Accepted are the findings that somebody accepted and that would count
// otherwise.
func (v *Verdict) Accepted() []*Finding {
	var out []*Finding
	for i := range v.Findings {
		if f := &v.Findings[i]; f.Accepted != nil && (f.Action != Silent || f.incomplete() || f.unscanned) {
			out = append(out, f)
		}
	}
	return out
}

// Seen is what a person saw of one package when they decided.
type Seen struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Binding is the package's integrity, or where it comes from where there
	// is none.
	Binding string `json:"binding"`
	// Findings are the ids of its issues with the fingerprints of their
	// evidence.
	Findings map[string][]string `json:"findings"`
}

// See lists what there is to accept in a review.
func See(p Policy, r *review.Review) []Seen {
	var out []Seen
	index := map[string]int{}
	for _, f := range collect(p, r) {
		key := f.Name + "@" + f.Version + " " + f.binding
		at, ok := index[key]
		if !ok {
			at = len(out)
			index[key] = at
			out = append(out, Seen{f.Name, f.Version, f.binding, map[string][]string{}})
		}
		out[at].Findings[f.Issue.ID] = append(out[at].Findings[f.Issue.ID], f.Issue.Fingerprint())
	}
	return out
}

// Own names what only a policy makes a finding of a review: what its lists of packages,
// registries and licenses say. It changes with the policy; all else is the review's.
func Own(p Policy, r *review.Review) (out []string) {
	for i := range r.Packages {
		pkg := &r.Packages[i]
		for _, own := range p.own(pkg) {
			out = append(out, ownName(pkg.Report.Name, pkg.Report.Version, own.Issue.ID))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func ownName(name, version, id string) string { return name + "@" + version + " " + id }

// ShownAs is what was to be seen where the policy had found that by itself.
func ShownAs(seen []Seen, own []string) []Seen {
	out := make([]Seen, len(seen))
	for i, s := range seen {
		s.Findings = maps.Clone(s.Findings)
		maps.DeleteFunc(s.Findings, func(id string, _ []string) bool {
			return ownIDs[id] && !slices.Contains(own, ownName(s.Name, s.Version, id))
		})
		out[i] = s
	}
	return out
}

// ownIDs are the ids of what only a policy makes a finding.
var ownIDs = map[string]bool{"policy/package": true, "policy/registry": true, "license/denied": true}

// Accepted is an acceptance with what the person saw, to which it is bound.
type Accepted struct {
	comment.Acceptance
	Seen []Seen `json:"seen"`
}

// Judge applies a policy and acceptances to a review.
func Judge(p Policy, r *review.Review, accepted []Accepted) Verdict {
	v := Verdict{Conclusion: Success}
	blocking := false
	for _, f := range collect(p, r) {
		v.Counts[f.Issue.Severity]++
		for i := range accepted {
			if accepted[i].holds(p.Accept.NextVersion, f) {
				if p.Accept.WorstNeedReason && f.Worst() && !comment.Reasoned(accepted[i].Reason) {
					v.Unreasoned = append(v.Unreasoned, Unreasoned{accepted[i].Ref(), f.Subject, f.Issue.ID})
					continue
				}
				f.Accepted = &accepted[i].Acceptance
				break
			}
		}
		if (f.incomplete() || f.unscanned) && f.Accepted == nil {
			v.NotScanned = append(v.NotScanned, f.Subject)
		}
		if f.NotKnown() && f.Open() && !slices.Contains(v.NotKnown, f.Subject) {
			v.NotKnown = append(v.NotKnown, f.Subject)
		}
		blocking = blocking || f.Blocks()
		v.Findings = append(v.Findings, f.Finding)
	}
	sort.SliceStable(v.Findings, func(i, j int) bool {
		a, b := &v.Findings[i], &v.Findings[j]
		if a.Blocks() != b.Blocks() {
			return a.Blocks()
		}
		return a.Issue.Severity < b.Issue.Severity
	})
	switch {
	case blocking:
		v.Conclusion = Failure
	case len(v.NotScanned) > 0 && p.FailClosed, len(v.NotKnown) > 0:
		v.Conclusion = ActionRequired
	}
	return v
}

// Unreasoned is an acceptance of something that is not accepted without a
// reason. The number of its comment is 0 for a button.
type Unreasoned struct {
	Comment          comment.Ref
	Subject, Finding string
}

// Worst reports whether a finding is one of those that nobody accepts in
// passing: critical, or behaving like malware.
func (f *Finding) Worst() bool {
	return f.Issue.Severity == issue.Critical || strings.HasPrefix(f.Issue.ID, "malware/") && f.Issue.Severity <= issue.High
}

// holds reports whether the acceptance is about this very finding.
func (a *Accepted) holds(nextVersion bool, f found) bool {
	id := f.Issue.ID
	for i := range a.Seen {
		s := &a.Seen[i]
		prints, had := s.Findings[id]
		if s.Name != f.Name || !had {
			continue
		}
		if s.Version == f.Version && s.Binding == f.binding && a.Covers(f.Name, f.Version, id) {
			return true
		}
		if nextVersion && s.Version != f.Version && a.Covers(s.Name, s.Version, id) && f.carries() {
			for _, print := range prints {
				if print == f.Issue.Fingerprint() {
					return true
				}
			}
		}
	}
	return false
}

// found is a finding with what an acceptance of it is bound to.
type found struct {
	Finding
	binding string
}

// carries reports whether the finding has evidence that can be compared from
// version to version: what is missing has none.
func (f *found) carries() bool { return !f.Absent() && f.Issue.Comparable() }

// collect goes through all issues of a review and adds the policy's own.
func collect(p Policy, r *review.Review) []found {
	var out []found
	for i := range r.Packages {
		pkg := &r.Packages[i]
		c := &pkg.Change
		of := found{Finding: Finding{Subject: pkg.Report.Name + "@" + pkg.Report.Version, Name: pkg.Report.Name, Version: pkg.Report.Version,
			File: c.File, Line: c.Line, EndLine: c.EndLine, Dev: c.Dev}, binding: binding(pkg)}
		for _, own := range p.own(pkg) {
			f := of
			f.Issue, f.Action, f.Why = own.Issue, Block, own.Why
			out = append(out, f)
		}
		for _, i := range pkg.Report.Issues {
			f := of
			f.Issue = i
			f.Action, f.Why = p.decide(&f.Finding, pkg)
			f.unscanned = i.ID == unpublished && pkg.Report.NotScanned != "" && !hasIssue(pkg, Incomplete)
			out = append(out, f)
		}
		if pkg.Report.NotScanned != "" {
			continue // then nothing is known of it, which was said
		}
		for _, gap := range pkg.Report.Unknown {
			out = append(out, p.gap(of, gap))
		}
	}
	if len(r.Lockfiles) > 0 {
		file := r.Lockfiles[0]
		of := found{Finding: Finding{Subject: file, Name: file, File: file, Line: 1, EndLine: 1}, binding: whole(r)}
		for _, gap := range r.Unknown {
			out = append(out, p.gap(of, gap))
		}
	}
	for _, w := range r.Whole {
		f := found{Finding: Finding{Subject: w.File, Name: w.File, File: w.File, Line: w.Line, EndLine: max(w.EndLine, w.Line), Issue: w.Issue},
			binding: strings.TrimSpace(w.Issue.Fingerprint() + " " + w.Content)}
		f.Action, f.Why = p.decide(&f.Finding, nil)
		out = append(out, f)
	}
	return out
}

// unpublished is the issue that the registry does not have the version.
const unpublished = "dependency/unpublished"

func hasIssue(pkg *review.Package, id string) bool {
	return slices.ContainsFunc(pkg.Report.Issues, func(i issue.Issue) bool { return i.ID == id })
}

// gap makes a finding of what is not known of a package, or of all.
func (p *Policy) gap(of found, gap known.Gap) found {
	f := of
	action, why := p.OnUnknown(gap)
	severity := issue.Info
	switch action {
	case Block:
		severity = issue.Medium
	case Warn:
		severity = issue.Low
	}
	f.Issue = issue.Issue{ID: Unknown + gap.What, Severity: severity, Detail: map[string]string{"of": "", "reason": gap.Reason}}
	if f.Action, f.Why = p.byRule(&f.Finding); f.Why == "" {
		f.Action, f.Why = action, why
	}
	return f
}

// whole is what an acceptance of what is not known of a review is bound to: its
// packages. Of others something else is not known.
func whole(r *review.Review) string {
	h := sha256.New()
	for i := range r.Packages {
		p := &r.Packages[i]
		fmt.Fprintf(h, "%s@%s %s\n", p.Report.Name, p.Report.Version, binding(p))
	}
	return "review " + hex.EncodeToString(h.Sum(nil)[:16])
}

func binding(pkg *review.Package) string {
	if pkg.Report.Integrity != "" {
		return pkg.Report.Integrity
	}
	return "resolved:" + pkg.Change.Resolved
}

func (p *Policy) levels(f *Finding) (levels Levels, scope string) {
	if f.Dev {
		return p.Development, "development"
	}
	return p.Production, "production"
}

// byRule is what the first rule says that matches; why is empty where none does.
func (p *Policy) byRule(f *Finding) (action Action, why string) {
	_, scope := p.levels(f)
	for i := range p.Rules {
		if p.Rules[i].matches(f, scope) {
			return p.Rules[i].Action, "rules[" + strconv.Itoa(i) + "]"
		}
	}
	return Silent, ""
}

// decide says what is done about a finding, and which part of the policy says
// so.
func (p *Policy) decide(f *Finding, pkg *review.Package) (Action, string) {
	if action, why := p.byRule(f); why != "" {
		return action, why
	}
	levels, scope := p.levels(f)
	// Malware fails whatever the thresholds are; only a rule that names it can
	// say otherwise.
	if strings.HasPrefix(f.Issue.ID, "malware/") && f.Issue.Severity <= issue.High {
		return Block, "malware always blocks"
	}
	if isScript(f.Issue.ID) && anyPackage(p.InstallScripts, f.Name, f.Version) {
		return Silent, "install-scripts"
	}
	action := levels[f.Issue.Severity]
	why := scope + ": " + action.String() + " " + f.Issue.Severity.String()
	if pkg != nil && pkg.OldNews(f.Issue) {
		return Silent, "the version before has it in the same way"
	}
	if action == Block && pkg != nil && pkg.HadBefore(f.Issue) {
		return p.Existing, "existing: the version before has it in the same way"
	}
	return action, why
}

// isScript reports whether a finding says no more than that a script runs.
func isScript(id string) bool {
	switch id {
	case "install/script", "install/script-added", "install/script-changed", "install/implicit-gyp", "install/process":
		return true
	}
	return false
}

func (r *Rule) matches(f *Finding, scope string) bool {
	if r.Finding != "" && !glob.Text(r.Finding, f.Issue.ID) {
		return false
	}
	// A pattern does not let malware through, nor what is not known; its exact id
	// does.
	if (strings.HasPrefix(f.Issue.ID, "malware/") || f.NotKnown()) && r.Action != Block && r.Finding != f.Issue.ID {
		return false
	}
	if r.Scope != "" && r.Scope != scope {
		return false
	}
	if len(r.Packages) > 0 && !anyPackage(r.Packages, f.Name, f.Version) {
		return false
	}
	if len(r.Severities) > 0 {
		ok := false
		for _, s := range r.Severities {
			ok = ok || s == f.Issue.Severity
		}
		if !ok {
			return false
		}
	}
	if len(r.Contexts) > 0 {
		ok := false
		for _, e := range f.Issue.Evidence {
			for _, name := range e.Contexts.Names() {
				for _, want := range r.Contexts {
					ok = ok || name == want
				}
			}
		}
		return ok
	}
	return true
}

// ownIssue is an issue that only the policy makes one.
type ownIssue struct {
	Issue issue.Issue
	Why   string
}

// own are the issues that come from the policy's lists.
func (p *Policy) own(pkg *review.Package) []ownIssue {
	if pkg.Own {
		return nil
	}
	name, version := pkg.Report.Name, pkg.Report.Version
	var out []ownIssue
	add := func(id, why string, detail map[string]string) {
		out = append(out, ownIssue{issue.Issue{ID: id, Severity: issue.High, Detail: detail}, why})
	}
	switch {
	case anyPackage(p.DenyPackages, name, version):
		add("policy/package", "packages.deny", map[string]string{"name": name, "list": "is on the list of packages that may not be used"})
	case len(p.AllowPackages) > 0 && !anyPackage(p.AllowPackages, name, version):
		add("policy/package", "packages.allow", map[string]string{"name": name, "list": "is not on the list of packages that may be used"})
	}
	if len(p.Registries) > 0 {
		if host := hostOf(pkg.Change.Resolved); host != "" && !p.allowsHost(host) {
			add("policy/registry", "registries", map[string]string{"host": host})
		}
	}
	if pkg.Report.NotScanned == "" && (len(p.AllowLicenses) > 0 || len(p.DenyLicenses) > 0) {
		if reason := p.license(pkg.Report.License); reason != "" {
			shown := pkg.Report.License
			if shown == "" {
				shown = "none"
			}
			add("license/denied", "licenses", map[string]string{"license": shown, "reason": reason})
		}
	}
	return out
}

func hostOf(resolved string) string {
	u, err := url.Parse(resolved)
	if err != nil {
		return "an address that cannot be read"
	}
	return u.Host
}

func (p *Policy) allowsHost(host string) bool {
	for _, allowed := range p.Registries {
		if strings.EqualFold(allowed, host) {
			return true
		}
	}
	return false
}

// license says what is wrong with a license, or nothing. An "or" is fine where
// one side is.
func (p *Policy) license(expression string) string {
	expression = strings.Trim(expression, "()")
	parts, err := spdxexp.ExtractLicenses(expression)
	if err != nil || len(parts) == 0 {
		if len(p.AllowLicenses) > 0 {
			return "it is no SPDX expression, so that it cannot be compared with the allowed ones"
		}
		return ""
	}
	if len(p.AllowLicenses) > 0 {
		if ok, err := spdxexp.Satisfies(expression, p.AllowLicenses); err != nil || !ok {
			return "it is not among the allowed ones"
		}
	}
	if len(p.DenyLicenses) > 0 {
		var rest []string
		for _, part := range parts {
			denied := false
			for _, d := range p.DenyLicenses {
				denied = denied || strings.EqualFold(d, part)
			}
			if !denied {
				rest = append(rest, part)
			}
		}
		if len(rest) < len(parts) {
			if len(rest) == 0 {
				return "it is among the denied ones"
			}
			if ok, err := spdxexp.Satisfies(expression, rest); err != nil || !ok {
				return "it is among the denied ones"
			}
		}
	}
	return ""
}
