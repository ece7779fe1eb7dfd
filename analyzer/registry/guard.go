package registry

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
)

// HostError is a refusal to contact a host, before anything was sent.
type HostError struct {
	// URL is what was asked for, without credentials.
	URL    string
	Reason string
}

// Error formats as: registry: https://10.0.0.1/x.tgz is not fetched: REASON.
func (e *HostError) Error() string {
	return fmt.Sprintf("registry: %s is not fetched: %s", e.URL, e.Reason)
}

// check decides by the URL alone whether it may be fetched.
func (s *Settings) check(u *url.URL) error {
	shown := u.Scheme + "://" + u.Host + u.Path
	if u.User != nil {
		return &HostError{shown, "it holds a user name or password"}
	}
	if slices.Contains(s.AllowHosts, u.Host) || slices.Contains(s.AllowHosts, u.Hostname()) {
		if u.Scheme == "https" || u.Scheme == "http" {
			return nil
		}
	}
	for _, configured := range s.URLs() {
		c, err := url.Parse(configured)
		if err != nil || !strings.EqualFold(c.Host, u.Host) {
			continue
		}
		if u.Scheme == "https" || u.Scheme == c.Scheme {
			return nil
		}
		return &HostError{shown, "it is not https"}
	}
	if u.Scheme != "https" {
		return &HostError{shown, "it is not https"}
	}
	return &HostError{shown, "its host is not one of the configured registries"}
}

// control refuses addresses that a public registry does not have, after the
// name was resolved and for each address that is tried.
func (s *Settings) control(allowed func(address string) bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return err
		}
		ip, err := netip.ParseAddr(host)
		if err != nil {
			return err
		}
		if reason := notPublic(ip); reason != "" && !allowed(address) {
			return &HostError{"https://" + address, "its address is " + reason + "; list the host with --allow-host if that is right"}
		}
		return nil
	}
}

var (
	carrierNAT = netip.MustParsePrefix("100.64.0.0/10")
	nat64      = netip.MustParsePrefix("64:ff9b::/96")
	nat64Local = netip.MustParsePrefix("64:ff9b:1::/48")
	sixToFour  = netip.MustParsePrefix("2002::/16")
	thisHost   = netip.MustParsePrefix("0.0.0.0/8")
	benchmark  = netip.MustParsePrefix("198.18.0.0/15")
	reserved   = netip.MustParsePrefix("240.0.0.0/4")
)

// notPublic says what keeps an address from being a public one.
// Source: https://www.iana.org/assignments/iana-ipv4-special-registry
func notPublic(ip netip.Addr) string {
	ip = ip.Unmap().WithZone("")
	switch {
	case ip.IsLoopback():
		return "a loopback address"
	case ip.IsLinkLocalUnicast(), ip.IsLinkLocalMulticast():
		return "link-local"
	case ip.IsPrivate(), carrierNAT.Contains(ip):
		return "a private address"
	case ip.IsUnspecified(), thisHost.Contains(ip):
		return "unspecified"
	case ip.IsMulticast(), ip.IsInterfaceLocalMulticast():
		return "a multicast address"
	case benchmark.Contains(ip), reserved.Contains(ip):
		return "a reserved address"
	case nat64.Contains(ip):
		b := ip.As16()
		return notPublic(netip.AddrFrom4([4]byte(b[12:16])))
	case nat64Local.Contains(ip):
		return "a private address"
	case sixToFour.Contains(ip):
		b := ip.As16()
		return notPublic(netip.AddrFrom4([4]byte(b[2:6])))
	}
	return ""
}
