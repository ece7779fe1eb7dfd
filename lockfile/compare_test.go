package lockfile_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/lockwarden/lockwarden/lockfile"
)

const (
	commitA = "0123456789012345678901234567890123456789"
	commitB = "9876543210987654321098765432109876543210"
)

// npmLock is a package-lock.json whose project asks for a and b; each entry is
// "LOCATION: FIELDS".
func npmLock(entries ...string) string {
	out := `{"lockfileVersion":3,"packages":{"":{"dependencies":{"a":"^1.0.0","b":"^1.0.0"}}`
	for _, e := range entries {
		location, fields, _ := strings.Cut(e, ": ")
		out += ",\n\"node_modules/" + location + "\":{" + fields + "}"
	}
	return out + "}}"
}

const registryA = `"resolved":"https://registry.npmjs.org/a/-/a-1.0.0.tgz"`

// twoHalves is one of version 2, with what its older half says of a.
func twoHalves(a string) string {
	b := `"version":"1.0.0","integrity":"` + h1 + `"`
	return `{"lockfileVersion":2,"packages":{"":{"dependencies":{"a":"1","b":"1"}},
"node_modules/a":{` + b + `,"dependencies":{"b":"1"},"peerDependencies":{"p":"1"},"peerDependenciesMeta":{"p":{"optional":true}}},
"node_modules/b":{` + b + `}},"dependencies":{
"a":{` + b + "," + a + `},
"b":{` + b + `}}}`
}

// legacyFolder is one of version 1 with a folder of the project, which says under a
// key what it asks for.
func legacyFolder(key string) string {
	return `{"lockfileVersion":1,"requires":true,"dependencies":{
"b":{"version":"1.1.0","resolved":"https://registry.npmjs.org/b/-/b-1.1.0.tgz","integrity":"` + h1 + `"},
"dir":{"version":"file:libs/dir","` + key + `":{"b":"^1.0.0"}}}}`
}

var foldersManifests = map[string]string{"package.json": `{"dependencies":{"dir":"file:./libs/dir"}}`,
	"libs/dir/package.json": `{"name":"dir","version":"0.1.0","dependencies":{"b":"^1.0.0"}}`}

// linked is one in which a is a link to lib/a.
var linked = strings.TrimSuffix(npmLock(`a: "resolved":"lib/a","link":true`), "}}") + ",\n\"lib/a\":{\"name\":\"a\",\"version\":\"1.0.0\"}}}"

// pnpmLock is a pnpm-lock.yaml of version 9 with one importer.
func pnpmLock(dependencies, packages, snapshots string) string {
	return "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n" + dependencies + "packages:\n" + packages + "snapshots:\n" + snapshots
}

func pnpmDirect(name, specifier, version string) string {
	return "      " + name + ":\n        specifier: " + specifier + "\n        version: " + version + "\n"
}

func pnpmPackage(key, resolution string) string {
	return "  '" + key + "':\n    resolution: {" + resolution + "}\n"
}

// pnpmRuntime is Node.js with an archive for each system.
func pnpmRuntime(systems ...string) string {
	out := "  node@runtime:22.1.0:\n    resolution:\n      type: variations\n      variants:\n"
	for _, system := range systems {
		out += "        - resolution: {type: binary, url: https://nodejs.org/" + system + ", integrity: sha256-" + system + ", bin: bin}\n" +
			"          targets: [{os: " + system + "}]\n"
	}
	return out
}

var pnpmB = pnpmPackage("b@1.0.0", "integrity: "+h2)

// pnpmVariants has a@1.0.0 beside two versions of its peer p; first and second
// are what the two get besides.
func pnpmVariants(first, second string) string {
	return pnpmLock(pnpmDirect("a", "1.0.0", "1.0.0(p@1.0.0)")+pnpmDirect("c", "1.0.0", "1.0.0")+pnpmDirect("b", "1.0.0", "1.0.0")+pnpmDirect("b2", "npm:b@2.0.0", "b@2.0.0"),
		pnpmPackage("a@1.0.0", "integrity: "+h1)+pnpmB+pnpmPackage("b@2.0.0", "integrity: "+h1)+pnpmPackage("c@1.0.0", "integrity: "+h1)+
			pnpmPackage("p@1.0.0", "integrity: "+h1)+pnpmPackage("p@2.0.0", "integrity: "+h1),
		"  a@1.0.0(p@1.0.0):\n    dependencies:\n      p: 1.0.0\n"+first+"  a@1.0.0(p@2.0.0):\n    dependencies:\n      p: 2.0.0\n"+second+
			"  b@1.0.0: {}\n  b@2.0.0: {}\n  c@1.0.0:\n    dependencies:\n      a: 1.0.0(p@2.0.0)\n      p: 2.0.0\n  p@1.0.0: {}\n  p@2.0.0: {}\n")
}

// said is what Compare finds, a line a change, a name and an oddity.
func said(base, head *lockfile.Lockfile) []string {
	var out []string
	for _, c := range lockfile.Compare(base, head) {
		line := fmt.Sprintf("%s %s %s→%s", c.Kind, c.Name, c.From, c.To)
		for _, d := range c.Differences {
			line += fmt.Sprintf("; %s %s→%s", d.What, short(d.From), short(d.To))
		}
		if c.Quiet() {
			line += "; quiet"
		}
		out = append(out, line)
		for _, u := range c.Undeclared {
			line := "  " + u.Name + " of " + u.By + " asks " + u.Spec
			if u.Claimed {
				line += ", as it says itself"
			}
			if u.Source != 0 {
				line += ", from " + u.Source.String()
			}
			out = append(out, line)
		}
	}
	if head != nil {
		for _, o := range head.Oddities {
			out = append(out, fmt.Sprintf("odd: %s %s line %d", o.Kind, o.What, o.Line))
		}
	}
	return out
}

// short keeps the beginnings of hashes.
func short(s string) string {
	fields := strings.Fields(s)
	for i, f := range fields {
		if strings.HasPrefix(f, "sha512-") {
			fields[i] = f[:11]
		}
	}
	return strings.Join(fields, " ")
}

