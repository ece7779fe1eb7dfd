package lockfile

import (
	"fmt"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// rewrite is the command that writes a lockfile again.
var rewrite = map[Format]string{
	NPM:  "run npm install to write it again",
	Pnpm: "run pnpm install to write it again",
	Yarn: "run yarn install to write it again",
	Bun:  "run bun install to write it again",
}

// client is how people call the package manager.
var client = map[Format]string{NPM: "npm", Pnpm: "pnpm", Yarn: "Yarn", Bun: "Bun"}

// resolve says what ends a merge conflict in a lockfile: package managers do it
// themselves, once package.json has none.
// Sources: https://docs.npmjs.com/cli/configuring-npm/package-locks#resolving-lockfile-conflicts,
// https://pnpm.io/git#merge-conflicts, https://yarnpkg.com/cli/install,
// https://bun.sh/docs/install/lockfile
var resolve = map[Format]string{
	NPM:  "resolve those in package.json by hand, then run npm install --package-lock-only: npm resolves the lockfile's itself",
	Pnpm: "resolve those in package.json by hand, then run pnpm install: it resolves the lockfile's itself",
	Yarn: "resolve those in package.json by hand, then run yarn install: it resolves the lockfile's itself",
	Bun:  "resolve those in package.json by hand, take one side's bun.lock (git checkout --ours bun.lock), and run bun install",
}

// tooLong says what is wrong with a location of more bytes than any system opens.
func tooLong(location string) string {
	return fmt.Sprintf("the location %q has more than %d bytes, which no system opens", document.Clip(location), maxLocation)
}

// Bounds of what an entry says of itself, in bytes. Many entries can ask for
// one, so that each of its bytes would count as often.
const (
	// maxLocation is the longest path that a system opens (Linux's PATH_MAX).
	maxLocation = 4096
	// maxName is more than the 214 that npm allows, and as much for a scope.
	maxName = 512
	// maxVersion is semver's own. Source: https://github.com/npm/node-semver (MAX_LENGTH)
	maxVersion = 256
	// maxAddress is twice what servers take.
	maxAddress = 16 << 10
)
