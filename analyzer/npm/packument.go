package npm

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Packument is the registry's document on a package: all its versions. The
// abbreviated form lacks Time.
type Packument struct {
	Name     string             `json:"name"`
	DistTags map[string]string  `json:"dist-tags"`
	Versions map[string]Version `json:"versions"`
	Modified string             `json:"modified"`
	// Time has when each version was published; of a package that was taken
	// down it also has an object, which is left out.
	Time Ranges `json:"time"`
}

// Version is what the registry says of one version.
type Version struct {
	Name             string      `json:"name"`
	Version          string      `json:"version"`
	Dist             Dist        `json:"dist"`
	Deprecated       Deprecation `json:"deprecated"`
	HasInstallScript Truth       `json:"hasInstallScript"`
	Dependencies     Ranges      `json:"dependencies"`
	Optional         Ranges      `json:"optionalDependencies"`
	// The full form has these as well.
	Scripts     Ranges `json:"scripts"`
	Publisher   Person `json:"_npmUser"`
	Maintainers People `json:"maintainers"`
}

// Truth is a boolean; what is none is false.
type Truth bool

// UnmarshalJSON implements json.Unmarshaler.
func (t *Truth) UnmarshalJSON(data []byte) error {
	*t = string(data) == "true"
	return nil
}

// Ranges are members of an object that are texts: dependencies by name. Old documents have texts and lists in their
// place, which npm takes for none.
type Ranges map[string]string

// UnmarshalJSON implements json.Unmarshaler.
func (r *Ranges) UnmarshalJSON(data []byte) error {
	*r = stringMembers(data)
	return nil
}

// Person is a user of the registry. Old documents write "name <address>".
type Person struct {
	Name, Email string
	// Trusted is set for a workflow that the package's maintainers let publish
	// for them.
	// Source: https://docs.npmjs.com/trusted-publishers
	Trusted bool
}

// UnmarshalJSON accepts an object or a string, and takes anything else for
// nobody.
func (p *Person) UnmarshalJSON(data []byte) error {
	var o struct {
		Name    string          `json:"name"`
		Email   string          `json:"email"`
		Trusted json.RawMessage `json:"trustedPublisher"`
	}
	var s string
	switch {
	case json.Unmarshal(data, &o) == nil:
		*p = Person{o.Name, o.Email, len(o.Trusted) > 0 && string(o.Trusted) != "null"}
	case json.Unmarshal(data, &s) == nil:
		name, email, _ := strings.Cut(s, "<")
		*p = Person{Name: strings.TrimSpace(name), Email: strings.TrimSuffix(strings.TrimSpace(email), ">")}
	}
	return nil
}

// People are users of the registry; what is no list is taken for none.
type People []Person

// UnmarshalJSON implements json.Unmarshaler.
func (p *People) UnmarshalJSON(data []byte) error {
	var list []Person
	if json.Unmarshal(data, &list) == nil {
		*p = list
	}
	return nil
}

// Dist is where the tarball is and what it must hash to.
type Dist struct {
	Tarball   string `json:"tarball"`
	Integrity string `json:"integrity"`
	Shasum    string `json:"shasum"`
	// Attestations is there where the version was published with provenance.
	// Source: https://docs.npmjs.com/generating-provenance-statements
	Attestations json.RawMessage `json:"attestations"`
}

// Deprecation is the message of a deprecated version. Registries also write
// true, false or an empty string.
type Deprecation string

// UnmarshalJSON accepts a string or a boolean.
func (d *Deprecation) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) == nil {
		*d = Deprecation(s)
		return nil
	}
	if string(data) == "true" {
		*d = "deprecated"
	}
	return nil
}

// ParsePackument reads a packument and checks that it is of the package asked
// for.
func ParsePackument(name string, data []byte) (*Packument, error) {
	var p Packument
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, fmt.Errorf("npm: packument of %s: %w", name, err)
	}
	if p.Name != name {
		return nil, fmt.Errorf("npm: packument of %s: the registry answered with the package %q", name, p.Name)
	}
	return &p, nil
}

// CheckName reports whether a package name is one that a registry URL can be
// made of. It is laxer than npm's rules for new names (old packages have
// capitals) and strict on what would change the URL.
// Source: https://github.com/npm/validate-npm-package-name
func CheckName(name string) error {
	bare := name
	if scope, rest, ok := strings.Cut(name, "/"); ok {
		if !strings.HasPrefix(scope, "@") || len(scope) < 2 {
			return fmt.Errorf("npm: %q is not a package name", name)
		}
		bare = rest
		scope = scope[1:]
		if !cleanName(scope) {
			return fmt.Errorf("npm: %q is not a package name", name)
		}
	}
	if len(name) > 214 || !cleanName(bare) {
		return fmt.Errorf("npm: %q is not a package name", name)
	}
	return nil
}

func cleanName(s string) bool {
	if s == "" || s[0] == '.' || s[0] == '-' && len(s) == 1 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-_.~!'()*", rune(c)) {
			return false
		}
	}
	return true
}

// TarballFile is the name that registries give the file of a version.
func TarballFile(name, version string) string {
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		name = name[i+1:]
	}
	return name + "-" + version + ".tgz"
}
