package review

import (
	"path"
	"strings"
)

// npm to 11 installs by npm-shrinkwrap.json where there is one, npm 12 by
// package-lock.json alone: a change of one may decide nothing, and one that goes
// away puts the other in its place.

// shrinkwraps says so of the folders in which one of the two changed.
func (g *gatherer) shrinkwraps(lockfiles []string) error {
	changed := map[string]bool{}
	for _, file := range lockfiles {
		changed[file] = true
	}
	for _, file := range lockfiles {
		dir, name := path.Dir(file), strings.ToLower(path.Base(file))
		wrap, lock := path.Join(dir, "npm-shrinkwrap.json"), path.Join(dir, "package-lock.json")
		wrapped, err := g.in.Head.Entry(g.ctx, wrap)
		if err != nil {
			return err
		}
		locked, err := g.in.Head.Entry(g.ctx, lock)
		if err != nil {
			return err
		}
		there, other := wrapped.Kind != Missing, locked.Kind != Missing
		switch {
		case name == "package-lock.json" && there && other && !changed[wrap]:
			g.note("%s: npm 11 and older ignore it and take npm-shrinkwrap.json, which did not change; npm 12 and later take it.", file)
		case name == "npm-shrinkwrap.json" && there && !other:
			g.note("%s: no package-lock.json lies beside it, so that npm 12 and later lock nothing.", file)
		case name == "npm-shrinkwrap.json" && there && !changed[lock]:
			g.note("%s: package-lock.json beside it did not change, so that npm 12 and later install what they did.", file)
			if err := g.inPlaceOf(wrap, lock); err != nil {
				return err
			}
		case name == "npm-shrinkwrap.json" && !there && other && !changed[lock]:
			g.note("%s is gone: npm 11 and older take package-lock.json from now on, which is compared with it.", file)
			if err := g.inPlaceOf(wrap, lock); err != nil {
				return err
			}
		}
	}
	return nil
}

// inPlaceOf compares an npm-shrinkwrap.json that comes or goes with the
// package-lock.json that stands beside it all along.
func (g *gatherer) inPlaceOf(wrap, lock string) error {
	for i := range g.in.Pairs {
		p := &g.in.Pairs[i]
		if p.File != wrap || p.Base != nil && p.Head != nil {
			continue
		}
		side, err := g.head(lock)
		if err != nil || side.lock == nil {
			return err
		}
		if p.Head == nil {
			p.File, p.Head = side.shown, side.lock
		} else {
			p.Base = side.lock
		}
	}
	return nil
}
