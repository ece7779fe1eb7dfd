package npm

import (
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// MaxSatisfying is the highest version of a package in a range.
func MaxSatisfying(p *Packument, rangeText string) (string, bool) {
	want, err := semver.NewConstraint(rangeText)
	if err != nil {
		return "", false
	}
	var best *semver.Version
	for text := range p.Versions {
		v, err := semver.StrictNewVersion(text)
		if err == nil && want.Check(v) && (best == nil || v.GreaterThan(best)) {
			best = v
		}
	}
	if best == nil {
		return "", false
	}
	return best.Original(), true
}

// IsVersion reports whether a text is one full version, as registries have them.
func IsVersion(text string) bool {
	_, err := semver.StrictNewVersion(text)
	return err == nil
}

// CompareVersions orders versions as semantic versioning does. It reads what
// advisories and old packages write ("1.0", "v1.0.0") as npm's loose mode would;
// what is no version at all comes first, in the order of its letters. Two texts
// of one precedence (1.0.0 and 1.0.0+build) are in that order too, so that only
// equal texts are equal. Where a version has to be one, as in a range or a lockfile, callers
// parse it strictly themselves.
func CompareVersions(a, b string) int { return readVersion(a).compare(readVersion(b)) }

// SortVersions sorts as CompareVersions has it, and parses each version once.
func SortVersions(list []string) {
	read := make([]version, len(list))
	for i, text := range list {
		read[i] = readVersion(text)
	}
	slices.SortFunc(read, version.compare)
	for i, v := range read {
		list[i] = v.text
	}
}

type version struct {
	text string
	read *semver.Version // nil where the text is none
}

func readVersion(text string) version {
	v, err := semver.NewVersion(text)
	if err != nil {
		return version{text: text}
	}
	return version{text, v}
}

func (v version) compare(o version) int {
	switch {
	case v.read == nil && o.read != nil:
		return -1
	case v.read != nil && o.read == nil:
		return 1
	case v.read != nil:
		if c := v.read.Compare(o.read); c != 0 {
			return c
		}
	}
	return strings.Compare(v.text, o.text)
}
