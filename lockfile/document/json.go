package document

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is the deepest nesting of objects and arrays that is followed.
// A version 1 lockfile nests two levels for each node_modules folder inside
// another.
const MaxDepth = 256

// Error is what a reader stops with: which file, which line (1-based) and
// what is wrong with it there.
type Error struct {
	File string
	Line int
	Msg  string
}

// Error formats as "FILE:LINE: MESSAGE".
func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
}

// Fail panics with an *Error.
func Fail(file string, line int, msg string) {
	panic(&Error{file, max(line, 1), msg})
}

// Reader walks a JSON document once. It exists because encoding/json neither
// reports positions of values cheaply nor refuses duplicate keys, and takes
// ten times as long (see bench/).
type Reader struct {
	// File stands in errors.
	File string
	Text string
	// Pos is the offset of the next byte.
	Pos   int
	depth int
	// Lenient allows a comma before the end of an object or array, as Bun
	// writes.
	Lenient bool
	// Repeats allows a key that an object has twice, as JSON.parse does, for which
	// the later one counts; Object hands out both.
	Repeats bool
	// Rewrite is what to do about a truncated file, such as "run npm install to
	// write it again"; it may be empty.
	Rewrite string
	// lines counts the newlines before mark, so that line numbers are
	// computed once, moving forward.
	lines, mark int
}

// Fail panics with an *Error at the current position.
func (r *Reader) Fail(format string, args ...any) {
	r.FailAt(r.Pos, format, args...)
}

// FailAt panics with an *Error at an offset.
func (r *Reader) FailAt(pos int, format string, args ...any) {
	pos = min(pos, len(r.Text))
	panic(&Error{r.File, 1 + strings.Count(r.Text[:pos], "\n"), fmt.Sprintf(format, args...)})
}

func (r *Reader) truncated(pos int, where string) {
	hint := ""
	if r.Rewrite != "" {
		hint = "; " + r.Rewrite
	}
	r.FailAt(pos, "the file ends %s (truncated?)%s", where, hint)
}

// Line is the 1-based line of pos. Calls must come with growing positions to
// be cheap; an earlier position is counted from the start.
func (r *Reader) Line(pos int) int {
	if pos < r.mark {
		r.lines, r.mark = 0, 0
	}
	r.lines += strings.Count(r.Text[r.mark:pos], "\n")
	r.mark = pos
	return r.lines + 1
}

// Space skips white space.
func (r *Reader) Space() {
	for r.Pos < len(r.Text) {
		switch r.Text[r.Pos] {
		case ' ', '\n', '\t', '\r':
			r.Pos++
		default:
			return
		}
	}
}

// Peek is the next byte that is not white space.
func (r *Reader) Peek() byte {
	r.Space()
	if r.Pos >= len(r.Text) {
		r.truncated(r.Pos, "in the middle")
	}
	return r.Text[r.Pos]
}

// Expect consumes the byte c.
func (r *Reader) Expect(c byte) {
	if got := r.Peek(); got != c {
		r.Fail("unexpected %s, want %q", Describe(r.Text[r.Pos:]), string(c))
	}
	r.Pos++
}

