package settings

import (
	"path"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// manifest reads what a package.json says to package managers.
func (r *reader) manifest(v *document.Value) {
	if v.Kind == document.Null {
		return
	}
	if v.Kind != document.Map {
		document.Fail(r.file, v.Line, "package.json is not an object")
	}
	r.managers(v)
	r.ownScripts(v)
	// npm 11.19 already keeps to denials.
	r.decisions(npm12, npms, "allowScripts", v.Get("allowScripts"), v.KeyLine("allowScripts"))
	if trusted := v.Get("trustedDependencies"); trusted != nil && trusted.Kind == document.List {
		r.present(bun, "trustedDependencies", "trustedDependencies", len(trusted.Items), v.KeyLine("trustedDependencies"))
		before := len(r.s.Statements)
		for _, item := range trusted.Items {
			if item.IsScalar() {
				r.script(bun, item.Text, true, "trustedDependencies", item.Line)
			}
		}
		r.within(before, v.KeyLine("trustedDependencies"))
	}
	v.Get("dependenciesMeta").Entries(func(k document.Key, meta *document.Value) {
		if built := meta.Get("built"); built != nil && built.Kind == document.Bool {
			r.script(berries, k.Name, built.Text == "true", "dependenciesMeta."+k.Name+".built", meta.KeyLine("built"))
		}
	})
	r.overrides(npms|bun, "overrides", v.Get("overrides"), nil)
	r.overrides(yarn1|berries|pnpms|bun, "resolutions", v.Get("resolutions"), nil)
	r.extensions(npm12, "packageExtensions", v.Get("packageExtensions"))
	r.patches(npm12|bun, "patchedDependencies", v.Get("patchedDependencies"))
	for _, holder := range []*document.Value{v, v.Get("workspaces")} {
		r.catalogs(bun, holder)
	}
	r.pnpmField(v.Get("pnpm"))
	list := v.Get("workspaces")
	if packages := list.Get("packages"); packages != nil {
		list = packages
	}
	r.workspaces(npms|yarn1|berries|bun, "workspaces", list)
}

// ownScripts are the scripts of a project that its own installation runs, in its
// root and in a workspace: each client's as it does, by TestOwnScripts.
var ownScripts = map[string]struct{ root, workspace client }{
	"pnpm:devPreinstall": {root: pnpms},
	"preinstall":         {everyone, everyone},
	"install":            {everyone, everyone},
	"postinstall":        {everyone, everyone},
	"prepublish":         {root: npms | yarn1},
	"preprepare":         {npms | pnpms | bun, pnpms},
	"prepare":            {npms | pnpms | yarn1 | bun, npms | pnpms | bun},
	"postprepare":        {npms | pnpms | bun, pnpms},
	"dependencies":       {root: npms},
}

// builders are the clients that run node-gyp where a binding.gyp lies beside
// package.json, by TestOwnGyp: in the project's root and in a workspace.
var builders = struct{ root, workspace client }{npms | pnpms | yarn1 | bun, npms | pnpms | yarn1}

// ownBuilds says where an installation builds the project itself.
func (r *reader) ownBuilds() {
	for name, d := range r.s.digests {
		if d.kind != gypFile {
			continue
		}
		r.file, r.dir = name, path.Dir(name)
		by := builders.root
		if !r.inRoot() {
			by = builders.workspace
		}
		if by &= r.builders[r.dir]; by != 0 {
			r.say(by, "own-script", "binding.gyp", "node-gyp rebuild", d.sum, short(d.sum), 1)
		}
	}
}

func (r *reader) inRoot() bool { return r.dir == path.Clean(r.prefix) }

// ownScripts reads which of them there are, and who still builds the project: most
// clients do not where it has a script in place of that, or says "gypfile": false.
func (r *reader) ownScripts(v *document.Value) {
	if off := v.Get("gypfile"); off.IsScalar() && off.Kind == document.Bool && off.Text == "false" {
		r.builders[r.dir] &^= npms | pnpm11 | bun
	}
	v.Get("scripts").Entries(func(k document.Key, value *document.Value) {
		if value.Kind == document.String && value.Text != "" {
			switch k.Name {
			case "install":
				r.builders[r.dir] = 0
			case "preinstall":
				r.builders[r.dir] &= yarn1
			}
		}
		by := ownScripts[k.Name].root
		if !r.inRoot() {
			by = ownScripts[k.Name].workspace
		}
		if by != 0 && value.IsScalar() && strings.TrimSpace(value.Text) != "" {
			r.say(by, "own-script", k.Name, "scripts."+k.Name, value.Text, value.Text, k.Line)
		}
	})
}

// pnpmField is package.json's own key of pnpm, which pnpm 11 no longer reads.
func (r *reader) pnpmField(v *document.Value) {
	const by = pnpm9 | pnpm10
	r.decisions(pnpm10, pnpm10, "pnpm.allowBuilds", v.Get("allowBuilds"), v.KeyLine("allowBuilds"))
	r.pnpmCommon(by, "pnpm.", v)
	r.executionEnv(by, "pnpm.", v)
	v.Entries(func(k document.Key, value *document.Value) {
		r.rule(inManifest, k.Name, "pnpm."+k.Name, value, k.Line)
	})
}

// pnpmCommon reads what pnpm keeps alike in package.json and
// pnpm-workspace.yaml.
func (r *reader) pnpmCommon(by client, before string, v *document.Value) {
	for _, b := range buildLists {
		if value := v.Get(b.camel); value != nil {
			r.builds(b, before+b.camel, value, v.KeyLine(b.camel), by)
		}
	}
	r.overrides(by, before+"overrides", v.Get("overrides"), nil)
	r.extensions(by, before+"packageExtensions", v.Get("packageExtensions"))
	r.patches(by, before+"patchedDependencies", v.Get("patchedDependencies"))
	v.Get("configDependencies").Entries(func(k document.Key, value *document.Value) {
		text := value.Text
		value.Entries(func(_ document.Key, part *document.Value) { text += " " + part.Text })
		r.say(by, "config-dependency", k.Name, before+"configDependencies."+k.Name, text, strings.TrimSpace(text), k.Line)
	})
}

// managers reads which package manager the project wants.
func (r *reader) managers(v *document.Value) {
	if text := v.Get("packageManager"); text.IsScalar() && text.Kind != document.Null {
		r.say(everyone, "package-manager", "", "packageManager", text.Text, text.Text, v.KeyLine("packageManager"))
		if m, ok := declared(text.Text); ok {
			r.s.Managers = append(r.s.Managers, m)
			return
		}
	}
	wanted := v.Get("devEngines").Get("packageManager")
	items := []*document.Value{wanted}
	if wanted != nil && wanted.Kind == document.List {
		items = wanted.Items
	}
	for _, item := range items {
		name, version := item.Get("name"), item.Get("version")
		if !name.IsScalar() {
			continue
		}
		text := name.Text
		if version.IsScalar() {
			text += "@" + version.Text
		}
		r.say(everyone, "package-manager", "devEngines", "devEngines.packageManager", text, text, item.KeyLine("name"))
		if version.IsScalar() {
			if m, ok := engine(name.Text, version.Text); ok {
				r.s.Managers = append(r.s.Managers, m)
				return
			}
		}
		r.s.Managers = append(r.s.Managers, Manager{Name: name.Text})
	}
	for _, field := range []string{"devEngines", "engines"} {
		r.runtimes(field, v.Get(field).Get("runtime"))
	}
	v.Get("engines").Entries(func(k document.Key, value *document.Value) {
		// "engines" of npm says what works, not what is used: only its version
		// counts, and only for a manager that somebody else names.
		if m, ok := engine(k.Name, value.Text); ok && k.Name != "npm" {
			r.s.Managers = append(r.s.Managers, m)
		}
	})
}

// runtimes reads which Node.js, Deno, or Bun pnpm since 10.14 downloads and runs
// scripts with (convertEnginesRuntimeToDependencies of 10.34.9). Without this
// "onFail" it does so where runtimeOnFail says it, and the lockfile has them.
func (r *reader) runtimes(field string, v *document.Value) {
	if v == nil {
		return
	}
	for _, item := range append([]*document.Value{v}, v.Items...) {
		name, version, fails := item.Get("name"), item.Get("version"), item.Get("onFail")
		if !name.IsScalar() {
			continue
		}
		if !fails.IsScalar() || fails.Text != "download" {
			continue
		}
		text := name.Text
		if version.IsScalar() {
			text += "@" + version.Text
		}
		r.say(pnpm10|pnpm11, "runtime", name.Text, field+".runtime", text, text, item.KeyLine("name"))
	}
}

// executionEnv reads which Node.js pnpm downloads to run scripts with.
func (r *reader) executionEnv(by client, before string, v *document.Value) {
	env := v.Get("executionEnv")
	if version := env.Get("nodeVersion"); version.IsScalar() {
		r.say(by, "node-version", "", before+"executionEnv.nodeVersion", version.Text, version.Text, env.KeyLine("nodeVersion"))
	}
}

// overrides reads "overrides" and "resolutions", nested as npm has them: a
// package below another is "above>below".
func (r *reader) overrides(by client, key string, v *document.Value, above []string) {
	v.Entries(func(k document.Key, value *document.Value) {
		name := k.Name
		chain := above
		if name != "." {
			chain = append(above[:len(above):len(above)], strings.TrimPrefix(name, "**/"))
		}
		if value.Kind == document.Map {
			r.overrides(by, key, value, chain)
			return
		}
		r.say(by, "override", strings.Join(chain, ">"), key+"."+strings.Join(chain, ">"), value.Text, value.Text, k.Line)
	})
}

// extensions reads dependencies that the project adds to other packages.
func (r *reader) extensions(by client, key string, v *document.Value) {
	v.Entries(func(k document.Key, value *document.Value) {
		value.Entries(func(field document.Key, added *document.Value) {
			if strings.HasSuffix(field.Name, "Meta") {
				return
			}
			added.Entries(func(dependency document.Key, spec *document.Value) {
				name := k.Name + ">" + dependency.Name
				r.say(by, "override", name, key+"."+name, spec.Text, spec.Text, dependency.Line)
			})
		})
	})
}

func (r *reader) patches(by client, key string, v *document.Value) {
	v.Entries(func(k document.Key, value *document.Value) {
		text := value.Text
		if value.Kind == document.Map {
			if file := value.Get("path"); file != nil {
				text = file.Text
			}
		}
		r.say(by, "patch", k.Name, key+"."+k.Name, text, text, k.Line)
	})
}

// catalogs reads "catalog" and "catalogs": what "catalog:" stands for.
func (r *reader) catalogs(by client, v *document.Value) {
	read := func(key string, entries *document.Value) {
		entries.Entries(func(k document.Key, value *document.Value) {
			r.say(by, "catalog", key+">"+k.Name, key+"."+k.Name, value.Text, value.Text, k.Line)
		})
	}
	read("catalog", v.Get("catalog"))
	v.Get("catalogs").Entries(func(k document.Key, value *document.Value) { read("catalogs."+k.Name, value) })
}

// workspacesTopic is of the patterns that say which folders are part of a
// project. Which folders they match only a tree can tell, so Compare leaves
// them to whoever has it.
const workspacesTopic = "workspaces"

// workspaces reads a list of patterns; items of other kinds say nothing.
func (r *reader) workspaces(by client, key string, v *document.Value) {
	if v == nil || v.Kind != document.List {
		return
	}
	for _, item := range v.Items {
		if item.IsScalar() && item.Text != "" {
			r.say(by, workspacesTopic, "", key, item.Text, item.Text, item.Line)
		}
	}
}
