package behavior

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/templates"
)

func catalogue(t testing.TB) *Catalogue {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fixture is one testdata/<id>.txtar: prose on top, then a small package.
type fixture struct {
	id    string
	files map[string][]byte
	// wants are "file:line" with the context, if one is named; quiet are the
	// reasons by "file:line".
	wants map[string]string
	quiet map[string]string
}

var (
	wantComment  = regexp.MustCompile(`// want ([a-z]+/[a-z0-9-]+)(?: \[(\w+)\])?`)
	quietComment = regexp.MustCompile(`// quiet: (.+)$`)
	wantHeader   = regexp.MustCompile(`^want (\S+) ([a-z]+/[a-z0-9-]+)(?: \[(\w+)\])?$`)
)

func readFixture(t testing.TB, path, id string) *fixture {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%s has no fixture: write %s", id, path)
	}
	a := txtar.Parse(data)
	f := &fixture{id: id, files: map[string][]byte{}, wants: map[string]string{}, quiet: map[string]string{}}
	for _, line := range strings.Split(string(a.Comment), "\n") {
		if m := wantHeader.FindStringSubmatch(line); m != nil && m[2] == id {
			f.wants[m[1]] = m[3]
		}
		if name, ok := strings.CutPrefix(line, "binary "); ok {
			f.files[name] = []byte("\x7fELF\x02\x01\x01\x00")
		}
		if name, ok := strings.CutPrefix(line, "hex "); ok {
			name, digits, _ := strings.Cut(name, " ")
			if f.files[name], err = hex.DecodeString(digits); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, file := range a.Files {
		f.files[file.Name] = file.Data
		for i, line := range strings.Split(string(file.Data), "\n") {
			at := fmt.Sprintf("%s:%d", file.Name, i+1)
			if m := wantComment.FindStringSubmatch(line); m != nil && m[1] == id {
				f.wants[at] = m[2]
			}
			if m := quietComment.FindStringSubmatch(line); m != nil {
				f.quiet[at] = m[1]
			}
		}
	}
	return f
}

// find analyzes a package in memory.
func find(t testing.TB, c *Catalogue, files map[string][]byte) Findings {
	t.Helper()
	pkg := archive.New(files)
	manifest := &npm.Manifest{Gypfile: true}
	if f := pkg.File("package.json"); f != nil {
		var err error
		if manifest, err = npm.ParseManifest(f.Data()); err != nil {
			t.Fatal(err)
		}
	}
	facts := javascript.Analyze(pkg, manifest, c, javascript.Options{WantText: c.WantText})
	for _, p := range facts.Unparsable {
		t.Errorf("%s:%d: %s", p.File, p.Line, p.Reason)
	}
	return c.Match(Input{Package: pkg, Manifest: manifest, Facts: facts})
}

// places are the lines at which a behavior was found, with their contexts.
func places(found Findings, id string) map[string]javascript.Context {
	out := map[string]javascript.Context{}
	for _, b := range found.Behaviors {
		if b.ID == id {
			for _, e := range b.Evidence {
				out[fmt.Sprintf("%s:%d", e.File, e.Line)] |= e.Contexts
			}
		}
	}
	return out
}

func (f *fixture) check(t *testing.T, found Findings, exact bool) {
	t.Helper()
	have := places(found, f.id)
	for at, context := range f.wants {
		contexts, ok := have[at]
		if !ok {
			t.Errorf("%s: %s is not found: %s", at, f.id, f.line(at))
			continue
		}
		if context != "" && exact && !slices.Contains(contexts.Names(), context) {
			t.Errorf("%s: contexts %v, want %s", at, contexts.Names(), context)
		}
	}
	for at, contexts := range have {
		if reason, quiet := f.quiet[at]; quiet {
			t.Errorf("%s: %s is found (%v), but this is %s: %s", at, f.id, contexts.Names(), reason, f.line(at))
		} else if _, wanted := f.wants[at]; exact && !wanted && !f.explained(at) {
			t.Errorf("%s: %s is found where nothing wants it: %s", at, f.id, f.line(at))
		}
	}
}

// explained reports whether a line only spells out an API that a wanted line
// uses: an import, a destructuring.
func (f *fixture) explained(at string) bool {
	line := f.line(at)
	return strings.Contains(line, "require(") || strings.Contains(line, "import ") || strings.Contains(line, "const ") || strings.Contains(line, "createRequire")
}

func (f *fixture) line(at string) string {
	file, number, _ := strings.Cut(at, ":")
	var n int
	fmt.Sscan(number, &n)
	lines := strings.Split(string(f.files[file]), "\n")
	if n < 1 || n > len(lines) {
		return ""
	}
	return lines[n-1]
}

// TestFixtures runs every behavior's fixture. One without a hit or without a
// near-miss fails: it would prove nothing.
func TestFixtures(t *testing.T) {
	c := catalogue(t)
	for _, id := range c.IDs() {
		t.Run(id, func(t *testing.T) {
			f := readFixture(t, "testdata/"+id+".txtar", id)
			if len(f.wants) == 0 || len(f.quiet) == 0 {
				t.Fatalf("testdata/%s.txtar has %d hits and %d near-misses; want at least one of each", id, len(f.wants), len(f.quiet))
			}
			f.check(t, find(t, c, f.files), true)
		})
	}
}

// disguises rewrite a script, line by line, so that it does the same under
// another look.
var disguises = []struct {
	name string
	make func(code string) string
}{
	{"module names in pieces", func(code string) string {
		return regexp.MustCompile(`require\('(\w)(\w+)'\)`).ReplaceAllString(code, "require('$1' + '$2')")
	}},
	{"module names from an array", func(code string) string {
		return regexp.MustCompile(`require\('(\w)(\w+)'\)`).ReplaceAllString(code, "require(['$1', '$2'].join(''))")
	}},
	{"module names in base64's way", func(code string) string {
		return regexp.MustCompile(`require\('fs'\)`).ReplaceAllString(code, "require(Buffer.from('ZnM=', 'base64').toString())")
	}},
	{"require under another name", func(code string) string {
		return "const load = require; " + regexp.MustCompile(`(^|[^.\w])require\(`).ReplaceAllString(code, "${1}load(")
	}},
	{"computed members", func(code string) string {
		return regexp.MustCompile(`([\w\])])\.(\w)(\w+)\(`).ReplaceAllString(code, "$1['$2' + '$3'](")
	}},
	{"in a function that is called", func(code string) string { return "(function (self) { " + code + "\n})(this)" }},
	{"in webpack's table", func(code string) string {
		return "!function(t){var e={};function n(r){if(e[r])return e[r].exports;var i=e[r]={i:r,l:!1,exports:{}};return t[r].call(i.exports,i,i.exports,n),i.l=!0,i.exports}n.webpackJsonp=1;n(1)}([function(module,exports,__webpack_require__){module.exports=7},function(module,exports,__webpack_require__){__webpack_require__(0);" + code + "\n}])"
	}},
	{"in browserify's table", func(code string) string {
		return "(function(){function r(e,n,t){function o(i,f){if(!n[i]){if(!e[i]){var c='function'==typeof require&&require;if(!f&&c)return c(i,!0);var a=new Error('x');throw a.code='MODULE_NOT_FOUND',a}var p=n[i]={exports:{}};e[i][0].call(p.exports,function(r){var n=e[i][1][r];return o(n||r)},p,p.exports,r,e,n,t)}return n[i].exports}for(var u='function'==typeof require&&require,i=0;i<t.length;i++)o(t[i]);return o}return r})()({1:[function(require,module,exports){" + code + "\n},{}]},{},[1])"
	}},
	{"in esbuild's wrapper", func(code string) string {
		return "var __commonJS = (cb, mod) => function __require() { return mod || (0, cb[Object.getOwnPropertyNames(cb)[0]])((mod = { exports: {} }).exports, mod), mod.exports }; var require_x = __commonJS({ 'x.js'(exports, module) { " + code + "\n} }); module.exports = require_x();"
	}},
}

// TestDisguises: every hit of every fixture survives every disguise that can
// be put on it.
func TestDisguises(t *testing.T) {
	c := catalogue(t)
	for _, d := range disguises {
		t.Run(d.name, func(t *testing.T) {
			changed := 0
			for _, id := range c.IDs() {
				if id == "evasion/hidden-module-name" {
					continue // a disguise is what it finds
				}
				f := readFixture(t, "testdata/"+id+".txtar", id)
				code := string(f.files["index.js"])
				if strings.Contains(code, "import ") || strings.Contains(code, "import.meta") || code == "" {
					continue
				}
				dressed := d.make(code)
				if dressed == code {
					continue
				}
				changed++
				f.files["index.js"] = []byte(dressed)
				t.Run(id, func(t *testing.T) { f.check(t, find(t, c, f.files), false) })
			}
			if changed == 0 {
				t.Error("the disguise fits no fixture")
			}
		})
	}
}

// TestQuiet runs the traps for false alarms through all behaviors: a line that
// says quiet has none at all.
func TestQuiet(t *testing.T) {
	c := catalogue(t)
	files, _ := filepath.Glob("testdata/quiet/*.txtar")
	if len(files) < 5 {
		t.Fatalf("only %d traps", len(files))
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			f := readFixture(t, path, "")
			if len(f.quiet) == 0 {
				t.Fatal("no line says // quiet")
			}
			for _, b := range find(t, c, f.files).Behaviors {
				for _, e := range b.Evidence {
					at := fmt.Sprintf("%s:%d", e.File, e.Line)
					if reason, ok := f.quiet[at]; ok {
						t.Errorf("%s: %s is found, but this is %s: %s", at, b.ID, reason, f.line(at))
					}
				}
			}
		})
	}
}

