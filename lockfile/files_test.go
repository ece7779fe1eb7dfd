package lockfile

import (
	"os"
	"regexp"
	"testing"
)

// classified are files with what they are.
var classified = []struct {
	file   string
	role   Role
	client string
}{
	{"package-lock.json", Locks, "npm"},
	{"apps/web/npm-shrinkwrap.json", Locks, "npm"},
	{"pnpm-lock.yaml", Locks, "pnpm"},
	{"pnpm-lock.feature!1.yaml", Locks, "pnpm"},
	{"common/config/rush/pnpm-lock.yaml", Locks, "pnpm"},
	{"yarn.lock", Locks, "Yarn"},
	{"bun.lock", Locks, "Bun"},
	{"Package-Lock.json", Locks, "npm"}, // macOS and Windows open it by the other name
	{"bun.lockb", Unread, "Bun"},
	{"deno.lock", Unread, "Deno"},
	{"vlt-lock.json", Unread, "vlt"},
	{"aube-lock.yaml", Unread, "aube"},
	{"aube-lock.main.yaml", Unread, "aube"},
	{"package-lock.kdl", Unread, "Orogene"},
	{"cotton.lock", Unread, "Cotton"},
	{"common/config/rush/shrinkwrap.yaml", Unread, "pnpm"},
	{".pnp.cjs", Unread, "Yarn"},
	{"web/.pnp.loader.mjs", Unread, "Yarn"},
	{".pnp.data.json", Unread, "Yarn"},
	{".yarn/cache/left-pad-npm-1.3.0-abc.zip", Unread, "Yarn"},
	{"web/.yarn/unplugged/a-npm-1/node_modules/a/index.js", Unread, "Yarn"},
	{".yarn/unplugged/a-npm-1/node_modules/a/node_modules/b/yarn.lock", Unread, "Yarn"},
	{"node_modules/a/.yarn/unplugged/b/node_modules/b/index.js", Nothing, ""},
	{"web/node_modules/a/.yarn/unplugged/b/index.js", Nothing, ""},
	{".env.yarn", Setting, "Yarn"},
	{"web/.npm-extension.cjs", Setting, "npm"},
	{".env", Setting, "Bun"},
	{"web/.env.production.local", Setting, "Bun"},
	{".env.example", Nothing, ""},
	{".corepack.env", Setting, "Corepack"},
	{"web/.yarn/unplugged/a-npm-1/ready", Unread, "Yarn"},
	{"package.yaml", Unread, "pnpm"},
	{"package.json", Manifest, "npm"},
	{"packages/a/package.json", Manifest, "npm"},
	{".npmrc", Setting, "npm"},
	{"packages/a/.npmrc", Setting, "npm"},
	{".yarnrc", Setting, "Yarn"},
	{".yarnrc.yml", Setting, "Yarn"},
	{"bunfig.toml", Setting, "Bun"},
	{"pnpm-workspace.yaml", Setting, "pnpm"},
	{".pnpmfile.cjs", Setting, "pnpm"},
	{".pnpmfile.mjs", Setting, "pnpm"},
	{"common/config/rush/.pnpmfile.cjs", Setting, "pnpm"},
	{".yarn/releases/yarn-4.0.0.cjs", Setting, "Yarn"},
	{".yarn/plugins/@yarnpkg/plugin-x.cjs", Setting, "Yarn"},
	{".yarn/patches/a-npm-1.0.0.patch", Setting, "Yarn"},
	{"patches/a@1.0.0.patch", Setting, "pnpm"},
	{"node_modules/.package-lock.json", Nothing, ""},
	{"node_modules/a/package-lock.json", Nothing, ""},
	{"web/node_modules/a/package.json", Nothing, ""},
	{"my-package-lock.json", Nothing, ""},
	{"package-lock.json.orig", Nothing, ""},
	{"pnpm-lock..yaml", Nothing, ""},
	{"importmap.json", Nothing, ""},
	{".yarn/install-state.gz", Nothing, ""},
	{".yarn-metadata.json", Nothing, ""},
	{".github/workflows/ci.yml", Nothing, ""},
	{"README.md", Nothing, ""},
	{"", Nothing, ""},
}

func TestClassify(t *testing.T) {
	for _, row := range classified {
		if c := Classify(row.file); c.Role != row.role || c.Client != row.client {
			t.Errorf("%q: role %d of %q, want %d of %q", row.file, c.Role, c.Client, row.role, row.client)
		}
	}
}

// TestClassifySaysWhatToDo: whoever is told that a file is not read is told
// what it is.
func TestClassifySaysWhatToDo(t *testing.T) {
	for name, c := range byName {
		if (c.Role == Unread) != (c.Kind != "") {
			t.Errorf("%s: role %d and kind %q", name, c.Role, c.Kind)
		}
		if c.Client == "" {
			t.Errorf("%s is nobody's", name)
		}
	}
	if top := Classify("Web/.yarn/cache/a.zip").Group; top != "Web/.yarn/cache" {
		t.Errorf("archives are grouped under %q", top)
	}
}

// TestHookPattern: the hook for pre-commit is run for what Classify knows, and
// for nothing else.
func TestHookPattern(t *testing.T) {
	hooks, err := os.ReadFile("../.pre-commit-hooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	pattern := func(key string) *regexp.Regexp {
		line := regexp.MustCompile(`(?m)^  ` + key + `: (.*)$`).FindSubmatch(hooks)
		if line == nil {
			t.Fatalf("the hook has no %s", key)
		}
		return regexp.MustCompile(string(line[1]))
	}
	files, exclude := pattern("files"), pattern("exclude")
	runs := func(name string) bool { return files.MatchString(name) && !exclude.MatchString(name) }
	for _, row := range classified {
		if runs(row.file) != (row.role != Nothing) {
			t.Errorf("%q: the hook runs: %v, role %d", row.file, runs(row.file), row.role)
		}
	}
	for name := range byName {
		if !runs(name) || !runs("web/"+name) {
			t.Errorf("the hook does not run for %s", name)
		}
	}
}
