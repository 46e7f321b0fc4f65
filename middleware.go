package candor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/candor-go/candor/internal/etag"
	"github.com/candor-go/candor/internal/layer"
	"github.com/candor-go/candor/internal/panics"
	"github.com/candor-go/candor/internal/requestinfo"
)

// WriteError responds to the request with err the way its app responds to errors:
// for middleware that refuses a request, and for plain handlers. See [HTTPError]
// and [ValidationError] for errors that reach the client; any other is a 500
// whose text stays on the server. [OnError] and [OnStatus] of the
// route's routers hold here too; for a path without a route, those of the app.
// Called outside of an app, it responds the same way with the defaults.
//
// A response that has begun cannot become another: then the error is logged,
// and the connection aborted by panicking with http.ErrAbortHandler.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	errorsOf(r).write(w, r, err)
}

// Middleware makes middleware of a function that may return an error, which
// becomes the response as by [WriteError]. The function calls next for the rest of
// the request, or returns without, after a response of its own or with an error:
//
//	limit := candor.Middleware(func(w http.ResponseWriter, r *http.Request, next http.Handler) error {
//		if !allowed(r) {
//			return ErrTooManyRequests
//		}
//		next.ServeHTTP(w, r)
//		return nil
//	})
//	app := candor.New(candor.Config{}, candor.Use(limit))
//
// The response of next has been written when it returns; an error after that is
// logged, and the connection aborted.
func Middleware(f func(w http.ResponseWriter, r *http.Request, next http.Handler) error) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			watched := layer.Watch(w)
			if err := f(watched, r, next); err != nil {
				WriteError(watched, r, err)
			}
		})
	}
}

// protect turns a panic into an error response, or, where the response has begun,
// into an aborted connection, so that the client sees that it is incomplete.
func protect(w http.ResponseWriter, r *http.Request, ew *errorWriter, next func(http.ResponseWriter, *http.Request)) {
	watched := layer.Watch(w)
	defer func() {
		if value := recover(); value != nil {
			ew.write(watched, r, panics.Recovered(value))
		}
	}()
	next(watched, r)
}

// BeforeHeader is middleware that calls f once for each response, right before
// its header is sent: for headers that depend on the status or on what was set
// inside. Nothing is buffered. f is also called where the connection is taken
// over by a status of 101, but not for other statuses below 200.
func BeforeHeader(f func(r *http.Request, status int, header http.Header)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			layer.ServeBefore(next, w, r, func(status int, header http.Header) { f(r, status, header) })
		})
	}
}

// ErrPreconditionFailed is the 412 of a request that asks for another state of
// a resource than the one there is. See [CheckETag].
var ErrPreconditionFailed = Error(http.StatusPreconditionFailed, "the resource is not in the state that the request asks for")

// CheckETag judges a request by the ETag of the resource as it is, in its
// quotes, such as `"v3"`, or "" for one that does not exist (RFC 9110, section
// 13.2). It returns
//
//   - [ErrPreconditionFailed] where If-Match lists another tag, or If-None-Match
//     this one and the method may change something: so a PUT that names the tag
//     of what its client has seen cannot undo the change of another client;
//   - an error that responds with 304 where If-None-Match lists the tag and the method
//     is GET or HEAD: the client has it already;
//   - nil for everything else.
//
// The 412 is declared by Raises(ErrPreconditionFailed), the 304 by
// Responds[None](304).
func CheckETag(r *http.Request, tag string) error {
	switch etag.Precondition(r, tag, time.Time{}) {
	case http.StatusNotModified:
		return Error(http.StatusNotModified, nil).WithHeader("ETag", tag)
	case http.StatusPreconditionFailed:
		return ErrPreconditionFailed
	}
	return nil
}