// TestCatalogue compares the ids of the maps with texts and fixtures, both
// ways.
func TestCatalogue(t *testing.T) {
	c := catalogue(t)
	if err := templates.Load(); err != nil {
		t.Fatal(err)
	}
	ids := c.IDs()
	texts := templates.IDs("behavior")
	for _, id := range ids {
		if !slices.Contains(texts, id) {
			t.Errorf("write templates/behavior/%s.md", id)
		}
	}
	for _, id := range texts {
		if !slices.Contains(ids, id) {
			t.Errorf("templates/behavior/%s.md is of no behavior", id)
		}
	}
	fixtures, _ := filepath.Glob("testdata/*/*.txtar")
	for _, path := range fixtures {
		id := strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(path), "testdata/"), ".txtar")
		if !strings.HasPrefix(id, "quiet/") && !slices.Contains(ids, id) {
			t.Errorf("%s is of no behavior", path)
		}
	}
	for id, text := range map[string]string{"network/tcp-connect": "Opens a TCP connection to a remote server.", "execution/on-install": "Executes files during installation or upon launch."} {
		if got := templates.Behavior(id).Title; got != text {
			t.Errorf("%s says %q, want %q", id, got, text)
		}
	}
}

func TestMapErrors(t *testing.T) {
	for text, want := range map[string]string{
		"network/a\n  frobnicate x\n":         `x.map:2: network/a: unknown word "frobnicate"`,
		"network/a\n\nnetwork/a\n":            "x.map:3: network/a is declared twice",
		"file/a\n":                            `x.map:1: "file/a" is no id of the category x`,
		"  call x\n":                          "x.map:1: a line before the first id",
		"network/a\n  derive network/b\n":     `x.map:2: network/a: derive needs "in CONTEXT"`,
		"network/a\n  derive x/b in dreams\n": `"dreams" is no context`,
		"network/a\n  option net.connect x\n": `"x" is no condition on an argument`,
		"network/a\n  check nothing\n":        `there is no check "nothing" in code.go`,
		"network/a\n  call\n":                 `"call" needs something after it`,
	} {
		text = strings.ReplaceAll(text, "network/", "x/")
		want = strings.ReplaceAll(want, "network/", "x/")
		_, err := load(fstest.MapFS{"x.map": {Data: []byte(text)}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestSameReportEveryTime: same package, same findings, byte for byte.
func TestSameReportEveryTime(t *testing.T) {
	c := catalogue(t)
	f := readFixture(t, "testdata/execution/process-spawn.txtar", "execution/process-spawn")
	first := fmt.Sprintf("%+v", find(t, c, f.files))
	for range 20 {
		if again := fmt.Sprintf("%+v", find(t, c, f.files)); again != first {
			t.Fatalf("%s\n%s", first, again)
		}
	}
}

func TestNamesHost(t *testing.T) {
	for text, want := range map[string]bool{
		"https://ifconfig.me": true, "http://ifconfig.me/ip": true, "ifconfig.me": true, "api.ifconfig.me": true, "https://x@ifconfig.me:80": true,
		"notifconfig.me": false, "ifconfig.me.evil.example": false, "see ifconfig.me for more": false, "curl https://ifconfig.me": true, "ifconfig.mexico": false,
	} {
		if got := NamesHost(text, "ifconfig.me"); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// FuzzAnalyze is seeded from the fixtures: no script panics the engine.
func FuzzAnalyze(f *testing.F) {
	c := catalogue(f)
	fixtures, _ := filepath.Glob("testdata/*/*.txtar")
	sort.Strings(fixtures)
	for _, path := range fixtures {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range txtar.Parse(data).Files {
			if strings.HasSuffix(file.Name, ".js") {
				f.Add(string(file.Data))
			}
		}
	}
	f.Fuzz(func(t *testing.T, code string) {
		if len(code) > 4096 {
			t.Skip()
		}
		pkg := archive.New(map[string][]byte{"index.js": []byte(code)})
		manifest := &npm.Manifest{}
		facts := javascript.Analyze(pkg, manifest, c, javascript.Options{WantText: c.WantText, Steps: 2_000_000})
		c.Match(Input{Package: pkg, Manifest: manifest, Facts: facts})
	})
}
