package shell

import (
	"slices"
	"strings"
)

// Commands stand in words of other programs: tar --checkpoint-action=exec=COMMAND,
// git -c alias.x=!COMMAND, vim '+!COMMAND'.

// setting follows a setting of a program that is a command: core.pager=COMMAND,
// ProxyCommand COMMAND.
func (f *follower) setting(text string, in at) {
	i := strings.IndexAny(text, "= ")
	if i < 0 {
		return
	}
	name, command := strings.ToLower(text[:i]), strings.TrimLeft(text[i+1:], "=! ")
	if name == "exec" || slices.ContainsFunc(commandSettings, func(part string) bool { return strings.Contains(name, part) }) {
		f.given(command, in)
	}
}

// commandSettings are parts of the names of settings that hold a command, of git,
// ssh, Mercurial, Subversion and apt.
var commandSettings = []string{"command", "alias.", "pager", "editor", "helper", "askpass", "fsmonitor", "external", "textconv",
	".cmd", ".path", ".program", "hooks", "hook.", "invoke", "filter.", "tunnels", "ui.ssh", "uploadpack", "receivepack"}

// given follows a shell text that a program is given.
func (f *follower) given(text string, in at) {
	if strings.Trim(text, Hole+" \t\n\"'") == "" && text != "" {
		f.open(text, in)
	}
	f.text(text, RoleShell, in.inline())
}

// found is how much of the package a program was found to run; what an interpreter
// of another language reads may be its data.
func (f *follower) found(p *Program) int {
	if p.Roles&RoleForeign != 0 {
		return len(f.run.Scripts)
	}
	return len(f.run.Scripts) + len(f.run.Files)
}

// inWords follows the first command that stands in a word of a program.
func (f *follower) inWords(p *Program, words []string, in at) {
	for _, w := range words[1:] {
		found := f.inWord(p, w, in)
		if strings.Contains(w, ",") { // gcc -wrapper COMMAND,WORD, socat EXEC:COMMAND,pty
			found = f.inWord(p, strings.ReplaceAll(w, ",", " "), in) || found
		}
		if strings.HasSuffix(w, "/e") { // sed s/a/COMMAND/e
			found = f.inWord(p, strings.ReplaceAll(w, "/", " "), in) || found
		}
		if found {
			return
		}
	}
	f.runner(words, in)
}

// inWord follows the command that stands in a word, behind what names it or by
// itself; it reports whether one does.
func (f *follower) inWord(p *Program, word string, in at) bool {
	for i := range len(word) {
		if i > 0 && !strings.ContainsRune(" \t\n=!|:;\"'(", rune(word[i-1])) {
			continue
		}
		name, rest, _ := strings.Cut(word[i:], " ")
		command := false
		if started := Lookup(name); started != nil && started.Roles&(Interprets|RoleWrapper|RoleManager|RoleDownload|RoleMake) != 0 {
			command = started.first == valueNone && strings.TrimSpace(rest) != ""
		}
		if strings.HasPrefix(name, "./") && (i > 0 || p.own) {
			name, _, _ = strings.Cut(name, ";")
			command = command || f.exists(name, in)
		}
		if command {
			f.text(word[i:], RoleShell, in.inline())
			return true
		}
	}
	return false
}

// crontab follows a table of commands that are to run at times, in a file or read.
func (f *follower) crontab(c call, in at) {
	table, ok := "", false
	switch {
	case len(c.rest) > 0 && c.rest[0] != "-":
		var data []byte
		data, ok = f.find(c.rest[0], in)
		table = string(data)
	case in.by.reads != nil:
		table, ok = *in.by.reads, true
	}
	if !ok {
		if len(c.rest) > 0 {
			f.open(c.rest[0], in)
		}
		return
	}
	for _, line := range strings.Split(table, "\n") {
		words := strings.Fields(line)
		at := 5 // minute, hour, day, month, day of the week
		if len(words) > 0 && strings.HasPrefix(words[0], "@") {
			at = 1
		}
		if len(words) > at && !strings.HasPrefix(words[0], "#") {
			f.text(strings.Join(words[at:], " "), RoleShell, in.inline())
		}
	}
}
