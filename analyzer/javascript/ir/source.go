package ir

import (
	"path"
	"sort"
	"strings"
	"unsafe"

	"github.com/lockwarden/lockwarden/analyzer/archive"
)

// PackageRoot is the folder that a package is thought to be in while its
// paths are folded; a path in it names the package's own file. To shells and in
// URLs it means itself.
const PackageRoot = "/_package_root_"

// Source is one script with what is needed to point into it.
type Source struct {
	// Path is the file's in the package.
	Path string
	// ShownLine is the line that evidence names where the code is not a file's own:
	// a program in a lifecycle script.
	ShownLine int
	// Of has the text; Code is the text of what is no file.
	Of     *archive.File
	Code   string
	lines  []int32
	loader int8
	// Webpack is set where the loader is webpack's, by name.
	Webpack bool
}

// Text is the whole text. Parts of it keep all of it in memory: whoever keeps a
// part for long keeps a copy.
func (f *Source) Text() string {
	if f.Of == nil {
		return f.Code
	}
	return strings.TrimPrefix(TextOf(f.Of.Data()), "\ufeff")
}

// Dirname is the folder that its __dirname names.
func (f *Source) Dirname() string { return path.Dir(f.Filename()) }

// Filename is what its __filename names.
func (f *Source) Filename() string { return PackageRoot + "/" + f.Path }

// mayHave is false where a word does not stand in the text.
func (f *Source) mayHave(word string) bool { return f.Of == nil || f.Of.MayHave(word) }

// Has reports whether a word stands in the text.
func (f *Source) Has(word string) bool {
	return f.mayHave(word) && strings.Contains(f.Text(), word)
}

// BundleLoader reports whether the file has a loader that calls the functions
// of a module table.
func (f *Source) BundleLoader() bool {
	if f.loader == 0 {
		f.loader = -1
		f.Webpack = f.Has("__webpack_require__") || f.Has("webpackJsonp")
		if f.Webpack || f.Has("webpackChunk") || f.Has("MODULE_NOT_FOUND") ||
			f.Has("exports:{}") && f.Has(".call(") || f.Has("parcelRequire") {
			f.loader = 1
		}
	}
	return f.loader == 1
}

// Position turns a byte offset into a 1-based line and column (in bytes).
func (f *Source) Position(offset int32) (line, column int) {
	if offset < 0 {
		return max(f.ShownLine, 1), 1
	}
	if f.lines == nil {
		f.lines = []int32{0}
		for i, text := 0, f.Text(); i < len(text); i++ {
			if text[i] == '\n' {
				f.lines = append(f.lines, int32(i+1))
			}
		}
	}
	i := sort.Search(len(f.lines), func(i int) bool { return f.lines[i] > offset }) - 1
	if f.ShownLine > 0 {
		return f.ShownLine, 1
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

// HasWideGap reports whether a text has such a gap.
func HasWideGap(text string) bool {
	_, _, found := WideGap(text, 0)
	return found
}

// maxSnippet is the longest snippet, in bytes.
const maxSnippet = 200

// Snippet is the line at an offset, cut to what is around it.
func (f *Source) Snippet(offset int32) string {
	text := f.Text()
	if offset < 0 || int(offset) >= len(text) {
		return ""
	}
	// Of a longer line it does not matter how much longer it is.
	start, end := max(0, int(offset)-maxSnippet-1), min(len(text), int(offset)+maxSnippet+1)
	if i := strings.LastIndexByte(text[start:offset], '\n'); i >= 0 {
		start += i + 1
	}
	if i := strings.IndexByte(text[offset:end], '\n'); i >= 0 {
		end = int(offset) + i
	}
	if end-start > maxSnippet {
		start = max(start, int(offset)-maxSnippet/4)
		end = min(end, start+maxSnippet)
	}
	return strings.Clone(strings.TrimSpace(strings.ToValidUTF8(text[start:end], "")))
}

// TextOf is the content as a string, without a copy: nothing changes it.
func TextOf(data []byte) string { return unsafe.String(unsafe.SliceData(data), len(data)) }
