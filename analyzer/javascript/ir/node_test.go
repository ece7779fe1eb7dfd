package ir

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"

	esbuild "github.com/evanw/esbuild/lockwarden"
)

// compiler is a Node that compiles texts, and runs none of them.
type compiler struct {
	in  io.WriteCloser
	out *bufio.Reader
}

// compilerProgram reads lengths and texts, and answers each with a letter a
// goal that it is right for: c for CommonJS, m for a module. A large letter says
// that only a pattern is wrong.
const compilerProgram = `
const vm = require('vm')
const wrapper = ['exports', 'require', 'module', '__filename', '__dirname']
const options = { importModuleDynamically() {} }
const takes = (letter, f) => {
  try {
    f()
    return letter
  } catch (e) {
    if (e.name !== 'SyntaxError') throw e
    return e.message.startsWith('Invalid regular expression') ? letter.toUpperCase() : ''
  }
}
let rest = Buffer.alloc(0)
process.stdin.on('data', data => {
  rest = rest.length ? Buffer.concat([rest, data]) : data
  let out = '', at = 0
  while (rest.length >= at + 4 && rest.length >= at + 4 + rest.readUInt32LE(at)) {
    const size = rest.readUInt32LE(at)
    const text = rest.toString('utf8', at + 4, at + 4 + size).replace(/^\ufeff/, '')
    at += 4 + size
    out += takes('c', () => vm.compileFunction(text, wrapper, options)) + takes('m', () => new vm.SourceTextModule(text)) + '\n'
  }
  rest = rest.subarray(at)
  if (out) process.stdout.write(out)
})`

func newCompiler(t testing.TB) *compiler {
	t.Helper()
	node := os.Getenv("LOCKWARDEN_NODE")
	if node == "" {
		node = "node"
	}
	node, err := exec.LookPath(node)
	if err != nil {
		t.Skip("node is not installed: the comparison with Node runs where it is")
	}
	cmd := exec.Command(node, "--no-warnings", "--experimental-vm-modules", "-e", compilerProgram)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
	})
	return &compiler{in, bufio.NewReader(out)}
}

// takes says what Node can load each text as.
func (c *compiler) takes(t testing.TB, texts ...string) []string {
	t.Helper()
	go func() {
		for _, text := range texts {
			if _, err := c.in.Write(append(binary.LittleEndian.AppendUint32(nil, uint32(len(text))), text...)); err != nil {
				return // Node is gone, which the reader sees
			}
		}
	}()
	answers := make([]string, len(texts))
	for i := range answers {
		line, err := c.out.ReadString('\n')
		if err != nil {
			t.Fatalf("%v, at %.200q", err, texts[i])
		}
		answers[i] = strings.TrimSpace(line)
	}
	return answers
}

// readAs tells which goals of Node's a text is read for, and why it is not.
func readAs(text string) (goals, why string) {
	text = strings.TrimPrefix(text, "\ufeff")
	if Nesting(text) != nil {
		return "cm", ""
	}
	if _, message, ok := readDialect(text, esbuild.JavaScript, CommonJS); ok {
		goals = "c"
	} else {
		why = message.Text
	}
	if _, message, ok := readDialect(text, esbuild.JavaScript, ModuleOnly); ok {
		goals += "m"
	} else {
		why = message.Text
	}
	return goals, why
}

// reads reports whether the parser has no complaint at all.
func reads(text string, goal rune) bool {
	if goal == 'm' {
		_, _, ok := esbuild.Parse(text, esbuild.JavaScript, esbuild.Module)
		return ok
	}
	tree, _, ok := esbuild.Parse(text, esbuild.JavaScript, esbuild.Either)
	if !ok || tree.Awaits {
		_, _, ok = esbuild.Parse(text, esbuild.JavaScript, esbuild.Body)
	}
	return ok
}

// missing is what Node takes and is not read.
func missing(node, text string) string {
	goals, why := readAs(text)
	for _, goal := range node {
		if !unicode.IsUpper(goal) && !strings.ContainsRune(goals, goal) {
			return fmt.Sprintf("%c: %s", goal, why)
		}
	}
	return ""
}

// parse reads a script and lowers it.
func parse(file *Source, as Format) (*Module, esbuild.Message, bool) {
	tree, message, ok := Read(file.Text(), file.Path, as)
	if !ok {
		return nil, message, false
	}
	m, strings, room := &Module{File: file}, NewStrings(), Room{}
	if at := Lower(m, &tree, nil, &strings, &room); at > 0 {
		return nil, esbuild.Message{Text: "await in the field of a class", Offset: int(at)}, false
	}
	return m, message, true
}

