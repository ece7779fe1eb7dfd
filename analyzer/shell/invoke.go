package shell

import (
	"encoding/base64"
	"path"
	"slices"
	"strings"
)

// program follows a program of the table.
func (f *follower) program(p *Program, words []string, in at) {
	c := p.call(words[1:])
	for _, a := range c.assigns {
		f.assigned(a, in)
	}
	for _, text := range c.texts {
		if p.Name == "alias" {
			_, text, _ = strings.Cut(text, "=")
		}
		f.given(text, in)
	}
	for _, setting := range c.settings {
		f.setting(setting, in)
	}
	if known := f.found(p); p.words {
		defer func() {
			if f.found(p) == known {
				f.inWords(p, words, in)
			}
		}()
	}
	switch {
	case p.Name == "crontab":
		f.crontab(c, in)
	case p.Roles&RoleManager != 0:
		if p.Roles&RoleJavaScript != 0 && f.javascript(p, c, in) {
			return
		}
		f.manager(p, words[1:], c, in)
	case p.Roles&RoleTasks != 0:
		f.tasks(p, c, in)
	case p.Roles&RoleJavaScript != 0:
		f.environmentFiles(words, in)
		f.javascript(p, c, in)
	case p.Roles&(RoleShell|RolePowerShell) != 0:
		f.shell(p, c, words, in)
	case p.Roles&RoleCmd != 0:
		f.cmd(words, in)
	case p.Roles&RoleForeign != 0:
		f.foreign(p, c, in)
	case p.Roles&RoleMake != 0:
		f.make(p, c, words[1:], in)
	case p.Name == "find" || p.Name == "gfind" || p.Name == "fd" || p.Name == "fdfind" || p.Name == "forfiles":
		for i, w := range words {
			switch w {
			case "-exec", "-execdir", "-ok", "-okdir", "-x", "-X", "--exec", "--exec-batch":
				if i+1 < len(words) {
					f.inner(words[i+1:], in)
				}
			}
		}
	case p.Roles&RoleWrapper != 0:
		for _, name := range slices.Concat(c.loads, c.files) {
			f.script(name, in)
		}
		if p.first == valueOther {
			f.reads(p, in)
			break
		}
		for len(c.rest) > 1 && c.rest[0] == "" { // start "" x
			c.rest = c.rest[1:]
		}
		if len(c.rest) > 0 {
			f.inner(c.rest, in)
		}
	}
	if p.Roles&RoleTexts != 0 {
		for _, w := range c.rest {
			if script, ok := strings.CutPrefix(w, "npm:"); ok {
				f.named(strings.Fields(script)[:min(1, len(strings.Fields(script)))], in)
			} else if strings.Contains(w, " ") || f.scripts(in)[w].Command == "" {
				f.text(w, RoleShell, in.inline())
			}
		}
	}
	if p.Roles&RoleGyp != 0 {
		dir := in.by.Dir
		for i, w := range words {
			if (w == "-C" || w == "--directory") && i+1 < len(words) {
				dir = path.Join(dir, words[i+1])
			} else if v, ok := strings.CutPrefix(w, "--directory="); ok {
				dir = path.Join(dir, v)
			}
		}
		if name := path.Join(dir, GypFile); dir != "" {
			f.gypFile(name, in)
		}
	}
	if p.Roles&RoleOpen != 0 && p.Roles&RoleWrapper == 0 {
		for _, w := range c.rest {
			f.executable([]string{w}, in)
		}
	}
}

// inline is the place of a text that stands in a command.
func (in at) inline() at {
	in.by.arg0, in.by.Words = "", nil
	return in
}

// inner follows the command that another one starts. Where its options are not
// known, a word further on may be the command.
func (f *follower) inner(words []string, in at) {
	c := in.by
	c.Words, c.assigns = words, nil
	f.command(c, in)
	if Lookup(words[0]) == nil {
		f.runner(words, in)
	}
}

