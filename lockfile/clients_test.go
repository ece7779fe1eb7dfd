package lockfile_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/lockfile/clienttest"
)

// nightly runs what needs minutes: each shape with each client, and many more
// edits. CI runs fewer.
var nightly = os.Getenv("LOCKWARDEN_NIGHTLY") != ""

// references writes testdata/clients again.
var references = os.Getenv("LOCKWARDEN_REFERENCES") != ""

// statement is what a client says of a lockfile, in words and on disk.
type statement struct {
	// Listed is the client's own list, empty where it has none.
	Listed []clienttest.Listed
	// Disk are the packages that stand on disk after a frozen installation,
	// Production those without development.
	Disk       []string
	Production []string `json:",omitempty"`
}

// accepted are differences that are right, by client, shape and difference,
// each with its reason.
var accepted = map[string]string{
	"bun bundle: inside@1.0.0: the client says it comes from registry": "Bun's lockfile names the registry's copy, and its installation takes the one in kappa's tarball",
	"pnpm bundle: inside@1.0.0 stands on disk":                         "it comes inside kappa's tarball, whose hash is compared; pnpm lists it neither",
	"pnpm-10 environment: inside@1.0.0 stands":                         "pnpm 10 pins config dependencies in pnpm-workspace.yaml, not in the lockfile",
	"pnpm environment: we list inside@1.0.0":                           "pnpm list names the project's packages, not those that configure pnpm itself",
	"yarn-1 peers: iota@1.0.0: we say dev":                             "yarn.lock of version 1 has no peers, for which Yarn 1 installs it in production",
	"yarn-1 peers: theta@1.0.0: we say dev":                            "yarn.lock of version 1 has no peers, for which Yarn 1 installs iota, which needs it",
}

// reasonFor is why a difference is accepted, empty where it is not.
func reasonFor(client, shape, difference string) string {
	for key, reason := range accepted {
		about, what, _ := strings.Cut(key, ": ")
		of, on, _ := strings.Cut(about, " ")
		name, _, _ := strings.Cut(client, ".")
		if (of == name || strings.HasPrefix(name, of+"-")) && on == shape && strings.HasPrefix(difference, what) {
			return reason
		}
	}
	return ""
}

