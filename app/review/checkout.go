package review

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/lockfile/settings"
)

// checkout says of which files that are read here a checkout has other bytes:
// those that changed, and, where a .gitattributes changed, all below it.
func (g *gatherer) checkout(touched []string, ignored func(string) bool) error {
	head, err := newAttributes(g.ctx, g.in.Head)
	if err != nil {
		return err
	}
	files := slices.Clone(touched)
	for _, guard := range g.in.Guards {
		files = append(files, guard.File) // code has any name
	}
	var base *attributes
	found := map[attribute][]string{}
	look := func(file string, changed bool) error {
		now, err := g.rewritten(head, file)
		if err != nil || len(now) == 0 || ignored != nil && ignored(file) {
			return err
		}
		if !changed {
			if base == nil {
				if base, err = newAttributes(g.ctx, g.in.Base); err != nil {
					return err
				}
			}
			was, err := base.file(file)
			if err != nil {
				return err
			}
			now = slices.DeleteFunc(now, func(a attribute) bool { return was[a.name].value == a.value })
		}
		for _, a := range now {
			if !slices.Contains(found[a], file) {
				found[a] = append(found[a], file)
			}
		}
		return nil
	}
	for _, file := range files {
		e, err := g.in.Head.Entry(g.ctx, file)
		if err != nil {
			return err
		}
		if e.Kind != File || path.Base(file) == ".gitattributes" {
			continue
		}
		if err := look(file, true); err != nil {
			return err
		}
	}
	for _, file := range touched {
		if path.Base(file) != ".gitattributes" {
			continue
		}
		if may, err := g.mayRewrite(head, file); err != nil {
			return err
		} else if !may {
			continue
		}
		dir := path.Dir(file)
		left := maxFolders
		if err := g.eachKnown(dir, &left, func(at string) error { return look(at, false) }); err != nil {
			return err
		}
		if left < 0 {
			g.whole(Unreadable(file, 1, fmt.Sprintf(
				"it changed, and of the files in more than %d folders nobody looked which git checks out with other bytes", maxFolders)))
		}
	}
	for _, not := range head.unread {
		g.whole(Unreadable(not.Path, 1, not.Reason+"; git may check out other bytes than those that are read here because of it"))
	}
	g.rewrites(found)
	return nil
}

// rewrites says for each line which files have other bytes.
func (g *gatherer) rewrites(found map[attribute][]string) {
	var order []attribute
	for a := range found {
		order = append(order, a)
	}
	slices.SortFunc(order, func(a, b attribute) int {
		if a.file != b.file {
			return strings.Compare(a.file, b.file)
		}
		if a.line != b.line {
			return a.line - b.line
		}
		return strings.Compare(a.name, b.name)
	})
	for _, a := range order {
		var locks, others []string
		sort.Strings(found[a])
		for _, file := range found[a] {
			if role := lockfile.Classify(file).Role; role == lockfile.Locks || role == lockfile.Unread {
				locks = append(locks, file)
			} else {
				others = append(others, file)
			}
		}
		given := a.name + "=" + a.value
		if a.value == "true" {
			given = a.name
		}
		why := fmt.Sprintf("%s:%d sets %s, so that git checks out other bytes than those that are read here", a.file, a.line, given)
		if len(locks) > 0 {
			w := Unreadable(a.file, a.line, why)
			w.Issue.Detail["what"] = some(locks)
			g.whole(w)
		}
		if len(others) > 0 {
			g.in.Guards = append(g.in.Guards, Guard{Change: settings.Change{ID: settings.Unread, Topic: "unread", File: a.file, Line: a.line,
				Direction: settings.Opened, Key: some(others), To: why}})
		}
	}
}

// some names files, of many the first.
func some(files []string) string {
	if more := len(files) - maxShown; more > 0 {
		files = append(files[:maxShown:maxShown], fmt.Sprintf("%d more", more))
	}
	return strings.Join(files, ", ")
}

// rewritten are the attributes of a file that make its checkout differ.
func (g *gatherer) rewritten(in *attributes, file string) ([]attribute, error) {
	given, err := in.file(file)
	if err != nil {
		return nil, err
	}
	var out []attribute
	for _, a := range given {
		if !rewrites(a) {
			continue
		}
		if word := fillsIn[a.name]; word != "" {
			// It fills in where the file has such a word.
			data, _, err := Read(g.ctx, g.in.Head, file, lockfile.MaxSize)
			var not *NotRead
			if err != nil && !errors.As(err, &not) {
				return nil, err
			}
			if err == nil && !bytes.Contains(data, []byte(word)) {
				continue
			}
		}
		out = append(out, a)
	}
	return out, nil
}

// fillsIn are attributes that replace a word: ident in each checkout,
// export-subst in the archives that git and GitHub make.
var fillsIn = map[string]string{"ident": "$Id", "export-subst": "$Format:"}

// rewrites reports whether an attribute makes git write other bytes than it has;
// conversions of line ends do, and no reader minds those. What git-lfs replaces is
// a pointer, which no reader here takes for a file.
func rewrites(a attribute) bool {
	switch a.name {
	case "working-tree-encoding":
		return a.value != "" && a.value != "false" && !strings.EqualFold(strings.ReplaceAll(a.value, "-", ""), "utf8")
	case "filter":
		return a.value != "" && a.value != "false" && a.value != "true" && a.value != "lfs"
	case "ident", "export-subst":
		return a.value == "true"
	}
	return false
}

// mayRewrite reports whether a .gitattributes says anything by which a file may
// come to be written otherwise: that, or by taking back what kept it from it.
func (g *gatherer) mayRewrite(head *attributes, file string) (bool, error) {
	base, err := newAttributes(g.ctx, g.in.Base)
	if err != nil {
		return false, err
	}
	for _, side := range []*attributes{head, base} {
		lines, err := side.of(path.Dir(file))
		if err != nil {
			return false, err
		}
		var given []attribute
		for _, line := range lines {
			given = append(given, line.given...)
		}
		if path.Dir(file) == "." {
			for _, macro := range side.macros {
				given = append(given, macro...)
			}
		}
		for _, a := range given {
			_, word := fillsIn[a.name]
			_, macro := side.macros[a.name]
			kept := side == base && (a.name == "working-tree-encoding" || a.name == "filter" && a.value != "lfs" || word)
			if rewrites(a) || kept || macro && a.name != "binary" {
				return true, nil
			}
		}
	}
	return false, nil
}

// eachKnown calls look for the files below a folder that Classify knows.
func (g *gatherer) eachKnown(dir string, left *int, look func(string) error) error {
	if *left--; *left < 0 {
		return nil
	}
	in, err := g.in.Head.Folder(g.ctx, top(dir))
	if err != nil {
		return err
	}
	for name, e := range in {
		at := path.Join(dir, name)
		switch {
		case e.Kind == Folder && name != "node_modules" && name != ".git":
			err = g.eachKnown(at, left, look)
		case e.Kind == File && lockfile.Classify(at).Role != lockfile.Nothing && name != ".gitattributes":
			err = look(at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
