package javascript

import "strings"

// Joins are cut, or values never settle. Which texts a value may be may be cut:
// what is left out is then some text. What matters may not: the APIs and names of
// the vocabulary, which are few, and what code can be called or looked into.

// Limits of a value's alternatives.
const (
	// maxUnion is how many texts, numbers and the like a value may be.
	maxUnion = 8
	// maxWide is how many functions and objects.
	maxWide = 64
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
	switch {
	case path.interest != Interest{}, path.marks != 0, path == p.globalObject, path == p.requirePath, path == p.mainModule:
		return true
	case path.root:
		return !path.external
	case path.parent != nil && (path.name == "#" || path.name == "@"):
		return path.parent.interest != Interest{}
	}
	return false
}

// Namer is a Vocabulary that knows the names in its APIs: of modules and of their
// members.
type Namer interface {
	Names() map[string]bool
}

// nameMatters reports whether a text is a name of the vocabulary.
func (p *program) nameMatters(text string) bool {
	if len(text) < 2 || len(text) > 40 {
		return false
	}
	text = strings.TrimPrefix(text, "node:")
	return builtins[text] || p.vocabularyNames[text]
}

// hasRoom reports whether a value is one of few enough alternatives to be kept.
func (p *program) hasRoom(n int, v *Value) bool {
	switch v.kind {
	case vString, vNumber, vBool, vNull, vRegExp:
		return n < maxUnion || p.matters(v)
	case vPath:
		return n < maxUnion || p.matters(v)
	}
	return n < maxWide
}

// news reports whether a value that became another, joined with something, says
// more than which further texts it may be: functions that read it are then evaluated
// as often as it takes.
func (p *program) news(old, joined *Value) bool {
	if old == nil {
		return joined.kind != vNumber && joined.kind != vBool
	}
	if joined.allMarks()&^old.allMarks() != 0 || old.kind == vOpaque {
		return true
	}
	found := false
	joined.each(func(alt *Value) {
		switch alt.kind {
		case vNumber, vBool, vNull, vRegExp:
		case vString:
			found = found || !contains(alternatives(old), alt) && p.nameMatters(alt.text())
		case vPath:
			found = found || p.pathMatters(alt.path()) && !contains(alternatives(old), alt)
		default:
			found = found || !contains(alternatives(old), alt)
		}
	})
	return found
}
