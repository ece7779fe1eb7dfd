package behavior

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/shell"
)

// A shell text that runs what it downloads: in one line (curl … | sh), through an
// interpreter that takes an address (mshta http://…), or in two steps, of which
// the second starts the file that the first one wrote.

// substituted are the beginnings of a download whose output a shell runs.
var substituted = []string{"$(curl", "$(wget", "`curl", "`wget", "<(curl", "<(wget"}

// runsDownload reports whether a program runs what is downloaded in the same
// moment.
func runsDownload(c *Started, texts *shellTexts) bool {
	program, line := c.Program(), strings.Join(c.Words, " ")
	lower := strings.ToLower(line)
	fetched := strings.Contains(lower, "downloadstring(") || strings.Contains(lower, "iwr ") || strings.Contains(lower, "irm ") || strings.Contains(lower, "curl ") || strings.Contains(lower, "invoke-webrequest") || strings.Contains(lower, "invoke-restmethod")
	switch {
	case c.Is(shell.RoleDownload) && shell.Is(c.Piped, shell.Interprets):
		return true
	case fetched && (strings.Contains(lower, "iex") || strings.Contains(lower, "invoke-expression")):
		return true
	case program == "mshta":
		return strings.Contains(lower, "://") || strings.Contains(lower, "javascript:") || strings.Contains(lower, "vbscript:")
	case program == "regsvr32":
		return strings.Contains(lower, "/i:http") // as scrobj.dll is told to
	case program == "rundll32":
		return strings.Contains(lower, "://") || strings.Contains(lower, "javascript:")
	case program == "msiexec":
		return strings.Contains(lower, "://")
	case c.Is(shell.RoleManager) || program == "npx" || program == "bunx" || program == "pnpx":
		return installsAddress(c.Words[1:])
	case c.Is(shell.Interprets):
		return runsSubstituted(line) || texts.has(c)
	}
	return false
}

// shellTexts looks words up in all that a shell was given. Every command of a text
// asks for the same, so that the last answer is remembered.
type shellTexts struct {
	wanted func(text string) bool
	text   string
	found  bool
}

func (t *shellTexts) has(s *Started) bool { return t.in(s.text) || t.in(s.Text) }

func (t *shellTexts) in(text string) bool {
	if text != "" && text != t.text { // the same text is the same memory, which is told at once
		t.text, t.found = text, t.wanted(text)
	}
	return text != "" && t.found
}

// runsSubstituted reports whether a text runs what a download in it prints.
func runsSubstituted(text string) bool {
	for _, beginning := range substituted {
		if strings.Contains(text, beginning) {
			return true
		}
	}
	return false
}

// decodesSubstituted reports whether a text runs what a decoder in it prints.
func decodesSubstituted(text string) bool {
	return (strings.Contains(text, "base64 -d") || strings.Contains(text, "base64 --decode")) && strings.ContainsAny(text, "$`")
}

// installsAddress reports whether a package manager is told to install or run what
// lies at an address, which no lockfile records.
func installsAddress(words []string) bool {
	for _, w := range words {
		if strings.HasPrefix(w, "--registry") {
			return false // of a registry's own address
		}
		for _, scheme := range []string{"http://", "https://", "git+", "git://", "github:", "gitlab:", "bitbucket:"} {
			if strings.HasPrefix(w, scheme) {
				return true
			}
		}
	}
	return false
}

// downloadedTo is the file that a command downloads to, "" where it does not say.
func downloadedTo(c *shell.Command) string {
	after := func(flags ...string) string {
		for i, w := range c.Words {
			for _, flag := range flags {
				switch {
				case strings.EqualFold(w, flag) && i+1 < len(c.Words):
					return c.Words[i+1]
				case strings.HasPrefix(flag, "--") && strings.HasPrefix(w, flag+"="):
					return w[len(flag)+1:]
				}
			}
		}
		return ""
	}
	// address is the last part of the URL, the name that a file gets by itself.
	address := func() string {
		for _, w := range c.Words[1:] {
			if _, rest, ok := strings.Cut(w, "://"); ok && strings.Contains(rest, "/") {
				name, _, _ := strings.Cut(path.Base(rest), "?")
				return name
			}
		}
		return ""
	}
	last := c.Words[len(c.Words)-1]
	switch program := c.Program(); program {
	case "curl":
		for i, w := range c.Words[1:] {
			if len(w) > 1 && w[0] == '-' && w[1] != '-' {
				switch flag := w[len(w)-1]; {
				case flag == 'o' && i+2 < len(c.Words):
					return c.Words[i+2]
				case flag == 'O':
					return address()
				}
			}
		}
		if name := after("--output"); name != "" {
			return name
		}
		if after("--remote-name") != "" || last == "--remote-name" {
			return address()
		}
		return c.Output
	case "wget", "aria2c":
		if name := after("--output-document", "-o", "--out"); name != "" && name != "-" {
			return name
		}
		if c.Output != "" {
			return c.Output
		}
		return address()
	case "iwr", "Invoke-WebRequest", "irm", "Invoke-RestMethod":
		return downloadedByPowerShell(c, after("-OutFile", "-o"))
	case "certutil":
		if strings.Contains(strings.ToLower(strings.Join(c.Words, " ")), "urlcache") {
			return last
		}
	case "bitsadmin":
		if strings.Contains(strings.ToLower(strings.Join(c.Words, " ")), "/transfer") {
			return last
		}
	default:
		if c.Is(shell.RolePowerShell) {
			return downloadedByPowerShell(c, after("-OutFile", "-o"))
		}
	}
	return ""
}

