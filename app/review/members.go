package review

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/glob"
	"github.com/lockwarden/lockwarden/lockfile/settings"
)

// The folders that become part of a project because its list of them changed:
// their own scripts run from then on, and what they ask for is installed.

const (
	// maxFolders is how many folders are looked at, each of which may be a
	// request.
	maxFolders = 20_000
	// maxJoining is how many of those that join are read.
	maxJoining = 300
	// maxShown is how many are named.
	maxShown = 8
)

// joined says which folders join the project of a root.
func (g *gatherer) joined(root string, was, now settings.Settings) error {
	before := was.Workspaces()
	for _, list := range now.Workspaces() {
		old := slices.DeleteFunc(slices.Clone(before), func(w settings.Workspaces) bool { return w.Dir != list.Dir })
		if slices.ContainsFunc(old, func(w settings.Workspaces) bool { return slices.Equal(w.Texts(), list.Texts()) }) {
			continue
		}
		j := joining{g: g, list: list, match: glob.NewWorkspaces(list.Texts())}
		for _, w := range old {
			j.before = append(j.before, glob.NewWorkspaces(w.Texts()))
			for _, p := range w.Patterns {
				j.had = append(j.had, p.Text)
			}
		}
		if err := j.walk(list.Dir); err != nil {
			return err
		}
		if err := j.say(root, now); err != nil {
			return err
		}
	}
	return nil
}

// joining is one list of patterns that changed.
type joining struct {
	g      *gatherer
	list   settings.Workspaces
	match  *glob.Workspaces
	before []*glob.Workspaces
	// had are the patterns of before.
	had []string
	// seen counts folders; came are those that join and were there before, fresh
	// those that are new themselves.
	seen        int
	came, fresh []string
}

// walk looks for folders that match now and did not before.
func (j *joining) walk(dir string) error {
	g := j.g
	in, err := g.in.Head.Folder(g.ctx, top(dir))
	if err != nil {
		return err
	}
	for name, e := range in {
		if e.Kind == File || name == "node_modules" || name == ".git" {
			continue
		}
		if j.seen++; j.seen > maxFolders {
			return nil
		}
		at := path.Join(dir, name)
		if err := j.look(at, e.Kind); err != nil {
			return err
		}
		if e.Kind == Folder {
			if err := j.walk(at); err != nil {
				return err
			}
		}
	}
	return nil
}

func (j *joining) look(at string, kind Kind) error {
	g, below := j.g, relative(j.list.Dir, at)
	if !j.match.Match(below) {
		return nil
	}
	matched := slices.ContainsFunc(j.before, func(w *glob.Workspaces) bool { return w.Match(below) })
	if kind == Submodule {
		told := slices.ContainsFunc(g.in.Whole, func(w WholeIssue) bool { return w.File == at })
		if !matched && !told {
			g.whole(Unreadable(at, 1, fmt.Sprintf("it is a submodule, which is not read, and %s of %s makes it part of the project",
				j.list.Key, j.list.File)))
		}
		return nil
	}
	there, err := g.manifestIn(g.in.Head, at)
	if err != nil || !there {
		return err
	}
	was, err := g.manifestIn(g.in.Base, at)
	switch {
	case err != nil:
		return err
	case !was:
		j.fresh = append(j.fresh, at)
	case !matched:
		j.came = append(j.came, at)
	}
	return nil
}

// manifestIn reports whether a folder has a package.json, or what pnpm takes for
// one.
func (g *gatherer) manifestIn(rev Revision, dir string) (bool, error) {
	for _, name := range []string{"package.json", "package.yaml", "package.json5"} {
		_, e, _, err := follow(g.ctx, rev, path.Join(dir, name))
		var not *NotRead
		if errors.As(err, &not) {
			return true, nil // whatever it is
		}
		if err != nil || e.Kind == File {
			return err == nil, err
		}
	}
	return false, nil
}

