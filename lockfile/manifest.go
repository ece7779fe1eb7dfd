package lockfile

import (
	"path"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// Whether what a package.json asks for is in the lockfile.

// Request is one line of a package.json: a package that is asked for.
type Request struct {
	Dependency
	// Line is 1-based.
	Line int
}

// requestLists are the lists of package.json that ask for something.
var requestLists = map[string]DependencyKind{
	"dependencies": Prod, "optionalDependencies": Optional, "devDependencies": Dev, "peerDependencies": Peer,
}

// Requests lists what a package.json asks its package manager to install, in
// file order: one request a name, of the list that wins where several have it.
// Peers that are not optional are among them: npm, pnpm and Bun install a
// project's own. The error is a *Error.
func Requests(file string, manifest []byte) (list []Request, err error) {
	defer document.Catch(&err)
	r := &document.Reader{File: file, Text: strings.TrimPrefix(string(manifest), "\ufeff")}
	if r.Peek() != '{' {
		r.Fail("%s is not a JSON object", path.Base(file))
	}
	at, optional := map[string]int{}, map[string]bool{}
	r.Object(func(key string, _ int) {
		kind, ok := requestLists[key]
		if key == "peerDependenciesMeta" && r.Peek() == '{' {
			r.Object(func(name string, _ int) {
				if r.Peek() != '{' {
					r.Skip()
					return
				}
				r.Object(func(key string, _ int) {
					if key == "optional" && r.Truthy() {
						optional[name] = true
					} else if key != "optional" {
						r.Skip()
					}
				})
			})
			return
		}
		if !ok || r.Peek() != '{' {
			r.Skip()
			return
		}
		r.Object(func(name string, keyPos int) {
			one := Request{Dependency{name, r.StringOr(), kind}, r.Line(keyPos)}
			if i, twice := at[name]; !twice {
				at[name] = len(list)
				list = append(list, one)
			} else if kind >= list[i].Kind {
				list[i] = one
			}
		})
	})
	return slices.DeleteFunc(list, func(one Request) bool { return one.Kind == Peer && optional[one.Name] }), nil
}

// Locks reports whether the lockfile holds what a folder's package.json asks
// for, so that a frozen install brings nothing that is not in the lockfile. The
// folder is relative to the lockfile's, "." for the project itself. What the
// lockfile has for another specifier counts where the version fits, as it does
// for npm ci. A folder outside ("../a", as in Rush's lockfiles), and a
// workspace of Yarn 1, have no place of their own in a lockfile: any locked
// package of that name that fits counts.
func (lock *Lockfile) Locks(folder string, d Dependency) bool {
	spec := strings.TrimPrefix(d.Spec, "npm:")
	if d.Kind == Peer && lock.Format == Yarn {
		return true // which leaves a project's peers to whoever installs it
	}
	if hasAnyPrefix(d.Spec, "workspace:", "link:", "portal:") {
		return true // a folder of the repository: nothing comes in
	}
	part := lock.part(folder)
	if part == nil {
		if !strings.HasPrefix(folder, "../") && (lock.Format != Yarn || lock.Version != 1) {
			return false
		}
		return slices.ContainsFunc(lock.requested.called(lock, d.Name), func(e *Entry) bool { return fits(e, spec) })
	}
	to := lock.Resolve(part, d.Name)
	if to == nil {
		return false
	}
	if have, ok := lock.requested.of(lock, part)[d.Name]; ok && strings.TrimPrefix(have.Spec, "npm:") == spec {
		return true
	}
	return strings.HasPrefix(spec, "catalog:") || fits(to, spec)
}

// of are the dependencies of a part of the project, as the lockfile repeats
// them.
func (r *requested) of(lock *Lockfile, part *Entry) map[string]Dependency {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asks == nil {
		r.asks = map[*Entry]map[string]Dependency{}
	}
	if r.asks[part] == nil {
		r.asks[part] = lock.Format.effective(lock.copyOf(part).Dependencies)
	}
	return r.asks[part]
}

// called are the entries of a name.
func (r *requested) called(lock *Lockfile, name string) []*Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byName == nil {
		r.byName = make(map[string][]*Entry, len(lock.Entries))
		for _, e := range lock.Entries {
			r.byName[e.Name] = append(r.byName[e.Name], e)
		}
	}
	return r.byName[name]
}

// part is the entry of a folder of the project, nil where the lockfile has none.
func (lock *Lockfile) part(folder string) *Entry {
	if folder == "." || folder == "" {
		return lock.Root
	}
	if e := lock.At(folder); e != nil && !e.Link {
		return e
	}
	return nil
}

// fits reports whether an installed package is what a specifier asks for, by
// its version. What is no range of versions (a tag, a URL, an alias) asks for
// more than a version can tell.
func fits(e *Entry, spec string) bool {
	if e.Link || e.Source() == Local {
		return true
	}
	if e.Source() != Registry || e.Version == "" || e.Name != e.Package {
		return false
	}
	want, err := semver.NewConstraint(spec)
	if err != nil {
		return false
	}
	want.IncludePrerelease = true
	have, err := semver.StrictNewVersion(e.Version)
	return err == nil && want.Check(have)
}

func hasAnyPrefix(s string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
