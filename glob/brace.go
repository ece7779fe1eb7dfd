package glob

import (
	"strconv"
	"strings"
)

// expand writes a pattern with {a,b}, {1..3} and {a..c} out, as a shell does
// and in its order, into at most so many bytes; ok is false where it takes
// more or nests too deep. What stands in braces and is neither is left as it is.
func expand(pattern string, bytes int) (out []string, ok bool) {
	if len(pattern) > bytes {
		return nil, false
	}
	open, end, choices, ok := brace(pattern)
	if choices == nil {
		return []string{pattern}, ok
	}
	before, after := pattern[:open], pattern[end+1:]
	rests, ok := expand(after, bytes)
	if !ok {
		return nil, false
	}
	for _, choice := range choices {
		inner, ok := expand(choice, bytes)
		if !ok {
			return nil, false
		}
		for _, i := range inner {
			for _, rest := range rests {
				one := before + i + rest
				if bytes -= len(one) + 1; bytes < 0 {
					return nil, false
				}
				out = append(out, one)
			}
		}
	}
	return out, true
}

// maxBraces is how many braces are open at a time.
const maxBraces = 16

// brace finds the first braces with choices. It reads the pattern once.
func brace(pattern string) (open, end int, choices []string, ok bool) {
	type level struct {
		open   int
		commas []int
	}
	var levels []level
	found := level{open: -1}
	for i := range len(pattern) {
		switch pattern[i] {
		case '{':
			if levels = append(levels, level{open: i}); len(levels) > maxBraces {
				return 0, 0, nil, false
			}
		case ',':
			if n := len(levels); n > 0 {
				levels[n-1].commas = append(levels[n-1].commas, i)
			}
		case '}':
			if len(levels) == 0 {
				continue
			}
			l := levels[len(levels)-1]
			levels = levels[:len(levels)-1]
			dollar := l.open > 0 && pattern[l.open-1] == '$'
			if (len(l.commas) > 0 || isSequence(pattern[l.open+1:i])) && !dollar && (found.open < 0 || l.open < found.open) {
				found, end = l, i
			}
		}
	}
	if found.open < 0 {
		return 0, 0, nil, true
	}
	if len(found.commas) == 0 {
		return found.open, end, sequence(pattern[found.open+1 : end]), true
	}
	from := found.open + 1
	for _, comma := range found.commas {
		choices = append(choices, pattern[from:comma])
		from = comma + 1
	}
	return found.open, end, append(choices, pattern[from:end]), true
}

// maxSequence is how many numbers braces stand for.
const maxSequence = 1000

// ends are those of 1..3 and a..c; ok is false for anything else.
func ends(text string) (from, to int, write func(int) string, ok bool) {
	first, last, ok := strings.Cut(text, "..")
	if !ok || len(text) > 20 {
		return 0, 0, nil, false
	}
	if len(first) == 1 && len(last) == 1 && isLetter(first[0]) && isLetter(last[0]) {
		return int(first[0]), int(last[0]), func(n int) string { return string(rune(n)) }, true
	}
	from, err1 := strconv.Atoi(first)
	to, err2 := strconv.Atoi(last)
	return from, to, strconv.Itoa, err1 == nil && err2 == nil && max(from, to)-min(from, to) < maxSequence
}

func isSequence(text string) bool {
	_, _, _, ok := ends(text)
	return ok
}

func sequence(text string) (out []string) {
	from, to, write, _ := ends(text)
	step := 1
	if from > to {
		step = -1
	}
	for n := from; n != to; n += step {
		out = append(out, write(n))
	}
	return append(out, write(to))
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
