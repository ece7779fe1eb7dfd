package lockfile

import (
	"regexp"
	"strings"

	"github.com/lockwarden/lockwarden/glob"
	"github.com/lockwarden/lockwarden/lockfile/document"
)

// declared is what the files beside a lockfile say about dependencies: what a
// client takes over from them into the lockfile, and so what a lockfile is held
// against.
type declared struct {
	format Format
	// root is package.json, parts those of the project's other folders; nil
	// and missing where they are not known.
	root  *Entry
	parts map[string]*Entry
	// aliasing counts the folders asked about other names.
	aliasing int
	// replacements are what takes the place of dependencies wherever they are
	// asked for: overrides, resolutions, package extensions.
	replacements []replacement
	// folders are the patterns of the project's workspaces, workspaces what
	// they match.
	folders    []string
	workspaces *glob.Workspaces
	// catalogs are ranges by catalog and name; the default one is "".
	catalogs map[string]map[string]string
	// byName are the replacements of each name, asks what root and parts ask
	// for by name: see index.
	byName map[string][]replacement
	asks   map[*Entry]map[string]Dependency
}

// replacement is one of them. Key is as written, Name the dependency's name at
// its end; within is set where it counts below another package only.
type replacement struct {
	Key, Name, Spec string
	within          bool
}

// manifest reads what package.json says beside its dependencies. What is not
// as it should be is as good as absent, as it is for package managers.
func (d *declared) manifest(data []byte, format Format) {
	var err error
	defer document.Catch(&err) // readManifest has said what is wrong with it
	raw := document.JSON("package.json", string(data))
	if format != Yarn && format != Pnpm {
		d.replace(raw.Get("overrides"), 0)
	}
	if format != NPM {
		d.replace(raw.Get("resolutions"), 0)
	}
	if format == Pnpm {
		d.replace(raw.Get("pnpm").Get("overrides"), 0)
		d.extend(raw.Get("pnpm").Get("packageExtensions"))
	}
	if format == Bun {
		d.catalogsOf(raw)
		d.catalogsOf(raw.Get("workspaces"))
	}
}

// settings reads pnpm-workspace.yaml or .yarnrc.yml.
func (d *declared) settings(data []byte) {
	// A file that cannot be read declares nothing; that it cannot is said
	// where settings are reviewed.
	var err error
	defer document.Catch(&err)
	raw := document.YAMLValue("", string(data))
	if packages := raw.Get("packages"); packages != nil && packages.Kind == document.List {
		for _, one := range packages.Items {
			d.folders = append(d.folders, one.Text)
		}
	}
	d.replace(raw.Get("overrides"), 0)
	d.catalogsOf(raw)
	d.extend(raw.Get("packageExtensions"))
}

// replace takes overrides or resolutions, whose keys may name a path to the
// dependency ("a>b", "a/b", "**/b") and a range ("b@<2").
func (d *declared) replace(list *document.Value, depth int) {
	if depth > maxOverrides {
		return
	}
	list.Entries(func(k document.Key, value *document.Value) {
		if len(k.Name) > maxReplacement {
			return
		}
		one := replacement{Key: k.Name, Name: replacedName(k.Name), within: depth > 0}
		if before := strings.TrimPrefix(k.Name, "**/"); !strings.HasPrefix(before, one.Name) {
			one.within = true
		}
		own := value
		if value.Kind == document.Map {
			own = value.Get(".")
		}
		if own != nil && own.Kind == document.String && len(own.Text) <= maxReplacement {
			one.Spec = own.Text
			d.replacements = append(d.replacements, one)
		}
		d.replace(value, depth+1)
	})
}

// pnpmParent stands between a package and its dependency in pnpm's overrides:
// a ">" that is no part of a range. Source: @pnpm/parse-overrides
var pnpmParent = regexp.MustCompile(`[^ |@]>`)

