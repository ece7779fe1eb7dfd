package behavior

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
)

// Codes that look at files as they are, not at what runs.

// scripts calls yield for each script whose text is there.
func (m *matcher) scripts(yield func(f *archive.File)) {
	for _, f := range m.in.Package.Files {
		if f.Kind == archive.Text && len(f.Data) > 0 && javascript.IsScript(f.Path) {
			yield(f)
		}
	}
}

// at is a place in a file by its offset.
func (m *matcher) at(f *archive.File, offset int, certainty javascript.Certainty) Evidence {
	line := 1 + bytes.Count(f.Data[:offset], []byte("\n"))
	start := bytes.LastIndexByte(f.Data[:offset], '\n') + 1
	end := len(f.Data)
	if i := bytes.IndexByte(f.Data[offset:], '\n'); i >= 0 {
		end = offset + i
	}
	column := offset - start + 1
	if end-start > 200 {
		start = max(start, offset-50)
		end = min(end, start+200)
	}
	return Evidence{File: f.Path, Line: line, Column: column, Snippet: strings.TrimSpace(strings.ToValidUTF8(string(f.Data[start:end]), "")),
		Contexts: m.in.Facts.FileContexts(f.Path), Certainty: certainty, Chain: m.in.Facts.FileChain(f.Path)}
}

// whole is a file as a whole.
func (m *matcher) whole(f *archive.File, say string) Evidence {
	return Evidence{File: f.Path, Line: 1, Column: 1, Snippet: say, Contexts: m.in.Facts.FileContexts(f.Path), Chain: m.in.Facts.FileChain(f.Path)}
}

// minified is a script written for machines: long lines, hardly a space.
func minified(m *matcher, s *stanza) {
	m.scripts(func(f *archive.File) {
		if line := longestLine(f.Data); isMinified(line) {
			m.add(s, m.whole(f, fmt.Sprintf("its longest line has %d characters", len(line))))
		}
	})
}

func longestLine(data []byte) []byte {
	var longest []byte
	for len(data) > 0 {
		i := bytes.IndexByte(data, '\n')
		line := data
		if i >= 0 {
			line, data = data[:i], data[i+1:]
		} else {
			data = nil
		}
		if len(line) > len(longest) {
			longest = line
		}
	}
	return longest
}

func isMinified(line []byte) bool {
	if len(line) < 1000 {
		return false
	}
	sample := line[:min(len(line), 20_000)]
	spaces := bytes.Count(sample, []byte(" "))
	code := bytes.Count(sample, []byte("(")) + bytes.Count(sample, []byte(";")) + bytes.Count(sample, []byte("{"))
	return spaces*100 < len(sample)*12 && code*100 > len(sample)
}

var (
	hexName = regexp.MustCompile(`_0x[0-9a-f]{4,8}\b`)
	packed  = []byte("eval(function(p,a,c,k,e,")
	faces   = []byte("\uff9f\u03c9\uff9f\uff89")
	dollars = []byte("$=~[];$={___:++$")
)

// obfuscated is a script whose writer did not want it read. Minified is not
// obfuscated.
func obfuscated(m *matcher, s *stanza) {
	m.scripts(func(f *archive.File) {
		if offset, say := obfuscation(f.Data); say != "" {
			e := m.at(f, offset, javascript.Certain)
			m.add(s, e)
		}
	})
}

// obfuscation tells by which of the known ways a script is obfuscated, and
// where that shows first.
func obfuscation(data []byte) (offset int, how string) {
	for _, known := range []struct {
		needle []byte
		how    string
	}{{packed, "packer"}, {faces, "aaencode"}, {dollars, "jjencode"}} {
		if i := bytes.Index(data, known.needle); i >= 0 {
			return i, known.how
		}
	}
	if i := bytes.Index(data, []byte("_0x")); i >= 0 {
		names := map[string]bool{}
		for _, name := range hexName.FindAll(data[i:min(len(data), i+1<<20)], 2000) {
			names[string(name)] = true
		}
		if len(names) >= 12 {
			return i, "names"
		}
	}
	if i := brackets(data); i >= 0 {
		return i, "jsfuck"
	}
	if i := escapedLetters(data); i >= 0 {
		return i, "escapes"
	}
	return 0, ""
}

