// Package requestinfo has request data that middleware sets and the rest of an app reads: the id of a request, the
// address of its client, the path prefix of the app, and whether it came over a connection at all. The root and package
// middleware share the context keys.
package requestinfo

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
)

type idKey struct{}

// identified is the context of a request that has an id.
type identified struct {
	context.Context
	id string
	// line is the header X-Request-Id, allocated along.
	line [1]string
}

// Value implements context.Context.
func (c *identified) Value(key any) any {
	if key == (idKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// WithID is ctx with the id of its request. The line is a header of it, which
// takes no memory of its own.
func WithID(ctx context.Context, id string) (with context.Context, line []string) {
	c := &identified{Context: ctx, id: id, line: [1]string{id}}
	return c, c.line[:]
}

// ID is the id of the request of a context, "" where it has none.
func ID(ctx context.Context) string {
	if c, ok := ctx.Value(idKey{}).(*identified); ok {
		return c.id
	}
	return ""
}

type rootPathKey struct{}

// WithRootPath is ctx with the path that comes before the app's where the client
// sees it.
func WithRootPath(ctx context.Context, path string) context.Context {
	return context.WithValue(ctx, rootPathKey{}, path)
}

// RootPath is the path before the app's, "" where none is known.
func RootPath(ctx context.Context) string {
	path, _ := ctx.Value(rootPathKey{}).(string)
	return path
}

// IsRootPath reports whether a path may come before others, so that a
// redirect which begins with it stays on the host. "" may.
func IsRootPath(path string) bool {
	return path == "" || strings.HasPrefix(path, "/") && !strings.HasSuffix(path, "/") && !strings.Contains(path, "//") && !strings.ContainsAny(path, `\?#{}`)
}

// ClientKey is the context key of the address that a request came from. Contexts
// of the root's own have it without another context that wraps them.
type ClientKey struct{}

// WithClient is ctx with the address that its request came from.
func WithClient(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, ClientKey{}, address)
}

// Client is the address that the request of a context came from, "" for a context
// of no request.
func Client(ctx context.Context) string {
	address, _ := ctx.Value(ClientKey{}).(string)
	return address
}

// Address is where a request comes from, where that has an IP address.
func Address(r *http.Request) (netip.Addr, bool) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return peer.Addr().Unmap().WithZone(""), err == nil
}

// Host is the host of a request without its port.
func Host(r *http.Request) string {
	host := r.Host
	// The colons of an IPv6 address are in brackets.
	if colon := strings.LastIndexByte(host, ':'); colon > strings.LastIndexByte(host, ']') {
		host = host[:colon]
	}
	return host
}

type inProcessKey struct{}

// WithInProcess marks the context of a request that came without a connection,
// from this process.
func WithInProcess(ctx context.Context) context.Context {
	return context.WithValue(ctx, inProcessKey{}, true)
}

// IsInProcess reports whether the request came from this process. A request that
// it leads to over a connection has a context of its own.
func IsInProcess(r *http.Request) bool { return r.Context().Value(inProcessKey{}) != nil }
