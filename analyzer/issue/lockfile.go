package issue

import (
	"net/url"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/lockfile"
)

// fetched are the entries whose bytes come from a URL or registry.
func (in *Input) fetched() []*lockfile.Entry {
	var out []*lockfile.Entry
	for _, e := range in.Entries {
		if s := e.Source(); s == lockfile.Registry || s == lockfile.Remote {
			out = append(out, e)
		}
	}
	return out
}

func lockfileUnexpectedHost(in *Input) []Issue {
	for _, e := range in.fetched() {
		if e.Resolved != "" && !in.configured(e.Host()) {
			return detailed(High, map[string]string{"host": clip(e.Host()), "url": clip(e.Resolved)})
		}
	}
	return nil
}

// lockfileNameMismatch: the URL, or the package.json in the tarball, is of
// another package than the entry says.
func lockfileNameMismatch(in *Input) []Issue {
	for _, e := range in.fetched() {
		if other, ok := nameInURL(e.Resolved, in.Name); !ok {
			return detailed(Critical, map[string]string{"other": clip(other), "where": "the URL"})
		}
	}
	if in.Change != nil && in.Contents != nil && in.Contents.Manifest.Name != "" && in.Contents.Manifest.Name != in.Name {
		return detailed(Critical, map[string]string{"other": clip(in.Contents.Manifest.Name), "where": "the package.json in the tarball"},
			behavior.Evidence{File: "package.json", Line: 1, Column: 1, Snippet: `"name": "` + clip(in.Contents.Manifest.Name) + `"`})
	}
	return nil
}

// nameInURL reads the package's name from a URL of npm's shape,
// HOST/PREFIX/NAME/-/FILE.tgz. ok is true where it is the wanted one, or where
// the URL has another shape.
func nameInURL(resolved, want string) (name string, ok bool) {
	u, err := url.Parse(resolved)
	if err != nil || resolved == "" {
		return "", true
	}
	before, file, found := strings.Cut(u.Path, "/-/")
	if !found {
		return "", true
	}
	parts := strings.Split(strings.Trim(before, "/"), "/")
	name = parts[len(parts)-1]
	if len(parts) > 1 && strings.HasPrefix(parts[len(parts)-2], "@") {
		name = parts[len(parts)-2] + "/" + name
	}
	if name != want {
		return name, false
	}
	bare := want[strings.LastIndexByte(want, '/')+1:]
	base := file[strings.LastIndexByte(file, '/')+1:]
	if strings.HasSuffix(base, ".tgz") && !strings.HasPrefix(base, bare+"-") {
		return base, false
	}
	return name, true
}

func lockfileIntegrityChanged(in *Input) []Issue {
	c := in.Change
	if c == nil || c.Kind != lockfile.Replaced || c.Old == nil || c.New == nil || c.Old.Integrity == "" || c.New.Integrity == "" {
		return nil
	}
	if agree, conflict := lockfile.CompareIntegrity(c.Old.Integrity, c.New.Integrity); agree || !conflict {
		return nil
	}
	return detailed(Critical, map[string]string{"old": clip(c.Old.Integrity), "new": clip(c.New.Integrity)})
}

func lockfileIntegrityMismatch(in *Input) []Issue {
	if in.Fetch == nil || in.Fetch.Kind != "integrity-mismatch" {
		return nil
	}
	return detailed(Critical, map[string]string{"reason": clip(in.Fetch.Reason)})
}

func lockfileIntegrityRegistryMismatch(in *Input) []Issue {
	if !in.Metadata.Known || !in.Metadata.Exists {
		return nil
	}
	for _, e := range in.fetched() {
		if e.Integrity == "" || e.Source() != lockfile.Registry || !in.configuredOrDefault(e) {
			continue
		}
		if _, conflict := lockfile.CompareIntegrity(e.Integrity, in.Metadata.Integrity); conflict {
			return detailed(Critical, map[string]string{"recorded": clip(e.Integrity), "stated": clip(in.Metadata.Integrity)})
		}
	}
	return nil
}

func (in *Input) configuredOrDefault(e *lockfile.Entry) bool {
	return e.Resolved == "" || in.configured(e.Host())
}

func lockfileHostChanged(in *Input) []Issue {
	c := in.Change
	if c == nil || c.Kind != lockfile.Replaced || c.Old == nil || c.New == nil || c.Old.Resolved == "" || c.New.Resolved == "" || c.Old.Resolved == c.New.Resolved {
		return nil
	}
	return detailed(Critical, map[string]string{"old": clip(c.Old.Resolved), "new": clip(c.New.Resolved)})
}

func lockfileIntegrityMissing(in *Input) []Issue {
	for _, e := range in.fetched() {
		if e.Integrity == "" && e.Checksum == "" && !e.Bundled && !e.Conditional {
			return one(Medium)
		}
	}
	return nil
}

func lockfileWeakHash(in *Input) []Issue {
	for _, e := range in.fetched() {
		strong := false
		for _, part := range strings.Fields(e.Integrity) {
			algorithm, _, _ := strings.Cut(part, "-")
			strong = strong || algorithm == "sha512" || algorithm == "sha384" || algorithm == "sha256"
		}
		if e.Integrity != "" && !strong {
			algorithm, _, _ := strings.Cut(e.Integrity, "-")
			return detailed(Medium, map[string]string{"algorithm": clip(algorithm)})
		}
	}
	return nil
}

func lockfileInsecureTransport(in *Input) []Issue {
	for _, e := range in.Entries {
		for _, scheme := range []string{"http:", "git:", "git+http:"} {
			if strings.HasPrefix(e.Resolved, scheme) {
				return detailed(Medium, map[string]string{"url": clip(e.Resolved)})
			}
		}
	}
	return nil
}

// lockfileManifestDrift is found on the lockfile as a whole, by Drift.
func lockfileManifestDrift(*Input) []Issue { return nil }

// Drift is the issue that a lockfile's root does not say what package.json
// says. names are the dependencies that differ.
func Drift(names []string) Issue {
	return Issue{ID: "lockfile/manifest-drift", Severity: Medium, Detail: map[string]string{"names": strings.Join(names, ", ")}}
}

func lockfileVersionMismatch(in *Input) []Issue {
	if in.Contents == nil || in.Change == nil || len(in.fetched()) == 0 {
		return nil
	}
	inside := strings.TrimPrefix(strings.TrimSpace(in.Contents.Manifest.Version), "v")
	inside = strings.TrimPrefix(inside, "=")
	if inside == "" || inside == in.Version || strings.SplitN(inside, "+", 2)[0] == strings.SplitN(in.Version, "+", 2)[0] {
		return nil
	}
	return detailed(High, map[string]string{"inside": clip(inside)},
		behavior.Evidence{File: "package.json", Line: 1, Column: 1, Snippet: `"version": "` + clip(inside) + `"`})
}
