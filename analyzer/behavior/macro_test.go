package behavior

import (
	"archive/zip"
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/analyzer/archive"
)

// TestDecompress: the examples of [MS-OVBA] 3.2.
func TestDecompress(t *testing.T) {
	for _, test := range []struct{ name, compressed, want string }{
		{"no compression", "0119B000616263646566676800696A6B6C6D6E6F70007172737475762E", "abcdefghijklmnopqrstuv."},
		{"normal compression", "012FB00023616161626364658266007061676869" + "6A013808616B6C00306D6E6F7006710270041072737475761077" + "78797A003C", "#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa"},
		{"maximum compression", "0103B002614500", strings.Repeat("a", 73)},
		{"cut", "0103B00261", "a"},
		{"a token before the text", "0104B001FFFF61", ""},
	} {
		data, err := hex.DecodeString(test.compressed)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(decompress(data)); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// compress writes a text as a container without references.
func compress(text string) []byte {
	var chunk []byte
	for i := 0; i < len(text); i += 8 {
		chunk = append(append(chunk, 0), text[i:min(len(text), i+8)]...)
	}
	size := len(chunk) + 2 - 3
	return append([]byte{1, byte(size), byte(0xb0 | size>>8)}, chunk...)
}

// document is an Office document of today with such a part.
func document(t *testing.T, part string, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, entry := range []struct {
		name string
		data []byte
	}{{"[Content_Types].xml", bytes.Repeat([]byte("<x/>"), 40000)}, {part, content}} {
		w, err := z.Create(entry.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(entry.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestMacros: macros are found in documents as Office writes them, and what they
// begin with is read though it is compressed twice.
func TestMacros(t *testing.T) {
	compound := append(append([]byte(nil), oleMagic...), bytes.Repeat([]byte{0}, 600)...)
	with := func(source string) []byte { return append(append([]byte(nil), compound...), compress(source)...) }
	opening := with("Attribute VB_Name = \"ThisWorkbook\"\r\nPrivate Sub workbook_open()\r\nEnd Sub\r\n")
	for _, test := range []struct {
		name, file string
		data       []byte
		want       string
	}{
		{"a workbook that starts by itself", "a.xlsm", document(t, "xl/vbaProject.bin", opening), "document/macro-file macro/auto-run"},
		{"a workbook with macros that are called", "a.xlsm", document(t, "xl/vbaProject.bin", with("Attribute VB_Name = \"M\"\r\nSub Total()\r\nEnd Sub\r\n")), "document/macro-file"},
		{"under a harmless name", "a.docx", document(t, "word/vbaProject.bin", opening), "document/macro-file macro/auto-run"},
		{"an older document", "a.doc", append(append(append([]byte(nil), oleMagic...), "_VBA_PROJECT"...), compress("Attribute VB_Name = \"D\"\r\nSub AutoOpen()\r\nEnd Sub\r\n")...), "document/macro-file macro/auto-run"},
		{"a workbook without macros", "a.xlsx", document(t, "xl/workbook.xml", []byte("Workbook_Open")), ""},
		{"an archive that is no document", "a.zip", document(t, "readme.txt", []byte("Workbook_Open")), ""},
		{"a document that is cut", "a.xlsm", document(t, "xl/vbaProject.bin", opening)[:len(document(t, "xl/vbaProject.bin", opening))-30], "document/macro-file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := Load()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, b := range find(t, c, map[string][]byte{"package.json": []byte(`{"name": "a", "version": "1.0.0"}`), test.file: test.data}).Behaviors {
				if strings.HasPrefix(b.ID, "document/") || strings.HasPrefix(b.ID, "macro/") {
					got = append(got, b.ID)
				}
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("%v, want %q", got, test.want)
			}
		})
	}
}

// FuzzMacros: nothing in a document stops the scan.
func FuzzMacros(f *testing.F) {
	f.Add([]byte("\x01\x19\xb0\x00abcdefgh\x00ijklmnop\x00qrstuv."))
	f.Add(append(append([]byte(nil), oleMagic...), compress("Attribute VB_Name = \"D\"\r\nSub AutoOpen()")...))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 0 {
			decompress(data)
		}
		macroTexts(data)
		pkg := archive.New(map[string][]byte{"a.doc": data})
		macros(pkg.File("a.doc"))
	})
}