// TrustedHosts refuses requests whose Host header is none of these with 400,
// which the document lists: for those who make links of the host, and against
// pages that rebind their name to the address of the server. "*.example.com" is
// every name below example.com; ports do not matter, nor does case. The health
// paths are served under any name. It runs in its position among the middleware.
func TrustedHosts(hosts ...string) Option {
	return everywhere(func(s *settings) error {
		trusted := map[string]bool{}
		for _, host := range hosts {
			name := strings.ToLower(host)
			// An IPv6 address has colons and is in wrappers; any other colon is that of
			// a port, which would never match.
			if name == "" || strings.ContainsAny(strings.TrimPrefix(name, "*."), "*/@ ") || strings.Contains(name, ":") && !strings.HasPrefix(name, "[") {
				return fmt.Errorf(`TrustedHosts(%q); write a name without port or path, such as "example.com" or "*.example.com"`, host)
			}
			trusted[name] = true
		}
		if len(trusted) == 0 {
			return fmt.Errorf(`TrustedHosts(); list the names under which the API is reached, such as "example.com"`)
		}
		s.middleware = append(s.middleware, func(next http.Handler) http.Handler {
			return layer.Attach(&hostGuard{Layer: layer.Layer{Next: next}, trusted: trusted}, next)
		})
		return nil
	})
}

type hostGuard struct {
	layer.Layer
	trusted map[string]bool
}

var errUntrustedHost = Error(http.StatusBadRequest, "the host is not served here")

// Describe implements layer.Describer.
func (h *hostGuard) Describe(op *layer.Operation) layer.Effects {
	if op.Unguarded {
		return layer.Effects{}
	}
	return layer.Effects{Responses: []layer.Response{{Status: http.StatusBadRequest, Description: "The host is not served here", Err: errUntrustedHost}}}
}

// ServeHTTP implements http.Handler.
func (h *hostGuard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.IsUnguarded(r) && !h.trusts(strings.ToLower(requestinfo.Host(r))) {
		WriteError(w, r, errUntrustedHost)
		return
	}
	h.Next.ServeHTTP(w, r)
}

// trusts looks for the name, then for a pattern of each name above it.
func (h *hostGuard) trusts(host string) bool {
	if h.trusted[host] {
		return true
	}
	// "*.example.com" does not match example.com itself: a label is removed first.
	for {
		_, above, found := strings.Cut(host, ".")
		if !found {
			return false
		}
		if h.trusted["*."+above] {
			return true
		}
		host = above
	}
}

// errTimedOut is why a context ended that a Timeout bounds.
var errTimedOut = errors.New("the operation took longer than its Timeout")

// Timeout bounds the time of operations: it ends the context of guards,
// providers and the handler that long after the request's turn came. An error that
// they return then becomes a 504 Gateway Timeout, which the document lists, unless
// it is an [HTTPError] or a [ValidationError]. The innermost Timeout
// counts; 0 lifts one further out.
//
//   - Nothing is interrupted that does not watch its context. An operation that
//     is late but succeeds responds as usual.
//   - Scoped providers end as after any other error: a transaction begun under
//     the context is rolled back.
//   - It holds for the whole of a stream, which is then aborted.
//   - A plain handler, or one that is mounted, sees it in the context of its
//     request. One that has written nothing by then gets a 504, too.
//   - Reading the body has limits of its own: see [Limits].
func Timeout(d time.Duration) Option {
	return everywhere(func(s *settings) error {
		if d < 0 {
			return fmt.Errorf("Timeout(%s); write a positive duration, or 0 for none", d)
		}
		s.timeout = &d
		return nil
	})
}

// limited is the request under a context that ends in time.
func limited(r *http.Request, d time.Duration) (*http.Request, context.CancelFunc) {
	ctx, cancel := context.WithTimeoutCause(r.Context(), d, errTimedOut)
	return r.WithContext(ctx), cancel
}

// isLate reports whether err came of a context whose Timeout has passed. An
// error that is made for the client is kept, and so is a panic.
func isLate(ctx context.Context, err error) bool {
	if err == nil || !errors.Is(context.Cause(ctx), errTimedOut) {
		return false
	}
	// What is made for the client says more than that it took too long.
	_, invalid := errors.AsType[*ValidationError](opened(err))
	_, panicked := errors.AsType[*panics.Error](err)
	return httpErrorIn(err) == nil && !invalid && !panicked
}
