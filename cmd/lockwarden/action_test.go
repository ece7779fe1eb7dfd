package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// action is the part of action.yml that runs here.
type action struct {
	Inputs map[string]struct{ Description, Default string }
	Runs   struct {
		Steps []struct {
			ID, Uses, Run string
			With          map[string]string
			Env           map[string]string
		}
	}
}

func readAction(t *testing.T) (a action) {
	t.Helper()
	data, err := os.ReadFile("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// TestActionIsPinned: other people's steps are fixed to a commit, and nothing
// that a pull request says becomes a part of a script.
func TestActionIsPinned(t *testing.T) {
	for _, step := range readAction(t).Runs.Steps {
		if step.Uses != "" && !regexp.MustCompile(`^[\w-]+/[\w/-]+@[0-9a-f]{40}$`).MatchString(step.Uses) {
			t.Errorf("%s is not pinned", step.Uses)
		}
		if strings.Contains(step.Run, "${{") {
			t.Errorf("the script of %s has an expression", step.ID)
		}
	}
}

// runner runs the action's own steps as GitHub's runner does.
type runner struct {
	t            *testing.T
	action       action
	repository   string
	temp, output string
	summary      string
}

// run runs the steps with some inputs and returns their outputs, what they
// wrote, and the exit status of the first that failed.
func (r *runner) run(inputs map[string]string, before string) (outputs map[string]string, text string, code int) {
	r.t.Helper()
	outputs = map[string]string{}
	for _, step := range r.action.Runs.Steps {
		if step.Run == "" {
			continue
		}
		if err := os.WriteFile(r.output, nil, 0o600); err != nil {
			r.t.Fatal(err)
		}
		cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
		cmd.Dir = r.repository
		root, err := filepath.Abs("../..")
		if err != nil {
			r.t.Fatal(err)
		}
		cmd.Env = append(os.Environ(), "GITHUB_ACTION_PATH="+root, "RUNNER_TEMP="+r.temp, "GITHUB_OUTPUT="+r.output, "GITHUB_STEP_SUMMARY="+r.summary)
		for name, value := range step.Env {
			cmd.Env = append(cmd.Env, name+"="+regexp.MustCompile(`\$\{\{ (.*?) \}\}`).ReplaceAllStringFunc(value, func(s string) string {
				expression := strings.TrimSuffix(strings.TrimPrefix(s, "${{ "), " }}")
				if input, ok := strings.CutPrefix(expression, "inputs."); ok {
					if given, ok := inputs[input]; ok {
						return given
					}
					return r.action.Inputs[input].Default
				}
				switch expression {
				case "github.event.before":
					return before
				case "steps.review.outputs.code":
					return outputs["code"]
				}
				r.t.Fatalf("the expression %s is not known here", s)
				return ""
			}))
		}
		out, err := cmd.CombinedOutput()
		text += string(out)
		written, _ := os.ReadFile(r.output)
		for _, line := range strings.Split(string(written), "\n") {
			if name, value, ok := strings.Cut(line, "="); ok {
				outputs[name] = value
			}
		}
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return outputs, text, exit.ExitCode()
		} else if err != nil {
			r.t.Fatal(err)
		}
	}
	return outputs, text, 0
}

// TestAction runs the GitHub Action's own steps on a pull request's merge of
// real packages, on a push, and where it cannot know what to compare with.
func TestAction(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it builds the program and needs real packages")
	}
	dir := t.TempDir()
	r := &runner{t: t, action: readAction(t), repository: filepath.Join(dir, "repository"), temp: filepath.Join(dir, "temp"), output: filepath.Join(dir, "output"), summary: filepath.Join(dir, "summary.md")}
	git := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.invalid"}, args...)...)
		cmd.Dir = r.repository
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	take := func(side string) {
		t.Helper()
		for _, file := range []string{"package.json", "package-lock.json"} {
			data, err := os.ReadFile(filepath.Join("../../examples", side, file))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(r.repository, file), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		git("add", "-A")
		git("commit", "-qm", side)
	}
	for _, d := range []string{r.repository, r.temp, filepath.Join(r.repository, ".github")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	git("init", "-q", "-b", "main")
	if err := os.WriteFile(filepath.Join(r.repository, ".github/lockwarden.yml"), []byte("packages: {deny: [socks]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	take("base")
	_, text, code := r.run(map[string]string{"osv": "none"}, "")
	if code != 2 || !strings.Contains(text, "::error::lockwarden does not know what to compare with") {
		t.Errorf("without anything to compare with: %d %s", code, text)
	}
	before := git("rev-parse", "HEAD")
	git("checkout", "-qb", "change")
	take("head")
	// The pull request would let itself through.
	if err := os.WriteFile(filepath.Join(r.repository, ".github/lockwarden.yml"), []byte("packages: {deny: []}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	git("commit", "-qam", "policy")
	git("checkout", "-q", "main")
	git("commit", "-q", "--allow-empty", "-m", "something else")
	git("merge", "-q", "--no-ff", "-m", "merge", "change")

	outputs, text, code := r.run(map[string]string{"osv": "none"}, "")
	if code != 1 || outputs["conclusion"] != "failure" || !strings.Contains(text, "Not allowed by policy: socks ") {
		t.Errorf("a pull request: %d %v\n%s", code, outputs, text)
	}
	summary, _ := os.ReadFile(r.summary)
	if !strings.Contains(string(summary), "socks") {
		t.Errorf("the summary: %s", summary)
	}
	for file, want := range map[string]string{outputs["sarif"]: `"policy/package"`, outputs["json"]: `"lockwarden/review/v1"`} {
		data, err := os.ReadFile(file)
		if err != nil || !json.Valid(data) || !strings.Contains(string(data), want) {
			t.Errorf("%s lacks %s: %v", file, want, err)
		}
	}
	outputs, text, code = r.run(map[string]string{"osv": "none", "policy": "", "base": before}, "")
	if code != 0 || outputs["conclusion"] != "success" {
		t.Errorf("without a policy: %d %v\n%s", code, outputs, text)
	}
	git("checkout", "-q", "change")
	outputs, text, code = r.run(map[string]string{"osv": "none", "fail-on": "low"}, before)
	if code != 1 || outputs["conclusion"] != "failure" || outputs["code"] != "1" {
		t.Errorf("a push: %d %v\n%s", code, outputs, text)
	}
}
