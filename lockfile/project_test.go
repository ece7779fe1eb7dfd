package lockfile_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lockwarden/lockwarden/lockfile"
)

// TestManyFoldersWithAliases trips the limit on folders that ask for packages
// under other names: what nobody asked about is an error, never taken on trust.
func TestManyFoldersWithAliases(t *testing.T) {
	for _, n := range []int{1000, 1001} {
		project := fstest.MapFS{"package.json": {Data: []byte(`{"workspaces":["w/*"]}`)}}
		npm, pnpm := []string{}, []string{}
		for i := range n {
			project[fmt.Sprintf("w/%d/package.json", i)] = &fstest.MapFile{Data: []byte(fmt.Sprintf(`{"name":"w%d","dependencies":{"a":"npm:b@1.0.0"}}`, i))}
			npm = append(npm, fmt.Sprintf(`"w/%d":{"name":"w%d","dependencies":{"a":"npm:b@1.0.0"}},"node_modules/w%d":{"resolved":"w/%d","link":true}`, i, i, i, i))
			pnpm = append(pnpm, fmt.Sprintf("  w/%d:\n    dependencies:\n      a:\n        specifier: npm:b@1.0.0\n        version: b@1.0.0\n", i))
		}
		files := map[string]string{
			"package-lock.json": `{"lockfileVersion":3,"packages":{"":{"workspaces":["w/*"]},"node_modules/a":{"name":"b","version":"1.0.0",` +
				`"resolved":"https://registry.npmjs.org/b/-/b-1.0.0.tgz","integrity":"sha512-AA=="},` + strings.Join(npm, ",") + `}}`,
			"pnpm-lock.yaml": "lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n\n" + strings.Join(pnpm, "\n") +
				"\npackages:\n\n  b@1.0.0:\n    resolution: {integrity: sha512-AA==}\n\nsnapshots:\n\n  b@1.0.0: {}\n",
		}
		for name, text := range files {
			_, err := lockfile.Parse(name, []byte(text), lockfile.Options{Project: project})
			if n == 1000 && err != nil {
				t.Errorf("%s, %d folders: %v", name, n, err)
			}
			if n > 1000 && (err == nil || !strings.Contains(err.Error(), "more than 1000 folders")) {
				t.Errorf("%s, %d folders: %v, want the limit's name", name, n, err)
			}
		}
	}
}
