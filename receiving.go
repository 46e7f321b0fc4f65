package candor

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/digits"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/receiving"
	"github.com/candor-go/candor/internal/transcode"
	"github.com/candor-go/candor/internal/typeinfo"
)

// This file is the inverse of a responsePlan: it reads a response into the result of the handler, from the same
// description, by internal/receiving.

// receivable is a ready-made response type that can be decoded.
type receivable interface {
	receive(c *compiler) (receiving.Body, error)
}

// compileReceiving compiles the plan that decodes the responses of a response plan.
func (c *compiler) compileReceiving(response *responsePlan) (*receiving.Plan, error) {
	p, err := receiving.NewPlan(c.bind, response.desc)
	if err != nil {
		return nil, err
	}
	p.Statuses, p.Media, p.Bodyless = response.statuses, response.media, response.kind.redirects
	if response.kind.compile != nil {
		p.Body, err = c.receiver(response.desc.Body)
	}
	return p, err
}

// receiver chooses by its type how a body is read.
func (c *compiler) receiver(f *typeinfo.Field) (receiving.Body, error) {
	switch t := f.Type.Go; {
	case t == reflect.TypeFor[[]byte]():
		return receiving.Bytes, nil
	case t == reflect.TypeFor[Reader]():
		return receiveReader, nil
	case isReadyResponse(t):
		if ready, ok := reflect.Zero(t).Interface().(receivable); ok {
			return ready.receive(c)
		}
		return nil, fmt.Errorf("a response of type %s cannot be read", typeinfo.Name(t))
	}
	return receiving.JSON(c.codec, f.Type)
}

// toJSON returns what converts a body with the header to JSON, nil for a media type without a codec.
func toJSON(codecs transcode.Set, header http.Header) func(body []byte) ([]byte, error) {
	name, _, _ := mediatype.Parse(header.Get("Content-Type"))
	if !codecs.Has(name) {
		return nil
	}
	return func(body []byte) ([]byte, error) { return codecs.ToJSON(name, body) }
}

// receiveReader passes the body on as a reader.
func receiveReader(into reflect.Value, from *receiving.Response) error {
	into.Set(reflect.ValueOf(Reader(from.Keep())))
	return nil
}

func (HTML) receive(*compiler) (receiving.Body, error)     { return receiving.Text, nil }
func (Text) receive(*compiler) (receiving.Body, error)     { return receiving.Text, nil }
func (Redirect) receive(*compiler) (receiving.Body, error) { return receiving.Location, nil }
func (File) receive(*compiler) (receiving.Body, error)     { return receiveFile, nil }

// receiveFile reads a file into memory.
func receiveFile(into reflect.Value, from *receiving.Response) error {
	file, err := from.File()
	if err == nil {
		into.Set(reflect.ValueOf(File{
			Content: bytes.NewReader(file.Data), Name: file.Name, Download: file.Download, ETag: file.ETag, ModTime: file.ModTime,
		}))
	}
	return err
}

// receive reads a response into the result of the handler.
func receive(p *receiving.Plan, into reflect.Value, from *receiving.Response) error {
	if !p.IsOwn(from.HTTP.StatusCode) {
		return failureOf(from)
	}
	if err := p.Receive(into, from); err != nil {
		return unexpected(from, err)
	}
	return nil
}

// ResponseError is a response that does not come from the route: the page of a proxy, a truncated body, or a media type
// or status that the document does not have.
type ResponseError struct {
	// Status and Header are the status code and the header of the response.
	Status int
	Header http.Header
	// Body is the beginning of the body, as far as it was read: at most 4 KiB.
	Body []byte

	method, target string
	problem        error
}

// Error states the request, the response and the problem. It quotes the beginning of a text.
func (e *ResponseError) Error() string {
	text := fmt.Sprintf("%s %s: the response is %s (%s)", e.method, e.target, mediatype.StatusLine(e.Status), cmp.Or(e.Header.Get("Content-Type"), "no media type"))
	if e.problem != nil {
		text += ": " + e.problem.Error()
	}
	if begin := e.Body[:min(len(e.Body), 120)]; len(begin) > 0 && utf8.Valid(e.Body) {
		text += fmt.Sprintf(": %q", strings.ToValidUTF8(string(begin), ""))
	}
	return text
}

// Unwrap returns the error of reading the response; nil if there was none.
func (e *ResponseError) Unwrap() error { return e.problem }

