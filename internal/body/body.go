// Package body reads the body of a request into an input: it determines by the media type how a body is read, refuses
// what is too large before a byte of it is read, and decodes the rest as JSON, as a form, or as the bytes they are.
//
// It stands above codec, which decodes JSON, and form, which reads forms, and below the root, which calls a [Plan] for
// each request and turns its errors into responses. Bodies that a handler reads itself are only opened here.
package body

import (
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/mediatype"
)

// Errors of a body that is refused.
var (
	// ErrMedia means that the plan does not accept the media type.
	ErrMedia = errors.New("the media type is not accepted")
	// ErrCompressed means that the body has a content coding.
	ErrCompressed = errors.New("the body is compressed")
	// ErrTooLarge means that the Content-Length exceeds the limit. A body without one fails while it is read, with an
	// [http.MaxBytesError].
	ErrTooLarge = errors.New("the body is too large")
	// ErrMemory means that the decoded value takes too much memory.
	ErrMemory = errors.New("the decoded body is too large")
)

// ReadError is an error of reading a body as a whole. That of a form comes bare; see [form.Plan.Read].
type ReadError struct{ Err error }

// Error implements error.
func (e *ReadError) Error() string { return "reading the body: " + e.Err.Error() }

// Unwrap returns the error of the reader.
func (e *ReadError) Unwrap() error { return e.Err }

// Plan reads the body of a request into an input.
type Plan struct {
	// Required means that a request without a body is invalid.
	Required bool
	// KeepsFiles means that the body may leave temporary files to remove.
	KeepsFiles bool
	// media lists the accepted media types, in the order of the document.
	media []media
	// absent handles a missing body: it fills in defaults, or reports that the body is required. It is nil for a body that
	// the handler reads.
	absent decode
	// large selects the limit for bodies that are not held in memory.
	large bool
}

// media is one accepted media type, and how a body of that type is read.
type media struct {
	name   string
	decode decode
	// copies means that the decoded value does not refer to the body's bytes, so that its buffer can be reused.
	copies bool
	// stream reads a body as it arrives, in place of decode.
	stream stream
	// text means that the charset parameter must say UTF-8.
	text bool
}

// decode decodes a whole body into an input. Locations are relative to the body, innermost element first. It reports
// whether the value fits into the memory limit.
type decode func(data []byte, into reflect.Value, o codec.Options, faults *fault.List) (fits bool)

// stream reads a body into an input as it arrives. Locations are like those of decode. The options have the memory limit
// of the body.
type stream func(into reflect.Value, body io.Reader, in *Incoming, o codec.Options, faults *fault.List) error

// Media returns the accepted media types, in the order of the document.
func (p *Plan) Media() (names []string) {
	for _, m := range p.media {
		names = append(names, m.name)
	}
	return names
}

// Accepts reports whether a media type is one of those of [Plan.Media].
func (p *Plan) Accepts(name string) bool {
	return slices.ContainsFunc(p.media, func(m media) bool { return m.name == name })
}

// IsHeld reports whether every body is read completely before anything else runs.
func (p *Plan) IsHeld() bool {
	return p.absent != nil && !slices.ContainsFunc(p.media, func(m media) bool { return m.stream != nil })
}

// DecodeJSON decodes a JSON text as the body of a request is decoded. It does nothing if the plan accepts no JSON.
func (p *Plan) DecodeJSON(text []byte, into reflect.Value, o codec.Options, faults *fault.List) {
	if i := slices.IndexFunc(p.media, func(m media) bool { return mediatype.IsJSON(m.name) }); i >= 0 {
		p.media[i].decode(text, into, o, faults)
		faults.Seal(0, "body")
	}
}

// Bind reads the body into the input and collects its validation errors, with their complete locations. It returns the
// bytes that were read as a whole. in does not escape.
func (p *Plan) Bind(into reflect.Value, in *Incoming, faults *fault.List) ([]byte, error) {
	n := len(faults.Faults)
	defer func() { faults.Seal(n, "body") }()
	if in.Kept != nil {
		in.Kept.begun = true
	}
	m, limit, err := p.open(in)
	switch {
	case err != nil:
		return nil, err
	case m == nil:
		p.bindNothing(into, in, faults)
		return nil, nil
	case m.stream != nil:
		return nil, m.begin(into, in.limited(limit), *in, in.Decode.ForBody(limit), faults)
	}
	return p.bindAll(m, into, in, faults)
}

