package lockfile_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/lockfile/clienttest"
)

// TestSuites reads the lockfiles in the test suites of other projects, beside
// what the package managers' own readers make of them (Arborist, the readers of
// pnpm and Yarn, Bun), and what the suites themselves expect.
//
// LOCKWARDEN_SUITES names a folder with a repository of each project: what a
// clone has in .git, a link to that, or its files. docs/lockfiles.md says which
// ones were read last. Nothing of them belongs into this repository.
func TestSuites(t *testing.T) {
	folder := os.Getenv("LOCKWARDEN_SUITES")
	if folder == "" {
		t.Skip("LOCKWARDEN_SUITES names no folder of repositories")
	}
	list, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, d := range list {
		t.Run(d.Name(), func(t *testing.T) {
			s := newSuite(t, d.Name(), filepath.Join(folder, d.Name()))
			s.compare(t, used)
		})
	}
	for _, r := range reviewed {
		if !used[r.key()] {
			t.Logf("nothing is so, or the suite is not there: %s", r.key())
		}
	}
}

// reviewedDifference is one that somebody looked at: in the files of a suite
// whose paths have the text in them, what begins with the text before "|" and has
// the one behind it.
type reviewedDifference struct{ suite, file, difference, reason string }

func (r reviewedDifference) key() string { return r.suite + " " + r.file + " " + r.difference }

// is reports whether it is about a difference.
func (r reviewedDifference) is(suite, file, difference string) bool {
	begins, has, _ := strings.Cut(r.difference, "|")
	return strings.Contains(suite, r.suite) && strings.Contains(file, r.file) &&
		strings.HasPrefix(difference, begins) && strings.Contains(difference, has)
}

