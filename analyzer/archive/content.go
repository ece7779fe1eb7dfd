package archive

import (
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

// content is that of one file, plain or packed.
type content struct {
	plain, packed []byte
	// recent is the package's, where the content is packed.
	recent *recent
}

func (c *content) bytes() []byte {
	if c.packed == nil {
		return c.plain
	}
	return c.recent.unpack(c)
}

// pack compresses a file, and all files before it when it is the first.
func (p *Package) pack(f *File) {
	if p.recent.used {
		f.content.pack(&p.recent)
		return
	}
	p.recent.used = true
	for _, f := range p.Files {
		f.content.pack(&p.recent)
	}
}

// Large tells whether the package has so much content that it is kept
// compressed.
func (p *Package) Large() bool { return p.recent.used }

func (c *content) pack(r *recent) {
	if len(c.plain) < packLeast {
		return
	}
	if packed := s2.EncodeBetter(nil, c.plain); len(packed) < len(c.plain)*3/4 {
		c.packed, c.plain, c.recent = append([]byte(nil), packed...), nil, r
	}
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
	// trigrams are those of the file that was asked last.
	asked    *File
	trigrams *trigrams
}

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