// runtime follows a program that is not known where its words are those of Node
// and name what there is; it reports whether they do.
func (f *follower) runtime(words []string, in at) bool {
	node := programs["node"]
	c := node.call(words[1:])
	if len(c.code) > 0 || slices.ContainsFunc(c.loads, func(name string) bool { return f.exists(name, in) }) ||
		len(c.rest) > 0 && strings.ContainsAny(c.rest[0], "./") && f.exists(c.rest[0], in) {
		return f.javascript(node, c, in)
	}
	return false
}

// runner follows the program that runs code among the words of a program that is
// not known.
func (f *follower) runner(words []string, in at) {
	for i, w := range words[1:] {
		p := Lookup(w)
		if p == nil || p.Roles&Interprets == 0 || i+2 >= len(words) || strings.HasPrefix(w, "-") {
			continue
		}
		c := p.call(words[i+2:])
		if len(c.code)+len(c.texts) > 0 || len(c.rest) > 0 && f.exists(c.rest[0], in) {
			next := in.by
			next.Words, next.assigns = words[i+1:], nil
			f.command(next, in)
			return
		}
	}
}

// javascript follows a call of Node or of a program like it; it reports whether
// that runs anything.
func (f *follower) javascript(p *Program, c call, in at) bool {
	before := len(f.run.Scripts)
	for _, name := range c.loads {
		f.load(name, in)
	}
	for _, name := range c.files {
		f.script(name, in)
	}
	for _, code := range c.code {
		f.run.Scripts = append(f.run.Scripts, Script{Code: code, Label: in.label, By: &in.by})
	}
	if f.home(in) {
		for _, name := range c.named {
			f.named([]string{name}, in)
		}
	}
	if len(c.code)+len(c.named) > 0 {
		return true
	}
	for i, w := range c.rest {
		switch {
		case w == "-":
		case strings.Contains(w, Hole) && p.Roles&RoleManager == 0 && i == 0:
			f.open(w, in)
			return true
		case Lookup(w) != nil && Lookup(w).Roles&RoleManager != 0 && path.Ext(w) != "": // node npm-cli.js run x
			f.program(Lookup(w), c.rest[i:], in)
			return true
		case strings.HasPrefix(w, "-"):
			continue
		case f.script(w, in) && (i > 0 || c.known):
			return true
		}
	}
	if len(f.run.Scripts) > before {
		return true
	}
	if len(c.rest) == 0 || c.rest[0] == "-" {
		return p.stdin && f.input(p, in)
	}
	f.reads(p, in)
	return false
}

// open notes a file whose name stays open.
func (f *follower) open(name string, in at) {
	f.cut(&in.by, CutOpen, "the name of the file that "+in.by.Program()+" runs is not known: "+shown(name))
}

func shown(name string) string {
	name = strings.ReplaceAll(name, Hole, "…")
	if len(name) > 80 {
		name = strings.ToValidUTF8(name[:80], "")
	}
	return name
}

// reads follows the files that a program runs where none is named.
func (f *follower) reads(p *Program, in at) {
	for _, name := range p.lists["reads"] {
		own := strings.ToLower(strings.TrimPrefix(p.Name, "_"))
		if file := strings.ToLower(name); strings.HasPrefix(file, own) || strings.Contains(file, own+"rc") {
			f.script(name, in)
		}
	}
}

// RunsInput reports whether a command is a runtime of JavaScript that runs what it
// reads.
func RunsInput(words []string) bool {
	if len(words) == 0 {
		return false
	}
	p := Lookup(words[0])
	if p == nil || p.Roles&RoleJavaScript == 0 || !p.stdin {
		return false
	}
	c := p.call(words[1:])
	return len(c.code)+len(c.named)+len(c.files) == 0 && (len(c.rest) == 0 || c.rest[0] == "-") &&
		!slices.ContainsFunc(words[1:], func(w string) bool { return w == "-v" || w == "--version" || w == "-h" || w == "--help" })
}

