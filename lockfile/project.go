package lockfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
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
	// catalogs are ranges by catalog and name; the default one is "".
	catalogs map[string]map[string]string
}

// replacement is one of them. Key is as written, Name the dependency's name at
// its end; within is set where it counts below another package only.
type replacement struct {
	Key, Name, Spec string
	within          bool
}

// read opens a file of the project; what is not there is nil.
func (o Options) read(name string) ([]byte, error) {
	if o.Project == nil {
		return nil, nil
	}
	data, err := fs.ReadFile(o.Project, name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil, nil
	}
	return data, err
}

// declarations reads what the project declares for a package manager.
func (o Options) declarations(lockfile string, format Format) (declared, error) {
	d := declared{parts: map[string]*Entry{}, catalogs: map[string]map[string]string{}}
	manifest, err := o.read("package.json")
	if err != nil {
		return d, err
	}
	if len(manifest) > 0 {
		if d.root, err = readManifest(lockfile, manifest); err != nil {
			return d, err
		}
		d.manifest(manifest, format)
	}
	settings := map[Format]string{Pnpm: "pnpm-workspace.yaml", Yarn: ".yarnrc.yml"}[format]
	if settings == "" {
		return d, nil
	}
	data, err := o.read(settings)
	if err != nil || len(data) == 0 || len(data) > maxSettings {
		return d, err
	}
	d.settings(data)
	return d, nil
}

// part reads the package.json of one of the project's folders, once.
func (o Options) part(lockfile, folder string, d *declared) (*Entry, error) {
	if e, done := d.parts[folder]; done {
		return e, nil
	}
	data, err := o.read(path.Join(folder, "package.json"))
	if err != nil || len(data) == 0 {
		return nil, err
	}
	e, err := readManifest(path.Join(path.Dir(lockfile), folder, "package.json"), data)
	if err == nil {
		d.parts[folder] = e
	}
	return e, err
}

// maxSettings is the largest settings file that is read, in bytes; those of
// large monorepos have some kilobytes.
const maxSettings = 1 << 20

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
		Overrides         map[string]any            `yaml:"overrides"`
		Catalog           map[string]any            `yaml:"catalog"`
		Catalogs          map[string]map[string]any `yaml:"catalogs"`
		PackageExtensions map[string]any            `yaml:"packageExtensions"`
	}
	// A file that cannot be read declares nothing; that it cannot is said
	// where settings are reviewed.
	_ = yaml.Unmarshal(data, &raw)
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

// aliasParts reads the manifests of those folders of the project that ask for a
// package under another name: only package.json can say that they do.
func (lock *Lockfile) aliasParts(d *declared, opts Options) error {
	for _, e := range lock.Entries {
		if e.Link || !lock.isTop(e) || !slices.ContainsFunc(e.Dependencies, func(one Dependency) bool {
			to := lock.Resolve(e, one.Name)
			return to != nil && to.Package != one.Name && !to.Link && to.Source() != Local
		}) {
			continue
		}
		if _, err := opts.part(lock.File, e.Location, d); err != nil {
			return err
		}
	}
	return nil
}
