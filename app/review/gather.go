package review

import (
	"context"
	"path"

	"github.com/lockwarden/lockwarden/lockfile"
)

// Gather reads what a change is about, the same for the App, the command line,
// the Action and hooks. changed are the paths that differ between the two
// revisions, in any order; a renamed file is both of its paths. ignored says
// which paths a policy leaves out; it may be nil.
//
// Every changed file that Classify knows ends in the Input: nothing that could
// not be read is left out silently. An error means that nobody knows (the
// network, the disk), and ends the review.
func Gather(ctx context.Context, base, head Revision, changed []string, ignored func(path string) bool) (*Input, error) {
	touched, err := Touched(ctx, base, head, changed)
	if err != nil {
		return nil, err
	}
	g := &gatherer{ctx: ctx, in: &Input{Base: base, Head: head},
		locks: map[string]*sideOf{}, settled: map[string]bool{}, grouped: map[string]bool{}}
	left := 0
	var lockfiles, manifests []string
	for _, file := range touched {
		if ignored != nil && ignored(file) {
			left++
			continue
		}
		c := lockfile.Classify(file)
		switch c.Role {
		case lockfile.Locks:
			lockfiles = append(lockfiles, file)
		case lockfile.Unread:
			if err := g.unread(file, c); err != nil {
				return nil, err
			}
		case lockfile.Manifest:
			manifests = append(manifests, file)
			g.in.Settings = append(g.in.Settings, file)
		case lockfile.Setting:
			g.in.Settings = append(g.in.Settings, file)
		}
	}
	if left > 0 {
		g.note("%d changed files are left out by the policy (paths.ignore).", left)
	}
	if _, all, err := linksOf(ctx, head); err != nil {
		return nil, err
	} else if !all && len(changed) > 0 {
		g.note("The repository has more files or links than are looked at: links that did not change themselves were not all followed.")
	}
	if err := g.pairs(lockfiles, touched); err != nil {
		return nil, err
	}
	if err := g.manifests(manifests); err != nil {
		return nil, err
	}
	if err := g.archives(changed); err != nil {
		return nil, err
	}
	return g.in, g.guards()
}

// unread says that a file is not read. One that head no longer has decides
// nothing any more.
func (g *gatherer) unread(file string, c lockfile.Class) error {
	e, err := g.in.Head.Entry(g.ctx, file)
	if err != nil {
		return err
	}
	if e.Kind == Missing && !g.linked(file) {
		return nil
	}
	reason := c.Kind + " is not read"
	if c.Convert != "" {
		reason += "; a lockfile that is read is written by " + c.Convert
	}
	w := Unreadable(file, 1, reason)
	if c.Group != "" {
		if g.grouped[c.Group] {
			return nil
		}
		g.grouped[c.Group] = true
		w.Issue.Detail["what"] = c.Group
	}
	g.settled[path.Dir(file)] = true
	g.whole(w)
	return nil
}

// linked reports whether a path leads to something by way of a folder's link.
func (g *gatherer) linked(file string) bool {
	_, e, _, err := follow(g.ctx, g.in.Head, file)
	return err == nil && e.Kind != Missing
}
