package layer

import (
	"bufio"
	"net"
	"net/http"
	"slices"
)

// Writer knows what was sent. Its fields are for reading.
type Writer struct {
	http.ResponseWriter
	// Begun means that the header was sent, with Status. Bytes is the size of the
	// body so far.
	Begun  bool
	Status int
	Bytes  int64
	// before are called right before the header is sent, the last first.
	before []func(status int, header http.Header)
}

// Watch is w as a Writer.
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

// ServeBefore serves a request, with a function that is called once, right before
// the header is sent.
func ServeBefore(next http.Handler, w http.ResponseWriter, r *http.Request, f func(status int, header http.Header)) {
	watched := Watch(w)
	watched.before = append(watched.before, f)
	next.ServeHTTP(watched, r)
	if !watched.Begun {
		watched.callBefore(http.StatusOK) // net/http sends it where nobody did
	}
}

// HasBegun asks the writers inside too: one of them may have sent the header
// before this one was made.
func (w *Writer) HasBegun() bool { return w.Begun || HasBegun(w.ResponseWriter) }

// begin is called with each status that is about to be sent.
func (w *Writer) begin(status int) {
	if w.Begun || status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	w.Begun, w.Status = true, status
	w.callBefore(status)
}

// callBefore calls the functions that wait for the header, once.
func (w *Writer) callBefore(status int) {
	waiting := w.before
	w.before = nil // one of them may write, which would call them again
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

// FlushError serves http.ResponseController.
func (w *Writer) FlushError() error {
	w.begin(http.StatusOK)
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack serves wrappers that ask for an http.Hijacker, as some of compression
// do for WebSockets.
func (w *Writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil { // the writer does not see what is sent from now on
		w.begin(http.StatusSwitchingProtocols)
	}
	return conn, buffered, err
}

// Flush serves handlers that ask for an http.Flusher.
func (w *Writer) Flush() { _ = w.FlushError() }
