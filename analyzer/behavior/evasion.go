package behavior

import (
	"regexp"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript"
	"github.com/lockwarden/lockwarden/analyzer/shell"
)

// Checks and codes of how code hides what it does.

// notACallback keeps what decoded data may be run as; a timer's function is
// none.
func notACallback(m *matcher, u *javascript.Use) bool {
	if strings.HasPrefix(u.API, "globalThis.set") {
		if timedByChance(u) && (!u.Traced(m.c.marks["decoded"]) || len(u.Arg(0).Texts()) == 0 && u.Arg(0).IsObject()) {
			return false
		}
		return !u.Arg(0).IsFunction() && u.Arg(0).Carries()&m.c.marks["decoded"] != 0
	}
	return true
}

// timedByChance reports whether a timer is only one of all that a call may be of, or
// its function one of all that its argument may be, in code that does not run on
// installation: then only data that surely comes there is what it runs.
func timedByChance(u *javascript.Use) bool {
	return (u.Loose || u.OneOf && !u.Direct() || u.Arg(0).Wide()) && u.Contexts()&javascript.Install == 0
}

// hiddenModuleName is a built-in module, or a member of one, under a name that
// stands nowhere in the code as it is.
func hiddenModuleName(m *matcher, s *stanza) {
	for i := range m.in.Facts.Uses {
		u := &m.in.Facts.Uses[i]
		if u.Kind != javascript.UseHidden {
			continue
		}
		root, _, _ := strings.Cut(u.API, ".")
		root = strings.TrimSuffix(root, "#")
		switch {
		case javascript.IsBuiltin(root) && root != "console" && root != "process":
		case u.API == "globalThis.eval", u.API == "globalThis.Function", u.API == "process.binding", u.API == "process.dlopen":
		default:
			continue
		}
		m.add(s, evidence(&u.Site, u.Certainty, u.API))
	}
}

// againstDebugger is code made from text that stops at every debugger, or a
// question whether one is attached.
func againstDebugger(_ *matcher, u *javascript.Use) bool {
	if u.API == "inspector.url" {
		return true
	}
	for i := range u.Args {
		for _, text := range u.Arg(i).Texts() {
			if text == "debugger" || strings.Contains(text, "debugger;") || strings.HasSuffix(text, "{debugger}") {
				return true
			}
		}
	}
	return false
}

// virtualMachineNames are words by which code notices that it runs in a
// laboratory.
var virtualMachineNames = []string{"VBoxService", "VBoxTray", "vmtoolsd", "vmwaretray", "VMwareTray", "qemu-ga", "prl_tools", "xenservice", "wireshark", "procmon", "ollydbg", "x64dbg", "fiddler", "sandboxie", "SbieDll", "joeboxcontrol", "VirtualBox", "VMware"}

// virtualMachine is a script that knows the names of several such programs.
func virtualMachine(m *matcher, s *stanza) {
	kinds := map[string]map[string]bool{}
	for i := range m.in.Facts.Texts {
		t := &m.in.Facts.Texts[i]
		if len(t.Value) >= 512 {
			continue
		}
		lower := strings.ToLower(t.Value)
		for _, word := range virtualMachineNames {
			if strings.Contains(lower, strings.ToLower(word)) {
				file := t.File()
				if kinds[file] == nil {
					kinds[file] = map[string]bool{}
				}
				kinds[file][strings.ToLower(word)] = true
				if len(kinds[file]) == 3 {
					m.add(s, evidence(&t.Site, javascript.Likely, ""))
				}
			}
		}
	}
}

