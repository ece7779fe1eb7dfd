package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/app/comment"
)

// pages are all Markdown files that people read.
func pages(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../bench/*.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			out[file] = string(data)
		}
	}
	if len(out) < 8 {
		t.Fatalf("%d pages", len(out))
	}
	return out
}

var link = regexp.MustCompile(`\]\(([^)#\s]*)(#[^)]*)?\)`)

// TestLinks: no page leads to a file, or a heading, that is not there.
func TestLinks(t *testing.T) {
	all := pages(t)
	for file, text := range all {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			to := filepath.Join(filepath.Dir(file), m[1])
			if m[1] == "" {
				to = file
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s leads to %s, which is not there", file, m[1])
				continue
			}
			if m[2] != "" && !slices.Contains(anchors(all[to]), m[2][1:]) {
				t.Errorf("%s leads to %s%s, a heading that is not there", file, m[1], m[2])
			}
		}
	}
}

// anchors are the headings of a page as GitHub names them.
func anchors(text string) (out []string) {
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		name := strings.ReplaceAll(strings.ToLower(m[1]), " ", "-")
		out = append(out, regexp.MustCompile(`[^\w-]`).ReplaceAllString(name, ""))
	}
	return out
}

// TestNamedTests: what the threat model and the table of faults call a proof
// exists.
func TestNamedTests(t *testing.T) {
	have := ""
	for _, dir := range []string{"analyzer", "app", "lockfile", "cmd", "bench"} {
		err := filepath.WalkDir("../../"+dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			data, err := os.ReadFile(path)
			have += string(data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	named := 0
	for _, page := range []string{"../../docs/threat-model.md", "../../docs/faults.md"} {
		text := pages(t)[page]
		for _, name := range regexp.MustCompile(`\b(Test|Fuzz)[A-Z][A-Za-z]+`).FindAllString(text, -1) {
			named++
			if !strings.Contains(have, "func "+name+"(") {
				t.Errorf("%s names %s, which does not exist", page, name)
			}
		}
	}
	for _, m := range regexp.MustCompile(`func (TestFault[A-Za-z]+)\(`).FindAllStringSubmatch(have, -1) {
		if !strings.Contains(pages(t)["../../docs/faults.md"], m[1]) {
			t.Errorf("docs/faults.md lacks %s", m[1])
		}
	}
	if named < 50 {
		t.Errorf("%d tests are named", named)
	}
}

// TestDependenciesAreTold: each module that go.mod requires directly stands in
// the table with its licence.
func TestDependenciesAreTold(t *testing.T) {
	cmd := exec.Command("go", "list", "-m", "-f", "{{if not (or .Indirect .Main)}}{{.Path}}{{end}}", "all")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	text := pages(t)["../../docs/dependencies.md"]
	modules := strings.Fields(string(out))
	for _, module := range modules {
		if !regexp.MustCompile(`\n\| ` + regexp.QuoteMeta(module) + ` \| [A-Z][A-Za-z0-9.-]+`).MatchString(text) {
			t.Errorf("docs/dependencies.md lacks %s with its licence", module)
		}
	}
	for _, m := range regexp.MustCompile(`\n\| ([a-z]\S+\.\S+/\S+) \|`).FindAllStringSubmatch(text, -1) {
		if !slices.Contains(modules, m[1]) {
			t.Errorf("docs/dependencies.md has %s, which go.mod does not require directly", m[1])
		}
	}
}

// TestSettingsAreTold: every variable that a server reads stands in the page
// that tells how to install it.
func TestSettingsAreTold(t *testing.T) {
	text := pages(t)["../../docs/install.md"]
	for flag, name := range serverVariables {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("docs/install.md lacks %s (--%s)", name, flag)
		}
	}
}

// TestBehaviorInTenMinutes: the example that contributors follow is what the
// files hold.
func TestBehaviorInTenMinutes(t *testing.T) {
	text := pages(t)["../../CONTRIBUTING.md"]
	_, text, _ = strings.Cut(text, "## Add a behavior in ten minutes")
	for _, file := range []string{"analyzer/behavior/monitor.map", "templates/behavior/monitor/screen.md", "analyzer/behavior/testdata/monitor/screen.txtar"} {
		data, err := os.ReadFile("../../" + file)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, ok := strings.Cut(text, file)
		_, rest, fenced := strings.Cut(rest, "```\n")
		block, rest, ended := strings.Cut(rest, "```\n")
		if !ok || !fenced || !ended || !strings.Contains(string(data), block) {
			t.Errorf("CONTRIBUTING.md shows another %s:\n%s", file, block)
		}
		text = rest
	}
}

// TestEveryPageIsListed: a page that the documentation's index lacks is a page
// that nobody finds.
func TestEveryPageIsListed(t *testing.T) {
	index := pages(t)["../../docs/README.md"]
	for file := range pages(t) {
		if name, ok := strings.CutPrefix(file, "../../docs/"); ok && name != "README.md" && !strings.Contains(index, "("+name+")") {
			t.Errorf("docs/README.md does not list %s", name)
		}
	}
}

// TestCommentCommandsAreTold: the page on comments has every verb, with words
// that are understood as it says.
func TestCommentCommandsAreTold(t *testing.T) {
	text := pages(t)["../../docs/comments.md"]
	for _, verb := range []comment.Verb{comment.Accept, comment.Revoke, comment.Rescan, comment.Explain, comment.Help} {
		if !strings.Contains(text, "`/lockwarden "+string(verb)) {
			t.Errorf("docs/comments.md lacks %s", verb)
		}
	}
	commands := regexp.MustCompile("`(/lockwarden [^`]+)`").FindAllStringSubmatch(text, -1)
	if len(commands) < 9 {
		t.Errorf("%d commands", len(commands))
	}
	for _, m := range commands {
		line := strings.NewReplacer("NAME@VERSION", "left-pad@1.3.0", "NAME", "left-pad").Replace(m[1])
		parsed := comment.Parse(line, "lockwarden")
		if len(parsed) != 1 || parsed[0].Problem != "" {
			t.Errorf("%s: %+v", line, parsed)
		}
	}
}
