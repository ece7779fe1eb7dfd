package lockfile_test

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/lockfile/document"
)

// The lockfiles in testdata/formats were written by the package managers
// themselves, of one project: workspaces, an alias, a peer, an optional
// package, one from an address.
func formats(t testing.TB) map[string]string {
	t.Helper()
	out := map[string]string{}
	files, err := filepath.Glob("testdata/formats/*/*")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d lockfiles: %v", len(files), err)
	}
	for _, f := range files {
		out[filepath.Base(filepath.Dir(f))] = filepath.ToSlash(f)
	}
	return out
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func parseFormat(t testing.TB, file string, data []byte) *lockfile.Lockfile {
	t.Helper()
	lock, err := lockfile.Parse(file, data, lockfile.Options{Project: os.DirFS("testdata/formats")})
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

// known are differences that are the package managers' own.
var known = map[string]string{
	// Yarn 2 and later record no difference between what a workspace needs
	// and what only its development does.
	"berry wrappy@1.0.2": "dev",
}

// TestFormats: all package managers lock the same packages for the same
// project, and this program sees them alike.
func TestFormats(t *testing.T) {
	files := formats(t)
	npm := parseFormat(t, files["npm10"], read(t, files["npm10"]))
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			data := read(t, file)
			lines := strings.Split(string(data), "\n")
			lock := parseFormat(t, file, data)
			paths := lock.Paths()
			found := map[string]*lockfile.Entry{}
			for _, e := range lock.Entries {
				if e.Line < 1 || e.EndLine < e.Line || e.EndLine > len(lines) {
					t.Fatalf("%s: lines %d to %d of %d", e.Location, e.Line, e.EndLine, len(lines))
				}
				if e.Source() == lockfile.Local {
					continue
				}
				if entry := strings.Join(lines[e.Line-1:e.EndLine], "\n"); !strings.Contains(entry, e.Package) || e.Version != "" && !strings.Contains(entry, e.Version) {
					t.Errorf("%s is not at lines %d to %d:\n%s", e.ID(), e.Line, e.EndLine, entry)
				}
				if first := lines[e.Line-1]; !strings.Contains(first, e.Name) && !strings.Contains(first, e.Package) {
					t.Errorf("%s does not begin at line %d: %s", e.ID(), e.Line, first)
				}
				if len(paths.Why(e)) == 0 {
					t.Errorf("nobody knows why %s is there", e.ID())
				}
				if had := found[e.ID()]; had == nil || had.Optional {
					found[e.ID()] = e
				}
			}
			for _, want := range npm.Entries {
				if want.Source() == lockfile.Local {
					continue
				}
				e := found[want.ID()]
				if e == nil {
					t.Errorf("%s is missing", want.ID())
					continue
				}
				if (e.Dev != want.Dev || e.Optional != want.Optional) && known[name+" "+want.ID()] == "" {
					t.Errorf("%s: dev=%v optional=%v, npm says %v %v", e.ID(), e.Dev, e.Optional, want.Dev, want.Optional)
				}
				if e.Integrity != "" && want.Integrity != "" {
					if _, conflict := lockfile.CompareIntegrity(e.Integrity, want.Integrity); conflict {
						t.Errorf("%s has another hash", e.ID())
					}
				}
				if len(e.Integrity+e.Checksum) == 0 && name != "bun" && !e.Conditional {
					t.Errorf("%s has no hash", e.ID())
				}
			}
			if name != "berry" && len(found) != len(npmIDs(npm)) {
				t.Errorf("%d packages, npm has %d", len(found), len(npmIDs(npm)))
			}
			if why := strings.Join(paths.Why(found["ms@2.0.0"]), " "); !strings.HasSuffix(why, "debug@2.6.9 ms@2.0.0") {
				t.Errorf("why ms@2.0.0: %s", why)
			}
			if e := lock.Resolve(lock.Root, "old-lodash"); e == nil || e.Package != "lodash" || e.Version != "3.10.1" || e.Name != "old-lodash" {
				t.Errorf("the alias: %+v", e)
			}
			if e := found["chalk@4.1.2"]; !paths.Direct(e) || paths.Direct(found["ansi-styles@4.3.0"]) {
				t.Error("what the project itself asks for is not known")
			}
			if e := found["is-number@7.0.0"]; e.Resolved != "" && !strings.HasSuffix(e.Resolved, "/is-number/-/is-number-7.0.0.tgz") {
				t.Errorf("the address of is-number is %q", e.Resolved)
			}
		})
	}
}

