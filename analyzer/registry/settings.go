package registry

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// DefaultURL is the public registry, npm's own default.
const DefaultURL = "https://registry.npmjs.org/"

// YarnURL is another name of the public registry, which Yarn 1 writes into its
// lockfiles.
const YarnURL = "https://registry.yarnpkg.com/"

// Settings are what .npmrc files, flags and the environment say about
// registries.
type Settings struct {
	// Registry is the default registry's URL, ending in a slash.
	Registry string
	// Scopes maps "@scope" to its registry's URL.
	Scopes map[string]string
	// Proxy is for https requests; empty: the environment's HTTPS_PROXY.
	Proxy string
	// NoProxy lists hosts that are asked directly.
	NoProxy string
	// CA holds additional certificate authorities in PEM; CAFile names a file.
	CA, CAFile string
	// AllowHosts are hosts whose addresses may be private, and to which
	// registries may redirect, set by the operator: "host" or "host:port".
	AllowHosts []string

	credentials map[string]credential // by "//host/path/"
}

// credential is sent as the Authorization header.
type credential struct{ header string }

// File is one .npmrc.
type File struct {
	// Name is used in errors.
	Name string
	Data []byte
	// Trusted files may name proxies, authorities and environment variables
	// everywhere: the user's own, or one that the user named. Of a project's
	// file in the base revision, whose authors may change the project, the
	// ${VARIABLES} are read in credentials only, which go to the host that
	// the same line names, and its proxy and authorities are not used. The file
	// of a folder that anybody may have written is given to nobody, see Unused.
	Trusted bool
}

