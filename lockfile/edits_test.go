package lockfile_test

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/clienttest"
)

// edit is a lockfile that somebody changed by hand: what was done, and the
// whole text that it led to.
type edit struct{ what, text string }

// kind is what was done without where: edits of a kind mostly have one cause.
func (x edit) kind() string {
	kind, _, _ := strings.Cut(x.what, ": ")
	kind, _, _ = strings.Cut(kind, " becomes ")
	kind, _, _ = strings.Cut(kind, " of ")
	return kind
}

// editor changes one lockfile. Each edit keeps the form that the client
// writes: a lockfile that its client refuses proves nothing.
type editor struct {
	client   *clienttest.Client
	registry *clienttest.Registry
	text     string
	out      []edit
}

// edits are all changes that are tried on a lockfile: those that an attacker
// would think of, entry by entry, and then each word for each other word of its
// kind.
func edits(c *clienttest.Client, r *clienttest.Registry, text string) []edit {
	e := &editor{client: c, registry: r, text: text}
	blocks := e.blocks()
	for _, b := range blocks {
		e.entry(b)
	}
	for i, a := range blocks {
		for _, b := range blocks[i+1:] {
			e.exchange(a, b)
		}
	}
	e.lines()
	e.words()
	e.documents()
	e.registries()
	seen := map[string]bool{text: true}
	return slices.DeleteFunc(e.out, func(x edit) bool {
		had := seen[x.text]
		seen[x.text] = true
		return had
	})
}

// block is one entry: text[from:to], whole lines.
type block struct {
	from, to int
	key      string
}

func (e *editor) add(what string, from, to int, text string) {
	e.out = append(e.out, edit{what, e.text[:from] + text + e.text[to:]})
}

// blocks cuts the lockfile into entries: a line of a certain indentation and
// the deeper ones after it.
func (e *editor) blocks() []block {
	indent := map[string]int{"npm": 4, "bun": 4, "pnpm": 2, "yarn": 0}[e.client.Name]
	var out []block
	at := 0
	for line := range strings.Lines(e.text) {
		start := at
		at += len(line)
		content := strings.TrimLeft(line, " ")
		depth := len(line) - len(content)
		switch closing := strings.TrimSpace(content) == "}" || strings.TrimSpace(content) == "},"; {
		case len(out) > 0 && (depth > indent && strings.TrimSpace(content) != "" || depth == indent && closing) && out[len(out)-1].to == start:
			out[len(out)-1].to = at
		case depth == indent && !closing && strings.TrimSpace(content) != "" && content[0] != '#' && content[0] != '-':
			key := strings.Trim(strings.TrimRight(strings.TrimSpace(content), ":{[ "), `"'`)
			out = append(out, block{start, at, key})
		}
	}
	return out
}

var (
	hashes  = regexp.MustCompile(`sha(?:1|256|512)-[A-Za-z0-9+/]+=*|(?:\d+(?:c\d+)?/)?\b[0-9a-f]{128}\b`)
	urls    = regexp.MustCompile(`(?:git\+)?https?:(?://|%3A%2F%2F)[^\s"',}\]#]+`)
	numbers = regexp.MustCompile(`\b\d+\.\d+\.\d+\b`)
	// lost are the ways in which each format writes a hash, with what goes when
	// it goes.
	lost = map[string]*regexp.Regexp{
		"npm":  regexp.MustCompile(`,\n\s+"integrity": "[^"]+"|\s+"integrity": "[^"]+",`),
		"bun":  regexp.MustCompile(`, "sha512-[^"]+"`),
		"pnpm": regexp.MustCompile(`integrity: [^\s,}]+(?:, )?`),
		"yarn": regexp.MustCompile(`(?m)^  (?:integrity|checksum:) .*\n|#[0-9a-f]{40}\b`),
	}
)

