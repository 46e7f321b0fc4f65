package candor

import (
	"net/http"
	"slices"
)

// WriteError answers the request with err the way its app answers errors: for
// middleware that refuses a request. See [HTTPError] and [ValidationError] for
// errors that reach the client; any other is a 500 whose text stays on the
// server. Called outside of an app, it answers the same way with the defaults.
//
// The response must not have begun.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	errorsOf(r).write(w, r, err)
}

// wrap puts middleware around a handler, the first outermost.
func wrap(h http.Handler, middleware []func(http.Handler) http.Handler) http.Handler {
	for _, m := range slices.Backward(middleware) {
		h = m(h)
	}
	return h
}

// protect turns a panic into an error answer, or, where the answer has begun,
// into an aborted connection, so that the client sees that it is cut short.
func protect(w http.ResponseWriter, r *http.Request, ew *errorWriter, next func(http.ResponseWriter, *http.Request)) {
	watched := &watchedWriter{ResponseWriter: w}
	defer func() {
		value := recover()
		if value == nil {
			return
		}
		err := recovered(value)
		if watched.begun {
			ew.known(r, err)
			panic(http.ErrAbortHandler)
		}
		ew.write(w, r, err)
	}()
	next(watched, r)
}

// watchedWriter knows whether the answer has begun.
type watchedWriter struct {
	http.ResponseWriter
	begun bool
}

// Unwrap lets http.ResponseController reach the server's own writer.
func (w *watchedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *watchedWriter) WriteHeader(status int) {
	w.begun = w.begun || status >= 200
	w.ResponseWriter.WriteHeader(status)
}

func (w *watchedWriter) Write(p []byte) (int, error) {
	w.begun = true
	return w.ResponseWriter.Write(p)
}

// Flush serves handlers that ask for an http.Flusher.
func (w *watchedWriter) Flush() {
	w.begun = true
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}
