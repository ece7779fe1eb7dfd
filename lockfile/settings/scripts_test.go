package settings_test

import (
	"testing"

	"github.com/lockwarden/lockwarden/lockfile/settings"
)

// TestScripts asks for "probe", and for "esbuild", which is on Bun's own list.
// Rows that name a full version were installed with that release of the
// client, from a registry on loopback with two packages whose postinstall
// touches a file.
func TestScripts(t *testing.T) {
	const runs, blocked, unknown = settings.Runs, settings.Blocked, settings.Unknown
	for _, test := range []struct {
		name, client, version string
		files                 string
		probe, esbuild        settings.ScriptState
		allow                 string
	}{
		{"npm 11 runs all", "npm", "11.19.1", "", runs, runs, ""},
		{"npm 12 runs none", "npm", "12.2.2", "", blocked, blocked, `package.json: "allowScripts": {"probe": true}`},
		{"npm 12 runs what is allowed", "npm", "12.2.2", "-- package.json --\n{\"allowScripts\": {\"probe\": true}}\n", runs, blocked, ""},
		{"of the version that is allowed", "npm", "12.2.2", "-- package.json --\n{\"allowScripts\": {\"probe@2.0.0\": true, \"esbuild@1.0.0\": true}}\n", blocked, runs, `package.json: "allowScripts": {"probe": true}`},
		{"or of several, but of no range", "npm", "12.2.2", "-- package.json --\n{\"allowScripts\": {\"probe@2.0.0 || 1.0.0\": true, \"esbuild@^1.0.0\": true}}\n", runs, blocked, ""},
		{"a denial goes before", "npm", "12.2.2", "-- package.json --\n{\"allowScripts\": {\"probe\": true, \"probe@1.0.0\": false}}\n", blocked, blocked, `package.json: "allowScripts": {"probe": true}`},
		{"npm 12 reads .npmrc too", "npm", "12.2.2", "-- .npmrc --\nallow-scripts=probe\n", runs, blocked, ""},
		{"but not beside package.json's", "npm", "12.2.2", "-- .npmrc --\nallow-scripts=probe\n-- package.json --\n{\"allowScripts\": {\"esbuild\": true}}\n", blocked, runs, `package.json: "allowScripts": {"probe": true}`},
		{"npm 12 can be told to run all", "npm", "12.2.2", "-- .npmrc --\ndangerously-allow-all-scripts=true\n", runs, runs, ""},
		{"in whatever word that is not false", "npm", "12.2.2", "-- .npmrc --\ndangerously-allow-all-scripts=0\n", runs, runs, ""},
		{"or as an array", "npm", "12.2.2", "-- .npmrc --\ndangerously-allow-all-scripts[]=true\n", runs, runs, ""},
		{"not in a section", "npm", "12.2.2", "-- .npmrc --\n[x]\ndangerously-allow-all-scripts=true\n", blocked, blocked, `package.json: "allowScripts": {"probe": true}`},
		{"the last ignore-scripts counts, also without a value", "npm", "12.2.2", "-- .npmrc --\ndangerously-allow-all-scripts=true\nignore-scripts=false\nignore-scripts\n", blocked, blocked, ".npmrc: ignore-scripts=false"},
		{"npm 11 knows denials only lately", "npm", "11.19.1", "-- package.json --\n{\"allowScripts\": {\"probe\": false}}\n", unknown, runs, `package.json: "allowScripts": {"probe": true}`},
		{"npm, who knows which", "npm", "", "", unknown, unknown, `package.json: "allowScripts": {"probe": true}`},

		{"pnpm 9 runs all", "pnpm", "9.15.9", "", runs, runs, ""},
		{"pnpm 9 with a list runs what is on it", "pnpm", "9.15.9", "-- package.json --\n{\"pnpm\": {\"onlyBuiltDependencies\": [\"probe\"]}}\n", runs, blocked, ""},
		{"pnpm 9 with a list of denials runs the rest", "pnpm", "9.15.9", "-- package.json --\n{\"pnpm\": {\"neverBuiltDependencies\": [\"probe\"]}}\n", blocked, runs, `package.json: "pnpm": {"onlyBuiltDependencies": ["probe"]}`},
		{"pnpm 9 does not look into pnpm-workspace.yaml", "pnpm", "9.15.9", "-- pnpm-workspace.yaml --\nonlyBuiltDependencies: [probe]\n", runs, runs, ""},
		{"pnpm 10 runs none", "pnpm", "10.34.9", "", blocked, blocked, "pnpm-workspace.yaml: onlyBuiltDependencies: [probe]"},
		{"pnpm 10 reads package.json", "pnpm", "10.34.9", "-- package.json --\n{\"pnpm\": {\"onlyBuiltDependencies\": [\"probe\"]}}\n", runs, blocked, ""},
		{"and pnpm-workspace.yaml", "pnpm", "10.34.9", "-- pnpm-workspace.yaml --\nonlyBuiltDependencies: [probe]\n", runs, blocked, ""},
		{"in both words", "pnpm", "10.34.9", "-- pnpm-workspace.yaml --\nallowBuilds: {probe: true}\n", runs, blocked, ""},
		{"and through a merge key", "pnpm", "10.34.9", "-- pnpm-workspace.yaml --\nx: &a {probe: true}\nallowBuilds:\n  <<: *a\n", runs, blocked, ""},
		{"and .npmrc", "pnpm", "10.34.9", "-- .npmrc --\nonly-built-dependencies[]=probe\n", runs, blocked, ""},
		{"pnpm 10 with a list of denials runs the rest", "pnpm", "10.34.9", "-- pnpm-workspace.yaml --\nneverBuiltDependencies: [probe]\n", blocked, runs, "pnpm-workspace.yaml: onlyBuiltDependencies: [probe]"},
		{"even where it is empty", "pnpm", "10.34.9", "-- pnpm-workspace.yaml --\nneverBuiltDependencies: []\n", runs, runs, ""},
		{"pnpm 10 can be told to run all", "pnpm", "10.34.9", "-- .npmrc --\ndangerously-allow-all-builds=true\n", runs, runs, ""},
		{"by quotes around false too", "pnpm", "10.34.9", "-- pnpm-workspace.yaml --\ndangerouslyAllowAllBuilds: \"false\"\n", runs, runs, ""},
		{"wildcards are none", "pnpm", "10.34.9", "-- pnpm-workspace.yaml --\nonlyBuiltDependencies: ['pro*']\n", blocked, blocked, "pnpm-workspace.yaml: onlyBuiltDependencies: [probe]"},
		{"pnpm 9 does not know allowBuilds", "pnpm", "9.15.9", "-- package.json --\n{\"pnpm\": {\"allowBuilds\": {\"probe\": true}}}\n", runs, runs, ""},
		{"pnpm 10 does", "pnpm", "10.34.9", "-- package.json --\n{\"pnpm\": {\"allowBuilds\": {\"probe\": true}}}\n", runs, blocked, ""},
		{"ignore-scripts that another file takes back", "pnpm", "10.34.9", "-- .npmrc --\nignore-scripts=true\n-- pnpm-workspace.yaml --\nonlyBuiltDependencies: [probe]\nignoreScripts: false\n", runs, blocked, ""},
		{"pnpm 11 keeps to allowBuilds", "pnpm", "11.28.11", "-- pnpm-workspace.yaml --\nallowBuilds: {probe: true, esbuild: false}\n", runs, blocked, ""},
		{"and to nothing older", "pnpm", "11.28.11", "-- pnpm-workspace.yaml --\nonlyBuiltDependencies: [probe]\n-- package.json --\n{\"pnpm\": {\"onlyBuiltDependencies\": [\"probe\"]}}\n-- .npmrc --\ndangerously-allow-all-builds=true\n", blocked, blocked, "pnpm-workspace.yaml: allowBuilds: {probe: true}"},
		{"pnpm 12 too", "pnpm", "12.21.0", "-- pnpm-workspace.yaml --\nonlyBuiltDependencies: [probe]\n", blocked, blocked, "pnpm-workspace.yaml: allowBuilds: {probe: true}"},
		{"pnpm 12 has permissions", "pnpm", "12.21.0", "-- pnpm-workspace.yaml --\npermissions: {probe: {build: true}, esbuild: {build: false}}\n", runs, blocked, ""},
		{"which go before allowBuilds", "pnpm", "12.21.0", "-- pnpm-workspace.yaml --\nallowBuilds: {probe: true, esbuild: false}\npermissions: {probe: {build: false}}\n", blocked, blocked, "pnpm-workspace.yaml: allowBuilds: {probe: true}"},
		{"for what they allow too", "pnpm", "12.21.0", "-- pnpm-workspace.yaml --\nallowBuilds: {probe: false}\npermissions: {probe: {build: true}}\n", runs, blocked, ""},
		{"pnpm, who knows which, with a list that only some read", "pnpm", "", "-- pnpm-workspace.yaml --\nonlyBuiltDependencies: [probe]\n", unknown, unknown, "pnpm-workspace.yaml: allowBuilds: {probe: true}"},

		{"Yarn 1 runs all", "yarn", "1.22.22", "", runs, runs, ""},
		{"Yarn 1 does not take ignore-scripts from .npmrc", "yarn", "1.22.22", "-- .npmrc --\nignore-scripts=true\n", runs, runs, ""},
		{"but from .yarnrc", "yarn", "1.22.22", "-- .yarnrc --\nignore-scripts true\n", blocked, blocked, ".yarnrc: ignore-scripts false"},
		{"as a flag too", "yarn", "1.22.22", "-- .yarnrc --\n--install.ignore-scripts true\n", blocked, blocked, ".yarnrc: --install.ignore-scripts false"},
		{"Yarn 3 runs all", "yarn", "3.8.7", "", runs, runs, ""},
		{"Yarn 4.13 runs all", "yarn", "4.13.0", "", runs, runs, ""},
		{"unless told not to, but for one", "yarn", "4.13.0", "-- .yarnrc.yml --\nenableScripts: false\n-- package.json --\n{\"dependenciesMeta\": {\"probe\": {\"built\": true}}}\n", runs, blocked, ""},
		{"or all but one", "yarn", "4.13.0", "-- package.json --\n{\"dependenciesMeta\": {\"probe\": {\"built\": false}}}\n", blocked, runs, `package.json: "dependenciesMeta": {"probe": {"built": true}}`},
		{"Yarn 4.14 runs none", "yarn", "4.14.1", "", blocked, blocked, `package.json: "dependenciesMeta": {"probe": {"built": true}}`},
		{"Yarn 4.18 runs one", "yarn", "4.18.1", "-- package.json --\n{\"dependenciesMeta\": {\"probe\": {\"built\": true}}}\n", runs, blocked, ""},
		{"by any word for true", "yarn", "4.18.1", "-- .yarnrc.yml --\nenableScripts: '1'\n", runs, runs, ""},
		{"or one from the environment", "yarn", "4.18.1", "-- .yarnrc.yml --\nenableScripts: ${XX:-true}\n", runs, runs, ""},
		{"Yarn 4.18 runs all", "yarn", "4.18.1", "-- .yarnrc.yml --\nenableScripts: true\n", runs, runs, ""},

		{"Bun runs its own list", "bun", "1.4.5", "", blocked, runs, `package.json: "trustedDependencies": ["probe"]`},
		{"trustedDependencies replaces it", "bun", "1.4.5", "-- package.json --\n{\"trustedDependencies\": [\"probe\"]}\n", runs, blocked, ""},
		{"even where it is empty ", "bun", "1.4.5", "-- package.json --\n{\"trustedDependencies\": []}\n", blocked, blocked, `package.json: "trustedDependencies": ["probe"]`},
		{"Bun can be told to run none", "bun", "1.4.5", "-- package.json --\n{\"trustedDependencies\": [\"probe\"]}\n-- bunfig.toml --\n[install]\nignoreScripts = true\n", blocked, blocked, "bunfig.toml: install.ignoreScripts = false"},
		{"but not in quotes", "bun", "1.4.5", "-- package.json --\n{\"trustedDependencies\": [\"probe\"]}\n-- bunfig.toml --\n[install]\nignoreScripts = \"true\"\n", runs, blocked, ""},
		{"Bun takes it from .npmrc", "bun", "1.4.5", "-- .npmrc --\nignore-scripts=true\n", blocked, blocked, ".npmrc: ignore-scripts=false"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := project(t, test.files, settings.Manager{Name: test.client, Version: test.version})
			probe, esbuild := s.Scripts("probe", "1.0.0"), s.Scripts("esbuild", "1.0.0")
			if probe.State != test.probe || esbuild.State != test.esbuild {
				t.Errorf("probe %s, esbuild %s; want %s, %s", probe.State, esbuild.State, test.probe, test.esbuild)
			}
			allow := probe.Allow
			if probe.AllowIn != "" {
				allow = probe.AllowIn + ": " + allow
			}
			if allow != test.allow {
				t.Errorf("to allow it: %q, want %q", allow, test.allow)
			}
		})
	}
}

