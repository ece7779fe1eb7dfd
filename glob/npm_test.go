package glob

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mapWorkspaces is the release of npm's reader of workspaces that this package
// is held against.
const mapWorkspaces = "5.0.3"

// npmFolder installs it once for all test runs of this machine.
func npmFolder(t *testing.T) string {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed: the comparison with npm's own workspaces runs where it is (.ci/run installs it)", program)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "lockwarden-test", "map-workspaces-"+mapWorkspaces)
	if _, err := os.Stat(filepath.Join(dir, "done")); err == nil {
		return dir
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("npm", "install", "--ignore-scripts", "--no-save", "--no-audit", "--no-fund", "--prefix", dir,
		"@npmcli/map-workspaces@"+mapWorkspaces)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "done"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

const askNPM = `
const map = require('@npmcli/map-workspaces'), path = require('path'), fs = require('fs')
;(async () => {
  const cwd = process.argv[2], out = []
  for (const workspaces of JSON.parse(fs.readFileSync(0, 'utf8'))) {
    const found = await map({ cwd, pkg: { workspaces } }).then(m => [...m.values()], () => ['error'])
    out.push(found.map(f => path.relative(cwd, f).split(path.sep).join('/')).sort())
  }
  console.log(JSON.stringify(out))
})()`

// tree is the folders of a project; each is a package.
var tree = strings.Fields(`a b c ab abc a/b a/c a/b/c a/bc b/a packages packages/a packages/b packages/ab packages/abc
	packages/a/b packages/a/b/c packages/.hidden packages/.hidden/a .dot .dot/a packages/@s/a packages/a+b packages/a.b packages/1
	packages/2 packages/12 packages/node_modules/x node_modules/y apps/web apps/api apps/web/test libs/x/y/z packages/(group)
	packages/[id] packages/a-b packages/A`)

// TestWorkspacesAreNPMs: a folder is a workspace where npm says so.
func TestWorkspacesAreNPMs(t *testing.T) {
	dir := npmFolder(t)
	project := t.TempDir()
	for i, folder := range tree {
		if err := os.MkdirAll(filepath.Join(project, folder), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(project, folder, "package.json"), fmt.Appendf(nil, `{"name":"p%d"}`, i), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	lists := append(written(), drawn(500)...)
	in, err := json.Marshal(lists)
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(dir, "ask.cjs")
	if err := os.WriteFile(script, []byte(askNPM), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", script, project)
	cmd.Stdin = bytes.NewReader(in)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers [][]string
	if err := json.Unmarshal(out, &answers); err != nil {
		t.Fatal(err)
	}
	all, wrong := 0, 0
	for i, list := range lists {
		w := NewWorkspaces(list)
		got := []string{}
		for _, folder := range tree {
			if w.Match(folder) {
				got = append(got, folder)
			}
		}
		slices.Sort(got)
		all += len(answers[i])
		if !slices.Equal(got, answers[i]) {
			if wrong++; wrong < 40 {
				t.Errorf("%q\n ours %q\n npm  %q", list, got, answers[i])
			}
		}
	}
	t.Logf("%d lists, %d workspaces, %d lists differ", len(lists), all, wrong)
}

// written are lists that people write, and those that are read in two ways.
func written() (lists [][]string) {
	for _, line := range []string{
		"packages/*", "packages/**", "./packages/*", "/packages/*", ".//packages/*", "packages/*/", "packages/a",
		"packages/a/", "./a", "*", "**", "packages", "packages/* apps/*", "{packages,apps}/*", "{packages/*,apps/web}",
		"packages/{a,b,ab}", "packages/{a,{b,ab}}", "packages/a{,b,bc}", "packages/{1..2}", "packages/{a..b}",
		"packages/{a}", "packages/{a,b", "packages/?", "packages/??", "packages/[ab]", "packages/[!a]", "packages/[^a]",
		"packages/[a-b]*", "packages/[", "packages/[[]id]", "packages/@(a|b)", "packages/?(a)b", "packages/+(a|b)",
		"packages/*(a|b|c)", "packages/!(a)", "packages/!(a|b)", "packages/!(a*)", "packages/!(a)b", "packages/a!(b)",
		"packages/+(a", "packages/(group)", "packages/.*", "packages/.hidden", "packages/.hidden/*", ".dot", ".dot/*",
		".*", "**/a", "**/a/**", "a/**/c", "packages/**/b", "packages/*/*", "**/test", "packages/@s/*", "packages/*/a",
		"packages/@*/*", "packages/a+b", "packages/a.b", "packages/*.b", "node_modules/*", "packages/node_modules/*",
		"**/node_modules/**", "packages/* !packages/a", "!packages/a packages/*", "packages/* !packages/a packages/a",
		"packages/** !packages/a/** packages/a/b", "packages/** !**/b", "packages/** !packages/.hidden",
		"packages/.* !packages/.hidden", "packages/.* !packages/*", "** !**/a", "packages/* !packages/{a,b}",
		"packages/* !!packages/a", "!!packages/a", "!!!packages/a packages/*", "packages/* !./packages/a",
		"packages/* !packages/a/", "packages/** !packages/a/", "packages/* !packages/?", "packages/* !packages/*",
		"packages/* !packages/a !packages/b packages/a packages/b", "packages/* !packages/!(a)",
		"packages/* !packages/a !packages/a packages/a", "packages/a !packages/*", "packages/a !packages/?",
		"packages/a/ !packages/a", "packages/a !packages/a/**", "packages/a/** !packages/a/**",
		"packages/a/ !packages/a/**", "#a", "packages/./a", "packages/../a", "a//b", `packages\*`, "!packages/a", "**/*",
		"**/**/a", "packages/***", "packages/**a", "packages/a**/*", "packages/A", "PACKAGES/a", "*/*", "*/b/*",
		"**/{a,b}/c", "packages/$a", "packages/${a,b}", "",
	} {
		lists = append(lists, strings.Split(line, " "))
	}
	return lists
}

// drawn are lists at random, always the same.
func drawn(n int) (lists [][]string) {
	random := rand.New(rand.NewPCG(3, 4))
	names := strings.Fields(`a b c ab abc * ** ** a* *b *b* ? ?b [ab] [!a]* {a,b} @(a|b) !(a) !(a|b)* +(a|b) *(b|c)c a?(b)
		packages packages packages apps libs .* .hidden web`)
	for range n {
		list := []string{}
		for range 1 + random.IntN(3) {
			var steps []string
			for range 1 + random.IntN(3) {
				steps = append(steps, names[random.IntN(len(names))])
			}
			text := strings.Join(steps, "/")
			if strings.Contains(text, "**") && strings.Contains(text, "/.") {
				// npm's walk finds packages/.hidden for **/.hidden, its check of
				// what was walked does not, and loadVirtual's does.
				continue
			}
			if random.IntN(3) == 0 {
				text = "!" + text
			}
			list = append(list, text)
		}
		lists = append(lists, list)
	}
	return lists
}
