package builtin_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/analyzer/javascript/builtin"
)

// question is one call, for this package and for Node.
type question struct {
	// Kind is "text", "list", "number", "call", "buffer"; This what a method is
	// called on.
	Kind, Name string
	This       any
	Args       []any
}

// program answers questions with the functions of the language alone.
const program = `
const qs = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const take = v => v && v.u ? undefined : v && v.n ? Number(v.n) : Array.isArray(v) ? v.map(take) : v;
const give = v => v === undefined ? {u: 1} : typeof v === 'number' ? {n: Object.is(v, -0) ? '0' : String(v)}
  : Array.isArray(v) ? v.map(give) : v;
process.stdout.write(JSON.stringify(qs.map(q => {
  try {
    const args = q.Args.map(take), self = take(q.This);
    if (q.Kind === 'buffer') {
      const r = Buffer.from(self, args[0]).toString(args[1]);
      return r.isWellFormed() ? r : {bad: 1};
    }
    const r = q.Kind === 'call' ? q.Name.split('.').reduce((o, k) => o[k], globalThis)(...args) : self[q.Name](...args);
    if (typeof r === 'string' && !r.isWellFormed()) return {bad: 1};
    return q.Kind === 'list' && q.Name === 'fill' ? give(self) : give(r);
  } catch { return {bad: 1} }
})));`

// wire is a value as JSON that keeps undefined and numbers apart.
func wire(v any) any {
	switch x := v.(type) {
	case nil:
		return map[string]any{"u": 1}
	case builtin.Null:
		return nil
	case float64:
		return map[string]any{"n": builtin.FormatNumber(x)}
	case []any:
		out := make([]any, len(x))
		for i, item := range x {
			out[i] = wire(item)
		}
		return out
	}
	return v
}

