package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fault is how a registry answers in the place of a document, or of a tarball.
type fault func(w http.ResponseWriter, body []byte)

func answers(status int, text string) fault {
	return func(w http.ResponseWriter, _ []byte) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}
}

// cut sends half of what it announced; ended half, as if that were all.
func cut(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	_, _ = w.Write(body[:len(body)/2])
}

func ended(w http.ResponseWriter, body []byte) { _, _ = w.Write(body[:len(body)/2]) }

func closed(w http.ResponseWriter, _ []byte) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	}
}

// padRegistry is a registry on loopback that has two versions of "pad" as npm's
// has them: documents in both forms, tarballs, hashes, publishers and dates.
// What it states of 1.0.1 is an alarm. document and tarball stand in for what it
// would say; without are versions that it no longer has.
type padRegistry struct {
	document fault
	tarball  func(version string) fault
	without  []string
	// sound is set where what it states of 1.0.1 is no alarm.
	sound bool
}

func (p *padRegistry) tar(version string) []byte {
	return pack("pad", version, map[string]string{"index.js": "module.exports = s => ' ' + s\n"})
}

func (p *padRegistry) start(t *testing.T) *httptest.Server {
	t.Helper()
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		version := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/pad/-/pad-"), ".tgz")
		switch {
		case r.URL.Path == "/pad":
			body := p.packument(s.URL, strings.HasPrefix(r.Header.Get("Accept"), "application/vnd.npm.install-v1+json"))
			w.Header().Set("Content-Type", "application/json")
			if p.document != nil {
				p.document(w, body)
				return
			}
			_, _ = w.Write(body)
		case slices.Contains([]string{"1.0.0", "1.0.1"}, version) && !slices.Contains(p.without, version):
			if p.tarball != nil {
				if f := p.tarball(version); f != nil {
					f(w, p.tar(version))
					return
				}
			}
			_, _ = w.Write(p.tar(version))
		default:
			http.Error(w, `{"error":"Not found"}`, http.StatusNotFound)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (p *padRegistry) packument(url string, short bool) []byte {
	type object = map[string]any
	versions, times := object{}, object{"created": "2020-01-01T00:00:00Z", "modified": "2021-01-01T00:00:00Z"}
	for i, version := range []string{"1.0.0", "1.0.1"} {
		if slices.Contains(p.without, version) {
			continue
		}
		who, stated := "ann", integrity(p.tar(version))
		v := object{"name": "pad", "version": version, "license": "MIT"}
		if version == "1.0.1" && !p.sound {
			who, stated = "bob", integrity([]byte("other bytes"))
			v["deprecated"] = "stolen, do not use"
		}
		v["dist"] = object{"tarball": url + "/pad/-/pad-" + version + ".tgz", "integrity": stated}
		times[version] = fmt.Sprintf("202%d-01-01T00:00:00Z", i)
		if !short {
			v["_npmUser"], v["maintainers"] = object{"name": who}, []object{{"name": who}}
		}
		versions[version] = v
	}
	doc := object{"name": "pad", "dist-tags": object{"latest": "1.0.1"}, "versions": versions, "modified": "2021-01-01T00:00:00Z"}
	if !short {
		doc["time"], doc["maintainers"] = times, []object{{"name": "ann"}}
	}
	data, _ := json.Marshal(doc)
	return data
}

// lock writes a lockfile of one version.
func (p *padRegistry) lock(t *testing.T, dir, url, version string) string {
	t.Helper()
	file := filepath.Join(dir, version, "package-lock.json")
	text := fmt.Sprintf(`{"name":"p","lockfileVersion":3,"packages":{"":{"name":"p","dependencies":{"pad":"^1.0.0"}},
"node_modules/pad":{"version":%q,"resolved":%q,"integrity":%q}}}`, version, url+"/pad/-/pad-"+version+".tgz", integrity(p.tar(version)))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// said is what a test wants to know of --format json.
type said struct {
	Conclusion, Title string
	NotScanned        []string `json:"not_scanned"`
	NotKnown          []string `json:"not_known"`
	Complete          bool
	Issues            []struct{ ID string }
	Packages          []struct {
		Complete bool
		Issues   []struct{ ID string }
		Delta    *struct{}
	}
	Unknown []struct{ Package, What, Reason string }
}

// lockwarden runs a command and reads its JSON.
func lockwarden(t *testing.T, want int, args ...string) (out said) {
	t.Helper()
	var text, errOut bytes.Buffer
	code := run(append(args, "--allow-host", "127.0.0.1", "--no-cache", "--format", "json"), nil, &text, &errOut)
	if code != want {
		t.Errorf("%v: exit status %d, want %d\n%s", args, code, want, errOut.String())
	}
	if err := json.Unmarshal(text.Bytes(), &out); err != nil {
		t.Fatalf("%v: %v\n%s%s", args, err, text.String(), errOut.String())
	}
	return out
}

// TestRegistryThatDoesNotAnswer: whatever comes in the place of a registry's
// document, the review is not green, says what is not known and why, and keeps
// what it knows. The document that is not had would have been an alarm.
func TestRegistryThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		document fault
		reason   string
	}{
		{"503", answers(503, "busy"), "answers 503"},
		{"500", answers(500, `{"error":"oops"}`), "answers 500"},
		{"429", answers(429, ""), "answers 429"},
		{"401", answers(401, "{}"), "answers 401"},
		{"a page", answers(200, "<!DOCTYPE html><title>Maintenance</title>"), "packument of pad"},
		{"cut", cut, "broke off the connection"},
		{"cut without a length", ended, "packument of pad"},
		{"{}", answers(200, "{}"), "packument of pad"},
		{"null", answers(200, "null"), "packument of pad"},
		{"a list", answers(200, "[]"), "packument of pad"},
		{"nothing", answers(200, ""), "packument of pad"},
		{"an error", answers(200, `{"error":"not now"}`), "packument of pad"},
		{"another package", answers(200, `{"name":"other","versions":{}}`), `the package "other"`},
		{"closed", closed, "/pad: broke off the connection"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := &padRegistry{document: row.document}
			url, dir := p.start(t).URL, t.TempDir()
			args := []string{"review", p.lock(t, dir, url, "1.0.0"), p.lock(t, dir, url, "1.0.1"), "--registry", url, "--osv", "none"}
			r := lockwarden(t, 3, args...)
			if r.Conclusion != "action_required" || !slices.Equal(r.NotKnown, []string{"pad@1.0.1"}) || len(r.NotScanned) > 0 || !r.Packages[0].Complete || r.Packages[0].Delta == nil {
				t.Errorf("%+v", r)
			}
			if !strings.Contains(r.Title, "the registry's document of pad@1.0.1 is not known") {
				t.Errorf("the title: %s", r.Title)
			}
			found := 0
			for _, u := range r.Unknown {
				if u.What == "metadata" {
					found++
					if u.Package != "pad@1.0.1" || !strings.Contains(u.Reason, row.reason) {
						t.Errorf("%+v, want %q", u, row.reason)
					}
					if strings.Contains(u.Reason, "EOF") || strings.Contains(u.Reason, "tcp") {
						t.Errorf("readers are told of the network here: %s", u.Reason)
					}
				}
			}
			if found != 1 {
				t.Errorf("said %d times: %+v", found, r.Unknown)
			}
			if row.name == "503" {
				lockwarden(t, 0, append(args, "--allow-incomplete")...)
			}
		})
	}
}

