package lockfile

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// Lockfile is a parsed lockfile.
type Lockfile struct {
	// File is the name that errors and annotations use.
	File string
	// Format is whose lockfile it is.
	Format Format
	// Version is the version of the format: npm's lockfileVersion 1, 2 or 3 (a
	// file without the field counts as 1), pnpm's 5 to 9, 1 for Yarn 1 and 4
	// and later for the ones after it, Bun's 0 to 3.
	Version int
	// Root is the project itself, with its declared dependencies. The hidden
	// lockfile and version 1 files have none of their own.
	Root *Entry
	// Entries are the installed packages in location order, the root left out.
	Entries []*Entry
	// Oddities are what is wrong with the file as a whole or with one line of
	// it, in file order, although it can be read.
	Oddities []Oddity
	// Trusted are the packages whose lifecycle scripts the lockfile itself lets
	// run, by name, with the line: Bun's trustedDependencies.
	Trusted map[string]int

	// cacheKey is how Yarn 2 and later pack their archives: checksums with
	// another one say nothing about each other.
	cacheKey string
	// declared is what the files beside the lockfile say.
	declared declared

	byLocation map[string]*Entry
	// resolved are the dependencies of lockfiles that record a graph, by who
	// asks and for which name; nil where they are looked up by location.
	resolved map[childKey]*Entry
	// members are the project's own packages in such lockfiles.
	members  []*Entry
	children map[childKey]*Entry
	parents  map[*Entry]*Entry
	suspect  bool
	// copies are the dependencies of the project's parts as the lockfile itself
	// repeats them, where package.json's took their place.
	copies map[*Entry][]Dependency
	// requested answers Locks for many requests.
	requested requested
}

// Oddity is something that no package manager writes, or that two of them read
// differently.
type Oddity struct {
	// Kind says what it is.
	Kind OddityKind
	// Line is 1-based; What names the place or package concerned.
	Line int
	What string
	// Says is the word of the entry that is doubted, empty for other kinds.
	Says string
}

// OddityKind says what sort of oddity it is.
type OddityKind string

// The oddities.
const (
	// OddHalves: npm 6 and npm 7 would install different packages from the two
	// trees of one package-lock.json.
	OddHalves OddityKind = "halves"
	// OddRepacked: Yarn packs archives in another way than in BASE, so that no
	// checksum can be compared.
	OddRepacked OddityKind = "repacked"
	// OddUnlocked: an entry asks for what no other entry locks; the package
	// manager takes whatever is the newest when it installs.
	OddUnlocked OddityKind = "unlocked"
	// OddFlags: an entry calls itself a package for development, an optional one
	// or a peer, and the project needs it in production.
	OddFlags OddityKind = "flags"
)

type childKey struct {
	parent *Entry
	name   string
}

func (lock *Lockfile) add(e *Entry) {
	lock.Entries = append(lock.Entries, e)
	lock.byLocation[e.Location] = e
}

// Installs reports whether a package comes from a file of the project, by its
// path from the lockfile's folder.
func (lock *Lockfile) Installs(file string) bool {
	return slices.ContainsFunc(lock.Entries, func(e *Entry) bool {
		from, ok := strings.CutPrefix(e.Resolved, "file:")
		from, _, _ = strings.Cut(from, "#")
		return ok && path.Clean(from) == file
	})
}

// At returns the entry at a location, or nil.
func (lock *Lockfile) At(location string) *Entry { return lock.byLocation[location] }

// checkSizes refuses entries that say more of themselves than any package has.
func (lock *Lockfile) checkSizes() {
	for _, e := range lock.Entries {
		for _, one := range []struct {
			what, text string
			limit      int
		}{{"name", e.Name, maxName}, {"name", e.Package, maxName}, {"version", e.Version, maxVersion}, {"address", e.Resolved, maxAddress}} {
			if len(one.text) > one.limit {
				document.Fail(lock.File, e.Line,
					fmt.Sprintf("the %s %q has more than %d bytes, which is the limit", one.what, document.Clip(one.text), one.limit))
			}
		}
		if e.Source() == Local && len(e.Location) > maxLocation {
			document.Fail(lock.File, e.Line, tooLong(e.Location))
		}
	}
}

// requested answers Locks, which is asked once for each line of a package.json.
type requested struct {
	mu     sync.Mutex
	asks   map[*Entry]map[string]Dependency
	byName map[string][]*Entry
}
