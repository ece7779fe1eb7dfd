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
	out := merged(s.all[a], s.all[b])
	if n, any := slices.BinarySearch(out, anyFunction); any {
		out = out[:n+1] // whatever is one more function is one of any
	} else if len(out)-n > s.most {
		out = append(out[:n], anyFunction)
	}
	n := s.of(out)
	s.unions[[2]set{a, b}] = n
	return n
}

// merged is what is in one of two sorted lists.
func merged(a, b []uint32) []uint32 {
	out := make([]uint32, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			out, a = append(out, a[0]), a[1:]
		case a[0] > b[0]:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, a[0]), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
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

// pairs is the set of edges, those of data apart: a table with open addressing, as there
// are very many and each is asked for often.
type pairs struct {
	table []uint64 // 1 more than what stands there, 0 where nothing does
	count int
}

// add takes an edge in; false where it is there already.
func (s *pairs) add(from, to vertex, data bool) bool {
	if 2*s.count >= len(s.table) {
		old := s.table
		s.table = make([]uint64, max(1<<10, 2*len(old)))
		for _, key := range old {
			if key != 0 {
				s.table[s.place(key)] = key
			}
		}
	}
	key := uint64(from)<<32 | uint64(to)<<1
	if data {
		key |= 1
	}
	key++
	i := s.place(key)
	if s.table[i] == key {
		return false
	}
	s.table[i] = key
	s.count++
	return true
}

// place is where a key stands, or would.
func (s *pairs) place(key uint64) int {
	mask := len(s.table) - 1
	i := int(key*0x9E3779B97F4A7C15>>32) & mask
	for s.table[i] != 0 && s.table[i] != key {
		i = (i + 1) & mask
	}
	return i
}
