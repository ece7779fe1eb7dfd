package lockfile

import (
	"encoding/base64"
	"slices"
	"sort"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Kind says what happened to a package between two lockfiles.
type Kind string

// The kinds of change. Replaced is the one to look at twice: the version
// stayed, but the hash or the source of the package did not.
const (
	Added      Kind = "added"
	Removed    Kind = "removed"
	Upgraded   Kind = "upgraded"
	Downgraded Kind = "downgraded"
	Replaced   Kind = "replaced"
)

// Change is one package version that came, went, or took another's place.
// Places that changed alike are one Change.
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
	// Locations are all the places it has in HEAD (BASE for removed).
	Locations []string
	// Line and EndLine are the entry of Locations[0].
	Line, EndLine int
	// Lines are the first lines of all Locations, in the same order.
	Lines []int
	// Integrity and Resolved are those of Locations[0].
	Integrity, Resolved string
	// Why is the shortest path from the project, as "name@version".
	Why []string

	// Entries are the entries of all Locations.
	Entries []*Entry `json:"-"`
	// Old and New are the entries themselves: New is nil for removed, Old for
	// added.
	Old, New *Entry `json:"-"`
}

// version is what a package is known by inside one lockfile.
type version struct {
	name, version string
	// source tells packages apart that have no version or another source:
	// empty for a registry package.
	source string
}

// Compare lists what changed from base to head, sorted by name and version. A
// package version that only moved between folders is no change: no new code
// came in. Either side may be nil: a lockfile that was added or deleted.
func Compare(base, head *Lockfile) []Change {
	before, after := group(base), group(head)
	var gone, came []version
	var changes []Change
	var headPaths, basePaths *Paths
	paths := func(lock *Lockfile, p **Paths) *Paths {
		if *p == nil {
			*p = lock.Paths()
		}
		return *p
	}
	for v := range before {
		if _, ok := after[v]; !ok {
			gone = append(gone, v)
		}
	}
	for v, entries := range after {
		old, ok := before[v]
		if !ok {
			came = append(came, v)
			continue
		}
		// A version may stand at several places with different hashes: each
		// entry that matches none of the old ones is a replacement.
		if other := unlike(old, entries); len(other) > 0 {
			changes = append(changes, describeChange(Replaced, old[0], other, paths(head, &headPaths)))
		}
	}
	sortVersions(gone)
	sortVersions(came)
	taken := map[version]bool{}
	pairs := pair(gone, came, before, after)
	for _, v := range came {
		entries := after[v]
		from, ok := pairs[v]
		if !ok {
			changes = append(changes, describeChange(Added, nil, entries, paths(head, &headPaths)))
			continue
		}
		taken[from] = true
		changes = append(changes, describeChange(direction(from.version, v.version), before[from][0], entries, paths(head, &headPaths)))
	}
	for _, v := range gone {
		if !taken[v] {
			changes = append(changes, describeChange(Removed, before[v][0], before[v], paths(base, &basePaths)))
		}
	}
	sort.SliceStable(changes, func(i, j int) bool {
		a, b := changes[i], changes[j]
		if a.Name != b.Name {
			return a.Name < b.Name
		}
		if c := CompareVersions(a.To, b.To); c != 0 {
			return c < 0
		}
		return CompareVersions(a.From, b.From) < 0
	})
	return changes
}

// maxContents is how many different contents of one version are compared; an
// honest lockfile has one.
const maxContents = 64

// unlike are the entries whose content none of the old ones has.
func unlike(old, entries []*Entry) []*Entry {
	type content struct {
		link                          bool
		resolved, integrity, checksum string
	}
	of := func(e *Entry) content { return content{e.Link, e.Resolved, e.Integrity, e.Checksum} }
	known := map[content]bool{}
	var distinct []*Entry
	for _, o := range old {
		if !known[of(o)] {
			known[of(o)] = true
			distinct = append(distinct, o)
		}
	}
	distinct = distinct[:min(len(distinct), maxContents)]
	var other []*Entry
	for _, e := range entries {
		if !known[of(e)] && !slices.ContainsFunc(distinct, func(o *Entry) bool { return SameContent(o, e) }) {
			other = append(other, e)
		}
	}
	return other
}

// group collects the entries of each package version. A link and its target
// are one package.
func group(lock *Lockfile) map[version][]*Entry {
	if lock == nil {
		return nil
	}
	m := make(map[version][]*Entry, len(lock.Entries))
	for _, e := range lock.Entries {
		v := version{e.Package, e.Version, ""}
		if s := e.Source(); s == Git || s == Remote || s == File {
			// The reference is part of what a git dependency is, but a
			// change of it under one version is a replacement: only entries
			// without a version are told apart by it.
			if e.Version == "" {
				v.source = e.Resolved
			}
		}
		m[v] = append(m[v], e)
	}
	return m
}

