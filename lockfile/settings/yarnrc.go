package settings

import (
	"regexp"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// classicHeader makes Yarn 2 and later read a file in the other grammar, that
// of Yarn 1's lockfiles.
var classicHeader = regexp.MustCompile(`(?i)^(#.*(\r?\n))*?#\s+yarn\s+lockfile\s+v1\r?\n`)

// yarnrc reads a .yarnrc.yml.
func (r *reader) yarnrc(text string) {
	if classicHeader.MatchString(text) {
		document.Fail(r.file, 1, "the file's first lines make Yarn read it as a lockfile of Yarn 1, in another grammar")
	}
	v := document.YAMLValue(r.file, text)
	if v.Kind == document.Null {
		return
	}
	if v.Kind != document.Map {
		document.Fail(r.file, v.Line, ".yarnrc.yml is not a mapping")
	}
	r.yarnServer(v, "", "")
	v.Get("npmScopes").Entries(func(k document.Key, value *document.Value) {
		r.yarnServer(value, "@"+strings.TrimPrefix(k.Name, "@"), "npmScopes."+k.Name+".")
	})
	v.Get("npmRegistries").Entries(func(k document.Key, value *document.Value) {
		r.yarnSecrets(value, k.Name, "npmRegistries."+k.Name+".")
	})
	r.plugins(v.Get("plugins"))
	r.extensions(berries, "packageExtensions", v.Get("packageExtensions"))
	r.catalogs(berries, v)
	v.Get("networkSettings").Entries(func(k document.Key, value *document.Value) {
		value.Entries(func(field document.Key, inner *document.Value) {
			r.rule(inYarnrc, field.Name, "networkSettings."+k.Name+"."+field.Name, inner, field.Line)
		})
	})
	v.Entries(func(k document.Key, value *document.Value) {
		if k.Name == "yarnPath" {
			if m, ok := released(value.Text); ok && len(r.s.Managers) == 0 {
				r.s.Managers = append(r.s.Managers, m)
			}
		}
		r.rule(inYarnrc, k.Name, k.Name, value, k.Line)
	})
}

// yarnServer reads where packages come from, in general or for a scope.
func (r *reader) yarnServer(v *document.Value, scope, before string) {
	if server := v.Get("npmRegistryServer"); server.IsScalar() && server.Kind != document.Null {
		r.registry(berries, scope, before+"npmRegistryServer", server.Text, v.KeyLine("npmRegistryServer"))
		r.yarnSecrets(v, server.Text, before)
	}
	if scope == "" {
		return
	}
	// A scope may have an age gate of its own, which goes before the general
	// one.
	if gate := v.Get("npmMinimalAgeGate"); gate.IsScalar() {
		r.say(berries, "release-age", scope, before+"npmMinimalAgeGate", minutes(gate.Text, 1, true), gate.Text, v.KeyLine("npmMinimalAgeGate"))
	}
	if approved := v.Get("npmPreapprovedPackages"); approved != nil {
		for _, s := range spellings[inYarnrc]["npmPreapprovedPackages"] {
			r.list(s, before+"npmPreapprovedPackages", approved, v.KeyLine("npmPreapprovedPackages"))
		}
	}
}

func (r *reader) yarnSecrets(v *document.Value, server, before string) {
	for _, field := range []string{"npmAuthToken", "npmAuthIdent"} {
		if value := v.Get(field); value.IsScalar() && value.Kind != document.Null {
			if strings.HasPrefix(server, "//") {
				server = "https:" + server
			}
			r.say(berries, "credential", hostOf(server), before+field, "sent", secret(value.Text), v.KeyLine(field))
		}
	}
}

// plugins are JavaScript that Yarn loads before it does anything.
func (r *reader) plugins(v *document.Value) {
	if v == nil {
		return
	}
	for _, item := range v.Items {
		file, line := item, item.Line
		if item.Kind == document.Map {
			file = item.Get("path")
			if spec := item.Get("spec"); spec.IsScalar() && strings.Contains(spec.Text, ":") {
				// A plugin that is missing is fetched from there.
				r.say(berries, "plugin-source", spec.Text, "plugins", spec.Text, spec.Text, item.KeyLine("spec"))
			}
		}
		if file.IsScalar() {
			r.say(berries, "plugin", file.Text, "plugins", file.Text, file.Text, line)
		}
	}
}
