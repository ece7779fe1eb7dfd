package archive

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"
)

// DisagreementError says that the package managers' own readers would not all
// unpack the same from a tarball: what one of them installs is not what another
// one sees. Such a tarball is not read at all, since no reading of it is right.
type DisagreementError struct {
	// Entry is the name in the entry's header; empty where it is about the
	// tarball as a whole.
	Entry string
	// Why is what the readers take in different ways.
	Why string
}

// Error formats as: archive: readers disagree about "package/a.js": it has a link name.
func (e *DisagreementError) Error() string {
	if e.Entry == "" {
		return "archive: readers disagree about the tarball: " + e.Why
	}
	return fmt.Sprintf("archive: readers disagree about %q: %s", e.Entry, e.Why)
}

// tarReader reads the entries of a tarball, and only those that every reader of
// it takes for the same: node-tar (npm, and Yarn since version 2), tar-stream
// under tar-fs (Yarn 1, and pnpm before 8), and pnpm's own. Where they differ,
// it stops with a *DisagreementError; which of them differs how stands at each
// check. What they do was read in their sources and is shown by
// TestReadersAgree, which asks them.
type tarReader struct {
	r     io.Reader
	block [blockSize]byte
	// left is what of the entry's content was not read, pad what follows it up
	// to the next header.
	left, pad int64
	// seen is set once a header was, listed once an entry, global once a global
	// pax header.
	seen, listed, global bool
	// own is Limits.Own.
	own bool
}

const blockSize = 512

// maxMeta is the largest block of pax records or long name, in bytes: node-tar
// passes over a larger one.
const maxMeta = 1 << 20

// entry is one header that says something about a file or folder.
type entry struct {
	// name is the whole path as it is stored, without a folder's last slash.
	name       string
	size       int64
	executable bool
	folder     bool
}

// next returns the entry that follows, or io.EOF after the last.
func (t *tarReader) next() (*entry, error) {
	var long, paxPath string // the name that a block before the header gives
	paxSize := int64(-1)
	for pending := false; ; {
		ended, err := t.header()
		if err != nil {
			return nil, err
		}
		if ended && pending {
			return nil, t.differ("it names an entry that does not follow")
		}
		if ended && !t.seen {
			return nil, &DisagreementError{"", "it has no entries"} // an error for npm
		}
		if ended {
			return nil, io.EOF
		}
		t.seen = true
		h, why := parseHeader(&t.block)
		if why != "" {
			return nil, t.differ(why)
		}
		switch h.kind {
		case 'x', 'L', 'g':
			// pnpm spends a block on the header that follows, whatever it is;
			// node-tar and tar-stream on the next file, and each joins two
			// blocks in its own way.
			if pending {
				return nil, t.differ("more than one block names the same entry")
			}
			if h.old { // pnpm since 12 does not see it
				return nil, t.differ("its format does not have a block of this type")
			}
			if h.kind == 'g' && t.global {
				return nil, t.differ("more than one global pax header") // an error for Bun
			}
			t.global = t.global || h.kind == 'g'
			data, err := t.meta(h.size)
			if err != nil {
				return nil, err
			}
			var records pax
			if h.kind == 'L' {
				long, why = longName(data)
			} else if records, why = paxRecords(data, h.kind == 'g'); h.kind == 'x' {
				paxPath, paxSize = records.path, records.size
			}
			if why != "" {
				return nil, t.differ(why)
			}
			pending = h.kind != 'g'
			continue
		}
		e := &entry{name: h.name, size: h.size, executable: h.mode&0o111 != 0, folder: h.kind == '5'}
		switch {
		case long != "":
			e.name = long
		case paxPath != "":
			// node-tar makes a text of each chunk that it gets, so that a
			// letter of several bytes on the border is lost, the record with
			// it, and the header's own name counts.
			if paxPath != h.name && !isASCII(paxPath) && !t.own {
				return nil, t.differ("the names of its header and its pax record differ and are not ASCII")
			}
			e.name = paxPath
		}
		if paxSize >= 0 && paxSize != h.size {
			return nil, t.differ("the sizes of its header and its pax record differ")
		}
		if e.folder && h.size != 0 {
			return nil, t.differ("a folder with a content") // pnpm passes over it, the others read it as headers
		}
		if e.folder {
			name, slash := strings.CutSuffix(e.name, "/")
			if t.listed && !slash && !strings.Contains(name, "/") {
				// As the first entry some packers write it; later, npm 6 never ends.
				return nil, t.differ("the name of its folder has no slash at the end")
			}
			e.name = name
		}
		t.listed = true
		t.left, t.pad = e.size, -e.size&(blockSize-1)
		return e, nil
	}
}

