package analyzer_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport is DESIGN's table: what a package of this module may import of
// this module, and what it may never import directly. "…" at the end of a row
// stands for every package below.
var mayImport = []struct {
	pkg   string
	ours  []string
	never []string
}{
	{"lockfile", []string{"lockfile/document", "glob"}, []string{"net", "net/http", "os"}},
	{"lockfile/settings", []string{"lockfile/document"}, []string{"net", "net/http", "os"}},
	{"lockfile/clienttest", nil, nil},
	{"lockfile/document", nil, []string{"net", "net/http", "os"}},
	{"glob", nil, []string{"net", "net/http", "os"}},
	{"templates", nil, []string{"net", "net/http", "os"}},
	{"analyzer/npm", nil, []string{"net", "net/http", "os"}},
	{"analyzer/worker", nil, []string{"net", "net/http"}},
	{"analyzer/registry", []string{"analyzer/npm", "lockfile/document"}, nil},
	{"analyzer/archive", []string{"analyzer/npm"}, []string{"net", "net/http", "os"}},
	{"analyzer/javascript/builtin", nil, []string{"net", "net/http", "os"}},
	{"analyzer/javascript/decode", []string{"analyzer/javascript/builtin"}, []string{"net", "net/http", "os"}},
	{"analyzer/javascript", []string{"analyzer/javascript/builtin", "analyzer/javascript/decode", "analyzer/archive", "analyzer/npm"}, []string{"net", "net/http", "os"}},
	{"analyzer/behavior", []string{"glob", "analyzer/javascript", "analyzer/archive", "analyzer/npm"}, []string{"net", "net/http", "os"}},
	{"analyzer/vulnerability", []string{"analyzer/npm"}, nil},
	{"analyzer/prevalence", []string{"analyzer/npm"}, []string{"net", "net/http", "os"}},
	{"analyzer/issue", []string{"analyzer/prevalence", "analyzer/vulnerability", "analyzer/behavior", "analyzer/javascript", "analyzer/archive", "analyzer/npm", "lockfile", "lockfile/settings"}, []string{"net", "net/http", "os"}},
	{"analyzer", []string{"analyzer/…", "lockfile"}, nil},
	{"app/review", []string{"analyzer", "analyzer/issue", "analyzer/vulnerability", "glob", "lockfile", "lockfile/settings"}, []string{"net", "net/http"}},
	{"app/comment", nil, []string{"net", "net/http", "os"}},
	{"app/telemetry", nil, nil},
	{"app/webhook", nil, nil},
	{"app/store", []string{"app/telemetry", "app/webhook", "app/review"}, nil},
	{"app/store/storetest", nil, nil},
	{"app/github", []string{"app/comment", "app/render"}, nil},
	{"app/github/githubtest", nil, nil},
	{"app/github/githubtest/browse", []string{"app/github/githubtest"}, nil},
	{"app/page", []string{"analyzer", "analyzer/npm", "app/comment", "app/render", "app/review", "app/store", "app/github", "templates"}, nil},
	{"app", []string{"app/…", "templates", "analyzer", "analyzer/issue", "analyzer/prevalence", "lockfile"}, nil},
	{"app/github/octokit", []string{"analyzer/registry"}, nil},
	{"app/policy", []string{"glob", "app/review", "app/comment", "analyzer/issue"}, []string{"net", "net/http", "os"}},
	{"app/render", []string{"app/comment", "app/review", "app/policy", "analyzer", "analyzer/npm", "analyzer/javascript", "analyzer/prevalence", "analyzer/behavior", "analyzer/issue", "analyzer/vulnerability", "lockfile", "templates"}, []string{"net", "net/http", "os"}},
	{"cmd/lockwarden", []string{"app", "templates", "analyzer/prevalence", "analyzer/vulnerability", "app/comment", "app/page", "app/store", "app/github/githubtest", "app/github/githubtest/browse", "app/review", "app/policy", "app/render", "analyzer", "analyzer/issue", "lockfile"}, nil},
	{"bench/quality", []string{"app/review", "analyzer", "analyzer/…", "lockfile"}, nil},
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
			if full := name + "/" + file; full != "analyzer/worker/sandbox_other.go" && full != "analyzer/registry/disk_other.go" && full != "app/store/storetest/unprivileged_other.go" {
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