var envReference = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)(\?)?\}`)

// ReadSettings merges .npmrc files, the most important one first, as npm does:
// project, user, global. getenv is os.Getenv or a test's own.
func ReadSettings(getenv func(string) string, files ...File) (Settings, error) {
	s := Settings{Scopes: map[string]string{}, credentials: map[string]credential{}}
	parts := map[string]map[string]string{}
	for _, f := range files {
		for _, p := range effective(document.INI(string(f.Data))) {
			if err := s.set(f, parts, p.Key, p.Value, getenv); err != nil {
				return s, fmt.Errorf("registry: %s:%d: %w", f.Name, p.Line, err)
			}
		}
	}
	for nerf, fields := range parts {
		if c, ok := makeCredential(fields); ok {
			s.credentials[nerf] = c
		}
	}
	if s.Registry == "" {
		s.Registry = DefaultURL
	}
	return s, nil
}

// Unused names what the .npmrc of a folder that is not trusted would have set and
// these settings do not have: keys, and environment variables as ${NAME}. It
// tells no values, which may be secrets.
func (s *Settings) Unused(npmrc []byte) []string {
	var names []string
	seen := map[string]bool{}
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for _, p := range effective(document.INI(string(npmrc))) {
		nerf, field, isCredential := credentialKey(p.Key)
		_, have := s.credentials[nerf]
		used := false
		switch {
		case isCredential && isSecret(field):
			used = have
		case p.Key == "registry":
			u, err := registryURL(p.Value)
			used = err == nil && u == s.Registry
		case strings.HasPrefix(p.Key, "@") && strings.HasSuffix(p.Key, ":registry"):
			u, err := registryURL(p.Value)
			used = err == nil && u == s.For(strings.TrimSuffix(p.Key, ":registry")+"/")
		case slices.Contains(connection, p.Key):
			used = p.Value == "null"
		default:
			used = true // nothing that is asked here
		}
		if used {
			continue
		}
		add(p.Key)
		for _, reference := range envReference.FindAllString(p.Key+p.Value, -1) {
			add(reference)
		}
	}
	return names
}

// connection are the keys that say how a registry is reached.
var connection = []string{"https-proxy", "proxy", "noproxy", "ca", "ca[]", "cafile"}

// credentialKey splits //host/path/:field.
func credentialKey(key string) (nerf, field string, ok bool) {
	i := strings.LastIndexByte(key, ':')
	if !strings.HasPrefix(key, "//") || i < 0 {
		return "", "", false
	}
	return strings.TrimSuffix(key[:i], "/") + "/", key[i+1:], true
}

// isSecret reports whether a host's field is a part of its credential.
func isSecret(field string) bool {
	switch field {
	case "_authToken", "_auth", "username", "_password":
		return true
	}
	return false
}

// effective are the pairs of one file that npm acts on: those outside of
// sections, and of several with one key the last, but all of an array.
func effective(pairs []document.Pair) []document.Pair {
	var out []document.Pair
	last := map[string]int{}
	for _, p := range pairs {
		if p.Section != "" || p.Bare {
			continue
		}
		if p.Array {
			p.Key += "[]"
		} else if at, have := last[p.Key]; have {
			out[at] = p
			continue
		}
		last[p.Key] = len(out)
		out = append(out, p)
	}
	return out
}

// set takes one pair; what an earlier file said stays.
func (s *Settings) set(f File, parts map[string]map[string]string, key, value string, getenv func(string) string) error {
	expand := func() (string, error) {
		var missing string
		out := envReference.ReplaceAllStringFunc(value, func(ref string) string {
			m := envReference.FindStringSubmatch(ref)
			v := getenv(m[1])
			if v == "" && m[2] == "" {
				missing = m[1]
			}
			return v
		})
		if missing != "" {
			return "", fmt.Errorf("the environment variable %s is not set", missing)
		}
		return out, nil
	}
	if strings.HasPrefix(key, "//") {
		nerf, field, ok := credentialKey(key)
		if !ok || !isSecret(field) {
			return nil
		}
		expanded, err := expand()
		if err != nil {
			// npm keeps the reference as it is; a token that is missing shows
			// as a refusal of the registry.
			return nil
		}
		if parts[nerf] == nil {
			parts[nerf] = map[string]string{}
		}
		if _, have := parts[nerf][field]; !have {
			parts[nerf][field] = expanded
		}
		return nil
	}
	if f.Trusted && strings.Contains(value, "${") {
		expanded, err := expand()
		if err != nil {
			return err
		}
		value = expanded
	}
	first := func(target *string) {
		if *target == "" {
			*target = value
		}
	}
	switch {
	case key == "registry":
		u, err := registryURL(value)
		if err != nil {
			return err
		}
		value = u
		first(&s.Registry)
	case strings.HasPrefix(key, "@") && strings.HasSuffix(key, ":registry"):
		u, err := registryURL(value)
		if err != nil {
			return err
		}
		scope := strings.TrimSuffix(key, ":registry")
		if s.Scopes[scope] == "" {
			s.Scopes[scope] = u
		}
	case !f.Trusted || value == "null":
	case key == "https-proxy" || key == "proxy":
		first(&s.Proxy)
	case key == "noproxy":
		first(&s.NoProxy)
	case key == "ca" || key == "ca[]":
		s.CA += strings.ReplaceAll(value, `\n`, "\n") + "\n"
	case key == "cafile":
		first(&s.CAFile)
	}
	return nil
}

func registryURL(value string) (string, error) {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", fmt.Errorf("%q is not the URL of a registry", value)
	}
	if u.User != nil {
		return "", fmt.Errorf("the registry's URL holds a password; set //%s/:_authToken instead", u.Host)
	}
	if !strings.HasSuffix(value, "/") {
		value += "/"
	}
	return value, nil
}

func makeCredential(fields map[string]string) (credential, bool) {
	if token := fields["_authToken"]; token != "" {
		return credential{"Bearer " + token}, true
	}
	if auth := fields["_auth"]; auth != "" {
		return credential{"Basic " + auth}, true
	}
	if user, password := fields["username"], fields["_password"]; user != "" && password != "" {
		plain, err := base64.StdEncoding.DecodeString(password)
		if err != nil {
			return credential{}, false
		}
		return credential{"Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+string(plain)))}, true
	}
	return credential{}, false
}

// For is the registry of a package.
func (s *Settings) For(name string) string {
	if scope, _, ok := strings.Cut(name, "/"); ok {
		if u := s.Scopes[scope]; u != "" {
			return u
		}
	}
	return s.Registry
}

// URLs are all configured registries.
func (s *Settings) URLs() []string {
	urls := []string{s.Registry}
	for _, u := range s.Scopes {
		urls = append(urls, u)
	}
	return urls
}

// authorization is the header for a URL: the credential of the longest
// configured path on exactly this host and port.
func (s *Settings) authorization(u *url.URL) string {
	if u.Scheme != "https" && !s.configuredInsecure(u) {
		return ""
	}
	path := u.Path
	for {
		i := strings.LastIndexByte(path, '/')
		if i < 0 {
			break
		}
		path = path[:i]
		if c, ok := s.credentials["//"+u.Host+path+"/"]; ok {
			return c.header
		}
	}
	return ""
}

// configuredInsecure reports whether the operator configured this very host by
// plain http.
func (s *Settings) configuredInsecure(u *url.URL) bool {
	for _, configured := range s.URLs() {
		if c, err := url.Parse(configured); err == nil && c.Scheme == "http" && c.Host == u.Host {
			return true
		}
	}
	return false
}

// UserFiles reads the .npmrc files of a project folder (which may be empty)
// and of the user, and the settings that npm takes from the environment.
func UserFiles(project string, getenv func(string) string) ([]File, error) {
	var files []File
	var environment strings.Builder
	for _, pair := range [][2]string{{"npm_config_registry", "registry"}, {"npm_config_https_proxy", "https-proxy"}, {"npm_config_cafile", "cafile"}, {"npm_config_noproxy", "noproxy"}} {
		if v := getenv(pair[0]); v != "" {
			// Quoted, because the reader would end a bare value at a "#".
			quoted, err := json.Marshal(v)
			if err != nil {
				return nil, fmt.Errorf("registry: %s: %w", pair[0], err)
			}
			fmt.Fprintf(&environment, "%s=%s\n", pair[1], quoted)
		}
	}
	files = append(files, File{Name: "environment", Data: []byte(environment.String()), Trusted: true})
	add := func(name string, trusted bool) error {
		data, err := os.ReadFile(name)
		if os.IsNotExist(err) || name == "" {
			return nil
		}
		if err != nil {
			return fmt.Errorf("registry: %w", err)
		}
		files = append(files, File{name, data, trusted})
		return nil
	}
	if project != "" {
		if err := add(project+"/.npmrc", false); err != nil {
			return nil, err
		}
	}
	user := getenv("npm_config_userconfig")
	if user == "" {
		if home, err := os.UserHomeDir(); err == nil {
			user = home + "/.npmrc"
		}
	}
	if err := add(user, true); err != nil {
		return nil, err
	}
	return files, nil
}
