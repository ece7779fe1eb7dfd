// Package review turns the difference between two lockfiles into a Review: a
// report on every package version that came in. It knows nothing of GitHub, of
// stores or of policies.
package review

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/vulnerability"
	"github.com/lockwarden/lockwarden/known"
	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/lockfile/settings"
)

// Scanner is what Run needs of an analyzer.Scanner.
type Scanner interface {
	Scan(ctx context.Context, subject analyzer.Subject) (analyzer.Scanned, error)
	Metadata(ctx context.Context, name, version, before string, full bool) (known.Of[issue.Metadata], error)
	ConfiguredHost(host string) bool
	Advisories(ctx context.Context, packages []vulnerability.Package) (known.Of[[][]vulnerability.Advisory], error)
}

// Review is what came in and what is known of it.
type Review struct {
	// Lockfiles are the files that the review is about: those that were
	// compared, then those that Whole is about.
	Lockfiles []string
	Packages  []Package
	// Removed are changes that bring no code.
	Removed []Change
	// Moved are packages whose bytes were there before, and are now at another
	// place, for another package, or from another host of the same registry.
	Moved []Change
	// Whole are issues of a lockfile as a whole.
	Whole []WholeIssue
	// Unknown is what is not known of all packages; what is not known of one
	// stands in its report. NotKnown lists both.
	Unknown []known.Gap
	// Notes are sentences about the review as a whole, such as lockfiles that
	// were left out.
	Notes []string
}

// Unknown is something that is not known of a package, or of the whole review
// where Package is empty.
type Unknown struct {
	// Package is NAME@VERSION.
	Package string
	known.Gap
}

// NotKnown lists all that is not known and why: what concerns the whole review
// first, then each package version once.
func (r *Review) NotKnown() []Unknown {
	var out []Unknown
	for _, gap := range r.Unknown {
		out = append(out, Unknown{"", gap})
	}
	seen := map[Unknown]bool{}
	for i := range r.Packages {
		p := &r.Packages[i]
		for _, gap := range p.Report.Unknown {
			u := Unknown{p.Report.Name + "@" + p.Report.Version, gap}
			if !seen[u] {
				seen[u] = true
				out = append(out, u)
			}
		}
	}
	return out
}

// Change is a lockfile's change with the lockfile it is in.
type Change struct {
	lockfile.Change
	File string
}

// Package is the report on one changed package version.
type Package struct {
	Change Change
	Report analyzer.Report
	// Own is set for the repository's own packages, which are not scanned:
	// workspaces and folders.
	Own bool
	// Scripts says whether the package's lifecycle scripts run in the project;
	// nil where it has none, or where nothing is known of the project.
	Scripts *settings.ScriptPolicy
	// Before are the fingerprints of the issues that the version before an
	// update has.
	Before []string
}

// HadBefore reports whether the version before has the same issue, by its
// evidence.
func (p *Package) HadBefore(i issue.Issue) bool {
	return i.Comparable() && slices.Contains(p.Before, i.Fingerprint())
}

// OldNews reports whether an issue is small and the version before has it as
// well: nothing for the reader of an update.
func (p *Package) OldNews(i issue.Issue) bool { return i.Severity >= issue.Low && p.HadBefore(i) }

// Progress is how far a review is.
type Progress struct {
	Done, Total, Cached int
	Bytes               int64
}

// parallel is how many packages are fetched at once.
func parallel() int { return max(8, 2*runtime.GOMAXPROCS(0)) }

// fullDocuments is up to how many changes the registry is asked for its full
// documents, which say who published what and when: they have megabytes each.
const fullDocuments = 150

// scan is the work on one change: the new version and, for an update, the old.
type scan struct {
	change   Change
	now, old analyzer.Scanned
	metadata known.Of[issue.Metadata]
	// advisories cover the new version, oldAdvisories the old one.
	advisories, oldAdvisories []vulnerability.Advisory
	// incidents are malware among all versions of the package; internal the
	// project's own packages.
	incidents []vulnerability.Advisory
	internal  []string
	settings  *settings.Settings
	// locked are the names of the packages that the project had before.
	locked map[string]bool
	at     time.Time
	// of is set for a package that did not change and is allowed to run its
	// scripts from now on: only what they do is asked for.
	of *lockfile.Entry
}

