package comment

import "slices"

// Nearest are the names that look most like a word, the most alike first, at most
// n; more is how many others there are. Where none looks like it, the first n are.
func Nearest(word string, names []string, n int) (near []string, more int) {
	near = slices.Clone(names)
	slices.Sort(near)
	near = slices.Compact(near)
	all := len(near)
	slices.SortStableFunc(near, func(a, b string) int { return unlike(word, a) - unlike(word, b) })
	near = near[:min(n, len(near))]
	return near, all - len(near)
}

// unlike is how far two names are apart, as far as that says anything.
func unlike(a, b string) int { return min(distance(a, b), max(len(a), len(b))/2+1) }

// longest is the longest word that is compared letter by letter.
const longest = 256

// distance is how many letters have to be added, left out or changed to make one
// word of the other.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	x, y = x[:min(len(x), longest)], y[:min(len(y), longest)]
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i, c := range x {
		before := row[0]
		row[0] = i + 1
		for j, d := range y {
			cost := before
			if c != d {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(row[j]+1, row[j+1]+1, cost)
		}
	}
	return row[len(y)]
}