func TestScriptsDecided(t *testing.T) {
	s := project(t, "-- package.json --\n{\"packageManager\": \"npm@12.2.2\",\n\"allowScripts\": {\n\"a\": true}}\n")
	p := s.Scripts("a", "1.0.0")
	if p.By != "npm 12.2.2" || p.Decided == nil || p.Decided.Line != 3 || p.Decided.Key != "allowScripts.a" {
		t.Errorf("%+v %+v", p, p.Decided)
	}
	if p := project(t, "").Scripts("a", "1.0.0"); p.State != settings.Unknown || p.By != "" || p.Allow != "" {
		t.Errorf("nothing is known: %+v", p)
	}
}

// TestManagers says which package manager files name.
func TestManagers(t *testing.T) {
	for _, test := range []struct{ name, files, want string }{
		{"packageManager", "-- package.json --\n{\"packageManager\": \"pnpm@10.1.0+sha512.abc\"}\n", "pnpm 10.1.0"},
		{"devEngines with a range of one kind", "-- package.json --\n{\"devEngines\": {\"packageManager\": {\"name\": \"pnpm\", \"version\": \"^10.0.0\"}}}\n", "pnpm 10.0.0"},
		{"devEngines with one of several kinds", "-- package.json --\n{\"devEngines\": {\"packageManager\": {\"name\": \"npm\", \"version\": \">=10\"}}}\n", "npm"},
		{"engines", "-- package.json --\n{\"engines\": {\"node\": \">=20\", \"pnpm\": \">=11\"}}\n", "pnpm 11"},
		{"yarnPath", "-- .yarnrc.yml --\nyarnPath: .yarn/releases/yarn-4.5.0.cjs\n", "Yarn 4.5.0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := project(t, test.files)
			if len(s.Managers) != 1 || s.Managers[0].String() != test.want {
				t.Errorf("%v, want %s", s.Managers, test.want)
			}
		})
	}
}
