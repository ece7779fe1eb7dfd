package registry

import (
	"crypto/sha1" //nolint:gosec // see newHash
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"hash"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/sri"
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

// AmbiguousError says that an integrity string names more than one file: package
// managers take bytes that fit any of its strongest hashes, so that what was
// scanned need not be what is installed.
type AmbiguousError struct{ Hashes []sri.Hash }

// Error formats as: registry: N sha512 hashes are recorded, and a file may fit any.
func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("registry: %d %s hashes are recorded for one file, and npm takes a file that fits any of them",
		len(e.Hashes), e.Hashes[0].Algorithm)
}

// UnknownHashError says that what is recorded proves nothing here: no hash, or one
// of an algorithm that anybody can forge or few know.
type UnknownHashError struct{ Recorded string }

// Error formats as: registry: "md5-…" is no hash that proves anything.
func (e *UnknownHashError) Error() string {
	return fmt.Sprintf("registry: %.100q is no hash that proves anything", e.Recorded)
}

// wanted is the one hash that the bytes are compared with; nil where nothing is
// recorded. An error says that no bytes will do.
func wanted(integrity string) (*sri.Hash, error) {
	strongest := sri.Strongest(integrity)
	switch {
	case strings.TrimSpace(integrity) == "":
		return nil, nil
	case len(strongest) == 0 || newHash(strongest[0].Algorithm) == nil:
		return nil, &UnknownHashError{integrity}
	case len(strongest) > 1:
		return nil, &AmbiguousError{strongest}
	}
	return &strongest[0], nil
}

// newHash is nil for an algorithm that is not trusted here.
func newHash(algorithm string) hash.Hash {
	switch algorithm {
	case "sha512":
		return sha512.New()
	case "sha384":
		return sha512.New384()
	case "sha256":
		return sha256.New()
	case "sha1":
		return sha1.New() //nolint:gosec // old lockfiles record nothing better
	}
	return nil
}

// hashes computes the hash that an SRI string wants, and always sha512.
type hashes struct {
	want *sri.Hash
	all  map[string]hash.Hash
}

// newHashes computes what want says; nil: nothing.
func newHashes(want *sri.Hash) *hashes {
	h := &hashes{want: want, all: map[string]hash.Hash{"sha512": sha512.New()}}
	if want != nil && h.all[want.Algorithm] == nil {
		h.all[want.Algorithm] = newHash(want.Algorithm)
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

// verify compares with what was asked for, as a text, as ssri does; nothing asked
// for is no error.
func (h *hashes) verify() error {
	if h.want == nil {
		return nil
	}
	if got := h.sum(h.want.Algorithm); got != h.want.String() {
		return &IntegrityError{h.want.String(), got}
	}
	return nil
}

// Hash computes the SRI string of what is written to it.
type Hash struct{ hashes }

// NewHash makes a Hash.
func NewHash() *Hash { return &Hash{*newHashes(nil)} }
