package candor

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/candor-go/candor/internal/layer"
)

// ErrPreconditionFailed is the 412 of a request that asks for another state of
// a resource than the one there is. See [CheckETag].
var ErrPreconditionFailed = Error(http.StatusPreconditionFailed, "the resource is not in the state that the request asks for")

// CheckETag judges a request by the ETag of the resource as it is, in its
// quotes, such as `"v3"`, or "" for one that does not exist (RFC 9110, section
// 13.2). It returns
//
//   - [ErrPreconditionFailed] where If-Match lists another tag, or If-None-Match
//     this one and the method may change something: so a PUT that names the tag
//     of what its client has seen cannot undo the change of another client;
//   - an error that answers 304 where If-None-Match lists the tag and the method
//     is GET or HEAD: the client has it already;
//   - nil for everything else.
//
// The 412 is declared by Raises(ErrPreconditionFailed), the 304 by
// Responds[None](304).
func CheckETag(r *http.Request, etag string) error {
	switch precondition(r, etag, time.Time{}) {
	case http.StatusNotModified:
		return Error(http.StatusNotModified, nil).WithHeader("ETag", etag)
	case http.StatusPreconditionFailed:
		return ErrPreconditionFailed
	}
	return nil
}

// precondition is the status by which the conditions of a request answer it, 0
// where they let it pass.
func precondition(r *http.Request, etag string, modified time.Time) int {
	isRead := r.Method == http.MethodGet || r.Method == http.MethodHead
	if match := r.Header.Values("If-Match"); len(match) > 0 {
		if etag == "" || !lists(match, etag, false) {
			return http.StatusPreconditionFailed
		}
	} else if since, ok := timeOf(r, "If-Unmodified-Since"); ok && !modified.IsZero() && modified.After(since) {
		return http.StatusPreconditionFailed
	}
	if none := r.Header.Values("If-None-Match"); len(none) > 0 {
		switch {
		case etag == "" || !lists(none, etag, true):
			return 0
		case isRead:
			return http.StatusNotModified
		}
		return http.StatusPreconditionFailed
	}
	if since, ok := timeOf(r, "If-Modified-Since"); ok && isRead && !modified.IsZero() && !modified.After(since) {
		return http.StatusNotModified
	}
	return 0
}

func timeOf(r *http.Request, name string) (time.Time, bool) {
	t, err := http.ParseTime(r.Header.Get(name))
	return t, err == nil
}

// matchesETag judges an If-None-Match header (RFC 9110, section 13.1.2).
func matchesETag(header, etag string) bool { return lists([]string{header}, etag, true) }

// lists reports whether one of the tags is etag, or "*". Weak comparison takes
// tags for equal that differ in their W/ only; strong comparison takes none with
// W/ for equal to anything.
func lists(lines []string, etag string, weak bool) bool {
	for _, line := range lines {
		for rest := line; rest != ""; {
			var tag string
			tag, rest = nextTag(rest)
			isWeak := strings.HasPrefix(tag, "W/") || strings.HasPrefix(etag, "W/")
			switch {
			case tag == "*", tag == etag && !isWeak:
				return true
			case weak && tag != "" && strings.TrimPrefix(tag, "W/") == strings.TrimPrefix(etag, "W/"):
				return true
			}
		}
	}
	return false
}

// nextTag cuts the first tag off a list. A comma inside of the quotes belongs to
// the tag.
func nextTag(list string) (tag, rest string) {
	list = strings.TrimLeft(list, " \t,")
	open := strings.IndexByte(list, '"')
	comma := strings.IndexByte(list, ',')
	if open >= 0 && (comma < 0 || open < comma) {
		if size := strings.IndexByte(list[open+1:], '"'); size >= 0 {
			end := open + size + 2
			return strings.TrimSpace(list[:end]), list[end:]
		}
	}
	if comma < 0 {
		return strings.TrimSpace(list), ""
	}
	return strings.TrimSpace(list[:comma]), list[comma:]
}

