package behavior

import (
	"sort"
	"strconv"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/analyzer/shell"
	"github.com/lockwarden/lockwarden/glob"
)

// Behavior is what a package can do, with the places that show it.
type Behavior struct {
	ID       string
	Contexts javascript.Context
	// Certainty is that of the surest evidence.
	Certainty javascript.Certainty
	// Evidence is in order of file and position, at most maxEvidence.
	Evidence []Evidence
}

// Evidence is one place.
type Evidence struct {
	File         string
	Line, Column int
	Snippet      string
	// Chain is the way from what starts it to the place, as "file:line".
	Chain     []string
	Contexts  javascript.Context
	Certainty javascript.Certainty
	// API is the member path that is used, where there is one.
	API string
	// Host is the host that the place names, where that is what makes it count.
	Host string
	// Flow is the way of the data that makes the place count, from its source
	// on, each step "file:line", the first and last with what is used there.
	Flow []string
}

// Place is "file:line", or the file alone where it has no lines.
func (e *Evidence) Place() string {
	if e.Line == 0 {
		return e.File
	}
	return itoaSite(e.File, e.Line)
}

// maxEvidence bounds the places kept for one behavior; every context keeps at
// least its first ones.
const maxEvidence = 60

// maxUses bounds the uses that are kept for one stanza, for the codes that
// combine several.
const maxUses = 400

// Input is what behaviors are found in.
type Input struct {
	Package  *archive.Package
	Manifest *npm.Manifest
	Facts    *javascript.Facts
	Git      bool
}

// matcher collects evidence.
type matcher struct {
	c     *Catalogue
	in    Input
	found map[string]*Behavior
	seen  map[string]bool
	// uses are those that count, by stanza.
	uses map[string][]*javascript.Use
	// programs are those that the package starts.
	programs []Started
	// shape is how each script is written, once somebody asked.
	shape map[*archive.File]*shape
}

// WantText reports whether a constant text is worth a look, for the engine.
func (c *Catalogue) WantText(text string) bool { return c.needles.in(text) }

// Findings is what Match finds.
type Findings struct {
	// Behaviors are those that readers see, by id.
	Behaviors []Behavior
	// Traits are the marks that issues go by (trait.map).
	Traits []Behavior
	// Commands are those of lifecycle scripts.
	Commands []shell.Command
	// Addresses are the URLs in the scripts, at most maxAddresses.
	Addresses []Address
}

// Address is a URL that a script holds.
type Address struct {
	URL      string
	Evidence Evidence
}

const maxAddresses = 200

// Match finds the behaviors of a package.
func (c *Catalogue) Match(in Input) Findings {
	m := &matcher{c: c, in: in, found: map[string]*Behavior{}, seen: map[string]bool{}, uses: map[string][]*javascript.Use{}}
	for i := range in.Facts.Uses {
		m.use(&in.Facts.Uses[i])
	}
	m.programs = c.Started(in.Facts, in.Package, in.Manifest)
	for i := range m.programs {
		m.started(&m.programs[i])
	}
	for i := range in.Facts.Texts {
		m.text(&in.Facts.Texts[i])
	}
	for i := range in.Facts.Files {
		m.file(&in.Facts.Files[i])
	}
	for _, s := range c.stanzas {
		for _, name := range s.codes {
			codes[name](m, s)
		}
	}
	for _, s := range c.stanzas {
		m.derive(s)
	}
	var out Findings
	for _, b := range m.found {
		sortEvidence(b.Evidence)
		if strings.HasPrefix(b.ID, "trait/") {
			out.Traits = append(out.Traits, *b)
		} else {
			out.Behaviors = append(out.Behaviors, *b)
		}
	}
	byID := func(list []Behavior) {
		sort.Slice(list, func(i, j int) bool { return list[i].ID < list[j].ID })
	}
	byID(out.Behaviors)
	byID(out.Traits)
	for _, started := range m.programs {
		if started.Lifecycle {
			out.Commands = append(out.Commands, started.Command)
		}
	}
	for i := range in.Facts.Texts {
		t := &in.Facts.Texts[i]
		if len(out.Addresses) < maxAddresses && isAddress(t.Value) {
			out.Addresses = append(out.Addresses, Address{t.Value, evidence(&t.Site, javascript.Certain, "")})
		}
	}
	return out
}

// isAddress reports whether a text is a URL.
func isAddress(text string) bool {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || len(text) > 512 || rest == "" || strings.ContainsAny(text, " \n") {
		return false
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "ws", "wss", "ftp", "tcp":
		return true
	}
	return false
}

