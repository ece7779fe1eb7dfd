package glob

import (
	"fmt"
	"math/rand/v2"
	"path"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	for _, test := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "a/b", true}, {"**", "a", true},
		{"@swc/*", "@swc/core", true}, {"@swc/*", "@swc", false}, {"@swc/*", "x@swc/a", false},
		{"a*b", "ab", true}, {"a*b", "aXb", true}, {"a*b", "a", false}, {"ab*ba", "aba", false}, {"ab*ba", "abba", true},
		{"a*b*c", "abc", true}, {"a*b*c", "acb", false}, {"*a*", "bab", true}, {"*b", "ab", true}, {"?", "a", false}, {"[a]", "a", false},
		{"*eslint*", "my-eslint-rule", true}, {"install/*", "install/script", true},
	} {
		if got := Text(test.pattern, test.text); got != test.want {
			t.Errorf("%q %q: %v", test.pattern, test.text, got)
		}
	}
}

func TestContains(t *testing.T) {
	for _, test := range []struct {
		text, pattern string
		want          bool
	}{
		{"cat /proc/1/cmdline", "/proc/*/cmdline", true}, {"/cmdline /proc/", "/proc/*/cmdline", false},
		{"abc", "", true}, {"abc", "b", true}, {"abc", "c*a", false}, {"aba", "ab*ba", false},
	} {
		if got := Contains(test.text, test.pattern); got != test.want {
			t.Errorf("%q %q: %v", test.text, test.pattern, got)
		}
	}
}

func TestPath(t *testing.T) {
	for _, test := range []struct {
		pattern, file string
		want          bool
	}{
		{"test/**", "test/a/package-lock.json", true}, {"test/**", "test", false}, {"test/**", "package-lock.json", false},
		{"/test/**/", "test/a", true}, {"**/fixtures/**", "fixtures/x", true}, {"**/fixtures/**", "a/b/fixtures/c", true},
		{"**/fixtures/**", "a/fixtures", false}, {"*/a", "b/a", true}, {"*/a", "c/b/a", false}, {"**", "a/b", true},
		{"a/**/b", "a/b", true}, {"a/**/b", "a/c/d/b", true}, {"a/**/**/b", "a/b", true}, {"*", ".hidden", true},
		{"{a,b}/c", "a/c", false}, {"{a,b}/c", "{a,b}/c", true}, {"a**/b", "ac/b", true}, {"a**/b", "a/c/b", false},
	} {
		if got := Path(test.pattern, test.file); got != test.want {
			t.Errorf("%q %q: %v", test.pattern, test.file, got)
		}
	}
}

// plainText is Text as its first sentence has it.
func plainText(pattern, s string) bool {
	switch {
	case pattern == "":
		return s == ""
	case pattern[0] == '*':
		return plainText(pattern[1:], s) || s != "" && plainText(pattern, s[1:])
	}
	return s != "" && s[0] == pattern[0] && plainText(pattern[1:], s[1:])
}

func plainPath(steps, names []string) bool {
	switch {
	case len(steps) == 0:
		return len(names) == 0
	case steps[0] == "**" && len(steps) == 1:
		return len(names) > 0
	case steps[0] == "**":
		return plainPath(steps[1:], names) || len(names) > 0 && plainPath(steps, names[1:])
	}
	return len(names) > 0 && plainText(steps[0], names[0]) && plainPath(steps[1:], names[1:])
}

func FuzzText(f *testing.F) {
	f.Add("a*b", "aXb")
	f.Add("*a*a*b", "aaaaaab")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 8 || len(text) > 16 {
			return
		}
		if got, want := Text(pattern, text), plainText(pattern, text); got != want {
			t.Errorf("Text(%q, %q): %v", pattern, text, got)
		}
		if got, want := Contains(text, pattern), plainText("*"+pattern+"*", text); got != want {
			t.Errorf("Contains(%q, %q): %v", text, pattern, got)
		}
		if got, want := Path(pattern, text), plainPath(strings.Split(strings.Trim(pattern, "/"), "/"), strings.Split(text, "/")); got != want {
			t.Errorf("Path(%q, %q): %v", pattern, text, got)
		}
	})
}

