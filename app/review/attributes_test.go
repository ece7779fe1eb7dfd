package review

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// onDisk is a folder as a revision of files alone.
type onDisk struct {
	Revision
	dir string
}

func (d onDisk) Entry(_ context.Context, file string) (Entry, error) {
	switch info, err := os.Lstat(filepath.Join(d.dir, file)); {
	case err != nil:
		return Entry{}, nil
	case info.IsDir():
		return Entry{Kind: Folder}, nil
	}
	return Entry{Kind: File}, nil
}

func (d onDisk) Bytes(_ context.Context, file string, _ int64) ([]byte, error) {
	return os.ReadFile(filepath.Join(d.dir, file))
}

// TestAttributesAreGits asks git what the lines of drawn .gitattributes give to
// files.
func TestAttributesAreGits(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	patterns := []string{"*", "*.json", ".npmrc", "/.npmrc", "web/.npmrc", "web/*", "**/.npmrc", "web/**", "a/**/package.json", "**/b/*", "pack[a-c]ge.json",
		"pack[!x]ge.json", "p?ckage.json", "web/", "!x", `"package.json"`, `"p\\141ckage.json"`, `\.npmrc`, "PACKAGE.json", "a/b", "*/package.json", "**", "/**", "a**n",
		"[attr]enc", "[attr]off", "# comment", "package.json#x", "/package.json", "./package.json", "a/b/package.json", "b/package.json", "*.js*", ".n*"}
	words := []string{"enc", "-enc", "!enc", "off", "-off", "working-tree-encoding=UTF-7", "working-tree-encoding=UTF-8", "-working-tree-encoding", "!working-tree-encoding",
		"filter=x", "-filter", "filter=lfs", "ident", "-ident", "!ident", "binary", "text=auto", "eol=lf"}
	files := []string{".npmrc", "package.json", "web/.npmrc", "web/package.json", "a/b/package.json", "a/b/.npmrc", "a/package.json", "Package.json"}
	names := []string{"working-tree-encoding", "filter", "ident", "text", "eol"}
	rng := rand.New(rand.NewPCG(1, 2))
	dir := t.TempDir()
	git := func(args ...string) []byte {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C"}
		cmd.Stderr = &bytes.Buffer{}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("git %v: %v %s", args, err, cmd.Stderr)
		}
		return out
	}
	git("init", "-q")
	git("config", "core.ignorecase", "true")
	for _, file := range files {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(file)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 150 {
		texts := map[string]string{}
		for _, folder := range []string{"", "web/", "a/", "a/b/"} {
			var b strings.Builder
			for range rng.IntN(6) {
				b.WriteString(patterns[rng.IntN(len(patterns))])
				for range 1 + rng.IntN(3) {
					b.WriteString(" \t"[rng.IntN(2):][:1] + words[rng.IntN(len(words))])
				}
				b.WriteString([]string{"\n", "\r\n"}[rng.IntN(2)])
			}
			texts[folder] = b.String()
			if err := os.WriteFile(filepath.Join(dir, folder, ".gitattributes"), []byte(b.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want := map[string]string{}
		out := git(append(append([]string{"check-attr", "-z"}, names...), append([]string{"--"}, files...)...)...)
		fields := strings.Split(string(out), "\x00")
		for i := 0; i+2 < len(fields); i += 3 {
			want[fields[i]+" "+fields[i+1]] = fields[i+2]
		}
		a, err := newAttributes(context.Background(), onDisk{dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			given, err := a.file(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range names {
				got := "unspecified"
				if one, ok := given[name]; ok && one.value != "" {
					got = map[string]string{"true": "set", "false": "unset"}[one.value]
					if got == "" {
						got = one.value
					}
				}
				if got != want[file+" "+name] {
					t.Fatalf("%d: %s of %s is %s, and here %s: %s", n, name, file, want[file+" "+name], got, fmt.Sprintf("%q", texts))
				}
			}
		}
	}
}
