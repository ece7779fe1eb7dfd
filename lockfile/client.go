package lockfile

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
