package javascript

import "strings"

// Joins are cut, or values never settle. Which texts a value may be may be cut:
// what is left out is then some text. What matters may not: the APIs and names of
// the vocabulary, which are few, and what code can be called or looked into.

// Limits of a value's alternatives.
const (
	// maxUnion is how many texts, numbers and the like a value may be.
	maxUnion = 8
	// maxFunctions is how many functions, maxWide how many objects: each is called
	// or looked into wherever the value is. Where one that no longer fits would be,
	// it is said.
	maxFunctions = 8
	maxWide      = 8
)

// matters reports whether a value is a member of the vocabulary, of which a join
// keeps all.
func (p *program) matters(v *Value) bool {
	switch v.kind {
	case vPath:
		return p.pathMatters(v.path())
	case vString:
		return p.nameMatters(v.text())
	}
	return false
}

func (p *program) pathMatters(path *apiPath) bool {
	if !path.judged {
		path.judged = true
		switch {
		case path == p.globalObject, path == p.requirePath, path == p.mainModule:
			path.matters = true
		case strings.HasPrefix(path.api, "globalThis"):
			path.matters = path.interest.Uses&(UseCall|UseNew) != 0 // not the language's own, which are everywhere
		default:
			path.matters = path.root && !path.external || p.known.APIs[path.api]
		}
	}
	return path.matters
}

// Namer is a Vocabulary that can list what it knows.
type Namer interface {
	Known() Known
}

// Known is what a vocabulary knows, as far as that can be listed: APIs, with those
// that lead to them, and the names in them, of modules and their members.
type Known struct{ APIs, Names map[string]bool }

// nameMatters reports whether a text is a name of the vocabulary.
func (p *program) nameMatters(text string) bool {
	if len(text) < 2 || len(text) > 40 {
		return false
	}
	text = strings.TrimPrefix(text, "node:")
	return builtins[text] || p.known.Names[text]
}

// hasRoom reports whether a value is one of few enough alternatives to be kept.
func (p *program) hasRoom(alts []*Value, v *Value) bool {
	if len(alts) < maxUnion {
		return true
	}
	switch v.kind {
	case vString, vNumber, vBool, vNull, vRegExp, vPath:
		return p.matters(v)
	}
	n, most := 0, maxWide
	if v.kind == vFunction {
		most = maxFunctions
	}
	for _, alt := range alts {
		if (alt.kind == vFunction) == (v.kind == vFunction) {
			n++
		}
	}
	return n < most
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
	joined.each(func(alt *Value) {
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

// isNews reports whether a value is an API that matters or a module's name: the
// names of members are everywhere.
func (p *program) isNews(v *Value) bool {
	if v.kind == vString {
		return builtins[strings.TrimPrefix(v.text(), "node:")]
	}
	return p.pathMatters(v.path())
}
