package review

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/settings"
)

// listed is a file system of which only some files are listed; all of them can
// be opened.
type listed struct {
	fs.FS
	files map[string]bool
}

// ReadFile implements fs.ReadFileFS.
func (l *listed) ReadFile(name string) ([]byte, error) { return fs.ReadFile(l.FS, name) }

// ReadDir implements fs.ReadDirFS. Links are listed as what they point to.
func (l *listed) ReadDir(dir string) ([]fs.DirEntry, error) {
	found := map[string]Kind{}
	for file := range l.files {
		rest, ok := strings.CutPrefix(file, dir+"/")
		if dir == "." {
			rest, ok = file, true
		}
		if !ok {
			continue
		}
		if name, _, below := strings.Cut(rest, "/"); below {
			found[name] = Folder
		} else {
			found[name] = File
		}
	}
	out := make([]fs.DirEntry, 0, len(found))
	for name, kind := range found {
		out = append(out, fs.FileInfoToDirEntry(&lying{name, kind}))
	}
	slices.SortFunc(out, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return out, nil
}

// Stat implements fs.StatFS: the root is a folder, whatever it holds.
func (l *listed) Stat(name string) (fs.FileInfo, error) {
	if name == "." {
		return &lying{".", Folder}, nil
	}
	return fs.Stat(l.FS, name)
}

// only is a file system of nothing but what is listed and the code that this
// loads, so that what settings name otherwise, such as patches or a release of
// Yarn, is not fetched to learn its name.
type only struct{ listed }

// Open implements fs.FS.
func (o *only) Open(name string) (fs.File, error) {
	if !o.files[name] && !o.isCode(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return o.listed.Open(name)
}

// maxProgram is the largest file of .yarn that is read for what it loads: a whole
// release has all in one file.
const maxProgram = 1 << 20

// isCode reports whether a file may be code that loads other files.
func (o *only) isCode(name string) bool {
	switch path.Ext(name) {
	case ".js", ".cjs", ".mjs", ".ts", ".cts", ".mts", ".json":
		p, ok := o.FS.(*project)
		if !ok || !strings.Contains("/"+name, "/.yarn/") {
			return true
		}
		_, found, err := Read(p.ctx, p.rev, path.Join(p.dir, name), maxProgram)
		return found && err == nil
	}
	return false
}

// Stat implements fs.StatFS.
func (o *only) Stat(name string) (fs.FileInfo, error) {
	if name != "." && !o.files[name] && !o.isCode(name) {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return o.listed.Stat(name)
}

// readOnly reads these settings of a folder of head and nothing that they name.
// What of them cannot be had did not change; the others may say something all the
// same.
func (g *gatherer) readOnly(dir string, files map[string]bool, managers ...settings.Manager) (settings.Settings, error) {
	files = maps.Clone(files)
	for {
		s, err := settings.Read(&only{listed{Project(g.ctx, g.in.Head, dir), files}}, top(dir), managers...)
		var not *NotRead
		switch {
		case !errors.As(err, &not):
			return s, err
		case !files[path.Base(not.Path)]:
			return s, nil
		}
		delete(files, path.Base(not.Path))
	}
}
