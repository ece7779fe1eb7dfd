package archive_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/analyzer/archive"
)

// TestDisagreements: each thing that readers take in different ways stops the
// reading, and the error names the entry and the reason.
func TestDisagreements(t *testing.T) {
	end := make([]byte, 1024)
	manifest := fileSegment(posix, "", "package/package.json", "{}")
	file := func(name string) segment { return fileSegment(posix, "", name, "1") }
	with := func(s segment, at int, field string) segment {
		clear(s.header[at : at+len(field)])
		copy(s.header[at:], field)
		return s
	}
	kind := func(k byte) segment { return with(file("package/a.js"), 156, string(k)) }
	ungzipped := func(change func([]byte) []byte) *raw {
		return &raw{segments: []segment{manifest}, end: end, zip: change}
	}
	long := metaSegment('L', "package/long.js\x00")
	pax := func(records ...string) segment { return metaSegment('x', strings.Join(records, "")) }
	for why, cases := range map[string][]*raw{
		"a hard link":          {{segments: []segment{manifest, kind('1')}}},
		"a symbolic link":      {{segments: []segment{manifest, kind('2')}}},
		`an entry of type '7'`: {{segments: []segment{manifest, kind('7')}}},
		`an entry of type '3'`: {{segments: []segment{manifest, kind('3')}}},
		`an entry of type 'K'`: {{segments: []segment{manifest, kind('K')}}},
		"its checksum is not that of its header": {
			{segments: []segment{{header: manifest.header, body: manifest.body, wrong: true}}},
		},
		"something stands behind its name": {
			{segments: []segment{with(file("package/a.js"), 0, "package/a.js\x00\nb")}},
		},
		"a header without a name": {
			{segments: []segment{manifest, with(file("package/a.js"), 0, strings.Repeat("\x00", 12))}},
		},
		"its mode is not a plain octal number": {
			{segments: []segment{with(file("package/a.js"), 100, "00000644")}},
			{segments: []segment{with(file("package/a.js"), 100, "-000644\x00")}},
			{segments: []segment{with(file("package/a.js"), 100, "\x00\x00\x00\x00\x00\x00\x00\x00")}},
		},
		"its size is not a plain octal number": {
			{segments: []segment{with(file("package/a.js"), 124, "\x000000000001\x00")}},
			{segments: []segment{with(file("package/a.js"), 124, "\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01")}},
		},
		"its owner, time or device is not a number": {
			{segments: []segment{with(file("package/a.js"), 108, "\x81\x00\x00\x00\x00\x00\x00\x01")}},
			{segments: []segment{with(file("package/a.js"), 337, "\xc0")}},
		},
		"it has a link name": {
			{segments: []segment{with(file("package/a.js"), 157, "x")}},
			{segments: []segment{with(file("package/a.js"), 157, "\x00\nx")}},
		},
		"its format is not known": {
			{segments: []segment{with(file("package/a.js"), 257, "ustar\x00 0")}},
		},
		"a prefix that its format does not have": {
			{segments: []segment{fileSegment(gnu, "lib", "package/a.js", "1")}},
			{segments: []segment{fileSegment(old, "lib", "package/a.js", "1")}},
		},
		"something stands behind its prefix": {
			{segments: []segment{fileSegment(posix, "package\x00lib", "a.js", "1")}},
		},
		"its times are not numbers": {
			{segments: []segment{with(file("package/a.js"), 476, "\x81")}},
		},
		"a folder with a content": {
			{segments: []segment{with(file("package/lib"), 156, "5")}},
		},
		"it lies outside of the package's folder": {{segments: []segment{manifest, file("index.js")}}},
		"its name begins with a dot": {
			{segments: []segment{manifest, file("./package/index.js")}},
			{segments: []segment{file("./index.js")}},
		},
		"its name ends with a dot": {
			{segments: []segment{file("package/.")}},
			{segments: []segment{file("package/lib/.")}},
		},
		"its name has a part that leads upward": {
			{segments: []segment{file("package/../index.js")}},
			{segments: []segment{file("../package/index.js")}},
		},
		"a slash too many in its name": {
			{segments: []segment{file("package//a.js")}},
			{segments: []segment{file("/package/a.js")}},
			{segments: []segment{file("package/a/")}},
			{segments: []segment{fileSegment(posix, "package/", "a.js", "1")}},
		},
		"a backslash in its name": {
			{segments: []segment{file(`package/lib\a.js`)}},
			{segments: []segment{fileSegment(posix, `package\lib`, "a.js", "1")}},
		},
		"its name is not UTF-8": {{segments: []segment{file("package/\xff.js")}}},
		"a colon in its name": {
			{segments: []segment{file("package/c:/a.js")}},
			{segments: []segment{file("package/C:a.js")}},
			{segments: []segment{file("package/lib/a:b.js")}},
		},
		"pnpm loses a file of that name": {{segments: []segment{file("package/__proto__")}}},
		"a part of its name has more than 255 bytes": {
			{segments: []segment{pax(paxRecord("path", "package/"+strings.Repeat("n", 256))), file("package/n")}},
		},
		"more than one block names the same entry": {
			{segments: []segment{long, pax(paxRecord("mtime", "1")), file("package/a.js")}},
			{segments: []segment{pax(paxRecord("path", "package/b.js")), long, file("package/a.js")}},
			{segments: []segment{pax(paxRecord("uid", "1")), metaSegment('g', paxRecord("comment", "a")), file("package/a.js")}},
		},
		"it names an entry that does not follow": {{segments: []segment{manifest, long}}},
		"its long name is empty": {
			{segments: []segment{metaSegment('L', "\x00"), file("package/a.js")}},
		},
		"its long name is not ASCII": {
			{segments: []segment{metaSegment('L', "package/ä.js\x00"), file("package/a.js")}},
		},
		"something stands behind its long name": {
			{segments: []segment{metaSegment('L', "package/b.js\x00\nc"), file("package/a.js")}},
		},
		"more than 1048576 bytes name it": {
			{segments: []segment{metaSegment('x', paxRecord("comment", strings.Repeat("c", 1<<20))), file("package/a.js")}},
		},
		"its format does not have a block of this type": {
			{segments: []segment{with(long, 257, old), file("package/a.js")}},
			{segments: []segment{with(pax(paxRecord("path", "package/b.js")), 257, old), file("package/a.js")}},
		},
		"more than one global pax header": {
			{
				segments: []segment{
					metaSegment('g', paxRecord("comment", "a")),
					metaSegment('g', paxRecord("comment", "b")),
					file("package/a.js"),
				},
			},
		},
		"its pax header is empty": {
			{segments: []segment{metaSegment('x', ""), file("package/a.js")}},
		},
		"a pax record of a wrong length": {
			{segments: []segment{pax("99 path=package/b.js\n"), file("package/a.js")}},
			{segments: []segment{pax("0" + paxRecord("path", "package/b.js")), file("package/a.js")}},
			{segments: []segment{pax("5"), file("package/a.js")}},
			{segments: []segment{pax("+9 uid=12\n"), file("package/a.js")}},
			{segments: []segment{pax("2 \n"), file("package/a.js")}},
		},
		"a pax record with a newline or NUL in it": {
			{segments: []segment{pax(paxRecord("comment", "a\n22 path=package/b.js")), file("package/a.js")}},
			{segments: []segment{pax(paxRecord("path", "package/b.js\x00c")), file("package/a.js")}},
		},
		"a pax record without a name": {
			{segments: []segment{pax("11 comment\n"), file("package/a.js")}},
			{segments: []segment{pax("6 =ab\n"[:6]), file("package/a.js")}},
		},
		`a pax record "GNU.sparse.name"`: {
			{segments: []segment{pax(paxRecord("GNU.sparse.name", "package/b.js")), file("package/a.js")}},
		},
		`a pax record "path"`: {
			{segments: []segment{metaSegment('g', paxRecord("path", "package/b.js")), file("package/a.js")}},
			{segments: []segment{pax(paxRecord("path", "")), file("package/a.js")}},
			{segments: []segment{pax(paxRecord("path", "1000")), fileSegment(posix, "", "package", ""), file("package/a.js")}},
			{segments: []segment{pax(paxRecord("path", "package/b.js"), paxRecord("path", "package/c.js")), file("package/a.js")}},
		},
		`a pax record "size"`: {
			{segments: []segment{metaSegment('g', paxRecord("size", "1")), file("package/a.js")}},
			{segments: []segment{pax(paxRecord("size", "0x1")), file("package/a.js")}},
		},
		`a pax record "mode"`: {
			{segments: []segment{pax(paxRecord("mode", "511")), file("package/a.js")}},
		},
		`a pax record "linkpath"`: {
			{segments: []segment{pax(paxRecord("linkpath", "a")), file("package/a.js")}},
		},
		"the sizes of its header and its pax record differ": {
			{segments: []segment{pax(paxRecord("size", "512")), file("package/a.js")}},
		},
		"the names of its header and its pax record differ and are not ASCII": {
			{segments: []segment{pax(paxRecord("path", "package/ä.js")), file("package/a.js")}},
		},
		"it stands there twice with different contents": {
			{segments: []segment{file("package/a.js"), fileSegment(posix, "", "package/a.js", "2")}},
			{segments: []segment{file("package/a.js"), with(file("package/a.js"), 100, "0000755\x00")}},
			{segments: []segment{file("package/a.js"), fileSegment(posix, "package", "a.js", "")}},
			{segments: []segment{file("package/lib/a.js"), fileSegment(posix, "package", "./lib/./a.js", "2")}},
		},
		"it is a file and a folder": {
			{segments: []segment{file("package/a"), file("package/a/b")}},
			{segments: []segment{file("package/a/b/c"), file("package/a")}},
			{segments: []segment{file("package/a"), {header: headerOf(posix, "", "package/a/", '5', 0)}}},
			{segments: []segment{{header: headerOf(posix, "", "package/a", '5', 0)}, file("package/a")}},
		},
		"a folder named .npmignore": {
			{segments: []segment{file("package/.npmignore/a.js"), file("package/.gitignore")}},
			{segments: []segment{file("package/lib/.gitignore"), {header: headerOf(posix, "", "package/lib/.npmignore/", '5', 0)}}},
		},
		"a folder that is there already": {
			{segments: []segment{file("package/lib/a.js"), {header: headerOf(posix, "", "package/lib/", '5', 0)}}},
			{
				segments: []segment{
					{header: headerOf(posix, "", "package/lib/", '5', 0)},
					{header: headerOf(gnu, "", "other/lib", '5', 0)},
				},
			},
		},
		"the name of its folder has no slash at the end": {
			{segments: []segment{manifest, {header: headerOf(posix, "", "package", '5', 0)}}},
		},
		"its first letters are those of a compression": {
			{segments: []segment{file("x\x01/a.js")}},
			{segments: []segment{file("xڀ/a.js")}},
		},
		"it has no end":     {{segments: []segment{manifest}, end: []byte{}}},
		"it has no entries": {{end: end}},
		"something stands behind its end": {
			{segments: []segment{manifest}, end: append(make([]byte, 512), inner("package/late.js")...)},
			{segments: []segment{manifest}, end: append(make([]byte, 1024), 'x')},
		},
		"its last block is not whole": {
			{segments: []segment{manifest}, end: make([]byte, 1000)},
		},
		"something stands behind its gzip stream": {
			ungzipped(zips[0]),
			ungzipped(zips[1]),
			ungzipped(zips[2]),
			ungzipped(zips[3]),
		},
		"its gzip header has flags that nobody uses": {ungzipped(zips[9]), ungzipped(zips[10])},
	} {
		for i, c := range cases {
			if c.end == nil {
				c.end = end
			}
			_, err := archive.Read(bytes.NewReader(c.pack()), archive.Limits{})
			var disagreement *archive.DisagreementError
			if !errors.As(err, &disagreement) || disagreement.Why != why {
				t.Errorf("%s (%d): %v", why, i, err)
			}
		}
	}
}

