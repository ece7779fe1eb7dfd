package javascript

import (
	"slices"
	"sort"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
	"github.com/lockwarden/lockwarden/analyzer/shell"
)

// UseKind is a kind of use of an API; a vocabulary asks for several at once.
type UseKind uint16

// The kinds of use.
const (
	UseCall UseKind = 1 << iota
	UseNew
	UseRead
	UseSet
	UseDelete
	UseEnumerate
	UseImport
	UseDynamicImport
	UseExtends
	// UseHidden is a member of a module reached under a name that the code
	// puts together, or a module loaded so.
	UseHidden
	// UseProperty is a property set on an object of the package, under the API
	// "{}.name".
	UseProperty
	// UseCompare is a comparison of what the API gives; the argument is what
	// with.
	UseCompare
)

// Certainty says how sure a fact is.
type Certainty uint8

// The degrees: resolved by the analysis; resolved to one of several, or
// handed to code that is not known; only a word in a text that no parser
// reads.
const (
	Certain Certainty = iota
	Likely
	Textual
)

// String is the word that readers see.
func (c Certainty) String() string { return [...]string{"certain", "likely", "text"}[c] }

// Context is a set of situations in which code runs.
type Context uint8

// The contexts of the catalogue.
const (
	Install Context = 1 << iota
	Launch
	Call
	Unreachable
)

