package document_test

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

func TestINI(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []document.Pair
	}{
		{"a key and a value", "a=b\n", []document.Pair{{Key: "a", Value: "b", Line: 1}}},
		{"a comment line and one that ends a value", "; c\n # c\na = b ; c\n", []document.Pair{{Key: "a", Value: "b", Line: 3}}},
		{"an escaped comment character", `a = b\;c\#d\\e\f`, []document.Pair{{Key: "a", Value: `b;c#d\e\f`, Line: 1}}},
		{"a key without a value is true", "ignore-scripts\n", []document.Pair{{Key: "ignore-scripts", Value: "true", Bare: true, Line: 1}}},
		{"an empty value is empty", "a=\n", []document.Pair{{Key: "a", Line: 1}}},
		{"an array", "a[]=1\na[]=2\n", []document.Pair{{Key: "a", Value: "1", Array: true, Line: 1}, {Key: "a", Value: "2", Array: true, Line: 2}}},
		{"quotes are JSON", `"reg\u0069stry" = "https:\/\/a.example"`, []document.Pair{{Key: "registry", Value: "https://a.example", Line: 1}}},
		{"single quotes", `a='b;c'`, []document.Pair{{Key: "a", Value: "b;c", Line: 1}}},
		{"quotes that are no JSON stay", `a="b\c"`, []document.Pair{{Key: "a", Value: `"b\c"`, Line: 1}}},
		{"a section", "a=1\n[s]\nb=2\n", []document.Pair{{Key: "a", Value: "1", Line: 1}, {Section: "[s]", Key: "b", Value: "2", Line: 3}}},
		{"what only looks like a section is a key", "[s]x=1\n", []document.Pair{{Key: "[s]x", Value: "1", Line: 1}}},
		{"a byte order mark is white space", "\ufeffa=1\n", []document.Pair{{Key: "a", Value: "1", Line: 1}}},
		{"a lone carriage return ends a line", "; c\rregistry=x\r\nb=1\n", []document.Pair{{Key: "registry", Value: "x", Line: 1}, {Key: "b", Value: "1", Line: 2}}},
		{"references to the environment stay", "a=${HOME}\n", []document.Pair{{Key: "a", Value: "${HOME}", Line: 1}}},
		{"no key, and __proto__", "=x\n__proto__=1\n", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, document.INI(test.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// topLevel is what npm makes of the pairs outside of sections, as text.
func topLevel(pairs []document.Pair) map[string][]string {
	out, array := map[string][]string{}, map[string]bool{}
	for _, p := range pairs {
		if p.Section != "" || p.Key == "" {
			continue
		}
		array[p.Key] = array[p.Key] || p.Array
		if array[p.Key] {
			out[p.Key] = append(out[p.Key], p.Value)
		} else {
			out[p.Key] = []string{p.Value}
		}
	}
	return out
}

const iniProgram = `
const ini = require(process.argv[1])
const out = JSON.parse(require('fs').readFileSync(0, 'utf8')).map(text => {
  const top = {}
  for (const [key, value] of Object.entries(ini.parse(text))) {
    if (key === '' || value !== null && typeof value === 'object' && !Array.isArray(value)) continue
    top[key] = [].concat(value).map(String)
  }
  return top
})
console.log(JSON.stringify(out))`

// TestINIAsNPM holds INI against the reader that npm itself ships.
func TestINIAsNPM(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed: the comparison with npm's own reader runs where it is")
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("npm is not installed: the comparison with npm's own reader runs where it is")
	}
	if npm, err = filepath.EvalSymlinks(npm); err != nil {
		t.Fatal(err)
	}
	reader := filepath.Join(filepath.Dir(filepath.Dir(npm)), "node_modules", "ini")
	texts := iniTexts()
	in, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "-e", iniProgram, reader)
	cmd.Stdin = strings.NewReader(string(in))
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("npm's own reader is not where it was looked for: %v", err)
	}
	var want []map[string][]string
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	for i, text := range texts {
		if diff := cmp.Diff(want[i], topLevel(document.INI(text))); diff != "" {
			t.Errorf("%q: npm's reader and ours differ:\n%s", text, diff)
		}
	}
}

// iniTexts are all short texts of the pieces that mean something to the
// reader.
func iniTexts() []string {
	pieces := []string{"a", "=", "[", "]", "[]", ";", "#", `\`, `"`, "'", " ", "\n", "\r", "\ufeff", "\u2028", "b", "\u0085", "true"}
	var texts []string
	var grow func(text string, left int)
	grow = func(text string, left int) {
		// Single quotes around JSON that is no text make npm's reader give an
		// array, which no setting is; ours gives the text.
		if !strings.Contains(text, "'[") {
			texts = append(texts, text)
		}
		if left == 0 {
			return
		}
		for _, p := range pieces {
			grow(text+p, left-1)
		}
	}
	grow("a", 3)
	grow("[", 3)
	grow("a='", 2)
	grow(`a="`, 2)
	grow("\ufeff", 3)
	return append(texts, `a='"b"'`, `a='12'`, "a[]=1\na=2", "a=1\na[]=2", "a=1\na=2", `"a[]"=x`, `"a=b"=c`, "a = \"x\\ty\"", "registry=https://a.example/#x")
}

func FuzzINI(f *testing.F) {
	for _, text := range []string{"a=1\n[s]\nb[]=\"x\"\n", "a='", "\\", "[]=1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Count(text, "\n") + 1
		for _, p := range document.INI(text) {
			if p.Line < 1 || p.Line > lines {
				t.Fatalf("line %d of %d", p.Line, lines)
			}
		}
	})
}