// TestCompareSays: what two lockfiles differ in, and what nobody declared.
func TestCompareSays(t *testing.T) {
	hashA := `"integrity":"` + h1 + `"`
	type files = map[string]string
	for _, row := range []struct {
		says, file, base, head string
		// project are the files beside head, and base where before is nil.
		project, before files
		want            []string
	}{
		{says: "one of two variants of a package loses a dependency that the other keeps", file: "pnpm-lock.yaml",
			base: pnpmVariants("      b: 1.0.0\n", "      b: 1.0.0\n"), head: pnpmVariants("", "      b: 1.0.0\n"),
			want: []string{"moved b 1.0.0→1.0.0; user a@1.0.0(p@1.0.0)→; quiet"}},
		{says: "one of two variants of a package gets a dependency that the other has", file: "pnpm-lock.yaml",
			base: pnpmVariants("", "      b: 1.0.0\n"), head: pnpmVariants("      b: 1.0.0\n", "      b: 1.0.0\n"),
			want: []string{"moved b 1.0.0→1.0.0; user →a@1.0.0(p@1.0.0); quiet"}},
		{says: "two variants of a package change versions with each other", file: "pnpm-lock.yaml",
			base: pnpmVariants("      b: 1.0.0\n", "      b: 2.0.0\n"), head: pnpmVariants("      b: 2.0.0\n", "      b: 1.0.0\n"),
			want: []string{"moved b 1.0.0→1.0.0; user b@2.0.0→a@1.0.0(p@2.0.0); quiet", "moved b 2.0.0→2.0.0; user b@1.0.0→a@1.0.0(p@1.0.0); quiet"}},
		{says: "a package's development dependencies are nobody's", file: "pnpm-lock.yaml",
			base: pnpmLock(pnpmDirect("a", "1.0.0", "1.0.0")+pnpmDirect("b", "1.0.0", "1.0.0"), pnpmPackage("a@1.0.0", "integrity: "+h1)+pnpmB,
				"  a@1.0.0:\n    dependencies:\n      b: 1.0.0\n  b@1.0.0: {}\n"),
			head: pnpmLock(pnpmDirect("a", "1.0.0", "1.0.0")+pnpmDirect("b", "1.0.0", "1.0.0"), pnpmPackage("a@1.0.0", "integrity: "+h1)+pnpmB,
				"  a@1.0.0:\n    devDependencies:\n      b: 1.0.0\n  b@1.0.0: {}\n"),
			want: []string{"moved b 1.0.0→1.0.0; user a@1.0.0→; quiet"}},
		{says: "what another registry's package of one version asks for is its own", file: "pnpm-lock.yaml",
			base: pnpmLock(pnpmDirect("a", "1.0.0", "1.0.0")+pnpmDirect("w", "work:^1.0.0", "work:1.0.0"),
				pnpmPackage("a@1.0.0", "integrity: "+h1)+pnpmPackage("w@1.0.0", "integrity: "+h1)+pnpmPackage("w@work:1.0.0", "integrity: "+h2)+pnpmB,
				"  a@1.0.0:\n    dependencies:\n      w: 1.0.0\n  w@1.0.0:\n    dependencies:\n      b: 1.0.0\n  w@work:1.0.0:\n    dependencies:\n      b: 1.0.0\n  b@1.0.0: {}\n"),
			head: pnpmLock(pnpmDirect("a", "1.0.0", "1.0.0")+pnpmDirect("w", "work:^1.0.0", "work:1.0.0"),
				pnpmPackage("a@1.0.0", "integrity: "+h1)+pnpmPackage("w@1.0.0", "integrity: "+h1)+pnpmPackage("w@work:1.0.0", "integrity: "+h2)+pnpmB,
				"  a@1.0.0:\n    dependencies:\n      w: 1.0.0\n  w@1.0.0: {}\n  w@work:1.0.0:\n    dependencies:\n      b: 1.0.0\n  b@1.0.0: {}\n"),
			want: []string{"moved b 1.0.0→1.0.0; user w@1.0.0→; quiet"}},
		{says: "npm 6 believes a version 1 lockfile of what a folder asks for", file: "package-lock.json",
			base: legacyFolder("requires"), head: legacyFolder("link"), before: foldersManifests, project: foldersManifests,
			want: []string{"moved dir →; dependencies b@^1.0.0→"}},
		// Sources and hashes.
		{says: "the registry's URL and a hash come to a bare entry", file: "package-lock.json",
			base: npmLock(`a: "version":"1.0.0"`), head: npmLock(`a: "version":"1.0.0",` + registryA + `,` + hashA)},
		{says: "the URL of another version comes to a bare entry", file: "package-lock.json",
			base: npmLock(`a: "version":"1.0.0"`), head: npmLock(`a: "version":"1.0.0","resolved":"https://registry.npmjs.org/a/-/a-1.0.1.tgz"`),
			want: []string{"replaced a 1.0.0→1.0.0; url →https://registry.npmjs.org/a/-/a-1.0.1.tgz"}},
		{says: "a URL climbs out of its package", file: "package-lock.json",
			base: npmLock(`a: "version":"1.0.0"`), head: npmLock(`a: "version":"1.0.0","resolved":"https://registry.npmjs.org/b/..%2Fa/-/a-1.0.0.tgz"`),
			want: []string{"replaced a 1.0.0→1.0.0; url →https://registry.npmjs.org/b/..%2Fa/-/a-1.0.0.tgz"}},
		{says: "the same file from the registry's other host", file: "package-lock.json",
			base: npmLock(`a: "version":"1.0.0","resolved":"https://registry.yarnpkg.com/a/-/a-1.0.0.tgz",` + hashA),
			head: npmLock(`a: "version":"1.0.0",` + registryA + `,` + hashA),
			want: []string{"moved a 1.0.0→1.0.0; host registry.yarnpkg.com→registry.npmjs.org; quiet"}},
		{says: "from the registry's other host, with a weak hash only", file: "package-lock.json",
			base: npmLock(`a: "version":"1.0.0","resolved":"https://registry.yarnpkg.com/a/-/a-1.0.0.tgz","integrity":"sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA="`),
			head: npmLock(`a: "version":"1.0.0",` + registryA + `,"integrity":"sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA="`),
			want: []string{"replaced a 1.0.0→1.0.0; host registry.yarnpkg.com→registry.npmjs.org"}},
		{says: "a second hash beside the first", file: "package-lock.json",
			base: npmLock(`a: "version":"1.0.0",` + hashA), head: npmLock(`a: "version":"1.0.0","integrity":"` + h1 + " " + h2 + `"`),
			want: []string{"replaced a 1.0.0→1.0.0; integrity sha512-AAAA→sha512-AAAA sha512-BBBB"}},
		{says: "a strong hash beside a weak one decides alone", file: "package-lock.json",
			base: npmLock(`a: "version":"1.0.0","integrity":"sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA="`),
			head: npmLock(`a: "version":"1.0.0","integrity":"sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA= ` + h1 + `"`),
			want: []string{"replaced a 1.0.0→1.0.0; integrity sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=→sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA= sha512-AAAA"}},
		{says: "the same hash, written otherwise", file: "package-lock.json",
			base: npmLock(`a: "version":"1.0.0",` + hashA), head: npmLock(`a: "version":"1.0.0","integrity":" ` + h1 + `?x "`)},
		{says: "one commit by another transport", file: "package-lock.json",
			base: npmLock(`a: "version":"1.0.0","resolved":"git+https://github.com/o/a.git#` + commitA + `"`),
			head: npmLock(`a: "version":"1.0.0","resolved":"git+ssh://git@github.com/o/a.git#` + commitA + `"`),
			want: []string{"moved a 1.0.0→1.0.0; transport git+https://github.com/o/a.git#" + commitA + "→git+ssh://git@github.com/o/a.git#" + commitA + "; quiet"}},
		{says: "the same commit of another repository", file: "package-lock.json",
			base: npmLock(`a: "version":"1.0.0","resolved":"git+https://github.com/o/a.git#` + commitA + `"`),
			head: npmLock(`a: "version":"1.0.0","resolved":"git+https://github.com/x/a.git#` + commitA + `"`),
			want: []string{"replaced a 1.0.0→1.0.0; url git+https://github.com/o/a.git#" + commitA + "→git+https://github.com/x/a.git#" + commitA}},
		{says: "the registry's package becomes a repository's that nobody asked for", file: "package-lock.json",
			base: npmLock(`a: "version":"1.0.0",` + registryA), head: npmLock(`a: "version":"1.0.0","resolved":"git+https://github.com/o/a.git#` + commitA + `"`),
			project: files{"package.json": `{"dependencies":{"a":"^1.0.0","b":"^1.0.0"}}`},
			want: []string{"replaced a 1.0.0→1.0.0; source registry→git; url https://registry.npmjs.org/a/-/a-1.0.0.tgz→git+https://github.com/o/a.git#" + commitA,
				"  a of . asks ^1.0.0, from git"}},
		{says: "a repository's package that package.json asks for", file: "package-lock.json",
			base: npmLock(`a: "version":"1.0.0",` + registryA), head: npmLock(`a: "version":"1.1.0","resolved":"git+https://github.com/o/a.git#` + commitA + `"`),
			project: files{"package.json": `{"dependencies":{"a":"github:o/a","b":"^1.0.0"}}`},
			want:    []string{"upgraded a 1.0.0→1.1.0; source registry→git; host registry.npmjs.org→github.com"}},
		{says: "two places of one version, one of them changed to what the other has", file: "package-lock.json",
			base: npmLock(`a: "version":"1.0.0",`+hashA, `b/node_modules/a: "version":"1.0.0","integrity":"`+h2+`"`, `b: "version":"1.0.0"`),
			head: npmLock(`a: "version":"1.0.0",`+hashA, `b/node_modules/a: "version":"1.0.0",`+hashA, `b: "version":"1.0.0"`),
			want: []string{"replaced a 1.0.0→1.0.0; integrity sha512-BBBB→sha512-AAAA"}},

		// Places, users, scope and what the lockfile claims.
		{says: "b gets an older version that is there anyway", file: "package-lock.json",
			base: npmLock(`a: "version":"2.0.0"`, `b: "version":"1.0.0","dependencies":{"a":"*"}`, `c: "version":"1.0.0","dependencies":{"a":"^1"}`, `c/node_modules/a: "version":"1.0.0"`),
			head: npmLock(`a: "version":"2.0.0"`, `b: "version":"1.0.0","dependencies":{"a":"*"}`, `b/node_modules/a: "version":"1.0.0"`,
				`c: "version":"1.0.0","dependencies":{"a":"^1"}`, `c/node_modules/a: "version":"1.0.0"`),
			want: []string{"moved a 1.0.0→1.0.0; user a@2.0.0→b@1.0.0; place →node_modules/b/node_modules/a; quiet"}},
		{says: "a package is left out", file: "pnpm-lock.yaml",
			base: pnpmLock(pnpmDirect("b", "1", "1.0.0")+pnpmDirect("a", "1", "1.0.0"), pnpmPackage("a@1.0.0", "integrity: "+h1)+pnpmB,
				"  a@1.0.0: {}\n  b@1.0.0:\n    dependencies:\n      a: 1.0.0\n"),
			head: pnpmLock(pnpmDirect("b", "1", "1.0.0")+pnpmDirect("a", "1", "1.0.0"), pnpmPackage("a@1.0.0", "integrity: "+h1)+pnpmB, "  a@1.0.0: {}\n  b@1.0.0: {}\n"),
			want: []string{"moved a 1.0.0→1.0.0; user b@1.0.0→; quiet"}},
		{says: "development becomes production", file: "pnpm-lock.yaml",
			base: strings.Replace(pnpmLock(pnpmDirect("b", "1", "1.0.0"), pnpmB, "  b@1.0.0: {}\n"), "dependencies:", "devDependencies:", 1),
			head: pnpmLock(pnpmDirect("b", "1", "1.0.0"), pnpmB, "  b@1.0.0: {}\n"),
			want: []string{"moved b 1.0.0→1.0.0; scope development→production"}},
		{says: "another command, other dependencies, other systems of the same version", file: "package-lock.json",
			base: npmLock(`a: "version":"1.0.0","bin":{"a":"cli.js"},"dependencies":{"b":"1"},"os":["win32"],"engines":{"node":">=1"}`, `b: "version":"1.0.0"`),
			head: npmLock(`a: "version":"1.0.0","bin":{"node":"cli.js"},"dependencies":{"b":"2"},"os":["win32","linux"],"engines":{"node":">=99"}`, `b: "version":"1.0.0"`),
			want: []string{"moved a 1.0.0→1.0.0; bin a=cli.js→node=cli.js; dependencies b@1→b@2; " +
				"platforms os=win32 engines=node@>=1→os=linux,win32 engines=node@>=99"}},
		{says: "another kind of dependency", file: "package-lock.json",
			base: npmLock(`a: "version":"1.0.0","dependencies":{"b":"1"}`, `b: "version":"1.0.0"`),
			head: npmLock(`a: "version":"1.0.0","peerDependencies":{"b":"1"}`, `b: "version":"1.0.0"`),
			want: []string{"moved a 1.0.0→1.0.0; dependencies b@1→b@1 (peer)"}},
		{says: "an entry of pnpm's is no longer optional by its own word, and has no commands any more", file: "pnpm-lock.yaml",
			base: pnpmLock(pnpmDirect("b", "1", "1.0.0"), pnpmB+"    hasBin: true\n", "  b@1.0.0:\n    optional: true\n"),
			head: pnpmLock(pnpmDirect("b", "1", "1.0.0"), pnpmB, "  b@1.0.0: {}\n"),
			want: []string{"moved b 1.0.0→1.0.0; bin its own→; optional required, optional by its entry→required"}},
		{says: "another version of npm's lockfile does not hide another command", file: "package-lock.json",
			base: npmLock(`a: "version":"1.0.0","bin":{"a":"cli.js"}`),
			head: strings.Replace(npmLock(`a: "version":"1.0.0","bin":{"node":"cli.js"}`), `"lockfileVersion":3`, `"lockfileVersion":2`, 1),
			want: []string{"moved a 1.0.0→1.0.0; bin a=cli.js→node=cli.js"}},
		{says: "nor one of Bun's", file: "bun.lock",
			base: `{"lockfileVersion":1,"workspaces":{"":{"dependencies":{"a":"1.0.0"}}},"packages":{"a":["a@1.0.0","",{"bin":{"a":"c.js"}},"` + h1 + `"]}}`,
			head: `{"lockfileVersion":0,"workspaces":{"":{"dependencies":{"a":"1.0.0"}}},"packages":{"a":["a@1.0.0","",{"bin":{"node":"c.js"}},"` + h1 + `"]}}`,
			want: []string{"moved a 1.0.0→1.0.0; bin a=c.js→node=c.js"}},
		{says: "nor one of Yarn's", file: "yarn.lock",
			base: "__metadata:\n  version: 6\n\"a@npm:1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n  dependencies:\n    b: 1\n  bin:\n    a: c.js\n",
			head: "__metadata:\n  version: 8\n\"a@npm:1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n  dependencies:\n    b: \"npm:1\"\n  bin:\n    node: c.js\n",
			want: []string{"moved a 1.0.0→1.0.0; bin a=c.js→node=c.js"}},
		{says: "a workspace gets another command", file: "package-lock.json",
			base: `{"lockfileVersion":3,"packages":{"":{"workspaces":["w"]},"w":{"bin":{"w":"x.js"}},"node_modules/w":{"resolved":"w","link":true}}}`,
			head: `{"lockfileVersion":3,"packages":{"":{"workspaces":["w"]},"w":{"bin":{"node":"x.js"}},"node_modules/w":{"resolved":"w","link":true}}}`,
			want: []string{"moved w →; bin w=x.js→node=x.js"}},
		{says: "npm acts on more of an entry than is read", file: "package-lock.json",
			base: npmLock(`a: "version":"1.0.0","license":"MIT"`), head: npmLock(`a: "version":"1.0.0","hasInstallScript":true,"gypfile":true,"license":"ISC"`),
			want: []string{"moved a 1.0.0→1.0.0; platforms →gypfile=true scripts=its own; quiet"}},
		{says: "so may pnpm", file: "pnpm-lock.yaml",
			base: pnpmLock(pnpmDirect("b", "1", "1.0.0"), pnpmB, "  b@1.0.0: {}\n"),
			head: pnpmLock(pnpmDirect("b", "1", "1.0.0"), pnpmPackage("b@1.0.0", "integrity: "+h2+", gitHosted: true")+"    id: c\n", "  b@1.0.0: {}\n"),
			want: []string{"moved b 1.0.0→1.0.0; platforms →resolution=gitHosted,true id=c; quiet"}},
		{says: "and Yarn", file: "yarn.lock",
			base: "__metadata:\n  version: 8\n\"a@npm:1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n  languageName: node\n  linkType: hard\n",
			head: "__metadata:\n  version: 8\n\"a@npm:1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n  peerDependencies:\n    b: 1\n  languageName: node\n  linkType: soft\n",
			want: []string{"moved a 1.0.0→1.0.0; platforms →peerDependencies={b 1} linkType=soft; quiet"}},
		{says: "one that had a package beside a peer gets it beside another", file: "pnpm-lock.yaml",
			base: pnpmVariants("", ""), head: strings.Replace(pnpmVariants("", ""), "1.0.0(p@1.0.0)", "1.0.0(p@2.0.0)", 1),
			want: []string{"moved a 1.0.0→1.0.0; user a@1.0.0(p@1.0.0)→. (a@1.0.0(p@2.0.0)); quiet"}},
		{says: "a development flag that the graph does not bear out", file: "package-lock.json",
			base: npmLock(`a: "version":"1.0.0"`), head: npmLock(`a: "version":"1.0.0"`, `b: "version":"1.0.0","dev":true`),
			want: []string{"added b →1.0.0", "odd: flags b@1.0.0 line 3"}},
		{says: "a hash in the older half alone", file: "package-lock.json",
			base: `{"lockfileVersion":2,"packages":{"":{},"node_modules/a":{"version":"1.0.0",` + hashA + `}},"dependencies":{"a":{"version":"1.0.0",` + hashA + `}}}`,
			head: `{"lockfileVersion":2,"packages":{"":{},"node_modules/a":{"version":"1.0.0",` + hashA + "}},\"dependencies\":{\n\"a\":{\"version\":\"1.0.0\",\"integrity\":\"" + h2 + `"}}}`,
			want: []string{"odd: halves a@1.0.0 line 2"}},
		{says: "a package in the newer half alone", file: "package-lock.json",
			base: `{"lockfileVersion":2,"packages":{"":{}},"dependencies":{}}`,
			head: "{\"lockfileVersion\":2,\"packages\":{\"\":{},\n\"node_modules/a\":{\"version\":\"1.0.0\"}},\"dependencies\":{}}",
			want: []string{"added a →1.0.0", "odd: halves a@1.0.0 line 2"}},
		{says: "what the older half lets a package ask for", file: "package-lock.json",
			base: twoHalves(`"requires":{"b":"1"}`), head: twoHalves(`"require":{"b":"1"}`),
			want: []string{"odd: halves a@1.0.0 line 4"}},
		{says: "and more than the newer", file: "package-lock.json",
			base: twoHalves(`"requires":{"b":"1"}`), head: twoHalves(`"requires":{"b":"1","c":"1"}`),
			want: []string{"odd: halves a@1.0.0 line 4"}},
		{says: "but a peer, which only some versions of npm repeat", file: "package-lock.json",
			base: twoHalves(`"requires":{"b":"1"}`), head: twoHalves(`"requires":{"b":"1","p":"1"}`)},

		// pnpm.
		{says: "another patch", file: "pnpm-lock.yaml",
			base: pnpmLock(pnpmDirect("b", "1", "1.0.0(patch_hash=x)"), pnpmB, "  b@1.0.0(patch_hash=x): {}\n"),
			head: pnpmLock(pnpmDirect("b", "1", "1.0.0(patch_hash=y)"), pnpmB, "  b@1.0.0(patch_hash=y): {}\n"),
			want: []string{"replaced b 1.0.0→1.0.0; patch x→y"}},
		{says: "another registry of the project's", file: "pnpm-lock.yaml",
			base: pnpmLock(pnpmDirect("b", "work:^1", "work:1.0.0"), pnpmPackage("b@work:1.0.0", "integrity: "+h1), "  b@work:1.0.0: {}\n"),
			head: pnpmLock(pnpmDirect("b", "play:^1", "play:1.0.0"), pnpmPackage("b@play:1.0.0", "integrity: "+h1), "  b@play:1.0.0: {}\n"),
			want: []string{"replaced b 1.0.0→1.0.0; registry work→play"}},
		{says: "a dependency becomes a folder that nobody asked for", file: "pnpm-lock.yaml",
			base:    pnpmLock(pnpmDirect("b", "^1.0.0", "1.0.0"), pnpmB, "  b@1.0.0: {}\n"),
			head:    pnpmLock(pnpmDirect("b", "^1.0.0", "link:evil"), pnpmB, "  b@1.0.0: {}\n"),
			want:    []string{"added b →", "  b of . asks ^1.0.0, from local"},
			project: files{"package.json": `{"dependencies":{"b":"^1.0.0"}}`}},
		{says: "what a package asks for stands with the package, which pnpm puts before its snapshot", file: "pnpm-lock.yaml",
			base: pnpmLock(pnpmDirect("b", "1", "1.0.0")+pnpmDirect("a", "1", "1.0.0"), pnpmPackage("a@1.0.0", "integrity: "+h1)+pnpmB, "  a@1.0.0: {}\n  b@1.0.0: {}\n"),
			head: pnpmLock(pnpmDirect("b", "1", "1.0.0")+pnpmDirect("a", "1", "1.0.0"),
				pnpmPackage("a@1.0.0", "integrity: "+h1)+pnpmB+"    dependencies: {a: 1.0.0}\n    prepare: true\n", "  a@1.0.0: {}\n  b@1.0.0: {}\n"),
			want: []string{"moved a 1.0.0→1.0.0; user →b@1.0.0; quiet", "moved b 1.0.0→1.0.0; platforms →prepare=true; quiet"}},
		{says: "a dependency becomes the project itself", file: "pnpm-lock.yaml",
			base:    pnpmLock(pnpmDirect("b", "^1.0.0", "1.0.0"), pnpmB, "  b@1.0.0: {}\n"),
			head:    pnpmLock(pnpmDirect("b", "^1.0.0", "link:."), pnpmB, "  b@1.0.0: {}\n"),
			project: files{"package.json": `{"name":"app","dependencies":{"b":"^1.0.0"}}`},
			want:    []string{"added app →", "  b of . asks ^1.0.0", "moved b 1.0.0→1.0.0; user .→; quiet"}},
		{says: "a folder that an override asks for", file: "pnpm-lock.yaml",
			base:    pnpmLock(pnpmDirect("b", "^1.0.0", "1.0.0"), pnpmB, "  b@1.0.0: {}\n"),
			head:    pnpmLock(pnpmDirect("b", "link:lib", "link:lib"), "", ""),
			project: files{"package.json": `{"dependencies":{"b":"^1.0.0"}}`, "pnpm-workspace.yaml": "overrides:\n  b: link:lib\n"},
			want:    []string{"replaced b 1.0.0→; source registry→local"}},

		// Names.
		{says: "a name that nobody declared", file: "package-lock.json",
			base: npmLock(`a: "version":"1.0.0"`), head: npmLock(`a: "version":"1.0.0"`, `b: "name":"other","version":"1.0.0"`),
			project: files{"package.json": `{"dependencies":{"a":"^1.0.0","b":"^1.0.0"}}`},
			want:    []string{"added other →1.0.0", "  b of . asks ^1.0.0"}},
		{says: "the same name before and after", file: "package-lock.json",
			base:    npmLock(`b: "name":"other","version":"1.0.0"`),
			head:    npmLock(`a: "version":"1.0.0"`, `b: "name":"other","version":"1.1.0"`),
			project: files{"package.json": `{"dependencies":{"a":"^1.0.0","b":"^1.0.0"}}`},
			want:    []string{"added a →1.0.0", "upgraded other 1.0.0→1.1.0"}},
		{says: "package.json declares the name", file: "package-lock.json",
			base: npmLock(), head: npmLock(`b: "name":"other","version":"1.0.0"`),
			project: files{"package.json": `{"dependencies":{"a":"^1.0.0","b":"npm:other@^1"}}`},
			want:    []string{"added other →1.0.0"}},
		{says: "package.json declares the name for another package", file: "package-lock.json",
			base: npmLock(), head: npmLock(`b: "name":"other","version":"1.0.0"`),
			project: files{"package.json": `{"dependencies":{"a":"^1.0.0","b":"npm:another@^1"}}`},
			want:    []string{"added other →1.0.0", "  b of . asks npm:another@^1"}},
		{says: "the lockfile's own word for the project does not count", file: "package-lock.json",
			base:    npmLock(),
			head:    strings.Replace(npmLock(`b: "name":"other","version":"1.0.0"`), `"b":"^1.0.0"`, `"b":"npm:other@1"`, 1),
			project: files{"package.json": `{"dependencies":{"a":"^1.0.0","b":"^1.0.0"}}`},
			want:    []string{"added other →1.0.0", "  b of . asks ^1.0.0"}},
		{says: "an override declares the name", file: "package-lock.json",
			base: npmLock(), head: npmLock(`b: "name":"other","version":"1.0.0"`),
			project: files{"package.json": `{"dependencies":{"a":"^1.0.0","b":"^1.0.0"},"overrides":{"a":{"b@1":"npm:other@1"}}}`},
			want:    []string{"added other →1.0.0"}},
		{says: "a package that came in says that it declares the name", file: "package-lock.json",
			base: npmLock(`c: "version":"1.0.0"`), head: npmLock(`a: "version":"1.0.0","dependencies":{"x":"npm:c@1"}`, `c: "version":"1.0.0"`, `x: "name":"c","version":"1.0.0"`),
			want: []string{"added a →1.0.0", "moved c 1.0.0→1.0.0; place →node_modules/x",
				"  x of a@1.0.0 asks npm:c@1, as it says itself"}},
		{says: "a package that was there cannot begin to", file: "package-lock.json",
			base: npmLock(`a: "version":"1.0.0"`, `c: "version":"1.0.0"`),
			head: npmLock(`a: "version":"1.0.0","dependencies":{"x":"npm:c@1"}`, `c: "version":"1.0.0"`, `x: "name":"c","version":"1.0.0"`),
			want: []string{"moved a 1.0.0→1.0.0; dependencies →x@npm:c@1", "moved c 1.0.0→1.0.0; user →a@1.0.0 (as x); place →node_modules/x",
				"  x of a@1.0.0 asks npm:c@1"}},
		{says: "a place of another name that nobody asks for", file: "package-lock.json",
			base: npmLock(`a: "version":"1.0.0"`), head: npmLock(`a: "version":"1.0.0"`, `x: "name":"a","version":"1.0.0"`),
			want: []string{"moved a 1.0.0→1.0.0; place →node_modules/x", "  x of  asks "}},

		// Yarn and Bun.
		{says: "an entry of Yarn 1 asks for what is not locked", file: "yarn.lock",
			base: "# yarn lockfile v1\n\na@^1:\n  version \"1.0.0\"\n", head: "# yarn lockfile v1\n\na@^1:\n  version \"1.0.0\"\n  dependencies:\n    c \"^1.0.0\"\n",
			want: []string{"moved a 1.0.0→1.0.0; dependencies →c@^1.0.0", "odd: unlocked a@1.0.0: c@^1.0.0 line 6"}},
		{says: "one entry of Yarn 1 for a package and its alias", file: "yarn.lock",
			base: "# yarn lockfile v1\n", head: "# yarn lockfile v1\n\na@^1, \"x@npm:a@^1\":\n  name a\n  version \"1.0.0\"\n",
			project: files{"package.json": `{"dependencies":{"x":"npm:a@^1"}}`}, want: []string{"added a →1.0.0"}},
		{says: "an alias first, and the package by its own word", file: "yarn.lock",
			base: "# yarn lockfile v1\n", head: "# yarn lockfile v1\n\n\"b@^1\":\n  name a\n  version \"1.0.0\"\n",
			project: files{"package.json": `{"dependencies":{"b":"^1"}}`}, want: []string{"added a →1.0.0", "  b of . asks ^1"}},
		{says: "Yarn leaves the hash of a package for other systems out", file: "yarn.lock",
			base: "__metadata:\n  version: 8\n  cacheKey: 1\n\"a@npm:1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n  conditions: os=darwin\n  checksum: 1/ab\n",
			head: "__metadata:\n  version: 8\n  cacheKey: 1\n\"a@npm:1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n  conditions: os=darwin\n"},
		{says: "a condition comes and the hash goes, as Yarn 3 first knows conditions", file: "yarn.lock",
			base: "__metadata:\n  version: 4\n  cacheKey: 1\n\"a@npm:1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n  checksum: 1/ab\n",
			head: "__metadata:\n  version: 6\n  cacheKey: 1\n\"a@npm:1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n  conditions: os=darwin\n"},
		{says: "a condition comes and the hash goes", file: "yarn.lock",
			base: "__metadata:\n  version: 8\n  cacheKey: 1\n\"a@npm:1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n  checksum: 1/ab\n",
			head: "__metadata:\n  version: 8\n  cacheKey: 1\n\"a@npm:1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n  conditions: os=darwin\n",
			want: []string{"replaced a 1.0.0→1.0.0; checksum 1/ab→"}},
		{says: "the place of a package becomes a link to a folder", file: "package-lock.json",
			base:    npmLock(`a: "version":"1.0.0"`),
			head:    linked,
			project: files{"package.json": `{"dependencies":{"a":"^1.0.0","b":"^1.0.0"}}`},
			want:    []string{"replaced a 1.0.0→1.0.0; link →lib/a; source registry→local; url →lib/a", "  a of . asks ^1.0.0, from local"}},
		{says: "a workspace of package.json's takes a range", file: "package-lock.json",
			base:    npmLock(),
			head:    linked,
			project: files{"package.json": `{"dependencies":{"a":"^1.0.0","b":"^1.0.0"},"workspaces":["lib/*"]}`},
			want:    []string{"added a →1.0.0"}},
		{says: "a project moves from Yarn 1 to Yarn 4", file: "yarn.lock",
			base: "# yarn lockfile v1\n\na@^1:\n  version \"1.0.0\"\n  resolved \"https://registry.yarnpkg.com/a/-/a-1.0.0.tgz#0123456789012345678901234567890123456789\"\n  integrity " + h1 + "\n",
			head: "__metadata:\n  version: 8\n  cacheKey: 10c0\n\"a@npm:^1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n  checksum: 10c0/ab\n"},
		{says: "a patch comes, and with it another archive", file: "yarn.lock",
			base: "__metadata:\n  version: 8\n  cacheKey: 1\n\"a@npm:1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n  checksum: 1/ab\n",
			head: "__metadata:\n  version: 8\n  cacheKey: 1\n\"a@npm:1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n  checksum: 1/ab\n" +
				"\"a@patch:a@npm%3A1#./x.patch\":\n  version: 1.0.0\n  resolution: \"a@patch:a@npm%3A1.0.0#./x.patch::hash=ff\"\n  checksum: 1/cd\n",
			want: []string{"replaced a 1.0.0→1.0.0; patch →./x.patch ff"}},
		{says: "a runtime gains an archive", file: "pnpm-lock.yaml",
			base: pnpmLock(pnpmDirect("node", "runtime:^22", "runtime:22.1.0"), pnpmRuntime("linux"), "  node@runtime:22.1.0: {}\n"),
			head: pnpmLock(pnpmDirect("node", "runtime:^22", "runtime:22.1.0"), pnpmRuntime("linux", "darwin"), "  node@runtime:22.1.0: {}\n"),
			want: []string{"replaced node 22.1.0→22.1.0; platforms linux-- https://nodejs.org/linux sha256-linux bin→" +
				"darwin-- https://nodejs.org/darwin sha256-darwin bin; linux-- https://nodejs.org/linux sha256-linux bin"}},
		{says: "another archive of a runtime", file: "pnpm-lock.yaml",
			base: pnpmLock(pnpmDirect("node", "runtime:^22", "runtime:22.1.0"), pnpmRuntime("linux"), "  node@runtime:22.1.0: {}\n"),
			head: pnpmLock(pnpmDirect("node", "runtime:^22", "runtime:22.1.0"), strings.ReplaceAll(pnpmRuntime("linux"), "sha256-linux", "sha256-other"), "  node@runtime:22.1.0: {}\n"),
			want: []string{"replaced node 22.1.0→22.1.0; checksum linux-- https://nodejs.org/linux sha256-linux bin→linux-- https://nodejs.org/linux sha256-other bin"}},
		{says: "one system, not in a list", file: "pnpm-lock.yaml",
			base: pnpmLock(pnpmDirect("b", "1", "1.0.0"), pnpmB+"    libc: glibc\n", "  b@1.0.0: {}\n"),
			head: pnpmLock(pnpmDirect("b", "1", "1.0.0"), pnpmB+"    libc: [musl]\n", "  b@1.0.0: {}\n"),
			want: []string{"moved b 1.0.0→1.0.0; platforms libc=glibc→libc=musl; quiet"}},
		{says: "Bun's word for a bundled package counts below its parent only", file: "bun.lock",
			base: `{"lockfileVersion":1,"workspaces":{"":{"dependencies":{"a":"1.0.0"}}},"packages":{"a":["a@1.0.0","",{},"` + h1 + `"]}}`,
			head: `{"lockfileVersion":1,"workspaces":{"":{"dependencies":{"a":"1.0.0"}}},"packages":{"a":["a@1.0.0","https://x.example/a.tgz",{"bundled":true},"` + h1 + `"]}}`,
			want: []string{"replaced a 1.0.0→1.0.0; source registry→remote; url →https://x.example/a.tgz"}},
		{says: "a package of pnpm's gets a folder for a dependency", file: "pnpm-lock.yaml",
			base: pnpmLock(pnpmDirect("b", "1", "1.0.0"), pnpmPackage("a@1.0.0", "integrity: "+h1)+pnpmB, "  a@1.0.0: {}\n  b@1.0.0:\n    dependencies:\n      a: 1.0.0\n"),
			head: pnpmLock(pnpmDirect("b", "1", "1.0.0"), pnpmB, "  b@1.0.0:\n    dependencies:\n      a: link:evil\n"),
			want: []string{"replaced a 1.0.0→; source registry→local", "  a of b@1.0.0 asks , from local"}},
		{says: "Bun checks out another commit than it names", file: "bun.lock",
			base: `{"lockfileVersion":1,"workspaces":{"":{"dependencies":{"a":"github:o/a"}}},"packages":{"a":["a@github:o/a#0123456",{},"o-a-0123456"]}}`,
			head: `{"lockfileVersion":1,"workspaces":{"":{"dependencies":{"a":"github:o/a"}}},"packages":{"a":["a@github:o/a#0123456",{},"o-a-9876543"]}}`,
			want: []string{"replaced a →; checksum o-a-0123456→o-a-9876543"}},
	} {
		t.Run(row.says, func(t *testing.T) {
			parse := func(text string, project files) *lockfile.Lockfile {
				folder := fstest.MapFS{}
				for name, data := range project {
					folder[name] = &fstest.MapFile{Data: []byte(data)}
				}
				lock, err := lockfile.Parse(row.file, []byte(text), lockfile.Options{Project: folder})
				if err != nil {
					t.Fatal(err)
				}
				return lock
			}
			before := row.before
			if before == nil {
				before = row.project
			}
			got := said(parse(row.base, before), parse(row.head, row.project))
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestPinned: a commit is pinned, a branch is not, whatever it is called; Bun's
// short commits count where Bun says twice which one it took.
func TestPinned(t *testing.T) {
	bun := func(reference, folder string) string {
		return `{"lockfileVersion":1,"workspaces":{"":{}},"packages":{"a":["a@github:o/a#` + reference + `",{},"` + folder + `"]}}`
	}
	for text, want := range map[string]bool{
		bun("0123456", "o-a-0123456"): true,
		bun("0123456", "o-a-main"):    false,
		bun("main", "o-a-main"):       false,
		npmLock(`a: "resolved":"git+https://x.example/a.git#` + commitB + `"`):     true,
		npmLock(`a: "resolved":"git+https://x.example/a.git#` + commitB[:7] + `"`): false,
	} {
		file := "bun.lock"
		if strings.Contains(text, "node_modules") {
			file = "package-lock.json"
		}
		lock, err := lockfile.Parse(file, []byte(text), lockfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := lock.Entries[0].Pinned(); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// TestDrift: what a client writes into the lockfile for an override is no
// disagreement; what it would change is, beside an override as well.
func TestDrift(t *testing.T) {
	lock := pnpmLock(pnpmDirect("b", "2.0.0", "2.0.0")+pnpmDirect("c", "^1.0.0", "1.0.0"),
		pnpmPackage("b@2.0.0", "integrity: "+h1)+pnpmPackage("c@1.0.0", "integrity: "+h2), "  b@2.0.0: {}\n  c@1.0.0: {}\n")
	for _, row := range []struct {
		says, manifest, settings string
		want                     []string
	}{
		{"the same", `{"dependencies":{"b":"2.0.0","c":"^1.0.0"}}`, "", nil},
		{"an override explains b", `{"dependencies":{"b":"^1.0.0","c":"^1.0.0"}}`, "overrides: {b: 2.0.0}", nil},
		{"an override of b explains no other specifier", `{"dependencies":{"b":"^1.0.0","c":"^1.0.0"}}`, "overrides: {b: 3.0.0}", []string{"b"}},
		{"an override below another package does not count", `{"dependencies":{"b":"^1.0.0","c":"^1.0.0"}}`, "overrides: {'x>b': 2.0.0}", []string{"b"}},
		{"true drift beside an override", `{"dependencies":{"b":"^1.0.0","c":"^2.0.0"}}`, "overrides: {b: 2.0.0}", []string{"c"}},
		{"a catalog's range stays as it is", `{"dependencies":{"b":"catalog:","c":"^1.0.0"}}`, "catalog: {b: 2.0.0}", []string{"b"}},
		{"an override takes d away", `{"dependencies":{"b":"2.0.0","c":"^1.0.0","d":"1"}}`, "overrides: {d: '-'}", nil},
		{"d is not locked", `{"dependencies":{"b":"2.0.0","c":"^1.0.0","d":"1"}}`, "", []string{"d"}},
		{"c is locked, and nobody asks for it", `{"dependencies":{"b":"2.0.0"}}`, "", []string{"c"}},
	} {
		parsed, err := lockfile.Parse("pnpm-lock.yaml", []byte(lock), lockfile.Options{Project: fstest.MapFS{
			"package.json": {Data: []byte(row.manifest)}, "pnpm-workspace.yaml": {Data: []byte(row.settings)}}})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(row.want, lockfile.Drift(parsed)); diff != "" {
			t.Errorf("%s: %s", row.says, diff)
		}
	}
}

// TestEnvironment: what pnpm itself needs is told apart from what the project
// needs, also where both lock the same package.
func TestEnvironment(t *testing.T) {
	environment := func(version string) string {
		return "---\nlockfileVersion: '9.0'\nimporters:\n  .:\n    configDependencies:\n" + pnpmDirect("b", version, version) +
			"    packageManagerDependencies:\n" + pnpmDirect("pnpm", "12.6.0", "12.6.0") +
			"packages:\n" + pnpmPackage("b@"+version, "integrity: "+h2) + pnpmPackage("pnpm@12.6.0", "integrity: "+h1) +
			"snapshots:\n  b@" + version + ": {}\n  pnpm@12.6.0: {}\n---\n"
	}
	project := pnpmLock(pnpmDirect("b", "1.0.0", "1.0.0"), pnpmB, "  b@1.0.0: {}\n")
	parse := func(text string) *lockfile.Lockfile {
		lock, err := lockfile.Parse("pnpm-lock.yaml", []byte(text), lockfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return lock
	}
	head := parse(environment("1.0.0") + project)
	var got []string
	for _, e := range head.Entries {
		got = append(got, e.Location+" "+string(e.Purpose))
	}
	want := []string{"node_modules/.pnpm-config/b@1.0.0/node_modules/b config",
		"node_modules/.pnpm-config/pnpm@12.6.0/node_modules/pnpm package-manager", "node_modules/.pnpm/b@1.0.0/node_modules/b "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"upgraded b 1.0.0→1.1.0"}, said(head, parse(environment("1.1.0")+project))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"added b →1.0.0", "added pnpm →12.6.0"}, said(parse(project), head)); diff != "" {
		t.Error(diff)
	}
}
