// Package archive turns the bytes of a package tarball into a Package, inside
// budgets. Nothing is written anywhere, links are not followed, no entry can
// name a place outside the package.
//
// Read streams: it needs the whole tarball once, in order, and keeps only the
// content that the analysis reads. A tarball that crosses a budget gives a
// *LimitError that names the budget and the entry.
package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
)

// Limits are the budgets of one tarball. The zero value of a field means its
// default.
type Limits struct {
	// Compressed and Expanded are bytes of the tarball and of all its entries.
	Compressed, Expanded int64
	// Ratio is expanded to compressed bytes, looked at once 16 MiB came out.
	Ratio int64
	// Files is the number of entries of any kind.
	Files int64
	// PathLength is in bytes, Depth in folders.
	PathLength, Depth int64
	// Kept is how many bytes of content stay in memory; what is over is
	// reported as skipped, not as an error.
	Kept int64
	// FileKept is the largest content kept of one file.
	FileKept int64
	// Keep tells whether the content of a text file is worth its memory; nil:
	// all are. It must not hold on to data.
	Keep func(path string, data []byte) bool
	// Whole tells of which files all is kept, whatever their first bytes; nil: of
	// none.
	Whole func(path string) bool
}

// Defaults are the budgets in force unless an operator sets others. The
// largest honest packages on npm come near 1 GB and 100,000 files.
var Defaults = Limits{
	Compressed: 256 << 20,
	Expanded:   1 << 30,
	Ratio:      250,
	Files:      100_000,
	PathLength: 1024,
	Depth:      64,
	Kept:       160 << 20,
	FileKept:   64 << 20,
}

func (l Limits) withDefaults() Limits {
	set := func(v *int64, d int64) {
		if *v == 0 {
			*v = d
		}
	}
	set(&l.Compressed, Defaults.Compressed)
	set(&l.Expanded, Defaults.Expanded)
	set(&l.Ratio, Defaults.Ratio)
	set(&l.Files, Defaults.Files)
	set(&l.PathLength, Defaults.PathLength)
	set(&l.Depth, Defaults.Depth)
	set(&l.Kept, Defaults.Kept)
	set(&l.FileKept, Defaults.FileKept)
	return l
}

// LimitError says which budget a tarball crossed, at which entry.
type LimitError struct {
	// Limit is the name of the field of Limits.
	Limit string
	Max   int64
	// Entry is the path at which it happened; empty before the first one.
	Entry string
}

// Error formats as: archive: "dist/x.js": more than 1073741824 bytes unpacked (limit Expanded).
func (e *LimitError) Error() string {
	what := map[string]string{
		"Compressed": "more than %d bytes of tarball",
		"Expanded":   "more than %d bytes unpacked",
		"Ratio":      "unpacks to more than %d times its size",
		"Files":      "more than %d files",
		"PathLength": "a path longer than %d bytes",
		"Depth":      "more than %d folders deep",
	}[e.Limit]
	at := ""
	if e.Entry != "" {
		at = fmt.Sprintf("%q: ", e.Entry)
	}
	return fmt.Sprintf("archive: %s"+what+" (limit %s)", at, e.Max, e.Limit)
}

// Kind is what a file is by its content.
type Kind uint8

// The kinds that readers of a package tell apart.
const (
	Text Kind = iota
	Empty
	Binary
	ELF
	PE
	MachO
	Wasm
	Archive
)

// File is one regular file of a package.
type File struct {
	// Path is relative to the package, with forward slashes.
	Path string
	Size int64
	// Executable is the owner's execute bit.
	Executable bool
	Kind       Kind
	// Tail is the end of a binary file whose whole content is not in Data.
	Tail []byte
	// Skipped is why Data is not the whole content though it should be.
	Skipped string

	content  content
	trigrams *trigrams
}

// Whole reports whether Data is all of the file. It is not where Keep left the
// content out, or only the beginning of a binary was kept.
func (f *File) Whole() bool { return f.Skipped == "" && int64(len(f.Data())) == f.Size }

// Sub is the package that lies in a folder of this one; the contents are shared.
func (p *Package) Sub(dir string) *Package {
	sub := &Package{byPath: map[string]*File{}}
	for _, f := range p.Files {
		if rest, ok := strings.CutPrefix(f.Path, dir+"/"); ok {
			inside := *f
			inside.Path = rest
			sub.byPath[rest] = &inside
			sub.Files = append(sub.Files, &inside)
			sub.Expanded += f.Size
		}
	}
	return sub
}

// Take takes the content of a file from another reading of the same tarball.
func (p *Package) Take(other *Package, name string) {
	f, again := p.byPath[name], other.byPath[name]
	if f != nil && again != nil && f.Size == again.Size {
		f.content, f.Skipped, f.trigrams = content{plain: again.Data()}, again.Skipped, nil
	}
}

// Data is the content: all of it for text, the beginning for binaries, nil
// where Skipped says why. Nobody changes it, and who keeps a part of it for
// long keeps a copy of that part: in a large package it is unpacked anew.
func (f *File) Data() []byte { return f.content.bytes() }

