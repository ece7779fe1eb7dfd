package review

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile"
)

// gatherer is one Gather under way.
type gatherer struct {
	ctx context.Context
	in  *Input
	// locks are the lockfiles of head that were read.
	locks map[string]*sideOf
	// settled are the folders whose lockfile changed with them, or that are not
	// read: what their package.json asks for is part of that.
	settled map[string]bool
	grouped map[string]bool
	// parts are the folders whose package.json changed; nil where single files
	// are compared.
	parts []string
	// others are the changed paths that Classify does not know and no policy
	// leaves out: settings may name them.
	others []string
}

func (g *gatherer) note(format string, args ...any) {
	g.in.Notes = append(g.in.Notes, fmt.Sprintf(format, args...))
}

func (g *gatherer) whole(w WholeIssue) {
	if !slices.ContainsFunc(g.in.Whole, func(o WholeIssue) bool {
		return o.File == w.File && o.Line == w.Line && o.Issue.Fingerprint() == w.Issue.Fingerprint()
	}) {
		g.in.Whole = append(g.in.Whole, w)
	}
}

// sideOf is a lockfile on one side.
type sideOf struct {
	file string
	// shown is where its lines are: what a link points to.
	shown string
	// there is false where the side has no such file.
	there bool
	lock  *lockfile.Lockfile
	// data is what was read, whatever it is.
	data []byte
	// problem is set where the file is there and cannot be read.
	problem *WholeIssue
	broken  *lockfile.Error
}

// read reads a lockfile with what Parse wants to know of its project.
func (g *gatherer) read(rev Revision, file, shown string) (*sideOf, error) {
	s := &sideOf{file: file, shown: shown}
	data, found, err := Read(g.ctx, rev, file, lockfile.MaxSize)
	s.there, s.data = found || err != nil, data
	if err == nil && found {
		s.lock, err = g.parse(rev, file, shown, data)
	}
	var at *lockfile.Error
	var not *NotRead
	switch {
	case err == nil:
		return s, nil
	case errors.As(err, &at):
		s.broken = at
		w := Unreadable(at.File, at.Line, at.Msg)
		w.Issue.Detail["what"] = shown
		s.problem = &w
	case errors.As(err, &not):
		w := Unreadable(shown, 1, not.Reason)
		if not.Path != file {
			w.Issue.Detail["reason"] = not.Error()
		}
		s.problem = &w
	default:
		return nil, err
	}
	return s, nil
}

// lies is where a file's lines are: what it points to, where it is a link inside
// the repository.
func lies(ctx context.Context, rev Revision, file string) string {
	if final, e, _, err := follow(ctx, rev, file); err == nil && e.Kind == File {
		return final
	}
	return file
}

func (g *gatherer) parse(rev Revision, file, shown string, data []byte) (*lockfile.Lockfile, error) {
	if msg := noText(data); msg != "" {
		return nil, &lockfile.Error{File: shown, Line: 1, Msg: msg}
	}
	dir := path.Dir(file) // npm looks for package.json beside the link
	if path.Base(file) == ".package-lock.json" {
		dir = path.Dir(dir) // npm's hidden lockfile lies in node_modules
	}
	return lockfile.Parse(shown, data, lockfile.Options{Project: Project(g.ctx, rev, dir), Parts: g.partsBelow(dir)})
}

// partsBelow are the folders below one whose package.json changed, relative to it.
func (g *gatherer) partsBelow(dir string) []string {
	if g.parts == nil {
		return nil
	}
	out := []string{}
	for _, folder := range g.parts {
		if below := relative(dir, folder); below != "." && !strings.HasPrefix(below, "..") {
			out = append(out, below)
		}
	}
	return out
}

// noText names what is no lockfile of any package manager, and happens.
func noText(data []byte) string {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return "the file is empty; run your package manager's install to write it again"
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")),
		len(data) > 1 && (data[0] == 0) != (data[1] == 0):
		return "the file is UTF-16, which package managers do not read; write it again as UTF-8"
	case bytes.HasPrefix(data, []byte("version https://git-lfs.github.com/spec/")):
		return "the file is a pointer of Git LFS; the lockfile itself is not in the repository"
	}
	return ""
}

// head reads a lockfile of head, once.
func (g *gatherer) head(file string) (*sideOf, error) {
	if s, ok := g.locks[file]; ok {
		return s, nil
	}
	s, err := g.read(g.in.Head, file, lies(g.ctx, g.in.Head, file))
	if err == nil {
		g.locks[file] = s
	}
	return s, err
}

// projectOf is the folder of the project that a file belongs to.
func projectOf(file string) string {
	for _, below := range []string{"/.yarn/", "/patches/"} {
		if i := strings.LastIndex("/"+file, below); i >= 0 {
			return path.Clean(strings.TrimSuffix(file[:i], "/"))
		}
	}
	return path.Dir(file)
}

// lockfilesIn lists the lockfiles of head in a folder.
func (g *gatherer) lockfilesIn(dir string) ([]string, error) {
	var out []string
	for _, name := range lockNames {
		at := path.Join(dir, name)
		e, err := g.in.Head.Entry(g.ctx, at)
		if err != nil {
			return nil, err
		}
		if e.Kind == File || e.Kind == Link {
			out = append(out, at)
		}
	}
	return out, nil
}

// lockNames are the lockfiles of a project, in the order in which npm, pnpm,
// Yarn and Bun would say whose project it is.
var lockNames = []string{"npm-shrinkwrap.json", "package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock"}

// modulesOf is the topmost node_modules folder on the way to a file, or a link
// of that name.
func modulesOf(file string) (top string, ok bool) {
	const folder = "/node_modules"
	lower := strings.ToLower(file)
	if len(lower) != len(file) {
		file = lower
	}
	i := strings.Index("/"+lower+"/", folder+"/")
	if i < 0 {
		return "", false
	}
	return file[:i+len(folder)-1], true
}

// ofTests reports whether a folder is part of what tests and examples use.
func ofTests(dir string) bool {
	for step := range strings.SplitSeq(strings.ToLower(dir), "/") {
		switch strings.Trim(step, "_") {
		case "test", "tests", "testdata", "fixture", "fixtures", "mock", "mocks", "spec", "specs", "example", "examples", "snapshots", "e2e":
			return true
		}
	}
	return false
}

// linked reports whether a path leads to something by way of a folder's link.
func (g *gatherer) linked(file string) bool {
	_, e, _, err := follow(g.ctx, g.in.Head, file)
	return err == nil && e.Kind != Missing
}

// top is a folder as Revision calls it.
func top(dir string) string {
	if dir == "." {
		return ""
	}
	return dir
}

// relative is the path from one folder to another, both from the same top.
func relative(from, to string) string {
	if from == to {
		return "."
	}
	if from == "." {
		return to
	}
	if inside, ok := strings.CutPrefix(to, from+"/"); ok {
		return inside
	}
	up := strings.Repeat("../", strings.Count(from, "/")+1)
	if to == "." {
		return strings.TrimSuffix(up, "/")
	}
	return up + to
}
