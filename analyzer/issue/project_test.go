package issue_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/lockfile/settings"
	"github.com/lockwarden/lockwarden/templates"
)

// TestProject makes every issue of a project's settings from files as they
// stand in a repository before and after, and reads its words.
func TestProject(t *testing.T) {
	seen := map[string]bool{}
	for _, test := range []struct {
		id, file, base, head string
		severity             issue.Severity
		title                string
	}{
		{"project/scripts-allowed", "package.json", "{}", `{"allowScripts": {"esbuild": true}}`, issue.High, "From now on the install scripts of esbuild run"},
		{"project/all-scripts-allowed", ".npmrc", "ignore-scripts=true", "ignore-scripts=false", issue.High, "Install scripts may run: ignore-scripts goes from true to false"},
		{"project/registry-changed", ".npmrc", "", "registry=https://evil.example/", issue.High, "From now on packages come from evil.example"},
		{"project/registry-changed", ".npmrc", "@acme:registry=https://npm.acme.example", "", issue.High, "From now on packages of @acme come from registry.npmjs.org"},
		{"project/credentials", ".npmrc", "", "//evil.example/:_authToken=${NPM_TOKEN}", issue.High, "From now on evil.example is sent a secret of this project or its users"},
		{"project/release-age", "pnpm-workspace.yaml", "minimumReleaseAge: 4320", "minimumReleaseAge: 0", issue.Medium, "New releases are installed sooner: the age gate goes from 3 days to none"},
		{"project/release-age-exempt", "pnpm-workspace.yaml", "minimumReleaseAge: 4320", "minimumReleaseAge: 4320\nminimumReleaseAgeExclude: ['*']", issue.Medium, "Releases of * are installed at once, whatever their age"},
		{"project/trust-weakened", ".npmrc", "", "strict-ssl=false", issue.High, "A check of the package manager is weaker: strict-ssl goes from not set to false"},
		{"project/trust-weakened", ".npmrc", "", "audit=false", issue.Low, "A check of the package manager is weaker: audit goes from not set to false"},
		{"project/trust-weakened", ".npmrc", "", "userconfig=./n", issue.High, "A check of the package manager is weaker: userconfig goes from not set to ./n"},
		{"project/trust-weakened", ".npmrc", "", "cache=./n", issue.High, "A check of the package manager is weaker: cache goes from not set to ./n"},
		{"project/trust-weakened", ".npmrc", "", "cache=/tmp/n", issue.Low, "A check of the package manager is weaker: cache goes from not set to /tmp/n"},
		{"project/trust-weakened", ".yarnrc", "", "--install.update-checksums true", issue.High, "A check of the package manager is weaker: --install.update-checksums goes from not set to true"},
		{"project/trust-weakened", "pnpm-workspace.yaml", "", "frozenLockfile: false", issue.Medium, "A check of the package manager is weaker: frozenLockfile goes from not set to false"},
		{"project/trust-weakened", "pnpm-workspace.yaml", "", "lockfileDir: x", issue.High, "A check of the package manager is weaker: lockfileDir goes from not set to x"},
		{"project/installs-more", ".npmrc", "", "include=dev", issue.Medium, "devDependencies are installed where they were left out: include goes from not set to dev"},
		{"project/installs-more", ".npmrc", "omit=optional", "", issue.Medium, "optional dependencies are installed where they were left out: omit goes from optional to not set"},
		{"project/installs-more", "bunfig.toml", "[install]\nproduction = true", "[install]\nproduction = false", issue.Medium, "devDependencies are installed where they were left out: install.production goes from true to false"},
		{"project/registry-changed", ".npmrc", "", "node-mirror:release=https://evil.example", issue.High, "From now on releases of Node.js come from evil.example"},
		{"project/registry-changed", ".npmrc", "", "sharp_binary_host=https://evil.example", issue.High, "From now on downloads of install scripts come from evil.example"},
		{"project/registry-changed", ".npmrc", "@acme:registry=https://registry.npmmirror.com", "", issue.Medium, "From now on packages of @acme come from registry.npmjs.org"},
		{"project/runtime", "pnpm-workspace.yaml", "", "useNodeVersion: 18.0.1", issue.Low, "pnpm downloads what runs scripts: useNodeVersion goes from not set to Node.js 18.0.1"},
		{"project/runtime", "package.json", "{}", `{"devEngines": {"runtime": [{"name": "node", "version": "^18.4.0", "onFail": "download"}]}}`, issue.Low, "pnpm downloads what runs scripts: devEngines.runtime goes from not set to node@^18.4.0"},
		{"project/runtime", "pnpm-workspace.yaml", "runtimeOnFail: error", "runtimeOnFail: download", issue.Low, "pnpm downloads what runs scripts: runtimeOnFail goes from error to download"},
		{"project/runtime", "package.json", `{"pnpm": {"executionEnv": {"nodeVersion": "20.1.0"}}}`, `{"pnpm": {"executionEnv": {"nodeVersion": "16.0.0"}}}`, issue.Low, "pnpm downloads what runs scripts: pnpm.executionEnv.nodeVersion goes from Node.js 20.1.0 to Node.js 16.0.0"},
		{"project/auto-install", "bunfig.toml", "", "[install]\nauto = \"force\"", issue.Medium, "Programs install packages by themselves: install.auto goes from not set to force"},
		{"project/code-on-run", "bunfig.toml", "preload = [\"./a.ts\"]", "preload = [\"./a.ts\", \"./b.ts\"]", issue.Low, "Bun loads more before each program: ./b.ts"},
		{"project/all-scripts-allowed", "pnpm-workspace.yaml", "packages: []", "packages: []\nneverBuiltDependencies: []", issue.High, "Install scripts may run: neverBuiltDependencies goes from not set to []"},
		{"project/exotic-sources", "pnpm-workspace.yaml", "", "blockExoticSubdeps: false", issue.Medium, "Packages may come from places that are no registry: blockExoticSubdeps goes from not set to false"},
		{"project/code-on-install", ".pnpmfile.cjs", "", "module.exports = {}", issue.High, "Code of this repository runs in the package manager: .pnpmfile.cjs"},
		{"project/own-script", "package.json", "{}", `{"scripts": {"prepare": "husky"}}`, issue.Medium, "The installation runs another script of this repository: scripts.prepare"},
		{"project/guard-closed", "package.json", `{"scripts": {"prepare": "husky"}}`, "{}", issue.Info, "Less is let through: scripts.prepare goes from husky to not set"},
		{"project/override", "package.json", "{}", `{"overrides": {"a": "npm:b@1"}}`, issue.Medium, "a is overridden: not set → npm:b@1"},
		{"project/override", "package.json", "{}", `{"overrides": {"a": "1.2.3"}}`, issue.Info, "a is overridden: not set → 1.2.3"},
		{"project/patch", "patches/left-pad@1.3.0.patch", "", "--- a/index.js\n", issue.Medium, "left-pad@1.3.0 is patched by this repository"},
		{"project/config-dependency", "pnpm-workspace.yaml", "", "configDependencies:\n  plug: 1.0.0+sha512-x", issue.High, "A package configures the package manager: plug"},
		{"project/package-manager", "package.json", `{"packageManager": "pnpm@10.1.0+sha512.a"}`, `{"packageManager": "pnpm@10.2.0"}`, issue.High, "The package manager changes: pnpm@10.1.0+sha512.a → pnpm@10.2.0"},
		{"project/settings-unread", "pnpm-workspace.yaml", "", "a: [", issue.High, "pnpm-workspace.yaml was not read, so nobody knows what it allows"},
		{"project/guard-closed", ".npmrc", "", "ignore-scripts=true", issue.Info, "Less is let through: ignore-scripts goes from not set to true"},
	} {
		side := func(text string) settings.Settings {
			fsys := fstest.MapFS{}
			if text != "" {
				fsys[test.file] = &fstest.MapFile{Data: []byte(text)}
			}
			s, err := settings.Read(fsys, "")
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		changes := settings.Compare(side(test.base), side(test.head))
		if len(changes) != 1 {
			t.Errorf("%s: %q → %q: %+v", test.id, test.base, test.head, changes)
			continue
		}
		got := issue.Project(changes[0])
		text := templates.Issue(got.ID, got.Detail)
		if got.ID != test.id || got.Severity != test.severity || text.Title != test.title {
			t.Errorf("%q → %q:\n got %s %s %q\nwant %s %s %q", test.base, test.head, got.ID, got.Severity, text.Title, test.id, test.severity, test.title)
		}
		if strings.Contains(text.Title+text.Problem+text.NextSteps, "{") {
			t.Errorf("%s: a place is left open: %+v", test.id, text)
		}
		seen[got.ID] = true
	}
	// Which folders a pattern matches is for whoever has the tree.
	got := issue.Project(settings.Change{ID: settings.WorkspacesJoined, File: "package.json", Line: 2, Key: "workspaces", To: "tools/*",
		Packages: []string{"tools/a", "tools/b"}, Clients: []string{"npm"}})
	if title := templates.Issue(got.ID, got.Detail).Title; title != "More folders are part of the project: tools/a and tools/b" || got.Severity != issue.Low {
		t.Errorf("%s %q", got.Severity, title)
	}
	seen[got.ID] = true
	for _, id := range issue.IDs() {
		if strings.HasPrefix(id, "project/") && !seen[id] {
			t.Errorf("%s is made by no case", id)
		}
	}
}
