package review_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/app/review"
)

// said are the guards and whole issues of a change, as FILE:LINE ID words.
func said(t *testing.T, old, now tree) []string {
	t.Helper()
	base, head := revision(old), revision(now)
	in, err := review.Gather(context.Background(), base, head, base.Differing(head.Listing), nil)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range in.Guards {
		out = append(out, fmt.Sprintf("%s:%d %s %s %s %s", c.File, c.Line, c.ID, c.Direction, c.Key, strings.Join(c.Packages, ",")))
	}
	for _, w := range in.Whole {
		out = append(out, fmt.Sprintf("%s:%d %s %s", w.File, w.Line, w.Issue.ID, w.Issue.Detail["reason"]))
	}
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return out
}

// holds compares what is said with what is wanted, each the beginning of a line.
func holds(t *testing.T, got, want []string) {
	t.Helper()
	if len(got) == len(want) {
		for i := range got {
			if !strings.HasPrefix(got[i], want[i]) {
				t.Errorf("got %q, want %q", got, want)
				return
			}
		}
		return
	}
	t.Errorf("got %q, want %q", got, want)
}

// TestFoldersThatJoin are changes of the list of workspaces.
func TestFoldersThatJoin(t *testing.T) {
	const (
		plain  = `{"name": "x"}`
		runs   = `{"scripts": {"postinstall": "node x.js"}}`
		pnpm   = "lockfileVersion: '9.0'\n"
		npmOne = "{\n \"workspaces\": [\n  \"packages/*\"\n ]\n}\n"
		npmTwo = "{\n \"workspaces\": [\n  \"packages/*\",\n  \"tools/*\"\n ]\n}\n"
	)
	for _, row := range []struct {
		says       string
		both       tree
		base, head tree
		want       []string
	}{
		{"a folder that was there", tree{"package-lock.json": lockOf(), "tools/a/package.json": plain},
			tree{"package.json": npmOne}, tree{"package.json": npmTwo}, []string{"package.json:4 project/workspaces opened workspaces tools/a"}},
		{"its scripts run", tree{"package-lock.json": lockOf(), "tools/a/package.json": runs},
			tree{"package.json": npmOne}, tree{"package.json": npmTwo},
			[]string{"package.json:4 project/workspaces opened", "tools/a/package.json:1 project/own-script opened scripts.postinstall"}},
		{"it is built", tree{"package-lock.json": lockOf(), "tools/a/package.json": plain, "tools/a/binding.gyp": "{}"},
			tree{"package.json": npmOne}, tree{"package.json": npmTwo},
			[]string{"package.json:4 project/workspaces opened", "tools/a/binding.gyp:1 project/own-script opened node-gyp rebuild"}},
		{"what it asks for is not locked", tree{"package-lock.json": lockOf(), "tools/a/package.json": asks("b@1.0.0"), "tools/a/package-lock.json": lockOf("b@1.0.0")},
			tree{"package.json": npmOne}, tree{"package.json": npmTwo},
			[]string{"package.json:4 project/workspaces opened", "tools/a/package.json:3 lockfile/not-locked"}},
		{"the first list of all", tree{"bun.lockb": "x", "packages/a/package.json": runs},
			tree{"package.json": plain}, tree{"package.json": npmOne},
			[]string{"package.json:3 project/workspaces opened", "packages/a/package.json:1 project/own-script"}},
		{"pnpm's list", tree{"pnpm-lock.yaml": pnpm, "tools/a/package.json": runs},
			tree{"pnpm-workspace.yaml": "packages:\n  - packages/*\n"}, tree{"pnpm-workspace.yaml": "packages:\n  - packages/*\n  - '*/*'\n"},
			[]string{"pnpm-workspace.yaml:3 project/workspaces opened packages tools/a", "tools/a/package.json:1 project/own-script"}},
		{"what was left out before", tree{"pnpm-lock.yaml": pnpm, "packages/a/package.json": plain},
			tree{"pnpm-workspace.yaml": "packages:\n  - packages/*\n  - '!packages/a'\n"}, tree{"pnpm-workspace.yaml": "packages:\n  - packages/*\n"},
			[]string{"pnpm-workspace.yaml:2 project/workspaces opened packages packages/a"}},
		{"the other form of the list", tree{"yarn.lock": "# yarn lockfile v1\n", "tools/a/package.json": plain},
			tree{"package.json": plain}, tree{"package.json": `{"workspaces": {"packages": ["tools/**"]}}`}, []string{"package.json:1 project/workspaces opened workspaces tools/a"}},
		{"a folder behind a link", tree{"package-lock.json": lockOf(), "other/package.json": runs, "tools/a": "→ ../other"},
			tree{"package.json": npmOne}, tree{"package.json": npmTwo},
			[]string{"package.json:4 project/workspaces opened workspaces tools/a", "tools/a/package.json:1 project/own-script"}},
		{"a new link where a pattern stood", tree{"package-lock.json": lockOf(), "package.json": npmOne, "other/package.json": runs},
			tree{}, tree{"packages/l": "→ ../other"},
			[]string{"packages/l:1 project/workspaces opened workspaces packages/l", "packages/l/package.json:1 project/own-script"}},
		{"and where none does", tree{"package-lock.json": lockOf(), "package.json": npmOne, "other/package.json": runs},
			tree{}, tree{"docs/l": "→ ../other"}, nil},
		{"a submodule", tree{"package-lock.json": lockOf(), "tools/a": "submodule"},
			tree{"package.json": npmOne}, tree{"package.json": npmTwo}, []string{"tools/a:1 scan/incomplete it is a submodule"}},
		{"a pattern that is not read", tree{"package-lock.json": lockOf()},
			tree{"package.json": npmOne}, tree{"package.json": `{"workspaces": ["../x"]}`}, []string{`package.json:1 scan/incomplete "../x" is a pattern`}},
		{"a new folder with its line", tree{"package-lock.json": lockOf()},
			tree{"package.json": npmOne}, tree{"package.json": npmTwo, "tools/a/package.json": plain}, []string{"package.json:4 project/workspaces changed workspaces tools/a"}},
		{"and with a script", tree{"package-lock.json": lockOf()},
			tree{"package.json": npmOne}, tree{"package.json": npmTwo, "tools/a/package.json": runs},
			[]string{"tools/a/package.json:1 project/own-script", "package.json:4 project/workspaces changed"}},

		{"a new folder where a pattern stood", tree{"package-lock.json": lockOf(), "package.json": npmOne}, tree{}, tree{"packages/b/package.json": plain}, nil},
		{"a pattern that matches nothing", tree{"package-lock.json": lockOf(), "tools/a/index.js": ""}, tree{"package.json": npmOne}, tree{"package.json": npmTwo}, nil},
		{"other words for the same folders", tree{"package-lock.json": lockOf(), "packages/a/package.json": runs},
			tree{"package.json": npmOne}, tree{"package.json": `{"workspaces": ["./packages/a/"]}`}, nil},
		{"a list that becomes pnpm's", tree{"packages/a/package.json": runs},
			tree{"package.json": npmOne, "package-lock.json": lockOf()}, tree{"package.json": plain, "pnpm-lock.yaml": pnpm, "pnpm-workspace.yaml": "packages: ['packages/*']\n"}, nil},
		{"what the client does not read", tree{"pnpm-lock.yaml": pnpm, "pnpm-workspace.yaml": "packages: ['packages/*']\n", "tools/a/package.json": runs},
			tree{"package.json": npmOne}, tree{"package.json": npmTwo}, nil},
		{"node_modules", tree{"package-lock.json": lockOf(), "tools/node_modules/a/package.json": runs}, tree{"package.json": npmOne}, tree{"package.json": `{"workspaces": ["**"]}`}, nil},
		{"a submodule that was part of it", tree{"package-lock.json": lockOf(), "packages/a": "submodule"}, tree{"package.json": npmOne}, tree{"package.json": npmTwo}, nil},
	} {
		t.Run(row.says, func(t *testing.T) {
			old, now := tree{}, tree{}
			for file, text := range row.both {
				old[file], now[file] = text, text
			}
			for file, text := range row.base {
				old[file] = text
			}
			for file, text := range row.head {
				now[file] = text
			}
			holds(t, said(t, old, now), row.want)
		})
	}
}

