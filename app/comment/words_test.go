package comment

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestBodies reads comments.tsv: bodies, each with what a person would say of
// it. "accept" turns the check green, "word" is answered, "nothing" is no command.
func TestBodies(t *testing.T) {
	data, err := os.ReadFile("testdata/comments.tsv")
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSpace(string(data)), "\n")
	for _, row := range rows[1:] {
		fields := strings.Split(row, "\t")
		if len(fields) != 4 {
			t.Fatalf("%q: %d fields", row, len(fields))
		}
		body := bodyOf(t, fields[1])
		if got := reading(body); !slices.Contains(strings.Split(fields[2], " or "), got) {
			t.Errorf("%s: %s, want %s (%s)", fields[0], got, fields[2], fields[3])
		}
	}
	if len(rows) < 90 {
		t.Errorf("%d rows", len(rows))
	}
}

func bodyOf(t *testing.T, text string) string {
	t.Helper()
	var body string
	if json.Unmarshal([]byte(text), &body) == nil {
		return body
	}
	var parts [][2]any
	if err := json.Unmarshal([]byte(text), &parts); err != nil {
		t.Fatalf("%.60q: %v", text, err)
	}
	for _, p := range parts {
		body += strings.Repeat(p[0].(string), int(p[1].(float64)))
	}
	return body
}

// reading is what a body comes to where a@1.0.0 is what blocks, and none of its
// findings is named.
func reading(body string) string {
	out := "nothing"
	for _, c := range Parse(body, "lockwarden-acme") {
		if c.Verb == Accept && c.Problem == "" && c.Name == "a" && c.Version == "1.0.0" && len(c.Findings) == 0 {
			return "accept"
		}
		out = "word"
	}
	return out
}

// BenchmarkParse reads the comments that take a Markdown parser longest, each of
// the greatest length that GitHub allows.
func BenchmarkParse(b *testing.B) {
	for name, part := range map[string]string{
		"words": "some words of a comment\n", "brackets": "[", "emphasis": "*a **b ", "quotes": "> ", "backticks": "`a``b", "tags": "<div>",
		"links": "[a](", "comments": "<!-- ", "lists": "* ", "anchors": "<a><b>", "tables": "|a", "definitions": "[a]: b\n", "commands": "/lockwarden accept a@1.0.0\n",
	} {
		body := strings.Repeat(part, maxCharacters/len(part)-10) + "\n\n/lockwarden accept a@1.0.0"
		b.Run(name, func(b *testing.B) {
			for range b.N {
				Parse(body, "x")
			}
		})
	}
}

// TestExplainWhat: words that name no package are answered, shown as code.
func TestExplainWhat(t *testing.T) {
	for body, want := range map[string]string{
		"/lockwarden explain":       "`explain` needs the name of a package: `/lockwarden explain NAME`",
		"/lockwarden explain ../up": "`../up` is not the name of an npm package",
		"/lockwarden explain ```":   "an empty word is not the name of an npm package",
	} {
		commands := Parse(body, "lockwarden")
		if len(commands) != 1 || commands[0].Problem != want {
			t.Errorf("%q: %+v", body, commands)
		}
	}
}