func npmIDs(lock *lockfile.Lockfile) map[string]bool {
	ids := map[string]bool{}
	for _, e := range lock.Entries {
		if e.Source() != lockfile.Local {
			ids[e.ID()] = true
		}
	}
	return ids
}

// TestFormatsCompare: an update, a removal and exchanged bytes are seen in
// every format, on the line they stand on.
func TestFormatsCompare(t *testing.T) {
	for name, file := range formats(t) {
		t.Run(name, func(t *testing.T) {
			data := string(read(t, file))
			base := parseFormat(t, file, []byte(data))
			// once is replaced by a later version, wherever it is named.
			changed := strings.NewReplacer("once@1.4.0", "once@1.4.9", "/once/1.4.0", "/once/1.4.9", "once: 1.4.0", "once: 1.4.9", "once-1.4.0", "once-1.4.9", "once@npm:1.4.0", "once@npm:1.4.9").Replace(data)
			switch name {
			case "npm10", "yarn1", "berry":
				at := strings.Index(changed, "once@")
				if name == "npm10" {
					at = strings.Index(changed, `"node_modules/once"`)
				}
				changed = changed[:at] + strings.Replace(changed[at:], "1.4.0", "1.4.9", 1)
			}
			changes := lockfile.Compare(base, parseFormat(t, file, []byte(changed)))
			if len(changes) != 1 || changes[0].Kind != lockfile.Upgraded || changes[0].From != "1.4.0" || changes[0].To != "1.4.9" {
				t.Fatalf("%+v", changes)
			}
			if line := strings.Split(changed, "\n")[changes[0].Line-1]; !strings.Contains(line, "once") {
				t.Errorf("line %d is %q", changes[0].Line, line)
			}
			if why := changes[0].Why; len(why) < 2 || why[len(why)-1] != "once@1.4.9" || !changes[0].Dev && name != "berry" {
				t.Errorf("why %v, dev %v", why, changes[0].Dev)
			}
			// Other bytes under the same version.
			old, other := "sha512-lNaJgI+2Q5", "sha512-lNaJgI+2Q6"
			if name == "berry" {
				i := strings.Index(data, "once@npm:1.4.0")
				i += strings.Index(data[i:], "checksum: 10c0/")
				old = data[i : i+20]
				other = old[:19] + "0"
				if old == other {
					other = old[:19] + "1"
				}
			}
			if !strings.Contains(data, old) {
				t.Fatal("the hash is not there")
			}
			swapped := lockfile.Compare(base, parseFormat(t, file, []byte(strings.Replace(data, old, other, 1))))
			if len(swapped) != 1 || swapped[0].Kind != lockfile.Replaced || swapped[0].Name != "once" {
				t.Errorf("%+v", swapped)
			}
			if same := lockfile.Compare(base, parseFormat(t, file, []byte(data))); len(same) != 0 {
				t.Errorf("the same lockfile differs from itself: %+v", same)
			}
		})
	}
}

