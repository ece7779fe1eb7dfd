package review

import (
	"errors"
	"path"
	"slices"

	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/lockfile"
)

// What a package.json asks for that no lockfile holds: nobody sees what comes.

// manifests looks at the package.json files that changed. One whose own lockfile
// changed with it is compared with that by Run.
func (g *gatherer) manifests(files []string) error {
	moved, err := g.movedAway(files)
	if err != nil {
		return err
	}
	for _, file := range files {
		if g.settled[path.Dir(file)] {
			continue
		}
		after, there, err := g.requests(g.in.Head, file)
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		before, was, err := g.requests(g.in.Base, file)
		if err != nil {
			return err
		}
		asked := news(before, after)
		if !was && slices.ContainsFunc(moved, func(of []lockfile.Request) bool { return len(news(of, after)) == 0 }) {
			continue // a folder that was renamed
		}
		if err := g.unlocked(file, asked); err != nil {
			return err
		}
	}
	return nil
}

// movedAway are what the files that head no longer has asked for.
func (g *gatherer) movedAway(files []string) ([][]lockfile.Request, error) {
	var out [][]lockfile.Request
	for _, file := range files {
		e, err := g.in.Head.Entry(g.ctx, file)
		if err != nil {
			return nil, err
		}
		if e.Kind == Missing {
			list, _, err := g.requests(g.in.Base, file)
			if err != nil {
				return nil, err
			}
			out = append(out, list)
		}
	}
	return out, nil
}

// requests reads a package.json. What head has and cannot be read is an issue;
// of base it is as if it had not been there.
func (g *gatherer) requests(rev Revision, file string) (list []lockfile.Request, there bool, err error) {
	data, there, err := Read(g.ctx, rev, file, maxProjectFile)
	if err == nil && there {
		if msg := noText(data); msg != "" {
			err = &lockfile.Error{File: file, Line: 1, Msg: msg}
		} else {
			list, err = lockfile.Requests(file, data)
		}
	}
	var at *lockfile.Error
	var not *NotRead
	switch {
	case err == nil:
		return list, there, nil
	case errors.As(err, &at):
		not = &NotRead{file, at.Msg}
	case errors.As(err, &not):
		at = &lockfile.Error{Line: 1}
	default:
		return nil, false, err
	}
	if rev == g.in.Head {
		g.whole(Unreadable(file, at.Line, not.Reason))
	}
	return nil, false, nil
}

// news are the requests of after that before lacks, or has otherwise.
func news(before, after []lockfile.Request) []lockfile.Request {
	had := map[lockfile.Dependency]bool{}
	for _, r := range before {
		had[r.Dependency] = true
	}
	var out []lockfile.Request
	for _, r := range after {
		if !had[r.Dependency] {
			out = append(out, r)
		}
	}
	return out
}

// unlocked makes an issue of each request that no lockfile beside or above the
// package.json holds.
func (g *gatherer) unlocked(file string, asked []lockfile.Request) error {
	if len(asked) == 0 {
		return nil
	}
	locks, err := g.above(path.Dir(file))
	if err != nil {
		return err
	}
	return g.unlockedIn(file, asked, locks)
}

// unlockedIn is unlocked where these lockfiles are those that count.
func (g *gatherer) unlockedIn(file string, asked []lockfile.Request, locks []string) error {
	nearest := ""
	for _, at := range locks {
		s, err := g.head(at)
		if err != nil {
			return err
		}
		if s.problem != nil {
			g.whole(*s.problem)
			return nil // it may hold them; that it is not read is said
		}
		if nearest == "" {
			nearest = at
		}
		folder := relative(path.Dir(at), path.Dir(file))
		asked = slices.DeleteFunc(asked, func(r lockfile.Request) bool { return s.lock.Locks(folder, r.Dependency) })
	}
	shown := lies(g.ctx, g.in.Head, file)
	for _, r := range asked {
		g.whole(WholeIssue{File: shown, Line: r.Line, Issue: issue.NotLocked(r.Name, r.Spec, nearest)})
	}
	return nil
}

// rush is where Rush keeps the lockfile of all projects.
// Source: https://rushjs.io/pages/maintainer/package_managers/
const rush = "common/config/rush"

// above lists the lockfiles that may hold what a folder asks for: its own, and
// those of the folders above, whose workspace it may be.
func (g *gatherer) above(dir string) ([]string, error) {
	var out []string
	for {
		for _, in := range []string{dir, path.Join(dir, rush)} {
			found, err := g.lockfilesIn(in)
			if err != nil {
				return nil, err
			}
			out = append(out, found...)
		}
		if dir == "." {
			return out, nil
		}
		dir = path.Dir(dir)
	}
}