// differ is a *DisagreementError about the entry whose header was read last.
func (t *tarReader) differ(why string) error {
	name, _, _ := bytes.Cut(t.block[:100], []byte{0})
	return &DisagreementError{clip(string(name)), why}
}

// Read implements io.Reader for the content of the entry.
func (t *tarReader) Read(p []byte) (int, error) {
	if t.left == 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > t.left {
		p = p[:t.left]
	}
	n, err := t.r.Read(p)
	t.left -= int64(n)
	if err == io.EOF && t.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	if err == io.EOF {
		err = nil
	}
	return n, err
}

// header reads the next block that is not the content of the last entry, and
// reports whether it is the end.
func (t *tarReader) header() (bool, error) {
	if rest := t.left + t.pad; rest > 0 {
		if n, err := io.CopyN(io.Discard, t.r, rest); n < rest {
			return false, truncated(err)
		}
		t.left, t.pad = 0, 0
	}
	if _, err := io.ReadFull(t.r, t.block[:]); err != nil {
		if err == io.EOF {
			// pnpm takes the absence of a block of zeros for a wrong checksum.
			return false, &DisagreementError{"", "it has no end"}
		}
		return false, truncated(err)
	}
	if t.block != [blockSize]byte{} {
		// Yarn 1 looks for a second compression in what it unpacked.
		if !t.seen && (isDeflated(t.block[:]) || bytes.HasPrefix(t.block[:], gzipMagic[:2])) {
			return false, t.differ("its first letters are those of a compression")
		}
		return false, nil
	}
	return true, t.end()
}

