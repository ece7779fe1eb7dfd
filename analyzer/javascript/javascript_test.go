package javascript_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/analyzer/shell"
)

// everything wants to know of all uses of Node's net, child_process and fs.
type everything struct{}

func (everything) Interest(api string) javascript.Interest {
	for _, module := range []string{"net.", "child_process.", "fs.", "ws", "globalThis.fetch", "globalThis.eval", "process.env", "worker_threads."} {
		if strings.HasPrefix(api, module) {
			return javascript.Interest{Uses: javascript.UseCall | javascript.UseNew | javascript.UseRead | javascript.UseSet | javascript.UseHidden}
		}
	}
	if api == "require" {
		return javascript.Interest{Uses: javascript.UseDynamicImport}
	}
	return javascript.Interest{}
}

// analyze runs the engine on files: pairs of name and code. Without a
// package.json, index.js is the main file.
func analyze(t testing.TB, files ...string) *javascript.Facts {
	t.Helper()
	m := map[string][]byte{}
	for i := 0; i < len(files); i += 2 {
		m[files[i]] = []byte(files[i+1])
	}
	manifest := &npm.Manifest{Gypfile: true}
	if data, ok := m["package.json"]; ok {
		var err error
		if manifest, err = npm.ParseManifest(data); err != nil {
			t.Fatal(err)
		}
	}
	facts := javascript.Analyze(archive.New(m), manifest, everything{}, javascript.Options{WantText: func(string) bool { return true }})
	for _, p := range append(facts.Unparsable, facts.Incomplete...) {
		t.Errorf("%s:%d: %s", p.File, p.Line, p.Reason)
	}
	return facts
}

// calls are the APIs that are called or constructed, with their contexts.
func calls(facts *javascript.Facts) map[string]javascript.Context {
	out := map[string]javascript.Context{}
	for i := range facts.Uses {
		if u := &facts.Uses[i]; u.Kind&(javascript.UseCall|javascript.UseNew) != 0 {
			out[u.API] |= u.Contexts()
		}
	}
	return out
}

