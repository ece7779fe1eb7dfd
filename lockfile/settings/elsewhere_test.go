package settings_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockwarden/lockwarden/lockfile/settings"
)

// TestElsewhere are settings by which files, folders, hosts and programs of
// somebody's choice come in. Each opens where it is new, is quiet in another
// spelling and in base, and closes where it goes away.
func TestElsewhere(t *testing.T) {
	for _, row := range []struct {
		name, file string
		text       string
		same       string
		opens      []string
		// closes is whether its end is a note; otherwise nothing is said.
		closes bool
	}{
		{"npm's settings of the user", ".npmrc", "userconfig=./n", "userconfig = \"./n\"", []string{"trust-weakened opened userconfig: - → ./n"}, true},
		{"those of the machine", ".npmrc", "globalconfig=./n", "globalconfig = './n'", []string{"trust-weakened opened globalconfig: - → ./n"}, true},
		{"and where npm looks for them", ".npmrc", "prefix=./x", "\nprefix = ./x", []string{"trust-weakened opened prefix: - → ./x"}, true},
		{"a file outside the repository", ".npmrc", "userconfig=${HOME}/n", "userconfig = ${HOME}/n", []string{"trust-weakened changed userconfig: - → ${HOME}/n"}, true},
		{"pnpm's file of secrets", "pnpm-workspace.yaml", "npmrcAuthFile: ./n", "npmrcAuthFile: './n'", []string{"trust-weakened opened npmrcAuthFile: - → ./n"}, true},

		{"Bun's cache", "bunfig.toml", "[install.cache]\ndir = './x'", "install.cache.dir = \"./x\"", []string{"trust-weakened opened install.cache.dir: - → ./x"}, true},
		{"Bun's cache, in short", "bunfig.toml", "[install]\ncache = './x'", "install.cache.dir = \"./x\"", []string{"trust-weakened opened install.cache: - → ./x"}, true},
		{"npm's cache", ".npmrc", "cache=./x", "cache = ./x", []string{"trust-weakened opened cache: - → ./x"}, true},
		{"a cache outside the repository", ".npmrc", "cache=/tmp/npm", "cache = /tmp/npm", []string{"trust-weakened changed cache: - → /tmp/npm"}, true},
		{"a cache above the repository", ".npmrc", "cache=a/../../npm", "cache = a/../../npm", []string{"trust-weakened changed cache: - → a/../../npm"}, true},
		{"Yarn 1's cache", ".yarnrc", "cache-folder \"./m\"", "--install.cache-folder ./m", []string{"trust-weakened opened cache-folder: - → ./m"}, true},
		{"Yarn 1's mirror", ".yarnrc", "yarn-offline-mirror \"./m\"", "yarn-offline-mirror ./m", []string{"trust-weakened opened yarn-offline-mirror: - → ./m"}, true},
		{"Yarn's cache", ".yarnrc.yml", "cacheFolder: ./m", "cacheFolder: './m'", []string{"trust-weakened opened cacheFolder: - → ./m"}, true},
		{"Yarn's cache where it is anyway", ".yarnrc.yml", "cacheFolder: ./.yarn/cache", "cacheFolder: .yarn/cache", nil, false},
		{"Yarn's global folder", ".yarnrc.yml", "globalFolder: ./m", "globalFolder: \"./m\"", []string{"trust-weakened opened globalFolder: - → ./m"}, true},
		{"pnpm's store", "pnpm-workspace.yaml", "storeDir: ./s", "storeDir: './s'", []string{"trust-weakened opened storeDir: - → ./s"}, true},
		{"pnpm's store in .npmrc", ".npmrc", "store-dir=./s", "store-dir = ./s", []string{"trust-weakened opened store-dir: - → ./s"}, true},
		{"pnpm's cache", "pnpm-workspace.yaml", "cacheDir: ./s", "cacheDir: './s'", []string{"trust-weakened opened cacheDir: - → ./s"}, true},
		{"pnpm's virtual store", "pnpm-workspace.yaml", "virtualStoreDir: ./s", "virtualStoreDir: './s'", []string{"trust-weakened opened virtualStoreDir: - → ./s"}, true},
		{"pnpm's modules", "pnpm-workspace.yaml", "modulesDir: ./s", "modulesDir: './s'", []string{"trust-weakened opened modulesDir: - → ./s"}, true},
		{"pnpm's modules where they are anyway", "pnpm-workspace.yaml", "modulesDir: node_modules", "modulesDir: './node_modules'", nil, false},

		{"hashes that Yarn 1 replaces", ".yarnrc", "--install.update-checksums true", "--*.update-checksums \"true\"", []string{"trust-weakened opened --install.update-checksums: - → true"}, true},
		{"for every command", ".yarnrc", "--*.no-lockfile true", "--no-lockfile true", []string{"trust-weakened opened --*.no-lockfile: - → true"}, true},
		{"a registry as an argument", ".yarnrc", "--add.registry https://evil.example", "registry https://evil.example/", []string{"registry-changed opened --add.registry: - → https://evil.example/ at evil.example"}, false},
		{"hashes that are not added", ".yarnrc", "unsafe-disable-integrity-migration true", "unsafe-disable-integrity-migration \"true\"", []string{"trust-weakened opened unsafe-disable-integrity-migration: - → true"}, true},
		{"arguments that weaken nothing", ".yarnrc", "--install.ignore-engines true", "--install.ignore-engines true", nil, false},

		{"npm's older word for package-lock", ".npmrc", "shrinkwrap=false", "shrinkwrap = false", []string{"trust-weakened opened shrinkwrap: - → false"}, true},
		{"a lockfile that is not frozen", "pnpm-workspace.yaml", "frozenLockfile: false", "frozenLockfile: false # x", []string{"trust-weakened opened frozenLockfile: - → false"}, true},
		{"nor in .npmrc", ".npmrc", "frozen-lockfile=false", "frozen-lockfile = false", []string{"trust-weakened opened frozen-lockfile: - → false"}, true},
		{"nor with Yarn", ".yarnrc.yml", "enableImmutableInstalls: false", "enableImmutableInstalls: 'false'", []string{"trust-weakened opened enableImmutableInstalls: - → false"}, true},
		{"what Bun does by itself", "bunfig.toml", "[install]\nfrozenLockfile = false", "install.frozenLockfile = false", nil, false},
		{"a lockfile that is resolved again", "pnpm-workspace.yaml", "preferFrozenLockfile: false", "preferFrozenLockfile: false\n", []string{"trust-weakened opened preferFrozenLockfile: - → false"}, true},
		{"a lockfile elsewhere", "pnpm-workspace.yaml", "lockfileDir: ./x", "lockfileDir: './x'", []string{"trust-weakened opened lockfileDir: - → ./x"}, true},
		{"Yarn's lockfile under another name", ".yarnrc.yml", "lockfileFilename: other.lock", "lockfileFilename: 'other.lock'", []string{"trust-weakened opened lockfileFilename: - → other.lock"}, true},
		{"under the name that it has anyway", ".yarnrc.yml", "lockfileFilename: yarn.lock", "lockfileFilename: 'yarn.lock'", nil, true},
		{"Yarn 1 in another folder", ".yarnrc", "--cwd ./x", "--install.cwd \"./x\"", []string{"trust-weakened opened --cwd: - → ./x"}, true},
		{"an authority as Yarn 2 has it", ".yarnrc.yml", "caFilePath: ./x.pem", "caFilePath: './x.pem'", []string{"trust-weakened opened caFilePath: - → ./x.pem"}, true},
		{"Yarn's constraints at every installation", ".yarnrc.yml", "enableConstraintsChecks: true", "enableConstraintsChecks: 'true'", []string{"code-on-install opened enableConstraintsChecks: - → true"}, true},
		{"a script that npm 6 loads", ".npmrc", "onload-script=${PWD}/x.js", "onload-script = ${PWD}/x.js", []string{"code-on-install opened onload-script: - → ${PWD}/x.js"}, true},
		{"what compiles", ".npmrc", "make=./x.sh", "make = ./x.sh", []string{"code-on-install opened make: - → ./x.sh"}, true},
		{"headers in a folder of downloads", ".npmrc", "devdir=./x", "devdir = ./x", []string{"code-on-install opened devdir: - → ./x"}, true},
		{"a program in place of the download", ".npmrc", "chromedriver_filepath=./x", "chromedriver-filepath=./x", []string{"registry-changed opened chromedriver_filepath: - → ./x of chromedriver_filepath at ./x"}, true},
		{"a proxy", "pnpm-workspace.yaml", "httpsProxy: http://p.example", "httpsProxy: 'http://p.example'", []string{"trust-weakened opened httpsProxy: - → http://p.example"}, true},

		{"Yarn's environment", ".env.yarn", "A=b", "A=b", []string{"code-on-install opened .env.yarn: - → sha256"}, true},
		{"Node.js from elsewhere", ".npmrc", "node-mirror:release=https://evil.example", "node-mirror:release = https://EVIL.example/", []string{"registry-changed opened node-mirror:release: - → https://evil.example/ of release at evil.example"}, true},
		{"Node.js from elsewhere, in YAML", "pnpm-workspace.yaml", "nodeDownloadMirrors:\n  release: https://evil.example", "nodeDownloadMirrors: {release: 'https://evil.example/'}", []string{"registry-changed opened nodeDownloadMirrors.release: - → https://evil.example/ of release at evil.example"}, true},
		{"Node.js from where it is published", ".npmrc", "node-mirror:release=https://nodejs.org/download/release/", "node-mirror:release=https://nodejs.org/download/release", nil, false},
		{"a version of Node.js", "pnpm-workspace.yaml", "useNodeVersion: 18.0.1", "useNodeVersion: '18.0.1'", []string{"runtime changed useNodeVersion: - → Node.js 18.0.1"}, true},
		{"Python", ".npmrc", "python=./x.sh", "python = \"./x.sh\"", []string{"code-on-install opened python: - → ./x.sh"}, true},
		{"the headers of Node.js", ".npmrc", "nodedir=./x", "nodedir = ./x", []string{"code-on-install opened nodedir: - → ./x"}, true},
		{"node-gyp", ".npmrc", "node_gyp=./x.js", "node-gyp=./x.js", []string{"code-on-install opened node_gyp: - → ./x.js"}, true},
		{"headers from elsewhere", ".npmrc", "disturl=https://evil.example", "disturl = https://evil.example/", []string{"registry-changed opened disturl: - → https://evil.example/ of disturl at evil.example"}, true},
		{"compiled programs from elsewhere", ".npmrc", "sharp_binary_host=https://evil.example", "sharp-binary-host=https://evil.example", []string{"registry-changed opened sharp_binary_host: - → https://evil.example/ of sharp_binary_host at evil.example"}, true},
		{"whatever they are called", ".npmrc", "thing=https://evil.example/x", "THING=https://evil.example/x/", []string{"registry-changed opened thing: - → https://evil.example/x/ of thing at evil.example"}, true},
		{"in capitals", ".npmrc", "ELECTRON_MIRROR=${M}", "electron_mirror=${M}", []string{"registry-changed opened ELECTRON_MIRROR: - → ${M} of electron_mirror at ${M}"}, true},
		{"with Yarn 1", ".yarnrc", "sass_binary_site \"https://evil.example\"", "sass-binary-site https://evil.example", []string{"registry-changed opened sass_binary_site: - → https://evil.example/ of sass_binary_site at evil.example"}, true},
		{"an author's page", ".npmrc", "init-author-url=https://a.example", "init-author-url = https://a.example", nil, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			side := func(text string) settings.Settings { return project(t, "-- "+row.file+" --\n"+text+"\n") }
			none, with, same := settings.Settings{}, side(row.text), side(row.same)
			var got []string
			for _, l := range lines(settings.Compare(none, with)) {
				_, l, _ = strings.Cut(l, " ")
				if i := strings.Index(l, "sha256 "); i >= 0 {
					l = l[:i+len("sha256")]
				}
				got = append(got, l)
			}
			if diff := cmp.Diff(row.opens, got); diff != "" {
				t.Error(diff)
			}
			for _, both := range [][2]settings.Settings{{with, with}, {with, same}, {same, with}} {
				if got := lines(settings.Compare(both[0], both[1])); len(got) > 0 {
					t.Errorf("it is not quiet: %v", got)
				}
			}
			gone := settings.Compare(with, none)
			if notes := len(gone) == 1 && gone[0].ID == settings.GuardClosed; notes != row.closes {
				t.Errorf("its end: %v", lines(gone))
			}
		})
	}
}

