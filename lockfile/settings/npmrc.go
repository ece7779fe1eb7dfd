package settings

import (
	"net/url"
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// npmrc reads an .npmrc. Of several lines with one key the last counts, but all
// where one of them is "key[]".
func (r *reader) npmrc(text string) {
	last := map[string]int{}
	var pairs []document.Pair
	for _, p := range document.INI(text) {
		if p.Section != "" {
			continue
		}
		at, have := last[p.Key]
		switch {
		case !have:
			last[p.Key] = len(pairs)
		case p.Array || pairs[at].Array:
			pairs[at].Array = true
		default:
			pairs[at] = p
			continue
		}
		pairs = append(pairs, p)
	}
	for _, p := range pairs {
		r.pair(p)
	}
}

func (r *reader) pair(p document.Pair) {
	switch {
	case strings.HasPrefix(p.Key, "//"):
		r.credential(p.Key, p.Value, p.Line, npms|pnpms|yarn1|bun)
	case p.Key == "registry":
		r.registry(npms|pnpms|yarn1|bun, "", p.Key, p.Value, p.Line)
	case strings.HasPrefix(p.Key, "@") && strings.HasSuffix(p.Key, ":registry"):
		r.registry(npms|pnpms|yarn1|bun, strings.TrimSuffix(p.Key, ":registry"), p.Key, p.Value, p.Line)
	case p.Key == "allow-scripts":
		for name := range strings.SplitSeq(p.Value, ",") {
			if name = strings.TrimSpace(name); name != "" {
				r.script(npm12, name, true, p.Key, p.Line)
			}
		}
	case p.Key == "before":
		r.say(npms, "before", "", p.Key, p.Value, p.Value, p.Line)
	case strings.Contains(p.Key, "${"):
		r.say(npms|pnpms, environmentTopic, p.Key, p.Key, p.Value, p.Value, p.Line)
	default:
		r.npmrcList(p)
	}
}

// npmrcList: pnpm's lists of builds stood in .npmrc as arrays.
func (r *reader) npmrcList(p document.Pair) {
	value := &document.Value{Kind: document.String, Text: p.Value, Line: p.Line, End: p.Line}
	for _, builds := range buildLists {
		if builds.kebab == p.Key {
			r.builds(builds, p.Key, &document.Value{Kind: document.List, Items: []*document.Value{value}, Line: p.Line}, p.Line, pnpm9|pnpm10)
			return
		}
	}
	r.rule(inNpmrc, p.Key, p.Key, value, p.Line)
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

// secret shows a value only where it is a reference to the environment.
func secret(value string) string {
	if strings.HasPrefix(value, "${") && strings.IndexByte(value, '}') == len(value)-1 {
		return value
	}
	return "•••"
}

// publicRegistry stands for both names of the public registry.
const publicRegistry = "public"

// registry says where the packages of a scope come from; "" is every other
// package.
func (r *reader) registry(by client, scope, key, value string, line int) {
	canonical, shown := registryURL(value)
	r.say(by, "registry", scope, key, canonical, shown, line)
}

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

// withoutUser takes what may be a password out of a URL, wherever it stands in
// a text and whether it can be parsed or not.
func withoutUser(value string) string {
	before, rest, ok := strings.Cut(value, "//")
	if !ok {
		return value
	}
	authority := rest
	if end := strings.IndexAny(rest, `/?# `); end >= 0 {
		authority = rest[:end]
	}
	host := authority[strings.LastIndexByte(authority, '@')+1:]
	return before + "//" + host + rest[len(authority):]
}

// hostOf is the host of a URL, or the URL where it has none that can be told.
func hostOf(value string) string {
	u, err := url.Parse(strings.ReplaceAll(value, `\`, "/"))
	if err != nil || u.Host == "" {
		return clip(withoutUser(value))
	}
	return strings.ToLower(u.Host)
}
