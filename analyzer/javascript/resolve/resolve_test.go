package resolve

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
	"github.com/lockwarden/lockwarden/analyzer/npm"
)

// nodeResolver answers what a specifier means: a path, or an empty line. It
// loads nothing.
const nodeResolver = `
import Module from 'node:module'; import path from 'node:path'; import fs from 'node:fs'
import { pathToFileURL, fileURLToPath } from 'node:url'; import readline from 'node:readline'
const isFile = f => { try { return fs.statSync(f).isFile() } catch { return false } }
for await (const line of readline.createInterface({ input: process.stdin })) {
  const { From, Specifier, Import } = JSON.parse(line)
  let found = ''
  try {
    if (Import) {
      const url = import.meta.resolve(Specifier, pathToFileURL(From).href)
      if (url.startsWith('file:')) { const file = fileURLToPath(url); if (isFile(file)) found = file } else found = url
    } else {
      const dir = path.dirname(From)
      found = Module._resolveFilename(Specifier, { id: From, filename: From, paths: Module._nodeModulePaths(dir) }, false)
    }
  } catch {}
  process.stdout.write(JSON.stringify(found) + '\n')
}`

// oracle is a Node that resolves.
type oracle struct {
	in   io.WriteCloser
	out  *bufio.Reader
	root string
	// packages counts those that were unpacked.
	packages int
}

