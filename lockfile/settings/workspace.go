package settings

import (
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// workspace reads a pnpm-workspace.yaml.
func (r *reader) workspace(v *document.Value) {
	if v.Kind == document.Null {
		return
	}
	if v.Kind != document.Map {
		document.Fail(r.file, v.Line, "pnpm-workspace.yaml is not a mapping")
	}
	const by = pnpm10 | pnpm11
	r.decisions(by, by, "allowBuilds", v.Get("allowBuilds"), v.KeyLine("allowBuilds"))
	v.Get("permissions").Entries(func(k document.Key, value *document.Value) {
		if build := value.Get("build"); build.IsScalar() && (build.Kind == document.Bool || isYes(build.Text)) {
			r.script(pnpm11, k.Name, isYes(build.Text), "permissions."+k.Name+".build", value.KeyLine("build"))
		}
	})
	r.pnpmCommon(by, "", v)
	r.executionEnv(by, "", v)
	r.workspaces(pnpms, "packages", v.Get("packages"))
	r.catalogs(pnpms, v)
	if registry := v.Get("registry"); registry.IsScalar() {
		r.registry(by, "", "registry", registry.Text, v.KeyLine("registry"))
	}
	v.Get("registries").Entries(r.registryEntry)
	v.Get("namedRegistries").Entries(func(k document.Key, value *document.Value) {
		r.registry(pnpm11, k.Name+":", "namedRegistries."+k.Name, value.Text, k.Line)
	})
	v.Get("nodeDownloadMirrors").Entries(func(k document.Key, value *document.Value) {
		r.nodeMirror(pnpm10|pnpm11, k.Name, "nodeDownloadMirrors."+k.Name, value.Text, k.Line)
	})
	v.Entries(func(k document.Key, value *document.Value) {
		if strings.Contains(k.Name, "${") {
			r.say(pnpms, environmentTopic, k.Name, k.Name, value.Text, value.Text, k.Line)
			return
		}
		r.rule(inWorkspace, k.Name, k.Name, value, k.Line)
		r.leftOut(inWorkspace, k.Name, k.Name, value, k.Line)
	})
}

// registryEntry is one of "registries": "@scope: URL", or since pnpm 11 a URL
// with the scopes and the prefix that it serves
// (https://pnpm.io/settings#registries).
func (r *reader) registryEntry(k document.Key, value *document.Value) {
	if value.IsScalar() {
		scope := k.Name
		if scope == "default" {
			scope = ""
		}
		r.registry(pnpm10|pnpm11, scope, "registries."+k.Name, value.Text, k.Line)
		return
	}
	if scopes := value.Get("scopes"); scopes != nil {
		for _, scope := range scopes.Items {
			r.registry(pnpm11, strings.TrimSuffix(scope.Text, "/"), "registries."+k.Name, k.Name, k.Line)
		}
	}
	if prefix := value.Get("prefix"); prefix.IsScalar() {
		r.registry(pnpm11, prefix.Text+":", "registries."+k.Name, k.Name, k.Line)
	}
}
