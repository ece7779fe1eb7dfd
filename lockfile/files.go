package lockfile

import (
	"path"
	"strings"
)

// Role says what a file is to a package manager.
type Role uint8

// The roles of a file.
const (
	// Nothing: no package manager reads it, or it lies in an installed package.
	Nothing Role = iota
	// Locks: a lockfile that Parse reads.
	Locks
	// Unread: it decides what is installed or loaded, and Parse does not read it.
	Unread
	// Manifest: a package.json.
	Manifest
	// Setting: it decides what a package manager may do, and from where.
	Setting
)

// Class is what Classify says of a file.
type Class struct {
	Role Role
	// Client is the program that writes or reads the file, such as "Bun";
	// empty for Nothing.
	Client string
	// Kind names an Unread file, as in "Bun's binary lockfile".
	Kind string
	// Convert is the command that writes a lockfile that is read, for Unread
	// files; empty where there is none.
	Convert string
	// Group is the folder that stands for all Unread files below it, so that
	// hundreds of archives are one finding; empty where the file stands for
	// itself.
	Group string
}

// textBun writes bun.lock of bun.lockb.
const textBun = "bun install --save-text-lockfile --frozen-lockfile --lockfile-only"

// A class by a file's name. Names are in lower case: on the file systems of
// macOS and Windows a package manager opens Package-Lock.json as well, so what
// only they would read is classified like the name it stands for.
//
// Sources: https://bun.sh/docs/install/lockfile, https://docs.deno.com/runtime/fundamentals/modules/,
// https://docs.vlt.sh/cli, https://aube.sh, https://pnpm.io/git_branch_lockfiles,
// https://github.com/pnpm/pnpm/blob/main/pnpm/CHANGELOG.md (3.0: shrinkwrap.yaml became
// pnpm-lock.yaml), https://yarnpkg.com/features/pnp, https://orogene.dev.
var byName = map[string]Class{
	"package-lock.json": {Role: Locks, Client: "npm"},
	// npm 12 ignores it (npm/cli#9262); npm 11 and older prefer it.
	"npm-shrinkwrap.json": {Role: Locks, Client: "npm"},
	"pnpm-lock.yaml":      {Role: Locks, Client: "pnpm"},
	"yarn.lock":           {Role: Locks, Client: "Yarn"},
	"bun.lock":            {Role: Locks, Client: "Bun"},

	"bun.lockb":           {Role: Unread, Client: "Bun", Kind: "Bun's binary lockfile", Convert: textBun},
	"deno.lock":           {Role: Unread, Client: "Deno", Kind: "Deno's lockfile"},
	"vlt-lock.json":       {Role: Unread, Client: "vlt", Kind: "vlt's lockfile"},
	"aube-lock.yaml":      {Role: Unread, Client: "aube", Kind: "aube's lockfile"},
	"package-lock.kdl":    {Role: Unread, Client: "Orogene", Kind: "Orogene's lockfile"},
	"cotton.lock":         {Role: Unread, Client: "Cotton", Kind: "Cotton's lockfile"},
	"shrinkwrap.yaml":     {Role: Unread, Client: "pnpm", Kind: "the lockfile of pnpm 2 and older", Convert: "pnpm install --lockfile-only"},
	".pnp.cjs":            {Role: Unread, Client: "Yarn", Kind: "the program by which Yarn Plug'n'Play finds packages"},
	".pnp.js":             {Role: Unread, Client: "Yarn", Kind: "the program by which Yarn Plug'n'Play finds packages"},
	".pnp.loader.mjs":     {Role: Unread, Client: "Yarn", Kind: "the program by which Yarn Plug'n'Play finds packages"},
	".pnp.data.json":      {Role: Unread, Client: "Yarn", Kind: "the table by which Yarn Plug'n'Play finds packages"},
	"package.json5":       {Role: Unread, Client: "pnpm", Kind: "a manifest in JSON5"},
	"package.yaml":        {Role: Unread, Client: "pnpm", Kind: "a manifest in YAML"},
	"package.json":        {Role: Manifest, Client: "npm"},
	".npmrc":              {Role: Setting, Client: "npm"},
	".yarnrc":             {Role: Setting, Client: "Yarn"},
	".yarnrc.yml":         {Role: Setting, Client: "Yarn"},
	"bunfig.toml":         {Role: Setting, Client: "Bun"},
	"pnpm-workspace.yaml": {Role: Setting, Client: "pnpm"},
	".pnpmfile.cjs":       {Role: Setting, Client: "pnpm"},
	".pnpmfile.mjs":       {Role: Setting, Client: "pnpm"},
	"pnpmfile.js":         {Role: Setting, Client: "pnpm"},
	".npm-extension.cjs":  {Role: Setting, Client: "npm"},
	".npm-extension.mjs":  {Role: Setting, Client: "npm"},
	// Yarn 4's injectEnvironmentFiles, where nothing is set: what it fills into
	// .yarnrc.yml, and the environment of all that it starts.
	".env.yarn": {Role: Setting, Client: "Yarn"},
	// What makes a checkout differ from what is in the repository.
	".gitattributes": {Role: Setting, Client: "git"},
	// What node-gyp builds when a project with it is installed.
	"binding.gyp": {Role: Setting, Client: "npm"},
	// Where Corepack takes package managers from.
	".corepack.env": {Role: Setting, Client: "Corepack"},
	// The environment that Bun takes in before it reads any setting; to a
	// project of another package manager it is a file like any other.
	".env":                   {Role: Setting, Client: "Bun"},
	".env.local":             {Role: Setting, Client: "Bun"},
	".env.production":        {Role: Setting, Client: "Bun"},
	".env.production.local":  {Role: Setting, Client: "Bun"},
	".env.development":       {Role: Setting, Client: "Bun"},
	".env.development.local": {Role: Setting, Client: "Bun"},
	".env.test":              {Role: Setting, Client: "Bun"},
	".env.test.local":        {Role: Setting, Client: "Bun"},
}

