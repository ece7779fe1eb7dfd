package shell

import (
	"encoding/base64"
	"path"
	"strings"
)

// script notes a script that Node runs; it reports whether the package has it.
func (f *follower) script(name string, in at) bool {
	if name == "" || strings.Contains(name, Hole) {
		return false
	}
	made := f.madeScript(name, in)
	for _, dir := range in.folders() {
		full := f.inside(dir, name)
		if full == "." || full == "" {
			full = "index"
		}
		if f.Resolve != nil {
			if file, ok := f.Resolve(full); ok {
				f.run.Scripts = append(f.run.Scripts, Script{File: file, Label: in.label, By: &in.by})
				return true
			}
		}
		if _, ok := f.file(dir, name); ok {
			f.run.Scripts = append(f.run.Scripts, Script{File: full, Label: in.label, By: &in.by})
			return true
		}
	}
	return made
}

// load follows what Node loads first: -r FILE.
func (f *follower) load(name string, in at) {
	if strings.HasPrefix(name, "data:") {
		media, code, ok := strings.Cut(name, ",")
		if ok && strings.HasSuffix(media, ";base64") {
			data, err := base64.StdEncoding.DecodeString(code)
			if err == nil {
				code = string(data)
			}
		}
		f.run.Scripts = append(f.run.Scripts, Script{Code: unescapeURL(code), Label: in.label, By: &in.by})
		return
	}
	name = unescapeURL(strings.TrimPrefix(strings.TrimPrefix(name, "file://"), "file:"))
	if strings.Contains(name, Hole) {
		f.open(name, in)
		return
	}
	f.script(name, in)
}

// searched follows a program that lies in a folder of the package that the text
// looks for programs in.
func (f *follower) searched(words, paths []string, in at) bool {
	if strings.ContainsAny(words[0], "/") {
		return false
	}
	for _, folder := range paths {
		if name := path.Join(folder, words[0]); folder != "" {
			if _, ok := f.file("", name); ok {
				return f.executable(append([]string{"./" + name}, words[1:]...), in)
			}
		}
	}
	return false
}

// executable follows a program named by a path, or a bin of the package; it
// reports whether the package has it.
func (f *follower) executable(words []string, in at) bool {
	word := words[0]
	if f.Manifest != nil && !strings.ContainsAny(word, "/.\\") {
		if target, ok := f.Manifest.Bin[word]; ok {
			root := in
			root.by.Dir, root.by.dirs = "", nil
			if f.script(target, root) {
				return true
			}
		}
	}
	if f.Manifest != nil && strings.HasPrefix(word, "node_modules/.bin/") {
		return f.executable(append([]string{path.Base(word)}, words[1:]...), in)
	}
	name, data, ok := f.locate(word, in)
	if !ok {
		if f.madeExecutable(words, in) {
			return true
		}
		if Lookup(word) == nil && len(words) > 1 {
			f.runner(words, in)
		}
		return false
	}
	in.by.Words = words
	role, program := language(name, data)
	switch {
	case program != nil && role == 0:
		// #!/usr/bin/env make
		f.program(program, append(append(ShebangWords(data), name), words[1:]...), in)
	case role == RoleJavaScript || role == 0 && f.IsScript != nil && f.IsScript(name):
		return f.script(word, in)
	case role&(RoleShell|RolePowerShell|RoleCmd) != 0:
		return f.shellFile(word, role, in)
	case role == RoleForeign:
		f.foreignFile(name, data, in)
	case role == 0 && strings.IndexByte(string(data[:min(len(data), 512)]), 0) < 0 && !strings.HasSuffix(name, ".json"):
		return f.shellFile(word, RoleShell, in) // a shell reads what has no #!
	}
	return true
}

// language is what a file is written in, by its first line and its name.
func language(name string, data []byte) (Role, *Program) {
	if words := ShebangWords(data); len(words) > 0 {
		p := Lookup(words[0])
		if p == nil {
			return 0, nil
		}
		if role := p.Roles & Interprets; role != 0 {
			return role & -role, p
		}
		return 0, p
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".sh", ".bash", ".zsh", ".ksh", ".command", ".fish", ".csh", ".dash", ".ash":
		return RoleShell, nil
	case ".ps1", ".psm1":
		return RolePowerShell, nil
	case ".bat", ".cmd", ".btm":
		return RoleCmd, nil
	case ".py", ".pyw", ".pl", ".rb", ".php", ".lua", ".tcl", ".awk", ".vbs", ".jse", ".wsf", ".applescript", ".scpt", ".hta", ".exp":
		return RoleForeign, nil
	}
	return 0, nil
}

// shellFile follows a file of the package that a shell runs; it reports whether
// the package has it.
func (f *follower) shellFile(word string, role Role, in at) bool {
	name, data, ok := f.locate(word, in)
	if !ok {
		return f.madeShell(word, role, in)
	}
	switch own, _ := language(name, data); {
	case own&(RolePowerShell|RoleCmd) != 0:
		role = own
	case role == RoleCmd && own == RoleShell, role == RoleCmd && own == 0 && path.Ext(name) != "":
		return false
	}
	key := f.memo + "\x00" + name + "\x00" + in.by.Dir
	if f.read[key] && len(in.by.Words) < 2 {
		return true
	}
	if key += "\x00" + strings.Join(in.by.Words, "\x00"); f.read[key] {
		return true
	}
	f.read[key], f.read[f.memo+"\x00"+name+"\x00"+in.by.Dir] = true, true
	by := in.by
	f.run.Files = append(f.run.Files, File{name, &by})
	if i := strings.IndexByte(string(data[:min(len(data), 4096)]), 0); i >= 0 && role == RoleShell {
		return true // a program, no text
	}
	next := in
	next.by = Command{Words: in.by.Words, Script: in.by.Script, File: name, Dir: in.by.Dir, Line: 1,
		gyp: in.by.gyp, dirs: in.by.dirs, paths: in.by.paths, arg0: word}
	if in.label != "" {
		next.label += " → " + name
	}
	f.text(string(data), role, next)
	return true
}
