// Package javascript understands the scripts of a package: from its files to
// Facts, the uses of APIs with the context they run in and the way that leads
// there.
//
// A script is parsed by esbuild's parser (parse.go), lowered to a flat list of
// nodes (ir.go, lower.go) and evaluated over abstract values (value.go,
// eval.go) until nothing changes: what a variable, a property, a parameter or
// an export may hold. Calls are resolved through those values (call.go), and
// the functions of the language that only pass values on are folded
// (models.go). Modules of one package are one program: resolve.go finds what
// a specifier means, bundle.go takes bundles apart. A last pass records uses
// and call edges (facts.go), and reach.go walks them from the lifecycle
// scripts (shell.go) and the entry points.
//
// Which APIs matter is not known here: a Vocabulary says so.
package javascript

import (
	"fmt"
	"path"
	"sort"
	"strings"
	"unsafe"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/npm"
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
	// Steps is the budget of the evaluation in nodes; 0 means the default.
	Steps int64
}

// defaultSteps lets the largest real packages finish and a hostile one end in
// seconds.
const defaultSteps = 120_000_000

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
	r := &resolver{pkg: pkg, manifest: manifest, program: p, data: map[string]*Value{}}
	p.resolver = r
	p.parseAll(pkg, manifest, options)
	sort.Strings(r.scripts)

	life := &lifecycle{r: r, p: p, manifest: manifest}
	life.run(options.Git)
	p.parseInline(life)

	options.Starting("(evaluation)")
	p.solve()
	p.record(options.WantText)
	roots := life.roots
	for _, entry := range r.entryPoints() {
		if m := p.modules[entry.file]; m != nil {
			roots = append(roots, root{m, Launch, entry.label})
		}
	}
	p.linkStartedFiles()
	p.reach(roots)
	if p.exhausted {
		p.facts.Incomplete = append(p.facts.Incomplete, Problem{File: "package.json", Line: 1,
			Reason: fmt.Sprintf("the evaluation of its scripts took more than %d steps", p.limit)})
	}
	p.facts.modules = p.order
	sortFacts(p.facts)
	return p.facts
}

// parseAll parses every script of the package.
func (p *program) parseAll(pkg *archive.Package, manifest *npm.Manifest, options Options) {
	bins := map[string]bool{}
	for _, target := range manifest.Bin {
		bins[path.Clean(strings.TrimPrefix(target, "./"))] = true
	}
	for _, f := range pkg.Files {
		if !isScript(f.Path) && !(path.Ext(f.Path) == "" && (bins[f.Path] || interpreter(f.Data) == "node")) {
			continue
		}
		if f.Kind != archive.Text {
			continue // issue code/type-mismatch speaks of it
		}
		p.facts.Scripts++
		p.facts.Bytes += f.Size
		p.resolver.scripts = append(p.resolver.scripts, f.Path)
		if f.Skipped != "" {
			p.incomplete(f.Path, f.Skipped)
			continue
		}
		if reason, ok := options.Skip[f.Path]; ok {
			p.incomplete(f.Path, reason)
			p.scanTokens(&sourceFile{path: f.Path, text: textOf(f.Data)})
			continue
		}
		p.parse(&sourceFile{path: f.Path, text: textOf(f.Data)}, options.Starting)
	}
}

// textOf is the content as a string, without a copy: nothing changes it.
func textOf(data []byte) string { return unsafe.String(unsafe.SliceData(data), len(data)) }

func (p *program) incomplete(file, reason string) {
	p.facts.Incomplete = append(p.facts.Incomplete, Problem{File: file, Line: 1, Reason: reason})
}

func (p *program) parse(file *sourceFile, starting func(string)) *module {
	file.text = strings.TrimPrefix(file.text, "\ufeff")
	if len(file.text) > maxScript {
		p.incomplete(file.path, fmt.Sprintf("the script has more than %d MiB", maxScript>>20))
		p.scanTokens(file)
		return nil
	}
	if err := nesting(file.text); err != nil {
		p.incomplete(file.path, "the script "+err.Error())
		p.scanTokens(file)
		return nil
	}
	starting(file.path)
	m, message, ok := parseModule(file, p.requirePath)
	if !ok {
		line, _ := file.position(int32(message.Offset))
		p.facts.Unparsable = append(p.facts.Unparsable, Problem{File: file.path, Line: line, Reason: message.Text})
		p.scanTokens(file)
		return nil
	}
	p.facts.Parsed++
	m.pkg = p
	p.modules[file.path] = m
	p.order = append(p.order, m)
	return m
}

// parseInline parses the programs of node -e in lifecycle scripts.
func (p *program) parseInline(life *lifecycle) {
	for i, code := range life.inline {
		name := fmt.Sprintf("package.json#%s-%d.js", code.script, i)
		file := &sourceFile{path: name, text: code.text, shownLine: code.line}
		if err := nesting(code.text); err != nil {
			p.incomplete("package.json", "scripts."+code.script+" "+err.Error())
			continue
		}
		m, message, ok := parseModule(file, p.requirePath)
		file.path = "package.json"
		if !ok {
			p.facts.Unparsable = append(p.facts.Unparsable, Problem{File: "package.json", Line: code.line, Reason: message.Text})
			continue
		}
		m.pkg = p
		p.order = append(p.order, m)
		life.roots = append(life.roots, root{m, Install, code.label})
	}
}

// record makes the last pass over every function.
func (p *program) record(wanted func(string) bool) {
	for _, m := range p.order {
		for _, f := range m.functions {
			p.run(f, true)
			if wanted != nil {
				e := &evaluation{p: p, m: m, f: f, record: true}
				e.texts(wanted)
			}
		}
	}
}

// linkStartedFiles makes call edges to scripts that code of the package starts
// as processes or threads by a constant path: they run in the context of what
// starts them.
func (p *program) linkStartedFiles() {
	for i := range p.facts.Uses {
		u := &p.facts.Uses[i]
		if u.Kind&(UseCall|UseNew) == 0 || u.f == nil {
			continue
		}
		switch u.API {
		case "child_process.spawn", "child_process.spawnSync", "child_process.execFile", "child_process.execFileSync", "child_process.fork", "worker_threads.Worker", "cluster.fork":
		default:
			continue
		}
		texts := u.texts(0)
		if len(u.Args) > 1 {
			for _, v := range u.Args[1].Elements() {
				texts = append(texts, v.Texts()...)
			}
		}
		for _, text := range texts {
			file, ok := p.resolver.resolve(u.file.path, text)
			if !ok {
				continue
			}
			p.facts.Files = append(p.facts.Files, FileUse{Path: file, Started: true, Site: u.Site})
			if m := p.modules[file]; m != nil {
				u.f.calls = append(u.f.calls, callEdge{m.functions[0], u.pos})
			}
		}
	}
}

func (u *Use) texts(i int) []string {
	if i >= len(u.Args) {
		return nil
	}
	return u.Args[i].Texts()
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
