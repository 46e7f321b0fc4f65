package candor

import (
	"context"
	"net/http"
	"time"

	"github.com/candor-go/candor/internal/requestinfo"
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
	if key == (requestinfo.ClientKey{}) {
		return c.RemoteAddr
	}
	return c.own().Value(key)
}

// withCaller is the request under a context that tells its address, for handlers
// which get the request and not a context.
func withCaller(r *http.Request) *http.Request {
	if requestinfo.Client(r.Context()) == r.RemoteAddr {
		return r
	}
	return r.WithContext(requestinfo.WithClient(r.Context(), r.RemoteAddr))
}