// TestAccepted: what packers write is read, with its names and contents.
func TestAccepted(t *testing.T) {
	want := []string{
		"package.json index.js bin/tool* partly.sh*",
		"package.json lib/deep.js empty.js",
		"package.json lib/" + strings.Repeat("folder-name/", 9) + "file.js owner.js",
		"package.json lib/" + strings.Repeat("folder-name/", 9) + "file.js ä.js",
		"package.json lib/a.js",
		"package.json lib/a.js",
		"package.json old.js dist/a.js",
		"package.json timed.js sized.js .gitignore",
		"package.json " + strings.Repeat("q", 90) + "/far.js twice.js",
	}
	for i, seed := range seeds() {
		pkg, err := archive.Read(bytes.NewReader(seed.pack()), archive.Limits{})
		if err != nil {
			t.Errorf("seed %d: %v", i, err)
			continue
		}
		var got []string
		for _, f := range pkg.Files {
			name := f.Path
			if f.Executable {
				name += "*"
			}
			got = append(got, name)
		}
		if strings.Join(got, " ") != want[i] {
			t.Errorf("seed %d: %q, want %q", i, got, want[i])
		}
	}
	// gzip headers with a file's name, as gzip writes them, and with a field.
	for _, i := range []int{11, 12, 13} {
		unusual := &raw{segments: seeds()[0].segments, end: make([]byte, 512), zip: zips[i]}
		if _, err := archive.Read(bytes.NewReader(unusual.pack()), archive.Limits{}); err != nil {
			t.Errorf("gzip %d: %v", i, err)
		}
	}
	pkg, err := archive.Read(bytes.NewReader(seeds()[7].pack()), archive.Limits{})
	if err != nil || pkg.File(".npmignore") == nil || pkg.File(".gitignore") != pkg.File(".npmignore") || pkg.File("lib/.npmignore") != nil {
		t.Error("npm unpacks a .gitignore as an .npmignore", err)
	}
}

