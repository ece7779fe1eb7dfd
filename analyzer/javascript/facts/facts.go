package facts

import (
	"slices"
	"sort"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/eval"
	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/analyzer/shell"
)

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

	modules []*eval.Module
	callers map[*eval.Function][]eval.Edge
	byFile  map[string]*eval.Function
}

// LoadedBy are the package's scripts that the given ones load.
func (f *Facts) LoadedBy(scripts map[string]bool) []string {
	var out []string
	for _, m := range f.modules {
		if !scripts[m.File.Path] {
			continue
		}
		for _, function := range m.Functions {
			for _, call := range function.Calls {
				if call.To.Index == 0 { // what runs as the module is loaded
					out = append(out, call.To.Module.File.Path)
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
	// File and Line say where, Reason why.
	File, Reason string
	Line         int
}

// Use is one use of an API.
type Use struct {
	// Kind says what is done with the API, Certainty how sure that is.
	Kind      eval.UseKind
	API       string
	Args      []*eval.Value
	Certainty eval.Certainty
	// OneOf is set where what is called may be something else as well.
	OneOf bool
	// Loose is set where it may be so much else that the place says little: the Site
	// is where the package gets hold of the API, as far as that is known.
	Loose bool
	// Flows are the ways of data to the arguments, where they were asked for.
	Flows []Flow
	// id is the node of the call; -1 where there is none.
	id ir.NodeID
	// Site is where a reader looks for it.
	Site
}

// Text is one constant text.
type Text struct {
	// Value is the text.
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
type Site struct{ eval.Place }

// Contexts are those in which the code there can run.
func (s *Site) Contexts() eval.Context {
	if s.F == nil || s.F.Contexts == 0 {
		return eval.Unreachable
	}
	return s.F.Contexts
}

// siteAt is a place in a function.
func siteAt(f *eval.Function, pos int32) Site {
	return Site{eval.Place{Source: f.Module.File, Pos: pos, F: f}}
}

// SameFunction reports whether two sites are in the same function.
func (s *Site) SameFunction(other *Site) bool { return s.F != nil && s.F == other.F }

// FileContexts are those in which a file is loaded or started.
func (f *Facts) FileContexts(name string) eval.Context {
	var contexts eval.Context
	if fn := f.loading(name); fn != nil {
		contexts = fn.Contexts
	} else {
		// What is no script runs where scripts load or start it.
		for i := range f.Files {
			if f.Files[i].Path == name {
				contexts |= f.Files[i].Contexts()
			}
		}
	}
	if contexts &^= eval.Unreachable; contexts == 0 {
		return eval.Unreachable
	}
	return contexts
}

// FileChain is the way on which a file is loaded.
func (f *Facts) FileChain(name string) []string {
	fn := f.loading(name)
	if fn == nil {
		return nil
	}
	s := Site{eval.Place{F: fn}}
	return s.Chain()
}

// loading is the top level of a file's module.
func (f *Facts) loading(name string) *eval.Function {
	if f.byFile == nil {
		f.byFile = map[string]*eval.Function{}
		for _, m := range f.modules {
			if len(m.Functions) > 0 && f.byFile[m.File.Path] == nil {
				f.byFile[m.File.Path] = m.Functions[0]
			}
		}
	}
	return f.byFile[name]
}

// CodeBetween reports whether code, not only a text or a comment, begins between
// two offsets of a file that has a wide gap; true where the file was analyzed by itself.
func (f *Facts) CodeBetween(name string, start, end int) bool {
	fn := f.loading(name)
	if fn == nil || fn.Module.Answers == nil {
		return true
	}
	return fn.Module.Answers.CodeBetween(start, end)
}

// CallsInto reports whether the function of the place calls the other's
// directly.
func (s *Site) CallsInto(other *Site) bool {
	if s.F == nil || other.F == nil {
		return false
	}
	for _, call := range s.F.Calls {
		if call.To == other.F {
			return true
		}
	}
	return false
}

// Origins are the flows of an argument from sources with the marks.
func (f *Facts) Origins(u *Use, arg int, marks eval.Marks) []Flow {
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
			return chain(s.F, i)
		}
	}
	return nil
}

func chain(f *eval.Function, context int) []string {
	var steps []string
	for range 64 {
		if f.Via == nil {
			break
		}
		via := f.Via[context]
		if via.From == nil {
			if via.Label > 0 {
				steps = append(steps, f.Label(via.Label))
			}
			break
		}
		line, _ := via.From.Module.File.Position(via.Pos)
		steps = append(steps, via.From.Module.File.Path+":"+ir.FormatNumber(float64(line)))
		f = via.From
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
	if near.F == nil || near.F.Module.Answers == nil {
		return nil // its module was analyzed by itself
	}
	var out []Site
	for _, at := range near.F.Module.Answers.Named[api] {
		out = append(out, siteAt(at.F, at.Pos))
	}
	return out
}

// Wrapped finds the calls of a function of the package that is named as the
// API it calls: unlinkSync(file) { fs.unlinkSync(file) }.
func (f *Facts) Wrapped(u *Use) []Site {
	name := u.API[strings.LastIndexAny(u.API, ".#@")+1:]
	fn := u.F
	for depth := 0; fn != nil && depth < 3 && fn.Name != name; depth++ {
		fn = fn.Parent()
	}
	if fn == nil || fn.Name != name {
		return nil
	}
	if f.callers == nil {
		f.callers = map[*eval.Function][]eval.Edge{}
		for _, m := range f.modules {
			for _, caller := range m.Functions {
				for _, call := range caller.Calls {
					f.callers[call.To] = append(f.callers[call.To], eval.Edge{From: caller, Pos: call.Pos})
				}
			}
		}
	}
	var out []Site
	for _, call := range f.callers[fn] {
		if text := call.From.Module.File.Text(); call.Pos < 0 || int(call.Pos) >= len(text) || !strings.HasPrefix(text[call.Pos:], name) {
			continue // it may be another function that is called there
		}
		out = append(out, siteAt(call.From, call.Pos))
	}
	return out
}

// Stored finds the places in the file where a value that may be the API is
// kept in a variable.
func (f *Facts) Stored(near *Site, api string) bool {
	return near.F != nil && near.F.Module.Answers != nil && near.F.Module.Answers.Stored[api]
}

// Written finds where in the same file a text is put together that is used at
// another place.
func (f *Facts) Written(near *Site, text string) []Site {
	if near.F == nil || near.F.Module.Answers == nil {
		return nil // its module was analyzed by itself
	}
	var out []Site
	m := near.F.Module
	for _, w := range m.Answers.Written {
		if m.Text(w.Text) == text && len(out) < eval.MaxPlaces {
			out = append(out, siteAt(m.Functions[w.Function], w.Pos))
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
		if len(m.Functions) > 0 && m.Functions[0].Contexts&eval.Install != 0 {
			add(m.File.Path)
		}
	}
	for _, c := range f.Commands {
		add(c.File)
	}
	sort.Strings(out)
	return out
}

func sortFacts(facts *Facts) {
	less := func(a, b *Site, tie bool) bool {
		if a.File() != b.File() {
			return a.File() < b.File()
		}
		if a.Pos != b.Pos {
			return a.Pos < b.Pos
		}
		return tie
	}
	sort.SliceStable(facts.Uses, func(i, j int) bool {
		a, b := &facts.Uses[i], &facts.Uses[j]
		return less(&a.Site, &b.Site, a.API < b.API)
	})
	sort.SliceStable(facts.Texts, func(i, j int) bool {
		a, b := &facts.Texts[i], &facts.Texts[j]
		return less(&a.Site, &b.Site, a.Value < b.Value)
	})
	sort.SliceStable(facts.Files, func(i, j int) bool {
		a, b := &facts.Files[i], &facts.Files[j]
		return less(&a.Site, &b.Site, a.Path < b.Path)
	})
}

// Arg is the i-th argument, nil where there is none.
func (u *Use) Arg(i int) *eval.Value {
	if i >= len(u.Args) {
		return nil
	}
	return u.Args[i]
}

// raw is the use as the evaluation saw it.
func (u *Use) raw() *eval.Use {
	return &eval.Use{Kind: u.Kind, API: u.API, Args: u.Args, Place: u.Place}
}

// Direct reports whether the API is spelled out where it is used.
func (u *Use) Direct() bool { return u.raw().Direct() }

// Shell reports whether a function that starts programs is told to let a shell
// do it.
func (u *Use) Shell() bool { return u.raw().Shell() }

// Runs follows what a use starts, for each program or text that it may start. What
// was read for the same memo is not read again.
func (u *Use) Runs(p *shell.Package, text, away bool, memo string) []eval.StartedRun {
	return u.raw().Runs(p, text, away, memo)
}

// BundledScript is a lifecycle script of a package that the tarball brings in its
// node_modules: npm runs it as it runs the package's own.
type BundledScript struct {
	// File is the package.json, or the binding.gyp that npm builds of itself.
	File, Name string
	Script     npm.Script
}

// Flow is a way that data takes: from the API that gives it to an argument of
// a use. It is found backwards, from the use, only for uses that a vocabulary
// asks for, so that it costs nothing elsewhere.
type Flow struct {
	// Arg is the argument that the data arrives in; -1 is the receiver.
	Arg int
	// Marks are those of the source that were followed.
	Marks eval.Marks
	// Cut is set where the way took more steps than are followed: Steps are its end.
	Cut bool
	// Source is the API that gives the data, and SourceTexts what its first
	// argument may be, as far as that is constant: paths, the name of a variable.
	Source      string
	SourceTexts []string
	// Steps are the places from the source to the use, in this order, one for
	// each line that the way goes through.
	Steps []Site
}

// Traced reports whether the way of data with one of the marks was found.
func (u *Use) Traced(marks eval.Marks) bool {
	return slices.ContainsFunc(u.Flows, func(f Flow) bool { return f.Marks&marks != 0 && !f.Cut })
}
