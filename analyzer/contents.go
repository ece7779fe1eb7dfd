// Package analyzer scans package versions: from a name and a version, a
// tarball or a folder to a Report. This folder is the front door; its rooms
// are the steps, in the order in which the data passes through them:
//
//	registry    fetches, verifies and caches tarballs and packuments
//	archive     unpacks a tarball inside budgets
//	javascript  understands the scripts
//	behavior    says what they can do
//	issue       judges
//
// npm holds npm's documents as values; worker runs everything that touches the
// bytes of a package in a child process (contents.go), which this package
// feeds and survives (scan.go).
package analyzer

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/analyzer/worker"
	"github.com/lockwarden/lockwarden/lockfile"
)

// programVersion tells programs apart whose analysis may differ: what another
// one found is not taken from a cache. It is the hash of the program itself: the
// same build on another machine, whose file has another time, is the same.
var programVersion = sync.OnceValue(func() string {
	name, err := os.Executable()
	if err != nil {
		return "unknown"
	}
	f, err := os.Open(name)
	if err != nil {
		return "unknown"
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "unknown"
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
})

// Engine reads the contents of packages. It is what a worker runs.
type Engine struct {
	catalogue *behavior.Catalogue
}

// NewEngine loads the catalogue.
func NewEngine() (*Engine, error) {
	c, err := behavior.Load()
	if err != nil {
		return nil, err
	}
	return &Engine{c}, nil
}

// Version identifies the engine with its catalogue, for caches. Child processes
// never ask: it reads the whole program once.
func (e *Engine) Version() string { return programVersion() + "-" + e.catalogue.Version() }

// Catalogue is the list of behaviors that the engine knows.
func (e *Engine) Catalogue() *behavior.Catalogue { return e.catalogue }

// request is what a worker is asked, as JSON in the frame's header.
type request struct {
	// Git is set for packages from git repositories.
	Git bool
	// Folder is set where the tarball was made here, of a folder's files.
	Folder bool
	// Skip are files that killed a worker, with the reason.
	Skip map[string]string
}

// Handle is the worker's side: a tarball in, Contents as JSON out.
func (e *Engine) Handle(header []byte, body io.Reader, step func(string)) ([]byte, error) {
	var r request
	if err := json.Unmarshal(header, &r); err != nil {
		return nil, fmt.Errorf("analyzer: %w", err)
	}
	step("(unpacking)")
	copied := &copied{}
	pkg, err := archive.Read(io.TeeReader(body, copied), archive.Limits{Keep: worthKeeping, Own: r.Folder})
	if err != nil {
		return nil, err
	}
	if pkg.Large() {
		defer worker.Large()()
	}
	contents, err := e.contents(pkg, r.Git, r.Skip, step, copied.again(pkg, r.Folder))
	if err != nil {
		return nil, err
	}
	return json.Marshal(contents)
}

// programWords stand in programs that have the name of something else;
// maxDisguised is the size of the largest one that is kept, in bytes.
var programWords = [][]byte{[]byte("#!/"), []byte("process.env"), []byte("child_process"), []byte("execSync"), []byte("eval("), []byte("curl ")}

const maxDisguised = 256 << 10

// worthKeeping leaves out what no reader opens: maps, declarations, documents,
// styles, unless a private key may be in it.
func worthKeeping(name string, data []byte) bool {
	if javascript.BeginsScript(data) && (path.Ext(name) != ".json" || !json.Valid(data)) {
		return true // whatever loads it
	}
	switch path.Ext(name) {
	case ".txt", ".csv", ".tsv", ".css", ".svg", ".xml", ".po":
		return bytes.Contains(data, []byte("PRIVATE KEY-----")) || len(data) <= maxDisguised && slices.ContainsFunc(programWords, func(w []byte) bool { return bytes.Contains(data, w) })
	case ".map", ".md", ".markdown", ".scss", ".less", ".html", ".htm", ".yml", ".yaml", ".snap", ".flow", ".c", ".cc", ".cpp", ".h", ".hpp", ".rs", ".vue", ".d.ts":
		return bytes.Contains(data, []byte("PRIVATE KEY-----"))
	case ".json":
		return len(data) <= javascript.MaxJSON || path.Base(name) == "package.json" || bytes.Contains(data, []byte("PRIVATE KEY-----"))
	case ".ts", ".mts", ".cts":
		base := strings.TrimSuffix(name, path.Ext(name))
		return !strings.HasSuffix(base, ".d") || bytes.Contains(data, []byte("PRIVATE KEY-----"))
	}
	return true
}

// maxCopied is the largest tarball of which a copy is held while it is analyzed,
// in bytes: what something loads is read from it that was not kept.
const maxCopied = 64 << 20

// copied is the tarball that is read; nothing where it is larger than maxCopied.
type copied struct {
	parts [][]byte
	size  int
}

// Write implements io.Writer.
func (c *copied) Write(p []byte) (int, error) {
	if c.size += len(p); c.size > maxCopied {
		c.parts = nil
		return len(p), nil
	}
	c.parts = append(c.parts, bytes.Clone(p))
	return len(p), nil
}

// again gives a function that reads the contents of files once more and keeps
// them; nil where there is no copy.
func (c *copied) again(pkg *archive.Package, own bool) func(names []string) {
	if c.parts == nil {
		return nil
	}
	return func(names []string) {
		readers := make([]io.Reader, 0, len(c.parts))
		for _, part := range c.parts {
			readers = append(readers, bytes.NewReader(part))
		}
		only := map[string]bool{}
		for _, name := range names {
			only[name] = true
		}
		second, err := archive.Read(io.MultiReader(readers...), archive.Limits{Only: only, Own: own})
		if err != nil {
			return // it was read once; what is missing is said of the files
		}
		pkg.Complete(second)
	}
}

// Contents analyzes an unpacked package.
func (e *Engine) Contents(pkg *archive.Package, git bool, skip map[string]string, step func(string)) (*issue.Contents, error) {
	return e.contents(pkg, git, skip, step, nil)
}

func (e *Engine) contents(pkg *archive.Package, git bool, skip map[string]string, step func(string),
	again func([]string)) (*issue.Contents, error) {
	manifest := &npm.Manifest{Gypfile: true}
	c := &issue.Contents{Files: len(pkg.Files), Size: pkg.Expanded, Git: git}
	switch f := pkg.File("package.json"); {
	case f == nil:
		c.Incomplete = append(c.Incomplete, issue.Problem{File: "package.json", Reason: "the package has no package.json", Line: 1})
	default:
		m, err := npm.ParseManifest(f.Data())
		if err != nil {
			c.Incomplete = append(c.Incomplete, issue.Problem{File: "package.json", Reason: err.Error(), Line: 1})
		} else {
			manifest = m
		}
	}
	facts := javascript.Analyze(pkg, manifest, e.catalogue, javascript.Options{Git: git, WantText: e.catalogue.WantText, Skip: skip,
		Starting: step, Used: worker.ProcessorTime, Again: again})
	step("(matching)")
	in := behavior.Input{Package: pkg, Manifest: manifest, Facts: facts, Git: git}
	c.Manifest = *manifest
	c.Findings = e.catalogue.Match(in)
	c.ImplicitGyp = behavior.ImplicitGyp(in)
	c.Keys = issue.Keys(pkg)
	c.Finds = issue.Inspect(pkg, facts.FileContexts, facts.Disguised)
	for _, f := range pkg.Files {
		base := strings.ToUpper(f.Path)
		c.LicenseFile = c.LicenseFile || strings.HasPrefix(base, "LICEN") || strings.HasPrefix(base, "COPYING") || strings.HasPrefix(base, "UNLICENSE")
	}
	c.Scripted, c.Parsed, c.ScriptBytes = facts.Scripts, facts.Parsed, facts.Bytes
	for _, p := range facts.Unparsable {
		c.Unparsable = append(c.Unparsable, issue.Problem{File: p.File, Reason: p.Reason, Line: p.Line})
	}
	c.Blind = facts.Blind
	for _, b := range facts.Blind {
		if issue.Unscanned(b) {
			c.Incomplete = append(c.Incomplete, issue.Problem{File: b.File, Reason: b.What, Line: b.Line})
		}
	}
	for _, p := range facts.Incomplete {
		c.Incomplete = append(c.Incomplete, issue.Problem{File: p.File, Reason: p.Reason, Line: p.Line})
	}
	c.LifecycleFiles = lifecycleFiles(pkg, facts)
	c.BundledScripts = facts.BundledScripts
	c.Shrinkwrapped = shrinkwrapped(pkg)
	c.Inventory, c.Entropy = inventory(pkg)
	return c, nil
}

// shrinkwrapFile is the lockfile that npm follows of a dependency; a
// package-lock.json it ignores.
const shrinkwrapFile = "npm-shrinkwrap.json"

// shrinkwrapped are the packages that a package's own lockfile takes from an
// address. One that cannot be read is none to npm.
func shrinkwrapped(pkg *archive.Package) []issue.Shrinkwrapped {
	f := pkg.File(shrinkwrapFile)
	if f == nil {
		return nil
	}
	lock, err := lockfile.Parse(shrinkwrapFile, f.Data(), lockfile.Options{})
	if err != nil {
		return nil
	}
	var out []issue.Shrinkwrapped
	for i := range lock.Entries {
		entry := lock.Entries[i]
		switch entry.Source() {
		case lockfile.Registry, lockfile.Remote, lockfile.Git:
		default:
			continue
		}
		switch host := entry.Host(); host {
		case "", "registry.npmjs.org", "registry.yarnpkg.com":
		default:
			out = append(out, issue.Shrinkwrapped{Name: entry.Name, Resolved: entry.Resolved, Host: host, Git: entry.Source() == lockfile.Git, Line: entry.Line})
		}
	}
	return out
}

// maxInventory is how many files of a package are told apart from version to
// version.
const maxInventory = 4000

// inventory lists the files with a hash each, and measures the scripts'
// entropy. Of a program only the beginning is at hand; its size says the rest.
func inventory(pkg *archive.Package) (map[string]string, float64) {
	files := make(map[string]string, min(len(pkg.Files), maxInventory))
	var counts [256]int
	total := 0
	for i, f := range pkg.Files {
		if i < maxInventory {
			// A hash that nobody can make collide: a changed file must not look
			// like the old one.
			h := sha256.New()
			h.Write(f.Data())
			h.Write(f.Tail) // of a binary file that is the rest of what is kept
			files[f.Path] = base64.RawURLEncoding.EncodeToString(strconv.AppendInt(h.Sum(nil)[:9], f.Size, 36))
		}
		if f.Kind == archive.Text && javascript.IsScript(f.Path) {
			for _, b := range f.Data() {
				counts[b]++
			}
			total += len(f.Data())
		}
	}
	entropy := 0.0
	for _, n := range counts {
		if n > 0 {
			p := float64(n) / float64(total)
			entropy -= p * math.Log2(p)
		}
	}
	return files, math.Round(entropy*100) / 100
}

// lifecycleFiles are the hashes of the files that lifecycle scripts reach.
func lifecycleFiles(pkg *archive.Package, facts *javascript.Facts) map[string]string {
	out := map[string]string{}
	for _, name := range facts.InstallFiles() {
		if f := pkg.File(path.Clean(name)); f != nil {
			sum := sha256.Sum256(bytes.TrimSpace(f.Data()))
			out[name] = hex.EncodeToString(sum[:8])
		}
	}
	return out
}
