package lockfile_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockwarden/lockwarden/lockfile"
)

// One fuzzer for each format, since mutations of one never become another: all
// of them hold Parse and Compare against the same laws.

func FuzzNPM(f *testing.F) {
	fuzzFormat(f, "package-lock.json", func(text string) bool {
		return strings.Contains(text, `"lockfileVersion": 2`) || strings.Contains(text, `"lockfileVersion": 3`)
	})
}

func FuzzNPMLegacy(f *testing.F) {
	fuzzFormat(f, "package-lock.json", func(text string) bool { return strings.Contains(text, `"lockfileVersion": 1`) })
}

func FuzzPnpm(f *testing.F) {
	fuzzFormat(f, "pnpm-lock.yaml", func(string) bool { return true })
}

func FuzzYarnClassic(f *testing.F) {
	fuzzFormat(f, "yarn.lock", func(text string) bool { return strings.Contains(text, "# yarn lockfile v1") })
}

func FuzzYarnBerry(f *testing.F) {
	fuzzFormat(f, "yarn.lock", func(text string) bool { return strings.Contains(text, "\n__metadata:") })
}

func FuzzYarnJSON(f *testing.F) {
	fuzzFormat(f, "yarn.lock", func(text string) bool { return strings.HasPrefix(text, "{") })
}

func FuzzBun(f *testing.F) {
	fuzzFormat(f, "bun.lock", func(string) bool { return true })
}

// maxSeed bounds the seeds, so that go test stays fast and mutations hit.
const maxSeed = 6_000

// fuzzFormat takes a lockfile, the project's package.json and settings, and
// edits that make the two lockfiles of a pull request of it.
func fuzzFormat(f *testing.F, name string, is func(text string) bool) {
	random := rand.New(rand.NewPCG(1, 2))
	edits := func() []byte {
		out := make([]byte, 3*random.IntN(9))
		for i := range out {
			out[i] = byte(random.IntN(256))
		}
		return out
	}
	seeds := 0
	var all [][3][]byte
	err := filepath.WalkDir("testdata", func(file string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() != name {
			return err
		}
		data := read(f, file)
		if len(data) > maxSeed || !is(string(data)) || strings.Contains(file, "fuzz") {
			return nil
		}
		manifest, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "package.json"))
		settings, _ := os.ReadFile(filepath.Join(filepath.Dir(file), settingsOf[name]))
		seeds++
		f.Add(data, manifest, settings, edits(), edits())
		all = append(all, [3][]byte{data, manifest, settings})
		return nil
	})
	if err != nil || seeds == 0 {
		f.Fatalf("%d seeds: %v", seeds, err)
	}
	// LOCKWARDEN_EDITS tries so many random edits of the seeds: without feedback,
	// and many times as fast.
	if n, err := strconv.Atoi(os.Getenv("LOCKWARDEN_EDITS")); err == nil {
		random = rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
		for range n {
			one := all[random.IntN(len(all))]
			f.Add(one[0], one[1], one[2], edits(), edits())
		}
	}
	f.Fuzz(func(t *testing.T, data, manifest, settings, before, after []byte) {
		if len(data)+len(manifest)+len(settings) > 1<<16 {
			return
		}
		data = editLines(data, before)
		l := laws{t: t, files: map[string]string{name: string(data), "package.json": string(manifest), settingsOf[name]: string(settings)}}
		lock := l.parse(name, data)
		if lock == nil {
			return
		}
		l.alone(lock, func() *lockfile.Lockfile { return l.parse(name, data) })
		edited := editLines(data, after)
		l.base = string(data)
		l.files[name] = string(edited)
		if other := l.parse(name, edited); other != nil {
			l.both(lock, other)
			l.both(other, lock)
		}
	})
}

// words are what an edit puts into a line.
var words = []string{"", "x", "npm:x@1.0.0", "1.0.0", "9.9.9-rc.1", "file:x", "file:x.tgz", "link:.", "workspace:*", "*", "../..", "true", "latest",
	"https://registry.npmjs.org/x/-/x-1.0.0.tgz", "https://other.example/x.tgz",
	"git+https://git.example/o/x.git#0123456789012345678901234567890123456789", "sha512-AAAA", "sha1-AAAA sha512-BBBB", "patch:x@npm%3A1.0.0#./x.patch::hash=1", "node_modules/x", "a/node_modules/x", "x@npm:1.0.0", "catalog:"}

var (
	word  = regexp.MustCompile(`"[^"]*"|[^\s",:{}\[\]]+`)
	digit = regexp.MustCompile(`[0-9]`)
)

