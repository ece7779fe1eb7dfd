package lockfile_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/lockfile"
	"github.com/lockwarden/lockwarden/lockfile/clienttest"
)

// TestWitnessedEdits: edits that TestFrozenEdits found, each in a lockfile that
// the client wrote. The client installed from it in its frozen mode what the
// last column says; so it is a change, or an error. LOCKWARDEN_NIGHTLY=1 asks the
// clients again.
func TestWitnessedEdits(t *testing.T) {
	const theta = `"https://registry.example/theta/-/theta-1.0.0.tgz"`
	const alpha = "\n  dependencies:\n    beta: \"npm:^1.0.0\"\n"
	const sum = "  checksum: 10c0/75e6b1addeb500b27e34d4fce416efe7b623da2b00a7812ea8abc1f0c038557f" +
		"a35b6753d068cf1c8b34e8b1c624de5cfeec8b023312237e2118dd7836be1b4a\n"
	foreign := clienttest.Package{Name: "alpha", Version: "1.0.0", Fields: `"dependencies":{"beta":"^1.0.0"}`}.Tarball("the foreign host")
	var r *clienttest.Registry
	if nightly {
		r = clienttest.NewRegistry(t, clienttest.Packages()...)
	}
	for _, test := range []struct{ name, project, file, old, new, installs string }{
		{"a range that nothing is locked for", "yarn-1.22.22/plain", "yarn.lock", `    theta "^1.0.0"`, `    inside "^1.0.0"`,
			"inside, from the registry as it is on that day"},
		{"a range that nothing is locked for, of a package that is locked", "yarn-1.22.22/remote", "yarn.lock", `    beta "^1.0.0"`,
			`    beta "1.0.0"`, "beta 1.0.0, not 1.1.0"},
		{"the commit that Bun checks out", "bun-1.4.5/git", "bun.lock", `, "5e966fc18e88be654f4b2ab33aebd51e9d7670e7"]`,
			`, "7d3f711c94a9a19001410e2e3199e17fe1419e56"]`, "the other commit's files"},
		{"a direct dependency becomes a link", "pnpm-12.21.0/bundle", "pnpm-lock.yaml", "        version: 1.0.0\n",
			"        version: link:libs/dir\n", "a link to a folder of the pull request"},
		{"a dependency of a package becomes a link", "pnpm-12.21.0/plain", "pnpm-lock.yaml", "      beta: 2.0.0\n",
			"      beta: link:libs/dir\n", "the same, for @scope/gamma"},
		{"an edge to another version", "pnpm-10.34.9/plain", "pnpm-lock.yaml", "      beta: 1.1.0\n", "      beta: 2.0.0\n",
			"alpha with beta 2.0.0, no beta 1.1.0"},
		{"an edge to another package", "pnpm-12.21.0/plain", "pnpm-lock.yaml", "      theta: 1.0.0\n", "      theta: delta@1.0.0\n",
			"iota with delta as theta"},
		{"an edge more", "pnpm-12.21.0/plain", "pnpm-lock.yaml", "      theta: 1.0.0\n", "      theta: 1.0.0\n      epsilon: 1.0.0\n",
			"iota with epsilon"},
		{"an edge more, by a merge key", "pnpm-10.34.9/plain", "pnpm-lock.yaml", "      theta: 1.0.0\n",
			"      theta: 1.0.0\n      <<: {epsilon: 1.0.0}\n", "iota with epsilon"},
		{"an alias that leads to another version", "pnpm-12.21.0/alias", "pnpm-lock.yaml", "version: beta@1.0.0", "version: beta@2.0.0",
			"old-beta is beta 2.0.0"},
		{"a foreign tarball and its hash, beside the right one", "pnpm-12.21.0/named-registry", "pnpm-lock.yaml", "{integrity: ",
			"{tarball: https://foreign.example/alpha/-/alpha-1.0.0.tgz, integrity: " + clienttest.Integrity(foreign) + " ",
			"the foreign host's alpha"},
		{"another package of the second document", "pnpm-12.21.0/environment", "pnpm-lock.yaml", "      beta: 1.1.0\n", "", "alpha without beta"},
		{"another package at a place, locked elsewhere", "bun-1.4.5/workspaces", "bun.lock",
			`["alpha@1.0.0", "https://registry.example/alpha/-/alpha-1.0.0.tgz"`, `["theta@1.0.0", ` + theta, "theta as the alpha of packages/web"},
		{"a place more for a version that is locked", "bun-1.4.5/plain", "bun.lock", `    "alpha/beta": `, `    "@scope/gamma/beta": `,
			"beta 1.1.0 in place of 2.0.0"},
		{"no longer bundled", "bun-1.4.5/bundle", "bun.lock", `"bundled": true`, `"bundled": false`, "the registry's inside, not kappa's alone"},
		{"no longer bundled, npm", "npm-12.2.2/bundle", "package-lock.json", "        \"inside\"\n", "",
			"the registry's inside in place of kappa's"},
		{"no longer optional", "pnpm-8.15.9/plain", "pnpm-lock.yaml", "    os: [win32]\n", "", "native-windows"},
		{"a program under another name", "npm-12.2.2/plain", "package-lock.json", `"epsilon": "cli.js"`, `"node": "cli.js"`,
			"node_modules/.bin/node"},
		{"a program under another name, Bun", "bun-1.4.5/plain", "bun.lock", `"epsilon": "cli.js"`, `"node": "cli.js"`,
			"node_modules/.bin/node"},
		{"a package of another platform", "npm-12.2.2/plain", "package-lock.json", `"win32"`, `"linux"`, "native-windows"},
		{"a package that no platform has", "bun-1.4.5/plain", "bun.lock", `"os": "linux"`, `"os": "win32"`, "zeta without native-linux"},
		{"an engine that nobody has", "npm-12.2.2/workspaces", "package-lock.json", `"node_modules/iota": {`,
			`"node_modules/iota": {"engines": {"node": ">=99"},`, "no iota, which is optional"},
		{"another host for a registry's package", "yarn-4.18.1/plain", "yarn.lock", `"alpha@npm:1.1.0"` + alpha + sum,
			`"alpha@npm:1.1.0::__archiveUrl=https%3A%2F%2Fforeign.example%2Falpha%2F-%2Falpha-1.1.0.tgz"` + alpha, "the foreign host's alpha"},
		{"a condition of platforms", "yarn-3.8.7/plain", "yarn.lock", "conditions: os=linux", "conditions: os=win32",
			"zeta without native-linux"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join("testdata", "clients", filepath.FromSlash(test.project))
			text := string(read(t, filepath.Join(dir, test.file)))
			if !strings.Contains(text, test.old) {
				t.Fatalf("%s has no %q", dir, test.old)
			}
			parse := func(text string) (*lockfile.Lockfile, error) {
				return lockfile.Parse(test.file, []byte(text), lockfile.Options{Project: os.DirFS(dir)})
			}
			base, err := parse(text)
			if err != nil {
				t.Fatal(err)
			}
			head, err := parse(strings.Replace(text, test.old, test.new, 1))
			if err == nil && len(lockfile.Compare(base, head)) == 0 {
				t.Errorf("no change, yet the client installs %s:\n%s", test.installs, changed(text, strings.Replace(text, test.old, test.new, 1)))
			}
			if nightly {
				witness(t, r, test.project, test.old, test.new)
			}
		})
	}
}