// end reads what follows the first block of zeros: pnpm ends there, node-tar
// after two, and tar-stream never.
func (t *tarReader) end() error {
	buffer := make([]byte, 4096)
	odd := 0
	for {
		n, err := t.r.Read(buffer)
		odd += n
		if len(bytes.TrimLeft(buffer[:n], "\x00")) > 0 {
			return &DisagreementError{"", "something stands behind its end"}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if odd%blockSize != 0 {
		return &DisagreementError{"", "its last block is not whole"} // an error for Yarn 1
	}
	return nil
}

// meta reads the content of a header that says something of another one.
func (t *tarReader) meta(size int64) ([]byte, error) {
	if size > maxMeta {
		return nil, t.differ(fmt.Sprintf("more than %d bytes name it", maxMeta))
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(t.r, data); err != nil {
		return nil, truncated(err)
	}
	t.left, t.pad = 0, -size&(blockSize-1)
	return data, nil
}

func truncated(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// header is what a block says.
type header struct {
	name       string
	kind       byte
	mode, size int64
	// old is set where it has no format's mark.
	old bool
}

// The formats that are told apart by what stands at byte 257: POSIX has a
// prefix; GNU uses its place for other things; the oldest has neither.
const (
	posixMagic = "ustar\x0000"
	gnuMagic   = "ustar  \x00"
	oldMagic   = "\x00\x00\x00\x00\x00\x00\x00\x00"
)

// parseHeader reads a block, or says what in it the readers take in different
// ways.
func parseHeader(b *[blockSize]byte) (header, string) {
	var h header
	sum := 8 * int64(' ')
	for i, c := range b {
		if i < 148 || i >= 156 {
			sum += int64(c)
		}
	}
	if stated, ok := octal(b[148:156]); !ok || stated != sum {
		return h, "its checksum is not that of its header"
	}
	h.kind = b[156]
	switch h.kind {
	case 0, '0', '5', 'x', 'g', 'L':
	case '1':
		// A file for pnpm, a link for Yarn 1, nothing for npm.
		return h, "a hard link"
	case '2':
		// A link for Yarn, nothing for npm and pnpm.
		return h, "a symbolic link"
	default:
		// pnpm refuses the tarball, npm passes over the entry or takes it for a file.
		return h, fmt.Sprintf("an entry of type %q", h.kind)
	}
	var ok bool
	if h.name, ok = text(b[:100]); !ok {
		return h, "something stands behind its name"
	}
	if h.name == "" {
		return h, "a header without a name" // the end for pnpm
	}
	if h.mode, ok = octal(b[100:108]); !ok {
		return h, "its mode is not a plain octal number"
	}
	if h.size, ok = octal(b[124:136]); !ok {
		return h, "its size is not a plain octal number"
	}
	// Nobody uses these, but node-tar passes over a header whose numbers it
	// cannot read, and takes the content for headers.
	if !number(b[108:116]) || !number(b[116:124]) || !number(b[136:148]) || !number(b[329:337]) || !number(b[337:345]) {
		return h, "its owner, time or device is not a number"
	}
	// Of anything but a link, node-tar passes over the header.
	if link, ok := text(b[157:257]); link != "" || !ok {
		return h, "it has a link name"
	}
	switch string(b[257:265]) {
	case posixMagic:
		return posixPrefix(h, b)
	case gnuMagic, oldMagic:
		h.old = b[257] == 0
		// pnpm and Yarn 1 take it for a prefix all the same.
		if !zeros(b[345:500]) {
			return h, "a prefix that its format does not have"
		}
		return h, ""
	}
	// The prefix counts for some; later tar-streams refuse it.
	return h, "its format is not known"
}

// posixPrefix puts the prefix before the name. node-tar takes the last 25 of its
// 155 bytes for times unless the first of them is set.
func posixPrefix(h header, b *[blockSize]byte) (header, string) {
	field := b[345:500]
	if b[475] == 0 {
		field = b[345:475]
		if !number(b[476:488]) || !number(b[488:500]) {
			return h, "its times are not numbers"
		}
	}
	prefix, ok := text(field)
	if !ok {
		return h, "something stands behind its prefix"
	}
	if prefix != "" {
		h.name = prefix + "/" + h.name
	}
	return h, ""
}

// text is a field up to its end or the first NUL. Behind a NUL only more may
// stand: node-tar removes what follows up to the end of the line only.
func text(field []byte) (string, bool) {
	end := bytes.IndexByte(field, 0)
	if end < 0 {
		return string(field), true
	}
	return string(field[:end]), zeros(field[end:])
}

func zeros(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// octal reads digits that spaces may stand before and a space or NUL must stand
// behind. Nothing else is the same for all: node-tar ends at a NUL, the others
// pass over those at the beginning; all take signs, and what follows the digits;
// pnpm does not know base 256; an empty field is an error for pnpm since 12.
func octal(field []byte) (int64, bool) {
	rest := bytes.TrimRight(field, "\x00 ")
	if len(rest) == len(field) {
		return 0, false
	}
	rest = bytes.TrimLeft(rest, " ")
	if len(rest) == 0 {
		return 0, false
	}
	var n int64
	for _, c := range rest {
		if c < '0' || c > '7' {
			return 0, false
		}
		n = n<<3 | int64(c-'0')
	}
	return n, true
}

// number reports whether all readers can read a number that none of them uses:
// octal, absent, or in base 256 as GNU tar writes large owners, as long as
// JavaScript can hold it.
func number(field []byte) bool {
	if _, ok := octal(field); ok || len(bytes.Trim(field, "\x00 ")) == 0 {
		return true
	}
	value := field[max(1, len(field)-7):]
	return field[0] == 0x80 && zeros(field[1:len(field)-len(value)]) && value[0] < 0x20
}

// longName is the content of a GNU header for a name of more than 100 bytes.
func longName(data []byte) (name, why string) {
	name, ok := text(data)
	switch {
	case !ok:
		return "", "something stands behind its long name"
	case name == "":
		return "", "its long name is empty"
	case !isASCII(name):
		return "", "its long name is not ASCII" // node-tar damages a letter on the border of two chunks
	}
	return name, ""
}

// pax are the records of a pax header that say what an entry is.
type pax struct {
	path string
	size int64 // -1: not said
}

// paxRecords reads "LENGTH KEY=VALUE\n" as all do: node-tar cuts at each newline
// and drops what is not as long as it says, the others count.
func paxRecords(data []byte, global bool) (records pax, why string) {
	records.size = -1
	if len(data) == 0 {
		return records, "its pax header is empty"
	}
	for len(data) > 0 {
		digits, _, ok := bytes.Cut(data, []byte(" "))
		n, err := strconv.Atoi(string(digits))
		if !ok || err != nil || len(digits) > 7 || digits[0] < '1' || digits[0] > '9' || n <= len(digits)+1 || n > len(data) {
			return records, "a pax record of a wrong length"
		}
		record := data[len(digits)+1 : n]
		data = data[n:]
		if i := bytes.IndexAny(record, "\n\x00"); i != len(record)-1 || record[i] != '\n' {
			return records, "a pax record with a newline or NUL in it"
		}
		key, value, ok := strings.Cut(string(record[:len(record)-1]), "=")
		switch {
		case !ok || key == "":
			return records, "a pax record without a name"
		case key == "path" && !global && records.path == "" && strings.Trim(value, "0123456789") != "":
			// Of digits alone node-tar 4 makes a number, and never ends.
			records.path = value
		case key == "size" && !global && records.size < 0 && isDecimal(value):
			size, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return records, "a pax size that is no number of bytes"
			}
			records.size = size
		case !isIdle(key):
			return records, fmt.Sprintf("a pax record %q", clip(key))
		}
	}
	return records, ""
}

// isIdle reports whether no reader changes what it unpacks for a pax record. An
// unknown one is not: for some reader it may be the name or the size, as those
// of sparse files are.
func isIdle(key string) bool {
	switch key {
	case "atime", "ctime", "mtime", "uid", "gid", "uname", "gname", "comment", "LIBARCHIVE.creationtime",
		"SCHILY.dev", "SCHILY.ino", "SCHILY.nlink", "SCHILY.fflags":
		return true
	}
	for _, vendor := range []string{"SCHILY.xattr.", "SCHILY.acl.", "LIBARCHIVE.xattr.", "NODETAR."} {
		if strings.HasPrefix(key, vendor) {
			return true
		}
	}
	return false
}

func isDecimal(s string) bool {
	return s != "" && len(s) < 16 && strings.Trim(s, "0123456789") == ""
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// maxPart is the longest name of one file or folder that file systems hold, in
// bytes: npm leaves out what the disk refuses.
const maxPart = 255

// inside is an entry's path below the folder of the package, the first part of
// its name, which all strip whatever it is; empty for that folder itself. Or it
// says in what the readers differ.
func inside(e *entry, own bool) (rest, why string) {
	switch {
	case !utf8.ValidString(e.name):
		return "", "its name is not UTF-8"
	case strings.ContainsRune(e.name, '\\') && !own:
		return "", "a backslash in its name" // a slash on Windows, and for pnpm
	}
	first, rest, below := strings.Cut(e.name, "/")
	if first == "." {
		return "", "its name begins with a dot" // a first part for npm, none for Yarn
	}
	if !below && !e.folder {
		return "", "it lies outside of the package's folder" // pnpm keeps it, the others do not
	}
	dots := false
	parts := strings.Split(e.name, "/")
	for i, part := range parts {
		switch {
		case part == "":
			return "", "a slash too many in its name"
		case part == "..":
			return "", "its name has a part that leads upward" // pnpm follows it, npm leaves it out
		case len(part) > maxPart:
			return "", fmt.Sprintf("a part of its name has more than %d bytes", maxPart)
		case i > 0 && strings.EqualFold(part, ".npmignore") && (e.folder || i < len(parts)-1) && !own:
			return "", "a folder named .npmignore" // npm puts a .gitignore in its place, or loses it
		}
		dots = dots || i > 0 && part == "."
	}
	if dots { // as old releases of pnpm packed
		if rest = path.Clean(rest); rest == "." || strings.HasSuffix(e.name, "/.") {
			return "", "its name ends with a dot"
		}
	}
	switch {
	case own:
	case strings.ContainsRune(rest, ':'):
		// What looks like a drive, npm strips, everywhere; pnpm since 12 refuses
		// any; on Windows it names a stream of a file.
		return "", "a colon in its name"
	case rest == "__proto__":
		return "", "pnpm loses a file of that name"
	}
	return rest, ""
}

var gzipMagic = []byte{0x1f, 0x8b, 8}

func isDeflated(b []byte) bool { return b[0] == 'x' && (b[1] == 1 || b[1] == 0x9c || b[1] == 0xda) }
