package archive

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// TestMayHave: what stands in a file is never denied, whatever its size, and
// hardly anything else is affirmed.
func TestMayHave(t *testing.T) {
	for _, size := range []int{0, 1, 2, 3, 100, 5000, 1 << 20} {
		var text bytes.Buffer
		for i := 0; text.Len() < size; i++ {
			fmt.Fprintf(&text, "const name%d = require('module-%x')\n", i, i*i)
		}
		data := text.Bytes()[:size]
		f := New(map[string][]byte{"index.js": data}).File("index.js")
		for from := 0; from < len(data); from += 1 + len(data)/500 {
			for _, length := range []int{1, 2, 3, 7, 40} {
				if part := string(data[from:min(len(data), from+length)]); !f.MayHave(part) {
					t.Fatalf("%d bytes: %q stands at %d and is denied", size, part, from)
				}
			}
		}
		wrong := 0
		for i := range 1000 {
			if f.MayHave(fmt.Sprintf("zq%dxJ-%d", i, i*7919)) {
				wrong++
			}
		}
		if wrong > 20 {
			t.Errorf("%d bytes: %d of 1,000 texts that are not there are affirmed", size, wrong)
		}
	}
}

// TestPackedFiles: a packed file is the same as a plain one to whoever asks, also
// where the trigrams of all would take too much.
func TestPackedFiles(t *testing.T) {
	text := []byte("#!/bin/sh\n" + strings.Repeat("one line like another\n", 1000) + "needle\n")
	for _, full := range []bool{false, true} {
		r := &recent{used: true}
		if full {
			r.trigramsKept = mostTrigramsKept
		}
		for _, data := range [][]byte{text, text[:packLeast-1], []byte("short"), nil} {
			f := &File{content: content{plain: bytes.Clone(data)}}
			f.pack(r)
			if packed := f.content.packed != nil; packed != (len(data) == len(text)) {
				t.Fatalf("%d bytes: packed is %v", len(data), packed)
			}
			if f.content.packed != nil && (f.trigrams != nil) == full {
				t.Errorf("full %v: kept trigrams: %v", full, f.trigrams != nil)
			}
			if f.Len() != len(data) || !bytes.Equal(f.Head(), data[:min(len(data), HeadSize)]) || !bytes.Equal(f.Data(), data) {
				t.Errorf("%d bytes: %d bytes, head %q", len(data), f.Len(), f.Head())
			}
			if len(data) == len(text) && !f.MayHave("needle") {
				t.Errorf("full %v: what stands there is denied", full)
			}
			if f.MayHave("nowhere to be seen") {
				t.Errorf("%d bytes, full %v: what does not stand there is affirmed", len(data), full)
			}
		}
		if full && r.trigramsKept != mostTrigramsKept || !full && r.trigramsKept != trigramsSize(len(text)) {
			t.Errorf("full %v: %d bytes of trigrams", full, r.trigramsKept)
		}
	}
}
