package review

import (
	"errors"
	"maps"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/lockwarden/lockwarden/glob"
	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/lockfile/settings"
)

// guards reads what the projects that a change touches let their package
// manager do, and what the change opens or closes. Of each revision only the
// files of a project's own folder and those that changed are read: the rest is
// the same on both sides, and each file may be a request.
func (g *gatherer) guards() error {
	changed := map[string][]string{}
	for _, file := range g.in.Settings {
		root, err := g.rootOf(projectOf(file))
		if err != nil {
			return err
		}
		changed[root] = append(changed[root], file)
	}
	for i := range g.in.Pairs {
		if root := path.Dir(g.in.Pairs[i].File); changed[root] == nil {
			changed[root] = []string{}
		}
	}
	if err := g.mayName(changed); err != nil {
		return err
	}
	roots := make([]string, 0, len(changed))
	for root := range changed {
		roots = append(roots, root)
	}
	sort.Strings(roots)
	for _, root := range roots {
		base, err := g.managersOf(g.in.Base, root)
		if err != nil {
			return err
		}
		head, err := g.managersOf(g.in.Head, root)
		if err != nil {
			return err
		}
		now, err := g.settingsAt(g.in.Head, root, changed[root], head)
		if err != nil {
			return err
		}
		for i := range g.in.Pairs {
			if path.Dir(g.in.Pairs[i].File) == root {
				g.in.Pairs[i].Settings = &now
			}
		}
		if len(changed[root]) == 0 {
			if found, err := g.names(now); err != nil {
				return err
			} else if len(found) == 0 {
				continue
			}
		}
		was, err := g.settingsAt(g.in.Base, root, changed[root], base)
		if err != nil {
			return err
		}
		for _, c := range settings.Compare(was, now) {
			guard := Guard{Change: c}
			if c.ID == settings.ScriptsAllowed && c.Direction != settings.Closed {
				if guard.Lets, err = g.lets(root, c.Packages); err != nil {
					return err
				}
			}
			g.in.Guards = append(g.in.Guards, guard)
		}
		if err := g.joined(root, was, now); err != nil {
			return err
		}
	}
	for _, pair := range g.in.Pairs {
		g.trusted(pair)
	}
	return nil
}

// maxNaming is how many folders are asked for the files that their settings
// name.
const maxNaming = 40

