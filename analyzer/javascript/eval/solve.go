package eval

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"runtime"
	"runtime/metrics"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/analyzer/shell"
)

// defaultSteps lets the largest real packages finish and a hostile one end in
// seconds.
const defaultSteps = 120_000_000

// scripts lists the package's script files by path.
func (p *program) scripts(pkg *archive.Package, manifest *npm.Manifest, options Options) map[string]*ir.Source {
	bins := map[string]bool{}
	for _, target := range manifest.Bin {
		bins[path.Clean(strings.TrimPrefix(target, "./"))] = true
	}
	pending := map[string]*ir.Source{}
	for _, f := range pkg.Files {
		if !ir.IsScript(f.Path) && !(path.Ext(f.Path) == "" && (bins[f.Path] || shell.Shebang(f.Data()) == "node")) {
			continue
		}
		if f.Kind == archive.Text || f.Kind == archive.Empty {
			p.counts.Scripts++
			p.counts.Bytes += f.Size
		}
		p.resolver.Scripts = append(p.resolver.Scripts, f.Path)
		pending[f.Path] = &ir.Source{Path: f.Path, Of: f}
	}
	sort.Strings(p.resolver.Scripts)
	p.resolver.BaseNames = make(map[string]bool, len(p.resolver.Scripts))
	for _, name := range p.resolver.Scripts {
		p.resolver.BaseNames[strings.TrimSuffix(path.Base(name), path.Ext(name))] = true
	}
	return pending
}

// collect collects what a step of a large package left behind, so that it does
// not add up: beside other processes, the collector falls behind. Where little
// can be garbage, that costs more than it gives: all that lives is looked at.
func (p *program) collect() {
	if !p.large {
		return
	}
	p.alive()
	heap := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(heap)
	if lived, now := heap[0].Value.Uint64(), heap[1].Value.Uint64(); now > lived+lived/worthCollecting {
		runtime.GC()
		p.alive()
	}
}

// worthCollecting is which part of what lived after the last collection must have
// been made since then for the next one.
const worthCollecting = 2

// unnamed are the files without a script's name that begin like one and that
// nothing loads. A zero byte makes a text a binary file, of which only the
// beginning was kept; Node does not mind it.
func (p *program) unnamed(options Options) []*ir.Source {
	var out []*ir.Source
	var missing []string
	for _, f := range p.resolver.Pkg.Files {
		if p.loading.pending[f.Path] != nil || p.modules[f.Path] != nil || f.Kind != archive.Text && f.Kind != archive.Binary ||
			f.Held != archive.Whole && f.Held != archive.Part || f.Len() == 0 || !ir.BeginsScript(f.Data()) {
			continue
		}
		if path.Ext(f.Path) == ".json" && json.Valid(f.Data()) {
			continue
		}
		if f.Held == archive.Part {
			missing = append(missing, f.Path)
		}
		out = append(out, &ir.Source{Path: f.Path, Of: f})
	}
	if len(missing) > 0 && options.Again != nil {
		options.Again(missing)
	}
	return slices.DeleteFunc(out, func(s *ir.Source) bool { return s.Of.Held != archive.Whole })
}

// settle frees what says which functions to evaluate again.
func (m *Module) settle() {
	for _, f := range m.Functions {
		f.callers = readers{}
		if f.prototype != nil {
			f.prototype.readers = readers{}
		}
	}
	for _, v := range m.made {
		if o := v.Object(); o != nil {
			o.readers = readers{}
		}
	}
}

// letGo frees what only evaluations need; uses that were found keep their
// values, and the functions their calls.
func (m *Module) letGo() {
	m.Forget()
	m.variables, m.made, m.namespaces, m.exports, m.moduleObject = nil, nil, nil, nil, nil
	for _, f := range m.Functions {
		f.Returned, f.this, f.prototype, f.paramValues, f.answers, f.functionExtra = nil, nil, nil, nil, nil, &noExtra
		f.callers = readers{}
	}
}

// parse reads one script. Where no parser does, its module is empty and says so.
func (p *program) parse(file *ir.Source, options Options) *Module {
	m, why := p.script(file, options)
	if why != nil {
		return p.unreadModule(file, *why)
	}
	return m
}