// TestTextEqualsPlain runs the fuzzer's comparison over all short texts.
func TestTextEqualsPlain(t *testing.T) {
	all := []string{""}
	for from := 0; len(all[from]) < 5; from++ {
		for _, c := range "ab*/" {
			all = append(all, all[from]+string(c))
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		pattern, text := all[random.IntN(len(all))], strings.ReplaceAll(all[random.IntN(len(all))], "*", "a")
		if got, want := Text(pattern, text), plainText(pattern, text); got != want {
			t.Fatalf("Text(%q, %q): %v", pattern, text, got)
		}
		if got, want := Path(pattern, text), plainPath(strings.Split(strings.Trim(pattern, "/"), "/"), strings.Split(text, "/")); got != want {
			t.Fatalf("Path(%q, %q): %v", pattern, text, got)
		}
	}
}

// FuzzName compares the machine, where it has no groups, with path.Match, and
// asks of every pattern that it is read and answered.
func FuzzName(f *testing.F) {
	for _, step := range []string{"a?[b-d]*", "*[!x]", "@(a|b)*", "!(a)b", "+(a|*(b))", "[", "+(a", "?(?(?(?(?(a)))))"} {
		f.Add(step, "abc")
	}
	f.Fuzz(func(t *testing.T, step, text string) {
		if len(step) > 200 || len(text) > 200 || strings.Contains(step, "/") {
			return
		}
		m, ok := compile(step)
		if !ok {
			return
		}
		got := m.match([]rune(text), true)
		if strings.ContainsAny(step, "[(\\") || strings.Contains(text, "/") || !utf8.ValidString(step) || !utf8.ValidString(text) {
			return
		}
		if want, err := path.Match(step, text); err == nil && got != want {
			t.Errorf("%q %q: %v", step, text, got)
		}
	})
}

func FuzzWorkspaces(f *testing.F) {
	f.Add("packages/*\n!packages/{a,b}\npackages/a", "packages/a")
	f.Add("**/!(x)\n./+(a|b)/", "a/b/c")
	f.Fuzz(func(_ *testing.T, patterns, folder string) {
		NewWorkspaces(strings.Split(patterns, "\n")).Match(folder)
	})
}

// TestHostile: the author of a pull request writes patterns and folders, and
// neither takes more than its length times the other's. What backtracks takes
// longer than the universe has.
func TestHostile(t *testing.T) {
	a := strings.Repeat("a", 4000)
	folders := strings.Repeat("a/", 2000) + "b"
	list := func(n int, of func(i int) string) (out []string) {
		for i := range n {
			out = append(out, of(i))
		}
		return out
	}
	for name, run := range map[string]func(){
		"stars in a text":        func() { Text(strings.Repeat("a*", 500_000)+"b", strings.Repeat("a", 1_000_000)) },
		"a piece nearly found":   func() { Text("*"+strings.Repeat("a", 50_000)+"b*", strings.Repeat("a", 1_000_000)) },
		"folders in a path":      func() { Path(strings.Repeat("**/a/", 60)+"c", strings.Repeat("a/", 20_000)+"b") },
		"stars in a name":        func() { NewWorkspaces([]string{strings.Repeat("*a", 2000) + "b"}).Match(a) },
		"letters in a name":      func() { NewWorkspaces([]string{strings.Repeat("*?", 2000) + "b"}).Match(a) },
		"folders in a workspace": func() { NewWorkspaces([]string{strings.Repeat("**/a/", 2000) + "c"}).Match(folders) },
		"braces":                 func() { NewWorkspaces([]string{strings.Repeat("{a,a}", 3000)}).Match(a) },
		"braces in braces":       func() { NewWorkspaces([]string{strings.Repeat("{a,", 5000) + strings.Repeat("}", 5000)}).Match(a) },
		"open braces":            func() { NewWorkspaces([]string{strings.Repeat("{", 100_000)}).Match(a) },
		"sequences":              func() { NewWorkspaces([]string{strings.Repeat("{1..1000}", 1000)}).Match(a) },
		"repeated groups":        func() { NewWorkspaces([]string{strings.Repeat("*(a|*(a|*(a)))", 200) + "b"}).Match(a) },
		"groups in groups":       func() { NewWorkspaces([]string{strings.Repeat("+(", 8000) + "a" + strings.Repeat(")", 8000)}).Match(a) },
		"open groups":            func() { NewWorkspaces([]string{strings.Repeat("+(", 8_000)}).Match(a) },
		"negated groups":         func() { NewWorkspaces([]string{strings.Repeat("!(b)", 2000)}).Match(a) },
		"open sets":              func() { NewWorkspaces([]string{strings.Repeat("[", 16_000)}).Match(a) },
		"a hundred thousand": func() {
			NewWorkspaces(list(100_000, func(i int) string { return fmt.Sprintf("packages/p%d", i) })).Match("a")
		},
		"twenty thousand stars": func() { NewWorkspaces(list(20_000, func(int) string { return "**/*a*b" })).Match(folders) },
		"negated and not": func() {
			NewWorkspaces(list(50_000, func(i int) string { return [...]string{"!**/a*b", fmt.Sprintf("a/b%d", i)}[i%2] })).Match(folders)
		},
	} {
		start := time.Now()
		run()
		took := time.Since(start)
		t.Logf("%s: %v", name, took.Round(time.Microsecond))
		if took > 20*time.Second {
			t.Errorf("%s takes %v", name, took)
		}
	}
}
