package eval

import (
	"time"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript/resolve"
	"github.com/lockwarden/lockwarden/analyzer/npm"
)

// Counts are how many scripts there are and were parsed, and the size of all.
type Counts struct {
	// Scripts counts the script files seen, Parsed those a parser read; Bytes is the
	// size of all scripts.
	Scripts, Parsed int
	Bytes           int64
}

// pass is what evaluations of functions are for.
type pass uint8

const (
	// solving lets values grow, and who reads what grew runs again.
	solving pass = iota
	// asking finds values once more at the fixpoint, where nothing changes.
	asking
	// recording is asking, and leaves records.
	recording
)

// during says what evaluations are for until the function is called that it gives.
func (p *program) during(now pass) (end func()) {
	before := p.pass
	p.pass = now
	return func() { p.pass = before }
}

// recording reports whether the evaluation leaves records: one for a single call does not.
func (e *evaluation) recording() bool { return e.p.pass == recording && e.inline == 0 }

// collectEvery is after how many modules of a large package garbage is collected
// while uses are recorded.
const collectEvery = 256

// maxEvaluation is how much processor time an analysis may use that says that it
// goes on; after that, its parent gives it up when it has waited long enough. The
// largest package of bench/corpus takes 30 s on one old processor.
const maxEvaluation = 2 * time.Minute

// Loading is a package of which nothing was evaluated yet.
type Loading struct{ p *program }

// Load begins the analysis of a package.
func Load(pkg *archive.Package, manifest *npm.Manifest, vocabulary Vocabulary, options Options) *Loading {
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
	p.resolver = resolve.New(pkg, manifest)
	p.resolver.Loaded = func(name string) bool { return p.modules[name] != nil }
	p.loading = &loading{options: options, pending: p.scripts(pkg, manifest, options), waiting: map[string][]loadSite{}, data: map[string]bool{},
		reported: map[string]bool{}, followed: map[string]bool{}, started: map[string]*Module{}, programs: map[codeAt]bool{}}
	p.large = pkg.Large()
	return &Loading{p}
}

// Resolver finds the package's files.
func (l *Loading) Resolver() *resolve.Resolver { return l.p.resolver }

// Solve reads the given scripts and everything that they may load, and evaluates them
// together until nothing changes any more. It gives the modules of the programs too
// that stand in lifecycle scripts. The Loading is used up.
func (l *Loading) Solve(scripts []string, inline []Inline) (*Solved, []*Module) {
	p := l.p
	// What may be loaded is one program: from the entry points and lifecycle
	// scripts on, along everything that looks like a path.
	p.mustParse(scripts)
	programs := p.parseInline(inline)
	for _, m := range programs {
		scripts = append(scripts, p.mentioned(m)...)
		for _, hidden := range p.parseHidden(m, 0) {
			scripts = append(scripts, p.mentioned(hidden)...)
		}
	}
	p.parseAll(scripts)
	p.loading.options.Starting("(evaluation)")
	p.collect()
	p.solveAll()
	p.collect()
	for _, m := range p.order {
		m.settle()
	}
	s := &Solved{p}
	s.recordAll()
	return s, programs
}

// Solved is a package at its fixpoint: what can be asked of it changes nothing.
type Solved struct{ p *program }

// Modules are those that were read, in order.
func (s *Solved) Modules() []*Module { return s.p.order }

// Module is that of a file that something loads, nil where none does.
func (s *Solved) Module(file string) *Module { return s.p.modules[file] }

// Vocabulary tells which APIs matter.
func (s *Solved) Vocabulary() Vocabulary { return s.p.vocabulary }

// Resolver finds the package's files.
func (s *Solved) Resolver() *resolve.Resolver { return s.p.resolver }

// Open are the places in code that may load any file.
func (s *Solved) Open() []Place { return s.p.loading.open }

// Started is the module of a program that a command line gives to a runtime, nil where
// it is none.
func (s *Solved) Started(code string) *Module { return s.p.loading.started[code] }

