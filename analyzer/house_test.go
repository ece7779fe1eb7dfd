package analyzer_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// mayImport is DESIGN's table: what a package of this module may import of
// this module, and what it may never import directly. "…" at the end of a row
// stands for every package below.
var mayImport = []struct {
	pkg   string
	ours  []string
	never []string
}{
	{"lockfile", []string{"lockfile/document", "lockfile/sri", "glob"}, []string{"net", "net/http", "os"}},
	{"lockfile/sri", nil, []string{"net", "net/http", "os"}},
	{"lockfile/settings", []string{"lockfile/document"}, []string{"net", "net/http", "os"}},
	{"lockfile/clienttest", nil, nil},
	{"lockfile/document", nil, []string{"net", "net/http", "os"}},
	{"known", nil, []string{"net", "net/http", "os"}},
	{"reach", nil, []string{"net/http", "os"}},
	{"glob", nil, []string{"net", "net/http", "os"}},
	{"templates", nil, []string{"net", "net/http", "os"}},
	{"analyzer/npm", []string{"lockfile/document"}, []string{"net", "net/http", "os"}},
	{"analyzer/worker", nil, []string{"net", "net/http"}},
	{"analyzer/flight", nil, []string{"net", "net/http", "os"}},
	{"analyzer/flight/flighttest", nil, nil},
	{"analyzer/registry", []string{"analyzer/npm", "analyzer/flight", "known", "reach", "lockfile/document", "lockfile/sri"}, nil},
	{"analyzer/archive", []string{"analyzer/npm"}, []string{"net", "net/http", "os"}},
	{"analyzer/javascript/builtin", nil, []string{"net", "net/http", "os"}},
	{"analyzer/javascript/decode", []string{"analyzer/javascript/builtin"}, []string{"net", "net/http", "os"}},
	{"analyzer/shell", []string{"analyzer/npm"}, []string{"net", "net/http", "os"}},
	{"analyzer/javascript/ir", []string{"analyzer/javascript/builtin", "analyzer/archive"}, []string{"net", "net/http", "os"}},
	{"analyzer/javascript/coarse", []string{"analyzer/javascript/ir"}, []string{"net", "net/http", "os"}},
	{"analyzer/javascript/resolve", []string{"analyzer/javascript/ir", "analyzer/shell", "analyzer/archive", "analyzer/npm"},
		[]string{"net", "net/http", "os"}},
	{"analyzer/javascript/eval", []string{"analyzer/javascript/coarse", "analyzer/javascript/resolve", "analyzer/javascript/ir", "analyzer/javascript/builtin",
		"analyzer/javascript/decode", "analyzer/shell", "analyzer/archive", "analyzer/npm"}, []string{"net", "net/http", "os"}},
	{"analyzer/javascript/facts", []string{"analyzer/javascript/eval", "analyzer/javascript/resolve", "analyzer/javascript/ir", "analyzer/javascript/decode",
		"analyzer/shell", "analyzer/npm"}, []string{"net", "net/http", "os"}},
	{"analyzer/javascript", []string{"analyzer/javascript/facts", "analyzer/javascript/eval", "analyzer/javascript/resolve", "analyzer/javascript/ir", "analyzer/shell", "analyzer/archive", "analyzer/npm"}, []string{"net", "net/http", "os"}},
	{"analyzer/behavior", []string{"glob", "analyzer/javascript", "analyzer/shell", "analyzer/archive", "analyzer/npm"}, []string{"net", "net/http", "os"}},
	{"analyzer/vulnerability", []string{"analyzer/npm", "reach"}, nil},
	{"analyzer/prevalence", []string{"analyzer/npm"}, []string{"net", "net/http", "os"}},
	{"analyzer/issue", []string{"analyzer/prevalence", "analyzer/vulnerability", "analyzer/behavior", "analyzer/javascript", "analyzer/shell", "analyzer/archive", "analyzer/npm", "known", "lockfile", "lockfile/settings", "lockfile/sri"}, []string{"net", "net/http", "os"}},
	{"analyzer", []string{"analyzer/…", "known", "reach", "lockfile", "lockfile/sri"}, nil},
	{"app/review", []string{"analyzer", "analyzer/issue", "analyzer/vulnerability", "glob", "known", "lockfile", "lockfile/settings"}, []string{"net", "net/http"}},
	{"app/comment", []string{"templates"}, []string{"net", "net/http", "os"}},
	{"app/telemetry", nil, nil},
	{"app/webhook", nil, nil},
	{"app/record", []string{"app/webhook", "app/review"}, []string{"net", "net/http", "os", "database/sql"}},
	{"app/store", []string{"app/telemetry", "app/webhook", "app/review", "app/record"}, nil},
	{"app/store/storetest", nil, nil},
	{"app/github", []string{"app/comment", "app/render", "reach"}, nil},
	{"app/github/githubtest", nil, nil},
	{"app/github/githubtest/browse", []string{"app/github/githubtest"}, nil},
	{"app/page", []string{"analyzer", "analyzer/npm", "app/comment", "app/record", "app/render", "app/review", "known",
		"templates"}, []string{"database/sql"}},
	{"app", []string{"app/…", "reach", "templates", "analyzer", "analyzer/issue", "analyzer/prevalence", "lockfile"}, nil},
	{"app/github/octokit", []string{"analyzer/registry"}, nil},
	{"app/policy", []string{"glob", "known", "app/review", "app/comment", "analyzer/issue"}, []string{"net", "net/http", "os"}},
	{"app/decide", []string{"app/comment", "app/policy"}, []string{"net", "net/http", "os"}},
	{"app/render", []string{"app/comment", "app/decide", "app/review", "app/policy", "analyzer", "analyzer/npm", "analyzer/javascript", "analyzer/prevalence", "analyzer/behavior", "analyzer/issue", "analyzer/vulnerability", "known", "lockfile", "templates"}, []string{"net", "net/http", "os"}},
	{"cmd/lockwarden", []string{"app", "templates", "analyzer/prevalence", "analyzer/vulnerability", "app/comment", "app/page", "app/store", "app/github/githubtest", "app/github/githubtest/browse", "app/review", "app/policy", "app/render", "analyzer", "analyzer/issue", "known", "lockfile"}, nil},
	{"bench/quality", []string{"app/review", "analyzer", "analyzer/…", "lockfile"}, nil},
	{"bench/engine", []string{"analyzer", "analyzer/worker"}, nil},
	{"bench", []string{"app", "app/github/githubtest", "analyzer", "analyzer/…", "lockfile"}, nil},
}

