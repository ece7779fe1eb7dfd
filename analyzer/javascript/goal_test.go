package javascript_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/npm"
)

// TestGoals: code is what it is where it is loaded, and a comment where it is
// one. Each row calls net.connect at the place that ends in "net.connect".
func TestGoals(t *testing.T) {
	for _, row := range []struct {
		name  string
		files []string
	}{
		{"new.target at the top", []string{"index.js", "new.target\nconst net = require('net'); net.connect(1)"}},
		{"new.target after a hashbang", []string{"index.js", "#!/usr/bin/env node\nnew.target; const net = require('net'); net.connect(1)"}},
		{"await is a variable", []string{"index.js", "var await = 1; const net = require('net')\nnet.connect(1)"}},
		{"await is the function", []string{"index.js", "var await = require('net').connect\nawait(1)"}},
		{"await is a parameter", []string{"index.js", "new.target; (await => {\nawait(1) })(require('net').connect)"}},
		{"a bundler awaits what Node calls", []string{"index.js", "const net = await (import('net'))\nnet.connect(1)"}},
		{"await is divided", []string{"index.js", "const net = require('net'), g = 1\nawait / net.connect(1) /g"}},
		{"await is a label", []string{"index.js", "await: for (;;) break await\nconst net = require('net'); net.connect(1)"}},
		{"the function's arguments", []string{"index.js", "const net = arguments[1]('net'); net.connect(1)"}},
		{"the function's arguments, in an arrow", []string{"index.js", "const net = (() => arguments[1])()('net'); net.connect(1)"}},
		{"the function's arguments, of a body", []string{"index.js", "new.target; const net = arguments[1]('net'); net.connect(1)"}},
		{"a body in a class", []string{"index.js", "var await; class A { m() { const net = require('net'); net.connect(1) } } new A().m()"}},
		{"an HTML comment", []string{"index.js", "<!-- x\nnew.target; const net = require('net'); net.connect(1)\n--> y"}},
		{"no HTML comment in a module", []string{"index.mjs", "import net from 'net'; let a = 1, b = 1\na<!--b, net.connect(1)"}},
		{"no HTML comment in an .mjs that says nothing", []string{"index.mjs", "let net = process.getBuiltinModule('net'), a = 1, b = 1\na<!--b, net.connect(1)"}},
		{"no HTML comment in a package of modules", []string{"index.js", "let net = process.getBuiltinModule('net'), a = 1\nfor (;a<!--a;) net.connect(1)",
			"package.json", `{"main": "index.js", "type": "module"}`}},
		{"no HTML comment in a folder of modules", []string{"index.js", "import('./m/n/a.js')", "m/package.json", `{"type": "module"}`,
			"m/n/a.js", "let net = process.getBuiltinModule('net'), a = 1\na<!--a<!--a, net.connect(1)"}},
		{"no HTML comment where a module is found", []string{"index.js", "import net from 'net'; let a = 1\na<!--a, net.connect(1, `<!--`, '<!--')"}},
		{"CommonJS in a package of modules", []string{"index.cjs", "new.target; let await = 1; const net = require('net'); net.connect(1)", "package.json", `{"main": "index.cjs", "type": "module"}`}},
		{"letters newer than the parser", []string{"index.js", "var \u1c8a = require('net')\n\\u1c8a.connect(1)"}},
		{"a rule that Node has not", []string{"index.js", "() => { f() = 1 }\nconst net = require('net'); net.connect(1)"}},
		{"a text with a function's new.target", []string{"index.js", "new Function(\"new.target; require('net').connect(1)\")()"}},
		{"a text with a generator's yield", []string{"index.js", "new GeneratorFunction(\"yield 1; with (x) require('net').connect(1)\"); eval(\"yield 1; with (x) require('net').connect(1)\")"}},
		{"a text that needs super", []string{"index.js", "({ m() { eval(\"super.x; require('net').connect(1)\") } }).m()"}},
		{"lines that end in other ways", []string{"index.js", "new.target\rvar a\u2028var await; const net = require('net'); net.connect(1)"}},
		{"the format of a .cts", []string{"index.cts", "var await: number = 1; const net = require('net'); net.connect(1)", "package.json", `{"main": "index.cts"}`}},
	} {
		t.Run(row.name, func(t *testing.T) {
			facts := analyze(t, row.files...)
			if calls(facts)["net.connect"]&javascript.Launch == 0 {
				t.Fatalf("net.connect is not called: %v", calls(facts))
			}
			for i := range facts.Uses {
				u := &facts.Uses[i]
				if u.API != "net.connect" || u.Kind&javascript.UseCall == 0 {
					continue
				}
				line, column := u.Position()
				text := row.files[slices.Index(row.files, u.File())+1]
				at := strings.Split(text, "\n")[line-1][column-1:]
				if !strings.HasPrefix(at, "connect") && !strings.HasPrefix(at, "net.connect") && !strings.HasPrefix(at, "await(1)") && column != 1 {
					t.Errorf("it is shown at %q", at)
				}
			}
		})
	}
}

