package issue

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"path"
	"regexp"
	"strings"

	"github.com/lockwarden/lockwarden/analyzer/archive"
	"github.com/lockwarden/lockwarden/analyzer/behavior"
)

// Key is a private key found in a package.
type Key struct {
	File string
	Line int
	// Kind is the PEM label: "RSA PRIVATE KEY".
	Kind string
	// Fingerprint is the SHA-256 of the decoded key.
	Fingerprint string
}

var pemBegin = regexp.MustCompile(`-----BEGIN ((?:RSA |EC |DSA |OPENSSH )?PRIVATE KEY)-----`)

// joined is what stands between the lines of a key in a script's text.
var joined = regexp.MustCompile(`(\\r)?(\\n)?["'\x60]\s*[+,]\s*["'\x60]|\\[rn]`)

// maxKey is longer than any key's text, in bytes.
const maxKey = 16 << 10

// Keys finds private keys in all text files of a package. What does not decode
// to a key is an example or a pattern, not a key; one under a password is not
// readable.
func Keys(pkg *archive.Package) []Key {
	var out []Key
	for _, f := range pkg.Files {
		if f.Kind != archive.Text || !f.MayHave("PRIVATE KEY-----") {
			continue
		}
		text := string(f.Data())
		for _, m := range pemBegin.FindAllStringSubmatchIndex(text, 50) {
			body := text[m[1]:min(len(text), m[1]+maxKey)]
			body, _, ok := strings.Cut(body, "-----END")
			if !ok || len(out) >= 100 {
				continue
			}
			raw, ok := decodeKey(body)
			if !ok {
				continue
			}
			sum := sha256.Sum256(raw)
			out = append(out, Key{File: f.Path, Line: 1 + strings.Count(text[:m[0]], "\n"), Kind: text[m[2]:m[3]], Fingerprint: hex.EncodeToString(sum[:])})
		}
	}
	return out
}

// decodeKey reads the base64 of a key, which in scripts stands in pieces.
func decodeKey(body string) ([]byte, bool) {
	if strings.Contains(body, "DEK-Info") {
		return nil, false
	}
	body = joined.ReplaceAllString(body, "")
	body = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '+', r == '/':
			return r
		}
		return -1
	}, body)
	raw, err := base64.RawStdEncoding.DecodeString(body)
	// DER begins with a SEQUENCE; OpenSSH's own form has its name in front.
	ok := err == nil && len(raw) >= 40 && (raw[0] == 0x30 || strings.HasPrefix(string(raw), "openssh-key-v1"))
	return raw, ok
}

//go:embed commonkeys.txt
var commonKeyList string

// commonKeys are fingerprints of keys that many packages share.
var commonKeys = readCommonKeys(commonKeyList)

func readCommonKeys(list string) map[string]bool {
	m := map[string]bool{}
	for _, line := range strings.Split(list, "\n") {
		if fingerprint, _, _ := strings.Cut(strings.TrimSpace(line), " "); len(fingerprint) == 64 {
			m[fingerprint] = true
		}
	}
	return m
}

func (k *Key) evidence() behavior.Evidence {
	return behavior.Evidence{File: k.File, Line: k.Line, Column: 1, Snippet: "-----BEGIN " + k.Kind + "-----"}
}

func (in *Input) keys(common bool) []Issue {
	if in.Contents == nil {
		return nil
	}
	var evidence []behavior.Evidence
	severity := Medium
	for i := range in.Contents.Keys {
		k := &in.Contents.Keys[i]
		if commonKeys[k.Fingerprint] != common {
			continue
		}
		evidence = append(evidence, k.evidence())
		if !isTestPath(k.File) {
			severity = High
		}
	}
	if len(evidence) == 0 {
		return nil
	}
	if common {
		severity = Info
	}
	return one(severity, evidence...)
}

// isTestPath reports whether a file belongs to a package's own tests, where keys
// are made for the purpose, or is a document that shows one.
func isTestPath(file string) bool {
	switch path.Ext(file) {
	case ".md", ".markdown", ".html":
		return true
	}
	for _, part := range strings.Split(path.Dir(file), "/") {
		switch strings.ToLower(part) {
		case "test", "tests", "__tests__", "fixtures", "fixture", "example", "examples", "spec", "testdata", "demo":
			return true
		}
	}
	return false
}

func secretPrivateKey(in *Input) []Issue { return in.keys(false) }
func secretCommonKey(in *Input) []Issue  { return in.keys(true) }
