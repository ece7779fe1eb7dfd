package javascript

import (
	"encoding/json"
	"path"
	"sort"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/archive"
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
}

var resolveExtensions = []string{"", ".js", ".json", ".node", ".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".mts", ".cts"}

// resolve finds the file that a specifier means in a module.
func (r *resolver) resolve(from, specifier string) (string, bool) {
	specifier = strings.TrimPrefix(specifier, "file://")
	switch {
	case strings.HasPrefix(specifier, PackageRoot+"/") || specifier == PackageRoot:
		return r.file(strings.TrimPrefix(strings.TrimPrefix(specifier, PackageRoot), "/"))
	case isRelative(specifier):
		return r.file(path.Join(path.Dir(from), specifier))
	case strings.HasPrefix(specifier, "#"):
		for _, target := range exportTargets(r.manifest.Imports, specifier, "") {
			if isRelative(target) {
				return r.file(path.Clean(target))
			}
		}
	case r.manifest.Name != "" && (specifier == r.manifest.Name || strings.HasPrefix(specifier, r.manifest.Name+"/")):
		subpath := "." + strings.TrimPrefix(specifier, r.manifest.Name)
		if len(r.manifest.Exports) > 0 {
			for _, target := range exportTargets(r.manifest.Exports, subpath, "") {
				if file, ok := r.file(path.Clean(target)); ok {
					return file, true
				}
			}
			return "", false
		}
		if subpath == "." {
			return r.main(r.manifest.Main)
		}
		return r.file(path.Clean(subpath))
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

// file applies extensions and folders.
func (r *resolver) file(name string) (string, bool) {
	name = strings.TrimSuffix(path.Clean("/" + name)[1:], "/")
	if !r.known(name) {
		return "", false
	}
	for _, ext := range resolveExtensions {
		if f := r.pkg.File(name + ext); f != nil && name+ext != "" {
			return name + ext, true
		}
	}
	// TypeScript sources import "./x.js" for x.ts.
	if base, ok := strings.CutSuffix(name, ".js"); ok {
		for _, ext := range []string{".ts", ".tsx"} {
			if r.pkg.File(base+ext) != nil {
				return base + ext, true
			}
		}
	}
	if f := r.pkg.File(path.Join(name, "package.json")); f != nil && name != "" {
		if m, err := npm.ParseManifest(f.Data()); err == nil && m.Main != "" {
			if file, ok := r.plainFile(path.Join(name, m.Main)); ok {
				return file, true
			}
		}
	}
	return r.plainFile(path.Join(name, "index"))
}

func (r *resolver) plainFile(name string) (string, bool) {
	for _, ext := range resolveExtensions {
		if r.pkg.File(name+ext) != nil {
			return name + ext, true
		}
	}
	for _, ext := range resolveExtensions[1:] {
		if r.pkg.File(path.Join(name, "index"+ext)) != nil {
			return path.Join(name, "index"+ext), true
		}
	}
	return "", false
}

func (r *resolver) main(main string) (string, bool) {
	if main != "" {
		if file, ok := r.file(main); ok {
			return file, true
		}
	}
	return r.file("index")
}

// matching are the modules that a specifier with unknown parts can mean.
func (r *resolver) matching(from, specifier string) []*module {
	first := strings.Index(specifier, hole)
	last := strings.LastIndex(specifier, hole) + len(hole)
	prefix, suffix := specifier[:first], specifier[last:]
	switch {
	case strings.HasPrefix(prefix, PackageRoot+"/"):
		prefix = strings.TrimPrefix(prefix, PackageRoot+"/")
	case strings.HasPrefix(prefix, "./"), strings.HasPrefix(prefix, "../"):
		joined := path.Join(path.Dir(from), prefix)
		if strings.HasSuffix(prefix, "/") {
			joined += "/"
		}
		prefix = strings.TrimPrefix(joined, "./")
	default:
		return nil
	}
	var out []*module
	for _, name := range r.scripts {
		if !strings.HasPrefix(name, prefix) || len(out) >= 256 {
			continue
		}
		if suffix != "" && !strings.HasSuffix(name, suffix) && !strings.HasSuffix(strings.TrimSuffix(name, path.Ext(name)), suffix) {
			continue
		}
		if m := r.program.modules[name]; m != nil {
			out = append(out, m)
		}
	}
	return out
}

// mentioned are the scripts of the package that a module's constant texts may
// name: what it requires, and what it starts or loads by a path it puts
// together.
func (r *resolver) mentioned(m *module) []string {
	var out []string
	defer func() { m.mentions = nil }()
	for _, i := range m.mentions {
		s := r.program.strings.all[i]
		out = append(out, r.mentionedBy(m, s)...)
		if len(s) > 200 || strings.ContainsAny(s, " \n") {
			continue
		}
		if !strings.ContainsAny(s, "./#@") && s != r.manifest.Name && !r.baseNames[s] {
			continue
		}
		if strings.HasSuffix(s, "/") {
			// A prefix of a path: "./commands/" + name.
			prefix := path.Join(path.Dir(m.file.path), s) + "/"
			first := sort.SearchStrings(r.scripts, strings.TrimPrefix(prefix, "./"))
			for _, name := range r.scripts[first:] {
				if !strings.HasPrefix(name, strings.TrimPrefix(prefix, "./")) {
					break
				}
				out = append(out, name)
			}
			continue
		}
		if file, ok := r.resolve(m.file.path, s); ok {
			out = append(out, file)
			continue
		}
		if !isRelative(s) {
			if file, ok := r.file(path.Join(path.Dir(m.file.path), s)); ok {
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

// exportTargets are the files that an exports or imports field gives for a
// subpath, in order, whatever the condition.
func exportTargets(field json.RawMessage, subpath, star string) []string {
	var text string
	if json.Unmarshal(field, &text) == nil {
		if subpath == "." || subpath == "" {
			return []string{strings.ReplaceAll(text, "*", star)}
		}
		return nil
	}
	var list []json.RawMessage
	if json.Unmarshal(field, &list) == nil {
		var out []string
		for _, item := range list {
			out = append(out, exportTargets(item, subpath, star)...)
		}
		return out
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(field, &members) != nil {
		return nil
	}
	var out []string
	keys := make([]string, 0, len(members))
	for key := range members {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		switch {
		case key == subpath:
			out = append(out, exportTargets(members[key], "", star)...)
		case strings.HasPrefix(key, ".") || strings.HasPrefix(key, "#"):
			before, after, ok := strings.Cut(key, "*")
			if ok && subpath != "" && strings.HasPrefix(subpath, before) && strings.HasSuffix(subpath, after) && len(subpath) >= len(before)+len(after) {
				out = append(out, exportTargets(members[key], "", subpath[len(before):len(subpath)-len(after)])...)
			}
		case key != "types":
			// A condition.
			out = append(out, exportTargets(members[key], subpath, star)...)
		}
	}
	return out
}

// entryPoints are the scripts that load when the package is used.
func (r *resolver) entryPoints() []entryPoint {
	var out []entryPoint
	seen := map[string]bool{}
	add := func(file, label string) {
		if file != "" && !seen[file] {
			seen[file] = true
			out = append(out, entryPoint{file, label})
		}
	}
	addTarget := func(target, label string) {
		if target == "" {
			return
		}
		if strings.Contains(target, "*") {
			before, after, _ := strings.Cut(path.Clean(target), "*")
			for _, name := range r.scripts {
				if strings.HasPrefix(name, before) && strings.HasSuffix(name, after) {
					add(name, label)
				}
			}
			return
		}
		if file, ok := r.file(path.Clean(target)); ok {
			add(file, label)
		}
	}
	m := r.manifest
	if file, ok := r.main(m.Main); ok {
		add(file, "package.json main")
	}
	addTarget(m.Module, "package.json module")
	addTarget(m.Browser, "package.json browser")
	for _, from := range sortedNames(m.BrowserFiles) {
		addTarget(m.BrowserFiles[from], "package.json browser")
	}
	for _, target := range allTargets(m.Exports, 0) {
		addTarget(target, "package.json exports")
	}
	for _, name := range sortedNames(m.Bin) {
		addTarget(m.Bin[name], "package.json bin")
	}
	if m.DirectoriesBin != "" {
		prefix := path.Clean(m.DirectoriesBin) + "/"
		for _, name := range r.scripts {
			if strings.HasPrefix(name, prefix) {
				add(name, "package.json directories.bin")
			}
		}
	}
	return out
}

type entryPoint struct{ file, label string }

func sortedNames(m map[string]string) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// allTargets are all files that an exports field names.
func allTargets(field json.RawMessage, depth int) []string {
	if depth > 16 || len(field) == 0 {
		return nil
	}
	var text string
	if json.Unmarshal(field, &text) == nil {
		return []string{text}
	}
	var list []json.RawMessage
	if json.Unmarshal(field, &list) == nil {
		var out []string
		for _, item := range list {
			out = append(out, allTargets(item, depth+1)...)
		}
		return out
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(field, &members) != nil {
		return nil
	}
	keys := make([]string, 0, len(members))
	for key := range members {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	var out []string
	for _, key := range keys {
		if key != "types" {
			out = append(out, allTargets(members[key], depth+1)...)
		}
	}
	return out
}
