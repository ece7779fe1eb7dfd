package review

import (
	"bytes"
	"errors"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile"
)

// pairs reads the lockfiles that changed on both sides.
func (g *gatherer) pairs(files, touched []string) error {
	var gone, came []*sideOf
	for _, file := range files {
		if same, err := g.alias(file, touched); err != nil {
			return err
		} else if same {
			continue
		}
		head, err := g.head(file)
		if err != nil {
			return err
		}
		base, err := g.read(g.in.Base, file, lies(g.ctx, g.in.Base, file))
		if err != nil {
			return err
		}
		switch {
		case !head.there && base.there:
			gone = append(gone, base)
		case head.there && !base.there:
			came = append(came, head)
		case head.there:
			g.pair(base, head)
		}
		if strings.EqualFold(path.Base(file), "npm-shrinkwrap.json") && head.there {
			g.note("%s: npm 12 and later ignore it and take package-lock.json; older ones take it first.", file)
		}
	}
	moved := movedTo(gone, came)
	for _, head := range came {
		g.pair(moved[head], head)
	}
	taken := map[*sideOf]bool{}
	for _, base := range moved {
		taken[base] = true
	}
	for _, base := range gone {
		if !taken[base] {
			g.pair(base, nil)
		}
	}
	sort.SliceStable(g.in.Pairs, func(i, j int) bool { return g.in.Pairs[i].File < g.in.Pairs[j].File })
	return g.deleted(gone, taken)
}

// alias reports whether a path is a link, on both sides, to a lockfile that
// changed under its own name, and counts with that.
func (g *gatherer) alias(file string, touched []string) (bool, error) {
	target := ""
	for _, rev := range []Revision{g.in.Base, g.in.Head} {
		final, _, through, err := follow(g.ctx, rev, file)
		var not *NotRead
		if err != nil && !errors.As(err, &not) {
			return false, err
		}
		if err != nil || len(through) < 2 || target != "" && final != target {
			return false, nil
		}
		target = final
	}
	return lockfile.Classify(target).Role == lockfile.Locks && slices.Contains(touched, target), nil
}

// pair adds a lockfile before and after; either may be nil.
func (g *gatherer) pair(base, head *sideOf) {
	if head != nil {
		g.settled[path.Dir(head.file)] = true
		if head.problem != nil {
			g.whole(*head.problem)
			if head.broken != nil {
				g.in.Broken = append(g.in.Broken, head.broken)
			}
			return
		}
	}
	p := Pair{}
	if base != nil {
		p.File, p.Base = base.shown, base.lock
		if base.problem != nil {
			g.note("%s could not be read before the change, so that every package counts as new: %s",
				base.shown, base.problem.Issue.Detail["reason"])
		}
	}
	if head != nil {
		p.File, p.Head = head.shown, head.lock
	}
	if p.Base != nil || p.Head != nil {
		g.in.Pairs = append(g.in.Pairs, p)
	}
}

// deleted says where nothing is locked any more.
func (g *gatherer) deleted(gone []*sideOf, taken map[*sideOf]bool) error {
	for _, base := range gone {
		if taken[base] {
			// A folder that was renamed takes its package.json along.
			if e, err := g.in.Head.Entry(g.ctx, path.Join(path.Dir(base.file), "package.json")); err != nil || e.Kind == Missing {
				if err != nil {
					return err
				}
				continue
			}
			if left, err := g.lockfilesIn(path.Dir(base.file)); err != nil || len(left) > 0 {
				if err != nil {
					return err
				}
				continue
			}
			g.whole(Unreadable(base.file, 1, "it moved away, and nothing takes its place beside package.json: the next install there locks nothing"))
			continue
		}
		left, err := g.lockfilesIn(path.Dir(base.file))
		if err != nil {
			return err
		}
		if len(left) == 0 && !g.settled[path.Dir(base.file)] {
			g.note("%s is deleted and nothing takes its place: what the next install there brings is not fixed.", base.file)
		}
	}
	return nil
}

// movedTo finds for each lockfile that came the one that went and is most like
// it: a folder that was renamed brings nothing new.
func movedTo(gone, came []*sideOf) map[*sideOf]*sideOf {
	type match struct {
		from, to *sideOf
		score    float64
	}
	var matches []match
	many := len(gone)*len(came) > 400
	for _, to := range came {
		for _, from := range gone {
			score := 0.0
			switch {
			case bytes.Equal(from.data, to.data):
				score = 2
			case !many && from.lock != nil && to.lock != nil && from.lock.Format == to.lock.Format:
				score = alike(from.lock, to.lock)
			}
			if score >= 0.5 {
				matches = append(matches, match{from, to, score})
			}
		}
	}
	sort.SliceStable(matches, func(i, j int) bool { return matches[i].score > matches[j].score })
	out, taken := map[*sideOf]*sideOf{}, map[*sideOf]bool{}
	for _, m := range matches {
		if out[m.to] == nil && !taken[m.from] {
			out[m.to], taken[m.from] = m.from, true
		}
	}
	return out
}

// alike is the part of the packages that two lockfiles share.
func alike(a, b *lockfile.Lockfile) float64 {
	type id struct{ name, version string }
	in := map[id]bool{}
	for _, e := range a.Entries {
		in[id{e.Package, e.Version}] = true
	}
	shared := 0
	for _, e := range b.Entries {
		if in[id{e.Package, e.Version}] {
			shared++
		}
	}
	return float64(shared) / float64(max(len(a.Entries), len(b.Entries), 1))
}