// input follows what a program reads, where that is known; it reports whether it
// is.
func (f *follower) input(p *Program, in at) bool {
	text := ""
	switch {
	case in.by.reads != nil:
		text = *in.by.reads
	default:
		for _, what := range in.by.Input {
			name, ok := strings.CutPrefix(what, "<")
			if !ok {
				name, ok = strings.CutPrefix(what, "cat ")
			}
			if !ok {
				continue
			}
			if data, found := f.find(name, in); found {
				text = string(data)
				break
			}
		}
	}
	if text == "" {
		// What is downloaded and run has a finding of its own.
		fetched := slices.ContainsFunc(in.by.Input, func(what string) bool {
			word, _, _ := strings.Cut(what, " ")
			return Is(word, RoleDownload)
		})
		if in.by.reads == nil && len(in.by.Input) > 0 && !fetched {
			f.cut(&in.by, CutOpen, "what "+in.by.Program()+" reads and runs is not known")
		}
		return false
	}
	in.by.reads = nil
	switch {
	case p.Roles&RoleJavaScript != 0:
		f.run.Scripts = append(f.run.Scripts, Script{Code: text, Label: in.label, By: &in.by})
	case p.Roles&RoleForeign != 0:
		f.foreignText(text, in)
		if p.words {
			f.inWords(p, append([]string{p.Name}, strings.Split(text, "\n")...), in)
		}
	default:
		f.text(text, p.Roles&(RoleShell|RolePowerShell|RoleCmd), in.inline())
	}
	return true
}

// shell follows a call of a shell.
func (f *follower) shell(p *Program, c call, words []string, in at) {
	role := p.Roles & (RoleShell | RolePowerShell)
	for _, encoded := range c.encoded {
		data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
		if err != nil {
			f.open(encoded, in)
			continue
		}
		f.text(utf16Text(data), role, in.inline())
	}
	for _, code := range c.code {
		next := in.inline()
		next.by.Words = c.rest // sh -c 'code' $0 $1
		if role == RoleShell && strings.Trim(code, Hole+" \t\n\"'") == "" && code != "" && p.Name != "eval" {
			f.open(code, in)
		}
		f.text(code, role, next)
		if role == RolePowerShell && len(c.code) == 1 && len(c.rest) == 0 && powerFile(code) != "" {
			f.shellFile(powerFile(code), role, in)
		}
	}
	for _, name := range slices.Concat(c.loads, c.files) {
		f.shellFile(name, role, in)
	}
	if len(c.code)+len(c.encoded)+len(c.files)+len(c.texts) > 0 {
		return
	}
	if len(c.rest) > 0 && c.rest[0] != "-" && (p.first != valueOther || !p.stdin) {
		if p.Roles&RoleHidden != 0 && p.first != valueNone {
			return
		}
		next := in
		next.by.Words = c.rest
		if !f.shellFile(c.rest[0], role, next) {
			if strings.Contains(c.rest[0], Hole) && strings.Trim(c.rest[0], Hole+"./") == "" {
				f.open(c.rest[0], in)
			}
			for _, w := range c.rest[1:] { // an option that is not known
				if !c.known && f.shellFile(w, role, in) {
					break
				}
			}
		}
		return
	}
	if p.stdin {
		f.input(p, in)
	}
}

// powerFile is the file that a text of PowerShell is nothing but.
func powerFile(text string) string {
	text = strings.Trim(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "&")), `"' `)
	name, _, _ := strings.Cut(text, " ")
	if strings.HasSuffix(strings.ToLower(name), ".ps1") {
		return name
	}
	return ""
}

// cmd follows cmd /c TEXT.
func (f *follower) cmd(words []string, in at) {
	for i, w := range words {
		lower := strings.ToLower(w)
		for _, option := range []string{"/c", "/k", "/r"} {
			at := strings.Index(lower, option)
			if i == 0 || at < 0 || !strings.HasPrefix(w, "/") {
				continue
			}
			text := strings.TrimSpace(w[at+2:] + " " + strings.Join(words[i+1:], " "))
			f.text(text, RoleCmd, in.inline())
			if !strings.ContainsAny(text, "%^") {
				f.text(text, RoleShell, in.inline())
			}
			return
		}
	}
	for _, w := range words[1:] {
		if f.shellFile(w, RoleCmd, in) {
			return
		}
	}
	f.input(programs["cmd"], in)
}
