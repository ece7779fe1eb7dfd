package lockfile

import (
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// Lockfiles that record a graph, not a tree of folders: pnpm's and Yarn's. Each
// entry names what its dependencies resolved to; nothing is looked up by
// location.

// graph builds a Lockfile from entries and edges.
type graph struct {
	lock *Lockfile
	file string
	// copies counts the entries that wanted the same location.
	copies map[string]int
}

func newGraph(file string, format Format, version int) *graph {
	lock := &Lockfile{File: file, Format: format, Version: version, Root: &Entry{Line: 1}, byLocation: map[string]*Entry{},
		resolved: map[childKey]*Entry{}, parents: map[*Entry]*Entry{}}
	return &graph{lock, file, map[string]int{}}
}

func (g *graph) fail(line int, msg string) { document.Fail(g.file, line, msg) }

// add keeps an entry under its location, which it makes unique.
func (g *graph) add(e *Entry) {
	base := e.Location
	for n := max(g.copies[base], 2); g.lock.byLocation[e.Location] != nil; n++ {
		e.Location = base + "#" + strconv.Itoa(n)
		g.copies[base] = n + 1
	}
	g.lock.add(e)
	g.lock.parents[e] = g.lock.Root
}

// member adds a package of the project itself.
func (g *graph) member(e *Entry) {
	g.add(e)
	g.lock.members = append(g.lock.members, e)
}

// hasAlias reports whether e asks for a package under another name than its
// own.
func (g *graph) hasAlias(e *Entry) bool {
	return slices.ContainsFunc(e.Dependencies, func(d Dependency) bool {
		to := g.lock.resolved[childKey{e, d.Name}]
		return to != nil && to.Package != d.Name && packageName.MatchString(d.Name) && to.Source() != Local
	})
}

// depend adds a dependency and what it resolved to; to may be nil.
func (g *graph) depend(e *Entry, d Dependency, to *Entry) {
	e.Dependencies = append(e.Dependencies, d)
	if to != nil {
		g.lock.resolved[childKey{e, d.Name}] = to
	}
}

// finish makes flags and order. What nothing asks for belongs to a part of the
// project that the lockfile does not name, such as a workspace of Yarn 1.
func (g *graph) finish() *Lockfile {
	lock := g.lock
	asked := map[*Entry]bool{}
	for _, to := range lock.resolved {
		asked[to] = true
	}
	for _, m := range lock.members {
		asked[m] = true
	}
	for _, e := range lock.Entries {
		if !asked[e] {
			// A name of its own, since several versions may be asked for.
			g.depend(lock.Root, Dependency{Name: e.Location, Kind: Prod}, e)
		}
	}
	lock.checkSizes()
	lock.room()
	for _, e := range append([]*Entry{lock.Root}, lock.Entries...) {
		for i, d := range e.Dependencies {
			e.to[i] = lock.resolved[childKey{e, d.Name}]
		}
	}
	lock.connect()
	lock.recomputeFlags()
	for _, e := range lock.Entries {
		if e.Extraneous {
			// Nothing leads to it, yet it is locked: it counts like any other.
			e.Dev, e.Optional, e.DevOptional, e.Peer = false, false, false, false
		}
		e.DevOptional = e.DevOptional || e.Dev || e.Optional
	}
	sort.Slice(lock.Entries, func(i, j int) bool { return lock.Entries[i].Location < lock.Entries[j].Location })
	return lock
}

// checkEntry refuses names and versions that no package manager writes.
func (g *graph) checkEntry(e *Entry) {
	if e.source != Local && (!packageName.MatchString(e.Name) || !packageName.MatchString(e.Package)) {
		g.fail(e.Line, "\""+document.Clip(e.Package)+"\" is not a package name")
	}
	if strings.ContainsAny(e.Version, " \t\n\\/\x00") || len(e.Version) > 256 {
		g.fail(e.Line, "\""+document.Clip(e.Version)+"\" is not a version")
	}
	if strings.Contains(e.Location, "..") && path.Clean(e.Location) != e.Location || strings.ContainsAny(e.Location, "\\\x00\n") {
		g.fail(e.Line, "\""+document.Clip(e.Location)+"\" is not a clean relative location")
	}
	if e.Integrity != "" && !validSRI(e.Integrity) {
		g.fail(e.Line, "the integrity of "+document.Clip(e.Package)+" is not an SRI hash: \""+document.Clip(e.Integrity)+"\"")
	}
}
