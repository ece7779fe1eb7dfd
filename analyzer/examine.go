package analyzer

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/analyzer/vulnerability"
	"github.com/lockwarden/lockwarden/known"
	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/lockfile/sri"
)

// Examination is one package version with all that is known of it, outside any
// lockfile: what a report and a comparison are made of.
type Examination struct {
	// Input lacks only what Scanned has.
	Input   issue.Input
	Scanned Scanned
	// Unknown is what is not known besides what Input and Scanned tell.
	Unknown []known.Gap
}

// NoDatabase is why advisories are not known where nobody is to be asked.
const NoDatabase = "no database of advisories is set (--osv none)"

// Report judges it.
func (e *Examination) Report() *Report {
	r := NewReport(e.Input, e.Scanned)
	r.Unknown = append(r.Unknown, e.Unknown...)
	return &r
}

// Unasked are the gaps of a package that is at hand: nobody is asked about it.
func Unasked(reason string) []known.Gap {
	return []known.Gap{{What: known.Metadata, Reason: reason}, {What: known.Advisories, Reason: reason}}
}

// Examine scans a version of the registry and asks what is known of it. It
// fails only where the context ends: what is not known is part of the result.
func (s *Scanner) Examine(ctx context.Context, subject Subject) (*Examination, error) {
	e := &Examination{Input: issue.Input{Name: subject.Name, Version: subject.Version, Now: time.Now()}}
	var err error
	if e.Scanned, err = s.Scan(ctx, subject); err != nil {
		return nil, err
	}
	if e.Input.Metadata, err = s.Metadata(ctx, subject.Name, subject.Version, "", true); err != nil {
		return nil, err
	}
	advisories, err := s.Advisories(ctx, []vulnerability.Package{{Name: subject.Name, Version: subject.Version}, {Name: subject.Name}})
	if err != nil {
		return nil, err
	}
	if list, ok := advisories.Get(); ok {
		e.Input.Advisories, e.Input.Incidents = list[0], list[1]
	}
	if gap, ok := advisories.Gap(known.Advisories, NoDatabase); ok {
		e.Unknown = append(e.Unknown, gap)
	}
	return e, nil
}

// Update makes now an update of old: its report has the difference, and the
// issues that only an update can have.
func (s *Scanner) Update(ctx context.Context, old, now *Examination) error {
	in := &now.Input
	of := known.Of[issue.Metadata]{} // it may not know of the other one
	if in.Metadata.Known() && old.Input.Name == in.Name {
		var err error
		if in.Metadata, err = s.Metadata(ctx, in.Name, in.Version, old.Input.Version, true); err != nil {
			return err
		}
		of = in.Metadata
	}
	if gap, ok := Predecessor(old.Input.Version, old.Scanned, of); ok {
		now.Unknown = append(now.Unknown, gap)
	}
	in.Old, in.OldAdvisories = old.Scanned.Contents, old.Input.Advisories
	in.Change = &lockfile.Change{Kind: lockfile.Upgraded, Name: in.Name, From: old.Input.Version, To: in.Version,
		Old: &lockfile.Entry{Name: old.Input.Name, Package: old.Input.Name, Version: old.Input.Version}, New: &lockfile.Entry{Name: in.Name, Package: in.Name, Version: in.Version}}
	return nil
}

// Release is one of a package's versions, with what it changed against the one
// before it in order of versions, as far as it is known without a scan, and
// with the scans that are at hand.
type Release struct {
	Version   string
	Published time.Time
	// Tags are the dist-tags that lead to it.
	Tags       []string
	Deprecated string
	// Before is the version that it is compared with, empty for the first.
	Before string
	// Dependencies are those that npm installs; InstallScript is set where it
	// runs something on installation, and the version before did not.
	Dependencies  Turnover
	InstallScript bool
	// Publisher is set where another person published than before.
	Publisher *Turn
	// Delta is nil where one of the two was not scanned here.
	Delta *Delta
}

const (
	// releasesNewest and releasesAround are how many versions Releases lists: the
	// newest, and those around the one that is looked at, to either side.
	releasesNewest, releasesAround = 10, 3
	// releasesCompared is how many of them have their kept scans compared: each
	// may have megabytes.
	releasesCompared = 8
)

// Releases lists the versions of a package that a reader of one of them may ask
// for, the newest first, and all versions' names in the same order.
func (s *Scanner) Releases(ctx context.Context, name, version string) (list []Release, all []string, err error) {
	p, err := s.Registry.Packument(ctx, name, true)
	if err != nil {
		return nil, nil, err
	}
	all = byVersion(p)
	at := slices.Index(all, version)
	compared := 0
	for i, v := range all {
		if i >= releasesNewest && (at < 0 || i < at-releasesAround || i > at+releasesAround) {
			continue
		}
		r := releaseOf(p, v)
		if i+1 < len(all) {
			r.against(p, all[i+1])
			if near := at < 0 || i >= at-releasesAround && i <= at+releasesAround; near && compared < releasesCompared {
				compared++
				r.Delta = s.atHand(ctx, p.Versions[r.Before].Dist.Integrity, p.Versions[v].Dist.Integrity)
			}
		}
		list = append(list, r)
	}
	return list, all, nil
}

// byVersion are the names of all versions, the newest first; what is no version
// comes last.
func byVersion(p *npm.Packument) []string {
	list := slices.Collect(maps.Keys(p.Versions))
	npm.SortVersions(list)
	slices.Reverse(list)
	return list
}

func releaseOf(p *npm.Packument, version string) Release {
	v := p.Versions[version]
	r := Release{Version: version, Deprecated: string(v.Deprecated)}
	r.Published, _ = time.Parse(time.RFC3339, p.Time[version])
	for _, tag := range slices.Sorted(maps.Keys(p.DistTags)) {
		if p.DistTags[tag] == version {
			r.Tags = append(r.Tags, tag)
		}
	}
	return r
}

// against says what the registry's document tells of the difference.
func (r *Release) against(p *npm.Packument, before string) {
	old, now := p.Versions[before], p.Versions[r.Version]
	installed := func(v npm.Version) []string {
		return append(slices.Collect(maps.Keys(v.Dependencies)), slices.Collect(maps.Keys(v.Optional))...)
	}
	r.Before = before
	r.Dependencies = turnover(installed(old), installed(now))
	r.InstallScript = runsOnInstall(&now) && !runsOnInstall(&old)
	if a, b := old.Publisher.Name, now.Publisher.Name; a != "" && b != "" && a != b {
		r.Publisher = &Turn{a, b}
	}
}

// runsOnInstall: the full document has the scripts, the abbreviated one a note.
func runsOnInstall(v *npm.Version) bool {
	return bool(v.HasInstallScript) || v.Scripts["preinstall"]+v.Scripts["install"]+v.Scripts["postinstall"] != ""
}

// atHand compares two versions that were scanned already, here or on another
// replica; nil where one was not.
func (s *Scanner) atHand(ctx context.Context, before, now string) *Delta {
	var sides [2]*issue.Contents
	for i, integrity := range []string{before, now} {
		sum := sri.SHA512(integrity)
		c, ok := s.cached(sum)
		if !ok && s.shared != nil && sum != "" {
			c, ok = s.kept(ctx, sum)
		}
		if !ok {
			return nil
		}
		sides[i] = c
	}
	return Compare(sides[0], sides[1])
}