// TestHeld: of each file it is known how much is at hand, and a second reading
// brings the rest.
func TestHeld(t *testing.T) {
	binary := "\x00" + strings.Repeat("b", 100_000)
	data := pack(t, file("package/small.js", "1"), file("package/empty.js", ""), file("package/note.md", "words"),
		file("package/small.bin", "\x00b"), file("package/large.bin", binary),
		file("package/long.js", strings.Repeat("l", 5000)), file("package/more.js", "22"))
	limits := archive.Limits{FileKept: 4000, Keep: func(name string, _ []byte) bool { return !strings.HasSuffix(name, ".md") }}
	pkg, err := archive.Read(bytes.NewReader(data), limits)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, pkg *archive.Package, want map[string]archive.Held) {
		t.Helper()
		for name, held := range want {
			f := pkg.File(name)
			whole := f.Held != archive.Whole || int64(len(f.Data())) == f.Size
			if f.Held != held || (f.Held == archive.Cut) != (f.Skipped != "") || !whole {
				t.Errorf("%s, %s: held %d, skipped %q, %d bytes", what, name, f.Held, f.Skipped, len(f.Data()))
			}
		}
	}
	check(
		"first",
		pkg,
		map[string]archive.Held{
			"small.js": archive.Whole, "empty.js": archive.Whole, "note.md": archive.Dropped, "small.bin": archive.Whole,
			"large.bin": archive.Part, "long.js": archive.Cut, "more.js": archive.Whole,
		},
	)
	second, err := archive.Read(
		bytes.NewReader(data),
		archive.Limits{Only: map[string]bool{"note.md": true, "large.bin": true, "empty.js": true, "none": true}},
	)
	if err != nil {
		t.Fatal(err)
	}
	check(
		"second",
		second,
		map[string]archive.Held{
			"small.js": archive.Dropped, "empty.js": archive.Whole, "note.md": archive.Whole, "large.bin": archive.Whole,
			"long.js": archive.Dropped,
		},
	)
	pkg.Complete(second)
	check(
		"both",
		pkg,
		map[string]archive.Held{
			"small.js": archive.Whole, "note.md": archive.Whole, "large.bin": archive.Whole, "long.js": archive.Cut,
		},
	)
	content := func(name string) string { return string(pkg.File(name).Data()) }
	if content("large.bin") != binary || pkg.File("large.bin").Tail != nil || content("note.md") != "words" || content("small.js") != "1" {
		t.Error("the contents of the second reading are not there")
	}
	cut, err := archive.Read(
		bytes.NewReader(data),
		archive.Limits{
			Kept:     3,
			FileKept: 4000,
			Only:     map[string]bool{"long.js": true, "more.js": true, "small.js": true, "note.md": true},
		},
	)
	if err != nil {
		t.Fatal(err)
	}
	check(
		"limits",
		cut,
		map[string]archive.Held{
			"small.js": archive.Whole, "long.js": archive.Cut, "more.js": archive.Whole, "note.md": archive.Cut,
		},
	)
	if archive.New(map[string][]byte{"a": {0}}).File("a").Held != archive.Whole {
		t.Error("what is made in memory is whole")
	}
}