// brackets finds a long text of nothing but []()!+.
func brackets(data []byte) int {
	for from := 0; ; {
		i := bytes.Index(data[from:], []byte("[]"))
		if i < 0 {
			return -1
		}
		start := from + i
		end := start
		for end < len(data) && strings.IndexByte("[]()!+ \n", data[end]) >= 0 {
			end++
		}
		if end-start >= 400 {
			return start
		}
		from = end + 1
		if from >= len(data) {
			return -1
		}
	}
}

// escapedLetters finds a script that spells plain letters as \x61 or \u0061,
// again and again.
func escapedLetters(data []byte) int {
	first, n := -1, 0
	for from := 0; ; {
		i := bytes.IndexByte(data[from:], '\\')
		if i < 0 {
			return -1
		}
		at := from + i
		from = at + 2
		if from+4 > len(data) {
			return -1
		}
		var code []byte
		switch {
		case data[at+1] == 'x':
			code = data[at+2 : at+4]
		case data[at+1] == 'u' && data[at+2] == '0' && data[at+3] == '0' && at+6 <= len(data):
			code = data[at+4 : at+6]
		default:
			continue
		}
		b, err := hex.DecodeString(string(code))
		if err == nil && b[0] >= 'a' && b[0] <= 'z' {
			if first < 0 {
				first = at
			}
			if n++; n >= 100 && n*4*20 >= len(data) {
				return first
			}
		}
	}
}

// bundleMarks are what bundlers leave in what they make.
var bundleMarks = [][]byte{[]byte("__webpack_require__"), []byte("webpackChunk"), []byte("webpackJsonp"), []byte("__commonJS("), []byte("__commonJSMin("), []byte("parcelRequire"), []byte("__toESM(require_"),
	[]byte("getDefaultExportFromCjs("), []byte("commonjsRequire("), []byte("__nccwpck_require__"), []byte("__rspack_require__"), []byte("'MODULE_NOT_FOUND',"), []byte(`"MODULE_NOT_FOUND",`)}

// bundled is a script that a bundler put together from others. A bundler's own
// sources name the same marks, in texts.
func bundled(m *matcher, s *stanza) {
	m.scripts(func(f *archive.File) {
		for _, mark := range bundleMarks {
			i := bytes.Index(f.Data, mark)
			if i < 0 || i > 0 && strings.IndexByte("\"'`", f.Data[i-1]) >= 0 || bytes.Count(f.Data, mark) < 2 && !bytes.Contains(mark, []byte("MODULE")) {
				continue
			}
			if bytes.Contains(mark, []byte("MODULE")) && !bytes.Contains(f.Data, []byte("},{")) {
				continue
			}
			m.add(s, m.at(f, i, javascript.Certain))
			return
		}
	})
}

func nativeBinary(m *matcher, s *stanza) {
	for _, f := range m.in.Package.Files {
		if isProgram(f) {
			e := m.whole(f, describeBinary(f))
			e.Line, e.Column = 0, 0
			m.add(s, e)
		}
	}
}

// describeBinary names the format and, where the head tells it, the
// architecture.
func describeBinary(f *archive.File) string {
	d := f.Data
	switch f.Kind {
	case archive.ELF:
		machine := "an unknown machine"
		if len(d) > 19 {
			code := int(d[18]) | int(d[19])<<8
			if d[5] == 2 {
				code = int(d[19]) | int(d[18])<<8
			}
			if name, ok := map[int]string{3: "x86", 8: "MIPS", 20: "PowerPC", 21: "PowerPC 64", 22: "s390x", 40: "ARM", 62: "x86-64", 183: "ARM64", 243: "RISC-V", 258: "LoongArch"}[code]; ok {
				machine = name
			}
		}
		return "ELF program or library for " + machine
	case archive.PE:
		if len(d) > 0x40 {
			at := int(d[0x3c]) | int(d[0x3d])<<8 | int(d[0x3e])<<16
			if at+6 < len(d) && string(d[at:at+2]) == "PE" {
				if name, ok := map[int]string{0x14c: "x86", 0x8664: "x86-64", 0xaa64: "ARM64", 0x1c0: "ARM"}[int(d[at+4])|int(d[at+5])<<8]; ok {
					return "Windows program or library for " + name
				}
			}
		}
		return "Windows program or library"
	case archive.MachO:
		if len(d) > 8 {
			if d[0] == 0xca && d[1] == 0xfe {
				return "Mach-O program or library for several machines"
			}
			if name, ok := map[byte]string{0x07: "x86-64", 0x0c: "ARM64"}[d[4]]; ok {
				return "Mach-O program or library for " + name
			}
		}
		return "Mach-O program or library"
	}
	return "program"
}

