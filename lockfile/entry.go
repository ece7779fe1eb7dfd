package lockfile

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// Entry is one installed package.
type Entry struct {
	// Location is where npm puts the package, relative to the project with
	// forward slashes: "node_modules/a/node_modules/b", or "packages/web" for
	// a workspace. Formats that record a graph have a place of their own for
	// each package.
	Location string
	// Name is the folder's name, which is what require() asks for. It differs
	// from Package for an alias ("npm:other@1").
	Name string
	// Package is the name in the package's own package.json.
	Package string
	// Version is empty where the lockfile does not know it (links to nothing,
	// git dependencies of version 1).
	Version string
	// Resolved is the recorded source: a tarball URL, a git URL, a file: path;
	// empty where the package manager derives it from its settings. For a link
	// it is the target.
	Resolved string
	// Registry names the registry that the package is asked of, where the
	// lockfile names one: pnpm's "work" in "work:1.0.0". Empty: the default one.
	Registry string
	// Integrity is the recorded Subresource Integrity string, which may name
	// several hashes, or empty. Source: https://www.w3.org/TR/SRI/
	Integrity string
	// Checksum is a hash of something else than the tarball: Yarn 2 and later
	// record one of the archive that they pack themselves; a runtime has one
	// for each platform.
	Checksum string
	// Patch identifies a patch of the project's that is applied to the
	// package; empty where there is none.
	Patch string
	// Purpose says that the entry is no dependency of the project's code.
	Purpose Purpose

	// Dev, Optional, DevOptional, Peer, Link and Bundled are as Arborist's
	// loadVirtual computes them: reachable only through development (optional,
	// peer) edges; a symbolic link; shipped inside its parent's tarball.
	Dev, Optional, DevOptional, Peer, Link, Bundled bool
	// Extraneous is set for a package that nothing depends on.
	Extraneous bool
	// InstallScript is npm's own note that the package has a lifecycle script.
	InstallScript bool
	// Deprecated is the registry's message at the time of locking.
	Deprecated string

	// Dependencies are the declared dependencies, in file order.
	Dependencies []Dependency
	// Conditional is set where the package is for some systems only, so that
	// Yarn leaves the hash out on others.
	Conditional bool
	// Bin are the commands that the lockfile gives the package, name to file:
	// npm, Yarn 2 and later and Bun link them as they stand there.
	Bin map[string]string
	// Platforms are the systems and engines that the package is for, such as
	// "os=linux cpu=!arm", empty where it is for all.
	Platforms string
	// Bundles are the names in bundleDependencies.
	Bundles []string

	// Line and EndLine are the first and last line of the entry, 1-based.
	Line, EndLine int

	// source is what the format says of the origin; 0 where Resolved tells.
	source Source
	// mayFail is set where the lockfile says that an installation goes on
	// without the package.
	mayFail bool
	// hasBin is pnpm's note that the package has commands, which it links only
	// then.
	hasBin bool
	// pinned is set for a git source whose commit the format itself records.
	pinned bool

	workspaces []string

	// to are what Dependencies resolved to, nil where nothing is installed; out
	// are the edges that Arborist makes of them. See Lockfile.link.
	to  []*Entry
	out []edge
}

// Purpose is what an entry is for, other than as a dependency.
type Purpose string

// The purposes in pnpm's environment document; their code runs on installation.
// Source: https://pnpm.io/config-dependencies
const (
	ConfigDependency Purpose = "config"
	PackageManager   Purpose = "package-manager"
)

// DependencyKind says what sort of declaration a Dependency is.
type DependencyKind uint8

// The kinds of package.json, in the order in which Arborist lets a later one
// replace an earlier one of the same name.
const (
	Peer DependencyKind = iota
	PeerOptional
	Prod
	Optional
	Dev
	Workspace
)

// Dependency is one declaration: a name and what it asks for.
type Dependency struct {
	Name, Spec string
	Kind       DependencyKind
}

// outranks reports whether of two declarations of one name a later one counts.
// npm takes the last list, so that a development dependency stays one. The
// others install for production what stands in another list as well, Bun a
// project's own peers among that.
func (f Format) outranks(later, than DependencyKind) bool {
	if f == NPM {
		return later >= than
	}
	rank := func(k DependencyKind) int {
		switch {
		case k == Peer && f == Bun:
			return int(Prod)
		case k == Dev:
			return int(PeerOptional)
		}
		return int(k)
	}
	return rank(later) >= rank(than)
}

// effective keeps for each name the declaration that the client acts on.
func (f Format) effective(list []Dependency) map[string]Dependency {
	m := make(map[string]Dependency, len(list))
	for _, d := range list {
		if have, ok := m[d.Name]; !ok || f.outranks(d.Kind, have.Kind) {
			m[d.Name] = d
		}
	}
	return m
}

// Format is whose lockfile a file is.
type Format string