// constantPlace reports whether a time, language or machine is compared with a
// certain one.
func constantPlace(_ *matcher, u *javascript.Use) bool {
	date := strings.Contains(u.API, "globalThis.Date")
	other := u.Arg(0)
	if date && u.API != "globalThis.Date#getTimezoneOffset#" {
		text, ok := other.Text()
		if !ok || !other.Constant() {
			return false
		}
		switch {
		case strings.Contains(u.API, "getFullYear"):
			return len(text) == 4 && text >= "2018" && text < "2100"
		case strings.Contains(u.API, "now") || strings.Contains(u.API, "getTime") || u.API == "globalThis.Date#":
			return len(text) >= 13 && text >= "1500000000000" && text[0] < '9' || dateText.MatchString(text)
		}
		return false
	}
	for _, text := range other.Texts() {
		switch strings.ToUpper(text) {
		case "", "C", "POSIX", "UTC", "ROOT", "LOCALHOST", "UTF-8", "UTF8", "EN_US.UTF-8", "EN-US", "EN", hole:
			continue
		}
		if !strings.Contains(text, hole) && !strings.Contains(strings.ToUpper(text), "UTF") {
			return true
		}
	}
	return u.API == "globalThis.Date#getTimezoneOffset#" && other.Constant() && !other.Is("0")
}

const hole = "\ufffc"

var dateText = regexp.MustCompile(`^20[2-9][0-9]-[01][0-9]-[0-3][0-9]`)

// gateSinks are what a condition on place or time makes suspicious.
var gateSinks = []string{"file/delete-recursive", "file/delete", "execution/process-spawn", "execution/shell-command", "execution/eval", "execution/function-constructor",
	"network/http-request", "network/tcp-connect", "network/websocket", "network/dns-lookup", "file/write-outside-package", "behavior/install-banner", "trait/dialog-shown"}

// gatedExecution is a comparison with a certain time, place or machine in the
// function that acts, or in the one that calls it.
func gatedExecution(m *matcher, s *stanza) { m.gated(s, gateSinks) }

// gatedDestruction is the same before something that destroys.
func gatedDestruction(m *matcher, s *stanza) {
	m.gated(s, []string{"file/delete-recursive", "file/delete", "file/write-outside-package", "trait/destroy-home"})
}

// gatedMessage is the same before something that prints during installation, or
// shows a dialog in a web page.
func gatedMessage(m *matcher, s *stanza) {
	m.gated(s, []string{"behavior/install-banner", "trait/dialog-shown"})
}

func (m *matcher) gated(s *stanza, sinks []string) {
	for _, gate := range m.uses["trait/place-compared"] {
		for _, id := range sinks {
			for _, sink := range m.uses[id] {
				if gate.SameFunction(&sink.Site) || gate.CallsInto(&sink.Site) {
					m.add(s, evidence(&gate.Site, javascript.Likely, ""))
				}
			}
		}
	}
}

// secretsOfOthers keeps the whole environment, secrets of several services at
// once, and what is known to be for another host: an API's client sends the one
// that it is for.
func secretsOfOthers(m *matcher, u *javascript.Use) bool {
	for i := range u.Flows {
		if u.Flows[i].Marks&m.c.marks["environment"] != 0 {
			return true
		}
	}
	var services []string
	for i := range u.Args {
		for _, source := range m.in.Facts.Origins(u, i, m.c.marks["secret"]) {
			name, ok := strings.CutPrefix(source.Source, "process.env.")
			if !ok {
				continue
			}
			if m.sentToAnother(u, name) {
				return true
			}
			services = append(services, service(name))
		}
	}
	slices.Sort(services)
	for i := 1; i < len(services); i++ {
		// PG and PGSSL are one service.
		if !strings.HasPrefix(services[i], services[0]) || services[0] == "" && services[i] != "" {
			return true
		}
	}
	return false
}

// service is the name of a secret's variable without the word that makes it a
// secret, up to the first part: PGPASSWORD is of PG, AWS_SECRET_ACCESS_KEY of
// AWS.
func service(name string) string {
	name, _, _ = strings.Cut(name, "_")
	for _, word := range []string{"PASSWORD", "PASSWD", "PASS", "SECRET", "TOKEN", "KEY"} {
		name = strings.TrimSuffix(name, word)
	}
	return name
}

// traced keeps what is seen to come from its source, step by step.
func traced(m *matcher, u *javascript.Use) bool {
	for i := range u.Flows {
		if len(u.Flows[i].Steps) > 0 {
			return true
		}
	}
	return false
}

