package behavior

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"path"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/shell"
)

// Codes of what a package brings beside its scripts: programs, archives,
// documents, downloads.

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
	d := f.Data()
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
		if f.Kind == archive.Text && javascript.IsScript(f.Path) && f.MayHave("AGFzbQ") {
			// \0asm in base64
			if i := bytes.Index(f.Data(), []byte("AGFzbQ")); i > 0 && len(base64Run(f.Data()[i:])) >= 64 {
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
		if head := f.Head(); bytes.HasPrefix(head, []byte("#!")) {
			line, _, _ := bytes.Cut(head[:min(len(head), 200)], []byte("\n"))
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
	needle string
	hex    bool
	what   string
}{
	{"TVqQ", false, "Windows program"}, {"TVpQ", false, "Windows program"}, {"f0VMR", false, "ELF program"}, {"z/rt/g", false, "Mach-O program"},
	{"yv66vg", false, "Mach-O program"}, {"UEsDB", false, "zip archive"},
	{"4d5a90", true, "Windows program"}, {"4D5A90", true, "Windows program"}, {"7f454c46", true, "ELF program"}, {"7F454C46", true, "ELF program"},
}

// Executables in text are looked for in the first bytes that they decode to.
func embeddedExecutable(m *matcher, s *stanza) {
	for _, f := range m.in.Package.Files {
		if f.Kind != archive.Text || path.Ext(f.Path) == ".md" {
			continue
		}
		for _, begin := range embeddedBegins {
			if !f.MayHave(begin.needle) {
				continue
			}
			data := f.Data()
			i := bytes.Index(data, []byte(begin.needle))
			if i < 0 || i > 0 && isWordChar(data[i-1]) {
				continue
			}
			var head []byte
			if begin.hex {
				run := hexRun(data[i:])
				head = make([]byte, len(run)/2)
				_, _ = hex.Decode(head, run[:len(run)/2*2])
			} else {
				run := base64Run(data[i:])
				head, _ = base64.RawStdEncoding.DecodeString(string(run[:len(run)/4*4]))
			}
			if isProgramHead(head) {
				e := m.at(f, i, javascript.Certain)
				e.Snippet = begin.what + ": " + e.Snippet
				if len(e.Snippet) > 200 {
					e.Snippet = strings.ToValidUTF8(e.Snippet[:200], "")
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

// isProgramHead reports whether bytes are the beginning of a program, not only
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
		if c.Is(shell.RoleDownload) && shell.Is(c.Piped, shell.Interprets) {
			m.add(s, Evidence{File: c.File, Line: c.Line, Column: 1, Snippet: clip(c.Text, c.Words), Contexts: javascript.Install, Chain: []string{c.Begins()}})
		}
	}
}
