package eval

import (
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
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

// Records are what evaluations found, raw and in the order in which they found it.
// They say nothing of when the code runs.
type Records struct {
	// Uses are the uses of APIs, Texts the constant texts.
	Uses  []Use
	Texts []Text
	// Files are those of the package that code names; Disguised are scripts that are
	// loaded by the name of something else.
	Files, Disguised []FileUse
	// Tokens are the files that were read as tokens only.
	Tokens []string
	// Stops are the places where an evaluation stopped following.
	Stops []Stop
}

// Use is one use of an API.
type Use struct {
	// Kind says what is done with the API, Certainty how sure that is.
	Kind      UseKind
	API       string
	Args      []*Value
	Certainty Certainty
	// OneOf is set where what is called may be something else as well, Loose where it
	// may be so much else that the place says little.
	OneOf, Loose bool
	// ID is the node of the call; -1 where there is none.
	ID ir.NodeID
	Place
}

// Arg is the i-th argument, nil where there is none.
func (u *Use) Arg(i int) *Value {
	if i >= len(u.Args) {
		return nil
	}
	return u.Args[i]
}

// Text is one constant text; Folded is set where the code puts it together.
type Text struct {
	// Value is the text.
	Value  string
	Folded bool
	Place
}

// FileUse is a file of the package that code names, as it is written where the package
// lacks it; Started is set where it is run as a program.
type FileUse struct {
	// Path is the file's.
	Path    string
	Started bool
	Place
}

// Place is one in a package's scripts.
type Place struct {
	// Source is nil where the place is in no script.
	Source *ir.Source
	// Pos is where it is in the text, in bytes.
	Pos int32
	// F is the function around it.
	F *Function
	// Line is set where it is a line of what is no script.
	Line int
}

// File is the path in the package.
func (s *Place) File() string {
	if s.Source == nil {
		return ""
	}
	return s.Source.Path
}

// Position is the 1-based line and column.
func (s *Place) Position() (line, column int) {
	if s.Line > 0 || s.Source == nil {
		return s.Line, 1
	}
	return s.Source.Position(s.Pos)
}

// Snippet is the code there, at most 200 bytes.
func (s *Place) Snippet() string {
	if s.Source == nil {
		return ""
	}
	return s.Source.Snippet(s.Pos)
}

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
		site.Pos = pos
	}
	e.p.records.Uses = append(e.p.records.Uses, Use{Kind: UseProperty, API: "{}." + name, Args: []*Value{v, object}, ID: -1, Place: site})
}

func (e *evaluation) site(id ir.NodeID) Place {
	pos := int32(0)
	if id >= 0 {
		pos = e.m.Position(id)
	}
	return Place{Source: e.m.File, Pos: pos, F: e.f}
}

// use reports a use of what v may be.
func (e *evaluation) use(kind UseKind, v *Value, id ir.NodeID, args []*Value) {
	e.useCertainty(kind, v, id, args, Certain)
}

func (e *evaluation) useCertainty(kind UseKind, v *Value, id ir.NodeID, args []*Value, certainty Certainty) {
	v.Each(func(alt *Value) {
		if alt.kind != vPath || alt.Path().Interest.Uses&kind == 0 {
			return
		}
		e.p.records.Uses = append(e.p.records.Uses, Use{Kind: kind, API: alt.Path().API, Args: slices.Clone(args),
			Certainty: certainty, ID: id, Place: e.siteOfUse(id)})
	})
}

// siteOfUse is where a reader looks for a call: at the name that is called.
func (e *evaluation) siteOfUse(id ir.NodeID) Place {
	s := e.site(id)
	if id >= 0 {
		n := &e.m.Nodes[id]
		if n.Kind == ir.NCall || n.Kind == ir.NTagged {
			if pos := e.m.Position(ir.NodeID(n.A)); e.m.Nodes[n.A].Kind == ir.NMember && pos > 0 {
				s.Pos = pos
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
	if e.p.requirePath.Interest.Uses&kind == 0 {
		return
	}
	e.p.records.Uses = append(e.p.records.Uses, Use{Kind: kind, API: "require", Args: []*Value{v}, ID: id, Place: e.siteOfUse(id)})
}

// hidden reports a computed member that resolves to a watched API.
func (e *evaluation) hidden(id ir.NodeID, n *ir.Node, member *Value) {
	key := e.at(n.B)
	if member == nil || key == nil || key.kind != vString {
		return
	}
	member.Each(func(alt *Value) {
		if alt.kind == vPath && alt.Path().Interest.Uses&UseHidden != 0 && !e.spelled(ir.NodeID(n.B), key.text()) {
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

// fileUse notes a file of the package that code names.
func (e *evaluation) fileUse(id ir.NodeID, file string) {
	e.p.records.Files = append(e.p.records.Files, FileUse{Path: file, Place: e.site(id)})
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
				e.p.records.Texts = append(e.p.records.Texts, Text{Value: s, Place: e.site(id)})
			}
		case ir.NConcat, ir.NCall, ir.NNew:
			v := e.at(int32(id))
			if v == nil {
				continue
			}
			seen := 0
			v.Each(func(alt *Value) {
				if alt.kind == vString && len(alt.text()) >= 4 && alt.text() != ir.Hole && seen < 4 && wanted(alt.text()) {
					seen++
					e.p.records.Texts = append(e.p.records.Texts, Text{Value: alt.text(), Folded: true, Place: e.site(id)})
				}
			})
		}
	}
}

// Direct reports whether the API is spelled out where it is used.
func (u *Use) Direct() bool {
	if u.Source == nil || u.Pos < 0 {
		return true
	}
	text := u.Source.Text()
	if int(u.Pos) >= len(text) {
		return true
	}
	name := u.API[strings.LastIndexAny(u.API, ".#@")+1:]
	if !strings.HasPrefix(text[u.Pos:], name) {
		return false
	}
	return strings.HasPrefix(u.API, "globalThis.") || u.Pos > 0 && strings.IndexByte(".[\"'", text[u.Pos-1]) >= 0
}

// CallEdge is an edge of the call graph.
type CallEdge struct {
	// To is the function that is called, Pos the place that calls it.
	To  *Function
	Pos int32
}

// edge notes that the current function calls f, in the recording pass.
func (e *evaluation) edge(id ir.NodeID, f *Function) {
	if !e.recording() || f == nil {
		return
	}
	from := e.f
	for i := len(from.Calls) - 1; i >= 0 && i >= len(from.Calls)-4; i-- {
		if from.Calls[i].To == f {
			return
		}
	}
	from.Calls = append(from.Calls, CallEdge{f, e.siteOfUse(id).Pos})
}
