// Package resolve finds the file of a package that a specifier means, as Node and
// bundlers do: by a path, a URL or a name (resolve.go), by what a package.json says of
// its exports and imports (exports.go); and the scripts that load when a package is used
// (entries.go). Commands of its scripts see it through shell.Package (shellpackage.go).
//
// The text of a specifier may have holes where it is not known; Matching gives all files
// that it may mean.
package resolve

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

// Resolver finds the files of a package that specifiers mean, as Node and
// bundlers do. Source: https://nodejs.org/api/modules.html#all-together and
// https://nodejs.org/api/packages.html
type Resolver struct {
	// Pkg is the package, Manifest its package.json.
	Pkg      *archive.Package
	Manifest *npm.Manifest
	// Loaded reports whether a script is known to be loaded; nil: none is.
	Loaded  func(name string) bool
	Scripts []string
	// Names are those by which the package's files and folders may be asked for:
	// with and without the extensions that need not be written.
	Names map[string]bool
	// commands is the package as commands see it.
	commands *shell.Package
	// BaseNames are the scripts' file names without folder and extension.
	BaseNames map[string]bool
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

// New finds the files of a package.
func New(pkg *archive.Package, manifest *npm.Manifest) *Resolver {
	return &Resolver{Pkg: pkg, Manifest: manifest}
}

// nodeExtensions are those that Node tries, in order; bundlers try the others
// as well.
var (
	nodeExtensions    = []string{".js", ".json", ".node"}
	bundlerExtensions = []string{".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".mts", ".cts"}
	resolveExtensions = append(append([]string{""}, nodeExtensions...), bundlerExtensions...)
)

// Resolve finds the file that a specifier means in a module: the one that Node
// takes, else the one that a bundler does.
func (r *Resolver) Resolve(from, specifier string, how How) (string, bool) {
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
	how            How
}

// maxAnswers is how many answers are remembered; others are found again.
const maxAnswers = 100_000

func (r *Resolver) find(from, specifier string, how How) (string, bool) {
	if strings.ContainsRune(specifier, 0) || specifier == "" {
		return "", false
	}
	if rest, ok := CutFold(specifier, "file:"); ok {
		return r.fileURL(from, rest)
	}
	if inside, ok := r.Inside(from, specifier); ok {
		if how == ByImport {
			if plain := PlainURL(inside); plain != inside {
				if file, ok := r.File(plain); ok {
					return file, true
				}
			} else if f := r.Pkg.File(path.Clean("/" + inside)[1:]); f != nil {
				return f.Path, true // no extension is tried, and no folder is one
			}
		}
		return r.File(inside)
	}
	switch {
	case IsRelative(specifier), specifier[0] == '/':
		return "", false
	case specifier[0] == '#':
		dir, m := r.scope(from)
		return r.target(dir, importsTarget(m.Imports, specifier, how), how)
	case isNodes(specifier):
		return "", false
	}
	return r.named(from, specifier, how)
}

// Inside turns a specifier that is a path into one in the package; it keeps a
// slash at the end, which says that a folder is meant. The package lies in a
// folder of its own name, where a path may leave it and come back.
func (r *Resolver) Inside(from, specifier string) (string, bool) {
	var joined string
	switch {
	case specifier == ir.PackageRoot, strings.HasPrefix(specifier, ir.PackageRoot+"/"):
		joined = strings.TrimPrefix(specifier[len(ir.PackageRoot):], "/")
	case IsRelative(specifier):
		joined = path.Dir(from) + "/" + specifier
	default:
		return "", false
	}
	folder := strings.HasSuffix(joined, "/") || strings.HasSuffix(joined, "/.") || strings.HasSuffix(joined, "/..") ||
		joined == "." || joined == ".." || joined == ""
	joined = path.Clean(joined)
	if joined == ".." || strings.HasPrefix(joined, "../") {
		name := r.Manifest.Name
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
func (r *Resolver) fileURL(from, rest string) (string, bool) {
	for _, host := range []string{"//localhost/", "///"} {
		if after, ok := strings.CutPrefix(rest, host); ok {
			rest = "/" + after
		}
	}
	if inside, ok := r.Inside(from, PlainURL(rest)); ok {
		return r.File(inside)
	}
	return "", false
}

// PlainURL is the path of a URL: without query and fragment, decoded.
func PlainURL(text string) string {
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

// CutFold cuts a prefix off, whatever its case.
func CutFold(text, prefix string) (string, bool) {
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
	if !IsBuiltin(name) {
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

// ManifestOf is the package.json of a folder, nil where there is none that can
// be read.
func (r *Resolver) ManifestOf(dir string) *npm.Manifest {
	if dir == "" || dir == "." {
		return r.Manifest
	}
	m, ok := r.manifests[dir]
	if !ok {
		if f := r.Pkg.File(dir + "/package.json"); f != nil {
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
func (r *Resolver) scope(from string) (string, *npm.Manifest) {
	for dir := path.Dir(from); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if path.Base(dir) == "node_modules" {
			break
		}
		if m := r.ManifestOf(dir); m != nil {
			return dir, m
		}
	}
	return "", r.Manifest
}

// named finds a package by its name: the module's own, by its exports; one in a
// node_modules folder of the tarball, the nearest first; the package itself,
// which is installed in such a folder.
func (r *Resolver) named(from, specifier string, how How) (string, bool) {
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
	if r.Manifest.Name == name {
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
func (r *Resolver) inPackage(folder, rest, subpath string, how How) (string, bool) {
	if m := r.ManifestOf(folder); m != nil && len(m.Exports) > 0 {
		return r.target(folder, exportsTarget(m.Exports, subpath, how), how)
	}
	if m := r.ManifestOf(folder); m != nil && rest == "" && how == ByImport && strings.HasSuffix(m.Main, "/") {
		// import puts the endings behind the slash.
		if file, ok := r.extended(path.Join(folder, m.Main, "index"), nodeExtensions); ok {
			return file, true
		}
	}
	if rest == "" && (how == ByImport || folder == "") {
		return r.File(folder + "/")
	}
	return r.File(folder + rest)
}

// target finds the file of one of the targets that exports or imports give.
func (r *Resolver) target(dir string, targets []string, how How) (string, bool) {
	for _, target := range targets {
		switch {
		case strings.HasPrefix(target, "./"):
			clean := path.Join(dir, target)
			if r.Pkg.File(clean) != nil {
				return clean, true
			}
			if plain := path.Join(dir, PlainURL(target)); r.Pkg.File(plain) != nil {
				return plain, true
			}
			if file, ok := r.File(clean); ok { // of a bundler, or another system
				return file, true
			}
		case IsRelative(target), target == "", target[0] == '/', target[0] == '#', isNodes(target):
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
func (r *Resolver) known(name string) bool {
	if r.Names == nil {
		r.Names = make(map[string]bool, 3*len(r.Pkg.Files))
		r.Names[""] = true
		for _, f := range r.Pkg.Files {
			r.Names[f.Path] = true
			for _, ext := range resolveExtensions[1:] {
				if stem, ok := strings.CutSuffix(f.Path, ext); ok {
					r.Names[stem] = true
					if ext == ".ts" || ext == ".tsx" {
						r.Names[stem+".js"] = true
					}
				}
			}
			for folder := path.Dir(f.Path); folder != "." && !r.Names[folder]; folder = path.Dir(folder) {
				r.Names[folder] = true
			}
		}
	}
	return r.Names[name]
}

// Register notes an extension that a script gives to require.extensions: Node
// tries it, and what the script makes of such files is its own affair.
func (r *Resolver) Register(ext string) bool {
	if r.registered[ext] || len(ext) < 2 || ext[0] != '.' || strings.Contains(ext, ir.Hole) {
		return false
	}
	if r.registered == nil {
		r.registered = map[string]bool{}
	}
	r.registered[ext] = true
	r.answers = nil
	for _, f := range r.Pkg.Files {
		if stem, ok := strings.CutSuffix(f.Path, ext); ok && r.known("") {
			r.Names[stem] = true
		}
	}
	return true
}

// File applies extensions and folders. A slash at the end says that a folder is
// meant.
func (r *Resolver) File(name string) (string, bool) {
	folder := strings.HasSuffix(name, "/") || name == ""
	name = path.Clean("/" + name)[1:]
	if !r.known(name) {
		return "", false
	}
	if !folder {
		if r.Pkg.File(name) != nil {
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
	if m := r.ManifestOf(name); m != nil {
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
	if m := r.ManifestOf(name); m != nil && m.Module != "" && name != "" {
		if file, ok := r.mainFile(name, m.Module, nodeExtensions); ok {
			return file, true
		}
	}
	return r.extended(path.Join(name, "index"), append(sortedKeys(r.registered), bundlerExtensions...))
}

// mainFile is the file that the main of a folder's package.json names.
func (r *Resolver) mainFile(dir, main string, extensions []string) (string, bool) {
	name := path.Clean("/" + dir + "/" + main)[1:]
	if r.Pkg.File(name) != nil {
		return name, true
	}
	if file, ok := r.extended(name, extensions); ok {
		return file, true
	}
	return r.extended(path.Join(name, "index"), extensions)
}

func (r *Resolver) extended(name string, extensions []string) (string, bool) {
	for _, ext := range extensions {
		if r.Pkg.File(name+ext) != nil {
			return name + ext, true
		}
	}
	return "", false
}

// OtherCase finds a file where names ignore case, as on macOS and Windows.
func (r *Resolver) OtherCase(from, specifier string) (string, bool) {
	inside, ok := r.Inside(from, specifier)
	if !ok {
		return "", false
	}
	for _, end := range []string{"", ".js", ".json", ".node", "/index.js", ".mjs", ".cjs"} {
		if f := r.Pkg.Folded(path.Clean("/" + inside)[1:] + end); f != nil {
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

// ManyScripts is from how many scripts on a name that may be any of them stays
// open for those in folders: tests and examples are most of them.
const ManyScripts = 20

// Matching are the files that a specifier with unknown parts can mean: scripts,
// and what else has the ending that it asks for. open is set where it can mean
// others as well.
func (r *Resolver) Matching(from, specifier string) (out []string, open bool) {
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
		if file, ok := r.File(suffix[1:]); ok && len(suffix) > 1 {
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
	for _, name := range r.Scripts[sort.SearchStrings(r.Scripts, prefix):] {
		if !strings.HasPrefix(name, prefix) {
			break
		}
		if suffix != "" && !strings.HasSuffix(name, suffix) && !strings.HasSuffix(strings.TrimSuffix(name, path.Ext(name)), suffix) {
			continue
		}
		if prefix == "" && len(r.Scripts) > ManyScripts && strings.Contains(name, "/") && (r.Loaded == nil || !r.Loaded(name)) {
			open = true
			continue
		}
		out = append(out, name)
	}
	if ext := path.Ext(suffix); len(ext) > 1 && !ir.IsScript(suffix) {
		for _, f := range r.Pkg.Files {
			if strings.HasPrefix(f.Path, prefix) && strings.HasSuffix(f.Path, suffix) {
				out = append(out, f.Path)
			}
		}
	}
	return out, open || len(out) == 0
}

func sortedNames(m map[string]string) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// PackageType is the type that the nearest package.json states.
func (r *Resolver) PackageType(folder string) string {
	if folder == "." || folder == "/" {
		return r.Manifest.Type
	}
	kind, known := r.types[folder]
	if known {
		return kind
	}
	if f := r.Pkg.File(path.Join(folder, "package.json")); f != nil {
		if m, err := npm.ParseManifest(f.Data()); err == nil {
			kind = m.Type
		}
	} else {
		kind = r.PackageType(path.Dir(folder))
	}
	if r.types == nil {
		r.types = map[string]string{}
	}
	r.types[folder] = kind
	return kind
}

// IsCode reports whether a file that is loaded runs: Node takes what has no known
// extension for a script where it is required or started, and nothing where it
// is imported.
func (r *Resolver) IsCode(file string, how How) bool {
	switch ext := path.Ext(file); {
	case ir.IsScript(file), ext == "":
		return true
	case ext == ".json", ext == ".node":
		return r.registered[ext]
	case ext == ".wasm":
		return false
	}
	return how == ByRequire
}