var reviewed = []reviewedDifference{
	{"", "", `we refuse it: package-lock.json|integrity" is not an SRI hash`,
		"written by hand; ssri passes over such a hash, so that npm would compare nothing: no package manager writes one"},
	{"", "", "we refuse it: yarn.lock|is not an SRI hash",
		"a test of Yarn's for hashes that it refuses or passes over itself"},
	{"", "", "we refuse it: pnpm-lock.yaml|is not an SRI hash",
		"written by hand"},
	{"", "", "we refuse it: yarn.lock|twice",
		"written by hand; Yarn would take the last one without a word"},
	{"syft", "glob-paths", "we refuse it: yarn.lock|",
		"it is no lockfile"},
	{"syft", "array-license", "expected, not listed: tmp@1.0.0",
		"the project itself, which Syft lists"},
	{"syft", "package-lock-", "expected, not listed",
		"the project itself, which Syft lists"},
	{"syft", "package-lock", "listed, not expected|async@3.2.4",
		"written by hand: the location is node_modules/node_modules/async or lies in a file that several tests read"},
	{"syft", "package-lock.json", "listed otherwise: node_modules/node_modules/async",
		"written by hand: no npm writes version 1 with locations for names"},
	{"syft", "testdata/pnpm/pnpm-lock.yaml", "expected, not listed",
		"other tests read the same file"},
	{"syft", "yarn-dups", "",
		"Syft takes the name from the address, we from the entry, as Yarn does; that they differ is lockfile/name-mismatch"},
	{"trivy", "npm/testdata/package-lock_v3_w", "listed otherwise",
		"Arborist looks for workspaces on disk, and the test has the lockfile alone"},
	{"trivy", "pnpm/testdata/pnpm-lock_", "listed, not expected",
		"Trivy leaves development out, and what pnpm itself needs"},
	{"trivy", "pnpm-lock_v9_multiple_documents", "the client refuses it",
		"pnpm 10's reader takes two documents only where the first begins with ---; pnpm 12 writes it"},
	{"trivy", "yarn_", "listed, not expected",
		"Trivy leaves out what comes from elsewhere than a registry, and what is patched"},
	{"trivy", "yarn_with_bad_protocol", "the client refuses it",
		"written by hand, without the comment by which Yarn knows its lockfile"},
	{"trivy", "bun_happy", "the client refuses it",
		"Bun wants the package.json of its workspace beside it"},
	{"trivy", "wrong-packagejson", "we refuse it: package.json|",
		"npm and Yarn refuse such a package.json as well"},
	{"trivy", "secret/testdata", "we refuse it: package-lock.json|",
		"it is no lockfile"},
	{"osv", "npmsource", "listed otherwise",
		`written by hand: "2.0" is no version, and an address of version 1.2.3 stands beside 5.0.0, which is lockfile/name-mismatch`},
	{"osv", "lockfile/npm/testdata", "listed otherwise",
		"Arborist looks for workspaces on disk, and the test has the lockfile alone"},
	{"osv", "pnpmlock/testdata", "",
		`written by hand, "impossible" by its own words: folders without names`},
	{"osv", "commits.", "listed, not expected",
		"OSV-Scalibr knows what comes from a repository by the commit alone, which stands in another field"},
	{"osv", "files.json5", "listed, not expected",
		"a tarball of the project, for which OSV-Scalibr has no version"},
	{"npm+cli", "link-dep", "listed otherwise",
		"version 1 does not say which version a folder has; Arborist opens the folder"},
	{"npm+cli", "link-dev-dep", "listed otherwise",
		"version 1 does not say which version a folder has; Arborist opens the folder"},
	{"npm+cli", "old-lock-with-link", "listed otherwise",
		"version 1 does not say which version a folder has; Arborist opens the folder"},
	{"npm+cli", "testing-asymmetrical", "listed otherwise",
		"version 1 does not say which version a folder has; Arborist opens the folder"},
	{"npm+cli", "", "listed otherwise|packageName ",
		"a folder without a name of its own has that of its link or folder here"},
	{"npm+cli", "yarn-stuff", "the client refuses it",
		"Yarn 1's parser wants quotes where npm's own, which wrote it, has none"},
	{"npm+cli", "external-link/root", "we refuse it|not a clean relative location",
		"written by an early npm 7; a folder above the project may not be climbed to through node_modules"},
	{"pnpm", "workspace-has-shared", "listed otherwise",
		"package.json and the lockfile name other folders as workspaces, so that Arborist takes all for extraneous; we count them as needed"},
	{"pnpm", "assert-store", "listed, not by the client",
		"the reader of version 9 looks for importers only; the file is one of version 6 by its form"},
	{"pnpm", "workspace-licenses", "",
		"keys with a slash in a lockfile of version 9, which pnpm 9 never wrote: pnpm takes the slash for a part of the name"},
	{"pnpm", "peer-variant-missing-resolution", "we refuse it",
		"a broken lockfile, on purpose"},
	{"pnpm", "lockfile/fs/test/fixtures", "we refuse it|lockfileVersion",
		"lockfiles of pnpm 1 and 2"},
	{"snyk", "pnpm-lock-v", "expected, not listed",
		"Snyk's tests leave these out: the graph is that of a package-lock.json"},
	{"snyk", "yarn-lock-v", "expected, not listed",
		"the lockfile lacks them, on purpose: what is asked for and not locked"},
	{"snyk", "cyclic-dep-self-reference", "",
		"version 1 links the project to itself; Arborist opens package.json for names and versions"},
	{"snyk", "missing-required-deps", "listed otherwise",
		"the entry calls itself optional and package.json needs it: lockfile/flags"},
	{"snyk", "out-of-sync-tree", "listed otherwise|integrity",
		"Arborist fills in the hashes of bundled packages from the yarn.lock beside; nothing is fetched for them"},
	{"snyk", "aliases/npm-lock-v1", "listed otherwise",
		"Arborist leaves npm: in the version of an alias inside npm 9's bundle; we take it apart"},
	{"snyk", "workspace-nested-deps", "listed otherwise: node_modules/lodash",
		"nothing needs it: extraneous for Arborist, needed here"},
	{"snyk", "workspace-with-dot-dep", "the client refuses it",
		"written by hand: pnpm's reader stumbles over a dependency without a version"},
	{"yarnpkg+yarn", "import/", "listed otherwise",
		"version 1 does not say which version a folder has, and npm reads none of a repository's; we have the entry's"},
	{"yarnpkg+yarn", "import/file/", "the client refuses it",
		"the test has the lockfile without the folder that it names"},
	{"yarnpkg+yarn", "corrupted-package-lock", "we refuse it",
		"a broken lockfile, on purpose"},
	{"yarnpkg+yarn", "multiple-packages", "we refuse it|is not a package and a range",
		"a key of Yarn 0.x, which has no name"},
}

