package analyzer_test

import (
	"slices"
	"testing"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/issue"
)

func contents(t *testing.T, engine *analyzer.Engine, files map[string]string) *issue.Contents {
	t.Helper()
	inside := map[string][]byte{}
	for name, text := range files {
		inside[name] = []byte(text)
	}
	c, err := engine.Contents(archive.New(inside), false, nil, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCompare(t *testing.T) {
	engine, err := analyzer.NewEngine()
	if err != nil {
		t.Fatal(err)
	}
	old := contents(t, engine, map[string]string{
		"package.json": `{"name": "a", "version": "1.0.0", "license": "MIT", "main": "index.js", "dependencies": {"b": "1", "c": "1"}, "bin": {"a": "x.js"}}`,
		"index.js":     "exports.f = () => fetch('https://one.example')", "old.js": "1",
	})
	now := contents(t, engine, map[string]string{
		"package.json": `{"name": "a", "version": "1.0.1", "license": "ISC", "main": "index.js", "dependencies": {"b": "2", "d": "1"}, "optionalDependencies": {"b": "2", "d": "1"}, "bin": {"a": "x.js", "a-2": "x.js"}, "scripts": {"install": "node x.js"}}`,
		"index.js":     "\n\nexports.f = () => fetch('https://two.vendor.com')", "tool": "\x7fELF\x02\x01\x01" + string(make([]byte, 80)), "x.js": "1",
	})
	d := analyzer.Compare(old, now)
	for _, test := range []struct {
		what        string
		got         analyzer.Turnover
		added, gone []string
	}{
		{"hosts", d.Hosts, []string{"two.vendor.com"}, nil},
		{"scripts", d.Scripts, []string{"install"}, nil},
		{"dependencies", d.Dependencies, []string{"d"}, []string{"c"}},
		{"commands", d.Commands, []string{"a-2"}, nil},
		{"binaries", d.Binaries, []string{"tool"}, nil},
		{"files", d.Files, []string{"tool", "x.js"}, []string{"old.js"}},
	} {
		if !slices.Equal(test.got.Added, test.added) || !slices.Equal(test.got.Gone, test.gone) {
			t.Errorf("%s: %+v", test.what, test.got)
		}
	}
	if d.License == nil || d.License.To != "ISC" || d.FilesChanged != 2 || !d.Notable() {
		t.Errorf("%+v", d)
	}
	for _, g := range d.Gained {
		if g.ID == "network/http-request" {
			t.Error("the same request on another line is new")
		}
	}
	if same := analyzer.Compare(now, now); same.Notable() || len(same.Gained)+len(same.Lost)+same.FilesChanged > 0 || !same.Files.Empty() {
		t.Errorf("a version differs from itself: %+v", same)
	}
}
