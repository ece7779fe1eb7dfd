package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// secretOfTheJob is what a hostile .npmrc asks for.
const secretOfTheJob = "secret-value-of-the-job"

// TestFolderSettings: the .npmrc of a working folder is written by whoever wrote
// the pull request that a job checked out. It chooses no registry and is sent no
// secret, and that is said with what to type, unless the user names it.
func TestFolderSettings(t *testing.T) {
	var mu sync.Mutex
	var seen []string // what any request carried
	data := pack("quiet", "1.0.0", map[string]string{"index.js": "module.exports = 1"})
	hostile := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, "hostile "+r.Header.Get("Authorization"))
		mu.Unlock()
		w.WriteHeader(http.StatusNotFound)
	})
	theirs := httptest.NewServer(hostile)
	defer theirs.Close()
	own := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, "own "+r.Header.Get("Authorization"))
		mu.Unlock()
		if strings.HasSuffix(r.URL.Path, ".tgz") {
			_, _ = w.Write(data)
			return
		}
		version := map[string]any{"name": "quiet", "version": "1.0.0", "dist": map[string]string{"integrity": integrity(data)}}
		_ = json.NewEncoder(w).Encode(map[string]any{"name": "quiet", "dist-tags": map[string]string{"latest": "1.0.0"},
			"versions": map[string]any{"1.0.0": version}})
	}))
	defer own.Close()
	host := func(s *httptest.Server) string { return strings.TrimPrefix(s.URL, "http://") }
	user := filepath.Join(t.TempDir(), "npmrc")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(user, "registry="+own.URL+"/\n")
	t.Setenv("npm_config_userconfig", user)
	t.Setenv("SECRET_OF_THE_JOB", secretOfTheJob)
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)

	// A repository whose base has a harmless .npmrc of its own, and whose folder a
	// hostile one.
	base := t.TempDir()
	write(filepath.Join(base, "package-lock.json"), lockfileOf(own.URL, nil))
	write(filepath.Join(base, ".npmrc"), "//"+host(own)+"/:_authToken=the-base's\n")
	dir := revisions(t, base, base)
	t.Chdir(dir)
	write("old.json", lockfileOf(own.URL, nil))
	write("head.json", lockfileOf(own.URL, []string{"quiet@1.0.0"}))
	write("left-pad.tgz", string(data))
	hostileSettings := fmt.Sprintf("registry=%[1]s/\n//%[2]s/:_authToken=${SECRET_OF_THE_JOB}\n//%[3]s/:_auth=literal-secret\n@acme:registry=%[1]s/${SECRET_OF_THE_JOB}/\n",
		theirs.URL, host(theirs), host(own))
	flags := []string{"--no-cache", "--osv", "none", "--allow-host", host(own), "--allow-host", host(theirs)}

	for _, test := range []struct {
		name   string
		args   []string
		npmrc  string
		status []int
		want   string // that the own registry saw it
		said   bool
	}{
		{"scan", []string{"scan", "quiet@1.0.0"}, hostileSettings, []int{0}, "own ", true},
		{"scan of a tarball", []string{"scan", "left-pad.tgz"}, hostileSettings, []int{0}, "", false},
		{"compare", []string{"compare", "quiet@1.0.0", "quiet@1.0.0"}, hostileSettings, []int{0}, "own ", true},
		{"review of files", []string{"review", "old.json", "head.json"}, hostileSettings, []int{0, 1}, "own ", true},
		{"review of a revision's file and a file", []string{"review", "HEAD:package-lock.json", "head.json"}, hostileSettings, []int{0, 1}, "own Bearer the-base's", true},
		{"review of revisions", []string{"review", "HEAD~1", "HEAD"}, hostileSettings, []int{0}, "", false},
		{"a file that changes nothing", []string{"scan", "quiet@1.0.0"}, "save-exact=true\nregistry=" + own.URL + "\n@a:registry=" + own.URL + "/\nproxy=null\n", []int{0}, "own ", false},
		{"a folder that names its own registry", []string{"scan", "quiet@1.0.0", "--npmrc", ".npmrc"},
			"//" + host(own) + "/:_authToken=${SECRET_OF_THE_JOB}\n", []int{0}, "own Bearer " + secretOfTheJob, false},
		{"review with a named file", []string{"review", "HEAD:package-lock.json", "head.json", "--npmrc", ".npmrc"},
			"//" + host(own) + "/:_authToken=${SECRET_OF_THE_JOB}\n", []int{0, 1}, "own Bearer " + secretOfTheJob, false},
		{"a named file that is not there", []string{"scan", "quiet@1.0.0", "--npmrc", "nowhere"}, "", []int{2}, "", false},
		{"a flag goes before it", []string{"scan", "quiet@1.0.0", "--registry", own.URL}, "registry=" + theirs.URL + "\n", []int{0}, "own ", false},
	} {
		write(".npmrc", test.npmrc)
		seen = nil
		var out, errOut bytes.Buffer
		code := run(append(slices.Clone(test.args), flags...), nil, &out, &errOut)
		if !slices.Contains(test.status, code) {
			t.Errorf("%s: exit status %d\n%s%s", test.name, code, out.String(), errOut.String())
		}
		trusted := slices.Contains(test.args, "--npmrc")
		for _, request := range seen {
			if strings.HasPrefix(request, "hostile") || !trusted && strings.Contains(request, secretOfTheJob) || strings.Contains(request, "literal") {
				t.Errorf("%s: a request that should not be: %q", test.name, request)
			}
		}
		if test.want != "" && !slices.Contains(seen, test.want) {
			t.Errorf("%s: %q, want %q", test.name, seen, test.want)
		}
		note := errOut.String()
		said := strings.Count(note, "this folder's .npmrc is not used")
		if test.said != (said == 1) || said > 1 {
			t.Errorf("%s: said %d times: %s", test.name, said, note)
		}
		if test.said {
			for _, want := range []string{"registry", "//" + host(theirs) + "/:_authToken", "${SECRET_OF_THE_JOB}", "@acme:registry", "--npmrc .npmrc"} {
				if !strings.Contains(note, want) {
					t.Errorf("%s: no %q in %q", test.name, want, note)
				}
			}
		}
		for _, secret := range []string{secretOfTheJob, "literal-secret", "the-base's"} {
			if strings.Contains(note, secret) || strings.Contains(out.String(), secret) {
				t.Errorf("%s: %q is told: %s", test.name, secret, note)
			}
		}
	}
}