// say makes issues of what was found.
func (j *joining) say(root string, now settings.Settings) error {
	g := j.g
	if j.seen > maxFolders {
		g.whole(Unreadable(j.list.File, j.list.Patterns[0].Line, fmt.Sprintf(
			"%s changed, and of more than %d folders nobody looked which become part of the project", j.list.Key, maxFolders)))
	}
	for _, p := range j.list.Patterns {
		if !slices.Contains(j.had, p.Text) && (strings.Contains(p.Text, "..") || strings.Contains(p.Text, "[[:")) {
			g.whole(Unreadable(j.list.File, p.Line, fmt.Sprintf(
				"%q is a pattern that is not read here: which folders become part of the project is not known", p.Text)))
		}
	}
	j.folders(j.came, settings.Opened)
	j.folders(j.fresh, settings.Changed)
	slices.Sort(j.came)
	for i, dir := range j.came {
		if i == maxJoining {
			g.whole(Unreadable(j.list.File, j.list.Patterns[0].Line, fmt.Sprintf("%d more folders become part of the project than are read: "+
				"what they run and ask for is not known", len(j.came)-maxJoining)))
			break
		}
		if err := g.member(root, dir, now); err != nil {
			return err
		}
	}
	return nil
}

// folders says which join, on the lines of the patterns that let them in.
func (j *joining) folders(list []string, direction settings.Direction) {
	slices.Sort(list)
	by := map[settings.Pattern][]string{}
	for _, dir := range list {
		p := j.pattern(relative(j.list.Dir, dir))
		by[p] = append(by[p], dir)
	}
	var patterns []settings.Pattern
	for p := range by {
		patterns = append(patterns, p)
	}
	slices.SortFunc(patterns, func(a, b settings.Pattern) int { return cmp.Compare(a.Line, b.Line) })
	for _, p := range patterns {
		names := by[p]
		if more := len(names) - maxShown; more > 0 {
			names = append(names[:maxShown:maxShown], fmt.Sprintf("%d more", more))
		}
		j.g.in.Guards = append(j.g.in.Guards, Guard{Change: settings.Change{ID: settings.WorkspacesJoined, Topic: "workspaces", File: j.list.File,
			Line: p.Line, Direction: direction, Key: j.list.Key, To: p.Text, Packages: names, Clients: j.list.Clients}})
	}
}

// pattern is the one that lets a folder in: a new one where there is one, else
// the first, from which less is taken away than before.
func (j *joining) pattern(below string) settings.Pattern {
	first := settings.Pattern{}
	for _, p := range j.list.Patterns {
		if strings.HasPrefix(p.Text, "!") || !glob.NewWorkspaces([]string{p.Text}).Match(below) {
			continue
		}
		if !slices.Contains(j.had, p.Text) {
			return p
		}
		if first.Line == 0 {
			first = p
		}
	}
	if first.Line == 0 {
		first = j.list.Patterns[0]
	}
	return first
}

// member says what a folder runs and asks for that was not part of the project.
func (g *gatherer) member(root, dir string, now settings.Settings) error {
	below := relative(root, dir)
	files := map[string]bool{}
	for _, name := range []string{"package.json", "package.yaml", "package.json5", "binding.gyp"} {
		if _, e, _, err := follow(g.ctx, g.in.Head, path.Join(dir, name)); err != nil || e.Kind == File {
			files[path.Join(below, name)] = true
		}
	}
	own, err := settings.Read(&listed{Project(g.ctx, g.in.Head, root), files}, top(root))
	var not *NotRead
	if errors.As(err, &not) {
		g.whole(Unreadable(not.Path, 1, not.Reason))
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range own.Unread {
		g.whole(Unreadable(e.File, e.Line, e.Msg))
	}
	for _, c := range own.OwnScripts(now) {
		if !slices.ContainsFunc(g.in.Guards, func(o Guard) bool { return o.ID == c.ID && o.File == c.File && o.Key == c.Key }) {
			g.in.Guards = append(g.in.Guards, Guard{Change: c})
		}
	}
	file := path.Join(dir, "package.json")
	asked, there, err := g.requests(g.in.Head, file)
	if err != nil || !there {
		return err
	}
	locks, err := g.above(root)
	if err != nil {
		return err
	}
	return g.unlockedIn(file, asked, locks)
}
