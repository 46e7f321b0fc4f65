// Package replay has the response to a request in hand before it is sent, for functions that wrap the rest of a request:
// they read it complete, to keep it, or set one that was kept. It also digests the body of the request, by which the
// keeper tells requests apart. It stands between internal/response and the root, which has the public type.
package replay

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"net/http"
	"slices"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/recorder"
	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/sorted"
)

// Exchange is a request and the response to it. Begin, Gives, Restart and WriteFailure allow nil, for
// requests whose wrappers do not ask for it.
type Exchange struct {
	request  *http.Request
	body     digestedBody
	response *response.Response
	header   http.Header
	// before is the header when the first wrapper started: headers set earlier, by middleware and guards, are set again
	// for every response.
	before http.Header
	// fail writes an error as the app does.
	fail func(w http.ResponseWriter, err error)
	// failure is the error for which a response was made, and failed that response.
	failure error
	failed  *recorder.Recorder
	text    []byte
	// isGiven means that Respond has set the response.
	isGiven bool
}

// Start fills in the exchange, before the body of the request is read: what reads it later reads it through the
// exchange. fail writes an error as the app does.
func (e *Exchange) Start(w http.ResponseWriter, r *http.Request, to *response.Response, fail func(http.ResponseWriter, error)) {
	*e = Exchange{request: r, response: to, header: w.Header(), fail: fail, body: digestedBody{sum: sha256.New()}}
	if r.Body != nil && r.Body != http.NoBody {
		e.body.from = r.Body
		r.Body = &e.body
	}
}

// digestedBody is a body that hashes what is read from it.
type digestedBody struct {
	from io.ReadCloser // nil without a body
	sum  hash.Hash
	// ahead was read before the handler asked for it.
	ahead []byte
}

// Read implements io.Reader.
func (b *digestedBody) Read(p []byte) (int, error) {
	if len(b.ahead) > 0 {
		n := copy(p, b.ahead)
		b.ahead = b.ahead[n:]
		return n, nil
	}
	n, err := b.from.Read(p)
	_, _ = b.sum.Write(p[:n]) // a hash never fails
	return n, err
}

// Close implements io.Closer.
func (b *digestedBody) Close() error { return b.from.Close() }

// ErrLong is the error of Digest for a body that is too long.
var ErrLong = errors.New("the body is too long")

// Digest returns the SHA-256 hash of the body. What was not read yet is read, and held for the handler, up to most
// bytes.
func (e *Exchange) Digest(most int64) ([]byte, error) {
	if e.body.from == nil {
		return e.body.sum.Sum(nil), nil
	}
	ahead, err := io.ReadAll(io.LimitReader(&e.body, most+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(ahead)) > most:
		return nil, ErrLong
	}
	e.body.ahead = ahead
	return e.body.sum.Sum(nil), nil
}

// Request returns the request.
func (e *Exchange) Request() *http.Request { return e.request }

// Response returns the response after the rest of the request has returned err. ok is false if it is not complete.
func (e *Exchange) Response(err error) (status int, header http.Header, body []byte, ok bool) {
	header = e.added()
	if err != nil {
		e.failWith(err)
		copyLines(header, e.failed.Sent)
		delete(header, "Content-Length") // set again with the body
		return e.failed.Status, header, e.text, true
	}
	resp := e.response
	if resp.Status == 0 || resp.Stream != nil || resp.Streaming != nil {
		return 0, nil, nil, false
	}
	resp.PutHeader(header)
	return resp.Status, header, bytes.Clone(resp.Content()), true
}

// added returns what the rest of the request has added to the header directly.
func (e *Exchange) added() http.Header {
	header := http.Header{}
	for name, values := range e.header {
		old := e.before[name]
		switch {
		case slices.Equal(old, values):
		case len(old) > 0 && len(values) > len(old) && slices.Equal(old, values[:len(old)]):
			header[name] = slices.Clone(values[len(old):])
		default:
			header[name] = slices.Clone(values)
		}
	}
	return header
}

// failWith makes the response to an error, once: the functions that handle errors may have side effects.
func (e *Exchange) failWith(err error) {
	if e.failed != nil && errors.Is(err, e.failure) {
		return
	}
	var text bytes.Buffer
	e.failure, e.failed = err, recorder.New(e.request.Method, &text)
	e.fail(e.failed, err)
	e.failed.Begin(http.StatusOK)
	e.text = text.Bytes()
}

// Respond sets the response instead of running the rest of the request. It returns an error if HTTP cannot carry it.
func (e *Exchange) Respond(status int, header http.Header, body []byte) error {
	if status < http.StatusOK || status > 999 {
		return fmt.Errorf("candor: Exchange.Respond: a response cannot have the status %d", status)
	}
	resp := e.response
	resp.Status, resp.ContentType, resp.Borrowed = status, header.Get("Content-Type"), body
	resp.Header = resp.Header[:0]
	for _, name := range sorted.Keys(header) {
		if err := mediatype.CheckResponse(status, name, header[name]); err != nil {
			return err
		}
		if name == "Content-Type" || name == "Content-Length" { // written with the body
			continue
		}
		for _, value := range header[name] {
			resp.Add(name, value)
		}
	}
	e.isGiven = true
	return nil
}

// Begin records the header before the first wrapper.
func (e *Exchange) Begin() {
	if e != nil && e.before == nil {
		e.before = maps.Clone(e.header)
	}
}

// Gives reports whether Respond has set the response.
func (e *Exchange) Gives() bool { return e != nil && e.isGiven }

// Restart forgets that a response was set, for a further attempt.
func (e *Exchange) Restart() {
	if e != nil {
		e.isGiven = false
	}
}

// WriteFailure sends the response that was made for an error. It reports whether there is one.
func (e *Exchange) WriteFailure(w http.ResponseWriter, err error) bool {
	if e == nil || e.failed == nil || !errors.Is(err, e.failure) {
		return false
	}
	copyLines(w.Header(), e.failed.Sent)
	w.WriteHeader(e.failed.Status)
	if mediatype.BodyAllowed(e.failed.Status) {
		_, _ = w.Write(e.text) // an error means that the client has gone
	}
	return true
}

// copyLines copies lines into a header; those of Vary are added.
func copyLines(into, from http.Header) {
	for name, values := range from {
		if name == "Vary" {
			values = append(slices.Clip(into[name]), values...)
		}
		into[name] = values
	}
}