// Run reviews. An error means that the whole review failed, or that ctx ended;
// what concerns one package is in its report.
func Run(ctx context.Context, in *Input, scanner Scanner, progress func(Progress)) (*Review, error) {
	r := &Review{Whole: slices.Clone(in.Whole), Notes: slices.Clone(in.Notes)}
	var scans, let, filled []*scan
	for _, pair := range in.Pairs {
		r.Lockfiles = append(r.Lockfiles, pair.File)
		own, locked := internal(pair.Head), names(pair.Base)
		for _, c := range lockfile.Compare(pair.Base, pair.Head) {
			change := Change{c, pair.File}
			switch {
			case c.Kind == lockfile.Removed:
				r.Removed = append(r.Removed, change)
				continue
			case c.Quiet():
				r.Moved = append(r.Moved, change)
				continue
			}
			scans = append(scans, &scan{change: change, internal: own, settings: pair.Settings, locked: locked, at: time.Now()})
		}
		for _, c := range lockfile.Filled(pair.Base, pair.Head) {
			filled = append(filled, &scan{change: Change{c, pair.File}, internal: own, settings: pair.Settings, at: time.Now()})
		}
		if pair.Head != nil {
			r.drift(pair)
			r.odd(pair)
		}
	}
	for _, w := range in.Whole {
		if !slices.Contains(r.Lockfiles, w.File) {
			r.Lockfiles = append(r.Lockfiles, w.File)
		}
	}
	for _, g := range in.Guards {
		if !slices.Contains(r.Lockfiles, g.File) {
			r.Lockfiles = append(r.Lockfiles, g.File)
		}
	}
	sort.SliceStable(r.Whole, func(i, j int) bool { return r.Whole[i].File < r.Whole[j].File })
	for _, g := range in.Guards {
		for _, e := range g.Lets {
			let = append(let, &scan{change: Change{Change: lockfile.Change{Kind: lockfile.Moved, New: e}}, of: e})
		}
	}
	wrong, err := r.filled(ctx, filled, scanner)
	if err != nil {
		return nil, err
	}
	scans = append(scans, wrong...)
	if err := runScans(ctx, slices.Concat(scans, let), scanner, progress); err != nil {
		return nil, err
	}
	r.guards(in.Guards, let)
	if len(scans) > fullDocuments {
		many := fmt.Sprintf("more than %d packages come in at once", fullDocuments)
		r.Unknown = append(r.Unknown, known.Gap{What: known.Publishing, Reason: many})
	}
	if err := r.advisories(ctx, scans, scanner); err != nil {
		return nil, err
	}
	added := map[string]bool{}
	for _, s := range scans {
		if s.change.Kind == lockfile.Added {
			c := s.now.Contents
			added[s.change.Name] = added[s.change.Name] || c != nil && (len(c.LifecycleScripts()) > 0 || c.ImplicitGyp)
		}
	}
	confirmAliases(scans)
	for _, s := range scans {
		r.Packages = append(r.Packages, s.report(scanner, added))
	}
	for i := range r.Whole {
		if w := &r.Whole[i]; w.aboutFile() {
			w.Content = in.Contents[w.File]
		}
	}
	sort.SliceStable(r.Packages, func(i, j int) bool { return rank(&r.Packages[i]) < rank(&r.Packages[j]) })
	return r, nil
}

