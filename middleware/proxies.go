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

// TrustedProxies returns middleware that takes the client's address, the scheme and the path prefix from the headers of
// trusted proxies. networks are their networks or addresses, such as "10.0.0.0/8" or "192.0.2.7"; "unix" means the
// other end of a Unix socket. It should be the outermost middleware.
//
//   - r.RemoteAddr becomes the right-most address in X-Forwarded-For that is not a trusted proxy, with port 0; anything
//     to the left of it may be forged.
//   - X-Forwarded-Proto, the right-most of several, determines [Scheme].
//   - X-Forwarded-Prefix is the prefix of redirects if Config.RootPath is empty.
//   - The host is still that of the Host header.
//   - For requests from anyone else, and calls of [candor.InProcess], these headers and Forwarded are removed.
//
// It panics if there is no network, if one is invalid, or if one includes every address.
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

// proxies are the networks whose X-Forwarded headers are trusted.
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
			// Client addresses are unmapped too, so both are compared as IPv4.
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

// unproxied returns the request as the first proxy received it.
func (p *proxies) unproxied(r *http.Request) *http.Request {
	if !p.trustsPeer(r) {
		for _, name := range forwardedHeaders {
			// Anybody may have written these, so the handler must not see them either.
			delete(r.Header, name)
		}
		return r
	}
	ctx := r.Context()
	if scheme := lastOf(r, "X-Forwarded-Proto"); scheme == "http" || scheme == "https" {
		ctx = context.WithValue(ctx, schemeKey{}, scheme)
	}
	// It becomes part of a Location, so it must be a path and valid in a header.
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

// client returns the right-most address that is not a proxy. If all are proxies, it is the left-most; an invalid entry,
// and everything to the left of it, does not count.
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

// parseHop parses an address, which some proxies write with a port.
func parseHop(text string) (netip.Addr, error) {
	address, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		var withPort netip.AddrPort
		withPort, err = netip.ParseAddrPort(text)
		address = withPort.Addr()
	}
	return address.Unmap().WithZone(""), err
}

// lastOf returns the right-most value of a list header.
func lastOf(r *http.Request, name string) string {
	lines := r.Header.Values(name)
	if len(lines) == 0 {
		return ""
	}
	last := lines[len(lines)-1]
	return strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
}

type schemeKey struct{}

// Scheme returns the scheme that the client used: "https" or "http", from the connection or, inside of
// [TrustedProxies], from the proxy.
func Scheme(r *http.Request) string {
	if scheme, ok := r.Context().Value(schemeKey{}).(string); ok {
		return scheme
	}
	if r.TLS != nil {
		return "https"
	}
	return "http"
}
