package issue

import (
	"sort"
	"strings"
	"sync"

	"github.com/lockwarden/lockwarden/analyzer/prevalence"
)

// Names that are made to be taken for others.

// lookAlikes are characters that look like ASCII letters, from Unicode's
// confusables, and pairs that fonts run together.
// Source: https://www.unicode.org/Public/security/latest/confusables.txt
var lookAlikes = strings.NewReplacer(
	"а", "a", "ɑ", "a", "α", "a", "Ь", "b", "с", "c", "ϲ", "c", "ԁ", "d", "е", "e", "ҽ", "e", "ɡ", "g", "һ", "h", "і", "i", "ı", "i", "ɩ", "i", "ј", "j", "κ", "k", "к", "k", "ӏ", "l", "ⅼ", "l",
	"м", "m", "ո", "n", "п", "n", "о", "o", "ο", "o", "օ", "o", "р", "p", "ρ", "p", "ԛ", "q", "г", "r", "ѕ", "s", "т", "t", "τ", "t", "υ", "u", "ս", "u", "ν", "v", "ѵ", "v", "ԝ", "w", "ѡ", "w", "х", "x", "χ", "x", "у", "y", "γ", "y", "ᴢ", "z",
	"0", "o", "1", "l", "rn", "m", "vv", "w")

// skeleton is a text with each character replaced by the letter it looks like:
// two texts with the same skeleton are taken for each other.
func skeleton(s string) string { return lookAlikes.Replace(strings.ToLower(s)) }

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// plainName is a name without what people leave out or mix up: the scope's
// sign, separators.
func plainName(name string) string {
	return strings.NewReplacer("@", "", "/", "", "-", "", "_", "", ".", "").Replace(strings.ToLower(name))
}

// squatTargets is how many of the most used packages are worth imitating.
const squatTargets = 3000

// targets finds popular names by ways to mistake them.
type targets struct {
	names              []string
	skeletons, plain   map[string]string
	words, byDeletions map[string]string
}

var popular = sync.OnceValue(func() *targets {
	t := &targets{skeletons: map[string]string{}, plain: map[string]string{}, words: map[string]string{}, byDeletions: map[string]string{}}
	put := func(m map[string]string, key, name string) {
		if _, taken := m[key]; !taken {
			m[key] = name // the most used one first
		}
	}
	t.names = prevalence.Ranked(squatTargets)
	for _, name := range t.names {
		put(t.skeletons, skeleton(name), name)
		put(t.plain, plainName(name), name)
		put(t.words, wordKey(name), name)
		if strings.HasPrefix(name, "@") || len(name) < minSquat {
			continue
		}
		for i := range name {
			put(t.byDeletions, name[:i]+name[i+1:], name)
		}
	}
	return t
})

// minSquat is the shortest name whose neighbours are suspicious: short names
// have honest neighbours.
const minSquat = 6

// wordKey is a name's words in order of the alphabet.
func wordKey(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' || r == '.' })
	if len(words) < 2 {
		return name
	}
	sort.Strings(words)
	return strings.Join(words, "-")
}

// mistakenFor is the popular package that a name may be taken for, and how the
// two differ; empty where there is none.
func mistakenFor(name string) (target, how string) {
	t := popular()
	if prevalence.Rank(name) > 0 {
		return "", ""
	}
	if strings.HasPrefix(name, "@") {
		return "", "" // a scope belongs to one owner
	}
	if len(name) < minSquat {
		return "", ""
	}
	if target, ok := t.plain[plainName(name)]; ok && target != name {
		if strings.HasPrefix(target, "@") {
			return target, "the scope is dropped"
		}
		return target, "only separators differ"
	}
	if target, ok := t.words[wordKey(name)]; ok && target != name && wordKey(name) != name {
		return target, "the words are swapped"
	}
	// One letter more: a deletion of name is a popular name.
	for i := range name {
		shorter := name[:i] + name[i+1:]
		if len(shorter) < minSquat {
			break
		}
		if rank := prevalence.Rank(shorter); rank > 0 && rank <= squatTargets && !strings.HasPrefix(shorter, "@") && telling(name, shorter, i) {
			return shorter, "one letter more"
		}
	}
	if target, ok := t.byDeletions[name]; ok && len(target) > minSquat && !isAffix(target, name) {
		return target, "one letter less"
	}
	for i := range name {
		target, ok := t.byDeletions[name[:i]+name[i+1:]]
		if !ok || len(target) != len(name) || target == name {
			continue
		}
		if transposed(name, target) {
			return target, "two letters swapped"
		}
		if j := difference(name, target); j >= 0 && adjacent(name[j], target[j]) {
			return target, "a neighbouring key"
		}
	}
	return "", ""
}

// telling reports whether the letter that a name has more is one that typing
// makes: doubled, or a neighbour's key. A number or a plural is a name of its
// own.
func telling(name, shorter string, i int) bool {
	c := name[i]
	if c >= '0' && c <= '9' || c == '-' || c == '.' {
		return false
	}
	before, after := byte(0), byte(0)
	if i > 0 {
		before = name[i-1]
	}
	if i+1 < len(name) {
		after = name[i+1]
	}
	return c == before || c == after || adjacent(c, before) && i+1 < len(name) || c == 's' && i+1 == len(name)
}

// isAffix reports whether the shorter name only lacks a last letter that makes a
// word of its own, as a plural.
func isAffix(longer, shorter string) bool {
	return strings.HasPrefix(longer, shorter) || strings.HasSuffix(longer, shorter) || strings.ContainsAny(longer, "0123456789")
}

func transposed(a, b string) bool {
	for i := 0; i+1 < len(a); i++ {
		if a[i] != b[i] {
			return a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
		}
	}
	return false
}

// difference is where two names of one length differ, -1 where in more than
// one place.
func difference(a, b string) int {
	at := -1
	for i := range len(a) {
		if a[i] != b[i] {
			if at >= 0 {
				return -1
			}
			at = i
		}
	}
	return at
}

var keyboard = []string{"qwertyuiop", "asdfghjkl", "zxcvbnm"}

// adjacent reports whether two letters are neighbours on a QWERTY keyboard.
func adjacent(a, b byte) bool {
	place := func(c byte) (row, column int) {
		for r, keys := range keyboard {
			if i := strings.IndexByte(keys, c); i >= 0 {
				return r, i
			}
		}
		return -9, -9
	}
	ra, ca := place(a)
	rb, cb := place(b)
	return ra >= 0 && rb >= 0 && a != b && max(ra-rb, rb-ra) <= 1 && max(ca-cb, cb-ca) <= 1
}
