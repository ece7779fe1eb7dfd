package behavior

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"sort"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript"
)

//go:embed *.map
var maps embed.FS

// condition is about one argument of a call.
type condition struct {
	arg      int
	property string
	op       byte // 0: exists, '=': equals, '~': begins, ':': is the API
	value    string
}

// rule ties a use of an API to a behavior.
type rule struct {
	stanza *stanza
	kinds  javascript.UseKind
	where  *condition
	value  string // for set API=value and property NAME=VALUE
	likely bool
	module bool
}

// stanza is one behavior's declaration.
type stanza struct {
	id       string
	category string
	unless   map[string][]condition
	safe     map[string]bool
	commands [][]string
	scripts  []string
	texts    []string
	hosts    []string
	files    []string
	flow     javascript.Marks
	source   javascript.Marks
	checks   []string
	codes    []string
	likes    []string
	derive   []string
	contexts javascript.Context
	// silent stanzas only mark values; their uses are not looked at.
	silent bool
}

// Catalogue is the compiled maps.
type Catalogue struct {
	stanzas []*stanza
	byID    map[string]*stanza
	rules   map[string][]*rule // exact API, or a prefix ending in "*"
	// prefixes are the patterns of rules that end in "*", longest first.
	prefixes []string
	modules  map[string][]*rule
	programs map[string]bool
	shells   map[string]bool
	marks    map[string]javascript.Marks
	// variables are words in the names of environment variables.
	variables []*variableRule
	needles   *needles
	version   string
}

// Load compiles the embedded maps. Errors name map and line.
func Load() (*Catalogue, error) { return load(maps) }

func load(files fs.FS) (*Catalogue, error) {
	c := &Catalogue{byID: map[string]*stanza{}, rules: map[string][]*rule{}, modules: map[string][]*rule{},
		programs: map[string]bool{}, shells: map[string]bool{}, marks: map[string]javascript.Marks{}}
	sum := sha256.New()
	names, err := fs.Glob(files, "*.map")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(sum, "%s\x00%s\x00", name, data)
		if err := c.read(strings.TrimSuffix(name, ".map"), string(data)); err != nil {
			return nil, fmt.Errorf("behavior: %s:%w", name, err)
		}
	}
	c.version = hex.EncodeToString(sum.Sum(nil))[:16]
	if err := c.resolveLikes(); err != nil {
		return nil, err
	}
	for _, s := range c.stanzas {
		for _, id := range s.derive {
			if c.byID[id] == nil {
				return nil, fmt.Errorf("behavior: %s derives from %s, which is not declared", s.id, id)
			}
		}
	}
	for pattern := range c.rules {
		if strings.HasSuffix(pattern, "*") {
			c.prefixes = append(c.prefixes, pattern)
		}
	}
	sort.Slice(c.prefixes, func(i, j int) bool {
		a, b := c.prefixes[i], c.prefixes[j]
		return len(a) > len(b) || len(a) == len(b) && a < b
	})
	var texts []string
	for _, s := range c.stanzas {
		for _, t := range append(append([]string(nil), s.texts...), s.hosts...) {
			texts = append(texts, longestPart(t))
		}
	}
	texts = append(append(append(texts, secretWords...), virtualMachineNames...), "://")
	c.needles = newNeedles(texts)
	return c, nil
}

// variableRule is a stanza that counts the environment variables whose name
// has one of the words.
type variableRule struct {
	words []string
	rule  *rule
}

