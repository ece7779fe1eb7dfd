package settings

import (
	"path"
	"strings"
)

// fileKind is how a settings file is read.
type fileKind uint8

const (
	notSettings fileKind = iota
	npmrc
	manifest
	yamlManifest
	json5Manifest
	pnpmWorkspace
	yarnrc
	classicYarnrc
	bunfig
	// codeFile runs inside the package manager; patchFile changes what is
	// installed. Both are compared by their contents.
	codeFile
	patchFile
	// buildsFile is pnpm's onlyBuiltDependenciesFile, whose name is free.
	buildsFile
	// lockFile is a lockfile under a name that a setting chose, which nobody
	// reads here.
	lockFile
	// environment is a file of variables that Bun takes in before it installs.
	environment
	// gypFile makes an installation build the project itself.
	gypFile
)

// opaque reports whether a file is compared by its contents alone.
func (k fileKind) opaque() bool { return k == codeFile || k == patchFile || k == lockFile }

// byName are the files that a package manager looks for in a folder.
var byName = map[string]fileKind{
	".npmrc":              npmrc,
	"package.json":        manifest,
	"package.yaml":        yamlManifest, // pnpm reads it in place of package.json
	"package.json5":       json5Manifest,
	"pnpm-workspace.yaml": pnpmWorkspace,
	".yarnrc.yml":         yarnrc,
	".yarnrc":             classicYarnrc,
	"bunfig.toml":         bunfig,
	".pnpmfile.cjs":       codeFile,
	".pnpmfile.mjs":       codeFile, // pnpm 11
	".npm-extension.cjs":  codeFile, // npm 12
	".npm-extension.mjs":  codeFile,
	".env.yarn":           codeFile, // environment of everything Yarn 4 starts
	".corepack.env":       codeFile, // where Corepack takes package managers from, and whether it checks them

	"binding.gyp": gypFile,

	".env":                   environment,
	".env.local":             environment,
	".env.production":        environment, // bun install is in production
	".env.production.local":  environment,
	".env.development":       environment, // unless NODE_ENV says otherwise
	".env.development.local": environment,
	".env.test":              environment,
	".env.test.local":        environment,
}

// IsSettings reports whether a file, by its name, says what the package manager
// may do: settings, code that runs inside the package manager, or a patch of a
// package. Files that settings name under other names are not known here, see
// Settings.Named.
func IsSettings(name string) bool { return kindOf(name) != notSettings }

func kindOf(name string) fileKind {
	parts := strings.Split(path.Clean(strings.ReplaceAll(name, `\`, "/")), "/")
	for i, part := range parts[:len(parts)-1] {
		if skipped(part) {
			return notSettings
		}
		if part != ".yarn" {
			continue
		}
		switch parts[i+1] {
		case "releases", "plugins":
			return inFolder(parts, i+1, codeFile)
		case "patches":
			return inFolder(parts, i+1, patchFile)
		case "cache", "unplugged":
			return notSettings
		}
	}
	base := parts[len(parts)-1]
	if kind, ok := byName[base]; ok {
		return kind
	}
	ext := path.Ext(base)
	if (ext == ".patch" || ext == ".diff") && containsFolder(parts, "patches") {
		return patchFile
	}
	return notSettings
}

func inFolder(parts []string, folder int, kind fileKind) fileKind {
	if folder == len(parts)-1 {
		return notSettings
	}
	return kind
}

func containsFolder(parts []string, name string) bool {
	for _, part := range parts[:len(parts)-1] {
		if part == name {
			return true
		}
	}
	return false
}

// skipped reports whether nothing below a folder of this name is a project's
// own.
func skipped(folder string) bool { return folder == "node_modules" || folder == ".git" }

// yarnPatch is the file in "patch:left-pad@npm:1.3.0#~/.yarn/patches/x.patch".
func yarnPatch(spec string) (file string, ok bool) {
	if !strings.HasPrefix(spec, "patch:") {
		return "", false
	}
	_, file, ok = strings.Cut(spec, "#")
	file, _, _ = strings.Cut(file, "::")
	return strings.TrimPrefix(strings.TrimPrefix(file, "optional!"), "~/"), ok
}
