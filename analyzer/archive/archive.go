// Package archive turns the bytes of a package tarball into a Package, inside
// budgets. Nothing is written anywhere, and no entry can name a place outside
// the package.
//
// A Package is what npm, pnpm and Yarn would all unpack. Where their readers
// differ, Read gives a *DisagreementError and no Package.
//
// Read streams: it needs the whole tarball once, in order, and keeps only the
// content that the analysis reads. A tarball that crosses a budget gives a
// *LimitError that names the budget and the entry. File.Held says how much of a
// file is at hand; a second Read of the same tarball with Limits.Only, and
// Package.Complete, bring more.
package archive

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"path"
	"sort"
	"strings"

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
	// Keep reports whether the content of a text file is worth its memory; nil:
	// all are. It must not hold on to data.
	Keep func(path string, data []byte) bool
	// Own says that lockwarden made the tarball itself, of a folder: nobody else
	// reads it, so that names may be what readers of a tarball disagree about.
	Own bool
	// Only, where it is not nil, are the paths of the files whose content is
	// kept, and of no others: whole, inside Kept and FileKept, whatever their
	// kind and whatever Keep says. It is for reading a tarball a second time,
	// when more is known of what its files are.
	Only map[string]bool
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

// Held is how much of a file's content is at hand.
type Held uint8

// What Data is of the content.
const (
	// Whole: all of it.
	Whole Held = iota
	// Part: the beginning, by choice; Tail is the end. Binary files are kept
	// so, and what is longer than Skipped's limit without being text.
	Part
	// Dropped: nothing, by choice. Keep or Only did not name the file.
	Dropped
	// Cut: the beginning or nothing, because of a limit. Skipped names it.
	Cut
)

// File is one regular file of a package.
type File struct {
	// Path is relative to the package, with forward slashes.
	Path string
	Size int64
	// Executable is set where anybody may execute it. Most clients then let the
	// owner or everybody; pnpm before 9 only where everybody may.
	Executable bool
	Kind       Kind
	// Held is how much of the content Data is. What is not Whole was not read
	// by anybody who reads Data.
	Held Held
	// Tail is the end of a binary file whose whole content is not in Data.
	Tail []byte
	// Skipped is why Data is not the whole content though it should be; it is
	// set where Held is Cut.
	Skipped string

	content  content
	trigrams *trigrams
	// sum is a hash of the content that nobody outside of the process knows.
	sum uint64
}

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

// Data is what Held says of the content. Nobody changes it, and who keeps a part
// of it for long keeps a copy of that part: in a large package it is unpacked
// again.
func (f *File) Data() []byte { return f.content.bytes() }

// Package is an unpacked tarball.
type Package struct {
	Files []*File
	// Expanded is the size of all files in bytes.
	Expanded int64

	byPath map[string]*File
	// folded are the files by the name of those systems that ignore case.
	folded map[string]*File
	recent recent
}

// File returns the file at a path, or nil. npm unpacks a .gitignore as an
// .npmignore where there is none.
func (p *Package) File(name string) *File {
	f := p.byPath[name]
	if f == nil && path.Base(name) == ".npmignore" {
		f = p.byPath[strings.TrimSuffix(name, ".npmignore")+".gitignore"]
	}
	return f
}

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

// Read reads a gzipped tarball. Errors are *LimitError, *DisagreementError, or
// say at which entry the tarball is damaged.
func Read(r io.Reader, limits Limits) (*Package, error) {
	limits = limits.withDefaults()
	counted := &countingReader{r: r, max: limits.Compressed}
	z, err := newGunzip(counted)
	if err != nil {
		return nil, damaged(err, "")
	}
	defer z.Close()
	expanded := &expandedReader{r: z, in: counted, limits: limits}
	t := &tarReader{r: expanded, own: limits.Own}
	p := &Package{byPath: map[string]*File{}}
	folders := folders{}
	var kept int64
	var buffer scratch
	for n := int64(0); ; n++ {
		e, err := t.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, damaged(err, expanded.entry)
		}
		if n >= limits.Files {
			return nil, &LimitError{"Files", limits.Files, clip(e.name)}
		}
		name, err := limits.path(e)
		if err != nil {
			return nil, err
		}
		expanded.entry = name
		if name == "" {
			continue
		}
		if e.folder && folders[name] {
			return nil, &DisagreementError{clip(e.name), "a folder that is there already"} // an error for Yarn since 2
		}
		if folders.both(p, name, e.folder) {
			return nil, &DisagreementError{clip(e.name), "it is a file and a folder"}
		}
		if e.folder {
			continue
		}
		f := &File{Path: name, Size: e.size, Executable: e.executable}
		if err := f.read(t, limits, &kept, &buffer); err != nil {
			return nil, damaged(err, name)
		}
		if old := p.byPath[name]; old != nil {
			// The later one stays for most readers, but not for all that there
			// will be; an archive that says the same twice means no harm.
			if old.Size != f.Size || old.sum != f.sum || old.Executable != f.Executable {
				return nil, &DisagreementError{clip(e.name), "it stands there twice with different contents"}
			}
			continue
		}
		p.Expanded += f.Size
		p.byPath[name] = f
		p.Files = append(p.Files, f)
		if kept > packFrom {
			p.pack(f)
		}
	}
	return p, nil
}

// path is where an entry is unpacked, "" for the folder of the package.
func (l *Limits) path(e *entry) (string, error) {
	if int64(len(e.name)) > l.PathLength {
		return "", &LimitError{"PathLength", l.PathLength, clip(e.name)}
	}
	name, why := inside(e, l.Own)
	if why != "" {
		return "", &DisagreementError{clip(e.name), why}
	}
	if int64(strings.Count(name, "/")) > l.Depth {
		return "", &LimitError{"Depth", l.Depth, clip(name)}
	}
	return name, nil
}