// Classify says what a file is to a package manager, by its path alone: with
// forward slashes, from the top of the repository. What lies below node_modules
// is Nothing: it is somebody's installed package, and npm's hidden lockfile in
// it is written, not followed. Yarn's unplugged packages lie below node_modules
// too, in a folder that is Yarn's own.
//
// An import map is Nothing, since it has no fixed name and no client installs
// by it, and so are notes that a client keeps for itself, such as
// .yarn-metadata.json or Yarn's install-state.gz.
func Classify(file string) Class {
	lower := strings.ToLower(file)
	if inModules(lower) {
		if len(lower) != len(file) {
			file = lower
		}
		return unplugged(file, lower)
	}
	if c, ok := byName[path.Base(lower)]; ok {
		return c
	}
	if c := byBranch(path.Base(lower)); c.Role != Nothing {
		return c
	}
	if len(lower) != len(file) {
		file = lower // letters whose other case has another length
	}
	return byFolder(file, lower)
}

func inModules(file string) bool {
	return strings.HasPrefix(file, "node_modules/") || strings.Contains(file, "/node_modules/")
}

// unplugged knows the packages that Yarn keeps unpacked in the repository; each
// lies in a node_modules of its own below .yarn/unplugged.
func unplugged(file, lower string) Class {
	const folder = "/.yarn/unplugged/"
	i := strings.Index("/"+lower, folder)
	if i < 0 || inModules(lower[:i]+"/") {
		return Class{}
	}
	return Class{Role: Unread, Client: "Yarn", Kind: "packages that Yarn installs from the repository", Group: file[:i+len(folder)-2]}
}

// byBranch knows the lockfiles of a branch: pnpm-lock.BRANCH.yaml, in which
// every character that a file's name may lack is "!".
// Source: https://pnpm.io/git_branch_lockfiles
func byBranch(base string) Class {
	for _, whole := range []string{"pnpm-lock.yaml", "aube-lock.yaml"} {
		front := strings.TrimSuffix(whole, "yaml")
		if branch, ok := strings.CutPrefix(base, front); ok && strings.HasSuffix(branch, ".yaml") && len(branch) > len(".yaml") {
			return byName[whole]
		}
	}
	return Class{}
}

// byFolder knows the folders whose files are a client's own: Yarn's program and
// plugins, patches, and the archives of a committed cache, from which Yarn
// installs without asking the registry.
func byFolder(file, lower string) Class {
	yarn := func(folder string) (top string, ok bool) {
		i := strings.Index("/"+lower, "/.yarn/"+folder+"/")
		if i < 0 {
			return "", false
		}
		return file[:i+len(".yarn/"+folder)], true
	}
	if top, ok := yarn("cache"); ok && strings.HasSuffix(lower, ".zip") {
		return Class{Role: Unread, Client: "Yarn", Kind: "packages that Yarn installs from the repository", Group: top}
	}
	if c := unplugged(file, lower); c.Role != Nothing {
		return c
	}
	for _, folder := range []string{"releases", "plugins", "patches"} {
		if _, ok := yarn(folder); ok {
			return Class{Role: Setting, Client: "Yarn"}
		}
	}
	if strings.HasSuffix(lower, ".patch") && strings.Contains("/"+lower, "/patches/") {
		return Class{Role: Setting, Client: "pnpm"}
	}
	return Class{}
}
