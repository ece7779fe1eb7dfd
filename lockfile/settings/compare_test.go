package settings_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/lockwarden/lockwarden/lockfile/settings"
)

// project makes Settings of files written as "-- name --" and their contents.
func project(t testing.TB, files string, managers ...settings.Manager) settings.Settings {
	t.Helper()
	fsys := fstest.MapFS{}
	for _, f := range txtar.Parse([]byte(files)).Files {
		fsys[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	s, err := settings.Read(fsys, "", managers...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type pullRequest struct {
	name       string
	base, head string
	managers   []settings.Manager
	want       []string
}

func (p pullRequest) run(t *testing.T) {
	t.Run(p.name, func(t *testing.T) {
		got := lines(settings.Compare(project(t, p.base, p.managers...), project(t, p.head, p.managers...)))
		if diff := cmp.Diff(p.want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func manager(name, version string) []settings.Manager {
	return []settings.Manager{{Name: name, Version: version}}
}

// TestQuiet are changes that let nothing more and nothing less through.
func TestQuiet(t *testing.T) {
	for _, p := range []pullRequest{
		{name: "comments, order and spaces", base: "-- .npmrc --\nregistry=https://a.example\nignore-scripts=true\n", head: "-- .npmrc --\n; why\nignore-scripts = true\nregistry = \"https://a.example/\"\n"},
		{name: "a registry's URL in other letters", base: "-- .npmrc --\nregistry=https://A.example:443/npm\n", head: "-- .npmrc --\nregistry=https://a.example/npm/\n"},
		{name: "the public registry, said aloud", head: "-- .npmrc --\nregistry=https://registry.npmjs.org/\n"},
		{name: "the public registry's other name", base: "-- .yarnrc --\nregistry \"https://registry.yarnpkg.com\"\n", head: "-- .yarnrc --\nregistry \"https://registry.npmjs.org/\"\n"},
		{name: "a flag spelled as a bare key", base: "-- .npmrc --\nignore-scripts=true\n", head: "-- .npmrc --\nignore-scripts\n"},
		{name: "a setting that moves from .npmrc to pnpm-workspace.yaml", managers: manager("pnpm", "10.20.0"),
			base: "-- .npmrc --\nminimum-release-age=10080\nblock-exotic-subdeps=true\n", head: "-- pnpm-workspace.yaml --\nminimumReleaseAge: 10080\nblockExoticSubdeps: true\n"},
		{name: "pnpm's key of package.json that moves to pnpm-workspace.yaml", managers: manager("pnpm", "10.20.0"),
			base: "-- package.json --\n{\"pnpm\": {\"onlyBuiltDependencies\": [\"esbuild\"], \"overrides\": {\"a\": \"1\"}, \"patchedDependencies\": {\"b@1\": \"patches/b.patch\"}}}\n",
			head: "-- package.json --\n{}\n-- pnpm-workspace.yaml --\nonlyBuiltDependencies:\n  - esbuild\noverrides:\n  a: '1'\npatchedDependencies:\n  b@1: patches/b.patch\n"},
		{name: "resolutions that become overrides", base: "-- package.json --\n{\"resolutions\": {\"**/a\": \"1\"}}\n", head: "-- package.json --\n{\"overrides\": {\"a\": \"1\"}}\n"},
		{name: "onlyBuiltDependencies that becomes allowBuilds", managers: manager("pnpm", "10.20.0"),
			base: "-- pnpm-workspace.yaml --\nonlyBuiltDependencies: [esbuild]\n", head: "-- pnpm-workspace.yaml --\nallowBuilds:\n  esbuild: true\n"},
		{name: "a binding.gyp that a script keeps from being built", base: "-- package.json --\n{\"scripts\": {\"install\": \"true\"}}\n", head: "-- package.json --\n{\"scripts\": {\"install\": \"true\"}}\n-- binding.gyp --\n{}\n"},
		{name: "a binding.gyp of a folder that is no project", head: "-- deps/binding.gyp --\n{}\n"},
		{name: "an older word for what is left out", base: "-- .npmrc --\nproduction=true\n", head: "-- .npmrc --\nomit=dev\n"},
		{name: "what is left out by two words, and by one", base: "-- .npmrc --\nonly=production\nomit[]=dev\nomit[]=optional\n", head: "-- .npmrc --\nomit[]=optional\nproduction=true\n"},
		{name: "words that leave nothing out", base: "-- .npmrc --\nproduction=false\n", head: "-- .npmrc --\ndev=true\n"},
		{name: "a runtime that is asked for and not downloaded", head: "-- package.json --\n{\"devEngines\": {\"runtime\": {\"name\": \"node\", \"version\": \">=22\", \"onFail\": \"error\"}}, \"engines\": {\"node\": \">=22\"}}\n"},
		{name: "what Bun does by itself", head: "-- bunfig.toml --\nlogLevel = \"warn\"\n[install]\nauto = \"auto\"\n[test]\ncoverage = true\n"},
		{name: "one word for a list of one", base: "-- bunfig.toml --\npreload = \"./a.ts\"\n", head: "-- bunfig.toml --\npreload = [\"./a.ts\"]\n"},
		{name: "the same age in Yarn's units", base: "-- .yarnrc.yml --\nnpmMinimalAgeGate: 10080\n", head: "-- .yarnrc.yml --\nnpmMinimalAgeGate: 7d\n"},
		{name: "the age that pnpm 11 keeps by itself", managers: manager("pnpm", "11.2.0"), head: "-- pnpm-workspace.yaml --\nminimumReleaseAge: 1440\n"},
		{name: "what npm 12 does by itself", managers: manager("npm", "12.0.0"), head: "-- .npmrc --\nallow-git=none\nallow-remote=none\nignore-scripts=false\nstrict-ssl=true\n"},
		{name: "an anchor for what stood there twice", base: "-- pnpm-workspace.yaml --\nallowBuilds: {a: true}\n", head: "-- pnpm-workspace.yaml --\nx: &t true\nallowBuilds: {a: *t}\n"},
		{name: "a secret for the public registry", head: "-- .npmrc --\n//registry.npmjs.org/:_authToken=${NPM_TOKEN}\n"},
		{name: "a version that pins what was allowed", base: "-- package.json --\n{\"allowScripts\": {\"a\": true}, \"dependencies\": {\"b\": \"1\"}}\n", head: "-- package.json --\n{\"allowScripts\": {\"a\": true}, \"dependencies\": {\"b\": \"2\"}}\n"},
		{name: "a range in a catalog", base: "-- pnpm-workspace.yaml --\ncatalog: {a: ^1.0.0}\n", head: "-- pnpm-workspace.yaml --\ncatalog: {a: ^2.0.0}\n"},
		{name: "settings in a section, which npm does not read", head: "-- .npmrc --\n[x]\nregistry=https://evil.example/\n"},
		{name: "a package of Bun's own list, allowed aloud", managers: manager("bun", "1.4.5"), base: "-- package.json --\n{\"trustedDependencies\": []}\n", head: "-- package.json --\n{\"trustedDependencies\": []}\n"},
		{name: "flags in other words", base: "-- pnpm-workspace.yaml --\nblockExoticSubdeps: false\n-- .yarnrc.yml --\nenableScripts: false\n", head: "-- pnpm-workspace.yaml --\nblockExoticSubdeps: 0\n-- .yarnrc.yml --\nenableScripts: '0'\n"},
		{name: "what other clients than the project's would read in a file of many", managers: manager("npm", "11.0.0"), head: "-- package.json --\n{\"resolutions\": {\"a\": \"npm:b@1\"}}\n"},
		{name: "a flag that npm has off by itself, said aloud", head: "-- .npmrc --\ndev=false\n"},
		{name: "npm's own values, said aloud", head: "-- .npmrc --\nreplace-registry-host=npmjs\ngit=git\n"},
		{name: "files below node_modules", head: "-- node_modules/a/.npmrc --\nregistry=https://evil.example/\n"},
		{name: "a file that could not be read before either", base: "-- pnpm-workspace.yaml --\na: [\n", head: "-- pnpm-workspace.yaml --\na: [\n"},
		{name: "pnpm's key of package.json, which pnpm 11 does not read", managers: manager("pnpm", "11.0.0"), head: "-- package.json --\n{\"pnpm\": {\"onlyBuiltDependencies\": [\"a\"]}}\n"},
	} {
		p.run(t)
	}
}

// TestOpened are changes that let more through, or from elsewhere.
func TestOpened(t *testing.T) {
	const gyp, scripts = "-- binding.gyp --\n{}\n", "-- package.json --\n{\"scripts\": {\"preinstall\": \"true\"}}\n"
	built := []string{"binding.gyp:1 own-script opened node-gyp rebuild: - → sha256 ca3d163bab05…"}
	for _, p := range []pullRequest{
		{name: "a binding.gyp", base: "-- package.json --\n{}\n", head: "-- package.json --\n{}\n" + gyp, want: built},
		{name: "a script goes that kept npm from building", managers: manager("npm", "11.0.0"), base: scripts + gyp, head: "-- package.json --\n{}\n" + gyp,
			want: append(built, "package.json:1 (base) guard-closed closed scripts.preinstall: true → -")},
		{name: "another binding.gyp", base: "-- package.json --\n{}\n" + gyp, head: "-- package.json --\n{}\n-- binding.gyp --\n{ }\n", want: []string{
			"binding.gyp:1 own-script changed node-gyp rebuild: sha256 ca3d163bab05… → sha256 1d6faa9e1a76…"}},
		{name: "no binding.gyp any more", base: "-- package.json --\n{}\n" + gyp, head: "-- package.json --\n{}\n", want: []string{
			"binding.gyp:1 (base) guard-closed closed node-gyp rebuild: sha256 ca3d163bab05… → -"}},
		{name: "what is left out, one of two", base: "-- .npmrc --\nomit[]=dev\nomit[]=peer\n", head: "-- .npmrc --\nomit[]=peer\n", want: []string{
			".npmrc:1 (base) installs-more opened omit: dev → - of dev"}},
		{name: "what is left out, by its other value", base: "-- .yarnrc --\nproduction true\n", head: "-- .yarnrc --\n# x\nproduction false\n", want: []string{
			".yarnrc:2 installs-more opened production: true → false of dev"}},
		{name: "what is left out, and more than that", base: "-- .npmrc --\nproduction=true\n", head: "-- .npmrc --\nproduction=false\n", want: []string{
			".npmrc:1 installs-more opened production: true → false of dev"}},
		{name: "more is left out", head: "-- bunfig.toml --\n[install]\noptional = false\n", want: []string{
			"bunfig.toml:2 guard-closed closed install.optional: - → false of optional"}},
		{name: "what Bun loads for tests", base: "-- bunfig.toml --\npreload = [\"./a.ts\"]\n", head: "-- bunfig.toml --\n[test]\npreload = [\n\"./a.ts\",\n\"./b.ts\"\n]\n", want: []string{
			"bunfig.toml:4 code-on-run opened test.preload: - → ./b.ts"}},
		{name: "another runtime", base: "-- package.json --\n{\"devEngines\": {\"runtime\": [{\"name\": \"node\", \"version\": \"22\", \"onFail\": \"download\"}]}}\n",
			head: "-- package.json --\n{\"devEngines\": {\"runtime\": [{\"name\": \"node\", \"version\": \"18\", \"onFail\": \"download\"}]}}\n", want: []string{
				"package.json:1 runtime changed devEngines.runtime: node@22 → node@18"}},
		{name: "a registry for a scope", head: "-- .npmrc --\n@acme:registry=https://evil.example\n", want: []string{
			".npmrc:1 registry-changed opened @acme:registry: - → https://evil.example/ of @acme at evil.example"}},
		{name: "a registry of a scope that goes away", base: "-- .npmrc --\n# ours\n@acme:registry=https://npm.acme.example\n", want: []string{
			".npmrc:2 (base) registry-changed opened @acme:registry: https://npm.acme.example/ → - of @acme at registry.npmjs.org"}},
		{name: "a second registry beside the first", base: "-- .npmrc --\nregistry=https://good.example\n", head: "-- .npmrc --\nregistry=https://good.example\n-- .yarnrc.yml --\nnpmRegistryServer: https://evil.example\n", want: []string{
			".yarnrc.yml:1 registry-changed opened npmRegistryServer: https://good.example/ → https://evil.example/ at evil.example"}},
		{name: "a registry in a workspace's folder", head: "-- packages/a/.npmrc --\nregistry=https://evil.example\n", want: []string{
			"packages/a/.npmrc:1 registry-changed opened registry: - → https://evil.example/ at evil.example"}},
		{name: "pnpm's registries, old and new", head: "-- pnpm-workspace.yaml --\nregistries:\n  '@a': https://a.example\n  https://b.example:\n    scopes: ['@b']\n    prefix: work\nnamedRegistries:\n  gh: https://c.example\n", want: []string{
			"pnpm-workspace.yaml:2 registry-changed opened registries.@a: - → https://a.example/ of @a at a.example",
			"pnpm-workspace.yaml:3 registry-changed opened registries.https://b.example: - → https://b.example/ of @b at b.example",
			"pnpm-workspace.yaml:3 registry-changed opened registries.https://b.example: - → https://b.example/ of work: at b.example",
			"pnpm-workspace.yaml:7 registry-changed opened namedRegistries.gh: - → https://c.example/ of gh: at c.example"}},
		{name: "Bun's registries, with a token", head: "-- bunfig.toml --\n[install]\nregistry = {url = \"https://a.example\", token = \"abc\"}\n\n[install.scopes]\nacme = \"https://b.example\"\n", want: []string{
			"bunfig.toml:2 credentials opened install.registry.token: - → ••• of a.example at a.example",
			"bunfig.toml:2 registry-changed opened install.registry: - → https://a.example/ at a.example",
			"bunfig.toml:5 registry-changed opened install.scopes.acme: - → https://b.example/ of @acme at b.example"}},
		{name: "a password in a registry's URL is not shown", head: "-- .npmrc --\nregistry=https://registry.npmjs.org:pass@evil.example/\n", want: []string{
			".npmrc:1 registry-changed opened registry: - → https://evil.example/ at evil.example"}},
		{name: "a registry by plain http is another", base: "-- .npmrc --\nregistry=https://a.example\n", head: "-- .npmrc --\nregistry=http://a.example\n", want: []string{
			".npmrc:1 registry-changed opened registry: https://a.example/ → http://a.example/ at a.example"}},
		{name: "the last of two lines counts", base: "-- .npmrc --\nregistry=https://good.example\n", head: "-- .npmrc --\nregistry=https://evil.example\n# \nregistry=https://good.example\n", want: nil},
		{name: "and the last may be the bad one", base: "-- .npmrc --\nignore-scripts=true\n", head: "-- .npmrc --\nignore-scripts=true\n\nignore-scripts = false\n", want: []string{
			".npmrc:3 all-scripts-allowed opened ignore-scripts: true → false"}},
		{name: "a guard that is an array", base: "-- .npmrc --\nignore-scripts=true\n", head: "-- .npmrc --\nignore-scripts[]=false\n", want: []string{
			".npmrc:1 all-scripts-allowed opened ignore-scripts: true → false"}},
		{name: "a guard behind a byte order mark and quotes", base: "-- .npmrc --\nignore-scripts=true\n", head: "-- .npmrc --\n\ufeff\"ignore\\u002dscripts\"='false'\n", want: []string{
			".npmrc:1 all-scripts-allowed opened ignore-scripts: true → false"}},
		{name: "a value that nobody understands", base: "-- .npmrc --\nmin-release-age=7\n", head: "-- .npmrc --\nmin-release-age=${DAYS}\n", want: []string{
			".npmrc:1 release-age opened min-release-age: 7 days → ${DAYS}"}},
		{name: "a key from the environment", head: "-- .npmrc --\n${X}=https://evil.example/\n", want: []string{
			".npmrc:1 settings-unread opened ${X}: - → ${X} of ${X}"}},
		{name: "a move to where pnpm 11 does not look", managers: manager("pnpm", "11.0.0"), base: "-- pnpm-workspace.yaml --\nminimumReleaseAge: 10080\n", head: "-- .npmrc --\nminimum-release-age=10080\n", want: []string{
			"pnpm-workspace.yaml:1 (base) release-age opened minimumReleaseAge: 7 days → 1 day"}},
		{name: "the same where pnpm's version is not known", base: "-- pnpm-workspace.yaml --\nminimumReleaseAge: 10080\n", head: "-- .npmrc --\nminimum-release-age=10080\n", want: []string{
			"pnpm-workspace.yaml:1 (base) release-age opened minimumReleaseAge: 7 days → 1 day"}},
		{name: "a looser value though another file had it", managers: manager("pnpm", "10.0.0"), base: "-- .npmrc --\nignore-scripts=false\n-- pnpm-workspace.yaml --\nignoreScripts: true\n", head: "-- .npmrc --\nignore-scripts=false\n-- pnpm-workspace.yaml --\nignoreScripts: false\n", want: []string{
			"pnpm-workspace.yaml:1 all-scripts-allowed opened ignoreScripts: true → false"}},
		{name: "ages of every client, each in its unit", base: "-- .npmrc --\nmin-release-age=3\n-- pnpm-workspace.yaml --\nminimumReleaseAge: 4320\n-- .yarnrc.yml --\nnpmMinimalAgeGate: 3d\n-- bunfig.toml --\n[install]\nminimumReleaseAge = 259200\n",
			head: "-- .npmrc --\nmin-release-age=2\n-- pnpm-workspace.yaml --\nminimumReleaseAge: 90\n-- .yarnrc.yml --\nnpmMinimalAgeGate: 1.5h\n-- bunfig.toml --\n[install]\nminimumReleaseAge = 30\n", want: []string{
				".npmrc:1 release-age opened min-release-age: 3 days → 2 days", ".yarnrc.yml:1 release-age opened npmMinimalAgeGate: 3 days → 1.5 hours",
				"bunfig.toml:2 release-age opened install.minimumReleaseAge: 3 days → 30 seconds", "pnpm-workspace.yaml:1 release-age opened minimumReleaseAge: 3 days → 1.5 hours"}},
		{name: "npm's before, later and gone", base: "-- .npmrc --\nbefore=2026-01-01\n-- a/.npmrc --\nbefore=2026-01-01\n", head: "-- .npmrc --\nbefore=2026-06-01\n", want: []string{
			".npmrc:1 release-age opened before: 2026-01-01 → 2026-06-01", "a/.npmrc:1 (base) release-age opened before: 2026-01-01 → -"}},
		{name: "a scope's own age gate in Yarn", base: "-- .yarnrc.yml --\nnpmMinimalAgeGate: 3d\n", head: "-- .yarnrc.yml --\nnpmMinimalAgeGate: 3d\nnpmScopes:\n  acme:\n    npmMinimalAgeGate: 0\n", want: []string{
			".yarnrc.yml:4 release-age opened npmScopes.acme.npmMinimalAgeGate: 3 days → - of @acme"}},
		{name: "a guard that the package manager before still read", base: "-- package.json --\n{\"packageManager\": \"pnpm@10.1.0\"}\n-- .npmrc --\nminimum-release-age=10080\n", head: "-- package.json --\n{\"packageManager\": \"pnpm@11.1.0\"}\n", want: []string{
			".npmrc:1 (base) release-age opened minimum-release-age: 7 days → -", "package.json:1 package-manager changed packageManager: pnpm@10.1.0 → pnpm@11.1.0 of pnpm 11.1.0"}},
		{name: "an exemption beside an array", base: "-- .npmrc --\nmin-release-age-exclude[]=a\n", head: "-- .npmrc --\nmin-release-age-exclude[]=a\nmin-release-age-exclude=b\nmin-release-age-exclude=c\n", want: []string{
			".npmrc:2 release-age-exempt opened min-release-age-exclude: - → b of b", ".npmrc:3 release-age-exempt opened min-release-age-exclude: - → c of c"}},
		{name: "exemptions from the gate", head: "-- .npmrc --\nmin-release-age-exclude[]=a\n-- .yarnrc.yml --\nnpmPreapprovedPackages: [b]\n-- bunfig.toml --\ninstall.minimumReleaseAgeExcludes = [\"c\"]\n-- pnpm-workspace.yaml --\nminimumReleaseAgeExclude:\n  - d\n", want: []string{
			".npmrc:1 release-age-exempt opened min-release-age-exclude: - → a of a", ".yarnrc.yml:1 release-age-exempt opened npmPreapprovedPackages: - → b of b",
			"bunfig.toml:1 release-age-exempt opened install.minimumReleaseAgeExcludes: - → c of c", "pnpm-workspace.yaml:2 release-age-exempt opened minimumReleaseAgeExclude: - → d of d"}},
		{name: "checks of the transport and of trust", head: "-- .npmrc --\nstrict-ssl=false\npackage-lock=false\n-- .yarnrc.yml --\nchecksumBehavior: update\nenableHardenedMode: false\nunsafeHttpWhitelist:\n  - '*.example'\n-- pnpm-workspace.yaml --\ntrustPolicyExclude: [a]\nverifyStoreIntegrity: false\n", want: []string{
			".npmrc:1 trust-weakened opened strict-ssl: - → false", ".npmrc:2 trust-weakened opened package-lock: - → false",
			".yarnrc.yml:1 trust-weakened opened checksumBehavior: - → update", ".yarnrc.yml:2 trust-weakened opened enableHardenedMode: - → false",
			".yarnrc.yml:4 trust-weakened opened unsafeHttpWhitelist: - → *.example of *.example",
			"pnpm-workspace.yaml:1 trust-weakened opened trustPolicyExclude: - → a of a", "pnpm-workspace.yaml:2 trust-weakened opened verifyStoreIntegrity: - → false"}},
		{name: "sources that are no registry", managers: manager("npm", "12.1.0"), head: "-- .npmrc --\nallow-git=root\nallow-remote=all\n-- .yarnrc.yml --\napprovedGitRepositories: ['**']\n", want: []string{
			".npmrc:1 exotic-sources opened allow-git: - → root", ".npmrc:2 exotic-sources opened allow-remote: - → all", ".yarnrc.yml:1 exotic-sources opened approvedGitRepositories: - → ** of **"}},
		{name: "code that the package manager runs, by name", head: "-- .npmrc --\nscript-shell=./sh\nnode-options=--require ./x.js\n-- .yarnrc --\nyarn-path \"./y.js\"\nenv:\n  NODE_OPTIONS \"--require ./x.js\"\n-- .yarnrc.yml --\nplugins:\n  - path: .yarn/plugins/p.cjs\n    spec: https://evil.example/p.js\n-- bunfig.toml --\n[install.security]\nscanner = \"s\"\n", want: []string{
			".npmrc:1 code-on-install opened script-shell: - → ./sh", ".npmrc:2 code-on-install opened node-options: - → --require ./x.js",
			".yarnrc:1 code-on-install opened yarn-path: - → ./y.js", ".yarnrc:3 code-on-install opened env.NODE_OPTIONS: - → --require ./x.js of NODE_OPTIONS",
			".yarnrc.yml:2 code-on-install opened plugins: - → .yarn/plugins/p.cjs of .yarn/plugins/p.cjs", ".yarnrc.yml:3 code-on-install opened plugins: - → https://evil.example/p.js of https://evil.example/p.js",
			"bunfig.toml:2 code-on-install opened install.security.scanner: - → s"}},
		{name: "a scanner that goes away", base: "-- bunfig.toml --\n[install.security]\nscanner = \"s\"\n", want: []string{
			"bunfig.toml:2 (base) trust-weakened opened install.security.scanner: s → -"}},
		{name: "code in files, new, changed and gone", base: "-- .pnpmfile.mjs --\na\n-- .yarn/plugins/p.cjs --\na\n", head: "-- .pnpmfile.mjs --\nb\n-- .npm-extension.cjs --\n\n-- .corepack.env --\na\n-- yarn.config.cjs --\na\n", want: []string{
			".corepack.env:1 code-on-install opened .corepack.env: - → sha256 87428fc52280…", ".npm-extension.cjs:1 code-on-install opened .npm-extension.cjs: - → sha256 01ba4719c80b…", ".pnpmfile.mjs:1 code-on-install changed .pnpmfile.mjs: sha256 87428fc52280… → sha256 0263829989b6…",
			".yarn/plugins/p.cjs:1 (base) guard-closed closed .yarn/plugins/p.cjs: sha256 87428fc52280… → -"}},
		{name: "a pnpmfile of another name is told once, and its changes too", base: "-- b/pnpm-workspace.yaml --\npnpmfile: hooks.cjs\n-- b/hooks.cjs --\na\n", head: "-- a/pnpm-workspace.yaml --\npnpmfile: hooks.cjs\n-- a/hooks.cjs --\na\n-- b/pnpm-workspace.yaml --\npnpmfile: hooks.cjs\n-- b/hooks.cjs --\nb\n", want: []string{
			"a/pnpm-workspace.yaml:1 code-on-install opened pnpmfile: - → hooks.cjs", "b/hooks.cjs:1 code-on-install changed b/hooks.cjs: sha256 87428fc52280… → sha256 0263829989b6…"}},
		{name: "another Yarn in the repository is told once", base: "-- .yarnrc.yml --\nyarnPath: .yarn/releases/yarn-4.5.0.cjs\n-- .yarn/releases/yarn-4.5.0.cjs --\na\n", head: "-- .yarnrc.yml --\nyarnPath: .yarn/releases/yarn-4.6.0.cjs\n-- .yarn/releases/yarn-4.6.0.cjs --\nb\n", want: []string{
			".yarnrc.yml:1 code-on-install opened yarnPath: .yarn/releases/yarn-4.5.0.cjs → .yarn/releases/yarn-4.6.0.cjs"}},
		{name: "overrides that lead elsewhere", head: "-- package.json --\n{\"overrides\": {\n\"a\": {\".\": \"1\", \"b\": \"npm:evil@1\"},\n\"c\": \"https://evil.example/c.tgz\",\n\"d\": \"owner/d\",\n\"e\": \"npm:e@2\",\n\"f\": \"$f\"}}\n", want: []string{
			"package.json:2 override changed overrides.a: - → 1 of a", "package.json:2 override opened overrides.a>b: - → npm:evil@1 of b", "package.json:3 override opened overrides.c: - → https://evil.example/c.tgz of c",
			"package.json:4 override opened overrides.d: - → owner/d of d", "package.json:5 override changed overrides.e: - → npm:e@2 of e", "package.json:6 override changed overrides.f: - → $f of f"}},
		{name: "an override of a scoped package that leads to its bare name", head: "-- package.json --\n{\"overrides\": {\"@acme/a\": \"npm:a@1\"}, \"resolutions\": {\"b/c\": \"npm:c@1\", \"b/@acme/c\": \"npm:@acme/c@1\"}, \"pnpm\": {\"overrides\": {\"qs@>=6 <7\": \"6.5.3\"}}}\n", want: []string{
			"package.json:1 override opened overrides.@acme/a: - → npm:a@1 of @acme/a", "package.json:1 override changed pnpm.overrides.qs@>=6 <7: - → 6.5.3 of qs",
			"package.json:1 override changed resolutions.b/@acme/c: - → npm:@acme/c@1 of @acme/c", "package.json:1 override changed resolutions.b/c: - → npm:c@1 of c"}},
		{name: "a patch as Yarn names it, told once", head: "-- package.json --\n{\"resolutions\": {\"a@npm:1.0.0\": \"patch:a@npm%3A1.0.0#~/.yarn/patches/a.patch\"}}\n-- .yarn/patches/a.patch --\nx\n", want: []string{
			"package.json:1 patch opened resolutions.a@npm:1.0.0: - → patch:a@npm%3A1.0.0#~/.yarn/patches/a.patch of a"}},
		{name: "comments behind values of a .yarnrc", base: "-- .yarnrc --\nignore-scripts true # safe\n", head: "-- .yarnrc --\nignore-scripts false # true\n", want: []string{
			".yarnrc:1 all-scripts-allowed opened ignore-scripts: true → false"}},
		{name: "a registry that the environment decides", head: "-- .yarnrc.yml --\nnpmRegistryServer: \"${REGISTRY:-https://evil.example}\"\n", want: []string{
			".yarnrc.yml:1 registry-changed opened npmRegistryServer: - → ${REGISTRY:-https://evil.example} at ${REGISTRY:-https://evil.example}"}},
		{name: "words of YAML 1.1, which pnpm 12 reads", head: "-- pnpm-workspace.yaml --\nallowBuilds:\n  a: yes\n  b: On\n  c: y\n  d: no\n  e: 1\npermissions: {f: {build: yes}}\n", want: []string{
			"pnpm-workspace.yaml:2 scripts-allowed opened allowBuilds.a: - → allow of a", "pnpm-workspace.yaml:3 scripts-allowed opened allowBuilds.b: - → allow of b",
			"pnpm-workspace.yaml:4 scripts-allowed opened allowBuilds.c: - → allow of c", "pnpm-workspace.yaml:7 scripts-allowed opened permissions.f.build: - → allow of f"}},
		{name: "constraints that run at every installation", base: "-- .yarnrc.yml --\nenableConstraintsChecks: true\n-- yarn.config.cjs --\na\n-- w/yarn.config.cjs --\na\n", head: "-- .yarnrc.yml --\nenableConstraintsChecks: true\n-- yarn.config.cjs --\nb\n-- w/yarn.config.cjs --\nb\n", want: []string{
			"yarn.config.cjs:1 code-on-install changed yarn.config.cjs: sha256 87428fc52280… → sha256 0263829989b6…"}},
		{name: "a lockfile under a name of its own", base: "-- .yarnrc.yml --\nlockfileFilename: other.lock\n-- other.lock --\na\n", head: "-- .yarnrc.yml --\nlockfileFilename: other.lock\n-- other.lock --\nb\n", want: []string{
			"other.lock:1 settings-unread opened other.lock: sha256 87428fc52280… → it is a lockfile under a name of its own"}},
		{name: "programs that settings name", base: "-- .npmrc --\nscript-shell=tools/sh\ngit=tools/git\n-- tools/sh --\na\n-- tools/git --\na\n", head: "-- .npmrc --\nscript-shell=tools/sh\ngit=tools/git\n-- tools/sh --\nb\n-- tools/git --\nb\n", want: []string{
			"tools/git:1 code-on-install changed tools/git: sha256 87428fc52280… → sha256 0263829989b6…", "tools/sh:1 code-on-install changed tools/sh: sha256 87428fc52280… → sha256 0263829989b6…"}},
		{name: "a patch that a resolution names changes", base: "-- package.json --\n{\"resolutions\": {\"a\": \"patch:a@npm%3A1.0.0#./fix/a.patch\"}}\n-- fix/a.patch --\nx\n", head: "-- package.json --\n{\"resolutions\": {\"a\": \"patch:a@npm%3A1.0.0#./fix/a.patch\"}}\n-- fix/a.patch --\ny\n", want: []string{
			"fix/a.patch:1 patch changed fix/a.patch: sha256 73cb3858a687… → sha256 3bb2abb69ebb… of a"}},
		{name: "what Bun takes from the environment", managers: manager("bun", "1.4.5"), base: "-- .env --\nDATABASE_URL=postgres://a\nPORT=1\n", head: "-- .env --\nDATABASE_URL=postgres://b\nPATH_PREFIX=/x\n# NPM_CONFIG_REGISTRY=https://no.example\nexport NPM_CONFIG_REGISTRY=\"https://evil.example\"\n-- .env.local --\nNODE_OPTIONS: --require ./x.js\nnpm_config__authToken=abc\nNODE_TLS_REJECT_UNAUTHORIZED=0\n", want: []string{
			".env:4 registry-changed opened NPM_CONFIG_REGISTRY: - → https://evil.example/ at evil.example", ".env.local:1 code-on-install opened NODE_OPTIONS: - → --require ./x.js of NODE_OPTIONS", ".env.local:2 code-on-install opened npm_config__authToken: - → ••• of npm_config__authToken",
			".env.local:3 trust-weakened opened NODE_TLS_REJECT_UNAUTHORIZED: - → 0"}},
		{name: "what Bun takes from it, as the lockfile shows that it does", base: "-- bun.lock --\n{}\n", head: "-- bun.lock --\n{}\n-- .env --\nBUN_CONFIG_REGISTRY=https://evil.example\n", want: []string{
			".env:1 registry-changed opened BUN_CONFIG_REGISTRY: - → https://evil.example/ at evil.example"}},
		{name: "which npm does not read", managers: manager("npm", "11.0.0"), head: "-- .env --\nNPM_CONFIG_REGISTRY=https://evil.example\nNODE_OPTIONS=x\n", want: nil},
		{name: "a flag in quotes is no flag", base: "-- pnpm-workspace.yaml --\ndangerouslyAllowAllBuilds: false\nignoreScripts: true\n", head: "-- pnpm-workspace.yaml --\ndangerouslyAllowAllBuilds: 'false'\nignoreScripts: 'true'\n", want: []string{
			`pnpm-workspace.yaml:1 all-scripts-allowed opened dangerouslyAllowAllBuilds: false → "false"`, `pnpm-workspace.yaml:2 all-scripts-allowed opened ignoreScripts: true → "true"`}},
		{name: "a catalog that leads elsewhere", base: "-- pnpm-workspace.yaml --\ncatalogs: {x: {a: ^1.0.0}}\n", head: "-- pnpm-workspace.yaml --\ncatalogs: {x: {a: 'npm:evil@1'}}\n", want: []string{
			"pnpm-workspace.yaml:1 override opened catalogs.x.a: ^1.0.0 → npm:evil@1 of a"}},
		{name: "a dependency that the project adds to another's package", head: "-- .yarnrc.yml --\npackageExtensions:\n  a@*:\n    dependencies:\n      evil: 1\n", want: []string{
			".yarnrc.yml:4 override changed packageExtensions.a@*>evil: - → 1 of evil"}},
		{name: "a patch, told once where it is named", head: "-- package.json --\n{\"pnpm\": {\"patchedDependencies\": {\n\"a@1\": \"patches/a.patch\"}}}\n-- patches/a.patch --\nx\n", want: []string{
			"package.json:2 patch opened pnpm.patchedDependencies.a@1: - → patches/a.patch of a"}},
		{name: "a patch that changes", base: "-- patches/a.patch --\nx\n", head: "-- patches/a.patch --\ny\n", want: []string{
			"patches/a.patch:1 patch changed patches/a.patch: sha256 73cb3858a687… → sha256 3bb2abb69ebb… of a"}},
		{name: "a config dependency", base: "-- pnpm-workspace.yaml --\nconfigDependencies: {a: 1.0.0+sha512-x}\n", head: "-- pnpm-workspace.yaml --\nconfigDependencies:\n  a: 1.1.0+sha512-y\n  b: 1.0.0+sha512-z\n", want: []string{
			"pnpm-workspace.yaml:2 config-dependency changed configDependencies.a: 1.0.0+sha512-x → 1.1.0+sha512-y of a", "pnpm-workspace.yaml:3 config-dependency opened configDependencies.b: - → 1.0.0+sha512-z of b"}},
		{name: "another package manager", base: "-- package.json --\n{\"packageManager\": \"pnpm@10.1.0\"}\n", head: "-- package.json --\n{\"packageManager\": \"pnpm@9.1.0\"}\n", want: []string{
			"package.json:1 package-manager opened packageManager: pnpm@10.1.0 → pnpm@9.1.0 of pnpm 9.1.0"}},
		{name: "a newer one", base: "-- package.json --\n{\"packageManager\": \"pnpm@10.1.0\"}\n", head: "-- package.json --\n{\"packageManager\": \"pnpm@10.2.0\"}\n", want: []string{
			"package.json:1 package-manager changed packageManager: pnpm@10.1.0 → pnpm@10.2.0 of pnpm 10.2.0"}},
		{name: "a file that can no longer be read keeps what it said", base: "-- pnpm-workspace.yaml --\nminimumReleaseAge: 10080\n", head: "-- pnpm-workspace.yaml --\nminimumReleaseAge: 10080\nminimumReleaseAge: 0\n", want: []string{
			"pnpm-workspace.yaml:2 settings-unread opened pnpm-workspace.yaml: - → the key \"minimumReleaseAge\" appears twice in the same mapping; readers would disagree on which counts"}},
		{name: "merge keys and anchors", head: "-- pnpm-workspace.yaml --\nx: &x {esbuild: true}\nallowBuilds:\n  <<: *x\n", want: []string{
			"pnpm-workspace.yaml:3 scripts-allowed opened allowBuilds.esbuild: - → allow of esbuild"}},
		{name: "a .yarnrc.yml that Yarn would read in another grammar", head: "-- .yarnrc.yml --\n# yarn lockfile v1\nenableScripts: true\n", want: []string{
			".yarnrc.yml:1 settings-unread opened .yarnrc.yml: - → the file's first lines make Yarn read it as a lockfile of Yarn 1, in another grammar"}},
	} {
		p.run(t)
	}
}

// TestScriptLists are changes of whose scripts may run.
func TestScriptLists(t *testing.T) {
	for _, p := range []pullRequest{
		{name: "one version becomes every version", base: "-- package.json --\n{\"allowScripts\": {\"a@1.0.0\": true}}\n", head: "-- package.json --\n{\"allowScripts\": {\"a\": true}}\n", want: []string{
			"package.json:1 scripts-allowed opened allowScripts.a: - → allow of a"}},
		{name: "every version becomes one", base: "-- package.json --\n{\"allowScripts\": {\"a\": true}}\n", head: "-- package.json --\n{\"allowScripts\": {\"a@1.0.0\": true}}\n", want: []string{
			"package.json:1 (base) guard-closed closed allowScripts.a: allow → - of a"}},
		{name: "several versions of one key", base: "-- package.json --\n{\"allowScripts\": {\"a@1.0.0\": true}}\n", head: "-- package.json --\n{\"allowScripts\": {\"a@1.0.0 || 2.0.0\": true}}\n", want: []string{
			"package.json:1 scripts-allowed opened allowScripts.a@1.0.0 || 2.0.0: - → allow of a@2.0.0"}},
		{name: "npm's list in .npmrc", managers: manager("npm", "12.0.0"), head: "-- .npmrc --\nallow-scripts=a, b\n", want: []string{
			".npmrc:1 scripts-allowed opened allow-scripts: - → allow of a", ".npmrc:1 scripts-allowed opened allow-scripts: - → allow of b"}},
		{name: "which counts only where package.json has none", managers: manager("npm", "12.0.0"), base: "-- package.json --\n{\"allowScripts\": {\"x\": true}}\n", head: "-- package.json --\n{\"allowScripts\": {\"x\": true}}\n-- .npmrc --\nallow-scripts=a\n"},
		{name: "pnpm 12's permissions", managers: manager("pnpm", "12.21.0"), head: "-- pnpm-workspace.yaml --\npermissions:\n  a:\n    build: true\n", want: []string{
			"pnpm-workspace.yaml:3 scripts-allowed opened permissions.a.build: - → allow of a"}},
		{name: "a denial that goes away where scripts run by themselves", managers: manager("pnpm", "9.15.0"), base: "-- package.json --\n{\"pnpm\": {\"neverBuiltDependencies\": [\n\"a\"]}}\n", want: []string{
			"package.json:2 (base) scripts-allowed opened pnpm.neverBuiltDependencies: deny → - of a"}},
		{name: "a list of denials lets pnpm 10 run all others", managers: manager("pnpm", "10.34.9"), head: "-- pnpm-workspace.yaml --\nneverBuiltDependencies: []\n", want: []string{
			"pnpm-workspace.yaml:1 all-scripts-allowed opened neverBuiltDependencies: - → []"}},
		{name: "a list that goes away lets pnpm 9 run all", managers: manager("pnpm", "9.15.0"), base: "-- package.json --\n{\"pnpm\": {\"onlyBuiltDependencies\": [\"a\"]}}\n", want: []string{
			"package.json:1 (base) all-scripts-allowed opened pnpm.onlyBuiltDependencies: a list → -"}},
		{name: "a list that goes away beside one of denials", managers: manager("pnpm", "9.15.0"), base: "-- package.json --\n{\"pnpm\": {\n\"onlyBuiltDependencies\": [\"a\"],\n\"neverBuiltDependencies\": [\"b\"]}}\n", head: "-- package.json --\n{\"pnpm\": {\n\"neverBuiltDependencies\": [\"b\"]}}\n", want: []string{
			"package.json:2 (base) all-scripts-allowed opened pnpm.onlyBuiltDependencies: a list → -"}},
		{name: "a list that goes away, and who knows which pnpm", base: "-- package.json --\n{\"pnpm\": {\"onlyBuiltDependencies\": [\"a\"]}}\n", want: []string{
			"package.json:1 (base) all-scripts-allowed opened pnpm.onlyBuiltDependencies: a list → -"}},
		{name: "a list in a file of its own", managers: manager("pnpm", "10.34.9"), base: "-- pnpm-workspace.yaml --\nonlyBuiltDependenciesFile: x.json\n-- x.json --\n[\"a\"]\n", head: "-- pnpm-workspace.yaml --\nonlyBuiltDependenciesFile: x.json\n-- x.json --\n[\"a\",\n\"b\"]\n", want: []string{
			"x.json:2 scripts-allowed opened onlyBuiltDependenciesFile: - → allow of b"}},
		{name: "everything, dangerously", head: "-- pnpm-workspace.yaml --\ndangerouslyAllowAllBuilds: true\n-- .npmrc --\ndangerously-allow-all-scripts=true\n", want: []string{
			".npmrc:1 all-scripts-allowed opened dangerously-allow-all-scripts: - → true", "pnpm-workspace.yaml:1 all-scripts-allowed opened dangerouslyAllowAllBuilds: - → true"}},
		{name: "Yarn's exception for one package", base: "-- .yarnrc.yml --\nenableScripts: false\n", head: "-- .yarnrc.yml --\nenableScripts: false\n-- package.json --\n{\"dependenciesMeta\": {\"a\": {\n\"built\": true}}}\n", want: []string{
			"package.json:2 scripts-allowed opened dependenciesMeta.a.built: - → allow of a"}},
		{name: "Yarn 4.14 blocks by itself", managers: manager("yarn", "4.14.1"), base: "-- .yarnrc.yml --\nenableScripts: false\n", head: "-- .yarnrc.yml --\nnodeLinker: pnp\n"},
		{name: "Yarn 4.13 does not", managers: manager("yarn", "4.13.0"), base: "-- .yarnrc.yml --\nenableScripts: false\n", head: "-- .yarnrc.yml --\nnodeLinker: pnp\n", want: []string{
			".yarnrc.yml:1 (base) all-scripts-allowed opened enableScripts: false → -"}},
		{name: "Bun's own list comes back", managers: manager("bun", "1.4.5"), base: "-- package.json --\n{\"trustedDependencies\": [\"a\"]}\n", head: "-- package.json --\n{}\n", want: []string{
			"package.json:1 (base) all-scripts-allowed opened trustedDependencies: a list → -", "package.json:1 (base) guard-closed closed trustedDependencies: allow → - of a"}},
	} {
		p.run(t)
	}
}

// TestUpgrades: what Yarn 4.18 itself writes into .yarnrc.yml where it finds a
// lockfile of Yarn 3, so that the project goes on as before.
func TestUpgrades(t *testing.T) {
	const written = "-- .yarnrc.yml --\nenableScripts: true\nnpmMinimalAgeGate: 0\n"
	lockedBy := func(version int) settings.Manager { return settings.Manager{Name: "yarn", Lockfile: version} }
	for _, test := range []struct {
		name       string
		base, head []settings.Manager
		opened     int
	}{
		{"from Yarn 3", []settings.Manager{lockedBy(6)}, []settings.Manager{lockedBy(10)}, 0},
		{"from Yarn 1", []settings.Manager{lockedBy(1)}, []settings.Manager{lockedBy(10)}, 0},
		{"from Yarn 4.14", []settings.Manager{lockedBy(9)}, []settings.Manager{lockedBy(10)}, 1}, // it had no gate
		{"with no upgrade", []settings.Manager{lockedBy(10)}, []settings.Manager{lockedBy(10)}, 2},
		{"from nobody knows what", nil, []settings.Manager{lockedBy(10)}, 2},
		{"from npm", manager("npm", "10.0.0"), []settings.Manager{lockedBy(10)}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			changes := settings.Compare(project(t, "", test.base...), project(t, written, test.head...))
			if len(changes) != test.opened {
				t.Errorf("%v, want %d", lines(changes), test.opened)
			}
		})
	}
}

// TestAllowedBefore: an upgrade to a release that blocks scripts, with a list of
// those that go on running, lets nothing run that did not run before.
func TestAllowedBefore(t *testing.T) {
	manifest := func(manager, more string) string {
		return "-- package.json --\n{\"packageManager\": \"" + manager + "\"" + more + "}\n"
	}
	const allow = "-- pnpm-workspace.yaml --\nallowBuilds: {esbuild: true, sharp: true}\n"
	changed := func(from, to string) string {
		m, _, _ := strings.Cut(strings.Replace(to, "@", " ", 1), "+")
		return "package.json:1 package-manager changed packageManager: " + from + " → " + to + " of " + m
	}
	for _, p := range []pullRequest{
		{name: "pnpm 10 to 11, with the same list", base: manifest("pnpm@10.1.0", "") + "-- pnpm-workspace.yaml --\nonlyBuiltDependencies: [esbuild, sharp]\n",
			head: manifest("pnpm@11.1.0", "") + allow, want: []string{changed("pnpm@10.1.0", "pnpm@11.1.0")}},
		{name: "with one more", base: manifest("pnpm@10.1.0", "") + "-- pnpm-workspace.yaml --\nonlyBuiltDependencies: [esbuild]\n",
			head: manifest("pnpm@11.1.0", "") + allow, want: []string{changed("pnpm@10.1.0", "pnpm@11.1.0"),
				"pnpm-workspace.yaml:1 scripts-allowed opened allowBuilds.sharp: - → allow of sharp"}},
		{name: "pnpm 9, where all ran", base: manifest("pnpm@9.1.0", ""), head: manifest("pnpm@10.1.0", "") + "-- pnpm-workspace.yaml --\nonlyBuiltDependencies: [esbuild]\n",
			want: []string{changed("pnpm@9.1.0", "pnpm@10.1.0")}},
		{name: "pnpm 9, where a list kept them", base: manifest("pnpm@9.1.0", `, "pnpm": {"onlyBuiltDependencies": ["esbuild"]}`), head: manifest("pnpm@11.1.0", "") + allow,
			want: []string{changed("pnpm@9.1.0", "pnpm@11.1.0"), "pnpm-workspace.yaml:1 scripts-allowed opened allowBuilds.sharp: - → allow of sharp"}},
		{name: "npm 11", base: manifest("npm@11.1.0", ""), head: manifest("npm@12.1.0", `, "allowScripts": {"esbuild": true}`), want: []string{changed("npm@11.1.0", "npm@12.1.0")}},
		{name: "npm, of which nobody says the release", base: "-- package.json --\n{}\n", head: manifest("npm@12.1.0", `, "allowScripts": {"esbuild": true}`),
			want: []string{"package.json:1 package-manager changed packageManager: - → npm@12.1.0 of npm 12.1.0",
				"package.json:1 scripts-allowed opened allowScripts.esbuild: - → allow of esbuild"}},
		{name: "another family", base: manifest("npm@11.1.0", ""), head: manifest("pnpm@11.1.0", "") + allow, want: []string{
			changed("npm@11.1.0", "pnpm@11.1.0"),
			"pnpm-workspace.yaml:1 scripts-allowed opened allowBuilds.esbuild: - → allow of esbuild", "pnpm-workspace.yaml:1 scripts-allowed opened allowBuilds.sharp: - → allow of sharp"}},
	} {
		p.run(t)
	}
}
