package archive_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/lockfile/clienttest"
)

// readers are the package managers' own, in one process of Node that is asked
// again and again (testdata/readers.cjs).
type readers struct {
	in  io.WriteCloser
	out *bufio.Reader
}

func openReaders(t testing.TB) *readers {
	t.Helper()
	work, err := os.MkdirTemp("/dev/shm", "lockwarden-readers-") // hundreds of folders a second
	if err != nil {
		work = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(work) })
	args := []string{filepath.Join("testdata", "readers.cjs"), work}
	for _, spec := range []string{
		"npm@11.19.1", "npm@6.14.18", "@pnpm/store.cafs@1000.1.6", "tar-fs@1.16.6", "gunzip-maybe@1.4.2", "@yarnpkg/core@4.9.3",
	} {
		args = append(args, clienttest.Install(t, spec))
	}
	cmd := exec.Command("node", args...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	return &readers{in, bufio.NewReader(out)}
}

// ask gives what each reader unpacks, or its error.
func (r *readers) ask(t testing.TB, data []byte) (files map[string]map[string]string, failed map[string]string) {
	t.Helper()
	if _, err := r.in.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), data...)); err != nil {
		t.Fatal(err)
	}
	line, err := r.out.ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var answers map[string]json.RawMessage
	if err := json.Unmarshal(line, &answers); err != nil {
		t.Fatal(err)
	}
	files, failed = map[string]map[string]string{}, map[string]string{}
	for name, answer := range answers {
		var one map[string]string
		var text string
		if json.Unmarshal(answer, &one) == nil {
			files[name] = one
		} else if err := json.Unmarshal(answer, &text); err == nil {
			failed[name] = text
		}
	}
	return files, failed
}

// unpacked is what Read gives, as the readers say it.
func unpacked(pkg *archive.Package) map[string]string {
	out := map[string]string{}
	for _, f := range pkg.Files {
		sum := sha256.Sum256(f.Data())
		out[f.Path] = hex.EncodeToString(sum[:])
		if f.Executable {
			out[f.Path] += " x"
		}
	}
	return out
}

// everything keeps every content, whatever it is.
func everything(data []byte) (archive.Limits, error) {
	pkg, err := archive.Read(bytes.NewReader(data), archive.Limits{})
	if err != nil {
		return archive.Limits{}, err
	}
	only := map[string]bool{}
	for _, f := range pkg.Files {
		only[f.Path] = true
	}
	return archive.Limits{Only: only}, nil
}

// differs says in what a reader does not see what Read gives; "" where Read
// refuses the tarball, or all agree.
func (r *readers) differs(t testing.TB, data []byte) (accepted bool, difference string) {
	t.Helper()
	limits, err := everything(data)
	if err != nil {
		return false, ""
	}
	pkg, err := archive.Read(bytes.NewReader(data), limits)
	if err != nil {
		return true, "a second reading fails: " + err.Error()
	}
	want := unpacked(pkg)
	files, failed := r.ask(t, data)
	if len(failed) > 0 {
		return true, fmt.Sprintf("readers fail: %v", failed)
	}
	if len(files) != 5 {
		return true, fmt.Sprintf("%d readers answer", len(files))
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		got := files[name]
		if strings.HasPrefix(name, "npm") { // they rename it, and File knows
			for file := range want {
				if dir, ok := strings.CutSuffix(file, ".gitignore"); ok && got[file] == "" && pkg.File(dir+".npmignore") != nil {
					got[file] = got[dir+".npmignore"]
					if want[dir+".npmignore"] == "" {
						delete(got, dir+".npmignore")
					} else {
						got[file] = want[file] // there are both: the .npmignore stays
					}
				}
			}
		}
		if !maps.Equal(want, got) {
			return true, fmt.Sprintf("%s unpacks %v, Read gives %v", name, got, want)
		}
	}
	return true, ""
}