// Package is an unpacked tarball.
type Package struct {
	Files []*File
	// Refused are entries that were left out, with the reason.
	Refused []Refusal
	// Expanded is the size of all files in bytes.
	Expanded int64

	byPath map[string]*File
	recent recent
}

// Refusal is an entry that npm would not unpack as a plain file.
type Refusal struct{ Path, Reason string }

// File returns the file at a path, or nil.
func (p *Package) File(name string) *File { return p.byPath[name] }

// headKept is how much of a binary stays, enough for its headers.
const headKept = 64 << 10

// documentKept is the largest Office document that is kept whole, in bytes.
const documentKept = 8 << 20

// IsDocument tells by its name whether a file is an Office document.
func IsDocument(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".doc", ".dot", ".docx", ".docm", ".dotm", ".xls", ".xlt", ".xla", ".xlsx", ".xlsm", ".xltm", ".xlam", ".xlsb", ".ppt", ".pot", ".pps", ".pptx", ".pptm", ".potm", ".ppsm", ".ppam":
		return true
	}
	return false
}

// Read reads a gzipped tarball. Errors are *LimitError or say at which entry
// the tarball is damaged.
func Read(r io.Reader, limits Limits) (*Package, error) {
	limits = limits.withDefaults()
	counted := &countingReader{r: r, max: limits.Compressed}
	z, err := gzip.NewReader(counted)
	if err != nil {
		return nil, damaged(err, "")
	}
	defer z.Close()
	expanded := &expandedReader{r: z, in: counted, limits: limits}
	t := tar.NewReader(expanded)
	p := &Package{byPath: map[string]*File{}}
	var kept int64
	var buffer scratch
	for n := int64(0); ; n++ {
		header, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, damaged(err, expanded.entry)
		}
		if n >= limits.Files {
			return nil, &LimitError{"Files", limits.Files, clip(header.Name)}
		}
		name, reason, err := entryPath(header, limits)
		if err != nil {
			return nil, err
		}
		expanded.entry = name
		if reason != "" {
			p.Refused = append(p.Refused, Refusal{clip(header.Name), reason})
			continue
		}
		if name == "" {
			continue
		}
		f := &File{Path: name, Size: header.Size, Executable: header.Mode&0o100 != 0}
		if err := f.read(t, limits, &kept, &buffer); err != nil {
			return nil, damaged(err, name)
		}
		p.Expanded += f.Size
		if old := p.byPath[name]; old != nil {
			// npm unpacks in order: the later entry is the one that stays.
			*old = *f
			continue
		}
		p.byPath[name] = f
		p.Files = append(p.Files, f)
		if kept > packFrom {
			p.pack(f)
		}
	}
	// What follows the tar's end still counts for the budgets and the hash.
	if _, err := io.Copy(io.Discard, expanded); err != nil {
		return nil, damaged(err, "")
	}
	return p, nil
}

// New makes a Package of files in memory: for tests and for folders.
func New(files map[string][]byte) *Package {
	p := &Package{byPath: map[string]*File{}}
	for name, data := range files {
		f := &File{Path: name, Size: int64(len(data)), Kind: Sniff(data), content: content{plain: data}}
		p.byPath[name] = f
		p.Files = append(p.Files, f)
		p.Expanded += f.Size
	}
	sort.Slice(p.Files, func(i, j int) bool { return p.Files[i].Path < p.Files[j].Path })
	return p
}

func damaged(err error, entry string) error {
	var limit *LimitError
	if errors.As(err, &limit) {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = errors.New("the tarball ends in the middle")
	}
	if entry == "" {
		return fmt.Errorf("archive: the tarball is damaged: %w", err)
	}
	return fmt.Errorf("archive: the tarball is damaged at %q: %w", entry, err)
}