// replacedName is the name of the dependency at the end of an override's key.
func replacedName(key string) string {
	if at := pnpmParent.FindStringIndex(key); at != nil {
		key = key[at[1]:]
	}
	name, _, _ := splitName(strings.TrimPrefix(key, "**/"))
	parts := strings.Split(name, "/")
	last := parts[len(parts)-1]
	if len(parts) > 1 && strings.HasPrefix(parts[len(parts)-2], "@") {
		return parts[len(parts)-2] + "/" + last
	}
	// A range may stand behind the parent: a@npm:1/b.
	if i := strings.LastIndexByte(key, '/'); i >= 0 && name != key && !strings.HasPrefix(key, "@") {
		last, _, _ = splitName(key[i+1:])
	}
	return last
}

// extend takes the dependencies that package extensions add.
func (d *declared) extend(list *document.Value) {
	list.Entries(func(_ document.Key, fields *document.Value) {
		for _, kind := range []string{"dependencies", "optionalDependencies"} {
			texts(fields.Get(kind), func(name, spec string) {
				d.replacements = append(d.replacements, replacement{Name: name, Spec: spec, within: true})
			})
		}
	})
}

// catalogsOf reads "catalog" and "catalogs".
func (d *declared) catalogsOf(of *document.Value) {
	take := func(catalog string, list *document.Value) {
		if d.catalogs[catalog] == nil {
			d.catalogs[catalog] = map[string]string{}
		}
		texts(list, func(name, spec string) { d.catalogs[catalog][name] = spec })
	}
	take("", of.Get("catalog"))
	of.Get("catalogs").Entries(func(key document.Key, list *document.Value) {
		if key.Name == "default" {
			key.Name = ""
		}
		take(key.Name, list)
	})
}

// catalog is the specifier that another one stands for.
func (d *declared) catalog(name, spec string) string {
	catalog, ok := strings.CutPrefix(spec, "catalog:")
	if !ok {
		return spec
	}
	if catalog == "default" {
		catalog = ""
	}
	if found, ok := d.catalogs[catalog][name]; ok {
		return found
	}
	return spec
}

// replacesDirect are the replacements that count for what the project itself
// asks for.
func (d *declared) replacesDirect(name string) []replacement {
	var out []replacement
	for _, o := range d.byName[name] {
		if !o.within {
			out = append(out, o)
		}
	}
	return out
}

// Whether package.json and the lockfile agree.

// isWorkspace reports whether a folder is one of the project's workspaces.
func (d *declared) isWorkspace(folder string) bool {
	if d.workspaces == nil {
		patterns := d.folders
		if d.root != nil {
			patterns = append(patterns[:len(patterns):len(patterns)], d.root.workspaces...)
		}
		d.workspaces = glob.NewWorkspaces(patterns)
	}
	return d.workspaces.Match(folder)
}

func sameDependencies(format Format, a, b []Dependency) bool {
	ma, mb := format.effective(a), format.effective(b)
	if len(ma) != len(mb) {
		return false
	}
	for name, d := range ma {
		if mb[name] != d {
			return false
		}
	}
	return true
}

// maxOverrides bounds how deep npm's overrides nest, maxReplacement how long
// one is, in bytes: many dependencies may ask for what it replaces. What goes
// beyond declares nothing.
const (
	maxOverrides   = 32
	maxReplacement = 4096
)

// texts calls yield for each key with a text that a replacement may have.
func texts(list *document.Value, yield func(name, text string)) {
	list.Entries(func(key document.Key, value *document.Value) {
		if value.Kind == document.String && len(key.Name) <= maxReplacement && len(value.Text) <= maxReplacement {
			yield(key.Name, value.Text)
		}
	})
}

// maxReplacements is how many replacements of one name are looked at: each
// dependency of that name is held against all of them. Beyond, nothing is
// declared.
const maxReplacements = 256

// index prepares what is asked once for each dependency.
func (d *declared) index() {
	d.byName = make(map[string][]replacement, len(d.replacements))
	for _, o := range d.replacements {
		if list := d.byName[o.Name]; len(list) < maxReplacements {
			d.byName[o.Name] = append(list, o)
		}
	}
	d.asks = make(map[*Entry]map[string]Dependency, len(d.parts)+1)
	for _, manifest := range d.parts {
		d.asks[manifest] = d.format.effective(manifest.Dependencies)
	}
	if d.root != nil {
		d.asks[d.root] = d.format.effective(d.root.Dependencies)
	}
}
