// Package templates holds every sentence that a reader sees of behaviors and
// issues, one Markdown file each under the id: behavior/<category>/<name>.md
// and issue/<category>/<name>.md. It imports nothing of ours.
//
// A file is cut by its headings: the first one is the sentence that readers
// see; a behavior has "## Meaning", an issue "## Problem" and "## Next steps".
// profile/<name>.md says what a profile of malware/behavior-similarity does, and
// why that matters; it fills {does} and {because} there. scripts/<state>.md says
// whether a lifecycle script runs in the project, behind an issue's problem.
// Words in braces are filled from the issue: {host}. Loading is strict, and a
// test loads everything.
package templates

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"sync"
)

//go:embed behavior issue profile scripts
var files embed.FS

// Text is what one file says.
type Text struct {
	// Title is the sentence a reader sees first.
	Title string
	// Problem is an issue's; for a behavior it is the meaning.
	Problem string
	// NextSteps is an issue's.
	NextSteps string
}

var load = sync.OnceValues(func() (map[string]Text, error) {
	texts := map[string]Text{}
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := files.ReadFile(path)
		if err != nil {
			return err
		}
		text, err := parse(string(data), strings.HasPrefix(path, "issue/"))
		if err != nil {
			return fmt.Errorf("templates: %s: %w", path, err)
		}
		texts[strings.TrimSuffix(path, ".md")] = text
		return nil
	})
	return texts, err
})

func parse(data string, issue bool) (Text, error) {
	want := []string{"# ", "## Meaning"}
	if issue {
		want = []string{"# ", "## Problem", "## Next steps"}
	}
	var parts []string
	var t Text
	for _, line := range strings.Split(data, "\n") {
		if !strings.HasPrefix(line, "#") {
			if len(parts) == 0 && strings.TrimSpace(line) != "" {
				return t, fmt.Errorf("text before the first heading")
			}
			if len(parts) > 0 {
				parts[len(parts)-1] += line + "\n"
			}
			continue
		}
		n := len(parts)
		switch {
		case n >= len(want):
			return t, fmt.Errorf("unexpected heading %q", line)
		case n == 0 && strings.HasPrefix(line, "# "):
			t.Title = strings.TrimSpace(line[2:])
		case line != want[n]:
			return t, fmt.Errorf("the heading %q stands where %q belongs", line, want[n])
		}
		parts = append(parts, "")
	}
	if len(parts) != len(want) || t.Title == "" {
		return t, fmt.Errorf("a heading is missing; want %q", want)
	}
	t.Problem = paragraphs(parts[1])
	if issue {
		t.NextSteps = paragraphs(parts[2])
	}
	if t.Problem == "" || issue && t.NextSteps == "" {
		return t, fmt.Errorf("an empty section")
	}
	return t, nil
}

// paragraphs makes one line of each paragraph, however its file breaks it.
func paragraphs(text string) string {
	var out []string
	for _, p := range strings.Split(text, "\n\n") {
		if words := strings.Fields(p); len(words) > 0 {
			out = append(out, strings.Join(words, " "))
		}
	}
	return strings.Join(out, "\n\n")
}

// Load reads and checks all texts.
func Load() error {
	_, err := load()
	return err
}

// IDs are those of all texts below a folder: "behavior", "issue" or "profile".
func IDs(kind string) []string {
	texts, _ := load()
	var ids []string
	for key := range texts {
		if id, ok := strings.CutPrefix(key, kind+"/"); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// Behavior is the text of a behavior; an id without one gives the id itself.
func Behavior(id string) Text { return get("behavior", id, nil) }

// Issue is the text of an issue with its detail filled in. The details
// "profile", "behaviors" (ids with commas between) and "scripts" (a state) stand
// for texts of their own.
func Issue(id string, detail map[string]string) Text {
	filled := map[string]string{}
	if name, ok := detail["profile"]; ok {
		filled["does"], filled["because"] = "It combines what malicious packages do.", "It does so where nobody has to call it."
		if p := get("profile", name, nil); p.Title != name {
			filled["does"], filled["because"] = p.Title, p.Problem
		}
	}
	if list, ok := detail["behaviors"]; ok {
		filled["does"] = sentences(list)
	}
	maps.Copy(filled, detail)
	t := get("issue", id, filled)
	t.Problem = strings.TrimSpace(t.Problem)
	if state, ok := detail["scripts"]; ok {
		t.Problem += " " + get("scripts", state, filled).Problem
	}
	return t
}

// sentences are the titles of behaviors.
func sentences(ids string) string {
	var out []string
	for _, id := range strings.Split(ids, ",") {
		if id != "" {
			out = append(out, Behavior(id).Title)
		}
	}
	return strings.Join(out, " ")
}

// Profile says what a profile of malware/behavior-similarity does, and why that
// matters.
func Profile(name string) Text { return get("profile", name, nil) }

func get(kind, id string, detail map[string]string) Text {
	texts, err := load()
	t, ok := texts[kind+"/"+id]
	if err != nil || !ok {
		return Text{Title: id, Problem: id}
	}
	if len(detail) == 0 {
		return t
	}
	pairs := make([]string, 0, 2*len(detail))
	for key, value := range detail {
		pairs = append(pairs, "{"+key+"}", value)
	}
	r := strings.NewReplacer(pairs...)
	return Text{r.Replace(t.Title), r.Replace(t.Problem), r.Replace(t.NextSteps)}
}

// Places are the words in braces that a text wants filled by whoever shows it.
func Places(id string) []string {
	texts, _ := load()
	t := texts["issue/"+id]
	seen := map[string]bool{}
	var out []string
	for _, s := range []string{t.Title, t.Problem, t.NextSteps} {
		for {
			_, rest, ok := strings.Cut(s, "{")
			if !ok {
				break
			}
			name, after, ok := strings.Cut(rest, "}")
			if !ok {
				break
			}
			if !seen[name] && name != "does" && name != "because" {
				seen[name] = true
				out = append(out, name)
			}
			s = after
		}
	}
	return out
}
