package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// program is lockwarden as a file of its own: TestMain runs main under that
// name.
func program(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "lockwarden")
	if err := os.Symlink(self, link); err != nil {
		t.Skipf("a system without symbolic links: %v", err)
	}
	return link
}

// revisions makes a git repository of base and head, as HEAD~1 and HEAD.
func revisions(t *testing.T, base, head string) string {
	t.Helper()
	dir := t.TempDir()
	git := func(args ...string) {
		cmd := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@t.invalid", "-c", "commit.gpgsign=false"}, args...)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "-q")
	for _, side := range []string{base, head} {
		list, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range list {
			if f.Name() != ".git" {
				if err := os.RemoveAll(filepath.Join(dir, f.Name())); err != nil {
					t.Fatal(err)
				}
			}
		}
		// git compares size and time: sides of one size and second look alike.
		_ = os.Remove(filepath.Join(dir, ".git", "index"))
		if _, err := os.Stat(side); err == nil {
			if err := os.CopyFS(dir, os.DirFS(side)); err != nil {
				t.Fatal(err)
			}
		}
		git("add", "-A", "-f")
		git("commit", "-q", "--allow-empty", "-m", "side")
	}
	return dir
}

// outcome is what a review said.
type outcome struct {
	exit           int
	stdout, stderr string
	Changes        []struct{ Kind, Name, From, To string }
	Packages       []struct {
		Package  struct{ Name string }
		Issues   []struct{ ID string }
		Complete bool
	}
	Annotations []annotation
}

type annotation struct {
	Path                  string
	StartLine             int `json:"start_line"`
	EndLine               int `json:"end_line"`
	Level, Title, Finding string
}

func reviewCase(t *testing.T, lockwarden, cache, dir string) outcome {
	t.Helper()
	cmd := exec.Command(lockwarden, "review", "HEAD~1", "HEAD", "--osv", "none", "--format", "json", "--cache", cache)
	cmd.Dir = dir
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	o := outcome{exit: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
	if o.exit < 0 {
		t.Fatal(err)
	}
	if o.stdout != "" {
		if err := json.Unmarshal([]byte(o.stdout), &o); err != nil {
			t.Fatalf("%v\n%s", err, o.stdout)
		}
	}
	return o
}

// ids are the issues and annotations; blocking those that fail.
func (o *outcome) ids() (all, blocking []string) {
	for _, p := range o.Packages {
		for _, i := range p.Issues {
			all = append(all, i.ID)
		}
	}
	for _, a := range o.Annotations {
		all = append(all, a.Finding)
		if a.Level == "failure" {
			blocking = append(blocking, a.Finding)
		}
	}
	return all, blocking
}

func (o *outcome) silent() bool {
	all, _ := o.ids()
	return o.exit == 0 && len(o.Changes) == 0 && len(all) == 0
}

func matches(pattern string, ids []string) bool {
	re := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$")
	return slices.ContainsFunc(ids, re.MatchString)
}

// TestCasesReviewed holds the review of each case of lockfile/testdata/cases
// against what is right; its README says what the fields mean.
func TestCasesReviewed(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the cases fetch small packages from the registry")
	}
	const folder = "../../lockfile/testdata/cases"
	data, err := os.ReadFile(folder + "/expect.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Case, Right string
		Review      *struct {
			Exit             []int
			SilentOK         *bool `json:"silent_ok"`
			Silent           bool
			No               bool `json:"no_blocks"`
			Blocks, Has, Not []string
			Names, Stderr    string
			Seen             string
			NotScannedAs     []string `json:"not_scanned_as"`
		}
		Finding *struct{ File, Text, Says string }
	}
	if err := json.Unmarshal(data, &cases); err != nil || len(cases) < 70 {
		t.Fatalf("%d cases: %v", len(cases), err)
	}
	lockwarden, cache := program(t), t.TempDir()
	for _, c := range cases {
		want := c.Review
		if want == nil {
			continue
		}
		t.Run(c.Case, func(t *testing.T) {
			o := reviewCase(t, lockwarden, cache, revisions(t, filepath.Join(folder, c.Case, "base"), filepath.Join(folder, c.Case, "head")))
			all, blocking := o.ids()
			wrong := func(format string, args ...any) {
				t.Helper()
				t.Errorf(format+" (%s)\n%s", append(args, c.Right, o.stderr)...)
			}
			if len(want.Exit) > 0 && !slices.Contains(want.Exit, o.exit) {
				wrong("exit status %d, want %v", o.exit, want.Exit)
			}
			if want.SilentOK != nil && !*want.SilentOK && o.silent() || want.Silent && !o.silent() {
				wrong("silent: %v", o.silent())
			}
			if len(want.Blocks) > 0 && !slices.ContainsFunc(want.Blocks, func(p string) bool { return matches(p, blocking) }) {
				wrong("%v block, want one of %v", blocking, want.Blocks)
			}
			if want.No && len(blocking) > 0 {
				wrong("%v block", blocking)
			}
			for _, id := range want.Has {
				if !matches(id, all) {
					wrong("no %s in %v", id, all)
				}
			}
			for _, id := range want.Not {
				if matches(id, all) {
					wrong("%s in %v", id, all)
				}
			}
			if !strings.Contains(o.stdout+o.stderr, want.Names) || !strings.Contains(o.stderr, want.Stderr) {
				wrong("%q or %q is not said", want.Names, want.Stderr)
			}
			if want.Seen != "" && o.exit != 1 && o.exit != 3 && !slices.ContainsFunc(strings.Split(want.Seen, "|"), o.annotates) {
				wrong("%s has no annotation", want.Seen)
			}
			for _, p := range o.Packages {
				if slices.Contains(want.NotScannedAs, p.Package.Name) && p.Complete {
					wrong("the registry's %s was scanned in the place of another", p.Package.Name)
				}
			}
			if f := c.Finding; f != nil {
				head, err := os.ReadFile(filepath.Join(folder, c.Case, "head", f.File))
				if err != nil {
					t.Fatal(err)
				}
				if !o.onLine(f.File, f.Text, string(head)) {
					wrong("no annotation of %s stands on a line with %q", f.File, f.Text)
				}
			}
		})
	}
}

func (o *outcome) annotates(file string) bool {
	for _, a := range o.Annotations {
		if a.Path == file {
			return true
		}
	}
	return false
}

func (o *outcome) onLine(file, text, content string) bool {
	lines := strings.Split(content, "\n")
	for _, a := range o.Annotations {
		if a.Path == file && a.StartLine >= 1 && a.EndLine <= len(lines) && strings.Contains(strings.Join(lines[a.StartLine-1:a.EndLine], "\n"), text) {
			return true
		}
	}
	return false
}

// TestGuards holds the reviews of lockfile/testdata/field against the exit
// status, the lines and the changes that belong there.
func TestGuards(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the cases fetch small packages from the registry")
	}
	const folder = "../../lockfile/testdata/field"
	data, err := os.ReadFile(folder + "/expect.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases map[string]struct {
		Exit    any
		Or      string
		Lines   map[string][]int
		Changes []string
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	lockwarden, cache := program(t), t.TempDir()
	for name, want := range cases {
		if _, err := os.Stat(filepath.Join(folder, name, "head")); err != nil {
			continue // one file, for list
		}
		t.Run(name, func(t *testing.T) {
			o := reviewCase(t, lockwarden, cache, revisions(t, filepath.Join(folder, name, "base"), filepath.Join(folder, name, "head")))
			if exit, ok := want.Exit.(float64); ok && int(exit) != o.exit {
				t.Errorf("exit status %d, want %v\n%s", o.exit, exit, o.stderr)
			}
			for file, lines := range want.Lines {
				for _, line := range lines {
					if !slices.ContainsFunc(o.Annotations, func(a annotation) bool {
						return a.Path == file && a.StartLine <= line && line <= a.EndLine
					}) {
						t.Errorf("%s:%d has no annotation: %+v", file, line, o.Annotations)
					}
				}
			}
			var got []string
			for _, c := range o.Changes {
				got = append(got, strings.Join(strings.Fields(c.Kind+" "+c.Name+" "+c.From+" "+c.To), " "))
			}
			for _, w := range want.Changes {
				if !slices.Contains(got, w) {
					t.Errorf("no %q in %q", w, got)
				}
			}
			if len(want.Changes) > 0 && len(want.Changes) != len(got) {
				t.Errorf("%q, want %d changes", got, len(want.Changes))
			}
		})
	}
}
