package issue

// lockfileNotLocked is found on a package.json, by NotLocked.
func lockfileNotLocked(*Input) []Issue { return nil }

// NotLocked is the issue that a package.json asks for a package that no
// lockfile holds for it: what comes in is decided by whoever installs next.
// lockfile is the file that would hold it, empty where there is none.
func NotLocked(name, spec, lockfile string) Issue {
	if lockfile == "" {
		lockfile = "the repository"
	}
	return Issue{ID: "lockfile/not-locked", Severity: Medium,
		Detail: map[string]string{"name": clip(name), "spec": clip(spec), "lockfile": lockfile}}
}
