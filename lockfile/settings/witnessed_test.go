package settings_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/lockfile/clienttest"
	"github.com/lockwarden/lockwarden/lockfile/settings"
)

// client is how one release is started: its package, and its program below
// node_modules.
type client struct{ spec, program string }

var (
	npm11 = client{"npm@11.19.1", "npm/bin/npm-cli.js"}
	npm12 = client{"npm@12.2.2", "npm/bin/npm-cli.js"}
	npm6  = client{"npm@6.14.18", "npm/bin/npm-cli.js"}
	pnpm  = client{"pnpm@12.21.0", "@pnpm/exe.linux-x64/pnpm"}
	yarn1 = client{"yarn@1.22.22", "yarn/bin/yarn.js"}
	yarn3 = client{"@yarnpkg/cli-dist@3.8.7", "@yarnpkg/cli-dist/bin/yarn.js"}
	yarn4 = client{"@yarnpkg/cli-dist@4.18.1", "@yarnpkg/cli-dist/bin/yarn.js"}
	bun   = client{"@oven/bun-linux-x64@1.4.5", "@oven/bun-linux-x64/bin/bun"}
)

// install lets a client install in a folder, with its scripts and with no
// settings but those of the project: $RAN is where what runs leaves its name.
func (c client) install(t *testing.T, dir string, words ...string) {
	t.Helper()
	program := filepath.Join(clienttest.Install(t, c.spec), "node_modules", filepath.FromSlash(c.program))
	args := append([]string{program}, words...)
	if strings.HasSuffix(program, ".js") {
		args = append([]string{"node"}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	home := t.TempDir()
	const nowhere = "http://127.0.0.1:9"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "PWD=" + dir, "RAN=" + filepath.Join(dir, "ran"), "CI=1",
		"HTTP_PROXY=" + nowhere, "HTTPS_PROXY=" + nowhere, "NO_PROXY=127.0.0.1,localhost", "DO_NOT_TRACK=1", "YARN_ENABLE_TELEMETRY=0",
		"YARN_ENABLE_IMMUTABLE_INSTALLS=0", "pnpm_config_store_dir=" + home + "/store", "pnpm_config_pm_on_fail=ignore"}
	out, err := cmd.CombinedOutput()
	t.Logf("%s %s: %v\n%s", c.spec, strings.Join(words, " "), err, out)

}

// TestWitnessed are settings whose effect the clients themselves show: where
// the last file stands after an installation with the setting, and not without
// it, a change that brings the setting is said.
func TestWitnessed(t *testing.T) {
	if testing.Short() {
		t.Skip("installs with real package managers")
	}
	const mark = "require('fs').writeFileSync(process.env.RAN, '')\n"
	r := clienttest.NewRegistry(t, clienttest.Package{Name: "beta", Version: "1.0.0"}, clienttest.Package{
		Name: "auto", Version: "1.0.0", Files: map[string]string{"main.js": mark}, Fields: `"main":"main.js"`}, clienttest.Package{
		Name: "runs", Version: "1.0.0", Fields: `"scripts":{"postinstall":"node run.js"}`, Files: map[string]string{"run.js": mark}})
	const plain = `{"name":"app","version":"1.0.0"}`
	type witness struct {
		name            string
		client          client
		command         string
		project, brings map[string]string
		effect, id      string
	}
	rows := []witness{
		{"npm 6 loads a script", npm6, "ls", map[string]string{"package.json": plain, "x.js": mark},
			map[string]string{".npmrc": "onload-script=${PWD}/x.js\n"}, "ran", settings.CodeOnInstall},
		{"pnpm 12 reads the words of YAML 1.1", pnpm, "install",
			map[string]string{"package.json": `{"dependencies":{"runs":"1.0.0"}}`, ".npmrc": "registry=" + r.URL + "\n"},
			map[string]string{"pnpm-workspace.yaml": "allowBuilds:\n  runs: yes\n"}, "ran", settings.ScriptsAllowed},
		{"Yarn 1 begins in another folder", yarn1, "install", map[string]string{"package.json": plain,
			"x/package.json": `{"scripts":{"postinstall":"node x.js"}}`, "x/x.js": mark},
			map[string]string{".yarnrc": "--cwd ./x\n"}, "ran", settings.TrustWeakened},
		{"Yarn 3 keeps another lockfile", yarn3, "install", map[string]string{"package.json": plain, "yarn.lock": ""},
			map[string]string{".yarnrc.yml": "lockfileFilename: other.lock\n"}, "other.lock", settings.TrustWeakened},
		{"Yarn 4 checks constraints", yarn4, "install", map[string]string{"package.json": plain, "yarn.lock": "", "yarn.config.cjs": mark},
			map[string]string{".yarnrc.yml": "enableConstraintsChecks: true\n"}, "ran", settings.CodeOnInstall},
		{"Bun takes its registry from the environment", bun, "install", map[string]string{"package.json": `{"dependencies":{"beta":"1.0.0"}}`, "bunfig.toml": ""},
			map[string]string{".env.production.local": "npm_config_registry: '" + r.URL + "'\n"}, "node_modules/beta", settings.RegistryChanged},
		{"and hands it to scripts", bun, "install", map[string]string{"package.json": `{"scripts":{"postinstall":"node -e 0"}}`, "bunfig.toml": "", "x.js": mark},
			map[string]string{".env": "\ufeffexport NODE_OPTIONS\n=--require ./x.js\n"}, "ran", settings.CodeOnInstall},
	}
	const loads = "require('auto')\n"
	for _, word := range []string{"fallback", "force"} {
		rows = append(rows, witness{"Bun installs what a program loads: " + word, bun, "run x.js",
			map[string]string{"package.json": plain, "x.js": loads, "node_modules/.keep": "", "bunfig.toml": "[install]\nregistry = \"" + r.URL + "\"\n"},
			map[string]string{"bunfig.toml": "[install]\nregistry = \"" + r.URL + "\"\nauto = \"" + word + "\"\n"}, "ran", settings.AutoInstall})
	}
	for _, line := range []string{"preload = \"./x.js\"", "preload = [\"./x.js\"]"} {
		rows = append(rows, witness{"Bun loads a file before each program: " + line, bun, "run y.js",
			map[string]string{"package.json": plain, "x.js": mark, "y.js": "", "bunfig.toml": ""}, map[string]string{"bunfig.toml": line + "\n"}, "ran", settings.CodeOnRun})
	}
	rows = append(rows, witness{"and before each test", bun, "test", map[string]string{"package.json": plain, "x.js": mark, "y.test.js": "", "bunfig.toml": ""},
		map[string]string{"bunfig.toml": "[test]\npreload = [\"./x.js\"]\n"}, "ran", settings.CodeOnRun},
		witness{"and where a script starts it", bun, "install", map[string]string{"package.json": `{"scripts":{"postinstall":"$npm_execpath y.js"}}`, "x.js": mark, "y.js": "", "bunfig.toml": ""},
			map[string]string{"bunfig.toml": "preload = [\"./x.js\"]\n"}, "ran", settings.CodeOnRun})
	for _, line := range []string{"include=dev", "include[]=dev", "production=false", "dev=true", "also=dev"} {
		from := "registry=" + r.URL + "\n"
		for _, npm := range []client{npm11, npm12} {
			rows = append(rows, witness{npm.spec + " installs what --omit=dev leaves out: " + line, npm, "install --omit=dev",
				map[string]string{"package.json": `{"devDependencies":{"beta":"1.0.0"}}`, ".npmrc": from},
				map[string]string{".npmrc": from + line + "\n"}, "node_modules/beta", settings.InstallsMore})
		}
	}
	pnpm10 := client{"pnpm@10.34.9", "pnpm/bin/pnpm.cjs"}
	for _, out := range []struct {
		client
		file, line, kind string
	}{
		{npm11, ".npmrc", "omit=dev", "dev"}, {npm12, ".npmrc", "omit[]=dev", "dev"}, {npm11, ".npmrc", "production=true", "dev"}, {npm12, ".npmrc", "only=prod", "dev"},
		{npm12, ".npmrc", "optional=false", "optional"}, {npm11, ".npmrc", "omit=optional", "optional"},
		{pnpm10, ".npmrc", "production=true", "dev"}, {pnpm10, "pnpm-workspace.yaml", "only: production", "dev"}, {pnpm10, ".npmrc", "optional=false", "optional"},
		{pnpm, "pnpm-workspace.yaml", "optional: false", "optional"},
		{yarn1, ".yarnrc", "production true", "dev"}, {yarn1, ".yarnrc", "--prod true", "dev"}, {yarn1, ".yarnrc", "--install.ignore-optional true", "optional"},
		{yarn1, ".npmrc", "production=true", "dev"},
		{bun, "bunfig.toml", "dev = false", "dev"}, {bun, "bunfig.toml", "optional = false", "optional"}, {bun, ".npmrc", "omit=dev", "dev"},
	} {
		files := projectOf("", r.URL)
		if out.client == yarn1 {
			files["yarn.lock"] = ""
		}
		files["package.json"], files["w/package.json"] = `{"`+out.kind+`Dependencies":{"beta":"1.0.0"}}`, "{}"
		without := map[string]string{out.file: files[out.file]}
		files[out.file] += out.line + "\n"
		rows = append(rows, witness{out.spec + " leaves out: " + out.file + " " + out.line, out.client, "install", files, without, "node_modules/beta", settings.InstallsMore})
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			with := maps.Clone(row.project)
			maps.Copy(with, row.brings)
			installed := func(files map[string]string) bool {
				dir := t.TempDir()
				clienttest.Write(t, dir, files)
				row.client.install(t, dir, strings.Fields(row.command)...)
				_, err := os.Stat(filepath.Join(dir, filepath.FromSlash(row.effect)))
				return err == nil
			}
			if installed(row.project) || !installed(with) {
				t.Fatalf("it is not the setting that brings %s", row.effect)
			}
			changes := settings.Compare(settingsOf(t, row.project), settingsOf(t, with))
			if !slices.ContainsFunc(changes, func(c settings.Change) bool { return c.ID == row.id && c.Direction == settings.Opened }) {
				t.Errorf("no %s: %v", row.id, lines(changes))
			}
		})
	}
}

// settingsOf reads files that stand on disk.
func settingsOf(t *testing.T, files map[string]string) settings.Settings {
	t.Helper()
	dir := t.TempDir()
	clienttest.Write(t, dir, files)
	s, err := settings.Read(os.DirFS(dir), "")
	if err != nil {
		t.Fatal(err)
	}
	return s
}