// Names lists the contexts of the set by name.
func (c Context) Names() []string {
	names := []string{}
	for i, name := range []string{"install", "launch", "call", "unreachable"} {
		if c&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// Facts is what the analysis of a package's scripts found.
type Facts struct {
	// Uses are the uses of APIs that the vocabulary asked for, by file and
	// position.
	Uses []Use
	// Texts are the constant texts of the scripts, literal or folded.
	Texts []Text
	// Commands are those of the lifecycle scripts and the shell files they
	// run.
	Commands []shell.Command
	// Files are the package's own files that code loads, starts or opens by a
	// constant path.
	Files []FileUse
	// BundledScripts are the lifecycle scripts of packages in the tarball's
	// node_modules.
	BundledScripts []BundledScript
	// Disguised are scripts that code loads by the name of something else.
	Disguised []FileUse
	// Unparsable and Incomplete are scripts that were not fully understood.
	Unparsable, Incomplete []Problem
	// Blind are the places where the engine stopped following, by file and line.
	Blind []Blind
	// Tokens are the files that were read as tokens only: their context is not
	// known.
	Tokens []string
	// Scripts counts the script files seen, Parsed those a parser read.
	Scripts, Parsed int
	// Bytes is the size of all scripts.
	Bytes int64

	modules []*module
	callers map[*function][]edge
	byFile  map[string]*function
}

// LoadedBy are the package's scripts that the given ones load.
func (f *Facts) LoadedBy(scripts map[string]bool) []string {
	var out []string
	for _, m := range f.modules {
		if !scripts[m.File.Path] {
			continue
		}
		for _, function := range m.functions {
			for _, call := range function.calls {
				if call.to.Index == 0 { // what runs as the module is loaded
					out = append(out, call.to.module.File.Path)
				}
			}
		}
	}
	for i := range f.Files {
		if use := &f.Files[i]; !use.Started && scripts[use.File()] {
			out = append(out, use.Path)
		}
	}
	return out
}

// Problem is why a file was not fully analyzed.
type Problem struct {
	File, Reason string
	Line         int
}

// Use is one use of an API.
type Use struct {
	Kind      UseKind
	API       string
	Args      []*Value
	Certainty Certainty
	// OneOf is set where what is called may be something else as well.
	OneOf bool
	// Loose is set where it may be so much else that the place says little: the Site
	// is where the package gets hold of the API, as far as that is known.
	Loose bool
	// Flows are the ways of data to the arguments, where they were asked for.
	Flows []Flow
	// id is the node of the call; -1 where there is none.
	id ir.NodeID
	Site
}

// Text is one constant text.
type Text struct {
	Value string
	// Folded is set where the code puts it together.
	Folded bool
	Site
}

// FileUse is a file of the package that code names.
type FileUse struct {
	// Path is the file's; as it is written where the package lacks the file.
	Path string
	// Started is set where it is run as a program, not loaded.
	Started bool
	Site
}

// Site is a place in a package's scripts.
type Site struct {
	file *ir.Source
	pos  int32
	f    *function
	line int
}

// File is the path in the package.
func (s *Site) File() string {
	if s.file == nil {
		return ""
	}
	return s.file.Path
}

// Position is the 1-based line and column.
func (s *Site) Position() (line, column int) {
	if s.line > 0 || s.file == nil {
		return s.line, 1
	}
	return s.file.Position(s.pos)
}

// Snippet is the code there, at most 200 bytes.
func (s *Site) Snippet() string {
	if s.file == nil {
		return ""
	}
	return s.file.Snippet(s.pos)
}

// Contexts are those in which the code there can run.
func (s *Site) Contexts() Context {
	if s.f == nil || s.f.contexts == 0 {
		return Unreachable
	}
	return s.f.contexts
}

// SameFunction reports whether two sites are in the same function.
func (s *Site) SameFunction(other *Site) bool { return s.f != nil && s.f == other.f }

// propertyUse reports a property that the vocabulary asks for by name.
func (e *evaluation) propertyUse(id ir.NodeID, pos int32, name string, object, v *Value) {
	interest, ok := e.p.properties[name]
	if !ok {
		interest = e.p.vocabulary.Interest("{}."+name).Uses&UseProperty != 0
		if len(e.p.properties) < 100_000 {
			e.p.properties[name] = interest
		}
	}
	if !interest {
		return
	}
	site := e.site(id)
	if pos > 0 {
		site.pos = pos
	}
	e.p.facts.Uses = append(e.p.facts.Uses, Use{Kind: UseProperty, API: "{}." + name, Args: []*Value{v, object}, id: -1, Site: site})
}

func (e *evaluation) site(id ir.NodeID) Site {
	pos := int32(0)
	if id >= 0 {
		pos = e.m.Position(id)
	}
	return Site{file: e.m.File, pos: pos, f: e.f}
}

// use reports a use of what v may be.
func (e *evaluation) use(kind UseKind, v *Value, id ir.NodeID, args []*Value) {
	e.useCertainty(kind, v, id, args, Certain)
}

func (e *evaluation) useCertainty(kind UseKind, v *Value, id ir.NodeID, args []*Value, certainty Certainty) {
	v.each(func(alt *Value) {
		if alt.kind != vPath || alt.path().interest.Uses&kind == 0 {
			return
		}
		e.p.facts.Uses = append(e.p.facts.Uses, Use{Kind: kind, API: alt.path().api, Args: slices.Clone(args), Certainty: certainty, id: id, Site: e.siteOfUse(id)})
	})
}

// siteOfUse is where a reader looks for a call: at the name that is called.
func (e *evaluation) siteOfUse(id ir.NodeID) Site {
	s := e.site(id)
	if id >= 0 {
		n := &e.m.Nodes[id]
		if n.Kind == ir.NCall || n.Kind == ir.NTagged {
			if pos := e.m.Position(ir.NodeID(n.A)); e.m.Nodes[n.A].Kind == ir.NMember && pos > 0 {
				s.pos = pos
			}
		}
	}
	return s
}

// enumerate reports that all members of v are taken: "list" where code reads
// them one by one, "copy" where another object gets them all.
func (e *evaluation) enumerate(id ir.NodeID, v *Value, how string) {
	e.use(UseEnumerate, v, id, []*Value{e.p.str(how)})
}

// requireUse reports a module that is chosen at run time.
func (e *evaluation) requireUse(id ir.NodeID, v *Value, kind UseKind) {
	if e.p.requirePath.interest.Uses&kind == 0 {
		return
	}
	e.p.facts.Uses = append(e.p.facts.Uses, Use{Kind: kind, API: "require", Args: []*Value{v}, id: id, Site: e.siteOfUse(id)})
}

// hidden reports a computed member that resolves to a watched API.
func (e *evaluation) hidden(id ir.NodeID, n *ir.Node, member *Value) {
	key := e.at(n.B)
	if member == nil || key == nil || key.kind != vString {
		return
	}
	member.each(func(alt *Value) {
		if alt.kind == vPath && alt.path().interest.Uses&UseHidden != 0 && !e.spelled(ir.NodeID(n.B), key.text()) {
			e.use(UseHidden, alt, id, []*Value{e.at(n.B)})
		}
	})
}

// spelled reports whether a name stands in the code as it is: at the node, or,
// where a variable holds it, anywhere in the file, or as a text in the package.
func (e *evaluation) spelled(id ir.NodeID, name string) bool {
	n := &e.m.Nodes[id]
	switch n.Kind {
	case ir.NString:
		return ir.SpelledAt(e.m.File.Text(), int(e.m.Position(id)), name)
	case ir.NConcat, ir.NCall, ir.NIndex, ir.NArithmetic:
		return false
	case ir.NSymbol, ir.NMember:
		return e.p.namesSpelled(e.m.File, name) || e.p.quotedAnywhere(name)
	}
	return true
}

// quotedAnywhere reports whether a name stands as a text in one of the package's
// files: a wrapper of require gets it from there.
func (p *program) quotedAnywhere(name string) bool {
	found, ok := p.quoted[name]
	if ok {
		return found
	}
	for _, m := range p.order {
		if text := m.File.Text(); strings.Contains(text, "'"+name+"'") || strings.Contains(text, "\""+name+"\"") {
			found = true
			break
		}
	}
	p.quoted[name] = found
	return found
}

// namesSpelled reports whether a name stands as a word in a file.
func (p *program) namesSpelled(file *ir.Source, name string) bool {
	text := file.Text()
	for from := 0; ; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return false
		}
		at := from + i
		end := at + len(name)
		if (at == 0 || !ir.IsWordByte(text[at-1])) && (end == len(text) || !ir.IsWordByte(text[end])) {
			return true
		}
		from = end
	}
}

