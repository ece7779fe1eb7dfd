package lockfile

import (
	"strings"

	"github.com/Masterminds/semver/v3"
)

// CompareVersions orders versions by semantic versioning; what is no version
// sorts before, by text.
func CompareVersions(a, b string) int {
	if a == b {
		return 0
	}
	va, errA := semver.StrictNewVersion(a)
	vb, errB := semver.StrictNewVersion(b)
	switch {
	case errA != nil && errB != nil:
		return strings.Compare(a, b)
	case errA != nil:
		return -1
	case errB != nil:
		return 1
	}
	if c := va.Compare(vb); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}
