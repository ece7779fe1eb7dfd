package review

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"
)

// What git writes into a working tree is not always what it has: attributes of
// .gitattributes make it encode, filter or fill in a file. Source:
// https://git-scm.com/docs/gitattributes

// attribute is what one line gives to a file, and where.
type attribute struct {
	name, value string
	file        string
	line        int
}

// attributeLine is one line of a .gitattributes.
type attributeLine struct {
	pattern string
	given   []attribute
}

// attributes are the lines of the .gitattributes of folders.
type attributes struct {
	rev Revision
	ctx context.Context
	// lines are by folder; macros are those of the top folder, the only one
	// that may define some.
	lines  map[string][]attributeLine
	macros map[string][]attribute
	// unread are files that are there and could not be had.
	unread []*NotRead
}

// maxAttributes is the largest .gitattributes that is read, in bytes.
const maxAttributes = 16 << 20

func newAttributes(ctx context.Context, rev Revision) (*attributes, error) {
	a := &attributes{rev, ctx, map[string][]attributeLine{}, map[string][]attribute{
		"binary": {{name: "diff", value: "false"}, {name: "merge", value: "false"}, {name: "text", value: "false"}}}, nil}
	_, err := a.of(".")
	return a, err
}

// of reads those of one folder.
func (a *attributes) of(dir string) ([]attributeLine, error) {
	if lines, ok := a.lines[dir]; ok {
		return lines, nil
	}
	file := path.Join(dir, ".gitattributes")
	data, _, err := Read(a.ctx, a.rev, file, maxAttributes)
	var not *NotRead
	if errors.As(err, &not) {
		a.unread = append(a.unread, not)
	} else if err != nil {
		return nil, err
	}
	var lines []attributeLine
	for i, text := range strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\n") {
		line := parseAttributes(text, file, i+1)
		switch {
		case line.pattern == "":
		case !strings.HasPrefix(line.pattern, "[attr]"):
			lines = append(lines, line)
		case dir == ".":
			a.macros[strings.TrimPrefix(line.pattern, "[attr]")] = line.given
		}
	}
	a.lines[dir] = lines
	return lines, nil
}

// maxAttributeLine is the longest line that git reads.
const maxAttributeLine = 2048

func parseAttributes(text, file string, number int) attributeLine {
	text = strings.Trim(text, " \t\r")
	if text == "" || text[0] == '#' || len(text) >= maxAttributeLine {
		return attributeLine{}
	}
	pattern, rest := text, ""
	if text[0] == '"' {
		var ok bool
		if pattern, rest, ok = unquote(text[1:]); !ok {
			return attributeLine{}
		}
	} else if i := strings.IndexAny(text, " \t\r"); i >= 0 {
		pattern, rest = text[:i], text[i:]
	}
	if strings.HasPrefix(pattern, "!") {
		return attributeLine{} // git refuses it
	}
	out := attributeLine{pattern: pattern}
	for _, word := range strings.FieldsFunc(rest, func(r rune) bool { return r == ' ' || r == '\t' || r == '\r' }) {
		one := attribute{value: "true", file: file, line: number}
		switch name, value, valued := strings.Cut(word, "="); {
		case strings.HasPrefix(word, "-"):
			one.name, one.value = word[1:], "false"
		case strings.HasPrefix(word, "!"):
			one.name, one.value = word[1:], ""
		case valued:
			one.name, one.value = name, value
		default:
			one.name = word
		}
		out.given = append(out.given, one)
	}
	return out
}

// unquote reads a pattern in quotes, as C writes them, up to its end.
func unquote(text string) (pattern, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			return b.String(), text[i+1:], true
		case '\\':
			if i++; i == len(text) {
				return "", "", false
			}
			if at := strings.IndexByte(`abfnrtv`, text[i]); at >= 0 {
				b.WriteByte("\a\b\f\n\r\t\v"[at])
			} else if i+2 < len(text) && text[i] >= '0' && text[i] <= '3' {
				b.WriteByte((text[i]-'0')<<6 | (text[i+1]-'0')<<3 | (text[i+2] - '0'))
				i += 2
			} else {
				b.WriteByte(text[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

// file gives what counts for a file: of the nearest folder first, there the last
// line first, and in it the last word.
func (a *attributes) file(file string) (map[string]attribute, error) {
	out := map[string]attribute{}
	for dir := path.Dir(file); ; dir = path.Dir(dir) {
		lines, err := a.of(dir)
		if err != nil {
			return nil, err
		}
		for _, line := range slices.Backward(lines) {
			if attributePattern(line.pattern, relative(dir, file)) {
				a.give(out, line.given, attribute{}, 0)
			}
		}
		if dir == "." {
			return out, nil
		}
	}
}

// give takes what is not given yet, macros with what they stand for.
func (a *attributes) give(out map[string]attribute, given []attribute, at attribute, depth int) {
	for _, one := range slices.Backward(given) {
		if _, have := out[one.name]; have || depth > 10 {
			continue
		}
		if at.line > 0 {
			one.file, one.line = at.file, at.line
		}
		out[one.name] = one
		if one.value == "true" {
			a.give(out, a.macros[one.name], one, depth+1)
		}
	}
}

// attributePattern reports whether a pattern matches a file below the folder of
// its .gitattributes: by its name alone where the pattern has no slash. Letters
// in both cases are alike, as on the disks of macOS and Windows.
func attributePattern(pattern, file string) bool {
	pattern, file = strings.ToLower(pattern), strings.ToLower(file)
	if strings.HasSuffix(pattern, "/") {
		return false
	}
	if !strings.Contains(pattern, "/") {
		return matchStep(pattern, path.Base(file))
	}
	return matchSteps(strings.Split(strings.TrimPrefix(pattern, "/"), "/"), strings.Split(file, "/"))
}

func matchSteps(pattern, names []string) bool {
	// reached holds how many names the steps so far may have taken.
	reached := make([]bool, len(names)+1)
	reached[0] = true
	for i, step := range pattern {
		next := make([]bool, len(names)+1)
		for n, ok := range reached {
			switch {
			case !ok:
			case step == "**":
				for more := n; more <= len(names); more++ {
					next[more] = next[more] || i < len(pattern)-1 || more > n
				}
			case n < len(names) && matchStep(step, names[n]):
				next[n+1] = true
			}
		}
		reached = next
	}
	return reached[len(names)]
}

// matchStep matches one name. A pattern that cannot be read counts as one that
// matches.
func matchStep(pattern, name string) bool {
	if strings.Contains(pattern, "[[:") {
		return true
	}
	ok, err := path.Match(strings.ReplaceAll(pattern, "[!", "[^"), name)
	return ok || err != nil
}
