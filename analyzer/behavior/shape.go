package behavior

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
)

// Codes that look at how scripts are written, not at what they do.

// scripts calls yield for each script whose text is there.
func (m *matcher) scripts(yield func(f *archive.File)) {
	for _, f := range m.in.Package.Files {
		if f.Kind == archive.Text && f.Len() > 0 && javascript.IsScript(f.Path) {
			yield(f)
		}
	}
}

// shape is how a script is written, as one look at its text tells: the texts of a
// large package are unpacked for each look.
type shape struct {
	// minified is the length of the longest line where it is a machine's.
	minified int
	// obfuscated is where an obfuscation shows, and how.
	obfuscated int
	how        string
	// gap is set where a line has a wide gap.
	gap bool
	// invisible is where text begins that nobody sees; -1: nowhere.
	invisible int
}

// shapes calls yield for each script with its shape.
func (m *matcher) shapes(yield func(f *archive.File, s *shape)) {
	if m.shape == nil {
		m.shape = map[*archive.File]*shape{}
		m.scripts(func(f *archive.File) { m.shape[f] = shapeOf(f) })
	}
	m.scripts(func(f *archive.File) { yield(f, m.shape[f]) })
}

func shapeOf(f *archive.File) *shape {
	data := f.Data()
	s := &shape{invisible: invisible(data)}
	if line := longestLine(data); isMinified(line) {
		s.minified = len(line)
	}
	s.obfuscated, s.how = obfuscation(f)
	_, _, s.gap = javascript.WideGap(data, 0)
	return s
}

// at is a place in a file by its offset.
func (m *matcher) at(f *archive.File, offset int, certainty javascript.Certainty) Evidence {
	data := f.Data()
	line := 1 + bytes.Count(data[:offset], []byte("\n"))
	start := bytes.LastIndexByte(data[:offset], '\n') + 1
	end := len(data)
	if i := bytes.IndexByte(data[offset:], '\n'); i >= 0 {
		end = offset + i
	}
	column := offset - start + 1
	if end-start > 200 {
		start = max(start, offset-50)
		end = min(end, start+200)
	}
	return Evidence{File: f.Path, Line: line, Column: column, Snippet: strings.TrimSpace(strings.ToValidUTF8(string(data[start:end]), "")),
		Contexts: m.in.Facts.FileContexts(f.Path), Certainty: certainty, Chain: m.in.Facts.FileChain(f.Path)}
}

// whole is a file as a whole.
func (m *matcher) whole(f *archive.File, say string) Evidence {
	return Evidence{File: f.Path, Line: 1, Column: 1, Snippet: say, Contexts: m.in.Facts.FileContexts(f.Path), Chain: m.in.Facts.FileChain(f.Path)}
}

// minified is a script written for machines: long lines, hardly a space.
func minified(m *matcher, s *stanza) {
	m.shapes(func(f *archive.File, shape *shape) {
		if shape.minified > 0 {
			m.add(s, m.whole(f, fmt.Sprintf("its longest line has %d characters", shape.minified)))
		}
	})
}

func longestLine(data []byte) []byte {
	var longest []byte
	for len(data) > 0 {
		i := bytes.IndexByte(data, '\n')
		line := data
		if i >= 0 {
			line, data = data[:i], data[i+1:]
		} else {
			data = nil
		}
		if len(line) > len(longest) {
			longest = line
		}
	}
	return longest
}

func isMinified(line []byte) bool {
	if len(line) < 1000 {
		return false
	}
	sample := line[:min(len(line), 20_000)]
	spaces := bytes.Count(sample, []byte(" "))
	code := bytes.Count(sample, []byte("(")) + bytes.Count(sample, []byte(";")) + bytes.Count(sample, []byte("{"))
	return spaces*100 < len(sample)*12 && code*100 > len(sample)
}

var (
	hexName = regexp.MustCompile(`_0x[0-9a-f]{4,8}\b`)
	packed  = "eval(function(p,a,c,k,e,"
	faces   = "\uff9f\u03c9\uff9f\uff89"
	dollars = "$=~[];$={___:++$"
)

