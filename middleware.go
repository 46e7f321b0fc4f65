package candor

import (
	"bufio"
	"net"
	"net/http"
	"slices"
)

// WriteError answers the request with err the way its app answers errors: for
// middleware that refuses a request, and for plain handlers. See [HTTPError]
// and [ValidationError] for errors that reach the client; any other is a 500
// whose text stays on the server. [OnError] and [OnStatus] of the routers
// around the route hold here too; for a path without a route, those of the app.
// Called outside of an app, it answers the same way with the defaults.
//
// An answer that has begun cannot become another: then the error is logged,
// and the connection aborted by panicking with http.ErrAbortHandler.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	errorsOf(r).write(w, r, err)
}

// Middleware makes middleware of a function that may return an error, which is
// then answered as by [WriteError]. The function calls next for the rest of the
// request, or returns without, having answered or with an error:
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
// What next answers has been written when it returns; an error after that is
// logged, and the connection aborted.
func Middleware(f func(w http.ResponseWriter, r *http.Request, next http.Handler) error) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			watched := watch(w)
			if err := f(watched, r, next); err != nil {
				WriteError(watched, r, err)
			}
		})
	}
}

// protect turns a panic into an error answer, or, where the answer has begun,
// into an aborted connection, so that the client sees that it is cut short.
func protect(w http.ResponseWriter, r *http.Request, ew *errorWriter, next func(http.ResponseWriter, *http.Request)) {
	watched := watch(w)
	defer func() {
		if value := recover(); value != nil {
			ew.write(watched, r, recovered(value))
		}
	}()
	next(watched, r)
}

// watchedWriter knows what was answered.
type watchedWriter struct {
	http.ResponseWriter
	// begun is whether the answer has begun, status what it has then, and bytes
	// the size of its body so far.
	begun  bool
	status int
	bytes  int64
	// before are called right before the header is sent, the last first.
	before []func(status int, header http.Header)
}

// watch makes a writer that knows.
func watch(w http.ResponseWriter) *watchedWriter {
	if watched, ok := w.(*watchedWriter); ok {
		return watched
	}
	return &watchedWriter{ResponseWriter: w}
}

func (w *watchedWriter) hasBegun() bool { return w.begun || hasBegun(w.ResponseWriter) }

// begin is called with each status that is about to be sent.
func (w *watchedWriter) begin(status int) {
	if w.begun || status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	w.begun, w.status = true, status
	w.callBefore(status)
}

// callBefore calls the functions that wait for the header, once.
func (w *watchedWriter) callBefore(status int) {
	waiting := w.before
	w.before = nil
	for _, f := range slices.Backward(waiting) {
		f(status, w.Header())
	}
}

// Unwrap lets http.ResponseController reach the server's own writer.
func (w *watchedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *watchedWriter) WriteHeader(status int) {
	w.begin(status)
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *watchedWriter) Write(p []byte) (int, error) {
	w.begin(http.StatusOK)
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// FlushError serves http.ResponseController.
func (w *watchedWriter) FlushError() error {
	w.begin(http.StatusOK)
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack serves wrappers that ask for an http.Hijacker, as some of compression
// do for WebSockets.
func (w *watchedWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil { // what is written now is no business of ours
		w.begin(http.StatusSwitchingProtocols)
	}
	return conn, buffered, err
}

// Flush serves handlers that ask for an http.Flusher.
func (w *watchedWriter) Flush() { _ = w.FlushError() }