// unexpected returns the error for a response that the route does not have.
func unexpected(r *receiving.Response, problem error) *ResponseError {
	return &ResponseError{
		Status: r.HTTP.StatusCode, Header: r.HTTP.Header, Body: r.Begin(4 << 10),
		method: r.HTTP.Request.Method, target: r.HTTP.Request.URL.Path, problem: problem,
	}
}

// failureOf returns the error that a response represents.
func failureOf(r *receiving.Response) error {
	status := r.HTTP.StatusCode
	switch {
	case status < http.StatusMultipleChoices:
		return unexpected(r, errors.New("the route does not document this status"))
	case !r.HasBody():
		// A response to HEAD says no more than its status.
		return remoteError(r.HTTP, reason(status))
	case !mediatype.IsJSON(r.Header("Content-Type")):
		return unexpected(r, errors.New("an error of the server would be JSON"))
	}
	data, err := r.Data()
	if err != nil {
		return unexpected(r, err)
	}
	if status == http.StatusUnprocessableEntity {
		if faults := faultsIn(data); faults != nil {
			return &ValidationError{Faults: faults}
		}
	}
	detail, err := detailIn(data, status, mediatype.Bare(r.Header("Content-Type")) == mediatype.Problem)
	if err != nil {
		return unexpected(r, err)
	}
	return remoteError(r.HTTP, detail)
}

// remoteError returns an error of the server as the client sees it.
func remoteError(r *http.Response, detail any) *HTTPError {
	e := &HTTPError{status: r.StatusCode, detail: detail, header: http.Header{}, remote: true}
	for name, lines := range r.Header {
		if !mediatype.AboutResponse(name) {
			e.header[name] = slices.Clone(lines)
		}
	}
	return e
}

// faultsIn returns the validation errors in the body of a 422, in either error format; nil if there are none, for
// example because the server has its own format.
func faultsIn(data []byte) []Fault {
	var body struct {
		Detail, Errors json.RawMessage
	}
	if json.Unmarshal(data, &body) != nil {
		return nil
	}
	// A Problem lists them in errors; its detail is a string.
	for _, list := range []json.RawMessage{body.Errors, body.Detail} {
		var faults []Fault
		if digits.Unmarshal(list, &faults) != nil || len(faults) == 0 {
			continue
		}
		withNumbers(faults)
		return faults
	}
	return nil
}

// withNumbers converts the json.Numbers in validation errors: positions to ints, others as in an any.
func withNumbers(faults []Fault) {
	for i := range faults {
		f := &faults[i]
		for at, where := range f.Loc {
			f.Loc[at] = digits.Replace(where, codec.Number)
			if n, ok := f.Loc[at].(float64); ok {
				f.Loc[at] = int(n)
			}
		}
		for name, fact := range f.Ctx {
			f.Ctx[name] = digits.Replace(fact, codec.Number)
		}
		f.Input = digits.Replace(f.Input, codec.Number)
	}
}

// detailIn returns what the body of an error says: the detail, a Problem if it says more, or the whole body if the server
// has its own format.
func detailIn(data []byte, status int, isProblem bool) (detail any, err error) {
	if isProblem {
		return problemDetail(data, status)
	}
	var body any
	if err := digits.Unmarshal(data, &body); err != nil {
		return nil, fmt.Errorf("it is not JSON: %w", err)
	}
	body = digits.Replace(body, codec.Number)
	// With more members it is the server's own format, and everything is kept.
	if object, ok := body.(map[string]any); ok && len(object) == 1 {
		if detail, ok := object["detail"]; ok {
			return detail, nil
		}
	}
	return body, nil
}

// problemDetail is the inverse of problemOf.
func problemDetail(data []byte, status int) (any, error) {
	var p Problem
	if err := digits.Unmarshal(data, &p); err != nil {
		return nil, fmt.Errorf("it is not a problem of RFC 9457: %w", err)
	}
	p.Extra = digits.Replace(p.Extra, codec.Number)
	withNumbers(p.Errors)
	// A string or an object that was given to Error is one member of a Problem that is otherwise standard; return it as it was
	// given.
	usual := Problem{Type: "about:blank", Title: reason(status), Status: status}
	text, object := usual, usual
	text.Detail, object.Extra = p.Detail, p.Extra
	switch {
	case reflect.DeepEqual(p, text):
		return p.Detail, nil
	case reflect.DeepEqual(p, object):
		return p.Extra, nil
	}
	return p, nil
}