// TestCallsAreResolved holds one row for each way in which code reaches an
// API. All of them call net.connect.
func TestCallsAreResolved(t *testing.T) {
	for _, row := range []struct {
		name  string
		files []string
	}{
		{"plainly", []string{"index.js", `require("net").connect(1)`}},
		{"node: prefix", []string{"index.js", `require("node:net").connect(1)`}},
		{"an alias", []string{"index.js", `const n = require("net"); const m = n; m.connect(1)`}},
		{"destructuring with a new name and a default", []string{"index.js", `const { connect: c = null } = require("net"); c(1)`}},
		{"destructuring in an assignment", []string{"index.js", `let c; ({ connect: c } = require("net")); c(1)`}},
		{"re-assignment", []string{"index.js", `let c = 1; c = require("net").connect; c(1)`}},
		{"an import by name", []string{"index.mjs", `import { connect as c } from "net"; c(1)`, "package.json", `{"main":"index.mjs"}`}},
		{"a default import", []string{"index.mjs", `import net from "net"; net.connect(1)`, "package.json", `{"main":"index.mjs"}`}},
		{"a namespace import", []string{"index.mjs", `import * as net from "net"; net.connect(1)`, "package.json", `{"main":"index.mjs"}`}},
		{"createRequire", []string{"index.mjs", `import { createRequire } from "module"; const r = createRequire(import.meta.url); r("net").connect(1)`, "package.json", `{"main":"index.mjs"}`}},
		{"a dynamic import", []string{"index.mjs", `const net = await import("net"); net.connect(1)`, "package.json", `{"main":"index.mjs"}`}},
		{"a dynamic import with then", []string{"index.js", `import("net").then(({ connect }) => connect(1))`}},
		{"module.require", []string{"index.js", `module.require("net").connect(1)`}},
		{"process.mainModule.require", []string{"index.js", `process.mainModule.require("net").connect(1)`}},
		{"the class of modules", []string{"index.js", `module.constructor._load("ne" + "t").connect(1)`}},
		{"the class of the main module", []string{"index.js", `process.mainModule.constructor._load("net").connect(1)`}},
		{"a new module's require", []string{"index.js", `const M = require("module"); new M("x").require("net").connect(1)`}},
		{"a program in a data: URL", []string{"index.mjs", `import("data:text/javascript;base64,aW1wb3J0IG5ldCBmcm9tICJuZXQiOyBuZXQuY29ubmVjdCgxKQ==")`, "package.json", `{"main":"index.mjs"}`}},
		{"a program in a data: URL, put together", []string{"index.mjs", `import("data:text/javascript," + encodeURIComponent('import net from "net"; net.connect(1)'))`, "package.json", `{"main":"index.mjs"}`}},
		{"a function made of text that gets require", []string{"index.js", `Function("r", "r('net').connect(1)")(require)`}},
		{"a function made of text that returns process", []string{"index.js", `new Function("return process")().mainModule.require("net").connect(1)`}},
		{"a text that a timer runs", []string{"index.js", `setTimeout("require('net').connect(1)", 1)`}},
		{"a thread's program", []string{"index.js", `new (require("worker_threads").Worker)('require("net").connect(1)', { eval: true })`}},
		{"process.getBuiltinModule", []string{"index.js", `process.getBuiltinModule("net").connect(1)`}},
		{"globalThis[…]", []string{"index.js", `globalThis["req" + "uire"]("net").connect(1)`}},
		{"optional chaining", []string{"index.js", `require("net")?.connect?.(1)`}},
		{".call", []string{"index.js", `const n = require("net"); n.connect.call(n, 1)`}},
		{".apply", []string{"index.js", `const n = require("net"); n.connect.apply(n, [1])`}},
		{".bind", []string{"index.js", `const c = require("net").connect.bind(null); c(1)`}},
		{"Reflect.apply", []string{"index.js", `Reflect.apply(require("net").connect, null, [1])`}},
		{"promisify", []string{"index.js", `const { promisify } = require("util"); promisify(require("net").connect)(1)`}},
		{"(0, x.y)()", []string{"index.js", `const n = require("net"); (0, n.connect)(1)`}},
		{"TypeScript's __importDefault", []string{"index.js", `var __importDefault = m => m && m.__esModule ? m : { default: m }; const net_1 = __importDefault(require("net")); net_1.default.connect(1)`}},
		{"TypeScript's __importStar", []string{"index.js", `var __importStar = function (m) { var r = {}; for (var k in m) r[k] = m[k]; return r }; const net = __importStar(require("net")); net.connect(1)`}},
		{"tslib", []string{"index.js", `const tslib_1 = require("tslib"); const net = tslib_1.__importStar(require("net")); net.connect(1)`}},
		{"TypeScript's __awaiter", []string{"index.js", `var __awaiter = function (t, a, P, g) {}; function f() { return __awaiter(this, void 0, void 0, function* () { require("net").connect(1) }) } f()`}},
		{"Babel's _interopRequireDefault", []string{"index.js", `function _interopRequireDefault(e) { return e && e.__esModule ? e : { default: e } } var _net = _interopRequireDefault(require("net")); _net.default.connect(1)`}},
		{"esbuild's __toESM", []string{"index.js", `var __toESM = m => m; var import_net = __toESM(require("net")); import_net.default.connect(1)`}},
		{"a function that only looks like a helper", []string{"index.js", `function __importStar(m) { require("net").connect(1); return m } __importStar({})`}},
		{"a list of functions for a library", []string{"index.js", `require("async").series([() => require("net").connect(1)])`}},
		{"a condition", []string{"index.js", `const m = Math.random() > 1 ? require("tls") : require("net"); m.connect(1)`}},
		{"or", []string{"index.js", `const m = globalThis.net || require("net"); m.connect(1)`}},
		{"a property of an object", []string{"index.js", `const o = { a: { net: require("net") } }; o.a.net.connect(1)`}},
		{"a property set later", []string{"index.js", `const o = {}; o.net = require("net"); o.net.connect(1)`}},
		{"an array", []string{"index.js", `const a = [require("net")]; a[0].connect(1)`}},
		{"a parameter", []string{"index.js", `function f(m) { m.connect(1) } f(require("net"))`}},
		{"a returned value", []string{"index.js", `const f = () => require("net"); f().connect(1)`}},
		{"a closure", []string{"index.js", `function f() { const n = require("net"); return () => n.connect(1) } f()()`}},
		{"a class field", []string{"index.js", `class A { net = require("net"); go() { this.net.connect(1) } } new A().go()`}},
		{"a private field", []string{"index.js", `class A { #net = require("net"); go() { this.#net.connect(1) } } new A().go()`}},
		{"a constructor's property", []string{"index.js", `function A() { this.net = require("net") } A.prototype.go = function () { this.net.connect(1) }; new A().go()`}},
		{"an inherited method", []string{"index.js", `class A { go() { require("net").connect(1) } } class B extends A {} new B().go()`}},
		{"a getter", []string{"index.js", `const o = { get net() { return require("net") } }; o.net.connect(1)`}},
		{"a promise", []string{"index.js", `new Promise(r => r(require("net"))).then(n => n.connect(1))`}},
		{"async and await", []string{"index.js", `async function f() { return require("net") } (async () => { (await f()).connect(1) })()`}},
		{"an array's callback", []string{"index.js", `[require("net")].forEach(n => n.connect(1))`}},
		{"Object.assign", []string{"index.js", `const o = Object.assign({}, require("net")); o.connect(1)`}},
		{"spread", []string{"index.js", `const o = { ...require("net") }; o.connect(1)`}},
		{"another module's export", []string{"index.js", `require("./a").net.connect(1)`, "a.js", `exports.net = require("net")`}},
		{"another module's function", []string{"index.js", `require("./a")(1)`, "a.js", `module.exports = x => require("net").connect(x)`}},
		{"a re-export", []string{"index.mjs", `import { n } from "./a.mjs"; n.connect(1)`, "a.mjs", `export { default as n } from "net"`, "package.json", `{"main":"index.mjs"}`}},
		{"export *", []string{"index.mjs", `import { n } from "./a.mjs"; n.connect(1)`, "a.mjs", `export * from "./b.mjs"`, "b.mjs", `import n from "net"; export { n }`, "package.json", `{"main":"index.mjs"}`}},
		{"__exportStar", []string{"index.js", `require("./a").n.connect(1)`, "a.js", `var __exportStar = (m, e) => { for (var p in m) e[p] = m[p] }; __exportStar(require("./b"), exports)`, "b.js", `exports.n = require("net")`}},
		{"Object.defineProperty with a getter", []string{"index.js", `require("./a").n.connect(1)`, "a.js", `const b = require("net"); Object.defineProperty(exports, "n", { enumerable: true, get: function () { return b } })`}},
		{"a UMD wrapper", []string{"index.js", `(function (g, f) { typeof exports === "object" ? module.exports = f(require("net")) : g.x = f(g.net) })(this, function (n) { n.connect(1) })`}},
		{"webpack 5", []string{"index.js", `(() => { var __webpack_modules__ = { 1: (module) => { module.exports = require("net") }, 2: (module, exports, __webpack_require__) => { __webpack_require__(1).connect(1) } }; var cache = {}; function __webpack_require__(id) { var m = cache[id] = { exports: {} }; __webpack_modules__[id](m, m.exports, __webpack_require__); return m.exports } __webpack_require__(2) })()`}},
		{"a name from + and join", []string{"index.js", `require(["n", "e"].join("") + "t")["con" + ["n", "ect"].join("")](1)`}},
		{"a template literal", []string{"index.js", "const e = 'et'; require(`n${e}`).connect(1)"}},
		{"base64", []string{"index.js", `require(Buffer.from("bmV0", "base64").toString()).connect(1)`}},
		{"base64 in a helper for several names", []string{"index.js", `const r = m => require(Buffer.from(m, "base64").toString()); r("ZnM="); r("bmV0").connect(1)`}},
		{"hex", []string{"index.js", `require(Buffer.from("6e6574", "hex").toString("utf8")).connect(1)`}},
		{"atob", []string{"index.js", `require(atob("bmV0")).connect(1)`}},
		{"String.fromCharCode", []string{"index.js", `require(String.fromCharCode(110, 101, 116)).connect(1)`}},
		{"numbers to text with map", []string{"index.js", `require([110, 101, 116].map(c => String.fromCharCode(c)).join("")).connect(1)`}},
		{"escapes", []string{"index.js", `require("\x6e\u0065\u{74}")["\x63onnect"](1)`}},
		{"reverse", []string{"index.js", `require("ten".split("").reverse().join("")).connect(1)`}},
		{"replace", []string{"index.js", `require("nXeXt".replace(/X/g, "")).connect(1)`}},
		{"slice and decodeURIComponent", []string{"index.js", `require(decodeURIComponent("%6eetwork").slice(0, 3)).connect(1)`}},
		{"an index into a list of names", []string{"index.js", `const names = ["fs", "net"]; require(names[1]).connect(1)`}},
		{"JSON.parse", []string{"index.js", `const c = JSON.parse('{"m":"net"}'); require(c.m).connect(1)`}},
		{"a JSON file", []string{"index.js", `require(require("./c.json").m).connect(1)`, "c.json", `{"m":"net"}`}},
		{"TypeScript", []string{"index.ts", `import * as net from "net"; enum E { A = 1 } const x: number = <any>E.A; (net as any).connect(x!)`, "package.json", `{"main":"index.ts"}`}},
		{"JSX", []string{"index.jsx", `const n = require("net"); function A() { n.connect(1); return null } export const b = <A x="1" />`, "package.json", `{"main":"index.jsx"}`}},
		{"a byte order mark and a hashbang", []string{"index.js", "\ufeff#!/usr/bin/env node\nrequire('net').connect(1)"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			found := calls(analyze(t, row.files...))
			context, ok := found["net.connect"]
			if !ok {
				t.Fatalf("net.connect is not found among %v", found)
			}
			if context&javascript.Unreachable != 0 {
				t.Errorf("contexts %v", context.Names())
			}
		})
	}
}

