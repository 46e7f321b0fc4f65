package candor

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/recorder"
	"github.com/candor-go/candor/internal/spool"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Examples of error responses are what the server would really send: the error writer encodes them, and the validation
// errors are those that the operation reports for invalid requests that are made up when the document is built.

// badRequest is a request that hardly any operation accepts.
type badRequest struct {
	// text is the value of every wildcard and, if sent is set, of every other parameter.
	text string
	sent bool
	// body is a JSON body.
	body string
}

// badRequests are tried in this order, beginning with one that sends nothing.
var badRequests = []badRequest{{text: "x", body: "{}"}, {text: "x", sent: true, body: "[]"}, {text: "\xff", sent: true, body: "{"}}

// shownFaults is the maximum number of validation errors in an example.
const shownFaults = 2

// foundFaults returns the first validation errors for a bad request, in the order of a response; nil if none can be
// provoked.
func (e *endpoint) foundFaults() *invalidRequest {
	for _, bad := range badRequests {
		if found := e.try(bad); found != nil {
			return &invalidRequest{faults: found.faults[:min(len(found.faults), shownFaults)]}
		}
	}
	return nil
}

// try binds a request as the server would. Methods of the user's types may panic on such input; then there is no
// example.
func (e *endpoint) try(bad badRequest) (found *invalidRequest) {
	defer func() {
		if recover() != nil {
			found = nil
		}
	}()
	x := newExchange(e)
	x.scope.w, x.scope.r = recorder.New(e.method, io.Discard), bad.request(e)
	x.ctx = (*requestContext)(x.scope.r)
	x.scope.captured = slices.Repeat([]string{bad.text}, len(e.names()))
	_ = x.bindParams() // never fails
	if e.body != nil && e.body.pass == nil && e.bodyMediaType() != "" {
		x.uploads = new(spool.Store)
		defer x.uploads.Close()
		_ = x.bindBody() // is not a validation error
	}
	if len(x.faults.Faults) == 0 {
		return nil
	}
	found, _ = x.invalid().(*invalidRequest) //nolint:errorlint // nobody has wrapped it yet
	return found
}

// bodyMediaType returns a media type for which a body can be made up.
func (e *endpoint) bodyMediaType() string {
	for _, mediaType := range []string{mediatype.JSON, mediatype.Form, mediatype.Multipart} {
		if e.body.plan.Accepts(mediaType) {
			return mediaType
		}
	}
	return ""
}

// request makes the bad request for an endpoint.
func (bad badRequest) request(e *endpoint) *http.Request {
	r := &http.Request{
		Method: e.method, URL: &url.URL{Path: "/"}, Host: "localhost", Header: http.Header{}, Body: http.NoBody,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	query := url.Values{}
	for _, f := range e.params.Fields {
		switch name := f.Name; {
		case !bad.sent:
		case f.Source == typeinfo.Query:
			query.Set(name, bad.text)
		case f.Source == typeinfo.Header:
			r.Header.Set(name, bad.text)
		case f.Source == typeinfo.Cookie:
			r.Header.Set("Cookie", name+"="+bad.text)
		}
	}
	r.URL.RawQuery = query.Encode()
	if e.body != nil {
		bad.addBody(r, e.bodyMediaType())
	}
	return r
}

func (bad badRequest) addBody(r *http.Request, mediaType string) {
	body := bad.body
	switch mediaType {
	case mediatype.Form:
		body = "="
	case mediatype.Multipart:
		mediaType, body = mediatype.Multipart+"; boundary=x", "--x--\r\n"
	}
	r.Header.Set("Content-Type", mediaType)
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
}

// faultsShown returns the validation errors for the example of an endpoint's 422.
func (b *apiBuilder) faultsShown(e *endpoint) *invalidRequest {
	key := e.faultsKey()
	found, known := b.found[key]
	if !known {
		found = e.foundFaults()
		b.found[key] = found
	}
	return found
}

// shownTo identifies the examples of errors that depend on the endpoint.
func (b *apiBuilder) shownTo(e *endpoint) string {
	var key shownKey
	if e.canBeInvalid() {
		key.found = b.faultsShown(e)
	}
	if e.body != nil {
		key.refusal = e.body.refusal
	}
	shown, known := b.shown[key]
	if !known {
		shown = b.show(key)
		b.shown[key] = shown
	}
	return shown
}

// shownKey is what an endpoint's errors are made of.
type shownKey struct {
	found   *invalidRequest
	refusal *HTTPError
}

func (b *apiBuilder) show(key shownKey) string {
	var all []byte
	if key.found != nil {
		all = append(all, b.bodyOf(key.found)...)
	}
	if key.refusal != nil {
		all = append(all, b.bodyOf(key.refusal)...)
	}
	return string(all)
}

// bodyOf returns the body that the server sends for an error, nil if it sends none.
func (b *apiBuilder) bodyOf(err error) (body json.RawMessage) {
	defer func() {
		if recover() != nil { // in a function of the user
			body = nil
		}
	}()
	writer := &errorWriter{log: slog.New(slog.DiscardHandler), messages: b.config.Message}
	if b.config.ProblemDetails {
		writer.format, err = problemFormat(), opened(err)
	}
	f := &failure{writer: writer, r: &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/"}, Header: http.Header{}}, err: err}
	_, _, written := f.encode(nil)
	if len(written) == 0 {
		return nil
	}
	return written
}