// suite is one project's files that have to do with lockfiles, on disk.
type suite struct {
	name, dir string
	files     []string
	locks     []*suiteLock
}

// suiteLock is one lockfile of a suite.
type suiteLock struct {
	// file is its path in the suite, client the file's name as its client has it.
	file, client string
	// at is the folder in which a client finds it under that name.
	at     string
	lock   *lockfile.Lockfile
	failed error
	// expects are the suite's own values, name@version; nil where it has none
	// that is known.
	expects []string
	// partly is set where the suite leaves some packages out on purpose.
	partly bool
}

// kept are the files of a repository that are looked at.
var kept = regexp.MustCompile(`(^|/)(package\.json|pnpm-workspace\.yaml|\.yarnrc\.yml|expected[^/]*\.json|[^/]*(lock|shrinkwrap)[^/]*\.(json5?|yaml)|` +
	`[^/]*(yarn|bun)[^/]*\.lock)$|/testdata/[^/]+\.(json5?|yaml|lock)$|(javascript|nodejs)/.*\.go$`)

// lockNames are the ways in which suites call lockfiles.
var lockNames = []struct {
	name *regexp.Regexp
	is   string
}{
	{regexp.MustCompile(`(^|/)[^/]*(package-lock|npm-shrinkwrap)[^/]*\.json$|packagelockjson/testdata/[^/]+\.json$`), "package-lock.json"},
	{regexp.MustCompile(`(^|/)pnpm-lock[^/]*\.yaml$|pnpmlock/testdata/[^/]+\.yaml$`), "pnpm-lock.yaml"},
	{regexp.MustCompile(`(^|/)yarn[^/]*\.lock$|yarnlock/testdata/[^/]+\.lock$`), "yarn.lock"},
	{regexp.MustCompile(`(^|/)bun[^/]*\.lock$|bunlock/testdata/[^/]+\.json5$`), "bun.lock"},
}

func newSuite(t *testing.T, name, folder string) *suite {
	s := &suite{name: name, dir: t.TempDir()}
	if _, err := os.Stat(filepath.Join(folder, "objects")); err == nil {
		s.unpack(t, folder)
	} else {
		s.copy(t, folder)
	}
	slices.Sort(s.files)
	for _, file := range s.files {
		for _, one := range lockNames {
			if one.name.MatchString(file) {
				s.locks = append(s.locks, s.read(t, file, one.is))
				break
			}
		}
	}
	s.expectations(t)
	return s
}

func (s *suite) keep(t *testing.T, file string, data []byte) {
	clienttest.Write(t, s.dir, map[string]string{file: string(data)})
	s.files = append(s.files, file)
}

func takes(file string) bool {
	return kept.MatchString(file) && !strings.Contains("/"+file, "/node_modules/") &&
		!strings.Contains(file, "dotnet") && !strings.Contains(file, "nuget") // whose lockfiles have like names
}

// unpack takes the files of a git directory's newest commit.
func (s *suite) unpack(t *testing.T, folder string) {
	out, err := exec.Command("git", "--git-dir", folder, "ls-tree", "-r", "-z", "HEAD").Output()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("git", "--git-dir", folder, "cat-file", "--batch")
	var names []string
	var ask bytes.Buffer
	for _, row := range strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		about, file, _ := strings.Cut(row, "\t")
		if fields := strings.Fields(about); fields[1] == "blob" && fields[0] != "120000" && takes(file) {
			names = append(names, file)
			fmt.Fprintln(&ask, fields[2])
		}
	}
	cmd.Stdin = &ask
	blobs, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(bytes.NewReader(blobs))
	for _, file := range names {
		head, err := in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		fields := strings.Fields(head)
		if fields[1] == "missing" {
			continue // a snapshot without its largest files
		}
		size, _ := strconv.Atoi(fields[2])
		data := make([]byte, size)
		if _, err := io.ReadFull(in, data); err != nil {
			t.Fatal(err)
		}
		in.Discard(1)
		s.keep(t, file, data)
	}
}

