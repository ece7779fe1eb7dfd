package eval

import (
	"bytes"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
	"github.com/lockwarden/lockwarden/analyzer/javascript/resolve"
	"github.com/lockwarden/lockwarden/analyzer/shell"
)

// A file is code because something loads it, whatever its name or its first
// bytes. What names suggest is parsed before anything is evaluated; what an
// evaluation comes to is parsed then, and the evaluation goes on with it, until
// nothing new comes.

// loading is what is known of files while they are loaded.
type loading struct {
	options Options
	// pending are the scripts by name that were not parsed yet.
	pending map[string]*ir.Source
	// asked are the files that code loads and nobody parsed, in order; waiting are
	// the places that load them.
	asked   []string
	waiting map[string][]loadSite
	// data are files that are loaded, and no scripts.
	data map[string]bool
	// reported are the files whose odd name was reported.
	reported map[string]bool
	// stale is set where what specifiers mean has changed.
	stale bool
	// open are the places in code that may load any file.
	open []Place
	// read are the files that code reads as text, by module.
	read map[*Module][]string
	// runners are the functions that run texts, by module.
	runners map[*Module][]*Function
	// runtimes are the modules that start one that runs what it reads.
	runtimes map[*Module]bool
	// followed are the command lines that were followed; started are the programs
	// that they give to a runtime, by their texts.
	followed map[string]bool
	started  map[string]*Module
	// programs are the texts that were read as programs, texts is how many.
	programs map[codeAt]bool
	texts    int
}

// loadSite is a place that loads a file.
type loadSite struct {
	f   *Function
	pos int32
}

// loaded is the module of a file that code loads at a node. Where the file was
// not parsed yet it is nil, and the function is evaluated again when it was.
func (e *evaluation) loaded(id ir.NodeID, file string, how resolve.How) *Module {
	p := e.p
	if m := p.modules[file]; m != nil {
		e.edge(id, m.Functions[0])
		if e.inline > 0 && !slices.ContainsFunc(e.f.Calls, func(c CallEdge) bool { return c.To == m.Functions[0] }) {
			// The function's own evaluation may have lost which file this is.
			e.f.Calls = append(e.f.Calls, CallEdge{m.Functions[0], e.siteOfUse(id).Pos})
		}
		if e.recording() {
			e.disguised(id, m)
		}
		return m
	}
	if p.alone != nil || !p.resolver.IsCode(file, how) {
		return nil
	}
	l := p.loading
	if l.data[file] {
		return nil
	}
	if l.waiting[file] == nil {
		l.asked = append(l.asked, file)
	}
	at := loadSite{e.f, e.siteOfUse(id).Pos}
	if list := l.waiting[file]; len(list) == 0 || !slices.Contains(list, at) {
		l.waiting[file] = append(list, at)
	}
	return nil
}

// disguised notes a script that has the name of something else.
func (e *evaluation) disguised(id ir.NodeID, m *Module) {
	file := m.File.Path
	if !isDisguise(file) || m.Size == 0 || e.p.loading.reported[file] {
		return
	}
	e.p.loading.reported[file] = true
	e.p.records.Disguised = append(e.p.records.Disguised, FileUse{Path: file, Place: e.siteOfUse(id)})
}

// ask has a file parsed that something may start.
func (l *loading) ask(p *program, file string) {
	if l.waiting[file] == nil && p.modules[file] == nil && p.resolver.IsCode(file, resolve.ByRequire) {
		l.waiting[file] = []loadSite{}
		l.asked = append(l.asked, file)
	}
}

// isDisguise reports whether a file's name says that it is no script.
func isDisguise(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".txt", ".md", ".markdown", ".map", ".css", ".html", ".htm", ".xml", ".svg", ".yml", ".yaml", ".csv", ".log",
		".dat", ".bin", ".bak", ".tmp",
		".png", ".jpg", ".jpeg", ".gif", ".ico", ".webp", ".woff", ".woff2", ".ttf", ".otf", ".pdf", ".mp3", ".mp4", ".gz",
		".zip", ".license", ".lock", ".json", ".node":
		return true
	}
	return strings.EqualFold(path.Base(name), "license")
}

// registers notes an extension of require.extensions, after which specifiers may
// mean other files.
func (e *evaluation) registers(ext string) {
	p := e.p
	if p.alone != nil || !p.resolver.Register(ext) {
		return
	}
	if ir.IsScript("x" + ext) {
		return // looked for in any case
	}
	p.loading.stale = true
	clear(p.loading.followed)
	for _, f := range p.resolver.Pkg.Files {
		if strings.HasSuffix(f.Path, ext) {
			for _, m := range p.order {
				for _, f := range m.Functions {
					p.enqueue(f)
				}
			}
			return
		}
	}
}

