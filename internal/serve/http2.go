package serve

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// A stream is an HTTP/2 request. Many streams share a connection, so the limits of a body and of a write are deadlines of
// the stream: a client that does not open the window for one response stalls only that stream.
type stream struct {
	http.ResponseWriter
	control *http.ResponseController
	lim     *Limits

	written   int  // since the last flush
	freeWrite bool // a handler has set the write deadline
	freeRead  bool // a handler has set the read deadline
	bodyPace  pace
}

// serveStream calls the handler with the limits of a stream. net/http writes the rest of its buffer after the handler
// has returned, so the last deadline stays.
func (s *server) serveStream(w http.ResponseWriter, r *http.Request) {
	st := &stream{ResponseWriter: w, control: http.NewResponseController(w), lim: &s.lim}
	defer st.arm()
	if isMalformed(r) {
		s.refuse(st)
		return
	}
	if r.Body != http.NoBody {
		r.Body = &streamBody{ReadCloser: r.Body, stream: st}
	}
	s.handler.ServeHTTP(st, r)
}

// Unwrap is used by [http.ResponseController].
func (st *stream) Unwrap() http.ResponseWriter { return st.ResponseWriter }

// unsent is how much net/http buffers: smaller writes, in total, do not block.
const unsent = 4 << 10

// chunk is how much a client must accept within Limits.Write.
const chunk = 16 << 10

// Write renews the deadline for each chunk, because net/http does not report how much of a write a client has accepted.
func (st *stream) Write(p []byte) (moved int, err error) {
	for {
		n, err := st.writeChunk(p[moved:min(len(p), moved+chunk)])
		if moved += n; err != nil || moved == len(p) {
			return moved, err
		}
	}
}

func (st *stream) writeChunk(p []byte) (int, error) {
	st.written += len(p)
	if st.written < unsent {
		return st.ResponseWriter.Write(p)
	}
	st.arm()
	defer st.disarm()
	return st.ResponseWriter.Write(p)
}

// WriteString implements [io.StringWriter].
func (st *stream) WriteString(text string) (int, error) { return st.Write([]byte(text)) }

// Flush implements [http.Flusher].
func (st *stream) Flush() { _ = st.FlushError() }

// FlushError sends buffered data.
func (st *stream) FlushError() error {
	st.arm()
	defer st.disarm()
	st.written = 0
	return st.control.Flush()
}

func (st *stream) arm() {
	if !st.freeWrite {
		_ = st.control.SetWriteDeadline(time.Now().Add(st.lim.Write))
	}
}

// disarm removes the deadline, so that a handler may pause for any time.
func (st *stream) disarm() {
	if !st.freeWrite {
		_ = st.control.SetWriteDeadline(time.Time{})
	}
}

// SetWriteDeadline replaces the deadlines of the stream until it is called with the zero time.
func (st *stream) SetWriteDeadline(t time.Time) error {
	st.freeWrite = !t.IsZero()
	return st.control.SetWriteDeadline(t)
}

// SetReadDeadline replaces the limits of the body.
func (st *stream) SetReadDeadline(t time.Time) error {
	st.freeRead = true
	return st.control.SetReadDeadline(t)
}

// streamBody is the body of an HTTP/2 request with the limits Limits.Body and Limits.BodyRate.
type streamBody struct {
	io.ReadCloser
	stream *stream
}

// Read has a deadline at which the body becomes too slow. Only time spent in Read counts.
func (b *streamBody) Read(p []byte) (int, error) {
	st := b.stream
	if st.freeRead {
		return b.ReadCloser.Read(p)
	}
	start := time.Now()
	_ = st.control.SetReadDeadline(start.Add(st.bodyPace.left(st.lim)))
	n, err := b.ReadCloser.Read(p)
	st.bodyPace.waited += time.Since(start)
	st.bodyPace.moved += n
	// Any other deadline does not mean that the body was too slow.
	if errors.Is(err, os.ErrDeadlineExceeded) && !st.freeRead {
		err = st.bodyPace.slow()
	}
	return n, err
}
