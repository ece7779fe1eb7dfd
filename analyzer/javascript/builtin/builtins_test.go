package builtin

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"maps"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"
)

//go:embed testdata/observe.js
var observe string

// TestBuiltins hands each built-in of builtins.map functions, objects and texts that
// notice what happens to them: Node does what the line says, and no more.
func TestBuiltins(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for timers")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	all, err := models()
	if err != nil {
		t.Fatal(err)
	}
	names, _ := json.Marshal(slices.Sorted(maps.Keys(all)))
	cmd := exec.Command(node, "--no-warnings", "-e", observe)
	cmd.Stdin = bytes.NewReader(names)
	output, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var seen map[string]map[string][]string
	if err := json.Unmarshal(output, &seen); err != nil {
		t.Fatalf("%v\n%.500s", err, output)
	}
	for name, m := range all {
		if seen[name] == nil {
			if !m.Inert() {
				t.Errorf("%s: Node has none", name)
			}
			continue // a call throws before it does anything
		}
		var fields []string
		for word, parts := range seen[name] {
			fields = append(fields, word+"="+strings.Join(parts, ","))
		}
		if len(fields) == 0 {
			fields = []string{"inert"}
		}
		slices.Sort(fields)
		its, err := readModel(fields)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !reflect.DeepEqual(m, its) {
			t.Errorf("%s: Node says %s", name, strings.Join(fields, " "))
		}
	}
}

func TestModels(t *testing.T) {
	for text, want := range map[string]string{
		"a": "builtins.map:1: a: a line is NAME", "# x\n\na what": `builtins.map:3: a: "what" is none`, "a calls=9": `"9" is no parameter`, "a inert\na inert": "a stands twice",
		"a inert calls=0": `"inert" is none`, "a gives=x": `"x" is no parameter`,
	} {
		if _, err := readModels(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for name, inert := range map[string]bool{"globalThis.Object.isFrozen": true, "events#off": false, "buffer.Buffer#equals": true, "console.log": true, "Array.isArray": true, "JSON.stringify": false, "Array#map": false, "util.promisify": false} {
		if m, ok := Of(name); !ok || m.Inert() != inert {
			t.Errorf("%s: %v %v", name, m, ok)
		}
	}
	m, _ := Of("globalThis.setTimeout")
	if !m.Later.Has(Parameter(0)) || m.Calls != 0 || !m.Hands.Has(Parameter(2)) {
		t.Errorf("setTimeout: %+v", m)
	}
	if m, _ := Of("Array.of"); !m.Holds.Has(Parameter(17)) {
		t.Errorf("Array.of: %+v", m)
	}
	if _, ok := Of("Array.nothing"); ok {
		t.Error("Array.nothing is known")
	}
}
