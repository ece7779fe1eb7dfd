package shell

import (
	"path"
	"strings"
)

// Shebang is the program that a file's first line names; every name of Node's and
// of its like is "node". It is empty where the line names none.
func Shebang(data []byte) string {
	words := ShebangWords(data)
	if len(words) == 0 {
		return ""
	}
	name := path.Base(words[0])
	if Is(name, RoleJavaScript) {
		return "node"
	}
	return name
}

// maxShebang is how much of a first line Linux reads, in bytes; other systems read
// more.
const maxShebang = 4096

// ShebangWords are the program that a file's first line names, without env and
// what else stands before it, and its arguments.
func ShebangWords(data []byte) []string {
	if len(data) < 3 || data[0] != '#' || data[1] != '!' {
		return nil
	}
	line, _, _ := strings.Cut(string(data[2:min(len(data), maxShebang)]), "\n")
	words := strings.Fields(line)
	for range maxWrapped {
		if len(words) > 2 && path.Base(words[0]) == "env" && (words[1] == "-S" || words[1] == "--split-string") {
			words = words[1:]
		} else if len(words) > 1 && path.Base(words[0]) == "env" && len(words[1]) > 2 && strings.HasPrefix(words[1], "-S") {
			words[1] = strings.TrimPrefix(words[1], "-S")
		}
		inner := unwrap(words)
		if inner == nil {
			break
		}
		words = inner
	}
	if len(words) > 0 && (words[0] == "-S" || words[0] == "--split-string") {
		words = words[1:]
	}
	return words
}
