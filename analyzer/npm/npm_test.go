package npm_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lockwarden/lockwarden/analyzer/npm"
)

func TestParseManifest(t *testing.T) {
	m, err := npm.ParseManifest([]byte("\ufeff{\n\"name\": \"@s/a\",\n\"version\": \"1.0.0\",\n\"bin\": \"./cli.js\",\n\"license\": {\"type\": \"MIT\"},\n\"scripts\": {\n\"postinstall\": \"node x.js\",\n\"bad\": 3\n},\n\"dependencies\": {\n\"b\": \"^1\"\n},\n\"gypfile\": false\n}"))
	if err != nil {
		t.Fatal(err)
	}
	if m.Bin["a"] != "./cli.js" || m.License != "MIT" || m.Gypfile {
		t.Errorf("%+v", m)
	}
	if s := m.Scripts["postinstall"]; s.Command != "node x.js" || s.Line != 7 {
		t.Errorf("script: %+v", s)
	}
	if _, ok := m.Scripts["bad"]; ok {
		t.Error("a script that is no text counts")
	}
	if d := m.Dependencies[0]; d.Name != "b" || d.Line != 11 {
		t.Errorf("dependency: %+v", d)
	}
	if _, err := npm.ParseManifest([]byte(`{"name":`)); err == nil {
		t.Error("a truncated package.json is read")
	}
}

func TestCheckName(t *testing.T) {
	for _, good := range []string{"a", "@s/a", "JSONStream", "a.b-c_d~"} {
		if err := npm.CheckName(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", ".", "..", "../x", "a/b", "@/a", "@s/", "@s/../x", "a?b", "a#b", "a%2fb", "a b", "@s/a/b", "a\\b", ".hidden", string(make([]byte, 215))} {
		if npm.CheckName(bad) == nil {
			t.Errorf("%q passes", bad)
		}
	}
}

func TestParsePackument(t *testing.T) {
	p, err := npm.ParsePackument("a", []byte(`{"name":"a","versions":{"1.0.0":{"deprecated":false},"1.1.0":{"deprecated":"use b"},"2.0.0-rc.1":{}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if p.Versions["1.0.0"].Deprecated != "" || p.Versions["1.1.0"].Deprecated != "use b" {
		t.Errorf("%+v", p.Versions)
	}
	if best, ok := npm.MaxSatisfying(p, "^1"); !ok || best != "1.1.0" {
		t.Errorf("best of ^1: %q", best)
	}
	if _, err := npm.ParsePackument("a", []byte(`{"name":"b"}`)); err == nil {
		t.Error("another package's document passes")
	}
}

// Documents from many years: what is of another kind is taken for nothing.
func TestOldPackuments(t *testing.T) {
	p, err := npm.ParsePackument("a", []byte(`{"name":"a","time":{"created":"2011-01-01T00:00:00Z","unpublished":{"name":"x"}},
		"versions":{"1.0.0":{"dependencies":"b","optionalDependencies":[],"scripts":["x"],"hasInstallScript":"yes","_npmUser":"ann <a@b.example>","maintainers":"nobody"},
		"1.1.0":{"dependencies":{"b":"1","c":3},"_npmUser":{"name":"ann","email":"a@b.example","trustedPublisher":{"id":"github"}},"maintainers":[{"name":"ben"},"cid <c@b.example>"]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	old, now := p.Versions["1.0.0"], p.Versions["1.1.0"]
	if len(old.Dependencies)+len(old.Optional)+len(old.Scripts)+len(old.Maintainers) > 0 || bool(old.HasInstallScript) || old.Publisher.Name != "ann" || old.Publisher.Trusted {
		t.Errorf("%+v", old)
	}
	if now.Dependencies["b"] != "1" || len(now.Dependencies) != 1 || !now.Publisher.Trusted || len(now.Maintainers) != 2 || now.Maintainers[1].Name != "cid" {
		t.Errorf("%+v", now)
	}
	if p.Time["created"] == "" || len(p.Time) != 1 {
		t.Errorf("%v", p.Time)
	}
}

// TestVersionsHaveOneOrder: each is before all that follow, whatever the order
// they come in.
func TestVersionsHaveOneOrder(t *testing.T) {
	want := []string{"", "latest", "next", "0.9", "v1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.2", "1.0.0-alpha.10", "1.0.0-beta",
		"1.0", "1.0.0", "1.0.0+build", "v1.0.0", "1.0.1", "1.2", "1.10.0", "2", "10.0.0"}
	for i, a := range want {
		for j, b := range want {
			if got := npm.CompareVersions(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%q %q: %d", a, b, got)
			}
		}
	}
	for range 100 {
		got := slices.Clone(want)
		rand.Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		npm.SortVersions(got)
		if !slices.Equal(got, want) {
			t.Fatalf("%q", got)
		}
	}
}
