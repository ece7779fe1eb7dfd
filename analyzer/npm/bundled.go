package npm

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// Bundled are the names of the dependencies that a package.json brings along in
// the tarball's node_modules, and of all that it depends on, sorted.
// Source: https://docs.npmjs.com/cli/configuring-npm/package-json#bundledependencies
func Bundled(manifest []byte) (bundled, dependencies []string) {
	var raw map[string]json.RawMessage
	if json.Unmarshal(bytes.TrimPrefix(manifest, []byte("\ufeff")), &raw) != nil {
		return nil, nil
	}
	all := stringMembers(raw["dependencies"])
	for name, spec := range stringMembers(raw["optionalDependencies"]) {
		if all == nil {
			all = map[string]string{}
		}
		all[name] = spec
	}
	dependencies = slices.Sorted(maps.Keys(all))
	for _, key := range []string{"bundleDependencies", "bundledDependencies"} {
		var every bool
		var names []string
		switch {
		case json.Unmarshal(raw[key], &every) == nil && every:
			bundled = append(bundled, dependencies...)
		case json.Unmarshal(raw[key], &names) == nil:
			bundled = append(bundled, names...)
		default: // an object, of which npm takes the names
			bundled = slices.AppendSeq(bundled, maps.Keys(stringMembers(raw[key])))
		}
	}
	slices.Sort(bundled)
	return slices.Compact(bundled), dependencies
}