// script reads one script, or says why not.
func (p *program) script(file *ir.Source, options Options) (*Module, *Unread) {
	reason, text := cmp.Or(options.Skip[file.Path], file.Of.Skipped), file.Text()
	if reason == "" && len(text) > ir.MaxScript {
		reason = fmt.Sprintf("the script has more than %d MiB", ir.MaxScript>>20)
	}
	if err := ir.Nesting(text); reason == "" && err != nil {
		reason = "the script " + err.Error()
	}
	if reason != "" {
		return nil, &Unread{Kind: BlindFile, Line: 1, Reason: reason, Cut: true}
	}
	options.Starting(file.Path)
	m, message, ok := p.parseModule(file, p.format(file.Path))
	if !ok {
		line, _ := file.Position(int32(message.Offset))
		return nil, &Unread{Kind: BlindFile, Line: line, Reason: message.Text}
	}
	p.counts.Parsed++
	return m, nil
}

// Inline is the code of node -e "…" in a lifecycle script.
type Inline struct {
	// Text is the code; Label says what runs it, Script, File and Line where it stands.
	Text, Label, Script, File string
	Line                      int
}

// parseInline parses the programs of node -e in lifecycle scripts.
func (p *program) parseInline(programs []Inline) []*Module {
	var out []*Module
	for i, code := range programs {
		file := &ir.Source{Path: fmt.Sprintf("%s#%s-%d.js", code.File, code.Script, i), Code: code.Text, ShownLine: code.Line}
		var m *Module
		if err := ir.Nesting(code.Text); err != nil {
			m = p.unreadModule(file, Unread{Kind: BlindFile, Line: code.Line, Reason: "scripts." + code.Script + " " + err.Error(), Cut: true})
		} else if read, message, ok := p.parseModule(file, ir.CommonJS); ok {
			m = read
		} else {
			m = p.unreadModule(file, Unread{Kind: BlindFile, Line: code.Line, Reason: message.Text})
		}
		file.Path = code.File
		p.order = append(p.order, m)
		out = append(out, m)
	}
	return out
}

// maxHiddenDepth is how often a hidden program may hide another one.
const maxHiddenDepth = 3

// parseHidden parses the programs that a script makes from texts and runs; they
// are shown at the line that runs them.
func (p *program) parseHidden(m *Module, depth int) []*Module {
	var out []*Module
	for _, hidden := range m.programs {
		line, _ := m.File.Position(hidden.Loc)
		file := &ir.Source{Path: m.File.Path, Code: hidden.Text, ShownLine: line}
		var inner *Module
		if len(hidden.Text) > ir.MaxScript || ir.Nesting(hidden.Text) != nil || depth >= maxHiddenDepth {
			reason := fmt.Sprintf("the program that line %d makes and runs is nested too deeply", line)
			inner = p.unreadModule(file, Unread{Kind: BlindFile, Line: line, Reason: reason, Cut: true})
		} else if read, message, ok := p.parseModule(file, ir.RunText); ok {
			inner = read
		} else {
			// Whoever runs it gets an error, as far as this parser can tell.
			inner = p.unreadModule(file, Unread{Kind: BlindCode, Line: line, Reason: message.Text})
		}
		inner.text, inner.around = true, m.evaluates(hidden.Loc)
		p.order = append(p.order, inner)
		p.hidden = append(p.hidden, Hidden{m, hidden.Loc, inner})
		out = append(append(out, inner), p.parseHidden(inner, depth+1)...)
	}
	return out
}

// record makes the last pass over every function of a module.
func (p *program) record(m *Module, wanted func(string) bool) {
	defer p.during(recording)()
	a := newAnswers(m)
	uses := len(p.records.Uses)
	for _, f := range m.Functions {
		e := &evaluation{p: p, m: m, f: f}
		e.pass()
		if wanted != nil {
			e.texts(wanted)
		}
		if p.alone == nil {
			e.note(a)
		}
		f.empty = m.DoesNothing(f.Function)
		e.release()
	}
	if p.alone != nil {
		return
	}
	if len(p.records.Uses) == uses {
		a = &Answers{code: a.code} // the other questions begin at a use
	}
	a.Written = slices.Clone(a.Written) // as large as it must be
	m.Answers = a
}

// Options steer Analyze.
type Options struct {
	// Git is set for a package from a git repository, whose prepare scripts
	// run when it is installed.
	Git bool
	// WantText tells which constant texts are worth reporting; nil: none.
	WantText func(string) bool
	// Skip are files not to parse, with the reason: those that killed a worker.
	Skip map[string]string
	// Starting is called before each file that is parsed, so that a parent
	// process knows which one to blame.
	Starting func(file string)
	// Used tells the processor time that this process has used; nil: the time since
	// the analysis began stands for it.
	Used func() time.Duration
	// Again fetches the contents of files that were not kept and that something
	// loads; nil: they are not to be had.
	Again func(names []string)
	// Steps is the budget of the evaluation in nodes; 0 means the default.
	Steps int64
}