// solveAll evaluates the program until nothing changes and no file comes that
// was not parsed.
func (p *program) solveAll() {
	p.solve()
	l := p.loading
	for (len(l.asked) > 0 || l.stale) && !p.exhausted {
		l.stale = false
		batch := l.asked
		l.asked = nil
		known := len(p.order)
		p.parseAll(batch)
		for _, m := range p.order[known:] {
			for _, f := range m.Functions {
				p.enqueue(f)
			}
		}
		for _, file := range batch {
			p.wake(file)
		}
		p.drain()
	}
}

// wake evaluates again what waits for a file.
func (p *program) wake(file string) {
	for _, at := range p.loading.waiting[file] {
		at.f.runs = 0 // there is something new to find
		p.enqueue(at.f)
	}
}

// recordLate records what only the last pass found to be loaded or run, from a
// module on.
func (p *program) recordLate(recorded int) {
	l := p.loading
	for (len(l.asked) > 0 || recorded < len(p.order)) && !p.exhausted {
		batch := l.asked
		l.asked = nil
		p.parseAll(batch)
		for _, m := range p.order[recorded:] {
			for _, f := range m.Functions {
				p.enqueue(f)
			}
		}
		p.drain()
		for ; recorded < len(p.order); recorded++ {
			p.order[recorded].settle()
			p.record(p.order[recorded], l.options.WantText)
		}
		for _, file := range batch {
			for _, at := range l.waiting[file] {
				if m := p.modules[file]; m != nil {
					at.f.Calls = append(at.f.Calls, CallEdge{m.Functions[0], at.pos})
				}
			}
		}
	}
}

// parseAll parses files that something loads, and everything that they name.
func (p *program) parseAll(queue []string) {
	l := p.loading
	p.fetch(queue)
	for i := 0; i < len(queue); i++ {
		name := queue[i]
		file := l.pending[name]
		if file == nil {
			if p.modules[name] != nil || l.waiting[name] == nil {
				continue // parsed, or only named: data, for all that is known
			}
			if l.data[name] {
				continue
			}
			file = &ir.Source{Path: name, Of: p.resolver.Pkg.File(name)}
		}
		delete(l.pending, name)
		m := p.parseLoaded(file)
		if m == nil {
			l.data[name] = true
			continue
		}
		p.modules[name] = m
		p.order = append(p.order, m)
		named := p.mentioned(m)
		queue = append(queue, named...)
		if m.Unread != nil {
			m.Unread.Names = named
		}
		for _, hidden := range p.parseHidden(m, 0) {
			queue = append(queue, p.mentioned(hidden)...)
		}
	}
}

// mustParse says that files are code, whatever they are called.
func (p *program) mustParse(names []string) {
	for _, name := range names {
		if p.resolver.IsCode(name, resolve.ByRequire) && p.loading.waiting[name] == nil {
			p.loading.waiting[name] = []loadSite{}
		}
	}
}

