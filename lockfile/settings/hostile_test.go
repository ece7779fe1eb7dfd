package settings_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lockwarden/lockwarden/lockfile/settings"
)

func TestIsSettings(t *testing.T) {
	for name, want := range map[string]bool{
		".npmrc": true, "packages/a/.npmrc": true, "package.json": true, "a/package.json": true, "package.yaml": true, "package.json5": true,
		"pnpm-workspace.yaml": true, ".pnpmfile.cjs": true, ".pnpmfile.mjs": true, ".npm-extension.mjs": true, ".yarnrc": true, ".yarnrc.yml": true,
		"bunfig.toml": true, "yarn.config.cjs": false, ".env.yarn": true, "binding.gyp": true, "deps/x.gyp": false, ".env": true, "a/.env.production.local": true, ".env.example": false, ".corepack.env": true, ".yarn/releases/yarn-4.5.0.cjs": true, "a/.yarn/plugins/@x/p.cjs": true,
		".yarn/patches/a.patch": true, "patches/a@1.patch": true, "patches/b/c.diff": true,
		"node_modules/a/.npmrc": false, "a/node_modules/b/package.json": false, ".yarn/cache/package.json": false, ".yarn/unplugged/a/package.json": false,
		".yarn/releases": false, "patches/README.md": false, "npmrc": false, "src/index.js": false, "package-lock.json": false, ".git/package.json": false,
	} {
		if got := settings.IsSettings(name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// TestUnread are files that a client may read and this package cannot; each
// says where and why.
func TestUnread(t *testing.T) {
	for _, test := range []struct{ name, file, text, want string }{
		{"no JSON", "package.json", "{\n\"a\": }", "package.json:2:"},
		{"a JSON key twice", "package.json", "{\"overrides\": {},\n\"overrides\": {}}", "package.json:2:"},
		{"JSON that is no object", "package.json", "[]", "package.json:1: package.json is not an object"},
		{"no UTF-8", ".npmrc", "\xff\xfer\x00e\x00", ".npmrc:1: the file is not UTF-8 text"},
		{"a merge conflict", ".npmrc", "a=1\n<<<<<<< HEAD\n", ".npmrc:2: a merge conflict"},
		{"too large", ".npmrc", strings.Repeat("# \n", 1<<19), ".npmrc:1: the file has more than 1 MiB"},
		{"several YAML documents", "pnpm-workspace.yaml", "a: 1\n---\nallowBuilds: {x: true}\n", "pnpm-workspace.yaml:2: a second YAML document"},
		{"YAML tags", ".yarnrc.yml", "enableScripts: !!bool 'true'\n", ".yarnrc.yml:1: tags"},
		{"no TOML", "bunfig.toml", "[install]\nregistry =\n", "bunfig.toml:2: this is not TOML"},
		{"a TOML key twice", "bunfig.toml", "[install]\nminimumReleaseAge = 9\nminimumReleaseAge = 0\n", "bunfig.toml:"},
		{"brackets without end", "bunfig.toml", "a = " + strings.Repeat("[", 20_000), "bunfig.toml:1: the file has more than 10000 brackets"},
		{"no line of a .yarnrc", ".yarnrc", "ignore-scripts true\n=x\n", ".yarnrc:2: this is not a line of a .yarnrc"},
		{"JSON5", "package.json5", "{}", "package.json5:1: package.json5 is not read here"},
		{"a list of builds that is not there", "pnpm-workspace.yaml", "onlyBuiltDependenciesFile: gone.json\n", "pnpm-workspace.yaml:1: the file that lists"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := settings.Read(fstest.MapFS{test.file: {Data: []byte(test.text)}}, "")
			if err != nil {
				t.Fatal(err)
			}
			if len(s.Unread) != 1 || !strings.HasPrefix(s.Unread[0].Error(), test.want) {
				t.Fatalf("unread %v, want %s…", s.Unread, test.want)
			}
			changes := settings.Compare(settings.Settings{}, s)
			for _, c := range changes {
				if c.ID == settings.Unread && c.File == test.file {
					return
				}
			}
			t.Errorf("it is no change: %v", lines(changes))
		})
	}
}

func TestReadEdges(t *testing.T) {
	s, err := settings.Read(fstest.MapFS{"x/.npmrc": {Data: []byte("ignore-scripts=true\n")}, "x/p/pnpm-workspace.yaml": {Data: []byte("pnpmfile: ../hooks.cjs\n")}, "x/hooks.cjs": {Data: []byte("1")}}, "apps/web")
	if err != nil || len(s.Statements) != 2 || s.Statements[0].File != "apps/web/x/.npmrc" {
		t.Errorf("the prefix: %v %v", s.Statements, err)
	}
	if named := s.Named(); len(named) != 1 || named[0] != "apps/web/x/hooks.cjs" {
		t.Errorf("named: %v", named)
	}
	for name, text := range map[string]string{
		"outside":  "pnpmfile: ../../../etc/passwd\n",
		"absolute": "pnpmfile: /etc/passwd\n",
		"folder":   "pnpmfile: .\n",
	} {
		s, err := settings.Read(fstest.MapFS{"pnpm-workspace.yaml": {Data: []byte(text)}, "etc/passwd": {Data: []byte("x")}}, "a")
		if err != nil || len(s.Named()) != 0 {
			t.Errorf("%s: %v %v", name, s.Named(), err)
		}
	}
	var many strings.Builder
	many.WriteString("allowBuilds:\n")
	for i := range 60_000 {
		fmt.Fprintf(&many, "  p%d: true\n", i)
	}
	s, err = settings.Read(fstest.MapFS{"pnpm-workspace.yaml": {Data: []byte(many.String())}}, "")
	if err != nil || len(s.Unread) != 1 {
		t.Errorf("60,000 statements: %v %v", s.Unread, err)
	}
}

// TestSecretsAreNotShown reads every place where a password may stand.
func TestSecretsAreNotShown(t *testing.T) {
	s := project(t, "-- .npmrc --\n//a.example/:_authToken=SECRET\nregistry=https://user:SECRET@a.example/\nproxy=http://user:SECRET@p.example\n_auth=SECRET\n"+
		"-- .yarnrc.yml --\nnpmAuthToken: SECRET\nnpmRegistryServer: https://SECRET@b.example\nnpmRegistries:\n  //c.example:\n    npmAuthIdent: SECRET\n"+
		"-- bunfig.toml --\n[install.registry]\nurl = \"https://:SECRET@d.example\"\ntoken = \"SECRET\"\n[install.scopes]\nx = \"https://u:SECRET@e.example:bad\"\n")
	for _, c := range settings.Compare(settings.Settings{}, s) {
		if strings.Contains(fmt.Sprintf("%+v", c), "SECRET") {
			t.Errorf("shown: %+v", c)
		}
	}
}

// fuzzRead feeds one file and looks for what must hold for every input.
func fuzzRead(f *testing.F, name string, seeds ...string) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := settings.Read(fstest.MapFS{name: {Data: []byte(text)}, "bun.lock": {}}, "")
		if err != nil {
			t.Fatal(err)
		}
		count := strings.Count(text, "\n") + 1
		for _, e := range s.Unread {
			if e.Line < 1 || e.Line > count {
				t.Fatalf("%v of %d lines", e, count)
			}
		}
		for _, statement := range s.Statements {
			if statement.Line < 1 || statement.Line > count {
				t.Fatalf("%+v of %d lines", statement, count)
			}
		}
		if changes := settings.Compare(s, s); len(changes) > 0 {
			t.Fatalf("it differs from itself: %v", lines(changes))
		}
		for _, both := range [][2]settings.Settings{{{}, s}, {s, {}}} {
			for _, c := range settings.Compare(both[0], both[1]) {
				if c.ID == "" || c.File == "" || c.Key == "" {
					t.Fatalf("an empty change: %+v", c)
				}
			}
		}
		s.Scripts("a", "1.0.0")
	})
}

