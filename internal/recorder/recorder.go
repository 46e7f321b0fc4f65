// Package recorder is an http.ResponseWriter that keeps the response in the process, for the test client and for
// clients that call an app in process.
package recorder

import (
	"io"
	"net/http"
	"sync"

	"github.com/candor-go/candor/internal/mediatype"
)

// Recorder is the writer of a response that stays in the process. It records what a server would send.
type Recorder struct {
	header http.Header
	body   io.Writer
	head   bool
	once   sync.Once
	// fixed and fixedHeader are the status and the header of the first WriteHeader; they are sent with the first bytes of
	// the body, as net/http does.
	fixed       int
	fixedHeader http.Header
	// Begun is closed once the header is sent; Status and Sent are read only then.
	Begun  chan struct{}
	Status int
	Sent   http.Header
}

// New creates the recorder of a response to a request with the method; body receives the response body.
func New(method string, body io.Writer) *Recorder {
	return &Recorder{header: http.Header{}, body: body, head: method == http.MethodHead, Begun: make(chan struct{})}
}

// Serve runs the handler. It returns the value of its panic, nil without one.
func (w *Recorder) Serve(h http.Handler, r *http.Request) (failure any) {
	defer func() { failure = recover() }()
	h.ServeHTTP(w, r)
	w.Begin(http.StatusOK)
	return nil
}

// fix fixes the status and the header.
func (w *Recorder) fix(status int) {
	if w.fixed == 0 {
		w.fixed, w.fixedHeader = status, w.header.Clone()
	}
}

// Begin sends them, at the first write, flush, or the end of the handler.
func (w *Recorder) Begin(status int) {
	w.once.Do(func() {
		w.fix(status)
		w.Status, w.Sent = w.fixed, w.fixedHeader
		close(w.Begun)
	})
}

// HasBegun reports whether the header is sent.
func (w *Recorder) HasBegun() bool {
	select {
	case <-w.Begun:
		return true
	default:
		return false
	}
}

// sniff sets a missing Content-Type to the one that net/http would detect.
func (w *Recorder) sniff(p []byte) {
	_, hasType := w.fixedHeader["Content-Type"]
	if !hasType && w.fixedHeader.Get("Content-Encoding") == "" && w.fixedHeader.Get("Transfer-Encoding") == "" && len(p) > 0 {
		w.fixedHeader.Set("Content-Type", http.DetectContentType(p))
	}
}

// Header implements http.ResponseWriter.
func (w *Recorder) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *Recorder) WriteHeader(status int) {
	if status >= http.StatusOK { // no caller in the process waits for a hint
		w.fix(status)
	}
}

// Write implements http.ResponseWriter.
func (w *Recorder) Write(p []byte) (int, error) {
	w.fix(http.StatusOK)
	if !mediatype.BodyAllowed(w.fixed) {
		return 0, http.ErrBodyNotAllowed
	}
	if w.Status == 0 {
		w.sniff(p)
		w.Begin(http.StatusOK)
	}
	if w.head { // the handler is for GET and writes a body
		return len(p), nil
	}
	return w.body.Write(p)
}

// Flush implements http.Flusher.
func (w *Recorder) Flush() { w.Begin(http.StatusOK) }
