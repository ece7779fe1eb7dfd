// Package clienttest lets real package managers speak in tests: npm, pnpm, Yarn
// and Bun, in the releases that are in use, against a registry in the test's
// own process.
//
// What a lockfile means is decided by the client that installs from it. A test
// that holds the parsers against a model of a client shares the model's errors;
// here the client itself writes the lockfile, lists what is in it and installs
// from it, and the folders that stand on disk afterwards are the truth.
//
// Clients come once per machine from the npm registry (Install), scripts off.
// From then on nothing but loopback is contacted: each Client has a home of its
// own, knows only the test's Registry and never runs a package's script. All
// packages are inert: a package.json, and a text that says where it came from.
//
// The files: install.go fetches clients, registry.go serves packages, package.go
// makes them, client.go runs a client, npm.go, pnpm.go, yarn.go and bun.go know
// each one's commands, tree.go reads what stands on disk.
package clienttest
