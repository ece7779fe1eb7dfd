package registry

import (
	"crypto/sha1" //nolint:gosec // old lockfiles record nothing better
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"hash"
	"strings"
)

// IntegrityError says that the bytes served are not those that were recorded.
type IntegrityError struct {
	Want, Got string
}

// Error formats as: registry: the tarball's hash is sha512-…, the lockfile
// records sha512-….
func (e *IntegrityError) Error() string {
	return fmt.Sprintf("registry: the tarball's hash is %s, the lockfile records %s", e.Got, e.Want)
}

// hashes computes all hashes that an SRI string names, and always sha512.
type hashes struct {
	want string
	all  map[string]hash.Hash
}

func newHashes(want string) *hashes {
	h := &hashes{want: want, all: map[string]hash.Hash{"sha512": sha512.New()}}
	for _, part := range strings.Fields(want) {
		algorithm, _, _ := strings.Cut(part, "-")
		if h.all[algorithm] != nil {
			continue
		}
		switch algorithm {
		case "sha1":
			h.all[algorithm] = sha1.New() //nolint:gosec // as above
		case "sha256":
			h.all[algorithm] = sha256.New()
		case "sha384":
			h.all[algorithm] = sha512.New384()
		}
	}
	return h
}

func (h *hashes) Write(p []byte) (int, error) {
	for _, one := range h.all {
		one.Write(p)
	}
	return len(p), nil
}

func (h *hashes) sum(algorithm string) string {
	return algorithm + "-" + base64.StdEncoding.EncodeToString(h.all[algorithm].Sum(nil))
}

// SHA512 is the SRI string of what was written.
func (h *hashes) SHA512() string { return h.sum("sha512") }

// strength orders algorithms as npm's ssri does: only the strongest one that
// is recorded counts, any of its hashes may match.
var strength = []string{"sha512", "sha384", "sha256", "sha1"}

// verify compares with what was asked for; nothing asked for is no error.
func (h *hashes) verify() error {
	for _, algorithm := range strength {
		recorded, matched := false, false
		for _, part := range strings.Fields(h.want) {
			part, _, _ = strings.Cut(part, "?")
			name, digest, _ := strings.Cut(part, "-")
			if name != algorithm {
				continue
			}
			recorded = true
			want, err := base64.StdEncoding.DecodeString(digest)
			matched = matched || err == nil && string(want) == string(h.all[algorithm].Sum(nil))
		}
		if recorded {
			if matched {
				return nil
			}
			return &IntegrityError{h.want, h.sum(algorithm)}
		}
	}
	if strings.TrimSpace(h.want) != "" {
		return &IntegrityError{h.want, h.SHA512()}
	}
	return nil
}

// Hash computes the SRI string of what is written to it.
type Hash struct{ hashes }

// NewHash makes a Hash.
func NewHash() *Hash { return &Hash{*newHashes("")} }
