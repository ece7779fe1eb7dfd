package analyzer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/npm"
)

// Folder is a package that lies in a folder, as npm would pack it, roughly.
type Folder struct {
	// Files are the contents by path.
	Files map[string][]byte
	// LeftOut are the folders and links that are no part of a package: .git,
	// node_modules but for bundled dependencies, links to nothing.
	LeftOut []string
	// Skipped is what may be a part of it and was not read.
	Skipped []issue.Problem
}

// Limits of a folder: it is a person's own, but may be a whole disk.
const (
	maxFolderFiles = 50_000
	maxFolderBytes = 1 << 30
)

// ReadFolder reads a folder. Links are followed as long as they stay inside.
func ReadFolder(dir string) (*Folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	r := &folderReader{root: root, dir: dir, out: &Folder{Files: map[string][]byte{}}}
	if err := r.walk(".", false, nil); err != nil {
		return nil, err
	}
	if err := r.bundled(); err != nil {
		return nil, err
	}
	if len(r.out.Files) == 0 {
		return nil, fmt.Errorf("%s has no files", dir)
	}
	slices.Sort(r.out.LeftOut)
	return r.out, nil
}

type folderReader struct {
	root  *os.Root
	dir   string
	out   *Folder
	total int64
}

// walk reads what is below a folder; modules says whether a node_modules belongs
// to it. above are the folders that it lies in.
func (r *folderReader) walk(dir string, modules bool, above []fs.FileInfo) error {
	here, err := r.root.Stat(dir)
	if err != nil {
		return err
	}
	above = append(slices.Clip(above), here)
	list, err := fs.ReadDir(r.root.FS(), dir)
	if err != nil {
		return err
	}
	for _, d := range list {
		name := path.Join(dir, d.Name())
		info, err := r.root.Stat(name)
		link := d.Type()&fs.ModeSymlink != 0
		switch {
		case !utf8.ValidString(name):
			r.skip(strings.ToValidUTF8(name, "\ufffd"), "its name is not UTF-8")
		case link && errors.Is(err, fs.ErrNotExist):
			r.out.LeftOut = append(r.out.LeftOut, name)
		case link && err != nil:
			r.skip(name, "it is a link that leads out of the folder, or in a circle")
		case err != nil:
			return err
		case info.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules" && !modules):
			r.out.LeftOut = append(r.out.LeftOut, name)
		case info.IsDir() && slices.ContainsFunc(above, func(a fs.FileInfo) bool { return os.SameFile(a, info) }):
			r.skip(name, "it is a link to a folder that it lies in")
		case info.IsDir():
			if err := r.walk(name, modules, above); err != nil {
				return err
			}
		case info.Mode().IsRegular():
			if err := r.read(name, info.Size()); err != nil {
				return err
			}
		default:
			r.skip(name, "it is neither a file nor a folder")
		}
	}
	return nil
}

func (r *folderReader) skip(name, reason string) {
	r.out.Skipped = append(r.out.Skipped, issue.Problem{File: name, Reason: reason, Line: 1})
}

func (r *folderReader) read(name string, size int64) error {
	if r.total += size; r.total > maxFolderBytes || len(r.out.Files) >= maxFolderFiles {
		return fmt.Errorf("%s has more than %d files or %d MB; name a package's folder", r.dir, maxFolderFiles, maxFolderBytes>>20)
	}
	data, err := r.root.ReadFile(name)
	r.out.Files[name] = data
	return err
}

// bundled reads the dependencies that npm packs with the package, and theirs.
func (r *folderReader) bundled() error {
	names, _ := npm.Bundled(r.out.Files["package.json"])
	seen := map[string]bool{}
	var kept []string
	for len(names) > 0 {
		name := names[0]
		names = names[1:]
		dir := path.Join("node_modules", name)
		if seen[name] || npm.CheckName(name) != nil {
			continue
		}
		seen[name] = true
		switch info, err := r.root.Stat(dir); {
		case errors.Is(err, fs.ErrNotExist):
			continue // not installed: npm does not pack it either
		case err != nil:
			r.skip(dir, "it is a link that leads out of the folder, or in a circle")
			continue
		case !info.IsDir():
			continue
		}
		if err := r.walk(dir, true, nil); err != nil {
			return err
		}
		kept = append(kept, name)
		_, more := npm.Bundled(r.out.Files[path.Join(dir, "package.json")])
		names = append(names, more...)
	}
	if i := slices.Index(r.out.LeftOut, "node_modules"); i >= 0 && len(kept) > 0 {
		slices.Sort(kept)
		r.out.LeftOut[i] = fmt.Sprintf("node_modules (but for %s)", strings.Join(kept, " "))
	}
	return nil
}
