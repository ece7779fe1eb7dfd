package issue

import (
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/lockfile"
)

// quietCapabilities are behaviors of the watched categories that refactoring
// brings and takes away, or that other issues say better.
var quietCapabilities = map[string]bool{
	"execution/dynamic-require": true, "execution/function-constructor": true, "execution/wasm": true, "execution/worker": true, "execution/vm-script": true,
	"execution/string-timer": true, "execution/install-script": true, "execution/process-terminate": true, "network/proxy": true, "network/url-on-install": true, "execution/on-install": true,
	"network/socket-create": true, "network/beacon": true, "network/http2": true, "network/ip-echo-service": true, "network/cloud-metadata": true,
}

func isCapability(id string) bool {
	if quietCapabilities[id] {
		return false
	}
	category, _, _ := strings.Cut(id, "/")
	switch category {
	case "network", "execution", "steal", "disable", "evasion":
		return true
	}
	return id == "behavior/persistence"
}

// behaviorNewCapability: an update brings a network, execution or hiding
// behavior that the old version lacked. A patch release has no reason to.
func behaviorNewCapability(in *Input) []Issue {
	if in.Contents == nil || in.Old == nil || in.Change == nil || in.Change.Kind != lockfile.Upgraded || len(in.Old.Incomplete) > 0 {
		return nil
	}
	gained, _ := behavior.Compare(in.Old.Behaviors, in.Contents.Behaviors)
	var names []string
	var evidence []behavior.Evidence
	near := !in.large()
	for _, gain := range gained {
		b := in.Behavior(gain.ID)
		if !isCapability(gain.ID) || b.Certainty != javascript.Certain {
			continue
		}
		names = append(names, gain.ID)
		near = near || gain.Contexts&javascript.Install != 0 || slices.ContainsFunc(b.Evidence, isNear)
		for _, e := range b.Evidence {
			if e.Contexts&gain.Contexts != 0 && len(evidence) < 20 {
				evidence = append(evidence, e)
				break
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	severity, size := Medium, releaseSize(in.Change.From, in.Change.To)
	// In a large application a way that is only just found, or only not, comes and goes
	// with text that has nothing to do with it.
	if size == "patch" && near {
		severity = High
	}
	return detailed(severity, map[string]string{"names": strings.Join(names, ", "), "size": size, "from": in.Change.From, "to": in.Change.To}, evidence...)
}

// releaseSize is how much a version promises to change: major, minor, patch,
// or "" where the versions say nothing.
func releaseSize(from, to string) string {
	a, err1 := semver.NewVersion(from)
	b, err2 := semver.NewVersion(to)
	switch {
	case err1 != nil || err2 != nil:
		return "version"
	case a.Major() != b.Major() || a.Major() == 0 && a.Minor() != b.Minor():
		return "major"
	case a.Minor() != b.Minor():
		return "minor"
	}
	return "patch"
}