// TestFormatsHostile: what no package manager writes is an error with its line,
// or at least no crash.
func TestFormatsHostile(t *testing.T) {
	deep := strings.Repeat("[", 100_000)
	for _, test := range []struct{ file, text, want string }{
		{"pnpm-lock.yaml", "lockfileVersion: 4.0\n", ":1: lockfileVersion 4.0 of pnpm"},
		{"pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  a@1.0.0: {}\n  a@1.0.0: {}\n", ":4: the key \"a@1.0.0\" appears twice"},
		{"pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages: &x\n  a@1.0.0: {}\n", ":2: anchors and aliases"},
		{"pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  a@1.0.0: !!binary eA==\n", ":3: tags are not"},
		{"pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  <<: {a@1.0.0: {}}\n", ":3: merge keys"},
		{"pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    resolution:\n      <<: {tarball: https://x.example/a.tgz}\n", ":5: merge keys"},
		{"yarn.lock", "__metadata:\n  version: 8\n\"a@npm:1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n  dependencies:\n    <<: {b: 1}\n", ":7: merge keys"},
		{"pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    resolution: {integrity: nothing}\n", ":3: the integrity of a is not an SRI hash"},
		{"pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  ../../etc@1.0.0: {}\n", "is not a package name"},
		{"pnpm-lock.yaml", "lockfileVersion: '9.0'\nsnapshots:\n  a@1.0.0: {}\npackages: {}\n", ":3: \"a@1.0.0\" is among the snapshots"},
		{"pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  a@1.0.0: {}\nsnapshots:\n  a@1.0.0:\n    version: 9.9.9\n", ":6: \"version\" of \"a@1.0.0\" stands in the snapshot"},
		{"pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages: " + deep, ":"},
		{"pnpm-lock.yaml", "lockfileVersion: '9.0'\n<<<<<<< HEAD\npackages:\n", ":2: the file has merge conflict markers; resolve those in package.json by hand, then run pnpm install"},
		{"pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    resolution: {integrity", ":"},
		{"pnpm-lock.yaml", "", ":1:"},
		{"yarn.lock", "# yarn lockfile v1\n\na@^1:\n  version \"1.0.0\"\n\na@^1:\n  version \"2.0.0\"\n", ":6: \"a@^1\" is locked twice"},
		{"yarn.lock", "# yarn lockfile v1\n\na@^1:\n  resolved \"x\"\n", ":3: \"a@^1\" has no version"},
		{"yarn.lock", "# yarn lockfile v1\n\na@^1:\n  version \"1.0.0\n", ":4: a text without its end"},
		{"yarn.lock", "# yarn lockfile v1\n  version \"1.0.0\"\n", ":2: an indented line before"},
		{"yarn.lock", "# yarn lockfile v1\n\na@^1:\n  version \"1.0.0\"\n  resolved \"x\"\n  resolved \"y\"\n", ":6: \"resolved\" appears twice"},
		{"yarn.lock", "# yarn lockfile v1\n\na@^1:\n  version \"1.0.0\"\n   resolved \"x\"\n", ":5: the line is not indented"},
		{"yarn.lock", "{\"__metadata\": {\"version\": 9}, \"entries\": []}", "of Yarn's lockfile is not an object"},
		{"yarn.lock", "__metadata:\n  version: 8\n---\n__metadata:\n  version: 8\n", ":4: the lockfile has more than one document"},
		{"yarn.lock", "# yarn lockfile v1\nrubbish\n", ":2: this line is neither"},
		{"yarn.lock", "__metadata:\n  version: 3\n", ":1: the version of Yarn's lockfile"},
		{"yarn.lock", "__metadata:\n  version: 8\n\"a@npm:1\":\n  version: 1.0.0\n", "is no resolution"},
		{"yarn.lock", "__metadata:\n  version: 8\n\"a@npm:1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n\"a@npm:1, b@npm:2\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n", ":6: \"a@npm:1\" is locked twice"},
		{"package-lock.json", "{\"lockfileVersion\":3,\"packages\":{\"node_modules/a\":{\"version\":\"1.0.0\",\n\"resolved\":[\"https://x.example/a.tgz\"]}}}", ":2: \"resolved\" is not a text"},
		{"package-lock.json", "{\"lockfileVersion\":3,\"packages\":{\"node_modules/a\":{\"version\":\"1.0.0\",\n\"integrity\":0}}}", ":2: \"integrity\" is not a text"},
		{"package-lock.json", "{\"lockfileVersion\":1,\"dependencies\":{\"a\":{\"version\":\"1.0.0\",\n\"resolved\":{}}}}", ":2: \"resolved\" is not a text"},
		{"pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    resolution:\n      tarball: [x]\n", ":5: \"tarball\" is not a text"},
		{"package-lock.json", "{\"lockfileVersion\":3,\"packages\":{\"node_modules/a\":{\"version\":\"1.0.0\",\n\"scripts\":{\"postinstall\":\"x\"}}}}", ":2: \"node_modules/a\" has \"scripts\", which npm runs"},
		{"package-lock.json", "{\"lockfileVersion\":3,\"packages\":{\"web\":{\"version\":\"1.0.0\",\n\"scripts\":{}}}}", ":2: \"web\" has \"scripts\""},
		{"pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    hasBin: True\n", ":4: \"hasBin\" is neither true nor false"},
		{"pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  a@1.0.0: {}\nsnapshots:\n  a@1.0.0:\n    optional: yes\n", ":6: \"optional\" is neither true nor false"},
		{"bun.lock", "{\"lockfileVersion\": 1, \"workspaces\": {\"\": {}}, \"packages\": {\n\"a\": [\"a@1.0.0\", \"\", {}, \"sha512-AAAA\", \"sha512-BBBB\"]}}", ":2: the hash of \"a\" does not stand where"},
		{"bun.lock", "{\"lockfileVersion\": 1, \"workspaces\": {\"\": {}}, \"packages\": {\n\"a\": [\"a@1.0.0\", \"sha512-AAAA\", {}, \"\"]}}", ":2: the hash of \"a\" does not stand where"},
		{"bun.lock", "{\"lockfileVersion\": 1, \"workspaces\": {\"\": {}}, \"packages\": {\n\"a\": [\"a@1.0.0\", \"\", {\"os\": \"none\"}, {}, \"sha512-AAAA\"]}}", ":2: \"a\" says twice what it is"},
		{"bun.lock", "{\"lockfileVersion\": 9}", ":1: lockfileVersion 9 of Bun"},
		{"bun.lock", "{\"lockfileVersion\": 1, \"workspaces\": {\"\": {}}, \"packages\": {\"a\": [\"a@1.0.0\", \"\", {}],\n\"a\": [\"a@2.0.0\"]}}", ":2: the key \"a\" appears twice"},
		{"bun.lock", "{\"lockfileVersion\": 1, \"workspaces\": {\"\": {}}, \"packages\": {\"../a\": [\"a@1.0.0\"]}}", "is not a clean relative location"},
		{"bun.lock", "{\"lockfileVersion\": 1, \"workspaces\": " + strings.Repeat("{\"\":", 1000), "nested deeper"},
		{"bun.lock", "{\"lockfileVersion\": 1,, }", ":1:"},
	} {
		_, err := lockfile.Parse(test.file, []byte(test.text), lockfile.Options{})
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), test.file+":") {
			t.Errorf("%.60q: got %v, want %s", test.text, err, test.want)
		}
	}
	for _, file := range formats(t) {
		data := read(t, file)
		// Truncated anywhere, it is an error or a smaller lockfile, quickly.
		for i := 0; i < len(data); i += 97 {
			if _, err := lockfile.Parse(path.Base(file), data[:i], lockfile.Options{}); err != nil {
				if _, ok := err.(*lockfile.Error); !ok {
					t.Fatalf("%s: %v", file, err)
				}
			}
		}
		big := append(slices.Clone(data), make([]byte, lockfile.MaxSize)...)
		if _, err := lockfile.Parse(path.Base(file), big, lockfile.Options{}); err == nil || !strings.Contains(err.Error(), "64 MiB") {
			t.Errorf("%s: %v", file, err)
		}
	}
	large := "lockfileVersion: '9.0'\npackages: {}\n" + strings.Repeat("# nothing\n", document.MaxYAML/10)
	if _, err := lockfile.Parse("pnpm-lock.yaml", []byte(large), lockfile.Options{}); err == nil || !strings.Contains(err.Error(), "16 MiB") {
		t.Error(err)
	}
}