// entry makes the edits of one entry.
func (e *editor) entry(b block) {
	text := e.text[b.from:b.to]
	set := func(what, to string) { e.add(what+" of "+b.key, b.from, b.to, to) }
	none := lost[e.client.Name].ReplaceAllString(text, "")
	set("no hash", none)
	set("no entry", "")
	p, known := e.packageOf(text)
	if !known {
		return
	}
	foreign := strings.NewReplacer(e.registry.URL, e.registry.Foreign)
	for _, other := range e.registry.Packages {
		switch {
		case other.ID() == p.ID():
			// The same package from elsewhere.
			for _, with := range []edit{{"", text}, {", without hash", none}, {", with its hash", e.hashed(text, other, "the foreign host")},
				{", with a weak hash", e.weak(text, other)}, {", with two hashes", e.widened(text, other)}} {
				set("another host"+with.what, foreign.Replace(with.text))
				set("another host, newly recorded"+with.what, e.sourced(with.text, e.registry.Foreign+tarballOf(other)))
			}
			set("a second hash", e.widened(text, other))
			set("a weaker hash", e.weak(text, other))
		case other.Name == p.Name:
			// Another version, all over the entry.
			set("version "+other.Version, e.hashed(strings.ReplaceAll(text, p.Version, other.Version), other, "the registry"))
			set("version "+other.Version+", without hash", strings.ReplaceAll(none, p.Version, other.Version))
			set("the file of version "+other.Version, e.hashed(strings.ReplaceAll(text, tarballOf(p), tarballOf(other)), other, "the registry"))
		case other.Version == p.Version:
			// Another package's bytes under this name.
			set("the file of "+other.ID(), e.hashed(strings.ReplaceAll(text, tarballOf(p), tarballOf(other)), other, "the registry"))
			set("the file of "+other.ID()+", without hash", strings.ReplaceAll(none, tarballOf(p), tarballOf(other)))
			set("the file of "+other.ID()+", newly recorded", e.sourced(e.hashed(text, other, "the registry"), e.registry.URL+tarballOf(other)))
			set("renamed to "+other.Name, strings.ReplaceAll(text, p.Name, other.Name))
			if i := strings.IndexByte(text, '\n'); i > 0 {
				set("key of "+other.Name, strings.Replace(text[:i], p.Name, other.Name, 1)+text[i:])
				set("all but the key of "+other.Name, text[:i]+e.hashed(strings.ReplaceAll(text[i:], p.Name, other.Name), other, "the registry"))
			}
			set("an alias of "+other.Name, e.aliased(e.hashed(text, other, "the registry"), p, other))
		}
	}
	e.flags(b, text)
	e.places(b, text)
}

// packageOf is the package that an entry is of.
func (e *editor) packageOf(text string) (clienttest.Package, bool) {
	first, rest, _ := strings.Cut(text, "\n")
	version := numbers.FindString(first)
	if e.client.Name != "pnpm" && e.client.Name != "bun" {
		version = numbers.FindString(rest)
	}
	best := clienttest.Package{}
	for _, p := range e.registry.Packages {
		named := regexp.MustCompile(`(^|[^a-z-])` + regexp.QuoteMeta(p.Name) + `([^a-z-]|$)`)
		if p.Version == version && len(p.Name) > len(best.Name) && named.MatchString(first) {
			best = p
		}
	}
	return best, best.Name != ""
}

func tarballOf(p clienttest.Package) string {
	return p.Name + "/-/" + path.Base(p.Name) + "-" + p.Version + ".tgz"
}

// hashed puts the hash of a package's file in the place of each hash.
func (e *editor) hashed(text string, p clienttest.Package, marker string) string {
	data := p.Tarball(marker)
	text = regexp.MustCompile(`sha512-[A-Za-z0-9+/]+=*`).ReplaceAllString(text, clienttest.Integrity(data))
	sum := sha1.Sum(data)
	return regexp.MustCompile(`#[0-9a-f]{40}\b`).ReplaceAllString(text, "#"+hex.EncodeToString(sum[:]))
}

// weak replaces each hash by a weaker one of the foreign file.
func (e *editor) weak(text string, p clienttest.Package) string {
	sum := sha1.Sum(p.Tarball("the foreign host"))
	text = regexp.MustCompile(`sha512-[A-Za-z0-9+/]+=*`).ReplaceAllString(text, "sha1-"+base64.StdEncoding.EncodeToString(sum[:]))
	return regexp.MustCompile(`#[0-9a-f]{40}\b`).ReplaceAllString(text, "#"+hex.EncodeToString(sum[:]))
}

