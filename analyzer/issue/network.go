package issue

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/lockwarden/lockwarden/analyzer/behavior"
	"github.com/lockwarden/lockwarden/analyzer/javascript"
)

// networkIPQueryService: the code holds the address of a service that returns
// the caller's public IP address.
func networkIPQueryService(in *Input) []Issue {
	b := in.Behavior("network/ip-echo-service")
	if b == nil {
		return nil
	}
	evidence := b.Evidence
	if len(evidence) > 20 {
		evidence = evidence[:20]
	}
	return one(Medium, evidence...)
}

// hosts makes one issue of the addresses that a test picks: it returns what to
// say of an address, empty where it is nothing special. Code that nothing
// reaches, such as tests, is left out.
func (in *Input) hosts(severity Severity, pick func(url, host string) string) []Issue {
	if in.Contents == nil {
		return nil
	}
	var named []string
	var evidence []behavior.Evidence
	seen := map[string]bool{}
	for _, a := range in.Contents.Addresses {
		if a.Evidence.Contexts&^javascript.Unreachable == 0 || isTestPath(a.Evidence.File) {
			continue
		}
		host := hostOf(a.URL)
		if host == "" {
			continue
		}
		if say := pick(a.URL, host); say != "" && len(evidence) < 20 {
			evidence = append(evidence, a.Evidence)
			if !seen[say] && len(named) < 5 {
				seen[say] = true
				named = append(named, say)
			}
		}
	}
	if len(evidence) == 0 {
		return nil
	}
	return detailed(severity, map[string]string{"hosts": strings.Join(named, ", ")}, evidence...)
}

// hostTable is from how many such hosts on a file is a list of hosts, such as
// the public suffix list, that sends to none of them.
const hostTable = 5

// traitHosts is an issue of a trait that names hosts.
func (in *Input) traitHosts(severity Severity, trait string) []Issue {
	b := in.Behavior(trait)
	if b == nil || b.Contexts&^javascript.Unreachable == 0 {
		return nil
	}
	var named []string
	var evidence []behavior.Evidence
	seen, perFile := map[string]bool{}, map[string]int{}
	for _, e := range b.Evidence {
		perFile[e.File]++
	}
	for _, e := range b.Evidence {
		if perFile[e.File] > hostTable || e.Contexts&^javascript.Unreachable == 0 || isTestPath(e.File) || len(evidence) >= 20 {
			continue
		}
		evidence = append(evidence, e)
		if !seen[e.Host] && len(named) < 5 {
			seen[e.Host] = true
			named = append(named, e.Host)
		}
	}
	if len(evidence) == 0 {
		return nil
	}
	return detailed(severity, map[string]string{"hosts": strings.Join(named, ", ")}, evidence...)
}

// networkExfiltrationHost: an address that collects what is sent to it, for
// anybody who set it up: request catchers, tunnels, chat webhooks.
func networkExfiltrationHost(in *Input) []Issue {
	if out := in.traitHosts(High, "trait/exfiltration-host"); len(out) > 0 {
		return out
	}
	return in.hosts(High, func(url, host string) string {
		if chatHook.MatchString(url) {
			return host
		}
		return ""
	})
}

// chatHook is a chat's webhook or a bot's API with the key of one owner in it;
// the prefix alone is what a client of the chat has.
var chatHook = regexp.MustCompile(`^https?://(?:(?:ptb\.|canary\.)?discord(?:app)?\.com/api(?:/v\d+)?/webhooks/\d{8,}/[\w-]{20,}|hooks\.slack\.com/services/T\w{6,}/B\w{6,}/\w{16,}|api\.telegram\.org/bot\d{6,}:[\w-]{20,})`)

func networkPasteHost(in *Input) []Issue    { return in.traitHosts(Medium, "trait/paste-host") }
func networkURLShortener(in *Input) []Issue { return in.traitHosts(Low, "trait/url-shortener") }

// networkOnion: an address in the Tor network.
func networkOnion(in *Input) []Issue {
	return in.hosts(Medium, func(_, host string) string {
		if strings.HasSuffix(host, ".onion") {
			return host
		}
		return ""
	})
}

// suspectDomains are top-level domains that abuse lists name most, among those
// that honest packages hardly use.
// Source: https://www.spamhaus.org/reputation-statistics/cctlds/domains/ and
// the generic ones beside it.
var suspectDomains = map[string]bool{"tk": true, "ml": true, "ga": true, "cf": true, "gq": true, "top": true, "buzz": true, "cyou": true, "cfd": true, "sbs": true, "rest": true, "icu": true, "monster": true, "quest": true, "zip": true, "mov": true, "loan": true, "click": true, "bond": true}

func networkSuspiciousTLD(in *Input) []Issue {
	return in.hosts(Low, func(_, host string) string {
		if i := strings.LastIndexByte(host, '.'); i > 0 && suspectDomains[host[i+1:]] {
			return host
		}
		return ""
	})
}