// obfuscated is a script whose writer did not want it read. Minified is not
// obfuscated.
func obfuscated(m *matcher, s *stanza) {
	m.shapes(func(f *archive.File, shape *shape) {
		if shape.how != "" {
			m.add(s, m.at(f, shape.obfuscated, javascript.Certain))
		}
	})
}

// obfuscation tells by which of the known ways a script is obfuscated, and
// where that shows first.
func obfuscation(f *archive.File) (offset int, how string) {
	data := f.Data()
	for _, known := range []struct {
		needle, how string
	}{{packed, "packer"}, {faces, "aaencode"}, {dollars, "jjencode"}} {
		if !f.MayHave(known.needle) {
			continue
		}
		if i := bytes.Index(data, []byte(known.needle)); i >= 0 {
			return i, known.how
		}
	}
	if i := bytes.Index(data, []byte("_0x")); i >= 0 {
		names := map[string]bool{}
		for _, name := range hexName.FindAll(data[i:min(len(data), i+1<<20)], 2000) {
			names[string(name)] = true
		}
		if len(names) >= 12 {
			return i, "names"
		}
	}
	if i := brackets(data); i >= 0 {
		return i, "jsfuck"
	}
	if i := escapedLetters(data); i >= 0 {
		return i, "escapes"
	}
	return 0, ""
}

// brackets finds a long text of nothing but []()!+.
func brackets(data []byte) int {
	for from := 0; ; {
		i := bytes.Index(data[from:], []byte("[]"))
		if i < 0 {
			return -1
		}
		start := from + i
		end := start
		for end < len(data) && strings.IndexByte("[]()!+ \n", data[end]) >= 0 {
			end++
		}
		if end-start >= 400 {
			return start
		}
		from = end + 1
		if from >= len(data) {
			return -1
		}
	}
}

// escapedLetters finds a script that spells plain letters as \x61 or \u0061,
// again and again.
func escapedLetters(data []byte) int {
	first, n := -1, 0
	for from := 0; ; {
		i := bytes.IndexByte(data[from:], '\\')
		if i < 0 {
			return -1
		}
		at := from + i
		from = at + 2
		if from+4 > len(data) {
			return -1
		}
		var code []byte
		switch {
		case data[at+1] == 'x':
			code = data[at+2 : at+4]
		case data[at+1] == 'u' && data[at+2] == '0' && data[at+3] == '0' && at+6 <= len(data):
			code = data[at+4 : at+6]
		default:
			continue
		}
		b, err := hex.DecodeString(string(code))
		if err == nil && b[0] >= 'a' && b[0] <= 'z' {
			if first < 0 {
				first = at
			}
			if n++; n >= 100 && n*4*20 >= len(data) {
				return first
			}
		}
	}
}

// bundleMarks are what bundlers leave in what they make.
var bundleMarks = []string{"__webpack_require__", "webpackChunk", "webpackJsonp", "__commonJS(", "__commonJSMin(", "parcelRequire", "__toESM(require_",
	"getDefaultExportFromCjs(", "commonjsRequire(", "__nccwpck_require__", "__rspack_require__", "'MODULE_NOT_FOUND',", `"MODULE_NOT_FOUND",`}

// bundled is a script that a bundler put together from others. A bundler's own
// sources name the same marks, in texts.
func bundled(m *matcher, s *stanza) {
	m.scripts(func(f *archive.File) {
		for _, mark := range bundleMarks {
			if !f.MayHave(mark) {
				continue
			}
			data := f.Data()
			i := bytes.Index(data, []byte(mark))
			if i < 0 || i > 0 && strings.IndexByte("\"'`", data[i-1]) >= 0 || bytes.Count(data, []byte(mark)) < 2 && !strings.Contains(mark, "MODULE") {
				continue
			}
			if strings.Contains(mark, "MODULE") && !bytes.Contains(data, []byte("},{")) {
				continue
			}
			m.add(s, m.at(f, i, javascript.Certain))
			return
		}
	})
}

// maxGaps is how many gaps of one file are looked at, which bounds the time;
// a file with more has many to show.
const maxGaps = 500