// agree compares what this package reads with what the client says.
func agree(lock *lockfile.Lockfile, want statement) (differences []string) {
	differ := func(format string, args ...any) {
		differences = append(differences, fmt.Sprintf(format, args...))
	}
	ours := map[string][]*lockfile.Entry{}
	for _, e := range lock.Entries {
		if e.Source() != lockfile.Local {
			id := e.Package + "@" + e.Version
			ours[id] = append(ours[id], e)
		}
	}
	for _, l := range want.Listed {
		id := l.Name + "@" + l.Version
		list := slices.DeleteFunc(slices.Clone(lock.Entries), func(e *lockfile.Entry) bool {
			return e.Source() == lockfile.Local || !same(id, e)
		})
		if len(list) == 0 {
			differ("the client lists %s, we do not", id)
			continue
		}
		if !slices.ContainsFunc(list, func(e *lockfile.Entry) bool { return l.Source == "" || l.Source == sourceWord(e) }) {
			differ("%s: the client says it comes from %s, we say %s (%q)", id, l.Source, sourceWord(list[0]), list[0].Resolved)
		}
		if l.Dev != nil && !slices.ContainsFunc(list, func(e *lockfile.Entry) bool {
			return e.Dev == *l.Dev && (e.Optional || e.DevOptional && !e.Dev) == *l.Optional
		}) {
			differ("%s: the client says dev %v, optional %v; we say %v, %v", id, *l.Dev, *l.Optional, list[0].Dev, list[0].Optional)
		}
	}
	for _, id := range want.Disk {
		if !slices.ContainsFunc(lock.Entries, func(e *lockfile.Entry) bool { return e.Source() != lockfile.Local && same(id, e) }) {
			differ("%s stands on disk, we do not list it", id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(ours)) {
		entries := ours[id]
		has := func(ids []string) bool {
			return slices.ContainsFunc(ids, func(id string) bool { return same(id, entries[0]) })
		}
		if want.Listed != nil && !slices.ContainsFunc(want.Listed, func(l clienttest.Listed) bool {
			return same(l.Name+"@"+l.Version, entries[0])
		}) {
			differ("we list %s, the client does not", id)
		}
		optional := !slices.ContainsFunc(entries, func(e *lockfile.Entry) bool { return !e.Optional && (!e.DevOptional || e.Dev) })
		if !optional && !has(want.Disk) {
			differ("we list %s, it does not stand on disk and is not optional", id)
		}
		if want.Production == nil {
			continue
		}
		dev := !slices.ContainsFunc(entries, func(e *lockfile.Entry) bool { return !e.Dev })
		if installed := has(want.Production); dev == installed && !(optional && !installed) {
			differ("%s: we say dev %v, and production installs it: %v", id, dev, installed)
		}
	}
	return differences
}

// same reports whether an entry is the package of an id, name@version. Either may
// lack the version, as for a folder; Bun lists aliases.
func same(id string, e *lockfile.Entry) bool {
	at := strings.LastIndexByte(id, '@')
	name, version := id[:at], id[at+1:]
	return (name == e.Package || name == e.Name) && (version == e.Version || version == "" || e.Version == "")
}

func sourceWord(e *lockfile.Entry) string {
	switch e.Source() {
	case lockfile.Registry:
		return "registry"
	case lockfile.Remote:
		return "remote"
	case lockfile.Git:
		return "git"
	case lockfile.File:
		return "file"
	case lockfile.InParent:
		return "parent"
	}
	return "local"
}

// ask lets a client lock a project, list it and install it.
func ask(t *testing.T, c *clienttest.Client, files project) (data []byte, want statement) {
	t.Helper()
	dir := t.TempDir()
	clienttest.Write(t, dir, files)
	if err := c.Lock(dir); err != nil {
		t.Fatalf("locking: %v", err)
	}
	data, err := os.ReadFile(filepath.Join(dir, c.Lockfile))
	if err != nil {
		t.Fatal(err)
	}
	if want.Listed, err = c.List(dir); err != nil {
		t.Fatalf("listing: %v", err)
	}
	slices.SortFunc(want.Listed, func(a, b clienttest.Listed) int {
		return strings.Compare(a.Name+"@"+a.Version, b.Name+"@"+b.Version)
	})
	tree, err := frozen(t, c, files, string(data), c.Frozen)
	if err != nil {
		t.Fatalf("installing: %v", err)
	}
	want.Disk = clienttest.IDs(tree)
	tree, err = frozen(t, c, files, string(data), c.FrozenProduction)
	switch {
	case err == nil:
		want.Production = append([]string{}, clienttest.IDs(tree)...)
	case !errors.Is(err, errors.ErrUnsupported):
		t.Fatalf("installing for production: %v", err)
	}
	return data, want
}

// frozen installs a project from a lockfile in a fresh folder.
func frozen(t testing.TB, c *clienttest.Client, files project, lock string, install func(dir string) error) (
	map[string]clienttest.Placed, error) {
	t.Helper()
	dir := t.TempDir()
	clienttest.Write(t, dir, files)
	clienttest.Write(t, dir, project{c.Lockfile: lock})
	if err := install(dir); err != nil {
		return nil, err
	}
	tree, err := clienttest.Tree(dir)
	if err != nil {
		t.Fatal(err)
	}
	return tree, nil
}

// TestClientsAgree: each client locks each shape of project, and this package
// reads in the lockfile what the client reads in it and installs from it.
func TestClientsAgree(t *testing.T) {
	if testing.Short() {
		t.Skip("real package managers write lockfiles in this test")
	}
	r := clienttest.NewRegistry(t, clienttest.Packages()...)
	for _, spec := range clienttest.Clients() {
		t.Run(strings.ReplaceAll(spec, "/", "-"), func(t *testing.T) {
			t.Parallel()
			c := r.Client(t, spec)
			for _, shape := range shapes {
				// The two that need no Node are fast enough for everything; what
				// others say of the other shapes is in testdata/clients.
				if !fast(c) && !slices.Contains(everyday(c), shape.name) && !nightly && !references {
					continue
				}
				files := shape.files(c, r)
				if files == nil {
					continue
				}
				t.Run(shape.name, func(t *testing.T) {
					data, want := ask(t, c, files)
					files[c.Lockfile] = string(data)
					if references {
						keep(t, r, c, shape.name, files, want)
					}
					compare(t, c.String(), shape.name, files, c.Lockfile, want)
				})
			}
		})
	}
}

// compare parses a project's lockfile and holds it against a statement.
func compare(t *testing.T, client, shape string, files project, file string, want statement) {
	t.Helper()
	dir := t.TempDir()
	clienttest.Write(t, dir, files)
	lock, err := lockfile.Parse(file, []byte(files[file]), lockfile.Options{Project: os.DirFS(dir)})
	if err != nil {
		t.Fatalf("%v\n%s", err, files[file])
	}
	for _, difference := range agree(lock, want) {
		if reason := reasonFor(client, shape, difference); reason != "" {
			t.Logf("%s (accepted: %s)", difference, reason)
			continue
		}
		t.Error(difference)
	}
}

// keep writes a project, as it would be with public hosts, to testdata.
func keep(t *testing.T, r *clienttest.Registry, c *clienttest.Client, shape string, files project, want statement) {
	t.Helper()
	dir := filepath.Join("testdata", "clients", c.String(), shape)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	public := project{}
	for name, text := range files {
		if !strings.HasSuffix(name, ".tgz") {
			text = plausible(r).Replace(text)
		}
		public[name] = text
	}
	text, err := json.MarshalIndent(want, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	public["want.json"] = string(text) + "\n"
	clienttest.Write(t, dir, public)
}

// TestClientFiles: the same for the lockfiles in testdata/clients, which the
// clients wrote: it needs neither them nor Node.
// LOCKWARDEN_REFERENCES=1 go test ./lockfile -run TestClientsAgree writes them.
func TestClientFiles(t *testing.T) {
	statements, err := filepath.Glob("testdata/clients/*/*/want.json")
	if err != nil || len(statements) < 100 {
		t.Fatalf("%d lockfiles of clients: %v", len(statements), err)
	}
	for _, file := range statements {
		dir := filepath.Dir(file)
		client, shape := filepath.Base(filepath.Dir(dir)), filepath.Base(dir)
		t.Run(client+" "+shape, func(t *testing.T) {
			var want statement
			if err := json.Unmarshal(read(t, file), &want); err != nil {
				t.Fatal(err)
			}
			files, lock := project{}, ""
			err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() || name == "want.json" {
					return err
				}
				files[name] = string(read(t, filepath.Join(dir, name)))
				if lockfile.Classify(name).Role == lockfile.Locks {
					lock = name
				}
				return nil
			})
			if err != nil || lock == "" {
				t.Fatalf("no lockfile in %s: %v", dir, err)
			}
			compare(t, client, shape, files, lock, want)
		})
	}
}
