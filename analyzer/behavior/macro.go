package behavior

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"path"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/archive"
)

// Macros of Office documents. A document of today is a zip archive, in which they
// are a compound file, vbaProject.bin; an older one is a compound file itself. In
// it their text is compressed.
// Sources: [MS-OFFMACRO2], [MS-CFB], [MS-OVBA] 2.4.1 (compression).

var oleMagic = []byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1}

// compoundMacro are names of parts that only a compound file with macros has.
var compoundMacro = [][]byte{[]byte("_VBA_PROJECT"), []byte("_\x00V\x00B\x00A\x00_\x00P\x00R\x00O\x00J\x00E\x00C\x00T\x00")}

// maxMacros is how much of a document's macros is unpacked, in bytes.
const maxMacros = 16 << 20

// macros are those of a document, as a compound file; found is also true where
// there are some that cannot be read.
func macros(f *archive.File) (data []byte, found bool) {
	if ole := bytes.HasPrefix(f.Head(), oleMagic); !ole && f.Kind != archive.Archive {
		return nil, false
	}
	data = f.Data()
	if bytes.HasPrefix(data, oleMagic) {
		for _, mark := range compoundMacro {
			if bytes.Contains(data, mark) {
				return data, true
			}
		}
		return nil, false
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		// Cut, or not quite a zip: the name of the part stands there as it is.
		return nil, bytes.Contains(data, []byte("vbaProject.bin")) || bytes.Contains(f.Tail, []byte("vbaProject.bin"))
	}
	for _, part := range z.File {
		if path.Base(part.Name) != "vbaProject.bin" {
			continue
		}
		r, err := part.Open()
		if err != nil {
			return nil, true
		}
		data, _ = io.ReadAll(io.LimitReader(r, maxMacros))
		r.Close()
		return data, true
	}
	return nil, false
}

func macroFile(m *matcher, s *stanza) {
	for _, f := range m.in.Package.Files {
		if _, found := macros(f); found {
			m.add(s, m.whole(f, "an Office document with macros"))
		}
	}
}

// autoRun are macros that Office starts by itself.
// Source: https://learn.microsoft.com/office/vba/word/concepts/customizing-word/auto-macros
var autoRun = []string{"AutoOpen", "Auto_Open", "AutoExec", "AutoNew", "AutoClose", "Auto_Close", "AutoExit", "Document_Open", "Document_New", "Document_Close", "Workbook_Open", "Workbook_Activate", "Workbook_BeforeClose", "Workbook_Close", "Presentation_Open"}

// macroAutoRun is a macro that starts when the document is opened.
func macroAutoRun(m *matcher, s *stanza) {
	for _, f := range m.in.Package.Files {
		data, found := macros(f)
		if !found {
			continue
		}
		// Basic does not tell capital letters from small ones.
		text := strings.ToLower(strings.Join(append(macroTexts(data), string(data)), "\n"))
		for _, name := range autoRun {
			if strings.Contains(text, strings.ToLower(name)) {
				m.add(s, m.whole(f, name))
				break
			}
		}
	}
}

// maxMacroTexts is how many modules of one document are read.
const maxMacroTexts = 200

// macroTexts are the texts of the modules in a compound file. Each begins with
// Attribute VB_Name, which is how the start of its compressed form is known: no
// text before it can be referred to.
func macroTexts(data []byte) []string {
	var out []string
	begin := []byte("\x00Attribut\x00e ")
	total := 0
	for from := 0; len(out) < maxMacroTexts && total < maxMacros; {
		i := bytes.Index(data[from:], begin)
		if i < 0 {
			break
		}
		at := from + i
		from = at + len(begin)
		if at >= 3 && data[at-3] == 1 {
			out = append(out, string(decompress(data[at-3:])))
			total += len(out[len(out)-1])
		}
	}
	return out
}

// chunkSize is how much text one chunk holds at most, in bytes.
const chunkSize = 4096

// decompress reads a compressed container as far as it is one.
// Source: [MS-OVBA] 2.4.1.3.
func decompress(data []byte) []byte {
	var out []byte
	data = data[1:]
	for len(data) > 2 && len(out) < maxMacros {
		header := binary.LittleEndian.Uint16(data)
		size := min(int(header&0xfff)+3, len(data))
		if header>>12&7 != 3 {
			break
		}
		chunk := data[2:size]
		data = data[size:]
		if header>>15 == 0 {
			out = append(out, chunk...)
			continue
		}
		start := len(out)
		for len(chunk) > 0 && len(out)-start < chunkSize {
			flags := chunk[0]
			chunk = chunk[1:]
			for bit := 0; bit < 8 && len(chunk) > 0; bit++ {
				if flags>>bit&1 == 0 {
					out = append(out, chunk[0])
					chunk = chunk[1:]
					continue
				}
				if len(chunk) < 2 {
					return out
				}
				token := binary.LittleEndian.Uint16(chunk)
				chunk = chunk[2:]
				// The more text there is, the more bits say how far back it goes.
				offsetBits := 4
				for 1<<offsetBits < len(out)-start {
					offsetBits++
				}
				length := int(token&(0xffff>>offsetBits)) + 3
				from := len(out) - int(token>>(16-offsetBits)) - 1
				if from < start {
					return out
				}
				length = min(length, chunkSize-(len(out)-start))
				for range length {
					out = append(out, out[from])
					from++
				}
			}
		}
	}
	return out
}
