package ir

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	esbuild "github.com/evanw/esbuild/lockwarden"
)

// Format is what a text is loaded as.
type Format uint8

const (
	// CommonJS is the body of a function, and a module where it is none and
	// its words say so: Node since 22, and bundlers.
	CommonJS Format = iota
	// ModuleOnly is an ECMAScript module.
	ModuleOnly
	// RunText is what eval, Function and their like are given: a script, or the
	// body of a function of any kind.
	RunText
)

// dialects are the variants of the language to try, the likeliest first.
func dialects(name string) []esbuild.Dialect {
	switch path.Ext(name) {
	case ".ts", ".mts", ".cts":
		return []esbuild.Dialect{esbuild.TypeScript, esbuild.TSX}
	case ".tsx":
		return []esbuild.Dialect{esbuild.TSX, esbuild.TypeScript}
	}
	if !IsScript(name) {
		return []esbuild.Dialect{esbuild.JavaScript} // only Node runs it
	}
	return []esbuild.Dialect{esbuild.JavaScript, esbuild.JSX, esbuild.TSX, esbuild.TypeScript}
}

// Read parses a text as what it is loaded as, else as whatever it can be. The
// message is the first complaint of all.
func Read(text, name string, as Format) (esbuild.Tree, esbuild.Message, bool) {
	var first esbuild.Message
	for _, dialect := range dialects(name) {
		tree, message, ok := readDialect(text, dialect, as)
		if ok {
			return tree, message, true
		}
		if first.Text == "" {
			first = message
		}
	}
	return esbuild.Tree{}, first, false
}

// readDialect tries the goals of a format in one dialect. A text that is read to
// its end and refused for a rule beyond the grammar is taken as well: the parser
// has rules that Node has not, or not any more.
func readDialect(text string, dialect esbuild.Dialect, as Format) (esbuild.Tree, esbuild.Message, bool) {
	tree, message, ok := readGoals(text, dialect, as)
	if ok || tree.Whole {
		return tree, message, true
	}
	if plain := plainer(text); plain != text {
		if tree, _, ok = readGoals(plain, dialect, as); ok || tree.Whole {
			return tree, message, true
		}
	}
	return tree, message, false
}

// readGoals gives the tree of the goal that fits; where none does, of one for
// which the text is at least whole.
func readGoals(text string, dialect esbuild.Dialect, as Format) (esbuild.Tree, esbuild.Message, bool) {
	first := esbuild.Either
	rest := []esbuild.Goal{esbuild.Body}
	switch as {
	case ModuleOnly:
		first, rest = esbuild.Module, []esbuild.Goal{esbuild.Either, esbuild.Body}
		if strings.Contains(text, "<!--") {
			rest = nil // code in a module is a comment in what only a bundler runs
		}
	case RunText:
		rest = []esbuild.Goal{esbuild.Body, esbuild.Method, esbuild.Generator, esbuild.Async, esbuild.AsyncGenerator}
	}
	// Most texts mean the same as a script, a module and the body of a function.
	tree, message, ok := esbuild.Parse(text, dialect, first)
	if ok && !tree.Awaits || tree.Cut || as == ModuleOnly && tree.Whole {
		return tree, message, ok
	}
	fits, best := ok, tree
	for _, goal := range rest {
		other, _, ok := esbuild.Parse(text, dialect, goal)
		if ok && (!other.Awaits || !fits) {
			return other, message, true
		}
		if !fits && other.Whole && (!best.Whole || best.Awaits) {
			best = other
		}
	}
	if !fits && first != esbuild.Module && strings.Contains(text, "<!--") {
		if other, said, ok := esbuild.Parse(text, dialect, esbuild.Module); ok || other.Cut || other.Whole && !best.Whole {
			return other, said, ok
		}
	}
	return best, message, fits
}

// plainer writes what Node takes and the parser does not in another way that
// takes as many bytes, so that places stay. It is for texts that are refused
// otherwise: that what stands in quotes may change is the lesser evil.
func plainer(text string) string {
	if hasBigInteger(text) {
		text = bigInteger.ReplaceAllString(text, "$1 ")
	}
	if strings.Contains(text, `\u`) {
		text = escaped.ReplaceAllStringFunc(text, func(words string) string {
			parts := escaped.FindStringSubmatch(words)
			switch await, gap, using := parts[1]+parts[4], parts[2], parts[3]; {
			case !strings.Contains(await+using, `\`):
				return words
			case using == "":
				return "await" + strings.Repeat(" ", len(await)-len("await")) + gap
			default:
				return strings.Repeat(" ", len(await)) + gap + "let" + strings.Repeat(" ", len(using)-len("let"))
			}
		})
	}
	return withKnownLetters(text)
}

// hasBigInteger is false for most texts, faster than an expression finds out.
func hasBigInteger(text string) bool {
	for i := 1; i < len(text); i++ {
		if text[i] == 'n' && strings.IndexByte("0123456789abcdefABCDEF", text[i-1]) >= 0 &&
			(i+1 == len(text) || !IsWordByte(text[i+1])) {
			return true
		}
	}
	return false
}

// bigInteger is one, which the parser takes for no name of a method.
var bigInteger = regexp.MustCompile(`\b(0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|[0-9][0-9_]*)n\b`)

// escaped are the keywords await and using, which V8 takes with escapes as well.
var escaped = func() *regexp.Regexp {
	word := func(word string) string {
		var b strings.Builder
		for _, c := range word {
			fmt.Fprintf(&b, `(?:%c|\\u%04x|\\u\{0*%x\})`, c, c, c)
		}
		return b.String()
	}
	const gap = `((?:[ \t\v\f\x{feff}\p{Zs}]|/\*[^\r\n\x{2028}\x{2029}]*?\*/)*)`
	return regexp.MustCompile(`(?i)(` + word("await") + `)?` + gap + `(` + word("using") + `)|(` + word("await") + `)`)
}()

// mayBeLetters are the characters that a newer Unicode may let stand in names:
// letters, marks, digits, and those that mean nothing yet.
var mayBeLetters = []*unicode.RangeTable{unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Cn}

// codePoint is one that is written as an escape.
var codePoint = regexp.MustCompile(`\\u(?:[0-9a-fA-F]{4}|\{[0-9a-fA-F]{1,8}\})`)

// withKnownLetters replaces letters that are newer than the parser with others
// that take as many bytes: names stay names, and places places. That a text has
// other letters then is the lesser evil.
func withKnownLetters(text string) string {
	known := func(r rune) rune {
		switch {
		case r < 0x800 || r > unicode.MaxRune || r == utf8.RuneError || esbuild.IsLetter(r) || !unicode.In(r, mayBeLetters...):
			return r
		case r < 0x10000:
			return 0x4e00 + r%0x5000 // Chinese letters
		}
		return 0x20000 + r%0xa000
	}
	if strings.Contains(text, `\u`) {
		text = codePoint.ReplaceAllStringFunc(text, func(escape string) string {
			digits := strings.Trim(escape[2:], "{}")
			r, err := strconv.ParseInt(digits, 16, 32)
			if err != nil || known(rune(r)) == rune(r) {
				return escape
			}
			return strings.Replace(escape, digits, fmt.Sprintf("%0*x", len(digits), known(rune(r))), 1)
		})
	}
	if strings.IndexFunc(text, func(r rune) bool { return known(r) != r }) < 0 {
		return text
	}
	// Not by runes: bytes that are none must stay as they are.
	out := []byte(text)
	for i, r := range text {
		if to := known(r); to != r {
			utf8.EncodeRune(out[i:], to)
		}
	}
	return string(out)
}
