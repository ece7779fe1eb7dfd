package lockfile

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxSize is the largest lockfile that Parse reads, in bytes. The largest
// lockfiles of public monorepos are near 10 MB.
const MaxSize = 64 << 20

// MaxDepth is the deepest nesting of objects and arrays that Parse follows.
// A version 1 lockfile nests two levels for each node_modules folder inside
// another.
const MaxDepth = 256

// Error is what Parse returns for a file it cannot read: which file, which
// line (1-based) and what is wrong with it there.
type Error struct {
	File string
	Line int
	Msg  string
}

// Error formats as "lockfile: FILE:LINE: MESSAGE".
func (e *Error) Error() string {
	return fmt.Sprintf("lockfile: %s:%d: %s", e.File, e.Line, e.Msg)
}

// reader walks a JSON document once. It exists because encoding/json neither
// reports positions of values cheaply nor refuses duplicate keys, and takes
// ten times as long (see bench/).
type reader struct {
	file  string
	text  string
	pos   int
	depth int
	// lenient allows a comma before the end of an object or array, as Bun
	// writes.
	lenient bool
	// lines counts the newlines before mark, so that line numbers are
	// computed once, moving forward.
	lines, mark int
}

// fail panics with an *Error at the current position; Parse recovers it.
func (r *reader) fail(format string, args ...any) {
	r.failAt(r.pos, format, args...)
}

func (r *reader) failAt(pos int, format string, args ...any) {
	pos = min(pos, len(r.text))
	panic(&Error{r.file, 1 + strings.Count(r.text[:pos], "\n"), fmt.Sprintf(format, args...)})
}

// line is the 1-based line of pos. Calls must come with growing positions to
// be cheap; an earlier position is counted from the start.
func (r *reader) line(pos int) int {
	if pos < r.mark {
		r.lines, r.mark = 0, 0
	}
	r.lines += strings.Count(r.text[r.mark:pos], "\n")
	r.mark = pos
	return r.lines + 1
}

func (r *reader) space() {
	for r.pos < len(r.text) {
		switch r.text[r.pos] {
		case ' ', '\n', '\t', '\r':
			r.pos++
		default:
			return
		}
	}
}

func (r *reader) peek() byte {
	r.space()
	if r.pos >= len(r.text) {
		r.fail("the file ends in the middle (truncated?); run npm install to write it anew")
	}
	return r.text[r.pos]
}

func (r *reader) expect(c byte) {
	if got := r.peek(); got != c {
		r.fail("unexpected %s, want %q", describe(r.text[r.pos:]), string(c))
	}
	r.pos++
}

func describe(rest string) string {
	c, _ := utf8.DecodeRuneInString(rest)
	return strconv.QuoteRune(c)
}

// keySet notices a key that an object has twice. Small objects are compared
// key by key, large ones through a map.
type keySet struct {
	few  [16]string
	n    int
	many map[string]struct{}
}

func (k *keySet) add(key string) bool {
	if k.many == nil {
		for _, have := range k.few[:k.n] {
			if have == key {
				return false
			}
		}
		if k.n < len(k.few) {
			k.few[k.n] = key
			k.n++
			return true
		}
		k.many = make(map[string]struct{}, 64)
		for _, have := range k.few {
			k.many[have] = struct{}{}
		}
	}
	if _, dup := k.many[key]; dup {
		return false
	}
	k.many[key] = struct{}{}
	return true
}

func (r *reader) enter() {
	r.depth++
	if r.depth > MaxDepth {
		r.fail("nested deeper than %d levels", MaxDepth)
	}
}

// object reads an object and calls member for each key, positioned before the
// value, which member must consume. keyPos is where the key begins.
func (r *reader) object(member func(key string, keyPos int)) {
	r.expect('{')
	r.enter()
	var keys keySet
	for first := true; ; first = false {
		if r.peek() == '}' {
			r.pos++
			break
		}
		if !first {
			r.expect(',')
			r.space()
			if r.lenient && r.peek() == '}' {
				r.pos++
				break
			}
		}
		keyPos := r.pos
		key := r.str()
		if !keys.add(key) {
			r.failAt(keyPos, "the key %q appears twice in the same object; readers would disagree on which counts", clip(key))
		}
		r.expect(':')
		r.space()
		member(key, keyPos)
	}
	r.depth--
}