// downloadedByPowerShell is the file that a command of PowerShell downloads to:
// that of its option, or of
// (New-Object Net.WebClient).DownloadFile('http://…','x.exe').
func downloadedByPowerShell(c *shell.Command, option string) string {
	if option != "" {
		return strings.Trim(option, `'"`)
	}
	if _, rest, ok := strings.Cut(strings.Join(c.Words, " "), "DownloadFile("); ok {
		arguments, _, _ := strings.Cut(rest, ")")
		if _, name, ok := strings.Cut(arguments, ","); ok {
			return strings.Trim(strings.TrimSpace(name), `'"`)
		}
	}
	return ""
}

// plainFile is the name of a file in a shell text as it is compared with others,
// however its folder is written: %TEMP%\a.exe, ./a.exe. It is empty where nothing
// of it is known.
func plainFile(s string) string {
	s = strings.TrimPrefix(strings.ReplaceAll(strings.Trim(s, `'"`), `\`, "/"), "./")
	if len(strings.Trim(s, hole+"/.")) == 0 {
		return ""
	}
	return s
}

// startedFiles are the files that a command starts, or makes programs.
func startedFiles(c *shell.Command) []string {
	if len(c.Words) == 0 {
		return nil
	}
	words := c.Words[:1]
	switch program := c.Program(); {
	case c.Is(shell.Interprets | shell.RoleWrapper | shell.RoleOpen), program == "chmod":
		words = c.Words
	}
	var out []string
	for _, w := range words {
		if file := plainFile(w); file != "" {
			out = append(out, file)
		}
	}
	return out
}

// downloadsRun are those of some commands that run a download.
func downloadsRun(commands []Started) []*Started {
	// Which commands start a file: the first two, since one of them may be the
	// download itself.
	starters := map[string][]int{}
	for i := range commands {
		for _, file := range startedFiles(&commands[i].Command) {
			if at := starters[file]; len(at) < 2 && (len(at) == 0 || at[0] != i) {
				starters[file] = append(at, i)
			}
		}
	}
	var out []*Started
	texts := &shellTexts{wanted: runsSubstituted}
	for i := range commands {
		c := &commands[i]
		if len(c.Words) == 0 {
			continue
		}
		if runsDownload(c, texts) {
			out = append(out, c)
			continue
		}
		for _, other := range starters[plainFile(downloadedTo(&c.Command))] {
			if other != i {
				out = append(out, &commands[other])
				break
			}
		}
	}
	return out
}

// shellDownload is code that has a shell run what it downloads.
func shellDownload(m *matcher, s *stanza) { m.downloads(s, false) }

// lifecycleDownload is a lifecycle script that does.
func lifecycleDownload(m *matcher, s *stanza) { m.downloads(s, true) }

func (m *matcher) downloads(s *stanza, lifecycle bool) {
	var commands []Started
	for _, started := range m.programs {
		if started.Lifecycle == lifecycle {
			commands = append(commands, started)
		}
	}
	for _, c := range downloadsRun(commands) {
		m.addStarted(s, c)
	}
}

// decodes reports whether a program turns encoded text into plain one.
func decodes(c *shell.Command) bool {
	line := " " + strings.Join(c.Words, " ") + " "
	switch c.Program() {
	case "base64":
		return strings.Contains(line, " -d ") || strings.Contains(line, " -D ") || strings.Contains(line, " --decode ")
	case "xxd":
		return strings.Contains(line, " -r ")
	case "openssl":
		return strings.Contains(line, " -d ")
	}
	return false
}

// decodedByShell is encoded text that a shell decodes and runs.
func decodedByShell(m *matcher, s *stanza) {
	texts := &shellTexts{wanted: decodesSubstituted}
	for _, started := range m.programs {
		if len(started.Words) == 0 {
			continue
		}
		nested := false
		if started.Is(shell.Interprets) {
			nested = texts.has(&started)
		}
		if nested || decodes(&started.Command) && shell.Is(started.Piped, shell.Interprets) {
			m.addStarted(s, &started)
		}
	}
}

// foreignNetworks are how other languages reach the network, by the program that
// runs them.
var foreignNetworks = map[string][]string{
	"python": {"urllib", "requests.", "http.client", "httplib", "socket.socket", "import socket", "aiohttp", "httpx"},
	"perl":   {"LWP::", "HTTP::Tiny", "IO::Socket", "Net::"},
	"ruby":   {"Net::HTTP", "open-uri", "TCPSocket", "Faraday"},
	"php":    {"curl_exec", "file_get_contents('http", "file_get_contents(\"http", "fsockopen"},
}

// foreignNetwork is a file of the package in another language, or a line of it,
// that an installation runs and that names what reaches the network. Nobody
// reads it more closely than that.
func foreignNetwork(m *matcher, s *stanza) {
	for _, started := range m.programs {
		words := foreignNetworks[strings.TrimRight(started.Program(), "0123456789.")]
		if words == nil || !started.Lifecycle && started.use.Contexts()&javascript.Install == 0 {
			continue
		}
		for i, w := range started.Words[1:] {
			if inline := started.Words[i]; inline == "-c" || inline == "-e" || inline == "-r" {
				if slices.ContainsFunc(words, func(needle string) bool { return strings.Contains(w, needle) }) {
					m.addStarted(s, &started)
				}
				continue
			}
			f := m.in.Package.File(strings.TrimPrefix(path.Clean(w), javascript.PackageRoot+"/"))
			if f == nil || f.Kind != archive.Text {
				continue
			}
			for _, needle := range words {
				if i := bytes.Index(f.Data(), []byte(needle)); i >= 0 {
					e := m.at(f, i, javascript.Textual)
					e.Contexts, e.Chain = javascript.Install, []string{started.Begins(), started.Program(), f.Path}
					m.add(s, e)
					break
				}
			}
		}
	}
}
