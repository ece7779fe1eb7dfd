package review_test

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// checkedOut lets git write a file that it has, beside a .gitattributes.
func checkedOut(t *testing.T, file, text, given string) []byte {
	t.Helper()
	dir := t.TempDir()
	git := func(in string, args ...string) string {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Env, cmd.Stdin = dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1"}, strings.NewReader(in)
		out, err := cmd.Output()
		if err != nil && args[0] != "checkout-index" {
			t.Fatalf("git %v: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	git("", "init", "-q")
	git("", "config", "filter.x.smudge", "tr a-z b-za")
	if err := os.WriteFile(filepath.Join(dir, ".gitattributes"), []byte(given), 0o600); err != nil {
		t.Fatal(err)
	}
	id := git(text, "hash-object", "-w", "--stdin", "--no-filters")
	git("", "update-index", "--add", "--cacheinfo", "100644,"+id+","+file)
	git("", "checkout-index", "-a")
	data, _ := os.ReadFile(filepath.Join(dir, file))
	return data
}

// TestCheckout: what git writes with other bytes than it has, but for the ends of
// lines, is said.
func TestCheckout(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	const text = "# $Id$ b\nregistry＝a\n"
	for given, differs := range map[string]bool{
		"* working-tree-encoding=UTF-16":               true,
		"* working-tree-encoding=UTF-7":                true,
		"* working-tree-encoding=ASCII//TRANSLIT":      true,
		".npmrc working-tree-encoding=UTF-16LE-BOM":    true,
		"/.np* text working-tree-encoding=utf-16le":    true,
		"* working-tree-encoding":                      true, // git ends there
		"* ident":                                      true,
		"* filter=x":                                   true,
		"[attr]own working-tree-encoding=UTF-7\n* own": true,
		"* working-tree-encoding=UTF-8":                false,
		"* -working-tree-encoding":                     false,
		"* working-tree-encoding=":                     false,
		"* text=auto":                                  false,
		"* text eol=crlf":                              false,
		"* eol=lf":                                     false,
		"* -text":                                      false,
		"* binary":                                     false,
		"* -diff -merge linguist-generated=true":       false,
		"* merge=union whitespace=cr-at-eol":           false,
		"* encoding=UTF-16":                            false,
		"*.ps1 working-tree-encoding=UTF-16":           false,
		"*.psd filter=lfs diff=lfs merge=lfs -text":    false,
		"* -ident":                                     false,
		"* ident\n.npmrc -ident":                       false,
		"# * working-tree-encoding=UTF-16":             false,
	} {
		got := bytes.ReplaceAll(checkedOut(t, ".npmrc", text, given+"\n"), []byte("\r\n"), []byte("\n"))
		if is := string(got) != text; is != differs {
			t.Errorf("%q: git writes %q", given, got)
		}
		for says, both := range map[string][2]tree{
			"the attributes come":      {{".npmrc": text}, {".npmrc": text, ".gitattributes": given + "\n"}},
			"the file changes":         {{".npmrc": "", ".gitattributes": given + "\n"}, {".npmrc": text, ".gitattributes": given + "\n"}},
			"in a folder":              {{"web/.npmrc": text}, {"web/.npmrc": text, "web/.gitattributes": strings.ReplaceAll(given, "/.np", ".np") + "\n"}},
			"nothing of it changes":    {{".npmrc": text, ".gitattributes": given + "\n"}, {".npmrc": text, ".gitattributes": given + "\n", "x": "x"}},
			"the attributes get lines": {{".npmrc": text, ".gitattributes": given + "\n"}, {".npmrc": text, ".gitattributes": given + "\n*.png binary\n"}},
		} {
			want := differs && !strings.HasPrefix(says, "nothing") && !strings.HasSuffix(says, "lines") &&
				!(says == "in a folder" && strings.Contains(given, "[attr]")) // git reads those at the top alone
			said := false
			for _, line := range saidOf(t, both) {
				said = said || strings.Contains(line, "project/settings-unread opened") || strings.Contains(line, "other bytes")
			}
			if said != want {
				t.Errorf("%q, %s: said %v", given, says, said)
			}
		}
	}
	// A lockfile, and code under a name of its own.
	old := tree{"package-lock.json": lockOf("a@1.0.0"), "pnpm-workspace.yaml": "pnpmfile: p.cjs\n", "p.cjs": "1"}
	now := maps.Clone(old)
	now[".gitattributes"] = "*.json working-tree-encoding=UTF-7\n"
	holds(t, said(t, old, now), []string{".gitattributes:1 scan/incomplete .gitattributes:1 sets working-tree-encoding=UTF-7"})
	now = maps.Clone(old)
	now[".gitattributes"], now["p.cjs"] = "*.cjs working-tree-encoding=UTF-7\n", "2"
	holds(t, said(t, old, now), []string{"p.cjs:1 project/code-on-install", ".gitattributes:1 project/settings-unread opened p.cjs"})
	// A .gitattributes that nobody can have.
	now = tree{".npmrc": "a=b\n", ".gitattributes": "# " + strings.Repeat("x", 16<<20)}
	holds(t, said(t, tree{".npmrc": "a=b\n"}, now), []string{".gitattributes:1 scan/incomplete the file has more than 16 MiB"})
	// What took it back goes.
	old = tree{".npmrc": "a=b\n", ".gitattributes": "* working-tree-encoding=UTF-16\n.npmrc -working-tree-encoding\n"}
	now = tree{".npmrc": "a=b\n", ".gitattributes": "* working-tree-encoding=UTF-16\n"}
	holds(t, said(t, old, now), []string{".gitattributes:1 project/settings-unread opened .npmrc"})
}

func saidOf(t *testing.T, both [2]tree) []string { return said(t, both[0], both[1]) }
