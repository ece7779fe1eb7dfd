package lockfile_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockwarden/lockwarden/lockfile"
)

// arborist is the release of npm's tree library that this package is held
// against.
const arboristVersion = "9.9.1"

// arboristFolder installs Arborist once for all test runs of this machine.
func arboristFolder(t testing.TB) string {
	t.Helper()
	for _, program := range []string{"node", "npm", "git"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed: the comparison with npm's own Arborist runs where it is (.ci/run installs it)", program)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "lockwarden-test", "arborist-"+arboristVersion)
	if _, err := os.Stat(filepath.Join(dir, "done")); err == nil {
		return dir
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	npm(t, dir, "install", "--ignore-scripts", "--no-save", "--prefix", dir, "@npmcli/arborist@"+arboristVersion)
	if err := os.WriteFile(filepath.Join(dir, "done"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func npm(t testing.TB, dir string, args ...string) {
	t.Helper()
	run(t, dir, "npm", append(args, "--no-audit", "--no-fund", "--omit-lockfile-registry-resolved=false", "--loglevel=error")...)
}

func run(t testing.TB, dir, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
}

// inventoryRow is one line of what testdata/arborist.cjs prints.
type inventoryRow struct {
	Location    string `json:"location"`
	Name        string `json:"name"`
	PackageName string `json:"packageName"`
	Version     string `json:"version"`
	Dev         bool   `json:"dev"`
	Optional    bool   `json:"optional"`
	DevOptional bool   `json:"devOptional"`
	Peer        bool   `json:"peer"`
	Link        bool   `json:"link"`
	Bundled     bool   `json:"bundled"`
	Integrity   string `json:"integrity"`
}

func inventory(lock *lockfile.Lockfile) []inventoryRow {
	var rows []inventoryRow
	for _, e := range lock.Entries {
		rows = append(rows, inventoryRow{e.Location, e.Name, e.Package, e.Version, e.Dev, e.Optional, e.DevOptional, e.Peer, e.Link, e.Bundled, e.Integrity})
	}
	return rows
}

// TestArborist lets npm write a lockfile for each shape of project and wants
// the same packages with the same flags that npm's own library reads from it.
func TestArborist(t *testing.T) {
	if testing.Short() {
		t.Skip("npm writes a dozen lockfiles in this test")
	}
	dir := arboristFolder(t)
	script, err := filepath.Abs("testdata/arborist.cjs")
	if err != nil {
		t.Fatal(err)
	}
	tarballs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write(tarball(`{"name":"remote-package","version":"3.2.1","dependencies":{"isarray":"^2.0.5"}}`))
	}))
	defer tarballs.Close()
	repository := t.TempDir()
	write(t, repository, map[string]string{"package.json": `{"name":"from-git","version":"0.4.0","dependencies":{"isarray":"1.0.0"}}`})
	run(t, repository, "git", "init", "-q", "-b", "main")
	run(t, repository, "git", "add", ".")
	run(t, repository, "git", "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "one")

	for _, shape := range []struct {
		name  string
		files map[string]string
		args  []string
		file  string
		// install really installs, for the hidden lockfile.
		install bool
	}{
		{name: "workspaces, one with development dependencies of its own", files: map[string]string{
			"package.json":              `{"name":"r","version":"1.0.0","workspaces":["packages/*"],"devDependencies":{"once":"1.4.0"}}`,
			"packages/web/package.json": `{"name":"@acme/web","version":"1.1.0","dependencies":{"@acme/core":"^2.0.0","isarray":"1.0.0"},"devDependencies":{"inherits":"2.0.4"}}`,
			"packages/core/package.json": `{"name":"@acme/core","version":"2.0.0","dependencies":{"isarray":"2.0.5"},
				"optionalDependencies":{"wrappy":"1.0.2"}}`}},
		{name: "aliases", files: map[string]string{"package.json": `{"name":"r","dependencies":{"old-array":"npm:isarray@1.0.0","isarray":"2.0.5"},"devDependencies":{"@x/y":"npm:once@1.4.0"}}`}},
		{name: "peers, required and optional", files: map[string]string{"package.json": `{"name":"r","dependencies":{"react-dom":"18.2.0","ws":"8.16.0"},"devDependencies":{"use-sync-external-store":"1.2.0"}}`}},
		{name: "optional packages for platforms", files: map[string]string{"package.json": `{"name":"r","devDependencies":{"esbuild":"0.20.1"},"optionalDependencies":{"fsevents":"2.3.3"}}`}},
		{name: "bundled in a dependency", files: map[string]string{"package.json": `{"name":"r","dependencies":{"bcrypt":"1.0.3"}}`}},
		{name: "bundled by the project", files: map[string]string{"package.json": `{"name":"r","version":"1.0.0","dependencies":{"once":"1.4.0","isarray":"1.0.0"},"bundleDependencies":["once"]}`}},
		{name: "git", files: map[string]string{"package.json": `{"name":"r","dependencies":{"from-git":"git+file://` + repository + `"}}`}},
		{name: "remote tarball", files: map[string]string{"package.json": `{"name":"r","dependencies":{"remote-package":"` + tarballs.URL + `/remote-package-3.2.1.tgz"}}`}},
		{name: "a folder and a tarball on disk", files: map[string]string{
			"package.json":       `{"name":"r","dependencies":{"local":"file:./local","packed":"file:packed-1.0.0.tgz"}}`,
			"local/package.json": `{"name":"local","version":"0.1.0","dependencies":{"isarray":"2.0.5"},"devDependencies":{"once":"1.4.0"}}`,
			"packed-1.0.0.tgz":   string(tarball(`{"name":"packed","version":"1.0.0","dependencies":{"isarray":"1.0.0"}}`))}},
		{name: "overrides", files: map[string]string{"package.json": `{"name":"r","dependencies":{"readable-stream":"2.3.8"},"overrides":{"isarray":"2.0.5","readable-stream":{"safe-buffer":"5.2.1"}}}`}},
		{name: "development and optional overlap", files: map[string]string{"package.json": `{"name":"r","devDependencies":{"readable-stream":"2.3.8"},"optionalDependencies":{"once":"1.4.0","string_decoder":"1.1.1"}}`}},
		{name: "version 1", args: []string{"--lockfile-version=1"}, files: map[string]string{"package.json": `{"name":"r","version":"1.0.0","dependencies":{"readable-stream":"2.3.8","safe-buffer":"5.2.1","a":"npm:isarray@2.0.5"},"devDependencies":{"mkdirp":"0.5.6","once":"1.4.0"},"optionalDependencies":{"bcrypt":"1.0.3"}}`}},
		{name: "version 1 with a folder", args: []string{"--lockfile-version=1"}, files: map[string]string{
			"package.json":       `{"name":"r","version":"1.0.0","dependencies":{"local":"file:./local"},"devDependencies":{"from-git":"git+file://` + repository + `"}}`,
			"local/package.json": `{"name":"local","version":"0.1.0","dependencies":{"isarray":"2.0.5"}}`}},
		{name: "version 2", args: []string{"--lockfile-version=2"}, files: map[string]string{"package.json": `{"name":"r","dependencies":{"readable-stream":"2.3.8","from-git":"git+file://` + repository + `"},"devDependencies":{"once":"1.4.0"}}`}},
		{name: "shrinkwrap", file: "npm-shrinkwrap.json", files: map[string]string{"package.json": `{"name":"r","dependencies":{"readable-stream":"2.3.8"}}`}},
		{name: "hidden", file: "node_modules/.package-lock.json", install: true, files: map[string]string{"package.json": `{"name":"r","dependencies":{"readable-stream":"2.3.8"},"devDependencies":{"once":"1.4.0"}}`}},
		{name: "package.json moved on", files: map[string]string{"package.json": `{"name":"r","dependencies":{"once":"1.4.0"},"devDependencies":{"readable-stream":"2.3.8"}}`}},
	} {
		t.Run(shape.name, func(t *testing.T) {
			project := t.TempDir()
			write(t, project, shape.files)
			args := []string{"install", "--ignore-scripts"}
			if !shape.install {
				args = append(args, "--package-lock-only")
			}
			npm(t, project, append(args, shape.args...)...)
			file := shape.file
			switch {
			case file == "npm-shrinkwrap.json":
				npm(t, project, "shrinkwrap")
			case file == "":
				file = "package-lock.json"
			}
			if shape.name == "package.json moved on" {
				write(t, project, map[string]string{"package.json": `{"name":"r","dependencies":{"readable-stream":"2.3.8"},"optionalDependencies":{"once":"1.4.0"}}`})
			}
			mode := "virtual"
			if shape.install {
				mode = "actual"
			}
			out, err := exec.Command("node", script, dir, project, mode).Output()
			if err != nil {
				t.Fatalf("arborist: %v", err)
			}
			var want []inventoryRow
			if err := json.Unmarshal(out, &want); err != nil {
				t.Fatal(err)
			}
			if len(want) == 0 {
				t.Fatal("Arborist found no packages")
			}
			if shape.name == "version 1 with a folder" {
				// Version 1 does not say which version a folder has; Arborist
				// opens the folder, which a reviewer of bytes cannot.
				for i := range want {
					if want[i].Link || !strings.Contains(want[i].Location, "node_modules/") {
						want[i].Version = ""
					}
				}
			}
			data, err := os.ReadFile(filepath.Join(project, file))
			if err != nil {
				t.Fatal(err)
			}
			lock, err := lockfile.Parse(file, data, lockfile.Options{Project: os.DirFS(project)})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, inventory(lock)); diff != "" {
				t.Errorf("Arborist (-) and this package (+) disagree:\n%s\n%s", diff, data)
			}
		})
	}
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func tarball(manifest string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: "package/package.json", Mode: 0o644, Size: int64(len(manifest))}); err != nil {
		panic(err)
	}
	fmt.Fprint(w, manifest)
	w.Close()
	z.Close()
	return b.Bytes()
}
