package eval

import (
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
	"github.com/lockwarden/lockwarden/analyzer/javascript/resolve"
)

// minTokenText is how short a text of a script that is not read says nothing.
const minTokenText = 3

// scanTokens takes the words of a script that no parser reads: member chains
// followed by a parenthesis, modules that are asked for, and texts. What it finds is
// textual.
func (p *program) scanTokens(m *Module) {
	names, text := map[string]string{}, m.File.Text()
	p.records.Tokens = append(p.records.Tokens, m.File.Path)
	for t := range ir.Tokens(text) {
		if !t.Quoted {
			p.word(m, names, text, t.Start, t.End)
			continue
		}
		if t.End-t.Start < minTokenText {
			continue
		}
		p.records.Texts = append(p.records.Texts, Text{Value: text[t.Start:t.End], Place: p.tokenSite(m, t.Start-1)})
		if t.End-t.Start < maxMention-1 {
			p.strings.Literal(text[t.Start:t.End])
		}
	}
}

// word looks at a chain of names such as child_process.exec.
func (p *program) word(m *Module, names map[string]string, text string, start, end int) {
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
		if i := strings.LastIndexFunc(before, func(r rune) bool { return r > 127 || !ir.IsWordByte(byte(r)) && r != '$' }); i+1 < len(before) {
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
	} else if resolve.IsBuiltin(head) {
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

func (p *program) textual(m *Module, kind UseKind, target *Path, pos int) {
	if target.Interest.Uses&kind != 0 {
		p.records.Uses = append(p.records.Uses, Use{Kind: kind, API: target.API, Certainty: Textual, ID: -1, Place: p.tokenSite(m, pos)})
	}
}

// tokenSite is a place in the module's only function.
func (p *program) tokenSite(m *Module, pos int) Place {
	return Place{Source: m.File, Pos: int32(pos), F: m.Functions[0]}
}