// fetch asks for the contents of files that were not kept.
func (p *program) fetch(names []string) {
	if p.loading.options.Again == nil {
		return
	}
	var missing []string
	for _, name := range names {
		if f := p.resolver.Pkg.File(name); f != nil && f.Held != archive.Whole && f.Held != archive.Cut &&
			(p.loading.waiting[name] != nil || ir.IsScript(name)) && !slices.Contains(missing, name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		p.loading.options.Again(missing)
	}
}

// parseLoaded parses a file that something loads or names. What has a script's
// name is one; else the file may be data that a bundler's own loader reads, where
// nothing in it looks like code.
func (p *program) parseLoaded(file *ir.Source) *Module {
	l := p.loading
	if held := file.Of.Held; held == archive.Part || held == archive.Dropped {
		return p.unreadModule(file, Unread{Kind: BlindFile, Line: 1, Reason: "its content was not kept", Cut: true})
	}
	if l.scriptNamed(file.Of) {
		return p.parse(file, l.options)
	}
	if text := strings.TrimLeft(file.Text(), " \t\r\n"); strings.HasPrefix(text, "<") && !strings.HasPrefix(text, "<!--") {
		return nil // markup, which no runtime reads
	}
	m, why := p.script(file, l.options)
	if why != nil && !why.Cut && !looksRun(file.Path, file.Of.Data()) {
		return nil
	}
	p.counts.Scripts++
	p.counts.Bytes += file.Of.Size
	if why != nil {
		return p.unreadModule(file, *why)
	}
	return m
}

// runWords stand in whatever could do anything if it ran; assetWords in what could
// and has the name of what bundlers load in their own ways.
var (
	runWords = [][]byte{[]byte("require"), []byte("import"), []byte("eval"), []byte("Function"), []byte("process"),
		[]byte("global"), []byte("constructor"), []byte("module"), []byte("\\u"), []byte("\\x")}
	assetWords = [][]byte{[]byte("require"), []byte("import("), []byte("eval("), []byte("Function("), []byte("process."),
		[]byte("globalThis"), []byte("constructor"), []byte("module."), []byte("\\u00"), []byte("\\x")}
)

// looksRun reports whether a text that does not parse could be a script all the
// same, to a reader who knows more. Neither markup nor a style's rules are.
func looksRun(name string, data []byte) bool {
	text := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))
	if len(text) == 0 || bytes.IndexByte([]byte("<@.%"), text[0]) >= 0 && !bytes.HasPrefix(text, []byte("<!--")) {
		return false
	}
	words := runWords
	switch strings.ToLower(path.Ext(name)) {
	case ".css", ".scss", ".sass", ".less", ".styl", ".html", ".htm", ".svg", ".vue", ".svelte", ".md", ".mdx",
		".markdown", ".txt", ".yml", ".yaml", ".xml", ".graphql", ".gql", ".glsl", ".frag", ".vert", ".pug", ".ejs", ".hbs",
		".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".ico", ".woff", ".woff2", ".ttf", ".otf", ".eot", ".mp3", ".mp4":
		words = assetWords
	}
	return slices.ContainsFunc(words, func(w []byte) bool { return bytes.Contains(text, w) }) && bytes.ContainsAny(text, "([`")
}

// scriptNamed reports whether a file has a script's name, or a first line that
// names Node.
func (l *loading) scriptNamed(f *archive.File) bool {
	return ir.IsScript(f.Path) || path.Ext(f.Path) == "" && shell.Shebang(f.Data()) == "node"
}

// openSite notes a place that loads a module or starts a program that is not
// known.
func (e *evaluation) openSite(id ir.NodeID, kind BlindKind, what string) {
	if !e.recording() || e.p.alone != nil {
		return
	}
	site := e.siteOfUse(id)
	e.p.stopAt(kind, site, what)
	e.p.loading.open = append(e.p.loading.open, site)
}

// sortedPending are the names of the scripts that nothing loads.
func (l *loading) sortedPending() []string {
	names := make([]string, 0, len(l.pending))
	for name := range l.pending {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// mentioned are the scripts of the package that a module's constant texts may
// name: what it requires, and what it starts or loads by a path it puts
// together.
func (p *program) mentioned(m *Module) []string {
	r := p.resolver
	var out []string
	defer func() { m.Mentions = nil }()
	for _, i := range m.Mentions {
		s := p.strings.All[i]
		if len(s) > maxMention || strings.ContainsRune(s, '\n') || strings.ContainsRune(s, ' ') && !r.Names[path.Join(path.Dir(m.File.Path), s)] {
			continue
		}
		if !strings.ContainsAny(s, "./#@") && s != r.Manifest.Name && !r.BaseNames[s] {
			continue
		}
		if strings.HasSuffix(s, "/") {
			// A prefix of a path: "./commands/" + name.
			prefix := path.Join(path.Dir(m.File.Path), s) + "/"
			first := sort.SearchStrings(r.Scripts, strings.TrimPrefix(prefix, "./"))
			for _, name := range r.Scripts[first:] {
				if !strings.HasPrefix(name, strings.TrimPrefix(prefix, "./")) {
					break
				}
				out = append(out, name)
			}
			continue
		}
		if file, ok := r.Resolve(m.File.Path, s, resolve.ByImport); ok {
			out = append(out, file)
			continue
		}
		if !resolve.IsRelative(s) {
			if file, ok := r.File(path.Join(path.Dir(m.File.Path), s)); ok {
				out = append(out, file)
			} else if file, ok := r.File(s); ok {
				out = append(out, file)
			}
		}
	}
	return out
}

// maxMention is the longest text that is looked up before anything is evaluated,
// in bytes; where code loads a file by a longer one, it is found then.
const maxMention = 4096
