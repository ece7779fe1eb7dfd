package analyzer_test

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"testing"
	"time"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/worker"
)

// onDisk writes files, and links: "a -> b".
func onDisk(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content := files[name]
		link, target, isLink := strings.Cut(name, " -> ")
		at := filepath.Join(dir, filepath.FromSlash(link))
		err := os.MkdirAll(filepath.Dir(at), 0o755)
		if err == nil && isLink {
			err = os.Symlink(target, at)
		} else if err == nil {
			err = os.WriteFile(at, []byte(content), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func read(t *testing.T, dir string) (files, leftOut, skipped string) {
	t.Helper()
	f, err := analyzer.ReadFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	var problems []string
	for _, p := range f.Skipped {
		problems = append(problems, p.File)
	}
	return strings.Join(slices.Sorted(maps.Keys(f.Files)), " "), strings.Join(f.LeftOut, ", "), strings.Join(problems, " ")
}

// TestFolder: what of a folder is read, what is left out and said, and what is
// missing, so that the scan is not complete.
func TestFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need rights there")
	}
	outside := onDisk(t, map[string]string{"secret": "s"})
	for name, test := range map[string]struct {
		files                  map[string]string
		want, leftOut, skipped string
	}{
		"plain": {
			map[string]string{
				"package.json": "{}", "lib/a.js": "1", ".git/config": "x", "node_modules/a/index.js": "1",
				"sub/node_modules/b/index.js": "1",
			},
			"lib/a.js package.json",
			".git, node_modules, sub/node_modules",
			"",
		},
		"a link inside": {
			map[string]string{"real.js": "1", "index.js -> real.js": "", "lib/a.js -> ../real.js": ""},
			"index.js lib/a.js real.js",
			"",
			"",
		},
		"a folder by a link": {map[string]string{"src/a.js": "1", "lib -> src": ""}, "lib/a.js src/a.js", "", ""},
		"a link outside": {
			map[string]string{"package.json": "{}", "index.js -> " + outside + "/secret": "", "up -> ../..": ""},
			"package.json",
			"",
			"index.js up",
		},
		"a link to nothing": {map[string]string{"package.json": "{}", ".#a.js -> user@host.1": ""}, "package.json", ".#a.js", ""},
		"circles": {
			map[string]string{"package.json": "{}", "lib/self -> .": "", "lib/up -> ..": "", "x -> y": "", "y -> x": ""},
			"package.json",
			"",
			"lib/self lib/up x y",
		},
		"bundled": {
			map[string]string{
				"package.json":                `{"bundleDependencies": ["a", "@s/b", "none"]}`,
				"node_modules/a/package.json": `{"dependencies": {"c": "1"}}`, "node_modules/a/node_modules/d/i.js": "1",
				"node_modules/c/i.js": "1", "node_modules/@s/b/i.js": "1", "node_modules/dev/i.js": "1",
			},
			"node_modules/@s/b/i.js node_modules/a/node_modules/d/i.js node_modules/a/package.json node_modules/c/i.js package.json",
			"node_modules (but for @s/b a c)",
			"",
		},
		"all bundled": {
			map[string]string{
				"package.json":          `{"bundledDependencies": true, "dependencies": {"a": "1"}, "devDependencies": {"dev": "1"}}`,
				"node_modules/a/i.js":   "1",
				"node_modules/dev/i.js": "1",
			},
			"node_modules/a/i.js package.json",
			"node_modules (but for a)",
			"",
		},
		"bundled by a link": {
			map[string]string{
				"package.json": `{"bundleDependencies": ["a", "b", "../x"]}`, "node_modules/a -> ../packages/a": "",
				"packages/a/i.js": "1", "node_modules/b -> " + outside: "", "x/i.js": "1",
			},
			"node_modules/a/i.js package.json packages/a/i.js x/i.js",
			"node_modules (but for a)",
			"node_modules/b",
		},
		"names of all sorts": {
			map[string]string{"package.json": "{}", "ä.js": "1", "日本/語.js": "1", `back\slash.js`: "1", "c:/a.js": "1"},
			`back\slash.js c:/a.js package.json ä.js 日本/語.js`,
			"",
			"",
		},
	} {
		files, leftOut, skipped := read(t, onDisk(t, test.files))
		if files != test.want || leftOut != test.leftOut || skipped != test.skipped {
			t.Errorf("%s: files %q, left out %q, skipped %q", name, files, leftOut, skipped)
		}
	}
	dir := onDisk(t, map[string]string{"package.json": "{}"})
	if err := exec.Command("mkfifo", filepath.Join(dir, "pipe.js")).Run(); err != nil {
		t.Fatal(err)
	}
	if files, _, skipped := read(t, dir); files != "package.json" || skipped != "pipe.js" {
		t.Errorf("a pipe: files %q, skipped %q", files, skipped)
	}
}

// TestScanFolder: what is missing of a folder makes the report incomplete; names
// that a tarball may not have are no matter.
func TestScanFolder(t *testing.T) {
	s := open(t, worker.Limits{Step: time.Minute})
	scan := func(files map[string]string) *analyzer.Report {
		folder, err := analyzer.ReadFolder(onDisk(t, files))
		if err != nil {
			t.Fatal(err)
		}
		scanned, err := s.ScanFolder(context.Background(), folder)
		if err != nil {
			t.Fatal(err)
		}
		r := analyzer.NewReport(issue.Input{Name: "a"}, scanned)
		return &r
	}
	long := strings.Repeat("folder/", 20) + "ä.js"
	r := scan(
		map[string]string{
			"package.json": `{"name": "a", "main": "index"}`, "index.js -> ä.js": "",
			"ä.js": "require('child_process').exec('ls')", long: "1", `b\c.js`: "1",
		},
	)
	if !r.Complete || r.Find("process/spawn") == nil && len(r.Behaviors) == 0 {
		t.Errorf("complete %v, %v, %v, %v", r.Complete, r.NotScanned, r.Skipped, r.Behaviors)
	}
	r = scan(map[string]string{"package.json": `{"name": "a"}`, "index.js -> /etc/hostname": ""})
	if r.Complete || len(r.Skipped) != 1 || r.Skipped[0].File != "index.js" {
		t.Errorf("complete %v, skipped %v", r.Complete, r.Skipped)
	}
}

// TestAmbiguous: of a tarball that package managers unpack in different ways the
// entry and the reason are said.
func TestAmbiguous(t *testing.T) {
	s := open(t, worker.Limits{Step: time.Minute})
	scanned, err := s.ScanTarball(context.Background(), caseTarball(t, "tar/dot-slash"))
	if err != nil {
		t.Fatal(err)
	}
	want := issue.FetchProblem{
		Kind: "ambiguous", Reason: `archive: readers disagree about "./package/index.js": its name begins with a dot`,
	}
	if scanned.Fetch == nil || *scanned.Fetch != want {
		t.Errorf("%+v", scanned.Fetch)
	}
	r := analyzer.NewReport(issue.Input{Name: "case"}, scanned)
	if r.Complete || r.NotScanned != want.Reason || len(r.Issues) != 1 || r.Issues[0].ID != "scan/incomplete" {
		t.Errorf("complete %v, not scanned %q, issues %v", r.Complete, r.NotScanned, r.Issues)
	}
}
