package shell

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/npm"
)

func itoa(n int) string { return strconv.Itoa(n) }

// scripts are those of the package.json that a command sees.
func (f *follower) scripts(in at) map[string]npm.Script {
	m := f.manifest(in.by.Dir)
	if m == nil {
		return nil
	}
	return m.Scripts
}

// manifest is the package.json of a folder of the package, or of one above it.
func (f *follower) manifest(dir string) *npm.Manifest {
	for dir = f.inside("", dir); dir != "" && dir != "." && dir != "/" && !strings.HasPrefix(dir, ".."); dir = path.Dir(dir) {
		if m, ok := f.manifests[dir]; ok {
			if m != nil {
				return m
			}
			continue
		}
		if f.manifests == nil {
			f.manifests = map[string]*npm.Manifest{}
		}
		var m *npm.Manifest
		if data, ok := f.Read(path.Join(dir, "package.json")); ok {
			m, _ = npm.ParseManifest(data)
		}
		if f.manifests[dir] = m; m != nil {
			return m
		}
	}
	return f.Manifest
}

// home reports whether a command runs in the package's folder.
func (f *follower) home(in at) bool { return !f.Elsewhere || in.by.Dir != "" }

// manager follows a call of a package manager.
func (f *follower) manager(p *Program, words []string, c call, in at) {
	for i, w := range words {
		name, value, ok := strings.Cut(w, "=")
		if !ok && i+1 < len(words) {
			value = words[i+1]
		}
		switch name {
		case "--prefix", "-C", "--cwd", "--dir":
			in.by.Dir = f.inside(in.by.Dir, value)
		case "--node-options":
			f.assigned("NODE_OPTIONS="+value, in)
		case "--script-shell":
			f.executable([]string{value}, in)
		}
	}
	rest := c.rest
	if f.home(in) {
		f.npmrc(in)
		f.settings(p, in)
	}
	for len(rest) > 0 && strings.HasPrefix(rest[0], "-") {
		rest = rest[1:]
	}
	if len(rest) == 0 {
		if p.Name == "yarn" || p.Name == "yarnpkg" {
			f.life(p, []string{"install"}, in)
		}
		return
	}
	verb := rest[0]
	switch {
	case verb == "--":
	case p.has("script", verb):
		f.named(rest[1:], in)
	case p.has("exec", verb):
		f.execute(p, rest[1:], verb, in)
	case p.has("short", verb):
		switch verb {
		case "t", "tst":
			verb = "test"
		}
		f.named(append([]string{verb}, rest[1:]...), in)
	case p.has("life", verb):
		f.life(p, rest, in)
	case verb == "workspace" && len(rest) > 2: // yarn workspace NAME run X
		f.manager(p, rest[2:], call{rest: rest[2:]}, in)
	case verb == "workspaces" || verb == "recursive" || verb == "multi" || verb == "m":
		for i := range rest {
			if rest[i] == "run" || rest[i] == "exec" || rest[i] == "foreach" {
				f.manager(p, rest[i:], call{rest: rest[i:]}, in)
				break
			}
		}
	case verb == "foreach":
		for i := range rest {
			if p.has("script", rest[i]) || p.has("exec", rest[i]) {
				f.manager(p, rest[i:], call{rest: rest[i:]}, in)
				break
			}
		}
	case verb == "explore" && len(rest) > 2:
		f.inner(rest[2:], in)
	case verb == "create" || verb == "init":
	case verb == "version":
		for _, step := range []string{"preversion", "version", "postversion"} {
			f.step(step, nil, in)
		}
	case verb == "pkg" && len(rest) > 2 && rest[1] == "set":
		for _, w := range rest[2:] {
			if name, text, ok := strings.Cut(w, "="); ok && strings.HasPrefix(name, "scripts.") {
				f.text(text, RoleShell, in.inline()) // it is there to be run
			}
		}
	case verb == "set-script" && len(rest) > 2:
		f.text(rest[2], RoleShell, in.inline())
	case strings.Contains(verb, Hole):
		f.open(verb, in)
	case p.bare:
		f.named(rest, in)
	}
}

// execute follows npm exec, yarn dlx and their like.
func (f *follower) execute(p *Program, words []string, verb string, in at) {
	if verb == "node" {
		words = append([]string{"node"}, words...)
	} else {
		c := programs["npx"].call(words)
		for _, text := range c.texts {
			f.text(text, RoleShell, in.inline())
		}
		words = c.rest
	}
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	if len(words) > 0 {
		f.inner(words, in)
	}
}

// named follows a script of package.json by its name, with the arguments it is
// given.
func (f *follower) named(words []string, in at) {
	name := ""
	var args []string
	for i, w := range words {
		if name == "" && strings.HasPrefix(w, "-") {
			continue
		}
		if name != "" {
			if args = words[i:]; args[0] == "--" {
				args = args[1:]
			}
			break
		}
		name = w
	}
	if name == "" {
		return
	}
	if strings.Contains(name, Hole) {
		f.open(name, in)
		return
	}
	scripts := f.scripts(in)
	f.step("pre"+name, nil, in)
	switch _, ok := scripts[name]; {
	case ok:
		f.step(name, args, in)
	case strings.ContainsAny(name, "*/"): // pnpm run "/build:.*/", run-s build:*
		pattern := strings.ReplaceAll(strings.Trim(name, "/"), ".*", "*")
		for _, script := range sorted(scripts) {
			if matches(pattern, script) {
				f.step("pre"+script, nil, in)
				f.step(script, args, in)
				f.step("post"+script, nil, in)
			}
		}
	case name == "start":
		f.script("server.js", in) // npm's default
	case name == "restart":
		for _, step := range []string{"prestop", "stop", "poststop", "prestart", "start", "poststart"} {
			f.step(step, nil, in)
		}
		if _, ok := scripts["start"]; !ok {
			f.script("server.js", in)
		}
	case in.by.Program() != "npm": // yarn run tsx x.ts, bun x.ts
		if !f.script(name, in) {
			f.inner(append([]string{name}, args...), in)
		}
	}
	f.step("post"+name, nil, in)
}

