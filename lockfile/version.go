package lockfile

import (
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// CompareVersions orders versions by semantic versioning; what is no version
// sorts before, by text.
func CompareVersions(a, b string) int {
	if a == b {
		return 0
	}
	return compareParsed(parseVersion(a), parseVersion(b), a, b)
}

// parseVersion is nil for what is no version.
func parseVersion(s string) *semver.Version {
	v, err := semver.StrictNewVersion(s)
	if err != nil {
		return nil
	}
	return v
}

func compareParsed(va, vb *semver.Version, a, b string) int {
	switch {
	case va == nil && vb == nil:
		return strings.Compare(a, b)
	case va == nil:
		return -1
	case vb == nil:
		return 1
	}
	if c := va.Compare(vb); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

// ordering is CompareVersions for many: it reads each version once.
type ordering map[string]*semver.Version

func (order ordering) read(s string) *semver.Version {
	v, done := order[s]
	if !done {
		v = parseVersion(s)
		order[s] = v
	}
	return v
}

func (order ordering) compare(a, b string) int {
	if a == b {
		return 0
	}
	return compareParsed(order.read(a), order.read(b), a, b)
}

func (order ordering) sort(list []version) {
	slices.SortFunc(list, func(a, b version) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		if c := order.compare(a.version, b.version); c != 0 {
			return c
		}
		return strings.Compare(a.source, b.source)
	})
}
