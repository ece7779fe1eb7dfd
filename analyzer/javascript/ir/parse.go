package ir

import (
	"fmt"
	"path"
	"strings"
)

// Limits of one script.
const (
	// MaxScript is the largest script that is parsed, in bytes.
	MaxScript = 24 << 20
	// maxNesting is how deep brackets may nest. The deepest of 19,000 real
	// scripts nests 147; the parser's stack holds some 20,000.
	maxNesting = 1500
	// maxRun is how many unary operators, arrows or labels may follow each
	// other.
	maxRun = 2000
)

// IsScript tells by its name whether a file is code that a runtime or bundler
// loads. Declarations of types are not.
func IsScript(name string) bool {
	switch path.Ext(name) {
	case ".js", ".mjs", ".cjs", ".jsx", ".es", ".es6", ".jsm":
		return true
	case ".ts", ".tsx", ".mts", ".cts":
		return !strings.HasSuffix(name, ".d.ts") && !strings.HasSuffix(name, ".d.mts") && !strings.HasSuffix(name, ".d.cts")
	}
	return false
}

// nests are the bytes that nesting looks at.
var nests = func() (table [256]bool) {
	for _, c := range []byte("()[]{}\"'`/!~-+:>;,") {
		table[c] = true
	}
	return table
}()

// Nesting looks for what overflows a recursive parser, without parsing: it
// counts brackets, and runs of what nests without any. It errs on the side of
// letting through: the process that parses may die and be replaced.
func Nesting(text string) error {
	if len(text) <= min(maxNesting, maxRun) {
		return nil // most scripts
	}
	depth, deepest := 0, 0
	run := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		if !nests[c] {
			continue
		}
		switch c {
		case '(', '[', '{':
			if depth++; depth > deepest {
				if deepest = depth; deepest > maxNesting {
					return fmt.Errorf("nests deeper than %d levels", maxNesting)
				}
			}
			run = 0
		case ')', ']', '}':
			if depth > 0 {
				depth--
			}
			run = 0
		case '"', '\'', '`':
			// A text's brackets do not nest. Regular expressions and comments
			// may leave this open to the next quote, which is harmless.
			if end := endOfText(text, i); end > i && c != '`' {
				i = end
			}
			run = 0
		case '/':
			if i+1 < len(text) && text[i+1] == '/' {
				if end := strings.IndexByte(text[i:], '\n'); end > 0 {
					i += end
				} else {
					i = len(text)
				}
			} else if i+1 < len(text) && text[i+1] == '*' {
				if end := strings.Index(text[i+2:], "*/"); end >= 0 {
					i += end + 3
				}
			}
		case '!', '~', '-', '+', ':', '>':
			if run++; run > maxRun {
				return fmt.Errorf("repeats an operator more than %d times", maxRun)
			}
		case ';', ',':
			run = 0
		}
	}
	return nil
}

func endOfText(text string, start int) int {
	quote := text[start]
	for i := start + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '\n':
			return start
		case quote:
			return i
		}
	}
	return start
}