// The formats that Parse reads.
const (
	NPM  Format = "npm"
	Pnpm Format = "pnpm"
	Yarn Format = "yarn"
	Bun  Format = "bun"
)

// Error is what Parse returns for a file that it cannot read.
type Error = document.Error

// platform adds systems that the package is for.
func (e *Entry) platform(kind string, list []string) {
	if len(list) == 0 || len(list) == 1 && list[0] == "" {
		return
	}
	slices.Sort(list)
	if e.Platforms != "" {
		e.Platforms += " "
	}
	e.Platforms += kind + "=" + strings.Join(list, ",")
}

// ID is "name@version", or the name alone where the version is not known.
func (e *Entry) ID() string {
	if e.Version == "" {
		return e.Package
	}
	return e.Package + "@" + e.Version
}

// Host is the host (and port) of Resolved, empty where it is no URL.
func (e *Entry) Host() string {
	u, err := url.Parse(e.Resolved)
	if err != nil {
		return ""
	}
	return u.Host
}

// Source says where the package comes from.
type Source uint8

// The sources of an entry.
const (
	unset Source = iota
	// Registry: a version of a registry, from its recorded or default URL.
	Registry
	// Remote: an http or https URL that need not be a registry.
	Remote
	// Git: a git repository.
	Git
	// File: a tarball or folder on disk.
	File
	// Local: a link, a workspace or another folder of the project.
	Local
	// InParent: inside the tarball of the package that bundles it.
	InParent
	// Runtime: a program such as Node.js, one archive a platform.
	Runtime
)

// String is the word for a source in output.
func (s Source) String() string {
	return [...]string{"", "registry", "remote", "git", "file", "local", "bundled", "runtime"}[s]
}

// Source classifies the entry. A tarball URL counts as Registry when its path
// has npm's shape NAME/-/FILE.tgz; whether its host is a configured registry
// is for the caller to know.
func (e *Entry) Source() Source {
	switch {
	case e.source != unset:
		return e.source
	case e.Link, !inModules(e.Location):
		return Local
	case e.Bundled && e.Resolved == "":
		return InParent
	case e.Resolved == "":
		return Registry
	case strings.HasPrefix(e.Resolved, "file:"):
		return File
	case isGitURL(e.Resolved):
		return Git
	case strings.Contains(e.Resolved, "/-/"):
		return Registry
	case strings.HasPrefix(e.Resolved, "http:"), strings.HasPrefix(e.Resolved, "https:"):
		return Remote
	case shorthand.MatchString(e.Resolved):
		return Git
	}
	return File
}

// shorthand is how npm lets a repository on GitHub be named: owner/name.
var shorthand = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9_.-]*/[A-Za-z0-9_.-]+(#.*)?$`)

var fullCommit = regexp.MustCompile(`#[0-9a-f]{40}([0-9a-f]{24})?(&path:.*)?$`)

// Pinned reports whether a git source names a commit, which no branch or tag
// can move.
func (e *Entry) Pinned() bool { return e.pinned || fullCommit.MatchString(e.Resolved) }

func isGitURL(s string) bool {
	for _, prefix := range []string{"git+", "git:", "git@", "ssh://", "github:", "gitlab:", "bitbucket:", "gist:"} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}

// isTarball reports whether a path names an archive, as package managers
// decide between a folder and a file.
func isTarball(file string) bool {
	file, _, _ = strings.Cut(strings.ToLower(file), "#")
	return strings.HasSuffix(file, ".tgz") || strings.HasSuffix(file, ".tar.gz") || strings.HasSuffix(file, ".tar")
}

var tarballName = regexp.MustCompile(`/([^/]+?)-(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)\.tgz$`)

// inferVersion reads name and version from a tarball's file name.
func (e *Entry) inferVersion(tarball string) {
	if m := tarballName.FindStringSubmatch("/" + tarball); m != nil {
		e.Version = m[2]
		if m[1] != path.Base(e.Name) {
			e.Package = m[1]
		}
	}
}

var packageName = regexp.MustCompile(`^(?:@[^/@\s]{1,213}/)?[^/@\s]{1,214}$`)

// splitName cuts "name@rest", with a scope or without.
func splitName(s string) (name, rest string, ok bool) {
	from := 0
	if strings.HasPrefix(s, "@") {
		from = 1
	}
	i := strings.IndexByte(s[from:], '@')
	if i <= 0 {
		return s, "", false
	}
	return s[:from+i], s[from+i+1:], true
}

// nameFromLocation is Arborist's nameFromFolder: the last element, with the
// scope where the one before it is one.
func nameFromLocation(location string) string {
	i := strings.LastIndexByte(location, '/')
	if i < 0 {
		return location
	}
	j := strings.LastIndexByte(location[:i], '/')
	if location[j+1] == '@' {
		return location[j+1:]
	}
	return location[i+1:]
}

// edge is a resolved dependency.
type edge struct {
	to   *Entry
	kind DependencyKind
}
