package lockfile

import (
	"path"
	"sort"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// Whether package.json and the lockfile agree.

// readManifest reads the package.json beside a lockfile.
func readManifest(lockfile string, manifest []byte) (declared *Entry, err error) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *document.Error:
			declared, err = nil, e
		default:
			panic(e)
		}
	}()
	r := &reader{&document.Reader{File: path.Join(path.Dir(lockfile), "package.json"), Text: strings.TrimPrefix(string(manifest), "\ufeff")}}
	if r.Peek() != '{' {
		r.Fail("package.json is not a JSON object")
	}
	declared = &Entry{Line: 1}
	r.entry(declared)
	return declared, nil
}

// effective keeps for each name the declaration that Arborist acts on.
func effective(list []Dependency) map[string]Dependency {
	m := make(map[string]Dependency, len(list))
	for _, d := range list {
		if have, ok := m[d.Name]; !ok || d.Kind >= have.Kind {
			m[d.Name] = d
		}
	}
	return m
}

func sameDependencies(a, b []Dependency) bool {
	ma, mb := effective(a), effective(b)
	if len(ma) != len(mb) {
		return false
	}
	for name, d := range ma {
		if mb[name] != d {
			return false
		}
	}
	return true
}

// Drift names the dependencies on which the package.json that Parse found beside
// the lockfile and the lockfile's copy of it disagree, sorted: what a reviewer
// sees in package.json is then not what npm ci would refuse or install. What
// Unsatisfied names comes last. Where Parse found no package.json, there is
// nothing to disagree.
func Drift(lock *Lockfile) ([]string, error) {
	if len(lock.manifest) == 0 {
		return nil, nil
	}
	names, err := lock.drift(lock.manifest)
	return append(names, Unsatisfied(lock)...), err
}

func (lock *Lockfile) drift(manifest []byte) ([]string, error) {
	if lock.Format != NPM && lock.Format != "" {
		return missing(lock, manifest)
	}
	copied := &Lockfile{File: lock.File, Root: &Entry{}}
	if err := copied.adoptManifest(manifest); err != nil {
		return nil, err
	}
	if lock.Root == nil || lock.Version == 1 {
		return nil, nil
	}
	own := lock.Root.Dependencies
	if lock.hasCopied {
		own = lock.copied
	}
	want, have := effective(copied.Root.Dependencies), effective(own)
	var names []string
	for name, d := range want {
		if have[name] != d {
			names = append(names, name)
		}
	}
	for name := range have {
		if _, ok := want[name]; !ok {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names, nil
}

// missing names the dependencies in package.json that another lockfile than
// npm's does not lock, or locks for another range.
func missing(lock *Lockfile, manifest []byte) ([]string, error) {
	declared, err := readManifest(lock.File, manifest)
	if err != nil || lock.Root == nil {
		return nil, err
	}
	own := effective(lock.Root.Dependencies)
	var names []string
	for name, d := range effective(declared.Dependencies) {
		if d.Kind == Peer || d.Kind == PeerOptional {
			continue
		}
		have, ok := own[name]
		if !ok || lock.Resolve(lock.Root, name) == nil || have.Spec != d.Spec && lock.Format != Yarn {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names, nil
}

// Unsatisfied names the project's own dependencies whose installed version is
// not in the range that is asked for, as "name@version is not in range". What
// is no range of versions (tags, URLs, aliases) is left out.
func Unsatisfied(lock *Lockfile) []string {
	if lock.Root == nil {
		return nil
	}
	var out []string
	for _, d := range effective(lock.Root.Dependencies) {
		if d.Kind == Peer || d.Kind == PeerOptional {
			continue
		}
		e := lock.Resolve(lock.Root, d.Name)
		if e == nil || e.Link || e.Version == "" || e.Source() != Registry {
			continue
		}
		want, err := semver.NewConstraint(d.Spec)
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