func wasmBinary(m *matcher, s *stanza) {
	for _, f := range m.in.Package.Files {
		if f.Kind == archive.Wasm {
			e := m.whole(f, "WebAssembly")
			e.Line, e.Column = 0, 0
			m.add(s, e)
			continue
		}
		if f.Kind == archive.Text && javascript.IsScript(f.Path) {
			// \0asm in base64
			if i := bytes.Index(f.Data, []byte("AGFzbQ")); i > 0 && len(base64Run(f.Data[i:])) >= 64 {
				m.add(s, m.at(f, i, javascript.Certain))
			}
		}
	}
}

func shippedArchive(m *matcher, s *stanza) {
	for _, f := range m.in.Package.Files {
		if f.Kind == archive.Archive && !isOfficeDocument(f) {
			e := m.whole(f, "archive")
			e.Line, e.Column = 0, 0
			m.add(s, e)
		}
	}
}

func isOfficeDocument(f *archive.File) bool {
	switch strings.ToLower(path.Ext(f.Path)) {
	case ".docx", ".xlsx", ".pptx", ".docm", ".xlsm", ".pptm", ".odt", ".ods", ".jar", ".apk":
		return true
	}
	return false
}

// otherScript is a script in another language, by its first line, or by its
// name where the system runs files by name.
func otherScript(m *matcher, s *stanza) {
	for _, f := range m.in.Package.Files {
		if f.Kind != archive.Text {
			continue
		}
		say := ""
		if bytes.HasPrefix(f.Data, []byte("#!")) {
			line, _, _ := bytes.Cut(f.Data[:min(len(f.Data), 200)], []byte("\n"))
			words := strings.Fields(strings.TrimPrefix(string(line), "#!"))
			if len(words) > 0 {
				program := path.Base(words[0])
				if program == "env" {
					program = ""
					for _, w := range words[1:] {
						if !strings.HasPrefix(w, "-") && !strings.Contains(w, "=") {
							program = path.Base(w)
							break
						}
					}
				}
				switch strings.TrimRight(program, "0123456789.") {
				case "", "node", "nodejs", "deno", "bun", "tsx", "ts-node", "zx", "babel-node":
				default:
					say = string(line)
				}
			}
		}
		if say == "" {
			switch strings.ToLower(path.Ext(f.Path)) {
			case ".ps1", ".bat", ".cmd", ".vbs", ".vbe", ".wsf", ".hta", ".applescript", ".psm1":
				say = path.Ext(f.Path) + " script"
			case ".sh", ".bash", ".py", ".rb", ".pl", ".php":
				say = path.Ext(f.Path) + " script"
			default:
				continue
			}
		}
		m.add(s, m.whole(f, strings.ToValidUTF8(say, "")))
	}
}

// base64Run is the text of base64 that data begins with.
func base64Run(data []byte) []byte {
	end := 0
	for end < len(data) {
		c := data[end]
		if c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/' {
			end++
			continue
		}
		break
	}
	return data[:end]
}

func hexRun(data []byte) []byte {
	end := 0
	for end < len(data) && strings.IndexByte("0123456789abcdefABCDEF", data[end]) >= 0 {
		end++
	}
	return data[:end]
}

// embeddedBegins are how programs and archives begin in base64 and in hex.
var embeddedBegins = []struct {
	needle []byte
	hex    bool
	what   string
}{
	{[]byte("TVqQ"), false, "Windows program"}, {[]byte("TVpQ"), false, "Windows program"}, {[]byte("f0VMR"), false, "ELF program"}, {[]byte("z/rt/g"), false, "Mach-O program"},
	{[]byte("yv66vg"), false, "Mach-O program"}, {[]byte("UEsDB"), false, "zip archive"},
	{[]byte("4d5a90"), true, "Windows program"}, {[]byte("4D5A90"), true, "Windows program"}, {[]byte("7f454c46"), true, "ELF program"}, {[]byte("7F454C46"), true, "ELF program"},
}

