package lockfile

import (
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Drift names the dependencies on which package.json and the lockfile's copy
// of it disagree, sorted: what a reviewer sees in package.json is then not
// what the package manager would install. A workspace's stand with its folder
// in front: "packages/web: ms". It is empty where Parse was given no
// package.json.
func Drift(lock *Lockfile) []string {
	if lock.declared.root == nil || lock.Root == nil || lock.Format == NPM && lock.Version == 1 {
		return nil
	}
	names := lock.drift("", lock.declared.root, lock.Root)
	for _, folder := range slices.Sorted(maps.Keys(lock.declared.parts)) {
		if e := lock.byLocation[folder]; e != nil && lock.isPart(e) {
			names = append(names, lock.drift(folder+": ", lock.declared.parts[folder], e)...)
		}
	}
	sort.Strings(names)
	return names
}

// copyOf is a part of the project as the lockfile itself has it.
func (lock *Lockfile) copyOf(part *Entry) *Entry {
	list, ok := lock.copies[part]
	if !ok {
		return part
	}
	copied := *part
	copied.Dependencies = list
	return &copied
}

func (lock *Lockfile) drift(prefix string, manifest, part *Entry) []string {
	want, have := lock.Format.effective(manifest.Dependencies), lock.Format.effective(lock.copyOf(part).Dependencies)
	var names []string
	for name, d := range want {
		own, ok := have[name]
		if lock.Format == NPM {
			if own != d {
				names = append(names, prefix+name)
			}
			continue
		}
		if d.Kind == Peer || d.Kind == PeerOptional {
			continue
		}
		if lock.decided(d, own, ok) {
			continue
		}
		if !ok || !lock.locks(part, d) || own.Spec != d.Spec && lock.Format != Yarn {
			names = append(names, prefix+name)
		}
	}
	if lock.Format == NPM || lock.Format == Bun || lock.Format == Pnpm {
		for name, d := range have {
			peer := d.Kind == Peer || d.Kind == PeerOptional
			runtime := strings.HasPrefix(d.Spec, "runtime:") // devEngines asks for it
			if _, ok := want[name]; !ok && packageName.MatchString(name) && !runtime && (lock.Format == NPM || !peer) {
				names = append(names, prefix+name)
			}
		}
	}
	return names
}

// locks reports whether a dependency of the project leads anywhere.
func (lock *Lockfile) locks(part *Entry, d Dependency) bool {
	return lock.Resolve(part, d.Name) != nil || d.Kind == Optional ||
		strings.HasPrefix(d.Spec, "link:") || strings.HasPrefix(d.Spec, "workspace:") || strings.HasPrefix(d.Spec, "portal:")
}

// decided reports whether an override or resolution explains that the lockfile
// has another specifier than package.json: pnpm writes what it decides, or
// nothing where the override takes the dependency away ("-").
// Source: https://pnpm.io/settings#overrides
func (lock *Lockfile) decided(d, own Dependency, ok bool) bool {
	for _, o := range lock.declared.replacesDirect(d.Name) {
		spec := lock.declared.catalog(d.Name, o.Spec)
		if !ok && spec == "-" || ok && (own.Spec == spec || own.Spec == o.Spec || strings.HasPrefix(spec, "$")) {
			return true
		}
	}
	return false
}

// Unsatisfied names the project's own dependencies whose installed version is
// not in the range that is asked for, as "name@version is not in range". What
// is no range of versions (tags, URLs, aliases), and what an override decides,
// is left out.
func Unsatisfied(lock *Lockfile) []string {
	if lock.Root == nil {
		return nil
	}
	var out []string
	for _, d := range lock.Format.effective(lock.Root.Dependencies) {
		if d.Kind == Peer || d.Kind == PeerOptional || len(lock.declared.replacesDirect(d.Name)) > 0 {
			continue
		}
		e := lock.Resolve(lock.Root, d.Name)
		if e == nil || e.Link || e.Version == "" || e.Source() != Registry {
			continue
		}
		want, err := semver.NewConstraint(lock.declared.catalog(d.Name, d.Spec))
		if err != nil {
			continue
		}
		want.IncludePrerelease = true
		have, err := semver.StrictNewVersion(e.Version)
		if err != nil || want.Check(have) {
			continue
		}
		out = append(out, d.Name+"@"+e.Version+" is not in "+d.Spec)
	}
	sort.Strings(out)
	return out
}
