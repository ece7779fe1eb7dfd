package issue

import (
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/behavior"
)

// licenseMissing: nobody says under which conditions the package may be used.
func licenseMissing(in *Input) []Issue {
	if in.Contents == nil || len(in.Contents.Incomplete) > 0 && in.Contents.Manifest.Name == "" {
		return nil
	}
	if in.Contents.Manifest.License != "" || in.Contents.LicenseFile {
		return nil
	}
	return one(Low)
}

// licenseChanged: the update comes under other conditions.
func licenseChanged(in *Input) []Issue {
	if in.Contents == nil || in.Old == nil {
		return nil
	}
	before, now := in.Old.Manifest.License, in.Contents.Manifest.License
	if before == "" || SameLicense(before, now) {
		return nil
	}
	if now == "" {
		now = "none"
	}
	return detailed(Medium, map[string]string{"from": clip(before), "to": clip(now)}, behavior.Evidence{File: "package.json", Line: 1, Column: 1, Snippet: "license: " + clip(now)})
}

// SameLicense compares expressions without what does not matter: case, outer
// brackets, order around OR and AND.
func SameLicense(a, b string) bool {
	normal := func(s string) string {
		s = strings.ToUpper(strings.TrimSpace(s))
		s = strings.NewReplacer("(", " ", ")", " ", "-ONLY", "").Replace(s)
		for _, word := range []string{" OR ", " AND "} {
			parts := strings.Split(s, word)
			for i := range parts {
				parts[i] = strings.Join(strings.Fields(parts[i]), " ")
			}
			if len(parts) > 1 {
				if parts[0] > parts[len(parts)-1] {
					parts[0], parts[len(parts)-1] = parts[len(parts)-1], parts[0]
				}
				s = strings.Join(parts, word)
			}
		}
		return strings.Join(strings.Fields(s), " ")
	}
	return normal(a) == normal(b)
}