// TestEntryPoints: which files load with the package.
func TestEntryPoints(t *testing.T) {
	const connect = `require("net").connect(1)`
	for _, row := range []struct {
		name  string
		files []string
		want  string
	}{
		{"index.js", []string{"index.js", connect}, "launch"},
		{"main without extension", []string{"package.json", `{"main":"./lib/a"}`, "lib/a.js", connect}, "launch"},
		{"main is a folder", []string{"package.json", `{"main":"lib"}`, "lib/index.js", connect}, "launch"},
		{"module", []string{"package.json", `{"main":"m.js","module":"e.mjs"}`, "m.js", "1", "e.mjs", `import n from "net"; n.connect(1)`}, "launch"},
		{"browser", []string{"package.json", `{"main":"m.js","browser":{"./m.js":"./b.js"}}`, "m.js", "1", "b.js", connect}, "launch"},
		{"bin", []string{"package.json", `{"name":"x","bin":"./cli"}`, "cli", "#!/usr/bin/env node\n" + connect}, "launch"},
		{"exports with conditions", []string{"package.json", `{"exports":{".":{"import":"./a.mjs","require":{"node":"./b.cjs"}}}}`, "a.mjs", "1", "b.cjs", connect}, "launch"},
		{"exports with a pattern", []string{"package.json", `{"exports":{".":"./i.js","./f/*":"./f/*.js"}}`, "i.js", "1", "f/a.js", connect}, "launch"},
		{"imports", []string{"package.json", `{"main":"i.js","imports":{"#a":"./lib/a.js"}}`, "i.js", `require("#a")`, "lib/a.js", connect}, "launch"},
		{"its own name", []string{"package.json", `{"name":"x","main":"i.js","exports":{".":"./i.js","./a":"./lib/a.js"}}`, "i.js", "1", "lib/a.js", connect}, "launch"},
		{"a file nothing loads", []string{"index.js", "1", "test/a.js", connect}, "unreachable"},
		{"types are no code", []string{"package.json", `{"main":"i.js","types":"t.d.ts","exports":{".":{"types":"./t.d.ts","default":"./i.js"}}}`, "i.js", "1", "t.d.ts", "export declare const a: number", "x.js", connect}, "unreachable"},
		{"only when called", []string{"index.js", `exports.f = () => { ` + connect + ` }`}, "call"},
		{"loaded only when called", []string{"index.js", `exports.f = () => require("./a")`, "a.js", connect}, "call"},
		{"a prefix", []string{"index.js", `require("./commands/" + process.argv[2])`, "commands/a.js", connect}, "launch"},
		{"a worker thread", []string{"index.js", `const { Worker } = require("worker_threads"); new Worker(require("path").join(__dirname, "task.js"))`, "task.js", connect}, "launch"},
		{"postinstall", []string{"package.json", `{"scripts":{"postinstall":"node setup.js"}}`, "setup.js", connect}, "install"},
		{"postinstall without extension", []string{"package.json", `{"scripts":{"postinstall":"node ./setup"}}`, "setup.js", connect}, "install"},
		{"after &&", []string{"package.json", `{"scripts":{"install":"echo a && node setup.js || true"}}`, "setup.js", connect}, "install"},
		{"with a variable", []string{"package.json", `{"scripts":{"install":"A=1 node --max-old-space-size=99 setup.js; exit 0"}}`, "setup.js", connect}, "install"},
		{"node -e", []string{"package.json", `{"scripts":{"install":"node -e \"require('./setup')\""}}`, "setup.js", connect}, "install"},
		{"node -e itself", []string{"package.json", `{"scripts":{"install":"node -e \"require('net').connect(1)\""}}`}, "install"},
		{"npm run", []string{"package.json", `{"scripts":{"install":"npm run -s setup","setup":"node setup.js"}}`, "setup.js", connect}, "install"},
		{"yarn", []string{"package.json", `{"scripts":{"install":"yarn setup","setup":"node setup.js"}}`, "setup.js", connect}, "install"},
		{"a shell file", []string{"package.json", `{"scripts":{"install":"sh ./a.sh"}}`, "a.sh", "if true; then\n  node setup.js\nfi\n", "setup.js", connect}, "install"},
		{"an executable script", []string{"package.json", `{"scripts":{"install":"./setup"}}`, "setup", "#!/usr/bin/env node\n" + connect}, "install"},
		{"its own bin", []string{"package.json", `{"name":"x","bin":{"tool":"setup.js"},"main":"i.js","scripts":{"install":"tool"}}`, "i.js", "1", "setup.js", connect}, "install"},
		{"npx", []string{"package.json", `{"name":"x","bin":{"tool":"setup.js"},"main":"i.js","scripts":{"install":"npx tool"}}`, "i.js", "1", "setup.js", connect}, "install"},
		{"bash -c", []string{"package.json", `{"scripts":{"install":"bash -c 'node setup.js'"}}`, "setup.js", connect}, "install"},
		{"prepare does not run for a registry package", []string{"package.json", `{"scripts":{"prepare":"node setup.js"}}`, "setup.js", connect}, "unreachable"},
		{"a function that the install script hides its call of", []string{"package.json", `{"scripts":{"install":"node setup.js"}}`, "setup.js", `const o = { f() { ` + connect + ` } }; o[process.argv[2]]()`}, "install"},
	} {
		t.Run(row.name, func(t *testing.T) {
			facts := analyze(t, row.files...)
			context, ok := calls(facts)["net.connect"]
			if !ok || !slices.Contains(context.Names(), row.want) {
				t.Errorf("net.connect: %v in %v, want %s", ok, context.Names(), row.want)
			}
			for i := range facts.Uses {
				u := &facts.Uses[i]
				if u.API == "net.connect" && row.want != "unreachable" && len(u.Chain()) == 0 {
					t.Error("nothing says what leads there")
				}
			}
		})
	}
}

