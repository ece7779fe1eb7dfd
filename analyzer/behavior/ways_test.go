package behavior

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/npm"
)

// A way hands one value on through the language: $e is an expression that gives it,
// $v a name of its own for what comes out, and REST the program that goes on with
// $v. The value is a function, or an object of functions; what a way calls, it calls
// while the program is loaded. $w and $x are more names.
var ways = []string{
	// Variables, and what assigns them.
	"const $v = $e; REST", "let $v; $v = $e; REST", "var $v = $e; REST", "let $v = null; $v ??= $e; REST", "let $v = 0; $v ||= $e; REST",
	"let $v; [$v] = [$e]; REST", "let $v; ({a: $v} = {a: $e}); REST", "const [, $v] = [0, $e]; REST", "const {a: $v} = {a: $e}; REST",
	"const {a: {b: [$v]}} = {a: {b: [$e]}}; REST", "const {$v = $e} = {}; REST", "const [$v = $e] = []; REST",
	"const {z, ...$w} = {z: 1, a: $e}; const $v = $w.a; REST", "const [$w, ...$x] = [0, $e]; const $v = $x[0]; REST",
	"const $v = ($e, $e); REST", "const $v = 1 ? $e : null; REST", "const $v = null ?? $e; REST", "const $v = 0 || $e; REST", "const $v = 1 && $e; REST",
	"globalThis.$w = $e; const $v = $w; REST", "global['$w'] = $e; const $v = globalThis.$w; REST", "this.$w = $e; const $v = this.$w; REST",
	"let $v; for ($v of [$e]); REST", "let $v; { $v = $e } REST", "let $v; do { $v = $e } while (0); REST", "let $v; switch (1) { case 1: $v = $e } REST",
	"let $v; for (const $w of [$e]) { $v = $w; break } REST", "let $v; for (const $w in {a: 1}) $v = {a: $e}[$w]; REST",
	"let $v; $w: { $v = $e; break $w } REST", "let $v; try { throw $e } catch ($w) { $v = $w } REST", "let $v; try { throw {a: $e} } catch ({a}) { $v = a } REST",
	"let $v; try { } finally { $v = $e } REST", "let $v; try { (() => { throw Object.assign(new Error('x'), {a: $e}) })() } catch ($w) { $v = $w.a } REST",
	"if (1) { var $v = $e } REST",
	// Functions.
	"function $w() { return $e } const $v = $w(); REST", "const $v = (() => $e)(); REST", "const $v = (x => x)($e); REST", "const $v = ((...x) => x[0])($e); REST",
	"const $v = (function () { return arguments[0] })($e); REST", "(function ($v) { REST })($e)", "(($v) => { REST })($e)", "(({a: $v}) => { REST })({a: $e})",
	"(([$v]) => { REST })([$e])", "(($v = $e) => { REST })()", "const $v = (x => () => x)($e)(); REST", "const $v = (function () { return this.a }).call({a: $e}); REST",
	"const $v = (function (x) { return x }).apply(null, [$e]); REST", "const $v = (function () { return this }).bind($e)(); REST",
	"const $v = ((x, y) => y).bind(null, 0)($e); REST", "const $v = ((x, y) => y)(...[0, $e]); REST", "function $w(x) { if (x) return x; return $w($e) } const $v = $w(); REST",
	"const $v = ((s, x) => x)`a${$e}`; REST", "const $v = Reflect.apply(x => x, null, [$e]); REST", "const $v = Function.prototype.call.call(x => x, null, $e); REST",
	"function $w() {} $w.a = $e; const $v = $w.a; REST", "function $w(f) { return f($e) } const $v = $w(x => x); REST",
	"const $v = (f => (x => f(y => x(x)(y)))(x => f(y => x(x)(y))))(f => n => n ? f(n - 1) : $e)(2); REST",
	"var $v = $w(); function $w() { return $e } REST", "const $v = (a => b => a)($e)(1); REST",
	// Objects.
	"const $v = {a: $e}.a; REST", "const $v = {a: $e}['a']; REST", "const $w = 'a' + 'b'; const $v = {[$w]: $e}.ab; REST", "const $w = {}; $w.a = $e; const $v = $w.a; REST",
	"const $w = {}; $w['a' + 1] = $e; const $v = $w.a1; REST", "const $v = {get a() { return $e }}.a; REST", "const $v = {a() { return $e }}.a(); REST",
	"const $w = {set a(x) { this.b = x }}; $w.a = $e; const $v = $w.b; REST", "const $v = {...{a: $e}}.a; REST", "const $v = Object.assign({}, {a: $e}).a; REST",
	"const $v = Object.values({a: $e})[0]; REST", "const $v = Object.entries({a: $e})[0][1]; REST", "const $v = Object.fromEntries([['a', $e]]).a; REST",
	"const $w = {}; Object.defineProperty($w, 'a', {value: $e}); const $v = $w.a; REST", "const $w = {}; Object.defineProperty($w, 'a', {get: () => $e}); const $v = $w.a; REST",
	"const $w = Object.defineProperties({}, {a: {value: $e}}); const $v = $w.a; REST", "const $v = Object.create({a: $e}).a; REST",
	"const $v = Object.create(null, {a: {value: $e}}).a; REST", "const $v = Object.setPrototypeOf({}, {a: $e}).a; REST", "const $v = {__proto__: {a: $e}}.a; REST",
	"const $v = Reflect.get({a: $e}, 'a'); REST", "const $w = {}; Reflect.set($w, 'a', $e); const $v = $w.a; REST", "const $v = Object.freeze({a: $e}).a; REST",
	"const $v = new Proxy({a: $e}, {}).a; REST", "const $v = new Proxy({}, {get: () => $e}).a; REST", "const $v = new Proxy(() => 0, {apply: () => $e})(); REST",
	"const $w = Symbol(); const $v = {[$w]: $e}[$w]; REST", "const $v = {a: $e}?.a; REST", "const $v = Object.getOwnPropertyDescriptor({a: $e}, 'a').value; REST",
	"const $w = {a: {b: $e}}; const {b: $v} = $w.a; REST", "const $w = {a: $e}; const $x = Object.keys($w)[0]; const $v = $w[$x]; REST",
	"const $w = {}; ($w.a = $w.a || {}).b = $e; const $v = $w.a.b; REST", "const $v = Reflect.construct(function () { this.a = $e }, []).a; REST",
	"const $w = {}; $w.self = $w; $w.a = $e; const $v = $w.self.self.a; REST", "const $v = structuredClone ? $e : 0; REST",
	"const $w = {a: $e}; let $v; for (const $x in $w) { $v = $w[$x] } REST", "const $w = {}; $w.__defineGetter__('a', () => $e); const $v = $w.a; REST",
	// Classes.
	"class $w { constructor(x) { this.a = x } } const $v = new $w($e).a; REST", "class $w { a = $e } const $v = new $w().a; REST", "class $w { #a = $e; b() { return this.#a } } const $v = new $w().b(); REST",
	"class $w { static a = $e } const $v = $w.a; REST", "class $w { static #a = $e; static b() { return $w.#a } } const $v = $w.b(); REST", "class $w { get a() { return $e } } const $v = new $w().a; REST",
	"let $v; class $w { static { $v = $e } } REST", "class $w { a() { return $e } } class $x extends $w { b() { return super.a() } } const $v = new $x().b(); REST",
	"class $w { constructor(x) { this.a = x } } class $x extends $w { constructor() { super($e) } } const $v = new $x().a; REST", "class $w { constructor() { return {a: $e} } } const $v = new $w().a; REST",
	"function $w() { this.a = $e } const $v = new $w().a; REST", "function $w() { } $w.prototype.a = function () { return $e }; const $v = new $w().a(); REST",
	"class $w { static a() { return this.b } } $w.b = $e; const $v = $w.a(); REST", "const $w = class { ['a' + 'b']() { return $e } }; const $v = new $w().ab(); REST",
	"class $w extends Array { } const $v = $w.of($e)[0]; REST", "class $w extends Map { } const $x = new $w(); $x.set(1, $e); const $v = $x.get(1); REST", "class $w { set a(x) { this.b = x } } const $x = new $w(); $x.a = $e; const $v = $x.b; REST",
	"const $w = {a: $e, b() { return this.a }}; const $v = $w.b(); REST", "class $w { a = () => this.b; b = $e } const $v = (0, new $w().a)(); REST", "const $w = Symbol(); class $x { [$w]() { return $e } } const $v = new $x()[$w](); REST",
	// Arrays.
	"const $v = [$e][0]; REST", "const $v = [0, $e].pop(); REST", "const $v = [$e].shift(); REST", "const $v = [$e].at(-1); REST", "const $v = [0].concat($e)[1]; REST", "const $v = [0, $e].slice(1)[0]; REST",
	"const $v = [$e].map(x => x)[0]; REST", "const $v = [$e].filter(Boolean)[0]; REST", "const $v = [$e].find(x => x); REST", "const $v = [0, $e].reduce((a, x) => x); REST", "const $v = [1].map(() => $e)[0]; REST",
	"let $v; [$e].forEach(x => { $v = x }); REST", "const $w = []; $w.push($e); const $v = $w[0]; REST", "const $v = [[$e]].flat()[0]; REST", "const $v = [1].flatMap(() => [$e])[0]; REST", "const $v = Array.from([$e])[0]; REST",
	"const $v = Array.from({length: 1}, () => $e)[0]; REST", "const $v = Array.of($e)[0]; REST", "const $v = [...[$e]][0]; REST", "const $v = [$e, 0].reverse()[1]; REST", "const $v = Array(1).fill($e)[0]; REST",
	"const $v = [$e].splice(0, 1)[0]; REST", "const $w = [0]; $w.unshift($e); const $v = $w[0]; REST", "const $v = [...[$e].values()][0]; REST", "const $v = [...[$e].entries()][0][1]; REST", "const $v = [$e].findLast(x => x); REST",
	"let $v; [$e].some(x => { $v = x }); REST", "let $v; [2, 1].sort(() => { $v = $e }); REST", "const $w = []; $w[$w.length] = $e; const $v = $w[0]; REST", "const $v = [0, 1].map((x, i) => [0, $e][i])[1]; REST",
	"const $v = Array.prototype.slice.call([$e])[0]; REST", "const $v = (function () { return [].slice.call(arguments) })($e)[0]; REST", "const $w = [$e]; let $v; for (let i = 0; i < $w.length; i++) $v = $w[i]; REST",
	"const $w = [$e]; let $v; while ($v = $w.pop()) { REST; break }",
	// Collections, iterators, generators.
	"const $v = new Map([['a', $e]]).get('a'); REST", "const $w = new Map(); $w.set('a', $e); const $v = $w.get('a'); REST", "const $w = {}; const $v = new WeakMap([[$w, $e]]).get($w); REST", "const $v = [...new Set([$e])][0]; REST",
	"let $v; new Map([[1, $e]]).forEach(x => { $v = x }); REST", "let $v; for (const [, x] of new Map([[1, $e]])) $v = x; REST", "const $v = new Map([[1, $e]]).values().next().value; REST", "let $v; new Set([$e]).forEach(x => { $v = x }); REST",
	"const $v = [...(function* () { yield $e })()][0]; REST", "const $v = (function* () { yield $e })().next().value; REST", "let $v; for ($v of (function* () { yield $e })()); REST", "const $v = (function* () { return $e })().next().value; REST",
	"const $v = [...(function* () { yield* [$e] })()][0]; REST", "const $w = (function* () { const x = yield; $x.a = x })(), $x = {}; $w.next(); $w.next($e); const $v = $x.a; REST", "const [$v] = {*[Symbol.iterator]() { yield $e }}; REST",
	"const $v = [...{[Symbol.iterator]: () => ({i: 0, next() { return {done: this.i++ > 0, value: $e} }})}][0]; REST", "const $w = new WeakRef({a: $e}); const $v = $w.deref().a; REST", "const $w = [$e][Symbol.iterator](); const $v = $w.next().value; REST",
	// What the language calls by itself.
	"let $v; `${{toString() { $v = $e; return '' }}}`; REST", "let $v; '' + {toString() { $v = $e; return '' }}; REST", "let $v; +{valueOf() { $v = $e; return 1 }}; REST", "let $v; ({[Symbol.toPrimitive]() { $v = $e; return 1 }}) > 0; REST",
	"let $v; JSON.stringify({toJSON() { $v = $e }}); REST", "let $v; JSON.parse('{\"a\":1}', () => { $v = $e }); REST", "let $v; 'a'.replace(/a/, () => { $v = $e }); REST", "let $v; ({}) instanceof {[Symbol.hasInstance]() { $v = $e }}; REST",
	"let $v; ({...{get a() { $v = $e }}}); REST", "let $v; Object.assign({}, {get a() { $v = $e }}); REST", "let $v; const {a: $w} = {get a() { $v = $e }}; REST", "let $v; 'a' in new Proxy({}, {has() { $v = $e }}); REST",
	"let $v; 'a'.split({[Symbol.split]() { $v = $e }}); REST", "let $v; String({toString() { $v = $e; return '' }}); REST", "let $v; ({})[{toString() { $v = $e; return '' }}]; REST", "let $v; [{toString() { $v = $e; return '' }}].join(); REST",
	"let $v; new Date({valueOf() { $v = $e; return 1 }}); REST", "let $v; Object.entries({get a() { $v = $e }}); REST", "let $v; delete new Proxy({}, {deleteProperty() { $v = $e; return true }}).a; REST", "let $v; new Proxy({}, {set() { $v = $e; return true }}).a = 1; REST",
	"let $v; isNaN({valueOf() { $v = $e }}); REST", "let $v; Math.max({valueOf() { $v = $e }}); REST", "let $v; parseInt({toString() { $v = $e; return '1' }}); REST", "let $v; Array.from({length: {valueOf() { $v = $e; return 0 }}}); REST",
	"let $v; switch (`${{toString: () => ($v = $e, '')}}`) { } REST", "let $v; ({a: 1}).a += {valueOf() { $v = $e }}; REST", "let $v; new (class { constructor() { $v = $e } }); REST", "let $v; new (new Proxy(class { }, {construct() { $v = $e; return {} }})); REST",
	// Later, but of the load's own.
	"Promise.resolve($e).then($v => { REST })", "new Promise(r => r($e)).then($v => { REST })", "(async () => { const $v = await $e; REST })()", "(async () => $e)().then($v => { REST })", "Promise.all([$e]).then(([$v]) => { REST })",
	"Promise.reject($e).catch($v => { REST })", "Promise.resolve().finally(() => { const $v = $e; REST })", "process.nextTick($v => { REST }, $e)", "setImmediate($v => { REST }, $e)", "setTimeout($v => { REST }, 0, $e)", "queueMicrotask(() => { const $v = $e; REST })",
	"(async () => { for await (const $v of [$e]) { REST } })()", "(async () => { for await (const $v of (async function* () { yield $e })()) { REST } })()", "(async () => { const $v = (await Promise.allSettled([$e]))[0].value; REST })()",
	"(async () => { await {then(r) { const $v = $e; REST; r() }} })()", "Promise.race([$e]).then($v => { REST })", "(async () => { try { await Promise.reject($e) } catch ($v) { REST } })()", "require('util').promisify((x, f) => f(null, x))($e).then($v => { REST })",
	"require('timers').setTimeout($v => { REST }, 0, $e)", "new Promise((_, r) => r($e)).then(null, $v => { REST })", "(async () => { const {a: $v} = await new Promise(r => setTimeout(r, 0, {a: $e})); REST })()", "require('timers/promises').setTimeout(0, $e).then($v => { REST })",
	// Modules and built-ins.
	"const $w = new (require('events'))(); $w.on('a', $v => { REST }); $w.emit('a', $e)", "const $w = new (require('events').EventEmitter)(); $w.once('a', $v => { REST }); $w.emit('a', $e)", "process.once('$w', $v => { REST }); process.emit('$w', $e)",
	"module.exports.$w = $e; const $v = exports.$w; REST", "exports.$w = $e; const $v = module.exports.$w; REST", "require.cache.$w = {a: $e}; const $v = require.cache.$w.a; REST", "const $w = new EventTarget(); $w.addEventListener('a', () => { const $v = $e; REST }); $w.dispatchEvent(new Event('a'))",
	"const $w = new (require('async_hooks').AsyncLocalStorage)(); $w.run($e, () => { const $v = $w.getStore(); REST })", "class $w extends require('events') { } const $x = new $w(); $x.on('a', $v => { REST }); $x.emit('a', $e)",
	"const $w = require('util').inherits; function $x() { } $w($x, Object); $x.prototype.a = $e; const $v = new $x().a; REST", "const $v = require('util').callbackify ? $e : 0; REST",
	"const $w = new (require('stream').PassThrough)({objectMode: true}); $w.on('data', $v => { REST }); $w.write({a: $e}.a)", "require('fs').readdir('.', () => { const $v = $e; REST })", "const $w = new (require('stream').Readable)({read() { this.push(null) }}); $w.on('end', () => { const $v = $e; REST }); $w.resume()",
	"require('dns').lookup ? (($v) => { REST })($e) : 0", "const $v = require('vm').runInNewContext('a', {a: $e}); REST", "const $v = eval('$e'); REST", "const $v = new Function('a', 'return a')($e); REST", "const $v = Function('return this')().Object.assign({}, {a: $e}).a; REST",
}

