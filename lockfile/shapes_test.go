package lockfile_test

import (
	"fmt"
	"maps"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/clienttest"
)

// shape is a kind of project that clients lock.
type shape struct {
	name string
	// files are the project's; nil where the client has no such thing.
	files func(c *clienttest.Client, r *clienttest.Registry) map[string]string
}

type project = map[string]string

func is(c *clienttest.Client, name string, major int) bool { return c.Name == name && c.Major >= major }

// one is a project that is the same for each client.
func one(files project) func(*clienttest.Client, *clienttest.Registry) map[string]string {
	return func(*clienttest.Client, *clienttest.Registry) map[string]string { return maps.Clone(files) }
}

// change is a patch of beta, which has one line.
const change = "diff --git a/index.js b/index.js\n--- a/index.js\n+++ b/index.js\n@@ -1 +1,2 @@\n" +
	" // beta@1.0.0 from the registry\n+// patched\n"

// shapes: what projects of today have in them. Each client locks each.
var shapes = []shape{
	{"plain", one(project{"package.json": `{"name":"r","version":"1.0.0","private":true,
"dependencies":{"alpha":"^1.0.0","@scope/gamma":"1.0.0","zeta":"1.0.0","theta":"^1.0.0"},
"devDependencies":{"delta":"1.0.0","scripted":"1.0.0"},"optionalDependencies":{"epsilon":"1.0.0"}}`})},
	{"alias", one(project{"package.json": `{"name":"r","version":"1.0.0","private":true,
"dependencies":{"old-beta":"npm:beta@1.0.0","beta":"^2.0.0"},"devDependencies":{"@x/y":"npm:epsilon@^1.0.0"}}`})},
	{"peers", one(project{"package.json": `{"name":"r","version":"1.0.0","private":true,
"dependencies":{"plugin":"1.0.0","alpha":"^2.0.0"},"devDependencies":{"iota":"1.0.0"}}`})},
	{"bundle", one(project{"package.json": `{"name":"r","version":"1.0.0","private":true,
"dependencies":{"kappa":"1.0.0"}}`})},
	{"override", overrides},
	{"workspaces", workspaces},
	{"catalog", catalogs},
	{"local", locals},
	{"remote", func(_ *clienttest.Client, r *clienttest.Registry) map[string]string {
		return project{"package.json": `{"name":"r","version":"1.0.0","private":true,"dependencies":{"alpha":"1.0.0",
"remote":"` + r.Foreign + `files/remote-1.0.0.tgz"}}`}
	}},
	{"git", func(c *clienttest.Client, r *clienttest.Registry) map[string]string {
		if c.Spec == "pnpm@7.33.7" {
			return nil // its lockfile of such a repository is one that it refuses
		}
		return project{"package.json": `{"name":"r","version":"1.0.0","private":true,
"dependencies":{"from-git":"` + r.Git + `#` + r.Commit + `"}}`}
	}},
	{"patch", patches},
	{"environment", func(c *clienttest.Client, r *clienttest.Registry) map[string]string {
		if !is(c, "pnpm", 10) {
			return nil
		}
		inside := r.Package("inside", "1.0.0").Tarball("the registry")
		return project{"package.json": `{"name":"r","version":"1.0.0","private":true,"dependencies":{"alpha":"1.0.0"}}`,
			"pnpm-workspace.yaml": "configDependencies:\n  inside: 1.0.0+" + clienttest.Integrity(inside) + "\n"}
	}},
	{"named-registry", func(c *clienttest.Client, r *clienttest.Registry) map[string]string {
		if !is(c, "pnpm", 12) {
			return nil
		}
		return project{"package.json": `{"name":"r","version":"1.0.0","private":true,
"dependencies":{"alpha":"1.0.0","iota":"work:^1.0.0"}}`,
			"pnpm-workspace.yaml": "registries:\n  " + r.Foreign + ":\n    prefix: work\n"}
	}},
}

// overrides says in each client's own words that beta is 1.0.0 everywhere.
func overrides(c *clienttest.Client, _ *clienttest.Registry) map[string]string {
	manifest := `{"name":"r","version":"1.0.0","private":true,"dependencies":{"alpha":"^1.0.0","@scope/gamma":"1.0.0"},
"devDependencies":{"delta":"1.0.0"}%s}`
	switch {
	case is(c, "npm", 7), c.Name == "bun":
		return project{"package.json": fmt.Sprintf(manifest, `,"overrides":{"beta":"1.0.0"}`)}
	case c.Name == "yarn":
		return project{"package.json": fmt.Sprintf(manifest, `,"resolutions":{"beta":"1.0.0"}`)}
	case is(c, "pnpm", 10):
		return project{"package.json": fmt.Sprintf(manifest, ""), "pnpm-workspace.yaml": "overrides:\n  beta: 1.0.0\n"}
	case c.Name == "pnpm":
		return project{"package.json": fmt.Sprintf(manifest, `,"pnpm":{"overrides":{"beta":"1.0.0"}}`)}
	}
	return nil
}

