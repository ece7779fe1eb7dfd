package javascript

import (
	"path"
	"sort"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/archive"
)

// PackageRoot is the folder that a package is thought to be in while its
// paths are folded; a path in it names the package's own file. To shells and in
// URLs it means itself.
const PackageRoot = "/_package_root_"

// sourceFile is one script with what is needed to point into it.
type sourceFile struct {
	path string
	// shown is the file and first line that evidence names where the code is
	// not a file's own: a program in a lifecycle script.
	shownLine int
	// of has the text; code is the text of what is no file.
	of     *archive.File
	code   string
	lines  []int32
	loader int8
	// webpack is set where the loader is webpack's, by name.
	webpack bool
	// dynamicScope is set where with makes names undecidable.
	dynamicScope bool
}

// text is the whole text. Parts of it keep all of it in memory: whoever keeps a
// part for long keeps a copy.
func (f *sourceFile) text() string {
	if f.of == nil {
		return f.code
	}
	return strings.TrimPrefix(textOf(f.of.Data()), "\ufeff")
}

func (f *sourceFile) dirname() string  { return path.Dir(f.filename()) }
func (f *sourceFile) filename() string { return PackageRoot + "/" + f.path }

// mayHave is false where a word does not stand in the text.
func (f *sourceFile) mayHave(word string) bool { return f.of == nil || f.of.MayHave(word) }

func (f *sourceFile) has(word string) bool {
	return f.mayHave(word) && strings.Contains(f.text(), word)
}

// bundleLoader reports whether the file has a loader that calls the functions
// of a module table.
func (f *sourceFile) bundleLoader() bool {
	if f.loader == 0 {
		f.loader = -1
		f.webpack = f.has("__webpack_require__") || f.has("webpackJsonp")
		if f.webpack || f.has("webpackChunk") || f.has("MODULE_NOT_FOUND") ||
			f.has("exports:{}") && f.has(".call(") || f.has("parcelRequire") {
			f.loader = 1
		}
	}
	return f.loader == 1
}

// position turns a byte offset into a 1-based line and column (in bytes).
func (f *sourceFile) position(offset int32) (line, column int) {
	if offset < 0 {
		return max(f.shownLine, 1), 1
	}
	if f.lines == nil {
		f.lines = []int32{0}
		for i, text := 0, f.text(); i < len(text); i++ {
			if text[i] == '\n' {
				f.lines = append(f.lines, int32(i+1))
			}
		}
	}
	i := sort.Search(len(f.lines), func(i int) bool { return f.lines[i] > offset }) - 1
	if f.shownLine > 0 {
		return f.shownLine, 1
	}
	return i + 1, int(offset-f.lines[i]) + 1
}

// How wide a gap in a line is that code may hide behind, as no editor shows what
// follows.
const (
	wideSpaces = 200
	wideTabs   = 50
)

// WideGap finds the first gap at or after an offset that is so wide; false where
// there is none.
func WideGap[T string | []byte](text T, from int) (start, end int, found bool) {
	for i := from + wideTabs - 1; i < len(text); i += wideTabs {
		c := text[i]
		if c != ' ' && c != '\t' {
			continue
		}
		start, end = i, i+1
		for start > from && text[start-1] == c {
			start--
		}
		for end < len(text) && text[end] == c {
			end++
		}
		if c == '\t' && end-start >= wideTabs || end-start >= wideSpaces {
			for end < len(text) && (text[end] == ' ' || text[end] == '\t') {
				end++
			}
			return start, end, true
		}
		i = end - 1
	}
	return 0, 0, false
}

func hasWideGap(text string) bool {
	_, _, found := WideGap(text, 0)
	return found
}

// maxSnippet is the longest snippet, in bytes.
const maxSnippet = 200

// snippet is the line at an offset, cut to what is around it.
func (f *sourceFile) snippet(offset int32) string {
	text := f.text()
	if offset < 0 || int(offset) >= len(text) {
		return ""
	}
	start := strings.LastIndexByte(text[:offset], '\n') + 1
	end := len(text)
	if i := strings.IndexByte(text[offset:], '\n'); i >= 0 {
		end = int(offset) + i
	}
	if end-start > maxSnippet {
		start = max(start, int(offset)-maxSnippet/4)
		end = min(end, start+maxSnippet)
	}
	return strings.Clone(strings.TrimSpace(strings.ToValidUTF8(text[start:end], "")))
}
