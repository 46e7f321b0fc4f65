package candor

import (
	"net/http"

	"github.com/candor-go/candor/internal/layer"
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
			ew.write(watched, r, recovered(value))
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