// networkIPLiteral: an address without a name, that nobody can look up or take
// away. Addresses of this machine, of private networks and of documentation
// are none, nor those of public name servers.
func networkIPLiteral(in *Input) []Issue {
	return in.hosts(Medium, func(_, host string) string {
		ip, err := netip.ParseAddr(host)
		if err != nil || !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLinkLocalUnicast() {
			return ""
		}
		for _, p := range documentationNetworks {
			if p.Contains(ip) {
				return ""
			}
		}
		switch host {
		case "1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9", "1.2.3.4", "100.100.100.200":
			return ""
		}
		return host
	})
}

// Sources: RFC 5737, RFC 3849, RFC 2544, RFC 6598.
var documentationNetworks = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("0.0.0.0/8")}

// networkInsecureHTTP: plain http to another machine, in code that runs.
// Names of XML namespaces and schemas look like addresses and are none.
func networkInsecureHTTP(in *Input) []Issue {
	if in.Contents == nil || in.Behavior("network/http-request") == nil {
		return nil
	}
	return in.hosts(Info, func(url, host string) string {
		if !strings.HasPrefix(strings.ToLower(url), "http://") || isLocal(host) || isNamespace(host, url) {
			return ""
		}
		return host
	})
}

func isLocal(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback() || ip.IsPrivate() || ip.IsUnspecified() || ip.IsLinkLocalUnicast()
	}
	return !strings.Contains(host, ".") || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".internal") || isExampleHost(host)
}

// isNamespace reports whether an address only names something: XML namespaces,
// schemas, licenses, specifications.
func isNamespace(host, url string) bool {
	for _, end := range []string{"w3.org", "json-schema.org", "schemas.xmlsoap.org", "schemas.microsoft.com", "schemas.openxmlformats.org", "purl.org", "xmlns.com", "ns.adobe.com", "opensource.org", "apache.org", "mozilla.org", "whatwg.org", "ietf.org", "tempuri.org", "schema.org", "oasis-open.org", "iana.org", "unicode.org", "ecma-international.org", "gnu.org", "jquery.org", "fb.me", "s3.amazonaws.com"} {
		if host == end || strings.HasSuffix(host, "."+end) {
			return true
		}
	}
	return strings.Contains(url, "/schema") || strings.Contains(url, "/ns/") || strings.Contains(url, "/xmlns") || strings.HasSuffix(url, "#") || strings.HasSuffix(url, ".dtd") || strings.HasSuffix(url, ".xsd")
}

// lookedUpTo are hosts that deceptive ones are made to look like.
var lookedUpTo = []string{"github.com", "githubusercontent.com", "npmjs.com", "npmjs.org", "nodejs.org", "google.com", "googleapis.com", "microsoft.com", "amazonaws.com", "cloudflare.com", "unpkg.com", "jsdelivr.net", "gitlab.com", "bitbucket.org", "slack.com", "stripe.com", "paypal.com", "apple.com", "docker.com", "vercel.com"}

// networkDeceptiveDomain: a host made to be taken for another one: letters of
// another alphabet, a trusted name as a subdomain, one letter off.
func networkDeceptiveDomain(in *Input) []Issue {
	return in.hosts(Medium, func(_, host string) string {
		if strings.Contains(host, "xn--") {
			if shown, err := idna.ToUnicode(host); err == nil && skeleton(shown) != shown && isASCII(skeleton(shown)) {
				return host + " (" + shown + ")"
			}
		}
		for _, trusted := range lookedUpTo {
			if host == trusted || strings.HasSuffix(host, "."+trusted) {
				return ""
			}
		}
		for _, trusted := range lookedUpTo {
			if strings.HasPrefix(host, trusted+".") || strings.Contains(host, "."+trusted+".") {
				return fmt.Sprintf("%s (not %s)", host, trusted)
			}
			bare := host
			for strings.Count(bare, ".") > strings.Count(trusted, ".") {
				_, bare, _ = strings.Cut(bare, ".")
			}
			if len(trusted) >= 9 && bare != trusted && strings.HasSuffix(bare, trusted[strings.LastIndexByte(trusted, '.'):]) && slipped(bare, trusted) {
				return fmt.Sprintf("%s (not %s)", host, trusted)
			}
		}
		return ""
	})
}

// slipped reports whether a name is another one with two letters swapped, one
// doubled, or a letter replaced by one that looks like it.
func slipped(name, of string) bool {
	if name == of || utf8.RuneCountInString(name) > len(of)+1 || len(name) < len(of)-1 {
		return false
	}
	if skeleton(name) == skeleton(of) {
		return true
	}
	if len(name) == len(of) {
		for i := 0; i+1 < len(of); i++ {
			if of[:i]+of[i+1:i+2]+of[i:i+1]+of[i+2:] == name {
				return true
			}
		}
	}
	if len(name) == len(of)+1 {
		for i := range of {
			if of[:i+1]+of[i:] == name {
				return true
			}
		}
	}
	return false
}

// networkRegistryPublish: the code sends to the registry's publishing
// interface itself, not by a package manager.
func networkRegistryPublish(in *Input) []Issue {
	b := in.Behavior("trait/registry-publish")
	if b == nil || b.Contexts&^javascript.Unreachable == 0 {
		return nil
	}
	severity := High
	if b.Contexts&(javascript.Install|javascript.Launch) == 0 {
		severity = Medium // a client of the registry, for whoever calls it
	}
	return one(severity, b.Evidence[:min(len(b.Evidence), 20)]...)
}
