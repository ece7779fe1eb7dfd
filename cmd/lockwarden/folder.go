package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/lockwarden/lockwarden/app/review"
)

// folder is a folder on disk as a review.Revision. Nothing outside of it is
// opened, whatever links say.
type folder struct {
	root  *os.Root
	links func() ([]string, error)
}

func openFolder(dir string) (*folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &folder{root, sync.OnceValues(func() ([]string, error) { return diskLinks(root) })}, nil
}

func diskLinks(root *os.Root) ([]string, error) {
	var links []string
	err := fs.WalkDir(root.FS(), ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git") {
			return fs.SkipDir
		}
		if d.Type()&fs.ModeSymlink != 0 {
			links = append(links, file)
		}
		return nil
	})
	return links, err
}

// Entry implements review.Revision.
func (f *folder) Entry(_ context.Context, file string) (review.Entry, error) {
	info, err := f.root.Lstat(filepath.FromSlash(file))
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && info.Mode()&(fs.ModeDevice|fs.ModeNamedPipe|fs.ModeSocket) != 0:
		return review.Entry{}, nil
	case err != nil:
		return review.Entry{}, err
	}
	return review.Entry{Kind: diskKind(info.Mode())}, nil
}

func diskKind(mode fs.FileMode) review.Kind {
	switch {
	case mode&fs.ModeSymlink != 0:
		return review.Link
	case mode.IsDir():
		return review.Folder
	}
	return review.File
}

// Bytes implements review.Revision.
func (f *folder) Bytes(_ context.Context, file string, limit int64) ([]byte, error) {
	name := filepath.FromSlash(file)
	info, err := f.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := f.root.Readlink(name)
		return []byte(filepath.ToSlash(target)), err
	}
	opened, err := f.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	data, err := io.ReadAll(io.LimitReader(opened, limit+1))
	if err == nil && int64(len(data)) > limit {
		return nil, review.TooLarge(file, limit)
	}
	return data, err
}

// Folder implements review.Revision.
func (f *folder) Folder(_ context.Context, dir string) (map[string]review.Entry, error) {
	if dir == "" {
		dir = "."
	}
	list, err := fs.ReadDir(f.root.FS(), dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := make(map[string]review.Entry, len(list))
	for _, d := range list {
		out[d.Name()] = review.Entry{Kind: diskKind(d.Type())}
	}
	return out, nil
}

// Links implements review.Revision.
func (f *folder) Links(context.Context) ([]string, bool, error) {
	links, err := f.links()
	return links, true, err
}

// loose is one file that lies nowhere, such as what a pipe brings.
type loose struct {
	name string
	data []byte
	*review.Listing
}

func newLoose(name string, data []byte) *loose {
	return &loose{name, data, review.NewListing(map[string]review.Entry{name: {Kind: review.File}})}
}

// Entry implements review.Revision.
func (l *loose) Entry(_ context.Context, file string) (review.Entry, error) {
	return l.Listing.Entry(file), nil
}

// Bytes implements review.Revision.
func (l *loose) Bytes(_ context.Context, file string, limit int64) ([]byte, error) {
	if int64(len(l.data)) > limit {
		return nil, review.TooLarge(file, limit)
	}
	return l.data, nil
}

// Folder implements review.Revision.
func (l *loose) Folder(_ context.Context, dir string) (map[string]review.Entry, error) {
	return l.Listing.Folder(dir), nil
}

// Links implements review.Revision.
func (l *loose) Links(context.Context) ([]string, bool, error) { return nil, true, nil }

// topOf is the folder whose files a lockfile on disk may reach: the working
// folder of its repository, or its own.
func topOf(dir string) (top string, repository bool) {
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			return at, true
		}
		if filepath.Dir(at) == at {
			return dir, false
		}
	}
}

// onDisk is a lockfile on disk. Outside of a repository a link is whoever's who
// named it; inside, it may be the pull request's, and stays inside.
func onDisk(arg string) (*review.Source, error) {
	at, err := filepath.Abs(arg)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(at))
	if err != nil {
		return nil, err
	}
	at = filepath.Join(dir, filepath.Base(at))
	top, repository := topOf(dir)
	if filepath.Base(dir) == "node_modules" && !repository {
		top = filepath.Dir(dir) // npm's hidden lockfile
	}
	if !repository {
		if at, err = filepath.EvalSymlinks(at); err != nil {
			return nil, err
		}
		if filepath.Dir(at) != dir {
			top = filepath.Dir(at)
		}
	}
	rev, err := openFolder(top)
	if err != nil {
		return nil, err
	}
	name, err := filepath.Rel(top, at)
	if err != nil {
		return nil, err
	}
	return &review.Source{Revision: rev, Path: filepath.ToSlash(name), Shown: filepath.ToSlash(arg)}, nil
}
