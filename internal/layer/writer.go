package layer

import (
	"bufio"
	"net"
	"net/http"
	"slices"
)

// Writer records what was sent. Its fields must only be read.
type Writer struct {
	http.ResponseWriter
	// Begun means that the header was sent with Status. Bytes is the size of the body so far.
	Begun  bool
	Status int
	Bytes  int64
	// before are called right before the header is sent, in reverse order.
	before []func(status int, header http.Header)
}

// Watch returns w as a Writer.
func Watch(w http.ResponseWriter) *Writer {
	if watched, ok := w.(*Writer); ok {
		return watched
	}
	return &Writer{ResponseWriter: w}
}

// HasBegun reports whether a response has begun, as far as its writer knows.
func HasBegun(w http.ResponseWriter) bool {
	watched, ok := w.(interface{ HasBegun() bool })
	return ok && watched.HasBegun()
}

// ServeBefore serves a request and calls f once, right before the header is sent.
func ServeBefore(next http.Handler, w http.ResponseWriter, r *http.Request, f func(status int, header http.Header)) {
	watched := Watch(w)
	watched.before = append(watched.before, f)
	next.ServeHTTP(watched, r)
	if !watched.Begun {
		watched.callBefore(http.StatusOK) // net/http sends this status if no handler did
	}
}

// HasBegun also asks inner writers: one of them may have sent the header before this one was created.
func (w *Writer) HasBegun() bool { return w.Begun || HasBegun(w.ResponseWriter) }

// begin is called for each status that is about to be sent.
func (w *Writer) begin(status int) {
	// With a status of more than three digits net/http panics and sends nothing, so the response can still be an error.
	if w.Begun || status < 200 && status != http.StatusSwitchingProtocols || status > 999 {
		return
	}
	w.Begun, w.Status = true, status
	w.callBefore(status)
}

// callBefore calls the functions in before, once.
func (w *Writer) callBefore(status int) {
	waiting := w.before
	w.before = nil // cleared first, because a function that writes would call them again
	for _, f := range slices.Backward(waiting) {
		f(status, w.Header())
	}
}

// Unwrap lets http.ResponseController reach the server's own writer.
func (w *Writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *Writer) WriteHeader(status int) {
	w.begin(status)
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *Writer) Write(p []byte) (int, error) {
	w.begin(http.StatusOK)
	n, err := w.ResponseWriter.Write(p)
	w.Bytes += int64(n)
	return n, err
}

// FlushError is used by http.ResponseController.
func (w *Writer) FlushError() error {
	w.begin(http.StatusOK)
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack is for wrappers that ask for an http.Hijacker, as some compression middleware does for WebSockets.
func (w *Writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil { // from now on the writer does not see what is sent
		w.begin(http.StatusSwitchingProtocols)
	}
	return conn, buffered, err
}

// Flush is for handlers that ask for an http.Flusher.
func (w *Writer) Flush() { _ = w.FlushError() }