// mayName adds the folders whose settings name one of the changed files that
// Classify does not know: of those above such a file, up to the top. Only head
// is asked: where it names a file no more, its settings changed themselves.
func (g *gatherer) mayName(roots map[string][]string) error {
	seen := map[string]bool{}
	for _, file := range g.in.Settings {
		if dir := path.Dir(file); dir != "." && roots[dir] == nil {
			seen[dir] = true // its settings are read with those of the project
		}
	}
	asked := 0
	look := func(dir string) error {
		seen[dir] = true
		if _, known := roots[dir]; known {
			return nil
		}
		in, err := g.in.Head.Folder(g.ctx, top(dir))
		if err != nil {
			return err
		}
		files := naming(in)
		if len(files) == 0 || asked == maxNaming {
			return nil
		}
		asked++
		var managers []settings.Manager
		if isBuns(in) {
			managers = []settings.Manager{{Name: "bun"}}
		}
		s, err := g.readOnly(dir, files, managers...)
		if err != nil {
			return err
		}
		found, err := g.names(s)
		if len(found) > 0 {
			roots[dir] = found
		}
		return err
	}
	if len(g.others) > 0 {
		if err := look("."); err != nil {
			return err
		}
	}
	for _, file := range g.others {
		if _, ok := modulesOf(file); ok {
			continue
		}
		for dir := path.Dir(file); dir != "."; dir = path.Dir(dir) {
			if seen[dir] {
				continue
			}
			if err := look(dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// naming are the settings of a folder of the kinds that can name files. A
// package.json is one only beside a lockfile.
func naming(in map[string]Entry) map[string]bool {
	out := map[string]bool{}
	lock := false
	for name, e := range in {
		if e.Kind != File && e.Kind != Link {
			continue
		}
		switch name {
		case ".npmrc", ".yarnrc", ".yarnrc.yml", "pnpm-workspace.yaml", "package.json", "package.yaml",
			".pnpmfile.cjs", ".pnpmfile.mjs", ".npm-extension.cjs", ".npm-extension.mjs":
			out[name] = true
		}
		lock = lock || lockfile.Classify(name).Role == lockfile.Locks
		if strings.HasPrefix(name, ".env") && isBuns(in) && settings.IsSettings(name) {
			out[name] = true
		}
	}
	if !lock {
		delete(out, "package.json")
	}
	return out
}

// isBuns reports whether a folder has a lockfile of Bun's.
func isBuns(in map[string]Entry) bool {
	return in["bun.lock"].Kind != Missing || in["bun.lockb"].Kind != Missing
}

// names are the changed files that Classify does not know and settings name,
// by way of links or not.
func (g *gatherer) names(s settings.Settings) (out []string, err error) {
	if len(g.others) == 0 {
		return nil, nil
	}
	named := map[string]bool{}
	for _, file := range s.Named() {
		through, err := way(g.ctx, g.in.Head, file)
		if err != nil {
			return nil, err
		}
		named[file] = true
		for _, step := range through {
			named[step] = true
		}
	}
	for _, file := range g.others {
		if named[file] {
			out = append(out, file)
		}
	}
	return out, nil
}

// trusted adds the packages whose scripts a lockfile of Bun's lets run by
// itself, where package.json's own change does not say so already.
func (g *gatherer) trusted(pair Pair) {
	if pair.Head == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(pair.Head.Trusted)) {
		if pair.Base != nil && pair.Base.Trusted[name] > 0 || slices.ContainsFunc(g.in.Guards, func(c Guard) bool {
			return c.ID == settings.ScriptsAllowed && slices.Contains(c.Packages, name)
		}) {
			continue
		}
		g.in.Guards = append(g.in.Guards, Guard{settings.Change{ID: settings.ScriptsAllowed, Topic: "scripts", File: pair.File,
			Line: pair.Head.Trusted[name], Direction: settings.Opened, Key: "trustedDependencies", To: name,
			Packages: []string{name}, Clients: []string{"Bun"}, Added: true}, named(pair.Head, []string{name})})
	}
}

// lets are the packages of a project's lockfiles that have one of the names,
// which may be patterns.
func (g *gatherer) lets(root string, names []string) ([]*lockfile.Entry, error) {
	in, err := g.in.Head.Folder(g.ctx, top(root))
	if err != nil {
		return nil, err
	}
	var out []*lockfile.Entry
	for _, name := range slices.Sorted(maps.Keys(in)) {
		file := path.Join(root, name)
		if lockfile.Classify(file).Role != lockfile.Locks {
			continue
		}
		side, err := g.head(file)
		if err != nil {
			return nil, err
		}
		if side.lock != nil {
			out = append(out, named(side.lock, names)...)
		}
	}
	return out[:min(len(out), maxLets)], nil
}

// named are the entries of a lockfile with one of the names, one a version.
func named(lock *lockfile.Lockfile, names []string) []*lockfile.Entry {
	seen := map[string]bool{}
	var out []*lockfile.Entry
	for _, e := range lock.Entries {
		if e.Source() != lockfile.Registry || seen[e.ID()] || len(out) == maxLets {
			continue
		}
		if slices.ContainsFunc(names, func(name string) bool {
			return name == e.Package || name == e.ID() || glob.Text(name, e.Package)
		}) {
			seen[e.ID()] = true
			out = append(out, e)
		}
	}
	return out
}

// rootOf is the nearest folder with a lockfile, at or above one of the
// project's; the folder itself where there is none.
func (g *gatherer) rootOf(folder string) (string, error) {
	for dir := folder; ; dir = path.Dir(dir) {
		for _, rev := range []Revision{g.in.Head, g.in.Base} {
			in, err := rev.Folder(g.ctx, top(dir))
			if err != nil {
				return "", err
			}
			for name := range in {
				switch lockfile.Classify(path.Join(dir, name)).Role {
				case lockfile.Locks, lockfile.Unread:
					return dir, nil
				}
			}
		}
		if dir == "." {
			return folder, nil
		}
	}
}

// settingsAt reads the settings of a project at a revision. Where a file is
// there and cannot be had (a link out of the repository, too many bytes), nobody
// knows what it allows: that is said, and the rest of the settings counts.
func (g *gatherer) settingsAt(rev Revision, root string, changed []string, managers []settings.Manager) (settings.Settings, error) {
	ctx := g.ctx
	in, err := rev.Folder(ctx, top(root))
	if err != nil {
		return settings.Settings{}, err
	}
	files := map[string]bool{}
	for name, e := range in {
		if (e.Kind == File || e.Kind == Link) && settings.IsSettings(name) {
			files[name] = true
		}
	}
	for i, file := range withSiblings(changed) {
		below, ok := strings.CutPrefix(file, root+"/")
		if root == "." {
			below, ok = file, true
		}
		if !ok {
			continue
		}
		_, e, _, err := follow(ctx, rev, file)
		if err == nil && e.Kind == Missing || err != nil && i >= len(changed) {
			continue
		}
		files[below] = true
	}
	for {
		s, err := settings.Read(&listed{Project(ctx, rev, root), files}, top(root), managers...)
		var not *NotRead
		if !errors.As(err, &not) {
			return s, err
		}
		g.whole(Unreadable(not.Path, 1, not.Reason))
		below := strings.TrimPrefix(not.Path, top(root)+"/")
		if !files[below] {
			return s, nil
		}
		delete(files, below) // the others are read without it
	}
}

// withSiblings adds to files those that say together with them what a folder's
// own installation runs: package.json and binding.gyp.
func withSiblings(files []string) []string {
	out := slices.Clone(files)
	for _, file := range files {
		switch dir, name := path.Split(file); name {
		case "package.json":
			out = append(out, dir+"binding.gyp")
		case "binding.gyp":
			out = append(out, dir+"package.json")
		}
	}
	return out
}
