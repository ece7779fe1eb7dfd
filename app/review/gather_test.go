package review_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/app/review"
	"github.com/lockwarden/lockwarden/lockfile"
)

// lockOf is an npm lockfile of packages, NAME@VERSION each.
func lockOf(packages ...string) string {
	return workspaceLock("", packages...)
}

// workspaceLock is one that has a workspace folder, too, with what it asks for.
func workspaceLock(workspace string, packages ...string) string {
	var b, root strings.Builder
	for i, p := range packages {
		name, version, _ := strings.Cut(p, "@")
		if i > 0 {
			root.WriteString(",")
		}
		fmt.Fprintf(&root, "%q:%q", name, version)
		fmt.Fprintf(&b, ",\n%q:{\"version\":%q,\"integrity\":%q}", "node_modules/"+name, version, hash)
	}
	return `{"lockfileVersion":3,"packages":{"":{"dependencies":{` + root.String() + `}}` + b.String() + workspace + "}}"
}

// asks is a package.json.
func asks(packages ...string) string {
	var list []string
	for _, p := range packages {
		name, version, _ := strings.Cut(p, "@")
		list = append(list, fmt.Sprintf("  %q: %q", name, version))
	}
	return "{\n \"dependencies\": {\n" + strings.Join(list, ",\n") + "\n }\n}\n"
}

type tree = map[string]string

// Lockfiles that stay as they are: of Yarn 1, of npm with a workspace, of Bun
// and of Yarn 4.
const (
	yarnA   = "# yarn lockfile v1\n\na@^1:\n  version \"1.0.0\"\n"
	devLock = `{"lockfileVersion":3,"packages":{"":{"dependencies":{"a":"1"}},"node_modules/a":{"version":"1.0.0"},
"web":{"devDependencies":{"b":"2"}},"node_modules/web":{"resolved":"web","link":true},"node_modules/b":{"version":"2.0.0","dev":true}}}`
	bunA   = `{"lockfileVersion":1,"workspaces":{"":{"devDependencies":{"a":"^1"}}},"packages":{"a":["a@1.0.0","",{}]}}`
	berryA = "__metadata:\n  version: 8\n\"a@npm:^1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n" +
		"\"a@npm:^2\":\n  version: 2.0.0\n  resolution: \"a@npm:2.0.0\"\n" +
		"\"r@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"r@workspace:.\"\n  dependencies:\n    a: \"catalog:\"\n"
)

