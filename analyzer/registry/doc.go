// Package registry is the client of npm registries: packuments and tarballs,
// verified, cached, and guarded.
//
// settings.go reads .npmrc files as npm does, client.go asks and retries,
// guard.go decides which hosts and addresses may be asked at all, integrity.go
// checks what was served, cache.go keeps it on disk by its hash.
//
// A lockfile is written by whoever opened the pull request. So a URL in it is
// never simply fetched: its host must be one of the configured registries, by
// https, and the address behind the name must be public unless the operator
// listed the host. Redirects are checked in the same way, and a token goes
// only to the host and path it was configured for.
//
// Sources: https://docs.npmjs.com/cli/configuring-npm/npmrc,
// https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md
package registry
