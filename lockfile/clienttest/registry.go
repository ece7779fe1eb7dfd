package clienttest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Registry is a registry on loopback, a second host that serves other bytes
// under the same names, and a git repository.
type Registry struct {
	// URL is the registry's, with a slash at its end.
	URL string
	// Foreign is the other host's: the same names and versions, other bytes.
	// Below /files/ are tarballs whose paths no registry has.
	Foreign string
	// Git is a repository with the package from-git, as a git+http: URL without
	// a commit; Commit and Other are two commits of it.
	Git, Commit, Other string
	// Packages are what is served.
	Packages []Package
}

// NewRegistry serves packages until the test ends.
func NewRegistry(t testing.TB, packages ...Package) *Registry {
	t.Helper()
	r := &Registry{Packages: packages}
	r.URL = serve(t, packages, "the registry")
	r.Foreign = serve(t, packages, "the foreign host")
	r.repository(t)
	return r
}

func serve(t testing.TB, packages []Package, marker string) string {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	byName := map[string][]Package{}
	for _, p := range packages {
		byName[p.Name] = append(byName[p.Name], p)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		name, err := url.PathUnescape(strings.Trim(r.URL.EscapedPath(), "/"))
		if file, ok := strings.CutPrefix(name, "files/"); ok {
			name = strings.TrimSuffix(file, ".tgz")
			at := strings.LastIndexByte(name, '-')
			w.Write(Package{Name: name[:max(at, 0)], Version: name[at+1:]}.Tarball(marker))
			return
		}
		of, file, tarball := strings.Cut(name, "/-/")
		list := byName[of]
		switch {
		case err != nil || len(list) == 0:
			http.Error(w, `{"error":"not found"}`, http.StatusNotFound)
		case tarball:
			for _, p := range list {
				if strings.HasSuffix(tarballPath(p.Name, p.Version), "/-/"+file) {
					w.Header().Set("Content-Type", "application/octet-stream")
					w.Write(p.Tarball(marker))
					return
				}
			}
			http.NotFound(w, r)
		default:
			w.Header().Set("Content-Type", "application/json")
			json.NewEncoder(w).Encode(packument(of, list, server.URL, marker))
		}
	})
	return server.URL + "/"
}

func packument(name string, list []Package, host, marker string) map[string]any {
	// Releases are old enough for every client's age gate.
	const long = "2020-01-01T00:00:00.000Z"
	versions, times := map[string]any{}, map[string]any{"created": long, "modified": long}
	for _, p := range list {
		versions[p.Version] = p.document(host, p.Tarball(marker))
		times[p.Version] = long
	}
	return map[string]any{"name": name, "versions": versions, "time": times, "modified": long,
		"dist-tags": map[string]string{"latest": list[len(list)-1].Version}}
}

// repository makes a git repository of two commits, the same each time.
func (r *Registry) repository(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed: the package managers need it for git dependencies")
	}
	dir := filepath.Join(t.TempDir(), "from-git")
	git := func(args ...string) string {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
			"GIT_AUTHOR_DATE=2020-01-01T00:00:00Z", "GIT_COMMITTER_DATE=2020-01-01T00:00:00Z",
			"GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@t.example", "GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@t.example")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	commit := func(marker string) string {
		Write(t, dir, map[string]string{"package.json": `{"name":"from-git","version":"0.4.0","dependencies":{"beta":"^1.0.0"}}`,
			"index.js": "// from-git@0.4.0 from " + marker + "\n"})
		git("add", ".")
		git("commit", "-qm", marker)
		return git("rev-parse", "HEAD")
	}
	Write(t, dir, nil)
	git("init", "-q", "-b", "main")
	r.Other = commit("another commit")
	r.Commit = commit("the commit")
	git("update-server-info")
	// Files are enough for git's older protocol, which all clients' git speaks.
	server := httptest.NewServer(http.StripPrefix("/from-git.git/", http.FileServer(http.Dir(filepath.Join(dir, ".git")))))
	t.Cleanup(server.Close)
	r.Git = "git+" + server.URL + "/from-git.git"
}

// Write writes files below a folder, which it makes.
func Write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Package is one of the packages that are served; it panics where there is
// none, since that is the test's own mistake.
func (r *Registry) Package(name, version string) Package {
	for _, p := range r.Packages {
		if p.Name == name && p.Version == version {
			return p
		}
	}
	panic("the registry has no " + name + "@" + version)
}
