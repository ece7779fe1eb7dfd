package behavior

import (
	"regexp"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/shell"
)

// A shell text that sends what the machine, its user or the build know: curl
// https://…/$(hostname), env | curl -d @- …, wget --post-file=~/.npmrc ….

// namesFacts are variables that say which machine or whose it is.
var namesFacts = regexp.MustCompile(`%(COMPUTERNAME|USERNAME|USERDOMAIN)%|\x{fffc}:(COMPUTERNAME|USERNAME|USERDOMAIN)\b`)

var factVariables = map[string]bool{"HOSTNAME": true, "USER": true, "USERNAME": true, "LOGNAME": true, "COMPUTERNAME": true, "USERDOMAIN": true, "SSH_CONNECTION": true}

// shellDataSent is a command that sends such facts, a credential file, or a
// well-known secret to a host that it is not for.
func shellDataSent(m *matcher, s *stanza) {
	written := map[string]bool{}
	for i := range m.programs {
		if c := &m.programs[i]; c.Output != "" && (tellsFacts(strings.Join(c.Words, " ")) || slices.ContainsFunc(c.Given, tellsFacts) || slices.ContainsFunc(c.Input, tellsFacts)) {
			written[c.Output] = true
		}
	}
	for i := range m.programs {
		if c := &m.programs[i]; c.Is(shell.RoleSend|shell.RoleConnect) && sendsFacts(c, written) {
			m.addStarted(s, c)
		}
	}
}

// sendsFacts reports whether a command sends facts, or a file that some were
// written to.
func sendsFacts(c *Started, written map[string]bool) bool {
	words := sentWords(c.Program(), c.Words[1:])
	line := strings.Join(words, " ")
	private := func(file string) bool { return written[file] || privateFile(file) }
	if namesFacts.MatchString(line) || slices.ContainsFunc(words, func(word string) bool { return sentFile(word, private) }) {
		return true
	}
	hosts := addressesIn(c.Words)
	told := func(what string) bool {
		if name, ok := strings.CutPrefix(what, "$"); ok {
			return factVariables[name] || foreign(name, hosts)
		}
		if file, ok := strings.CutPrefix(what, "<"); ok {
			return private(file)
		}
		return tellsFacts(what)
	}
	return leaves(words, hosts) && slices.ContainsFunc(c.Given, told) || readsInput(c.Program(), words) && slices.ContainsFunc(c.Input, told)
}

// belowDomain is a name that the shell completes to one of somebody's domain.
var belowDomain = regexp.MustCompile(`\x{fffc}\.[\w-]+\.[\w-]+`)

// leaves reports whether what the shell puts into words goes to a host that stands
// in them: curl http://$(hostname):8080 asks the machine itself.
func leaves(words, hosts []string) bool {
	return slices.ContainsFunc(words, func(w string) bool {
		return strings.Contains(w, hole) && (len(hosts) > 0 || belowDomain.MatchString(w))
	})
}

// sentWords are a program's words without those that say where to write to.
func sentWords(program string, words []string) []string {
	var out []string
	for i := 0; i < len(words); i++ {
		switch w := words[i]; {
		case w == "-o", w == "--output", w == "--output-document", w == "-P", w == "--directory-prefix", w == "--output-dir", w == "-OutFile", w == "-O" && program != "curl":
			i++
		default:
			out = append(out, w)
		}
	}
	return out
}

// tellsFacts reports whether a command prints facts, or a file that is nobody
// else's business.
func tellsFacts(command string) bool {
	words := strings.Fields(command)
	if len(words) == 0 {
		return false
	}
	switch program := lastWord(strings.ReplaceAll(words[0], "/", " ")); program {
	case "uname":
		return slices.Contains(words, "-a") || slices.Contains(words, "-n")
	case "cat", "head", "tail", "less", "type", "base64", "tar", "zip", "xxd", "gzip", "grep", "find", "ls":
		return slices.ContainsFunc(words[1:], privateFile)
	case "npm", "yarn", "pnpm":
		return len(words) > 1 && (words[1] == "whoami" || words[1] == "token" || words[1] == "config" && len(words) > 2 && (words[2] == "list" || words[2] == "ls"))
	case "git":
		return slices.Contains(words, "user.email") || slices.Contains(words, "user.name") || slices.Contains(words, "--list") && words[1] == "config" || slices.Contains(words, "credential")
	case "env", "set", "export":
		return len(words) == 1 // env starts a program, set -e is a setting
	default:
		return shell.Is(program, shell.RoleFact)
	}
}

// sentFile reports whether a word names a private file to upload.
func sentFile(word string, private func(string) bool) bool {
	for _, before := range []string{"@", "--post-file=", "--body-file=", "--upload-file="} {
		if _, file, ok := strings.Cut(word, before); ok && private(strings.Trim(file, `"'`)) {
			return true
		}
	}
	return false
}

// privateFile reports whether a file lies outside of the package, where its user
// keeps what is theirs.
func privateFile(name string) bool {
	if strings.HasPrefix(name, "/dev/") || strings.HasPrefix(name, "/tmp/") || strings.Contains(name, "://") {
		return false
	}
	return strings.HasPrefix(name, "~") || strings.HasPrefix(name, "/etc/") || strings.HasPrefix(name, "/home/") || strings.HasPrefix(name, "/root/") || strings.HasPrefix(name, "/proc/") ||
		credentialFiles.MatchString(name) || browserFiles.MatchString(name) || walletFiles.MatchString(name) || strings.HasSuffix(name, ".npmrc")
}

// readsInput reports whether a program sends what it reads.
func readsInput(program string, words []string) bool {
	if slices.ContainsFunc(words, func(w string) bool { return strings.Contains(w, "{}") }) {
		return true // of xargs -I{}
	}
	switch program {
	case "curl":
		return slices.ContainsFunc(words, func(w string) bool { return strings.HasSuffix(w, "@-") || w == "-" || strings.HasSuffix(w, "T-") })
	case "wget":
		return slices.Contains(words, "--post-file=-") || slices.Contains(words, "--body-file=-")
	case "nc", "ncat", "netcat", "socat", "telnet", "http", "https":
		return true
	}
	return false
}

var anyAddress = regexp.MustCompile(`(?:https?:|wss?:)?//([\w.-]+\.[\w-]+)|^([\w-]+(?:\.[\w-]+)*\.[\w-]+)(?:[:/?]|$)`)

// addressesIn are the hosts of the addresses in words; an address may lack its
// scheme, as for curl.
func addressesIn(words []string) []string {
	var out []string
	for _, w := range words {
		for _, found := range anyAddress.FindAllStringSubmatch(w, 8) {
			if host := found[1] + found[2]; !thisMachine.MatchString(host) {
				out = append(out, strings.ToLower(host))
			}
		}
	}
	return out
}
