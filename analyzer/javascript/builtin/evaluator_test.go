package builtin_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/javascript/builtin"
	"github.com/lockwarden/lockwarden/analyzer/npm"
)

// fetches wants to know of what fetch is given.
type fetches struct{}

func (fetches) Interest(api string) javascript.Interest {
	if api == "globalThis.fetch" {
		return javascript.Interest{Uses: javascript.UseCall}
	}
	return javascript.Interest{}
}

// source is a value as a script writes it; false where it has no such form here.
func source(v any) (string, bool) {
	switch x := v.(type) {
	case nil:
		return "undefined", true
	case builtin.Null:
		return "null", true
	case bool:
		return fmt.Sprint(x), true
	case float64:
		return "(" + builtin.FormatNumber(x) + ")", true
	case string:
		var b strings.Builder
		for _, u := range builtin.Units(x) {
			fmt.Fprintf(&b, `\u%04x`, u)
		}
		return `"` + b.String() + `"`, true
	case []any:
		parts := make([]string, len(x))
		for i, item := range x {
			var ok bool
			if parts[i], ok = source(item); !ok {
				return "", false
			}
		}
		return "[" + strings.Join(parts, ", ") + "]", true
	}
	return "", false
}

// expression is a question as a script asks it.
func expression(q question) (string, bool) {
	args, ok := source(any(q.Args))
	if !ok || strings.Contains(q.Name, "URL") {
		return "", false
	}
	switch {
	case q.Kind == "list" && (q.Name == "at" || q.Name == "pop" || q.Name == "shift"), q.Name == "Buffer.from", q.Name == "Object.assign":
		return "", false // any of its elements; a Buffer is its text to the evaluator
	}
	call := q.Name + "(" + args[1:len(args)-1] + ")"
	switch q.Kind {
	case "call":
		module, _, _ := strings.Cut(q.Name, ".")
		switch module {
		case "path", "querystring", "util", "url":
			call = "require('" + module + "')" + strings.TrimPrefix(call, module)
		case "TextDecoder", "TextEncoder":
			return "", false
		}
		return call, true
	case "text", "list", "number":
		this, ok := source(q.This)
		return this + "." + call, ok && !builtin.Calls(q.Name)
	}
	return "", false
}

// TestEvaluator: what the analysis takes for the constant text of an expression is
// what Node takes it for, or not known.
func TestEvaluator(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	var expressions []string
	for _, q := range questions(40) {
		if e, ok := expression(q); ok {
			expressions = append(expressions, e)
		}
	}
	program := "process.stdout.write(JSON.stringify([" + "() => " + strings.Join(expressions, ",\n() => ") + "].map(f => { try { const v = f(); " +
		"return typeof v !== 'string' ? 1 : v.isWellFormed() ? v : 0 } catch { return 0 } })))"
	cmd := exec.Command(node, "--no-warnings", "-")
	cmd.Stdin = strings.NewReader(program)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%.500s", err, complaints.String())
	}
	var answers []any
	if err := json.Unmarshal(output, &answers); err != nil {
		t.Fatal(err)
	}
	known, texts := 0, 0
	const many = 250
	for from := 0; from < len(expressions); from += many {
		var script strings.Builder
		list := expressions[from:min(from+many, len(expressions))]
		for i, e := range list {
			fmt.Fprintf(&script, "fetch(%s, 'question %d')\n", e, from+i)
		}
		facts := javascript.Analyze(archive.New(map[string][]byte{"index.js": []byte(script.String())}), &npm.Manifest{}, fetches{}, javascript.Options{})
		for i := range facts.Uses {
			u := &facts.Uses[i]
			if len(u.Args) != 2 || len(u.Args[1].Texts()) != 1 {
				continue
			}
			var n int
			fmt.Sscanf(u.Args[1].Texts()[0], "question %d", &n)
			its, isText := answers[n].(string)
			mine := u.Args[0].Texts()
			if isText {
				texts++
			}
			if len(mine) == 0 || answers[n] == 0.0 {
				continue // not known, or it throws
			}
			right := false
			for _, s := range mine {
				right = right || isText && s == its || strings.Contains(s, "\ufffc") || !utf8.ValidString(s)
			}
			if known++; !right {
				t.Errorf("%s is %q, Node gives %q", expressions[n], mine, answers[n])
			}
		}
	}
	if known*4 < texts {
		t.Errorf("%d of %d texts are known", known, texts)
	}
	t.Logf("%d expressions, %d texts, %d known", len(expressions), texts, known)
}