func TestChain(t *testing.T) {
	facts := analyze(t, "package.json", `{"scripts":{"postinstall":"node a.js"}}`, "a.js", "const b = require('./b')\nb.go()", "b.js", "exports.go = () => {\n  inner()\n}\nfunction inner() {\n  require('net').connect(1)\n}")
	for i := range facts.Uses {
		if u := &facts.Uses[i]; u.API == "net.connect" {
			if got, want := javascript.Steps(u.Chain()), "package.json scripts.postinstall → a.js:2 → b.js:2"; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if line, column := u.Position(); line != 5 || column != 18 {
				t.Errorf("at %d:%d", line, column)
			}
			return
		}
	}
	t.Error("net.connect is not found")
}

// TestUnparsableIsStillRead: what no parser takes is read as tokens.
func TestUnparsableIsStillRead(t *testing.T) {
	pkg := archive.New(map[string][]byte{"index.js": []byte("const net = require('net') @@@ \nnet.connect(80)\n// fs.unlink('x')\nvar fs = require('fs'); fs.unlinkSync('a')")})
	facts := javascript.Analyze(pkg, &npm.Manifest{}, everything{}, javascript.Options{})
	if len(facts.Unparsable) != 0 || len(facts.Blind) != 1 || facts.Blind[0].Line != 1 {
		t.Errorf("unparsable: %+v, blind: %+v", facts.Unparsable, facts.Blind)
	}
	var got []string
	for i := range facts.Uses {
		u := &facts.Uses[i]
		if u.Kind == javascript.UseCall {
			line, _ := u.Position()
			got = append(got, fmt.Sprintf("%s:%d %s", u.API, line, u.Certainty))
		}
	}
	if want := []string{"net.connect:2 text", "fs.unlinkSync:4 text"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCommands(t *testing.T) {
	for text, want := range map[string]string{
		`node a.js && npm run b; c || true`: "[node a.js] [npm run b] [c] [true]",
		`A=1 node "a b.js" 'c d'`:           "[node a b.js c d]",
		`curl https://x | sh -s`:            "[curl https://x] [sh -s]",
		`if [ -f x ]; then y; fi`:           "[[ -f x ]] [y]",
		`$(which node) x`:                   "[node x] [which node]",
		`echo "unclosed`:                    "[echo \"unclosed]",
		`(cd a && make) &`:                  "[cd a] [make]",
		``:                                  "",
	} {
		var got []string
		for _, c := range shell.Commands(text) {
			got = append(got, fmt.Sprint(c.Words))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %s, want %s", text, strings.Join(got, " "), want)
		}
	}
	if c := shell.Commands("curl x | sudo bash"); c[0].Piped != "bash" {
		t.Errorf("piped into %q", c[0].Piped)
	}
}

// TestEvaluatedTexts: eval sees the variables around it, and gives the value of the
// text's last statement; Function sees none of them.
func TestEvaluatedTexts(t *testing.T) {
	for _, row := range []struct {
		name, code string
		called     bool
	}{
		{"a variable around it", `const n = require("net"); eval("n.connect(1)")`, true},
		{"a parameter of the function around it", `(function (load) { eval("load('net').connect(1)") })(require)`, true},
		{"a variable of the function further out", `const n = require("net"); (() => { eval("n.connect(1)") })()`, true},
		{"in a text in a text", `const n = require("net"); eval("eval('n.connect(1)')")`, true},
		{"what it gives", `eval("require")("net").connect(1)`, true},
		{"a function that it gives", `(0, eval)("(function (load) { load('net').connect(1) })")(require)`, true},
		{"an assignment as the last statement", `const o = {}; eval("o.n = require('net')").connect(1)`, true},
		{"Function sees no variable", `const n = require("net"); new Function("n.connect(1)")()`, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := calls(analyze(t, "index.js", row.code))["net.connect"]
			if called := got&javascript.Launch != 0; called != row.called {
				t.Errorf("net.connect: %v", got.Names())
			}
		})
	}
}

// TestCalledAtLoad: what a class, an object and the language call when the package is
// loaded, and what they do not.
func TestCalledAtLoad(t *testing.T) {
	for _, row := range []struct {
		name, code string
		called     bool
	}{
		{"a class by its own name", `class A { static go() { A.dial() } static dial() { f() } } A.go()`, true},
		{"the static field of a class, by its name", `class A { static all = new A(); constructor() { f() } }`, true},
		{"the static field of a class", `class A { static all = f() }`, true},
		{"the field of a class that nobody makes", `exports.A = class { own = f() }`, false},
		{"the field of a class", `class A { own = f() } new A()`, true},
		{"the field of a class that another one extends", `class A { own = f() } class B extends A {} new B()`, true},
		{"a constructor by super", `class A { constructor(go) { go() } } class B extends A { constructor() { super(f) } } exports.A = A; exports.B = B; new B()`, true},
		{"a constructor that the class inherits", `class A { constructor(go) { go() } } class B extends A {} new B(f)`, true},
		{"the class that a static method is called on", `class A { static make() { return new this() } } class B extends A { constructor() { super(); f() } } B.make()`, true},
		{"a getter that is read", `const o = { get x() { f() } }; o.x`, true},
		{"a getter that is not read", `exports.o = { get x() { f() } }`, false},
		{"the getter of a class", `class A { get x() { f() } } new A().x`, true},
		{"a static getter", `class A { static get x() { f() } } A.x`, true},
		{"a getter that is copied", `const o = { get x() { f() } }; exports.o = { ...o }`, true},
		{"a getter by destructuring", `const { x } = { get x() { f() } }`, true},
		{"a setter", `const o = { set x(v) { f() } }; o.x = 1`, true},
		{"a setter that nobody sets", `exports.o = { set x(v) { f() } }`, false},
		{"toString in a template", "`${{ toString() { f() } }}`", true},
		{"toString of an object that stays one", `exports.o = { toString() { f() } }`, false},
		{"valueOf in a comparison", `({ valueOf() { f() } }) < 1`, true},
		{"valueOf where nothing is converted", `({ valueOf() { f() } }) === 1`, false},
		{"Symbol.toPrimitive", `+{ [Symbol.toPrimitive]() { f() } }`, true},
		{"an iterator in a loop", `for (const x of { *[Symbol.iterator]() { f() } });`, true},
		{"the next of an iterator", `for (const x of { [Symbol.iterator]() { return { next() { f() } } } });`, true},
		{"an iterator in a spread", `[...{ *[Symbol.iterator]() { f() } }]`, true},
		{"an iterator that nobody asks", `exports.o = { *[Symbol.iterator]() { f() } }`, false},
		{"what an iterator gives", `for (const x of { *[Symbol.iterator]() { yield f } }) x()`, true},
		{"a thenable", `(async () => { await { then() { f() } } })()`, true},
		{"what a thenable resolves to", `(async () => { (await { then(done) { done(f) } })() })()`, true},
		{"a reviver", `JSON.parse(process.argv[2], () => f())`, true},
		{"toJSON", `JSON.stringify({ toJSON() { f() } })`, true},
		{"what is thrown", `try { throw f } catch (e) { e() }`, true},
		{"what a function throws", `function g() { throw { f } } try { g() } catch ({ f }) { f() }`, true},
		{"an entry of an object", `for (const [k, v] of Object.entries({ f })) v()`, true},
		{"the value of a descriptor", `Object.getOwnPropertyDescriptor({ f }, "f").value()`, true},
		{"what descriptors define", `Object.defineProperties(exports, Object.getOwnPropertyDescriptors({ f })); exports.f()`, true},
		{"an object for another package", `require("other")({ f })`, false},
		{"a function for another package", `require("other")(f)`, true},
		{"an object for a built-in that looks", `Object.isFrozen({ f }); Array.isArray({ f }); console.log({ f })`, false},
		{"an object for one of Node's that calls", `new (require("stream").Readable)({ read() { f() } })`, true},
		{"the trap of a Proxy", `new Proxy({}, { get: () => f }).any()`, true},
		{"the target of a Proxy", `new Proxy({ f }, {}).f()`, true},
		{"a function behind a Proxy", `new Proxy(f, {})()`, true},
		{"a Proxy of itself", `let p = { f }; for (;;) p = new Proxy(p, { get: (t, k) => t[k] }); p.f(); p()`, true},
		{"what a Proxy stands for", `exports.p = new Proxy({ f }, {})`, false},
		{"a property by with", `with ({ g: f }) { g() }`, true},
		{"then of a promise of nothing", `Promise.resolve().then(() => f).then(g => g())`, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := calls(analyze(t, "index.js", "const f = () => require('net').connect(1); "+row.code))["net.connect"]
			if called := got&javascript.Launch != 0; called != row.called || got == 0 {
				t.Errorf("net.connect: %v", got.Names())
			}
		})
	}
}

