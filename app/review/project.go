package review

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// maxProjectFile is the largest file beside a lockfile that is read, in bytes.
const maxProjectFile = 16 << 20

// Project is a folder of a revision as a file system: what lockfile.Parse and
// lockfile/settings read. It lasts as long as ctx. Links are followed inside the
// repository; what is there and cannot be had is an error that wraps a
// *NotRead, and never fs.ErrNotExist.
func Project(ctx context.Context, rev Revision, dir string) fs.FS {
	if dir == "." {
		dir = ""
	}
	return &project{ctx, rev, dir}
}

type project struct {
	ctx context.Context
	rev Revision
	dir string
}

// ReadFile implements fs.ReadFileFS.
func (p *project) ReadFile(name string) ([]byte, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	data, found, err := Read(p.ctx, p.rev, path.Join(p.dir, name), maxProjectFile)
	if err == nil && !found {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return data, nil
}

// ReadDir implements fs.ReadDirFS.
func (p *project) ReadDir(name string) ([]fs.DirEntry, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrInvalid}
	}
	final, e, _, err := follow(p.ctx, p.rev, path.Join(p.dir, name))
	if err == nil && e.Kind != Folder {
		err = fs.ErrNotExist
	}
	var in map[string]Entry
	if err == nil {
		in, err = p.rev.Folder(p.ctx, final)
	}
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	out := make([]fs.DirEntry, 0, len(in))
	for name, e := range in {
		out = append(out, fs.FileInfoToDirEntry(&lying{name, e.Kind}))
	}
	slices.SortFunc(out, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return out, nil
}

// Open implements fs.FS.
func (p *project) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	_, e, _, err := follow(p.ctx, p.rev, path.Join(p.dir, name))
	switch {
	case err != nil:
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	case e.Kind == Folder:
		in, err := p.ReadDir(name)
		return &opened{lying: lying{path.Base(name), Folder}, in: in}, err
	}
	data, err := p.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return &opened{lying: lying{path.Base(name), File}, text: bytes.NewReader(data)}, nil
}

// Stat implements fs.StatFS: fs.Glob asks it, and needs no content.
func (p *project) Stat(name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrInvalid}
	}
	_, e, _, err := follow(p.ctx, p.rev, path.Join(p.dir, name))
	if err == nil && e.Kind == Missing {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return &lying{path.Base(name), e.Kind}, nil
}

// lying is the fs.FileInfo of an entry. Sizes are not known, and 0.
type lying struct {
	name string
	kind Kind
}

func (l *lying) Name() string     { return l.name }
func (*lying) Size() int64        { return 0 }
func (*lying) ModTime() time.Time { return time.Time{} }
func (l *lying) IsDir() bool      { return l.kind == Folder }
func (*lying) Sys() any           { return nil }
func (l *lying) Mode() fs.FileMode {
	switch l.kind {
	case Folder:
		return fs.ModeDir | 0o555
	case Link:
		return fs.ModeSymlink | 0o444
	case Submodule:
		return fs.ModeIrregular
	}
	return 0o444
}

// opened is an open file or folder.
type opened struct {
	lying
	text *bytes.Reader
	in   []fs.DirEntry
}

// Stat implements fs.File.
func (o *opened) Stat() (fs.FileInfo, error) { return &o.lying, nil }

// Close implements fs.File.
func (*opened) Close() error { return nil }

// Read implements fs.File.
func (o *opened) Read(b []byte) (int, error) {
	if o.text == nil {
		return 0, &fs.PathError{Op: "read", Path: o.name, Err: fs.ErrInvalid}
	}
	return o.text.Read(b)
}

// ReadDir implements fs.ReadDirFile.
func (o *opened) ReadDir(n int) ([]fs.DirEntry, error) {
	if o.kind != Folder {
		return nil, &fs.PathError{Op: "readdir", Path: o.name, Err: fs.ErrInvalid}
	}
	if n > 0 && len(o.in) == 0 {
		return nil, io.EOF
	}
	some := o.in
	if n > 0 {
		some = o.in[:min(n, len(o.in))]
	}
	o.in = o.in[len(some):]
	return some, nil
}
