package app

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/lockwarden/lockwarden/app/github"
	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/lockfile"
)

// revision is a commit on GitHub as a review.Revision.
type revision struct {
	repo *github.Repository
	tree *github.Tree
	list *review.Listing
}

// difference is what a head changes.
type difference struct {
	mergeBase  string
	base, head *revision
	// changed are the paths at which the two commits differ.
	changed []string
}

// differing compares two commits by their trees: they cannot change, as the
// files that GitHub lists of a pull request can.
func differing(ctx context.Context, repo *github.Repository, base, head string) (*difference, error) {
	d := &difference{mergeBase: base}
	var g errgroup.Group
	for _, side := range []struct {
		commit string
		to     **revision
	}{{base, &d.base}, {head, &d.head}} {
		g.Go(func() error {
			tree, err := repo.Tree(ctx, side.commit)
			if err != nil {
				return err
			}
			entries := make(map[string]review.Entry, len(tree.Entries))
			for file, e := range tree.Entries {
				entries[file] = entryOf(e)
			}
			*side.to = &revision{repo, tree, review.NewListing(entries)}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var err error
	d.changed, err = github.Differing(ctx, d.base.tree, d.head.tree)
	return d, err
}

// comparing is a comparison under way: it needs three requests and nothing that
// is asked for beside it.
type comparing struct {
	base, head string
	done       chan struct{}
	d          *difference
	err        error
}

// compare begins to compare a head with where it left its base. Where either is
// not known, there is nothing to compare.
func compare(ctx context.Context, repo *github.Repository, base, head string) *comparing {
	c := &comparing{base: base, head: head, done: make(chan struct{})}
	if base == "" || head == "" {
		c.err = errors.New("app: a commit to compare with is not known")
		close(c.done)
		return c
	}
	go func() {
		defer close(c.done)
		var mergeBase string
		if mergeBase, c.err = repo.MergeBase(ctx, base, head); c.err == nil {
			c.d, c.err = differing(ctx, repo, mergeBase, head)
		}
	}()
	return c
}

// wait returns what the commits differ in.
func (c *comparing) wait() (*difference, error) {
	<-c.done
	return c.d, c.err
}

// relevant reports whether there is anything to review, or to judge by. Most heads
// change nothing that a file's name tells; what settings name, and what lies in
// folders of packages, has to be looked for.
func (d *difference) relevant(ctx context.Context) (bool, error) {
	if slices.Contains(d.changed, policy.Path) {
		return true, nil
	}
	touched, err := review.Touched(ctx, d.base, d.head, d.changed)
	if err != nil || len(touched) > 0 {
		return len(touched) > 0, err
	}
	in, err := review.Gather(ctx, d.base, d.head, d.changed, nil)
	if err != nil {
		return false, err
	}
	return len(in.Pairs)+len(in.Whole)+len(in.Guards)+len(in.Notes) > 0, nil
}

// maxAhead is how many files of a difference are read ahead: one lockfile and
// what lies beside it, on both sides, are some six.
const maxAhead = 60

// ahead reads at once what a review of the difference reads one after another:
// what changed, and the settings beside it. Those that cannot be had are for
// whoever asks then. Of commits whose files are not all listed it reads nothing.
func (d *difference) ahead(ctx context.Context, atOnce chan struct{}) {
	if !d.base.tree.Complete || !d.head.tree.Complete {
		return
	}
	wanted := map[string]*github.Repository{}
	want := func(r *revision, file string) {
		if e := r.list.Entry(file); e.Kind == review.File && len(wanted) < maxAhead {
			wanted[e.ID] = r.repo
		}
	}
	folders := map[string]bool{}
	for _, file := range d.changed {
		if lockfile.Classify(file).Role == lockfile.Nothing {
			continue
		}
		dir := path.Dir(file)
		for _, r := range []*revision{d.head, d.base} {
			want(r, file)
			if folders[dir] {
				continue
			}
			for name := range r.list.Folder(strings.TrimPrefix(dir, ".")) {
				switch at := path.Join(dir, name); lockfile.Classify(at).Role {
				case lockfile.Manifest, lockfile.Setting:
					want(r, at)
				}
			}
		}
		folders[dir] = true
	}
	var g sync.WaitGroup
	for id, repo := range wanted {
		g.Go(func() {
			select {
			case atOnce <- struct{}{}:
				repo.BlobAhead(ctx, id)
				<-atOnce
			case <-ctx.Done():
			}
		})
	}
	g.Wait()
}

func entryOf(e github.TreeEntry) review.Entry {
	kind := review.Missing
	switch e.Mode {
	case "":
	case "120000":
		kind = review.Link
	case "160000":
		kind = review.Submodule
	case "040000":
		kind = review.Folder
	default:
		kind = review.File
	}
	return review.Entry{Kind: kind, ID: e.SHA}
}

// Entry implements review.Revision.
func (r *revision) Entry(ctx context.Context, file string) (review.Entry, error) {
	if r.tree.Complete {
		return r.list.Entry(file), nil
	}
	dir, name := path.Split(file)
	in, err := r.tree.Folder(ctx, dir)
	return entryOf(in[name]), err
}

// Bytes implements review.Revision.
func (r *revision) Bytes(ctx context.Context, file string, limit int64) ([]byte, error) {
	e, err := r.Entry(ctx, file)
	if err != nil {
		return nil, err
	}
	data, err := r.repo.Blob(ctx, e.ID, limit)
	if errors.Is(err, github.ErrTooLarge) {
		return nil, review.TooLarge(file, limit)
	}
	return data, err
}

// Folder implements review.Revision.
func (r *revision) Folder(ctx context.Context, dir string) (map[string]review.Entry, error) {
	if r.tree.Complete {
		return r.list.Folder(dir), nil
	}
	in, err := r.tree.Folder(ctx, dir)
	out := make(map[string]review.Entry, len(in))
	for name, e := range in {
		out[name] = entryOf(e)
	}
	return out, err
}

// Links implements review.Revision.
func (r *revision) Links(context.Context) ([]string, bool, error) {
	return r.list.Links(), r.tree.Complete, nil
}
