package review

import (
	"bytes"
	"encoding/json"
	"errors"
	"path"
	"sort"

	"github.com/lockwarden/lockwarden/lockfile"
)

// Lockfiles that stay as they are while the files beside them change.

// around compares the lockfiles that did not change and whose package manager
// reads one of the files that did: package.json moves a package from development
// to production, or a catalog leads to another version that is locked as well.
// touched are all paths that changed, whatever a policy leaves out of them.
func (g *gatherer) around(touched []string) error {
	changed, locks := map[string]bool{}, map[string]bool{}
	for _, file := range touched {
		changed[file] = true
	}
	left := map[string]bool{}
	for _, file := range g.in.Settings {
		if ok, err := g.decides(file); err != nil {
			return err
		} else if !ok {
			continue
		}
		found, err := g.above(path.Dir(file))
		if err != nil {
			return err
		}
		for _, lock := range found {
			left[lock] = !changed[lock]
		}
	}
	for _, pair := range g.in.Pairs {
		locks[pair.File] = true
	}
	for lock, alone := range left {
		if !alone || locks[lies(g.ctx, g.in.Head, lock)] {
			continue
		}
		head, err := g.head(lock)
		if err != nil {
			return err
		}
		base, err := g.read(g.in.Base, lock, lies(g.ctx, g.in.Base, lock))
		if err != nil {
			return err
		}
		// Of a lockfile that cannot be read no client installs, before or now.
		if base.lock != nil && head.lock != nil && len(lockfile.Compare(base.lock, head.lock)) > 0 {
			g.in.Pairs = append(g.in.Pairs, Pair{File: head.shown, Base: base.lock, Head: head.lock})
		}
	}
	sort.SliceStable(g.in.Pairs, func(i, j int) bool { return g.in.Pairs[i].File < g.in.Pairs[j].File })
	return nil
}

// decides reports whether a changed file may change what a lockfile means.
func (g *gatherer) decides(file string) (bool, error) {
	switch path.Base(file) {
	case "pnpm-workspace.yaml", ".yarnrc.yml":
		return true, nil
	case "package.json":
	default:
		return false, nil
	}
	var sides [2][]byte
	for i, rev := range []Revision{g.in.Base, g.in.Head} {
		data, _, err := Read(g.ctx, rev, file, maxProjectFile)
		var not *NotRead
		if err != nil && !errors.As(err, &not) {
			return false, err
		}
		sides[i] = data
	}
	return !sameRequests(sides[0], sides[1]), nil
}

// requesting are the fields of package.json by which it decides what is
// installed, and for whom.
var requesting = []string{"name", "dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "peerDependenciesMeta",
	"overrides", "resolutions", "workspaces", "catalog", "catalogs", "pnpm", "bundleDependencies", "bundledDependencies"}

// sameRequests reports whether two package.json say the same in these fields.
// Of what cannot be read nobody knows.
func sameRequests(a, b []byte) bool {
	var before, after map[string]json.RawMessage
	if json.Unmarshal(a, &before) != nil || json.Unmarshal(b, &after) != nil {
		return false
	}
	for _, key := range requesting {
		var x, y bytes.Buffer
		if before[key] != nil && json.Compact(&x, before[key]) != nil || after[key] != nil && json.Compact(&y, after[key]) != nil {
			return false
		}
		if !bytes.Equal(x.Bytes(), y.Bytes()) {
			return false
		}
	}
	return true
}
