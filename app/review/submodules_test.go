package review_test

import (
	"context"
	"maps"
	"testing"

	"github.com/lockwarden/lockwarden/app/review"
)

// TestSubmodules are submodules that come in or change beside projects that may
// take something from them.
func TestSubmodules(t *testing.T) {
	const of = "scan/incomplete it is a submodule, whose files are not read, and "
	for _, row := range []struct {
		says string
		at   string
		both tree
		base tree
		want string
	}{
		{"a workspace", "packages/x", tree{"package.json": `{"workspaces": ["packages/*"]}`}, nil, "packages/* in package.json"},
		{"a folder of workspaces", "packages", tree{"package.json": `{"workspaces": ["packages/*"]}`}, nil, "packages/* in package.json"},
		{"a folder above one", "vendor/x", tree{"pnpm-workspace.yaml": "packages: [vendor/x/js]\n"}, nil, "vendor/x/js in pnpm-workspace.yaml"},
		{"anywhere", "vendor/x", tree{"pnpm-workspace.yaml": "packages: ['**']\n"}, nil, "** in pnpm-workspace.yaml"},
		{"of a project in a folder", "web/libs/x", tree{"web/package.json": `{"workspaces": {"packages": ["./libs/*"]}}`}, nil, "./libs/* in web/package.json"},
		{"one of several", "vendor/x", tree{"package.json": `{"workspaces": ["{packages,vendor}/*"]}`}, nil, "{packages,vendor}/*"},
		{"what package.json asks for", "vendor/x", tree{"package.json": `{"dependencies": {"a": "file:./vendor/x/js"}}`}, nil, "package.json asks for a"},
		{"as a link", "x", tree{"web/package.json": `{"dependencies": {}}`, "package.json": `{"devDependencies": {"a": "link:x"}}`}, nil, "package.json asks for a"},
		{"without a word for it", "web/x", tree{"web/package.json": `{"optionalDependencies": {"a": "./x/a.tgz"}}`}, nil, "web/package.json asks for a"},
		{"what a lockfile links", "vendor/x", tree{"package-lock.json": workspaceLock(`,"node_modules/v":{"resolved":"vendor/x/v","link":true},"vendor/x/v":{"version":"1.0.0"}`)}, nil, "package-lock.json installs"},
		{"a program of Yarn's", "vendor", tree{".yarnrc.yml": "yarnPath: vendor/yarn.cjs\n"}, nil, "the settings of the project name vendor/yarn.cjs"},
		{"a pnpmfile", "web/hooks", tree{"web/pnpm-workspace.yaml": "pnpmfile: hooks/p.cjs\n"}, nil, "the settings of the project name web/hooks/p.cjs"},
		{"an override", "vendor/x", tree{"package.json": `{"overrides": {"a": "file:vendor/x"}}`, "package-lock.json": lockOf()}, nil, "overrides.a in package.json leads into it"},
		{"what a pnpmfile requires", "vendor/x", tree{".pnpmfile.cjs": "require('./vendor/x/hooks')"}, nil, "the settings of the project name vendor/x/hooks"},
		{"what a workspace of pnpm's links", "vendor/x", tree{"pnpm-lock.yaml": "lockfileVersion: '9.0'\nimporters:\n  .: {}\n  p/a:\n    dependencies:\n      z:\n" +
			"        specifier: link:../../vendor/x\n        version: link:../../vendor/x\n"}, nil, "pnpm-lock.yaml"},
		{"a folder that was read", "x", tree{}, tree{"x/package-lock.json": lockOf("a@1.0.0")}, "in its place lay a folder with package-lock.json"},

		{"documents", "docs/theme", tree{"package.json": `{"workspaces": ["packages/*"]}`, "package-lock.json": lockOf("a@1.0.0")}, nil, ""},
		{"no project at all", "third_party/zlib", tree{"CMakeLists.txt": ""}, nil, ""},
		{"a name that begins alike", "vendor/x", tree{"package.json": `{"dependencies": {"a": "file:vendor/xy"}}`}, nil, ""},
		{"what is left out", "packages/x", tree{"package.json": `{"workspaces": ["!packages/x"]}`}, nil, ""},
		{"beside the folders of workspaces", "third/x", tree{"package.json": `{"workspaces": ["packages/*", "apps/*"]}`}, nil, ""},
		{"a package of the registry", "vendor/x", tree{"package.json": asks("vendor@1.0.0"), "package-lock.json": lockOf("vendor@1.0.0")}, nil, ""},
		{"of another project", "x", tree{"web/package.json": `{"workspaces": ["*"]}`}, nil, ""},
		{"a library for C", "deps/uv", tree{"package.json": `{"gypfile": true}`, "binding.gyp": "{}"}, nil, ""},
	} {
		t.Run(row.says, func(t *testing.T) {
			old, now := maps.Clone(row.both), maps.Clone(row.both)
			maps.Copy(old, row.base)
			now[row.at] = "submodule"
			base, head := revision(old), revision(now)
			in, err := review.Gather(context.Background(), base, head, base.Differing(head.Listing), nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range in.Whole {
				if w.File == row.at {
					got = append(got, w.Issue.ID+" "+w.Issue.Detail["reason"])
				}
			}
			var want []string
			if row.want != "" {
				want = []string{of + row.want}
			}
			holds(t, got, want)
			touched, err := review.Touched(context.Background(), base, head, []string{row.at})
			if err != nil || len(touched) != 1 {
				t.Errorf("the App would not look: %v %v", touched, err)
			}
		})
	}
}
