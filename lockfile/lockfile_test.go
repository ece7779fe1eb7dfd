package lockfile_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockwarden/lockwarden/analyzer/worker"
	"github.com/lockwarden/lockwarden/lockfile"
)

func parse(t testing.TB, text string) *lockfile.Lockfile {
	t.Helper()
	lock, err := lockfile.Parse("package-lock.json", []byte(text), lockfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

func TestErrorsNameFileAndLine(t *testing.T) {
	deep := `{"lockfileVersion":3,"packages":{"node_modules/a":{"x":` + strings.Repeat("[", 100_000)
	legacyDeep := `{"lockfileVersion":1,"dependencies":{"a":` + strings.Repeat(`{"dependencies":{"a":`, 100_000)
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", "package-lock.json:1: the lockfile is empty; run npm install"},
		{"truncated", "{\n\"packages\": {\n\"node_modules/a\": {\n\"version\": \"1.", "package-lock.json:4: the file ends inside a string"},
		{"truncated between", "{\n\"packages\": {\n\"node_modules/a\": {", "package-lock.json:3: the file ends in the middle"},
		{"an entry twice", "{\"packages\":{\n\"node_modules/a\":{},\n\"node_modules/a\":{}}}", `package-lock.json:3: the key "node_modules/a" appears twice`},
		{"an entry twice, once escaped", "{\"packages\":{\n\"node_modules/a\":{},\n\"node_modules/\\u0061\":{}}}", `package-lock.json:3: the key "node_modules/a" appears twice`},
		{"a field twice", "{\"packages\":{\"node_modules/a\":{\n\"version\":\"1.0.0\",\n\"version\":\"1.0.1\"}}}", `package-lock.json:3: the key "version" appears twice`},
		{"a merge conflict", "{\n\"lockfileVersion\": 3,\n<<<<<<< HEAD\n\"packages\": {}\n=======\n\"packages\": {}\n>>>>>>> theirs\n}", "package-lock.json:3: the file has merge conflict markers; resolve those in package.json by hand, then run npm install --package-lock-only"},
		{"deep", deep, "package-lock.json:1: nested deeper than 256 levels"},
		{"deep, version 1", legacyDeep, "package-lock.json:1: nested deeper than 256 levels"},
		{"too large", "{\n\"packages\":{}" + strings.Repeat(" ", 100<<20) + "}", "package-lock.json:2: the file has more than 64 MiB"},
		{"no lockfile", `{"name":"x"}`, "package-lock.json:1: this is no npm lockfile"},
		{"unknown version", `{"lockfileVersion":9}`, "lockfileVersion 9 is not one this program knows"},
		{"an array", `[]`, "a lockfile is a JSON object"},
		{"text after the end", "{\"packages\":{}}\n{}", `package-lock.json:2: unexpected '{' after the end`},
		{"bad integrity", "{\"packages\":{\"node_modules/a\":{\n\"integrity\":\"sha512\"}}}", `package-lock.json:2: "node_modules/a": "integrity" is not an SRI hash: "sha512"`},
		{"a location outside", "{\"packages\":{\n\"../../etc/x/./y\":{}}}", `package-lock.json:2: "../../etc/x/./y" is not a clean relative location`},
		{"a raw line break", "{\"packages\":{\"a\nb\":{}}}", "raw control character"},
		{"a bad number", `{"packages":{"a":{"x":1e}}}`, "is not a JSON value"},
	} {
		t.Run(test.name, func(t *testing.T) {
			start := worker.ProcessorTime()
			_, err := lockfile.Parse("package-lock.json", []byte(test.text), lockfile.Options{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v\nwant %s", err, test.want)
			}
			if took := worker.ProcessorTime() - start; took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// TestHostileShapesAreFast: chains and stars that would be slow for an
// algorithm that is not linear.
func TestHostileShapesAreFast(t *testing.T) {
	const n = 60_000
	build := func(entry func(b *strings.Builder, i int)) string {
		var b strings.Builder
		b.WriteString(`{"lockfileVersion":3,"packages":{"":{"dependencies":{"p0":"*"},"bundleDependencies":["nobody"],"workspaces":["w/*"]}`)
		for i := range n {
			b.WriteString(",\n")
			entry(&b, i)
		}
		return b.String() + "}}"
	}
	for name, text := range map[string]string{
		"a chain beside a bundle": build(func(b *strings.Builder, i int) {
			fmt.Fprintf(b, `"node_modules/p%d":{"version":"1.0.0","dependencies":{"p%d":"*"}}`, i, i+1)
		}),
		"everything needs everything's neighbour": build(func(b *strings.Builder, i int) {
			fmt.Fprintf(b, `"node_modules/p%d":{"version":"1.0.0","dependencies":{"p%d":"*"},"optionalDependencies":{"p%d":"*"},"peerDependencies":{"p0":"*"},"bundleDependencies":["p%d"]}`, i, i*7%n, i*13%n, i)
		}),
		"one package at many places": build(func(b *strings.Builder, i int) {
			fmt.Fprintf(b, `"node_modules/p%d/node_modules/same":{"version":"1.0.%d"}`, i, i)
		}),
	} {
		start := worker.ProcessorTime()
		lock, err := lockfile.Parse("package-lock.json", []byte(text), lockfile.Options{Project: fstest.MapFS{"package.json": {Data: []byte(`{"dependencies":{"p1":"*"}}`)}}})
		if err != nil {
			t.Fatal(err)
		}
		other := parse(t, strings.ReplaceAll(text, `"1.0.0"`, `"1.0.1"`))
		lockfile.Compare(lock, other)
		lockfile.Compare(nil, lock)
		if took := worker.ProcessorTime() - start; took > 20*time.Second {
			t.Errorf("%s: %v", name, took)
		} else {
			t.Logf("%s: %v", name, took)
		}
	}
}

func TestLinesAreExact(t *testing.T) {
	lock := parse(t, `{
  "lockfileVersion": 3,
  "packages": {
    "": {"dependencies": {"a": "1"}},
    "node_modules/a": {
      "version": "1.0.0"
    },
    "node_modules/b": { "version": "2.0.0" }
  }
}`)
	for location, want := range map[string][2]int{"node_modules/a": {5, 7}, "node_modules/b": {8, 8}} {
		if e := lock.At(location); e.Line != want[0] || e.EndLine != want[1] {
			t.Errorf("%s: lines %d to %d, want %v", location, e.Line, e.EndLine, want)
		}
	}
	legacy := parse(t, "{\n\"lockfileVersion\": 1,\n\"dependencies\": {\n\"a\": {\n\"version\": \"1.0.0\",\n\"dependencies\": {\n\"b\": {\n\"version\": \"1.0.0\"\n}\n}\n}\n}\n}")
	if e := legacy.At("node_modules/a/node_modules/b"); e.Line != 7 || e.EndLine != 9 {
		t.Errorf("nested entry of version 1: lines %d to %d, want 7 to 9", e.Line, e.EndLine)
	}
}

func TestLegacySources(t *testing.T) {
	lock := parse(t, `{"lockfileVersion":1,"dependencies":{
"alias":{"version":"npm:isarray@1.0.0","resolved":"https://r.example/isarray/-/isarray-1.0.0.tgz"},
"tar":{"version":"https://r.example/x/tar-2.3.4.tgz"},
"git":{"version":"git+ssh://git@github.com/o/r.git#0123456789012345678901234567890123456789"},
"dir":{"version":"file:lib/dir","requires":{"alias":"*"},"dependencies":{"deep":{"version":"1.0.0"}}}}}`)
	var got []string
	for _, e := range lock.Entries {
		got = append(got, fmt.Sprintf("%s %s@%s link=%v %s", e.Location, e.Package, e.Version, e.Link, e.Source()))
	}
	want := []string{
		"lib/dir dir@ link=false local", "lib/dir/node_modules/deep deep@1.0.0 link=false registry",
		"node_modules/alias isarray@1.0.0 link=false registry", "node_modules/dir dir@ link=true local",
		"node_modules/git git@ link=false git", "node_modules/tar tar@2.3.4 link=false remote",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

const h1, h2 = "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", "sha512-BBBBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="

func TestCompare(t *testing.T) {
	type entry = map[string]string
	build := func(entries map[string]entry) *lockfile.Lockfile {
		if entries == nil {
			return nil
		}
		var b strings.Builder
		b.WriteString(`{"lockfileVersion":3,"packages":{"":{"dependencies":{"a":"*","b":"*"}}`)
		for location, fields := range entries {
			fmt.Fprintf(&b, ",%q:{", location)
			first := true
			for key, value := range fields {
				if !first {
					b.WriteByte(',')
				}
				first = false
				if key == "dependencies" {
					fmt.Fprintf(&b, "%q:{%q:\"*\"}", key, value)
				} else {
					fmt.Fprintf(&b, "%q:%q", key, value)
				}
			}
			b.WriteString("}")
		}
		b.WriteString("}}")
		return parse(t, b.String())
	}
	v := func(version string) entry { return entry{"version": version} }
	for _, test := range []struct {
		name       string
		base, head map[string]entry
		want       []string
	}{
		{"nothing", map[string]entry{"node_modules/a": v("1.0.0")}, map[string]entry{"node_modules/a": v("1.0.0")}, nil},
		{"a new lockfile", nil, map[string]entry{"node_modules/a": v("1.0.0")}, []string{"added a →1.0.0 [node_modules/a] why [a@1.0.0]"}},
		{"a deleted lockfile", map[string]entry{"node_modules/a": v("1.0.0")}, nil, []string{"removed a 1.0.0→ [node_modules/a] why [a@1.0.0]"}},
		{"an upgrade across nine to ten", map[string]entry{"node_modules/a": v("9.0.0")}, map[string]entry{"node_modules/a": v("10.0.0")}, []string{"upgraded a 9.0.0→10.0.0 [node_modules/a] why [a@10.0.0]"}},
		{"to a pre-release of the same version", map[string]entry{"node_modules/a": v("2.0.0")}, map[string]entry{"node_modules/a": v("2.0.0-rc.1")}, []string{"downgraded a 2.0.0→2.0.0-rc.1 [node_modules/a] why [a@2.0.0-rc.1]"}},
		{"moved to another folder", map[string]entry{"node_modules/a": v("1.0.0"), "node_modules/b": v("1.0.0")},
			map[string]entry{"node_modules/b": v("1.0.0"), "node_modules/b/node_modules/a": v("1.0.0")},
			[]string{"moved a 1.0.0→1.0.0 [node_modules/b/node_modules/a] why []"}},
		{"a second version beside the first", map[string]entry{"node_modules/a": v("1.0.0")},
			map[string]entry{"node_modules/a": v("1.0.0"), "node_modules/b": {"version": "1.0.0", "dependencies": "a"}, "node_modules/b/node_modules/a": v("2.0.0")},
			[]string{"added a →2.0.0 [node_modules/b/node_modules/a] why [b@1.0.0 a@2.0.0]", "added b →1.0.0 [node_modules/b] why [b@1.0.0]"}},
		{"two places, one change", map[string]entry{"node_modules/a": v("1.0.0"), "node_modules/b": v("1.0.0"), "node_modules/b/node_modules/a": v("2.0.0")},
			map[string]entry{"node_modules/a": v("3.0.0"), "node_modules/b": v("1.0.0"), "node_modules/b/node_modules/a": v("3.0.0")},
			[]string{"removed a 2.0.0→ [node_modules/b/node_modules/a] why []", "upgraded a 1.0.0→3.0.0 [node_modules/a node_modules/b/node_modules/a] why [a@3.0.0]"}},
		{"another hash", map[string]entry{"node_modules/a": {"version": "1.0.0", "integrity": h1}}, map[string]entry{"node_modules/a": {"version": "1.0.0", "integrity": h2}}, []string{"replaced a 1.0.0→1.0.0 [node_modules/a] why [a@1.0.0]"}},
		{"a hash lost", map[string]entry{"node_modules/a": {"version": "1.0.0", "integrity": h1}}, map[string]entry{"node_modules/a": v("1.0.0")}, []string{"replaced a 1.0.0→1.0.0 [node_modules/a] why [a@1.0.0]"}},
		{"a hash gained", map[string]entry{"node_modules/a": v("1.0.0")}, map[string]entry{"node_modules/a": {"version": "1.0.0", "integrity": h1}}, nil},
		{"another host", map[string]entry{"node_modules/a": {"version": "1.0.0", "integrity": h1, "resolved": "https://a.example/a/-/a-1.0.0.tgz"}},
			map[string]entry{"node_modules/a": {"version": "1.0.0", "integrity": h1, "resolved": "https://b.example/a/-/a-1.0.0.tgz"}}, []string{"replaced a 1.0.0→1.0.0 [node_modules/a] why [a@1.0.0]"}},
		{"the host is left out now", map[string]entry{"node_modules/a": {"version": "1.0.0", "integrity": h1, "resolved": "https://a.example/a/-/a-1.0.0.tgz"}},
			map[string]entry{"node_modules/a": {"version": "1.0.0", "integrity": h1}}, []string{"moved a 1.0.0→1.0.0 [node_modules/a] why [a@1.0.0]"}},
		{"an alias speaks of the real package", map[string]entry{}, map[string]entry{"node_modules/a": {"name": "real", "version": "1.0.0"}}, []string{"added real →1.0.0 [node_modules/a] why [real@1.0.0]"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, c := range lockfile.Compare(build(test.base), build(test.head)) {
				got = append(got, fmt.Sprintf("%s %s %s→%s %v why %v", c.Kind, c.Name, c.From, c.To, c.Locations, c.Why))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhyIsTheShortestPath(t *testing.T) {
	lock := parse(t, `{"lockfileVersion":3,"packages":{
"":{"dependencies":{"long":"*","short":"*"}},
"node_modules/long":{"version":"1.0.0","dependencies":{"middle":"*"}},
"node_modules/middle":{"version":"1.0.0","dependencies":{"target":"*"}},
"node_modules/short":{"version":"1.0.0","optionalDependencies":{"target":"*"}},
"node_modules/target":{"version":"1.0.0","dependencies":{"long":"*"}},
"node_modules/nobody":{"version":"1.0.0","extraneous":true}}}`)
	paths := lock.Paths()
	if diff := cmp.Diff([]string{"short@1.0.0", "target@1.0.0"}, paths.Why(lock.At("node_modules/target"))); diff != "" {
		t.Error(diff)
	}
	if why := paths.Why(lock.At("node_modules/nobody")); why != nil {
		t.Errorf("a package nobody asks for has the path %v", why)
	}
	if paths.Direct(lock.At("node_modules/target")) || !paths.Direct(lock.At("node_modules/short")) {
		t.Error("direct is wrong")
	}
}

// FuzzParse: no input panics or hangs, every error has a line, and what is
// read lies inside the file.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"lockfileVersion":3,"packages":{"":{"workspaces":["p/*"]},"p/a":{"version":"1.0.0"},"node_modules/a":{"link":true,"resolved":"p/a"}}}`))
	f.Add([]byte(`{"lockfileVersion":1,"dependencies":{"a":{"version":"file:x","bundled":true,"requires":{"b":"1"},"dependencies":{"b":{"version":"npm:c@1.0.0"}}}}}`))
	f.Add([]byte(`{"packages":{"node_modules/a":{"bundleDependencies":["b"],"dependencies":{"b":"1"},"peerDependenciesMeta":{"b":{"optional":true}}},"node_modules/a/node_modules/b":{"\ud83d\ude00":1e5}}}`))
	examples, _ := filepath.Glob("../examples/*/package-lock.json")
	for _, name := range examples {
		if data, err := os.ReadFile(name); err == nil && len(data) < 20_000 {
			f.Add(data)
		}
	}
	for _, name := range formats(f) {
		f.Add(read(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		// JSON is read as npm's and as Bun's; the rest is told apart by itself.
		_, _ = lockfile.Parse("bun.lock", data, lockfile.Options{})
		lock, err := lockfile.Parse("f.json", data, lockfile.Options{})
		if err != nil {
			if e, ok := err.(*lockfile.Error); !ok || e.Line < 1 || e.Line > 1+strings.Count(string(data), "\n") {
				t.Fatalf("error without a line inside the file: %#v", err)
			}
			return
		}
		lines := 1 + strings.Count(string(data), "\n")
		paths := lock.Paths()
		for _, e := range lock.Entries {
			if e.Line < 1 || e.EndLine < e.Line || e.EndLine > lines {
				t.Fatalf("%s: lines %d to %d of %d", e.Location, e.Line, e.EndLine, lines)
			}
			paths.Why(e)
		}
		if changes := lockfile.Compare(lock, lock); len(changes) > 0 {
			t.Fatalf("a lockfile differs from itself: %+v", changes)
		}
		lockfile.Compare(nil, lock)
	})
}

// Generate writes a lockfile of n entries with realistic nesting and fields.
func generate(n int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString("{\n  \"name\": \"big\",\n  \"lockfileVersion\": 3,\n  \"requires\": true,\n  \"packages\": {\n    \"\": {\n      \"name\": \"big\",\n      \"dependencies\": {\n        \"package-0\": \"^1.0.0\"\n      }\n    }")
	for i := range n {
		location := fmt.Sprintf("node_modules/package-%d", i)
		if i%5 == 4 {
			location = fmt.Sprintf("node_modules/package-%d/node_modules/nested-%d", i-1, i)
		}
		fmt.Fprintf(&b, ",\n    %q: {\n      \"version\": \"%d.%d.%d\",\n", location, random.IntN(20), random.IntN(20), random.IntN(20))
		fmt.Fprintf(&b, "      \"resolved\": \"https://registry.example/package-%d/-/package-%d-1.0.0.tgz\",\n      \"integrity\": \"sha512-%086d==\",\n", i, i, i)
		if i%3 == 0 {
			b.WriteString("      \"dev\": true,\n")
		}
		b.WriteString("      \"license\": \"MIT\",\n      \"engines\": {\n        \"node\": \">=14\"\n      },\n      \"dependencies\": {\n")
		fmt.Fprintf(&b, "        \"package-%d\": \"^1.0.0\",\n        \"package-%d\": \"^2.0.0\",\n        \"package-x%d\": \"*\"\n      }\n    }", i+1, random.IntN(n)/5*5+5*n, i+2)
	}
	b.WriteString("\n  }\n}\n")
	return []byte(b.String())
}

// BenchmarkParse reads a lockfile of 10,000 entries; bench/ compares it with
// Arborist in the same run.
func BenchmarkParse(b *testing.B) {
	data := generate(10_000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := lockfile.Parse("package-lock.json", data, lockfile.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkParseAndCompare reads two such lockfiles and compares them.
func BenchmarkParseAndCompare(b *testing.B) {
	data := generate(10_000)
	other := []byte(strings.ReplaceAll(string(data), `"version": "1.1`, `"version": "1.2`))
	b.SetBytes(int64(2 * len(data)))
	b.ReportAllocs()
	for b.Loop() {
		base, err := lockfile.Parse("package-lock.json", data, lockfile.Options{})
		if err != nil {
			b.Fatal(err)
		}
		head, err := lockfile.Parse("package-lock.json", other, lockfile.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if len(lockfile.Compare(base, head)) == 0 {
			b.Fatal("no changes")
		}
	}
}

// BenchmarkCompare compares two such lockfiles that are read already.
func BenchmarkCompare(b *testing.B) {
	data := generate(10_000)
	base := parse(b, string(data))
	head := parse(b, strings.ReplaceAll(string(data), `"version": "1.1`, `"version": "1.2`))
	b.ReportAllocs()
	for b.Loop() {
		if len(lockfile.Compare(base, head)) == 0 {
			b.Fatal("no changes")
		}
	}
}
