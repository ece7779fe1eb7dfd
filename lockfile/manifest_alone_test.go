package lockfile_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/lockfile/clienttest"
)

// TestManifestAlone: a package.json that changes while the lockfile stays as it
// is. Where a client goes on in its frozen mode and installs something else, for
// development or for production, that is a change in Compare, or what is asked
// for is not locked.
//
// LOCKWARDEN_NIGHTLY=1 asks all clients.
func TestManifestAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("real package managers install in this test")
	}
	const top, below = "package.json", "web/package.json"
	base := project{
		top: `{"name":"r","version":"1.0.0","private":true,"workspaces":["web"],
"dependencies":{"beta":"^1.0.0","alpha":"2.0.0"},
"devDependencies":{"epsilon":"1.0.0"},
"optionalDependencies":{"theta":"1.0.0"},
"peerDependencies":{"plugin":"1.0.0"}}`,
		below: `{"name":"web","version":"1.0.0",
"dependencies":{"@scope/gamma":"1.0.0"},
"devDependencies":{"delta":"1.0.0"}}`,
	}
	r := clienttest.NewRegistry(t, clienttest.Packages()...)
	for _, spec := range clienttest.Clients() {
		t.Run(strings.ReplaceAll(spec, "/", "-"), func(t *testing.T) {
			t.Parallel()
			c := r.Client(t, spec)
			if !nightly && !fast(c) {
				t.Skip("LOCKWARDEN_NIGHTLY=1 asks it")
			}
			files := maps.Clone(base)
			if c.Name == "pnpm" {
				files["pnpm-workspace.yaml"] = "packages: [web]\n"
			}
			dir := t.TempDir()
			clienttest.Write(t, dir, files)
			if err := c.Lock(dir); err != nil {
				t.Fatal(err)
			}
			text := string(read(t, filepath.Join(dir, c.Lockfile)))
			// pnpm links the project's own folders there, whatever their names.
			hidden := func(place string, _ clienttest.Placed) bool {
				return strings.HasPrefix(place, "node_modules/.pnpm/node_modules/")
			}
			installs := func(files project) (all, production map[string]clienttest.Placed, err error) {
				if all, err = frozen(t, c, files, text, c.Frozen); err != nil {
					return nil, nil, err
				}
				production, err = frozen(t, c, files, text, c.FrozenProduction)
				if errors.Is(err, errors.ErrUnsupported) {
					err = nil
				}
				maps.DeleteFunc(all, hidden)
				maps.DeleteFunc(production, hidden)
				return all, production, err
			}
			all, production, err := installs(files)
			if err != nil {
				t.Fatal(err)
			}
			parse := func(files project) *lockfile.Lockfile {
				dir := t.TempDir()
				clienttest.Write(t, dir, files)
				lock, err := lockfile.Parse(c.Lockfile, []byte(text), lockfile.Options{Project: os.DirFS(dir)})
				if err != nil {
					t.Fatal(err)
				}
				return lock
			}
			before := parse(files)
			for _, edit := range []struct{ says, file, old, new string }{
				{"development becomes production", top, `"devDependencies":{"epsilon"`, `"dependencies":{"beta":"^1.0.0","alpha":"2.0.0","epsilon"`},
				{"development becomes production and stays", top, `"alpha":"2.0.0"`, `"alpha":"2.0.0","epsilon":"1.0.0"`},
				{"development becomes optional", top, `"theta":"1.0.0"`, `"theta":"1.0.0","epsilon":"1.0.0"`},
				{"optional becomes required", top, `"optionalDependencies":{"theta"`, `"dependencies":{"beta":"^1.0.0","alpha":"2.0.0","theta"`},
				{"a peer becomes required", top, `"peerDependencies":{"plugin"`, `"dependencies":{"beta":"^1.0.0","alpha":"2.0.0","plugin"`},
				{"a peer is for development as well", top, `{"epsilon":"1.0.0"}`, `{"epsilon":"1.0.0","plugin":"1.0.0"}`},
				{"a workspace's development becomes production", below, `"devDependencies":{"delta"`, `"dependencies":{"@scope/gamma":"1.0.0","delta"`},
				{"a workspace asks for the project's development", below, `"@scope/gamma":"1.0.0"`, `"@scope/gamma":"1.0.0","epsilon":"1.0.0"`},
				{"a range that another package's version fits", top, `"beta":"^1.0.0"`, `"beta":"^2.0.0"`},
				{"an alias of what is locked", top, `"beta":"^1.0.0"`, `"beta":"npm:epsilon@1.0.0"`},
				{"resolutions", top, `"private":true`, `"private":true,"resolutions":{"beta":"^2.0.0"}`},
				{"overrides", top, `"private":true`, `"private":true,"overrides":{"beta":"^2.0.0"},"pnpm":{"overrides":{"beta":"^2.0.0"}}`},
				{"a workspace less", top, `"workspaces":["web"]`, `"workspaces":[]`},
				{"a workspace has the name of a dependency", below, `"name":"web"`, `"name":"epsilon"`},
				{"development is all that is left", top, `"dependencies":{"beta":"^1.0.0","alpha":"2.0.0"},
"devDependencies":{`, `"devDependencies":{"beta":"^1.0.0","alpha":"2.0.0",`},
			} {
				t.Run(edit.says, func(t *testing.T) {
					if !strings.Contains(files[edit.file], edit.old) {
						t.Fatalf("%s has no %s", edit.file, edit.old)
					}
					head := maps.Clone(files)
					head[edit.file] = strings.Replace(head[edit.file], edit.old, edit.new, 1)
					if edit.says == "a peer becomes required" || edit.says == "optional becomes required" || edit.says == "development becomes production" {
						head[edit.file] = strings.Replace(head[edit.file], `"dependencies":{"beta":"^1.0.0","alpha":"2.0.0"},`+"\n", "", 1)
					}
					if edit.says == "a workspace's development becomes production" {
						head[edit.file] = strings.Replace(head[edit.file], `"dependencies":{"@scope/gamma":"1.0.0"},`+"\n", "", 1)
					}
					nowAll, nowProduction, err := installs(head)
					if err != nil {
						t.Logf("refused: %.200s", strings.Join(strings.Fields(err.Error()), " "))
						return
					}
					after := parse(head)
					worst, differs := outcome(all, nowAll)
					worstInProduction, differsInProduction := outcome(production, nowProduction)
					got := said(before, after)
					asked, err := lockfile.Requests(edit.file, []byte(head[edit.file]))
					if err != nil {
						t.Fatal(err)
					}
					folder := filepath.ToSlash(filepath.Dir(edit.file))
					for _, one := range asked {
						if !after.Locks(folder, one.Dependency) {
							got = append(got, "not locked: "+one.Name)
						}
					}
					got = slices.DeleteFunc(got, func(s string) bool { return strings.HasPrefix(s, "odd") })
					// What is left out brings nothing.
					less := edit.says == "a workspace less" || edit.says == "development is all that is left"
					if (comes(worst) || comes(worstInProduction)) && len(got) == 0 && !less {
						t.Errorf("silent; installed:\n%s\nfor production:\n%s", differs, differsInProduction)
					} else {
						t.Logf("installed:\n%s\nfor production:\n%s\nsaid: %q", differs, differsInProduction, got)
					}
				})
			}
		})
	}
}

// comes reports whether an outcome puts something where it was not.
func comes(worst string) bool { return worst != "" && worst != "gone" }
