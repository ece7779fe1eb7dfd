package shell

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"
)

// find is a file of the package by the name that a command calls it by, in the
// folder it runs in, or one that the text was in before.
func (f *follower) find(name string, in at) ([]byte, bool) {
	_, data, ok := f.locate(name, in)
	return data, ok
}

func (f *follower) locate(name string, in at) (string, []byte, bool) {
	if name == "" {
		return "", nil, false
	}
	for _, dir := range in.folders() {
		if data, ok := f.file(dir, name); ok {
			return f.inside(dir, name), data, true
		}
	}
	return "", nil, false
}

// folders are those that a command may run in.
func (in at) folders() []string {
	out := []string{in.by.Dir}
	for _, dir := range append([]string{""}, in.by.dirs...) {
		if !slices.Contains(out, dir) {
			out = append(out, dir)
		}
	}
	return out
}

func (f *follower) exists(name string, in at) bool {
	for _, dir := range in.folders() {
		if f.Resolve != nil {
			if _, ok := f.Resolve(f.inside(dir, name)); ok {
				return true
			}
		}
		if _, ok := f.file(dir, name); ok {
			return true
		}
	}
	return false
}

// inside is where a name lies in the package, as it is seen from a folder of it.
func (p *Package) inside(dir, name string) string {
	name = strings.ReplaceAll(strings.Trim(name, `"'`), `\`, "/")
	if p.Root != "" {
		if rest, ok := strings.CutPrefix(name, p.Root); ok {
			return strings.TrimPrefix(path.Clean("/"+rest), "/")
		}
	}
	if p.Manifest != nil && p.Manifest.Name != "" {
		folder := "node_modules/" + p.Manifest.Name + "/"
		if i := strings.LastIndex(name, folder); i >= 0 {
			return path.Clean(name[i+len(folder):])
		}
		if i := strings.LastIndex(dir+"/", folder); i >= 0 {
			dir = strings.TrimSuffix((dir + "/")[i+len(folder):], "/")
		}
		if i := strings.LastIndex(dir+"/"+name, folder); i >= 0 {
			return path.Clean((dir + "/" + name)[i+len(folder):])
		}
	}
	if strings.HasPrefix(name, "/") {
		return name
	}
	return path.Join(dir, name)
}

func (p *Package) file(dir, name string) ([]byte, bool) {
	if name == "" {
		return nil, false
	}
	return p.Read(p.inside(dir, name))
}

// folder lists a folder of the package, for patterns.
func (p *Package) folder(name string) ([]fs.DirEntry, error) {
	if p.folders == nil {
		p.folders = map[string][]fs.DirEntry{".": nil}
		seen := map[string]bool{}
		for _, full := range p.Names {
			for child, isDir := full, false; child != "."; child, isDir = path.Dir(child), true {
				if seen[child] {
					break
				}
				seen[child] = true
				p.folders[path.Dir(child)] = append(p.folders[path.Dir(child)], entry{path.Base(child), isDir})
				if isDir && p.folders[child] == nil {
					p.folders[child] = []fs.DirEntry{}
				}
			}
		}
		for _, list := range p.folders {
			slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
		}
	}
	list, ok := p.folders[path.Clean(name)]
	if _, file := p.Read(path.Clean(name)); !ok && file {
		return nil, syscall.ENOTDIR
	}
	if !ok {
		return nil, fs.ErrNotExist
	}
	return list, nil
}

// entry is a name in a folder of a package.
type entry struct {
	name  string
	isDir bool
}

func (e entry) Name() string               { return e.name }
func (e entry) IsDir() bool                { return e.isDir }
func (e entry) Info() (fs.FileInfo, error) { return e, nil }
func (e entry) Size() int64                { return 0 }
func (e entry) ModTime() time.Time         { return time.Time{} }
func (e entry) Sys() any                   { return nil }
func (e entry) Mode() fs.FileMode          { return e.Type() }
func (e entry) Type() fs.FileMode {
	if e.isDir {
		return fs.ModeDir
	}
	return 0
}
