package document

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode"
)

// Pair is one line of an .npmrc.
type Pair struct {
	// Section is the header above, as "[name]"; npm reads settings only where
	// there is none.
	Section string
	// Key is the key without the brackets of "key[]".
	Key string
	// Array reports whether the key was written as "key[]": the value is one
	// of several.
	Array bool
	// Value is the text, "true" for a key without "=". ${REFERENCES} to the
	// environment stand as they are.
	Value string
	// Bare reports whether there was no "=".
	Bare bool
	// Line is 1-based.
	Line int
}

var iniSection = regexp.MustCompile(`^\[([^\]]*)\][` + jsSpace + `]*$`)

// jsSpace are the characters that JavaScript's \s and trim() take away: a byte
// order mark, which Go keeps, is one, so that npm reads the first key of a
// file that begins with it.
const jsSpace = "\\t\\n\\v\\f\\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"

func isJSSpace(r rune) bool {
	return r == '\ufeff' || unicode.IsSpace(r) && r != '\u0085'
}

// INI reads an .npmrc as npm's own reader does (https://github.com/npm/ini):
// quotes are JSON, a key without "=" is true, ";" and "#" end a value unless a
// backslash stands before them, and a line that fits nothing is skipped. All
// pairs are given, in file order: which of several counts is the reader's
// business (npm takes the last, and all of an array).
func INI(text string) []Pair {
	var pairs []Pair
	section := ""
	for i, line := range strings.Split(text, "\n") {
		// A lone carriage return ends a line too, for npm, but not for those
		// who count lines.
		for _, part := range strings.Split(line, "\r") {
			pair, ok := iniLine(part, &section)
			if ok {
				pair.Line = i + 1
				pairs = append(pairs, pair)
			}
		}
	}
	return pairs
}

func iniLine(line string, section *string) (Pair, bool) {
	rest := strings.TrimLeftFunc(line, isJSSpace)
	if rest == "" || rest[0] == ';' || rest[0] == '#' {
		return Pair{}, false
	}
	if m := iniSection.FindStringSubmatch(line); m != nil {
		*section = "[" + iniText(m[1]) + "]"
		return Pair{}, false
	}
	key, value, assigned := strings.Cut(line, "=")
	if key == "" || strings.ContainsAny(value, "\u2028\u2029") {
		return Pair{}, false
	}
	p := Pair{Section: *section, Key: iniText(key), Bare: !assigned, Value: "true"}
	if assigned {
		p.Value = iniText(value)
	}
	if name, ok := strings.CutSuffix(p.Key, "[]"); ok && name != "" {
		p.Key, p.Array = name, true
	}
	return p, p.Key != "__proto__" && p.Section != "[__proto__]"
}

// iniText is a key or value without quotes, escapes and trailing comment.
func iniText(text string) string {
	text = strings.TrimFunc(text, isJSSpace)
	if quote := iniQuote(text); quote != 0 {
		if quote == '\'' {
			text = text[min(1, len(text)):max(len(text)-1, min(1, len(text)))]
		}
		return iniJSON(text)
	}
	var b strings.Builder
	escaped := false
	for _, c := range text {
		switch {
		case escaped:
			if c != '\\' && c != ';' && c != '#' {
				b.WriteByte('\\')
			}
			b.WriteRune(c)
			escaped = false
		case c == ';' || c == '#':
			return strings.TrimFunc(b.String(), isJSSpace)
		case c == '\\':
			escaped = true
		default:
			b.WriteRune(c)
		}
	}
	if escaped {
		b.WriteByte('\\')
	}
	return strings.TrimFunc(b.String(), isJSSpace)
}

func iniQuote(text string) byte {
	if text == "" {
		return 0
	}
	if q := text[0]; (q == '"' || q == '\'') && text[len(text)-1] == q {
		return q
	}
	return 0
}

// iniJSON is JSON.parse with the text itself where that fails.
func iniJSON(text string) string {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return text
	}
	if s, ok := v.(string); ok {
		return s
	}
	return text
}