// TestMoreSettings: a file that an .npmrc names counts as one, and is named.
func TestMoreSettings(t *testing.T) {
	for setting, file := range map[string]string{"userconfig=./n": "n", "globalconfig=a/n": "a/n", "prefix=./x": "x/etc/npmrc"} {
		base := project(t, "-- .npmrc --\n"+setting+"\n-- "+file+" --\nignore-scripts=true\n")
		head := project(t, "-- .npmrc --\n"+setting+"\n-- "+file+" --\nignore-scripts=false\n")
		want := []string{file + ":1 all-scripts-allowed opened ignore-scripts: true → false"}
		if diff := cmp.Diff(want, lines(settings.Compare(base, head))); diff != "" {
			t.Errorf("%s: %s", setting, diff)
		}
		if diff := cmp.Diff([]string{file}, head.Named()); diff != "" {
			t.Errorf("%s: %s", setting, diff)
		}
	}
}

// TestScopesOfRegistries: whose names anybody may take from now on.
func TestScopesOfRegistries(t *testing.T) {
	const ours, general = "@acme:registry=https://npm.acme.example\n", "registry=https://npm.acme.example\n"
	for _, p := range []pullRequest{
		{name: "private names that become public", base: "-- .npmrc --\n" + ours, want: []string{
			".npmrc:1 (base) registry-changed opened @acme:registry: https://npm.acme.example/ → - of @acme at registry.npmjs.org"}},
		{name: "a scope whose packages come from the same place", base: "-- .npmrc --\n" + general + ours, head: "-- .npmrc --\n" + general},
		{name: "and that says so", base: "-- .npmrc --\n" + general, head: "-- .npmrc --\n" + general + ours},
		{name: "a scope that moves to another registry of all", base: "-- .npmrc --\nregistry=https://all.example\n" + ours, head: "-- .npmrc --\nregistry=https://all.example\n", want: []string{
			".npmrc:2 (base) registry-changed changed @acme:registry: https://npm.acme.example/ → - of @acme at all.example"}},
		{name: "the public registry, said aloud no more", base: "-- .npmrc --\n@acme:registry=https://registry.npmjs.org\n"},
		{name: "a public mirror", base: "-- .npmrc --\n@acme:registry=https://registry.npmmirror.com\n", want: []string{
			".npmrc:1 (base) registry-changed changed @acme:registry: https://registry.npmmirror.com/ → - of @acme at registry.npmjs.org"}},
	} {
		p.run(t)
	}
}