func sortEvidence(list []Evidence) {
	sort.SliceStable(list, func(i, j int) bool {
		a, b := &list[i], &list[j]
		if a.File != b.File {
			return a.File < b.File
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Column < b.Column
	})
}

func (m *matcher) add(s *stanza, e Evidence) {
	key := s.id + "\x00" + e.File + "\x00" + itoa(e.Line) + "\x00" + itoa(e.Column)
	b := m.found[s.id]
	if b == nil {
		b = &Behavior{ID: s.id, Certainty: e.Certainty}
		m.found[s.id] = b
	}
	fresh := e.Contexts&^b.Contexts != 0
	b.Contexts |= e.Contexts
	b.Certainty = min(b.Certainty, e.Certainty)
	if m.seen[key] || len(b.Evidence) >= maxEvidence && !fresh {
		return
	}
	m.seen[key] = true
	b.Evidence = append(b.Evidence, e)
}

func evidence(s *javascript.Site, certainty javascript.Certainty, api string) Evidence {
	line, column := s.Position()
	e := Evidence{File: s.File(), Line: line, Column: column, Snippet: s.Snippet(), Contexts: s.Contexts(), Certainty: certainty, API: api}
	e.Chain = s.Chain()
	if api != "" {
		e.Chain = append(e.Chain, itoaSite(e.File, line), Spoken(api))
	}
	return e
}

// Spoken is an API as people write it: what a call gives, "net.connect#", is
// net.connect(…), and what it hands to a callback, "https.get@", is
// https.get(callback).
func Spoken(api string) string {
	api = strings.TrimPrefix(api, "globalThis.")
	i := strings.IndexAny(strings.TrimPrefix(api, "@"), "#@") // a scope begins with @ too
	if i < 0 {
		return api
	}
	var b strings.Builder
	for i := range len(api) {
		switch c := api[i]; {
		case c == '#':
			b.WriteString("(…)")
		case c == '@' && i > 0:
			b.WriteString("(callback)")
		default:
			if i > 1 && c != '.' && (api[i-1] == '#' || api[i-1] == '@') {
				b.WriteByte('.')
			}
			b.WriteByte(c)
		}
	}
	return b.String()
}

// maxSteps is how many steps of a flow are shown.
const maxSteps = 8

// flowSteps are those of the first flow with one of the marks.
func flowSteps(u *javascript.Use, marks javascript.Marks) []string {
	for i := range u.Flows {
		f := &u.Flows[i]
		if f.Marks&marks == 0 || len(f.Steps) == 0 {
			continue
		}
		var steps []string
		if f.Cut {
			steps = append(steps, "…")
		}
		for j := range f.Steps {
			line, _ := f.Steps[j].Position()
			step := itoaSite(f.Steps[j].File(), line)
			if j == 0 && !f.Cut {
				step += " " + Spoken(f.Source)
			}
			if j == len(f.Steps)-1 {
				step += " " + Spoken(u.API)
			}
			if len(steps) == 0 || steps[len(steps)-1] != step {
				steps = append(steps, step)
			}
		}
		if len(steps) > maxSteps {
			steps = append(append(steps[:maxSteps/2:maxSteps/2], "…"), steps[len(steps)-maxSteps/2+1:]...)
		}
		return steps
	}
	return nil
}

func itoaSite(file string, line int) string { return file + ":" + itoa(line) }

// use looks one use up.
func (m *matcher) use(u *javascript.Use) {
	for _, r := range m.c.rulesFor(u.API) {
		if u.Kind&r.kinds == 0 || r.stanza.silent || r.stanza.safe[u.API] {
			continue
		}
		if r.value != "" && !u.Arg(0).Is(r.value) {
			continue
		}
		if r.where != nil && !r.where.holds(u) {
			continue
		}
		if r.where == nil && taken(r.stanza.unless[u.API], u) {
			continue
		}
		if flow := r.stanza.flow; flow != 0 && !carries(u, flow) && !strings.Contains(u.API, "@") {
			continue
		}
		agreed := true
		for _, name := range r.stanza.checks {
			agreed = agreed && checks[name](m, u)
		}
		if !agreed {
			continue
		}
		certainty := u.Certainty
		if r.likely {
			certainty = max(certainty, javascript.Likely)
		}
		e := evidence(&u.Site, certainty, u.API)
		if r.stanza.flow != 0 {
			if e.Flow = flowSteps(u, r.stanza.flow); e.Flow == nil {
				e.Certainty = max(e.Certainty, javascript.Likely)
			}
		}
		m.add(r.stanza, e)
		if len(m.uses[r.stanza.id]) < maxUses {
			m.uses[r.stanza.id] = append(m.uses[r.stanza.id], u)
		}
		if r.where != nil && r.where.property != "" {
			m.whereSet(r, u)
		}
		m.indirect(r, u)
	}
}

// indirect adds the places that explain a use through a variable: where the
// API is spelled out, who calls a wrapper of the same name, where a computed
// name is written.
func (m *matcher) indirect(r *rule, u *javascript.Use) {
	also := func(sites ...javascript.Site) {
		for i := range sites {
			e := evidence(&sites[i], u.Certainty, u.API)
			e.Contexts = u.Contexts()
			m.add(r.stanza, e)
		}
	}
	if r.module {
		root := u.API
		if i := strings.IndexAny(strings.TrimPrefix(root, "@"), "#@"); i > 0 {
			root = root[:i]
		}
		for name := root; ; {
			if m.c.modules[name] != nil {
				also(m.in.Facts.Named(&u.Site, name)...)
				break
			}
			i := strings.LastIndexAny(name, ".#@")
			if i < 0 {
				break
			}
			name = name[:i]
		}
	}
	if u.Kind&(javascript.UseCall|javascript.UseNew|javascript.UseRead) == 0 {
		return
	}
	if u.Direct() {
		also(m.in.Facts.Wrapped(u)...)
		return
	}
	if u.Kind == javascript.UseRead {
		also(m.in.Facts.Written(&u.Site, u.API[strings.LastIndexByte(u.API, '.')+1:])...)
		return
	}
	also(m.in.Facts.Named(&u.Site, u.API)...)
}

// whereSet adds the place where the property that decides is set.
func (m *matcher) whereSet(r *rule, u *javascript.Use) {
	api := "{}." + r.where.property
	for i := range m.in.Facts.Uses {
		o := &m.in.Facts.Uses[i]
		if o.Kind == javascript.UseProperty && o.API == api && o.File() == u.File() && o.Arg(1).Same(u.Arg(r.where.arg)) && (r.where.value == "" || o.Arg(0).Is(r.where.value)) {
			e := evidence(&o.Site, u.Certainty, u.API)
			m.add(r.stanza, e)
		}
	}
}

func taken(conditions []condition, u *javascript.Use) bool {
	for i := range conditions {
		if conditions[i].holds(u) {
			return true
		}
	}
	return false
}

func carries(u *javascript.Use, marks javascript.Marks) bool {
	for _, arg := range u.Args {
		if arg.Carries()&marks != 0 {
			return true
		}
	}
	return false
}

// text looks a constant text up.
func (m *matcher) text(t *javascript.Text) {
	if !m.c.needles.in(t.Value) {
		return
	}
	lower := strings.ToLower(t.Value)
	for _, s := range m.c.stanzas {
		for _, needle := range s.texts {
			if glob.Contains(t.Value, needle) && plausible(t.Value, needle) {
				m.add(s, evidence(&t.Site, javascript.Certain, ""))
			}
		}
		for _, host := range s.hosts {
			if namesHost(lower, host) {
				e := evidence(&t.Site, javascript.Certain, "")
				e.Host = host
				m.add(s, e)
			}
		}
	}
}

// plausible keeps prose out: a text that has the needle somewhere among many
// words is a message, not a path or an address.
func plausible(text, needle string) bool {
	return strings.Count(text, " ") <= strings.Count(needle, " ")+6 && len(text) < 512
}

// NamesHost reports whether a text is or holds an address on the host.
func NamesHost(text, host string) bool { return namesHost(strings.ToLower(text), host) }

func namesHost(text, host string) bool {
	rest := text
	for {
		i := strings.Index(rest, host)
		if i < 0 {
			return false
		}
		before := rest[:i]
		after := rest[i+len(host):]
		startOK := before == "" || strings.HasSuffix(before, "//") || strings.HasSuffix(before, "@") || strings.HasSuffix(before, ".") && !strings.HasSuffix(before, "..")
		endOK := after == "" || strings.ContainsRune("/:?# \"'`\ufffc)", rune(after[0])) || strings.HasPrefix(after, "\ufffc")
		// An address in prose needs its scheme.
		prose := strings.ContainsAny(strings.TrimSpace(text), " \n") && !strings.HasSuffix(before, "//") && !strings.Contains(lastWord(before), "//")
		if startOK && endOK && !prose {
			return true
		}
		rest = after
	}
}

func lastWord(s string) string {
	if i := strings.LastIndexAny(s, " \n\t"); i >= 0 {
		return s[i+1:]
	}
	return s
}

func (m *matcher) file(f *javascript.FileUse) {
	for _, s := range m.c.stanzas {
		for _, name := range s.files {
			if f.Path == name || strings.HasSuffix(f.Path, "/"+name) {
				m.add(s, evidence(&f.Site, javascript.Certain, ""))
			}
		}
	}
}

// derive holds where one of the others holds in one of the contexts.
func (m *matcher) derive(s *stanza) {
	for _, id := range s.derive {
		b := m.found[id]
		if b == nil || b.Contexts&s.contexts == 0 {
			continue
		}
		for _, e := range b.Evidence {
			if e.Contexts&s.contexts != 0 {
				e.Contexts &= s.contexts
				m.add(s, e)
			}
		}
	}
}

func itoa(n int) string { return strconv.Itoa(n) }
