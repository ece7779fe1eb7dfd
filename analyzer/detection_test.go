package analyzer_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/lockfile"
)

// TestDetection scans small packages that do harm in a known way, and honest
// ones that come near to it; testdata/detection/README.md has the form of the
// files. Nothing in them is ever run.
func TestDetection(t *testing.T) {
	engine := newEngine(t)
	data, err := os.ReadFile("testdata/detection/expect.tsv")
	if err != nil {
		t.Fatal(err)
	}
	open := openList(t, "testdata/detection/open.tsv")
	for _, line := range strings.Split(strings.TrimRight(string(data), "\n"), "\n")[1:] {
		cells := strings.Split(line, "\t")
		if len(cells) != 6 {
			t.Fatalf("%q has %d cells", line, len(cells))
		}
		name, view := cells[0], cells[1]
		t.Run(name+"/"+view, func(t *testing.T) {
			r := reportOn(t, engine, "testdata/detection/"+name+".txtar", view)
			open.judge(t, name+" "+view, said{r}.wrong(cells[2], cells[3]))
		})
	}
	open.unused(t)
}

// TestOrdinary scans packages that look like those of the kinds that were
// called what they are not, and their neighbors that are.
func TestOrdinary(t *testing.T) {
	engine := newEngine(t)
	var expect struct {
		Small map[string]struct {
			packageFacts
			First map[string]string `json:"evidence_first"`
			Why   string
		}
	}
	data, err := os.ReadFile("testdata/ordinary/expect.json")
	if err == nil {
		err = json.Unmarshal(data, &expect)
	}
	if err != nil {
		t.Fatal(err)
	}
	open := openList(t, "testdata/ordinary/open.tsv")
	for name, facts := range expect.Small {
		t.Run(name, func(t *testing.T) {
			r := said{reportOn(t, engine, "testdata/ordinary/small/"+name+".txtar", "scan")}
			wrong := r.against(&facts.packageFacts)
			for id, place := range facts.First {
				if b := r.Find(id); b == nil || at(b.Evidence[0].File, b.Evidence[0].Line) != place {
					wrong = append(wrong, id+" is not shown at "+place+" first")
				}
			}
			open.judge(t, "small "+name, strings.Join(wrong, "; "))
		})
	}
	for _, row := range escapes(t) {
		t.Run("escape/"+row.name, func(t *testing.T) {
			r := reportFiles(t, engine, row.files, "scan")
			want, wrong := javascript.Call, ""
			if row.called {
				want = javascript.Launch
			}
			if b := r.Find("execution/process-spawn"); b == nil {
				wrong = "no process-spawn"
			} else if got := b.Contexts; row.called && got&want == 0 || !row.called && got != want {
				wrong = fmt.Sprintf("%v, want %v", got.Names(), want.Names())
			}
			open.judge(t, "escape "+row.name, wrong)
		})
	}
	open.unused(t)
}

// escape is a way in which a function is handed on when a package is loaded.
type escape struct {
	name   string
	called bool
	files  map[string][]byte
}

