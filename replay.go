package candor

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

	"github.com/candor-go/candor/internal/credentials"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/recorder"
	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/sorted"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Exchange is an input for functions of [Around] that store responses and replay them for later requests, as package
// idempotency does:
//
//	type Keep struct{ Exchange *candor.Exchange }
//
//	candor.Around(func(ctx context.Context, in Keep, next func() error) error {
//		if kept := find(ctx); kept != nil {
//			return in.Exchange.Respond(kept.Status, kept.Header, kept.Body)
//		}
//		err := next()
//		if status, header, body, ok := in.Exchange.Response(err); ok {
//			keep(ctx, status, header, body)
//		}
//		return err
//	})
//
// It is valid until the function returns, and must be used only in its goroutine.
type Exchange struct {
	request  *http.Request
	body     *digestedBody
	response *response.Response
	header   http.Header
	// before is the header when the first wrapper started: headers set earlier, by middleware and guards, are set again
	// for every response.
	before http.Header
	// security are the operation's fields that read API keys.
	security []*typeinfo.Field
	// fail writes an error as the app does.
	fail func(w http.ResponseWriter, err error)
	// failure is the error for which a response was made, and failed that response.
	failure error
	failed  *recorder.Recorder
	text    []byte
	// isGiven means that Respond has set the response.
	isGiven bool
}

// newExchangeInput makes the input before the body of the request is read.
func newExchangeInput(w http.ResponseWriter, r *http.Request, to *response.Response, security []*typeinfo.Field, fail func(http.ResponseWriter, error)) *Exchange {
	e := &Exchange{request: r, response: to, header: w.Header(), security: security, fail: fail, body: &digestedBody{sum: sha256.New()}}
	if r.Body != nil && r.Body != http.NoBody {
		e.body.ReadCloser = r.Body
		r.Body = e.body
	}
	return e
}

// digestedBody is a body that hashes and counts what is read from it.
type digestedBody struct {
	io.ReadCloser
	sum hash.Hash
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
	n, err := b.ReadCloser.Read(p)
	_, _ = b.sum.Write(p[:n]) // a hash never fails
	return n, err
}

// RequestDigest returns the SHA-256 hash of the request's body as it was sent. If the handler reads the body itself,
// the body is read here first and held in memory for the handler, up to most bytes; for a longer body the error is a
// 413, which the function should return.
func (e *Exchange) RequestDigest(most int64) ([]byte, error) {
	if e.body.ReadCloser == nil {
		return e.body.sum.Sum(nil), nil
	}
	ahead, err := io.ReadAll(io.LimitReader(e.body, most+1))
	switch {
	case err != nil:
		return nil, bodyError(err)
	case int64(len(ahead)) > most:
		return nil, errTooLarge
	}
	e.body.ahead = ahead
	return e.body.sum.Sum(nil), nil
}

// Credentials returns the credentials of the request: its Authorization header, and the API keys that the operation
// reads; "" if there are none. They are not hashed: hash them before you store them.
func (e *Exchange) Credentials() string { return credentials.Joined(e.request, e.security) }

// Response returns what the client gets after next has returned err: the encoded result of the handler, or the response
// to the error, which is made here and sent when the function returns that error. The header contains only what next
// has added. The results may be kept.
//
// ok is false if there is no complete response: for streams, files and anything else that is written while it is
// produced, for plain handlers, and for WebSockets.
func (e *Exchange) Response(err error) (status int, header http.Header, body []byte, ok bool) {
	header = e.added()
	if err != nil {
		e.failWith(err)
		copyLines(header, e.failed.Sent)
		delete(header, "Content-Length") // set again with the body
		return e.failed.Status, header, e.text, true
	}
	a := e.response
	if a.Status == 0 || a.Stream != nil || a.Streaming != nil {
		return 0, nil, nil, false
	}
	a.PutHeader(header)
	return a.Status, header, bytes.Clone(a.Content()), true
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

// failWith makes the response to an error, once: functions of OnError may have side effects.
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

// Respond sets the response instead of running the rest of the request: the function does not call next, and returns
// the result of Respond, which is an error if HTTP cannot carry the response, or a header is about the connection. A header replaces one of the same name,
// except for Set-Cookie and Vary, which are added.
func (e *Exchange) Respond(status int, header http.Header, body []byte) error {
	if status < http.StatusOK || status > 999 {
		return fmt.Errorf("candor: Exchange.Respond: a response cannot have the status %d", status)
	}
	a := e.response
	a.Status, a.ContentType, a.Borrowed = status, header.Get("Content-Type"), body
	a.Header = a.Header[:0]
	for _, name := range sorted.Keys(header) {
		if err := mediatype.CheckResponse(status, name, header[name]); err != nil {
			return err
		}
		if name == "Content-Type" || name == "Content-Length" { // written with the body
			continue
		}
		for _, value := range header[name] {
			a.Add(name, value)
		}
	}
	e.isGiven = true
	return nil
}

// begin records the header before the first wrapper.
func (e *Exchange) begin() {
	if e != nil && e.before == nil {
		e.before = maps.Clone(e.header)
	}
}

// gives reports whether Respond has set the response.
func (e *Exchange) gives() bool { return e != nil && e.isGiven }

// restart forgets that a response was set, for a further attempt.
func (e *Exchange) restart() {
	if e != nil {
		e.isGiven = false
	}
}

// writeFailure sends the response that was made for an error. It reports whether there is one.
func (e *Exchange) writeFailure(w http.ResponseWriter, err error) bool {
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
