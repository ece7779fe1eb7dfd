package review

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"

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
		locks: map[string]*sideOf{}, settled: map[string]bool{}, grouped: map[string]bool{}, parts: []string{}}
	left := 0
	known := map[string]bool{}
	for _, file := range touched {
		known[file] = true
		if lockfile.Classify(file).Role == lockfile.Manifest {
			g.parts = append(g.parts, path.Dir(file))
		}
	}
	for _, file := range changed {
		if !known[file] && !(ignored != nil && ignored(file)) {
			g.others = append(g.others, file)
		}
	}
	var lockfiles, manifests []string
	for _, file := range touched {
		if ignored != nil && ignored(file) {
			left++
			continue
		}
		c := lockfile.Classify(file)
		if path.Base(file) == ".gitattributes" {
			continue // no package manager reads it; checkout does
		}
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
	if err := g.links(len(changed)); err != nil {
		return nil, err
	}
	if err := g.modules(); err != nil {
		return nil, err
	}
	if err := g.pairs(lockfiles, touched); err != nil {
		return nil, err
	}
	if err := g.shrinkwraps(lockfiles); err != nil {
		return nil, err
	}
	if err := g.around(touched); err != nil {
		return nil, err
	}
	if err := g.manifests(manifests); err != nil {
		return nil, err
	}
	if err := g.submodules(changed, ignored); err != nil {
		return nil, err
	}
	if err := g.archives(changed); err != nil {
		return nil, err
	}
	if err := g.guards(); err != nil {
		return nil, err
	}
	if err := g.checkout(touched, ignored); err != nil {
		return nil, err
	}
	return g.in, g.contents(changed)
}

// contents names what lies at head in the files that issues are about: in the file
// itself, in what it links to, and in what changed below a folder or belongs to
// the same group.
func (g *gatherer) contents(changed []string) error {
	changed = slices.Sorted(slices.Values(changed))
	g.in.Contents = map[string]string{}
	name := func(file string) error {
		if g.in.Contents[file] != "" {
			return nil
		}
		h, group := sha256.New(), lockfile.Classify(file).Group
		add := func(file string) error {
			e, err := g.in.Head.Entry(g.ctx, file)
			if err != nil {
				return err
			}
			fmt.Fprintf(h, "%s %v %s\n", file, e.Kind, e.ID)
			return nil
		}
		if err := add(file); err != nil {
			return err
		}
		if _, e, through, err := follow(g.ctx, g.in.Head, file); err == nil && len(through) > 0 {
			fmt.Fprintf(h, "%s\n", e.ID)
		}
		for _, other := range changed {
			if strings.HasPrefix(other, file+"/") || group != "" && lockfile.Classify(other).Group == group {
				if err := add(other); err != nil {
					return err
				}
			}
		}
		g.in.Contents[file] = hex.EncodeToString(h.Sum(nil)[:16])
		return nil
	}
	for i := range g.in.Whole {
		if w := &g.in.Whole[i]; w.aboutFile() {
			if err := name(w.File); err != nil {
				return err
			}
		}
	}
	for i := range g.in.Guards {
		if err := name(g.in.Guards[i].File); err != nil {
			return err
		}
	}
	for i := range g.in.Pairs { // its hashes may not be known to be right
		if err := name(g.in.Pairs[i].File); err != nil {
			return err
		}
	}
	return nil
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
	if c.Group != "" {
		reason = c.Kind + " are not read"
	}
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

// links says where links were not followed. What such a link points to may be
// any file that no name tells.
func (g *gatherer) links(changed int) error {
	_, left, all, err := linksOf(g.ctx, g.in.Head)
	switch {
	case err != nil:
		return err
	case left > 0 && len(g.others) > 0:
		g.whole(Unreadable(g.others[0], 1, fmt.Sprintf("%d links that stand for lockfiles or settings are more than are followed, "+
			"and what changed here may be what one of them points to", left+maxFollowed)))
	case changed > 0 && (left > 0 || !all):
		g.note("The repository has more files or links than are looked at: links that did not change themselves were not all followed.")
	}
	return nil
}

// modules says which packages in folders that Node.js looks through before the
// locked ones were added or changed: nobody installs them, so they are in no
// lockfile. Those of tests and examples are for them alone, and are a note.
func (g *gatherer) modules() error {
	count := map[string]int{}
	aside := 0
	for _, file := range g.others {
		top, ok := modulesOf(file)
		if !ok {
			continue
		}
		e, err := g.in.Head.Entry(g.ctx, file)
		switch {
		case err != nil:
			return err
		case e.Kind == Missing:
		case ofTests(top):
			aside++
		default:
			count[top]++
		}
	}
	tops := make([]string, 0, len(count))
	for top := range count {
		tops = append(tops, top)
	}
	sort.Strings(tops)
	for _, top := range tops {
		files := "1 file below it was"
		if n := count[top]; n > 1 {
			files = fmt.Sprintf("%d files below it were", n)
		}
		g.whole(Unreadable(top, 1, files+" added or changed; Node.js loads packages from there before the locked ones, and they are not read"))
	}
	switch {
	case aside == 1:
		g.note("1 file in a node_modules folder of tests or examples was added or changed; it is not read.")
	case aside > 1:
		g.note("%d files in node_modules folders of tests or examples were added or changed; they are not read.", aside)
	}
	return nil
}
