package settings

import (
	"path"
	"regexp"
	"strconv"
	"strings"
)

// Which files of the repository a program loads, as far as it says so in plain
// text: "./x" in quotes wherever it stands (require, import, import()), and paths
// that are made of __dirname or import.meta.url.

var (
	escaped      = regexp.MustCompile(`\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\}|(/))`)
	relativeText = regexp.MustCompile("['\"`](\\.{1,2}(?:/[^'\"`\\n]{0,300})?)['\"`]")
	fromFolder   = regexp.MustCompile("(?:__dirname|import\\.meta\\.dirname)\\s*\\+\\s*['\"`]/([^'\"`\\n]{1,300})['\"`]|" +
		"`\\$\\{(?:__dirname|import\\.meta\\.dirname)\\}/([^'\"`\\n]{1,300})`|" +
		"new\\s+URL\\(\\s*['\"`]([^'\"`\\n:]{1,300})['\"`]\\s*,\\s*import\\.meta\\.url")
	joined = regexp.MustCompile("(?:join|resolve)\\(\\s*(?:__dirname|import\\.meta\\.dirname)" +
		"((?:\\s*,\\s*['\"`][^'\"`\\n]{1,300}['\"`])+)\\s*\\)")
	inQuotes  = regexp.MustCompile("['\"`]([^'\"`\\n]+)['\"`]")
	extension = []string{"", ".js", ".json", ".cjs", ".mjs", ".ts", ".cts", ".mts",
		"/index.js", "/index.cjs", "/index.mjs", "/index.ts", "/package.json"}
)

// required are the paths that a program may load, relative to its folder, each
// once.
func required(text string) []string {
	text = escaped.ReplaceAllStringFunc(text, func(e string) string {
		m := escaped.FindStringSubmatch(e)
		if m[4] != "" {
			return "/"
		}
		n, _ := strconv.ParseUint(m[1]+m[2]+m[3], 16, 32)
		return string(rune(n))
	})
	var out []string
	seen := map[string]bool{}
	add := func(file string) {
		if file != "" && !seen[file] {
			seen[file] = true
			out = append(out, file)
		}
	}
	for _, m := range relativeText.FindAllStringSubmatch(text, -1) {
		add(m[1])
	}
	for _, m := range fromFolder.FindAllStringSubmatch(text, -1) {
		add(m[1] + m[2] + m[3])
	}
	for _, m := range joined.FindAllStringSubmatch(text, -1) {
		var steps []string
		for _, part := range inQuotes.FindAllStringSubmatch(m[1], -1) {
			steps = append(steps, part[1])
		}
		add(path.Join(steps...))
	}
	return out
}

// mayLoad reports whether a file, by its name, is one that a program loads, and
// that is not looked at for what else it is.
func mayLoad(name string) bool {
	switch path.Ext(name) {
	case ".js", ".cjs", ".mjs", ".ts", ".cts", ".mts":
	case ".json":
		if strings.Contains(path.Base(name), "lock") {
			return false
		}
	default:
		return false
	}
	return kindOf(name) == notSettings && !strings.HasPrefix(name, "node_modules/") && !strings.Contains(name, "/node_modules/")
}
