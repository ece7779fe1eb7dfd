// Package npm holds npm's documents as values: package.json, the registry's
// packuments, package names. It reads bytes and fetches nothing.
//
// Sources: https://docs.npmjs.com/cli/configuring-npm/package-json and
// https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md
package npm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// Manifest is what lockwarden reads of a package.json. Fields of the wrong
// type are treated as absent, as npm treats them.
type Manifest struct {
	Name    string
	Version string
	Type    string
	License string
	// Description is a sentence of the authors', Homepage an address of theirs.
	Description, Homepage string
	// Repository is the address of the source code, empty where none is named.
	Repository string
	// Main, Module and Types are entry points as written.
	Main, Module string
	// Browser is the browser field when it is one file; BrowserFiles the
	// replacements when it is an object.
	Browser      string
	BrowserFiles map[string]string
	// Exports is the exports field, undecoded: its order matters.
	Exports json.RawMessage
	// Imports is the imports field, undecoded.
	Imports json.RawMessage
	// Bin maps command names to files.
	Bin map[string]string
	// Scripts are all scripts with the line they stand on.
	Scripts map[string]Script
	// Dependencies are all declared dependencies of every kind that is
	// installed for a user of the package.
	Dependencies []Dependency
	// Directories.bin and directories.lib.
	DirectoriesBin string
	// Entries are the files of other fields by which bundlers, content networks and
	// runtimes load the package, Lists those that name more of them.
	Entries, Lists []Entry `json:"-"`
	// Gypfile is false only where the manifest says "gypfile": false.
	Gypfile bool
}

// maxDescription is how many bytes of a description are kept.
const maxDescription = 1000

// Entry is a file that a field of the manifest names.
type Entry struct{ Field, File string }

// entryFields name scripts of the package, listFields JSON files that name scripts.
var (
	entryFields = []string{"react-native", "unpkg", "jsdelivr", "cdn", "svelte", "esnext", "es2015", "es2017", "es2020", "esm", "esm2015", "esm2020",
		"fesm5", "fesm2015", "fesm2020", "fesm2022", "jsnext:main", "umd:main", "umd", "source", "worker", "deno", "bun", "electron", "nativescript"}
	listFields = []string{"builders", "schematics", "executors", "generators"}
)

// entries are the files that fields name, in the order of the fields.
func entries(raw map[string]json.RawMessage, fields []string) []Entry {
	var out []Entry
	for _, field := range fields {
		var file string
		if json.Unmarshal(raw[field], &file) == nil && file != "" {
			out = append(out, Entry{field, file})
			continue
		}
		members := stringMembers(raw[field])
		names := make([]string, 0, len(members))
		for name := range members {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			out = append(out, Entry{field, members[name]})
		}
	}
	return out
}

// Script is one entry of "scripts".
type Script struct {
	Command string
	Line    int
}

// Dependency is one declared dependency with the line it stands on.
type Dependency struct {
	Name, Spec, Kind string
	Line             int
}

// lifecycle are the scripts that npm runs when a package from a registry is
// installed, in order. A git dependency also runs those of gitLifecycle.
// Source: https://docs.npmjs.com/cli/using-npm/scripts
var lifecycle, gitLifecycle = []string{"preinstall", "install", "postinstall"}, []string{"preprepare", "prepare", "postprepare"}

// Lifecycle are the names of the scripts that installing the package runs.
func Lifecycle(git bool) []string {
	if git {
		return append(append([]string(nil), lifecycle...), gitLifecycle...)
	}
	return lifecycle
}

// ParseManifest reads a package.json.
func ParseManifest(data []byte) (*Manifest, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("npm: package.json: %w", err)
	}
	str := func(key string) string {
		var s string
		_ = json.Unmarshal(raw[key], &s)
		return s
	}
	m := &Manifest{Name: str("name"), Version: str("version"), Type: str("type"), Main: str("main"), Module: str("module"),
		Browser: str("browser"), Exports: raw["exports"], Imports: raw["imports"], Gypfile: true}
	m.License = license(raw)
	m.Description, m.Homepage = str("description"), str("homepage")
	if len(m.Description) > maxDescription {
		m.Description = strings.ToValidUTF8(m.Description[:maxDescription], "")
	}
	if m.Repository = str("repository"); m.Repository == "" {
		m.Repository = stringMembers(raw["repository"])["url"]
	}
	m.Entries, m.Lists = entries(raw, entryFields), entries(raw, listFields)
	for _, field := range []string{"ng-update", "nx-migrations"} {
		if file := stringMembers(raw[field])["migrations"]; file != "" {
			m.Lists = append(m.Lists, Entry{field, file})
		}
	}
	if string(raw["gypfile"]) == "false" {
		m.Gypfile = false
	}
	if m.Browser == "" {
		m.BrowserFiles = stringMembers(raw["browser"])
	}
	var bin string
	if json.Unmarshal(raw["bin"], &bin) == nil && bin != "" {
		name := m.Name
		if i := strings.LastIndexByte(name, '/'); i >= 0 {
			name = name[i+1:]
		}
		m.Bin = map[string]string{name: bin}
	} else {
		m.Bin = stringMembers(raw["bin"])
	}
	m.DirectoriesBin = stringMembers(raw["directories"])["bin"]
	lines := memberLines(data)
	m.Scripts = map[string]Script{}
	for name, command := range stringMembers(raw["scripts"]) {
		m.Scripts[name] = Script{command, lines["scripts\x00"+name]}
	}
	for _, kind := range []string{"dependencies", "optionalDependencies", "peerDependencies"} {
		for name, spec := range stringMembers(raw[kind]) {
			m.Dependencies = append(m.Dependencies, Dependency{name, spec, kind, lines[kind+"\x00"+name]})
		}
	}
	sort.Slice(m.Dependencies, func(i, j int) bool {
		a, b := m.Dependencies[i], m.Dependencies[j]
		return a.Name < b.Name || a.Name == b.Name && a.Kind < b.Kind
	})
	return m, nil
}

func license(raw map[string]json.RawMessage) string {
	var s string
	if json.Unmarshal(raw["license"], &s) == nil {
		return s
	}
	var old struct{ Type string }
	if json.Unmarshal(raw["license"], &old) == nil && old.Type != "" {
		return old.Type
	}
	var list []struct{ Type string }
	if json.Unmarshal(raw["licenses"], &list) == nil && len(list) > 0 {
		names := make([]string, 0, len(list))
		for _, l := range list {
			names = append(names, l.Type)
		}
		return strings.Join(names, " OR ")
	}
	return ""
}

// stringMembers decodes an object and keeps its members that are strings.
func stringMembers(data json.RawMessage) map[string]string {
	var raw map[string]json.RawMessage
	if json.Unmarshal(data, &raw) != nil {
		return nil
	}
	m := make(map[string]string, len(raw))
	for key, value := range raw {
		var s string
		if json.Unmarshal(value, &s) == nil {
			m[key] = s
		}
	}
	return m
}

// memberLines finds the line of each member of the document's top-level
// objects, by "object NUL member"; of two equal ones that of the later, which
// counts. Lines that cannot be found are missing.
func memberLines(data []byte) map[string]int {
	lines := map[string]int{}
	var err error
	defer document.Catch(&err) // the document has been read: only its lines are lost
	r := &document.Reader{File: "package.json", Text: string(data), Repeats: true}
	r.Object(func(object string, _ int) {
		if r.Peek() != '{' {
			r.Skip()
			return
		}
		r.Object(func(key string, pos int) {
			lines[object+"\x00"+key] = r.Line(pos)
			r.Skip()
		})
	})
	return lines
}
