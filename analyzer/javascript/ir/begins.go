package ir

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// statementWords are the words after which another word may follow in a script.
var statementWords = func() map[string]bool {
	words := map[string]bool{}
	for _, word := range strings.Fields(`async await case class const delete do else export extends for function if import in instanceof
		let new of return static switch throw try typeof using var void while with yield`) {
		words[word] = true
	}
	return words
}()

// BeginsScript reports whether a text may be a script, whatever it is called: its
// first words can be a script's, as those of prose, markup, and JSON cannot, and it
// has what every script has that does something.
func BeginsScript(data []byte) bool {
	rest, open := skipComments(bytes.TrimPrefix(data, []byte("\ufeff")), true)
	if open {
		return true // a comment without an end, as far as is at hand
	}
	return beginsCode(rest) && (bytes.ContainsAny(rest, "(`") || bytes.Contains(rest, []byte("import")) ||
		bytes.Contains(rest, []byte("export")) || bytes.Contains(rest, []byte("new")))
}

// beginsCode looks at the first word of a text, and at what stands behind it.
func beginsCode(text []byte) bool {
	if len(text) == 0 {
		return false
	}
	switch c := text[0]; c {
	case '#', '<', '>', '@', '%', '|', '=', '&', '?', ',', '.', ':', '*', ')', ']', '}', '^', 0:
		return false
	case '{':
		inner, _ := skipComments(text[1:], false)
		key, after, ok := bytes.Cut(bytes.TrimPrefix(inner, []byte(`"`)), []byte(`"`))
		if len(inner) > 0 && inner[0] == '"' && ok && !bytes.ContainsAny(key, "\\\n") {
			after, _ = skipComments(after, false)
			return len(after) == 0 || after[0] != ':' // a key of JSON
		}
		return true
	}
	n := wordLength(text)
	if n == 0 || statementWords[string(text[:n])] {
		return true
	}
	after := bytes.TrimLeft(text[n:], " \t")
	return wordLength(after) == 0 && (len(after) == 0 || after[0] != '"' && after[0] != '\'')
}

// wordLength is the length of the word that a text begins with.
func wordLength(text []byte) int {
	n := 0
	for n < len(text) {
		r, size := utf8.DecodeRune(text[n:])
		if r != '_' && r != '$' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			break
		}
		n += size
	}
	return n
}

// skipComments cuts white space and comments off; open says that one has no end.
// first allows the line that names a program.
func skipComments(text []byte, first bool) (rest []byte, open bool) {
	for {
		text = bytes.TrimLeftFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' })
		end := -1
		switch {
		case bytes.HasPrefix(text, []byte("/*")):
			if end = bytes.Index(text, []byte("*/")); end < 0 {
				return nil, true
			}
			end += len("*/")
		case bytes.HasPrefix(text, []byte("//")), bytes.HasPrefix(text, []byte("<!--")), first && bytes.HasPrefix(text, []byte("#!")):
			if end = bytes.IndexAny(text, "\n\r\u2028\u2029"); end < 0 {
				return nil, false
			}
		default:
			return text, false
		}
		text, first = text[end:], false
	}
}
