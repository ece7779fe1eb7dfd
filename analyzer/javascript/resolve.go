package javascript

import (
	"maps"
	"net/url"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
	"github.com/lockwarden/lockwarden/analyzer/npm"
	"github.com/lockwarden/lockwarden/analyzer/shell"
)

// resolver finds the files of a package that specifiers mean, as Node and
// bundlers do. Source: https://nodejs.org/api/modules.html#all-together and
// https://nodejs.org/api/packages.html
type resolver struct {
	pkg      *archive.Package
	manifest *npm.Manifest
	program  *program
	data     map[string]*Value
	scripts  []string
	// names are those by which the package's files and folders may be asked for:
	// with and without the extensions that need not be written.
	names map[string]bool
	// commands is the package as commands see it.
	commands *shell.Package
	// baseNames are the scripts' file names without folder and extension.
	baseNames map[string]bool
	// types are the types of modules that the package.json nearest to a folder
	// states.
	types map[string]string
	// manifests are those of folders, nil where a folder has none.
	manifests map[string]*npm.Manifest
	// registered are the extensions that scripts give to require.extensions.
	registered map[string]bool
	answers    map[asked]string
	// matches are the answers of matching, by what is known before and behind what
	// is not.
	matches map[[2]string][]string
}

// how a specifier is read.
type how uint8

const (
	// byRequire is a path, or a name that is looked up in node_modules.
	byRequire how = iota
	// byImport is a URL, or a name.
	byImport
)

// nodeExtensions are those that Node tries, in order; bundlers try the others
// as well.
var (
	nodeExtensions    = []string{".js", ".json", ".node"}
	bundlerExtensions = []string{".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".mts", ".cts"}
	resolveExtensions = append(append([]string{""}, nodeExtensions...), bundlerExtensions...)
)

// resolve finds the file that a specifier means in a module: the one that Node
// takes, else the one that a bundler does.
func (r *resolver) resolve(from, specifier string, how how) (string, bool) {
	key := asked{path.Dir(from), specifier, how}
	if file, ok := r.answers[key]; ok {
		return file, file != ""
	}
	file, ok := r.find(from, specifier, how)
	if r.answers == nil {
		r.answers = map[asked]string{}
	}
	if len(r.answers) < maxAnswers {
		r.answers[key] = file
	}
	return file, ok
}

// asked is a question to resolve.
type asked struct {
	dir, specifier string
	how            how
}

// maxAnswers is how many answers are remembered; others are found again.
const maxAnswers = 100_000

func (r *resolver) find(from, specifier string, how how) (string, bool) {
	if strings.ContainsRune(specifier, 0) || specifier == "" {
		return "", false
	}
	if rest, ok := cutFold(specifier, "file:"); ok {
		return r.fileURL(from, rest)
	}
	if inside, ok := r.inside(from, specifier); ok {
		if how == byImport {
			if plain := plainURL(inside); plain != inside {
				if file, ok := r.file(plain); ok {
					return file, true
				}
			} else if f := r.pkg.File(path.Clean("/" + inside)[1:]); f != nil {
				return f.Path, true // no extension is tried, and no folder is one
			}
		}
		return r.file(inside)
	}
	switch {
	case isRelative(specifier), specifier[0] == '/':
		return "", false
	case specifier[0] == '#':
		dir, m := r.scope(from)
		return r.target(dir, importsTarget(m.Imports, specifier, how), how)
	case isNodes(specifier):
		return "", false
	}
	return r.named(from, specifier, how)
}

// inside turns a specifier that is a path into one in the package; it keeps a
// slash at the end, which says that a folder is meant. The package lies in a
// folder of its own name, where a path may leave it and come back.
func (r *resolver) inside(from, specifier string) (string, bool) {
	var joined string
	switch {
	case specifier == ir.PackageRoot, strings.HasPrefix(specifier, ir.PackageRoot+"/"):
		joined = strings.TrimPrefix(specifier[len(ir.PackageRoot):], "/")
	case isRelative(specifier):
		joined = path.Dir(from) + "/" + specifier
	default:
		return "", false
	}
	folder := strings.HasSuffix(joined, "/") || strings.HasSuffix(joined, "/.") || strings.HasSuffix(joined, "/..") || joined == "." || joined == ".." || joined == ""
	joined = path.Clean(joined)
	if joined == ".." || strings.HasPrefix(joined, "../") {
		name := r.manifest.Name
		rest, ok := strings.CutPrefix(joined+"/", "../"+path.Base(name)+"/")
		if !ok {
			rest, ok = strings.CutPrefix(joined+"/", "../../"+name+"/")
		}
		if !ok || name == "" {
			return "", false
		}
		joined = path.Clean("/" + rest)[1:]
	}
	if joined == "." {
		joined = ""
	}
	if folder {
		joined += "/"
	}
	return joined, true
}

// fileURL finds what stands after "file:" in the package.
func (r *resolver) fileURL(from, rest string) (string, bool) {
	for _, host := range []string{"//localhost/", "///"} {
		if after, ok := strings.CutPrefix(rest, host); ok {
			rest = "/" + after
		}
	}
	if inside, ok := r.inside(from, plainURL(rest)); ok {
		return r.file(inside)
	}
	return "", false
}

// plainURL is the path of a URL: without query and fragment, decoded.
func plainURL(text string) string {
	if i := strings.IndexAny(text, "?#"); i >= 0 {
		text = text[:i]
	}
	if strings.IndexByte(text, '%') >= 0 {
		if plain, err := url.PathUnescape(text); err == nil {
			return plain
		}
	}
	return text
}

// cutFold cuts a prefix off, whatever its case.
func cutFold(text, prefix string) (string, bool) {
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return "", false
	}
	return text[len(prefix):], true
}

