package review

import (
	"errors"
	"path"
	"strings"

	"github.com/lockwarden/lockwarden/glob"
	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/lockfile/settings"
)

// Submodules are other repositories, of which nothing is read. One that changes
// is said where a project above it installs, or is told to take settings or code,
// from it; all others are none of this review's business.

// submodules looks at those of the changed paths that are submodules in head.
func (g *gatherer) submodules(changed []string, ignored func(string) bool) error {
	above := map[string]*reach{}
	for _, file := range changed {
		e, err := g.in.Head.Entry(g.ctx, file)
		if err != nil {
			return err
		}
		if e.Kind != Submodule && e.Kind != Link || ignored != nil && ignored(file) {
			continue
		}
		if e.Kind == Link {
			if err := g.linkJoins(file, above); err != nil {
				return err
			}
			continue
		}
		why, err := g.wasProject(file)
		for dir := path.Dir(file); err == nil && why == ""; dir = path.Dir(dir) {
			var r *reach
			if r, err = g.reach(dir, above); err == nil {
				why = r.into(relative(dir, file))
			}
			if dir == "." {
				break
			}
		}
		if err != nil {
			return err
		}
		if why != "" {
			g.whole(Unreadable(file, 1, "it is a submodule, whose files are not read, and "+why))
		}
	}
	return nil
}

// wasProject says where a folder of the repository that package managers look at
// went into a submodule.
func (g *gatherer) wasProject(file string) (string, error) {
	in, err := g.in.Base.Folder(g.ctx, file)
	for name := range in {
		if lockfile.Classify(name).Role != lockfile.Nothing {
			return "in its place lay a folder with " + name, err
		}
	}
	return "", err
}

// reach is what a project takes from folders below it.
type reach struct {
	settings settings.Settings
	dir      string
	requests []lockfile.Request
	locks    []*sideOf
}

// maySay are the settings files that name folders or other files.
var maySay = []string{".npmrc", ".yarnrc", ".yarnrc.yml", "pnpm-workspace.yaml", "package.json", "package.yaml", "bunfig.toml",
	".pnpmfile.cjs", ".pnpmfile.mjs", ".npm-extension.cjs", ".npm-extension.mjs"}

// linkJoins says where a new link to a folder is a folder of a project's list.
func (g *gatherer) linkJoins(link string, above map[string]*reach) error {
	was, err := g.in.Base.Entry(g.ctx, link)
	if err != nil || was.Kind == Link {
		return err // what lies behind links that changed is looked at anyway
	}
	_, e, _, err := follow(g.ctx, g.in.Head, link)
	var not *NotRead
	if errors.As(err, &not) || err == nil && e.Kind != Folder {
		return nil
	}
	if err != nil {
		return err
	}
	if there, err := g.manifestIn(g.in.Head, link); err != nil || !there {
		return err
	}
	for dir := path.Dir(link); ; dir = path.Dir(dir) {
		r, err := g.reach(dir, above)
		if err != nil {
			return err
		}
		for _, list := range r.settings.Workspaces() {
			if !glob.NewWorkspaces(list.Texts()).Match(relative(dir, link)) {
				continue
			}
			g.in.Guards = append(g.in.Guards, Guard{Change: settings.Change{ID: settings.WorkspacesJoined, Topic: "workspaces", File: link, Line: 1,
				Direction: settings.Opened, Key: list.Key, To: strings.Join(list.Texts(), ", "), Packages: []string{link}, Clients: list.Clients}})
			return g.member(dir, link, r.settings)
		}
		if dir == "." {
			return nil
		}
	}
}

