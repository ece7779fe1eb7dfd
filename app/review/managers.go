package review

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/lockfile/settings"
)

// managerOf is what a lockfile says of the package manager.
func managerOf(lock *lockfile.Lockfile) []settings.Manager {
	if lock == nil {
		return nil
	}
	return []settings.Manager{{Name: string(lock.Format), Lockfile: lock.Version}}
}

// managersOf is what a folder's lockfiles say of who installs it. A lockfile of
// a client that is not known here may be that of one that reads any setting.
func (g *gatherer) managersOf(rev Revision, root string) ([]settings.Manager, error) {
	in, err := rev.Folder(g.ctx, top(root))
	if err != nil {
		return nil, err
	}
	var out []settings.Manager
	for name, e := range in {
		file := path.Join(root, name)
		c := lockfile.Classify(file)
		switch {
		case e.Kind != File && e.Kind != Link:
			continue
		case c.Role == lockfile.Locks, c.Role == lockfile.Unread && c.Convert != "":
		case c.Role == lockfile.Unread && strings.Contains(c.Kind, "lockfile"):
			return nil, nil
		default:
			continue
		}
		m := settings.Manager{Name: strings.ToLower(c.Client)}
		if c.Role == lockfile.Locks {
			if lock, err := g.lockAt(rev, file); err != nil {
				return nil, err
			} else if lock != nil {
				m = managerOf(lock)[0]
			}
		}
		if !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b settings.Manager) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Lockfile, b.Lockfile))
	})
	return out, nil
}

// lockAt is a lockfile of either revision, nil where it cannot be read: that is
// said of those that changed. What did not change is read once.
func (g *gatherer) lockAt(rev Revision, file string) (*lockfile.Lockfile, error) {
	for _, p := range g.in.Pairs {
		if p.File == file {
			if rev == g.in.Head {
				return p.Head, nil
			}
			return p.Base, nil
		}
	}
	if rev != g.in.Head {
		was, err := rev.Entry(g.ctx, file)
		if err != nil {
			return nil, err
		}
		is, err := g.in.Head.Entry(g.ctx, file)
		if err != nil || was != is || was.ID == "" {
			return nil, err
		}
	}
	side, err := g.head(file)
	if err != nil {
		return nil, err
	}
	return side.lock, nil
}