// offScreenCode is code behind so much white space that no editor shows it.
func offScreenCode(m *matcher, s *stanza) {
	m.shapes(func(f *archive.File, shape *shape) {
		if !shape.gap {
			return
		}
		data := f.Data()
		for from, gaps := 0, 0; gaps < maxGaps; gaps++ {
			start, end, found := javascript.WideGap(data, from)
			if !found {
				break
			}
			from = end
			if m.offScreen(f, start, end) {
				m.add(s, m.at(f, end, javascript.Certain))
			}
		}
	})
}

// offScreen reports whether code, not a comment or a text, stands after a gap
// that begins after other code.
func (m *matcher) offScreen(f *archive.File, start, end int) bool {
	data := f.Data()
	lineStart := bytes.LastIndexByte(data[:start], '\n') + 1
	before := bytes.TrimSpace(data[lineStart:start])
	after := data[end:]
	if i := bytes.IndexByte(after, '\n'); i >= 0 {
		after = after[:i]
	}
	after = bytes.TrimSpace(after)
	if len(after) < 3 || bytes.HasPrefix(after, []byte("//")) || bytes.HasPrefix(after, []byte("/*")) || bytes.HasPrefix(after, []byte("*")) || after[0] == '\\' {
		return false
	}
	// Within a text of the line, or a line of a template.
	for _, quote := range []string{"\"", "'", "`"} {
		if strings.Count(string(before), quote)%2 == 1 {
			return false
		}
	}
	return bytes.ContainsAny(after, "(=") && m.in.Facts.CodeBetween(f.Path, end, end+len(after))
}

// invisibleText is text that a reader does not see, or sees in another order,
// outside the languages that need the same characters.
func invisibleText(m *matcher, s *stanza) {
	m.shapes(func(f *archive.File, shape *shape) {
		if shape.invisible >= 0 {
			m.add(s, m.at(f, shape.invisible, javascript.Certain))
		}
	})
}

func invisible(data []byte) int {
	for _, lead := range [][]byte{{0xe2, 0x80}, {0xe2, 0x81}, {0xef, 0xb8}, {0xf3, 0xa0}} {
		for from := 0; from < len(data); {
			i := bytes.Index(data[from:], lead)
			if i < 0 {
				break
			}
			at := from + i
			run, direction, next := hiddenRun(data, at)
			// A run of what shows nothing holds data; a single mark of
			// direction turns code around, where no word needs it.
			if run >= 8 || direction && !rightToLeft(lineAround(data, at)) {
				return at
			}
			from = max(next, at+1)
		}
	}
	return -1
}

// hiddenRun counts the characters from at on that show nothing, and tells
// whether one of them overrides the direction of the text.
func hiddenRun(data []byte, at int) (run int, direction bool, next int) {
	next = at
	first, several := rune(-1), false
	defer func() {
		if !several {
			run = min(run, 1) // the same one again and again holds no data
		}
	}()
	for next < len(data) {
		r, size := utf8.DecodeRune(data[next:])
		switch {
		case r == 0x202d, r == 0x202e, r >= 0x2066 && r <= 0x2068:
			direction = true
		case r >= 0x200b && r <= 0x200f, r >= 0x2060 && r <= 0x2064, r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0000 && r <= 0xe01ef, r == 0xfeff, r >= 0x202a && r <= 0x202c, r == 0x2069:
		default:
			return run, direction, next
		}
		if first < 0 {
			first = r
		}
		several = several || r != first
		run++
		next += size
	}
	return run, direction, next
}

func lineAround(data []byte, at int) []byte {
	start := bytes.LastIndexByte(data[:at], '\n') + 1
	end := len(data)
	if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
		end = at + i
	}
	return data[max(start, at-500):min(end, at+500)]
}

// rightToLeft reports whether a text has letters of a language that is written
// from right to left.
func rightToLeft(line []byte) bool {
	for _, r := range string(line) {
		if r >= 0x0590 && r <= 0x08ff || r >= 0xfb1d && r <= 0xfdff || r >= 0xfe70 && r <= 0xfefc {
			return true
		}
	}
	return false
}
