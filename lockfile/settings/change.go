package settings

// Direction says what a change does to what a package manager lets through.
type Direction uint8

// The directions.
const (
	// Opened: more is let through, or from elsewhere.
	Opened Direction = iota
	// Changed: something else is, neither more nor less as far as can be told.
	Changed
	// Closed: less is.
	Closed
)

// String is the lower-case word.
func (d Direction) String() string { return [...]string{"opened", "changed", "closed"}[d] }

// Change is one thing that a person decides by merging.
type Change struct {
	// ID is the issue, one of the constants of this package.
	ID string
	// Topic is what is decided, as Statement has it; "file" for code and
	// patches.
	Topic string
	// File and Line are where it stands: in head, or in base where InBase is
	// set, because the line is gone.
	File string
	Line int
	// Setting is the line of the setting where Line is one of its items; 0
	// otherwise.
	Setting int
	InBase  bool
	// Direction is what it does.
	Direction Direction
	// Key is the setting as people know it, or the path of a code file.
	Key string
	// From and To are the values as text; empty where there is none. No
	// secrets.
	From, To string
	// Packages are the names or patterns that are concerned: what may run
	// scripts, what is overridden, the scope of a registry.
	Packages []string
	// Host is where packages or secrets now go to or come from.
	Host string
	// Clients are the package managers that act on it: "npm", "pnpm", "Yarn",
	// "Bun".
	Clients []string
	// Redirect is set where an override leads to something else than a version
	// of the package itself.
	Redirect bool
	// Added is set where head has something that base did not have at all.
	Added bool
}