// TestReadersAgree: what Read accepts, the readers of npm, pnpm and Yarn unpack
// alike: the cases of analyzer/testdata, and edited headers of what packers
// write. LOCKWARDEN_NIGHTLY lengthens it to a minute, LOCKWARDEN_ARCHIVE_TIME
// ("30m") further, with a seed of its own each time.
func TestReadersAgree(t *testing.T) {
	if testing.Short() {
		t.Skip("installs the package managers' readers")
	}
	r := openReaders(t)
	cases, err := filepath.Glob(filepath.Join("..", "testdata", "cases", "tar", "*.tgz"))
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	for _, name := range cases {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		accepted, difference := r.differs(t, data)
		if difference != "" {
			t.Errorf("%s: %s", filepath.Base(name), difference)
		}
		if !accepted && strings.HasPrefix(filepath.Base(name), "benign-") {
			t.Errorf("%s is refused", filepath.Base(name))
		}
	}
	for i, seed := range seeds() {
		accepted, difference := r.differs(t, seed.pack())
		if difference != "" || !accepted {
			t.Errorf("seed %d: accepted %v, %s", i, accepted, difference)
		}
	}
	length, from := 5*time.Second, uint64(1)
	if os.Getenv("LOCKWARDEN_NIGHTLY") != "" {
		length, from = time.Minute, uint64(time.Now().UnixNano())
	}
	if text := os.Getenv("LOCKWARDEN_ARCHIVE_TIME"); text != "" {
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
		from = uint64(time.Now().UnixNano())
	}
	tried, accepted, why := 0, 0, map[string]int{}
	random := rand.New(rand.NewPCG(from, 2))
	for start := time.Now(); time.Since(start) < length; tried++ {
		raw := mutated(random)
		data := raw.pack()
		if _, err := archive.Read(bytes.NewReader(data), archive.Limits{}); err != nil {
			var disagreement *archive.DisagreementError
			if errors.As(err, &disagreement) {
				why[disagreement.Why]++
			} else {
				why["damaged"]++
			}
			continue
		}
		accepted++
		if _, difference := r.differs(t, data); difference != "" {
			name := filepath.Join(os.TempDir(), fmt.Sprintf("lockwarden-readers-%d-%d.tgz", from, tried))
			if os.WriteFile(name, data, 0o644) == nil {
				t.Errorf("%s (written to %s)", difference, name)
			}
			if t.Failed() && accepted > 2000 {
				break
			}
		}
	}
	t.Logf("%d tarballs from seed %d, %d accepted", tried, from, accepted)
	if testing.Verbose() {
		for _, reason := range slices.Sorted(maps.Keys(why)) {
			t.Logf("%7d %s", why[reason], reason)
		}
	}
	if accepted < 20 {
		t.Error("too few are accepted to show anything")
	}
}

// segment is a header with its content.
type segment struct {
	header [512]byte
	body   []byte
	// wrong leaves the header's checksum as it is, unpadded the content.
	wrong, unpadded bool
}

// raw is a tarball in pieces.
type raw struct {
	segments []segment
	end      []byte
	// zip makes the gzip stream; nil: as usual.
	zip func(data []byte) []byte
}

func (r *raw) pack() []byte {
	var b bytes.Buffer
	for i := range r.segments {
		s := &r.segments[i]
		if !s.wrong {
			checksum(&s.header)
		}
		b.Write(s.header[:])
		b.Write(s.body)
		if !s.unpadded {
			b.Write(make([]byte, -len(s.body)&511))
		}
	}
	b.Write(r.end)
	if r.zip != nil {
		return r.zip(b.Bytes())
	}
	return zip(b.Bytes())
}

func zip(data []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	z.Write(data)
	z.Close()
	return b.Bytes()
}

// checksum puts a header's sum into it, in the form that it has there.
func checksum(h *[512]byte) {
	sum := 8 * int(' ')
	for i, c := range h {
		if i < 148 || i >= 156 {
			sum += int(c)
		}
	}
	copy(h[148:156], fmt.Sprintf("%06o\x00 ", sum))
}

