package lockfile_test

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/lockfile"
)

// TestFlagsDoubted: a word that would make a package count less is doubted where
// the project needs the package, and never in what npm itself wrote.
func TestFlagsDoubted(t *testing.T) {
	files, err := filepath.Glob("testdata/clients/npm-*/*/package-lock.json")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	words := func(file, text string) (out []string) {
		lock, err := lockfile.Parse(path.Base(file), []byte(text), lockfile.Options{Project: os.DirFS(filepath.Dir(file))})
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, o := range lock.Oddities {
			if o.Kind == lockfile.OddFlags {
				out = append(out, o.What+" "+o.Says)
			}
		}
		return out
	}
	for _, file := range files {
		if got := words(file, string(read(t, file))); got != nil {
			t.Errorf("%s, as npm wrote it: %v", file, got)
		}
	}
	file := "testdata/clients/npm-12.2.2/plain/package-lock.json"
	text := string(read(t, file))
	for _, word := range []string{"dev", "optional", "peer"} {
		const entry = `"node_modules/iota": {`
		lie := strings.Replace(text, entry, entry+` "`+word+`": true,`, 1)
		if got := words(file, lie); len(got) != 1 || got[0] != "iota@1.0.0 "+word {
			t.Errorf("%s: %v", word, got)
		}
	}
}
