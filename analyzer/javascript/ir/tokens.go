package ir

import (
	"iter"
	"strings"
)

// token is a piece of a script that no parser takes: a text in quotes, or a chain of
// names such as child_process.exec.
type token struct {
	// Start and end are where it stands; a text's, without its quotes.
	Start, End int
	Quoted     bool
}

// Tokens reads a text as a stream of words, without what stands in comments.
func Tokens(text string) iter.Seq[token] {
	return func(yield func(token) bool) {
		limit := min(len(text), MaxScript)
		for i := 0; i < limit; {
			switch c := text[i]; {
			case c == '/' && i+1 < limit && text[i+1] == '/':
				i = skipTo(text, i, "\n")
			case c == '/' && i+1 < limit && text[i+1] == '*':
				i = skipTo(text, i+2, "*/")
			case c == '"' || c == '\'' || c == '`':
				end := endOfText(text, i)
				if end > i && !yield(token{i + 1, end, true}) {
					return
				}
				i = end + 1
			case IsWordByte(c) || c == '$':
				start := i
				for i < limit && (IsWordByte(text[i]) || text[i] == '$' || text[i] == '.' && i+1 < limit && IsWordByte(text[i+1])) {
					i++
				}
				if !yield(token{start, i, false}) {
					return
				}
			default:
				i++
			}
		}
	}
}

func skipTo(text string, from int, end string) int {
	if i := strings.Index(text[from:], end); i >= 0 {
		return from + i + len(end)
	}
	return len(text)
}

// IsWordByte reports whether a byte may stand in a word.
func IsWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// SpelledAt reports whether a text stands at an offset in quotes.
func SpelledAt(text string, at int, name string) bool {
	return at < 0 || at+len(name)+2 > len(text) || isQuote(text[at]) && text[at+1:at+1+len(name)] == name && isQuote(text[at+1+len(name)])
}

func isQuote(c byte) bool { return c == '"' || c == '\'' || c == '`' }
