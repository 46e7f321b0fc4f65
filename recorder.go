package candor

import (
	"io"
	"net/http"
	"sync"

	"github.com/candor-go/candor/internal/mediatype"
)

// recorder is the writer of an answer that stays in the process. It takes the
// answer down the way a server would send it.
type recorder struct {
	header http.Header
	body   io.Writer
	head   bool
	once   sync.Once
	// said is the status and the header that were given; they go out with the
	// first of the body, as net/http has it.
	said       int
	saidHeader http.Header
	// begun is closed with the header; then status and sent are what it is.
	begun  chan struct{}
	status int
	sent   http.Header
}

func newRecorder(method string, body io.Writer) *recorder {
	return &recorder{header: http.Header{}, body: body, head: method == http.MethodHead, begun: make(chan struct{})}
}

// serve runs the handler. The result is what it panicked with, nil if it did
// not.
func (w *recorder) serve(h http.Handler, r *http.Request) (failure any) {
	defer func() { failure = recover() }()
	h.ServeHTTP(w, r)
	w.begin(http.StatusOK)
	return nil
}

// say fixes the status and the header.
func (w *recorder) say(status int) {
	if w.said == 0 {
		w.said, w.saidHeader = status, w.header.Clone()
	}
}

// begin sends them.
func (w *recorder) begin(status int) {
	w.once.Do(func() {
		w.say(status)
		w.status, w.sent = w.said, w.saidHeader
		close(w.begun)
	})
}

// sniff gives a body without a Content-Type the one that net/http finds.
func (w *recorder) sniff(p []byte) {
	_, hasType := w.saidHeader["Content-Type"]
	if !hasType && w.saidHeader.Get("Content-Encoding") == "" && w.saidHeader.Get("Transfer-Encoding") == "" && len(p) > 0 {
		w.saidHeader.Set("Content-Type", http.DetectContentType(p))
	}
}

// Header implements http.ResponseWriter.
func (w *recorder) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) {
	if status >= http.StatusOK {
		w.say(status)
	}
}

// Write implements http.ResponseWriter.
func (w *recorder) Write(p []byte) (int, error) {
	w.say(http.StatusOK)
	if !mediatype.BodyAllowed(w.said) {
		return 0, http.ErrBodyNotAllowed
	}
	if w.status == 0 {
		w.sniff(p)
		w.begin(http.StatusOK)
	}
	switch {
	case w.head:
		return len(p), nil
	}
	return w.body.Write(p)
}

// Flush implements http.Flusher.
func (w *recorder) Flush() { w.begin(http.StatusOK) }

// cutShort is what a reader of an aborted answer sees.
func cutShort(failure any) error {
	if failure != nil {
		return io.ErrUnexpectedEOF
	}
	return nil
}
