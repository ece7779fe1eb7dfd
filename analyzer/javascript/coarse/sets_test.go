package coarse

import (
	"slices"
	"testing"
)

// TestUnions: a set that may be any function takes no further ones in, and labels stay.
func TestUnions(t *testing.T) {
	s := newSets(2)
	few := s.union(s.of([]uint32{3, firstFunction}), s.of([]uint32{1, 3, firstFunction + 2}))
	if got := s.elements(few); !slices.Equal(got, []uint32{1, 3, firstFunction, firstFunction + 2}) {
		t.Errorf("two functions: %v", got)
	}
	many := s.union(few, s.of([]uint32{firstFunction + 1}))
	if got := s.elements(many); !slices.Equal(got, []uint32{1, 3, anyFunction}) {
		t.Errorf("three functions, of which two are told apart: %v", got)
	}
	if got := s.union(s.of([]uint32{firstFunction + 9}), many); got != many {
		t.Errorf("any function and one more: %v", s.elements(got))
	}
	if got := s.elements(s.union(s.of([]uint32{2, firstFunction}), many)); !slices.Equal(got, []uint32{1, 2, 3, anyFunction}) {
		t.Errorf("any function and a label: %v", got)
	}
}

// TestPairs: each edge once, however many there are, edges of data apart.
func TestPairs(t *testing.T) {
	var s pairs
	for _, want := range []int{2 * 100 * 100, 0} {
		added := 0
		for from := range vertex(100) {
			for to := range vertex(100) {
				for _, data := range []bool{false, true} {
					if s.add(from, to, data) {
						added++
					}
				}
			}
		}
		if added != want {
			t.Errorf("%d edges added, want %d", added, want)
		}
	}
}
