package lockfile

import "slices"

// Kind says what happened to a package between two lockfiles.
type Kind string

// The kinds of change. Replaced is the one to look at twice: the version
// stayed, but the hash or the source of the package did not. Moved is the same
// package from the same source at another place, under another name, for
// another package, or now in production.
const (
	Added      Kind = "added"
	Removed    Kind = "removed"
	Upgraded   Kind = "upgraded"
	Downgraded Kind = "downgraded"
	Replaced   Kind = "replaced"
	Moved      Kind = "moved"
)

// Change is one package version that came, went, moved, or took another's
// place. Places that changed alike are one Change.
type Change struct {
	Kind Kind
	// Name is the package's own name, not its alias.
	Name string
	// From and To are versions; From is empty for added, To for removed.
	From, To string
	// Direct: the project or a workspace declares it. Dev: only development
	// needs it. Both in HEAD, in BASE for removed.
	Direct, Dev bool
	// Optional and Bundled as in Entry.
	Optional, Bundled bool
	// Purpose as in Entry.
	Purpose Purpose
	// Locations are all the places it has in HEAD (BASE for removed); for
	// Moved and Replaced those that changed.
	Locations []string
	// Line and EndLine are the entry of Locations[0].
	Line, EndLine int
	// Lines are the first lines of all Locations, in the same order.
	Lines []int
	// Integrity and Resolved are those of Locations[0].
	Integrity, Resolved string
	// Why is the shortest path from the project, as "name@version".
	Why []string
	// Differences say in what the resolution or the place differs, where
	// there is an old one.
	Differences []Difference
	// Undeclared are names under which the package is installed although
	// nobody declared that they stand for it.
	Undeclared []Undeclared

	// Entries are the entries of all Locations.
	Entries []*Entry `json:"-"`
	// Old and New are the entries themselves: New is nil for removed, Old for
	// added.
	Old, New *Entry `json:"-"`
}

// Quiet reports whether the change brings nothing that could run and was not
// there: the same bytes at another place, from another host of the same
// registry, or by another transport. A package that comes to production, or
// has a new name, is not quiet.
func (c *Change) Quiet() bool {
	return c.Kind == Moved && len(c.Undeclared) == 0 && !slices.ContainsFunc(c.Differences, func(d Difference) bool {
		return d.What == "scope" || d.What == "dependencies" || d.What == "bin"
	})
}

// Undeclared is a name under which a package is installed that is not its own,
// and that nobody is known to have meant so.
type Undeclared struct {
	// Name is what the package is loaded as.
	Name string
	// By is who asks for the name, as "name@version", a workspace's folder, or
	// "." for the project; empty where nobody does.
	By string
	// Spec is what By asks for, as far as it is known.
	Spec string
	// Source is set where the name is the package's own, and the lockfile takes
	// it from a git repository or a file that nobody asked for.
	Source Source
	// Claimed is set where the lockfile says that By, a package that came in,
	// declares the alias itself; only its own package.json can tell.
	Claimed bool
	// Entry is By's, nil for the project and where nobody asks.
	Entry *Entry `json:"-"`
}
