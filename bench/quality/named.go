package main

import (
	"maps"
	"slices"

	"github.com/lockwarden/lockwarden/analyzer/behavior"
)

type evidencePlace = behavior.Evidence

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// named are packages outside of the applications that show a behavior, tested
// by name and version in analyzer/testdata/packages.json.
var named = map[string][]string{}
