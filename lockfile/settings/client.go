package settings

import (
	"path"
	"regexp"
	"strconv"
	"strings"
)

// client is a set of package managers, cut where a release changed what its
// settings mean or default to.
type client uint16

const (
	npm11  client = 1 << iota // npm to 11: scripts run, git and URLs are taken
	npm12                     // npm 12: neither, unless allowed
	pnpm9                     // pnpm to 9: scripts run; settings in .npmrc and package.json
	pnpm10                    // pnpm 10: scripts are blocked; settings in pnpm-workspace.yaml too
	pnpm11                    // pnpm 11 and 12: settings only there, an age gate of one day
	yarn1
	yarn413 // Yarn 2 to 4.13: scripts run
	yarn414 // Yarn 4.14: they do not
	yarn415 // Yarn 4.15 and later: an age gate of one day
	bun

	npms     = npm11 | npm12
	pnpms    = pnpm9 | pnpm10 | pnpm11
	berries  = yarn413 | yarn414 | yarn415
	everyone = npms | pnpms | yarn1 | berries | bun
)

// families are clients that one name stands for.
var families = []struct {
	name string
	all  client
}{{"npm", npms}, {"pnpm", pnpms}, {"Yarn", yarn1 | berries}, {"Bun", bun}}

// names are those of the families in a set, in a fixed order.
func (c client) names() []string {
	var out []string
	for _, f := range families {
		if c&f.all != 0 {
			out = append(out, f.name)
		}
	}
	return out
}

// widen is all releases of every family that the set touches.
func (c client) widen() client {
	var out client
	for _, f := range families {
		if c&f.all != 0 {
			out |= f.all
		}
	}
	return out
}

// each calls yield for every single client of the set.
func (c client) each(yield func(client)) {
	for one := npm11; one <= bun; one <<= 1 {
		if c&one != 0 {
			yield(one)
		}
	}
}

// Manager is a package manager that a project uses, as far as it is known.
type Manager struct {
	// Name is "npm", "pnpm", "yarn" or "bun".
	Name string
	// Version is its own, such as "10.1.0" or "10"; empty where nobody says.
	Version string
	// Lockfile is the version number that its lockfile states (the major of
	// pnpm's, __metadata.version of Yarn's, 1 for Yarn 1's); 0 where unknown.
	Lockfile int
}

// String is "pnpm 10.1.0", or "pnpm" where the version is unknown.
func (m Manager) String() string {
	name := m.Name
	switch name {
	case "yarn":
		name = "Yarn"
	case "bun":
		name = "Bun"
	}
	return strings.TrimSpace(name + " " + m.Version)
}

// clients are those that the manager may be.
func (m Manager) clients() client {
	major, minor, known := versionOf(m.Version)
	switch m.Name {
	case "npm":
		switch {
		case !known:
			return npms
		case major < 12:
			return npm11
		}
		return npm12
	case "pnpm":
		switch {
		case known && major <= 9, !known && m.Lockfile > 0 && m.Lockfile < 9:
			return pnpm9
		case !known:
			return pnpms
		case major == 10:
			return pnpm10
		}
		return pnpm11
	case "yarn":
		return yarnClients(major, minor, known, m.Lockfile)
	case "bun":
		return bun
	}
	return 0
}

// yarnClients: Yarn 4.14 writes version 9 into its lockfile, 4.15 version 10;
// an older number was written by an older Yarn.
func yarnClients(major, minor int, known bool, lockfile int) client {
	switch {
	case known && major == 1, !known && lockfile == 1:
		return yarn1
	case known && major == 4 && minor < 0:
		return berries
	case known && (major < 4 || major == 4 && minor < 14), !known && lockfile > 1 && lockfile < 9:
		return yarn413
	case known && major == 4 && minor == 14, !known && lockfile == 9:
		return yarn414
	case known, lockfile > 9:
		return yarn415
	}
	return yarn1 | berries
}

var leadingVersion = regexp.MustCompile(`^v?(\d{1,6})(?:\.(\d{1,6}))?`)

// versionOf is the start of a version; minor is -1 where it is not said.
func versionOf(version string) (major, minor int, known bool) {
	m := leadingVersion.FindStringSubmatch(version)
	if m == nil {
		return 0, 0, false
	}
	major, _ = strconv.Atoi(m[1])
	minor = -1
	if m[2] != "" {
		minor, _ = strconv.Atoi(m[2])
	}
	return major, minor, true
}

// declared is the manager of a "packageManager" such as "pnpm@10.1.0+sha512.…".
func declared(text string) (Manager, bool) {
	name, version, _ := strings.Cut(text, "@")
	version, _, _ = strings.Cut(version, "+")
	m := Manager{Name: name, Version: version}
	return m, m.clients() != 0
}

var releaseName = regexp.MustCompile(`^yarn-(\d+\.\d+\.\d+[\w.-]*)\.c?js$`)

// released is the Yarn that a yarnPath names, such as
// ".yarn/releases/yarn-4.5.0.cjs".
func released(yarnPath string) (Manager, bool) {
	m := releaseName.FindStringSubmatch(path.Base(yarnPath))
	if m == nil {
		return Manager{}, false
	}
	return Manager{Name: "yarn", Version: m[1]}, true
}

var rangeStart = regexp.MustCompile(`^\s*(>=|\^|~|=)?\s*v?(\d+(?:\.\d+)*)[\s\d.x*-]*$`)

// engine is the manager that a range of "engines" or "devEngines" allows,
// where all that it allows behaves alike.
func engine(name, versions string) (Manager, bool) {
	m := rangeStart.FindStringSubmatch(versions)
	if m == nil {
		return Manager{}, false
	}
	lowest := Manager{Name: name, Version: m[2]}
	newest := lowest
	major, _, _ := strings.Cut(m[2], ".")
	switch {
	case m[1] == ">=":
		newest.Version = "999999"
	case m[1] == "^" || major == m[2]:
		newest.Version = major + ".999999"
	}
	return lowest, lowest.clients() != 0 && lowest.clients() == newest.clients()
}