// variable reports whether an API is an environment variable named so.
func (v *variableRule) names(api string) bool {
	name, ok := strings.CutPrefix(api, "process.env.")
	if !ok {
		return false
	}
	name = strings.ToUpper(name)
	for _, word := range v.words {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// resolveLikes gives each stanza the uses of those that it is like.
func (c *Catalogue) resolveLikes() error {
	for _, s := range c.stanzas {
		for _, id := range s.likes {
			other := c.byID[id]
			if other == nil || len(other.likes) > 0 {
				return fmt.Errorf("behavior: %s is like %s, which is not declared or itself like another one", s.id, id)
			}
			for _, rules := range []map[string][]*rule{c.rules, c.modules} {
				for api, list := range rules {
					for _, r := range list {
						if r.stanza == other {
							same := *r
							same.stanza = s
							rules[api] = append(rules[api], &same)
						}
					}
				}
			}
		}
	}
	return nil
}

// longestPart is the longest piece of a pattern without "*".
func longestPart(pattern string) string {
	longest := ""
	for _, part := range strings.Split(pattern, "*") {
		if len(part) > len(longest) {
			longest = part
		}
	}
	return longest
}

// IDs are all behaviors, in order.
func (c *Catalogue) IDs() []string {
	ids := make([]string, 0, len(c.stanzas))
	for _, s := range c.stanzas {
		if s.category != "trait" {
			ids = append(ids, s.id)
		}
	}
	sort.Strings(ids)
	return ids
}

func (c *Catalogue) mark(name string) (javascript.Marks, error) {
	if m, ok := c.marks[name]; ok {
		return m, nil
	}
	if len(c.marks) == 16 {
		return 0, fmt.Errorf("more than 16 kinds of sources")
	}
	m := javascript.Marks(1) << len(c.marks)
	c.marks[name] = m
	return m, nil
}

var kindOfWord = map[string]javascript.UseKind{
	"call": javascript.UseCall | javascript.UseNew, "new": javascript.UseNew, "read": javascript.UseRead, "set": javascript.UseSet,
	"delete": javascript.UseDelete, "enumerate": javascript.UseEnumerate, "extends": javascript.UseExtends,
	"dynamic": javascript.UseDynamicImport, "property": javascript.UseProperty, "compare": javascript.UseCompare,
}

func (c *Catalogue) read(category, text string) error {
	var s *stanza
	for i, line := range strings.Split(text, "\n") {
		number := i + 1
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || strings.HasPrefix(trimmed, "#") {
			continue
		}
		if line[0] != ' ' && line[0] != '\t' {
			if !strings.HasPrefix(trimmed, category+"/") || strings.ContainsAny(trimmed, " \t") {
				return fmt.Errorf("%d: %q is no id of the category %s", number, trimmed, category)
			}
			if c.byID[trimmed] != nil {
				return fmt.Errorf("%d: %s is declared twice", number, trimmed)
			}
			s = &stanza{id: trimmed, category: category, unless: map[string][]condition{}, safe: map[string]bool{}}
			c.stanzas = append(c.stanzas, s)
			c.byID[trimmed] = s
			continue
		}
		if s == nil {
			return fmt.Errorf("%d: a line before the first id", number)
		}
		if err := c.line(s, trimmed); err != nil {
			return fmt.Errorf("%d: %s: %w", number, s.id, err)
		}
	}
	return nil
}

func (c *Catalogue) line(s *stanza, line string) error {
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	if rest == "" {
		return fmt.Errorf("%q needs something after it", word)
	}
	fields := strings.Fields(rest)
	switch word {
	case "call", "new", "read", "set", "delete", "enumerate", "extends", "dynamic", "property", "compare":
		for _, api := range fields {
			r := &rule{stanza: s, kinds: kindOfWord[word]}
			if word == "set" || word == "property" {
				api, r.value, _ = strings.Cut(api, "=")
			}
			if word == "property" {
				api = "{}." + api
			}
			c.rules[api] = append(c.rules[api], r)
		}
	case "like":
		s.likes = append(s.likes, fields...)
	case "variable":
		c.variables = append(c.variables, &variableRule{fields, &rule{stanza: s, kinds: javascript.UseRead}})
	case "module":
		for _, name := range fields {
			c.modules[name] = append(c.modules[name], &rule{stanza: s, kinds: javascript.UseCall | javascript.UseNew, module: true})
		}
	case "unknown":
		for _, name := range fields {
			c.rules[name+".*"] = append(c.rules[name+".*"], &rule{stanza: s, kinds: javascript.UseCall | javascript.UseNew, likely: true})
		}
	case "option", "unless":
		if len(fields) < 2 {
			return fmt.Errorf("%s needs an API and a condition", word)
		}
		where, err := parseCondition(strings.Join(fields[1:], " "))
		if err != nil {
			return err
		}
		if word == "unless" {
			s.unless[fields[0]] = append(s.unless[fields[0]], where)
		} else {
			c.rules[fields[0]] = append(c.rules[fields[0]], &rule{stanza: s, kinds: javascript.UseCall | javascript.UseNew, where: &where})
		}
		if where.property != "" {
			// So that evidence can point at the place where it is set.
			key := "{}." + where.property
			if c.rules[key] == nil {
				c.rules[key] = []*rule{}
			}
		}
	case "safe":
		for _, api := range fields {
			s.safe[api] = true
		}
	case "command":
		s.commands = append(s.commands, fields)
	case "script":
		s.scripts = append(s.scripts, fields...)
	case "program":
		for _, api := range fields {
			c.programs[api] = true
		}
	case "shell":
		for _, api := range fields {
			c.shells[api] = true
		}
	case "text":
		s.texts = append(s.texts, rest)
	case "host":
		s.hosts = append(s.hosts, fields...)
	case "file":
		s.files = append(s.files, fields...)
	case "source", "flow":
		m, err := c.mark(rest)
		if err != nil {
			return err
		}
		if word == "source" {
			s.source |= m
		} else {
			s.flow |= m
		}
	case "only":
		if rest != "marks" {
			return fmt.Errorf("only marks, not only %s", rest)
		}
		s.silent = true
	case "check":
		if checks[rest] == nil {
			return fmt.Errorf("there is no check %q in code.go", rest)
		}
		s.checks = append(s.checks, rest)
	case "code":
		if codes[rest] == nil {
			return fmt.Errorf("there is no code %q in code.go", rest)
		}
		s.codes = append(s.codes, rest)
	case "derive":
		ids, contexts, ok := strings.Cut(rest, " in ")
		if !ok {
			return fmt.Errorf("derive needs \"in CONTEXT\"")
		}
		s.derive = strings.Fields(ids)
		for _, name := range strings.Fields(contexts) {
			switch name {
			case "install":
				s.contexts |= javascript.Install
			case "launch":
				s.contexts |= javascript.Launch
			case "call":
				s.contexts |= javascript.Call
			default:
				return fmt.Errorf("%q is no context", name)
			}
		}
	default:
		return fmt.Errorf("unknown word %q", word)
	}
	return nil
}

func parseCondition(s string) (condition, error) {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i == 0 || i == len(s) {
		return condition{}, fmt.Errorf("%q is no condition on an argument", s)
	}
	w := condition{}
	fmt.Sscan(s[:i], &w.arg)
	rest := s[i:]
	switch rest[0] {
	case '=', '~', ':':
		w.op, w.value = rest[0], rest[1:]
	case '.':
		var ok bool
		if w.property, w.value, ok = strings.Cut(rest[1:], "="); ok {
			w.op = '='
		}
	default:
		return condition{}, fmt.Errorf("%q is no condition on an argument", s)
	}
	return w, nil
}

// holds reports whether a use's arguments fulfil the condition.
func (w *condition) holds(u *javascript.Use) bool {
	v := u.Arg(w.arg)
	if w.property != "" {
		v = v.Property(w.property)
		if w.op == 0 {
			return v != nil
		}
	}
	switch w.op {
	case '=':
		return v.Is(w.value) || v.MayBeAPI(w.value)
	case ':':
		return v.MayBeAPI(w.value)
	case '~':
		for _, text := range v.Texts() {
			if strings.HasPrefix(text, w.value) {
				return true
			}
		}
	}
	return false
}

// rulesFor finds what an API may mean.
func (c *Catalogue) rulesFor(api string) []*rule {
	var out []*rule
	out = append(out, c.rules[api]...)
	for _, prefix := range c.prefixes {
		if strings.HasPrefix(api, prefix[:len(prefix)-1]) && api != prefix[:len(prefix)-2] {
			for _, r := range c.rules[prefix] {
				// "unknown" rules name exactly the member that is not known.
				if r.likely && api != prefix {
					continue
				}
				out = append(out, r)
			}
		}
	}
	for _, v := range c.variables {
		if v.names(api) {
			out = append(out, v.rule)
		}
	}
	name := api
	for {
		if rules := c.modules[name]; rules != nil {
			for _, r := range rules {
				if !c.namedElsewhere(api, r.stanza) {
					out = append(out, r)
				}
			}
			break
		}
		i := len(name) - 1
		for i >= 0 && name[i] != '.' && name[i] != '#' && name[i] != '@' {
			i-- // strings.LastIndexAny takes several times as long
		}
		if i < 0 {
			break
		}
		name = name[:i]
	}
	return out
}

// namedElsewhere reports whether another stanza of the category names the API.
func (c *Catalogue) namedElsewhere(api string, s *stanza) bool {
	for _, r := range c.rules[api] {
		if r.stanza != s && r.stanza.category == s.category && !r.module && r.where == nil {
			return true
		}
	}
	return false
}

// Version identifies the maps: what was found with another one is found again.
func (c *Catalogue) Version() string { return c.version }

// Interest implements javascript.Vocabulary.
func (c *Catalogue) Interest(api string) javascript.Interest {
	var interest javascript.Interest
	if strings.HasPrefix(api, "{}.") {
		if _, ok := c.rules[api]; ok {
			interest.Uses = javascript.UseProperty
		}
		return interest
	}
	for _, r := range c.rulesFor(api) {
		if !r.stanza.silent {
			interest.Uses |= r.kinds
			interest.Flows |= r.stanza.flow
		}
		if r.kinds == javascript.UseSet {
			interest.Hooked |= r.stanza.source
		} else {
			interest.Marks |= r.stanza.source
		}
	}
	if javascript.IsBuiltin(api) {
		interest.Uses |= javascript.UseHidden
	}
	if c.programs[api] || c.shells[api] {
		interest.Uses |= javascript.UseCall | javascript.UseNew
	}
	if interest.Uses&(javascript.UseCall|javascript.UseNew) != 0 {
		interest.Uses |= javascript.UseHidden
	}
	return interest
}

// Known are the APIs of the catalogue, with those that lead to them, and the names
// of modules, members and programs. A value keeps all of them that it may be.
func (c *Catalogue) Known() javascript.Known {
	known := javascript.Known{APIs: map[string]bool{}, Names: map[string]bool{}}
	for api := range c.rules {
		if strings.HasPrefix(api, "{}.") {
			continue
		}
		api = strings.TrimSuffix(api, "*")
		known.APIs[api] = true
		for i := range len(api) {
			switch api[i] {
			case '.':
				known.APIs[api[:i]] = true
			case '#', '@':
				known.APIs[api[:i]], known.APIs[api[:i+1]] = true, true
			}
		}
		for _, name := range strings.FieldsFunc(strings.TrimPrefix(api, "globalThis."), func(r rune) bool { return strings.ContainsRune(".#@", r) }) {
			known.Names[name] = true
		}
	}
	for name := range c.modules {
		known.APIs[name], known.Names[name] = true, true
	}
	for _, st := range c.stanzas {
		for _, pattern := range st.commands {
			known.Names[pattern[0]] = true
		}
	}
	return known
}
