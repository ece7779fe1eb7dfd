package settings_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/lockfile/clienttest"
	"github.com/lockwarden/lockwarden/lockfile/settings"
)

// ownScripts are the names of scripts that some client runs when the project
// itself is installed, and of some that none does.
var ownScripts = []string{"pnpm:devPreinstall", "preinstall", "install", "postinstall", "prepublish", "prepublishOnly", "preprepare", "prepare",
	"postprepare", "dependencies", "prepack", "build", "test"}

// releases are clients, and how a project names them as its own.
var releases = []struct {
	client
	manager string
}{{npm11, "npm@11.19.1"}, {npm12, "npm@12.2.2"},
	{client{"pnpm@9.15.9", "pnpm/bin/pnpm.cjs"}, "pnpm@9.15.9"}, {client{"pnpm@10.34.9", "pnpm/bin/pnpm.cjs"}, "pnpm@10.34.9"}, {pnpm, "pnpm@12.21.0"},
	{yarn1, "yarn@1.22.22"}, {yarn3, "yarn@3.8.7"}, {yarn4, "yarn@4.18.1"}, {bun, "bun@1.4.5"}}

// projectOf are the files of a project that a client installs from a registry,
// without its package.json; its workspace is w.
func projectOf(manager, registry string) map[string]string {
	files := map[string]string{".npmrc": "registry=" + registry + "\n", "bunfig.toml": "[install]\nregistry = \"" + registry + "\"\n",
		".yarnrc.yml": "npmRegistryServer: " + registry + "\nunsafeHttpWhitelist: [\"127.0.0.1\"]\nenableGlobalCache: false\n",
		".yarnrc":     "registry \"" + registry + "\"\n", "pnpm-workspace.yaml": "packages: [w]\n"}
	if strings.HasPrefix(manager, "yarn") {
		files["yarn.lock"] = ""
	}
	return files
}

// TestOwnScripts asks the clients which of a project's own scripts an
// installation runs, in its root and in a workspace: those are said where a change
// brings them, and no others.
func TestOwnScripts(t *testing.T) {
	if testing.Short() {
		t.Skip("installs with real package managers")
	}
	r := clienttest.NewRegistry(t, clienttest.Package{Name: "beta", Version: "1.0.0"})
	const mark = "require('fs').writeFileSync(process.env.RAN + '-' + process.argv[2].replace(':', '-'), '')\n"
	var scripts []string
	for _, name := range ownScripts {
		scripts = append(scripts, `"`+name+`":"node `+"$INIT_CWD_/mark.js"+` `+name+`"`)
	}
	for _, c := range releases {
		for _, in := range []string{"", "w/"} {
			t.Run(c.manager+" "+in, func(t *testing.T) {
				dir := t.TempDir()
				with := strings.ReplaceAll(`"scripts":{`+strings.Join(scripts, ",")+`}`, "$INIT_CWD_", dir)
				files := projectOf(c.manager, r.URL)
				files["mark.js"] = mark
				root, member := "", ""
				if in == "" {
					root = "," + with
				} else {
					member = "," + with
				}
				files["package.json"] = `{"name":"app","version":"1.0.0","private":true,"packageManager":"` + c.manager + `","workspaces":["w"],"dependencies":{"beta":"1.0.0"}` + root + `}`
				files["w/package.json"] = `{"name":"w","version":"1.0.0"` + member + `}`
				clienttest.Write(t, dir, files)
				c.install(t, dir, "install")
				if _, err := os.Stat(filepath.Join(dir, "node_modules/beta")); err != nil && !strings.HasPrefix(c.manager, "yarn") {
					t.Fatal(err)
				}
				var ran []string
				for _, name := range ownScripts {
					if _, err := os.Stat(filepath.Join(dir, "ran-"+strings.ReplaceAll(name, ":", "-"))); err == nil {
						ran = append(ran, name)
					}
				}
				before := map[string]string{"package.json": strings.Replace(files["package.json"], root, "", 1), "w/package.json": `{"name":"w","version":"1.0.0"}`,
					"pnpm-workspace.yaml": files["pnpm-workspace.yaml"]}
				after := map[string]string{"package.json": files["package.json"], "w/package.json": files["w/package.json"], "pnpm-workspace.yaml": files["pnpm-workspace.yaml"]}
				var said []string
				for _, change := range settings.Compare(settingsOf(t, before), settingsOf(t, after)) {
					if change.ID == settings.OwnScript && change.File == in+"package.json" {
						said = append(said, strings.TrimPrefix(change.Key, "scripts."))
					}
				}
				slices.Sort(ran)
				slices.Sort(said)
				if !slices.Equal(ran, said) {
					t.Errorf("it runs %v, and %v is said", ran, said)
				}
			})
		}
	}
}

// TestOwnGyp asks the clients where an installation builds the project itself,
// in its root and in a workspace, because a binding.gyp lies there.
func TestOwnGyp(t *testing.T) {
	if testing.Short() {
		t.Skip("installs with real package managers")
	}
	r := clienttest.NewRegistry(t, clienttest.Package{Name: "node-gyp", Version: "1.0.0", Fields: `"bin":{"node-gyp":"run.js"}`, Files: map[string]string{
		"run.js": "#!/usr/bin/env node\nrequire('fs').writeFileSync(process.env.RAN, '')\n"}})
	for _, c := range releases {
		for _, in := range []string{"", "w/"} {
			for _, fields := range []string{``, `"gypfile":false`, `"scripts":{"preinstall":"node -e 0"}`, `"scripts":{"install":"node -e 0"}`, `"scripts":{"install":""}`} {
				if in != "" && fields != "" {
					continue // what it says counts in both
				}
				t.Run(c.manager+" "+in+fields, func(t *testing.T) {
					dir := t.TempDir()
					files := projectOf(c.manager, r.URL)
					manifest := func(name, more string) string {
						if fields != "" && name == map[string]string{"": "app", "w/": "w"}[in] {
							more += "," + fields
						}
						return `{"name":"` + name + `","version":"1.0.0","dependencies":{"node-gyp":"1.0.0"}` + more + `}`
					}
					files["package.json"] = manifest("app", `,"private":true,"packageManager":"`+c.manager+`","workspaces":["w"]`)
					files["w/package.json"] = manifest("w", "")
					before := map[string]string{"package.json": files["package.json"], "w/package.json": files["w/package.json"], "pnpm-workspace.yaml": files["pnpm-workspace.yaml"]}
					after := maps.Clone(before)
					files[in+"binding.gyp"], after[in+"binding.gyp"] = "{}", "{}"
					clienttest.Write(t, dir, files)
					c.install(t, dir, "install")
					_, err := os.Stat(filepath.Join(dir, "ran"))
					ran, said := err == nil, false
					for _, change := range settings.Compare(settingsOf(t, before), settingsOf(t, after)) {
						said = said || change.ID == settings.OwnScript && change.File == in+"binding.gyp"
					}
					if ran != said && !(said && c.client == pnpm && strings.Contains(fields, `""`)) { // pnpm 11 runs it

						t.Errorf("it runs: %v, and is said: %v", ran, said)
					}
				})
			}
		}
	}
}
