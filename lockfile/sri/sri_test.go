package sri

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var (
	digestA = strings.Repeat("A", 86) + "=="
	digestB = strings.Repeat("B", 85) + "A=="
)

// strange are integrity strings that somebody could write to make two readers see
// different things.
var strange = func() []string {
	a, b := digestA, digestB
	list := []string{
		"", " ", "garbage", "sha512-" + a, "sha512-" + a + " sha512-" + b, "sha512-" + b + " sha512-" + a,
		"sha512-" + a + " sha512-" + a, "sha512-" + a + " sha1-" + b, "sha1-" + b + " sha512-" + a,
		"sha1-" + a + " sha1-" + b + " sha512-" + a, "sha1-" + a + " sha1-" + b, "sha384-" + a + " sha256-" + b,
		"sha224-" + a + " sha1-" + b, "md5-" + a + " sha1-" + b, "md5-" + a, "sha256-" + a + " sha224-" + b,
		"SHA512-" + a + " sha512-" + b, "Sha512-" + a, "sha512-" + a + "?foo", "sha512-" + a + "?foo sha512-" + a + "?bar",
		"sha512-" + a + "?foo?bar sha512-" + b, "sha512-?x sha512-" + a, "sha512- sha512-" + a, "sha512 sha512-" + a,
		"sha512-" + a + "-" + b, "sha512-256-" + a, "sha512-224-" + a + " sha512-" + a, "sha3-512-" + a + " sha512-" + b,
		"sha512--" + a, "-" + a + " sha1-" + b, "?sha512-" + a, "x?sha512-" + a, "sha512-" + strings.TrimRight(a, "="),
		"sha512-" + strings.TrimRight(a, "=") + " sha512-" + a, "sha512-" + strings.ReplaceAll(a, "A", "-"), "sha512-" + a + ",sha512-" + b,
		"sha512-" + a + ";sha512-" + b, "blake2b512-" + a, "blake2b512-" + a + " sha1-" + b, "blake2b512-" + a + " blake2s256-" + b,
		"sm3-" + a + " md5-" + b, "foo-" + a + " sha512-" + b, "sha512-é" + a, "sha512-" + a + "é", "sha512-\U0001F600", "sha512-" + a + "\x00sha512-" + b,
		"sha0-" + a + " sha512-" + b, "sha512=" + a, "toString-" + a, "constructor-" + a + " sha512-" + b, "__proto__-" + a + " sha512-" + b,
	}
	for _, space := range []string{"\t", "\n", "\r", "\v", "\f", "\u00a0", "\u0085", "\u1680", "\u180e", "\u2003", "\u200b", "\u2028", "\u2029",
		"\u202f", "\u205f", "\u2060", "\u3000", "\ufeff", "\x1c", "\x1f"} {
		list = append(list, "sha512-"+a+space+"sha512-"+b, space+"sha512-"+a, "sha512-"+a+space)
	}
	return list
}()

// TestAsSSRI: npm's own ssri picks the same hashes of every string.
func TestAsSSRI(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node here")
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("no npm here")
	}
	if npm, err = filepath.EvalSymlinks(npm); err != nil {
		t.Fatal(err)
	}
	reader := filepath.Join(filepath.Dir(filepath.Dir(npm)), "node_modules", "ssri")
	if _, err := os.Stat(reader); err != nil {
		t.Skip("npm has no ssri where it is looked for: ", err)
	}
	const program = `const ssri = require(process.argv[1])
const list = JSON.parse(require('fs').readFileSync(0, 'utf8'))
console.log(JSON.stringify(list.map(s => {
  const found = ssri.parse(s)
  if (!found) return []
  const algorithm = found.pickAlgorithm()
  return [...new Set(found[algorithm].map(h => algorithm + '-' + h.digest))]
})))`
	in, err := json.Marshal(strange)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "-e", program, reader)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want [][]string
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	for i, s := range strange {
		got := []string{}
		for _, h := range Strongest(s) {
			got = append(got, h.String())
		}
		if !reflect.DeepEqual(got, want[i]) {
			t.Errorf("%q: %q, ssri picks %q", s, got, want[i])
		}
	}
}

func TestAmbiguous(t *testing.T) {
	a, b := "sha512-"+digestA, "sha512-"+digestB
	for s, want := range map[string]struct {
		ambiguous bool
		sum       string
	}{
		a:                         {false, a},
		a + " " + a + "?x":        {false, a},
		a + " sha1-" + digestB:    {false, a},
		a + " " + b:               {true, ""},
		b + "\ufeff" + a:          {true, ""},
		"sha1-" + digestA:         {false, ""},
		"sha1-x sha1-y":           {true, ""},
		"sha1-x sha1-y " + a:      {false, a},
		"":                        {false, ""},
		"nothing-that is-an algo": {false, ""},
	} {
		if got := Ambiguous(s); got != want.ambiguous || SHA512(s) != want.sum {
			t.Errorf("%q: %v %q", s, got, SHA512(s))
		}
	}
}