const module = "github.com/lockwarden/lockwarden/"

type goPackage struct {
	ImportPath     string
	Name           string
	Doc            string
	GoFiles        []string
	Imports        []string
	IgnoredGoFiles []string
}

func goPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Name,Doc,GoFiles,Imports,IgnoredGoFiles", "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var list []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p goPackage
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

// TestHouse holds the rule for every folder: rooms do not import the front
// door, and each imports only what the data passed through before it.
func TestHouse(t *testing.T) {
	for _, p := range goPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s has no package comment", name)
		}
		for _, word := range []string{"util", "utils", "common", "helper", "helpers", "manager", "types", "model", "misc"} {
			if strings.HasSuffix("/"+name, "/"+word) {
				t.Errorf("%s is named %s, which says nothing", name, word)
			}
		}
		for _, file := range p.IgnoredGoFiles {
			// A name that ends in a system or processor is a build constraint;
			// only these mean it.
			if full := name + "/" + file; full != "analyzer/worker/sandbox_other.go" && full != "analyzer/worker/processor_other.go" && full != "analyzer/worker/filter_other.go" &&
				full != "analyzer/registry/disk_other.go" && full != "app/store/storetest/unprivileged_other.go" {
				t.Errorf("Go does not compile %s/%s here; is its name a build constraint?", name, file)
			}
		}
		row := slices.IndexFunc(mayImport, func(r struct {
			pkg   string
			ours  []string
			never []string
		}) bool {
			return r.pkg == name
		})
		if row < 0 {
			t.Errorf("%s is not in the table of imports", name)
			continue
		}
		for _, i := range p.Imports {
			if slices.Contains(mayImport[row].never, i) {
				t.Errorf("%s → %s: never directly", name, i)
			}
			ours, ok := strings.CutPrefix(i, module)
			if ok && !allowed(mayImport[row].ours, ours) {
				t.Errorf("%s → %s: not in its row of the table", name, ours)
			}
		}
	}
}

func allowed(list []string, name string) bool {
	return slices.ContainsFunc(list, func(entry string) bool {
		prefix, below := strings.CutSuffix(entry, "…")
		return entry == name || below && strings.HasPrefix(name, prefix)
	})
}

// TestHouseOpensItsStoreAtTheDoor: the App's steps know what they keep through
// the interfaces that they declare; who opens a database knows the store.
func TestHouseOpensItsStoreAtTheDoor(t *testing.T) {
	var open []string
	files, err := filepath.Glob("../app/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range tree.Imports {
			if i.Path.Value == strconv.Quote(module+"app/store") {
				open = append(open, filepath.Base(file))
			}
		}
	}
	if want := []string{"doctor.go", "serve.go", "survey.go"}; !slices.Equal(open, want) {
		t.Errorf("these files of app import the store: %q, only %q open one", open, want)
	}
}

// maxLine is how many characters a line of Go has at most; what stands in a raw
// string, and the address of a source, has the length that it has.
const maxLine = 140

// TestLinesOfTheAppAreShort holds that for the App and the commands.
func TestLinesOfTheAppAreShort(t *testing.T) {
	for _, root := range []string{"../app", "../cmd"} {
		err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
				return err
			}
			data, err := os.ReadFile(file)
			raw, n := false, 0
			for line := range strings.Lines(string(data)) {
				n++
				ticks := strings.Count(line, "`")
				if chars := utf8.RuneCountInString(line) - 1; chars > maxLine && !raw && ticks == 0 && !strings.Contains(line, "//") {
					t.Errorf("%s:%d has %d characters", file, n, chars)
				}
				raw = raw != (ticks%2 == 1)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestOnePlaceKnowsShells: which programs are shells, and run what they are given,
// is data of analyzer/shell; a second list would differ.
func TestOnePlaceKnowsShells(t *testing.T) {
	names := map[string]bool{}
	for _, name := range []string{"sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "fish", "busybox", "powershell", "pwsh", "cmd.exe", "osascript", "wget", "ncat"} {
		names[strconv.Quote(name)] = true
	}
	allowed := map[string]string{
		"app/render/exhibit.go":          "names of colours",
		"analyzer/behavior/download.go":  "how a downloader says where it writes to",
		"analyzer/behavior/shellsend.go": "how a program says that it sends its input",
	}
	used := map[string]bool{}
	err := filepath.WalkDir("..", func(file string, entry fs.DirEntry, err error) error {
		name := strings.TrimPrefix(filepath.ToSlash(file), "../")
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (name == "analyzer/shell" || entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".") && file != ".." || name == "bench"):
			return filepath.SkipDir
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.Contains(name, "test/"):
			return nil
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if ok && names[lit.Value] {
				if used[name] = true; allowed[name] == "" {
					t.Errorf("%s knows the program %s: ask analyzer/shell", name, lit.Value)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range allowed {
		if !used[name] {
			t.Errorf("%s need not be allowed", name)
		}
	}
}