// widened adds a hash of the foreign file to each.
func (e *editor) widened(text string, p clienttest.Package) string {
	add := clienttest.Integrity(p.Tarball("the foreign host"))
	return regexp.MustCompile(`(sha512-[A-Za-z0-9+/]+=*)`).ReplaceAllString(text, "$1 "+add)
}

// sourced records an address where the entry has none, or another one.
func (e *editor) sourced(text, url string) string {
	switch e.client.Name {
	case "pnpm":
		if strings.Contains(text, "tarball: ") {
			return regexp.MustCompile(`tarball: [^\s,}]+`).ReplaceAllString(text, "tarball: "+url)
		}
		return regexp.MustCompile(`resolution: \{([^}]*)\}`).ReplaceAllStringFunc(text, func(s string) string {
			inner := strings.TrimSuffix(strings.TrimPrefix(s, "resolution: {"), "}")
			return "resolution: {" + strings.TrimPrefix(strings.TrimSuffix(inner, ", ")+", tarball: ", ", ") + url + "}"
		})
	case "yarn":
		if e.client.Major > 1 {
			return regexp.MustCompile(`resolution: "(.*)@npm:([^":]*)[^"]*"`).ReplaceAllString(text,
				`resolution: "$1@npm:$2::__archiveUrl=`+escaped(url)+`"`)
		}
	case "bun":
		return regexp.MustCompile(`(\["[^"]+", )"[^"]*"`).ReplaceAllString(text, `$1"`+url+`"`)
	}
	return urls.ReplaceAllString(text, url)
}

func escaped(url string) string {
	return strings.NewReplacer(":", "%3A", "/", "%2F", "@", "%40").Replace(url)
}

// aliased lets an entry keep its name and be another package, as the client
// writes an alias.
func (e *editor) aliased(text string, p, other clienttest.Package) string {
	switch e.client.Name {
	case "npm":
		text = strings.ReplaceAll(text, tarballOf(p), tarballOf(other))
		return strings.Replace(text, `"version": "`, `"name": "`+other.Name+`", "version": "`, 1)
	case "bun":
		return strings.ReplaceAll(strings.ReplaceAll(text, tarballOf(p), tarballOf(other)), `["`+p.ID()+`"`, `["`+other.ID()+`"`)
	case "yarn":
		text = strings.ReplaceAll(text, tarballOf(p), tarballOf(other))
		return strings.ReplaceAll(text, `resolution: "`+p.Name+`@`, `resolution: "`+other.Name+`@`)
	}
	// pnpm: who asks for it names the other.
	asked := regexp.MustCompile(`(` + regexp.QuoteMeta(p.Name) + `'?: )'?` + regexp.QuoteMeta(p.Version))
	return asked.ReplaceAllString(text, "${1}'"+other.ID()+"'")
}

// flags adds what the client takes as a reason to leave an entry out, or in.
func (e *editor) flags(b block, text string) {
	first, rest, ok := strings.Cut(text, "\n")
	set := func(line string) { e.add("gains "+line+": "+b.key, b.from, b.to, first+"\n"+line+"\n"+rest) }
	switch {
	case e.client.Name == "npm" && ok:
		for _, line := range []string{`"dev": true`, `"optional": true`, `"devOptional": true`, `"peer": true`, `"extraneous": true`,
			`"inBundle": true`, `"link": true`, `"os": ["win32"]`, `"cpu": ["none"]`, `"engines": {"node": ">=99"}`, `"hasInstallScript": true`,
			`"ideallyInert": true`, `"bundled": true`, `"dependencies": {"scripted": "1.0.1"}`, `"optionalDependencies": {"scripted": "1.0.1"}`,
			`"requires": {"scripted": "1.0.1"}`, `"bin": {"node": "cli.js"}`} {
			set("      " + line + ",")
		}
	case e.client.Name == "pnpm":
		for _, line := range []string{"dev: true", "optional: true", "os: [win32]", "cpu: [none]", "libc: [musl]", "engines: {node: '>=99'}",
			"requiresBuild: true", "bundledDependencies: [beta]", "bundledDependencies: true", "hasBin: true", "prepare: true", "patched: true",
			"optionalDependencies: {epsilon: 1.0.0}", "dependencies: {epsilon: 1.0.0}", "dependencies: {beta: epsilon@1.0.0}", "name: scripted",
			"version: 9.9.9", "deprecated: no", "transitivePeerDependencies: [x]"} {
			set("    " + line)
		}
	case e.client.Name == "yarn" && e.client.Major > 1:
		for _, line := range []string{"conditions: os=win32", "linkType: soft", "bin:\n    node: cli.js",
			"dependenciesMeta:\n    beta:\n      optional: true", "dependenciesMeta:\n    beta:\n      built: true"} {
			set("  " + line)
		}
	case e.client.Name == "bun":
		for _, field := range []string{`"os": "win32"`, `"cpu": "none"`, `"bundled": true`, `"bin": { "node": "cli.js" }`,
			`"optionalPeers": ["beta"]`, `"dependencies": { "scripted": "1.0.1" }`, `"binDir": "."`} {
			if i := strings.LastIndex(text, "{"); i > 0 {
				e.add("gains "+field+": "+b.key, b.from+i+1, b.from+i+1, " "+field+",")
			}
		}
	}
}