// TestCommentsAreNoCode: what Node takes for a comment is none of the code.
func TestCommentsAreNoCode(t *testing.T) {
	for _, text := range []string{
		"<!-- require('net').connect(1)",
		"new.target <!-- require('net').connect(1)",
		"new.target\n--> require('net').connect(1)",
		"--> require('net').connect(1)",
		"var await; /*\n*/ --> require('net').connect(1)",
		"#!x; require('net').connect(1)\nnew.target",
	} {
		if c := calls(analyze(t, "index.js", text)); c["net.connect"] != 0 {
			t.Errorf("%q calls net.connect", text)
		}
	}
}

// TestUnread: a script that no parser reads, or that a limit keeps from being
// parsed, is a blind spot in the contexts in which it would run.
func TestUnread(t *testing.T) {
	const broken, package_ = "var a = ;; require('net').connect(1)", "package.json"
	deep := strings.Repeat("[", 2000)
	for _, row := range []struct {
		name  string
		files []string
		want  string
	}{
		{"main", []string{"index.js", broken}, "file index.js:1 launch"},
		{"a line", []string{"index.js", "\n\nvar a = ;;"}, "file index.js:3 launch"},
		{"a lifecycle script", []string{package_, `{"scripts": {"postinstall": "node a.js"}}`, "a.js", broken}, "file a.js:1 install"},
		{"what main loads", []string{"index.js", "require('./a')", "a.js", broken}, "file a.js:1 launch"},
		{"what a function loads", []string{"index.js", "exports.f = () => require('./a')", "a.js", broken}, "file a.js:1 call"},
		{"in two contexts", []string{package_, `{"scripts": {"postinstall": "node a.js"}}`, "index.js", "require('./a')", "a.js", broken}, "file a.js:1 install launch"},
		{"what is started", []string{"index.js", "require('child_process').fork('./a.js')", "a.js", broken}, "file a.js:1 launch"},
		{"what a broken one loads", []string{"index.js", "require('./a'); function (", "a.js", "require('./b'); ;]", "b.js", "var ;"},
			"file a.js:1 launch, file b.js:1 launch, file index.js:1 launch"},
		{"nothing loads it", []string{"index.js", "1", "test/a.js", broken}, "unparsable test/a.js:1"},
		{"a name is not a load", []string{"index.js", "console.log('./test/a.js')", "test/a.js", broken}, "unparsable test/a.js:1"},
		{"a type is not a load", []string{"index.js", "1", "a.ts", "let a: = 1"}, "unparsable a.ts:1"},
		{"an inline program", []string{package_, "{\n\"scripts\": {\n\"postinstall\": \"node -e 'var a = ;'\"}}"}, "file package.json:3 install"},
		{"a deep inline program", []string{package_, `{"scripts": {"postinstall": "node -e '` + deep + `'"}}`}, "file package.json:1 install"},
		{"too deep", []string{"index.js", deep}, "file index.js:1 launch"},
		{"too deep and not loaded", []string{"index.js", "1", "a.js", deep}, "incomplete a.js:1"},
		{"too many operators", []string{"index.js", strings.Repeat("!", 3000) + "1"}, "file index.js:1 launch"},
		{"too large", []string{"index.js", "//" + strings.Repeat(" ", 24<<20)}, "file index.js:1 launch"},
		{"too many comments that are none", []string{"index.mjs", "let a = 1\na" + strings.Repeat("<!--a", 40), package_, `{"main": "index.mjs"}`}, "file index.mjs:1 launch"},
		{"a text that is no program", []string{"index.js", "\neval('var a = ;; b()')"}, "code index.js:2 launch"},
		{"a deep text", []string{"index.js", "\neval('" + deep + ".x')"}, "file index.js:2 launch"},
		{"not if nothing runs the text", []string{"index.js", "1", "a.js", "eval('var a = ;; b()')"}, ""},
		{"all read", []string{"index.js", "require('./a')", "a.js", "new.target"}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := map[string][]byte{}
			for i := 0; i < len(row.files); i += 2 {
				m[row.files[i]] = []byte(row.files[i+1])
			}
			manifest := &npm.Manifest{Gypfile: true}
			if data, ok := m[package_]; ok {
				var err error
				if manifest, err = npm.ParseManifest(data); err != nil {
					t.Fatal(err)
				}
			}
			facts := javascript.Analyze(archive.New(m), manifest, everything{}, javascript.Options{})
			var got []string
			for _, b := range facts.Blind {
				if b.Kind == javascript.BlindFile || b.Kind == javascript.BlindCode {
					got = append(got, fmt.Sprintf("%s %s:%d %s", b.Kind, b.File, b.Line, strings.Join(b.Contexts.Names(), " ")))
				}
			}
			for _, p := range facts.Unparsable {
				got = append(got, fmt.Sprintf("unparsable %s:%d", p.File, p.Line))
			}
			for _, p := range facts.Incomplete {
				got = append(got, fmt.Sprintf("incomplete %s:%d", p.File, p.Line))
			}
			if said := strings.Join(got, ", "); said != row.want {
				t.Errorf("got %q, want %q", said, row.want)
			}
		})
	}
}

