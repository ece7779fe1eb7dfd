// Package prevalence knows how common a behavior or an issue is among the
// packages of npm, and how much used a package is.
package prevalence

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed ranks.txt
var rankList string

// RankSource names the pinned list that ranks come from.
const RankSource = "npm-high-impact 1.13.0"

var ranks = sync.OnceValue(func() map[string]int {
	m := make(map[string]int, 10_000)
	for _, line := range strings.Split(rankList, "\n") {
		if line != "" && line[0] != '#' {
			m[line] = len(m) + 1
		}
	}
	return m
})

// Rank is the place of a package among the most used ones, from 1; 0 where it
// is not among the first 10,000.
func Rank(name string) int { return ranks()[name] }

// Ranked are the names of the most used packages, most used first, at most n.
func Ranked(n int) []string {
	out := make([]string, 0, n)
	for _, line := range strings.Split(rankList, "\n") {
		if line != "" && line[0] != '#' && len(out) < n {
			out = append(out, line)
		}
	}
	return out
}
