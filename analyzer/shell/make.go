package shell

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// makeVariable and makeShell are what make puts into a line.
// Source: https://www.gnu.org/software/make/manual/make.html
var (
	makeAssign   = regexp.MustCompile(`^(?:export\s+|override\s+)*([A-Za-z_][\w.-]*)\s*(:::?=|::=|:=|\?=|\+=|!=|=)\s*(.*)$`)
	makeVariable = regexp.MustCompile(`\$[({]([A-Za-z_][\w.-]*)[)}]`)
)

// makefile is what a file of make says.
type makefile struct {
	variables map[string]string
	rules     map[string]*makeRule
	first     string
	// shells are the commands whose output its variables take, includes the files
	// that it reads.
	shells   []makeLine
	includes []string
}

type makeRule struct {
	needs  []string
	recipe []makeLine
}

type makeLine struct {
	text string
	line int
}

func (f *follower) make(p *Program, c call, words []string, in at) {
	for i, w := range words {
		if (w == "-C" || w == "--directory") && i+1 < len(words) {
			in.by.Dir = path.Join(in.by.Dir, words[i+1])
		} else if dir, ok := strings.CutPrefix(w, "--directory="); ok {
			in.by.Dir = path.Join(in.by.Dir, dir)
		}
	}
	if !f.home(in) {
		return
	}
	for _, text := range c.code {
		m := newMakefile(text)
		f.makeTargets(m, in.by.File, c.rest, in)
	}
	names := c.files
	if len(names) == 0 {
		names = p.lists["reads"]
	}
	for _, name := range names {
		path, data, ok := f.locate(name, in)
		if !ok {
			continue
		}
		m := newMakefile(string(data[:min(len(data), maxText)]))
		by := in.by
		f.run.Files = append(f.run.Files, File{path, &by})
		f.makeTargets(m, path, c.rest, in)
		for _, include := range m.includes {
			f.make(p, call{files: []string{include}, rest: c.rest}, nil, in)
		}
		return
	}
}

func newMakefile(text string) *makefile {
	m := &makefile{variables: map[string]string{}, rules: map[string]*makeRule{}}
	m.read(text)
	return m
}

func (m *makefile) read(text string) {
	var current []*makeRule
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		line, number := strings.TrimSuffix(lines[i], "\r"), i+1
		for strings.HasSuffix(line, `\`) && i+1 < len(lines) {
			i++
			line = strings.TrimSuffix(line, `\`) + " " + strings.TrimLeft(lines[i], "\t ")
		}
		if strings.HasPrefix(line, "\t") || len(current) > 0 && strings.HasPrefix(line, "    ") { // just takes spaces
			for _, rule := range current {
				rule.recipe = append(rule.recipe, makeLine{strings.TrimLeft(line, "\t @-+"), number})
			}
			continue
		}
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || trimmed[0] == '#' {
			continue
		}
		if at := strings.Index(trimmed, "$(shell "); at >= 0 {
			if end := closing(trimmed[at+2:]); end > 0 {
				m.shells = append(m.shells, makeLine{strings.TrimPrefix(trimmed[at+2:at+2+end], "shell "), number})
			}
		}
		if name, ok := strings.CutPrefix(strings.TrimPrefix(trimmed, "-"), "include "); ok {
			m.includes = append(m.includes, strings.Fields(name)...)
			continue
		}
		if a := makeAssign.FindStringSubmatch(trimmed); a != nil {
			if a[2] == "!=" {
				m.shells = append(m.shells, makeLine{a[3], number})
			}
			if len(a[3]) <= maxValue {
				m.variables[a[1]] = a[3]
			}
			current = nil
			continue
		}
		targets, rest, ok := strings.Cut(trimmed, ":")
		if !ok {
			continue
		}
		needs, recipe, inline := strings.Cut(strings.TrimLeft(rest, ":"), ";")
		current = nil
		for _, target := range strings.Fields(targets) {
			rule := m.rules[target]
			if rule == nil {
				rule = &makeRule{}
				m.rules[target] = rule
				if m.first == "" && !strings.HasPrefix(target, ".") && !strings.Contains(target, "%") {
					m.first = target
				}
			}
			rule.needs = append(rule.needs, strings.Fields(needs)...)
			if inline {
				rule.recipe = append(rule.recipe, makeLine{strings.TrimLeft(recipe, " @-+"), number})
			}
			current = append(current, rule)
		}
	}
}

// expand puts variables in; what make computes is a command substitution, or open.
func (m *makefile) expand(text string) string {
	for range 8 {
		next := makeVariable.ReplaceAllStringFunc(text, func(s string) string {
			name := makeVariable.FindStringSubmatch(s)[1]
			if name == "MAKE" {
				return "make"
			}
			return m.variables[name]
		})
		if next == text || len(next) > maxValue {
			break
		}
		text = next
	}
	text = strings.ReplaceAll(text, "$(shell ", "$(")
	return strings.ReplaceAll(text, "$$", "$")
}

func (f *follower) makeTargets(m *makefile, file string, words []string, in at) {
	var wanted []string
	for _, w := range words {
		if name, value, ok := strings.Cut(w, "="); ok {
			m.variables[name] = value
		} else if !strings.HasPrefix(w, "-") {
			wanted = append(wanted, w)
		}
	}
	if len(wanted) == 0 {
		if wanted = []string{m.first}; m.variables[".DEFAULT_GOAL"] != "" {
			wanted = []string{m.variables[".DEFAULT_GOAL"]}
		}
	}
	done := map[string]bool{}
	follow := func(line makeLine) {
		next := in.inline()
		next.by.File, next.by.Line, next.by.Text = file, line.line, ""
		if next.label != "" {
			next.label += " → " + file
		}
		f.text(m.expand(line.text), RoleShell, next)
	}
	for _, line := range m.shells {
		follow(line)
	}
	for i := 0; i < len(wanted); i++ {
		target := strings.TrimSpace(m.expand(wanted[i]))
		if more := strings.Fields(target); len(more) > 1 {
			wanted = append(wanted, more...)
			continue
		}
		if done[target] {
			continue
		}
		done[target] = true
		rule := m.rules[target]
		if rule == nil { // by a pattern
			for _, name := range sorted(m.rules) {
				if (strings.Contains(name, "%") || strings.Contains(name, "$")) && !done[name] {
					done[name] = true
					wanted = append(wanted, m.rules[name].needs...)
					for _, line := range m.rules[name].recipe {
						follow(line)
					}
				}
			}
			continue
		}
		wanted = append(wanted, rule.needs...)
		for _, line := range slices.Clone(rule.recipe) {
			follow(line)
		}
	}
}
