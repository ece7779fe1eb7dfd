package builtin

import (
	"net/netip"
	"strconv"
	"strings"
)

// URLs with plain hosts. What needs more than that (names in other scripts, IPv6,
// numbers as hosts, schemes of nobody) is not known.
// Source: https://url.spec.whatwg.org/

// ports are the ones that special schemes have.
var ports = map[string]string{"http": "80", "https": "443", "ws": "80", "wss": "443", "ftp": "21"}

func init() {
	add(map[string]function{
		"URL": func(args []any) (any, bool) {
			s, ok := Arg(args, 0).(string)
			base := ""
			if v := Arg(args, 1); v != nil {
				var isText bool
				base, isText = v.(string)
				ok = ok && isText && base != ""
			}
			if !ok {
				return nil, false
			}
			u, ok := ParseURL(s, base)
			return u, ok
		},
		"url.fileURLToPath": func(args []any) (any, bool) {
			s, ok := Arg(args, 0).(string)
			if !ok {
				return nil, false
			}
			u, ok := ParseURL(s, "")
			if !ok {
				return nil, false
			}
			path, _ := u.Get("pathname")
			host, _ := u.Get("host")
			if protocol, _ := u.Get("protocol"); protocol != "file:" || host != "" || strings.Contains(strings.ToLower(path.(string)), "%2f") {
				return nil, false
			}
			return known(decodeURI(path.(string), ""))
		},
	})
}

// ParseURL is new URL as an object: its href, protocol, host and so on.
func ParseURL(s, base string) (*Object, bool) {
	if len(s) > 1<<16 || len(base) > 1<<16 || !plainURL(s) || !plainURL(base) {
		return nil, false
	}
	var b *urlParts
	if base != "" {
		var ok bool
		if b, ok = parseURL(strings.Trim(base, " "), nil); !ok {
			return nil, false
		}
	}
	u, ok := parseURL(strings.Trim(s, " "), b)
	if !ok {
		return nil, false
	}
	return u.object(), true
}

// plainURL reports whether a text has only characters that parse alike everywhere.
func plainURL(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] == '\\' || s[i] == 0x7f {
			return false
		}
	}
	return wellFormed(s)
}

type urlParts struct {
	scheme, user, password, host, port, path string
	query, fragment                          string
	hasQuery, hasFragment                    bool
}

// The characters that parts of a URL keep, beside those that all do.
const (
	pathKept  = unreserved + ";/?:@&=+$,%|[]\\^"
	queryKept = unreserved + ";/?:@&=+$,%|[]\\^`{}"
	hashKept  = unreserved + ";/?:@&=+$,#%|[]\\^{}"
)

func parseURL(s string, base *urlParts) (*urlParts, bool) {
	scheme, rest, found := strings.Cut(s, ":")
	u := &urlParts{}
	switch special := ports[strings.ToLower(scheme)] != "" || strings.EqualFold(scheme, "file"); {
	case found && special:
		u.scheme = strings.ToLower(scheme)
		if !strings.HasPrefix(rest, "//") {
			return nil, false
		}
	case found && isScheme(scheme) || base == nil:
		return nil, false
	default:
		u.scheme, rest = base.scheme, s
	}
	rest, u.fragment, u.hasFragment = strings.Cut(rest, "#")
	rest, u.query, u.hasQuery = strings.Cut(rest, "?")
	u.fragment = encodeURI(u.fragment, hashKept)
	u.query = strings.ReplaceAll(encodeURI(u.query, queryKept), "'", "%27")
	if strings.HasPrefix(rest, "//") {
		after, slashes := strings.CutPrefix(rest, "///")
		if slashes && (u.scheme != "file" || strings.HasPrefix(after, "/")) {
			return nil, false
		}
		authority, path, _ := strings.Cut(rest[2:], "/")
		u.path = cleanPath("/" + path)
		if u.scheme == "file" && strings.Contains("/"+path, "/.") {
			return nil, false // versions of Node differ
		}
		return u, u.authority(authority) && u.noDrive()
	}
	if base == nil {
		return nil, false
	}
	u.user, u.password, u.host, u.port = base.user, base.password, base.host, base.port
	switch {
	case strings.HasPrefix(rest, "/"):
		u.path = cleanPath(rest)
	case rest != "":
		u.path = cleanPath(base.path[:strings.LastIndexByte(base.path, '/')+1] + rest)
	default:
		u.path = base.path
		if !u.hasQuery {
			if base.hasQuery && base.query == "" {
				return nil, false // versions of Node differ
			}
			u.query, u.hasQuery = base.query, base.hasQuery
		}
	}
	return u, u.noDrive()
}

