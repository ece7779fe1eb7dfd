package archive_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/analyzer/archive"
)

func pack(t testing.TB, headers ...*tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, h := range headers {
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		content := h.PAXRecords["content"]
		h.PAXRecords = nil
		if h.Typeflag == 0 || h.Typeflag == tar.TypeReg {
			h.Typeflag = tar.TypeReg
			h.Size = int64(len(content))
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil && h.Typeflag == tar.TypeReg {
			t.Fatal(err)
		}
	}
	w.Close()
	z.Close()
	return b.Bytes()
}

func file(name, content string) *tar.Header {
	return &tar.Header{Name: name, PAXRecords: map[string]string{"content": content}}
}

// TestBudgets trips each budget and reads what a reader is told.
func TestBudgets(t *testing.T) {
	many := make([]*tar.Header, 0, 12)
	for range 12 {
		many = append(many, file("package/a.js", "x"))
	}
	for _, test := range []struct {
		name   string
		limits archive.Limits
		data   []byte
		want   string
	}{
		{"compressed size", archive.Limits{Compressed: 64}, pack(t, file("package/a.js", strings.Repeat("abc", 400))), "archive: more than 64 bytes of tarball (limit Compressed)"},
		{"expanded size", archive.Limits{Expanded: 4000}, pack(t, file("package/a.js", strings.Repeat("a", 10_000))), `archive: "a.js": more than 4000 bytes unpacked (limit Expanded)`},
		{"ratio", archive.Limits{}, pack(t, file("package/bomb.js", strings.Repeat("\x00", 40<<20))), `archive: "bomb.js": unpacks to more than 250 times its size (limit Ratio)`},
		{"file count", archive.Limits{Files: 10}, pack(t, many...), `archive: "package/a.js": more than 10 files (limit Files)`},
		{"path length", archive.Limits{PathLength: 100}, pack(t, file("package/"+strings.Repeat("x", 200), "")), "a path longer than 100 bytes (limit PathLength)"},
		{"depth", archive.Limits{Depth: 5}, pack(t, file("package/a/b/c/d/e/f/g.js", "")), `archive: "a/b/c/d/e/f/g.js": more than 5 folders deep (limit Depth)`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := archive.Read(bytes.NewReader(test.data), test.limits)
			var limit *archive.LimitError
			if !errors.As(err, &limit) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestContentBudgetKeepsTheRest(t *testing.T) {
	pkg, err := archive.Read(bytes.NewReader(pack(t, file("package/a.js", strings.Repeat("a", 500)), file("package/b.js", strings.Repeat("b", 700)))), archive.Limits{Kept: 600})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := pkg.File("a.js"), pkg.File("b.js"); a.Skipped != "" || len(a.Data()) != 500 || b.Skipped == "" || b.Data() != nil {
		t.Errorf("a.js: %q, b.js: %q", a.Skipped, b.Skipped)
	}
}

func TestDamaged(t *testing.T) {
	whole := pack(t, file("package/a.js", strings.Repeat("abcdefgh", 5000)))
	for name, data := range map[string][]byte{"empty": {}, "no gzip": []byte("hello"), "cut": whole[:len(whole)/2], "flipped": append(append([]byte{}, whole[:40]...), bytes.Repeat([]byte{0xff}, 30)...)} {
		if _, err := archive.Read(bytes.NewReader(data), archive.Limits{}); err == nil || !strings.HasPrefix(err.Error(), "archive: the tarball is damaged") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSniff(t *testing.T) {
	for _, test := range []struct {
		name string
		head string
		want archive.Kind
	}{
		{"script", "#!/usr/bin/env node\n", archive.Text},
		{"ELF", "\x7fELF\x02\x01", archive.ELF},
		{"fat Mach-O", "\xca\xfe\xba\xbe\x00\x00\x00\x02", archive.MachO},
		{"a Java class is no Mach-O", "\xca\xfe\xba\xbe\x00\x00\x00\x34", archive.Binary},
		{"Windows program", "MZ\x90\x00" + strings.Repeat("\x00", 64), archive.PE},
		{"a text that begins with MZ", "MZ is a pair of letters, and this goes on for longer than a header", archive.Text},
		{"WebAssembly", "\x00asm\x01\x00\x00\x00", archive.Wasm},
		{"zip", "PK\x03\x04", archive.Archive},
		{"nothing", "", archive.Empty},
	} {
		if got := archive.Sniff([]byte(test.head)); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}

// FuzzRead: no tarball panics or unpacks past its budgets.
func FuzzRead(f *testing.F) {
	f.Add(pack(f, file("package/package.json", `{"name":"a"}`)))
	f.Add(pack(f, &tar.Header{Name: "package/l", Typeflag: tar.TypeSymlink, Linkname: "x"}))
	f.Fuzz(func(t *testing.T, data []byte) {
		pkg, err := archive.Read(bytes.NewReader(data), archive.Limits{Expanded: 1 << 20, Files: 100})
		if err != nil {
			return
		}
		for _, file := range pkg.Files {
			if strings.HasPrefix(file.Path, "/") || strings.Contains("/"+file.Path+"/", "/../") {
				t.Fatalf("a path outside the package: %q", file.Path)
			}
		}
	})
}

// TestLargePackage: what is kept compressed reads as it was.
func TestLargePackage(t *testing.T) {
	var headers []*tar.Header
	want := map[string]string{}
	for i := range 15 {
		var b strings.Builder
		for b.Len() < 2<<20 {
			fmt.Fprintf(&b, "exports.v%d_%d = %d\n", i, b.Len(), i*b.Len())
		}
		name := fmt.Sprintf("f%d.js", i)
		want[name] = b.String()
		headers = append(headers, file("package/"+name, b.String()))
	}
	want["small.js"] = "exports.a = 1\n"
	pkg, err := archive.Read(bytes.NewReader(pack(t, append(headers, file("package/small.js", want["small.js"]))...)), archive.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if !pkg.Large() {
		t.Error("30 MB are not large")
	}
	for range 2 { // again, and what was read lately
		for _, f := range pkg.Files {
			first, again := f.Data(), f.Data()
			if string(first) != want[f.Path] || string(again) != want[f.Path] {
				t.Errorf("%s reads differently", f.Path)
			}
		}
	}
	few, err := archive.Read(bytes.NewReader(pack(t, headers[:2]...)), archive.Limits{})
	if err != nil || few.Large() {
		t.Errorf("4 MB are large, %v", err)
	}
}
