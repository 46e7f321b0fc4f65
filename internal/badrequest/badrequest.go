// Package badrequest makes up requests that hardly any operation accepts. Sent through the binding of an operation while
// its document is built, they provoke the validation errors that are the examples of its 422.
package badrequest

import (
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Request is one such request, for any operation.
type Request struct {
	// Text is the value of every wildcard and, if sent is set, of every other parameter.
	Text string
	sent bool
	// body is a JSON body.
	body string
}

// All are the requests in the order in which they are to be tried, beginning with one that sends nothing.
func All() []Request {
	return []Request{{Text: "x", body: "{}"}, {Text: "x", sent: true, body: "[]"}, {Text: "\xff", sent: true, body: "{"}}
}

// For returns the request with a method and parameters, and without a body.
func (bad Request) For(method string, parameters []*typeinfo.Field) *http.Request {
	r := &http.Request{
		Method: method, URL: &url.URL{Path: "/"}, Host: "localhost", Header: http.Header{}, Body: http.NoBody,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	query := url.Values{}
	for _, f := range parameters {
		switch name := f.Name; {
		case !bad.sent:
		case f.Source == typeinfo.Query:
			query.Set(name, bad.Text)
		case f.Source == typeinfo.Header:
			r.Header.Set(name, bad.Text)
		case f.Source == typeinfo.Cookie:
			r.Header.Set("Cookie", name+"="+bad.Text)
		}
	}
	r.URL.RawQuery = query.Encode()
	return r
}

// MediaTypes are those for which AddBody knows a body, the best one first.
func MediaTypes() []string { return []string{mediatype.JSON, mediatype.Form, mediatype.Multipart} }

// AddBody adds a body in a media type.
func (bad Request) AddBody(r *http.Request, mediaType string) {
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
