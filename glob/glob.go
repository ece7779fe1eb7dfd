// Package glob has the wildcards that people write in files we read: names in a
// policy and in the maps of behaviors, paths in a policy, and the workspaces of
// package.json.
//
//	Text        *           any text          policy: packages, findings; maps: command words
//	Contains    *           the same, anywhere in the text             maps: texts
//	Path        * **        a part of a name, folders                  policy: paths.ignore
//	Workspaces  * ** ? [] {} +() !   as npm's @npmcli/map-workspaces reads them
//
// Whoever opens a pull request writes one of the two sides. Text and Contains
// take time linear in both. Path and Workspaces take at most the length of the
// pattern times that of the path, and Workspaces bounds its patterns. There is
// no backtracking, and what is compiled does not change: it may be shared.
//
// A library was tried: doublestar has neither npm's rules for folders that
// begin with a dot nor negation, and takes exponential time for {a,a}{a,a}…
package glob

import "strings"

// Text reports whether s matches a pattern in which * stands for any text, the
// empty one and slashes too. Nothing else in a pattern is special.
func Text(pattern, s string) bool {
	before, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == s
	}
	s, ok := strings.CutPrefix(s, before)
	if !ok {
		return false
	}
	i := strings.LastIndexByte(rest, '*')
	s, ok = strings.CutSuffix(s, rest[i+1:])
	return ok && Contains(s, rest[:max(i, 0)])
}

// Contains reports whether a part of the text matches a pattern as Text has
// them: the pieces between the pattern's stars stand in it, in their order.
func Contains(text, pattern string) bool {
	// Taking the first place where a piece stands is right: it leaves the most
	// to the pieces after it.
	for piece := range strings.SplitSeq(pattern, "*") {
		i := strings.Index(text, piece)
		if i < 0 {
			return false
		}
		text = text[i+len(piece):]
	}
	return true
}

// Path reports whether a file matches a pattern whose names are as Text has
// them, and in which the name ** stands for any number of folders. At the end
// of a pattern, ** is everything in a folder, but not the folder. A slash
// around the pattern says nothing. Names that begin with a dot are names like
// any other.
func Path(pattern, file string) bool {
	steps := strings.Split(strings.Trim(pattern, "/"), "/")
	return walk(steps, strings.Split(file, "/"), true, func(step, name string) (match, folders bool) {
		return step == "**" || Text(step, name), step == "**"
	})
}

// walk matches the names of a path against the steps of a pattern. fits says
// whether a step takes a name, and whether it stands for any number of them.
// Inside says that such a step at the end of a pattern takes at least one.
func walk[S any](steps []S, names []string, inside bool, fits func(step S, name string) (match, folders bool)) bool {
	// can[i] reports whether the steps so far match the first i names.
	var few [32]bool // most paths need no more
	can, next := few[:16], few[16:]
	if len(names) >= 16 {
		can, next = make([]bool, len(names)+1), make([]bool, len(names)+1)
	}
	can[0] = true
	for n, step := range steps {
		_, folders := fits(step, "")
		next[0] = can[0] && folders && !(inside && n == len(steps)-1)
		alive := next[0]
		for i, name := range names {
			from := can[i] || folders && next[i]
			next[i+1] = folders && can[i+1] && !(inside && n == len(steps)-1)
			if from && !next[i+1] {
				next[i+1], _ = fits(step, name)
			}
			alive = alive || next[i+1]
		}
		if !alive {
			return false
		}
		can, next = next, can
	}
	return can[len(names)]
}