// isNodes reports whether a specifier is one of Node's own modules, which come
// before any folder.
func isNodes(specifier string) bool {
	if strings.HasPrefix(specifier, "node:") {
		return true
	}
	name, sub, deep := strings.Cut(specifier, "/")
	if !builtins[name] {
		return false
	}
	if deep {
		switch sub {
		case "promises", "posix", "win32", "types", "strict", "web", "consumers":
			return true
		}
		return false
	}
	switch name {
	case "sea", "sqlite", "test":
		return false // only with node:
	}
	return true
}

// manifestOf is the package.json of a folder, nil where there is none that can
// be read.
func (r *resolver) manifestOf(dir string) *npm.Manifest {
	if dir == "" || dir == "." {
		return r.manifest
	}
	m, ok := r.manifests[dir]
	if !ok {
		if f := r.pkg.File(dir + "/package.json"); f != nil {
			m, _ = npm.ParseManifest(f.Data())
		}
		if r.manifests == nil {
			r.manifests = map[string]*npm.Manifest{}
		}
		r.manifests[dir] = m
	}
	return m
}

// scope is the folder of the nearest package.json above a file.
func (r *resolver) scope(from string) (string, *npm.Manifest) {
	for dir := path.Dir(from); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if path.Base(dir) == "node_modules" {
			break
		}
		if m := r.manifestOf(dir); m != nil {
			return dir, m
		}
	}
	return "", r.manifest
}

// named finds a package by its name: the module's own, by its exports; one in a
// node_modules folder of the tarball, the nearest first; the package itself,
// which is installed in such a folder.
func (r *resolver) named(from, specifier string, how how) (string, bool) {
	name, subpath := npmName(specifier)
	if name == "" {
		return "", false
	}
	if dir, m := r.scope(from); m.Name == name && len(m.Exports) > 0 {
		return r.target(dir, exportsTarget(m.Exports, subpath, how), how)
	}
	for dir := path.Dir(from); ; dir = path.Dir(dir) {
		if dir == "/" || dir == "." {
			dir = ""
		}
		if path.Base(dir) != "node_modules" {
			folder := strings.TrimPrefix(dir+"/node_modules/"+name, "/")
			if r.known(folder) {
				if file, ok := r.inPackage(folder, specifier[len(name):], subpath, how); ok {
					return file, true
				}
			}
		}
		if dir == "" {
			break
		}
	}
	if r.manifest.Name == name {
		return r.inPackage("", specifier[len(name):], subpath, how)
	}
	return "", false
}

