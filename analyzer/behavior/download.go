package behavior

import (
	"bytes"
	"path"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
)

// A shell text that runs what it downloads: in one line (curl … | sh), through an
// interpreter that takes an address (mshta http://…), or in two steps, of which
// the second starts the file that the first one wrote.

// interpreterNames are programs that run what they are given.
var interpreterNames = map[string]bool{"powershell": true, "pwsh": true, "cmd": true, "php": true, "osascript": true, "deno": true, "bun": true, "sh": true, "bash": true, "zsh": true, "dash": true, "ksh": true, "fish": true, "node": true, "python": true, "python2": true, "python3": true, "perl": true, "ruby": true, "cscript": true, "wscript": true, "iex": true}

// substituted are the beginnings of a download whose output a shell runs.
var substituted = []string{"$(curl", "$(wget", "`curl", "`wget", "<(curl", "<(wget"}

// runsDownload tells whether a program runs what is downloaded in the same
// moment. text is all that the shell was given.
func runsDownload(c *javascript.Command, text string) bool {
	program, line := c.Program(), strings.Join(c.Words, " ")
	lower := strings.ToLower(line)
	fetched := strings.Contains(lower, "downloadstring(") || strings.Contains(lower, "iwr ") || strings.Contains(lower, "irm ") || strings.Contains(lower, "curl ") || strings.Contains(lower, "invoke-webrequest") || strings.Contains(lower, "invoke-restmethod")
	switch {
	case downloaders[program] && interpreterNames[c.Piped]:
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
	case program == "npm" || program == "yarn" || program == "pnpm" || program == "bun" || program == "npx" || program == "bunx":
		return installsAddress(c.Words[1:])
	case interpreterNames[program] || program == "eval":
		for _, beginning := range substituted {
			if strings.Contains(line, beginning) || strings.Contains(text, beginning) {
				return true
			}
		}
	}
	return false
}

// installsAddress tells whether a package manager is told to install or run what
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

// downloaders are programs whose output is what they fetched.
var downloaders = map[string]bool{"curl": true, "wget": true, "iwr": true, "Invoke-WebRequest": true, "irm": true, "fetch": true, "aria2c": true}

// downloadedTo is the file that a command downloads to, "" where it does not say.
func downloadedTo(c *javascript.Command) string {
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
	case "iwr", "Invoke-WebRequest", "irm", "Invoke-RestMethod", "powershell", "pwsh":
		if name := after("-OutFile", "-o"); name != "" {
			return strings.Trim(name, `'"`)
		}
		// (New-Object Net.WebClient).DownloadFile('http://…','x.exe')
		line := strings.Join(c.Words, " ")
		if _, rest, ok := strings.Cut(line, "DownloadFile("); ok {
			arguments, _, _ := strings.Cut(rest, ")")
			if _, name, ok := strings.Cut(arguments, ","); ok {
				return strings.Trim(strings.TrimSpace(name), `'"`)
			}
		}
	case "certutil":
		if strings.Contains(strings.ToLower(strings.Join(c.Words, " ")), "urlcache") {
			return last
		}
	case "bitsadmin":
		if strings.Contains(strings.ToLower(strings.Join(c.Words, " ")), "/transfer") {
			return last
		}
	}
	return ""
}

// sameFile compares two names of files in shell texts, whatever their folders are
// called: %TEMP%\a.exe, ./a.exe.
func sameFile(a, b string) bool {
	plain := func(s string) string {
		return strings.TrimPrefix(strings.ReplaceAll(strings.Trim(s, `'"`), `\`, "/"), "./")
	}
	a, b = plain(a), plain(b)
	return len(strings.Trim(a, hole+"/.")) > 0 && a == b
}

// starts tells whether a command starts a file, or makes it a program.
func starts(c *javascript.Command, file string) bool {
	if sameFile(c.Words[0], file) {
		return true
	}
	program := c.Program()
	switch {
	case interpreterNames[program], program == "chmod", program == "start", program == "open", program == "nohup", program == "sudo", program == "rundll32", program == "regsvr32", program == "msiexec", program == "call", program == "xdg-open", program == ".", program == "source", program == "Start-Process":
	default:
		return false
	}
	for _, w := range c.Words[1:] {
		if sameFile(w, file) {
			return true
		}
	}
	return false
}

// downloadsRun are those of some commands that run a download.
func downloadsRun(commands []Started) []*Started {
	var out []*Started
	for i := range commands {
		c := &commands[i]
		if len(c.Words) == 0 {
			continue
		}
		if runsDownload(&c.Command, c.text+" "+c.Text) {
			out = append(out, c)
			continue
		}
		file := downloadedTo(&c.Command)
		if file == "" {
			continue
		}
		for j := range commands {
			if other := &commands[j]; j != i && len(other.Words) > 0 && starts(&other.Command, file) {
				out = append(out, other)
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
	for _, started := range m.c.Started(m.in.Facts, m.in.Package) {
		if started.Lifecycle == lifecycle {
			commands = append(commands, started)
		}
	}
	for _, c := range downloadsRun(commands) {
		m.addStarted(s, c)
	}
}

// decodes tells whether a program turns encoded text into plain one.
func decodes(c *javascript.Command) bool {
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
	for _, started := range m.c.Started(m.in.Facts, m.in.Package) {
		if len(started.Words) == 0 {
			continue
		}
		nested := false
		if interpreterNames[started.Program()] || started.Program() == "eval" {
			text := started.text + started.Text
			nested = strings.Contains(text, "base64 -d") || strings.Contains(text, "base64 --decode")
			nested = nested && (strings.Contains(text, "$(") || strings.Contains(text, "`"))
		}
		if nested || decodes(&started.Command) && interpreterNames[started.Piped] {
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

// foreignNetwork is a file of the package in another language that an
// installation runs and that names what reaches the network. Nobody reads it more
// closely than that.
func foreignNetwork(m *matcher, s *stanza) {
	for _, started := range m.c.Started(m.in.Facts, m.in.Package) {
		words := foreignNetworks[strings.TrimRight(started.Program(), "0123456789.")]
		if words == nil || !started.Lifecycle && started.use.Contexts()&javascript.Install == 0 {
			continue
		}
		for _, w := range started.Words[1:] {
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