// Sources that are no registry, as each package manager writes them.
func TestFormatsSources(t *testing.T) {
	commit := strings.Repeat("a", 40)
	for _, test := range []struct {
		file, text, resolved string
		source               lockfile.Source
	}{
		{"pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  a@https://codeload.github.com/o/a/tar.gz/" + commit + ":\n    resolution: {tarball: https://codeload.github.com/o/a/tar.gz/" + commit + "}\n    version: 1.0.0\n", "https://codeload.github.com/o/a/tar.gz/" + commit, lockfile.Remote},
		{"pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  a@git+https://git.example/o/a.git#" + commit + ":\n    resolution: {type: git, repo: https://git.example/o/a.git, commit: " + commit + "}\n    version: 1.0.0\n", "git+https://git.example/o/a.git#" + commit, lockfile.Git},
		{"pnpm-lock.yaml", "lockfileVersion: 5.4\npackages:\n  github.com/o/a/" + commit + ":\n    resolution: {tarball: https://codeload.github.com/o/a/tar.gz/" + commit + "}\n    name: a\n    version: 1.0.0\n", "https://codeload.github.com/o/a/tar.gz/" + commit, lockfile.Remote},
		{"pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  a@file:lib/a:\n    resolution: {directory: lib/a, type: directory}\n", "file:lib/a", lockfile.File},
		{"pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  '@s/a@1.0.0':\n    resolution: {integrity: sha512-AAAA, tarball: https://npm.example/@s/a/-/a-1.0.0.tgz}\n", "https://npm.example/@s/a/-/a-1.0.0.tgz", lockfile.Registry},
		{"yarn.lock", "# yarn lockfile v1\n\n\"a@git+https://git.example/o/a.git\":\n  version \"1.0.0\"\n  resolved \"git+https://git.example/o/a.git#" + commit + "\"\n", "git+https://git.example/o/a.git#" + commit, lockfile.Git},
		{"yarn.lock", "# yarn lockfile v1\n\n\"a@file:./lib\":\n  version \"1.0.0\"\n", "file:lib", lockfile.File},
		{"yarn.lock", "__metadata:\n  version: 8\n\"a@https://git.example/o/a.git\":\n  version: 1.0.0\n  resolution: \"a@https://git.example/o/a.git#commit=" + commit + "\"\n", "git+https://git.example/o/a.git#" + commit, lockfile.Git},
		{"yarn.lock", "__metadata:\n  version: 8\n\"a@npm:1.0.0\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0::__archiveUrl=https%3A%2F%2Fnpm.example%2Fa%2F-%2Fa-1.0.0.tgz\"\n", "https://npm.example/a/-/a-1.0.0.tgz", lockfile.Registry},
		{"yarn.lock", "__metadata:\n  version: 8\n\"a@patch:a@npm%3A1.0.0#./fix.patch\":\n  version: 1.0.0\n  resolution: \"a@patch:a@npm%3A1.0.0#./fix.patch::version=1.0.0&hash=abc&locator=x\"\n", "", lockfile.Registry},
		{"bun.lock", `{"lockfileVersion":1,"workspaces":{"":{}},"packages":{"a":["a@github:o/a#abc",{},"o-a-abc"],}}`, "github:o/a#abc", lockfile.Git},
		{"bun.lock", `{"lockfileVersion":1,"workspaces":{"":{}},"packages":{"a":["a@1.0.0","https://npm.example/",{},"sha512-AAAA"],}}`, "https://npm.example/a/-/a-1.0.0.tgz", lockfile.Registry},
		{"bun.lock", `{"lockfileVersion":1,"workspaces":{"":{}},"packages":{"a":["a@file:lib",{}],}}`, "file:lib", lockfile.File},
	} {
		lock, err := lockfile.Parse(test.file, []byte(test.text), lockfile.Options{})
		if err != nil {
			t.Errorf("%v\n%s", err, test.text)
			continue
		}
		e := lock.Entries[0]
		if e.Package != "a" && e.Package != "@s/a" || e.Resolved != test.resolved || e.Source() != test.source {
			t.Errorf("%s\n%s: %q, source %s", test.text, e.ID(), e.Resolved, e.Source())
		}
	}
}