// advisories asks for all packages of the registry at once. Where nobody
// answers, it is said: a package is then not known to be free of them.
func (r *Review) advisories(ctx context.Context, scans []*scan, scanner Scanner) error {
	var packages []vulnerability.Package
	for _, s := range scans {
		if !published(s.change.New) {
			continue
		}
		packages = append(packages, vulnerability.Package{Name: s.change.New.Package, Version: s.change.New.Version})
		packages = append(packages, vulnerability.Package{Name: s.change.New.Package})
		if s.change.Old != nil {
			packages = append(packages, vulnerability.Package{Name: s.change.Old.Package, Version: s.change.Old.Version})
		}
	}
	if len(packages) == 0 {
		return nil
	}
	answer, err := scanner.Advisories(ctx, packages)
	if err != nil {
		return err
	}
	if gap, ok := answer.Gap(known.Advisories, analyzer.NoDatabase); ok {
		r.Unknown = append(r.Unknown, gap)
		return nil
	}
	list := answer.OrZero()
	for _, s := range scans {
		if !published(s.change.New) {
			continue
		}
		s.advisories, s.incidents, list = list[0], list[1], list[2:]
		if s.change.Old != nil {
			s.oldAdvisories, list = list[0], list[1:]
		}
	}
	return nil
}

// maxFilled is how many filled-in hashes the registry is asked about.
const maxFilled = 1000

