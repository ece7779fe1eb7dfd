package lockfile

import (
	"testing"
	"testing/fstest"
)

func TestRequests(t *testing.T) {
	list, err := Requests("web/package.json", []byte("\ufeff{\n \"name\": \"x\",\n \"dependencies\": {\n  \"a\": \"1\",\n  \"b\": \"^2\"\n },\n \"peerDependencies\": {\"p\": \"1\", \"q\": \"1\"}, \"peerDependenciesMeta\": {\"q\": {\"optional\": true}},\n \"devDependencies\": {\"a\": \"3\"}\n}"))
	if err != nil || len(list) != 3 {
		t.Fatalf("%+v %v", list, err)
	}
	if list[0] != (Request{Dependency{"a", "3", Dev}, 8}) || list[1] != (Request{Dependency{"b", "^2", Prod}, 5}) || list[2] != (Request{Dependency{"p", "1", Peer}, 7}) {
		t.Errorf("%+v", list)
	}
	for _, broken := range []string{"", "[]", "{\n\"a\"", "{\"dependencies\":{\"a\":\"1\",\"a\":\"2\"}}"} {
		if _, err := Requests("package.json", []byte(broken)); err == nil {
			t.Errorf("%q is read", broken)
		}
	}
}

func TestLocks(t *testing.T) {
	locks := map[string]string{
		"package-lock.json": `{"lockfileVersion":3,"packages":{"":{"dependencies":{"a":"^1.0.0","g":"github:x/y"},"workspaces":["web"]},
			"node_modules/a":{"version":"1.2.0"},"node_modules/g":{"version":"1.0.0","resolved":"git+ssh://git@github.com/x/y.git#0000000000000000000000000000000000000000"},
			"node_modules/f":{"name":"other","version":"1.2.0"},"node_modules/web":{"link":true,"resolved":"web"},"web":{"dependencies":{"a":"^1.1.0","b":"2"}},"web/node_modules/b":{"version":"2.0.0"}}}`,
		"pnpm-lock.yaml": "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a: {specifier: ^1.0.0, version: 1.2.0}\n  web:\n    dependencies:\n      a: {specifier: 'catalog:', version: 1.2.0}\n      b: {specifier: '2', version: 2.0.0}\npackages:\n  a@1.2.0: {resolution: {}}\n  b@2.0.0: {resolution: {}}\nsnapshots:\n  a@1.2.0: {}\n  b@2.0.0: {}\n",
		"yarn.lock":      "# yarn lockfile v1\n\n\na@^1.0.0, a@^1.1.0:\n  version \"1.2.0\"\n\nb@2:\n  version \"2.0.0\"\n",
		"bun.lock":       `{"lockfileVersion":1,"workspaces":{"":{"dependencies":{"a":"^1.0.0"}},"web":{"name":"web","dependencies":{"a":"^1.1.0","b":"2"}}},"packages":{"a":["a@1.2.0","",{},""],"b":["b@2.0.0","",{},""],"web":["web@workspace:web"]}}`,
	}
	for _, row := range []struct {
		says, file, folder, name, spec string
		want                           bool
	}{
		{"what is locked for that specifier", "package-lock.json", ".", "a", "^1.0.0", true},
		{"another specifier that the version fits", "package-lock.json", ".", "a", "~1.2.0", true},
		{"one that it does not fit", "package-lock.json", ".", "a", "^2.0.0", false},
		{"a package that is not there", "package-lock.json", ".", "left-pad", "1.3.0", false},
		{"a git address that is locked", "package-lock.json", ".", "g", "github:x/y", true},
		{"a git address in the place of a version", "package-lock.json", ".", "a", "github:evil/a", false},
		{"an alias in the place of a version", "package-lock.json", ".", "a", "npm:evil@^1.0.0", false},
		{"a tag", "package-lock.json", ".", "a", "latest", false},
		{"a version of another package under that name", "package-lock.json", ".", "f", "^1.0.0", false},
		{"what only a workspace has", "package-lock.json", ".", "b", "2", false},
		{"a workspace's own", "package-lock.json", "web", "b", "2", true},
		{"a workspace's, hoisted", "package-lock.json", "web", "a", "^1.1.0", true},
		{"a workspace of the same repository", "package-lock.json", "web", "other", "workspace:*", true},
		{"a folder that is no workspace", "package-lock.json", "docs", "a", "^1.0.0", false},
		{"pnpm's project", "pnpm-lock.yaml", ".", "a", "^1.0.0", true},
		{"pnpm's project, another package", "pnpm-lock.yaml", ".", "b", "2", false},
		{"pnpm's workspace", "pnpm-lock.yaml", "web", "b", "2", true},
		{"pnpm's workspace by catalog", "pnpm-lock.yaml", "web", "a", "catalog:", true},
		{"pnpm's workspace, not locked", "pnpm-lock.yaml", "web", "b", "3", false},
		{"a folder outside, as Rush has them", "pnpm-lock.yaml", "../../../web", "b", "2", true},
		{"a folder outside, not locked", "pnpm-lock.yaml", "../../../web", "b", "3", false},
		{"Yarn 1's project", "yarn.lock", ".", "a", "^1.0.0", true},
		{"Yarn 1's project, another range", "yarn.lock", ".", "a", "^1.2.0", false},
		{"Yarn 1's workspace", "yarn.lock", "web", "b", "2", true},
		{"Yarn 1's workspace, not locked", "yarn.lock", "web", "b", "^3", false},
		{"Bun's project", "bun.lock", ".", "a", "^1.0.0", true},
		{"Bun's workspace", "bun.lock", "web", "b", "2", true},
		{"Bun's workspace, not locked", "bun.lock", "web", "c", "1", false},
	} {
		t.Run(row.says, func(t *testing.T) {
			manifest := `{"dependencies":{"` + row.name + `":"` + row.spec + `"}}`
			project := fstest.MapFS{}
			if row.folder == "." {
				project["package.json"] = &fstest.MapFile{Data: []byte(manifest)}
			}
			lock, err := Parse(row.file, []byte(locks[row.file]), Options{Project: project})
			if err != nil {
				t.Fatal(err)
			}
			if got := lock.Locks(row.folder, Dependency{row.name, row.spec, Prod}); got != row.want {
				t.Errorf("%s %s in %s: %v", row.name, row.spec, row.file, got)
			}
		})
	}
}
