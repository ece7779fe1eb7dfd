package lockfile

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/sri"
)

// Resolution is what may be installed at a place: two places with equal values
// get the same bytes from the same source. It is comparable.
type Resolution struct {
	// Package and Version are the package's own.
	Package, Version string
	// Source is the kind of source; Link is set for a symbolic link.
	Source Source
	Link   bool
	// Registry is the registry's name in the lockfile, URL the recorded source;
	// both empty where the package manager derives it.
	Registry, URL string
	// Hashes are all hashes of the tarball, "algorithm-base64" in order, with
	// spaces between; Checksum is one of something else.
	Hashes, Checksum string
	// Patch identifies the project's patch of the package.
	Patch string
}

// Resolution is what may be installed at the entry's place.
func (e *Entry) Resolution() Resolution {
	return Resolution{e.Package, e.Version, e.Source(), e.Link, e.Registry, e.Resolved, hashes(e.Integrity), e.Checksum, e.Patch}
}

// hashes brings an SRI string into one form: no options, one encoding, sorted,
// nothing twice.
func hashes(integrity string) string {
	if strings.HasSuffix(integrity, "=") && !strings.ContainsFunc(integrity, unusual) {
		return integrity // one hash, as package managers write it
	}
	var fields []string
	for _, h := range sri.Parse(integrity) {
		if raw, err := base64.StdEncoding.DecodeString(h.Digest); err == nil {
			h.Digest = base64.StdEncoding.EncodeToString(raw)
		}
		fields = append(fields, h.String())
	}
	slices.Sort(fields)
	return strings.Join(slices.Compact(fields), " ")
}

// unusual reports whether a character separates hashes, or is none of a hash's.
func unusual(r rune) bool { return r <= ' ' || r >= 0x7f || r == '?' }

// strong is the one hash that names a Resolution's file; empty where several are
// accepted, or where the algorithm can be broken.
func strong(hashes string) string {
	one := sri.Strongest(hashes)
	if len(one) == 1 && slices.Contains([]string{"sha512", "sha384", "sha256"}, one[0].Algorithm) {
		return one[0].String()
	}
	return ""
}

// SameBytes reports whether the lockfiles prove that both stand for the same
// file: the same hash of a strong algorithm, or the same commit of the same
// repository.
func SameBytes(a, b Resolution) bool {
	if a == b {
		return true
	}
	if a.Patch != b.Patch || a.Link != b.Link || a.Package != b.Package || a.Version != b.Version {
		return false
	}
	if x := strong(a.Hashes); x != "" {
		return x == strong(b.Hashes)
	}
	if a.Source == Git && b.Source == Git && fullCommit.MatchString(a.URL) {
		return repository(a.URL) == repository(b.URL)
	}
	return false
}

// repository brings the addresses of one git commit into one form, whatever
// the transport: git+https://host/o/r.git#sha, git@host:o/r#sha, github:o/r#sha.
func repository(address string) string {
	address, commit, _ := strings.Cut(strings.TrimPrefix(address, "git+"), "#")
	for shorthand, host := range map[string]string{"github:": "github.com/", "gitlab:": "gitlab.com/", "bitbucket:": "bitbucket.org/"} {
		if rest, ok := strings.CutPrefix(address, shorthand); ok {
			address = host + rest
		}
	}
	if _, rest, ok := strings.Cut(address, "://"); ok {
		address = rest
	} else if host, rest, ok := strings.Cut(address, ":"); ok && strings.Contains(host, "@") {
		address = host + "/" + rest
	}
	host, rest, _ := strings.Cut(address, "/")
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	return strings.ToLower(host) + "/" + strings.TrimSuffix(strings.TrimSuffix(rest, "/"), ".git") + "#" + commit
}

// publicRegistries are the hosts of npm's public registry, which serve the same
// files. Source: https://github.com/yarnpkg/yarn/issues/5892
var publicRegistries = []string{"https://registry.npmjs.org/", "https://registry.yarnpkg.com/"}