// witness lets the client itself install from the lockfile as it writes it and
// as it was edited, on loopback.
func witness(t *testing.T, r *clienttest.Registry, project, old, new string) {
	t.Helper()
	name, of, _ := strings.Cut(project, "/")
	c := r.Client(t, clienttest.Clients()[slices.IndexFunc(clienttest.Clients(), func(spec string) bool {
		return strings.HasSuffix(spec, "@"+name[strings.IndexByte(name, '-')+1:])
	})])
	files := shapes[slices.IndexFunc(shapes, func(s shape) bool { return s.name == of })].files(c, r)
	dir := t.TempDir()
	clienttest.Write(t, dir, files)
	if err := c.Lock(dir); err != nil {
		t.Fatal(err)
	}
	host := strings.TrimSuffix(r.Foreign, "/")
	local := strings.NewReplacer("https://registry.example/", r.URL, "https://foreign.example", host,
		"https%3A%2F%2Fforeign.example", escaped(host))
	text := string(read(t, filepath.Join(dir, c.Lockfile)))
	edited := strings.Replace(text, local.Replace(old), local.Replace(new), 1)
	before, err := frozen(t, c, files, text, c.Frozen)
	if err != nil {
		t.Fatal(err)
	}
	after, err := frozen(t, c, files, edited, c.Frozen)
	if err != nil {
		t.Errorf("the client refuses: %v", err)
		return
	}
	if worst, differences := outcome(before, after); worst == "" {
		t.Errorf("the client installs the same; the lockfile differs in\n%s", changed(text, edited))
	} else {
		t.Logf("the client: %s\n%s", worst, differences)
	}
}
