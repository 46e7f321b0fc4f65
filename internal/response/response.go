// Package response holds the response to one request while it is prepared, and writes it: complete, or from a reader, or
// through a [Pipe] while it is produced. It stands between what compiles a type's encoder and the http.ResponseWriter,
// and knows neither types nor handlers nor how errors are written.
package response

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/mediatype"
)

// Response is the response that is being prepared; it is written once all steps have succeeded.
type Response struct {
	// Header and Body keep their capacity for the next response.
	Header []Line
	Body   []byte
	// Scratch is working memory for encoders.
	Scratch codec.Scratch
	Outcome
}

// Outcome holds the fields that are reset for each response.
type Outcome struct {
	Status int
	// ContentType is empty for a response without a body; Accepted is the negotiated media type.
	ContentType, Accepted string
	// UsualType is the shared header value for the default media type; nil if there is none.
	UsualType *[1]string
	// Borrowed is used instead of Body, and belongs to the user.
	Borrowed []byte
	// Stream writes a whole response while it is produced; it calls Begin first. An error before Begin becomes an error
	// response; a later one aborts the connection.
	Stream func(w http.ResponseWriter, r *http.Request) error
	// Streaming is set for kinds of responses that stream.
	Streaming *Streaming
	// Closer is closed after the response was sent or abandoned; may be nil.
	Closer io.Closer
	// Faults are the rules that the response violates.
	Faults fault.List
	// LeaveOut is called with the reason why a header of an error cannot be sent; if it is nil, the response becomes an
	// error.
	LeaveOut func(reason error)
}

// Line is one line of a header, with a canonical name. Lines of the same name are adjacent.
type Line struct{ Name, Value string }

// Streaming is what a streamed response needs from its request.
type Streaming struct {
	// Cancel ends the request's context, so that the producer stops.
	Cancel    context.CancelFunc
	Heartbeat time.Duration
	// WriteLimit is how long one write may make no progress.
	WriteLimit time.Duration
	// Stopping is the error that ends the stream when the server stops.
	Stopping error
	// Checks means that items are checked by the rules of their type. Log logs an item that breaks them; if it is nil, the
	// item is an error.
	Checks bool
	Log    func(error)
	// Failure encodes what a client may see of an error; Reported means that the stream ended with such an error, and so
	// is not truncated.
	Failure  func(error) []byte
	Reported bool
}

// ErrClientGone is the error for a response that could not be written because the client has disconnected.
var ErrClientGone = errors.New("the client has disconnected")

// WriteError explains a failed write of a body: the client has gone, unless the body does not match its Content-Length.
func WriteError(err error) error {
	if errors.Is(err, http.ErrContentLength) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrClientGone, err)
}

// Invalid is the error for a response that violates the rules of its own tags.
type Invalid struct{ Faults []fault.Fault }

// Error implements error, for logs.
func (e Invalid) Error() string {
	s := "the response breaks its own validation rules"
	for _, f := range e.Faults {
		s += fmt.Sprintf("; %v: %s", f.Loc, fault.Message(f.Type, f.Ctx))
	}
	return s
}

// Broken returns an Invalid if the response violates rules, otherwise nil.
func (resp *Response) Broken() error {
	if len(resp.Faults.Faults) == 0 {
		return nil
	}
	// Cloned, because the error may outlive the response, whose memory is reused.
	return Invalid{slices.Clone(resp.Faults.Faults)}
}

// Add adds a line to the header.
func (resp *Response) Add(name, value string) { resp.Header = append(resp.Header, Line{name, value}) }

// AddCookie adds a cookie, or returns what is wrong with it: net/http would silently drop invalid characters. The error
// does not repeat the value, which may be secret.
func (resp *Response) AddCookie(name string, cookie http.Cookie) error {
	cookie.Name = name
	if cookie.Valid() != nil {
		return fmt.Errorf("the cookie %s cannot be written; its value takes printable ASCII without quotes, semicolons and backslashes, and Path, Domain and Expires must be valid too", name)
	}
	resp.Add("Set-Cookie", cookie.String())
	return nil
}

// Content returns the body of a complete response, nil for one without a body.
func (resp *Response) Content() []byte {
	switch {
	case resp.ContentType == "":
		return nil
	// Body must stay the reusable buffer; the user's bytes must not be reused.
	case resp.Borrowed != nil:
		return resp.Borrowed
	}
	return resp.Body
}

