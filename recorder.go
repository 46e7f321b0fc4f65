package candor

import (
	"io"
	"net/http"
	"sync"

	"github.com/candor-go/candor/internal/mediatype"
)

// recorder is the writer of a response that stays in the process. It records what
// a server would send.
type recorder struct {
	header http.Header
	body   io.Writer
	head   bool
	once   sync.Once
	// fixed and fixedHeader are the status and the header of the first WriteHeader;
	// they are sent with the first bytes of the body, as net/http does.
	fixed       int
	fixedHeader http.Header
	// begun is closed once the header is sent; status and sent are read only then.
	begun  chan struct{}
	status int
	sent   http.Header
}

func newRecorder(method string, body io.Writer) *recorder {
	return &recorder{header: http.Header{}, body: body, head: method == http.MethodHead, begun: make(chan struct{})}
}

// serve runs the handler. It returns the value of its panic, nil without one.
func (w *recorder) serve(h http.Handler, r *http.Request) (failure any) {
	defer func() { failure = recover() }()
	h.ServeHTTP(w, r)
	w.begin(http.StatusOK)
	return nil
}

// fix fixes the status and the header.
func (w *recorder) fix(status int) {
	if w.fixed == 0 {
		w.fixed, w.fixedHeader = status, w.header.Clone()
	}
}

// begin sends them, at the first write, flush, or the end of the handler.
func (w *recorder) begin(status int) {
	w.once.Do(func() {
		w.fix(status)
		w.status, w.sent = w.fixed, w.fixedHeader
		close(w.begun)
	})
}

// sniff gives a body without a Content-Type the one that net/http would find.
func (w *recorder) sniff(p []byte) {
	_, hasType := w.fixedHeader["Content-Type"]
	if !hasType && w.fixedHeader.Get("Content-Encoding") == "" && w.fixedHeader.Get("Transfer-Encoding") == "" && len(p) > 0 {
		w.fixedHeader.Set("Content-Type", http.DetectContentType(p))
	}
}

// Header implements http.ResponseWriter.
func (w *recorder) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) {
	if status >= http.StatusOK { // nobody in the process waits for a hint
		w.fix(status)
	}
}

// Write implements http.ResponseWriter.
func (w *recorder) Write(p []byte) (int, error) {
	w.fix(http.StatusOK)
	if !mediatype.BodyAllowed(w.fixed) {
		return 0, http.ErrBodyNotAllowed
	}
	if w.status == 0 {
		w.sniff(p)
		w.begin(http.StatusOK)
	}
	if w.head { // the handler is that of GET and writes a body
		return len(p), nil
	}
	return w.body.Write(p)
}

// Flush implements http.Flusher.
func (w *recorder) Flush() { w.begin(http.StatusOK) }

// abortError is the error that a reader of an aborted response gets.
func abortError(failure any) error {
	if failure != nil {
		return io.ErrUnexpectedEOF
	}
	return nil
}
