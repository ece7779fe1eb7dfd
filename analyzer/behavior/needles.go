package behavior

// needles finds any of many texts in one pass (Aho-Corasick as a table).
// Source: Aho, Corasick, "Efficient string matching", CACM 18(6), 1975.
type needles struct {
	next [][256]int32
	ends []bool
}

func newNeedles(words []string) *needles {
	n := &needles{next: make([][256]int32, 1), ends: make([]bool, 1)}
	for _, w := range words {
		state := int32(0)
		for i := 0; i < len(w); i++ {
			c := lower(w[i])
			if n.next[state][c] == 0 {
				n.next = append(n.next, [256]int32{})
				n.ends = append(n.ends, false)
				n.next[state][c] = int32(len(n.next) - 1)
			}
			state = n.next[state][c]
		}
		if state != 0 {
			n.ends[state] = true
		}
	}
	fail := make([]int32, len(n.next))
	var queue []int32
	for c := range 256 {
		if to := n.next[0][c]; to != 0 {
			queue = append(queue, to)
		}
	}
	for len(queue) > 0 {
		state := queue[0]
		queue = queue[1:]
		n.ends[state] = n.ends[state] || n.ends[fail[state]]
		for c := range 256 {
			to := n.next[state][c]
			if to == 0 {
				n.next[state][c] = n.next[fail[state]][c]
				continue
			}
			fail[to] = n.next[fail[state]][c]
			queue = append(queue, to)
		}
	}
	return n
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// in reports whether any needle is in s, whatever the case of letters.
func (n *needles) in(s string) bool {
	state := int32(0)
	for i := 0; i < len(s); i++ {
		state = n.next[state][lower(s[i])]
		if n.ends[state] {
			return true
		}
	}
	return false
}