// starts are programs that get hold of what starts programs: REST goes on with $v,
// which is the module.
var starts = []string{
	"const $v = require('child_process'); REST", "const $v = require('node:child_process'); REST", "const $v = require('child' + '_process'); REST", "const $v = module.require('child_process'); REST", "const $v = process.mainModule ? require('child_process') : require('child_process'); REST",
	"const $v = require(['child', 'process'].join('_')); REST", "const $w = require; const $v = $w('child_process'); REST", "import('child_process').then($v => { REST })", "const $v = require('module').createRequire(__filename)('child_process'); REST", "const $v = require(`child_${'process'}`); REST",
	"const $v = [require][0]('child_process'); REST", "const $v = ['child_process'].map(require)[0]; REST", "const $v = ['child_process'].map(x => require(x))[0]; REST", "const $v = require.call(null, 'child_process'); REST", "const $v = (r => r('child_process'))(require); REST",
	"const $v = require(Buffer.from('Y2hpbGRfcHJvY2Vzcw==', 'base64').toString()); REST", "const $v = require(String.fromCharCode(99, 104, 105, 108, 100, 95, 112, 114, 111, 99, 101, 115, 115)); REST", "const $v = require('ssecorp_dlihc'.split('').reverse().join('')); REST",
	"const $v = process.getBuiltinModule ? require('child_process') : require('child_process'); REST", "const $v = module.constructor._load('child_process'); REST", "const {require: $w} = module; const $v = $w.call(module, 'child_process'); REST",
}

