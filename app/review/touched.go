package review

import (
	"context"
	"errors"
	"path"
	"slices"
	"sort"

	"github.com/lockwarden/lockwarden/lockfile"
)

// What a change touches, links followed.

// Touched lists which of the paths that differ between two revisions Classify
// knows, submodules, and the ones that mean something else because a link on their way, or
// what it points to, is among those that differ. The result is sorted.
func Touched(ctx context.Context, base, head Revision, changed []string) ([]string, error) {
	touched, differs := map[string]bool{}, map[string]bool{}
	for _, file := range changed {
		differs[file] = true
		if lockfile.Classify(file).Role != lockfile.Nothing {
			touched[file] = true
		}
	}
	if len(changed) == 0 {
		return nil, nil
	}
	for _, file := range changed {
		// What is installed may lie in a submodule.
		e, err := head.Entry(ctx, file)
		if err != nil {
			return nil, err
		}
		if e.Kind == Submodule {
			touched[file] = true
		}
	}
	for _, rev := range []Revision{base, head} {
		links, _, _, err := linksOf(ctx, rev)
		if err != nil {
			return nil, err
		}
		for _, link := range links {
			if touched[link] {
				continue
			}
			through, err := way(ctx, rev, link)
			if err != nil {
				return nil, err
			}
			touched[link] = slices.ContainsFunc(through, func(file string) bool { return differs[file] })
		}
	}
	for _, file := range changed {
		if err := behind(ctx, base, head, file, touched); err != nil {
			return nil, err
		}
	}
	var out []string
	for file, yes := range touched {
		if yes {
			out = append(out, file)
		}
	}
	sort.Strings(out)
	return out, nil
}

// maxFollowed is how many links one revision is asked for: each may be a
// request.
const maxFollowed = 500

// linksOf lists the links of a revision that bear a name that Classify knows.
// left is how many more there are than are followed; all is false where the
// revision has too many files to know its links.
func linksOf(ctx context.Context, rev Revision) (links []string, left int, all bool, err error) {
	links, all, err = rev.Links(ctx)
	links = slices.DeleteFunc(slices.Clone(links), func(link string) bool { return lockfile.Classify(link).Role == lockfile.Nothing })
	if left = max(len(links)-maxFollowed, 0); left > 0 {
		links = links[:maxFollowed]
	}
	return links, left, all, err
}

// way lists the paths that a link leads through, as far as it goes.
func way(ctx context.Context, rev Revision, link string) ([]string, error) {
	_, _, through, err := follow(ctx, rev, link)
	var not *NotRead
	if errors.As(err, &not) {
		err = nil
	}
	return through, err
}

// maxBehind is how many files behind one folder's link are looked at.
const maxBehind = 1000

// behind adds the files that a link to a folder shows, where the link changed
// from one folder to another.
func behind(ctx context.Context, base, head Revision, link string, touched map[string]bool) error {
	for _, rev := range []Revision{base, head} {
		if e, err := rev.Entry(ctx, link); err != nil || e.Kind != Link {
			return err
		}
	}
	for _, rev := range []Revision{base, head} {
		n := 0
		var walk func(dir string, depth int) error
		walk = func(dir string, depth int) error {
			final, e, _, err := follow(ctx, rev, dir)
			var not *NotRead
			if errors.As(err, &not) || err == nil && e.Kind != Folder {
				return nil
			}
			if err != nil {
				return err
			}
			in, err := rev.Folder(ctx, final)
			if err != nil {
				return err
			}
			for name, e := range in {
				at := path.Join(dir, name)
				if n++; n > maxBehind {
					return nil
				}
				if e.Kind == Folder && name != "node_modules" && depth < 8 {
					if err := walk(at, depth+1); err != nil {
						return err
					}
				}
				if e.Kind == File && lockfile.Classify(at).Role != lockfile.Nothing {
					touched[at] = true
				}
			}
			return nil
		}
		if err := walk(link, 0); err != nil {
			return err
		}
	}
	return nil
}
