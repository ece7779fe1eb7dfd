package shell

import (
	"path"
	"strings"
)

// Shebang is the program that a file's first line names.
func Shebang(data []byte) string {
	if len(data) < 3 || data[0] != '#' || data[1] != '!' {
		return ""
	}
	line := string(data[2:min(len(data), 256)])
	line, _, _ = strings.Cut(line, "\n")
	words := strings.Fields(line)
	if len(words) == 0 {
		return ""
	}
	name := path.Base(words[0])
	if name == "env" {
		for _, w := range words[1:] {
			if !strings.HasPrefix(w, "-") && !strings.Contains(w, "=") {
				name = path.Base(w)
				break
			}
		}
	}
	if name == "nodejs" || name == "bun" {
		name = "node"
	}
	return name
}
