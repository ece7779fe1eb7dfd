package coarse

import "slices"

// Sets of small numbers, each kept once: what flows together is the same in most
// places, and a union that was made before costs one look-up.

// set is the number of a set; 0 is the empty one.
type set int32

type sets struct {
	all    [][]uint32
	index  map[string]set
	unions map[[2]set]set
	// most is how many functions a set may have; one of more has anyFunction in their
	// place, so that widening loses nothing.
	most int
}

func newSets(most int) *sets {
	return &sets{all: [][]uint32{nil}, index: map[string]set{"": 0}, unions: map[[2]set]set{}, most: most}
}

// of is the set of sorted elements, which it keeps.
func (s *sets) of(elements []uint32) set {
	key := make([]byte, 0, 4*len(elements))
	for _, e := range elements {
		key = append(key, byte(e), byte(e>>8), byte(e>>16), byte(e>>24))
	}
	if n, ok := s.index[string(key)]; ok {
		return n
	}
	n := set(len(s.all))
	s.all = append(s.all, elements)
	s.index[string(key)] = n
	return n
}

func (s *sets) elements(a set) []uint32 { return s.all[a] }

func (s *sets) union(a, b set) set {
	switch {
	case a == b || b == 0:
		return a
	case a == 0:
		return b
	case a > b:
		a, b = b, a
	}
	if n, ok := s.unions[[2]set{a, b}]; ok {
		return n
	}
	out := append(slices.Clone(s.all[a]), s.all[b]...)
	slices.Sort(out)
	out = slices.Compact(out)
	if n, _ := slices.BinarySearch(out, firstFunction); len(out)-n > s.most {
		out = out[:n]
		if at, had := slices.BinarySearch(out, anyFunction); !had {
			out = slices.Insert(out, at, anyFunction)
		}
	}
	n := s.of(out)
	s.unions[[2]set{a, b}] = n
	return n
}

// without is what is in a and not in b.
func (s *sets) without(a, b set) set {
	if a == b {
		return 0
	}
	if b == 0 {
		return a
	}
	old := s.all[b]
	var out []uint32
	for _, e := range s.all[a] {
		if _, had := slices.BinarySearch(old, e); !had {
			out = append(out, e)
		}
	}
	return s.of(out)
}