// noDrive reports whether no letter of a drive stands in the path, which is Windows'.
func (u *urlParts) noDrive() bool {
	return u.scheme != "file" || !strings.ContainsAny(u.path, ":|")
}

func isScheme(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i] | 0x20
		if !(c >= 'a' && c <= 'z' || i > 0 && (s[i] >= '0' && s[i] <= '9' || strings.IndexByte("+-.", s[i]) >= 0)) {
			return false
		}
	}
	return s != ""
}

// authority reads user, host and port.
func (u *urlParts) authority(s string) bool {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		user := s[:i]
		s = s[i+1:]
		if strings.Trim(user, unreserved[:66]+":") != "" || strings.Count(user, ":") > 1 {
			return false
		}
		u.user, u.password, _ = strings.Cut(user, ":")
	}
	s, port, _ := strings.Cut(s, ":")
	if u.scheme == "file" && (port != "" || u.user != "" || strings.EqualFold(s, "localhost")) {
		return false
	}
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return false
		}
		if u.port = strconv.FormatUint(n, 10); u.port == ports[u.scheme] {
			u.port = ""
		}
	}
	u.host = strings.ToLower(s)
	return u.scheme == "file" && u.host == "" || plainHost(u.host)
}

// plainHost reports whether a host is a name of letters and digits, or an IPv4
// address as everybody writes it.
func plainHost(s string) bool {
	labels := strings.Split(strings.TrimSuffix(s, "."), ".")
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-._") != "" || strings.Contains(s, "xn--") {
		return false
	}
	for _, label := range labels {
		if label == "" {
			return false
		}
	}
	if last := labels[len(labels)-1]; last[0] >= '0' && last[0] <= '9' {
		address, err := netip.ParseAddr(s)
		return err == nil && address.Is4()
	}
	return true
}

// cleanPath is a path without dots that lead elsewhere, encoded.
func cleanPath(s string) string {
	var out []string
	names := strings.Split(s[1:], "/")
	for i, name := range names {
		last := i == len(names)-1
		switch strings.ReplaceAll(strings.ToLower(name), "%2e", ".") {
		case ".":
			if last {
				out = append(out, "")
			}
		case "..":
			if len(out) > 0 {
				out = out[:len(out)-1]
			}
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, encodeURI(name, pathKept))
		}
	}
	return "/" + strings.Join(out, "/")
}

// object are the properties of a URL.
func (u *urlParts) object() *Object {
	host := u.host
	if u.port != "" {
		host += ":" + u.port
	}
	part := func(sign, s string) string {
		if s == "" {
			return ""
		}
		return sign + s
	}
	user := ""
	if u.user != "" || u.password != "" {
		user = u.user + part(":", u.password) + "@"
	}
	href := u.scheme + "://" + user + host + u.path
	if u.hasQuery {
		href += "?" + u.query
	}
	if u.hasFragment {
		href += "#" + u.fragment
	}
	origin := u.scheme + "://" + host
	if u.scheme == "file" {
		origin = "null"
	}
	o := NewObject()
	for _, p := range [][2]string{{"href", href}, {"origin", origin}, {"protocol", u.scheme + ":"}, {"username", u.user},
		{"password", u.password}, {"host", host}, {"hostname", u.host}, {"port", u.port}, {"pathname", u.path},
		{"search", part("?", u.query)}, {"hash", part("#", u.fragment)}} {
		o.Set(p[0], p[1])
	}
	return o
}