// TestFolderSettingsThatAreNoFile: what stands in the place of an .npmrc is said,
// not waited for and not told.
func TestFolderSettingsThatAreNoFile(t *testing.T) {
	t.Chdir(t.TempDir())
	if data, err := folderSettings(); data != nil || err != nil {
		t.Errorf("none: %q %v", data, err)
	}
	if err := os.Mkdir(".npmrc", 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := folderSettings(); err == nil {
		t.Error("a folder is read")
	}
	if err := os.Remove(".npmrc"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(".npmrc", make([]byte, maxSettings+1), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := folderSettings()
	if err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a huge one: %v", err)
	}
	var b strings.Builder
	sayUnused(&b, nil, err)
	if !strings.Contains(b.String(), "is not used") || !strings.Contains(b.String(), "--npmrc .npmrc") {
		t.Error(b.String())
	}
	// Names are the file's own words, and may be written for a terminal.
	b.Reset()
	names := []string{"//x\x1b[31m\u202e/:_authToken", strings.Repeat("é", 500)}
	for i := range 20 {
		names = append(names, fmt.Sprint("@s", i, ":registry"))
	}
	sayUnused(&b, names, nil)
	if note := b.String(); strings.ContainsAny(note, "\x1b\u202e") || strings.Count(note, "é") != maxNamedText || !strings.Contains(note, "and 14 more") {
		t.Errorf("%q", note)
	}
}

// TestFolderLinks: a link inside the folder is followed, as Node does; what is not
// read is said.
func TestFolderLinks(t *testing.T) {
	outside := t.TempDir()
	const connects = "require('net').connect(80, 'example.org')\n"
	for _, test := range []struct {
		name     string
		make     func(dir string) error
		complete bool
		behavior bool
	}{
		{"a file", func(dir string) error { return os.WriteFile(dir+"/index.js", []byte(connects), 0o600) }, true, true},
		{"a link inside", func(dir string) error {
			if err := os.WriteFile(dir+"/real.js", []byte(connects), 0o600); err != nil {
				return err
			}
			return os.Symlink("real.js", dir+"/index.js")
		}, true, true},
		{"a link that leads out", func(dir string) error {
			if err := os.WriteFile(outside+"/e.js", []byte(connects), 0o600); err != nil {
				return err
			}
			return os.Symlink(outside+"/e.js", dir+"/index.js")
		}, false, false},
		{"a link to a folder", func(dir string) error { return os.Symlink(".", dir+"/lib") }, false, false},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(dir+"/package.json", []byte(`{"name":"a","version":"1.0.0","license":"MIT"}`), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := test.make(dir); err != nil {
			t.Skip("a system without symbolic links: ", err)
		}
		var out, errOut bytes.Buffer
		code := run([]string{"scan", dir, "--no-cache", "--osv", "none", "--format", "json"}, nil, &out, &errOut)
		var report struct {
			Complete  bool
			Behaviors []struct{ ID string }
		}
		if err := json.Unmarshal(out.Bytes(), &report); err != nil {
			t.Fatalf("%s: %v\n%s%s", test.name, err, out.String(), errOut.String())
		}
		if report.Complete != test.complete || (code == exitIncomplete) == test.complete || len(report.Behaviors) > 0 != test.behavior {
			t.Errorf("%s: exit status %d\n%s", test.name, code, out.String())
		}
	}
}