func (f *Facts) fileUse(e *evaluation, id ir.NodeID, file string) {
	f.Files = append(f.Files, FileUse{Path: file, Site: e.site(id)})
}

// texts reports the constant texts of a function: literals, and what folding
// makes of several.
func (e *evaluation) texts(wanted func(string) bool) {
	m := e.m
	for id := e.f.Start; id < e.f.End; id++ {
		n := &m.Nodes[id]
		switch n.Kind {
		case ir.NString, ir.NRegExp:
			if s := e.p.strings.All[n.A]; len(s) >= 3 && wanted(s) {
				e.p.facts.Texts = append(e.p.facts.Texts, Text{Value: s, Site: e.site(id)})
			}
		case ir.NConcat, ir.NCall, ir.NNew:
			v := e.at(int32(id))
			if v == nil {
				continue
			}
			seen := 0
			v.each(func(alt *Value) {
				if alt.kind == vString && len(alt.text()) >= 4 && alt.text() != ir.Hole && seen < 4 && wanted(alt.text()) {
					seen++
					e.p.facts.Texts = append(e.p.facts.Texts, Text{Value: alt.text(), Folded: true, Site: e.site(id)})
				}
			})
		}
	}
}

// FileContexts are those in which a file is loaded or started.
func (f *Facts) FileContexts(name string) Context {
	var contexts Context
	if fn := f.loading(name); fn != nil {
		contexts = fn.contexts
	} else {
		// What is no script runs where scripts load or start it.
		for i := range f.Files {
			if f.Files[i].Path == name {
				contexts |= f.Files[i].Contexts()
			}
		}
	}
	if contexts &^= Unreachable; contexts == 0 {
		return Unreachable
	}
	return contexts
}

// FileChain is the way on which a file is loaded.
func (f *Facts) FileChain(name string) []string {
	fn := f.loading(name)
	if fn == nil {
		return nil
	}
	s := Site{f: fn}
	return s.Chain()
}

// loading is the top level of a file's module.
func (f *Facts) loading(name string) *function {
	if f.byFile == nil {
		f.byFile = map[string]*function{}
		for _, m := range f.modules {
			if len(m.functions) > 0 && f.byFile[m.File.Path] == nil {
				f.byFile[m.File.Path] = m.functions[0]
			}
		}
	}
	return f.byFile[name]
}

// CodeBetween reports whether code, not only a text or a comment, begins between
// two offsets of a file that has a wide gap; true where the file was analyzed by itself.
func (f *Facts) CodeBetween(name string, start, end int) bool {
	fn := f.loading(name)
	if fn == nil || fn.module.answers == nil {
		return true
	}
	return fn.module.answers.codeBetween(start, end)
}

// CallsInto reports whether the function of the place calls the other's
// directly.
func (s *Site) CallsInto(other *Site) bool {
	if s.f == nil || other.f == nil {
		return false
	}
	for _, call := range s.f.calls {
		if call.to == other.f {
			return true
		}
	}
	return false
}

// Origins are the flows of an argument from sources with the marks.
func (f *Facts) Origins(u *Use, arg int, marks Marks) []Flow {
	var out []Flow
	for _, flow := range u.Flows {
		if flow.Arg == arg && flow.Marks&marks != 0 {
			out = append(out, flow)
		}
	}
	return out
}

// Chain is the shortest way from a root to the place: each step "file:line",
// the first one naming what starts it.
func (s *Site) Chain() []string {
	contexts := s.Contexts()
	for i := range 3 {
		if contexts&(1<<i) != 0 {
			return chain(s.f, i)
		}
	}
	return nil
}

