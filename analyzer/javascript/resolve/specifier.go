package resolve

import "strings"

// How is how a specifier is read.
type How uint8

const (
	// ByRequire is a path, or a name that is looked up in node_modules.
	ByRequire How = iota
	// ByImport is a URL, or a name.
	ByImport
)

// IsRelative reports whether a specifier is a path from where it stands.
func IsRelative(text string) bool {
	return text == "." || text == ".." || strings.HasPrefix(text, "./") || strings.HasPrefix(text, "../")
}