// TestRegistryThatAnswers: what a registry does say is not taken for unknown.
func TestRegistryThatAnswers(t *testing.T) {
	t.Parallel()
	ids := func(r said) (out []string) {
		for _, i := range r.Packages[0].Issues {
			out = append(out, i.ID)
		}
		return out
	}
	has := func(t *testing.T, r said, want string, is bool) {
		t.Helper()
		if slices.Contains(ids(r), want) != is {
			t.Errorf("%s: %v, want %v: %v", want, !is, is, ids(r))
		}
	}
	review := func(t *testing.T, p *padRegistry, code int, more ...string) said {
		t.Helper()
		url, dir := p.start(t).URL, t.TempDir()
		return lockwarden(t, code, append([]string{"review", p.lock(t, dir, url, "1.0.0"), p.lock(t, dir, url, "1.0.1"), "--registry", url}, more...)...)
	}
	osv := testOSV(t).URL
	t.Run("sound", func(t *testing.T) {
		t.Parallel()
		if r := review(t, &padRegistry{sound: true}, 0, "--osv", osv); len(r.Unknown) > 0 || strings.Contains(r.Title, "known") {
			t.Errorf("%+v", r)
		}
	})
	t.Run("an alarm", func(t *testing.T) {
		t.Parallel()
		r := review(t, &padRegistry{}, 1, "--osv", osv)
		has(t, r, "lockfile/integrity-registry-mismatch", true)
		if len(r.Unknown) > 0 {
			t.Errorf("%+v", r.Unknown)
		}
	})
	t.Run("the document without the version", func(t *testing.T) {
		t.Parallel()
		// 404 or 410 for the tarball: one issue says both.
		for _, gone := range []fault{answers(404, "{}"), answers(410, "{}")} {
			p := &padRegistry{sound: true, document: func(w http.ResponseWriter, _ []byte) {
				_, _ = w.Write((&padRegistry{sound: true, without: []string{"1.0.1"}}).packument("http://x.invalid", false))
			}, tarball: func(version string) fault {
				if version == "1.0.1" {
					return gone
				}
				return nil
			}}
			r := review(t, p, 1, "--osv", osv)
			has(t, r, "dependency/unpublished", true)
			has(t, r, "scan/incomplete", false)
			if len(r.NotScanned) != 1 || len(r.Unknown) > 0 || !strings.Contains(r.Title, "1 package not fully scanned") {
				t.Errorf("%+v", r)
			}
		}
	})
	t.Run("404", func(t *testing.T) {
		t.Parallel()
		r := review(t, &padRegistry{document: answers(404, "{}")}, 1, "--osv", osv)
		has(t, r, "dependency/unpublished", true)
		if len(r.Unknown) > 0 || len(r.NotScanned) > 0 {
			t.Errorf("%+v", r)
		}
	})
	t.Run("the version before is gone", func(t *testing.T) {
		t.Parallel()
		r := review(t, &padRegistry{sound: true, without: []string{"1.0.0"}}, 0, "--osv", osv)
		has(t, r, "scan/incomplete", false)
		if len(r.Unknown) != 1 || r.Unknown[0].What != "before" || !r.Packages[0].Complete || r.Packages[0].Delta != nil || !strings.Contains(r.Title, "the version before of pad@1.0.1 is not known") {
			t.Errorf("%+v", r)
		}
	})
	t.Run("the tarball before is there, the document has no word of it", func(t *testing.T) {
		t.Parallel()
		p := &padRegistry{sound: true, document: func(w http.ResponseWriter, _ []byte) {
			_, _ = w.Write((&padRegistry{sound: true, without: []string{"1.0.0"}}).packument("http://x.invalid", false))
		}}
		if r := review(t, p, 0, "--osv", osv); len(r.Unknown) != 1 || r.Unknown[0].What != "before" || r.Packages[0].Delta == nil {
			t.Errorf("%+v", r)
		}
	})
	t.Run("all of it is down", func(t *testing.T) {
		t.Parallel()
		down := answers(503, "")
		r := review(t, &padRegistry{document: down, tarball: func(string) fault { return down }}, 3, "--osv", osv)
		// Nothing was scanned, which is said once; the list of what is not known has it all.
		if len(r.NotScanned) != 1 || len(r.NotKnown) > 0 || len(r.Unknown) != 1 || strings.Contains(r.Title, "document") {
			t.Errorf("%+v", r)
		}
	})
	t.Run("advisories", func(t *testing.T) {
		t.Parallel()
		silent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }))
		t.Cleanup(silent.Close)
		for _, to := range []string{silent.URL, "none"} {
			r := review(t, &padRegistry{sound: true}, 0, "--osv", to)
			if len(r.Unknown) != 1 || r.Unknown[0].What != "advisories" || r.Unknown[0].Package != "" || !strings.Contains(r.Title, "advisories are not known") {
				t.Errorf("%s: %+v", to, r)
			}
		}
		strict := filepath.Join(t.TempDir(), "policy.yml")
		if err := os.WriteFile(strict, []byte("unknown: {advisories: block}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		review(t, &padRegistry{sound: true}, 3, "--osv", silent.URL, "--policy", strict)
		review(t, &padRegistry{sound: true}, 3, "--osv", "none", "--policy", strict)
		review(t, &padRegistry{sound: true}, 0, "--osv", "none", "--policy", strict, "--allow-incomplete")
	})
}