// places copies and moves an entry to other folders, where the format has any.
func (e *editor) places(b block, text string) {
	for _, folder := range []string{"alpha", "beta", "delta", "zeta", "@scope/gamma"} {
		switch e.client.Name {
		case "npm":
			if !strings.HasPrefix(b.key, "node_modules/") {
				continue
			}
			base := b.key[strings.LastIndex(b.key, "node_modules/"):]
			moved := strings.Replace(text, `"`+b.key+`"`, `"node_modules/`+folder+`/`+base+`"`, 1)
			e.add("moved to "+folder+": "+b.key, b.from, b.to, moved)
			e.add("copied to "+folder+": "+b.key, b.from, b.from, listed(moved))
			hoisted := strings.Replace(text, `"`+b.key+`"`, `"`+base+`"`, 1)
			e.add("hoisted: "+b.key, b.from, b.to, hoisted)
			renamed := strings.Replace(text, `"`+b.key+`"`, `"node_modules/new-`+path.Base(folder)+`"`, 1)
			e.add("to another name "+folder+": "+b.key, b.from, b.from, listed(renamed))
		case "bun":
			name, _, ok := strings.Cut(b.key, `": `)
			if !ok {
				continue
			}
			base := name[strings.LastIndex(name, "/")+1:]
			for _, key := range []string{folder + "/" + base, base, "new-" + path.Base(folder)} {
				moved := strings.Replace(text, `"`+name+`"`, `"`+key+`"`, 1)
				e.add("moved to "+key+": "+name, b.from, b.to, moved)
				e.add("copied to "+key+": "+name, b.from, b.from, moved)
			}
		}
	}
}

// listed is an entry of JSON that others follow.
func listed(text string) string { return strings.TrimRight(text, ",\n") + ",\n" }

// exchange swaps what two entries lead to.
func (e *editor) exchange(a, b block) {
	one, two := e.text[a.from:a.to], e.text[b.from:b.to]
	firstA, restA, okA := strings.Cut(one, "\n")
	firstB, restB, okB := strings.Cut(two, "\n")
	if okA && okB && restA != "" && restB != "" {
		middle := e.text[a.to:b.from]
		e.add("exchanged: "+a.key+" and "+b.key, a.from, b.to, firstA+"\n"+restB+middle+firstB+"\n"+restA)
	}
	if e.client.Name == "yarn" {
		// A descriptor of one is led to the other.
		listA, listB := strings.TrimSuffix(firstA, ":"), strings.TrimSuffix(firstB, ":")
		e.add("descriptors: "+a.key+" and "+b.key, a.from, b.to, listB+":\n"+restA+e.text[a.to:b.from]+listA+":\n"+restB)
		joined := strings.Trim(listA, `"`) + ", " + strings.Trim(listB, `"`)
		e.add("descriptors joined: "+a.key+" and "+b.key, a.from, b.to, `"`+joined+"\":\n"+restA)
		if e.client.Major == 1 {
			e.add("descriptors joined: "+a.key+" and "+b.key, a.from, b.to, listA+", "+listB+":\n"+restA)
		}
	}
	if e.client.Name == "bun" {
		cut := regexp.MustCompile(`^(\s+"[^"]+": )(\[.*)\n`)
		x, y := cut.FindStringSubmatch(one), cut.FindStringSubmatch(two)
		if x != nil && y != nil {
			e.add("exchanged: "+a.key+" and "+b.key, a.from, b.to,
				x[1]+y[2]+one[len(x[0])-1:]+e.text[a.to:b.from]+y[1]+x[2]+two[len(y[0])-1:])
		}
	}
}

