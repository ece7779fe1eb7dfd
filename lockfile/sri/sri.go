// Package sri reads Subresource Integrity strings as npm, pnpm and Yarn do, whose
// reader is ssri: what it passes over is passed over, and what it compares a file
// with is compared.
// Source: https://github.com/npm/ssri
package sri

import (
	"slices"
	"strings"
)

// Hash is one hash of an integrity string.
type Hash struct {
	// Algorithm is Node's name of it, Digest is as written: ssri compares the
	// texts, so that another spelling of the same bytes fits no file.
	Algorithm, Digest string
}

// String is the hash without options: sha512-….
func (h Hash) String() string { return h.Algorithm + "-" + h.Digest }

// priority orders algorithms as ssri does, the strongest last; others are below all.
var priority = []string{"md5", "whirlpool", "sha1", "sha224", "sha256", "sha384", "sha512"}

// known are the algorithms that some Node.js has, of those whose names can stand in
// an integrity string.
var known = append([]string{
	"blake2b512", "blake2s256", "md4", "mdc2", "ripemd", "ripemd160", "rmd160", "shake128", "shake256", "sm3",
}, priority...)

// Parse are the hashes that ssri finds, in order. What is no hash of an algorithm
// that Node has is passed over.
func Parse(integrity string) []Hash {
	var out []Hash
	for _, part := range strings.FieldsFunc(integrity, isSpace) {
		part, _, _ = strings.Cut(part, "?")
		algorithm, digest, _ := strings.Cut(part, "-")
		if digest != "" && slices.Contains(known, algorithm) {
			out = append(out, Hash{algorithm, digest})
		}
	}
	return out
}

// Strongest are the hashes that a file is compared with: those of the strongest
// algorithm, each once. A file that fits any of them is taken, so that more than
// one names no single file.
func Strongest(integrity string) []Hash {
	all := Parse(integrity)
	if len(all) == 0 {
		return nil
	}
	best := all[0].Algorithm
	for _, h := range all {
		if slices.Index(priority, h.Algorithm) > slices.Index(priority, best) {
			best = h.Algorithm
		}
	}
	var out []Hash
	for _, h := range all {
		if h.Algorithm == best && !slices.Contains(out, h) {
			out = append(out, h)
		}
	}
	return out
}

// Ambiguous reports whether the string names more than one file.
func Ambiguous(integrity string) bool { return len(Strongest(integrity)) > 1 }

// SHA512 is the one sha512 hash that names the file; empty where there is none, or
// more than one.
func SHA512(integrity string) string {
	if one := Strongest(integrity); len(one) == 1 && one[0].Algorithm == "sha512" {
		return one[0].String()
	}
	return ""
}

// isSpace is JavaScript's \s, which is not Go's.
// Source: https://tc39.es/ecma262/#prod-WhiteSpace
func isSpace(r rune) bool {
	switch r {
	case '\t', '\n', '\v', '\f', '\r', ' ', 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff:
		return true
	}
	return r >= 0x2000 && r <= 0x200a
}