// entryPath is the entry's path without the first folder, which npm strips
// whatever its name; or the reason why npm would not unpack the entry.
func entryPath(h *tar.Header, limits Limits) (name, reason string, err error) {
	if int64(len(h.Name)) > limits.PathLength {
		return "", "", &LimitError{"PathLength", limits.PathLength, clip(h.Name)}
	}
	switch h.Typeflag {
	case tar.TypeReg, '\x00', tar.TypeCont:
	case tar.TypeDir:
		return "", "", nil
	case tar.TypeXGlobalHeader:
		return "", "", nil
	case tar.TypeLink, tar.TypeSymlink:
		return "", "a link, which npm does not unpack", nil
	default:
		return "", "neither file nor folder", nil
	}
	if !utf8.ValidString(h.Name) {
		return "", "its name is not UTF-8", nil
	}
	if strings.ContainsRune(h.Name, 0) {
		return "", "its name holds a NUL", nil
	}
	slashed := strings.ReplaceAll(h.Name, `\`, "/")
	for _, part := range strings.Split(slashed, "/") {
		if part == ".." {
			return "", "its path leaves the package", nil
		}
	}
	clean := path.Clean("/" + slashed)[1:]
	_, rest, ok := strings.Cut(clean, "/")
	if !ok || rest == "" {
		return "", "it lies outside the package folder", nil
	}
	if int64(strings.Count(rest, "/")) > limits.Depth {
		return "", "", &LimitError{"Depth", limits.Depth, clip(rest)}
	}
	return rest, "", nil
}

// scratch is where a file is read before it is known whether it stays.
type scratch struct{ buffer []byte }

func (s *scratch) sized(n int64) []byte {
	if int64(cap(s.buffer)) < n {
		s.buffer = make([]byte, n, n+n/4)
	}
	return s.buffer[:n]
}

func (f *File) read(r io.Reader, limits Limits, kept *int64, s *scratch) error {
	head := s.sized(min(f.Size, 4096))
	if _, err := io.ReadFull(r, head); err != nil {
		return err
	}
	f.Kind = Sniff(head)
	want := min(f.Size, headKept)
	if IsDocument(f.Path) && f.Size <= documentKept {
		want = f.Size // its macros may stand anywhere in it
	}
	if f.Kind == Text || limits.Whole != nil && limits.Whole(f.Path) {
		want = f.Size
		if f.Size > limits.FileKept {
			f.Skipped = fmt.Sprintf("larger than %d bytes", limits.FileKept)
			want = min(f.Size, headKept)
		}
	}
	if *kept+want > limits.Kept {
		f.Skipped = fmt.Sprintf("the package has more than %d bytes of text", limits.Kept)
		want = 0
	}
	if want > 0 {
		data := s.sized(want)
		n := copy(data, head)
		if want > int64(n) {
			if _, err := io.ReadFull(r, data[n:]); err != nil {
				return err
			}
		}
		if f.Kind != Text || limits.Keep == nil || limits.Keep(f.Path, data) {
			f.content.plain = append([]byte(nil), data...)
			*kept += want
		}
	}
	if f.Kind != Binary {
		_, err := io.Copy(io.Discard, r)
		return err
	}
	tail := &tailWriter{}
	_, err := io.Copy(tail, r)
	f.Tail = tail.last
	return err
}

// tailKept is how much of a binary file's end is kept, in bytes.
const tailKept = 4096

// tailWriter keeps the end of what is written.
type tailWriter struct{ last []byte }

// Write implements io.Writer.
func (t *tailWriter) Write(p []byte) (int, error) {
	if len(p) >= tailKept {
		t.last = append(t.last[:0], p[len(p)-tailKept:]...)
		return len(p), nil
	}
	t.last = append(t.last, p...)
	if over := len(t.last) - tailKept; over > 0 {
		t.last = append(t.last[:0], t.last[over:]...)
	}
	return len(p), nil
}

// Sniff tells what a file is by its first bytes, never by its name.
func Sniff(head []byte) Kind {
	if len(head) == 0 {
		return Empty
	}
	magic := func(prefixes ...string) bool {
		for _, p := range prefixes {
			if bytes.HasPrefix(head, []byte(p)) {
				return true
			}
		}
		return false
	}
	switch {
	case magic("\x7fELF"):
		return ELF
	case magic("MZ") && len(head) > 64 && bytes.IndexByte(head[:64], 0) >= 0:
		return PE
	case magic("\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe"):
		return MachO
	case magic("\xca\xfe\xba\xbe") && len(head) > 7 && head[4] == 0 && head[5] == 0 && head[6] == 0 && head[7] < 20:
		return MachO // a fat file; a Java class has its version there, 45 and up
	case magic("\x00asm"):
		return Wasm
	case magic("PK\x03\x04", "\x1f\x8b", "BZh", "\xfd7zXZ\x00", "7z\xbc\xaf\x27\x1c", "Rar!\x1a\x07", "\x28\xb5\x2f\xfd"),
		len(head) > 262 && string(head[257:262]) == "ustar":
		return Archive
	case magic("\xff\xfe", "\xfe\xff"):
		return Text // UTF-16
	case bytes.IndexByte(head, 0) >= 0:
		return Binary
	}
	return Text
}

func clip(s string) string {
	if len(s) > 200 {
		s = s[:200] + "…"
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

type countingReader struct {
	r      io.Reader
	n, max int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if c.n > c.max {
		return n, &LimitError{Limit: "Compressed", Max: c.max}
	}
	return n, err
}

// expandedReader counts what comes out of gzip and compares it with what went
// in.
type expandedReader struct {
	r      io.Reader
	in     *countingReader
	n      int64
	limits Limits
	entry  string
}

func (e *expandedReader) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	e.n += int64(n)
	if e.n > e.limits.Expanded {
		return n, &LimitError{"Expanded", e.limits.Expanded, e.entry}
	}
	if e.n > 16<<20 && e.n > e.limits.Ratio*e.in.n {
		return n, &LimitError{"Ratio", e.limits.Ratio, e.entry}
	}
	return n, err
}