// step follows one script of package.json.
func (f *follower) step(name string, args []string, in at) {
	script, ok := f.scripts(in)[name]
	if !ok || !f.home(in) {
		return
	}
	text := script.Command
	for _, arg := range args {
		text += " '" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
	}
	next := in.inline()
	next.by.Text = script.Command
	if next.by.Line, next.by.File = script.Line, "package.json"; in.by.File == "" {
		next.by.Script = name
	}
	if in.label != "" {
		next.label += " → scripts." + name
	}
	f.text(text, RoleShell, next)
}

// life follows what installing or packing the project in a folder runs of its own
// scripts.
func (f *follower) life(p *Program, words []string, in at) {
	if slices.Contains(words, "--ignore-scripts") {
		return
	}
	for _, w := range p.plain(words[1:]) {
		inner := in
		inner.by.Dir = f.inside(in.by.Dir, strings.TrimPrefix(w, "file:"))
		if _, ok := f.Read(path.Join(inner.by.Dir, "package.json")); ok && f.home(in) && inner.by.Dir != "." && inner.by.Dir != in.by.Dir {
			f.life(p, words[:1], inner) // a folder of the package
		}
	}
	if len(p.plain(words[1:])) > 0 && !slices.Contains([]string{"rebuild", "rb", "pack", "publish"}, words[0]) {
		return // of other packages, not of this one
	}
	steps := []string{"preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"}
	switch words[0] {
	case "rebuild", "rb":
		steps = steps[:3]
	case "pack", "publish":
		steps = []string{"prepublish", "prepublishOnly", "prepack", "prepare", "pack", "postpack", "publish", "postpublish"}
	}
	for _, step := range steps {
		f.step(step, nil, in)
	}
	if m := f.manifest(in.by.Dir); m != nil && m.Gypfile && f.home(in) {
		f.gypFile(path.Join(f.inside("", in.by.Dir), GypFile), in)
	}
}

// managerSettings are files that name what a package manager runs itself: the key
// before the path, by the first letters of the manager's name.
var managerSettings = []struct{ manager, file, key string }{
	{"yarn", ".yarnrc", "yarn-path "}, {"yarn", ".yarnrc.yml", "yarnPath:"}, {"yarn", ".yarnrc.yml", "- path:"}, {"yarn", ".yarnrc.yml", "- "},
	{"bun", "bunfig.toml", "preload ="}, {"bun", "bunfig.toml", "preload="},
}

// settings follows what the project has a package manager run before anything else.
func (f *follower) settings(p *Program, in at) {
	for _, s := range managerSettings {
		data, ok := f.file(in.by.Dir, s.file)
		if !ok || !strings.HasPrefix(p.Name, s.manager) {
			continue
		}
		for _, line := range strings.Split(string(data[:min(len(data), maxValue)]), "\n") {
			if value, ok := strings.CutPrefix(strings.TrimSpace(line), s.key); ok {
				for _, name := range strings.Split(strings.Trim(strings.TrimSpace(value), "[]"), ",") {
					f.script(strings.Trim(strings.TrimSpace(name), `"'`), in)
				}
			}
		}
	}
	if strings.HasPrefix(p.Name, "pnpm") {
		f.script(".pnpmfile.cjs", in)
		f.script(".pnpmfile.mjs", in)
	}
}

// npmrc follows the options of Node that the project's .npmrc has for scripts.
func (f *follower) npmrc(in at) {
	data, ok := f.file(in.by.Dir, ".npmrc")
	if !ok {
		return
	}
	for _, line := range strings.Split(string(data[:min(len(data), maxValue)]), "\n") {
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			continue
		}
		switch strings.TrimSpace(key) {
		case "node-options":
			f.assigned("NODE_OPTIONS="+strings.TrimSpace(value), in)
		case "script-shell":
			f.executable([]string{strings.Trim(strings.TrimSpace(value), `"'`)}, in)
		}
	}
}

// tasks follows programs that run scripts of package.json by their names.
func (f *follower) tasks(p *Program, c call, in at) {
	for i, w := range c.rest {
		if w == "--" {
			return
		}
		w, rest, spaced := strings.Cut(w, " ")
		if strings.HasPrefix(w, "-") || w == "" {
			continue
		}
		if strings.Contains(w, Hole) {
			f.open(w, in)
			continue
		}
		matched := false
		for _, script := range sorted(f.scripts(in)) {
			if script == w || strings.Contains(w, "*") && matches(w, script) {
				matched = true
				args := []string{script}
				if spaced {
					args = append(args, strings.Fields(rest)...)
				}
				f.named(args, in)
			}
		}
		if !matched && i == 0 && !spaced && p.Roles&RoleTexts == 0 {
			f.inner(c.rest, in) // lerna exec -- node x.js
		}
	}
}

// matches reports whether the pattern of a name, as build:*, means a script; it
// may mean too many.
func matches(pattern, script string) bool {
	plain := strings.NewReplacer("**", "*", "/", ":", "(", "", ")", "", "!", "")
	ok, err := path.Match(plain.Replace(pattern), strings.ReplaceAll(script, "/", ":"))
	return ok || err != nil
}
