// Package settings reads what a project lets its package manager do, and says
// what a change of it opens or closes: whose install scripts run, where
// packages come from, how old a release must be, which code of the repository
// runs during an installation.
//
// Read takes a tree of files and makes Settings: every statement of every file
// that IsSettings knows, with the line it stands on, and what could not be
// read. Compare tells two Settings apart as a list of Changes, each one thing
// that a person decides, with the id of its issue. Scripts answers whether the
// install scripts of one package run in the project.
//
// The pieces, each made of those before it:
//
//   - file.go: which files there are, by name
//   - client.go: package managers whose versions behave differently, and what is known of the project's own
//   - rules.go: one row for each setting: how files spell it, what it is where it is missing, which value is looser
//   - settings.go: Read, which makes Statements
//   - npmrc.go, manifest.go, workspace.go, yarnrc.go, classic.go, bunfig.go: one reader a format; allow.go what several say of scripts
//   - scripts.go: Scripts, which is one policy a client
//   - requires.go: what code of the repository loads, which is the same code
//   - members.go: the folders that are part of a project; leftout.go: what is not installed
//   - change.go: Compare; compare.go for values, named.go for things with names, lists.go for whose scripts run
//
// The same thing spelled in two ways is one topic with one canonical value, so
// that moving a setting from .npmrc to pnpm-workspace.yaml is no change. What
// cannot be understood counts as the loosest value there is, and a file that
// cannot be read is a change of its own: nothing is dropped in silence.
// Only files are read: npm_config_ variables, flags, settings of the user and
// symbolic links are not part of a project's tree.
package settings