// Official reports whether a recorded URL is the one that npm's public registry
// has for that very package and version. An empty one is not.
func Official(rawURL, name, version string) bool {
	for _, registry := range publicRegistries {
		rest, ok := strings.CutPrefix(rawURL, registry)
		if !ok {
			continue
		}
		rest, _, _ = strings.Cut(rest, "#")
		if decoded, err := url.PathUnescape(rest); err == nil && !strings.Contains(decoded, "..") {
			rest = decoded
		}
		version, _, _ = strings.Cut(version, "+")
		return version != "" && rest == name+"/-/"+path.Base(name)+"-"+version+".tgz"
	}
	return false
}

// Difference is one respect in which two places differ.
type Difference struct {
	// What is the respect: "source" (the kind), "url", "host" (both of the
	// public registry), "transport" (the same commit), "registry", "integrity",
	// "checksum", "patch", "link", "package"; of a place: "place", "user" (for
	// whom), "scope"; of what the lockfile says of the package:
	// "dependencies", "bin", "platforms", "optional". "more" counts what is not listed.
	What string `json:"what"`
	// From and To are the values before and after, empty where there was none.
	From string `json:"from"`
	To   string `json:"to"`
}

// Differences lists how the resolution of one package version changed between
// two lockfiles that are packed alike; see Change.Differences.
func Differences(old, now *Entry) []Difference { return differences(old, now, packing{}) }

// differences lists how the resolution of one package version changed. What
// package managers repair by themselves is left out: a bare entry that gains
// the public registry's URL and a hash, a hash where there was none.
func differences(o, n *Entry, keys packing) []Difference {
	return keys.differences(o, n, o.Resolution(), n.Resolution())
}

// differences is the same where both resolutions are known: making one takes as
// long as its lists of hashes.
func (p packing) differences(o, n *Entry, a, b Resolution) []Difference {
	if a == b {
		return nil
	}
	var out []Difference
	add := func(what, from, to string) { out = append(out, Difference{what, from, to}) }
	if a.Package != b.Package {
		add("package", a.Package, b.Package)
	}
	if a.Link != b.Link {
		add("link", linked(a), linked(b))
	}
	if a.Source != b.Source {
		add("source", a.Source.String(), b.Source.String())
	}
	if a.Registry != b.Registry {
		add("registry", a.Registry, b.Registry)
	}
	if a.URL != b.URL {
		was, is := a.usual(), b.usual()
		switch {
		case was && is && a.URL != "" && b.URL != "":
			add("host", o.Host(), n.Host())
		case was && is:
		case a.Source == Git && SameBytes(a, b):
			add("transport", a.URL, b.URL)
		default:
			add("url", a.URL, b.URL)
		}
	}
	if a.Hashes != b.Hashes && !gained(a, b) && (b.Hashes != "" || !n.Bundled && !n.Link) && !p.migrated(b) {
		add("integrity", a.Hashes, b.Hashes)
	}
	switch {
	case a.Checksum == b.Checksum || p.quiet(o, n):
	case a.Source == Runtime && b.Source == Runtime && joined(a.Checksum, b.Checksum):
		add("platforms", a.Checksum, b.Checksum)
	case a.Patch == b.Patch: // a patched archive has another hash by nature
		add("checksum", a.Checksum, b.Checksum)
	}
	if a.Patch != b.Patch {
		add("patch", a.Patch, b.Patch)
	}
	return out
}

func linked(r Resolution) string {
	if r.Link {
		return r.URL
	}
	return ""
}

// usual reports whether the URL is left out, or is the one that the public
// registry has for the package.
func (r Resolution) usual() bool {
	return r.Source == Registry && (r.URL == "" && r.Registry == "" || Official(r.URL, r.Package, r.Version))
}

// gained reports whether a hash came where there was none. A hash beside
// another one is no gain, since npm compares with the strongest alone; Yarn 1
// compares with both, so that the SHA-1 that stays proves the file.
func gained(a, b Resolution) bool {
	if a.Hashes == "" {
		return true
	}
	sum, ok := strings.CutPrefix(a.Checksum, yarnSHA1)
	return ok && a.Checksum == b.Checksum && a.Hashes == sriOfSHA1(sum)
}