// npmName splits a specifier into the package's name and the path in it, which
// begins with ".".
func npmName(specifier string) (name, subpath string) {
	end := strings.IndexByte(specifier, '/')
	if specifier[0] == '@' {
		if end < 0 {
			return "", ""
		}
		if next := strings.IndexByte(specifier[end+1:], '/'); next < 0 {
			end = -1
		} else {
			end += 1 + next
		}
	}
	if end < 0 {
		return specifier, "."
	}
	return specifier[:end], "." + specifier[end:]
}

// inPackage finds what a package in a folder gives for a path in it.
func (r *resolver) inPackage(folder, rest, subpath string, how how) (string, bool) {
	if m := r.manifestOf(folder); m != nil && len(m.Exports) > 0 {
		return r.target(folder, exportsTarget(m.Exports, subpath, how), how)
	}
	if m := r.manifestOf(folder); m != nil && rest == "" && how == byImport && strings.HasSuffix(m.Main, "/") {
		// import puts the endings behind the slash.
		if file, ok := r.extended(path.Join(folder, m.Main, "index"), nodeExtensions); ok {
			return file, true
		}
	}
	if rest == "" && (how == byImport || folder == "") {
		return r.file(folder + "/")
	}
	return r.file(folder + rest)
}

// target finds the file of one of the targets that exports or imports give.
func (r *resolver) target(dir string, targets []string, how how) (string, bool) {
	for _, target := range targets {
		switch {
		case strings.HasPrefix(target, "./"):
			clean := path.Join(dir, target)
			if r.pkg.File(clean) != nil {
				return clean, true
			}
			if plain := path.Join(dir, plainURL(target)); r.pkg.File(plain) != nil {
				return plain, true
			}
			if file, ok := r.file(clean); ok { // of a bundler, or another system
				return file, true
			}
		case isRelative(target), target == "", target[0] == '/', target[0] == '#', isNodes(target):
		default:
			if file, ok := r.named(path.Join(dir, "x"), target, how); ok {
				return file, true
			}
		}
	}
	return "", false
}

// known is false where no file of the package can be meant, which is so of most
// texts.
func (r *resolver) known(name string) bool {
	if r.names == nil {
		r.names = make(map[string]bool, 3*len(r.pkg.Files))
		r.names[""] = true
		for _, f := range r.pkg.Files {
			r.names[f.Path] = true
			for _, ext := range resolveExtensions[1:] {
				if stem, ok := strings.CutSuffix(f.Path, ext); ok {
					r.names[stem] = true
					if ext == ".ts" || ext == ".tsx" {
						r.names[stem+".js"] = true
					}
				}
			}
			for folder := path.Dir(f.Path); folder != "." && !r.names[folder]; folder = path.Dir(folder) {
				r.names[folder] = true
			}
		}
	}
	return r.names[name]
}

// register notes an extension that a script gives to require.extensions: Node
// tries it, and what the script makes of such files is its own affair.
func (r *resolver) register(ext string) bool {
	if r.registered[ext] || len(ext) < 2 || ext[0] != '.' || strings.Contains(ext, ir.Hole) {
		return false
	}
	if r.registered == nil {
		r.registered = map[string]bool{}
	}
	r.registered[ext] = true
	r.answers = nil
	for _, f := range r.pkg.Files {
		if stem, ok := strings.CutSuffix(f.Path, ext); ok && r.known("") {
			r.names[stem] = true
		}
	}
	return true
}