// TestTwins: names that some file system takes for one are found, others are not.
func TestTwins(t *testing.T) {
	for _, test := range []struct{ files, want string }{
		{"package.json Package.json", "package.json=Package.json"},
		{"package.json lib/PACKAGE.JSON", "lib/PACKAGE.JSON=lib/package.json"},
		{"package.json Node_modules/a/index.js", "Node_modules/a/index.js=node_modules/a/index.js"},
		{"Binding.gyp", "Binding.gyp=binding.gyp"},
		{"package.json. index.js", "package.json.=package.json"},
		{"lib/a.js Lib/A.js", "Lib/A.js=lib/a.js"},
		{"caf\u00e9.js cafe\u0301.js", "cafe\u0301.js=caf\u00e9.js"},
		{"stra\u00dfe.js STRASSE.js", "stra\u00dfe.js=STRASSE.js"},
		{"a.js a.js::$DATA", "a.js=a.js::$DATA"},
		{"a?.js a_.js", "a_.js=a?.js"},
		{"a.js. a.js", "a.js.=a.js"},
		{"lib./a.js lib/a.js", "lib/a.js=lib./a.js"},
		{"in\u200cdex.js index.js", "in\u200cdex.js=index.js"},
		{"package.json PACKAG~1.JSO", "PACKAG~1.JSO=package.json package.json=PACKAG~1.JSO"},
		{"index.js index.json Index/a.js README.md index.mjs package.json~ a~b.js .package.json.un~ foo.d.ts foo.ts", ""},
	} {
		files := map[string][]byte{}
		for i, name := range strings.Fields(test.files) {
			files[name] = []byte(fmt.Sprint(i))
		}
		var got []string
		for _, twin := range archive.New(files).Twins() {
			got = append(got, twin.File.Path+"="+twin.Other)
		}
		other := strings.Fields(test.want)
		for i := range other { // which of two comes first does not matter
			a, b, _ := strings.Cut(other[i], "=")
			other[i] = b + "=" + a
		}
		want := strings.Fields(test.want)
		if !slices.Equal(got, want) && !slices.Equal(got, other) && !(len(got) == 1 && slices.Contains(want, got[0])) {
			t.Errorf("%q: %q", test.files, got)
		}
	}
	same := archive.New(map[string][]byte{"a.js": []byte("1"), "A.js": []byte("1")})
	if twins := same.Twins(); twins != nil {
		t.Errorf("the same content: %v", twins)
	}
	if same.Folded("LIB/a.js") != nil || archive.New(map[string][]byte{"lib/e.js": nil}).Folded("lib/E.js") == nil {
		t.Error("Folded finds what ignoring case finds")
	}
}
