// Package javascript understands the scripts of a package: from its files to
// Facts, the uses of APIs with the context they run in and the way that leads
// there.
//
// What stands in a script is the room ir's: nodes, functions and their places. They are
// evaluated over abstract values (value.go, eval.go; state.go is what is known of a
// function and a module) until nothing changes: what a variable, a property, a parameter
// or an export may hold (object.go). Calls are resolved through those values
// (call.go), and the functions and methods of the language that only pass
// values on are folded (models.go, method.go). Modules of one package are one program: resolve.go finds what
// a specifier means as Node does, exports.go what a package.json says of it, entries.go where
// it begins; what an evaluation comes to load (load.go) or start (start.go) is
// parsed then; bundle.go takes bundles apart. A last pass records uses
// and call edges (facts.go) and notes what will be asked of the code (answers.go);
// data is followed back from uses (flow.go, flow_stores.go), and reach.go walks them from the lifecycle
// scripts (lifecycle.go, by analyzer/shell) and the entry points.
//
// Which APIs matter is not known here: a Vocabulary says so.
package javascript

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

// defaultSteps lets the largest real packages finish and a hostile one end in
// seconds.
const defaultSteps = 120_000_000

// collectEvery is after how many modules of a large package garbage is collected
// while uses are recorded.
const collectEvery = 256

// maxEvaluation is how much processor time an analysis may use that says that it
// goes on; after that, its parent gives it up when it has waited long enough. The
// largest package of bench/corpus takes 30 s on one old processor.
const maxEvaluation = 2 * time.Minute