// reach reads a folder's own settings and lockfiles, once. What of them cannot be
// read did not change here, or is said where it is read.
func (g *gatherer) reach(dir string, known map[string]*reach) (*reach, error) {
	if r := known[dir]; r != nil {
		return r, nil
	}
	in, err := g.in.Head.Folder(g.ctx, top(dir))
	if err != nil {
		return nil, err
	}
	out := &reach{dir: dir}
	files := map[string]bool{}
	for _, name := range maySay {
		if k := in[name].Kind; k == File || k == Link {
			files[name] = true
		}
	}
	managers, err := g.managersOf(g.in.Head, dir)
	if err != nil {
		return nil, err
	}
	if out.settings, err = g.readOnly(dir, files, managers...); err != nil {
		return nil, err
	}
	if files["package.json"] {
		data, _, err := Read(g.ctx, g.in.Head, path.Join(dir, "package.json"), maxProjectFile)
		var not *NotRead
		if err != nil && !errors.As(err, &not) {
			return nil, err
		}
		out.requests, _ = lockfile.Requests("package.json", data)
	}
	for name, e := range in {
		if (e.Kind == File || e.Kind == Link) && lockfile.Classify(name).Role == lockfile.Locks {
			side, err := g.head(path.Join(dir, name))
			if err != nil {
				return nil, err
			}
			out.locks = append(out.locks, side)
		}
	}
	known[dir] = out
	return out, nil
}

// into says what leads into a folder below, "" where nothing does.
func (r *reach) into(below string) string {
	for _, list := range r.settings.Workspaces() {
		for _, p := range list.Patterns {
			if couldHold(p.Text, below) {
				return p.Text + " in " + list.File + " makes it part of the project"
			}
		}
	}
	for _, named := range r.settings.Named() {
		if within(below, relative(r.dir, named)) {
			return "the settings of the project name " + named
		}
	}
	for _, s := range r.settings.Statements {
		if s.Topic != "override" && s.Topic != "catalog" {
			continue
		}
		if target, ok := localTarget(s.Value); ok && within(below, target) {
			return s.Key + " in " + s.File + " leads into it"
		}
	}
	for _, one := range r.requests {
		if target, ok := localTarget(one.Spec); ok && within(below, target) {
			return path.Join(r.dir, "package.json") + " asks for " + one.Name + " from it"
		}
	}
	for _, side := range r.locks {
		if side.lock == nil {
			continue
		}
		for _, e := range side.lock.Entries {
			for _, d := range e.Dependencies {
				if to, ok := localTarget(d.Spec); ok && e.Source() == lockfile.Local && within(below, path.Join(e.Location, to)) {
					return side.file + " has " + d.Name + " of " + e.Location + " from it"
				}
			}
			target, ok := localTarget(e.Resolved)
			if e.Link && !ok {
				target, ok = path.Clean(e.Resolved), e.Resolved != ""
			}
			if ok && within(below, target) || e.Source() == lockfile.Local && within(below, e.Location) {
				return side.file + " installs " + e.Package + " from it"
			}
		}
	}
	return ""
}

// within reports whether a path is a folder or lies in it.
func within(dir, file string) bool { return file == dir || strings.HasPrefix(file, dir+"/") }

// localTarget is the path that a specifier names.
func localTarget(spec string) (string, bool) {
	spec = strings.ReplaceAll(spec, `\`, "/")
	for _, prefix := range []string{"file:", "link:", "portal:", "workspace:", "patch:"} {
		if rest, ok := strings.CutPrefix(spec, prefix); ok {
			rest, _, _ = strings.Cut(rest, "#")
			return path.Clean(strings.TrimPrefix(rest, "//")), rest != ""
		}
	}
	return path.Clean(spec), strings.HasPrefix(spec, "./") || strings.HasPrefix(spec, "../")
}

// couldHold reports whether a pattern of workspaces may match a folder or one
// below it, whose names are not known.
func couldHold(pattern, dir string) bool {
	if strings.HasPrefix(pattern, "!") {
		return false
	}
	steps := strings.Split(path.Clean(strings.TrimLeft(strings.ReplaceAll(pattern, `\`, "/"), "/")), "/")
	for i, name := range strings.Split(dir, "/") {
		switch {
		case i >= len(steps):
			return false
		case strings.Contains(steps[i], "**"), strings.ContainsAny(steps[i], "{("):
			return true // braces and groups may hold slashes
		case steps[i] != name && !glob.NewWorkspaces([]string{steps[i]}).Match(name):
			return false
		}
	}
	return true
}
