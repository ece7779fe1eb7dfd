package settings_test

import (
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
	for _, c := range []struct {
		client
		manager string
	}{{npm11, "npm@11.19.1"}, {npm12, "npm@12.2.2"},
		{client{"pnpm@9.15.9", "pnpm/bin/pnpm.cjs"}, "pnpm@9.15.9"}, {client{"pnpm@10.34.9", "pnpm/bin/pnpm.cjs"}, "pnpm@10.34.9"}, {pnpm, "pnpm@12.21.0"},
		{yarn1, "yarn@1.22.22"}, {yarn3, "yarn@3.8.7"}, {yarn4, "yarn@4.18.1"}, {bun, "bun@1.4.5"}} {
		for _, in := range []string{"", "w/"} {
			t.Run(c.manager+" "+in, func(t *testing.T) {
				dir := t.TempDir()
				with := strings.ReplaceAll(`"scripts":{`+strings.Join(scripts, ",")+`}`, "$INIT_CWD_", dir)
				files := map[string]string{"mark.js": mark, ".npmrc": "registry=" + r.URL + "\n", "bunfig.toml": "[install]\nregistry = \"" + r.URL + "\"\n",
					".yarnrc.yml": "npmRegistryServer: " + r.URL + "\nunsafeHttpWhitelist: [\"127.0.0.1\"]\nenableGlobalCache: false\n",
					".yarnrc":     "registry \"" + r.URL + "\"\n", "pnpm-workspace.yaml": "packages: [w]\n", "yarn.lock": ""}
				root, member := "", ""
				if in == "" {
					root = "," + with
				} else {
					member = "," + with
				}
				files["package.json"] = `{"name":"app","version":"1.0.0","private":true,"packageManager":"` + c.manager + `","workspaces":["w"],"dependencies":{"beta":"1.0.0"}` + root + `}`
				files["w/package.json"] = `{"name":"w","version":"1.0.0"` + member + `}`
				if !strings.HasPrefix(c.manager, "yarn") {
					delete(files, "yarn.lock")
				}
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