func newOracle(t *testing.T) *oracle {
	t.Helper()
	dir := t.TempDir()
	script := filepath.Join(dir, "resolver.mjs")
	if err := os.WriteFile(script, []byte(nodeResolver), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "--no-deprecation", "--experimental-import-meta-resolve", script)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip("no node: ", err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	return &oracle{in: in, out: bufio.NewReader(out), root: dir}
}

// unpacked writes a package where npm would install it; only what resolution
// looks at is written out.
func (o *oracle) unpacked(t *testing.T, pkg *archive.Package, name string) string {
	t.Helper()
	o.packages++
	dir := filepath.Join(o.root, fmt.Sprintf("p%d", o.packages), "node_modules", filepath.FromSlash(name))
	for _, f := range pkg.Files {
		full := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		data := []byte("0")
		if filepath.Base(full) == "package.json" {
			data = f.Data()
		}
		if err := os.WriteFile(full, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func (o *oracle) ask(t *testing.T, dir, from, specifier string, how How) string {
	t.Helper()
	question, err := json.Marshal(struct {
		From, Specifier string
		Import          bool
	}{filepath.Join(dir, filepath.FromSlash(from)), specifier, how == ByImport})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.in.Write(append(question, '\n')); err != nil {
		t.Fatal(err)
	}
	line, err := o.out.ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var answer string
	if err := json.Unmarshal(line, &answer); err != nil {
		t.Fatal(err)
	}
	if inside, ok := strings.CutPrefix(answer, dir+"/"); ok {
		return filepath.ToSlash(inside)
	}
	if answer != "" {
		return "outside"
	}
	return ""
}

func testResolver(pkg *archive.Package) (*Resolver, bool) {
	f := pkg.File("package.json")
	if f == nil {
		return nil, false
	}
	m, err := npm.ParseManifest(f.Data())
	if err != nil || m.Name == "" {
		return nil, false
	}
	return New(pkg, m), true
}

// compare asks both, and reports where Node finds a file of the package and we
// another one, or finds none of it and we do without its being a bundler's.
func (o *oracle) compare(t *testing.T, r *Resolver, dir, from, specifier string, how How) (compared bool) {
	t.Helper()
	want := o.ask(t, dir, from, specifier, how)
	got, _ := r.Resolve(from, specifier, how)
	switch {
	case want == "outside" && got == "", want == "":
		return false // what Node does not find, a bundler may
	case want != got:
		t.Errorf("%s@%s: %s: %q: Node finds %q, we %q (%v)", r.Manifest.Name, r.Manifest.Version, from, specifier, want, got, how)
	}
	return true
}

// TestResolveAsNode compares every specifier of a package made for it with Node.
func TestResolveAsNode(t *testing.T) {
	o := newOracle(t)
	for _, manifest := range []string{
		`{"name": "made", "main": "lib", "imports": {"#a": "./lib/e.dat", "#b/*": "./lib/*.js", "#b/x/*": {"import": "./esm/*.mjs", "default": "./sub/*.js"}, "#c": {"require": null, "default": "./lib/x.js"}, "#d": "left", "#e": ["./lib/x.js"]}}`,
		`{"name": "@s/made", "exports": {".": {"import": "./esm/index.mjs", "require": "./lib/index.js"}, "./f/*": "./lib/*.js", "./f/x*": "./sub/*.js", "./n": null, "./o": {"node": {"import": "./esm/index.mjs"}, "default": "./lib/x.js"}, "./package.json": "./package.json", "./p": {"browser": "./lib/x.js", "default": "./lib/x.json"}, "./lib/": "./lib/"}}`,
		`{"name": "made", "exports": "./lib/x.js", "type": "module"}`,
		`{"name": "made", "main": "./missing.js"}`,
		`{"name": "made", "main": "./lib/x"}`,
		`{"name": "made", "main": "lib/"}`,
	} {
		files := map[string][]byte{"package.json": []byte(manifest)}
		for _, name := range []string{"index.js", "lib/index.js", "lib/x.js", "lib/x.json", "lib/x/index.js", "lib/e.dat", "lib/only.json", "lib/n.node", "lib/a b.js", "lib/é.js",
			"lib/p%41.js", "lib/dot.js/index.js", "lib/m.mjs", "esm/index.mjs", "esm/x.mjs", "sub/x.js", "sub/deep/x.js", "lib.js", "sub/main/m.js", "sub/main2/main.json",
			"node_modules/left/index.js", "node_modules/left/l.js", "node_modules/left/lib/index.js", "node_modules/@s/right/r.js", "node_modules/fs/index.js", "node_modules/test/index.js",
			"node_modules/left/node_modules/deep/d.js", "node_modules/exp/a.js", "node_modules/exp/b.mjs", "node_modules/exp/c.js", "sub/node_modules/left/near.js", "node_modules/file.js"} {
			files[name] = []byte("0")
		}
		for name, text := range map[string]string{"sub/main": `{"main": "m"}`, "sub/main2": `{"main": "./main"}`, "node_modules/left": `{"name": "left", "main": "l"}`,
			"node_modules/@s/right": `{"main": "r.js"}`, "node_modules/left/node_modules/deep": `{"main": "./d"}`, "sub/node_modules/left": `{"main": "near.js"}`, "sub/deep": `{"type": "module"}`,
			"node_modules/exp": `{"name": "exp", "exports": {".": [{"import": "./b.mjs"}, "./a.js"], "./*": "./*.js", "./no/*": null}}`} {
			files[name+"/package.json"] = []byte(text)
		}
		pkg := archive.New(files)
		r, ok := testResolver(pkg)
		if !ok {
			t.Fatal(manifest)
		}
		dir := o.unpacked(t, pkg, r.Manifest.Name)
		n := 0
		specifiers := []string{".", "..", "./", "../", "./..", "./lib", "./lib/", "./lib/.", "./lib/x", "./lib/x/", "./lib/x.js", "./lib/x.json", "./lib/e.dat", "./lib/e", "./lib/only", "./lib/n",
			"./lib/a b.js", "./lib/a%20b.js", "./lib/%78.js", "./lib/x.js?v=1", "./lib/x.js#h", "./lib/é.js", "./lib/p%41.js", "./lib/p%2541.js", "./lib/dot.js", "./lib/m", "./lib/m.mjs", "./sub/main", "./sub/main/",
			"./sub/main2", "./lib//x", "./lib/../lib/x", "left", "left/", "left/l", "left/lib", "left/l.js", "@s/right", "@s/right/r", "fs", "node:fs", "fs/", "fs/promises", "test", "test/", "deep",
			"exp", "exp/a", "exp/c", "exp/no/a", "exp/", "made", "made/lib/x", "made/f/x", "@s/made", "@s/made/f/x", "@s/made/f/xx", "@s/made/f/index", "@s/made/n", "@s/made/o", "@s/made/p", "@s/made/package.json",
			"@s/made/lib/x.js", "#a", "#b/x", "#b/x/x", "#c", "#d", "#e", "#none", "../made/lib/x.js", "../lib/x", "../../lib/x.js", "../x", "./x", "file", "left/node_modules/deep", "./node_modules/left", "lib/x", ""}
		for _, from := range []string{"index.js", "lib/x.js", "sub/x.js", "sub/deep/x.js", "esm/index.mjs", "node_modules/left/l.js", "node_modules/left/node_modules/deep/d.js", "node_modules/@s/right/r.js"} {
			for _, specifier := range specifiers {
				for _, how := range []How{ByRequire, ByImport} {
					if specifier != "" && o.compare(t, r, dir, from, specifier, how) {
						n++
					}
				}
			}
		}
		if n < 200 {
			t.Errorf("%s: only %d specifiers were compared", manifest, n)
		}
	}
}

var requested = regexp.MustCompile(`(?:\brequire\s*\(\s*|\bimport\s*\(\s*|\bfrom\s*|\bimport\s*|\brequire\.resolve\s*\(\s*)(?:"([^"\n\\]{1,200})"|'([^'\n\\]{1,200})')`)

// TestResolveRealPackages compares the specifiers of real packages with Node;
// LOCKWARDEN_TARBALLS names a folder of tarballs.
func TestResolveRealPackages(t *testing.T) {
	folder := os.Getenv("LOCKWARDEN_TARBALLS")
	if folder == "" {
		t.Skip("LOCKWARDEN_TARBALLS names no folder of tarballs")
	}
	o := newOracle(t)
	packages, asked, compared := 0, 0, 0
	err := filepath.WalkDir(folder, func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		pkg, err := archive.Read(file, archive.Limits{})
		if err != nil {
			t.Log(name, err)
			return nil
		}
		r, ok := testResolver(pkg)
		if !ok || len(pkg.Files) > 3000 {
			return nil
		}
		packages++
		dir := o.unpacked(t, pkg, r.Manifest.Name)
		defer os.RemoveAll(dir)
		for _, f := range pkg.Files {
			if !ir.IsScript(f.Path) {
				continue
			}
			seen := map[asked2]bool{}
			for _, m := range requested.FindAllSubmatch(f.Data(), 2000) {
				specifier := string(m[1]) + string(m[2])
				for _, how := range []How{ByRequire, ByImport} {
					if key := (asked2{specifier, how}); !seen[key] {
						seen[key] = true
						asked++
						if o.compare(t, r, dir, f.Path, specifier, how) {
							compared++
						}
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d packages, %d specifiers, %d of them are files of their package to Node", packages, asked, compared)
}

type asked2 struct {
	specifier string
	how       How
}

// TestResolveForBundlers holds what Node does not find and bundlers do.
func TestResolveForBundlers(t *testing.T) {
	files := map[string][]byte{"package.json": []byte(`{"name": "a"}`)}
	for _, name := range []string{"x.ts", "y.mjs", "z/index.mjs", "w.tsx", "U.js"} {
		files[name] = []byte("0")
	}
	r, _ := testResolver(archive.New(files))
	want := map[string]string{"./x": "x.ts", "./x.js": "x.ts", "./y": "y.mjs", "./z": "z/index.mjs", "./w.js": "w.tsx", "./y?worker": "y.mjs", "./none": ""}
	for _, specifier := range slices.Sorted(maps.Keys(want)) {
		if got, _ := r.Resolve("index.js", specifier, ByImport); got != want[specifier] {
			t.Errorf("%q: %q, want %q", specifier, got, want[specifier])
		}
	}
	if got, _ := r.Resolve("index.js", "./u", ByRequire); got != "" {
		t.Errorf("the case of names matters: %q", got)
	}
	if got, _ := r.OtherCase("index.js", "./u"); got != "U.js" {
		t.Errorf("where case does not matter: %q", got)
	}
}
