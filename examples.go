package candor

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"

	"github.com/candor-go/candor/internal/badrequest"
	"github.com/candor-go/candor/internal/recorder"
	"github.com/candor-go/candor/internal/spool"
)

// Examples of error responses are what the server would really send: the error writer encodes them, and the validation
// errors are those that the operation reports for invalid requests that are made up when the document is built.

// shownFaults is the maximum number of validation errors in an example.
const shownFaults = 2

// foundFaults returns the first validation errors for a bad request, in the order of a response; nil if none can be
// provoked.
func (e *endpoint) foundFaults() *invalidRequest {
	for _, bad := range badrequest.All() {
		if found := e.try(bad); found != nil {
			return &invalidRequest{faults: found.faults[:min(len(found.faults), shownFaults)]}
		}
	}
	return nil
}

// try binds a request as the server would. Methods of the user's types may panic on such input; then there is no
// example.
func (e *endpoint) try(bad badrequest.Request) (found *invalidRequest) {
	defer func() {
		if recover() != nil {
			found = nil
		}
	}()
	x := newExchange(e)
	x.scope.w, x.scope.r = recorder.New(e.method, io.Discard), e.bad(bad)
	x.ctx = (*requestContext)(x.scope.r)
	x.scope.captured = slices.Repeat([]string{bad.Text}, len(e.names()))
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
	for _, mediaType := range badrequest.MediaTypes() {
		if e.body.plan.Accepts(mediaType) {
			return mediaType
		}
	}
	return ""
}

// bad makes a bad request for the endpoint.
func (e *endpoint) bad(request badrequest.Request) *http.Request {
	r := request.For(e.method, e.params.Fields)
	if e.body != nil {
		request.AddBody(r, e.bodyMediaType())
	}
	return r
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
