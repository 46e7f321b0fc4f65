package recorder

import (
	"io"
	"net/http"
)

// Running is a response that is read while its handler is still writing it.
type Running struct {
	// Response has the status and the header.
	Response *Recorder
	// Body is the body, as it is written. It ends with io.ErrUnexpectedEOF if the handler panics.
	Body *io.PipeReader
	// Served is closed when the handler has returned.
	Served chan struct{}
	// failure is the value of a panic.
	failure any
}

// Start runs a handler in a goroutine.
func Start(h http.Handler, request *http.Request) *Running {
	body, into := io.Pipe()
	r := &Running{Response: New(request.Method, into), Body: body, Served: make(chan struct{})}
	go func() {
		defer close(r.Served)
		r.failure = r.Response.Serve(h, request)
		_ = into.CloseWithError(abortError(r.failure))
	}()
	return r
}

// Wait waits until the header is sent. A handler that panics before that never sends one: then Wait returns the value
// of the panic.
func (r *Running) Wait() (failure any) {
	select {
	case <-r.Response.Begun:
		return nil
	case <-r.Served:
	}
	// Both may have happened.
	if r.Response.HasBegun() {
		return nil
	}
	return r.failure
}

// abortError is the error that a reader of an aborted response gets.
func abortError(failure any) error {
	if failure != nil {
		return io.ErrUnexpectedEOF
	}
	return nil
}
