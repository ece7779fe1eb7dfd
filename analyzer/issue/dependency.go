package issue

import (
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/lockfile"
)

var gitHosted = regexp.MustCompile(`^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+(#.*)?$`)

// specSource tells what kind of source a dependency's specifier names.
// Source: https://docs.npmjs.com/cli/configuring-npm/package-json#dependencies
func specSource(spec string) string {
	spec = strings.TrimSpace(spec)
	switch {
	case strings.HasPrefix(spec, "git+"), strings.HasPrefix(spec, "git:"), strings.HasPrefix(spec, "git@"), strings.HasPrefix(spec, "ssh://"),
		strings.HasPrefix(spec, "github:"), strings.HasPrefix(spec, "gitlab:"), strings.HasPrefix(spec, "bitbucket:"), strings.HasPrefix(spec, "gist:"):
		return "git"
	case strings.HasPrefix(spec, "http://"), strings.HasPrefix(spec, "https://"):
		if strings.HasSuffix(strings.SplitN(spec, "#", 2)[0], ".git") {
			return "git"
		}
		return "url"
	case strings.HasPrefix(spec, "file:"), strings.HasPrefix(spec, "link:"), strings.HasPrefix(spec, "npm:"), strings.HasPrefix(spec, "workspace:"):
		return ""
	case gitHosted.MatchString(spec):
		return "git"
	}
	return ""
}

func dependencyEvidence(d npm.Dependency) behavior.Evidence {
	return behavior.Evidence{File: "package.json", Line: d.Line, Column: 1, Snippet: `"` + d.Name + `": "` + d.Spec + `"`}
}

// dependencyRemote: a dependency declared as a URL or git repository, or a
// package that the lockfile takes from one.
func dependencyRemote(in *Input) []Issue {
	var names []string
	var evidence []behavior.Evidence
	if in.Contents != nil {
		for _, d := range in.Contents.Manifest.Dependencies {
			if specSource(d.Spec) != "" {
				names = append(names, d.Name)
				evidence = append(evidence, dependencyEvidence(d))
			}
		}
	}
	for _, e := range in.Entries {
		if s := e.Source(); s == lockfile.Git || s == lockfile.Remote && !in.configured(e.Host()) {
			return detailed(Medium, map[string]string{"names": in.Name, "source": clip(e.Resolved)}, evidence...)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return detailed(Medium, map[string]string{"names": strings.Join(names, ", "), "source": "outside the registry"}, evidence...)
}

// dependencyShrinkwrapped: npm follows the npm-shrinkwrap.json of a dependency, and
// this one takes packages from a host that is no registry of the project.
func dependencyShrinkwrapped(in *Input) []Issue {
	if in.Contents == nil {
		return nil
	}
	var names, hosts []string
	var evidence []behavior.Evidence
	severity := Medium // of a repository, as dependency/remote
	for _, s := range in.Contents.Shrinkwrapped {
		if in.configured(s.Host) {
			continue
		}
		if !s.Git {
			severity = High
		}
		if host := s.Host; !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
		if len(evidence) < maxFinds {
			names = append(names, s.Name)
			evidence = append(evidence, behavior.Evidence{File: "npm-shrinkwrap.json", Line: s.Line, Column: 1, Snippet: clip(`"resolved": "` + s.Resolved + `"`)})
		}
	}
	if len(names) == 0 {
		return nil
	}
	return detailed(severity, map[string]string{"names": clip(strings.Join(names, ", ")), "hosts": clip(strings.Join(hosts, ", "))}, evidence...)
}

func (in *Input) configured(host string) bool {
	return in.ConfiguredHost != nil && in.ConfiguredHost(host)
}

var fullCommit = regexp.MustCompile(`#[0-9a-f]{40}([0-9a-f]{24})?$`)

// dependencyMutableGit: a git dependency that a branch or tag can move.
func dependencyMutableGit(in *Input) []Issue {
	var names []string
	var evidence []behavior.Evidence
	for _, e := range in.Entries {
		if e.Source() == lockfile.Git && !e.Pinned() {
			names = append(names, in.Name)
			break
		}
	}
	if in.Contents != nil {
		for _, d := range in.Contents.Manifest.Dependencies {
			if specSource(d.Spec) == "git" && !fullCommit.MatchString(d.Spec) {
				names = append(names, d.Name)
				evidence = append(evidence, dependencyEvidence(d))
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	return detailed(High, map[string]string{"names": strings.Join(names, ", ")}, evidence...)
}

// dependencyNewInUpdate: a patch or minor update brings a dependency that the
// old version lacked.
func dependencyNewInUpdate(in *Input) []Issue {
	if in.Contents == nil || in.Old == nil || in.Change == nil || in.Change.Kind != lockfile.Upgraded {
		return nil
	}
	from, err1 := semver.NewVersion(in.Change.From)
	to, err2 := semver.NewVersion(in.Change.To)
	if err1 != nil || err2 != nil || from.Major() != to.Major() {
		return nil
	}
	old := map[string]bool{}
	for _, d := range in.Old.Manifest.Dependencies {
		old[d.Name] = true
	}
	var names []string
	var evidence []behavior.Evidence
	severity := Medium
	for _, d := range in.Contents.Manifest.Dependencies {
		if d.Kind == "peerDependencies" || old[d.Name] || in.Locked != nil && in.Locked(d.Name) {
			continue // what the project has already is nobody's new code
		}
		names = append(names, d.Name)
		evidence = append(evidence, dependencyEvidence(d))
		if in.Added[d.Name] {
			severity = High
		}
	}
	if len(names) == 0 {
		return nil
	}
	size := "minor"
	if from.Minor() == to.Minor() {
		size = "patch"
	}
	return detailed(severity, map[string]string{"names": strings.Join(names, ", "), "size": size, "from": in.Change.From, "to": in.Change.To}, evidence...)
}

func dependencyWildcard(in *Input) []Issue {
	if in.Contents == nil {
		return nil
	}
	var names []string
	var evidence []behavior.Evidence
	for _, d := range in.Contents.Manifest.Dependencies {
		if d.Kind == "peerDependencies" {
			continue // a peer is what the project has anyway
		}
		switch strings.ReplaceAll(strings.TrimSpace(d.Spec), " ", "") {
		case "*", "", "x", "X", "latest", "next", ">=0", ">=0.0.0", ">=0.0", ">0.0.0", ">0":
			names = append(names, d.Name)
			evidence = append(evidence, dependencyEvidence(d))
		}
	}
	if len(names) == 0 {
		return nil
	}
	sort.Strings(names)
	return detailed(Low, map[string]string{"names": strings.Join(names, ", ")}, evidence...)
}

func dependencyDeprecated(in *Input) []Issue {
	message := in.metadata().Deprecated
	if message == "" && !in.Metadata.Known() && len(in.Entries) > 0 {
		message = in.Entries[0].Deprecated
	}
	if message == "" {
		return nil
	}
	return detailed(Low, map[string]string{"message": clip(message)})
}

func dependencyUnpublished(in *Input) []Issue {
	if !in.unpublished() {
		return nil
	}
	return one(High)
}

func clip(s string) string {
	if len(s) > 200 {
		s = s[:197] + "…"
	}
	return strings.ToValidUTF8(s, "")
}