func TestGather(t *testing.T) {
	const conflict = "{\n<<<<<<< ours\n"
	for _, row := range []struct {
		says       string
		base, head tree
		ignored    string
		// want are lines: "pair FILE +ADDED -REMOVED ~OTHER", "FILE:LINE ID words",
		// "note words".
		want []string
	}{
		{"a lockfile that changed is compared",
			tree{"package-lock.json": lockOf("a@1.0.0")}, tree{"package-lock.json": lockOf("a@1.0.0", "b@1.0.0")}, "",
			[]string{"pair package-lock.json +b"}},
		{"one that did not change is not read",
			tree{"package-lock.json": conflict, "x": "1"}, tree{"package-lock.json": conflict, "x": "2"}, "", nil},
		{"a new lockfile brings everything",
			tree{}, tree{"web/package-lock.json": lockOf("a@1.0.0")}, "", []string{"pair web/package-lock.json +a"}},
		{"a deleted lockfile is said, and what went",
			tree{"package-lock.json": lockOf("a@1.0.0")}, tree{}, "",
			[]string{"pair package-lock.json -a", "note package-lock.json is deleted and nothing takes its place"}},
		{"a lockfile in another format takes its place",
			tree{"package-lock.json": lockOf("a@1.0.0")}, tree{"bun.lock": `{"lockfileVersion":1,"workspaces":{"":{}},"packages":{}}`}, "",
			[]string{"pair bun.lock", "pair package-lock.json -a"}},
		{"a renamed folder is compared with what it was",
			tree{"old/package-lock.json": lockOf("a@1.0.0", "b@1.0.0"), "old/package.json": asks("a@1.0.0", "b@1.0.0")},
			tree{"new/package-lock.json": lockOf("a@1.0.0", "b@1.1.0"), "new/package.json": asks("a@1.0.0", "b@1.1.0")}, "",
			[]string{"pair new/package-lock.json ~b"}},
		{"a renamed folder without a lockfile asks for nothing new",
			tree{"old/package.json": asks("a@1.0.0")}, tree{"new/package.json": asks("a@1.0.0")}, "", nil},
		{"another lockfile in another folder is not a rename",
			tree{"old/package-lock.json": lockOf("a@1.0.0")}, tree{"new/package-lock.json": lockOf("b@1.0.0")}, "",
			[]string{"pair new/package-lock.json +b", "pair old/package-lock.json -a", "note old/package-lock.json is deleted"}},
		{"node_modules is not looked at, and said to be there",
			tree{}, tree{"node_modules/a/package-lock.json": conflict, "web/node_modules/.package-lock.json": conflict, "node_modules/a/package.json": asks("x@1")}, "",
			[]string{"node_modules:1 scan/incomplete 2 files below it were", "web/node_modules:1 scan/incomplete 1 file below it was"}},
		{"but not where its files are deleted",
			tree{"src/node_modules/a/index.js": "1", "src/node_modules/b/index.js": "1"}, tree{"src/node_modules/b/index.js": "1"}, "", nil},
		{"or left out by the policy",
			tree{}, tree{"src/node_modules/a/index.js": "1"}, "src/", nil},
		{"of tests it is a note",
			tree{}, tree{"src/__tests__/x/node_modules/a/index.js": "1"}, "", []string{"note 1 file in a node_modules folder of tests"}},
		{"Yarn's unplugged packages are one of their own",
			tree{}, tree{".yarn/unplugged/a-npm-1/node_modules/a/index.js": "1", ".yarn/unplugged/b-npm-1/node_modules/b/index.js": "1"}, "",
			[]string{".yarn/unplugged/a-npm-1/node_modules/a/index.js:1 scan/incomplete .yarn/unplugged packages that Yarn installs from the repository"}},
		{"what the policy leaves out is counted",
			tree{}, tree{"fixtures/package-lock.json": lockOf("a@1.0.0"), "fixtures/bun.lockb": "x", "fixtures/package.json": asks("q@1")}, "fixtures/",
			[]string{"note 3 changed files are left out"}},
		{"a branch's lockfile of pnpm is read",
			tree{}, tree{"pnpm-lock.main.yaml": "lockfileVersion: '9.0'\n"}, "", []string{"pair pnpm-lock.main.yaml"}},
		{"npm 12 ignores npm-shrinkwrap.json",
			tree{}, tree{"npm-shrinkwrap.json": lockOf("a@1.0.0")}, "", []string{"pair npm-shrinkwrap.json +a", "note npm-shrinkwrap.json: npm 12", "note npm-shrinkwrap.json: no package-lock.json lies beside it"}},
		{"and what stands beside it counts for npm 12",
			tree{"npm-shrinkwrap.json": lockOf("a@1.0.0"), "package-lock.json": lockOf("a@1.0.0")}, tree{"npm-shrinkwrap.json": lockOf("a@1.1.0"), "package-lock.json": lockOf("a@1.0.0")}, "",
			[]string{"pair npm-shrinkwrap.json ~a", "note npm-shrinkwrap.json: npm 12", "note npm-shrinkwrap.json: package-lock.json beside it did not change"}},
		{"a package-lock.json that npm 11 ignores",
			tree{"npm-shrinkwrap.json": lockOf("a@1.0.0"), "package-lock.json": lockOf("a@1.0.0")}, tree{"npm-shrinkwrap.json": lockOf("a@1.0.0"), "package-lock.json": lockOf("a@1.1.0")}, "",
			[]string{"pair package-lock.json ~a", "note package-lock.json: npm 11 and older ignore it"}},
		{"an npm-shrinkwrap.json that goes puts package-lock.json in its place",
			tree{"npm-shrinkwrap.json": lockOf("a@1.0.0"), "package-lock.json": lockOf("a@1.0.0", "evil@1.0.0")}, tree{"package-lock.json": lockOf("a@1.0.0", "evil@1.0.0")}, "",
			[]string{"pair package-lock.json +evil", "note npm-shrinkwrap.json is gone: npm 11"}},
		{"one that comes takes its place",
			tree{"package-lock.json": lockOf("a@1.0.0")}, tree{"package-lock.json": lockOf("a@1.0.0"), "npm-shrinkwrap.json": lockOf("a@1.0.0", "b@1.0.0")}, "",
			[]string{"pair npm-shrinkwrap.json +b", "note npm-shrinkwrap.json: npm 12", "note npm-shrinkwrap.json: package-lock.json beside it did not change"}},
		{"both change, and are both compared",
			tree{"npm-shrinkwrap.json": lockOf("a@1.0.0"), "package-lock.json": lockOf("a@1.0.0")}, tree{"npm-shrinkwrap.json": lockOf("a@1.1.0"), "package-lock.json": lockOf("a@1.1.0")}, "",
			[]string{"pair npm-shrinkwrap.json ~a", "pair package-lock.json ~a", "note npm-shrinkwrap.json: npm 12"}},
		{"package-lock.json that becomes npm-shrinkwrap.json",
			tree{"package-lock.json": lockOf("a@1.0.0")}, tree{"npm-shrinkwrap.json": lockOf("a@1.0.0")}, "",
			[]string{"pair npm-shrinkwrap.json", "note npm-shrinkwrap.json: npm 12", "note npm-shrinkwrap.json: no package-lock.json lies beside it"}},

		{"Bun's binary lockfile is named, with the way out",
			tree{"bun.lockb": "1"}, tree{"bun.lockb": "2"}, "", []string{"bun.lockb:1 scan/incomplete save-text-lockfile"}},
		{"Deno's, vlt's and aube's are named",
			tree{}, tree{"deno.lock": "{}", "vlt-lock.json": "{}", "web/aube-lock.yaml": ""}, "",
			[]string{"deno.lock:1 scan/incomplete Deno's", "vlt-lock.json:1 scan/incomplete vlt's", "web/aube-lock.yaml:1 scan/incomplete aube's"}},
		{"the archives of a committed cache are one finding",
			tree{".yarn/cache/a.zip": "1"}, tree{".yarn/cache/a.zip": "2", ".yarn/cache/b.zip": "1", ".yarn/cache/c.zip": "1"}, "",
			[]string{".yarn/cache/a.zip:1 scan/incomplete .yarn/cache"}},
		{"a lockfile that is not read and goes away decides nothing",
			tree{"bun.lockb": "1"}, tree{}, "", nil},

		{"a base that is broken makes everything new",
			tree{"package-lock.json": conflict}, tree{"package-lock.json": lockOf("a@1.0.0")}, "",
			[]string{"pair package-lock.json +a", "note package-lock.json could not be read before the change, so that every package counts as new"}},
		{"an empty base makes everything new",
			tree{"package-lock.json": "\n"}, tree{"package-lock.json": lockOf("a@1.0.0")}, "",
			[]string{"pair package-lock.json +a", "note the file is empty"}},
		{"a head that is broken is said on its line, and the others are compared",
			tree{"a/yarn.lock": "# yarn lockfile v1\n"}, tree{"a/yarn.lock": "# yarn lockfile v1\n", "package-lock.json": conflict, "b/package-lock.json": lockOf("a@1.0.0")}, "",
			[]string{"pair b/package-lock.json +a", "package-lock.json:2 scan/incomplete conflict", "broken package-lock.json:2"}},
		{"UTF-16 is named",
			tree{}, tree{"package-lock.json": "\xff\xfe{\x00}\x00"}, "", []string{"package-lock.json:1 scan/incomplete UTF-16", "broken package-lock.json:1"}},
		{"a pointer of Git LFS is named",
			tree{}, tree{"yarn.lock": "version https://git-lfs.github.com/spec/v1\noid sha256:1\n"}, "", []string{"yarn.lock:1 scan/incomplete Git LFS", "broken yarn.lock:1"}},
		{"a broken package.json beside a lockfile is said on its own line",
			tree{}, tree{"package-lock.json": lockOf("a@1.0.0"), "package.json": "{\n,"}, "",
			[]string{"package.json:2 scan/incomplete want", "broken package.json:2"}},

		{"a link to a lockfile counts like its target",
			tree{"package-lock.json": "→ deps/lock", "deps/lock": lockOf("a@1.0.0")}, tree{"package-lock.json": "→ deps/lock", "deps/lock": lockOf("a@1.0.0", "b@1.0.0")}, "",
			[]string{"pair deps/lock +b"}},
		{"a link through a link, too",
			tree{"package-lock.json": "→ x/one", "x/one": "→ ../two", "two": lockOf("a@1.0.0")}, tree{"package-lock.json": "→ x/one", "x/one": "→ ../three", "two": lockOf("a@1.0.0"), "three": lockOf("c@1.0.0")}, "",
			[]string{"pair three +c -a"}},
		{"a lockfile that becomes a link",
			tree{"package-lock.json": lockOf("a@1.0.0"), "other": lockOf("b@1.0.0")}, tree{"package-lock.json": "→ other", "other": lockOf("b@1.0.0")}, "",
			[]string{"pair other +b -a"}},
		{"a link that gets another target",
			tree{"package-lock.json": "→ one", "one": lockOf("a@1.0.0"), "two": lockOf("b@1.0.0")}, tree{"package-lock.json": "→ two", "one": lockOf("a@1.0.0"), "two": lockOf("b@1.0.0")}, "",
			[]string{"pair two +b -a"}},
		{"a folder's link that gets another target",
			tree{"web": "→ one", "one/package-lock.json": lockOf("a@1.0.0"), "two/package-lock.json": lockOf("b@1.0.0")}, tree{"web": "→ two", "one/package-lock.json": lockOf("a@1.0.0"), "two/package-lock.json": lockOf("b@1.0.0")}, "",
			[]string{"pair two/package-lock.json +b -a"}},
		{"a link to a lockfile of its own name is said once",
			tree{"web/package-lock.json": "→ ../package-lock.json", "package-lock.json": lockOf("a@1.0.0")}, tree{"web/package-lock.json": "→ ../package-lock.json", "package-lock.json": lockOf("a@1.0.0", "b@1.0.0")}, "",
			[]string{"pair package-lock.json +b"}},
		{"a link out of the repository is not read",
			tree{"package-lock.json": lockOf("a@1.0.0")}, tree{"package-lock.json": "→ ../../elsewhere/package-lock.json"}, "",
			[]string{"package-lock.json:1 scan/incomplete leaves the repository"}},
		{"nor one to an absolute path",
			tree{}, tree{"package-lock.json": "→ /etc/passwd"}, "", []string{"package-lock.json:1 scan/incomplete leaves the repository"}},
		{"nor one in circles",
			tree{}, tree{"package-lock.json": "→ b", "b": "→ package-lock.json"}, "", []string{"package-lock.json:1 scan/incomplete circles"}},
		{"nor one to nothing",
			tree{}, tree{"package-lock.json": "→ nowhere"}, "", []string{"package-lock.json:1 scan/incomplete not there"}},
		{"nor a submodule",
			tree{}, tree{"package-lock.json": "submodule"}, "", []string{"package-lock.json:1 scan/incomplete submodule"}},
		{"nor what lies behind one",
			tree{}, tree{"package-lock.json": "→ sub/lock", "sub": "submodule"}, "", []string{"package-lock.json:1 scan/incomplete submodule"}},
		{"a package.json that is a link is read through it",
			tree{"package.json": "→ p", "p": asks("a@1")}, tree{"package.json": "→ p", "p": asks("a@1", "left-pad@1.3.0")}, "",
			[]string{"p:4 lockfile/not-locked left-pad 1.3.0"}},

		{"a package.json without its lockfile asks for what is not locked",
			tree{"package.json": asks("a@1.0.0"), "package-lock.json": lockOf("a@1.0.0")}, tree{"package.json": asks("a@1.0.0", "left-pad@1.3.0"), "package-lock.json": lockOf("a@1.0.0")}, "",
			[]string{"package.json:4 lockfile/not-locked left-pad 1.3.0 package-lock.json"}},
		{"another range that the lockfile fits is locked",
			tree{"package.json": asks("a@1.0.0"), "package-lock.json": lockOf("a@1.0.0")}, tree{"package.json": asks("a@^1.0.0"), "package-lock.json": lockOf("a@1.0.0")}, "", nil},
		{"another source is not",
			tree{"package.json": asks("a@1.0.0"), "package-lock.json": lockOf("a@1.0.0")}, tree{"package.json": asks("a@github:evil/a"), "package-lock.json": lockOf("a@1.0.0")}, "",
			[]string{"package.json:3 lockfile/not-locked github:evil/a"}},
		{"another description is nothing",
			tree{"package.json": asks("a@9"), "package-lock.json": lockOf("a@1.0.0")}, tree{"package.json": strings.Replace(asks("a@9"), "{", "{\"description\":\"x\",", 1), "package-lock.json": lockOf("a@1.0.0")}, "", nil},
		{"what is no longer asked for is nothing",
			tree{"package.json": asks("a@1.0.0", "b@1"), "package-lock.json": lockOf("a@1.0.0")}, tree{"package.json": asks("a@1.0.0"), "package-lock.json": lockOf("a@1.0.0")}, "", nil},
		{"a folder without a lockfile locks nothing",
			tree{}, tree{"docs/package.json": asks("a@1.0.0")}, "", []string{"docs/package.json:3 lockfile/not-locked the repository"}},
		{"a workspace is locked above",
			tree{"web/package.json": asks(), "package-lock.json": workspaceLock(`,"web":{"dependencies":{"b":"2"}},"node_modules/b":{"version":"2.0.0"}`, "a@1.0.0")},
			tree{"web/package.json": asks("b@2"), "package-lock.json": workspaceLock(`,"web":{"dependencies":{"b":"2"}},"node_modules/b":{"version":"2.0.0"}`, "a@1.0.0")}, "",
			[]string{"pair package-lock.json ~b ~web"}},
		{"a workspace whose lockfile changed without it is not",
			tree{"web/package.json": asks(), "package-lock.json": workspaceLock(`,"web":{}`, "a@1.0.0")},
			tree{"web/package.json": asks("b@2"), "package-lock.json": workspaceLock(`,"web":{}`, "a@1.1.0")}, "",
			[]string{"pair package-lock.json ~a", "web/package.json:3 lockfile/not-locked b 2"}},
		{"a folder beside a workspace is not locked by it",
			tree{"package-lock.json": lockOf("a@1.0.0")}, tree{"package-lock.json": lockOf("a@1.0.0"), "examples/x/package.json": asks("a@1.0.0")}, "",
			[]string{"examples/x/package.json:3 lockfile/not-locked a 1.0.0"}},
		{"a package.json that is new with its lockfile is compared with that",
			tree{}, tree{"package.json": asks("a@1.0.0"), "package-lock.json": lockOf("a@1.0.0")}, "", []string{"pair package-lock.json +a"}},
		{"a package.json that nobody can read is said",
			tree{"package.json": asks()}, tree{"package.json": "{\n\"dependencies\": oops}"}, "", []string{"package.json:2 scan/incomplete"}},
		{"Rush locks its projects in one place",
			tree{"apps/web/package.json": asks(), "common/config/rush/pnpm-lock.yaml": "lockfileVersion: '9.0'\nimporters:\n  ../../../apps/web:\n    dependencies:\n      b: {specifier: '2', version: 2.0.0}\npackages:\n  b@2.0.0: {resolution: {}}\nsnapshots:\n  b@2.0.0: {}\n"},
			tree{"apps/web/package.json": asks("b@2"), "common/config/rush/pnpm-lock.yaml": "lockfileVersion: '9.0'\nimporters:\n  ../../../apps/web:\n    dependencies:\n      b: {specifier: '2', version: 2.0.0}\npackages:\n  b@2.0.0: {resolution: {}}\nsnapshots:\n  b@2.0.0: {}\n"}, "", nil},
		{"a lockfile that moves away leaves a package.json that nothing locks",
			tree{"package.json": asks("a@1.0.0"), "package-lock.json": lockOf("a@1.0.0")},
			tree{"package.json": asks("a@1.0.0"), "old/package-lock.json": lockOf("a@1.0.0")}, "",
			[]string{"pair old/package-lock.json", "package-lock.json:1 scan/incomplete moved away"}},
		{"an archive that a lockfile installs is not looked into",
			tree{"package-lock.json": `{"lockfileVersion":3,"packages":{"node_modules/a":{"resolved":"file:x/a.tgz"}}}`, "x/a.tgz": "1", "x/b.tgz": "1"},
			tree{"package-lock.json": `{"lockfileVersion":3,"packages":{"node_modules/a":{"resolved":"file:x/a.tgz"}}}`, "x/a.tgz": "2", "x/b.tgz": "2"}, "",
			[]string{"x/a.tgz:1 scan/incomplete package-lock.json"}},
		{"Yarn's lockfile says nothing of development: package.json alone moves a package to production",
			tree{"package.json": `{"devDependencies":{"a":"^1"}}`, "yarn.lock": yarnA}, tree{"package.json": `{"dependencies":{"a":"^1"}}`, "yarn.lock": yarnA}, "",
			[]string{"pair yarn.lock ~a"}},
		{"and so it does where it stays for development",
			tree{"package.json": `{"devDependencies":{"a":"^1"}}`, "yarn.lock": yarnA},
			tree{"package.json": `{"dependencies":{"a":"^1"},"devDependencies":{"a":"^1"}}`, "yarn.lock": yarnA}, "", []string{"pair yarn.lock ~a"}},
		{"from production to development nothing comes in",
			tree{"package.json": `{"dependencies":{"a":"^1"}}`, "yarn.lock": yarnA}, tree{"package.json": `{"devDependencies":{"a":"^1"}}`, "yarn.lock": yarnA}, "", nil},
		{"npm takes the project's and its workspaces' own word, too",
			tree{"web/package.json": `{"devDependencies":{"b":"2"}}`, "package-lock.json": devLock}, tree{"web/package.json": `{"dependencies":{"b":"2"}}`, "package-lock.json": devLock}, "",
			[]string{"pair package-lock.json ~b"}},
		{"also where the lockfile changed in another place",
			tree{"web/package.json": `{"devDependencies":{"b":"2"}}`, "package-lock.json": devLock},
			tree{"web/package.json": `{"dependencies":{"b":"2"}}`, "package-lock.json": strings.Replace(devLock, "1.0.0", "1.0.1", 1)}, "",
			[]string{"pair package-lock.json ~a ~b"}},
		{"Bun as well",
			tree{"package.json": `{"devDependencies":{"a":"^1"}}`, "bun.lock": bunA}, tree{"package.json": `{"dependencies":{"a":"^1"}}`, "bun.lock": bunA}, "",
			[]string{"pair bun.lock ~a"}},
		{"a catalog leads to another version that is locked as well",
			tree{"package.json": `{"dependencies":{"a":"catalog:"}}`, ".yarnrc.yml": "catalog:\n  a: ^1\n", "yarn.lock": berryA},
			tree{"package.json": `{"dependencies":{"a":"catalog:"}}`, ".yarnrc.yml": "catalog:\n  a: ^2\n", "yarn.lock": berryA}, "",
			[]string{"pair yarn.lock ~a"}},
		{"whatever the case of its name",
			tree{"package-lock.json": `{"lockfileVersion":3,"packages":{"node_modules/a":{"resolved":"file:x/a.TGZ"}}}`, "x/a.TGZ": "1"},
			tree{"package-lock.json": `{"lockfileVersion":3,"packages":{"node_modules/a":{"resolved":"file:x/a.TGZ"}}}`, "x/a.TGZ": "2"}, "",
			[]string{"x/a.TGZ:1 scan/incomplete package-lock.json"}},
		{"settings are handed on",
			tree{".npmrc": "a=1"}, tree{".npmrc": "a=2", "web/.yarn/patches/x.patch": "", "patches/y.patch": "1"}, "",
			[]string{"settings .npmrc patches/y.patch web/.yarn/patches/x.patch"}},
	} {
		t.Run(row.says, func(t *testing.T) {
			base, head := revision(row.base), revision(row.head)
			var ignored func(string) bool
			if row.ignored != "" {
				ignored = func(file string) bool { return strings.HasPrefix(file, row.ignored) }
			}
			in, err := review.Gather(context.Background(), base, head, base.Differing(head.Listing), ignored)
			if err != nil {
				t.Fatal(err)
			}
			got := told(in)
			for _, want := range row.want {
				i := slices.IndexFunc(got, func(line string) bool { return says(line, want) })
				if i < 0 {
					t.Errorf("want %q, got\n%s", want, strings.Join(got, "\n"))
					continue
				}
				got = slices.Delete(got, i, i+1)
			}
			for _, line := range got {
				if len(row.want) == 0 || !strings.HasPrefix(line, "settings ") {
					if !strings.HasPrefix(line, "settings ") || strings.Contains(line, ".npmrc") {
						t.Errorf("and: %s", line)
					}
				}
			}
		})
	}
}

