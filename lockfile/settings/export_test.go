package settings

import (
	"maps"
	"slices"
)

// FileNames are the names of settings files.
func FileNames() []string { return slices.Sorted(maps.Keys(byName)) }
