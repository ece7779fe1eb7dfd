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
	// From is the function that leads there, at Pos; nil at a root.
	From *Function
	Pos  int32
	// Label is the root's, by Function.Label; 0 where From is set.
	Label int32
}
