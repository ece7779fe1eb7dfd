package archive

import (
	"bytes"
	"fmt"

	"github.com/klauspost/compress/s2"
)

// Packages of more than packFrom bytes of content keep what is longer than
// packLeast compressed: the analysis of the largest needs the memory for other
// things, and reads each file a few times only.
const (
	packFrom  = 24 << 20
	packLeast = 4 << 10
)

// content is that of one file: plain, or packed with its head plain.
type content struct {
	plain, packed []byte
	// recent is the package's, where the content is packed.
	recent *recent
}

// Len is the length of Data, which it does not unpack.
func (f *File) Len() int {
	if f.content.packed == nil {
		return len(f.content.plain)
	}
	n, err := s2.DecodedLen(f.content.packed)
	if err != nil {
		return len(f.Data())
	}
	return n
}

// Head is the beginning of Data, at most HeadSize bytes, which it does not
// unpack.
func (f *File) Head() []byte { return f.content.plain[:min(len(f.content.plain), HeadSize)] }

// HeadSize is how much of a file Head gives: enough for magic numbers and a
// first line that names a program.
const HeadSize = 256

func (c *content) bytes() []byte {
	if c.packed == nil {
		return c.plain
	}
	return c.recent.unpack(c)
}

// pack compresses a file, and all files before it when it is the first.
func (p *Package) pack(f *File) {
	if p.recent.used {
		f.pack(&p.recent)
		return
	}
	p.recent.used = true
	for _, f := range p.Files {
		f.pack(&p.recent)
	}
}

// Large reports whether the package has so much content that it is kept
// compressed.
func (p *Package) Large() bool { return p.recent.used }

func (f *File) pack(r *recent) {
	c := &f.content
	if len(c.plain) < packLeast {
		return
	}
	packed := s2.EncodeBetter(r.room[:0], c.plain)
	if cap(packed) <= recentKept {
		r.room = packed
	}
	if len(packed) >= len(c.plain)*3/4 {
		return
	}
	if size := trigramsSize(len(c.plain)); f.trigrams == nil && size <= r.trigramsLeft() {
		f.trigrams = trigramsOf(c.plain)
		r.trigramsKept += size
	}
	c.packed, c.plain, c.recent = bytes.Clone(packed), bytes.Clone(c.plain[:HeadSize]), r
}

// recent are the contents of a package that were unpacked last: whoever reads a
// file reads it several times.
type recent struct {
	used  bool
	files [4]struct {
		of   *content
		data []byte
	}
	next int
	// trigrams are those of the file that was asked last, of those that have none
	// of their own; trigramsKept is the size of all these, in bytes.
	asked        *File
	trigrams     *trigrams
	trigramsKept int
	// room is what the last content was packed into.
	room []byte
}

// mostTrigramsKept is how much memory the trigrams of packed files may take, in
// bytes; those of 80 MB of scripts take 12.
const mostTrigramsKept = 24 << 20

func (r *recent) trigramsLeft() int { return mostTrigramsKept - r.trigramsKept }

// recentKept is the size of a content from which on it is the only one kept, in
// bytes.
const recentKept = 4 << 20

func (r *recent) unpack(c *content) []byte {
	for i := range r.files {
		if r.files[i].of == c {
			return r.files[i].data
		}
	}
	data, err := s2.Decode(nil, c.packed)
	if err != nil {
		panic(fmt.Sprintf("archive: what was packed here does not unpack: %v", err)) // memory is damaged
	}
	if len(data) > recentKept {
		clear(r.files[:])
	}
	r.files[r.next].of, r.files[r.next].data = c, data
	r.next = (r.next + 1) % len(r.files)
	return data
}