// Buffer returns an empty buffer for a body.
func (resp *Response) Buffer() []byte {
	if resp.Body == nil {
		resp.Body = make([]byte, 0, 1024)
	}
	return resp.Body[:0]
}

// Close closes the source of the response.
func (resp *Response) Close() {
	if resp.Closer != nil {
		_ = resp.Closer.Close()
		resp.Closer = nil
	}
}

// Restart clears the response for a further attempt of the same request.
func (resp *Response) Restart() {
	accepted, streaming := resp.Accepted, resp.Streaming
	resp.Release()
	resp.Accepted, resp.Streaming = accepted, streaming
}

// MaxKept is the largest buffer that is kept for the next response, in bytes.
const MaxKept = 64 << 10

// Release keeps the buffer for the next response, unless it is large.
func (resp *Response) Release() {
	resp.Close()
	// A single large response must not keep its memory for all the small ones after it.
	if resp.Body = resp.Body[:0]; cap(resp.Body) > MaxKept {
		resp.Body = nil
	}
	if len(resp.Header) > 0 {
		// The slice is reused; its strings must not be kept alive.
		clear(resp.Header)
		resp.Header = resp.Header[:0]
	}
	resp.Outcome = Outcome{}
}

// shortBody is the size of the largest body whose length net/http finds out. It does not for an empty one, if the method
// is HEAD.
const shortBody = 2048

// Write sends a complete response. If only net/http reads the header, net/http adds the length of a short body, and the
// date need not be formatted for each response.
func (resp *Response) Write(w http.ResponseWriter, direct bool) {
	if !mediatype.BodyAllowed(resp.Status) {
		resp.Begin(w)
		return
	}
	body := resp.Content()
	h := w.Header()
	if direct {
		h["Date"] = mediatype.DateLine()
	}
	if !direct || len(body) == 0 || len(body) > shortBody {
		h["Content-Length"] = mediatype.LengthLine(len(body))
	}
	resp.putType(h)
	if len(resp.Header) > 0 {
		resp.putLines(h)
	}
	w.WriteHeader(resp.Status)
	if len(body) > 0 {
		// An error means that the client has gone, and nobody is left to report it to.
		_, _ = w.Write(body)
	}
}

// Begin sends the status and the header; the body follows.
func (resp *Response) Begin(w http.ResponseWriter) {
	if resp.Streaming != nil {
		// Nobody knows the length of a stream; one that a function has set would truncate it.
		delete(w.Header(), "Content-Length")
	}
	resp.PutHeader(w.Header())
	w.WriteHeader(resp.Status)
}

// typeLine returns the header value for Content-Type.
func (resp *Response) typeLine() []string {
	if resp.UsualType != nil && resp.UsualType[0] == resp.ContentType {
		return resp.UsualType[:]
	}
	return []string{resp.ContentType}
}

// PutHeader copies the header into h, except for Content-Length.
func (resp *Response) PutHeader(h http.Header) {
	if mediatype.BodyAllowed(resp.Status) {
		resp.putType(h)
	} else {
		delete(h, "Content-Type")
	}
	resp.putLines(h)
}

// putType sets the Content-Type of a response whose status allows a body.
func (resp *Response) putType(h http.Header) {
	if resp.ContentType == "" {
		delete(h, "Content-Type")
		return
	}
	h["Content-Type"] = resp.typeLine()
}

// putLines copies the other lines. A header replaces one of the same name, unless it is one to which every layer may
// add.
func (resp *Response) putLines(h http.Header) {
	for i, line := range resp.Header {
		// Lines of the same name are adjacent, so a repeated name adds to the previous line.
		if i > 0 && resp.Header[i-1].Name == line.Name || line.Name == "Set-Cookie" || line.Name == "Vary" {
			h[line.Name] = append(h[line.Name], line.Value)
			continue
		}
		h[line.Name] = []string{line.Value}
	}
}

// WriteBody sends a complete body whose other headers are set already.
func WriteBody(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	if !mediatype.BodyAllowed(status) {
		delete(h, "Content-Type")
		w.WriteHeader(status)
		return
	}
	// The keys are canonical and the values are shared, which saves the allocations of Set.
	h["Content-Type"], h["Content-Length"] = mediatype.TypeLine(contentType), mediatype.LengthLine(len(body))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