// headerOf is a header as packers write it.
func headerOf(magic, prefix, name string, kind byte, size int) [512]byte {
	var h [512]byte
	copy(h[:100], name)
	copy(h[100:], "0000644\x00")
	copy(h[108:], "0001750\x000001750\x00")
	copy(h[124:], fmt.Sprintf("%011o\x00", size))
	copy(h[136:], "03560116604\x00")
	h[156] = kind
	copy(h[257:], magic)
	copy(h[345:], prefix)
	return h
}

func fileSegment(magic, prefix, name, body string) segment {
	return segment{header: headerOf(magic, prefix, name, '0', len(body)), body: []byte(body)}
}

func metaSegment(kind byte, body string) segment {
	return segment{header: headerOf("ustar\x0000", "", "PaxHeader/x", kind, len(body)), body: []byte(body)}
}

func paxRecord(key, value string) string {
	rest := " " + key + "=" + value + "\n"
	n := len(rest)
	for len(fmt.Sprint(n))+len(rest) != n {
		n = len(fmt.Sprint(n)) + len(rest)
	}
	return fmt.Sprint(n) + rest
}

const (
	posix = "ustar\x0000"
	gnu   = "ustar  \x00"
	old   = "\x00\x00\x00\x00\x00\x00\x00\x00"
)

// inner is an entry that lies in the content of another: who reads the content
// as headers unpacks it.
func inner(name string) string {
	s := fileSegment(posix, "", name, "smuggled")
	checksum(&s.header)
	return string(s.header[:]) + "smuggled" + strings.Repeat("\x00", 504)
}

// seedManifest has a name that another of the same length can replace.
const seedManifest = `{"name":"p000","version":"1.0.0"}`

// seeds are tarballs as packers write them: npm, GNU tar, pax (Python, bsdtar),
// git archive, an old tar, old releases of pnpm.
func seeds() []*raw {
	end := make([]byte, 1024)
	manifest := seedManifest
	long := "lib/" + strings.Repeat("folder-name/", 9) + "file.js"
	owner := paxRecord("mtime", "1700000000.25") + paxRecord("uname", "builder") + paxRecord("SCHILY.ino", "12")
	times := headerOf(posix, "package", "timed.js", '0', 1) // star, and node-tar on request
	copy(times[476:], "14500000000\x0014500000000\x00")
	tool := fileSegment(posix, "", "package/bin/tool", "#!/usr/bin/env node\n")
	copy(tool.header[100:], "0000755\x00")
	partly := fileSegment(posix, "", "package/partly.sh", "#!/bin/sh\n")
	copy(partly.header[100:], "000744 \x00")
	large := fileSegment(gnu, "", "package/owner.js", "1")
	copy(large.header[108:], "\x80\x00\x00\x00\x7f\xff\xff\xff")
	return []*raw{
		{
			segments: []segment{
				fileSegment(posix, "", "package/package.json", manifest),
				fileSegment(posix, "", "package/index.js", "1"),
				tool,
				partly,
			},
			end: end,
		},
		{
			segments: []segment{
				fileSegment(posix, "", "package/package.json", manifest),
				fileSegment(posix, "package/lib", "deep.js", inner("package/index.js")),
				fileSegment(posix, "", "package/empty.js", ""),
			},
			end: end,
		},
		{
			segments: []segment{
				{header: headerOf(gnu, "", "package/", '5', 0)},
				fileSegment(gnu, "", "package/package.json", manifest),
				{header: headerOf(gnu, "", "././@LongLink", 'L', len("package/"+long)+1), body: []byte("package/" + long + "\x00")},
				fileSegment(gnu, "", ("package/" + long)[:100], "long"),
				large,
			},
			end: end,
		},
		{
			segments: []segment{
				fileSegment(posix, "", "package/package.json", manifest),
				metaSegment('x', owner+paxRecord("path", "package/"+long)),
				fileSegment(posix, "", "package/lib/file.js", "long"),
				metaSegment('x', owner+paxRecord("path", "package/ä.js")),
				fileSegment(posix, "", "package/ä.js", "1"),
			},
			end: end,
		},
		{
			segments: []segment{
				metaSegment('g', paxRecord("comment", "0123456789abcdef0123456789abcdef01234567")),
				{header: headerOf(posix, "", "a-1.0.0/", '5', 0)},
				fileSegment(posix, "", "a-1.0.0/package.json", manifest),
				{header: headerOf(posix, "", "a-1.0.0/lib/", '5', 0)},
				fileSegment(posix, "", "a-1.0.0/lib/a.js", "1"),
			},
			end: end,
		},
		{
			segments: []segment{
				{header: headerOf(posix, "", "package", '5', 0)},
				fileSegment(posix, "", "package/package.json", manifest),
				{header: headerOf(posix, "", "package/lib", '5', 0)},
				fileSegment(posix, "", "package/lib/a.js", "1"),
			},
			end: end,
		},
		{
			segments: []segment{
				fileSegment(old, "", "package/package.json", manifest),
				{header: headerOf(old, "", "package/old.js", 0, 3), body: []byte("old")},
				fileSegment(old, "", "package/./dist/./a.js", inner("package/evil.js")),
			},
			end: end,
		},
		{
			segments: []segment{
				fileSegment(posix, "", "package/package.json", manifest),
				{header: times, body: []byte("1")},
				metaSegment('x', paxRecord("path", "package/sized.js")+paxRecord("size", "2")),
				fileSegment(posix, "package", "sized.js", "12"),
				fileSegment(posix, "", "package/.gitignore", "node_modules\n"),
			},
			end: end[:512],
		},
		{
			segments: []segment{
				fileSegment(posix, "", "package/package.json", manifest),
				fileSegment(posix, strings.Repeat("p", 60)+"/"+strings.Repeat("q", 90), "far.js", "1"),
				fileSegment(posix, "", "package/twice.js", "1"),
				fileSegment(posix, "", "package/twice.js", "1"),
			},
			end: append(end, make([]byte, 9*512)...),
		},
	}
}