// folders are those that entries are or lie in.
type folders map[string]bool

// both adds a path, and reports whether it, or one that it lies in, is that of a
// file and of a folder. Who unpacks the one cannot unpack the other; which one
// stays differs.
func (s folders) both(p *Package, name string, folder bool) bool {
	if !folder && s[name] {
		return true
	}
	if !folder {
		name = parent(name)
	}
	for dir := name; dir != "" && !s[dir]; dir = parent(dir) {
		if p.byPath[dir] != nil {
			return true
		}
		s[dir] = true
	}
	return false
}

func parent(name string) string { return name[:max(0, strings.LastIndexByte(name, '/'))] }

// Complete takes the contents of a second reading of the same tarball, with
// Limits.Only, for those files that are not held whole.
func (p *Package) Complete(second *Package) {
	for _, f := range second.Files {
		if old := p.byPath[f.Path]; old != nil && old.Held != Whole && f.Held != Dropped {
			old.content, old.Held, old.Skipped, old.Tail = content{plain: f.Data()}, f.Held, f.Skipped, nil
			old.trigrams = nil
		}
	}
}

// New makes a Package of files in memory: for tests and for folders.
func New(files map[string][]byte) *Package {
	p := &Package{byPath: map[string]*File{}}
	for name, data := range files {
		f := &File{
			Path:    name,
			Size:    int64(len(data)),
			Kind:    Sniff(data),
			content: content{plain: data},
			sum:     maphash.Bytes(hashed, data),
		}
		p.byPath[name] = f
		p.Files = append(p.Files, f)
		p.Expanded += f.Size
	}
	sort.Slice(p.Files, func(i, j int) bool { return p.Files[i].Path < p.Files[j].Path })
	return p
}

func damaged(err error, entry string) error {
	var limit *LimitError
	var disagreement *DisagreementError
	if errors.As(err, &limit) || errors.As(err, &disagreement) {
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

// scratch is where a file is read before it is known whether it stays.
type scratch struct{ buffer []byte }

func (s *scratch) sized(n int64) []byte {
	if int64(cap(s.buffer)) < n {
		s.buffer = make([]byte, n, n+n/4)
	}
	return s.buffer[:n]
}

// hashed gives contents their sum.
var hashed = maphash.MakeSeed()

func (f *File) read(r io.Reader, limits Limits, kept *int64, s *scratch) error {
	head := s.sized(min(f.Size, 4096))
	if _, err := io.ReadFull(r, head); err != nil {
		return err
	}
	f.Kind = Sniff(head)
	only := limits.Only != nil
	want := min(f.Size, headKept)
	if IsDocument(f.Path) && f.Size <= documentKept {
		want = f.Size // its macros may stand anywhere in it
	}
	if f.Kind == Text || only {
		want = f.Size
		if f.Size > limits.FileKept {
			f.Skipped = fmt.Sprintf("larger than %d bytes", limits.FileKept)
			want = min(f.Size, headKept)
		}
	}
	if only && !limits.Only[f.Path] {
		want, f.Skipped = 0, ""
	} else if *kept+want > limits.Kept {
		f.Skipped = fmt.Sprintf("the package has more than %d bytes of text", limits.Kept)
		want = 0
	}
	data := s.sized(max(want, int64(len(head))))
	copy(data, head)
	if _, err := io.ReadFull(r, data[len(head):]); err != nil {
		return err
	}
	var sum maphash.Hash
	sum.SetSeed(hashed)
	sum.Write(data)
	f.Held = Dropped
	if want > 0 && (only || f.Kind != Text || limits.Keep == nil || limits.Keep(f.Path, data)) {
		f.content.plain = append([]byte(nil), data[:want]...)
		*kept += want
		f.Held = Part
	}
	switch {
	case f.Skipped != "":
		f.Held = Cut
	case f.Size == 0, f.Held == Part && want == f.Size:
		f.Held = Whole
	}
	var tail tailWriter
	for rest := s.sized(32 << 10); ; {
		n, err := r.Read(rest)
		sum.Write(rest[:n])
		if f.Kind == Binary {
			tail.Write(rest[:n])
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	f.Tail, f.sum = tail.last, sum.Sum64()
	return nil
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

// newGunzip reads a gzip stream as Node's zlib does, which the clients use. What
// stands in a second stream, or behind the first, comes out in some and not in
// others, and in pieces that depend on how the bytes arrive.
func newGunzip(r io.Reader) (*gunzip, error) {
	b := bufio.NewReaderSize(r, 32<<10)
	// zlib refuses flags that it does not know, and a wrong hash of the header.
	if head, _ := b.Peek(4); len(head) == 4 && bytes.HasPrefix(head, gzipMagic) && head[3]&0xe2 != 0 {
		return nil, &DisagreementError{"", "its gzip header has flags that nobody uses"}
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &gunzip{z, b}, nil
}

type gunzip struct {
	*gzip.Reader
	behind *bufio.Reader
}

// Read implements io.Reader.
func (g *gunzip) Read(p []byte) (int, error) {
	n, err := g.Reader.Read(p)
	if err == io.EOF {
		if _, more := g.behind.ReadByte(); more == nil {
			return n, &DisagreementError{"", "something stands behind its gzip stream"}
		} else if more != io.EOF {
			return n, more
		}
	}
	return n, err
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