// file applies extensions and folders. A slash at the end says that a folder is
// meant.
func (r *resolver) file(name string) (string, bool) {
	folder := strings.HasSuffix(name, "/") || name == ""
	name = path.Clean("/" + name)[1:]
	if !r.known(name) {
		return "", false
	}
	if !folder {
		if r.pkg.File(name) != nil {
			return name, true
		}
		if file, ok := r.extended(name, nodeExtensions); ok {
			return file, true
		}
		if file, ok := r.extended(name, sortedKeys(r.registered)); ok {
			return file, true
		}
	}
	// Bundlers and compilers come before Node's folders, where there is no file
	// for Node: "./x.js" means x.ts, "./x" means x.mjs.
	main := ""
	if m := r.manifestOf(name); m != nil {
		main = m.Main
		if main != "" {
			if file, ok := r.mainFile(name, main, nodeExtensions); ok {
				return file, true
			}
		}
	}
	if file, ok := r.extended(path.Join(name, "index"), nodeExtensions); ok {
		return file, true
	}
	if base, ok := strings.CutSuffix(name, ".js"); ok && !folder {
		if file, ok := r.extended(base, []string{".ts", ".tsx"}); ok {
			return file, true
		}
	}
	if !folder {
		if file, ok := r.extended(name, bundlerExtensions); ok {
			return file, true
		}
	}
	if main != "" {
		if file, ok := r.mainFile(name, main, bundlerExtensions); ok {
			return file, true
		}
	}
	if m := r.manifestOf(name); m != nil && m.Module != "" && name != "" {
		if file, ok := r.mainFile(name, m.Module, nodeExtensions); ok {
			return file, true
		}
	}
	return r.extended(path.Join(name, "index"), append(sortedKeys(r.registered), bundlerExtensions...))
}

// mainFile is the file that the main of a folder's package.json names.
func (r *resolver) mainFile(dir, main string, extensions []string) (string, bool) {
	name := path.Clean("/" + dir + "/" + main)[1:]
	if r.pkg.File(name) != nil {
		return name, true
	}
	if file, ok := r.extended(name, extensions); ok {
		return file, true
	}
	return r.extended(path.Join(name, "index"), extensions)
}

func (r *resolver) extended(name string, extensions []string) (string, bool) {
	for _, ext := range extensions {
		if r.pkg.File(name+ext) != nil {
			return name + ext, true
		}
	}
	return "", false
}

// otherCase finds a file where names ignore case, as on macOS and Windows.
func (r *resolver) otherCase(from, specifier string) (string, bool) {
	inside, ok := r.inside(from, specifier)
	if !ok {
		return "", false
	}
	for _, end := range []string{"", ".js", ".json", ".node", "/index.js", ".mjs", ".cjs"} {
		if f := r.pkg.Folded(path.Clean("/" + inside)[1:] + end); f != nil {
			return f.Path, true
		}
	}
	return "", false
}

func sortedKeys(m map[string]bool) []string {
	if len(m) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(m))
}

// manyScripts is from how many scripts on a name that may be any of them stays
// open for those in folders: tests and examples are most of them.
const manyScripts = 20

// matching are the files that a specifier with unknown parts can mean: scripts,
// and what else has the ending that it asks for. open is set where it can mean
// others as well.
func (r *resolver) matching(from, specifier string) (out []string, open bool) {
	first := strings.Index(specifier, ir.Hole)
	last := strings.LastIndex(specifier, ir.Hole) + len(ir.Hole)
	prefix, suffix := specifier[:first], specifier[last:]
	switch {
	case strings.HasPrefix(prefix, ir.PackageRoot+"/"):
		prefix = strings.TrimPrefix(prefix, ir.PackageRoot+"/")
	case strings.HasPrefix(prefix, "./"), strings.HasPrefix(prefix, "../"):
		joined := path.Join(path.Dir(from), prefix)
		if strings.HasSuffix(prefix, "/") {
			joined += "/"
		}
		prefix = strings.TrimPrefix(joined, "./")
	case first == 0 && strings.HasPrefix(suffix, "/") && last == len(ir.Hole):
		// The folder of the process, or of the project: npm runs what installs a
		// package in the package's own.
		if file, ok := r.file(suffix[1:]); ok && len(suffix) > 1 {
			return []string{file}, false
		}
		return nil, true
	default:
		return nil, true
	}
	key := [2]string{prefix, suffix}
	if known, ok := r.matches[key]; ok {
		return known, len(known) == 0
	}
	if prefix != "" {
		defer func() {
			if r.matches == nil {
				r.matches = map[[2]string][]string{}
			}
			r.matches[key] = out
		}()
	}
	for _, name := range r.scripts[sort.SearchStrings(r.scripts, prefix):] {
		if !strings.HasPrefix(name, prefix) {
			break
		}
		if suffix != "" && !strings.HasSuffix(name, suffix) && !strings.HasSuffix(strings.TrimSuffix(name, path.Ext(name)), suffix) {
			continue
		}
		if prefix == "" && len(r.scripts) > manyScripts && strings.Contains(name, "/") && (r.program == nil || r.program.modules[name] == nil) {
			open = true
			continue
		}
		out = append(out, name)
	}
	if ext := path.Ext(suffix); len(ext) > 1 && !ir.IsScript(suffix) {
		for _, f := range r.pkg.Files {
			if strings.HasPrefix(f.Path, prefix) && strings.HasSuffix(f.Path, suffix) {
				out = append(out, f.Path)
			}
		}
	}
	return out, open || len(out) == 0
}

