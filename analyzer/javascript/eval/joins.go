package eval

import "unsafe"

// joinTable remembers what join answered: a table with open addressing, as there is
// no question that is asked so often. What is in it does not depend on where values
// lie in memory.
type joinTable struct {
	slots []joinAnswer
	count int
}

// joinAnswer is what a and b are, joined; nothing where value is nil.
type joinAnswer struct{ a, b, value *Value }

// maxJoins bounds the answers that are remembered.
const maxJoins = 1 << 17

// fewJoins is how many answers the first table has room for.
const fewJoins = 1 << 9

// place is where the answer for a and b stands, or would.
func (t *joinTable) place(a, b *Value) *joinAnswer {
	if len(t.slots) == 0 {
		t.slots = make([]joinAnswer, 2*fewJoins)
	}
	hash := (uint64(uintptr(unsafe.Pointer(a)))*3 ^ uint64(uintptr(unsafe.Pointer(b)))) * 0x9E3779B97F4A7C15 >> 32
	for i := int(hash) & (len(t.slots) - 1); ; i = (i + 1) & (len(t.slots) - 1) {
		if s := &t.slots[i]; s.value == nil || s.a == a && s.b == b {
			return s
		}
	}
}

// add remembers an answer, which is not in the table.
func (t *joinTable) add(a, b, v *Value) {
	switch {
	case t.count >= maxJoins:
		t.clear()
	case 2*t.count >= len(t.slots):
		old := t.slots
		t.slots = make([]joinAnswer, 2*len(old))
		for i := range old {
			if s := &old[i]; s.value != nil {
				*t.place(s.a, s.b) = *s
			}
		}
	}
	*t.place(a, b) = joinAnswer{a, b, v}
	t.count++
}

// clear forgets all answers.
func (t *joinTable) clear() {
	clear(t.slots)
	t.count = 0
}
