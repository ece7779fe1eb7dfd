package document_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

func read(reader func(file, text string) *document.Value, text string) (v *document.Value, err error) {
	defer document.Catch(&err)
	return reader("f", text), nil
}

// show writes a value as one line, with the lines of what it holds.
func show(v *document.Value) string {
	switch v.Kind {
	case document.Map:
		var parts []string
		v.Entries(func(key document.Key, value *document.Value) {
			parts = append(parts, fmt.Sprintf("%s@%d:%s", key.Name, key.Line, show(value)))
		})
		return "{" + strings.Join(parts, " ") + "}"
	case document.List:
		var parts []string
		for _, item := range v.Items {
			parts = append(parts, show(item))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case document.Null:
		return "null"
	}
	return fmt.Sprintf("%s@%d", v.Text, v.Line)
}

func TestValues(t *testing.T) {
	for _, test := range []struct {
		name, text string
		reader     func(file, text string) *document.Value
		want       string
	}{
		{"JSON with lines", "{\n \"a\": [1,\n true, null],\n \"b\": \"\\u0063\"\n}", document.JSON, "{a@2:[1@2 true@3 null] b@4:c@4}"},
		{"JSON behind a byte order mark", "\ufeff{}", document.JSON, "{}"},
		{"YAML with lines", "a:\n  - x\n  - 2\nb: yes\nc: True\n", document.YAMLValue, "{a@1:[x@2 2@3] b@4:yes@4 c@5:true@5}"},
		{"YAML that is empty", "# nothing\n", document.YAMLValue, "null"},
		{"an alias is followed and stands where it is used", "a: &x [1]\nb: *x\n", document.YAMLValue, "{a@1:[1@1] b@2:[1@1]}"},
		{"a lone carriage return ends a line of YAML, not of an editor", "# c\ra: 1\r\nb: 2\n", document.YAMLValue, "{a@1:1@1 b@2:2@2}"},
		{"a merge key adds what is missing", "a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  k: 3\n", document.YAMLValue, "{a@1:{k@1:1@1 l@1:2@1} b@2:{k@4:3@4 l@3:2@1}}"},
	} {
		t.Run(test.name, func(t *testing.T) {
			v, err := read(test.reader, test.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := show(v); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestHostileValues(t *testing.T) {
	laughs := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 10; i++ {
		laughs += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9), ", "))
	}
	for _, test := range []struct {
		name, text string
		reader     func(file, text string) *document.Value
		want       string
	}{
		{"a JSON key twice", "{\"a\": 1,\n\"a\": 2}", document.JSON, "f:2:"},
		{"something after JSON", "{}\n{}", document.JSON, "f:2:"},
		{"deep JSON", strings.Repeat("[", 100_000), document.JSON, "nested deeper"},
		{"a YAML key twice", "a: 1\na: 2\n", document.YAMLValue, "f:2:"},
		{"two YAML documents", "a: 1\n---\na: 2\n", document.YAMLValue, "second YAML document"},
		{"a YAML tag", "a: !!js/function x\n", document.YAMLValue, "tags"},
		{"a billion laughs", laughs, document.YAMLValue, "100,000 values"},
		{"an alias of itself", "a: &x [*x]\n", document.YAMLValue, "f:1:"},
		{"a line separator, which ends a line for some", "# x\u2028a: 1\n", document.YAMLValue, "only some readers"},
		{"deep YAML", strings.Repeat("[", 2000) + strings.Repeat("]", 2000), document.YAMLValue, "f:1:"},
		{"a YAML key that is a list", "? [a]\n: 1\n", document.YAMLValue, "a key is not a text"},
		{"a merge of a text", "a: 1\n<<: x\n", document.YAMLValue, "f:2:"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := read(test.reader, test.text)
			var known *document.Error
			if !errors.As(err, &known) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func FuzzValues(f *testing.F) {
	f.Add("{\"a\": [1, true, null, \"x\"]}")
	f.Add("a: &x {k: 1}\nb:\n  <<: [*x]\n")
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Count(text, "\n") + 1
		for _, reader := range []func(file, text string) *document.Value{document.JSON, document.YAMLValue} {
			if v, err := read(reader, text); err == nil && (v.Line < 1 || v.Line > lines) {
				t.Fatalf("line %d of %d", v.Line, lines)
			}
		}
	})
}