func FuzzNpmrc(f *testing.F) {
	fuzzRead(f, ".npmrc", "registry=https://a.example\n@x:registry=b\n//a/:_authToken=${T}\nignore-scripts\nonly-built-dependencies[]=x\nmin-release-age=7\nallow-scripts=a,b\n")
}

func FuzzManifest(f *testing.F) {
	fuzzRead(f, "package.json", `{"packageManager": "pnpm@10.0.0+x", "allowScripts": {"a@1 || 2": true}, "pnpm": {"overrides": {"a>b": "npm:c"}}, "overrides": {"a": {".": "1", "b": "2"}}, "trustedDependencies": ["a"], "dependenciesMeta": {"a": {"built": false}}, "devEngines": {"packageManager": [{"name": "npm"}]}}`)
}

func FuzzWorkspace(f *testing.F) {
	fuzzRead(f, "pnpm-workspace.yaml", "allowBuilds: &a {x: true}\npermissions: {y: {build: true}}\nregistries:\n  https://a.example: {scopes: ['@b'], prefix: c}\nminimumReleaseAge: 10\ncatalogs: {d: {e: npm:f}}\n<<: *a\n")
}

func FuzzYarnrc(f *testing.F) {
	fuzzRead(f, ".yarnrc.yml", "enableScripts: true\nnpmScopes:\n  a: {npmRegistryServer: 'https://b', npmMinimalAgeGate: 3d}\nplugins:\n  - {path: p, spec: 'https://x'}\npackageExtensions: {a@*: {dependencies: {b: 1}}}\n")
}

func FuzzClassicYarnrc(f *testing.F) {
	fuzzRead(f, ".yarnrc", "registry \"https://a\"\n--install.ignore-scripts true\nenv:\n  A \"b\"\n\"@x:registry\" \"y\"\n# c\n")
}

func FuzzBunfig(f *testing.F) {
	fuzzRead(f, "bunfig.toml", "[install]\nregistry = {url = \"https://a\", token = \"b\"}\nminimumReleaseAge = 1\n[install.scopes]\n\"@x\" = \"https://y\"\n[[z]]\na.b = [1, {c = 2}]\n")
}

func FuzzEnvironment(f *testing.F) {
	fuzzRead(f, ".env", "\ufeffexport NPM_CONFIG_REGISTRY = 'https://a'\rNODE_OPTIONS\n: --require x\nnpm_config_ignore_scripts=\nHTTPS_PROXY=`http://u:p@b`\n# c\nA=\"x\nPATH=y\"\n")
}