// TestScanWithoutTheDocument: scan and compare report on what they have, say
// what they have not, and end with 3.
func TestScanWithoutTheDocument(t *testing.T) {
	t.Parallel()
	p := &padRegistry{document: answers(503, "")}
	url := p.start(t).URL
	r := lockwarden(t, 3, "scan", "pad@1.0.1", "--registry", url, "--osv", "none")
	if !r.Complete || len(r.Unknown) != 2 || r.Unknown[0].What != "metadata" || r.Unknown[1].What != "advisories" {
		t.Errorf("%+v", r)
	}
	lockwarden(t, 0, "scan", "pad@1.0.1", "--registry", url, "--osv", "none", "--allow-incomplete")
	var out, errOut bytes.Buffer
	if code := run([]string{"compare", "pad@1.0.0", "pad@1.0.1", "--registry", url, "--osv", "none", "--allow-host", "127.0.0.1", "--no-cache"}, nil, &out, &errOut); code != 3 ||
		!strings.Contains(out.String(), "as far as is known: the registry's document is not known") {
		t.Errorf("%d\n%s%s", code, out.String(), errOut.String())
	}
	if code := run([]string{"scan", "pad@^1.0.0", "--registry", url, "--osv", "none", "--allow-host", "127.0.0.1", "--no-cache"}, nil, &out, &errOut); code != 2 {
		t.Errorf("a range without a document: exit status %d", code)
	}
	// Nobody is asked about a file, which is no reason to fail.
	file := filepath.Join(t.TempDir(), "pad.tgz")
	if err := os.WriteFile(file, p.tar("1.0.1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := lockwarden(t, 0, "scan", file, "--osv", "none"); len(r.Unknown) != 2 {
		t.Errorf("%+v", r)
	}
}
