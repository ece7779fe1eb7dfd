package review

import (
	"path"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile"
)

// archives says of changed archives that a lockfile installs from the
// repository that nobody looked into them: whoever changes one changes a
// package, and leaves the lockfile as it is.
func (g *gatherer) archives(changed []string) error {
	for _, file := range changed {
		// Package managers look at the ends of names, whatever their case.
		lower := strings.ToLower(file)
		if !strings.HasSuffix(lower, ".tgz") && !strings.HasSuffix(lower, ".tar.gz") && !strings.HasSuffix(lower, ".tar") {
			continue
		}
		e, err := g.in.Head.Entry(g.ctx, file)
		if err != nil {
			return err
		}
		if e.Kind == Missing {
			continue
		}
		by, err := g.installs(file)
		if err != nil {
			return err
		}
		if by != "" {
			g.whole(Unreadable(file, 1, by+" installs this file, and it is not looked into"))
		}
	}
	return nil
}

// installs is the lockfile that takes a package from a file of the repository:
// one in the file's folder or above it; empty where none does.
func (g *gatherer) installs(file string) (string, error) {
	for dir := path.Dir(file); ; dir = path.Dir(dir) {
		in, err := g.in.Head.Folder(g.ctx, top(dir))
		if err != nil {
			return "", err
		}
		for name := range in {
			at := path.Join(dir, name)
			if lockfile.Classify(at).Role != lockfile.Locks {
				continue
			}
			side, err := g.head(at)
			if err != nil {
				return "", err
			}
			if side.lock != nil && side.lock.Installs(strings.TrimPrefix(strings.TrimPrefix(file, dir), "/")) {
				return at, nil
			}
		}
		if dir == "." {
			return "", nil
		}
	}
}
