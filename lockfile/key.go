package lockfile

// version is what a package is known by inside one lockfile.
type version struct {
	name, version string
	// source tells packages apart that have no version or another source:
	// empty for a registry package.
	source string
}

func (v version) id() string {
	if v.version == "" {
		return v.name
	}
	return v.name + "@" + v.version
}

func keyOf(e *Entry) version {
	v := version{e.Package, e.Version, ""}
	if e.Version == "" && e.Source() != Local {
		// The reference is part of what a git dependency is, but a change of it
		// under one version is a replacement: only entries without a version
		// are told apart by it.
		v.source = e.Resolved
	}
	if e.Purpose != "" {
		v.source = string(e.Purpose) + " " + v.source // its code runs where the project's does not
	}
	return v
}
