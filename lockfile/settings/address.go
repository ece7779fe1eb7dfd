package settings

import (
	"net/url"
	"strings"
)

// hostOf is the host of a URL, or the URL where it has none that can be told.
func hostOf(value string) string {
	u, err := url.Parse(strings.ReplaceAll(value, `\`, "/"))
	if err != nil || u.Host == "" {
		return clip(withoutUser(value))
	}
	return strings.ToLower(u.Host)
}

// secret shows a value only where it is a reference to the environment.
func secret(value string) string {
	if strings.HasPrefix(value, "${") && strings.IndexByte(value, '}') == len(value)-1 {
		return value
	}
	return "•••"
}

// publicRegistry stands for both names of the public registry.
const publicRegistry = "public"

// registryURL makes one text of equal URLs as clients read them: a backslash
// is a slash, the host's case and a slash at the end do not matter.
func registryURL(value string) (canonical, shown string) {
	u, err := url.Parse(strings.ReplaceAll(strings.TrimSpace(value), `\`, "/"))
	if err != nil || u.Host == "" {
		return value, withoutUser(value)
	}
	host := strings.ToLower(u.Host)
	scheme := strings.ToLower(u.Scheme)
	host = strings.TrimSuffix(host, map[string]string{"https": ":443", "http": ":80"}[scheme])
	tail := strings.TrimSuffix(u.EscapedPath(), "/")
	if u.RawQuery != "" {
		tail += "?" + u.RawQuery
	}
	if scheme == "https" && tail == "" && (host == "registry.npmjs.org" || host == "registry.yarnpkg.com") {
		return publicRegistry, scheme + "://" + host + "/"
	}
	return scheme + "://" + host + tail + "/", scheme + "://" + host + tail + "/"
}

// registry says where the packages of a scope come from; "" is every other
// package.
func (r *reader) registry(by client, scope, key, value string, line int) {
	canonical, shown := registryURL(value)
	r.say(by, "registry", scope, key, canonical, shown, line)
}

// secretFields are what a registry's entry keeps of a user.
var secretFields = map[string]bool{
	"_authToken": true, "_auth": true, "_password": true, "username": true, "certfile": true, "keyfile": true,
}

// credential says that a host is sent a secret; never which.
func (r *reader) credential(key, value string, line int, by client) {
	i := strings.LastIndexByte(key, ':')
	if i < 0 {
		return
	}
	nerf, field := key[:i], key[i+1:]
	switch {
	case field == "registry":
		r.registry(by, nerf, key, value, line)
	case field == "tokenHelper":
		// pnpm runs it.
		r.say(by, "token-helper", nerf, key, value, value, line)
	case secretFields[field]:
		r.say(by, "credential", hostOf("https:"+nerf), key, "sent", secret(value), line)
	}
}
