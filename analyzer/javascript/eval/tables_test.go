package eval

import "testing"

// TestReaders: each function once, in the order in which they came, with all names.
func TestReaders(t *testing.T) {
	functions := make([]Function, 1000)
	var r readers
	for _, names := range []uint64{1, 4, 4} {
		for i := range functions {
			r.add(&functions[i], names)
		}
	}
	if len(r.list) != len(functions) {
		t.Fatalf("%d readers of %d", len(r.list), len(functions))
	}
	for i, have := range r.list {
		if have.f != &functions[i] || have.names != 5 {
			t.Errorf("reader %d: names %b", i, have.names)
		}
	}
}

// TestJoinTable: every answer is found until there are too many, and then none.
func TestJoinTable(t *testing.T) {
	values := make([]Value, maxJoins+1)
	var table joinTable
	for i := range maxJoins {
		table.add(&values[i], &values[i+1], &values[i])
	}
	for i := range maxJoins {
		if got := table.place(&values[i], &values[i+1]).value; got != &values[i] {
			t.Fatalf("answer %d is lost", i)
		}
		if table.place(&values[i+1], &values[i]).value != nil {
			t.Fatalf("answer %d stands for the question turned around", i)
		}
	}
	table.add(&values[2], &values[1], &values[0])
	if table.count != 1 || table.place(&values[0], &values[1]).value != nil || table.place(&values[2], &values[1]).value != &values[0] {
		t.Errorf("%d answers after they were forgotten", table.count)
	}
}