// TestNode asks Node for some thousand calls of each function: what is given
// here is what Node gives. How much is known is held too, or "unknown" would be right everywhere.
func TestNode(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	r := rand.New(rand.NewPCG(1, 2))
	texts := []string{"", "a", "abc", " child_process\n", "\u00a0x\ufeff", "a|b|c", "CHILD", "é", "ß", "İ", "😀", "a😀b", "ǆ", "Σας", "1.5e3", "0x1f",
		"-12px", "  42 ", "Infinity", "$&-$$", "%41%zz", "%F0%9F%98%80", "%u0041", "%uD83D%uDE00", "aGVsbG8=", "aGVsbG8", "-_-_", "68656c6c6f", "abca", "https", "x\u0085", "\"q\"\\", "中文", "ﬁ", "Ÿ", "µ"}
	numbers := []float64{0, 1, -1, 2, 3, 5, -3, 0.5, 1.5, -2.5, 2.5, 13, 100, 255, 65, 97, 0x1f600, 1e21, 1e-7, math.NaN(), math.Inf(1), math.Inf(-1), 4294967296, 65601, 0.49999999999999994, 1.005, 123.456}
	lists := []any{[]any{}, []any{"a"}, []any{"child", "process"}, []any{"b", "a", "c"}, []any{1.0, 2.0, 10.0, 9.0}, []any{[]any{"a"}, []any{"b", []any{"c"}}},
		[]any{"x", nil, builtin.Null{}, true}, []any{math.NaN(), "1", 1.0}, []any{"😀", "\uffff"}, []any{104.0, 105.0, 300.0}}
	encodings := []any{nil, "utf8", "base64", "base64url", "hex", "latin1", "ascii", "binary", "utf16le", "UTF-8", "nope"}
	some := func() any {
		switch r.IntN(8) {
		case 0:
			return nil
		case 1:
			return r.IntN(2) == 0
		case 2:
			return builtin.Null{}
		case 3, 4:
			return texts[r.IntN(len(texts))]
		case 5:
			return lists[r.IntN(len(lists))]
		}
		return numbers[r.IntN(len(numbers))]
	}
	args := func(most int) []any {
		out := []any{}
		for range r.IntN(most + 1) {
			out = append(out, some())
		}
		return out
	}
	pick := func(list []any) any { return list[r.IntN(len(list))] }
	var asked []question
	const each = 300
	names := strings.Fields(`toString valueOf trim trimStart trimEnd trimLeft toLowerCase toUpperCase concat slice substring substr charAt at charCodeAt
		codePointAt split repeat padStart padEnd indexOf lastIndexOf includes startsWith endsWith replace replaceAll anchor bold fontcolor
		fontsize italics link sub sup normalize toLocaleLowerCase isWellFormed toWellFormed`)
	for _, name := range names {
		for range each {
			asked = append(asked, question{"text", name, texts[r.IntN(len(texts))], args(3)})
		}
	}
	for _, name := range strings.Fields(`at slice splice concat flat join toString reverse toReversed sort toSorted with fill includes indexOf lastIndexOf toSpliced`) {
		for range each {
			asked = append(asked, question{"list", name, pick(lists), args(3)})
		}
	}
	for _, name := range strings.Fields(`toString toFixed valueOf`) {
		for range each {
			asked = append(asked, question{"number", name, numbers[r.IntN(len(numbers))], args(1)})
		}
	}
	for _, name := range strings.Fields(`String Number isNaN isFinite parseInt parseFloat Number.parseInt String.fromCharCode String.fromCodePoint Array.of
		Array.from Array.isArray encodeURIComponent encodeURI decodeURIComponent decodeURI escape unescape atob btoa JSON.stringify Math.floor Math.ceil
		Math.round Math.trunc Math.abs Math.sign Math.min Math.max Math.pow Math.sqrt Math.imul Math.clz32 Math.fround`) {
		for range each {
			asked = append(asked, question{"call", name, nil, args(3)})
		}
	}
	for range 4 * each {
		this := any(texts[r.IntN(len(texts))])
		if r.IntN(4) == 0 {
			this = pick(lists[:5])
		}
		asked = append(asked, question{"buffer", "toString", this, []any{pick(encodings), pick(encodings)}})
	}
	sent := make([]question, len(asked))
	for i, q := range asked {
		sent[i] = question{q.Kind, q.Name, wire(q.This), wire(q.Args).([]any)}
	}
	input, err := json.Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "-e", program)
	cmd.Stdin = bytes.NewReader(input)
	output, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers []any
	if err := json.Unmarshal(output, &answers); err != nil {
		t.Fatal(err)
	}
	known, could := map[string]int{}, map[string]int{}
	wrong := 0
	for i, q := range asked {
		v, ok := answer(q)
		bad := fmt.Sprint(answers[i]) == "map[bad:1]"
		if !bad {
			could[q.Kind+" "+q.Name]++
		}
		if !ok {
			continue
		}
		known[q.Kind+" "+q.Name]++
		mine, _ := json.Marshal(wire(v))
		its, _ := json.Marshal(answers[i])
		if string(mine) != string(its) {
			if wrong++; wrong < 20 {
				t.Errorf("%s %s of %#v with %#v: %s, Node gives %s", q.Kind, q.Name, q.This, q.Args, mine, its)
			}
		}
	}
	for name, n := range could {
		if known[name] < n/13 {
			t.Errorf("%s: %d of %d are known", name, known[name], n)
		}
	}
	t.Logf("%d calls, %d wrong", len(asked), wrong)
}

func answer(q question) (any, bool) {
	switch q.Kind {
	case "text":
		return builtin.TextMethod(q.Name, q.This.(string), q.Args)
	case "list":
		return builtin.ListMethod(q.Name, q.This.([]any), q.Args)
	case "number":
		return builtin.NumberMethod(q.Name, q.This.(float64), q.Args)
	case "buffer":
		b, ok := builtin.BufferFrom(q.This, q.Args[0])
		if !ok {
			return nil, false
		}
		s, ok := builtin.BufferText(b, q.Args[1])
		return s, ok
	}
	return builtin.Call(q.Name, q.Args)
}