// sends keeps what hands data to the network: of a client's answer, as of any
// other value, only the methods that write.
func sends(m *matcher, u *javascript.Use) bool {
	if strings.HasPrefix(u.API, "child_process.") {
		return sendsByProgram(m, u)
	}
	i := strings.LastIndexAny(u.API, "#@")
	if i < 0 {
		return true
	}
	switch name := u.API[max(i, strings.LastIndexByte(u.API, '.'))+1:]; name {
	case "write", "end", "send", "emit", "post", "put", "patch", "request", "open", "field", "attach", "sendMail", "json":
		return true
	}
	return u.Kind == javascript.UseSet
}

// sendsByProgram reports whether data stands in the words of a program that sends
// them: what a child finds in its environment stays on the machine.
func sendsByProgram(m *matcher, u *javascript.Use) bool {
	var data javascript.Marks
	for _, source := range []string{"environment", "secret", "host", "user", "file", "clipboard"} {
		data |= m.c.marks[source]
	}
	for _, text := range u.Arg(0).Texts() {
		if shell.Is(text, shell.RoleSend) {
			for _, word := range u.Arg(1).Elements() {
				if word.Carries()&data != 0 {
					return true
				}
			}
		}
		if u.Arg(0).Carries()&data == 0 {
			continue
		}
		for _, command := range shell.Commands(text) {
			if command.Is(shell.RoleSend) {
				return true
			}
		}
	}
	return false
}

// moreThanHome reports whether what is known of the user is more than where their
// files are, which is a part of paths.
func moreThanHome(m *matcher, u *javascript.Use) bool {
	user := m.c.marks["user"]
	home, other := false, false
	for i := range u.Flows {
		if f := &u.Flows[i]; f.Marks&user != 0 {
			switch f.Source {
			case "os.homedir", "process.env.HOME", "process.env.USERPROFILE", "os-homedir", "user-home":
				home = true
			default:
				other = true
			}
		}
	}
	return other || !home
}

// minTemplate is how many letters of its own make a text a template that
// decoded data is put into, not decoded code.
const minTemplate = 40

// decodedProgram reports whether what runs is itself decoded: not a value in a
// template, not an argument of a program that is known.
func decodedProgram(m *matcher, u *javascript.Use) bool {
	return runsMarked(u, m.c.marks["decoded"])
}

// decryptedProgram reports whether what runs was encrypted.
func decryptedProgram(m *matcher, u *javascript.Use) bool {
	return runsMarked(u, m.c.marks["decrypted"])
}

// fetchedProgram reports whether what runs is itself what the network answered: a
// command with an answer in it, such as a version's number, is none.
func fetchedProgram(m *matcher, u *javascript.Use) bool {
	if hasOwnWords(u) {
		return false
	}
	// One constructor among others that a library's "inherit" may return is none.
	if u.OneOf && strings.HasSuffix(u.API, "Function") {
		return false
	}
	return runsMarked(u, m.c.marks["network"])
}

// hasOwnWords reports whether a shell's text has words of the code's own beside
// those that are not known: git merge-base ￼.
func hasOwnWords(u *javascript.Use) bool {
	if !strings.HasPrefix(u.API, "child_process.") {
		return false
	}
	for _, text := range u.Arg(0).Texts() {
		if strings.Trim(text, hole+" ") != "" {
			return true
		}
	}
	return false
}

// runsMarked reports whether the program that a use runs carries the marks.
func runsMarked(u *javascript.Use, marks javascript.Marks) bool {
	runs := u.Arg(0)
	switch name := u.API[strings.LastIndexAny(u.API, ".#")+1:]; {
	case name == "spawn", name == "spawnSync", name == "execFile", name == "execFileSync":
		if runs.Carries()&marks != 0 {
			break
		}
		if program, ok := runs.Text(); ok && shell.Is(program, shell.Interprets) || holdsText(u.Arg(1), "-e", "-c", "-p", "--eval") {
			runs = u.Arg(1)
			break
		}
		return false
	case u.API == "globalThis.Function" || u.API == "globalThis.AsyncFunction":
		if len(u.Args) > 0 {
			runs = u.Arg(len(u.Args) - 1)
		}
	}
	if runs.Carries()&marks == 0 {
		return false
	}
	for _, text := range runs.Texts() {
		if strings.Contains(text, hole) && len(strings.ReplaceAll(text, hole, "")) >= minTemplate {
			return false
		}
	}
	return true
}