// TestClientOfTheLockfile: a change of settings alone is one for the client whose
// lockfile lies there.
func TestClientOfTheLockfile(t *testing.T) {
	for lock, want := range map[string][]string{
		"package-lock.json": {"npm"}, "yarn.lock": {"Yarn"}, "pnpm-lock.yaml": {"pnpm"}, "bun.lock": {"Bun"}, "bun.lockb": {"Bun"},
		"vlt-lock.json": {"npm", "pnpm", "Yarn", "Bun"}, "README.md": {"npm", "pnpm", "Yarn", "Bun"},
	} {
		text := map[string]string{"package-lock.json": lockOf(), "yarn.lock": "# yarn lockfile v1\n", "pnpm-lock.yaml": "lockfileVersion: '6.0'\n",
			"bun.lock": `{"lockfileVersion":1,"workspaces":{"":{}},"packages":{}}`}[lock]
		old, now := revision(tree{lock: text}), revision(tree{lock: text, ".npmrc": "registry=https://evil.example/\n"})
		in, err := review.Gather(context.Background(), old, now, old.Differing(now.Listing), nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(in.Guards) != 1 || !slices.Equal(in.Guards[0].Clients, want) {
			t.Errorf("%s: %+v, want %v", lock, in.Guards, want)
		}
	}
	// Two lockfiles are two clients, whichever of them changed.
	old := tree{"package-lock.json": lockOf("a@1.0.0"), "pnpm-lock.yaml": "lockfileVersion: '6.0'\n"}
	now := tree{"package-lock.json": lockOf("a@1.1.0"), "pnpm-lock.yaml": "lockfileVersion: '6.0'\n", ".npmrc": "registry=https://evil.example/\n"}
	base, head := revision(old), revision(now)
	in, err := review.Gather(context.Background(), base, head, base.Differing(head.Listing), nil)
	if err != nil || len(in.Guards) != 1 || !slices.Equal(in.Guards[0].Clients, []string{"npm", "pnpm"}) {
		t.Errorf("%+v %v", in.Guards, err)
	}
}