// pair finds for each version that came the one whose place it took: at the
// same location first, else the nearest of the same name that went. Both lists
// are sorted; the work grows with their length only.
func pair(gone, came []version, before, after map[version][]*Entry) map[version]version {
	at := map[string]version{}
	left := map[string][]version{}
	for _, v := range gone {
		left[v.name] = append(left[v.name], v)
		for _, e := range before[v] {
			at[e.Location] = v
		}
	}
	pairs := map[version]version{}
	taken := map[version]bool{}
	for _, v := range came {
		for _, e := range after[v] {
			if old, ok := at[e.Location]; ok && old.name == v.name && !taken[old] {
				pairs[v], taken[old] = old, true
				break
			}
		}
	}
	// What is left of a name: the nearest lower version, else the lowest.
	type rest struct {
		lower, higher []version
	}
	rests := map[string]*rest{}
	for name, list := range left {
		rests[name] = &rest{higher: slices.DeleteFunc(list, func(v version) bool { return taken[v] })}
	}
	for _, v := range came {
		r := rests[v.name]
		if _, done := pairs[v]; done || r == nil {
			continue
		}
		for len(r.higher) > 0 && CompareVersions(r.higher[0].version, v.version) <= 0 {
			r.lower, r.higher = append(r.lower, r.higher[0]), r.higher[1:]
		}
		switch n := len(r.lower); {
		case n > 0:
			pairs[v], r.lower = r.lower[n-1], r.lower[:n-1]
		case len(r.higher) > 0:
			pairs[v], r.higher = r.higher[0], r.higher[1:]
		}
	}
	return pairs
}

func direction(from, to string) Kind {
	switch c := CompareVersions(from, to); {
	case c < 0:
		return Upgraded
	case c > 0:
		return Downgraded
	}
	return Replaced
}

func describeChange(kind Kind, old *Entry, entries []*Entry, paths *Paths) Change {
	e := entries[0]
	nearest := entries[0]
	dev, direct := true, false
	c := Change{Kind: kind, Name: e.Package}
	for _, x := range entries {
		if paths.nearer(x, nearest) {
			nearest = x
		}
		dev = dev && x.Dev
		direct = direct || paths.Direct(x)
		c.Optional = c.Optional || x.Optional
		c.Locations = append(c.Locations, x.Location)
		c.Lines = append(c.Lines, x.Line)
		c.Entries = append(c.Entries, x)
	}
	c.Dev, c.Direct, c.Why = dev, direct, paths.Why(nearest)
	c.Line, c.EndLine = e.Line, e.EndLine
	c.Integrity, c.Resolved, c.Bundled = e.Integrity, e.Resolved, e.Bundled
	if kind == Removed {
		c.From, c.Old = e.Version, e
		return c
	}
	c.To, c.New, c.Old = e.Version, e, old
	if old != nil {
		c.From = old.Version
	}
	return c
}

// SameContent tells whether two entries of one version stand for the same
// bytes as far as the lockfiles know. A source that one of them leaves out
// proves nothing; a hash that only the newer one has is a gain; one that the
// newer one lost is a difference.
func SameContent(old, e *Entry) bool {
	if old.Link != e.Link {
		return false
	}
	if old.Resolved != e.Resolved && old.Resolved != "" && e.Resolved != "" {
		return false
	}
	if a, b := old.Checksum, e.Checksum; a != b && a != "" && b != "" {
		// How the archive is packed stands before the slash.
		formA, sumA, _ := strings.Cut(a, "/")
		formB, sumB, _ := strings.Cut(b, "/")
		if formA == formB && sumA != sumB {
			return false
		}
	}
	switch {
	case old.Integrity == e.Integrity, old.Integrity == "":
		return true
	case e.Integrity == "":
		return e.Bundled || e.Link
	}
	agree, _ := CompareIntegrity(old.Integrity, e.Integrity)
	return agree
}

// CompareIntegrity compares two SRI strings. agree: they share a hash.
// conflict: they have the same algorithm with different hashes and share
// none, so that no single file can satisfy both. Neither: they use different
// algorithms, and only the file itself can tell.
func CompareIntegrity(a, b string) (agree, conflict bool) {
	for _, x := range strings.Fields(a) {
		algorithm, _, _ := strings.Cut(x, "-")
		for _, y := range strings.Fields(b) {
			if sameHash(x, y) {
				return true, false
			}
			other, _, _ := strings.Cut(y, "-")
			conflict = conflict || algorithm == other
		}
	}
	return false, conflict
}

func sameHash(a, b string) bool {
	a, _, _ = strings.Cut(a, "?")
	b, _, _ = strings.Cut(b, "?")
	if a == b {
		return true
	}
	algorithmA, digestA, _ := strings.Cut(a, "-")
	algorithmB, digestB, _ := strings.Cut(b, "-")
	if algorithmA != algorithmB {
		return false
	}
	x, errX := base64.StdEncoding.DecodeString(digestA)
	y, errY := base64.StdEncoding.DecodeString(digestB)
	return errX == nil && errY == nil && string(x) == string(y)
}

// CompareVersions orders versions by semantic versioning; what is no version
// sorts before, by text.
func CompareVersions(a, b string) int {
	if a == b {
		return 0
	}
	va, errA := semver.StrictNewVersion(a)
	vb, errB := semver.StrictNewVersion(b)
	switch {
	case errA != nil && errB != nil:
		return strings.Compare(a, b)
	case errA != nil:
		return -1
	case errB != nil:
		return 1
	}
	if c := va.Compare(vb); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

func sortVersions(list []version) {
	slices.SortFunc(list, func(a, b version) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		if c := CompareVersions(a.version, b.version); c != 0 {
			return c
		}
		return strings.Compare(a.source, b.source)
	})
}