// minHidden is how long a constant must be to hide anything, in characters.
const minHidden = 24

// decodedConstant reports whether what is decoded stands in the package: as a
// constant that the decoder is called with, or because all of it is known.
func decodedConstant(m *matcher, u *javascript.Use) bool {
	decoded := m.c.marks["decoded"]
	for i := range u.Flows {
		if f := &u.Flows[i]; f.Marks&decoded != 0 {
			for _, text := range f.SourceTexts {
				if len(strings.ReplaceAll(text, hole, "")) >= minHidden {
					return true
				}
			}
		}
	}
	for _, v := range u.Args {
		if text, ok := v.Text(); ok && v.Constant() && v.Marks()&decoded != 0 && len(text) >= minHidden*3/4 {
			return true
		}
	}
	return false
}

// registryPut is a PUT of a document to a registry, which publishes.
// Source: https://github.com/npm/registry/blob/main/docs/REGISTRY-API.md
func registryPut(m *matcher, u *javascript.Use) bool {
	put, registry := false, false
	look := func(v *javascript.Value) {
		for _, name := range []string{"method", "host", "hostname", "url", "uri", "headers"} {
			for _, text := range v.Property(name).Texts() {
				put = put || name == "method" && strings.EqualFold(text, "PUT")
				registry = registry || NamesHost(text, "registry.npmjs.org")
			}
		}
		for _, text := range v.Texts() {
			registry = registry || NamesHost(text, "registry.npmjs.org")
		}
	}
	for i := range u.Args {
		look(u.Arg(i))
	}
	return put && registry
}

func holdsText(v *javascript.Value, words ...string) bool {
	for _, element := range v.Elements() {
		if text, ok := element.Text(); ok && slices.Contains(words, text) {
			return true
		}
	}
	return false
}

// keyNotFromEnvironment leaves out vaults: their key is the user's.
func keyNotFromEnvironment(m *matcher, u *javascript.Use) bool {
	return u.Arg(1).Carries()&(m.c.marks["secret"]|m.c.marks["environment"]) == 0
}

// detachedToo is a hidden window of a process that outlives the one that
// starts it.
func detachedToo(_ *matcher, u *javascript.Use) bool { return u.Arg(2).Property("detached").Is("true") }

// silenced is an output that is replaced by nothing, and a process in the
// background whose output nobody sees.
func silenced(_ *matcher, u *javascript.Use) bool {
	if u.Kind&javascript.UseSet != 0 {
		return u.Arg(0).IsEmptyFunction()
	}
	return detachedToo(nil, u)
}

// builtInReplaced keeps what wraps a function of the platform; a polyfill
// only fills a gap and never calls what was there before.
func builtInReplaced(m *matcher, u *javascript.Use) bool {
	if u.Arg(0) == nil {
		return false
	}
	// A method of one stream or process that the package made is its own.
	if !strings.HasPrefix(u.API, "globalThis.") && strings.ContainsAny(u.API, "#@") && !strings.Contains(u.Snippet(), "prototype") {
		return false
	}
	if !strings.HasPrefix(u.API, "globalThis.") {
		return !u.Arg(0).IsEmptyFunction() && u.Arg(0).IsFunction()
	}
	if !u.Arg(0).IsFunction() {
		return false
	}
	return m.in.Facts.Stored(&u.Site, u.API)
}

// onInstall keeps what runs while the package is installed.
func onInstall(_ *matcher, u *javascript.Use) bool { return u.Contexts()&javascript.Install != 0 }
