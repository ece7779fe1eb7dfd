// Package lockfile reads the lockfiles of npm, pnpm, Yarn and Bun and compares
// two of them.
//
// Bytes in, values out: there is no clock here, and no I/O but through the file
// system that Parse is given. Parse turns the bytes of a package-lock.json, an
// npm-shrinkwrap.json or the hidden node_modules/.package-lock.json (versions 1
// to 3), of a pnpm-lock.yaml (5 to 9, all documents), a yarn.lock (Yarn 1, 2 to
// 4, and 6) or a bun.lock into a Lockfile: one Entry for each installed package,
// with the flags that npm's own Arborist computes and the exact lines that it
// occupies. Compare turns two of them into the list of Changes that a reviewer
// has to look at. Classify says of any file what it is to a package manager.
//
// A lockfile is written by whoever opened the pull request, so every input is
// hostile: size and depth are bounded, a key that appears twice is an error
// (two readers could see two different packages), and every error is a *Error
// that names file and line.
//
// The files, each made of those before it:
//
//   - entry.go, resolution.go: an installed package; what may be installed at its place, as one comparable value
//   - declared.go: overrides, resolutions, catalogs; specifier.go: what a specifier leads to
//   - lockfile.go, tree.go, why.go: all entries; who gets which, flags as Arborist derives them, the shortest path
//   - object.go, project.go: package.json, and what else stands beside a lockfile
//   - npm1.go, npm.go, bun.go: trees of folders; graph.go, pnpm.go, yarnlock.go, yarn1.go, berry.go, yarn.go: graphs
//   - parse.go: Parse, which tells them apart
//   - change.go, key.go, comparison.go, pair.go, replaced.go, moves.go, names.go, diff.go: Compare, by what it looks for
//   - drift.go, manifest.go: whether package.json agrees; files.go: Classify
//
// A house test holds that no arrow between these files runs back.
//
// Sources: https://docs.npmjs.com/cli/configuring-npm/package-lock-json,
// @npmcli/arborist (lib/shrinkwrap.js, lib/arborist/load-virtual.js,
// lib/calc-dep-flags.js), https://github.com/pnpm/spec, https://yarnpkg.com/protocols,
// https://bun.sh/docs/install/lockfile; and the clients themselves, in the tests.
package lockfile
