package lockfile

import (
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// parseNPM reads package-lock.json, npm-shrinkwrap.json and the hidden lockfile
// in node_modules.
func parseNPM(file, text string, d *declared, opts Options) (*Lockfile, error) {
	r := &reader{&document.Reader{File: file, Text: text, Rewrite: rewrite[NPM]}}
	lock, legacyAt := r.document()
	if d.root != nil {
		was := lock.Root
		lock.adoptManifest(d.root)
		if was != nil {
			lock.copies = map[*Entry][]Dependency{lock.Root: was.Dependencies}
		}
	}
	if err := lock.adoptParts(d, opts); err != nil {
		return nil, err
	}
	lock.checkSizes()
	lock.index()
	if lock.suspect {
		lock.recomputeFlags()
	} else {
		lock.doubtFlags()
	}
	lock.markBundled()
	lock.finish()
	if err := lock.aliasParts(d, opts); err != nil {
		return nil, err
	}
	if legacyAt >= 0 {
		lock.compareHalves(r, legacyAt)
	}
	return lock, nil
}

// document reads the whole file. legacyAt is where a second tree begins, for
// npm 6, or -1.
func (r *reader) document() (lock *Lockfile, legacyAt int) {
	lock = &Lockfile{File: r.File, Format: NPM, Version: 1, byLocation: map[string]*Entry{}}
	if r.Peek() != '{' {
		r.Fail("a lockfile is a JSON object, this begins with %s", document.Describe(r.Text[r.Pos:]))
	}
	legacyAt = -1
	hasPackages, hasVersion := false, false
	root := &Entry{Line: 1}
	r.Object(func(key string, keyPos int) {
		switch key {
		case "lockfileVersion":
			word := r.Literal()
			hasVersion = true
			switch word {
			case "1", "2", "3":
				lock.Version = int(word[0] - '0')
			default:
				r.FailAt(keyPos, "lockfileVersion %s is not one this program knows (1, 2 and 3 are)", word)
			}
		case "name":
			root.Package = r.StringOr()
		case "version":
			root.Version = r.StringOr()
		case "packages":
			hasPackages = true
			r.packages(lock)
		case "dependencies":
			// Version 2 repeats the tree here for npm 6; it is read after the
			// whole file is known.
			legacyAt = r.Pos
			r.Skip()
		default:
			r.Skip()
		}
	})
	r.Space()
	if r.Pos < len(r.Text) {
		r.Fail("unexpected %s after the end of the lockfile", document.Describe(r.Text[r.Pos:]))
	}
	switch {
	case hasPackages:
		return lock, legacyAt
	case legacyAt >= 0:
		r.Pos = legacyAt
		lock.Root = root
		legacy := legacyLock{lock: lock, r: r}
		legacy.dependencies("")
		legacy.place()
		legacy.typeDependencies()
	case !hasVersion:
		r.FailAt(0, "this is no npm lockfile: it has neither \"lockfileVersion\" nor \"packages\" nor \"dependencies\"")
	}
	return lock, -1
}

// packages reads the "packages" object of versions 2 and 3.
func (r *reader) packages(lock *Lockfile) {
	// Entries come from slabs: a lockfile of 10,000 would otherwise cost
	// 10,000 allocations here.
	var slab []Entry
	if r.Peek() != '{' {
		r.Fail("\"packages\" is not an object")
	}
	r.Object(func(location string, keyPos int) {
		if len(slab) == 0 {
			slab = make([]Entry, 256)
		}
		e := &slab[0]
		slab = slab[1:]
		if r.Peek() != '{' {
			r.Fail("the entry %q is not an object", document.Clip(location))
		}
		e.Location = location
		e.Line = r.Line(keyPos)
		r.entry(e)
		e.EndLine = r.Line(r.Pos)
		if location == "" {
			e.Name = e.Package
			lock.Root = e
			return
		}
		r.checkLocation(location, keyPos)
		e.Name = nameFromLocation(location)
		if e.Package == "" && !e.Link {
			e.Package = e.Name
		}
		lock.add(e)
	})
}

// adoptManifest takes the root's dependencies from package.json, as Arborist
// does, and notes where they differ from the lockfile's copy.
func (lock *Lockfile) adoptManifest(manifest *Entry) {
	root := *manifest
	root.Name = root.Package
	if lock.Root == nil {
		// The hidden lockfile has no root: npm computes its flags again.
		lock.Root, lock.suspect = &root, true
		return
	}
	if lock.Version == 1 {
		// npm fills the root of a version 1 file from package.json, all but
		// its development dependencies, which then look like a disagreement.
		// Where no entry says what it requires, as npm 5.0 wrote, the file's
		// own flags are all there is.
		for _, d := range NPM.effective(root.Dependencies) {
			lock.suspect = lock.suspect || d.Kind == Dev
		}
		lock.suspect = lock.suspect && lock.hasEdges()
	} else {
		lock.suspect = !sameDependencies(NPM, root.Dependencies, lock.Root.Dependencies)
	}
	root.EndLine = lock.Root.EndLine
	root.Line = lock.Root.Line
	lock.Root = &root
}

func (lock *Lockfile) hasEdges() bool {
	for _, e := range lock.Entries {
		if len(e.Dependencies) > 0 {
			return true
		}
	}
	return false
}

// doubtFlags takes back "dev", "optional" and "peer" where the project needs the
// package in production: an entry's own word would let whoever writes the
// lockfile choose the milder policy for development.
func (lock *Lockfile) doubtFlags() {
	if lock.Version == 1 && !lock.hasEdges() {
		return
	}
	said := make([][5]bool, len(lock.Entries))
	for i, e := range lock.Entries {
		said[i] = [5]bool{e.Extraneous, e.Dev, e.Optional, e.DevOptional, e.Peer}
	}
	lock.recomputeFlags()
	for i, e := range lock.Entries {
		dev, optional, devOptional := said[i][1], said[i][2], said[i][3]
		word := ""
		switch {
		case e.Extraneous || e.Link:
		case dev && !e.Dev:
			word = "dev"
		case optional && !e.Optional && !e.Dev:
			word = "optional"
		case devOptional && !dev && !optional && !e.DevOptional && !e.Dev && !e.Optional:
			word = "devOptional"
		case said[i][4] && !e.Peer && !e.Dev && !e.Optional && !e.DevOptional:
			word = "peer"
		}
		if word != "" {
			e.DevOptional = e.DevOptional || e.Dev || e.Optional
			lock.Oddities = append(lock.Oddities, Oddity{Kind: OddFlags, Line: e.Line, What: e.ID(), Says: word})
			continue
		}
		e.Extraneous, e.Dev, e.Optional, e.DevOptional, e.Peer = said[i][0], dev, optional, devOptional, said[i][4]
	}
}

// compareHalves holds the tree that npm 6 reads against the one that npm 7 and
// later read: nobody honest writes two.
func (lock *Lockfile) compareHalves(r *reader, legacyAt int) {
	r.Pos = legacyAt
	other := &Lockfile{File: r.File, Format: NPM, Version: 1, Root: &Entry{}, byLocation: map[string]*Entry{}}
	legacy := legacyLock{lock: other, r: r}
	legacy.dependencies("")
	legacy.place()
	for _, e := range other.Entries {
		if what := lock.disagrees(e); what != "" {
			lock.Oddities = append(lock.Oddities, Oddity{Kind: OddHalves, Line: e.Line, What: what})
		}
	}
	if lock.Version < 3 {
		for _, e := range lock.Entries {
			if e.Source() != Local && other.byLocation[e.Location] == nil && strings.HasPrefix(e.Location, "node_modules/") {
				lock.Oddities = append(lock.Oddities, Oddity{Kind: OddHalves, Line: e.Line, What: e.ID()})
			}
		}
	}
}

// disagrees names an entry of the older tree that the newer one has with
// another source or hash, or not at all.
func (lock *Lockfile) disagrees(e *Entry) string {
	if e.Link || lock.isTop(e) {
		return ""
	}
	now := lock.byLocation[e.Location]
	switch {
	case now == nil:
		return e.ID()
	case now.Link:
		return ""
	case now.Source() != Local && !sameNames(e.Dependencies, now.Dependencies),
		e.Integrity != "" && now.Integrity != "" && hashes(e.Integrity) != hashes(now.Integrity),
		(e.Integrity == "") != (now.Integrity == "") && e.Source() == Registry,
		e.Version != now.Version && e.Version != "" && now.Version != "",
		e.Source() != now.Source(),
		e.Resolved != now.Resolved && e.Source() != File && (e.Source() != Git || repository(e.Resolved) != repository(now.Resolved)):
		return now.ID()
	}
	return ""
}

// sameNames reports whether two halves of a lockfile ask for the same names for a
// package. The older has no peers, which npm 6 does not install; early versions of
// npm 7 wrote them.
func sameNames(old, now []Dependency) bool {
	peers, missing := map[string]bool{}, map[string]bool{}
	for _, d := range now {
		if peer := d.Kind == Peer || d.Kind == PeerOptional; peer {
			peers[d.Name] = true
		} else {
			missing[d.Name] = true
		}
	}
	for _, d := range old {
		if !missing[d.Name] && !peers[d.Name] {
			return false
		}
		delete(missing, d.Name)
	}
	return len(missing) == 0
}
