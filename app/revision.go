package app

import (
	"context"
	"errors"
	"path"
	"slices"

	"github.com/lockwarden/lockwarden/app/github"
	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/app/review"
)

// revision is a commit on GitHub as a review.Revision.
type revision struct {
	repo *github.Repository
	tree *github.Tree
	list *review.Listing
}

// difference is what a head changes.
type difference struct {
	base, head *revision
	// changed are the paths at which the two commits differ.
	changed []string
}

// differing compares two commits by their trees: they cannot change, as the
// files that GitHub lists of a pull request can.
func differing(ctx context.Context, repo *github.Repository, base, head string) (*difference, error) {
	d := &difference{}
	for _, side := range []struct {
		commit string
		to     **revision
	}{{base, &d.base}, {head, &d.head}} {
		tree, err := repo.Tree(ctx, side.commit)
		if err != nil {
			return nil, err
		}
		entries := make(map[string]review.Entry, len(tree.Entries))
		for file, e := range tree.Entries {
			entries[file] = entryOf(e)
		}
		*side.to = &revision{repo, tree, review.NewListing(entries)}
	}
	var err error
	d.changed, err = github.Differing(ctx, d.base.tree, d.head.tree)
	return d, err
}

// relevant reports whether there is anything to review, or to judge by.
func (d *difference) relevant(ctx context.Context) (bool, error) {
	if slices.Contains(d.changed, policy.Path) {
		return true, nil
	}
	touched, err := review.Touched(ctx, d.base, d.head, d.changed)
	return len(touched) > 0, err
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