// begin starts a stream. Incoming is passed by value, so that it escapes to the heap only for bodies that stream.
func (m *media) begin(into reflect.Value, body io.Reader, in Incoming, o codec.Options, faults *fault.List) error {
	return m.stream(into, body, &in, o, faults)
}

// bindAll reads the whole body and decodes it.
func (p *Plan) bindAll(m *media, into reflect.Value, in *Incoming, faults *fault.List) ([]byte, error) {
	if !m.copies {
		// The value will refer to these bytes, so the buffer must not be reused for the next request.
		in.Buffer = nil
	}
	data, err := in.ReadAll()
	if m.copies {
		// Reading may have replaced the buffer by a larger one; keep that for the next request.
		in.Buffer = data
	}
	switch o := in.Decode.ForBody(in.Limit); {
	case err != nil:
		return nil, &ReadError{err}
	case len(data) == 0:
		p.bindNothing(into, in, faults)
	case in.Kept != nil:
		in.Kept.keep(data, m.copies, m.decode, o)
		return data, in.Kept.bind(into, faults)
	case !m.decode(data, into, o, faults):
		return nil, ErrMemory
	}
	return data, nil
}

func (p *Plan) bindNothing(into reflect.Value, in *Incoming, faults *fault.List) {
	if in.Kept == nil {
		p.absent(nil, into, in.Decode, faults)
		return
	}
	in.Kept.keep(nil, true, p.absent, in.Decode)
	_ = in.Kept.bind(into, faults) // defaults need no memory limit
}

// Open returns the body for a handler that reads it, cut off at its limit; nil for a request without a body. in does not
// escape.
func (p *Plan) Open(in *Incoming) (io.Reader, error) {
	m, limit, err := p.open(in)
	if err != nil || m == nil {
		return nil, err
	}
	return in.limited(limit), nil
}

// Admit is [Plan.Open] for a body that is read as bytes first and decoded later: its limit is that of a body in memory,
// whatever its media type. A nil plan accepts any body.
func (p *Plan) Admit(in *Incoming) error {
	if in.R.ContentLength > in.Limit {
		return ErrTooLarge
	}
	if p == nil {
		return nil
	}
	if _, err := p.mediaOf(in); err != nil && !in.isEmpty() {
		return err
	}
	return nil
}

// open determines how the body is read, and with which limit, before a byte of it is read. It returns nil for a request
// without a body.
func (p *Plan) open(in *Incoming) (m *media, limit int64, err error) {
	if in.R.Body == nil || in.R.Body == http.NoBody {
		return nil, 0, nil
	}
	limit = in.Limit
	m, err = p.mediaOf(in)
	if err == nil && (p.large || m.stream != nil) {
		limit = in.LargeLimit
	}
	// A body whose Content-Length exceeds the limit is refused before a byte of it is read. The limit depends on the
	// media type, so that is determined first.
	if in.R.ContentLength > limit {
		return nil, 0, ErrTooLarge
	}
	// An empty body needs no valid media type.
	if err != nil && in.isEmpty() {
		return nil, 0, nil
	}
	return m, limit, err
}

// mediaOf determines how the body of a request is read.
func (p *Plan) mediaOf(in *Incoming) (*media, error) {
	// Checked first: Content-Type describes the body before it was compressed.
	if mediatype.IsEncoded(in.R.Header) {
		return nil, ErrCompressed
	}
	contentType := mediatype.TypeOf(in.R.Header)
	// Most requests have exactly this header; no parsing is needed.
	if contentType == p.media[0].name || contentType == "" && in.Loose {
		return &p.media[0], nil
	}
	mediaType, params, ok := mediatype.Parse(contentType)
	for i := range p.media {
		if m := &p.media[i]; ok && mediatype.Matches(m.name, mediaType) && m.reads(params["charset"]) {
			return m, nil
		}
	}
	return nil, ErrMedia
}

// reads reports whether the charset is acceptable: it matters for text only, which must be UTF-8.
func (m *media) reads(charset string) bool {
	return !m.text || mediatype.IsUTF8(charset)
}