// Describe quotes the first character of rest, for an error.
func Describe(rest string) string {
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

func (r *Reader) enter() {
	r.depth++
	if r.depth > MaxDepth {
		r.Fail("nested deeper than %d levels", MaxDepth)
	}
}

// Object reads an object and calls member for each key, positioned before the
// value, which member must consume. keyPos is where the key begins.
func (r *Reader) Object(member func(key string, keyPos int)) {
	r.Expect('{')
	r.enter()
	var keys keySet
	for first := true; ; first = false {
		if r.Peek() == '}' {
			r.Pos++
			break
		}
		if !first {
			r.Expect(',')
			r.Space()
			if r.Lenient && r.Peek() == '}' {
				r.Pos++
				break
			}
		}
		keyPos := r.Pos
		key := r.Str()
		if !r.Repeats && !keys.add(key) {
			r.FailAt(keyPos, "the key %q appears twice in the same object; readers would disagree on which counts", Clip(key))
		}
		r.Expect(':')
		r.Space()
		member(key, keyPos)
	}
	r.depth--
}

// Array reads an array and calls element before each value.
func (r *Reader) Array(element func()) {
	r.Expect('[')
	r.enter()
	for first := true; ; first = false {
		if r.Peek() == ']' {
			r.Pos++
			break
		}
		if !first {
			r.Expect(',')
			if r.Lenient && r.Peek() == ']' {
				r.Pos++
				break
			}
		}
		r.Space()
		element()
	}
	r.depth--
}

// Skip reads and checks any value.
func (r *Reader) Skip() {
	switch c := r.Peek(); c {
	case '{':
		r.Object(func(string, int) { r.Skip() })
	case '[':
		r.Array(r.Skip)
	case '"':
		r.Str()
	default:
		r.Literal()
	}
}

// Literal reads a number, true, false or null.
func (r *Reader) Literal() string {
	start := r.Pos
	for r.Pos < len(r.Text) {
		switch c := r.Text[r.Pos]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c == '-', c == '+', c == '.', c == 'E':
			r.Pos++
			continue
		}
		break
	}
	word := r.Text[start:r.Pos]
	switch word {
	case "true", "false", "null":
		return word
	case "":
		r.Fail("unexpected %s, want a value", Describe(r.Text[r.Pos:]))
	}
	if _, err := strconv.ParseFloat(word, 64); err != nil || word[0] == '+' || word[0] == '.' || word[0] > '9' {
		r.FailAt(start, "%q is not a JSON value", Clip(word))
	}
	return word
}

// Str reads a string. Without escapes it is a slice of the file: no copy.
func (r *Reader) Str() string {
	r.Expect('"')
	start := r.Pos
	for i := start; i < len(r.Text); i++ {
		switch c := r.Text[i]; {
		case c == '"':
			r.Pos = i + 1
			return r.Text[start:i]
		case c == '\\':
			return r.escaped(start, i)
		case c < 0x20:
			r.FailAt(i, "a string has a raw control character (line break inside a string?)")
		}
	}
	r.truncated(len(r.Text), "inside a string")
	return ""
}

func (r *Reader) escaped(start, i int) string {
	var b strings.Builder
	b.WriteString(r.Text[start:i])
	for i < len(r.Text) {
		c := r.Text[i]
		switch {
		case c == '"':
			r.Pos = i + 1
			return b.String()
		case c < 0x20:
			r.FailAt(i, "a string has a raw control character (line break inside a string?)")
		case c != '\\':
			b.WriteByte(c)
			i++
			continue
		}
		if i+1 >= len(r.Text) {
			break
		}
		switch e := r.Text[i+1]; e {
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
			if utf16.IsSurrogate(u) && strings.HasPrefix(r.Text[i+2:], `\u`) {
				if both := utf16.DecodeRune(u, r.hex(i+4)); both != utf8.RuneError {
					u = both
					i += 6
				}
			}
			b.WriteRune(u)
		default:
			r.FailAt(i, "a string has the unknown escape \\%c", e)
		}
		i += 2
	}
	r.truncated(len(r.Text), "inside a string")
	return ""
}

func (r *Reader) hex(at int) rune {
	if at+4 > len(r.Text) {
		r.truncated(at, "inside a string")
	}
	n, err := strconv.ParseUint(r.Text[at:at+4], 16, 16)
	if err != nil {
		r.FailAt(at, "a string has a malformed \\u escape")
	}
	return rune(n)
}

// StringOr reads a value that should be a string; npm ignores other kinds
// where it does not need them, and so does this.
func (r *Reader) StringOr() string {
	if r.Peek() == '"' {
		return r.Str()
	}
	r.Skip()
	return ""
}

// Truthy reads a value as JavaScript's Boolean() would: Arborist casts flags.
func (r *Reader) Truthy() bool {
	switch r.Peek() {
	case '"':
		return r.Str() != ""
	case '{', '[':
		r.Skip()
		return true
	}
	word := r.Literal()
	return word != "false" && word != "null" && strings.Trim(word, "-0.") != ""
}

// Clip shortens a text of the file for an error, between two characters.
func Clip(s string) string {
	if len(s) <= 80 {
		return s
	}
	end := 77
	for end > 77-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "..."
}

// ConflictLine finds a merge conflict marker at the start of a line, as git
// writes them. It returns 0 where there is none.
func ConflictLine(data []byte) int {
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

// Catch turns the panic of a reader into the error that it carries. It is
// deferred: defer document.Catch(&err).
func Catch(err *error) {
	switch e := recover().(type) {
	case nil:
	case *Error:
		*err = e
	default:
		panic(e)
	}
}