// ends use $v, the module, and call what starts a program.
var ends = []string{
	"$v.exec('marker')", "$v['exec']('marker')", "const {exec: $w} = $v; $w('marker')", "$v['ex' + 'ec']('marker')", "$v.exec.call(null, 'marker')", "$v.exec.apply($v, ['marker'])", "$v.exec.bind($v)('marker')", "Reflect.apply($v.exec, null, ['marker'])", "$v?.exec?.('marker')", "(0, $v.exec)('marker')",
	"const $w = $v.exec; $w('marker')", "['marker'].forEach(x => $v.exec(x))", "Reflect.get($v, 'exec')('marker')", "for (const $w of ['marker']) $v.exec($w)", "for (const $w in $v) if ($w === 'exec') $v[$w]('marker')", "const $w = {...$v}; $w.exec('marker')", "new (class { a() { $v.exec('marker') } })().a()",
	"with ($v) exec('marker')", "Object.entries($v).forEach(([k, f]) => { if (k === 'exec') f('marker') })", "setTimeout(() => $v.exec('marker'))", "const $w = () => $v.exec('marker'); $w()", "const [$w] = [$v.exec]; $w('marker')", "const $w = Object.assign({}, $v); $w.exec('marker')", "require('util').promisify($v.exec)('marker')",
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
func travel(random *rand.Rand, n int) journey {
	names := 0
	var j journey
	fill := func(template, e, v string) string {
		j.parts = append(j.parts, template)
		names += 2
		return named(template, names, e, v)
	}
	pick := func(list []string) string { return list[random.IntN(len(list))] }
	// REST stands in the innermost place of what was written so far.
	text := fill(pick(starts), "", "v0")
	for i := range n {
		way := fill(pick(ways), fmt.Sprintf("v%d", i), fmt.Sprintf("v%d", i+1))
		text = strings.Replace(text, "REST", way, 1)
	}
	j.text = strings.Replace(text, "REST", fill(pick(ends), "", fmt.Sprintf("v%d", n))+";", 1)
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
	if n, err := strconv.Atoi(os.Getenv("LOCKWARDEN_PROGRAMS")); err == nil {
		number = n
	}
	if n, err := strconv.ParseUint(os.Getenv("LOCKWARDEN_SEED"), 10, 64); err == nil {
		seed = n
	}
	random := rand.New(rand.NewPCG(seed, 2))
	var journeys []journey
	var texts []string
	alone := func(part, start, way, end string) {
		text := strings.Replace(strings.Replace(start, "REST", way, 1), "REST", end+";", 1)
		journeys = append(journeys, journey{text: text, parts: []string{part}})
	}
	for _, start := range starts {
		alone(start, named(start, 1, "", "v0"), "REST", "v0.exec('marker')")
	}
	for _, way := range ways {
		alone(way, "const v0 = require('child_process'); REST", named(way, 1, "v0", "v1"), "v1.exec('marker')")
	}
	for _, end := range ends {
		alone(end, "const v0 = require('child_process'); REST", "REST", named(end, 1, "", "v0"))
	}
	each := len(journeys)
	for i := range number {
		journeys = append(journeys, travel(random, 1+i%5))
	}
	for _, j := range journeys {
		texts = append(texts, j.text)
	}
	called := travels(t, texts)
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
		if found(t, c, j.text) {
			continue
		}
		misses++
		t.Errorf("not found: %s", j.text)
	}
	t.Logf("%d of %d programs run it; %d are not found", runs, len(journeys), misses)
}

// travels reports which programs call exec by themselves in Node.
func travels(t *testing.T, texts []string) map[int]bool {
	t.Helper()
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

// found reports whether a program is said to start one while it is loaded.
func found(t *testing.T, c *Catalogue, text string) bool {
	t.Helper()
	pkg := archive.New(map[string][]byte{"index.js": []byte(text)})
	manifest := &npm.Manifest{}
	facts := javascript.Analyze(pkg, manifest, c, javascript.Options{WantText: c.WantText})
	for _, b := range c.Match(Input{Package: pkg, Manifest: manifest, Facts: facts}).Behaviors {
		if b.ID == "execution/process-spawn" && b.Contexts&javascript.Launch != 0 {
			return true
		}
	}
	return false
}