// filled compares hashes that were filled in with the registry's, and returns
// those that are not the same. What is not asked, or not answered, is said.
func (r *Review) filled(ctx context.Context, list []*scan, scanner Scanner) (wrong []*scan, err error) {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel())
	asked := list[:min(len(list), maxFilled)]
	for _, s := range asked {
		if !published(s.change.New) {
			continue
		}
		g.Go(func() error {
			var err error
			s.metadata, err = scanner.Metadata(ctx, s.change.New.Package, s.change.New.Version, "", false)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	unknown, why := len(list)-len(asked), ""
	for _, s := range asked {
		m := s.metadata.OrZero()
		if agree, _ := lockfile.CompareIntegrity(s.change.New.Integrity, m.Integrity); agree {
			continue
		}
		if m.Exists && m.Integrity != "" {
			wrong = append(wrong, s)
			continue
		}
		if unknown++; why == "" && s.metadata.Why() != "" {
			why = ": " + s.metadata.Why()
		}
	}
	if unknown > 0 {
		r.Whole = append(r.Whole, Unreadable(list[0].change.File, list[0].change.Line,
			fmt.Sprintf("%d hashes were filled in and could not be compared with the registry's%s", unknown, why)))
	}
	return wrong, nil
}

// published reports whether the package is one of the default registry's, which
// others know by its name: the same name in a registry that the project calls
// "work" is another package.
func published(e *lockfile.Entry) bool {
	return e.Source() == lockfile.Registry && e.Registry == ""
}

// confirmAliases drops the aliases that a package which came in declares itself:
// what the lockfile says of it is true of its own package.json.
func confirmAliases(scans []*scan) {
	declares := func(u lockfile.Undeclared, to *lockfile.Entry) bool {
		for _, s := range scans {
			if !slices.Contains(s.change.Entries, u.Entry) {
				continue
			}
			if s.now.Contents == nil {
				return lockfile.LeadsTo(u.Spec, to) // it is reported as not scanned itself
			}
			for _, d := range s.now.Contents.Manifest.Dependencies {
				if d.Name == u.Name && lockfile.LeadsTo(d.Spec, to) {
					return true
				}
			}
		}
		return false
	}
	for _, s := range scans {
		s.change.Undeclared = slices.DeleteFunc(s.change.Undeclared, func(u lockfile.Undeclared) bool {
			return u.Claimed && declares(u, s.change.New)
		})
	}
}

// guards adds what a change of settings opens or closes, with what it lets
// through.
func (r *Review) guards(list []Guard, let []*scan) {
	for _, g := range list {
		found := issue.Project(g.Change)
		line, end := max(g.Line, 1), max(g.Line, 1)
		if g.Setting > 0 {
			line = min(line, g.Setting)
		}
		if g.InBase {
			found.Detail["file"] += ":" + strconv.Itoa(end) + " of the base"
			line, end = 1, 1
		}
		if g.ID == settings.ScriptsAllowed {
			var scanned []issue.LetThrough
			for _, s := range let {
				if slices.Contains(g.Lets, s.of) {
					scanned = append(scanned, issue.LetThrough{Name: s.of.ID(), Contents: s.now.Contents, Fetch: s.now.Fetch})
				}
			}
			found.LetsThrough(scanned)
		}
		r.Whole = append(r.Whole, WholeIssue{File: g.File, Line: line, EndLine: end, Issue: found})
	}
}

// odd adds what no package manager writes, where the base did not have it.
func (r *Review) odd(pair Pair) {
	list := pair.Head.Oddities
	if o, ok := lockfile.Repacked(pair.Base, pair.Head); ok {
		list = append(slices.Clone(list), o)
	}
	for _, o := range list {
		had := pair.Base != nil && slices.ContainsFunc(pair.Base.Oddities, func(old lockfile.Oddity) bool {
			return old.Kind == o.Kind && old.What == o.What
		})
		if found, ok := issue.Odd(o); ok && !had {
			r.Whole = append(r.Whole, WholeIssue{File: pair.File, Line: max(o.Line, 1), Issue: found})
		}
	}
}

// names are those of the packages of a lockfile.
func names(l *lockfile.Lockfile) map[string]bool {
	if l == nil {
		return nil
	}
	out := make(map[string]bool, len(l.Entries))
	for _, e := range l.Entries {
		out[e.Package] = true
	}
	return out
}

// internal are the names of the packages that belong to the repository.
func internal(l *lockfile.Lockfile) []string {
	if l == nil {
		return nil
	}
	var names []string
	for _, e := range l.Entries {
		if e.Source() == lockfile.Local && e.Package != "" {
			names = append(names, e.Package)
		}
	}
	return names
}

// rank puts the worst packages first; the rest stays in order of name.
func rank(p *Package) issue.Severity {
	worst := issue.Info + 1
	for _, i := range p.Report.Issues {
		worst = min(worst, i.Severity)
	}
	return worst
}

func runScans(ctx context.Context, scans []*scan, scanner Scanner, progress func(Progress)) error {
	state := Progress{}
	for _, s := range scans {
		state.Total++
		if s.hasOld() {
			state.Total++
		}
	}
	var mu sync.Mutex
	report := func(s analyzer.Scanned) {
		mu.Lock()
		defer mu.Unlock()
		state.Done++
		if s.Cached {
			state.Cached++
		}
		state.Bytes += s.Bytes
		if progress != nil {
			progress(state)
		}
	}
	if progress != nil {
		progress(state)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel())
	for _, s := range scans {
		g.Go(func() error {
			var err error
			s.now, err = scanner.Scan(ctx, Subject(s.change.New))
			report(s.now)
			return err
		})
		if s.hasOld() {
			g.Go(func() error {
				var err error
				s.old, err = scanner.Scan(ctx, Subject(s.change.Old))
				report(s.old)
				return err
			})
		}
		if s.of == nil && published(s.change.New) && s.change.New.Version != "" {
			g.Go(func() error {
				var err error
				s.metadata, err = scanner.Metadata(ctx, s.change.New.Package, s.change.New.Version, s.before(), len(scans) <= fullDocuments)
				return err
			})
		}
	}
	return g.Wait()
}

// hasOld reports whether there is an older version to compare with. A
// replacement under the same version is compared with what it replaces.
func (s *scan) hasOld() bool {
	c := &s.change
	return c.Old != nil && c.New != nil && (c.Kind == lockfile.Upgraded || c.Kind == lockfile.Downgraded ||
		c.Old.Integrity != c.New.Integrity && c.Old.Integrity != "")
}

// before is the version of the same package before the change, empty where there
// is none.
func (s *scan) before() string {
	if s.change.Old != nil && s.change.Old.Package == s.change.New.Package {
		return s.change.Old.Version
	}
	return ""
}

// unknown is what is not known of the package besides what its report says.
func (s *scan) unknown() (out []known.Gap) {
	if e := s.change.New; e.Source() == lockfile.Registry && e.Registry != "" {
		out = append(out, analyzer.Unasked("it comes from the registry that the project calls "+e.Registry)...)
	}
	if !s.hasOld() || s.now.Contents == nil {
		return out // what was not scanned is said already
	}
	of := s.metadata
	if s.before() == "" {
		of = known.Of[issue.Metadata]{} // it does not know of another package
	}
	if gap, ok := analyzer.Predecessor(s.change.From, s.old, of); ok && (s.old.Contents == nil || len(s.now.Contents.Incomplete) == 0) {
		out = append(out, gap)
	}
	return out
}

// outside reports whether a link leads out of the lockfile's folder by more
// than the repository can tell: an absolute path, or an address.
func outside(e *lockfile.Entry) bool {
	return e.Link && (strings.HasPrefix(e.Resolved, "/") || strings.Contains(e.Resolved, ":") || strings.Contains(e.Resolved, "\\"))
}

// Subject says how an entry's bytes can be had.
func Subject(e *lockfile.Entry) analyzer.Subject {
	s := analyzer.Subject{Name: e.Package, Version: e.Version, Resolved: e.Resolved, Integrity: e.Integrity}
	switch e.Source() {
	case lockfile.Git:
		s.Unsupported = "it comes from a git repository, which is not fetched"
	case lockfile.File:
		s.Unsupported = "it is a file of the repository"
	case lockfile.Local:
		s.Unsupported = "it is part of the repository itself"
		if outside(e) {
			s.Unsupported = "it is a link out of the repository, to " + e.Resolved
		}
	case lockfile.InParent:
		s.Unsupported = "it is bundled in its parent's tarball and scanned with that"
	case lockfile.Runtime:
		s.Unsupported = "it is a program, one archive for each system, which is not fetched"
	case lockfile.Registry:
		switch {
		case e.Version == "" && e.Resolved == "":
			s.Unsupported = "the lockfile does not say which version it is"
		case e.Registry != "" && e.Resolved == "":
			s.Unsupported = "it comes from the registry that the project calls " + e.Registry + ", which is not asked"
		}
	}
	return s
}

// report judges one scan, with what the other scans found.
func (s *scan) report(scanner Scanner, added map[string]bool) Package {
	source := s.change.New.Source()
	p := Package{Change: s.change, Own: source == lockfile.Local && !outside(s.change.New) || source == lockfile.InParent}
	in := issue.Input{Name: s.change.Name, Version: s.change.To, Metadata: s.metadata, Change: &s.change.Change,
		Entries: s.change.Entries, ConfiguredHost: scanner.ConfiguredHost, Added: added,
		Advisories: s.advisories, OldAdvisories: s.oldAdvisories, Incidents: s.incidents, Internal: s.internal, Now: s.at,
		Locked: func(name string) bool { return s.locked[name] }}
	if s.settings != nil && s.now.Contents != nil && (len(s.now.Contents.LifecycleScripts()) > 0 || s.now.Contents.ImplicitGyp) {
		policy := s.settings.Scripts(s.change.Name, s.change.To)
		p.Scripts, in.Scripts = &policy, &policy
	}
	if s.hasOld() && s.old.Contents != nil {
		in.Old = s.old.Contents
		before := issue.Input{Name: s.change.Name, Version: s.change.From, Contents: s.old.Contents,
			ConfiguredHost: scanner.ConfiguredHost, Advisories: s.oldAdvisories, Scripts: in.Scripts}
		for _, had := range issue.Judge(&before) {
			if had.Comparable() {
				p.Before = append(p.Before, had.Fingerprint())
			}
		}
	}
	p.Report = analyzer.NewReport(in, s.now)
	p.Report.Unknown = append(p.Report.Unknown, s.unknown()...)
	if p.Own {
		kept := p.Report.Issues[:0]
		for _, i := range p.Report.Issues {
			if i.ID != "scan/incomplete" {
				kept = append(kept, i)
			}
		}
		p.Report.Issues = kept
	}
	return p
}

// drift looks whether package.json and the lockfile agree.
func (r *Review) drift(pair Pair) {
	names := append(lockfile.Drift(pair.Head), lockfile.Unsatisfied(pair.Head)...)
	if len(names) > 0 {
		r.Whole = append(r.Whole, WholeIssue{File: pair.File, Line: max(pair.Head.Root.Line, 1), Issue: issue.Drift(names)})
	}
}
