// Package lockfile reads the lockfiles of npm, pnpm, Yarn and Bun and compares
// two of them.
//
// Bytes in, values out: there is no I/O and no clock here. Parse turns the
// bytes of a package-lock.json, an npm-shrinkwrap.json or the hidden
// node_modules/.package-lock.json (lockfile versions 1, 2 and 3), of a
// pnpm-lock.yaml (5 to 9), a yarn.lock (1 and from Yarn 2 on) or a bun.lock into a
// Lockfile: one Entry for each installed package, with the flags that npm's
// own Arborist computes and the exact lines it occupies. Compare turns two of
// them into the list of Changes that a reviewer has to look at.
//
// A lockfile is written by whoever opened the pull request, so every input is
// hostile: size and depth are bounded, a key that appears twice is an error
// (two readers could see two different packages), and every error is a *Error
// that names file and line.
//
// The files: lockfile.go has the values and Parse, position.go is the JSON reader that knows where everything
// stands, yaml.go does so for YAML, npm.go maps npm's documents to entries,
// pnpm.go, yarn.go and bun.go the others' (graph.go is what pnpm and Yarn have
// in common: dependencies by name, not by folder), tree.go resolves
// dependencies between locations and derives flags as Arborist does, why.go
// finds the shortest path from the root, diff.go compares,
// drift.go looks whether package.json agrees.
//
// Sources: https://docs.npmjs.com/cli/configuring-npm/package-lock-json and
// @npmcli/arborist 9 (lib/shrinkwrap.js, lib/arborist/load-virtual.js,
// lib/calc-dep-flags.js).
package lockfile