// TestHiddenMember: a name that the code puts together hides a member of a module only
// where it can be one.
func TestHiddenMember(t *testing.T) {
	for code, want := range map[string]bool{
		"fs['read\\\nFile'](x)":      true,
		"fs['\\x72eadFile'](x)":      true,
		"fs['Content-\\\nLength']":   false,
		"fs['content-\\x74ype']":     false,
		"fs['readFile'](x)":          false,
		"fs['read' + 'File'](x)":     true,
		"fs['Content' + '-Length']":  false,
		"const {readFile: f} = fs;0": false,
	} {
		facts := analyze(t, "index.js", "const fs = require('fs')\n"+code)
		found := slices.ContainsFunc(facts.Uses, func(u javascript.Use) bool { return u.Kind == javascript.UseHidden })
		if found != want {
			t.Errorf("%q: %t", code, found)
		}
	}
}

// TestConstants: what a place is given, where Node's own functions made it.
func TestConstants(t *testing.T) {
	for code, want := range map[string][]string{
		`require("path").join("/.x", "")`:                 {"/.x"},
		`require("path").dirname("//..")`:                 {"//"},
		`require("path").normalize("a/../b", "c")`:        {"b"},
		`require("path").join("/a", x ? "b" : "../c")`:    {"/a/b", "/c"},
		`require("path").dirname(x ? "/a/b" : "/c/d")`:    {"/a", "/c"},
		`require("path").posix.relative("/a/b", "/a/c")`:  {"../c"},
		`require("path").dirname("/a/" + x + "/b")`:       {"/a/\ufffc"},
		`new URL("/b?c d", "HTTPS://H.test:443/a")`:       {"https://h.test/b?c%20d"},
		`new URL("b", "https://h.test/" + x)`:             {"https://h.test/b", "\ufffc"},
		`JSON.parse('{"a":"\\ud83d\\ude00"}').a`:          {"\U0001f600"},
		`JSON.parse('{"__proto__":{"a":"b"},"c":"d"}').c`: {"d"},
		`JSON.parse('{"a":"b",}').a`:                      nil, // it throws
		`require("./c.json").a`:                           {"b"},
		`require("util").deprecate(() => "a", "old")()`:   {"a"},
		`require("util").debuglog("a", () => "b")()`:      {"b"},
	} {
		facts := analyze(t, "index.js", "const x = process.argv[2]; fetch("+code+")", "c.json", "\ufeff{\"a\":\"b\"}")
		var got []string
		for i := range facts.Uses {
			if u := &facts.Uses[i]; u.API == "globalThis.fetch" && u.Kind&javascript.UseCall != 0 {
				got = u.Args[0].Texts()
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
}