// says reports whether a line begins with the first word of want and has the
// others; a pair is told whole.
func says(line, want string) bool {
	if strings.HasPrefix(want, "pair ") {
		return line == want
	}
	first, rest, _ := strings.Cut(want, " ")
	if !strings.HasPrefix(line, first+" ") && line != first {
		return false
	}
	return strings.Contains(line, rest) || !slices.ContainsFunc(strings.Fields(rest), func(word string) bool { return !strings.Contains(line, word) })
}

// told are the lines that an Input makes.
func told(in *review.Input) []string {
	var out []string
	for _, p := range in.Pairs {
		line := "pair " + p.File
		marks := map[string]bool{}
		for _, c := range lockfile.Compare(p.Base, p.Head) {
			mark := map[lockfile.Kind]string{lockfile.Added: " +", lockfile.Removed: " -"}[c.Kind]
			if mark == "" {
				mark = " ~"
			}
			marks[mark+c.Name] = true
		}
		out = append(out, line+strings.Join(slices.Sorted(maps.Keys(marks)), ""))
	}
	for _, w := range in.Whole {
		d := w.Issue.Detail
		out = append(out, fmt.Sprintf("%s:%d %s %s %s %s %s %s", w.File, w.Line, w.Issue.ID, d["what"], d["reason"], d["name"], d["spec"], d["lockfile"]))
	}
	for _, n := range in.Notes {
		out = append(out, "note "+n)
	}
	for _, b := range in.Broken {
		out = append(out, fmt.Sprintf("broken %s:%d", b.File, b.Line))
	}
	if len(in.Settings) > 0 {
		out = append(out, "settings "+strings.Join(in.Settings, " "))
	}
	return out
}