// Executables in text are looked for in the first bytes that they decode to.
func embeddedExecutable(m *matcher, s *stanza) {
	for _, f := range m.in.Package.Files {
		if f.Kind != archive.Text || path.Ext(f.Path) == ".md" {
			continue
		}
		for _, begin := range embeddedBegins {
			i := bytes.Index(f.Data, begin.needle)
			if i < 0 || i > 0 && isWordChar(f.Data[i-1]) {
				continue
			}
			var head []byte
			if begin.hex {
				run := hexRun(f.Data[i:])
				head = make([]byte, len(run)/2)
				_, _ = hex.Decode(head, run[:len(run)/2*2])
			} else {
				run := base64Run(f.Data[i:])
				head, _ = base64.RawStdEncoding.DecodeString(string(run[:len(run)/4*4]))
			}
			if isProgramHead(head) {
				e := m.at(f, i, javascript.Certain)
				e.Snippet = begin.what + ": " + e.Snippet
				if len(e.Snippet) > 200 {
					e.Snippet = e.Snippet[:200]
				}
				m.add(s, e)
				break
			}
		}
	}
}

func isWordChar(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// isProgramHead tells whether bytes are the beginning of a program, not only
// its first four.
func isProgramHead(head []byte) bool {
	if len(head) < 48 {
		return false
	}
	switch archive.Sniff(head) {
	case archive.ELF:
		return (head[4] == 1 || head[4] == 2) && (head[5] == 1 || head[5] == 2) && head[6] == 1
	case archive.PE:
		return len(head) >= 0x40 && (bytes.Contains(head, []byte("PE\x00\x00")) || bytes.Contains(head, []byte("This program")))
	case archive.MachO:
		return len(head) >= 64
	case archive.Archive:
		return len(head) >= 64
	}
	return string(head[:2]) == "MZ" && bytes.Contains(head, []byte("This program"))
}

var officeMacro = [][]byte{[]byte("vbaProject.bin"), []byte("_VBA_PROJECT"), []byte("_\x00V\x00B\x00A\x00_\x00P\x00R\x00O\x00J\x00E\x00C\x00T\x00")}

var oleMagic = []byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1}

func hasMacro(f *archive.File) bool {
	if f.Kind != archive.Archive && !bytes.HasPrefix(f.Data, oleMagic) {
		return false
	}
	for _, mark := range officeMacro {
		if bytes.Contains(f.Data, mark) {
			return true
		}
	}
	return false
}

func macroFile(m *matcher, s *stanza) {
	for _, f := range m.in.Package.Files {
		if hasMacro(f) {
			m.add(s, m.whole(f, "an Office document with macros"))
		}
	}
}

var autoRun = [][]byte{[]byte("AutoOpen"), []byte("Auto_Open"), []byte("AutoExec"), []byte("Document_Open"), []byte("Workbook_Open"), []byte("Document_Close"), []byte("AutoClose")}

// macroAutoRun is a macro that starts when the document is opened, as far as
// its text is not compressed.
func macroAutoRun(m *matcher, s *stanza) {
	for _, f := range m.in.Package.Files {
		if !hasMacro(f) {
			continue
		}
		for _, name := range autoRun {
			if bytes.Contains(f.Data, name) {
				m.add(s, m.whole(f, string(name)))
				break
			}
		}
	}
}

var farSpaces, farTabs = bytes.Repeat([]byte(" "), 200), bytes.Repeat([]byte("\t"), 50)

// offScreenCode is code behind so much white space that no editor shows it.
func offScreenCode(m *matcher, s *stanza) {
	m.scripts(func(f *archive.File) {
		for _, far := range [][]byte{farSpaces, farTabs} {
			for from := 0; from < len(f.Data); {
				i := bytes.Index(f.Data[from:], far)
				if i < 0 {
					break
				}
				start := from + i
				end := start
				for end < len(f.Data) && (f.Data[end] == ' ' || f.Data[end] == '\t') {
					end++
				}
				from = end + 1
				if m.offScreen(f, start, end) {
					m.add(s, m.at(f, end, javascript.Certain))
				}
			}
		}
	})
}

// offScreen tells whether code, not a comment or a text, stands after a gap
// that begins after other code.
func (m *matcher) offScreen(f *archive.File, start, end int) bool {
	lineStart := bytes.LastIndexByte(f.Data[:start], '\n') + 1
	before := bytes.TrimSpace(f.Data[lineStart:start])
	after := f.Data[end:]
	if i := bytes.IndexByte(after, '\n'); i >= 0 {
		after = after[:i]
	}
	after = bytes.TrimSpace(after)
	if len(after) < 3 || bytes.HasPrefix(after, []byte("//")) || bytes.HasPrefix(after, []byte("/*")) || bytes.HasPrefix(after, []byte("*")) || after[0] == '\\' {
		return false
	}
	// Within a text of the line, or a line of a template.
	for _, quote := range []string{"\"", "'", "`"} {
		if strings.Count(string(before), quote)%2 == 1 {
			return false
		}
	}
	return bytes.ContainsAny(after, "(=") && m.in.Facts.CodeBetween(f.Path, end, end+len(after))
}

