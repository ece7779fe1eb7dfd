package shell

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Role is what a program is, as one bit of several.
type Role uint32

// The roles of programs; programs.txt explains them.
const (
	RoleShell Role = 1 << iota
	RolePowerShell
	RoleCmd
	RoleJavaScript
	RoleForeign
	RoleMake
	RoleWrapper
	RoleTexts
	RoleManager
	RoleTasks
	RoleGyp
	RoleBuild
	RoleDownload
	RoleFetch
	RoleSend
	RoleConnect
	RoleDecode
	RoleFact
	RoleOpen
	RolePlain
	RoleHidden
)

// Interprets are the roles of the programs that run the code they are given.
const Interprets = RoleShell | RolePowerShell | RoleCmd | RoleJavaScript | RoleForeign

var roles = map[string]Role{"shell": RoleShell, "powershell": RolePowerShell, "cmd": RoleCmd, "javascript": RoleJavaScript,
	"foreign": RoleForeign, "make": RoleMake, "wrapper": RoleWrapper, "texts": RoleTexts, "manager": RoleManager,
	"tasks": RoleTasks, "gyp": RoleGyp, "build": RoleBuild,
	"download": RoleDownload, "fetch": RoleFetch, "send": RoleSend, "connect": RoleConnect, "decode": RoleDecode, "fact": RoleFact,
	"open": RoleOpen, "plain": RolePlain, "hidden": RoleHidden}

// Program is what programs.txt says of a program.
type Program struct {
	// Name is the one it is looked up by.
	Name  string
	Roles Role
	// options says what the value of an option is.
	options map[string]value
	lists   map[string][]string
	skip    int
	first   value
	// The flags.
	stdin, joined, fold, slash, assigns, bare, anywhere, words, own bool
}

// value is what the value of an option, or a word, is to a program.
type value uint8

const (
	valueNone value = iota
	valueCode
	valueEncoded
	valueText
	valueLoad
	valueFile
	valueNamed
	valueSetting
	valueOther
)

var values = map[string]value{"code": valueCode, "encoded": valueEncoded, "text": valueText,
	"load": valueLoad, "file": valueFile, "named": valueNamed, "setting": valueSetting, "value": valueOther}

//go:embed programs.txt
var programsText string

var programs = func() map[string]*Program {
	table, err := readPrograms(programsText)
	if err != nil {
		panic(err) // a test reads it first
	}
	return table
}()

// readPrograms reads the table of programs. An error names the line.
func readPrograms(text string) (map[string]*Program, error) {
	table := map[string]*Program{}
	for i, line := range strings.Split(text, "\n") {
		if line, _, _ = strings.Cut(line, "#"); strings.TrimSpace(line) == "" {
			continue
		}
		if err := readProgram(table, strings.Fields(line)); err != nil {
			return nil, fmt.Errorf("programs.txt:%d: %w", i+1, err)
		}
	}
	return table, nil
}

func readProgram(table map[string]*Program, fields []string) error {
	if len(fields) < 2 {
		return fmt.Errorf("%s: a line is NAMES WORDS and how it takes code", fields[0])
	}
	p := Program{options: map[string]value{}, lists: map[string][]string{}}
	for _, word := range strings.Split(fields[1], ",") {
		role, ok := roles[word]
		if !ok {
			return fmt.Errorf("%q is none of %s", word, strings.Join(slices.Sorted(maps.Keys(roles)), ", "))
		}
		p.Roles |= role
	}
	p.fold = slices.Contains(fields[2:], "fold")
	for _, field := range fields[2:] {
		if err := p.field(field); err != nil {
			return err
		}
	}
	for _, name := range strings.Split(fields[0], ",") {
		if name == "" {
			return fmt.Errorf("%s: a name is empty", fields[0])
		}
		if table[name] != nil {
			return fmt.Errorf("%s stands twice", name)
		}
		q := p
		q.Name = name
		table[name] = &q
	}
	return nil
}