// yarnSHA1 stands before the SHA-1 that Yarn 1 writes behind an address.
const yarnSHA1 = "sha1/"

// packing says how Yarn packed its archives in two lockfiles; checksums of
// archives that are packed in another way cannot be compared.
type packing struct {
	base, head string
	// conditions is set where only the later lockfile's format knows packages of
	// some systems only: Yarn 2, which becomes Yarn 3.2.
	conditions bool
}

// migrated reports whether a project went from Yarn 1, which records the
// tarball's hash, to a later one, which records its own archive's.
func (p packing) migrated(b Resolution) bool {
	return p.base == yarnClassic && p.head != yarnClassic && b.Hashes == ""
}

// yarnClassic stands for Yarn 1 among the ways of packing.
const yarnClassic = "sha1"

// joined reports whether all archives of a runtime are still there, and others
// came to them.
func joined(was, is string) bool {
	has := map[string]bool{}
	for _, one := range strings.Split(is, "; ") {
		has[one] = true
	}
	for _, one := range strings.Split(was, "; ") {
		if !has[one] {
			return false
		}
	}
	return true
}

// quiet reports whether a checksum may have changed: where it is filled in,
// where this machine had no use for the package, and where the lockfile as a
// whole is packed in another way and both entries are packed as their lockfile
// says.
func (p packing) quiet(o, n *Entry) bool {
	switch {
	case o.Checksum == "":
		return true
	case n.Checksum == "":
		return n.Conditional && (o.Conditional || p.base == yarnClassic || p.conditions)
	}
	was, _, _ := strings.Cut(o.Checksum, "/")
	is, _, _ := strings.Cut(n.Checksum, "/")
	return p.base != p.head && was == p.base && is == p.head
}

// CompareIntegrity compares what is recorded with what is stated elsewhere, as
// SRI strings. agree: the one hash that a client compares the file with is stated
// too; more than one hash accepts files that nobody states. conflict: they have an
// algorithm in common, the strongest first, and no hash of it, so that no single
// file can satisfy both. Neither: only the file itself can tell.
func CompareIntegrity(recorded, stated string) (agree, conflict bool) {
	r, s := sri.Parse(hashes(recorded)), sri.Parse(hashes(stated))
	strongest := sri.Strongest(hashes(recorded))
	if len(strongest) == 1 && slices.Contains(s, strongest[0]) {
		return true, false
	}
	shared := map[string]bool{} // by the algorithms in common
	for _, h := range s {
		if slices.ContainsFunc(r, func(x sri.Hash) bool { return x.Algorithm == h.Algorithm }) {
			shared[h.Algorithm] = shared[h.Algorithm] || slices.Contains(r, h)
		}
	}
	for _, found := range shared {
		conflict = conflict || !found
	}
	return false, conflict
}

// validSRI accepts one or more "algorithm-base64" parts, of the algorithms that
// package managers write. ssri passes over anything else, and installs without a
// look where nothing is left.
func validSRI(s string) bool {
	for _, part := range strings.Fields(s) {
		algorithm, digest, ok := strings.Cut(part, "-")
		if !ok {
			return false
		}
		switch algorithm {
		case "sha1", "sha256", "sha384", "sha512", "md5":
		default:
			return false
		}
		digest, _, _ = strings.Cut(digest, "?")
		if digest == "" {
			return false
		}
		for i := 0; i < len(digest); i++ {
			c := digest[i]
			if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '+' && c != '/' && c != '=' {
				return false
			}
		}
	}
	return strings.TrimSpace(s) != ""
}

// sriOfSHA1 is an SRI string of a hexadecimal SHA-1, empty where it is none.
func sriOfSHA1(digest string) string {
	raw, err := hex.DecodeString(digest)
	if err != nil || len(raw) != 20 {
		return ""
	}
	return "sha1-" + base64.StdEncoding.EncodeToString(raw)
}
