package review_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/app/review"
)

// TestNamed edits files that only settings know by name, while the settings
// stay as they are.
func TestNamed(t *testing.T) {
	const pnpmLock = "lockfileVersion: '9.0'\n"
	for _, row := range []struct {
		says   string
		both   tree // what stands on both sides
		file   string
		change string // the file in head; empty: it is deleted
		want   []string
	}{
		{"a pnpmfile", tree{"pnpm-lock.yaml": pnpmLock, "pnpm-workspace.yaml": "pnpmfile: x.cjs\n"}, "x.cjs", "b", []string{"x.cjs project/code-on-install"}},
		{"of a folder below", tree{"web/pnpm-lock.yaml": pnpmLock, "web/pnpm-workspace.yaml": "pnpmfile: hooks/x.cjs\n"}, "web/hooks/x.cjs", "b", []string{"web/hooks/x.cjs project/code-on-install"}},
		{"a Yarn", tree{".yarnrc.yml": "yarnPath: t/x.cjs\n"}, "t/x.cjs", "b", []string{"t/x.cjs project/code-on-install"}},
		{"a Yarn 1", tree{".yarnrc": "yarn-path \"t/x.cjs\"\n"}, "t/x.cjs", "b", []string{"t/x.cjs project/code-on-install"}},
		{"a plugin", tree{".yarnrc.yml": "plugins:\n  - t/x.cjs\n"}, "t/x.cjs", "b", []string{"t/x.cjs project/code-on-install"}},
		{"a patch", tree{"bun.lock": "{}", "package.json": `{"patchedDependencies": {"a@1": "x.txt"}}`}, "x.txt", "b", []string{"x.txt project/patch"}},
		{"a list of scripts", tree{"pnpm-lock.yaml": pnpmLock, "package.json": `{"pnpm": {"onlyBuiltDependenciesFile": "x.json"}}`}, "x.json", `["esbuild"]`, []string{"x.json project/scripts-allowed"}},
		{"an .npmrc of another name", tree{".npmrc": "userconfig=./n\n"}, "n", "registry=https://evil.example/\n", []string{"n project/registry-changed"}},
		{"what a link of the name points to", tree{".yarnrc.yml": "yarnPath: t/x.cjs\n", "t/x.cjs": "→ ../y/z.cjs"}, "y/z.cjs", "b", []string{"t/x.cjs project/code-on-install"}},
		{"beside settings that cannot be read", tree{".npmrc": "→ /etc/npmrc", ".yarnrc.yml": "yarnPath: x.cjs\n"}, "x.cjs", "b", []string{"x.cjs project/code-on-install"}},
		{"what a pnpmfile requires", tree{".pnpmfile.cjs": "const x = require('./hooks/x')\n"}, "hooks/x.cjs", "b", []string{"hooks/x.cjs project/code-on-install"}},
		{"with its extension", tree{"pnpm-lock.yaml": pnpmLock, ".pnpmfile.cjs": "require(\"./x.js\")"}, "x.js", "b", []string{"x.js project/code-on-install"}},
		{"a folder", tree{".pnpmfile.cjs": "require('./hooks')"}, "hooks/index.js", "b", []string{"hooks/index.js project/code-on-install"}},
		{"by way of another", tree{".pnpmfile.mjs": "import './a.mjs'", "a.mjs": "export * from \"./lib/b.mjs\""}, "lib/b.mjs", "b", []string{"lib/b.mjs project/code-on-install"}},
		{"while it runs", tree{".pnpmfile.mjs": "await import(`./x.mjs`)"}, "x.mjs", "b", []string{"x.mjs project/code-on-install"}},
		{"by its folder", tree{".pnpmfile.cjs": "require(path.join(__dirname, 'hooks', \"x.cjs\"))"}, "hooks/x.cjs", "b", []string{"hooks/x.cjs project/code-on-install"}},
		{"put together", tree{".pnpmfile.cjs": "require(__dirname + '/x.cjs')"}, "x.cjs", "b", []string{"x.cjs project/code-on-install"}},
		{"in other letters", tree{".pnpmfile.cjs": "require('\\x2e\\/x.cjs')"}, "x.cjs", "b", []string{"x.cjs project/code-on-install"}},
		{"data", tree{".pnpmfile.cjs": "require('./pins.json')"}, "pins.json", "[1]", []string{"pins.json project/code-on-install"}},
		{"a pnpmfile of another name", tree{"pnpm-workspace.yaml": "pnpmfile: h/p.cjs\n", "h/p.cjs": "require('../x.cjs')"}, "x.cjs", "b", []string{"x.cjs project/code-on-install"}},
		{"a plugin of Yarn's", tree{".yarnrc.yml": "plugins:\n  - t/p.cjs\n", "t/p.cjs": "require('./x')"}, "t/x.js", "b", []string{"t/x.js project/code-on-install"}},
		{"Yarn in two files", tree{".yarnrc.yml": "yarnPath: t/p.cjs\n", "t/p.cjs": "require('./x.cjs')"}, "t/x.cjs", "b", []string{"t/x.cjs project/code-on-install"}},
		{"a small Yarn in .yarn", tree{".yarnrc.yml": "yarnPath: .yarn/releases/y.cjs\n", ".yarn/releases/y.cjs": "require('../../x.cjs')"}, "x.cjs", "b", []string{"x.cjs project/code-on-install"}},
		{"a whole Yarn is not followed", tree{".yarnrc.yml": "yarnPath: .yarn/releases/y.cjs\n", ".yarn/releases/y.cjs": "require('../../x.cjs')" + strings.Repeat(" ", 1<<20)}, "x.cjs", "b", nil},
		{"what Node.js loads first", tree{"package-lock.json": lockOf(), ".npmrc": "node-options=--require ./x.cjs\n"}, "x.cjs", "b", []string{"x.cjs project/code-on-install"}},
		{"of a project in a folder", tree{"web/package-lock.json": lockOf(), "web/.npmrc": "node-options = \"--import=./lib/x.mjs --no-warnings\"\n"}, "web/lib/x.mjs", "b", []string{"web/lib/x.mjs project/code-on-install"}},
		{"by way of Bun's environment", tree{"bun.lock": "{}", ".env": "NODE_OPTIONS=--require=./x.cjs\n"}, "x.cjs", "b", []string{"x.cjs project/code-on-install"}},
		{"the environment of a program", tree{"package-lock.json": lockOf(), ".env": "NODE_OPTIONS=--require=./x.cjs\n"}, "x.cjs", "b", nil},
		{"what other options of it say", tree{"package-lock.json": lockOf(), ".npmrc": "node-options=--max-old-space-size=4096 --no-warnings\n"}, "index.js", "b", nil},
		{"constraints", tree{".yarnrc.yml": "enableConstraintsChecks: true\n", "yarn.config.cjs": "require('./x.cjs')"}, "x.cjs", "b", []string{"x.cjs project/code-on-install"}},
		{"npm's extension", tree{".npm-extension.cjs": "require('./x.cjs')"}, "x.cjs", "b", []string{"x.cjs project/code-on-install"}},
		{"beside a lockfile that changes", tree{"web/.pnpmfile.cjs": "require('./x.cjs')", "web/pnpm-lock.yaml": pnpmLock}, "web/x.cjs", "b", []string{"web/x.cjs project/code-on-install"}},
		{"what is emptied", tree{".pnpmfile.cjs": "require('./x.cjs')"}, "x.cjs", "", []string{"x.cjs project/code-on-install"}},
		{"what a pnpmfile does not require", tree{".pnpmfile.cjs": "const fs = require('fs'), x = require('x'); // see src/x.js, './y.cjs'\n"}, "src/x.js", "b", nil},
		{"what it requires of packages", tree{".pnpmfile.cjs": "require('./node_modules/x')"}, "node_modules/x/index.js", "b", nil},
		{"a program that requires it", tree{"index.js": "require('./x.cjs')", "pnpm-lock.yaml": pnpmLock}, "x.cjs", "b", nil},
		{"a module of a project without one", tree{"pnpm-lock.yaml": pnpmLock, "package.json": "{}"}, "hooks/x.cjs", "b", nil},
		{"constraints that are not checked", tree{".yarnrc.yml": "nodeLinker: pnp\n", "yarn.config.cjs": "require('./x.cjs')"}, "x.cjs", "b", nil},
		{"a file that nobody names", tree{".yarnrc.yml": "yarnPath: t/x.cjs\n"}, "t/y.cjs", "b", nil},
		{"a file of the same name elsewhere", tree{"web/.yarnrc.yml": "yarnPath: t/x.cjs\n"}, "t/x.cjs", "b", nil},
	} {
		t.Run(row.says, func(t *testing.T) {
			old, now := maps.Clone(row.both), maps.Clone(row.both)
			old[row.file], now[row.file] = "[]", row.change
			base, head := revision(old), revision(now)
			in, err := review.Gather(context.Background(), base, head, base.Differing(head.Listing), nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range in.Guards {
				got = append(got, c.File+" "+c.ID)
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

// TestMoreLinksThanAreFollowed: what changed may be what one of them points to.
func TestMoreLinksThanAreFollowed(t *testing.T) {
	old := tree{"z": "{}"}
	for i := range 501 {
		old[fmt.Sprintf("p%d/package-lock.json", i)] = "→ ../z"
	}
	for file, want := range map[string]bool{"other.txt": true, "web/package.json": false} {
		now := maps.Clone(old)
		now[file] = "{}"
		base, head := revision(old), revision(now)
		in, err := review.Gather(context.Background(), base, head, []string{file}, nil)
		if err != nil {
			t.Fatal(err)
		}
		said := slices.ContainsFunc(in.Whole, func(w review.WholeIssue) bool {
			return w.Issue.ID == "scan/incomplete" && strings.Contains(w.Issue.Detail["reason"], "501 links")
		})
		if said != want || len(in.Notes) == 0 != want {
			t.Errorf("%s: %+v %q", file, in.Whole, in.Notes)
		}
	}
}
