package javascript

// Context is a set of situations in which code runs.
type Context uint8

// The contexts of the catalogue.
const (
	Install Context = 1 << iota
	Launch
	Call
	Unreachable
)

// Names lists the contexts of the set by name.
func (c Context) Names() []string {
	names := []string{}
	for i, name := range []string{"install", "launch", "call", "unreachable"} {
		if c&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// edge is how a function is reached in one context.
type edge struct {
	from *function
	pos  int32
	// label is the root's, in program.labels; 0 where from is set.
	label int32
}
