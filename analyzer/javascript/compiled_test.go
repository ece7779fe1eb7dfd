package javascript_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/lockwarden/lockwarden/analyzer/javascript"
)

// command is one in testdata/compiled/source: one of "load" is called when the
// package is loaded, one of "call" when somebody calls its exports.
var command = regexp.MustCompile(`\b(?:load|call) [a-z]+`)

// TestCompiled analyzes what TypeScript, Babel, esbuild, Rollup and webpack make of
// modules, three versions of each; testdata/compiled/make.mjs wrote it, with what
// Node calls when it loads the output. What Node calls is in the context launch,
// what it does not call is not.
//
// What is wrong today stands in testdata/compiled/open.tsv: compiler, case, command.
func TestCompiled(t *testing.T) {
	files, err := filepath.Glob("testdata/compiled/*.txtar")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d compilers, %v", len(files), err)
	}
	list, err := os.ReadFile("testdata/compiled/open.tsv")
	if err != nil {
		t.Fatal(err)
	}
	sources, err := filepath.Glob("testdata/compiled/source/*/*.js")
	if err != nil {
		t.Fatal(err)
	}
	written := map[string][]string{}
	for _, source := range sources {
		data, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(filepath.Dir(source))
		written[name] = append(written[name], command.FindAllString(string(data), -1)...)
	}
	open := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(string(list)), "\n") {
		if line != "" {
			open[line] = true
		}
	}
	compared := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		cases := map[string][]string{}
		loaded := map[string]string{}
		for _, f := range txtar.Parse(data).Files {
			name, path, _ := strings.Cut(f.Name, "/")
			if path == "loaded.txt" {
				loaded[name] = string(f.Data)
				continue
			}
			cases[name] = append(cases[name], path, string(f.Data))
		}
		compiler := strings.TrimSuffix(filepath.Base(file), ".txtar")
		for _, name := range slices.Sorted(maps.Keys(cases)) {
			t.Run(compiler+"/"+name, func(t *testing.T) {
				contexts := commandContexts(analyze(t, cases[name]...))
				text := strings.Join(cases[name], "\n")
				for _, command := range written[name] {
					if !strings.Contains(text, command) {
						continue // the compiler leaves out what nobody calls
					}
					compared++
					got, wrong := contexts[command], ""
					switch called := strings.Contains(loaded[name], command+"\n"); {
					case called && got&javascript.Launch == 0:
						wrong = fmt.Sprintf("%q is called on launch, got %v", command, got.Names())
					case !called && got&javascript.Launch != 0:
						wrong = fmt.Sprintf("%q is not called on launch, got %v", command, got.Names())
					case got == 0:
						wrong = fmt.Sprintf("%q is not seen", command)
					}
					key := compiler + "\t" + name + "\t" + command
					switch listed := open[key]; {
					case os.Getenv("LOCKWARDEN_OPEN") != "":
						if wrong != "" {
							fmt.Println("open\t" + key + "\t" + wrong)
						}
					case listed && wrong == "":
						t.Errorf("%q is right: take it out of open.tsv", command)
					case !listed && wrong != "":
						t.Error(wrong)
					}
					delete(open, key)
				}
			})
		}
	}
	if compared < 2000 {
		t.Errorf("only %d commands were compared", compared)
	}
	for key := range open {
		t.Errorf("there is no %q", key)
	}
}

// commandContexts are the contexts in which each constant command is started.
func commandContexts(facts *javascript.Facts) map[string]javascript.Context {
	out := map[string]javascript.Context{}
	for i := range facts.Uses {
		u := &facts.Uses[i]
		if u.Kind != javascript.UseCall || !strings.HasPrefix(u.API, "child_process.") || len(u.Args) == 0 {
			continue
		}
		for _, text := range u.Args[0].Texts() {
			out[text] |= u.Contexts()
		}
	}
	return out
}