func escapes(t *testing.T) []escape {
	t.Helper()
	rows, err := os.ReadFile("testdata/ordinary/escape.tsv")
	if err != nil {
		t.Fatal(err)
	}
	frame, err := os.ReadFile("testdata/ordinary/escape.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var out []escape
	for _, line := range strings.Split(strings.TrimSpace(string(rows)), "\n")[1:] {
		cells := strings.SplitN(line, "\t", 3)
		out = append(out, escape{cells[0], cells[1] == "yes", unpacked([]byte(strings.ReplaceAll(string(frame), "CODE", cells[2])), "")})
	}
	return out
}

// openCases are those that are wrong today, with what is wrong.
type openCases struct {
	file  string
	wrong map[string]string
}

// openList reads a list of open cases: a name and why, a line each.
func openList(t *testing.T, file string) *openCases {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	o := &openCases{file, map[string]string{}}
	for _, line := range strings.Split(string(data), "\n") {
		if name, why, ok := strings.Cut(line, "\t"); ok {
			o.wrong[name] = why
		}
	}
	return o
}

// judge fails where a case is wrong and not listed, or listed and right. With
// LOCKWARDEN_OPEN=1 it prints what a list would have to say.
func (o *openCases) judge(t *testing.T, name, wrong string) {
	t.Helper()
	_, listed := o.wrong[name]
	delete(o.wrong, name)
	switch {
	case os.Getenv("LOCKWARDEN_OPEN") != "":
		if wrong != "" {
			fmt.Printf("open\t%s\t%s\n", name, wrong)
		}
	case listed && wrong == "":
		t.Errorf("%s is right: take it out of %s", name, o.file)
	case !listed && wrong != "":
		t.Error(wrong)
	}
}

// unused fails where the list has a case that there is not.
func (o *openCases) unused(t *testing.T) {
	t.Helper()
	for name := range o.wrong {
		t.Errorf("%s: there is no case %s", o.file, name)
	}
}

func newEngine(t *testing.T) *analyzer.Engine {
	t.Helper()
	engine, err := analyzer.NewEngine()
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// reportOn scans a case's files in a view: by itself, or as an update from old/ to
// new/.
func reportOn(t *testing.T, engine *analyzer.Engine, file, view string) *analyzer.Report {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(err)
	}
	return reportFiles(t, engine, unpacked(data, ""), view)
}

func reportFiles(t *testing.T, engine *analyzer.Engine, files map[string][]byte, view string) *analyzer.Report {
	t.Helper()
	scan := func(files map[string][]byte) analyzer.Scanned {
		c, err := engine.Contents(archive.New(files), false, nil, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		return analyzer.Scanned{Contents: c}
	}
	kind, size, update := strings.Cut(view, "-")
	if !update {
		r := analyzer.NewReport(issue.Input{Name: "case", Version: "1.0.0"}, scan(files))
		return &r
	}
	if kind != "update" || size != "patch" && size != "minor" {
		t.Fatalf("there is no view %s", view)
	}
	to := map[string]string{"patch": "1.4.3", "minor": "1.5.0"}[size]
	old, now := below(files, "old/"), below(files, "new/")
	now["package.json"] = []byte(strings.Replace(string(now["package.json"]), `"1.4.3"`, `"`+to+`"`, 1))
	before, after := scan(old), scan(now)
	name := after.Contents.Manifest.Name
	entry := func(version string) *lockfile.Entry {
		return &lockfile.Entry{Name: name, Package: name, Version: version}
	}
	from := analyzer.NewReport(issue.Input{Name: name, Version: "1.4.2"}, before)
	r := analyzer.NewReport(issue.Input{Name: name, Version: to, Old: before.Contents, Change: &lockfile.Change{
		Kind: lockfile.Upgraded, Name: name, From: "1.4.2", To: to, Old: entry("1.4.2"), New: entry(to)}}, after)
	known := map[string]bool{}
	for _, i := range from.Issues {
		known[i.Fingerprint()] = i.Comparable()
	}
	r.Issues = slices.DeleteFunc(r.Issues, func(i issue.Issue) bool { return i.Comparable() && known[i.Fingerprint()] })
	return &r
}

// unpacked are the files of an archive, those below a folder.
func unpacked(data []byte, folder string) map[string][]byte {
	files := map[string][]byte{}
	for _, f := range txtar.Parse(data).Files {
		files[f.Name] = f.Data
	}
	return below(files, folder)
}

func below(files map[string][]byte, folder string) map[string][]byte {
	out := map[string][]byte{}
	for name, data := range files {
		if rest, ok := strings.CutPrefix(name, folder); ok {
			out[rest] = data
		}
	}
	return out
}

func at(file string, line int) string { return fmt.Sprintf("%s:%d", file, line) }

// said is a report that is held against what it should say.
type said struct{ *analyzer.Report }

func (r said) issues() string {
	var out []string
	for _, i := range r.Issues {
		out = append(out, i.Severity.String()+" "+i.ID)
	}
	return strings.Join(out, ", ")
}

func (r said) has(id string) bool {
	return slices.ContainsFunc(r.Issues, func(i issue.Issue) bool { return i.ID == id })
}

// wrong says what is not right about a report that has to give a verdict, "" where
// all is.
func (r said) wrong(verdict, says string) string {
	worst := issue.Info + 1
	note := len(r.Behaviors) > 0
	for _, i := range r.Issues {
		worst = min(worst, i.Severity)
		category, _, _ := strings.Cut(i.ID, "/")
		note = note || category != "identity" && category != "license"
	}
	right := map[string]bool{"block": worst <= issue.High, "warn": worst <= issue.Medium, "note": note, "quiet": worst > issue.High && r.Complete}
	if is, ok := right[verdict]; !ok {
		return "there is no verdict " + verdict
	} else if !is {
		return "want " + verdict + ", got: " + r.issues()
	}
	for _, id := range strings.Split(says, ",") {
		switch id, not := strings.CutPrefix(id, "!"); {
		case id == "":
		case not && r.has(id):
			return "says " + id
		case !not && !r.has(id) && r.Find(id) == nil:
			return "does not say " + id
		}
	}
	return ""
}

// against holds a report against what a person found by reading the package.
func (r said) against(facts *packageFacts) (wrong []string) {
	for _, id := range facts.Must {
		if r.Find(id) == nil {
			wrong = append(wrong, id+" is missing")
		}
	}
	for _, pattern := range facts.MustNot {
		if !strings.Contains(pattern, "@") {
			pattern += "@install+launch+call"
		}
		for i := range r.Behaviors {
			if b := &r.Behaviors[i]; forbidden(pattern, b) {
				wrong = append(wrong, fmt.Sprintf("%s in %v at %s", b.ID, b.Contexts.Names(), at(b.Evidence[0].File, b.Evidence[0].Line)))
			}
		}
	}
	for id, names := range facts.Contexts {
		if b := r.Find(id); b == nil || !slices.ContainsFunc(b.Contexts.Names(), func(name string) bool { return slices.Contains(names, name) }) {
			wrong = append(wrong, fmt.Sprintf("%s is not in %v", id, names))
		}
	}
	for _, id := range facts.IssuesMust {
		if !r.has(id) {
			wrong = append(wrong, "issue "+id+" is missing")
		}
	}
	for _, pattern := range facts.IssuesMustNot {
		id, from, limited := strings.Cut(pattern, ">=")
		lowest := issue.Info
		if limited {
			if err := lowest.UnmarshalText([]byte(from)); err != nil {
				wrong = append(wrong, err.Error())
			}
		}
		for _, i := range r.Issues {
			if i.ID == id && i.Severity <= lowest {
				wrong = append(wrong, "issue "+i.Severity.String()+" "+id)
			}
		}
	}
	return wrong
}