func (s *suite) copy(t *testing.T, folder string) {
	err := fs.WalkDir(os.DirFS(folder), ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !takes(file) {
			return err
		}
		s.keep(t, file, read(t, filepath.Join(folder, file)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// read parses a lockfile. One that its client would not find under its name
// gets a folder of its own.
func (s *suite) read(t *testing.T, file, client string) *suiteLock {
	l := &suiteLock{file: file, client: client, at: filepath.Join(s.dir, filepath.FromSlash(path.Dir(file)))}
	data := read(t, filepath.Join(s.dir, filepath.FromSlash(file)))
	if path.Base(file) == "npm-shrinkwrap.json" {
		l.client = "npm-shrinkwrap.json"
	}
	if path.Base(file) != l.client {
		l.at = t.TempDir()
		clienttest.Write(t, l.at, map[string]string{client: string(data)})
	}
	l.lock, l.failed = lockfile.Parse(l.client, data, lockfile.Options{Project: os.DirFS(l.at)})
	return l
}

// formatOf is the client's name.
func (l *suiteLock) format() string {
	switch l.client {
	case "pnpm-lock.yaml":
		return "pnpm"
	case "yarn.lock":
		return "yarn"
	case "bun.lock":
		return "bun"
	}
	return "npm"
}

// reading is what a client's reader makes of a lockfile.
type reading struct {
	File  string
	Error string
	Rows  []inventoryRow
}

// ask lets the clients' readers read the lockfiles.
func (s *suite) ask(t *testing.T) map[string]reading {
	var in bytes.Buffer
	out := map[string]reading{}
	var bun *clienttest.Client
	for _, l := range s.locks {
		if l.format() != "bun" {
			json.NewEncoder(&in).Encode(map[string]string{"file": filepath.Join(l.at, l.client), "dir": l.at, "format": l.format()})
			continue
		}
		if bun == nil {
			bun = clienttest.NewRegistry(t).Client(t, "@oven/bun-linux-x64@1.4.5")
		}
		out[filepath.Join(l.at, l.client)] = askBun(t, bun, l)
	}
	script, err := filepath.Abs("testdata/suites.cjs")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", script, arboristFolder(t),
		clienttest.Install(t, "@yarnpkg/core@4.9.3"), clienttest.Install(t, "@yarnpkg/lockfile@1.1.0"),
		clienttest.Install(t, "@pnpm/lockfile-file@8.1.8"), clienttest.Install(t, "@pnpm/lockfile.fs@1001.1.35"))
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	answers, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(bytes.NewReader(answers)); d.More(); {
		var r reading
		if err := d.Decode(&r); err != nil {
			t.Fatal(err)
		}
		out[r.File] = r
	}
	return out
}

func askBun(t *testing.T, bun *clienttest.Client, l *suiteLock) (r reading) {
	dir := t.TempDir() // with a package.json, without which Bun looks in the folders above
	data := read(t, filepath.Join(l.at, l.client))
	manifest := `{"name":"r"}`
	if text, err := os.ReadFile(filepath.Join(l.at, "package.json")); err == nil {
		manifest = string(text)
	}
	clienttest.Write(t, dir, map[string]string{"bun.lock": string(data), "package.json": manifest})
	list, err := bun.List(dir)
	if err != nil {
		r.Error = err.Error()
	}
	for _, one := range list {
		r.Rows = append(r.Rows, inventoryRow{PackageName: one.Name, Version: one.Version})
	}
	return r
}

// compare holds the lockfiles against their clients' readers and the suite.
func (s *suite) compare(t *testing.T, used map[string]bool) {
	readings := s.ask(t)
	count := map[string]int{}
	for _, l := range s.locks {
		count["files"]++
		r := readings[filepath.Join(l.at, l.client)]
		var differences []string
		switch {
		case l.failed != nil && r.Error != "":
			count["neither reads"]++
		case l.failed != nil:
			differences = append(differences, "we refuse it: "+l.failed.Error())
		case r.Error != "":
			count["the client refuses"]++
			differences = append(differences, "the client refuses it: "+r.Error)
		default:
			count["compared with the client"]++
			differences = l.against(r.Rows)
		}
		if l.lock != nil && l.expects != nil {
			count["compared with the suite"]++
			differences = append(differences, l.againstSuite()...)
		}
		for _, d := range differences {
			count["differences"]++
			if reason := s.reason(l.file, d, used); reason == "" {
				t.Errorf("%s: %s", l.file, d)
			}
		}
	}
	t.Logf("%v", count)
}

func (s *suite) reason(file, difference string, used map[string]bool) string {
	for _, r := range reviewed {
		if r.is(s.name, file, difference) {
			used[r.key()] = true
			return r.reason
		}
	}
	return ""
}

// against compares with a client's reader: npm's tree as it is, names, versions
// and hashes of the others.
func (l *suiteLock) against(rows []inventoryRow) (out []string) {
	if l.format() == "npm" {
		theirs, ours := map[string]inventoryRow{}, map[string]inventoryRow{}
		for _, row := range rows {
			theirs[row.Location] = plain(row)
		}
		for _, row := range inventory(l.lock) {
			ours[row.Location] = plain(row)
		}
		for _, at := range slices.Sorted(maps.Keys(theirs)) {
			if ours[at] == (inventoryRow{}) {
				out = append(out, "not listed: "+at)
			} else if d := cmp.Diff(theirs[at], ours[at]); d != "" {
				out = append(out, fmt.Sprintf("listed otherwise: %s: %s", at, strings.Join(strings.Fields(changedFields(theirs[at], ours[at])), " ")))
			}
		}
		for _, at := range slices.Sorted(maps.Keys(ours)) {
			if theirs[at] == (inventoryRow{}) {
				out = append(out, "listed, not by the client: "+at)
			}
		}
		return out
	}
	theirs, ours := map[string]bool{}, map[string]bool{}
	hashes := map[string]string{}
	for _, row := range rows {
		theirs[row.PackageName+"@"+row.Version] = true
		hashes[row.PackageName+"@"+row.Version] = row.Integrity
	}
	for _, e := range l.lock.Entries {
		if strings.HasPrefix(e.Location, "node_modules/.pnpm-config/") {
			continue // pnpm's own document, which it reads elsewhere
		}
		ours[e.ID()] = true
		if !theirs[e.ID()] && !slices.ContainsFunc(rows, func(r inventoryRow) bool { return alike(r, e) }) && e.Source() != lockfile.Local {
			out = append(out, "listed, not by the client: "+e.ID())
		}
		if h := hashes[e.ID()]; h != "" && e.Integrity != "" && e.Integrity != h {
			out = append(out, "another hash: "+e.ID()+": "+h+", ours "+e.Integrity)
		}
	}
	for _, row := range rows {
		if !ours[row.PackageName+"@"+row.Version] && !strings.HasPrefix(row.Version, "0.0.0-use.local") &&
			!slices.ContainsFunc(l.lock.Entries, func(e *lockfile.Entry) bool { return alike(row, e) }) {
			out = append(out, "not listed: "+row.PackageName+"@"+row.Version)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// plain leaves out what Arborist says twice where it took the lockfile's word,
// and once where it did not.
func plain(row inventoryRow) inventoryRow {
	row.DevOptional = row.DevOptional || row.Dev || row.Optional
	return row
}

// alike reports whether a row is an entry whose version only one side knows.
func alike(r inventoryRow, e *lockfile.Entry) bool {
	return (r.PackageName == e.Package || r.PackageName == e.Name) && (r.Version == e.Version || e.Source() != lockfile.Registry)
}

func changedFields(a, b inventoryRow) string {
	var x, y map[string]any
	one, _ := json.Marshal(a)
	two, _ := json.Marshal(b)
	json.Unmarshal(one, &x)
	json.Unmarshal(two, &y)
	out := ""
	for _, key := range slices.Sorted(maps.Keys(x)) {
		if x[key] != y[key] {
			out += fmt.Sprintf(" %s %v, ours %v;", key, x[key], y[key])
		}
	}
	return out
}

// againstSuite compares with the values that the suite expects of its own
// reader.
func (l *suiteLock) againstSuite() (out []string) {
	for _, id := range l.expects {
		if !slices.ContainsFunc(l.lock.Entries, func(e *lockfile.Entry) bool { return same(id, e) }) {
			out = append(out, "expected, not listed: "+id)
		}
	}
	for _, e := range l.lock.Entries {
		if !l.partly && e.Source() != lockfile.Local && !slices.ContainsFunc(l.expects, func(id string) bool { return same(id, e) }) {
			out = append(out, "listed, not expected: "+e.ID())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// expectations finds what a suite expects: of Go, literals with a name and a
// version in a row or function that names the file; of Snyk's, dependency
// graphs beside the lockfile.
func (s *suite) expectations(t *testing.T) {
	byFile := map[string]*suiteLock{}
	for _, l := range s.locks {
		byFile[l.file] = l
	}
	folders := map[string]bool{}
	for _, file := range s.files {
		switch {
		case strings.HasSuffix(file, ".go"):
			folders[path.Dir(file)] = true
		case strings.HasPrefix(path.Base(file), "expected"):
			s.graph(t, file)
		}
	}
	for folder := range folders {
		s.goExpectations(t, folder, byFile)
	}
}

func (s *suite) graph(t *testing.T, file string) {
	var graph struct {
		PkgManager struct{ Name string }
		Pkgs       []struct {
			Info struct{ Name, Version string }
		}
	}
	if json.Unmarshal(read(t, filepath.Join(s.dir, filepath.FromSlash(file))), &graph) != nil || len(graph.Pkgs) == 0 {
		return
	}
	for _, l := range s.locks {
		if path.Dir(l.file) != path.Dir(file) || l.format() != graph.PkgManager.Name {
			continue
		}
		l.partly = true // development is left out, among others
		for _, p := range graph.Pkgs[1:] {
			l.expects = append(l.expects, p.Info.Name+"@"+p.Info.Version)
		}
	}
}

func (s *suite) goExpectations(t *testing.T, folder string, byFile map[string]*suiteLock) {
	variables := map[string]ast.Expr{}
	var tests []*ast.File
	for _, file := range s.files {
		if path.Dir(file) != folder || !strings.HasSuffix(file, ".go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, read(t, filepath.Join(s.dir, filepath.FromSlash(file))), 0)
		if err != nil {
			t.Fatal(err)
		}
		tests = append(tests, parsed)
		for _, d := range parsed.Decls {
			if g, ok := d.(*ast.GenDecl); ok {
				for _, spec := range g.Specs {
					if v, ok := spec.(*ast.ValueSpec); ok && len(v.Values) == len(v.Names) {
						for i, name := range v.Names {
							variables[name.Name] = v.Values[i]
						}
					}
				}
			}
		}
	}
	lockOf := func(n ast.Node) *suiteLock {
		var found []*suiteLock
		ast.Inspect(n, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				text, _ := strconv.Unquote(lit.Value)
				if l := byFile[path.Join(folder, text)]; l != nil && !slices.Contains(found, l) {
					found = append(found, l)
				}
			}
			return true
		})
		if len(found) != 1 {
			return nil
		}
		return found[0]
	}
	take := func(n ast.Node, l *suiteLock) {
		var ids []string
		seen := map[string]bool{}
		var collect func(n ast.Node)
		collect = func(n ast.Node) {
			ast.Inspect(n, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.Ident:
					if v, ok := variables[n.Name]; ok && !seen[n.Name] {
						seen[n.Name] = true
						collect(v)
					}
				case *ast.CompositeLit:
					if id := packageIn(n); id != "" {
						ids = append(ids, id)
					}
				}
				return true
			})
		}
		collect(n)
		if len(ids) > 0 {
			l.expects = append(l.expects, ids...)
		}
	}
	for _, file := range tests {
		for _, d := range file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			if l := lockOf(fn.Body); l != nil {
				take(fn.Body, l)
				continue
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				if row, ok := n.(*ast.CompositeLit); ok {
					if l := lockOf(row); l != nil {
						take(row, l)
						return false
					}
				}
				return true
			})
		}
	}
}

// packageIn is the name@version of a literal with these two fields.
func packageIn(n *ast.CompositeLit) string {
	fields := map[string]string{}
	for _, e := range n.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		key, ok := kv.Key.(*ast.Ident)
		value, isText := kv.Value.(*ast.BasicLit)
		if ok && isText && value.Kind == token.STRING {
			fields[key.Name], _ = strconv.Unquote(value.Value)
		}
	}
	if fields["Name"] == "" || fields["Version"] == "" {
		return ""
	}
	return fields["Name"] + "@" + fields["Version"]
}
