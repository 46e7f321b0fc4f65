package middleware

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/etag"
	"github.com/candor-go/candor/internal/layer"
	"github.com/candor-go/candor/internal/mediatype"
)

// ConditionalGET returns middleware for conditional requests: it adds an ETag to complete responses to GET and QUERY,
// and responds with 304 and no body if If-None-Match lists that ETag. An If-Match that does not list it is a 412. Both
// are documented.
//
//   - If a response sets ETag or Last-Modified itself, those are used.
//   - Streams, and responses written in several parts, pass unchanged: nothing is buffered. So does every response if
//     ConditionalGET is hidden; see [candor.Documented].
//   - The handler runs in any case. To avoid that too, use [candor.CheckETag] or [candor.Cache].
//   - Put it inside of middleware that changes bodies, such as compression.
func ConditionalGET() func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return layer.Attach(&conditional{Layer: layer.Layer{Next: next}}, next)
	}
}

type conditional struct {
	layer.Layer
	// passes means that responses of the operation are left unchanged.
	passes bool
}

// Describe implements layer.Describer.
func (c *conditional) Describe(op *layer.Operation) layer.Effects {
	c.passes = c.passes || op.Streams // a plain handler may serve several operations
	if op.Streams || op.Method != http.MethodGet && op.Method != mediatype.MethodQuery {
		return layer.Effects{}
	}
	return layer.Effects{
		Responses: []layer.Response{
			{Status: http.StatusNotModified, Description: "Not modified: the client has this state already"},
			{Status: http.StatusPreconditionFailed, Description: "The resource is not in the state that If-Match asks for", Err: candor.ErrPreconditionFailed},
		},
		Headers: []layer.Header{{
			Name: "ETag", Description: "Identifies this state, for If-None-Match", Statuses: []int{http.StatusOK, http.StatusNotModified},
		}},
	}
}

// ServeHTTP implements http.Handler.
func (c *conditional) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !mediatype.IsRead(r.Method) || c.passes || !c.IsKnown(r, "ConditionalGET", "responses pass unchanged") {
		c.Next.ServeHTTP(w, r)
		return
	}
	held := &conditionalWriter{ResponseWriter: w, r: r}
	c.Next.ServeHTTP(held, r)
	held.release()
}

// conditionalWriter delays the header of a complete response until its body is written.
type conditionalWriter struct {
	http.ResponseWriter
	r *http.Request
	// held means that the header waits for a body of length bytes; decided that the header was sent; discards that the
	// body is not.
	held, decided, discards bool
	length                  int
}

func (w *conditionalWriter) HasBegun() bool { return w.decided || layer.HasBegun(w.ResponseWriter) }

// Unwrap lets http.ResponseController reach the server's own writer.
func (w *conditionalWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *conditionalWriter) WriteHeader(status int) {
	h := w.Header()
	length, err := strconv.Atoi(h.Get("Content-Length"))
	switch {
	case w.decided || w.held:
	case status < 200 && status != http.StatusSwitchingProtocols:
		w.ResponseWriter.WriteHeader(status)
	case status != http.StatusOK:
		w.decided = true
		w.ResponseWriter.WriteHeader(status)
	case h.Get("Etag") != "" || h.Get("Last-Modified") != "":
		w.decide()
	case err == nil && length > 0:
		w.held, w.length = true, length
	default:
		w.decided = true
		w.ResponseWriter.WriteHeader(status)
	}
}

// decide sends the header, or the response that the preconditions ask for.
func (w *conditionalWriter) decide() {
	w.held, w.decided = false, true
	h := w.Header()
	modified, _ := http.ParseTime(h.Get("Last-Modified"))
	switch etag.Precondition(w.r, h.Get("Etag"), modified) {
	case http.StatusNotModified:
		w.discards = true
		// A 304 has no body, and a client would wait for one with a length.
		for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding"} {
			delete(h, name)
		}
		w.ResponseWriter.WriteHeader(http.StatusNotModified)
	case http.StatusPreconditionFailed:
		w.discards = true
		candor.WriteError(w.ResponseWriter, w.r, candor.ErrPreconditionFailed)
	default:
		w.ResponseWriter.WriteHeader(http.StatusOK)
	}
}

// release sends a waiting header, because the body does not come as a whole.
func (w *conditionalWriter) release() {
	if w.held {
		w.held, w.decided = false, true
		w.ResponseWriter.WriteHeader(http.StatusOK)
	}
}

// Write implements http.ResponseWriter.
func (w *conditionalWriter) Write(p []byte) (int, error) {
	if !w.decided && !w.held {
		w.WriteHeader(http.StatusOK)
	}
	// A body written in one piece is complete. One in several pieces would have to be buffered.
	if w.held && len(p) == w.length {
		w.Header()["Etag"] = []string{etagOf(p)}
		w.decide()
	}
	w.release()
	if w.discards { // the handler must not see an error
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// FlushError implements the method used by http.ResponseController.
func (w *conditionalWriter) FlushError() error {
	if !w.decided && !w.held {
		w.WriteHeader(http.StatusOK)
	}
	w.release()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush implements http.Flusher.
func (w *conditionalWriter) Flush() { _ = w.FlushError() }

// etagOf returns the ETag of a body. Half of the hash is enough: nobody gains by a collision among their own responses.
func etagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}