// TestSkippedFiles: what killed a worker, and what was not kept in memory, is a
// blind spot where it would run, and incomplete elsewhere.
func TestSkippedFiles(t *testing.T) {
	pkg := archive.New(map[string][]byte{"index.js": []byte("require('./a'); require('./b')"), "a.js": []byte("1"), "b.js": []byte("1"), "c.js": []byte("1")})
	pkg.File("b.js").Skipped = "b is too large"
	facts := javascript.Analyze(pkg, &npm.Manifest{}, everything{}, javascript.Options{Skip: map[string]string{"a.js": "a killed it", "c.js": "c killed it"}})
	want := []javascript.Blind{
		{Kind: javascript.BlindFile, File: "a.js", Line: 1, Contexts: javascript.Launch, What: "a killed it"},
		{Kind: javascript.BlindFile, File: "b.js", Line: 1, Contexts: javascript.Launch, What: "b is too large"},
	}
	if !slices.Equal(facts.Blind, want) {
		t.Errorf("blind: %+v", facts.Blind)
	}
	if len(facts.Incomplete) != 1 || facts.Incomplete[0].File != "c.js" || facts.Incomplete[0].Reason != "c killed it" {
		t.Errorf("incomplete: %+v", facts.Incomplete)
	}
}

// TestAwaitInField: in the value of a field, await is a name to Node and an
// operator to the parser, so that a division looks like a pattern.
func TestAwaitInField(t *testing.T) {
	for text, read := range map[string]bool{
		"globalThis.await = 1; async function f() { class A { static x = await / evil() / 1 } }":  false,
		"globalThis.await = 1; async function f() { class A { static x = await / evil() /g } }":   false,
		"async () => { (class { x = await })}":                                                    false,
		"async () => { (class { x = async () => await 1; async m() { await 1 } [await 1] = 1 })}": true,
		"class A { x = await /1/g }": true, // the name: no function around
	} {
		facts := javascript.Analyze(archive.New(map[string][]byte{"index.js": []byte(text)}), &npm.Manifest{}, everything{}, javascript.Options{})
		if (len(facts.Blind) == 0) != read {
			t.Errorf("%s: %+v", text, facts.Blind)
		}
	}
}

// TestWordsOfUnread: what words say about a script that is not read counts where
// it would run.
func TestWordsOfUnread(t *testing.T) {
	facts := javascript.Analyze(archive.New(map[string][]byte{
		"index.js": []byte("exports.f = () => require('./a')"),
		"a.js":     []byte("]\nrequire('net').connect(1); const net = require('net'); net.connect(80); require('./b')"),
		"b.js":     []byte("require('fs').unlinkSync('x')"),
	}), &npm.Manifest{}, everything{}, javascript.Options{})
	for api, certainty := range map[string]javascript.Certainty{"net.connect": javascript.Textual, "fs.unlinkSync": javascript.Certain} {
		found := false
		for i := range facts.Uses {
			u := &facts.Uses[i]
			found = found || u.API == api && u.Certainty == certainty && u.Contexts() == javascript.Call
		}
		if !found {
			t.Errorf("%s is not found on call", api)
		}
	}
}