func BenchmarkFormats(b *testing.B) {
	for name, file := range formats(b) {
		b.Run(name, func(b *testing.B) {
			data := read(b, file)
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := lockfile.Parse(file, data, lockfile.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestTurboPruned: what turbo prune leaves of a workspace's lockfile is read
// like the lockfile itself. The files in testdata/turbo were written by turbo
// 2.11 from those of pnpm 10, Yarn 1 and 4, Bun 1.4 and npm 11.
func TestTurboPruned(t *testing.T) {
	files, err := filepath.Glob("testdata/turbo/*/*")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		if lockfile.Classify(path.Base(file)).Role != lockfile.Locks {
			continue
		}
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			lock, err := lockfile.Parse(file, read(t, file), lockfile.Options{Project: os.DirFS(filepath.Dir(file))})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range lock.Entries {
				if e.Source() != lockfile.Registry {
					continue
				}
				id := e.ID()
				if e.Dev {
					id += " dev"
				}
				got = append(got, id)
			}
			slices.Sort(got)
			want := []string{"is-number@6.0.0 dev", "is-odd@3.0.1 dev", "isarray@2.0.5 dev", "ms@2.1.3", "once@1.4.0", "wrappy@1.0.2"}
			if !slices.Equal(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
			if drift := lockfile.Drift(lock); len(drift) > 0 {
				t.Errorf("package.json disagrees: %q", drift)
			}
		})
	}
}

// TestRepacked: another cache key changes all checksums of Yarn's, and says
// nothing about any package; an entry that is not packed like the rest does.
func TestRepacked(t *testing.T) {
	file := formats(t)["berry"]
	text := string(read(t, file))
	base := parseFormat(t, file, []byte(text))
	all := strings.NewReplacer("cacheKey: 10c0", "cacheKey: 11c0", "checksum: 10c0/", "checksum: 11c0/0").Replace(text)
	head := parseFormat(t, file, []byte(all))
	if changes := lockfile.Compare(base, head); len(changes) > 0 {
		t.Errorf("%+v", changes[0])
	}
	if o, ok := lockfile.Repacked(base, head); !ok || o.What != "10c0 → 11c0" {
		t.Errorf("%+v %v", o, ok)
	}
	if _, ok := lockfile.Repacked(base, base); ok {
		t.Error("the same lockfile is packed in another way")
	}
	one := strings.Replace(text, "checksum: 10c0/", "checksum: 9c0/", 1)
	if changes := lockfile.Compare(base, parseFormat(t, file, []byte(one))); len(changes) != 1 || changes[0].Kind != lockfile.Replaced {
		t.Errorf("%+v", changes)
	}
	other := strings.Replace(all, "checksum: 11c0/", "checksum: 9c0/", 1)
	if changes := lockfile.Compare(base, parseFormat(t, file, []byte(other))); len(changes) != 1 || changes[0].Kind != lockfile.Replaced {
		t.Errorf("%+v", changes)
	}
}

// TestYarn6: the JSON form, as Yarn 6 writes it: ranges in front, what they
// resolved to inside, and no workspaces.
func TestYarn6(t *testing.T) {
	lock, err := lockfile.Parse("yarn.lock", []byte(`{
  "__metadata": {"version": 9},
  "entries": {
    "@builtin/node@builtin:24.12.0": {
      "resolution": {"resolution": "@builtin/node@builtin:24.12.0", "version": "24.12.0", "variants": ["@builtin/node-linux-x64@builtin:24.12.0"]}
    },
    "@builtin/node-linux-x64@builtin:24.12.0": {
      "checksum": "ab", "resolution": {"resolution": "@builtin/node-linux-x64@builtin:24.12.0", "version": "24.12.0", "requirements": {"os": ["linux"]}}
    },
    "debug@npm:^4.3.4, debug@npm:4": {
      "checksum": "cd",
      "resolution": {"resolution": "debug@npm:4.3.4", "version": "4.3.4", "dependencies": {"ms": "2.1.2", "tiny": "^1.0.0"}, "optionalDependencies": ["tiny"]}
    },
    "ms@npm:2.1.2": {"checksum": "ef", "resolution": {"resolution": "ms@npm:2.1.2", "version": "2.1.2"}},
    "tiny@npm:^1.0.0": {"checksum": "01", "resolution": {"resolution": "tiny@npm:1.0.0", "version": "1.0.0"}},
    "old@npm:ms@2.0.0": {"checksum": "23", "resolution": {"resolution": "old@npm:ms@2.0.0", "version": "2.0.0"}}
  }
}`), lockfile.Options{Project: fstest.MapFS{"package.json": {Data: []byte(`{"workspaces":["web"],"devDependencies":{"old":"npm:ms@2.0.0"}}`)},
		"web/package.json": {Data: []byte(`{"name":"web","dependencies":{"debug":"4"}}`)}}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range lock.Entries {
		line := e.ID() + " " + e.Source().String()
		if e.Dev {
			line += " dev"
		}
		if e.Optional {
			line += " optional"
		}
		got = append(got, line)
	}
	slices.Sort(got)
	want := []string{"@builtin/node-linux-x64@24.12.0 runtime optional", "@builtin/node@24.12.0 runtime", "debug@4.3.4 registry",
		"ms@2.0.0 registry dev", "ms@2.1.2 registry", "tiny@1.0.0 registry optional", "web local"}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
}
