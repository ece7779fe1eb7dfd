package archive_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/lockfile/clienttest"
)

// TestClientsUnpack: whole package managers, each with its own reader, install
// edited tarballs that Read accepts, and what lies in node_modules then is what
// Read gives. It knows those that TestReadersAgree cannot ask: pnpm 12 is
// written in Rust, Bun has libarchive.
func TestClientsUnpack(t *testing.T) {
	if os.Getenv("LOCKWARDEN_NIGHTLY") == "" {
		t.Skip("LOCKWARDEN_NIGHTLY runs it: it lets 14 package managers install")
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	tarballs, want := accepted(t, rand.New(rand.NewPCG(seed, 5)), 300)
	registry := &clienttest.Registry{URL: serveTarballs(t, tarballs)}
	dependencies := map[string]string{}
	for name := range tarballs {
		dependencies[name] = "1.0.0"
	}
	manifest, err := json.Marshal(map[string]any{"name": "root", "version": "1.0.0", "private": true, "dependencies": dependencies})
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range clienttest.Clients() {
		t.Run(strings.ReplaceAll(spec, "/", "-"), func(t *testing.T) {
			client := registry.Client(t, spec)
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "package.json"), manifest, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := client.Lock(dir); err != nil {
				t.Fatal(err)
			}
			if err := client.Frozen(dir); err != nil {
				t.Fatal(err)
			}
			for name := range tarballs {
				for _, difference := range compared(t, client, filepath.Join(dir, "node_modules", name), want[name]) {
					at := filepath.Join(os.TempDir(), fmt.Sprintf("lockwarden-clients-%d-%s.tgz", seed, name))
					_ = os.WriteFile(at, tarballs[name], 0o600)
					t.Errorf("%s: %s (written to %s)", name, difference, at)
				}
			}
		})
	}
}

// accepted are edited tarballs that Read accepts, and what it gives. All have a
// package.json that clients can read.
func accepted(t *testing.T, random *rand.Rand, n int) (tarballs map[string][]byte, want map[string]map[string]string) {
	t.Helper()
	tarballs, want = map[string][]byte{}, map[string]map[string]string{}
	for len(tarballs) < n {
		name := fmt.Sprintf("p%03d", len(tarballs))
		edited := mutated(random)
		for i := range edited.segments {
			s := &edited.segments[i]
			s.body = bytes.ReplaceAll(s.body, []byte("p000"), []byte(name))
		}
		data := edited.pack()
		limits, err := everything(data)
		if err != nil {
			continue
		}
		pkg, err := archive.Read(bytes.NewReader(data), limits)
		if err != nil {
			t.Fatal(err)
		}
		if f := pkg.File("package.json"); f != nil && string(f.Data()) == strings.ReplaceAll(seedManifest, "p000", name) {
			tarballs[name], want[name] = data, unpacked(pkg)
		}
	}
	return tarballs, want
}

// serveTarballs is a registry with one version of each.
func serveTarballs(t *testing.T, tarballs map[string][]byte) string {
	t.Helper()
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, tarball := strings.Cut(strings.Trim(r.URL.Path, "/"), "/-/")
		data, ok := tarballs[name]
		switch {
		case !ok:
			http.Error(w, `{"error":"not found"}`, http.StatusNotFound)
		case tarball:
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Write(data)
		default:
			const day = "2020-01-01T00:00:00.000Z"
			at := server.URL + "/" + name + "/-/" + name + "-1.0.0.tgz"
			w.Header().Set("Content-Type", "application/json")
			json.NewEncoder(w).Encode(map[string]any{"name": name, "dist-tags": map[string]string{"latest": "1.0.0"}, "modified": day,
				"time": map[string]string{"created": day, "modified": day, "1.0.0": day},
				"versions": map[string]any{"1.0.0": map[string]any{"name": name, "version": "1.0.0",
					"dist": map[string]string{"tarball": at, "integrity": clienttest.Integrity(data)}}}})
		}
	}))
	t.Cleanup(server.Close)
	return server.URL + "/"
}

// compared says in what an installed package is not what Read gives.
func compared(t *testing.T, client *clienttest.Client, dir string, want map[string]string) []string {
	t.Helper()
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return []string{err.Error()}
	}
	got := map[string]string{}
	err = filepath.WalkDir(real, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		at, err := filepath.Rel(real, name)
		got[at] = hex.EncodeToString(sum[:])
		if info.Mode()&0o111 != 0 {
			got[at] += " x"
		}
		return err
	})
	if err != nil {
		return []string{err.Error()}
	}
	var out []string
	for name, content := range want {
		renamed := got[strings.TrimSuffix(name, ".gitignore")+".npmignore"]
		if strings.HasSuffix(name, ".gitignore") && got[name] == "" && renamed != "" {
			continue // npm's custom
		}
		if client.Name == "yarn" && client.Major > 1 && strings.HasPrefix(name, "node_modules/") {
			continue // since 2 it leaves out what the manifest does not bundle
		}
		if client.Name == "pnpm" && client.Major < 9 { // executable is what everybody may execute
			got[name], content = strings.TrimSuffix(got[name], " x"), strings.TrimSuffix(content, " x")
		}
		if got[name] != content && name != "package.json" { // npm 6 adds to that one
			out = append(out, fmt.Sprintf("%q is %.6q, not %.6q", name, got[name], content))
		}
	}
	for name := range got {
		stem, ignores := strings.CutSuffix(name, ".npmignore")
		_, ok := want[name]
		ok = ok || ignores && want[stem+".gitignore"] != "" || name == ".yarn-metadata.json" || name == ".yarn-tarball.tgz"
		if !ok {
			out = append(out, fmt.Sprintf("%q is not in the tarball", name))
		}
	}
	return out
}