// editLines changes a text as people and tools do: three bytes an edit, which
// kind and which two lines.
func editLines(data, edits []byte) []byte {
	lines := strings.SplitAfter(string(data), "\n")
	for ; len(edits) >= 3; edits = edits[3:] {
		i, j := int(edits[1])*len(lines)/256, int(edits[2])*len(lines)/256
		switch kind := edits[0]; kind % 7 {
		case 0:
			lines = slices.Delete(lines, i, i+1)
		case 1:
			lines = slices.Insert(lines, j, lines[i])
		case 2:
			lines[i], lines[j] = lines[j], lines[i]
		case 3:
			lines[i] = replaceWord(lines[i], int(kind/7), word.FindAllString(lines[j], -1))
		case 4:
			lines[i] = replaceWord(lines[i], int(kind/7), []string{words[int(edits[2])%len(words)]})
		case 5:
			if all := digit.FindAllStringIndex(lines[i], -1); len(all) > 0 {
				at := all[len(all)-1-int(kind/7)%len(all)][0]
				lines[i] = lines[i][:at] + string('0'+edits[2]%10) + lines[i][at+1:]
			}
		case 6:
			lines = slices.Insert(lines, j, lines[i:min(i+int(kind/7)+2, len(lines))]...)
		}
		if len(lines) == 0 {
			return nil
		}
	}
	return []byte(strings.Join(lines, ""))
}

// replaceWord puts the last of words in the place of the n-th from the end.
func replaceWord(line string, n int, words []string) string {
	all := word.FindAllStringIndex(line, -1)
	if len(all) == 0 || len(words) == 0 {
		return line
	}
	at := all[len(all)-1-n%len(all)]
	put := strings.Trim(words[len(words)-1], `"`)
	if line[at[0]] == '"' {
		put = `"` + put + `"`
	}
	return line[:at[0]] + put + line[at[1]:]
}

// settingsOf names the settings that Parse reads beside a lockfile.
var settingsOf = map[string]string{
	"pnpm-lock.yaml": "pnpm-workspace.yaml", "yarn.lock": ".yarnrc.yml", "package-lock.json": "none", "bun.lock": "none",
}

// laws are what holds for any input.
type laws struct {
	t *testing.T
	// files are the texts that errors speak of.
	files map[string]string
	// base is the lockfile before the edit.
	base string
}