func (p *Program) field(field string) error {
	key, text, hasValue := strings.Cut(field, "=")
	list := strings.Split(text, ",")
	if slices.Contains(list, "") && hasValue {
		return fmt.Errorf("%s: an item is empty", field)
	}
	switch kind := values[key]; {
	case !hasValue:
		flag := map[string]*bool{"stdin": &p.stdin, "joined": &p.joined, "fold": &p.fold,
			"slash": &p.slash, "assigns": &p.assigns, "bare": &p.bare, "anywhere": &p.anywhere, "words": &p.words,
			"own": &p.own}[key]
		switch {
		case flag != nil:
			*flag = true
		case key == "hidden":
			p.Roles |= RoleHidden
		default:
			return fmt.Errorf("%q is no flag", key)
		}
	case kind != valueNone:
		for _, option := range list {
			if p.fold {
				option = strings.ToLower(option)
			}
			if p.options[option] != valueNone {
				return fmt.Errorf("%s stands twice among the options", option)
			}
			p.options[option] = kind
		}
	case key == "first":
		p.first = map[string]value{"code": valueCode, "encoded": valueEncoded, "text": valueText, "none": valueOther}[text]
		if p.first == valueNone {
			return fmt.Errorf("first= is code, text or none, not %q", text)
		}
	case key == "skip":
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fmt.Errorf("skip= is a number, not %q", text)
		}
		p.skip = n
	case slices.Contains([]string{"run", "reads", "script", "exec", "short", "life"}, key):
		p.lists[key] = list
	default:
		return fmt.Errorf("%q is no key", key)
	}
	return nil
}

func (p *Program) has(list, word string) bool { return slices.Contains(p.lists[list], word) }

// Lookup finds what is known of a program by a word of a command, nil where it is
// unknown. Windows knows no case and has extensions; npx takes a version.
func Lookup(word string) *Program {
	name := Name(word)
	if word == "" || name == "." && word != "." {
		return nil
	}
	if p := programs[name]; p != nil {
		return p
	}
	if i := strings.LastIndexByte(name, '@'); i > 0 && programs[name[:i]] != nil {
		return programs[name[:i]]
	}
	if strings.Contains(name, Hole) { // cu$@rl: what is not set is empty
		if p := programs[strings.ReplaceAll(name, Hole, "")]; p != nil && p.Roles&(Interprets|RoleDownload) != 0 {
			return p
		}
	}
	lower := strings.ToLower(name)
	for _, ext := range []string{"", ".exe", ".cmd", ".bat", ".ps1", ".com"} {
		if p := programs[strings.TrimSuffix(lower, ext)]; p != nil {
			return p
		}
	}
	for _, names := range foldedNames {
		if names.lower == lower {
			return programs[names.name]
		}
	}
	return nil
}

// foldedNames are the names with capitals, as Invoke-WebRequest is.
var foldedNames = func() (out []struct{ lower, name string }) {
	for _, name := range slices.Sorted(maps.Keys(programs)) {
		if lower := strings.ToLower(name); lower != name {
			out = append(out, struct{ lower, name string }{lower, name})
		}
	}
	return out
}()

// Is reports whether a program, as a word of a command names it, has one of the
// roles.
func Is(word string, role Role) bool {
	p := Lookup(word)
	return p != nil && p.Roles&role != 0
}

// Is reports whether the command's program has one of the roles.
func (c *Command) Is(role Role) bool { return len(c.Words) > 0 && Is(c.Words[0], role) }

// call is how a program was called.
type call struct {
	// code is in the program's language, texts are shell texts, loads and files
	// are files of its language.
	code, texts, loads, files, encoded []string
	// named are scripts of package.json, settings are NAME=COMMAND.
	named, settings []string
	// rest are the words from the first one on that is no option.
	rest []string
	// assigns are the NAME=VALUE before it.
	assigns []string
	// known is set where every option was known.
	known bool
}