var (
	fields = [][2]int{
		{0, 100},
		{100, 108},
		{108, 116},
		{116, 124},
		{124, 136},
		{136, 148},
		{148, 156},
		{156, 157},
		{157, 257},
		{257, 265},
		{265, 297},
		{297, 329},
		{329, 337},
		{337, 345},
		{345, 500},
		{475, 476},
		{476, 488},
		{488, 500},
		{500, 512},
	}
	texts = []string{
		"", "package/index.js", "package/a.js", "./package/index.js", "package//index.js", "package/./index.js",
		"/package/index.js", "package/../index.js", "package/lib/../index.js", "index.js", "package", "package/", "package/lib/",
		"package/lib", `package\index.js`, `package/lib\a.js`, "package/c:/index.js", "package/c:index.js", "package/C:",
		"package/.", "./", ".", "..", "package/index.js\x00\nb", "package/index.js\x00b", "package/\xff.js", "package/ä.js",
		"package/A\u0308.js", "package/index.js/a", "package/Index.js", "package/package.json", "package/__proto__",
		"package/__proto__/a.js", "package/constructor", "package/node_modules/a/index.js", "package/.npmignore",
		"package/.gitignore", "package/a b.js ", "package/a.js.", "package/con", "package/a:b", "package/\r.js", "package/\n.js",
		"package/\u2028.js", "x\x01/index.js", "xڀ/index.js", "x\x9c/a", " /a.js", "package/ ", "package/\ufeffindex.js",
		"package/foo./a.js", "package/.../a.js", "~/a.js", "package/?.js", "package/*.js", "package/a\tb.js",
		"package/" + strings.Repeat("n", 250) + ".js", "package/" + strings.Repeat("n", 256), strings.Repeat("d/", 70) + "a.js",
		"\x00package/index.js", "\x1f\x8b\x08/a.js", "PaxHeader/x",
	}
	numbers = []string{
		"", "0", "1", "7", "644", "755", "744", "100644", "100755", "000644 ", " 644", "  755 \x00", "644\x00", "\x00644",
		"\x00\x00 7", "-1", "+7", "8", "0x7", "0o7", "7 7", "7\x007", "7\x00\n7", "7a", "7\n", "\t7",
		"\x80\x00\x00\x00\x00\x00\x00\x01", "\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01", "\x80\xff\xff\xff\xff\xff\xff\xff",
		"\x81\x00\x00\x00\x00\x00\x00\x00", "\xff\xff\xff\xff\xff\xff\xff\xff", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe",
		"\xc0\x01", "00000000", "77777777", "777777777777", "0000000 ", "        ", "00000000012", "000000000012",
		"00000001000\x00", "00000001000 ", "00000002000\x00", "1000", "2000", "\xef\xbb\xbf7", "\u00a07", "7.5", "1e3",
	}
	magics = []string{
		posix, gnu, old, "ustar\x00\x00\x00", "ustar\x00 0", "ustar  0", "ustar \x00\x00", "ustar\x0001", "USTAR\x0000",
		"ustar000", "tar\x00\x00\x00\x00\x00",
	}
	kinds = "00000\x00\x00\x00555123456789xxxggLLKNXDSVMAIEa\x01\xff "
	keys  = []string{
		"path", "path", "path", "size", "size", "linkpath", "mode", "type", "uid", "mtime", "comment", "GNU.sparse.name",
		"GNU.sparse.size", "GNU.sparse.realsize", "GNU.sparse.major", "SCHILY.realsize", "SCHILY.dev", "charset", "hdrcharset",
		"ctime", "uname", "__proto__", "global", "path=", "", "Path", "path ", "NODETAR.type", "LIBARCHIVE.xattr.a",
		"SCHILY.xattr.user.a",
	}
)

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// mutated is a seed with a few edits.
func mutated(r *rand.Rand) *raw {
	list := seeds()
	out := pick(r, list)
	for range 1 + r.IntN(3) {
		if len(out.segments) == 0 {
			break
		}
		at := r.IntN(len(out.segments))
		s := &out.segments[at]
		switch r.IntN(20) {
		case 0: // any byte, mostly where something stands
			s.header[r.IntN(512)] = byte(r.IntN(256))
		case 1:
			s.header[r.IntN(512)] = pick(r, []byte("\x00\x00 07/\\.\n:x\x80\xff"))
		case 2, 3:
			f := pick(r, fields)
			fill(s.header[f[0]:f[1]], pick(r, numbers), r)
		case 4, 5:
			fill(s.header[:100], pick(r, texts), r)
		case 6:
			f := pick(r, fields)
			fill(s.header[f[0]:f[1]], pick(r, texts), r)
		case 7:
			copy(s.header[257:265], pick(r, magics))
		case 8:
			s.header[156] = kinds[r.IntN(len(kinds))]
		case 9:
			fill(
				s.header[345:500],
				pick(
					r,
					[]string{
						"package",
						"package/",
						"package/lib",
						"./package",
						"a",
						"/",
						"..",
						strings.Repeat("p", 130),
						strings.Repeat("p", 131),
						strings.Repeat("p/", 77),
						"package\\lib",
					},
				),
				r,
			)
		case 10:
			out.segments = slices.Insert(out.segments, at, metaSegment(pick(r, []byte("xxxg")), records(r)))
		case 11:
			name := pick(r, texts)
			if r.IntN(2) == 0 {
				name += "\x00"
			}
			out.segments = slices.Insert(
				out.segments,
				at,
				segment{header: headerOf(pick(r, magics[:3]), "", "././@LongLink", 'L', len(name)), body: []byte(name)},
			)
		case 12:
			out.segments = slices.Insert(out.segments, at, *s)
		case 13:
			out.segments = slices.Delete(out.segments, at, at+1)
		case 14:
			other := r.IntN(len(out.segments))
			out.segments[at], out.segments[other] = out.segments[other], out.segments[at]
		case 15:
			other := *pick(r, list)
			out.segments = append(out.segments, other.segments[r.IntN(len(other.segments))])
		case 16: // the content, with its size or without
			s.body = []byte(
				pick(
					r,
					[]string{
						"",
						"x",
						inner("package/index.js"),
						inner("package/evil.js"),
						strings.Repeat("\x00", 512),
						strings.Repeat("\x00", 1024),
						strings.Repeat("y", 511),
						strings.Repeat("y", 512),
						strings.Repeat("y", 513),
					},
				),
			)
			if r.IntN(4) > 0 {
				fill(s.header[124:136], fmt.Sprintf("%011o\x00", len(s.body)), r)
			}
		case 17:
			checksum(&s.header)
			sum := strings.Trim(string(s.header[148:156]), "\x00 ")
			copy(
				s.header[148:156],
				pick(
					r,
					[]string{
						"0" + sum + "\x00", " " + sum + "\x00", sum + "  ", sum + " \x00", sum + "\x00\x00", "00" + sum,
						sum + "\x000", "\x00" + sum + " ", "      \x00 ", "\x00\x00\x00\x00\x00\x00\x00\x00", "  " + sum,
					},
				),
			)
			s.wrong = true
		case 18:
			out.end = pick(
				r,
				[][]byte{
					nil,
					make([]byte, 512),
					make([]byte, 1024),
					make([]byte, 10240),
					make([]byte, 600),
					make([]byte, 1),
					append(make([]byte, 512), inner("package/late.js")...),
					append(append(make([]byte, 1024), inner("package/late.js")...), make([]byte, 1024)...),
					append(make([]byte, 1024), 'x'),
					append(make([]byte, 148), append([]byte("abc"), make([]byte, 1024-151)...)...),
				},
			)
		case 19:
			out.zip = pick(r, zips)
		}
	}
	if out.zip == nil && r.IntN(30) == 0 {
		out.zip = pick(r, zips)
	}
	return out
}