// Analyze reads the scripts of a package. It never fails: what could not be
// read is in the Facts' lists.
func Analyze(pkg *archive.Package, manifest *npm.Manifest, vocabulary Vocabulary, options Options) *Facts {
	p := newProgram(vocabulary)
	p.limit = options.Steps
	if p.limit == 0 {
		p.limit = defaultSteps
	}
	if options.Starting == nil {
		options.Starting = func(string) {}
	}
	if options.Used == nil {
		begun := time.Now()
		options.Used = func() time.Duration { return time.Since(begun) }
	}
	until := options.Used() + maxEvaluation
	p.alive = func() {
		if options.Used() < until {
			options.Starting("(evaluation)")
		}
	}
	r := &resolver{pkg: pkg, manifest: manifest, program: p, data: map[string]*Value{}}
	p.resolver = r
	p.loading = &loading{options: options, pending: p.scripts(pkg, manifest, options), waiting: map[string][]loadSite{}, data: map[string]bool{},
		reported: map[string]bool{}, followed: map[string]bool{}, started: map[string]*module{}, programs: map[codeAt]bool{}}

	// What may be loaded is one program: from the entry points and lifecycle
	// scripts on, along everything that looks like a path.
	entries := r.entryPoints()
	life := &lifecycle{r: r, p: p, manifest: manifest}
	life.run(options.Git)
	var queue []string
	for _, entry := range entries {
		queue = append(queue, entry.file)
	}
	for _, script := range life.scripts {
		queue = append(queue, script.file)
	}
	p.mustParse(queue)
	for _, m := range p.parseInline(life) {
		queue = append(queue, r.mentioned(m)...)
		for _, hidden := range p.parseHidden(m, 0) {
			queue = append(queue, r.mentioned(hidden)...)
		}
	}
	p.parseAll(queue)
	options.Starting("(evaluation)")
	p.large = pkg.Large()
	p.collect()
	p.solveAll()
	p.collect()
	for _, m := range p.order {
		m.settle()
	}
	solved := len(p.order)
	for i, m := range p.order {
		p.alive()
		p.record(m, options.WantText)
		if i%collectEvery == collectEvery-1 {
			p.collect()
		}
	}
	p.recordLate(solved)
	p.alive()
	p.joins = map[pair]*Value{}
	p.collect()
	p.follow(0)
	p.flows = &flows{p: p, work: p.flows.work} // what it remembers is large
	p.collect()
	p.linkStarted()
	p.linkHidden()
	p.linkUnread()
	p.reach(p.beginnings(life, entries))
	p.linkInstalled()
	p.rest(options)
	p.reachOpen()
	p.placeLoose(0)
	p.closeUnread()
	p.closeDecoding()
	p.closeBlind()
	for _, m := range p.order {
		m.letGo()
	}
	p.collect()
	if p.exhausted {
		p.facts.Incomplete = append(p.facts.Incomplete, Problem{File: "package.json", Line: 1,
			Reason: fmt.Sprintf("the evaluation of its scripts took more than %d steps", p.limit)})
	}
	p.facts.modules = p.order
	sortFacts(p.facts)
	return p.facts
}

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
			p.facts.Scripts++
			p.facts.Bytes += f.Size
		}
		p.resolver.scripts = append(p.resolver.scripts, f.Path)
		pending[f.Path] = &ir.Source{Path: f.Path, Of: f}
	}
	sort.Strings(p.resolver.scripts)
	p.resolver.baseNames = make(map[string]bool, len(p.resolver.scripts))
	for _, name := range p.resolver.scripts {
		p.resolver.baseNames[strings.TrimSuffix(path.Base(name), path.Ext(name))] = true
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
const worthCollecting = 5

// beginnings are where execution begins.
func (p *program) beginnings(life *lifecycle, entries []entryPoint) []root {
	var roots []root
	for _, script := range life.scripts {
		if m := p.modules[script.file]; m != nil {
			roots = append(roots, root{m, Install, script.label})
		}
	}
	for _, m := range life.programs {
		roots = append(roots, root{m.module, Install, m.label})
	}
	for _, entry := range entries {
		if m := p.modules[entry.file]; m != nil {
			roots = append(roots, root{m, Launch, entry.label})
		}
	}
	return roots
}

// rest analyzes the files that nothing loads, each by itself, and lets go of
// each: tests, examples, builds for browsers, often most of a package; and what is
// a script in all but its name, which something may load that was not understood.
func (p *program) rest(options Options) {
	pending := p.loading.pending
	for _, name := range p.loading.sortedPending() {
		if f := pending[name].Of; f.Kind != archive.Text && f.Kind != archive.Empty {
			continue // nobody takes it for a script but by its name: code/type-mismatch
		}
		strings := len(p.strings.All)
		p.byItself(p.parse(pending[name], options), strings, options)
	}
	for _, file := range p.unnamed(options) {
		strings := len(p.strings.All)
		if m, why := p.script(file, options); why == nil {
			p.facts.Scripts++
			p.facts.Bytes += file.Of.Size
			p.byItself(m, strings, options)
		}
	}
}

// byItself analyzes a module that nothing loads, and takes the texts out of memory
// that came since there were so many.
func (p *program) byItself(m *module, strings int, options Options) {
	m.Mentions = nil
	p.alone = m
	p.order = append(p.order, m)
	p.solveModule(m)
	uses := len(p.facts.Uses)
	p.record(m, options.WantText)
	p.follow(uses)
	m.letGo()
	p.strings.Cut(strings)
	if strings < len(p.stringValues) {
		clear(p.stringValues[strings:])
		p.stringValues = p.stringValues[:strings]
	}
	p.alone = nil
}

// unnamed are the files without a script's name that begin like one and that
// nothing loads. A zero byte makes a text a binary file, of which only the
// beginning was kept; Node does not mind it.
func (p *program) unnamed(options Options) []*ir.Source {
	var out []*ir.Source
	var missing []string
	for _, f := range p.resolver.pkg.Files {
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
func (m *module) settle() {
	for _, f := range m.functions {
		f.callers = readers{}
		if f.prototype != nil {
			f.prototype.readers = readers{}
		}
	}
	for _, v := range m.made {
		if o := v.object(); o != nil {
			o.readers = readers{}
		}
	}
}

// letGo frees what only evaluations need; uses that were found keep their
// values, and the functions their calls.
func (m *module) letGo() {
	m.Forget()
	m.variables, m.made, m.namespaces, m.exports, m.moduleObject = nil, nil, nil, nil, nil
	for _, f := range m.functions {
		f.returned, f.this, f.prototype, f.paramValues, f.answers, f.functionExtra = nil, nil, nil, nil, nil, &noExtra
		f.callers = readers{}
	}
}

func (p *program) incomplete(file, reason string) {
	p.facts.Incomplete = append(p.facts.Incomplete, Problem{File: file, Line: 1, Reason: reason})
}

// parse reads one script. Where no parser does, its module is empty and says so.
func (p *program) parse(file *ir.Source, options Options) *module {
	m, why := p.script(file, options)
	if why != nil {
		return p.unreadModule(file, *why)
	}
	return m
}

// script reads one script, or says why not.
func (p *program) script(file *ir.Source, options Options) (*module, *unread) {
	reason, text := cmp.Or(options.Skip[file.Path], file.Of.Skipped), file.Text()
	if reason == "" && len(text) > ir.MaxScript {
		reason = fmt.Sprintf("the script has more than %d MiB", ir.MaxScript>>20)
	}
	if err := ir.Nesting(text); reason == "" && err != nil {
		reason = "the script " + err.Error()
	}
	if reason != "" {
		return nil, &unread{kind: BlindFile, line: 1, reason: reason, cut: true}
	}
	options.Starting(file.Path)
	m, message, ok := p.parseModule(file, p.format(file.Path))
	if !ok {
		line, _ := file.Position(int32(message.Offset))
		return nil, &unread{kind: BlindFile, line: line, reason: message.Text}
	}
	p.facts.Parsed++
	return m, nil
}

// parseInline parses the programs of node -e in lifecycle scripts.
func (p *program) parseInline(life *lifecycle) []*module {
	var out []*module
	for i, code := range life.inline {
		file := &ir.Source{Path: fmt.Sprintf("%s#%s-%d.js", code.file, code.script, i), Code: code.text, ShownLine: code.line}
		var m *module
		if err := ir.Nesting(code.text); err != nil {
			m = p.unreadModule(file, unread{kind: BlindFile, line: code.line, reason: "scripts." + code.script + " " + err.Error(), cut: true})
		} else if read, message, ok := p.parseModule(file, ir.CommonJS); ok {
			m = read
		} else {
			m = p.unreadModule(file, unread{kind: BlindFile, line: code.line, reason: message.Text})
		}
		file.Path = code.file
		p.order = append(p.order, m)
		life.programs = append(life.programs, inlineModule{m, code.label})
		out = append(out, m)
	}
	return out
}

// maxHiddenDepth is how often a hidden program may hide another one.
const maxHiddenDepth = 3

// parseHidden parses the programs that a script makes from texts and runs; they
// are shown at the line that runs them.
func (p *program) parseHidden(m *module, depth int) []*module {
	var out []*module
	for _, hidden := range m.programs {
		line, _ := m.File.Position(hidden.Loc)
		file := &ir.Source{Path: m.File.Path, Code: hidden.Text, ShownLine: line}
		var inner *module
		if len(hidden.Text) > ir.MaxScript || ir.Nesting(hidden.Text) != nil || depth >= maxHiddenDepth {
			reason := fmt.Sprintf("the program that line %d makes and runs is nested too deeply", line)
			inner = p.unreadModule(file, unread{kind: BlindFile, line: line, reason: reason, cut: true})
		} else if read, message, ok := p.parseModule(file, ir.RunText); ok {
			inner = read
		} else {
			// Whoever runs it gets an error, as far as this parser can tell.
			inner = p.unreadModule(file, unread{kind: BlindCode, line: line, reason: message.Text})
		}
		inner.text, inner.around = true, m.evaluates(hidden.Loc)
		p.order = append(p.order, inner)
		p.hidden = append(p.hidden, hiddenProgram{m, hidden.Loc, inner})
		out = append(append(out, inner), p.parseHidden(inner, depth+1)...)
	}
	return out
}

// linkHidden makes call edges to hidden programs: they run when the place that
// makes them does.
func (p *program) linkHidden() {
	for _, h := range p.hidden {
		for _, f := range h.from.functions {
			for id := f.Start; id < f.End; id++ {
				if k := h.from.Nodes[id].Kind; (k == ir.NCall || k == ir.NNew || k == ir.NImport || k == ir.NModule) && h.from.Position(id) == h.at {
					f.calls = append(f.calls, callEdge{to: h.to.functions[0], pos: h.at})
				}
			}
		}
	}
}

// record makes the last pass over every function of a module.
func (p *program) record(m *module, wanted func(string) bool) {
	p.settled = true
	defer func() { p.settled = false }()
	a := newAnswers(m)
	uses := len(p.facts.Uses)
	for _, f := range m.functions {
		e := &evaluation{p: p, m: m, f: f, record: true}
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
		p.placeAlone(m, a, uses)
		return
	}
	if len(p.facts.Uses) == uses {
		a = &answers{code: a.code} // the other questions begin at a use
	}
	a.written = slices.Clone(a.written) // as large as it must be
	m.answers = a
}

// linkStarted makes call edges to what command lines start that code runs.
func (p *program) linkStarted() {
	for i := range p.facts.Uses {
		if u := &p.facts.Uses[i]; u.Kind&(UseCall|UseNew) != 0 {
			p.linkCommands(u, true)
		}
	}
}

// Arg is the i-th argument, nil where there is none.
func (u *Use) Arg(i int) *Value {
	if i >= len(u.Args) {
		return nil
	}
	return u.Args[i]
}

func sortFacts(facts *Facts) {
	less := func(a, b *Site, tie bool) bool {
		if a.File() != b.File() {
			return a.File() < b.File()
		}
		if a.pos != b.pos {
			return a.pos < b.pos
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