// workspaces have folders of odd names, and each a version of its own.
func workspaces(c *clienttest.Client, _ *clienttest.Registry) map[string]string {
	if c.Name == "npm" && c.Major < 7 {
		return nil
	}
	core := "^2.0.0"
	if c.Name == "pnpm" || is(c, "yarn", 2) || c.Name == "bun" {
		core = "workspace:^2.0.0"
	}
	files := project{
		"package.json": `{"name":"r","version":"1.0.0","private":true,"workspaces":["packages/*","custom dir/*","@odd/at"],
"devDependencies":{"epsilon":"1.0.0"}}`,
		"packages/web/package.json": `{"name":"@acme/web","version":"1.1.0",
"dependencies":{"@acme/core":"` + core + `","alpha":"1.0.0"},"devDependencies":{"delta":"1.0.0"}}`,
		"custom dir/core/package.json": `{"name":"@acme/core","version":"2.0.0",
"dependencies":{"alpha":"2.0.0","plugin":"1.0.0"},"optionalDependencies":{"theta":"1.0.0"}}`,
		"@odd/at/package.json": `{"name":"at","version":"3.0.0","dependencies":{"beta":"1.0.0"}}`,
	}
	if c.Name == "pnpm" {
		files["pnpm-workspace.yaml"] = "packages:\n  - packages/*\n  - custom dir/*\n  - '@odd/at'\n"
	}
	return files
}

// catalogs name versions once for all workspaces.
func catalogs(c *clienttest.Client, _ *clienttest.Registry) map[string]string {
	manifest := `{"name":"r","version":"1.0.0","private":true,"workspaces":%s,
"dependencies":{"alpha":"catalog:"},"devDependencies":{"epsilon":"catalog:tools"}}`
	const yaml = "catalog:\n  alpha: ^1.0.0\ncatalogs:\n  tools:\n    epsilon: 1.0.0\n"
	member := `{"name":"web","version":"1.0.0","dependencies":{"beta":"1.0.0"},"devDependencies":{"alpha":"catalog:"}}`
	switch {
	case is(c, "pnpm", 10), c.Spec == "pnpm@9.15.9":
		return project{"package.json": fmt.Sprintf(manifest, `["web"]`), "web/package.json": member,
			"pnpm-workspace.yaml": "packages:\n  - web\n" + yaml}
	case is(c, "yarn", 4):
		return project{"package.json": fmt.Sprintf(manifest, `["web"]`), "web/package.json": member, ".yarnrc.yml": yaml}
	case c.Name == "bun":
		return project{"web/package.json": member, "package.json": fmt.Sprintf(manifest,
			`{"packages":["web"],"catalog":{"alpha":"^1.0.0"},"catalogs":{"tools":{"epsilon":"1.0.0"}}}`)}
	}
	return nil
}

// locals are a folder, a tarball and a link of the project's own.
func locals(c *clienttest.Client, _ *clienttest.Registry) map[string]string {
	packed := clienttest.Package{Name: "packed", Version: "1.0.0", Fields: `"dependencies":{"beta":"2.0.0"}`}
	link := ""
	if c.Name == "pnpm" || c.Name == "yarn" {
		link = `,"linked":"link:./libs/linked"`
	}
	return project{
		"package.json": `{"name":"r","version":"1.0.0","private":true,
"dependencies":{"dir":"file:./libs/dir","packed":"file:./libs/packed-1.0.0.tgz"` + link + `}}`,
		"libs/dir/package.json":    `{"name":"dir","version":"0.1.0","dependencies":{"beta":"^1.0.0"}}`,
		"libs/linked/package.json": `{"name":"linked","version":"0.2.0"}`,
		"libs/packed-1.0.0.tgz":    string(packed.Tarball("the project")),
	}
}

// patches change beta's only file.
func patches(c *clienttest.Client, _ *clienttest.Registry) map[string]string {
	manifest := `{"name":"r","version":"1.0.0","private":true,"dependencies":{"alpha":"1.0.0","beta":%q}%s}`
	switch {
	case is(c, "pnpm", 10):
		return project{"package.json": fmt.Sprintf(manifest, "1.0.0", ""), "patches/beta.patch": change,
			"pnpm-workspace.yaml": "patchedDependencies:\n  beta@1.0.0: patches/beta.patch\n"}
	case c.Name == "pnpm":
		return project{"patches/beta.patch": change, "package.json": fmt.Sprintf(manifest, "1.0.0",
			`,"pnpm":{"patchedDependencies":{"beta@1.0.0":"patches/beta.patch"}}`)}
	case is(c, "yarn", 2):
		of := "npm%3A1.0.0"
		if c.Major < 3 {
			of = "1.0.0"
		}
		return project{"package.json": fmt.Sprintf(manifest, "patch:beta@"+of+"#./patches/beta.patch", ""), "patches/beta.patch": change}
	case c.Name == "bun":
		return project{"patches/beta.patch": change, "package.json": fmt.Sprintf(manifest, "1.0.0",
			`,"patchedDependencies":{"beta@1.0.0":"patches/beta.patch"}`)}
	}
	return nil
}

// plausible replaces what differs from one run of the tests to the next: the
// ports on loopback.
func plausible(r *clienttest.Registry) *strings.Replacer {
	var pairs []string
	host := func(url string) string { return strings.Trim(strings.TrimPrefix(url, "http:"), "/") }
	for _, x := range [][2]string{{host(r.URL), "registry.example"}, {host(r.Foreign), "foreign.example"},
		{strings.TrimSuffix(host(strings.TrimPrefix(r.Git, "git+")), "/from-git.git"), "git.example"}} {
		colon := strings.ReplaceAll(x[0], ":", "%3A")
		pairs = append(pairs, "http://"+x[0], "https://"+x[1], "http%3A%2F%2F"+colon, "https%3A%2F%2F"+x[1],
			x[0], x[1], colon, x[1], strings.ReplaceAll(x[0], ":", "+"), x[1])
	}
	return strings.NewReplacer(pairs...)
}
