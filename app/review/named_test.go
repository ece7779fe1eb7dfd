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
