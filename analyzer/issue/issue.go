// Package issue judges: from what a package version does, says, and is
// recorded as, it makes issues with a severity. A rule is one value in the
// list of rules.go and a function in the file of its category; its words are
// templates/issue/<id>.md, never Go; its test is testdata/<id>.txtar.
//
// Rules are pure functions of an Input. What is not known of a package
// (registry metadata, the version before an update, the lockfile) is nil or
// unknown in the Input, and rules that need it stay silent: the report lists
// what is not known, and why.
package issue

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/analyzer/vulnerability"
	"github.com/lockwarden/lockwarden/known"
	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/lockfile/settings"
)

// Severity orders issues.
type Severity uint8

// The severities, the worst first.
const (
	Critical Severity = iota
	High
	Medium
	Low
	Info
)

var severityNames = [...]string{"critical", "high", "medium", "low", "info"}

// String is the lower-case name.
func (s Severity) String() string { return severityNames[s] }

// ParseSeverity reads a name.
func ParseSeverity(name string) (Severity, error) {
	for i, n := range severityNames {
		if n == name {
			return Severity(i), nil
		}
	}
	return Info, fmt.Errorf("issue: %q is no severity; critical, high, medium, low and info are", name)
}

// MarshalText writes the name, for JSON.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the name.
func (s *Severity) UnmarshalText(text []byte) error {
	parsed, err := ParseSeverity(string(text))
	*s = parsed
	return err
}

// Issue is one judgment on a package version.
type Issue struct {
	ID       string
	Severity Severity
	// Detail fills the places in the issue's text: {script}, {host}.
	Detail   map[string]string
	Evidence []behavior.Evidence
}