// maxMention is the longest text that is looked up before anything is evaluated,
// in bytes; where code loads a file by a longer one, it is found then.
const maxMention = 4096

// mentioned are the scripts of the package that a module's constant texts may
// name: what it requires, and what it starts or loads by a path it puts
// together.
func (r *resolver) mentioned(m *module) []string {
	var out []string
	defer func() { m.Mentions = nil }()
	for _, i := range m.Mentions {
		s := r.program.strings.All[i]
		if len(s) > maxMention || strings.ContainsRune(s, '\n') || strings.ContainsRune(s, ' ') && !r.names[path.Join(path.Dir(m.File.Path), s)] {
			continue
		}
		if !strings.ContainsAny(s, "./#@") && s != r.manifest.Name && !r.baseNames[s] {
			continue
		}
		if strings.HasSuffix(s, "/") {
			// A prefix of a path: "./commands/" + name.
			prefix := path.Join(path.Dir(m.File.Path), s) + "/"
			first := sort.SearchStrings(r.scripts, strings.TrimPrefix(prefix, "./"))
			for _, name := range r.scripts[first:] {
				if !strings.HasPrefix(name, strings.TrimPrefix(prefix, "./")) {
					break
				}
				out = append(out, name)
			}
			continue
		}
		if file, ok := r.resolve(m.File.Path, s, byImport); ok {
			out = append(out, file)
			continue
		}
		if !isRelative(s) {
			if file, ok := r.file(path.Join(path.Dir(m.File.Path), s)); ok {
				out = append(out, file)
			} else if file, ok := r.file(s); ok {
				out = append(out, file)
			}
		}
	}
	return out
}

// MaxJSON is the largest JSON file whose values are known to the scripts that
// load it, in bytes: settings and lists, not data.
const MaxJSON = 32 << 10

// json is the value of a JSON file of the package.
func (r *resolver) json(p *program, name string) *Value {
	if !strings.HasSuffix(name, ".json") {
		return nil
	}
	if v, ok := r.data[name]; ok {
		return v
	}
	var v *Value
	if f := r.pkg.File(name); f != nil && len(f.Data()) <= MaxJSON {
		v = p.parseJSON(string(f.Data()))
	}
	r.data[name] = v
	return v
}

func sortedNames(m map[string]string) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// format is what Node loads a file of the package as.
// Source: https://nodejs.org/api/packages.html (determining module system).
func (p *program) format(file string) ir.Format {
	switch path.Ext(file) {
	case ".mjs", ".mts":
		return ir.ModuleOnly
	case ".cjs", ".cts":
		return ir.CommonJS
	}
	if p.resolver != nil && p.resolver.packageType(path.Dir(file)) == "module" {
		return ir.ModuleOnly
	}
	return ir.CommonJS
}

// packageType is the type that the nearest package.json states.
func (r *resolver) packageType(folder string) string {
	if folder == "." || folder == "/" {
		return r.manifest.Type
	}
	kind, known := r.types[folder]
	if known {
		return kind
	}
	if f := r.pkg.File(path.Join(folder, "package.json")); f != nil {
		if m, err := npm.ParseManifest(f.Data()); err == nil {
			kind = m.Type
		}
	} else {
		kind = r.packageType(path.Dir(folder))
	}
	if r.types == nil {
		r.types = map[string]string{}
	}
	r.types[folder] = kind
	return kind
}