// call reads the words of a call, without the program's name.
func (p *Program) call(words []string) call {
	c := call{known: true}
	put := func(kind value, text string) {
		switch kind {
		case valueCode:
			c.code = append(c.code, text)
		case valueEncoded:
			c.encoded = append(c.encoded, text)
		case valueText:
			c.texts = append(c.texts, text)
		case valueLoad:
			c.loads = append(c.loads, text)
		case valueFile:
			c.files = append(c.files, text)
		case valueNamed:
			c.named = append(c.named, text)
		case valueSetting:
			c.settings = append(c.settings, text)
		}
	}
	shellCode := false
	i := 0
	for ; i < len(words); i++ {
		w := words[i]
		switch {
		case w == "--":
			i++
		case p.assigns && isAssignment(w):
			c.assigns = append(c.assigns, w)
			continue
		case p.slash && strings.HasPrefix(w, "/") && len(w) > 1 && !strings.Contains(w[1:], "/"):
			if kind := p.options[strings.ToLower(w)]; kind != valueNone && i+1 < len(words) {
				i++
				put(kind, words[i])
			}
			continue
		case w == "-" || len(w) < 2 || w[0] != '-' && (w[0] != '+' || p.Roles&RoleShell == 0):
		default:
			kind, rest, attached := p.option(w)
			switch {
			case kind == valueNone:
				if p.Roles&RoleShell != 0 && isCluster(w) && p.options["-c"] == valueCode {
					shellCode = shellCode || strings.Contains(w, "c")
					if i+1 < len(words) && strings.ContainsAny(w, "oO") {
						i++
					}
					continue
				}
				c.known = c.known && !strings.HasPrefix(w, "--")
			case p.Roles&RoleShell != 0 && w == "-c":
				shellCode = true
			case attached:
				put(kind, rest)
			case p.joined && kind == valueCode:
				put(kind, strings.Join(words[min(i+1, len(words)):], " "))
				return c
			case i+1 < len(words):
				i++
				put(kind, words[i])
			}
			continue
		}
		break
	}
	c.rest = words[min(i, len(words)):]
	for len(c.rest) > 0 && p.has("run", c.rest[0]) {
		c.add(p.call(c.rest[1:]))
	}
	for n := 0; n < p.skip && len(c.rest) > 1; n++ {
		c.rest = c.rest[1:]
	}
	if p.skip > 0 && len(c.rest) > 1 && strings.HasPrefix(c.rest[0], "-") { // flock FILE -c TEXT
		q := *p
		q.skip = 0
		c.add(q.call(c.rest))
	}
	if p.anywhere && len(c.rest) > 1 && p.first != valueCode {
		word := c.rest[0]
		c.add(p.call(c.rest[1:]))
		c.rest = append([]string{word}, c.rest...)
	}
	if shellCode && len(c.rest) > 0 {
		c.code, c.rest = append(c.code, c.rest[0]), c.rest[1:]
	}
	if len(c.rest) > 0 && len(c.code) == 0 {
		switch text := c.rest[0]; {
		case p.joined && p.first != valueNone:
			put(p.first, strings.Join(c.rest, " "))
			c.rest = nil
		case p.first == valueCode || p.first == valueText:
			put(p.first, text)
			c.rest = c.rest[1:]
		}
	}
	return c
}

// add adds what another part of the call's words says; the words that are left are
// that part's.
func (c *call) add(again call) {
	c.code, c.texts = append(c.code, again.code...), append(c.texts, again.texts...)
	c.loads, c.files = append(c.loads, again.loads...), append(c.files, again.files...)
	c.settings = append(c.settings, again.settings...)
	c.assigns, c.rest = append(c.assigns, again.assigns...), again.rest
}

// plain are the words that are no options, nor their values.
func (p *Program) plain(words []string) (out []string) {
	for len(words) > 0 {
		c := p.call(words)
		if len(c.rest) == 0 {
			break
		}
		out, words = append(out, c.rest[0]), c.rest[1:]
	}
	return out
}

// option is what the value of an option is, and the value where it stands in the
// same word.
func (p *Program) option(w string) (kind value, rest string, attached bool) {
	if p.fold {
		return p.folded(w)
	}
	if kind = p.options[w]; kind != valueNone {
		return kind, "", false
	}
	if name, rest, ok := strings.Cut(w, "="); ok && p.options[name] != valueNone {
		return p.options[name], rest, true
	}
	if strings.HasPrefix(w, "--") || p.Roles&RoleShell != 0 {
		return valueNone, "", false
	}
	// -lne CODE, -I{}, -c'print(1)'
	for i := 1; i < len(w); i++ {
		if kind = p.options["-"+w[i:i+1]]; kind != valueNone {
			if i+1 == len(w) {
				return kind, "", false
			}
			return kind, w[i+1:], true
		}
		if c := w[i]; (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			break
		}
	}
	return valueNone, "", false
}

// folded finds an option of PowerShell, which may be shortened and begin with a
// slash.
func (p *Program) folded(w string) (kind value, rest string, attached bool) {
	name, rest, attached := strings.Cut(w, ":")
	name = "-" + strings.TrimLeft(strings.ToLower(name), "-/")
	if kind := p.options[name]; kind != valueNone {
		return kind, rest, attached
	}
	var found value
	for option, kind := range p.options { // the kinds of those that begin alike are one, or code wins
		if len(name) > 1 && strings.HasPrefix(option, name) && (found == valueNone || kind < found) {
			found = kind
		}
	}
	return found, rest, attached
}

// isCluster reports whether a word is several options of one letter.
func isCluster(w string) bool {
	for i := 1; i < len(w); i++ {
		if c := w[i]; (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return len(w) > 1
}

// isAssignment reports whether a word is NAME=VALUE.
func isAssignment(w string) bool {
	name, _, ok := strings.Cut(w, "=")
	if !ok || name == "" || name[0] >= '0' && name[0] <= '9' {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}