// TestContents: what an issue is about is named by what lies there: in the file, where
// a link leads, below a folder, in the files of its group.
func TestContents(t *testing.T) {
	const folder = "web/node_modules"
	first := tree{"bun.lockb": "1", "app/bun.lockb": "→ ../one", "one": "1", folder + "/x/index.js": "1", ".yarn/cache/a.zip": "1",
		".yarn/cache/b.zip": "1", "README.md": "1", ".pnpmfile.cjs": "1"}
	named := func(files tree) map[string]string {
		base, head := revision(tree{"pnpm-lock.yaml": "lockfileVersion: '9.0'\n"}), revision(files)
		in, err := review.Gather(t.Context(), base, head, base.Differing(head.Listing), nil)
		if err != nil {
			t.Fatal(err)
		}
		return in.Contents
	}
	before := named(first)
	for file, concerned := range map[string]string{"bun.lockb": "bun.lockb", "one": "app/bun.lockb", folder + "/x/index.js": folder,
		folder + "/y.js": folder, ".yarn/cache/b.zip": ".yarn/cache/a.zip", ".pnpmfile.cjs": ".pnpmfile.cjs", "README.md": ""} {
		files := maps.Clone(first)
		files[file] = "2"
		after := named(files)
		if concerned != "" && before[concerned] == "" {
			t.Errorf("%s has no name: %v", concerned, before)
		}
		for at, name := range before {
			if (after[at] != name) != (at == concerned) {
				t.Errorf("%s changed: the name of %s is %s, was %s", file, at, after[at], name)
			}
		}
	}
}

// TestGatherFailsWhereNobodyKnows: a network that is down is no file that is
// not there.
func TestGatherFailsWhereNobodyKnows(t *testing.T) {
	for _, file := range []string{"package-lock.json", "package.json", "link", "web/package.json"} {
		files := tree{"package-lock.json": lockOf("a@1.0.0"), "package.json": asks("a@1.0.0"), "yarn.lock": "→ link", "link": "→ package-lock.json", "web/package.json": asks("x@1")}
		base, head := revision(tree{}), revision(files)
		head.fails = file
		if in, err := review.Gather(context.Background(), base, head, base.Differing(head.Listing), nil); !errors.Is(err, errNetwork) {
			t.Errorf("%s: %v, %+v", file, err, in)
		}
	}
}

// TestTooLarge: what is larger than the limit is named.
func TestTooLarge(t *testing.T) {
	head := revision(tree{"package-lock.json": strings.Repeat(" ", lockfile.MaxSize+1)})
	in, err := review.Gather(context.Background(), revision(tree{}), head, []string{"package-lock.json"}, nil)
	if err != nil || len(in.Whole) != 1 || !strings.Contains(in.Whole[0].Issue.Detail["reason"], "64 MiB") {
		t.Errorf("%+v %v", in, err)
	}
}