// ConditionalGET is middleware that spares clients what they have already: it
// gives an ETag to the answers to GET that are written as a whole, and answers
// 304 without a body where If-None-Match lists it. An If-Match that lists
// another is 412. The document lists both.
//
//   - An answer that sets ETag or Last-Modified itself is judged by those.
//   - Streams, and what is written in parts, pass as they are: nothing is
//     buffered. So does everything where ConditionalGET is hidden, see
//     [Documented].
//   - The handler runs either way. To spare its work too, see [CheckETag] and
//     [Cache].
//   - Put it inside of what changes bodies, such as compression.
func ConditionalGET() func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return layer.Attach(&conditional{Layer: layer.Layer{Next: next}}, next)
	}
}

type conditional struct {
	layer.Layer
	// unjudged means that the answers of the operation pass as they are.
	unjudged bool
}

// Describe implements layer.Describer.
func (c *conditional) Describe(op *layer.Operation) layer.Effects {
	c.unjudged = c.unjudged || op.Streams
	if op.Streams || op.Method != http.MethodGet {
		return layer.Effects{}
	}
	return layer.Effects{
		Responses: []layer.Response{
			{Status: http.StatusNotModified, Description: "Not modified: the client has this state already"},
			{Status: http.StatusPreconditionFailed, Description: "The resource is not in the state that If-Match asks for", Err: ErrPreconditionFailed},
		},
		Headers: []layer.Header{{
			Name: "ETag", Description: "Names this state, for If-None-Match", Statuses: []int{http.StatusOK, http.StatusNotModified},
		}},
	}
}

// ServeHTTP implements http.Handler.
func (c *conditional) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	isRead := r.Method == http.MethodGet || r.Method == http.MethodHead
	if !isRead || c.unjudged || !c.IsKnown(r, "ConditionalGET", "answers pass as they are") {
		c.Next.ServeHTTP(w, r)
		return
	}
	judged := &judgedWriter{ResponseWriter: w, r: r}
	c.Next.ServeHTTP(judged, r)
	judged.release()
}

// judgedWriter holds the header of a complete answer back until its body is
// there.
type judgedWriter struct {
	http.ResponseWriter
	r *http.Request
	// held is a header that waits for a body of length bytes; decided means that
	// it is sent, silent that the body is not.
	held, decided, silent bool
	length                int
}

func (w *judgedWriter) HasBegun() bool { return w.decided || layer.HasBegun(w.ResponseWriter) }

// Unwrap lets http.ResponseController reach the server's own writer.
func (w *judgedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *judgedWriter) WriteHeader(status int) {
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
		w.judge()
	case err == nil && length > 0:
		w.held, w.length = true, length
	default:
		w.decided = true
		w.ResponseWriter.WriteHeader(status)
	}
}

// judge sends the header, or what the conditions of the request answer instead.
func (w *judgedWriter) judge() {
	w.held, w.decided = false, true
	h := w.Header()
	modified, _ := http.ParseTime(h.Get("Last-Modified"))
	switch precondition(w.r, h.Get("Etag"), modified) {
	case http.StatusNotModified:
		w.silent = true
		for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding"} {
			delete(h, name)
		}
		w.ResponseWriter.WriteHeader(http.StatusNotModified)
	case http.StatusPreconditionFailed:
		w.silent = true
		WriteError(w.ResponseWriter, w.r, ErrPreconditionFailed)
	default:
		w.ResponseWriter.WriteHeader(http.StatusOK)
	}
}

// release sends a header that waits for a body which does not come as a whole.
func (w *judgedWriter) release() {
	if w.held {
		w.held, w.decided = false, true
		w.ResponseWriter.WriteHeader(http.StatusOK)
	}
}

// Write implements http.ResponseWriter.
func (w *judgedWriter) Write(p []byte) (int, error) {
	if !w.decided && !w.held {
		w.WriteHeader(http.StatusOK)
	}
	if w.held && len(p) == w.length {
		w.Header()["Etag"] = []string{etagOf(p)}
		w.judge()
	}
	w.release()
	if w.silent {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// FlushError serves http.ResponseController.
func (w *judgedWriter) FlushError() error {
	if !w.decided && !w.held {
		w.WriteHeader(http.StatusOK)
	}
	w.release()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush serves handlers that ask for an http.Flusher.
func (w *judgedWriter) Flush() { _ = w.FlushError() }

// etagOf names a body.
func etagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}
