package middleware

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/requestinfo"
)

// TrustedProxies is middleware that takes the client's address, the scheme and
// the prefix of the path from what proxies of these networks say, such as
// "10.0.0.0/8" or "192.0.2.7"; "unix" stands for the other end of a Unix
// socket. It is to be the outermost.
//
//   - From X-Forwarded-For comes the right-most address that is none of theirs;
//     anybody could have written what is to the left of it. It becomes
//     r.RemoteAddr, with port 0.
//   - X-Forwarded-Proto, the right-most of several, decides what [Scheme] says.
//   - X-Forwarded-Prefix is put before the paths of redirects where Config.RootPath is
//     empty.
//   - The host is still the one of the Host header.
//   - From anyone else, and from calls of [candor.InProcess], these headers and
//     Forwarded are removed.
//
// No network, one that cannot be read, and one that is everybody panic.
func TrustedProxies(networks ...string) func(http.Handler) http.Handler {
	trusted, err := parseNetworks(networks)
	if err != nil {
		panic(fmt.Errorf("candor: middleware.TrustedProxies at %s: %w", callsite.Here(), err))
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, trusted.unproxied(r))
		})
	}
}

// proxies are the networks whose X-Forwarded headers count.
type proxies struct {
	networks []netip.Prefix
	unix     bool
}

func parseNetworks(networks []string) (*proxies, error) {
	p := &proxies{}
	for _, text := range networks {
		if text == "unix" {
			p.unix = true
			continue
		}
		network, err := netip.ParsePrefix(text)
		if err != nil {
			address, single := netip.ParseAddr(text)
			if single != nil || address.Zone() != "" {
				return nil, fmt.Errorf(`%q is not a network; write one such as "10.0.0.0/8" or an address`, text)
			}
			// Addresses of clients are unmapped too, so both are compared as IPv4.
			network = netip.PrefixFrom(address.Unmap(), address.Unmap().BitLen())
		}
		if network.Bits() == 0 {
			return nil, fmt.Errorf("%q is everybody, who then could claim to be anyone; list the networks of your proxies", text)
		}
		p.networks = append(p.networks, network.Masked())
	}
	if len(p.networks) == 0 && !p.unix {
		return nil, fmt.Errorf(`no network is given; list those of your proxies, such as "10.0.0.0/8"`)
	}
	return p, nil
}

func (p *proxies) trusts(address netip.Addr) bool {
	return slices.ContainsFunc(p.networks, func(n netip.Prefix) bool { return n.Contains(address) })
}

// trustsPeer reports whether the other end of the connection is a proxy.
func (p *proxies) trustsPeer(r *http.Request) bool {
	if requestinfo.IsInProcess(r) {
		return false
	}
	// Which of the two a Unix socket has depends on the system.
	if r.RemoteAddr == "" || r.RemoteAddr == "@" {
		return p.unix
	}
	peer, ok := requestinfo.Address(r)
	return ok && p.trusts(peer)
}

var forwardedHeaders = []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Prefix", "X-Forwarded-Host", "X-Forwarded-Port", "X-Real-Ip", "Forwarded"}

// unproxied is the request as the first proxy got it.
func (p *proxies) unproxied(r *http.Request) *http.Request {
	if !p.trustsPeer(r) {
		for _, name := range forwardedHeaders {
			// Anybody may have written these, and the handler must not trust them either.
			delete(r.Header, name)
		}
		return r
	}
	ctx := r.Context()
	if scheme := lastOf(r, "X-Forwarded-Proto"); scheme == "http" || scheme == "https" {
		ctx = context.WithValue(ctx, schemeKey{}, scheme)
	}
	// It becomes part of a Location, so it must be a path and fit into a header.
	if prefix := strings.TrimSuffix(lastOf(r, "X-Forwarded-Prefix"), "/"); prefix != "" && requestinfo.IsRootPath(prefix) && !mediatype.HasControl(prefix) && !strings.Contains(prefix, "\t") {
		ctx = requestinfo.WithRootPath(ctx, prefix)
	}
	address := r.RemoteAddr
	if client, ok := p.client(r.Header.Values("X-Forwarded-For")); ok {
		address = netip.AddrPortFrom(client, 0).String()
		ctx = requestinfo.WithClient(ctx, address)
	}
	inner := r.WithContext(ctx)
	inner.RemoteAddr = address
	return inner
}

// client is the right-most address that is no proxy's. Where all are, it is the
// left-most; what cannot be read, and all to the left of it, does not count.
func (p *proxies) client(lines []string) (client netip.Addr, found bool) {
	// Lines of one name are one list (RFC 9110, section 5.3).
	hops := strings.Split(strings.Join(lines, ","), ",")
	for _, hop := range slices.Backward(hops) {
		address, err := parseHop(strings.TrimSpace(hop))
		if err != nil {
			return client, found
		}
		client, found = address, true
		if !p.trusts(client) {
			break
		}
	}
	return client, found
}

// parseHop reads an address, which some proxies write with a port.
func parseHop(text string) (netip.Addr, error) {
	address, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		var withPort netip.AddrPort
		withPort, err = netip.ParseAddrPort(text)
		address = withPort.Addr()
	}
	return address.Unmap().WithZone(""), err
}

// lastOf is the right-most value of a header that is a list.
func lastOf(r *http.Request, name string) string {
	lines := r.Header.Values(name)
	if len(lines) == 0 {
		return ""
	}
	last := lines[len(lines)-1]
	return strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
}

type schemeKey struct{}

// Scheme is what the client used: "https" or "http", as the connection has it
// or, inside of [TrustedProxies], as the proxy says.
func Scheme(r *http.Request) string {
	if scheme, ok := r.Context().Value(schemeKey{}).(string); ok {
		return scheme
	}
	if r.TLS != nil {
		return "https"
	}
	return "http"
}
