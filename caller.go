package candor

import (
	"context"
	"net/http"
	"time"
)

// requestContext is the context that the functions of a request get: the
// request's own, which also tells the address that the request came from. It is
// the request itself under another type, so that making one takes no memory.
type requestContext http.Request

func (c *requestContext) own() context.Context { return (*http.Request)(c).Context() }

// Deadline implements context.Context.
func (c *requestContext) Deadline() (time.Time, bool) { return c.own().Deadline() }

// Done implements context.Context.
func (c *requestContext) Done() <-chan struct{} { return c.own().Done() }

// Err implements context.Context.
func (c *requestContext) Err() error { return c.own().Err() }

// Value implements context.Context.
func (c *requestContext) Value(key any) any {
	if key == (callerKey{}) {
		return c.RemoteAddr
	}
	return c.own().Value(key)
}

type callerKey struct{}

// callerOf is the address that the request of a context came from, "" for a
// context of no request.
func callerOf(ctx context.Context) string {
	address, _ := ctx.Value(callerKey{}).(string)
	return address
}

// withCaller is the request under a context that tells its address, for handlers
// which get the request and not a context.
func withCaller(r *http.Request) *http.Request {
	if callerOf(r.Context()) == r.RemoteAddr {
		return r
	}
	return r.WithContext(context.WithValue(r.Context(), callerKey{}, r.RemoteAddr))
}

type inProcessKey struct{}

// inProcess marks the context of a request that came without a connection, from
// this process.
func inProcess(ctx context.Context) context.Context {
	return context.WithValue(ctx, inProcessKey{}, true)
}

// isInProcess reports whether the request came from this process. A request that
// it leads to over a connection has a context of its own.
func isInProcess(r *http.Request) bool { return r.Context().Value(inProcessKey{}) != nil }