// fill puts a text into a field, over what stands there or into zeros.
func fill(field []byte, s string, r *rand.Rand) {
	if r.IntN(4) > 0 {
		clear(field)
	}
	copy(field, s)
}

// records are those of a pax header, right or not.
func records(r *rand.Rand) string {
	out := ""
	for range 1 + r.IntN(3) {
		value := pick(r, texts)
		if r.IntN(3) == 0 {
			value = pick(r, numbers)
		}
		if r.IntN(8) == 0 {
			value += "\n" + paxRecord("path", "package/index.js")
		}
		record := paxRecord(pick(r, keys), strings.TrimRight(value, "\x00"))
		switch r.IntN(12) {
		case 0:
			record = "0" + record
		case 1:
			record = record[:len(record)-1]
		case 2:
			record = pick(r, []string{"1", "9", "99", " ", "-", "+", "0x"}) + record
		case 3:
			record += "\x00"
		}
		out += record
	}
	return out
}

// zips are gzip streams that are not the usual one.
var zips = []func([]byte) []byte{
	func(b []byte) []byte { return append(zip(b[:len(b)/2]), zip(b[len(b)/2:])...) },
	func(b []byte) []byte { return append(zip(b), zip(b)...) },
	func(b []byte) []byte { return append(zip(b), 0) },
	func(b []byte) []byte { return append(zip(b), "garbage"...) },
	func(b []byte) []byte { return append(zip(b), make([]byte, 600)...) },
	func(b []byte) []byte { return zip(zip(b)) },
	func(b []byte) []byte { z := zip(b); return z[:len(z)-4] },
	func(b []byte) []byte { z := zip(b); return z[:len(z)-9] },
	func(b []byte) []byte { z := zip(b); z[len(z)-7] ^= 1; return z },
	func(b []byte) []byte { z := zip(b); z[3] |= 0x20; return z },
	func(b []byte) []byte { z := zip(b); z[3] |= 2; return slices.Insert(z, 10, 0, 0) },
	func(b []byte) []byte {
		z := zip(b)
		z[3] |= 8
		return slices.Insert(z, 10, []byte("package.tar\x00")...)
	},
	func(b []byte) []byte { z := zip(b); z[3] |= 4; return slices.Insert(z, 10, 2, 0, 'a', 'b') },
	func(b []byte) []byte { z := zip(b); z[3] |= 1; return z },
	func(b []byte) []byte { return b },
}
