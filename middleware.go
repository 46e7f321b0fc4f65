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

// WriteError sends err as the response, in the format of the app that serves the request. Use it in middleware that
// refuses a request, and in plain handlers. An [HTTPError] or [ValidationError] reaches the client; any other error is
// a 500 whose text stays on the server. [OnError] and [OnStatus] of the route's routers apply or, for a path without a
// route, those of the app. Outside of an app the default format is used.
//
// If a response has already begun, the error is logged and the connection is aborted by a panic with
// http.ErrAbortHandler.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	errorsOf(r).write(w, r, err)
}

// Middleware turns a function that may return an error into middleware; the error is sent as by [WriteError]. The
// function calls next to go on with the request; if it does not, it must write a response or return an error:
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
// When next returns, the response has been written. An error after that is logged, and the connection is aborted.
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

// protect turns a panic into an error response or, if the response has begun, aborts the connection, so that the client
// sees that it is incomplete.
func protect(w http.ResponseWriter, r *http.Request, ew *errorWriter, next func(http.ResponseWriter, *http.Request)) {
	watched := layer.Watch(w)
	defer func() {
		if value := recover(); value != nil {
			ew.write(watched, r, panics.Recovered(value))
		}
	}()
	next(watched, r)
}

// BeforeHeader returns middleware that calls f once for each response, right before its header is sent: for headers
// that depend on the status or on headers set by inner handlers. Nothing is buffered. f is called for a status of 101,
// which takes over the connection, but not for other statuses below 200.
func BeforeHeader(f func(r *http.Request, status int, header http.Header)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			layer.ServeBefore(next, w, r, func(status int, header http.Header) { f(r, status, header) })
		})
	}
}

// ErrPreconditionFailed is the 412 for a request whose precondition does not match the current state of the resource.
// See [CheckETag].
var ErrPreconditionFailed = Error(http.StatusPreconditionFailed, "the resource is not in the state that the request asks for")

// CheckETag evaluates the preconditions of a request (RFC 9110, section 13.2). tag is the current ETag of the resource
// with its quotes, such as `"v3"`, or "" if the resource does not exist. It returns
//
//   - [ErrPreconditionFailed] if If-Match does not list the tag, or if If-None-Match lists it and the method is not GET
//     or HEAD. A PUT with the ETag that its client has seen thus cannot overwrite the change of another client;
//   - an error with status 304 if If-None-Match lists the tag and the method is GET or HEAD: the client has the current
//     version;
//   - nil otherwise.
//
// Declare the 412 by Raises(ErrPreconditionFailed), and the 304 by Responds[None](304).
func CheckETag(r *http.Request, tag string) error {
	switch etag.Precondition(r, tag, time.Time{}) {
	case http.StatusNotModified:
		return Error(http.StatusNotModified, nil).WithHeader("ETag", tag)
	case http.StatusPreconditionFailed:
		return ErrPreconditionFailed
	}
	return nil
}

// TrustedHosts refuses requests with a Host header that is not in the list, with a documented 400. It protects apps
// that build links from the host, and against DNS rebinding. "*.example.com" matches every name below example.com;
// ports and case are ignored. The health paths are served under any name. The check runs at the option's position among
// the middleware.
func TrustedHosts(hosts ...string) Option {
	return everywhere(func(s *settings) error {
		trusted := map[string]bool{}
		for _, host := range hosts {
			name := strings.ToLower(host)
			// An IPv6 address in brackets contains colons; any other colon belongs to a port, which would never match.
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

// trusts looks up the name, then a pattern for each of its parent domains.
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

// errTimedOut is the cause of a context that a Timeout has ended.
var errTimedOut = errors.New("the operation took longer than its Timeout")

// Timeout limits how long an operation may take: after d, the context of guards, providers and the handler ends. An
// error that they then return becomes a documented 504 Gateway Timeout, unless it is an [HTTPError] or a
// [ValidationError]. The innermost Timeout applies; 0 removes an outer one.
//
//   - Code that does not watch its context is not interrupted. An operation that is late but succeeds responds as
//     usual.
//   - Scoped providers end as after any other error: a transaction begun with the context is rolled back.
//   - It covers a whole stream, which is aborted.
//   - A plain or mounted handler sees it in the context of its request. If it returns without having written anything
//     after that, the response is a 504, too.
//   - Reading the body has its own limits: see [Limits].
func Timeout(d time.Duration) Option {
	return everywhere(func(s *settings) error {
		if d < 0 {
			return fmt.Errorf("Timeout(%s); write a positive duration, or 0 for none", d)
		}
		s.timeout = &d
		return nil
	})
}

// limited returns the request with a context that ends after d.
func limited(r *http.Request, d time.Duration) (*http.Request, context.CancelFunc) {
	ctx, cancel := context.WithTimeoutCause(r.Context(), d, errTimedOut)
	return r.WithContext(ctx), cancel
}

// isLate reports whether err is due to a context whose Timeout has passed. Errors made for the client are kept, and so
// are panics.
func isLate(ctx context.Context, err error) bool {
	if err == nil || !errors.Is(context.Cause(ctx), errTimedOut) {
		return false
	}
	// An error made for the client says more than that the operation took too long.
	_, panicked := errors.AsType[*panics.Error](err)
	return httpErrorIn(err) == nil && invalidIn(opened(err)) == nil && !panicked
}
