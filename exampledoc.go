package candor

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Examples of error responses are what the server would send: the error writer
// writes them, and the validation errors are those that the operation finds in a
// request which it is given when its document is made.

// badRequest is a request that hardly any operation accepts.
type badRequest struct {
	// text is the value of every wildcard, and, where it is sent, of every other
	// parameter.
	text string
	sent bool
	// body is one of JSON.
	body string
}

// badRequests are tried in this order: one that lacks everything first.
var badRequests = []badRequest{{text: "x", body: "{}"}, {text: "x", sent: true, body: "[]"}, {text: "\xff", sent: true, body: "{"}}

// shownFaults is how many validation errors an example has at most.
const shownFaults = 2

// foundFaults are the first validation errors of a bad request, in the order in
// which a response has them; nil where nothing can be found.
func (e *endpoint) foundFaults() *invalidRequest {
	for _, bad := range badRequests {
		if found := e.try(bad); found != nil {
			return &invalidRequest{faults: found.faults[:min(len(found.faults), shownFaults)]}
		}
	}
	return nil
}

// try binds a request as the server would. What the user's own types make of it
// may panic, and shows nothing then.
func (e *endpoint) try(bad badRequest) (found *invalidRequest) {
	defer func() {
		if recover() != nil {
			found = nil
		}
	}()
	x := newExchange(e)
	x.around.w, x.around.r = newRecorder(e.method, io.Discard), bad.request(e)
	x.ctx = (*requestContext)(x.around.r)
	x.around.captured = slices.Repeat([]string{bad.text}, len(e.names))
	_ = x.bindParams() // it has no error
	if e.body != nil && e.body.pass == nil && e.bodyMediaType() != "" {
		x.uploads = new(uploadStore)
		defer x.uploads.close()
		_ = x.bindBody() // whose error is none of validation
	}
	if len(x.faults.Faults) == 0 {
		return nil
	}
	found, _ = x.invalid().(*invalidRequest) //nolint:errorlint // nobody has wrapped it yet
	return found
}

// bodyMediaType is a media type whose bodies are made here.
func (e *endpoint) bodyMediaType() string {
	for _, mediaType := range []string{mediatype.JSON, mediatype.Form, mediatype.Multipart} {
		if e.body.reads(mediaType) {
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
	for _, f := range e.params.fields {
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

// faultsShown are those of the example of an endpoint's 422.
func (d *documenter) faultsShown(e *endpoint) *invalidRequest {
	if d.found != e {
		d.found, d.foundFaults = e, e.foundFaults()
	}
	return d.foundFaults
}

// showFaults adds the validation errors of an endpoint to the examples of its
// 422, where that has the app's own form.
func (d *documenter) showFaults(r *openapi3.Response, e *endpoint) {
	isOther := func(c *catcher) bool { return c.takes(validationType, http.StatusUnprocessableEntity) }
	isDeclared := func(r response) bool { return r.status == http.StatusUnprocessableEntity }
	if slices.ContainsFunc(e.catchers, isOther) || slices.ContainsFunc(e.set.responses, isDeclared) {
		return
	}
	if found := d.faultsShown(e); found != nil {
		d.showError(r, http.StatusUnprocessableEntity, found)
	}
}

// shownTo are the examples of errors that depend on the endpoint.
func (d *documenter) shownTo(e *endpoint) string {
	var all []byte
	if e.canBeInvalid() {
		if found := d.faultsShown(e); found != nil {
			all = append(all, d.bodyOf(found)...)
		}
	}
	if e.body != nil {
		all = append(all, d.bodyOf(e.body.refusal)...)
	}
	return string(all)
}

// bodyOf is the body that the server sends for an error, nil where it sends none.
func (d *documenter) bodyOf(err error) (body json.RawMessage) {
	defer func() {
		if recover() != nil { // in a function of the user's
			body = nil
		}
	}()
	writer := &errorWriter{log: slog.New(slog.DiscardHandler), messages: d.config.Message}
	if d.config.ProblemDetails {
		writer.format, err = problemFormat(), opened(err)
	}
	f := &failure{writer: writer, r: &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/"}, Header: http.Header{}}, err: err}
	_, _, written := f.encode(nil)
	if len(written) == 0 {
		return nil
	}
	return written
}

// showError adds the body of an error to the examples of a response.
func (d *documenter) showError(r *openapi3.Response, status int, err error) {
	body := d.bodyOf(err)
	if body == nil {
		return
	}
	for _, media := range r.Content {
		addErrorExample(media, status, &openapi3.Example{Value: body})
	}
}

// addErrorExample names an example by its status. One that is there already is
// not repeated.
func addErrorExample(media *openapi3.MediaType, status int, example *openapi3.Example) {
	if media.Examples == nil {
		media.Examples = openapi3.Examples{}
	}
	plain := strings.NewReplacer(" ", "_", "'", "", "-", "_").Replace(strings.ToLower(reason(status)))
	name := plain
	for n := 2; media.Examples[name] != nil; n++ {
		if sameExample(media.Examples[name].Value, example) {
			return
		}
		name = plain + "_" + strconv.Itoa(n)
	}
	media.Examples[name] = &openapi3.ExampleRef{Value: example}
}

func sameExample(a, b *openapi3.Example) bool {
	one, err := json.Marshal(a.Value)
	other, otherErr := json.Marshal(b.Value)
	return err == nil && otherErr == nil && bytes.Equal(one, other)
}

// errorHeaderDocs say what the headers of errors that HTTP knows are for.
var errorHeaderDocs = map[string]string{
	"Accept":           "The media types that a body may have",
	"Accept-Encoding":  "The encodings that a body may have",
	"Allow":            "The methods there are",
	"Retry-After":      "After how many seconds, or when, to try again",
	"Www-Authenticate": "The credentials that are needed",
}

// headersOf adds the headers that errors are sent with to a response.
func headersOf(r *openapi3.Response, errs []*HTTPError) {
	for _, err := range errs {
		for name, values := range err.header {
			if !mediatype.ValidHeader(name, values) || r.Headers[name] != nil {
				continue
			}
			put(&r.Headers, headerName(name), documentedHeader{
				doc: errorHeaderDocs[name], required: isChallenge(name, errs), schema: openapi3.NewStringSchema(),
			}.documented())
		}
	}
}

// isChallenge reports whether a header is the one that a 401 has to have (RFC
// 9110, section 15.5.2), and all of these errors are sent with it.
func isChallenge(name string, errs []*HTTPError) bool {
	return name == "Www-Authenticate" && !slices.ContainsFunc(errs, func(err *HTTPError) bool {
		values := err.header[name]
		return err.status != http.StatusUnauthorized || len(values) == 0 || !mediatype.ValidHeader(name, values)
	})
}

// headerName is a header's name as its RFC spells it.
func headerName(name string) string {
	if name == "Www-Authenticate" {
		return "WWW-Authenticate"
	}
	return name
}