// edge is how a function is reached in one context.
type edge struct {
	from *function
	pos  int32
	// label is the root's, in program.labels; 0 where from is set.
	label int32
}

func chain(f *function, context int) []string {
	var steps []string
	for range 64 {
		if f.via == nil {
			break
		}
		via := f.via[context]
		if via.from == nil {
			if via.label > 0 {
				steps = append(steps, f.module.pkg.labels[via.label-1])
			}
			break
		}
		line, _ := via.from.module.File.Position(via.pos)
		steps = append(steps, via.from.module.File.Path+":"+ir.FormatNumber(float64(line)))
		f = via.from
	}
	for i, j := 0, len(steps)-1; i < j; i, j = i+1, j-1 {
		steps[i], steps[j] = steps[j], steps[i]
	}
	// A long way is cut in the middle: its beginning and end explain it.
	if len(steps) > 8 {
		steps = append(append(steps[:4:4], "…"), steps[len(steps)-3:]...)
	}
	return steps
}

// Steps joins a chain for readers.
func Steps(chain []string) string { return strings.Join(chain, " → ") }

// Named finds the places in the same file where a member path is spelled out
// that is called elsewhere, through a variable; for a whole module, where it
// is loaded.
func (f *Facts) Named(near *Site, api string) []Site {
	if near.f == nil || near.f.module.answers == nil {
		return nil // its module was analyzed by itself
	}
	var out []Site
	for _, at := range near.f.module.answers.named[api] {
		out = append(out, at.site())
	}
	return out
}

// Wrapped finds the calls of a function of the package that is named as the
// API it calls: unlinkSync(file) { fs.unlinkSync(file) }.
func (f *Facts) Wrapped(u *Use) []Site {
	name := u.API[strings.LastIndexAny(u.API, ".#@")+1:]
	fn := u.f
	for depth := 0; fn != nil && depth < 3 && fn.Name != name; depth++ {
		fn = fn.parent()
	}
	if fn == nil || fn.Name != name {
		return nil
	}
	if f.callers == nil {
		f.callers = map[*function][]edge{}
		for _, m := range f.modules {
			for _, caller := range m.functions {
				for _, call := range caller.calls {
					f.callers[call.to] = append(f.callers[call.to], edge{from: caller, pos: call.pos})
				}
			}
		}
	}
	var out []Site
	for _, call := range f.callers[fn] {
		if text := call.from.module.File.Text(); call.pos < 0 || int(call.pos) >= len(text) || !strings.HasPrefix(text[call.pos:], name) {
			continue // it may be another function that is called there
		}
		out = append(out, Site{file: call.from.module.File, pos: call.pos, f: call.from})
	}
	return out
}

// Stored finds the places in the file where a value that may be the API is
// kept in a variable.
func (f *Facts) Stored(near *Site, api string) bool {
	return near.f != nil && near.f.module.answers != nil && near.f.module.answers.stored[api]
}

// Direct reports whether the API is spelled out where it is used.
func (u *Use) Direct() bool {
	if u.file == nil || u.pos < 0 {
		return true
	}
	text := u.file.Text()
	if int(u.pos) >= len(text) {
		return true
	}
	name := u.API[strings.LastIndexAny(u.API, ".#@")+1:]
	if !strings.HasPrefix(text[u.pos:], name) {
		return false
	}
	return strings.HasPrefix(u.API, "globalThis.") || u.pos > 0 && strings.IndexByte(".[\"'", text[u.pos-1]) >= 0
}

// Written finds where in the same file a text is put together that is used at
// another place.
func (f *Facts) Written(near *Site, text string) []Site {
	if near.f == nil || near.f.module.answers == nil {
		return nil // its module was analyzed by itself
	}
	var out []Site
	m := near.f.module
	for _, w := range m.answers.written {
		if m.pkg.strings.All[w.text] == text && len(out) < maxPlaces {
			out = append(out, Site{file: m.File, pos: w.pos, f: m.functions[w.function]})
		}
	}
	return out
}

// InstallFiles are the files that run when the package is installed, as far
// as they are its own.
func (f *Facts) InstallFiles() []string {
	seen := map[string]bool{}
	var out []string
	add := func(name string) {
		if !seen[name] && name != "package.json" {
			seen[name] = true
			out = append(out, name)
		}
	}
	for _, m := range f.modules {
		if len(m.functions) > 0 && m.functions[0].contexts&Install != 0 {
			add(m.File.Path)
		}
	}
	for _, c := range f.Commands {
		add(c.File)
	}
	sort.Strings(out)
	return out
}
