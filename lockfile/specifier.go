package lockfile

import (
	"net/url"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// LeadsTo reports whether a specifier names the package itself, or a source
// outside of a registry, whose package may have any name.
// Sources: https://docs.npmjs.com/cli/configuring-npm/package-json#dependencies,
// https://pnpm.io/aliases, https://jsr.io/docs/npm-compatibility
func LeadsTo(spec string, to *Entry) bool {
	protocol, rest, ok := strings.Cut(strings.TrimSpace(spec), ":")
	switch source := to.Source(); source {
	case File, Git, Remote, Local:
		return ok && protocol != "npm" && protocol != "catalog" || strings.ContainsAny(spec, "/") && protocol != "npm"
	case Runtime:
		return protocol == "runtime"
	}
	if !ok {
		return false
	}
	if protocol == "jsr" && strings.HasPrefix(to.Package, "@jsr/") {
		return true
	}
	if protocol == "patch" {
		// The patched package stands inside, encoded: patch:a@npm%3A1#….
		of, _ := patchOf("x@" + spec)
		name, _, _ := splitName(of)
		return name == to.Package
	}
	name, _, _ := splitName(rest)
	return name == to.Package
}

// patchOf is the descriptor of the package that another one patches:
// a@npm:^1 of a@patch:a@npm%3A^1#….
func patchOf(descriptor string) (of string, ok bool) {
	_, spec, _ := splitName(descriptor)
	inner, ok := strings.CutPrefix(spec, "patch:")
	if !ok {
		return "", false
	}
	inner, _, _ = strings.Cut(inner, "#")
	of, err := url.PathUnescape(inner)
	return of, err == nil
}

// isRange reports whether a specifier asks a registry for a version; a tag does
// as well, and is left out, since a workspace may have any name.
func isRange(spec string) bool {
	_, err := semver.NewConstraint(strings.TrimPrefix(spec, "npm:"))
	return err == nil && spec != ""
}
