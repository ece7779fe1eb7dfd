package issue

import (
	"cmp"
	"maps"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/lockfile/sri"
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
			host := e.Host()
			if host == "" {
				host = e.Resolved // no URL that names one
			}
			return detailed(High, map[string]string{"host": clip(host), "url": clip(e.Resolved)})
		}
	}
	for _, e := range in.Entries {
		if e.Source() == lockfile.Runtime && e.Resolved != "" && !in.configured(e.Host()) && !slices.Contains(runtimeHosts, e.Host()) {
			return detailed(High, map[string]string{"host": clip(e.Host()), "url": clip(e.Resolved)})
		}
	}
	return nil
}

// runtimeHosts are where Node.js, Deno and Bun publish their programs.
// Source: https://pnpm.io/cli/runtime
var runtimeHosts = []string{"nodejs.org", "unofficial-builds.nodejs.org", "github.com", "dl.deno.land"}

// lockfileNameMismatch: the lockfile installs the package under a name that
// nobody declared, or the URL, or the package.json in the tarball, is of another
// package than the entry says.
func lockfileNameMismatch(in *Input) []Issue {
	if in.Change != nil {
		for _, u := range in.Change.Undeclared {
			if u.Source == 0 {
				return detailed(Critical, map[string]string{"asked": clip(u.Name), "other": clip(in.Name),
					"where": "the lockfile, and nothing in the project declares that"})
			}
		}
	}
	for _, e := range in.fetched() {
		if other, ok := nameInURL(e.Resolved, in.Name); !ok {
			return detailed(Critical, map[string]string{"asked": in.Name, "other": clip(other), "where": "the URL in the lockfile"})
		}
	}
	if in.Change != nil && in.Contents != nil && in.Contents.Manifest.Name != "" && in.Contents.Manifest.Name != in.Name {
		return detailed(Critical, map[string]string{"asked": in.Name, "other": clip(in.Contents.Manifest.Name), "where": "the package.json in the tarball"},
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

// lockfileSourceMismatch: a range of versions is asked for, and the lockfile
// takes the package from a repository or a file.
func lockfileSourceMismatch(in *Input) []Issue {
	if in.Change == nil {
		return nil
	}
	for _, u := range in.Change.Undeclared {
		if u.Source != 0 {
			source := in.Change.Resolved
			if source == "" && in.Change.New != nil {
				source = in.Change.New.Location
			}
			return detailed(Critical, map[string]string{"spec": clip(cmp.Or(u.Spec, "its "+u.Name)), "by": asker(u.By), "source": clip(source)})
		}
	}
	return nil
}

// asker is who asks for a package.
func asker(by string) string {
	if by == "." {
		return "package.json"
	}
	return clip(by)
}

// difference is how the change differs in one respect.
func (in *Input) difference(what string) (d lockfile.Difference, ok bool) {
	if in.Change == nil {
		return d, false
	}
	i := slices.IndexFunc(in.Change.Differences, func(d lockfile.Difference) bool { return d.What == what })
	if i < 0 {
		return d, false
	}
	return in.Change.Differences[i], true
}

// lockfileIntegrityChanged: another hash of the same algorithm for the same
// version, in place of the old one or beside it: npm accepts a file that
// matches either.
func lockfileIntegrityChanged(in *Input) []Issue {
	if d, ok := in.difference("integrity"); ok && d.From != "" && d.To != "" {
		if sameAlgorithm(d.From, d.To) {
			return detailed(Critical, map[string]string{"old": clip(d.From), "new": clip(d.To)})
		}
	}
	if d, ok := in.difference("checksum"); ok && d.From != "" && d.To != "" {
		severity := Critical
		if in.Change.New != nil && strings.Contains(in.Change.New.Patch, "builtin<") {
			severity = Low // a patch of Yarn's own, which changes with Yarn
		}
		return detailed(severity, map[string]string{"old": clip(d.From), "new": clip(d.To)})
	}
	return nil
}

// sameAlgorithm reports whether the new hashes have one more, or another one,
// of an algorithm that the old ones have.
func sameAlgorithm(old, now string) bool {
	had := strings.Fields(old)
	for _, h := range strings.Fields(now) {
		algorithm, _, _ := strings.Cut(h, "-")
		if !slices.Contains(had, h) && slices.ContainsFunc(had, func(x string) bool { return strings.HasPrefix(x, algorithm+"-") }) {
			return true
		}
	}
	return false
}

func lockfileIntegrityMismatch(in *Input) []Issue {
	if in.Fetch == nil || in.Fetch.Kind != "integrity-mismatch" {
		return nil
	}
	return detailed(Critical, map[string]string{"reason": clip(in.Fetch.Reason)})
}

// lockfileTwoHashes: more than one hash of the strongest algorithm, so that files
// that nobody saw fit the entry. Where one came beside another, that change says it.
func lockfileTwoHashes(in *Input) []Issue {
	if len(lockfileIntegrityChanged(in)) > 0 {
		return nil
	}
	for _, e := range in.fetched() {
		if all := sri.Strongest(e.Integrity); len(all) > 1 {
			return detailed(High, map[string]string{"count": strconv.Itoa(len(all)), "algorithm": all[0].Algorithm,
				"hashes": clip(all[0].String() + " " + all[1].String())})
		}
	}
	return nil
}

func lockfileIntegrityRegistryMismatch(in *Input) []Issue {
	m, ok := in.Metadata.Get()
	if !ok || !m.Exists {
		return nil
	}
	for _, e := range in.fetched() {
		if e.Integrity == "" || e.Source() != lockfile.Registry || !in.configuredOrDefault(e) {
			continue
		}
		if _, conflict := lockfile.CompareIntegrity(e.Integrity, m.Integrity); conflict {
			return detailed(Critical, map[string]string{"recorded": clip(e.Integrity), "stated": clip(m.Integrity)})
		}
	}
	return nil
}

func (in *Input) configuredOrDefault(e *lockfile.Entry) bool {
	return e.Resolved == "" || in.configured(e.Host())
}

// lockfileHostChanged: the same version from another URL. Where the hash proves
// that it is the same file, and the host is one of the project's registries, it
// is worth a look at most.
func lockfileHostChanged(in *Input) []Issue {
	d, ok := in.difference("url")
	if !ok || d.From == "" || d.To == "" {
		return nil
	}
	severity := Critical
	c := in.Change
	if c.New != nil && c.Old != nil && strings.HasPrefix(d.To, "https:") && in.configured(c.New.Host()) && lockfile.SameBytes(c.Old.Resolution(), c.New.Resolution()) {
		severity = Low
	}
	return detailed(severity, map[string]string{"old": clip(d.From), "new": clip(d.To)})
}

// lockfilePatched: the project changes the package by a patch of its own, which
// no scan of the package sees.
func lockfilePatched(in *Input) []Issue {
	if in.Change == nil || in.Change.New == nil {
		return nil
	}
	now := in.Change.New.Patch
	if now == "" || strings.Contains(now, "builtin<") || in.Change.Old != nil && in.Change.Old.Patch == now {
		return nil
	}
	return detailed(Low, map[string]string{"patch": clip(now)})
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
		strongest := sri.Strongest(e.Integrity)
		if len(strongest) > 0 && !slices.Contains([]string{"sha512", "sha384", "sha256"}, strongest[0].Algorithm) {
			return detailed(Medium, map[string]string{"algorithm": strongest[0].Algorithm})
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

// lockfileFlags and lockfileHalves are found on the lockfile as a whole, by Odd.
func lockfileFlags(*Input) []Issue    { return nil }
func lockfileHalves(*Input) []Issue   { return nil }
func lockfileUnlocked(*Input) []Issue { return nil }
func lockfileRepacked(*Input) []Issue { return nil }

// lockfileBinMismatch: the lockfile gives the package a command that its own
// package.json does not have, and package managers link it.
func lockfileBinMismatch(in *Input) []Issue {
	if in.Change == nil || in.Contents == nil || in.Contents.Manifest.DirectoriesBin != "" {
		return nil
	}
	own := map[string]string{}
	for name, file := range in.Contents.Manifest.Bin {
		own[path.Base(name)] = path.Clean("/" + file)
	}
	for _, e := range in.fetched() {
		for _, name := range slices.Sorted(maps.Keys(e.Bin)) {
			file, ok := own[path.Base(name)]
			if name == "" { // Bun has the file alone
				file, ok = own[path.Base(in.Name)]
			}
			if !ok || file != path.Clean("/"+e.Bin[name]) {
				return detailed(High, map[string]string{"command": clip(name), "file": clip(e.Bin[name])})
			}
		}
	}
	return nil
}

// lockfileDependencyMismatch: the lockfile says of a version that it had before
// that it asks for something else, which its own package.json does not.
func lockfileDependencyMismatch(in *Input) []Issue {
	if _, ok := in.difference("dependencies"); !ok || in.Contents == nil {
		return nil
	}
	own := map[string]string{}
	for _, d := range in.Contents.Manifest.Dependencies {
		own[d.Name] = d.Spec
	}
	var names []string
	for _, e := range in.Entries {
		for _, d := range e.Dependencies {
			spec, ok := own[d.Name]
			if (!ok || strings.TrimPrefix(spec, "npm:") != strings.TrimPrefix(d.Spec, "npm:")) && d.Kind != lockfile.Dev && !slices.Contains(names, d.Name) {
				names = append(names, d.Name)
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	return detailed(High, map[string]string{"names": clip(strings.Join(names, ", "))})
}

// Odd is the issue of something in a lockfile that no package manager writes,
// or that two of them read differently. It is false for a kind without a text.
func Odd(o lockfile.Oddity) (Issue, bool) {
	id, ok := map[lockfile.OddityKind]string{lockfile.OddFlags: "lockfile/flags", lockfile.OddHalves: "lockfile/halves", lockfile.OddUnlocked: "lockfile/unlocked",
		lockfile.OddRepacked: "lockfile/repacked"}[o.Kind]
	severity := Medium
	switch o.Kind {
	case lockfile.OddUnlocked, lockfile.OddHalves:
		severity = High
	case lockfile.OddRepacked:
		severity = Low
	}
	return Issue{ID: id, Severity: severity, Detail: map[string]string{"what": clip(o.What), "says": o.Says}}, ok
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