// Fingerprint is the same for the same issue with the same evidence: the kind,
// what the text names (hosts, commands), the API and the code, but not the
// version, file names or lines, which move from release to release.
func (i *Issue) Fingerprint() string {
	h := sha256.New()
	write := func(s string) { fmt.Fprintf(h, "%d:%s,", len(s), s) }
	write(i.ID)
	for _, key := range slices.Sorted(maps.Keys(i.Detail)) {
		write(key)
		write(i.Detail[key])
	}
	seen := map[string]bool{}
	for _, e := range i.Evidence {
		line := e.API + " " + strings.Join(strings.Fields(e.Snippet), "")
		seen[line] = true
	}
	for _, line := range slices.Sorted(maps.Keys(seen)) {
		write(line)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Comparable reports whether the issue can be told again in another version: by
// the code that is its evidence, by the advisory it is about, by what the
// package says of itself.
func (i *Issue) Comparable() bool {
	category, _, _ := strings.Cut(i.ID, "/")
	return len(i.Evidence) > 0 || category == "vulnerability" || category == "license" || category == "identity"
}

// Contents is what is known of a package version from its tarball alone.
type Contents struct {
	Manifest npm.Manifest
	// Git is set where it is installed from a git repository.
	Git bool `json:",omitempty"`
	behavior.Findings
	Keys []Key
	// Finds lie in the package's files, whatever its scripts do.
	Finds []Find
	// LicenseFile is set where there is a file of that name.
	LicenseFile bool
	// Incomplete are files, or the whole package (File empty), that were not
	// analyzed.
	Incomplete []Problem
	// Blind are the places where the engine stopped following. Those that a
	// green may not pass over are in Incomplete as well: Unscanned says which.
	Blind []javascript.Blind
	// Unparsable are scripts that no parser reads.
	Unparsable []Problem
	// ImplicitGyp is set where npm builds the package with node-gyp of its own
	// accord.
	ImplicitGyp bool
	// BundledScripts are the lifecycle scripts of packages in the tarball's
	// node_modules, which npm runs as well.
	BundledScripts []javascript.BundledScript
	// Shrinkwrapped are the packages that the package's own npm-shrinkwrap.json
	// takes from elsewhere than the public registry.
	Shrinkwrapped []Shrinkwrapped
	// Scripts are the hashes of the files that lifecycle scripts run.
	LifecycleFiles map[string]string
	// Inventory are the files with the beginning of their hash, at most
	// maxInventory; Entropy is that of the scripts, in bits a byte.
	Inventory map[string]string
	Entropy   float64
	// Files and Size count what is in the tarball; Scripted and Parsed its
	// scripts.
	Files            int
	Size             int64
	Scripted, Parsed int
	ScriptBytes      int64
}

// Shrinkwrapped is a package that a dependency's own lockfile takes from an
// address; Line is that file's.
type Shrinkwrapped struct {
	Name, Resolved, Host string
	// Git is set for a repository.
	Git  bool
	Line int
}

// Hosts are those in addresses of scripts that may run.
func (c *Contents) Hosts() []string {
	var out []string
	for i := range c.Addresses {
		a := &c.Addresses[i]
		if a.Evidence.Contexts&^javascript.Unreachable == 0 {
			continue
		}
		if host := hostOf(a.URL); host != "" && !isNamespace(host, a.URL) && !isLocal(host) {
			out = append(out, host)
		}
	}
	sort.Strings(out)
	return slices.Compact(out)
}

// Problem is why something was not analyzed.
type Problem struct {
	File, Reason string
	Line         int
}

// FetchProblem is why a tarball was not read.
type FetchProblem struct {
	// Kind is "unexpected-host", "integrity-mismatch", "two-hashes", "not-found", "limit",
	// "ambiguous" (package managers would unpack different things),
	// "unsupported" or "failed".
	Kind   string
	Reason string
}

// Metadata is what the registry says of a version.
type Metadata struct {
	// Exists is whether the registry has this version.
	Exists     bool
	Integrity  string
	Shasum     string
	Deprecated string
	// Release is this version, Before the one before an update; nil where
	// there is none.
	Release
	Before *Release
	// Created is when the package was first published.
	Created time.Time
	// Stated is what the registry shows of the version's package.json, nil
	// where it shows nothing; StatesScripts where that has scripts.
	Stated        *npm.Manifest
	StatesScripts bool
	// Versions are all there are, Removed those that there were.
	Versions, Removed []string
	// Downloads is how often it was fetched in a week.
	Downloads known.Of[int64]
}

// Release is what the registry says about the publishing of one version. What
// it does not say is empty.
type Release struct {
	Version   string
	Published time.Time
	// Publisher is the user who published it; Trusted where that is a workflow
	// of the project.
	Publisher   string
	Trusted     bool
	Maintainers []npm.Person
	// Provenance is set where the version is attested to come from a public
	// repository.
	Provenance bool
}

// Input is all that rules may know.
type Input struct {
	Name, Version string
	// Contents is nil where the tarball was not read; Fetch then says why.
	Contents *Contents
	Fetch    *FetchProblem
	Metadata known.Of[Metadata]
	// Advisories cover this version, OldAdvisories the one before an update.
	Advisories, OldAdvisories []vulnerability.Advisory
	// Change, and the old version's contents where the change has one, are nil
	// outside a review.
	Change *lockfile.Change
	Old    *Contents
	// Entries are all entries of the changed package version.
	Entries []*lockfile.Entry
	// ConfiguredHost reports whether a host is one of the configured registries.
	ConfiguredHost func(host string) bool
	// Incidents are the records of malware among all versions of the package.
	Incidents []vulnerability.Advisory
	// Internal are the names of the project's own packages.
	Internal []string
	// Scripts says whether lifecycle scripts run in the project; nil outside a
	// review, and where nothing is known of the project.
	Scripts *settings.ScriptPolicy
	// Now is the time of the review; zero where ages are nobody's matter.
	Now time.Time
	// Added maps the names of packages that the review adds to whether they
	// have an install script.
	Added map[string]bool
	// Locked reports whether the project had a package of that name before;
	// nil outside a review.
	Locked func(name string) bool
}

// metadata is what the registry says, or nothing where that is not known.
func (in *Input) metadata() Metadata { return in.Metadata.OrZero() }

// unpublished reports whether the registry is known not to have the version.
func (in *Input) unpublished() bool {
	m, ok := in.Metadata.Get()
	return ok && !m.Exists
}

// Behavior returns a behavior or trait by its id, nil where it is absent.
func (in *Input) Behavior(id string) *behavior.Behavior {
	if in.Contents == nil {
		return nil
	}
	for _, list := range [][]behavior.Behavior{in.Contents.Behaviors, in.Contents.Traits} {
		i := sort.Search(len(list), func(i int) bool { return list[i].ID >= id })
		if i < len(list) && list[i].ID == id {
			return &list[i]
		}
	}
	return nil
}

// Rule is one kind of issue.
type Rule struct {
	ID string
	// Find returns the issues of this kind.
	Find func(*Input) []Issue
}

// Judge applies all rules; the worst issues come first.
func Judge(in *Input) []Issue {
	var out []Issue
	for _, rule := range rules {
		for _, found := range rule.Find(in) {
			found.ID = rule.ID
			out = append(out, found)
		}
	}
	in.dormant(out)
	Sort(out)
	return out
}

// dormant says of what happens on installation whether it does so in this
// project. What the package manager blocks waits for somebody to allow it.
// Malware stays what it is.
func (in *Input) dormant(list []Issue) {
	if in.Scripts == nil {
		return
	}
	for i := range list {
		found := &list[i]
		category, _, _ := strings.Cut(found.ID, "/")
		if category == "malware" || category != "install" && !onlyInstalled(found.Evidence) {
			continue
		}
		detail := map[string]string{"scripts": in.Scripts.State.String(), "by": in.Scripts.By, "package": in.Name, "allow": ""}
		if in.Scripts.By == "" {
			detail["by"] = "the package manager"
		}
		if in.Scripts.Allow != "" {
			detail["allow"] = in.Scripts.Allow
			if in.Scripts.AllowIn != "" {
				detail["allow"] = in.Scripts.AllowIn + ": " + in.Scripts.Allow
			}
			detail["allow"] = "What would allow it: " + clip(detail["allow"])
		}
		maps.Copy(detail, found.Detail)
		found.Detail = detail
		if in.Scripts.State == settings.Blocked {
			found.Severity = asleep[found.Severity]
		}
	}
}

// asleep is how bad something is that waits to be allowed: worth a look where it
// would block.
var asleep = [...]Severity{Critical: Medium, High: Medium, Medium: Low, Low: Low, Info: Info}

// onlyInstalled reports whether all evidence can run on installation alone.
func onlyInstalled(list []behavior.Evidence) bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(e behavior.Evidence) bool { return e.Contexts != javascript.Install })
}

// Sort orders issues by severity and id.
func Sort(list []Issue) {
	sort.SliceStable(list, func(i, j int) bool {
		if list[i].Severity != list[j].Severity {
			return list[i].Severity < list[j].Severity
		}
		return list[i].ID < list[j].ID
	})
}

// IDs are those of all rules, in order.
func IDs() []string {
	ids := make([]string, 0, len(rules)+1)
	for _, r := range rules {
		ids = append(ids, r.ID)
	}
	sort.Strings(ids)
	return ids
}

// one is an issue without further detail.
func one(severity Severity, evidence ...behavior.Evidence) []Issue {
	return []Issue{{Severity: severity, Evidence: evidence}}
}

func detailed(severity Severity, detail map[string]string, evidence ...behavior.Evidence) []Issue {
	return []Issue{{Severity: severity, Detail: detail, Evidence: evidence}}
}