// TestScriptsOfFolder holds the parser against Node on a sample of npm's own
// scripts; by hand on every script in a folder: LOCKWARDEN_SCRIPTS=FOLDER.
func TestScriptsOfFolder(t *testing.T) {
	folder, step := os.Getenv("LOCKWARDEN_SCRIPTS"), 1
	if folder == "" {
		npm, err := exec.LookPath("npm")
		if err == nil {
			npm, err = filepath.EvalSymlinks(npm)
		}
		if err != nil {
			t.Skip("npm is not installed: the comparison takes its scripts")
		}
		folder, step = filepath.Dir(filepath.Dir(npm)), 8
	}
	node := newCompiler(t)
	files, taken, missed, lenient := 0, 0, 0, 0
	seen := map[string]bool{}
	err := filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		switch filepath.Ext(name) {
		case ".js", ".cjs", ".mjs":
		default:
			return nil
		}
		data, err := os.ReadFile(name)
		text := string(data)
		if err != nil || seen[text] {
			return err
		}
		seen[text] = true
		if files++; files%step != 0 {
			return nil
		}
		takes := node.takes(t, text)[0]
		if strings.ToUpper(takes) == takes {
			if goals, _ := readAs(text); goals != "" {
				lenient++
			}
			return nil
		}
		taken++
		why := missing(takes, text)
		if why == "" && Nesting(text) == nil {
			if _, message, ok := parse(&Source{Path: "index.js", Code: text}, CommonJS); !ok {
				why = message.Text
			}
		}
		if why != "" {
			missed++
			t.Logf("%s: Node takes it as %s, %s", name, takes, why)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files, Node takes %d, not read of these: %d; read, and not taken by Node: %d", files/step, taken, missed, lenient)
	if missed*10_000 > taken || taken == 0 {
		t.Error("more than one of 10,000 is not read")
	}
}

// oddForms are rare forms of the language; Node takes each as one thing or the
// other, or did or will.
var oddForms = []string{
	"new.target", "var h = () => new.target", "new . target", "new\n.\ntarget;", "void (() => () => new.target)", "(a = new.target) => a",
	"class A { x = new.target }", "class A { static { new.target } }", "var a = { [new.target]: 1 }", "`${new.target}`", "new new.target", "new new.target()",
	"new.target?.x", "typeof new.target", "new.target = 1", "new.t\\u0061rget", "eval('new.target')",
	"var await = 1", "let await = 1", "const await = 1", "await: for (;;) break await", "var g = await => await", "var g = async await => 1", "(await) => await",
	"async (await) => 1", "function await() {}", "(function await() {})", "async function await() {}", "(async function await() {})", "class await {}", "class A extends await {}",
	"await", "await + 1", "await - 1", "await(1)", "await [1]", "await `x`", "await /x/g", "await\n/x/g", "await = 1", "await++", "++await", "({ await })", "({ await } = {})",
	"[await] = []", "var { await } = {}", "var [await] = []", "var { a: await = 1 } = {}", "for (await of []) ;", "for (var await of []) ;", "for (await in {}) ;", "for (await.x of []) ;",
	"for (await = 0;;) break", "try {} catch (await) {}", "aw\\u0061it", "var aw\\u0061it = 1", "await 1", "await x", "await.x", "await?.x", "await\n1", "await\nx", "await instanceof A",
	"await in {}", "await ? 1 : 2", "await, 1", "await => {}", "async () => { await 1 }", "() => await", "() => await 1", "(x = await) => x", "(x = await 1) => x", "async (x = await) => x",
	"function f(await) {}", "function f(x = await) {}", "function f() { await }", "function f() { await 1 }", "async function f() { function g() { await } }", "async function f() { var await }",
	"class A { await() {} }", "class A { x = await }", "class A { x = await 1 }", "class A { static { await } }", "class A { static { var await } }", "class A { static { (await) => 1 } }",
	"class A { static { function await() {} } }", "class A { static { class await {} } }", "class A { [await] }", "class A { [await 1] }", "class A { static { async function f() { await 1 } } }",
	"for await (x of y) ;", "for await (var x of y) ;", "for await (const x of y) ;", "async () => { for await (async of []) ; }", "async () => { for await (x of y) ; }",
	"await using x = null", "await using\nx", "{ await using x = null }", "for (await using x of []) ;", "await using", "await using.x", "await using[x]", "await\nusing\nx",
	"{ using x = null }", "using x = null", "using", "using.x", "using[x]", "using = 1", "var using = 1", "for (using of []) ;", "for (using of of []) ;", "for (using x of []) ;", "for (using x = null;;) break",
	"for (using = 0;;) break", "for (using in {}) ;", "using\nx", "using in {}", "using instanceof A", "let using = 1", "label: using x = null", "if (1) using x = null", "switch (1) { case 1: using x = null }",
	"return", "return 1", "if (0) return", "{ return }", "() => { return }", "class A { static { return } }", "return await", "return\n1",
	"arguments", "arguments[1]", "var arguments", "let arguments", "function arguments() {}", "arguments = 1", "() => arguments", "class A { x = arguments }", "class A { static { arguments } }",
	"'use strict'; arguments = 1", "'use strict'; var arguments", "eval = 1", "var eval = 1", "'use strict'; eval = 1", "'use strict'; function eval() {}", "function f(eval) {}", "(eval) => 1",
	"let exports", "const require = 1", "var require, module, exports, __filename, __dirname", "function require() {}", "class module {}", "import.meta", "import.meta.url", "() => import.meta",
	"import('x')", "import('x', {})", "import('x', { with: { type: 'json' } })", "import('x',)", "new (import('x'))", "new import('x')", "import(...x)", "import()", "import\n('x')", "import.x", "import.defer('x')",
	"import.source('x')", "import x from 'x'", "import 'x'", "import * as x from 'x'", "import { x } from 'x'", "import { x as y } from 'x'", "import { default as y } from 'x'", "import { 'a b' as y } from 'x'",
	"import x, { y } from 'x'", "import x, * as y from 'x'", "import {} from 'x'", "import { x, } from 'x'", "import x from 'x' with { type: 'json' }", "import x from 'x' assert { type: 'json' }",
	"import 'x' with {}", "import 'x' with { 'type': 'json', }", "import defer * as x from 'x'", "import source x from 'x'", "import defer from 'x'", "import source from 'x'", "import from from 'x'",
	"import source from from 'x'", "import type from 'x'", "import { type } from 'x'", "import { type as as } from 'x'", "import as, { as as as } from 'x'", "import await from 'x'", "import yield from 'x'",
	"import let from 'x'", "import eval from 'x'", "import of from 'x'", "import async from 'x'", "import get from 'x'", "import using from 'x'", "import static from 'x'",
	"export default 1", "export default function () {}", "export default class {}", "export default async () => {}", "export default async function () {}", "export default function* () {}", "export {}",
	"export { x }; var x", "export { x as default }; var x", "export { x as 'a b' }; var x", "export * from 'x'", "export * as x from 'x'", "export * as 'a b' from 'x'", "export * as default from 'x'", "export { x } from 'x'",
	"export { default } from 'x'", "export { default as x } from 'x'", "export { 'a b' } from 'x'", "export { 'a' as 'b' } from 'x'", "export { if } from 'x'", "export { if as else } from 'x'", "export { x } from 'x' with { type: 'json' }",
	"export let x", "export const x = 1", "export var x", "export function f() {}", "export async function f() {}", "export class A {}", "export default (1, 2)", "export default [] ", "export default async", "export default await", "export default await 1",
	"({ get 1n() {} })", "({ set 1_0n(x) {} })", "({ async 0b1n() {} })", "({ *0xfn() {} })", "class A { static 0b1n }", "class A { static async 1n() {} 2n = 3n }", "class A { get\n1n() {} }", "({ 1n: x } = {})", "var { 1n: x } = {}",
	"{ us\\u0069ng x = null }", "{ await us\\u{69}ng x = null }", "{ aw\\u0061it using x = null }", "{ await\u00a0/**/us\\u0069ng x = null }", "for (us\\u0069ng x of []) ;", "us\\u0069ng\nx", "us\\u0069ng = 1", "'us\\u0069ng x'", "for aw\\u0061it (x of y) ;", "async () => { for awa\\u{69}t (x of y) ; }",
	"export default let", "export default a = 1", "export default async (x) => x", "export { x, x as y }; let x", "export { x }", "export var { x, ...y } = {}", "export async\nfunction f() {}", "export default from 'x'", "export x from 'x'",
	"<!-- x", "<!--x\n1", "1 <!-- x", "x <!--y", "a<!--b; c(", "a<!--b\n;c()", "a\n<!--b", "<!--\n-->", "--> x", "\n--> x", "/* */ --> x", "/*\n*/ --> x", "1 /*\n*/ --> x", "x-->y", "x\n-->y", "x --> 0", "'<!--'", "`<!--`", "/<!--/", "// <!--\nx", "/* <!-- */ x",
	"if (a<!--b) c()", "f(a<!--b, `<!--`, '<!--')", "x = a<!--b<!--c", "x = a <!--b\n/ c / d", "export {}; a<!--b", "export {}; a<!--b; c()", "import x from 'x'; f(a<!--b)", "<!-- x\nexport {}", "await (1); a<!--b", "import.meta; a<!--b",
	"#!/usr/bin/env node\nx", "#!", "#!x", "#!\n#!", " #!x", "\ufeff#!x", "#!<!--\nx", "#! */\nx", "#!x\u2028y", "#!x\ry",
	"\ufeffx", "\ufeff\ufeffx", "x\ufeff", "x\u2028y", "x\u2029y", "'\u2028'", "`\u2028`", "/\u2028/", "// \u2028 x y", "/*\u2028*/ x", "'\\\u2028'", "x\u00a0+\u3000y", "x\u180ey", "x\u0085y", "\u000b\u000cx", "x\r\ny\rz",
	"'\x00'", "/*\x00*/", "//\x00", "`\x00`", "/\x00/", "x\x00", "'\xff'", "'\xed\xa0\x80'", "/*\xff*/", "'\xe2", "\xff", "'\xe2'", "'\xf0\x9f'", "// \xe2\nx", "\x1a",
	"with (x) y", "with (x) { function f() {} }", "delete x", "delete (x)", "010", "08", "09.5", "010.x", "'\\1'", "'\\08'", "'\\8'", "\"\\07\"", "`\\1`", "x`\\1`", "x`\\u`", "x`\\xg`", "`\\u`", "'use strict'; 010", "'\\07'; 'use strict'",
	"'use strict'; with (x) y", "'use strict'; delete x", "function f(a, a) {}", "(a, a) => 1", "function f(a, [a]) {}", "'use strict'; function f(a, a) {}", "function f(a, a) { 'use strict' }", "function f(a = 1) { 'use strict' }",
	"if (1) function f() {}", "if (1) function f() {} else function g() {}", "if (1) ; else function f() {}", "while (0) function f() {}", "for (;0;) function f() {}", "x: function f() {}", "x: y: function f() {}", "if (1) x: function f() {}", "x: function* f() {}", "x: async function f() {}",
	"if (1) async function f() {}", "if (1) class A {}", "if (1) let x", "if (1) let\nx", "if (1) let\n{}", "if (1) let\n[x] = []", "{ function f() {} function f() {} }", "{ function f() {} var f }", "function f() {} function f() {}", "function f() {} var f", "let f; function f() {}", "{ async function f() {} function f() {} }",
	"switch (1) { case 1: function f() {} case 2: function f() {} }", "var x; var x", "let x; var x", "let x; { var x }", "try {} catch (e) { var e }", "try {} catch ([e]) { var e }", "try {} catch (e) { let e }", "try {} catch (e) { for (var e of []) ; }", "try {} catch (e) { function e() {} }", "try {} catch (e) { { function e() {} } }", "try {} catch { }",
	"for (var x = 1 in {}) ;", "for (var x = 1 of []) ;", "for (let x = 1 in {}) ;", "for (var [x] = 1 in {}) ;", "'use strict'; for (var x = 1 in {}) ;", "for (let in {}) ;", "for (let of []) ;", "for (let of of []) ;", "for (let of;;) break", "for (let = 0;;) break", "for (let;;) break", "for (let.x in {}) ;", "for (let[x] in {}) ;",
	"for (async of []) ;", "for (async of => 1;;) break", "for (async.x of []) ;", "for ((async) of []) ;", "for (\\u0061sync of []) ;", "for (let.x of []) ;", "for (let x, y of []) ;", "for (x of y, z) ;", "for (x in y, z) ;", "for (var x of y, z) ;", "for ('x' in y ? 1 : 2;;) break", "for (var x = ('a' in b);;) break", "for (() => 'a' in b;;) break", "for (var x = () => { 'a' in b };;) break",
	"let", "let = 1", "var let = 1", "let\nlet", "let let = 1", "let.x", "let[0]", "let [0]", "let\n[x] = [1]", "(let)", "(let)[0] = 1", "let\n{ x }", "let\nx", "let ()", "let``", "l\\u0065t\nx", "l\\u0065t x", "do let\nwhile (0)", "while (0) let\nx", "label: let\nx", "let instanceof x", "let in x", "let\nawait 0", "let await\n0", "let\nyield 0", "let static", "let of",
	"yield", "yield = 1", "var yield", "yield: 1", "yield\n1", "yield 1", "yield * 2", "yield /x/g", "(yield) => 1", "yield => 1", "function yield() {}", "function* f() { yield }", "function* f() { yield * x }", "function* f() { yield\n* x }", "function* f(x = yield) {}", "function* f() { function yield() {} }", "function* f() { (yield) }", "function* f() { yield /x/g }", "function* f() { yi\\u0065ld }",
	"function* f() { yield ? 1 : 2 }", "function* f() { x = yield }", "function* f() { [yield] }", "function* f() { yield in x }", "function* f() { `${yield}` }", "function* yield() {}", "(function* yield() {})", "'use strict'; yield", "'use strict'; var static", "static", "var static", "implements", "interface = 1", "var package", "private", "public: 1", "protected => 1", "var enum", "enum", "'use strict'; implements",
	"async", "async = 1", "var async", "async()", "async(x)", "async\n(x)", "async(x)\n=> 1", "async\nx => 1", "async x\n=> 1", "async x => 1", "async => 1", "async async => 1", "(async)", "async\nfunction f() {}", "async function f() {}", "({ async })", "({ async: 1 })", "({ async() {} })", "({ async x() {} })", "({ async *x() {} })", "({ async\nx() {} })", "({ async get() {} })", "({ async [x]() {} })", "({ async 1() {} })",
	"async (x, y) => 1", "async ({ x }) => 1", "async ({ x = 1 })", "async ({ x = 1 }) => 1", "async (...x) => 1", "async (...x)", "async (x,) => 1", "async (x,)", "async()``", "async?.()", "async.x", "async ? 1 : 2", "async\n`x`", "new async", "new async()", "new async(x => 1)", "async () => {}\n()", "async () => {} ()", "(async () => {})()", "as\\u0079nc x => 1", "as\\u0079nc", "async\n=> 1",
	"({ get })", "({ get: 1 })", "({ get() {} })", "({ get get() {} })", "({ set set(x) {} })", "({ get 1() {} })", "({ get 'x'() {} })", "({ get [x]() {} })", "({ get if() {} })", "({ set x(y = 1) {} })", "({ set x([y]) {} })", "({ set x(...y) {} })", "({ get x(y) {} })", "({ g\\u0065t x() {} })", "({ __proto__: 1, __proto__: 2 })", "({ __proto__: 1, '__proto__': 2 })", "({ __proto__: 1, __proto__() {} })", "({ __proto__, __proto__: 1 })", "({ __proto__: a, __proto__: b } = {})", "({ 1n: 1 })", "({ 0x1: 1, 1e3: 2, .5: 3 })",
	"({ x = 1 })", "({ x = 1 } = {})", "({ x = 1 }) => 1", "({ if })", "({ if: x } = {})", "({ yield })", "({ let })", "({ 'x' })", "({ x: (y) } = {})", "({ x: (y.z) } = {})", "({ x: (y = 1) } = {})", "[(x)] = []", "[(x.y)] = []", "[(x = 1)] = []", "[((x))] = []", "({ ...x } = {})", "({ ...x.y } = {})", "({ ...{ x } } = {})", "({ ...x, } = {})", "[...x,] = []", "[...[x]] = []", "[,,] = []", "[x,,y] = []", "(x) = 1", "((x)) = 1", "(x.y) = 1", "(x, y) = 1", "({}) = 1", "([]) = 1", "f() = 1", "f()++", "for (f() of []) ;", "for (f() in {}) ;", "++f()", "'use strict'; f() = 1", "x?.y = 1", "x?.y++", "delete x?.y", "new x?.y", "new (x?.y)", "x?.`y`", "x?.y`z`", "x?.5:1", "x?.[0]", "x?.(0)", "super.x", "super()", "({ x() { super.y } })", "({ x: function () { super.y } })", "({ get x() { super.y } })", "class A { x = super.y }", "class A { constructor() { super() } }", "class A extends B { constructor() { super() } }", "class A extends B { x = super() }", "class A extends B { constructor() { () => super() } }",
	"a ?? b || c", "(a ?? b) || c", "a || b ?? c", "a && b ?? c", "-1 ** 2", "(-1) ** 2", "2 ** -1", "x++ ** 2", "await ** 2", "typeof x ** 2", "2 ** 3 ** 4", "x ||= 1", "x &&= 1", "x ??= 1", "(x) ||= 1", "x.y ??= 1", "[x] ||= 1", "x **= 2", "x >>>= 1",
	"1_000", "1__0", "1_", "0x_1", "0b1_0", "0_1", "1_0n", "1n", "01n", "0n", "0b1n", "1.5n", "1e3n", "0B1", "0O7", "0XF", "0b2", "0o8", "1.e3", ".5e-3", "1..x", "1.x", "1. x", "1 .x", "3in []", "3.in", "0xfg", "1a", "1_a", "0b", "0x",
	"/x/dgimsuy", "/x/v", "/x/uv", "/x/gg", "/x/a", "/[/]/", "/[[a]--[b]]/v", "/(?<a>x)\\k<a>/", "/\\k<a>/", "/\\k<a>/u", "/(?<a>x)|(?<a>y)/", "/(?<=x)y/", "/(?<!x)y/", "/(?i:x)/", "/(?-i:x)/", "/(?i-m:x)/", "/\\p{L}/u", "/\\p{Foo}/u", "/\\u{1F600}/u", "/{/", "/{1/", "/x{1/", "/x{2,1}/", "/(?:/", "/)/", "/]/", "/]/u", "/\\c/", "/[b-a]/", "/(?<𝒜>.)/", "/(?<a\\u{62}>.)/", "/*/", "/\\/", "/=x/", "x /= y", "x\n/y/g", "{}/x/g", "({})/x/g", "x++/y/g", "if (x) /y/g", "() => {}/x/g", "return /x/g", "function f() {}/x/g", "typeof /x/", "x = y / /z/", "/[\n]/", "/x\\\n/", "/(?<a>x)(?<a>y)/", "/\\q{a|b}/v", "/[\\q{a|b}]/v", "/[a&&b]/v", "/[(]/v", "/(?#x)/",
	"class A { #x; m() { #x in this } }", "class A { #x; m() { this.#x } }", "class A { #x() {} static #y = 1; get #z() {} set #z(v) {} }", "class A { m() { this.#x } }", "#x in y", "class A { #x; m() { #x } }", "class A { #x; #x }", "class A { static #x; m() { A?.#x } }", "class A { #x; m() { delete this.#x } }", "class A { #constructor }", "class A { #x; m() { 1 + #x in this } }", "class A { #x; m() { (#x) in this } }", "class A { #x; m() { #x in #x in this } }", "class A { #x; m() { class B { n() { this.#x } } } }", "class A extends (class { x = this.#y }) { #y }", "class A { #\\u0078; m() { this.#x } }", "class A { [this.#x]; #x }", "class A { # x }",
	"class A { static }", "class A { static x }", "class A { static static }", "class A { static static static }", "class A { static async *x() {} }", "class A { static async }", "class A { async }", "class A { get }", "class A { set; get; x }", "class A { get\nx() {} }", "class A { get\n*x() {} }", "class A { static\nx }", "class A { async\nx() {} }", "class A { 'constructor'() {} }", "class A { constructor }", "class A { 'constructor' = 1 }", "class A { ['constructor'] = 1 }", "class A { constructor() {} constructor() {} }", "class A { get constructor() {} }", "class A { static prototype }", "class A { static prototype() {} }", "class A { static ['prototype'] }", "class A { static constructor() {} }", "class A { ; }", "class A { x\ny }", "class A { x y }", "class A { x = 1; y = 2 }", "class A { x = 1\n*y() {} }", "class A { x\n*y() {} }", "class A { in }", "class A { x\nin }", "class A { x = 1\n[y] }", "class A { 1; 'x'; 0x1; 1n }", "class A { accessor x = 1 }", "class A { accessor }", "class A { accessor\nx }", "class A { static accessor x }", "class A { static { } static { } }", "class A { static {} {} }", "class A { static async\n{} }", "class extends B {}", "(class extends B {})", "class A extends B, C {}", "class A extends (B, C) {}", "class A extends B() {}", "class A extends {} {}", "class A extends null {}", "class A extends class {} {}", "class A extends async () => {} {}", "class A extends x => x {}", "class A extends B?.C {}", "class A extends new B {}", "class let {}", "class yield {}", "class static {}", "class async {}", "class A { x() { with (y) z } }", "class A { 'use strict'; }",
	"@x class A {}", "@x() class A {}", "@x.y class A {}", "@(x) class A {}", "class A { @x y }", "class A { @x y() {} }", "class A { @x static y }", "@x export class A {}", "export @x class A {}", "export default @x class {}", "(@x class {})", "class A { @x accessor y }",
	"x\n++y", "x\n++\ny", "x ++\ny", "x\n(y)", "x\n[y]", "x\n`y`", "var a = 1\nvar b", "a = b\n++c", "do ; while (0) x", "do x; while (0)\ny", "do x\nwhile (0)", "if (x) y; else z", "{ x }", "{ x: 1 }", "{ x: 1, y: 2 }", "({ x: 1, y: 2 })", "{};", ";;;", "", " ", "\n", "//", "/**/", "debugger", "throw x", "throw\nx", "throw new.target", "break", "continue", "x: break x", "x: continue x", "x: { break x }", "x: x: 1", "x: { x: 1 }", "while (0) { break\nx }", "x: while (0) continue x", "x: { while (0) continue x }", "switch (x) { default: default: }", "switch (x) { case 1: let y; case 2: y }", "switch (x) { case 1: let y; case 2: let y }",
	"\\u0061", "\\u{61}", "var \\u{61}b", "var a\\u{62}", "\\u{110000}", "var \\u0069f", "x.\\u0069f", "({ \\u0069f: 1 })", "v\\u0061r x", "var 𝒜", "var \\ud835\\udc9c", "var \\u{1d49c}", "var ℘, ゛, ・, ·a", "var a·", "var a\u200c", "var ª", "var ⅷ", "x.𠮷", "({ 𠮷: 1 })", "var ℮", "var \U00031350", "var ᲊ", "'\\u{10FFFF}'", "'\\u{110000}'", "'\\x4'", "'\\\n'", "'\\\r\n'", "'\n'", "`\n`", "'\\a'", "`${`${1}`}`", "`${{}}`", "`${'}'}`", "`$`", "`$$`", "`${", "x``.y``", "x`a${1}b`", "new x`y`", "new x`y`()",
	"function f() { 'use strict'; with (x) y }", "function f(...x,) {}", "function f(x,) {}", "function f(,) {}", "f(x,)", "f(,)", "f(...x, ...y)", "f(...x,)", "new f(...x)", "new f", "new f.g", "new f().g", "new new f", "new (f())", "new f()()", "(...x) => 1", "(x, ...y) => 1", "(...x, y) => 1", "(...[x]) => 1", "(...x = []) => 1", "([x], { y }) => 1", "(x) \n=> 1", "() => {}\n[x]", "() => {} || 1", "x => x => x", "x => {}, 1", "x => ({})", "(x => x)()", "x => x()", "x ? y => z : w", "x ? (y) : z => w", "x ? (y) => (z) : w", "x ? (y, z) => ({}) : w", "() + 1", "()", "(x, )", "(...x)", "() => x ? y : z", "(x)(y) => 1", "async x => await x", "(a, b) => { 'use strict' }", "(a = 1) => { 'use strict' }", "({ a }) => { 'use strict' }", "a => { 'use strict'; with (b) c }", "function f() { return }", "function f() { new.target }", "function* f() { yield\nx }", "async function* f() { yield await x; for await (y of z) yield* y }", "function f() { super.x }", "function f() { super() }", "undefined = 1", "NaN++", "var undefined", "let undefined", "var NaN, Infinity", "null = 1", "this = 1", "this.x = 1", "true", "typeof typeof x", "void 0", "!x", "~-+x", "- -x", "--x", "-- x", "- --x", "x - -- y", "x-- - y", "x+++y", "x+ ++y", "!function () {}()", "+function () {}()", "function () {}", "function f() {}()", "(function () {}())", "x = function () {}()", "`${x}` in y", "x instanceof y instanceof z", "x < y > z", "f(a < b, c > d)", "f(a<b, c>(d))", "a<b>(c)", "a < b > (c)", "x as y", "x satisfies y", "type X = 1", "var x: number", "declare\nvar x", "abstract\nclass A {}", "namespace\nx\n{}", "module\nx", "type\nx = 1", "interface\nX\n{}", "<x>y", "<x/>", "x!", "x!.y", "enum X {}",
	"import { a }\nfrom 'x'", "import a\nfrom\n'x'", "export\n{}", "var x = import.meta.url", "const { a } = await import('x')", "const { a } = await (import('x'))", "await import('x')", "for (const a of await x) ;", "if (await x) ;", "label: await x", "`${await x}`", "f(await x)", "f(await(x))", "await await x", "!await x", "await !x", "await (async () => {})()", "x = await y", "x = await (y)", "x ? await y : await z", "x => { await y }", "(() => { await y })", "function f(x = await y) {}", "({ [await x]: 1 })", "class A extends (await x) {}", "class A { [await x]() {} }", "try { await x } catch {}", "switch (await x) {}", "while (await x) ;", "return await x", "await x; return", "throw await x", "await x; with (y) z", "await x; 010", "await x; delete y", "await x; let yield", "await (x); with (y) z", "await(x); 010", "import 'x'; with (y) z", "export {}; 010", "export {}; return", "import.meta; return", "export {}; new.target", "export {}; var await", "export {}; var arguments", "export {}; function f() {} function f() {}", "export {}; f() = 1", "export {}; var x; export { x }; export { x }", "export {}; undeclared", "export {}; delete x.y", "export {}; this", "export {}; arguments", "'use strict'; export {}", "export {}; var yield", "export {}; let let", "export {}; { function f() {} function f() {} }", "export {}; if (1) function f() {}", "export {}; (a, a) => 1", "export {}; '\\07'", "export {}; try {} catch (eval) {}", "export {}; implements", "export default 1; export default 2",
}

// TestOddForms: what this Node takes is read.
func TestOddForms(t *testing.T) {
	node := newCompiler(t)
	for i, takes := range node.takes(t, oddForms...) {
		if why := missing(takes, oddForms[i]); why != "" {
			t.Errorf("%q: Node takes it as %s, %s", oddForms[i], takes, why)
		}
	}
}

// around are what odd forms stand in, at "%".
var around = []string{
	"%", "'use strict'; %", "'use strict'\n%", "{ % }", "if (x) { % }", "function f() { % }", "async function f() { % }", "function* f() { % }", "async function* f() { % }", "() => { % }", "async () => { % }",
	"class A { m() { % } }", "class A { static { % } }", "class A { async m() { % } }", "class A { *m() { % } }", "class A { x = () => { % } }", "class A extends B { constructor() { % } }", "class A { % }", "({ m() { % } })", "({ get x() { % } })",
	"({ async *m() { % } })", "x: { % }", "x: %", "if (x) %", "if (x) %; else y", "if (x) ; else %", "for (;;) { % }", "for (;;) %", "while (0) { % }", "do { % } while (0)", "do % while (0)", "switch (x) { case 1: % }", "switch (x) { default: % }", "switch (%) {}",
	"try { % } catch {}", "try {} catch (e) { % }", "try {} finally { % }", "with (x) { % }", "with (x) %", "`${(() => { % })()}`", "#!x\n%", "<!-- x\n%", "%\n--> x", "/*\n*/%", "new.target; %", "await x; %", "await (x); %", "var await; %", "export {}; %", "import 'x'; %",
	"return; %", "%; export {}", "%; await x", "%; new.target", "%; var await", "%; import.meta", "export default () => { % }", "function f(x = () => { % }) {}", "a<!--b; %", "%; a<!--b", "% a<!--b", "'use asm'; %", "import(x); %", "function f() { 'use strict'; % }", "export default function () { % }", "for await (x of y) { % }",
	"(%)", "[%]", "x = %", "f(%)", "f(...%)", "`${%}`", "x`${%}`", "x => %", "async () => (%)", "async () => %", "{ x: % }", "({ x: % })", "({ [%]: 1 })", "({ % })", "({ ...% })", "class A { x = % }", "class A { [%] = 1 }", "class A { static x = % }", "class A extends (%) {}", "class A extends % {}", "(x = %) => x", "async (x = %) => x", "x ? % : y", "x ? y : %", "% ? x : y",
	"!%", "-%", "++%", "%++", "await %", "await (%)", "yield %", "yield* %", "typeof %", "void %", "%.x", "%?.x", "%[0]", "%()", "%``", "%, y", "x, %", "new (%)", "new %", "x[%]", "x?.[%]", "x?.(%)", "throw %", "return %", "export default %", "export { % }", "export %", "export const x = %", "import % from 'x'", "import { % } from 'x'", "for (x of %) ;", "for (% of []) ;", "for (% in {}) ;", "for (%;;) break", "for (;%;) break", "for (var x = %;;) break", "for (let x of %) ;",
	"var x = %", "var % = x", "let %", "const % = x", "let { x = % } = {}", "let [x = %] = []", "[%] = []", "({ x: % } = {})", "({ x: % }) => 1", "(%) => 1", "async (%) => 1", "% => 1", "async % => 1", "function f(%) {}", "function %() {}", "(function %() {})", "(function* %() {})", "(async function %() {})", "class % {}", "(class % {})", "try {} catch (%) {}", "%: 1", "break %", "x: break %", "x ||= %", "import(%)", "import(x, %)", "delete %", "% ** 2", "2 ** %", "'x' in %", "% in x", "#x in %", "% instanceof x", "% / 2 / x", "/x/ + %", "% <!-- x", "% --> x", "%\n--> x", "x <!--%", "x<!--%\n", "using x = %", "await using x = %", "@% class A {}", "x.%", "x?.%", "({ % })", "({ %: 1 })", "({ %() {} })", "({ get %() {} })", "class A { % }", "class A { %() {} }", "class A { static % }", "class A { #%; m() { this.#% } }", "%\n%", "%; %", "%, %", "% % %", "% + %", "%\n/x/g", "%\n++x", "%\n(x)", "%\n[x]", "%\n`x`",
}

// gaps may stand for a space.
var gaps = []string{"\n", "/**/", "/*\n*/", "\t", "\u00a0", "\u2028", "//x\n", "\r", "\ufeff", "", "<!--x\n", "\n-->x\n", "/*<!--*/", "\r\n"}

// words are sometimes spelled with an escape.
var words = []string{"await", "yield", "let", "static", "async", "of", "get", "new.target", "target", "using", "arguments", "eval", "x", "if", "var", "import", "meta",
	"from", "as", "with", "default", "type", "accessor", "defer", "source", "set", "in", "instanceof", "function", "constructor", "prototype", "__proto__", "use"}

// oddProgram puts odd forms into each other.
func oddProgram(r *rand.Rand) string {
	text := oddForms[r.IntN(len(oddForms))]
	for range r.IntN(4) {
		outer := around[r.IntN(len(around))]
		for n := strings.Count(outer, "%"); n > 1; n-- {
			outer = strings.Replace(outer, "%", oddForms[r.IntN(len(oddForms))], 1)
		}
		text = strings.Replace(outer, "%", text, 1)
	}
	for range r.IntN(3) {
		if spaces := strings.Count(text, " "); spaces > 0 {
			at := 0
			for range r.IntN(spaces) {
				at += strings.IndexByte(text[at:], ' ') + 1
			}
			at += strings.IndexByte(text[at:], ' ')
			text = text[:at] + gaps[r.IntN(len(gaps))] + text[at+1:]
		}
	}
	if r.IntN(8) == 0 {
		word := words[r.IntN(len(words))]
		if at := strings.Index(text, word); at >= 0 {
			i := at + r.IntN(len(word))
			escape := fmt.Sprintf([]string{`\u%04x`, `\u{%x}`, `\u{0000%x}`}[r.IntN(3)], text[i])
			text = text[:i] + escape + text[i+1:]
		}
	}
	return text
}

// awaitInField is what is refused on purpose: the parser takes await for the
// operator there.
var awaitInField = regexp.MustCompile(`class[^{]*\{(?s:.)*=(?s:.)*(await|\\u)`)

// TestGeneratedPrograms: what Node takes of a few thousand generated programs is
// read; and where Node takes a part for code, it is none of a comment.
// LOCKWARDEN_PROGRAMS says how many, LOCKWARDEN_SEED which ones.
func TestGeneratedPrograms(t *testing.T) {
	number, seed := 4_000, uint64(1)
	if n, err := strconv.Atoi(os.Getenv("LOCKWARDEN_PROGRAMS")); err == nil {
		number = n
	}
	if n, err := strconv.ParseUint(os.Getenv("LOCKWARDEN_SEED"), 10, 64); err == nil {
		seed = n
	}
	node := newCompiler(t)
	random := rand.New(rand.NewPCG(seed, 1))
	taken := 0
	for done := 0; done < number; done += 500 {
		var texts []string
		for range 500 {
			text := oddProgram(random)
			at := random.IntN(len(text) + 1)
			for at < len(text) && text[at]&0xc0 == 0x80 {
				at++
			}
			texts = append(texts, text, text[:at]+"\a"+text[at:])
		}
		takes := node.takes(t, texts...)
		for i := 0; i < len(texts); i += 2 {
			text, changed := texts[i], texts[i+1]
			if takes[i] != "" {
				taken++
			}
			if why := missing(takes[i], text); why != "" && !awaitInField.MatchString(text) {
				t.Errorf("%q: Node takes it as %s, %s", text, takes[i], why)
			}
			if why := missing(takes[i+1], changed); why != "" && !awaitInField.MatchString(text) {
				t.Errorf("%q: Node takes it as %s, %s", changed, takes[i+1], why)
			}
			for _, goal := range takes[i] {
				if unicode.IsUpper(goal) || strings.ToLower(takes[i+1]) != "" || goal == 'm' && strings.Contains(text, "<!--") {
					continue // as a module it may be read, too; Node's own modules take no "<!--"
				}
				// The bell is an error where code may stand; and a comment that it
				// makes longer may have a line break, which throw does not bear.
				if reads(changed, goal) && !strings.Contains(text, "throw") {
					t.Errorf("%q: to Node as %c, the bell is not in a comment or text", changed, goal)
				}
			}
		}
	}
	t.Logf("Node takes %d of %d", taken, number)
}
