package javascript

import "strings"

// scanTokens reads a script that no parser takes as a stream of words: member
// chains followed by a parenthesis, modules that are asked for, and texts.
// What it finds is textual.
func (p *program) scanTokens(m *module) {
	names, file := map[string]string{}, m.file
	text := file.text()
	limit := min(len(text), maxScript)
	p.facts.Tokens = append(p.facts.Tokens, file.path)
	for i := 0; i < limit; {
		switch c := text[i]; {
		case c == '/' && i+1 < limit && text[i+1] == '/':
			i = skipTo(text, i, "\n")
		case c == '/' && i+1 < limit && text[i+1] == '*':
			i = skipTo(text, i+2, "*/")
		case c == '"' || c == '\'' || c == '`':
			end := endOfText(text, i)
			if end > i+3 {
				p.facts.Texts = append(p.facts.Texts, Text{Value: text[i+1 : end], Site: p.tokenSite(m, i)})
				if end-i < maxMention {
					p.strings.literal(text[i+1 : end])
				}
			}
			i = end + 1
		case isWordByte(c) || c == '$':
			start := i
			for i < limit && (isWordByte(text[i]) || text[i] == '$' || text[i] == '.' && i+1 < limit && isWordByte(text[i+1])) {
				i++
			}
			p.word(m, names, text, start, i)
		default:
			i++
		}
	}
}

// word looks at a chain of names such as child_process.exec.
func (p *program) word(m *module, names map[string]string, text string, start, end int) {
	chain := text[start:end]
	rest := strings.TrimLeft(text[end:min(len(text), end+256)], " \t\n")
	if chain == "require" || chain == "import" || strings.HasSuffix(chain, ".require") || chain == "from" {
		quoted := strings.TrimLeft(strings.TrimPrefix(rest, "("), " \t\n")
		if quoted == "" || !strings.ContainsRune("\"'`", rune(quoted[0])) {
			return
		}
		module, _, ok := strings.Cut(quoted[1:], quoted[:1])
		if !ok {
			return
		}
		before := strings.TrimRight(text[max(0, start-64):start], " \t\n=(")
		if i := strings.LastIndexFunc(before, func(r rune) bool { return r > 127 || !isWordByte(byte(r)) && r != '$' }); i+1 < len(before) {
			names[before[i+1:]] = moduleName(module)
		}
		p.textual(m, UseImport, p.externalModule(module), start)
		return
	}
	if !strings.HasPrefix(rest, "(") {
		return
	}
	head, member, dotted := strings.Cut(chain, ".")
	target := p.global(head)
	if module, ok := names[head]; ok {
		target = p.externalModule(module)
	} else if builtins[head] {
		target = p.externalModule(head)
	}
	for dotted && target != nil {
		var name string
		name, member, dotted = strings.Cut(member, ".")
		target = p.member(target, name)
	}
	if target != nil {
		p.textual(m, UseCall, target, start)
		p.textual(m, UseNew, target, start)
	}
}

func (p *program) textual(m *module, kind UseKind, target *apiPath, pos int) {
	if target.interest.Uses&kind != 0 {
		p.facts.Uses = append(p.facts.Uses, Use{Kind: kind, API: target.api, Certainty: Textual, id: -1, Site: p.tokenSite(m, pos)})
	}
}

// tokenSite is a place in the module's only function.
func (p *program) tokenSite(m *module, pos int) Site {
	return Site{file: m.file, pos: int32(pos), f: m.functions[0]}
}

func skipTo(text string, from int, end string) int {
	if i := strings.Index(text[from:], end); i >= 0 {
		return from + i + len(end)
	}
	return len(text)
}
