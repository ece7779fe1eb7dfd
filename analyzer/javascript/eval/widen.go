package eval

import (
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/javascript/ir"
	"github.com/lockwarden/lockwarden/analyzer/javascript/resolve"
)

// Joins are cut, or values never settle. Which texts a value may be may be cut:
// what is left out is then some text. What matters may not: the APIs and names of
// the vocabulary, which are few, and what code can be called or looked into.

// maxUnion is how many values a value may be: texts make room for functions and
// objects, those for what is in the vocabulary, which is kept however much it is.
// Where a function or an object is left out, it is said.
const maxUnion = 8

// matters reports whether a value is a member of the vocabulary, of which a join
// keeps all.
func (p *program) matters(v *Value) bool {
	switch v.kind {
	case vPath:
		return p.pathMatters(v.Path())
	case vString:
		return p.nameMatters(v.text())
	}
	return false
}

func (p *program) pathMatters(path *Path) bool {
	if !path.judged {
		path.judged = true
		switch {
		case path == p.globalObject, path == p.requirePath, path == p.mainModule:
			path.matters = true
		case strings.HasPrefix(path.API, "globalThis"):
			leads := p.known.APIs[path.API] && !strings.ContainsAny(path.API, "#@")
			path.matters = !isLanguage(path.API) && (path.Interest.Uses&(UseCall|UseNew) != 0 || leads)
		default:
			path.matters = path.root && !path.external || p.known.APIs[path.API]
		}
	}
	return path.matters
}

// languageOwn are globals that are everywhere and lead to few APIs.
var languageOwn = set(`globalThis Object Array String Number Boolean Symbol BigInt Math JSON Promise Reflect Proxy
	Map Set WeakMap WeakSet Date RegExp Error TypeError Intl crypto`)

// isLanguage reports whether an API of the global object is the language's own.
func isLanguage(api string) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(api, "globalThis."), ".")
	return languageOwn[strings.TrimRight(name, "#@")]
}

// Namer is a Vocabulary that can list what it knows.
type Namer interface {
	Known() Known
}

// Known is what a vocabulary knows, as far as that can be listed: APIs, with those
// that lead to them, and the names of modules, their members, and programs.
type Known struct{ APIs, Names map[string]bool }

// nameMatters reports whether a text is a name of the vocabulary.
func (p *program) nameMatters(text string) bool {
	if len(text) < 2 || len(text) > 40 {
		return false
	}
	text = strings.TrimPrefix(text, "node:")
	return resolve.IsBuiltin(text) || p.known.Names[text]
}

// rank is how much it matters that a value is among the alternatives.
func (p *program) rank(v *Value) change {
	switch v.kind {
	case vString:
		if v.rank == 0 {
			v.rank = 1 + uint8(others)
			if p.nameMatters(v.text()) {
				v.rank = 1 + uint8(vocabulary)
			}
		}
		return change(v.rank - 1)
	case vPath:
		if p.pathMatters(v.Path()) {
			return vocabulary
		}
		return others
	case vNumber, vBool, vNull, vRegExp:
		return others
	}
	return structure
}

// leastOf finds the alternative that makes room for a value, -1 where all of them
// matter as much. It reports whether none has to.
func (p *program) leastOf(alts []*Value, v *Value) (out int, fits bool) {
	if len(alts) < maxUnion {
		return -1, true
	}
	out, least := -1, p.rank(v)
	for i, alt := range alts {
		if alt.kind == vString && alt.text() == ir.Hole {
			continue
		}
		if rank := p.rank(alt); rank < least {
			out, least = i, rank
		}
	}
	return out, out < 0 && p.rank(v) == vocabulary
}

// change is how much a change of a value matters to those who read it.
type change uint8

const (
	// others is another text or number.
	others change = iota
	// structure is a first value, a function or an object.
	structure
	// vocabulary is an API or name of the vocabulary, or a mark.
	vocabulary
)

// news says how much it matters that a value became another, joined with something.
func (p *program) news(old, joined *Value) change {
	if joined.allMarks()&^old.allMarks() != 0 {
		return vocabulary
	}
	var before []*Value
	if old != nil {
		before = alternatives(old)
	}
	found := others
	joined.Each(func(alt *Value) {
		if found == vocabulary {
			return
		}
		switch alt.kind {
		case vString, vPath:
			if p.isNews(alt) && !contains(before, alt) {
				found = vocabulary
			} else if old == nil {
				found = max(found, structure)
			}
		case vNumber, vBool, vNull, vRegExp, vOpaque:
		default:
			if !contains(before, alt) {
				found = max(found, structure)
			}
		}
	})
	return found
}

// wordModules are the modules whose names are words of any text and that do nothing
// by themselves.
var wordModules = set(`assert buffer console constants events module path process punycode querystring readline stream
	string_decoder sys test timers tty url util`)

// isNews reports whether a value is an API that matters or a module's name: the
// names of members are everywhere.
func (p *program) isNews(v *Value) bool {
	if v.kind == vString {
		name := strings.TrimPrefix(v.text(), "node:")
		return resolve.IsBuiltin(name) && !wordModules[name]
	}
	return p.pathMatters(v.Path()) && !strings.HasPrefix(v.Path().API, "console") // passed around everywhere
}