// invisibleText is text that a reader does not see, or sees in another order,
// outside the languages that need the same characters.
func invisibleText(m *matcher, s *stanza) {
	m.scripts(func(f *archive.File) {
		if i := invisible(f.Data); i >= 0 {
			m.add(s, m.at(f, i, javascript.Certain))
		}
	})
}

func invisible(data []byte) int {
	for _, lead := range [][]byte{{0xe2, 0x80}, {0xe2, 0x81}, {0xef, 0xb8}, {0xf3, 0xa0}} {
		for from := 0; from < len(data); {
			i := bytes.Index(data[from:], lead)
			if i < 0 {
				break
			}
			at := from + i
			run, direction, next := hiddenRun(data, at)
			// A run of what shows nothing holds data; a single mark of
			// direction turns code around, where no word needs it.
			if run >= 8 || direction && !rightToLeft(lineAround(data, at)) {
				return at
			}
			from = max(next, at+1)
		}
	}
	return -1
}

// hiddenRun counts the characters from at on that show nothing, and tells
// whether one of them overrides the direction of the text.
func hiddenRun(data []byte, at int) (run int, direction bool, next int) {
	next = at
	for next < len(data) {
		r, size := utf8.DecodeRune(data[next:])
		switch {
		case r == 0x202d, r == 0x202e, r >= 0x2066 && r <= 0x2068:
			direction = true
		case r >= 0x200b && r <= 0x200f, r >= 0x2060 && r <= 0x2064, r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0000 && r <= 0xe01ef, r == 0xfeff, r >= 0x202a && r <= 0x202c, r == 0x2069:
		default:
			return run, direction, next
		}
		run++
		next += size
	}
	return run, direction, next
}

func lineAround(data []byte, at int) []byte {
	start := bytes.LastIndexByte(data[:at], '\n') + 1
	end := len(data)
	if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
		end = at + i
	}
	return data[max(start, at-500):min(end, at+500)]
}

// rightToLeft tells whether a text has letters of a language that is written
// from right to left.
func rightToLeft(line []byte) bool {
	for _, r := range string(line) {
		if r >= 0x0590 && r <= 0x08ff || r >= 0xfb1d && r <= 0xfdff || r >= 0xfe70 && r <= 0xfefc {
			return true
		}
	}
	return false
}

// downloadAndExecute is a program that is started from, or made executable at,
// the path to which a download is written.
func downloadAndExecute(m *matcher, s *stanza) {
	if m.found["network/download-to-file"] == nil {
		return
	}
	files := map[string]bool{}
	for _, e := range m.found["network/download-to-file"].Evidence {
		files[e.File] = true
	}
	written := map[string]bool{}
	for _, id := range []string{"network/download-to-file", "file/write"} {
		for _, u := range m.uses[id] {
			if !files[u.File()] {
				continue
			}
			for _, text := range u.Arg(0).Texts() {
				if len(strings.Trim(text, hole+"/")) >= 3 {
					written[text] = true
				}
			}
		}
	}
	for _, id := range []string{"execution/process-spawn", "execution/shell-command", "permissions/chmod"} {
		for _, u := range m.uses[id] {
			for _, text := range u.Arg(0).Texts() {
				program, _, _ := strings.Cut(text, " ")
				if written[text] || written[program] {
					m.add(s, evidence(&u.Site, u.Certainty, u.API))
				}
			}
		}
	}
	for _, c := range m.in.Facts.Commands {
		if (c.Program() == "curl" || c.Program() == "wget") && c.Piped != "" && interpreterNames[c.Piped] {
			m.add(s, Evidence{File: c.File, Line: c.Line, Column: 1, Snippet: clip(c.Text, c.Words), Contexts: javascript.Install, Chain: []string{"package.json scripts." + c.Script}})
		}
	}
}

var interpreterNames = map[string]bool{"sh": true, "bash": true, "zsh": true, "dash": true, "node": true, "python": true, "python3": true, "perl": true, "ruby": true}
