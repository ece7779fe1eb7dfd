package lockfile_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/lockfile/clienttest"
)

// TestHonestChanges: what people do to their dependencies, done by the clients
// themselves. Nothing of it looks like an attack: no bytes change under a
// version, no name is undeclared, and what did not change is quiet.
//
// LOCKWARDEN_NIGHTLY=1 lets all clients do it.
func TestHonestChanges(t *testing.T) {
	if testing.Short() {
		t.Skip("real package managers write lockfiles in this test")
	}
	r := clienttest.NewRegistry(t, clienttest.Packages()...)
	const top, below = "package.json", "web/package.json"
	plain := project{
		top: `{"name":"r","version":"1.0.0","private":true,"workspaces":["web"],
"dependencies":{"alpha":"1.0.0","zeta":"1.0.0","scripted":"1.0.0"},"devDependencies":{"delta":"1.0.0"}}`,
		below: `{"name":"web","version":"1.0.0","dependencies":{"beta":"^1.0.0","old":"npm:epsilon@1.0.0"}}`,
	}
	for _, spec := range clienttest.Clients() {
		t.Run(strings.ReplaceAll(spec, "/", "-"), func(t *testing.T) {
			t.Parallel()
			c := r.Client(t, spec)
			if !nightly && !fast(c) {
				t.Skip("LOCKWARDEN_NIGHTLY=1 lets it")
			}
			files := maps.Clone(plain)
			if c.Name == "npm" && c.Major < 7 {
				files[top] = strings.Replace(files[top], `"workspaces":["web"],`, "", 1)
			}
			if c.Name == "pnpm" {
				files["pnpm-workspace.yaml"] = "packages: [web]\n"
			}
			base := locked(t, c, files, "")
			for _, row := range []struct {
				says, file, old, new string
				// changes are the packages that are not quiet.
				changes []string
			}{
				{"an upgrade", top, `"alpha":"1.0.0"`, `"alpha":"1.1.0"`, []string{"alpha"}},
				{"an upgrade to a major version", top, `"alpha":"1.0.0"`, `"alpha":"2.0.0"`, []string{"alpha", "beta"}},
				{"a downgrade of another package", top, `"scripted":"1.0.0"`, `"scripted":"1.0.1"`, []string{"scripted"}},
				{"one comes", top, `"zeta":"1.0.0"`, `"zeta":"1.0.0","theta":"1.0.0"`, []string{"theta", "iota"}},
				{"one goes", top, `,"scripted":"1.0.0"`, ``, []string{"scripted"}},
				{"a wider range", top, `"zeta":"1.0.0"`, `"zeta":"^1.0.0"`, nil},
				{"production becomes development", top, `,"scripted":"1.0.0"},"devDependencies":{`, `},"devDependencies":{"scripted":"1.0.0",`, nil},
				{"development becomes production", top, `"zeta":"1.0.0"`, `"zeta":"1.0.0","epsilon":"^1.0.0"`, []string{"epsilon"}},
				{"a workspace has another name", below, `"name":"web"`, `"name":"site"`, []string{"web", "site"}},
				{"a workspace has another version", below, `"version":"1.0.0"`, `"version":"1.1.0"`, []string{"web"}},
				{"an alias more", below, `"beta":"^1.0.0"`, `"beta":"^1.0.0","new":"npm:theta@1.0.0"`, []string{"theta", "iota"}},
				{"the project has commands", top, `"private":true`, `"private":true,"bin":{"r":"r.js"},"scripts":{"test":"node -e 0"}`, nil},
				{"nothing, once more", top, `"private":true`, `"private":true`, nil},
			} {
				t.Run(row.says, func(t *testing.T) {
					head := maps.Clone(files)
					head[row.file] = strings.Replace(head[row.file], row.old, row.new, 1)
					honest(t, c, files, head, base, locked(t, c, head, base), row.changes)
				})
			}
		})
	}
}

// TestHonestMigrations: a lockfile that a later release of its client writes
// anew says the same.
func TestHonestMigrations(t *testing.T) {
	if testing.Short() || !nightly {
		t.Skip("LOCKWARDEN_NIGHTLY=1 lets all releases write each other's lockfiles")
	}
	r := clienttest.NewRegistry(t, clienttest.Packages()...)
	var before *clienttest.Client
	files := project{"package.json": `{"name":"r","version":"1.0.0","private":true,
"dependencies":{"alpha":"^1.0.0","@scope/gamma":"1.0.0","zeta":"1.0.0"},"devDependencies":{"delta":"1.0.0"}}`}
	base := ""
	for _, spec := range clienttest.Clients() {
		c := r.Client(t, spec)
		if before == nil || before.Name != c.Name {
			base = ""
		}
		head := locked(t, c, files, base)
		if base != "" {
			// Whether an address may be left out depends on whose it is.
			public := strings.NewReplacer(r.URL, "https://registry.npmjs.org/", escaped(r.URL), escaped("https://registry.npmjs.org/"))
			t.Run(before.String()+" "+c.String(), func(t *testing.T) {
				honest(t, c, files, files, public.Replace(base), public.Replace(head), nil)
			})
		}
		before, base = c, head
	}
}

// locked is the lockfile that a client makes of another one.
func locked(t *testing.T, c *clienttest.Client, files project, from string) string {
	t.Helper()
	dir := t.TempDir()
	clienttest.Write(t, dir, files)
	if from != "" {
		clienttest.Write(t, dir, project{c.Lockfile: from})
	}
	if err := c.Lock(dir); err != nil {
		t.Fatal(err)
	}
	return string(read(t, filepath.Join(dir, c.Lockfile)))
}

// honest wants no other packages to change than those named, and nothing that
// is wrong with any.
func honest(t *testing.T, c *clienttest.Client, before, after project, base, head string, changes []string) {
	t.Helper()
	parse := func(files project, text string) *lockfile.Lockfile {
		dir := t.TempDir()
		clienttest.Write(t, dir, files)
		lock, err := lockfile.Parse(c.Lockfile, []byte(text), lockfile.Options{Project: os.DirFS(dir)})
		if err != nil {
			t.Fatal(err)
		}
		return lock
	}
	old, now := parse(before, base), parse(after, head)
	for _, change := range lockfile.Compare(old, now) {
		switch {
		case len(change.Undeclared) > 0, change.Kind == lockfile.Replaced && change.From != "":
		case change.Quiet(), change.Kind == lockfile.Removed, slices.Contains(changes, change.Name):
			continue
		}
		t.Errorf("%s %s %s→%s %+v %+v\n%s", change.Kind, change.Name, change.From, change.To, change.Differences, change.Undeclared, changed(base, head))
	}
	for _, o := range now.Oddities {
		t.Errorf("odd: %+v", o)
	}
	if drift := lockfile.Drift(now); len(drift) > 0 {
		t.Errorf("drift: %q", drift)
	}
}