// lines drops and doubles each line.
func (e *editor) lines() {
	at := 0
	for line := range strings.Lines(e.text) {
		start := at
		at += len(line)
		e.add("line dropped: "+strings.TrimSpace(line), start, at, "")
		e.add("line twice: "+strings.TrimSpace(line), at, at, line)
	}
}

// words puts each word in the place of each other one of its kind.
func (e *editor) words() {
	var names []string
	for _, p := range e.registry.Packages {
		names = append(names, p.Name)
	}
	names = slices.Compact(names)
	slices.SortFunc(names, func(a, b string) int { return len(b) - len(a) })
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = regexp.QuoteMeta(n)
	}
	var sums []string
	for _, p := range e.registry.Packages {
		sums = append(sums, clienttest.Integrity(p.Tarball("the foreign host")), clienttest.Integrity(p.Tarball("the registry")))
	}
	var addresses []string
	for _, p := range e.registry.Packages {
		addresses = append(addresses, e.registry.URL+tarballOf(p), e.registry.Foreign+tarballOf(p))
	}
	addresses = append(addresses, e.registry.Foreign+"files/remote-1.0.0.tgz", e.registry.Git+"#"+e.registry.Commit,
		"file:libs/packed-1.0.0.tgz")
	keys := []string{"dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "bundledDependencies", "bin", "os", "cpu",
		"engines", "requires", "resolved", "integrity", "checksum", "version", "resolution", "tarball", "dev", "optional", "devOptional", "peer",
		"bundled", "inBundle", "link", "conditions", "linkType", "specifier", "hasInstallScript", "nothing"}
	versions := []string{"1.0.0", "1.0.1", "1.1.0", "2.0.0", "9.9.9", "0.0.0-x"}
	switch e.client.Name {
	case "pnpm":
		versions = append(versions, "epsilon@1.0.0", "beta@2.0.0", "link:libs/dir", "/beta@2.0.0", "/beta/2.0.0")
	default:
		versions = append(versions, "npm:beta@2.0.0", "npm:epsilon@1.0.1")
	}
	for _, class := range []struct {
		what string
		find *regexp.Regexp
		pool []string
	}{
		{"name", regexp.MustCompile(strings.Join(quoted, "|")), names},
		{"version", numbers, versions},
		{"range", regexp.MustCompile(`\^\d+\.\d+\.\d+|>=?\d[^\s"',}]*|\b1 \|\| 2\b`),
			[]string{"^1.0.0", "^2.0.0", "1.0.0", "2.0.0", "*", "npm:beta@2.0.0", "npm:epsilon@1.0.1", "file:libs/dir"}},
		{"hash", hashes, sums},
		{"address", urls, addresses},
		{"key", regexp.MustCompile(`\b(` + strings.Join(keys, "|") + `)\b`), keys},
		{"value", regexp.MustCompile(`\b(true|false|linux|win32|x64|arm64|hard|soft|cli\.js|index\.js)\b`),
			[]string{"true", "false", "linux", "win32", "x64", "none", "hard", "soft", "cli.js", "index.js", "package.json"}},
		{"commit", regexp.MustCompile(`\b[0-9a-f]{40}\b|\b[0-9a-f]{7}\b`),
			[]string{e.registry.Other, e.registry.Commit, e.registry.Other[:7], "main"}},
		{"folder", regexp.MustCompile(`\./libs/[\w.-]+|\blibs/[\w.-]+|packages/web|custom dir/core|@odd/at`),
			[]string{"libs/dir", "libs/linked", "libs/packed-1.0.0.tgz", "./libs/dir", "packages/web", "custom dir/core", "../outside"}},
		{"protocol", regexp.MustCompile(`\b(npm|workspace|file|link|patch|portal|https?):`),
			[]string{"npm:", "workspace:", "file:", "link:", "patch:", "portal:", "exec:"}},
	} {
		for _, at := range class.find.FindAllStringIndex(e.text, -1) {
			old := e.text[at[0]:at[1]]
			for _, word := range class.pool {
				line := 1 + strings.Count(e.text[:at[0]], "\n")
				e.add(fmt.Sprintf("%s %.60s becomes %.60s in line %d", class.what, old, word, line), at[0], at[1], word)
			}
		}
	}
}

