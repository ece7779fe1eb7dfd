package javascript

import "strings"

// stringTable has the names and literal texts of a package's scripts; nodes know
// them by their index.
type stringTable struct {
	all   []string
	index map[string]int32
	// values are those of the short texts that were evaluated.
	values []*Value
	// module is the number of the one that is read, marked the last one that
	// each string was in.
	module int32
	marked []int32
	// mentions are the strings of the module that is read, in order.
	mentions []int32
}

// maxInterned is how long a text may be that is looked for in the table, in
// bytes; longer ones are seldom written twice.
const maxInterned = 32

// begin begins to read a module.
func (t *stringTable) begin() {
	t.module++
	t.mentions = t.mentions[:0]
}

// name is the index of a name, whose text there is once.
func (t *stringTable) name(s string) int32 {
	i := t.find(s)
	if t.marked[i] != t.module {
		t.marked[i] = t.module
		t.mentions = append(t.mentions, i)
	}
	return i
}

// share is a name, whose text there is once, that mentions nothing.
func (t *stringTable) share(s string) string { return t.all[t.find(s)] }

func (t *stringTable) find(s string) int32 {
	i, ok := t.index[s]
	if !ok {
		i = t.add(s)
		t.index[t.all[i]] = i
	}
	return i
}

// literal is the index of a text.
func (t *stringTable) literal(s string) int32 {
	if len(s) <= maxInterned {
		return t.name(s)
	}
	i := t.add(s)
	t.mentions = append(t.mentions, i)
	return i
}

func (t *stringTable) add(s string) int32 {
	t.all = append(t.all, strings.Clone(s)) // it may be a part of a whole script
	t.marked = append(t.marked, 0)
	t.values = append(t.values, nil)
	return int32(len(t.all) - 1)
}

// cut forgets the strings from an index on.
func (t *stringTable) cut(from int) {
	for i := from; i < len(t.all); i++ {
		if s := t.all[i]; t.index[s] == int32(i) {
			delete(t.index, s)
		}
	}
	clear(t.all[from:])
	clear(t.values[from:])
	t.all, t.marked, t.values = t.all[:from], t.marked[:from], t.values[:from]
}
