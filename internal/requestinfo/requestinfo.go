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

// WithID returns ctx with the id of its request. The line is a header with the id, and needs no memory of its own.
func WithID(ctx context.Context, id string) (with context.Context, line []string) {
	c := &identified{Context: ctx, id: id, line: [1]string{id}}
	return c, c.line[:]
}

// ID returns the id of the request of a context, "" if it has none.
func ID(ctx context.Context) string {
	if c, ok := ctx.Value(idKey{}).(*identified); ok {
		return c.id
	}
	return ""
}

type rootPathKey struct{}

// WithRootPath returns ctx with the path that clients see before the paths of the app.
func WithRootPath(ctx context.Context, path string) context.Context {
	return context.WithValue(ctx, rootPathKey{}, path)
}

// RootPath is the path before the app's, "" where none is known.
func RootPath(ctx context.Context) string {
	path, _ := ctx.Value(rootPathKey{}).(string)
	return path
}

// IsRootPath reports whether a path is a safe prefix, so that a redirect that begins with it stays on the host. "" is.
func IsRootPath(path string) bool {
	return path == "" || strings.HasPrefix(path, "/") && !strings.HasSuffix(path, "/") && !strings.Contains(path, "//") && !strings.ContainsAny(path, `\?#{}`)
}

// ClientKey is the context key of the address that a request came from. Contexts of the root package have it without
// another wrapper.
type ClientKey struct{}

// WithClient is ctx with the address that its request came from.
func WithClient(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, ClientKey{}, address)
}

// Client returns the address that the request of a context came from, "" for a context without a request.
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

// WithInProcess marks the context of a request from this process, without a connection.
func WithInProcess(ctx context.Context) context.Context {
	return context.WithValue(ctx, inProcessKey{}, true)
}

// IsInProcess reports whether the request came from this process. If it leads to a request over a connection, that one
// has its own context.
func IsInProcess(r *http.Request) bool { return r.Context().Value(inProcessKey{}) != nil }