// Hidden are the programs that scripts make and run.
func (s *Solved) Hidden() []Hidden { return s.p.hidden }

// Unread are the modules of scripts that no parser read.
func (s *Solved) Unread() []*Module { return s.p.unread }

// DecodingCuts are the limits that decoding ran into.
func (s *Solved) DecodingCuts() []DecodingCut { return s.p.decodingCuts }

// Exhausted reports whether the budget ran out before nothing changed, and how many
// steps that was.
func (s *Solved) Exhausted() (steps int64, exhausted bool) { return s.p.limit, s.p.exhausted }

// Counts are how many scripts there are and were parsed.
func (s *Solved) Counts() Counts { return s.p.counts }

// Printed are the marks of what a program prints that a call of an API starts.
func (s *Solved) Printed(api string, args []*Value) Marks { return s.p.printed(api, args) }

// Collect collects what a step of a large package left behind.
func (s *Solved) Collect() { s.p.collect() }

// Label keeps what ways to code begin with; Function.Label gives it.
func (s *Solved) Label(text string) int32 {
	s.p.labels = append(s.p.labels, text)
	return int32(len(s.p.labels))
}

// recordAll records the uses and call edges of all modules.
func (s *Solved) recordAll() {
	p := s.p
	solved := len(p.order)
	for i, m := range p.order {
		p.alive()
		p.record(m, p.loading.options.WantText)
		if i%collectEvery == collectEvery-1 {
			p.collect()
		}
	}
	p.recordLate(solved)
	p.alive()
	p.coarsely()
	p.joins = joinTable{}
	p.collect()
}

// Take gives what was recorded since it was asked last.
func (s *Solved) Take() Records {
	r := s.p.records
	s.p.records = Records{}
	return r
}

// EachAlone evaluates the files that nothing loads, each by itself, and lets go of
// each: tests, examples, builds for browsers, often most of a package; and what is
// a script in all but its name, which something may load that was not understood.
// begun is called before the records of a module are made, done after that.
func (s *Solved) EachAlone(begun, done func(m *Module)) {
	p, options := s.p, s.p.loading.options
	for _, name := range p.loading.sortedPending() {
		if f := p.loading.pending[name].Of; f.Kind != archive.Text && f.Kind != archive.Empty {
			continue // nobody takes it for a script but by its name: code/type-mismatch
		}
		strings := len(p.strings.All)
		p.byItself(p.parse(p.loading.pending[name], options), strings, begun, done)
	}
	for _, file := range p.unnamed(options) {
		strings := len(p.strings.All)
		if m, why := p.script(file, options); why == nil {
			p.counts.Scripts++
			p.counts.Bytes += file.Of.Size
			p.byItself(m, strings, begun, done)
		}
	}
}

// byItself analyzes a module that nothing loads, and takes the texts out of memory
// that came since there were so many.
func (p *program) byItself(m *Module, strings int, begun, done func(m *Module)) {
	m.Mentions = nil
	p.alone = m
	p.order = append(p.order, m)
	p.solveModule(m)
	begun(m)
	p.record(m, p.loading.options.WantText)
	done(m)
	m.letGo()
	p.strings.Cut(strings)
	if strings < len(p.stringValues) {
		clear(p.stringValues[strings:])
		p.stringValues = p.stringValues[:strings]
	}
	p.alone = nil
}

// Note notes the answers of a module that is evaluated by itself, of which nothing
// stays that could tell later.
func (s *Solved) Note(m *Module) {
	p := s.p
	defer p.during(asking)()
	m.Answers = newAnswers(m)
	for _, f := range m.Functions {
		e := &evaluation{p: p, m: m, f: f}
		e.pass()
		e.note(m.Answers)
		e.release()
	}
}

// LetGo frees what only evaluations need, of all modules.
func (s *Solved) LetGo() {
	for _, m := range s.p.order {
		m.letGo()
	}
	s.p.collect()
}
