package eval

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

// Edge is how a function is reached in one context.
type Edge struct {
	From *Function
	Pos  int32
	// Label is the root's, in program.labels; 0 where from is set.
	Label int32
}
