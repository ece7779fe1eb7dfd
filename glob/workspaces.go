package glob

import (
	"slices"
	"strings"
)

// Bounds of workspace patterns. The largest public monorepos stay under a
// tenth of them.
const (
	// maxText is how many bytes the patterns with wildcards have, their braces
	// written out. Plain folders are not limited.
	maxText = 16 << 10
	// maxNegated is how many negated patterns are read.
	maxNegated = 256
	// maxPath is the longest folder; no system opens a longer one.
	maxPath = 4096
)

// Workspaces are the patterns of package.json's "workspaces".
type Workspaces struct {
	folders  map[string]bool // patterns without wildcards
	patterns []pattern
	negated  []pattern
}

// NewWorkspaces reads patterns as npm's @npmcli/map-workspaces does, which is
// also how Yarn and pnpm use theirs:
//
//   - * and ? stand for a part of a folder's name, [a-c] and [!a-c] for a
//     letter, {a,b} and {1..3} for one pattern each, @(a|b), ?(a), *(a), +(a)
//     and !(a|b) for names; ** stands for any number of folders, at the end for
//     none too.
//   - "./" or "/" before a pattern and "/" after it say nothing; "\" is "/".
//   - A wildcard stands for no leading dot, and nothing in a node_modules is a
//     workspace.
//   - "!" negates and "!!" does not. What is negated is left out wherever it
//     stands in the list, unless a later pattern is itself, as a text, what a
//     negated one matches: ["packages/*", "!packages/b", "packages/b"] has b.
//
// Not read are [[:alpha:]], {1..9..2}, groups nested deeper than four and
// negated groups in repeated ones. Such a pattern matches nothing, and so does
// what goes beyond the bounds of this package.
func NewWorkspaces(patterns []string) *Workspaces {
	w := &Workspaces{folders: map[string]bool{}}
	budget := maxText
	var globs []string
	for _, text := range patterns {
		bare := strings.TrimLeft(text, "!")
		odd := (len(text)-len(bare))%2 == 1
		bare = trimRoot(strings.ReplaceAll(bare, `\`, "/"))
		switch {
		case odd && len(w.negated) < maxNegated:
			w.negated = append(w.negated, compilePattern(bare, &budget))
		case !odd:
			w.overrule(bare)
			if hasWildcard(bare) {
				globs = append(globs, bare)
			} else {
				w.folders[clean(bare)] = true
			}
		}
	}
	for _, text := range globs {
		// npm spares itself the walk for a pattern that is, as a text, negated.
		path := readPath(text)
		if !slices.ContainsFunc(w.negated, func(n pattern) bool { return n.matchText(path) }) {
			w.patterns = append(w.patterns, compilePattern(text, &budget))
		}
	}
	return w
}

// overrule drops the negated patterns that match a later one. As in npm, the one
// after a dropped one is not asked.
func (w *Workspaces) overrule(text string) {
	path := readPath(text)
	for i := 0; i < len(w.negated); i++ {
		if w.negated[i].matchText(path) {
			w.negated = slices.Delete(w.negated, i, i+1)
		}
	}
}

// Match reports whether a folder, written as in a lockfile ("packages/a"), is a
// workspace.
func (w *Workspaces) Match(folder string) bool {
	if folder == "" || len(folder) > maxPath {
		return false
	}
	names := strings.Split(folder, "/")
	if slices.Contains(names, "node_modules") {
		return false
	}
	if !w.folders[folder] && !slices.ContainsFunc(w.patterns, func(p pattern) bool { return p.match(names, false, false) }) {
		return false
	}
	// npm asks for "a/" too, which a/!(b) matches; and what is negated may begin
	// with a dot.
	inside := append(slices.Clip(names), "")
	return !slices.ContainsFunc(w.negated, func(p pattern) bool { return p.match(names, true, true) || p.match(inside, true, true) })
}

// pattern is one pattern with its braces written out.
type pattern struct {
	choices [][]step
	// folder says that it ends in a slash.
	folder bool
}

// step is one name of a pattern.
type step struct {
	text    string
	kind    stepKind
	machine *name
}

type stepKind uint8

const (
	literal stepKind = iota
	simple           // letters and stars
	complex          // the machine
	folders          // **
)

func compilePattern(text string, budget *int) (p pattern) {
	p.folder = strings.HasSuffix(text, "/")
	texts, ok := expand(text, min(*budget, maxText))
	if !ok {
		return p
	}
	for _, text := range texts {
		*budget -= len(text) + 1
		if steps, ok := compileSteps(text); ok {
			p.choices = append(p.choices, steps)
		}
	}
	return p
}

// compileSteps reads a pattern without braces; ok is false where nothing can
// match it.
func compileSteps(text string) (steps []step, ok bool) {
	if strings.HasPrefix(text, "#") {
		return nil, false // npm takes it for a comment
	}
	for one := range strings.SplitSeq(clean(text), "/") {
		switch {
		case one == "":
			return nil, false
		case one == "**":
			if n := len(steps); n > 0 && steps[n-1].kind == folders {
				continue
			}
			steps = append(steps, step{kind: folders})
		case !strings.ContainsAny(one, "*?[+@!"):
			steps = append(steps, step{text: one})
		case !strings.ContainsAny(one, "?[") && !strings.Contains(one, "("):
			steps = append(steps, step{text: one, kind: simple})
		default:
			machine, ok := compile(one)
			if !ok {
				return nil, false
			}
			steps = append(steps, step{kind: complex, machine: machine})
		}
	}
	return steps, true
}

// fits reports whether a step takes a name, and whether it is **.
func (s *step) fits(name string, dot bool) (match, many bool) {
	hidden := !dot && strings.HasPrefix(name, ".")
	switch s.kind {
	case literal:
		return s.text == name, false
	case simple:
		return name != "" && !(hidden && s.text[0] == '*') && Text(s.text, name), false
	case complex:
		return s.machine.match([]rune(name), dot), false
	}
	return !hidden, true
}

// match matches a path. Inside says that ** at the end takes at least one name.
func (p pattern) match(names []string, dot, inside bool) bool {
	return slices.ContainsFunc(p.choices, func(steps []step) bool {
		return walk(steps, names, inside, func(s step, name string) (bool, bool) { return s.fits(name, dot) })
	})
}

// textPath is a pattern's text as if that were a path.
type textPath struct {
	names  []string
	folder bool // it ends in a slash
}

func readPath(text string) textPath {
	return textPath{strings.Split(strings.TrimRight(text[:min(len(text), maxPath)], "/"), "/"), strings.HasSuffix(text, "/")}
}

// matchText matches the text of another pattern as if that were a path.
func (p pattern) matchText(path textPath) bool {
	return (path.folder || !p.folder) && p.match(path.names, false, !path.folder)
}

// trimRoot drops what npm drops before a pattern: /, ./ and .//.
func trimRoot(text string) string {
	if rest := strings.TrimPrefix(text, "."); strings.HasPrefix(rest, "/") {
		return strings.TrimLeft(rest, "/")
	}
	return text
}

// hasWildcard reports whether a pattern may stand for anything but itself.
func hasWildcard(text string) bool {
	return strings.ContainsAny(text, "*?[{") || strings.HasPrefix(text, "#") ||
		strings.Contains(text, "+(") || strings.Contains(text, "@(") || strings.Contains(text, "!(")
}

// clean drops empty names and what ".." takes back. As in npm, packages/./a
// is nothing.
func clean(text string) string {
	var out []string
	for one := range strings.SplitSeq(text, "/") {
		n := len(out)
		switch {
		case one == "":
		case one == ".." && n > 0 && out[n-1] != ".." && !hasWildcard(out[n-1]):
			out = out[:n-1]
		default:
			out = append(out, one)
		}
	}
	return strings.Join(out, "/")
}
