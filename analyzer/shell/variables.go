package shell

import (
	"encoding/json"
	"strings"
)

// assigned follows what a variable makes programs run.
func (f *follower) assigned(assign string, in at) {
	name, value, _ := strings.Cut(assign, "=")
	value = strings.Trim(value, `"'`)
	switch {
	case optionVariable(name):
		c := programs["node"].call(optionWords(value))
		for _, file := range c.loads {
			f.load(file, in)
		}
	case isFileVariable(name):
		f.executable([]string{"./" + strings.TrimPrefix(value, "./")}, in)
		f.shellFile(value, RoleShell, in)
	case commandVariables[name] && strings.ContainsAny(value, " /|"+Hole):
		f.given(strings.TrimLeft(value, "|-!"), in)
	}
}

// commandVariables hold commands that programs run, of Git, ssh, sudo, man, less,
// rsync, Bash, make and editors.
var commandVariables = func() map[string]bool {
	out := map[string]bool{}
	for _, name := range strings.Fields(`GIT_SSH GIT_SSH_COMMAND GIT_ASKPASS GIT_EDITOR GIT_SEQUENCE_EDITOR GIT_PAGER
		GIT_EXTERNAL_DIFF GIT_PROXY_COMMAND SSH_ASKPASS SUDO_ASKPASS SUDO_EDITOR EDITOR VISUAL FCEDIT PAGER MANPAGER
		BROWSER LESSOPEN LESSCLOSE PROMPT_COMMAND RSYNC_RSH CVS_RSH SVN_SSH HGEDITOR SYSTEMD_PAGER SYSTEMD_EDITOR
		CC CXX LD AR npm_config_git npm_config_editor npm_config_viewer npm_config_shell`) {
		out[name] = true
	}
	return out
}()

// environmentFiles follows the options of Node in files of variables.
func (f *follower) environmentFiles(words []string, in at) {
	for i, w := range words {
		name, value, ok := strings.Cut(w, "=")
		if name != "--env-file" && name != "--env-file-if-exists" {
			continue
		}
		if !ok && i+1 < len(words) {
			value = words[i+1]
		}
		data, _ := f.find(value, in)
		for _, line := range strings.Split(string(data[:min(len(data), maxValue)]), "\n") {
			line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
			if key, set, ok := strings.Cut(line, "="); ok && optionVariable(strings.TrimSpace(key)) {
				f.assigned("NODE_OPTIONS="+strings.TrimSpace(set), in)
			}
		}
	}
}

// optionVariable reports whether a variable holds options of Node.
func optionVariable(name string) bool {
	return name == "NODE_OPTIONS" || strings.EqualFold(name, "npm_config_node_options")
}

// isFileVariable reports whether a variable names a file that shells run.
func isFileVariable(name string) bool {
	return name == "BASH_ENV" || name == "ENV" || strings.EqualFold(name, "npm_config_script_shell")
}

// optionWords splits NODE_OPTIONS as Node does: at spaces, but for those in
// double quotes.
func optionWords(text string) []string {
	var out []string
	var b strings.Builder
	quoted, some := false, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && quoted && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case c == '"':
			quoted, some = !quoted, true
		case c == ' ' && !quoted:
			if some {
				out = append(out, b.String())
			}
			b.Reset()
			some = false
		default:
			b.WriteByte(c)
			some = true
		}
	}
	if some {
		out = append(out, b.String())
	}
	return out
}

// Variable is what npm sets a variable to while it runs a script of the package.
func (p *Package) Variable(name string) (string, bool) {
	switch name {
	case "npm_execpath":
		return "npm-cli.js", true
	case "npm_node_execpath", "NODE", "npm_config_node_execpath":
		return "node", true
	case "npm_package_json":
		return "./package.json", true
	}
	if !strings.HasPrefix(name, "npm_package_") {
		return "", false
	}
	if p.variables == nil {
		p.variables = map[string]string{}
		var document any
		if data, ok := p.Read("package.json"); ok && json.Unmarshal([]byte(strings.TrimPrefix(string(data), "\ufeff")), &document) == nil {
			flatten(p.variables, "npm_package", document)
		}
	}
	v, ok := p.variables[name]
	return v, ok
}

// flatten names the values of a document as npm names them in variables.
func flatten(out map[string]string, name string, v any) {
	switch v := v.(type) {
	case string:
		out[name] = v
	case map[string]any:
		for _, key := range sorted(v) {
			flatten(out, name+"_"+strings.Map(func(c rune) rune {
				if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
					return c
				}
				return '_'
			}, key), v[key])
		}
	case []any:
		for i, item := range v {
			flatten(out, name+"_"+itoa(i), item)
		}
	}
}
