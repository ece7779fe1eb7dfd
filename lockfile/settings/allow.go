package settings

import (
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// buildList is one of pnpm's lists of packages that may or may not run
// scripts.
type buildList struct {
	camel, kebab string
	// deny reports whether the list names those that may not.
	deny bool
	// by are the releases that read it at all.
	by client
}

var buildLists = []buildList{
	{"onlyBuiltDependencies", "only-built-dependencies", false, pnpm9 | pnpm10},
	{"onlyBuiltDependenciesFile", "only-built-dependencies-file", false, pnpm9 | pnpm10},
	{"neverBuiltDependencies", "never-built-dependencies", true, pnpm9 | pnpm10},
	{"ignoredBuiltDependencies", "ignored-built-dependencies", true, pnpm10},
}

// script says that the scripts of a package, or of those that a pattern names,
// may run or not. "a@1 || 2" is two of them.
func (r *reader) script(by client, pattern string, allow bool, key string, line int) {
	value := "deny"
	if allow {
		value = "allow"
	}
	versions := strings.Split(pattern, "||")
	name := ""
	for i, one := range versions {
		one = strings.TrimSpace(one)
		if i == 0 {
			name = packageOf(one)
		} else if !strings.HasPrefix(one, name+"@") {
			one = name + "@" + one
		}
		r.say(by, "scripts", strings.TrimSuffix(one, "@*"), key, value, value, line)
	}
}

// packageOf is the name in "name@version": all before an @ that begins no
// scope.
func packageOf(pattern string) string {
	for i := 1; i < len(pattern); i++ {
		if pattern[i] == '@' && pattern[i-1] != '/' {
			return pattern[:i]
		}
	}
	return pattern
}

// present says that a list exists, which by itself changes what happens to
// packages that no list names.
func (r *reader) present(by client, listName, key string, items, line int) {
	shown := "a list"
	if items == 0 {
		shown = "[]"
	}
	r.say(by, "scripts-list", listName, key, "present", shown, line)
}

// builds reads one of buildLists.
func (r *reader) builds(b buildList, key string, v *document.Value, line int, by client) {
	by &= b.by
	if v.Kind == document.Null || by == 0 {
		return
	}
	r.present(by, b.camel, key, len(v.Items)+len(v.Text), line)
	if b.camel == "onlyBuiltDependenciesFile" {
		r.say(by, "scripts-file", "", key, v.Text, v.Text, line)
		return
	}
	before := len(r.s.Statements)
	for _, item := range v.Items {
		if item.IsScalar() {
			r.script(by, item.Text, !b.deny, key, item.Line)
		}
	}
	r.within(before, line)
}

// within says that the statements since then are items of one setting.
func (r *reader) within(before, line int) {
	for i := before; i < len(r.s.Statements); i++ {
		r.s.Statements[i].Setting = line
	}
}

// decisions reads a map of packages to true or false. Other values decide
// nothing, but all words that YAML 1.1 has for true are taken as it: pnpm 12
// does. So are those in quotes, for fear of a client that does. A denial may be
// read by more clients than a permission.
func (r *reader) decisions(allow, deny client, key string, v *document.Value, line int) {
	before := len(r.s.Statements)
	defer func() { r.within(before, line) }()
	v.Entries(func(k document.Key, value *document.Value) {
		switch {
		case strings.Contains(k.Name, "${"):
			r.say(allow, environmentTopic, key+"."+k.Name, key+"."+k.Name, value.Text, value.Text, k.Line)
		case value.IsScalar() && isYes(value.Text):
			r.script(allow, k.Name, true, key+"."+k.Name, k.Line)
		case value.Kind == document.Bool:
			r.script(deny, k.Name, false, key+"."+k.Name, k.Line)
		}
	})
}

// isYes reports whether a word is true in YAML 1.1, whose words pnpm 12 reads.
func isYes(word string) bool {
	switch strings.ToLower(word) {
	case "true", "yes", "y", "on":
		return true
	}
	return false
}
