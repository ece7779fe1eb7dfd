package resolve

import (
	"encoding/json"
	"path"
	"sort"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
	"github.com/lockwarden/lockwarden/analyzer/shell"
)

// toolFiles are scripts in a package's root that tools load by their names from
// every package that is installed, or that is one of their plugins.
// Sources: https://docs.expo.dev/config-plugins/plugins/,
// https://github.com/react-native-community/cli/blob/main/docs/plugins.md,
// https://www.gatsbyjs.com/docs/files-gatsby-looks-for-in-a-plugin/
var toolFiles = []string{"app.plugin.js", "react-native.config.js", "react-native.config.cjs", "react-native.config.mjs",
	"gatsby-node.js", "gatsby-config.js", "gatsby-browser.js", "gatsby-ssr.js", "gatsby-node.mjs", "gatsby-config.mjs"}

// implementations are the scripts that a list of Angular's or Nx's builders,
// schematics or migrations names: "./build#function" is a function of one.
func implementations(data []byte) []string {
	var list map[string]json.RawMessage
	if json.Unmarshal(data, &list) != nil {
		return nil
	}
	var out []string
	for _, kind := range []string{"builders", "schematics", "executors", "generators", "migrations", "packageJsonUpdates"} {
		var entries map[string]json.RawMessage
		_ = json.Unmarshal(list[kind], &entries)
		names := make([]string, 0, len(entries))
		for name := range entries {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			var one map[string]json.RawMessage
			_ = json.Unmarshal(entries[name], &one)
			for _, field := range []string{"implementation", "factory", "prompts", "hasher", "batchImplementation"} {
				var target string
				if json.Unmarshal(one[field], &target) == nil && target != "" {
					target, _, _ = strings.Cut(target, "#")
					out = append(out, target)
				}
			}
		}
	}
	return out
}

// desktopServer is the script that a desktop extension's manifest runs.
// Source: https://github.com/modelcontextprotocol/mcpb/blob/main/MANIFEST.md
func desktopServer(data []byte) string {
	var m struct {
		Server struct {
			EntryPoint string `json:"entry_point"`
		}
	}
	if json.Unmarshal(data, &m) != nil {
		return ""
	}
	return m.Server.EntryPoint
}

// mayBeScript reports whether a file without a script's name may be one that is
// started: it is no document, no data and no compiled program.
func mayBeScript(f *archive.File) bool {
	switch f.Kind {
	case archive.Text, archive.Binary:
	default:
		return false
	}
	if by := shell.Shebang(f.Data()); by != "" {
		return by == "node"
	}
	return true
}

// EntryPoints are the scripts that load when the package is used.
func (r *Resolver) EntryPoints() []EntryPoint {
	var out []EntryPoint
	seen := map[string]bool{}
	add := func(file, label string) {
		if file != "" && !seen[file] {
			seen[file] = true
			out = append(out, EntryPoint{file, label})
		}
	}
	addTarget := func(target, label string) {
		if target == "" {
			return
		}
		if strings.Contains(target, "*") {
			before, after, _ := strings.Cut(path.Clean(target), "*")
			for _, name := range r.Scripts {
				if strings.HasPrefix(name, before) && strings.HasSuffix(name, after) {
					add(name, label)
				}
			}
			return
		}
		if file, ok := r.File(strings.TrimPrefix(target, "./")); ok {
			add(file, label)
		} else if file, ok := r.OtherCase("", "./"+target); ok {
			add(file, label)
		}
	}
	m := r.Manifest
	if file, ok := r.File(""); ok {
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
		// npm links every file of the folder, and those of its folders.
		prefix := strings.TrimPrefix(path.Clean("/" + m.DirectoriesBin)[1:]+"/", "/")
		for _, f := range r.Pkg.Files {
			if strings.HasPrefix(f.Path, prefix) && (ir.IsScript(f.Path) || mayBeScript(f)) {
				add(f.Path, "package.json directories.bin")
			}
		}
	}
	for _, entry := range m.Entries {
		addTarget(entry.File, "package.json "+entry.Field)
	}
	for _, name := range toolFiles {
		addTarget(name, name)
	}
	for _, list := range m.Lists {
		if file, ok := r.File(path.Clean(list.File)); ok && path.Ext(file) == ".json" {
			for _, target := range implementations(r.Pkg.File(file).Data()) {
				addTarget(path.Join(path.Dir(file), target), "package.json "+list.Field)
			}
		}
	}
	if f := r.Pkg.File("manifest.json"); f != nil {
		addTarget(desktopServer(f.Data()), "manifest.json server")
	}
	return out
}

// EntryPoint is a script that something begins with, Label what that is.
type EntryPoint struct{ File, Label string }

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
