package ir

import "strings"

// Strings has the names and literal texts of a package's scripts; nodes know
// them by their index.
type Strings struct {
	// All are the texts, by index.
	All   []string
	index map[string]int32
	// module is the number of the one that is read, marked the last one that
	// each string was in.
	module int32
	marked []int32
	// Mentions are the strings of the module that is read, in order.
	Mentions []int32
}

// NewStrings is an empty table.
func NewStrings() Strings { return Strings{index: map[string]int32{}} }

// maxInterned is how long a text may be that is looked for in the table, in
// bytes; longer ones are seldom written twice.
const maxInterned = 32

// Begin begins to read a module.
func (t *Strings) Begin() {
	t.module++
	t.Mentions = t.Mentions[:0]
}

// name is the index of a name, whose text there is once.
func (t *Strings) name(s string) int32 {
	i := t.Find(s)
	if t.marked[i] != t.module {
		t.marked[i] = t.module
		t.Mentions = append(t.Mentions, i)
	}
	return i
}

// share is a name, whose text there is once, that mentions nothing.
func (t *Strings) share(s string) string { return t.All[t.Find(s)] }

// Find is the index of a name, that mentions nothing.
func (t *Strings) Find(s string) int32 {
	i, ok := t.index[s]
	if !ok {
		i = t.add(s)
		t.index[t.All[i]] = i
	}
	return i
}

// Literal is the index of a text.
func (t *Strings) Literal(s string) int32 {
	if len(s) <= maxInterned {
		return t.name(s)
	}
	i := t.add(s)
	t.Mentions = append(t.Mentions, i)
	return i
}

func (t *Strings) add(s string) int32 {
	t.All = append(t.All, strings.Clone(s)) // it may be a part of a whole script
	t.marked = append(t.marked, 0)
	return int32(len(t.All) - 1)
}

// Cut forgets the strings from an index on.
func (t *Strings) Cut(from int) {
	for i := from; i < len(t.All); i++ {
		if s := t.All[i]; t.index[s] == int32(i) {
			delete(t.index, s)
		}
	}
	clear(t.All[from:])
	t.All, t.marked = t.All[:from], t.marked[:from]
}
