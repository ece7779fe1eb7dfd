package shell

import (
	"path"
	"strings"
)

// foreign follows a call of an interpreter of another language. Nobody
// understands those programs here; what they start stands in them as texts.
func (f *follower) foreign(p *Program, c call, in at) {
	for _, code := range c.code {
		f.foreignText(code, in)
	}
	found := len(c.code) > 0
	for _, name := range append(append(c.loads, c.files...), c.rest...) {
		if file, data, ok := f.locate(name, in); ok {
			f.foreignFile(file, data, in)
			found = true
			break
		}
	}
	if !found && len(c.rest) == 0 && p.stdin {
		found = f.input(p, in)
	}
	if !found && len(c.rest) == 0 {
		for _, name := range p.lists["reads"] {
			if file, data, ok := f.locate(name, in); ok {
				f.foreignFile(file, data, in)
			}
		}
	}
	if len(c.rest) > 0 && strings.Contains(c.rest[0], Hole) && strings.Trim(c.rest[0], Hole+"./") == "" {
		f.open(c.rest[0], in)
	}
	// python -m pkg, of the package
	for i, w := range in.by.Words {
		if w == "-m" && i+1 < len(in.by.Words) {
			module := strings.ReplaceAll(in.by.Words[i+1], ".", "/")
			for _, name := range []string{module + ".py", module + "/__main__.py", module + "/__init__.py"} {
				if file, data, ok := f.locate(name, in); ok {
					f.foreignFile(file, data, in)
				}
			}
		}
	}
}

func (f *follower) foreignFile(name string, data []byte, in at) {
	key := f.memo + "\x00foreign\x00" + name + "\x00" + in.by.Dir
	if f.read[key] {
		return
	}
	f.read[key] = true
	by := in.by
	f.run.Files = append(f.run.Files, File{name, &by})
	if f.work += len(data); f.work > maxWork {
		f.cut(&in.by, CutLimit, "shell texts: more than 64 MiB")
		return
	}
	if len(data) > maxText {
		f.cut(&in.by, CutLimit, name+": more than 8 MiB")
		data = data[:maxText]
	}
	in.by.File, in.by.Line = name, 1
	if in.label != "" {
		in.label += " → " + name
	}
	f.foreignText(string(data), in)
	// What it loads of the package: import x, require './x'.
	if dir := path.Dir(name); path.Ext(name) == ".py" {
		for _, line := range strings.Split(string(data), "\n") {
			words := strings.Fields(line)
			if len(words) < 2 || words[0] != "import" && words[0] != "from" {
				continue
			}
			module := strings.Trim(strings.ReplaceAll(strings.Split(words[1], ",")[0], ".", "/"), "/")
			if data, ok := f.Read(path.Join(dir, module+".py")); ok {
				f.foreignFile(path.Join(dir, module+".py"), data, in)
			}
		}
	}
}

// maxLiterals is how many texts of a program in another language are looked at.
const maxLiterals = 20_000

// foreignText follows the texts in a program that are commands, or name scripts
// of the package.
func (f *follower) foreignText(text string, in at) {
	in = in.inline()
	line, whole := in.by.Line, in.by.File != "" && in.by.File != "package.json"
	n := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\n':
			line++
		case c == '\\':
			i++
		case c == '"' || c == '\'' || c == '`':
			end := i + 1
			for end < len(text) && text[end] != c && (text[end] != '\n' || c == '`') {
				if text[end] == '\\' {
					end++
				}
				end++
			}
			if end >= len(text) || text[end] != c {
				continue // an apostrophe
			}
			if n++; n > maxLiterals {
				f.cut(&in.by, CutLimit, "texts of a program in another language: more than 20,000")
				return
			}
			literal := text[i+1 : end]
			if whole {
				in.by.Line = line
			}
			f.literal(unescape(strings.NewReplacer(`\"`, `"`, `\'`, `'`).Replace(literal)), in)
			line += strings.Count(literal, "\n")
			i = end
		}
	}
}

func (f *follower) literal(text string, in at) {
	if len(text) < 3 || len(text) > maxValue {
		return
	}
	words := strings.Fields(text)
	if len(words) == 0 {
		return
	}
	p := Lookup(words[0])
	if len(words) == 1 {
		if path.Ext(text) != "" && f.IsScript != nil && f.IsScript(text) {
			f.script(text, in)
		} else if strings.HasSuffix(text, ".sh") {
			f.shellFile(text, RoleShell, in)
		}
		return
	}
	starts := p != nil && p.Roles&(Interprets|RoleWrapper|RoleManager|RoleDownload|RoleMake) != 0 && p.first == valueNone
	if starts || strings.HasPrefix(words[0], "./") {
		f.text(text, RoleShell, in)
	}
}

// unescapeURL are the percent escapes of a URL.
func unescapeURL(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) && digit(text[i+1], 16) && digit(text[i+2], 16) {
			b.WriteByte(hexValue(text[i+1])<<4 | hexValue(text[i+2]))
			i += 2
			continue
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

func hexValue(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}
