package settings

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// reader collects Settings.
type reader struct {
	project fs.FS
	prefix  string
	s       Settings
	// file and dir are of the file that is being read.
	file, dir string
	// builders are the clients that build the project of a folder with a
	// package.json where a binding.gyp lies beside it.
	builders map[string]client
	// pending are files that code loads and that are still to be read.
	pending []string
}

func (r *reader) unread(name string, line int, why string) {
	r.s.Unread = append(r.s.Unread, &document.Error{File: path.Join(r.prefix, name), Line: line, Msg: why})
}

// say adds a statement of the file that is being read.
func (r *reader) say(by client, topic, name, key, value, shown string, line int) {
	if len(r.s.Statements) >= maxStatements {
		document.Fail(r.file, line, fmt.Sprintf("the settings say more than %d things", maxStatements))
	}
	if strings.Contains(key, "${") {
		topic, name = environmentTopic, key
	}
	r.s.Statements = append(r.s.Statements, Statement{
		Topic: topic, Name: name, Key: clip(key), Value: value, Shown: clip(withoutUser(shown)),
		File: r.file, Line: max(line, 1), dir: r.dir, by: by,
	})
}

// environmentTopic is of keys that a variable of the environment completes,
// which npm and pnpm allow: nobody knows here what they set.
const environmentTopic = "environment"

// rule says what a key of one kind of file sets, if it is one of rules.
func (r *reader) rule(in place, key, label string, v *document.Value, line int) {
	for _, s := range spellings[in][key] {
		switch {
		case s.rule.form == list:
			r.list(s, label, v, line)
		case v.Kind == document.List:
			// One value is wanted: clients take one of several, which one is
			// not known, so all are said.
			for _, item := range v.Items {
				r.say(s.by, s.rule.topic, "", label, s.canonical(item.Text), item.Text, item.Line)
			}
		case v.Kind == document.Map:
			r.say(s.by, s.rule.topic, "", label, "{…}", "{…}", line)
		case v.Kind == document.String && s.typed():
			// "false" in quotes is a text, which is true for JavaScript and
			// nothing for others.
			r.say(s.by, s.rule.topic, "", label, strconv.Quote(v.Text), strconv.Quote(v.Text), line)
		default:
			r.say(s.by, s.rule.topic, "", label, s.canonical(v.Text), v.Text, line)
		}
	}
}

func (r *reader) list(s spelled, label string, v *document.Value, line int) {
	items := v.Items
	if v.IsScalar() && v.Text != "" {
		items = []*document.Value{v}
	}
	for _, item := range items {
		if item.IsScalar() {
			at := item.Line
			if v.IsScalar() {
				at = line
			}
			r.say(s.by, s.rule.topic, item.Text, label, "listed", item.Text, at)
		}
	}
}

// clip shortens what a file says, which may be long on purpose.
func clip(s string) string {
	if len(s) <= 200 {
		return s
	}
	cut := 197
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// Statement is one thing that one file says.
type Statement struct {
	// Topic is what is decided, the same for every spelling of it: "registry",
	// "release-age", "scripts".
	Topic string
	// Name is of what, where the topic has several: a scope, a package, a
	// pattern. It is empty otherwise.
	Name string
	// Key is the setting as the file spells it, such as "allowBuilds.esbuild".
	Key string
	// Value is canonical: ages in minutes, URLs with a slash at their end.
	Value string
	// Shown is the value as the file has it, without passwords.
	Shown string
	// File is the path, Line where it stands in it (1-based).
	File string
	Line int
	// Setting is the line of the setting, where the statement is one item of
	// it; 0 otherwise.
	Setting int

	dir string
	by  client
}

// Settings are what the files of one state of a project say.
type Settings struct {
	// Statements are in the order of files and lines.
	Statements []Statement
	// Unread are files that a package manager would read and that this
	// package could not, with the reason.
	Unread []*document.Error
	// Managers are the package managers that the project names, or that the
	// caller knows it uses.
	Managers []Manager

	// names are the files that statements name, there or not.
	names []string
	// digests are of every file that was looked at.
	digests map[string]digest
}

// digest is what a file was compared by.
type digest struct {
	sum  string
	kind fileKind
}

// short is the beginning of a hash, for people to compare.
func short(sum string) string {
	if sum == "" {
		return ""
	}
	return "sha256 " + sum[:12] + "…"
}

// withoutUser takes what may be a password out of a URL, wherever it stands in
// a text and whether it can be parsed or not.
func withoutUser(value string) string {
	before, rest, ok := strings.Cut(value, "//")
	if !ok {
		return value
	}
	authority := rest
	if end := strings.IndexAny(rest, `/?# `); end >= 0 {
		authority = rest[:end]
	}
	host := authority[strings.LastIndexByte(authority, '@')+1:]
	return before + "//" + host + rest[len(authority):]
}

// The limits of what is read. A Yarn release has under 4 MB, the largest
// package.json of public monorepos under 100 kB.
const (
	maxFile       = 1 << 20
	maxCode       = 32 << 20
	maxFiles      = 20_000
	maxStatements = 50_000
	maxLoaded     = 200
	maxSpecs      = 2000
)