// parse is nil for a file that cannot be read: the error says where in which
// file, and errors of a project are none here, since all of its files are there.
func (l laws) parse(name string, data []byte) *lockfile.Lockfile {
	project := fstest.MapFS{}
	for file, text := range l.files {
		if file != name && text != "" {
			project[file] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	lock, err := lockfile.Parse(name, data, lockfile.Options{Project: project})
	if err == nil {
		return lock
	}
	e, ok := err.(*lockfile.Error)
	if !ok {
		l.t.Fatalf("an error without a place: %v", err)
	}
	if text, known := l.files[e.File]; !known || e.Line < 1 || e.Line > lineCount(text) || e.Msg == "" {
		l.t.Fatalf("%v is not in a file of %d lines", e, lineCount(text))
	}
	return nil
}

// lineCount counts as YAML does, for which a lone carriage return ends a line.
func lineCount(text string) int {
	return 1 + strings.Count(text, "\n") + strings.Count(strings.ReplaceAll(text, "\r\n", ""), "\r")
}

// alone holds what one lockfile keeps to. again parses it once more.
func (l laws) alone(lock *lockfile.Lockfile, again func() *lockfile.Lockfile) {
	t, lines := l.t, lineCount(l.files[lock.File])
	at := map[string]bool{}
	paths := lock.Paths()
	for _, e := range lock.Entries {
		if e.Line < 1 || e.EndLine < e.Line || e.EndLine > lines {
			t.Fatalf("%s: lines %d to %d of %d", e.Location, e.Line, e.EndLine, lines)
		}
		if at[e.Location] || lock.At(e.Location) != e {
			t.Fatalf("%q is there twice", e.Location)
		}
		at[e.Location] = true
		if e.Package == "" && e.Source() != lockfile.Local {
			t.Fatalf("%q has no name", e.Location)
		}
		paths.Why(e)
	}
	last := 0
	for _, o := range lock.Oddities {
		if o.Line < max(last, 1) || o.Line > lines {
			t.Fatalf("the oddity %v is at line %d of %d, after %d", o.Kind, o.Line, lines, last)
		}
		last = o.Line
	}
	if changes := lockfile.Compare(lock, lock); len(changes) > 0 {
		t.Fatalf("it differs from itself: %s", written(t, changes))
	}
	same := again()
	if changes := lockfile.Compare(lock, same); len(changes) > 0 {
		t.Fatalf("read twice, it differs: %s", written(t, changes))
	}
	for i, e := range lock.Entries {
		o := same.Entries[i]
		if a, b := flags(e), flags(o); a != b {
			t.Fatalf("flags of %s: %s, then %s", e.Location, a, b)
		}
	}
	all := lockfile.Compare(nil, lock)
	listed := map[*lockfile.Entry]int{}
	packages := map[string]bool{}
	for _, c := range all {
		if c.Kind != lockfile.Added {
			t.Fatalf("%s is %s in a new lockfile", c.Name, c.Kind)
		}
		if c.To != "" {
			if id := c.Name + "@" + c.To; packages[id] {
				t.Fatalf("%s is added twice", id)
			} else {
				packages[id] = true
			}
		}
		for _, e := range c.Entries {
			listed[e]++
		}
	}
	for _, e := range lock.Entries {
		if listed[e] != 1 {
			t.Fatalf("%s is in %d changes of a new lockfile", e.Location, listed[e])
		}
	}
	if a, b := written(t, all), written(t, lockfile.Compare(nil, same)); a != b {
		t.Fatal(cmp.Diff(a, b))
	}
	lockfile.Drift(lock)
	lockfile.Unsatisfied(lock)
}

func flags(e *lockfile.Entry) string {
	return fmt.Sprint(e.Location, e.Dev, e.Optional, e.DevOptional, e.Peer, e.Link, e.Bundled, e.Extraneous)
}

// written is how changes look to a machine.
func written(t testing.TB, changes []lockfile.Change) string {
	t.Helper()
	data, err := json.Marshal(changes)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// both holds what two lockfiles keep to.
func (l laws) both(base, head *lockfile.Lockfile) {
	t := l.t
	changes := lockfile.Compare(base, head)
	first := written(t, changes)
	for range 2 {
		if again := written(t, lockfile.Compare(base, head)); again != first {
			t.Fatalf("compared twice: %s", cmp.Diff(first, again))
		}
	}
	if len(changes) > 0 {
		for _, c := range changes {
			if len(c.Locations) == 0 || c.Line < 1 || len(c.Lines) != len(c.Locations) {
				t.Fatalf("a change without a place: %+v", c)
			}
		}
		return
	}
	// Where a graph is recorded, another place of the same bytes is no change.
	known := func(e *lockfile.Entry, in *lockfile.Lockfile) bool {
		return in.Format != lockfile.NPM && in.Format != lockfile.Bun && slices.ContainsFunc(in.Entries, func(o *lockfile.Entry) bool {
			return !otherwise(o.Resolution(), e.Resolution())
		})
	}
	for _, n := range head.Entries {
		o := base.At(n.Location)
		if o == nil && known(n, base) {
			continue
		}
		if o == nil {
			t.Fatalf("%s is new, and nothing changed", n.Location)
		}
		if o.Source() != lockfile.Local && otherwise(o.Resolution(), n.Resolution()) {
			t.Fatalf("nothing changed from %+v to %+v", o.Resolution(), n.Resolution())
		}
	}
	for _, o := range base.Entries {
		if head.At(o.Location) == nil && !known(o, head) {
			t.Fatalf("%s is gone, and nothing changed", o.Location)
		}
	}
	// What was filled in is lost on the way back, and what came out of
	// production returns to it.
	for _, c := range lockfile.Compare(head, base) {
		for _, d := range c.Differences {
			switch d.What {
			case "integrity", "checksum", "scope":
			default:
				t.Fatalf("nothing changed, but on the way back %s: %q\n%s", c.Name, c.Differences, cmp.Diff(l.base, l.files[head.File]))
			}
		}
	}
}

// otherwise reports a difference that is always a change.
func otherwise(a, b lockfile.Resolution) bool {
	return a.Package != b.Package || a.Version != b.Version || a.Source != b.Source || a.Link != b.Link || a.Registry != b.Registry || a.Patch != b.Patch ||
		a.URL != "" && b.URL != "" && a.URL != b.URL ||
		a.Checksum != "" && b.Checksum != "" && a.Checksum != b.Checksum && packed(a) == packed(b) ||
		a.Hashes != "" && b.Hashes != "" && a.Hashes != b.Hashes && a.Source != lockfile.InParent && !strings.HasPrefix(a.Checksum, "sha1/")
}

// packed is how Yarn packed an archive: other checksums say nothing otherwise.
func packed(r lockfile.Resolution) string {
	key, _, _ := strings.Cut(r.Checksum, "/")
	return key
}

// TestContentsThatGo: of two contents of one version one goes, and what asked
// for it gets the other one.
func TestContentsThatGo(t *testing.T) {
	parse := func(text string) *lockfile.Lockfile {
		lock, err := lockfile.Parse("yarn.lock", []byte("# yarn lockfile v1\n"+text), lockfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return lock
	}
	one := "x@^1:\n  version \"1.0.0\"\n  resolved \"https://a.example/x/-/x-1.0.0.tgz\"\n"
	two := "x@~1:\n  version \"1.0.0\"\n  resolved \"https://b.example/x/-/x-1.0.0.tgz\"\n"
	both := parse(one + two)
	less := parse(strings.Replace(one, "x@^1", "x@^1, x@~1", 1))
	changes := lockfile.Compare(both, less)
	if len(changes) != 1 || changes[0].Kind != lockfile.Replaced || changes[0].Differences[0].What != "url" {
		t.Errorf("%+v", changes)
	}
}