// array reads an array and calls element before each value.
func (r *reader) array(element func()) {
	r.expect('[')
	r.enter()
	for first := true; ; first = false {
		if r.peek() == ']' {
			r.pos++
			break
		}
		if !first {
			r.expect(',')
			if r.lenient && r.peek() == ']' {
				r.pos++
				break
			}
		}
		r.space()
		element()
	}
	r.depth--
}

// skip reads and checks any value.
func (r *reader) skip() {
	switch c := r.peek(); c {
	case '{':
		r.object(func(string, int) { r.skip() })
	case '[':
		r.array(r.skip)
	case '"':
		r.str()
	default:
		r.literal()
	}
}

// literal reads a number, true, false or null.
func (r *reader) literal() string {
	start := r.pos
	for r.pos < len(r.text) {
		switch c := r.text[r.pos]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c == '-', c == '+', c == '.', c == 'E':
			r.pos++
			continue
		}
		break
	}
	word := r.text[start:r.pos]
	switch word {
	case "true", "false", "null":
		return word
	case "":
		r.fail("unexpected %s, want a value", describe(r.text[r.pos:]))
	}
	if _, err := strconv.ParseFloat(word, 64); err != nil || word[0] == '+' || word[0] == '.' || word[0] > '9' {
		r.failAt(start, "%q is not a JSON value", clip(word))
	}
	return word
}

// str reads a string. Without escapes it is a slice of the file: no copy.
func (r *reader) str() string {
	r.expect('"')
	start := r.pos
	for i := start; i < len(r.text); i++ {
		switch c := r.text[i]; {
		case c == '"':
			r.pos = i + 1
			return r.text[start:i]
		case c == '\\':
			return r.escaped(start, i)
		case c < 0x20:
			r.failAt(i, "a string has a raw control character (line break inside a string?)")
		}
	}
	r.failAt(len(r.text), "the file ends inside a string (truncated?); run npm install to write it anew")
	return ""
}

func (r *reader) escaped(start, i int) string {
	var b strings.Builder
	b.WriteString(r.text[start:i])
	for i < len(r.text) {
		c := r.text[i]
		switch {
		case c == '"':
			r.pos = i + 1
			return b.String()
		case c < 0x20:
			r.failAt(i, "a string has a raw control character (line break inside a string?)")
		case c != '\\':
			b.WriteByte(c)
			i++
			continue
		}
		if i+1 >= len(r.text) {
			break
		}
		switch e := r.text[i+1]; e {
		case '"', '\\', '/':
			b.WriteByte(e)
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'u':
			u := r.hex(i + 2)
			i += 4
			if utf16.IsSurrogate(u) && strings.HasPrefix(r.text[i+2:], `\u`) {
				if both := utf16.DecodeRune(u, r.hex(i+4)); both != utf8.RuneError {
					u = both
					i += 6
				}
			}
			b.WriteRune(u)
		default:
			r.failAt(i, "a string has the unknown escape \\%c", e)
		}
		i += 2
	}
	r.failAt(len(r.text), "the file ends inside a string (truncated?); run npm install to write it anew")
	return ""
}

func (r *reader) hex(at int) rune {
	if at+4 > len(r.text) {
		r.failAt(at, "the file ends inside a string (truncated?); run npm install to write it anew")
	}
	n, err := strconv.ParseUint(r.text[at:at+4], 16, 16)
	if err != nil {
		r.failAt(at, "a string has a malformed \\u escape")
	}
	return rune(n)
}

// stringOr reads a value that should be a string; npm ignores other kinds
// where it does not need them, and so does this.
func (r *reader) stringOr() string {
	if r.peek() == '"' {
		return r.str()
	}
	r.skip()
	return ""
}

// truthy reads a value as JavaScript's Boolean() would: Arborist casts flags.
func (r *reader) truthy() bool {
	switch r.peek() {
	case '"':
		return r.str() != ""
	case '{', '[':
		r.skip()
		return true
	}
	word := r.literal()
	return word != "false" && word != "null" && strings.Trim(word, "-0.") != ""
}

func clip(s string) string {
	if len(s) > 80 {
		return s[:77] + "..."
	}
	return s
}

// conflictLine finds a merge conflict marker at the start of a line, as git
// writes them. It returns 0 where there is none.
func conflictLine(data []byte) int {
	line := 1
	for len(data) > 0 {
		if bytes.HasPrefix(data, []byte("<<<<<<< ")) || bytes.HasPrefix(data, []byte(">>>>>>> ")) {
			return line
		}
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			return 0
		}
		data = data[end+1:]
		line++
	}
	return 0
}
