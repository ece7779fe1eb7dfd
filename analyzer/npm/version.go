package npm

import "github.com/Masterminds/semver/v3"

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
