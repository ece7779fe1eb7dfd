package lockfile

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/lockwarden/lockwarden/glob"
)

// declared is what the files beside a lockfile say about dependencies: what a
// client takes over from them into the lockfile, and so what a lockfile is held
// against.
type declared struct {
	// root is package.json, parts those of the project's other folders; nil
	// and missing where they are not known.
	root  *Entry
	parts map[string]*Entry
	// replacements are what takes the place of dependencies wherever they are
	// asked for: overrides, resolutions, package extensions.
	replacements []replacement
	// folders are the patterns of the project's workspaces, workspaces what
	// they match.
	folders    []string
	workspaces *glob.Workspaces
	// catalogs are ranges by catalog and name; the default one is "".
	catalogs map[string]map[string]string
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
	var raw struct {
		Overrides   map[string]any
		Resolutions map[string]any
		Workspaces  json.RawMessage
		Catalog     map[string]any
		Catalogs    map[string]map[string]any
		Pnpm        struct {
			Overrides         map[string]any
			PackageExtensions map[string]any
		}
	}
	// Fields of other types leave the rest readable.
	_ = json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &raw)
	if format != Yarn && format != Pnpm {
		d.replace(raw.Overrides, 0)
	}
	if format != NPM {
		d.replace(raw.Resolutions, 0)
	}
	if format == Pnpm {
		d.replace(raw.Pnpm.Overrides, 0)
		d.extend(raw.Pnpm.PackageExtensions)
	}
	if format == Bun {
		d.catalogsOf(raw.Catalog, raw.Catalogs)
		raw.Catalog, raw.Catalogs = nil, nil
		if json.Unmarshal(raw.Workspaces, &raw) == nil {
			d.catalogsOf(raw.Catalog, raw.Catalogs)
		}
	}
}

// settings reads pnpm-workspace.yaml or .yarnrc.yml.
func (d *declared) settings(data []byte) {
	var raw struct {
		Packages          []string                  `yaml:"packages"`
		Overrides         map[string]any            `yaml:"overrides"`
		Catalog           map[string]any            `yaml:"catalog"`
		Catalogs          map[string]map[string]any `yaml:"catalogs"`
		PackageExtensions map[string]any            `yaml:"packageExtensions"`
	}
	// A file that cannot be read declares nothing; that it cannot is said
	// where settings are reviewed.
	_ = yaml.Unmarshal(data, &raw)
	d.folders = append(d.folders, raw.Packages...)
	d.replace(raw.Overrides, 0)
	d.catalogsOf(raw.Catalog, raw.Catalogs)
	d.extend(raw.PackageExtensions)
}

// maxOverrides bounds how deep npm's overrides nest.
const maxOverrides = 32

// replace takes overrides or resolutions, whose keys may name a path to the
// dependency ("a>b", "a/b", "**/b") and a range ("b@<2").
func (d *declared) replace(list map[string]any, depth int) {
	if depth > maxOverrides {
		return
	}
	for key, value := range list {
		one := replacement{Key: key, Name: replacedName(key), within: depth > 0}
		if before := strings.TrimPrefix(key, "**/"); !strings.HasPrefix(before, one.Name) {
			one.within = true
		}
		switch v := value.(type) {
		case string:
			one.Spec = v
			d.replacements = append(d.replacements, one)
		case map[string]any:
			if own, ok := v["."].(string); ok {
				one.Spec = own
				d.replacements = append(d.replacements, one)
			}
			d.replace(v, depth+1)
		}
	}
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
func (d *declared) extend(list map[string]any) {
	for _, value := range list {
		fields, _ := value.(map[string]any)
		for _, kind := range []string{"dependencies", "optionalDependencies"} {
			adds, _ := fields[kind].(map[string]any)
			for name, spec := range adds {
				if s, ok := spec.(string); ok {
					d.replacements = append(d.replacements, replacement{Name: name, Spec: s, within: true})
				}
			}
		}
	}
}

func (d *declared) catalogsOf(plain map[string]any, named map[string]map[string]any) {
	take := func(catalog string, list map[string]any) {
		if d.catalogs[catalog] == nil {
			d.catalogs[catalog] = map[string]string{}
		}
		for name, spec := range list {
			if s, ok := spec.(string); ok {
				d.catalogs[catalog][name] = s
			}
		}
	}
	take("", plain)
	for name, list := range named {
		if name == "default" {
			name = ""
		}
		take(name, list)
	}
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
	for _, o := range d.replacements {
		if o.Name == name && !o.within {
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

// effective keeps for each name the declaration that Arborist acts on.
func effective(list []Dependency) map[string]Dependency {
	m := make(map[string]Dependency, len(list))
	for _, d := range list {
		if have, ok := m[d.Name]; !ok || d.Kind >= have.Kind {
			m[d.Name] = d
		}
	}
	return m
}

func sameDependencies(a, b []Dependency) bool {
	ma, mb := effective(a), effective(b)
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