// registries takes packages from the registry that a project of pnpm's calls
// "work", and back: where they are listed, where they are asked for, and both,
// with that registry's hash and without.
func (e *editor) registries() {
	if e.client.Name != "pnpm" || e.client.Major < 12 {
		return
	}
	for _, p := range e.registry.Packages {
		name, version := `'?`+regexp.QuoteMeta(p.Name)+`'?`, regexp.QuoteMeta(p.Version)
		sums := []string{clienttest.Integrity(p.Tarball("the registry")), clienttest.Integrity(p.Tarball("the foreign host"))}
		for i, way := range []struct{ says, from, to string }{{"to the registry work", "", "work:"}, {"from the registry work", "work:", ""}} {
			key := regexp.MustCompile(`('?` + regexp.QuoteMeta(p.Name) + `@)` + way.from + version + `\b`)
			asks := regexp.MustCompile(`(?m)^(\s+` + name + `:\s*\n\s+specifier: [^\n]*\n\s+version: |\s+` + name + `: )` + way.from + version + `$`)
			keys := func(s string) string { return key.ReplaceAllString(s, "${1}"+way.to+p.Version) }
			users := func(s string) string { return asks.ReplaceAllString(s, "${1}"+way.to+p.Version) }
			hash := func(s string) string { return strings.ReplaceAll(s, sums[i], sums[1-i]) }
			bare := func(s string) string { return strings.ReplaceAll(s, "integrity: "+sums[i], "") }
			for _, x := range []edit{
				{"", users(keys(e.text))}, {", with its hash", hash(users(keys(e.text)))}, {", without hash", bare(users(keys(e.text)))},
				{", where it is listed", keys(e.text)}, {", where it is asked for", users(e.text)}, {", its hash alone", hash(e.text)},
				{", asked for, with its hash", hash(users(e.text))}, {", listed, with its hash", hash(keys(e.text))},
			} {
				e.out = append(e.out, edit{way.says + x.what + ": " + p.ID(), x.text})
			}
		}
	}
	for _, other := range []string{"npm:", "jsr:", "other:", "runtime:"} {
		e.out = append(e.out, edit{"another registry: " + other, strings.ReplaceAll(e.text, "work:", other)})
	}
}

// documents adds YAML documents, of which pnpm reads two.
func (e *editor) documents() {
	if e.client.Name != "pnpm" {
		return
	}
	inside := e.registry.Package("inside", "1.0.0")
	environment := "---\nlockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    configDependencies:\n      inside:\n        specifier: 1.0.0\n" +
		"        version: 1.0.0\n\npackages:\n\n  inside@1.0.0:\n    resolution: {integrity: " +
		clienttest.Integrity(inside.Tarball("the registry")) + "}\n\nsnapshots:\n\n  inside@1.0.0: {}\n\n---\n"
	e.add("an environment document", 0, 0, environment)
	e.add("an empty document before", 0, 0, "---\n---\n")
	e.add("an empty document after", len(e.text), len(e.text), "---\n")
	if !strings.HasPrefix(e.text, "---") {
		swapped := strings.ReplaceAll(e.text, "beta@1.1.0", "beta@1.0.0")
		e.add("the same document with other versions before", 0, 0, "---\n"+swapped+"---\n")
		e.add("the same document with other versions after", len(e.text), len(e.text), "---\n"+swapped)
	}
}
